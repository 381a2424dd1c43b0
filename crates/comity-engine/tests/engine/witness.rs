//! What members ask one another about logs: `/comity/witness/1`.

use comity_engine::ports::Protocol;
use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::hash::Hash;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::proof;
use comity_testkit::federation::takedown_request;
use comity_testkit::ports::World;
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
