//! The head record: the tree over the records, and where the journal ends. Whatever is past it does not exist.
//!
//! ```text
//! magic (8) | version (2) | length of the origin (2) | 0 (4) | tree size (8) | root (32) | position (8)
//! | sequence (8) | batch (8) | origin | 0 … | CRC32C (4)                                     512 bytes
//! ```
//! Two files, `a` and `b`, are written in turn, so that a write that is torn leaves the one before. Each
//! holds the record twice, 4,096 bytes apart, so that a sector that goes bad later is not taken for a torn
//! write: falling back to an older head would give indexes a second time. A file of which neither copy
//! can be read is an error, never a reason to use the other file.

use std::path::{Path, PathBuf};

use comity_log::hash::Hash;
use comity_log::head::Head;
use comity_log::names::Origin;

use crate::bytes::{Fields, with_checksum, without_checksum};
use crate::disk::{self, Disk, DiskFile};
use crate::error::{StoreError, io_error};
use crate::position::Position;

/// What the head record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeadRecord {
    pub(crate) origin: Origin,
    pub(crate) head: Head,
    /// Where the frames end: last segment, and bytes from its start.
    pub(crate) end: Position,
    pub(crate) next_seq: u64,
    /// Number of the last batch, from 1; 0 before the first.
    pub(crate) batch: u64,
}

/// The two files, and what this process knows to be in them.
pub(crate) struct Slots {
    /// None of them, if it is only looked at.
    slots: Option<[Slot; 2]>,
    /// Which of the two is written next.
    next: usize,
    stored: HeadRecord,
}

impl Slots {
    /// Reads the head record; none if neither file is there.
    pub(crate) fn read(disk: &dyn Disk, dir: &Path) -> Result<Option<HeadRecord>, StoreError> {
        let mut found: Vec<Option<HeadRecord>> = Vec::new();
        for path in paths(dir) {
            let bytes = disk.read(&path).map_err(io_error("read", &path))?;
            let record = bytes.map(|bytes| decode_slot(&path, &bytes)).transpose()?;
            found.push(record);
        }
        match found.as_slice() {
            [Some(a), Some(b)] if !of_one_member(a, b) => Err(StoreError::HeadDamaged {
                file: paths(dir)[1].clone(),
            }),
            [Some(a), Some(b)] if a.batch < b.batch => Ok(Some(b.clone())),
            [Some(a), Some(_)] => Ok(Some(a.clone())),
            // Between making the one and the other, nothing was written yet.
            [Some(record), None] | [None, Some(record)] if record.batch == 0 => {
                Ok(Some(record.clone()))
            }
            [None, Some(_)] => Err(StoreError::HeadDamaged {
                file: paths(dir)[0].clone(),
            }),
            [Some(_), None] => Err(StoreError::HeadDamaged {
                file: paths(dir)[1].clone(),
            }),
            _ => Ok(None),
        }
    }

    /// Writes `record`, which is what [`Slots::read`] gave or the first one, into both files.
    ///
    /// It may have been read from memory only: if its sync failed, the disk has the one before. Nothing
    /// may be built on it before it is on the disk.
    pub(crate) fn settle(
        disk: &dyn Disk,
        dir: &Path,
        record: HeadRecord,
    ) -> Result<Self, StoreError> {
        let bytes = encode_slot(&record);
        let [a, b] = paths(dir);
        let stale_first = |path: &PathBuf| -> Result<bool, StoreError> {
            let old = disk.read(path).map_err(io_error("read", path))?;
            Ok(old.is_some_and(|old| old != bytes))
        };
        // The file that has it already comes last: until then it is the only one.
        let a_first = stale_first(&a)? || !stale_first(&b)?;
        let (slot_a, slot_b) = if a_first {
            let slot_a = Slot::settle(disk, a, &bytes)?;
            (slot_a, Slot::settle(disk, b, &bytes)?)
        } else {
            let slot_b = Slot::settle(disk, b, &bytes)?;
            (Slot::settle(disk, a, &bytes)?, slot_b)
        };
        disk.sync_dir(dir).map_err(io_error("sync", dir))?;
        Ok(Self {
            slots: Some([slot_a, slot_b]),
            next: 0,
            stored: record,
        })
    }

    /// What [`Slots::read`] gave, to be looked at: nothing can be written.
    pub(crate) fn unsettled(record: HeadRecord) -> Self {
        Self {
            slots: None,
            next: 0,
            stored: record,
        }
    }

    pub(crate) fn stored(&self) -> &HeadRecord {
        &self.stored
    }

    /// Replaces the record by `next`, if both files are as this process left them; durable.
    ///
    /// Within a log the tree only grows. The next log of the same member begins with a tree of its own.
    pub(crate) fn swap(&mut self, next: HeadRecord) -> Result<(), StoreError> {
        let slots = self.slots.as_mut().ok_or(StoreError::Stopped)?;
        for slot in slots.iter() {
            slot.is_unchanged()?;
        }
        let [a, b] = slots;
        let (slot, after) = if self.next == 0 { (a, 1) } else { (b, 0) };
        let stored = self.stored.head;
        let before = if next.origin == self.stored.origin {
            stored
        } else {
            Head::empty()
        };
        Head::compare_and_swap(&before, &before, &next.head).map_err(|_| {
            StoreError::HeadConflict {
                file: slot.path.clone(),
            }
        })?;
        slot.write(encode_slot(&next))?;
        self.next = after;
        self.stored = next;
        Ok(())
    }
}

