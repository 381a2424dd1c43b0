//! A recipient that is down: nothing is lost, nothing comes twice, and nobody knocks all the time.

use std::time::Instant;

use crate::support::acts::Staff;
use crate::support::alike::both_sides_agree;
use crate::support::logs::{Log, verified};
use crate::support::world::{World, start, stop};

/// Statements that are signed while their recipient is down: more than one delivery carries.
const REQUESTS: u64 = 80;

/// In s. Half of the first pause between two attempts: back-off only makes them longer.
const PAUSE_SECONDS_MIN: u64 = 3;

#[test]
fn what_was_signed_for_a_member_that_is_down_is_delivered_once_when_it_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let (north, platform) = (Staff::of(&world.north), Staff::of(&world.platform));
    let began = Instant::now();
    let mut nodes = vec![start(&world.north)];
    let mut waiting = Vec::new();
    for number in 0..REQUESTS {
        waiting.push(north.request(number));
        // The wait is remembered: who is started again does not begin to knock anew.
        if number % 20 == 19 {
            let ended = stop(nodes.remove(0));
            let knocks = ended.error.matches("event=\"member-unreached\"").count();
            let most = 1 + began.elapsed().as_secs() / PAUSE_SECONDS_MIN;
            assert!(u64::try_from(knocks).unwrap() <= most, "{knocks} attempts");
            nodes.push(start(&world.north));
        }
    }
    let rows = north.first.rows("/v1/outbox").unwrap();
    assert_eq!(rows.len(), waiting.len());
    let shown = north.first.get("/v1/overview").unwrap();
    assert_eq!(shown["overview"]["undelivered"], REQUESTS);
    for (case, _) in &waiting {
        let shown = north.first.get(&format!("/v1/cases/{case}")).unwrap();
        assert_eq!(
            shown["case"]["row"]["delivery"], "waiting",
            "signed is not delivered"
        );
    }

    nodes.push(start(&world.platform));
    for times in 1..=waiting.len() {
        let delivered = nodes[0].wait_for_more("event=\"statement-delivered\"");
        delivered.unwrap_or_else(|trouble| panic!("{times}: {trouble}"));
    }
    assert_eq!(north.first.rows("/v1/outbox").unwrap().len(), 0);
    let cases = both_sides_agree(&north.first, &platform.first);
    assert_eq!(cases, waiting.len());
    let knocks = nodes.into_iter().map(|node| {
        let ended = stop(node);
        ended.error.matches("event=\"member-unreached\"").count()
    });
    let (knocks, most) = (
        knocks.sum::<usize>(),
        1 + began.elapsed().as_secs() / PAUSE_SECONDS_MIN,
    );
    assert!(u64::try_from(knocks).unwrap() <= most, "{knocks} attempts");

    let (ours, theirs) = (Log::read(&world.north), Log::read(&world.platform));
    for (log, kinds) in [(ours, &["offered", "sent"][..]), (theirs, &["received"])] {
        for kind in kinds {
            let records = log.by_statement(kind);
            assert_eq!(records.len(), waiting.len(), "{kind}");
            assert!(records.values().all(|count| *count == 1), "{kind}");
        }
    }
    verified(&world.north);
    verified(&world.platform);
}
