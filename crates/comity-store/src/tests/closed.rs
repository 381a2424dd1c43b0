//! A log ends and the next one begins; and the copy of the head that tells an old data directory.

use super::faulty_disk::{FaultyDisk, How, Loss};
use super::*;
use comity_log::hash::Hash;
use comity_log::limits::BATCH_LEAVES_MAX;
use comity_log::tree::Tree;

fn next() -> Origin {
    Origin { n: 2, ..origin() }
}

fn open_as(disk: Arc<dyn Disk>, dir: &Path, origin: &Origin) -> Result<Journal, StoreError> {
    Journal::open_on(disk, small(), dir, &key(), origin)
}

/// What is lost is not here, so it has any root.
fn proven() -> Head {
    Head::new(40, Hash::new([7; 32])).unwrap()
}

/// A journal whose first log has ended, and that log's frames and head.
fn ended(dir: &Path) -> (Journal, Vec<(Position, Stored)>, Head) {
    let mut journal = open(dir).unwrap();
    fill(&mut journal, 20).unwrap();
    let head = journal.commit().unwrap();
    let frames = committed(&journal);
    journal.publish(&checkpoint(head)).unwrap();
    journal.close(&proven(), &next(), b"notice").unwrap();
    let journal = open_as(Arc::new(RealDisk), dir, &next()).unwrap();
    (journal, frames, head)
}

#[test]
fn the_next_log_begins_empty_and_what_stood_before_stays_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, frames, head) = ended(dir.path());
    assert_eq!((journal.head(), journal.next_index()), (Head::empty(), 0));
    assert_eq!((journal.next_seq(), journal.is_empty()), (21, false));
    assert_eq!(refused(journal.record(0)), "record-unknown");
    for (at, stored) in &frames {
        assert_eq!(&journal.read(*at).unwrap(), stored);
    }
    let mut heads = Vec::new();
    for round in 0..4_u64 {
        for index in 0..9 {
            let leaf = format!("second log, {}", round * 9 + index);
            journal.stage_record(leaf.as_bytes(), None).unwrap();
        }
        heads.push(journal.commit().unwrap());
        if round % 2 == 1 {
            drop(journal);
            journal = open_as(Arc::new(RealDisk), dir.path(), &next()).unwrap();
        }
    }
    let mut tree = Tree::open(journal.tiles(), &journal.head()).unwrap();
    for head in heads {
        assert_eq!(tree.head_at(head.size()).unwrap(), head);
    }
    assert_eq!(journal.record(30).unwrap().0, b"second log, 30");

    let [log] = journal.closed() else {
        panic!("one log was closed")
    };
    assert_eq!(
        (&log.origin, log.head, log.closed),
        (&origin(), head, proven())
    );
    assert_eq!(
        (log.before_seq, log.notice.as_slice()),
        (20, &b"notice"[..])
    );
    let mut tree = Tree::open(OfClosed(log), &log.head).unwrap();
    for index in 0..head.size() {
        assert_eq!(journal.closed_record(log, index).unwrap().0, leaf(index));
        let hash = comity_log::hash::leaf_hash(&leaf(index));
        assert_eq!(tree.leaf_hash(index).unwrap(), hash);
    }
    let beyond = journal.closed_record(log, head.size());
    assert_eq!(refused(beyond), "record-unknown");
    // A head of the first log is none of the second.
    assert_eq!(
        refused(journal.publish(&checkpoint(head))),
        "checkpoint-is-another"
    );
    drop(journal);
    assert_eq!(refused(open(dir.path())), "store-origin-is-another");
}

struct OfClosed<'a>(&'a crate::ClosedLog);

impl comity_log::store::TileReader for OfClosed<'_> {
    type Error = StoreError;

    fn read_tile(&self, tile: comity_log::tile::TileId) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.tile(tile)
    }
}

#[test]
fn the_tiles_of_a_closed_log_are_made_anew_when_they_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _, head) = ended(dir.path());
    drop(journal);
    std::fs::remove_dir_all(dir.path().join("closed")).unwrap();
    let journal = open_as(Arc::new(RealDisk), dir.path(), &next()).unwrap();
    let log = &journal.closed()[0];
    let mut tree = Tree::open(OfClosed(log), &log.head).unwrap();
    assert_eq!(tree.head_at(head.size()).unwrap(), head);
}

