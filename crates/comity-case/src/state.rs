//! The state of a case: what everything that is here comes to.
//!
//! "Received" is not "answered", "removed" is not "confirmed offline", and a
//! receipt is neither: each has its own place here, and [`Status`] never stands
//! for more than was said.

use comity_wire::body::Body;
use comity_wire::ids::StatementId;
use comity_wire::parts::{Assessment, Handling, Hosting, Item, Measure};
use comity_wire::registry::{Answer, ObservationResult, OutcomeAnswer};
use comity_wire::words::{Code, Country, ItemNumber, Round, TimeMs};

use crate::case::{Case, Folded};
use crate::entry::Party;
use crate::registry::Forbidden;
use crate::view::{View, effective_at};

/// A case, as a function of the set of its statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The statement that opened it; `None`: only parked statements are here.
    pub opening: Option<StatementId>,
    /// The urgency that counts (registry `urgency`).
    pub urgency: Option<Code>,
    /// The handling that an amendment has set; `None`: the opening's.
    pub handling: Option<Handling>,
    /// Every item, by number.
    pub items: Vec<ItemState>,
    /// Every hold.
    pub holds: Vec<HoldState>,
    /// Every dispute.
    pub disputes: Vec<DisputeState>,
    /// Every question.
    pub questions: Vec<QuestionState>,
    /// Notices of erasure.
    pub erasures: Vec<StatementId>,
    /// Statements that their causal past forbids.
    pub forbidden: Vec<(StatementId, Forbidden)>,
    /// Statements that were refused.
    pub void: Vec<(StatementId, StatementId)>,
    /// Statements that wait for others.
    pub parked: Vec<StatementId>,
    /// Own statements without a receipt.
    pub pending: Vec<StatementId>,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemState {
    /// Its number.
    pub n: ItemNumber,
    /// The statement that brought it.
    pub carrier: StatementId,
    /// The item, with hosting facts and assessments as they first came.
    pub item: Item,
    /// Hosting facts that came later: never in place of others.
    pub hosting: Added<Hosting>,
    /// Assessments that came later: never in place of others.
    pub assessments: Added<Assessment>,
    /// The refusal, if the request for it was refused.
    pub refused: Option<StatementId>,
    /// The withdrawal, if the request for it was withdrawn.
    pub withdrawn: Option<StatementId>,
    /// The answer to the request for it, other than a refusal.
    pub answer: Option<AnswerState>,
    /// Its rounds, from the first; there is always one.
    pub rounds: Vec<RoundState>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerState {
    /// The acknowledgement.
    pub statement: StatementId,
    /// What it says.
    pub answer: Answer,
    /// Why.
    pub code: Option<Code>,
    /// A person or automation.
    pub by: Code,
    /// When the outcome is expected.
    pub expected_by: Option<TimeMs>,
}

/// One round of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundState {
    /// Its number, from 1.
    pub round: Round,
    /// The observations that opened it; none for the first.
    pub opened_by: Vec<StatementId>,
    /// The outcome that counts.
    pub outcome: Option<OutcomeState>,
    /// Outcomes that it superseded.
    pub superseded: Vec<StatementId>,
    /// What was last seen.
    pub last_seen: Option<Seen>,
    /// Where the round stands, in one word.
    pub status: Status,
}

/// An outcome for one item and round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeState {
    /// The statement.
    pub statement: StatementId,
    /// What it says.
    pub answer: OutcomeAnswer,
    /// What was done.
    pub measures: Vec<Measure>,
    /// Why.
    pub reason: Option<Code>,
    /// When it took effect.
    pub effective_at: TimeMs,
    /// The item of the child case that it was relayed from.
    pub child_n: Option<ItemNumber>,
}

/// What somebody saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The statement.
    pub statement: StatementId,
    /// Who says so.
    pub party: Party,
    /// What.
    pub result: ObservationResult,
    /// From where.
    pub vantage: Option<Country>,
    /// When.
    pub at: TimeMs,
}

