//! What a log and a witness write to each other (`tlog-witness`, add-checkpoint).
//!
//! ```text
//! old <size the witness has cosigned>      -> 200  signature lines of the witness
//! <base64 hash>      consistency path         409  <size the witness has cosigned>
//!                                             400, 403, 404, 422
//! <checkpoint>
//! ```

use std::fmt;

use thiserror::Error;

use crate::checkpoint::{CheckpointError, UnverifiedCheckpoint, VerifiedCheckpoint};
use crate::fault::Fault;
use crate::hash::Hash;
use crate::head::HeadError;
use crate::key::VerifierKey;
use crate::limits::{ADD_CHECKPOINT_BYTES_MAX, PROOF_HASHES_MAX};
use crate::note::{Note, NoteError, SignatureLine};
use crate::text;

/// A log asks a witness to cosign a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Leaves of the head that the witness has cosigned, as the log believes; 0 if none.
    pub old_size: u64,
    /// Consistency path from there to the checkpoint.
    pub path: Vec<Hash>,
    /// The checkpoint to be cosigned.
    pub checkpoint: UnverifiedCheckpoint,
}

impl Request {
    /// Reads a request. Whatever is accepted is written again as the same bytes.
    ///
    /// # Errors
    /// Anything but the lines above; [`RequestError::status`] is the answer then.
    pub fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > ADD_CHECKPOINT_BYTES_MAX {
            return Err(RequestError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| RequestError::Format)?;
        let (lines, checkpoint) = text.split_once("\n\n").ok_or(RequestError::Format)?;

        let mut lines = lines.split('\n');
        let old_size = lines
            .next()
            .and_then(|line| line.strip_prefix(OLD))
            .and_then(text::decimal)
            .ok_or(RequestError::OldSize)?;
        let path = text::hash_lines(lines, PROOF_HASHES_MAX).ok_or(RequestError::Path)?;
        let checkpoint = UnverifiedCheckpoint::parse(checkpoint.as_bytes())?;
        Ok(Self {
            old_size,
            path,
            checkpoint,
        })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{OLD}{}", self.old_size)?;
        for hash in &self.path {
            writeln!(f, "{}", text::base64_of_hash(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// The log's side of a 200: the cosignature of the witness that was asked, checked over the
/// checkpoint that was sent. Whatever else the reply holds is dropped.
///
/// # Errors
/// The reply is not signature lines, or the witness's own is missing or invalid.
pub fn read_cosignature(
    checkpoint: &VerifiedCheckpoint,
    reply: &[u8],
    witness: &VerifierKey,
) -> Result<SignatureLine, NoteError> {
    let text = checkpoint.note().text();
    let note = Note::parse(&[text.as_bytes(), b"\n", reply].concat())?;
    if note.text() != text {
        return Err(NoteError::SignatureFormat);
    }
    note.verify(std::slice::from_ref(witness))?;
    let mut lines = note.only_signed_by(witness).into_signatures();
    lines.pop().ok_or(NoteError::NotSigned)
}

/// Media type of the reply that tells the size which the witness has cosigned.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// The body of a 409 that tells the size which the witness has cosigned.
#[must_use]
pub fn write_size(size: u64) -> String {
    format!("{size}\n")
}

/// The log's side of a 409; none if the body is not a number in its one spelling.
#[must_use]
pub fn read_size(body: &[u8]) -> Option<u64> {
    text::decimal(std::str::from_utf8(body).ok()?.strip_suffix('\n')?)
}

const OLD: &str = "old ";

/// Why bytes are not a request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Longer than [`ADD_CHECKPOINT_BYTES_MAX`].
    #[error("the request is too long")]
    TooLong,
    /// No empty line, or not UTF-8.
    #[error("the request is not lines, an empty line and a checkpoint")]
    Format,
    /// The first line is not `old` and a number in its one spelling.
    #[error("the request does not begin with the old size")]
    OldSize,
    /// A malformed hash, or more than [`PROOF_HASHES_MAX`].
    #[error("the request's path is not up to {PROOF_HASHES_MAX} hashes")]
    Path,
    /// The checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl RequestError {
    /// The status that answers such a request.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            // Whatever is not named like a log of a federation is a log that nobody knows.
            Self::Checkpoint(CheckpointError::Origin) => 404,
            Self::Checkpoint(CheckpointError::Head(HeadError::SizeZeroRoot)) => 422,
            _ => 400,
        }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "request-too-long",
            Self::Format => "request-format",
            Self::OldSize => "request-old-size",
            Self::Path => "request-path",
            Self::Checkpoint(error) => error.code(),
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}
