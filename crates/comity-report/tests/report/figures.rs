//! Groups, rounds, legal clocks and ages.

use comity_audit::{Matched, response_times, response_times_to};
use comity_report::report::{Dimension, Report, Row, Wish};
use comity_report::{Context, cases, figures, pages};
use comity_testkit::federation::code;
use comity_wire::registry::{Kind, OutcomeAnswer, hold_authority};
use comity_wire::words::Sorted;
use proptest::prelude::*;

use crate::fixture::{Case, HOUR, at, base, context, country, facts, member};

fn by(dimensions: &[Dimension]) -> Wish {
    Wish {
        by: dimensions.to_vec(),
        ..Wish::default()
    }
}

fn find<'a>(rows: &'a [Row], group: &[&str], clock: &str, step: &str) -> Option<&'a Row> {
    rows.iter()
        .find(|row| row.group == group && row.clock == clock && row.step == step)
}

#[test]
fn a_group_has_the_figures_of_its_own_requests() {
    let cases = [
        Case::request(1, "north", "one", 0, |_| {}).acknowledge(HOUR, "person"),
        Case::request(2, "north", "one", 0, |_| {}).acknowledge(3 * HOUR, "person"),
        Case::request(3, "north", "two", 0, |facts| {
            facts.urgency = Some(code("urgent"))
        }),
    ];
    let base = base(&cases, &context(10 * HOUR));
    let found = figures(
        &base,
        &by(&[Dimension::Member, Dimension::Urgency]),
        at(10 * HOUR),
    )
    .unwrap();
    assert_eq!((found.requests, found.rounds), (3, 3));
    let row = find(
        &found.rows,
        &["one.example", "routine"],
        "offered",
        "first-human-answer",
    )
    .unwrap();
    assert_eq!((row.count, row.open), (2, 0));
    assert_eq!(
        (row.p50_ms, row.max_ms),
        (Some(HOUR + 1_000), Some(3 * HOUR + 1_000))
    );
    let row = find(
        &found.rows,
        &["two.example", "urgent"],
        "offered",
        "first-human-answer",
    )
    .unwrap();
    assert_eq!((row.count, row.open, row.p50_ms), (0, 1, None));
    assert!(
        find(
            &found.rows,
            &["two.example", "routine"],
            "offered",
            "first-human-answer"
        )
        .is_none()
    );
}

#[test]
fn a_request_about_two_countries_is_counted_in_each_and_once_in_all() {
    let both = |facts: &mut comity_wire::leaf::Facts| {
        facts.jurisdictions = Some(Sorted::new([country("NL"), country("SE")]));
    };
    let base = base(&[Case::request(1, "north", "one", 0, both)], &context(HOUR));
    let found = figures(&base, &by(&[Dimension::Jurisdiction]), at(HOUR)).unwrap();
    assert_eq!(found.requests, 1);
    for land in ["NL", "SE"] {
        let row = find(&found.rows, &[land], "offered", "outcome").unwrap();
        assert_eq!(row.open, 1, "{land}");
    }
}

#[test]
fn what_began_in_the_period_is_counted_as_it_stands_now() {
    let cases = [
        Case::request(1, "north", "one", 0, |_| {}),
        Case::request(2, "north", "one", HOUR, |_| {}).acknowledge(9 * HOUR, "person"),
        Case::request(3, "north", "one", 2 * HOUR, |_| {}),
    ];
    let base = base(&cases, &context(10 * HOUR));
    let wish = Wish {
        from: Some(at(HOUR)),
        until: Some(at(2 * HOUR)),
        ..Wish::default()
    };
    let found = figures(&base, &wish, at(10 * HOUR)).unwrap();
    let row = find(&found.rows, &[], "offered", "first-human-answer").unwrap();
    assert_eq!((found.requests, row.count, row.open), (1, 1, 0));
}

#[test]
fn what_is_open_is_counted_by_age() {
    let cases = [
        Case::request(1, "north", "one", 0, |_| {}),
        Case::request(2, "north", "one", 100 * HOUR, |_| {}),
    ];
    let base = base(&cases, &context(100 * HOUR + 1));
    let found = figures(&base, &Wish::default(), at(100 * HOUR + 1)).unwrap();
    let open = found
        .ages
        .iter()
        .find(|ages| ages.step == "outcome")
        .unwrap();
    assert_eq!(open.open, [1, 0, 0, 1, 0, 0, 0]);
}

