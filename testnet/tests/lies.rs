//! Operators who lie. Each has its own keys and its own data, and can write whatever it likes; so each rewrites its log,
//! signs it again, and goes on as if nothing had been. Then a regulator audits.
//!
//! ```text
//! story     two requests, one of them answered and done; all logs are honest
//! lie       the operator stops its node, and starts it on a disk with another past
//! audit     the regulator's node finds the code that the lie has, in the liar's log; of honest members it finds nothing
//! ```
//! Whoever rewrites his log must keep its form, or is caught by that alone: every index, number and time below is as an
//! honest log would have it, unless it is what the lie is about.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use comity_engine::desk::{Desk as _, NewRosters, Query, Shown, Work};
use comity_testkit::federation::{self, add_key, edit_keys, edit_member};
use comity_testkit::ports::{Disk, Record, World, person};
use comity_testnet::federation::{FIRST_PERSON, Federation, Member};
use comity_testnet::process::Process;
use comity_trust::key::Ended;
use comity_wire::ids::{CaseId, Nonce};
use comity_wire::leaf::{Facts, Leaf};
use comity_wire::registry::KeyPurpose;
use comity_wire::words::Code;

use crate::desk::{HOUR_MS, answer, on_platform, removed, request, seen, signed};
use crate::support::acts::Staff;
use crate::support::desk::Desk;
use crate::support::world::{DOMAIN, start, stop};

#[path = "lies/operator.rs"]
mod operator;

#[path = "nodes/support/mod.rs"]
#[allow(dead_code, reason = "the tests of nodes use the rest of it")]
mod support;

#[path = "../../crates/comity-engine/tests/engine/desk.rs"]
#[allow(dead_code, reason = "the tests of the engine use the rest of it")]
mod desk;

/// Two requests of north to the platform, an hour between all that happens; the first is accepted and done.
async fn worked() -> World {
    told().await.0
}

/// The same, and the case that is done.
async fn told() -> (World, CaseId) {
    let world = World::new();
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    world.clock.advance(HOUR_MS);
    signed(
        world
            .work("platform", answer(&case, "accepted", None))
            .await,
    );
    world.rest(&["platform"]).await;
    world.clock.advance(HOUR_MS);
    signed(world.work("platform", removed(&case, 1)).await);
    world.rest(&["platform"]).await;
    world.clock.advance(HOUR_MS);
    request(&world, "north", &on_platform(2)).await;
    world.rest(&["north"]).await;
    (world, case)
}

/// What the regulator finds: code and member, each once, in order. Not whose head has no quorum: of a log that was
/// rewritten, witnesses cosign nothing.
async fn findings(world: &World) -> Vec<(String, String)> {
    // What was the newest witnessed head a moment ago is not shown any more.
    world.clock.advance(120_000);
    let shown = world.engine("regulator").audit(person("anna")).await;
    let found = shown.unwrap().findings.into_iter();
    let found = found.filter(|row| row.0 != "not-witnessed");
    let mut found: Vec<_> = found.map(|row| (row.0, row.1)).collect();
    found.sort();
    found.dedup();
    found
}

/// The operator rewrites its log, and the regulator finds just this, in its log.
async fn caught(liar: &str, lie: impl FnOnce(&mut Vec<Record>), codes: &[&str]) {
    let mut world = worked().await;
    let member = world.id(liar).to_string();
    let disk = world.node(liar).disk.rewritten(lie);
    world.deafen(liar);
    world.swap(liar, disk).await.unwrap();
    let expected: Vec<_> = codes
        .iter()
        .map(|code| ((*code).to_owned(), member.clone()))
        .collect();
    assert_eq!(findings(&world).await, expected);
}

/// The place of the record number `n`, from 0, of this kind and statement kind.
fn place(records: &[Record], kind: &str, statement: &str, n: usize) -> usize {
    let of_kind = records.iter().enumerate().filter(|(_, (leaf, _))| {
        let leaf = Leaf::decode(leaf).unwrap();
        let about = leaf.statement_kind.map(|kind| kind.to_string());
        leaf.kind.as_str() == kind && about.as_deref() == Some(statement)
    });
    of_kind.map(|(place, _)| place).nth(n).unwrap()
}

fn edit(record: &mut Record, change: impl FnOnce(&mut Leaf)) {
    let mut leaf = Leaf::decode(&record.0).unwrap();
    change(&mut leaf);
    record.0 = leaf.encode();
}

