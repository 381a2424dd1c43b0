//! The history of a federation: its first charter, and every charter and roster
//! that follows from it.
//!
//! ```text
//! charter 1 = the federation        roster 1 .. n    made under charter 1
//! charter 2, first_roster n + 1     roster n + 1 ..  made under charter 2
//! ```
//!
//! Versions go up by one, each names the hash of the one before, and `first_roster`
//! says which charter a roster of a given version is made under. Whether a charter
//! follows depends on charters alone. One that comes late cuts the rosters that were
//! taken under the charter before it and that it is for. So every verifier has the
//! same charter for each version, whatever it learns first, and keys that no longer
//! govern cannot add to the chain.
//!
//! If the governance signs two rosters of one version, the first that came stays,
//! both are kept as evidence, and the next one settles them by naming both.

use std::collections::BTreeMap;
use std::sync::Arc;

use comity_wire::cbor;
use comity_wire::ids::{Hash, Kid, MemberId};
use comity_wire::leaf::{Origin, RosterRef};
use comity_wire::registry::{KeyPurpose, content_type};
use comity_wire::words::{Code, TimeMs};
use serde::Deserialize;

use crate::chain_error::ChainError;
use crate::charter::Charter;
use crate::key::Validity;
use crate::key_history::{KeyHistory, KnownKey};
use crate::limits::{CHARTER_BYTES_MAX, ROSTER_BYTES_MAX, SIBLINGS_MAX, WINDOW_FUTURE_MS};
use crate::member::{Log, Member};
use crate::owns::Owners;
use crate::roster::{Roster, RosterConflict};
use crate::rule::{Rule, holds};
use crate::signed::{Governance, SignedPayload, verify, verify_some};
use crate::standing::Standing;

/// Everything that is known of a federation's governance and members.
#[derive(Debug, Clone)]
pub struct History {
    first: KnownCharter,
    /// By version, the first included.
    charters: Vec<KnownCharter>,
    /// By version.
    rosters: Vec<KnownRoster>,
    siblings: Vec<Sibling>,
    current: Option<Current>,
    keys: KeyHistory,
}

#[derive(Debug, Clone)]
struct KnownCharter {
    hash: Hash,
    charter: Arc<Charter>,
    governance: Arc<Governance>,
    signed: Arc<[u8]>,
}

#[derive(Debug, Clone)]
struct KnownRoster {
    hash: Hash,
    signed: Arc<[u8]>,
    /// When this node recorded it.
    taken_at: TimeMs,
}

/// The other one of two rosters of one version.
#[derive(Debug, Clone)]
struct Sibling {
    hash: Hash,
    roster: Arc<Roster>,
    signed: Arc<[u8]>,
    settled: bool,
}

/// What the newest roster says.
#[derive(Debug, Clone)]
struct Current {
    reference: RosterRef,
    charter: Arc<Charter>,
    roster: Arc<Roster>,
    owners: Arc<Owners>,
    /// The newest roster that arrived before it ran out: `roster`, unless that
    /// one came too late to admit anybody.
    in_time: Option<Arc<Roster>>,
}

/// What became of a charter or a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It was here already.
    Known,
    /// It is the newest now.
    Extended,
    /// The charter is the newest now, and rosters that were here are not part of the
    /// chain any more: the charter before it had no say over their versions. An alarm:
    /// either keys that were retired have signed them, or the governance overlooked
    /// what it had signed. They are given in the order of their versions, as evidence,
    /// and are forgotten here.
    Replaced {
        /// The signed rosters.
        cut: Vec<Arc<[u8]>>,
    },
    /// The governance has signed two rosters of one version. The first one stays;
    /// this is the evidence, for an alarm and for others. Of those beside it only the
    /// newest [`SIBLINGS_MAX`] are kept here until they are settled.
    Conflict(Box<RosterConflict>),
}

/// Where a roster stands, so that the signatures can be verified before the whole
/// is decoded.
#[derive(Deserialize)]
struct RosterPlace {
    fed: Hash,
    charter: Hash,
    version: u64,
}

/// Where a charter stands.
#[derive(Deserialize)]
struct CharterPlace {
    version: u64,
}

/// A roster that the governance has signed for some place in the chain.
struct Candidate {
    signed: SignedPayload,
    roster: Roster,
    hash: Hash,
    charter: Arc<Charter>,
}

