//! Every key and log that was ever listed, those of former members included:
//! signatures outlive keys, and keys outlive memberships.

use std::collections::BTreeMap;

use comity_wire::ids::{Kid, MemberId};
use comity_wire::registry::KeyPurpose;
use comity_wire::words::TimeMs;
use ed25519_dalek::VerifyingKey;

use crate::key::{Key, Validity, usable};
use crate::member::{Log, Member};
use crate::roster::Roster;
use crate::rule::{Breach, Rule, holds};
use crate::succession::{key_follows, logs_follow};

/// A key that was listed, ready to verify with.
#[derive(Debug, Clone)]
pub struct KnownKey {
    /// Whose it is.
    pub member: MemberId,
    /// The newest entry.
    pub listed: Key,
    /// When its holder was no longer listed, unless it is.
    pub left_at: Option<TimeMs>,
    verifying: VerifyingKey,
}

impl KnownKey {
    /// The key to verify with.
    #[must_use]
    pub const fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Whether a signature dated `signed_at` and first seen at `seen_at` is
    /// believed: see [`Key::validity`]. A membership that ended ends its keys.
    #[must_use]
    pub const fn validity(&self, signed_at: TimeMs, seen_at: TimeMs) -> Validity {
        match (self.listed.validity(signed_at, seen_at), self.left_at) {
            (Validity::Valid, Some(left_at)) if signed_at / 1000 > left_at / 1000 => {
                Validity::TooLate
            }
            (validity, _) => validity,
        }
    }
}

/// Every key and log that was ever listed.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyHistory {
    keys: BTreeMap<Kid, KnownKey>,
    members: BTreeMap<MemberId, KnownMember>,
}

#[derive(Debug, Clone, Default)]
struct KnownMember {
    kids: Vec<Kid>,
    logs: Vec<Log>,
}

/// A roster that may follow, and the keys that it brings.
pub(crate) struct Checked<'a> {
    roster: &'a Roster,
    new_keys: Vec<(MemberId, Key, VerifyingKey)>,
}

impl KeyHistory {
    pub(crate) fn key(&self, kid: &Kid) -> Option<&KnownKey> {
        self.keys.get(kid)
    }

    pub(crate) fn key_of(
        &self,
        member: &MemberId,
        kid: &Kid,
        purpose: KeyPurpose,
    ) -> Option<&KnownKey> {
        self.keys
            .get(kid)
            .filter(|known| known.member == *member && known.listed.purpose == purpose)
    }

    pub(crate) fn logs_of(&self, member: &MemberId) -> &[Log] {
        self.members
            .get(member)
            .map_or(&[], |known| known.logs.as_slice())
    }

    /// Looks whether the keys and logs of a roster can follow all that were
    /// listed before. `governs` tells which keys govern, or have governed.
    pub(crate) fn check<'a>(
        &self,
        roster: &'a Roster,
        governs: impl Fn(&Kid) -> bool,
    ) -> Result<Checked<'a>, Breach> {
        let mut new_keys = Vec::new();
        for member in &roster.members {
            self.check_member(member, roster.issued, &governs, &mut new_keys)
                .map_err(|rule| rule.broken_by(&member.id))?;
        }
        Ok(Checked { roster, new_keys })
    }

    fn check_member(
        &self,
        member: &Member,
        issued: TimeMs,
        governs: impl Fn(&Kid) -> bool,
        new_keys: &mut Vec<(MemberId, Key, VerifyingKey)>,
    ) -> Result<(), Rule> {
        for key in &member.keys {
            holds(!governs(&key.kid), Rule::KeyReused)?;
            if let Some(known) = self.keys.get(&key.kid) {
                let same = known.member == member.id && known.listed.purpose == key.purpose;
                holds(same, Rule::KeyReused)?;
                key_follows(&known.listed, key, issued)?;
            } else {
                new_keys.push((member.id.clone(), key.clone(), usable(&key.public)?));
            }
        }
        let Some(known) = self.members.get(&member.id) else {
            return Ok(());
        };
        for kid in &known.kids {
            holds(member.key(kid).is_some(), Rule::KeyVanished)?;
        }
        logs_follow(&known.logs, &member.logs)
    }

    /// Takes in what was checked.
    pub(crate) fn take(&mut self, checked: Checked<'_>) {
        let roster = checked.roster;
        for (member, listed, verifying) in checked.new_keys {
            let known = self.members.entry(member.clone()).or_default();
            known.kids.push(listed.kid);
            let key = KnownKey {
                member,
                listed,
                left_at: None,
                verifying,
            };
            self.keys.insert(key.listed.kid, key);
        }
        for key in self.keys.values_mut() {
            let Some(member) = roster.member(&key.member) else {
                key.left_at.get_or_insert(roster.issued);
                continue;
            };
            key.left_at = None;
            if let Some(now) = member.key(&key.listed.kid) {
                key.listed = now.clone();
            }
        }
        for member in &roster.members {
            let known = self.members.entry(member.id.clone()).or_default();
            known.logs.clone_from(&member.logs);
        }
    }

    /// Takes in what only the other one of two rosters lists, so that it is not
    /// forgotten when the two are settled.
    pub(crate) fn remember(&mut self, other: &Roster) -> Result<(), Breach> {
        for member in &other.members {
            for key in &member.keys {
                if self.keys.contains_key(&key.kid) {
                    continue;
                }
                let verifying = usable(&key.public).map_err(|rule| rule.broken_by(&member.id))?;
                let known = self.members.entry(member.id.clone()).or_default();
                known.kids.push(key.kid);
                let key = KnownKey {
                    member: member.id.clone(),
                    listed: key.clone(),
                    left_at: None,
                    verifying,
                };
                self.keys.insert(key.listed.kid, key);
            }
            let known = self.members.entry(member.id.clone()).or_default();
            for log in &member.logs {
                if known.logs.iter().all(|known| known.origin != log.origin) {
                    known.logs.push(log.clone());
                }
            }
        }
        Ok(())
    }
}
