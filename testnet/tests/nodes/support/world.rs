//! A hotline and a platform, in one roster.

use std::path::Path;

use comity_testnet::federation::{Federation, Member};
use comity_testnet::process::{Ended, Process};

/// Below this domain everything is the platform's.
pub(crate) const DOMAIN: &str = "share.example";

pub(crate) struct World {
    pub(crate) north: Member,
    pub(crate) platform: Member,
}

impl World {
    pub(crate) fn found(folder: &Path) -> Self {
        let federation = Federation::found(folder).unwrap();
        let north = federation.join("north", "hotline", "SE", "").unwrap();
        let owns = format!("--owns-domain {DOMAIN}");
        let platform = federation
            .join("platform", "platform", "IE", &owns)
            .unwrap();
        federation.admit(&[&north, &platform]).unwrap();
        Self { north, platform }
    }
}

/// Starts a node, and waits until it is ready.
pub(crate) fn start(member: &Member) -> Process {
    let mut node = member.run().unwrap();
    node.wait_for("ready: ").unwrap();
    node
}

/// Tells a node to stop. It must end as one that stopped in order.
#[track_caller]
pub(crate) fn stop(node: Process) -> Ended {
    node.terminate().unwrap();
    ended_in_order(node)
}

/// It has been told to stop.
#[track_caller]
pub(crate) fn ended_in_order(node: Process) -> Ended {
    let ended = node.ended().unwrap();
    assert_eq!(
        (ended.code, ended.signal),
        (Some(0), None),
        "{}",
        ended.error
    );
    ended
}

/// Kills a node that was running.
#[track_caller]
pub(crate) fn kill(node: Process) -> Ended {
    let ended = node.kill().unwrap();
    assert_eq!(
        ended.signal,
        Some(9),
        "it had ended by itself: {}",
        ended.error
    );
    ended
}

/// A command that must be refused with this code, as an object on standard error and nothing on standard output.
#[track_caller]
pub(crate) fn refused(ended: &Ended, code: &str) {
    assert_ne!(ended.code, Some(0), "{}", ended.output);
    let said = ended
        .error
        .find('{')
        .map(|at| &ended.error[at..])
        .unwrap_or_default();
    let said: serde_json::Value = serde_json::from_str(said).unwrap_or_default();
    assert_eq!(said["error"]["code"], code, "{}", ended.error);
    for field in ["message", "next"] {
        assert!(
            said["error"][field]
                .as_str()
                .is_some_and(|text| text.len() > 10),
            "{}",
            ended.error
        );
    }
}
