//! What a caller sees when nothing goes wrong.

use super::*;
use crate::RECORD_KIND;
use crate::record::split_record;
use comity_log::tree::Tree;

#[test]
fn what_is_committed_is_there_after_opening_again_and_what_is_not_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    assert!(journal.is_empty());
    fill(&mut journal, 20).unwrap();
    let head = journal.commit().unwrap();
    let first = committed(&journal);
    assert_eq!((first.len(), journal.is_empty()), (20, false));
    fill(&mut journal, 7).unwrap();
    assert_eq!(journal.next_seq(), 27);
    drop(journal);

    let mut journal = open(dir.path()).unwrap();
    assert_eq!(
        (journal.next_seq(), journal.next_index()),
        (20, head.size())
    );
    assert_eq!((committed(&journal), journal.head()), (first, head));
    for frames in [1, 2, 3, 30, 400] {
        fill(&mut journal, frames).unwrap();
        journal.commit().unwrap();
    }
    assert_eq!(committed(&journal).len(), 456);
    let all = committed(&journal);
    drop(journal);
    let journal = open(dir.path()).unwrap();
    assert_eq!(committed(&journal), all);
    assert!(Tree::open(journal.tiles(), &journal.head()).is_ok());
}

#[test]
fn a_staged_frame_is_readable_at_once_and_may_be_discarded() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    fill(&mut journal, 5).unwrap();
    journal.commit().unwrap();
    let (seq, index) = (journal.next_seq(), journal.next_index());
    let at = journal.stage(7, Some(Scope([1; 16])), b"staged").unwrap();
    let record = journal.stage_record(b"leaf", Some(b"facts")).unwrap();
    assert_eq!(
        (journal.next_seq(), journal.next_index()),
        (seq + 2, index + 1)
    );
    assert!(journal.staged_bytes() > 0);
    let stored = journal.read(at).unwrap();
    assert_eq!(
        (stored.seq, stored.kind, stored.scope),
        (seq, 7, Some(Scope([1; 16])))
    );
    assert_eq!(stored.body, b"staged");
    assert!(!format!("{stored:?}").contains("staged"));
    let stored = journal.read(record).unwrap();
    assert_eq!((stored.kind, stored.scope), (RECORD_KIND, None));
    assert_eq!(
        split_record(&stored.body),
        Some((&b"leaf"[..], Some(&b"facts"[..])))
    );
    assert_eq!(
        journal.record(index).unwrap(),
        (b"leaf".to_vec(), Some(b"facts".to_vec()))
    );
    // Not committed, so not replayed.
    assert_eq!(committed(&journal).len(), 5);

    journal.discard();
    assert_eq!(
        (
            journal.next_seq(),
            journal.next_index(),
            journal.staged_bytes()
        ),
        (seq, index, 0)
    );
    assert_eq!(refused(journal.read(at)), "position-unknown");
    assert_eq!(refused(journal.record(index)), "record-unknown");
    fill(&mut journal, 5).unwrap();
    journal.commit().unwrap();
    assert_eq!(committed(&journal).len(), 10);
}

#[test]
fn a_commit_without_frames_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    fill(&mut journal, 4).unwrap();
    let head = journal.commit().unwrap();
    let before = files(dir.path());
    assert_eq!(journal.commit().unwrap(), head);
    assert_eq!(files(dir.path()), before);
    // Opened and closed without a word: no segment is begun.
    drop(journal);
    drop(open(dir.path()).unwrap());
    let names = |files: Vec<(String, Vec<u8>)>| files.into_iter().map(|(name, _)| name);
    assert!(names(files(dir.path())).eq(names(before)));
}

#[test]
fn frames_without_a_record_leave_the_head_of_the_tree_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    fill(&mut journal, 1).unwrap();
    let head = journal.commit().unwrap();
    journal.stage(1, None, b"").unwrap();
    assert_eq!(journal.commit().unwrap(), head);
    drop(journal);
    assert_eq!(open(dir.path()).unwrap().next_seq(), 2);
}

