//! A finding goes to its subject for reply before it counts as published.

use comity_audit::notice::notice_of;
use comity_audit::{Finding, Found};
use comity_engine::desk::{Desk as _, FindingRow, NewFindingReply, Query, Shown, Work};
use comity_engine::frame::Frame;
use comity_engine::limits::{FINDINGS_KNOWN_PER_DAY_MAX, FINDINGS_UNKNOWN_PER_DAY_MAX};
use comity_engine::ports::Protocol;
use comity_testkit::federation::{self, takedown_request};
use comity_testkit::ports::{Link, World, person};
use comity_wire::audit_exchange::AuditReply;
use comity_wire::cbor;
use comity_wire::finding::{FindingAnswer, FindingNotice, FindingReply, FindingRequest};
use comity_wire::ids::{Hash, StatementId};
use comity_wire::notice::SignedNotice;
use comity_wire::words::{Code, Version};
use ed25519_dalek::SigningKey;
use serde_bytes::ByteBuf;

use crate::audits::{ALL, witnessed};
use crate::desk::*;
use crate::peer::{one, opening};

const NULL: Option<u64> = None;
const DAY_MS: u64 = 24 * HOUR_MS;

async fn findings(world: &World, name: &str) -> Vec<FindingRow> {
    match world.query(name, Query::Findings).await {
        Ok(Shown::Findings(rows)) => rows,
        other => panic!("{other:?}"),
    }
}

async fn states(world: &World, name: &str) -> Vec<(String, bool)> {
    let rows = findings(world, name).await.into_iter();
    rows.map(|row| (row.finding.state, row.finding.published))
        .collect()
}

async fn until_state(world: &World, name: &str, state: &str) {
    let what = format!("{name}: {state}");
    let holds = async || {
        let states = states(world, name).await;
        !states.is_empty() && states.iter().all(|(now, _)| now == state)
    };
    world.until_in_time(&what, 60_000, holds).await;
}

/// The platform leaves a record out of what it shows to the regulator, which audits it meanwhile.
async fn audited() -> World {
    let world = World::new();
    request(&world, "north", &on_platform(1)).await;
    world.rest(&["north", "platform"]).await;
    witnessed(&world, &ALL).await;
    let (regulator, platform) = (world.key("regulator"), world.key("platform"));
    world.hub.lie(regulator, platform, |_, _, reply| {
        let Ok(AuditReply::Records(mut page)) = AuditReply::decode(reply.as_deref()?) else {
            return reply;
        };
        if page.records.len() > 1 {
            page.records.remove(1);
        }
        Some(AuditReply::Records(page).encode())
    });
    let shown = world.engine("regulator").audit(person("anna")).await;
    let shown = shown.unwrap();
    assert!(!shown.details.is_empty(), "{shown:?}");
    assert!(shown.details.iter().all(|row| !row.published), "{shown:?}");
    world
}

fn reply_to(id: &str, code: &str) -> Work {
    Work::ReplyFinding(NewFindingReply {
        finding: id.to_owned(),
        code: code.to_owned(),
        text: Some("The disk was changed.".to_owned()),
    })
}

