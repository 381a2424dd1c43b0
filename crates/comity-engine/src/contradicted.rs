//! What an auditor has on its own disk, made into evidence that anybody can check: a log has forked.
//!
//! ```text
//! the rows of one branch, and a signed head of another -> the path that joins them if the log had one tree
//! a row of one branch, and the same place in the other -> two leaves
//! ```
//! Nothing is asked of the log for the first: who has all leaves makes the path. It matters little how long that takes.

use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::edge::Edge;
use comity_log::evidence::{Evidence, LeafProof};
use comity_log::head::Head;
use comity_log::store::MemoryTiles;
use comity_log::tree::Tree;
use comity_wire::audit_exchange::AuditRecord;
use comity_wire::ids::Hash;
use comity_wire::leaf::Leaf;

use crate::kept::{damaged, rows_of};
use crate::ports::{AuditStore, Fault};

/// Two heads of one log, of which the rows up to `end` are the whole tree of the newer one. None: they go together, or
/// the rows are not that tree.
///
/// # Errors
/// The store.
pub(crate) fn by_rows(
    store: &dyn AuditStore,
    name: &Hash,
    end: u64,
    older: &VerifiedCheckpoint,
    newer: &VerifiedCheckpoint,
) -> Result<Option<Evidence>, Fault> {
    if older.head().size() == newer.head().size() {
        return Ok(Evidence::same_size(older, newer));
    }
    let (tiles, head) = tree_of(store, name, end)?;
    let unreadable = |error: &dyn std::fmt::Display| damaged(&error.to_string());
    let mut tree = Tree::open(&tiles, &head).map_err(|error| unreadable(&error))?;
    let (old, new) = (older.head(), newer.head());
    if new.size() > head.size() || old.size() == 0 || old.size() > new.size() {
        return Ok(None);
    }
    let head_at = tree.head_at(new.size());
    if head_at.map_err(|error| unreadable(&error))?.root() != new.root() {
        return Ok(None);
    }
    let own = tree
        .head_at(old.size())
        .map_err(|error| unreadable(&error))?;
    if own.root() == old.root() {
        return Ok(None);
    }
    let path = tree.consistency_path(old.size(), new.size());
    Ok(Some(Evidence::NoConsistency {
        older: older.to_unverified(),
        newer: newer.to_unverified(),
        old_root: *own.root(),
        path: path.map_err(|error| unreadable(&error))?,
    }))
}

/// Two rows of one place that are not the same, each under its head.
pub(crate) fn by_leaves(
    one: (&VerifiedCheckpoint, &[AuditRecord]),
    other: (&VerifiedCheckpoint, &[AuditRecord]),
) -> Option<Evidence> {
    let index_of = |row: &AuditRecord| Some(Leaf::decode(&row.0).ok()?.index);
    let proof = |row: &AuditRecord, head: &VerifiedCheckpoint| {
        Some(LeafProof {
            index: index_of(row)?,
            leaf: row.0.to_vec(),
            path: row.2.clone(),
            checkpoint: head.to_unverified(),
        })
    };
    one.1.iter().find_map(|row| {
        let mut others = other.1.iter();
        let twin = others.find(|twin| index_of(twin) == index_of(row) && twin.0 != row.0)?;
        let (one, other) = (proof(row, one.0)?, proof(twin, other.0)?);
        Some(Evidence::TwoLeaves(one, other))
    })
}

/// The rows of the last block, and the size of the head that they are under.
///
/// # Errors
/// The store.
pub(crate) fn last_rows(
    store: &dyn AuditStore,
    name: &Hash,
    end: u64,
) -> Result<Option<(u64, Vec<AuditRecord>)>, Fault> {
    let mut last = None;
    store.blocks(name, end, &mut |block| {
        last = Some(block);
        Ok(())
    })?;
    last.map(|block| rows_of(&block)).transpose()
}

/// Some 65 bytes of memory for each record; only if somebody has lied.
fn tree_of(store: &dyn AuditStore, name: &Hash, end: u64) -> Result<(MemoryTiles, Head), Fault> {
    let (mut tiles, mut edge) = (MemoryTiles::default(), Edge::empty());
    store.blocks(name, end, &mut |block| {
        let (_, rows) = rows_of(&block)?;
        let leaves: Vec<&[u8]> = rows.iter().map(|row| row.0.as_slice()).collect();
        let appended = edge.append(&leaves);
        let appended = appended.map_err(|error| damaged(&error.to_string()))?;
        let Ok(()) = appended.write(&mut tiles);
        let confirmed = appended.confirm(&tiles, &leaves);
        edge = confirmed.map_err(|error| damaged(&error.to_string()))?;
        Ok(())
    })?;
    let head = *edge.head();
    Ok((tiles, head))
}
