//! Leaf and facts of a record, as a peer's receipt or an audit brings them.

#![no_main]

use comity_fuzz::agree;
use comity_wire::leaf::{Facts, Leaf};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    agree(bytes, Leaf::decode, Leaf::encode);
    agree(bytes, Facts::decode, Facts::encode);
});
