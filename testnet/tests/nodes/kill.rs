//! Killed a hundred times under load.

use std::env;

use crate::support::killed::story;
use crate::support::world::World;

/// How many kills; more with this variable.
const KILLS: &str = "COMITY_KILLS";

#[test]
fn killed_a_hundred_times_while_people_work_nothing_acknowledged_is_lost() {
    let kills = env::var(KILLS).map_or(100, |kills| kills.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let after = story(&world, kills, 2026);
    println!(
        "{} kills; {} answers, {} requests without one; {} statements in {} cases; views made again {} times; \
         slowest start {} ms",
        after.kills,
        after.answers,
        after.silences,
        after.statements,
        after.cases,
        after.rebuilt,
        after.start_max.as_millis(),
    );
    // A load that nobody noticed would prove nothing.
    assert!(after.kills >= kills);
    assert!(after.answers > kills, "{} answers", after.answers);
    assert!(after.silences > kills / 20, "{} silences", after.silences);
    assert!(after.rebuilt > 0, "no views were stale");
    assert!(after.cases > 0 && after.statements > after.cases);
}
