//! A tree head, and the rule by which one head follows another.

use thiserror::Error;

use crate::fault::Fault;
use crate::hash::{Hash, empty_root};
use crate::limits::TREE_LEAVES_MAX;

/// How many leaves a tree has, and the root over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    size: u64,
    root: Hash,
}

impl Head {
    /// A head of `size` leaves.
    ///
    /// # Errors
    /// A size over [`TREE_LEAVES_MAX`]; a tree without leaves whose root is not the empty one.
    pub fn new(size: u64, root: Hash) -> Result<Self, HeadError> {
        if size > TREE_LEAVES_MAX {
            return Err(HeadError::SizeOverLimit { size });
        }
        if size == 0 && root != empty_root() {
            return Err(HeadError::SizeZeroRoot);
        }
        Ok(Self { size, root })
    }

    /// The head of the tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            size: 0,
            root: empty_root(),
        }
    }

    /// Leaves in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over them.
    #[must_use]
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// What a store does under its lock, before anything is signed: `next` replaces the stored head
    /// if that is still the one on which `next` was built. Whoever comes second starts again.
    ///
    /// This is all that keeps two writers, or one that was rolled back, from signing two trees.
    ///
    /// # Errors
    /// The stored head is another one; `next` is shorter; `next` has the same size, another root.
    pub fn compare_and_swap(
        stored: &Self,
        expected: &Self,
        next: &Self,
    ) -> Result<Self, SwapRefused> {
        if stored != expected {
            return Err(SwapRefused::StoredIsAnother { stored: *stored });
        }
        if next.size < stored.size {
            return Err(SwapRefused::Shrinks {
                stored: stored.size,
                next: next.size,
            });
        }
        if next.size == stored.size && next.root != stored.root {
            return Err(SwapRefused::Forks { size: next.size });
        }
        Ok(*next)
    }
}

/// Why a size and a root are not a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeadError {
    /// More leaves than a tree may have.
    #[error("a tree of {size} leaves is over the limit")]
    SizeOverLimit {
        /// The size that was read.
        size: u64,
    },
    /// No leaves, yet not the root of no leaves.
    #[error("a tree without leaves has a root other than the empty one")]
    SizeZeroRoot,
}

impl HeadError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SizeOverLimit { .. } => "tree-size-over-limit",
            Self::SizeZeroRoot => "size-zero-root",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// Why a head was not replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SwapRefused {
    /// Somebody else was faster, or the store went back in time.
    #[error("the stored head is another one, of size {}", stored.size())]
    StoredIsAnother {
        /// What is stored.
        stored: Head,
    },
    /// Leaves would be lost.
    #[error("a head of {next} leaves would replace one of {stored}")]
    Shrinks {
        /// Leaves of the stored head.
        stored: u64,
        /// Leaves of the refused one.
        next: u64,
    },
    /// Two heads of one size would disagree.
    #[error("two heads of {size} leaves disagree")]
    Forks {
        /// Leaves of both.
        size: u64,
    },
}

impl SwapRefused {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::StoredIsAnother { .. } => "head-is-another",
            Self::Shrinks { .. } => "head-shrinks",
            Self::Forks { .. } => "head-forks",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::StoredIsAnother { .. } => Fault::Machine,
            Self::Shrinks { .. } | Self::Forks { .. } => Fault::Us,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn head(size: u64, root: u8) -> Head {
        Head::new(size, Hash::new([root; 32])).unwrap()
    }

    #[test]
    fn a_tree_without_leaves_needs_the_empty_root() {
        let check = |size, root, expected: Result<(), HeadError>| {
            assert_eq!(Head::new(size, root).map(|_| ()), expected);
        };
        let other = Hash::new([7; 32]);
        check(0, empty_root(), Ok(()));
        check(0, other, Err(HeadError::SizeZeroRoot));
        check(1, other, Ok(()));
        check(TREE_LEAVES_MAX, other, Ok(()));
        for size in [TREE_LEAVES_MAX + 1, u64::MAX] {
            check(size, other, Err(HeadError::SizeOverLimit { size }));
        }
    }

    #[test]
    fn two_heads_that_disagree_are_refused_by_compare_and_swap() {
        let check = |stored: Head, expected: Head, next: Head, code: Option<&str>| {
            let result = Head::compare_and_swap(&stored, &expected, &next);
            assert_eq!(result.err().map(|e| e.code()), code);
        };
        check(head(5, 1), head(5, 1), head(9, 2), None);
        check(head(5, 1), head(5, 1), head(5, 1), None);
        check(Head::empty(), Head::empty(), head(1, 1), None);
        // Another writer was faster, or this one was restored from a backup.
        check(head(9, 2), head(5, 1), head(7, 3), Some("head-is-another"));
        check(head(5, 2), head(5, 1), head(9, 3), Some("head-is-another"));
        check(head(5, 1), head(5, 1), head(4, 1), Some("head-shrinks"));
        check(head(5, 1), head(5, 1), head(5, 2), Some("head-forks"));
    }
}
