//! Witnesses from outside of the federation that a log asks for cosignatures, over C2SP `tlog-witness`.

use comity_audit::witnessed;
use comity_engine::Outside;
use comity_engine::desk::{Desk as _, LogShown, OutsideRow, Query, Shown};
use comity_log::add_checkpoint::Request;
use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::cosignature;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::WitnessName;
use comity_testkit::federation::{key, takedown_request};
use comity_testkit::ports::{FarWitness, Link, World, person};

use crate::peer::{one, opening};

const NAME: &str = "witness.example/w1";

fn log_key(world: &World, of: &str) -> VerifierKey {
    let key = world.federation.member(of).log.verifying_key();
    VerifierKey::new(KeyName::from(&world.origin(of)), KeyKind::Log, key).unwrap()
}

/// A federation whose platform asks this witness from outside, too.
async fn with_one() -> (World, FarWitness) {
    let mut world = World::new();
    let far = FarWitness::new(NAME, log_key(&world, "platform"), world.now() / 1_000);
    let outside = vec![far.outside()];
    world.ask_outside("platform", outside).await.unwrap();
    (world, far)
}

async fn one_more_record(world: &World) {
    let statement = opening(world, "north", "platform", takedown_request());
    one(world, "north", "platform", &statement).await;
}

async fn log_shown(world: &World) -> LogShown {
    match world
        .engine("platform")
        .query(person("anna"), Query::Log)
        .await
    {
        Ok(Shown::Log(log)) => log,
        other => panic!("{other:?}"),
    }
}

/// The published head, if it is the newest one.
fn published(world: &World) -> Option<UnverifiedCheckpoint> {
    let disk = &world.node("platform").disk;
    let read = UnverifiedCheckpoint::parse(&disk.published()).ok()?;
    (read.claimed().head == disk.head()).then_some(read)
}

/// Waits until the newest head is published with a line of this key.
async fn cosigned_by(world: &World, key: &VerifierKey) {
    world
        .until_in_time("a cosignature from outside", 500, async || {
            let keys = std::slice::from_ref(key);
            published(world).is_some_and(|head| head.note().verify(keys).is_ok())
        })
        .await;
}

