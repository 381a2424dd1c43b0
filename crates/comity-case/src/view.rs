//! A case as it stands when looked at from some causal past.
//!
//! Everything that the rules and the state ask is asked here, of a set of
//! statements. There is no other state: what an item *is* follows from what was
//! said of it.

use std::collections::BTreeSet;

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
    /// Legal acknowledgements that refuse, found once: nearly every question
    /// starts with what is void.
    refusals: Vec<(&'a Folded, &'a Acknowledgement)>,
}

impl<'a> View<'a> {
    pub(crate) fn new(case: &'a Case, seen: FixedBitSet) -> Self {
        let mut view = Self {
            case,
            seen,
            refusals: Vec::new(),
        };
        view.refusals = view
            .legal(Kind::Acknowledgement)
            .filter_map(|folded| Some((folded, acknowledgement(folded)?)))
            .filter(|(_, body)| body.answer == Answer::Refused)
            .collect();
        view
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

    /// The statements of a kind that are seen and that their own past allows.
    fn legal(&self, kind: Kind) -> impl Iterator<Item = &'a Folded> {
        self.case
            .of_kind(kind)
            .filter(|folded| self.seen.contains(folded.place) && folded.verdict.is_ok())
    }

    /// Those of them that nobody has refused.
    fn standing(&self, kind: Kind) -> impl Iterator<Item = &'a Folded> {
        self.legal(kind)
            .filter(|folded| self.void_by(folded).is_none())
    }

    /// The statement that opened the case; of two, the one with the smaller id.
    #[must_use]
    pub fn opening(&self) -> Option<&'a Folded> {
        let openings = Kind::ALL.into_iter().filter(|kind| kind.opens());
        settle(openings.flat_map(|kind| self.legal(kind)).collect())
    }

    // ---- Items

    /// The statements that brought items, void ones included.
    pub(crate) fn carriers(&self) -> impl Iterator<Item = &'a Folded> {
        CARRIERS.into_iter().flat_map(|kind| self.legal(kind))
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
    /// claims to one number, one that is not void comes first, then the smaller id.
    #[must_use]
    pub fn item(&self, n: ItemNumber) -> Option<(&'a Folded, &'a Item)> {
        let claims: Vec<_> = self
            .carriers()
            .filter(|carrier| find_item(carrier, n).is_some())
            .collect();
        let standing: Vec<_> = claims
            .iter()
            .copied()
            .filter(|claim| self.void_by(claim).is_none())
            .collect();
        let carrier = settle(if standing.is_empty() {
            claims
        } else {
            standing
        })?;
        Some((carrier, find_item(carrier, n)?))
    }

    /// The acknowledgement that refused a statement, if one did. A refusal that is
    /// refused itself still counts: void is void for ever, and the answer must not
    /// depend on which of two is looked at first.
    #[must_use]
    pub fn void_by(&self, folded: &Folded) -> Option<&'a Folded> {
        settle(
            self.refusals
                .iter()
                .copied()
                .filter(|(ack, body)| {
                    ack.entry.party != folded.entry.party
                        && body.items.is_none()
                        && match &body.names {
                            Some(names) => names.find(&&folded.entry.id).is_some(),
                            None => {
                                CARRIERS.contains(&folded.entry.kind())
                                    && ack.past.contains(folded.place)
                            }
                        }
                })
                .map(|(ack, _)| ack)
                .collect(),
        )
    }

    /// The acknowledgement that refused an item: by its number, or by what brought it.
    #[must_use]
    pub fn refused_by(&self, n: ItemNumber) -> Option<&'a Folded> {
        let by_number = self
            .refusals
            .iter()
            .filter(|(ack, body)| body.items.is_some() && ack.touches(n))
            .map(|(ack, _)| *ack)
            .collect();
        settle(by_number).or_else(|| self.void_by(self.item(n)?.0))
    }

    /// The withdrawal that took back the request for an item.
    #[must_use]
    pub fn withdrawn_by(&self, n: ItemNumber) -> Option<&'a Folded> {
        settle(
            self.standing(Kind::Withdrawal)
                .filter(|folded| folded.touches(n))
                .collect(),
        )
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
            .acknowledgements()
            .filter(|(ack, body)| body.answer != Answer::Refused && ack.touches(n));
        let ack = settle(answers.map(|(ack, _)| ack).collect())?;
        Some((ack, acknowledgement(ack)?))
    }

    // ---- Rounds

    /// The latest round of an item.
    #[must_use]
    pub fn latest_round(&self, n: ItemNumber) -> Round {
        self.openers()
            .filter(|(known, _, _)| *known == n)
            .map(|(_, round, _)| round)
            .max()
            .unwrap_or(1)
    }

    /// The observations that opened a round: none for the first.
    pub fn opened_by(&self, n: ItemNumber, round: Round) -> impl Iterator<Item = &'a Folded> {
        self.openers()
            .filter(move |(known, opened, _)| (*known, *opened) == (n, round))
            .map(|(_, _, folded)| folded)
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
        self.standing(Kind::Outcome)
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
        let by_outcome = (1..=self.latest_round(n)).any(|round| {
            self.outcomes(n, round)
                .any(|(_, row)| matches!(row.2, OutcomeAnswer::Done | OutcomeAnswer::Partly))
        });
        by_outcome
            || self
                .acknowledgements()
                .any(|(ack, body)| body.answer == Answer::AlreadyActioned && ack.touches(n))
    }

    /// What was last seen of an item and round: the latest time counts, then the
    /// greater id.
    #[must_use]
    pub fn last_seen(
        &self,
        n: ItemNumber,
        round: Round,
    ) -> Option<(&'a Folded, ObservationResult, TimeMs)> {
        self.standing(Kind::Observation)
            .filter_map(|folded| {
                let row = observation(folded)?.items.find(&(n, round))?;
                (row.2 != ObservationResult::NotChecked).then_some((folded, row.2, row.5))
            })
            .max_by_key(|(folded, _, at)| (*at, folded.entry.id))
    }

    // ---- The case as a whole

    /// The statement whose value counts, of those amendments that set one.
    pub(crate) fn latest_amendment(&self, sets: impl Fn(&Body) -> bool) -> Option<&'a Folded> {
        let setting = self
            .standing(Kind::Amendment)
            .filter(|folded| sets(&folded.entry.body));
        settle_for(Rule::GreaterId, setting.collect())
    }

    /// The holds in force: no release of the same party for the same authority
    /// has them in its causal past.
    pub fn holds(&self) -> impl Iterator<Item = (&'a Folded, &'a Code)> {
        self.standing(Kind::Hold).filter_map(|hold| {
            let by = hold_authority(hold)?;
            self.released_by(hold, by).is_none().then_some((hold, by))
        })
    }

    /// Every hold with the release that ended it, if one did.
    pub fn all_holds(&self) -> impl Iterator<Item = (&'a Folded, Option<&'a Folded>)> {
        self.standing(Kind::Hold)
            .filter_map(|hold| Some((hold, self.released_by(hold, hold_authority(hold)?))))
    }

    fn released_by(&self, hold: &Folded, by: &Code) -> Option<&'a Folded> {
        self.standing(Kind::Release)
            .filter(|release| {
                release.entry.party == hold.entry.party
                    && hold_authority(release) == Some(by)
                    && release.past.contains(hold.place)
            })
            .min_by_key(|release| (release.rank, release.entry.id))
    }

    /// The resolution of a dispute.
    #[must_use]
    pub fn resolution(&self, dispute: &StatementId) -> Option<&'a Folded> {
        let resolutions = self.standing(Kind::Resolution).filter(
            |folded| matches!(&*folded.entry.body, Body::Resolution(body) if body.of == *dispute),
        );
        settle(resolutions.collect())
    }

    /// Every dispute.
    pub fn disputes(&self) -> impl Iterator<Item = &'a Folded> {
        self.standing(Kind::Dispute)
    }

    /// Every notice of erasure.
    pub fn erasures(&self) -> impl Iterator<Item = &'a Folded> {
        self.standing(Kind::ErasureNotice)
    }

    /// Every question that is not void: requests for information, and answers
    /// that needed information.
    pub fn questions(&self) -> impl Iterator<Item = &'a Folded> {
        let requests = self.standing(Kind::InformationRequest);
        let answers = self
            .acknowledgements()
            .filter(|(_, body)| body.answer == Answer::NeedsInformation)
            .map(|(ack, _)| ack);
        requests.chain(answers)
    }

    /// The information that answers a question, if some does.
    #[must_use]
    pub fn informed_by(&self, question: &StatementId) -> Option<&'a Folded> {
        self.standing(Kind::Information)
            .filter(|folded| {
                matches!(&*folded.entry.body, Body::Information(body) if body.of == *question)
            })
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

    /// Every acknowledgement.
    pub fn acknowledgements(&self) -> impl Iterator<Item = (&'a Folded, &'a Acknowledgement)> {
        self.standing(Kind::Acknowledgement)
            .filter_map(|folded| Some((folded, acknowledgement(folded)?)))
    }

    /// Every round but the first that an observation opened.
    fn openers(&self) -> impl Iterator<Item = (ItemNumber, Round, &'a Folded)> {
        self.standing(Kind::Observation).flat_map(|folded| {
            let opened = folded
                .verdict
                .as_ref()
                .map(|effect| effect.opens.as_slice());
            opened
                .unwrap_or_default()
                .iter()
                .map(move |(n, round)| (*n, *round, folded))
        })
    }
}

/// When an outcome took effect: with its last measure, or when it was signed.
pub(crate) fn effective_at(folded: &Folded, row: &OutcomeItem) -> TimeMs {
    row.3
        .iter()
        .map(|measure| measure.effective_at)
        .max()
        .unwrap_or(folded.entry.issued_at)
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
