//! `comity demo`: what a new user types first, and what a program reads of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use comity_testnet::binary;
use comity_testnet::client::Client;
use comity_testnet::process::{Ended, Process};
use serde_json::Value;

use crate::support::acts::reports_of;
use crate::support::world::{ended_in_order, refused};

const MEMBERS: [&str; 4] = [
    "north.example",
    "south.example",
    "platform.example",
    "regulator.example",
];

fn command(arguments: &[&str]) -> Ended {
    Process::run(&mut binary::command(arguments).unwrap()).unwrap()
}

/// `demo --once --json` and more, which must end well.
#[track_caller]
fn demo(more: &[&str]) -> Value {
    let ended = command(&[&["demo", "--once", "--json"], more].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    assert!(!ended.error.is_empty(), "no progress was shown");
    // Nothing but one object.
    let shown: Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!(shown["verified"], true);
    assert_eq!(shown["problems"], serde_json::json!([]));
    shown
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn sum_of(counts: &Value) -> u64 {
    let counts = counts.as_object().unwrap().values();
    counts.map(|count| count.as_u64().unwrap()).sum()
}

#[test]
fn the_shipped_samples_are_played_to_the_end_and_all_of_it_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let shown = demo(&["--data", text(&data)]);

    let keys: BTreeSet<&str> = shown
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for key in [
        "members",
        "items",
        "cases",
        "response_times",
        "verified",
        "simulated",
        "input",
    ] {
        assert!(keys.contains(key), "{key}");
    }
    let ids: Vec<&str> = rows(&shown["members"])
        .iter()
        .map(|member| member["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, MEMBERS);
    for member in rows(&shown["members"]) {
        let id = member["id"].as_str().unwrap();
        let origin = member["origin"].as_str().unwrap();
        assert!(origin.ends_with(&format!("/{id}/1")), "{origin}");
        assert_eq!(member["root"].as_str().unwrap().len(), 64);
        assert!(member["log_size"].as_u64().unwrap() > 1);
        for count in ["statements_in", "statements_out", "receipts", "refusals"] {
            assert!(member[count].is_u64(), "{id}: {count}");
        }
        assert_eq!(member["statements_out"], member["receipts"], "{id}");
    }
    let both = |name: &str| -> u64 {
        let counts = rows(&shown["members"]).iter();
        counts.map(|member| member[name].as_u64().unwrap()).sum()
    };
    assert_eq!(both("statements_in"), both("statements_out"));

    let input = &shown["input"];
    assert!(input["accepted"].as_u64().unwrap() > 0);
    assert_eq!(input["read"], input["accepted"]);
    assert_eq!(input["rejected"], serde_json::json!([]));
    assert_eq!(sum_of(&shown["items"]), input["accepted"].as_u64().unwrap());
    assert_eq!(shown["cases"]["agree"], shown["cases"]["total"]);
    assert!(!rows(&shown["response_times"]).is_empty());
    for row in rows(&shown["response_times"]) {
        for name in ["clock", "step", "count", "p50_ms", "p95_ms", "max_ms"] {
            assert!(row.get(name).is_some(), "{name}: {row}");
        }
        assert_eq!(row["count"] == 0, row["max_ms"].is_null(), "{row}");
    }
    assert!(shown["simulated"]["what"].is_string());

    // What stays: the papers, and each member's data, which others can read.
    for paper in ["federation/charters/1.cbor", "federation/rosters/1.cbor"] {
        assert!(data.join(paper).is_file(), "{paper}");
    }
    for member in rows(&shown["members"]) {
        let folder = data.join(member["id"].as_str().unwrap());
        let verified = command(&["log", "verify", "--json", "--data", text(&folder)]);
        assert_eq!(verified.code, Some(0), "{}", verified.error);
        let to = dir.path().join(member["id"].as_str().unwrap());
        let export = ["log", "export", "--data", text(&folder), "--to", text(&to)];
        assert_eq!(command(&export).code, Some(0));
        for name in ["checkpoint", "vkey", "tile/0", "tile/entries"] {
            assert!(to.join(name).exists(), "{name}");
        }
        let checkpoint = fs::read_to_string(to.join("checkpoint")).unwrap();
        let mut lines = checkpoint.lines();
        assert_eq!(lines.next(), member["origin"].as_str());
        assert_eq!(lines.next(), Some(&*member["log_size"].to_string()));
    }

    // It overwrites nothing.
    let again = command(&["demo", "--once", "--json", "--data", text(&data)]);
    refused(&again, "folder-not-empty");
    assert_eq!(again.output, "");
}

#[test]
fn bad_lines_are_listed_and_the_others_are_played() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("reports.csv");
    let mut lines = reports_of(1, 3);
    lines += "no date,1-4,https://files.share.example/1/4,IE,192.0.2.201,,National CSAM,,,ReportedToISP,\n";
    lines += &reports_of(2, 2)
        .lines()
        .skip(1)
        .fold(String::new(), |text, line| text + line + "\n");
    fs::write(&table, lines).unwrap();
    let objects = dir.path().join("reports.jsonl");
    let sample = samples().join("hotline.xarf.jsonl");
    let sample = fs::read_to_string(sample).unwrap();
    let good: Vec<&str> = sample.lines().take(3).collect();
    fs::write(
        &objects,
        format!("{}\n{{\"half\": \n{}\n{}\n", good[0], good[1], good[2]),
    )
    .unwrap();

    let shown = demo(&["--input", text(&table), "--input", text(&objects)]);
    let input = &shown["input"];
    assert_eq!(
        (&input["read"], &input["accepted"]),
        (&10.into(), &8.into()),
        "{input}"
    );
    assert_eq!(sum_of(&shown["items"]), 8);
    let rejected: Vec<(&str, u64)> = rows(&input["rejected"])
        .iter()
        .map(|row| {
            for name in ["code", "message"] {
                assert!(
                    row[name].as_str().is_some_and(|text| !text.is_empty()),
                    "{row}"
                );
            }
            (row["file"].as_str().unwrap(), row["line"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(rejected, [("reports.csv", 5), ("reports.jsonl", 2)]);
}

#[test]
fn input_that_cannot_be_played_is_refused_before_anything_begins() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| -> PathBuf {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let check = |path: &Path, code: &str| {
        let data = dir.path().join("data");
        let ended = command(&[
            "demo",
            "--once",
            "--json",
            "--input",
            text(path),
            "--data",
            text(&data),
        ]);
        refused(&ended, code);
        assert_eq!(ended.output, "");
        assert!(!data.exists(), "{code}: something was begun");
    };
    check(&dir.path().join("nowhere.csv"), "file-not-found");
    check(dir.path(), "file-error");
    check(&file("empty.csv", b""), "no-reports");
    check(&file("junk.jsonl", b"neither\nnor\n"), "no-reports");
    check(&file("binary.csv", &[0xff; 64]), "no-reports");
}

#[test]
fn a_demo_that_stays_says_where_to_look_answers_there_and_ends_on_ctrl_c() {
    let mut command = binary::command(&["demo"]).unwrap();
    let mut demo = Process::start(&mut command).unwrap();
    let said = demo.wait_for("README.md goes through it").unwrap();
    assert!(said.contains("Ctrl-C"), "{said}");

    let mut seen = BTreeSet::new();
    for _ in MEMBERS {
        let console = demo.wait_for_more(" http://127.0.0.1:").unwrap();
        let (_, address) = console.split_once("http://").unwrap();
        let token = demo.wait_for_more(" token ").unwrap();
        let (_, token) = token.split_once(" token ").unwrap();
        let address = address.parse().unwrap();
        let client = Client::new(address, token).unwrap();
        let shown = client.get("/v1/overview").unwrap().json().unwrap();
        seen.insert(shown["overview"]["me"].as_str().unwrap().to_owned());
        let stranger = Client::new(address, &"0".repeat(64)).unwrap();
        assert_eq!(stranger.get("/v1/overview").unwrap().status, 401);
    }
    assert_eq!(seen, MEMBERS.map(str::to_owned).into());

    demo.interrupt().unwrap();
    let ended = ended_in_order(demo);
    assert!(ended.output.contains("Verified: "), "{}", ended.output);
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../node/samples")
}
