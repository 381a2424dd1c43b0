//! A node that was put back to an older copy, restored into a new log, and given back what it had lost.

use std::sync::{Arc, Mutex};

use comity_engine::Policy;
use comity_engine::desk::{Query, RestoredShown, Shown};
use comity_engine::limits::SAID_KEPT_MS;
use comity_engine::own_head::not_behind_peers;
use comity_engine::ports::{Cosigned, Protocol, Store as _, WitnessStates as _};
use comity_log::add_checkpoint::Request;
use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint};
use comity_log::hash::Hash;
use comity_log::head::Head;
use comity_testkit::ports::{Disk, Keeps, Link, World};
use comity_wire::exchange::{
    ExchangeReply, ExchangeResult, Redeliver, RedeliverReply, RedeliverRequest,
};
use comity_wire::ext;
use comity_wire::ids::CaseId;
use comity_wire::leaf::{Leaf, LogHead, Origin};
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};

use crate::desk::*;
use crate::forks::contradictions;
use crate::heads::{known_to, receipts_up_to, regulator_saw};

/// What one member asks another for, and the reply.
async fn ask_back(world: &World, asker: &str, of: &str, request: RedeliverRequest) -> Vec<u8> {
    let (from, to) = (world.key(asker), world.key(of));
    let reply = world
        .hub
        .ask(from, to, Protocol::Exchange, request.encode());
    reply.await.unwrap()
}

/// A takedown request that the platform has answered; both know it.
async fn answered(world: &World, n: u32) -> CaseId {
    let (case, _) = request(world, "north", &on_platform(n)).await;
    world.rest(&["north"]).await;
    signed(
        world
            .work("platform", answer(&case, "accepted", None))
            .await,
    );
    world.rest(&["platform"]).await;
    case
}

/// North and the platform have worked, a backup of `who` was made, they have worked on, and then `who` was put back to
/// the backup and restored. Cases from before, and cases from after, of which one goes on from before.
async fn put_back(who: &str) -> (World, Vec<CaseId>, Head) {
    let mut world = World::of(&["north", "platform"]);
    let mut cases = vec![answered(&world, 1).await, answered(&world, 2).await];
    let backup = world.node(who).disk.copy();
    world.clock.advance(2 * HOUR_MS);
    signed(world.work("platform", removed(&cases[0], 1)).await);
    world.rest(&["platform"]).await;
    for n in 3..6 {
        cases.push(answered(&world, n).await);
    }
    signed(world.work("platform", removed(&cases[3], 1)).await);
    world.rest(&["north", "platform"]).await;
    world.stop(who).await.unwrap();
    let proven = world.node(who).disk.head();
    world.put_back(who, &backup);
    assert!(world.size(who) < proven.size());
    world.restore(who, proven);
    (world, cases, proven)
}

async fn all_back(world: &World, cases: &[CaseId]) {
    world
        .until_in_time("everything is back", 1_000, async || {
            for case in cases {
                let (left, right) = (world.state("north", case), world.state("platform", case));
                if left != right || world.folded("north", case).is_empty() {
                    return false;
                }
            }
            world.outbox("north").await.is_empty() && world.outbox("platform").await.is_empty()
        })
        .await;
    for case in cases {
        both_agree(world, "north", "platform", case).await;
    }
}

