//! What leaves the journal: checkpoint and export.

use super::*;
use comity_log::tree::Tree;
use std::fs;

#[test]
fn an_export_is_a_whole_log_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    let mut heads = vec![journal.head()];
    for records in [1, 40, 214, 1, 1, 300, 255] {
        for _ in 0..records {
            let index = journal.next_index();
            journal.stage_record(&leaf(index), Some(b"facts")).unwrap();
        }
        heads.push(journal.commit().unwrap());
    }
    // At the head, and at each head before.
    for (place, head) in heads.into_iter().enumerate() {
        let out = dir.path().join(format!("out-{place}/log"));
        let signed = checkpoint(head);
        journal.export(&out, &signed).unwrap();
        assert_eq!(refused(journal.export(&out, &signed)), "export-not-empty");
        let files = files(&out);
        let tiles = crate::Tiles::new(out, Arc::new(RealDisk));
        let mut tree = Tree::open(&tiles, &head).unwrap();
        let mut entries = 0;
        for (name, content) in files {
            match name.parse::<comity_log::tile::TilePath>() {
                Ok(comity_log::tile::TilePath::Entries(id)) => {
                    entries += tree.check_entries(id, &content).unwrap().len() as u64;
                }
                Ok(comity_log::tile::TilePath::Hashes(_)) => (),
                Err(_) => assert_eq!((name.as_str(), content), ("checkpoint", signed.clone())),
            }
        }
        assert_eq!(entries, head.size());
        assert!(tiles.are_whole(&head, 0).unwrap());
    }
}

#[test]
fn a_checkpoint_that_is_not_of_this_log_is_neither_published_nor_exported() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    fill(&mut journal, 9).unwrap();
    let old = journal.head();
    let head = journal.commit().unwrap();
    let other_root = Head::new(head.size(), comity_log::hash::Hash::new([1; 32])).unwrap();
    let longer = Head::new(head.size() + 1, *head.root()).unwrap();
    let other_log = String::from_utf8(checkpoint(head))
        .unwrap()
        .replace("north", "south");
    let check = |journal: &mut Journal, checkpoint: &[u8], expected| {
        let out = dir.path().join("out");
        assert_eq!(refused(journal.publish(checkpoint)), expected);
        assert_eq!(refused(journal.export(&out, checkpoint)), expected);
        assert!(expected == "accepted" || !out.exists());
        let _ = fs::remove_dir_all(out);
    };
    check(&mut journal, b"no checkpoint", "checkpoint-is-another");
    check(
        &mut journal,
        &checkpoint(other_root),
        "checkpoint-is-another",
    );
    check(&mut journal, &checkpoint(longer), "checkpoint-is-another");
    check(&mut journal, other_log.as_bytes(), "checkpoint-is-another");
    assert_eq!(journal.published().unwrap(), None);
    check(&mut journal, &checkpoint(old), "accepted");
    check(&mut journal, &checkpoint(head), "accepted");
    assert_eq!(journal.published().unwrap(), Some(checkpoint(head)));
}

#[test]
fn an_old_size_with_a_root_that_it_never_had_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).unwrap();
    fill(&mut journal, 9).unwrap();
    let head = journal.commit().unwrap();
    let forged = Head::new(head.size() - 1, *head.root()).unwrap();
    let forged = checkpoint(forged);
    let out = dir.path().join("out");
    assert_eq!(refused(journal.publish(&forged)), "checkpoint-is-another");
    assert_eq!(
        refused(journal.export(&out, &forged)),
        "checkpoint-is-another"
    );
}
