//! What the vectors are about: a federation, its chains, a log, and cases in
//! which something was said.

use std::collections::BTreeMap;

use comity_case::{Arrival, Case, Entry};
use comity_log::checkpoint::{Checkpoint, VerifiedCheckpoint};
use comity_log::edge::Edge;
use comity_log::store::MemoryTiles;
use comity_log::tree::Tree;
use comity_trust::history::History;
use comity_trust::key::{Ended, Key};
use comity_trust::member::{LogState, Member};
use comity_trust::roster::Roster;
use comity_wire::body::Body;
use comity_wire::consistency::{ConsistencyProof, ConsistencyReceipt};
use comity_wire::cose::{SignedRoot, kid_of};
use comity_wire::ids::{CaseId, Hash, Nonce, StatementId};
use comity_wire::leaf::{Facts, Leaf, Origin};
use comity_wire::receipt::{InclusionProof, Receipt};
use comity_wire::registry::{Answer, KeyPurpose, ObservationResult, OutcomeAnswer, record_kind};
use comity_wire::statement::{Draft, Statement};
use comity_wire::words::{Sorted, Version};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use super::{Context, hex};
use crate::bodies;
use crate::federation::{
    DAY_MS, Federation, ISSUED_MS, NOW_MS, add_key, code, edit_keys, edit_member, key, public,
    takedown_request,
};

/// `federation.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederationFile {
    /// What must not be done with it.
    pub warning: String,
    /// The hash of the first charter.
    pub fed: String,
    /// The clock of all chains.
    pub now_ms: u64,
    /// All keys.
    pub keys: Vec<KeyEntry>,
    /// Charters and rosters, by name.
    pub chains: BTreeMap<String, Chain>,
    /// What was said in cases, by name.
    pub stories: BTreeMap<String, Story>,
}

/// A key of `federation.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// A member, or `governance`.
    pub owner: String,
    /// What it is for.
    pub purpose: String,
    /// 32 bytes.
    pub seed: String,
    /// 32 bytes.
    pub public: String,
    /// The thumbprint.
    pub kid: String,
}

/// Signed charters and rosters, in the order in which they are taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// What there is about it.
    pub shows: String,
    /// Taken first.
    pub charters: Vec<String>,
    /// Taken then.
    pub rosters: Vec<String>,
}

/// The statements of a case, in an order in which none waits for another.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// What there is about it.
    pub shows: String,
    /// Who opened the case.
    pub opener: String,
    /// The statements.
    pub said: Vec<Said>,
}

/// A statement of a story, or many alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Said {
    /// A signed statement.
    One(String),
    /// As many, each after the one before.
    Many {
        /// How many.
        repeat: u64,
        /// The first, but for `re` and `nonce`.
        like: String,
    },
}

/// Everything that vectors refer to.
pub(super) struct World {
    pub(super) federation: Federation,
    pub(super) base: Statement,
    pub(super) log: Log,
    chains: BTreeMap<&'static str, (&'static str, History)>,
    pub(super) busy: Tale,
    pub(super) pair: Tale,
}

impl World {
    pub(super) fn new() -> Self {
        let federation = Federation::new();
        let base = federation.sign(opening(
            &federation,
            "base",
            "north",
            "platform",
            takedown_request(),
        ));
        let log = Log::of_platform(&federation, &base);
        let busy = busy(&federation);
        let pair = pair(&federation);
        Self {
            chains: chains(),
            base,
            log,
            busy,
            pair,
            federation,
        }
    }

    pub(super) fn key(&self, member: &str) -> &SigningKey {
        &self.federation.member(member).statement
    }

    pub(super) fn chain(&self, name: &str) -> &History {
        &self.chains[name].1
    }

