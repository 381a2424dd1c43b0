//! Lies of a member, each with the code that it is found by. Those of a single log
//! are in `streaming.rs` and `verifying.rs`.

use comity_audit::{LogRecords, Rules, visit_cases_by};
use comity_testkit::federation::{NOW_MS, code, country};
use comity_wire::leaf::{Facts, FactsItem, FactsResult};
use comity_wire::registry::{
    Answer, Check, Kind, ObservationResult, OutcomeAnswer, by, record_kind,
};

use crate::fixture::{Log, Two, at, facts, facts_of_receipt, id, rows};

const HOUR: u64 = 3_600_000;
const REQUEST: (&str, u8, Kind) = ("request", 1, Kind::TakedownRequest);
const OUTCOME: (&str, u8, Kind) = ("outcome", 1, Kind::Outcome);
const SEEN: (&str, u8, Kind) = ("seen", 1, Kind::Observation);

fn found(logs: &[LogRecords], rules: &Rules) -> Vec<String> {
    let mut codes = Vec::new();
    let mut add = |findings: &[comity_audit::Finding]| {
        codes.extend(findings.iter().map(|finding| {
            let clock = finding.clock.as_ref().map(|clock| format!(" {clock}"));
            let clock = clock.unwrap_or_default();
            format!("{} {}{clock}", finding.code(), finding.member)
        }));
    };
    let loose = visit_cases_by(logs, rules, &mut |case: &comity_audit::CaseMatched| {
        add(&case.findings);
    });
    add(&loose);
    codes
}

fn check(two: &Two, expected: &[&str]) {
    assert_eq!(found(&two.logs(), &Rules::default()), expected);
}

#[test]
fn an_old_receipt_in_place_of_the_right_one_is_found_and_the_recipient_not_blamed() {
    let mut two = Two::new();
    two.deliver("north", REQUEST, [1_000, 2_000, 3_000], None);
    let first = two.north.records.last().unwrap().1.clone();
    // Of another statement in another case, that the recipient never had.
    let never = ("never", 2, Kind::TakedownRequest);
    let platform = "platform";
    two.north
        .about(record_kind::OFFERED, 4_000, platform, never, None);
    two.north
        .about(record_kind::SENT, 5_000, platform, never, first.clone());
    check(&two, &["receipt-replayed north.example"]);
    // The recipient has it, under a receipt of its own.
    two.platform
        .about(record_kind::RECEIVED, 4_500, "north", never, None);
    check(&two, &["receipt-replayed north.example"]);
    // One that is of no record at all is another matter.
    let nothing = facts_of_receipt(comity_wire::ids::Hash::of(b"no leaf"));
    two.north.records.last_mut().unwrap().1 = Some(nothing);
    check(&two, &["receipt-without-record platform.example"]);
}

fn row(result: FactsResult, after_ms: u64) -> Facts {
    rows([FactsItem(1, 1, result, Vec::new(), Some(at(after_ms)))])
}

fn seen_online(after_ms: u64) -> Two {
    let mut two = Two::new();
    two.deliver("north", REQUEST, [1_000, 2_000, 3_000], None);
    let done = row(FactsResult::Outcome(OutcomeAnswer::Done), HOUR);
    two.deliver("platform", OUTCOME, [HOUR, HOUR + 1, HOUR + 2], Some(done));
    let online = row(
        FactsResult::Observation(ObservationResult::Online),
        after_ms,
    );
    let later = after_ms.max(HOUR) + 10;
    two.deliver("north", SEEN, [later, later + 1, later + 2], Some(online));
    two
}

#[test]
fn a_removal_that_was_none_is_contradicted_by_who_saw_it_and_a_return_is_not() {
    let contradicted = ["outcome-contradicted platform.example"];
    check(&seen_online(2 * HOUR), &contradicted);
    check(&seen_online(HOUR + 24 * HOUR), &contradicted);
    // What comes back a day later is a round of its own.
    check(&seen_online(HOUR + 24 * HOUR + 1), &[]);
    // Clocks may differ.
    check(&seen_online(HOUR + 300_000), &[]);
    check(&seen_online(HOUR + 300_001), &contradicted);
    check(&seen_online(1_000), &[]);
}

