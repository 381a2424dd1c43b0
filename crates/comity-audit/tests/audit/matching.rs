//! Two logs side by side.

use comity_audit::matching::{Record, Shown, join};
use comity_audit::{
    CaseMatched, LogRecords, LogShown, Mark, Matched, Rules, match_logs, visit_cases,
};
use comity_testkit::federation::code;
use comity_wire::ids::Hash;
use comity_wire::registry::{Kind, direction, record_kind};

use crate::fixture::{Log, Two, at, case, facts, facts_of_receipt, id, statement};

const REQUEST: (&str, u8, Kind) = ("request", 1, Kind::TakedownRequest);
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

fn codes(matched: &Matched) -> Vec<String> {
    let shown = matched
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.code(), finding.member));
    shown.collect()
}

fn check(logs: &[LogRecords], expected: &[&str]) {
    assert_eq!(codes(&match_logs(logs)), expected);
}

fn delivered() -> Two {
    let mut two = Two::new();
    two.deliver("north", REQUEST, [1_000, 2_000, 3_000], None);
    two
}

#[test]
fn a_delivered_statement_has_both_sides_records() {
    let two = delivered();
    for logs in [two.logs(), [two.platform.whole(), two.north.whole()]] {
        let matched = match_logs(&logs);
        assert_eq!(matched.findings, []);
        let [found] = &matched.statements[..] else {
            panic!("one statement")
        };
        let mark = |after_ms, index| {
            Some(Mark {
                time: at(after_ms),
                index,
            })
        };
        assert_eq!(found.statement, statement("request"));
        assert_eq!((found.case, found.kind), (case(1), Kind::TakedownRequest));
        assert_eq!(
            (&found.sender, &found.recipient),
            (&id("north"), &id("platform"))
        );
        assert_eq!(found.offered, mark(1_000, 1));
        assert_eq!(found.received, mark(2_000, 1));
        assert_eq!(found.sent, mark(3_000, 2));
        assert!(found.sender_shown.is_some() && found.recipient_shown.is_some());
    }
}

#[test]
fn one_log_alone_accuses_nobody() {
    let two = delivered();
    check(&[two.north.whole()], &[]);
    check(&[two.platform.whole()], &[]);
    let matched = match_logs(&[two.north.whole()]);
    assert_eq!(matched.statements[0].recipient_shown, None);
    assert_eq!(matched.statements[0].arrived(), Some(at(1_000)));
    check(&[], &[]);
}

#[test]
fn what_was_receipted_and_is_not_in_the_recipients_log_is_missing() {
    let mut two = delivered();
    two.platform.records.truncate(1);
    check(&two.logs(), &["missing-at-recipient platform.example"]);
    // A log that was fetched before cannot hold it; clocks may differ.
    let mut logs = two.logs();
    logs[1].taken_at = at(3_000 + 5 * MINUTE - 1);
    check(&logs, &[]);
    logs[1].taken_at += 1;
    check(&logs, &["missing-at-recipient platform.example"]);
    // A log that is not here as far as it concerns the two says nothing.
    logs[1].complete = false;
    check(&logs, &[]);
    logs[1].counterparts = [id("north")].into();
    check(&logs, &["missing-at-recipient platform.example"]);
}

#[test]
fn what_was_offered_and_never_arrived_is_not_missing() {
    let mut two = Two::new();
    two.north
        .about(record_kind::OFFERED, 1, "platform", REQUEST, None);
    check(&two.logs(), &[]);
}

#[test]
fn what_was_registered_and_not_offered_is_missing_at_the_sender() {
    let mut two = delivered();
    two.north.records.truncate(1);
    check(&two.logs(), &["missing-at-sender north.example"]);
    let mut logs = two.logs();
    logs[0].taken_at = at(2_000 + 5 * MINUTE - 1);
    check(&logs, &[]);
}

#[test]
fn a_receipt_that_is_not_recorded_is_a_finding_after_an_hour() {
    let mut two = delivered();
    two.north.records.truncate(2);
    check(&two.logs(), &["no-receipt north.example"]);
    let mut logs = two.logs();
    logs[0].taken_at = at(2_000 + HOUR - 1);
    check(&logs, &[]);
    // Delivery was given up: that is what happened.
    two.north
        .about(record_kind::GAVE_UP, 9_000, "platform", REQUEST, None);
    check(&two.logs(), &[]);
}

