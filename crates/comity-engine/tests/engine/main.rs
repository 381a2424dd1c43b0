//! The engine at its boundaries: what people and peers see of it, whatever disk and network do meanwhile.
//!
//! Every test runs whole engines in one process, on a clock that is set by hand. No test waits for time to pass.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod audits;
mod clocks;
mod delivery;
mod desk;
mod extensions;
mod findings;
mod forks;
mod heads;
mod hostile;
mod intake;
mod memory;
mod outside;
mod peer;
mod property;
mod receipts;
mod refusals;
mod relay;
mod reports;
mod restored;
mod rosters;
mod way;
mod witness;
