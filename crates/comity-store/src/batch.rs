//! The batch in hand: frames that are staged, where they will be, and what they add.

use std::collections::HashMap;

use comity_log::hash::Hash;

use crate::frame::{self, Owner};
use crate::position::Position;
use crate::seal::Key;
use crate::segment::{self, SegmentHeader};

/// Frames that one commit makes durable.
pub(crate) struct Batch {
    /// Number of the batch.
    pub(crate) number: u64,
    pub(crate) chunks: Vec<Chunk>,
    /// Sequence number of the next frame.
    pub(crate) next_seq: u64,
    /// Where the records of the batch are, in order of their indexes.
    pub(crate) records: Vec<Position>,
    pub(crate) leaf_hashes: Vec<Hash>,
    /// Data keys that the batch brings.
    pub(crate) keys: HashMap<Owner, (Position, Key)>,
}

/// What goes into one segment: one write.
pub(crate) struct Chunk {
    pub(crate) segment: u32,
    /// Where the write begins; 0 if the segment is new, and then the bytes begin with its header.
    pub(crate) start: u32,
    /// To what the segment is, or will be, preallocated.
    pub(crate) capacity: u32,
    /// Sequence number of the first frame.
    pub(crate) first_seq: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Where the last segment ends, and how much it can hold.
#[derive(Clone, Copy)]
pub(crate) struct Tail {
    pub(crate) end: Position,
    pub(crate) capacity: u32,
}

impl Batch {
    pub(crate) fn after(number: u64, next_seq: u64) -> Self {
        Self {
            number: number.saturating_add(1),
            chunks: Vec::new(),
            next_seq,
            records: Vec::new(),
            leaf_hashes: Vec::new(),
            keys: HashMap::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// In bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.bytes.len()).sum()
    }

    /// Room for a frame of `length` bytes, in the last segment if it fits there, else in a new one.
    ///
    /// `tail` is the journal's; `first_record` the index of the next record. None if numbers run out.
    pub(crate) fn place(
        &mut self,
        length: u32,
        tail: Tail,
        first_record: u64,
        segment_bytes: u32,
    ) -> Option<Position> {
        let tail = self.chunks.last().map_or(Some(tail), Chunk::tail)?;
        let (end, next_seq) = (tail.end, self.next_seq);
        if end.offset().checked_add(length)? <= tail.capacity {
            if self.chunks.is_empty() {
                self.chunks.push(Chunk {
                    segment: end.segment(),
                    start: end.offset(),
                    capacity: tail.capacity,
                    first_seq: next_seq,
                    bytes: Vec::new(),
                });
            }
            return Some(end);
        }
        let header = SegmentHeader {
            number: end.segment().checked_add(1)?,
            first_seq: next_seq,
            first_record,
            cut: end.offset(),
        };
        let needed = segment::HEADER_BYTES.checked_add(length)?;
        self.chunks.push(Chunk {
            segment: header.number,
            start: 0,
            capacity: segment_bytes.max(needed),
            first_seq: next_seq,
            bytes: header.to_bytes(),
        });
        Some(Position::new(header.number, segment::HEADER_BYTES))
    }

    /// Adds a frame, for which [`Batch::place`] made room just before.
    pub(crate) fn push(&mut self, frame: &[u8]) {
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.bytes.extend_from_slice(frame);
        }
    }

    /// The bytes from a staged frame on.
    pub(crate) fn frame(&self, at: Position) -> Option<&[u8]> {
        let chunk = self
            .chunks
            .iter()
            .find(|chunk| chunk.segment == at.segment())?;
        let from = at.offset().checked_sub(chunk.start)?;
        let bytes = chunk.bytes.get(usize::try_from(from).ok()?..)?;
        let length = frame::declared_length(bytes)?;
        bytes.get(..length)
    }
}

impl Chunk {
    pub(crate) fn is_new_segment(&self) -> bool {
        self.start == 0
    }

    pub(crate) fn tail(&self) -> Option<Tail> {
        let length = u32::try_from(self.bytes.len()).ok()?;
        Some(Tail {
            end: Position::new(self.segment, self.start.checked_add(length)?),
            capacity: self.capacity,
        })
    }
}
