//! The course of a request: when its clocks began, and where each step stands.
//!
//! ```text
//! statements of one case -> each opening -> Request   registration, receipt, first answers
//!                                           \-> ItemRound   outcome, confirmation
//! ```
//! What each step ends with, and what counts as an answer, is in [`crate::times`].

use std::collections::{BTreeMap, BTreeSet};

use comity_wire::ids::{MemberId, StatementId};
use comity_wire::leaf::{FactsItem, FactsResult};
use comity_wire::registry::{Answer, Kind, ObservationResult, OutcomeAnswer, answer_code, by};
use comity_wire::words::{Code, ItemNumber, Round, TimeMs};

use crate::matching::MatchedStatement;

/// The requests of one case, in the order of its statements. What neither log shows
/// is no request: of it silence says nothing.
#[must_use]
pub fn requests<'a>(statements: &[&'a MatchedStatement]) -> Vec<Request<'a>> {
    let is_shown = |opening: &&&MatchedStatement| {
        opening.sender_shown.is_some() || opening.recipient_shown.is_some()
    };
    let openings = statements.iter().filter(|said| said.kind.opens());
    openings
        .filter(is_shown)
        .map(|opening| Course::new(opening, statements).request())
        .collect()
}

/// What starts a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// The sender's first attempt to deliver.
    Offered,
    /// The recipient's record of having it.
    Registered,
    /// The report of the public: the hotline's claim.
    Reported,
}

/// What a clock runs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The recipient's record of the request.
    Registration,
    /// The sender's record of the receipt.
    Receipt,
    /// The recipient's first answer, if no person gave it.
    AutomaticAnswer,
    /// The first answer of a person at the recipient.
    HumanAnswer,
    /// The first final outcome of an item's round.
    Outcome,
    /// The requester saw it offline, after the outcome.
    Confirmation,
}

/// Where one thing stands that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Reached, then.
    At(TimeMs),
    /// Begun and not reached.
    Open,
    /// Withdrawn, refused or passed on before it was reached.
    Ended,
}

/// When the clocks of one request, or of one round of an item, began. Absent: that
/// log is not here, or nobody claims it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Starts {
    /// The first attempt to deliver.
    pub offered: Option<TimeMs>,
    /// The record of registration.
    pub registered: Option<TimeMs>,
    /// The public's report.
    pub reported: Option<TimeMs>,
}

/// One request, and where it stands.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The statement that opened it.
    pub opening: &'a MatchedStatement,
    /// When its clocks began.
    pub starts: Starts,
    /// Its registration; `None`: no log that is here would show it.
    pub registration: Option<Reached>,
    /// Its receipt; `None`: no log that is here would show it.
    pub receipt: Option<Reached>,
    /// The first automatic answer; `None`: a person was faster, so nobody waits for one.
    pub automatic_answer: Option<Reached>,
    /// The first answer of a person.
    pub human_answer: Reached,
    /// Its items, each round of them on its own.
    pub rounds: Vec<ItemRound>,
    /// Holds of the case, as they were said.
    pub holds: Vec<Hold>,
    /// When any hold was in force: sorted, none touching another.
    pub pauses: Vec<(TimeMs, TimeMs)>,
    /// Questions of the recipient: from when the requester had one to when the recipient
    /// had what answers it.
    pub questions: Vec<(TimeMs, Option<TimeMs>)>,
    /// Whether either side has contested something that the other said.
    pub is_disputed: bool,
    /// How the recipient's refusal or the requester's withdrawal ended it, if one did.
    pub turned_down: Option<TurnedDown>,
}

/// How a request ended without an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TurnedDown {
    /// The requester took it back.
    Withdrawn,
    /// The recipient's node refused the statement.
    NotTaken,
    /// The recipient refused it, or passed it on.
    RefusedOrPassedOn,
}

/// A hold, and when it was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// For which authority (registry `hold-authority`).
    pub authority: Option<Code>,
    /// From when the other side had it.
    pub from: TimeMs,
    /// Until it was released or ran out; `None`: it lasts.
    pub to: Option<TimeMs>,
}

/// One round of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRound {
    /// The item.
    pub n: ItemNumber,
    /// The round, from 1.
    pub round: Round,
    /// When its clocks began.
    pub starts: Starts,
    /// The first final outcome.
    pub outcome: Reached,
    /// What it said.
    pub answer: Option<OutcomeAnswer>,
    /// Whether all that it did was done by a program.
    pub is_automated: bool,
    /// The first outcome of any sort, and the first of a person.
    pub answered: (Option<TimeMs>, Option<TimeMs>),
    /// The requester's confirmation; `None`: there is nothing to confirm.
    pub confirmation: Option<Reached>,
    /// Whether a later outcome has taken it back.
    pub is_reversed: bool,
}

