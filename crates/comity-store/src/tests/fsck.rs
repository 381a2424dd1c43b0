//! What an index may say, and what is found when everything is made again from the frames.

use super::*;
use crate::journal::fsck::{Report, fsck};
use comity_log::tree::Tree;
use std::fs;

/// A closed journal of many small segments: 520 records, two full tiles and a partial one.
fn closed() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    let mut head = journal.head();
    for _ in 0..52 {
        fill(&mut journal, 30).unwrap();
        head = journal.commit().unwrap();
    }
    assert_eq!(head.size(), 520);
    journal.publish(&checkpoint(head)).unwrap();
    dir
}

fn check(dir: &Path, repair: bool) -> Report {
    let mut seen = 0;
    let report = fsck(dir, &key(), &origin(), repair, &mut |record| {
        assert_eq!(record.leaf, leaf(record.index));
        seen += 1;
    });
    let report = report.unwrap();
    assert_eq!(report.records, seen);
    report
}

fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 0x04;
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_is_whole_is_counted_and_not_touched() {
    let dir = closed();
    let before = files(dir.path());
    let report = check(dir.path(), false);
    assert_eq!(report.damages, []);
    assert_eq!(
        (report.head.size(), report.records, report.frames),
        (520, 520, 1_560)
    );
    // Two full, the rest, and the level above.
    assert_eq!((report.tiles, report.published), (4, Some(520)));
    assert_eq!(
        (report.indexes, report.indexes_missing),
        (report.segments - 1, 0)
    );
    // Six owners.
    assert_eq!(report.data_keys, 6);
    assert_eq!(files(dir.path()), before);
}

#[test]
fn a_derived_file_that_is_wrong_is_named_and_made_again_if_that_is_asked_for() {
    let dir = closed();
    let whole = files(dir.path());
    let spoil = |name: &str, spoil: &dyn Fn(&Path), code: &str| {
        let path = dir.path().join(name);
        spoil(&path);
        let spoilt = files(dir.path());
        let report = check(dir.path(), false);
        let damage = &report.damages[0];
        assert_eq!(
            (damage.code, &damage.file, damage.derived),
            (code, &path, true)
        );
        assert_eq!(files(dir.path()), spoilt, "looking changes nothing");
        assert!(!report.is_lost());
        let report = check(dir.path(), true);
        assert_eq!((report.made_again, report.damages), (vec![path], vec![]));
        // An index is made again by the next opening.
        drop(open(dir.path()).unwrap());
        assert_eq!(check(dir.path(), false).damages, []);
        for (name, bytes) in whole.iter().filter(|(name, _)| !name.starts_with("head/")) {
            assert_eq!(&fs::read(dir.path().join(name)).unwrap(), bytes, "{name}");
        }
    };
    for name in ["log/tile/0/000", "log/tile/0/002.p/8", "log/tile/1/000.p/2"] {
        spoil(name, &|path| flip(path, 40), "tile-differs");
        spoil(name, &|path| fs::remove_file(path).unwrap(), "tile-differs");
    }
    for offset in [3, 20, 60, 70, 110, 130] {
        spoil(
            "index/00000003.idx",
            &|path| flip(path, offset),
            "index-differs",
        );
    }
    let another = |path: &Path| {
        let other = fs::read(dir.path().join("index/00000004.idx")).unwrap();
        fs::write(path, other).unwrap();
    };
    spoil("index/00000003.idx", &another, "index-differs");
    spoil(
        "index/00000003.idx",
        &|path| fs::write(path, b"").unwrap(),
        "index-differs",
    );
}

#[test]
fn a_frame_that_is_damaged_is_named_and_what_follows_is_still_read() {
    let dir = closed();
    let journal = open(dir.path()).unwrap();
    let mut places = Vec::new();
    let mut each = |at: Position, stored: Stored| {
        places.push((at, stored.kind));
        ControlFlow::Continue(())
    };
    journal.replay(0, &mut each).unwrap();
    drop(journal);
    let (at, _) = places[700];
    let path = dir.path().join(format!("journal/{:08}.seg", at.segment()));
    flip(&path, at.offset() as usize + 90);
    for repair in [false, true] {
        let before = files(dir.path());
        let report = check(dir.path(), repair);
        let [damage] = report.damages.as_slice() else {
            panic!("{:?}", report.damages)
        };
        assert_eq!((damage.code, &damage.file), ("journal-damaged", &path));
        assert_eq!(
            (damage.offset, report.is_lost()),
            (u64::from(at.offset()), true)
        );
        // The rest of its segment is not read, and all others are.
        assert!(report.frames > 1_540 && report.frames < 1_560);
        assert_eq!(
            files(dir.path()),
            before,
            "nothing is made again from half of it"
        );
    }
}