#[test]
fn a_receipt_follows_an_offer() {
    let mut two = Two::new();
    let receipt = two
        .platform
        .about(record_kind::RECEIVED, 1, "north", REQUEST, None);
    let proof = Some(facts_of_receipt(receipt));
    two.north
        .about(record_kind::SENT, 2, "platform", REQUEST, proof);
    check(
        &two.logs(),
        &[
            "missing-at-sender north.example",
            "sent-without-offer north.example",
        ],
    );
}

#[test]
fn a_receipt_is_of_a_leaf_that_the_recipients_log_holds() {
    let mut two = delivered();
    two.north.records[2].1 = Some(facts_of_receipt(Hash::of(b"a leaf of a fork")));
    check(&two.logs(), &["receipt-without-record platform.example"]);
    // Facts that are not shown accuse nobody.
    two.north.records[2].1 = None;
    check(&two.logs(), &[]);
}

#[test]
fn a_statement_is_recorded_once() {
    for kind in [
        record_kind::OFFERED,
        record_kind::SENT,
        record_kind::RECEIVED,
        record_kind::GAVE_UP,
        record_kind::REFUSED,
    ] {
        let mut two = delivered();
        let (log, with) = if [record_kind::RECEIVED, record_kind::REFUSED].contains(&kind) {
            (&mut two.platform, "north")
        } else {
            (&mut two.north, "platform")
        };
        let member = log.member.clone();
        let first = log.records.iter().any(|(leaf, _)| leaf.kind == *kind);
        for _ in 0..2 - usize::from(first) {
            log.about(kind, 9_000, with, REQUEST, None);
        }
        check(&two.logs(), &[&format!("recorded-twice {member}")]);
    }
}

#[test]
fn a_refusal_is_recorded_by_both_sides() {
    let mut two = Two::new();
    two.north
        .about(record_kind::OFFERED, 1, "platform", REQUEST, None);
    two.platform
        .about(record_kind::REFUSED, 2, "north", REQUEST, None);
    two.north
        .about(record_kind::REFUSED, 3, "platform", REQUEST, None);
    two.north.records[2].0.direction = Some(code(direction::OUT));
    let matched = match_logs(&two.logs());
    assert_eq!(matched.findings, []);
    assert_eq!(matched.statements[0].refused.unwrap().time, at(3));
    assert_eq!(matched.statements[0].sender, id("north"));
}

#[test]
fn an_answer_that_proved_nothing_is_no_refusal_however_often_it_came() {
    let mut two = Two::new();
    two.north
        .about(record_kind::OFFERED, 1, "platform", REQUEST, None);
    for after_ms in [2, 3] {
        let leaf = two
            .north
            .add(record_kind::REFUSED, after_ms, Some("platform"));
        leaf.direction = Some(code(direction::OUT));
        leaf.statement = Some(statement("request"));
    }
    let matched = match_logs(&two.logs());
    assert_eq!(matched.findings, []);
    assert_eq!(matched.statements[0].refused, None);
}

#[test]
fn both_sides_name_the_same_case_kind_and_parties() {
    let check_edit = |edit: &dyn Fn(&mut Two), expected: &[&str]| {
        let mut two = delivered();
        // The receipt is of the leaf as it was; that is another finding.
        two.north.records[2].1 = None;
        edit(&mut two);
        check(&two.logs(), expected);
    };
    check_edit(&|_| (), &[]);
    check_edit(
        &|two| two.platform.records[1].0.case = Some(case(2)),
        &["records-differ platform.example"],
    );
    check_edit(
        &|two| two.platform.records[1].0.statement_kind = Some(Kind::Referral),
        &["records-differ platform.example"],
    );
    check_edit(
        &|two| two.platform.records[1].0.counterpart = Some(id("south")),
        &["records-differ platform.example"],
    );
}

#[test]
fn two_members_cannot_have_received_one_statement() {
    let two = delivered();
    let mut south = Log::new("south");
    south.about(record_kind::RECEIVED, 2_000, "north", REQUEST, None);
    let mut logs = two.logs().to_vec();
    logs.push(south.whole());
    check(&logs, &["records-differ south.example"]);
}

