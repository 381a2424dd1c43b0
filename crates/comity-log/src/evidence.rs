//! Evidence that a log has forked: what it signed cannot all be true.
//!
//! There are three sorts. Each is checked by anybody, offline, with nothing but the key of the log,
//! and none can be made about a log that only ever signed heads of one growing tree.
//!
//! - same size: two heads with the same number of leaves and different roots;
//! - no consistency: two heads, and a path that leads to the newer root from *another* older root. As
//!   a root fixes everything below it, no other path can join the two;
//! - two leaves: two leaves at one index, each proven under a head.

use comity_wire::cbor;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::checkpoint::{CheckpointError, UnverifiedCheckpoint, VerifiedCheckpoint};
use crate::fault::Fault;
use crate::hash::{Hash, leaf_hash};
use crate::key::VerifierKey;
use crate::limits::{
    EVIDENCE_BYTES_MAX, EVIDENCE_CHECKPOINT_BYTES_MAX, LEAF_BYTES_MAX, PROOF_HASHES_MAX,
    TREE_LEAVES_MAX,
};
use crate::names::Origin;
use crate::proof::{self, ProofError};
use crate::walk;

/// Claimed evidence. It proves something if [`Evidence::verify`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Two heads of one size.
    SameSize(UnverifiedCheckpoint, UnverifiedCheckpoint),
    /// Two leaves at one index.
    TwoLeaves(LeafProof, LeafProof),
    /// Two heads that no path joins.
    NoConsistency {
        /// The head with fewer leaves.
        older: UnverifiedCheckpoint,
        /// The head with more.
        newer: UnverifiedCheckpoint,
        /// What the older root would have to be.
        old_root: Hash,
        /// The consistency path from there to the newer root.
        path: Vec<Hash>,
    },
}

/// A leaf, and the proof that a head has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafProof {
    /// The bytes of the leaf.
    pub leaf: Vec<u8>,
    /// Its index.
    pub index: u64,
    /// Its inclusion path.
    pub path: Vec<Hash>,
    /// The head.
    pub checkpoint: UnverifiedCheckpoint,
}

/// What evidence has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fork {
    /// The log signed two roots for one size.
    SameSize {
        /// Which log.
        origin: Origin,
        /// Leaves of both heads.
        size: u64,
    },
    /// The log signed two heads of different sizes of which one does not grow out of the other.
    NoConsistency {
        /// Which log.
        origin: Origin,
        /// Leaves of the older head.
        older: u64,
        /// Leaves of the newer head.
        newer: u64,
    },
    /// The log gave one index twice.
    TwoLeaves {
        /// Which log.
        origin: Origin,
        /// Which index.
        index: u64,
    },
}

impl Fork {
    /// The sort, as in the evidence.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SameSize { .. } => "same-size",
            Self::NoConsistency { .. } => "no-consistency",
            Self::TwoLeaves { .. } => "two-leaves",
        }
    }

    /// The log that has forked.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        match self {
            Self::SameSize { origin, .. }
            | Self::NoConsistency { origin, .. }
            | Self::TwoLeaves { origin, .. } => origin,
        }
    }
}

impl Evidence {
    /// Two heads of one log with the same size and different roots; none if they are not.
    #[must_use]
    pub fn same_size(one: &VerifiedCheckpoint, other: &VerifiedCheckpoint) -> Option<Self> {
        let forks = one.origin() == other.origin()
            && one.head().size() == other.head().size()
            && one.head().root() != other.head().root();
        forks.then(|| Self::SameSize(one.to_unverified(), other.to_unverified()))
    }

    /// Two heads of one log, and the path that the log gave to join them, if it leads to the newer root
    /// from another older one; none if it does not.
    ///
    /// A path from a tree whose size is a power of two starts from that tree's own root and does not
    /// hold another one: then the other root has to be known, see [`Evidence::NoConsistency`].
    #[must_use]
    pub fn no_consistency(
        older: &VerifiedCheckpoint,
        newer: &VerifiedCheckpoint,
        path: &[Hash],
    ) -> Option<Self> {
        let (old, new) = (older.head(), newer.head());
        let roots = proof::roots_from_consistency(old.size(), new.size(), old.root(), path).ok()?;
        let forks = older.origin() == newer.origin()
            && roots.new == *new.root()
            && roots.old != *old.root();
        forks.then(|| Self::NoConsistency {
            older: older.to_unverified(),
            newer: newer.to_unverified(),
            old_root: roots.old,
            path: path.to_vec(),
        })
    }

