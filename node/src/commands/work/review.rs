//! A second person's word on drafts.

use clap::Args;
use serde_json::{Value, json};

use super::said;
use crate::answers::{self, DraftRow, Page, Reviewed};
use crate::client::{Client, Reach};
use crate::error::Failure;
use crate::limits::REVIEW_DRAFTS_MAX;
use crate::output::Output;
use crate::tables::Table;

pub(crate) const DRAFTS_EXAMPLE: &str = "\
Example:
  comity drafts";
pub(crate) const REVIEW_EXAMPLE: &str = "\
Nobody confirms what they drafted themselves: use the token of a second person.

Example:
  comity review --as analyst-2
  comity review --as analyst-2 --confirm --all
  comity review --as analyst-2 --return 00112233445566778899aabbccddeeff";

/// A list of drafts.
#[derive(Debug, Args)]
pub struct Drafts {
    /// Go on after this number, which the list before gave
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    #[command(flatten)]
    reach: Reach,
}

/// A decision on drafts.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("decision").args(["confirm", "return_", "no_action"]))]
pub struct Review {
    /// The drafts
    #[arg(value_name = "DRAFT", requires = "decision")]
    drafts: Vec<String>,
    /// Sign them and send them
    #[arg(long)]
    confirm: bool,
    /// Send them back to whom drafted them
    #[arg(long = "return")]
    return_: bool,
    /// Close them: nothing is to be done
    #[arg(long)]
    no_action: bool,
    /// Every draft that waits for a second person and that you may confirm
    #[arg(long, requires = "confirm", conflicts_with_all = ["drafts", "return_", "no_action"])]
    all: bool,
    #[command(flatten)]
    reach: Reach,
}

impl Review {
    fn decision(&self) -> Option<&'static str> {
        match (self.confirm, self.return_, self.no_action) {
            (true, ..) => Some("confirm"),
            (_, true, _) => Some("return"),
            (.., true) => Some("no-action"),
            _ => None,
        }
    }
}

pub(crate) fn drafts(args: &Drafts, output: &Output) -> Result<(), Failure> {
    list(&args.reach.client()?, args.after, output)
}

pub(crate) fn review(args: &Review, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    let Some(decision) = args.decision() else {
        return list(&client, None, output);
    };
    let drafts = if args.all {
        let (mine, others) = waiting(&client)?;
        if others > 0 {
            output.note(&format!(
                "{others} drafts are left: you drafted them, or they wait for something else than a second person. `comity drafts` says what."
            ));
        }
        mine
    } else {
        args.drafts.clone()
    };
    if drafts.is_empty() && !args.all {
        return Err(Failure::new(
            "no-draft",
            "No draft is named.",
            "Name drafts as `comity drafts` shows them, or use --confirm --all.",
        )
        .exits(crate::error::Exit::Usage));
    }
    decide(&client, &drafts, decision, output)
}

/// Sends the decision in parts, and shows what was done even if a later part fails.
fn decide(
    client: &Client,
    drafts: &[String],
    decision: &str,
    output: &Output,
) -> Result<(), Failure> {
    let mut rows: Vec<Reviewed> = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    let mut stopped = None;
    for part in drafts.chunks(REVIEW_DRAFTS_MAX) {
        let answer = client.post(
            "/v1/reviews",
            &json!({"drafts": part, "decision": decision}),
        );
        let read = answer.and_then(|answer| {
            rows.extend(answers::take::<Vec<Reviewed>>(&answer, "reviewed")?);
            values.extend(answers::take::<Vec<Value>>(&answer, "reviewed")?);
            Ok(())
        });
        if let Err(failure) = read {
            stopped = Some(failure);
            break;
        }
    }
    if rows.is_empty()
        && let Some(failure) = stopped
    {
        return Err(failure);
    }
    let text = if rows.is_empty() {
        "No draft waits for you.".to_owned()
    } else {
        said::reviewed(&rows)
    };
    output.result(&json!({"reviewed": values}), &text);
    let problems = rows.iter().filter(|row| row.problem.is_some()).count();
    match stopped {
        Some(failure) => Err(failure),
        None if problems > 0 => Err(Failure::new(
            "drafts-not-reviewed",
            format!("{problems} of {} drafts stay as they were.", rows.len()),
            "Each has its reason and next step beside it.",
        )),
        None => Ok(()),
    }
}

/// The drafts that this person may confirm, and how many others there are.
fn waiting(client: &Client) -> Result<(Vec<String>, u64), Failure> {
    let (mut mine, mut others) = (Vec::new(), 0);
    let mut after = None;
    loop {
        let page: Page<DraftRow> =
            answers::take(&client.get("/v1/drafts", &page_query(after))?, "drafts")?;
        for row in page.rows {
            if row.confirmable && row.state == "review" {
                mine.push(row.draft);
            } else {
                others += 1;
            }
        }
        match page.next {
            // A list that does not move on would never end.
            Some(next) if after.is_none_or(|after| next > after) => after = Some(next),
            Some(_) => return Err(answers::not_understood()),
            None => return Ok((mine, others)),
        }
    }
}

fn list(client: &Client, after: Option<u64>, output: &Output) -> Result<(), Failure> {
    let answer = client.get("/v1/drafts", &page_query(after))?;
    let page: Page<DraftRow> = answers::take(&answer, "drafts")?;
    let mut table = Table::new(&[
        "draft",
        "becomes",
        "to",
        "reference",
        "urgency",
        "items",
        "you may confirm",
        "why it waits",
    ]);
    for row in &page.rows {
        let waits = format!("{} ({})", row.words, row.state);
        table.row([
            row.draft.as_str(),
            row.kind.as_str(),
            row.to.as_deref().unwrap_or("-"),
            row.reference.as_str(),
            row.urgency.as_str(),
            row.items.to_string().as_str(),
            if row.confirmable { "yes" } else { "no" },
            waits.as_str(),
        ]);
    }
    let mut text = if page.rows.is_empty() {
        "No draft waits. `comity import FILE` takes in reports.".to_owned()
    } else {
        table.to_string()
    };
    if let Some(next) = page.next {
        text.push_str(&format!("More: comity drafts --after {next}"));
    }
    output.result(&answer, &text);
    Ok(())
}

/// The query of a list that goes on after a number.
pub(crate) fn page_query(after: Option<u64>) -> Vec<(&'static str, String)> {
    after
        .map(|after| ("after", after.to_string()))
        .into_iter()
        .collect()
}
