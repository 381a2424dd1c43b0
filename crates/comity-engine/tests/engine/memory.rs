//! What is acknowledged is kept, whatever the disk and the views do.

use comity_engine::desk::{CaseFilter, Cursor, NewImport, Query, Shown, WitnessedShown, Work};
use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_testkit::ports::{Link, Lost, World};
use comity_testkit::samples;
use comity_wire::ids::StatementId;

use crate::desk::*;

/// Everything that a node shows, but for what is made up anew with each head.
async fn everything(world: &World, name: &str) -> Vec<Shown> {
    let mut queries = vec![
        Query::Cases(CaseFilter::default()),
        Query::Cases(CaseFilter {
            open: true,
            ..CaseFilter::default()
        }),
        Query::Drafts(Cursor::default()),
        Query::Items,
        Query::Outbox(Cursor::default()),
        Query::Members,
        Query::Log,
        Query::ResponseTimes,
        Query::Overview,
    ];
    for row in world.cases(name).await {
        queries.push(Query::Case(case_of(&row.case)));
    }
    let mut shown = Vec::new();
    for query in queries {
        let mut answer = world.query(name, query).await.unwrap();
        if let Shown::Log(log) = &mut answer {
            // What others say of it is asked again after each start.
            let head = UnverifiedCheckpoint::parse(log.checkpoint.as_bytes()).unwrap();
            log.checkpoint = head.note().text().to_owned();
            log.witnessed = WitnessedShown::default();
        }
        shown.push(answer);
    }
    for row in world.cases(name).await {
        for event in world
            .case(name, &case_of(&row.case))
            .await
            .unwrap()
            .timeline
        {
            let id = StatementId::from_hex(&event.statement).unwrap();
            if event.index.is_some() {
                shown.push(world.query(name, Query::Prove(id)).await.unwrap());
            }
        }
    }
    shown
}

