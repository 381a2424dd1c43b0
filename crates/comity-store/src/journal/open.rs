//! Opening: everything below the head record is read and checked; what is past it is not looked at.

use std::cell::RefCell;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::edge::Edge;
use comity_log::head::Head;
use comity_log::limits::BATCH_LEAVES_MAX;
use comity_log::names::Origin;

use super::closed::Ended;
use super::copy::{self, HeadCopy};
use super::{HEAD_DIR, JOURNAL_DIR, Journal, KEYS_DIR, LOG_DIR, Settings};
use crate::batch::Batch;
use crate::disk::Disk;
use crate::epoch::Epochs;
use crate::error::{StoreError, io_error};
use crate::frame::Frame;
use crate::head::{self, HeadRecord, Slots};
use crate::keys::Keys;
use crate::position::{CLOSED_KIND, Position, RECORD_KIND};
use crate::segment::{self, HeaderFault, Segment, SegmentHeader};
use crate::storage_key::StorageKey;
use crate::tiles::{Tiles, TilesToWrite};

impl Journal {
    pub(crate) fn open_on(
        disk: Arc<dyn Disk>,
        settings: Settings,
        dir: &Path,
        key: &StorageKey,
        origin: &Origin,
    ) -> Result<Self, StoreError> {
        for name in [JOURNAL_DIR, HEAD_DIR, KEYS_DIR, LOG_DIR] {
            let path = dir.join(name);
            disk.create_dir(&path).map_err(io_error("make", &path))?;
        }
        let lock = lock(dir)?;
        let (journal_dir, head_dir) = (dir.join(JOURNAL_DIR), dir.join(HEAD_DIR));
        let segments = segments_in(disk.as_ref(), &journal_dir)?;
        let stored = Slots::read(disk.as_ref(), &head_dir)?;
        if stored.is_none() && !segments.is_empty() {
            return Err(StoreError::HeadMissing {
                file: head::path_of(&head_dir),
            });
        }

        let keys_dir = dir.join(KEYS_DIR);
        let mut epochs = Epochs::load(disk.as_ref(), &keys_dir, key)?;
        if epochs.is_empty() && stored.is_none() {
            epochs.begin(disk.as_ref(), key, settings.random)?;
            disk.sync_dir(dir).map_err(io_error("sync", dir))?;
            if let Some(above) = dir.parent().filter(|dir| !dir.as_os_str().is_empty()) {
                disk.sync_dir(above).map_err(io_error("sync", above))?;
            }
        }
        epochs.current()?;

        let stored = stored.unwrap_or_else(|| HeadRecord {
            origin: origin.clone(),
            head: Head::empty(),
            end: Position(0),
            next_seq: 0,
            batch: 0,
        });
        if stored.origin != *origin {
            return Err(StoreError::OriginIsAnother);
        }
        let scan = Scan::of(disk.as_ref(), &journal_dir, &stored)?;
        if !settings.may_be_old {
            not_older_than_published(disk.as_ref(), dir, &stored)?;
        }
        let copy = settings.copy.as_ref();
        let copy = copy.map(|path| HeadCopy::read(disk.as_ref(), path, &stored));
        let copy = copy.transpose()?;
        let slots = Slots::settle(disk.as_ref(), &head_dir, stored)?;
        remove_segments_beyond(disk.as_ref(), &journal_dir, &segments, slots.stored())?;

        let tiles = Tiles::new(dir.join(LOG_DIR), Arc::clone(&disk));
        let batch = Batch::after(slots.stored().batch, slots.stored().next_seq);
        let mut journal = Self {
            dir: dir.to_owned(),
            disk,
            settings,
            _lock: lock,
            epochs,
            keys: scan.keys,
            segments: scan.segments,
            records: scan.records,
            closed: Vec::new(),
            copy,
            active: None,
            slots,
            edge: Edge::empty(),
            tiles,
            batch,
            stopped: false,
            reading: RefCell::new(None),
        };
        journal.closed = journal.closed_logs(scan.closed)?;
        journal.edge = journal.whole_tree()?;
        journal.is_of_the_copy()?;
        Ok(journal)
    }

    /// A journal that is longer than the copy of the head must have grown from it.
    fn is_of_the_copy(&self) -> Result<(), StoreError> {
        let copied = self.copy.as_ref().and_then(|copy| copy.head(self.origin()));
        match copied {
            Some(copied) if !self.has_had(&copied)? => Err(StoreError::HeadBehindCopy {
                size: self.head().size(),
                copied: copied.size(),
            }),
            _ => Ok(()),
        }
    }

