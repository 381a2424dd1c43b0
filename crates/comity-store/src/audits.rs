//! What an auditor keeps of other members' logs: the rows as they were pulled, encrypted, and what is known of them.
//!
//! ```text
//! audits/<sha256 of the origin>/rows    sealed blocks, one after the other; only appended to
//! audits/<sha256 of the origin>/state   sealed; replaced at once, after the rows that it counts are durable
//! audits/scratch-<n>                    sealed under a key in memory; removed when it is no longer used
//! ```
//! A sealed block: length (4) | nonce (24) | bytes and tag (length). Header: what it is, of which log, and where it
//! stands, so that none can be put in another's place. What is past the end that the state knows is never read.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use comity_log::hash::Hash;

use crate::disk::{self, Disk, DiskFile, RealDisk};
use crate::error::{StoreError, io_error};
use crate::limits::{AUDIT_BLOCK_BYTES_MAX, SCRATCH_CHUNK_BYTES};
use crate::seal::{Key, NONCE_BYTES, Random, TAG_BYTES, random};
use crate::storage_key::StorageKey;

/// The kept audits of a data directory. Of one log at most one thread writes at a time.
pub struct Audits {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    key: Key,
    random: Random,
    scratches: AtomicU64,
}

impl fmt::Debug for Audits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Audits({})", self.dir.display())
    }
}

impl Audits {
    /// Those of the data directory `dir`. What an audit that was cut off had on the side is removed.
    ///
    /// # Errors
    /// The directory cannot be made or read.
    pub fn open(dir: &Path, key: &StorageKey) -> Result<Self, StoreError> {
        Self::open_on(Arc::new(RealDisk), dir, key, random)
    }

    pub(crate) fn open_on(
        disk: Arc<dyn Disk>,
        dir: &Path,
        key: &StorageKey,
        random: Random,
    ) -> Result<Self, StoreError> {
        let dir = dir.join("audits");
        disk.create_dir(&dir).map_err(io_error("make", &dir))?;
        for (name, is_dir) in disk.list(&dir).map_err(io_error("list", &dir))? {
            if !is_dir && name.starts_with(SCRATCH) {
                let path = dir.join(name);
                disk.remove(&path).map_err(io_error("remove", &path))?;
            }
        }
        Ok(Self {
            disk,
            dir,
            key: key.key().clone(),
            random,
            scratches: AtomicU64::new(0),
        })
    }

    /// What is known of a log; none if nothing is kept.
    ///
    /// # Errors
    /// It cannot be read, or is not what was written under this key.
    pub fn state(&self, log: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(log, STATE);
        let Some(bytes) = self.disk.read(&path).map_err(io_error("read", &path))? else {
            return Ok(None);
        };
        let sealed = bytes.get(LENGTH_BYTES..).unwrap_or_default();
        open(&self.key, &header(STATE, log, 0), sealed)
            .map(Some)
            .ok_or(StoreError::AuditDamaged { file: path })
    }

    /// Replaces what is known of a log, once its rows are durable.
    ///
    /// # Errors
    /// The disk. Then either the old or the new state is there.
    pub fn keep(&self, log: &Hash, state: &[u8]) -> Result<(), StoreError> {
        let rows = self.path(log, ROWS);
        if let Some(file) = self.disk.open(&rows).map_err(io_error("open", &rows))? {
            file.sync().map_err(io_error("sync", &rows))?;
        }
        let path = self.path(log, STATE);
        let sealed = self.sealed(&header(STATE, log, 0), state)?;
        self.make_dir(log)?;
        disk::replace(&*self.disk, &path, &sealed).map_err(io_error("write", &path))
    }

    /// Appends a block at the end that the state knows, and gives the new end. What was there before is written over.
    ///
    /// # Errors
    /// The disk; the block is too long.
    pub fn append(&self, log: &Hash, end: u64, block: &[u8]) -> Result<u64, StoreError> {
        if block.len() > AUDIT_BLOCK_BYTES_MAX {
            let bytes = block.len();
            return Err(StoreError::BodyTooLong { bytes });
        }
        let path = self.path(log, ROWS);
        let sealed = self.sealed(&header(ROWS, log, end), block)?;
        let file = match self.disk.open(&path).map_err(io_error("open", &path))? {
            Some(file) => file,
            None => {
                self.make_dir(log)?;
                self.disk.create(&path).map_err(io_error("make", &path))?
            }
        };
        file.write_at(&sealed, end)
            .map_err(io_error("write", &path))?;
        Ok(end.saturating_add(sealed.len() as u64))
    }