#[test]
fn an_answer_under_a_key_that_had_ended_is_found_by_the_refusal_and_the_roster() {
    let refused = |code_of: &str| {
        let mut two = Two::new();
        two.deliver("north", REQUEST, [1_000, 2_000, 3_000], None);
        // The platform says nothing of it in its own log.
        let leaf = two.north.add(record_kind::REFUSED, HOUR, Some("platform"));
        leaf.direction = Some(code("in"));
        leaf.statement = Some(crate::fixture::statement("answer"));
        let why = facts(|facts| facts.code = Some(code(code_of)));
        leaf.facts = Some(why.hash());
        two.north.records.last_mut().unwrap().1 = Some(why);
        two
    };
    let ended_at = |after_ms| Rules {
        ended: [(id("platform"), vec![at(after_ms)])].into(),
        ..Rules::default()
    };
    let check = |two: &Two, rules: &Rules, expected: &[&str]| {
        assert_eq!(found(&two.logs(), rules), expected);
    };
    let lie = refused(Check::Roster.code());
    check(
        &lie,
        &ended_at(HOUR),
        &["signed-by-ended-key platform.example"],
    );
    // No key had ended then: the refusal is about something else.
    check(&lie, &ended_at(HOUR + 1), &[]);
    check(&lie, &Rules::default(), &[]);
    check(&refused(Check::Time.code()), &ended_at(HOUR), &[]);
    // It was tried again, and refused again.
    let mut again = refused(Check::Roster.code());
    let last = again.north.records.last().unwrap().clone();
    again.north.records.push(last);
    check(
        &again,
        &ended_at(HOUR),
        &["signed-by-ended-key platform.example"],
    );
}

fn in_force(clock: &str) -> Rules {
    Rules {
        clocks: vec![(code(clock), None)],
        places: [(id("platform"), vec![country("IE")])].into(),
        ..Rules::default()
    }
}

#[test]
fn what_comes_after_a_legal_clock_or_not_at_all_is_late_under_that_clock() {
    // An hour from registration to the outcome, for who claims the order's clock.
    let clock = "federation-1h";
    let own = Rules {
        clocks: vec![(code(clock), Some(HOUR))],
        ..in_force(clock)
    };
    let late = ["answer-late platform.example federation-1h"];
    let answered = |after_ms: Option<u64>| {
        let mut two = Two::new();
        let claims = facts(|facts| facts.urgency = Some(code("routine")));
        two.deliver("north", REQUEST, [1_000, 2_000, 3_000], Some(claims));
        let received = two.platform.records.last().unwrap().0.clone();
        assert_eq!(received.time, NOW_MS + 2_000);
        if let Some(after_ms) = after_ms {
            let done = row(FactsResult::Outcome(OutcomeAnswer::Done), after_ms);
            let marks = [after_ms, after_ms + 1, after_ms + 2];
            two.deliver("platform", OUTCOME, marks, Some(done));
        }
        two
    };
    let check = |two: &Two, rules: &Rules, expected: &[&str]| {
        assert_eq!(found(&two.logs(), rules), expected);
    };
    check(&answered(Some(HOUR)), &own, &[]);
    check(&answered(Some(3 * HOUR)), &own, &late);
    // Not at all: both logs were read a day later.
    check(&answered(None), &own, &late);
    check(&answered(Some(3 * HOUR)), &in_force("no-such-clock"), &[]);
    check(&answered(None), &Rules::default(), &[]);

    // Nothing is waited for any more.
    let mut withdrawn = answered(None);
    let withdrawal = ("withdrawal", 1, Kind::Withdrawal);
    withdrawn.deliver("north", withdrawal, [4_000, 5_000, 6_000], None);
    check(&withdrawn, &own, &[]);
    // One log alone does not show that nothing came.
    let alone = answered(None);
    assert_eq!(found(&[alone.platform.whole()], &own), [""; 0]);
}

#[test]
fn a_clock_stands_still_while_the_recipient_waits_for_information() {
    let own = Rules {
        clocks: vec![(code("federation-1h"), Some(HOUR))],
        ..Rules::default()
    };
    let mut two = Two::new();
    let nothing = facts(|facts| facts.answer = None::<Answer>);
    two.deliver("north", REQUEST, [1_000, 2_000, 3_000], Some(nothing));
    let question = ("question", 1, Kind::InformationRequest);
    two.deliver("platform", question, [4_000, 5_000, 6_000], None);
    let asked: &Log = &two.north;
    assert_eq!(asked.records.last().unwrap().0.kind, code("received"));
    assert_eq!(found(&two.logs(), &own), [""; 0], "it still stands");
    let answer = ("information", 1, Kind::Information);
    two.deliver(
        "north",
        answer,
        [2 * HOUR, 2 * HOUR + 1, 2 * HOUR + 2],
        None,
    );
    let by_person = facts(|facts| facts.by = Some(code(by::PERSON)));
    let ack = ("ack", 1, Kind::Acknowledgement);
    let marks = [2 * HOUR + 3, 2 * HOUR + 4, 2 * HOUR + 5];
    two.deliver("platform", ack, marks, Some(by_person));
    let late = ["answer-late platform.example federation-1h"];
    assert_eq!(found(&two.logs(), &own), late, "an answer is no outcome");
}
