//! The files of the log that anybody may see: hashes of the tree, in the layout of C2SP `tlog-tiles`.
//!
//! They are derived: written before a batch is confirmed, and not synced. Full ones are synced when the segment with
//! their records is sealed; opening checks the others, and makes them anew from the journal if they are not what the head
//! record says. Whoever reads a tile checks it.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity_log::head::Head;
use comity_log::limits::{BATCH_LEAVES_MAX, TILE_HASHES, TILE_LEVEL_MAX};
use comity_log::store::{TileReader, TileWriter};
use comity_log::tile::TileId;
use comity_log::tree::{Tree, TreeError};

use crate::disk::Disk;

/// Tiles below a directory. Reading may go on beside writing: a tile under a published head never changes.
#[derive(Clone)]
pub struct Tiles {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
}

impl Tiles {
    pub(crate) fn new(dir: PathBuf, disk: Arc<dyn Disk>) -> Self {
        Self { dir, disk }
    }

    /// The directory that holds `checkpoint` and `tile/`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn path(&self, tile: TileId) -> PathBuf {
        self.dir.join(tile.to_string())
    }

    /// Whether the tiles of the tree under `head` are there, and join up to its root. The first `synced` tiles of
    /// level 0, and the full ones over them, are not read.
    pub(crate) fn are_whole(&self, head: &Head, synced: u64) -> io::Result<bool> {
        let mut tree = match Tree::open(self, head) {
            Err(TreeError::Read { source, .. }) => return Err(source),
            Err(_) => return Ok(false),
            Ok(tree) => tree,
        };
        for tile in synced..full_tiles(head.size(), 0) {
            // To find a leaf, its tile and all above it are checked.
            match tree.leaf_hash(tile.saturating_mul(u64::from(TILE_HASHES))) {
                Err(TreeError::Read { source, .. }) => return Err(source),
                Err(_) => return Ok(false),
                Ok(_) => {}
            }
        }
        Ok(true)
    }

    /// Makes the full tiles durable that the leaves from `leaves.start` on and before `leaves.end` have completed.
    ///
    /// They are written once more: after a sync that failed the operating system shows what the disk does not have,
    /// and takes it for written.
    pub(crate) fn sync(&self, leaves: Range<u64>) -> io::Result<()> {
        let tiles = (0..=TILE_LEVEL_MAX).flat_map(|level| {
            let indexes = full_tiles(leaves.start, level)..full_tiles(leaves.end, level);
            indexes.filter_map(move |index| TileId::new(level, index, TILE_HASHES).ok())
        });
        self.sync_these(tiles)
    }

    /// As [`Tiles::sync`], every tile of the tree under `head`, the partial ones too.
    pub(crate) fn sync_all(&self, head: &Head) -> io::Result<()> {
        self.sync(0..head.size())?;
        let partial = (0..=TILE_LEVEL_MAX).filter_map(|level| {
            let width = hashes_of_level(head.size(), level) % u64::from(TILE_HASHES);
            let width = u16::try_from(width).ok()?;
            TileId::new(level, full_tiles(head.size(), level), width).ok()
        });
        self.sync_these(partial)
    }

    fn sync_these(&self, tiles: impl Iterator<Item = TileId>) -> io::Result<()> {
        let mut dirs = BTreeSet::new();
        for tile in tiles {
            self.sync_tile(tile)?;
            let path = self.path(tile);
            let above = path.ancestors().skip(1);
            let above = above.take_while(|dir| dir.starts_with(&self.dir));
            dirs.extend(above.map(Path::to_owned));
        }
        dirs.iter()
            .rev()
            .try_for_each(|dir| self.disk.sync_dir(dir))
    }

    pub(crate) fn sync_tile(&self, tile: TileId) -> io::Result<()> {
        let path = self.path(tile);
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let bytes = self.disk.read(&path)?.ok_or_else(missing)?;
        let file = self.disk.open(&path)?.ok_or_else(missing)?;
        file.write_at(&bytes, 0)?;
        file.sync()
    }

    /// Removes tiles that the tree under `head` does not have: of a batch that came to nothing. They are in the folders
    /// of the edge, or in those where that batch would have ended.
    pub(crate) fn remove_beyond(&self, head: &Head) -> io::Result<()> {
        if head.size() == 0 {
            // Those of the log before may be here.
            return self.disk.remove_dir(&self.dir.join("tile"));
        }
        let most = u64::try_from(BATCH_LEAVES_MAX).unwrap_or(u64::MAX);
        let size_after = head.size().saturating_add(most);
        let mut dirs = BTreeSet::new();
        for level in 0..=TILE_LEVEL_MAX {
            for size in [head.size(), size_after] {
                let tile = TileId::new(level, full_tiles(size, level), TILE_HASHES);
                let path = tile.ok().map(|tile| PathBuf::from(tile.to_string()));
                dirs.extend(path.as_deref().and_then(Path::parent).map(Path::to_owned));
            }
        }
        for dir in dirs {
            for (name, is_dir) in self.disk.list(&self.dir.join(&dir))? {
                let path = dir.join(name);
                if !is_dir {
                    self.remove_if_beyond(&path, head)?;
                } else if tile_of(&path.join("1")).is_some_and(|tile| is_at_edge(tile, head.size()))
                {
                    for (width, _) in self.disk.list(&self.dir.join(&path))? {
                        self.remove_if_beyond(&path.join(width), head)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn remove_if_beyond(&self, path: &Path, head: &Head) -> io::Result<()> {
        if tile_of(path).is_some_and(|tile| is_beyond(tile, head.size())) {
            self.disk.remove(&self.dir.join(path))?;
        }
        Ok(())
    }

    /// Removes the partial tiles where a full one is now. That they stay if this fails is no harm.
    pub(crate) fn remove_superseded(&self, written: &[TileId]) {
        for tile in written.iter().filter(|tile| !tile.is_partial()) {
            let partial = self.dir.join(format!("{tile}.p"));
            let _harmless = self.disk.remove_dir(&partial);
        }
    }
}

impl TileReader for Tiles {
    type Error = io::Error;

    fn read_tile(&self, tile: TileId) -> io::Result<Option<Vec<u8>>> {
        self.disk.read(&self.path(tile))
    }
}

/// A [`Tiles`] that may be written to.
pub(crate) struct TilesToWrite<'t>(pub(crate) &'t Tiles);

impl TileWriter for TilesToWrite<'_> {
    type Error = io::Error;

    fn write_tile(&mut self, tile: TileId, bytes: &[u8]) -> io::Result<()> {
        let path = self.0.path(tile);
        let disk = &self.0.disk;
        match disk.write(&path, bytes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                path.parent().map_or(Ok(()), |dir| disk.create_dir(dir))?;
                disk.write(&path, bytes)
            }
            written => written,
        }
    }
}

impl fmt::Debug for Tiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tiles").field("dir", &self.dir).finish()
    }
}

/// The tile with this path.
fn tile_of(path: &Path) -> Option<TileId> {
    path.to_str()?.parse().ok()
}

/// Full tiles of a level in a tree.
pub(crate) fn full_tiles(size: u64, level: u8) -> u64 {
    hashes_of_level(size, level) / u64::from(TILE_HASHES)
}

/// Hashes of a level in a tree: one for each complete subtree of 256^level leaves.
pub(crate) fn hashes_of_level(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(level).saturating_mul(8))
        .unwrap_or(0)
}

fn is_beyond(tile: TileId, size: u64) -> bool {
    let before = tile.index().saturating_mul(u64::from(TILE_HASHES));
    before.saturating_add(u64::from(tile.width())) > hashes_of_level(size, tile.level())
}

/// Whether the tree grows in this tile, or will in a later one.
fn is_at_edge(tile: TileId, size: u64) -> bool {
    tile.index() >= full_tiles(size, tile.level())
}
