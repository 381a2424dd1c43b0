//! The set of statements of one case, each with its verdict.
//!
//! ```text
//! insert -> heads all here? -> judge against the causal past -> folded -> unpark who waited
//!                          \-> parked
//! ```

use std::collections::{BTreeMap, BTreeSet};

use comity_wire::ids::StatementId;
use comity_wire::registry::Kind;
use comity_wire::words::Sorted;
use fixedbitset::FixedBitSet;

use crate::entry::{Entry, Party};
use crate::limits::CASE_PARKED_MAX;
use crate::registry::Forbidden;
use crate::rules::{self, Effect};
use crate::view::View;

/// What is known of one case.
#[derive(Debug, Clone, Default)]
pub struct Case {
    folded: Vec<Folded>,
    places: BTreeMap<StatementId, usize>,
    by_kind: BTreeMap<Kind, Vec<usize>>,
    parked: BTreeMap<StatementId, Entry>,
    pending: BTreeSet<StatementId>,
}

/// A statement whose causal past is here.
#[derive(Debug, Clone)]
pub struct Folded {
    /// The statement.
    pub entry: Entry,
    /// What it does, or why its causal past forbids it.
    pub verdict: Result<Effect, Forbidden>,
    /// Its ancestors: places in [`Case::folded`].
    pub(crate) past: FixedBitSet,
    /// Length of the longest chain of ancestors: an order that every holder of
    /// the same set computes alike.
    pub(crate) rank: usize,
    pub(crate) place: usize,
}

/// What became of a statement that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// It was here already.
    Known,
    /// It has been judged, and so have those that had waited for it: with each,
    /// what its causal past forbids, if it does. The caller answers a forbidden
    /// one with a refusing acknowledgement.
    Folded(Vec<(StatementId, Option<Forbidden>)>),
    /// It waits for statements that it builds on.
    Parked,
    /// The sender has as many parked statements in this case as the limit allows;
    /// this one was not taken.
    Full,
}

impl Case {
    /// A case without statements.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement that was received and recorded, or one's own that has a
    /// receipt.
    pub fn insert(&mut self, entry: Entry) -> Arrival {
        if self.places.contains_key(&entry.id) || self.parked.contains_key(&entry.id) {
            return Arrival::Known;
        }
        self.pending.remove(&entry.id);
        if !self.has_all(&entry.re) {
            let waiting = self
                .parked
                .values()
                .filter(|other| other.party == entry.party)
                .count();
            if waiting >= CASE_PARKED_MAX {
                return Arrival::Full;
            }
            self.parked.insert(entry.id, entry);
            return Arrival::Parked;
        }
        let mut judged = vec![self.fold(entry)];
        while let Some(ready) = self.next_unparked() {
            judged.push(self.fold(ready));
        }
        Arrival::Folded(judged)
    }

    /// Notes an own statement that has no receipt yet. It is shown, not folded.
    pub fn pend(&mut self, id: StatementId) {
        if !self.places.contains_key(&id) && !self.parked.contains_key(&id) {
            self.pending.insert(id);
        }
    }

    /// Every judged statement, in an order that depends on the set alone.
    #[must_use]
    pub fn history(&self) -> Vec<&Folded> {
        let mut history: Vec<_> = self.folded.iter().collect();
        history.sort_by_key(|folded| (folded.rank, folded.entry.id));
        history
    }

    /// A judged statement.
    #[must_use]
    pub fn get(&self, id: &StatementId) -> Option<&Folded> {
        self.folded.get(*self.places.get(id)?)
    }

    /// Statements that wait for others.
    pub fn parked(&self) -> impl Iterator<Item = &Entry> {
        self.parked.values()
    }

    /// The statements that parked ones wait for, and that are not here at all:
    /// what to ask the other side for.
    #[must_use]
    pub fn missing(&self) -> BTreeSet<StatementId> {
        let wanted = self
            .parked
            .values()
            .flat_map(|entry| entry.re.iter().copied());
        wanted
            .filter(|id| !self.places.contains_key(id) && !self.parked.contains_key(id))
            .collect()
    }

    /// Own statements without a receipt.
    #[must_use]
    pub const fn pending(&self) -> &BTreeSet<StatementId> {
        &self.pending
    }

    /// The heads: what the next statement names in `re`.
    #[must_use]
    pub fn heads(&self) -> Sorted<StatementId> {
        let mut named = FixedBitSet::with_capacity(self.folded.len());
        for folded in &self.folded {
            named.union_with(&folded.past);
        }
        let heads = self
            .folded
            .iter()
            .filter(|folded| !named.contains(folded.place));
        Sorted::new(heads.map(|folded| folded.entry.id))
    }

    /// The case seen from everything that is here.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        let mut all = FixedBitSet::with_capacity(self.folded.len());
        all.insert_range(..);
        View::new(self, all)
    }

    /// Judges a statement that is not here, as if it arrived now with all heads in
    /// its `re`. What a party may do next is asked with this.
    ///
    /// # Errors
    /// What the causal past would forbid.
    pub fn would_permit(&self, entry: &Entry) -> Result<(), Forbidden> {
        rules::judge(&self.view(), entry).map(|_| ())
    }

    pub(crate) fn of_kind(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Folded> {
        let places = self
            .by_kind
            .get(&kind)
            .map(Vec::as_slice)
            .unwrap_or_default();
        places.iter().filter_map(|place| self.folded.get(*place))
    }

    pub(crate) fn folded(&self) -> &[Folded] {
        &self.folded
    }

    /// How many of a party's statements are parked.
    #[must_use]
    pub fn parked_of(&self, party: Party) -> usize {
        self.parked
            .values()
            .filter(|entry| entry.party == party)
            .count()
    }

    fn has_all(&self, ids: &[StatementId]) -> bool {
        ids.iter().all(|id| self.places.contains_key(id))
    }

    fn next_unparked(&mut self) -> Option<Entry> {
        let ready = self
            .parked
            .values()
            .find(|entry| self.has_all(&entry.re))?
            .id;
        self.parked.remove(&ready)
    }

    fn fold(&mut self, entry: Entry) -> (StatementId, Option<Forbidden>) {
        let place = self.folded.len();
        let mut past = FixedBitSet::with_capacity(place);
        let mut rank = 0;
        for parent in entry.re.iter().filter_map(|id| self.get(id)) {
            past.union_with(&parent.past);
            past.insert(parent.place);
            rank = rank.max(parent.rank + 1);
        }
        let verdict = rules::judge(&View::new(self, past.clone()), &entry);
        let judged = (entry.id, verdict.as_ref().err().copied());
        self.places.insert(entry.id, place);
        self.by_kind.entry(entry.kind()).or_default().push(place);
        self.folded.push(Folded {
            entry,
            verdict,
            past,
            rank,
            place,
        });
        judged
    }
}
