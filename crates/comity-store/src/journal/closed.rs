//! A log ends and the next one begins, in one journal: what stands before stays where it is.
//!
//! ```text
//! close   one frame that says where the log ended -> [commit] -> the head record names the next log, whose tree is empty
//! open    records before such a frame are those of the log that it ended, under `closed/<number>/`
//! ```
//! The frame and the head record are one commit: after a crash either the old log is open or the new one.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use comity_log::hash::Hash;
use comity_log::head::Head;
use comity_log::names::Origin;
use comity_log::store::TileReader as _;
use comity_log::tile::TileId;

use super::{CLOSED_DIR, Journal, Settings, copy};
use crate::batch::{Batch, Chunk};
use crate::bytes::Fields;
use crate::disk::{self, RealDisk};
use crate::error::{StoreError, io_error};
use crate::frame::Owner;
use crate::head::HeadRecord;
use crate::position::{CLOSED_KIND, Position};
use crate::storage_key::StorageKey;
use crate::tiles::Tiles;

/// A log that was written here before the one that is open.
#[derive(Clone, Debug)]
pub struct ClosedLog {
    /// Its name.
    pub origin: Origin,
    /// The tree over its records that are here.
    pub head: Head,
    /// The head at which it was closed: the same one, or after a restore the highest one that others prove.
    pub closed: Head,
    /// Frames with a lower sequence number speak of records of this log, or of one before it.
    pub before_seq: u64,
    /// What was given to [`Journal::close`] to be kept.
    pub notice: Vec<u8>,
    /// Which segments it is in. The frame that ended it is the last one of the last of them.
    pub(super) segments: Range<usize>,
    tiles: Tiles,
}

impl Journal {
    /// As [`Journal::open`], although a newer head than the journal's may have been published: to look at an old copy,
    /// and to [close](Journal::close) its log. Nothing may be acknowledged from it.
    ///
    /// # Errors
    /// As [`Journal::open`], but for `head-behind-checkpoint`.
    pub fn open_old_copy(
        dir: &Path,
        key: &StorageKey,
        origin: &Origin,
    ) -> Result<Self, StoreError> {
        let settings = Settings {
            may_be_old: true,
            ..Settings::default()
        };
        Self::open_on(Arc::new(RealDisk), settings, dir, key, origin)
    }

    /// Ends the log at `closed` and begins `opened`, whose tree is empty. Everything else in the journal stays. `notice`
    /// is kept with it. The journal has to be opened anew, under the name of the new log.
    ///
    /// # Errors
    /// `cannot-close`: something is staged; `opened` is not the next log of the member; `closed` is shorter than what is
    /// here, or another tree of that size. As [`Journal::commit`].
    pub fn close(
        mut self,
        closed: &Head,
        opened: &Origin,
        notice: &[u8],
    ) -> Result<(), StoreError> {
        let (origin, head) = (self.origin().clone(), self.head());
        let follows = copy::is_of_the_log_before(&origin, opened)
            && origin.n.checked_add(1) == Some(opened.n);
        let wrong = match () {
            () if !self.batch.is_empty() => Some("something is staged"),
            () if !follows => Some("the other log is not the next one of this member"),
            () if closed.size() < head.size() => Some("more records are here than it would have"),
            () if closed.size() == head.size() && *closed != head => {
                Some("the records here have another root")
            }
            () => None,
        };
        if let Some(what) = wrong {
            return Err(StoreError::CannotClose { what });
        }
        let body = encode(&origin, &head, closed, notice)?;
        self.stage_frame(CLOSED_KIND, Owner::Node, &body)?;
        let stored = self.slots.stored();
        let nothing = Batch::after(stored.batch, stored.next_seq);
        let batch = std::mem::replace(&mut self.batch, nothing);
        let end = batch.chunks.last().and_then(Chunk::tail);
        let end = end.ok_or(StoreError::JournalFull)?.end;
        for chunk in &batch.chunks {
            let active = self.append_chunk(chunk)?;
            self.read_back(chunk, active.file.as_ref())?;
        }
        self.slots.swap(HeadRecord {
            origin: opened.clone(),
            head: Head::empty(),
            end,
            next_seq: batch.next_seq,
            batch: batch.number,
        })
    }

