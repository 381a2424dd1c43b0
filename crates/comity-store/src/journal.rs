//! The journal: what is under its head record is there for good, and nothing else is.
//!
//! ```text
//! open       lock, epoch keys, head record, the newest segment; tiles and indexes made anew if need be
//! stage      encrypt a frame into the batch in hand; it is readable at once
//! commit     append and sync, read back and hash again, compare and swap the head record
//! read       one frame, one record; replay: all of them in order
//! fsck       everything again from the frames, and compared; what is derived is made again if that is asked for
//! export     publish: the checkpoint; export: a folder for other people's verifiers
//! closed     the log ends, and the next one of the member begins in the same journal
//! copy       the newest signed head once more, apart from the data: an old copy is told by it
//! ```

pub mod closed;
mod commit;
mod copy;
mod export;
pub mod fsck;
mod open;
mod read;
mod sealed;
mod stage;

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity_log::edge::Edge;
use comity_log::head::Head;
use comity_log::names::Origin;

use crate::batch::{Batch, Tail};
use crate::disk::{Disk, DiskFile, RealDisk};
use crate::epoch::Epochs;
use crate::error::{StoreError, io_error};
use crate::head::Slots;
use crate::index::Contents;
use crate::keys::Keys;
use crate::limits::{FREE_BYTES_MIN, SEGMENT_BYTES};
use crate::seal::{self, Random};
use crate::segment::Segment;
use crate::storage_key::StorageKey;
use crate::tiles::Tiles;

use closed::ClosedLog;
use copy::HeadCopy;
use sealed::Indexes;

/// The journal of one node, and the audit log in it. Used by one thread, by one process.
pub struct Journal {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    settings: Settings,
    /// Held until the journal is dropped.
    _lock: File,
    epochs: Epochs,
    keys: Keys,
    /// Those with frames under the head record, ascending.
    segments: Vec<Segment>,
    /// What the last of them holds; of the others, [`sealed`] knows.
    current: Contents,
    indexes: RefCell<Indexes>,
    /// Which of them is the first one of the log that is written now.
    first_of_log: usize,
    /// The logs that were written here before this one, the oldest first.
    closed: Vec<ClosedLog>,
    copy: Option<HeadCopy>,
    /// The segment that is written to; none after opening: what is behind the last frame is not trusted.
    active: Option<Active>,
    slots: Slots,
    edge: Edge,
    tiles: Tiles,
    batch: Batch,
    stopped: bool,
    /// The file that was read from last.
    reading: RefCell<Option<(u32, Box<dyn DiskFile>)>>,
}

impl Journal {
    /// Opens or makes the data directory `dir` of the log `origin`, whose epoch keys `key` protects.
    ///
    /// What is past the head record does not exist. The frames of the newest segment are checked now, and those of
    /// one that has no index; any other when it is read. Tiles that may have been lost are made anew.
    ///
    /// # Errors
    /// `store-locked`: another process has it open. `storage-key-wrong`. `store-origin-is-another`.
    /// `journal-damaged`, with file and offset. `head-behind-checkpoint`: an old copy was put back.
    pub fn open(dir: &Path, key: &StorageKey, origin: &Origin) -> Result<Self, StoreError> {
        Self::open_on(Arc::new(RealDisk), Settings::default(), dir, key, origin)
    }

    /// As [`Journal::open`], with a copy of the newest signed head in the file `copy`, apart from the data directory:
    /// whatever is published is written there too, and a data directory that is behind it is not opened.
    ///
    /// # Errors
    /// As [`Journal::open`]; `head-behind-copy`: an old copy of the data was put back; `head-copy-unreadable`.
    pub fn open_beside(
        dir: &Path,
        key: &StorageKey,
        origin: &Origin,
        copy: &Path,
    ) -> Result<Self, StoreError> {
        let settings = Settings {
            copy: Some(copy.to_owned()),
            ..Settings::default()
        };
        Self::open_on(Arc::new(RealDisk), settings, dir, key, origin)
    }

    /// The head of the last commit.
    #[must_use]
    pub fn head(&self) -> Head {
        *self.edge.head()
    }

    /// Index of the next record; those staged are counted.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        let staged = u64::try_from(self.batch.records.len()).unwrap_or(u64::MAX);
        self.edge.head().size().saturating_add(staged)
    }

    /// Sequence number of the next frame; those staged are counted.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.batch.next_seq
    }

    /// Bytes of the batch in hand.
    #[must_use]
    pub fn staged_bytes(&self) -> usize {
        self.batch.bytes()
    }

    /// Whether nothing was ever committed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.stored().batch == 0
    }

    /// The tiles of the log, to be read by anybody.
    #[must_use]
    pub fn tiles(&self) -> &Tiles {
        &self.tiles
    }

    /// The logs that were written here before this one, the oldest first.
    #[must_use]
    pub fn closed(&self) -> &[ClosedLog] {
        &self.closed
    }

    /// The log whose journal this is.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.slots.stored().origin
    }

    /// Bytes that may still be written to the disk of the data directory.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn free_bytes(&self) -> Result<u64, StoreError> {
        let free = self.disk.available_bytes(&self.dir);
        free.map_err(io_error("ask for the free space of", &self.dir))
    }

    /// Where the next frame after the last commit goes.
    fn tail(&self) -> Tail {
        Tail {
            end: self.slots.stored().end,
            capacity: self.active.as_ref().map_or(0, |active| active.capacity),
        }
    }

    fn journal_dir(&self) -> PathBuf {
        self.dir.join(JOURNAL_DIR)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("dir", &self.dir)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

/// What tests change.
pub(crate) struct Settings {
    pub(crate) segment_bytes: u32,
    pub(crate) free_bytes_min: u64,
    pub(crate) random: Random,
    /// The file of the copy of the head.
    pub(crate) copy: Option<PathBuf>,
    /// Whether a journal that is behind what was published may be opened.
    pub(crate) may_be_old: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            segment_bytes: SEGMENT_BYTES,
            free_bytes_min: FREE_BYTES_MIN,
            random: seal::random,
            copy: None,
            may_be_old: false,
        }
    }
}

struct Active {
    file: Box<dyn DiskFile>,
    capacity: u32,
}

pub(crate) const JOURNAL_DIR: &str = "journal";
pub(crate) const INDEX_DIR: &str = "index";
const HEAD_DIR: &str = "head";
const KEYS_DIR: &str = "keys";
const LOG_DIR: &str = "log";
const CLOSED_DIR: &str = "closed";
