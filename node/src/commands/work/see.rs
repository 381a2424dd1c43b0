//! What there is to see: cases, what is on its way, locators by state, members; and a look at a locator.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use comity_wire::ids::CaseId;
use comity_wire::words::ItemNumber;
use serde_json::{Value, json};

use super::{review, rows, said};
use crate::answers::{self, CaseRow, Event, Extension, MemberRow, OutboxRow, Page, Witness};
use crate::client::{Client, Reach};
use crate::commands::evidence;
use crate::commands::log::proved;
use crate::error::{Exit, Failure};
use crate::output::Output;
use crate::tables::{Table, plain};
use crate::times;

pub(crate) const INBOX_EXAMPLE: &str = "\
Example:
  comity inbox --open";
pub(crate) const OUTBOX_EXAMPLE: &str = "\
Example:
  comity outbox --open";
pub(crate) const CASE_EXAMPLE: &str = "\
Example:
  comity case show 00112233445566778899aabbccddeeff";
pub(crate) const ITEMS_EXAMPLE: &str = "\
Example:
  comity items";
pub(crate) const MEMBERS_EXAMPLE: &str = "\
Example:
  comity members";
pub(crate) const LOOK_EXAMPLE: &str = "\
Example:
  comity look 00112233445566778899aabbccddeeff 1";

/// A list of cases.
#[derive(Debug, Args)]
pub struct Cases {
    /// Only those in which somebody still owes something
    #[arg(long)]
    open: bool,
    /// Go on after this number, which the list before gave
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    #[command(flatten)]
    reach: Reach,
}

/// Our own cases, and what is on its way.
#[derive(Debug, Args)]
pub struct Outbox {
    #[command(flatten)]
    cases: Cases,
}

/// One case.
#[derive(Debug, Args)]
pub struct Case {
    #[command(subcommand)]
    command: CaseCommand,
}

#[derive(Debug, Subcommand)]
enum CaseCommand {
    /// Show items, deadlines, and what was said, with its receipts
    #[command(
        after_help = "Example:\n  comity case show 00112233445566778899aabbccddeeff --proofs"
    )]
    Show {
        /// The case
        #[arg(value_parser = rows::case_id)]
        case: CaseId,
        /// Prove for each statement that it is in our log
        #[arg(long)]
        proofs: bool,
        #[command(flatten)]
        reach: Reach,
    },
}

/// Locators by state.
#[derive(Debug, Args)]
pub struct Items {
    #[command(flatten)]
    reach: Reach,
}

/// Members.
#[derive(Debug, Args)]
pub struct Members {
    #[command(flatten)]
    reach: Reach,
}

/// A look at a locator.
#[derive(Debug, Args)]
pub struct Look {
    /// The case or the draft
    #[arg(value_name = "CASE")]
    case: String,
    /// The item
    #[arg(value_name = "N", value_parser = rows::number)]
    n: ItemNumber,
    #[command(flatten)]
    reach: Reach,
}

pub(crate) fn inbox(args: &Cases, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    let answer = cases(&client, args, "in")?;
    let page: Page<CaseRow> = answers::take(&answer, "cases")?;
    let mut text = case_table(&page.rows, "from");
    if page.rows.is_empty() {
        text = "No case here. Others' requests appear as soon as they arrive.".to_owned();
    }
    more(&mut text, "inbox", args, page.next);
    text.insert_str(0, &evidence::warning(&client));
    output.result(&answer, &text);
    Ok(())
}

pub(crate) fn outbox(Outbox { cases: args }: &Outbox, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    // First what is on its way: what is delivered meanwhile is then not shown as both.
    let on_its_way = client.get("/v1/outbox", &[])?;
    let sent: Page<OutboxRow> = answers::take(&on_its_way, "outbox")?;
    let mut answer = cases(&client, args, "out")?;
    let page: Page<CaseRow> = answers::take(&answer, "cases")?;

    let mut text = if page.rows.is_empty() {
        "No case of ours. `comity import` or `comity request`, then `comity review`, opens one.\n"
            .to_owned()
    } else {
        case_table(&page.rows, "to")
    };
    more(&mut text, "outbox", args, page.next);
    if sent.rows.is_empty() {
        text.push_str("\nEverything that was signed is delivered or given up.");
    } else {
        let _ = write!(text, "\nNot delivered yet:\n{}", outbox_table(&sent.rows));
        if sent.next.is_some() {
            text.push_str("And more that is due later.");
        }
    }
    if let (Value::Object(answer), Value::Object(on_its_way)) = (&mut answer, on_its_way) {
        answer.extend(on_its_way);
    }
    text.insert_str(0, &evidence::warning(&client));
    output.result(&answer, &text);
    Ok(())
}

