//! What is said within a case. Each becomes one signed statement, or a draft if the configuration wants a second
//! person for its kind.

use clap::Args;
use clap::builder::PossibleValuesParser;
use comity_wire::ids::{CaseId, StatementId};
use comity_wire::registry;
use comity_wire::words::{Country, ItemNumber};
use serde_json::{Value, json};

use super::openings::read_stdin;
use super::rows::{self, ObservationRow, OutcomeRow};
use super::{Hidden, said, text_of};
use crate::client::Reach;
use crate::error::Failure;
use crate::output::Output;
use crate::parse;
use crate::times::When;

pub(crate) const ANSWER_EXAMPLE: &str = "\
Example:
  comity answer 00112233445566778899aabbccddeeff accepted --expected-by +2d
  comity answer 00112233445566778899aabbccddeeff refused --code not-our-service";
pub(crate) const OUTCOME_EXAMPLE: &str = "\
Answers: done, partly, not-found, moved, declined, reinstated. Targets: content, account, stream, domain, cache, \
search-result. Actions: removed, disabled, geo-blocked, suspended, preserved, reported, reported-to-host, \
reinstated, none.

Example:
  comity outcome 00112233445566778899aabbccddeeff --item 1=done:content/removed --item 2=declined:below-threshold";
pub(crate) const OBSERVE_EXAMPLE: &str = "\
Results: online, offline, geo-blocked, login-required, changed, not-checked.

Example:
  comity observe 00112233445566778899aabbccddeeff --item 1=offline --vantage SE --at=-10m";
pub(crate) const WITHDRAW_EXAMPLE: &str = "\
Example:
  comity withdraw 00112233445566778899aabbccddeeff --code error --item 2";
pub(crate) const HOLD_EXAMPLE: &str = "\
Example:
  comity hold 00112233445566778899aabbccddeeff --by law-enforcement --until +3d";
pub(crate) const RELEASE_EXAMPLE: &str = "\
Example:
  comity release 00112233445566778899aabbccddeeff --by law-enforcement --result cleared";
pub(crate) const ASK_EXAMPLE: &str = "\
Example:
  comity ask 00112233445566778899aabbccddeeff --for exact-location --item 1";
pub(crate) const INFORM_EXAMPLE: &str = "\
Example:
  comity inform 00112233445566778899aabbccddeeff - < answer.txt";

/// An answer.
#[derive(Debug, Args)]
pub struct Answer {
    /// The case
    #[arg(value_parser = rows::case_id)]
    case: CaseId,
    /// The answer
    #[arg(value_parser = PossibleValuesParser::new(registry::Answer::ALL.map(registry::Answer::as_str)))]
    answer: String,
    /// Why: not-our-service, not-illegal-here, not-enough-information, duplicate, no-mandate, language
    #[arg(long, value_name = "CODE", required_if_eq("answer", "refused"))]
    code: Option<String>,
    /// An item that is meant; several times for several [default: all]
    #[arg(long = "item", value_name = "N", value_parser = rows::number)]
    items: Vec<ItemNumber>,
    /// When the outcome is expected: RFC 3339 or +2h
    #[arg(long, value_name = "TIME")]
    expected_by: Option<When>,
    /// Whom to ask instead: a member or another organisation
    #[arg(long, value_name = "WHO")]
    next: Option<Hidden>,
    /// A program answers, not a person
    #[arg(long)]
    automated: bool,
    /// A note to the other side
    #[arg(long, value_name = "TEXT")]
    text: Option<Hidden>,
    #[command(flatten)]
    reach: Reach,
}

/// What was done.
#[derive(Debug, Args)]
pub struct Outcome {
    /// The case
    #[arg(value_parser = rows::case_id)]
    case: CaseId,
    /// What was done for an item (N.ROUND=… for an earlier round); several times for several
    #[arg(
        long = "item",
        value_name = "N=ANSWER[:TARGET/ACTION,…][:REASON]",
        required = true
    )]
    items: Vec<OutcomeRow>,
    /// When it took effect: RFC 3339, or --effective-at=-2h [default: now]
    #[arg(long, value_name = "TIME")]
    effective_at: Option<When>,
    /// A program decided, not a person
    #[arg(long)]
    automated: bool,
    /// A note to the other side
    #[arg(long, value_name = "TEXT")]
    text: Option<Hidden>,
    #[command(flatten)]
    reach: Reach,
}

