//! Times as people read them: UTC, and how long from now.

use std::fmt;

use comity_wire::words::{DurationMs, TimeMs};
use jiff::Timestamp;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The time that the node says it is: what "3 h ago" is measured from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now(pub(crate) TimeMs);

impl Now {
    /// The time itself.
    pub(crate) fn itself(self) -> Moment {
        Moment {
            at: self.0,
            relative: String::new(),
        }
    }

    /// A time at which something happened.
    pub(crate) fn past(self, at: &TimeMs) -> Moment {
        let relative = match self.0.checked_sub(*at) {
            Some(0..SECOND) => "now".to_owned(),
            Some(since) => format!("{} ago", coarse(since)),
            None => format!("in {}", coarse(at.saturating_sub(self.0))),
        };
        Moment { at: *at, relative }
    }

    /// A time at which something is due.
    pub(crate) fn due(self, at: &TimeMs) -> Moment {
        let relative = match at.checked_sub(self.0) {
            Some(0..SECOND) => "now".to_owned(),
            Some(left) => format!("in {}", coarse(left)),
            None => format!("{} late", coarse(self.0.saturating_sub(*at))),
        };
        Moment { at: *at, relative }
    }

    /// A time at which something ends, or has.
    pub(crate) fn end(self, at: &TimeMs) -> Moment {
        if *at > self.0 {
            self.due(at)
        } else {
            self.past(at)
        }
    }
}

/// A time with its distance from now. Shows itself as HTML: digits and our own words only.
pub(crate) struct Moment {
    at: TimeMs,
    relative: String,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = i64::try_from(self.at).ok();
        let Some(at) = at.and_then(|at| Timestamp::from_millisecond(at).ok()) else {
            return f.write_str("a time beyond the calendar");
        };
        write!(
            f,
            "<time datetime=\"{}\"><span>{}</span> UTC</time>",
            at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
            at.strftime("%Y-%m-%d&nbsp;%H:%M"),
        )?;
        if self.relative.is_empty() {
            return Ok(());
        }
        write!(f, " <span class=\"relative\">{}</span>", self.relative)
    }
}

impl askama::filters::HtmlSafe for Moment {}

/// A length of time by its largest unit, as one says it.
fn coarse(length: DurationMs) -> String {
    match length {
        ..MINUTE => format!("{} s", length / SECOND),
        MINUTE..HOUR => format!("{} min", length / MINUTE),
        HOUR..DAY => format!("{} h", length / HOUR),
        DAY.. => format!("{} d", length / DAY),
    }
}

/// A length of time by its two largest units.
pub(crate) fn length(length: DurationMs) -> String {
    match length {
        ..SECOND => format!("{length} ms"),
        SECOND..MINUTE => format!("{}.{} s", length / SECOND, length % SECOND / 100),
        MINUTE..HOUR => two(length / MINUTE, "min", length % MINUTE / SECOND, "s"),
        HOUR..DAY => two(length / HOUR, "h", length % HOUR / MINUTE, "min"),
        DAY.. => two(length / DAY, "d", length % DAY / HOUR, "h"),
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Now = Now(1_780_000_000_000);

    #[test]
    fn a_due_time_is_ahead_or_late_and_a_past_one_is_ago() {
        let check = |found: Moment, expected: &str| assert_eq!(found.relative, expected);
        check(NOW.due(&(NOW.0 + 3 * HOUR + 59 * MINUTE)), "in 3 h");
        check(NOW.due(&(NOW.0 - 2 * DAY - HOUR)), "2 d late");
        check(NOW.due(&NOW.0), "now");
        check(NOW.past(&(NOW.0 - 61 * SECOND)), "1 min ago");
        check(NOW.past(&(NOW.0 - 999)), "now");
        check(NOW.past(&(NOW.0 + 5 * SECOND)), "in 5 s");
        check(NOW.end(&(NOW.0 - DAY)), "1 d ago");
        check(NOW.end(&(NOW.0 + DAY)), "in 1 d");
    }

    #[test]
    fn a_moment_is_shown_in_utc_with_its_exact_time_beside_it() {
        assert_eq!(
            NOW.past(&NOW.0).to_string(),
            "<time datetime=\"2026-05-28T20:26:40.000Z\"><span>2026-05-28&nbsp;20:26</span> UTC</time> \
             <span class=\"relative\">now</span>"
        );
        assert_eq!(NOW.due(&u64::MAX).to_string(), "a time beyond the calendar");
    }

    #[test]
    fn a_length_is_told_by_its_two_largest_units() {
        let check = |found: u64, expected: &str| assert_eq!(length(found), expected);
        check(0, "0 ms");
        check(999, "999 ms");
        check(12_340, "12.3 s");
        check(MINUTE, "1 min");
        check(4 * MINUTE + 10 * SECOND, "4 min 10 s");
        check(3 * HOUR + 5 * MINUTE, "3 h 5 min");
        check(2 * DAY + 4 * HOUR, "2 d 4 h");
        check(400 * DAY, "400 d");
    }
}
