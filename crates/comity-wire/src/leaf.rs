//! A record of the audit log: the leaf, and the facts that its hash commits to.
//!
//! The leaf is what the tree is over. It names no locator and no person, so it
//! can stay when a case is erased; the facts are beside it and are read by right.

use serde::{Deserialize, Serialize};

use crate::cbor;
use crate::ext::{self, Extensions};
use crate::ids::{CaseId, Hash, MemberId, Nonce, StatementId};
use crate::limited::{Limited, OverLimit, integer, length, measures, number, time};
use crate::limits::{
    CLOCKS_MAX, HEADS_MAX, ITEM_NUMBER_MAX, ITEMS_MAX, LEAF_BYTES_MAX, ROUND_MAX, STANDINGS_MAX,
    TERRITORIES_MAX,
};
use crate::object::ObjectError;
use crate::parts::Measure;
use crate::registry::{Answer, Basis, Complete, Kind, ObservationResult, OutcomeAnswer};
use crate::words::{Code, Country, ItemNumber, Keyed, Round, Sorted, TimeMs, Version};

/// `[version, hash]` of a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RosterRef(
    /// The version, from 1.
    pub u64,
    /// SHA-256 of the payload.
    pub Hash,
);

/// `[origin, size, root]` of a log at some point.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogHead(
    /// The origin.
    pub Origin,
    /// The number of leaves.
    pub u64,
    /// The root of the tree.
    pub Hash,
);

/// The name of a log: `<hex fed>/<member>/<n>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The federation.
    pub fed: Hash,
    /// Whose log.
    pub member: MemberId,
    /// Which of the member's logs, from 1.
    pub n: u32,
}

/// One record. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// 1.
    pub v: Version,
    /// Extensions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext: Option<Extensions>,
    /// Contiguous from 0 for each counterpart, restricted records included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Registry `record-kind`.
    pub kind: Code,
    /// Makes the leaf hash one that cannot be guessed.
    pub salt: Nonce,
    /// When it was recorded.
    pub time: TimeMs,
    /// SHA-256 of the encoded [`Facts`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Hash>,
    /// Its own place in the log: one inclusion path can verify at several.
    pub index: u64,
    /// The roster in force.
    pub roster: RosterRef,
    /// Registry `direction`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Code>,
    /// The statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<StatementId>,
    /// The other member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterpart: Option<MemberId>,
    /// In `log-opened`: the log before this one, as it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<LogHead>,
    /// The kind of the statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_kind: Option<Kind>,
}

impl Leaf {
    /// The deterministic encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes a leaf.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_size_and_depth(bytes, LEAF_BYTES_MAX, crate::limits::DEPTH_MAX)?;
        let leaf: Self = cbor::decode(bytes)?;
        leaf.within_limits()?;
        if ext::first_unknown_critical(leaf.ext.as_ref(), ext::NONE).is_some() {
            return Err(ObjectError::UnknownCritical);
        }
        Ok(leaf)
    }
}

impl Limited for Leaf {
    fn within_limits(&self) -> Result<(), OverLimit> {
        self.ext.within_limits()?;
        integer(self.seq.unwrap_or(0))?;
        self.kind.within_limits()?;
        time(self.time)?;
        integer(self.index)?;
        integer(self.roster.0)?;
        self.direction.within_limits()?;
        integer(self.predecessor.as_ref().map_or(0, |head| head.1))
    }
}

/// What a record's `facts` hash commits to. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// A person or automation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Code>,
    /// The heads that the statement names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub re: Option<Sorted<StatementId>>,
    /// The code of an answer, a withdrawal, a dispute …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Makes the hash one that cannot be guessed.
    pub salt: Nonce,
    /// How the sender knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// One row for each item and round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Sorted<FactsItem>>,
    /// The end of a hold or of preservation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<TimeMs>,
    /// The answer of an acknowledgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// Legal clocks that the sender says apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clocks: Option<Vec<Code>>,
    /// Opens the commitment: `[nonce, case, statement]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<(Nonce, CaseId, StatementId)>,
    /// The statement's own time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed: Option<TimeMs>,
    /// The leaf hash of the receipt in the counterpart's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Hash>,
    /// Registry `urgency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Code>,
    /// Whether an outcome says all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete: Option<Complete>,
    /// SHA-256 of evidence of a contradiction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Hash>,
    /// Standing for each jurisdiction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Sorted<(Country, Code)>>,
    /// When the public reported it: the hotline's claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<TimeMs>,
    /// Jurisdictions that the record concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdictions: Option<Sorted<Country>>,
}

/// `[n, round, result, measures, effective_at]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsItem(
    /// The item.
    pub ItemNumber,
    /// The round.
    pub Round,
    /// The answer of an outcome or the result of an observation.
    pub FactsResult,
    /// What was done.
    pub Vec<Measure>,
    /// When it took effect.
    pub Option<TimeMs>,
);

