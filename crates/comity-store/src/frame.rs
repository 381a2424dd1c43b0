//! One frame of the journal: a header in the clear, authenticated; a body, encrypted.
//!
//! ```text
//! length (4) | CRC32C (4) | batch (8) | position (8) | sequence (8) | key (8) | kind (1) | owner (1) | 0 (2)
//! | scope (16) | nonce (24) | body, encrypted | tag (16)
//! ```
//! The checksum finds damage without a key; the tag covers body, and header from `batch` on.

use crate::bytes::Fields;
use crate::error::StoreError;
use crate::position::{KEY_KIND, Position, RECORD_KIND};
use crate::seal::{Key, NONCE_BYTES, TAG_BYTES};

/// In bytes.
pub(crate) const HEADER_BYTES: usize = 84;
/// In bytes. What a frame is longer than its body.
pub(crate) const OVERHEAD_BYTES: usize = HEADER_BYTES + TAG_BYTES;

/// Under whose data key a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// The node's own frames.
    Node,
    /// A case.
    Case([u8; 16]),
    /// The audit log. Apart from the node's key, and never under a case's: erasing a case leaves its records.
    Records,
}

impl Owner {
    /// What it is, and the scope if it is a case.
    pub(crate) fn to_bytes(self) -> (u8, [u8; 16]) {
        match self {
            Self::Node => (0, [0; 16]),
            Self::Case(scope) => (1, scope),
            Self::Records => (2, [0; 16]),
        }
    }

    /// The owner that the two bring; none if there is no such one.
    pub(crate) fn from_bytes(owner: u8, scope: [u8; 16]) -> Option<Self> {
        match (owner, scope) {
            (0, scope) if scope == [0; 16] => Some(Self::Node),
            (1, scope) => Some(Self::Case(scope)),
            (2, scope) if scope == [0; 16] => Some(Self::Records),
            _ => None,
        }
    }
}

/// What a frame says in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) batch: u64,
    pub(crate) at: Position,
    pub(crate) seq: u64,
    /// Position of the frame that holds the data key; in such a frame, the epoch that it is wrapped under.
    pub(crate) key: u64,
    pub(crate) kind: u8,
    pub(crate) owner: Owner,
    pub(crate) nonce: [u8; NONCE_BYTES],
}

/// A frame whose checksum is right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'b> {
    pub(crate) header: Header,
    authenticated: &'b [u8],
    sealed: &'b [u8],
}

impl Header {
    /// The bytes of the frame.
    pub(crate) fn seal(&self, key: &Key, body: &[u8]) -> Result<Vec<u8>, StoreError> {
        let length = length_of(body.len()).ok_or(StoreError::BodyTooLong { bytes: body.len() })?;
        let mut bytes = Vec::with_capacity(body.len().saturating_add(OVERHEAD_BYTES));
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        self.encode(&mut bytes);
        bytes.extend_from_slice(body);

        let (front, body) = bytes
            .split_at_mut_checked(HEADER_BYTES)
            .ok_or(StoreError::JournalFull)?;
        let authenticated = front.get(CHECKED_FROM..).unwrap_or_default();
        let tag = key.seal(&self.nonce, authenticated, body);
        bytes.extend_from_slice(&tag.ok_or(StoreError::BodyTooLong { bytes: 0 })?);

        let checksum = checksum_of(&bytes).ok_or(StoreError::JournalFull)?;
        if let Some(place) = bytes.get_mut(4..CHECKED_FROM) {
            place.copy_from_slice(&checksum.to_be_bytes());
        }
        Ok(bytes)
    }

    fn encode(&self, bytes: &mut Vec<u8>) {
        let (owner, scope) = self.owner.to_bytes();
        bytes.extend_from_slice(&self.batch.to_be_bytes());
        bytes.extend_from_slice(&self.at.0.to_be_bytes());
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.key.to_be_bytes());
        bytes.extend_from_slice(&[self.kind, owner, 0, 0]);
        bytes.extend_from_slice(&scope);
        bytes.extend_from_slice(&self.nonce);
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let batch = fields.u64()?;
        let at = Position(fields.u64()?);
        let seq = fields.u64()?;
        let key = fields.u64()?;
        let kind = fields.u8()?;
        let owner = fields.u8()?;
        let reserved = fields.u16()?;
        let scope: [u8; 16] = fields.array()?;
        let nonce = fields.array()?;
        let owner = Owner::from_bytes(owner, scope).filter(|_| reserved == 0)?;
        (kind == KEY_KIND || (kind == RECORD_KIND) == (owner == Owner::Records)).then_some(Self {
            batch,
            at,
            seq,
            key,
            kind,
            owner,
            nonce,
        })
    }

    /// Whether it holds a data key, and so has no number of its own.
    pub(crate) fn is_key(&self) -> bool {
        self.kind == KEY_KIND
    }

    /// Whether it holds a record of the log.
    pub(crate) fn is_record(&self) -> bool {
        self.kind == RECORD_KIND
    }
}

impl<'b> Frame<'b> {
    /// Reads the frame with which `bytes` begin, which must be the one at `at`; also what is after it.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn parse(bytes: &'b [u8], at: Position) -> Result<(Self, &'b [u8]), &'static str> {
        let length = declared_length(bytes).ok_or("a frame is cut off")?;
        let (frame, rest) = bytes
            .split_at_checked(length)
            .filter(|_| length >= OVERHEAD_BYTES)
            .ok_or("a frame has a length that cannot be")?;
        let stated = frame.get(4..CHECKED_FROM).unwrap_or_default();
        if checksum_of(frame).is_none_or(|checksum| checksum.to_be_bytes() != stated) {
            return Err("the checksum of a frame is wrong");
        }
        let (front, sealed) = frame
            .split_at_checked(HEADER_BYTES)
            .ok_or("a frame is cut off")?;
        let authenticated = front.get(CHECKED_FROM..).unwrap_or_default();
        let header = Header::decode(authenticated).ok_or("a frame has a header that cannot be")?;
        if header.at != at {
            return Err("a frame belongs elsewhere");
        }
        let frame = Self {
            header,
            authenticated,
            sealed,
        };
        Ok((frame, rest))
    }

    /// The body.
    ///
    /// # Errors
    /// The key is another, or the frame was made by somebody else.
    pub(crate) fn open(&self, key: &Key) -> Result<Vec<u8>, &'static str> {
        key.open(&self.header.nonce, self.authenticated, self.sealed)
            .ok_or("a frame does not open under its key")
    }
}

/// The length of a whole frame with a body of `body` bytes.
pub(crate) fn length_of(body: usize) -> Option<u32> {
    u32::try_from(body.checked_add(OVERHEAD_BYTES)?).ok()
}

/// The length that a frame gives itself.
pub(crate) fn declared_length(bytes: &[u8]) -> Option<usize> {
    usize::try_from(Fields(bytes).u32()?).ok()
}

/// From here on a frame is under its checksum, as is its length.
const CHECKED_FROM: usize = 8;

fn checksum_of(frame: &[u8]) -> Option<u32> {
    let length = crc32c::crc32c(frame.get(..4)?);
    Some(crc32c::crc32c_append(length, frame.get(CHECKED_FROM..)?))
}
