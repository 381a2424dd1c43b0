//! Who reads what of whose log, and what comes of it.

use comity_engine::desk::{AuditShown, Desk as _, Query, ResponseTimesShown, Shown, TimingRow};
use comity_testkit::ports::{World, person};

use crate::desk::*;

async fn audit(world: &World, name: &str) -> AuditShown {
    world.engine(name).audit(person("anna")).await.unwrap()
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
    let (regulator, platform) = (world.key("regulator"), world.key("platform"));
    let check = async |what: &str, code: &str| {
        let shown = audit(&world, "regulator").await;
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
        use comity_wire::audit_exchange::AuditReply;
        let AuditReply::Records(mut page) = AuditReply::decode(&reply?).ok()? else {
            return None;
        };
        page.next = Some(0);
        page.sequences = None;
        Some(AuditReply::Records(page).encode())
    });
    check("pages without end", "page-does-not-advance").await;
    world.hub.lie(regulator, platform, |_, _, reply| {
        use comity_wire::audit_exchange::AuditReply;
        let AuditReply::Records(mut page) = AuditReply::decode(&reply?).ok()? else {
            return None;
        };
        page.records.remove(2);
        Some(AuditReply::Records(page).encode())
    });
    let shown = audit(&world, "regulator").await;
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
async fn a_pull_that_was_cut_off_goes_on_where_it_was_and_nothing_counts_before_its_end() {
    let world = worked().await;
    let (regulator, platform) = (world.key("regulator"), world.key("platform"));
    world.hub.lie(regulator, platform, |_, _, reply| {
        use comity_wire::audit_exchange::AuditReply;
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
    let shown = audit(&world, "regulator").await;
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
    let shown = audit(&world, "regulator").await;
    assert!(
        codes(&shown, &world, "platform").contains(&"fork"),
        "{:?}",
        shown.findings
    );
    let alarms = shown.details.iter().filter(|row| row.alarm);
    assert!(alarms.count() >= 1);
    // What the log has signed stays signed, however often it is read.
    let again = audit(&world, "regulator").await;
    assert!(codes(&again, &world, "platform").contains(&"fork"));
}