#[test]
fn a_signed_head_of_another_tree_is_found() {
    let dir = closed();
    let path = dir.path().join("log/checkpoint");
    let root = |bytes: u8| comity_log::hash::Hash::new([bytes; 32]);
    let first = {
        let journal = open(dir.path()).unwrap();
        Tree::open(journal.tiles(), &journal.head())
            .unwrap()
            .head_at(300)
            .unwrap()
    };
    let check = |head: Head, expected: &[&str]| {
        fs::write(&path, checkpoint(head)).unwrap();
        let report = check(dir.path(), false);
        let codes: Vec<_> = report.damages.iter().map(|damage| damage.code).collect();
        assert_eq!(codes, expected);
    };
    check(first, &[]);
    check(Head::new(300, root(1)).unwrap(), &["root-differs"]);
    check(
        Head::new(520, root(1)).unwrap(),
        &["head-behind-checkpoint"],
    );
    check(
        Head::new(521, root(1)).unwrap(),
        &["head-behind-checkpoint"],
    );
}

#[test]
fn a_copy_of_the_head_record_that_is_damaged_is_named_and_the_next_opening_mends_it() {
    let dir = closed();
    let path = dir.path().join("head/b");
    flip(&path, 4_096 + 30);
    let report = check(dir.path(), false);
    let damage = &report.damages[0];
    assert_eq!(
        (damage.code, &damage.file, damage.offset),
        ("head-copy-damaged", &path, 4_096)
    );
    assert!(damage.derived);
    drop(open(dir.path()).unwrap());
    assert_eq!(check(dir.path(), false).damages, []);
}

#[test]
fn without_its_indexes_a_journal_is_the_same_and_they_are_made_again() {
    let dir = closed();
    let found = committed(&open(dir.path()).unwrap());
    let whole = files(&dir.path().join("index"));
    for gone in 0..whole.len() {
        for (name, _) in whole.iter().skip(gone) {
            let _gone_already = fs::remove_file(dir.path().join("index").join(name));
        }
        assert_eq!(committed(&open(dir.path()).unwrap()), found);
        assert_eq!(files(&dir.path().join("index")), whole);
        if gone > 3 {
            break;
        }
    }
}

/// A copy of journal and head records was put back, and the indexes of the other history stayed.
#[test]
fn an_index_of_another_history_of_the_journal_is_not_believed() {
    let dir = closed();
    let old = files(dir.path());
    let stage = |journal: &mut Journal, what: &str| {
        for number in 0..40 {
            let leaf = format!("{what} {number}").into_bytes();
            journal.stage_record(&leaf, None).unwrap();
        }
        journal.commit().unwrap();
    };
    let mut journal = open(dir.path()).unwrap();
    stage(&mut journal, "this history");
    drop(journal);
    let indexes = files(&dir.path().join("index"));
    fs::remove_dir_all(dir.path()).unwrap();
    for (name, bytes) in old {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let mut journal = open(dir.path()).unwrap();
    stage(&mut journal, "that history");
    drop(journal);
    let right = files(&dir.path().join("index"));
    for (name, bytes) in indexes {
        fs::write(dir.path().join("index").join(name), bytes).unwrap();
    }
    let journal = open(dir.path()).unwrap();
    for number in 0..40 {
        let leaf = format!("that history {number}").into_bytes();
        assert_eq!(journal.record(520 + number).unwrap().0, leaf);
    }
    assert_eq!(files(&dir.path().join("index")), right);
}

#[test]
fn frames_of_a_kind_are_found_without_reading_the_others() {
    let dir = closed();
    let check = |kinds: &[u8]| {
        let journal = open(dir.path()).unwrap();
        let mut expected = committed(&journal);
        expected.retain(|(_, stored)| kinds.contains(&stored.kind));
        let mut found = Vec::new();
        let mut each = |at, stored| {
            found.push((at, stored));
            ControlFlow::Continue(())
        };
        journal.replay_kinds(kinds, &mut each).unwrap();
        assert_eq!(found, expected);
    };
    check(&[1]);
    check(&[2]);
    check(&[1, 2]);
    check(&[3]);
    // Of a kind that is rare, only its segment is read.
    let mut journal = open(dir.path()).unwrap();
    journal.stage(9, None, b"rare").unwrap();
    journal.commit().unwrap();
    for number in 1..40 {
        let path = dir.path().join(format!("journal/{number:08}.seg"));
        flip(&path, 100);
    }
    let mut found = Vec::new();
    let mut each = |_, stored: Stored| {
        found.push(stored.body);
        ControlFlow::Continue(())
    };
    journal.replay_kinds(&[9], &mut each).unwrap();
    assert_eq!(found, [b"rare".to_vec()]);
}

#[test]
fn a_full_tile_that_is_lost_later_is_named_by_whoever_reads_it() {
    let dir = closed();
    let tile = dir.path().join("log/tile/0/000");
    flip(&tile, 40);
    let journal = open(dir.path()).unwrap();
    let mut tree = Tree::open(journal.tiles(), &journal.head()).unwrap();
    let error = tree.inclusion_path(3, 520).unwrap_err();
    assert_eq!(error.code(), "tile-is-another");
    assert!(error.to_string().contains("tile/0/000"));
    assert!(tree.inclusion_path(300, 520).is_ok());
}