fn statement_key(world: &World, name: &str) -> SigningKey {
    world.federation.member(name).statement.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finding_is_noted_by_its_subject_and_published_with_the_reply() {
    let world = audited().await;
    until_state(&world, "regulator", "noted").await;
    let own = findings(&world, "regulator").await;
    let about = findings(&world, "platform").await;
    assert_eq!(own.len(), about.len());
    let n = own.len();
    assert!(own.iter().all(|row| !row.about_us && row.noted.is_some()));
    assert!(
        about
            .iter()
            .all(|row| row.about_us && row.by == "regulator.example")
    );
    for (one, other) in own.iter().zip(&about) {
        assert_eq!(one.finding.id, other.finding.id);
        assert_eq!((one.found, one.until), (other.found, other.until));
        assert!(one.until >= one.found + 14 * DAY_MS);
    }
    let counts = || ["regulator", "platform"].map(|name| world.count(name, "finding"));
    assert_eq!(counts(), [n, n]);

    for row in &about {
        let done = world
            .work("platform", reply_to(&row.finding.id, "explained"))
            .await;
        done.unwrap();
    }
    until_state(&world, "regulator", "replied").await;
    assert_eq!(counts(), [2 * n, 2 * n]);
    for name in ["regulator", "platform"] {
        for row in findings(&world, name).await {
            let reply = row.reply.unwrap();
            assert!(row.finding.published, "{name}");
            assert_eq!(reply.code, "explained");
            assert_eq!(reply.text.as_deref(), Some("The disk was changed."));
        }
    }
    let Ok(Shown::Audit(shown)) = world.query("regulator", Query::Audit).await else {
        panic!("no audit")
    };
    assert!(
        shown
            .details
            .iter()
            .all(|row| row.published && row.state == "replied")
    );

    // The first reply stands.
    let again = world
        .work("platform", reply_to(&about[0].finding.id, "disputed"))
        .await;
    assert_eq!(again.unwrap_err().code, "replied-already");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_finding_of_the_next_audit_is_not_sent_again() {
    let world = audited().await;
    until_state(&world, "regulator", "noted").await;
    let before = findings(&world, "regulator").await;
    world
        .engine("regulator")
        .audit(person("anna"))
        .await
        .unwrap();
    let after = findings(&world, "regulator").await;
    for row in &before {
        assert!(after.contains(row), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_that_is_not_reached_for_days_gets_it_after_a_restart_of_the_auditor() {
    let mut world = World::new();
    request(&world, "north", &on_platform(1)).await;
    world.rest(&["north", "platform"]).await;
    witnessed(&world, &ALL).await;
    let (regulator, platform) = (world.key("regulator"), world.key("platform"));
    world.hub.lie(regulator, platform, |_, _, reply| {
        let Ok(AuditReply::Records(mut page)) = AuditReply::decode(reply.as_deref()?) else {
            return None;
        };
        if page.records.len() > 1 {
            page.records.remove(1);
        }
        Some(AuditReply::Records(page).encode())
    });
    world
        .engine("regulator")
        .audit(person("anna"))
        .await
        .unwrap();
    world.link("regulator", "platform", Link::Down);
    world.clock.advance(3 * DAY_MS);
    until_state(&world, "regulator", "sent").await;
    let before = findings(&world, "regulator").await;

    world.stop("regulator").await.unwrap();
    world.node("regulator").views.lose();
    world.start("regulator").unwrap();
    assert_eq!(findings(&world, "regulator").await, before);
    world.hub.tell_the_truth(regulator, platform);
    world.link("regulator", "platform", Link::Up);
    until_state(&world, "regulator", "noted").await;
    // The subject has taken it once, whatever was lost on the way.
    assert_eq!(world.count("platform", "finding"), before.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_that_is_silent_does_not_keep_a_finding_from_being_published() {
    let world = audited().await;
    until_state(&world, "regulator", "noted").await;
    world.clock.advance(13 * DAY_MS);
    assert!(
        states(&world, "regulator")
            .await
            .iter()
            .all(|(_, published)| !published)
    );
    world.clock.advance(2 * DAY_MS);
    for name in ["regulator", "platform"] {
        let states = states(&world, name).await;
        let over = ("unanswered".to_owned(), true);
        assert!(
            states.iter().all(|state| *state == over),
            "{name}: {states:?}"
        );
    }
}

/// What the platform answers to a notice that a member hands over.
async fn handed(world: &World, from: &str, to: &str, request: FindingRequest) -> String {
    let answer = world
        .hub
        .ask(
            world.key(from),
            world.key(to),
            Protocol::Audit,
            request.encode(),
        )
        .await;
    match FindingAnswer::decode(&answer.unwrap()).unwrap() {
        FindingAnswer::Noted(_) => "noted".to_owned(),
        FindingAnswer::Refused(_, code, _) => code.as_str().to_owned(),
    }
}

fn notice(world: &World, by: &str, of: &str, counterpart: Option<&str>) -> FindingNotice {
    let finding = Finding {
        counterpart: counterpart.map(|name| world.id(name)),
        ..Finding::in_log_of(&world.id(of), Found::MissingAtRecipient)
    };
    let history = world.engine(by).history();
    notice_of(&finding, &history, &world.id(by), None, world.now()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_is_forged_or_none_of_its_senders_business_leaves_no_trace() {
    let world = World::new();
    let honest = notice(&world, "regulator", "platform", None);
    let key = statement_key(&world, "regulator");
    let check = async |what: &str, from: &str, key: &SigningKey, notice: FindingNotice, code| {
        let signed = SignedNotice::sign(key, &notice);
        let request = FindingRequest::Finding(ByteBuf::from(signed));
        assert_eq!(
            handed(&world, from, "platform", request).await,
            code,
            "{what}"
        );
    };
    let not = "not-a-finding";
    let north = statement_key(&world, "north");
    check(
        "another key",
        "regulator",
        &federation::key("nobody", 1),
        honest.clone(),
        not,
    )
    .await;
    check(
        "another member's key",
        "regulator",
        &north,
        honest.clone(),
        not,
    )
    .await;
    check("from another member", "north", &key, honest.clone(), not).await;
    let about_other = notice(&world, "regulator", "north", None);
    check("about another member", "regulator", &key, about_other, not).await;
    let other = FindingNotice {
        code: Code::new("fork").unwrap(),
        ..honest.clone()
    };
    check("another code", "regulator", &key, other, not).await;
    let short = FindingNotice {
        until: honest.found + DAY_MS,
        ..honest.clone()
    };
    check("a short reply period", "regulator", &key, short, not).await;
    let moved = FindingNotice {
        index: Some(1),
        ..honest.clone()
    };
    check("the id of another", "regulator", &key, moved, not).await;
    let future = FindingNotice {
        found: honest.found + 30 * DAY_MS,
        until: honest.until + 30 * DAY_MS,
        ..honest.clone()
    };
    check("of the future", "regulator", &key, future, not).await;
    let without = notice(&world, "north", "platform", None);
    check("without a mandate", "north", &north, without, "no-mandate").await;
    let of_others = notice(&world, "north", "platform", Some("south"));
    check("about others", "north", &north, of_others, "no-mandate").await;
    assert!(findings(&world, "platform").await.is_empty());
    assert_eq!(world.count("platform", "finding"), 0);

    let own = notice(&world, "north", "platform", Some("north"));
    check("about its own", "north", &north, own, "noted").await;
    check("honest", "regulator", &key, honest.clone(), "noted").await;
    check("the same again", "regulator", &key, honest.clone(), "noted").await;
    let later = FindingNotice {
        until: honest.until + DAY_MS,
        ..honest
    };
    check("the same with another end", "regulator", &key, later, not).await;
    assert_eq!(findings(&world, "platform").await.len(), 2);
    assert_eq!(world.count("platform", "finding"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_without_a_mandate_fills_a_log_with_findings_and_who_has_one_is_still_heard() {
    let world = World::of(&["platform"]);
    let opened = opening(&world, "north", "platform", takedown_request());
    one(&world, "north", "platform", &opened).await;
    let hand = async |by: &str, statement: Option<StatementId>, index: u64| {
        let finding = Finding {
            counterpart: Some(world.id(by)),
            statement,
            index: Some(index),
            ..Finding::in_log_of(&world.id("platform"), Found::MissingAtRecipient)
        };
        let history = world.engine("platform").history();
        let notice = notice_of(&finding, &history, &world.id(by), None, world.now()).unwrap();
        let signed = SignedNotice::sign(&statement_key(&world, by), &notice);
        let request = FindingRequest::Finding(ByteBuf::from(signed));
        handed(&world, by, "platform", request).await
    };
    for n in 0..FINDINGS_UNKNOWN_PER_DAY_MAX {
        // A statement of two others is no more than none.
        assert_eq!(hand("south", Some(*opened.id()), n).await, "noted");
    }
    assert_eq!(hand("south", None, 100).await, "busy");
    assert_eq!(hand("south", Some(*opened.id()), 100).await, "busy");
    let taken = usize::try_from(FINDINGS_UNKNOWN_PER_DAY_MAX).unwrap();
    assert_eq!(world.count("platform", "finding"), taken);
    assert_eq!(hand("regulator", None, 100).await, "noted");
    for n in 0..FINDINGS_KNOWN_PER_DAY_MAX {
        assert_eq!(hand("north", Some(*opened.id()), n).await, "noted");
    }
    assert_eq!(hand("north", Some(*opened.id()), 1_000).await, "busy");
    assert_eq!(hand("north", None, 1_000).await, "noted");
    world.clock.advance(DAY_MS);
    assert_eq!(hand("south", None, 100).await, "noted");
    assert_eq!(hand("north", Some(*opened.id()), 1_000).await, "noted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finding_of_tomorrow_is_noted_and_shown_as_it_is() {
    const NEW: &str = "a-value-of-tomorrow";
    let world = World::new();
    let today = notice(&world, "regulator", "platform", None);
    let content = (NEW, &today.of, NULL, NULL, NULL, NULL, NULL);
    let tomorrow = FindingNotice {
        code: Code::new(NEW).unwrap(),
        id: Hash::of_parts(&[b"comity-finding/1", &cbor::encode(&content)]),
        ..today
    };
    let signed = SignedNotice::sign(&statement_key(&world, "regulator"), &tomorrow);
    let request = FindingRequest::Finding(ByteBuf::from(signed));
    let answered = handed(&world, "regulator", "platform", request).await;
    assert_eq!(answered, "noted");
    let rows = findings(&world, "platform").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].finding.code, NEW);
    assert_eq!(rows[0].finding.id, tomorrow.id.to_string());
    let reply = reply_to(&rows[0].finding.id, "explained");
    assert!(
        world
            .engine("platform")
            .work(person("pia"), reply)
            .await
            .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_of_tomorrow_is_noted_and_shown_as_it_is() {
    const NEW: &str = "a-value-of-tomorrow";
    let world = audited().await;
    until_state(&world, "regulator", "noted").await;
    let row = findings(&world, "regulator").await.remove(0);
    let reply = FindingReply {
        v: Version,
        of: Hash::of(&notice_taken(&world, &row.finding.id)),
        code: Code::new(NEW).unwrap(),
        text: None,
        time: world.now(),
    };
    let signed = SignedNotice::sign(&statement_key(&world, "platform"), &reply);
    let request = FindingRequest::Reply(ByteBuf::from(signed));
    let answered = handed(&world, "platform", "regulator", request).await;
    assert_eq!(answered, "noted");
    let rows = findings(&world, "regulator").await;
    let shown = rows.iter().find(|shown| shown.finding.id == row.finding.id);
    let shown = shown.unwrap();
    assert_eq!(shown.reply.as_ref().unwrap().code, NEW);
    assert!(shown.finding.published);
}

/// The notice of a finding as the platform has received it.
fn notice_taken(world: &World, finding: &str) -> Vec<u8> {
    let frames = world.node("platform").disk.frames();
    let taken = frames
        .iter()
        .find_map(|stored| match Frame::decode(stored.kind, &stored.body) {
            Ok(Frame::TookFinding(frame)) if frame.1.to_string() == finding => Some(frame.0),
            _ => None,
        });
    taken.unwrap().into_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_of_anybody_but_the_subject_is_refused() {
    let world = audited().await;
    until_state(&world, "regulator", "noted").await;
    let row = findings(&world, "regulator").await.remove(0);
    let of = Hash::of(&notice_taken(&world, &row.finding.id));
    let reply = |of| FindingReply {
        v: Version,
        of,
        code: Code::new("disputed").unwrap(),
        text: None,
        time: world.now(),
    };
    let check = async |what: &str, from: &str, key: SigningKey, of: Hash, code: &str| {
        let signed = SignedNotice::sign(&key, &reply(of));
        let request = FindingRequest::Reply(ByteBuf::from(signed));
        assert_eq!(
            handed(&world, from, "regulator", request).await,
            code,
            "{what}"
        );
    };
    let (north, platform) = (
        statement_key(&world, "north"),
        statement_key(&world, "platform"),
    );
    check(
        "another member",
        "north",
        north.clone(),
        of,
        "unknown-finding",
    )
    .await;
    check(
        "another member's key",
        "platform",
        north,
        of,
        "not-a-finding",
    )
    .await;
    check(
        "the subject's, by another",
        "north",
        platform.clone(),
        of,
        "not-a-finding",
    )
    .await;
    let nothing = Hash::of(b"nothing");
    check(
        "to nothing",
        "platform",
        platform.clone(),
        nothing,
        "unknown-finding",
    )
    .await;
    assert!(
        states(&world, "regulator")
            .await
            .iter()
            .all(|(state, _)| state == "noted")
    );
    check("the subject", "platform", platform.clone(), of, "noted").await;
    check("the subject again", "platform", platform, of, "noted").await;
    let rows = findings(&world, "regulator").await;
    let replied = rows.iter().filter(|row| row.finding.published).count();
    assert_eq!(replied, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_cannot_reply_to_what_is_not_there_or_with_another_code() {
    let world = World::new();
    let id = "ab".repeat(32);
    let check = async |work: Work, code: &str| {
        assert_eq!(world.work("platform", work).await.unwrap_err().code, code);
    };
    check(reply_to(&id, "explained"), "unknown-finding").await;
    check(reply_to(&id, "ignored"), "bad-field").await;
    check(reply_to("ab", "explained"), "bad-field").await;
}
