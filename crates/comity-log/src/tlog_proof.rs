//! `tlog-proof@v1`: an inclusion proof as a text file that anybody can check offline.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64>                       left out if there is none; not authenticated
//! index <n>
//! <base64 hash>                        as many as the path has
//!
//! <checkpoint with its signatures>
//! ```

use std::fmt;

use thiserror::Error;

use crate::checkpoint::{CheckpointError, UnverifiedCheckpoint, VerifiedCheckpoint};
use crate::fault::Fault;
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::limits::{PROOF_BYTES_MAX, PROOF_EXTRA_BYTES_MAX, PROOF_HASHES_MAX};
use crate::proof::{self, ProofError};
use crate::text;

/// An inclusion proof with the checkpoint that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Whatever the maker of the file added. Nobody has signed it.
    pub extra: Option<Vec<u8>>,
    /// Which leaf.
    pub index: u64,
    /// Its inclusion path.
    pub path: Vec<Hash>,
    /// The head to which it leads.
    pub checkpoint: UnverifiedCheckpoint,
}

impl TlogProof {
    /// Reads a proof. Whatever is accepted is written again as the same bytes.
    ///
    /// # Errors
    /// Anything but the lines above, each in its one spelling.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlogProofError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(TlogProofError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TlogProofError::Format)?;
        let rest = text
            .strip_prefix(FIRST_LINE)
            .ok_or(TlogProofError::Format)?;
        let (lines, checkpoint) = rest.split_once("\n\n").ok_or(TlogProofError::Format)?;

        let mut lines = lines.split('\n').peekable();
        let extra = lines
            .next_if(|line| line.starts_with(EXTRA))
            .and_then(|line| line.strip_prefix(EXTRA))
            .map(parse_extra)
            .transpose()?;
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix(INDEX))
            .and_then(text::decimal)
            .ok_or(TlogProofError::Format)?;
        let path = text::hash_lines(lines, PROOF_HASHES_MAX).ok_or(TlogProofError::Format)?;
        let checkpoint = UnverifiedCheckpoint::parse(checkpoint.as_bytes())?;
        Ok(Self {
            extra,
            index,
            path,
            checkpoint,
        })
    }

    /// Checks that a leaf is at the index of the proof, under a checkpoint that the log has signed.
    ///
    /// # Errors
    /// The log has not signed the checkpoint; the path does not lead there.
    pub fn verify(
        &self,
        leaf_hash: &Hash,
        log: &VerifierKey,
    ) -> Result<VerifiedCheckpoint, TlogProofError> {
        let checkpoint = self.checkpoint.verify(log)?;
        proof::verify_inclusion(leaf_hash, self.index, &self.path, checkpoint.head())?;
        Ok(checkpoint)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FIRST_LINE)?;
        if let Some(extra) = &self.extra {
            writeln!(f, "{EXTRA}{}", text::to_base64(extra))?;
        }
        writeln!(f, "{INDEX}{}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", text::base64_of_hash(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1\n";
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";

fn parse_extra(base64: &str) -> Result<Vec<u8>, TlogProofError> {
    let bytes = text::from_base64(base64).ok_or(TlogProofError::Format)?;
    if bytes.len() > PROOF_EXTRA_BYTES_MAX {
        return Err(TlogProofError::TooLong);
    }
    Ok(bytes)
}

/// Why bytes are not a proof, or the proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// Longer than [`PROOF_BYTES_MAX`], or more extra data than [`PROOF_EXTRA_BYTES_MAX`].
    #[error("the proof is too long")]
    TooLong,
    /// Not the lines of a proof.
    #[error("not a tlog-proof in its one spelling")]
    Format,
    /// The checkpoint is malformed or not signed by the log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The path does not lead to the checkpoint.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl TlogProofError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "tlog-proof-too-long",
            Self::Format => "tlog-proof-format",
            Self::Checkpoint(error) => error.code(),
            Self::Proof(error) => error.code(),
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Checkpoint(error) => error.fault(),
            _ => Fault::Peer,
        }
    }
}
