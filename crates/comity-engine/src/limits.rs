//! Every limit of this crate: value, unit, reason.

/// Rows of one page of a list. A person reads less, and a program asks again.
pub const PAGE_ROWS_MAX: usize = 200;
