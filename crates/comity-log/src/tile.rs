//! Tiles: 256 hashes of one level side by side, and the paths under which `tlog-tiles` keeps them.
//!
//! Level 0 holds leaf hashes; each hash of a higher level is the root of a full tile of the level
//! below. What stands right of the full tiles is a partial tile, `.p/<width>`, written anew under
//! another path as it grows. So whatever was written under a path never changes.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::fault::Fault;
use crate::hash::{Hash, node_hash};
use crate::limits::{TILE_HASHES, TILE_LEVEL_MAX, TILE_PATH_BYTES_MAX, TREE_LEAVES_MAX};
use crate::text;

/// Bits of the place of a hash within its tile.
pub(crate) const TILE_HEIGHT: u32 = TILE_HASHES.ilog2();

/// Which tile: level, place within the level, number of hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: u8,
    index: u64,
    width: u16,
}

impl TileId {
    /// The tile at `index` of `level`, of 1 to 256 hashes.
    ///
    /// # Errors
    /// A place that no tree within [`TREE_LEAVES_MAX`] has; a width outside 1 to 256.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, TilePathError> {
        if level > TILE_LEVEL_MAX {
            return Err(TilePathError::LevelOverLimit);
        }
        if width == 0 || width > TILE_HASHES {
            return Err(TilePathError::Width);
        }
        let hashes_of_level_max = TREE_LEAVES_MAX >> (TILE_HEIGHT * u32::from(level));
        let hashes_before = index.checked_mul(u64::from(TILE_HASHES));
        match hashes_before.and_then(|before| before.checked_add(u64::from(width))) {
            Some(hashes) if hashes <= hashes_of_level_max => Ok(Self {
                level,
                index,
                width,
            }),
            _ => Err(TilePathError::IndexOverLimit),
        }
    }

    /// Whether a tree of `size` leaves has all of its hashes.
    #[must_use]
    pub fn is_within(&self, size: u64) -> bool {
        let before = self.index.saturating_mul(u64::from(TILE_HASHES));
        let hashes = before.saturating_add(u64::from(self.width));
        hashes <= size >> (TILE_HEIGHT * u32::from(self.level))
    }

    /// Level: 0 for leaf hashes.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Place among the tiles of its level.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes in it.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Whether it can still grow.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.width < TILE_HASHES
    }

    /// The full tile at the same place: once it is there, the partial one may be deleted.
    #[must_use]
    pub fn filled(&self) -> Self {
        Self {
            width: TILE_HASHES,
            ..*self
        }
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

impl FromStr for TileId {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, TilePathError> {
        match path.parse()? {
            TilePath::Hashes(id) => Ok(id),
            TilePath::Entries(_) => Err(TilePathError::Format),
        }
    }
}

/// Which bundle of entries: the leaves whose hashes are in the tile of level 0 at the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BundleId(TileId);

impl BundleId {
    /// The bundle at `index`, of 1 to 256 entries.
    ///
    /// # Errors
    /// As [`TileId::new`].
    pub fn new(index: u64, width: u16) -> Result<Self, TilePathError> {
        TileId::new(0, index, width).map(Self)
    }

    /// The tile that holds the hashes of these entries.
    #[must_use]
    pub fn tile(&self) -> TileId {
        self.0
    }
}

impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.0.index, self.0.width)
    }
}

/// What a path under `tile/` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TilePath {
    /// `tile/<level>/<index>[.p/<width>]`
    Hashes(TileId),
    /// `tile/entries/<index>[.p/<width>]`
    Entries(BundleId),
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashes(id) => id.fmt(f),
            Self::Entries(id) => id.fmt(f),
        }
    }
}

impl FromStr for TilePath {
    type Err = TilePathError;

    /// Read loosely, written again and compared: a tile has one path.
    fn from_str(path: &str) -> Result<Self, TilePathError> {
        if path.len() > TILE_PATH_BYTES_MAX {
            return Err(TilePathError::TooLong);
        }
        let (kind, place) = path
            .strip_prefix("tile/")
            .and_then(|rest| rest.split_once('/'))
            .ok_or(TilePathError::Format)?;
        let (index, width) = read_place(place)?;
        let found = if kind == "entries" {
            Self::Entries(BundleId::new(index, width)?)
        } else {
            let level = text::decimal(kind).ok_or(TilePathError::Format)?;
            let level = u8::try_from(level).map_err(|_| TilePathError::LevelOverLimit)?;
            Self::Hashes(TileId::new(level, index, width)?)
        };
        if found.to_string() == path {
            Ok(found)
        } else {
            Err(TilePathError::Format)
        }
    }
}

