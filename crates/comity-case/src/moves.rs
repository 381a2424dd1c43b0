//! What a party may do next: what a console offers, and what a command line checks
//! before it signs.
//!
//! A move is found by putting a candidate to the very rules that judge what
//! arrives ([`Case::would_permit`]), so that what is offered is what is legal.

use std::sync::Arc;

use comity_wire::body::{
    Acknowledgement, Amendment, Body, Dispute, Erased, ErasureNotice, Hold, Information,
    InformationRequest, Observation, ObservationItem, Outcome, OutcomeItem, Resolution, Withdrawal,
};
use comity_wire::ids::{Hash, StatementId};
use comity_wire::registry::{
    Answer, Basis, Complete, Kind, ObservationResult, OutcomeAnswer, answer_code, by, dispute_code,
    erasure_ground, hold_authority, information_ask, observation_method, resolution_result,
    urgency, withdrawal_code,
};
use comity_wire::words::{Code, ItemNumber, Round, Sorted};

use crate::case::Case;
use crate::entry::{Entry, Party};
use crate::rules;
use crate::view::View;

/// Something that a party may do now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Move {
    /// Answer the request for these items.
    Acknowledge(Answer, Vec<ItemNumber>),
    /// Refuse this statement of the other side.
    Refuse(StatementId),
    /// Refuse this parked statement with `re-missing`, when the time to wait for
    /// what it builds on is over.
    GiveUpWaiting(StatementId),
    /// Report an outcome for this item and round, with one of these answers.
    Outcome(ItemNumber, Round, Vec<OutcomeAnswer>),
    /// Add items, or change urgency and handling; add facts and assessments to
    /// these items.
    Amend(Vec<ItemNumber>),
    /// Take back the request for these items.
    Withdraw(Vec<ItemNumber>),
    /// Contest this statement of the other side.
    Dispute(StatementId),
    /// End this dispute; `true`: by taking it back.
    Resolve(StatementId, bool),
    /// Ask for information about these items, or about the case.
    RequestInformation(Vec<ItemNumber>),
    /// Answer this question.
    Inform(StatementId),
    /// Report what was seen of this item and round.
    Observe(ItemNumber, Round),
    /// Say that an authority asked to wait.
    Hold,
    /// End the own holds for this authority.
    Release(Code),
    /// Say that something was erased.
    NotifyErasure,
}

impl Move {
    /// The kind of statement that makes the move.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Acknowledge(..) | Self::Refuse(_) | Self::GiveUpWaiting(_) => {
                Kind::Acknowledgement
            }
            Self::Outcome(..) => Kind::Outcome,
            Self::Amend(_) => Kind::Amendment,
            Self::Withdraw(_) => Kind::Withdrawal,
            Self::Dispute(_) => Kind::Dispute,
            Self::Resolve(..) => Kind::Resolution,
            Self::RequestInformation(_) => Kind::InformationRequest,
            Self::Inform(_) => Kind::Information,
            Self::Observe(..) => Kind::Observation,
            Self::Hold => Kind::Hold,
            Self::Release(_) => Kind::Release,
            Self::NotifyErasure => Kind::ErasureNotice,
        }
    }
}

/// Everything that a party may do now, in the order of [`Move`].
#[must_use]
pub fn moves(case: &Case, party: Party) -> Vec<Move> {
    let asker = Asker::new(case, party);
    let mut found = asker.answers();
    found.extend(asker.refusals());
    found.extend(asker.waiting());
    found.extend(asker.outcomes());
    found.extend(asker.amendment());
    found.extend(asker.withdrawal());
    found.extend(asker.known(|id| asker.may(contest(id)).then_some(Move::Dispute(id))));
    found.extend(asker.known(|id| asker.resolution(id)));
    found.extend(asker.question());
    found.extend(asker.known(|id| asker.may(inform(id)).then_some(Move::Inform(id))));
    found.extend(asker.observations());
    let policy = word(hold_authority::POLICY);
    found.extend(asker.may(hold(Body::Hold, policy)).then_some(Move::Hold));
    found.extend(asker.releases());
    found.extend(asker.may(erase()).then_some(Move::NotifyErasure));
    found
}

