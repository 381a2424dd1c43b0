//! Two members, their people, and what is known of them from outside.
//!
//! ```text
//! world    a hotline and a platform that owns a domain, in one roster
//! desk     one person at one node: what they ask for, and what was acknowledged
//! acts     a day's work: reports, requests, reviews, looks, answers
//! logs     the log of a stopped node, read without the node
//! alike    what both sides of every case must have alike
//! killed   the story of nodes that are killed while people work
//! random   numbers that are the same for the same seed
//! ```

pub(crate) mod acts;
pub(crate) mod alike;
pub(crate) mod desk;
pub(crate) mod killed;
pub(crate) mod logs;
pub(crate) mod random;
pub(crate) mod world;
