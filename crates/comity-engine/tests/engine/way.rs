//! From a draft to a confirmed removal.

use comity_engine::desk::{Cursor, Decision, Desk as _, Done, Query, Shown, Work};
use comity_testkit::ports::{World, person};

use crate::desk::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_gets_receipt_answer_outcome_and_observation_and_both_sides_agree_at_each_step() {
    let world = World::of(&["north", "platform"]);
    let (case, id) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    let shown = world.case("north", &case).await.unwrap();
    assert_eq!(shown.row.delivery, "delivered");
    assert_eq!(shown.timeline[0].standing, "delivered");
    assert!(
        shown.timeline[0]
            .receipt
            .as_ref()
            .unwrap()
            .contains("registered")
    );
    both_agree(&world, "north", "platform", &case).await;
    assert_eq!(
        state(&world, "platform", &case).await,
        ("requested".to_owned(), 1)
    );

    signed(
        world
            .work("platform", answer(&case, "accepted", None))
            .await,
    );
    world.rest(&["platform"]).await;
    both_agree(&world, "north", "platform", &case).await;
    assert_eq!(
        state(&world, "north", &case).await,
        ("accepted".to_owned(), 1)
    );

    world.clock.advance(HOUR_MS);
    signed(world.work("platform", removed(&case, 1)).await);
    world.rest(&["platform"]).await;
    both_agree(&world, "north", "platform", &case).await;
    assert_eq!(state(&world, "north", &case).await, ("done".to_owned(), 1));
    assert!(!world.case("north", &case).await.unwrap().row.open);

    world.clock.advance(HOUR_MS);
    signed(world.work("north", seen(&case, 1, "offline")).await);
    world.rest(&["north"]).await;
    both_agree(&world, "north", "platform", &case).await;
    let confirmed = state(&world, "platform", &case).await;
    assert_eq!(confirmed, ("confirmed-offline".to_owned(), 1));

    for (name, kinds) in [
        ("north", ["offered", "sent", "received", "reviewed"]),
        ("platform", ["offered", "sent", "received", "log-opened"]),
    ] {
        for kind in kinds {
            assert!(world.count(name, kind) > 0, "{name}: {kind}");
        }
    }
    assert_eq!(world.count("platform", "received"), 2);
    assert_eq!(world.count("north", "received"), 2);
    assert!(world.statement("platform", &id).is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_removed_and_is_seen_online_later_opens_a_second_round_with_an_outcome_of_its_own()
{
    let world = World::of(&["north", "platform"]);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    world.clock.advance(HOUR_MS);
    signed(world.work("platform", removed(&case, 1)).await);
    world.rest(&["platform"]).await;
    world.clock.advance(HOUR_MS);
    signed(world.work("north", seen(&case, 1, "online")).await);
    world.rest(&["north"]).await;
    both_agree(&world, "north", "platform", &case).await;
    assert_eq!(
        state(&world, "platform", &case).await,
        ("requested".to_owned(), 2)
    );
    assert!(world.case("platform", &case).await.unwrap().row.open);

    world.clock.advance(HOUR_MS);
    signed(world.work("platform", removed(&case, 1)).await);
    world.rest(&["platform"]).await;
    both_agree(&world, "north", "platform", &case).await;
    assert_eq!(state(&world, "north", &case).await, ("done".to_owned(), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_drafted_it_cannot_confirm_it_and_may_send_it_back() {
    let world = World::of(&["north", "platform"]);
    let work = Work::Request(opening(&on_platform(1)));
    let draft = drafted(world.work("north", work).await).draft;
    let own = world.work("north", review(&draft, Decision::Confirm)).await;
    let Ok(Done::Reviewed(rows)) = own else {
        panic!("{own:?}")
    };
    assert_eq!(rows[0].problem.as_ref().unwrap().code, "own-draft");
    assert_eq!(rows[0].statement, None);
    assert!(world.outbox("north").await.is_empty());

    let back = world.work("north", review(&draft, Decision::Return)).await;
    assert!(back.is_ok());
    assert!(world.confirm("north", &draft).await.is_ok());
    assert_eq!(
        world.confirm("north", &draft).await,
        Err("draft-reviewed".to_owned())
    );
    assert_eq!(
        world.confirm("north", "00").await,
        Err("bad-field".to_owned())
    );
    let unknown = "00".repeat(16);
    assert_eq!(
        world.confirm("north", &unknown).await,
        Err("unknown-draft".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_case_does_not_allow_is_not_signed() {
    let world = World::of(&["north", "platform", "south"]);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    let nowhere = case_of(&"0f".repeat(16));
    let check = async |at: &str, work: Work, code: &str| {
        let refused = world.work(at, work).await;
        assert_eq!(refused.unwrap_err().code, code, "at {at}");
    };
    check("north", removed(&nowhere, 1), "unknown-case").await;
    check("north", seen(&case, 1, "online"), "unknown-item").await;
    world.rest(&["north"]).await;
    check("north", removed(&case, 1), "role-forbidden").await;
    check("platform", removed(&case, 2), "unknown-item").await;
    check("platform", withdrawal(&case), "role-forbidden").await;
    check("platform", answer(&case, "refused", None), "bad-field").await;
    check("platform", answer(&case, "perhaps", None), "bad-field").await;
    check("south", removed(&case, 1), "unknown-case").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_at_a_locator_is_defanged_and_recorded_once_for_each_person_and_hour() {
    use comity_engine::desk::NewLook;
    let world = World::of(&["north", "platform"]);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    let look = |case: &str, n| {
        Work::Look(NewLook {
            case: case.to_owned(),
            n,
        })
    };
    let case = case.to_string();
    for _ in 0..2 {
        let Ok(Done::Seen(seen)) = world.work("platform", look(&case, 1)).await else {
            panic!("nothing seen")
        };
        assert_eq!(seen.defanged, "hxxps://platform[.]example/item/1");
    }
    assert_eq!(world.count("platform", "looked"), 1);
    let bert = world
        .engine("platform")
        .work(person("bert"), look(&case, 1))
        .await;
    assert!(bert.is_ok());
    assert_eq!(world.count("platform", "looked"), 2);
    world.clock.advance(HOUR_MS);
    world.work("platform", look(&case, 1)).await.unwrap();
    assert_eq!(world.count("platform", "looked"), 3);
    let none = world.work("platform", look(&case, 2)).await;
    assert_eq!(none.unwrap_err().code, "unknown-item");
    assert_eq!(world.count("platform", "looked"), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_never_be_signed_is_not_even_drafted_and_ends_no_node() {
    let world = World::of(&["north", "platform"]);
    let check = async |opening, code: &str| {
        let refused = world.work("north", Work::Request(opening)).await;
        assert_eq!(refused.unwrap_err().code, code);
        let Ok(Shown::Drafts(page)) = world.query("north", Query::Drafts(Cursor::default())).await
        else {
            panic!("no drafts are shown")
        };
        assert!(page.rows.is_empty(), "{code}");
        let items = world.query("north", Query::Items).await;
        assert!(
            matches!(items, Ok(Shown::Items(items)) if items.reports == 0),
            "{code}"
        );
    };
    let mut long = opening(&on_platform(1));
    long.text = Some("x".repeat(4_001));
    check(long, "over-limit").await;
    let mut many = opening(&on_platform(1));
    many.items = (0..129)
        .flat_map(|n| opening(&on_platform(n)).items)
        .collect();
    check(many, "over-limit").await;
    let mut to_whom_it_may_not = opening(&on_platform(1));
    to_whom_it_may_not.to = Some(world.id("south").to_string());
    check(to_whom_it_may_not, "role-forbidden").await;
    let mut nowhere = opening("https://elsewhere.example/1");
    nowhere.to = None;
    check(nowhere, "no-recipient").await;
    check(Default::default(), "bad-field").await;
    request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
}
