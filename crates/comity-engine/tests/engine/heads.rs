//! Heads are compared wherever they were seen, receipts are followed to a head that others have cosigned, and evidence
//! reaches everybody.

use comity_audit::evidence::judge;
use comity_engine::desk::{Query, Shown, WitnessShown, Work};
use comity_engine::ports::Protocol;
use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint};
use comity_log::cosignature;
use comity_log::edge::Edge;
use comity_log::evidence::Evidence;
use comity_log::head::Head;
use comity_log::key::KeyName;
use comity_log::names::WitnessName;
use comity_log::store::MemoryTiles;
use comity_log::tree::Tree;
use comity_testkit::ports::{Link, World};
use comity_wire::cose::SignedRoot;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, ExchangeResult};
use comity_wire::ids::{CaseId, Hash, StatementId};
use comity_wire::leaf::Leaf;
use comity_wire::receipt::{InclusionProof, Receipt};
use comity_wire::statement::Received;
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use ed25519_dalek::SigningKey;

use crate::desk::*;
use crate::forks::{alarms, bytes_of, contradiction, contradictions};

const STEP_MS: u64 = 5_000;

/// A head of the platform's log that the platform's log never had, signed with its key.
fn other_head(world: &World, size: u64) -> String {
    Checkpoint {
        origin: world.origin("platform"),
        head: Head::new(size, Hash::new([7; 32])).unwrap(),
    }
    .sign(&world.federation.member("platform").log)
    .to_string()
}

/// Whatever `whom` answers about heads of this log to `asker` goes through `change`: the checkpoint and the path.
fn about_heads(
    world: &World,
    asker: &str,
    whom: &str,
    of: &str,
    mut change: impl FnMut(WitnessReply) -> WitnessReply + Send + 'static,
) {
    let origin = world.origin(of);
    let (asker, whom) = (world.key(asker), world.key(whom));
    world.hub.lie(asker, whom, move |protocol, request, reply| {
        if protocol != Protocol::Witness {
            return reply;
        }
        match WitnessRequest::decode(request) {
            Ok(WitnessRequest::Head(asked, _)) if asked == origin => {
                let reply = WitnessReply::decode(&reply?).unwrap();
                Some(change(reply).encode())
            }
            _ => reply,
        }
    });
}

/// The regulator has cosigned a tree of the platform's log that is another one than north was shown.
pub(crate) fn regulator_saw(world: &World, asker: &str, size: u64) {
    let text = other_head(world, size);
    about_heads(world, asker, "regulator", "platform", move |_| {
        WitnessReply::Head(Some(text.as_str().into()), None)
    });
}

/// North has receipts of the platform, until its log has at least so many records.
pub(crate) async fn receipts_up_to(world: &World, size: u64) -> CaseId {
    let mut n = 1;
    loop {
        let (case, _) = request(world, "north", &on_platform(n)).await;
        world.rest(&["north"]).await;
        if world.size("platform") >= size {
            return case;
        }
        n += 1;
    }
}

pub(crate) async fn known_to(world: &World, who: &[&str]) {
    world
        .until_in_time("evidence", STEP_MS, async || {
            for name in who {
                if contradictions(world, name).await.is_empty() {
                    return false;
                }
            }
            true
        })
        .await;
}

const ALL: [&str; 4] = ["north", "south", "platform", "regulator"];

