//! The charter: who governs, and by what policy. Its first version is the
//! identity of the federation.

use comity_wire::cbor;
use comity_wire::ids::{Hash, MemberId, PublicKey};
use comity_wire::limited::{Limited, OverLimit, duration, length, number, time};
use comity_wire::limits::{CODES_MAX, INTEGER_MAX, TERRITORIES_MAX};
use comity_wire::registry::{Kind, content_type};
use comity_wire::words::{Code, Country, DurationMs, Name, Reference, Sorted, TimeMs, Version};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::chain_error::ChainError;
use crate::limits::{
    CHARTER_CLOCKS_MAX, CONTACTS_MAX, MANDATES_MAX, MATRIX_ROWS_MAX, QUORUM_MEMBERS_MAX,
    SIGNATURES_MAX, SMALL_CELL_MAX,
};
use crate::rule::{Rule, holds};
use crate::signed::SignedPayload;

/// The charter. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charter {
    /// How many of `keys` must sign.
    pub k: u64,
    /// 1.
    pub v: Version,
    /// The keys that govern.
    pub keys: Sorted<PublicKey>,
    /// The name of the federation.
    pub name: Name,
    /// How long members go on after the roster has run out.
    pub grace: DurationMs,
    /// Legal clocks in force: with a duration of their own, or as published.
    pub clocks: Vec<(Code, Option<DurationMs>)>,
    /// When it was made.
    pub issued: TimeMs,
    /// Who may send what to whom: role, kind, role ([`crate::matrix`]).
    pub matrix: Sorted<(Code, Kind, Code)>,
    /// Whose cosignatures an audit verdict needs.
    pub quorum: Quorum,
    /// The hotline for countries that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orphans: Option<MemberId>,
    /// From 1, each one more than the last.
    pub version: u64,
    /// How the governance is reached.
    pub contacts: Vec<(Code, Reference)>,
    /// Which regulator may audit whom, and by what law.
    pub mandates: Vec<Mandate>,
    /// Hash of the charter before; absent in the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Hash>,
    /// Public figures suppress smaller cells.
    pub small_cell: u64,
    /// The first version of a roster that is made under it.
    pub first_roster: u64,
    /// How soon a person must answer at imminent risk.
    pub human_answer: DurationMs,
}

/// Whose cosignatures an audit verdict needs. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// At least so many of a role.
    pub roles: Sorted<(Code, u64)>,
    /// How many other members.
    pub members: u64,
    /// Whether they must have different roles.
    pub different_roles: bool,
}

/// The right of a regulator to audit. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// The law that gives it.
    pub cites: Reference,
    /// The roles of the members in remit.
    pub roles: Sorted<Code>,
    /// The regulator.
    pub regulator: MemberId,
    /// The jurisdictions of the members in remit.
    pub jurisdictions: Sorted<Country>,
}

impl Charter {
    /// Signs the charter; other keys can add theirs to the result
    /// ([`SignedPayload::signed_by`]).
    #[must_use]
    pub fn sign(&self, keys: &[&SigningKey]) -> SignedPayload {
        let unsigned = SignedPayload::unsigned(cbor::encode(self));
        keys.iter().fold(unsigned, |signed, key| {
            signed.signed_by(content_type::CHARTER, key)
        })
    }

    /// Decodes the payload of a charter. Who signed it is not looked at.
    ///
    /// # Errors
    /// What is wrong with the bytes, with a value, or with the whole.
    pub fn decode(payload: &[u8]) -> Result<Self, ChainError> {
        let charter: Self = cbor::decode(payload)?;
        charter.within_limits()?;
        charter.is_coherent()?;
        Ok(charter)
    }

    fn is_coherent(&self) -> Result<(), Rule> {
        let keys = u64::try_from(self.keys.len()).unwrap_or(u64::MAX);
        holds(self.k <= keys, Rule::ThresholdAboveKeys)?;
        let first = self.version == 1;
        holds(
            first == self.previous.is_none() && first == (self.first_roster == 1),
            Rule::FirstMisplaced,
        )
    }
}

impl Limited for Charter {
    fn within_limits(&self) -> Result<(), OverLimit> {
        number("SIGNATURES_MAX", self.k, 1, SIGNATURES_MAX as u64)?;
        length("SIGNATURES_MAX", self.keys.len(), 1, SIGNATURES_MAX)?;
        self.name.within_limits()?;
        duration(self.grace)?;
        length(
            "CHARTER_CLOCKS_MAX",
            self.clocks.len(),
            0,
            CHARTER_CLOCKS_MAX,
        )?;
        for (clock, own) in &self.clocks {
            clock.within_limits()?;
            own.map_or(Ok(()), duration)?;
        }
        time(self.issued)?;
        length("MATRIX_ROWS_MAX", self.matrix.len(), 1, MATRIX_ROWS_MAX)?;
        for (from, _, to) in &self.matrix {
            from.within_limits()?;
            to.within_limits()?;
        }
        self.quorum.within_limits()?;
        number("INTEGER_MAX", self.version, 1, INTEGER_MAX)?;
        length("CONTACTS_MAX", self.contacts.len(), 0, CONTACTS_MAX)?;
        self.contacts.within_limits()?;
        length("MANDATES_MAX", self.mandates.len(), 0, MANDATES_MAX)?;
        self.mandates.within_limits()?;
        number("SMALL_CELL_MAX", self.small_cell, 1, SMALL_CELL_MAX as u64)?;
        number("INTEGER_MAX", self.first_roster, 1, INTEGER_MAX)?;
        duration(self.human_answer)
    }
}

impl Limited for Quorum {
    fn within_limits(&self) -> Result<(), OverLimit> {
        length("CODES_MAX", self.roles.len(), 0, CODES_MAX)?;
        for (role, members) in &self.roles {
            role.within_limits()?;
            number("QUORUM_MEMBERS_MAX", *members, 1, QUORUM_MEMBERS_MAX as u64)?;
        }
        number(
            "QUORUM_MEMBERS_MAX",
            self.members,
            0,
            QUORUM_MEMBERS_MAX as u64,
        )
    }
}

impl Limited for Mandate {
    fn within_limits(&self) -> Result<(), OverLimit> {
        self.cites.within_limits()?;
        length("CODES_MAX", self.roles.len(), 1, CODES_MAX)?;
        self.roles.within_limits()?;
        length(
            "TERRITORIES_MAX",
            self.jurisdictions.len(),
            1,
            TERRITORIES_MAX,
        )
    }
}
