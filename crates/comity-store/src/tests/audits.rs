//! What an auditor keeps.

use comity_log::hash::{Hash, leaf_hash};

use super::key;
use crate::{Audits, StorageKey, StoreError};

fn log(name: &str) -> Hash {
    leaf_hash(name.as_bytes())
}

fn blocks(audits: &Audits, log: &Hash, end: u64) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut all = Vec::new();
    audits.blocks(log, end, |block| {
        all.push(block);
        Ok::<_, StoreError>(())
    })?;
    Ok(all)
}

#[test]
fn what_was_kept_is_there_again_and_what_the_state_does_not_count_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let north = log("north");
    let audits = Audits::open(dir.path(), &key()).unwrap();
    assert_eq!(audits.state(&north).unwrap(), None);
    let one = audits.append(&north, 0, b"one").unwrap();
    audits.keep(&north, b"after one").unwrap();
    let two = audits.append(&north, one, b"torn").unwrap();
    drop(audits);

    let audits = Audits::open(dir.path(), &key()).unwrap();
    assert_eq!(audits.state(&north).unwrap().unwrap(), b"after one");
    assert_eq!(blocks(&audits, &north, one).unwrap(), [b"one"]);
    // What was cut off is written over.
    assert_eq!(audits.append(&north, one, b"more").unwrap(), two);
    let expected: [&[u8]; 2] = [b"one", b"more"];
    assert_eq!(blocks(&audits, &north, two).unwrap(), expected);
    assert_eq!(audits.state(&log("south")).unwrap(), None);
    assert_eq!(blocks(&audits, &log("south"), 0).unwrap(), [[0_u8; 0]; 0]);
}

#[test]
fn nothing_of_it_can_be_read_without_the_key_changed_or_put_in_anothers_place() {
    let dir = tempfile::tempdir().unwrap();
    let (north, south) = (log("north"), log("south"));
    let audits = Audits::open(dir.path(), &key()).unwrap();
    let end = audits.append(&north, 0, b"north.example, a case").unwrap();
    audits.append(&south, 0, b"south.example, a case").unwrap();
    for log in [&north, &south] {
        audits.keep(log, b"north.example").unwrap();
    }
    let file = |log: &Hash, name: &str| dir.path().join("audits").join(log.to_string()).join(name);
    for name in ["rows", "state"] {
        let bytes = std::fs::read(file(&north, name)).unwrap();
        let shown = bytes.windows(5).any(|window| window == b"north");
        assert!(!shown, "{name} is not encrypted");
    }
    let check = |audits: &Audits| {
        let rows = blocks(audits, &north, end).unwrap_err();
        let state = audits.state(&north).unwrap_err();
        assert_eq!(
            (rows.code(), state.code()),
            ("audit-damaged", "audit-damaged")
        );
    };
    let other_key = StorageKey::of_bytes([8; 32]).unwrap();
    check(&Audits::open(dir.path(), &other_key).unwrap());
    for name in ["rows", "state"] {
        std::fs::copy(file(&south, name), file(&north, name)).unwrap();
    }
    check(&audits);
}

#[test]
fn a_scratch_file_gives_back_its_parts_and_is_gone_with_who_made_it() {
    let dir = tempfile::tempdir().unwrap();
    let audits = Audits::open(dir.path(), &key()).unwrap();
    let mut scratch = audits.scratch(3).unwrap();
    let row = |part: usize, n: usize| format!("part {part} row {n};").into_bytes();
    for n in 0..5_000 {
        scratch.put(n % 3, &row(n % 3, n)).unwrap();
    }
    let expected: Vec<u8> = (0..5_000)
        .filter(|n| n % 3 == 1)
        .flat_map(|n| row(1, n))
        .collect();
    assert_eq!(scratch.part(1).unwrap(), expected);
    scratch.rest().unwrap();
    assert_eq!(scratch.part(1).unwrap(), expected);
    assert!(scratch.put(3, b"").is_err());

    let path = dir.path().join("audits/scratch-0");
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(4).any(|window| window == b"part"));
    drop(scratch);
    assert!(!path.exists());
    // What a process that was killed left behind goes at the next opening.
    std::fs::write(&path, b"left").unwrap();
    Audits::open(dir.path(), &key()).unwrap();
    assert!(!path.exists());
}
