//! What a witness may cosign (`tlog-witness`, add-checkpoint), decided without touching anything.
//!
//! ```text
//! Request::parse -> decide -> Accept(Pending) -> Pending::swap, within the store's lock, and synced
//!                                             -> Pending::persisted -> Cosign::sign -> reply
//!                          -> Refuse(Refusal): status, code, and evidence if the log has forked
//! ```
//! A cosignature exists only after the state behind it does: two requests that were judged on the same
//! state cannot both get one, and a crash between the two steps costs a cosignature, not a promise.

use ed25519_dalek::SigningKey;
use thiserror::Error;

use crate::add_checkpoint::{Request, write_size};
use crate::checkpoint::{CheckpointError, VerifiedCheckpoint};
use crate::cosignature::{self, TimeOverLimit};
use crate::evidence::Evidence;
use crate::fault::Fault;
use crate::head::{Head, SwapRefused};
use crate::key::{KeyName, VerifierKey};
use crate::names::WitnessName;
use crate::note::SignatureLine;
use crate::proof::{self, ProofError};

/// What a witness knows of a log.
#[derive(Clone, Debug)]
pub struct KnownLog {
    /// The key that the roster gives for its origin.
    pub key: VerifierKey,
    /// The checkpoint that the witness cosigned last; none if it never did.
    pub seen: Option<VerifiedCheckpoint>,
}

impl KnownLog {
    fn head(&self) -> Head {
        self.seen
            .as_ref()
            .map_or_else(Head::empty, |seen| *seen.head())
    }
}

/// Decides on a request. `log` is what is known under the origin of the request's checkpoint; none
/// if no log of that origin is known. `now_s` is the time of the cosignature, in seconds since 1970.
pub fn decide(log: Option<&KnownLog>, request: &Request, now_s: u64) -> Decision {
    let Some(log) = log else {
        return Reason::UnknownOrigin.into();
    };
    let next = match request.checkpoint.verify(&log.key) {
        Ok(next) => next,
        Err(error) => return Reason::NotSignedByLog(error).into(),
    };
    let seen = log.head();
    match check_growth(&seen, &next, request) {
        Ok(()) => Decision::Accept(Pending {
            expected: seen,
            next,
            time_s: now_s,
        }),
        Err(reason) => Decision::Refuse(Refusal {
            reason,
            evidence: log
                .seen
                .as_ref()
                .and_then(|seen| fork(seen, &next, request)),
        }),
    }
}

/// The checks in the order of the specification: the first that fails is the answer.
fn check_growth(seen: &Head, next: &VerifiedCheckpoint, request: &Request) -> Result<(), Reason> {
    let next = next.head();
    if request.old_size > next.size() {
        return Err(Reason::OldBeyondNew);
    }
    if request.old_size != seen.size() {
        return Err(Reason::OldIsAnother { seen: seen.size() });
    }
    if next.size() == seen.size() && next.root() != seen.root() {
        return Err(Reason::SameSizeOtherRoot);
    }
    proof::verify_consistency(seen, next, &request.path).map_err(Reason::Path)
}

/// Whatever the reason of a refusal, a log that contradicts what it signed before is reported.
fn fork(
    seen: &VerifiedCheckpoint,
    next: &VerifiedCheckpoint,
    request: &Request,
) -> Option<Box<Evidence>> {
    Evidence::same_size(seen, next)
        .or_else(|| Evidence::no_consistency(seen, next, &request.path))
        .map(Box::new)
}

/// The answer to a request.
#[derive(Clone, Debug)]
#[must_use]
pub enum Decision {
    /// To be cosigned, as soon as the new state is durable.
    Accept(Pending),
    /// Not to be cosigned.
    Refuse(Refusal),
}

/// A checkpoint that may be cosigned once it is the stored one.
#[derive(Clone, Debug)]
#[must_use = "nothing is cosigned until the new state is persisted"]
pub struct Pending {
    expected: Head,
    next: VerifiedCheckpoint,
    time_s: u64,
}

