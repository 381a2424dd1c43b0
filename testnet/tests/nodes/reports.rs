//! Reports of a running node: every form of them, what proves them, and public figures.

use std::fs;
use std::path::Path;

use comity_testnet::binary;
use comity_testnet::federation::Member;
use comity_testnet::process::{Ended, Process};

use crate::support::acts::Staff;
use crate::support::world::{World, start, stop};

#[test]
fn a_report_has_five_forms_and_is_proven_without_the_node() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let nodes = [start(&world.north), start(&world.platform)];
    let nodes = busy_morning(&world, nodes);
    let out = |name: &str| dir.path().join(name).to_string_lossy().into_owned();

    let table = asks(&world.north, "--by member,urgency");
    assert!(
        table.output.contains("first-human-answer"),
        "{}",
        table.output
    );
    for (form, beginning) in [
        ("json", &b"{"[..]),
        ("csv", b"sort,member,clock,"),
        ("parquet", b"PAR1"),
        ("html", b"<!doctype html>"),
    ] {
        let file = out(form);
        asks(
            &world.north,
            &format!("--by member --format {form} --out {file}"),
        );
        let bytes = fs::read(&file).unwrap();
        assert!(bytes.starts_with(beginning), "{form}");
    }

    let proofs = out("proofs");
    asks(&world.north, &format!("--by member --proofs {proofs}"));
    let public = runs(&world.north, "report transparency");
    assert!(
        public.output.contains("too few to tell"),
        "{}",
        public.output
    );
    for node in nodes {
        stop(node);
    }

    let check = || {
        let mut command = binary::command(&["report", "check", &proofs]).unwrap();
        Process::run(&mut command).unwrap()
    };
    assert_eq!(check().code, Some(0), "{}", check().error);
    let report = Path::new(&proofs).join("report.json");
    let text = fs::read_to_string(&report).unwrap();
    // Somebody makes an answer faster than the records say.
    let faster = text.replacen("\"p50_ms\": ", "\"p50_ms\": 1", 1);
    assert_ne!(text, faster);
    fs::write(&report, faster).unwrap();
    assert_eq!(check().code, Some(4), "{}", check().output);
    fs::write(&report, text).unwrap();
    assert_eq!(check().code, Some(0));
    let leaf = fs::read_dir(Path::new(&proofs).join("records"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "leaf"))
        .unwrap();
    let mut bytes = fs::read(&leaf).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&leaf, bytes).unwrap();
    assert_eq!(check().code, Some(4), "{}", check().output);
}

/// Five requests, of which three are answered.
fn busy_morning(world: &World, mut nodes: [Process; 2]) -> [Process; 2] {
    let (north, platform) = (Staff::of(&world.north), Staff::of(&world.platform));
    let cases: Vec<String> = (0..5).map(|number| north.request(number).0).collect();
    for _ in &cases {
        nodes[0]
            .wait_for_more("event=\"statement-delivered\"")
            .unwrap();
    }
    for case in &cases[..3] {
        platform.look(case).unwrap();
        platform.accept(case).unwrap();
        platform.removed(case).unwrap();
    }
    for _ in 0..6 {
        nodes[1]
            .wait_for_more("event=\"statement-delivered\"")
            .unwrap();
    }
    nodes
}

fn asks(member: &Member, words: &str) -> Ended {
    let ended = runs(member, &format!("report response-times {words}"));
    assert_eq!(ended.code, Some(0), "{words}: {}", ended.error);
    ended
}

fn runs(member: &Member, words: &str) -> Ended {
    let words: Vec<_> = words.split(' ').collect();
    Process::run(&mut member.command(&words).unwrap()).unwrap()
}
