//! When a clock is due.
//!
//! Hours are elapsed time: an hour is an hour, whatever the clocks on the wall do.
//! A span of the calendar is civil time in one named zone: the date is counted on,
//! years and months first, then weeks and days; a day that the last month does not
//! have is its last day.

use std::sync::LazyLock;

use comity_wire::words::{DurationMs, TimeMs};
use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp, Zoned};

/// How long a clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// Elapsed time.
    Elapsed(DurationMs),
    /// A span of a calendar.
    Calendar(Calendar),
}

/// A span of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Calendar {
    /// Years.
    pub years: u16,
    /// Months.
    pub months: u16,
    /// Weeks.
    pub weeks: u16,
    /// Days.
    pub days: u16,
    /// At what time of the last day it ends.
    pub ends: DayEnd,
}

/// At what time of its last day a span ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayEnd {
    /// At the time of day at which it began. A time that the zone leaves out is
    /// later by what is left out; of a time that comes twice it is the first.
    SameTime,
    /// With the end of the day; the day of the event is not counted.
    EndOfDay,
    /// The same; a Saturday or Sunday is moved on to the next Monday. Public
    /// holidays are not known here.
    EndOfDayNextWeekday,
}

/// A time in which a clock does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pause {
    /// From when.
    pub from: TimeMs,
    /// Until when; `None`: it lasts.
    pub to: Option<TimeMs>,
    /// What it does.
    pub effect: Effect,
}

/// What a pause does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The clock goes on where it stood.
    Still,
    /// The clock begins again when the pause ends.
    Restart,
}

/// Where a clock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When it is due; `None`: it has no due time.
    pub at: Option<TimeMs>,
    /// How long it has stood still.
    pub paused_ms: DurationMs,
    /// Whether it stands still at the end of what was looked at.
    pub is_paused: bool,
}

/// When a clock is due that began at `started_at`, as it looks at `until`.
///
/// A pause counts only if it begins before the due time: what is late stays late.
/// Pauses that overlap count once.
#[must_use]
pub fn due(
    period: Option<&Period>,
    zone: &str,
    started_at: TimeMs,
    pauses: &[Pause],
    until: TimeMs,
) -> Due {
    let mut pauses = pauses.to_vec();
    pauses.sort_unstable();
    let mut base = started_at;
    let mut still_ms: DurationMs = 0;
    let mut due = Due {
        at: period.and_then(|period| end_of(period, zone, base, still_ms)),
        paused_ms: 0,
        is_paused: false,
    };
    let mut counted_to = started_at;
    for pause in pauses {
        let from = pause.from.max(counted_to);
        let end = pause.to.unwrap_or(until).min(until);
        if end < from || due.at.is_some_and(|at| from >= at) {
            continue;
        }
        due.paused_ms = due.paused_ms.saturating_add(end - from);
        due.is_paused |= pause.to.is_none_or(|to| to > until);
        counted_to = end;
        match pause.effect {
            Effect::Still => still_ms = still_ms.saturating_add(end - from),
            Effect::Restart => (base, still_ms) = (end, 0),
        }
        due.at = period.and_then(|period| end_of(period, zone, base, still_ms));
    }
    due
}

/// The beginning of a day.
pub(crate) fn day_begins(day: Date, zone: &str) -> Option<TimeMs> {
    ms(&day.to_zoned(zone_of(zone)?).ok()?)
}

/// The end of a day: the beginning of the next.
pub(crate) fn day_after(day: Date, zone: &str) -> Option<TimeMs> {
    day_begins(day.tomorrow().ok()?, zone)
}

/// `None` past the last year that the calendar has, or without such a zone.
fn end_of(period: &Period, zone: &str, from: TimeMs, still_ms: DurationMs) -> Option<TimeMs> {
    let calendar = match period {
        Period::Elapsed(length) => {
            return Some(from.saturating_add(*length).saturating_add(still_ms));
        }
        Period::Calendar(calendar) => calendar,
    };
    let from = at(from, zone)?;
    let span = Span::new()
        .try_years(calendar.years)
        .and_then(|span| span.try_months(calendar.months))
        .and_then(|span| span.try_weeks(calendar.weeks))
        .and_then(|span| span.try_days(calendar.days))
        .ok()?;
    if calendar.ends == DayEnd::SameTime {
        return Some(ms(&from.checked_add(span).ok()?)?.saturating_add(still_ms));
    }
    let last = from.date().checked_add(span).ok()?;
    let last = match still_ms {
        0 => last,
        // The day in which the last moment falls, once it is moved on.
        _ => at((day_after(last, zone)? - 1).saturating_add(still_ms), zone)?.date(),
    };
    let last = match (calendar.ends, last.weekday()) {
        (DayEnd::EndOfDayNextWeekday, Weekday::Saturday) => last.checked_add(days(2)).ok()?,
        (DayEnd::EndOfDayNextWeekday, Weekday::Sunday) => last.checked_add(days(1)).ok()?,
        _ => last,
    };
    day_after(last, zone)
}

fn days(number: i64) -> Span {
    Span::new().days(number)
}

fn at(time: TimeMs, zone: &str) -> Option<Zoned> {
    let time = Timestamp::from_millisecond(i64::try_from(time).ok()?).ok()?;
    Some(time.to_zoned(zone_of(zone)?))
}

fn ms(time: &Zoned) -> Option<TimeMs> {
    u64::try_from(time.timestamp().as_millisecond()).ok()
}

/// The zones that are compiled in, never those of the machine.
fn zone_of(name: &str) -> Option<TimeZone> {
    static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    ZONES.get(name).ok()
}
