//! Holds the formats to their definition, to published vectors and to a decoder
//! that is not ours.
//!
//! ```text
//! roundtrip   what is generated encodes, decodes to the same, and is valid under the CDDL
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod roundtrip;
