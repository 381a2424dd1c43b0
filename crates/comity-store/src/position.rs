//! Where a frame is, under whose key, and what comes back when it is read.

use std::fmt;

/// Where a frame is: segment number and offset, packed; ordered as the journal is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    pub(crate) fn new(segment: u32, offset: u32) -> Self {
        Self(u64::from(segment) << 32 | u64::from(offset))
    }

    /// Number of the segment, from 1; 0 only in the end of a journal without frames.
    pub(crate) fn segment(self) -> u32 {
        let [a, b, c, d, ..] = self.0.to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    /// Bytes from the start of the segment.
    pub(crate) fn offset(self) -> u32 {
        let [.., a, b, c, d] = self.0.to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }
}

/// Whose key a body is encrypted under: a case's scope is its case id of 16 bytes. No scope: the node's own key (rosters, deliveries).
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(pub [u8; 16]);

/// A frame as it was staged.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// From 0, contiguous over all frames of the journal.
    pub seq: u64,
    /// As staged; [`RECORD_KIND`] for a record of the audit log.
    pub kind: u8,
    /// As staged; none for a record.
    pub scope: Option<Scope>,
    /// Decrypted. For a record, see [`split_record`](crate::record::split_record).
    pub body: Vec<u8>,
}

impl fmt::Debug for Stored {
    /// The body is not shown: it holds what must not be printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("seq", &self.seq)
            .field("kind", &self.kind)
            .field("scope", &self.scope)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Kind of the frames that hold records of the audit log.
pub const RECORD_KIND: u8 = 255;

/// Kind of the frames that end a log: what follows is of the next one.
pub const CLOSED_KIND: u8 = 253;

/// Kind of the frames that hold a wrapped data key. They have no number in the sequence, and nobody sees them.
pub(crate) const KEY_KIND: u8 = 254;

/// Kinds from here on are the store's own.
pub const KINDS_RESERVED_FROM: u8 = 240;
