//! A stored tree under a head: roots, subtrees and proofs, made of tiles that are checked as they come.
//!
//! The partial tiles are checked together against the root (see [`Edge::load`]); every full tile
//! against its hash in the tile above it. So storage need not be trusted: the worst that it can do is
//! to make a tree unreadable, with an error that names the tile.

use std::collections::BTreeMap;
use std::error::Error;

use thiserror::Error;

use crate::bundle;
use crate::edge::{Edge, full_tiles};
use crate::fault::Fault;
use crate::hash::{Hash, empty_root, node_hash};
use crate::head::Head;
use crate::limits::{TILE_HASHES, TILES_KEPT_MAX};
use crate::store::TileReader;
use crate::tile::{BundleId, TILE_HEIGHT, Tile, TileId, TileRows};
use crate::walk::{self, Leaves};

/// A tree that is read through `reader` and has been found to be the one under its head.
#[derive(Debug)]
pub struct Tree<R> {
    reader: R,
    head: Head,
    edge: Vec<TileRows>,
    kept: BTreeMap<TileId, TileRows>,
}

impl<R: TileReader> Tree<R> {
    /// Reads the edge of the tree under `head`.
    ///
    /// # Errors
    /// As [`Edge::load`].
    pub fn open(reader: R, head: &Head) -> Result<Self, TreeError<R::Error>> {
        let edge = Edge::load(&reader, head)?;
        Ok(Self {
            reader,
            head: *head,
            edge: edge.rows(),
            kept: BTreeMap::new(),
        })
    }

    /// The head under which the tree was opened.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The head that the tree had at an earlier size.
    ///
    /// # Errors
    /// A size over that of the tree; a tile that is missing or not what it was.
    pub fn head_at(&mut self, size: u64) -> Result<Head, TreeError<R::Error>> {
        self.has_size(size)?;
        let root = match size {
            0 => empty_root(),
            size => self.subtree(&(0..size))?,
        };
        Head::new(size, root).map_err(|_| TreeError::SizeBeyondTree {
            size,
            tree: self.head.size(),
        })
    }

    /// The hash of a leaf.
    ///
    /// # Errors
    /// No such leaf; a tile that is missing or not what it was.
    pub fn leaf_hash(&mut self, index: u64) -> Result<Hash, TreeError<R::Error>> {
        self.has_leaf(index, self.head.size())?;
        self.node(0, index)
    }

    /// The inclusion path of a leaf in the tree as it was at `size` leaves.
    ///
    /// # Errors
    /// No such leaf at that size; a tile that is missing or not what it was.
    pub fn inclusion_path(
        &mut self,
        index: u64,
        size: u64,
    ) -> Result<Vec<Hash>, TreeError<R::Error>> {
        self.has_size(size)?;
        self.has_leaf(index, size)?;
        walk::inclusion(index, size)
            .iter()
            .map(|sibling| self.subtree(sibling))
            .collect()
    }

    /// The consistency path from the tree at `old_size` leaves to the tree at `new_size`; empty from
    /// 0 leaves, as from any size to itself.
    ///
    /// # Errors
    /// Sizes in the wrong order or over that of the tree; a tile that is missing or not what it was.
    pub fn consistency_path(
        &mut self,
        old_size: u64,
        new_size: u64,
    ) -> Result<Vec<Hash>, TreeError<R::Error>> {
        self.has_size(new_size)?;
        if old_size > new_size {
            return Err(TreeError::SizeBeyondTree {
                size: old_size,
                tree: new_size,
            });
        }
        if old_size == 0 {
            return Ok(Vec::new());
        }
        let shape = walk::consistency(old_size, new_size);
        shape
            .seed
            .iter()
            .chain(&shape.siblings)
            .map(|subtree| self.subtree(subtree))
            .collect()
    }

