//! Reading: one frame by its place, one record by its index, all frames in order.

use std::ops::{ControlFlow, Range};

use super::Journal;
use crate::below;
use crate::error::{StoreError, io_error};
use crate::frame::{self, Frame, Owner};
use crate::index::Contents;
use crate::position::{Position, RECORD_KIND, Scope, Stored};
use crate::record::split_record;
use crate::segment::{self, Segment};

impl Journal {
    /// The frame at `at`; a staged one too.
    ///
    /// # Errors
    /// `position-unknown`: no frame is there. `journal-damaged`.
    pub fn read(&self, at: Position) -> Result<Stored, StoreError> {
        let bytes = self.frame_at(at)?;
        let frame = self.parse(&bytes, at)?;
        if frame.header.is_key() {
            return Err(StoreError::PositionUnknown);
        }
        self.open_frame(&frame)
    }

    /// Leaf and facts of the record at `index`; of a staged one too.
    ///
    /// # Errors
    /// `record-unknown`; `journal-damaged`.
    pub fn record(&self, index: u64) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
        match index.checked_sub(self.slots.stored().head.size()) {
            None => self.record_in(self.segments_of_log(), index),
            Some(staged) => {
                let staged = usize::try_from(staged).ok();
                let at = staged.and_then(|staged| self.batch.records.get(staged));
                let at = *at.ok_or(StoreError::RecordUnknown { index })?;
                self.split(at, &self.read(at)?)
            }
        }
    }

    /// Leaf and facts of a record of the log that is in these segments.
    pub(super) fn record_in(
        &self,
        places: Range<usize>,
        index: u64,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
        let unknown = || StoreError::RecordUnknown { index };
        // Segments without a record have the same first record as the next one.
        let segments = self.segments.get(places.clone()).unwrap_or_default();
        let begun = segments.partition_point(|segment| segment.first_record <= index);
        let place = begun.checked_sub(1).ok_or_else(unknown)?;
        let place = places.start.saturating_add(place);
        let segment = self.segment_at(place)?;
        let in_segment = index.saturating_sub(segment.first_record);
        let read = |contents: &Contents| {
            let offset = contents.record(in_segment).ok_or_else(unknown)?;
            let at = Position::new(segment.number, offset);
            let stored = self.read(at)?;
            if stored.kind == RECORD_KIND {
                self.split(at, &stored)
            } else {
                Err(unknown())
            }
        };
        if place.saturating_add(1) == self.segments.len() {
            return read(&self.current);
        }
        match read(&*self.contents_of(place)?) {
            // The frame is damaged, or the index misleads: the segment itself says which.
            Err(_) => read(&*self.scan(place)?),
            found => found,
        }
    }

    fn split(
        &self,
        at: Position,
        stored: &Stored,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
        let (leaf, facts) =
            split_record(&stored.body).ok_or_else(|| self.damaged(at, "a record is not one"))?;
        Ok((leaf.to_vec(), facts.map(<[u8]>::to_vec)))
    }

    /// The segments of the log that is written now.
    pub(super) fn segments_of_log(&self) -> Range<usize> {
        self.first_of_log..self.segments.len()
    }

    /// Every committed frame from a sequence number on, in order; `each` may stop it. Records come too,
    /// see [`split_record`].
    ///
    /// # Errors
    /// `journal-damaged`; the disk.
    pub fn replay(
        &self,
        from_seq: u64,
        each: &mut dyn FnMut(Position, Stored) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        // The last segment that begins at or before it; keys before a segment's first frame share its number.
        let begin = self
            .segments
            .partition_point(|segment| segment.first_seq <= from_seq)
            .saturating_sub(1);
        for segment in self.segments.get(begin..).unwrap_or_default() {
            let bytes = self.segment_bytes(segment)?;
            let mut at = Position::new(segment.number, segment::HEADER_BYTES);
            let mut rest = bytes.get(64..).unwrap_or_default();
            while !rest.is_empty() {
                let parsed = Frame::parse(rest, at);
                let (frame, after) = parsed.map_err(|what| self.damaged(at, what))?;
                if !frame.header.is_key()
                    && frame.header.seq >= from_seq
                    && each(at, self.open_frame(&frame)?).is_break()
                {
                    return Ok(());
                }
                at = self.after(at, rest.len().saturating_sub(after.len()))?;
                rest = after;
            }
        }
        Ok(())
    }

    /// Every committed frame of the given kinds, in order; `each` may stop it. Segments that have none are not read.
    /// Records are found by their index, so [`RECORD_KIND`] finds nothing here.
    ///
    /// # Errors
    /// `journal-damaged`; the disk.
    pub fn replay_kinds(
        &self,
        kinds: &[u8],
        each: &mut dyn FnMut(Position, Stored) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        for (place, segment) in self.segments.iter().enumerate() {
            for offset in self.offsets_of_kinds(place, kinds)? {
                let at = Position::new(segment.number, offset);
                if each(at, self.read(at)?).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Where the frames of these kinds are in a segment.
    pub(super) fn offsets_of_kinds(
        &self,
        place: usize,
        kinds: &[u8],
    ) -> Result<Vec<u32>, StoreError> {
        if !self.segment_at(place)?.kinds.has_any(kinds) {
            Ok(Vec::new())
        } else if place.saturating_add(1) == self.segments.len() {
            Ok(self.current.of_kinds(kinds))
        } else {
            Ok(self.contents_of(place)?.of_kinds(kinds))
        }
    }

    pub(super) fn open_frame(&self, frame: &Frame<'_>) -> Result<Stored, StoreError> {
        let header = &frame.header;
        let key = self.data_key(Position(header.key), header.owner)?;
        let body = frame.open(&key);
        Ok(Stored {
            seq: header.seq,
            kind: header.kind,
            scope: match header.owner {
                Owner::Case(case) => Some(Scope(case)),
                Owner::Node | Owner::Records => None,
            },
            body: body.map_err(|what| self.damaged(header.at, what))?,
        })
    }

    pub(super) fn parse<'b>(&self, bytes: &'b [u8], at: Position) -> Result<Frame<'b>, StoreError> {
        let parsed = Frame::parse(bytes, at);
        parsed
            .map(|(frame, _)| frame)
            .map_err(|what| self.damaged(at, what))
    }

    /// The bytes of one frame, staged or below the head record.
    pub(super) fn frame_at(&self, at: Position) -> Result<Vec<u8>, StoreError> {
        if let Some(bytes) = self.batch.frame(at) {
            return Ok(bytes.to_vec());
        }
        let place = self
            .segments
            .binary_search_by_key(&at.segment(), |segment| segment.number);
        let segment = place.ok().and_then(|place| self.segments.get(place));
        let segment = segment.ok_or(StoreError::PositionUnknown)?;
        let left = segment
            .end
            .checked_sub(at.offset())
            .and_then(|left| usize::try_from(left).ok())
            .filter(|left| at.offset() >= segment::HEADER_BYTES && *left >= frame::OVERHEAD_BYTES)
            .ok_or(StoreError::PositionUnknown)?;
        let mut length = [0; 4];
        self.read_at(at, &mut length)?;
        let length = frame::declared_length(&length)
            .filter(|length| (frame::OVERHEAD_BYTES..=left).contains(length))
            .ok_or_else(|| self.damaged(at, "a frame has a length that cannot be"))?;
        let mut bytes = vec![0; length];
        self.read_at(at, &mut bytes)?;
        Ok(bytes)
    }

    fn read_at(&self, at: Position, bytes: &mut [u8]) -> Result<(), StoreError> {
        let mut reading = self.reading.borrow_mut();
        let file = match reading.take() {
            Some((number, file)) if number == at.segment() => file,
            _ => {
                let path = segment::path_of(&self.journal_dir(), at.segment());
                let opened = self.disk.open(&path).map_err(io_error("open", &path))?;
                opened.ok_or_else(|| self.damaged(at, "the segment is missing"))?
            }
        };
        let read = file.read_at(bytes, u64::from(at.offset()));
        *reading = Some((at.segment(), file));
        let path = segment::path_of(&self.journal_dir(), at.segment());
        read.map_err(io_error("read", &path))
    }

    /// A segment up to the end of its frames.
    fn segment_bytes(&self, segment: &Segment) -> Result<Vec<u8>, StoreError> {
        let length = usize::try_from(segment.end).map_err(|_| StoreError::JournalFull)?;
        let mut bytes = vec![0; length];
        self.read_at(Position::new(segment.number, 0), &mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn after(&self, at: Position, length: usize) -> Result<Position, StoreError> {
        u32::try_from(length)
            .ok()
            .and_then(|length| at.offset().checked_add(length))
            .map(|offset| Position::new(at.segment(), offset))
            .ok_or_else(|| self.damaged(at, "a segment is too long"))
    }

    pub(super) fn damaged(&self, at: Position, what: &'static str) -> StoreError {
        below::damaged(&self.journal_dir(), at, what)
    }
}
