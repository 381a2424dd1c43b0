//! Reads `clocks/*.toml`, and makes the Rust and the tables of them.
//!
//! ```text
//! clocks/<instrument>.toml -> read -> rust   -> crates/comity-clocks/src/published.rs
//! clocks/areas.toml        ->      -> table  -> tables in pages: `clocks …`
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

use crate::generate::{camel, grouped};
use crate::registry::Registry;

/// Every instrument and its clocks, and the areas of law that they name.
#[derive(Debug)]
pub struct Clocks {
    /// In the order of the names of their files.
    pub instruments: Vec<Instrument>,
    /// Areas that are larger than a country.
    pub areas: Vec<Area>,
}

/// One law.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Its code: what a legal ground names as `instrument`. Also the name of the file.
    pub instrument: String,
    /// Its title.
    pub title: String,
    /// Where it is law: a country or an area.
    pub area: String,
    /// The time zone whose calendar counts.
    pub zone: String,
    /// Why that one.
    pub zone_reason: String,
    /// Its clocks.
    pub clocks: Vec<Clock>,
}

/// One clock.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Final: what it means never changes.
    pub id: String,
    /// For people.
    pub name: String,
    /// The article, where it has been read.
    pub article: Option<String>,
    /// `response` or `preservation`.
    pub sort: String,
    /// `ground` or `recipient`: whose place is compared with the area.
    pub place: String,
    /// With `ground`: only under these articles; empty: under any.
    #[serde(default)]
    pub articles: Vec<String>,
    /// Kinds of the statement that opens the case (registry `kind`).
    pub kinds: Vec<String>,
    /// With `ground`: natures of the ground (registry `nature`).
    pub natures: Vec<String>,
    /// Registry `capacity`; empty: all.
    #[serde(default)]
    pub capacities: Vec<String>,
    /// Registry `urgency`; empty: all.
    #[serde(default)]
    pub urgencies: Vec<String>,
    /// `offered`, `registered`, `reported`, `measure` or `outside`.
    pub start: String,
    /// With the start `measure`: which (registry `measure-action`).
    #[serde(default)]
    pub actions: Vec<String>,
    /// `registered`, `answer`, `human-answer`, `outcome`, `confirmation`, `due` or `outside`.
    pub end: String,
    /// How long; absent: without undue delay, or not known.
    pub period: Option<Period>,
    /// Open questions of the recipient: `ignored`, `pause` or `restart`.
    pub questions: String,
    /// Holds of these authorities pause it (registry `hold-authority`).
    #[serde(default)]
    pub holds: Vec<String>,
    /// What the law says and no node can compute.
    pub not_computed: Vec<String>,
    /// The first day, `YYYY-MM-DD`.
    pub from: String,
    /// The last day.
    pub to: Option<String>,
    /// What it comes to, in plain words.
    pub says: String,
    /// Where that was read.
    pub source: String,
    /// `verified` or `secondary`.
    pub mark: String,
}

/// How long a clock runs: hours, or a span of the calendar.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Elapsed time. Alone, or not at all.
    #[serde(default)]
    pub hours: u64,
    /// Calendar years.
    #[serde(default)]
    pub years: u32,
    /// Calendar months.
    #[serde(default)]
    pub months: u32,
    /// Calendar weeks.
    #[serde(default)]
    pub weeks: u32,
    /// Calendar days.
    #[serde(default)]
    pub days: u32,
    /// With a span of the calendar: `same-time` or `end-of-day`.
    pub ends: Option<String>,
    /// With `end-of-day`: `as-it-falls` or `next-weekday`.
    pub last_day: Option<String>,
}

/// An area of law that is larger than a country.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its countries.
    pub countries: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Areas {
    areas: Vec<Area>,
}

const HOUR_MS: u64 = 3_600_000;

const SORTS: &[&str] = &["response", "preservation"];
const PLACES: &[&str] = &["ground", "recipient"];
const STARTS: &[&str] = &["offered", "registered", "reported", "measure", "outside"];
const ENDS: &[&str] = &[
    "registered",
    "answer",
    "human-answer",
    "outcome",
    "confirmation",
    "due",
    "outside",
];
const QUESTIONS: &[&str] = &["ignored", "pause", "restart"];
const DAY_ENDS: &[&str] = &["same-time", "end-of-day"];
const LAST_DAYS: &[&str] = &["as-it-falls", "next-weekday"];
const MARKS: &[&str] = &["verified", "secondary"];

