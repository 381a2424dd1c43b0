//! Everything that a log promises, held against its records, one after the other: each at its own index, times that
//! never decrease, numbers per counterpart without a gap, facts that are those the record commits to, one root.
//!
//! Records come in, counts and the first fault go out. It needs only what is in the journal, so it can be run by
//! somebody who does not believe the node.

use std::collections::BTreeMap;
use std::convert::Infallible;

use comity_log::edge::Edge;
use comity_log::head::Head;
use comity_log::limits::BATCH_LEAVES_MAX;
use comity_log::store::MemoryTiles;
use comity_log::tree::{Tree, TreeError};
use comity_wire::ids::{Hash, MemberId};
use comity_wire::leaf::Leaf;
use comity_wire::words::TimeMs;
use thiserror::Error;

/// The records seen so far.
#[derive(Debug)]
pub(crate) struct Check {
    edge: Edge,
    tiles: MemoryTiles,
    batch: Vec<Vec<u8>>,
    next_index: u64,
    last_time: TimeMs,
    next_seq: BTreeMap<MemberId, u64>,
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
    /// No record yet.
    pub(crate) fn new() -> Self {
        Self {
            edge: Edge::empty(),
            tiles: MemoryTiles::default(),
            batch: Vec::new(),
            next_index: 0,
            last_time: 0,
            next_seq: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    /// Holds the next record against all that came before it.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub(crate) fn record(&mut self, bytes: Vec<u8>, facts: Option<&[u8]>) -> Result<(), Broken> {
        let index = self.next_index;
        let leaf = Leaf::decode(&bytes).map_err(|_| Broken::Unreadable { index })?;
        if leaf.index != index {
            return Err(Broken::Index {
                index,
                says: leaf.index,
            });
        }
        if leaf.time < self.last_time {
            return Err(Broken::TimeDecreases { index });
        }
        match (leaf.facts, facts) {
            (Some(hash), Some(facts)) if hash == Hash::of(facts) => self.counts.facts += 1,
            (Some(_), None) => self.counts.facts_gone += 1,
            (None, None) => {}
            _ => return Err(Broken::FactsDiffer { index }),
        }
        if let (Some(seq), Some(counterpart)) = (leaf.seq, leaf.counterpart) {
            let next = self.next_seq.entry(counterpart).or_insert(0);
            if seq != *next {
                return Err(Broken::Sequence {
                    index,
                    expected: *next,
                    says: seq,
                });
            }
            *next += 1;
        }
        *self.counts.kinds.entry(leaf.kind.to_string()).or_insert(0) += 1;
        self.last_time = leaf.time;
        self.next_index += 1;
        self.batch.push(bytes);
        if self.batch.len() == BATCH_LEAVES_MAX {
            self.grow()?;
        }
        Ok(())
    }

    /// Holds the whole against the head of the journal and the one that was signed.
    ///
    /// # Errors
    /// A root is another one.
    pub(crate) fn finish(mut self, head: &Head, signed: &Head) -> Result<Counts, Broken> {
        if !self.batch.is_empty() {
            self.grow()?;
        }
        if self.edge.head() != head {
            return Err(Broken::Root { size: head.size() });
        }
        if signed.size() > head.size() {
            return Err(Broken::Root {
                size: signed.size(),
            });
        }
        let mut tree = Tree::open(&self.tiles, head)?;
        if tree.head_at(signed.size())? != *signed {
            return Err(Broken::Root {
                size: signed.size(),
            });
        }
        self.counts.counterparts = self.next_seq.len();
        Ok(self.counts)
    }

    fn grow(&mut self) -> Result<(), Broken> {
        let leaves = std::mem::take(&mut self.batch);
        let index = self.edge.head().size();
        let appended = self
            .edge
            .append(&leaves)
            .map_err(|_| Broken::Unreadable { index })?;
        let Ok(()) = appended.write(&mut self.tiles);
        self.edge = appended.confirm(&self.tiles, &leaves)?;
        Ok(())
    }
}

/// What does not hold.
#[derive(Debug, Error)]
pub(crate) enum Broken {
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
    #[error("the first {size} records do not have the root that was signed for them")]
    Root { size: u64 },
    #[error("the tree cannot be made of the records: {0}")]
    Tree(#[from] TreeError<Infallible>),
}

impl Broken {
    /// The stable code: the one that an auditor's finding has, where there is one.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "leaf-unreadable",
            Self::Index { .. } => "index-gap",
            Self::TimeDecreases { .. } => "time-decreases",
            Self::FactsDiffer { .. } => "facts-not-committed",
            Self::Sequence { .. } => "seq-gap",
            Self::Root { .. } => "root-differs",
            Self::Tree(error) => error.code(),
        }
    }
}
