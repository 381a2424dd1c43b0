//! Response times, computed by hand.

use comity_audit::{ResponseTimes, match_logs, response_times, response_times_to};
use comity_testkit::federation::code;
use comity_wire::leaf::{Facts, FactsItem, FactsResult};
use comity_wire::parts::Measure;
use comity_wire::registry::{
    Answer, Kind, ObservationResult, OutcomeAnswer, measure_action, measure_target, record_kind,
};
use comity_wire::words::Sorted;

use crate::fixture::{Two, at, facts, id, no_facts, rows, statement};

const REQUEST: (&str, u8, Kind) = ("request", 1, Kind::TakedownRequest);
const DONE: FactsResult = FactsResult::Outcome(OutcomeAnswer::Done);
const ONLINE: FactsResult = FactsResult::Observation(ObservationResult::Online);
const OFFLINE: FactsResult = FactsResult::Observation(ObservationResult::Offline);

/// Reported an hour before, offered at 1 s, received at 2 s, receipt at 3 s.
fn requested() -> Two {
    let mut two = Two::new();
    let reported = facts(|facts| facts.reported_at = Some(at(0) - 3_600_000));
    two.deliver("north", REQUEST, [1_000, 2_000, 3_000], Some(reported));
    two
}

/// Says something in the case: offered at this time, received a second later.
fn say(two: &mut Two, from: &str, name: &str, kind: Kind, when: u64, facts: Facts) {
    let times = [when, when + 1_000, when + 2_000];
    two.deliver(from, (name, 1, kind), times, Some(facts));
}

fn acknowledge(two: &mut Two, name: &str, when: u64, by: &str, answer: Answer) {
    let said = facts(|facts| {
        facts.by = Some(code(by));
        facts.answer = Some(answer);
    });
    say(two, "platform", name, Kind::Acknowledgement, when, said);
}

fn outcome(two: &mut Two, name: &str, when: u64, items: &[(u64, u64, FactsResult)]) {
    say(two, "platform", name, Kind::Outcome, when, answered(items));
}

fn observe(two: &mut Two, name: &str, when: u64, items: &[(u64, u64, FactsResult)]) {
    say(two, "north", name, Kind::Observation, when, answered(items));
}

fn answered(items: &[(u64, u64, FactsResult)]) -> Facts {
    let row = |(n, round, result): &(u64, u64, FactsResult)| {
        FactsItem(*n, *round, *result, Vec::new(), None)
    };
    rows(items.iter().map(row))
}

fn measure(automated: bool) -> Measure {
    Measure {
        until: None,
        action: code(measure_action::REMOVED),
        reason: None,
        target: code(measure_target::CONTENT),
        automated,
        territories: None,
        effective_at: at(0),
    }
}

/// `clock step count open ended max`, the rows of one clock.
fn of_clock(times: &ResponseTimes, clock: &str) -> Vec<String> {
    let rows = times.rows.iter().filter(|row| row.clock == clock);
    rows.map(|row| {
        let max = row.max_ms.map_or("-".to_owned(), |ms| ms.to_string());
        let (step, count, open, ended) = (row.step, row.count, row.open, row.ended);
        format!("{step} {count} {open} {ended} {max}")
    })
    .collect()
}

fn check(two: &Two, clock: &str, expected: &[&str]) {
    let times = response_times(&match_logs(&two.logs()));
    assert_eq!(of_clock(&times, clock), expected);
}

/// One row of one clock.
fn check_step(two: &Two, step: &str, expected: &str) {
    let times = response_times(&match_logs(&two.logs()));
    let found = of_clock(&times, "offered");
    let found = found
        .iter()
        .find(|row| row.starts_with(&format!("{step} ")));
    let expected = format!("{step} {expected}");
    assert_eq!(found, Some(&expected));
}

