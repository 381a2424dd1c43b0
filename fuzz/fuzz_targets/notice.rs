//! What else is signed: sequence numbers of an audit, a restored log.

#![no_main]

use comity_testkit::federation::key;
use comity_wire::notice::{Restored, Sequences, SignedNotice};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let key = key("statement", 1).verifying_key();
    if let Ok(sequences) = SignedNotice::<Sequences>::read(bytes) {
        let _ = sequences.verify(&key);
        assert!(
            SignedNotice::<Restored>::read(bytes).is_err(),
            "one object of two types"
        );
    }
    if let Ok(restored) = SignedNotice::<Restored>::read(bytes) {
        let _ = restored.verify(&key);
    }
});