/// What was seen.
#[derive(Debug, Args)]
pub struct Observe {
    /// The case
    #[arg(value_parser = rows::case_id)]
    case: CaseId,
    /// What was seen of an item (N.ROUND=… for an earlier round); several times for several
    #[arg(long = "item", value_name = "N=RESULT", required = true)]
    items: Vec<ObservationRow>,
    /// How: manual, automated, service-record or third-party [default: manual]
    #[arg(long, value_name = "CODE")]
    method: Option<String>,
    /// The country from which somebody looked
    #[arg(long, value_name = "CC", value_parser = parse::country)]
    vantage: Option<Country>,
    /// When: RFC 3339, or --at=-2h [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<When>,
    #[command(flatten)]
    reach: Reach,
}

/// A request taken back.
#[derive(Debug, Args)]
pub struct Withdraw {
    /// The case
    #[arg(value_parser = rows::case_id)]
    case: CaseId,
    /// Why: error, not-illegal, duplicate, consent-withdrawn, court, other
    #[arg(long, value_name = "CODE")]
    code: String,
    /// An item that is meant; several times for several [default: all]
    #[arg(long = "item", value_name = "N", value_parser = rows::number)]
    items: Vec<ItemNumber>,
    /// A note to the recipient
    #[arg(long, value_name = "TEXT")]
    text: Option<Hidden>,
    #[command(flatten)]
    reach: Reach,
}

/// An authority asked to wait.
#[derive(Debug, Args)]
pub struct Hold {
    /// The case
    #[arg(value_parser = rows::case_id)]
    case: CaseId,
    /// Who asked: law-enforcement, court, regulator, policy
    #[arg(long, value_name = "CODE")]
    by: String,
    /// Until when: RFC 3339 or +3d
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
    #[command(flatten)]
    reach: Reach,
}

