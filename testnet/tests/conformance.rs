//! The conformance kit against our own node, as two processes; and against peers that lie, which it must find out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use comity_conformance::vectors::Vectors;
use comity_conformance::world::{CHAIN, TARGET, World};
use comity_log::checkpoint::Checkpoint;
use comity_log::edge::Edge;
use comity_log::receipts::of_batch;
use comity_log::store::MemoryTiles;
use comity_log::tree::Tree;
use comity_net::{Config, Incoming, Protocol};
use comity_testnet::binary::command;
use comity_testnet::process::{Ended, Process};
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, ExchangeResult};
use comity_wire::ids::{Hash, Nonce};
use comity_wire::leaf::{Leaf, Origin};
use comity_wire::refusal::{Refusal, Refused};
use comity_wire::registry::{KeyPurpose, direction, exchange_code, record_kind};
use comity_wire::roster_exchange::RosterReply;
use comity_wire::statement::Received;
use comity_wire::words::{Code, Version};
use serde_bytes::ByteBuf;
use serde_json::Value;
use zeroize::Zeroizing;

/// A run that meets a liar waits for what does not come.
const RUN_MAX: Duration = Duration::from_secs(120);

const LOOPBACK: &str = "/ip4/127.0.0.1/tcp/0";

// ---- Our own node

/// A target, and where it listens.
fn serve(args: &[&str]) -> (Process, String) {
    let mut all = vec!["conformance", "--serve", "--listen", LOOPBACK, "--json"];
    all.extend(args);
    let mut target = Process::start(&mut command(&all).unwrap()).unwrap();
    let line = target.wait_for("    \"/ip4/").unwrap();
    let address = line
        .trim()
        .trim_matches(|c| matches!(c, '"' | ','))
        .to_owned();
    target.wait_for("}").unwrap();
    (target, address)
}

fn play(peer: &str, args: &[&str]) -> (Ended, Value) {
    let mut all = vec!["conformance", "--peer", peer, "--json"];
    all.extend(args);
    let run = Process::start(&mut command(&all).unwrap()).unwrap();
    let ended = run.waiting_at_most(RUN_MAX).ended().unwrap();
    let report = serde_json::from_str(&ended.output).unwrap_or(Value::Null);
    (ended, report)
}

/// Plays everything against a target of our own.
fn conforms(args: &[&str]) -> Value {
    let (target, address) = serve(args);
    let (ended, report) = play(&address, args);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.output, ended.error);
    assert_eq!(report["failed"], Value::Array(Vec::new()));
    target.interrupt().unwrap();
    assert_eq!(target.ended().unwrap().code, Some(0));
    report
}

fn names(list: &Value) -> BTreeSet<String> {
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(name).collect()
}

fn count(report: &Value, what: &str) -> u64 {
    report["all"][what].as_u64().unwrap()
}

/// What a report did not play, by the reason.
fn not_played(report: &Value) -> Vec<(String, BTreeSet<String>)> {
    let rows = report["not_played"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            row["why"].as_str().unwrap().to_owned(),
            names(&row["names"]),
        )
    })
    .collect()
}

#[test]
fn our_node_is_right_in_everything_that_can_be_played_and_no_vector_is_left_out() {
    let report = conforms(&[]);
    let mut seen = names(&report["passed"]);
    assert_eq!(count(&report, "passed"), seen.len() as u64);
    assert_eq!(count(&report, "run"), count(&report, "passed"));
    for (_, names) in not_played(&report) {
        seen.extend(names);
    }
    assert_eq!(count(&report, "total"), seen.len() as u64);
    let vectors = Vectors::published().unwrap().vectors;
    let vectors: BTreeSet<_> = vectors.into_iter().map(|vector| vector.name).collect();
    assert!(vectors.is_subset(&seen), "a vector is in no report");
    let probes: BTreeSet<_> = seen.difference(&vectors).collect();
    assert!(
        probes.iter().all(|name| name.starts_with("probe-")),
        "{probes:?}"
    );
    assert_eq!(probes.len(), 13, "{probes:?}");
    println!(
        "{} of {} played",
        count(&report, "run"),
        count(&report, "total")
    );
}

/// The report says how a target must be started for the vectors that this one could not be asked.
#[test]
fn what_needs_another_target_is_right_there() {
    let (target, address) = serve(&[]);
    let (ended, report) = play(
        &address,
        &["--section", "3", "--section", "7", "--section", "8"],
    );
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    target.interrupt().unwrap();
    let (mut targets, mut played) = (0, 0);
    for (why, names) in not_played(&report) {
        let Some(args) = why.strip_prefix("it needs another target: ") else {
            continue;
        };
        let args: Vec<_> = args.split(' ').collect();
        let (target, address) = serve(&args);
        let only = names.iter().flat_map(|name| ["--only", name]);
        let args: Vec<_> = args.iter().copied().chain(only).collect();
        let (ended, report) = play(&address, &args);
        assert_eq!(
            ended.code,
            Some(0),
            "{args:?}\n{}\n{}",
            ended.output,
            ended.error
        );
        target.interrupt().unwrap();
        (targets, played) = (targets + 1, played + count(&report, "passed"));
    }
    println!("{played} more with {targets} other targets");
    assert!(targets >= 10, "{targets}");
    assert!(played >= 20, "{played}");
}

