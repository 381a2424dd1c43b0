//! Deadlines: what was recorded when, a clock, and now; what comes out.

use std::collections::BTreeMap;

use comity_case::clocks::{End, Period, Questions, Sort, Standing, Start, Times};
use comity_case::{ClockRule, Deadline, deadlines};
use comity_wire::body::{Body, Outcome};
use comity_wire::ids::StatementId;
use comity_wire::registry::{Answer, ObservationResult, OutcomeAnswer};

use crate::scene::*;

/// A clock of 1,000 ms that every sort of pause stops.
fn clock(start: Start, end: End) -> ClockRule {
    ClockRule {
        id: code("example"),
        sort: Sort::Response,
        start,
        end,
        period: Some(Period::Elapsed(1_000)),
        zone: "UTC",
        urgencies: vec![],
        paused_by_holds_of: vec![code("law-enforcement")],
        questions: Questions::Pause,
    }
}

/// A scene whose statements have record times.
struct Dated {
    scene: Scene,
    times: BTreeMap<StatementId, Times>,
}

impl Dated {
    /// One item, offered at 9,900 and registered at 10,000; reported at 500.
    fn new() -> Self {
        let (scene, opening) = Scene::open(1);
        let times = Times {
            offered: Some(9_900),
            registered: Some(10_000),
        };
        Self {
            scene,
            times: [(opening, times)].into(),
        }
    }

    fn at(&mut self, registered: u64, party: comity_case::Party, body: Body) -> StatementId {
        let id = self.scene.say(party, body);
        self.times.insert(
            id,
            Times {
                offered: None,
                registered: Some(registered),
            },
        );
        id
    }

    fn deadlines(&self, rule: &ClockRule, now: u64) -> Vec<Deadline> {
        let times = |id: &StatementId| self.times.get(id).copied().unwrap_or_default();
        let state = self.scene.state();
        deadlines(
            &self.scene.case,
            &state,
            std::slice::from_ref(rule),
            times,
            now,
        )
    }

    /// Standing, due time and time paused of the last round.
    fn check(&self, rule: &ClockRule, now: u64, expected: (Standing, Option<u64>, u64)) {
        let found = self.deadlines(rule, now).pop().unwrap();
        assert_eq!(
            (found.standing, found.due_at, found.paused_ms),
            expected,
            "at {now}"
        );
    }
}

#[test]
fn a_clock_runs_out_and_says_by_whose_time() {
    let dated = Dated::new();
    let registered = clock(Start::Registered, End::Outcome);
    dated.check(&registered, 10_500, (Standing::Running, Some(11_000), 0));
    dated.check(&registered, 11_000, (Standing::Running, Some(11_000), 0));
    dated.check(&registered, 11_001, (Standing::Overdue, Some(11_000), 0));
    let offered = clock(Start::Offered, End::Outcome);
    dated.check(&offered, 10_500, (Standing::Running, Some(10_900), 0));
    let reported = clock(Start::Reported, End::Outcome);
    dated.check(&reported, 10_500, (Standing::Overdue, Some(1_500), 0));
    let undue_delay = ClockRule {
        period: None,
        ..registered
    };
    dated.check(&undue_delay, 99_999, (Standing::Running, None, 0));
}

#[test]
fn each_step_ends_its_own_clock() {
    let mut dated = Dated::new();
    let mut automatic = answer(Answer::Accepted);
    let Body::Acknowledgement(body) = &mut automatic else {
        panic!()
    };
    body.by = code("automation");
    dated.at(10_100, RECIPIENT, automatic);
    dated.at(10_200, RECIPIENT, answer(Answer::Accepted));
    dated.at(
        11_300,
        RECIPIENT,
        outcome(&[(1, 1, OutcomeAnswer::Partly, 11_300)]),
    );
    dated.at(
        11_400,
        RECIPIENT,
        outcome(&[(1, 1, OutcomeAnswer::Done, 11_400)]),
    );
    dated.at(
        11_500,
        OPENER,
        observation(&[(1, 1, ObservationResult::Offline, 11_450)]),
    );
    let check = |end, expected| {
        dated.check(
            &clock(Start::Registered, end),
            99_999,
            (expected, Some(11_000), 0),
        );
    };
    check(End::Answer, Standing::Met(10_100));
    check(End::HumanAnswer, Standing::Met(10_200));
    check(End::Outcome, Standing::Late(11_400));
    check(End::Confirmation, Standing::Late(11_500));
}

