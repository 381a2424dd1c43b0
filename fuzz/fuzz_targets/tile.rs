//! What a disk or a peer gives for a tile or an entry bundle.

#![no_main]

use comity_fuzz::agree;
use comity_log::bundle;
use comity_log::tile::{BundleId, TilePath};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let path = |bytes: &[u8]| {
        text(bytes)
            .and_then(|text| text.parse::<TilePath>().ok())
            .ok_or(())
    };
    agree(bytes, path, |path| path.to_string().into());
    for width in [1, 2, 255, 256] {
        let Ok(id) = BundleId::new(0, width) else {
            continue;
        };
        if let Ok(entries) = bundle::decode(id, bytes) {
            assert_eq!(entries.len(), usize::from(width));
            assert_eq!(bundle::encode(&entries).ok().as_deref(), Some(bytes));
        }
    }
});
