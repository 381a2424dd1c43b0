//! Every limit of this crate: constant, unit, reason.

/// Leaves in one tree: what a size or an index may be in any structure. No proof within such a tree
/// is longer than 54 hashes.
pub const TREE_LEAVES_MAX: u64 = comity_wire::limits::INTEGER_MAX;

/// Bytes of one leaf: its length is two bytes in an entry bundle of `tlog-tiles`.
pub const LEAF_BYTES_MAX: usize = comity_wire::limits::LEAF_BYTES_MAX;

/// Leaves of one append: bounds the memory and the tiles of one commit (some 2 MiB of hashes).
pub const BATCH_LEAVES_MAX: usize = 65_536;

/// Hashes in a full tile, entries in a full bundle: fixed by `tlog-tiles`.
pub const TILE_HASHES: u16 = 256;

/// The highest level at which a tree of [`TREE_LEAVES_MAX`] leaves has a tile: the next one takes
/// 256^7 leaves, which is 2^56.
pub const TILE_LEVEL_MAX: u8 = 6;

/// Bytes of a tile's path. The longest that a tree of this size has is 42 bytes.
pub const TILE_PATH_BYTES_MAX: usize = 64;

/// Verified tiles that a [`Tree`](crate::tree::Tree) keeps: some 1 MiB, and more than the proofs
/// of one batch touch.
pub const TILES_KEPT_MAX: usize = 64;

/// Hashes in a proof of either sort: what `tlog-witness` allows. No tree here needs as many.
pub const PROOF_HASHES_MAX: usize = 63;

/// Bytes of a signed note. Verifiers must accept 16 signatures; the largest assigned kinds are
/// nearly 5 kB each before base64, so 16 of them take some 110 kB.
pub const NOTE_BYTES_MAX: usize = 131_072;

/// Signatures on a note: four times what every verifier must accept, so that a note costs no
/// more than 64 signature checks.
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// Bytes of a key's name: ML-DSA cosignatures give its length one byte.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// Bytes of a verifier key as text: the longest name and an ML-DSA-44 key fit.
pub const VERIFIER_KEY_BYTES_MAX: usize = 4_096;

/// Seconds since 1970 in a cosignature: `tlog-cosignature` forbids more than 2^63 - 1.
pub const COSIGNATURE_TIME_MAX: u64 = (1 << 63) - 1;

/// Bytes of an add-checkpoint request: its lines before the checkpoint, and the checkpoint.
pub const ADD_CHECKPOINT_BYTES_MAX: usize = 4_096 + NOTE_BYTES_MAX;

/// Bytes of the `extra` line's data in a `tlog-proof`: it is not authenticated, so little of it
/// is carried.
pub const PROOF_EXTRA_BYTES_MAX: usize = 4_096;

/// Bytes of a `tlog-proof`: extra data, 63 hashes and a checkpoint.
pub const PROOF_BYTES_MAX: usize = 12_288 + NOTE_BYTES_MAX;

/// Bytes of a checkpoint within fork evidence: as in an exchange.
pub const EVIDENCE_CHECKPOINT_BYTES_MAX: usize = comity_wire::limits::CHECKPOINT_BYTES_MAX;

/// Bytes of fork evidence: two leaves, two checkpoints, two paths of 63 hashes.
pub const EVIDENCE_BYTES_MAX: usize = 2 * (LEAF_BYTES_MAX + EVIDENCE_CHECKPOINT_BYTES_MAX) + 8_192;
