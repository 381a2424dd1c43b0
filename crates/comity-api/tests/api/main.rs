//! The API and the console over a fake desk, asked as programs and browsers ask.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod canary;
mod console;
mod fake;
mod gates;
mod public;
mod served;
mod talk;
mod v1;
