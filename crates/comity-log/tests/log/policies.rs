//! Whom a verifier believes: policies of others, read line by line, and what they trust.

use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint};
use comity_log::cosignature;
use comity_log::hash::Hash;
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::limits::{POLICY_BYTES_MAX, POLICY_LINES_MAX};
use comity_log::names::Origin;
use comity_log::policy::Policy;
use ed25519_dalek::SigningKey;

fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

fn origin() -> Origin {
    Origin::parse(&format!("{}/north.example/1", "a1".repeat(32))).unwrap()
}

fn log_vkey() -> String {
    let key = key(1).verifying_key();
    VerifierKey::new(KeyName::from(&origin()), KeyKind::Log, key)
        .unwrap()
        .to_string()
}

fn name(n: u8) -> KeyName {
    KeyName::new(&format!("witness-{n}.example")).unwrap()
}

fn vkey(n: u8) -> String {
    let key = key(n).verifying_key();
    VerifierKey::new(name(n), KeyKind::Witness, key)
        .unwrap()
        .to_string()
}

/// Witnesses `A` to `E` with the keys 10 to 14, and lines after them.
fn policy(lines: &str) -> String {
    let witnesses: String = ('A'..='E')
        .zip(10..)
        .map(|(name, n)| format!("witness {name} {}\n", vkey(n)))
        .collect();
    format!("log {}\n{witnesses}{lines}", log_vkey())
}

fn cosigned(by: &str) -> UnverifiedCheckpoint {
    let head = Head::new(3, Hash::of(b"root")).unwrap();
    let origin = origin();
    let mut note = Checkpoint { origin, head }.sign(&key(1)).note().clone();
    for letter in by.bytes() {
        let n = letter - b'A' + 10;
        let line = cosignature::sign(&name(n), &key(n), note.text(), 1_000).unwrap();
        note = note.with(line).unwrap();
    }
    UnverifiedCheckpoint::parse(note.to_string().as_bytes()).unwrap()
}

#[test]
fn a_quorum_is_what_its_groups_say() {
    let check = |lines: &str, trusted: &[&str], not: &[&str]| {
        let policy = Policy::parse(policy(lines).as_bytes()).unwrap();
        for by in trusted {
            assert!(policy.check(&cosigned(by)).is_ok(), "{by}: {lines}");
        }
        for by in not {
            let found = policy.check(&cosigned(by)).unwrap_err();
            assert_eq!(found.code(), "policy-quorum", "{by}: {lines}");
        }
    };
    check("quorum none\n", &["", "A"], &[]);
    check("quorum A\n", &["A", "BA"], &["", "B"]);
    check("group g any A B\nquorum g\n", &["A", "B", "AB"], &["", "C"]);
    check(
        "group g all A B\nquorum g\n",
        &["AB", "ABC"],
        &["A", "B", "C"],
    );
    check(
        "group g 2 A B C\nquorum g\n",
        &["AB", "AC", "BC"],
        &["A", "AD"],
    );
    let nested = "group x 2 A B C\ngroup y any D E\ngroup both all x y\nquorum both\n";
    check(nested, &["ABD", "BCE"], &["ABC", "AD", "DE"]);
    // A group that nothing names, comments, empty lines and tabs change nothing.
    let spaced = "  # here\n\n\tgroup \t g  1 A\t\ngroup h all B C\n quorum\tg \n";
    check(spaced, &["A"], &["BC"]);
}

