//! Public figures: what the field asks of statistics, with nothing of a case, a person or a locator.
//!
//! ```text
//! Base -> rounds of items of the period -> tables: kind, urgency, country, standing, member  x  what came of it
//!                                       -> means, reversals, rounds, disputes
//!                                       -> shares within each legal clock, in whole percent
//!      -> suppress: small cells hidden so that they cannot be computed
//!      -> times: medians and 90th percentiles, rounded, of groups that are large enough
//!      -> logs: signed heads that the figures are tied to
//! ```
//! Tables share their totals and nothing else: no cell of one table is a sum of cells of another. So what cannot be
//! computed from one cannot be computed from all of them. That is why a table of a part of the rounds is left out
//! unless that part is a sum of shown totals, why legal clocks have no counts (a clock of the charter runs in every
//! case, so its counts would be sums of the others), and why times have none.

use std::collections::BTreeMap;

use comity_audit::courses::{Clock, Reached, Step, TurnedDown};
use comity_audit::times::percentile;
use comity_wire::registry::OutcomeAnswer;
use comity_wire::words::{DurationMs, TimeMs};
use serde::{Deserialize, Serialize};

use crate::base::{Base, RequestRow, RoundRow, start};
use crate::figures::{CLOCKS, Picked, count};
use crate::legal::Legal;
use crate::limits::PERCENTILE_SIDES;
use crate::report::{LogUsed, Source, Wish};
use crate::suppress::{Counts, merged_columns, suppress};

/// Public figures of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Public {
    /// The version of this document.
    pub version: u32,
    /// Who made it.
    pub made_by: String,
    /// When: what is open is open at this time.
    pub made_at: TimeMs,
    /// What began at or after this time is counted.
    pub from: Option<TimeMs>,
    /// And before this time.
    pub until: Option<TimeMs>,
    /// Whose records.
    pub source: Source,
    /// Counts below this are not shown.
    pub small_cell: u64,
    /// Rounds of items, if there are enough.
    pub rounds: Option<u64>,
    /// Requests, if there are enough.
    pub requests: Option<u64>,
    /// Counts.
    pub tables: Vec<PublicTable>,
    /// Of what was due or reached under a legal clock, how much was reached in time.
    pub legal: Vec<PublicShare>,
    /// Times.
    pub times: Vec<PublicTime>,
    /// The logs that the figures are made of, and the heads that tie them to those logs.
    pub logs: Vec<LogUsed>,
    /// What these figures are not.
    pub limits: Vec<String>,
}

/// A table of counts. Every row and column adds up to its total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicTable {
    /// What the rows are.
    pub by: String,
    /// What is counted.
    pub unit: String,
    /// The columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<PublicRow>,
    /// The total of each column.
    pub totals: Vec<u64>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicRow {
    /// Its name; `other` is what was merged.
    pub name: String,
    /// By column; absent: hidden.
    pub cells: Vec<Option<u64>>,
    /// Their sum.
    pub total: u64,
}

/// How long one step took, in one group. Rounded to two digits; absent: too few to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicTime {
    /// `all`, or what the group is.
    pub by: String,
    /// The group.
    pub group: String,
    /// What starts the clock.
    pub clock: String,
    /// What ends it.
    pub step: String,
    /// The median.
    pub p50_ms: Option<DurationMs>,
    /// The 90th percentile.
    pub p90_ms: Option<DurationMs>,
}

/// A share, in whole percent, rounded down. Shown only if neither part is small.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicShare {
    /// The legal clock.
    pub clock: String,
    /// How many of a hundred.
    pub within_percent: u64,
}

/// What the figures are tied to and made for.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Who makes them.
    pub made_by: String,
    /// When.
    pub made_at: TimeMs,
    /// The charter's threshold.
    pub small_cell: u64,
    /// The logs.
    pub logs: Vec<LogUsed>,
}