#[test]
fn what_is_unanswered_is_open_from_the_first_second() {
    let two = requested();
    check(
        &two,
        "offered",
        &[
            "registration 1 0 0 1000",
            "receipt 1 0 0 2000",
            "first-automatic-answer 0 1 0 -",
            "first-human-answer 0 1 0 -",
            "outcome 0 1 0 -",
            "confirmation 0 1 0 -",
        ],
    );
    check(
        &two,
        "registered",
        &[
            "receipt 1 0 0 1000",
            "first-automatic-answer 0 1 0 -",
            "first-human-answer 0 1 0 -",
            "outcome 0 1 0 -",
            "confirmation 0 1 0 -",
        ],
    );
    check(
        &two,
        "reported",
        &[
            "registration 1 0 0 3602000",
            "receipt 1 0 0 3603000",
            "first-automatic-answer 0 1 0 -",
            "first-human-answer 0 1 0 -",
            "outcome 0 1 0 -",
            "confirmation 0 1 0 -",
        ],
    );
}

#[test]
fn being_unreachable_is_no_excuse() {
    let mut two = Two::new();
    two.north
        .about(record_kind::OFFERED, 1_000, "platform", REQUEST, None);
    check(
        &two,
        "offered",
        &[
            "registration 0 1 0 -",
            "receipt 0 1 0 -",
            "first-automatic-answer 0 1 0 -",
            "first-human-answer 0 1 0 -",
            "outcome 0 1 0 -",
            "confirmation 0 1 0 -",
        ],
    );
    check(&two, "registered", &[]);
    check(&two, "reported", &[]);
}

#[test]
fn a_whole_case_is_timed_by_the_log_of_who_waits() {
    let mut two = requested();
    acknowledge(&mut two, "automatic", 4_000, "automation", Answer::Accepted);
    acknowledge(&mut two, "human", 10_000, "person", Answer::Accepted);
    acknowledge(&mut two, "again", 15_000, "person", Answer::Accepted);
    outcome(&mut two, "outcome", 20_000, &[(1, 1, DONE), (2, 1, DONE)]);
    observe(&mut two, "observed", 30_000, &[(1, 1, OFFLINE)]);
    check(
        &two,
        "offered",
        &[
            "registration 1 0 0 1000",
            "receipt 1 0 0 2000",
            "first-automatic-answer 1 0 0 4000",
            "first-human-answer 1 0 0 10000",
            "outcome 2 0 0 20000",
            "confirmation 1 1 0 30000",
        ],
    );
    check(
        &two,
        "registered",
        &[
            "receipt 1 0 0 1000",
            "first-automatic-answer 1 0 0 3000",
            "first-human-answer 1 0 0 9000",
            "outcome 2 0 0 19000",
            "confirmation 1 1 0 29000",
        ],
    );
}

#[test]
fn one_log_alone_shows_what_it_can() {
    let mut two = requested();
    acknowledge(&mut two, "human", 10_000, "person", Answer::Accepted);
    outcome(&mut two, "outcome", 20_000, &[(1, 1, DONE)]);
    let of = |log| response_times(&match_logs(&[log]));
    let requester = of(two.north.whole());
    // Nothing is said about a log that is not here.
    assert_eq!(
        of_clock(&requester, "offered"),
        [
            "receipt 1 0 0 2000",
            "first-human-answer 1 0 0 10000",
            "outcome 1 0 0 20000",
            "confirmation 0 1 0 -",
        ]
    );
    assert_eq!(of_clock(&requester, "registered"), [""; 0]);
    // Answers count from when they were offered.
    let recipient = of(two.platform.whole());
    assert_eq!(of_clock(&recipient, "offered"), [""; 0]);
    assert_eq!(
        of_clock(&recipient, "registered"),
        [
            "first-human-answer 1 0 0 8000",
            "outcome 1 0 0 18000",
            "confirmation 0 1 0 -",
        ]
    );
    assert_eq!(
        of_clock(&recipient, "reported"),
        [
            "registration 1 0 0 3602000",
            "first-human-answer 1 0 0 3610000",
            "outcome 1 0 0 3620000",
            "confirmation 0 1 0 -",
        ]
    );
}

#[test]
fn a_log_that_is_shown_in_part_says_nothing_by_silence() {
    let two = requested();
    let mut log = two.north.whole();
    log.complete = false;
    assert_eq!(response_times(&match_logs(&[log.clone()])).rows, []);
    log.counterparts = [id("platform")].into();
    assert_ne!(response_times(&match_logs(&[log])).rows, []);
}