/// Reads and checks every file of the folder.
///
/// # Errors
/// A sentence that names the file and what is wrong in it.
pub fn read(folder: &Path, registries: &[Registry]) -> Result<Clocks, String> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    let mut clocks = Clocks {
        instruments: Vec::new(),
        areas: Vec::new(),
    };
    for file in files {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let stem = file.file_stem().and_then(|stem| stem.to_str());
        let failed = |error: String| format!("clocks/{}.toml: {error}", stem.unwrap_or_default());
        if stem == Some("areas") {
            let areas: Areas = toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
            clocks.areas = areas.areas;
        } else {
            let read: Instrument =
                toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
            if Some(read.instrument.as_str()) != stem {
                return Err(failed(format!("is of the instrument {}", read.instrument)));
            }
            clocks.instruments.push(read);
        }
    }
    let mut ids = BTreeSet::new();
    for instrument in &clocks.instruments {
        for clock in &instrument.clocks {
            let failed = |error| format!("clocks/{}.toml: {error}", instrument.instrument);
            clock.check(registries).map_err(failed)?;
            if !ids.insert(&clock.id) {
                return Err(failed(format!("{} stands twice", clock.id)));
            }
        }
    }
    Ok(clocks)
}

impl Clock {
    fn check(&self, registries: &[Registry]) -> Result<(), String> {
        let is_one_of = |field: &str, value: &str, known: &[&str]| {
            let found = known.contains(&value);
            found.then_some(()).ok_or_else(|| {
                format!(
                    "{}: `{field}` is `{value}`, and may be {}",
                    self.id,
                    known.join(", ")
                )
            })
        };
        for (field, value, known) in [
            ("sort", &self.sort, SORTS),
            ("place", &self.place, PLACES),
            ("start", &self.start, STARTS),
            ("end", &self.end, ENDS),
            ("questions", &self.questions, QUESTIONS),
            ("mark", &self.mark, MARKS),
        ] {
            is_one_of(field, value, known)?;
        }
        for (registry, values) in [
            ("kind", &self.kinds),
            ("nature", &self.natures),
            ("capacity", &self.capacities),
            ("urgency", &self.urgencies),
            ("measure-action", &self.actions),
            ("hold-authority", &self.holds),
        ] {
            let known: Vec<&str> = registries
                .iter()
                .filter(|one| one.name == registry)
                .flat_map(|one| one.values.iter().map(|value| value.id.as_str()))
                .collect();
            for value in values {
                is_one_of(registry, value, &known)?;
            }
        }
        let must = |holds: bool, what: &str| {
            holds
                .then_some(())
                .ok_or_else(|| format!("{}: {what}", self.id))
        };
        must(!self.kinds.is_empty(), "names no kind")?;
        must(
            (self.start == "measure") != self.actions.is_empty(),
            "`actions` belong to the start `measure`",
        )?;
        must(
            (self.place == "ground") != self.natures.is_empty(),
            "`natures` belong to the place `ground`",
        )?;
        must(
            self.place == "ground" || self.articles.is_empty(),
            "`articles` belong to the place `ground`",
        )?;
        must(
            (self.start == "outside") == (self.end == "outside"),
            "what begins outside of the protocol ends there",
        )?;
        must(
            (self.sort == "preservation") == (self.end == "due"),
            "a preservation ends when it is due, and nothing else does",
        )?;
        must(
            self.sort == "response" || self.period.is_some(),
            "a preservation has a period",
        )?;
        if let Some(period) = &self.period {
            let is_calendar =
                [period.years, period.months, period.weeks, period.days] != [0, 0, 0, 0];
            must(
                is_calendar != (period.hours > 0),
                "has hours or a span of the calendar",
            )?;
            must(
                is_calendar == period.ends.is_some(),
                "`ends` belongs to a span of the calendar",
            )?;
            must(
                (period.ends.as_deref() == Some("end-of-day")) == period.last_day.is_some(),
                "`last_day` belongs to `end-of-day`",
            )?;
            for (field, value, known) in [
                ("ends", &period.ends, DAY_ENDS),
                ("last_day", &period.last_day, LAST_DAYS),
            ] {
                if let Some(value) = value {
                    is_one_of(field, value, known)?;
                }
            }
        }
        Ok(())
    }
}

// ---- Rust

