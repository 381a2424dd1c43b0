//! Public figures: nothing small is shown, and nothing that is hidden can be computed.

use comity_report::public::{Frame, Public, public};
use comity_report::report::{LogUsed, Source, Wish};
use comity_report::suppress::{Counts, merged_columns, suppress};
use comity_testkit::federation::code;
use comity_wire::registry::OutcomeAnswer;
use proptest::prelude::*;

use crate::fixture::{Case, HOUR, at, base, context};

fn counts(cells: &[Vec<u64>]) -> Counts {
    let names = |what: &str, n: usize| (0..n).map(|n| format!("{what}{n}")).collect();
    Counts {
        rows: names("r", cells.len()),
        columns: names("c", cells.first().map_or(0, Vec::len)),
        cells: cells.to_vec(),
    }
}

/// `-` for what is hidden.
fn check(cells: &[Vec<u64>], threshold: u64, expected: Option<&[&str]>) {
    let shown = suppress(&counts(cells), threshold).map(|shown| {
        let rows = shown.counts.rows.iter().enumerate();
        rows.map(|(row, name)| {
            let cell = |column| {
                shown
                    .cell(row, column)
                    .map_or("-".to_owned(), |count| count.to_string())
            };
            let cells: Vec<_> = (0..shown.counts.columns.len()).map(cell).collect();
            format!("{name}: {}", cells.join(" "))
        })
        .collect::<Vec<_>>()
    });
    let expected =
        expected.map(|rows| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>());
    assert_eq!(shown, expected);
}

#[test]
fn a_table_without_small_cells_is_shown_as_it_is() {
    check(
        &[vec![10, 20], vec![30, 40]],
        10,
        Some(&["r0: 10 20", "r1: 30 40"]),
    );
}

#[test]
fn one_small_cell_takes_three_others_with_it() {
    // With fewer hidden, a row or a column would give it away.
    check(
        &[vec![3, 20], vec![30, 40]],
        10,
        Some(&["r0: - -", "r1: - -"]),
    );
    check(
        &[vec![3, 20, 90], vec![30, 40, 90], vec![70, 80, 90]],
        10,
        Some(&["r0: - - 90", "r1: - - 90", "r2: 70 80 90"]),
    );
}

#[test]
fn a_nothing_is_as_small_as_any_other() {
    check(
        &[vec![0, 20], vec![30, 40]],
        10,
        Some(&["r0: - -", "r1: - -"]),
    );
}

#[test]
fn two_small_cells_that_give_each_other_away_take_more_with_them() {
    // Both rows and columns have two hidden cells, but their sums leave less room than ten.
    check(
        &[vec![1, 2, 50, 90], vec![2, 1, 50, 90], vec![60, 70, 80, 90]],
        10,
        Some(&["r0: - - - 90", "r1: - - - 90", "r2: - - - 90"]),
    );
}

#[test]
fn rows_that_are_too_small_are_one() {
    check(
        &[vec![2, 3], vec![4, 4], vec![100, 100]],
        10,
        Some(&["r2: - -", "other: - -"]),
    );
    // One row that is too small takes the next one with it.
    check(
        &[vec![2, 3], vec![20, 20], vec![100, 100]],
        10,
        Some(&["r2: 100 100", "other: 22 23"]),
    );
}

#[test]
fn what_is_too_little_is_not_shown_at_all() {
    check(&[vec![2, 3]], 10, None);
    assert_eq!(
        merged_columns(&[("a".to_owned(), 4), ("b".to_owned(), 5)], 10),
        None
    );
    assert_eq!(merged_columns(&[], 10), None);
}

fn some_table() -> impl Strategy<Value = (Vec<Vec<u64>>, u64)> {
    let count = prop_oneof![Just(0_u64), 1..6_u64, 6..40_u64];
    (2..5_usize, 2..5_usize)
        .prop_flat_map(move |(rows, columns)| {
            prop::collection::vec(prop::collection::vec(count.clone(), columns), rows)
        })
        .prop_flat_map(|cells| (Just(cells), 2..8_u64))
}