#[test]
fn an_answer_that_did_not_arrive_is_none() {
    let mut two = requested();
    let said = facts(|facts| {
        facts.by = Some(code("person"));
        facts.answer = Some(Answer::Accepted);
    });
    let what = ("lost", 1, Kind::Acknowledgement);
    two.platform
        .about(record_kind::OFFERED, 9_000, "north", what, Some(said));
    check_step(&two, "first-human-answer", "0 1 0 -");
}

#[test]
fn once_a_person_has_answered_no_automatic_answer_is_waited_for() {
    let mut two = requested();
    acknowledge(&mut two, "human", 4_000, "person", Answer::Accepted);
    acknowledge(&mut two, "later", 9_000, "automation", Answer::Accepted);
    let times = response_times(&match_logs(&two.logs()));
    assert!(
        !times
            .rows
            .iter()
            .any(|row| row.step == "first-automatic-answer")
    );
    check_step(&two, "first-human-answer", "1 0 0 4000");
}

#[test]
fn only_the_recipient_answers() {
    let mut two = requested();
    let said = facts(|facts| {
        facts.by = Some(code("person"));
        facts.answer = Some(Answer::Refused);
    });
    say(&mut two, "north", "own", Kind::Acknowledgement, 4_000, said);
    check_step(&two, "first-human-answer", "0 1 0 -");
    check_step(&two, "outcome", "0 1 0 -");
}

#[test]
fn an_outcome_is_a_persons_if_one_of_its_measures_is_or_if_there_is_none() {
    let check_measures = |measures: Vec<Measure>, automatic: Option<&str>, human: &str| {
        let mut two = requested();
        let row = FactsItem(1, 1, DONE, measures, None);
        say(
            &mut two,
            "platform",
            "outcome",
            Kind::Outcome,
            20_000,
            rows([row]),
        );
        let times = response_times(&match_logs(&two.logs()));
        let found = times
            .rows
            .iter()
            .any(|row| row.step == "first-automatic-answer");
        assert_eq!(found, automatic.is_some());
        if let Some(automatic) = automatic {
            check_step(&two, "first-automatic-answer", automatic);
        }
        check_step(&two, "first-human-answer", human);
    };
    check_measures(vec![measure(true)], Some("1 0 0 20000"), "0 1 0 -");
    check_measures(vec![measure(false)], None, "1 0 0 20000");
    check_measures(vec![measure(true), measure(false)], None, "1 0 0 20000");
    check_measures(Vec::new(), None, "1 0 0 20000");
}

#[test]
fn the_first_final_outcome_of_each_item_counts() {
    let partly = FactsResult::Outcome(OutcomeAnswer::Partly);
    let mut two = requested();
    outcome(&mut two, "one", 10_000, &[(1, 1, partly), (2, 1, DONE)]);
    check_step(&two, "outcome", "1 1 0 10000");
    outcome(&mut two, "two", 20_000, &[(1, 1, DONE), (2, 1, DONE)]);
    check_step(&two, "outcome", "2 0 0 20000");
}

#[test]
fn there_is_nothing_to_confirm_where_nothing_was_to_be_gone() {
    for (answer, expected) in [
        (OutcomeAnswer::Done, Some("0 1 0 -")),
        (OutcomeAnswer::NotFound, Some("0 1 0 -")),
        (OutcomeAnswer::Moved, None),
        (OutcomeAnswer::Declined, None),
        (OutcomeAnswer::Reinstated, None),
    ] {
        let mut two = requested();
        outcome(
            &mut two,
            "outcome",
            9_000,
            &[(1, 1, FactsResult::Outcome(answer))],
        );
        let times = response_times(&match_logs(&two.logs()));
        let found = of_clock(&times, "offered");
        let found = found
            .iter()
            .find_map(|row| row.strip_prefix("confirmation "));
        assert_eq!(found, expected, "{answer}");
    }
}

