//! `comity findings`: what audits have found, of this member about others and of others about this one, and the reply.

use std::fmt::Write as _;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;

use crate::answers::{self, FindingRow};
use crate::client::Reach;
use crate::error::Failure;
use crate::output::Output;
use crate::tables::{Table, plain};
use crate::times;

pub(crate) const EXAMPLE: &str = "\
A finding about this member waits for a reply: what was found is so and has a reason (explained), it was so and has been \
put right (corrected), or it is not so (disputed). The reply is signed and goes to whoever found it; the first one \
stands. A finding counts as published once its subject has replied, or the reply period is over.

Example:
  comity findings
  comity findings reply 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff --code explained \"The disk was \
changed.\"";

/// What to do with findings.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reply to a finding about this member
    #[command(
        after_help = "Example:\n  comity findings reply 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff --code corrected"
    )]
    Reply {
        /// The finding, as `comity findings` names it
        finding: String,
        /// explained, corrected or disputed
        #[arg(long, value_name = "CODE")]
        code: String,
        /// For the people who found it. No locators: everybody who reads the report reads it
        text: Option<String>,
        #[command(flatten)]
        reach: Reach,
    },
}

/// Does it.
///
/// # Errors
/// Why it was not done.
pub fn run(args: Args, output: &Output) -> Result<(), Failure> {
    match args.command {
        None => list(&args.reach, output),
        Some(Command::Reply {
            finding,
            code,
            text,
            reach,
        }) => {
            let body = json!({ "finding": finding, "code": code, "text": text });
            let answer = reach.client()?.post("/v1/findings", &body)?;
            output.result(
                &answer,
                "Signed. It is sent until whoever found it has noted it: `comity findings` shows when.",
            );
            Ok(())
        }
    }
}

fn list(reach: &Reach, output: &Output) -> Result<(), Failure> {
    let answer = reach.client()?.get("/v1/findings", &[])?;
    let rows: Vec<FindingRow> = answers::take(&answer, "findings")?;
    let (about_us, about_others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.about_us);
    let mut text = String::new();
    if about_us.is_empty() && about_others.is_empty() {
        text.push_str("No audit has found anything that its subject can reply to.\n");
    }
    if !about_us.is_empty() {
        let _ = writeln!(text, "About us\n\n{}", words_of(&about_us));
        if about_us.iter().any(|row| row.reply.is_none()) {
            let _ = writeln!(
                text,
                "To reply: comity findings reply ID --code explained|corrected|disputed [TEXT]\n"
            );
        }
    }
    if !about_others.is_empty() {
        let _ = writeln!(text, "About others\n\n{}", words_of(&about_others));
    }
    output.result(&answer, &text);
    Ok(())
}

fn words_of(rows: &[FindingRow]) -> String {
    let mut table = Table::new(&[
        "finding",
        "code",
        "by",
        "about",
        "where",
        "state",
        "reply until",
    ]);
    let mut replies = String::new();
    for row in rows {
        let finding = &row.finding;
        table.row([
            finding.id.clone(),
            finding.code.clone(),
            row.by.clone(),
            finding.member.clone(),
            super::audit::place_of(finding),
            state_of(&finding.state, finding.published),
            times::shown(row.until),
        ]);
        if let Some(reply) = &row.reply {
            let words = reply.text.as_deref().map(plain).unwrap_or_default();
            let _ = writeln!(
                replies,
                "{}: {} replied `{}` on {}. {words}",
                plain(&finding.id),
                plain(&finding.member),
                plain(&reply.code),
                times::shown(reply.time),
            );
        }
    }
    format!("{table}{replies}")
}

/// Where a finding stands, and whether it counts as published.
pub(crate) fn state_of(state: &str, published: bool) -> String {
    if published {
        format!("{state}, published")
    } else {
        state.to_owned()
    }
}
