//! Whom a verifier believes, in one file (`tlog-policy`): which logs, which witnesses, and how many of them.
//!
//! ```text
//! log <vkey> [<url>]                       one of them has signed
//! witness <name> <vkey> [<url>]
//! group <name> all|any|<k> <name>...       so many of these have cosigned, each a witness or a group before
//! quorum <name>|none                       this one has
//! ```
//! Names are octets, not text. A key of a kind that is not read here is a witness that never cosigns, and a log that
//! never signs.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use crate::fault::Fault;
use crate::key::{KeyKind, VerifierKey, VerifierKeyError};
use crate::limits::{POLICY_BYTES_MAX, POLICY_LINES_MAX};
use crate::note::NoteError;

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    /// Witnesses and groups, in the order of the file.
    parts: Vec<Part>,
    /// None: no cosignature is needed.
    quorum: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// None: of a kind that is not read here.
    Witness(Option<VerifierKey>),
    Group {
        threshold: usize,
        members: Vec<usize>,
    },
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// The first line that is not as above, and what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::TooLong);
        }
        let lines = bytes.strip_suffix(b"\n").ok_or(PolicyError::NoNewline)?;
        let mut reader = Reader::default();
        for (place, line) in lines.split(|byte| *byte == b'\n').enumerate() {
            let at = |problem| PolicyError::Line {
                line: place.saturating_add(1),
                problem,
            };
            reader.line(line).map_err(at)?;
        }
        Ok(Self {
            quorum: reader.quorum.ok_or(PolicyError::NoQuorum)?,
            logs: reader.logs,
            parts: reader.parts,
        })
    }

    /// Checks a checkpoint: one of the logs has signed it, and the quorum has cosigned it.
    ///
    /// # Errors
    /// Which of the two is not so; or a line under a key of the policy is not valid.
    pub fn check(
        &self,
        checkpoint: &UnverifiedCheckpoint,
    ) -> Result<VerifiedCheckpoint, NotTrusted> {
        let signed = self.signed(checkpoint)?;
        let keys: Vec<_> = self.parts.iter().filter_map(Part::key).cloned().collect();
        let cosigned = match checkpoint.note().verify(&keys) {
            Ok(cosigned) => cosigned,
            Err(NoteError::NotSigned) => Vec::new(),
            Err(error) => return Err(NotTrusted::Note(error)),
        };
        let mut met: Vec<bool> = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            met.push(match part {
                Part::Witness(key) => cosigned.iter().any(|one| Some(one.key) == key.as_ref()),
                Part::Group { threshold, members } => {
                    let has = |member: &&usize| met.get(**member) == Some(&true);
                    members.iter().filter(has).count() >= *threshold
                }
            });
        }
        match self.quorum {
            Some(part) if met.get(part) != Some(&true) => Err(NotTrusted::NoQuorum {
                cosigned: cosigned.len(),
            }),
            _ => Ok(signed),
        }
    }

    fn signed(&self, checkpoint: &UnverifiedCheckpoint) -> Result<VerifiedCheckpoint, NotTrusted> {
        let origin = checkpoint.claimed().origin.to_string();
        let named = self.logs.iter().filter(|log| log.name().as_str() == origin);
        let mut last = NotTrusted::UnknownLog;
        for log in named {
            match checkpoint.verify(log) {
                Ok(signed) => return Ok(signed),
                Err(error) => last = NotTrusted::NotSigned(error),
            }
        }
        Err(last)
    }
}

impl Part {
    fn key(&self) -> Option<&VerifierKey> {
        match self {
            Self::Witness(key) => key.as_ref(),
            Self::Group { .. } => None,
        }
    }
}

/// What the lines so far have said.
#[derive(Default)]
struct Reader<'f> {
    logs: Vec<VerifierKey>,
    log_keys: Vec<&'f [u8]>,
    parts: Vec<Part>,
    witness_keys: Vec<&'f [u8]>,
    names: BTreeMap<&'f [u8], usize>,
    /// Which parts are members of a group already.
    taken: Vec<usize>,
    lines: usize,
    quorum: Option<Option<usize>>,
}

impl<'f> Reader<'f> {
    fn line(&mut self, line: &'f [u8]) -> Result<(), LineProblem> {
        let allowed = |byte: &u8| matches!(*byte, b'\t' | 0x20..=0x7e | 0x80..);
        if !line.iter().all(allowed) {
            return Err(LineProblem::ControlCharacter);
        }
        let words: Vec<&[u8]> = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty())
            .collect();
        let says_something = words.first().is_some_and(|first| !first.starts_with(b"#"));
        self.lines = self.lines.saturating_add(usize::from(says_something));
        if self.lines > POLICY_LINES_MAX {
            return Err(LineProblem::TooMany);
        }
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", vkey] | [b"log", vkey, _] => self.log(vkey),
            [b"witness", name, vkey] | [b"witness", name, vkey, _] => self.witness(name, vkey),
            [b"group", name, threshold, members @ ..] if !members.is_empty() => {
                self.group(name, threshold, members)
            }
            [b"quorum", name] => self.set_quorum(name),
            _ => Err(LineProblem::Format),
        }
    }

    fn log(&mut self, vkey: &'f [u8]) -> Result<(), LineProblem> {
        let key = known_key(vkey, KeyKind::Log)?;
        once(&mut self.log_keys, vkey)?;
        self.logs.extend(key);
        Ok(())
    }

    fn witness(&mut self, name: &'f [u8], vkey: &'f [u8]) -> Result<(), LineProblem> {
        let key = known_key(vkey, KeyKind::Witness)?;
        once(&mut self.witness_keys, vkey)?;
        self.define(name, Part::Witness(key))
    }

    fn group(
        &mut self,
        name: &'f [u8],
        threshold: &[u8],
        names: &[&'f [u8]],
    ) -> Result<(), LineProblem> {
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            let member = *self.names.get(name).ok_or(LineProblem::UnknownName)?;
            if self.taken.contains(&member) {
                return Err(LineProblem::MemberTwice);
            }
            self.taken.push(member);
            members.push(member);
        }
        let threshold = match threshold {
            b"all" => members.len(),
            b"any" => 1,
            number => decimal(number).ok_or(LineProblem::Threshold)?,
        };
        if threshold == 0 || threshold > members.len() {
            return Err(LineProblem::Threshold);
        }
        self.define(name, Part::Group { threshold, members })
    }

    fn set_quorum(&mut self, name: &'f [u8]) -> Result<(), LineProblem> {
        if self.quorum.is_some() {
            return Err(LineProblem::SecondQuorum);
        }
        self.quorum = Some(match name {
            NONE => None,
            name => Some(*self.names.get(name).ok_or(LineProblem::UnknownName)?),
        });
        Ok(())
    }

    fn define(&mut self, name: &'f [u8], part: Part) -> Result<(), LineProblem> {
        if name == NONE || self.names.insert(name, self.parts.len()).is_some() {
            return Err(LineProblem::NameTaken);
        }
        self.parts.push(part);
        Ok(())
    }
}

