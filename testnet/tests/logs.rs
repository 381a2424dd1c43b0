//! Logs that a node wrote, before verifiers that we did not write: the library that checks Go's own modules, and four of
//! Python's. Of 1,000 records and of 100,000. What a library accepts it must also refuse, once a byte is another.
//!
//! `cargo xtask test --only interop` installs what they need where it may, and runs these.
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

use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::cosignature;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_testkit::federation::NOW_MS;
use comity_testnet::binary;
use comity_testnet::foreign::Language;
use comity_testnet::process::Process;
use comity_testnet::verifier::{Verdict, verify};
use serde_json::Value;
use tempfile::TempDir;

use crate::written::{Written, log_of};

#[path = "logs/written.rs"]
mod written;

const LIBRARIES: [&str; 4] = ["tlog-scales", "sigstore", "scitt-cose", "pycose"];

/// What the verifiers get: the exported log, proofs, a cosigned head. `verifiers.py` says which file is what.
struct Shown {
    dir: TempDir,
    records: Vec<u64>,
    grown_from: Vec<u64>,
}

impl Shown {
    /// Has a node write a log of so many records, stops it, and takes from its data what others are shown.
    fn of_size(size: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let written = log_of(size, dir.path());
        let mut records = vec![0, 1, 2, 255, 256, 257, size / 2, size - 2, size - 1];
        let mut grown_from = vec![1, 2, 255, 256, 257, size / 3, size / 2, size - 1];
        records.sort_unstable();
        grown_from.sort_unstable();
        let shown = Self {
            dir,
            records,
            grown_from,
        };
        comity(
            &["log", "export", "--data"],
            &written.data,
            &["--to"],
            &shown.log(),
        );
        shown.prove(&written);
        shown.cosign(&written);
        fs::write(shown.path("receipt"), &written.first_receipt).unwrap();
        shown
    }

    /// From the folder, and the first of each sort from the data itself: that must be the very same.
    fn prove(&self, written: &Written) {
        let key = written.log_key.display().to_string();
        for (folder, option, numbers) in [
            ("record", "--index", &self.records),
            ("grown", "--consistency", &self.grown_from),
        ] {
            fs::create_dir(self.path(folder)).unwrap();
            let prove = |number: u64, from: &str, source: &Path, to: &Path| {
                let number = number.to_string();
                let words = ["log", "prove", option, &number, "--log-key", &key, from];
                comity(&words, source, &["--out"], to);
            };
            for number in numbers {
                let to = self.path(folder).join(number.to_string());
                prove(*number, "--from", &self.log(), &to);
            }
            let again = self.path("again");
            prove(numbers[0], "--data", &written.data, &again);
            for ending in ["", ".cose"] {
                let of = |path: PathBuf| fs::read(format!("{}{ending}", path.display())).unwrap();
                let first = self.path(folder).join(numbers[0].to_string());
                assert_eq!(of(again.clone()), of(first), "{folder}{ending}");
                fs::remove_file(format!("{}{ending}", again.display())).unwrap();
            }
            if folder == "record" {
                fs::remove_file(self.path("again.leaf")).unwrap();
            }
        }
    }

    fn cosign(&self, written: &Written) {
        let text = fs::read_to_string(self.log().join("checkpoint")).unwrap();
        let head = UnverifiedCheckpoint::parse(text.as_bytes()).unwrap();
        let (name, key) = &written.witness;
        let name = KeyName::new(name).unwrap();
        let line = cosignature::sign(&name, key, head.note().text(), NOW_MS / 1000).unwrap();
        fs::write(self.path("cosigned"), format!("{text}{line}\n")).unwrap();
        let vkey = VerifierKey::new(name, KeyKind::Witness, key.verifying_key()).unwrap();
        fs::write(self.path("witness"), format!("{vkey}\n")).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("shown").join(name)
    }

