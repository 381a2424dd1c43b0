//! Everything again from the frames, and compared with what is there. Of a journal that nobody has open.
//!
//! ```text
//! head record   each copy of it
//! frames        each one: checksum, place, number; opened under its key
//! records       handed to the caller, who knows what a leaf must say; hashed
//! root          that of the head record, of the checkpoint at its size, and of each log that was closed
//! tiles         full ones and partial ones, byte by byte
//! indexes       each against the segment that it is of
//! ```
//! What is derived (tiles, indexes) is made again if that is asked for and the frames are whole. The rest never is: there
//! is nothing to make it from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::edge::Edge;
use comity_log::head::Head;
use comity_log::limits::TILE_HASHES;
use comity_log::names::Origin;
use comity_log::store::{MemoryTiles, TileReader as _, TileWriter as _};
use comity_log::tile::TileId;

use super::closed::ClosedLog;
use super::{HEAD_DIR, INDEX_DIR, Journal, copy};
use crate::below::After;
use crate::disk::{Disk, RealDisk};
use crate::error::{StoreError, io_error};
use crate::head;
use crate::index::{self, Contents};
use crate::limits::{DAMAGES_NAMED_MAX, FSCK_LEAVES};
use crate::position::{CLOSED_KIND, Position};
use crate::record::split_record;
use crate::segment::{self, Segment};
use crate::storage_key::StorageKey;
use crate::tiles::{TilesToWrite, full_tiles, hashes_of_level};

/// A record of the log, as its frame holds it.
#[derive(Debug)]
pub struct Record<'r> {
    /// Its place in the log. After the end of a log, the next one begins at 0 again.
    pub index: u64,
    /// The segment that its frame is in.
    pub file: &'r Path,
    /// Where the frame begins, in bytes.
    pub offset: u64,
    /// The leaf.
    pub leaf: &'r [u8],
    /// The facts, if they are there.
    pub facts: Option<&'r [u8]>,
}

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// What the head record says.
    pub head: Head,
    /// The sequence number of the next frame.
    pub next_seq: u64,
    /// Segments below the head record.
    pub segments: u64,
    /// Frames that are whole; records are counted, data keys are not.
    pub frames: u64,
    /// Data keys that are whole.
    pub data_keys: u64,
    /// Records that are whole.
    pub records: u64,
    /// Tiles that the tree has, partial ones too.
    pub tiles: u64,
    /// Indexes that are right.
    pub indexes: u64,
    /// Sealed segments without an index: opening makes it.
    pub indexes_missing: u64,
    /// The size of the published checkpoint; none without one.
    pub published: Option<u64>,
    /// What is wrong, in the order in which it was found; at most [`DAMAGES_NAMED_MAX`].
    pub damages: Vec<Damage>,
    /// How much is wrong in all.
    pub damages_all: u64,
    /// Derived files that were made again.
    pub made_again: Vec<PathBuf>,
}

/// One thing that is not what it was, or not what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Stable code.
    pub code: &'static str,
    /// The file.
    pub file: PathBuf,
    /// Where in it, in bytes.
    pub offset: u64,
    /// What is wrong there.
    pub what: String,
    /// Whether the file can be made again from the journal, or is by itself.
    pub derived: bool,
}

impl Report {
    /// Whether something is wrong that nothing can be made again from.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.damages.iter().any(|damage| !damage.derived)
    }

    fn add(&mut self, damage: Damage) {
        self.damages_all = self.damages_all.saturating_add(1);
        // What is lost is named before what is only derived, however much there is of that.
        if self.damages.len() < DAMAGES_NAMED_MAX || !damage.derived {
            self.damages.truncate(DAMAGES_NAMED_MAX.saturating_sub(1));
            self.damages.push(damage);
        }
    }
}