#[test]
fn a_confirmation_is_of_the_requester_and_after_the_outcome() {
    let mut two = requested();
    observe(&mut two, "before", 5_000, &[(1, 1, OFFLINE)]);
    outcome(&mut two, "outcome", 9_000, &[(1, 1, DONE)]);
    let own = answered(&[(1, 1, OFFLINE)]);
    say(&mut two, "platform", "own", Kind::Observation, 20_000, own);
    observe(&mut two, "other", 30_000, &[(2, 1, OFFLINE)]);
    check_step(&two, "confirmation", "0 2 0 -");
    observe(&mut two, "after", 40_000, &[(1, 1, OFFLINE)]);
    check_step(&two, "confirmation", "1 1 0 40000");
}

#[test]
fn what_was_seen_before_the_measure_took_effect_confirms_nothing() {
    let check_seen = |seen_at: u64, expected: &str| {
        let mut two = requested();
        let done = rows([FactsItem(1, 1, DONE, Vec::new(), Some(at(8_000)))]);
        say(&mut two, "platform", "outcome", Kind::Outcome, 9_000, done);
        let seen = rows([FactsItem(1, 1, OFFLINE, Vec::new(), Some(at(seen_at)))]);
        say(&mut two, "north", "seen", Kind::Observation, 20_000, seen);
        check_step(&two, "confirmation", expected);
    };
    check_seen(7_999, "0 1 0 -");
    check_seen(8_000, "1 0 0 20000");
}

#[test]
fn the_causal_past_says_what_an_observation_knew() {
    let check_known = |known: Option<&[&str]>, expected: &str| {
        let mut two = requested();
        outcome(&mut two, "outcome", 9_000, &[(1, 1, DONE)]);
        let question = facts(|facts| facts.re = Some(Sorted::new([statement("outcome")])));
        say(
            &mut two,
            "north",
            "between",
            Kind::Information,
            15_000,
            question,
        );
        let mut seen = answered(&[(1, 1, OFFLINE)]);
        seen.re = known.map(|ids| Sorted::new(ids.iter().map(|name| statement(name))));
        say(&mut two, "north", "seen", Kind::Observation, 20_000, seen);
        check_step(&two, "confirmation", expected);
    };
    check_known(None, "1 0 0 20000");
    check_known(Some(&["outcome"]), "1 0 0 20000");
    check_known(Some(&["between"]), "1 0 0 20000");
    check_known(Some(&["request"]), "0 1 0 -");
    check_known(Some(&[]), "0 1 0 -");
}

#[test]
fn what_reappears_is_a_round_with_clocks_of_its_own() {
    let mut two = requested();
    outcome(&mut two, "outcome", 9_000, &[(1, 1, DONE)]);
    observe(&mut two, "again", 50_000, &[(1, 1, ONLINE)]);
    check_step(&two, "outcome", "1 1 0 9000");
    outcome(&mut two, "second", 70_000, &[(1, 2, DONE)]);
    // Offered at 50 s, registered at 51 s; the requester has the outcome at 71 s.
    check(
        &two,
        "offered",
        &[
            "registration 1 0 0 1000",
            "receipt 1 0 0 2000",
            "first-human-answer 1 0 0 9000",
            "outcome 2 0 0 21000",
            "confirmation 0 2 0 -",
        ],
    );
    check(
        &two,
        "registered",
        &[
            "receipt 1 0 0 1000",
            "first-human-answer 1 0 0 8000",
            "outcome 2 0 0 20000",
            "confirmation 0 2 0 -",
        ],
    );
    // The report was of the first round.
    let times = response_times(&match_logs(&two.logs()));
    assert!(of_clock(&times, "reported").contains(&"outcome 1 0 0 3610000".to_owned()));
}

#[test]
fn what_was_declined_does_not_reappear() {
    let mut two = requested();
    let declined = FactsResult::Outcome(OutcomeAnswer::Declined);
    outcome(&mut two, "outcome", 9_000, &[(1, 1, declined)]);
    observe(&mut two, "online", 50_000, &[(1, 1, ONLINE)]);
    check_step(&two, "outcome", "1 0 0 9000");
}

