//! The memory of heads: what every log has shown to this node, wherever it was seen, and whether it goes together.
//!
//! ```text
//! a head that a log has signed:  beside a receipt, in a page of an audit, to be cosigned, from another member
//!   -> the size of one that is known: the same root, or evidence
//!   -> another size: *loose*, until its own log shows the path that joins it with the *grown* one
//! an answer of the log: from a head that it signed, by a path, to its newest head
//!   -> joined; or evidence; or not proven, which is an alarm and no evidence
//! ```
//! Everything that was joined leads to the grown head, so nothing else has to be kept. What is in memory is only what
//! has to be compared: heads of receipts stand in the journal as well, and are taken from there when a node starts.

use std::collections::BTreeMap;

use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::evidence::Evidence;
use comity_log::hash::Hash;
use comity_log::names::Origin;
use comity_log::proof;

use crate::limits::LOOSE_HEADS_MAX;

/// What was seen of every log.
#[derive(Debug, Default)]
pub(crate) struct Heads(BTreeMap<Origin, Seen>);

/// What was seen of one log.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Every head that was joined leads to this one.
    grown: Option<VerifiedCheckpoint>,
    /// Heads of which it is not known whether they lead to it, or it to them. The smallest first.
    loose: Vec<VerifiedCheckpoint>,
    /// The head that the log did not join with its newest one when it was asked last, and how often in a row.
    unproven: Option<(u64, u32)>,
    /// Whether the newest head that it showed was cosigned as the charter wants.
    pub(crate) witnessed: bool,
    /// The log has to show what its tree was made of just before this head.
    wanted: Option<VerifiedCheckpoint>,
}

/// What came of an answer of a log.
#[derive(Debug)]
pub(crate) enum Joined {
    /// The newer head grew out of the older one.
    Yes,
    /// The log has forked, and this proves it.
    Forked(Box<Evidence>),
    /// The log did not show that it is so, nor that it is not.
    NotProven,
}

impl Heads {
    /// What was seen of a log.
    pub(crate) fn of(&self, origin: &Origin) -> Option<&Seen> {
        self.0.get(origin)
    }

    /// Every log of which a head was seen.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Origin, &Seen)> {
        self.0.iter()
    }

    /// Takes a head that every earlier one leads to: the journal says so.
    pub(crate) fn begin(&mut self, head: VerifiedCheckpoint) {
        let seen = self.0.entry(head.origin().clone()).or_default();
        seen.grown = Some(head);
    }

    /// Whether the newest head that the log showed was cosigned as the charter wants.
    pub(crate) fn witnessed(&mut self, origin: &Origin, met: bool) {
        if let Some(seen) = self.0.get_mut(origin) {
            seen.witnessed = met;
        }
    }

    /// A head was seen somewhere. Evidence, if it contradicts one of the same size.
    pub(crate) fn see(&mut self, head: &VerifiedCheckpoint) -> Option<Evidence> {
        if head.head().size() == 0 {
            return None;
        }
        let seen = self.0.entry(head.origin().clone()).or_default();
        let Some(grown) = &seen.grown else {
            seen.grown = Some(head.clone());
            return None;
        };
        for known in std::iter::once(grown).chain(&seen.loose) {
            if known.head().size() == head.head().size() {
                return Evidence::same_size(known, head);
            }
        }
        if seen.loose.len() < LOOSE_HEADS_MAX {
            seen.loose.push(head.clone());
            seen.loose.sort_by_key(|head| head.head().size());
        }
        None
    }

    /// The log has answered: from `older`, which it signed, by a path, to `newer`, which it signed.
    pub(crate) fn join(
        &mut self,
        older: &VerifiedCheckpoint,
        newer: &VerifiedCheckpoint,
        path: Option<&[Hash]>,
    ) -> Joined {
        let seen = self.0.entry(newer.origin().clone()).or_default();
        let checked = path.map(|path| proof::verify_consistency(older.head(), newer.head(), path));
        if checked == Some(Ok(())) {
            seen.has_joined(older, newer);
            return Joined::Yes;
        }
        let fork = path.and_then(|path| Evidence::no_consistency(older, newer, path));
        if let Some(fork) = fork {
            return Joined::Forked(Box::new(fork));
        }
        let size = older.head().size();
        // One head is counted at a time: the others are asked for in the same round.
        seen.unproven = Some(match seen.unproven {
            Some((of, times)) if of == size => (of, times.saturating_add(1)),
            Some(counted) => counted,
            None => (size, 1),
        });
        if path.is_some() && size.is_power_of_two() {
            seen.wanted = Some(older.clone());
        }
        Joined::NotProven
    }

    /// The log has answered from the tree of one record less than a head that it did not join.
    pub(crate) fn before(
        &mut self,
        older: &VerifiedCheckpoint,
        newer: &VerifiedCheckpoint,
        path: &[Hash],
    ) -> Option<Evidence> {
        if let Some(seen) = self.0.get_mut(newer.origin()) {
            seen.wanted = None;
        }
        Evidence::no_consistency_from_before(older, newer, path)
    }
}

