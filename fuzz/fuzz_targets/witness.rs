//! A request to cosign, from its bytes to the decision.

#![no_main]

use comity_fuzz::agree;
use comity_log::add_checkpoint::Request;
use comity_log::witness::{Decision, decide};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(request) = agree(bytes, Request::parse, |request| request.to_string().into()) {
        match decide(None, &request, 1_772_452_800) {
            Decision::Accept(_) => unreachable!("of an origin that is not known"),
            Decision::Refuse(refusal) => assert!((400..500).contains(&refusal.status())),
        }
    }
});