    /// The edge of the tree under the head record, over tiles that are all there.
    fn whole_tree(&self) -> Result<Edge, StoreError> {
        let head = self.slots.stored().head;
        let failed = || io_error("read the tiles below", self.tiles.dir());
        self.tiles.remove_beyond(&head).map_err(failed())?;
        self.tiles_of(&self.tiles, &head, &self.records)
    }

    /// The edge of a tree whose tiles are there, made anew if need be.
    pub(super) fn tiles_of(
        &self,
        tiles: &Tiles,
        head: &Head,
        records: &[Position],
    ) -> Result<Edge, StoreError> {
        let whole = tiles.are_whole(head);
        if whole.map_err(io_error("read the tiles below", tiles.dir()))? {
            return Ok(Edge::load(tiles, head)?);
        }
        self.write_tree(tiles, head, records)
    }

    /// Writes the tiles of the tree under `head`, from its records in the journal.
    ///
    /// # Errors
    /// The records have another root: one of them is not what it was.
    pub(super) fn write_tree(
        &self,
        tiles: &Tiles,
        head: &Head,
        records: &[Position],
    ) -> Result<Edge, StoreError> {
        let mut places = records.iter();
        let mut edge = Edge::empty();
        while edge.head().size() < head.size() {
            let left = head.size().saturating_sub(edge.head().size());
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            let leaves = (&mut places)
                .take(left.min(BATCH_LEAVES_MAX))
                .map(|at| self.record_at(*at).map(|(leaf, _)| leaf))
                .collect::<Result<Vec<_>, _>>()?;
            if leaves.is_empty() {
                break;
            }
            let appended = edge.append(&leaves)?;
            let written: Vec<_> = appended.tiles().iter().map(|tile| tile.id()).collect();
            let writing = appended.write(&mut TilesToWrite(tiles));
            writing.map_err(io_error("write a tile below", tiles.dir()))?;
            edge = appended.confirm(tiles, &leaves)?;
            tiles.remove_superseded(&written);
        }
        if edge.head() == head {
            Ok(edge)
        } else {
            let last = self.slots.stored().end;
            Err(self.damaged(
                last,
                "the records have another root than the head record says",
            ))
        }
    }
}

/// What is found in the frames below the head record.
struct Scan {
    segments: Vec<Segment>,
    /// Of the log that is written now.
    records: Vec<Position>,
    /// Of the logs before it.
    closed: Vec<Ended>,
    keys: Keys,
}

impl Scan {
    fn of(disk: &dyn Disk, dir: &Path, stored: &HeadRecord) -> Result<Self, StoreError> {
        let mut scan = Self {
            segments: Vec::new(),
            records: Vec::new(),
            closed: Vec::new(),
            keys: Keys::default(),
        };
        let mut next_seq = 0;
        let mut before = 0;
        let last = stored.end.segment();
        let mut headers = Vec::new();
        for number in 1..=last {
            headers.push(read_segment(disk, dir, number, None)?.0);
        }
        for (place, header) in headers.iter().enumerate() {
            let following = headers.get(place.saturating_add(1));
            let end = following.map_or(stored.end.offset(), |next| next.cut);
            scan.segment(disk, dir, header, end, &mut next_seq, stored.batch)?;
            before = end;
        }
        let records = u64::try_from(scan.records.len()).unwrap_or(u64::MAX);
        if (next_seq, records) != (stored.next_seq, stored.head.size()) {
            let at = Position::new(last, before);
            return Err(damaged(
                dir,
                at,
                "the journal does not have as many frames as the head record says",
            ));
        }
        Ok(scan)
    }

