//! Who reads what of whose log, and what comes of it.

use comity_engine::desk::{
    AuditShown, Desk as _, NewRosters, Query, ResponseTimesShown, Shown, TimingRow, Work,
};
use comity_engine::ports::Protocol;
use comity_testkit::federation::{NOW_MS, edit_keys, edit_member};
use comity_testkit::ports::{Link, World, person};
use comity_trust::key::Ended;
use comity_wire::audit_exchange::{AuditReply, Page};
use comity_wire::leaf::Origin;
use comity_wire::registry::KeyPurpose;
use comity_wire::witness_exchange::WitnessReply;

use crate::desk::*;
use crate::forks::contradictions;

pub(crate) const ALL: [&str; 4] = ["north", "south", "platform", "regulator"];

/// Once the newest heads of all are cosigned, as they are within seconds.
async fn audit(world: &World, name: &str) -> AuditShown {
    witnessed(world, &ALL).await;
    audit_at_once(world, name).await
}

async fn audit_at_once(world: &World, name: &str) -> AuditShown {
    world.engine(name).audit(person("anna")).await.unwrap()
}

/// Waits until the quorum has cosigned the newest head of each of these; seconds pass.
pub(crate) async fn witnessed(world: &World, names: &[&str]) {
    world
        .until_in_time("every head is witnessed", 1_000, async || {
            for name in names {
                let Ok(Shown::Log(log)) = world.query(name, Query::Log).await else {
                    return false;
                };
                if !log.witnessed.holds || log.witnessed.size != log.size {
                    return false;
                }
            }
            true
        })
        .await;
}

fn timing<'a>(times: &'a ResponseTimesShown, clock: &str, step: &str) -> &'a TimingRow {
    let mut rows = times.rows.iter();
    let row = rows.find(|row| row.clock == clock && row.step == step);
    row.unwrap_or_else(|| panic!("{clock} {step}"))
}

