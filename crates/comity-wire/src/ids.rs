//! Identifiers: hashes, members, cases, keys.
//!
//! Hashes are printed as lower-case hex. A member id is a text that can stand in
//! a file name, a URL path and the name of a signed note alike.

use std::fmt;

use data_encoding::HEXLOWER;
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

/// Defines a newtype over a fixed number of bytes: a byte string on the wire.
macro_rules! bytes_type {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Wraps the bytes.
            #[must_use]
            pub const fn new(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Wraps a slice of exactly this length.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Reads lower-case hex of exactly this length.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                Self::from_slice(&HEXLOWER.decode(text.as_bytes()).ok()?)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let bytes = serde_bytes::ByteBuf::deserialize(deserializer)?;
                Self::from_slice(&bytes)
                    .ok_or_else(|| de::Error::custom(concat!("not ", $length, " bytes")))
            }
        }
    };
}

bytes_type!(
    /// A SHA-256 hash.
    Hash,
    32
);
bytes_type!(
    /// The COSE key thumbprint of a key (RFC 9679): SHA-256 over the
    /// deterministic encoding of its required parameters.
    Kid,
    32
);
bytes_type!(
    /// An Ed25519 public key as it travels. Where keys are vouched for, it has to be
    /// a usable one: [`PublicKey::usable`].
    PublicKey,
    32
);
bytes_type!(
    /// An Ed25519 signature.
    Signature,
    64
);
bytes_type!(
    /// 16 random bytes.
    Nonce,
    16
);
bytes_type!(
    /// A case: the first half of a hash over who opened it and a nonce.
    CaseId,
    16
);

/// SHA-256 of the tagged bytes of a statement.
pub type StatementId = Hash;

impl PublicKey {
    /// The key to verify with, if a signature under it means something: a canonical
    /// encoding of a point that is not of small order. Under a point of small order
    /// one signature verifies for many messages, and a second encoding of a point
    /// would be a second kid of one key.
    #[must_use]
    pub fn usable(&self) -> Option<VerifyingKey> {
        let key = VerifyingKey::from_bytes(&self.0).ok()?;
        // `from_bytes` keeps the bytes it was given: a `y` above the field's prime
        // is found by compressing the point again.
        let canonical = key.to_edwards().compress().to_bytes() == self.0;
        (canonical && !key.is_weak()).then_some(key)
    }
}

impl Hash {
    /// SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// SHA-256 over the parts, one after the other.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

impl Kid {
    /// The thumbprint of an Ed25519 key: of `{1: 1, -1: 6, -2: key}` (key type
    /// OKP, curve Ed25519).
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        const BEFORE_KEY: [u8; 8] = [0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20];
        Self(*Hash::of_parts(&[&BEFORE_KEY, key.as_bytes()]).as_bytes())
    }
}

impl CaseId {
    /// The id of the case that `issuer` opens with `case_nonce`. Nobody else can
    /// open a case of this id, and nobody can choose it.
    #[must_use]
    pub fn derive(issuer: &MemberId, case_nonce: &Nonce) -> Self {
        let issuer = issuer.as_str().as_bytes();
        // A member id is at most 63 bytes long, so its length is one byte.
        let length = [u8::try_from(issuer.len()).unwrap_or(u8::MAX)];
        let hash = Hash::of_parts(&[b"comity-case/1", &length, issuer, case_nonce.as_bytes()]);
        let mut half = [0; 16];
        half.copy_from_slice(hash.0.split_at(16).0);
        Self(half)
    }
}

/// The commitment to the case and statement that a case follows from, as it
/// stands in `parent`. It tells nothing to who does not know them.
#[must_use]
pub fn parent_commitment(nonce: &Nonce, case: &CaseId, statement: &StatementId) -> Hash {
    Hash::of_parts(&[
        b"comity-parent/1",
        nonce.as_bytes(),
        case.as_bytes(),
        statement.as_bytes(),
    ])
}

/// The id of a member: 1 to 63 of `a-z`, `0-9`, `.` and `-`, the first a letter
/// or a digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(Box<str>);

impl MemberId {
    /// Wraps a text of the right form.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let (&first, rest) = text.as_bytes().split_first()?;
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = rest.len() <= 62 && word(first);
        let rest_fits = rest
            .iter()
            .all(|&byte| word(byte) || byte == b'.' || byte == b'-');
        (fits && rest_fits).then(|| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemberId({})", self.0)
    }
}

impl Serialize for MemberId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MemberId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| de::Error::custom("not a member id"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_member_id_has_one_form() {
        let longest = "a".repeat(63);
        for good in ["a", "0", "north.example", "a-.-", &longest] {
            assert!(MemberId::new(good).is_some(), "{good}");
        }
        let too_long = "a".repeat(64);
        for bad in [
            "", ".a", "-a", "A", "a b", "a/b", "a+b", "ä", "a\n", &too_long,
        ] {
            assert!(MemberId::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_case_id_is_bound_to_issuer_and_nonce() {
        let nonce = Nonce::new([7; 16]);
        let of = |text: &str| CaseId::derive(&MemberId::new(text).unwrap(), &nonce);
        let expected = Hash::of(&[b"comity-case/1\x05north".as_slice(), &[7; 16]].concat());
        assert_eq!(of("north").as_bytes(), &expected.as_bytes()[..16]);
        assert_ne!(of("north"), of("south"));
    }

    #[test]
    fn the_thumbprint_is_the_one_of_rfc_9679() {
        // SHA-256 over the deterministic COSE_Key of the key of RFC 8037, appendix A.
        let key =
            PublicKey::from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
                .unwrap();
        let encoded = HEXLOWER
            .decode(format!("a301012006215820{}", HEXLOWER.encode(key.as_bytes())).as_bytes())
            .unwrap();
        assert_eq!(Kid::of(&key).as_bytes(), Hash::of(&encoded).as_bytes());
    }
}
