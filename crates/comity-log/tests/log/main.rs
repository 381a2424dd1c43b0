//! The log as others see it: published vectors, hostile bytes, and the failures that ended real logs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may stop at once"
)]

mod fixture;

mod appending;
mod checkpoints;
mod consistency;
mod forks;
mod known_answers;
mod notes;
mod policies;
mod proofs;
mod receipts;
mod strictness;
mod tiles;
mod witnessing;
