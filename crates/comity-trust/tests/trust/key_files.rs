//! Private keys on disk.

use comity_testkit::federation::key;
use comity_trust::key_file::{KeyFileError, read, write};
use comity_trust::limits::KEY_FILE_BYTES_MAX;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes, PublicKeyBytes};

/// RFC 8410, section 10.3, and its key.
const PUBLISHED: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
const PUBLISHED_PUBLIC: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

/// The same with attributes and the public key, RFC 8410, section 10.3.
const PUBLISHED_V2: &str = "-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----
";

/// An Ed448 key (RFC 8410 names the algorithm), and an X25519 key.
const ED448: &str = "-----BEGIN PRIVATE KEY-----
MEcCAQAwBQYDK2VxBDsEOQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH
BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw==
-----END PRIVATE KEY-----
";
const X25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";

fn public_hex(text: &str) -> Result<String, KeyFileError> {
    let bytes = read(text)?.verifying_key().to_bytes();
    Ok(comity_wire::ids::PublicKey::new(bytes).to_string())
}

#[test]
fn published_keys_are_read() {
    assert_eq!(public_hex(PUBLISHED), Ok(PUBLISHED_PUBLIC.to_owned()));
    assert_eq!(
        public_hex(PUBLISHED.trim_end()),
        Ok(PUBLISHED_PUBLIC.to_owned())
    );
    let windows = PUBLISHED.replace('\n', "\r\n");
    assert_eq!(public_hex(&windows), Ok(PUBLISHED_PUBLIC.to_owned()));
}

#[test]
fn what_is_written_is_what_other_tools_read() {
    let published = read(PUBLISHED).unwrap();
    assert_eq!(write(&published).as_str(), PUBLISHED);
    for n in 0..20 {
        let key = key("file", n);
        assert_eq!(read(&write(&key)).unwrap().to_bytes(), key.to_bytes());
    }
    assert_eq!(write(&published).len(), 119);
}

#[test]
fn a_public_key_in_the_file_must_belong_to_the_private_key() {
    let with_public = |public: [u8; 32]| {
        let pair = KeypairBytes {
            secret_key: key("file", 1).to_bytes(),
            public_key: Some(PublicKeyBytes(public)),
        };
        read(&pair.to_pkcs8_pem(LineEnding::LF).unwrap()).map(|key| key.to_bytes())
    };
    let right = key("file", 1);
    assert_eq!(
        with_public(right.verifying_key().to_bytes()),
        Ok(right.to_bytes())
    );
    let mismatch = Err(KeyFileError::PublicKeyMismatch);
    assert_eq!(
        with_public(key("file", 2).verifying_key().to_bytes()),
        mismatch
    );
    assert_eq!(with_public([0; 32]), mismatch);
    // Attributes are not ours to understand.
    let attributes = public_hex(PUBLISHED_V2);
    assert_eq!(attributes, Ok(PUBLISHED_PUBLIC.to_owned()));
}

#[test]
fn everything_else_is_refused_and_no_error_shows_the_content() {
    let secret = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp";
    let check = |text: &str, expected: KeyFileError| {
        let error = read(text).map(|_| ()).unwrap_err();
        assert_eq!(error, expected, "{text}");
        let shown = format!("{error} {error:?} {}", error.code());
        for piece in text
            .lines()
            .filter(|line| !line.starts_with('-') && line.len() > 8)
        {
            assert!(!shown.contains(piece), "{shown}");
        }
    };
    let not_pem = KeyFileError::NotPem;
    check("", not_pem);
    check(secret, not_pem);
    check(&format!("a comment\n{PUBLISHED}"), not_pem);
    check(&format!("{PUBLISHED}trailing"), not_pem);
    check(
        &PUBLISHED.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
        not_pem,
    );
    check(&PUBLISHED.replace("PRIVATE KEY", "PUBLIC KEY"), not_pem);
    check(&PUBLISHED.replace("PRIVATE KEY", "EC PRIVATE KEY"), not_pem);
    let not_pkcs8 = KeyFileError::NotPkcs8;
    check(&PUBLISHED.repeat(2), not_pkcs8);
    check(&PUBLISHED.replace("dVhC", "dVh"), not_pkcs8);
    check(&PUBLISHED.replace("dVhC", "dVhCAAAA"), not_pkcs8);
    check(&PUBLISHED.replace("MC4C", "MC0C"), not_pkcs8);
    check(
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
        not_pkcs8,
    );
    check(X25519, KeyFileError::WrongAlgorithm);
    check(ED448, KeyFileError::WrongAlgorithm);
    let long = format!("{}{PUBLISHED}", "\n".repeat(KEY_FILE_BYTES_MAX));
    check(&long, KeyFileError::Oversize);
}
