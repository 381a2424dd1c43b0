//! A case as it stands when looked at from some causal past.
//!
//! Everything that the rules and the state ask is asked here, of a set of
//! statements. There is no other state: what an item *is* follows from what was
//! said of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use comity_wire::body::{Acknowledgement, Body, Observation, Outcome, OutcomeItem};
use comity_wire::ids::StatementId;
use comity_wire::parts::Item;
use comity_wire::registry::{Answer, Kind, ObservationResult, OutcomeAnswer};
use comity_wire::words::{Code, ItemNumber, Round, TimeMs};
use fixedbitset::FixedBitSet;

use crate::case::{Case, Folded};
use crate::concurrent::{self, Rule};
use crate::entry::Party;

/// The kinds that bring items into a case.
const CARRIERS: [Kind; 4] = [
    Kind::TakedownRequest,
    Kind::Referral,
    Kind::Transfer,
    Kind::Amendment,
];

/// A case, seen from a set of its statements.
#[derive(Debug, Clone)]
pub struct View<'a> {
    case: &'a Case,
    seen: FixedBitSet,
    /// Which statement brought an item, once it has been asked: nearly every
    /// question begins with it.
    carriers: RefCell<BTreeMap<ItemNumber, Option<usize>>>,
}

impl<'a> View<'a> {
    pub(crate) const fn new(case: &'a Case, seen: FixedBitSet) -> Self {
        Self {
            case,
            seen,
            carriers: RefCell::new(BTreeMap::new()),
        }
    }

