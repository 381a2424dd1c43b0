//! Staging: a frame gets its place and its number, is encrypted, and joins the batch in hand.

use comity_log::hash::leaf_hash;
use comity_log::limits::{BATCH_LEAVES_MAX, TREE_LEAVES_MAX};
use zeroize::Zeroizing;

use super::Journal;
use crate::batch::Batch;
use crate::error::StoreError;
use crate::frame::{self, Header, Owner};
use crate::limits::{BATCH_BYTES_MAX, BODY_BYTES_MAX};
use crate::position::{KEY_KIND, KINDS_RESERVED_FROM, Position, RECORD_KIND, Scope};
use crate::record;
use crate::seal::{Key, NONCE_BYTES};

impl Journal {
    /// Adds a frame to the batch in hand and says where it will be. Readable at once; durable after [`Journal::commit`].
    ///
    /// # Errors
    /// `kind-reserved`: from 240 on. `body-too-long`. `batch-full`: commit first. `disk-low`.
    /// `store-stopped`. The batch is then as it was.
    pub fn stage(
        &mut self,
        kind: u8,
        scope: Option<Scope>,
        body: &[u8],
    ) -> Result<Position, StoreError> {
        if kind >= KINDS_RESERVED_FROM {
            return Err(StoreError::KindReserved { kind });
        }
        let owner = scope.map_or(Owner::Node, |Scope(case)| Owner::Case(case));
        self.stage_frame(kind, owner, body)
    }

    /// Adds a record of the audit log to the batch. Its index is [`Journal::next_index`], which the
    /// caller has put into the leaf. `facts` is what the leaf has the hash of.
    ///
    /// # Errors
    /// As [`Journal::stage`]; `leaf-too-long`.
    pub fn stage_record(
        &mut self,
        leaf: &[u8],
        facts: Option<&[u8]>,
    ) -> Result<Position, StoreError> {
        if self.batch.records.len() >= BATCH_LEAVES_MAX || self.next_index() >= TREE_LEAVES_MAX {
            return Err(StoreError::BatchFull);
        }
        let body = record::join(leaf, facts)?;
        let at = self.stage_frame(RECORD_KIND, Owner::Records, &body)?;
        self.batch.records.push(at);
        self.batch.leaf_hashes.push(leaf_hash(leaf));
        Ok(at)
    }

    /// Forgets what is staged.
    pub fn discard(&mut self) {
        let stored = self.slots.stored();
        self.batch = Batch::after(stored.batch, stored.next_seq);
    }

    pub(super) fn stage_frame(
        &mut self,
        kind: u8,
        owner: Owner,
        body: &[u8],
    ) -> Result<Position, StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        if body.len() > BODY_BYTES_MAX {
            return Err(StoreError::BodyTooLong { bytes: body.len() });
        }
        if self.batch.is_empty() {
            self.has_room()?;
        } else if self.batch.bytes().saturating_add(body.len()) > BATCH_BYTES_MAX {
            return Err(StoreError::BatchFull);
        }
        let (key_at, key) = match self.batch.keys.get(&owner) {
            Some((at, key)) => (*at, key.clone()),
            None => match self.key_place(owner)? {
                Some(at) => (at, self.data_key(at, owner)?),
                None => self.stage_key(owner)?,
            },
        };
        let at = self.append(kind, owner, key_at.0, &key, body)?;
        self.batch.next_seq = self.batch.next_seq.saturating_add(1);
        Ok(at)
    }

    /// A new data key, as a frame under the epoch key. It has no number: it shares that of the frame after it.
    fn stage_key(&mut self, owner: Owner) -> Result<(Position, Key), StoreError> {
        let key = Key::generate(self.settings.random)?;
        let (epoch, epoch_key) = self.epochs.current()?;
        let epoch_key = epoch_key.clone();
        let at = self.append(
            KEY_KIND,
            owner,
            u64::from(epoch),
            &epoch_key,
            key.as_bytes(),
        )?;
        self.batch.keys.insert(owner, (at, key.clone()));
        Ok((at, key))
    }

    fn append(
        &mut self,
        kind: u8,
        owner: Owner,
        key_at: u64,
        key: &Key,
        body: &[u8],
    ) -> Result<Position, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        (self.settings.random)(&mut nonce)?;
        let length = frame::length_of(body.len()).ok_or(StoreError::JournalFull)?;
        let (tail, next_index) = (self.tail(), self.next_index());
        let at = self
            .batch
            .place(length, tail, next_index, self.settings.segment_bytes)
            .ok_or(StoreError::JournalFull)?;
        let header = Header {
            batch: self.batch.number,
            at,
            seq: self.batch.next_seq,
            key: key_at,
            kind,
            owner,
            nonce,
        };
        self.batch.push(&header.seal(key, body)?);
        Ok(at)
    }

    /// Whether a batch of any size would fit on the disk.
    pub(super) fn has_room(&self) -> Result<(), StoreError> {
        let (free_bytes, needed_bytes) = (self.free_bytes()?, self.settings.free_bytes_min);
        if free_bytes < needed_bytes {
            return Err(StoreError::DiskLow {
                free_bytes,
                needed_bytes,
            });
        }
        Ok(())
    }

    /// The data key in the frame at `at`.
    pub(super) fn data_key(&self, at: Position, owner: Owner) -> Result<Key, StoreError> {
        if let Some((staged_at, key)) = self.batch.keys.get(&owner)
            && *staged_at == at
        {
            return Ok(key.clone());
        }
        if let Some(key) = self.keys.kept(at) {
            return Ok(key);
        }
        let key = match self.unwrap_key(at, owner) {
            // Its epoch is over: the key was wrapped anew, or it was forgotten.
            Err(StoreError::EpochKeyMissing { file }) => match self.key_place(owner)? {
                Some(anew) if anew != at => self.unwrap_key(anew, owner)?,
                _ => return Err(StoreError::EpochKeyMissing { file }),
            },
            unwrapped => unwrapped?,
        };
        self.keys.keep(at, key.clone());
        Ok(key)
    }

    /// Where the youngest data key of `owner` is.
    fn key_place(&self, owner: Owner) -> Result<Option<Position>, StoreError> {
        if let Some(at) = self.keys.place(owner) {
            return Ok(Some(at));
        }
        for at in self.keys.candidates(owner) {
            let bytes = self.frame_at(at)?;
            let header = self.parse(&bytes, at)?.header;
            if header.is_key() && header.owner == owner {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    pub(super) fn unwrap_key(&self, at: Position, owner: Owner) -> Result<Key, StoreError> {
        let bytes = self.frame_at(at)?;
        let frame = self.parse(&bytes, at)?;
        if !frame.header.is_key() || frame.header.owner != owner {
            return Err(self.damaged(at, "a frame names a key that is not its own"));
        }
        let epoch_key = self.epochs.get(frame.header.key)?;
        let opened = frame.open(epoch_key).map(Zeroizing::new);
        let bytes = opened.map_err(|what| self.damaged(at, what))?;
        Key::from_slice(&bytes).ok_or_else(|| self.damaged(at, "a key is cut off"))
    }
}