fn cases(client: &Client, args: &Cases, direction: &str) -> Result<Value, Failure> {
    let mut query = review::page_query(args.after);
    query.push(("direction", direction.to_owned()));
    if args.open {
        query.push(("open", "true".to_owned()));
    }
    client.get("/v1/cases", &query)
}

fn more(text: &mut String, command: &str, args: &Cases, next: Option<u64>) {
    if let Some(next) = next {
        let open = if args.open { " --open" } else { "" };
        let _ = writeln!(text, "More: comity {command}{open} --after {next}");
    }
}

fn case_table(rows: &[CaseRow], counterpart: &str) -> String {
    let mut table = Table::new(&[
        "case",
        counterpart,
        "kind",
        "reference",
        "urgency",
        "items",
        "where it stands",
    ]);
    for row in rows {
        table.row([
            row.case.as_str(),
            row.counterpart.as_str(),
            row.kind.as_str(),
            row.reference.as_str(),
            row.urgency.as_str(),
            counts(&row.items).as_str(),
            standing(row).as_str(),
        ]);
    }
    table.to_string()
}

/// Delivery, what is owed and when, holds.
fn standing(row: &CaseRow) -> String {
    let mut parts = Vec::new();
    if row.direction == "out" && row.delivery != "delivered" {
        parts.push(delivery(&row.delivery).to_owned());
    }
    if row.open {
        parts.push("open".to_owned());
    } else {
        parts.push("nothing owed".to_owned());
    }
    if let Some(due_at) = row.due_at {
        let word = if row.overdue { "overdue since" } else { "due" };
        parts.push(format!("{word} {}", times::shown(due_at)));
    } else if row.overdue {
        parts.push("overdue".to_owned());
    }
    if row.held {
        parts.push("on hold".to_owned());
    }
    parts.join(", ")
}

/// Registry-like words of the desk for a delivery, in plain words.
fn delivery(state: &str) -> &str {
    match state {
        "waiting" => "not delivered yet",
        "delivered" => "delivered",
        "refused" => "refused by the other side",
        "expired" => "given up: not delivered",
        other => other,
    }
}

fn counts(items: &[(String, u64)]) -> String {
    let counts: Vec<_> = items
        .iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    counts.join(", ")
}

fn outbox_table(rows: &[OutboxRow]) -> Table {
    let mut table = Table::new(&[
        "statement",
        "kind",
        "case",
        "to",
        "state",
        "attempts",
        "next attempt",
        "given up at",
        "last failure",
    ]);
    for row in rows {
        table.row([
            row.statement.as_str(),
            row.kind.as_str(),
            row.case.as_str(),
            row.to.as_str(),
            row.state.as_str(),
            row.attempts.to_string().as_str(),
            row.due_at
                .map_or_else(|| "-".to_owned(), times::shown)
                .as_str(),
            times::shown(row.expires_at).as_str(),
            row.last.as_deref().unwrap_or("-"),
        ]);
    }
    table
}

pub(crate) fn case(args: &Case, output: &Output) -> Result<(), Failure> {
    let CaseCommand::Show {
        case,
        proofs,
        reach,
    } = &args.command;
    let client = reach.client()?;
    let mut answer = client.get(&format!("/v1/cases/{case}"), &[])?;
    let case: answers::Case = answers::take(&answer, "case")?;
    let mut text = case_text(&case);
    let mut failed = 0;
    if *proofs {
        let rows = prove_all(&client, &case.timeline)?;
        failed = rows.iter().filter(|row| row.1.is_err()).count();
        let _ = write!(text, "\nProofs\n{}", proof_table(&rows));
        if let Value::Object(answer) = &mut answer {
            answer.insert("proofs".to_owned(), proof_values(&rows));
        }
    }
    output.result(&answer, &text);
    if failed > 0 {
        return Err(Failure::new(
            "proof-failed",
            format!("{failed} statements are not proved to be in the log."),
            "Run `comity log verify`; if that fails too, the log is damaged or is not the one that was signed.",
        )
        .exits(Exit::NotVerified));
    }
    Ok(())
}