    /// How many statements are seen, forbidden ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.count_ones(..)
    }

    /// Whether nothing is seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_clear()
    }

    /// A statement, if it is seen.
    #[must_use]
    pub fn get(&self, id: &StatementId) -> Option<&'a Folded> {
        self.case
            .get(id)
            .filter(|folded| self.seen.contains(folded.place))
    }

    /// Those of a list of the index that are seen: legal ones, void ones included.
    fn legal(&self, places: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a Folded> {
        let places = places.map(Vec::as_slice).unwrap_or_default();
        let seen = places.iter().filter(|place| self.seen.contains(**place));
        seen.filter_map(|place| self.case.at(*place))
    }

    /// Those of them that nobody has refused.
    fn standing(&self, places: Option<&'a Vec<usize>>) -> impl Iterator<Item = &'a Folded> {
        self.legal(places)
            .filter(|folded| self.void_by(folded).is_none())
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &'a Folded> {
        self.standing(self.case.index().by_kind.get(&kind))
    }

    /// Statements of a kind about an item that knew of what brought it: what was
    /// said of another claim to the same number says nothing about this item.
    fn about(&self, kind: Kind, n: ItemNumber) -> impl Iterator<Item = &'a Folded> {
        let carrier = self.item(n).map(|(carrier, _)| carrier.place);
        self.standing(self.case.index().about.get(&(kind, n)))
            .filter(move |folded| carrier.is_some_and(|place| folded.past.contains(place)))
    }

    /// The same, for statements with a row for an item and round.
    fn with_row(
        &self,
        kind: Kind,
        n: ItemNumber,
        round: Round,
    ) -> impl Iterator<Item = &'a Folded> {
        let carrier = self.item(n).map(|(carrier, _)| carrier.place);
        self.standing(self.case.index().rows.get(&(kind, n, round)))
            .filter(move |folded| carrier.is_some_and(|place| folded.past.contains(place)))
    }

    /// The statement that opened the case. Of two, one that is not void comes
    /// first, then the smaller id.
    #[must_use]
    pub fn opening(&self) -> Option<&'a Folded> {
        let kinds = Kind::ALL.into_iter().filter(|kind| kind.opens());
        let by_kind = &self.case.index().by_kind;
        let openings = kinds.flat_map(|kind| self.legal(by_kind.get(&kind)));
        openings.min_by_key(|folded| (self.void_by(folded).is_some(), folded.entry.id))
    }

    // ---- Items

    /// The statements that brought items, void ones included.
    pub(crate) fn carriers(&self) -> impl Iterator<Item = &'a Folded> {
        let by_kind = &self.case.index().by_kind;
        CARRIERS
            .into_iter()
            .flat_map(|kind| self.legal(by_kind.get(&kind)))
    }

    /// The numbers of all items.
    #[must_use]
    pub fn item_numbers(&self) -> BTreeSet<ItemNumber> {
        self.carriers()
            .flat_map(|carrier| carrier.entry.body.new_items())
            .map(|item| item.n)
            .collect()
    }

    /// The item of a number and the statement that brought it. Of two concurrent
    /// claims to one number, one that is not void comes first; then the one that
    /// the recipient was the first to know, so that what it has answered cannot be
    /// put under another locator afterwards; then the smaller id.
    #[must_use]
    pub fn item(&self, n: ItemNumber) -> Option<(&'a Folded, &'a Item)> {
        let asked = self.carriers.borrow().get(&n).copied();
        let place = asked.unwrap_or_else(|| {
            let found = self.find_carrier(n);
            self.carriers.borrow_mut().insert(n, found);
            found
        })?;
        let carrier = self.case.at(place)?;
        Some((carrier, find_item(carrier, n)?))
    }

    fn find_carrier(&self, n: ItemNumber) -> Option<usize> {
        let about = &self.case.index().about;
        let claims = || {
            CARRIERS
                .into_iter()
                .flat_map(|kind| self.legal(about.get(&(kind, n))))
        };
        let mut two = claims();
        let (first, second) = (two.next()?, two.next());
        if second.is_none() {
            return Some(first.place);
        }
        let order = |claim: &&Folded| {
            (
                self.void_by(claim).is_some(),
                self.first_known(claim),
                claim.entry.id,
            )
        };
        claims().min_by_key(order).map(|claim| claim.place)
    }

    /// How early the recipient knew of a claim.
    fn first_known(&self, claim: &Folded) -> usize {
        let by_party = &self.case.index().by_party;
        let knowing = self
            .legal(by_party.get(&Party::Recipient))
            .filter(|folded| folded.past.contains(claim.place));
        knowing
            .map(|folded| folded.rank)
            .min()
            .unwrap_or(usize::MAX)
    }

    /// The acknowledgement that refused a statement, if one did. A refusal that is
    /// refused itself still counts: void is void for ever, and the answer must not
    /// depend on which of two is looked at first.
    #[must_use]
    pub fn void_by(&self, folded: &Folded) -> Option<&'a Folded> {
        let index = self.case.index();
        let by_name = self
            .legal(index.names.get(&folded.entry.id))
            .filter(|ack| ack.past.contains(folded.place) || self.was_missed(folded, ack));
        let with_all = self.legal(Some(&index.refuse_all)).filter(|ack| {
            CARRIERS.contains(&folded.entry.kind()) && ack.past.contains(folded.place)
        });
        let other_side = |ack: &&Folded| ack.entry.party != folded.entry.party;
        by_name
            .chain(with_all)
            .filter(other_side)
            .min_by_key(|ack| (ack.rank, ack.entry.id))
    }

    /// Whether who gave up waiting for what a statement builds on had something to
    /// wait for: an earlier statement of the same sender that it did not have. Who
    /// had everything cannot void what it does not like.
    fn was_missed(&self, folded: &Folded, ack: &Folded) -> bool {
        folded.past.difference(&ack.past).any(|place| {
            self.case
                .at(place)
                .is_some_and(|missed| missed.entry.party == folded.entry.party)
        })
    }

    /// The acknowledgement that refused an item: by its number, or by what brought it.
    #[must_use]
    pub fn refused_by(&self, n: ItemNumber) -> Option<&'a Folded> {
        let (carrier, _) = self.item(n)?;
        let by_number = self
            .legal(self.case.index().about.get(&(Kind::Acknowledgement, n)))
            .filter(|ack| ack.past.contains(carrier.place))
            .filter(|ack| {
                acknowledgement(ack)
                    .is_some_and(|body| body.answer == Answer::Refused && body.items.is_some())
            })
            .min_by_key(|ack| (ack.rank, ack.entry.id));
        by_number.or_else(|| self.void_by(carrier))
    }

    /// The withdrawal that took back the request for an item.
    #[must_use]
    pub fn withdrawn_by(&self, n: ItemNumber) -> Option<&'a Folded> {
        self.about(Kind::Withdrawal, n)
            .min_by_key(|folded| (folded.rank, folded.entry.id))
    }

    /// Whether an answer to the request for an item is still wanted.
    #[must_use]
    pub fn is_live(&self, n: ItemNumber) -> bool {
        self.refused_by(n).is_none() && self.withdrawn_by(n).is_none()
    }

    /// The answer to the request for an item, other than a refusal.
    #[must_use]
    pub fn answer(&self, n: ItemNumber) -> Option<(&'a Folded, &'a Acknowledgement)> {
        let answers = self
            .answers(n)
            .filter(|(_, body)| body.answer != Answer::Refused);
        let ack = settle(answers.map(|(ack, _)| ack).collect())?;
        Some((ack, acknowledgement(ack)?))
    }

    /// Every answer to the request for an item, refusals included.
    pub fn answers(
        &self,
        n: ItemNumber,
    ) -> impl Iterator<Item = (&'a Folded, &'a Acknowledgement)> {
        self.about(Kind::Acknowledgement, n)
            .filter_map(|folded| Some((folded, acknowledgement(folded)?)))
    }

    // ---- Rounds

    /// The latest round of an item.
    #[must_use]
    pub fn latest_round(&self, n: ItemNumber) -> Round {
        let opens = self.case.index().opens.range((n, 0)..=(n, Round::MAX));
        let opened = opens.rev().map(|((_, round), _)| *round);
        opened
            .into_iter()
            .find(|round| self.is_open(n, *round))
            .unwrap_or(1)
    }

    /// Whether a round of an item is open.
    #[must_use]
    pub fn is_open(&self, n: ItemNumber, round: Round) -> bool {
        round == 1 || self.opened_by(n, round).next().is_some()
    }

    /// The observations that opened a round: none for the first.
    pub fn opened_by(&self, n: ItemNumber, round: Round) -> impl Iterator<Item = &'a Folded> {
        let carrier = self.item(n).map(|(carrier, _)| carrier.place);
        self.standing(self.case.index().opens.get(&(n, round)))
            .filter(move |folded| carrier.is_some_and(|place| folded.past.contains(place)))
    }

    /// The outcome that counts for an item and round: not superseded by one that
    /// has it in its causal past; of concurrent ones the greater id.
    #[must_use]
    pub fn outcome(&self, n: ItemNumber, round: Round) -> Option<(&'a Folded, &'a OutcomeItem)> {
        let folded = settle(self.outcomes(n, round).map(|(folded, _)| folded).collect())?;
        Some((folded, find_outcome(folded, n, round)?))
    }

    /// Every outcome for an item and round, superseded ones included.
    pub fn outcomes(
        &self,
        n: ItemNumber,
        round: Round,
    ) -> impl Iterator<Item = (&'a Folded, &'a OutcomeItem)> {
        self.with_row(Kind::Outcome, n, round)
            .filter_map(move |folded| Some((folded, find_outcome(folded, n, round)?)))
    }

    /// Whether an observation that sees an item online at a time opens the next
    /// round: a final outcome of this round says that the content is gone, and
    /// took effect before.
    ///
    /// `declined` and `reinstated` do not say that: to see the content there
    /// contradicts nothing, and the remedy is a dispute
    /// (docs/decisions/0003-rounds.md).
    #[must_use]
    pub fn reappears(&self, n: ItemNumber, round: Round, at: TimeMs) -> bool {
        self.outcome(n, round).is_some_and(|(folded, row)| {
            row.2.is_final()
                && !matches!(row.2, OutcomeAnswer::Declined | OutcomeAnswer::Reinstated)
                && at > effective_at(folded, row)
        })
    }

    /// Whether some statement says that a measure was taken on an item.
    #[must_use]
    pub fn was_acted_on(&self, n: ItemNumber) -> bool {
        let acted = |row: &OutcomeItem| {
            row.0 == n && matches!(row.2, OutcomeAnswer::Done | OutcomeAnswer::Partly)
        };
        let by_outcome =
            |folded: &Folded| outcome(folded).is_some_and(|body| body.items.iter().any(acted));
        self.about(Kind::Outcome, n).any(by_outcome)
            || self
                .answers(n)
                .any(|(_, body)| body.answer == Answer::AlreadyActioned)
    }

    /// What was last seen of an item and round: the latest time counts, then the
    /// greater id. Nobody has seen anything after saying so.
    #[must_use]
    pub fn last_seen(
        &self,
        n: ItemNumber,
        round: Round,
    ) -> Option<(&'a Folded, ObservationResult, TimeMs)> {
        self.with_row(Kind::Observation, n, round)
            .filter_map(|folded| {
                let row = observation(folded)?.items.find(&(n, round))?;
                let at = folded.entry.not_after_signing(row.5);
                (row.2 != ObservationResult::NotChecked).then_some((folded, row.2, at))
            })
            .max_by_key(|(folded, _, at)| (*at, folded.entry.id))
    }

    // ---- The case as a whole

    /// The statement whose value counts, of those amendments that set one.
    pub(crate) fn latest_amendment(&self, sets: impl Fn(&Body) -> bool) -> Option<&'a Folded> {
        let setting = self
            .of_kind(Kind::Amendment)
            .filter(|folded| sets(&folded.entry.body));
        settle_for(Rule::GreaterId, setting.collect())
    }

    /// The holds in force: no release of the same party for the same authority
    /// has them in its causal past.
    pub fn holds(&self) -> impl Iterator<Item = (&'a Folded, &'a Code)> {
        self.all_holds()
            .filter(|(_, release)| release.is_none())
            .filter_map(|(hold, _)| Some((hold, hold_authority(hold)?)))
    }

    /// Every hold with the release that ended it, if one did.
    pub fn all_holds(&self) -> impl Iterator<Item = (&'a Folded, Option<&'a Folded>)> {
        let releases: Vec<_> = self.of_kind(Kind::Release).collect();
        self.of_kind(Kind::Hold).map(move |hold| {
            let ends = |release: &&&Folded| {
                release.entry.party == hold.entry.party
                    && hold_authority(release) == hold_authority(hold)
                    && release.past.contains(hold.place)
            };
            let ended = releases.iter().filter(ends);
            (
                hold,
                ended
                    .min_by_key(|release| (release.rank, release.entry.id))
                    .copied(),
            )
        })
    }

    /// The resolution of a dispute.
    #[must_use]
    pub fn resolution(&self, dispute: &StatementId) -> Option<&'a Folded> {
        let answers = self.standing(self.case.index().of.get(dispute));
        settle(
            answers
                .filter(|folded| folded.entry.kind() == Kind::Resolution)
                .collect(),
        )
    }

    /// Every dispute.
    pub fn disputes(&self) -> impl Iterator<Item = &'a Folded> {
        self.of_kind(Kind::Dispute)
    }

    /// Every notice of erasure.
    pub fn erasures(&self) -> impl Iterator<Item = &'a Folded> {
        self.of_kind(Kind::ErasureNotice)
    }

    /// Every question that is not void.
    pub fn questions(&self) -> impl Iterator<Item = &'a Folded> {
        let answers = self.of_kind(Kind::Acknowledgement);
        self.of_kind(Kind::InformationRequest)
            .chain(answers)
            .filter(|folded| asks(folded))
    }

    /// Whether a statement is a question that stands.
    #[must_use]
    pub fn is_question(&self, folded: &Folded) -> bool {
        folded.verdict.is_ok() && asks(folded) && self.void_by(folded).is_none()
    }

    /// The information that answers a question, if some does.
    #[must_use]
    pub fn informed_by(&self, question: &StatementId) -> Option<&'a Folded> {
        let answers = self.standing(self.case.index().of.get(question));
        answers
            .filter(|folded| folded.entry.kind() == Kind::Information)
            .min_by_key(|folded| (folded.rank, folded.entry.id))
    }

    /// Statements of a party that the other may still refuse: refusable ones that
    /// stand, and forbidden ones that have not been refused.
    #[must_use]
    pub fn refusable(&self, of: Party) -> Vec<&'a Folded> {
        let mut found: Vec<_> = self
            .case
            .folded()
            .iter()
            .filter(|folded| self.seen.contains(folded.place) && folded.entry.party == of)
            .filter(|folded| folded.verdict.is_err() || folded.entry.kind().is_refusable())
            .filter(|folded| self.void_by(folded).is_none())
            .collect();
        found.sort_by_key(|folded| (folded.rank, folded.entry.id));
        found
    }
}

