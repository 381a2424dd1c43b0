//! What members ask one another about logs: `/comity/witness/1`; and the cosignatures that they gather.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use comity_audit::{Witnessed, witnessed};
use comity_engine::desk::{Desk as _, FailingRow, LogShown, Query, Shown};
use comity_engine::limits::COSIGNED_FRESH_MS;
use comity_engine::ports::{Clock as _, Protocol, WitnessStates as _};
use comity_log::add_checkpoint::Request;
use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::hash::Hash;
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::proof;
use comity_testkit::federation::takedown_request;
use comity_testkit::ports::{Link, World, person};
use comity_wire::leaf::Origin;
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};

use crate::peer::{one, opening};

async fn ask(world: &World, from: &str, to: &str, request: &WitnessRequest) -> WitnessReply {
    let (from, to) = (world.key(from), world.key(to));
    let asked = world.hub.ask(from, to, Protocol::Witness, request.encode());
    let reply = asked.await.unwrap();
    assert_eq!(
        comity_testkit::cddl::validate("witness-reply", &reply),
        Ok(())
    );
    WitnessReply::decode(&reply).unwrap()
}

/// The head of the log of `of` that `to` has.
async fn head(
    world: &World,
    to: &str,
    of: &str,
    from: Option<u64>,
) -> Option<(VerifiedCheckpoint, Option<Vec<Hash>>)> {
    let request = WitnessRequest::Head(world.origin(of), from);
    let reply = ask(world, "north", to, &request).await;
    let WitnessReply::Head(text, path) = reply else {
        panic!("{reply:?}")
    };
    let read = UnverifiedCheckpoint::parse(text?.as_bytes()).unwrap();
    Some((read.verify(&log_key(world, of)).unwrap(), path))
}

fn log_key(world: &World, of: &str) -> VerifierKey {
    let key = world.federation.member(of).log.verifying_key();
    VerifierKey::new(KeyName::from(&world.origin(of)), KeyKind::Log, key).unwrap()
}

