//! A file that is said to prove a fork.

#![no_main]

use comity_fuzz::agree;
use comity_log::evidence::Evidence;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    agree(bytes, Evidence::parse, Evidence::to_bytes);
});
