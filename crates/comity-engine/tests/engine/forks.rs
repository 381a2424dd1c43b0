//! Evidence that a log or the governance contradicts itself.

use comity_engine::desk::{ContradictionRow, ContradictionShown, NewRosters, Query, Shown, Work};
use comity_testkit::ports::World;
use comity_wire::ids::Hash;

pub(crate) async fn contradictions(world: &World, name: &str) -> Vec<ContradictionRow> {
    match world.query(name, Query::Contradictions).await {
        Ok(Shown::Contradictions(rows)) => rows,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn contradiction(
    world: &World,
    name: &str,
    row: &ContradictionRow,
) -> ContradictionShown {
    let hash = Hash::from_hex(&row.evidence).unwrap();
    match world.query(name, Query::Contradiction(hash)).await {
        Ok(Shown::Contradiction(shown)) => shown,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn alarms(world: &World, name: &str) -> Vec<String> {
    match world.query(name, Query::Overview).await {
        Ok(Shown::Overview(overview)) => {
            overview.alarms.into_iter().map(|(code, _)| code).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Two rosters of version 2.
fn two_rosters(world: &World) -> Work {
    let one = world.federation.next_roster(|_| {});
    let other = world.federation.next_roster(|roster| roster.expires += 1);
    let rosters = [one, other];
    Work::Rosters(NewRosters {
        charters: Vec::new(),
        rosters: rosters
            .iter()
            .map(|roster| world.federation.sign_roster(roster).encode())
            .collect(),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_rosters_of_one_version_are_recorded_once_and_shown_until_they_are_settled() {
    let mut world = World::of(&["north"]);
    assert!(contradictions(&world, "north").await.is_empty());
    world.work("north", two_rosters(&world)).await.unwrap();
    let rows = contradictions(&world, "north").await;
    let [row] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    assert_eq!(
        (row.sort.as_str(), row.member.as_deref()),
        ("two-rosters", None)
    );
    assert!(row.open);
    assert_eq!(world.codes("north", "witness-conflict"), ["two-rosters"]);
    assert!(
        alarms(&world, "north")
            .await
            .contains(&"governance-conflict".to_owned())
    );
    let shown = contradiction(&world, "north", row).await;
    assert_eq!(Hash::of(&bytes_of(&shown)).to_string(), row.evidence);

    // The same after a restart, and with views that are made anew.
    world.stop("north").await.unwrap();
    world.node("north").views.lose();
    world.start("north").unwrap();
    assert_eq!(contradictions(&world, "north").await, rows);
    assert_eq!(world.count("north", "witness-conflict"), 1);
}

pub(crate) fn bytes_of(shown: &ContradictionShown) -> Vec<u8> {
    let pairs = shown.bytes.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
