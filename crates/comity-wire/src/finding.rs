//! A finding of an audit on its way to the member that it is about, and the reply, over `/comity/audit/1`.
//!
//! ```text
//! auditor   ["finding", signed notice]         -> ["noted", hash]
//! subject   ["finding-reply", signed reply]    -> ["noted", hash]
//! ```
//! Both are signed under the statement key, so that each side can show later what the other one has said.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use crate::cbor;
use crate::ids::{CaseId, Hash, MemberId, StatementId};
use crate::leaf::{LogHead, RosterRef};
use crate::limited::{Limited, OverLimit, duration, integer, length, time};
use crate::limits::{AUDIT_REPLY_BYTES_MAX, FINDING_BYTES_MAX, SMALL_REQUEST_BYTES_MAX};
use crate::notice::Notice;
use crate::object::ObjectError;
use crate::registry::content_type;
use crate::words::{Code, DurationMs, Hidden, Text, TimeMs, Version};

/// A finding, for the member that it is about. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingNotice {
    /// 1.
    pub v: Version,
    /// Who found it.
    pub by: MemberId,
    /// The id of the finding: a hash over what is found, where.
    pub id: Hash,
    /// Whose log it is in, or is missing from.
    pub of: MemberId,
    /// The federation.
    pub fed: Hash,
    /// The case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Registry `finding`.
    pub code: Code,
    /// The head of the log of `of`, as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<LogHead>,
    /// Of `answer-late`: the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Code>,
    /// When it was found.
    pub found: TimeMs,
    /// The index in that log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// The end of the reply period.
    pub until: TimeMs,
    /// The statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementId>,
    /// The other member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterpart: Option<MemberId>,
}

/// What the subject replies. Fields stand in canonical order. `Debug` hides the text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingReply {
    /// 1.
    pub v: Version,
    /// SHA-256 of the signed notice, as it was received.
    pub of: Hash,
    /// Registry `finding-reply`.
    pub code: Code,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// When.
    pub time: TimeMs,
}

impl fmt::Debug for FindingReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FindingReply({}, {})", self.of, self.code)
    }
}

impl Limited for FindingNotice {
    fn within_limits(&self) -> Result<(), OverLimit> {
        self.code.within_limits()?;
        self.clock.within_limits()?;
        if let Some(head) = &self.head {
            integer(head.1)?;
        }
        integer(self.index.unwrap_or(0))?;
        time(self.found)?;
        time(self.until)
    }
}

impl Limited for FindingReply {
    fn within_limits(&self) -> Result<(), OverLimit> {
        self.code.within_limits()?;
        self.text.within_limits()?;
        time(self.time)
    }
}

impl Notice for FindingNotice {
    const CONTENT_TYPE: &'static str = content_type::FINDING;
}

impl Notice for FindingReply {
    const CONTENT_TYPE: &'static str = content_type::FINDING_REPLY;
}

/// What one side hands to the other. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub enum FindingRequest {
    /// `["finding", bytes]`: a signed [`FindingNotice`].
    Finding(ByteBuf),
    /// `["finding-reply", bytes]`: a signed [`FindingReply`].
    Reply(ByteBuf),
}

/// What it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindingAnswer {
    /// `["noted", hash]`: SHA-256 of the bytes; it is durable.
    Noted(Hash),
    /// `["refused", roster, code, retry_after or null]`: registry `audit-code`.
    Refused(RosterRef, Code, Option<DurationMs>),
}

impl fmt::Debug for FindingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finding(bytes) => f.debug_tuple("Finding").field(&Hidden(bytes)).finish(),
            Self::Reply(bytes) => f.debug_tuple("Reply").field(&Hidden(bytes)).finish(),
        }
    }
}

impl FindingRequest {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes a request. What is signed is read by who judges it.
    ///
    /// # Errors
    /// It is another request of `/comity/audit/1`, or none.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_framing(bytes, SMALL_REQUEST_BYTES_MAX)?;
        let request: Self = cbor::decode(bytes)?;
        let (Self::Finding(signed) | Self::Reply(signed)) = &request;
        length("FINDING_BYTES_MAX", signed.len(), 1, FINDING_BYTES_MAX)?;
        Ok(request)
    }
}

impl FindingAnswer {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes an answer.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_framing(bytes, AUDIT_REPLY_BYTES_MAX)?;
        let answer: Self = cbor::decode(bytes)?;
        if let Self::Refused(roster, code, retry_after) = &answer {
            integer(roster.0)?;
            code.within_limits()?;
            retry_after.map_or(Ok(()), duration)?;
        }
        Ok(answer)
    }
}

impl Serialize for FindingRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Finding(bytes) => ("finding", bytes).serialize(serializer),
            Self::Reply(bytes) => ("finding-reply", bytes).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for FindingRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Message;

        impl<'de> Visitor<'de> for Message {
            type Value = FindingRequest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a finding or a reply to one")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                match next::<String, A>(&mut seq)?.as_str() {
                    "finding" => Ok(FindingRequest::Finding(next(&mut seq)?)),
                    "finding-reply" => Ok(FindingRequest::Reply(next(&mut seq)?)),
                    _ => Err(de::Error::custom("no such request")),
                }
            }
        }

        deserializer.deserialize_seq(Message)
    }
}

impl Serialize for FindingAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Noted(hash) => ("noted", hash).serialize(serializer),
            Self::Refused(roster, code, retry_after) => {
                ("refused", roster, code, retry_after).serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for FindingAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Message;

        impl<'de> Visitor<'de> for Message {
            type Value = FindingAnswer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the answer to a finding")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                match next::<String, A>(&mut seq)?.as_str() {
                    "noted" => Ok(FindingAnswer::Noted(next(&mut seq)?)),
                    "refused" => Ok(FindingAnswer::Refused(
                        next(&mut seq)?,
                        next(&mut seq)?,
                        next(&mut seq)?,
                    )),
                    _ => Err(de::Error::custom("no such answer")),
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
