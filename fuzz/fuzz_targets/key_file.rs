//! A key file that a person hands in.

#![no_main]

use comity_trust::key_file;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(key) = key_file::read(text) {
        let again = key_file::write(&key);
        assert_eq!(
            key_file::read(&again).map(|key| key.to_bytes()).ok(),
            Some(key.to_bytes())
        );
    }
});
