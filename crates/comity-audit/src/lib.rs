//! From the records of several members' logs to who answered what, how fast, and
//! what is missing. Pure: bytes, heads and times come in; there is no clock, no
//! I/O and no network.
//!
//! ```text
//! rights     who may read which records of whose log
//! verify     pages of one log -> records that are under its signed head
//! matching   several logs -> each statement with both sides' records; what is missing
//! times      matched statements -> response times, per clock and step
//!
//! finding    what can be wrong, with a stable code
//! limits     how much clocks may differ, how long a receipt may take
//! ```
//!
//! What one log says was sent must be in the other's: what is missing is a
//! [`Finding`], and what is unanswered is counted as open, never averaged away.
//! Two members who collude can hide a statement between them.

pub mod finding;
pub mod limits;
pub mod matching;
pub mod rights;
pub mod times;
pub mod verify;

pub use finding::{Finding, Found};
pub use matching::{
    CaseMatched, CaseVisitor, Mark, Matched, MatchedStatement, match_logs, visit_cases,
};
pub use rights::{NoMandate, Reader, Right, may_read};
pub use times::{ResponseTimes, Row, response_times, response_times_to};
pub use verify::{LogRecords, LogShown, Pulled, verify};
