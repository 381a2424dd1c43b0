//! `comity report`: how long things took.

use std::fmt::Write as _;

use clap::{Args as ClapArgs, Subcommand};
use comity_wire::words::DurationMs;

use crate::answers::{self, ResponseTimes};
use crate::client::Reach;
use crate::error::Failure;
use crate::output::Output;
use crate::tables::{Table, plain};
use crate::times;

/// What to report.
#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show how long each step took, from this node's own records
    #[command(after_help = "\
Clocks: offered, from our first attempt to deliver; registered, from the other side's record; reported, from the public's \
report, which is the hotline's claim. Percentiles are exact, by nearest rank. What has begun and not ended is counted as \
open, never left out; what was withdrawn, refused or passed on before has ended otherwise. Holds are not subtracted: how \
long they were in force is told beside.

Example:
  comity report response-times
  comity report response-times --csv > response-times.csv")]
    ResponseTimes {
        /// Write CSV, in milliseconds
        #[arg(long, conflicts_with = "json")]
        csv: bool,
        #[command(flatten)]
        reach: Reach,
    },
}

/// Does it.
///
/// # Errors
/// Why it was not done.
pub fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let Command::ResponseTimes { csv, reach } = &args.command;
    let answer = reach.client()?.get("/v1/reports/response-times", &[])?;
    let found: ResponseTimes = answers::take(&answer, "response-times")?;
    if *csv {
        output.raw(csv_of(&found).trim_end());
    } else {
        output.result(&answer, &text_of(&found));
    }
    Ok(())
}

pub(crate) fn text_of(found: &ResponseTimes) -> String {
    let mut text = format!(
        "Response times, from the records of {}\n",
        plain(&found.members.join(", "))
    );
    if found.rows.iter().all(|row| row.count == 0 && row.open == 0) {
        text.push_str("Nothing was asked yet.");
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

fn csv_of(found: &ResponseTimes) -> String {
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