impl Keyed for FactsItem {
    type Key<'a> = (ItemNumber, Round);

    fn key(&self) -> (ItemNumber, Round) {
        (self.0, self.1)
    }
}

/// The answer of an outcome or the result of an observation: one text, and no
/// text is both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactsResult {
    /// Of an outcome.
    Outcome(OutcomeAnswer),
    /// Of an observation.
    Observation(ObservationResult),
}

impl Facts {
    /// The deterministic encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes facts.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        let max = crate::limits::STATEMENT_BYTES_MAX;
        ObjectError::check_size_and_depth(bytes, max, crate::limits::DEPTH_MAX)?;
        let facts: Self = cbor::decode(bytes)?;
        facts.within_limits()?;
        Ok(facts)
    }

    /// What the leaf commits to.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&self.encode())
    }
}

impl Limited for Facts {
    fn within_limits(&self) -> Result<(), OverLimit> {
        for at in [self.until, self.claimed, self.reported_at] {
            time(at.unwrap_or(0))?;
        }
        for code in [&self.by, &self.code, &self.urgency] {
            code.within_limits()?;
        }
        length(
            "HEADS_MAX",
            self.re.as_ref().map_or(0, |re| re.len()),
            0,
            HEADS_MAX,
        )?;
        if let Some(clocks) = &self.clocks {
            length("CLOCKS_MAX", clocks.len(), 0, CLOCKS_MAX)?;
            clocks.within_limits()?;
        }
        if let Some(standing) = &self.standing {
            length("STANDINGS_MAX", standing.len(), 1, STANDINGS_MAX)?;
            standing.within_limits()?;
        }
        if let Some(jurisdictions) = &self.jurisdictions {
            length("TERRITORIES_MAX", jurisdictions.len(), 1, TERRITORIES_MAX)?;
        }
        let Some(items) = &self.items else {
            return Ok(());
        };
        length("ITEMS_MAX", items.len(), 1, ITEMS_MAX)?;
        items.iter().try_for_each(|row| {
            number("ITEM_NUMBER_MAX", row.0, 1, ITEM_NUMBER_MAX)?;
            number("ROUND_MAX", row.1, 1, ROUND_MAX)?;
            time(row.4.unwrap_or(0))?;
            measures(&row.3)
        })
    }
}

/// Texts that stand for richer values.
mod texts {
    use std::fmt;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    use super::{FactsResult, Origin};
    use crate::ids::{Hash, MemberId};
    use crate::registry::{ObservationResult, OutcomeAnswer};

    impl Origin {
        /// Reads `<hex fed>/<member>/<n>`.
        #[must_use]
        pub fn parse(text: &str) -> Option<Self> {
            let mut parts = text.split('/');
            let (fed, member, n) = (parts.next()?, parts.next()?, parts.next()?);
            let origin = Self {
                fed: Hash::from_hex(fed)?,
                member: MemberId::new(member)?,
                n: n.parse().ok().filter(|n| (1..=999_999_999).contains(n))?,
            };
            // Numbers have one form: no sign, no leading zero.
            (parts.next().is_none() && origin.to_string() == text).then_some(origin)
        }
    }

    impl fmt::Display for Origin {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}/{}/{}", self.fed, self.member, self.n)
        }
    }

    impl Serialize for Origin {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for Origin {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).ok_or_else(|| de::Error::custom("not an origin"))
        }
    }

    impl Serialize for FactsResult {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(match self {
                Self::Outcome(answer) => answer.as_str(),
                Self::Observation(result) => result.as_str(),
            })
        }
    }

    impl<'de> Deserialize<'de> for FactsResult {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            let outcome = OutcomeAnswer::from_name(&text).map(Self::Outcome);
            outcome
                .or_else(|| ObservationResult::from_name(&text).map(Self::Observation))
                .ok_or_else(|| de::Error::custom("neither an answer nor a result"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_origin_has_one_form() {
        let fed = "ab".repeat(32);
        let good = format!("{fed}/north.example/12");
        assert_eq!(Origin::parse(&good).unwrap().to_string(), good);
        for bad in [
            String::new(),
            format!("{fed}/north.example"),
            format!("{fed}/north.example/0"),
            format!("{fed}/north.example/01"),
            format!("{fed}/north.example/+1"),
            format!("{fed}/north.example/1/2"),
            format!("{fed}/North/1"),
            format!("{}/north.example/1", fed.to_uppercase()),
            format!("{fed}/north.example/witness"),
        ] {
            assert_eq!(Origin::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn no_text_is_both_an_answer_and_a_result() {
        for answer in OutcomeAnswer::ALL {
            assert_eq!(ObservationResult::from_name(answer.as_str()), None);
        }
    }
}
