//! Logs that we made, before a verifier that we did not write: the library that checks Go's own modules. First logs that
//! are made for it, of every size and with every fault; then those that nodes have written. And a report in Parquet, before DuckDB.
//!
//! `cargo xtask test --only interop` installs Go and Python where it may, builds the verifier and runs these.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use comity_log::hash::leaf_hash;
use comity_report::parquet::parquet;
use comity_report::sheet::{Cell, Holds, Sheet};
use comity_testnet::binary;
use comity_testnet::foreign::Language;
use comity_testnet::process::Process;
use comity_testnet::tiles::Log;
use comity_testnet::verifier::{Verdict, verify};
use data_encoding::{BASE64, HEXLOWER};
use tempfile::TempDir;

use crate::support::killed::story;
use crate::support::world::World;

#[path = "nodes/support/mod.rs"]
#[allow(dead_code, reason = "the tests of nodes use the rest of it")]
mod support;

fn written(log: &Log) -> (TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let root = log.write(dir.path()).unwrap();
    (dir, root)
}

/// Below the folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

fn flip(path: &Path, place: usize, bits: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= bits;
    fs::write(path, bytes).unwrap();
}

#[track_caller]
fn accepted(folder: &Path) -> serde_json::Value {
    match verify(folder).unwrap() {
        Verdict::Accepted(answer) => answer,
        Verdict::Refused(code) => panic!("refused: {code}"),
    }
}

/// Sizes at which tiles begin, end, and get a level more.
#[test]
#[ignore = "needs Go: cargo xtask test --only interop"]
fn a_log_of_any_size_is_accepted_with_its_root() {
    let check = |size: u64, inclusion: u64, consistent_with: &[u64]| {
        let (dir, root) = written(&Log::of_size(size));
        let answer = accepted(dir.path());
        assert_eq!(answer["root"], root, "{size}");
        assert_eq!(answer["size"], size);
        assert_eq!(answer["records"], size);
        assert_eq!(answer["inclusion_proofs"], inclusion);
        assert_eq!(
            answer["consistent_with_sizes"],
            serde_json::json!(consistent_with)
        );
        assert_eq!(answer["files"], files(dir.path()).len());
        assert!(
            answer["origin"]
                .as_str()
                .unwrap()
                .ends_with("/north.example/1")
        );
    };
    check(1, 1, &[]);
    check(2, 2, &[1]);
    check(3, 3, &[1, 2]);
    check(255, 255, &[1, 2, 3, 85, 127, 254]);
    check(256, 256, &[1, 2, 3, 85, 128, 255]);
    check(257, 257, &[1, 2, 3, 85, 128, 255, 256]);
    check(1_000, 1_000, &[1, 2, 3, 255, 256, 257, 333, 500, 999]);
    let of_70_000 = [
        1, 2, 3, 255, 256, 257, 23_333, 35_000, 65_535, 65_536, 65_537, 69_999,
    ];
    check(70_000, 2_001, &of_70_000);
}

#[test]
#[ignore = "needs Go: cargo xtask test --only interop"]
fn tiles_of_an_older_tree_may_stay_if_they_are_its_beginning() {
    let log = Log {
        keeps_older_tiles: true,
        ..Log::of_size(2_500)
    };
    let (dir, _) = written(&log);
    let older = dir.path().join("tile/0/003.p/232");
    assert!(older.is_file() && dir.path().join("tile/0/003").is_file());
    accepted(dir.path());
    flip(&older, 0, 1);
    assert_eq!(
        verify(dir.path()).unwrap(),
        Verdict::Refused("tile-older".to_owned())
    );
}

/// Every byte of every file: checkpoint, key, tiles, records. Two bits of each, the lowest and the one that makes
/// upper case of lower case, which readers of text forgive most easily.
#[test]
#[ignore = "needs Go: cargo xtask test --only interop"]
fn no_byte_of_a_small_log_can_be_flipped() {
    let (dir, _) = written(&Log::of_size(3));
    let mut flipped = 0;
    for path in files(dir.path()) {
        for place in 0..fs::read(&path).unwrap().len() {
            for bits in [1, 0x20] {
                flip(&path, place, bits);
                let verdict = verify(dir.path()).unwrap();
                let refused = matches!(verdict, Verdict::Refused(_));
                assert!(
                    refused,
                    "byte {place} of {} flipped by {bits}",
                    path.display()
                );
                flip(&path, place, bits);
                flipped += 1;
            }
        }
    }
    assert!(flipped > 700, "{flipped}");
    accepted(dir.path());
}

