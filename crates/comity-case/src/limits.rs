//! Every limit of this crate: value, unit, reason.
// Made from protocol-spec/registries by `cargo xtask spec`. Do not edit by hand.

/// In count. Statements of one case: 128 items, several rounds.
pub const CASE_STATEMENTS_MAX: usize = 4_096;

/// In count. Parked statements of one party in one case.
pub const CASE_PARKED_MAX: usize = 256;