impl History {
    /// Begins with the first charter. Its hash is the federation, so the caller
    /// must know it, or have shown it to somebody who does: [`Self::join`].
    ///
    /// # Errors
    /// Why it is not the first charter of a federation.
    pub fn start(bytes: &[u8]) -> Result<Self, ChainError> {
        let signed = SignedPayload::decode(bytes, CHARTER_BYTES_MAX)?;
        let charter = Charter::decode(signed.payload())?;
        if charter.version != 1 {
            return Err(ChainError::Gap {
                expected: 1,
                found: charter.version,
            });
        }
        let governance = Governance::new(&charter.keys, charter.k)?;
        verify(&signed, content_type::CHARTER, &[&governance])?;
        let first = KnownCharter::new(&signed, charter, governance, bytes);
        Ok(Self {
            charters: vec![first.clone()],
            first,
            rosters: Vec::new(),
            siblings: Vec::new(),
            current: None,
            keys: KeyHistory::default(),
        })
    }

    /// Begins with the first charter of a federation whose hash is known.
    ///
    /// # Errors
    /// [`ChainError::WrongFederation`], or as [`Self::start`].
    pub fn join(fed: &Hash, bytes: &[u8]) -> Result<Self, ChainError> {
        if SignedPayload::decode(bytes, CHARTER_BYTES_MAX)?.hash() == *fed {
            Self::start(bytes)
        } else {
            Err(ChainError::WrongFederation)
        }
    }

    /// Takes the next charter, which needs the signatures of the old governance
    /// and of the new one. It does not matter which rosters are here: those from
    /// its `first_roster` on were not the old governance's to make, and are cut.
    ///
    /// # Errors
    /// Why it does not follow. The history is as it was.
    pub fn add_charter(&mut self, bytes: &[u8]) -> Result<Added, ChainError> {
        let signed = SignedPayload::decode(bytes, CHARTER_BYTES_MAX)?;
        let hash = signed.hash();
        if self.charters.iter().any(|known| known.hash == hash) {
            return Ok(Added::Known);
        }
        let place: CharterPlace = cbor::peek(signed.payload())?;
        let before = match place.version {
            0 | 1 => return Err(ChainError::WrongFederation),
            version => version - 1,
        };
        let last = at(&self.charters, before).ok_or(ChainError::Gap {
            expected: count(&self.charters) + 1,
            found: place.version,
        })?;
        verify_some(&signed, content_type::CHARTER, &last.governance)?;
        let charter = Charter::decode(signed.payload())?;
        let governance = Governance::new(&charter.keys, charter.k)?;
        let both = [last.governance.as_ref(), &governance];
        verify(&signed, content_type::CHARTER, &both)?;
        if before < count(&self.charters) {
            return Err(ChainError::CharterConflict(charter.version));
        }
        if charter.previous != Some(last.hash) {
            return Err(ChainError::WrongPrevious);
        }
        let later = charter.first_roster > last.charter.first_roster;
        holds(later, Rule::FirstRosterOrder)?;
        let first_roster = charter.first_roster;
        let known = KnownCharter::new(&signed, charter, governance, bytes);
        self.charters.push(known);
        if first_roster > count(&self.rosters) {
            return Ok(Added::Extended);
        }
        let cut = self.signed_from(first_roster).map(Arc::clone).collect();
        *self = self.up_to(first_roster - 1);
        Ok(Added::Replaced { cut })
    }

    /// Takes the next roster. `now_ms` is the time of this node's record of it:
    /// now, or when the history is built again, the time of the record.
    ///
    /// # Errors
    /// Why it does not follow. The history is as it was.
    pub fn add_roster(&mut self, bytes: &[u8], now_ms: TimeMs) -> Result<Added, ChainError> {
        let signed = SignedPayload::decode(bytes, ROSTER_BYTES_MAX)?;
        if self.holds_roster(&signed.hash()) {
            return Ok(Added::Known);
        }
        let candidate = self.candidate(signed)?;
        if candidate.roster.issued > now_ms.saturating_add(WINDOW_FUTURE_MS) {
            return Err(ChainError::FromTheFuture);
        }
        if candidate.roster.version <= count(&self.rosters) {
            return Ok(self.conflict(candidate, bytes));
        }
        let settled = self.follows(&candidate.roster)?;
        self.keys = self.keys_after(&candidate.roster, settled)?;
        if let Some(sibling) = settled.and_then(|index| self.siblings.get(index)) {
            self.settle(sibling.hash);
        }
        let known = KnownRoster {
            hash: candidate.hash,
            signed: bytes.into(),
            taken_at: now_ms,
        };
        self.extend(known, candidate.charter, candidate.roster);
        Ok(Added::Extended)
    }

