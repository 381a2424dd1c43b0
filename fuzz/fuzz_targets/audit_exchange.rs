//! What an auditor asks and is answered, framing only.

#![no_main]

use comity_fuzz::agree;
use comity_wire::audit_exchange::{AuditReply, AuditRequest};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    agree(bytes, AuditRequest::decode, AuditRequest::encode);
    agree(bytes, AuditReply::decode, AuditReply::encode);
});
