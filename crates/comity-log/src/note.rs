//! Signed notes (`signed-note`): a text, an empty line, signature lines.
//!
//! ```text
//! bytes -> Note::parse (form only) -> Note::verify with keys one trusts -> who signed, and when
//! ```
//! Lines of unknown keys, ML-DSA ones among them, are carried along and ignored. A line that names a
//! known key and does not verify makes the whole note worthless.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey};
use thiserror::Error;

use crate::cosignature;
use crate::fault::Fault;
use crate::key::{KeyId, KeyKind, KeyName, VerifierKey};
use crate::limits::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX};
use crate::text;

/// A text with at least one signature line; nothing is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// Joins a text and its first signature.
    ///
    /// # Errors
    /// A text that does not end in a newline, has control characters, or is too long.
    pub fn new(text: String, signature: SignatureLine) -> Result<Self, NoteError> {
        check_characters(&text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::Format);
        }
        let note = Self {
            text,
            signatures: vec![signature],
        };
        note.within_limits()
    }

    /// Adds a signature line.
    ///
    /// # Errors
    /// More signatures than [`NOTE_SIGNATURES_MAX`], or a note that gets too long.
    pub fn with(mut self, signature: SignatureLine) -> Result<Self, NoteError> {
        self.signatures.push(signature);
        self.within_limits()
    }

    /// Reads a note. Whatever is accepted is written again as the same bytes.
    ///
    /// # Errors
    /// Anything but UTF-8 text without control characters, an empty line, and 1 to
    /// [`NOTE_SIGNATURES_MAX`] signature lines in their one spelling.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?;
        check_characters(note)?;

        // The text may hold empty lines: the last one counts.
        let after_text = note.rfind("\n\n").ok_or(NoteError::Format)? + 1;
        let (text, rest) = note.split_at_checked(after_text).ok_or(NoteError::Format)?;
        let lines = rest
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or(NoteError::Format)?;
        if lines.split('\n').count() > NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        let signatures = lines
            .split('\n')
            .map(SignatureLine::parse)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.to_owned(),
            signatures,
        })
    }

    /// The text that is signed, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its signature lines, as they came.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Checks the lines of the keys in `trusted`, and tells which of them signed. A key that signed
    /// twice is told once.
    ///
    /// # Errors
    /// A line of one of these keys does not verify; none of them signed; two of them cannot be told
    /// apart by name and id.
    pub fn verify<'k>(&self, trusted: &'k [VerifierKey]) -> Result<Vec<Signed<'k>>, NoteError> {
        let mut signed: Vec<Signed<'k>> = Vec::new();
        for line in &self.signatures {
            let mut same_name_and_id = trusted.iter().filter(|key| line.names(key));
            let Some(key) = same_name_and_id.next() else {
                continue;
            };
            if same_name_and_id.any(|other| other != key) {
                return Err(NoteError::KeysCollide);
            }
            let found = line.verify(&self.text, key)?;
            if !signed.iter().any(|earlier| earlier.key == key) {
                signed.push(found);
            }
        }
        if signed.is_empty() {
            return Err(NoteError::NotSigned);
        }
        Ok(signed)
    }

    /// A checkpoint's text is well-formed and short: nothing to refuse.
    pub(crate) fn of_checkpoint(text: String, signature: SignatureLine) -> Self {
        Self {
            text,
            signatures: vec![signature],
        }
    }

    /// The same text with the lines of `key` only.
    pub(crate) fn only_signed_by(&self, key: &VerifierKey) -> Self {
        let of_key = |line: &&SignatureLine| line.names(key);
        Self {
            text: self.text.clone(),
            signatures: self
                .signatures
                .iter()
                .filter(of_key)
                .take(1)
                .cloned()
                .collect(),
        }
    }

    pub(crate) fn into_signatures(self) -> Vec<SignatureLine> {
        self.signatures
    }

    fn within_limits(self) -> Result<Self, NoteError> {
        if self.signatures.len() > NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        if self.to_string().len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong);
        }
        Ok(self)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A key of the caller's that has signed a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'k> {
    /// Which key.
    pub key: &'k VerifierKey,
    /// Seconds since 1970, as a witness says; none for a log.
    pub time_s: Option<u64>,
}

/// One signature: `— <name> <base64 of key id and signature>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    name: KeyName,
    id: KeyId,
    signature: Vec<u8>,
}

