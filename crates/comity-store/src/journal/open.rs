//! Opening: what is below the head record is taken over, what is past it is not looked at.
//!
//! ```text
//! lock, epoch keys, head record
//! the header of each segment
//! sealed segments     their indexes say which kinds and data keys they hold; a frame is checked when it is read
//! the last one, and any without an index: every frame is checked
//! tiles               those that no index vouches for are checked, and made anew from the records if need be
//! indexes             those that are missing are made again, and then the next opening is quick
//! ```

use std::cell::RefCell;
use std::fs::{File, OpenOptions, TryLockError};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::edge::Edge;
use comity_log::head::Head;
use comity_log::limits::{BATCH_LEAVES_MAX, TILE_HASHES};
use comity_log::names::Origin;

use super::closed::ClosedLog;
use super::copy::{self, HeadCopy};
use super::sealed::Indexes;
use super::{HEAD_DIR, INDEX_DIR, JOURNAL_DIR, Journal, KEYS_DIR, LOG_DIR, Settings};
use crate::batch::Batch;
use crate::below::{After, Below};
use crate::disk::Disk;
use crate::epoch::Epochs;
use crate::error::{StoreError, io_error};
use crate::head::{self, HeadRecord, Slots};
use crate::index::Contents;
use crate::keys::Keys;
use crate::position::Position;
use crate::segment::{self, Segment};
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
        for name in [JOURNAL_DIR, HEAD_DIR, KEYS_DIR, LOG_DIR, INDEX_DIR] {
            let path = dir.join(name);
            disk.create_dir(&path).map_err(io_error("make", &path))?;
        }
        let lock = lock(dir)?;
        let (journal_dir, head_dir) = (dir.join(JOURNAL_DIR), dir.join(HEAD_DIR));
        let present = segments_in(disk.as_ref(), &journal_dir)?;
        let stored = Slots::read(disk.as_ref(), &head_dir)?;
        if stored.is_none() && !present.is_empty() {
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
        let below = Below::of(disk.as_ref(), dir, &epochs);
        let found = Found::below(&below, &stored)?;
        if !settings.may_be_old {
            not_older_than_published(disk.as_ref(), dir, &stored)?;
        }
        let copy = settings.copy.as_ref();
        let copy = copy.map(|path| HeadCopy::read(disk.as_ref(), path, &stored));
        let copy = copy.transpose()?;
        let slots = Slots::settle(disk.as_ref(), &head_dir, stored)?;
        remove_segments_beyond(disk.as_ref(), &journal_dir, &present, slots.stored())?;

        let tiles = Tiles::new(dir.join(LOG_DIR), Arc::clone(&disk));
        let batch = Batch::after(slots.stored().batch, slots.stored().next_seq);
        let mut journal = Self {
            dir: dir.to_owned(),
            disk,
            settings,
            _lock: lock,
            epochs,
            keys: found.keys,
            segments: found.segments,
            current: found.current,
            indexes: RefCell::new(found.indexes),
            first_of_log: 0,
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
        journal.closed = journal.closed_logs()?;
        let after_last = |log: &ClosedLog| log.segments.end;
        journal.first_of_log = journal.closed.last().map_or(0, after_last);
        journal.edge = journal.whole_tree(&found.without_index)?;
        journal.is_of_the_copy()?;
        for place in found.without_index {
            journal.make_index(place);
        }
        Ok(journal)
    }

    /// Opens what is there for looking only: nothing is written, and no frame is read yet.
    pub(crate) fn look(
        disk: Arc<dyn Disk>,
        dir: &Path,
        key: &StorageKey,
        origin: &Origin,
    ) -> Result<Self, StoreError> {
        let head_dir = dir.join(HEAD_DIR);
        let missing = || StoreError::HeadMissing {
            file: head::path_of(&head_dir),
        };
        let stored = Slots::read(disk.as_ref(), &head_dir)?.ok_or_else(missing)?;
        let lock = lock(dir)?;
        let epochs = Epochs::load(disk.as_ref(), &dir.join(KEYS_DIR), key)?;
        epochs.current()?;
        if stored.origin != *origin {
            return Err(StoreError::OriginIsAnother);
        }
        let segments = Below::of(disk.as_ref(), dir, &epochs).segments(&stored)?;
        Ok(Self {
            dir: dir.to_owned(),
            tiles: Tiles::new(dir.join(LOG_DIR), Arc::clone(&disk)),
            disk,
            settings: Settings::default(),
            _lock: lock,
            epochs,
            keys: Keys::default(),
            segments,
            current: Contents::default(),
            indexes: RefCell::new(Indexes::default()),
            first_of_log: 0,
            closed: Vec::new(),
            copy: None,
            active: None,
            batch: Batch::after(stored.batch, stored.next_seq),
            slots: Slots::unsettled(stored),
            edge: Edge::empty(),
            stopped: true,
            reading: RefCell::new(None),
        })
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
    ///
    /// Tiles over the segments before the first one without an index were synced before its index was written. The
    /// others may be lost.
    fn whole_tree(&self, without_index: &[usize]) -> Result<Edge, StoreError> {
        let head = self.slots.stored().head;
        let places = self.segments_of_log();
        let last = places.end.saturating_sub(1);
        let first = without_index.iter().find(|place| places.contains(place));
        let first = self.segments.get(*first.unwrap_or(&last));
        let synced = first.map_or(0, |segment| segment.first_record / u64::from(TILE_HASHES));
        let removed = self.tiles.remove_beyond(&head);
        removed.map_err(io_error("read the tiles below", self.tiles.dir()))?;
        self.tiles_of(&self.tiles, &head, &places, synced)
    }

    /// The edge of a tree whose tiles are there, made anew from the records in these segments if need be. The first
    /// `synced` tiles of level 0 are not read.
    pub(super) fn tiles_of(
        &self,
        tiles: &Tiles,
        head: &Head,
        places: &Range<usize>,
        synced: u64,
    ) -> Result<Edge, StoreError> {
        let whole = tiles.are_whole(head, synced);
        if whole.map_err(io_error("read the tiles below", tiles.dir()))? {
            return Ok(Edge::load(tiles, head)?);
        }
        let anew = Edge::of_full_tiles(tiles, synced)
            .map_err(StoreError::from)
            .and_then(|edge| self.write_tree_from(edge, tiles, head, places));
        match anew {
            Ok(edge) if edge.head() == head => Ok(edge),
            // A tile that was synced is not what it was: all of them, then.
            _ => self.write_tree(tiles, head, places),
        }
    }

    /// Writes the tiles of the tree under `head`, from its records in these segments.
    ///
    /// # Errors
    /// The records have another root: one of them is not what it was.
    pub(super) fn write_tree(
        &self,
        tiles: &Tiles,
        head: &Head,
        places: &Range<usize>,
    ) -> Result<Edge, StoreError> {
        let edge = self.write_tree_from(Edge::empty(), tiles, head, places)?;
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

    fn write_tree_from(
        &self,
        mut edge: Edge,
        tiles: &Tiles,
        head: &Head,
        places: &Range<usize>,
    ) -> Result<Edge, StoreError> {
        while edge.head().size() < head.size() {
            let from = edge.head().size();
            let most = u64::try_from(BATCH_LEAVES_MAX).unwrap_or(u64::MAX);
            let to = head.size().min(from.saturating_add(most));
            let leaf = |index| self.record_in(places.clone(), index).map(|(leaf, _)| leaf);
            let leaves = (from..to).map(leaf).collect::<Result<Vec<_>, _>>()?;
            let appended = edge.append(&leaves)?;
            let written: Vec<_> = appended.tiles().iter().map(|tile| tile.id()).collect();
            let writing = appended.write(&mut TilesToWrite(tiles));
            writing.map_err(io_error("write a tile below", tiles.dir()))?;
            edge = appended.confirm(tiles, &leaves)?;
            tiles.remove_superseded(&written);
        }
        Ok(edge)
    }
}

/// What is found below the head record.
struct Found {
    segments: Vec<Segment>,
    keys: Keys,
    /// What the last segment holds.
    current: Contents,
    indexes: Indexes,
    /// Which segments have to get an index.
    without_index: Vec<usize>,
}

impl Found {
    fn below(below: &Below<'_>, stored: &HeadRecord) -> Result<Self, StoreError> {
        let mut found = Self {
            segments: below.segments(stored)?,
            keys: Keys::default(),
            current: Contents::default(),
            indexes: Indexes::default(),
            without_index: Vec::new(),
        };
        for place in 0..found.segments.len() {
            found.segment(below, place, stored)?;
        }
        found.keys.settle();
        Ok(found)
    }

    fn segment(
        &mut self,
        below: &Below<'_>,
        place: usize,
        stored: &HeadRecord,
    ) -> Result<(), StoreError> {
        let after = After::of(&self.segments, place, stored);
        let is_last = place.saturating_add(1) == self.segments.len();
        let Some(segment) = self.segments.get_mut(place) else {
            return Ok(());
        };
        let indexed = if is_last {
            None
        } else {
            below.summary(segment, after)?
        };
        let keys = if let Some(summary) = indexed {
            segment.kinds = summary.kinds;
            summary.keys
        } else {
            let contents = below.scan(segment, after)?;
            segment.kinds = contents.kinds();
            let keys = contents.keys().to_vec();
            if is_last {
                self.current = contents;
            } else {
                self.without_index.push(place);
                self.indexes.keep(segment.number, contents);
            }
            keys
        };
        for (owner, offset) in keys {
            self.keys.find(owner, Position::new(segment.number, offset));
        }
        Ok(())
    }
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
    present: &[u32],
    stored: &HeadRecord,
) -> Result<(), StoreError> {
    for number in present.iter().filter(|n| **n > stored.end.segment()) {
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