#[test]
fn an_automatic_outcome_is_no_human_answer() {
    let mut dated = Dated::new();
    let Body::Outcome(Outcome {
        text,
        basis,
        items,
        complete,
    }) = outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)])
    else {
        panic!()
    };
    let mut row = items[0].clone();
    row.3[0].automated = true;
    let items = comity_wire::words::Sorted::new([row]);
    dated.at(
        10_100,
        RECIPIENT,
        Body::Outcome(Outcome {
            text,
            basis,
            items,
            complete,
        }),
    );
    let human = clock(Start::Registered, End::HumanAnswer);
    dated.check(&human, 12_000, (Standing::Overdue, Some(11_000), 0));
    let any = clock(Start::Registered, End::Answer);
    dated.check(&any, 12_000, (Standing::Met(10_100), Some(11_000), 0));
}

#[test]
fn holds_and_questions_pause_and_do_not_count_twice() {
    let mut dated = Dated::new();
    let rule = clock(Start::Registered, End::Outcome);
    dated.at(10_200, OPENER, hold("law-enforcement"));
    dated.check(&rule, 10_600, (Standing::Paused, None, 400));
    let asked = dated.at(10_400, RECIPIENT, question(None));
    dated.at(10_700, OPENER, release("law-enforcement"));
    // The question is open still; the two pauses overlap.
    dated.check(&rule, 10_900, (Standing::Paused, None, 700));
    dated.at(11_000, OPENER, information(asked, &[]));
    dated.check(&rule, 11_200, (Standing::Running, Some(11_800), 800));
    // A hold of an authority that this clock does not heed.
    dated.at(11_300, RECIPIENT, hold("policy"));
    dated.check(&rule, 11_400, (Standing::Running, Some(11_800), 800));
    dated.at(
        11_801,
        RECIPIENT,
        outcome(&[(1, 1, OutcomeAnswer::Done, 11_801)]),
    );
    dated.check(&rule, 99_999, (Standing::Late(11_801), Some(11_800), 800));
}

#[test]
fn a_hold_with_an_end_ends_by_itself() {
    let mut dated = Dated::new();
    let rule = clock(Start::Registered, End::Outcome);
    dated.at(10_200, OPENER, hold_until("law-enforcement", 10_500));
    dated.check(&rule, 10_400, (Standing::Paused, None, 200));
    dated.check(&rule, 10_600, (Standing::Running, Some(11_300), 300));
}

#[test]
fn a_question_of_who_asked_first_pauses_nothing() {
    let mut dated = Dated::new();
    let rule = clock(Start::Registered, End::Outcome);
    dated.at(10_200, OPENER, question(None));
    dated.check(&rule, 10_400, (Standing::Running, Some(11_000), 0));
}

#[test]
fn what_is_late_stays_late() {
    let mut dated = Dated::new();
    let rule = clock(Start::Registered, End::Outcome);
    dated.at(11_200, OPENER, hold("law-enforcement"));
    dated.check(&rule, 11_500, (Standing::Overdue, Some(11_000), 0));
}

#[test]
fn nothing_is_due_for_what_was_withdrawn_or_refused() {
    let rule = clock(Start::Registered, End::Outcome);
    let mut withdrawn = Dated::new();
    withdrawn.at(10_500, OPENER, withdrawal(None));
    withdrawn.check(&rule, 99_999, (Standing::Void, Some(11_000), 0));
    let mut refused = Dated::new();
    refused.at(10_500, RECIPIENT, answer(Answer::Refused));
    refused.check(&rule, 99_999, (Standing::Void, Some(11_000), 0));
    // The refusal is an answer all the same.
    let answered = clock(Start::Registered, End::HumanAnswer);
    refused.check(&answered, 99_999, (Standing::Met(10_500), Some(11_000), 0));
}

