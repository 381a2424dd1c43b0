//! The body of each kind: the first byte chooses the kind.

#![no_main]

use comity_fuzz::agree;
use comity_wire::body::Body;
use comity_wire::limited::Limited as _;
use comity_wire::registry::Kind;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let kind = Kind::ALL[usize::from(*first) % Kind::ALL.len()];
    if let Some(body) = agree(bytes, |bytes| Body::decode(kind, bytes), Body::encode) {
        assert_eq!(body.kind(), kind);
        let _ = (
            body.is_coherent(),
            body.within_limits(),
            format!("{body:?}"),
        );
    }
});