#[test]
fn a_line_that_is_not_one_of_a_policy_is_named() {
    let check = |lines: &str, problem: &str| {
        let found = Policy::parse(policy(lines).as_bytes())
            .unwrap_err()
            .to_string();
        assert!(found.ends_with(problem), "{lines:?}: {found}");
    };
    check("", "no quorum line");
    check("quorum none", "does not end with a newline");
    check("quorum none\nquorum A\n", "a second quorum line");
    check("quorum Z\n", "a name that no line before defines");
    check(
        "quorum g\ngroup g any A\n",
        "a name that no line before defines",
    );
    check("group g any g\n", "a name that no line before defines");
    check("group g any none\n", "a name that no line before defines");
    check("group A any B\n", "a name that is taken");
    check("group none any B\n", "a name that is taken");
    check(
        "group g any A A\n",
        "a name that is a member of a group already",
    );
    check(
        "group g any A\ngroup h any A\n",
        "a name that is a member of a group already",
    );
    for threshold in ["0", "3", "02", "+1", "-1", "most", "99999999999999999999"] {
        let problem = "a threshold that is not from 1 to the number of members";
        check(&format!("group g {threshold} A B\n"), problem);
    }
    let format = "not a log, witness, group or quorum line";
    for line in [
        "group g any",
        "quorum",
        "quorum A B",
        "witness W",
        "log",
        "Quorum none",
        "extra",
    ] {
        check(&format!("{line}\n"), format);
    }
    check("quorum none\r\n", "a control character");
    check(
        &format!("witness F {}\n", vkey(10)),
        "a key that another line has",
    );
    check(
        &format!("log {}\n", log_vkey()),
        "a key that another line has",
    );
    check(
        &format!("witness F {}\n", log_vkey()),
        "a key of another kind than the line is about",
    );
    check(
        &format!("log {}\n", vkey(20)),
        "a key of another kind than the line is about",
    );
    check("witness F nothing\n", "not <name>+<key id>+<base64 key>");
    let many: String = (0..POLICY_LINES_MAX)
        .map(|n| {
            let key = [vec![6], n.to_be_bytes().to_vec()].concat();
            let key = data_encoding::BASE64.encode(&key);
            format!("witness W{n} later.example+00000000+{key}\n")
        })
        .collect();
    check(&many, &format!("more than {POLICY_LINES_MAX} lines"));
    let long = Policy::parse(&vec![b'#'; POLICY_BYTES_MAX + 1]).unwrap_err();
    assert_eq!(long.code(), "policy-too-long");
}

#[test]
fn the_log_must_be_one_of_the_policy_and_have_signed() {
    let check = |text: String, code: &str| {
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!(policy.check(&cosigned("A")).unwrap_err().code(), code);
    };
    check("quorum none\n".to_owned(), "policy-unknown-log");
    let other = VerifierKey::new(
        KeyName::from(&origin()),
        KeyKind::Log,
        key(2).verifying_key(),
    );
    check(
        format!("log {}\nquorum none\n", other.unwrap()),
        "note-not-signed",
    );
    // Of two keys under one name either will do: a log that has changed its key.
    let both = format!(
        "log {}\n{}",
        VerifierKey::new(
            KeyName::from(&origin()),
            KeyKind::Log,
            key(2).verifying_key()
        )
        .unwrap(),
        policy("quorum A\n")
    );
    let both = Policy::parse(both.as_bytes()).unwrap();
    assert!(both.check(&cosigned("A")).is_ok());
}

#[test]
fn keys_of_a_kind_that_is_not_read_cosign_nothing_and_break_nothing() {
    // ML-DSA-44: type 0x06 and a key of 1,312 bytes.
    let bytes = [vec![6], vec![7; 1_312]].concat();
    let id = {
        let hash = Hash::of_parts(&[b"later.example\n", &bytes]);
        data_encoding::HEXLOWER.encode(&hash.as_bytes()[..4])
    };
    let later = format!(
        "later.example+{id}+{}",
        data_encoding::BASE64.encode(&bytes)
    );
    let text = policy(&format!("witness L {later}\ngroup g 1 A L\nquorum g\n"));
    let read = Policy::parse(text.as_bytes()).unwrap();
    assert!(read.check(&cosigned("A")).is_ok());
    let only = policy(&format!("witness L {later}\nquorum L\n"));
    let only = Policy::parse(only.as_bytes()).unwrap();
    assert_eq!(
        only.check(&cosigned("ABC")).unwrap_err().code(),
        "policy-quorum"
    );
}
