//! Real nodes as processes, with real files and sockets, and what an operating system does to them.
//!
//! ```text
//! kill       killed a hundred times while people work
//! shutdown   told to stop while people work, once and twice
//! start      what a node refuses to start with
//! rosters    members that come and go while nodes run
//! outage     a recipient that is down
//! restored   an old copy of the data that is put back
//! disk       a disk that fails under a node that runs
//! reports    every form of a report, and what proves it
//! views      views deleted, garbled, cut
//! outside    a log that asks a witness from outside, and one that answers
//! public     log and witness over HTTP, for everybody
//! demo       four members in one process, as a new user meets them
//!
//! support    two members with two people each; what was acknowledged to them; logs read from the disk
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod demo;
mod disk;
mod kill;
mod outage;
mod outside;
mod public;
mod reports;
mod restored;
mod rosters;
mod shutdown;
mod start;
mod support;
mod views;