    /// Verifies evidence from somebody else, and tells of which version it is.
    ///
    /// # Errors
    /// Why it shows no conflict.
    pub fn verify_conflict(&self, evidence: &RosterConflict) -> Result<u64, ChainError> {
        evidence.check_halves()?;
        let one = self.candidate(evidence.0.clone())?;
        let other = self.candidate(evidence.1.clone())?;
        if one.roster.version == other.roster.version && one.hash != other.hash {
            Ok(one.roster.version)
        } else {
            Err(ChainError::NoConflict)
        }
    }

    /// Checks that the governance has signed a roster for this place in the chain.
    /// Only then is it decoded: what a stranger sends costs a scan and no memory.
    fn candidate(&self, signed: SignedPayload) -> Result<Candidate, ChainError> {
        let place: RosterPlace = cbor::peek(signed.payload())?;
        if place.fed != *self.fed() {
            return Err(ChainError::WrongFederation);
        }
        let expected = count(&self.rosters) + 1;
        if place.version > expected {
            return Err(ChainError::Gap {
                expected,
                found: place.version,
            });
        }
        let under = self.charter_for(place.version);
        if under.hash != place.charter {
            let is_named = |known: &KnownCharter| known.hash == place.charter;
            return Err(if self.charters.iter().any(is_named) {
                ChainError::WrongCharter
            } else {
                ChainError::UnknownCharter
            });
        }
        verify(&signed, content_type::ROSTER, &[under.governance.as_ref()])?;
        let roster = Roster::decode(signed.payload())?;
        Ok(Candidate {
            hash: signed.hash(),
            charter: Arc::clone(&under.charter),
            signed,
            roster,
        })
    }

    /// Checks that a roster names the one before it. If it settles a conflict,
    /// gives the place of the sibling that it settles.
    fn follows(&self, roster: &Roster) -> Result<Option<usize>, ChainError> {
        let before = roster.version - 1;
        let last = at(&self.rosters, before).map_or(self.first.hash, |known| known.hash);
        let Some((one, other)) = roster.resolves else {
            return if roster.previous == last {
                Ok(None)
            } else {
                Err(ChainError::WrongPrevious)
            };
        };
        if (last != one && last != other) || (roster.previous != one && roster.previous != other) {
            return Err(ChainError::WrongPrevious);
        }
        let sibling = if last == one { other } else { one };
        let is_it = |known: &Sibling| known.hash == sibling && known.roster.version == before;
        let place = self.siblings.iter().position(is_it);
        place.map(Some).ok_or(ChainError::SiblingMissing)
    }

    /// Checks what a roster changes, against all that came before it. If it settles
    /// a conflict, that is what both camps know, so that both can go on with it and
    /// know the same afterwards.
    fn keys_after(
        &self,
        roster: &Roster,
        settled: Option<usize>,
    ) -> Result<KeyHistory, ChainError> {
        let last = self.current.as_ref().map(|current| &current.roster);
        let sibling = settled.and_then(|index| self.siblings.get(index));
        let other = sibling.map(|sibling| &sibling.roster);
        for before in last.into_iter().chain(other) {
            holds(before.issued <= roster.issued, Rule::IssuedEarlier)?;
        }
        let mut keys = self.keys_before(sibling);
        let checked = keys.check(roster, governs(&self.charters, roster.version))?;
        keys.take(checked);
        Ok(keys)
    }

    /// What is known before a roster that may settle a sibling of the newest one.
    fn keys_before(&self, settled: Option<&Sibling>) -> KeyHistory {
        let keys = self.keys.clone();
        match settled {
            Some(sibling) => keys.merged(self.keys_at(sibling)),
            None => keys,
        }
    }

