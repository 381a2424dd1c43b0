//! The files of the log that anybody may see: hashes of the tree, in the layout of C2SP `tlog-tiles`.
//!
//! They are derived: written before a batch is confirmed, not synced, checked at each opening, and made
//! anew from the journal if they are not what the head record says.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use comity_log::edge::Edge;
use comity_log::hash::{Hash, node_hash};
use comity_log::head::Head;
use comity_log::limits::{TILE_HASHES, TILE_LEVEL_MAX};
use comity_log::store::{TileReader, TileWriter};
use comity_log::tile::{Tile, TileId};

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

    /// Whether every tile of the tree under `head` is there, and they join up to its root.
    pub(crate) fn are_whole(&self, head: &Head) -> io::Result<bool> {
        if Edge::load(self, head).is_err() {
            return Ok(false);
        }
        // Of a tile below the edge, the level above has the root.
        let mut expected: Option<Vec<Hash>> = None;
        for level in 0..=TILE_LEVEL_MAX {
            let mut expected_hashes = expected.as_deref();
            let mut roots = Vec::new();
            for tile in tiles_of_level(head.size(), level) {
                let bytes = self.read_tile(tile)?.unwrap_or_default();
                let Ok(found) = Tile::from_bytes(tile, &bytes) else {
                    return Ok(false);
                };
                if let Some(hashes) = expected_hashes {
                    let width = usize::from(tile.width());
                    let Some((these, after)) = hashes.split_at_checked(width) else {
                        return Ok(false);
                    };
                    if these != found.hashes() {
                        return Ok(false);
                    }
                    expected_hashes = Some(after);
                }
                if !tile.is_partial() {
                    roots.extend(root_of(found.hashes()));
                }
            }
            if roots.is_empty() {
                break;
            }
            expected = Some(roots);
        }
        Ok(true)
    }

    /// Removes tiles that the tree under `head` does not have: of a batch that came to nothing.
    pub(crate) fn remove_beyond(&self, head: &Head) -> io::Result<()> {
        let mut dirs = vec![PathBuf::from("tile")];
        while let Some(dir) = dirs.pop() {
            for (name, is_dir) in self.disk.list(&self.dir.join(&dir))? {
                let path = dir.join(name);
                if is_dir {
                    dirs.push(path);
                } else if path
                    .to_str()
                    .and_then(|path| path.parse::<TileId>().ok())
                    .is_some_and(|tile| is_beyond(tile, head.size()))
                {
                    self.disk.remove(&self.dir.join(path))?;
                }
            }
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

/// The full tiles of a level, then the partial one.
fn tiles_of_level(size: u64, level: u8) -> impl Iterator<Item = TileId> {
    let hashes = hashes_of_level(size, level);
    let full = hashes / u64::from(TILE_HASHES);
    let width = u16::try_from(hashes % u64::from(TILE_HASHES)).unwrap_or(0);
    (0..full)
        .map(|index| (index, TILE_HASHES))
        .chain([(full, width)])
        .filter_map(move |(index, width)| TileId::new(level, index, width).ok())
}

fn hashes_of_level(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(level).saturating_mul(8))
        .unwrap_or(0)
}

fn is_beyond(tile: TileId, size: u64) -> bool {
    let before = tile.index().saturating_mul(u64::from(TILE_HASHES));
    before.saturating_add(u64::from(tile.width())) > hashes_of_level(size, tile.level())
}

/// The root over the hashes of a full tile.
fn root_of(hashes: &[Hash]) -> Option<Hash> {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        let (pairs, _) = row.as_chunks::<2>();
        row = pairs.iter().map(|[l, r]| node_hash(l, r)).collect();
    }
    row.first().copied()
}
