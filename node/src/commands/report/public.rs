//! `comity report transparency`: figures for everybody.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use comity_report::csv::csv;
use comity_report::html::html_public;
use comity_report::public::{Public, PublicTable, PublicTime};
use comity_report::sheet::Sheet;
use comity_wire::words::DurationMs;

use super::files::write_or_show;
use super::period::Period;
use crate::answers;
use crate::client::Reach;
use crate::error::Failure;
use crate::output::Output;
use crate::tables::{Table, plain};
use crate::times;

pub(super) const EXAMPLE: &str = "\
Counts of rounds of items, by kind, urgency, country, standing and counterpart, and what came of them. A count below the \
charter's small_cell is hidden, and with it as many others as it takes so that nobody can compute it. Times are rounded \
and shown for large groups only. Nothing of a case, a person or a locator is in it. It is tied to the signed heads of the \
logs that it is made of.

Publish periods that do not overlap, once each: two that overlap can be subtracted from each other.

Example:
  comity report transparency --from 2026-01-01 --until 2026-04-01
  comity report transparency --from 2026-01-01 --until 2026-04-01 --format html --out 2026-q1.html";

/// Which figures, and in what form.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    period: Period,
    /// table, json, csv or html
    #[arg(long, value_name = "FORMAT", conflicts_with = "json")]
    format: Option<Format>,
    /// Where to write it; nothing is overwritten
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

/// In what form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal.
    Table,
    /// The document.
    Json,
    /// RFC 4180.
    Csv,
    /// One file to look at.
    Html,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    let asked = args.period.asked(&client)?;
    let answer = client.get("/v1/reports/transparency", &asked)?;
    let public: Public = answers::take(&answer, "transparency")?;
    let out = args.out.as_deref();
    match args.format.unwrap_or(Format::Table) {
        Format::Table if out.is_none() => {
            output.result(&answer, &text_of(&public));
            Ok(())
        }
        Format::Table => write_or_show(out, text_of(&public).as_bytes(), output),
        Format::Json => write_or_show(out, format!("{answer:#}\n").as_bytes(), output),
        Format::Csv => write_or_show(out, csv(&Sheet::of_public(&public)).as_bytes(), output),
        Format::Html => write_or_show(out, html_public(&public).as_bytes(), output),
    }
}

fn text_of(public: &Public) -> String {
    let from = public.from.map(|at| format!(" from {}", times::shown(at)));
    let until = public
        .until
        .map(|at| format!(" until {}", times::shown(at)));
    let mut text = format!(
        "Public figures of {}{}{}, as of {}. Counts below {} are not shown.\n",
        plain(&public.made_by),
        from.unwrap_or_default(),
        until.unwrap_or_default(),
        times::shown(public.made_at),
        public.small_cell,
    );
    let count =
        |count: Option<u64>| count.map_or_else(|| "too few to tell".to_owned(), |n| n.to_string());
    let _ = writeln!(
        text,
        "Requests: {}. Rounds of items: {}.",
        count(public.requests),
        count(public.rounds)
    );
    for table in &public.tables {
        let _ = write!(
            text,
            "\nBy {}, {}\n{}",
            table.by,
            plain(&table.unit),
            counts(table)
        );
    }
    for share in &public.legal {
        let _ = write!(
            text,
            "\n{}: {}% in time\n",
            plain(&share.clock),
            share.within_percent
        );
    }
    if !public.times.is_empty() {
        let _ = write!(text, "\nTimes, rounded\n{}", rounded(&public.times));
    }
    text.push_str("\nTied to\n");
    for log in &public.logs {
        let _ = writeln!(
            text,
            "  {} {} {}",
            plain(&log.origin),
            log.size,
            plain(&log.root)
        );
        for line in log.checkpoint.iter().flat_map(|head| head.lines()) {
            let _ = writeln!(text, "    {}", plain(line));
        }
    }
    text.push_str("\nWhat these figures are not\n");
    for limit in &public.limits {
        let _ = writeln!(text, "- {}", plain(limit));
    }
    text
}

fn counts(table: &PublicTable) -> Table {
    let headings: Vec<_> = [table.by.as_str()]
        .into_iter()
        .chain(table.columns.iter().map(String::as_str))
        .chain(["total"])
        .collect();
    let mut shown = Table::new(&headings);
    let cell = |count: &Option<u64>| count.map_or_else(|| "hidden".to_owned(), |n| n.to_string());
    for row in &table.rows {
        let cells = row.cells.iter().map(cell);
        let line = std::iter::once(row.name.clone())
            .chain(cells)
            .chain([row.total.to_string()]);
        shown.row(line);
    }
    let totals = table.totals.iter().map(u64::to_string);
    let all: u64 = table.totals.iter().sum();
    shown.row(
        std::iter::once("total".to_owned())
            .chain(totals)
            .chain([all.to_string()]),
    );
    shown
}

fn rounded(found: &[PublicTime]) -> Table {
    let length = |ms: Option<DurationMs>| ms.map_or_else(|| "-".to_owned(), times::length);
    let mut table = Table::new(&["group", "", "from", "to", "half within", "90% within"]);
    for time in found {
        table.row([
            time.by.clone(),
            time.group.clone(),
            time.clock.clone(),
            time.step.clone(),
            length(time.p50_ms),
            length(time.p90_ms),
        ]);
    }
    table
}