/// Makes public figures.
#[must_use]
pub fn public(base: &Base, wish: &Wish, frame: Frame) -> Public {
    let picked = Picked::new(base, wish, None);
    let threshold = frame.small_cell.max(1);
    let enough = |count: u64| Some(count).filter(|count| *count >= threshold);
    let answers = merged_columns(
        &totals(&picked, |_, round| came_to(&picked, round)),
        threshold,
    );
    let answers = answers.unwrap_or_default();
    let mut tables = Vec::new();
    if !answers.is_empty() {
        for (by, row_of) in dimensions(wish.source) {
            let counts = counted(&picked, |request, round| {
                let row = row_of(base, request, &frame.made_by);
                (row, came_to(&picked, round).to_owned())
            });
            tables.extend(table(by, ROUNDS, &counts.with_columns(&answers), threshold));
        }
    }
    if is_sum_of(&answers, &DECIDED) {
        tables.extend(one_way(
            "decided by",
            "decided rounds of items",
            &means(&picked),
            threshold,
        ));
    }
    if is_sum_of(&answers, &["acted-on"]) {
        let unit = "rounds of items that were acted on";
        tables.extend(one_way("since then", unit, &reversals(&picked), threshold));
    }
    tables.extend(one_way("round", ROUNDS, &reappeared(&picked), threshold));
    tables.extend(one_way(
        "disputes",
        "requests",
        &disputes(&picked),
        threshold,
    ));
    let times = times(&picked, wish.source, threshold, &tables);
    Public {
        version: 1,
        made_by: frame.made_by,
        made_at: frame.made_at,
        from: wish.from,
        until: wish.until,
        source: wish.source,
        small_cell: threshold,
        rounds: enough(count(picked.rounds())),
        requests: enough(count(picked.requests())),
        tables,
        legal: legal(&picked, threshold),
        times,
        logs: frame.logs,
        limits: LIMITS.map(str::to_owned).to_vec(),
    }
}

const ROUNDS: &str = "rounds of items";

/// What the figures are not.
const LIMITS: [&str; 7] = [
    "They are counts of requests between members, not of content, persons or offences: one picture at a hundred addresses is a hundred items.",
    "They say what members recorded. That something is offline is the word of who looked; what two members hide together is not seen.",
    "Times from the public's report are the hotline's claim and are left out here.",
    "A cell that is hidden may be small, or only hide another one. A row named other is what was too small to stand alone.",
    "What began in the period is counted, as it stood when this was made: what was open then may be decided now.",
    "Figures of two periods that overlap, or of one period made twice, can be subtracted from each other. Publish periods that do not overlap, once each.",
    "A signed head ties the figures to a log: who may read that log can make them again. It proves them to nobody else.",
];

// ---- What is counted

/// The row of a request, for whoever makes the figures.
type RowOf = fn(&Base, &RequestRow, &str) -> String;

/// The dimensions of a source. No two of them may say the same of a request, as its direction and its recipient would.
fn dimensions(source: Source) -> Vec<(&'static str, RowOf)> {
    let member: (&'static str, RowOf) = match source {
        Source::Audit => ("recipient", |base, request, _| {
            base.words.text(request.to).to_owned()
        }),
        Source::Own => ("counterpart", |base, request, me| {
            match (base.words.text(request.from), base.words.text(request.to)) {
                (from, to) if from == me => format!("sent to {to}"),
                (from, _) => format!("received from {from}"),
            }
        }),
    };
    vec![
        ("kind", |_, request, _| request.kind.as_str().to_owned()),
        ("urgency", |base, request, _| {
            base.words.text(request.urgency).to_owned()
        }),
        ("country", |base, request, _| {
            one_or_several(base.words.text(request.jurisdictions))
        }),
        ("standing", |base, request, _| {
            one_or_several(base.words.text(request.standing))
        }),
        member,
    ]
}

/// What came of rounds that were decided.
const DECIDED: [&str; 5] = ["acted-on", "not-found", "moved", "declined", "reinstated"];

/// Whether the number of rounds of these sorts can be told from the totals that are shown anyway.
fn is_sum_of(groups: &[Vec<String>], names: &[&str]) -> bool {
    let is_named = |name: &String| names.contains(&name.as_str());
    !groups.is_empty()
        && groups
            .iter()
            .all(|group| group.iter().all(is_named) || !group.iter().any(is_named))
}

fn one_or_several(words: &str) -> String {
    if words.contains(',') {
        "several".to_owned()
    } else {
        words.to_owned()
    }
}