/// Waits until the witness is shown with this code.
async fn shown_with(world: &World, code: &str) -> LogShown {
    world
        .until_in_time(code, 1_000, async || {
            let outside = log_shown(world).await.witnessed.outside;
            outside.iter().any(|row| row.code.as_deref() == Some(code))
        })
        .await;
    log_shown(world).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_from_outside_cosigns_beside_the_members_and_each_head_anew() {
    let (world, far) = with_one().await;
    let key = far.outside().key;
    cosigned_by(&world, &key).await;
    one_more_record(&world).await;
    cosigned_by(&world, &key).await;
    world
        .until_in_time("members and outside", 500, async || {
            let log = log_shown(&world).await;
            log.checkpoint.matches("\n\u{2014} ").count() == 5 && log.witnessed.holds
        })
        .await;
    let log = log_shown(&world).await;
    assert_eq!(log.witnessed.by.len(), 3, "{:?}", log.witnessed);
    let row = log.witnessed.outside.first().unwrap();
    assert_eq!((row.name.as_str(), row.code.as_deref()), (NAME, None));
    assert!(row.at.is_some_and(|at| at >= world.now() / 2), "{row:?}");
    // What it has cosigned is known: it was asked from there, with a path.
    assert!(!far.statuses().contains(&409), "{:?}", far.statuses());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_from_outside_counts_towards_no_quorum() {
    let (world, far) = with_one().await;
    for name in ["north", "south", "regulator"] {
        world.link("platform", name, Link::Down);
    }
    one_more_record(&world).await;
    let before = world.node("platform").disk.witnessed();
    cosigned_by(&world, &far.outside().key).await;
    let head = published(&world).unwrap();
    let found = witnessed(world.federation.history(), &head, world.now()).unwrap();
    assert!(found.by.is_empty() && !found.holds(), "{found:?}");
    let log = log_shown(&world).await;
    assert!(!log.witnessed.holds && log.witnessed.by.is_empty());
    assert!(log.witnessed.outside.iter().all(|row| row.at.is_some()));
    assert_eq!(world.node("platform").disk.witnessed(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_starts_anew_hears_from_outside_what_was_cosigned_and_goes_on_from_there() {
    let (mut world, far) = with_one().await;
    cosigned_by(&world, &far.outside().key).await;
    world.stop("platform").await.unwrap();
    world.start("platform").unwrap();
    one_more_record(&world).await;
    cosigned_by(&world, &far.outside().key).await;
    let statuses = far.statuses();
    let conflict = statuses.iter().position(|status| *status == 409).unwrap();
    assert_eq!(statuses.get(conflict + 1), Some(&200), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_from_outside_that_gives_no_cosignature_is_shown_with_its_reason_and_asked_again()
{
    let (world, far) = with_one().await;
    let key = far.outside().key;
    cosigned_by(&world, &key).await;
    let check = async |status: u16, body: &'static str, code: &str| {
        far.answer(move |_, _| Some((status, body.to_owned())));
        one_more_record(&world).await;
        let log = shown_with(&world, code).await;
        let row = log.witnessed.outside.first().unwrap();
        assert_eq!((row.at, row.since.is_some()), (None, true), "{code}");
        assert!(!log.checkpoint.contains(NAME), "{code}");
        far.is_honest();
        cosigned_by(&world, &key).await;
        let log = log_shown(&world).await;
        assert!(log.witnessed.outside.iter().all(|row| row.code.is_none()));
    };
    check(404, "", "witness-unknown-log").await;
    check(403, "", "witness-other-log-key").await;
    check(422, "", "witness-contradicts").await;
    check(400, "request-format\n", "witness-refused").await;
    check(302, "", "witness-refused").await;
    check(503, "", "witness-refused").await;
    check(409, "", "witness-bad-reply").await;
    check(409, "01\n", "witness-bad-reply").await;
    check(409, "1000000\n", "witness-ahead").await;
    check(200, "", "witness-bad-cosignature").await;
    check(200, "no lines\n", "witness-bad-cosignature").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_holds_another_tree_of_the_same_size_contradicts() {
    let (world, far) = with_one().await;
    one_more_record(&world).await;
    cosigned_by(&world, &far.outside().key).await;
    // The size is right, and still it is no: so witnesses answer that follow an earlier text of `tlog-witness`.
    far.answer(|request, _| {
        let size = Request::parse(request.as_bytes()).unwrap();
        let size = size.checkpoint.claimed().head.size();
        Some((409, format!("{size}\n")))
    });
    one_more_record(&world).await;
    shown_with(&world, "witness-contradicts").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_witness_from_outside_signs_is_kept_only_if_it_is_its_own_word_over_this_head() {
    let (world, far) = with_one().await;
    let own = far.outside().key;
    cosigned_by(&world, &own).await;
    let sign = |name: &str, seed: u8, text: &str| {
        let name = KeyName::new(name).unwrap();
        let line = cosignature::sign(&name, &key(NAME, seed), text, 1_000).unwrap();
        format!("{line}\n")
    };
    // Another head under its key; this head under a key that nobody named; under a name that nobody named.
    let lies = [
        (NAME, 1, Some("somebody.example/log\n1\nAAAA\n")),
        (NAME, 2, None),
        ("other.example/w1", 1, None),
    ];
    for (name, seed, text) in lies {
        far.answer(move |request, _| {
            let asked = Request::parse(request.as_bytes()).unwrap();
            let text = text.unwrap_or(asked.checkpoint.note().text());
            Some((200, sign(name, seed, text)))
        });
        one_more_record(&world).await;
        let log = shown_with(&world, "witness-bad-cosignature").await;
        assert!(!log.checkpoint.contains(".example/w1"), "{name} {seed}");
        far.is_honest();
        cosigned_by(&world, &own).await;
        let outside = log_shown(&world).await.witnessed.outside;
        assert!(outside.iter().all(|row| row.code.is_none()), "{outside:?}");
    }
    // Its own line among others: that one is kept, and no other.
    far.answer(move |request, (status, lines)| {
        if status != 200 {
            return Some((status, lines));
        }
        let asked = Request::parse(request.as_bytes()).unwrap();
        let other = sign("other.example/w1", 1, asked.checkpoint.note().text());
        Some((
            status,
            format!("{}{other}{lines}", crate::witness::ml_dsa_line()),
        ))
    });
    one_more_record(&world).await;
    cosigned_by(&world, &own).await;
    let log = log_shown(&world).await;
    assert_eq!(log.checkpoint.matches(".example/w1").count(), 1);
    assert_eq!(log.checkpoint.matches("witness.example ").count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_from_outside_that_never_answers_keeps_no_head_from_being_witnessed() {
    let (world, far) = with_one().await;
    cosigned_by(&world, &far.outside().key).await;
    far.answer(|_, _| None);
    one_more_record(&world).await;
    world
        .until_in_time("a witnessed head", 500, async || {
            let disk = &world.node("platform").disk;
            let read = UnverifiedCheckpoint::parse(&disk.witnessed());
            read.is_ok_and(|read| read.claimed().head == disk.head())
        })
        .await;
    shown_with(&world, "witness-slow").await;
    far.is_honest();
    cosigned_by(&world, &far.outside().key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_a_member_has_is_not_asked_for_as_one_from_outside() {
    let mut world = World::new();
    let far = FarWitness::new(NAME, log_key(&world, "platform"), world.now() / 1_000);
    let south = world.federation.member("south").witness.verifying_key();
    let name = WitnessName {
        fed: *world.federation.fed(),
        member: world.id("south"),
    };
    let named = |name: KeyName| Outside {
        key: VerifierKey::new(name, KeyKind::Witness, south).unwrap(),
        ..far.outside()
    };
    let outside = vec![
        named(KeyName::from(&name)),
        named(KeyName::new("another.example/name").unwrap()),
    ];
    world.ask_outside("platform", outside).await.unwrap();
    one_more_record(&world).await;
    let log = shown_with(&world, "witness-is-member").await;
    let is_member = |row: &OutsideRow| row.code.as_deref() == Some("witness-is-member");
    assert!(log.witnessed.outside.iter().all(is_member));
    assert_eq!(far.statuses(), Vec::<u16>::new());
}
