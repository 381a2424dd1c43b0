//! Which subtrees a proof consists of: the recursions of RFC 6962, section 2.1, as loops.
//!
//! A subtree is a range of leaves. Making a proof is to look up the hash of each range; checking one
//! is to fold the hashes given for the same ranges. Both call the functions below, so the two cannot
//! disagree about the length of a proof or about which side a hash stands on.

use std::ops::Range;

/// A range of leaves, never empty.
pub(crate) type Leaves = Range<u64>;

/// `PATH(index, D[size])` of section 2.1.1: the siblings on the way from a leaf up to the root.
/// `index` is below `size`.
pub(crate) fn inclusion(index: u64, size: u64) -> Vec<Leaves> {
    let mut siblings = Vec::new();
    let (mut begin, mut end) = (0, size);
    while end.saturating_sub(begin) > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            siblings.push(middle..end);
            end = middle;
        } else {
            siblings.push(begin..middle);
            begin = middle;
        }
    }
    siblings.reverse();
    siblings
}

/// `PROOF(old, D[new])` of section 2.1.2: first the largest subtree that ends where the old tree
/// ends, left out if it is the whole old tree; then the siblings on its way up to the new root.
/// `old` is from 1 to `new`.
pub(crate) fn consistency(old: u64, new: u64) -> Consistency {
    let mut siblings = Vec::new();
    let (mut begin, mut end) = (0, new);
    while end > old {
        let middle = begin + split(end - begin);
        if old <= middle {
            siblings.push(middle..end);
            end = middle;
        } else {
            siblings.push(begin..middle);
            begin = middle;
        }
    }
    siblings.reverse();
    Consistency {
        seed: (begin > 0).then_some(begin..end),
        siblings,
    }
}

/// The subtrees of a consistency proof.
pub(crate) struct Consistency {
    /// Where both roots start from; none if that is the old root itself.
    pub(crate) seed: Option<Leaves>,
    /// What is hashed onto it, from below.
    pub(crate) siblings: Vec<Leaves>,
}

impl Consistency {
    /// How many hashes the proof has.
    pub(crate) fn hashes(&self) -> usize {
        self.siblings.len() + usize::from(self.seed.is_some())
    }
}

/// The complete subtrees that a range of leaves consists of, from left to right, each as its height
/// and its place among the subtrees of that height. `begin` is a multiple of the largest.
pub(crate) fn complete_subtrees(leaves: &Leaves) -> impl DoubleEndedIterator<Item = (u32, u64)> {
    let mut subtrees = Vec::new();
    let mut begin = leaves.start;
    while begin < leaves.end {
        let height = (leaves.end - begin).ilog2();
        subtrees.push((height, begin >> height));
        begin += 1 << height;
    }
    subtrees.into_iter()
}

/// The largest power of two below `leaves`, which is more than 1.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(
        clippy::single_range_in_vec_init,
        reason = "a list of subtrees may have one"
    )]
    fn the_splits_are_those_of_the_example_in_rfc_6962_section_2_1_3() {
        let check = |index, expected: &[Leaves]| assert_eq!(inclusion(index, 7), expected);
        check(0, &[1..2, 2..4, 4..7]);
        check(3, &[2..3, 0..2, 4..7]);
        check(4, &[5..6, 6..7, 0..4]);
        check(6, &[4..6, 0..4]);

        let check = |old, seed: Option<Leaves>, siblings: &[Leaves]| {
            let found = consistency(old, 7);
            assert_eq!((found.seed, found.siblings.as_slice()), (seed, siblings));
        };
        check(3, Some(2..3), &[3..4, 0..2, 4..7]);
        check(4, None, &[4..7]);
        check(6, Some(4..6), &[6..7, 0..4]);
        check(7, None, &[]);
    }

    #[test]
    fn no_proof_of_a_tree_within_the_limit_is_longer_than_54_hashes() {
        let size = crate::limits::TREE_LEAVES_MAX;
        for old in [1, 2, 3, (1 << 52) - 1, (1 << 52) + 1, size - 1] {
            let found = consistency(old, size);
            let hashes = found.siblings.len() + usize::from(found.seed.is_some());
            assert!(hashes <= 54, "{old}");
            assert!(inclusion(old, size).len() <= 53, "{old}");
        }
    }
}
