//! `comity clocks`: the legal clocks that this version knows. They are data of the specification; nothing is asked of
//! a node.

use std::fmt::Write as _;

use clap::Subcommand;
use comity_clocks::clock::{Clock, End, Place, Questions, Start, find};
use comity_clocks::period::{Calendar, DayEnd, Period};
use comity_clocks::published::CLOCKS;
use comity_wire::words::Code;
use serde_json::{Value, json};

use crate::error::{Exit, Failure};
use crate::output::Output;
use crate::parse;
use crate::tables::Table;
use crate::times;

/// Which.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the clocks that this version knows
    #[command(after_help = "Example:\n  comity clocks list")]
    List,
    /// Show one of them: what starts and ends it, how long it is, whose word that is
    #[command(after_help = "Example:\n  comity clocks show eu-tco-1h")]
    Show {
        /// The clock
        #[arg(value_name = "ID", value_parser = parse::code)]
        id: Code,
    },
}

/// Prints it.
///
/// # Errors
/// This version knows no such clock.
pub fn run(args: Args, output: &Output) -> Result<(), Failure> {
    match args.command {
        Command::List => list(output),
        Command::Show { id } => show(&id, output)?,
    }
    Ok(())
}

fn list(output: &Output) {
    let mut table = Table::new(&["clock", "how long", "law of", "mark", "name"]);
    for clock in &CLOCKS {
        table.row([
            clock.id.to_owned(),
            length_of(clock),
            clock.instrument.area.to_owned(),
            clock.mark.as_str().to_owned(),
            clock.name.to_owned(),
        ]);
    }
    let value = json!({"clocks": CLOCKS.iter().map(json_of).collect::<Vec<_>>()});
    let text = format!(
        "{table}\nA clock runs where a charter puts it in force (`comity federation init --clock ID`, `--clock ID=12h` for another length).\nNext: `comity clocks show ID` says what it means and where that was read."
    );
    output.result(&value, &text);
}

fn show(id: &Code, output: &Output) -> Result<(), Failure> {
    let clock = find(id.as_str()).ok_or_else(|| unknown(id))?;
    output.result(&json_of(clock), text_of(clock).trim_end());
    Ok(())
}

pub(crate) fn unknown(id: &Code) -> Failure {
    Failure::new(
        "unknown-clock",
        format!("This version knows no clock {}.", id.as_str()),
        "`comity clocks list` lists them; a charter can set one of its own with its length, such as `--clock example-72h=72h`.",
    )
    .exits(Exit::Usage)
}

fn text_of(clock: &Clock) -> String {
    let mut text = format!("{}\n\n{}\n\n", clock.name, clock.says);
    let mut line = |name: &str, value: &str| {
        // Writing into memory does not fail.
        let _ = writeln!(text, "  {name:<14} {value}");
    };
    line("id", clock.id);
    line("law", &clock.law());
    line("sort", clock.sort.as_str());
    line("applies", &applies(clock));
    line("begins", &start_of(clock));
    line("ends", end_of(clock));
    line("how long", &length_of(clock));
    line("stands still", &stands_still(clock));
    line(
        "time zone",
        &format!(
            "{} ({})",
            clock.instrument.zone, clock.instrument.zone_reason
        ),
    );
    line(
        "in force",
        &match clock.to {
            Some(to) => format!("requests registered from {} to {to}", clock.from),
            None => format!("requests registered from {} on", clock.from),
        },
    );
    line("source", clock.source);
    line("mark", mark_words(clock));
    for words in clock.not_computed {
        line("not computed", words);
    }
    text
}

fn json_of(clock: &Clock) -> Value {
    json!({
        "clock": clock.id,
        "name": clock.name,
        "says": clock.says,
        "law": clock.law(),
        "instrument": clock.instrument.code,
        "article": clock.article,
        "area": clock.instrument.area,
        "zone": clock.instrument.zone,
        "sort": clock.sort.as_str(),
        "applies": applies(clock),
        "begins": start_of(clock),
        "ends": end_of(clock),
        "how_long": length_of(clock),
        "elapsed_ms": match clock.period {
            Some(Period::Elapsed(ms)) => Some(ms),
            _ => None,
        },
        "stands_still": stands_still(clock),
        "from": clock.from.to_string(),
        "to": clock.to.map(|to| to.to_string()),
        "not_computed": clock.not_computed,
        "source": clock.source,
        "mark": clock.mark.as_str(),
    })
}

