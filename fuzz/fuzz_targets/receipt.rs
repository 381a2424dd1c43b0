//! Receipts of both sorts and a refusal, as the recipient of a statement sends them or a log gives them.

#![no_main]

use comity_fuzz::agree;
use comity_log::hash::Hash;
use comity_log::{consistency, receipts};
use comity_testkit::federation::key;
use comity_wire::consistency::ConsistencyReceipt;
use comity_wire::receipt::Receipt;
use comity_wire::refusal::Refusal;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let key = key("log", 1).verifying_key();
    if let Some(receipt) = agree(bytes, Receipt::read, Receipt::encode) {
        assert_eq!(receipt.leaf().index, receipt.proof().leaf_index);
        let _ = receipts::verify(&receipt, &key);
    }
    if let Some(receipt) = agree(bytes, ConsistencyReceipt::read, ConsistencyReceipt::encode) {
        let _ = consistency::verify(&receipt, &Hash::of(b"older"), &key);
    }
    if let Some(refusal) = agree(bytes, Refusal::read, |refusal| refusal.bytes().to_vec()) {
        let _ = refusal.verify(&key);
    }
});
