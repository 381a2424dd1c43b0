//! How statements travel: a batch of them one way, one result for each the other.
//!
//! Only the framing is decoded here. Each statement stays a byte string: it is
//! read, judged and answered on its own, so that one bad statement costs the
//! others nothing.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::ser::SerializeTuple as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use crate::cbor;
use crate::leaf::{Origin, RosterRef};
use crate::limited::{Limited as _, duration, integer, length};
use crate::limits::{
    CHECKPOINT_BYTES_MAX, EVIDENCE_BYTES_MAX, EVIDENCE_MAX, EXCHANGE_REPLY_BYTES_MAX,
    EXCHANGE_REQUEST_BYTES_MAX, EXCHANGE_STATEMENTS_MAX, STATEMENT_BYTES_MAX,
};
use crate::object::ObjectError;
use crate::receipt::WireReceipt;
use crate::registry::exchange_code;
use crate::words::{Code, DurationMs, Hidden};

/// `[roster, [+ [statement, earlier receipt or null, [* evidence]]]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRequest(
    /// The newest roster that the sender has.
    pub RosterRef,
    /// The statements.
    pub Vec<Offer>,
);

/// One statement on its way. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer(
    /// The bytes of the statement.
    pub ByteBuf,
    /// A receipt that the recipient gave earlier, from a log closed since.
    pub Option<WireReceipt>,
    /// Objects that the statement names in `evidence`: opaque, read, never obeyed.
    pub Vec<ByteBuf>,
);

/// `[roster, checkpoint or null, [+ result]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeReply(
    /// The newest roster that the recipient has.
    pub RosterRef,
    /// The signed head that the receipts of this reply are under.
    pub Option<Box<str>>,
    /// One result for each statement, in the order of the request.
    pub Vec<ExchangeResult>,
);

/// What became of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExchangeResult {
    /// `[0, receipt]`: registered.
    Registered(WireReceipt),
    /// `[1, refusal]`: not registered, signed.
    Refused(ByteBuf),
    /// `[2, code, retry_after or null]`: not registered, and nobody can be held
    /// to it.
    Turned(Code, Option<DurationMs>),
}

/// `["redeliver", origin, from index]`: a restored member asks for what it had
/// receipted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeliverRequest(
    /// Always `redeliver`.
    pub Redeliver,
    /// The closed log.
    pub Origin,
    /// The first index that is lost.
    pub u64,
);

/// `[roster, [* [statement, receipt or null]], next or null]`. `Debug` hides the
/// statements.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeliverReply(
    /// The newest roster that the peer has.
    pub RosterRef,
    /// Statements that the restored member had registered, with its receipts,
    /// and its own, without.
    pub Vec<(ByteBuf, Option<WireReceipt>)>,
    /// Where to go on.
    pub Option<u64>,
);

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let evidence: Vec<_> = self.2.iter().map(|object| Hidden(object)).collect();
        let statement = Hidden(&self.0);
        f.debug_tuple("Offer")
            .field(&statement)
            .field(&self.1)
            .field(&evidence)
            .finish()
    }
}

impl fmt::Debug for RedeliverReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self.1.iter().map(|(bytes, _)| Hidden(bytes)).collect();
        f.debug_tuple("RedeliverReply")
            .field(&self.0)
            .field(&rows)
            .field(&self.2)
            .finish()
    }
}

/// The text `redeliver`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Redeliver {
    /// The only value.
    Redeliver,
}

impl ExchangeRequest {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes the framing of a request.
    ///
    /// # Errors
    /// What is wrong with it; the whole request then gets one unsigned code.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_framing(bytes, EXCHANGE_REQUEST_BYTES_MAX)?;
        let request: Self = cbor::decode(bytes)?;
        integer(request.0.0)?;
        statements(request.1.len(), 1)?;
        for Offer(_, _, evidence) in &request.1 {
            length("EVIDENCE_MAX", evidence.len(), 0, EVIDENCE_MAX)?;
            for object in evidence {
                length("EVIDENCE_BYTES_MAX", object.len(), 1, EVIDENCE_BYTES_MAX)?;
            }
        }
        Ok(request)
    }
}

impl ExchangeReply {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes a reply to a request of so many statements.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8], asked: usize) -> Result<Self, ObjectError> {
        ObjectError::check_framing(bytes, EXCHANGE_REPLY_BYTES_MAX)?;
        let mut reply: Self = cbor::decode(bytes)?;
        integer(reply.0.0)?;
        if let Some(checkpoint) = &reply.1 {
            length(
                "CHECKPOINT_BYTES_MAX",
                checkpoint.len(),
                1,
                CHECKPOINT_BYTES_MAX,
            )?;
        }
        // A request that cannot be read has no statements to answer one by one.
        if let [turned @ ExchangeResult::Turned(code, None)] = reply.2.as_slice()
            && code.as_str() == exchange_code::BAD_EXCHANGE
        {
            reply.2 = vec![turned.clone(); asked];
        }
        length("EXCHANGE_STATEMENTS_MAX", reply.2.len(), asked, asked)?;
        for result in &reply.2 {
            if let ExchangeResult::Turned(code, retry_after) = result {
                code.within_limits()?;
                retry_after.map_or(Ok(()), duration)?;
            }
        }
        Ok(reply)
    }
}

impl RedeliverRequest {
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
        ObjectError::check_framing(bytes, STATEMENT_BYTES_MAX)?;
        let request: Self = cbor::decode(bytes)?;
        integer(request.2)?;
        Ok(request)
    }
}

impl RedeliverReply {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes the framing of a reply.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_framing(bytes, EXCHANGE_REQUEST_BYTES_MAX)?;
        let reply: Self = cbor::decode(bytes)?;
        integer(reply.0.0)?;
        integer(reply.2.unwrap_or(0))?;
        statements(reply.1.len(), 0)?;
        Ok(reply)
    }
}

fn statements(count: usize, min: usize) -> Result<(), crate::limited::OverLimit> {
    length(
        "EXCHANGE_STATEMENTS_MAX",
        count,
        min,
        EXCHANGE_STATEMENTS_MAX,
    )
}

// A result is an array whose first number says what follows; serde has no derive
// for that.

impl Serialize for ExchangeResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Registered(receipt) => (0, receipt).serialize(serializer),
            Self::Refused(refusal) => (1, refusal).serialize(serializer),
            Self::Turned(code, retry_after) => {
                let mut tuple = serializer.serialize_tuple(3)?;
                tuple.serialize_element(&2)?;
                tuple.serialize_element(code)?;
                tuple.serialize_element(retry_after)?;
                tuple.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for ExchangeResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ResultVisitor)
    }
}

struct ResultVisitor;

impl<'de> Visitor<'de> for ResultVisitor {
    type Value = ExchangeResult;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result of an exchange")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let missing = || de::Error::custom("a part of the result is missing");
        match seq.next_element::<u64>()?.ok_or_else(missing)? {
            0 => Ok(ExchangeResult::Registered(
                seq.next_element()?.ok_or_else(missing)?,
            )),
            1 => Ok(ExchangeResult::Refused(
                seq.next_element()?.ok_or_else(missing)?,
            )),
            2 => Ok(ExchangeResult::Turned(
                seq.next_element()?.ok_or_else(missing)?,
                seq.next_element()?.ok_or_else(missing)?,
            )),
            _ => Err(de::Error::custom("no such result")),
        }
    }
}
