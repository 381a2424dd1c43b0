//! A report as one flat sheet: the same columns in CSV and in Parquet.
//!
//! One line for each group, clock, step and round (`sort` is `time`), for each group and legal clock (`legal`), and for
//! each group, step and class of age (`open`). At the end stand the logs that all of it is made of (`log`): `clock` is the
//! origin, `step` the root, `age` the signed head with its cosignatures, `count` the records under it. A column that
//! says nothing of a line is empty there.

use crate::ages::AGES;
use crate::public::Public;
use crate::report::{Ages, LegalFigures, LogUsed, Report, Row};

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A word.
    Text(String),
    /// A number.
    Number(u64),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Words.
    Text,
    /// Numbers.
    Number,
}

/// Columns, and lines of as many cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Names, and what they hold.
    pub columns: Vec<(String, Holds)>,
    /// The lines.
    pub lines: Vec<Vec<Cell>>,
}

impl Sheet {
    /// The sheet of a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let dimensions = report.asked.by.iter().map(|dimension| dimension.as_str());
        let texts = ["sort"].into_iter().chain(dimensions).chain(TEXTS);
        let texts = texts.map(|name| (name.to_owned(), Holds::Text));
        let numbers = NUMBERS.map(|name| (name.to_owned(), Holds::Number));
        let table = &report.table;
        let times = table.rows.iter().map(of_row);
        let legal = table.legal.iter().map(of_legal);
        let open = table.ages.iter().flat_map(of_ages);
        Self {
            columns: texts.chain(numbers).collect(),
            lines: times
                .chain(legal)
                .chain(open)
                .chain(
                    report
                        .logs
                        .iter()
                        .map(|log| of_log(log, report.asked.by.len())),
                )
                .collect(),
        }
    }
}

impl Sheet {
    /// The sheet of public figures: a line for each cell (`sort` is `count`; a total has the column `total`), each share
    /// within a legal clock (`share`) and each time (`time`). A hidden count is empty. At the end stand the logs (`log`):
    /// `by` is the origin, `row` the root, `column` the signed head with its cosignatures, `count` the records under it.
    #[must_use]
    pub fn of_public(public: &Public) -> Self {
        let texts =
            ["sort", "by", "row", "column", "unit"].map(|name| (name.to_owned(), Holds::Text));
        let numbers =
            ["count", "percent", "p50_ms", "p90_ms"].map(|name| (name.to_owned(), Holds::Number));
        let line = |texts: [&str; 5], numbers: [Option<u64>; 4]| {
            let numbers = numbers.map(|number| number.map_or(Cell::Empty, Cell::Number));
            texts
                .map(text)
                .into_iter()
                .chain(numbers)
                .collect::<Vec<_>>()
        };
        let mut lines = Vec::new();
        for table in &public.tables {
            let cell = |row: &str, column: &str, count: Option<u64>| {
                line(
                    ["count", &table.by, row, column, &table.unit],
                    [count, None, None, None],
                )
            };
            for row in &table.rows {
                let cells = table.columns.iter().zip(&row.cells);
                lines.extend(cells.map(|(column, count)| cell(&row.name, column, *count)));
                lines.push(cell(&row.name, "total", Some(row.total)));
            }
            let totals = table.columns.iter().zip(&table.totals);
            lines.extend(totals.map(|(column, count)| cell("total", column, Some(*count))));
        }
        for share in &public.legal {
            let percent = Some(share.within_percent);
            lines.push(line(
                ["share", "legal clock", &share.clock, "in time", ""],
                [None, percent, None, None],
            ));
        }
        for time in &public.times {
            let step = format!("{} to {}", time.clock, time.step);
            let times = [None, None, time.p50_ms, time.p90_ms];
            lines.push(line(["time", &time.by, &time.group, &step, ""], times));
        }
        for log in &public.logs {
            let head = log.checkpoint.as_deref().unwrap_or_default();
            lines.push(line(
                ["log", &log.origin, &log.root, head, "records"],
                [Some(log.size), None, None, None],
            ));
        }
        Self {
            columns: texts.into_iter().chain(numbers).collect(),
            lines,
        }
    }
}

