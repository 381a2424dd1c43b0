//! Why a signed charter or roster is not taken.

use comity_wire::cbor::CborError;
use comity_wire::ids::Kid;
use comity_wire::limited::OverLimit;
use comity_wire::object::ObjectError;

use crate::rule::{Breach, Rule};

/// Why a charter or a roster does not become part of the history. The variants
/// are in the order of the checks; the outer structure is read before all of them,
/// the payload only when it is signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// Of another federation.
    #[error("it is of another federation")]
    WrongFederation,
    /// Versions between the last one here and this one are missing.
    #[error("version {found} cannot follow: the next one is {expected}")]
    Gap {
        /// The next version that can be taken.
        expected: u64,
        /// The version of what was given.
        found: u64,
    },
    /// Made under a charter that is not here.
    #[error("it names a charter that is not known here")]
    UnknownCharter,
    /// Made under a charter that is not the one for rosters of its version.
    #[error("rosters of this version are made under another charter")]
    WrongCharter,
    /// Somebody who does not govern signed.
    #[error("signed by {0}, which is not a key of the governance")]
    WrongSigner(Kid),
    /// A signature does not verify.
    #[error("the signature of {0} does not verify")]
    Signature(Kid),
    /// Too few of those who govern signed.
    #[error("{found} of {needed} signatures")]
    Threshold {
        /// The signatures that count.
        found: usize,
        /// The signatures needed.
        needed: u64,
    },
    /// Too long, not the deterministic encoding, over a limit.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// A rule inside it, or between it and what came before, does not hold.
    #[error(transparent)]
    Breach(#[from] Breach),
    /// Two charters of one version, both validly signed. The first is kept.
    #[error("the governance has signed two charters of version {0}")]
    CharterConflict(u64),
    /// Issued later than now.
    #[error("it is issued in the future, or this clock is slow")]
    FromTheFuture,
    /// It does not follow the one that is kept here.
    #[error("it does not follow the one before it that is kept here")]
    WrongPrevious,
    /// It settles a conflict, of which a roster is missing here.
    #[error("it resolves a conflict of rosters, one of which is not here")]
    SiblingMissing,
    /// Two rosters, but not two of one version.
    #[error("this is no evidence: the rosters are not two of one version")]
    NoConflict,
}

impl ChainError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Object(error) => error.code(),
            Self::Breach(breach) => breach.rule.code(),
            Self::WrongFederation => "wrong-federation",
            Self::Gap { .. } => "version-gap",
            Self::UnknownCharter => "unknown-charter",
            Self::WrongCharter => "wrong-charter",
            Self::WrongSigner(_) => "wrong-signer",
            Self::Signature(_) => "bad-signature",
            Self::Threshold { .. } => "threshold",
            Self::CharterConflict(_) => "charter-conflict",
            Self::FromTheFuture => "from-the-future",
            Self::WrongPrevious => "wrong-previous",
            Self::SiblingMissing => "sibling-missing",
            Self::NoConflict => "no-conflict",
        }
    }

    /// Whether the same bytes can be taken later, after what is missing was fetched.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Gap { .. } | Self::UnknownCharter | Self::FromTheFuture | Self::SiblingMissing
        )
    }
}

impl From<CborError> for ChainError {
    fn from(error: CborError) -> Self {
        Self::Object(error.into())
    }
}

impl From<OverLimit> for ChainError {
    fn from(error: OverLimit) -> Self {
        Self::Object(error.into())
    }
}

impl From<Rule> for ChainError {
    fn from(rule: Rule) -> Self {
        Self::Breach(rule.into())
    }
}