/// `x001/x234/067`, and `.p/<width>` if partial.
fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut groups = vec![index % 1000];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(rest % 1000);
        rest /= 1000;
    }
    for (place, group) in groups.iter().enumerate().rev() {
        if place > 0 {
            write!(f, "x{group:03}/")?;
        } else {
            write!(f, "{group:03}")?;
        }
    }
    if width < TILE_HASHES {
        write!(f, ".p/{width}")?;
    }
    Ok(())
}

fn read_place(place: &str) -> Result<(u64, u16), TilePathError> {
    let (groups, width) = match place.split_once(".p/") {
        None => (place, TILE_HASHES),
        Some((groups, width)) => {
            let width = text::decimal(width).ok_or(TilePathError::Format)?;
            (
                groups,
                u16::try_from(width).map_err(|_| TilePathError::Width)?,
            )
        }
    };
    let mut index = 0_u64;
    for group in groups.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(TilePathError::Format);
        }
        let value = digits.parse::<u64>().map_err(|_| TilePathError::Format)?;
        index = index
            .checked_mul(1000)
            .and_then(|index| index.checked_add(value))
            .ok_or(TilePathError::IndexOverLimit)?;
    }
    Ok((index, width))
}

/// A tile with its hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    pub(crate) id: TileId,
    pub(crate) hashes: Vec<Hash>,
}

impl Tile {
    /// Which tile.
    #[must_use]
    pub fn id(&self) -> TileId {
        self.id
    }

    /// Its hashes, from left to right.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The bytes to be stored: its hashes, one after the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes
            .iter()
            .flat_map(|hash| *hash.as_bytes())
            .collect()
    }

    /// Reads what was stored under `id`. The hashes are not checked against anything yet.
    ///
    /// # Errors
    /// Another number of bytes than `id` says.
    pub fn from_bytes(id: TileId, bytes: &[u8]) -> Result<Self, TileLength> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.len() != usize::from(id.width) || !rest.is_empty() {
            return Err(TileLength {
                tile: id,
                bytes: bytes.len(),
            });
        }
        let hashes = hashes.iter().map(|bytes| Hash::new(*bytes)).collect();
        Ok(Self { id, hashes })
    }
}

/// All complete subtrees within a tile: row 0 is its hashes, each further row the nodes above.
#[derive(Clone, Debug)]
pub(crate) struct TileRows(Vec<Vec<Hash>>);

impl TileRows {
    pub(crate) fn new(hashes: &[Hash]) -> Self {
        let mut rows = vec![hashes.to_vec()];
        while let Some(row) = rows.last().filter(|row| row.len() > 1) {
            let (pairs, _without_sibling) = row.as_chunks::<2>();
            let above = pairs.iter().map(|[l, r]| node_hash(l, r)).collect();
            rows.push(above);
        }
        Self(rows)
    }

    /// The root of `2^row` hashes of this tile, the `place`-th such group.
    pub(crate) fn get(&self, row: u32, place: usize) -> Option<&Hash> {
        self.0.get(usize::try_from(row).ok()?)?.get(place)
    }
}

/// A stored tile has another length than its path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{tile} has {bytes} bytes")]
pub struct TileLength {
    /// Which tile.
    pub tile: TileId,
    /// Its length in bytes.
    pub bytes: usize,
}

/// Why a text is not the path of a tile, or numbers are not its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TilePathError {
    /// Longer than any path of a tile.
    #[error("the path is too long for a tile's")]
    TooLong,
    /// Not `tile/<level>/<index>[.p/<width>]` in its one spelling.
    #[error("the path is not a tile's")]
    Format,
    /// No tree within the limit has this level.
    #[error("no tree within the limit has a tile at this level")]
    LevelOverLimit,
    /// No tree within the limit has this place.
    #[error("no tree within the limit has a tile at this place")]
    IndexOverLimit,
    /// Not 1 to 256 hashes.
    #[error("no tile has this width")]
    Width,
}

impl TilePathError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "tile-path-too-long",
            Self::Format => "tile-path-format",
            Self::LevelOverLimit => "tile-level-over-limit",
            Self::IndexOverLimit => "tile-index-over-limit",
            Self::Width => "tile-width",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_tile_is_within_a_tree_that_has_all_of_its_hashes() {
        let check = |tile: &str, first_size: u64| {
            let tile: TileId = tile.parse().unwrap();
            assert!(tile.is_within(first_size), "{tile}");
            assert!(!tile.is_within(first_size - 1), "{tile}");
        };
        check("tile/0/000.p/1", 1);
        check("tile/0/000", 256);
        check("tile/0/001.p/7", 263);
        // A hash of a level is there once 256 of the one below are.
        check("tile/1/000.p/1", 256);
        check("tile/1/000.p/2", 512);
        check("tile/1/000", 65_536);
        check("tile/2/000.p/1", 65_536);
    }
}
