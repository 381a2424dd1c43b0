//! The right edge of a tree: its partial tiles, which is all that appending needs.
//!
//! ```text
//! Edge::load      read the edge of the stored tree, check it against the head
//! Edge::append    -> Appended: new tiles, new edge; nothing is changed yet
//! Appended::write    the tiles, to whoever keeps them; then the caller makes them durable
//! Appended::confirm  read back, compare, hash the leaves again -> the new Edge, whose head may be signed
//! ```
//! A log whose signed root and stored leaves differ by one bit is lost, so confirming is not optional:
//! it is the only way from `Appended` to the next `Edge`.

use thiserror::Error;

use crate::fault::Fault;
use crate::hash::{Hash, empty_root, leaf_hash, node_hash};
use crate::head::Head;
use crate::limits::{
    BATCH_LEAVES_MAX, LEAF_BYTES_MAX, TILE_HASHES, TILE_LEVEL_MAX, TREE_LEAVES_MAX,
};
use crate::store::{TileReader, TileWriter};
use crate::tile::{TILE_HEIGHT, Tile, TileId, TileRows};
use crate::tree::{TreeError, read_tile};
use crate::walk;

/// What stands right of the full tiles, at each level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    head: Head,
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of the tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            head: Head::empty(),
            levels: Vec::new(),
        }
    }

    /// Reads the partial tiles of the tree under `head` and checks that they have its root.
    ///
    /// # Errors
    /// A tile is missing, has a wrong length, cannot be read; the tiles have another root.
    pub fn load<R: TileReader>(reader: &R, head: &Head) -> Result<Self, TreeError<R::Error>> {
        let tiles = partial_tiles(head.size());
        let mut levels = Vec::new();
        for tile in &tiles {
            let level = usize::from(tile.level());
            levels.resize(level, Vec::new());
            levels.push(read_partial_tile(reader, *tile)?);
        }
        let root = root_of(&levels);
        if root != *head.root() {
            return Err(TreeError::EdgeIsAnother {
                size: head.size(),
                tiles,
            });
        }
        Ok(Self {
            head: *head,
            levels,
        })
    }

    /// The edge of the tree over the first `tiles` full tiles of leaves, made of full tiles alone: for whoever has lost
    /// the partial ones and appends the rest again.
    ///
    /// Nothing is checked against a head here, since none of that size need be known: what is appended has to lead to
    /// one that is.
    ///
    /// # Errors
    /// A tile is missing, has a wrong length, cannot be read; more tiles than a tree has.
    pub fn of_full_tiles<R: TileReader>(
        reader: &R,
        tiles: u64,
    ) -> Result<Self, TreeError<R::Error>> {
        let size = tiles.saturating_mul(u64::from(TILE_HASHES));
        let mut levels = vec![Vec::new()];
        for below in 0..TILE_LEVEL_MAX {
            let full = full_tiles(size, below);
            let first = full - full % u64::from(TILE_HASHES);
            let mut roots = Vec::new();
            for index in first..full {
                let beyond = TreeError::SizeBeyondTree {
                    size,
                    tree: TREE_LEAVES_MAX,
                };
                let id = TileId::new(below, index, TILE_HASHES).map_err(|_| beyond)?;
                let tile = read_tile(reader, id)?.ok_or(TreeError::TileMissing { tile: id })?;
                roots.extend(TileRows::new(&tile.hashes).get(TILE_HEIGHT, 0).copied());
            }
            levels.push(roots);
        }
        while levels.last().is_some_and(Vec::is_empty) {
            levels.pop();
        }
        let beyond = TreeError::SizeBeyondTree {
            size,
            tree: TREE_LEAVES_MAX,
        };
        let head = Head::new(size, root_of(&levels)).map_err(|_| beyond)?;
        Ok(Self { head, levels })
    }

    /// The head of the tree.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Appends leaves, in memory. The tree has them once what is returned is written and confirmed.
    ///
    /// # Errors
    /// No leaves, too many, a leaf too long, a tree too large.
    pub fn append<L: AsRef<[u8]>>(&self, leaves: &[L]) -> Result<Appended, AppendError> {
        if let Some(place) = leaves
            .iter()
            .position(|leaf| leaf.as_ref().len() > LEAF_BYTES_MAX)
        {
            return Err(AppendError::LeafTooLong { place });
        }
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf.as_ref())).collect();
        self.append_hashes(hashes)
    }

    /// As [`Edge::append`], for whoever has the hashes of the leaves already.
    ///
    /// # Errors
    /// No hashes, too many, a tree too large.
    pub fn append_hashes(&self, leaf_hashes: Vec<Hash>) -> Result<Appended, AppendError> {
        let added = leaf_hashes.len();
        if added == 0 {
            return Err(AppendError::NoLeaves);
        }
        if added > BATCH_LEAVES_MAX {
            return Err(AppendError::BatchOverLimit { leaves: added });
        }
        let size = u64::try_from(added)
            .ok()
            .and_then(|added| self.head.size().checked_add(added))
            .filter(|size| *size <= TREE_LEAVES_MAX)
            .ok_or(AppendError::TreeFull)?;

        let mut grown = Growth {
            size_before: self.head.size(),
            levels: self.levels.clone(),
            tiles: Vec::new(),
        };
        for hash in &leaf_hashes {
            grown.push(*hash);
        }
        let Growth { levels, tiles, .. } = grown.with_partial_tiles(size);
        let head = Head::new(size, root_of(&levels)).map_err(|_| AppendError::TreeFull)?;
        Ok(Appended {
            before: self.head,
            edge: Self { head, levels },
            leaf_hashes,
            tiles,
        })
    }

    pub(crate) fn rows(&self) -> Vec<TileRows> {
        self.levels
            .iter()
            .map(|hashes| TileRows::new(hashes))
            .collect()
    }
}