/// The module `published` of `comity-clocks`.
#[must_use]
pub fn rust(clocks: &Clocks) -> String {
    let mut text = String::from(
        "//! The clocks of `protocol-spec/clocks`.\n\
         // Made from protocol-spec/clocks by `cargo xtask spec`. Do not edit by hand.\n\n\
         use comity_wire::registry::Kind;\nuse jiff::civil::date;\n\n\
         use crate::clock::{Area, Clock, End, Instrument, Mark, Place, Questions, Sort, Start};\n\
         use crate::period::{Calendar, DayEnd, Period};\n",
    );
    let all: Vec<_> = clocks
        .instruments
        .iter()
        .flat_map(|instrument| {
            instrument
                .clocks
                .iter()
                .map(move |clock| (instrument, clock))
        })
        .collect();
    let _ = writeln!(
        text,
        "\n/// Areas of law that are larger than a country.\npub const AREAS: [Area; {}] = [",
        clocks.areas.len()
    );
    for area in &clocks.areas {
        let _ = writeln!(
            text,
            "Area {{ code: {:?}, name: {:?}, countries: {} }},",
            area.code,
            area.name,
            texts(&area.countries)
        );
    }
    text.push_str("];\n");
    for instrument in &clocks.instruments {
        let _ = writeln!(
            text,
            "\nconst {}: Instrument = Instrument {{ code: {:?}, title: {:?}, area: {:?}, zone: {:?}, zone_reason: {:?} }};",
            constant(&instrument.instrument),
            instrument.instrument,
            instrument.title,
            instrument.area,
            instrument.zone,
            instrument.zone_reason
        );
    }
    let _ = writeln!(
        text,
        "\n/// Every published clock, in the order of the files.\npub static CLOCKS: [Clock; {}] = [",
        all.len()
    );
    for (instrument, clock) in all {
        rust_clock(&mut text, instrument, clock);
    }
    text.push_str("];\n");
    text
}

fn rust_clock(text: &mut String, instrument: &Instrument, clock: &Clock) {
    let kinds: Vec<_> = clock
        .kinds
        .iter()
        .map(|kind| format!("Kind::{}", camel(kind)))
        .collect();
    let start = match clock.start.as_str() {
        "measure" => format!("Start::Measure({})", texts(&clock.actions)),
        other => format!("Start::{}", camel(other)),
    };
    let period = clock.period.as_ref().map_or_else(
        || "None".to_owned(),
        |period| format!("Some({})", rust_period(period)),
    );
    let _ = writeln!(
        text,
        "Clock {{ id: {:?}, name: {:?}, instrument: &{}, article: {:?}, sort: Sort::{}, place: Place::{}, \
         articles: {}, kinds: &[{}], natures: {}, capacities: {}, urgencies: {}, start: {start}, end: End::{}, \
         period: {period}, questions: Questions::{}, holds: {}, not_computed: {}, from: {}, to: {}, says: {:?}, \
         source: {:?}, mark: Mark::{} }},",
        clock.id,
        clock.name,
        constant(&instrument.instrument),
        clock.article,
        camel(&clock.sort),
        camel(&clock.place),
        texts(&clock.articles),
        kinds.join(", "),
        texts(&clock.natures),
        texts(&clock.capacities),
        texts(&clock.urgencies),
        camel(&clock.end),
        camel(&clock.questions),
        texts(&clock.holds),
        texts(&clock.not_computed),
        rust_date(&clock.from),
        clock.to.as_ref().map_or_else(
            || "None".to_owned(),
            |to| format!("Some({})", rust_date(to))
        ),
        clock.says,
        clock.source,
        camel(&clock.mark),
    );
}

fn rust_period(period: &Period) -> String {
    if period.hours > 0 {
        return format!("Period::Elapsed({})", grouped(period.hours * HOUR_MS));
    }
    let ends = match (period.ends.as_deref(), period.last_day.as_deref()) {
        (Some("end-of-day"), Some("next-weekday")) => "EndOfDayNextWeekday",
        (Some("end-of-day"), _) => "EndOfDay",
        _ => "SameTime",
    };
    format!(
        "Period::Calendar(Calendar {{ years: {}, months: {}, weeks: {}, days: {}, ends: DayEnd::{ends} }})",
        period.years, period.months, period.weeks, period.days
    )
}

/// `2022-06-07` as the numbers 2022, 6, 7. What is no date does not compile.
fn rust_date(text: &str) -> String {
    let numbers: Vec<_> = text
        .split('-')
        .map(|number| number.trim_start_matches('0'))
        .collect();
    format!("date({})", numbers.join(", "))
}

fn texts(values: &[String]) -> String {
    format!("&{values:?}")
}

fn constant(code: &str) -> String {
    code.replace('-', "_").to_ascii_uppercase()
}

// ---- Tables for people