#[test]
fn what_was_seen_online_before_the_outcome_opens_no_round() {
    let mut two = requested();
    observe(&mut two, "online", 5_000, &[(1, 1, ONLINE)]);
    outcome(&mut two, "outcome", 9_000, &[(1, 1, DONE)]);
    check_step(&two, "outcome", "1 0 0 9000");
}

#[test]
fn what_was_withdrawn_is_neither_open_nor_reached() {
    let mut two = requested();
    outcome(&mut two, "outcome", 9_000, &[(1, 1, DONE)]);
    observe(&mut two, "online", 20_000, &[(2, 1, ONLINE)]);
    say(
        &mut two,
        "north",
        "withdrawal",
        Kind::Withdrawal,
        30_000,
        no_facts(),
    );
    check(
        &two,
        "offered",
        &[
            "registration 1 0 0 1000",
            "receipt 1 0 0 2000",
            "first-human-answer 1 0 0 9000",
            "outcome 1 0 1 9000",
            "confirmation 0 0 2 -",
        ],
    );
    // The recipient's withdrawal would be none.
    let mut two = requested();
    say(
        &mut two,
        "platform",
        "withdrawal",
        Kind::Withdrawal,
        30_000,
        no_facts(),
    );
    check_step(&two, "outcome", "0 1 0 -");
}

#[test]
fn what_was_refused_or_passed_on_is_neither_open_nor_reached() {
    let check_answer = |answer: Answer, why: &str, re: &[&str], expected: &str| {
        let mut two = requested();
        let said = facts(|facts| {
            facts.by = Some(code("person"));
            facts.code = Some(code(why));
            facts.answer = Some(answer);
            facts.re = Some(Sorted::new(re.iter().map(|name| statement(name))));
        });
        say(
            &mut two,
            "platform",
            "answer",
            Kind::Acknowledgement,
            4_000,
            said,
        );
        check_step(&two, "first-human-answer", "1 0 0 4000");
        check_step(&two, "outcome", expected);
        check_step(&two, "confirmation", expected);
    };
    let (open, ended) = ("0 1 0 -", "0 0 1 -");
    check_answer(Answer::Refused, "not-our-service", &["accepted"], ended);
    check_answer(Answer::Refused, "case-full", &["request"], ended);
    check_answer(Answer::WrongLayer, "other", &["request"], ended);
    check_answer(Answer::Transferred, "other", &["request"], ended);
    // What refuses a statement that came at the wrong time leaves the request as it was.
    check_answer(Answer::Refused, "item-withdrawn", &["other"], open);
    check_answer(Answer::Accepted, "other", &["request"], open);
    check_answer(Answer::NeedsInformation, "other", &["request"], open);
    check_answer(Answer::AlreadyActioned, "other", &["request"], open);
}

#[test]
fn a_refusal_that_may_be_of_an_amendment_leaves_the_request_open() {
    let mut two = requested();
    say(
        &mut two,
        "north",
        "more",
        Kind::Amendment,
        3_000,
        no_facts(),
    );
    let said = facts(|facts| {
        facts.by = Some(code("person"));
        facts.code = Some(code("duplicate"));
        facts.answer = Some(Answer::Refused);
        facts.re = Some(Sorted::new([statement("more")]));
    });
    say(
        &mut two,
        "platform",
        "no",
        Kind::Acknowledgement,
        9_000,
        said,
    );
    check_step(&two, "outcome", "0 1 0 -");
}

#[test]
fn what_the_recipients_node_refused_for_good_is_ended() {
    let mut two = Two::new();
    two.north
        .about(record_kind::OFFERED, 1_000, "platform", REQUEST, None);
    two.platform
        .about(record_kind::REFUSED, 2_000, "north", REQUEST, None);
    check(
        &two,
        "offered",
        &[
            "registration 0 0 1 -",
            "receipt 0 0 1 -",
            "first-automatic-answer 0 0 1 -",
            "first-human-answer 0 0 1 -",
            "outcome 0 0 1 -",
            "confirmation 0 0 1 -",
        ],
    );
}

