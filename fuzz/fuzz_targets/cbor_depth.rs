//! The scan that stands before every decoder: bounded, and blind to what follows
//! the first item.

#![no_main]

use comity_wire::cbor::depth;
use comity_wire::limits::DEPTH_MAX;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let deep = depth(bytes);
    assert!(deep <= DEPTH_MAX + 1 && deep <= bytes.len());
    let wrapped = [&[0x81], bytes].concat();
    if !bytes.is_empty() {
        assert_eq!(depth(&wrapped), (deep + 1).min(DEPTH_MAX + 1));
    }
});