    /// What a camp knows whose newest roster is this sibling: the rosters again,
    /// version by version, with what each one names as before it.
    fn keys_at(&self, sibling: &Sibling) -> KeyHistory {
        let mut layer = BTreeMap::from([(self.first.hash, KeyHistory::default())]);
        for (kept, version) in self.rosters.iter().zip(1..=sibling.roster.version) {
            let kept = kept.decode().map(|roster| (kept.hash, Arc::new(roster)));
            let beside = self.siblings.iter();
            let beside = beside.filter(|other| other.roster.version == version);
            let beside = beside.map(|other| (other.hash, Arc::clone(&other.roster)));
            let next = kept.into_iter().chain(beside).map(|(hash, roster)| {
                let named = roster
                    .resolves
                    .map_or_else(|| vec![roster.previous], |(one, other)| vec![one, other]);
                // What is not here any more cannot be remembered.
                let before = named.iter().filter_map(|hash| layer.get(hash).cloned());
                let mut keys = before.reduce(KeyHistory::merged).unwrap_or_default();
                keys.absorb(&roster, governs(&self.charters, version));
                (hash, keys)
            });
            layer = next.collect();
        }
        layer.remove(&sibling.hash).unwrap_or_default()
    }

    fn extend(&mut self, known: KnownRoster, charter: Arc<Charter>, roster: Roster) {
        let roster = Arc::new(roster);
        let before = self.current.take().and_then(|current| current.in_time);
        let in_time = if known.taken_at < roster.expires {
            Some(Arc::clone(&roster))
        } else {
            before
        };
        self.current = Some(Current {
            reference: RosterRef(roster.version, known.hash),
            charter,
            owners: Arc::new(Owners::of(&roster)),
            roster,
            in_time,
        });
        self.rosters.push(known);
    }

    /// The history as it would be if no roster after a version had ever come.
    fn up_to(&self, version: u64) -> Self {
        let beside = self.siblings.iter().cloned();
        let beside = beside.filter(|sibling| sibling.roster.version <= version);
        let mut rebuilt = Self {
            first: self.first.clone(),
            charters: self.charters.clone(),
            rosters: Vec::new(),
            siblings: beside
                .map(|sibling| Sibling {
                    settled: false,
                    ..sibling
                })
                .collect(),
            current: None,
            keys: KeyHistory::default(),
        };
        for (known, _) in self.rosters.iter().zip(1..=version) {
            rebuilt.take_again(known);
        }
        rebuilt
    }

    /// Takes a roster that was taken before. It is not judged again: that it followed
    /// was said when it came, by what was known then.
    fn take_again(&mut self, known: &KnownRoster) {
        let Some(roster) = known.decode() else {
            return;
        };
        let place = self.follows(&roster).ok().flatten();
        let settled = place.and_then(|index| self.siblings.get(index));
        let hash = settled.map(|sibling| sibling.hash);
        self.keys = self.keys_before(settled);
        self.keys
            .absorb(&roster, governs(&self.charters, roster.version));
        if let Some(hash) = hash {
            self.settle(hash);
        }
        let charter = self.charter_for(roster.version);
        let charter = Arc::clone(&charter.charter);
        self.extend(known.clone(), charter, roster);
    }

    /// The charter that rosters of a version are made under.
    fn charter_for(&self, version: u64) -> &KnownCharter {
        let mut known = self.charters.iter().rev();
        known
            .find(|known| known.charter.first_roster <= version)
            .unwrap_or(&self.first)
    }

    fn conflict(&mut self, candidate: Candidate, bytes: &[u8]) -> Added {
        let kept = at(&self.rosters, candidate.roster.version)
            .and_then(|kept| SignedPayload::decode(&kept.signed, ROSTER_BYTES_MAX).ok());
        self.keep_beside(Sibling {
            hash: candidate.hash,
            roster: Arc::new(candidate.roster),
            signed: bytes.into(),
            settled: false,
        });
        // What is kept was decoded when it came.
        let kept = kept.unwrap_or_else(|| candidate.signed.clone());
        Added::Conflict(Box::new(RosterConflict(kept, candidate.signed)))
    }

    /// Keeps the other one of two rosters. One that is settled belongs to the chain
    /// and is kept for who joins later. Of the open ones the oldest make room, those
    /// of the lowest version first: keys that have governed once cannot take the room
    /// that a conflict needs which the next roster will settle, and a sibling that is
    /// fetched because that roster names it is always kept.
    fn keep_beside(&mut self, sibling: Sibling) {
        self.siblings.push(sibling);
        let open = |(_, sibling): &(usize, &Sibling)| !sibling.settled;
        let open = self.siblings.iter().enumerate().filter(open);
        if open.clone().count() <= SIBLINGS_MAX {
            return;
        }
        let first = open.min_by_key(|(_, sibling)| sibling.roster.version);
        if let Some((place, _)) = first {
            self.siblings.remove(place);
        }
    }

