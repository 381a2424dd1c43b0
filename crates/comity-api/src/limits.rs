//! Every limit of this crate: value, unit, reason.

/// Bytes of a file of reports. A year of a large hotline's reports is below it; what is larger is sent in parts.
pub const IMPORT_BYTES_MAX: usize = 33_554_432;

/// Imports at once. Each holds its whole file in memory.
pub const IMPORTS_MAX: usize = 2;

/// Bytes of charters and rosters in hex. One roster of the largest size that a member takes, with room for more.
pub const ROSTERS_BYTES_MAX: usize = 16_777_216;

/// Bytes of any other JSON body. A request with as many items as a statement may hold is below it.
pub const JSON_BYTES_MAX: usize = 1_048_576;

/// Bytes of a form of the console. It holds a token or a number.
pub const FORM_BYTES_MAX: usize = 4_096;

/// Characters of the name of a file of reports: what file systems allow.
pub const FILE_NAME_CHARS_MAX: usize = 255;

/// Requests at once. More than the people and programs of one member ask for; beyond it, "try later" is the answer.
pub const REQUESTS_MAX: usize = 64;

/// Connections of the public at once. Members and auditors of one federation, and a web server before it, are fewer;
/// the rest wait to be accepted.
pub const PUBLIC_CONNECTIONS_MAX: usize = 64;

/// Seconds after which a connection of the public on which nothing is read is closed. Longer than
/// [`PUBLIC_SECONDS_MAX`], since nothing is read while an answer is made.
pub const PUBLIC_IDLE_SECONDS_MAX: u64 = 15;

/// Seconds that a connection of the public may last: who sends a byte now and then makes room as well.
pub const PUBLIC_LIFE_SECONDS_MAX: u64 = 120;

/// Requests of the public at once to log and witness; beyond it, "try later" is the answer.
pub const PUBLIC_REQUESTS_MAX: usize = 32;

/// Seconds that a request of the public may take, its body included: some kilobytes, and a write to the disk.
pub const PUBLIC_SECONDS_MAX: u64 = 10;

/// Connections at once. Browsers keep several open; the rest wait to be accepted.
pub const CONNECTIONS_MAX: usize = 256;

/// Seconds after which a connection on which nothing is read is closed. Longer than [`AUDIT_SECONDS_MAX`], since
/// nothing is read while an answer is made.
pub const IDLE_SECONDS_MAX: u64 = 330;

/// Seconds that a request may take, its body included. A large import on a slow disk is below it.
pub const REQUEST_SECONDS_MAX: u64 = 60;

/// Seconds that an audit may take: it asks every member, and some are slow.
pub const AUDIT_SECONDS_MAX: u64 = 300;

/// Seconds for requests in hand to end when the node stops.
pub const SHUTDOWN_SECONDS_MAX: u64 = 10;

/// Seconds after which a browser has to log in again, whatever was done: one shift.
pub const SESSION_SECONDS_MAX: u64 = 36_000;

/// Seconds without a page after which a browser has to log in again: a long break.
pub const SESSION_IDLE_SECONDS_MAX: u64 = 3_600;

/// Sessions at once. A login beyond it ends the one that was not used for longest.
pub const SESSIONS_MAX: usize = 256;

/// Rows of one page of a list in the console: what a person reads before the next page.
pub const CONSOLE_ROWS: usize = 50;

/// Seconds after which a program that heard "busy" may ask again.
pub const RETRY_AFTER_SECONDS: u64 = 1;