#[test]
fn a_target_with_another_chain_or_none_at_all_is_not_judged() {
    let (target, address) = serve(&["--chain", "second"]);
    let check = |args: &[&str], code: &str, exit: i32| {
        let (ended, report) = play(&address, args);
        assert_eq!(ended.code, Some(exit), "{}", ended.error);
        assert!(ended.error.contains(code), "{}", ended.error);
        assert_eq!(report, Value::Null);
    };
    check(&[], "wrong-chain", 1);
    check(&["--chain", "none"], "no-such-chain", 2);
    check(&["--as", "nobody.example"], "no-such-member", 2);
    check(&["--as", "south.example"], "wrong-peer", 1);
    check(
        &["--chain", "second", "--only", "nothing"],
        "nothing-selected",
        2,
    );
    target.interrupt().unwrap();
    target.ended().unwrap();
    check(&["--timeout", "2"], "not-reachable", 3);
}

// ---- Peers that lie

/// What a liar answers to a statement.
type Lie = fn(&World, &[u8], &str) -> (Option<String>, ExchangeResult);

/// Plays these vectors against a peer that is in every other way as it should be.
fn against(lie: Lie, only: &[&str]) -> (Ended, Value) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let world = World::new(Vectors::published().unwrap(), TARGET, CHAIN, None).unwrap();
    let seed = world.key(TARGET, KeyPurpose::Transport).unwrap().to_bytes();
    let address = runtime.block_on(async move {
        let config = Config {
            transport_seed: Zeroizing::new(seed),
            listen: vec![LOOPBACK.to_owned()],
            external: Vec::new(),
        };
        let (network, mut inbox, owner) = comity_net::start(config).unwrap();
        tokio::spawn(owner);
        let key = |member: &comity_wire::ids::MemberId| {
            let key = world.key(member.as_str(), KeyPurpose::Transport).unwrap();
            comity_net::PeerKey(key.verifying_key().to_bytes())
        };
        network.admit(world.members.iter().map(key).collect()).await;
        let address = network.listening().await.remove(0);
        tokio::spawn(async move {
            let _network = network;
            while let Some(incoming) = inbox.next().await {
                let reply = reply(&world, &incoming, lie);
                incoming.answer(reply);
            }
        });
        address
    });
    let only = only.iter().flat_map(|name| ["--only", *name]);
    play(&address, &only.collect::<Vec<_>>())
}

fn reply(world: &World, incoming: &Incoming, lie: Lie) -> Vec<u8> {
    if incoming.protocol != Protocol::Exchange {
        return RosterReply::Hello(world.roster_ref(), None).encode();
    }
    let request = ExchangeRequest::decode(&incoming.bytes).unwrap();
    let bytes = &request.1[0].0;
    let from = Received::read(bytes).map(|received| received.issuer().to_string());
    let (checkpoint, result) = lie(
        world,
        bytes,
        &from.unwrap_or_else(|_| "north.example".into()),
    );
    let checkpoint = checkpoint.map(String::into_boxed_str);
    ExchangeReply(world.roster_ref(), checkpoint, vec![result]).encode()
}

/// A receipt that verifies, from a log that begins anew with every statement.
fn receipt(world: &World, bytes: &[u8], from: &str) -> (Option<String>, ExchangeResult) {
    let key = world.key(TARGET, KeyPurpose::Log).unwrap();
    let record = |kind: &str, index: u64| Leaf {
        v: Version,
        ext: None,
        seq: None,
        case: None,
        kind: Code::new(kind).unwrap(),
        salt: Nonce::from_slice(&Hash::of(bytes).as_bytes()[..16]).unwrap(),
        time: world.target.now_ms,
        facts: None,
        index,
        roster: world.roster_ref(),
        direction: None,
        statement: None,
        counterpart: None,
        predecessor: None,
        statement_kind: None,
    };
    let statement = world.open(bytes);
    let received = Leaf {
        seq: Some(0),
        case: statement.as_ref().map(|statement| *statement.case()),
        direction: Code::new(direction::IN),
        statement: Some(Hash::of(bytes)),
        counterpart: comity_wire::ids::MemberId::new(from),
        statement_kind: statement
            .as_ref()
            .map(comity_wire::statement::Statement::kind),
        ..record(record_kind::RECEIVED, 1)
    };
    let leaves = vec![
        record(record_kind::LOG_OPENED, 0).encode(),
        received.encode(),
    ];
    let mut tiles = MemoryTiles::default();
    let appended = Edge::empty().append(&leaves).unwrap();
    appended.write(&mut tiles).unwrap();
    let edge = appended.confirm(&tiles, &leaves).unwrap();
    let mut tree = Tree::open(&tiles, edge.head()).unwrap();
    let receipt = of_batch(&mut tree, 1, &leaves[1..], &key)
        .unwrap()
        .remove(0);
    let origin = Origin {
        fed: *world.history.fed(),
        member: world.target.member.clone(),
        n: 1,
    };
    let head = Checkpoint {
        origin,
        head: *edge.head(),
    };
    let checkpoint = head.sign(&key).to_unverified().note().to_string();
    (
        Some(checkpoint),
        ExchangeResult::Registered(receipt.wire().clone()),
    )
}