/// Something of everything: cases in all states, drafts, reports, an outbox with what waits and what was given up.
async fn busy_world() -> World {
    let world = World::of(&["north", "south", "platform"]);
    for sample in samples::files() {
        let import = Work::Import(NewImport {
            file: sample.name.to_owned(),
            bytes: sample.text.into_bytes(),
        });
        world.work("north", import).await.unwrap();
    }
    world.link("north", "south", Link::Down);
    refer(
        &world,
        "north",
        "south",
        "https://elsewhere.example/given-up",
    )
    .await;
    world
        .until_in_time("it is given up", HOUR_MS, async || {
            world.count("north", "gave-up") == 1
        })
        .await;
    let mut cases = Vec::new();
    for n in 0..6 {
        cases.push(request(&world, "north", &on_platform(n)).await.0);
    }
    world
        .until_in_time("delivery", 1_000, async || {
            world.outbox("north").await.len() == 1
        })
        .await;
    signed(
        world
            .work("platform", answer(&cases[0], "accepted", None))
            .await,
    );
    signed(
        world
            .work(
                "platform",
                answer(&cases[1], "refused", Some("not-our-service")),
            )
            .await,
    );
    signed(world.work("platform", removed(&cases[2], 1)).await);
    signed(world.work("platform", removed(&cases[3], 1)).await);
    world.rest(&["platform"]).await;
    world.clock.advance(HOUR_MS);
    signed(world.work("north", seen(&cases[3], 1, "online")).await);
    confirmed(&world, "north", withdrawal(&cases[4])).await;
    world
        .until_in_time("delivery", 1_000, async || {
            world.outbox("north").await.len() == 1
        })
        .await;
    refer(&world, "north", "south", "https://elsewhere.example/waits").await;
    world
        .until_in_time("an attempt", 1_000, async || {
            world
                .outbox("north")
                .await
                .iter()
                .any(|row| row.state == "offered" && row.attempts > 0)
        })
        .await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_that_are_lost_or_garbled_are_made_anew_and_show_the_very_same() {
    let mut world = busy_world().await;
    for name in ["north", "platform"] {
        let before = everything(&world, name).await;
        assert!(before.len() > 10);
        world.stop(name).await.unwrap();
        let cleared = world.node(name).views.cleared();
        world.start(name).unwrap();
        assert_eq!(
            world.node(name).views.cleared(),
            cleared,
            "good views are kept"
        );
        assert_eq!(everything(&world, name).await, before);

        world.stop(name).await.unwrap();
        world.node(name).views.lose();
        world.start(name).unwrap();
        let after = everything(&world, name).await;
        for (after, before) in after.iter().zip(&before) {
            assert_eq!(after, before, "{name}");
        }
        assert_eq!(after.len(), before.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_garbled_row_ends_the_node_and_the_next_start_makes_the_views_anew() {
    let mut world = busy_world().await;
    for table in ["statement", "case", "outbox"] {
        let before = everything(&world, "north").await;
        world.node("north").views.garble(table);
        let shown = world.query("north", Query::Overview).await;
        if shown.is_ok() {
            let row = world.cases("north").await;
            assert!(row.is_empty(), "{table}: {row:?}");
        }
        world.ended("north").await;
        assert_eq!(world.stop("north").await.unwrap_err().code, "views-damaged");
        world.start("north").unwrap();
        assert_eq!(everything(&world, "north").await, before, "{table}");
    }
}

/// The platform's disk fails at each of its commits in turn, in both ways. North goes on as if nothing had happened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_at_any_commit_loses_nothing_that_was_acknowledged() {
    for lost in [Lost::Batch, Lost::Answer] {
        for nth in 0..5 {
            let mut world = World::of(&["north", "platform"]);
            let (case, _) = request(&world, "north", &on_platform(1)).await;
            world.rest(&["north"]).await;
            world.node("platform").disk.fail_commit(nth, lost);
            let mut failed = false;
            let (second, _) = request(&world, "north", &on_platform(2)).await;
            let mut said = Vec::new();
            for step in 0..4 {
                let work = if step % 2 == 0 {
                    answer(&case, "accepted", None)
                } else {
                    removed(&case, 1)
                };
                match world.work("platform", work).await {
                    Ok(comity_engine::desk::Done::Signed(signed)) => said.push(signed.statement),
                    Ok(other) => panic!("{other:?}"),
                    Err(error) => {
                        assert!(
                            ["stopping", "store-io", "nothing-to-answer", "final-outcome"]
                                .contains(&error.code)
                                || !error.message.is_empty()
                        );
                        if error.code == "stopping" {
                            failed = true;
                            break;
                        }
                    }
                }
            }
            if !failed {
                // What is left of the commits is the scheduler's.
                world
                    .until_in_time("the disk fails", 1_000, async || {
                        world.query("platform", Query::Log).await.is_err()
                    })
                    .await;
            }
            world.ended("platform").await;
            assert_eq!(world.stop("platform").await.unwrap_err().code, "store-io");
            world.node("platform").disk.heal();
            world.start("platform").unwrap();
            world.rest(&["north", "platform"]).await;
            for case in [&case, &second] {
                both_agree(&world, "north", "platform", case).await;
            }
            for id in &said {
                let id = StatementId::from_hex(id).unwrap();
                assert!(world.statement("platform", &id).is_some(), "{lost:?} {nth}");
                assert!(world.statement("north", &id).is_some(), "{lost:?} {nth}");
            }
            assert_eq!(world.count("platform", "received"), 2, "{lost:?} {nth}");
            log_verifies(&world, "platform");
        }
    }
}

/// Indexes are contiguous, times do not go back, sequence numbers have no gap.
fn log_verifies(world: &World, name: &str) {
    let mut next = std::collections::BTreeMap::new();
    let mut time = 0;
    for (index, leaf) in (0..).zip(world.leaves(name)) {
        assert_eq!(leaf.index, index);
        assert!(leaf.time >= time);
        time = leaf.time;
        if let (Some(counterpart), Some(seq)) = (leaf.counterpart, leaf.seq) {
            let expected = next.entry(counterpart).or_insert(0);
            assert_eq!(seq, *expected, "{name}: record {index}");
            *expected += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_takes_nothing_any_more_ends_the_node_with_its_code_and_half_of_nothing_stays()
{
    for nth in 0..8 {
        let mut world = World::of(&["north", "platform"]);
        let (case, _) = request(&world, "north", &on_platform(1)).await;
        world.rest(&["north"]).await;
        world.node("platform").disk.fail_stage(nth);
        let (second, _) = request(&world, "north", &on_platform(2)).await;
        let mut n = 0;
        world
            .until_in_time("the disk is full", 1_000, async || {
                n += 1;
                let question = Work::Ask(comity_engine::desk::NewQuestion {
                    case: case.to_string(),
                    asks: vec!["more-context".to_owned()],
                    items: None,
                    text: None,
                });
                world.work("platform", question).await.is_err()
            })
            .await;
        world.ended("platform").await;
        assert_eq!(world.stop("platform").await.unwrap_err().code, "disk-low");
        world.node("platform").disk.heal();
        world.start("platform").unwrap();
        world.rest(&["north", "platform"]).await;
        both_agree(&world, "north", "platform", &case).await;
        both_agree(&world, "north", "platform", &second).await;
        log_verifies(&world, "platform");
        log_verifies(&world, "north");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_disk_is_nearly_full_answers_questions_takes_nothing_and_goes_on_with_room() {
    let world = World::of(&["north", "platform"]);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    world.node("platform").disk.full(true);
    let (second, _) = request(&world, "north", &on_platform(2)).await;
    let hold = Work::Hold(comity_engine::desk::NewHold {
        case: case.to_string(),
        by: "law-enforcement".to_owned(),
        until: None,
    });
    let refused = world.work("platform", hold.clone()).await.unwrap_err();
    assert_eq!(refused.code, "disk-low");
    assert!(world.case("platform", &case).await.is_some());
    world
        .until(
            "the platform is asked to take it, and says busy",
            async || {
                let rows = world.outbox("north").await;
                rows.iter().any(|row| row.last.as_deref() == Some("busy"))
            },
        )
        .await;
    assert!(world.case("platform", &second).await.is_none());
    world.node("platform").disk.full(false);
    world.work("platform", hold).await.unwrap();
    world.rest(&["north", "platform"]).await;
    both_agree(&world, "north", "platform", &case).await;
    both_agree(&world, "north", "platform", &second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_stopped_in_the_middle_goes_on_where_it_was() {
    let mut world = World::of(&["north", "platform"]);
    world.link("north", "platform", Link::Down);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world
        .until_in_time("an attempt that failed", 1_000, async || {
            let rows = world.outbox("north").await;
            rows.iter().any(|row| row.last.is_some())
        })
        .await;
    let attempts = world.exchanges("north", "platform");
    world.stop("north").await.unwrap();
    let refused = world.work("north", removed(&case, 1)).await.unwrap_err();
    assert_eq!(refused.code, "stopping");
    world.start("north").unwrap();
    // The gate is closed as it was.
    world
        .until("a turn", async || !world.outbox("north").await.is_empty())
        .await;
    assert_eq!(world.exchanges("north", "platform"), attempts);
    world.link("north", "platform", Link::Up);
    world.rest(&["north"]).await;
    assert_eq!(world.count("north", "offered"), 1);
    assert_eq!(world.count("north", "log-opened"), 1);
    both_agree(&world, "north", "platform", &case).await;
    log_verifies(&world, "north");
}