impl Request<'_> {
    /// Every step that is counted, the request's own first, each with the clocks that
    /// run to it.
    pub fn steps(&self) -> impl Iterator<Item = (Step, Starts, Reached)> + '_ {
        // Registration is where the second clock begins, not what it runs to.
        let before = Starts {
            registered: None,
            ..self.starts
        };
        let own = [
            (Step::Registration, before, self.registration),
            (Step::Receipt, self.starts, self.receipt),
            (Step::AutomaticAnswer, self.starts, self.automatic_answer),
            (Step::HumanAnswer, self.starts, Some(self.human_answer)),
        ];
        let rounds = self.rounds.iter().flat_map(|round| {
            [
                (Step::Outcome, round.starts, Some(round.outcome)),
                (Step::Confirmation, round.starts, round.confirmation),
            ]
        });
        own.into_iter()
            .chain(rounds)
            .filter_map(|(step, starts, reached)| Some((step, starts, reached?)))
    }
}

// ---- One request

struct Course<'s, 'a> {
    opening: &'a MatchedStatement,
    /// Of the case, with the opening.
    statements: &'s [&'a MatchedStatement],
    by_id: BTreeMap<StatementId, &'a MatchedStatement>,
    /// What was said of each item and round and has arrived.
    rows: BTreeMap<(ItemNumber, Round), Vec<Said<'a>>>,
}

/// A row of an outcome or an observation, and when the other side had it.
#[derive(Clone, Copy)]
struct Said<'a> {
    by: &'a MatchedStatement,
    row: &'a FactsItem,
    at: TimeMs,
}

impl<'s, 'a> Course<'s, 'a> {
    fn new(opening: &'a MatchedStatement, statements: &'s [&'a MatchedStatement]) -> Self {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for by in statements {
            let Some(at) = by.arrived() else { continue };
            for row in rows(by) {
                all.entry((row.0, row.1))
                    .or_default()
                    .push(Said { by, row, at });
            }
        }
        let by_id = statements.iter().map(|said| (said.statement, *said));
        Self {
            opening,
            statements,
            by_id: by_id.collect(),
            rows: all,
        }
    }

    fn request(&self) -> Request<'a> {
        let starts = Starts {
            offered: self.opening.offered.map(|mark| mark.time),
            registered: self.opening.received.map(|mark| mark.time),
            reported: self.opening.facts.as_ref().and_then(|f| f.reported_at),
        };
        let is_refused = self.opening.refused.is_some();
        let not_reached = |ended| if ended { Reached::Ended } else { Reached::Open };
        let mark_or = |time: Option<TimeMs>| time.map_or(not_reached(is_refused), Reached::At);
        let ended = is_refused || self.withdrawn_at().is_some();
        let (automatic, human) = (self.first_answer(false), self.first_answer(true));

