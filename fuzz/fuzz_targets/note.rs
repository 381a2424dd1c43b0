//! Signed notes, checkpoints and their keys.

#![no_main]

use comity_fuzz::agree;
use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::key::VerifierKey;
use comity_log::note::Note;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    agree(bytes, Note::parse, |note| note.to_string().into());
    agree(bytes, UnverifiedCheckpoint::parse, |checkpoint| {
        checkpoint.to_string().into()
    });
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let key = |bytes: &[u8]| {
        text(bytes)
            .and_then(|text| text.parse::<VerifierKey>().ok())
            .ok_or(())
    };
    agree(bytes, key, |key| key.to_string().into());
});
