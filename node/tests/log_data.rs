//! `comity log verify --data` and `comity log export` on the data directory of a stopped node, made with the store
//! itself: what is sound is counted, what is not is refused with status 4, what is exported stands on its own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint};
use comity_log::hash::leaf_hash;
use comity_log::key::VerifierKey;
use comity_log::names::Origin;
use comity_log::store::TileReader;
use comity_log::tile::{BundleId, TileId};
use comity_log::tlog_proof::TlogProof;
use comity_log::tree::Tree;
use comity_log::{add_checkpoint, consistency, proof, receipts};
use comity_store::{Journal, StorageKey};
use comity_wire::consistency::ConsistencyReceipt;
use comity_wire::ids::{Hash, MemberId, Nonce};
use comity_wire::leaf::{Facts, Leaf, RosterRef};
use comity_wire::receipt::{Receipt, WireReceipt};
use comity_wire::words::{Code, Version};
use ed25519_dalek::SigningKey;
use serde_json::Value;
use tempfile::TempDir;

const SIZE: u64 = 600;

/// What a test makes of a record before it is stored.
type Edit<'a> = dyn Fn(&mut Leaf, &mut Option<Vec<u8>>) + 'a;

fn origin() -> Origin {
    Origin {
        fed: Hash::of(b"fed"),
        member: MemberId::new("north.example").unwrap(),
        n: 1,
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn facts(index: u64) -> Vec<u8> {
    let salt = Nonce::new([u8::try_from(index % 251).unwrap(); 16]);
    Facts {
        by: None,
        re: None,
        code: None,
        salt,
        basis: None,
        items: None,
        until: None,
        answer: None,
        clocks: None,
        parent: None,
        claimed: None,
        receipt: None,
        urgency: None,
        complete: None,
        evidence: None,
        standing: None,
        reported_at: None,
        jurisdictions: None,
    }
    .encode()
}

/// Records about two counterparts in turn, each with facts.
fn record(index: u64) -> (Leaf, Option<Vec<u8>>) {
    let facts = facts(index);
    let counterpart = ["south.example", "platform.example"][usize::try_from(index % 2).unwrap()];
    let leaf = Leaf {
        v: Version,
        ext: None,
        seq: Some(index / 2),
        case: None,
        kind: Code::new(if index == 0 { "log-opened" } else { "received" }).unwrap(),
        salt: Nonce::new([7; 16]),
        time: 1_000 + index,
        facts: Some(Hash::of(&facts)),
        index,
        roster: RosterRef(1, Hash::of(b"roster")),
        direction: None,
        statement: None,
        counterpart: MemberId::new(counterpart),
        predecessor: None,
        statement_kind: None,
    };
    (leaf, Some(facts))
}

/// A data directory that was closed.
struct Data(TempDir);

impl Data {
    fn new() -> Self {
        Self::with(SIZE, &|_, _| {})
    }

    /// With a checkpoint over the first `signed` records.
    fn with(signed: u64, edit: &Edit<'_>) -> Self {
        let data = Self(tempfile::tempdir().unwrap());
        let dir = data.dir();
        fs::create_dir_all(dir.join("keys")).unwrap();
        let storage = StorageKey::generate().unwrap();
        storage.write_new(&data.storage_key()).unwrap();
        let mut journal = Journal::open(&dir, &storage, &origin()).unwrap();
        let mut checkpoint = None;
        for index in 0..SIZE {
            let (mut leaf, mut facts) = record(index);
            edit(&mut leaf, &mut facts);
            journal
                .stage_record(&leaf.encode(), facts.as_deref())
                .unwrap();
            if index + 1 == signed || index + 1 == SIZE {
                let head = journal.commit().unwrap();
                if index + 1 == signed {
                    let origin = origin();
                    checkpoint = Some(Checkpoint { origin, head }.sign(&key()).to_string());
                }
            }
        }
        journal.publish(checkpoint.unwrap().as_bytes()).unwrap();
        let public = data_encoding::HEXLOWER.encode(&key().verifying_key().to_bytes());
        let identity = format!("origin = \"{}\"\nlog_public = \"{public}\"\n", origin());
        fs::write(dir.join("identity.toml"), identity).unwrap();
        data
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("north")
    }

    fn storage_key(&self) -> PathBuf {
        self.dir().join("keys/storage.key")
    }

    fn edit(&self, path: &str, edit: impl Fn(&mut Vec<u8>)) {
        let path = self.dir().join(path);
        let mut bytes = fs::read(&path).unwrap();
        edit(&mut bytes);
        fs::write(&path, bytes).unwrap();
    }

    /// Runs `log …` with words that hold no blanks: status, and the object that was said.
    fn log(&self, words: &str) -> (i32, Value) {
        self.log_of(words, &["--data", "north"])
    }

    fn log_of(&self, words: &str, source: &[&str]) -> (i32, Value) {
        let output = Command::new(env!("CARGO_BIN_EXE_comity"))
            .arg("log")
            .args(words.split_whitespace())
            .args(source)
            .arg("--json")
            .current_dir(self.0.path())
            .env_remove("COMITY_CONFIG")
            .output()
            .unwrap();
        let status = output.status.code().unwrap();
        let said = if status == 0 {
            output.stdout
        } else {
            output.stderr
        };
        (status, serde_json::from_slice(&said).unwrap())
    }

    fn refused(&self, words: &str) -> (i32, String) {
        let (status, said) = self.log(words);
        (
            status,
            said["error"]["code"].as_str().unwrap_or("done").to_owned(),
        )
    }
}

/// A folder of tiles as any verifier reads it.
struct Folder<'p>(&'p Path);

impl TileReader for Folder<'_> {
    type Error = std::io::Error;

    fn read_tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, std::io::Error> {
        match fs::read(self.0.join(tile.to_string())) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[test]
fn a_sound_log_is_counted() {
    let (status, said) = Data::new().log("verify");
    assert_eq!(status, 0, "{said:#}");
    let log = &said["log"];
    assert_eq!(log["origin"], origin().to_string());
    assert_eq!(
        (&log["size"], &log["signed_size"]),
        (&SIZE.into(), &SIZE.into())
    );
    assert_eq!(
        (&log["facts"], &log["facts_gone"]),
        (&SIZE.into(), &0.into())
    );
    assert_eq!(log["kinds"]["received"], SIZE - 1);
    assert_eq!(log["kinds"]["log-opened"], 1);
    assert_eq!(log["counterparts"], 2);
    // Two full tiles, the rest, and the level above.
    assert_eq!(
        (&log["tiles"], &log["tiles_mended"]),
        (&4.into(), &0.into())
    );
}

#[test]
fn a_signed_head_behind_the_journal_is_a_head_of_the_same_tree() {
    let (status, said) = Data::with(300, &|_, _| {}).log("verify");
    assert_eq!(status, 0, "{said:#}");
    assert_eq!(
        (&said["log"]["size"], &said["log"]["signed_size"]),
        (&SIZE.into(), &300.into())
    );
}

#[test]
fn a_damaged_tile_is_made_anew_and_that_is_said() {
    let data = Data::new();
    data.edit("log/tile/0/001", |bytes| bytes[40] ^= 1);
    fs::remove_file(data.dir().join("log/tile/0/000")).unwrap();
    let (status, said) = data.log("verify");
    assert_eq!(
        (status, &said["log"]["tiles_mended"]),
        (0, &2.into()),
        "{said:#}"
    );
    let (_, said) = data.log("verify");
    assert_eq!(said["log"]["tiles_mended"], 0);
}

#[test]
fn a_log_that_breaks_a_promise_does_not_verify() {
    let check = |edit: &Edit<'_>, code: &str| {
        assert_eq!(
            Data::with(SIZE, edit).refused("verify"),
            (4, code.to_owned())
        );
    };
    let at = |index: u64, leaf: &Leaf| leaf.index == index;
    check(
        &|leaf, _| {
            if at(400, leaf) {
                leaf.time = 5;
            }
        },
        "time-decreases",
    );
    check(
        &|leaf, _| {
            if at(400, leaf) {
                leaf.seq = Some(201);
            }
        },
        "seq-gap",
    );
    check(
        &|leaf, _| {
            if at(400, leaf) {
                leaf.index = 401;
            }
        },
        "index-gap",
    );
    check(
        &|leaf, facts| {
            if at(400, leaf) {
                *facts = Some(self::facts(3));
            }
        },
        "facts-not-committed",
    );
    check(
        &|leaf, _| {
            if at(400, leaf) {
                leaf.facts = None;
            }
        },
        "facts-not-committed",
    );
}

#[test]
fn facts_that_were_erased_are_counted_and_are_no_fault() {
    let erase = |leaf: &mut Leaf, facts: &mut Option<Vec<u8>>| {
        if leaf.index == 9 {
            *facts = None;
        }
    };
    let (status, said) = Data::with(SIZE, &erase).log("verify");
    assert_eq!((status, &said["log"]["facts_gone"]), (0, &1.into()));
}

#[test]
fn a_head_that_was_not_signed_by_the_log_is_refused() {
    let check = |edit: &dyn Fn(&Data), expected: (i32, &str)| {
        let data = Data::new();
        edit(&data);
        for words in ["verify", "export --to out"] {
            let (status, code) = data.refused(words);
            assert_eq!((status, code.as_str()), expected, "{words}");
        }
        assert!(!data.0.path().join("out").exists());
    };
    let sign = |data: &Data, size: u64, root: &[u8], by: &SigningKey| {
        let head = comity_log::head::Head::new(size, Hash::of(root)).unwrap();
        let origin = origin();
        let text = Checkpoint { origin, head }.sign(by).to_string();
        fs::write(data.dir().join("log/checkpoint"), text).unwrap();
    };
    let other = SigningKey::from_bytes(&[4; 32]);
    check(
        &|data| sign(data, SIZE, b"other", &other),
        (4, "note-not-signed"),
    );
    check(
        &|data| sign(data, SIZE, b"other", &key()),
        (4, "head-behind-checkpoint"),
    );
    check(
        &|data| sign(data, SIZE + 1, b"other", &key()),
        (4, "head-behind-checkpoint"),
    );
    let remove = |data: &Data, name: &str| fs::remove_file(data.dir().join(name)).unwrap();
    check(
        &|data| remove(data, "log/checkpoint"),
        (1, "file-not-found"),
    );
    check(
        &|data| remove(data, "identity.toml"),
        (1, "no-data-directory"),
    );
    check(
        &|data| data.edit("identity.toml", |bytes| bytes.truncate(20)),
        (1, "identity-damaged"),
    );
}

#[test]
fn a_shorter_head_of_another_tree_is_found_out() {
    let data = Data::new();
    let head = comity_log::head::Head::new(300, Hash::of(b"other")).unwrap();
    let origin = origin();
    let text = Checkpoint { origin, head }.sign(&key()).to_string();
    fs::write(data.dir().join("log/checkpoint"), text).unwrap();
    assert_eq!(data.refused("verify"), (4, "root-differs".to_owned()));
    assert_eq!(data.refused("export --to out").0, 4);
}

#[test]
fn a_journal_that_is_damaged_in_use_or_under_another_key_is_named() {
    let data = Data::new();
    data.edit("journal/00000001.seg", |bytes| bytes[5_000] ^= 1);
    assert_eq!(data.refused("verify"), (4, "journal-damaged".to_owned()));

    let data = Data::new();
    let storage = StorageKey::read(&data.storage_key()).unwrap();
    let running = Journal::open(&data.dir(), &storage, &origin()).unwrap();
    assert_eq!(data.refused("verify"), (1, "store-locked".to_owned()));
    drop(running);
    assert_eq!(data.log("verify").0, 0);

    let elsewhere = data.0.path().join("elsewhere.key");
    fs::rename(data.storage_key(), &elsewhere).unwrap();
    assert_eq!(data.refused("verify"), (1, "no-storage-key".to_owned()));
    assert_eq!(data.log("verify --storage-key elsewhere.key").0, 0);
    StorageKey::generate()
        .unwrap()
        .write_new(&data.storage_key())
        .unwrap();
    assert_eq!(data.refused("verify"), (1, "storage-key-wrong".to_owned()));
}

#[test]
fn what_is_exported_verifies_with_nothing_else() {
    for signed in [SIZE, 300] {
        let data = Data::with(signed, &|_, _| {});
        let (status, said) = data.log("export --to out");
        assert_eq!(status, 0, "{said:#}");
        let out = data.0.path().join("out");
        let vkey = fs::read_to_string(out.join("vkey")).unwrap();
        assert_eq!(vkey.lines().count(), 1);
        let vkey: VerifierKey = vkey.trim_end().parse().unwrap();
        let checkpoint =
            UnverifiedCheckpoint::parse(&fs::read(out.join("checkpoint")).unwrap()).unwrap();
        let checkpoint = checkpoint.verify(&vkey).unwrap();
        assert_eq!(checkpoint.head().size(), signed);
        let mut tree = Tree::open(Folder(&out), checkpoint.head()).unwrap();
        for first in (0..signed).step_by(256) {
            let width = u16::try_from((signed - first).min(256)).unwrap();
            let id = BundleId::new(first / 256, width).unwrap();
            let bytes = fs::read(out.join(id.to_string())).unwrap();
            let entries = tree.check_entries(id, &bytes).unwrap();
            assert_eq!(entries[0], record(first).0.encode());
        }
        assert_eq!(
            data.refused("export --to out"),
            (1, "export-not-empty".to_owned())
        );
    }
}

/// Where a proof can come from: the stopped node, and the folder that it has exported.
const SOURCES: [&[&str]; 2] = [&["--data", "north"], &["--from", "out"]];

/// A stopped node whose log was exported as well, with the key of the log beside it.
fn with_folder_and_key(signed: u64) -> Data {
    let data = Data::with(signed, &|_, _| {});
    assert_eq!(data.log("export --to out").0, 0);
    let path = data.0.path().join("log-1.pem");
    let text = comity_trust::key_file::write(&key());
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    data
}

fn unhex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

#[test]
fn any_record_is_proved_from_the_data_and_from_the_folder_as_text_and_as_receipt() {
    for signed in [SIZE, 300] {
        let data = with_folder_and_key(signed);
        for (source, index) in SOURCES
            .into_iter()
            .flat_map(|source| [0, 1, 255, 256, signed - 1].map(|index| (source, index)))
        {
            let words = format!("prove --index {index} --log-key log-1.pem --out proof-{index}");
            let (status, said) = data.log_of(&words, source);
            assert_eq!(status, 0, "{said:#}");
            let path = |extension: &str| data.0.path().join(format!("proof-{index}{extension}"));
            let take = |extension: &str| {
                let bytes = fs::read(path(extension)).unwrap();
                fs::remove_file(path(extension)).unwrap();
                bytes
            };
            let (text, leaf, cose) = (take(""), take(".leaf"), take(".cose"));
            assert_eq!(Leaf::decode(&leaf).unwrap().index, index);
            assert_eq!(unhex(&said["proof"]["leaf"]), leaf);
            assert_eq!(unhex(&said["proof"]["cose"]), cose);
            let vkey: VerifierKey = said["proof"]["vkey"].as_str().unwrap().parse().unwrap();
            let read = TlogProof::parse(&text).unwrap();
            let head = read.verify(&leaf_hash(&leaf), &vkey).unwrap();
            assert_eq!((read.index, head.head().size()), (index, signed));
            let wire = WireReceipt(leaf.clone().into(), cose.into());
            let receipt = Receipt::from_wire(wire).unwrap();
            let verified = receipts::verify(&receipt, &key().verifying_key()).unwrap();
            assert_eq!(verified.is_under(&head), Ok(()));
        }
    }
}

#[test]
fn that_the_log_has_grown_is_proved_from_the_data_and_from_the_folder() {
    let data = with_folder_and_key(SIZE);
    for (source, old) in SOURCES
        .into_iter()
        .flat_map(|source| [1, 255, 256, 300, SIZE - 1].map(|old| (source, old)))
    {
        let words = format!("prove --consistency {old} --log-key log-1.pem");
        let (status, said) = data.log_of(&words, source);
        assert_eq!(status, 0, "{said:#}");
        let shown = &said["consistency"];
        let request = add_checkpoint::Request::parse(shown["proof"].as_str().unwrap().as_bytes());
        let request = request.unwrap();
        let vkey: VerifierKey = shown["vkey"].as_str().unwrap().parse().unwrap();
        let newer = request.checkpoint.verify(&vkey).unwrap();
        let old_root = Hash::from_hex(shown["old_root"].as_str().unwrap()).unwrap();
        let older = comity_log::head::Head::new(old, old_root).unwrap();
        let joined = proof::verify_consistency(&older, newer.head(), &request.path);
        assert_eq!((request.old_size, joined), (old, Ok(())));
        let receipt = ConsistencyReceipt::read(&unhex(&shown["cose"])).unwrap();
        let verified = consistency::verify(&receipt, &old_root, &key().verifying_key()).unwrap();
        assert_eq!(verified.ends_at(&newer), Ok(()));
    }
}

#[test]
fn what_cannot_be_proved_is_refused_with_its_code() {
    let data = with_folder_and_key(300);
    let other = comity_trust::key_file::write(&SigningKey::from_bytes(&[4; 32]));
    let path = data.0.path().join("other.pem");
    fs::write(&path, other).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let unknown = format!("prove {}", Hash::of(b"statement"));
    for source in SOURCES {
        for (words, status, code) in [
            ("prove --index 300", 1, "index-beyond-tree"),
            ("prove --consistency 300", 1, "receipt-no-older-tree"),
            ("prove --consistency 0", 1, "receipt-no-older-tree"),
            (
                "prove --index 1 --log-key other.pem",
                1,
                "log-key-of-another",
            ),
            (&unknown, 1, "unknown-statement"),
        ] {
            let (found, said) = data.log_of(words, source);
            assert_eq!(
                (found, said["error"]["code"].as_str()),
                (status, Some(code)),
                "{words}"
            );
        }
    }
    // What the folder holds is believed no further than the signed head reaches.
    let flip = |name: &str, place: usize| {
        let path = data.0.path().join("out").join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[place] ^= 1;
        fs::write(&path, bytes).unwrap();
    };
    let refused = |words: &str| {
        let (status, said) = data.log_of(words, &["--from", "out"]);
        (status, said["error"]["code"].as_str().unwrap().to_owned())
    };
    flip("tile/entries/000", 70);
    assert_eq!(
        refused("prove --index 0"),
        (4, "root-is-another".to_owned())
    );
    flip("tile/0/000", 0);
    assert_eq!(
        refused("prove --index 9"),
        (4, "tile-is-another".to_owned())
    );
    flip("vkey", 70);
    assert_eq!(refused("prove --index 9").0, 4);
}

#[test]
fn everything_on_the_disk_is_made_again_and_compared() {
    let data = Data::new();
    let (status, said) = data.log("fsck");
    assert_eq!(status, 0, "{said:#}");
    let found = &said["fsck"];
    assert_eq!(
        (&found["records"], &found["size"], &found["signed_size"]),
        (&SIZE.into(), &SIZE.into(), &SIZE.into())
    );
    // One segment and the key of its records; two full tiles, the rest, and the level above.
    assert_eq!(
        (&found["segments"], &found["data_keys"]),
        (&1.into(), &1.into())
    );
    assert_eq!(
        (&found["tiles"], &found["facts"]),
        (&4.into(), &SIZE.into())
    );
    assert_eq!(found["damages"], serde_json::json!([]));
    assert_eq!(found["views_marked"], Value::Null);
}

#[test]
fn what_is_derived_and_wrong_is_named_and_made_again_only_if_that_is_asked_for() {
    let data = Data::new();
    data.edit("log/tile/0/001", |bytes| bytes[40] ^= 1);
    fs::create_dir_all(data.dir().join("views")).unwrap();
    fs::write(data.dir().join("views/conf"), b"garbage").unwrap();
    for _ in 0..2 {
        assert_eq!(data.refused("fsck"), (4, "tile-differs".to_owned()));
    }
    let (status, said) = data.log("fsck --repair");
    assert_eq!(status, 0, "{said:#}");
    let again: Vec<&str> = said["fsck"]["made_again"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| path.as_str().unwrap())
        .collect();
    assert_eq!(again, ["north/log/tile/0/001"]);
    let views = said["fsck"]["views"].as_str().unwrap();
    assert!(views.ends_with("the next start makes them anew"), "{views}");
    assert_eq!(data.log("fsck").0, 0);
}

#[test]
fn what_nothing_can_be_made_again_from_is_named_with_file_and_byte() {
    let data = Data::new();
    data.edit("journal/00000001.seg", |bytes| bytes[5_000] ^= 1);
    for words in ["fsck", "fsck --repair"] {
        let (status, said) = data.log(words);
        let error = &said["error"];
        assert_eq!((status, &error["code"]), (4, &"journal-damaged".into()));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("00000001.seg at byte 4"), "{message}");
        assert!(message.contains("are not checked"), "{message}");
        assert!(
            error["next"]
                .as_str()
                .unwrap()
                .contains("comity log restore")
        );
    }
    let broken = Data::with(SIZE, &|leaf, _| {
        if leaf.index == 400 {
            leaf.seq = Some(7);
        }
    });
    assert_eq!(broken.refused("fsck --repair"), (4, "seq-gap".to_owned()));
    let forged = Data::new();
    let head = comity_log::head::Head::new(SIZE, Hash::of(b"other")).unwrap();
    let origin = origin();
    let text = Checkpoint { origin, head }.sign(&SigningKey::from_bytes(&[4; 32]));
    fs::write(forged.dir().join("log/checkpoint"), text.to_string()).unwrap();
    assert_eq!(forged.refused("fsck"), (4, "note-not-signed".to_owned()));
    let running = Data::new();
    let storage = StorageKey::read(&running.storage_key()).unwrap();
    let journal = Journal::open(&running.dir(), &storage, &self::origin()).unwrap();
    assert_eq!(running.refused("fsck"), (1, "store-locked".to_owned()));
    drop(journal);
}