/// Where a round stands. A later fact outweighs an earlier one only in this order:
/// refused, withdrawn, outcome, answer, nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Asked, and not answered.
    Requested,
    /// Taken on.
    Accepted,
    /// The recipient waits for information.
    NeedsInformation,
    /// Somebody else is to be asked.
    WrongLayer,
    /// Acted on before the request came; no outcome yet says how.
    AlreadyActioned,
    /// Handed to another member.
    Transferred,
    /// Some measures are in effect.
    Partly,
    /// The recipient says that the measures are in effect. Nobody else has
    /// confirmed it.
    Done,
    /// The recipient says that they are in effect, and the other side has seen it
    /// offline since.
    ConfirmedOffline,
    /// The recipient found nothing.
    NotFound,
    /// The content is elsewhere.
    Moved,
    /// The recipient does not act.
    Declined,
    /// Available again after an appeal.
    Reinstated,
    /// The request was taken back.
    Withdrawn,
    /// The request was refused.
    Refused,
}

impl Status {
    /// Whether nobody owes anything for this round any more.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        !matches!(
            self,
            Self::Requested
                | Self::Accepted
                | Self::NeedsInformation
                | Self::AlreadyActioned
                | Self::Partly
        )
    }
}

/// One hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldState {
    /// The statement.
    pub statement: StatementId,
    /// Who sent it.
    pub party: Party,
    /// Who asked to wait.
    pub by: Code,
    /// Until when, if a time was given.
    pub until: Option<TimeMs>,
    /// The release that ended it.
    pub released_by: Option<StatementId>,
}

/// One dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeState {
    /// The statement.
    pub statement: StatementId,
    /// Who sent it.
    pub party: Party,
    /// What it contests.
    pub of: StatementId,
    /// Why.
    pub code: Code,
    /// How it ended: the resolution and its result.
    pub resolved: Option<(StatementId, Code)>,
}

/// One question: a request for information, or an answer that needed some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionState {
    /// The statement.
    pub statement: StatementId,
    /// Who asks.
    pub party: Party,
    /// The information that came first.
    pub answered_by: Option<StatementId>,
}

impl State {
    /// Folds everything that is here.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        let view = case.view();
        let history = case.history();
        let opening = view.opening();
        Self {
            opening: opening.map(|folded| folded.entry.id),
            urgency: urgency(&view, opening),
            handling: handling(&view),
            items: view
                .item_numbers()
                .into_iter()
                .filter_map(|n| item(&view, &history, n))
                .collect(),
            holds: in_order(view.all_holds().filter_map(hold), |hold| hold.statement),
            disputes: in_order(
                view.disputes().filter_map(|folded| dispute(&view, folded)),
                |dispute| dispute.statement,
            ),
            questions: in_order(
                view.questions().map(|folded| QuestionState {
                    statement: folded.entry.id,
                    party: folded.entry.party,
                    answered_by: view
                        .informed_by(&folded.entry.id)
                        .map(|found| found.entry.id),
                }),
                |question| question.statement,
            ),
            erasures: in_order(view.erasures().map(|folded| folded.entry.id), |id| *id),
            forbidden: history
                .iter()
                .filter_map(|folded| Some((folded.entry.id, *folded.verdict.as_ref().err()?)))
                .collect(),
            void: history
                .iter()
                .filter_map(|folded| Some((folded.entry.id, view.void_by(folded)?.entry.id)))
                .collect(),
            parked: case.parked().map(|entry| entry.id).collect(),
            pending: case.pending().iter().copied().collect(),
        }
    }

    /// Whether nobody owes anything: every item is settled, and no dispute and no
    /// question is open.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.opening.is_some()
            && self.items.iter().all(|item| item.status().is_settled())
            && self
                .disputes
                .iter()
                .all(|dispute| dispute.resolved.is_some())
            && self
                .questions
                .iter()
                .all(|question| question.answered_by.is_some())
    }

    /// An item.
    #[must_use]
    pub fn item(&self, n: ItemNumber) -> Option<&ItemState> {
        self.items.iter().find(|item| item.n == n)
    }
}

