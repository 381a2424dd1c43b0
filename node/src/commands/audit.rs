//! `comity audit`: whether what the logs say fits together.

use std::fmt::Write as _;

use clap::Args as ClapArgs;
use serde_json::Value;

use crate::answers::{self, Audit, Finding, LogRead};
use crate::client::Reach;
use crate::commands::findings::state_of;
use crate::commands::report;
use crate::error::Failure;
use crate::output::Output;
use crate::tables::{Table, plain};

pub(crate) const EXAMPLE: &str = "\
Pulls from every member the records that this one has a right to read, verifies and matches them. Each pull is a record \
on both sides. It may take some minutes; --last shows what the last one found.

Example:
  comity audit
  comity audit --last --json";

/// An audit.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Show what the last audit found, and pull nothing
    #[arg(long)]
    last: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Audits.
///
/// # Errors
/// Why it was not done. A finding is a result, not a failure.
pub fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    let answer = if args.last {
        client.get("/v1/audits", &[])?
    } else {
        output.note("Asking every member for its log …");
        client.post("/v1/audits", &Value::Object(serde_json::Map::new()))?
    };
    let found: Audit = answers::take(&answer, "audit")?;
    let mut text = logs_of(&found);
    text.push_str(&findings_of(&found));
    let _ = write!(text, "\n{}", report::text_of(&found.response_times));
    output.result(&answer, &text);
    Ok(())
}

fn logs_of(found: &Audit) -> String {
    if found.read.is_empty() {
        return "No log was read: this member has no right to one, or nobody answered.\n\n"
            .to_owned();
    }
    let mut table = Table::new(&[
        "log",
        "records kept",
        "how much of it",
        "size",
        "read now",
        "head cosigned by",
        "verdict",
    ]);
    for log in &found.read {
        let part = if log.complete {
            "all"
        } else {
            "what we may read"
        };
        let pages = match log.resumed_from {
            0 => format!("{} pages", log.pages),
            from => format!("{} pages, from {from}", log.pages),
        };
        table.row([
            log.origin.clone(),
            log.records.to_string(),
            part.to_owned(),
            log.size.to_string(),
            pages,
            format!("{} members", log.cosigned),
            plain(&log.verdict),
        ]);
    }
    format!("{table}\n{}", standing_of(&found.read))
}

/// Why a verdict is not there yet, and whose move it is.
fn standing_of(read: &[LogRead]) -> String {
    let mut text = String::new();
    for log in read.iter().filter(|log| log.verdict == "provisional") {
        let _ = writeln!(
            text,
            "{} is provisional: its newest head lacks {}. The member sees who does not cosign: `comity log verify`.",
            log.origin,
            log.missing.join(" and "),
        );
    }
    let alone = read.iter().find(|log| log.verdict == "not-witnessable");
    if let Some(log) = alone {
        let _ = writeln!(
            text,
            "No verdict can be had: the roster lists too few members with a witness key ({} missing). That is the governance's move, and no log's fault.",
            log.missing.join(" and "),
        );
    }
    let is_empty = |log: &&LogRead| !log.complete && log.records == 0;
    let empty = read.iter().filter(is_empty).count();
    if empty > 0 {
        let _ = writeln!(
            text,
            "Of {empty} logs nothing was read: without a mandate in the charter a member reads what is about its own statements. The governance gives one: `comity federation amend --mandate`.",
        );
    }
    if text.is_empty() {
        return text;
    }
    format!("{text}\n")
}

/// What is an alarm first; then by code. Of many the first of each code are shown: `--json` has all.
fn findings_of(found: &Audit) -> String {
    if found.findings.is_empty() {
        let verified = found.read.iter().all(|log| log.verdict == "verified");
        let word = if verified {
            "verifies and fits together"
        } else {
            "fits together; what is not verified rests on the word of its log alone"
        };
        return format!("No finding: what was read {word}.\n");
    }
    let mut text = String::new();
    let problems = found.findings.len().saturating_sub(found.details.len());
    if problems > 0 {
        let mut table = Table::new(&["could not be audited", "member", "why"]);
        for (code, member, words) in found.findings.iter().take(problems) {
            table.row([code, member, words]);
        }
        let _ = writeln!(text, "{table}");
    }
    let mut codes: Vec<&str> = found.details.iter().map(|row| row.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let is_alarm = |code: &str| {
        found
            .details
            .iter()
            .any(|row| row.alarm && row.code == code)
    };
    codes.sort_by_key(|code| !is_alarm(code));
    for code in codes {
        let rows: Vec<_> = found
            .details
            .iter()
            .filter(|row| row.code == code)
            .collect();
        let Some(first) = rows.first() else { continue };
        let mark = if first.alarm { "ALARM  " } else { "" };
        let _ = writeln!(
            text,
            "{mark}{}: {} times. {}",
            plain(code),
            rows.len(),
            plain(&first.words)
        );
        let mut table = Table::new(&["  member", "with", "where", "state"]);
        for row in rows.iter().take(ROWS_SHOWN_MAX) {
            let with = row.counterpart.clone().unwrap_or_default();
            table.row([
                format!("  {}", row.member),
                with,
                place_of(row),
                state_of(&row.state, row.published),
            ]);
        }
        let _ = writeln!(text, "{table}");
    }
    let published = found.details.iter().filter(|row| row.published).count();
    let _ = writeln!(
        text,
        "{published} of {} count as published. Each goes to its subject for reply before that: `comity findings` shows the replies.",
        found.details.len()
    );
    text
}

pub(crate) fn place_of(row: &Finding) -> String {
    let part = |name: &str, value: Option<String>| value.map(|value| format!("{name} {value}"));
    let parts = [
        part("case", row.case.clone()),
        part("clock", row.clock.clone()),
        part("index", row.index.map(|index| index.to_string())),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Findings of one code that are shown to people.
const ROWS_SHOWN_MAX: usize = 20;
