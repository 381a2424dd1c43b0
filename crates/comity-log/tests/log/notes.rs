//! Signed notes and keys: what is read, what is trusted.

use comity_log::cosignature;
use comity_log::key::{KeyId, KeyKind, KeyName, VerifierKey, VerifierKeyError};
use comity_log::limits::NOTE_BYTES_MAX;
use comity_log::note::{Note, SignatureLine};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

fn name(text: &str) -> KeyName {
    KeyName::new(text).unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn verifier(text: &str, kind: KeyKind, seed: u8) -> VerifierKey {
    VerifierKey::new(name(text), kind, key(seed).verifying_key()).unwrap()
}

/// A line of type 0x06, as it will come from witnesses with ML-DSA-44 keys: 2,420 bytes.
fn line_of_the_future() -> String {
    let blob = [[6, 6, 6, 6].as_slice(), &[0; 8], &[9; 2_420]].concat();
    format!("— example.com/pq {}", data_encoding::BASE64.encode(&blob))
}

#[test]
fn a_note_has_one_form() {
    let line = SignatureLine::sign(&name("example.com/a"), &key(1), "text\n").to_string();
    let check = |note: String, code: Option<&str>| {
        let found = Note::parse(note.as_bytes());
        let code_found = found.as_ref().err().map(|error| error.code());
        assert_eq!(code_found, code, "{note:?}");
        if let Ok(found) = found {
            assert_eq!(found.to_string(), note);
        }
    };
    check(format!("text\n\n{line}\n"), None);
    check(format!("text\n\n{line}\n{line}\n"), None);
    check(format!("text\n\n{}\n{line}\n", line_of_the_future()), None);
    // The last empty line counts, and the text may hold signature lines.
    check(format!("text\n\nmore\n\n{line}\n"), None);
    check(format!("text\n\n{line}\n\n{line}\n"), None);
    check(format!("text\n\n\n{line}\n"), None);
    check(format!("\n\n{line}\n"), None);
    check(format!("Ωmega \u{7f}\n\n{line}\n"), None);

    check(String::new(), Some("note-format"));
    check("text\n".into(), Some("note-format"));
    check("text\n\n".into(), Some("note-format"));
    check(format!("{line}\n"), Some("note-format"));
    check(format!("\n{line}\n"), Some("note-format"));
    check(format!("text\n{line}\n"), Some("note-format"));
    check(format!("text\n\n{line}"), Some("note-format"));
    check("text\n\n\n".into(), Some("note-format"));
    check("text\n\n\n\n".into(), Some("note-format"));
    check(format!("text\n\n{line}\n\n"), Some("note-format"));
    check(
        format!("text\r\n\r\n{line}\r\n"),
        Some("note-control-character"),
    );
    check(
        format!("te\txt\n\n{line}\n"),
        Some("note-control-character"),
    );
    check(
        format!("te\0xt\n\n{line}\n"),
        Some("note-control-character"),
    );
    check(format!("text\n\n{line} \n"), Some("note-signature-format"));
    check(format!("text\n\n {line}\n"), Some("note-signature-format"));
    check(
        format!("text\n\n{}\n", line.replace('—', "-")),
        Some("note-signature-format"),
    );
    check(
        format!("text\n\n{}\n", line.replace("— ", "—")),
        Some("note-signature-format"),
    );
    check(
        format!("text\n\n{}\n", line.replace(".com/a", ".com/a b")),
        Some("note-signature-format"),
    );
    check(
        format!("text\n\n{}\n", line.replace(".com/a", ".com/a+b")),
        Some("note-signature-format"),
    );
    check(
        format!("text\n\n{}\n", line.replace("example.com/a", "")),
        Some("note-signature-format"),
    );
    check(
        format!("text\n\n{}\n", line.replace("example.com/a", "a\u{2003}b")),
        Some("note-signature-format"),
    );
    check(
        format!("text\n\n{}\n", line.trim_end_matches('=')),
        Some("note-signature-format"),
    );
    check(
        "text\n\n— a AAAAAA==\n".into(),
        Some("note-signature-format"),
    );
    check(
        "text\n\n— a AAAAAB==\n".into(),
        Some("note-signature-format"),
    );
    check(
        "text\n\n— a AAAA-_A=\n".into(),
        Some("note-signature-format"),
    );
    check("text\n\n— a AAAAAAA=\n".into(), None);
    check(
        "text\n\n— a AAAAAAB=\n".into(),
        Some("note-signature-format"),
    );

    let many = |lines: usize| format!("text\n\n{}", format!("{line}\n").repeat(lines));
    check(many(64), None);
    check(many(65), Some("note-too-many-signatures"));
    check("x".repeat(NOTE_BYTES_MAX + 1), Some("note-too-long"));

    let not_utf8 = Note::parse(b"text\xff\n\n\xe2\x80\x94 a AAAAAAA=\n");
    assert_eq!(not_utf8.unwrap_err().code(), "note-not-utf8");
}

#[test]
fn sixteen_signatures_of_the_largest_kind_are_accepted() {
    let blob = data_encoding::BASE64.encode(&[5; 4_999]);
    let note = format!("text\n\n{}", format!("— a {blob}\n").repeat(16));
    assert!(Note::parse(note.as_bytes()).is_ok());
}

#[test]
fn only_keys_that_one_trusts_count_and_all_of_theirs_must_verify() {
    let text = "text\n";
    let good = SignatureLine::sign(&name("a"), &key(1), text).to_string();
    let other_text = SignatureLine::sign(&name("a"), &key(1), "other\n").to_string();
    let same_name = SignatureLine::sign(&name("a"), &key(2), text).to_string();
    let cosigned = cosignature::sign(&name("w"), &key(3), text, 77)
        .unwrap()
        .to_string();
    let cosigned_later = cosignature::sign(&name("w"), &key(3), text, 78)
        .unwrap()
        .to_string();
    let cosigned_other = cosignature::sign(&name("w"), &key(3), "other\n", 77)
        .unwrap()
        .to_string();
    let future = line_of_the_future();

    let trusted = [
        verifier("a", KeyKind::Log, 1),
        verifier("w", KeyKind::Witness, 3),
    ];
    let check = |lines: &[&String], expected: Result<&[(&str, Option<u64>)], &str>| {
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let note = Note::parse(format!("{text}\n{lines}").as_bytes()).unwrap();
        let found = note
            .verify(&trusted)
            .map_err(|error| error.code())
            .map(|signed| {
                let told = signed
                    .iter()
                    .map(|signed| (signed.key.name().as_str(), signed.time_s));
                told.collect::<Vec<_>>()
            });
        assert_eq!(
            found.as_deref(),
            expected.as_ref().map(|signed| *signed),
            "{lines}"
        );
    };
    check(&[&good], Ok(&[("a", None)]));
    check(&[&good, &cosigned], Ok(&[("a", None), ("w", Some(77))]));
    check(&[&future, &same_name, &good], Ok(&[("a", None)]));
    check(&[&good, &good], Ok(&[("a", None)]));
    check(&[&cosigned, &cosigned_later], Ok(&[("w", Some(77))]));
    check(&[&future], Err("note-not-signed"));
    check(&[&same_name], Err("note-not-signed"));
    check(&[&good, &other_text], Err("note-signature-invalid"));
    check(&[&other_text, &good], Err("note-signature-invalid"));
    check(&[&good, &cosigned_other], Err("note-signature-invalid"));
}

#[test]
fn a_signature_of_one_kind_is_none_of_the_other() {
    // The same Ed25519 key under the same name has another id for each kind.
    let log = verifier("a", KeyKind::Log, 1);
    let witness = verifier("a", KeyKind::Witness, 1);
    assert_ne!(log.id(), witness.id());
    let line = SignatureLine::sign(&name("a"), &key(1), "text\n");
    let note = Note::new("text\n".into(), line).unwrap();
    assert!(note.verify(&[log]).is_ok());
    assert_eq!(
        note.verify(&[witness]).unwrap_err().code(),
        "note-not-signed"
    );
}

#[test]
fn a_cosignature_is_72_bytes_with_a_time_below_2_to_the_63() {
    let witness = [verifier("w", KeyKind::Witness, 3)];
    let line = cosignature::sign(&name("w"), &key(3), "text\n", 77).unwrap();
    let code_of = |blob: &[u8]| {
        let blob = [line.id().0.as_slice(), blob].concat();
        let line = format!("— w {}", data_encoding::BASE64.encode(&blob));
        let note = Note::new("text\n".into(), SignatureLine::parse(&line).unwrap()).unwrap();
        note.verify(&witness)
            .map(|_| ())
            .map_err(|error| error.code())
    };
    let blob = line.signature();
    assert_eq!(blob.len(), 72);
    assert_eq!(code_of(blob), Ok(()));
    let mut other_time = blob.to_vec();
    other_time[7] ^= 1;
    for bad in [
        &blob[..71],
        &blob[8..],
        &blob[..1],
        &[blob, &[0]].concat(),
        &other_time,
    ] {
        assert_eq!(code_of(bad), Err("note-signature-invalid"));
    }

    assert!(cosignature::sign(&name("w"), &key(3), "text\n", (1 << 63) - 1).is_ok());
    let time_s = 1_u64 << 63;
    let message = format!("cosignature/v1\ntime {time_s}\ntext\n");
    let signature = key(3).sign(message.as_bytes()).to_bytes();
    let too_late = [time_s.to_be_bytes().as_slice(), &signature].concat();
    assert_eq!(code_of(&too_late), Err("note-signature-invalid"));
    let error = cosignature::sign(&name("w"), &key(3), "text\n", 1 << 63).unwrap_err();
    assert_eq!(error.code(), "cosignature-time-over-limit");
}

#[test]
fn a_trusted_list_with_two_keys_that_cannot_be_told_apart_is_refused() {
    // Found by trying: two keys with the same four bytes of hash.
    let key = |seed: u32| {
        let mut secret = [0; 32];
        secret[..4].copy_from_slice(&seed.to_be_bytes());
        SigningKey::from_bytes(&secret)
    };
    let trust = |key: &SigningKey| VerifierKey::new(name("a"), KeyKind::Log, key.verifying_key());
    let (one, other) = (trust(&key(69_101)).unwrap(), trust(&key(114_672)).unwrap());
    assert_eq!(one.id(), other.id());

    let line = SignatureLine::sign(&name("a"), &key(69_101), "text\n");
    let note = Note::new("text\n".into(), line).unwrap();
    assert!(note.verify(&[one.clone(), one.clone()]).is_ok());
    assert_eq!(
        note.verify(std::slice::from_ref(&other))
            .unwrap_err()
            .code(),
        "note-signature-invalid"
    );
    assert_eq!(
        note.verify(&[one, other]).unwrap_err().code(),
        "note-keys-collide"
    );
    assert_eq!(note.verify(&[]).unwrap_err().code(), "note-not-signed");
}

#[test]
fn a_verifier_key_has_one_form() {
    let good = verifier("example.com/a", KeyKind::Log, 1).to_string();
    let witness = verifier("example.com/a", KeyKind::Witness, 1).to_string();
    let with_type = |byte: u8| {
        let key = [[byte].as_slice(), key(1).verifying_key().as_bytes()].concat();
        let id = good.split('+').nth(1).unwrap();
        format!("example.com/a+{id}+{}", data_encoding::BASE64.encode(&key))
    };
    let with_key = |key: &[u8]| {
        let key = [[1].as_slice(), key].concat();
        format!("a+00000000+{}", data_encoding::BASE64.encode(&key))
    };
    let check = |text: &str, code: Option<&str>| {
        let found = text.parse::<VerifierKey>();
        assert_eq!(
            found.as_ref().err().map(|error| error.code()),
            code,
            "{text:?}"
        );
        if let Ok(found) = found {
            assert_eq!(found.to_string(), text);
        }
    };
    check(&good, None);
    check(&witness, None);
    check("", Some("verifier-key-format"));
    check("a", Some("verifier-key-format"));
    check("a+00000000", Some("verifier-key-format"));
    check("a+00000000+", Some("verifier-key-format"));
    check("a+0000000+AQ==", Some("verifier-key-format"));
    check("+00000000+AQ==", Some("verifier-key-format"));
    check(&good[..good.len() - 1], Some("verifier-key-format"));
    check(&format!("{good}\n"), Some("verifier-key-format"));
    check(&format!("a {good}"), Some("verifier-key-format"));
    check(&good.replace("+", "+A"), Some("verifier-key-format"));
    check(&with_type(6), Some("verifier-key-kind"));
    check(&with_type(2), Some("verifier-key-kind"));
    check(&with_type(4), Some("verifier-key-id"));
    check(&good.replace("example", "elpmaxe"), Some("verifier-key-id"));
    check(&with_key(&[0; 31]), Some("verifier-key-not-a-key"));
    check(&with_key(&[2; 32]), Some("verifier-key-not-a-key"));
    // The neutral element, under which anybody can sign anything.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    check(&with_key(&neutral), Some("verifier-key-weak"));
    check(&"a".repeat(5_000), Some("verifier-key-too-long"));
}

#[test]
fn a_key_has_one_spelling() {
    let mut read_by_the_library = 0;
    for (low, high) in (0xed..=0xff_u8).flat_map(|low| [(low, 0x7f), (low, 0xff)]) {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (low, high);
        // `y` is above the prime of the field; the library takes it modulo.
        let Ok(key) = VerifyingKey::from_bytes(&bytes) else {
            continue;
        };
        read_by_the_library += u8::from(!key.is_weak());
        let made = VerifierKey::new(name("a"), KeyKind::Log, key);
        assert_eq!(made, Err(VerifierKeyError::WeakKey));
        let id = KeyId::of(&name("a"), KeyKind::Log, &key);
        let typed = [&[KeyKind::Log.byte()], bytes.as_slice()].concat();
        let text = format!("a+{id}+{}", data_encoding::BASE64.encode(&typed));
        let read = text.parse::<VerifierKey>();
        assert_eq!(read, Err(VerifierKeyError::WeakKey));
    }
    assert!(read_by_the_library > 0, "else nothing was tested");
}

#[test]
fn the_id_of_a_key_is_the_beginning_of_a_hash_over_name_type_and_key() {
    let verifier = verifier("a", KeyKind::Log, 1);
    let hashed = [b"a\n\x01".as_slice(), verifier.key().as_bytes()].concat();
    let expected = comity_log::hash::Hash::of(&hashed);
    assert_eq!(
        verifier.id(),
        KeyId(expected.as_bytes()[..4].try_into().unwrap())
    );
}

#[test]
fn a_note_is_not_made_of_a_text_that_could_not_be_read_again() {
    let line = || SignatureLine::sign(&name("a"), &key(1), "text\n");
    let code = |text: &str| Note::new(text.into(), line()).unwrap_err().code();
    assert_eq!(code("no newline"), "note-format");
    assert_eq!(code(""), "note-format");
    assert_eq!(code("te\rxt\n"), "note-control-character");
    assert_eq!(code(&"x\n".repeat(NOTE_BYTES_MAX)), "note-too-long");

    let mut note = Note::new("text\n".into(), line()).unwrap();
    for _ in 1..64 {
        note = note.with(line()).unwrap();
    }
    assert_eq!(
        note.with(line()).unwrap_err().code(),
        "note-too-many-signatures"
    );
}
