//! The specification of Comity as data, and what is made from it.
//!
//! `registries/*.toml` own every list of codes and limits; `comity.cddl` owns
//! every structure; `clocks/*.toml` own the legal clocks. [`generate`] turns the lists into Rust, into the choices of
//! the CDDL and into tables for people, so that no list is written twice:
//!
//! ```text
//! taxonomy/**/*.toml -> taxonomy -> rust, turtle, tables, and registries
//! registries/*.toml -> registry -> generate -> comity.cddl (between its marks)
//!                                           -> registries.md
//!                                           -> crates/*/src/{registry,limits,concurrent}.rs
//! clocks/*.toml     -> clocks   -> generate -> crates/comity-clocks/src/published.rs
//! all of them                   -> pages    -> tables in pages that people write
//! ```

pub mod clocks;
pub mod generate;
pub mod pages;
pub mod registry;
pub mod taxonomy;

use std::path::PathBuf;

/// The folder of the specification.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of `comity.cddl`.
///
/// # Errors
/// When the file cannot be read.
pub fn cddl() -> std::io::Result<String> {
    std::fs::read_to_string(root().join("comity.cddl"))
}