/// Puts candidates to the rules. A candidate has the least that its kind needs:
/// what a rule reads, and filler for the rest.
struct Asker<'a> {
    case: &'a Case,
    party: Party,
    view: View<'a>,
    heads: Sorted<StatementId>,
    items: Vec<ItemNumber>,
}

impl<'a> Asker<'a> {
    fn new(case: &'a Case, party: Party) -> Self {
        let view = case.view();
        let items = view.item_numbers().into_iter().collect();
        Self {
            case,
            party,
            view,
            heads: case.heads(),
            items,
        }
    }

    fn answers(&self) -> Vec<Move> {
        let open = |answer| self.items_for(|n| acknowledge(answer, n));
        Answer::ALL
            .into_iter()
            .map(|answer| (answer, open(answer)))
            .filter(|(_, items)| !items.is_empty())
            .map(|(answer, items)| Move::Acknowledge(answer, items))
            .collect()
    }

    fn refusals(&self) -> Vec<Move> {
        let candidates = self.view.refusable(self.party.other());
        let ids = candidates.into_iter().map(|folded| folded.entry.id);
        ids.filter(|id| self.may(refuse(*id)))
            .map(Move::Refuse)
            .collect()
    }

    fn waiting(&self) -> Vec<Move> {
        let parked = self.case.parked().filter(|entry| entry.party != self.party);
        parked
            .map(|entry| entry.id)
            .filter(|id| self.may(give_up(*id)))
            .map(Move::GiveUpWaiting)
            .collect()
    }

    fn outcomes(&self) -> Vec<Move> {
        let answers = |n, round| -> Vec<_> {
            let all = OutcomeAnswer::ALL.into_iter();
            all.filter(|answer| self.may(report(n, round, *answer)))
                .collect()
        };
        self.rounds()
            .map(|(n, round)| (n, round, answers(n, round)))
            .filter(|(_, _, answers)| !answers.is_empty())
            .map(|(n, round, answers)| Move::Outcome(n, round, answers))
            .collect()
    }

    fn amendment(&self) -> Option<Move> {
        let live = || {
            self.items
                .iter()
                .copied()
                .filter(|n| self.view.is_live(*n))
                .collect()
        };
        self.may(amend()).then(|| Move::Amend(live()))
    }

    fn withdrawal(&self) -> Option<Move> {
        let items = self.items_for(withdraw);
        (!items.is_empty()).then_some(Move::Withdraw(items))
    }

    fn resolution(&self, id: StatementId) -> Option<Move> {
        let mut ways = [false, true].into_iter();
        let takes_back = ways.find(|takes_back| self.may(resolve(id, *takes_back)))?;
        Some(Move::Resolve(id, takes_back))
    }

    fn question(&self) -> Option<Move> {
        let items = || self.items_for(|n| request_information(Some(n)));
        self.may(request_information(None))
            .then(|| Move::RequestInformation(items()))
    }

    fn observations(&self) -> Vec<Move> {
        self.rounds()
            .filter(|(n, round)| self.may(observe(*n, *round)))
            .map(|(n, round)| Move::Observe(n, round))
            .collect()
    }

    fn releases(&self) -> Vec<Move> {
        let mut authorities: Vec<_> = self.view.holds().map(|(_, by)| by.clone()).collect();
        authorities.sort();
        authorities.dedup();
        authorities
            .into_iter()
            .filter(|by| self.may(hold(Body::Release, Some(by.clone()))))
            .map(Move::Release)
            .collect()
    }

    /// Every statement, in the order of the history, that makes a move.
    fn known(&self, to_move: impl Fn(StatementId) -> Option<Move>) -> Vec<Move> {
        self.case
            .history()
            .iter()
            .filter_map(|folded| to_move(folded.entry.id))
            .collect()
    }

    fn items_for(&self, candidate: impl Fn(ItemNumber) -> Option<Body>) -> Vec<ItemNumber> {
        self.items
            .iter()
            .copied()
            .filter(|n| self.may(candidate(*n)))
            .collect()
    }

    fn rounds(&self) -> impl Iterator<Item = (ItemNumber, Round)> {
        let rounds = |n: &ItemNumber| {
            let n = *n;
            (1..=self.view.latest_round(n)).map(move |round| (n, round))
        };
        self.items.iter().flat_map(rounds)
    }

