//! Legal clocks: what the charter puts in force and a request claims, and what each side is shown of it.

use comity_engine::desk::{CaseShown, NewInformation, NewOpening, NewQuestion, Work};
use comity_testkit::ports::World;
use comity_wire::ids::CaseId;

use crate::desk::{confirmed, on_platform, opening, refer, removed, request, signed};

const HOUR_MS: u64 = 3_600_000;

/// The charter of the fixtures puts `eu-tco-1h` in force, as published, and no other clock.
fn claiming(clocks: &[&str]) -> Work {
    Work::Request(NewOpening {
        clocks: clocks.iter().map(|id| (*id).to_owned()).collect(),
        ..opening(&on_platform(1))
    })
}

async fn shown(world: &World, at: &str, case: &CaseId) -> CaseShown {
    world.case(at, case).await.unwrap()
}

/// Standing, and how long after its start it is due.
#[track_caller]
fn check(shown: &CaseShown, clock: &str, standing: &str, due_after: Option<u64>) {
    let row = shown.deadlines.iter().find(|row| row.clock == clock);
    let row = row.unwrap_or_else(|| panic!("no {clock}"));
    assert_eq!(row.standing, standing, "{row:?}");
    let found = row.due_at.map(|due| due - row.started_at);
    assert_eq!(found, due_after, "{row:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_in_force_and_claimed_runs_and_says_on_whose_word() {
    let world = World::of(&["north", "platform"]);
    let (case, _) = confirmed(&world, "north", claiming(&["eu-tco-1h", "moon-1h"])).await;
    world.rest(&["north"]).await;
    for name in ["north", "platform"] {
        let shown = shown(&world, name, &case).await;
        check(&shown, "eu-tco-1h", "running", Some(HOUR_MS));
        let clocks: Vec<_> = shown
            .clocks
            .iter()
            .map(|clock| (clock.clock.as_str(), clock.runs, clock.why.as_str()))
            .collect();
        assert_eq!(
            clocks,
            [
                ("eu-tco-1h", true, "claim"),
                ("moon-1h", false, "not-in-force")
            ],
            "{name}"
        );
        assert_eq!(shown.clocks[0].mark.as_deref(), Some("verified"));
        assert!(!shown.deadlines.iter().any(|row| row.clock == "moon-1h"));
        assert!(shown.row.due_at.is_some() && !shown.row.overdue, "{name}");
    }
    world.clock.advance(HOUR_MS + 60_000);
    for name in ["north", "platform"] {
        let shown = shown(&world, name, &case).await;
        check(&shown, "eu-tco-1h", "overdue", Some(HOUR_MS));
        assert!(shown.row.overdue, "{name}");
    }
    signed(world.work("platform", removed(&case, 1)).await);
    world.rest(&["platform"]).await;
    let shown = shown(&world, "north", &case).await;
    check(&shown, "eu-tco-1h", "late", Some(HOUR_MS));
    assert!(
        !shown.row.overdue,
        "what came late is late, and owed no longer"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_begins_again_when_the_clarification_is_there() {
    let world = World::of(&["north", "platform"]);
    let (case, _) = confirmed(&world, "north", claiming(&["eu-tco-1h"])).await;
    world.rest(&["north"]).await;
    world.clock.advance(HOUR_MS / 3);
    let asked = signed(
        world
            .work(
                "platform",
                Work::Ask(NewQuestion {
                    case: case.to_string(),
                    asks: vec!["exact-location".to_owned()],
                    items: None,
                    text: None,
                }),
            )
            .await,
    );
    world.rest(&["platform"]).await;
    check(
        &shown(&world, "platform", &case).await,
        "eu-tco-1h",
        "paused",
        None,
    );
    world.clock.advance(5 * HOUR_MS);
    signed(
        world
            .work(
                "north",
                Work::Inform(NewInformation {
                    case: case.to_string(),
                    of: Some(asked.statement.to_string()),
                    text: "The second account.".to_owned(),
                }),
            )
            .await,
    );
    world.rest(&["north"]).await;
    let shown = shown(&world, "platform", &case).await;
    let row = shown.deadlines.iter().find(|row| row.clock == "eu-tco-1h");
    let row = row.unwrap();
    assert_eq!(row.standing, "running", "{row:?}");
    assert!(row.paused_ms >= 5 * HOUR_MS);
    let left = row.due_at.unwrap() - world.now();
    assert!(left > HOUR_MS - 60_000 && left <= HOUR_MS, "{left}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_in_force_that_no_ground_names_and_nobody_claims_does_not_run() {
    let world = World::of(&["north", "platform"]);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    let shown = shown(&world, "platform", &case).await;
    assert_eq!(shown.clocks, []);
    assert!(!shown.deadlines.iter().any(|row| row.clock == "eu-tco-1h"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_referral_claims_no_clocks() {
    let world = World::of(&["north", "south"]);
    let wish = NewOpening {
        to: Some(world.id("south").to_string()),
        clocks: vec!["eu-tco-1h".to_owned()],
        ..opening("https://elsewhere.example/1")
    };
    let error = world.work("north", Work::Refer(wish)).await.unwrap_err();
    assert!(error.message.contains("clocks"), "{}", error.message);
    let (case, _) = refer(&world, "north", "south", "https://elsewhere.example/2").await;
    world.rest(&["north"]).await;
    assert_eq!(shown(&world, "south", &case).await.clocks, []);
}
