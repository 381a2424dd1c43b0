//! Everything that a log promises, held against what is on the disk of a stopped node.
//!
//! ```text
//! the store    head record, frames, root, tiles, indexes, each made again from the frames      comity_store::journal::fsck
//! Check        each record at its own index, times that never decrease, numbers per counterpart without a gap,
//!              facts that are those the record commits to
//! ```
//! It needs only what is in the journal, so it can be run by somebody who does not believe the node.

use std::collections::BTreeMap;
use std::path::Path;

use comity_log::names::Origin;
use comity_store::journal::fsck::{self, Damage, Report};
use comity_store::{StorageKey, StoreError};
use comity_wire::ids::{Hash, MemberId};
use comity_wire::leaf::Leaf;
use comity_wire::words::TimeMs;
use thiserror::Error;

/// What was found in a data directory.
#[derive(Debug)]
pub(crate) struct Checked {
    /// By the store.
    pub(crate) report: Report,
    /// In the records.
    pub(crate) counts: Counts,
    /// Records that break a promise, the first of them; those of the store are in its report.
    broken: Vec<Damage>,
}

impl Checked {
    /// All that is wrong: what nothing can be made again from comes first.
    pub(crate) fn damages(&self) -> Vec<&Damage> {
        let all = || self.report.damages.iter().chain(&self.broken);
        let lost = all().filter(|damage| !damage.derived);
        lost.chain(all().filter(|damage| damage.derived)).collect()
    }

    /// The first thing that nothing can be made again from.
    pub(crate) fn lost(&self) -> Option<&Damage> {
        self.damages().into_iter().find(|damage| !damage.derived)
    }
}

/// Checks the data directory of a stopped node, and shows each leaf. With `repair`, what is derived is made again.
///
/// # Errors
/// There is nowhere to begin.
pub(crate) fn check_log(
    dir: &Path,
    key: &StorageKey,
    origin: &Origin,
    repair: bool,
    each: &mut dyn FnMut(&[u8]),
) -> Result<Checked, StoreError> {
    let mut check = Check::default();
    let mut broken: Vec<Damage> = Vec::new();
    let report = fsck::fsck(dir, key, origin, repair, &mut |record| {
        each(record.leaf);
        let Err(what) = check.record(record.index, record.leaf, record.facts) else {
            return;
        };
        if broken.len() < comity_store::limits::DAMAGES_NAMED_MAX {
            broken.push(Damage {
                code: what.code(),
                file: record.file.to_owned(),
                offset: record.offset,
                what: what.to_string(),
                derived: false,
            });
        }
    })?;
    check.counts.counterparts = check.next_seq.len();
    Ok(Checked {
        report,
        counts: check.counts,
        broken,
    })
}

/// The records seen so far.
#[derive(Debug, Default)]
struct Check {
    next_index: u64,
    last_time: TimeMs,
    next_seq: BTreeMap<MemberId, u64>,
    /// Whether records before these could not be read, so that a number that is new here may not be the first.
    after_gap: bool,
    counts: Counts,
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Records by kind.
    pub(crate) kinds: BTreeMap<String, u64>,
    /// Records whose facts are here and are what the record commits to.
    pub(crate) facts: u64,
    /// Records whose facts are not here any more.
    pub(crate) facts_gone: u64,
    /// Other members that they are about.
    pub(crate) counterparts: usize,
}

impl Check {
    /// Holds the next record against all that came before it. After an error the next one is held against this one.
    fn record(&mut self, index: u64, bytes: &[u8], facts: Option<&[u8]>) -> Result<(), Broken> {
        if index != self.next_index {
            // A new log, or what is between cannot be read.
            self.after_gap = index != 0;
            self.last_time = 0;
            self.next_seq.clear();
        }
        self.next_index = index.saturating_add(1);
        let leaf = Leaf::decode(bytes).map_err(|_| Broken::Unreadable { index })?;
        *self.counts.kinds.entry(leaf.kind.to_string()).or_insert(0) += 1;
        let last_time = std::mem::replace(&mut self.last_time, leaf.time);
        let follows = self.sequence(index, &leaf);
        if leaf.index != index {
            return Err(Broken::Index {
                index,
                says: leaf.index,
            });
        }
        if leaf.time < last_time {
            return Err(Broken::TimeDecreases { index });
        }
        match (leaf.facts, facts) {
            (Some(hash), Some(facts)) if hash == Hash::of(facts) => self.counts.facts += 1,
            (Some(_), None) => self.counts.facts_gone += 1,
            (None, None) => {}
            _ => return Err(Broken::FactsDiffer { index }),
        }
        follows
    }

    fn sequence(&mut self, index: u64, leaf: &Leaf) -> Result<(), Broken> {
        let (Some(seq), Some(counterpart)) = (leaf.seq, &leaf.counterpart) else {
            return Ok(());
        };
        let after = seq.saturating_add(1);
        let expected = self.next_seq.insert(counterpart.clone(), after);
        let expected = expected.or_else(|| (!self.after_gap).then_some(0));
        match expected {
            Some(expected) if expected != seq => Err(Broken::Sequence {
                index,
                expected,
                says: seq,
            }),
            _ => Ok(()),
        }
    }
}

/// What does not hold.
#[derive(Debug, Error)]
enum Broken {
    #[error("record {index} cannot be read")]
    Unreadable { index: u64 },
    #[error("at place {index} stands record {says}")]
    Index { index: u64, says: u64 },
    #[error("record {index} is dated before the one before it")]
    TimeDecreases { index: u64 },
    #[error("the facts of record {index} are not those that it commits to")]
    FactsDiffer { index: u64 },
    #[error("record {index} has number {says} with its counterpart, where {expected} is next")]
    Sequence {
        index: u64,
        expected: u64,
        says: u64,
    },
}

impl Broken {
    /// The stable code: the one that an auditor's finding has, where there is one.
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "leaf-unreadable",
            Self::Index { .. } => "index-gap",
            Self::TimeDecreases { .. } => "time-decreases",
            Self::FactsDiffer { .. } => "facts-not-committed",
            Self::Sequence { .. } => "seq-gap",
        }
    }
}