/// Whether a statement asks for information.
fn asks(folded: &Folded) -> bool {
    match &*folded.entry.body {
        Body::InformationRequest(_) => true,
        Body::Acknowledgement(body) => body.answer == Answer::NeedsInformation,
        _ => false,
    }
}

/// When an outcome took effect: with its last measure, or when it was signed. What
/// is said to be done cannot take effect later than it is said.
pub(crate) fn effective_at(folded: &Folded, row: &OutcomeItem) -> TimeMs {
    let last = row.3.iter().map(|measure| measure.effective_at).max();
    last.map_or(folded.entry.issued_at, |at| {
        folded.entry.not_after_signing(at)
    })
}

/// Of several statements that set the same thing, the one that counts: those in
/// the causal past of another are superseded, and the table settles the rest.
fn settle(candidates: Vec<&Folded>) -> Option<&Folded> {
    let kind = candidates.first()?.entry.kind();
    let rule = concurrent::rule(kind, kind).unwrap_or(Rule::GreaterId);
    settle_for(rule, candidates)
}

fn settle_for(rule: Rule, candidates: Vec<&Folded>) -> Option<&Folded> {
    // One union, not each against each: a member may say the same thing often.
    let mut superseded = FixedBitSet::new();
    for candidate in &candidates {
        superseded.union_with(&candidate.past);
    }
    let standing = candidates
        .into_iter()
        .filter(|one| !superseded.contains(one.place));
    match rule {
        Rule::SmallerId => standing.min_by_key(|folded| folded.entry.id),
        _ => standing.max_by_key(|folded| folded.entry.id),
    }
}

