//! Every step of a commit fails once, then every step of the opening after it; then the power goes.

use super::faulty_disk::{FaultyDisk, How, Loss};
use super::storms::Dice;
use super::*;
use comity_log::tree::Tree;

/// A journal, what it has acknowledged, and the heads that were signed.
struct Node {
    dir: tempfile::TempDir,
    disk: FaultyDisk,
    acknowledged: Vec<(Position, Stored)>,
    signed: Vec<Head>,
    /// The step that failed last.
    failed: String,
}

impl Node {
    fn new() -> Self {
        let node = Self {
            dir: tempfile::tempdir().unwrap(),
            disk: FaultyDisk::default(),
            acknowledged: Vec::new(),
            signed: Vec::new(),
            failed: String::new(),
        };
        drop(node.open().unwrap());
        node
    }

    fn open(&self) -> Result<Journal, StoreError> {
        open_on(Arc::new(self.disk.clone()), self.dir.path())
    }

    /// Commits; what is acknowledged must be there for ever, and what is signed must stay true.
    fn commit(&mut self, journal: &mut Journal, frames: u64) -> Result<(), StoreError> {
        fill(journal, frames)?;
        let head = journal.commit()?;
        self.signed.push(head);
        // Read without faults: this is the test looking, not the journal.
        let mut all = Vec::new();
        let acknowledged = self.acknowledged.len() as u64;
        journal
            .replay(acknowledged, &mut |at, stored| {
                all.push((at, stored));
                ControlFlow::Continue(())
            })
            .unwrap();
        self.acknowledged.extend(all);
        journal.publish(&checkpoint(head))
    }

    fn check(&self, journal: &Journal) {
        let found = committed(journal);
        assert_eq!(&found[..self.acknowledged.len()], self.acknowledged);
        assert_eq!(found.len() as u64, journal.next_seq());
        let mut tree = Tree::open(journal.tiles(), &journal.head()).unwrap();
        for head in &self.signed {
            assert_eq!(
                &tree.head_at(head.size()).unwrap(),
                head,
                "a signed head is not true any more"
            );
        }
        for index in 0..journal.head().size() {
            let hash = comity_log::hash::leaf_hash(&leaf(index));
            assert_eq!(tree.leaf_hash(index).unwrap(), hash);
        }
        assert!(journal.tiles().are_whole(&journal.head(), 0).unwrap());
    }

    /// Opened without faults, it is whole; it takes more; and that survives the power going.
    fn recovers(&mut self) {
        let journal = self.open().unwrap();
        let batch = journal.next_seq() - self.acknowledged.len() as u64;
        assert!(batch == 0 || batch == BATCH, "a batch is there in part");
        // What is there although it was not acknowledged is a part of the journal from now on.
        self.check(&journal);
        self.acknowledged = committed(&journal);
        self.signed.push(journal.head());
        drop(journal);
        self.disk.lose(Loss::All);
        let mut journal = self.open().unwrap();
        self.check(&journal);
        self.commit(&mut journal, 5).unwrap();
        self.check(&journal);
        drop(journal);
        self.disk.lose(Loss::All);
        self.check(&self.open().unwrap());
    }
}

/// What the power may take with it.
const LOSSES: [Loss; 3] = [Loss::Nothing, Loss::All, Loss::Half];

/// In steps. The next step of an opening that fails is so far away at the most.
const OPENING_STRIDE: u64 = 20;

/// More than fits into what is left of a segment.
const BATCH: u64 = 11;

/// A node with two batches, whose third is hit; false if the step is past the end.
fn hit_commit(step: usize, how: How, loss: Loss, reopened_first: bool) -> Option<Node> {
    let mut node = Node::new();
    let mut journal = node.open().unwrap();
    node.commit(&mut journal, 4).unwrap();
    node.commit(&mut journal, 3).unwrap();
    if reopened_first {
        drop(journal);
        journal = node.open().unwrap();
    }
    let before = (journal.head(), journal.next_seq());
    fill(&mut journal, BATCH).unwrap();
    node.disk.fail_at(step, how);
    let result = journal.commit();
    let failed = node.disk.heal()?;
    node.failed = failed.clone();
    match result {
        Ok(head) => {
            node.signed.push(head);
            node.acknowledged = committed(&journal);
        }
        Err(_) if matches!(failed.split(' ').next(), Some("available_bytes")) => {
            // Nothing was written: the batch is still in hand.
            node.signed.push(journal.commit().unwrap());
            node.acknowledged = committed(&journal);
        }
        Err(_) => {
            assert_eq!(refused(journal.commit()), "store-stopped", "{failed}");
            assert_eq!(refused(journal.stage(1, None, b"more")), "store-stopped");
            assert_eq!((journal.head(), journal.next_seq()), before);
            assert_eq!(committed(&journal).len(), node.acknowledged.len());
        }
    }
    drop(journal);
    node.disk.lose(loss);
    Some(node)
}

