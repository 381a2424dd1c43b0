//! Names and keys of signed notes (`signed-note`): who may have signed a line, and with what.
//!
//! A verifier key is `<name>+<key id, 8 hex digits>+<base64 of type and key>`. Two types are used
//! here: `0x01`, an Ed25519 signature over the text of a note, for logs; `0x04`, a timestamped
//! cosignature of a checkpoint, for witnesses.

use std::fmt;
use std::str::FromStr;

use comity_wire::ids::PublicKey;
use data_encoding::HEXLOWER;
use ed25519_dalek::VerifyingKey;
use thiserror::Error;

use crate::fault::Fault;
use crate::hash::Hash;
use crate::limits::{KEY_NAME_BYTES_MAX, VERIFIER_KEY_BYTES_MAX};
use crate::names::{Origin, WitnessName};
use crate::text;

/// The name of a key: not empty, without spaces, pluses and control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Box<str>);

impl KeyName {
    /// Wraps a text of the right form; none if it is not one.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let fits = !name.is_empty() && name.len() <= KEY_NAME_BYTES_MAX;
        let forbidden = |c: char| c.is_whitespace() || c == '+' || c.is_ascii_control();
        (fits && !name.contains(forbidden)).then(|| Self(name.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Both forms of name are hex digits, a member id and a last part: always the name of a key too.
impl From<&Origin> for KeyName {
    fn from(origin: &Origin) -> Self {
        Self(origin.to_string().into())
    }
}

impl From<&WitnessName> for KeyName {
    fn from(witness: &WitnessName) -> Self {
        Self(witness.to_string().into())
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first four bytes of a hash over name, type and key. It finds a key among those one trusts; it
/// is too short to prove anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    /// The id of an Ed25519 key.
    #[must_use]
    pub fn of(name: &KeyName, kind: KeyKind, key: &VerifyingKey) -> Self {
        let parts = [
            name.as_str().as_bytes(),
            b"\n",
            &[kind.byte()],
            key.as_bytes(),
        ];
        let [a, b, c, d, ..] = *Hash::of_parts(&parts).as_bytes();
        Self([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// What a key signs, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// Type `0x01`: the text of a note.
    Log,
    /// Type `0x04`: a checkpoint as seen at a time.
    Witness,
}

impl KeyKind {
    /// The byte that names the type.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Log => 0x01,
            Self::Witness => 0x04,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::Log),
            0x04 => Some(Self::Witness),
            _ => None,
        }
    }
}

/// A key that somebody decided to trust under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    kind: KeyKind,
    key: VerifyingKey,
    id: KeyId,
}

impl VerifierKey {
    /// Trusts `key` under `name`.
    ///
    /// # Errors
    /// A weak key, for which signatures can be made that fit any text, or a second spelling of a
    /// key, which would have another id.
    pub fn new(name: KeyName, kind: KeyKind, key: VerifyingKey) -> Result<Self, VerifierKeyError> {
        let usable = PublicKey::new(key.to_bytes()).usable();
        let key = usable.ok_or(VerifierKeyError::WeakKey)?;
        let id = KeyId::of(&name, kind, &key);
        Ok(Self {
            name,
            kind,
            key,
            id,
        })
    }

    /// The name on its signature lines.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id on its signature lines.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What it signs.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The Ed25519 key.
    #[must_use]
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.byte()];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, self.id, text::to_base64(&bytes))
    }
}

impl FromStr for VerifierKey {
    type Err = VerifierKeyError;

    fn from_str(text: &str) -> Result<Self, VerifierKeyError> {
        if text.len() > VERIFIER_KEY_BYTES_MAX {
            return Err(VerifierKeyError::TooLong);
        }
        // The base64 part may hold further pluses.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierKeyError::Format);
        };
        let name = KeyName::new(name).ok_or(VerifierKeyError::Format)?;
        let id = HEXLOWER
            .decode(id.as_bytes())
            .ok()
            .and_then(|id| id.try_into().ok())
            .ok_or(VerifierKeyError::Format)?;
        let bytes = text::from_base64(key).ok_or(VerifierKeyError::Format)?;
        let (kind, key) = bytes.split_first().ok_or(VerifierKeyError::Format)?;
        let kind =
            KeyKind::from_byte(*kind).ok_or(VerifierKeyError::UnsupportedKind { byte: *kind })?;
        let key = key
            .try_into()
            .ok()
            .and_then(|key| VerifyingKey::from_bytes(key).ok())
            .ok_or(VerifierKeyError::NotAKey)?;
        let found = Self::new(name, kind, key)?;
        if found.id == KeyId(id) {
            Ok(found)
        } else {
            Err(VerifierKeyError::IdIsAnother)
        }
    }
}

/// Why a text is not a verifier key that can be used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifierKeyError {
    /// Longer than any verifier key.
    #[error("the text is too long for a verifier key")]
    TooLong,
    /// Not `<name>+<key id>+<base64>` in its one spelling.
    #[error("not <name>+<key id>+<base64 key>")]
    Format,
    /// A type of signature that is not used here.
    #[error("signatures of type {byte:#04x} are not used here")]
    UnsupportedKind {
        /// The type.
        byte: u8,
    },
    /// No point of the curve, or not 32 bytes.
    #[error("not an Ed25519 key")]
    NotAKey,
    /// A key of small order, or one whose bytes are not the one spelling of its point.
    #[error("a weak key, or another spelling of one")]
    WeakKey,
    /// The id does not belong to name, type and key.
    #[error("the key id is not that of this name and key")]
    IdIsAnother,
}

impl VerifierKeyError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "verifier-key-too-long",
            Self::Format => "verifier-key-format",
            Self::UnsupportedKind { .. } => "verifier-key-kind",
            Self::NotAKey => "verifier-key-not-a-key",
            Self::WeakKey => "verifier-key-weak",
            Self::IdIsAnother => "verifier-key-id",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Operator
    }
}
