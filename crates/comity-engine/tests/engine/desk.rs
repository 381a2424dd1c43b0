//! What people do, in a word.

use comity_engine::desk::{
    Decision, Done, Drafted, ItemShown, NewAnswer, NewItem, NewObservation, NewObservationItem,
    NewOpening, NewOutcome, NewOutcomeItem, NewReview, NewWithdrawal, SignedStatement, Work,
};
use comity_engine::error::WorkError;
use comity_testkit::ports::World;
use comity_wire::ids::{CaseId, StatementId};

pub(crate) const HOUR_MS: u64 = 3_600_000;
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;

/// On the platform.
pub(crate) fn on_platform(n: u32) -> String {
    format!("https://platform.example/item/{n}")
}

pub(crate) fn opening(url: &str) -> NewOpening {
    NewOpening {
        items: vec![NewItem {
            url: url.to_owned(),
            ..NewItem::default()
        }],
        ..NewOpening::default()
    }
}

pub(crate) fn case_of(text: &str) -> CaseId {
    CaseId::from_hex(text).unwrap()
}

pub(crate) fn drafted(done: Result<Done, WorkError>) -> Drafted {
    match done {
        Ok(Done::Drafted(drafted)) => drafted,
        other => panic!("not drafted: {other:?}"),
    }
}

pub(crate) fn signed(done: Result<Done, WorkError>) -> SignedStatement {
    match done {
        Ok(Done::Signed(signed)) => signed,
        other => panic!("not signed: {other:?}"),
    }
}

/// Drafts by one person and confirms by another.
pub(crate) async fn confirmed(world: &World, from: &str, work: Work) -> (CaseId, StatementId) {
    let drafted = drafted(world.work(from, work).await);
    let id = world.confirm(from, &drafted.draft).await.unwrap();
    (case_of(&drafted.case), id)
}

/// A takedown request that is on its way.
pub(crate) async fn request(world: &World, from: &str, url: &str) -> (CaseId, StatementId) {
    confirmed(world, from, Work::Request(opening(url))).await
}

/// A referral that is on its way.
pub(crate) async fn refer(world: &World, from: &str, to: &str, url: &str) -> (CaseId, StatementId) {
    let to = Some(world.id(to).to_string());
    let opening = NewOpening { to, ..opening(url) };
    confirmed(world, from, Work::Refer(opening)).await
}

pub(crate) fn answer(case: &CaseId, answer: &str, code: Option<&str>) -> Work {
    Work::Answer(NewAnswer {
        case: case.to_string(),
        answer: answer.to_owned(),
        code: code.map(str::to_owned),
        items: None,
        expected_by: None,
        next: None,
        automated: false,
        text: None,
    })
}

pub(crate) fn removed(case: &CaseId, n: u64) -> Work {
    Work::Outcome(NewOutcome {
        case: case.to_string(),
        items: vec![NewOutcomeItem {
            n,
            round: None,
            answer: "done".to_owned(),
            measures: vec![("content".to_owned(), "removed".to_owned())],
            reason: None,
            effective_at: None,
            automated: false,
        }],
        text: None,
    })
}

pub(crate) fn seen(case: &CaseId, n: u64, result: &str) -> Work {
    Work::Observe(NewObservation {
        case: case.to_string(),
        items: vec![NewObservationItem {
            n,
            round: None,
            result: result.to_owned(),
            method: None,
            vantage: None,
            at: None,
        }],
    })
}

pub(crate) fn withdrawal(case: &CaseId) -> Work {
    Work::Withdraw(NewWithdrawal {
        case: case.to_string(),
        code: "error".to_owned(),
        items: None,
        text: None,
    })
}

pub(crate) fn review(draft: &str, decision: Decision) -> Work {
    Work::Review(NewReview {
        drafts: vec![draft.to_owned()],
        decision,
    })
}

/// The state of the only item.
pub(crate) async fn item(world: &World, at: &str, case: &CaseId) -> ItemShown {
    let shown = world.case(at, case).await.expect("the case is there");
    shown.items.into_iter().next().expect("an item")
}

pub(crate) async fn state(world: &World, at: &str, case: &CaseId) -> (String, u64) {
    let item = item(world, at, case).await;
    (item.state, item.round)
}

/// Both sides have the same statements and make the same of them; so do both engines.
pub(crate) async fn both_agree(world: &World, one: &str, other: &str, case: &CaseId) {
    assert_eq!(world.state(one, case), world.state(other, case));
    let (left, right) = (world.case(one, case).await, world.case(other, case).await);
    let (left, right) = (left.unwrap(), right.unwrap());
    assert_eq!(left.items, right.items);
    assert_eq!(left.row.items, right.row.items);
    assert_eq!(left.row.open, right.row.open);
    let order = |shown: &comity_engine::desk::CaseShown| -> Vec<String> {
        shown
            .timeline
            .iter()
            .map(|event| event.statement.clone())
            .collect()
    };
    assert_eq!(order(&left), order(&right));
}
