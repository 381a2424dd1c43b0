//! The table that hotlines' exchange software writes, as ours.
//!
//! | column | ours |
//! | --- | --- |
//! | `hotlineReceivedDate` (needed) | `reported_at` |
//! | `hotlineReference` (needed) | `reference` |
//! | `urlString` (needed) | `locator`, `host`, `canonical` |
//! | `hostingCountryCode`, `hostingIpAddress`, `hostingIsp` | one entry of `hosting`, `country` |
//! | `classification` (needed) | `code`, `standing`, `disposition`, and what follows from it (`scheme`) |
//! | `ageCategorization` | `age` |
//! | `action` | `done`; gone, moved or not illegal: a person looks first |
//! | `assessedDate` (needed) | `assessed_at`, `hosting.at` |
//!
//! `genderCategorization` and columns that are not listed are not carried. Columns
//! may stand in any order, between commas, semicolons or tabs.
//!
//! | `action` | ours |
//! | --- | --- |
//! | `ReportedToLEA` | measure `reported` of the content, at `assessedDate` |
//! | `ReportedToISP` | measure `reported-to-host` |
//! | `Removed` | measure `removed`; a person looks first |
//! | `Unavailable`, `Moved` | a person looks first |
//! | `NotIllegal` | nothing if ignored anyway; else a person looks first |

use comity_wire::parts::Measure;
use comity_wire::registry::{measure_action, measure_target, scheme as schemes, unit, urgency};
use comity_wire::words::TimeMs;

use crate::country::country;
use crate::fault::{Fault, Refused, Rejected};
use crate::hosting::HostingSaid;
use crate::place::{address, name, place, reference};
use crate::report::{Disposition, Finding, Report, ReportKey, ReviewReason, word};
use crate::scheme;
use crate::table::Rows;
use crate::when::time;

/// The columns that are read, and whether no row can be read without.
const COLUMNS: [(&str, bool); 10] = [
    (RECEIVED, true),
    (REFERENCE, true),
    (URL, true),
    (COUNTRY, false),
    (ADDRESS, false),
    (ISP, false),
    (CLASSIFICATION, true),
    (AGE, false),
    (ACTION, false),
    (ASSESSED, true),
];

const RECEIVED: &str = "hotlineReceivedDate";
const REFERENCE: &str = "hotlineReference";
const URL: &str = "urlString";
const COUNTRY: &str = "hostingCountryCode";
const ADDRESS: &str = "hostingIpAddress";
const ISP: &str = "hostingIsp";
const CLASSIFICATION: &str = "classification";
const AGE: &str = "ageCategorization";
const ACTION: &str = "action";
const ASSESSED: &str = "assessedDate";

/// Reads a table: each row with the line that it begins on, or what is wrong with
/// the first one.
pub(crate) fn reports(
    bytes: &[u8],
) -> Result<impl Iterator<Item = (u64, Result<Report, Refused>)>, Rejected> {
    let delimiter = delimiter(bytes);
    let mut rows = Rows::new(bytes, delimiter);
    let names = match rows.next() {
        Some((line, row)) => {
            let names = row.map_err(Refused::from).and_then(|row| header(&row));
            names.map_err(|refused| Rejected::new(line, refused))?
        }
        None => Vec::new(),
    };
    Ok(rows.map(move |(line, row)| {
        let row = row
            .map_err(Refused::from)
            .and_then(|fields| Row::new(&names, fields));
        (line, row.and_then(|row| report(line, &row)))
    }))
}

/// Whether a line names columns of this table.
pub(crate) fn is_header(line: &[u8]) -> bool {
    delimiters().any(|delimiter| known_columns(line, delimiter) >= 2)
}

fn delimiters() -> impl Iterator<Item = u8> {
    [b'\t', b';', b','].into_iter()
}

/// The one that makes most columns of the first row known.
fn delimiter(bytes: &[u8]) -> u8 {
    // `max_by_key` takes the last of equal ones: commas are asked last.
    let best = delimiters().max_by_key(|delimiter| known_columns(bytes, *delimiter));
    best.unwrap_or(b',')
}

fn known_columns(bytes: &[u8], delimiter: u8) -> usize {
    let Some((_, Ok(fields))) = Rows::new(bytes, delimiter).next() else {
        return 0;
    };
    fields.iter().filter_map(|field| column(field)).count()
}

fn column(text: &str) -> Option<&'static str> {
    let mut names = COLUMNS.into_iter().map(|(name, _)| name);
    names.find(|name| name.eq_ignore_ascii_case(text))
}

/// What each column is; those that are not read are `None`.
fn header(fields: &[String]) -> Result<Vec<Option<&'static str>>, Refused> {
    let names: Vec<_> = fields.iter().map(|field| column(field)).collect();
    for (name, needed) in COLUMNS {
        match names.iter().filter(|known| **known == Some(name)).count() {
            0 if needed => return Err(Fault::MissingColumn.in_field(name)),
            0 | 1 => {}
            _ => return Err(Fault::DuplicateColumn.in_field(name)),
        }
    }
    Ok(names)
}

struct Row<'a> {
    names: &'a [Option<&'static str>],
    fields: Vec<String>,
}

