//! Consistency receipts (RFC 9942): that the tree under one head is the beginning of the tree under a
//! later one, in the word of the log itself.
//!
//! ```text
//! Tree at a signed head, an older size -> path -> receipt
//! receipt, older root, key of the log  -> the two heads that it joins
//! ```
//! As for any receipt only the newer root is signed. Both sizes are what the receipt says, until each
//! is held against a checkpoint: [`VerifiedConsistency::begins_at`], [`VerifiedConsistency::ends_at`].

use comity_wire::consistency::{ConsistencyProof, ConsistencyReceipt};
use comity_wire::cose::SignedRoot;
use ed25519_dalek::{SigningKey, VerifyingKey};

use crate::checkpoint::VerifiedCheckpoint;
use crate::hash::Hash;
use crate::proof::{self, ProofError};
use crate::receipts::{InvalidReceipt, ReceiptError};
use crate::store::TileReader;
use crate::tree::Tree;

/// Makes the receipt from `old_size` leaves to the head with which the tree was opened, which the log
/// must have made durable and signed.
///
/// # Errors
/// No older tree of that size: it is empty, or not smaller; a tile that cannot be read.
pub fn of_tree<R: TileReader>(
    tree: &mut Tree<R>,
    old_size: u64,
    key: &SigningKey,
) -> Result<ConsistencyReceipt, ReceiptError<R::Error>> {
    let head = *tree.head();
    if old_size == 0 || old_size >= head.size() {
        return Err(ReceiptError::NoOlderTree {
            old: old_size,
            new: head.size(),
        });
    }
    let proof = ConsistencyProof {
        old_size,
        new_size: head.size(),
        path: tree.consistency_path(old_size, head.size())?,
    };
    let signed = SignedRoot::new(key, head.root().as_bytes());
    Ok(ConsistencyReceipt::new(&signed, &proof)?)
}

/// Checks a receipt under the key of a log, from the root that the older tree is known to have.
///
/// # Errors
/// The path has not the length that the sizes demand; the log has not signed the root to which it leads;
/// it begins with another older tree.
pub fn verify(
    receipt: &ConsistencyReceipt,
    old_root: &Hash,
    log: &VerifyingKey,
) -> Result<VerifiedConsistency, InvalidReceipt> {
    let ConsistencyProof {
        old_size,
        new_size,
        path,
    } = receipt.proof();
    let roots = proof::roots_from_consistency(*old_size, *new_size, old_root, path)?;
    receipt.verify_signature(log, &roots.new)?;
    if roots.old != *old_root {
        return Err(ProofError::OldRootIsAnother.into());
    }
    Ok(VerifiedConsistency {
        old: (*old_size, roots.old),
        new: (*new_size, roots.new),
    })
}

/// A receipt whose newer root the log has signed, and whose path begins with the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedConsistency {
    old: (u64, Hash),
    new: (u64, Hash),
}

impl VerifiedConsistency {
    /// The root of the newer tree, which the log has signed.
    #[must_use]
    pub fn root(&self) -> &Hash {
        &self.new.1
    }

    /// Checks that the receipt begins at exactly the head of this checkpoint.
    ///
    /// # Errors
    /// The checkpoint has another root or size.
    pub fn begins_at(&self, older: &VerifiedCheckpoint) -> Result<(), InvalidReceipt> {
        same(self.old, older)
    }

    /// Checks that the receipt leads to exactly the head of this checkpoint.
    ///
    /// # Errors
    /// The checkpoint has another root or size.
    pub fn ends_at(&self, newer: &VerifiedCheckpoint) -> Result<(), InvalidReceipt> {
        same(self.new, newer)
    }
}

fn same(found: (u64, Hash), checkpoint: &VerifiedCheckpoint) -> Result<(), InvalidReceipt> {
    let head = checkpoint.head();
    if found == (head.size(), *head.root()) {
        Ok(())
    } else {
        Err(InvalidReceipt::CheckpointIsAnother)
    }
}