/// Checks the data directory `dir` of the log `origin`, whose epoch keys `key` protects; shows each record. With
/// `repair`, derived files that are wrong or missing are made again.
///
/// # Errors
/// Nothing can be said, since one has nowhere to begin: `store-locked`, `storage-key-wrong`, `head-missing`,
/// `head-damaged`, `journal-damaged` (the header of a segment), the disk. What else is wrong is in the report.
pub fn fsck(
    dir: &Path,
    key: &StorageKey,
    origin: &Origin,
    repair: bool,
    each: &mut dyn FnMut(&Record<'_>),
) -> Result<Report, StoreError> {
    fsck_on(Arc::new(RealDisk), dir, key, origin, repair, each)
}

pub(crate) fn fsck_on(
    disk: Arc<dyn Disk>,
    dir: &Path,
    key: &StorageKey,
    origin: &Origin,
    repair: bool,
    each: &mut dyn FnMut(&Record<'_>),
) -> Result<Report, StoreError> {
    let journal = Journal::look(disk, dir, key, origin)?;
    let mut check = Fsck::new(&journal, repair)?;
    check.head_copies()?;
    for (place, segment) in journal.segments.iter().enumerate() {
        check.segment(place, segment, each)?;
        check.log_ends(place)?;
    }
    check.end()?;
    Ok(check.report)
}

impl Journal {
    /// The logs that were closed, the last one first. What ends one is the last frame of its segment, and the next one
    /// begins with record 0.
    fn ends(&self) -> Result<Vec<ClosedLog>, StoreError> {
        let mut logs: Vec<ClosedLog> = Vec::new();
        for (place, segment) in self.segments.iter().enumerate() {
            let after = After::of(&self.segments, place, self.slots.stored());
            if after.next_record != 0 {
                continue;
            }
            // One that is damaged is named when its turn comes.
            let Ok(contents) = self.below().scan(segment, after) else {
                continue;
            };
            for offset in contents.of_kinds(&[CLOSED_KIND]) {
                let first = logs.last().map_or(0, |log| log.segments.end);
                let at = Position::new(segment.number, offset);
                logs.push(self.closed_log(at, first..place.saturating_add(1))?);
            }
        }
        logs.reverse();
        Ok(logs)
    }
}

struct Fsck<'j> {
    journal: &'j Journal,
    repair: bool,
    /// What the published checkpoint says, if it can be read and can be of this log.
    published: Option<Head>,
    /// None after a record that cannot be read: no root can be computed without it.
    tree: Option<Derived>,
    /// The logs that end further on, the next one last.
    ends: Vec<ClosedLog>,
    report: Report,
    /// What was written anew and is not durable yet: its folders.
    touched: BTreeSet<PathBuf>,
}

impl<'j> Fsck<'j> {
    fn new(journal: &'j Journal, repair: bool) -> Result<Self, StoreError> {
        let stored = journal.slots.stored();
        let mut check = Self {
            journal,
            repair,
            published: None,
            tree: Some(Derived::default()),
            ends: journal.ends()?,
            report: Report {
                head: stored.head,
                next_seq: stored.next_seq,
                segments: 0,
                frames: 0,
                data_keys: 0,
                records: 0,
                tiles: 0,
                indexes: 0,
                indexes_missing: 0,
                published: None,
                damages: Vec::new(),
                damages_all: 0,
                made_again: Vec::new(),
            },
            touched: BTreeSet::new(),
        };
        check.read_published()?;
        Ok(check)
    }

    fn read_published(&mut self) -> Result<(), StoreError> {
        let stored = self.journal.slots.stored();
        let Some(bytes) = self.journal.published()? else {
            return Ok(());
        };
        let file = super::export::checkpoint_path(self.journal.tiles.dir());
        match UnverifiedCheckpoint::parse(&bytes) {
            Err(error) => self.report.add(Damage {
                code: "checkpoint-unreadable",
                file,
                offset: 0,
                what: format!("the signed head cannot be read: {error}"),
                derived: true,
            }),
            Ok(parsed) => {
                let claimed = parsed.claimed();
                self.report.published = Some(claimed.head.size());
                let is_before = copy::is_of_the_log_before(&claimed.origin, &stored.origin);
                if claimed.origin == stored.origin && claimed.head.size() <= stored.head.size() {
                    self.published = Some(claimed.head);
                } else if !is_before {
                    self.behind(file);
                }
            }
        }
        Ok(())
    }

    fn behind(&mut self, file: PathBuf) {
        let size = self.report.head.size();
        self.report.add(Damage {
            code: "head-behind-checkpoint",
            file,
            offset: 0,
            what: format!("the signed head is not of this journal, which has {size} records"),
            derived: false,
        });
    }

    fn head_copies(&mut self) -> Result<(), StoreError> {
        let dir = self.journal.dir.join(HEAD_DIR);
        for (file, offset) in head::bad_copies(self.journal.disk.as_ref(), &dir)? {
            self.report.add(Damage {
                code: "head-copy-damaged",
                file,
                offset,
                what: "one of two copies of the head record is damaged; the other one is whole"
                    .to_owned(),
                derived: true,
            });
        }
        Ok(())
    }

    fn segment(
        &mut self,
        place: usize,
        segment: &Segment,
        each: &mut dyn FnMut(&Record<'_>),
    ) -> Result<(), StoreError> {
        let journal = self.journal;
        let after = After::of(&journal.segments, place, journal.slots.stored());
        let file = segment::path_of(&journal.journal_dir(), segment.number);
        let mut contents = Contents::default();
        let mut index = segment.first_record;
        self.report.segments = self.report.segments.saturating_add(1);
        let read = journal.below().each_frame(segment, after, &mut |frame| {
            let header = &frame.header;
            if header.is_key() {
                journal.unwrap_key(header.at, header.owner)?;
                self.report.data_keys = self.report.data_keys.saturating_add(1);
            } else {
                let stored = journal.open_frame(frame)?;
                self.report.frames = self.report.frames.saturating_add(1);
                if header.is_record() {
                    let (leaf, facts) = split_record(&stored.body)
                        .ok_or_else(|| journal.damaged(header.at, "a record is not one"))?;
                    each(&Record {
                        index,
                        file: &file,
                        offset: u64::from(header.at.offset()),
                        leaf,
                        facts,
                    });
                    self.leaf(leaf)?;
                    index = index.saturating_add(1);
                }
            }
            contents.push(header);
            Ok(())
        });
        self.report.records = self.report.records.saturating_add(contents.records());
        match read {
            Ok(()) => self.index(place, segment, &contents),
            Err(StoreError::JournalDamaged { file, offset, what }) => {
                let what = format!(
                    "{what}; records from {index} to before {} are not checked",
                    after.next_record
                );
                self.lost("journal-damaged", file, offset, what);
                Ok(())
            }
            Err(StoreError::EpochKeyMissing { file }) => {
                let what = "the key of a frame cannot be opened without it".to_owned();
                self.lost("epoch-key-missing", file, 0, what);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Something that there is no other copy of. Without it there is no tree to compare.
    fn lost(&mut self, code: &'static str, file: PathBuf, offset: u64, what: String) {
        self.tree = None;
        self.report.add(Damage {
            code,
            file,
            offset,
            what,
            derived: false,
        });
    }

    fn leaf(&mut self, leaf: &[u8]) -> Result<(), StoreError> {
        let Some(tree) = &mut self.tree else {
            return Ok(());
        };
        tree.leaves.push(leaf.to_vec());
        let (size, held) = (tree.size(), tree.leaves.len());
        let is_published = self
            .published_here()
            .is_some_and(|head| head.size() == size);
        if held < FSCK_LEAVES && !is_published {
            return Ok(());
        }
        let Some(tree) = &mut self.tree else {
            return Ok(());
        };
        let full = tree.grow()?;
        let head = *tree.edge.head();
        for (tile, bytes) in full {
            self.tile(tile, &bytes)?;
        }
        self.has_published_root(&head);
        Ok(())
    }

    /// The published head, if it is of the log that is being read.
    fn published_here(&self) -> Option<Head> {
        self.published.filter(|_| self.ends.is_empty())
    }

    /// Whether the published checkpoint of this size has this root.
    fn has_published_root(&mut self, head: &Head) {
        if let Some(published) = self
            .published_here()
            .filter(|other| other.size() == head.size())
        {
            self.published = None;
            if published != *head {
                let file = super::export::checkpoint_path(self.journal.tiles.dir());
                if published.size() == self.report.head.size() {
                    self.behind(file);
                } else {
                    let size = published.size();
                    let what =
                        format!("the first {size} records have another root than was signed");
                    self.report.add(Damage {
                        code: "root-differs",
                        file,
                        offset: 0,
                        what,
                        derived: false,
                    });
                }
            }
        }
    }

    /// If a log ends with this segment: its root and partial tiles. The next one begins.
    fn log_ends(&mut self, place: usize) -> Result<(), StoreError> {
        let ends = |log: &&ClosedLog| log.segments.end == place.saturating_add(1);
        if let Some(log) = self.ends.last().filter(ends) {
            let head = log.head;
            self.tree_ends(&head)?;
            self.ends.pop();
            self.tree = Some(Derived::default());
        }
        Ok(())
    }

    /// The root and the partial tiles of the last log; and what was made again becomes durable.
    fn end(&mut self) -> Result<(), StoreError> {
        let head = self.report.head;
        self.tree_ends(&head)?;
        for dir in self.touched.iter().rev() {
            let synced = self.journal.disk.sync_dir(dir);
            synced.map_err(io_error("sync", dir))?;
        }
        Ok(())
    }

    fn tree_ends(&mut self, expected: &Head) -> Result<(), StoreError> {
        let Some(mut tree) = self.tree.take() else {
            return Ok(());
        };
        for (tile, bytes) in tree.grow()? {
            self.tile(tile, &bytes)?;
        }
        let head = *tree.edge.head();
        self.has_published_root(&head);
        if head == *expected {
            for (tile, bytes) in tree.partial() {
                self.tile(tile, &bytes)?;
            }
        } else {
            let file = head::path_of(&self.journal.dir.join(HEAD_DIR));
            let what = "the records have another root than was written when they were appended";
            self.lost("root-differs", file, 0, what.to_owned());
        }
        Ok(())
    }

    /// A tile as the records make it, against the one that is there.
    fn tile(&mut self, tile: TileId, bytes: &[u8]) -> Result<(), StoreError> {
        let closed = self.ends.last().map(ClosedLog::tiles);
        let tiles = closed.unwrap_or(&self.journal.tiles);
        let file = tiles.dir().join(tile.to_string());
        let failed = |step| io_error(step, &file);
        self.report.tiles = self.report.tiles.saturating_add(1);
        let found = tiles.read_tile(tile).map_err(failed("read"))?;
        let (offset, what) = match &found {
            Some(found) if found == bytes => return Ok(()),
            Some(found) => (
                first_difference(found, bytes),
                "a tile is not what the records make",
            ),
            None => (0, "a tile is missing"),
        };
        if self.repair {
            let written = TilesToWrite(tiles).write_tile(tile, bytes);
            written.map_err(failed("write"))?;
            tiles.sync_tile(tile).map_err(failed("sync"))?;
            self.made_again(file);
        } else {
            self.report.add(Damage {
                code: "tile-differs",
                file,
                offset,
                what: what.to_owned(),
                derived: true,
            });
        }
        Ok(())
    }

    /// The index of a sealed segment, against what the segment holds.
    fn index(
        &mut self,
        place: usize,
        segment: &Segment,
        contents: &Contents,
    ) -> Result<(), StoreError> {
        if place.saturating_add(1) == self.journal.segments.len() {
            return Ok(());
        }
        let file = index::path_of(&self.journal.dir.join(INDEX_DIR), segment.number);
        let below = self.journal.below();
        let after = After::of(&self.journal.segments, place, self.journal.slots.stored());
        let is_right = below.summary(segment, after)?.is_some()
            && below.contents(segment)?.as_ref() == Some(contents);
        if is_right {
            self.report.indexes = self.report.indexes.saturating_add(1);
            return Ok(());
        }
        let disk = &self.journal.disk;
        let found = disk.read(&file).map_err(io_error("read", &file))?;
        if self.repair {
            // That it is there says that the tiles over its records are durable, and they may not be: opening sees to it.
            disk.remove(&file).map_err(io_error("remove", &file))?;
            if found.is_some() {
                self.made_again(file);
            }
        } else if found.is_none() {
            self.report.indexes_missing = self.report.indexes_missing.saturating_add(1);
        } else {
            self.report.add(Damage {
                code: "index-differs",
                file,
                offset: 0,
                what: "an index is not that of its segment".to_owned(),
                derived: true,
            });
        }
        Ok(())
    }

    fn made_again(&mut self, file: PathBuf) {
        let above = file.ancestors().skip(1);
        let above = above.take_while(|dir| dir.starts_with(&self.journal.dir));
        self.touched.extend(above.map(Path::to_owned));
        self.report.made_again.push(file);
    }
}

/// The tree over the leaves so far, with only those of its tiles in memory that still grow.
struct Derived {
    edge: Edge,
    growing: MemoryTiles,
    /// Not hashed yet.
    leaves: Vec<Vec<u8>>,
}

impl Default for Derived {
    fn default() -> Self {
        Self {
            edge: Edge::empty(),
            growing: MemoryTiles::default(),
            leaves: Vec::new(),
        }
    }
}

impl Derived {
    /// With the leaves that are not hashed yet.
    fn size(&self) -> u64 {
        let more = u64::try_from(self.leaves.len()).unwrap_or(u64::MAX);
        self.edge.head().size().saturating_add(more)
    }

    /// Appends the leaves, and gives the tiles that are full with them.
    fn grow(&mut self) -> Result<Vec<(TileId, Vec<u8>)>, StoreError> {
        if self.leaves.is_empty() {
            return Ok(Vec::new());
        }
        let leaves = std::mem::take(&mut self.leaves);
        let appended = self.edge.append(&leaves)?;
        let Ok(()) = appended.write(&mut self.growing);
        let full = appended
            .tiles()
            .iter()
            .filter(|tile| !tile.id().is_partial());
        let full = full.map(|tile| (tile.id(), tile.to_bytes())).collect();
        // In memory nothing is lost: an error here is a defect of the program.
        let confirmed = appended.confirm(&self.growing, &leaves);
        self.edge = confirmed.map_err(|_| StoreError::JournalFull)?;
        let size = self.edge.head().size();
        let done: Vec<TileId> = self
            .growing
            .tiles()
            .filter(|tile| !grows(*tile, size))
            .collect();
        for tile in done {
            self.growing.remove(tile);
        }
        Ok(full)
    }

    /// The partial tiles.
    fn partial(&self) -> Vec<(TileId, Vec<u8>)> {
        let mut found = Vec::new();
        for tile in self.growing.tiles() {
            let Ok(bytes) = self.growing.read_tile(tile);
            found.extend(bytes.map(|bytes| (tile, bytes)));
        }
        found
    }
}

/// Whether it is a partial tile of the tree of this size.
fn grows(tile: TileId, size: u64) -> bool {
    let level = tile.level();
    let width = hashes_of_level(size, level) % u64::from(TILE_HASHES);
    tile.index() == full_tiles(size, level) && u64::from(tile.width()) == width
}

fn first_difference(found: &[u8], expected: &[u8]) -> u64 {
    let same = found.iter().zip(expected).take_while(|(a, b)| a == b);
    u64::try_from(same.count()).unwrap_or(u64::MAX)
}
