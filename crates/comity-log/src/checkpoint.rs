//! Checkpoints (`tlog-checkpoint`): a log's signed word of how long its tree is and what is in it.
//!
//! ```text
//! <origin>
//! <size>
//! <base64 of the root>
//!
//! — <origin> <signature of the log>
//! — <witness> <cosignature>            as many as there are
//! ```
//! Extension lines are refused: nobody could audit what a log says there.

use std::fmt;

use ed25519_dalek::SigningKey;
use thiserror::Error;

use crate::fault::Fault;
use crate::head::{Head, HeadError};
use crate::key::{KeyKind, KeyName, VerifierKey};
use crate::names::Origin;
use crate::note::{Note, NoteError, SignatureLine};
use crate::text;

/// What a checkpoint says: the head of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// Size and root of its tree.
    pub head: Head,
}

impl Checkpoint {
    /// Reads the text of a note.
    ///
    /// # Errors
    /// Anything but three lines in their one spelling.
    pub fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Format)?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Format);
        };
        if lines.next().is_some() {
            return Err(CheckpointError::ExtensionLine);
        }
        let origin = Origin::parse(origin).ok_or(CheckpointError::Origin)?;
        let size = text::decimal(size).ok_or(CheckpointError::SizeFormat)?;
        let root = text::hash_from_base64(root).ok_or(CheckpointError::RootFormat)?;
        let head = Head::new(size, root)?;
        Ok(Self { origin, head })
    }

    /// Signs with the key of the log.
    ///
    /// A signature cannot be taken back. First confirm what was written
    /// ([`Appended::confirm`](crate::edge::Appended::confirm)), then compare and swap the stored head
    /// ([`Head::compare_and_swap`]) and make that durable, then sign.
    #[must_use]
    pub fn sign(self, key: &SigningKey) -> VerifiedCheckpoint {
        let text = self.to_string();
        let line = SignatureLine::sign(&KeyName::from(&self.origin), key, &text);
        let note = Note::of_checkpoint(text, line);
        VerifiedCheckpoint {
            checkpoint: self,
            note,
        }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = text::base64_of_hash(self.head.root());
        write!(f, "{}\n{}\n{root}\n", self.origin, self.head.size())
    }
}

/// A checkpoint of which only the form is known to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedCheckpoint {
    claimed: Checkpoint,
    note: Note,
}

impl UnverifiedCheckpoint {
    /// Reads a note whose text is a checkpoint. Whatever is accepted is written again as the same
    /// bytes.
    ///
    /// # Errors
    /// A malformed note or text.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let claimed = Checkpoint::parse_text(note.text())?;
        Ok(Self { claimed, note })
    }

    /// What it says, if its signatures are worth anything.
    #[must_use]
    pub fn claimed(&self) -> &Checkpoint {
        &self.claimed
    }

    /// The note, with all its signature lines.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Checks the signature of the log. Lines of others are dropped, so that a forged one that came
    /// along is never stored or passed on.
    ///
    /// # Errors
    /// A key of another log or of a witness; no valid signature under it.
    pub fn verify(&self, log: &VerifierKey) -> Result<VerifiedCheckpoint, CheckpointError> {
        if log.kind() != KeyKind::Log || *log.name() != KeyName::from(&self.claimed.origin) {
            return Err(CheckpointError::KeyOfAnother);
        }
        self.note.verify(std::slice::from_ref(log))?;
        Ok(VerifiedCheckpoint {
            checkpoint: self.claimed.clone(),
            note: self.note.only_signed_by(log),
        })
    }
}

impl fmt::Display for UnverifiedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// A checkpoint that its log has signed. It comes out of [`UnverifiedCheckpoint::verify`] or
/// [`Checkpoint::sign`] only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl VerifiedCheckpoint {
    /// Which log.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.checkpoint.origin
    }

    /// Size and root of its tree.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.checkpoint.head
    }

    /// The note with the log's signature and no other.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The same, to be shown to somebody who trusts nobody's word.
    #[must_use]
    pub fn to_unverified(&self) -> UnverifiedCheckpoint {
        UnverifiedCheckpoint {
            claimed: self.checkpoint.clone(),
            note: self.note.clone(),
        }
    }
}

impl fmt::Display for VerifiedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// Why bytes are not a checkpoint, or not one of the log one trusts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The note is malformed, or not validly signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Fewer than three lines.
    #[error("not the three lines of a checkpoint")]
    Format,
    /// More than three lines.
    #[error("a checkpoint with extension lines")]
    ExtensionLine,
    /// The first line is not the name of a log.
    #[error("the origin is not <64 hex digits>/<member>/<number>")]
    Origin,
    /// The second line is not a number in its one spelling.
    #[error("the size is not a decimal number in its one spelling")]
    SizeFormat,
    /// The third line is not a hash in its one spelling.
    #[error("the root is not the base64 of 32 bytes in its one spelling")]
    RootFormat,
    /// Size and root do not go together.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The key is a witness's, or of another origin.
    #[error("the key is not that of the log named in the checkpoint")]
    KeyOfAnother,
}

impl CheckpointError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Note(error) => error.code(),
            Self::Format => "checkpoint-format",
            Self::ExtensionLine => "checkpoint-extension-line",
            Self::Origin => "checkpoint-origin",
            Self::SizeFormat => "checkpoint-size-format",
            Self::RootFormat => "checkpoint-root-format",
            Self::Head(error) => error.code(),
            Self::KeyOfAnother => "checkpoint-key-of-another",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Note(error) => error.fault(),
            _ => Fault::Peer,
        }
    }
}