        let registers = self.opening.recipient_shown.is_some() || self.opening.received.is_some();
        let has_receipt = self.opening.sender_shown.is_some() || self.opening.sent.is_some();
        let sent = self.opening.sent.map(|mark| mark.time);
        // Once a person has answered, nobody waits for an automatic answer.
        let automatic = automatic.filter(|at| human.is_none_or(|human| *at < human));
        let waits = human.is_none().then(|| not_reached(ended));
        let rounds = self.items_and_rounds().into_iter().filter_map(|item| {
            let starts = if item.1 == 1 {
                starts
            } else {
                self.opened_again(item)?
            };
            Some(self.round(item, starts))
        });
        let holds = self.holds();
        Request {
            opening: self.opening,
            starts,
            registration: registers.then(|| mark_or(starts.registered)),
            receipt: has_receipt.then(|| mark_or(sent)),
            automatic_answer: automatic.map(Reached::At).or(waits),
            human_answer: human.map_or(not_reached(ended), Reached::At),
            rounds: rounds.collect(),
            pauses: merged(&holds),
            holds,
            questions: self.questions(),
            is_disputed: self.said(Kind::Dispute).next().is_some(),
            turned_down: self.turned_down(),
        }
    }

    fn round(&self, item: (ItemNumber, Round), starts: Starts) -> ItemRound {
        let outcome = self.first_final(item);
        let not_reached = |ended| if ended { Reached::Ended } else { Reached::Open };
        let open_or_ended = not_reached(self.is_over(item.1));
        // There is nothing to confirm if the recipient does not act.
        let confirmation = match &outcome {
            None => Some(open_or_ended),
            Some(outcome) => {
                let confirmed = self.confirmed(item, outcome).map(Reached::At);
                let acts = matches!(
                    outcome.answer,
                    OutcomeAnswer::Done | OutcomeAnswer::NotFound
                );
                let waited = not_reached(self.withdrawn_at().is_some());
                confirmed.or(acts.then_some(waited))
            }
        };
        let is_after = |at: TimeMs| outcome.is_some_and(|first| first.at <= at);
        let is_reversed = self
            .outcomes(item)
            .any(|later| later.answer == OutcomeAnswer::Reinstated && is_after(later.at));
        let answered = |human: Option<bool>| {
            self.outcomes(item)
                .filter(|found| human.is_none_or(|human| found.is_human == human))
                .map(|found| found.at)
                .min()
        };
        ItemRound {
            n: item.0,
            round: item.1,
            starts,
            outcome: outcome.map_or(open_or_ended, |outcome| Reached::At(outcome.at)),
            answer: outcome.map(|outcome| outcome.answer),
            is_automated: outcome.is_some_and(|outcome| !outcome.is_human),
            answered: (answered(None), answered(Some(true))),
            confirmation,
            is_reversed,
        }
    }

    // ---- What was said

    /// Statements of a kind that the other side has, and when it had them.
    fn said(&self, kind: Kind) -> impl Iterator<Item = (&'a MatchedStatement, TimeMs)> {
        let of_kind = self.statements.iter().filter(move |said| said.kind == kind);
        of_kind.filter_map(|said| Some((*said, said.arrived()?)))
    }

    fn said_by<'m>(
        &'m self,
        member: &'m MemberId,
        kind: Kind,
    ) -> impl Iterator<Item = (&'a MatchedStatement, TimeMs)> + 'm {
        self.said(kind)
            .filter(move |(said, _)| said.sender == *member)
    }

    fn first_answer(&self, human: bool) -> Option<TimeMs> {
        let recipient = &self.opening.recipient;
        let acknowledged = self
            .said_by(recipient, Kind::Acknowledgement)
            .filter(|(said, _)| {
                let by = said.facts.as_ref().and_then(|facts| facts.by.as_ref());
                by.is_some_and(|by| (by.as_str() == by::PERSON) == human)
            });
        let done = self
            .said_by(recipient, Kind::Outcome)
            .filter(|(said, _)| rows(said).next().is_some() && is_human(said) == human);
        acknowledged.chain(done).map(|(_, at)| at).min()
    }

    /// The items that somebody has named, or one if nobody has: the first round of
    /// each, those that were named, and one more if it was opened and nothing has
    /// been said of it yet.
    fn items_and_rounds(&self) -> BTreeSet<(ItemNumber, Round)> {
        let mut found = BTreeSet::new();
        for (n, round) in self.rows.keys() {
            let next = (*n, round.saturating_add(1));
            found.extend([(*n, 1), (*n, *round)]);
            if self.opened_again(next).is_some() {
                found.insert(next);
            }
        }
        if found.is_empty() {
            found.insert((1, 1));
        }
        found
    }

    fn rows_of(&self, item: (ItemNumber, Round)) -> impl Iterator<Item = &Said<'a>> {
        self.rows.get(&item).into_iter().flatten()
    }

    fn outcomes(&self, item: (ItemNumber, Round)) -> impl Iterator<Item = Outcome> {
        let by_recipient = |said: &&Said<'_>| {
            said.by.kind == Kind::Outcome && said.by.sender == self.opening.recipient
        };
        self.rows_of(item).filter(by_recipient).filter_map(|said| {
            let FactsResult::Outcome(answer) = said.row.2 else {
                return None;
            };
            Some(Outcome {
                statement: said.by.statement,
                answer,
                at: said.at,
                effective_at: said.row.4,
                is_human: is_persons(said.row),
            })
        })
    }

    fn first_final(&self, item: (ItemNumber, Round)) -> Option<Outcome> {
        let finals = self.outcomes(item).filter(|found| found.answer.is_final());
        finals.min_by_key(|found| found.at)
    }

    fn seen(
        &self,
        item: (ItemNumber, Round),
        result: ObservationResult,
    ) -> impl Iterator<Item = &Said<'a>> {
        self.rows_of(item).filter(move |said| {
            said.by.kind == Kind::Observation && said.row.2 == FactsResult::Observation(result)
        })
    }

    /// When the requester saw it offline, after the outcome was known and in
    /// effect. That the recipient says so itself confirms nothing.
    fn confirmed(&self, item: (ItemNumber, Round), outcome: &Outcome) -> Option<TimeMs> {
        self.seen(item, ObservationResult::Offline)
            .filter(|said| said.by.sender == self.opening.sender)
            .filter(|said| not_before(said.row.4, outcome.effective_at))
            .filter(|said| self.known_to(said).knew(outcome))
            .map(|said| said.at)
            .min()
    }

    /// What opened a later round: the first observation that saw the item online
    /// after it was said to be gone (docs/decisions/0003-rounds.md).
    fn opened_again(&self, (n, round): (ItemNumber, Round)) -> Option<Starts> {
        let before = (n, round.checked_sub(1)?);
        let gone: Vec<_> = self
            .outcomes(before)
            .filter(|found| {
                matches!(
                    found.answer,
                    OutcomeAnswer::Done | OutcomeAnswer::NotFound | OutcomeAnswer::Moved
                )
            })
            .collect();
        if gone.is_empty() {
            return None;
        }
        let first = self
            .seen(before, ObservationResult::Online)
            .filter(|said| {
                let known = self.known_to(said);
                gone.iter().any(|outcome| {
                    is_after(said.row.4, outcome.effective_at) && known.knew(outcome)
                })
            })
            .min_by_key(|said| said.at)?;
        let offered = first.by.offered.map(|mark| mark.time);
        let own = first.by.sender == self.opening.recipient;
        Some(Starts {
            offered,
            // What the recipient saw itself it knew when it said so.
            registered: if own { offered } else { Some(first.at) },
            reported: None,
        })
    }

    /// What was known when something was said: its causal past; if that is not
    /// shown, what came before.
    fn known_to(&self, said: &Said<'_>) -> Known {
        self.past_of(said.by, said.at)
    }

    fn past_of(&self, said: &MatchedStatement, at: TimeMs) -> Known {
        let re = |said: &'a MatchedStatement| said.facts.as_ref()?.re.as_ref();
        let own = self.by_id.get(&said.statement).copied().and_then(re);
        let Some(own) = own else {
            return Known::Until(at);
        };
        let mut open: Vec<StatementId> = own.to_vec();
        let mut past = BTreeSet::new();
        while let Some(id) = open.pop() {
            if past.insert(id) {
                let further = self.by_id.get(&id).copied().and_then(re);
                open.extend(further.into_iter().flatten());
            }
        }
        Known::These(past)
    }

    // ---- What ends it, or pauses it

    fn withdrawn_at(&self) -> Option<TimeMs> {
        let withdrawals = self.said_by(&self.opening.sender, Kind::Withdrawal);
        withdrawals.map(|(_, at)| at).min()
    }

    /// Whether nobody owes an outcome any more: refused, withdrawn or passed on.
    /// Later rounds follow from outcomes, so that no first answer ends them.
    fn is_over(&self, round: Round) -> bool {
        let turned_down = || {
            self.said_by(&self.opening.recipient, Kind::Acknowledgement)
                .any(|(said, at)| self.turns_down(said, at))
        };
        self.opening.refused.is_some()
            || self.withdrawn_at().is_some()
            || (round == 1 && turned_down())
    }

    /// Whether an acknowledgement leaves nothing of the request to do. Facts do not
    /// say which statement a refusal names; if it may be another one than the
    /// request, the request stays open.
    fn turns_down(&self, said: &MatchedStatement, at: TimeMs) -> bool {
        let Some(facts) = &said.facts else {
            return false;
        };
        match facts.answer {
            Some(Answer::WrongLayer | Answer::Transferred) => true,
            Some(Answer::Refused) => {
                let builds_on = facts.re.as_ref().map(|re| re.to_vec());
                let asked_more = [Kind::Amendment, Kind::InformationRequest]
                    .into_iter()
                    .flat_map(|kind| self.said_by(&self.opening.sender, kind))
                    .any(|(_, earlier)| earlier <= at);
                let code = facts.code.as_ref().map(Code::as_str);
                let is_of_request = code.is_some_and(|code| REFUSES_A_REQUEST.contains(&code));
                builds_on == Some(vec![self.opening.statement]) || (is_of_request && !asked_more)
            }
            _ => false,
        }
    }

    /// Why nobody owes an outcome of the first round any more.
    fn turned_down(&self) -> Option<TurnedDown> {
        if self.opening.refused.is_some() {
            Some(TurnedDown::NotTaken)
        } else if self.withdrawn_at().is_some() {
            Some(TurnedDown::Withdrawn)
        } else {
            self.is_over(1).then_some(TurnedDown::RefusedOrPassedOn)
        }
    }

    /// When holds were in force: each from when it was known until it was released, or
    /// ran out.
    fn holds(&self) -> Vec<Hold> {
        let releases: Vec<_> = self.said(Kind::Release).collect();
        let by = |said: &MatchedStatement| said.facts.as_ref().and_then(|f| f.by.clone());
        let held = self.said(Kind::Hold).map(|(hold, from)| {
            let released = releases
                .iter()
                .filter(|(said, at)| {
                    said.sender == hold.sender && by(said) == by(hold) && *at >= from
                })
                .map(|(_, at)| *at)
                .min();
            let until = hold.facts.as_ref().and_then(|facts| facts.until);
            Hold {
                authority: by(hold),
                from,
                to: [released, until].into_iter().flatten().min(),
            }
        });
        held.collect()
    }

    /// What the recipient asked, and when it had what was said with knowledge of that.
    fn questions(&self) -> Vec<(TimeMs, Option<TimeMs>)> {
        let asked = self.said_by(&self.opening.recipient, Kind::InformationRequest);
        let asked = asked.map(|(question, from)| {
            let answered = self
                .said_by(&self.opening.sender, Kind::Information)
                .filter(|(said, at)| self.past_of(said, *at).has(question, from))
                .map(|(_, at)| at)
                .min();
            (from, answered)
        });
        asked.collect()
    }
}

