//! The federation of the vectors, as the kit lives in it: which member the target plays, which chain it has, and the
//! published keys of all the others, whom the kit plays.

use std::collections::BTreeMap;

use comity_trust::authorise::{Context, check_statement};
use comity_trust::history::History;
use comity_trust::key_file;
use comity_wire::ids::{CaseId, Kid, MemberId, PublicKey, StatementId};
use comity_wire::leaf::RosterRef;
use comity_wire::registry::KeyPurpose;
use comity_wire::statement::{Received, Statement};
use ed25519_dalek::SigningKey;
use thiserror::Error;

use crate::vectors::{Chain, Expect, Vectors, unhex};

/// The member that the target plays unless it is told another one.
pub const TARGET: &str = "platform.example";

/// The chain that it has.
pub const CHAIN: &str = "first";

/// What the target was started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The member that it plays.
    pub member: MemberId,
    /// The chain of `federation.json` that it has.
    pub chain: String,
    /// What its clock showed when it was started.
    pub now_ms: u64,
}

/// The world of one run.
#[derive(Debug)]
pub struct World {
    /// All vectors.
    pub vectors: Vectors,
    /// What the target was started with.
    pub target: Target,
    /// The chain.
    pub history: History,
    /// Signed charters and rosters of the chain.
    pub chain: (Signed, Signed),
    /// The members whom the kit plays, those that the gate of the target lets in.
    pub members: Vec<MemberId>,
    openings: BTreeMap<CaseId, Statement>,
}

impl World {
    /// The world in which a target plays `member`, with this chain and this clock; those of the vectors if not told.
    ///
    /// # Errors
    /// There is no such chain, or the member is not in its roster.
    pub fn new(
        vectors: Vectors,
        member: &str,
        chain: &str,
        now_ms: Option<u64>,
    ) -> Result<Self, WorldError> {
        let now_ms = now_ms.unwrap_or(vectors.federation.now_ms);
        let listed = vectors.federation.chains.get(chain);
        let listed = listed.ok_or_else(|| WorldError::NoChain {
            chains: words(vectors.federation.chains.keys()),
        })?;
        let (charters, rosters) = signed(listed).ok_or(WorldError::BadChain)?;
        let history = history(&charters, &rosters, vectors.federation.now_ms)?;
        let roster = history.roster().ok_or(WorldError::BadChain)?;
        let ids: Vec<_> = roster
            .members
            .iter()
            .map(|member| member.id.clone())
            .collect();
        let me = ids.iter().find(|id| id.as_str() == member).cloned();
        let me = me.ok_or_else(|| WorldError::NoMember {
            members: words(ids.iter().map(MemberId::as_str)),
        })?;
        let mut world = Self {
            vectors,
            members: Vec::new(),
            target: Target {
                member: me,
                chain: chain.to_owned(),
                now_ms,
            },
            history,
            chain: (charters, rosters),
            openings: BTreeMap::new(),
        };
        world.members = ids
            .into_iter()
            .filter(|id| *id != world.target.member && world.is_let_in(id))
            .collect();
        world.openings = world.find_openings();
        Ok(world)
    }

    fn is_let_in(&self, member: &MemberId) -> bool {
        let key = self.key(member.as_str(), KeyPurpose::Transport);
        let kid = key.map(|key| Kid::of(&PublicKey::new(key.verifying_key().to_bytes())));
        kid.is_some_and(|kid| self.history.member_of_node(&kid, self.target.now_ms) == Some(member))
    }

    /// A published key of a member.
    #[must_use]
    pub fn key(&self, member: &str, purpose: KeyPurpose) -> Option<SigningKey> {
        let keys = &self.vectors.federation.keys;
        let entry = keys
            .iter()
            .find(|entry| entry.owner == member && entry.purpose == purpose.as_str())?;
        let seed: [u8; 32] = unhex(&entry.seed)?.try_into().ok()?;
        Some(key_file::from_seed(&seed))
    }

    /// The transport key by which the target is known.
    #[must_use]
    pub fn target_key(&self) -> Option<PublicKey> {
        let key = self.key(self.target.member.as_str(), KeyPurpose::Transport)?;
        Some(PublicKey::new(key.verifying_key().to_bytes()))
    }

    /// The roster that the target must show.
    #[must_use]
    pub fn roster_ref(&self) -> RosterRef {
        let none = RosterRef(0, *self.history.fed());
        self.history.roster_ref().unwrap_or(none)
    }

