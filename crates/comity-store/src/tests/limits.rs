//! Every way in which staging, and a key file, are refused.

use super::*;
use crate::limits::{BATCH_BYTES_MAX, BODY_BYTES_MAX};
use comity_log::limits::{BATCH_LEAVES_MAX, LEAF_BYTES_MAX};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn roomy(dir: &Path) -> Journal {
    Journal::open(dir, &key(), &origin()).unwrap()
}

#[test]
fn what_is_over_a_limit_is_refused_and_leaves_the_batch_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = roomy(dir.path());
    journal.stage(1, None, b"first").unwrap();
    let check = |journal: &mut Journal, result: Result<Position, StoreError>, expected| {
        assert_eq!(refused(result), expected);
        assert_eq!((journal.next_seq(), journal.next_index()), (1, 0));
    };
    let body = vec![1; BODY_BYTES_MAX + 1];
    for kind in [240, 254, 255] {
        let result = journal.stage(kind, None, b"");
        check(&mut journal, result, "kind-reserved");
    }
    let result = journal.stage(239, None, &body);
    check(&mut journal, result, "body-too-long");
    let result = journal.stage_record(&vec![1; LEAF_BYTES_MAX + 1], None);
    check(&mut journal, result, "leaf-too-long");
    let result = journal.stage_record(b"leaf", Some(&body));
    check(&mut journal, result, "body-too-long");

    assert!(journal.stage(239, None, &body[1..]).is_ok());
    assert!(journal.stage_record(&vec![1; LEAF_BYTES_MAX], None).is_ok());
    while journal.staged_bytes() + BODY_BYTES_MAX <= BATCH_BYTES_MAX {
        journal.stage(1, None, &body[1..]).unwrap();
    }
    assert_eq!(refused(journal.stage(1, None, &body[1..])), "batch-full");
    journal.discard();
    assert!(journal.stage(1, None, &body[1..]).is_ok());
}

#[test]
fn a_batch_takes_as_many_records_as_one_append() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = roomy(dir.path());
    for index in 0..BATCH_LEAVES_MAX as u64 {
        journal.stage_record(&leaf(index), None).unwrap();
    }
    assert_eq!(
        refused(journal.stage_record(b"one more", None)),
        "batch-full"
    );
    assert_eq!(journal.commit().unwrap().size(), BATCH_LEAVES_MAX as u64);
    journal.stage_record(b"one more", None).unwrap();
    journal.commit().unwrap();
    assert!(journal.tiles().are_whole(&journal.head(), 0).unwrap());
}

#[test]
fn a_disk_that_is_nearly_full_is_refused_before_it_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let full = Settings {
        free_bytes_min: u64::MAX,
        ..small()
    };
    let mut journal =
        Journal::open_on(Arc::new(RealDisk), full, dir.path(), &key(), &origin()).unwrap();
    assert!(journal.free_bytes().unwrap() > 0);
    assert_eq!(refused(journal.stage(1, None, b"")), "disk-low");
    assert_eq!(journal.next_seq(), 0);
    assert!(journal.commit().is_ok(), "there is nothing to write");
}

#[test]
fn a_storage_key_is_written_once_and_read_by_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("storage.key");
    let key = StorageKey::generate().unwrap();
    key.write_new(&path).unwrap();
    assert_eq!(refused(key.write_new(&path)), "store-io");
    let line = fs::read_to_string(&path).unwrap();
    assert_eq!((line.len(), line.ends_with('\n')), (65, true));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    drop(Journal::open(dir.path(), &key, &origin()).unwrap());
    let read = StorageKey::read(&path).unwrap();
    assert!(Journal::open(dir.path(), &read, &origin()).is_ok());
    assert_eq!(format!("{read:?}"), "StorageKey(..)");

    let check = |content: &str, mode: u32, expected| {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(refused(StorageKey::read(&path)), expected);
    };
    let digits = line.trim_end();
    check(digits, 0o600, "accepted");
    check(digits, 0o400, "accepted");
    check(digits, 0o640, "storage-key-exposed");
    check(digits, 0o604, "storage-key-exposed");
    check("", 0o600, "storage-key-format");
    check(&digits[1..], 0o600, "storage-key-format");
    check(&format!("{digits}0"), 0o600, "storage-key-format");
    check(&format!("{line}\n"), 0o600, "storage-key-format");
    check(&format!("G{}", &digits[1..]), 0o600, "storage-key-format");
    check(&format!("A{}", &digits[1..]), 0o600, "storage-key-format");
    assert_eq!(
        refused(StorageKey::read(&dir.path().join("none"))),
        "store-io"
    );
}
