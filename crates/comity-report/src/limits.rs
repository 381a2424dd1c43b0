//! Every limit of this crate: value, unit, reason.

/// Bins for each power of ten of time: fine enough to see a hump, coarse enough to be full.
pub const BINS_PER_DECADE: u32 = 6;

/// Recipients with a page of their own; more are in the tables only. A file of more is not read.
pub const PAGES_MAX: usize = 100;

/// Weeks of a trend: five years. Older ones are in the tables only.
pub const WEEKS_MAX: usize = 260;

/// Groups of one report. More are a mistake in asking, and no table that anybody reads.
pub const GROUPS_MAX: usize = 10_000;

/// Categories of one dimension of public figures: the table of protection grows with their product with the answers.
pub const CATEGORIES_MAX: usize = 64;

/// Values that must lie on each side of a published percentile, in multiples of the charter's `small_cell`.
pub const PERCENTILE_SIDES: u64 = 1;
