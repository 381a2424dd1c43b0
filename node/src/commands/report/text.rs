//! A report for a terminal.

use std::fmt::Write as _;

use comity_report::ages::AGES;
use comity_report::report::{Report, Source};
use comity_wire::words::DurationMs;

use crate::tables::{Table, plain};
use crate::times;

/// The whole of it.
pub(super) fn report_text(report: &Report) -> String {
    let mut text = heading(report);
    if report.table.requests == 0 && report.table.rounds == 0 {
        text.push_str("Nothing began in this time.\n");
        return text;
    }
    let _ = write!(text, "{}", rows(report));
    if !report.table.legal.is_empty() {
        let _ = write!(
            text,
            "\nLegal clocks, for each round of an item\n{}",
            legal(report)
        );
    }
    if !report.table.ages.is_empty() {
        let _ = write!(text, "\nOpen, by age\n{}", ages(report));
    }
    let _ = write!(text, "\nFrom the records of\n{}", logs(report));
    text
}

fn heading(report: &Report) -> String {
    let from = report
        .asked
        .from
        .map(|at| format!(" from {}", times::shown(at)));
    let until = report
        .asked
        .until
        .map(|at| format!(" until {}", times::shown(at)));
    let source = match report.asked.source {
        Source::Own => "our own log",
        Source::Audit => "the logs of the last audit",
    };
    format!(
        "Response times{}{}, as of {}, from {source}: {} requests, {} rounds of items\n\n",
        from.unwrap_or_default(),
        until.unwrap_or_default(),
        times::shown(report.made_at),
        report.table.requests,
        report.table.rounds,
    )
}

fn with_groups(report: &Report, headings: &[&'static str]) -> Table {
    let groups = report.asked.by.iter().map(|by| by.as_str());
    let all: Vec<_> = groups.chain(headings.iter().copied()).collect();
    Table::new(&all)
}

fn rows(report: &Report) -> Table {
    let length = |ms: Option<DurationMs>| ms.map_or_else(|| "-".to_owned(), times::length);
    let mut table = with_groups(
        report,
        &[
            "from",
            "to",
            "round",
            "count",
            "open",
            "ended otherwise",
            "half within",
            "90% within",
            "95% within",
            "99% within",
            "slowest",
            "on hold",
        ],
    );
    for row in &report.table.rows {
        let own = [
            row.clock.clone(),
            row.step.clone(),
            row.round
                .map_or_else(String::new, |round| round.to_string()),
            row.count.to_string(),
            row.open.to_string(),
            row.ended.to_string(),
            length(row.p50_ms),
            length(row.p90_ms),
            length(row.p95_ms),
            length(row.p99_ms),
            length(row.max_ms),
            times::length(row.paused_ms),
        ];
        table.row(row.group.iter().cloned().chain(own));
    }
    table
}

fn legal(report: &Report) -> Table {
    let mut table = with_groups(
        report,
        &[
            "clock",
            "in time",
            "share",
            "late",
            "overdue",
            "running",
            "on hold",
            "void",
            "not computed",
        ],
    );
    for row in &report.table.legal {
        let share = row.within_per_10000.map_or_else(
            || "-".to_owned(),
            |share| format!("{}.{:02}%", share / 100, share % 100),
        );
        let not: Vec<_> = row
            .not_computed
            .iter()
            .map(|(why, count)| format!("{count} {why}"))
            .collect();
        let own = [
            row.clock.clone(),
            row.met.to_string(),
            share,
            row.late.to_string(),
            row.overdue.to_string(),
            row.running.to_string(),
            row.paused.to_string(),
            row.void.to_string(),
            not.join(", "),
        ];
        table.row(row.group.iter().cloned().chain(own));
    }
    table
}

fn ages(report: &Report) -> Table {
    let headings: Vec<_> = ["waiting for"]
        .into_iter()
        .chain(AGES.iter().map(|(_, name)| *name))
        .collect();
    let mut table = with_groups(report, &headings);
    for row in &report.table.ages {
        let counts = row.open.iter().map(u64::to_string);
        let own = std::iter::once(row.step.clone()).chain(counts);
        table.row(row.group.iter().cloned().chain(own));
    }
    table
}

fn logs(report: &Report) -> String {
    let lines = report.logs.iter().map(|log| {
        let part = if log.complete {
            "all"
        } else {
            "what we may read"
        };
        format!(
            "  {}\n    {} records under the head, {} read ({part}), root {}\n",
            plain(&log.origin),
            log.size,
            log.records,
            plain(&log.root)
        )
    });
    lines.collect()
}