async fn one_more_record(world: &World) {
    let statement = opening(world, "north", "platform", takedown_request());
    one(world, "north", "platform", &statement).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_shows_its_newest_head_and_the_path_to_it() {
    let world = World::of(&["platform"]);
    let (old, path) = head(&world, "platform", "platform", None).await.unwrap();
    assert_eq!((old.head().size(), path), (world.size("platform"), None));
    one_more_record(&world).await;
    one_more_record(&world).await;
    let from = Some(old.head().size());
    let (new, path) = head(&world, "platform", "platform", from).await.unwrap();
    assert_eq!(new.head().size(), world.size("platform"));
    assert!(new.head().size() > old.head().size());
    let joined = proof::verify_consistency(old.head(), new.head(), &path.unwrap());
    assert_eq!(joined, Ok(()));
    let beyond = Some(new.head().size() + 1);
    let (_, path) = head(&world, "platform", "platform", beyond).await.unwrap();
    assert_eq!(path, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_witness_cannot_answer_it_refuses_with_a_code() {
    let world = World::of(&["platform"]);
    let unknown = Origin {
        n: 2,
        ..world.origin("platform")
    };
    let request = WitnessRequest::Head(unknown, None);
    let reply = ask(&world, "north", "platform", &request).await;
    assert!(
        matches!(&reply, WitnessReply::Refused(_, code, None) if code.as_str() == "unknown-origin"),
        "{reply:?}"
    );
    assert!(head(&world, "platform", "south", None).await.is_none());
}

/// A head that the log of north might have signed.
fn signed(world: &World, size: u64, root: &str) -> UnverifiedCheckpoint {
    let head = Head::new(size, Hash::of(root.as_bytes())).unwrap();
    let origin = world.origin("north");
    let checkpoint = Checkpoint { origin, head };
    let signed = checkpoint.sign(&world.federation.member("north").log);
    signed.to_unverified()
}

fn add(old_size: u64, checkpoint: UnverifiedCheckpoint) -> String {
    let request = Request {
        old_size,
        path: Vec::new(),
        checkpoint,
    };
    request.to_string()
}

async fn add_checkpoint(world: &World, body: &str) -> (u16, String) {
    let request = WitnessRequest::AddCheckpoint(body.into());
    match ask(world, "north", "platform", &request).await {
        WitnessReply::Answer(status, body) => (status.try_into().unwrap(), body.into()),
        WitnessReply::Refused(_, code, _) => (0, code.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_answers_as_tlog_witness_has_it() {
    let world = World::of(&["platform"]);
    let world = &world;
    let check = async |body: String, status: u16, answer: &str| {
        let (found, said) = add_checkpoint(world, &body).await;
        let right = found == status && said.starts_with(answer) && said.ends_with('\n');
        assert!(right, "{status} {answer}: {found} {said}");
    };
    let name = format!("— {}/platform.example/witness ", world.federation.fed());
    check("nothing".into(), 400, "request-format").await;
    let mine = world.federation.member("platform").log.clone();
    let own = Checkpoint {
        origin: world.origin("platform"),
        head: *signed(world, 5, "a")
            .verify(&log_key(world, "north"))
            .unwrap()
            .head(),
    };
    let own = own.sign(&mine).to_unverified();
    check(add(0, own), 404, "witness-unknown-origin").await;
    let forged = Checkpoint {
        origin: world.origin("north"),
        head: Head::new(5, Hash::of(b"a")).unwrap(),
    };
    let forged = forged.sign(&mine).to_unverified();
    check(add(0, forged), 403, "witness-not-signed-by-log").await;
    check(add(3, signed(world, 5, "a")), 409, "0").await;
    check(add(6, signed(world, 5, "a")), 400, "witness-old-beyond-new").await;
    check(add(0, signed(world, 5, "a")), 200, &name).await;
    // Once more, for a fresh word.
    check(add(5, signed(world, 5, "a")), 200, &name).await;
    check(add(0, signed(world, 5, "a")), 409, "5").await;
    check(
        add(5, signed(world, 5, "b")),
        422,
        "witness-same-size-other-root",
    )
    .await;
    check(add(5, signed(world, 7, "c")), 422, "witness-path").await;
    let of_north = world.origin("north");
    let cosigned = world.engine("platform").checkpoint_of(&of_north).await;
    let cosigned = UnverifiedCheckpoint::parse(cosigned.unwrap().as_bytes()).unwrap();
    assert_eq!(
        cosigned.claimed().head.root(),
        &Hash::of(b"a"),
        "what was refused changes nothing"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_cosigned_that_the_state_of_the_witness_does_not_hold() {
    let world = World::of(&["platform"]);
    let states = &world.node("platform").witness;
    let north = world.origin("north");
    states.fails(true);
    let body = add(0, signed(&world, 5, "a"));
    assert_eq!(add_checkpoint(&world, &body).await, (0, "busy".to_owned()));
    assert_eq!(states.read(&north).unwrap(), None);
    states.fails(false);
    // Another was faster, again and again: it gives up; once: it decides anew.
    states.turn_away(4);
    assert_eq!(add_checkpoint(&world, &body).await, (0, "busy".to_owned()));
    assert_eq!(states.read(&north).unwrap(), None);
    states.turn_away(1);
    assert_eq!(add_checkpoint(&world, &body).await.0, 200);
    let stored = states.read(&north).unwrap().unwrap();
    assert_eq!(
        stored.checkpoint,
        signed(&world, 5, "a").to_string().into_bytes()
    );
    assert_eq!(stored.time_s, world.now() / 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_fork_a_log_before_one_witness_at_once_one_is_cosigned() {
    let world = World::of(&["platform"]);
    let (one, other) = (
        add(0, signed(&world, 5, "a")),
        add(0, signed(&world, 5, "b")),
    );
    let both = tokio::join!(add_checkpoint(&world, &one), add_checkpoint(&world, &other));
    let mut statuses = [both.0.0, both.1.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{both:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_again_at_once_gets_the_same_line_and_nothing_is_written() {
    let world = World::of(&["platform"]);
    let states = &world.node("platform").witness;
    let (status, first) = add_checkpoint(&world, &add(0, signed(&world, 5, "a"))).await;
    assert_eq!(status, 200);
    let again = add(5, signed(&world, 5, "a"));
    // Whoever would write finds that somebody else was faster.
    states.turn_away(u64::MAX);
    assert_eq!(add_checkpoint(&world, &again).await, (200, first.clone()));
    world.clock.advance(COSIGNED_FRESH_MS);
    assert_eq!(add_checkpoint(&world, &again).await.0, 0);
    states.turn_away(0);
    let (status, fresh) = add_checkpoint(&world, &again).await;
    assert_eq!(status, 200);
    assert_ne!(fresh, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shown_to_a_witness_again_and_again_reaches_the_one_thread_once() {
    let world = World::of(&["platform"]);
    let (one, other) = (signed(&world, 5, "a"), signed(&world, 5, "b"));
    assert_eq!(add_checkpoint(&world, &add(0, one.clone())).await.0, 200);
    let forked = add(5, other);
    assert_eq!(add_checkpoint(&world, &forked).await.0, 422);
    let recorded = async || world.count("platform", "witness-conflict") == 1;
    world.until("the fork is recorded", recorded).await;
    let before = world.node("platform").disk.commits();
    for _ in 0..50 {
        assert_eq!(add_checkpoint(&world, &forked).await.0, 422);
        assert_eq!(add_checkpoint(&world, &add(5, one.clone())).await.0, 200);
        assert_eq!(add_checkpoint(&world, &add(3, one.clone())).await.0, 409);
    }
    // The thread commits after each command; this one comes after all of them.
    head(&world, "platform", "platform", None).await.unwrap();
    let commits = world.node("platform").disk.commits() - before;
    assert!(commits < 10, "{commits}");
    assert_eq!(world.count("platform", "witness-conflict"), 1);
}

/// A signature of a kind that is not read here: ML-DSA-44, of 2,420 bytes, with a time before it.
pub(crate) fn ml_dsa_line() -> String {
    let blob = [vec![0xa1, 0xb2, 0xc3, 0xd4], vec![6; 8 + 2_420]].concat();
    format!(
        "— witness.example {}\n",
        data_encoding::BASE64.encode(&blob)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cosignatures_of_a_kind_that_is_not_read_are_passed_over() {
    let world = World::of(&["platform"]);
    let body = add(0, signed(&world, 5, "a"));
    let sixteen = ml_dsa_line().repeat(16);
    let (status, answer) = add_checkpoint(&world, &format!("{body}{sixteen}")).await;
    assert_eq!(status, 200, "{answer}");
    let (shown, _) = head(&world, "platform", "north", None).await.unwrap();
    assert_eq!(shown.head().size(), 5);
}

/// What the cosignatures of a published head say; none if there is none.
fn gathered(world: &World, published: &[u8]) -> Option<(Head, Witnessed)> {
    let read = UnverifiedCheckpoint::parse(published).ok()?;
    let of = read.claimed().origin.member.clone();
    let of = of.as_str().split('.').next().unwrap().to_owned();
    let checkpoint = read.verify(&log_key(world, &of)).unwrap();
    let found = witnessed(world.federation.history(), &read, world.now()).unwrap();
    Some((*checkpoint.head(), found))
}

/// Waits until the published head of a member is the newest one and has cosignatures of exactly these.
async fn cosigned_by(world: &World, of: &str, by: &[&str]) {
    let expected: BTreeSet<_> = by.iter().map(|name| world.id(name)).collect();
    world
        .until_in_time("cosignatures", 500, async || {
            let disk = &world.node(of).disk;
            gathered(world, &disk.published()).is_some_and(|(head, found)| {
                head == disk.head() && found.by.keys().cloned().collect::<BTreeSet<_>>() == expected
            })
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_member_cosigns_the_heads_of_the_others_and_the_quorum_holds() {
    let world = World::new();
    one_more_record(&world).await;
    for (of, by) in [
        ("north", ["platform", "regulator", "south"]),
        ("platform", ["north", "regulator", "south"]),
        ("regulator", ["north", "platform", "south"]),
    ] {
        cosigned_by(&world, of, &by).await;
        world
            .until_in_time("a witnessed head", 500, async || {
                let disk = &world.node(of).disk;
                let witnessed = gathered(&world, &disk.witnessed());
                let newest =
                    witnessed.is_some_and(|(head, found)| found.holds() && head == disk.head());
                let stored = world.node(by[0]).witness.state(&world.origin(of)).unwrap();
                let (cosigned, _) = gathered(&world, &stored.checkpoint).unwrap();
                newest && cosigned == disk.head()
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_is_down_leaves_the_head_unwitnessed_until_it_is_back() {
    let world = World::new();
    world.link("platform", "regulator", Link::Down);
    one_more_record(&world).await;
    cosigned_by(&world, "platform", &["north", "south"]).await;
    let (_, found) = gathered(&world, &world.node("platform").disk.published()).unwrap();
    assert_eq!(found.missing.roles.len(), 1, "no regulator: {found:?}");
    assert!(world.node("platform").disk.witnessed().is_empty());
    world.link("platform", "regulator", Link::Up);
    cosigned_by(&world, "platform", &["north", "regulator", "south"]).await;
    assert!(!world.node("platform").disk.witnessed().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_starts_anew_hears_from_each_witness_what_it_has_cosigned_and_goes_on_from_there() {
    let mut world = World::new();
    cosigned_by(&world, "platform", &["north", "regulator", "south"]).await;
    world.stop("platform").await.unwrap();
    world.start("platform").unwrap();
    one_more_record(&world).await;
    cosigned_by(&world, "platform", &["north", "regulator", "south"]).await;
    let (platform, south) = (world.key("platform"), world.key("south"));
    let heard = world.hub.heard();
    let answers: Vec<_> = heard
        .iter()
        .filter(|heard| heard.from == platform && heard.to == south)
        .filter(|heard| heard.protocol == Protocol::Witness)
        .filter_map(|heard| match WitnessReply::decode(heard.reply.as_ref()?) {
            Ok(WitnessReply::Answer(status, _)) => Some(status),
            _ => None,
        })
        .collect();
    assert!(answers.contains(&409), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_stays_is_cosigned_again_every_ten_minutes() {
    let world = World::new();
    cosigned_by(&world, "platform", &["north", "regulator", "south"]).await;
    let time = || {
        let published = world.node("platform").disk.published();
        let (_, found) = gathered(&world, &published).unwrap();
        found.by[&world.id("south")]
    };
    let (first, size) = (time(), world.size("platform"));
    world
        .until_in_time("a fresh word", 10_000, async || time() >= first + 600)
        .await;
    assert_eq!(world.size("platform"), size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_a_head_is_published_within_a_second_of_its_commit() {
    let world = World::of(&["platform"]);
    type Question = Pin<Box<dyn Future<Output = bool> + Send>>;
    let seen: Arc<Mutex<Vec<(u64, bool)>>> = Arc::default();
    let (disk, clock) = (world.node("platform").disk.clone(), world.clock.clone());
    let (engine, noted) = (world.engine("platform").clone(), Arc::clone(&seen));
    let mut asked: Vec<Question> = Vec::new();
    let before = world.size("platform");
    world.node("platform").disk.on_commit(move || {
        if noted.lock().unwrap().len() >= 20 {
            return;
        }
        // The inbox is never empty: the next question is there before this commit is done.
        let engine = engine.clone();
        let question = async move { engine.query(person("anna"), Query::Log).await.is_ok() };
        let mut question: Question = Box::pin(question);
        let mut context = Context::from_waker(Waker::noop());
        assert!(question.as_mut().poll(&mut context).is_pending());
        asked.clear();
        asked.push(question);
        if disk.head().size() > before {
            clock.advance(100);
            let published = UnverifiedCheckpoint::parse(&disk.published());
            let is_newest = published.is_ok_and(|read| read.claimed().head == disk.head());
            noted.lock().unwrap().push((clock.now_ms(), is_newest));
        }
    });
    one_more_record(&world).await;
    world
        .until("the load has passed", async || {
            seen.lock().unwrap().len() >= 20
        })
        .await;
    let seen = seen.lock().unwrap();
    let since = seen.iter().position(|(_, newest)| *newest).unwrap();
    let waited = seen[since].0 - seen[0].0;
    assert!(seen[..since].iter().all(|(_, newest)| !newest));
    assert!(since > 1 && waited <= 1_000, "published after {waited} ms");
}

async fn log_shown(world: &World, name: &str) -> LogShown {
    match world.query(name, Query::Log).await {
        Ok(Shown::Log(log)) => log,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_refuses_with_a_code_that_is_not_known_is_missing() {
    let world = World::new();
    let (platform, regulator) = (world.key("platform"), world.key("regulator"));
    let roster = crate::peer::roster(&world);
    world
        .hub
        .lie(platform, regulator, move |protocol, _, reply| {
            if protocol != Protocol::Witness {
                return reply;
            }
            let code = comity_testkit::federation::code("a-code-of-tomorrow");
            Some(WitnessReply::Refused(roster, code, None).encode())
        });
    one_more_record(&world).await;
    cosigned_by(&world, "platform", &["north", "south"]).await;
    world
        .until_in_time("the refusal is shown", 1_000, async || {
            let failing = log_shown(&world, "platform").await.witnessed.failing;
            let is_it = |row: &FailingRow| {
                row.member == "regulator.example" && row.code == "witness-refused"
            };
            failing.len() == 1 && failing.iter().all(is_it)
        })
        .await;
    cosigned_by(&world, "platform", &["north", "south"]).await;
    let shown = log_shown(&world, "platform").await.witnessed;
    assert!(!shown.holds);
    let lacks = ["1 more of the role regulator", "1 more of another role"];
    assert_eq!(shown.missing, lacks);
    world.hub.tell_the_truth(platform, regulator);
    cosigned_by(&world, "platform", &["north", "regulator", "south"]).await;
    let shown = log_shown(&world, "platform").await;
    assert!(shown.witnessed.holds && shown.witnessed.failing.is_empty());
    assert_eq!(shown.witnessed.witnessed_size, Some(shown.size));
    assert_eq!(shown.checkpoint.matches("/witness ").count(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_claims_another_history_is_asked_for_it_and_stops_nobody() {
    let check = async |status: u64, body: &'static str, code: &str| {
        let world = World::new();
        let (platform, regulator) = (world.key("platform"), world.key("regulator"));
        world.hub.lie(
            platform,
            regulator,
            move |_, request, reply| match WitnessRequest::decode(request) {
                Ok(WitnessRequest::AddCheckpoint(_)) => {
                    Some(WitnessReply::Answer(status, body.into()).encode())
                }
                _ => reply,
            },
        );
        one_more_record(&world).await;
        let own = world.origin("platform");
        let asked = || {
            let heard = world.hub.heard();
            let mut heard = heard
                .iter()
                .filter(|heard| (heard.from, heard.to) == (platform, regulator));
            heard.any(|heard| {
                let request = WitnessRequest::decode(&heard.request);
                matches!(request, Ok(WitnessRequest::Head(of, None)) if of == own)
            })
        };
        world
            .until_in_time("the claim is shown", 1_000, async || {
                let failing = log_shown(&world, "platform").await.witnessed.failing;
                failing.iter().any(|row| row.code == code)
            })
            .await;
        assert!(asked(), "{code}");
        one_more_record(&world).await;
        cosigned_by(&world, "platform", &["north", "south"]).await;
        assert_eq!(world.count("platform", "witness-conflict"), 0, "{code}");
    };
    check(409, "1000000\n", "witness-ahead").await;
    check(422, "witness-path\n", "witness-contradicts").await;
}
