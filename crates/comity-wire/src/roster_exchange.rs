//! How charters and rosters travel: `/comity/roster/1` to members, and
//! `/comity/hello/1`, the only protocol for a peer that is not in the roster.
//! What the signed objects mean is the business of `comity-trust`.
//!
//! Every message is an array whose first text says what follows.

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use crate::cbor;
use crate::leaf::RosterRef;
use crate::limited::{Limited as _, integer, length};
use crate::limits::{
    ROSTER_CHAIN_MAX, ROSTER_PART_BYTES_MAX, ROSTER_REPLY_BYTES_MAX, SMALL_REQUEST_BYTES_MAX,
};
use crate::object::ObjectError;
use crate::words::Code;

/// What a peer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RosterRequest {
    /// `["hello", roster]`: this is the newest roster that I have.
    Hello(RosterRef),
    /// `["since", version]`: every charter and roster from this version on.
    Since(u64),
    /// `["part", version, offset]`: a piece of one signed roster.
    Part(u64, u64),
}

/// What a peer answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RosterReply {
    /// `["hello", roster, code or null]`: why you are not admitted, if you are not.
    Hello(RosterRef, Option<Code>),
    /// `["chain", charters, rosters, more]`: signed objects in their order.
    Chain(Vec<ByteBuf>, Vec<ByteBuf>, bool),
    /// `["part", version, size, bytes]`: a piece, and the size of the whole.
    Part(u64, u64, ByteBuf),
    /// `["unknown", roster]`: no such version here; this is the newest.
    Unknown(RosterRef),
}

impl RosterRequest {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes a request.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_framing(bytes, SMALL_REQUEST_BYTES_MAX)?;
        let request: Self = cbor::decode(bytes)?;
        match &request {
            Self::Hello(roster) => integer(roster.0)?,
            Self::Since(version) => integer(*version)?,
            Self::Part(version, offset) => {
                integer(*version)?;
                integer(*offset)?;
            }
        }
        Ok(request)
    }
}

impl RosterReply {
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
        ObjectError::check_framing(bytes, ROSTER_REPLY_BYTES_MAX)?;
        let reply: Self = cbor::decode(bytes)?;
        match &reply {
            Self::Hello(roster, code) => {
                integer(roster.0)?;
                code.within_limits()?;
            }
            Self::Chain(charters, rosters, _) => {
                length("ROSTER_CHAIN_MAX", charters.len(), 0, ROSTER_CHAIN_MAX)?;
                length("ROSTER_CHAIN_MAX", rosters.len(), 0, ROSTER_CHAIN_MAX)?;
            }
            Self::Part(version, size, bytes) => {
                integer(*version)?;
                integer(*size)?;
                length(
                    "ROSTER_PART_BYTES_MAX",
                    bytes.len(),
                    0,
                    ROSTER_PART_BYTES_MAX,
                )?;
            }
            Self::Unknown(roster) => integer(roster.0)?,
        }
        Ok(reply)
    }
}

impl Serialize for RosterRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Hello(roster) => ("hello", roster).serialize(serializer),
            Self::Since(version) => ("since", version).serialize(serializer),
            Self::Part(version, offset) => ("part", version, offset).serialize(serializer),
        }
    }
}

impl Serialize for RosterReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Hello(roster, code) => ("hello", roster, code).serialize(serializer),
            Self::Chain(charters, rosters, more) => {
                ("chain", charters, rosters, more).serialize(serializer)
            }
            Self::Part(version, size, bytes) => {
                ("part", version, size, bytes).serialize(serializer)
            }
            Self::Unknown(roster) => ("unknown", roster).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RosterRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Message;

        impl<'de> Visitor<'de> for Message {
            type Value = RosterRequest;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a request for rosters")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                match next::<String, A>(&mut seq)?.as_str() {
                    "hello" => Ok(RosterRequest::Hello(next(&mut seq)?)),
                    "since" => Ok(RosterRequest::Since(next(&mut seq)?)),
                    "part" => Ok(RosterRequest::Part(next(&mut seq)?, next(&mut seq)?)),
                    _ => Err(de::Error::custom("no such request")),
                }
            }
        }

        deserializer.deserialize_seq(Message)
    }
}

impl<'de> Deserialize<'de> for RosterReply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Message;

        impl<'de> Visitor<'de> for Message {
            type Value = RosterReply;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a reply about rosters")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                match next::<String, A>(&mut seq)?.as_str() {
                    "hello" => Ok(RosterReply::Hello(next(&mut seq)?, next(&mut seq)?)),
                    "chain" => Ok(RosterReply::Chain(
                        next(&mut seq)?,
                        next(&mut seq)?,
                        next(&mut seq)?,
                    )),
                    "part" => Ok(RosterReply::Part(
                        next(&mut seq)?,
                        next(&mut seq)?,
                        next(&mut seq)?,
                    )),
                    "unknown" => Ok(RosterReply::Unknown(next(&mut seq)?)),
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
