//! Codes and numbers as people read them.

use comity_wire::words::{DurationMs, TimeMs};

pub(super) use crate::ages::length;

/// A text that no browser takes for anything else.
pub(super) fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() && c != '\n' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A length of time, or a dash.
pub(super) fn length_or_none(ms: Option<DurationMs>) -> String {
    ms.map_or_else(|| "–".to_owned(), length)
}

/// A day, UTC.
pub(super) fn day(at: TimeMs) -> String {
    date(at, "%-d %B %Y")
}

/// A day of a week that is shown with others, UTC.
pub(super) fn short_day(at: TimeMs) -> String {
    date(at, "%-d %b %Y")
}

/// A time, UTC.
pub(super) fn time(at: TimeMs) -> String {
    date(at, "%-d %B %Y, %H:%M UTC")
}

fn date(at: TimeMs, form: &str) -> String {
    i64::try_from(at)
        .ok()
        .and_then(|at| jiff::Timestamp::from_millisecond(at).ok())
        .map_or_else(
            || "beyond any calendar".to_owned(),
            |at| at.strftime(form).to_string(),
        )
}

/// A share, in percent with one digit.
pub(super) fn percent(per_10000: Option<u64>) -> String {
    per_10000.map_or_else(
        || "–".to_owned(),
        |share| format!("{}.{} %", share / 100, share % 100 / 10),
    )
}

/// A step.
pub(super) fn step(code: &str) -> &str {
    match code {
        "registration" => "Registration",
        "receipt" => "Receipt",
        "first-automatic-answer" => "First answer by a program",
        "first-human-answer" => "First answer by a person",
        "outcome" => "Outcome",
        "confirmation" => "Seen offline by the requester",
        other => other,
    }
}

/// What starts a clock.
pub(super) fn clock(code: &str) -> &str {
    match code {
        "offered" => "first offer",
        "registered" => "registration",
        "reported" => "public report (claimed)",
        other => other,
    }
}

/// What came of a round, in public figures.
pub(super) fn answer(code: &str) -> &str {
    match code {
        "acted-on" => "acted on",
        "not-found" => "not found",
        "not-taken" => "not taken",
        "refused-or-passed-on" => "refused or passed on",
        other => other,
    }
}

/// Why a legal clock is not computed.
pub(super) fn reason(code: &str) -> &str {
    match code {
        "not-in-force" => "claimed, but not in force by the charter",
        "does-not-apply" => "claimed, but not for such a request",
        "not-law" => "not law at the time",
        "unknown" => "unknown to this version",
        "not-computed" => "what starts it is not said in the protocol",
        "grounds-not-shown" => "may apply; records do not show the legal grounds",
        "capacity-not-shown" => "may apply; records do not show the capacity",
        "no-fixed-time" => "the law sets no fixed time",
        "not-begun" => "has not begun",
        other => other,
    }
}
