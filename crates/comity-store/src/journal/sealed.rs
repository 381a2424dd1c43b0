//! Sealed segments: their frames cannot change any more, so what they hold is written into an index, once the tiles
//! over their records are synced. A lookup takes it from there, or from the segment itself.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{INDEX_DIR, Journal};
use crate::below::{After, Below};
use crate::error::{StoreError, io_error};
use crate::index::{self, Contents};
use crate::limits::INDEXES_KEPT_MAX;
use crate::segment::Segment;

/// The contents of the segments that were looked into last.
#[derive(Default)]
pub(super) struct Indexes(VecDeque<(u32, Arc<Contents>)>);

impl Indexes {
    /// Keeps the contents of a segment, in place of what was kept of it.
    pub(super) fn keep(&mut self, number: u32, contents: Contents) -> Arc<Contents> {
        self.0.retain(|(kept, _)| *kept != number);
        if self.0.len() >= INDEXES_KEPT_MAX {
            self.0.pop_back();
        }
        let contents = Arc::new(contents);
        self.0.push_front((number, Arc::clone(&contents)));
        contents
    }

    fn get(&self, number: u32) -> Option<Arc<Contents>> {
        let found = self.0.iter().find(|(kept, _)| *kept == number);
        found.map(|(_, contents)| Arc::clone(contents))
    }
}

impl Journal {
    pub(super) fn below(&self) -> Below<'_> {
        Below::of(self.disk.as_ref(), &self.dir, &self.epochs)
    }

    /// What a sealed segment holds: as its index says, or else as it is.
    pub(super) fn contents_of(&self, place: usize) -> Result<Arc<Contents>, StoreError> {
        let segment = self.segment_at(place)?;
        if let Some(contents) = self.indexes.borrow().get(segment.number) {
            return Ok(contents);
        }
        match self.below().contents(segment)? {
            Some(contents) => Ok(self.indexes.borrow_mut().keep(segment.number, contents)),
            None => self.scan(place),
        }
    }

    /// What a sealed segment holds, whatever an index says.
    ///
    /// # Errors
    /// `journal-damaged`: the first frame that is not what it was.
    pub(super) fn scan(&self, place: usize) -> Result<Arc<Contents>, StoreError> {
        let segment = self.segment_at(place)?;
        let after = After::of(&self.segments, place, self.slots.stored());
        let contents = self.below().scan(segment, after)?;
        Ok(self.indexes.borrow_mut().keep(segment.number, contents))
    }

    pub(super) fn segment_at(&self, place: usize) -> Result<&Segment, StoreError> {
        self.segments.get(place).ok_or(StoreError::PositionUnknown)
    }

    /// Writes the index of a sealed segment. If that fails, the next opening does it.
    pub(super) fn make_index(&self, place: usize) {
        let _derived = self.try_to_make_index(place);
    }

    fn try_to_make_index(&self, place: usize) -> Result<(), StoreError> {
        let segment = self.segment_at(place)?;
        let after = After::of(&self.segments, place, self.slots.stored());
        // The tiles of a log that was closed are elsewhere, and have been seen to.
        if place >= self.first_of_log {
            let synced = self.tiles.sync(segment.first_record..after.next_record);
            synced.map_err(io_error("sync the tiles below", self.tiles.dir()))?;
        }
        let bytes = self
            .below()
            .made(segment)?
            .encode(&*self.contents_of(place)?)?;
        let path = index::path_of(&self.dir.join(INDEX_DIR), segment.number);
        let written = self.disk.write(&path, &bytes);
        written.map_err(io_error("write", &path))
    }
}