#[test]
fn a_replay_begins_where_it_is_told_and_ends_when_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    fill(&mut journal, 60).unwrap();
    journal.commit().unwrap();
    let check = |from: u64, most: usize, expected: Vec<u64>| {
        let mut found = Vec::new();
        let mut each = |_, stored: Stored| {
            found.push(stored.seq);
            if found.len() == most {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        journal.replay(from, &mut each).unwrap();
        assert_eq!(found, expected);
    };
    for from in 0..=60 {
        check(from, 100, (from..60).collect());
    }
    check(0, 1, vec![0]);
    check(30, 3, vec![30, 31, 32]);
    check(1_000, 3, vec![]);
}

#[test]
fn a_frame_larger_than_a_segment_gets_one_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    fill(&mut journal, 3).unwrap();
    let large = vec![8; 100_000];
    let at = journal.stage(3, None, &large).unwrap();
    journal.commit().unwrap();
    journal.stage(3, None, b"after").unwrap();
    journal.commit().unwrap();
    drop(journal);
    let journal = open(dir.path()).unwrap();
    assert_eq!(journal.read(at).unwrap().body, large);
    assert_eq!(journal.next_seq(), 5);
}

#[test]
fn a_full_segment_gives_back_the_room_that_it_did_not_need() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(dir.path(), &key(), &origin()).unwrap();
    let first = dir.path().join("journal/00000001.seg");
    journal.stage(1, None, b"one").unwrap();
    journal.commit().unwrap();
    assert_eq!(
        first.metadata().unwrap().len(),
        u64::from(crate::limits::SEGMENT_BYTES)
    );
    drop(journal);
    let mut journal = Journal::open(dir.path(), &key(), &origin()).unwrap();
    journal.stage(1, None, b"two").unwrap();
    journal.commit().unwrap();
    assert!(first.metadata().unwrap().len() < 1_000);
}

#[test]
fn the_keys_of_more_cases_than_are_kept_are_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    let scope = |number: u32| {
        let mut scope = [0; 16];
        scope[..4].copy_from_slice(&number.to_be_bytes());
        Some(Scope(scope))
    };
    let cases = crate::limits::KEYS_KEPT_MAX as u32 + 300;
    let staged: Vec<Position> = (0..cases)
        .map(|case| journal.stage(1, scope(case), &case.to_be_bytes()).unwrap())
        .collect();
    journal.commit().unwrap();
    // A second frame of a case is under the key of the first.
    let bytes = journal.staged_bytes();
    journal.stage(1, scope(0), b"again").unwrap();
    assert!(journal.staged_bytes() - bytes < 2 * crate::frame::OVERHEAD_BYTES);
    for (case, at) in (0..).zip(staged) {
        let stored = journal.read(at).unwrap();
        assert_eq!(
            (stored.scope, stored.body),
            (scope(case), u32::to_be_bytes(case).to_vec())
        );
    }
}

#[test]
fn files_are_the_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut journal = open(&data).unwrap();
    fill(&mut journal, 9).unwrap();
    let head = journal.commit().unwrap();
    journal.publish(&checkpoint(head)).unwrap();
    let mut paths = vec![data];
    while let Some(path) = paths.pop() {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{path:?}");
        if path.is_dir() {
            paths.extend(
                std::fs::read_dir(path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
    }
}

#[test]
fn nothing_that_is_stored_can_be_read_in_the_raw_directory() {
    let planted = b"https://planted.example/canary";
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    journal.stage(1, None, planted).unwrap();
    journal.stage(1, Some(Scope([2; 16])), planted).unwrap();
    journal.stage_record(planted, Some(planted)).unwrap();
    journal.commit().unwrap();
    let files = files(dir.path());
    assert!(files.len() > 5);
    for (name, content) in files {
        let found = content
            .windows(planted.len())
            .any(|window| window == planted);
        assert!(!found, "{name}");
    }
}

#[test]
fn a_second_opening_is_refused_until_the_first_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path()).unwrap();
    assert_eq!(refused(open(dir.path())), "store-locked");
    drop(journal);
    assert!(open(dir.path()).is_ok());
}