    /// Hands over every block up to the end that the state knows, in order.
    ///
    /// # Errors
    /// A block cannot be read or is not what was written; whatever `each` says.
    pub fn blocks<E: From<StoreError>>(
        &self,
        log: &Hash,
        end: u64,
        mut each: impl FnMut(Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = self.path(log, ROWS);
        if end == 0 {
            return Ok(());
        }
        let damaged = || StoreError::AuditDamaged { file: path.clone() };
        let file = self.disk.open(&path).map_err(io_error("open", &path))?;
        let file = file.ok_or_else(damaged)?;
        let mut at = 0;
        while at < end {
            let sealed = read_sealed(&*file, &path, at)?;
            let block = open(&self.key, &header(ROWS, log, at), &sealed).ok_or_else(damaged)?;
            at = at.saturating_add((LENGTH_BYTES + sealed.len()) as u64);
            each(block)?;
        }
        Ok(())
    }

    /// Room for what does not fit into memory, in parts that are read back one by one. Nobody else can read it, and
    /// it is gone with this process.
    ///
    /// # Errors
    /// The disk; no random bytes.
    pub fn scratch(&self, parts: usize) -> Result<Scratch, StoreError> {
        let n = self.scratches.fetch_add(1, Ordering::Relaxed);
        let path = self.dir.join(format!("{SCRATCH}{n}"));
        let file = self.disk.create(&path).map_err(io_error("make", &path))?;
        Ok(Scratch {
            disk: Arc::clone(&self.disk),
            path,
            file,
            key: Key::generate(self.random)?,
            end: 0,
            parts: vec![Part::default(); parts],
        })
    }

    fn path(&self, log: &Hash, name: &str) -> PathBuf {
        self.dir.join(log.to_string()).join(name)
    }

    fn make_dir(&self, log: &Hash) -> Result<(), StoreError> {
        let dir = self.dir.join(log.to_string());
        self.disk.create_dir(&dir).map_err(io_error("make", &dir))?;
        let above = &self.dir;
        self.disk.sync_dir(above).map_err(io_error("sync", above))
    }

    fn sealed(&self, header: &[u8], bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        (self.random)(&mut nonce)?;
        seal(&self.key, &nonce, header, bytes)
    }
}

const SCRATCH: &str = "scratch-";
const ROWS: &str = "rows";
const STATE: &str = "state";
const LENGTH_BYTES: usize = 4;

fn header(what: &str, log: &Hash, at: u64) -> Vec<u8> {
    let parts = [
        b"CMTYAUDT/1 ",
        what.as_bytes(),
        log.as_bytes(),
        &at.to_be_bytes(),
    ];
    parts.concat()
}

fn seal(
    key: &Key,
    nonce: &[u8; NONCE_BYTES],
    header: &[u8],
    bytes: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let length = NONCE_BYTES + bytes.len() + TAG_BYTES;
    let mut sealed = Vec::with_capacity(LENGTH_BYTES + length);
    let length = u32::try_from(length).map_err(|_| StoreError::JournalFull)?;
    sealed.extend_from_slice(&length.to_be_bytes());
    sealed.extend_from_slice(nonce);
    let mut body = bytes.to_vec();
    let tag = key.seal(nonce, header, &mut body);
    sealed.extend_from_slice(&body);
    sealed.extend_from_slice(&tag.ok_or(StoreError::JournalFull)?);
    Ok(sealed)
}

/// What follows the length.
fn open(key: &Key, header: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    key.open(nonce, header, body)
}

fn read_sealed(file: &dyn DiskFile, path: &Path, at: u64) -> Result<Vec<u8>, StoreError> {
    let mut length = [0; LENGTH_BYTES];
    file.read_at(&mut length, at)
        .map_err(io_error("read", path))?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > AUDIT_BLOCK_BYTES_MAX + NONCE_BYTES + TAG_BYTES {
        let file = path.to_owned();
        return Err(StoreError::AuditDamaged { file });
    }
    let mut sealed = vec![0; length];
    file.read_at(&mut sealed, at.saturating_add(LENGTH_BYTES as u64))
        .map_err(io_error("read", path))?;
    Ok(sealed)
}

/// Rows by part, on the disk. Removed when dropped.
pub struct Scratch {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    key: Key,
    end: u64,
    parts: Vec<Part>,
}

#[derive(Clone, Default)]
struct Part {
    buffer: Vec<u8>,
    /// Where its chunks are.
    chunks: Vec<u64>,
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scratch({} bytes)", self.end)
    }
}

impl Scratch {
    /// Adds bytes to a part.
    ///
    /// # Errors
    /// The disk; there is no such part.
    pub fn put(&mut self, part: usize, bytes: &[u8]) -> Result<(), StoreError> {
        let full = {
            let place = self
                .parts
                .get_mut(part)
                .ok_or(StoreError::PositionUnknown)?;
            place.buffer.extend_from_slice(bytes);
            place.buffer.len() >= SCRATCH_CHUNK_BYTES
        };
        if full { self.spill(part) } else { Ok(()) }
    }

    /// Nothing more is added: what is still in memory goes to the disk.
    ///
    /// # Errors
    /// The disk.
    pub fn rest(&mut self) -> Result<(), StoreError> {
        for part in 0..self.parts.len() {
            self.spill(part)?;
            if let Some(place) = self.parts.get_mut(part) {
                place.buffer = Vec::new();
            }
        }
        Ok(())
    }

    /// Everything of a part, in the order in which it was added.
    ///
    /// # Errors
    /// The disk, or what came back is not what was written.
    pub fn part(&self, part: usize) -> Result<Vec<u8>, StoreError> {
        let place = self.parts.get(part).ok_or(StoreError::PositionUnknown)?;
        let mut all = Vec::new();
        for at in &place.chunks {
            let sealed = read_sealed(&*self.file, &self.path, *at)?;
            let chunk = open(&self.key, &at.to_be_bytes(), &sealed);
            let file = self.path.clone();
            all.extend(chunk.ok_or(StoreError::AuditDamaged { file })?);
        }
        all.extend_from_slice(&place.buffer);
        Ok(all)
    }

    fn spill(&mut self, part: usize) -> Result<(), StoreError> {
        let Some(place) = self
            .parts
            .get_mut(part)
            .filter(|part| !part.buffer.is_empty())
        else {
            return Ok(());
        };
        // The key is of this file alone, and no two chunks stand at one place.
        let mut nonce = [0; NONCE_BYTES];
        if let Some(front) = nonce.first_chunk_mut() {
            *front = self.end.to_be_bytes();
        }
        let sealed = seal(&self.key, &nonce, &self.end.to_be_bytes(), &place.buffer)?;
        self.file
            .write_at(&sealed, self.end)
            .map_err(io_error("write", &self.path))?;
        place.chunks.push(self.end);
        place.buffer.clear();
        self.end = self.end.saturating_add(sealed.len() as u64);
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is removed at the next opening, and nobody has its key.
        let _ = self.disk.remove(&self.path);
    }
}