/// An authority no longer asks to wait.
#[derive(Debug, Args)]
pub struct Release {
    /// The case
    #[arg(value_parser = rows::case_id)]
    case: CaseId,
    /// Who had asked: law-enforcement, court, regulator, policy
    #[arg(long, value_name = "CODE")]
    by: String,
    /// What came of it: cleared, keep-waiting, no-answer
    #[arg(long, value_name = "CODE")]
    result: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

/// A question.
#[derive(Debug, Args)]
pub struct Ask {
    /// The case
    #[arg(value_parser = rows::case_id)]
    case: CaseId,
    /// What is missing; several times for several
    #[arg(long = "for", value_name = "CODE", required = true, long_help = asks_help())]
    asks: Vec<String>,
    /// An item that is meant; several times for several [default: all]
    #[arg(long = "item", value_name = "N", value_parser = rows::number)]
    items: Vec<ItemNumber>,
    /// A note to the other side
    #[arg(long, value_name = "TEXT")]
    text: Option<Hidden>,
    #[command(flatten)]
    reach: Reach,
}

/// An answer to a question.
#[derive(Debug, Args)]
pub struct Inform {
    /// The case
    #[arg(value_parser = rows::case_id)]
    case: CaseId,
    /// What there is to say; - reads it from standard input
    text: Hidden,
    /// The question that it answers [default: the oldest that is open]
    #[arg(long, value_name = "STATEMENT", value_parser = rows::statement_id)]
    of: Option<StatementId>,
    #[command(flatten)]
    reach: Reach,
}

fn asks_help() -> String {
    format!(
        "What is missing; several times for several: {}",
        registry::information_ask::KNOWN.join(", ")
    )
}

pub(crate) fn answer(args: &Answer, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    let body = json!({
        "case": args.case.to_string(),
        "answer": args.answer,
        "code": args.code,
        "items": meant(&args.items),
        "expected_by": client.time_of(args.expected_by)?,
        "next": text_of(args.next.as_ref()),
        "automated": args.automated,
        "text": text_of(args.text.as_ref()),
    });
    said::done(&client.post("/v1/answers", &body)?, output)
}

pub(crate) fn outcome(args: &Outcome, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    let effective_at = client.time_of(args.effective_at)?;
    let rows = args
        .items
        .iter()
        .map(|row| row.to_json(args.automated, effective_at));
    let body = json!({
        "case": args.case.to_string(),
        "items": rows.collect::<Vec<_>>(),
        "text": text_of(args.text.as_ref()),
    });
    said::done(&client.post("/v1/outcomes", &body)?, output)
}

pub(crate) fn observe(args: &Observe, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    let at = client.time_of(args.at)?;
    let vantage = args.vantage.as_ref().map(Country::as_str);
    let row = |row: &ObservationRow| {
        json!({
            "n": row.item.n,
            "round": row.item.round,
            "result": row.result.as_str(),
            "method": args.method,
            "vantage": vantage,
            "at": at,
        })
    };
    let body = json!({
        "case": args.case.to_string(),
        "items": args.items.iter().map(row).collect::<Vec<_>>(),
    });
    said::done(&client.post("/v1/observations", &body)?, output)
}

pub(crate) fn withdraw(args: &Withdraw, output: &Output) -> Result<(), Failure> {
    let body = json!({
        "case": args.case.to_string(),
        "code": args.code,
        "items": meant(&args.items),
        "text": text_of(args.text.as_ref()),
    });
    said::done(
        &args.reach.client()?.post("/v1/withdrawals", &body)?,
        output,
    )
}

pub(crate) fn hold(args: &Hold, output: &Output) -> Result<(), Failure> {
    let client = args.reach.client()?;
    let until = client.time_of(args.until)?;
    let body = json!({"case": args.case.to_string(), "by": args.by, "until": until});
    said::done(&client.post("/v1/holds", &body)?, output)
}

pub(crate) fn release(args: &Release, output: &Output) -> Result<(), Failure> {
    let body = json!({"case": args.case.to_string(), "by": args.by, "result": args.result});
    said::done(&args.reach.client()?.post("/v1/releases", &body)?, output)
}

pub(crate) fn ask(args: &Ask, output: &Output) -> Result<(), Failure> {
    let body = json!({
        "case": args.case.to_string(),
        "asks": args.asks,
        "items": meant(&args.items),
        "text": text_of(args.text.as_ref()),
    });
    said::done(&args.reach.client()?.post("/v1/questions", &body)?, output)
}

pub(crate) fn inform(args: &Inform, output: &Output) -> Result<(), Failure> {
    let Hidden(text) = &args.text;
    let text = if text == "-" {
        read_stdin()?.trim().to_owned()
    } else {
        text.clone()
    };
    let of = args.of.as_ref().map(ToString::to_string);
    let body = json!({"case": args.case.to_string(), "of": of, "text": text});
    said::done(
        &args.reach.client()?.post("/v1/information", &body)?,
        output,
    )
}

/// The items that are meant; none named means all.
fn meant(items: &[ItemNumber]) -> Value {
    if items.is_empty() {
        Value::Null
    } else {
        json!(items)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use clap::CommandFactory as _;
    use comity_wire::registry::{self, ObservationResult, OutcomeAnswer};

    use crate::cli::Cli;

    /// The help is written by hand; the registries grow.
    #[test]
    fn the_help_names_every_code_of_the_registries() {
        let check = |command: &str, codes: &[&str]| {
            let mut cli = Cli::command();
            let help = cli.find_subcommand_mut(command).unwrap().render_long_help();
            // Lines are broken anywhere.
            let help: Vec<_> = help
                .to_string()
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            let help = help.join(" ");
            for code in codes {
                assert!(help.contains(code), "{command}: {code}");
            }
        };
        check("request", &registry::capacity::KNOWN);
        check("request", &registry::urgency::KNOWN);
        check(
            "answer",
            &registry::Answer::ALL.map(registry::Answer::as_str),
        );
        check("outcome", &OutcomeAnswer::ALL.map(OutcomeAnswer::as_str));
        check("outcome", &registry::measure_target::KNOWN);
        check("outcome", &registry::measure_action::KNOWN);
        check(
            "observe",
            &ObservationResult::ALL.map(ObservationResult::as_str),
        );
        check("observe", &registry::observation_method::KNOWN);
        check("withdraw", &registry::withdrawal_code::KNOWN);
        check("hold", &registry::hold_authority::KNOWN);
        check("release", &registry::hold_result::KNOWN);
        check("ask", &registry::information_ask::KNOWN);
    }
}
