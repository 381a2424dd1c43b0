//! How long anything may take before a test gives up. Generous: a busy machine with two cores must not fail a test.

use std::time::Duration;

/// For a line that a process should print, or for its end. Seconds.
pub const WAIT_MAX: Duration = Duration::from_secs(60);

/// For an answer of the HTTP API on loopback. Seconds.
pub const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Lines of one process that are kept. A process that prints more in a test is in a loop.
pub const LINES_MAX: usize = 200_000;

/// Bytes of an answer that are read: more than any page of the API has.
pub const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Bytes of one post of telemetry: more than the SDK sends at once.
pub const POST_BYTES_MAX: u64 = 64 * 1024 * 1024;