#[test]
fn each_round_has_its_own_clocks() {
    let mut dated = Dated::new();
    dated.at(
        10_300,
        RECIPIENT,
        outcome(&[(1, 1, OutcomeAnswer::Done, 10_300)]),
    );
    dated.at(
        20_000,
        OPENER,
        observation(&[(1, 1, ObservationResult::Online, 19_000)]),
    );
    dated.at(
        20_500,
        OPENER,
        observation(&[(1, 1, ObservationResult::Online, 20_400)]),
    );
    let rule = clock(Start::Registered, End::Outcome);
    let rounds = dated.deadlines(&rule, 20_700);
    assert_eq!(rounds.len(), 2);
    assert_eq!(
        (rounds[0].round, rounds[0].standing),
        (1, Standing::Met(10_300))
    );
    assert_eq!(
        (rounds[1].round, rounds[1].started_at),
        (2, 20_000),
        "the first sighting counts"
    );
    assert_eq!(rounds[1].standing, Standing::Running);
    let reported = clock(Start::Reported, End::Outcome);
    assert_eq!(
        dated.deadlines(&reported, 20_700).len(),
        1,
        "the public reported it once"
    );
}

#[test]
fn a_clock_for_imminent_risk_runs_in_such_cases_only() {
    let mut dated = Dated::new();
    let alarm = ClockRule {
        urgencies: vec![code("imminent-risk")],
        ..clock(Start::Registered, End::HumanAnswer)
    };
    assert_eq!(dated.deadlines(&alarm, 10_500), []);
    dated.at(10_400, OPENER, urgency("imminent-risk"));
    assert_eq!(dated.deadlines(&alarm, 10_500).len(), 1);
}

#[test]
fn a_clock_that_a_question_restarts_begins_again_with_the_answer() {
    let mut dated = Dated::new();
    let rule = ClockRule {
        questions: Questions::Restart,
        ..clock(Start::Registered, End::Outcome)
    };
    let asked = dated.at(10_400, RECIPIENT, question(None));
    dated.check(&rule, 10_600, (Standing::Paused, None, 200));
    dated.at(11_500, OPENER, information(asked, &[]));
    dated.check(&rule, 11_600, (Standing::Running, Some(12_500), 1_100));
    dated.check(&rule, 12_501, (Standing::Overdue, Some(12_500), 1_100));
    let ignored = ClockRule {
        questions: Questions::Ignored,
        ..rule
    };
    dated.check(&ignored, 11_600, (Standing::Overdue, Some(11_000), 0));
}

#[test]
fn what_has_to_be_kept_after_a_measure_is_kept_until_its_time_and_is_never_late() {
    let rule = ClockRule {
        sort: Sort::Preservation,
        ..clock(Start::Measure(&["removed", "disabled"]), End::Due)
    };
    let mut dated = Dated::new();
    assert_eq!(
        dated.deadlines(&rule, 10_100),
        [],
        "nothing was removed yet"
    );
    dated.at(
        10_300,
        RECIPIENT,
        outcome(&[(1, 1, OutcomeAnswer::Done, 10_200)]),
    );
    dated.check(&rule, 11_200, (Standing::Keep, Some(11_200), 0));
    dated.check(&rule, 11_201, (Standing::KeepOver, Some(11_200), 0));
    dated.at(11_300, OPENER, withdrawal(None));
    dated.check(&rule, 11_200, (Standing::Keep, Some(11_200), 0));
    let other = ClockRule {
        start: Start::Measure(&["reported"]),
        ..rule
    };
    assert_eq!(dated.deadlines(&other, 11_200), []);
}

#[test]
fn what_has_to_be_kept_for_a_request_is_not_kept_once_the_request_is_refused() {
    let rule = ClockRule {
        sort: Sort::Preservation,
        ..clock(Start::Registered, End::Due)
    };
    let mut dated = Dated::new();
    dated.check(&rule, 10_500, (Standing::Keep, Some(11_000), 0));
    dated.at(10_600, RECIPIENT, answer(Answer::Refused));
    dated.check(&rule, 10_700, (Standing::Void, Some(11_000), 0));
}

#[test]
fn registration_ends_a_clock_that_the_first_attempt_started() {
    let dated = Dated::new();
    let rule = ClockRule {
        period: None,
        ..clock(Start::Offered, End::Registered)
    };
    dated.check(&rule, 99_999, (Standing::Met(10_000), None, 0));
}

#[test]
fn what_happens_outside_of_the_protocol_has_no_deadline() {
    let rule = clock(Start::Outside, End::Outside);
    assert_eq!(Dated::new().deadlines(&rule, 99_999), []);
}