/// All tables with the same totals and the same shown cells, as whoever reads them can list them: the least and the
/// greatest value of each cell. Written without the flows of what is tested.
fn attack(cells: &[Vec<Option<u64>>], rows: &[u64], columns: &[u64]) -> Vec<Vec<(u64, u64)>> {
    fn try_all(
        place: usize,
        cells: &[Vec<Option<u64>>],
        rows: &mut [u64],
        columns: &mut [u64],
        now: &mut Vec<u64>,
        found: &mut Vec<Vec<(u64, u64)>>,
    ) {
        let width = columns.len();
        if place == cells.len() * width {
            if rows.iter().chain(columns.iter()).all(|left| *left == 0) {
                for (at, value) in now.iter().enumerate() {
                    let range = &mut found[at / width][at % width];
                    *range = (range.0.min(*value), range.1.max(*value));
                }
            }
            return;
        }
        let (row, column) = (place / width, place % width);
        let most = rows[row].min(columns[column]);
        let last = column + 1 == width;
        let values = match cells[row][column] {
            Some(known) => known..=known,
            None if last => rows[row]..=rows[row],
            None => 0..=most,
        };
        for value in values {
            if value > most || (last && value != rows[row]) {
                continue;
            }
            rows[row] -= value;
            columns[column] -= value;
            now.push(value);
            try_all(place + 1, cells, rows, columns, now, found);
            now.pop();
            rows[row] += value;
            columns[column] += value;
        }
    }
    let mut found = vec![vec![(u64::MAX, 0); columns.len()]; rows.len()];
    try_all(
        0,
        cells,
        &mut rows.to_vec(),
        &mut columns.to_vec(),
        &mut Vec::new(),
        &mut found,
    );
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Every table that fits what is shown is tried: each hidden cell can have values that are the threshold apart.
    #[test]
    fn nobody_computes_a_hidden_cell_from_all_that_is_shown(
        cells in prop::collection::vec(prop::collection::vec(0_u64..9, 3), 2..4), threshold in 2..5_u64,
    ) {
        let all = counts(&cells);
        let totals: Vec<_> = all.columns.iter().cloned().zip(all.column_totals()).collect();
        let Some(groups) = merged_columns(&totals, threshold) else { return Ok(()) };
        let Some(shown) = suppress(&all.with_columns(&groups), threshold) else { return Ok(()) };
        let (rows, columns) = (shown.counts.row_totals(), shown.counts.column_totals());
        let seen: Vec<Vec<_>> = (0..rows.len())
            .map(|row| (0..columns.len()).map(|column| shown.cell(row, column)).collect())
            .collect();
        let ranges = attack(&seen, &rows, &columns);
        for (row, cells) in seen.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (least, most) = ranges[row][column];
                match cell {
                    Some(count) => prop_assert!(*count >= threshold),
                    None => {
                        prop_assert!(most - least >= threshold, "{seen:?} {least}..{most}");
                        prop_assert_eq!(shown.width((row, column), u64::MAX), most - least);
                    }
                }
            }
        }
    }

    /// Larger tables, by the flows alone; and no total is small or changed.
    #[test]
    fn every_hidden_cell_of_a_larger_table_has_room((cells, threshold) in some_table()) {
        let all = counts(&cells);
        let sum: u64 = all.row_totals().iter().sum();
        let totals: Vec<_> = all.columns.iter().cloned().zip(all.column_totals()).collect();
        let Some(groups) = merged_columns(&totals, threshold) else { return Ok(()) };
        let Some(shown) = suppress(&all.with_columns(&groups), threshold) else { return Ok(()) };
        for (row, _) in shown.counts.rows.iter().enumerate() {
            for (column, _) in shown.counts.columns.iter().enumerate() {
                match shown.cell(row, column) {
                    Some(count) => prop_assert!(count >= threshold),
                    None => prop_assert!(shown.width((row, column), threshold) >= threshold),
                }
            }
        }
        let shown_totals = [shown.counts.row_totals(), shown.counts.column_totals()].concat();
        prop_assert!(shown_totals.iter().all(|total| *total >= threshold));
        prop_assert_eq!(shown.counts.row_totals().iter().sum::<u64>(), sum);
    }
}

// ---- The whole document

fn made(cases: &[Case], small_cell: u64) -> Public {
    let base = base(cases, &context(100 * HOUR));
    let log = LogUsed {
        origin: "0/north.example/1".to_owned(),
        member: "north.example".to_owned(),
        size: 7,
        root: "00".to_owned(),
        taken_at: at(0),
        records: 7,
        complete: true,
        all_with: Vec::new(),
        checkpoint: Some("a signed head".to_owned()),
    };
    let frame = Frame {
        made_by: "north.example".to_owned(),
        made_at: at(100 * HOUR),
        small_cell,
        logs: vec![log],
    };
    public(
        &base,
        &Wish {
            source: Source::Own,
            ..Wish::default()
        },
        frame,
    )
}

fn many() -> Vec<Case> {
    (0..60)
        .map(|n| {
            let urgent = n % 3 == 0;
            let case = Case::request(
                n,
                "north",
                if n < 50 { "one" } else { "two" },
                u64::from(n),
                |facts| {
                    facts.urgency = Some(code(if urgent { "urgent" } else { "routine" }));
                    facts.reported_at = Some(at(0));
                },
            );
            match n % 4 {
                0 => case
                    .acknowledge(HOUR, "person")
                    .outcome(2 * HOUR, OutcomeAnswer::Done),
                1 => case.by_program(HOUR, OutcomeAnswer::Done),
                2 => case.outcome(3 * HOUR, OutcomeAnswer::Declined),
                _ => case,
            }
        })
        .collect()
}

#[test]
fn every_total_adds_up_and_nothing_below_the_threshold_is_shown() {
    let found = made(&many(), 5);
    assert_eq!((found.rounds, found.requests), (Some(60), Some(60)));
    let kinds: Vec<_> = found.tables.iter().map(|table| table.by.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "kind",
            "urgency",
            "country",
            "standing",
            "counterpart",
            "decided by"
        ]
    );
    for table in &found.tables {
        let rows: u64 = table.rows.iter().map(|row| row.total).sum();
        assert_eq!(rows, table.totals.iter().sum::<u64>(), "{}", table.by);
        for row in &table.rows {
            assert!(
                row.cells.iter().flatten().all(|count| *count >= 5),
                "{}",
                table.by
            );
        }
    }
    assert!(!found.times.is_empty());
}

#[test]
fn with_a_high_threshold_nothing_is_left_to_show() {
    let found = made(&many(), 1_000);
    assert_eq!((found.rounds, found.requests), (None, None));
    assert!(found.tables.is_empty() && found.times.is_empty() && found.legal.is_empty());
}

#[test]
fn nothing_of_a_case_a_statement_or_a_salt_is_in_public_figures() {
    let cases = many();
    let found = serde_json::to_string(&made(&cases, 5)).unwrap();
    for case in &cases {
        for said in &case.said {
            for secret in [said.case.to_string(), said.statement.to_string()] {
                assert!(!found.contains(&secret));
            }
        }
    }
    assert!(
        !found.contains("reported"),
        "the hotline's claim is left out"
    );
    assert!(found.contains("a signed head"));
}
