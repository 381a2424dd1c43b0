//! The way of a statement, one file for each stage.
//!
//! ```text
//! inbound     an exchange request, and the reply to it
//!   verify      outer form and signature, beside the thread
//!   authorise   federation, case id, time, roster, matrix, party
//!   record      leaf and facts: one batch, one sync
//!   receipt     the proof that goes back; and those that come back, checked
//!   apply       views, fold, and what follows from a statement
//!
//! intake      reports of the public -> drafts
//!   review      a second person
//!   say         a signed statement in the outbox
//!   outbox      one scheduler: offered, delivered, refused, expired
//!   relay       what the middle member passes on
//!
//! heads       what every log has shown to this node, and whether it goes together
//!   follow      the task that asks on: other members, the logs themselves; receipts up to a cosigned head
//!   quorum      whose cosignatures a head has
//! forks       evidence that a log or the governance contradicts itself: recorded, shown, handed on
//!
//! findings    a finding of an audit goes to its subject, and the reply comes back; tell: the task that carries them
//!
//! core        the one thread that writes; frame, tables, cases: what it holds
//! own_head    is this the newest state of the log? Asked before a start
//! node        the tasks around it; rosters, audit, pull, witness: the other protocols
//! closed      the logs before this one; restored, redeliver, missing: what a restore has lost, asked for, given, and still missing
//! kept        what an auditor knows of a log; inspect: verified and matched from its own disk; verdict: what is said of it;
//!             contradicted: the evidence that its rows give; proven: its records, for who is shown a report
//! desk        what people ask and are shown; work, show, deadlines, words behind it
//! ports       store, views, transport, clock: what the engine needs of the world
//! ```
//!
//! **Architecture Invariant:** nothing here names a network, a database or a file; the ports do.
//!
//! **Architecture Invariant:** nothing is answered before it is durable.

mod apply;
mod audit;
mod authorise;
mod cases;
pub mod clock;
mod closed;
mod contradicted;
mod core;
mod cosign;
mod deadlines;
pub mod desk;
pub mod error;
mod finding_quota;
mod findings;
mod follow;
mod forks;
pub mod frame;
mod heads;
mod inbound;
pub mod inspect;
pub mod intake;
pub mod kept;
mod lately;
pub mod limits;
mod listed;
mod missing;
pub mod node;
mod outbox;
mod outside;
pub mod own_head;
pub mod ports;
mod proven;
mod pull;
mod quorum;
mod random;
mod receipt;
mod record;
mod redeliver;
mod relay;
mod reports;
mod restored;
mod review;
mod rosters;
mod say;
mod show;
mod tables;
mod tell;
mod verdict;
mod verify;
mod witness;
mod words;
mod work;

pub use crate::core::{Identity, Policy};
pub use node::{Engine, Running, Start};
pub use outside::Outside;
pub use witness::{Witness, WitnessAnswer};
pub use words::{statement_words, status_code, status_words};