impl Seen {
    /// The head that everything that was joined leads to.
    pub(crate) const fn grown(&self) -> Option<&VerifiedCheckpoint> {
        self.grown.as_ref()
    }

    /// The one with the most records, joined or not.
    pub(crate) fn newest(&self) -> Option<&VerifiedCheckpoint> {
        let all = self.grown.iter().chain(&self.loose);
        all.max_by_key(|head| head.head().size())
    }

    /// Heads that are not joined, the smallest first.
    pub(crate) fn loose(&self) -> &[VerifiedCheckpoint] {
        &self.loose
    }

    /// A head for which the log has to show the tree of one record less.
    pub(crate) const fn wanted(&self) -> Option<&VerifiedCheckpoint> {
        self.wanted.as_ref()
    }

    /// The size of a head that the log does not join with its newest one, and how often it was asked in a row.
    pub(crate) const fn unproven(&self) -> Option<(u64, u32)> {
        self.unproven
    }

    fn has_joined(&mut self, older: &VerifiedCheckpoint, newer: &VerifiedCheckpoint) {
        let size = older.head().size();
        if self.unproven.is_some_and(|(of, _)| of == size) {
            self.unproven = None;
        }
        let is = |one: &VerifiedCheckpoint, head: &VerifiedCheckpoint| one.head() == head.head();
        if self.grown.as_ref().is_none_or(|grown| is(grown, older)) {
            self.grown = Some(newer.clone());
            self.loose.retain(|loose| !is(loose, newer));
            return;
        }
        self.loose.retain(|loose| !is(loose, older));
        let known = |head: &VerifiedCheckpoint| is(head, newer);
        if self.grown.as_ref().is_some_and(known) || self.loose.iter().any(known) {
            return;
        }
        // It has grown out of the older one, and is not joined with the grown one yet.
        self.loose.push(newer.clone());
        self.loose.sort_by_key(|head| head.head().size());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use comity_log::checkpoint::Checkpoint;
    use comity_log::edge::Edge;
    use comity_log::store::MemoryTiles;
    use comity_log::tree::Tree;
    use comity_testkit::federation::{Federation, key, member_id};

    use super::*;

    /// A log whose leaves from `forked_at` on are others for each `branch`.
    struct Log {
        tiles: MemoryTiles,
        edge: Edge,
        origin: Origin,
    }

    impl Log {
        fn new(size: u64, forked_at: u64, branch: u8) -> Self {
            let leaf = |n: u64| {
                let salt = if n < forked_at { 0 } else { branch };
                vec![salt, u8::try_from(n).unwrap()]
            };
            let leaves: Vec<Vec<u8>> = (0..size).map(leaf).collect();
            let mut tiles = MemoryTiles::default();
            let appended = Edge::empty().append(&leaves).unwrap();
            let Ok(()) = appended.write(&mut tiles);
            let edge = appended.confirm(&tiles, &leaves).unwrap();
            let origin = Origin {
                fed: *Federation::new().fed(),
                member: member_id("north.example"),
                n: 1,
            };
            Self {
                tiles,
                edge,
                origin,
            }
        }

        fn head(&self, size: u64) -> VerifiedCheckpoint {
            let mut tree = Tree::open(&self.tiles, self.edge.head()).unwrap();
            let origin = self.origin.clone();
            let head = tree.head_at(size).unwrap();
            Checkpoint { origin, head }.sign(&key("north", 2))
        }

        fn path(&self, from: u64, to: u64) -> Vec<Hash> {
            let mut tree = Tree::open(&self.tiles, self.edge.head()).unwrap();
            tree.consistency_path(from, to).unwrap()
        }
    }

    #[test]
    fn heads_that_the_log_joins_leave_one_that_all_lead_to() {
        let log = Log::new(40, 40, 0);
        let mut heads = Heads::default();
        for size in [5, 9, 7, 9, 5] {
            assert_eq!(heads.see(&log.head(size)), None);
        }
        let newest = log.head(40);
        for size in [5, 7, 9] {
            assert_eq!(heads.see(&newest), None);
            let path = log.path(size, 40);
            let joined = heads.join(&log.head(size), &newest, Some(&path));
            assert!(matches!(joined, Joined::Yes), "{size}: {joined:?}");
        }
        let seen = heads.of(newest.origin()).unwrap();
        assert_eq!(seen.grown().unwrap().head(), newest.head());
        assert!(seen.loose().is_empty());
        assert_eq!(seen.unproven(), None);
    }

    #[test]
    fn two_heads_of_one_size_are_evidence_wherever_they_were_seen() {
        let (log, other) = (Log::new(40, 3, 1), Log::new(40, 3, 2));
        let mut heads = Heads::default();
        for size in [5, 9, 12] {
            assert_eq!(heads.see(&log.head(size)), None);
        }
        for size in [5, 9, 12] {
            assert!(heads.see(&other.head(size)).is_some(), "{size}");
        }
        // Before it forked they agree.
        assert_eq!(heads.see(&log.head(2)), None);
        assert_eq!(heads.see(&other.head(2)), None);
    }

    #[test]
    fn a_path_that_starts_from_another_tree_is_evidence_and_none_is_an_alarm() {
        let (log, other) = (Log::new(40, 3, 1), Log::new(40, 3, 2));
        let newest = other.head(40);
        let mut heads = Heads::default();
        assert_eq!(heads.see(&log.head(7)), None);
        let joined = heads.join(&log.head(7), &newest, Some(&other.path(7, 40)));
        assert!(matches!(joined, Joined::Forked(_)), "{joined:?}");
        for times in 1..3 {
            let joined = heads.join(&log.head(7), &newest, None);
            assert!(matches!(joined, Joined::NotProven), "{joined:?}");
            let seen = heads.of(newest.origin()).unwrap();
            assert_eq!(seen.unproven(), Some((7, times)));
            // Another head that is not joined either does not begin the count anew.
            let joined = heads.join(&log.head(5), &newest, None);
            assert!(matches!(joined, Joined::NotProven), "{joined:?}");
        }
        let joined = heads.join(&log.head(7), &log.head(40), Some(&log.path(7, 40)));
        assert!(matches!(joined, Joined::Yes), "{joined:?}");
        assert_eq!(heads.of(newest.origin()).unwrap().unproven(), None);
    }

    #[test]
    fn a_fork_at_a_power_of_two_is_found_by_the_tree_before_it() {
        let (log, other) = (Log::new(40, 3, 1), Log::new(40, 3, 2));
        let (older, newest) = (log.head(8), other.head(40));
        let mut heads = Heads::default();
        assert_eq!(heads.see(&older), None);
        let joined = heads.join(&older, &newest, Some(&other.path(8, 40)));
        assert!(matches!(joined, Joined::NotProven), "{joined:?}");
        let seen = heads.of(newest.origin()).unwrap();
        assert_eq!(seen.wanted().unwrap().head(), older.head());
        assert!(heads.before(&older, &newest, &other.path(7, 40)).is_some());
        assert!(heads.of(newest.origin()).unwrap().wanted().is_none());
    }

    #[test]
    fn no_log_can_fill_the_memory() {
        let log = Log::new(250, 250, 0);
        let mut heads = Heads::default();
        for size in 1..250 {
            assert_eq!(heads.see(&log.head(size)), None);
        }
        let seen = heads.of(log.head(1).origin()).unwrap();
        assert_eq!(seen.loose().len(), LOOSE_HEADS_MAX);
    }
}
