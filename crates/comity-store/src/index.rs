//! The index of a segment: what each of its frames is and where it begins, so that neither opening nor looking for
//! one record reads the segment.
//!
//! ```text
//! magic (8) | version (2) | 0 (2) | segment (4) | first sequence (8) | first record (8) | end (4) | last tag (16)
//! | data keys (4) | records (4) | other frames (4) | kinds (32) | epoch (4) | tag (16) | data keys: owner, scope, offset
//! | tag (16) | records: offset | other frames: kind, offset
//! ```
//! Derived. A segment has one once its frames can not change any more and the full tiles over its records are synced;
//! so who finds one need not read those tiles. It is made under the epoch key, and names the tag of the last frame of the
//! segment that it was made from: one that was left from another history of the directory, is torn, or was written by
//! somebody else does not open, and is made again. Nothing is believed on its word alone: each frame that it points to
//! says itself what it is and where it belongs.

use std::io;
use std::path::{Path, PathBuf};

use crate::bytes::Fields;
use crate::disk::DiskFile;
use crate::epoch::Epochs;
use crate::error::StoreError;
use crate::frame::{Header, Owner};
use crate::seal::{Key, NONCE_BYTES, TAG_BYTES};
use crate::segment::Segment;

/// What the frames of a segment are, in order. Offsets are in bytes from the start of the segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    records: Vec<u32>,
    others: Vec<(u8, u32)>,
    keys: Vec<(Owner, u32)>,
}

impl Contents {
    /// Adds the next frame.
    pub(crate) fn push(&mut self, header: &Header) {
        let offset = header.at.offset();
        if header.is_key() {
            self.keys.push((header.owner, offset));
        } else if header.is_record() {
            self.records.push(offset);
        } else {
            self.others.push((header.kind, offset));
        }
    }

    /// Adds the frames of the same segment that follow.
    pub(crate) fn extend(&mut self, more: Self) {
        self.records.extend(more.records);
        self.others.extend(more.others);
        self.keys.extend(more.keys);
    }

    /// Where the `place`-th record of the segment is.
    pub(crate) fn record(&self, place: u64) -> Option<u32> {
        self.records.get(usize::try_from(place).ok()?).copied()
    }

    /// How many records there are.
    pub(crate) fn records(&self) -> u64 {
        count(self.records.len())
    }

    /// The data keys.
    pub(crate) fn keys(&self) -> &[(Owner, u32)] {
        &self.keys
    }

    /// Where the frames of the given kinds are, in order.
    pub(crate) fn of_kinds(&self, kinds: &[u8]) -> Vec<u32> {
        let others = self.others.iter().filter(|(kind, _)| kinds.contains(kind));
        others.map(|(_, offset)| *offset).collect()
    }

    /// Which kinds there are, records and data keys apart.
    pub(crate) fn kinds(&self) -> Kinds {
        let mut kinds = Kinds::default();
        for (kind, _) in &self.others {
            kinds.add(*kind);
        }
        kinds
    }
}

/// A set of kinds of frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds([u8; 32]);

impl Kinds {
    pub(crate) fn add(&mut self, kind: u8) {
        if let Some(byte) = self.0.get_mut(usize::from(kind / 8)) {
            *byte |= 1 << (kind % 8);
        }
    }

    pub(crate) fn join(&mut self, others: Self) {
        for (byte, other) in self.0.iter_mut().zip(others.0) {
            *byte |= other;
        }
    }

    pub(crate) fn has_any(&self, kinds: &[u8]) -> bool {
        kinds.iter().any(|kind| {
            let byte = self.0.get(usize::from(kind / 8)).copied();
            byte.is_some_and(|byte| byte & (1 << (kind % 8)) != 0)
        })
    }
}

/// What opening takes of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) kinds: Kinds,
    pub(crate) keys: Vec<(Owner, u32)>,
    /// How many frames have a number in the sequence.
    pub(crate) frames: u64,
    pub(crate) records: u64,
}

/// What an index is made from and for.
pub(crate) struct Made<'m> {
    pub(crate) segment: &'m Segment,
    /// The last [`TAG_BYTES`] of its frames.
    pub(crate) last_tag: [u8; TAG_BYTES],
    pub(crate) epochs: &'m Epochs,
}

