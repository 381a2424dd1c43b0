//! The leaf of a log, as a peer's receipt or an audit brings it.

#![no_main]

use comity_wire::leaf::Leaf;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(leaf) = Leaf::decode(bytes) {
        assert_eq!(leaf.encode(), bytes, "two encodings of one leaf");
    }
});