    pub(super) fn file(&self) -> FederationFile {
        let governance = (1..=5).map(|n| ("governance", "governance", key("governance", n)));
        let mut keys: Vec<_> = governance
            .map(|(owner, purpose, key)| entry(owner, purpose, &key))
            .collect();
        for member in self.federation.members() {
            let id = member.id.as_str();
            for (purpose, key) in [
                (KeyPurpose::Statement, &member.statement),
                (KeyPurpose::Log, &member.log),
                (KeyPurpose::Witness, &member.witness),
                (KeyPurpose::Transport, &member.transport),
            ] {
                keys.push(entry(id, purpose.as_str(), key));
            }
        }
        for (purpose, number) in LATER_KEYS {
            keys.push(entry("north.example", purpose, &key("north", number)));
        }
        let chains = self.chains.iter().map(|(name, (shows, history))| {
            let chain = Chain {
                shows: (*shows).to_owned(),
                charters: history.charters_from(1).map(hex).collect(),
                rosters: history.rosters_from(1).map(hex).collect(),
            };
            ((*name).to_owned(), chain)
        });
        let story = |tale: &Tale, shows: &str| Story {
            shows: shows.to_owned(),
            opener: "north.example".to_owned(),
            said: tale
                .said
                .iter()
                .map(|one| Said::One(hex(one.bytes())))
                .collect(),
        };
        let opened = Tale::opened(&self.federation);
        let nothing = Tale::new(&self.federation, "nothing");
        let mut full = story(
            &opened,
            "As many statements as a case may have, half of them from each side.",
        );
        full.said
            .extend(self.halves(&opened).map(|(like, repeat)| Said::Many {
                repeat,
                like: hex(like.bytes()),
            }));
        let stories = [
            ("nothing", story(&nothing, "Nothing was said.")),
            ("opened", story(&opened, "A request for item 1.")),
            (
                "busy",
                story(
                    &self.busy,
                    "Items 1 to 6: 1 is done, 2 has reappeared, 3 is refused, 4 withdrawn, 5 open, 6 declined; with a \
                     dispute that is resolved, a hold, a refused amendment and one that its past forbids.",
                ),
            ),
            ("full", full),
            (
                "pair",
                story(
                    &self.pair,
                    "What was said before every pair of `fold.json`: north asks for items 1 to 3; the platform has done item 1 \
                     and asks a question; north disputes what was done and tells of a hold.",
                ),
            ),
        ];
        FederationFile {
            warning: "These keys are public. They must never sign anything but test vectors."
                .to_owned(),
            fed: self.federation.fed().to_string(),
            now_ms: NOW_MS,
            keys,
            chains: chains.collect(),
            stories: stories.map(|(name, story)| (name.to_owned(), story)).into(),
        }
    }
}

impl World {
    /// What fills a case in which one thing was said: from each side one statement,
    /// and how often it is said.
    fn halves(&self, opened: &Tale) -> [(Statement, u64); 2] {
        [("north", "platform", 2047), ("platform", "north", 2048)].map(|(from, to, times)| {
            let draft = self.federation.reply(
                from,
                to,
                opened.case,
                [opened.last()],
                bodies::hold("court"),
            );
            let draft = Draft {
                nonce: nonce("full"),
                ..draft
            };
            (self.federation.sign(draft), times)
        })
    }

    /// The id of the last statement of the story `full`.
    pub(super) fn last_of_full(&self, opened: &Tale) -> StatementId {
        self.halves(opened)
            .into_iter()
            .fold(opened.last(), |parent, (like, times)| {
                let key = self.key(like.issuer().as_str());
                let said = super::repeat(like.bytes(), times, parent, key);
                Hash::of(said.last().expect("many"))
            })
    }
}

/// The keys that north gets in later rosters: purpose and place, and the number
/// that they follow from.
const LATER_KEYS: [(&str, u8); 3] = [("statement-2", 10), ("statement-3", 11), ("log-2", 12)];

fn entry(owner: &str, purpose: &str, key: &SigningKey) -> KeyEntry {
    KeyEntry {
        owner: owner.to_owned(),
        purpose: purpose.to_owned(),
        seed: hex(&key.to_bytes()),
        public: public(key).to_string(),
        kid: kid_of(key).to_string(),
    }
}

