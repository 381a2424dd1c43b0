//! Holds the formats to their definition, to published vectors and to a decoder
//! that is not ours.
//!
//! ```text
//! roundtrip        what is generated encodes, decodes to the same, and is valid under the CDDL
//! strict           every fault at every place of every object is refused, with the right code
//! second_decoder   the strict decoder against `minicbor`
//! hostile          flipped bits and arbitrary bytes
//! published        examples of the COSE working group and of RFC 8949
//! limits           each limit, at it and one over
//! privacy          what is planted in locators and texts is never shown
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod agreement;
mod hostile;
mod limits;
mod objects;
mod privacy;
mod published;
mod roundtrip;
mod second_decoder;
mod strict;
