//! The clock of this machine, and times as people read them.

use comity_wire::words::TimeMs;
use jiff::Timestamp;

/// A day, in ms.
pub const DAY_MS: u64 = 86_400_000;

/// Now, in ms since 1970, UTC. A clock before 1970 reads as 1970: what is made then
/// is refused by everybody else, as it should be.
#[must_use]
pub fn now_ms() -> TimeMs {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0)
}

/// A time as text: RFC 3339, UTC.
#[must_use]
pub fn text_of(at: TimeMs) -> String {
    let stamp = i64::try_from(at).ok().map(Timestamp::from_millisecond);
    match stamp {
        Some(Ok(stamp)) => stamp.to_string(),
        _ => format!("{at} ms"),
    }
}

/// Reads RFC 3339 text: `2026-03-02T12:00:00Z`.
#[must_use]
pub fn parse(text: &str) -> Option<TimeMs> {
    let stamp: Timestamp = text.parse().ok()?;
    u64::try_from(stamp.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_same_after_it_was_written_and_read() {
        let check = |at, text: &str| {
            assert_eq!(text_of(at), text);
            assert_eq!(parse(text), Some(at));
        };
        check(0, "1970-01-01T00:00:00Z");
        check(1_772_452_800_000, "2026-03-02T12:00:00Z");
        check(1_772_452_800_001, "2026-03-02T12:00:00.001Z");
        assert_eq!(parse("yesterday"), None);
        assert_eq!(parse("1969-12-31T23:59:59Z"), None);
    }
}