impl Made<'_> {
    /// The bytes of the index: the same for the same segment and epoch.
    pub(crate) fn encode(&self, contents: &Contents) -> Result<Vec<u8>, StoreError> {
        let (epoch, key) = self.epochs.current()?;
        let counts = [
            contents.keys.len(),
            contents.records.len(),
            contents.others.len(),
        ];
        let mut bytes = self.front();
        for count in counts {
            let count = u32::try_from(count).map_err(|_| StoreError::JournalFull)?;
            bytes.extend_from_slice(&count.to_be_bytes());
        }
        bytes.extend_from_slice(&contents.kinds().0);
        bytes.extend_from_slice(&epoch.to_be_bytes());
        let mut keys = Vec::new();
        for (owner, offset) in &contents.keys {
            let (owner, scope) = owner.to_bytes();
            keys.push(owner);
            keys.extend_from_slice(&scope);
            keys.extend_from_slice(&offset.to_be_bytes());
        }
        let mut places = Vec::new();
        for offset in &contents.records {
            places.extend_from_slice(&offset.to_be_bytes());
        }
        for (kind, offset) in &contents.others {
            places.push(*kind);
            places.extend_from_slice(&offset.to_be_bytes());
        }
        let front_tag = self.tag(key, FRONT_PART, &[&bytes, &keys])?;
        let places_tag = self.tag(key, PLACES_PART, &[&bytes, &keys, &places])?;
        bytes.extend_from_slice(&front_tag);
        bytes.extend_from_slice(&keys);
        bytes.extend_from_slice(&places_tag);
        bytes.extend_from_slice(&places);
        Ok(bytes)
    }

    /// Reads the front of an index; none if it is not the index of this segment.
    ///
    /// # Errors
    /// The disk.
    pub(crate) fn summary(&self, file: &dyn DiskFile) -> io::Result<Option<Summary>> {
        let Some(front) = self.read_front(file)? else {
            return Ok(None);
        };
        let Some(keys) = read(file, FRONT_BYTES + TAG_BYTES, front.keys_bytes())? else {
            return Ok(None);
        };
        let Some(tag) = read(file, FRONT_BYTES, TAG_BYTES)? else {
            return Ok(None);
        };
        let opens = self.opens(&front, FRONT_PART, &[&front.bytes, &keys], &tag);
        Ok(opens.and_then(|()| {
            Some(Summary {
                kinds: front.kinds,
                keys: keys_in(&keys)?,
                frames: u64::from(front.records).saturating_add(u64::from(front.others)),
                records: u64::from(front.records),
            })
        }))
    }

    /// Reads a whole index; none if it is not the index of this segment.
    ///
    /// # Errors
    /// The disk.
    pub(crate) fn contents(&self, file: &dyn DiskFile) -> io::Result<Option<Contents>> {
        let Some(front) = self.read_front(file)? else {
            return Ok(None);
        };
        let after = FRONT_BYTES + TAG_BYTES + front.keys_bytes();
        let Some(keys) = read(file, FRONT_BYTES + TAG_BYTES, front.keys_bytes())? else {
            return Ok(None);
        };
        let Some(tag) = read(file, after, TAG_BYTES)? else {
            return Ok(None);
        };
        let Some(places) = read(file, after + TAG_BYTES, front.places_bytes())? else {
            return Ok(None);
        };
        let opens = self.opens(&front, PLACES_PART, &[&front.bytes, &keys, &places], &tag);
        Ok(opens.and_then(|()| front.contents(&keys, &places)))
    }

    /// The part of the front that says what the index is made from.
    fn front(&self) -> Vec<u8> {
        let segment = self.segment;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&segment.number.to_be_bytes());
        bytes.extend_from_slice(&segment.first_seq.to_be_bytes());
        bytes.extend_from_slice(&segment.first_record.to_be_bytes());
        bytes.extend_from_slice(&segment.end.to_be_bytes());
        bytes.extend_from_slice(&self.last_tag);
        bytes
    }

    fn read_front(&self, file: &dyn DiskFile) -> io::Result<Option<Front>> {
        let Some(bytes) = read(file, 0, FRONT_BYTES)? else {
            return Ok(None);
        };
        let expected = self.front();
        let rest = bytes.strip_prefix(expected.as_slice()).map(<[u8]>::to_vec);
        Ok(rest.and_then(|rest| {
            let mut fields = Fields(&rest);
            let front = Front {
                keys: fields.u32()?,
                records: fields.u32()?,
                others: fields.u32()?,
                kinds: Kinds(fields.array()?),
                epoch: fields.u32()?,
                bytes,
            };
            // Each frame takes more than a hundred bytes of its segment, so a count that is a lie asks for no memory.
            let frames = [front.keys, front.records, front.others];
            let most = self.segment.end / FRAME_BYTES_MIN;
            frames.iter().all(|count| *count <= most).then_some(front)
        }))
    }

    /// A nonce of its own for each content: the tag of the last frame, the number of the segment, the part.
    fn nonce(&self, part: u32) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        let number = self.segment.number.to_be_bytes();
        let bytes = self.last_tag.iter().chain(&number).copied();
        for (place, byte) in nonce.iter_mut().zip(bytes.chain(part.to_be_bytes())) {
            *place = byte;
        }
        nonce
    }

    fn tag(&self, key: &Key, part: u32, parts: &[&[u8]]) -> Result<[u8; TAG_BYTES], StoreError> {
        let tag = key.seal(&self.nonce(part), &parts.concat(), &mut []);
        tag.ok_or(StoreError::JournalFull)
    }

    fn opens(&self, front: &Front, part: u32, parts: &[&[u8]], tag: &[u8]) -> Option<()> {
        let key = self.epochs.get(u64::from(front.epoch)).ok()?;
        key.open(&self.nonce(part), &parts.concat(), tag).map(drop)
    }
}

