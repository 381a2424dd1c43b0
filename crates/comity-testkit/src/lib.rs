//! Fixtures for the tests of Comity: a federation with fixed keys, builders, generators.

pub mod arbitrary;
pub mod bodies;
pub mod cddl;
pub mod diag;
pub mod federation;
pub mod mutate;
#[cfg(feature = "engine")]
pub mod ports;
pub mod samples;
pub mod tree;
pub mod vectors;