/// Changes what a record commits to, and the commitment with it.
fn edit_facts(record: &mut Record, change: impl FnOnce(&mut Facts)) {
    let mut facts = Facts::decode(record.1.as_ref().unwrap()).unwrap();
    change(&mut facts);
    edit(record, |leaf| leaf.facts = Some(facts.hash()));
    record.1 = Some(facts.encode());
}

/// Something that was said becomes something about nobody, and the numbers after it close the gap.
fn hide(records: &mut [Record], place: usize) {
    let hidden = Leaf::decode(&records[place].0).unwrap();
    edit(&mut records[place], |leaf| {
        leaf.kind = Code::new("looked").unwrap();
        leaf.case = None;
        leaf.statement = None;
        leaf.statement_kind = None;
        leaf.direction = None;
        leaf.facts = None;
        leaf.seq = None;
        leaf.counterpart = None;
    });
    records[place].1 = None;
    for record in &mut records[place + 1..] {
        edit(record, |leaf| {
            if leaf.counterpart == hidden.counterpart {
                leaf.seq = leaf.seq.map(|seq| seq - 1);
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_starts_anew_on_an_honest_copy_is_found_honest() {
    caught("platform", |_| {}, &[]).await;
    caught("north", |_| {}, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_dates_a_registration_back_is_bounded_by_the_other_side() {
    let earlier = |records: &mut Vec<Record>| {
        let last = place(records, "received", "takedown-request", 1);
        edit(&mut records[last], |leaf| leaf.time -= HOUR_MS);
    };
    let codes = ["receipt-without-record", "time-out-of-bounds"];
    caught("platform", earlier, &codes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_drops_a_record_is_missing_it_by_the_senders_log() {
    let dropped = |records: &mut Vec<Record>| {
        let at = place(records, "received", "takedown-request", 0);
        hide(records, at);
    };
    // The later one has another number now, and so is not what its receipt is of.
    let codes = ["missing-at-recipient", "receipt-without-record"];
    caught("platform", dropped, &codes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_drops_a_record_and_not_its_number_leaves_a_gap() {
    let gap = |records: &mut Vec<Record>| {
        let at = place(records, "received", "takedown-request", 0);
        let kept: Vec<_> = records[at + 1..].to_vec();
        hide(records, at);
        records[at + 1..].clone_from_slice(&kept);
    };
    caught("platform", gap, &["missing-at-recipient", "seq-gap"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_another_record_than_the_one_it_gave_a_receipt_for_is_held_to_the_receipt() {
    // Dated so little later that no clock contradicts it: but it is another leaf.
    let other = |records: &mut Vec<Record>| {
        let at = place(records, "received", "takedown-request", 1);
        edit(&mut records[at], |leaf| leaf.time += 1);
    };
    caught("platform", other, &["receipt-without-record"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_on_from_an_old_backup_is_missing_what_it_gave_receipts_for() {
    let mut world = worked().await;
    let backup = world.node("platform").disk.copy();
    request(&world, "north", &on_platform(3)).await;
    world.rest(&["north"]).await;
    world.deafen("platform");
    world.swap("platform", backup).await.unwrap();
    world.clock.advance(HOUR_MS);
    request(&world, "north", &on_platform(4)).await;
    world.rest(&["north"]).await;
    let found = findings(&world).await;
    let expected = (
        "missing-at-recipient".to_owned(),
        world.id("platform").to_string(),
    );
    assert!(found.contains(&expected), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_an_old_receipt_for_a_statement_that_never_arrived_is_found_out_by_the_recipients_log()
 {
    let replayed = |records: &mut Vec<Record>| {
        let receipt_of = |n| {
            let sent = &records[place(records, "sent", "takedown-request", n)];
            Facts::decode(sent.1.as_ref().unwrap()).unwrap().receipt
        };
        let (old, at) = (receipt_of(0), place(records, "sent", "takedown-request", 1));
        edit_facts(&mut records[at], |facts| facts.receipt = old);
    };
    caught("north", replayed, &["receipt-replayed"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_that_it_is_gone_is_contradicted_by_who_sees_it() {
    let (world, case) = told().await;
    let check = async |result: &str, expected: &[(String, String)]| {
        world.clock.advance(HOUR_MS);
        signed(world.work("north", seen(&case, 1, result)).await);
        world.rest(&["north"]).await;
        assert_eq!(findings(&world).await, expected, "{result}");
    };
    check("offline", &[]).await;
    let of_platform = |code: &str| (code.to_owned(), world.id("platform").to_string());
    check("online", &[of_platform("outcome-contradicted")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_one_log_for_one_peer_and_another_for_the_rest_is_shown_in_red_by_all() {
    let mut world = worked().await;
    // North has receipts under heads of the one; everybody is shown the other from now on.
    let disk = world.node("platform").disk.rewritten(|records| {
        let at = place(records, "received", "takedown-request", 0);
        edit(&mut records[at], |leaf| leaf.salt = Nonce::new([7; 16]));
    });
    world.swap("platform", disk).await.unwrap();
    let contradicted = async |name: &str| match world.query(name, Query::Contradictions).await {
        Ok(Shown::Contradictions(rows)) => {
            let of_whom = rows.into_iter().map(|row| row.member);
            of_whom.collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let platform = Some(world.id("platform").to_string());
    world
        .until_in_time("everybody has the evidence", 10_000, async || {
            let mut all = true;
            for name in ["north", "south", "regulator"] {
                all &= contradicted(name).await.contains(&platform);
            }
            all
        })
        .await;
    for name in ["north", "south", "regulator"] {
        assert!(
            contradicted(name)
                .await
                .iter()
                .all(|whose| *whose == platform)
        );
        assert!(world.count(name, "witness-conflict") > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_from_a_revoked_key_is_refused_and_the_refusal_is_found() {
    let mut world = worked().await;
    end_the_statement_key(&mut world, "platform").await;
    world.clock.advance(HOUR_MS);
    let open = world.cases("platform").await;
    let open = open.into_iter().find(|case| case.open).unwrap();
    let case = CaseId::from_hex(&open.case).unwrap();
    // Its node goes on with the key that it has.
    let said = world.work("platform", answer(&case, "accepted", None));
    signed(said.await);
    world
        .until_in_time("it is refused", 1_000, async || {
            world.count("north", "refused") > 0
        })
        .await;
    world.clock.advance(HOUR_MS);
    let platform = world.id("platform").to_string();
    let expected = [("signed-by-ended-key".to_owned(), platform)];
    assert_eq!(findings(&world).await, expected);
}

/// In the next roster the key is said to be stolen, and there is another one; all members have that roster.
async fn end_the_statement_key(world: &mut World, member: &str) {
    let (now, new) = (world.now(), federation::key(member, 98));
    let roster = world.federation.next_roster(|roster| {
        edit_member(roster, member, |entry| {
            edit_keys(entry, KeyPurpose::Statement, |key| {
                key.ended = Some(Ended::CompromisedSince(now));
            });
            add_key(entry, &new, KeyPurpose::Statement);
        });
    });
    let roster = world.federation.sign_roster(&roster);
    world.federation.take_roster(&roster);
    let rosters = NewRosters {
        charters: Vec::new(),
        rosters: vec![roster.encode()],
    };
    let taken = world.work("regulator", Work::Rosters(rosters)).await;
    taken.unwrap();
    let world = &*world;
    world
        .until("all have it", async || {
            ["north", "platform"].iter().all(|name| {
                let history = world.engine(name).history();
                history.roster_ref().is_some_and(|roster| roster.0 == 2)
            })
        })
        .await;
}

/// The regulator has audited an honest log; then the operator puts another disk in its place, and it audits again.
async fn caught_later(mut world: World, disk: Disk, code: &str) {
    world.deafen("platform");
    world.swap("platform", disk).await.unwrap();
    world.clock.advance(HOUR_MS);
    let found = findings(&world).await;
    let platform = world.id("platform").to_string();
    assert!(
        found.contains(&(code.to_owned(), platform.clone())),
        "{found:?}"
    );
    assert!(
        found.iter().all(|(_, member)| *member == platform),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_on_from_an_old_backup_shows_a_log_that_went_back() {
    let world = worked().await;
    let backup = world.node("platform").disk.copy();
    world.clock.advance(HOUR_MS);
    request(&world, "north", &on_platform(3)).await;
    world.rest(&["north"]).await;
    world.clock.advance(HOUR_MS);
    assert_eq!(findings(&world).await, []);
    caught_later(world, backup, "log-went-back").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_another_past_than_an_hour_ago_has_forked() {
    let world = worked().await;
    assert_eq!(findings(&world).await, []);
    let disk = world.node("platform").disk.rewritten(|records| {
        let at = place(records, "received", "takedown-request", 0);
        edit(&mut records[at], |leaf| leaf.salt = Nonce::new([7; 16]));
    });
    caught_later(world, disk, "fork").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_dates_an_answer_back_is_bounded_by_when_its_log_was_seen_without_it() {
    let world = worked().await;
    world.clock.advance(HOUR_MS);
    assert_eq!(findings(&world).await, []);
    let seen_at = world.now();
    world.clock.advance(2 * HOUR_MS);
    let open = world.cases("platform").await;
    let open = open.into_iter().find(|case| case.open).unwrap();
    let case = CaseId::from_hex(&open.case).unwrap();
    signed(
        world
            .work("platform", answer(&case, "accepted", None))
            .await,
    );
    world.rest(&["platform"]).await;
    // It wants to have answered before the audit, and so the record of the audit is dated back as well.
    let disk = world.node("platform").disk.rewritten(|records| {
        let at = place(records, "offered", "acknowledgement", 1);
        for record in &mut records[..=at] {
            edit(record, |leaf| leaf.time = leaf.time.min(seen_at - HOUR_MS));
        }
    });
    caught_later(world, disk, "time-out-of-bounds").await;
}

/// As above, with everything real: nodes as processes, their files, their sockets, and the commands of the program.
#[test]
fn the_operator_of_a_real_node_who_rewrote_its_log_is_caught_by_the_audit_of_a_regulator() {
    let dir = tempfile::tempdir().unwrap();
    let mandate = "--mandate regulator.example/platform/IE/Example-Act";
    let federation = Federation::found_with(dir.path(), mandate).unwrap();
    let owns = format!("--owns-domain {DOMAIN}");
    let north = federation.join("north", "hotline", "SE", "").unwrap();
    let platform = federation
        .join("platform", "platform", "IE", &owns)
        .unwrap();
    let regulator = federation.join("regulator", "regulator", "IE", "").unwrap();
    federation.admit(&[&north, &platform, &regulator]).unwrap();
    let (node_of_north, node) = (start(&north), start(&platform));
    let node_of_regulator = start(&regulator);
    let (case, statement) = Staff::of(&north).request(1);
    let delivered = |shown: &serde_json::Value| {
        let rows = shown["case"]["timeline"].as_array()?.iter();
        let mut rows = rows.filter(|row| row["standing"] == "delivered");
        rows.next().map(|_| ())
    };
    Desk::new(&north, FIRST_PERSON).until(&format!("/v1/cases/{case}"), delivered);
    assert_eq!(audited(&regulator), []);

    stop(node);
    // Whoever is there when it starts would prove the head that it had: it begins when nobody can be asked.
    stop(node_of_north);
    stop(node_of_regulator);
    operator::rewrite(&platform, |records| {
        let at = place(records, "received", "takedown-request", 0);
        edit(&mut records[at], |leaf| {
            assert_eq!(leaf.statement.unwrap().to_string(), statement);
            leaf.salt = Nonce::new([7; 16]);
        });
    });
    let node = start(&platform);
    let (node_of_north, node_of_regulator) = (start(&north), start(&regulator));
    let found = audited(&regulator);
    let codes: Vec<_> = found.iter().map(|(code, _)| code.as_str()).collect();
    assert!(codes.contains(&"receipt-without-record"), "{found:?}");
    assert!(
        found.iter().all(|(_, member)| member == "platform.example"),
        "{found:?}"
    );
    for node in [node_of_north, node, node_of_regulator] {
        stop(node);
    }
}

/// What `comity audit` says: code and member.
fn audited(member: &Member) -> Vec<(String, String)> {
    let ended = Process::run(&mut member.command(&["audit", "--json"]).unwrap()).unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    let said: serde_json::Value = serde_json::from_str(&ended.output).unwrap();
    let found = said["audit"]["findings"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let found = found.map(|row| match row.as_array() {
        Some(row) => (text(&row[0]), text(&row[1])),
        None => (text(&row["code"]), text(&row["member"])),
    });
    found.collect()
}
