//! From the records of several members' logs to who answered what, how fast, and
//! what is missing. Pure: bytes, heads and times come in; there is no clock, no
//! I/O and no network.
//!
//! ```text
//! rights     who may read which records of whose log
//! verifier   rows of one log, one after the other -> records that are under its signed head
//!            range, bounds, rosters: root, times, rosters
//! verify     the same, all rows in memory
//! matching   records of several logs -> each statement with both sides' records; what is missing
//!            contradiction, lateness: of the statements of a case; rules: what decides it
//! courses    statements of one case -> its requests, and where each step stands
//! times      matched statements -> response times, per clock and step
//!
//! evidence   of a fork or of two rosters: what it proves
//! policy     the quorum of the charter, in the format of tlog-policy
//! witnessed  a checkpoint -> who has cosigned it, and what the quorum lacks
//!
//! finding    what can be wrong, with a stable code
//! notice     what goes to its subject for reply
//! limits     how much clocks may differ, how long a receipt may take
//! ```
//!
//! What one log says was sent must be in the other's: what is missing is a
//! [`Finding`], and what is unanswered is counted as open, never averaged away.
//! Two members who collude can hide a statement between them.

pub mod bounds;
mod contradiction;
pub mod courses;
pub mod evidence;
pub mod finding;
mod lateness;
pub mod limits;
pub mod matching;
pub mod notice;
pub mod policy;
pub mod range;
pub mod rights;
pub mod rosters;
pub mod rules;
pub mod times;
pub mod verifier;
pub mod verify;
pub mod witnessed;

pub use bounds::{Bound, Bounds};
pub use evidence::{Contradiction, NotProven};
pub use finding::{Finding, Found};
pub use matching::{
    CaseMatched, CaseVisitor, Mark, Matched, MatchedStatement, match_logs, visit_cases,
    visit_cases_by,
};
pub use policy::{OutsideWitness, policy_for};
pub use rights::{NoMandate, Reader, Right, may_read};
pub use rosters::Rosters;
pub use rules::Rules;
pub use times::{ResponseTimes, Row, response_times, response_times_to};
pub use verifier::{Known, Verified, Verifier};
pub use verify::{LogRecords, LogShown, Pulled, verify};
pub use witnessed::{Witnessed, witnessed};