    /// The member whom the kit plays when it matters little whom.
    #[must_use]
    pub fn anybody(&self) -> Option<&MemberId> {
        self.members.first()
    }

    /// Whether the kit plays a member.
    #[must_use]
    pub fn plays(&self, member: &MemberId) -> bool {
        self.members.contains(member)
    }

    /// A statement of the vectors, if its signature, its payload and its body are right.
    #[must_use]
    pub fn open(&self, bytes: &[u8]) -> Option<Statement> {
        let received = Received::read(bytes).ok()?;
        let known = self
            .history
            .statement_key(received.issuer(), received.kid())?;
        received.verify(known.verifying()).ok()?.open().ok()
    }

    /// The statement that opens a case, if the vectors have it.
    #[must_use]
    pub fn opening(&self, case: &CaseId) -> Option<&Statement> {
        self.openings.get(case)
    }

    /// Whether the newest roster of a chain was issued after a time.
    #[must_use]
    pub fn is_before_its_chain(&self, chain: &str, now_ms: u64) -> bool {
        let federation = &self.vectors.federation;
        if now_ms >= federation.now_ms {
            return false;
        }
        let listed = federation.chains.get(chain).and_then(signed);
        let history = listed
            .and_then(|(charters, rosters)| history(&charters, &rosters, federation.now_ms).ok());
        history.is_none_or(|history| history.roster().is_none_or(|roster| now_ms < roster.issued))
    }

    /// Whether the target must register a statement that opens a case: it is to it, and right at its time and by its
    /// roster.
    #[must_use]
    pub fn takes(&self, opening: &[u8]) -> bool {
        let judged = Context {
            history: &self.history,
            me: &self.target.member,
            now_ms: self.target.now_ms,
            case: None,
            vouched: None,
        };
        check_statement(opening, |_| false, &judged).is_ok()
    }

    fn find_openings(&self) -> BTreeMap<CaseId, Statement> {
        let accepted = self.vectors.vectors.iter().filter(|vector| {
            vector.object == "statement"
                && vector.context.story.is_none()
                && matches!(vector.expect, Expect::Ok { .. })
        });
        let opened = accepted
            .filter_map(|vector| self.open(&vector.bytes()?))
            .filter(|statement| statement.kind().opens());
        opened
            .map(|statement| (*statement.case(), statement))
            .collect()
    }
}

/// The id of bytes as received.
#[must_use]
pub fn id_of(bytes: &[u8]) -> StatementId {
    StatementId::of(bytes)
}

/// Signed objects, in the order in which they are taken.
pub type Signed = Vec<Vec<u8>>;

/// The charters and rosters of a chain.
fn signed(chain: &Chain) -> Option<(Signed, Signed)> {
    let all =
        |list: &[String]| -> Option<Vec<Vec<u8>>> { list.iter().map(|text| unhex(text)).collect() };
    Some((all(&chain.charters)?, all(&chain.rosters)?))
}

fn history(charters: &[Vec<u8>], rosters: &[Vec<u8>], now_ms: u64) -> Result<History, WorldError> {
    let (first, later) = charters.split_first().ok_or(WorldError::BadChain)?;
    let mut history = History::start(first).map_err(|_| WorldError::BadChain)?;
    for charter in later {
        history
            .add_charter(charter)
            .map_err(|_| WorldError::BadChain)?;
    }
    for roster in rosters {
        history
            .add_roster(roster, now_ms)
            .map_err(|_| WorldError::BadChain)?;
    }
    Ok(history)
}

fn words<T: AsRef<str>>(names: impl Iterator<Item = T>) -> String {
    let names: Vec<_> = names.map(|name| name.as_ref().to_owned()).collect();
    names.join(", ")
}

/// Why there is no such world.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The operator named a chain that the vectors do not have.
    #[error("the vectors have no such chain; there are {chains}")]
    NoChain {
        /// Those that there are.
        chains: String,
    },
    /// The operator named a member that is not in the chain's roster.
    #[error("the roster of that chain has no such member; there are {members}")]
    NoMember {
        /// Those that there are.
        members: String,
    },
    /// The vectors are at fault.
    #[error("a chain of the vectors is not one")]
    BadChain,
}

impl WorldError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoChain { .. } => "no-such-chain",
            Self::NoMember { .. } => "no-such-member",
            Self::BadChain => "vectors-unreadable",
        }
    }
}
