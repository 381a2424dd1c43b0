//! CSV and Parquet, read again by libraries that are not ours.

use std::io::Write as _;

use comity_report::csv::csv;
use comity_report::html::{html, html_public};
use comity_report::parquet::parquet;
use comity_report::report::{Dimension, Wish};
use comity_report::sheet::{Cell, Holds, Sheet};
use comity_wire::registry::OutcomeAnswer;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use crate::figures::report;
use crate::fixture::{Case, HOUR, base, context};
use crate::pages::tied;

fn sheet() -> Sheet {
    let cases: Vec<_> = (0..20)
        .map(|n| Case::request(n, "north", ["one", "two"][n as usize % 2], 0, |_| {}))
        .map(|case| case.outcome(HOUR, OutcomeAnswer::Done))
        .collect();
    let wish = Wish {
        by: vec![Dimension::Member, Dimension::Kind],
        ..Wish::default()
    };
    Sheet::of(&report(&base(&cases, &context(2 * HOUR)), wish, 2 * HOUR))
}

#[test]
fn csv_has_a_header_and_as_many_cells_in_every_line() {
    let text = csv(&sheet());
    let mut lines = text.split("\r\n");
    let header = lines.next().unwrap();
    assert!(header.starts_with("sort,member,kind,clock,step,age,"));
    let columns = header.split(',').count();
    let rest: Vec<_> = lines.collect();
    assert_eq!(rest.last(), Some(&""));
    assert!(rest.len() > 10);
    for line in &rest[..rest.len() - 1] {
        assert_eq!(line.split(',').count(), columns, "{line}");
    }
}

/// Figures can be tied to the logs that they are made of in every form.
#[test]
fn every_form_names_origin_size_root_and_signed_head_of_each_log() {
    let (report, public) = tied();
    let head = report.logs[0].checkpoint.clone().unwrap();
    let says = |form: &str, text: &str| {
        for part in ["f00d/north.example/1", "5120", &"5b".repeat(32)] {
            assert!(text.contains(part), "{form}: {part}");
        }
        for line in head.lines().filter(|line| line.starts_with('—')) {
            assert!(text.contains(line), "{form}: {line}");
        }
    };
    let json = |text: String| text.replace("\\n", "\n");
    says("json", &json(serde_json::to_string(&report).unwrap()));
    says("csv", &csv(&Sheet::of(&report)));
    says("html", &html(&report));
    says(
        "public json",
        &json(serde_json::to_string(&public).unwrap()),
    );
    says("public csv", &csv(&Sheet::of_public(&public)));
    says("public html", &html_public(&public));
    let width = Sheet::of(&report).columns.len();
    assert!(
        Sheet::of(&report)
            .lines
            .iter()
            .all(|line| line.len() == width)
    );
    check_parquet(&Sheet::of(&report));
}

fn check_parquet(sheet: &Sheet) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&parquet(sheet)).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let lines: Vec<_> = reader.get_row_iter(None).unwrap().collect();
    assert_eq!(lines.len(), sheet.lines.len());
    for (read, line) in lines.into_iter().zip(&sheet.lines) {
        let read: Vec<_> = read
            .unwrap()
            .into_columns()
            .into_iter()
            .map(|(_, field)| match field {
                Field::Null => Cell::Empty,
                Field::Str(text) => Cell::Text(text),
                Field::ULong(number) => Cell::Number(number),
                other => Cell::Text(format!("{other:?} is neither")),
            })
            .collect();
        assert_eq!(&read, line);
    }
}

#[test]
fn another_reader_of_parquet_reads_every_cell() {
    check_parquet(&sheet());
    check_parquet(&Sheet {
        columns: vec![
            ("text".to_owned(), Holds::Text),
            ("number".to_owned(), Holds::Number),
        ],
        lines: vec![
            vec![
                Cell::Text("grüße, \"all\"".to_owned()),
                Cell::Number(u64::MAX),
            ],
            vec![Cell::Empty, Cell::Empty],
            vec![Cell::Text(String::new()), Cell::Number(0)],
        ],
    });
    // Enough lines and columns for lengths of more than one byte.
    let columns = (0..40).map(|n| (format!("c{n}"), Holds::Number)).collect();
    let lines = (0..3_000)
        .map(|line| (0..40).map(|n| Cell::Number(line * n)).collect())
        .collect();
    check_parquet(&Sheet { columns, lines });
}