#[test]
fn a_log_of_more_records_than_a_batch_has_is_made_anew_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path(), &key(), &origin()).unwrap();
    for _ in 0..2 {
        for _ in 0..BATCH_LEAVES_MAX - 1 {
            let index = journal.next_index();
            journal.stage_record(&leaf(index), None).unwrap();
        }
        journal.commit().unwrap();
    }
    let head = journal.head();
    drop(journal);
    std::fs::remove_dir_all(dir.path().join("log")).unwrap();
    let journal = Journal::open(dir.path(), &key(), &origin()).unwrap();
    assert_eq!(journal.head(), head);
}

#[test]
fn a_log_that_never_had_a_record_can_be_closed() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).unwrap();
    journal.close(&proven(), &next(), b"").unwrap();
    let journal = open_as(Arc::new(RealDisk), dir.path(), &next()).unwrap();
    assert_eq!(journal.closed()[0].head, Head::empty());
    journal
        .close(&Head::empty(), &Origin { n: 3, ..origin() }, b"")
        .unwrap();
    let third = Origin { n: 3, ..origin() };
    let journal = open_as(Arc::new(RealDisk), dir.path(), &third).unwrap();
    assert_eq!(journal.closed().len(), 2);
}

#[test]
fn a_log_ends_at_no_head_that_contradicts_it() {
    let dir = tempfile::tempdir().unwrap();
    let check = |closed: fn(Head) -> Head, opened: Origin, staged: bool, expected: &str| {
        let mut journal = open(dir.path()).unwrap();
        if journal.is_empty() {
            fill(&mut journal, 20).unwrap();
            journal.commit().unwrap();
        }
        if staged {
            fill(&mut journal, 1).unwrap();
        }
        let closed = closed(journal.head());
        assert_eq!(refused(journal.close(&closed, &opened, b"")), expected);
    };
    let longer = |_| proven();
    check(longer, origin(), false, "cannot-close");
    check(longer, Origin { n: 3, ..origin() }, false, "cannot-close");
    let other = Origin::parse(&format!("{}/south.example/2", "a1".repeat(32))).unwrap();
    check(longer, other, false, "cannot-close");
    check(longer, next(), true, "cannot-close");
    check(|_| Head::empty(), next(), false, "cannot-close");
    let forked = |head: Head| Head::new(head.size(), Hash::new([7; 32])).unwrap();
    check(forked, next(), false, "cannot-close");
    check(|head| head, next(), false, "accepted");
}

#[test]
fn a_log_whose_end_fails_at_any_step_is_open_or_ended_and_loses_nothing() {
    for how in [How::Undone, How::Done, How::Half, How::Flipped] {
        for loss in [Loss::Nothing, Loss::All, Loss::Half] {
            let (mut left_open, mut ended) = (0, 0);
            for step in 1.. {
                let dir = tempfile::tempdir().unwrap();
                let disk = FaultyDisk::default();
                let open = |origin: &Origin| open_as(Arc::new(disk.clone()), dir.path(), origin);
                let mut journal = open(&origin()).unwrap();
                fill(&mut journal, 7).unwrap();
                let head = journal.commit().unwrap();
                let frames = committed(&journal);
                disk.fail_at(step, how);
                drop(journal.close(&proven(), &next(), b"notice"));
                let failed = disk.heal();
                disk.lose(loss);
                match open(&origin()) {
                    Ok(journal) => {
                        left_open += 1;
                        assert_eq!((journal.head(), committed(&journal)), (head, frames));
                        // And it can be tried again.
                        journal.close(&proven(), &next(), b"notice").unwrap();
                        disk.lose(Loss::All);
                    }
                    Err(StoreError::OriginIsAnother) => ended += 1,
                    Err(error) => panic!("{failed:?}: {error}"),
                }
                let mut journal = open(&next()).unwrap();
                let log = journal.closed()[0].clone();
                assert_eq!((log.head, log.notice.as_slice()), (head, &b"notice"[..]));
                for index in 0..head.size() {
                    assert_eq!(journal.closed_record(&log, index).unwrap().0, leaf(index));
                }
                journal.stage_record(b"first", None).unwrap();
                journal.commit().unwrap();
                drop(journal);
                disk.lose(Loss::All);
                assert_eq!(open(&next()).unwrap().record(0).unwrap().0, b"first");
                if failed.is_none() {
                    break;
                }
            }
            assert!(
                left_open > 3 && ended > 0,
                "{how:?} {loss:?} {left_open} {ended}"
            );
        }
    }
}

/// A directory, a copy of it from before, and the copy of the head.
struct Guarded {
    dir: tempfile::TempDir,
}

