//! Private keys on disk: PKCS#8 in PEM (RFC 8410, RFC 7468).
//!
//! Written is version 1, with the private key alone, which every tool reads;
//! read is version 2 as well, and then its public key must be the right one. No
//! error shows a part of the file.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey as _, EncodePrivateKey as _, Error, KeypairBytes, spki,
};
use zeroize::Zeroizing;

use crate::limits::KEY_FILE_BYTES_MAX;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Why a file is not a key. The operator is at fault, or the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Longer than a key file can be.
    #[error("the file is longer than {KEY_FILE_BYTES_MAX} bytes: it is not a key file")]
    Oversize,
    /// Not one private key in PEM and nothing else.
    #[error(
        "the file is not exactly one PEM block \"PRIVATE KEY\"; a key with a passphrase must be decrypted first"
    )]
    NotPem,
    /// Not PKCS#8.
    #[error("the PEM block does not hold a PKCS#8 private key")]
    NotPkcs8,
    /// A key of another algorithm.
    #[error("the key is not an Ed25519 key")]
    WrongAlgorithm,
    /// The public key in the file is not the one of the private key.
    #[error("the public key in the file does not belong to its private key")]
    PublicKeyMismatch,
}

impl KeyFileError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Oversize => "key-file-oversize",
            Self::NotPem => "key-file-not-pem",
            Self::NotPkcs8 => "key-file-not-pkcs8",
            Self::WrongAlgorithm => "key-file-wrong-algorithm",
            Self::PublicKeyMismatch => "key-file-public-key-mismatch",
        }
    }
}

/// The key of a seed. The caller answers for 32 bytes of randomness.
#[must_use]
pub fn from_seed(seed: &[u8; 32]) -> SigningKey {
    SigningKey::from_bytes(seed)
}

/// Reads the text of a key file.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<SigningKey, KeyFileError> {
    if text.len() > KEY_FILE_BYTES_MAX {
        return Err(KeyFileError::Oversize);
    }
    let block = text.trim_ascii();
    if !block.starts_with(BEGIN) || !block.ends_with(END) {
        return Err(KeyFileError::NotPem);
    }
    let pair = KeypairBytes::from_pkcs8_pem(block).map_err(|error| match error {
        Error::PublicKey(spki::Error::OidUnknown { .. }) => KeyFileError::WrongAlgorithm,
        _ => KeyFileError::NotPkcs8,
    })?;
    let key = SigningKey::from_bytes(&pair.secret_key);
    match pair.public_key {
        Some(public) if public.to_bytes() != key.verifying_key().to_bytes() => {
            Err(KeyFileError::PublicKeyMismatch)
        }
        _ => Ok(key),
    }
}

/// The text of a key file. It is wiped from memory when it is dropped.
#[must_use]
pub fn write(key: &SigningKey) -> Zeroizing<String> {
    let pair = KeypairBytes {
        secret_key: key.to_bytes(),
        public_key: None,
    };
    #[expect(clippy::expect_used, reason = "encodes 32 bytes into memory")]
    pair.to_pkcs8_pem(LineEnding::LF)
        .expect("a key of 32 bytes encodes")
}
