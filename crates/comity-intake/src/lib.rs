//! Reports of other people's formats in, routes out.
//!
//! It is pure: bytes in, values out; no clock, no I/O, no randomness.
//!
//! ```text
//! bytes -> format          XARF 4 lines, or the table of hotlines' exchange software
//!       -> intake          a line or row at a time; the bad ones listed with line, field, code
//!          table           rows of a table, with their physical lines
//!          xarf            a line   -> Report     } each with the table of fields
//!          hotline_csv     a row    -> Report     }
//!          place, when, country, hosting, scheme  one field each
//!       -> report          one report in our words
//!       -> conflict        do two assessments of one locator contradict each other
//!       -> route           request, referral, act outside, no action, or a draft with the reason
//! ```
//!
//! What a report does not say is not guessed, and what is not needed is not carried:
//! names, free text, evidence, gender. `Debug` hides locators and references, and a
//! rejection never holds what stood in the file.

pub mod conflict;
mod country;
pub mod fault;
pub mod format;
pub mod hand;
pub mod hosting;
pub mod hotline_csv;
pub mod intake;
pub mod limits;
pub mod place;
pub mod report;
pub mod route;
pub mod scheme;
mod table;
mod when;
pub mod xarf;

pub use conflict::assessments_conflict;
pub use fault::{Fault, Rejected};
pub use format::Format;
pub use hand::ByHand;
pub use intake::{Intake, read};
pub use place::Host;
pub use report::{Disposition, Finding, Report, ReportKey, ReviewReason};
pub use route::{Outside, Route, RouteFacts, route};
