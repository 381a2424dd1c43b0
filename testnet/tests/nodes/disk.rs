//! A disk that fails under a node that runs, and again under the one that is started after it.

use std::process::Command;

use comity_testnet::federation::Member;
use comity_testnet::process::Process;

use crate::support::acts::Staff;
use crate::support::world::{World, refused, start, stop};

/// `comity run`, whose syncs fail from the given one on: `strace` answers them with an error of the disk.
fn run_with_failing_syncs(member: &Member, from: u32) -> Process {
    let node = member.command(&["run", "--json"]).unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync"]);
    command.args(["-e", &format!("inject=fdatasync:error=EIO:when={from}+")]);
    command.arg(node.get_program()).args(node.get_args());
    for (name, value) in node.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Process::start(&mut command).unwrap()
}

#[test]
#[ignore = "needs strace: cargo xtask test --only disk"]
fn a_node_whose_disk_fails_says_so_and_ends_and_one_start_after_the_next_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    stop(start(&world.north));
    // It opens, works, and then the disk fails.
    let mut node = run_with_failing_syncs(&world.north, 25);
    node.wait_for("{").unwrap();
    let staff = Staff::of(&world.north);
    let mut acknowledged = Vec::new();
    for number in 1..200 {
        match staff.draft(number) {
            Ok(draft) => acknowledged.push(draft),
            Err(_) => break,
        }
    }
    assert!(acknowledged.len() < 199, "no sync failed");
    refused(&node.ended().unwrap(), "store-io");
    // A supervisor starts it again, twice, while the disk fails still.
    for _ in 0..2 {
        let node = run_with_failing_syncs(&world.north, 1);
        refused(&node.ended().unwrap(), "store-io");
    }
    let node = start(&world.north);
    assert!(!acknowledged.is_empty());
    for draft in &acknowledged {
        let mut confirmed = staff.confirm(std::slice::from_ref(&draft.draft)).unwrap();
        confirmed.remove(0).unwrap();
    }
    staff.request(1_000);
    stop(node);
}