fn case_text(case: &answers::Case) -> String {
    let row = &case.row;
    let opener = if row.direction == "in" {
        format!("{} opened it with us", row.counterpart)
    } else {
        format!("we opened it with {}", row.counterpart)
    };
    let mut text = format!(
        "Case {}: {}, {} on {}.\nReference {}, urgency {}; {}.\n",
        plain(&row.case),
        plain(&row.kind),
        plain(&opener),
        times::shown(row.opened_at),
        plain(&row.reference),
        plain(&row.urgency),
        plain(&standing(row)),
    );
    let _ = write!(
        text,
        "\nItems (a locator is shown by `comity look {} N`)\n{}",
        plain(&row.case),
        item_table(case)
    );
    if !case.deadlines.is_empty() {
        let _ = write!(text, "\nDeadlines\n{}", deadline_table(case));
    }
    if !case.clocks.is_empty() {
        let _ = write!(
            text,
            "\nLegal clocks (`comity clocks show ID` says what one means)\n{}",
            clock_table(case)
        );
    }
    let _ = write!(text, "\nWhat was said\n{}", timeline(&case.timeline));
    links(&mut text, "It follows from", &case.parents);
    links(&mut text, "From it follow", &case.children);
    if case.moves.is_empty() {
        text.push_str("\nThere is nothing for us to do in it now.\n");
    } else {
        let _ = writeln!(
            text,
            "\nWe may now send: {}.",
            plain(&case.moves.join(", "))
        );
    }
    text
}

fn item_table(case: &answers::Case) -> Table {
    let mut table = Table::new(&[
        "n",
        "what",
        "state",
        "in words",
        "round",
        "countries",
        "assessed as",
        "done about it",
    ]);
    for item in &case.items {
        let assessed: Vec<_> = item.assessments.iter().map(assessed).collect();
        let measures = item.measures.iter();
        let measures: Vec<_> = measures
            .map(|(target, action, at)| format!("{target} {action} {}", times::shown(*at)))
            .collect();
        table.row([
            item.n.to_string(),
            item.sort.clone(),
            item.state.clone(),
            item.words.clone(),
            item.round.to_string(),
            item.countries.join(" "),
            assessed.join("; "),
            measures.join("; "),
        ]);
    }
    table
}

/// Our labels with their codes, then the original code.
fn assessed(found: &answers::Assessment) -> String {
    let answers = found.says.iter().map(|answer| {
        let country = answer.country.as_ref();
        let country = country.map_or_else(String::new, |country| format!(" in {country}"));
        format!(
            "{}{country} ({}/{})",
            answer.label, answer.facet, answer.code
        )
    });
    let original = format!("{} {} by {}", found.scheme, found.code, found.assessor);
    let all: Vec<_> = answers.chain([original]).collect();
    all.join(", ")
}

fn deadline_table(case: &answers::Case) -> Table {
    let mut table = Table::new(&[
        "clock",
        "item",
        "round",
        "since",
        "due",
        "stood still",
        "standing",
    ]);
    for deadline in &case.deadlines {
        table.row([
            deadline.clock.clone(),
            deadline.n.to_string(),
            deadline.round.to_string(),
            times::shown(deadline.started_at),
            deadline.due_at.map_or_else(|| "-".to_owned(), times::shown),
            times::length(deadline.paused_ms),
            deadline.standing.clone(),
        ]);
    }
    table
}

fn clock_table(case: &answers::Case) -> Table {
    let mut table = Table::new(&["clock", "runs", "law", "mark", "why"]);
    for clock in &case.clocks {
        table.row([
            clock.clock.as_str(),
            if clock.runs { "yes" } else { "no" },
            clock.law.as_deref().unwrap_or("-"),
            clock.mark.as_deref().unwrap_or("-"),
            clock.words.as_str(),
        ]);
    }
    table
}

/// Whose word a receipt rests on: `provisional`, or by whom and when it was witnessed.
fn witness_text(witness: &Witness) -> String {
    let at = witness.at.map(times::shown);
    match (witness.standing.as_str(), at) {
        ("witnessed", Some(at)) => format!("witnessed by {} at {at}", plain(&witness.by.join(", "))),
        ("not-witnessable", _) => {
            "provisional, and nobody can witness it: the federation has not the members that its charter wants".to_owned()
        }
        (standing, _) => plain(standing),
    }
}

/// A line for each statement, and below it its receipt.
fn timeline(events: &[Event]) -> String {
    let mut text = String::new();
    for event in events {
        let registered = event.registered_at.map_or_else(String::new, |at| {
            format!(", registered {}", times::shown(at))
        });
        let _ = writeln!(
            text,
            "  {}  {}  {}: {} [{}{registered}]\n    statement {}",
            times::shown(event.claimed_at),
            plain(&event.from),
            plain(&event.kind),
            plain(&event.words),
            plain(&event.standing),
            plain(&event.statement),
        );
        if let Some(receipt) = &event.receipt {
            let _ = writeln!(text, "    {}", plain(receipt));
        }
        if let Some(witness) = &event.witness {
            let _ = writeln!(text, "    receipt: {}", witness_text(witness));
        }
        for extension in &event.extensions {
            let _ = writeln!(text, "    {}", plain(&extension_text(extension)));
        }
    }
    text
}