    /// A sibling that is settled has settled what it names itself: the two camps
    /// may have been more than one version apart.
    fn settle(&mut self, sibling: Hash) {
        let mut named = vec![sibling];
        while let Some(hash) = named.pop() {
            let open = |known: &&mut Sibling| known.hash == hash && !known.settled;
            if let Some(sibling) = self.siblings.iter_mut().find(open) {
                sibling.settled = true;
                if let Some((one, other)) = sibling.roster.resolves {
                    named.extend([one, other]);
                }
            }
        }
    }

    fn holds_roster(&self, hash: &Hash) -> bool {
        self.rosters.iter().any(|known| known.hash == *hash)
            || self.siblings.iter().any(|known| known.hash == *hash)
    }
}

/// What is in force.
impl History {
    /// The federation: the hash of its first charter.
    #[must_use]
    pub const fn fed(&self) -> &Hash {
        &self.first.hash
    }

    /// The charter that the newest roster is made under; without one, the first.
    #[must_use]
    pub fn charter(&self) -> &Charter {
        match &self.current {
            Some(current) => &current.charter,
            None => &self.first.charter,
        }
    }

    /// The newest charter, which may not be in force yet, with its hash: what the
    /// next charter follows.
    #[must_use]
    pub fn newest_charter(&self) -> (&Charter, Hash) {
        let newest = self.charters.last().unwrap_or(&self.first);
        (&newest.charter, newest.hash)
    }

    /// The newest roster.
    #[must_use]
    pub fn roster(&self) -> Option<&Roster> {
        self.current.as_ref().map(|current| current.roster.as_ref())
    }

    /// What records and replies call the newest roster by.
    #[must_use]
    pub fn roster_ref(&self) -> Option<RosterRef> {
        self.current.as_ref().map(|current| current.reference)
    }

    /// What the members of the newest roster own.
    #[must_use]
    pub fn owners(&self) -> Option<&Owners> {
        self.current.as_ref().map(|current| current.owners.as_ref())
    }

    /// Where the newest roster stands.
    #[must_use]
    pub fn standing(&self, now_ms: TimeMs) -> Standing {
        match &self.current {
            Some(current) => Standing::of(current.roster.expires, current.charter.grace, now_ms),
            None => Standing::NoRoster,
        }
    }

    /// A member of the newest roster.
    #[must_use]
    pub fn member(&self, id: &MemberId) -> Option<&Member> {
        self.roster()?.member(id)
    }

    /// The roles that a member can use now; `None` if it is no member. A roster
    /// that arrived when it had run out admits nobody and gives no new roles.
    #[must_use]
    pub fn roles_in_force(&self, id: &MemberId, now_ms: TimeMs) -> Option<Vec<&Code>> {
        let current = self.current.as_ref()?;
        let member = current.roster.member(id)?;
        if now_ms < current.roster.expires {
            return Some(member.roles.iter().collect());
        }
        let before = current.in_time.as_ref()?.member(id)?;
        let had = |role: &&Code| before.roles.find(role).is_some();
        Some(member.roles.iter().filter(had).collect())
    }

    /// The member that a node of this transport key belongs to, if it may speak
    /// for it now.
    #[must_use]
    pub fn member_of_node(&self, kid: &Kid, now_ms: TimeMs) -> Option<&MemberId> {
        let known = self.keys.key(kid)?;
        let speaks = known.listed.purpose == KeyPurpose::Transport
            && known.validity(now_ms, now_ms) == Validity::Valid
            && self.roles_in_force(&known.member, now_ms).is_some();
        speaks.then_some(&known.member)
    }
}

/// Keys and logs, of former members too.
impl History {
    /// A statement key that was ever listed for a member.
    #[must_use]
    pub fn statement_key(&self, member: &MemberId, kid: &Kid) -> Option<&KnownKey> {
        self.keys.key_of(member, kid, KeyPurpose::Statement)
    }

    /// Every key that was ever listed, with what is known of it now.
    pub fn known_keys(&self) -> impl Iterator<Item = &KnownKey> {
        self.keys.iter()
    }

