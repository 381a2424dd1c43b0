//! The set of statements of one case, each with its verdict.
//!
//! ```text
//! insert -> heads all here? -> judge against the causal past -> folded -> unpark who waited
//!                          \-> parked
//! ```

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use comity_wire::body::Body;
use comity_wire::ids::StatementId;
use comity_wire::limits::HEADS_MAX;
use comity_wire::registry::{Answer, Kind};
use comity_wire::words::{ItemNumber, Keyed, Round, Sorted};
use fixedbitset::FixedBitSet;

use crate::entry::{Entry, Party};
use crate::limits::{CASE_PARKED_MAX, CASE_STATEMENTS_MAX};
use crate::registry::Forbidden;
use crate::rules::{self, Effect};
use crate::view::View;

/// What is known of one case.
#[derive(Debug, Clone, Default)]
pub struct Case {
    folded: Vec<Folded>,
    places: BTreeMap<StatementId, usize>,
    index: Index,
    parked: BTreeMap<StatementId, Entry>,
    pending: BTreeSet<StatementId>,
}

/// Who speaks about what, so that no question has to look at every statement. It
/// holds what is true of any view; a view leaves out what it does not see.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    /// Legal statements of a kind.
    pub(crate) by_kind: BTreeMap<Kind, Vec<usize>>,
    /// Legal statements of a kind that are about an item.
    pub(crate) about: BTreeMap<(Kind, ItemNumber), Vec<usize>>,
    /// Legal outcomes and observations with a row for an item and round.
    pub(crate) rows: BTreeMap<(Kind, ItemNumber, Round), Vec<usize>>,
    /// Observations that open a round of an item.
    pub(crate) opens: BTreeMap<(ItemNumber, Round), Vec<usize>>,
    /// Legal resolutions and information, by the statement that they are of.
    pub(crate) of: BTreeMap<StatementId, Vec<usize>>,
    /// Legal refusals, by the statement that they name. It may not be here yet.
    pub(crate) names: BTreeMap<StatementId, Vec<usize>>,
    /// Legal refusals of all that opened or amended.
    pub(crate) refuse_all: Vec<usize>,
    /// Statements of each party.
    pub(crate) by_party: BTreeMap<Party, Vec<usize>>,
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
    /// The sender has as many statements in this case, or as many parked ones, as
    /// the limits allow. This one was not taken: it must get no receipt, and its
    /// sender may offer it again.
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
        let said = self.index.by_party.get(&entry.party).map_or(0, Vec::len);
        if said + self.parked_of(entry.party) >= CASE_STATEMENTS_MAX {
            return Arrival::Full;
        }
        if !self.has_all(&entry.re) {
            if self.parked_of(entry.party) >= CASE_PARKED_MAX {
                return Arrival::Full;
            }
            self.pending.remove(&entry.id);
            self.parked.insert(entry.id, entry);
            return Arrival::Parked;
        }
        self.pending.remove(&entry.id);
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

    /// The heads: what the next statement names in `re`. A statement can name
    /// [`HEADS_MAX`] of them; if there are more, those with the longest past come
    /// first, and the next statement names others.
    #[must_use]
    pub fn heads(&self) -> Sorted<StatementId> {
        let mut named = FixedBitSet::with_capacity(self.folded.len());
        for folded in &self.folded {
            named.union_with(&folded.past);
        }
        let mut heads: Vec<_> = self
            .folded
            .iter()
            .filter(|folded| !named.contains(folded.place))
            .collect();
        heads.sort_by_key(|head| (Reverse(head.rank), head.entry.id));
        Sorted::new(heads.into_iter().take(HEADS_MAX).map(|head| head.entry.id))
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

    pub(crate) const fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn at(&self, place: usize) -> Option<&Folded> {
        self.folded.get(place)
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
        let mut past = FixedBitSet::new();
        let mut rank = 0;
        for parent in entry.re.iter().filter_map(|id| self.get(id)) {
            past.union_with(&parent.past);
            past.grow_and_insert(parent.place);
            rank = rank.max(parent.rank + 1);
        }
        let verdict = rules::judge(&View::new(self, past.clone()), &entry);
        let judged = (entry.id, verdict.as_ref().err().copied());
        self.places.insert(entry.id, place);
        self.index
            .by_party
            .entry(entry.party)
            .or_default()
            .push(place);
        if let Ok(effect) = &verdict {
            self.index.add(place, &entry, effect);
        }
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

impl Index {
    fn add(&mut self, place: usize, entry: &Entry, effect: &Effect) {
        let kind = entry.kind();
        self.by_kind.entry(kind).or_default().push(place);
        for n in &effect.items {
            self.about.entry((kind, *n)).or_default().push(place);
        }
        for opened in &effect.opens {
            self.opens.entry(*opened).or_default().push(place);
        }
        match &*entry.body {
            Body::Outcome(body) => self.add_rows(place, kind, body.items.iter().map(Keyed::key)),
            Body::Observation(body) => {
                self.add_rows(place, kind, body.items.iter().map(Keyed::key));
            }
            Body::Resolution(body) => self.of.entry(body.of).or_default().push(place),
            Body::Information(body) => self.of.entry(body.of).or_default().push(place),
            // A refusal of items is found by what it is about.
            Body::Acknowledgement(body)
                if body.answer == Answer::Refused && body.items.is_none() =>
            {
                match &body.names {
                    None => self.refuse_all.push(place),
                    Some(names) => {
                        for id in names {
                            self.names.entry(*id).or_default().push(place);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn add_rows(
        &mut self,
        place: usize,
        kind: Kind,
        rows: impl Iterator<Item = (ItemNumber, Round)>,
    ) {
        for (n, round) in rows {
            self.rows.entry((kind, n, round)).or_default().push(place);
        }
    }
}