#[test]
fn both_sides_recorded_the_same_facts() {
    let check_facts = |one: Option<&str>, other: Option<&str>, expected: &[&str]| {
        let mut two = delivered();
        let urgency = |text: Option<&str>| Some(facts(|facts| facts.urgency = text.map(code)));
        two.north.records[1].1 = urgency(one);
        two.platform.records[1].1 = urgency(other);
        check(&two.logs(), expected);
    };
    check_facts(Some("urgent"), Some("urgent"), &[]);
    check_facts(Some("urgent"), None, &[]);
    check_facts(
        Some("urgent"),
        Some("routine"),
        &["facts-differ platform.example"],
    );
}

#[test]
fn nothing_is_received_before_it_was_offered_nor_receipted_before_it_was_received() {
    let check_times = |times: [u64; 3], expected: &[&str]| {
        let mut two = Two::new();
        two.deliver("north", REQUEST, times, None);
        check(&two.logs(), expected);
    };
    check_times([10 * MINUTE, 5 * MINUTE, 10 * MINUTE], &[]);
    check_times(
        [10 * MINUTE, 5 * MINUTE - 1, 10 * MINUTE],
        &["time-out-of-bounds platform.example"],
    );
    check_times([MINUTE, 20 * MINUTE, 15 * MINUTE], &[]);
    check_times(
        [MINUTE, 20 * MINUTE, 15 * MINUTE - 1],
        &["time-out-of-bounds north.example"],
    );
}

#[test]
fn logs_of_one_member_follow_one_another() {
    // The receipt stands in the first log, the statement in the second.
    let mut two = Two::new();
    two.platform.n = 2;
    two.deliver("north", REQUEST, [1, 2, 3], None);
    let mut first = Log::new("platform");
    let earlier = ("earlier", 2, Kind::Referral);
    let receipt = first.about(record_kind::RECEIVED, 0, "north", earlier, None);
    two.north
        .about(record_kind::OFFERED, 4, "platform", earlier, None);
    two.north.about(
        record_kind::SENT,
        5,
        "platform",
        earlier,
        Some(facts_of_receipt(receipt)),
    );
    let both = [two.north.whole(), two.platform.whole(), first.whole()];
    check(&both, &[]);
    // Without the first log nothing can be said to be missing from it.
    check(&both[..2], &[]);
    assert_eq!(match_logs(&both[..2]).statements[0].recipient_shown, None);
    // With it, and without the record in it, it is.
    first.records.truncate(1);
    check(
        &[two.north.whole(), two.platform.whole(), first.whole()],
        &["missing-at-recipient platform.example"],
    );
}

/// The platform had registered a request, and an hour later what it has of its log no longer says so. Its next log,
/// opened after six hours, has it again after seven.
fn restored() -> (Two, Log) {
    const LOST_AT: u64 = HOUR;
    let mut two = Two::new();
    let mut first = Log::new("platform");
    two.north
        .about(record_kind::OFFERED, LOST_AT, "platform", REQUEST, None);
    first.about(record_kind::RECEIVED, LOST_AT + 1, "north", REQUEST, None);
    let lost = first.records.pop().unwrap().0;
    let receipt = facts_of_receipt(comity_log::hash::leaf_hash(&lost.encode()));
    two.north.about(
        record_kind::SENT,
        LOST_AT + 2,
        "platform",
        REQUEST,
        Some(receipt),
    );
    two.platform.n = 2;
    two.platform.records[0].0.time = at(6 * HOUR);
    two.platform
        .about(record_kind::RECEIVED, 7 * HOUR, "north", REQUEST, None);
    (two, first)
}

/// What is found, if of the first log so much is here: the roster says that it was longer.
fn found_of_cut(two: &Two, first: &Log) -> Vec<String> {
    let mut found = Vec::new();
    let logs = [two.north.whole(), two.platform.whole(), first.whole()];
    let shown = Shown::of(logs.iter().map(|log| LogShown {
        is_cut: log.origin == first.origin(),
        complete: log.origin != first.origin(),
        ..log.shown()
    }));
    let records = logs.iter().flat_map(|log| {
        log.records.iter().map(|(leaf, facts)| Record {
            member: &log.member,
            log: log.origin.n,
            leaf,
            facts: facts.as_ref(),
        })
    });
    let (joined, loose) = join(records, &shown, &Rules::default());
    let of_statements = joined.into_iter().flat_map(|joined| joined.findings);
    for finding in of_statements.chain(loose) {
        found.push(format!("{} {}", finding.code(), finding.member));
    }
    found
}

