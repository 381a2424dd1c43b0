//! One member, as a roster lists it.

use comity_wire::ext::Extensions;
use comity_wire::ids::{Hash, Kid, MemberId};
use comity_wire::leaf::Origin;
use comity_wire::limited::{Limited, OverLimit, integer, length, time};
use comity_wire::limits::{CODES_MAX, TERRITORIES_MAX};
use comity_wire::registry::KeyPurpose;
use comity_wire::words::{Code, Country, Keyed, Language, Name, Reference, Sorted, TimeMs};
use serde::{Deserialize, Serialize};

use crate::key::{Ended, Key};
use crate::limits::{
    ADDRESSES_PER_NODE_MAX, KEYS_PER_MEMBER_MAX, LANGUAGES_PER_MEMBER_MAX, LOGS_PER_MEMBER_MAX,
    MEMBER_NAMES_MAX, NODES_PER_MEMBER_MAX, ROLES_PER_MEMBER_MAX, TRUSTED_FLAGGER_MAX,
};
use crate::owned::Owns;
use crate::rule::{Rule, holds};

/// A member. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name in every signature; never given to another.
    pub id: MemberId,
    /// Extensions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext: Option<Extensions>,
    /// Every key that it ever had.
    pub keys: Sorted<Key>,
    /// Every log that it ever had, in the order of their numbers.
    pub logs: Vec<Log>,
    /// What it answers for on the network.
    pub owns: Owns,
    /// Its name, by language.
    pub names: Vec<(Language, Name)>,
    /// Its nodes.
    pub nodes: Sorted<Node>,
    /// Registry `role`.
    pub roles: Sorted<Code>,
    /// Where people reach it.
    pub contact: Contact,
    /// The languages that it reads, the preferred one first.
    pub languages: Vec<Language>,
    /// Registry `capacity`.
    pub capacities: Vec<Code>,
    /// The countries that it answers for.
    pub jurisdictions: Sorted<Country>,
    /// The legal ground for transfers of personal data to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_basis: Option<Reference>,
    /// Its status as trusted flagger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_flagger: Option<Vec<FlaggerState>>,
}

/// `[instrument, from, to, state]`: the status of trusted flagger, in a time.
pub type FlaggerState = (Code, TimeMs, Option<TimeMs>, Code);

/// A log of a member. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The key that signs its checkpoints and receipts.
    pub key: Kid,
    /// Whether it is written.
    pub state: LogState,
    /// Its name.
    pub origin: Origin,
}

/// Whether a log is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogState {
    /// It is.
    Open,
    /// `[size, root]` of its last head. Later receipts for old leaves use it.
    Closed((u64, Hash)),
}

/// A node of a member. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Its transport key.
    pub key: Kid,
    /// Its multiaddresses.
    pub addresses: Vec<Reference>,
}

/// Where people reach a member. Roles, never persons. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// When somebody answers.
    pub hours: Reference,
    /// The address of a role.
    pub address: Reference,
    /// The time zone of `hours`.
    pub time_zone: Reference,
    /// Whom to reach at other times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_hours: Option<Reference>,
}

impl Keyed for Member {
    type Key<'a> = &'a MemberId;

    fn key(&self) -> &MemberId {
        &self.id
    }
}

impl Keyed for Node {
    type Key<'a> = &'a Kid;

    fn key(&self) -> &Kid {
        &self.key
    }
}

impl Member {
    /// Whether it has a role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own.as_str() == role)
    }

    /// The log that it writes, if it writes one.
    #[must_use]
    pub fn open_log(&self) -> Option<&Log> {
        self.logs.iter().find(|log| log.state == LogState::Open)
    }

    /// The entry of a key.
    #[must_use]
    pub fn key(&self, kid: &Kid) -> Option<&Key> {
        let place = self.keys.binary_search_by(|key| key.kid.cmp(kid)).ok()?;
        self.keys.get(place)
    }

    fn has_key_for(&self, purpose: KeyPurpose, kid: &Kid) -> bool {
        self.key(kid).is_some_and(|key| key.purpose == purpose)
    }

    /// The rules that one member can break without others.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn is_coherent(&self, fed: &Hash) -> Result<(), Rule> {
        self.keys.iter().try_for_each(key_is_coherent)?;
        self.logs_are_coherent(fed)?;
        for node in &self.nodes {
            let listed = self.has_key_for(KeyPurpose::Transport, &node.key);
            holds(listed, Rule::NodeKeyMissing)?;
        }
        self.owns.is_coherent()
    }

    fn logs_are_coherent(&self, fed: &Hash) -> Result<(), Rule> {
        for (log, n) in self.logs.iter().zip(1..) {
            let Origin {
                fed: of, member, ..
            } = &log.origin;
            holds(of == fed && *member == self.id, Rule::ForeignOrigin)?;
            holds(log.origin.n == n, Rule::LogNumbers)?;
            let listed = self.has_key_for(KeyPurpose::Log, &log.key);
            holds(listed, Rule::LogKeyMissing)?;
            let with_this_key = self.logs.iter().filter(|other| other.key == log.key);
            holds(with_this_key.count() == 1, Rule::LogKeyShared)?;
        }
        let open = self.logs.iter().filter(|log| log.state == LogState::Open);
        holds(open.count() <= 1, Rule::TwoOpenLogs)
    }
}