#[test]
#[ignore = "needs Go: cargo xtask test --only interop"]
fn no_file_of_a_long_log_can_be_changed_cut_lengthened_or_lost() {
    let (dir, _) = written(&Log::of_size(70_000));
    let all = files(dir.path());
    // Of the many full tiles, a few; of everything else, all.
    let chosen = all.iter().enumerate().filter(|(number, path)| {
        number % 100 == 0
            || path.to_string_lossy().contains(".p/")
            || path.parent() == Some(dir.path())
    });
    let mut tried = 0;
    for (_, path) in chosen {
        let bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        let mut longer = bytes.clone();
        longer.push(b'\n');
        let mut flipped = bytes.clone();
        flipped[middle] ^= 1;
        for changed in [
            Some(flipped),
            Some(bytes[..middle].to_vec()),
            Some(longer),
            None,
        ] {
            match &changed {
                Some(changed) => fs::write(path, changed).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
            let verdict = verify(dir.path()).unwrap();
            let left = changed.map(|changed| changed.len());
            assert!(
                matches!(verdict, Verdict::Refused(_)),
                "{} with {left:?} bytes",
                path.display()
            );
            tried += 1;
        }
        fs::write(path, bytes).unwrap();
    }
    assert!(tried >= 40, "{tried}");
    accepted(dir.path());
}

#[test]
#[ignore = "needs Go: cargo xtask test --only interop"]
fn each_way_to_be_refused_has_its_code() {
    #[track_caller]
    fn check(size: u64, change: &dyn Fn(&Path), expected: &str) {
        let (dir, _) = written(&Log::of_size(size));
        accepted(dir.path());
        change(dir.path());
        let found = verify(dir.path()).unwrap();
        assert_eq!(found, Verdict::Refused(expected.to_owned()));
    }
    let text = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let instead = |name: &'static str, from: Log| {
        move |folder: &Path| {
            let (other, _) = written(&from);
            fs::copy(other.path().join(name), folder.join(name)).unwrap();
        }
    };
    let of_another_key = Log {
        key_seed: 2,
        ..Log::of_size(300)
    };
    let of_another_member = Log {
        member: "south.example",
        ..Log::of_size(300)
    };

    // The key and the head.
    check(
        300,
        &instead("vkey", of_another_key.clone()),
        "checkpoint-signature",
    );
    check(
        300,
        &instead("vkey", of_another_member.clone()),
        "checkpoint-signature",
    );
    check(
        300,
        &instead("checkpoint", of_another_key),
        "checkpoint-signature",
    );
    check(
        300,
        &instead("checkpoint", of_another_member),
        "checkpoint-signature",
    );
    let edited = |from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let changed = text(folder, "checkpoint").replacen(from, to, 1);
            fs::write(folder.join("checkpoint"), changed).unwrap();
        }
    };
    check(300, &edited("\n300\n", "\n299\n"), "checkpoint-signature");
    check(
        300,
        &edited("\n\n", "\nextension\n\n"),
        "checkpoint-signature",
    );
    check(
        300,
        &|folder: &Path| fs::write(folder.join("vkey"), "north.example\n").unwrap(),
        "vkey",
    );
    check(
        300,
        &|folder: &Path| {
            fs::write(folder.join("vkey"), text(folder, "vkey").to_uppercase()).unwrap()
        },
        "vkey",
    );

    // A head that was signed, of another tree than the one that is here.
    check(
        300,
        &instead("checkpoint", Log::of_size(299)),
        "file-missing",
    );
    check(
        300,
        &instead("checkpoint", Log::of_size(301)),
        "file-missing",
    );

    // Tiles and records.
    let remove =
        |name: &'static str| move |folder: &Path| fs::remove_file(folder.join(name)).unwrap();
    check(300, &remove("checkpoint"), "file-missing");
    check(300, &remove("vkey"), "file-missing");
    check(300, &remove("tile/0/000"), "file-missing");
    check(300, &remove("tile/1/000.p/1"), "file-missing");
    check(300, &remove("tile/entries/001.p/44"), "file-missing");
    check(
        300,
        &|folder: &Path| flip(&folder.join("tile/0/000"), 5_000, 1),
        "tile",
    );
    check(
        300,
        &|folder: &Path| flip(&folder.join("tile/1/000.p/1"), 0, 1),
        "tile",
    );
    check(
        300,
        &|folder: &Path| fs::write(folder.join("tile/0/000"), [0; 32]).unwrap(),
        "tile-length",
    );
    check(
        300,
        &|folder: &Path| flip(&folder.join("tile/entries/000"), 4, 1),
        "record",
    );
    check(
        300,
        &|folder: &Path| fs::write(folder.join("tile/entries/000"), [0, 1]).unwrap(),
        "entries-form",
    );
    check(
        300,
        &|folder: &Path| fs::write(folder.join("tile/entries/000"), [0]).unwrap(),
        "entries-form",
    );
    let lengthened = |folder: &Path| {
        let path = folder.join("tile/entries/000");
        fs::write(&path, [fs::read(&path).unwrap(), vec![0, 0]].concat()).unwrap();
    };
    check(300, &lengthened, "entries-form");

    // A forged record whose hash was put into its tile as well: only the root tells.
    let forged = |folder: &Path| {
        let record = folder.join("tile/entries/000");
        let tile = folder.join("tile/0/000");
        flip(&record, 4, 1);
        let records = fs::read(&record).unwrap();
        let length = usize::from(u16::from_be_bytes([records[0], records[1]]));
        let mut hashes = fs::read(&tile).unwrap();
        hashes[..32].copy_from_slice(leaf_hash(&records[2..2 + length]).as_bytes());
        fs::write(&tile, hashes).unwrap();
    };
    check(300, &forged, "record");

    // What does not belong here.
    let add =
        |name: &'static str| move |folder: &Path| fs::write(folder.join(name), [0; 32]).unwrap();
    check(300, &add("notes.txt"), "file-unknown");
    check(300, &add("tile/0/002"), "file-unknown");
    check(300, &add("tile/0/001.p/45"), "file-unknown");
    check(300, &add("tile/0/001.p/044"), "file-unknown");
    check(300, &add("tile/0/001.p/1"), "tile-older");
    check(300, &add("tile/0/001.p/2"), "tile-length");
    check(300, &add("tile/entries/001.p/1"), "entries-form");
}

