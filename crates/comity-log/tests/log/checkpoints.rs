//! Checkpoints, and inclusion proofs as text files.

use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint};
use comity_log::cosignature;
use comity_log::hash::leaf_hash;
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::note::{Note, SignatureLine};
use comity_log::tlog_proof::TlogProof;

use crate::fixture::{
    TestLog, log_key, log_verifier, numbered, origin, sign, witness, witness_key, witness_verifier,
};

const EMPTY_ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

#[test]
fn a_checkpoint_has_one_form() {
    let origin = origin().to_string();
    let check = |text: String, code: Option<&str>| {
        let found = Checkpoint::parse_text(&text);
        assert_eq!(
            found.as_ref().err().map(|error| error.code()),
            code,
            "{text:?}"
        );
        if let Ok(found) = found {
            assert_eq!(found.to_string(), text);
        }
    };
    check(format!("{origin}\n5\n{ROOT}\n"), None);
    check(format!("{origin}\n9007199254740991\n{ROOT}\n"), None);
    check(format!("{origin}\n0\n{EMPTY_ROOT}\n"), None);

    check(format!("{origin}\n0\n{ROOT}\n"), Some("size-zero-root"));
    check(
        format!("{origin}\n9007199254740992\n{ROOT}\n"),
        Some("tree-size-over-limit"),
    );
    check(
        format!("{origin}\n18446744073709551616\n{ROOT}\n"),
        Some("checkpoint-size-format"),
    );
    for size in ["05", "+5", "-5", "", " 5", "5 ", "5.0", "0x5", "٥"] {
        check(
            format!("{origin}\n{size}\n{ROOT}\n"),
            Some("checkpoint-size-format"),
        );
    }
    let (unpadded, url_safe) = (ROOT.trim_end_matches('='), ROOT.replace('/', "_"));
    let stray_bits = ROOT.replace("I=", "J=");
    for root in [
        "",
        "AAAA",
        unpadded,
        &url_safe,
        &stray_bits,
        "=",
        &format!("{ROOT}="),
    ] {
        check(
            format!("{origin}\n5\n{root}\n"),
            Some("checkpoint-root-format"),
        );
    }
    check(
        format!("{origin}\n5\n{ROOT}\nextension\n"),
        Some("checkpoint-extension-line"),
    );
    check(
        format!("{origin}\n5\n{ROOT}\n\n"),
        Some("checkpoint-extension-line"),
    );
    check(format!("{origin}\n5\n{ROOT}"), Some("checkpoint-format"));
    check(format!("{origin}\n5\n"), Some("checkpoint-format"));
    check(String::new(), Some("checkpoint-format"));
    for origin in [
        "",
        "example.com/log",
        &format!("{origin}/"),
        &format!("{origin}0000000000"),
        &witness().to_string(),
    ] {
        check(format!("{origin}\n5\n{ROOT}\n"), Some("checkpoint-origin"));
    }
}

#[test]
fn a_checkpoint_is_worth_what_its_logs_key_signed() {
    let checkpoint = TestLog::of_size(5).checkpoint(5);
    let parsed = UnverifiedCheckpoint::parse(checkpoint.to_string().as_bytes()).unwrap();
    assert_eq!(parsed.verify(&log_verifier()).unwrap(), checkpoint);
    assert_eq!(parsed, checkpoint.to_unverified());

    let code = |key: &VerifierKey| parsed.verify(key).unwrap_err().code();
    let key =
        |name: &str, kind, key| VerifierKey::new(KeyName::new(name).unwrap(), kind, key).unwrap();
    let own = log_key().verifying_key();
    let name = origin().to_string();
    assert_eq!(
        code(&key(&name, KeyKind::Log, witness_key().verifying_key())),
        "note-not-signed"
    );
    // The key of the member's next log, of its witness, of another federation.
    assert_eq!(
        code(&key(&name.replace("/1", "/2"), KeyKind::Log, own)),
        "checkpoint-key-of-another"
    );
    assert_eq!(
        code(&key(&name, KeyKind::Witness, own)),
        "checkpoint-key-of-another"
    );
    assert_eq!(
        code(&key(&"0".repeat(64), KeyKind::Log, own)),
        "checkpoint-key-of-another"
    );
}

