//! A receipt (RFC 9942): the recipient's proof that it has registered a statement
//! at a position of its log. It says nothing about what the recipient will do.
//!
//! A receipt signs the root only, and one inclusion path can verify for several
//! pairs of index and tree size. So the leaf names its own index, and reading a
//! receipt refuses one whose leaf and proof disagree.

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::cbor;
use crate::cose::{Shape, Sign1, SignedRoot};
use crate::ids::{Hash, Kid, PublicKey};
use crate::leaf::Leaf;
use crate::limited::{integer, length};
use crate::limits::{DEPTH_MAX, EVIDENCE_BYTES_MAX, PATH_MAX};
use crate::object::ObjectError;

/// `[tree_size, leaf_index, path]` of RFC 9942.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "WireProof", from = "WireProof")]
pub struct InclusionProof {
    /// The number of leaves of the tree.
    pub tree_size: u64,
    /// The place of the leaf, from 0.
    pub leaf_index: u64,
    /// The hashes beside the way from the leaf to the root.
    pub path: Vec<Hash>,
}

#[derive(Serialize, Deserialize)]
struct WireProof(u64, u64, Vec<Hash>);

impl From<InclusionProof> for WireProof {
    fn from(proof: InclusionProof) -> Self {
        Self(proof.tree_size, proof.leaf_index, proof.path)
    }
}

impl From<WireProof> for InclusionProof {
    fn from(WireProof(tree_size, leaf_index, path): WireProof) -> Self {
        Self {
            tree_size,
            leaf_index,
            path,
        }
    }
}

/// A receipt as it travels: `[leaf, COSE receipt]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireReceipt(
    /// The encoded leaf.
    pub ByteBuf,
    /// The encoded COSE receipt.
    pub ByteBuf,
);

/// A receipt that has been read; whether the log signed its root is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    wire: WireReceipt,
    leaf: Leaf,
    proof: InclusionProof,
    sign1: Sign1,
}

impl Receipt {
    /// Makes the receipt for a leaf of the tree whose root was signed.
    ///
    /// # Errors
    /// When leaf and proof do not belong together, or the tree has one leaf only:
    /// RFC 9942 has no encoding for an empty path, which is why the first record
    /// of a log is `log-opened`.
    pub fn new(
        root: &SignedRoot,
        leaf: &[u8],
        proof: &InclusionProof,
    ) -> Result<Self, ObjectError> {
        let cose = root.receipt(&cbor::encode(proof));
        Self::from_wire(WireReceipt(ByteBuf::from(leaf), ByteBuf::from(cose)))
    }

    /// Reads an encoded receipt.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_size_and_depth(bytes, EVIDENCE_BYTES_MAX, DEPTH_MAX)?;
        Self::from_wire(cbor::decode(bytes)?)
    }

    /// Reads a receipt that came inside an exchange.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_wire(wire: WireReceipt) -> Result<Self, ObjectError> {
        let leaf = Leaf::decode(&wire.0)?;
        ObjectError::check_size_and_depth(&wire.1, EVIDENCE_BYTES_MAX, DEPTH_MAX)?;
        let sign1 = Sign1::read(&wire.1, Shape::Receipt)?;
        let proof: InclusionProof = cbor::decode(&sign1.content)?;
        integer(proof.tree_size)?;
        integer(proof.leaf_index)?;
        length("PATH_MAX", proof.path.len(), 1, PATH_MAX)?;
        if leaf.index != proof.leaf_index || proof.leaf_index >= proof.tree_size {
            return Err(ObjectError::IndexMismatch {
                leaf: leaf.index,
                proof: proof.leaf_index,
                size: proof.tree_size,
            });
        }
        Ok(Self {
            wire,
            leaf,
            proof,
            sign1,
        })
    }

    /// The log key that is said to have signed.
    #[must_use]
    pub const fn kid(&self) -> &Kid {
        self.sign1.protected.kid()
    }

    /// The leaf's bytes, which the tree is over.
    #[must_use]
    pub fn leaf_bytes(&self) -> &[u8] {
        &self.wire.0
    }

    /// The leaf.
    #[must_use]
    pub const fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// The way from the leaf to the root.
    #[must_use]
    pub const fn proof(&self) -> &InclusionProof {
        &self.proof
    }

    /// Verifies that the receipt names this key, and that the key signed `root`,
    /// which the caller has computed from the leaf and the proof.
    ///
    /// # Errors
    /// [`ObjectError::Signature`].
    pub fn verify_signature(&self, key: &VerifyingKey, root: &Hash) -> Result<(), ObjectError> {
        let named = Kid::of(&PublicKey::new(key.to_bytes()));
        if *self.kid() == named && self.sign1.is_signed_by(key, root.as_bytes()) {
            Ok(())
        } else {
            Err(ObjectError::Signature)
        }
    }

    /// As it travels inside an exchange.
    #[must_use]
    pub const fn wire(&self) -> &WireReceipt {
        &self.wire
    }

    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&self.wire)
    }
}
