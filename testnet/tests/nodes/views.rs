//! The views may be deleted at any time: what people see afterwards is what they saw before.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use comity_testnet::federation::Member;
use comity_testnet::process::Process;
use serde_json::Value;

use crate::support::acts::Staff;
use crate::support::desk::Desk;
use crate::support::random::Random;
use crate::support::world::{World, start, stop};

#[test]
fn views_that_are_gone_garbled_or_cut_are_made_again_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    busy_day(&world);

    let mut random = Random(7);
    let members = [&world.north, &world.platform];
    let before = members.map(|member| shown(member, false));
    let check = |name: &str, damage: &mut dyn FnMut(&Path)| {
        for (member, before) in members.into_iter().zip(&before) {
            damage(&member.data().join("views"));
            let after = shown(member, true);
            for (path, before) in before {
                assert_eq!(after[path], *before, "{name}: {path} of {}", member.name);
            }
            assert_eq!(after.len(), before.len());
        }
    };
    check("deleted", &mut |views| fs::remove_dir_all(views).unwrap());
    check("emptied", &mut |views| {
        fs::remove_dir_all(views).unwrap();
        fs::create_dir(views).unwrap();
    });
    check("files emptied", &mut |views| {
        each_file(views, |_| Vec::new())
    });
    check("files cut", &mut |views| {
        each_file(views, |bytes| bytes[..bytes.len() / 2].to_vec());
    });
    check("files garbled", &mut |views| {
        each_file(views, |bytes| {
            bytes
                .iter()
                .map(|_| random.next().to_le_bytes()[0])
                .collect()
        });
    });
    let mut random = Random(8);
    check("every hundredth byte garbled", &mut |views| {
        each_file(views, |mut bytes| {
            for byte in bytes.iter_mut().step_by(100) {
                *byte ^= random.next().to_le_bytes()[0] | 1;
            }
            bytes
        });
    });
}

/// Requests delivered and answered, some waiting for review, some signed and not delivered, some reports.
fn busy_day(world: &World) {
    let (north, platform) = (Staff::of(&world.north), Staff::of(&world.platform));
    let mut nodes = [start(&world.north), start(&world.platform)];
    let cases: Vec<String> = (0..5).map(|number| north.request(number).0).collect();
    let news = |node: &mut Process, part: &str, times| {
        for _ in 0..times {
            node.wait_for_more(part).unwrap();
        }
    };
    news(&mut nodes[0], "event=\"statement-delivered\"", cases.len());
    for case in &cases[..3] {
        platform.look(case).unwrap();
        platform.accept(case).unwrap();
        platform.removed(case).unwrap();
    }
    news(&mut nodes[1], "event=\"statement-delivered\"", 6);
    north.draft(100).unwrap();
    north.import(1, 4).unwrap();
    let [north_node, platform_node] = nodes;
    stop(platform_node);
    north.request(101);
    stop(north_node);
}

/// Everything that the API shows, with the node started for it alone and stopped again.
fn shown(member: &Member, made_again: bool) -> BTreeMap<String, Value> {
    let node = start(member);
    let desk = Staff::of(member).second;
    let mut pages = BTreeMap::new();
    for path in [
        "/v1/cases",
        "/v1/cases?open=true",
        "/v1/cases?direction=in",
        "/v1/drafts",
        "/v1/items",
        "/v1/outbox",
        "/v1/overview",
        "/v1/members",
        "/v1/reports/response-times",
    ] {
        keep(&desk, path.to_owned(), &mut pages);
    }
    for row in desk.rows("/v1/cases").unwrap() {
        let case = row["case"].as_str().unwrap();
        keep(&desk, format!("/v1/cases/{case}"), &mut pages);
        let shown = desk.get(&format!("/v1/cases/{case}")).unwrap();
        for event in shown["case"]["timeline"].as_array().unwrap() {
            let statement = event["statement"].as_str().unwrap();
            let proof = desk.get(&format!("/v1/log/proofs/{statement}"));
            let leaf = proof.map_or_else(
                |no| Value::from(format!("{no:?}")),
                |shown| shown["proof"]["leaf"].clone(),
            );
            pages.insert(format!("leaf of {statement}"), leaf);
        }
    }
    let ended = stop(node);
    let rebuilt = ended.error.contains("event=\"views-rebuilt\"");
    assert_eq!(rebuilt, made_again, "{}", ended.error);
    pages
}

/// Without what tells the time or an attempt of this very moment.
fn keep(desk: &Desk, path: String, pages: &mut BTreeMap<String, Value>) {
    let mut page = desk.get(&path).unwrap();
    if path == "/v1/overview" {
        page["overview"]["now"] = Value::Null;
    }
    if path == "/v1/outbox" {
        for row in page["outbox"]["rows"].as_array_mut().unwrap() {
            for name in ["due_at", "last", "attempts"] {
                row[name] = Value::Null;
            }
        }
    }
    pages.insert(path, page);
}

fn each_file(folder: &Path, change: impl FnMut(Vec<u8>) -> Vec<u8>) {
    let mut change = change;
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let changed = change(fs::read(&path).unwrap());
                fs::write(&path, changed).unwrap();
            }
        }
    }
}