/// Copies of the head record that cannot be read: file, and offset. One of a file is borne.
pub(crate) fn bad_copies(disk: &dyn Disk, dir: &Path) -> Result<Vec<(PathBuf, u64)>, StoreError> {
    let mut bad = Vec::new();
    for path in paths(dir) {
        let bytes = disk.read(&path).map_err(io_error("read", &path))?;
        let bytes = bytes.unwrap_or_default();
        for (at, end) in [(0, RECORD_BYTES), (COPY_AT, SLOT_BYTES)] {
            let copy = bytes.get(at..end).and_then(without_checksum);
            if copy.and_then(decode).is_none() {
                bad.push((path.clone(), u64::try_from(at).unwrap_or(u64::MAX)));
            }
        }
    }
    Ok(bad)
}

struct Slot {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    written: Vec<u8>,
}

impl Slot {
    fn settle(disk: &dyn Disk, path: PathBuf, bytes: &[u8]) -> Result<Self, StoreError> {
        let open = || disk.open(&path).map_err(io_error("open", &path));
        let file = match open()? {
            Some(file) => file,
            None => {
                disk::replace(disk, &path, bytes).map_err(io_error("write", &path))?;
                open()?.ok_or_else(|| StoreError::HeadMissing { file: path.clone() })?
            }
        };
        let mut slot = Self {
            path,
            file,
            written: Vec::new(),
        };
        slot.write(bytes.to_vec())?;
        Ok(slot)
    }

    fn write(&mut self, bytes: Vec<u8>) -> Result<(), StoreError> {
        let written = self.file.write_at(&bytes, 0);
        written.map_err(io_error("write", &self.path))?;
        self.file.sync().map_err(io_error("sync", &self.path))?;
        self.written = bytes;
        Ok(())
    }

    fn is_unchanged(&self) -> Result<(), StoreError> {
        let mut bytes = vec![0; SLOT_BYTES];
        let read = self.file.read_at(&mut bytes, 0);
        read.map_err(io_error("read", &self.path))?;
        if bytes == self.written {
            Ok(())
        } else {
            Err(StoreError::HeadConflict {
                file: self.path.clone(),
            })
        }
    }
}

const MAGIC: [u8; 8] = *b"CMTYHEAD";
const VERSION: u16 = 1;
const RECORD_BYTES: usize = 512;
const COPY_AT: usize = 4_096;
const SLOT_BYTES: usize = COPY_AT + RECORD_BYTES;

fn paths(dir: &Path) -> [PathBuf; 2] {
    [dir.join("a"), dir.join("b")]
}

/// Whether two records can be before and after one write: of one log, or of a log and the one that follows it.
fn of_one_member(a: &HeadRecord, b: &HeadRecord) -> bool {
    let (older, newer) = if a.batch < b.batch { (a, b) } else { (b, a) };
    let (old, new) = (&older.origin, &newer.origin);
    old == new
        || (older.batch < newer.batch
            && (&old.fed, &old.member) == (&new.fed, &new.member)
            && old.n < new.n)
}

/// The first file, for errors about both.
pub(crate) fn path_of(dir: &Path) -> PathBuf {
    dir.join("a")
}

fn encode_slot(record: &HeadRecord) -> Vec<u8> {
    let record = encode(record);
    let mut bytes = record.clone();
    bytes.resize(COPY_AT, 0);
    bytes.extend_from_slice(&record);
    bytes
}

/// The later of two copies that differ: a torn write leaves one of them old, and what the other says was
/// under way is in the journal, durable, before the head record is touched.
fn decode_slot(path: &Path, bytes: &[u8]) -> Result<HeadRecord, StoreError> {
    let copies = [bytes.get(..RECORD_BYTES), bytes.get(COPY_AT..SLOT_BYTES)];
    let mut whole = false;
    let mut found: Option<HeadRecord> = None;
    for body in copies.into_iter().flatten().filter_map(without_checksum) {
        whole = true;
        if let Some(record) = decode(body)
            && found
                .as_ref()
                .is_none_or(|other| other.batch < record.batch)
        {
            found = Some(record);
        }
    }
    found.ok_or_else(|| {
        let file = path.to_owned();
        if whole {
            StoreError::FormatUnknown { file }
        } else {
            StoreError::HeadDamaged { file }
        }
    })
}

fn encode(record: &HeadRecord) -> Vec<u8> {
    let origin = record.origin.to_string();
    let length = u16::try_from(origin.len()).unwrap_or(u16::MAX);
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&VERSION.to_be_bytes());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&record.head.size().to_be_bytes());
    bytes.extend_from_slice(record.head.root().as_bytes());
    bytes.extend_from_slice(&record.end.0.to_be_bytes());
    bytes.extend_from_slice(&record.next_seq.to_be_bytes());
    bytes.extend_from_slice(&record.batch.to_be_bytes());
    bytes.extend_from_slice(origin.as_bytes());
    bytes.resize(RECORD_BYTES - 4, 0);
    with_checksum(bytes)
}

fn decode(body: &[u8]) -> Option<HeadRecord> {
    let mut fields = Fields(body);
    if fields.array() != Some(MAGIC) || fields.u16() != Some(VERSION) {
        return None;
    }
    let length = fields.u16()?;
    fields.u32()?;
    let size = fields.u64()?;
    let root = Hash::new(fields.array()?);
    let end = Position(fields.u64()?);
    let next_seq = fields.u64()?;
    let batch = fields.u64()?;
    let origin = std::str::from_utf8(fields.slice(usize::from(length))?).ok()?;
    Some(HeadRecord {
        origin: Origin::parse(origin)?,
        head: Head::new(size, root).ok()?,
        end,
        next_seq,
        batch,
    })
}