/// A batch appended in memory: the tiles to be written, and the edge after them.
#[derive(Clone, Debug)]
#[must_use = "the tree does not have these leaves until the tiles are written and confirmed"]
pub struct Appended {
    before: Head,
    edge: Edge,
    leaf_hashes: Vec<Hash>,
    tiles: Vec<Tile>,
}

impl Appended {
    /// The head on which the batch was built: what a compare-and-swap expects to find.
    #[must_use]
    pub fn before(&self) -> &Head {
        &self.before
    }

    /// The head with the batch. Not to be signed before [`Appended::confirm`].
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.edge.head
    }

    /// Index of the first leaf of the batch.
    #[must_use]
    pub fn first_index(&self) -> u64 {
        self.before.size()
    }

    /// The tiles that are new with this batch.
    #[must_use]
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Writes the new tiles.
    ///
    /// # Errors
    /// The writer's, at the first tile that could not be written. Stop, and load the edge anew.
    pub fn write<W: TileWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        self.tiles
            .iter()
            .try_for_each(|tile| writer.write_tile(tile.id(), &tile.to_bytes()))
    }

    /// Compares every tile as it was read back, hashes the leaves as they were read back, and checks
    /// the edge against the new root. Call it after the tiles and the leaves are durable.
    ///
    /// # Errors
    /// Names the tile or the leaf that is not what was appended.
    pub fn confirm<R: TileReader, L: AsRef<[u8]>>(
        self,
        reader: &R,
        leaves_read_back: &[L],
    ) -> Result<Edge, TreeError<R::Error>> {
        for tile in &self.tiles {
            if read_tile(reader, tile.id())?.as_ref() != Some(tile) {
                return Err(TreeError::TileIsAnother { tile: tile.id() });
            }
        }
        if leaves_read_back.len() != self.leaf_hashes.len() {
            return Err(TreeError::LeavesMissing {
                expected: self.leaf_hashes.len(),
                found: leaves_read_back.len(),
            });
        }
        let pairs = leaves_read_back.iter().zip(&self.leaf_hashes);
        for (index, (leaf, hash)) in (self.first_index()..).zip(pairs) {
            if leaf_hash(leaf.as_ref()) != *hash {
                return Err(TreeError::LeafIsAnother { index });
            }
        }
        Edge::load(reader, self.head())
    }
}

/// A tree while leaves are being pushed.
struct Growth {
    size_before: u64,
    levels: Vec<Vec<Hash>>,
    tiles: Vec<Tile>,
}

