//! The report: one object for programs; for people a table by section, what failed, and what could not be played.

use std::fmt::Write as _;

use comity_conformance::report::Section;
use serde_json::{Value, json};

use super::play::Played;
use crate::tables::{Table, plain};

/// For programs.
pub(super) fn json(played: &Played) -> Value {
    let Played {
        world,
        peer,
        report,
        records,
    } = played;
    let not_played = report.not_played().into_iter();
    json!({
        "target": {
            "peer": peer,
            "member": world.target.member.as_str(),
            "chain": world.target.chain,
            "now_ms": world.target.now_ms,
        },
        "sections": report.sections(),
        "all": report.all(),
        "failed": report.failed().collect::<Vec<_>>(),
        "passed": report.passed().collect::<Vec<_>>(),
        "not_played": not_played
            .map(|(why, names)| json!({"why": why, "names": names}))
            .collect::<Vec<_>>(),
        "records": records,
    })
}

/// For people.
pub(super) fn text(played: &Played) -> String {
    let Played {
        world,
        peer,
        report,
        records,
    } = played;
    let target = &world.target;
    let mut text = format!(
        "{} at {peer}, chain {}, clock {}\n\n",
        target.member.as_str(),
        target.chain,
        crate::clock::text_of(target.now_ms),
    );
    let mut table = Table::new(&["section", "run", "passed", "failed", "not played", "all"]);
    for section in report.sections() {
        row(&mut table, &section);
    }
    row(&mut table, &report.all());
    let _ = write!(text, "{table}");
    for failed in report.failed() {
        let name = plain(failed.name);
        let _ = write!(
            text,
            "\nFAILED {name}, section {}\n  {}\n  expected: {}\n  found:    {}\n",
            failed.section,
            failed.shows,
            failed.expected,
            plain(failed.found),
        );
        if !failed.file.is_empty() {
            let _ = writeln!(text, "  bytes:    protocol-spec/vectors/{}", failed.file);
        }
        for line in failed.diag.unwrap_or_default().lines() {
            let _ = writeln!(text, "            {line}");
        }
    }
    let not_played = report.not_played();
    if !not_played.is_empty() {
        text.push_str("\nNot played:\n");
    }
    for (why, names) in not_played {
        let _ = writeln!(text, "{:>5}  {why}", names.len());
    }
    let all = report.all();
    let _ = write!(
        text,
        "\n{} of {} answers were right; receipts showed {records} records of one log.\n",
        all.passed, all.run,
    );
    text
}

fn row(table: &mut Table, section: &Section) {
    let Section {
        section: name,
        run,
        passed,
        failed,
        not_played,
        total,
    } = section;
    let counts = [run, passed, failed, not_played, total].map(ToString::to_string);
    table.row(std::iter::once(name.clone()).chain(counts));
}
