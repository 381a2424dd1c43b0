//! Checking proofs (RFC 6962, sections 2.1.1 and 2.1.2): hashes in, a root or a refusal out.
//!
//! Nothing here reads a tile. A path must have exactly the length that index and sizes demand, so a
//! proof has one spelling; no input makes it panic, overflow or hash more than 63 times per root.

use thiserror::Error;

use crate::fault::Fault;
use crate::hash::{Hash, node_hash};
use crate::head::Head;
use crate::limits::TREE_LEAVES_MAX;
use crate::walk::{self, Leaves};

/// The root to which an inclusion path leads.
///
/// The root alone does not fix `index` and `size`: one path may lead to it from several of them.
/// Bind the size by a checkpoint, and let the leaf state its own index.
///
/// # Errors
/// An index that the tree does not have, a size over the limit, a path of another length.
pub fn root_from_inclusion(
    leaf_hash: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
) -> Result<Hash, ProofError> {
    within_limit(size)?;
    if index >= size {
        return Err(ProofError::IndexBeyondTree { index, size });
    }
    let siblings = walk::inclusion(index, size);
    same_length(siblings.len(), path.len())?;

    let climbs = siblings.iter().zip(path);
    Ok(climbs.fold(*leaf_hash, |below, (sibling, hash)| {
        if sibling.start > index {
            node_hash(&below, hash)
        } else {
            node_hash(hash, &below)
        }
    }))
}

/// Checks that a leaf is at `index` of the tree under `head`.
///
/// # Errors
/// As [`root_from_inclusion`]; another root.
pub fn verify_inclusion(
    leaf_hash: &Hash,
    index: u64,
    path: &[Hash],
    head: &Head,
) -> Result<(), ProofError> {
    let root = root_from_inclusion(leaf_hash, index, head.size(), path)?;
    if root == *head.root() {
        Ok(())
    } else {
        Err(ProofError::RootIsAnother)
    }
}

/// Checks that the tree under `old` is the beginning of the tree under `new`.
///
/// Every tree begins with the empty one, and with itself: both need an empty path.
///
/// # Errors
/// `old` has more leaves; a path of another length; a path that leads to other roots.
pub fn verify_consistency(old: &Head, new: &Head, path: &[Hash]) -> Result<(), ProofError> {
    if old.size() == 0 {
        return same_length(0, path.len());
    }
    let roots = roots_from_consistency(old.size(), new.size(), old.root(), path)?;
    if roots.new != *new.root() {
        return Err(ProofError::RootIsAnother);
    }
    if roots.old != *old.root() {
        return Err(ProofError::OldRootIsAnother);
    }
    Ok(())
}

/// The two roots to which a consistency path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roots {
    /// Root of the older tree.
    pub old: Hash,
    /// Root of the newer tree.
    pub new: Hash,
}

/// The roots to which a consistency path leads from `old_size` to `new_size`.
///
/// `old_root` is read only if the path starts from it, that is if `old_size` is a power of two or
/// equals `new_size`; otherwise the path itself holds what both roots are made of.
///
/// # Errors
/// An `old_size` of 0 or over `new_size`, a size over the limit, a path of another length.
pub fn roots_from_consistency(
    old_size: u64,
    new_size: u64,
    old_root: &Hash,
    path: &[Hash],
) -> Result<Roots, ProofError> {
    within_limit(new_size)?;
    if old_size == 0 || old_size > new_size {
        return Err(ProofError::OldBeyondNew {
            old: old_size,
            new: new_size,
        });
    }
    let shape = walk::consistency(old_size, new_size);
    same_length(shape.hashes(), path.len())?;

    let (seed, path) = match (&shape.seed, path) {
        (Some(_), [seed, rest @ ..]) => (seed, rest),
        (_, path) => (old_root, path),
    };
    let roots = Roots {
        old: *seed,
        new: *seed,
    };
    Ok(shape
        .siblings
        .iter()
        .zip(path)
        .fold(roots, |roots, (sibling, hash)| {
            roots.joined(sibling, hash, old_size)
        }))
}

impl Roots {
    /// A sibling on the left is in both trees; one on the right is in the newer tree only.
    fn joined(self, sibling: &Leaves, hash: &Hash, old_size: u64) -> Self {
        if sibling.start >= old_size {
            Self {
                old: self.old,
                new: node_hash(&self.new, hash),
            }
        } else {
            Self {
                old: node_hash(hash, &self.old),
                new: node_hash(hash, &self.new),
            }
        }
    }
}

fn within_limit(size: u64) -> Result<(), ProofError> {
    if size > TREE_LEAVES_MAX {
        Err(ProofError::SizeOverLimit { size })
    } else {
        Ok(())
    }
}

fn same_length(expected: usize, found: usize) -> Result<(), ProofError> {
    if expected == found {
        Ok(())
    } else {
        Err(ProofError::PathLength { expected, found })
    }
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// More leaves than a tree may have.
    #[error("a tree of {size} leaves is over the limit")]
    SizeOverLimit {
        /// The claimed size.
        size: u64,
    },
    /// No such leaf.
    #[error("there is no leaf {index} in a tree of {size}")]
    IndexBeyondTree {
        /// The claimed index.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// The older tree is empty or has more leaves than the newer one.
    #[error("no path leads from a tree of {old} leaves to one of {new}")]
    OldBeyondNew {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// Too many or too few hashes.
    #[error("a path of {found} hashes where {expected} are needed")]
    PathLength {
        /// What index and sizes demand.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// The path leads elsewhere.
    #[error("the path leads to another root")]
    RootIsAnother,
    /// The path leads to the newer root, but from another older one.
    #[error("the path leads to the newer root from another older root")]
    OldRootIsAnother,
}

impl ProofError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SizeOverLimit { .. } => "tree-size-over-limit",
            Self::IndexBeyondTree { .. } => "index-beyond-tree",
            Self::OldBeyondNew { .. } => "old-beyond-new",
            Self::PathLength { .. } => "path-length",
            Self::RootIsAnother => "root-is-another",
            Self::OldRootIsAnother => "old-root-is-another",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}