    /// Leaf and facts of a record of a closed log.
    ///
    /// # Errors
    /// `record-unknown`; `journal-damaged`.
    pub fn closed_record(
        &self,
        log: &ClosedLog,
        index: u64,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
        if index >= log.head.size() {
            return Err(StoreError::RecordUnknown { index });
        }
        self.record_in(log.segments.clone(), index)
    }

    /// Reads the closed logs, and makes their tiles anew if need be.
    pub(super) fn closed_logs(&self) -> Result<Vec<ClosedLog>, StoreError> {
        let mut logs = Vec::new();
        let mut first = 0;
        for (place, segment) in self.segments.iter().enumerate() {
            for offset in self.offsets_of_kinds(place, &[CLOSED_KIND])? {
                let at = Position::new(segment.number, offset);
                let segments = first..place.saturating_add(1);
                first = segments.end;
                let log = self.closed_log(at, segments)?;
                self.closed_tiles(&log)?;
                logs.push(log);
            }
        }
        Ok(logs)
    }

    /// The log that the frame at `at` ended.
    pub(super) fn closed_log(
        &self,
        at: Position,
        segments: Range<usize>,
    ) -> Result<ClosedLog, StoreError> {
        let stored = self.read(at)?;
        let (origin, head, closed, notice) = decode(&stored.body)
            .ok_or_else(|| self.damaged(at, "what ended a log cannot be read"))?;
        let dir = self.dir.join(CLOSED_DIR).join(origin.n.to_string());
        Ok(ClosedLog {
            tiles: Tiles::new(dir, Arc::clone(&self.disk)),
            origin,
            head,
            closed,
            before_seq: stored.seq,
            notice,
            segments,
        })
    }

    /// Makes the tiles of a closed log durable, once: a file beside them says so, with their root. From then on they are
    /// checked by whoever reads them.
    fn closed_tiles(&self, log: &ClosedLog) -> Result<(), StoreError> {
        let path = log.tiles.dir().join(WHOLE);
        let said = self.disk.read(&path).map_err(io_error("read", &path))?;
        if said.is_some_and(|root| root == log.head.root().as_bytes()) {
            return Ok(());
        }
        self.tiles_of(&log.tiles, &log.head, &log.segments, 0)?;
        let synced = log.tiles.sync_all(&log.head);
        synced.map_err(io_error("sync the tiles below", log.tiles.dir()))?;
        let dir = log.tiles.dir();
        self.disk.create_dir(dir).map_err(io_error("make", dir))?;
        let written = disk::replace(self.disk.as_ref(), &path, log.head.root().as_bytes());
        written.map_err(io_error("write", &path))
    }
}

/// The file that says that the tiles beside it are whole and durable.
const WHOLE: &str = "whole";

impl ClosedLog {
    pub(super) fn tiles(&self) -> &Tiles {
        &self.tiles
    }

    /// Reads a tile of the tree over the records that are here.
    ///
    /// # Errors
    /// The disk.
    pub fn tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, StoreError> {
        let read = self.tiles.read_tile(tile);
        read.map_err(io_error("read a tile below", self.tiles.dir()))
    }
}

/// Length of the origin (2), origin, size and root of the records here, size and root at which it was closed, notice.
fn encode(
    origin: &Origin,
    head: &Head,
    closed: &Head,
    notice: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let origin = origin.to_string();
    let length = u16::try_from(origin.len()).map_err(|_| StoreError::JournalFull)?;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend_from_slice(origin.as_bytes());
    for head in [head, closed] {
        bytes.extend_from_slice(&head.size().to_be_bytes());
        bytes.extend_from_slice(head.root().as_bytes());
    }
    bytes.extend_from_slice(notice);
    Ok(bytes)
}

fn decode(body: &[u8]) -> Option<(Origin, Head, Head, Vec<u8>)> {
    let mut fields = Fields(body);
    let length = fields.u16()?;
    let origin = std::str::from_utf8(fields.slice(usize::from(length))?).ok()?;
    let origin = Origin::parse(origin)?;
    let mut head = || {
        let size = fields.u64()?;
        Head::new(size, Hash::new(fields.array()?)).ok()
    };
    let (here, closed) = (head()?, head()?);
    Some((origin, here, closed, fields.0.to_vec()))
}
