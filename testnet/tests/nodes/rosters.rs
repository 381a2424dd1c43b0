//! Members that come and go while nodes run. Every node reads its own copy of the papers, so that what it learns later
//! it has learned over the network.

use std::fs;
use std::path::Path;

use comity_testnet::federation::{Federation, Member};
use comity_testnet::process::Process;
use serde_json::Value;

use crate::support::acts::Staff;
use crate::support::desk::{Desk, No};
use crate::support::logs::{Log, verified};
use crate::support::world::{DOMAIN, refused, start, stop};

/// A hotline, a platform and another hotline, each with its own copy of the papers that are in force.
struct Three {
    federation: Federation,
    north: Member,
    platform: Member,
    south: Member,
}

impl Three {
    /// South is in the roster or not yet.
    fn found(folder: &Path, with_south: bool) -> Self {
        let federation = Federation::found(folder).unwrap();
        let north = federation.join("north", "hotline", "SE", "").unwrap();
        let owns = format!("--owns-domain {DOMAIN}");
        let platform = federation.join("platform", "platform", "IE", &owns);
        let platform = platform.unwrap();
        let south = federation.join("south", "hotline", "NL", "").unwrap();
        federation.admit(&[&north, &platform]).unwrap();
        if with_south {
            federation.admit(&[&south]).unwrap();
        }
        for member in [&north, &platform, &south] {
            own_papers(folder, member);
        }
        Self {
            federation,
            north,
            platform,
            south,
        }
    }

    /// Gives the papers of the governance to one node that runs.
    fn publish_at(&self, member: &Member) {
        let name = &member.name;
        let publish = format!("roster publish --federation federation --config {name}/comity.toml");
        self.federation.done(&publish).unwrap();
    }
}

/// A copy of the papers, as a member gets them.
fn own_papers(folder: &Path, member: &Member) {
    let copy = member.folder.join("papers");
    copy_folder(&folder.join("federation"), &copy);
    let config = member.folder.join("comity.toml");
    let text = fs::read_to_string(&config).unwrap();
    let lines = text.lines().map(|line| {
        if line.starts_with("federation = ") {
            "federation = \"papers\""
        } else {
            line
        }
    });
    let changed = lines.collect::<Vec<_>>().join("\n");
    assert_ne!(changed.trim(), text.trim());
    fs::write(&config, changed).unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}

fn roster_version(shown: &Value) -> u64 {
    shown["members"]["roster"]["version"].as_u64().unwrap()
}

/// Waits until the node goes by this roster, which it was told of by others.
#[track_caller]
fn learns(desk: &Desk, version: u64) {
    desk.until("/v1/members", |shown| {
        (roster_version(shown) == version).then_some(())
    });
}

fn delivered(node: &mut Process, statement: &str) {
    node.wait_for_more(&format!(
        "event=\"statement-delivered\" statement={statement}"
    ))
    .unwrap();
}