impl Folded {
    /// Whether the statement is about an item, as its own causal past resolves it.
    #[must_use]
    pub fn touches(&self, n: ItemNumber) -> bool {
        self.verdict
            .as_ref()
            .is_ok_and(|effect| effect.items.contains(&n))
    }
}

fn find_item(carrier: &Folded, n: ItemNumber) -> Option<&Item> {
    carrier
        .entry
        .body
        .new_items()
        .iter()
        .find(|item| item.n == n)
}

fn find_outcome(folded: &Folded, n: ItemNumber, round: Round) -> Option<&OutcomeItem> {
    outcome(folded)?.items.find(&(n, round))
}

fn outcome(folded: &Folded) -> Option<&Outcome> {
    match &*folded.entry.body {
        Body::Outcome(body) => Some(body),
        _ => None,
    }
}

fn observation(folded: &Folded) -> Option<&Observation> {
    match &*folded.entry.body {
        Body::Observation(body) => Some(body),
        _ => None,
    }
}

fn acknowledgement(folded: &Folded) -> Option<&Acknowledgement> {
    match &*folded.entry.body {
        Body::Acknowledgement(body) => Some(body),
        _ => None,
    }
}

fn hold_authority(folded: &Folded) -> Option<&Code> {
    match &*folded.entry.body {
        Body::Hold(body) | Body::Release(body) => Some(&body.by),
        _ => None,
    }
}
