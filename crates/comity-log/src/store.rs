//! Where tiles are kept: two traits for whoever stores them, and a store in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;

use crate::tile::TileId;

/// Reads tiles. What it returns is checked against a root by the caller; it need not be trusted.
pub trait TileReader {
    /// Why reading failed.
    type Error: Error + Send + Sync + 'static;

    /// The bytes stored under `tile`; none if there is nothing.
    ///
    /// # Errors
    /// The storage failed.
    fn read_tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// Writes tiles. A tile once written never changes, so writing it a second time is harmless.
pub trait TileWriter {
    /// Why writing failed.
    type Error: Error + Send + Sync + 'static;

    /// Keeps `bytes` under `tile`.
    ///
    /// # Errors
    /// The storage failed.
    fn write_tile(&mut self, tile: TileId, bytes: &[u8]) -> Result<(), Self::Error>;
}

impl<R: TileReader + ?Sized> TileReader for &R {
    type Error = R::Error;

    fn read_tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, Self::Error> {
        (**self).read_tile(tile)
    }
}

/// Tiles in memory: for tests, and for trees that are rebuilt at each start.
#[derive(Clone, Debug, Default)]
pub struct MemoryTiles {
    tiles: BTreeMap<TileId, Vec<u8>>,
}

impl MemoryTiles {
    /// The tiles stored, in order of level, place and width.
    pub fn tiles(&self) -> impl Iterator<Item = TileId> {
        self.tiles.keys().copied()
    }

    /// Forgets a tile: a partial one may go once the full one is there.
    pub fn remove(&mut self, tile: TileId) {
        self.tiles.remove(&tile);
    }
}

impl TileReader for MemoryTiles {
    type Error = Infallible;

    fn read_tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.tiles.get(&tile).cloned())
    }
}

impl TileWriter for MemoryTiles {
    type Error = Infallible;

    fn write_tile(&mut self, tile: TileId, bytes: &[u8]) -> Result<(), Infallible> {
        self.tiles.insert(tile, bytes.to_vec());
        Ok(())
    }
}
