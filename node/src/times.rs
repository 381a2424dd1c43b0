//! Times as people write them, and as they read them. `2026-03-01T12:00:00Z` or `+2h` comes in, milliseconds go to the
//! node; milliseconds come back, UTC to the second goes out.
//!
//! What is relative counts from the node's clock, not from this machine's: see [`When::at`].

use std::str::FromStr;

pub(crate) use comity_report::ages::length;
use comity_wire::words::{DurationMs, TimeMs};

/// A time on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// A date with its time and zone, in milliseconds since 1970.
    At(TimeMs),
    /// From now on, in milliseconds.
    In(DurationMs),
    /// Before now, in milliseconds.
    Ago(DurationMs),
}

impl When {
    /// The time, if it is now `now_ms`.
    pub(crate) fn at(self, now_ms: TimeMs) -> TimeMs {
        match self {
            Self::At(at) => at,
            Self::In(duration) => now_ms.saturating_add(duration),
            Self::Ago(duration) => now_ms.saturating_sub(duration),
        }
    }

    /// Whether it needs to be known what time it is.
    pub(crate) fn is_relative(self) -> bool {
        !matches!(self, Self::At(_))
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let when = if let Some(rest) = text.strip_prefix('+') {
            duration(rest).map(Self::In)
        } else if let Some(rest) = text.strip_prefix('-') {
            duration(rest).map(Self::Ago)
        } else {
            date(text).map(Self::At)
        };
        when.ok_or_else(|| HOW.to_owned())
    }
}

const HOW: &str =
    "a time is written 2026-03-01T12:00:00Z (with its zone), or +2h, +3d (s, m, h, d, w) from now";

/// `2h`, in milliseconds.
pub(crate) fn duration(text: &str) -> Option<DurationMs> {
    let unit = text.chars().last()?;
    let count = text.strip_suffix(unit)?;
    let unit_ms = match unit {
        's' => 1_000,
        'm' => MINUTE_MS,
        'h' => HOUR_MS,
        'd' => DAY_MS,
        'w' => 7 * DAY_MS,
        _ => return None,
    };
    let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    let count: DurationMs = digits.then(|| count.parse().ok())??;
    count
        .checked_mul(unit_ms)
        .filter(|ms| *ms <= RELATIVE_MS_MAX)
}

/// An RFC 3339 time. Without its zone it is no time.
fn date(text: &str) -> Option<TimeMs> {
    let at: jiff::Timestamp = text.parse().ok()?;
    TimeMs::try_from(at.as_millisecond()).ok()
}

/// How a time is shown: `2026-03-01 12:00:07Z`.
pub(crate) fn shown(at: TimeMs) -> String {
    i64::try_from(at)
        .ok()
        .and_then(|at| jiff::Timestamp::from_millisecond(at).ok())
        .map_or_else(
            || "beyond any calendar".to_owned(),
            |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        )
}

const MINUTE_MS: DurationMs = 60_000;
const HOUR_MS: DurationMs = 60 * MINUTE_MS;
const DAY_MS: DurationMs = 24 * HOUR_MS;

/// Ten years: more is a slip of the finger.
const RELATIVE_MS_MAX: DurationMs = 3_653 * DAY_MS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_date_with_its_zone_or_a_length_from_now() {
        let check = |text: &str, expected: Option<When>| {
            assert_eq!(text.parse().ok(), expected, "{text}");
        };
        check("1970-01-01T00:00:01Z", Some(When::At(1_000)));
        check("1970-01-01T02:00:00+02:00", Some(When::At(0)));
        check("1970-01-01T00:00:00.250Z", Some(When::At(250)));
        check("+0s", Some(When::In(0)));
        check("+90s", Some(When::In(90_000)));
        check("+5m", Some(When::In(300_000)));
        check("+2h", Some(When::In(7_200_000)));
        check("+3d", Some(When::In(259_200_000)));
        check("+1w", Some(When::In(604_800_000)));
        check("-10m", Some(When::Ago(600_000)));
        check("1969-12-31T23:59:59Z", None);
        check("1970-01-01T00:00:01", None);
        check("1970-01-01", None);
        check("2h", None);
        check("+h", None);
        check("+2", None);
        check("++2h", None);
        check("+2 h", None);
        check("+2y", None);
        check("+2hours", None);
        check("+99999d", None);
        check("+99999999999999999999d", None);
        check("+", None);
        check("", None);
        check("tomorrow", None);
        check("+2é", None);
    }

    #[test]
    fn what_is_relative_counts_from_the_time_given() {
        let check = |when: When, relative, expected| {
            assert_eq!(when.is_relative(), relative);
            assert_eq!(when.at(1_000), expected);
        };
        check(When::At(5), false, 5);
        check(When::In(5), true, 1_005);
        check(When::Ago(5), true, 995);
        check(When::Ago(5_000), true, 0);
    }

    #[test]
    fn times_are_shown_in_utc_and_lengths_in_two_units() {
        assert_eq!(shown(0), "1970-01-01 00:00:00Z");
        assert_eq!(shown(1_772_366_407_999), "2026-03-01 12:00:07Z");
        assert_eq!(shown(u64::MAX), "beyond any calendar");
        let check = |ms, expected: &str| assert_eq!(length(ms), expected);
        check(0, "0 ms");
        check(12, "12 ms");
        check(1_500, "1 s 500 ms");
        check(61_000, "1 min 1 s");
        check(2 * HOUR_MS, "2 h");
        check(2 * HOUR_MS + 1_000, "2 h");
        check(50 * HOUR_MS, "2 d 2 h");
    }
}