/// The legal clocks of one request, `clock: met late overdue running paused void | reasons`.
fn check_legal(case: Case, clocks: &[(&str, Option<u64>)], now: u64, expected: &[&str]) {
    let clocks = clocks.iter().map(|(id, own)| (code(id), *own)).collect();
    let context = Context {
        clocks,
        places: [(member("one"), vec![country("NL")])].into(),
        ..context(now)
    };
    let base = base(&[case], &context);
    let found = figures(&base, &Wish::default(), at(now)).unwrap();
    let shown: Vec<_> = found
        .legal
        .iter()
        .map(|row| {
            let counts = [
                row.met,
                row.late,
                row.overdue,
                row.running,
                row.paused,
                row.void,
            ];
            let counts: Vec<_> = counts.iter().map(u64::to_string).collect();
            let reasons: Vec<_> = row
                .not_computed
                .iter()
                .map(|(why, _)| why.as_str())
                .collect();
            format!(
                "{}: {} | {}",
                row.clock,
                counts.join(" "),
                reasons.join(" ")
            )
        })
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_legal_clock_is_met_late_overdue_or_running() {
    let request = || Case::request(1, "north", "one", 0, |_| {});
    let own: &[(&str, Option<u64>)] = &[("own", Some(2 * HOUR))];
    let done = |when| request().outcome(when, OutcomeAnswer::Done);
    // Registered a second after the offer; the outcome is there a second after it was offered.
    check_legal(done(2 * HOUR), own, 9 * HOUR, &["own: 1 0 0 0 0 0 | "]);
    check_legal(done(2 * HOUR + 1), own, 9 * HOUR, &["own: 0 1 0 0 0 0 | "]);
    check_legal(request(), own, 2 * HOUR + 1_000, &["own: 0 0 0 1 0 0 | "]);
    check_legal(request(), own, 2 * HOUR + 1_001, &["own: 0 0 1 0 0 0 | "]);
}

#[test]
fn a_hold_and_a_question_stop_the_clock_of_a_charter() {
    let own: &[(&str, Option<u64>)] = &[("own", Some(2 * HOUR))];
    let mut held = Case::request(1, "north", "one", 0, |_| {});
    let hold = facts(|facts| facts.by = Some(code(hold_authority::COURT)));
    held.say(true, Kind::Hold, HOUR, hold);
    check_legal(held, own, 9 * HOUR, &["own: 0 0 0 0 1 0 | "]);
    let mut asked = Case::request(1, "north", "one", 0, |_| {});
    asked.say(false, Kind::InformationRequest, HOUR, facts(|_| {}));
    asked.say(true, Kind::Information, 5 * HOUR, facts(|_| {}));
    let answered = asked.outcome(6 * HOUR - 1, OutcomeAnswer::Done);
    check_legal(answered, own, 9 * HOUR, &["own: 1 0 0 0 0 0 | "]);
}

#[test]
fn what_cannot_be_computed_is_counted_with_its_reason() {
    let claims = |id: &str| {
        let clocks = Some(vec![code(id)]);
        Case::request(1, "north", "one", 0, |facts| facts.clocks = clocks)
    };
    let about = |land: &str| {
        let land = Some(Sorted::new([country(land)]));
        Case::request(1, "north", "one", 0, |facts| facts.jurisdictions = land)
    };
    let atkm: &[(&str, Option<u64>)] = &[("nl-atkm-12h", None)];
    check_legal(
        claims("nl-atkm-12h"),
        atkm,
        HOUR,
        &["nl-atkm-12h: 0 0 0 1 0 0 | "],
    );
    check_legal(
        about("NL"),
        atkm,
        HOUR,
        &["nl-atkm-12h: 0 0 0 0 0 0 | grounds-not-shown"],
    );
    check_legal(about("SE"), atkm, HOUR, &[]);
    check_legal(
        claims("eu-tco-1h"),
        &[],
        HOUR,
        &["eu-tco-1h: 0 0 0 0 0 0 | not-in-force"],
    );
    check_legal(
        Case::request(1, "north", "one", 0, |_| {}),
        &[("of-the-future", None)],
        HOUR,
        &["of-the-future: 0 0 0 0 0 0 | unknown"],
    );
    let dsa: &[(&str, Option<u64>)] = &[("eu-dsa-order", None)];
    check_legal(
        claims("eu-dsa-order"),
        dsa,
        HOUR,
        &["eu-dsa-order: 0 0 0 0 0 0 | no-fixed-time"],
    );
    // What has to be kept is no answer.
    check_legal(
        claims("eu-tco-keep-6-months"),
        &[("eu-tco-keep-6-months", None)],
        HOUR,
        &[],
    );
}

#[test]
fn every_case_that_was_counted_names_its_groups_and_records() {
    let of = |n, to| Case::request(n, "north", to, 0, |_| {}).acknowledge(HOUR, "person");
    let context = Context {
        keeps_records: true,
        ..context(2 * HOUR)
    };
    let base = base(&[of(1, "one"), of(2, "two")], &context);
    let found = cases(&base, &by(&[Dimension::Member]));
    let groups: Vec<_> = found
        .iter()
        .map(|case| case.groups.concat().concat())
        .collect();
    assert_eq!(groups, ["one.example", "two.example"]);
    let here = |whose: &str, index| (whose.to_owned(), index);
    assert_eq!(
        found[0].records,
        [
            here("north.example", 0),
            here("north.example", 1),
            here("one.example", 0),
            here("one.example", 1),
        ]
    );
}

#[test]
fn a_page_for_each_recipient_adds_up_to_the_first() {
    let cases = [
        Case::request(1, "north", "one", 0, |_| {}).outcome(HOUR, OutcomeAnswer::Done),
        Case::request(2, "north", "two", 0, |_| {}),
        Case::request(3, "north", "two", 200 * HOUR, |_| {}),
    ];
    let base = base(&cases, &context(300 * HOUR));
    let found = pages(&base, &Wish::default(), at(300 * HOUR));
    let members: Vec<_> = found.iter().map(|page| page.member.as_deref()).collect();
    assert_eq!(members, [None, Some("two.example"), Some("one.example")]);
    assert_eq!(
        found[0].figures.requests,
        found[1].figures.requests + found[2].figures.requests
    );
    let weeks: u64 = found[0].weeks.iter().map(|week| week.requests).sum();
    assert_eq!(weeks, 3);
}

#[test]
fn three_hundred_thousand_requests_fit_well_below_a_hundred_mebibytes() {
    let context = context(HOUR);
    let mut base = comity_report::Base::default();
    for n in 0..3_000 {
        let case = Case::request(n, "north", "one", 0, |_| {})
            .acknowledge(10_000, "automation")
            .acknowledge(20_000, "person")
            .outcome(30_000, OutcomeAnswer::Done);
        base.add(&case.said.iter().collect::<Vec<_>>(), &context);
    }
    let of_each = base.bytes() / base.requests();
    assert!(
        of_each * 300_000 < 64 * 1024 * 1024,
        "{of_each} bytes for each request"
    );
}

fn some_case() -> impl Strategy<Value = (u64, bool, Option<u64>, Option<u64>, Option<u64>)> {
    let time = || prop::option::of(1_u64..1_000 * HOUR);
    (0..1_000 * HOUR, any::<bool>(), time(), time(), time())
}

proptest! {
    /// What groups say, together and for one recipient, is what the audit says of the same statements.
    #[test]
    fn a_report_says_what_an_audit_says(cases in prop::collection::vec(some_case(), 0..20)) {
        let cases: Vec<_> = (0_u32..)
            .zip(cases)
            .map(|(n, (when, is_one, automatic, human, outcome))| {
                let to = if is_one { "one" } else { "two" };
                let mut case = Case::request(n, "north", to, when, |facts| {
                    facts.reported_at = Some(at(when) - HOUR);
                });
                if let Some(after) = automatic {
                    case = case.acknowledge(when + after, "automation");
                }
                if let Some(after) = human {
                    case = case.acknowledge(when + after, "person");
                }
                if let Some(after) = outcome {
                    case = case.by_program(when + after, OutcomeAnswer::Done);
                }
                case
            })
            .collect();
        let now = 3_000 * HOUR;
        let base = base(&cases, &context(now));
        let matched = Matched {
            statements: cases.iter().flat_map(|case| case.said.iter().cloned()).collect(),
            findings: Vec::new(),
        };
        let all = figures(&base, &Wish::default(), at(now)).unwrap();
        same(&all.rows, &response_times(&matched).rows);
        let grouped = figures(&base, &by(&[Dimension::Member]), at(now)).unwrap();
        for name in ["one", "two"] {
            let own: Vec<_> = grouped
                .rows
                .iter()
                .filter(|row| row.group == [format!("{name}.example")])
                .cloned()
                .collect();
            same(&own, &response_times_to(&matched, &member(name)).rows);
        }
    }
}

fn same(rows: &[Row], expected: &[comity_audit::Row]) {
    let mine: Vec<_> = rows
        .iter()
        .map(|row| {
            let counts = [row.count, row.open, row.ended, row.paused_ms];
            let times = [row.p50_ms, row.p90_ms, row.p95_ms, row.p99_ms, row.max_ms];
            (row.clock.as_str(), row.step.as_str(), counts, times)
        })
        .collect();
    let theirs: Vec<_> = expected
        .iter()
        .map(|row| {
            let counts = [row.count, row.open, row.ended, row.paused_ms];
            let times = [row.p50_ms, row.p90_ms, row.p95_ms, row.p99_ms, row.max_ms];
            (row.clock, row.step, counts, times)
        })
        .collect();
    assert_eq!(mine, theirs);
}

/// A report around figures.
pub(crate) fn report(base: &comity_report::Base, wish: Wish, now: u64) -> Report {
    Report {
        version: 1,
        made_at: at(now),
        made_by: "regulator.example".to_owned(),
        logs: Vec::new(),
        table: figures(base, &wish, at(now)).unwrap(),
        pages: pages(base, &wish, at(now)),
        cases: Vec::new(),
        findings: Vec::new(),
        findings_waiting: 0,
        basis: None,
        asked: wish,
    }
}
