//! How heads are cosigned, shown and contradicted: `/comity/witness/1`. What may be cosigned, and what is evidence, is
//! the business of `comity-log`.
//!
//! ```text
//! log       add-checkpoint: the body of C2SP tlog-witness, byte for byte
//! witness   answer: the status and the body that HTTP would have
//!
//! anybody   head of this log, with the path from a size
//! member    its newest checkpoint of it, with the cosignatures that it has
//!
//! anybody   evidence that a log or a governance has forked
//! member    taken: the hash of what it has kept
//! ```

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use crate::cbor;
use crate::ids::Hash;
use crate::leaf::{Origin, RosterRef};
use crate::limited::{Limited as _, OverLimit, duration, integer, length, number};
use crate::limits::{
    CONSISTENCY_PATH_MAX, COSIGNED_BYTES_MAX, WITNESS_ANSWER_BYTES_MAX, WITNESS_ASK_BYTES_MAX,
    WITNESS_EVIDENCE_BYTES_MAX, WITNESS_REPLY_BYTES_MAX, WITNESS_REQUEST_BYTES_MAX,
};
use crate::object::ObjectError;
use crate::words::{Code, DurationMs, Hidden};

/// What a member asks. `Debug` hides evidence.
#[derive(Clone, PartialEq, Eq)]
pub enum WitnessRequest {
    /// `["add-checkpoint", text]`: the body of an add-checkpoint request of `tlog-witness`.
    AddCheckpoint(Box<str>),
    /// `["head", origin, from or null]`: the newest head of a log that the asked one has, with the consistency path
    /// from the size `from` if it can make it.
    Head(Origin, Option<u64>),
    /// `["evidence", bytes]`: fork evidence or a roster conflict, encoded.
    Evidence(ByteBuf),
}

/// What it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WitnessReply {
    /// `["answer", status, text]`: status and body of the answer that HTTP would have to an add-checkpoint.
    Answer(u64, Box<str>),
    /// `["head", checkpoint or null, path or null]`
    Head(Option<Box<str>>, Option<Vec<Hash>>),
    /// `["taken", hash]`: SHA-256 of the evidence.
    Taken(Hash),
    /// `["refused", roster, code, retry_after or null]`: registry `witness-code`.
    Refused(RosterRef, Code, Option<DurationMs>),
}

/// The status codes that an answer can have.
pub const STATUSES: std::ops::RangeInclusive<u64> = 200..=599;

impl fmt::Debug for WitnessRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddCheckpoint(text) => f.debug_tuple("AddCheckpoint").field(text).finish(),
            Self::Head(origin, from) => f.debug_tuple("Head").field(origin).field(from).finish(),
            Self::Evidence(bytes) => f.debug_tuple("Evidence").field(&Hidden(bytes)).finish(),
        }
    }
}

impl WitnessRequest {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes a request. Its text and its evidence are judged by who reads them.
    ///
    /// # Errors
    /// What is wrong with it; it is then answered with the code `bad-request`.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_framing(bytes, WITNESS_REQUEST_BYTES_MAX)?;
        let request: Self = cbor::decode(bytes)?;
        request.is_within_limits()?;
        Ok(request)
    }

    fn is_within_limits(&self) -> Result<(), OverLimit> {
        match self {
            Self::AddCheckpoint(text) => {
                let limit = "WITNESS_ASK_BYTES_MAX";
                length(limit, text.len(), 1, WITNESS_ASK_BYTES_MAX)
            }
            Self::Head(_, from) => integer(from.unwrap_or(0)),
            Self::Evidence(bytes) => {
                let limit = "WITNESS_EVIDENCE_BYTES_MAX";
                length(limit, bytes.len(), 1, WITNESS_EVIDENCE_BYTES_MAX)
            }
        }
    }
}

impl WitnessReply {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes a reply.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_framing(bytes, WITNESS_REPLY_BYTES_MAX)?;
        let reply: Self = cbor::decode(bytes)?;
        reply.is_within_limits()?;
        Ok(reply)
    }

    fn is_within_limits(&self) -> Result<(), OverLimit> {
        match self {
            Self::Answer(status, text) => {
                number("status", *status, *STATUSES.start(), *STATUSES.end())?;
                let limit = "WITNESS_ANSWER_BYTES_MAX";
                length(limit, text.len(), 0, WITNESS_ANSWER_BYTES_MAX)
            }
            Self::Head(checkpoint, path) => {
                if let Some(text) = checkpoint {
                    length("COSIGNED_BYTES_MAX", text.len(), 1, COSIGNED_BYTES_MAX)?;
                }
                let hashes = path.as_ref().map_or(0, Vec::len);
                length("CONSISTENCY_PATH_MAX", hashes, 0, CONSISTENCY_PATH_MAX)
            }
            Self::Taken(_) => Ok(()),
            Self::Refused(roster, code, retry_after) => {
                integer(roster.0)?;
                code.within_limits()?;
                retry_after.map_or(Ok(()), duration)
            }
        }
    }
}

impl Serialize for WitnessRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::AddCheckpoint(text) => ("add-checkpoint", text).serialize(serializer),
            Self::Head(origin, from) => ("head", origin, from).serialize(serializer),
            Self::Evidence(bytes) => ("evidence", bytes).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for WitnessRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Message;

        impl<'de> Visitor<'de> for Message {
            type Value = WitnessRequest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a request to a witness")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                match next::<String, A>(&mut seq)?.as_str() {
                    "add-checkpoint" => Ok(WitnessRequest::AddCheckpoint(next(&mut seq)?)),
                    "head" => Ok(WitnessRequest::Head(next(&mut seq)?, next(&mut seq)?)),
                    "evidence" => Ok(WitnessRequest::Evidence(next(&mut seq)?)),
                    _ => Err(de::Error::custom("no such request")),
                }
            }
        }

        deserializer.deserialize_seq(Message)
    }
}

impl Serialize for WitnessReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Answer(status, text) => ("answer", status, text).serialize(serializer),
            Self::Head(checkpoint, path) => ("head", checkpoint, path).serialize(serializer),
            Self::Taken(hash) => ("taken", hash).serialize(serializer),
            Self::Refused(roster, code, retry_after) => {
                ("refused", roster, code, retry_after).serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for WitnessReply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Message;

        impl<'de> Visitor<'de> for Message {
            type Value = WitnessReply;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reply of a witness")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                match next::<String, A>(&mut seq)?.as_str() {
                    "answer" => Ok(WitnessReply::Answer(next(&mut seq)?, next(&mut seq)?)),
                    "head" => Ok(WitnessReply::Head(next(&mut seq)?, next(&mut seq)?)),
                    "taken" => Ok(WitnessReply::Taken(next(&mut seq)?)),
                    "refused" => Ok(WitnessReply::Refused(
                        next(&mut seq)?,
                        next(&mut seq)?,
                        next(&mut seq)?,
                    )),
                    _ => Err(de::Error::custom("no such reply")),
                }
            }
        }

        deserializer.deserialize_seq(Message)
    }
}

fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?
        .ok_or_else(|| de::Error::custom("a part of the message is missing"))
}
