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

use std::collections::BTreeMap;

use comity_wire::ids::{CaseId, MemberId};
use comity_wire::words::{DurationMs, TimeMs};
use serde::Serialize;

use crate::courses::{Clock, Reached, Starts, Step, requests};
use crate::matching::{CaseMatched, CaseVisitor, Matched, MatchedStatement};

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
    let mut timing = Timing::default();
    for statements in cases.values() {
        timing.add(statements, &counts);
    }
    timing.into_times()
}

// ---- All requests

/// Response times of cases that come one at a time.
#[derive(Debug, Default)]
pub struct Timing {
    tally: Tally,
}

impl CaseVisitor for Timing {
    fn case(&mut self, matched: &CaseMatched) {
        self.add(&matched.statements.iter().collect::<Vec<_>>(), |_| true);
    }
}

impl Timing {
    /// What all cases come to.
    #[must_use]
    pub fn into_times(self) -> ResponseTimes {
        self.tally.into_times()
    }

    fn add(
        &mut self,
        statements: &[&MatchedStatement],
        counts: impl Fn(&MatchedStatement) -> bool,
    ) {
        let found = requests(statements);
        for request in found.iter().filter(|request| counts(request.opening)) {
            for (step, starts, reached) in request.steps() {
                self.tally.add(step, &starts, reached, &request.pauses);
            }
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    cells: BTreeMap<(Clock, Step), Cell>,
}

#[derive(Debug, Default)]
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
#[must_use]
pub fn percentile(sorted: &[DurationMs], percent: usize) -> Option<DurationMs> {
    let place = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(place.checked_sub(1)?).copied()
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
