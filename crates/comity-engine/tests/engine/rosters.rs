//! Who is in, who is out, and how both hear of it.

use comity_engine::desk::{Done, NewRosters, Query, Shown, Work};
use comity_engine::ports::Protocol;
use comity_testkit::bodies;
use comity_testkit::federation::{Federation, MemberKeys, entry, takedown_request};
use comity_testkit::ports::{Link, World};
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::words::Sorted;

use crate::desk::*;
use crate::peer;

/// The next roster, without a member.
fn without(federation: &mut Federation, name: &str) -> Vec<u8> {
    let id = federation.member(name).id.clone();
    let roster = federation.next_roster(|roster| {
        let stay = roster.members.iter().filter(|member| member.id != id);
        roster.members = Sorted::new(stay.cloned());
    });
    let signed = federation.sign_roster(&roster);
    federation.take_roster(&signed);
    signed.encode()
}

fn take(bytes: Vec<u8>) -> Work {
    Work::Rosters(NewRosters {
        charters: Vec::new(),
        rosters: vec![bytes],
    })
}

async fn version(world: &World, name: &str) -> u64 {
    match world.query(name, Query::Members).await {
        Ok(Shown::Members(members)) => members.roster.version,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roster_that_one_member_takes_reaches_all_and_who_is_removed_is_refused_at_once() {
    let mut world = World::new();
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    let bytes = without(&mut world.federation, "north");
    let done = world.work("regulator", take(bytes.clone())).await;
    assert!(matches!(done, Ok(Done::Roster(roster)) if roster.version == 2));
    world
        .until("all have it", async || {
            version(&world, "platform").await == 2 && version(&world, "south").await == 2
        })
        .await;
    let (north, platform) = (world.key("north"), world.key("platform"));
    world
        .until("north is let in no more", async || {
            !world.hub.admitted(&platform).contains(&north)
        })
        .await;
    // What is already under way past the gate is refused too.
    let late = peer::opening(&world, "north", "platform", takedown_request());
    let request =
        comity_wire::exchange::ExchangeRequest(peer::roster(&world), vec![peer::offer(&late)]);
    let reply = world
        .engine("platform")
        .inbound(north, Protocol::Exchange, request.encode())
        .await;
    let told = RosterReply::decode(&reply.unwrap()).unwrap();
    assert!(
        matches!(&told, RosterReply::Hello(roster, Some(why)) if roster.0 == 2 && why.as_str() == "not-admitted"),
        "{told:?}"
    );
    assert_eq!(world.count("platform", "received"), 1);
    let again = world.work("platform", take(bytes)).await.unwrap_err();
    assert_eq!(again.code, "nothing-new");
    let to_the_removed = world.work("platform", removed(&case, 1)).await.unwrap_err();
    assert_eq!(to_the_removed.code, "recipient-left");

    // North hears why, fetches the roster that removes it, and knows.
    let asked = world
        .hub
        .ask(north, platform, Protocol::Audit, vec![1, 2, 3])
        .await
        .unwrap();
    assert_eq!(RosterReply::decode(&asked).unwrap(), told);
    let draft = world
        .work("north", Work::Request(opening(&on_platform(2))))
        .await;
    if let Ok(Done::Drafted(draft)) = draft {
        let _signed_or_not = world.confirm("north", &draft.draft).await;
    }
    world
        .until_in_time("north has it", 1_000, async || {
            version(&world, "north").await == 2
        })
        .await;
    let mut wish = opening(&on_platform(3));
    wish.to = Some(world.id("platform").to_string());
    let refused = world.work("north", Work::Request(wish)).await;
    assert_eq!(refused.unwrap_err().code, "not-a-member");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_member_that_was_removed_had_registered_keeps_its_receipt() {
    let mut world = World::of(&["platform"]);
    let statement = peer::opening(&world, "north", "platform", takedown_request());
    let first = peer::one(&world, "north", "platform", &statement).await;
    let bytes = without(&mut world.federation, "south");
    world.work("platform", take(bytes)).await.unwrap();
    assert_eq!(
        peer::one(&world, "north", "platform", &statement).await,
        first
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_with_a_newer_roster_makes_the_stale_side_fetch_it() {
    for others in [&["platform", "south"][..], &["platform"][..]] {
        let mut world = World::of(others);
        let keys = MemberKeys::new("newcomer");
        let fed = *world.federation.fed();
        let roster = world.federation.next_roster(|roster| {
            let added = entry(&keys, &fed);
            roster.members = Sorted::new(roster.members.iter().cloned().chain([added]));
        });
        let signed = world.federation.sign_roster(&roster);
        world.federation.take_roster(&signed);
        let own = comity_testkit::federation::public(&keys.transport);
        let platform = world.key("platform");
        // The newcomer serves its roster in parts over hello, and nothing else.
        let bytes = signed.encode();
        let reference = peer::roster(&world);
        world.hub.lie(platform, own, move |protocol, request, _| {
            assert_eq!(
                protocol,
                Protocol::Hello,
                "only hello is spoken with a stranger"
            );
            match RosterRequest::decode(request).unwrap() {
                RosterRequest::Part(2, offset) => {
                    let from = usize::try_from(offset).unwrap();
                    let end = bytes.len().min(from + 65_536);
                    let size = u64::try_from(bytes.len()).unwrap();
                    Some(RosterReply::Part(2, size, bytes[from..end].to_vec().into()).encode())
                }
                _ => Some(RosterReply::Unknown(reference).encode()),
            }
        });
        let hello = RosterRequest::Hello(reference).encode();
        let reply = world
            .hub
            .ask(own, platform, Protocol::Hello, hello.clone())
            .await
            .unwrap();
        let told = RosterReply::decode(&reply).unwrap();
        assert!(matches!(told, RosterReply::Hello(roster, Some(_)) if roster.0 == 1));
        world
            .until("the platform lets it in", async || {
                world.hub.admitted(&platform).contains(&own)
            })
            .await;
        let reply = world
            .hub
            .ask(own, platform, Protocol::Hello, hello)
            .await
            .unwrap();
        assert_eq!(
            RosterReply::decode(&reply).unwrap(),
            RosterReply::Hello(reference, None)
        );
        if others.len() > 1 {
            world
                .until("south hears of it", async || {
                    version(&world, "south").await == 2
                })
                .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_whose_key_is_not_known_yet_is_judged_by_the_roster_that_it_shows() {
    let mut world = World::of(&["north", "platform"]);
    world.link("north", "platform", Link::Down);
    let other = comity_testkit::federation::key("north", 99);
    let roster = world.federation.next_roster(|roster| {
        comity_testkit::federation::edit_member(roster, "north", |member| {
            comity_testkit::federation::add_key(
                member,
                &other,
                comity_wire::registry::KeyPurpose::Statement,
            );
        });
    });
    let signed = world.federation.sign_roster(&roster);
    world.federation.take_roster(&signed);
    world.work("north", take(signed.encode())).await.unwrap();
    world.link("north", "platform", Link::Up);
    let draft = world
        .federation
        .draft("north", "platform", bodies::request([1]));
    let statement = draft.sign(&other).unwrap();
    let first = peer::one(&world, "north", "platform", &statement).await;
    assert!(
        first == "turned unknown-key" || first.starts_with("registered"),
        "{first}"
    );
    world
        .until("the platform has it", async || {
            version(&world, "platform").await == 2
        })
        .await;
    let second = peer::one(&world, "north", "platform", &statement).await;
    assert!(second.starts_with("registered"), "{second}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_under_a_compromised_key_ends_nothing() {
    use comity_testkit::federation::{edit_keys, edit_member};
    let mut world = World::of(&["north", "platform"]);
    let now = world.now();
    let new = comity_testkit::federation::key("platform", 98);
    let roster = world.federation.next_roster(|roster| {
        edit_member(roster, "platform", |member| {
            edit_keys(
                member,
                comity_wire::registry::KeyPurpose::Statement,
                |key| {
                    key.ended = Some(comity_trust::key::Ended::CompromisedSince(now));
                },
            );
            comity_testkit::federation::add_key(
                member,
                &new,
                comity_wire::registry::KeyPurpose::Statement,
            );
        });
    });
    let signed = world.federation.sign_roster(&roster);
    world.federation.take_roster(&signed);
    world.work("north", take(signed.encode())).await.unwrap();
    let stolen = world.federation.member("platform").statement.clone();
    let (reference, to) = (peer::roster(&world), world.id("north"));
    let (north, platform) = (world.key("north"), world.key("platform"));
    world
        .hub
        .lie(north, platform, move |protocol, request, reply| {
            if protocol != Protocol::Exchange {
                return reply;
            }
            let offers = comity_wire::exchange::ExchangeRequest::decode(request)
                .unwrap()
                .1;
            let refused = |bytes: &[u8]| {
                let refused = comity_wire::refusal::Refused {
                    of: comity_wire::ids::Hash::of(bytes),
                    to: to.clone(),
                    code: comity_wire::words::Code::new("outside-window").unwrap(),
                    roster: reference,
                    retry_after: None,
                };
                let signed = comity_wire::refusal::Refusal::sign(&stolen, &refused);
                comity_wire::exchange::ExchangeResult::Refused(signed.into())
            };
            let results = offers.iter().map(|offer| refused(&offer.0)).collect();
            Some(comity_wire::exchange::ExchangeReply(reference, None, results).encode())
        });
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world
        .until_in_time("a lie", 1_000, async || world.count("north", "refused") > 0)
        .await;
    assert_eq!(world.codes("north", "refused")[0], "refusal-not-signed");
    assert_eq!(
        world.case("north", &case).await.unwrap().row.delivery,
        "waiting"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chains_with_junk_change_nothing() {
    let mut world = World::of(&["platform"]);
    let good = without(&mut world.federation, "south");
    let mut bent = good.clone();
    *bent.last_mut().unwrap() ^= 1;
    let (north, platform) = (world.key("north"), world.key("platform"));
    let chains: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0xff; 1_000],
        RosterReply::Chain(vec![vec![1].into(); 64], vec![vec![2].into(); 64], true).encode(),
        RosterReply::Chain(Vec::new(), vec![bent.into()], true).encode(),
    ];
    for chain in chains {
        world
            .hub
            .lie(platform, north, move |_, _, _| Some(chain.clone()));
        let hello = RosterRequest::Hello(comity_wire::leaf::RosterRef(
            u64::from(u32::MAX),
            *world.federation.fed(),
        ));
        let before = world.hub.count(platform, north, Protocol::Roster);
        world
            .hub
            .ask(north, platform, Protocol::Roster, hello.encode())
            .await
            .unwrap();
        world
            .until("it was asked for", async || {
                world.hub.count(platform, north, Protocol::Roster) > before
            })
            .await;
        assert_eq!(version(&world, "platform").await, 1);
    }
    world.hub.lie(platform, north, move |_, _, _| {
        Some(RosterReply::Chain(Vec::new(), vec![good.clone().into()], false).encode())
    });
    let hello = RosterRequest::Hello(peer::roster(&world)).encode();
    world
        .hub
        .ask(north, platform, Protocol::Roster, hello)
        .await
        .unwrap();
    world
        .until("the good one is taken", async || {
            version(&world, "platform").await == 2
        })
        .await;
}
