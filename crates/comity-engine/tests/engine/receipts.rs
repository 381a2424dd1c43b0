//! A receipt is believed for what it proves, and for nothing else.

use std::sync::{Arc, Mutex};

use comity_engine::ports::Protocol;
use comity_testkit::ports::World;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, ExchangeResult};
use comity_wire::ext::Extension;
use comity_wire::leaf::Leaf;
use comity_wire::receipt::WireReceipt;
use comity_wire::words::{ExtensionName, Sorted};

use crate::desk::*;

type Change = fn(&mut ExchangeReply, &ExchangeReply);

/// The platform answers the second request with something else than its receipt; `first` is its reply to the first one.
async fn check(what: &str, change: Change, code: &str) {
    let world = World::of(&["north", "platform"]);
    let first: Arc<Mutex<Option<ExchangeReply>>> = Arc::default();
    let lies = Arc::new(Mutex::new(0));
    let (kept, told) = (Arc::clone(&first), Arc::clone(&lies));
    let (north, platform) = (world.key("north"), world.key("platform"));
    world.hub.lie(north, platform, move |protocol, _, reply| {
        let bytes = reply?;
        if protocol != Protocol::Exchange {
            return Some(bytes);
        }
        let mut reply = ExchangeReply::decode(&bytes, 1).unwrap();
        let mut first = kept.lock().unwrap();
        match &*first {
            None => *first = Some(reply.clone()),
            Some(first) => {
                change(&mut reply, first);
                *told.lock().unwrap() += 1;
            }
        }
        Some(reply.encode())
    });
    request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    let sent = world.count("north", "sent");
    let (case, id) = request(&world, "north", &on_platform(2)).await;
    world
        .until_in_time("it is offered again", 1_000, async || {
            *lies.lock().unwrap() >= 2
        })
        .await;
    world
        .until("the second lie is recorded", async || {
            world.codes("north", "refused").len() >= 2
        })
        .await;
    assert_eq!(world.codes("north", "refused")[0], code, "{what}");
    assert_eq!(world.count("north", "sent"), sent, "{what}");
    let shown = world.case("north", &case).await.unwrap();
    assert_eq!(shown.row.delivery, "waiting", "{what}");
    let row = &world.outbox("north").await[0];
    assert_eq!(
        (row.last.as_deref(), row.state.as_str()),
        (Some(code), "offered"),
        "{what}"
    );

    world.hub.tell_the_truth(north, platform);
    world.rest(&["north"]).await;
    assert_eq!(world.count("platform", "received"), 2, "{what}");
    assert!(world.statement("platform", &id).is_some());
    both_agree(&world, "north", "platform", &case).await;
}

fn receipt(reply: &ExchangeReply) -> WireReceipt {
    match &reply.2[0] {
        ExchangeResult::Registered(receipt) => receipt.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_for_another_statement_is_refused_and_recorded_and_the_statement_offered_again() {
    let replayed: Change = |reply, first| *reply = first.clone();
    check("replayed with its head", replayed, "receipt-foreign").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_under_another_head_than_the_one_that_came_is_refused() {
    let other: Change = |reply, first| reply.1.clone_from(&first.1);
    check("the head of before", other, "receipt-other-head").await;
    let replayed: Change =
        |reply, first| reply.2 = vec![ExchangeResult::Registered(receipt(first))];
    check("the receipt of before", replayed, "receipt-other-head").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_without_a_head_or_under_a_head_that_nobody_signed_is_refused() {
    let none: Change = |reply, _| reply.1 = None;
    check("no head", none, "receipt-without-head").await;
    let forged: Change = |reply, _| {
        let text = reply.1.clone().unwrap();
        let cut = text.replacen("\n1", "\n2", 1).replacen("\n3", "\n4", 1);
        reply.1 = Some(if cut == *text { "x".into() } else { cut.into() });
    };
    check("forged head", forged, "receipt-without-head").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_that_cannot_be_read_or_that_no_log_signed_is_refused() {
    let junk: Change = |reply, _| {
        let mut receipt = receipt(reply);
        receipt.1.truncate(20);
        reply.2 = vec![ExchangeResult::Registered(receipt)];
    };
    check("cut off", junk, "receipt-malformed").await;
    let flipped: Change = |reply, _| {
        let mut receipt = receipt(reply);
        *receipt.1.last_mut().unwrap() ^= 1;
        reply.2 = vec![ExchangeResult::Registered(receipt)];
    };
    check("a bit", flipped, "receipt-not-signed").await;
}

fn with_extension(reply: &mut ExchangeReply, critical: bool) {
    let mut receipt = receipt(reply);
    let mut leaf = Leaf::decode(&receipt.0).unwrap();
    let name = ExtensionName::new("tomorrow.shift").unwrap();
    leaf.ext = Some(Sorted::new([Extension(name, critical, vec![3].into())]));
    receipt.0 = leaf.encode().into();
    reply.2 = vec![ExchangeResult::Registered(receipt)];
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_for_a_record_with_a_critical_extension_that_is_not_known_is_not_believed() {
    let critical: Change = |reply, _| with_extension(reply, true);
    check("critical", critical, "receipt-malformed").await;
    // An optional one is read; that it was put in later shows in the signature.
    let optional: Change = |reply, _| with_extension(reply, false);
    check("optional", optional, "receipt-not-signed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_the_recipient_did_not_sign_ends_nothing() {
    let junk: Change = |reply, _| reply.2 = vec![ExchangeResult::Refused(vec![0; 90].into())];
    check("junk", junk, "refusal-not-signed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_of_another_length_is_no_reply() {
    let world = World::of(&["north", "platform"]);
    let (north, platform) = (world.key("north"), world.key("platform"));
    for (what, results) in [("none", 0), ("one more", 1)] {
        world.hub.lie(north, platform, move |_, request, reply| {
            let asked = ExchangeRequest::decode(request).unwrap().1.len();
            let mut reply = ExchangeReply::decode(&reply?, asked).unwrap();
            let one = reply.2[0].clone();
            reply.2 = vec![one; if results == 0 { 0 } else { asked + 1 }];
            Some(reply.encode())
        });
        let before = world.exchanges("north", "platform");
        request(
            &world,
            "north",
            &on_platform(u32::try_from(results).unwrap()),
        )
        .await;
        world
            .until_in_time("attempts", 1_000, async || {
                world.exchanges("north", "platform") >= before + 2
            })
            .await;
        assert_eq!(world.count("north", "sent"), 0, "{what}");
        assert_eq!(
            world.outbox("north").await[0].last.as_deref(),
            Some("bad-reply")
        );
    }
    world.hub.tell_the_truth(north, platform);
    world.rest(&["north"]).await;
    assert_eq!(world.count("platform", "received"), 2);
    assert_eq!(world.count("north", "sent"), 2);
}
