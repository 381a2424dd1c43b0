//! The roster: who is a member now, with which keys, logs and roles.

use std::collections::BTreeSet;

use comity_wire::cbor;
use comity_wire::ext;
use comity_wire::ids::{Hash, MemberId};
use comity_wire::leaf::RosterRef;
use comity_wire::limited::{Limited, OverLimit, length, number, time};
use comity_wire::limits::INTEGER_MAX;
use comity_wire::object::ObjectError;
use comity_wire::registry::content_type;
use comity_wire::words::{Sorted, TimeMs, Version};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::chain_error::ChainError;
use crate::limits::{MEMBERS_MAX, ROSTER_BYTES_MAX};
use crate::member::Member;
use crate::rule::{Breach, Rule, holds};
use crate::signed::{SignedPayload, check_size};

/// The roster. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// 1.
    pub v: Version,
    /// The federation: hash of its first charter.
    pub fed: Hash,
    /// When it was made.
    pub issued: TimeMs,
    /// Hash of the charter that it is made under.
    pub charter: Hash,
    /// When it runs out.
    pub expires: TimeMs,
    /// The members.
    pub members: Sorted<Member>,
    /// From 1, each one more than the last.
    pub version: u64,
    /// Hash of the roster before; `fed` in the first.
    pub previous: Hash,
    /// Two rosters of the version before, both validly signed, that this one settles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolves: Option<(Hash, Hash)>,
}

/// `[roster, roster]`: the governance has signed two of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterConflict(
    /// The one that was kept.
    pub SignedPayload,
    /// The other one.
    pub SignedPayload,
);

impl RosterConflict {
    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes; nothing is verified yet ([`crate::history::History::verify_conflict`]).
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        let max = 2 * ROSTER_BYTES_MAX + 1;
        check_size(bytes, max)?;
        let conflict: Self = cbor::decode(bytes)?;
        conflict.check_halves()?;
        Ok(conflict)
    }

    /// Neither is longer than a roster may be that is taken.
    pub(crate) fn check_halves(&self) -> Result<(), ObjectError> {
        for half in [&self.0, &self.1] {
            check_size(&half.encode(), ROSTER_BYTES_MAX)?;
            half.within_limits()?;
        }
        Ok(())
    }
}

impl Roster {
    /// Signs the roster; other keys can add theirs to the result
    /// ([`SignedPayload::signed_by`]). Who makes a roster also asks
    /// [`crate::owned::may_be_claimed`] for each member.
    #[must_use]
    pub fn sign(&self, keys: &[&SigningKey]) -> SignedPayload {
        let unsigned = SignedPayload::unsigned(cbor::encode(self));
        keys.iter().fold(unsigned, |signed, key| {
            signed.signed_by(content_type::ROSTER, key)
        })
    }

    /// Decodes the payload of a roster. Who signed it is not looked at, nor
    /// whether its keys are usable: that is done once, when they enter the history.
    ///
    /// # Errors
    /// What is wrong with the bytes, with a value, or with the whole.
    pub fn decode(payload: &[u8]) -> Result<Self, ChainError> {
        let roster: Self = cbor::decode(payload)?;
        roster.within_limits()?;
        for member in &roster.members {
            if ext::first_unknown_critical(member.ext.as_ref(), ext::NONE).is_some() {
                return Err(ObjectError::UnknownCritical.into());
            }
        }
        roster.is_coherent()?;
        Ok(roster)
    }

    /// A member.
    #[must_use]
    pub fn member(&self, id: &MemberId) -> Option<&Member> {
        let by_id = |member: &Member| member.id.cmp(id);
        let place = self.members.binary_search_by(by_id).ok()?;
        self.members.get(place)
    }

    /// What others call it by. Encodes it to do so.
    #[must_use]
    pub fn reference(&self) -> RosterRef {
        RosterRef(self.version, Hash::of(&cbor::encode(self)))
    }

    fn is_coherent(&self) -> Result<(), Breach> {
        holds(self.issued < self.expires, Rule::ExpiresTooEarly)?;
        let first = self.version == 1;
        holds(!first || self.previous == self.fed, Rule::FirstMisplaced)?;
        let pair = self
            .resolves
            .is_none_or(|(one, other)| one < other && !first);
        holds(pair, Rule::ResolvesMisplaced)?;
        for member in &self.members {
            member
                .is_coherent(&self.fed)
                .map_err(|rule| rule.broken_by(&member.id))?;
        }
        self.nothing_is_shared()
    }

    /// What no two members may have: keys, and the same domain, prefix or network.
    /// A part of another's is no conflict: the most specific owner answers.
    fn nothing_is_shared(&self) -> Result<(), Breach> {
        let (mut keys, mut asns) = (BTreeSet::new(), BTreeSet::new());
        let (mut domains, mut prefixes) = (BTreeSet::new(), BTreeSet::new());
        for member in &self.members {
            let new_keys = member.keys.iter().all(|key| keys.insert(key.kid));
            let new_owned = member.owns.asns.iter().all(|asn| asns.insert(asn))
                && member.owns.domains.iter().all(|name| domains.insert(name))
                && member.owns.prefixes.iter().all(|net| prefixes.insert(net));
            holds(new_keys, Rule::KeyUsedTwice)
                .and_then(|()| holds(new_owned, Rule::OwnedTwice))
                .map_err(|rule| rule.broken_by(&member.id))?;
        }
        Ok(())
    }
}

impl Limited for Roster {
    fn within_limits(&self) -> Result<(), OverLimit> {
        time(self.issued)?;
        time(self.expires)?;
        length("MEMBERS_MAX", self.members.len(), 1, MEMBERS_MAX)?;
        self.members.within_limits()?;
        number("INTEGER_MAX", self.version, 1, INTEGER_MAX)
    }
}