pub(crate) fn path_of(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.idx"))
}

/// What an index says before its lists.
struct Front {
    bytes: Vec<u8>,
    keys: u32,
    records: u32,
    others: u32,
    kinds: Kinds,
    epoch: u32,
}

impl Front {
    fn keys_bytes(&self) -> usize {
        length(self.keys, KEY_BYTES)
    }

    fn places_bytes(&self) -> usize {
        length(self.records, OFFSET_BYTES).saturating_add(length(self.others, OTHER_BYTES))
    }

    fn contents(&self, keys: &[u8], places: &[u8]) -> Option<Contents> {
        let (records, others) = places.split_at_checked(length(self.records, OFFSET_BYTES))?;
        let records = records.as_chunks::<OFFSET_BYTES>().0.iter();
        let others = others.as_chunks::<OTHER_BYTES>().0.iter();
        Some(Contents {
            keys: keys_in(keys)?,
            records: records.map(|bytes| u32::from_be_bytes(*bytes)).collect(),
            others: others
                .map(|[kind, offset @ ..]| (*kind, u32::from_be_bytes(*offset)))
                .collect(),
        })
    }
}

fn keys_in(bytes: &[u8]) -> Option<Vec<(Owner, u32)>> {
    let keys = bytes.as_chunks::<KEY_BYTES>().0.iter();
    keys.map(|key| {
        let mut fields = Fields(key);
        let owner = Owner::from_bytes(fields.u8()?, fields.array()?)?;
        Some((owner, fields.u32()?))
    })
    .collect()
}

/// Some bytes of a file; none if it ends before.
fn read(file: &dyn DiskFile, from: usize, length: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; length];
    let from = u64::try_from(from).unwrap_or(u64::MAX);
    match file.read_at(&mut bytes, from) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(|()| Some(bytes)),
    }
}

fn length(count: u32, bytes: usize) -> usize {
    usize::try_from(count)
        .unwrap_or(usize::MAX)
        .saturating_mul(bytes)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

const MAGIC: [u8; 8] = *b"CMTYINDX";
const VERSION: u16 = 1;
/// In bytes: everything before the first tag.
const FRONT_BYTES: usize = 100;
const FRONT_PART: u32 = 1;
const PLACES_PART: u32 = 2;
/// In bytes. A data key: owner, scope, offset.
const KEY_BYTES: usize = 21;
const OFFSET_BYTES: usize = 4;
/// In bytes. Another frame: kind, offset.
const OTHER_BYTES: usize = 5;
/// In bytes. No frame is shorter.
const FRAME_BYTES_MIN: u32 = 100;
