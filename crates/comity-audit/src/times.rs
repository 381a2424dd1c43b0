//! Response times, from the records of one log or of several.
//!
//! ```text
//! clock        starts with
//! offered      the sender's first attempt to deliver: being unreachable is no excuse
//! registered   the recipient's record of having it
//! reported     the report of the public: the hotline's claim, and labelled so
//!
//! step                     ends with                                        per
//! registration             the recipient's record of the request            request
//! receipt                  the sender's record of the receipt               request
//! first-automatic-answer   the first answer of the recipient, if no person  request
//! first-human-answer       the first answer of a person at the recipient    request
//! outcome                  the first final outcome                          item and round
//! confirmation             the requester saw it offline, after the outcome  item and round
//! ```
//!
//! What the recipient says counts from when the sender of the request has it in its
//! log; if only the recipient's log is here, from when the recipient offered it.
//! What has started and is not reached is *open*, from the first second. What was
//! withdrawn, refused or passed on before it was reached is *ended*: neither open
//! nor reached. What the logs that are here cannot show is not counted at all.
//!
//! Percentiles are of exact values, by nearest rank: of n values in order, the
//! p-th percentile is the value at place ⌈p·n/100⌉ from 1. Holds do not stop these
//! clocks; how long they lasted within the times counted stands beside them.
//!
//! Limits of what facts say. They do not name the items of a withdrawal or of an
//! acknowledgement, so either stands for the whole case. They do not say how many
//! items a request has: those that an outcome or an observation has named are
//! counted, and one if none is; an item that nobody has named yet, beside others
//! that were, is not seen here.

use std::collections::{BTreeMap, BTreeSet};

use comity_wire::ids::{CaseId, MemberId, StatementId};
use comity_wire::leaf::{FactsItem, FactsResult};
use comity_wire::registry::{Answer, Kind, ObservationResult, OutcomeAnswer, answer_code, by};
use comity_wire::words::{Code, DurationMs, ItemNumber, Round, TimeMs};
use serde::Serialize;

use crate::matching::{Matched, MatchedStatement};

/// Response times, one row for each clock and step that anything was counted for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ResponseTimes {
    /// By clock, then by step, in the order of the module's tables.
    pub rows: Vec<Row>,
}

/// One clock and one step. Times are in milliseconds and absent if nothing was
/// reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `offered`, `registered` or `reported`.
    pub clock: &'static str,
    /// What the clock ran to.
    pub step: &'static str,
    /// How many reached it.
    pub count: u64,
    /// How many have started and not reached it.
    pub open: u64,
    /// How many were withdrawn, refused or passed on before.
    pub ended: u64,
    /// The median.
    pub p50_ms: Option<DurationMs>,
    /// Nine of ten were not slower.
    pub p90_ms: Option<DurationMs>,
    /// 19 of 20 were not slower.
    pub p95_ms: Option<DurationMs>,
    /// 99 of 100 were not slower.
    pub p99_ms: Option<DurationMs>,
    /// The slowest.
    pub max_ms: Option<DurationMs>,
    /// For how long holds were in force within the times counted, all together.
    pub paused_ms: DurationMs,
}

/// The response times of everything that was matched.
#[must_use]
pub fn response_times(matched: &Matched) -> ResponseTimes {
    measure(matched, |_| true)
}

/// The response times of one recipient.
#[must_use]
pub fn response_times_to(matched: &Matched, recipient: &MemberId) -> ResponseTimes {
    measure(matched, |opening| opening.recipient == *recipient)
}

fn measure(matched: &Matched, counts: impl Fn(&MatchedStatement) -> bool) -> ResponseTimes {
    let mut cases: BTreeMap<CaseId, Vec<&MatchedStatement>> = BTreeMap::new();
    for statement in &matched.statements {
        cases.entry(statement.case).or_default().push(statement);
    }
    let mut tally = Tally::default();
    for statements in cases.values() {
        let openings = statements.iter().filter(|said| said.kind.opens());
        // From neither log, silence says nothing.
        let is_shown = |opening: &&&MatchedStatement| {
            opening.sender_shown.is_some() || opening.recipient_shown.is_some()
        };
        for opening in openings.filter(is_shown).filter(|opening| counts(opening)) {
            Course::new(opening, statements).count_into(&mut tally);
        }
    }
    tally.into_times()
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Clock {
    Offered,
    Registered,
    Reported,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Registration,
    Receipt,
    AutomaticAnswer,
    HumanAnswer,
    Outcome,
    Confirmation,
}

/// Where one thing stands that is waited for.
#[derive(Clone, Copy)]
enum Reached {
    At(TimeMs),
    Open,
    Ended,
}

/// When the clocks of one request, or of one round of an item, began. Absent: that
/// log is not here, or nobody claims it.
#[derive(Clone, Copy, Default)]
struct Starts {
    offered: Option<TimeMs>,
    registered: Option<TimeMs>,
    reported: Option<TimeMs>,
}

// ---- One request

struct Course<'a> {
    opening: &'a MatchedStatement,
    /// Of the case, with the opening.
    statements: &'a [&'a MatchedStatement],
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