/// 16 bytes that follow from a name.
pub(super) fn nonce(name: &str) -> Nonce {
    let hash = Hash::of_parts(&[b"comity-vectors/1 ", name.as_bytes()]);
    Nonce::from_slice(&hash.as_bytes()[..16]).expect("16 bytes")
}

/// A draft that opens a case; its nonces follow from its name.
pub(super) fn opening(
    federation: &Federation,
    name: &str,
    from: &str,
    to: &str,
    body: Body,
) -> Draft {
    let case_nonce = nonce(&format!("case {name}"));
    Draft {
        case: CaseId::derive(&federation.member(from).id, &case_nonce),
        case_nonce: Some(case_nonce),
        nonce: nonce(name),
        ..federation.draft(from, to, body)
    }
}

/// What the platform knows, with its clock at [`NOW_MS`].
pub(super) fn platform() -> Context {
    Context {
        chain: Some("first".to_owned()),
        now_ms: Some(NOW_MS),
        me: Some("platform.example".to_owned()),
        ..Context::default()
    }
}

// ---- Chains

fn chains() -> BTreeMap<&'static str, (&'static str, History)> {
    let next = |edit: fn(&mut Roster)| {
        let mut federation = Federation::new();
        let roster = federation.next_roster(edit);
        federation.take_roster(&federation.sign_roster(&roster));
        federation.history().clone()
    };
    let mut rotated = Federation::new();
    let charter = rotated.next_charter(|charter| {
        charter.keys = Sorted::new([4, 5].map(|n| public(&key("governance", n))));
    });
    let signers = [1, 2, 4, 5].map(|n| key("governance", n));
    rotated.take_charter(&charter.sign(&signers.iter().collect::<Vec<_>>()));
    let mut siblings = Federation::new();
    let (one, other) = sibling_rosters(&siblings);
    siblings.take_roster(&siblings.sign_roster(&one));
    let mut siblings = siblings.history().clone();
    let other = Federation::new().sign_roster(&other);
    siblings
        .add_roster(&other.encode(), NOW_MS)
        .expect("a conflict is taken");
    [
        ("first", ("The first charter and the first roster.", Federation::new().history().clone())),
        ("second", ("A second roster, which changes nothing.", next(|_| ()))),
        (
            "south-left",
            ("In the second roster, south is no member any more.", next(|roster| {
                let stay = roster.members.iter().filter(|member| member.id.as_str() != "south.example");
                roster.members = Sorted::new(stay.cloned());
            })),
        ),
        (
            "north-superseded",
            ("In the second roster, the statement key of north has ended on the day of the roster.", next(|roster| {
                edit_member(roster, "north", |member| edit_keys(member, KeyPurpose::Statement, |key| {
                    key.ended = Some(Ended::Superseded);
                    key.until = Some(ISSUED_MS + DAY_MS);
                }));
            })),
        ),
        (
            "north-compromised",
            ("In the second roster, the statement key of north is compromised since a day before `now_ms`.", next(|roster| {
                edit_member(roster, "north", |member| edit_keys(member, KeyPurpose::Statement, |key| {
                    key.ended = Some(Ended::CompromisedSince(NOW_MS - DAY_MS));
                }));
            })),
        ),
        ("rotated", ("A second charter, for rosters from the second on, with two other governance keys.", rotated.history().clone())),
        (
            "north-new-log",
            ("In the second roster, the first log of north is closed at size 9, and it writes a second one.", next(|roster| {
                edit_member(roster, "north", new_log);
            })),
        ),
        (
            "rotation-2",
            (
                "In the second roster, the first statement key of north has ended on the day of the roster, and a second one begins.",
                rotated_keys(2).history().clone(),
            ),
        ),
        (
            "rotation-3",
            (
                "In the third roster, the second statement key of north is compromised since twelve hours before the day of the \
                 roster, and a third one begins.",
                rotated_keys(3).history().clone(),
            ),
        ),
        ("siblings", ("The governance has signed two rosters of version 2.", siblings)),
    ]
    .into()
}

