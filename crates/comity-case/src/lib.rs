//! The case state machine: statements in, state, deadlines and next moves out.
//!
//! A case is a conversation between exactly two parties. Each of them holds a
//! *set* of statements, and the state is a function of that set: it does not
//! depend on the order of arrival, on a clock, or on who computes it.
//!
//! ```text
//! Entry            what the fold reads of a statement
//!   -> Case        every entry is judged against its causal past alone (`rules`),
//!                  or parked until that past is here
//!   -> View        what stands when looked at from some causal past
//!   -> State       the view from everything: items, rounds, holds, disputes
//!   -> moves       what each party may do next: the same rules, asked the other way round
//!   -> clocks      deadlines: a function of the state, of record times and of now
//! ```
//!
//! **Legal is legal for ever.** A statement names everything it knows in `re`, and
//! is judged against the closure of that and nothing else. The closure is fixed by
//! hashes, so neither waiting nor a later arrival makes an illegal statement legal
//! or a legal one illegal. What two statements that did not know of one another
//! come to is settled by the table of concurrent pairs ([`concurrent`]).

pub mod case;
pub mod clocks;
pub mod concurrent;
pub mod entry;
pub mod limits;
pub mod moves;
pub mod registry;
pub mod rules;
pub mod state;
pub mod view;

pub use case::{Arrival, Case, Folded};
pub use clocks::{ClockRule, Deadline, deadlines};
pub use entry::{Entry, Party};
pub use moves::{Move, moves};
pub use registry::Forbidden;
pub use state::{ItemState, RoundState, State, Status};
pub use view::View;
