//! A token bucket. The clock is an argument.

use std::time::Instant;

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Tokens per second.
    per_second: u64,
    /// Tokens that a full bucket has.
    burst: u64,
}

impl Rate {
    /// From a pair of [`limits`](crate::limits).
    pub(crate) const fn of((per_second, burst): (u64, u64)) -> Self {
        Self { per_second, burst }
    }

    const fn full_milli(self) -> i128 {
        self.burst as i128 * 1_000
    }
}

/// A bucket. It may go into debt: what a request costs in bytes is known only when it has been read.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    /// In thousandths of a token, for `per_second` tokens a second are as many thousandths a millisecond.
    level_milli: i128,
    filled_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            level_milli: rate.full_milli(),
            filled_at: now,
        }
    }

    /// Whether a whole token is there.
    pub(crate) fn has_one(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.level_milli >= 1_000
    }

    /// Takes tokens, into debt if need be. The debt is at most one request, for nobody starts in debt.
    pub(crate) fn charge(&mut self, tokens: usize, now: Instant) {
        self.fill(now);
        let cost = i128::try_from(tokens).unwrap_or(i128::MAX / 1_000);
        self.level_milli = self.level_milli.saturating_sub(cost.saturating_mul(1_000));
    }

    /// Whether forgetting this bucket would change nothing.
    pub(crate) fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.level_milli == self.rate.full_milli()
    }

    /// A clock that goes backwards adds nothing.
    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_millis();
        if passed == 0 {
            return;
        }
        let added = i128::try_from(passed)
            .unwrap_or(i128::MAX)
            .saturating_mul(i128::from(self.rate.per_second));
        self.level_milli = self
            .level_milli
            .saturating_add(added)
            .min(self.rate.full_milli());
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::of((4, 16)), start);
        let mut passes = |at_ms: u64, wanted: usize| {
            let now = start + Duration::from_millis(at_ms);
            let mut passed = 0;
            while passed < wanted && bucket.has_one(now) {
                bucket.charge(1, now);
                passed += 1;
            }
            passed
        };
        for (at_ms, wanted, expected) in [
            (0, 100, 16),
            (0, 1, 0),
            (249, 1, 0),
            (250, 2, 1),
            (1_250, 100, 4),
            // A long pause fills it, but not over its brim.
            (1_000_000, 100, 16),
            // A clock that goes back.
            (10, 1, 0),
        ] {
            assert_eq!(passes(at_ms, wanted), expected, "at {at_ms} ms");
        }
    }

    #[test]
    fn debt_is_paid_before_anything_passes() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::of((1_000, 5_000)), start);
        bucket.charge(7_000, start);
        for (at_ms, expected) in [(0, false), (2_000, false), (2_001, true)] {
            let now = start + Duration::from_millis(at_ms);
            assert_eq!(bucket.has_one(now), expected, "at {at_ms} ms");
        }
    }

    #[test]
    fn only_a_full_bucket_may_be_forgotten() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate::of((1, 2)), start);
        assert!(bucket.is_full(start));
        bucket.charge(1, start);
        assert!(!bucket.is_full(start + Duration::from_millis(999)));
        assert!(bucket.is_full(start + Duration::from_secs(1)));
    }
}
