//! Bytes that are not what was written, and directories that are not what they were.

use super::*;
use std::fs;

/// A closed journal with two segments, and a third that is written to.
fn closed() -> (tempfile::TempDir, Vec<(Position, Stored)>) {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    fill(&mut journal, 16).unwrap();
    journal.commit().unwrap();
    let found = committed(&journal);
    (dir, found)
}

fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 0x04;
    fs::write(path, bytes).unwrap();
}

/// Opens the journal, and reads all that is in it.
fn read_through(dir: &Path) -> Result<(), StoreError> {
    let journal = open(dir)?;
    journal.replay(0, &mut |_, _| ControlFlow::Continue(()))?;
    (0..journal.head().size()).try_for_each(|index| journal.record(index).map(drop))
}

#[test]
fn a_bit_that_flips_below_the_head_is_an_error_that_names_file_and_offset() {
    let (dir, found) = closed();
    let last = found.last().unwrap().0;
    for number in 1..=last.segment() {
        let name = format!("{number:08}.seg");
        let path = dir.path().join("journal").join(&name);
        let frames: Vec<u32> = found
            .iter()
            .filter(|(at, _)| at.segment() == number)
            .map(|(at, _)| at.offset())
            .collect();
        let end = if number == last.segment() {
            last.offset() as usize + 100
        } else {
            fs::read(&path).unwrap().len()
        };
        for offset in 0..end {
            // The room between the last frame and the next segment's cut is not below the head.
            flip(&path, offset);
            let read = read_through(dir.path());
            flip(&path, offset);
            match read {
                Err(StoreError::JournalDamaged {
                    file, offset: at, ..
                }) => {
                    assert!(file.ends_with(&name));
                    assert!(at as usize <= offset, "{at} {offset}");
                    if at > 0 && frames.contains(&(at as u32)) {
                        let next = frames.iter().find(|frame| u64::from(**frame) > at);
                        assert!(next.is_none_or(|next| offset < *next as usize + 4 * 84 + 200));
                    }
                }
                other => panic!("{name} {offset}: {other:?}"),
            }
        }
    }
    assert_eq!(committed(&open(dir.path()).unwrap()), found);
}

#[test]
fn a_frame_that_is_damaged_while_the_journal_is_open_is_an_error_too() {
    let (dir, found) = closed();
    let journal = open(dir.path()).unwrap();
    let at = found[5].0;
    let path = dir.path().join(format!("journal/{:08}.seg", at.segment()));
    flip(&path, at.offset() as usize + 90);
    assert_eq!(refused(journal.read(at)), "journal-damaged");
    let replayed = journal.replay(0, &mut |_, _| ControlFlow::Continue(()));
    assert_eq!(refused(replayed), "journal-damaged");
    // And places where no frame begins.
    for wrong in [
        Position(0),
        Position(at.0 + 1),
        Position(7 << 32 | 64),
        Position(u64::MAX),
    ] {
        assert!(["position-unknown", "journal-damaged"].contains(&refused(journal.read(wrong))));
    }
}

#[test]
fn a_segment_that_is_missing_cut_off_or_another_is_an_error() {
    let check = |spoil: &dyn Fn(&Path), expected| {
        let (dir, _) = closed();
        spoil(&dir.path().join("journal"));
        let before = files(&dir.path().join("journal"));
        assert_eq!(refused(read_through(dir.path())), expected);
        assert_eq!(
            files(&dir.path().join("journal")),
            before,
            "nothing is repaired silently"
        );
    };
    let first = "00000001.seg";
    check(
        &|dir| fs::remove_file(dir.join(first)).unwrap(),
        "journal-damaged",
    );
    check(
        &|dir| fs::write(dir.join(first), b"").unwrap(),
        "journal-damaged",
    );
    check(
        &|dir| {
            let bytes = fs::read(dir.join(first)).unwrap();
            fs::write(dir.join(first), &bytes[..300]).unwrap();
        },
        "journal-damaged",
    );
    check(
        &|dir| {
            fs::copy(dir.join("00000002.seg"), dir.join(first)).unwrap();
        },
        "journal-damaged",
    );
    check(
        &|dir| {
            let mut bytes = fs::read(dir.join(first)).unwrap();
            bytes[9] = 2;
            let checksum = crc32c::crc32c(&bytes[..60]).to_be_bytes();
            bytes[60..64].copy_from_slice(&checksum);
            fs::write(dir.join(first), bytes).unwrap();
        },
        "store-format-unknown",
    );
}