/// Whether a node that is put back to a disk may start, when the platform says that it has this head of its log.
async fn judged(world: &World, disk: &Disk, said: Option<Vec<u8>>) -> Result<(), String> {
    let (north, platform) = (world.key("north"), world.key("platform"));
    world.hub.lie(north, platform, move |_, _, _| {
        let text = said.clone().map(|text| String::from_utf8(text).unwrap());
        Some(WitnessReply::Head(text.map(Into::into), None).encode())
    });
    let keeps = Keeps {
        disk: disk.clone(),
        ..Keeps::default()
    };
    let start = world.parts("north", &keeps, Policy::default(), ext::NONE);
    let before = disk.commits();
    let judged = not_behind_peers(&start).await;
    world.hub.tell_the_truth(north, platform);
    assert_eq!(disk.commits(), before, "something was written");
    judged.map_err(|fault| {
        assert!(fault.detail.contains("platform.example"), "{fault}");
        fault.code.to_owned()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_a_member_proves_to_be_behind_does_not_start_and_writes_nothing() {
    let mut world = World::of(&["north", "platform"]);
    answered(&world, 1).await;
    let backup = world.node("north").disk.copy();
    answered(&world, 2).await;
    world.stop("north").await.unwrap();
    let newest = world.node("north").disk.clone();
    let (old, new) = (backup.published(), newest.published());
    let behind = Err("log-behind-peers".to_owned());
    assert_eq!(judged(&world, &backup, Some(new.clone())).await, behind);
    let empty = Disk::default();
    assert_eq!(judged(&world, &empty, Some(old.clone())).await, behind);
    assert_eq!(judged(&world, &backup, Some(old.clone())).await, Ok(()));
    assert_eq!(judged(&world, &newest, Some(old.clone())).await, Ok(()));
    assert_eq!(judged(&world, &newest, Some(new.clone())).await, Ok(()));
    assert_eq!(judged(&world, &backup, None).await, Ok(()));
    // What the log did not sign proves nothing.
    let forged = String::from_utf8(new.clone()).unwrap();
    let forged = forged.replace("/north.example/1", "/platform.example/1");
    assert_eq!(
        judged(&world, &backup, Some(forged.into_bytes())).await,
        Ok(())
    );
    // An old copy that went on by itself: the same log has another tree at that size.
    world.put_back("north", &backup);
    world.deafen("north");
    world.start("north").unwrap();
    for n in 7..12 {
        answered(&world, n).await;
    }
    world.stop("north").await.unwrap();
    let forked = world.node("north").disk.clone();
    assert!(forked.head().size() > newest.head().size());
    assert_eq!(judged(&world, &forked, Some(new)).await, behind);
}

fn kinds(world: &World, name: &str) -> Vec<String> {
    let leaves = world.leaves(name);
    leaves.iter().map(|leaf| leaf.kind.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recipient_that_was_restored_has_every_case_again() {
    let (mut world, cases, proven) = put_back("platform").await;
    world.start("platform").unwrap();
    all_back(&world, &cases).await;
    let leaves = world.leaves("platform");
    let before = LogHead(
        Origin {
            n: 1,
            ..world.origin("platform")
        },
        proven.size(),
        *proven.root(),
    );
    assert_eq!(leaves[0].predecessor, Some(before));
    let first: Vec<_> = kinds(&world, "platform").into_iter().take(2).collect();
    assert_eq!(first, ["log-opened", "restored"]);
    // Three requests were lost, and three answers and two outcomes of its own.
    assert_eq!(world.count("platform", "received"), 3);
    assert_eq!(world.count("platform", "sent"), 5);
    // Numbers of this log begin anew and have no gap.
    let mut numbers: Vec<_> = leaves.iter().filter_map(|leaf| leaf.seq).collect();
    numbers.dedup();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
    // North has them in its log once, as before.
    assert_eq!(world.count("north", "sent"), 5);
    assert_eq!(world.count("north", "received"), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_was_restored_has_its_own_statements_again_and_nothing_counts_twice() {
    let (mut world, cases, _) = put_back("north").await;
    world.start("north").unwrap();
    all_back(&world, &cases).await;
    assert_eq!(world.count("platform", "received"), 5, "nothing came twice");
    let first: Vec<_> = kinds(&world, "north").into_iter().take(2).collect();
    assert_eq!(first, ["log-opened", "restored"]);
    assert_eq!(world.count("north", "sent"), 3);
    assert_eq!(world.count("north", "received"), 5);
    // And work goes on.
    let (case, _) = request(&world, "north", &on_platform(9)).await;
    world.rest(&["north"]).await;
    both_agree(&world, "north", "platform", &case).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_disk_is_an_old_copy_too() {
    let mut world = World::of(&["north", "platform"]);
    let cases = vec![answered(&world, 1).await, answered(&world, 2).await];
    world.rest(&["north", "platform"]).await;
    world.stop("platform").await.unwrap();
    let proven = world.node("platform").disk.head();
    world.put_back("platform", &Disk::default());
    world.restore("platform", proven);
    world.start("platform").unwrap();
    all_back(&world, &cases).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cannot_be_reached_is_asked_until_it_answers_and_then_no_more() {
    let (mut world, cases, _) = put_back("platform").await;
    world.link("platform", "north", Link::Down);
    world.start("platform").unwrap();
    world
        .until_in_time("some attempts", 5_000, async || {
            world.exchanges("platform", "north") > 3
        })
        .await;
    assert_eq!(world.count("platform", "received"), 0);
    world.link("platform", "north", Link::Up);
    all_back(&world, &cases).await;
    world.stop("platform").await.unwrap();
    let asked = redeliveries(&world);
    world.start("platform").unwrap();
    world.query("platform", Query::Log).await.unwrap();
    let later = world.now() + DAY_MS;
    world
        .until_in_time("a day", HOUR_MS, async || world.now() >= later)
        .await;
    assert_eq!(redeliveries(&world), asked);
}

/// How often north was asked to give back. The others have no node.
fn redeliveries(world: &World) -> usize {
    let (heard, north) = (world.hub.heard(), world.key("north"));
    let asked = heard
        .iter()
        .filter(|heard| heard.to == north && RedeliverRequest::decode(&heard.request).is_ok());
    asked.count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_while_it_is_given_back_loses_nothing_and_records_nothing_twice() {
    for commits in 0..6 {
        let (mut world, cases, _) = put_back("platform").await;
        let disk = world.node("platform").disk.clone();
        disk.fail_commit(commits, comity_testkit::ports::Lost::Answer);
        if world.start("platform").is_ok() {
            world
                .until_in_time("it has failed, or has everything", 1_000, async || {
                    let failed = world.query("platform", Query::Log).await.is_err();
                    failed || world.count("platform", "received") == 3
                })
                .await;
            let _failed = world.stop("platform").await;
        }
        disk.heal();
        world.start("platform").unwrap();
        all_back(&world, &cases).await;
        assert_eq!(world.count("platform", "received"), 3, "{commits}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_record_is_proved_under_the_head_of_the_closed_log() {
    let (mut world, cases, _) = put_back("platform").await;
    let (before, after) = (&cases[1], &cases[4]);
    world.start("platform").unwrap();
    all_back(&world, &cases).await;
    // Both are offered again, as by a sender whose receipts were lost: one reply has receipts of one log.
    let opening = |case: &CaseId| world.folded("north", case)[0].bytes().to_vec();
    let offers = |list: Vec<Vec<u8>>| {
        let roster = world.federation.history().roster_ref().unwrap();
        let offers = list
            .into_iter()
            .map(|bytes| comity_wire::exchange::Offer(bytes.into(), None, Vec::new()));
        comity_wire::exchange::ExchangeRequest(roster, offers.collect()).encode()
    };
    let ask = async |list: Vec<Vec<u8>>| {
        let asked = list.len();
        let (north, platform) = (world.key("north"), world.key("platform"));
        let reply = world
            .hub
            .ask(north, platform, Protocol::Exchange, offers(list))
            .await
            .unwrap();
        ExchangeReply::decode(&reply, asked).unwrap()
    };
    let ExchangeReply(_, head, results) = ask(vec![opening(before)]).await;
    assert!(head.unwrap().contains("/platform.example/1\n"));
    let [ExchangeResult::Registered(receipt)] = results.as_slice() else {
        panic!("{results:?}");
    };
    let old = Leaf::decode(&receipt.0).unwrap();
    assert_eq!(old.kind.as_str(), "received");
    let ExchangeReply(_, head, results) = ask(vec![opening(before), opening(after)]).await;
    assert!(head.unwrap().contains("/platform.example/2\n"));
    assert!(matches!(
        results.as_slice(),
        [ExchangeResult::Turned(busy, _), ExchangeResult::Registered(_)] if busy.as_str() == "busy"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_member_whose_log_was_closed_is_given_something_back() {
    let (world, _, proven) = put_back("platform").await;
    let closed = Origin {
        n: 1,
        ..world.origin("platform")
    };
    let request = |origin, from| RedeliverRequest(Redeliver::Redeliver, origin, from);
    let refused = async |asker: &str, request| {
        let reply = ask_back(&world, asker, "north", request).await;
        let ExchangeReply(_, _, results) = ExchangeReply::decode(&reply, 1).unwrap();
        match results.as_slice() {
            [ExchangeResult::Turned(code, None)] => code.to_string(),
            other => panic!("{other:?}"),
        }
    };
    // North does not have the roster yet that closes it.
    let early = refused("platform", request(closed.clone(), 0)).await;
    assert_eq!(early, "unknown-origin");
    take_newest_roster(&world, "north").await;
    for (asker, origin) in [
        ("regulator", closed.clone()),
        ("platform", world.origin("north")),
        ("platform", world.origin("platform")),
    ] {
        assert_eq!(refused(asker, request(origin, 0)).await, "unknown-origin");
    }
    let given = async |from| {
        let reply = ask_back(&world, "platform", "north", request(closed.clone(), from)).await;
        let RedeliverReply(_, rows, next) = RedeliverReply::decode(&reply).unwrap();
        assert_eq!(next, None);
        rows
    };
    let all = given(0).await;
    assert_eq!(all.len(), 12);
    let own = all.iter().filter(|(_, receipt)| receipt.is_none()).count();
    assert_eq!(own, 7, "answers and outcomes of the platform");
    let copy = world.node("platform").disk.open().closed()[0].head.size();
    let lost = given(copy).await;
    assert!(lost.len() < all.len() && lost.len() >= 8, "{}", lost.len());
    // Beyond the closed size there is no index: the place of a page.
    assert_eq!(given(proven.size()).await.len(), 12);
    assert!(given(proven.size() + 1_000_000).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fits_into_no_page_comes_with_the_next_one() {
    let mut world = World::of(&["north", "platform"]);
    let mut cases = Vec::new();
    for n in 0..129 {
        cases.push(request(&world, "north", &on_platform(n)).await.0);
    }
    world.rest(&["north"]).await;
    for case in &cases {
        signed(world.work("platform", answer(case, "accepted", None)).await);
    }
    world.rest(&["platform"]).await;
    world.stop("platform").await.unwrap();
    let proven = world.node("platform").disk.head();
    world.put_back("platform", &Disk::default());
    world.restore("platform", proven);
    world.start("platform").unwrap();
    all_back(&world, &cases).await;
    assert!(redeliveries(&world) >= 2);
    assert_eq!(world.count("platform", "received"), 129);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_that_was_recorded_after_the_copy_is_handed_over_again() {
    let mut world = World::new();
    receipts_up_to(&world, 6).await;
    let backup = world.node("south").disk.copy();
    regulator_saw(&world, "north", world.size("platform"));
    known_to(&world, &["north", "south", "platform", "regulator"]).await;
    let (north, regulator) = (world.key("north"), world.key("regulator"));
    world.hub.tell_the_truth(north, regulator);
    let before = contradictions(&world, "south").await;
    world.stop("south").await.unwrap();
    let proven = world.node("south").disk.head();
    world.put_back("south", &backup);
    world.restore("south", proven);
    world.start("south").unwrap();
    assert_eq!(contradictions(&world, "south").await, []);
    known_to(&world, &["south"]).await;
    let after = contradictions(&world, "south").await;
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].evidence, before[0].evidence);
    assert_eq!(world.count("south", "witness-conflict"), 1);
    // Whoever handed it over has said so, and is not asked to take it back.
    world
        .until_in_time("all have it", 5_000, async || {
            let rows = contradictions(&world, "south").await;
            rows[0].waiting.is_empty()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_proves_the_newest_head_that_it_has_seen_though_it_never_cosigned_it() {
    let world = World::of(&["north", "platform"]);
    // Nobody asks north to cosign; what it has seen came beside receipts.
    world.link("platform", "north", Link::Down);
    for n in 1..4 {
        request(&world, "north", &on_platform(n)).await;
        world.rest(&["north"]).await;
    }
    let heard = world.hub.heard();
    let newest = heard
        .iter()
        .filter(|heard| heard.protocol == Protocol::Exchange)
        .filter_map(|heard| ExchangeReply::decode(heard.reply.as_ref()?, 1).ok()?.1)
        .map(|text| size_in(&text))
        .max();
    let (regulator, north) = (world.key("regulator"), world.key("north"));
    let request = WitnessRequest::Head(world.origin("platform"), None).encode();
    let asked = world
        .hub
        .ask(regulator, north, Protocol::Witness, request)
        .await;
    let WitnessReply::Head(Some(text), None) = WitnessReply::decode(&asked.unwrap()).unwrap()
    else {
        panic!("no head");
    };
    assert!(newest.is_some_and(|size| size > 3), "{newest:?}");
    assert_eq!(Some(size_in(&text)), newest);
}

fn size_in(text: &str) -> u64 {
    let read = UnverifiedCheckpoint::parse(text.as_bytes()).unwrap();
    read.claimed().head.size()
}

async fn restored_shown(world: &World, name: &str) -> RestoredShown {
    match world.query(name, Query::Log).await {
        Ok(Shown::Log(log)) => log.restored.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_still_missing_is_said_until_everybody_has_answered() {
    let (mut world, cases, proven) = put_back("platform").await;
    let here = world.size("platform");
    world.link("platform", "north", Link::Down);
    world.start("platform").unwrap();
    let shown = restored_shown(&world, "platform").await;
    assert_eq!(
        (shown.closed_size, shown.size),
        (proven.size(), proven.size() - shown.lost)
    );
    assert!(here <= shown.closed_size && shown.lost > 0);
    let names = |shown: &RestoredShown, of: &str| {
        let words = shown.missing.iter();
        words.filter(|words| words.contains(of)).count()
    };
    assert_eq!(names(&shown, "north.example has not answered yet"), 1);
    assert!(
        crate::forks::alarms(&world, "platform")
            .await
            .contains(&"not-given-back".to_owned())
    );
    world.link("platform", "north", Link::Up);
    all_back(&world, &cases).await;
    world
        .until_in_time("north has given everything", 1_000, async || {
            let shown = restored_shown(&world, "platform").await;
            names(&shown, "north.example has not answered yet") == 0
        })
        .await;
    let shown = restored_shown(&world, "platform").await;
    let north = shown
        .members
        .iter()
        .find(|row| row.member == "north.example");
    let north = north.unwrap();
    assert_eq!((north.statements, north.own, north.not_taken), (3, 5, 0));
    assert_eq!(north.unaccounted, 0, "{shown:?}");
    assert_eq!(names(&shown, "north.example"), 0, "{shown:?}");
    // The others have no node: they are named.
    assert_eq!(names(&shown, "south.example has not answered yet"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_of_a_member_that_was_restored_counts_what_its_logs_before_show() {
    for (who, least) in [("platform", 5), ("north", 5)] {
        let (mut world, cases, _) = put_back(who).await;
        world.start(who).unwrap();
        all_back(&world, &cases).await;
        let wish = comity_report::Wish {
            cases: false,
            ..comity_report::Wish::default()
        };
        let shown = world.query(who, Query::Report(wish.clone())).await;
        let Ok(Shown::Report(report)) = shown else {
            panic!("{shown:?}")
        };
        assert_eq!(report.table.requests, least, "{who}");
        let origins: Vec<_> = report.logs.iter().map(|log| &log.origin).collect();
        assert_eq!(origins.len(), 2, "{origins:?}");
        let with_cases = comity_report::Wish {
            cases: true,
            ..wish
        };
        let refused = world.query(who, Query::Report(with_cases)).await;
        assert_eq!(refused.unwrap_err().code, "proofs-of-one-log-only");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_the_end_of_a_closed_log_nothing_is_cosigned_and_no_receipt_is_believed() {
    let mut world = World::of(&["north", "platform"]);
    request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    let (backup, end) = {
        let disk = &world.node("platform").disk;
        (disk.copy(), disk.head())
    };
    let (north, platform) = (world.key("north"), world.key("platform"));
    let late: Arc<Mutex<Option<Vec<u8>>>> = Arc::default();
    let kept = Arc::clone(&late);
    world.hub.lie(north, platform, move |protocol, _, reply| {
        if protocol == Protocol::Exchange {
            *kept.lock().unwrap() = reply;
            return None;
        }
        reply
    });
    request(&world, "north", &on_platform(2)).await;
    let registered = async || world.count("platform", "received") == 2;
    world
        .until("the second one is registered", registered)
        .await;
    world
        .until("its receipt was held back", async || {
            late.lock().unwrap().is_some()
        })
        .await;
    world.stop("platform").await.unwrap();
    let reply = late.lock().unwrap().clone();
    // The log is closed before that record, and its old key goes on.
    world.put_back("platform", &backup);
    world.restore("platform", end);
    take_newest_roster(&world, "north").await;
    world.hub.lie(north, platform, move |protocol, _, _| {
        reply.clone().filter(|_| protocol == Protocol::Exchange)
    });
    world
        .until_in_time("the receipt is judged", 1_000, async || {
            !world.codes("north", "refused").is_empty()
        })
        .await;
    assert_eq!(world.codes("north", "refused")[0], "receipt-without-head");
    assert_eq!(world.count("north", "sent"), 1);

    let origin = Origin {
        n: 1,
        ..world.origin("platform")
    };
    let sign = |head| {
        let origin = origin.clone();
        Checkpoint { origin, head }.sign(&world.log_key("platform", 1))
    };
    // So far it has cosigned nothing, so that every path is right.
    let nothing = Cosigned {
        checkpoint: sign(Head::empty()).to_string().into_bytes(),
        time_s: 0,
    };
    let states = &world.node("north").witness;
    assert!(states.swap(&origin, &nothing, &|_| true).unwrap());
    let add = async |size: u64, root: Hash| {
        let signed = sign(Head::new(size, root).unwrap());
        let request = Request {
            old_size: 0,
            path: Vec::new(),
            checkpoint: signed.to_unverified(),
        };
        let request = WitnessRequest::AddCheckpoint(request.to_string().into()).encode();
        let reply = world
            .hub
            .ask(world.key("regulator"), north, Protocol::Witness, request);
        match WitnessReply::decode(&reply.await.unwrap()).unwrap() {
            WitnessReply::Answer(status, body) => (status, body.to_string()),
            other => panic!("{other:?}"),
        }
    };
    let closed = (404, "witness-log-closed\n".to_owned());
    assert_eq!(add(end.size() + 1, Hash::of(b"more")).await, closed);
    assert_eq!(add(end.size(), Hash::of(b"another")).await, closed);
    assert_eq!(add(end.size(), *end.root()).await.0, 200);
}

/// A member learns of the roster that lists the new log.
async fn take_newest_roster(world: &World, name: &str) {
    let signed = world.federation.history().rosters_from(2).next().unwrap();
    let take = comity_engine::desk::Work::Rosters(comity_engine::desk::NewRosters {
        charters: Vec::new(),
        rosters: vec![signed.to_vec()],
    });
    world.work(name, take).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_often_a_restored_member_asks_its_cases_are_gone_through_once_in_ten_minutes() {
    let (mut world, cases, _) = put_back("platform").await;
    world.start("platform").unwrap();
    all_back(&world, &cases).await;
    let closed = Origin {
        n: 1,
        ..world.origin("platform")
    };
    let given = async || {
        let request = RedeliverRequest(Redeliver::Redeliver, closed.clone(), 0);
        let reply = ask_back(&world, "platform", "north", request).await;
        RedeliverReply::decode(&reply).unwrap().1.len()
    };
    world.clock.advance(SAID_KEPT_MS);
    let before = given().await;
    // What is said from now on is not lost, so it shows whether there was another look.
    request(&world, "north", &on_platform(9)).await;
    world
        .until("it is registered", async || {
            world.count("north", "sent") == 6
        })
        .await;
    assert_eq!(given().await, before);
    world.clock.advance(SAID_KEPT_MS);
    assert_eq!(given().await, before + 1);
}