    fn log(&self) -> PathBuf {
        let path = self.path("log");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// What these libraries say: an object for each.
    fn asked(&self, libraries: &[&str]) -> Value {
        let (folder, _) = Language::Python.sources();
        let mut command = Command::new(env::var_os(Language::Python.variable()).unwrap());
        command
            .arg(folder.join("verifiers.py"))
            .arg(self.dir.path().join("shown"))
            .args(libraries);
        let ended = Process::run(&mut command).unwrap();
        serde_json::from_str(&ended.output).unwrap_or_else(|_| panic!("{}", ended.error))
    }

    /// With one bit of a file another these libraries refuse, each on its own; with it put back they do not.
    fn refused_with_a_bit_flipped(&self, file: &str, place: usize, libraries: &[&str]) {
        let path = self.path(file);
        let right = fs::read(&path).unwrap();
        let mut wrong = right.clone();
        wrong[place] ^= 1;
        fs::write(&path, wrong).unwrap();
        let said = self.asked(libraries);
        fs::write(&path, right).unwrap();
        for library in libraries {
            assert_eq!(
                said[*library]["ok"], false,
                "{library}: byte {place} of {file}: {said}"
            );
        }
    }

    /// The place of the last byte but so many.
    fn end(&self, file: &str, before: usize) -> usize {
        fs::read(self.path(file)).unwrap().len() - 1 - before
    }
}

fn comity(words: &[&str], source: &Path, more: &[&str], to: &Path) {
    let mut command = binary::command(words).unwrap();
    let ended = Process::run(command.arg(source).args(more).arg(to)).unwrap();
    assert_eq!(ended.code, Some(0), "{words:?}: {}", ended.error);
}

/// All five accept it, and say how much of it they looked at.
fn accepted(shown: &Shown, size: u64, included: u64) {
    let Verdict::Accepted(go) = verify(&shown.log()).unwrap() else {
        panic!("{:?}", verify(&shown.log()));
    };
    assert_eq!((&go["size"], &go["records"]), (&size.into(), &size.into()));
    let looked_up = go["inclusion_proofs"].as_u64().unwrap();
    assert!(looked_up >= size.min(2_000), "{go}");
    assert!(go["consistent_with_sizes"].as_array().unwrap().len() >= 9);

    let said = shown.asked(&LIBRARIES);
    for library in LIBRARIES {
        assert_eq!(said[library]["ok"], true, "{said:#}");
    }
    let (records, grown) = (shown.records.len(), shown.grown_from.len());
    let count = |library: &str, what: &str| said[library][what].as_u64().unwrap();
    assert_eq!(said["tlog-scales"]["root"], go["root"]);
    assert_eq!(count("tlog-scales", "size"), size);
    assert_eq!(count("tlog-scales", "included"), included);
    assert_eq!(count("tlog-scales", "signatures"), 2);
    assert!(count("tlog-scales", "consistent") >= 9);
    for (library, what, expected) in [
        ("tlog-scales", "same_texts", records + grown),
        ("sigstore", "included", records),
        ("scitt-cose", "included", records),
        ("scitt-cose", "receipts", records + 1),
        ("scitt-cose", "consistent", grown),
        ("scitt-cose", "consistency_receipts", grown),
        ("pycose", "receipts", records),
        ("pycose", "consistency_receipts", grown),
    ] {
        let found = usize::try_from(count(library, what)).unwrap();
        assert_eq!(found, expected, "{library} {what}");
    }
}

#[test]
#[ignore = "needs Go and Python: cargo xtask test --only interop"]
fn a_log_of_1_000_records_is_accepted_by_five_libraries_and_not_with_a_bit_flipped() {
    let shown = Shown::of_size(1_000);
    accepted(&shown, 1_000, 1_000);
    let all = LIBRARIES;
    let [tiles, sigstore, scitt, pycose] = all;
    let last = shown.end("record/500", 10);
    for (file, place, libraries) in [
        // The head: its origin, and the end of its signature.
        ("log/checkpoint", 3, &[tiles][..]),
        ("log/checkpoint", shown.end("log/checkpoint", 10), &[tiles]),
        ("log/vkey", shown.end("log/vkey", 10), &all),
        ("cosigned", shown.end("cosigned", 10), &[tiles]),
        // Records and hashes.
        ("log/tile/0/000", 40, &[tiles]),
        ("log/tile/1/000.p/3", 40, &[tiles, scitt]),
        ("log/tile/entries/001", 90, &[tiles]),
        ("record/500.leaf", 40, &[tiles, sigstore, scitt, pycose]),
        // A proof: the first hash of its path, and the signature of its head.
        ("record/500", 36, &[tiles, sigstore, scitt]),
        ("record/500", last, &[tiles, sigstore]),
        ("grown/255", 9, &[tiles, scitt]),
        // Receipts: their header, a hash of their path, and their signature.
        ("record/500.cose", 12, &[scitt, pycose]),
        ("record/500.cose", 90, &[scitt, pycose]),
        (
            "record/500.cose",
            shown.end("record/500.cose", 0),
            &[scitt, pycose],
        ),
        ("grown/255.cose", 12, &[scitt, pycose]),
        ("grown/255.cose", 90, &[scitt]),
        (
            "grown/255.cose",
            shown.end("grown/255.cose", 0),
            &[scitt, pycose],
        ),
        ("receipt", shown.end("receipt", 0), &[scitt]),
        ("receipt", 60, &[scitt]),
    ] {
        shown.refused_with_a_bit_flipped(file, place, libraries);
    }
    accepted(&shown, 1_000, 1_000);
}

#[test]
#[ignore = "needs Go and Python: cargo xtask test --only interop"]
fn a_log_of_100_000_records_is_accepted_by_five_libraries_and_not_with_a_bit_flipped() {
    let shown = Shown::of_size(100_000);
    accepted(&shown, 100_000, 257);
    for (file, place, libraries) in [
        ("log/tile/0/195", 80 * 32, &["tlog-scales"][..]),
        ("record/50000.leaf", 40, &LIBRARIES),
        (
            "grown/33333.cose",
            shown.end("grown/33333.cose", 0),
            &["scitt-cose", "pycose"],
        ),
    ] {
        shown.refused_with_a_bit_flipped(file, place, libraries);
    }
    let middle = shown.log().join("tile/entries/195");
    let mut bytes = fs::read(&middle).unwrap();
    bytes[500] ^= 1;
    fs::write(&middle, bytes).unwrap();
    assert_eq!(
        verify(&shown.log()).unwrap(),
        Verdict::Refused("record".to_owned())
    );
}