#[test]
fn what_is_torn_past_the_head_is_cut() {
    let (dir, found) = closed();
    let last = found.last().unwrap().0;
    let path = dir
        .path()
        .join(format!("journal/{:08}.seg", last.segment()));
    let mut bytes = fs::read(&path).unwrap();
    let end = last.offset() as usize + 84 + 16 + found.last().unwrap().1.body.len();
    bytes.truncate(end);
    bytes.extend_from_slice(&[0xaa; 333]);
    fs::write(&path, &bytes).unwrap();
    fs::write(
        dir.path().join("journal/00000099.seg"),
        b"a segment that was begun",
    )
    .unwrap();

    let mut journal = open(dir.path()).unwrap();
    assert_eq!(committed(&journal), found);
    fill(&mut journal, 4).unwrap();
    journal.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap().len(), end, "and it is gone");
    assert!(!dir.path().join("journal/00000099.seg").exists());
    drop(journal);
    assert_eq!(committed(&open(dir.path()).unwrap()).len(), found.len() + 4);
}

#[test]
fn what_is_past_the_head_is_cut_although_its_checksum_is_right() {
    let (dir, found) = closed();
    let head = files(&dir.path().join("head"));
    let mut journal = open(dir.path()).unwrap();
    // Other frames than the ones that come later at the same numbers.
    journal.stage_record(b"never under a head", None).unwrap();
    for _ in 0..20 {
        journal.stage(9, None, b"never under a head").unwrap();
    }
    journal.commit().unwrap();
    drop(journal);
    for (name, bytes) in head {
        fs::write(dir.path().join("head").join(name), bytes).unwrap();
    }

    let mut journal = open(dir.path()).unwrap();
    assert_eq!(committed(&journal), found);
    fill(&mut journal, 12).unwrap();
    journal.commit().unwrap();
    drop(journal);
    let journal = open(dir.path()).unwrap();
    assert_eq!(committed(&journal).len(), found.len() + 12);
}

#[test]
fn a_directory_that_was_put_back_in_time_is_refused_if_a_later_head_was_published() {
    let (dir, _) = closed();
    let head = files(&dir.path().join("head"));
    let mut journal = open(dir.path()).unwrap();
    fill(&mut journal, 12).unwrap();
    let later = journal.commit().unwrap();
    journal.publish(&checkpoint(later)).unwrap();
    drop(journal);
    assert!(open(dir.path()).is_ok());
    for (name, bytes) in head {
        fs::write(dir.path().join("head").join(name), bytes).unwrap();
    }
    let journal_files = files(&dir.path().join("journal"));
    assert_eq!(refused(open(dir.path())), "head-behind-checkpoint");
    assert_eq!(files(&dir.path().join("journal")), journal_files);
    // A checkpoint that nobody can read is no reason to stop.
    fs::write(dir.path().join("log/checkpoint"), b"garbage").unwrap();
    assert!(open(dir.path()).is_ok());
}