impl SignatureLine {
    /// Signs the text of a note with a key of type `0x01`.
    #[must_use]
    pub fn sign(name: &KeyName, key: &SigningKey, text: &str) -> Self {
        let signature = key.sign(text.as_bytes());
        Self::new(name, KeyKind::Log, key, signature.to_bytes().to_vec())
    }

    pub(crate) fn new(name: &KeyName, kind: KeyKind, key: &SigningKey, signature: Vec<u8>) -> Self {
        Self {
            name: name.clone(),
            id: KeyId::of(name, kind, &key.verifying_key()),
            signature,
        }
    }

    /// Reads one line, without its newline.
    ///
    /// # Errors
    /// Anything but the one spelling of a signature line.
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        let (name, base64) = line
            .strip_prefix("— ")
            .and_then(|line| line.split_once(' '))
            .ok_or(NoteError::SignatureFormat)?;
        let name = KeyName::new(name).ok_or(NoteError::SignatureFormat)?;
        let bytes = text::from_base64(base64).ok_or(NoteError::SignatureFormat)?;
        match bytes.split_first_chunk::<4>() {
            Some((id, signature)) if !signature.is_empty() => Ok(Self {
                name,
                id: KeyId(*id),
                signature: signature.to_vec(),
            }),
            _ => Err(NoteError::SignatureFormat),
        }
    }

    /// The name that the line gives.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key id that the line gives.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The bytes after the key id.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn names(&self, key: &VerifierKey) -> bool {
        self.name == *key.name() && self.id == key.id()
    }

    /// Checks the line under a key that it names.
    fn verify<'k>(&self, text: &str, key: &'k VerifierKey) -> Result<Signed<'k>, NoteError> {
        let time_s = match key.kind() {
            KeyKind::Log => self.verify_text(text, key).map(|()| None),
            KeyKind::Witness => cosignature::verify(text, &self.signature, key.key()).map(Some),
        };
        match time_s {
            Some(time_s) => Ok(Signed { key, time_s }),
            None => Err(NoteError::SignatureInvalid {
                name: self.name.clone(),
            }),
        }
    }

    fn verify_text(&self, text: &str, key: &VerifierKey) -> Option<()> {
        let signature = Signature::from_slice(&self.signature).ok()?;
        key.key().verify_strict(text.as_bytes(), &signature).ok()
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.0.as_slice(), &self.signature].concat();
        write!(f, "— {} {}", self.name, text::to_base64(&bytes))
    }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    let forbidden = |byte: u8| byte < b' ' && byte != b'\n';
    if text.bytes().any(forbidden) {
        Err(NoteError::ControlCharacter)
    } else {
        Ok(())
    }
}

/// Why bytes are not a note, or a note is not signed by whom one trusts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("the note is too long")]
    TooLong,
    /// Not UTF-8.
    #[error("the note is not UTF-8")]
    NotUtf8,
    /// An ASCII control character other than newline.
    #[error("the note has a control character")]
    ControlCharacter,
    /// No text, no empty line before the signatures, or no newline at the end.
    #[error("the note is not a text, an empty line and signature lines")]
    Format,
    /// More than [`NOTE_SIGNATURES_MAX`].
    #[error("the note has too many signatures")]
    TooManySignatures,
    /// A line after the last empty line that is not a signature.
    #[error("a signature line is malformed")]
    SignatureFormat,
    /// A line of a trusted key does not verify.
    #[error("the signature of {name} is invalid")]
    SignatureInvalid {
        /// The name of the key.
        name: KeyName,
    },
    /// No trusted key has signed.
    #[error("no trusted key has signed the note")]
    NotSigned,
    /// Two trusted keys have the same name and id.
    #[error("two trusted keys have the same name and id")]
    KeysCollide,
}

impl NoteError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "note-too-long",
            Self::NotUtf8 => "note-not-utf8",
            Self::ControlCharacter => "note-control-character",
            Self::Format => "note-format",
            Self::TooManySignatures => "note-too-many-signatures",
            Self::SignatureFormat => "note-signature-format",
            Self::SignatureInvalid { .. } => "note-signature-invalid",
            Self::NotSigned => "note-not-signed",
            Self::KeysCollide => "note-keys-collide",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::KeysCollide => Fault::Operator,
            _ => Fault::Peer,
        }
    }
}
