//! Times of others: RFC 3339, with a zone that is clear.

use comity_wire::words::TimeMs;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::fault::Fault;
use crate::limits::{YEAR_MAX, YEAR_MIN};

/// Reads a time. Seconds may be left out; the zone may not, because a guess would
/// move response times by hours. Parts of a millisecond are cut off.
pub(crate) fn time(text: &str) -> Result<TimeMs, Fault> {
    let date = text.get(..10).and_then(|date| date.parse::<Date>().ok());
    let in_range = date.is_none_or(|date| (YEAR_MIN..=YEAR_MAX).contains(&date.year()));
    // `-000001-…` is how years before our era are written.
    if !in_range || text.starts_with('-') {
        return Err(Fault::TimeOutOfRange);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return u64::try_from(at.as_millisecond()).map_err(|_| Fault::TimeOutOfRange);
    }
    Err(if text.parse::<DateTime>().is_ok() {
        Fault::TimeWithoutZone
    } else {
        Fault::Time
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_when_its_zone_is_clear() {
        let check = |text: &str, expected: Result<TimeMs, Fault>| {
            assert_eq!(time(text), expected, "{text}");
        };
        let noon = 1_772_452_800_000;
        for same in [
            "2026-03-02T12:00:00Z",
            "2026-03-02T12:00Z",
            "2026-03-02 12:00:00Z",
            "2026-03-02t12:00:00z",
            "2026-03-02T17:30:00+05:30",
            "2026-03-02T06:00:00.000-06:00",
            "2026-03-02T12:00:00.0009Z",
        ] {
            check(same, Ok(noon));
        }
        check("2026-03-02T12:00:00.250Z", Ok(noon + 250));
        for without in ["2026-03-02T12:00:00", "2026-03-02 12:00", "2026-03-02"] {
            check(without, Err(Fault::TimeWithoutZone));
        }
        for far in [
            "9999-12-31T23:59:59Z",
            "9999-12-31",
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "-000001-01-01T00:00:00Z",
            "-1",
        ] {
            check(far, Err(Fault::TimeOutOfRange));
        }
        for none in [
            "",
            "noon",
            "1772452800",
            "02.03.2026 12:00",
            "03/02/2026",
            "2026-13-02T12:00:00Z",
            "2026-02-30T12:00:00Z",
            "2026-03-02T25:00:00Z",
            "2026-03-02T12:00:00+99:00",
        ] {
            check(none, Err(Fault::Time));
        }
    }
}
