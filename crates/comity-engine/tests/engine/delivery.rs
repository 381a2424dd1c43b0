//! At least once on the wire, exactly once in effect.

use comity_testkit::ports::{Link, World};

use crate::desk::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_was_lost_brings_the_same_leaf_again_and_one_effect() {
    let world = World::of(&["north", "platform"]);
    world.link("north", "platform", Link::LosesReply);
    let (case, id) = request(&world, "north", &on_platform(1)).await;
    world
        .until_in_time("two attempts", 1_000, async || {
            world.exchanges("north", "platform") > 1
        })
        .await;
    world.link("north", "platform", Link::Up);
    world.rest(&["north"]).await;
    assert!(world.exchanges("north", "platform") > 2);
    assert_eq!(world.count("platform", "received"), 1);
    assert_eq!(world.count("north", "offered"), 1);
    assert_eq!(world.count("north", "sent"), 1);
    both_agree(&world, "north", "platform", &case).await;
    let index = world
        .leaves("platform")
        .into_iter()
        .find(|leaf| leaf.statement == Some(id))
        .map(|leaf| leaf.index);
    let words = world.case("north", &case).await.unwrap().timeline[0]
        .receipt
        .clone();
    assert!(
        words
            .unwrap()
            .contains(&format!("record {} ", index.unwrap()))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_twice_has_one_effect() {
    let world = World::of(&["north", "platform"]);
    world.link("north", "platform", Link::Twice);
    world.link("platform", "north", Link::Twice);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    signed(
        world
            .work("platform", answer(&case, "accepted", None))
            .await,
    );
    world.rest(&["platform"]).await;
    assert_eq!(world.count("platform", "received"), 1);
    assert_eq!(world.count("north", "received"), 1);
    both_agree(&world, "north", "platform", &case).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recipient_that_is_down_for_an_hour_loses_nothing_and_is_not_hammered() {
    let world = World::of(&["north", "platform"]);
    world.link("north", "platform", Link::Down);
    let mut cases = Vec::new();
    for n in 0..10 {
        cases.push(request(&world, "north", &on_platform(n)).await.0);
    }
    let end = world.now() + HOUR_MS;
    world
        .until_in_time("an hour", 10_000, async || {
            world.outbox("north").await;
            world.now() >= end
        })
        .await;
    // Twice as long each time from five seconds on: ten attempts make more than an hour.
    let attempts = world.exchanges("north", "platform");
    assert!((5..=13).contains(&attempts), "{attempts}");
    let row = &world.outbox("north").await[0];
    assert!(row.attempts >= 5, "{row:?}");
    assert_eq!(row.last.as_deref(), Some("unreachable"));
    assert!(row.due_at.unwrap() > world.now(), "{row:?}");
    assert_eq!(row.state, "offered");

    world.link("north", "platform", Link::Up);
    world
        .until_in_time("delivery", 60_000, async || {
            world.outbox("north").await.is_empty()
        })
        .await;
    for case in &cases {
        both_agree(&world, "north", "platform", case).await;
    }
    assert_eq!(world.count("platform", "received"), 10);
    assert_eq!(world.count("north", "offered"), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_twelve_days_a_statement_is_given_up_and_that_is_shown() {
    let world = World::of(&["north", "platform"]);
    world.link("north", "platform", Link::Down);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world
        .until_in_time("twelve days", HOUR_MS, async || {
            world
                .outbox("north")
                .await
                .iter()
                .all(|row| row.state == "expired")
        })
        .await;
    let rows = world.outbox("north").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].last.as_deref(), Some("expired"));
    assert_eq!(rows[0].due_at, None);
    assert!(world.now() >= rows[0].expires_at);
    assert_eq!(world.count("north", "gave-up"), 1);
    assert_eq!(world.codes("north", "gave-up"), ["expired"]);
    let shown = world.case("north", &case).await.unwrap();
    assert_eq!(shown.row.delivery, "expired");
    assert!(
        shown.timeline[0]
            .receipt
            .as_ref()
            .unwrap()
            .contains("could not be delivered")
    );
    assert!(world.exchanges("north", "platform") < 400);

    // It stays given up, whatever comes.
    world.link("north", "platform", Link::Up);
    let (_, second) = request(&world, "north", &on_platform(2)).await;
    world.rest(&["north"]).await;
    assert!(world.statement("platform", &second).is_some());
    assert_eq!(world.count("platform", "received"), 1);
    assert_eq!(world.count("north", "gave-up"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_batches_are_on_their_way_at_once_and_a_held_one_holds_up_no_other_member() {
    let world = World::of(&["north", "platform", "south"]);
    world.link("north", "platform", Link::Held);
    let (held, _) = request(&world, "north", &on_platform(1)).await;
    let (other, _) = refer(&world, "north", "south", "https://files.example.net/1").await;
    world
        .until("the other member has it", async || {
            world.case("south", &other).await.is_some()
        })
        .await;
    assert!(world.case("platform", &held).await.is_none());
    world.link("north", "platform", Link::Up);
    world.rest(&["north"]).await;
    both_agree(&world, "north", "platform", &held).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_statements_than_fit_one_delivery_all_arrive_in_order() {
    let world = World::of(&["north", "platform"]);
    world.link("north", "platform", Link::Down);
    for n in 0..150 {
        request(&world, "north", &on_platform(n)).await;
    }
    world.link("north", "platform", Link::Up);
    world.rest(&["north"]).await;
    assert_eq!(world.count("platform", "received"), 150);
    assert_eq!(world.cases("platform").await.len(), 150);
}
