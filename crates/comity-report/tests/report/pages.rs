//! The document to look at.

use comity_report::html::{html, html_public};
use comity_report::public::{Frame, Public, public};
use comity_report::report::{FindingUsed, LogUsed, Report, Wish};
use comity_report::{Base, Context, Dimension, figures};
use comity_testkit::federation::code;
use comity_wire::registry::OutcomeAnswer;

use crate::figures::report;
use crate::fixture::{Case, HOUR, at, base, context};

/// A year of four platforms, some slower than others.
pub(crate) fn year() -> (Base, u64) {
    let now = 60 * 24 * HOUR;
    let context = Context {
        clocks: vec![
            (code("within-a-day"), Some(24 * HOUR)),
            (code("nl-atkm-12h"), None),
        ],
        ..context(now)
    };
    let names = ["fast", "steady", "slow", "silent"];
    let cases: Vec<_> = (0..400_u32)
        .map(|n| {
            let spread = u64::from(n * 7919 % 97);
            let when = u64::from(n) * now / 420;
            let member = n as usize % 4;
            let case = Case::request(n, "north", names[member], when, |facts| {
                facts.reported_at = Some(at(when) - HOUR);
                facts.clocks = (n % 3 == 0).then(|| vec![code("nl-atkm-12h")]);
            });
            let human = when + [1, 20, 300][member.min(2)] * 60_000 * (1 + spread / 4);
            let done = human + [3, 40, 500][member.min(2)] * 60_000 * (1 + spread / 3);
            match member {
                3 if spread > 20 => case,
                _ if done > now => case.acknowledge(human.min(now), "person"),
                _ => case
                    .acknowledge(human, "person")
                    .outcome(done, OutcomeAnswer::Done),
            }
        })
        .collect();
    (base(&cases, &context), now)
}

fn full() -> Report {
    let (base, now) = year();
    let mut found = report(&base, Wish::default(), now);
    found.logs = vec![LogUsed {
        origin: "f00d/north.example/1".to_owned(),
        member: "north.example".to_owned(),
        size: 5_120,
        root: "5b".repeat(32),
        taken_at: at(now),
        records: 5_120,
        complete: true,
        all_with: Vec::new(),
        checkpoint: Some(
            "f00d/north.example/1\n5120\nabc=\n\n— f00d/north.example/1 sig\n— fed/south.example/witness cosig\n".to_owned(),
        ),
    }];
    found.findings = vec![FindingUsed {
        code: "missing-at-recipient".to_owned(),
        member: "<script>alert(1)</script>".to_owned(),
        words: "A statement is missing.".to_owned(),
        reply: None,
    }];
    found
}

/// A report and public figures of the same logs.
pub(crate) fn tied() -> (Report, Public) {
    let (base, now) = year();
    let mut found = full();
    found.asked.by = vec![Dimension::Member];
    found.table = figures(&base, &found.asked, at(now)).unwrap();
    let frame = Frame {
        made_by: "north.example".to_owned(),
        made_at: at(now),
        small_cell: 10,
        logs: found.logs.clone(),
    };
    (found, public(&base, &Wish::default(), frame))
}

#[test]
fn the_document_needs_nothing_from_elsewhere_and_runs_nothing() {
    let text = html(&full());
    for needed in [
        "<svg",
        "<title id=",
        "<desc id=",
        "prefers-color-scheme: dark",
        "@media print",
        "<caption>",
    ] {
        assert!(text.contains(needed), "{needed}");
    }
    for never in [
        "<script", "http://", "https://", "<link", "<img", "@import", "url(", "onclick",
    ] {
        assert!(!text.contains(never), "{never}");
    }
}

#[test]
fn every_recipient_has_a_part_with_its_own_sentences() {
    let text = html(&full());
    for member in ["fast", "steady", "slow", "silent"] {
        assert!(
            text.contains(&format!("Answers of {member}.example")),
            "{member}"
        );
    }
    let parts = text.matches("<section").count();
    assert_eq!(parts, 5);
    // Every id that is pointed to is there once.
    for id in ["all", "m0", "m3", "logs"] {
        assert_eq!(text.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
    }
}

#[test]
fn it_says_how_it_stands_before_anything_else() {
    let check = |cases: &[Case], expected: &str| {
        let text = html(&report(&base(cases, &context(HOUR)), Wish::default(), HOUR));
        assert!(text.contains(expected), "{expected}");
    };
    check(&[], "Nothing began in this time.");
    check(
        &[Case::request(1, "north", "one", 0, |_| {})],
        "Of one request, none has had an answer by a person. No legal clock has fallen due, and one item waits for an outcome.",
    );
    check(
        &[Case::request(1, "north", "one", 0, |_| {}).outcome(599_000, OutcomeAnswer::Done)],
        "half had an answer by a person within 10 min and half of the items that were decided were decided within 10 min. No legal clock has fallen due, and nothing waits for an outcome.",
    );
}

#[test]
fn claim_and_proof_are_told_apart_and_logs_are_named() {
    let text = html(&full());
    for said in [
        "What is proven and what is claimed",
        "the hotline's claim",
        "f00d/north.example/1",
        "A statement is missing.",
    ] {
        assert!(text.contains(said), "{said}");
    }
}

#[test]
fn a_week_in_which_many_still_wait_is_drawn_hollow() {
    let check = |done: u32, waiting: u32, expected: bool| {
        let cases: Vec<_> = (0..done + waiting)
            .map(|n| {
                let case = Case::request(n, "north", "one", 0, |_| {});
                if n < done {
                    case.outcome(HOUR, OutcomeAnswer::Done)
                } else {
                    case
                }
            })
            .collect();
        let found = report(&base(&cases, &context(HOUR)), Wish::default(), HOUR);
        let week = &found.pages[0].weeks[0];
        assert_eq!((week.decided, week.waiting), (done.into(), waiting.into()));
        let is_hollow = html(&found).contains("class=\"dot hollow\"");
        assert_eq!(is_hollow, expected, "{done} {waiting}");
    };
    check(9, 0, false);
    check(9, 1, false);
    check(8, 1, true);
}

#[test]
fn public_figures_are_a_file_that_hides_what_is_small_and_needs_nothing_from_elsewhere() {
    let (_, found) = tied();
    let text = html_public(&found);
    for needed in [
        "<svg",
        "<title id=\"p0-t\">",
        "<caption>",
        "class=\"hidden\"",
        ">hidden</td>",
        "f00d/north.example/1",
        "— f00d/north.example/1 sig",
        "What these figures are not",
    ] {
        assert!(text.contains(needed), "{needed}");
    }
    for never in ["<script", "http://", "https://", "<link", "<img", "url("] {
        assert!(!text.contains(never), "{never}");
    }
    for table in &found.tables {
        for row in &table.rows {
            assert!(text.contains(&format!("<td>{}</td></tr>", row.total)));
        }
    }
}