/// Closes the first log of a member, and opens a second one.
pub(super) fn new_log(member: &mut Member) {
    add_key(member, &key("north", 12), KeyPurpose::Log);
    let mut second = member.logs[0].clone();
    second.key = kid_of(&key("north", 12));
    second.origin.n = 2;
    member.logs[0].state = LogState::Closed((9, Hash::new([9; 32])));
    member.logs.push(second);
}

/// When the second roster of the rotation was issued.
pub(super) const SECOND_MS: u64 = ISSUED_MS + DAY_MS;

/// When the third one was.
pub(super) const THIRD_MS: u64 = SECOND_MS + DAY_MS;

/// Since when the second key is compromised.
pub(super) const COMPROMISED_MS: u64 = THIRD_MS - DAY_MS / 2;

/// The federation after the second or the third roster of the rotation.
pub(super) fn rotated_keys(version: u64) -> Federation {
    let mut federation = Federation::new();
    for next in 2..=version {
        let roster = federation.next_roster(|roster| rotate(roster, next));
        federation.take_roster(&federation.sign_roster(&roster));
    }
    federation
}

/// What the second and the third roster of the rotation change.
pub(super) fn rotate(roster: &mut Roster, version: u64) {
    let (old, ended, until, new, from) = match version {
        2 => (1, Ended::Superseded, Some(SECOND_MS), 10, SECOND_MS),
        _ => (
            10,
            Ended::CompromisedSince(COMPROMISED_MS),
            None,
            11,
            THIRD_MS,
        ),
    };
    let old = kid_of(&key("north", old));
    edit_member(roster, "north", |member| {
        edit_keys(member, KeyPurpose::Statement, |key| {
            if key.kid == old {
                (key.ended, key.until) = (Some(ended), until);
            }
        });
        let added = Key::new(public(&key("north", new)), KeyPurpose::Statement, from);
        member.keys = Sorted::new(member.keys.iter().cloned().chain([added]));
    });
}

/// Two rosters of version 2.
pub(super) fn sibling_rosters(federation: &Federation) -> (Roster, Roster) {
    let one = federation.next_roster(|roster| roster.expires += 1);
    let other = federation.next_roster(|roster| roster.expires += 2);
    (one, other)
}

// ---- Cases

/// A case between north and the platform, and what was said in it.
pub(super) struct Tale {
    name: &'static str,
    pub(super) case: CaseId,
    case_nonce: Nonce,
    folded: Case,
    pub(super) said: Vec<Statement>,
    pub(super) marks: BTreeMap<&'static str, StatementId>,
}

impl Tale {
    fn new(federation: &Federation, name: &'static str) -> Self {
        let case_nonce = nonce(&format!("story {name}"));
        Self {
            name,
            case: CaseId::derive(&federation.member("north").id, &case_nonce),
            case_nonce,
            folded: Case::new(),
            said: Vec::new(),
            marks: BTreeMap::new(),
        }
    }

    /// A statement of the case that knows everything, by a name of its own.
    pub(super) fn draft(
        &self,
        federation: &Federation,
        name: &str,
        from: &str,
        body: Body,
    ) -> Draft {
        let to = if from == "north" { "platform" } else { "north" };
        let opens = body.kind().opens();
        Draft {
            nonce: nonce(&format!("{}: {name}", self.name)),
            case_nonce: opens.then_some(self.case_nonce),
            ..federation.reply(from, to, self.case, self.folded.heads().to_vec(), body)
        }
    }