    /// The same for an older tree whose size is a power of two, by the path that the log gave from the tree of one
    /// leaf less: that path holds what the root of the older tree is made of.
    #[must_use]
    pub fn no_consistency_from_before(
        older: &VerifiedCheckpoint,
        newer: &VerifiedCheckpoint,
        path: &[Hash],
    ) -> Option<Self> {
        let (old, new) = (older.head(), newer.head());
        let before = old.size().checked_sub(1)?;
        // From a tree of one leaf, which is a power of two itself, a path does not hold that leaf.
        if !old.size().is_power_of_two() || before <= 1 || new.size() <= old.size() {
            return None;
        }
        let (first, rest) =
            path.split_at_checked(walk::consistency(before, old.size()).hashes())?;
        // The root that is given here is not read: `before` is no power of two.
        let roots = proof::roots_from_consistency(before, old.size(), old.root(), first).ok()?;
        let found = Self::NoConsistency {
            older: older.to_unverified(),
            newer: newer.to_unverified(),
            old_root: roots.new,
            path: rest.to_vec(),
        };
        let joined =
            proof::roots_from_consistency(old.size(), new.size(), &roots.new, rest).ok()?;
        let forks = older.origin() == newer.origin()
            && joined.new == *new.root()
            && roots.new != *old.root();
        forks.then_some(found)
    }

    /// Checks the evidence against the key of the log.
    ///
    /// # Errors
    /// It does not show that this log has forked.
    pub fn verify(&self, log: &VerifierKey) -> Result<Fork, NotEvidence> {
        match self {
            Self::SameSize(one, other) => verify_same_size(one, other, log),
            Self::TwoLeaves(one, other) => verify_two_leaves(one, other, log),
            Self::NoConsistency {
                older,
                newer,
                old_root,
                path,
            } => verify_no_consistency(older, newer, old_root, path, log),
        }
    }

    /// Reads evidence: deterministic CBOR, as [`Evidence::to_bytes`] writes it.
    ///
    /// # Errors
    /// Malformed, or over a limit.
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceError> {
        if bytes.len() > EVIDENCE_BYTES_MAX {
            return Err(EvidenceError::Length);
        }
        match cbor::decode(bytes)? {
            Encoded::SameSize(one, other) => Ok(Self::SameSize(note(&one)?, note(&other)?)),
            Encoded::TwoLeaves(one, other) => {
                Ok(Self::TwoLeaves(one.try_into()?, other.try_into()?))
            }
            Encoded::NoConsistency(older, newer, old_root, path) => Ok(Self::NoConsistency {
                older: note(&older)?,
                newer: note(&newer)?,
                old_root,
                path: of_length(1, path)?,
            }),
        }
    }

    /// The evidence as CBOR: a map of one entry, from the sort to an array.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(&match self {
            Self::SameSize(one, other) => Encoded::SameSize(one.to_string(), other.to_string()),
            Self::TwoLeaves(one, other) => Encoded::TwoLeaves(one.into(), other.into()),
            Self::NoConsistency {
                older,
                newer,
                old_root,
                path,
            } => Encoded::NoConsistency(
                older.to_string(),
                newer.to_string(),
                *old_root,
                path.clone(),
            ),
        })
    }
}

fn verify_same_size(
    one: &UnverifiedCheckpoint,
    other: &UnverifiedCheckpoint,
    log: &VerifierKey,
) -> Result<Fork, NotEvidence> {
    let (one, other) = (one.verify(log)?, other.verify(log)?);
    if one.head().size() != other.head().size() {
        return Err(NotEvidence::SizesDiffer);
    }
    if one.head().root() == other.head().root() {
        return Err(NotEvidence::RootsAgree);
    }
    Ok(Fork::SameSize {
        origin: one.origin().clone(),
        size: one.head().size(),
    })
}

fn verify_no_consistency(
    older: &UnverifiedCheckpoint,
    newer: &UnverifiedCheckpoint,
    old_root: &Hash,
    path: &[Hash],
    log: &VerifierKey,
) -> Result<Fork, NotEvidence> {
    let (older, newer) = (older.verify(log)?, newer.verify(log)?);
    let (old, new) = (older.head(), newer.head());
    if old.size() == 0 || old.size() >= new.size() {
        return Err(NotEvidence::SizesNotInOrder);
    }
    if old.root() == old_root {
        return Err(NotEvidence::RootsAgree);
    }
    let roots = proof::roots_from_consistency(old.size(), new.size(), old_root, path)?;
    if roots.new != *new.root() {
        return Err(ProofError::RootIsAnother.into());
    }
    if roots.old != *old_root {
        return Err(ProofError::OldRootIsAnother.into());
    }
    Ok(Fork::NoConsistency {
        origin: older.origin().clone(),
        older: old.size(),
        newer: new.size(),
    })
}