/// The times in which any of the holds was in force. An end that is not known is the
/// end of time.
fn merged(holds: &[Hold]) -> Vec<(TimeMs, TimeMs)> {
    let ends = holds
        .iter()
        .map(|hold| (hold.from, hold.to.unwrap_or(TimeMs::MAX)));
    let mut sorted: Vec<_> = ends.collect();
    sorted.sort_unstable();
    let mut merged: Vec<(TimeMs, TimeMs)> = Vec::new();
    for (from, to) in sorted {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

enum Known {
    These(BTreeSet<StatementId>),
    Until(TimeMs),
}

impl Known {
    fn knew(&self, outcome: &Outcome) -> bool {
        match self {
            Self::These(past) => past.contains(&outcome.statement),
            Self::Until(at) => outcome.at <= *at,
        }
    }

    fn has(&self, said: &MatchedStatement, arrived: TimeMs) -> bool {
        match self {
            Self::These(past) => past.contains(&said.statement),
            Self::Until(at) => arrived <= *at,
        }
    }
}

/// Codes that turn down what was asked (registry `answer-code`); the others say
/// that a statement came at the wrong time.
const REFUSES_A_REQUEST: [&str; 6] = [
    answer_code::NOT_OUR_SERVICE,
    answer_code::NOT_ILLEGAL_HERE,
    answer_code::NOT_ENOUGH_INFORMATION,
    answer_code::DUPLICATE,
    answer_code::NO_MANDATE,
    answer_code::LANGUAGE,
];

/// A final or other answer for one item and round.
#[derive(Clone, Copy)]
struct Outcome {
    statement: StatementId,
    answer: OutcomeAnswer,
    /// When the requester had it.
    at: TimeMs,
    effective_at: Option<TimeMs>,
    is_human: bool,
}

fn rows(said: &MatchedStatement) -> impl Iterator<Item = &FactsItem> {
    let items = said.facts.as_ref().and_then(|facts| facts.items.as_ref());
    items.into_iter().flatten()
}

/// Whether an outcome is a person's: if one of its measures is, or if it has none
/// for some item, because to do nothing is somebody's decision.
fn is_human(outcome: &MatchedStatement) -> bool {
    rows(outcome).any(is_persons)
}

fn is_persons(row: &FactsItem) -> bool {
    row.3.is_empty() || row.3.iter().any(|measure| !measure.automated)
}

fn not_before(one: Option<TimeMs>, other: Option<TimeMs>) -> bool {
    !matches!((one, other), (Some(one), Some(other)) if one < other)
}

fn is_after(one: Option<TimeMs>, other: Option<TimeMs>) -> bool {
    !matches!((one, other), (Some(one), Some(other)) if one <= other)
}

impl Clock {
    /// As reports name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Registered => "registered",
            Self::Reported => "reported",
        }
    }
}

impl Step {
    /// As reports name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Receipt => "receipt",
            Self::AutomaticAnswer => "first-automatic-answer",
            Self::HumanAnswer => "first-human-answer",
            Self::Outcome => "outcome",
            Self::Confirmation => "confirmation",
        }
    }
}