/// After the dimensions.
const TEXTS: [&str; 4] = ["clock", "step", "age", "not_computed_because"];

const NUMBERS: [&str; 19] = [
    "round",
    "count",
    "open",
    "ended",
    "p50_ms",
    "p90_ms",
    "p95_ms",
    "p99_ms",
    "max_ms",
    "paused_ms",
    "met",
    "late",
    "overdue",
    "running",
    "paused",
    "void",
    "not_computed",
    "within_per_10000",
    "age_end_ms",
];

fn line(sort: &str, group: &[String], texts: [Cell; 4], numbers: [Option<u64>; 19]) -> Vec<Cell> {
    let sort = Cell::Text(sort.to_owned());
    let group = group.iter().cloned().map(Cell::Text);
    let numbers = numbers.map(|number| number.map_or(Cell::Empty, Cell::Number));
    [sort]
        .into_iter()
        .chain(group)
        .chain(texts)
        .chain(numbers)
        .collect()
}

fn of_log(log: &LogUsed, dimensions: usize) -> Vec<Cell> {
    let head = log.checkpoint.as_deref().map_or(Cell::Empty, text);
    let mut numbers = [None; 19];
    let [_, count, ..] = &mut numbers;
    *count = Some(log.size);
    let texts = [text(&log.origin), text(&log.root), head, Cell::Empty];
    let [sort, rest @ ..] = &*line("log", &[], texts, numbers) else {
        return Vec::new();
    };
    let groups = std::iter::repeat_n(Cell::Empty, dimensions);
    std::iter::once(sort.clone())
        .chain(groups)
        .chain(rest.iter().cloned())
        .collect()
}

fn of_row(row: &Row) -> Vec<Cell> {
    let texts = [text(&row.clock), text(&row.step), Cell::Empty, Cell::Empty];
    let own = [
        row.round,
        Some(row.count),
        Some(row.open),
        Some(row.ended),
        row.p50_ms,
        row.p90_ms,
        row.p95_ms,
        row.p99_ms,
        row.max_ms,
        Some(row.paused_ms),
    ];
    let mut numbers = [None; 19];
    for (place, number) in numbers.iter_mut().zip(own) {
        *place = number;
    }
    line("time", &row.group, texts, numbers)
}

fn of_legal(legal: &LegalFigures) -> Vec<Cell> {
    let because: Vec<_> = legal
        .not_computed
        .iter()
        .map(|(why, count)| format!("{why} {count}"))
        .collect();
    let because = if because.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(because.join("; "))
    };
    let not_computed = legal.not_computed.iter().map(|(_, count)| count).sum();
    let own = [
        Some(legal.met),
        Some(legal.late),
        Some(legal.overdue),
        Some(legal.running),
        Some(legal.paused),
        Some(legal.void),
        Some(not_computed),
        legal.within_per_10000,
    ];
    let mut numbers = [None; 19];
    for (place, number) in numbers.iter_mut().skip(10).zip(own) {
        *place = number;
    }
    line(
        "legal",
        &legal.group,
        [text(&legal.clock), Cell::Empty, Cell::Empty, because],
        numbers,
    )
}

fn of_ages(ages: &Ages) -> impl Iterator<Item = Vec<Cell>> + '_ {
    AGES.iter().zip(&ages.open).map(|((end, name), open)| {
        let texts = [Cell::Empty, text(&ages.step), text(name), Cell::Empty];
        let mut numbers = [None; 19];
        let [_, _, of_open, .., of_end] = &mut numbers;
        *of_open = Some(*open);
        *of_end = Some(*end).filter(|end| *end != u64::MAX);
        line("open", &ages.group, texts, numbers)
    })
}

fn text(word: &str) -> Cell {
    Cell::Text(word.to_owned())
}
