//! Lengths of time: as people read them, ages, weeks and the bins of a distribution.

use comity_wire::words::{DurationMs, TimeMs};

use crate::limits::BINS_PER_DECADE;

/// What is open, by how long: the end of each class, and its name. The last class has no end.
pub const AGES: [(DurationMs, &str); 7] = [
    (HOUR_MS, "under 1 h"),
    (DAY_MS, "1 h to 24 h"),
    (3 * DAY_MS, "1 to 3 days"),
    (7 * DAY_MS, "3 to 7 days"),
    (30 * DAY_MS, "7 to 30 days"),
    (90 * DAY_MS, "30 to 90 days"),
    (DurationMs::MAX, "90 days or more"),
];

/// The class of an age.
#[must_use]
pub fn class_of(age: DurationMs) -> usize {
    AGES.iter()
        .position(|(end, _)| age < *end)
        .unwrap_or(AGES.len() - 1)
}

/// The Monday of a time, 00:00 UTC.
#[must_use]
pub fn monday_of(at: TimeMs) -> TimeMs {
    // The first Monday after the beginning of 1970, a Thursday, was the fifth of January.
    let days = at / DAY_MS;
    let since = (days + 3) % 7;
    days.saturating_sub(since) * DAY_MS
}

/// The bin of a length of time: logarithmic, from one second.
#[must_use]
pub fn bin_of(length: DurationMs) -> u32 {
    (1..BINS_MAX)
        .take_while(|bin| bin_begins(*bin) <= length)
        .last()
        .unwrap_or(0)
}

/// Where a bin begins. The first holds all that is shorter, too.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place on the axis of a plot, below 2^53"
)]
pub fn bin_begins(bin: u32) -> DurationMs {
    let exponent = f64::from(bin) / f64::from(BINS_PER_DECADE);
    (1_000.0 * 10_f64.powf(exponent)).round() as DurationMs
}

/// A length of time as people read it: its two largest units.
#[must_use]
pub fn length(ms: DurationMs) -> String {
    let units = [
        ("d", DAY_MS),
        ("h", HOUR_MS),
        ("min", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    let mut rest = ms;
    let mut parts = Vec::new();
    for (unit, unit_ms) in units {
        let count = rest / unit_ms;
        rest %= unit_ms;
        if count > 0 {
            parts.push(format!("{count} {unit}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() {
        "0 ms".to_owned()
    } else {
        parts.join(" ")
    }
}

const HOUR_MS: DurationMs = 3_600_000;
pub(crate) const DAY_MS: DurationMs = 86_400_000;

/// About thirty years: nothing is slower.
const BINS_MAX: u32 = 9 * BINS_PER_DECADE;

#[cfg(test)]
mod tests {
    use super::{AGES, bin_begins, bin_of, class_of, monday_of};

    #[test]
    fn an_age_is_in_the_first_class_that_ends_after_it() {
        let check = |age: u64, name: &str| {
            assert_eq!(
                AGES.get(class_of(age)).map(|(_, name)| *name),
                Some(name),
                "{age}"
            );
        };
        check(0, "under 1 h");
        check(3_599_999, "under 1 h");
        check(3_600_000, "1 h to 24 h");
        check(86_400_000, "1 to 3 days");
        check(u64::MAX, "90 days or more");
    }

    #[test]
    fn a_week_begins_on_a_monday() {
        let check = |day: u64, monday: u64| {
            assert_eq!(monday_of(day * 86_400_000 + 5), monday * 86_400_000)
        };
        // 2026-06-15 is a Monday: 20,619 days after 1970-01-01.
        check(20_619, 20_619);
        check(20_625, 20_619);
        check(20_626, 20_626);
        check(0, 0);
    }

    #[test]
    fn a_length_is_in_the_bin_that_begins_before_it() {
        let check = |length: u64, bin: u32| assert_eq!(bin_of(length), bin, "{length}");
        check(0, 0);
        check(1_000, 0);
        check(10_000, 6);
        check(9_999, 5);
        check(100_000, 12);
        assert_eq!(bin_begins(6), 10_000);
        assert!(bin_of(u64::MAX) < 54);
    }
}