    fn may(&self, candidate: Option<Body>) -> bool {
        candidate.is_some_and(|body| {
            let entry = Entry {
                id: Hash::new([0; 32]),
                party: self.party,
                re: self.heads.clone(),
                issued_at: 0,
                body: Arc::new(body),
            };
            rules::judge(&self.view, &entry).is_ok()
        })
    }
}

fn word(code: &str) -> Option<Code> {
    Code::new(code)
}

fn acknowledge(answer: Answer, n: ItemNumber) -> Option<Body> {
    acknowledgement(
        answer,
        answer_code::NO_MANDATE,
        Some(Sorted::new([n])),
        None,
    )
}

fn refuse(id: StatementId) -> Option<Body> {
    acknowledgement(
        Answer::Refused,
        answer_code::NO_MANDATE,
        None,
        Some(Sorted::new([id])),
    )
}

fn give_up(id: StatementId) -> Option<Body> {
    acknowledgement(
        Answer::Refused,
        answer_code::RE_MISSING,
        None,
        Some(Sorted::new([id])),
    )
}

fn acknowledgement(
    answer: Answer,
    why: &str,
    items: Option<Sorted<ItemNumber>>,
    names: Option<Sorted<StatementId>>,
) -> Option<Body> {
    Some(Body::Acknowledgement(Acknowledgement {
        by: word(by::PERSON)?,
        code: Some(word(why)?),
        next: None,
        text: None,
        items,
        names,
        answer,
        expected_by: None,
    }))
}

fn report(n: ItemNumber, round: Round, answer: OutcomeAnswer) -> Option<Body> {
    let row = OutcomeItem(n, round, answer, Vec::new(), None, None, None);
    Some(Body::Outcome(Outcome {
        text: None,
        basis: Basis::Own,
        items: Sorted::new([row]),
        complete: Complete::Partial,
    }))
}

fn amend() -> Option<Body> {
    Some(Body::Amendment(Amendment {
        text: None,
        items: None,
        hosting: None,
        urgency: Some(word(urgency::ROUTINE)?),
        handling: None,
        assessments: None,
    }))
}

fn withdraw(n: ItemNumber) -> Option<Body> {
    Some(Body::Withdrawal(Withdrawal {
        code: word(withdrawal_code::ERROR)?,
        text: None,
        basis: Basis::Own,
        items: Some(Sorted::new([n])),
    }))
}

fn contest(of: StatementId) -> Option<Body> {
    let code = word(dispute_code::OTHER)?;
    Some(Body::Dispute(Dispute {
        of,
        code,
        text: None,
        items: None,
    }))
}

fn resolve(of: StatementId, takes_back: bool) -> Option<Body> {
    let result = if takes_back {
        resolution_result::WITHDRAWN
    } else {
        resolution_result::REJECTED
    };
    Some(Body::Resolution(Resolution {
        of,
        code: None,
        text: None,
        result: word(result)?,
    }))
}

fn request_information(n: Option<ItemNumber>) -> Option<Body> {
    Some(Body::InformationRequest(InformationRequest {
        asks: vec![word(information_ask::STATUS)?],
        text: None,
        items: n.map(|n| Sorted::new([n])),
    }))
}

fn inform(of: StatementId) -> Option<Body> {
    Some(Body::Information(Information {
        of,
        text: None,
        hosting: None,
        assessments: None,
    }))
}

fn observe(n: ItemNumber, round: Round) -> Option<Body> {
    let method = word(observation_method::MANUAL)?;
    let row = ObservationItem(n, round, ObservationResult::NotChecked, method, None, 0);
    Some(Body::Observation(Observation {
        basis: Basis::Own,
        items: Sorted::new([row]),
    }))
}

fn hold(kind: fn(Hold) -> Body, authority: Option<Code>) -> Option<Body> {
    Some(kind(Hold {
        by: authority?,
        until: None,
        result: None,
        asked_at: 0,
        answered_at: None,
    }))
}

fn erase() -> Option<Body> {
    let ground = word(erasure_ground::RETENTION_ENDED)?;
    Some(Body::ErasureNotice(ErasureNotice {
        what: Erased::Case,
        ground,
    }))
}