impl Growth {
    /// A full tile is put aside, and its root goes one level up.
    fn push(&mut self, leaf_hash: Hash) {
        let mut carried = Some(leaf_hash);
        let mut level = 0_u8;
        while let Some(hash) = carried.take() {
            if self.levels.len() <= usize::from(level) {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(usize::from(level)) else {
                return;
            };
            hashes.push(hash);
            if hashes.len() == usize::from(TILE_HASHES) {
                let hashes = std::mem::take(hashes);
                carried = TileRows::new(&hashes).get(TILE_HEIGHT, 0).copied();
                let index = self.full_tiles(level);
                let id = TileId::new(level, index, TILE_HASHES);
                self.tiles.extend(id.map(|id| Tile { id, hashes }));
                level = level.saturating_add(1);
            }
        }
    }

    /// Full tiles of a level so far: those of the old tree, and those made since.
    fn full_tiles(&self, level: u8) -> u64 {
        let before = full_tiles(self.size_before, level);
        let made = self.tiles.iter().filter(|tile| tile.id.level() == level);
        before.saturating_add(u64::try_from(made.count()).unwrap_or(u64::MAX))
    }

    /// What is left at the edge is written too, unless the old tree has that very tile.
    fn with_partial_tiles(mut self, size: u64) -> Self {
        let old = partial_tiles(self.size_before);
        for id in partial_tiles(size) {
            if let (false, Some(hashes)) =
                (old.contains(&id), self.levels.get(usize::from(id.level())))
            {
                let hashes = hashes.clone();
                self.tiles.push(Tile { id, hashes });
            }
        }
        self
    }
}

/// The partial tiles of a tree, from the leaves upwards.
fn partial_tiles(size: u64) -> Vec<TileId> {
    (0..=TILE_LEVEL_MAX)
        .filter_map(|level| {
            let width = hashes_of_level(size, level) % u64::from(TILE_HASHES);
            let width = u16::try_from(width).ok()?;
            TileId::new(level, full_tiles(size, level), width).ok()
        })
        .collect()
}

/// Full tiles of a level in a tree.
pub(crate) fn full_tiles(size: u64, level: u8) -> u64 {
    hashes_of_level(size, level) >> TILE_HEIGHT
}

/// Hashes of a level in a tree: one for each complete subtree of 256^level leaves.
fn hashes_of_level(size: u64, level: u8) -> u64 {
    size.checked_shr(TILE_HEIGHT * u32::from(level))
        .unwrap_or(0)
}

/// A partial tile may have been deleted after the full one was written: then its hashes are there.
fn read_partial_tile<R: TileReader>(
    reader: &R,
    id: TileId,
) -> Result<Vec<Hash>, TreeError<R::Error>> {
    let found = match read_tile(reader, id)? {
        Some(tile) => Some(tile),
        None => read_tile(reader, id.filled())?,
    };
    let mut hashes = found.ok_or(TreeError::TileMissing { tile: id })?.hashes;
    hashes.truncate(usize::from(id.width()));
    Ok(hashes)
}

/// The root over the complete subtrees at the edge, folded from the right: the smallest, which is
/// the lowest, comes first.
fn root_of(levels: &[Vec<Hash>]) -> Hash {
    let mut root: Option<Hash> = None;
    for hashes in levels {
        let rows = TileRows::new(hashes);
        let width = u64::try_from(hashes.len()).unwrap_or(u64::MAX);
        for (height, place) in walk::complete_subtrees(&(0..width)).rev() {
            let node = usize::try_from(place)
                .ok()
                .and_then(|place| rows.get(height, place));
            if let Some(node) = node {
                root = Some(root.map_or(*node, |right| node_hash(node, &right)));
            }
        }
    }
    root.unwrap_or_else(empty_root)
}

/// Why leaves cannot be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AppendError {
    /// An empty batch.
    #[error("a batch without leaves")]
    NoLeaves,
    /// More than [`BATCH_LEAVES_MAX`].
    #[error("a batch of {leaves} leaves is over the limit")]
    BatchOverLimit {
        /// Leaves in the batch.
        leaves: usize,
    },
    /// More than [`LEAF_BYTES_MAX`].
    #[error("leaf {place} of the batch is too long")]
    LeafTooLong {
        /// Place in the batch.
        place: usize,
    },
    /// More than [`TREE_LEAVES_MAX`].
    #[error("the tree is full")]
    TreeFull,
}

impl AppendError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoLeaves => "batch-empty",
            Self::BatchOverLimit { .. } => "batch-over-limit",
            Self::LeafTooLong { .. } => "leaf-too-long",
            Self::TreeFull => "tree-full",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Us
    }
}