impl<'a> Course<'a> {
    fn new(opening: &'a MatchedStatement, statements: &'a [&'a MatchedStatement]) -> Self {
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

    fn count_into(&self, tally: &mut Tally) {
        let starts = Starts {
            offered: self.opening.offered.map(|mark| mark.time),
            registered: self.opening.received.map(|mark| mark.time),
            reported: self.opening.facts.as_ref().and_then(|f| f.reported_at),
        };
        let pauses = self.pauses();
        let mut count = |step, starts: &Starts, reached| {
            tally.add(step, starts, reached, &pauses);
        };
        let is_refused = self.opening.refused.is_some();
        let not_reached = |ended| if ended { Reached::Ended } else { Reached::Open };
        let mark_or = |time: Option<TimeMs>| time.map_or(not_reached(is_refused), Reached::At);

        if self.opening.recipient_shown.is_some() || self.opening.received.is_some() {
            // Registration is where the second clock begins, not what it runs to.
            let before = Starts {
                registered: None,
                ..starts
            };
            count(Step::Registration, &before, mark_or(starts.registered));
        }
        if self.opening.sender_shown.is_some() || self.opening.sent.is_some() {
            let sent = self.opening.sent.map(|mark| mark.time);
            count(Step::Receipt, &starts, mark_or(sent));
        }
        let ended = is_refused || self.withdrawn_at().is_some();
        let (automatic, human) = (self.first_answer(false), self.first_answer(true));
        // Once a person has answered, nobody waits for an automatic answer.
        if let Some(automatic) = automatic.filter(|at| human.is_none_or(|human| *at < human)) {
            count(Step::AutomaticAnswer, &starts, Reached::At(automatic));
        } else if human.is_none() {
            count(Step::AutomaticAnswer, &starts, not_reached(ended));
        }
        let human = human.map_or(not_reached(ended), Reached::At);
        count(Step::HumanAnswer, &starts, human);

        for item in self.items_and_rounds() {
            let starts = if item.1 == 1 {
                Some(starts)
            } else {
                self.opened_again(item)
            };
            if let Some(starts) = starts {
                self.count_round(item, &starts, &mut count);
            }
        }
    }

    fn count_round(
        &self,
        item: (ItemNumber, Round),
        starts: &Starts,
        count: &mut impl FnMut(Step, &Starts, Reached),
    ) {
        let ended = self.is_over(item.1);
        let Some(outcome) = self.first_final(item) else {
            let reached = if ended { Reached::Ended } else { Reached::Open };
            count(Step::Outcome, starts, reached);
            count(Step::Confirmation, starts, reached);
            return;
        };
        count(Step::Outcome, starts, Reached::At(outcome.at));
        // There is nothing to confirm if the recipient does not act.
        if let Some(confirmed) = self.confirmed(item, &outcome) {
            count(Step::Confirmation, starts, Reached::At(confirmed));
        } else if matches!(
            outcome.answer,
            OutcomeAnswer::Done | OutcomeAnswer::NotFound
        ) {
            let withdrawn = self.withdrawn_at().is_some();
            let reached = if withdrawn {
                Reached::Ended
            } else {
                Reached::Open
            };
            count(Step::Confirmation, starts, reached);
        }
    }

    // ---- What was said

    /// Statements of a kind that the other side has, and when it had them.
    fn said(&self, kind: Kind) -> impl Iterator<Item = (&'a MatchedStatement, TimeMs)> {
        let of_kind = self.statements.iter().filter(move |said| said.kind == kind);
        of_kind.filter_map(|said| Some((*said, said.arrived()?)))
    }

    fn said_by<'s>(
        &'s self,
        member: &'s MemberId,
        kind: Kind,
    ) -> impl Iterator<Item = (&'a MatchedStatement, TimeMs)> + 's {
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
        let re = |said: &'a MatchedStatement| said.facts.as_ref()?.re.as_ref();
        let own = self.by_id.get(&said.by.statement).copied().and_then(re);
        let Some(own) = own else {
            return Known::Until(said.at);
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

    /// When holds were in force: from when one was known until it was released, or
    /// ran out. Sorted, none touching another; an end that is not known is the end
    /// of time.
    fn pauses(&self) -> Vec<(TimeMs, TimeMs)> {
        let releases: Vec<_> = self.said(Kind::Release).collect();
        let mut holds: Vec<_> = self
            .said(Kind::Hold)
            .map(|(hold, from)| {
                let by = |said: &MatchedStatement| said.facts.as_ref().and_then(|f| f.by.clone());
                let released = releases
                    .iter()
                    .filter(|(said, at)| {
                        said.sender == hold.sender && by(said) == by(hold) && *at >= from
                    })
                    .map(|(_, at)| *at)
                    .min();
                let until = hold.facts.as_ref().and_then(|facts| facts.until);
                let end = [released, until].into_iter().flatten().min();
                (from, end.unwrap_or(TimeMs::MAX))
            })
            .collect();
        holds.sort_unstable();
        let mut merged: Vec<(TimeMs, TimeMs)> = Vec::new();
        for (from, to) in holds {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        merged
    }
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
}

fn rows(said: &MatchedStatement) -> impl Iterator<Item = &FactsItem> {
    let items = said.facts.as_ref().and_then(|facts| facts.items.as_ref());
    items.into_iter().flatten()
}

/// Whether an outcome is a person's: if one of its measures is, or if it has none
/// for some item, because to do nothing is somebody's decision.
fn is_human(outcome: &MatchedStatement) -> bool {
    rows(outcome).any(|row| row.3.is_empty() || row.3.iter().any(|measure| !measure.automated))
}

fn not_before(one: Option<TimeMs>, other: Option<TimeMs>) -> bool {
    !matches!((one, other), (Some(one), Some(other)) if one < other)
}

fn is_after(one: Option<TimeMs>, other: Option<TimeMs>) -> bool {
    !matches!((one, other), (Some(one), Some(other)) if one <= other)
}

// ---- All requests

#[derive(Default)]
struct Tally {
    cells: BTreeMap<(Clock, Step), Cell>,
}

#[derive(Default)]
struct Cell {
    reached_ms: Vec<DurationMs>,
    open: u64,
    ended: u64,
    paused_ms: DurationMs,
}

impl Tally {
    fn add(&mut self, step: Step, starts: &Starts, reached: Reached, pauses: &[(TimeMs, TimeMs)]) {
        let clocks = [
            (Clock::Offered, starts.offered),
            (Clock::Registered, starts.registered),
            (Clock::Reported, starts.reported),
        ];
        for (clock, start) in clocks {
            let Some(start) = start else { continue };
            let cell = self.cells.entry((clock, step)).or_default();
            match reached {
                Reached::Open => cell.open += 1,
                Reached::Ended => cell.ended += 1,
                // Clocks of two members may differ by a little: never less than nothing.
                Reached::At(end) => {
                    cell.reached_ms.push(end.saturating_sub(start));
                    for (from, to) in pauses {
                        let overlap = (*to).min(end).saturating_sub((*from).max(start));
                        cell.paused_ms = cell.paused_ms.saturating_add(overlap);
                    }
                }
            }
        }
    }

    fn into_times(self) -> ResponseTimes {
        let rows = self
            .cells
            .into_iter()
            .map(|((clock, step), cell)| cell.into_row(clock.name(), step.name()));
        ResponseTimes {
            rows: rows.collect(),
        }
    }
}

impl Cell {
    fn into_row(mut self, clock: &'static str, step: &'static str) -> Row {
        self.reached_ms.sort_unstable();
        let at = |percent| percentile(&self.reached_ms, percent);
        Row {
            clock,
            step,
            count: u64::try_from(self.reached_ms.len()).unwrap_or(u64::MAX),
            open: self.open,
            ended: self.ended,
            p50_ms: at(50),
            p90_ms: at(90),
            p95_ms: at(95),
            p99_ms: at(99),
            max_ms: at(100),
            paused_ms: self.paused_ms,
        }
    }
}

/// The value at place ⌈p·n/100⌉ of n values in order.
fn percentile(sorted: &[DurationMs], percent: usize) -> Option<DurationMs> {
    let place = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(place.checked_sub(1)?).copied()
}

impl Clock {
    const fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Registered => "registered",
            Self::Reported => "reported",
        }
    }
}

impl Step {
    const fn name(self) -> &'static str {
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

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn a_percentile_is_a_value_by_nearest_rank() {
        let check = |values: &[u64], expected: [Option<u64>; 5]| {
            let found = [50, 90, 95, 99, 100].map(|p| percentile(values, p));
            assert_eq!(found, expected, "{values:?}");
        };
        check(&[], [None; 5]);
        check(&[7], [Some(7); 5]);
        check(&[3, 9], [Some(3), Some(9), Some(9), Some(9), Some(9)]);
        check(&[1, 2, 3], [Some(2), Some(3), Some(3), Some(3), Some(3)]);
        let hundred: Vec<u64> = (1..=100).collect();
        check(
            &hundred,
            [Some(50), Some(90), Some(95), Some(99), Some(100)],
        );
        let of_20: Vec<u64> = (1..=20).collect();
        check(&of_20, [Some(10), Some(18), Some(19), Some(20), Some(20)]);
    }
}