    fn say(&mut self, from: &str, body: Body) -> StatementId {
        let federation = Federation::new();
        let name = format!("statement {}", self.said.len());
        let statement = federation.sign(self.draft(&federation, &name, from, body));
        let entry = Entry::of(&statement, &federation.member("north").id);
        assert!(
            matches!(self.folded.insert(entry), Arrival::Folded(_)),
            "nothing waits"
        );
        let id = *statement.id();
        self.said.push(statement);
        id
    }

    fn mark(&mut self, mark: &'static str, from: &str, body: Body) -> StatementId {
        let id = self.say(from, body);
        self.marks.insert(mark, id);
        id
    }

    pub(super) fn last(&self) -> StatementId {
        *self.said.last().expect("something was said").id()
    }

    /// A case of which only the name is there yet.
    pub(super) fn empty(federation: &Federation) -> Self {
        Self::new(federation, "nothing")
    }

    /// The case of the stories `opened` and `full`, with the one statement of the first.
    pub(super) fn opened(federation: &Federation) -> Self {
        let mut opened = Self::new(federation, "opened");
        opened.say("north", bodies::request([1]));
        opened
    }
}

fn busy(federation: &Federation) -> Tale {
    let mut tale = Tale::new(federation, "busy");
    tale.mark("opening", "north", bodies::request(1..=6));
    tale.mark(
        "accepted",
        "platform",
        bodies::answer_for(Answer::Accepted, Some(&[1, 2, 5]), None, "other"),
    );
    tale.say(
        "platform",
        bodies::answer_for(Answer::Refused, Some(&[3]), None, "not-our-service"),
    );
    let done = tale.mark(
        "done",
        "platform",
        bodies::outcome(&[
            (1, 1, OutcomeAnswer::Done, 2_000),
            (2, 1, OutcomeAnswer::Done, 2_000),
            (6, 1, OutcomeAnswer::Declined, 0),
        ]),
    );
    tale.mark(
        "seen",
        "north",
        bodies::observation(&[(2, 1, ObservationResult::Online, 3_000)]),
    );
    tale.say("north", bodies::withdrawal(Some(&[4])));
    tale.mark("asked", "platform", bodies::question(None));
    let disputed = tale.mark("disputed", "north", bodies::dispute(done));
    tale.mark(
        "resolved",
        "platform",
        bodies::resolution(disputed, "rejected"),
    );
    tale.mark("held", "north", bodies::hold("law-enforcement"));
    let refused = tale.mark("refused", "north", bodies::urgency("urgent"));
    tale.say("platform", bodies::refuse(&[refused]));
    tale.mark("forbidden", "north", bodies::amendment(&[1]));
    tale
}

/// What was said before every concurrent pair: see `fold`.
fn pair(federation: &Federation) -> Tale {
    let mut tale = Tale::new(federation, "pair");
    tale.say("north", bodies::request(1..=3));
    let done = tale.say(
        "platform",
        bodies::outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]),
    );
    tale.say("platform", bodies::question(None));
    tale.say("north", bodies::dispute(done));
    tale.say("north", bodies::hold("law-enforcement"));
    tale
}

// ---- Log

/// A log in memory.
pub(super) struct Log {
    tiles: MemoryTiles,
    edge: Edge,
    pub(super) leaves: Vec<Vec<u8>>,
    key: SigningKey,
    origin: Origin,
}

impl Log {
    /// The platform's log: opened, the base statement received, and three more.
    fn of_platform(federation: &Federation, base: &Statement) -> Self {
        let mut log = Self::new(federation, "platform");
        let kinds = [
            record_kind::LOG_OPENED,
            record_kind::RECEIVED,
            record_kind::LOOKED,
            record_kind::EXPORTED,
            record_kind::AUDITED,
        ];
        let leaves = kinds.into_iter().zip(0..).map(|(kind, index)| {
            let received = (kind == record_kind::RECEIVED).then_some(base);
            record(federation, kind, index, received).encode()
        });
        log.append(leaves.collect());
        log
    }