/// Every step fails in every way. What is lost then, and whether the journal had been opened anew before, is drawn; of a
/// sync all of it is taken always, since nothing else promises that something is durable.
#[test]
fn a_commit_that_fails_at_any_step_loses_nothing_and_gives_nothing_twice() {
    let mut dice = Dice(1);
    for how in [How::Undone, How::Done, How::Half, How::Flipped] {
        let mut steps = 0;
        while let Some(mut node) = {
            let (loss, reopened_first) = (LOSSES[dice.below(3) as usize], dice.below(2) == 0);
            hit_commit(steps + 1, how, loss, reopened_first)
        } {
            steps += 1;
            node.recovers();
            for loss in LOSSES {
                if node.failed.starts_with("sync ") {
                    hit_commit(steps, how, loss, false).unwrap().recovers();
                }
            }
        }
        assert!(steps > 15, "{steps} steps");
    }
}

/// Every second step of a commit fails, and then steps of the opening that are drawn, the first one always. What the
/// syncs of the head record do is below with every step, and many faults in a row are in the storms.
#[test]
fn a_commit_that_fails_and_an_opening_that_fails_after_it_lose_nothing() {
    let mut dice = Dice(2);
    for (how, loss) in [
        (How::Undone, Loss::All),
        (How::Done, Loss::Nothing),
        (How::Half, Loss::Half),
    ] {
        for commit_step in (1..).step_by(2) {
            let mut opening_step = 0;
            loop {
                let Some(mut node) = hit_commit(commit_step, how, loss, false) else {
                    break;
                };
                opening_step += match opening_step {
                    0 => 1,
                    _ => 1 + dice.below(OPENING_STRIDE) as usize,
                };
                node.disk.fail_at(opening_step, how);
                let opened = node.open();
                let failed = node.disk.heal();
                drop(opened);
                node.disk.lose(loss);
                node.recovers();
                if failed.is_none() {
                    break;
                }
            }
            if opening_step == 0 {
                assert!(commit_step > 15);
                break;
            }
        }
    }
}

/// What an opening finds may be in memory only, in both files of the head record.
#[test]
fn a_head_record_that_was_never_synced_is_synced_before_anything_is_built_on_it() {
    let is_of_head = |step: &str| step.starts_with("sync ") && step.contains("/head/");
    let mut tried = 0;
    for commit_step in 1.. {
        let Some(node) = hit_commit(commit_step, How::Undone, Loss::Nothing, false) else {
            break;
        };
        for opening_step in (1..).take_while(|_| is_of_head(&node.failed)) {
            let mut node = hit_commit(commit_step, How::Undone, Loss::Nothing, false).unwrap();
            node.disk.fail_at(opening_step, How::Undone);
            drop(node.open());
            match node.disk.heal() {
                None => break,
                Some(failed) if is_of_head(&failed) => {
                    node.recovers();
                    tried += 1;
                }
                Some(_) => (),
            }
        }
    }
    assert!(tried >= 2);
}

#[test]
fn a_first_opening_that_fails_at_any_step_can_be_repeated() {
    for how in [How::Undone, How::Done, How::Half, How::Flipped] {
        for loss in [Loss::Nothing, Loss::All, Loss::Half] {
            for step in 1.. {
                let dir = tempfile::tempdir().unwrap();
                let disk = FaultyDisk::default();
                let open = || open_on(Arc::new(disk.clone()), dir.path());
                disk.fail_at(step, how);
                drop(open());
                let failed = disk.heal();
                disk.lose(loss);
                let mut journal = open().unwrap();
                fill(&mut journal, 5).unwrap();
                journal.commit().unwrap();
                drop(journal);
                disk.lose(Loss::All);
                assert_eq!(committed(&open().unwrap()).len(), 5);
                if failed.is_none() {
                    assert!(step > 15);
                    break;
                }
            }
        }
    }
}

#[test]
fn what_is_published_is_the_old_checkpoint_or_the_new_one() {
    for how in [How::Undone, How::Done, How::Half] {
        for loss in [Loss::Nothing, Loss::All, Loss::Half] {
            for step in 1.. {
                let mut node = Node::new();
                let mut journal = node.open().unwrap();
                node.commit(&mut journal, 4).unwrap();
                let old = checkpoint(journal.head());
                fill(&mut journal, 4).unwrap();
                let new = checkpoint(journal.commit().unwrap());
                node.disk.fail_at(step, how);
                let published = journal.publish(&new).is_ok();
                let failed = node.disk.heal();
                drop(journal);
                node.disk.lose(loss);
                let found = node.open().unwrap().published().unwrap().unwrap();
                assert!(found == new || (found == old && !published));
                if failed.is_none() {
                    break;
                }
            }
        }
    }
}
