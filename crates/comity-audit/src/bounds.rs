//! What others know of when a log had how many records.
//!
//! ```text
//! a head of this size was seen or cosigned at this time:
//!   what is below the size was recorded before        (give or take the skew of clocks)
//!   what is at or above it was recorded after
//! ```
//! So a record that is dated back lands before a time at which somebody else knows
//! that the log did not have it.

use comity_wire::words::TimeMs;

use crate::limits::CLOCK_SKEW_MS_MAX;

/// The newest head that a log had at some time, by the clock of somebody else: of
/// the auditor that fetched it, or of a witness that cosigned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    /// How many records it has.
    pub size: u64,
    /// When.
    pub at: TimeMs,
}

/// The bounds of one log, asked for one index after the other.
#[derive(Debug, Clone, Default)]
pub struct Bounds {
    /// By size; each with the latest time of it and those before it, and with the
    /// earliest of it and those after it.
    steps: Vec<Step>,
    /// The first step whose size is above the index that was asked for last.
    next: usize,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    size: u64,
    latest_so_far: TimeMs,
    earliest_from_here: TimeMs,
}

impl Bounds {
    /// Of what is known, in any order.
    #[must_use]
    pub fn new(known: impl IntoIterator<Item = Bound>) -> Self {
        let mut known: Vec<_> = known.into_iter().collect();
        known.sort_unstable();
        let mut steps: Vec<_> = known
            .iter()
            .scan(0, |latest, bound| {
                *latest = bound.at.max(*latest);
                Some(Step {
                    size: bound.size,
                    latest_so_far: *latest,
                    earliest_from_here: bound.at,
                })
            })
            .collect();
        let mut earliest = TimeMs::MAX;
        for step in steps.iter_mut().rev() {
            earliest = earliest.min(step.earliest_from_here);
            step.earliest_from_here = earliest;
        }
        Self { steps, next: 0 }
    }

    /// Whether a record can have been made when it says. Indexes are asked for in
    /// their order.
    pub fn allow(&mut self, index: u64, time: TimeMs) -> bool {
        while self
            .steps
            .get(self.next)
            .is_some_and(|step| step.size <= index)
        {
            self.next = self.next.saturating_add(1);
        }
        let before = self.next.checked_sub(1).and_then(|at| self.steps.get(at));
        let not_before = before.map_or(0, |step| step.latest_so_far);
        let after = self.steps.get(self.next);
        let not_after = after.map_or(TimeMs::MAX, |step| step.earliest_from_here);
        not_before <= time.saturating_add(CLOCK_SKEW_MS_MAX)
            && time <= not_after.saturating_add(CLOCK_SKEW_MS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Bounds, CLOCK_SKEW_MS_MAX};

    #[test]
    fn a_record_lies_between_the_heads_that_do_not_have_it_and_those_that_do() {
        const HOUR: u64 = 3_600_000;
        let at = |size, hour: u64| Bound {
            size,
            at: hour * HOUR,
        };
        // In disorder, and one head seen twice.
        let known = [at(20, 10), at(10, 5), at(20, 12)];
        let check = |index, time, expected| {
            let allowed = Bounds::new(known).allow(index, time);
            assert_eq!(allowed, expected, "{index} at {time}");
        };
        check(0, 0, true);
        check(9, 5 * HOUR + CLOCK_SKEW_MS_MAX, true);
        check(9, 5 * HOUR + CLOCK_SKEW_MS_MAX + 1, false);
        check(10, 5 * HOUR - CLOCK_SKEW_MS_MAX, true);
        check(10, 5 * HOUR - CLOCK_SKEW_MS_MAX - 1, false);
        check(19, 10 * HOUR + CLOCK_SKEW_MS_MAX + 1, false);
        // At the later time the log still had no more than 20.
        check(20, 12 * HOUR - CLOCK_SKEW_MS_MAX - 1, false);
        check(20, u64::MAX, true);
        assert!(Bounds::default().allow(7, 0), "nothing is known");
    }

    #[test]
    fn indexes_are_asked_for_one_after_the_other() {
        let mut bounds = Bounds::new((1..=9_u64).map(|n| Bound {
            size: n * 10,
            at: n * 1_000_000,
        }));
        for index in 0..100_u64 {
            let before = (index / 10) * 1_000_000;
            assert!(bounds.allow(index, before + 500_000), "{index}");
        }
    }
}
