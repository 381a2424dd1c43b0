//! Legal clocks: how long the law gives, from what, in whose calendar.
//!
//! ```text
//! protocol-spec/clocks/*.toml  --cargo xtask spec-->  published    every clock that this version knows
//!
//! charter: clocks in force ---\
//! request: claims, grounds ----> choose   which of them run in a case, and which do not, and why
//! recipient: jurisdictions ---/
//!
//! start, pauses ---------------> period   when it is due: elapsed time, or a span of a calendar
//! ```
//!
//! What starts and what ends a clock in a case is found by `comity-case`, which knows
//! the statements. Here is no statement, no clock of the machine and no file; the
//! time zones are compiled in.
//!
//! **A published clock never changes its meaning.** When the law changes, the old one
//! gets a last day and the new one another id: what a charter of last year says can be
//! computed for ever.

pub mod choose;
pub mod clock;
pub mod period;
pub mod published;

pub use choose::{By, Chosen, Opening, Why, choose};
pub use clock::{Clock, End, Mark, Place, Questions, Sort, Start, find};
pub use period::{Due, Effect, Pause, Period, due};