/// What a statement carries that this version does not read.
fn extension_text(extension: &Extension) -> String {
    let what = if extension.critical {
        "critical extension"
    } else {
        "extension"
    };
    let value = match (&extension.text, &extension.hex) {
        (Some(text), _) => format!("\"{text}\""),
        (None, hex) => format!("h'{}'", hex.as_deref().unwrap_or_default()),
    };
    let more = if extension.shortened { " and more" } else { "" };
    format!(
        "{what} {}, {} bytes: {value}{more}",
        extension.name, extension.bytes,
    )
}

fn links(text: &mut String, words: &str, links: &[(ItemNumber, String, ItemNumber)]) {
    for (own, case, theirs) in links {
        let _ = writeln!(
            text,
            "{words}: item {own} is item {theirs} of case {}",
            plain(case)
        );
    }
}

/// A statement, and the index of its record, if it is proved.
type ProofRow<'e> = (&'e str, Result<u64, Failure>);

/// For each statement that our log has a record of: the index, if it is proved.
fn prove_all<'e>(client: &Client, events: &'e [Event]) -> Result<Vec<ProofRow<'e>>, Failure> {
    let recorded = events.iter().filter(|event| event.index.is_some());
    let prove = |event: &'e Event| {
        let statement =
            rows::statement_id(&event.statement).map_err(|_| answers::not_understood())?;
        match proved(client, &statement) {
            Ok(proof) => Ok((event.statement.as_str(), Ok(proof.shown.index))),
            Err(failure) if failure.exit == Exit::NotVerified => {
                Ok((event.statement.as_str(), Err(failure)))
            }
            Err(failure) => Err(failure),
        }
    };
    recorded.map(prove).collect()
}

fn proof_table(rows: &[ProofRow<'_>]) -> Table {
    let mut table = Table::new(&["statement", "our log"]);
    for (statement, found) in rows {
        let found = match found {
            Ok(index) => format!("record {index}, proved"),
            Err(failure) => format!("NOT PROVED ({})", failure.code),
        };
        table.row([*statement, found.as_str()]);
    }
    table
}

fn proof_values(rows: &[ProofRow<'_>]) -> Value {
    let value = |(statement, found): &ProofRow<'_>| match found {
        Ok(index) => json!({"statement": statement, "verified": true, "index": index}),
        Err(failure) => json!({"statement": statement, "verified": false, "code": failure.code}),
    };
    rows.iter().map(value).collect()
}

pub(crate) fn items(args: &Items, output: &Output) -> Result<(), Failure> {
    let answer = args.reach.client()?.get("/v1/items", &[])?;
    let items: answers::Items = answers::take(&answer, "items")?;
    let reports = if items.reports == 1 {
        "report"
    } else {
        "reports"
    };
    let mut text = format!("{} {reports}.\n", items.reports);
    if !items.states.is_empty() {
        let mut table = Table::new(&["reports", "state of their locator"]);
        for (state, count) in &items.states {
            table.row([count.to_string().as_str(), state.as_str()]);
        }
        let _ = write!(text, "{table}");
    }
    if !items.outside.is_empty() {
        let mut table = Table::new(&["id", "state", "reference"]);
        for (id, state, reference) in &items.outside {
            table.row([id, state, reference]);
        }
        let _ = write!(
            text,
            "\nNobody in the federation can act on these; note what you did with `comity outside ID --to police`:\n{table}"
        );
    }
    output.result(&answer, &text);
    Ok(())
}

pub(crate) fn members(args: &Members, output: &Output) -> Result<(), Failure> {
    let answer = args.reach.client()?.get("/v1/members", &[])?;
    let shown: answers::Members = answers::take(&answer, "members")?;
    let mut table = Table::new(&[
        "member",
        "name",
        "roles",
        "countries",
        "connection",
        "waiting for it",
    ]);
    for member in &shown.members {
        table.row([
            member.id.clone(),
            member.name.clone(),
            member.roles.join(" "),
            member.jurisdictions.join(" "),
            connection(member, &shown.me).to_owned(),
            member.waiting.to_string(),
        ]);
    }
    let text = format!(
        "{}  (federation {})\n{}\n\n{table}",
        plain(&shown.name),
        plain(&shown.federation),
        said::roster(&shown.roster)
    );
    output.result(&answer, &text);
    Ok(())
}

fn connection<'w>(member: &MemberRow, me: &str) -> &'w str {
    match (member.id == me, member.connected) {
        (true, _) => "this node",
        (_, true) => "connected",
        _ => "not connected",
    }
}

pub(crate) fn look(args: &Look, output: &Output) -> Result<(), Failure> {
    let body = json!({"case": args.case, "n": args.n});
    said::done(&args.reach.client()?.post("/v1/looks", &body)?, output)
}