    /// A witness key that was ever listed for a member.
    #[must_use]
    pub fn witness_key(&self, member: &MemberId, kid: &Kid) -> Option<&KnownKey> {
        self.keys.key_of(member, kid, KeyPurpose::Witness)
    }

    /// The key of a log, and the log, if the log has this key.
    #[must_use]
    pub fn log_key(&self, origin: &Origin, kid: &Kid) -> Option<(&KnownKey, &Log)> {
        let log = self.log(origin).filter(|log| log.key == *kid)?;
        let key = self.keys.key_of(&origin.member, kid, KeyPurpose::Log)?;
        Some((key, log))
    }

    /// A log that was ever listed.
    #[must_use]
    pub fn log(&self, origin: &Origin) -> Option<&Log> {
        let logs = self.keys.logs_of(&origin.member);
        logs.iter().find(|log| log.origin == *origin)
    }

    /// Every log that was ever listed for a member.
    #[must_use]
    pub fn logs_of(&self, member: &MemberId) -> &[Log] {
        self.keys.logs_of(member)
    }
}

/// What is passed on, and what people must be told.
impl History {
    /// The signed charters from a version on.
    pub fn charters_from(&self, version: u64) -> impl Iterator<Item = &[u8]> {
        skip_to(&self.charters, version).map(|known| known.signed.as_ref())
    }

    /// The signed rosters from a version on, each followed by those that the
    /// governance signed beside it: who is given them in this order can take
    /// every one.
    pub fn rosters_from(&self, version: u64) -> impl Iterator<Item = &[u8]> {
        self.signed_from(version).map(AsRef::as_ref)
    }

    /// What somebody lacks who has every version before this one: the rosters from it
    /// on. If the governance signed several of the version before, those come first,
    /// because who has one of them may lack the other, which a later one may settle.
    pub fn rosters_lacking(&self, version: u64) -> impl Iterator<Item = &[u8]> {
        let before = version.saturating_sub(1);
        let mut siblings = self.siblings.iter();
        let disputed = siblings.any(|sibling| sibling.roster.version == before);
        self.rosters_from(if disputed { before } else { version })
    }

    fn signed_from(&self, version: u64) -> impl Iterator<Item = &Arc<[u8]>> {
        let kept = skip_to(&self.rosters, version).zip(version.max(1)..);
        kept.flat_map(|(known, version)| {
            let beside = self.siblings.iter();
            let beside = beside.filter(move |other| other.roster.version == version);
            std::iter::once(&known.signed).chain(beside.map(|other| &other.signed))
        })
    }

    /// The versions of which the governance has signed two rosters that no later
    /// one has settled.
    pub fn open_conflicts(&self) -> impl Iterator<Item = u64> {
        let open = self.siblings.iter().filter(|sibling| !sibling.settled);
        open.map(|sibling| sibling.roster.version)
    }
}

impl KnownCharter {
    fn new(signed: &SignedPayload, charter: Charter, governance: Governance, bytes: &[u8]) -> Self {
        Self {
            hash: signed.hash(),
            charter: Arc::new(charter),
            governance: Arc::new(governance),
            signed: bytes.into(),
        }
    }
}

impl KnownRoster {
    /// The roster. It was decoded when it came, so there always is one.
    fn decode(&self) -> Option<Roster> {
        let signed = SignedPayload::decode(&self.signed, ROSTER_BYTES_MAX).ok()?;
        Roster::decode(signed.payload()).ok()
    }
}

/// Which keys govern, or have governed, when a roster of a version is made. Later
/// charters do not count: they may not be here yet, and everybody has to judge alike.
fn governs(charters: &[KnownCharter], version: u64) -> impl Fn(&Kid) -> bool {
    move |kid| {
        let mut until_then = charters.iter();
        until_then.any(|known| known.charter.first_roster <= version && known.governance.has(kid))
    }
}

/// The entry of a version, from 1.
fn at<T>(entries: &[T], version: u64) -> Option<&T> {
    entries.get(usize::try_from(version.checked_sub(1)?).ok()?)
}

fn skip_to<T>(entries: &[T], version: u64) -> std::slice::Iter<'_, T> {
    let skipped = usize::try_from(version.saturating_sub(1)).unwrap_or(usize::MAX);
    entries.get(skipped..).unwrap_or_default().iter()
}

/// The newest version.
fn count<T>(entries: &[T]) -> u64 {
    u64::try_from(entries.len()).unwrap_or(u64::MAX)
}
