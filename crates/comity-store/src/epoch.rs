//! Epoch keys: what data keys are wrapped under. Each in a file of its own, `keys/epoch-<n>`, wrapped
//! under the storage key, so that destroying one makes every key under it unreadable.
//!
//! ```text
//! magic (8) | version (2) | epoch (4) | nonce (24) | wrapped key (48) | CRC32C (4)
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::bytes::{Fields, with_checksum, without_checksum};
use crate::disk::{self, Disk};
use crate::error::{StoreError, io_error};
use crate::seal::{KEY_BYTES, Key, NONCE_BYTES, Random, TAG_BYTES};
use crate::storage_key::StorageKey;

/// The epoch keys of a journal.
pub(crate) struct Epochs {
    dir: PathBuf,
    keys: BTreeMap<u32, Key>,
}

impl Epochs {
    /// Opens every epoch key of `dir`.
    pub(crate) fn load(
        disk: &dyn Disk,
        dir: &Path,
        storage_key: &StorageKey,
    ) -> Result<Self, StoreError> {
        let mut keys = BTreeMap::new();
        for (name, _) in disk.list(dir).map_err(io_error("list", dir))? {
            let Some(epoch) = name.strip_prefix("epoch-").and_then(|n| n.parse().ok()) else {
                continue;
            };
            let path = path_of(dir, epoch);
            let bytes = disk.read(&path).map_err(io_error("read", &path))?;
            keys.insert(
                epoch,
                unwrap(&path, epoch, &bytes.unwrap_or_default(), storage_key)?,
            );
        }
        Ok(Self {
            dir: dir.to_owned(),
            keys,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Makes the first epoch key, durable before it is used.
    pub(crate) fn begin(
        &mut self,
        disk: &dyn Disk,
        storage_key: &StorageKey,
        random: Random,
    ) -> Result<(), StoreError> {
        let path = path_of(&self.dir, FIRST_EPOCH);
        let key = Key::generate(random)?;
        let bytes = wrap(FIRST_EPOCH, &key, storage_key, random)?;
        disk::replace(disk, &path, &bytes).map_err(io_error("write", &path))?;
        self.keys.insert(FIRST_EPOCH, key);
        Ok(())
    }

    /// The youngest: new data keys are wrapped under it.
    pub(crate) fn current(&self) -> Result<(u32, &Key), StoreError> {
        let last = self.keys.last_key_value();
        last.map(|(epoch, key)| (*epoch, key))
            .ok_or_else(|| self.missing(FIRST_EPOCH))
    }

    pub(crate) fn get(&self, epoch: u64) -> Result<&Key, StoreError> {
        let epoch = u32::try_from(epoch).unwrap_or(u32::MAX);
        self.keys.get(&epoch).ok_or_else(|| self.missing(epoch))
    }

    fn missing(&self, epoch: u32) -> StoreError {
        StoreError::EpochKeyMissing {
            file: path_of(&self.dir, epoch),
        }
    }
}

const FIRST_EPOCH: u32 = 1;
const MAGIC: [u8; 8] = *b"CMTYEPOC";
const VERSION: u16 = 1;
const WRAPPED_BYTES: usize = KEY_BYTES + TAG_BYTES;

fn path_of(dir: &Path, epoch: u32) -> PathBuf {
    dir.join(format!("epoch-{epoch}"))
}

fn header(epoch: u32) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(&VERSION.to_be_bytes());
    header.extend_from_slice(&epoch.to_be_bytes());
    header
}

fn wrap(
    epoch: u32,
    key: &Key,
    storage_key: &StorageKey,
    random: Random,
) -> Result<Vec<u8>, StoreError> {
    let mut nonce = [0; NONCE_BYTES];
    random(&mut nonce)?;
    let mut bytes = header(epoch);
    let mut wrapped = *key.as_bytes();
    let tag = storage_key.key().seal(&nonce, &bytes, &mut wrapped);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&wrapped);
    bytes.extend_from_slice(&tag.ok_or(StoreError::JournalFull)?);
    Ok(with_checksum(bytes))
}

/// A right checksum and a wrong tag: the file is whole, the storage key is another.
fn unwrap(
    path: &Path,
    epoch: u32,
    bytes: &[u8],
    storage_key: &StorageKey,
) -> Result<Key, StoreError> {
    let damaged = || StoreError::EpochKeyDamaged {
        file: path.to_owned(),
    };
    let mut fields = Fields(without_checksum(bytes).ok_or_else(damaged)?);
    let expected = header(epoch);
    if fields.slice(expected.len()) != Some(&expected) {
        return Err(StoreError::FormatUnknown {
            file: path.to_owned(),
        });
    }
    let nonce = fields.array().ok_or_else(damaged)?;
    let wrapped: [u8; WRAPPED_BYTES] = fields.array().ok_or_else(damaged)?;
    let key = storage_key.key().open(&nonce, &expected, &wrapped);
    let key = key.map(zeroize::Zeroizing::new);
    key.and_then(|key| Key::from_slice(&key))
        .ok_or(StoreError::StorageKeyWrong)
}
