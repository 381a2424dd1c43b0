//! `comity report response-times`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use comity_report::csv::csv;
use comity_report::html::html;
use comity_report::parquet::parquet;
use comity_report::report::{Dimension, Report};
use comity_report::sheet::Sheet;
use serde_json::Value;

use super::brief::{csv_of, text_of};
use super::files::write_or_show;
use super::period::Period;
use super::proofs;
use super::text::report_text;
use crate::answers;
use crate::client::{Client, Reach};
use crate::error::Failure;
use crate::output::Output;

pub(super) const EXAMPLE: &str = "\
Clocks: offered, from our first attempt to deliver; registered, from the other side's record; reported, from the public's \
report, which is the hotline's claim. Percentiles are exact, by nearest rank. What has begun and not ended is counted as \
open, never left out; what was withdrawn, refused or passed on before has ended otherwise. Holds are not subtracted: how \
long they were in force is told beside.

Without options: one row for each clock and step. With --by, --from, --until, --source, --format or --proofs: a report, in \
groups, with legal clocks, what is open by age, and each round of an item on its own. What began in the period is counted, \
as it stands now.

Example:
  comity report response-times
  comity report response-times --by member,urgency --from 2026-01-01 --until 2026-04-01
  comity report response-times --format html --out report.html
  comity report response-times --source audit --by member --format parquet --out report.parquet
  comity report response-times --by member --proofs proofs
  comity report response-times --csv > response-times.csv";

/// Which figures, and in what form.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Write CSV, in milliseconds: the short form
    #[arg(long, conflicts_with_all = ["json", "format"])]
    csv: bool,
    #[command(flatten)]
    period: Period,
    /// Make groups of member, requester, kind, urgency, jurisdiction, standing or clock; several with commas
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = dimension)]
    by: Vec<Dimension>,
    /// table, json, csv, parquet or html
    #[arg(long, value_name = "FORMAT", conflicts_with = "json")]
    format: Option<Format>,
    /// Where to write it; nothing is overwritten
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the records of every case that was counted into this folder, each with its proof
    #[arg(long, value_name = "DIR")]
    proofs: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

/// In what form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a terminal.
    Table,
    /// The document.
    Json,
    /// RFC 4180, in milliseconds.
    Csv,
    /// The same columns, for tools of data analysis.
    Parquet,
    /// One file to look at, with plots.
    Html,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    if args.is_brief() {
        return brief(args, &client, output);
    }
    let (answer, report) = ask(args, &client)?;
    if let Some(folder) = &args.proofs {
        let records = proofs::write(folder, &answer, &report, &client)?;
        output.note(&format!(
            "Written: {records} records with their proofs, in {}",
            folder.display()
        ));
    }
    let out = args.out.as_deref();
    match args.format.unwrap_or(Format::Table) {
        Format::Table if out.is_none() => {
            output.result(&answer, &report_text(&report));
            Ok(())
        }
        Format::Table => write_or_show(out, report_text(&report).as_bytes(), output),
        Format::Json => write_or_show(out, format!("{answer:#}\n").as_bytes(), output),
        Format::Csv => write_or_show(out, csv(&Sheet::of(&report)).as_bytes(), output),
        Format::Parquet => write_or_show(out, &parquet(&Sheet::of(&report)), output),
        Format::Html => write_or_show(out, html(&report).as_bytes(), output),
    }
}

impl Args {
    fn is_brief(&self) -> bool {
        let other = self.format.is_some() || self.out.is_some() || self.proofs.is_some();
        self.period.is_empty() && !other && self.by.is_empty()
    }
}

fn brief(args: &Args, client: &Client, output: &Output) -> Result<(), Failure> {
    let answer = client.get("/v1/reports/response-times", &[])?;
    let found: answers::ResponseTimes = answers::take(&answer, "response-times")?;
    if args.csv {
        output.raw(csv_of(&found).trim_end());
    } else {
        output.result(&answer, &text_of(&found));
    }
    Ok(())
}

fn ask(args: &Args, client: &Client) -> Result<(Value, Report), Failure> {
    let by: Vec<_> = args.by.iter().map(|by| by.as_str()).collect();
    let by = if by.is_empty() {
        "all".to_owned()
    } else {
        by.join(",")
    };
    let mut asked = args.period.asked(client)?;
    asked.push(("by", by));
    if args.proofs.is_some() {
        asked.push(("cases", "true".to_owned()));
    }
    if args.format == Some(Format::Html) {
        asked.push(("pages", "true".to_owned()));
    }
    let answer = client.get("/v1/reports/response-times", &asked)?;
    let report: Report = answers::take(&answer, "report")?;
    Ok((answer, report))
}

fn dimension(name: &str) -> Result<Dimension, String> {
    let all = || Dimension::ALL.map(Dimension::as_str).join(", ");
    Dimension::find(name).ok_or_else(|| format!("groups are made of {}", all()))
}