#[test]
fn what_a_restore_has_lost_is_recorded_again_and_no_finding() {
    let (two, first) = restored();
    assert_eq!(found_of_cut(&two, &first), [""; 0]);
    // The same records in one log that nobody has lost anything of are three lies.
    let whole = [two.north.whole(), two.platform.whole(), first.whole()];
    check(
        &whole,
        &[
            "receipt-without-record platform.example",
            "time-out-of-bounds north.example",
        ],
    );
    // What the auditor had read before it was lost has it twice, in two logs.
    let (two, mut first) = restored();
    first.about(record_kind::RECEIVED, HOUR + 1, "north", REQUEST, None);
    assert_eq!(found_of_cut(&two, &first), [""; 0]);
}

#[test]
fn a_restore_is_no_excuse_for_what_is_asked_of_the_log_that_follows() {
    let (mut two, first) = restored();
    let later = ("later", 2, Kind::TakedownRequest);
    let never = facts_of_receipt(Hash::of(b"never"));
    two.north
        .about(record_kind::OFFERED, 8 * HOUR, "platform", later, None);
    two.north
        .about(record_kind::SENT, 8 * HOUR, "platform", later, Some(never));
    let missing = ["missing-at-recipient platform.example"];
    assert_eq!(found_of_cut(&two, &first), missing);
    // Minutes after it was opened it may be of before, by another clock.
    let (mut two, first) = restored();
    let soon = 6 * HOUR + 60_000;
    two.north
        .about(record_kind::OFFERED, soon, "platform", later, None);
    two.north
        .about(record_kind::SENT, soon, "platform", later, None);
    assert_eq!(found_of_cut(&two, &first), [""; 0]);
}

#[test]
fn findings_of_the_logs_come_first_and_name_what_is_known() {
    let mut two = delivered();
    two.platform.records.truncate(1);
    let mut logs = two.logs();
    let own = comity_audit::Finding::in_log_of(&id("north"), comity_audit::Found::TimeDecreases);
    logs[0].findings.push(own.at(2));
    let matched = match_logs(&logs);
    assert_eq!(
        codes(&matched),
        [
            "time-decreases north.example",
            "missing-at-recipient platform.example"
        ]
    );
    let json = serde_json::to_value(&matched.findings).unwrap();
    assert_eq!(
        json[0],
        serde_json::json!({
            "code": "time-decreases", "member": "north.example", "index": 2,
        })
    );
    assert_eq!(
        json[1],
        serde_json::json!({
            "code": "missing-at-recipient",
            "member": "platform.example",
            "counterpart": "north.example",
            "case": case(1).to_string(),
            "statement": statement("request").to_string(),
        })
    );
    assert_eq!(
        matched.findings[0].to_string(),
        "time-decreases: north.example, index 2: A record is dated before the one that it follows."
    );
}

#[test]
fn each_case_is_handed_over_once_and_whole() {
    let mut two = delivered();
    let answer = ("answer", 1, Kind::Acknowledgement);
    two.deliver("platform", answer, [4_000, 5_000, 6_000], None);
    let other = ("another", 2, Kind::TakedownRequest);
    two.deliver("north", other, [7_000, 8_000, 9_000], None);
    two.platform
        .records
        .retain(|(leaf, _)| leaf.statement != Some(statement("another")));
    let mut seen = Vec::new();
    visit_cases(&two.logs(), &mut |matched: &CaseMatched| {
        let ids = matched.statements.iter().map(|found| found.statement);
        let codes = matched.findings.iter().map(comity_audit::Finding::code);
        seen.push((
            matched.case,
            ids.collect::<Vec<_>>(),
            codes.collect::<Vec<_>>(),
        ));
    });
    assert_eq!(
        seen,
        [
            (
                case(1),
                vec![statement("request"), statement("answer")],
                vec![]
            ),
            (
                case(2),
                vec![statement("another")],
                vec!["missing-at-recipient"]
            ),
        ]
    );
}