#[test]
fn a_checkpoint_of_one_log_under_the_key_of_another_is_refused() {
    // A note whose text speaks of log 2, validly signed under the name and key of log 1.
    let text = sign(TestLog::of_size(5).head())
        .note()
        .text()
        .replace("/1\n", "/2\n");
    let line = SignatureLine::sign(&KeyName::from(&origin()), &log_key(), &text);
    let note = Note::new(text, line).unwrap().to_string();
    let parsed = UnverifiedCheckpoint::parse(note.as_bytes()).unwrap();
    assert_eq!(
        parsed.verify(&log_verifier()).unwrap_err().code(),
        "checkpoint-key-of-another"
    );
}

/// Sunlight has the same test: whoever relays a checkpoint may add lines to it.
#[test]
fn a_forged_witness_line_does_not_get_into_what_is_stored() {
    let checkpoint = TestLog::of_size(5).checkpoint(5);
    let name = KeyName::from(&witness());
    let forged = cosignature::sign(&name, &witness_key(), "another text\n", 7).unwrap();
    let note = checkpoint.note().clone().with(forged).unwrap();

    let parsed = UnverifiedCheckpoint::parse(note.to_string().as_bytes()).unwrap();
    assert_eq!(parsed.verify(&log_verifier()).unwrap(), checkpoint);
    // Whoever trusts the witness as well sees that something is wrong.
    let both = [log_verifier(), witness_verifier()];
    assert_eq!(
        parsed.note().verify(&both).unwrap_err().code(),
        "note-signature-invalid"
    );
}

#[test]
fn a_proof_as_a_text_file_is_checked_offline() {
    let log = TestLog::of_size(300);
    let proof = TlogProof {
        extra: None,
        index: 257,
        path: log.tree().inclusion_path(257, 300).unwrap(),
        checkpoint: log.checkpoint(300).to_unverified(),
    };
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 257\n"));
    let read = TlogProof::parse(text.as_bytes()).unwrap();
    assert_eq!(read, proof);
    assert!(
        read.verify(&leaf_hash(&numbered(257)), &log_verifier())
            .is_ok()
    );

    let code = |proof: &TlogProof, leaf| {
        proof
            .verify(&leaf_hash(&numbered(leaf)), &log_verifier())
            .unwrap_err()
            .code()
    };
    assert_eq!(code(&proof, 256), "root-is-another");
    let other = TlogProof {
        index: 256,
        ..proof.clone()
    };
    assert_eq!(code(&other, 257), "root-is-another");
    let other = TlogProof {
        path: Vec::new(),
        ..proof.clone()
    };
    assert_eq!(code(&other, 257), "path-length");

    let with_extra = TlogProof {
        extra: Some(b"note".to_vec()),
        ..proof
    };
    let extra_text = with_extra.to_string();
    assert_eq!(TlogProof::parse(extra_text.as_bytes()).unwrap(), with_extra);

    let refused = |text: String| TlogProof::parse(text.as_bytes()).unwrap_err().code();
    assert_eq!(refused(text.replace("@v1", "@v2")), "tlog-proof-format");
    assert_eq!(
        refused(text.replace("index 257", "index 0257")),
        "tlog-proof-format"
    );
    assert_eq!(
        refused(text.replace("index 257\n", "")),
        "tlog-proof-format"
    );
    assert_eq!(
        refused(text.replace("index 257", "index 257\nindex 257")),
        "tlog-proof-format"
    );
    assert_eq!(
        refused(text.replace("index 257", "index 257\nextra bm90ZQ==")),
        "tlog-proof-format"
    );
    assert_eq!(
        refused(extra_text.replace("extra bm90ZQ==", "extra bm90ZQ")),
        "tlog-proof-format"
    );
    assert_eq!(
        refused(text.replace("\n300\n", "\n0300\n")),
        "checkpoint-size-format"
    );
    assert_eq!(refused(format!("{text}\n")), "note-format");
    let long = data_encoding::BASE64.encode(&[0; 4_097]);
    assert_eq!(
        refused(text.replace("index", &format!("extra {long}\nindex"))),
        "tlog-proof-too-long"
    );
}

#[test]
fn no_log_is_asked_to_sign_what_is_no_head() {
    assert_eq!(
        sign(Head::empty()).note().text(),
        format!("{}\n0\n{EMPTY_ROOT}\n", origin())
    );
}
