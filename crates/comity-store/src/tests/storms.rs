//! Faults in a row, drawn from seeds: while a batch is committed, while the journal is opened after that, and again while it
//! is opened after that. Every record is another one, so that an index that is given twice shows.

use super::faulty_disk::{FaultyDisk, How, Loss};
use super::*;
use crate::journal::fsck::fsck_on;
use comity_log::proof::verify_consistency;
use comity_log::tree::Tree;

const SEEDS: u64 = 120;
/// Openings of one storm: each may fail, and so may the commits after it.
const OPENINGS: u64 = 12;
/// More than the steps of a commit, or of an opening, that is spread over some segments.
const STEPS: u64 = 90;

/// What a node has told others, and must be true for ever.
struct Told {
    dir: tempfile::TempDir,
    disk: FaultyDisk,
    dice: Dice,
    /// Leaves by their index.
    given: Vec<Vec<u8>>,
    /// Every head that could have been signed.
    heads: Vec<Head>,
    /// How many records were ever tried.
    tried: u64,
    failures: u64,
}

impl Told {
    fn new(seed: u64) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            disk: FaultyDisk::default(),
            dice: Dice(seed),
            given: Vec::new(),
            heads: Vec::new(),
            tried: 0,
            failures: 0,
        }
    }

    fn open(&self) -> Result<Journal, StoreError> {
        open_on(Arc::new(self.disk.clone()), self.dir.path())
    }

    /// The next step that fails, or none.
    fn brew(&mut self) {
        if self.dice.below(4) > 0 {
            let hows = [How::Undone, How::Done, How::Half, How::Flipped];
            let how = hows[self.dice.below(4) as usize];
            let step = 1 + self.dice.below(STEPS);
            self.disk.fail_at(step as usize, how);
        }
    }

    /// Opens, and commits until something fails; then the process ends, and sometimes the power goes too.
    fn once(&mut self) {
        self.brew();
        let opened = self.open();
        self.failures += u64::from(self.disk.heal().is_some());
        if let Ok(mut journal) = opened {
            self.is_true_in(&journal);
            for _ in 0..=self.dice.below(3) {
                self.brew();
                let committed = self.commit(&mut journal);
                self.failures += u64::from(self.disk.heal().is_some());
                if committed.is_ok() {
                    continue;
                }
                // It has stopped; or nothing was begun, since the disk did not say how much room it has.
                journal.discard();
                match refused(self.commit(&mut journal)) {
                    "store-stopped" => break,
                    again => assert_eq!(again, "accepted"),
                }
            }
        }
        let losses = [Loss::Nothing, Loss::All, Loss::Half];
        self.disk.lose(losses[self.dice.below(3) as usize]);
    }

    fn commit(&mut self, journal: &mut Journal) -> Result<(), StoreError> {
        let mut leaves = Vec::new();
        for _ in 0..=self.dice.below(12) {
            let leaf = format!("try {}", self.tried).into_bytes();
            self.tried += 1;
            journal.stage_record(&leaf, None)?;
            journal.stage(1, Some(Scope([self.dice.below(3) as u8; 16])), b"frame")?;
            leaves.push(leaf);
        }
        let head = journal.commit()?;
        self.given.extend(leaves);
        self.heads.push(head);
        assert_eq!(head.size(), self.given.len() as u64);
        Ok(())
    }

    /// Nothing that was given is another one now. What came through although nobody was told is given from now on.
    fn is_true_in(&mut self, journal: &Journal) {
        for (index, leaf) in (0..).zip(&self.given) {
            assert_eq!(&journal.record(index).unwrap().0, leaf, "{index}");
        }
        for index in self.given.len() as u64..journal.head().size() {
            self.given.push(journal.record(index).unwrap().0);
        }
        assert_eq!(journal.next_index(), self.given.len() as u64);
        self.heads.push(journal.head());
    }

    fn heads_are_of_one_tree(&self, journal: &Journal) {
        let newest = journal.head();
        let mut tree = Tree::open(journal.tiles(), &newest).unwrap();
        for head in self.heads.iter().filter(|head| head.size() > 0) {
            let path = tree.consistency_path(head.size(), newest.size()).unwrap();
            verify_consistency(head, &newest, &path).unwrap();
        }
    }
}

#[test]
fn a_disk_that_fails_again_and_again_makes_no_two_heads_that_disagree() {
    let mut failures = 0;
    for seed in 0..SEEDS {
        let mut told = Told::new(seed);
        for _ in 0..OPENINGS {
            told.once();
        }
        let journal = told.open().unwrap();
        told.is_true_in(&journal);
        told.heads_are_of_one_tree(&journal);
        drop(journal);
        let disk = Arc::new(told.disk.clone());
        let report = fsck_on(disk, told.dir.path(), &key(), &origin(), false, &mut |_| {});
        let report = report.unwrap();
        assert_eq!(report.damages, [], "seed {seed}");
        assert_eq!(report.records, told.given.len() as u64);
        failures += told.failures;
    }
    assert!(failures > SEEDS * 5, "only {failures} steps failed");
}

/// The same numbers at each run (`SplitMix64`).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
