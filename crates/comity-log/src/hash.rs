//! The three hashes of an RFC 6962 tree (section 2.1): of a leaf, of two nodes, of nothing.
//!
//! A leaf and a node start with different bytes, so that nobody can present the one as the other.

pub use comity_wire::ids::Hash;

/// SHA-256 of `0x00` and the bytes of the leaf.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash::of_parts(&[&[LEAF_PREFIX], leaf])
}

/// SHA-256 of `0x01`, the left child and the right child.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of_parts(&[&[NODE_PREFIX], left.as_bytes(), right.as_bytes()])
}

/// The root of the tree without leaves: SHA-256 of no bytes.
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

const LEAF_PREFIX: u8 = 0;
const NODE_PREFIX: u8 = 1;