#[test]
#[ignore = "needs Go: cargo xtask test --only interop"]
fn a_folder_that_is_not_there_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Verdict::Refused("file-missing".to_owned());
    assert_eq!(verify(dir.path()).unwrap(), missing);
    assert_eq!(verify(&dir.path().join("nowhere")).unwrap(), missing);
}

/// What a node, or the demo, has in this data directory, as others get it. The configuration says where the storage key
/// is, if it is not beside the data.
fn exported(data: &Path, config: Option<&Path>, to: &Path) -> serde_json::Value {
    let mut command = binary::command(&["log", "export"]).unwrap();
    command.arg("--data").arg(data).arg("--to").arg(to);
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    let ended = Process::run(&mut command).unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    accepted(to)
}

#[test]
#[ignore = "needs Go: cargo xtask test --only interop"]
fn the_logs_of_the_demo_are_accepted_as_they_are_and_not_with_one_byte_changed() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut command = binary::command(&["demo", "--once", "--json", "--data"]).unwrap();
    let ended = Process::run(command.arg(&data)).unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    let shown: serde_json::Value = serde_json::from_str(&ended.output).unwrap();
    let members = shown["members"].as_array().unwrap();
    assert_eq!(members.len(), 4);
    for member in members {
        let id = member["id"].as_str().unwrap();
        let folder = dir.path().join(id);
        let answer = exported(&data.join(id), None, &folder);
        assert_eq!(answer["origin"], member["origin"]);
        assert_eq!(answer["size"], member["log_size"]);
        let root = member["root"].as_str().unwrap().as_bytes();
        let root = BASE64.encode(&HEXLOWER.decode(root).unwrap());
        assert_eq!(answer["root"], root);
        for path in files(&folder) {
            let middle = fs::read(&path).unwrap().len() / 2;
            flip(&path, middle, 1);
            let verdict = verify(&folder).unwrap();
            assert!(
                matches!(verdict, Verdict::Refused(_)),
                "{} of {id}",
                path.display()
            );
            flip(&path, middle, 1);
        }
        accepted(&folder);
    }
}