impl ItemState {
    /// The status of the latest round.
    #[must_use]
    pub fn status(&self) -> Status {
        self.rounds
            .last()
            .map_or(Status::Requested, |round| round.status)
    }
}

fn urgency(view: &View<'_>, opening: Option<&Folded>) -> Option<Code> {
    let amended = view
        .latest_amendment(|body| matches!(body, Body::Amendment(body) if body.urgency.is_some()));
    match &*amended.or(opening)?.entry.body {
        Body::Amendment(body) => body.urgency.clone(),
        Body::TakedownRequest(body) => Some(body.urgency.clone()),
        Body::Referral(body) => Some(body.urgency.clone()),
        Body::Transfer(body) => Some(body.urgency.clone()),
        _ => None,
    }
}

fn handling(view: &View<'_>) -> Option<Handling> {
    let amended = view
        .latest_amendment(|body| matches!(body, Body::Amendment(body) if body.handling.is_some()));
    match &*amended?.entry.body {
        Body::Amendment(body) => body.handling.clone(),
        _ => None,
    }
}

fn item(view: &View<'_>, history: &[&Folded], n: ItemNumber) -> Option<ItemState> {
    let (carrier, item) = view.item(n)?;
    let refused = view.refused_by(n).map(|folded| folded.entry.id);
    let withdrawn = view.withdrawn_by(n).map(|folded| folded.entry.id);
    let answer = view.answer(n).map(|(folded, body)| AnswerState {
        statement: folded.entry.id,
        answer: body.answer,
        code: body.code.clone(),
        by: body.by.clone(),
        expected_by: body.expected_by,
    });
    let ended = match (refused, withdrawn) {
        (Some(_), _) => Some(Status::Refused),
        (None, Some(_)) => Some(Status::Withdrawn),
        (None, None) => None,
    };
    let rounds = (1..=view.latest_round(n))
        .map(|number| {
            // An answer is to the request: a reappearance is asked about anew.
            let answered = answer
                .as_ref()
                .filter(|_| number == 1)
                .map(|answer| answer.answer);
            round(view, n, number, ended, answered)
        })
        .collect();
    let (hosting, assessments) = additions(view, history, n);
    Some(ItemState {
        n,
        carrier: carrier.entry.id,
        item: item.clone(),
        hosting,
        assessments,
        refused,
        withdrawn,
        answer,
        rounds,
    })
}

fn round(
    view: &View<'_>,
    n: ItemNumber,
    number: Round,
    ended: Option<Status>,
    answered: Option<Answer>,
) -> RoundState {
    let outcome = view.outcome(n, number).map(|(folded, row)| OutcomeState {
        statement: folded.entry.id,
        answer: row.2,
        measures: row.3.clone(),
        reason: row.4.clone(),
        effective_at: effective_at(folded, row),
        child_n: row.6,
    });
    let counts = outcome.as_ref().map(|outcome| outcome.statement);
    let superseded = in_order(
        view.outcomes(n, number)
            .map(|(folded, _)| folded.entry.id)
            .filter(|id| Some(*id) != counts),
        |id| *id,
    );
    let last_seen = view.last_seen(n, number).map(|(folded, result, at)| Seen {
        statement: folded.entry.id,
        party: folded.entry.party,
        result,
        vantage: vantage(folded, n, number),
        at,
    });
    let status = ended.unwrap_or_else(|| {
        let reported = outcome
            .as_ref()
            .map(|outcome| by_outcome(outcome, last_seen.as_ref()));
        reported
            .or_else(|| answered.map(by_answer))
            .unwrap_or(Status::Requested)
    });
    RoundState {
        round: number,
        opened_by: in_order(
            view.opened_by(n, number).map(|folded| folded.entry.id),
            |id| *id,
        ),
        outcome,
        superseded,
        last_seen,
        status,
    }
}

