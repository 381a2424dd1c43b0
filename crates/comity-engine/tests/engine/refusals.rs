//! What is not registered, on both sides.

use comity_engine::desk::{NewQuestion, NewRosters, Work};
use comity_testkit::bodies;
use comity_testkit::federation::{add_key, edit_keys, edit_member, key, takedown_request};
use comity_testkit::ports::World;
use comity_trust::key::Ended;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, ExchangeResult};
use comity_wire::ids::{CaseId, Hash};
use comity_wire::refusal::{Refusal, Refused};
use comity_wire::registry::KeyPurpose;
use comity_wire::statement::Statement;
use comity_wire::words::{Code, DurationMs};

use crate::desk::{DAY_MS, both_agree, on_platform, request, signed};
use crate::peer::{dated, frames, offer, offers, one, opening, roster, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_reason_to_refuse_has_its_code_and_final_ones_are_recorded_once_and_repeated_verbatim()
{
    let world = World::of(&["platform"]);
    let now = world.now();
    let case = opening(&world, "north", "platform", takedown_request());
    assert!(
        one(&world, "north", "platform", &case)
            .await
            .starts_with("registered")
    );
    let check = async |from: &str, statement, expected: &str, records: usize| {
        let before = world.count("platform", "refused");
        let first = offers(&world, from, "platform", vec![offer(&statement)]).await;
        assert_eq!(crate::peer::outcome(&first[0]), expected);
        let again = offers(&world, from, "platform", vec![offer(&statement)]).await;
        assert_eq!(again, first, "{expected}");
        assert_eq!(
            world.count("platform", "refused"),
            before + records,
            "{expected}"
        );
    };
    let request = takedown_request;
    let old = dated(&world, "north", "platform", request(), now - 15 * DAY_MS);
    check("north", old, "refused outside-window", 1).await;
    let early = dated(&world, "north", "platform", request(), now + 600_000);
    check("north", early, "refused outside-window", 1).await;
    let other = opening(&world, "north", "south", bodies::referral([1]));
    check("north", other, "refused wrong-recipient", 1).await;
    let own_to_self = opening(&world, "platform", "north", request());
    check("platform", own_to_self, "refused wrong-recipient", 1).await;
    let foreign = within(
        &world,
        "south",
        "platform",
        case.case(),
        &[*case.id()],
        bodies::withdrawal(None),
    );
    check("south", foreign, "refused wrong-party", 1).await;
    let mut elsewhere = world.federation.draft("north", "platform", request());
    elsewhere.fed = Hash::of(b"another federation");
    check(
        "north",
        world.federation.sign(elsewhere),
        "refused wrong-federation",
        1,
    )
    .await;
    let mut stolen = world.federation.draft("south", "platform", request());
    stolen.case = *case.case();
    check(
        "south",
        world.federation.sign(stolen),
        "refused wrong-case-id",
        1,
    )
    .await;
    // Transient ones are not recorded.
    let forbidden = opening(&world, "north", "platform", bodies::referral([1]));
    check("north", forbidden, "refused role-forbidden", 0).await;
    let nowhere = CaseId::new([9; 16]);
    let unknown = within(
        &world,
        "north",
        "platform",
        &nowhere,
        &[],
        bodies::withdrawal(None),
    );
    check("north", unknown, "turned unknown-case", 0).await;
    let forged = world.federation.draft("north", "platform", request());
    let forged = forged
        .sign(&world.federation.member("south").statement)
        .unwrap();
    check("north", forged.clone(), "turned unknown-key", 0).await;
    check("south", forged, "turned unknown-key", 0).await;
    let of_another = opening(&world, "north", "platform", request());
    check("south", of_another, "turned unknown-key", 0).await;
    assert_eq!(world.count("platform", "received"), 1);
}

/// A refusal that the platform signs for a statement.
fn refusal(world: &World, of: Hash, code: &str) -> ExchangeResult {
    refusal_until(world, of, code, None)
}

fn refusal_until(
    world: &World,
    of: Hash,
    code: &str,
    retry_after: Option<DurationMs>,
) -> ExchangeResult {
    let refused = Refused {
        of,
        to: world.id("north"),
        code: Code::new(code).unwrap(),
        roster: roster(world),
        retry_after,
    };
    let key = &world.federation.member("platform").statement;
    ExchangeResult::Refused(Refusal::sign(key, &refused).into())
}

fn question(case: &CaseId) -> Work {
    Work::Ask(NewQuestion {
        case: case.to_string(),
        asks: vec!["more-context".to_owned()],
        items: None,
        text: None,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_final_refusal_stops_the_attempts_and_what_builds_on_it_is_not_sent() {
    let world = World::of(&["north", "platform"]);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    let (north, platform) = (world.key("north"), world.key("platform"));
    world.link("north", "platform", comity_testkit::ports::Link::Down);
    let first = signed(world.work("north", question(&case)).await).statement;
    let second = signed(world.work("north", question(&case)).await).statement;
    let of = Hash::from_hex(&first).unwrap();
    let no = refusal(&world, of, "outside-window");
    let roster = roster(&world);
    world
        .hub
        .lie(north, platform, move |protocol, request, reply| {
            if protocol != comity_engine::ports::Protocol::Exchange {
                return reply;
            }
            let offers = ExchangeRequest::decode(request).unwrap().1;
            let busy = ExchangeResult::Turned(Code::new("busy").unwrap(), Some(1_000));
            let result = |bytes: &[u8]| {
                if Hash::of(bytes) == of {
                    no.clone()
                } else {
                    busy.clone()
                }
            };
            let results = offers.iter().map(|offer| result(&offer.0)).collect();
            Some(ExchangeReply(roster, None, results).encode())
        });
    world
        .hub
        .link(north, platform, comity_testkit::ports::Link::Up);
    world
        .until_in_time("both have ended", 1_000, async || {
            world.count("north", "refused") == 1 && world.count("north", "gave-up") == 1
        })
        .await;
    assert_eq!(world.codes("north", "refused"), ["outside-window"]);
    assert_eq!(world.codes("north", "gave-up"), ["re-refused"]);
    let shown = world.case("north", &case).await.unwrap();
    let standing = |id: &str| {
        let event = shown.timeline.iter().find(|event| event.statement == id);
        event.unwrap().standing.clone()
    };
    assert_eq!(standing(&first), "refused");
    assert_eq!(standing(&second), "expired");
    let rows = world.outbox("north").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].statement, second);

    // The case goes on without them.
    world.hub.tell_the_truth(north, platform);
    signed(world.work("north", question(&case)).await);
    world.rest(&["north"]).await;
    assert_eq!(
        world.case("platform", &case).await.unwrap().timeline.len(),
        4
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transient_refusal_is_retried_until_it_is_none() {
    let world = World::of(&["north", "platform"]);
    let (north, platform) = (world.key("north"), world.key("platform"));
    for code in [
        "busy",
        "over-quota",
        "unknown-key",
        "unknown-case",
        "a-code-of-tomorrow",
    ] {
        let roster = roster(&world);
        world.hub.lie(north, platform, move |_, request, _| {
            let asked = ExchangeRequest::decode(request).ok()?.1.len();
            let turned =
                ExchangeResult::Turned(Code::new(code).unwrap(), Some(u64::from(u32::MAX)));
            Some(ExchangeReply(roster, None, vec![turned; asked]).encode())
        });
        let before = world.exchanges("north", "platform");
        let (case, _) = request(
            &world,
            "north",
            &on_platform(
                u32::from(code.as_bytes()[0]) * 1_000 + u32::try_from(code.len()).unwrap(),
            ),
        )
        .await;
        world
            .until_in_time("two attempts", 60_000, async || {
                world.exchanges("north", "platform") >= before + 2
            })
            .await;
        world.hub.tell_the_truth(north, platform);
        world
            .until_in_time("delivery", 60_000, async || {
                world.outbox("north").await.is_empty()
            })
            .await;
        both_agree(&world, "north", "platform", &case).await;
    }
    assert_eq!(world.count("north", "refused"), 0);
    assert_eq!(world.count("north", "gave-up"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_refusal_that_is_not_final_says_when_to_try_again() {
    let world = World::of(&["north", "platform"]);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    let (north, platform) = (world.key("north"), world.key("platform"));
    world.link("north", "platform", comity_testkit::ports::Link::Down);
    let asked = signed(world.work("north", question(&case)).await).statement;
    let half_an_hour = 1_800_000;
    let of = Hash::from_hex(&asked).unwrap();
    let later = refusal_until(&world, of, "not-in-force", Some(half_an_hour));
    let roster = roster(&world);
    world.hub.lie(north, platform, move |protocol, _, reply| {
        if protocol != comity_engine::ports::Protocol::Exchange {
            return reply;
        }
        Some(ExchangeReply(roster, None, vec![later.clone()]).encode())
    });
    world
        .hub
        .link(north, platform, comity_testkit::ports::Link::Up);
    world
        .until_in_time("it is turned away", 1_000, async || {
            let rows = world.outbox("north").await;
            rows.iter()
                .any(|row| row.last.as_deref() == Some("not-in-force"))
        })
        .await;
    let row = world.outbox("north").await.remove(0);
    assert!(
        row.due_at.unwrap() > world.now() + half_an_hour - 60_000,
        "{row:?}"
    );

    world.hub.tell_the_truth(north, platform);
    world
        .until_in_time("delivery", 2 * half_an_hour, async || {
            world.outbox("north").await.is_empty()
        })
        .await;
    assert_eq!(world.count("north", "refused"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_refusal_for_another_statement_or_member_ends_nothing() {
    let world = World::of(&["north", "platform"]);
    let (north, platform) = (world.key("north"), world.key("platform"));
    let mine = refusal(&world, Hash::of(b"another"), "outside-window");
    let roster = roster(&world);
    world.hub.lie(north, platform, move |_, _, _| {
        Some(ExchangeReply(roster, None, vec![mine.clone()]).encode())
    });
    request(&world, "north", &on_platform(1)).await;
    world
        .until_in_time("a lie", 1_000, async || world.count("north", "refused") > 0)
        .await;
    assert_eq!(world.codes("north", "refused")[0], "refusal-not-signed");
    world.hub.tell_the_truth(north, platform);
    world.rest(&["north"]).await;
    assert_eq!(world.count("north", "sent"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_refusals_end_at_the_quota_of_a_day_and_known_ones_are_still_repeated() {
    let world = World::of(&["platform"]);
    let old = world.now() - 15 * DAY_MS;
    let key = &world.federation.member("north").statement;
    let mut first = None;
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..5 {
        let mut batch = Vec::new();
        for _ in 0..210 {
            let mut draft = world
                .federation
                .draft("north", "platform", takedown_request());
            draft.issued_at_s = old / 1000;
            let statement = draft.sign(key).unwrap();
            batch.push(offer(&statement));
        }
        first.get_or_insert_with(|| batch[0].clone());
        for result in offers(&world, "north", "platform", batch).await {
            *counts.entry(crate::peer::outcome(&result)).or_insert(0) += 1;
        }
    }
    assert_eq!(counts["refused outside-window"], 1_000);
    assert_eq!(counts["turned over-quota"], 50);
    assert_eq!(world.count("platform", "refused"), 1_000);
    let again = offers(&world, "north", "platform", vec![first.unwrap()]).await;
    assert_eq!(crate::peer::outcome(&again[0]), "refused outside-window");
    // Others have their own, and tomorrow there is another.
    let south = dated(&world, "south", "platform", takedown_request(), old);
    assert_eq!(
        one(&world, "south", "platform", &south).await,
        "refused outside-window"
    );
    world.clock.advance(DAY_MS);
    let north = dated(&world, "north", "platform", takedown_request(), old);
    assert_eq!(
        one(&world, "north", "platform", &north).await,
        "refused outside-window"
    );
    assert_eq!(frames(&world, "platform", 10).len(), 1_002);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_causal_past_forbids_is_registered_and_answered_with_a_refusal() {
    let world = World::of(&["platform"]);
    let case = opening(&world, "north", "platform", bodies::request([1]));
    one(&world, "north", "platform", &case).await;
    let never_held = bodies::release("court");
    let release = within(
        &world,
        "north",
        "platform",
        case.case(),
        &[*case.id()],
        never_held,
    );
    let answer = one(&world, "north", "platform", &release).await;
    assert!(answer.starts_with("registered"), "{answer}");
    let row = world.outbox("platform").await.pop().unwrap();
    assert_eq!(row.kind, "acknowledgement");
    let id = Hash::from_hex(&row.statement).unwrap();
    let refusing = world.statement("platform", &id).unwrap();
    let comity_wire::body::Body::Acknowledgement(body) = refusing.body() else {
        panic!("{refusing:?}")
    };
    assert_eq!(body.names.as_ref().unwrap().as_ref(), [*release.id()]);
    assert_eq!(body.by.as_str(), "automation");
    let shown = world.case("platform", case.case()).await.unwrap();
    assert_eq!(shown.timeline[1].standing, "forbidden");
    assert_eq!(world.state("platform", case.case()).forbidden.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_its_past_is_parked_and_refused_when_its_sender_would_have_given_up() {
    let mut world = World::of(&["platform"]);
    let case = opening(&world, "north", "platform", bodies::request([1]));
    one(&world, "north", "platform", &case).await;
    let missing = within(
        &world,
        "north",
        "platform",
        case.case(),
        &[*case.id()],
        bodies::hold("court"),
    );
    let parked = within(
        &world,
        "north",
        "platform",
        case.case(),
        &[*missing.id()],
        bodies::release("court"),
    );
    let on_parked = within(
        &world,
        "north",
        "platform",
        case.case(),
        &[*parked.id()],
        bodies::hold("court"),
    );
    for statement in [&parked, &on_parked] {
        let answer = one(&world, "north", "platform", statement).await;
        assert!(answer.starts_with("registered"), "{answer}");
    }
    let shown = world.case("platform", case.case()).await.unwrap();
    assert_eq!(shown.timeline[1].standing, "parked");
    assert!(world.outbox("platform").await.is_empty());
    // The views are made anew meanwhile.
    world.stop("platform").await.unwrap();
    world.node("platform").views.lose();
    world.start("platform").unwrap();
    world.clock.advance(11 * DAY_MS);
    world.clock.advance(DAY_MS);
    world
        .until_in_time("it is turned down", 60_000, async || {
            world.outbox("platform").await.len() == 2
        })
        .await;
    let mut named = Vec::new();
    for row in world.outbox("platform").await {
        let statement = world.statement("platform", &Hash::from_hex(&row.statement).unwrap());
        let comity_wire::body::Body::Acknowledgement(body) = statement.unwrap().body().clone()
        else {
            panic!("another kind")
        };
        assert_eq!(body.code.unwrap().as_str(), "re-missing");
        named.extend(body.names.unwrap().iter().copied());
    }
    named.sort();
    let mut both = [*parked.id(), *on_parked.id()];
    both.sort();
    assert_eq!(named, both);
    // Once, however often the views are made anew.
    world.stop("platform").await.unwrap();
    world.node("platform").views.lose();
    world.start("platform").unwrap();
    world.clock.advance(DAY_MS);
    world
        .until("a turn", async || {
            world.case("platform", case.case()).await.is_some()
        })
        .await;
    assert_eq!(world.outbox("platform").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parked_statements_are_folded_when_what_they_wait_for_comes() {
    let world = World::of(&["platform"]);
    let case = opening(&world, "north", "platform", bodies::request([1]));
    one(&world, "north", "platform", &case).await;
    let hold = within(
        &world,
        "north",
        "platform",
        case.case(),
        &[*case.id()],
        bodies::hold("court"),
    );
    let release = within(
        &world,
        "north",
        "platform",
        case.case(),
        &[*hold.id()],
        bodies::release("court"),
    );
    one(&world, "north", "platform", &release).await;
    one(&world, "north", "platform", &hold).await;
    let shown = world.case("platform", case.case()).await.unwrap();
    let standings: Vec<_> = shown
        .timeline
        .iter()
        .map(|event| event.standing.as_str())
        .collect();
    assert_eq!(standings, ["received"; 3]);
    world.clock.advance(13 * DAY_MS);
    world
        .until_in_time("a round of the scheduler", 60_000, async || {
            world.now() > comity_testkit::federation::NOW_MS + 13 * DAY_MS + 600_000
        })
        .await;
    assert!(world.outbox("platform").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_with_a_key_that_has_ended_is_refused_and_that_is_recorded_once() {
    let mut world = World::of(&["platform"]);
    let now = world.now();
    let roster = world.federation.next_roster(|roster| {
        edit_member(roster, "north", |member| {
            edit_keys(member, KeyPurpose::Statement, |key| {
                key.ended = Some(Ended::CompromisedSince(now));
            });
            add_key(member, &key("north", 98), KeyPurpose::Statement);
        });
    });
    let bytes = world.federation.sign_roster(&roster);
    world.federation.take_roster(&bytes);
    let rosters = NewRosters {
        charters: Vec::new(),
        rosters: vec![bytes.encode()],
    };
    let taken = world.work("platform", Work::Rosters(rosters)).await;
    taken.unwrap();
    let check = async |statement: &Statement, records: usize| {
        let said = one(&world, "north", "platform", statement).await;
        assert_eq!(said, "refused not-in-force");
        assert_eq!(world.count("platform", "refused"), records);
        assert_eq!(
            world.codes("platform", "refused"),
            vec!["not-in-force"; records]
        );
    };
    let first = opening(&world, "north", "platform", takedown_request());
    check(&first, 1).await;
    check(&first, 1).await;
    let second = opening(&world, "north", "platform", takedown_request());
    check(&second, 2).await;
    check(&first, 2).await;
}
