//! The root of a tree over leaves that come one after the other, without keeping
//! them: one hash for each full subtree on the way (RFC 6962, section 2.1).

use comity_log::hash::{empty_root, node_hash};
use comity_wire::ids::Hash;

/// A tree that grows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompactRange {
    /// Full subtrees from left to right, each with the number of its leaves as 2^n.
    full: Vec<(u32, Hash)>,
    size: u64,
}

impl CompactRange {
    /// How many leaves it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends the hash of a leaf.
    pub fn push(&mut self, leaf_hash: Hash) {
        let mut node = (0, leaf_hash);
        while let Some((_, left)) = self.full.pop_if(|(level, _)| *level == node.0) {
            node = (node.0 + 1, node_hash(&left, &node.1));
        }
        self.full.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// The root of the tree as it is now.
    #[must_use]
    pub fn root(&self) -> Hash {
        let joined = self.full.iter().map(|(_, hash)| *hash).rev();
        joined
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(empty_root)
    }
}