impl Pending {
    /// The checkpoint to be stored, without any signature but the log's.
    #[must_use]
    pub fn next(&self) -> &VerifiedCheckpoint {
        &self.next
    }

    /// To be asked within the lock that the store holds while it replaces `stored` by
    /// [`Pending::next`]: is `stored` still what was decided on?
    ///
    /// # Errors
    /// It is not. Decide again, on what is stored now.
    pub fn swap(&self, stored: Option<&VerifiedCheckpoint>) -> Result<(), SwapRefused> {
        let stored = stored.map_or_else(Head::empty, |stored| *stored.head());
        Head::compare_and_swap(&stored, &self.expected, self.next.head()).map(|_| ())
    }

    /// The caller's word that [`Pending::next`] was swapped in and is durable.
    pub fn persisted(self) -> Cosign {
        Cosign {
            checkpoint: self.next,
            time_s: self.time_s,
        }
    }
}

/// A checkpoint that is the stored one and is to be cosigned.
#[derive(Debug)]
#[must_use]
pub struct Cosign {
    checkpoint: VerifiedCheckpoint,
    time_s: u64,
}

impl Cosign {
    /// The line that answers the request.
    ///
    /// # Errors
    /// The time that was given is beyond what a cosignature can have.
    pub fn sign(
        self,
        name: &WitnessName,
        key: &SigningKey,
    ) -> Result<SignatureLine, TimeOverLimit> {
        cosignature::sign(
            &KeyName::from(name),
            key,
            self.checkpoint.note().text(),
            self.time_s,
        )
    }
}

/// A request that gets no cosignature.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Proof that the log has forked, if the request holds it: to be recorded and shown.
    pub evidence: Option<Box<Evidence>>,
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.reason {
            Reason::UnknownOrigin => 404,
            Reason::NotSignedByLog(_) => 403,
            Reason::OldBeyondNew => 400,
            Reason::OldIsAnother { .. } => 409,
            Reason::SameSizeOtherRoot | Reason::Path(_) => 422,
        }
    }

    /// The body of the answer: for 409 the size that was cosigned, otherwise the code.
    #[must_use]
    pub fn body(&self) -> String {
        match self.reason {
            Reason::OldIsAnother { seen } => write_size(seen),
            _ => format!("{}\n", self.reason.code()),
        }
    }
}

impl From<Reason> for Decision {
    fn from(reason: Reason) -> Self {
        Self::Refuse(Refusal {
            reason,
            evidence: None,
        })
    }
}

/// Why a request gets no cosignature.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// No log of this origin is known.
    #[error("no log of this origin is known")]
    UnknownOrigin,
    /// The log has not signed, or a signature under its key is invalid.
    #[error("the checkpoint is not validly signed by its log")]
    NotSignedByLog(#[source] CheckpointError),
    /// The request's old size is beyond the checkpoint.
    #[error("the old size is beyond the checkpoint")]
    OldBeyondNew,
    /// The request's old size is not the one that was cosigned.
    #[error("the size that was cosigned is {seen}")]
    OldIsAnother {
        /// Leaves of the head that was cosigned, 0 if none.
        seen: u64,
    },
    /// The log has signed two heads of one size.
    #[error("another root was cosigned for this size")]
    SameSizeOtherRoot,
    /// The path does not join the two heads.
    #[error("the path does not join what was cosigned with the checkpoint")]
    Path(#[source] ProofError),
}

impl Reason {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownOrigin => "witness-unknown-origin",
            Self::NotSignedByLog(_) => "witness-not-signed-by-log",
            Self::OldBeyondNew => "witness-old-beyond-new",
            Self::OldIsAnother { .. } => "witness-old-is-another",
            Self::SameSizeOtherRoot => "witness-same-size-other-root",
            Self::Path(_) => "witness-path",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}
