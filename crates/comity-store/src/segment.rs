//! Segments: files of frames, one after the other, each preallocated and written from front to back.
//!
//! ```text
//! magic (8) | version (2) | 0 (2) | number (4) | first sequence (8) | first record (8) | cut (4) | 0 (24) | CRC32C (4)
//! ```
//! `cut` is where the frames of the segment before end. What is there from the cut on was never under a
//! head record, and is not read.

use std::path::{Path, PathBuf};

use crate::bytes::{Fields, with_checksum, without_checksum};
use crate::index::Kinds;

/// In bytes.
pub(crate) const HEADER_BYTES: u32 = 64;

/// What the header of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) number: u32,
    pub(crate) first_seq: u64,
    pub(crate) first_record: u64,
    pub(crate) cut: u32,
}

impl SegmentHeader {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.first_seq.to_be_bytes());
        bytes.extend_from_slice(&self.first_record.to_be_bytes());
        bytes.extend_from_slice(&self.cut.to_be_bytes());
        bytes.extend_from_slice(&[0; 24]);
        with_checksum(bytes)
    }

    /// Reads the first [`HEADER_BYTES`] of a segment.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, HeaderFault> {
        let bytes = bytes.get(..64).ok_or(HeaderFault::Damaged)?;
        let mut fields = Fields(without_checksum(bytes).ok_or(HeaderFault::Damaged)?);
        if fields.array() != Some(MAGIC) || fields.u16() != Some(VERSION) {
            return Err(HeaderFault::Unknown);
        }
        let mut read = || {
            fields.u16()?;
            Some(Self {
                number: fields.u32()?,
                first_seq: fields.u64()?,
                first_record: fields.u64()?,
                cut: fields.u32()?,
            })
        };
        read().ok_or(HeaderFault::Damaged)
    }
}

/// Why bytes are not the header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Damaged,
    /// The checksum is right, so somebody else wrote it so.
    Unknown,
}

/// A segment that has frames under the head record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) number: u32,
    pub(crate) first_seq: u64,
    /// Index of its first record.
    pub(crate) first_record: u64,
    /// Where its frames end, in bytes from its start.
    pub(crate) end: u32,
    /// Of which kinds it has frames, records and data keys apart.
    pub(crate) kinds: Kinds,
}

pub(crate) fn path_of(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.seg"))
}

/// The number in the name of a segment.
pub(crate) fn number_of(name: &str) -> Option<u32> {
    name.strip_suffix(".seg")
        .filter(|digits| digits.len() >= 8)?
        .parse()
        .ok()
}

const MAGIC: [u8; 8] = *b"CMTYJRNL";
const VERSION: u16 = 1;
