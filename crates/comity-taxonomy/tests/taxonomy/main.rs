//! The classification, from outside: its data keeps its promises, and no way through it adds a fact.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod composition;
mod data;
mod skos;
mod translation;