    pub(super) fn new(federation: &Federation, member: &str) -> Self {
        let keys = federation.member(member);
        Self {
            tiles: MemoryTiles::default(),
            edge: Edge::empty(),
            leaves: Vec::new(),
            key: keys.log.clone(),
            origin: Origin {
                fed: *federation.fed(),
                member: keys.id.clone(),
                n: 1,
            },
        }
    }

    pub(super) fn append(&mut self, leaves: Vec<Vec<u8>>) {
        let appended = self.edge.append(&leaves).expect("leaves fit");
        appended.write(&mut self.tiles).expect("memory");
        self.edge = appended
            .confirm(&self.tiles, &leaves)
            .expect("what was written");
        self.leaves.extend(leaves);
    }

    pub(super) fn tree(&self) -> Tree<&MemoryTiles> {
        Tree::open(&self.tiles, self.edge.head()).expect("a tree")
    }

    pub(super) fn size(&self) -> u64 {
        self.edge.head().size()
    }

    pub(super) fn root(&self, size: u64) -> Hash {
        *self.tree().head_at(size).expect("a head").root()
    }

    pub(super) fn checkpoint(&self, size: u64) -> VerifiedCheckpoint {
        let head = self.tree().head_at(size).expect("a head");
        Checkpoint {
            origin: self.origin.clone(),
            head,
        }
        .sign(&self.key)
    }

    pub(super) fn path(&self, index: u64, size: u64) -> Vec<Hash> {
        self.tree().inclusion_path(index, size).expect("a path")
    }

    /// The receipt for a leaf in the tree of this size.
    pub(super) fn receipt(&self, index: usize, size: u64) -> Receipt {
        let leaf_index = u64::try_from(index).expect("small");
        let proof = InclusionProof {
            tree_size: size,
            leaf_index,
            path: self.path(leaf_index, size),
        };
        Receipt::new(
            &SignedRoot::new(&self.key, self.root(size).as_bytes()),
            &self.leaves[index],
            &proof,
        )
        .expect("a receipt")
    }

    /// The receipt that one tree is the beginning of the other.
    pub(super) fn consistency(&self, old_size: u64, new_size: u64) -> ConsistencyReceipt {
        let path = self.tree().consistency_path(old_size, new_size);
        let proof = ConsistencyProof {
            old_size,
            new_size,
            path: path.expect("a path"),
        };
        let root = SignedRoot::new(&self.key, self.root(new_size).as_bytes());
        ConsistencyReceipt::new(&root, &proof).expect("a receipt")
    }
}

/// The facts of the record of the base statement.
pub(super) fn facts(base: &Statement) -> Facts {
    Facts {
        by: None,
        re: Some(Sorted::default()),
        code: None,
        salt: nonce("facts"),
        basis: None,
        items: None,
        until: None,
        answer: None,
        clocks: Some(Vec::new()),
        parent: None,
        claimed: Some(base.issued_at()),
        receipt: None,
        urgency: Some(code("routine")),
        complete: None,
        evidence: None,
        standing: None,
        reported_at: Some(NOW_MS - 7_200_000),
        jurisdictions: Some(Sorted::new([crate::federation::country("IE")])),
    }
}

/// A record of the platform.
pub(super) fn record(
    federation: &Federation,
    kind: &str,
    index: u64,
    received: Option<&Statement>,
) -> Leaf {
    Leaf {
        v: Version,
        ext: None,
        seq: received.map(|_| 0),
        case: received.map(|statement| *statement.case()),
        kind: code(kind),
        salt: nonce(&format!("record {index}")),
        time: NOW_MS + 1000 * index,
        facts: received.map(|statement| facts(statement).hash()),
        index,
        roster: federation
            .history()
            .roster_ref()
            .expect("there is a roster"),
        direction: received.map(|_| code("in")),
        statement: received.map(|statement| *statement.id()),
        counterpart: received.map(|statement| statement.issuer().clone()),
        predecessor: None,
        statement_kind: received.map(Statement::kind),
    }
}
