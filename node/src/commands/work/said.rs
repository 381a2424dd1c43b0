//! What came of a piece of work, in words. "Signed" is never shown as "delivered".

use std::fmt::Write as _;

use serde_json::Value;

use crate::answers::{self, Done, ImportSummary, Reviewed, Roster};
use crate::error::Failure;
use crate::output::Output;
use crate::tables::{Table, plain};
use crate::times;

/// Shows what came of one piece of work.
///
/// # Errors
/// The answer is not understood.
pub(crate) fn done(answer: &Value, output: &Output) -> Result<(), Failure> {
    let text = text_of(&answers::read(answer)?);
    output.result(answer, &text);
    Ok(())
}

fn text_of(done: &Done) -> String {
    match done {
        Done::Drafted(drafted) => format!(
            "Drafted, not sent: {} to {}.\n  draft  {}\n  case   {}\nNext: a second person runs `comity review --confirm {} --as THEIR-NAME`.",
            plain(&drafted.kind),
            plain(&drafted.to),
            plain(&drafted.draft),
            plain(&drafted.case),
            plain(&drafted.draft),
        ),
        Done::Signed(signed) => format!(
            "Signed, not yet delivered: {} to {}.\n  statement  {}\n  case       {}\nNext: nothing; `comity case show {}` shows when it has arrived.",
            plain(&signed.kind),
            plain(&signed.to),
            plain(&signed.statement),
            plain(&signed.case),
            plain(&signed.case),
        ),
        Done::Noted => "Noted, and recorded in the log.".to_owned(),
        Done::Seen(seen) => format!(
            "{}  {}\nThat you looked was recorded.",
            plain(&seen.sort),
            plain(&seen.defanged)
        ),
        Done::Roster(found) => roster(found),
        Done::Imported(summary) => imported(summary),
        Done::Reviewed(rows) => reviewed(rows),
    }
}

/// Which roster is in force.
pub(crate) fn roster(roster: &Roster) -> String {
    let until = roster.until.map_or_else(String::new, |until| {
        format!(", until {}", times::shown(until))
    });
    let standing = match roster.standing.as_str() {
        "current" => "is in force",
        "in-grace" => {
            "has run out; work goes on for the charter's grace: the governance has to sign the next one now"
        }
        "past-grace" => {
            "has run out, and the grace too: only answers, receipts and audits go on until the governance signs the next one"
        }
        "no-roster" => {
            return "There is no roster: `comity roster publish` gives the node one.".to_owned();
        }
        other => other,
    };
    format!(
        "Roster version {} {}{until}.\n  hash  {}",
        roster.version,
        plain(standing),
        plain(&roster.hash)
    )
}

/// What an import did with one file.
pub(crate) fn imported(summary: &ImportSummary) -> String {
    let mut text = format!(
        "{} read: {} new, {} known already, {} rejected.\n",
        summary.read,
        summary.accepted,
        summary.known,
        summary.rejected.len()
    );
    if summary.joined > 0 {
        let _ = writeln!(
            text,
            "{} of the new ones are about a locator that was here already; {} of them contradict what was there and are back in review.",
            summary.joined, summary.conflicts
        );
    }
    if !summary.placed.is_empty() {
        let mut table = Table::new(&["locators", "become", "to", "because"]);
        for placed in &summary.placed {
            table.row([
                placed.count.to_string().as_str(),
                placed.route.as_str(),
                placed.to.as_deref().unwrap_or("-"),
                placed.reason.as_deref().unwrap_or("-"),
            ]);
        }
        let _ = write!(text, "{table}");
    }
    if !summary.rejected.is_empty() {
        let mut table = Table::new(&["rejected", "line", "field", "code", "what to do"]);
        for line in &summary.rejected {
            table.row([
                line.file.as_str(),
                line.line.to_string().as_str(),
                line.field.as_deref().unwrap_or("-"),
                line.code.as_str(),
                line.message.as_str(),
            ]);
        }
        let _ = write!(text, "{table}");
    }
    text
}

/// What became of each draft.
pub(crate) fn reviewed(rows: &[Reviewed]) -> String {
    let mut table = Table::new(&["draft", "what became of it"]);
    for row in rows {
        let what = match (&row.statement, &row.problem) {
            (_, Some(problem)) => format!(
                "not done ({}): {}; {}",
                problem.code, problem.message, problem.next
            ),
            (Some(statement), None) => format!("signed, not yet delivered: statement {statement}"),
            (None, None) => "done; nothing is sent".to_owned(),
        };
        table.row([row.draft.as_str(), what.as_str()]);
    }
    table.to_string()
}
