//! The short form: one row for each clock and step, from this node's own records.

use std::fmt::Write as _;

use comity_wire::words::DurationMs;

use crate::answers::ResponseTimes;
use crate::tables::{Table, plain};
use crate::times;

pub(crate) fn text_of(found: &ResponseTimes) -> String {
    let mut text = format!(
        "Response times, from the records of {}\n",
        plain(&found.members.join(", "))
    );
    if found.rows.iter().all(|row| row.count == 0 && row.open == 0) {
        text.push_str("Nothing was asked yet. Of what was audited: `comity report response-times --source audit`.");
        return text;
    }
    let length = |ms: Option<DurationMs>| ms.map_or_else(|| "-".to_owned(), times::length);
    let mut table = Table::new(&[
        "from",
        "to",
        "count",
        "open",
        "ended otherwise",
        "half within",
        "90% within",
        "95% within",
        "99% within",
        "slowest",
        "on hold",
    ]);
    for row in &found.rows {
        table.row([
            row.clock.clone(),
            row.step.clone(),
            row.count.to_string(),
            row.open.to_string(),
            row.ended.to_string(),
            length(row.p50_ms),
            length(row.p90_ms),
            length(row.p95_ms),
            length(row.p99_ms),
            length(row.max_ms),
            times::length(row.paused_ms),
        ]);
    }
    let _ = write!(text, "{table}");
    text
}

pub(super) fn csv_of(found: &ResponseTimes) -> String {
    let mut csv =
        "clock,step,count,open,ended,p50_ms,p90_ms,p95_ms,p99_ms,max_ms,paused_ms\n".to_owned();
    let number = |ms: Option<DurationMs>| ms.map_or_else(String::new, |ms| ms.to_string());
    for row in &found.rows {
        let cells = [
            word(&row.clock),
            word(&row.step),
            row.count.to_string(),
            row.open.to_string(),
            row.ended.to_string(),
            number(row.p50_ms),
            number(row.p90_ms),
            number(row.p95_ms),
            number(row.p99_ms),
            number(row.max_ms),
            row.paused_ms.to_string(),
        ];
        let _ = writeln!(csv, "{}", cells.join(","));
    }
    csv
}

/// A registry word needs no quoting, and nothing else may stand there.
fn word(text: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.chars()
        .map(|c| if fits(c) { c } else { '?' })
        .collect()
}