/// Two requests: one answered after an hour and done after two, one left alone.
async fn worked() -> World {
    let world = World::new();
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    request(&world, "north", &on_platform(2)).await;
    refer(&world, "north", "south", "https://elsewhere.example/1").await;
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
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_regulator_reads_all_of_its_remit_and_of_others_what_is_about_it() {
    let world = worked().await;
    let sizes = ["north", "platform"].map(|name| world.size(name));
    let shown = audit(&world, "regulator").await;
    assert_eq!(shown.findings, [], "honest members");
    let of = |name: &str| {
        let origin = world.origin(name).to_string();
        let log = shown.logs.iter().find(|log| log.0 == origin);
        log.map(|log| (log.1, log.2)).unwrap()
    };
    // The platform is in its remit: every record, with the one of this very audit after the head.
    let (records, complete) = of("platform");
    assert!(complete);
    assert!(records >= sizes[1], "{records} of {}", sizes[1]);
    // Of north it reads what has the platform as its counterpart.
    let about = |leaf: &comity_wire::leaf::Leaf| leaf.counterpart == Some(world.id("platform"));
    let expected = world
        .leaves("north")
        .iter()
        .filter(|leaf| about(leaf))
        .count();
    let (records, complete) = of("north");
    assert_eq!(
        (usize::try_from(records).unwrap(), complete),
        (expected, false)
    );
    // Of south it reads nothing but what is about itself.
    assert!(of("south").0 <= 2, "{:?}", of("south"));

    let times = &shown.response_times;
    let answer = timing(times, "offered", "first-human-answer");
    assert_eq!((answer.count, answer.open), (1, 1), "{answer:?}");
    assert!(
        (HOUR_MS..HOUR_MS + 600_000).contains(&answer.p50_ms.unwrap()),
        "{answer:?}"
    );
    let outcome = timing(times, "offered", "outcome");
    assert!(
        (2 * HOUR_MS..2 * HOUR_MS + 600_000).contains(&outcome.max_ms.unwrap()),
        "{outcome:?}"
    );
    let again = world.query("regulator", Query::Audit).await;
    assert_eq!(again, Ok(Shown::Audit(shown.clone())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_audit_is_one_record_at_both_sides() {
    let world = worked().await;
    let counts =
        || ["north", "south", "platform", "regulator"].map(|name| world.count(name, "audited"));
    assert_eq!(counts(), [0; 4]);
    audit(&world, "regulator").await;
    assert_eq!(counts(), [1, 1, 1, 3]);
    // Again within the session: the audited logs do not grow, one's own says what one did.
    audit(&world, "regulator").await;
    assert_eq!(counts(), [1, 1, 1, 6]);
    world.clock.advance(HOUR_MS);
    audit(&world, "regulator").await;
    assert_eq!(counts(), [2, 2, 2, 9]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_without_a_mandate_reads_what_is_about_its_own_statements() {
    let world = worked().await;
    let shown = audit(&world, "south").await;
    assert_eq!(shown.findings, []);
    let origin = world.origin("platform").to_string();
    let of_platform = shown.logs.iter().find(|log| log.0 == origin).unwrap();
    assert!(of_platform.1 <= 1 && !of_platform.2, "{of_platform:?}");
    let own = world.origin("south").to_string();
    let of_own = shown.logs.iter().find(|log| log.0 == own).unwrap();
    assert!(of_own.2);
    let times = &shown.response_times;
    assert!(
        times
            .rows
            .iter()
            .all(|row| row.step != "outcome" || row.count == 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_does_not_answer_or_answers_with_junk_is_a_finding_and_no_end() {
    let world = worked().await;
    witnessed(&world, &ALL).await;
    let (regulator, platform) = (world.key("regulator"), world.key("platform"));
    let check = async |what: &str, code: &str| {
        let shown = audit_at_once(&world, "regulator").await;
        let of_platform = |row: &&(String, String, String)| row.1 == "platform.example";
        let found: Vec<_> = shown.findings.iter().filter(of_platform).collect();
        assert_eq!(found.len(), 1, "{what}: {found:?}");
        assert_eq!(found[0].0, code, "{what}");
        assert!(shown.logs.len() >= 3, "{what}");
    };
    world.hub.lie(regulator, platform, |_, _, _| None);
    check("nothing", "unreachable").await;
    world
        .hub
        .lie(regulator, platform, |_, _, _| Some(vec![0xff; 99]));
    check("junk", "bad-reply").await;
    world.hub.lie(regulator, platform, |_, _, reply| {
        let AuditReply::Records(mut page) = AuditReply::decode(&reply?).ok()? else {
            return None;
        };
        page.next = Some(0);
        page.sequences = None;
        Some(AuditReply::Records(page).encode())
    });
    check("pages without end", "page-does-not-advance").await;
    let pages_of = |change: fn(&mut Page)| {
        world.hub.lie(regulator, platform, move |_, _, reply| {
            let Ok(AuditReply::Records(mut page)) = AuditReply::decode(reply.as_deref()?) else {
                return reply;
            };
            change(&mut page);
            page.next = Some(1);
            page.sequences = None;
            Some(AuditReply::Records(page).encode())
        });
    };
    pages_of(|page| page.records.clear());
    check("a page for each index", "page-does-not-advance").await;
    pages_of(|page| page.records.truncate(2));
    check("more records than indexes", "page-does-not-advance").await;
    world.hub.lie(regulator, platform, |_, _, reply| {
        let AuditReply::Records(mut page) = AuditReply::decode(&reply?).ok()? else {
            return None;
        };
        if page.records.len() > 2 {
            page.records.remove(2);
        }
        Some(AuditReply::Records(page).encode())
    });
    let shown = audit_at_once(&world, "regulator").await;
    let of_platform = shown.findings.iter().any(|row| row.1 == "platform.example");
    assert!(
        of_platform,
        "a record that is left out is found: {:?}",
        shown.findings
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn response_times_of_ones_own_records_need_nobody_else() {
    let world = worked().await;
    for name in ["north", "platform"] {
        let Ok(Shown::ResponseTimes(times)) = world.query(name, Query::ResponseTimes).await else {
            panic!("not shown")
        };
        assert_eq!(times.members, [world.id(name).to_string()]);
    }
    let Ok(Shown::ResponseTimes(times)) = world.query("north", Query::ResponseTimes).await else {
        panic!("not shown")
    };
    let receipt = timing(&times, "offered", "receipt");
    assert_eq!((receipt.count, receipt.open), (3, 0), "{receipt:?}");
    assert_eq!(timing(&times, "offered", "outcome").count, 1);
}

/// How a log was read.
fn read<'a>(shown: &'a AuditShown, world: &World, name: &str) -> &'a comity_engine::desk::LogRead {
    let origin = world.origin(name).to_string();
    shown.read.iter().find(|log| log.origin == origin).unwrap()
}

fn codes<'a>(shown: &'a AuditShown, world: &World, name: &str) -> Vec<&'a str> {
    let member = world.id(name).to_string();
    let rows = shown.findings.iter().filter(|row| row.1 == member);
    rows.map(|row| row.0.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_audit_reads_what_is_new_and_judges_everything() {
    let world = worked().await;
    let first = audit(&world, "regulator").await;
    assert_eq!(read(&first, &world, "platform").resumed_from, 0);
    request(&world, "north", &on_platform(3)).await;
    world.rest(&["north", "platform"]).await;
    let next = audit(&world, "regulator").await;
    assert_eq!(next.findings, []);
    for name in ["platform", "north"] {
        let (before, after) = (read(&first, &world, name), read(&next, &world, name));
        assert_eq!(after.resumed_from, before.size, "{name}");
        assert!(after.records > before.records, "{name}");
        assert_eq!(after.complete, before.complete, "{name}");
    }
    let whole = read(&next, &world, "platform");
    assert!(whole.complete);
    assert_eq!(whole.records, whole.size);
    let requests = timing(&next.response_times, "offered", "registration");
    assert_eq!(requests.count, 3, "the older ones are counted too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_the_quorum_has_not_cosigned_is_a_finding_and_its_log_is_not_verified() {
    let world = worked().await;
    let verdict = |shown: &AuditShown, name: &str| {
        let log = read(shown, &world, name);
        (log.verdict.clone(), log.missing.len())
    };
    let shown = audit(&world, "regulator").await;
    for name in ALL {
        assert_eq!(verdict(&shown, name), ("verified".to_owned(), 0), "{name}");
    }
    witnessed(&world, &ALL).await;
    // From now on nobody cosigns what the platform writes.
    for name in ["north", "south", "regulator"] {
        world.link("platform", name, Link::Down);
    }
    world.clock.advance(HOUR_MS);
    request(&world, "north", &on_platform(7)).await;
    world.rest(&["north"]).await;
    // What came in a moment ago nobody can have cosigned.
    let shown = audit_at_once(&world, "regulator").await;
    assert_eq!(codes(&shown, &world, "platform"), [""; 0]);
    world.clock.advance(120_000);
    witnessed(&world, &["north", "south", "regulator"]).await;
    let shown = audit_at_once(&world, "regulator").await;
    assert_eq!(codes(&shown, &world, "platform"), ["not-witnessed"]);
    let log = read(&shown, &world, "platform");
    assert_eq!(log.verdict, "provisional");
    assert!(!log.missing.is_empty() && log.complete, "{log:?}");
    let row = shown.details.iter().find(|row| row.code == "not-witnessed");
    let row = row.unwrap();
    assert_eq!((row.index, row.alarm), (Some(log.size), false), "{row:?}");
    assert_eq!(verdict(&shown, "north"), ("verified".to_owned(), 0));
    // Once they do, the same records are verified.
    for name in ["north", "south", "regulator"] {
        world.link("platform", name, Link::Up);
    }
    world.clock.advance(HOUR_MS);
    let shown = audit(&world, "regulator").await;
    assert_eq!(shown.findings, []);
    assert_eq!(verdict(&shown, "platform"), ("verified".to_owned(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_an_audit_reads_the_newest_head_that_is_witnessed() {
    let world = worked().await;
    witnessed(&world, &ALL).await;
    let before = world.size("platform");
    // What has come in this very moment nobody has cosigned yet.
    request(&world, "north", &on_platform(8)).await;
    world
        .until("it has arrived", async || world.size("platform") > before)
        .await;
    let shown = audit_at_once(&world, "regulator").await;
    assert_eq!(codes(&shown, &world, "platform"), [""; 0]);
    let log = read(&shown, &world, "platform");
    assert_eq!((log.verdict.as_str(), log.complete), ("verified", true));
    assert!(log.size >= before, "{log:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_federation_without_enough_witnesses_says_so_and_blames_no_log() {
    let mut world = World::new();
    // The witness keys of all but one have ended.
    let roster = world.federation.next_roster(|roster| {
        for name in ["south", "platform", "regulator"] {
            edit_member(roster, name, |member| {
                edit_keys(member, KeyPurpose::Witness, |key| {
                    key.ended = Some(Ended::Superseded);
                    // Before anything was cosigned.
                    key.until = Some(NOW_MS - HOUR_MS);
                });
            });
        }
    });
    let signed = world.federation.sign_roster(&roster);
    world.federation.take_roster(&signed);
    let take = Work::Rosters(NewRosters {
        charters: Vec::new(),
        rosters: vec![signed.encode()],
    });
    world.work("regulator", take).await.unwrap();
    world.clock.advance(HOUR_MS);
    request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    world.clock.advance(120_000);
    let shown = audit_at_once(&world, "regulator").await;
    assert_eq!(shown.findings, []);
    for name in ["north", "platform"] {
        let log = read(&shown, &world, name);
        assert_eq!(log.verdict, "not-witnessable", "{log:?}");
        assert!(!log.missing.is_empty(), "{log:?}");
    }
}

/// The platform works, is put back to a backup of before, and restored; the regulator may have read what was lost.
/// With how many records are left of its old log.
async fn restored(read_before: bool) -> (World, u64) {
    let mut world = worked().await;
    witnessed(&world, &ALL).await;
    let backup = world.node("platform").disk.copy();
    let (case, _) = request(&world, "north", &on_platform(5)).await;
    world.rest(&["north"]).await;
    signed(
        world
            .work("platform", answer(&case, "accepted", None))
            .await,
    );
    world.rest(&["platform"]).await;
    if read_before {
        let shown = audit(&world, "regulator").await;
        assert_eq!(shown.findings, []);
    }
    world.stop("platform").await.unwrap();
    let proven = world.node("platform").disk.head();
    world.put_back("platform", &backup);
    let left = world.size("platform");
    world.clock.advance(HOUR_MS);
    world.restore("platform", proven);
    world.start("platform").unwrap();
    world
        .until_in_time("all is back", 1_000, async || {
            let left = world.state("north", &case);
            left == world.state("platform", &case) && world.outbox("platform").await.is_empty()
        })
        .await;
    // What is asked of it from now on is in its new log.
    world.clock.advance(HOUR_MS);
    request(&world, "north", &on_platform(6)).await;
    world.rest(&["north", "platform"]).await;
    (world, left)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_member_that_was_restored_both_logs_are_read_and_what_it_lost_is_no_finding() {
    for read_before in [false, true] {
        let (world, left) = restored(read_before).await;
        let shown = audit(&world, "regulator").await;
        assert_eq!(shown.findings, [], "read before: {read_before}");
        let old = Origin {
            n: 1,
            ..world.origin("platform")
        };
        let old = old.to_string();
        let old = shown.read.iter().find(|log| log.origin == old).unwrap();
        let new = read(&shown, &world, "platform");
        assert_eq!((old.complete, new.complete), (false, true), "{old:?}");
        assert_eq!(new.verdict, "verified");
        // What the auditor has read before, no restore takes away.
        assert_eq!(old.records > left, read_before, "{old:?} of {left}");
        // Four requests, each counted once.
        let requests = timing(&shown.response_times, "offered", "registration");
        assert_eq!((requests.count, requests.open), (4, 0), "{requests:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_that_was_cut_off_goes_on_where_it_was_and_nothing_counts_before_its_end() {
    let world = worked().await;
    let (regulator, platform) = (world.key("regulator"), world.key("platform"));
    world.hub.lie(regulator, platform, |_, _, reply| {
        let Ok(AuditReply::Records(mut page)) = AuditReply::decode(&reply?) else {
            return None;
        };
        if page.records.len() < 3 {
            return None;
        }
        page.next = Some(2);
        page.sequences = None;
        page.records.truncate(2);
        Some(AuditReply::Records(page).encode())
    });
    let shown = audit(&world, "regulator").await;
    assert!(
        !shown
            .read
            .iter()
            .any(|log| log.origin == world.origin("platform").to_string())
    );
    world.hub.tell_the_truth(regulator, platform);
    let shown = audit(&world, "regulator").await;
    assert_eq!(shown.findings, []);
    let log = read(&shown, &world, "platform");
    assert_eq!((log.complete, log.resumed_from), (true, 2));
    assert_eq!(log.records, log.size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_goes_on_from_an_old_backup_is_found_by_the_next_audit() {
    let mut world = worked().await;
    audit(&world, "regulator").await;
    // As it was before anything happened: its log begins again, under the same name and key.
    world.stop("platform").await.unwrap();
    world.lose("platform");
    world.deafen("platform");
    world.start("platform").unwrap();
    let shown = audit_at_once(&world, "regulator").await;
    assert!(
        codes(&shown, &world, "platform").contains(&"log-went-back"),
        "{:?}",
        shown.findings
    );
    // Once it is as long again, it is another log under the same name.
    for n in 10.. {
        if world.size("platform") > 20 {
            break;
        }
        request(&world, "north", &on_platform(n)).await;
        world.rest(&["north", "platform"]).await;
    }
    let shown = audit_at_once(&world, "regulator").await;
    assert!(
        codes(&shown, &world, "platform").contains(&"fork"),
        "{:?}",
        shown.findings
    );
    let alarms = shown.details.iter().filter(|row| row.alarm);
    assert!(alarms.count() >= 1);
    // What the log has signed stays signed, however often it is read.
    let again = audit_at_once(&world, "regulator").await;
    assert!(codes(&again, &world, "platform").contains(&"fork"));
}

/// The sorts of evidence that a member has of the log of another one.
async fn evidence(world: &World, name: &str, of: &str) -> Vec<String> {
    let of = world.id(of).to_string();
    let rows = contradictions(world, name).await.into_iter();
    let rows = rows.filter(|row| row.member.as_ref() == Some(&of));
    rows.map(|row| row.sort).collect()
}

/// From now on a log shows no path to anybody, and nobody is asked to cosign it: what it does, only audits find.
fn hides(world: &World, liar: &str) {
    for name in ALL.into_iter().filter(|name| *name != liar) {
        let (from, to) = (world.key(name), world.key(liar));
        world.hub.lie(to, from, |protocol, _, reply| {
            reply.filter(|_| protocol != Protocol::Witness)
        });
        world.hub.lie(from, to, |protocol, _, reply| {
            let reply = reply?;
            match WitnessReply::decode(&reply) {
                Ok(WitnessReply::Head(text, _)) if protocol == Protocol::Witness => {
                    Some(WitnessReply::Head(text, None).encode())
                }
                _ => Some(reply),
            }
        });
    }
}

/// A member has lost what it had, and goes on until its log is longer than before.
async fn another_past(world: &mut World, liar: &str) {
    let before = world.size(liar);
    world.stop(liar).await.unwrap();
    world.lose(liar);
    world.start(liar).unwrap();
    for n in 20.. {
        if world.size(liar) > before + 8 {
            break;
        }
        request(world, "north", &on_platform(n)).await;
        world.rest(&["north"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_trees_of_one_log_are_proven_by_the_rows_of_an_audit_whatever_the_log_shows() {
    let mut world = worked().await;
    hides(&world, "platform");
    audit_at_once(&world, "regulator").await;
    another_past(&mut world, "platform").await;
    let shown = audit_at_once(&world, "regulator").await;
    assert!(codes(&shown, &world, "platform").contains(&"fork"));
    let sort = "no-consistency".to_owned();
    let found = evidence(&world, "regulator", "platform").await;
    assert!(found.contains(&sort), "{found:?}: {:?}", shown.findings);
    // And everybody else has it.
    world
        .until_in_time("handed over", 60_000, async || {
            evidence(&world, "south", "platform").await.contains(&sort)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_went_back_is_proven_by_the_rows_that_were_kept() {
    let mut world = worked().await;
    hides(&world, "platform");
    audit_at_once(&world, "regulator").await;
    world.stop("platform").await.unwrap();
    world.lose("platform");
    world.start("platform").unwrap();
    let shown = audit_at_once(&world, "regulator").await;
    assert!(codes(&shown, &world, "platform").contains(&"log-went-back"));
    let found = evidence(&world, "regulator", "platform").await;
    assert!(found.contains(&"no-consistency".to_owned()), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_a_part_finds_heads_that_are_not_joined_and_proves_it_by_two_leaves() {
    let mut world = worked().await;
    hides(&world, "north");
    // The regulator reads of north what is about the platform.
    let shown = audit_at_once(&world, "regulator").await;
    let before = read(&shown, &world, "north");
    assert!(before.records > 0 && !before.complete);
    another_past(&mut world, "north").await;
    let shown = audit_at_once(&world, "regulator").await;
    let found = codes(&shown, &world, "north");
    assert!(found.contains(&"heads-not-joined"), "{found:?}");
    assert_eq!(read(&shown, &world, "north").verdict, "alarm");
    let found = evidence(&world, "regulator", "north").await;
    assert_eq!(found, ["two-leaves"]);
}
