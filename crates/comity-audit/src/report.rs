//! Response times for people and for spreadsheets. JSON comes from serde.

use std::fmt::Write as _;

use comity_wire::words::DurationMs;

use crate::times::{ResponseTimes, Row};

const HEADINGS: [&str; 11] = [
    "clock", "step", "count", "open", "ended", "p50", "p90", "p95", "p99", "max", "paused",
];

/// A table for a terminal: one line for each row under a line of headings, columns
/// padded with spaces, each line ended by a line feed.
#[must_use]
pub fn table(times: &ResponseTimes) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    lines.extend(times.rows.iter().map(cells));
    let mut widths = [0; HEADINGS.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for line in &lines {
        let mut shown = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            // Names to the left, numbers to the right.
            let _ = match column {
                0 | 1 => write!(shown, "{cell:<width$}  "),
                _ => write!(shown, "{cell:>width$}  "),
            };
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

/// Comma-separated values (RFC 4180) with a line of headings; times in
/// milliseconds, empty where nothing was reached.
#[must_use]
pub fn csv(times: &ResponseTimes) -> String {
    let mut text = String::from(
        "clock,step,count,open,ended,p50_ms,p90_ms,p95_ms,p99_ms,max_ms,paused_ms\r\n",
    );
    for row in &times.rows {
        let _ = write!(
            text,
            "{},{},{},{},{}",
            row.clock, row.step, row.count, row.open, row.ended
        );
        for time in percentiles(row) {
            let _ = write!(text, ",{}", time.map_or(String::new(), |ms| ms.to_string()));
        }
        let _ = write!(text, ",{}\r\n", row.paused_ms);
    }
    text
}

fn percentiles(row: &Row) -> [Option<DurationMs>; 5] {
    [row.p50_ms, row.p90_ms, row.p95_ms, row.p99_ms, row.max_ms]
}

fn cells(row: &Row) -> [String; HEADINGS.len()] {
    let [p50, p90, p95, p99, max] = percentiles(row).map(|time| time.map_or("-".into(), in_words));
    [
        row.clock.into(),
        row.step.into(),
        row.count.to_string(),
        row.open.to_string(),
        row.ended.to_string(),
        p50,
        p90,
        p95,
        p99,
        max,
        if row.paused_ms == 0 {
            "-".into()
        } else {
            in_words(row.paused_ms)
        },
    ]
}

/// The two greatest units: `350 ms`, `4.2 s`, `12 min 5 s`, `5 h 10 min`, `2 d 4 h`.
/// What is smaller is cut off.
fn in_words(time: DurationMs) -> String {
    let seconds = time / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if seconds == 0 {
        format!("{time} ms")
    } else if minutes == 0 {
        format!("{seconds}.{} s", time % 1000 / 100)
    } else if hours == 0 {
        format!("{minutes} min {} s", seconds % 60)
    } else if days == 0 {
        format!("{hours} h {} min", minutes % 60)
    } else {
        format!("{days} d {} h", hours % 24)
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn a_time_is_shown_in_its_two_greatest_units() {
        let check = |ms, expected| assert_eq!(in_words(ms), expected);
        check(0, "0 ms");
        check(999, "999 ms");
        check(1_000, "1.0 s");
        check(59_999, "59.9 s");
        check(60_000, "1 min 0 s");
        check(3_599_999, "59 min 59 s");
        check(3_600_000, "1 h 0 min");
        check(86_399_999, "23 h 59 min");
        check(86_400_000, "1 d 0 h");
        check(u64::MAX, "213503982334 d 14 h");
    }
}
