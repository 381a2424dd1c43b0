//! The fold from outside: by rows, by every pair of kinds, by properties.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod deadlines;
mod next_moves;
mod pairs;
mod properties;
mod rules;
mod scene;
mod states;
