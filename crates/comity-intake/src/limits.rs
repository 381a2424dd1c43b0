//! Every limit of this crate: value, unit, reason. How long a locator, a name, a
//! reference or a code may be is `comity_wire::limits`.

/// In bytes. A hundred thousand reports; a larger export is split by who made it.
pub const INPUT_BYTES_MAX: usize = 67_108_864;

/// In bytes. One report. XARF lets evidence stand in the report, which is not read;
/// a report with a film in it is no metadata and is turned away.
pub const LINE_BYTES_MAX: usize = 1_048_576;

/// In bytes. One row of a table with a field of several lines: a memo, not a letter.
pub const RECORD_BYTES_MAX: usize = 65_536;

/// In lines. A quote that nobody closes takes no more than this with it, and
/// reading such a table costs no more than this often its length.
pub const RECORD_LINES_MAX: usize = 64;

/// In lines. How far is looked for what tells one format from the other.
pub const DETECT_LINES_MAX: usize = 16;

/// In years. Before it nothing was reported to a hotline on the web; 1970 and zero
/// stand for "no date" in many systems.
pub const YEAR_MIN: i16 = 1995;

/// In years. 9999 stands for "no date" too, and deadlines are added to these times.
pub const YEAR_MAX: i16 = 2199;

/// In parts of one. From here a score is `high`: no reasonable doubt.
pub const CONFIDENCE_HIGH_MIN: f64 = 0.9;

/// In parts of one. Above it a score is `medium`: more likely than not.
pub const CONFIDENCE_LOW_MAX: f64 = 0.5;
