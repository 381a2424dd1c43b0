//! The middle member: South has a referral of North's, and asks the platform as a child case.

use comity_engine::desk::{NewHold, NewOpening, NewParent, Work};
use comity_testkit::ports::World;
use comity_wire::body::Body;
use comity_wire::ids::CaseId;
use comity_wire::registry::Basis;

use crate::desk::*;

const ELSEWHERE: &str = "https://elsewhere.example/1";

fn child(world: &World, parent: &CaseId) -> Work {
    Work::Request(NewOpening {
        to: Some(world.id("platform").to_string()),
        parent: Some(NewParent {
            case: parent.to_string(),
            n: 1,
        }),
        ..NewOpening::default()
    })
}

/// North refers to South, South asks the platform.
async fn chain(world: &World) -> (CaseId, CaseId) {
    let (parent, _) = refer(world, "north", "south", ELSEWHERE).await;
    world.rest(&["north"]).await;
    let (child, _) = confirmed(world, "south", child(world, &parent)).await;
    world.rest(&["south"]).await;
    (parent, child)
}

const ALL: [&str; 3] = ["north", "south", "platform"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_of_the_child_case_goes_upstream_as_relayed_with_the_statement_as_evidence() {
    let world = World::of(&ALL);
    let (parent, child) = chain(&world).await;
    let links = world.case("south", &parent).await.unwrap().children;
    assert_eq!(links, [(1, child.to_string(), 1)]);
    let links = world.case("south", &child).await.unwrap().parents;
    assert_eq!(links, [(1, parent.to_string(), 1)]);
    // Neither outer party learns of the other case.
    assert!(world.case("platform", &parent).await.is_none());
    assert!(world.case("north", &child).await.is_none());
    assert!(
        world
            .case("platform", &child)
            .await
            .unwrap()
            .parents
            .is_empty()
    );

    world.clock.advance(HOUR_MS);
    let outcome = signed(world.work("platform", removed(&child, 1)).await);
    world.rest(&ALL).await;
    assert_eq!(
        state(&world, "north", &parent).await,
        ("done".to_owned(), 1)
    );
    both_agree(&world, "north", "south", &parent).await;
    both_agree(&world, "south", "platform", &child).await;
    let shown = world.case("north", &parent).await.unwrap();
    let event = shown
        .timeline
        .iter()
        .find(|event| event.kind == "outcome")
        .unwrap();
    let id = comity_wire::ids::Hash::from_hex(&event.statement).unwrap();
    let relayed = world.statement("north", &id).unwrap();
    let Body::Outcome(body) = relayed.body() else {
        panic!("{relayed:?}")
    };
    assert_eq!(body.basis, Basis::Relayed);
    assert_eq!(body.items[0].6, Some(1));
    let evidence = relayed.payload().evidence.as_ref().unwrap();
    assert_eq!(evidence[0].to_string(), outcome.statement);
    // The object travelled beside it and is kept, as it was signed.
    let received = crate::peer::frames(&world, "north", 3);
    let kept = received.iter().any(|stored| {
        let frame = comity_engine::frame::Frame::decode(stored.kind, &stored.body);
        let Ok(comity_engine::frame::Frame::Received(frame)) = frame else {
            return false;
        };
        frame
            .2
            .iter()
            .any(|object| comity_wire::ids::Hash::of(object) == evidence[0])
    });
    assert!(kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_upstream_takes_back_the_child_without_a_second_review() {
    let world = World::of(&ALL);
    let (parent, child) = chain(&world).await;
    confirmed(&world, "north", withdrawal(&parent)).await;
    world.rest(&ALL).await;
    assert_eq!(state(&world, "south", &parent).await.0, "withdrawn");
    assert_eq!(state(&world, "platform", &child).await.0, "withdrawn");
    both_agree(&world, "south", "platform", &child).await;
    let shown = world.case("platform", &child).await.unwrap();
    let id = comity_wire::ids::Hash::from_hex(&shown.timeline.last().unwrap().statement).unwrap();
    let Body::Withdrawal(body) = world.statement("platform", &id).unwrap().body().clone() else {
        panic!("another kind")
    };
    assert_eq!((body.basis, body.code.as_str()), (Basis::Relayed, "error"));
    assert_eq!(world.count("south", "reviewed"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_with_another_live_ground_stays() {
    let world = World::of(&["north", "south", "platform", "regulator"]);
    let (parent, child) = chain(&world).await;
    // The regulator refers the same to South, and South links its own child of it to another case; that one stays.
    let (other, _) = refer(&world, "regulator", "south", ELSEWHERE).await;
    world.rest(&["regulator"]).await;
    let (second, _) = confirmed(&world, "south", self::child(&world, &other)).await;
    world.rest(&["south"]).await;
    confirmed(&world, "north", withdrawal(&parent)).await;
    world.rest(&["north", "south", "platform"]).await;
    assert_eq!(state(&world, "platform", &child).await.0, "withdrawn");
    assert_eq!(state(&world, "platform", &second).await.0, "requested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_of_ones_own_report_is_a_ground_of_its_own() {
    let world = World::of(&ALL);
    let (parent, _) = refer(&world, "north", "south", ELSEWHERE).await;
    let (own, _) = request(&world, "south", &on_platform(1)).await;
    world.rest(&["north", "south"]).await;
    confirmed(&world, "north", withdrawal(&parent)).await;
    world.rest(&ALL).await;
    assert_eq!(state(&world, "platform", &own).await.0, "requested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_stops_the_clocks_and_a_release_starts_them_again() {
    let world = World::of(&["north", "platform"]);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    let hold = Work::Hold(NewHold {
        case: case.to_string(),
        by: "law-enforcement".to_owned(),
        until: None,
    });
    signed(world.work("north", hold).await);
    world.rest(&["north"]).await;
    for name in ["north", "platform"] {
        let shown = world.case(name, &case).await.unwrap();
        assert!(shown.row.held, "{name}");
        let clock = shown
            .deadlines
            .iter()
            .find(|row| row.clock == "outcome")
            .unwrap();
        assert_eq!(clock.standing, "paused", "{name}");
    }
    world.clock.advance(5 * HOUR_MS);
    let release = Work::Release(comity_engine::desk::NewRelease {
        case: case.to_string(),
        by: "law-enforcement".to_owned(),
        result: None,
    });
    signed(world.work("north", release).await);
    world.rest(&["north"]).await;
    for name in ["north", "platform"] {
        let shown = world.case(name, &case).await.unwrap();
        assert!(!shown.row.held, "{name}");
        let clock = shown
            .deadlines
            .iter()
            .find(|row| row.clock == "outcome")
            .unwrap();
        assert_eq!(clock.standing, "running", "{name}");
        assert!(clock.paused_ms >= 5 * HOUR_MS, "{name}");
    }
    both_agree(&world, "north", "platform", &case).await;
}
