//! What leaves the journal: the signed checkpoint beside the tiles, and a folder for other people's verifiers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity_log::bundle;
use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint};
use comity_log::head::Head;
use comity_log::limits::TILE_HASHES;
use comity_log::tile::BundleId;
use comity_log::tree::Tree;

use super::Journal;
use crate::disk;
use crate::error::{StoreError, io_error};
use crate::tiles::Tiles;

impl Journal {
    /// Writes the signed checkpoint to `log/checkpoint`: after a crash either the old one or this one is there.
    ///
    /// # Errors
    /// `checkpoint-is-another`: it is not of this log at its head or before. `head-copy-conflict`. The disk.
    pub fn publish(&mut self, checkpoint: &[u8]) -> Result<(), StoreError> {
        self.claims_of(checkpoint)?;
        let path = checkpoint_path(self.tiles.dir());
        disk::replace(self.disk.as_ref(), &path, checkpoint).map_err(io_error("write", &path))?;
        match &mut self.copy {
            Some(copy) => copy.swap(self.disk.as_ref(), checkpoint),
            None => Ok(()),
        }
    }

    /// Keeps a head of this log that others have and this journal does not, in the copy of its head alone: from now on
    /// the journal is not opened any more, but by `comity log restore`. Without a copy nothing is kept.
    ///
    /// # Errors
    /// `checkpoint-is-another`: it is not of this log, or not of more records than are here. `head-copy-conflict`. The disk.
    pub fn outrun(&mut self, checkpoint: &[u8]) -> Result<(), StoreError> {
        let parsed = UnverifiedCheckpoint::parse(checkpoint);
        let parsed = parsed.map_err(|_| StoreError::CheckpointIsAnother)?;
        let claimed = parsed.claimed();
        if claimed.origin != *self.origin() || claimed.head.size() <= self.head().size() {
            return Err(StoreError::CheckpointIsAnother);
        }
        match &mut self.copy {
            Some(copy) => copy.swap(self.disk.as_ref(), checkpoint),
            None => Ok(()),
        }
    }

    /// Puts the newest checkpoint that a quorum has cosigned beside the newest one.
    ///
    /// # Errors
    /// `checkpoint-is-another`: it is not of this log at its head or before. The disk.
    pub fn publish_witnessed(&mut self, checkpoint: &[u8]) -> Result<(), StoreError> {
        self.claims_of(checkpoint)?;
        let path = checkpoint_path(self.tiles.dir()).with_extension("witnessed");
        disk::replace(self.disk.as_ref(), &path, checkpoint).map_err(io_error("write", &path))
    }

    /// The checkpoint published last; none before the first.
    ///
    /// # Errors
    /// The disk.
    pub fn published(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let path = checkpoint_path(self.tiles.dir());
        self.disk.read(&path).map_err(io_error("read", &path))
    }

    /// Writes a complete `tlog-tiles` folder of the tree under `checkpoint`: `checkpoint`, `tile/<level>/…`
    /// and `tile/entries/…`. The entries are the leaves: not for everybody, so the mode is 0700.
    ///
    /// # Errors
    /// `export-not-empty`. `checkpoint-is-another`. `journal-damaged`: the records do not have its root. The disk.
    pub fn export(&self, to: &Path, checkpoint: &[u8]) -> Result<(), StoreError> {
        let claims = self.claims_of(checkpoint)?;
        let listed = self.disk.list(to).map_err(io_error("list", to))?;
        if !listed.is_empty() {
            return Err(StoreError::ExportNotEmpty { dir: to.to_owned() });
        }
        self.disk.create_dir(to).map_err(io_error("make", to))?;
        let tiles = Tiles::new(to.to_owned(), Arc::clone(&self.disk));
        self.write_tree(&tiles, &claims.head, &self.segments_of_log())?;
        self.write_entries(to, claims.head.size())?;
        let path = checkpoint_path(to);
        disk::replace(self.disk.as_ref(), &path, checkpoint).map_err(io_error("write", &path))
    }

    fn write_entries(&self, to: &Path, size: u64) -> Result<(), StoreError> {
        let mut from = 0;
        while from < size {
            let width = size.saturating_sub(from).min(u64::from(TILE_HASHES));
            let to_index = from.saturating_add(width);
            let entries = (from..to_index)
                .map(|index| self.record(index).map(|(leaf, _)| leaf))
                .collect::<Result<Vec<_>, _>>()?;
            let id = u16::try_from(width)
                .ok()
                .and_then(|width| BundleId::new(from / u64::from(TILE_HASHES), width).ok())
                .ok_or(StoreError::JournalFull)?;
            let bytes = bundle::encode(&entries).map_err(|_| StoreError::JournalFull)?;
            let path = to.join(id.to_string());
            let dir = path.parent().unwrap_or(to);
            self.disk.create_dir(dir).map_err(io_error("make", dir))?;
            self.disk
                .write(&path, &bytes)
                .map_err(io_error("write", &path))?;
            from = to_index;
        }
        Ok(())
    }

    /// What a checkpoint says, if this log has had that head.
    fn claims_of(&self, checkpoint: &[u8]) -> Result<Checkpoint, StoreError> {
        let parsed = UnverifiedCheckpoint::parse(checkpoint);
        let parsed = parsed.map_err(|_| StoreError::CheckpointIsAnother)?;
        let claimed = parsed.claimed();
        let head = self.head();
        if claimed.origin != *self.origin() || claimed.head.size() > head.size() {
            return Err(StoreError::CheckpointIsAnother);
        }
        if self.has_had(&claimed.head)? {
            Ok(claimed.clone())
        } else {
            Err(StoreError::CheckpointIsAnother)
        }
    }

    /// Whether the tree has this head, or had it when it was smaller.
    ///
    /// # Errors
    /// The tiles cannot be read.
    pub fn has_had(&self, earlier: &Head) -> Result<bool, StoreError> {
        let head = self.head();
        if earlier.size() > head.size() {
            return Ok(false);
        }
        if earlier.size() == head.size() || earlier.size() == 0 {
            return Ok(*earlier == head || *earlier == Head::empty());
        }
        Ok(Tree::open(&self.tiles, &head)?.head_at(earlier.size())? == *earlier)
    }
}

pub(super) fn checkpoint_path(dir: &Path) -> PathBuf {
    dir.join("checkpoint")
}
