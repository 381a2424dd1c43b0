//! Bundles of entries: up to 256 leaves, each after its length in two bytes (`tlog-tiles`).

use thiserror::Error;

use crate::fault::Fault;
use crate::limits::TILE_HASHES;
use crate::tile::BundleId;

/// The bytes of a bundle.
///
/// # Errors
/// More than 256 entries; an entry longer than two bytes can say.
pub fn encode<L: AsRef<[u8]>>(entries: &[L]) -> Result<Vec<u8>, BundleError> {
    if entries.is_empty() || entries.len() > usize::from(TILE_HASHES) {
        return Err(BundleError::Width {
            entries: entries.len(),
        });
    }
    let mut bytes = Vec::new();
    for (place, entry) in entries.iter().map(AsRef::as_ref).enumerate() {
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong { place })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle, as many as `id` says, without a byte left over.
///
/// # Errors
/// Bytes that end too early or too late.
pub fn decode(id: BundleId, bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut rest = bytes;
    let mut entries = Vec::new();
    for place in 0..usize::from(id.tile().width()) {
        let cut_off = BundleError::CutOff { bundle: id, place };
        let (length, after) = rest.split_first_chunk::<2>().ok_or(cut_off)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or(cut_off)?;
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() {
        Ok(entries)
    } else {
        Err(BundleError::LeftOver {
            bundle: id,
            bytes: rest.len(),
        })
    }
}

/// Why bytes are not a bundle, or entries do not make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Not 1 to 256 entries.
    #[error("no bundle has {entries} entries")]
    Width {
        /// Entries given.
        entries: usize,
    },
    /// More than 65,535 bytes.
    #[error("entry {place} is too long for a bundle")]
    EntryTooLong {
        /// Place in the bundle.
        place: usize,
    },
    /// The bytes end within an entry, or before it.
    #[error("{bundle} ends before entry {place} does")]
    CutOff {
        /// Which bundle.
        bundle: BundleId,
        /// Place in the bundle.
        place: usize,
    },
    /// Bytes after the last entry.
    #[error("{bundle} has {bytes} bytes too many")]
    LeftOver {
        /// Which bundle.
        bundle: BundleId,
        /// How many.
        bytes: usize,
    },
}

impl BundleError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Width { .. } => "bundle-width",
            Self::EntryTooLong { .. } => "leaf-too-long",
            Self::CutOff { .. } => "bundle-cut-off",
            Self::LeftOver { .. } => "bundle-left-over",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Width { .. } | Self::EntryTooLong { .. } => Fault::Us,
            Self::CutOff { .. } | Self::LeftOver { .. } => Fault::Machine,
        }
    }
}