fn verify_two_leaves(
    one: &LeafProof,
    other: &LeafProof,
    log: &VerifierKey,
) -> Result<Fork, NotEvidence> {
    if one.index != other.index {
        return Err(NotEvidence::IndexesDiffer);
    }
    if one.leaf == other.leaf {
        return Err(NotEvidence::LeavesAgree);
    }
    let checkpoint = one.verify(log)?;
    other.verify(log)?;
    Ok(Fork::TwoLeaves {
        origin: checkpoint.origin().clone(),
        index: one.index,
    })
}

impl LeafProof {
    fn verify(&self, log: &VerifierKey) -> Result<VerifiedCheckpoint, NotEvidence> {
        let checkpoint = self.checkpoint.verify(log)?;
        let leaf_hash = leaf_hash(&self.leaf);
        proof::verify_inclusion(&leaf_hash, self.index, &self.path, checkpoint.head())?;
        Ok(checkpoint)
    }
}

/// The CBOR of evidence.
#[derive(Serialize, Deserialize)]
enum Encoded {
    #[serde(rename = "same-size")]
    SameSize(String, String),
    #[serde(rename = "two-leaves")]
    TwoLeaves(EncodedLeaf, EncodedLeaf),
    #[serde(rename = "no-consistency")]
    NoConsistency(String, String, Hash, Vec<Hash>),
}

#[derive(Serialize, Deserialize)]
struct EncodedLeaf(
    #[serde(with = "serde_bytes")] Vec<u8>,
    u64,
    Vec<Hash>,
    String,
);

impl From<&LeafProof> for EncodedLeaf {
    fn from(proof: &LeafProof) -> Self {
        let LeafProof {
            leaf,
            index,
            path,
            checkpoint,
        } = proof;
        Self(leaf.clone(), *index, path.clone(), checkpoint.to_string())
    }
}

impl TryFrom<EncodedLeaf> for LeafProof {
    type Error = EvidenceError;

    fn try_from(encoded: EncodedLeaf) -> Result<Self, EvidenceError> {
        let EncodedLeaf(leaf, index, path, checkpoint) = encoded;
        let beyond = leaf.len() > LEAF_BYTES_MAX || index > TREE_LEAVES_MAX;
        if leaf.is_empty() || beyond {
            return Err(EvidenceError::Length);
        }
        Ok(Self {
            leaf,
            index,
            path: of_length(0, path)?,
            checkpoint: note(&checkpoint)?,
        })
    }
}

fn note(text: &str) -> Result<UnverifiedCheckpoint, EvidenceError> {
    if text.len() > EVIDENCE_CHECKPOINT_BYTES_MAX {
        return Err(EvidenceError::Length);
    }
    Ok(UnverifiedCheckpoint::parse(text.as_bytes())?)
}

/// A path within its limits. An empty one joins no two heads, so it proves nothing
/// of them; a leaf that is a whole tree has one.
fn of_length(min: usize, path: Vec<Hash>) -> Result<Vec<Hash>, EvidenceError> {
    if (min..=PROOF_HASHES_MAX).contains(&path.len()) {
        Ok(path)
    } else {
        Err(EvidenceError::Length)
    }
}

/// Why bytes are not evidence in form.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The bytes, a leaf, its index, a path or a checkpoint are over their limit, or one is
    /// empty that must not be.
    #[error("a length or an index in the evidence is beyond its limit")]
    Length,
    /// Not the deterministic CBOR of evidence.
    #[error(transparent)]
    Cbor(#[from] cbor::CborError),
    /// A checkpoint in it is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl EvidenceError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length => "evidence-length",
            Self::Cbor(_) => "evidence-cbor",
            Self::Checkpoint(error) => error.code(),
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

/// Why evidence shows no fork of this log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotEvidence {
    /// A checkpoint is not signed by this log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A path does not lead to the head it is given for.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The heads have different sizes.
    #[error("the heads have different sizes")]
    SizesDiffer,
    /// The older head is empty, or not older.
    #[error("the older head has no leaves, or not fewer than the newer one")]
    SizesNotInOrder,
    /// The roots are the same.
    #[error("the roots are the same")]
    RootsAgree,
    /// The leaves are at different indexes.
    #[error("the leaves are at different indexes")]
    IndexesDiffer,
    /// The leaves are the same.
    #[error("the leaves are the same")]
    LeavesAgree,
}

impl NotEvidence {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Checkpoint(error) => error.code(),
            Self::Proof(error) => error.code(),
            Self::SizesDiffer => "evidence-sizes-differ",
            Self::SizesNotInOrder => "evidence-sizes-not-in-order",
            Self::RootsAgree => "evidence-roots-agree",
            Self::IndexesDiffer => "evidence-indexes-differ",
            Self::LeavesAgree => "evidence-leaves-agree",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}