    /// Checks one segment, frame by frame.
    fn segment(
        &mut self,
        disk: &dyn Disk,
        dir: &Path,
        header: &SegmentHeader,
        end: u32,
        next_seq: &mut u64,
        last_batch: u64,
    ) -> Result<(), StoreError> {
        let number = header.number;
        let start = Position::new(number, 0);
        let records = u64::try_from(self.records.len()).unwrap_or(u64::MAX);
        if header.first_seq != *next_seq || header.first_record != records {
            return Err(damaged(
                dir,
                start,
                "a segment does not follow the one before",
            ));
        }
        let (_, bytes) = read_segment(disk, dir, number, Some(end))?;
        let mut at = Position::new(number, segment::HEADER_BYTES);
        let mut rest = bytes.get(64..).unwrap_or_default();
        while !rest.is_empty() {
            let parsed = Frame::parse(rest, at);
            let (frame, after) = parsed.map_err(|what| damaged(dir, at, what))?;
            let header = frame.header;
            if header.seq != *next_seq || header.batch > last_batch {
                return Err(damaged(dir, at, "a frame does not follow the one before"));
            }
            if header.is_key() {
                self.keys.put(header.owner, at);
            } else {
                *next_seq = next_seq.saturating_add(1);
            }
            match header.kind {
                RECORD_KIND => self.records.push(at),
                CLOSED_KIND => self.closed.push(Ended {
                    at,
                    records: std::mem::take(&mut self.records),
                }),
                _ => {}
            }
            let length = rest.len().saturating_sub(after.len());
            let offset = u32::try_from(length)
                .ok()
                .and_then(|length| at.offset().checked_add(length));
            at = Position::new(number, offset.ok_or(StoreError::JournalFull)?);
            rest = after;
        }
        self.segments.push(Segment {
            number,
            first_seq: header.first_seq,
            end,
        });
        Ok(())
    }
}

/// The header of a segment, and its bytes up to `end` (the header only, without one).
fn read_segment(
    disk: &dyn Disk,
    dir: &Path,
    number: u32,
    end: Option<u32>,
) -> Result<(SegmentHeader, Vec<u8>), StoreError> {
    let start = Position::new(number, 0);
    let path = segment::path_of(dir, number);
    let file = disk.open(&path).map_err(io_error("open", &path))?;
    let file = file.ok_or_else(|| damaged(dir, start, "the segment is missing"))?;
    let length = usize::try_from(
        end.unwrap_or(segment::HEADER_BYTES)
            .max(segment::HEADER_BYTES),
    );
    let mut bytes = vec![0; length.map_err(|_| StoreError::JournalFull)?];
    match file.read_at(&mut bytes, 0) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Err(damaged(dir, start, "the segment is cut off"));
        }
        read => read.map_err(io_error("read", &path))?,
    }
    let header = SegmentHeader::parse(&bytes).map_err(|fault| match fault {
        HeaderFault::Damaged => damaged(dir, start, "the header of the segment is damaged"),
        HeaderFault::Unknown => StoreError::FormatUnknown { file: path },
    })?;
    if header.number != number {
        return Err(damaged(dir, start, "the segment is another one"));
    }
    Ok((header, bytes))
}

fn segments_in(disk: &dyn Disk, dir: &Path) -> Result<Vec<u32>, StoreError> {
    let names = disk.list(dir).map_err(io_error("list", dir))?;
    Ok(names
        .iter()
        .filter_map(|(name, _)| segment::number_of(name))
        .collect())
}

/// Segments that a batch began which never came under the head record.
fn remove_segments_beyond(
    disk: &dyn Disk,
    dir: &Path,
    segments: &[u32],
    stored: &HeadRecord,
) -> Result<(), StoreError> {
    for number in segments.iter().filter(|n| **n > stored.end.segment()) {
        let path = segment::path_of(dir, *number);
        disk.remove(&path).map_err(io_error("remove", &path))?;
    }
    Ok(())
}

/// A published checkpoint is always of a head that was under the head record before.
fn not_older_than_published(
    disk: &dyn Disk,
    dir: &Path,
    stored: &HeadRecord,
) -> Result<(), StoreError> {
    let path = super::export::checkpoint_path(&dir.join(LOG_DIR));
    let Some(bytes) = disk.read(&path).map_err(io_error("read", &path))? else {
        return Ok(());
    };
    // It is derived: one that cannot be read is published anew.
    let Ok(published) = UnverifiedCheckpoint::parse(&bytes) else {
        return Ok(());
    };
    let published = published.claimed();
    let (head, size) = (published.head, stored.head.size());
    if copy::is_of_the_log_before(&published.origin, &stored.origin) {
        return Ok(());
    }
    if published.origin != stored.origin
        || head.size() > size
        || (head.size() == size && head != stored.head)
    {
        return Err(StoreError::HeadBehindCheckpoint { size });
    }
    Ok(())
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = options.open(&path).map_err(io_error("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
    }
}

fn damaged(dir: &Path, at: Position, what: &'static str) -> StoreError {
    StoreError::JournalDamaged {
        file: segment::path_of(dir, at.segment()),
        offset: u64::from(at.offset()),
        what,
    }
}
