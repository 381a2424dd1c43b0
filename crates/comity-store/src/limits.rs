//! Every limit of this crate: value, unit, reason. None of them is part of the protocol.

/// In bytes. What a segment is preallocated to: some thousands of frames, and little to lose by the
/// start of a new one at each opening (the rest is given back). A larger frame gets a larger segment.
pub const SEGMENT_BYTES: u32 = 4 * 1_048_576;

/// In bytes. The body of one frame: four times the largest exchange (4 MiB), so that no roster that a
/// peer can send is too large to be kept.
pub const BODY_BYTES_MAX: usize = 16 * 1_048_576;

/// In bytes. Frames staged and not committed: they are held in memory, and are read back once.
pub const BATCH_BYTES_MAX: usize = 64 * 1_048_576;

/// In bytes. Free space below which nothing more is taken: the largest batch with its segment and
/// tiles, and as much again, so that the end of the disk is never met in the middle of a batch.
pub const FREE_BYTES_MIN: u64 = 160 * 1_048_576;

/// In count. Data keys held unwrapped, some 100 bytes each; when they are more, all are dropped and
/// read again as they are needed.
pub const KEYS_KEPT_MAX: usize = 1_024;

/// In count. Segments whose index is kept in memory, some 50 kB each: enough for whoever reads records in order, and
/// for an audit beside it.
pub const INDEXES_KEPT_MAX: usize = 8;

/// In count. Leaves that are hashed at a time when a log is checked: some megabytes.
pub const FSCK_LEAVES: usize = 4_096;

/// In count. What is wrong is named so often, and counted after that: a disk that is lost as a whole has millions.
pub const DAMAGES_NAMED_MAX: usize = 1_000;

/// In bytes. A value of a view. sled keeps larger ones in files of their own, which it never syncs:
/// after a power cut its opening panics (measured).
pub const VIEW_VALUE_BYTES_MAX: usize = 4_096;

/// In bytes. A key of a view: ids, codes, times. Longer ones hold something that does not belong there.
pub const VIEW_KEY_BYTES_MAX: usize = 512;

/// In bytes. What sled may keep of the views in memory; by its own count, which is low. With 100,000 rows
/// of 120 bytes a process takes some 30 MB whatever this is (measured), so there is no use in more.
pub const VIEW_CACHE_BYTES: u64 = 2 * 1_048_576;

/// In ms. How long to wait before the views are opened once more that this process is still closing.
pub const VIEWS_LOCK_WAIT_MS: u64 = 10;

/// How often: two seconds; closing takes some milliseconds.
pub const VIEWS_LOCK_TRIES_MAX: u32 = 200;

/// In bytes. One block of rows that an auditor keeps: a page of an audit, which is at most 1 MiB, and its framing.
pub const AUDIT_BLOCK_BYTES_MAX: usize = 2 * 1_048_576;

/// In bytes. What a part of a scratch file collects in memory before it is written: 128 parts of two logs at a time
/// take 8 MiB.
pub const SCRATCH_CHUNK_BYTES: usize = 32 * 1_024;