#[test]
fn holds_stand_beside_the_times_and_do_not_shorten_them() {
    let by = |authority: &str, until: Option<u64>| {
        facts(|facts| {
            facts.by = Some(code(authority));
            facts.until = until.map(at);
        })
    };
    let check_pause = |holds: &dyn Fn(&mut Two), expected: u64| {
        let mut two = requested();
        holds(&mut two);
        outcome(&mut two, "outcome", 60_000, &[(1, 1, DONE)]);
        let times = response_times(&match_logs(&two.logs()));
        let row = times
            .rows
            .iter()
            .find(|row| (row.clock, row.step) == ("offered", "outcome"))
            .unwrap();
        assert_eq!((row.max_ms, row.paused_ms), (Some(60_000), expected));
    };
    let hold = |two: &mut Two, name: &str, when, facts| {
        say(two, "platform", name, Kind::Hold, when, facts);
    };
    let release = |two: &mut Two, from: &str, when, facts| {
        say(two, from, "release", Kind::Release, when, facts);
    };
    check_pause(&|_| (), 0);
    // Known at 11 s; then released at 31 s, or run out at 21 s, or never.
    check_pause(
        &|two| {
            hold(two, "hold", 10_000, by("court", None));
            release(two, "platform", 30_000, by("court", None));
        },
        20_000,
    );
    check_pause(
        &|two| hold(two, "hold", 10_000, by("court", Some(21_000))),
        10_000,
    );
    check_pause(&|two| hold(two, "hold", 10_000, by("court", None)), 50_000);
    // Another's release, or of another authority, ends nothing.
    check_pause(
        &|two| {
            hold(two, "hold", 10_000, by("court", None));
            release(two, "platform", 30_000, by("policy", None));
        },
        50_000,
    );
    check_pause(
        &|two| {
            hold(two, "hold", 10_000, by("court", None));
            release(two, "north", 30_000, by("court", None));
        },
        50_000,
    );
    // Two that overlap are counted once.
    check_pause(
        &|two| {
            hold(two, "one", 10_000, by("court", Some(31_000)));
            hold(two, "two", 20_000, by("policy", Some(41_000)));
        },
        30_000,
    );
}

#[test]
fn percentiles_are_over_all_requests() {
    let mut two = Two::new();
    for n in 1..=20_u8 {
        let name = format!("request {n}");
        let took = 1_000 * u64::from(n);
        let times = [0, took, took];
        two.deliver("north", (&name, n, Kind::TakedownRequest), times, None);
    }
    let times = response_times(&match_logs(&two.logs()));
    let row = &times.rows[0];
    assert_eq!(
        (row.clock, row.step, row.count),
        ("offered", "registration", 20)
    );
    let found = [row.p50_ms, row.p90_ms, row.p95_ms, row.p99_ms, row.max_ms];
    assert_eq!(found, [10_000, 18_000, 19_000, 20_000, 20_000].map(Some));
}

#[test]
fn a_time_is_never_less_than_nothing() {
    let mut two = Two::new();
    two.deliver("north", REQUEST, [2_000, 1_000, 2_000], None);
    check_step(&two, "registration", "1 0 0 0");
}

#[test]
fn times_are_counted_for_one_recipient() {
    let mut two = requested();
    let other = ("referral", 2, Kind::Referral);
    two.deliver("platform", other, [5_000, 9_000, 9_500], None);
    let matched = match_logs(&two.logs());
    let registered = |times: &ResponseTimes| {
        let row = times.rows.first().map(|row| (row.count, row.max_ms));
        row.unwrap_or_default()
    };
    assert_eq!(registered(&response_times(&matched)), (2, Some(4_000)));
    let to = |name| registered(&response_times_to(&matched, &id(name)));
    assert_eq!(to("platform"), (1, Some(1_000)));
    assert_eq!(to("north"), (1, Some(4_000)));
    assert_eq!(to("south"), (0, None));
}

#[test]
fn nothing_gives_no_rows() {
    assert_eq!(response_times(&match_logs(&[])).rows, []);
    assert_eq!(response_times(&match_logs(&Two::new().logs())).rows, []);
}
