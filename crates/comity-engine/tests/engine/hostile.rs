//! A member that wants to harm: whatever it sends, the node answers, does nothing wrong and does not grow without bound.

use comity_engine::desk::{Cursor, Query};
use comity_engine::ports::Protocol;
use comity_testkit::bodies;
use comity_testkit::federation::takedown_request;
use comity_testkit::ports::World;
use comity_wire::audit_exchange::{AuditReply, AuditRequest, Records};
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, ExchangeResult, Offer};
use comity_wire::leaf::RosterRef;
use comity_wire::roster_exchange::RosterRequest;

use crate::peer::{offer, offers, one, opening, outcome, roster, within};

const PROTOCOLS: [Protocol; 5] = [
    Protocol::Exchange,
    Protocol::Audit,
    Protocol::Witness,
    Protocol::Roster,
    Protocol::Hello,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_nothing_get_an_answer_and_change_nothing() {
    let world = World::of(&["platform"]);
    let (north, platform) = (world.key("north"), world.key("platform"));
    let size = world.size("platform");
    let good = ExchangeRequest(
        roster(&world),
        vec![offer(&opening(
            &world,
            "north",
            "platform",
            takedown_request(),
        ))],
    )
    .encode();
    let mut inputs: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0],
        vec![0xff; 4_096],
        vec![0x9f; 100_000],
        vec![0x81; 100_000],
        [vec![0x9b], vec![0xff; 8]].concat(),
        [vec![0x5b], vec![0xff; 8]].concat(),
        vec![0; 5 * 1_048_576],
        [good.clone(), vec![0]].concat(),
    ];
    inputs.extend((1..good.len()).step_by(7).map(|cut| good[..cut].to_vec()));
    for input in inputs {
        for protocol in PROTOCOLS {
            let answered = world
                .hub
                .ask(north, platform, protocol, input.clone())
                .await;
            assert!(answered.is_ok(), "{protocol:?}");
        }
    }
    assert_eq!(world.size("platform"), size);
    assert!(world.query("platform", Query::Log).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bit_of_a_statement_counts() {
    let world = World::of(&["platform"]);
    let statement = opening(&world, "north", "platform", takedown_request());
    let bytes = statement.bytes();
    let mut batch = Vec::new();
    for place in (0..bytes.len()).step_by(3) {
        let mut bent = bytes.to_vec();
        bent[place] ^= 1 << (place % 8);
        batch.push(Offer(bent.into(), None, Vec::new()));
    }
    for part in batch.chunks(256) {
        for result in offers(&world, "north", "platform", part.to_vec()).await {
            let outcome = outcome(&result);
            assert!(outcome.starts_with("turned "), "{outcome}");
        }
    }
    assert_eq!(world.count("platform", "received"), 0);
    assert_eq!(world.count("platform", "refused"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_statement_many_times_in_a_batch_and_from_many_connections_has_one_leaf() {
    let world = World::of(&["platform"]);
    let statement = opening(&world, "north", "platform", takedown_request());
    let batch = vec![offer(&statement); 256];
    let (first, second, third) = tokio::join!(
        offers(&world, "north", "platform", batch.clone()),
        offers(&world, "north", "platform", batch.clone()),
        offers(&world, "north", "platform", batch),
    );
    let all: std::collections::BTreeSet<String> = first
        .iter()
        .chain(&second)
        .chain(&third)
        .map(outcome)
        .collect();
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all.first().unwrap().starts_with("registered"));
    assert_eq!(world.count("platform", "received"), 1);
    assert_eq!(world.cases("platform").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_batch_is_one_reply_with_a_result_for_each_and_one_too_many_is_none() {
    let world = World::of(&["platform"]);
    let key = &world.federation.member("north").statement;
    let mut batch: Vec<Offer> = (0..256)
        .map(|_| {
            let draft = world
                .federation
                .draft("north", "platform", bodies::request([1]));
            offer(&draft.sign(key).unwrap())
        })
        .collect();
    let results = offers(&world, "north", "platform", batch.clone()).await;
    let registered = |result: &ExchangeResult| matches!(result, ExchangeResult::Registered(_));
    assert_eq!(
        results.iter().filter(|result| registered(result)).count(),
        256
    );
    batch.push(batch[0].clone());
    let request = ExchangeRequest(roster(&world), batch).encode();
    let (north, platform) = (world.key("north"), world.key("platform"));
    let reply = world
        .hub
        .ask(north, platform, Protocol::Exchange, request)
        .await
        .unwrap();
    let reply = ExchangeReply::decode(&reply, 1).unwrap();
    assert_eq!(outcome(&reply.2[0]), "turned bad-exchange");
    assert_eq!(world.count("platform", "received"), 256);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_takes_so_many_parked_statements_and_then_says_busy() {
    let world = World::of(&["platform"]);
    let case = opening(&world, "north", "platform", bodies::request([1]));
    one(&world, "north", "platform", &case).await;
    let key = &world.federation.member("north").statement;
    let missing = comity_wire::ids::Hash::of(b"never sent");
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..2 {
        let mut batch = Vec::new();
        for _ in 0..150 {
            let body = bodies::hold("court");
            let draft = world
                .federation
                .reply("north", "platform", *case.case(), [missing], body);
            batch.push(offer(&draft.sign(key).unwrap()));
        }
        for result in offers(&world, "north", "platform", batch).await {
            let word = outcome(&result);
            let word = word.split(' ').next().unwrap().to_owned();
            *counts.entry(word).or_insert(0) += 1;
        }
    }
    assert_eq!(counts["registered"], 256);
    assert_eq!(counts["turned"], 44);
    let shown = world.case("platform", case.case()).await.unwrap();
    assert_eq!(shown.timeline.len(), 257);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_that_a_statement_does_not_name_is_not_kept() {
    let world = World::of(&["platform"]);
    let named = b"opaque to whoever keeps it".to_vec();
    let mut draft = world
        .federation
        .draft("north", "platform", takedown_request());
    draft.evidence = Some(comity_wire::words::Sorted::new([
        comity_wire::ids::Hash::of(&named),
    ]));
    let statement = world.federation.sign(draft);
    let junk: Vec<serde_bytes::ByteBuf> = (0..15).map(|n| vec![n; 100_000].into()).collect();
    let evidence = [vec![named.clone().into()], junk].concat();
    let offer = Offer(statement.bytes().to_vec().into(), None, evidence);
    let results = offers(&world, "north", "platform", vec![offer]).await;
    assert!(outcome(&results[0]).starts_with("registered"));
    let frame = crate::peer::frames(&world, "platform", 3).pop().unwrap();
    let Ok(comity_engine::frame::Frame::Received(frame)) =
        comity_engine::frame::Frame::decode(frame.kind, &frame.body)
    else {
        panic!("no statement")
    };
    assert_eq!(frame.2, [named]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_of_another_log_vouches_for_nothing() {
    let world = World::of(&["platform", "south"]);
    // South's receipt for a statement of north's, shown to the platform with one that is too old.
    let referral = opening(&world, "north", "south", bodies::referral([1]));
    let results = offers(&world, "north", "south", vec![offer(&referral)]).await;
    let ExchangeResult::Registered(receipt) = results[0].clone() else {
        panic!("{results:?}")
    };
    let old = world.now() - 15 * crate::desk::DAY_MS;
    let old = crate::peer::dated(&world, "north", "platform", takedown_request(), old);
    let offer = Offer(old.bytes().to_vec().into(), Some(receipt), Vec::new());
    let results = offers(&world, "north", "platform", vec![offer]).await;
    assert_eq!(outcome(&results[0]), "refused outside-window");
}

fn audit(world: &World, from: u64, size: Option<u64>) -> Vec<u8> {
    AuditRequest(Records::Records, world.origin("platform"), from, size, None).encode()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_audits_all_day_does_not_fill_the_log() {
    let world = World::of(&["platform"]);
    one(
        &world,
        "north",
        "platform",
        &opening(&world, "north", "platform", takedown_request()),
    )
    .await;
    let (north, platform) = (world.key("north"), world.key("platform"));
    for n in 0..200 {
        world.clock.advance(1_000);
        let request = audit(&world, n % 2, None);
        let reply = world
            .hub
            .ask(north, platform, Protocol::Audit, request)
            .await
            .unwrap();
        let AuditReply::Records(page) = AuditReply::decode(&reply).unwrap() else {
            panic!("refused")
        };
        // Only what is about north.
        for record in &page.records {
            let leaf = comity_wire::leaf::Leaf::decode(&record.0).unwrap();
            assert_eq!(leaf.counterpart, Some(world.id("north")));
        }
    }
    assert_eq!(world.count("platform", "audited"), 1);
    world.clock.advance(crate::desk::HOUR_MS);
    let request = audit(&world, 0, None);
    world
        .hub
        .ask(north, platform, Protocol::Audit, request)
        .await
        .unwrap();
    assert_eq!(world.count("platform", "audited"), 2);
    for (from, size) in [
        (0, Some(99)),
        (99, None),
        (3, Some(2)),
        (u64::from(u32::MAX), None),
    ] {
        let request = audit(&world, from, size);
        let reply = world
            .hub
            .ask(north, platform, Protocol::Audit, request)
            .await
            .unwrap();
        let reply = AuditReply::decode(&reply).unwrap();
        assert!(matches!(&reply, AuditReply::Refused(_, why, _) if why.as_str() == "beyond-tree"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_claims_a_newer_roster_all_the_time_is_asked_for_it_once_at_a_time() {
    let world = World::of(&["platform", "south"]);
    let (north, platform, south) = (
        world.key("north"),
        world.key("platform"),
        world.key("south"),
    );
    let newest = RosterRef(u64::from(u32::MAX), *world.federation.fed());
    world
        .hub
        .link(platform, north, comity_testkit::ports::Link::Held);
    for _ in 0..100 {
        let request =
            ExchangeRequest(newest, vec![Offer(vec![0].into(), None, Vec::new())]).encode();
        world
            .hub
            .ask(north, platform, Protocol::Exchange, request)
            .await
            .unwrap();
        let hello = RosterRequest::Hello(newest).encode();
        world
            .hub
            .ask(north, platform, Protocol::Roster, hello)
            .await
            .unwrap();
    }
    // One, and the hello with which it started, if that was held too.
    let asked = [Protocol::Hello, Protocol::Roster]
        .map(|protocol| world.hub.under_way(platform, north, protocol));
    assert!(asked.iter().sum::<usize>() <= 2, "{asked:?}");
    world
        .hub
        .link(platform, north, comity_testkit::ports::Link::Up);

    // A stranger makes the node ask its members: not for every hello.
    let stranger = comity_wire::ids::PublicKey::new([42; 32]);
    let before = world.hub.count(platform, south, Protocol::Roster);
    for _ in 0..100 {
        let hello = RosterRequest::Hello(newest).encode();
        world
            .hub
            .ask(stranger, platform, Protocol::Hello, hello)
            .await
            .unwrap();
        world
            .query("platform", Query::Drafts(Cursor::default()))
            .await
            .unwrap();
    }
    let asked = world.hub.count(platform, south, Protocol::Roster) - before;
    assert!(asked <= 2, "{asked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_beyond_the_end_and_versions_that_are_not_there_are_answered() {
    let world = World::of(&["platform"]);
    let (north, platform) = (world.key("north"), world.key("platform"));
    let far = 9_007_199_254_740_991;
    for (version, offset) in [(0, 0), (1, far), (2, 0), (far, far)] {
        for protocol in [Protocol::Hello, Protocol::Roster] {
            let part = RosterRequest::Part(version, offset).encode();
            assert!(world.hub.ask(north, platform, protocol, part).await.is_ok());
            let since = RosterRequest::Since(version).encode();
            assert!(
                world
                    .hub
                    .ask(north, platform, protocol, since)
                    .await
                    .is_ok()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_within_a_case_of_others_is_refused_whoever_it_names() {
    let world = World::of(&["platform"]);
    let case = opening(&world, "north", "platform", bodies::request([1]));
    one(&world, "north", "platform", &case).await;
    for (from, body) in [
        ("south", bodies::hold("court")),
        ("south", bodies::withdrawal(None)),
        (
            "regulator",
            bodies::observation(&[(1, 1, comity_wire::registry::ObservationResult::Online, 1)]),
        ),
    ] {
        let foreign = within(&world, from, "platform", case.case(), &[*case.id()], body);
        assert_eq!(
            one(&world, from, "platform", &foreign).await,
            "refused wrong-party"
        );
    }
    // The opener does not answer itself.
    let own = within(
        &world,
        "north",
        "platform",
        case.case(),
        &[*case.id()],
        bodies::answer(comity_wire::registry::Answer::Accepted),
    );
    let answer = one(&world, "north", "platform", &own).await;
    assert!(
        answer.starts_with("registered") || answer.starts_with("refused"),
        "{answer}"
    );
    assert_eq!(
        crate::desk::state(&world, "platform", case.case()).await.0,
        "requested"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_queue_is_full_peers_hear_busy_and_nothing_waits_without_bound() {
    let world = World::of(&["platform"]);
    world.query("platform", Query::Log).await.unwrap();
    world.node("platform").disk.slow(true);
    let asked = 400;
    let requests: Vec<Vec<u8>> = (0..asked)
        .map(|_| {
            let key = &world.federation.member("north").statement;
            let draft = world
                .federation
                .draft("north", "platform", bodies::request([1]));
            let statement = draft.sign(key).unwrap();
            ExchangeRequest(roster(&world), vec![offer(&statement)]).encode()
        })
        .collect();
    let (north, platform) = (world.key("north"), world.key("platform"));
    let mut waiting = tokio::task::JoinSet::new();
    for request in requests {
        let hub = world.hub.clone();
        waiting.spawn(async move { hub.ask(north, platform, Protocol::Exchange, request).await });
    }
    let mut counts = std::collections::BTreeMap::new();
    let mut take = |reply: Vec<u8>| {
        let reply = ExchangeReply::decode(&reply, 1).unwrap();
        let word = outcome(&reply.2[0]);
        let word = word.split(' ').next().unwrap().to_owned();
        *counts.entry(word).or_insert(0) += 1;
    };
    // The queue has 256 places, and 64 commands may be in the batch that does not end.
    for _ in 0..asked - 256 - 64 {
        take(waiting.join_next().await.unwrap().unwrap().unwrap());
    }
    world.node("platform").disk.slow(false);
    while let Some(answered) = waiting.join_next().await {
        take(answered.unwrap().unwrap());
    }
    assert!(counts["turned"] >= asked - 256 - 64, "{counts:?}");
    assert!(counts["registered"] >= 256, "{counts:?}");
    assert_eq!(counts["turned"] + counts["registered"], asked);
    assert_eq!(world.count("platform", "received"), counts["registered"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_works_on_as_much_as_it_may_says_busy_to_each_statement_and_records_nothing() {
    let world = World::of(&["platform"]);
    let draft = |n| {
        let body = bodies::request([n]);
        let draft = world.federation.draft("north", "platform", body);
        offer(
            &draft
                .sign(&world.federation.member("north").statement)
                .unwrap(),
        )
    };
    let request = ExchangeRequest(roster(&world), vec![draft(1), draft(2)]).encode();
    let engine = world.engine("platform");
    let reply = engine.busy(Protocol::Exchange, &request).unwrap();
    let reply = ExchangeReply::decode(&reply, 2).unwrap();
    for result in &reply.2 {
        let ExchangeResult::Turned(why, retry_after) = result else {
            panic!("another answer");
        };
        assert_eq!((why.as_str(), retry_after.is_some()), ("busy", true));
    }
    assert_eq!(engine.busy(Protocol::Exchange, b"junk"), None);
    assert!(engine.busy(Protocol::Audit, b"junk").is_some());
    assert!(engine.busy(Protocol::Witness, b"junk").is_some());
    assert_eq!(engine.busy(Protocol::Roster, b"junk"), None);
    assert_eq!(world.count("platform", "received"), 0);
}