/// What came of a round.
fn came_to(picked: &Picked<'_>, round: &RoundRow) -> &'static str {
    match (round.answer, round.outcome.reached()) {
        (Some(OutcomeAnswer::Done), _) => "acted-on",
        (Some(OutcomeAnswer::NotFound), _) => "not-found",
        (Some(OutcomeAnswer::Moved), _) => "moved",
        (Some(OutcomeAnswer::Declined), _) => "declined",
        (Some(OutcomeAnswer::Reinstated), _) => "reinstated",
        (Some(OutcomeAnswer::Partly), _) => "open",
        (None, Some(Reached::Ended)) => {
            match picked.request_of(round).and_then(|row| row.turned_down) {
                Some(TurnedDown::Withdrawn) => "withdrawn",
                Some(TurnedDown::NotTaken) => "not-taken",
                _ => "refused-or-passed-on",
            }
        }
        (None, _) => "open",
    }
}

fn counted(
    picked: &Picked<'_>,
    place: impl Fn(&RequestRow, &RoundRow) -> (String, String),
) -> Counts {
    let mut cells: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (round, request) in picked.rounds() {
        *cells.entry(place(request, round)).or_default() += 1;
    }
    of_cells(&cells)
}

fn of_cells(cells: &BTreeMap<(String, String), u64>) -> Counts {
    let mut rows: Vec<_> = cells.keys().map(|(row, _)| row.clone()).collect();
    let mut columns: Vec<_> = cells.keys().map(|(_, column)| column.clone()).collect();
    rows.dedup();
    columns.sort();
    columns.dedup();
    let count = |row: &String, column: &String| {
        cells
            .get(&(row.clone(), column.clone()))
            .copied()
            .unwrap_or_default()
    };
    let cells = rows
        .iter()
        .map(|row| columns.iter().map(|column| count(row, column)).collect())
        .collect();
    Counts {
        rows,
        columns,
        cells,
    }
}

fn totals(
    picked: &Picked<'_>,
    name: impl Fn(&RequestRow, &RoundRow) -> &'static str,
) -> Vec<(String, u64)> {
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for (round, request) in picked.rounds() {
        *found.entry(name(request, round).to_owned()).or_default() += 1;
    }
    found.into_iter().collect()
}

/// Of what was decided: by a program alone, or by a person.
fn means(picked: &Picked<'_>) -> Vec<(String, u64)> {
    let decided = picked.rounds().filter(|(round, _)| round.answer.is_some());
    split(
        decided.map(|(round, _)| round.is_automated),
        ["program", "person"],
    )
}

/// Of what was acted on: whether it was taken back later.
fn reversals(picked: &Picked<'_>) -> Vec<(String, u64)> {
    let done = picked
        .rounds()
        .filter(|(round, _)| round.answer == Some(OutcomeAnswer::Done));
    split(
        done.map(|(round, _)| round.is_reversed),
        ["taken back", "stands"],
    )
}

fn reappeared(picked: &Picked<'_>) -> Vec<(String, u64)> {
    split(
        picked.rounds().map(|(round, _)| round.round > 1),
        ["reappeared", "first"],
    )
}

fn disputes(picked: &Picked<'_>) -> Vec<(String, u64)> {
    split(
        picked.requests().map(|(_, row)| row.is_disputed),
        ["disputed", "not disputed"],
    )
}

fn split(found: impl Iterator<Item = bool>, names: [&str; 2]) -> Vec<(String, u64)> {
    let (yes, no) = found.fold(
        (0, 0),
        |(yes, no), is| if is { (yes + 1, no) } else { (yes, no + 1) },
    );
    names
        .map(str::to_owned)
        .into_iter()
        .zip([yes, no])
        .collect()
}

fn legal(picked: &Picked<'_>, threshold: u64) -> Vec<PublicShare> {
    let mut found: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (legal, ..) in picked.legal() {
        let (met, breached) = found
            .entry(picked.base.words.text(legal.clock))
            .or_default();
        match legal.legal {
            Legal::Met(_) => *met += 1,
            Legal::Late(_) | Legal::Overdue(_) => *breached += 1,
            _ => {}
        }
    }
    let large = found
        .into_iter()
        .filter(|(_, (met, breached))| *met >= threshold && *breached >= threshold);
    large
        .filter_map(|(clock, (met, breached))| {
            Some(PublicShare {
                clock: clock.to_owned(),
                within_percent: met
                    .saturating_mul(100)
                    .checked_div(met.saturating_add(breached))?,
            })
        })
        .collect()
}

// ---- What is shown

fn table(by: &str, unit: &str, counts: &Counts, threshold: u64) -> Option<PublicTable> {
    let shown = suppress(counts, threshold)?;
    let rows = shown
        .counts
        .rows
        .iter()
        .zip(shown.counts.row_totals())
        .enumerate();
    let rows = rows.map(|(place, (name, total))| PublicRow {
        name: name.clone(),
        cells: (0..shown.counts.columns.len())
            .map(|column| shown.cell(place, column))
            .collect(),
        total,
    });
    Some(PublicTable {
        by: by.to_owned(),
        unit: unit.to_owned(),
        rows: rows.collect(),
        columns: shown.counts.columns.clone(),
        totals: shown.counts.column_totals(),
    })
}

/// A table of one column. Two categories of which one is too small are one, and then there is nothing to tell apart.
fn one_way(by: &str, unit: &str, counts: &[(String, u64)], threshold: u64) -> Option<PublicTable> {
    let counts = Counts {
        rows: counts.iter().map(|(name, _)| name.clone()).collect(),
        columns: vec!["all".to_owned()],
        cells: counts.iter().map(|(_, count)| vec![*count]).collect(),
    };
    table(by, unit, &counts, threshold).filter(|table| table.rows.len() > 1)
}

/// Times of everything, and of groups whose row hides nothing: how many came to a step is no secret there.
fn times(
    picked: &Picked<'_>,
    source: Source,
    threshold: u64,
    tables: &[PublicTable],
) -> Vec<PublicTime> {
    let mut found: BTreeMap<(&str, String, usize, &str), Vec<DurationMs>> = BTreeMap::new();
    let mut add = |request: &RequestRow, starts, step: Step, reached: Option<Reached>| {
        let Some(Reached::At(end)) = reached else {
            return;
        };
        let clocks = CLOCKS.into_iter().enumerate();
        for (place, clock) in clocks.filter(|(_, clock)| *clock != Clock::Reported) {
            let Some(begun) = start(starts, clock) else {
                continue;
            };
            for (by, group) in groups_of(picked.base, request, source) {
                let key = (by, group, place, step.name());
                found
                    .entry(key)
                    .or_default()
                    .push(end.saturating_sub(begun));
            }
        }
    };
    for (_, request) in picked.requests() {
        add(
            request,
            &request.starts,
            Step::HumanAnswer,
            request.end(Step::HumanAnswer),
        );
    }
    for (round, request) in picked.rounds() {
        add(
            request,
            &round.starts,
            Step::Outcome,
            round.end(Step::Outcome),
        );
    }
    let hides_nothing = |by: &str, group: &str| {
        let rows = tables
            .iter()
            .filter(|table| table.by == by)
            .flat_map(|table| &table.rows);
        by == "all"
            || rows
                .filter(|row| row.name == group)
                .any(|row| !row.cells.contains(&None))
    };
    let shown = found
        .into_iter()
        .filter_map(|((by, group, clock, step), mut times)| {
            times.sort_unstable();
            let p50_ms = rounded(&times, 50, threshold)?;
            hides_nothing(by, &group).then(|| PublicTime {
                by: by.to_owned(),
                group,
                clock: CLOCKS
                    .get(clock)
                    .map_or("", |clock| clock.name())
                    .to_owned(),
                step: step.to_owned(),
                p50_ms: Some(p50_ms),
                p90_ms: rounded(&times, 90, threshold),
            })
        });
    shown.collect()
}

fn groups_of(base: &Base, request: &RequestRow, source: Source) -> Vec<(&'static str, String)> {
    let mut groups = vec![
        ("all", String::new()),
        ("kind", request.kind.as_str().to_owned()),
        ("urgency", base.words.text(request.urgency).to_owned()),
    ];
    if source == Source::Audit {
        groups.push(("recipient", base.words.text(request.to).to_owned()));
    }
    groups
}

/// A percentile with at least as many values on each side of it as the threshold, rounded to two digits.
fn rounded(times: &[DurationMs], percent: u64, threshold: u64) -> Option<DurationMs> {
    let n = count(times);
    let above = n.saturating_mul(100 - percent) / 100;
    let enough = above >= threshold.saturating_mul(PERCENTILE_SIDES);
    let value = percentile(times, usize::try_from(percent).ok()?)?;
    enough.then(|| two_digits(value))
}

/// Rounded to two digits, half up.
fn two_digits(value: DurationMs) -> DurationMs {
    let mut unit: DurationMs = 1;
    while value / unit >= 100 {
        unit = unit.saturating_mul(10);
    }
    (value.saturating_add(unit / 2) / unit).saturating_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::two_digits;

    #[test]
    fn a_time_is_rounded_to_two_digits() {
        let check = |value: u64, expected: u64| assert_eq!(two_digits(value), expected, "{value}");
        check(0, 0);
        check(99, 99);
        check(104, 100);
        check(105, 110);
        check(3_661_234, 3_700_000);
        check(86_400_000, 86_000_000);
        check(999, 1_000);
    }
}
