//! Every key and log that was ever listed, those of former members included:
//! signatures outlive keys, and keys outlive memberships.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use comity_wire::ids::{Kid, MemberId};
use comity_wire::registry::KeyPurpose;
use comity_wire::words::{Sorted, TimeMs};
use ed25519_dalek::VerifyingKey;

use crate::key::{Ended, Key, Validity, usable};
use crate::member::{Log, LogState, Member};
use crate::roster::Roster;
use crate::rule::{Breach, Rule, holds};
use crate::succession::{key_follows, logs_follow};

/// A key that was listed, ready to verify with.
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeyHistory {
    keys: BTreeMap<Kid, KnownKey>,
    members: BTreeMap<MemberId, KnownMember>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct KnownMember {
    kids: BTreeSet<Kid>,
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

    pub(crate) fn iter(&self) -> impl Iterator<Item = &KnownKey> {
        self.keys.values()
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
            if let Some(known) = self.keys.get(&key.kid) {
                let same = known.member == member.id && known.listed.purpose == key.purpose;
                holds(same, Rule::KeyReused)?;
                key_follows(&known.listed, key, issued)?;
            } else {
                holds(!governs(&key.kid), Rule::KeyReused)?;
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
            known.kids.insert(listed.kid);
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

    /// Takes in a roster that others may have taken, without judging it: of what
    /// breaks a rule, the entry before stays.
    pub(crate) fn absorb(&mut self, roster: &Roster, governs: impl Fn(&Kid) -> bool) {
        let mut lenient = roster.clone();
        lenient.members = Sorted::new(roster.members.iter().cloned().map(|mut member| {
            let keys = member.keys.iter();
            let keys = keys.filter_map(|key| match self.keys.get(&key.kid) {
                None => Some(key.clone()).filter(|key| !governs(&key.kid)),
                Some(known) if key_follows(&known.listed, key, roster.issued).is_ok() => {
                    Some(key.clone())
                }
                Some(known) => Some(known.listed.clone()),
            });
            member.keys = Sorted::new(keys);
            let known = self.logs_of(&member.id);
            if logs_follow(known, &member.logs).is_err() {
                member.logs = known.to_vec();
            }
            member
        }));
        let new_keys = lenient.members.iter().flat_map(|member| {
            let new = member.keys.iter();
            let new = new.filter(|key| !self.keys.contains_key(&key.kid));
            new.filter_map(|key| Some((member.id.clone(), key.clone(), usable(&key.public).ok()?)))
        });
        let new_keys = new_keys.collect();
        self.take(Checked {
            roster: &lenient,
            new_keys,
        });
    }

    /// What is known to two camps, when a roster settles what parted them. Of two
    /// entries the stricter one counts, so it does not matter which camp was first:
    /// a theft over an end over none, the earlier of two times, closed over open.
    pub(crate) fn merged(mut self, other: Self) -> Self {
        for (kid, theirs) in other.keys {
            match self.keys.entry(kid) {
                Entry::Vacant(free) => {
                    free.insert(theirs);
                }
                Entry::Occupied(mut ours) => ours.get_mut().merge(theirs),
            }
        }
        for (id, theirs) in other.members {
            let logs = &mut self.members.entry(id).or_default().logs;
            for log in theirs.logs {
                match logs.iter_mut().find(|ours| ours.origin == log.origin) {
                    Some(ours) => merge_log(ours, log),
                    None => logs.push(log),
                }
            }
            logs.sort_by_key(|log| log.origin.n);
        }
        for member in self.members.values_mut() {
            member.kids.clear();
        }
        for (kid, key) in &self.keys {
            let known = self.members.entry(key.member.clone()).or_default();
            known.kids.insert(*kid);
        }
        self
    }
}

impl KnownKey {
    /// See [`KeyHistory::merged`]. Who holds a key that two camps learned of
    /// separately has to be the same for both, so it is the first by name.
    fn merge(&mut self, other: Self) {
        let holder = |key: &Self| (key.member.clone(), key.listed.purpose.as_str());
        if holder(&other) < holder(self) {
            self.member = other.member;
            self.listed.purpose = other.listed.purpose;
        }
        let never = TimeMs::MAX;
        let earlier = |one: Option<TimeMs>, two: Option<TimeMs>| {
            let first = one.unwrap_or(never).min(two.unwrap_or(never));
            Some(first).filter(|_| one.is_some() || two.is_some())
        };
        let listed = &mut self.listed;
        listed.from = listed.from.min(other.listed.from);
        listed.until = earlier(listed.until, other.listed.until);
        listed.ended = match (listed.ended, other.listed.ended) {
            (Some(Ended::CompromisedSince(one)), Some(Ended::CompromisedSince(two))) => {
                Some(Ended::CompromisedSince(one.min(two)))
            }
            (Some(theft @ Ended::CompromisedSince(_)), _)
            | (_, Some(theft @ Ended::CompromisedSince(_))) => Some(theft),
            (one, two) => one.or(two),
        };
        self.left_at = earlier(self.left_at, other.left_at);
    }
}

/// See [`KeyHistory::merged`]. Of two last heads the longer one stays: it has the
/// leaves of both, unless the log has forked, and for that there is evidence.
fn merge_log(ours: &mut Log, theirs: Log) {
    ours.key = ours.key.min(theirs.key);
    let closed = |state: &LogState| match state {
        LogState::Open => None,
        LogState::Closed(head) => Some(*head),
    };
    if closed(&theirs.state) > closed(&ours.state) {
        ours.state = theirs.state;
    }
}