impl<'a> Row<'a> {
    fn new(names: &'a [Option<&'static str>], fields: Vec<String>) -> Result<Self, Refused> {
        if names.len() == fields.len() {
            Ok(Self { names, fields })
        } else {
            Err(Fault::ColumnCount.into())
        }
    }

    /// The field of a column, if there is anything in it.
    fn text(&self, column: &'static str) -> Option<&str> {
        let mut columns = self.names.iter().zip(&self.fields);
        let (_, field) = columns.find(|(name, _)| **name == Some(column))?;
        Some(field.as_str()).filter(|field| !field.is_empty())
    }

    fn read<T>(
        &self,
        column: &'static str,
        reader: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Result<Option<T>, Refused> {
        let found = self.text(column).map(reader).transpose();
        found.map_err(|fault| fault.in_field(column))
    }

    fn required<T>(
        &self,
        column: &'static str,
        reader: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Result<T, Refused> {
        let found = self.read(column, reader)?;
        found.ok_or(Fault::MissingField.in_field(column))
    }
}

fn report(line: u64, row: &Row<'_>) -> Result<Report, Refused> {
    let reported_at = row.required(RECEIVED, time)?;
    let own_reference = row.required(REFERENCE, reference)?;
    let found = row.required(URL, place)?;
    let assessed_at = row.required(ASSESSED, time)?;
    let said = row.required(CLASSIFICATION, scheme::iccam)?;
    let actions = row.read(ACTION, actions)?.unwrap_or_default();
    let hosting = HostingSaid {
        at: assessed_at,
        ip: row.read(ADDRESS, address)?,
        asn: None,
        name: row.read(ISP, name)?,
        country: row.read(COUNTRY, country)?,
    };
    let finding = Finding {
        standing: word(said.standing),
        age: row.read(AGE, scheme::iccam_age)?.flatten(),
        // The classification is what a person at the hotline chose.
        reviewers: 1,
        ..Finding::new(
            word(schemes::ICCAM),
            reference(said.version)?,
            reference(said.code)?,
            unit::PAGE,
        )
    }
    .with(&said.facts);
    Ok(Report {
        source: key(row, reported_at),
        line,
        reference: own_reference,
        locator: found.locator,
        host: found.host,
        canonical: found.canonical,
        country: hosting.country.clone(),
        hosting: hosting.into_hosting(),
        finding,
        disposition: disposition(said.disposition, &actions),
        urgency: word(urgency::ROUTINE),
        done: actions
            .iter()
            .filter_map(|action| action.measure(assessed_at))
            .collect(),
        reported_at,
        assessed_at,
    })
}

fn key(row: &Row<'_>, reported_at: TimeMs) -> ReportKey {
    let text = |column| row.text(column).unwrap_or_default().as_bytes();
    let at = reported_at.to_be_bytes();
    ReportKey::of(&[b"hotline-csv", text(REFERENCE), text(URL), &at])
}

/// What the hotline says was done or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    ReportedToAuthority,
    ReportedToHost,
    Removed,
    Unavailable,
    Moved,
    NotIllegal,
}

/// One action, or several between semicolons or bars.
fn actions(text: &str) -> Result<Vec<Action>, Fault> {
    let rows = [
        ("ReportedToLEA", Action::ReportedToAuthority),
        ("ReportedToISP", Action::ReportedToHost),
        ("Removed", Action::Removed),
        ("Unavailable", Action::Unavailable),
        ("Moved", Action::Moved),
        ("NotIllegal", Action::NotIllegal),
    ];
    let named = |text: &str| {
        let mut named = rows.iter().filter(|row| row.0.eq_ignore_ascii_case(text));
        named.next().map(|row| row.1).ok_or(Fault::Action)
    };
    let words = text.split([';', '|']).map(str::trim);
    let mut found = Vec::new();
    for word in words.filter(|word| !word.is_empty()) {
        let action = named(word)?;
        if !found.contains(&action) {
            found.push(action);
        }
    }
    Ok(found)
}

impl Action {
    /// The measure that it was; that something is gone is none.
    fn measure(self, at: TimeMs) -> Option<Measure> {
        let action = match self {
            Self::ReportedToAuthority => measure_action::REPORTED,
            Self::ReportedToHost => measure_action::REPORTED_TO_HOST,
            Self::Removed => measure_action::REMOVED,
            Self::Unavailable | Self::Moved | Self::NotIllegal => return None,
        };
        Some(Measure {
            until: None,
            action: word(action),
            reason: None,
            target: word(measure_target::CONTENT),
            automated: false,
            territories: None,
            effective_at: at,
        })
    }
}

/// To ask for what is done already, or for what the same row calls not illegal,
/// would cost the recipient's trust: a person looks.
fn disposition(said: Disposition, actions: &[Action]) -> Disposition {
    let gone = [Action::Removed, Action::Unavailable, Action::Moved];
    if said != Disposition::Act {
        said
    } else if actions.contains(&Action::NotIllegal) {
        Disposition::Review(ReviewReason::Contradictory)
    } else if actions.iter().any(|action| gone.contains(action)) {
        Disposition::Review(ReviewReason::Gone)
    } else {
        said
    }
}