fn key_is_coherent(key: &Key) -> Result<(), Rule> {
    holds(key.kid == Kid::of(&key.public), Rule::KidMismatch)?;
    let ends_after_it_begins = key.until.is_none_or(|until| key.from <= until);
    let says_when = key.ended != Some(Ended::Superseded) || key.until.is_some();
    holds(ends_after_it_begins && says_when, Rule::KeyTimes)
}

impl Limited for Member {
    fn within_limits(&self) -> Result<(), OverLimit> {
        self.ext.within_limits()?;
        length(
            "KEYS_PER_MEMBER_MAX",
            self.keys.len(),
            1,
            KEYS_PER_MEMBER_MAX,
        )?;
        self.keys.within_limits()?;
        length(
            "LOGS_PER_MEMBER_MAX",
            self.logs.len(),
            1,
            LOGS_PER_MEMBER_MAX,
        )?;
        self.logs.within_limits()?;
        self.owns.within_limits()?;
        length("MEMBER_NAMES_MAX", self.names.len(), 1, MEMBER_NAMES_MAX)?;
        self.names.within_limits()?;
        length(
            "NODES_PER_MEMBER_MAX",
            self.nodes.len(),
            0,
            NODES_PER_MEMBER_MAX,
        )?;
        self.nodes.within_limits()?;
        length(
            "ROLES_PER_MEMBER_MAX",
            self.roles.len(),
            1,
            ROLES_PER_MEMBER_MAX,
        )?;
        self.roles.within_limits()?;
        self.contact.within_limits()?;
        length(
            "LANGUAGES_PER_MEMBER_MAX",
            self.languages.len(),
            1,
            LANGUAGES_PER_MEMBER_MAX,
        )?;
        self.languages.within_limits()?;
        length("CODES_MAX", self.capacities.len(), 0, CODES_MAX)?;
        self.capacities.within_limits()?;
        length(
            "TERRITORIES_MAX",
            self.jurisdictions.len(),
            1,
            TERRITORIES_MAX,
        )?;
        self.transfer_basis.within_limits()?;
        let Some(states) = &self.trusted_flagger else {
            return Ok(());
        };
        length("TRUSTED_FLAGGER_MAX", states.len(), 1, TRUSTED_FLAGGER_MAX)?;
        states.iter().try_for_each(|(instrument, from, to, state)| {
            instrument.within_limits()?;
            time(*from)?;
            to.map_or(Ok(()), time)?;
            state.within_limits()
        })
    }
}

impl Limited for Key {
    fn within_limits(&self) -> Result<(), OverLimit> {
        time(self.from)?;
        if let Some(Ended::CompromisedSince(since)) = self.ended {
            time(since)?;
        }
        self.until.map_or(Ok(()), time)
    }
}

impl Limited for Log {
    fn within_limits(&self) -> Result<(), OverLimit> {
        match self.state {
            LogState::Open => Ok(()),
            LogState::Closed((size, _)) => integer(size),
        }
    }
}

impl Limited for Node {
    fn within_limits(&self) -> Result<(), OverLimit> {
        length(
            "ADDRESSES_PER_NODE_MAX",
            self.addresses.len(),
            0,
            ADDRESSES_PER_NODE_MAX,
        )?;
        self.addresses.within_limits()
    }
}

impl Limited for Contact {
    fn within_limits(&self) -> Result<(), OverLimit> {
        self.hours.within_limits()?;
        self.address.within_limits()?;
        self.time_zone.within_limits()?;
        self.out_of_hours.within_limits()
    }
}
