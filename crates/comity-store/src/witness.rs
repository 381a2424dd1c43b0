//! What this member has cosigned last, for each log: one file per log, beside the journal and apart from it.
//!
//! ```text
//! witness/<hex SHA-256 of the origin>
//! magic (8) | version (2) | 0 (2) | length of the checkpoint (4) | time in s (8) | checkpoint | CRC32C (4)
//! ```
//! A file is replaced at once and made durable before the one who asked is told. Comparing and replacing happen under
//! one lock, so that of two who have read the same state one is told that it is another by now.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use comity_log::hash::Hash;
use comity_log::limits::NOTE_BYTES_MAX;
use comity_log::names::Origin;

use crate::bytes::{Fields, with_checksum, without_checksum};
use crate::disk::{self, Disk, RealDisk};
use crate::error::{StoreError, io_error};

/// A checkpoint that was cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The checkpoint, with the signature of its log alone.
    pub checkpoint: Vec<u8>,
    /// Seconds since 1970: the time of the cosignature.
    pub time_s: u64,
}

/// The files. Any thread may use them; one process has them.
pub struct WitnessStates {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    changes: Mutex<()>,
}

impl WitnessStates {
    /// The files below a data directory. The directory is made with the first of them.
    #[must_use]
    pub fn open(data_dir: &Path) -> Self {
        Self::open_on(Arc::new(RealDisk), data_dir)
    }

    pub(crate) fn open_on(disk: Arc<dyn Disk>, data_dir: &Path) -> Self {
        Self {
            dir: data_dir.join("witness"),
            disk,
            changes: Mutex::new(()),
        }
    }

    /// What was cosigned last of a log; none if nothing was.
    ///
    /// # Errors
    /// `witness-state-damaged`. A format of a later version. The disk.
    pub fn read(&self, origin: &Origin) -> Result<Option<Cosigned>, StoreError> {
        let path = self.path(origin);
        let bytes = self.disk.read(&path).map_err(io_error("read", &path))?;
        bytes.map(|bytes| decode(&path, &bytes)).transpose()
    }

    /// Replaces what is stored by `next`, if `unchanged` says so of what is stored; durable. False: it says no, and
    /// nothing is changed.
    ///
    /// # Errors
    /// As [`WitnessStates::read`]. Then it is not known which of the two is stored.
    pub fn swap(
        &self,
        origin: &Origin,
        next: &Cosigned,
        unchanged: &dyn Fn(Option<&Cosigned>) -> bool,
    ) -> Result<bool, StoreError> {
        // Nothing is half done in memory while it is held.
        let _alone = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if !unchanged(self.read(origin)?.as_ref()) {
            return Ok(false);
        }
        self.make_dir()?;
        let path = self.path(origin);
        disk::replace(self.disk.as_ref(), &path, &encode(next))
            .map_err(io_error("write", &path))?;
        Ok(true)
    }

    fn make_dir(&self) -> Result<(), StoreError> {
        let made = self.disk.create_dir(&self.dir);
        made.map_err(io_error("make", &self.dir))?;
        let Some(above) = self.dir.parent() else {
            return Ok(());
        };
        self.disk.sync_dir(above).map_err(io_error("sync", above))
    }

    fn path(&self, origin: &Origin) -> PathBuf {
        let name = Hash::of(origin.to_string().as_bytes());
        self.dir.join(name.to_string())
    }
}

impl fmt::Debug for WitnessStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("WitnessStates");
        shown.field("dir", &self.dir).finish_non_exhaustive()
    }
}

const MAGIC: [u8; 8] = *b"CMTYWITN";
const VERSION: u16 = 1;

fn encode(cosigned: &Cosigned) -> Vec<u8> {
    let length = u32::try_from(cosigned.checkpoint.len()).unwrap_or(u32::MAX);
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&VERSION.to_be_bytes());
    bytes.extend_from_slice(&[0; 2]);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&cosigned.time_s.to_be_bytes());
    bytes.extend_from_slice(&cosigned.checkpoint);
    with_checksum(bytes)
}

fn decode(path: &Path, bytes: &[u8]) -> Result<Cosigned, StoreError> {
    let file = || path.to_owned();
    let body =
        without_checksum(bytes).ok_or_else(|| StoreError::WitnessStateDamaged { file: file() })?;
    decode_body(body).ok_or_else(|| StoreError::FormatUnknown { file: file() })
}

fn decode_body(body: &[u8]) -> Option<Cosigned> {
    let mut fields = Fields(body);
    if fields.array() != Some(MAGIC) || fields.u16() != Some(VERSION) {
        return None;
    }
    fields.u16()?;
    let length = usize::try_from(fields.u32()?).ok()?;
    let time_s = fields.u64()?;
    let checkpoint = fields.slice(length)?.to_vec();
    let fits = length <= NOTE_BYTES_MAX && fields.0.is_empty();
    fits.then_some(Cosigned { checkpoint, time_s })
}
