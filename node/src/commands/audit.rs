//! `comity audit`: whether what the logs say fits together.

use std::fmt::Write as _;

use clap::Args as ClapArgs;
use serde_json::Value;

use crate::answers;
use crate::client::Reach;
use crate::commands::report;
use crate::error::Failure;
use crate::output::Output;
use crate::tables::Table;

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
    let found: answers::Audit = answers::take(&answer, "audit")?;
    let mut logs = Table::new(&["log", "records read", "how much of it"]);
    for (origin, records, whole) in &found.logs {
        let part = if *whole { "all" } else { "what we may read" };
        logs.row([origin.as_str(), records.to_string().as_str(), part]);
    }
    let mut text = format!("{logs}\n");
    if found.logs.is_empty() {
        "No log of another member was read: this member has no right to one, or nobody answered.\n\n".clone_into(&mut text);
    }
    if found.findings.is_empty() {
        text.push_str("No finding: what was read verifies and fits together.\n");
    } else {
        let mut table = Table::new(&["finding", "member", "in words"]);
        for (code, member, words) in &found.findings {
            table.row([code, member, words]);
        }
        let _ = write!(
            text,
            "{} findings; each goes to its subject for reply before it is published.\n{table}",
            found.findings.len()
        );
    }
    let _ = write!(text, "\n{}", report::text_of(&found.response_times));
    output.result(&answer, &text);
    Ok(())
}