/// How long a published clock is.
pub(crate) fn length_of(clock: &Clock) -> String {
    match clock.period {
        None if clock.is_computed() => "without undue delay: no fixed time".to_owned(),
        None => "not known here".to_owned(),
        Some(Period::Elapsed(ms)) => times::length(ms),
        Some(Period::Calendar(calendar)) => calendar_words(&calendar),
    }
}

fn calendar_words(calendar: &Calendar) -> String {
    let units = [
        (calendar.years, "year"),
        (calendar.months, "month"),
        (calendar.weeks, "week"),
        (calendar.days, "day"),
    ];
    let counted = units.iter().filter(|(number, _)| *number > 0);
    let words: Vec<_> = counted
        .map(|(number, unit)| format!("{number} {unit}{}", if *number == 1 { "" } else { "s" }))
        .collect();
    let ends = match calendar.ends {
        DayEnd::SameTime => "to the same time of day",
        DayEnd::EndOfDay => "to the end of the day",
        DayEnd::EndOfDayNextWeekday => "to the end of the day, of Monday for a weekend",
    };
    format!("{}, {ends}", words.join(" "))
}

fn applies(clock: &Clock) -> String {
    let kinds: Vec<_> = clock.kinds.iter().map(|kind| kind.as_str()).collect();
    let area = clock.instrument.area;
    let mut text = match clock.place {
        Place::Ground => format!(
            "{} with a ground {} under {} in {area}",
            kinds.join(", "),
            clock.natures.join(" or "),
            clock.instrument.code
        ),
        Place::Recipient => format!("{} to a recipient in {area}", kinds.join(", ")),
    };
    for (name, values) in [
        ("article", clock.articles),
        ("capacity", clock.capacities),
        ("urgency", clock.urgencies),
    ] {
        if !values.is_empty() {
            let _ = write!(text, "; {name} {}", values.join(" or "));
        }
    }
    text
}

fn start_of(clock: &Clock) -> String {
    match clock.start {
        Start::Offered => "with the first attempt to deliver".to_owned(),
        Start::Registered => "when the recipient registers it".to_owned(),
        Start::Reported => "with the report of the public".to_owned(),
        Start::Measure(actions) => format!("when a measure takes effect: {}", actions.join(" or ")),
        Start::Outside => "with something that is not said in this protocol".to_owned(),
    }
}

const fn end_of(clock: &Clock) -> &'static str {
    match clock.end {
        End::Registered => "when the recipient registers it",
        End::Answer => "with the first answer",
        End::HumanAnswer => "with the first answer of a person",
        End::Outcome => "with the first final outcome",
        End::Confirmation => "when the other side has seen it offline",
        End::Due => "when its time is over",
        End::Outside => "with something that is not said in this protocol",
    }
}

fn stands_still(clock: &Clock) -> String {
    let mut parts = Vec::new();
    match clock.questions {
        Questions::Ignored => {}
        Questions::Pause => parts.push("while a question of the recipient is open".to_owned()),
        Questions::Restart => {
            parts.push("while a question of the recipient is open; then it begins again".to_owned())
        }
    }
    if !clock.holds.is_empty() {
        parts.push(format!("during a hold of {}", clock.holds.join(" or ")));
    }
    if parts.is_empty() {
        "never".to_owned()
    } else {
        parts.join("; ")
    }
}

fn mark_words(clock: &Clock) -> &'static str {
    match clock.mark {
        comity_clocks::Mark::Verified => "verified: read in the law or a copy of it",
        comity_clocks::Mark::Secondary => {
            "secondary: read in a text about the law. Check it before you rely on it; a charter can set another length"
        }
    }
}