#[test]
#[ignore = "needs Go: cargo xtask test --only interop"]
fn the_logs_of_nodes_that_were_killed_while_people_worked_are_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let after = story(&world, 24, 7);
    assert!(after.statements > 0);
    for member in [&world.north, &world.platform] {
        let config = member.folder.join("comity.toml");
        let to = dir.path().join(format!("{}-log", member.name));
        let answer = exported(&member.data(), Some(&config), &to);
        assert!(answer["size"].as_u64().unwrap() > 24);
    }
}

// ---- Parquet

/// What a report is written to, read by a database that others wrote.
#[test]
#[ignore = "needs Python: cargo xtask test --only interop"]
fn duckdb_reads_every_cell_of_a_report_in_parquet() {
    check_parquet(&Sheet {
        columns: vec![
            ("step".to_owned(), Holds::Text),
            ("count".to_owned(), Holds::Number),
        ],
        lines: vec![
            vec![
                Cell::Text("grüße, \"all\"".to_owned()),
                Cell::Number(u64::MAX),
            ],
            vec![Cell::Empty, Cell::Empty],
            vec![Cell::Text(String::new()), Cell::Number(0)],
        ],
    });
    // More lines than fit into one vector of a reader, and lengths of several bytes.
    let cell = |line: u64, column: u64| match (line * 7 + column) % 5 {
        0 => Cell::Empty,
        _ if column < 4 => Cell::Text(format!("{column} of {line}")),
        _ => Cell::Number(line * column),
    };
    check_parquet(&Sheet {
        columns: (0..24)
            .map(|n| {
                (
                    format!("c{n}"),
                    if n < 4 { Holds::Text } else { Holds::Number },
                )
            })
            .collect(),
        lines: (0..5_000)
            .map(|line| (0..24).map(|column| cell(line, column)).collect())
            .collect(),
    });
}

fn check_parquet(sheet: &Sheet) {
    let dir = tempfile::tempdir().unwrap();
    let (file, expected) = (
        dir.path().join("report.parquet"),
        dir.path().join("expected"),
    );
    fs::write(&file, parquet(sheet)).unwrap();
    let columns = sheet.columns.iter().map(|(name, holds)| match holds {
        Holds::Text => serde_json::json!([name, "text"]),
        Holds::Number => serde_json::json!([name, "number"]),
    });
    let cells = |line: &Vec<Cell>| -> Vec<serde_json::Value> {
        let cell = |cell: &Cell| match cell {
            Cell::Empty => serde_json::Value::Null,
            Cell::Text(text) => text.as_str().into(),
            Cell::Number(number) => (*number).into(),
        };
        line.iter().map(cell).collect()
    };
    let wanted = serde_json::json!({
        "columns": columns.collect::<Vec<_>>(),
        "lines": sheet.lines.iter().map(cells).collect::<Vec<_>>(),
    });
    fs::write(&expected, wanted.to_string()).unwrap();
    let (folder, _) = Language::Python.sources();
    let asks = |file: &Path| {
        let mut command = Command::new(env::var_os(Language::Python.variable()).unwrap());
        command
            .arg(folder.join("parquet.py"))
            .arg(file)
            .arg(&expected);
        Process::run(&mut command).unwrap()
    };
    let ended = asks(&file);
    assert_eq!(ended.code, Some(0), "{} {}", ended.output, ended.error);
    // It does look: with one line less it says so.
    let fewer = Sheet {
        columns: sheet.columns.clone(),
        lines: sheet.lines[1..].to_vec(),
    };
    fs::write(&file, parquet(&fewer)).unwrap();
    assert_eq!(asks(&file).code, Some(1));
}
