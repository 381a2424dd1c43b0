//! Evidence of either sort, judged: that a log has forked, or that a governance has signed two rosters of one version.
//!
//! ```text
//! bytes -> a map: fork evidence       -> under the key that the history of rosters lists for that log, or a key given
//!          an array: two rosters      -> under the charters of the history
//! ```
//! Whoever judges needs nothing but the bytes and the history, or the one key. So every member comes to the same
//! answer, and so does anybody offline.

use comity_log::evidence::{Evidence, EvidenceError, Fork, NotEvidence};
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::Origin;
use comity_trust::chain_error::ChainError;
use comity_trust::history::History;
use comity_trust::roster::RosterConflict;
use comity_wire::ids::{Hash, MemberId};
use comity_wire::object::ObjectError;
use thiserror::Error;

/// What evidence has proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contradiction {
    /// A log has forked.
    Log {
        /// How.
        fork: Fork,
        /// The key that signed what cannot all be true.
        key: Box<VerifierKey>,
    },
    /// The governance has signed two rosters of one version.
    Governance {
        /// The federation.
        fed: Hash,
        /// Which version.
        version: u64,
    },
}

impl Contradiction {
    /// The sort: one of those of fork evidence, or `two-rosters`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Log { fork, .. } => fork.code(),
            Self::Governance { .. } => "two-rosters",
        }
    }

    /// The log that has forked.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Log { fork, .. } => Some(fork.origin()),
            Self::Governance { .. } => None,
        }
    }

    /// The member whose log it is.
    #[must_use]
    pub fn member(&self) -> Option<&MemberId> {
        self.origin().map(|origin| &origin.member)
    }

    /// What it is about. Evidence of the same sort about the same thing says nothing new: one log that has forked can
    /// be shown to have forked in as many ways as it has records.
    #[must_use]
    pub fn about(&self) -> String {
        match self {
            Self::Log { fork, .. } => format!("{} {}", fork.code(), fork.origin()),
            Self::Governance { version, .. } => format!("{} {version}", self.code()),
        }
    }

    /// What is proven, in a sentence for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Log { fork, .. } => match fork {
                Fork::SameSize { origin, size } => {
                    format!("The log {origin} signed two different trees of {size} records.")
                }
                Fork::NoConsistency {
                    origin,
                    older,
                    newer,
                } => format!(
                    "The log {origin} signed a tree of {newer} records that does not begin with the tree of {older} records that it signed, too."
                ),
                Fork::TwoLeaves { origin, index } => format!(
                    "The log {origin} gave place {index} to two different records, and signed both."
                ),
            },
            Self::Governance { version, .. } => {
                format!("The governance signed two different rosters of version {version}.")
            }
        }
    }
}

/// Judges evidence of either sort with what is known of the federation.
///
/// # Errors
/// It proves nothing, or nothing yet.
pub fn judge(bytes: &[u8], history: &History) -> Result<Contradiction, NotProven> {
    if is_of_rosters(bytes) {
        let conflict = RosterConflict::decode(bytes)?;
        let version = history.verify_conflict(&conflict)?;
        let fed = *history.fed();
        return Ok(Contradiction::Governance { fed, version });
    }
    let evidence = Evidence::parse(bytes)?;
    let origin = origin_of(&evidence);
    if origin.fed != *history.fed() {
        return Err(NotProven::OtherFederation);
    }
    let listed = history.log(origin).ok_or(NotProven::UnknownLog)?;
    let known = history.log_key(origin, &listed.key);
    let (known, _) = known.ok_or(NotProven::UnknownLog)?;
    // Not whether the key is still believed: everybody has to come to the same answer, whatever is known of a theft.
    let key = VerifierKey::new(KeyName::from(origin), KeyKind::Log, *known.verifying());
    let key = key.map_err(|_| NotProven::UnknownLog)?;
    prove(&evidence, key)
}

/// Judges evidence of a fork with the key of the log and nothing else.
///
/// # Errors
/// It proves nothing; or it is about rosters, which takes the charters of the federation.
pub fn judge_with_key(bytes: &[u8], key: &VerifierKey) -> Result<Contradiction, NotProven> {
    if is_of_rosters(bytes) {
        return Err(NotProven::NeedsCharters);
    }
    prove(&Evidence::parse(bytes)?, key.clone())
}

fn prove(evidence: &Evidence, key: VerifierKey) -> Result<Contradiction, NotProven> {
    let fork = evidence.verify(&key)?;
    let key = Box::new(key);
    Ok(Contradiction::Log { fork, key })
}

/// Fork evidence is a map of CBOR, two rosters are an array of two.
#[must_use]
pub fn is_of_rosters(bytes: &[u8]) -> bool {
    bytes.first() == Some(&ARRAY_OF_TWO)
}

const ARRAY_OF_TWO: u8 = 0x82;

/// The log that evidence claims to be about. Nothing of it is proven.
fn origin_of(evidence: &Evidence) -> &Origin {
    let checkpoint = match evidence {
        Evidence::SameSize(one, _) => one,
        Evidence::TwoLeaves(one, _) => &one.checkpoint,
        Evidence::NoConsistency { older, .. } => older,
    };
    &checkpoint.claimed().origin
}

/// Why evidence proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotProven {
    /// It is not in the form of fork evidence.
    #[error(transparent)]
    Form(#[from] EvidenceError),
    /// It shows no fork.
    #[error(transparent)]
    Not(#[from] NotEvidence),
    /// It is not in the form of two rosters.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// It shows no two rosters of one version.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// It is about a log of another federation.
    #[error("it is about a log of another federation")]
    OtherFederation,
    /// It is about a log that no roster lists that is known here.
    #[error("no roster that is known here lists the log that it is about")]
    UnknownLog,
    /// Two rosters are judged by the charters, not by the key of a log.
    #[error("it is about two rosters, which are judged by the charters of the federation")]
    NeedsCharters,
}

impl NotProven {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form(error) => error.code(),
            Self::Not(error) => error.code(),
            Self::Object(error) => error.code(),
            Self::Chain(error) => error.code(),
            Self::OtherFederation => "wrong-federation",
            Self::UnknownLog => "unknown-origin",
            Self::NeedsCharters => "needs-charters",
        }
    }

    /// Whether who has a newer roster or charter may come to another answer.
    #[must_use]
    pub fn may_pass_later(&self) -> bool {
        match self {
            Self::UnknownLog => true,
            Self::Chain(error) => error.is_transient(),
            _ => false,
        }
    }
}
