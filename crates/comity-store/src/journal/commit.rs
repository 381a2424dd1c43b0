//! The commit, in the order that nothing may change: append, sync, read back and hash again, compare and
//! swap the head record. Only then may the head be signed.

use comity_log::edge::Edge;
use comity_log::head::Head;

use super::{Active, Journal};
use crate::batch::{Batch, Chunk};
use crate::disk::DiskFile;
use crate::error::{StoreError, io_error};
use crate::frame::Frame;
use crate::head::HeadRecord;
use crate::index::{Contents, Kinds};
use crate::position::Position;
use crate::record::split_record;
use crate::segment::{self, Segment};
use crate::tiles::TilesToWrite;

impl Journal {
    /// Makes the batch in hand durable, and gives the new head; the old one if nothing is staged.
    ///
    /// # Errors
    /// `disk-low`: the batch stays staged; try again, or [discard](Journal::discard) it. Anything else
    /// stops the journal: what the disk holds is not known until it is opened anew, and until then
    /// everything but reading is refused (`store-stopped`). `head-conflict`: somebody else wrote.
    pub fn commit(&mut self) -> Result<Head, StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        if self.batch.is_empty() {
            return Ok(self.head());
        }
        self.has_room()?;
        let stored = self.slots.stored();
        let nothing = Batch::after(stored.batch, stored.next_seq);
        let batch = std::mem::replace(&mut self.batch, nothing);
        let written = self.write(batch);
        if written.is_err() {
            self.stopped = true;
            self.active = None;
        }
        written
    }

    fn write(&mut self, batch: Batch) -> Result<Head, StoreError> {
        let end = batch.chunks.last().and_then(Chunk::tail);
        let end = end.ok_or(StoreError::JournalFull)?.end;
        let mut files = Vec::new();
        for chunk in &batch.chunks {
            files.push(self.append_chunk(chunk)?);
        }
        let mut leaves = Vec::new();
        let mut contents = Vec::new();
        for (chunk, active) in batch.chunks.iter().zip(&files) {
            let bytes = self.read_back(chunk, active.file.as_ref())?;
            contents.push(self.leaves_of(chunk, &bytes, &batch, &mut leaves)?);
        }
        let edge = self.grow(&batch, &leaves)?;
        self.slots.swap(HeadRecord {
            origin: self.slots.stored().origin.clone(),
            head: *edge.head(),
            end,
            next_seq: batch.next_seq,
            batch: batch.number,
        })?;
        self.adopt(batch, edge, files, contents);
        Ok(self.head())
    }

    /// One write and one sync.
    pub(super) fn append_chunk(&mut self, chunk: &Chunk) -> Result<Active, StoreError> {
        let path = segment::path_of(&self.journal_dir(), chunk.segment);
        let file = match self.active.take() {
            Some(active) if !chunk.is_new_segment() => active.file,
            _ => self.new_segment(chunk)?,
        };
        let written = file.write_at(&chunk.bytes, u64::from(chunk.start));
        written.map_err(io_error("write", &path))?;
        file.sync().map_err(io_error("sync", &path))?;
        if chunk.is_new_segment() {
            let dir = self.journal_dir();
            self.disk.sync_dir(&dir).map_err(io_error("sync", &dir))?;
        }
        Ok(Active {
            file,
            capacity: chunk.capacity,
        })
    }

    fn new_segment(&self, chunk: &Chunk) -> Result<Box<dyn DiskFile>, StoreError> {
        let path = segment::path_of(&self.journal_dir(), chunk.segment);
        let failed = |step| io_error(step, &path);
        let file = self.disk.create(&path).map_err(failed("create"))?;
        let allocated = file.allocate(u64::from(chunk.capacity));
        allocated.map_err(failed("make room in"))?;
        Ok(file)
    }

    pub(super) fn read_back(
        &self,
        chunk: &Chunk,
        file: &dyn DiskFile,
    ) -> Result<Vec<u8>, StoreError> {
        let path = segment::path_of(&self.journal_dir(), chunk.segment);
        let mut bytes = vec![0; chunk.bytes.len()];
        let read = file.read_at(&mut bytes, u64::from(chunk.start));
        read.map_err(io_error("read back", &path))?;
        if bytes != chunk.bytes {
            return Err(StoreError::ReadBackDiffers {
                file: path,
                offset: u64::from(chunk.start),
            });
        }
        Ok(bytes)
    }

    /// The leaves in what was read back, decrypted; and what it holds.
    fn leaves_of(
        &self,
        chunk: &Chunk,
        bytes: &[u8],
        batch: &Batch,
        leaves: &mut Vec<Vec<u8>>,
    ) -> Result<Contents, StoreError> {
        let mut contents = Contents::default();
        let skip = if chunk.is_new_segment() {
            segment::HEADER_BYTES
        } else {
            0
        };
        let mut at = Position::new(chunk.segment, chunk.start.saturating_add(skip));
        let mut rest = usize::try_from(skip)
            .ok()
            .and_then(|skip| bytes.get(skip..))
            .unwrap_or_default();
        while !rest.is_empty() {
            let parsed = Frame::parse(rest, at);
            let (frame, after) = parsed.map_err(|what| self.damaged(at, what))?;
            contents.push(&frame.header);
            if frame.header.is_record() {
                let key = match batch.keys.get(&frame.header.owner) {
                    Some((place, key)) if place.0 == frame.header.key => key.clone(),
                    _ => self.data_key(Position(frame.header.key), frame.header.owner)?,
                };
                let body = frame.open(&key).map_err(|what| self.damaged(at, what))?;
                let (leaf, _) =
                    split_record(&body).ok_or_else(|| self.damaged(at, "a record is not one"))?;
                leaves.push(leaf.to_vec());
            }
            at = self.after(at, rest.len().saturating_sub(after.len()))?;
            rest = after;
        }
        Ok(contents)
    }

    /// Appends the batch's leaves to the tree: tiles written, read back, the leaves hashed again.
    fn grow(&self, batch: &Batch, leaves: &[Vec<u8>]) -> Result<Edge, StoreError> {
        if batch.leaf_hashes.is_empty() && leaves.is_empty() {
            return Ok(self.edge.clone());
        }
        let appended = self.edge.append_hashes(batch.leaf_hashes.clone())?;
        let written: Vec<_> = appended.tiles().iter().map(|tile| tile.id()).collect();
        let writing = appended.write(&mut TilesToWrite(&self.tiles));
        writing.map_err(io_error("write a tile below", self.tiles.dir()))?;
        let edge = appended.confirm(&self.tiles, leaves)?;
        self.tiles.remove_superseded(&written);
        Ok(edge)
    }

    /// What was written is now the journal.
    fn adopt(&mut self, batch: Batch, edge: Edge, mut files: Vec<Active>, contents: Vec<Contents>) {
        let mut sealed = Vec::new();
        let mut next_record = self.edge.head().size();
        for (chunk, contents) in batch.chunks.iter().zip(contents) {
            let end = chunk.tail().map_or(chunk.start, |tail| tail.end.offset());
            let first_record = next_record;
            next_record = next_record.saturating_add(contents.records());
            if chunk.is_new_segment() {
                self.give_back_room();
                if let Some(last) = self.segments.last() {
                    let whole = std::mem::take(&mut self.current);
                    self.indexes.get_mut().keep(last.number, whole);
                    sealed.push(self.segments.len().saturating_sub(1));
                }
                self.segments.push(Segment {
                    number: chunk.segment,
                    first_seq: chunk.first_seq,
                    first_record,
                    end,
                    kinds: Kinds::default(),
                });
            }
            if let Some(last) = self.segments.last_mut() {
                last.end = end;
                last.kinds.join(contents.kinds());
            }
            self.current.extend(contents);
        }
        for (owner, (at, key)) in batch.keys {
            self.keys.put(owner, at);
            self.keys.keep(at, key);
        }
        self.active = files.pop();
        self.edge = edge;
        let stored = self.slots.stored();
        self.batch = Batch::after(stored.batch, stored.next_seq);
        for place in sealed {
            self.make_index(place);
        }
    }

    /// Cuts off what is behind the last frame of the segment that is left. If that fails, it only takes room.
    fn give_back_room(&self) {
        let Some(last) = self.segments.last() else {
            return;
        };
        let path = segment::path_of(&self.journal_dir(), last.number);
        if let Ok(Some(file)) = self.disk.open(&path) {
            let _harmless = file.truncate(u64::from(last.end));
        }
    }
}
