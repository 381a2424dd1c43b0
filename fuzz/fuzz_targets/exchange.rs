//! The framing of an exchange and of a redelivery, both ways.

#![no_main]

use comity_fuzz::agree;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, RedeliverReply, RedeliverRequest};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    agree(bytes, ExchangeRequest::decode, ExchangeRequest::encode);
    agree(bytes, RedeliverRequest::decode, RedeliverRequest::encode);
    agree(bytes, RedeliverReply::decode, RedeliverReply::encode);
    for asked in [1, 2, 3] {
        if let Some(reply) = agree(
            bytes,
            |bytes| ExchangeReply::decode(bytes, asked),
            ExchangeReply::encode,
        ) {
            assert_eq!(reply.2.len(), asked, "one result for each statement");
        }
    }
});