/// Only the side that asked can confirm what the side that acted reports.
fn by_outcome(outcome: &OutcomeState, last_seen: Option<&Seen>) -> Status {
    let confirmed = last_seen.is_some_and(|seen| {
        seen.party == Party::Opener
            && seen.result == ObservationResult::Offline
            && seen.at >= outcome.effective_at
    });
    match outcome.answer {
        OutcomeAnswer::Done if confirmed => Status::ConfirmedOffline,
        OutcomeAnswer::Done => Status::Done,
        OutcomeAnswer::Partly => Status::Partly,
        OutcomeAnswer::NotFound => Status::NotFound,
        OutcomeAnswer::Moved => Status::Moved,
        OutcomeAnswer::Declined => Status::Declined,
        OutcomeAnswer::Reinstated => Status::Reinstated,
    }
}

const fn by_answer(answer: Answer) -> Status {
    match answer {
        Answer::Accepted => Status::Accepted,
        Answer::NeedsInformation => Status::NeedsInformation,
        Answer::WrongLayer => Status::WrongLayer,
        Answer::AlreadyActioned => Status::AlreadyActioned,
        Answer::Transferred => Status::Transferred,
        Answer::Refused => Status::Refused,
    }
}

fn vantage(folded: &Folded, n: ItemNumber, round: Round) -> Option<Country> {
    match &*folded.entry.body {
        Body::Observation(body) => body.items.find(&(n, round))?.4.clone(),
        _ => None,
    }
}

/// Rows with the statement that each came with.
pub type Added<T> = Vec<(StatementId, T)>;

/// Hosting facts and assessments that amendments and information added.
fn additions(
    view: &View<'_>,
    history: &[&Folded],
    n: ItemNumber,
) -> (Added<Hosting>, Added<Assessment>) {
    let mut hosting = Vec::new();
    let mut assessments = Vec::new();
    let standing = history
        .iter()
        .filter(|folded| folded.verdict.is_ok() && view.void_by(folded).is_none());
    for folded in standing {
        let (facts, found) = match &*folded.entry.body {
            Body::Amendment(body) => (&body.hosting, &body.assessments),
            Body::Information(body) => (&body.hosting, &body.assessments),
            _ => continue,
        };
        let id = folded.entry.id;
        hosting.extend(rows(facts.as_deref(), n).map(|fact| (id, fact)));
        assessments.extend(rows(found.as_deref(), n).map(|assessment| (id, assessment)));
    }
    (hosting, assessments)
}

fn rows<T: Clone>(rows: Option<&[(ItemNumber, T)]>, n: ItemNumber) -> impl Iterator<Item = T> {
    let of_item = rows
        .unwrap_or_default()
        .iter()
        .filter(move |(known, _)| *known == n);
    of_item.map(|(_, row)| row.clone())
}

fn hold((folded, release): (&Folded, Option<&Folded>)) -> Option<HoldState> {
    let Body::Hold(body) = &*folded.entry.body else {
        return None;
    };
    Some(HoldState {
        statement: folded.entry.id,
        party: folded.entry.party,
        by: body.by.clone(),
        until: body.until,
        released_by: release.map(|release| release.entry.id),
    })
}

fn dispute(view: &View<'_>, folded: &Folded) -> Option<DisputeState> {
    let Body::Dispute(body) = &*folded.entry.body else {
        return None;
    };
    let resolved = view
        .resolution(&folded.entry.id)
        .and_then(|found| match &*found.entry.body {
            Body::Resolution(body) => Some((found.entry.id, body.result.clone())),
            _ => None,
        });
    Some(DisputeState {
        statement: folded.entry.id,
        party: folded.entry.party,
        of: body.of,
        code: body.code.clone(),
        resolved,
    })
}

/// The order of arrival must not show, so lists are in the order of ids.
fn in_order<T>(found: impl Iterator<Item = T>, id: impl Fn(&T) -> StatementId) -> Vec<T> {
    let mut list: Vec<T> = found.collect();
    list.sort_by_key(id);
    list
}
