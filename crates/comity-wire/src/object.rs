//! What can be wrong with a signed object that is no statement.

use crate::cbor::{self, CborError};
use crate::cose::CoseError;
use crate::limited::{OverLimit, length};
use crate::limits::{DEPTH_MAX, FRAMING_ITEMS_MAX};

/// Why bytes are not the object expected. The variants are in the order of the
/// checks, and each has one code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// Longer than the object may be.
    #[error("{found} bytes; at most {max}")]
    Oversize {
        /// In bytes.
        found: usize,
        /// In bytes.
        max: usize,
    },
    /// Nested too deep.
    #[error("nested too deep")]
    TooDeep,
    /// Not the COSE_Sign1 expected.
    #[error(transparent)]
    Cose(#[from] CoseError),
    /// Not the deterministic encoding of the content.
    #[error("the content is {0}")]
    Content(CborError),
    /// A count, a length or a value is over its limit.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
    /// A critical extension is not known.
    #[error("a critical extension is not known")]
    UnknownCritical,
    /// The parts of a receipt contradict one another.
    #[error("leaf index {leaf} and proof index {proof} in a tree of {size} do not belong together")]
    IndexMismatch {
        /// The index that the leaf has in itself.
        leaf: u64,
        /// The index of the proof.
        proof: u64,
        /// The tree size of the proof.
        size: u64,
    },
    /// The signature does not verify under the key given.
    #[error("the signature does not verify")]
    Signature,
}

impl ObjectError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Oversize { .. } => "oversize",
            Self::TooDeep | Self::Content(CborError::TooDeep) | Self::Cose(CoseError::TooDeep) => {
                "too-deep"
            }
            Self::Cose(CoseError::Outer) => "not-canonical",
            Self::Cose(CoseError::Header) => "bad-header",
            Self::Content(_) => "bad-payload",
            Self::OverLimit(_) => "over-limit",
            Self::UnknownCritical => "unknown-critical",
            Self::IndexMismatch { .. } => "index-mismatch",
            Self::Signature => "bad-signature",
        }
    }

    /// The first checks of a message that is longer than one object: it must not
    /// be made of more data items than any message needs, because decoding costs
    /// memory for each.
    pub(crate) fn check_framing(bytes: &[u8], bytes_max: usize) -> Result<(), Self> {
        Self::check_size_and_depth(bytes, bytes_max, DEPTH_MAX)?;
        let items = cbor::scan(bytes).items;
        Ok(length("FRAMING_ITEMS_MAX", items, 0, FRAMING_ITEMS_MAX)?)
    }

    /// The first two checks of every object.
    pub(crate) fn check_size_and_depth(
        bytes: &[u8],
        bytes_max: usize,
        depth_max: usize,
    ) -> Result<(), Self> {
        if bytes.len() > bytes_max {
            return Err(Self::Oversize {
                found: bytes.len(),
                max: bytes_max,
            });
        }
        if cbor::depth(bytes) > depth_max {
            return Err(Self::TooDeep);
        }
        Ok(())
    }
}

impl From<CborError> for ObjectError {
    fn from(error: CborError) -> Self {
        if error == CborError::TooDeep {
            Self::TooDeep
        } else {
            Self::Content(error)
        }
    }
}
