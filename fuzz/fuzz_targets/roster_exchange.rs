//! What is asked and answered about rosters, by peers that are not admitted too.

#![no_main]

use comity_fuzz::agree;
use comity_wire::roster_exchange::{RosterReply, RosterRequest};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    agree(bytes, RosterRequest::decode, RosterRequest::encode);
    agree(bytes, RosterReply::decode, RosterReply::encode);
});
