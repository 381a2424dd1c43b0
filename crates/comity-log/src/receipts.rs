//! Receipts (RFC 9942) for a batch: one root, one proof and one signature for each leaf.
//!
//! A receipt signs a root and nothing else: neither the index of the leaf nor the size of the tree. So
//! the leaf states its own index, which must be that of the proof; and whoever needs the size holds the
//! receipt against the checkpoint that came with it, see [`VerifiedReceipt::is_under`].

use std::error::Error;

use comity_wire::cose::SignedRoot;
use comity_wire::leaf::Leaf;
use comity_wire::object::ObjectError;
use comity_wire::receipt::{InclusionProof, Receipt};
use ed25519_dalek::{SigningKey, VerifyingKey};
use thiserror::Error;

use crate::checkpoint::VerifiedCheckpoint;
use crate::fault::Fault;
use crate::hash::{Hash, leaf_hash};
use crate::proof::{self, ProofError};
use crate::store::TileReader;
use crate::tree::{Tree, TreeError};

/// Makes the receipts of leaves that stand side by side in the tree, the first of them at
/// `first_index`. All of them are under the head with which the tree was opened, which the log must
/// have made durable and signed.
///
/// # Errors
/// A tree of one leaf, for which RFC 9942 has no receipt; a leaf that is not what the tree has at its
/// index, or states another index; a tile that cannot be read.
pub fn of_batch<R: TileReader, L: AsRef<[u8]>>(
    tree: &mut Tree<R>,
    first_index: u64,
    leaves: &[L],
    key: &SigningKey,
) -> Result<Vec<Receipt>, ReceiptError<R::Error>> {
    let size = tree.head().size();
    if size == 1 {
        return Err(ReceiptError::TreeOfOneLeaf);
    }
    let end = u64::try_from(leaves.len())
        .ok()
        .and_then(|leaves| first_index.checked_add(leaves))
        .filter(|end| *end <= size)
        .ok_or(TreeError::IndexBeyondTree {
            index: first_index,
            tree: size,
        })?;

    let root = *tree.head().root();
    let signed = SignedRoot::new(key, root.as_bytes());
    let of_leaf = |(index, leaf): (u64, &L)| {
        let leaf = leaf.as_ref();
        let path = tree.inclusion_path(index, size)?;
        if proof::root_from_inclusion(&leaf_hash(leaf), index, size, &path) != Ok(root) {
            return Err(ReceiptError::LeafIsAnother { index });
        }
        let proof = InclusionProof {
            tree_size: size,
            leaf_index: index,
            path,
        };
        Ok(Receipt::new(&signed, leaf, &proof)?)
    };
    (first_index..end).zip(leaves).map(of_leaf).collect()
}

/// Checks a receipt under the key of a log. That the leaf states the index of the proof has been
/// checked already: there is no [`Receipt`] of which that is not true.
///
/// # Errors
/// The path has not the length that index and size demand, or the log has not signed the root to which
/// it leads.
pub fn verify(receipt: &Receipt, log: &VerifyingKey) -> Result<VerifiedReceipt, InvalidReceipt> {
    let InclusionProof {
        tree_size,
        leaf_index,
        path,
    } = receipt.proof();
    let leaf_hash = leaf_hash(receipt.leaf_bytes());
    let root = proof::root_from_inclusion(&leaf_hash, *leaf_index, *tree_size, path)?;
    receipt.verify_signature(log, &root)?;
    Ok(VerifiedReceipt {
        leaf: receipt.leaf().clone(),
        leaf_hash,
        claimed_size: *tree_size,
        root,
    })
}

/// A receipt whose root the log has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedReceipt {
    leaf: Leaf,
    leaf_hash: Hash,
    claimed_size: u64,
    root: Hash,
}

impl VerifiedReceipt {
    /// The leaf that the log has registered.
    #[must_use]
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// Its hash in the tree.
    #[must_use]
    pub fn leaf_hash(&self) -> &Hash {
        &self.leaf_hash
    }

    /// The root that the log has signed.
    #[must_use]
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// Checks that the receipt is of exactly the head of this checkpoint. Only then are its size and
    /// the place of the leaf what the log has signed, and not only what the receipt says.
    ///
    /// # Errors
    /// The checkpoint has another root or size.
    pub fn is_under(&self, checkpoint: &VerifiedCheckpoint) -> Result<(), InvalidReceipt> {
        let head = checkpoint.head();
        if head.size() == self.claimed_size && *head.root() == self.root {
            Ok(())
        } else {
            Err(InvalidReceipt::CheckpointIsAnother)
        }
    }
}

/// Why a log cannot make receipts. `E` is the tile reader's error.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReceiptError<E: Error + 'static> {
    /// The path would be empty, and RFC 9942 cannot encode that. The first record of a log is
    /// `log-opened`, so that nobody waits for such a receipt.
    #[error("a tree of one leaf has no receipt")]
    TreeOfOneLeaf,
    /// The path would be empty, or there is none.
    #[error("no consistency receipt leads from a tree of {old} leaves to one of {new}")]
    NoOlderTree {
        /// Leaves of the tree that is said to be older.
        old: u64,
        /// Leaves of the tree.
        new: u64,
    },
    /// The tree has another leaf there.
    #[error("the leaf given for {index} is not the one in the tree")]
    LeafIsAnother {
        /// The index for which it was given.
        index: u64,
    },
    /// The stored tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError<E>),
    /// The leaf is malformed, or states another index.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl<E: Error + 'static> ReceiptError<E> {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TreeOfOneLeaf => "receipt-tree-of-one-leaf",
            Self::NoOlderTree { .. } => "receipt-no-older-tree",
            Self::LeafIsAnother { .. } => "leaf-is-another",
            Self::Tree(error) => error.code(),
            Self::Object(error) => error.code(),
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Tree(error) => error.fault(),
            _ => Fault::Us,
        }
    }
}

/// Why a receipt proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidReceipt {
    /// Path, index and size do not belong together.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The log has not signed the root.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The checkpoint is of another head.
    #[error("the checkpoint is of another head")]
    CheckpointIsAnother,
}

impl InvalidReceipt {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Proof(error) => error.code(),
            Self::Object(error) => error.code(),
            Self::CheckpointIsAnother => "receipt-checkpoint-is-another",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}
