//! Every limit of this crate: value, unit, reason.

/// In bytes. What the packed vectors may unpack to: twice what they are meant to grow to.
pub const VECTORS_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Times that one request is sent when the target says `busy` or `over-quota`.
pub const ATTEMPTS_MAX: u32 = 4;

/// In ms. The longest wait before the next attempt, whatever the target asks for: a run has an end.
pub const RETRY_WAIT_MS_MAX: u64 = 5_000;

/// In ms. The wait when the target says `busy`, or nothing, and no time.
pub const RETRY_WAIT_MS: u64 = 1_000;