/// The table of this name: `response`, `preservation`, `outside`, `sources`, `areas`.
///
/// # Errors
/// A sentence, when there is none.
pub fn table(clocks: &Clocks, name: &str) -> Result<String, String> {
    let mut text = String::new();
    match name {
        "response" => when_table(&mut text, clocks, |clock| {
            clock.sort == "response" && clock.start != "outside"
        }),
        "preservation" => when_table(&mut text, clocks, |clock| clock.sort == "preservation"),
        "outside" => when_table(&mut text, clocks, |clock| clock.start == "outside"),
        "sources" => source_table(&mut text, clocks),
        "instruments" => instrument_table(&mut text, clocks),
        "areas" => {
            text.push_str("| area | name | countries |\n| --- | --- | --- |\n");
            for area in &clocks.areas {
                let _ = writeln!(
                    text,
                    "| `{}` | {} | {} |",
                    area.code,
                    area.name,
                    area.countries.join(", ")
                );
            }
        }
        _ => return Err(format!("nothing makes a table `clocks {name}`")),
    }
    Ok(text)
}

fn when_table(text: &mut String, clocks: &Clocks, shown: impl Fn(&Clock) -> bool) {
    text.push_str(
        "| clock | law | applies | begins | ends | how long | stands still | in force |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for instrument in &clocks.instruments {
        for clock in instrument.clocks.iter().filter(|clock| shown(clock)) {
            let _ = writeln!(
                text,
                "| `{}` | {}{} | {} | {} | {} | {} | {} | from {}{} |",
                clock.id,
                instrument.instrument,
                clock
                    .article
                    .as_ref()
                    .map_or_else(String::new, |article| format!(", {article}")),
                applies(instrument, clock),
                match clock.start.as_str() {
                    "measure" => format!("measure: {}", listed(&clock.actions)),
                    other => other.to_owned(),
                },
                clock.end,
                clock
                    .period
                    .as_ref()
                    .map_or_else(|| "no fixed time".to_owned(), how_long),
                stands_still(clock),
                clock.from,
                clock
                    .to
                    .as_ref()
                    .map_or_else(String::new, |to| format!(" to {to}")),
            );
        }
    }
}

fn applies(instrument: &Instrument, clock: &Clock) -> String {
    let mut text = listed(&clock.kinds);
    let _ = match clock.place.as_str() {
        "ground" => write!(
            text,
            "; ground {} in {}",
            listed(&clock.natures),
            instrument.area
        ),
        _ => write!(text, "; recipient in {}", instrument.area),
    };
    for (name, values) in [
        ("article", &clock.articles),
        ("capacity", &clock.capacities),
        ("urgency", &clock.urgencies),
    ] {
        if !values.is_empty() {
            let _ = write!(text, "; {name} {}", listed(values));
        }
    }
    text
}

fn how_long(period: &Period) -> String {
    let mut parts = Vec::new();
    for (number, word) in [
        (u64::from(period.years), "year"),
        (u64::from(period.months), "month"),
        (u64::from(period.weeks), "week"),
        (u64::from(period.days), "day"),
        (period.hours, "hour"),
    ] {
        if number > 0 {
            parts.push(format!(
                "{number} {word}{}",
                if number == 1 { "" } else { "s" }
            ));
        }
    }
    let mut text = parts.join(" ");
    if let Some(ends) = &period.ends {
        let _ = write!(text, ", {ends}");
    }
    if let Some(last_day) = period.last_day.as_ref().filter(|day| *day != "as-it-falls") {
        let _ = write!(text, ", {last_day}");
    }
    text
}

fn stands_still(clock: &Clock) -> String {
    let mut parts = Vec::new();
    match clock.questions.as_str() {
        "pause" => parts.push("open question".to_owned()),
        "restart" => parts.push("open question, then begins again".to_owned()),
        _ => {}
    }
    if !clock.holds.is_empty() {
        parts.push(format!("hold of {}", listed(&clock.holds)));
    }
    if parts.is_empty() {
        "never".to_owned()
    } else {
        parts.join("; ")
    }
}

fn source_table(text: &mut String, clocks: &Clocks) {
    text.push_str(
        "| clock | in words | not computed | source | mark |\n| --- | --- | --- | --- | --- |\n",
    );
    for clock in clocks.instruments.iter().flat_map(|one| &one.clocks) {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            clock.id,
            clock.says,
            clock.not_computed.join(" "),
            clock.source,
            clock.mark
        );
    }
}

fn instrument_table(text: &mut String, clocks: &Clocks) {
    text.push_str("| instrument | title | law of | time zone | why this zone |\n| --- | --- | --- | --- | --- |\n");
    for one in &clocks.instruments {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            one.instrument, one.title, one.area, one.zone, one.zone_reason
        );
    }
}

fn listed(values: &[String]) -> String {
    values.join(", ")
}
