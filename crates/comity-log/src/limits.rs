//! Every limit of this crate: value, unit, reason.
// Made from protocol-spec/registries by `cargo xtask spec`. Do not edit by hand.

/// In index. Leaves in one tree: what a size or an index may be in any structure. No proof within such a tree is longer than 54 hashes.
pub const TREE_LEAVES_MAX: u64 = comity_wire::limits::INTEGER_MAX;

/// In bytes. The length of a leaf is two bytes in an entry bundle.
pub const LEAF_BYTES_MAX: usize = comity_wire::limits::LEAF_BYTES_MAX;

/// In count. Leaves of one append: bounds the memory and the tiles of one commit (some 2 MiB of hashes).
pub const BATCH_LEAVES_MAX: usize = 65_536;

/// In count. Hashes in a full tile, entries in a full bundle: fixed by `tlog-tiles`.
pub const TILE_HASHES: u16 = 256;

/// In levels. The highest level at which a tree of that size has a tile: the next one takes 2^56 leaves.
pub const TILE_LEVEL_MAX: u8 = 6;

/// In bytes. The longest path of a tile that such a tree has is 42 bytes.
pub const TILE_PATH_BYTES_MAX: usize = 64;

/// In count. Verified tiles that a tree keeps in memory: some 1 MiB, and more than the proofs of one batch touch.
pub const TILES_KEPT_MAX: usize = 64;

/// In count. What `tlog-witness` allows in a proof. No tree here needs as many.
pub const PROOF_HASHES_MAX: usize = 63;

/// In bytes. Verifiers must accept 16 signatures; of the largest assigned kind they take some 110 kB.
pub const NOTE_BYTES_MAX: usize = 131_072;

/// In count. Four times what every verifier must accept, so that a note costs no more than 64 signature checks.
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// In bytes. ML-DSA cosignatures give the length of a key's name one byte.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// In bytes. The longest name and an ML-DSA-44 key fit.
pub const VERIFIER_KEY_BYTES_MAX: usize = 4_096;

/// In s since 1970. `tlog-cosignature` forbids more than 2^63 - 1.
pub const COSIGNATURE_TIME_MAX: u64 = 9_223_372_036_854_775_807;

/// In bytes. The lines of an add-checkpoint request before the checkpoint, and the longest note.
pub const ADD_CHECKPOINT_BYTES_MAX: usize = 135_168;

/// In bytes. A policy of a thousand witnesses, with names and addresses.
pub const POLICY_BYTES_MAX: usize = 1_048_576;

/// In count. Lines of a policy that say something: far more than the 32 logs, witnesses and groups that every verifier takes.
pub const POLICY_LINES_MAX: usize = 4_096;

/// In bytes. The `extra` line of a `tlog-proof` is not authenticated, so little of it is carried.
pub const PROOF_EXTRA_BYTES_MAX: usize = 4_096;

/// In bytes. A `tlog-proof`: extra data, 63 hashes and the longest note.
pub const PROOF_BYTES_MAX: usize = 143_360;

/// In bytes. A checkpoint within fork evidence: as in an exchange.
pub const EVIDENCE_CHECKPOINT_BYTES_MAX: usize = comity_wire::limits::CHECKPOINT_BYTES_MAX;

/// In bytes. Fork evidence: two leaves, two checkpoints, two paths of 63 hashes.
pub const EVIDENCE_BYTES_MAX: usize = 172_030;