#[test]
fn a_head_record_bears_one_bad_copy_and_no_more() {
    let (dir, found) = closed();
    for (slot, other) in [("a", "b"), ("b", "a")] {
        let path = dir.path().join("head").join(slot);
        for copy in [0, 4_096] {
            for offset in (0..512).step_by(7) {
                flip(&path, copy + offset);
                assert_eq!(committed(&open(dir.path()).unwrap()), found);
            }
        }
        let whole = fs::read(&path).unwrap();
        for bad in [vec![], whole[..100].to_vec(), vec![0; 4_608]] {
            fs::write(&path, bad).unwrap();
            assert_eq!(refused(open(dir.path())), "head-damaged");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(refused(open(dir.path())), "head-damaged");
        let kept = fs::read(dir.path().join("head").join(other)).unwrap();
        fs::remove_file(dir.path().join("head").join(other)).unwrap();
        assert_eq!(refused(open(dir.path())), "head-missing");
        fs::write(dir.path().join("head").join(other), kept).unwrap();
        fs::write(&path, &whole).unwrap();
    }
    let mut later = fs::read(dir.path().join("head/a")).unwrap();
    for copy in [0, 4_096] {
        later[copy + 9] = 2;
        let checksum = crc32c::crc32c(&later[copy..copy + 508]).to_be_bytes();
        later[copy + 508..copy + 512].copy_from_slice(&checksum);
    }
    fs::write(dir.path().join("head/a"), later).unwrap();
    assert_eq!(refused(open(dir.path())), "store-format-unknown");
}

#[test]
fn a_head_record_that_somebody_else_changed_stops_the_journal() {
    for slot in ["head/a", "head/b"] {
        let (dir, found) = closed();
        let old = files(&dir.path().join("head"));
        let mut journal = open(dir.path()).unwrap();
        fill(&mut journal, 3).unwrap();
        journal.commit().unwrap();
        fill(&mut journal, 3).unwrap();
        journal.commit().unwrap();
        let path = dir.path().join(slot);
        fs::write(&path, &old[0].1).unwrap();
        fill(&mut journal, 3).unwrap();
        assert_eq!(refused(journal.commit()), "head-conflict");
        assert_eq!(refused(journal.commit()), "store-stopped");
        assert_eq!(committed(&journal).len(), found.len() + 6);
    }
}

#[test]
fn another_key_another_log_and_lost_epoch_keys_are_refused() {
    let (dir, found) = closed();
    let other_key = StorageKey::generate().unwrap();
    let other_origin = Origin::parse(&format!("{}/south.example/1", "a1".repeat(32))).unwrap();
    let open_with = |key: &StorageKey, origin: &Origin| Journal::open(dir.path(), key, origin);
    assert_eq!(
        refused(open_with(&other_key, &origin())),
        "storage-key-wrong"
    );
    assert_eq!(
        refused(open_with(&key(), &other_origin)),
        "store-origin-is-another"
    );

    let epoch = dir.path().join("keys/epoch-1");
    for offset in 0..fs::read(&epoch).unwrap().len() {
        flip(&epoch, offset);
        assert_eq!(refused(open(dir.path())), "epoch-key-damaged");
        flip(&epoch, offset);
    }
    let kept = fs::read(&epoch).unwrap();
    fs::remove_file(&epoch).unwrap();
    assert_eq!(refused(open(dir.path())), "epoch-key-missing");
    let mut later = kept[..kept.len() - 4].to_vec();
    later[9] = 2;
    fs::write(&epoch, crate::bytes::with_checksum(later)).unwrap();
    assert_eq!(refused(open(dir.path())), "store-format-unknown");
    fs::write(&epoch, kept).unwrap();
    assert_eq!(committed(&open(dir.path()).unwrap()), found);
}

#[test]
fn tiles_that_are_missing_or_damaged_are_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    for index in 0..(256 * 2 + 40) {
        journal.stage_record(&leaf(index), None).unwrap();
        if index % 100 == 0 {
            journal.commit().unwrap();
        }
    }
    let head = journal.commit().unwrap();
    drop(journal);
    let log = dir.path().join("log");
    let whole = files(&log);
    assert!(whole.iter().any(|(name, _)| name == "tile/1/000.p/2"));
    assert!(
        !whole
            .iter()
            .any(|(name, _)| name.starts_with("tile/0/000.p/")),
        "superseded"
    );
    let check = |spoil: &dyn Fn()| {
        spoil();
        // Without an index, no tile is taken on trust.
        fs::remove_dir_all(dir.path().join("index")).unwrap();
        let journal = open(dir.path()).unwrap();
        assert_eq!(journal.head(), head);
        drop(journal);
        for (name, bytes) in [&whole[..]].concat() {
            let partial_of_old =
                name.contains(".p/") && !name.ends_with("002.p/40") && !name.ends_with("000.p/2");
            assert!(
                partial_of_old || fs::read(log.join(&name)).unwrap() == bytes,
                "{name}"
            );
        }
    };
    check(&|| fs::remove_dir_all(&log).unwrap());
    for name in [
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/40",
        "tile/1/000.p/2",
    ] {
        check(&|| fs::remove_file(log.join(name)).unwrap());
        check(&|| flip(&log.join(name), 5));
        check(&|| fs::write(log.join(name), b"short").unwrap());
    }
    // Of a batch that came to nothing.
    let beyond = [
        log.join("tile/0/002"),
        log.join("tile/0/002.p/41"),
        log.join("tile/2/000.p/1"),
    ];
    for path in &beyond {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, vec![1; 41 * 32]).unwrap();
    }
    check(&|| ());
    assert!(beyond.iter().all(|path| !path.exists()));
}
