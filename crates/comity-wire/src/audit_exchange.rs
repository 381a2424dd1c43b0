//! How the records of a log are read by those who have a right to:
//! `/comity/audit/1`. Who has which right is the business of `comity-audit`.
//!
//! ```text
//! asker     records of this log, from this index, under the head of this size
//! audited   the head, and up to a page of records, each with its path to it
//!           or none: who reads the whole log computes its root
//! asker     the same size again, from `next`, until there is no next
//! ```
//!
//! Only the framing is decoded here. Leaf, facts and sequence numbers stay byte
//! strings: each is read and judged on its own, so that one bad record is a
//! finding and not the end of the audit.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use crate::cbor;
use crate::ids::Hash;
use crate::leaf::{Origin, RosterRef};
use crate::limited::{Limited as _, OverLimit, duration, integer, length};
use crate::limits::{
    AUDIT_RECORDS_MAX, AUDIT_REPLY_BYTES_MAX, AUDIT_REQUEST_BYTES_MAX, CHECKPOINT_BYTES_MAX,
    PATH_MAX,
};
use crate::object::ObjectError;
use crate::words::{Code, DurationMs, Hidden, Reference};

/// `["records" or "leaves", origin, from, size or null, mandate or null]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRequest(
    /// With paths or without.
    pub Records,
    /// The log.
    pub Origin,
    /// The first index that is wanted.
    pub u64,
    /// The size of the tree to prove under; `None`: the newest. What comes after
    /// the first page is asked for under the size of the first, because an audit
    /// is itself a record, and the log grows while it is read.
    pub Option<u64>,
    /// What the charter says that the mandate cites, if the asker claims one.
    pub Option<Reference>,
);

/// How records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Records {
    /// Each with its path.
    Records,
    /// Without paths, where the asker may read everything: it computes the root itself.
    Leaves,
}

/// What the audited member answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditReply {
    /// `["records", roster, checkpoint, records, sequences or null, next or null]`
    Records(Page),
    /// `["refused", roster, code, retry_after or null]`: registry `audit-code`.
    Refused(RosterRef, Code, Option<DurationMs>),
}

/// Records that the asker may read, all under one head. `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// The newest roster that the audited member has.
    pub roster: RosterRef,
    /// The signed head that every path leads to.
    pub checkpoint: Box<str>,
    /// In the order of their indexes.
    pub records: Vec<AuditRecord>,
    /// In the last page: signed sequence numbers of the counterparts that the
    /// asker may read about ([`crate::notice::Sequences`]), at the same head.
    pub sequences: Option<ByteBuf>,
    /// Where to go on; `None`: that was all.
    pub next: Option<u64>,
}

/// `[leaf, facts or null, path]`. `Debug` hides leaf and facts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord(
    /// The encoded [`crate::leaf::Leaf`].
    pub ByteBuf,
    /// The encoded [`crate::leaf::Facts`], if there are any that may be shown.
    pub Option<ByteBuf>,
    /// From the leaf to the root of the page's head.
    pub Vec<Hash>,
);

impl fmt::Debug for AuditRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AuditRecord")
            .field(&Hidden(&self.0))
            .field(&self.1.as_ref().map(|facts| Hidden(facts)))
            .field(&self.2.len())
            .finish()
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("roster", &self.roster)
            .field("checkpoint", &self.checkpoint)
            .field("records", &self.records)
            .field("sequences", &self.sequences.as_ref().map(|s| Hidden(s)))
            .field("next", &self.next)
            .finish()
    }
}

impl AuditRequest {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes a request.
    ///
    /// # Errors
    /// What is wrong with it; it is then answered with the code `bad-request`.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_framing(bytes, AUDIT_REQUEST_BYTES_MAX)?;
        let request: Self = cbor::decode(bytes)?;
        integer(request.2)?;
        integer(request.3.unwrap_or(0))?;
        request.4.within_limits()?;
        Ok(request)
    }
}

impl AuditReply {
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
        ObjectError::check_framing(bytes, AUDIT_REPLY_BYTES_MAX)?;
        let reply: Self = cbor::decode(bytes)?;
        match &reply {
            Self::Records(page) => page.is_within_limits()?,
            Self::Refused(roster, code, retry_after) => {
                integer(roster.0)?;
                code.within_limits()?;
                retry_after.map_or(Ok(()), duration)?;
            }
        }
        Ok(reply)
    }
}

impl Page {
    fn is_within_limits(&self) -> Result<(), OverLimit> {
        integer(self.roster.0)?;
        length(
            "CHECKPOINT_BYTES_MAX",
            self.checkpoint.len(),
            1,
            CHECKPOINT_BYTES_MAX,
        )?;
        length(
            "AUDIT_RECORDS_MAX",
            self.records.len(),
            0,
            AUDIT_RECORDS_MAX,
        )?;
        for AuditRecord(_, _, path) in &self.records {
            length("PATH_MAX", path.len(), 0, PATH_MAX)?;
        }
        integer(self.next.unwrap_or(0))
    }
}

impl Serialize for AuditReply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Records(page) => (
                "records",
                page.roster,
                &page.checkpoint,
                &page.records,
                &page.sequences,
                page.next,
            )
                .serialize(serializer),
            Self::Refused(roster, code, retry_after) => {
                ("refused", roster, code, retry_after).serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for AuditReply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Message;

        impl<'de> Visitor<'de> for Message {
            type Value = AuditReply;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reply to an audit")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                match next::<String, A>(&mut seq)?.as_str() {
                    "records" => Ok(AuditReply::Records(Page {
                        roster: next(&mut seq)?,
                        checkpoint: next(&mut seq)?,
                        records: next(&mut seq)?,
                        sequences: next(&mut seq)?,
                        next: next(&mut seq)?,
                    })),
                    "refused" => Ok(AuditReply::Refused(
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
