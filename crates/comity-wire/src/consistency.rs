//! A consistency receipt (RFC 9942): a log's own word that the tree it had is the
//! beginning of the tree it has.
//!
//! Like an inclusion receipt it signs the newer root only, which whoever reads it
//! computes from the older root and the path. A tree and itself, or the empty one,
//! need no path, and RFC 9942 cannot encode that: there is no such receipt.

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

use crate::cbor;
use crate::cose::{Shape, Sign1, SignedRoot};
use crate::ids::{Hash, Kid, PublicKey};
use crate::limited::{integer, length};
use crate::limits::{DEPTH_MAX, EVIDENCE_BYTES_MAX, PATH_MAX};
use crate::object::ObjectError;

/// `[tree-size-1, tree-size-2, path]` of RFC 9942.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "WireProof", from = "WireProof")]
pub struct ConsistencyProof {
    /// The number of leaves of the older tree.
    pub old_size: u64,
    /// The number of leaves of the newer tree.
    pub new_size: u64,
    /// The hashes from which both roots can be computed (RFC 9162, section 2.1.4).
    pub path: Vec<Hash>,
}

#[derive(Serialize, Deserialize)]
struct WireProof(u64, u64, Vec<Hash>);

impl From<ConsistencyProof> for WireProof {
    fn from(proof: ConsistencyProof) -> Self {
        Self(proof.old_size, proof.new_size, proof.path)
    }
}

impl From<WireProof> for ConsistencyProof {
    fn from(WireProof(old_size, new_size, path): WireProof) -> Self {
        Self {
            old_size,
            new_size,
            path,
        }
    }
}

/// A consistency receipt that has been read; whether the log signed the newer root
/// is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyReceipt {
    bytes: Vec<u8>,
    proof: ConsistencyProof,
    sign1: Sign1,
}

impl ConsistencyReceipt {
    /// Makes the receipt for the tree whose root was signed.
    ///
    /// # Errors
    /// A path without a hash: RFC 9942 has no encoding for it.
    pub fn new(root: &SignedRoot, proof: &ConsistencyProof) -> Result<Self, ObjectError> {
        Self::read(&root.consistency(&cbor::encode(proof)))
    }

    /// Reads an encoded receipt.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_size_and_depth(bytes, EVIDENCE_BYTES_MAX, DEPTH_MAX)?;
        let sign1 = Sign1::read(bytes, Shape::Consistency)?;
        let proof: ConsistencyProof = cbor::decode(&sign1.content)?;
        integer(proof.old_size)?;
        integer(proof.new_size)?;
        length("PATH_MAX", proof.path.len(), 1, PATH_MAX)?;
        Ok(Self {
            bytes: bytes.to_vec(),
            proof,
            sign1,
        })
    }

    /// The log key that is said to have signed.
    #[must_use]
    pub const fn kid(&self) -> &Kid {
        self.sign1.protected.kid()
    }

    /// Sizes and path.
    #[must_use]
    pub const fn proof(&self) -> &ConsistencyProof {
        &self.proof
    }

    /// Verifies that the receipt names this key, and that the key signed `root`,
    /// which the caller has computed from the older root and the proof.
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

    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.bytes.clone()
    }
}
