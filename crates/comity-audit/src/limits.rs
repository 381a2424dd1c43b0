//! Every limit of this crate: value, unit, reason.
// Made from protocol-spec/registries by `cargo xtask spec`. Do not edit by hand.

/// In ms. 5 minutes: by how much the clocks of two members may differ before their times contradict one another.
pub const CLOCK_SKEW_MS_MAX: u64 = 300_000;

/// In ms. An hour: a sender whose receipt was lost on the way has tried again by then.
pub const RECEIPT_WAIT_MS_MAX: u64 = 3_600_000;

/// In ms. A day: what is seen within it after it was said to be gone was not gone; what is seen later has come back, and is a round of its own.
pub const CONTRADICTION_MS_MAX: u64 = 86_400_000;

/// In ms. 14 days: time for people to look into what was found, before a report counts it as published.
pub const FINDING_REPLY_MS: u64 = 1_209_600_000;

/// In count. A log that breaks every rule must not cost a finding for each record; people read the first ones.
pub const FINDINGS_PER_LOG_MAX: usize = 1_000;