    /// Reads a stored bundle of entries and checks that each has its hash in this tree.
    ///
    /// # Errors
    /// A bundle that is malformed; an entry that is not the leaf at its index.
    pub fn check_entries<'b>(
        &mut self,
        id: BundleId,
        bytes: &'b [u8],
    ) -> Result<Vec<&'b [u8]>, TreeError<R::Error>> {
        let entries = bundle::decode(id, bytes)?;
        let first = id.tile().index().saturating_mul(u64::from(TILE_HASHES));
        for (index, entry) in (first..).zip(&entries) {
            if self.leaf_hash(index)? != crate::hash::leaf_hash(entry) {
                return Err(TreeError::LeafIsAnother { index });
            }
        }
        Ok(entries)
    }

    /// The root over a range of leaves that the recursions of RFC 6962 name.
    fn subtree(&mut self, leaves: &Leaves) -> Result<Hash, TreeError<R::Error>> {
        let mut root: Option<Hash> = None;
        for (height, place) in walk::complete_subtrees(leaves).rev() {
            let node = self.node(height, place)?;
            root = Some(root.map_or(node, |right| node_hash(&node, &right)));
        }
        root.ok_or(TreeError::SizeBeyondTree {
            size: leaves.end,
            tree: self.head.size(),
        })
    }

    /// The root of the `place`-th complete subtree of `2^height` leaves.
    fn node(&mut self, height: u32, place: u64) -> Result<Hash, TreeError<R::Error>> {
        let beyond = TreeError::SizeBeyondTree {
            size: place.saturating_add(1).saturating_mul(1 << height),
            tree: self.head.size(),
        };
        let (level, row) = (height / TILE_HEIGHT, height % TILE_HEIGHT);
        let tile = place >> (TILE_HEIGHT - row);
        let (Ok(level), Ok(place)) = (
            u8::try_from(level),
            usize::try_from(place - (tile << (TILE_HEIGHT - row))),
        ) else {
            return Err(beyond);
        };
        let rows = if tile < full_tiles(self.head.size(), level) {
            let Ok(id) = TileId::new(level, tile, TILE_HASHES) else {
                return Err(beyond);
            };
            Some(self.full_tile(id)?)
        } else {
            self.edge.get(usize::from(level))
        };
        rows.and_then(|rows| rows.get(row, place))
            .copied()
            .ok_or(beyond)
    }

    /// A full tile, checked against its hash one level up; so are the tiles above, up to the edge.
    fn full_tile(&mut self, id: TileId) -> Result<&TileRows, TreeError<R::Error>> {
        if !self.kept.contains_key(&id) {
            let expected = self.node(TILE_HEIGHT * (u32::from(id.level()) + 1), id.index())?;
            let tile = read_tile(&self.reader, id)?.ok_or(TreeError::TileMissing { tile: id })?;
            let rows = TileRows::new(&tile.hashes);
            if rows.get(TILE_HEIGHT, 0) != Some(&expected) {
                return Err(TreeError::TileIsAnother { tile: id });
            }
            if self.kept.len() >= TILES_KEPT_MAX {
                self.kept.clear();
            }
            self.kept.insert(id, rows);
        }
        self.kept
            .get(&id)
            .ok_or(TreeError::TileMissing { tile: id })
    }

    fn has_size(&self, size: u64) -> Result<(), TreeError<R::Error>> {
        if size > self.head.size() {
            return Err(TreeError::SizeBeyondTree {
                size,
                tree: self.head.size(),
            });
        }
        Ok(())
    }

    fn has_leaf(&self, index: u64, size: u64) -> Result<(), TreeError<R::Error>> {
        if index >= size {
            return Err(TreeError::IndexBeyondTree { index, tree: size });
        }
        Ok(())
    }
}

pub(crate) fn read_tile<R: TileReader>(
    reader: &R,
    id: TileId,
) -> Result<Option<Tile>, TreeError<R::Error>> {
    let bytes = reader
        .read_tile(id)
        .map_err(|source| TreeError::Read { tile: id, source })?;
    let tile = bytes.map(|bytes| Tile::from_bytes(id, &bytes)).transpose();
    tile.map_err(|length| TreeError::TileLength {
        tile: id,
        bytes: length.bytes,
    })
}

/// Why a stored tree cannot be read as the tree under its head. `E` is the reader's error.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TreeError<E: Error + 'static> {
    /// The storage failed.
    #[error("{tile} could not be read")]
    Read {
        /// Which tile.
        tile: TileId,
        /// Why.
        source: E,
    },
    /// There is no such tile, although the tree has it.
    #[error("{tile} is missing")]
    TileMissing {
        /// Which tile.
        tile: TileId,
    },
    /// A tile is cut off, or longer than it may be.
    #[error("{tile} has {bytes} bytes")]
    TileLength {
        /// Which tile.
        tile: TileId,
        /// Its length in bytes.
        bytes: usize,
    },
    /// A tile holds other hashes than the tree has there.
    #[error("{tile} holds other hashes than the tree has there")]
    TileIsAnother {
        /// Which tile.
        tile: TileId,
    },
    /// The partial tiles have another root than the head: one of them, or the head, is wrong.
    #[error(
        "the root over {} is not that of the head of {size} leaves",
        listed(tiles)
    )]
    EdgeIsAnother {
        /// Leaves of the head.
        size: u64,
        /// The partial tiles.
        tiles: Vec<TileId>,
    },
    /// A stored entry is not the leaf that the tree has at its index.
    #[error("the entry at {index} is not the leaf that the tree has there")]
    LeafIsAnother {
        /// Which leaf.
        index: u64,
    },
    /// Fewer or more entries were read back than appended.
    #[error("{found} entries read back of {expected}")]
    LeavesMissing {
        /// Entries appended.
        expected: usize,
        /// Entries read back.
        found: usize,
    },
    /// A stored bundle of entries is malformed.
    #[error(transparent)]
    Bundle(#[from] bundle::BundleError),
    /// A size that the tree has not reached.
    #[error("the tree has {tree} leaves, not {size}")]
    SizeBeyondTree {
        /// The size asked for.
        size: u64,
        /// Leaves of the tree.
        tree: u64,
    },
    /// A leaf that the tree does not have.
    #[error("there is no leaf {index} in a tree of {tree}")]
    IndexBeyondTree {
        /// The index asked for.
        index: u64,
        /// Leaves of the tree.
        tree: u64,
    },
}

fn listed(tiles: &[TileId]) -> String {
    let paths: Vec<String> = tiles.iter().map(TileId::to_string).collect();
    paths.join(", ")
}

impl<E: Error + 'static> TreeError<E> {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "tile-read",
            Self::TileMissing { .. } => "tile-missing",
            Self::TileLength { .. } => "tile-length",
            Self::TileIsAnother { .. } => "tile-is-another",
            Self::EdgeIsAnother { .. } => "edge-is-another",
            Self::LeafIsAnother { .. } => "leaf-is-another",
            Self::LeavesMissing { .. } => "leaves-missing",
            Self::Bundle(error) => error.code(),
            Self::SizeBeyondTree { .. } => "size-beyond-tree",
            Self::IndexBeyondTree { .. } => "index-beyond-tree",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::SizeBeyondTree { .. } | Self::IndexBeyondTree { .. } => Fault::Us,
            _ => Fault::Machine,
        }
    }
}