/// The platform's log shows a tree of this size to the regulator, and another one to north.
async fn check_split(what: &str, size: impl Fn(u64) -> u64, sort: &str) {
    let world = World::new();
    receipts_up_to(&world, 6).await;
    regulator_saw(&world, "north", size(world.size("platform")));
    // South talked to neither of the two trees.
    known_to(&world, &ALL).await;
    for name in ALL {
        let rows = contradictions(&world, name).await;
        let row = &rows[0];
        assert_eq!(rows.len(), 1, "{what} {name}: {rows:?}");
        assert_eq!(row.sort, sort, "{what} {name}");
        assert_eq!(row.member.as_deref(), Some("platform.example"), "{what}");
        assert_eq!(
            world.codes(name, "witness-conflict"),
            [sort],
            "{what} {name}"
        );
        assert_eq!(alarms(&world, name).await[0], "log-forked", "{what} {name}");
        let shown = contradiction(&world, name, row).await;
        let found = judge(&bytes_of(&shown), world.federation.history()).unwrap();
        assert_eq!(found.code(), sort, "{what} {name}");
    }
    let from: Vec<_> = contradictions(&world, "south").await[0]
        .from
        .clone()
        .into_iter()
        .collect();
    assert_eq!(from.len(), 1, "{what}: it was handed over");
    // Nobody is asked for ever to take what it has.
    world
        .until_in_time("everybody has it", STEP_MS, async || {
            contradictions(&world, "north").await[0].waiting.is_empty()
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_shows_two_trees_of_one_size_is_caught_and_all_members_have_the_evidence() {
    check_split(
        "the size of the head that north has",
        |size| size,
        "same-size",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_shows_two_trees_of_different_sizes_is_caught_by_the_path_that_it_gives() {
    check_split("three records", |_| 3, "no-consistency").await;
    check_split("a power of two", |_| 4, "no-consistency").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_waits_for_a_member_that_is_not_there_and_survives_a_restart() {
    let mut world = World::new();
    receipts_up_to(&world, 6).await;
    for name in ["north", "platform", "regulator"] {
        world.link(name, "south", Link::Down);
        world.link("south", name, Link::Down);
    }
    regulator_saw(&world, "north", world.size("platform"));
    known_to(&world, &["north", "platform", "regulator"]).await;
    assert!(contradictions(&world, "south").await.is_empty());
    let before = contradictions(&world, "north").await;
    world.stop("north").await.unwrap();
    world.node("north").views.lose();
    world.start("north").unwrap();
    let after = contradictions(&world, "north").await;
    assert_eq!(
        (&after[0].evidence, after[0].index),
        (&before[0].evidence, before[0].index)
    );
    for name in ["north", "platform", "regulator"] {
        world.link(name, "south", Link::Up);
    }
    known_to(&world, &["south"]).await;
    assert_eq!(world.count("north", "witness-conflict"), 1);
}

async fn hand(world: &World, bytes: Vec<u8>) -> WitnessReply {
    let request = WitnessRequest::Evidence(bytes.into()).encode();
    let (from, to) = (world.key("north"), world.key("south"));
    let reply = world.hub.ask(from, to, Protocol::Witness, request).await;
    WitnessReply::decode(&reply.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_proves_nothing_is_refused_and_recorded_nowhere_and_one_piece_of_a_sort_is_enough() {
    let world = World::of(&["south"]);
    let head = |size| {
        let text = other_head(&world, size);
        UnverifiedCheckpoint::parse(text.as_bytes()).unwrap()
    };
    let forged = other_head(&world, 9).replacen("\n9\n", "\n8\n", 1);
    let forged = UnverifiedCheckpoint::parse(forged.as_bytes()).unwrap();
    for (what, bytes) in [
        ("junk", vec![1, 2, 3]),
        (
            "one head twice",
            Evidence::SameSize(head(7), head(7)).to_bytes(),
        ),
        ("two sizes", Evidence::SameSize(head(7), head(8)).to_bytes()),
        ("not signed", Evidence::SameSize(head(8), forged).to_bytes()),
    ] {
        let reply = hand(&world, bytes).await;
        let refused =
            matches!(&reply, WitnessReply::Refused(_, why, None) if why.as_str() == "not-evidence");
        assert!(refused, "{what}: {reply:?}");
    }
    assert_eq!(world.count("south", "witness-conflict"), 0);
    assert!(contradictions(&world, "south").await.is_empty());

    let real = |size| {
        let log = &world.federation.member("platform").log;
        let origin = world.origin("platform");
        let head = Head::new(size, Hash::new([9; 32])).unwrap();
        let other = Checkpoint { origin, head }.sign(log);
        Evidence::SameSize(head_of(&world, size), other.to_unverified()).to_bytes()
    };
    for size in [7, 7, 8, 9] {
        let bytes = real(size);
        let hash = Hash::of(&bytes);
        assert_eq!(
            hand(&world, bytes).await,
            WitnessReply::Taken(hash),
            "{size}"
        );
    }
    let rows = contradictions(&world, "south").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].from.as_deref(), Some("north.example"));
    assert_eq!(world.count("south", "witness-conflict"), 1);
}

fn head_of(world: &World, size: u64) -> UnverifiedCheckpoint {
    UnverifiedCheckpoint::parse(other_head(world, size).as_bytes()).unwrap()
}

/// The receipt for a statement, at the index of another record, under a tree that has it there.
fn at_the_place_of(index: u64, leaf: &Leaf, id: StatementId, key: &SigningKey) -> (Head, Receipt) {
    let mut leaf = leaf.clone();
    leaf.statement = Some(id);
    let leaf = leaf.encode();
    let mut leaves: Vec<Vec<u8>> = (0..50).map(|n| vec![n]).collect();
    leaves[usize::try_from(index).unwrap()].clone_from(&leaf);
    let mut tiles = MemoryTiles::default();
    let appended = Edge::empty().append(&leaves).unwrap();
    let Ok(()) = appended.write(&mut tiles);
    let head = *appended.confirm(&tiles, &leaves).unwrap().head();
    let path = Tree::open(&tiles, &head)
        .unwrap()
        .inclusion_path(index, 50)
        .unwrap();
    let proof = InclusionProof {
        tree_size: 50,
        leaf_index: index,
        path,
    };
    let root = SignedRoot::new(key, head.root().as_bytes());
    let receipt = Receipt::new(&root, &leaf, &proof).unwrap();
    (head, receipt)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_receipts_for_one_place_of_a_log_are_evidence() {
    let world = World::new();
    receipts_up_to(&world, 3).await;
    let leaf = world
        .leaves("platform")
        .into_iter()
        .find(|leaf| leaf.kind.as_str() == "received")
        .unwrap();
    let key = world.federation.member("platform").log.clone();
    let north = world.federation.member("north").statement.verifying_key();
    let (origin, to) = (world.origin("platform"), world.key("platform"));
    world
        .hub
        .lie(world.key("north"), to, move |protocol, request, reply| {
            if protocol != Protocol::Exchange {
                return reply;
            }
            let offers = ExchangeRequest::decode(request).unwrap().1;
            let read = Received::read(&offers[0].0).unwrap();
            let id = *read.verify(&north).unwrap().id();
            let (head, receipt) = at_the_place_of(leaf.index, &leaf, id, &key);
            let origin = origin.clone();
            let checkpoint = Checkpoint { origin, head }.sign(&key);
            let mut reply = ExchangeReply::decode(&reply?, offers.len()).unwrap();
            reply.1 = Some(checkpoint.to_string().into());
            reply.2 = vec![ExchangeResult::Registered(receipt.wire().clone())];
            Some(reply.encode())
        });
    request(&world, "north", &on_platform(9)).await;
    // Whoever may read the two records has the evidence: who gave the place twice, and who audits it.
    known_to(&world, &["north", "platform", "regulator"]).await;
    for name in ["north", "platform", "regulator"] {
        let rows = contradictions(&world, name).await;
        assert_eq!(rows[0].sort, "two-leaves", "{name}");
    }
    let told = async || contradictions(&world, "north").await[0].waiting.is_empty();
    world.until_in_time("all are told", STEP_MS, told).await;
    assert_eq!(contradictions(&world, "north").await.len(), 1);
    // That north sent something to the platform is no business of south.
    assert_eq!(world.count("south", "witness-conflict"), 0);
}

async fn witness(world: &World, case: &CaseId) -> WitnessShown {
    let shown = world.case("north", case).await.unwrap();
    let own = shown
        .timeline
        .into_iter()
        .find(|event| event.from == "north.example");
    own.and_then(|event| event.witness).unwrap()
}

/// These members cosign what the platform shows to north.
fn cosigned_by(world: &World, names: &[&str]) {
    let fed = *world.federation.fed();
    let time = world.now() / 1000;
    let witnesses: Vec<(KeyName, SigningKey)> = names
        .iter()
        .map(|name| {
            let member = world.id(name);
            let key = world.federation.member(name).witness.clone();
            (KeyName::from(&WitnessName { fed, member }), key)
        })
        .collect();
    about_heads(world, "north", "platform", "platform", move |reply| {
        let WitnessReply::Head(Some(text), path) = reply else {
            return reply;
        };
        let head = UnverifiedCheckpoint::parse(text.as_bytes()).unwrap();
        let mut text = text.to_string();
        for (name, key) in &witnesses {
            let line = cosignature::sign(name, key, head.note().text(), time).unwrap();
            if !text.contains(&format!("{line}")) {
                text.push_str(&format!("{line}\n"));
            }
        }
        WitnessReply::Head(Some(text.into()), path)
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_provisional_until_the_quorum_has_cosigned_a_head_that_grew_out_of_it() {
    let mut world = World::of(&["north", "platform"]);
    let case = receipts_up_to(&world, 3).await;
    assert_eq!(witness(&world, &case).await.standing, "provisional");

    // One hotline is not what the charter wants.
    cosigned_by(&world, &["south"]);
    let before = asked(&world);
    world
        .until_in_time("two rounds", STEP_MS, async || asked(&world) >= before + 2)
        .await;
    assert_eq!(witness(&world, &case).await.standing, "provisional");

    // Nor is what cannot be reached. What was asked before that has its answer first.
    world.link("north", "platform", Link::Down);
    let before = asked(&world);
    world
        .until_in_time("two rounds", STEP_MS, async || asked(&world) >= before + 2)
        .await;
    cosigned_by(&world, &["south", "regulator"]);
    let before = asked(&world);
    world
        .until_in_time("two rounds", STEP_MS, async || asked(&world) >= before + 2)
        .await;
    assert_eq!(witness(&world, &case).await.standing, "provisional");
    world.link("north", "platform", Link::Up);
    world
        .until_in_time("witnessed", STEP_MS, async || {
            witness(&world, &case).await.standing == "witnessed"
        })
        .await;
    let shown = witness(&world, &case).await;
    for name in ["regulator.example", "south.example"] {
        assert!(shown.by.contains(&name.to_owned()), "{:?}", shown.by);
    }
    let text = world.case("north", &case).await.unwrap().timeline[0]
        .receipt
        .clone()
        .unwrap();
    for words in ["Witnessed by", "regulator.example, south.example: they"] {
        assert!(text.contains(words), "{text}");
    }

    world.stop("north").await.unwrap();
    world.node("north").views.lose();
    world
        .hub
        .tell_the_truth(world.key("north"), world.key("platform"));
    world.start("north").unwrap();
    assert_eq!(witness(&world, &case).await, shown);

    // A receipt that came afterwards is provisional again, until it is followed, too.
    let (later, _) = request(&world, "north", &on_platform(40)).await;
    world.rest(&["north"]).await;
    assert_eq!(witness(&world, &later).await.standing, "provisional");
    cosigned_by(&world, &["south", "regulator"]);
    world
        .until_in_time("witnessed", STEP_MS, async || {
            witness(&world, &later).await.standing == "witnessed"
        })
        .await;
    assert!(contradictions(&world, "north").await.is_empty());
}

fn asked(world: &World) -> usize {
    world
        .hub
        .count(world.key("north"), world.key("platform"), Protocol::Witness)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_does_not_show_how_its_heads_go_together_is_an_alarm_and_no_evidence() {
    let world = World::of(&["north", "platform"]);
    receipts_up_to(&world, 3).await;
    about_heads(
        &world,
        "north",
        "platform",
        "platform",
        |reply| match reply {
            WitnessReply::Head(text, _) => WitnessReply::Head(text, None),
            other => other,
        },
    );
    let told = async || {
        alarms(&world, "north")
            .await
            .contains(&"head-not-proven".to_owned())
    };
    world
        .until_in_time("the alarm", STEP_MS, async || told().await)
        .await;
    assert!(contradictions(&world, "north").await.is_empty());
    assert_eq!(world.count("north", "witness-conflict"), 0);
    world
        .hub
        .tell_the_truth(world.key("north"), world.key("platform"));
    world
        .until_in_time("it is over", STEP_MS, async || !told().await)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_shown_more_of_its_own_log_than_it_has_stops_and_answers_nothing_more() {
    let mut world = World::of(&["platform", "north"]);
    let text = other_head(&world, 4_000);
    about_heads(&world, "platform", "north", "platform", move |_| {
        WitnessReply::Head(Some(text.as_str().into()), None)
    });
    stops_behind(&mut world, "platform").await;
}

/// The node ends by itself, with what it was shown; the same disk has nothing more than before.
async fn stops_behind(world: &mut World, name: &str) {
    world
        .until_in_time("it has stopped", STEP_MS, async || {
            world.query(name, Query::Log).await.is_err()
        })
        .await;
    world.ended(name).await;
    let disk = world.node(name).disk.clone();
    let (commits, outrun) = (disk.commits(), disk.outrun());
    assert!(outrun.contains("\n4000\n"), "{outrun}");
    let more = world.work(name, Work::Request(opening(&on_platform(9))));
    assert!(more.await.is_err());
    assert_eq!(disk.commits(), commits);
    let why = world.stop(name).await.unwrap_err();
    assert_eq!(why.code, "log-behind-peers");
    assert!(why.detail.contains("4000") && why.detail.contains("comity log restore"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_names_a_greater_size_stops_the_node_only_if_it_has_the_signed_head() {
    let mut world = World::of(&["platform", "north"]);
    let ahead = |world: &World, text: Option<String>| {
        let (asker, whom) = (world.key("platform"), world.key("north"));
        world.hub.lie(asker, whom, move |protocol, request, reply| {
            if protocol != Protocol::Witness {
                return reply;
            }
            match WitnessRequest::decode(request) {
                Ok(WitnessRequest::AddCheckpoint(_)) => {
                    Some(WitnessReply::Answer(409, "4000\n".into()).encode())
                }
                Ok(WitnessRequest::Head(..)) => {
                    let text = text.clone().map(Into::into);
                    Some(WitnessReply::Head(text, None).encode())
                }
                _ => reply,
            }
        });
    };
    ahead(&world, None);
    let asked = |world: &World| {
        let (platform, north) = (world.key("platform"), world.key("north"));
        let heard = world.hub.heard();
        let heard = heard
            .iter()
            .filter(|one| one.from == platform && one.to == north);
        heard
            .filter(|one| {
                let request = WitnessRequest::decode(&one.request);
                matches!(request, Ok(WitnessRequest::AddCheckpoint(_)))
            })
            .count()
    };
    world
        .until_in_time("it has asked", STEP_MS, async || asked(&world) >= 3)
        .await;
    assert!(world.query("platform", Query::Log).await.is_ok());
    // What somebody else has signed proves nothing either.
    let forged = other_head(&world, 4_000).replace("/platform.example/1", "/north.example/1");
    ahead(&world, Some(forged));
    let before = asked(&world);
    world
        .until_in_time("it has asked", STEP_MS, async || {
            asked(&world) >= before + 3
        })
        .await;
    assert!(world.query("platform", Query::Log).await.is_ok());
    let proof = other_head(&world, 4_000);
    ahead(&world, Some(proof));
    stops_behind(&mut world, "platform").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_and_proofs_come_to_rest_on_heads_that_members_have_cosigned() {
    let world = World::new();
    let (case, id) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    world
        .until_in_time("witnessed", STEP_MS, async || {
            witness(&world, &case).await.standing == "witnessed"
        })
        .await;
    let by = witness(&world, &case).await.by;
    assert!(by.contains(&"regulator.example".to_owned()), "{by:?}");
    assert!(contradictions(&world, "north").await.is_empty());

    // What north can prove of its own log, others have vouched for as well.
    world
        .until_in_time("a proof under a cosigned head", STEP_MS, async || {
            let proof = match world.query("north", Query::Prove(id)).await {
                Ok(Shown::Proof(shown)) => shown.proof,
                other => panic!("{other:?}"),
            };
            proof.contains("/regulator.example/witness ")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_asks_a_witness_to_cosign_another_tree_is_caught_there() {
    let world = World::of(&["regulator"]);
    let ask = async |old: u64, text: &str| {
        let request = WitnessRequest::AddCheckpoint(format!("old {old}\n\n{text}").into()).encode();
        let (from, to) = (world.key("platform"), world.key("regulator"));
        let reply = world.hub.ask(from, to, Protocol::Witness, request).await;
        WitnessReply::decode(&reply.unwrap()).unwrap()
    };
    let head = |root: u8| {
        let origin = world.origin("platform");
        let head = Head::new(6, Hash::new([root; 32])).unwrap();
        let signed = Checkpoint { origin, head }.sign(&world.federation.member("platform").log);
        signed.to_string()
    };
    assert!(matches!(
        ask(0, &head(1)).await,
        WitnessReply::Answer(200, _)
    ));
    assert!(matches!(
        ask(6, &head(2)).await,
        WitnessReply::Answer(422, _)
    ));
    known_to(&world, &["regulator"]).await;
    assert_eq!(world.codes("regulator", "witness-conflict"), ["same-size"]);
}
