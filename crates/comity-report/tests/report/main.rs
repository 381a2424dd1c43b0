//! Figures, computed by hand and by another way.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod figures;
mod fixture;
mod pages;
mod public;
mod sheets;