#[test]
fn a_member_removed_is_cut_off_at_once_everywhere_and_what_it_signed_stays() {
    let dir = tempfile::tempdir().unwrap();
    let three = Three::found(dir.path(), true);
    let mut north_node = start(&three.north);
    let mut platform_node = start(&three.platform);
    let mut south_node = start(&three.south);
    let staff = [&three.north, &three.platform, &three.south].map(Staff::of);
    let [north, platform, south] = &staff;

    // Everybody has an open connection to the platform, and the platform has said something.
    let (case, request) = north.request(1);
    delivered(&mut north_node, &request);
    let (_, of_south) = south.request(2);
    delivered(&mut south_node, &of_south);
    let accepted = platform.accept(&case).unwrap();
    delivered(&mut platform_node, &accepted);
    let drafted = north.draft(3).unwrap();

    three.federation.remove(&three.platform).unwrap();
    three.publish_at(&three.north);
    learns(&north.first, 3);
    // Nobody told South: it heard it from North.
    learns(&south.first, 3);

    // What it says now reaches nobody, on connections that were open.
    let removed = platform.removed(&case).unwrap();
    platform.first.until("/v1/outbox", |shown| {
        let row = &shown["outbox"]["rows"][0];
        assert_eq!(row["statement"], removed);
        (row["last"] == "not-admitted").then_some(())
    });
    let shown = north.first.get(&format!("/v1/cases/{case}")).unwrap();
    let said: Vec<&str> = shown["case"]["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["statement"].as_str().unwrap())
        .collect();
    assert_eq!(said, [&request, &accepted]);

    // Nobody says anything to it any more.
    assert_eq!(
        north.draft(4).map(|_| ()),
        Err(No::Refused("no-recipient".to_owned()))
    );
    assert_eq!(
        north.confirm(&[drafted.draft]).unwrap(),
        [Err("recipient-left".to_owned())]
    );

    // What it signed before stays what it was.
    for (staff, statement) in [(north, &accepted), (north, &request), (south, &of_south)] {
        staff
            .first
            .get(&format!("/v1/log/proofs/{statement}"))
            .unwrap();
    }
    for node in [north_node, platform_node, south_node] {
        stop(node);
    }
    for member in [&three.north, &three.platform, &three.south] {
        verified(member);
    }
    let received = Log::read(&three.north).by_statement("received");
    assert_eq!(received.keys().collect::<Vec<_>>(), [&accepted]);
}

#[test]
fn a_member_that_joins_is_known_to_nodes_that_run_and_works_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let three = Three::found(dir.path(), false);
    let mut north_node = start(&three.north);
    let platform_node = start(&three.platform);
    let [north, platform, south] = [&three.north, &three.platform, &three.south].map(Staff::of);
    let (_, request) = north.request(1);
    delivered(&mut north_node, &request);

    three.federation.admit(&[&three.south]).unwrap();
    three.publish_at(&three.platform);
    learns(&north.first, 2);
    // With the papers of before, in which it is not listed, it cannot begin; with the new ones it can.
    let early = Process::run(&mut three.south.command(&["run", "--json"]).unwrap()).unwrap();
    refused(&early, "log-not-listed");
    fs::remove_dir_all(three.south.folder.join("papers")).unwrap();
    copy_folder(
        &dir.path().join("federation"),
        &three.south.folder.join("papers"),
    );
    let mut south_node = start(&three.south);
    learns(&south.first, 2);

    let (case, request) = south.request(2);
    delivered(&mut south_node, &request);
    let accepted = platform.accept(&case).unwrap();
    south.first.until(&format!("/v1/cases/{case}"), |shown| {
        let events = shown["case"]["timeline"].as_array().unwrap();
        events
            .iter()
            .any(|event| event["statement"] == accepted)
            .then_some(())
    });
    for node in [north_node, platform_node, south_node] {
        stop(node);
    }
    for member in [&three.north, &three.platform, &three.south] {
        verified(member);
    }
}

#[test]
fn a_node_that_was_down_learns_the_newer_roster_when_it_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let three = Three::found(dir.path(), true);
    let north_node = start(&three.north);
    let platform_node = start(&three.platform);
    let [north, platform, south] = [&three.north, &three.platform, &three.south].map(Staff::of);
    stop(platform_node);

    three.federation.remove(&three.south).unwrap();
    three.publish_at(&three.north);
    learns(&north.first, 3);

    let platform_node = start(&three.platform);
    learns(&platform.first, 3);
    // And it goes by it: who was removed meanwhile is not let in.
    let south_node = start(&three.south);
    south.first.until("/v1/members", |shown| {
        (roster_version(shown) >= 2).then_some(())
    });
    let shown = platform.first.get("/v1/members").unwrap();
    let members = shown["members"]["members"].as_array().unwrap();
    assert!(members.iter().all(|member| member["id"] != "south.example"));
    let signed = south
        .draft(1)
        .and_then(|drafted| south.confirm(&[drafted.draft]));
    match signed.map(|signed| signed[0].clone()) {
        Ok(Ok(statement)) => south.first.until("/v1/outbox", |shown| {
            let row = &shown["outbox"]["rows"][0];
            assert_eq!(row["statement"], statement);
            (row["last"] == "not-admitted").then_some(())
        }),
        // It has learnt between the two steps that it is out.
        Ok(Err(code)) => assert_eq!(code, "not-a-member"),
        Err(_) => {}
    }
    for node in [north_node, platform_node, south_node] {
        stop(node);
    }
    let received = Log::read(&three.platform).by_statement("received");
    assert_eq!(received.len(), 0);
}