impl Guarded {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir }
    }

    fn open(&self, data: &str, origin: &Origin) -> Result<Journal, StoreError> {
        let dir = self.dir.path().join(data);
        Journal::open_beside(&dir, &key(), origin, &self.copy())
    }

    fn copy(&self) -> std::path::PathBuf {
        self.dir.path().join("apart/head-copy")
    }

    /// Commits some more and publishes.
    fn grow(&self, data: &str, frames: u64) -> Head {
        let mut journal = self.open(data, &origin()).unwrap();
        fill(&mut journal, frames).unwrap();
        let head = journal.commit().unwrap();
        journal.publish(&checkpoint(head)).unwrap();
        head
    }

    fn put(&self, from: &str, to: &str) {
        let to = self.dir.path().join(to);
        for (name, bytes) in files(&self.dir.path().join(from)) {
            let path = to.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
}

#[test]
fn a_data_directory_behind_the_copy_of_its_head_is_refused() {
    let node = Guarded::new();
    node.grow("data", 9);
    node.put("data", "old");
    let newer = node.grow("data", 9);
    let refusal = node.open("old", &origin()).unwrap_err();
    assert_eq!(refusal.code(), "head-behind-copy");
    assert!(refusal.to_string().contains(&newer.size().to_string()));
    // It is still to be looked at, and its log to be closed.
    let old = Journal::open_old_copy(&node.dir.path().join("old"), &key(), &origin()).unwrap();
    assert!(old.head().size() < newer.size());
    old.close(&newer, &next(), b"").unwrap();
    // The copy is of the log before then, and the next head that is published replaces it.
    let mut journal = node.open("old", &next()).unwrap();
    journal.stage_record(b"first", None).unwrap();
    let head = journal.commit().unwrap();
    let signed = Checkpoint {
        origin: next(),
        head,
    };
    let signed = signed.sign(&SigningKey::from_bytes(&[6; 32])).to_string();
    journal.publish(signed.as_bytes()).unwrap();
    assert_eq!(std::fs::read(node.copy()).unwrap(), signed.as_bytes());
    drop(journal);
    drop(node.open("old", &next()).unwrap());
    // The directory of the first log is that of another log now.
    assert_eq!(
        refused(node.open("data", &next())),
        "store-origin-is-another"
    );
    assert_eq!(
        refused(node.open("data", &origin())),
        "head-copy-unreadable"
    );
}

#[test]
fn a_head_that_others_have_and_the_journal_does_not_is_kept_and_the_journal_is_not_opened_again() {
    let node = Guarded::new();
    node.grow("data", 9);
    node.put("data", "old");
    let newer = node.grow("data", 9);
    std::fs::remove_file(node.copy()).unwrap();
    let mut journal = node.open("old", &origin()).unwrap();
    let here = journal.head();
    assert_eq!(
        refused(journal.outrun(&checkpoint(here))),
        "checkpoint-is-another"
    );
    journal.outrun(&checkpoint(newer)).unwrap();
    drop(journal);
    assert_eq!(refused(node.open("old", &origin())), "head-behind-copy");
    drop(node.open("data", &origin()).unwrap());
}

#[test]
fn an_old_copy_that_went_on_by_itself_is_refused_whatever_its_length() {
    for more in [3, 9, 30] {
        let node = Guarded::new();
        node.grow("data", 9);
        node.put("data", "old");
        let newer = node.grow("data", 9);
        let copied = std::fs::read(node.copy()).unwrap();
        std::fs::remove_file(node.copy()).unwrap();
        let mut journal = node.open("old", &origin()).unwrap();
        for index in 0..more {
            let leaf = format!("another leaf, {index}");
            journal.stage_record(leaf.as_bytes(), None).unwrap();
        }
        journal.commit().unwrap();
        drop(journal);
        std::fs::write(node.copy(), copied).unwrap();
        let refusal = refused(node.open("old", &origin()));
        assert_eq!(refusal, "head-behind-copy", "{more} more, {}", newer.size());
        drop(node.open("data", &origin()).unwrap());
    }
}

#[test]
fn a_copy_of_the_head_that_somebody_else_wrote_stops_the_next_publication() {
    let node = Guarded::new();
    let head = node.grow("data", 9);
    let mut journal = node.open("data", &origin()).unwrap();
    std::fs::write(node.copy(), b"other").unwrap();
    let published = journal.publish(&checkpoint(head));
    assert_eq!(refused(published), "head-copy-conflict");
    drop(journal);
    assert_eq!(
        refused(node.open("data", &origin())),
        "head-copy-unreadable"
    );
    // Where there is none, the next one is written.
    std::fs::remove_file(node.copy()).unwrap();
    node.grow("data", 3);
    assert!(node.copy().exists());
}