fn refusal(world: &World, bytes: &[u8], from: &str, signer: &str) -> ExchangeResult {
    let refused = Refused {
        of: Hash::of(bytes),
        to: comity_wire::ids::MemberId::new(from).unwrap(),
        code: Code::new("bad-payload").unwrap(),
        roster: world.roster_ref(),
        retry_after: None,
    };
    let key = world.key(signer, KeyPurpose::Statement).unwrap();
    ExchangeResult::Refused(ByteBuf::from(Refusal::sign(&key, &refused)))
}

/// Each failure, with what was found.
fn check_lie(lie: Lie, only: &[&str], expected: &[(&str, &str)]) {
    let (ended, report) = against(lie, only);
    let failed = report["failed"]
        .as_array()
        .unwrap_or_else(|| panic!("{}", ended.error));
    let found: BTreeSet<_> = failed
        .iter()
        .map(|row| {
            (
                row["name"].as_str().unwrap(),
                row["found"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(found, expected.iter().copied().collect());
    let exit = if expected.is_empty() { 0 } else { 4 };
    assert_eq!(ended.code, Some(exit), "{}", ended.error);
    assert_eq!(count(&report, "run"), only.len() as u64);
}

#[test]
fn a_peer_that_gives_a_receipt_for_everything_is_found_out() {
    check_lie(receipt, &["accepted-takedown-request"], &[]);
    check_lie(
        receipt,
        &["payload-heads-doubled", "signature-zeros", "kind-capital"],
        &[
            ("payload-heads-doubled", "a receipt"),
            ("signature-zeros", "a receipt"),
            ("kind-capital", "a receipt"),
        ],
    );
}

#[test]
fn a_log_that_forks_is_seen_over_several_receipts() {
    check_lie(
        receipt,
        &["accepted-takedown-request", "accepted-extension"],
        &[(
            "accepted-extension",
            "a second root for a tree of 2 records: the log has forked",
        )],
    );
}

#[test]
fn a_peer_that_gives_another_code_or_signs_with_another_key_is_found_out() {
    let names = ["payload-heads-doubled", "signature-zeros", "kind-capital"];
    check_lie(
        |world, bytes, from| (None, refusal(world, bytes, from, TARGET)),
        &names,
        &[
            ("signature-zeros", "a signed refusal `bad-payload`"),
            ("kind-capital", "a signed refusal `bad-payload`"),
        ],
    );
    let foreign = "a refusal under a key that is no statement key of the target";
    check_lie(
        |world, bytes, from| (None, refusal(world, bytes, from, "south.example")),
        &names,
        &names.map(|name| (name, foreign)),
    );
    let unsigned = "the unsigned code `bad-payload`";
    check_lie(
        |_, _, _| {
            let code = Code::new("bad-payload").unwrap();
            (None, ExchangeResult::Turned(code, None))
        },
        &names,
        &names.map(|name| (name, unsigned)),
    );
}

/// Whoever is always busy has not shown that it conforms.
#[test]
fn a_peer_that_is_always_busy_passes_nothing() {
    check_lie(
        |_, _, _| {
            let code = Code::new(exchange_code::BUSY).unwrap();
            (None, ExchangeResult::Turned(code, Some(1)))
        },
        &["accepted-takedown-request", "kind-capital"],
        &["accepted-takedown-request", "kind-capital"].map(|name| {
            (
                name,
                "no answer: the target closed the stream, or said `busy` or `over-quota`, each time",
            )
        }),
    );
}

/// A transition that is not turned down, and a roster that is never asked for.
#[test]
fn a_peer_that_does_not_act_on_what_it_has_is_found_out() {
    check_lie(
        receipt,
        &["roster-next", "roster-one-signature"],
        &[
            ("roster-next", "the target did not ask for the newer roster"),
            (
                "roster-one-signature",
                "the target did not ask for the newer roster",
            ),
        ],
    );
}