const NONE: &[u8] = b"none";

/// A key of the kind that is wanted; none if its kind is not read here.
fn known_key(vkey: &[u8], kind: KeyKind) -> Result<Option<VerifierKey>, LineProblem> {
    let text = std::str::from_utf8(vkey).map_err(|_| LineProblem::KeyFormat)?;
    match text.parse::<VerifierKey>() {
        Ok(key) if key.kind() == kind => Ok(Some(key)),
        Ok(_) => Err(LineProblem::KeyOfAnotherKind),
        Err(VerifierKeyError::UnsupportedKind { .. }) => Ok(None),
        Err(error) => Err(LineProblem::Key(error)),
    }
}

/// Two keys are the same if what follows the name and the id is: the public key, in its one spelling.
fn once<'f>(seen: &mut Vec<&'f [u8]>, vkey: &'f [u8]) -> Result<(), LineProblem> {
    let mut parts = vkey.splitn(3, |byte| *byte == b'+');
    let key = parts.nth(2).ok_or(LineProblem::KeyFormat)?;
    if seen.contains(&key) {
        return Err(LineProblem::KeyTwice);
    }
    seen.push(key);
    Ok(())
}

fn decimal(digits: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(digits).ok()?;
    let number = crate::text::decimal(text)?;
    usize::try_from(number).ok()
}

/// Why bytes are not a policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Longer than [`POLICY_BYTES_MAX`].
    #[error("the policy is over {POLICY_BYTES_MAX} bytes")]
    TooLong,
    /// The last line has no end.
    #[error("the policy does not end with a newline")]
    NoNewline,
    /// There is no quorum line.
    #[error("the policy has no quorum line")]
    NoQuorum,
    /// A line is not one of a policy.
    #[error("line {line} of the policy: {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        problem: LineProblem,
    },
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// Neither of the four forms.
    #[error("not a log, witness, group or quorum line")]
    Format,
    /// A control character but tab.
    #[error("a control character")]
    ControlCharacter,
    /// More than [`POLICY_LINES_MAX`] lines that say something.
    #[error("more than {POLICY_LINES_MAX} lines")]
    TooMany,
    /// Not a verifier key.
    #[error("not a verifier key")]
    KeyFormat,
    /// Not a usable one.
    #[error(transparent)]
    Key(VerifierKeyError),
    /// The key of a log in the place of a witness's, or the other way round.
    #[error("a key of another kind than the line is about")]
    KeyOfAnotherKind,
    /// One public key in two lines.
    #[error("a key that another line has")]
    KeyTwice,
    /// `none`, or a name that another line has.
    #[error("a name that is taken")]
    NameTaken,
    /// No line before defines it.
    #[error("a name that no line before defines")]
    UnknownName,
    /// A name that is a member of a group already.
    #[error("a name that is a member of a group already")]
    MemberTwice,
    /// Not from 1 to the number of members.
    #[error("a threshold that is not from 1 to the number of members")]
    Threshold,
    /// There is one already.
    #[error("a second quorum line")]
    SecondQuorum,
}

impl PolicyError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "policy-too-long",
            Self::NoNewline => "policy-no-newline",
            Self::NoQuorum => "policy-no-quorum",
            Self::Line { .. } => "policy-line",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Operator
    }
}

/// Why a checkpoint is not trusted under a policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotTrusted {
    /// No log of the policy has this origin.
    #[error("the policy has no log of this name")]
    UnknownLog,
    /// The log has not signed it.
    #[error("not signed by its log: {0}")]
    NotSigned(crate::checkpoint::CheckpointError),
    /// A line under the key of a witness is not valid.
    #[error("a cosignature is not valid: {0}")]
    Note(NoteError),
    /// Too few, or others.
    #[error("{cosigned} witnesses of the policy have cosigned, and that is not its quorum")]
    NoQuorum {
        /// How many have.
        cosigned: usize,
    },
}

impl NotTrusted {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownLog => "policy-unknown-log",
            Self::NotSigned(error) => error.code(),
            Self::Note(error) => error.code(),
            Self::NoQuorum { .. } => "policy-quorum",
        }
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}
