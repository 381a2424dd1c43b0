//! A federation at work: an engine for each member, on one clock and one [`Hub`].

use std::collections::BTreeMap;
use std::sync::Arc;

use comity_case::{Case, Entry, State};
use comity_engine::clock::ManualClock;
use comity_engine::desk::{
    CaseFilter, CaseRow, CaseShown, Cursor, Decision, Desk as _, Done, NewReview, OutboxRow,
    Person, Query, Shown, Work,
};
use comity_engine::error::WorkError;
use comity_engine::frame::Frame;
use comity_engine::ports::{Clock as _, Fault, Protocol};
use comity_engine::{Engine, Identity, Outside, Policy, Running, Start, Witness};
use comity_log::head::Head;
use comity_trust::key::Key;
use comity_trust::member::{Log, LogState};
use comity_wire::cose::kid_of;
use comity_wire::ext::{self, Known};
use comity_wire::ids::{CaseId, MemberId, PublicKey, StatementId};
use comity_wire::leaf::{Leaf, LogHead, Origin};
use comity_wire::notice::{Restored, SignedNotice};
use comity_wire::registry::KeyPurpose;
use comity_wire::statement::{Received, Statement};
use comity_wire::witness_exchange::WitnessRequest;
use comity_wire::words::{Sorted, TimeMs, Version};
use ed25519_dalek::SigningKey;

use super::{Disk, Hub, Link, MemoryAudits, MemoryViews, MemoryWitness};
use crate::federation::{Federation, KEYS_FROM_MS, NOW_MS, key, public};

/// How often a condition is asked before a test gives up. Each question is a round through the node's thread.
const QUESTIONS_MAX: usize = 20_000;

/// How many questions pass between two steps of the clock, where a step is allowed.
const QUESTIONS_PER_STEP: usize = 20;

/// What a node keeps while it is stopped. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Keeps {
    /// Its disk.
    pub disk: Disk,
    /// Its views.
    pub views: MemoryViews,
    /// What it keeps of others' logs.
    pub audits: MemoryAudits,
    /// What it has cosigned.
    pub witness: MemoryWitness,
    /// Witnesses from outside that its operator names.
    pub outside: Vec<Outside>,
}

/// One member's node.
#[derive(Debug)]
pub struct Node {
    /// What survives.
    pub disk: Disk,
    /// Its views.
    pub views: MemoryViews,
    /// What it keeps of others' logs.
    pub audits: MemoryAudits,
    /// What it has cosigned.
    pub witness: MemoryWitness,
    /// Witnesses from outside that its operator names.
    pub outside: Vec<Outside>,
    /// What its operator decides.
    pub policy: Policy,
    /// The critical extensions that it acts on.
    extensions: Known,
    engine: Engine,
    running: Option<Running>,
}

/// The federation of [`Federation`], running.
#[derive(Debug)]
pub struct World {
    /// Keys, charters and rosters.
    pub federation: Federation,
    /// The time, for all.
    pub clock: ManualClock,
    /// The network.
    pub hub: Hub,
    nodes: BTreeMap<String, Node>,
    /// The number of the log that a member writes, if it is not the first.
    numbers: BTreeMap<String, u32>,
}

/// Somebody who works somewhere.
///
/// # Panics
/// When the name has not the form of one.
#[must_use]
pub fn person(name: &str) -> Person {
    #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
    Person::new(name).expect("the name of a person")
}

impl World {
    /// All four members.
    ///
    /// # Panics
    /// When an engine does not start.
    #[must_use]
    pub fn new() -> Self {
        Self::of(&["north", "south", "platform", "regulator"])
    }

    /// Only these members have a node.
    ///
    /// # Panics
    /// When an engine does not start.
    #[must_use]
    pub fn of(names: &[&str]) -> Self {
        let mut world = Self {
            federation: Federation::new(),
            clock: ManualClock::new(NOW_MS),
            hub: Hub::default(),
            nodes: BTreeMap::new(),
            numbers: BTreeMap::new(),
        };
        for name in names {
            let keeps = Keeps::default();
            let started = world.start_on(name, &keeps, Policy::default(), ext::NONE);
            #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
            let (engine, running) = started.expect("the engine starts");
            let Keeps {
                disk,
                views,
                audits,
                witness,
                outside,
            } = keeps;
            let node = Node {
                disk,
                views,
                audits,
                witness,
                outside,
                policy: Policy::default(),
                extensions: ext::NONE,
                engine,
                running: Some(running),
            };
            world.nodes.insert((*name).to_owned(), node);
        }
        world
    }

    /// What an engine of a member is started with, on what it keeps.
    #[must_use]
    pub fn parts(&self, name: &str, keeps: &Keeps, policy: Policy, extensions: Known) -> Start {
        let keys = self.federation.member(name);
        let history = self.federation.history();
        Start {
            identity: Identity {
                member: keys.id.clone(),
                origin: self.origin(name),
                statement_key: keys.statement.clone(),
                log_key: self.log_key(name, self.log_number(name)),
                closed_keys: (1..self.log_number(name))
                    .map(|number| (number, self.log_key(name, number)))
                    .collect(),
                fingerprint_key: [7; 32],
            },
            policy,
            store: Box::new(keeps.disk.open()),
            views: Box::new(keeps.views.clone()),
            audits: Arc::new(keeps.audits.clone()),
            transport: self.hub.transport(self.key(name)),
            clock: Arc::new(self.clock.clone()),
            charters: history.charters_from(1).map(<[u8]>::to_vec).collect(),
            rosters: history.rosters_from(1).map(<[u8]>::to_vec).collect(),
            extensions,
            outside: keeps.outside.clone(),
            witness: Some(Witness {
                key: keys.witness.clone(),
                states: Arc::new(keeps.witness.clone()),
            }),
        }
    }

    /// Starts an engine for a member on what it keeps, and plugs it in.
    ///
    /// # Errors
    /// Why it does not start.
    pub fn start_on(
        &self,
        name: &str,
        keeps: &Keeps,
        policy: Policy,
        extensions: Known,
    ) -> Result<(Engine, Running), Fault> {
        let own = self.key(name);
        let started = Engine::start(self.parts(name, keeps, policy, extensions))?;
        self.hub.plug(own, started.0.clone());
        Ok(started)
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> TimeMs {
        self.clock.now_ms()
    }

    /// The log of a member.
    #[must_use]
    pub fn origin(&self, name: &str) -> Origin {
        Origin {
            fed: *self.federation.fed(),
            member: self.id(name),
            n: self.log_number(name),
        }
    }

    /// The number of the log that a member writes.
    #[must_use]
    pub fn log_number(&self, name: &str) -> u32 {
        self.numbers.get(name).copied().unwrap_or(1)
    }

    /// The key of a member's log.
    #[must_use]
    pub fn log_key(&self, name: &str, number: u32) -> SigningKey {
        match number {
            1 => self.federation.member(name).log.clone(),
            // A federation in a test has few restores.
            _ => key(
                name,
                u8::try_from(number).unwrap_or(u8::MAX).saturating_add(100),
            ),
        }
    }

    /// Puts an old copy in the place of what a stopped node had on its disk. Its views are made anew.
    pub fn put_back(&mut self, name: &str, copy: &Disk) {
        if let Some(node) = self.nodes.get_mut(name) {
            node.disk = copy.copy();
            node.views = MemoryViews::default();
        }
    }

    /// A stopped node was restored: its log ends at `proven`, and the governance lists the next one. Nobody but the node
    /// has the new roster.
    pub fn restore(&mut self, name: &str, proven: Head) {
        let (before, number) = (self.origin(name), self.log_number(name));
        let (id, new) = (self.id(name), self.log_key(name, number + 1));
        let opened = Origin {
            n: number + 1,
            ..before.clone()
        };
        let notice = Restored {
            v: Version,
            fed: before.fed,
            key: public(&new),
            time: self.now(),
            closed: LogHead(before.clone(), proven.size(), *proven.root()),
            member: id.clone(),
            opened: opened.clone(),
            witness: public(&key(name, 99)),
            restored: self.size(name),
        };
        let notice = SignedNotice::sign(&self.federation.member(name).statement, &notice);
        self.node(name).disk.close(before, proven, notice);
        self.numbers.insert(name.to_owned(), number + 1);
        let roster = self.federation.next_roster(|roster| {
            let members = roster.members.iter().cloned().map(|mut member| {
                if member.id == id {
                    for log in &mut member.logs {
                        if log.state == LogState::Open {
                            log.state = LogState::Closed((proven.size(), *proven.root()));
                        }
                    }
                    member.logs.push(Log {
                        key: kid_of(&new),
                        state: LogState::Open,
                        origin: opened.clone(),
                    });
                    let listed = Key::new(public(&new), KeyPurpose::Log, KEYS_FROM_MS);
                    let keys = member.keys.iter().cloned().chain([listed]);
                    member.keys = Sorted::new(keys);
                }
                member
            });
            roster.members = Sorted::new(members);
        });
        let signed = self.federation.sign_roster(&roster);
        self.federation.take_roster(&signed);
    }

    /// The id of a member.
    #[must_use]
    pub fn id(&self, name: &str) -> MemberId {
        self.federation.member(name).id.clone()
    }

    /// The transport key of a member's node.
    #[must_use]
    pub fn key(&self, name: &str) -> PublicKey {
        public(&self.federation.member(name).transport)
    }

    /// A member's node.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn node(&self, name: &str) -> &Node {
        #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
        self.nodes.get(name).expect("the member has a node")
    }

    /// The engine of a member.
    #[must_use]
    pub fn engine(&self, name: &str) -> &Engine {
        &self.node(name).engine
    }

    /// Stops a node.
    ///
    /// # Errors
    /// Why it had ended before.
    pub async fn stop(&mut self, name: &str) -> Result<(), Fault> {
        self.hub.unplug(&self.key(name));
        match self
            .nodes
            .get_mut(name)
            .and_then(|node| node.running.take())
        {
            Some(running) => running.stop().await,
            None => Ok(()),
        }
    }

    /// Waits until a node has ended by itself.
    pub async fn ended(&self, name: &str) {
        if let Some(running) = &self.node(name).running {
            running.ended().await;
        }
    }

    /// A node that was stopped has lost everything: as from a backup of before it began.
    pub fn lose(&mut self, name: &str) {
        if let Some(node) = self.nodes.get_mut(name) {
            (node.disk, node.views) = (Disk::default(), MemoryViews::default());
        }
    }

    /// Starts a node that was stopped, on what its disk has.
    ///
    /// # Errors
    /// Why it does not start.
    pub fn start(&mut self, name: &str) -> Result<(), Fault> {
        let node = self.node(name);
        let keeps = Keeps {
            disk: node.disk.clone(),
            views: node.views.clone(),
            audits: node.audits.clone(),
            witness: node.witness.clone(),
            outside: node.outside.clone(),
        };
        let (policy, extensions) = (node.policy.clone(), node.extensions);
        let (engine, running) = self.start_on(name, &keeps, policy, extensions)?;
        if let Some(node) = self.nodes.get_mut(name) {
            node.engine = engine;
            node.running = Some(running);
        }
        Ok(())
    }

    /// Stops a node, and starts it with these witnesses from outside.
    ///
    /// # Errors
    /// Why it does not start.
    pub async fn ask_outside(&mut self, name: &str, outside: Vec<Outside>) -> Result<(), Fault> {
        self.stop(name).await?;
        if let Some(node) = self.nodes.get_mut(name) {
            node.outside = outside;
        }
        self.start(name)
    }

    /// The operator of a node has switched off what would stop it: whatever others say of the heads of its own log does not
    /// reach it.
    pub fn deafen(&self, name: &str) {
        let (me, id) = (self.key(name), self.id(name));
        for other in self.nodes.keys().filter(|other| *other != name) {
            let id = id.clone();
            let liar = move |protocol, request: &[u8], reply| match protocol {
                Protocol::Witness => match WitnessRequest::decode(request) {
                    Ok(WitnessRequest::Head(origin, _)) if origin.member == id => None,
                    _ => reply,
                },
                _ => reply,
            };
            self.hub.lie(me, self.key(other), liar);
        }
    }

    /// Stops a node, and starts it on another disk: what its operator has put in its place. The views are made anew.
    ///
    /// # Errors
    /// Why it does not start.
    pub async fn swap(&mut self, name: &str, disk: Disk) -> Result<(), Fault> {
        self.stop(name).await?;
        if let Some(node) = self.nodes.get_mut(name) {
            node.disk = disk;
            node.views = MemoryViews::default();
        }
        self.start(name)
    }

    /// Starts a node that was stopped in a version that acts on these critical extensions.
    ///
    /// # Errors
    /// Why it does not start.
    pub fn start_knowing(&mut self, name: &str, extensions: Known) -> Result<(), Fault> {
        if let Some(node) = self.nodes.get_mut(name) {
            node.extensions = extensions;
        }
        self.start(name)
    }

    /// What happens to requests of one member to another.
    pub fn link(&self, from: &str, to: &str, link: Link) {
        self.hub.link(self.key(from), self.key(to), link);
    }

    /// How many exchange requests of one member to another were made.
    #[must_use]
    pub fn exchanges(&self, from: &str, to: &str) -> usize {
        let (from, to) = (self.key(from), self.key(to));
        self.hub.count(from, to, Protocol::Exchange)
    }

    /// Somebody (`anna`) does something.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn work(&self, name: &str, work: Work) -> Result<Done, WorkError> {
        self.engine(name).work(person("anna"), work).await
    }

    /// Somebody wants to know something.
    ///
    /// # Errors
    /// Why not.
    pub async fn query(&self, name: &str, query: Query) -> Result<Shown, WorkError> {
        self.engine(name).query(person("anna"), query).await
    }

    /// A second person (`bert`) confirms a draft.
    ///
    /// # Errors
    /// Why it was not signed.
    ///
    /// # Panics
    /// When the answer is about something else.
    pub async fn confirm(&self, name: &str, draft: &str) -> Result<StatementId, String> {
        let work = Work::Review(NewReview {
            drafts: vec![draft.to_owned()],
            decision: Decision::Confirm,
        });
        let done = self.engine(name).work(person("bert"), work).await;
        match done.map_err(|error| error.code.to_owned())? {
            Done::Reviewed(rows) => {
                let row = rows.into_iter().next().ok_or("nothing reviewed")?;
                let id = row.statement.as_deref().and_then(StatementId::from_hex);
                id.ok_or_else(|| row.problem.map_or_else(String::new, |problem| problem.code))
            }
            other => Err(format!("{other:?}")),
        }
    }

    /// A case as somebody sees it; none if it is not there.
    pub async fn case(&self, name: &str, case: &CaseId) -> Option<CaseShown> {
        match self.query(name, Query::Case(*case)).await {
            Ok(Shown::Case(shown)) => Some(*shown),
            _ => None,
        }
    }

    /// Every case of a member.
    pub async fn cases(&self, name: &str) -> Vec<CaseRow> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let cursor = Cursor { after, limit: None };
            let filter = CaseFilter {
                cursor,
                ..CaseFilter::default()
            };
            match self.query(name, Query::Cases(filter)).await {
                Ok(Shown::Cases(page)) => {
                    rows.extend(page.rows);
                    after = page.next;
                }
                _ => return rows,
            }
            if after.is_none() {
                return rows;
            }
        }
    }

    /// What is on its way, or was given up.
    pub async fn outbox(&self, name: &str) -> Vec<OutboxRow> {
        match self.query(name, Query::Outbox(Cursor::default())).await {
            Ok(Shown::Outbox(page)) => page.rows,
            _ => Vec::new(),
        }
    }

    /// Waits until a condition holds. The clock stands still.
    ///
    /// # Panics
    /// When it never does.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        for _ in 0..QUESTIONS_MAX {
            if holds().await {
                return;
            }
            self.turn().await;
        }
        assert!(holds().await, "it never came: {what}");
    }

    /// One round through every node's thread.
    async fn turn(&self) {
        for name in self.nodes.keys() {
            let _ended = self.query(name, Query::Log).await;
        }
        tokio::task::yield_now().await;
    }

    /// Waits until a condition holds, and lets time pass meanwhile, in steps.
    ///
    /// # Panics
    /// When it never does.
    pub async fn until_in_time(
        &self,
        what: &str,
        step_ms: u64,
        mut holds: impl AsyncFnMut() -> bool,
    ) {
        for question in 1..=QUESTIONS_MAX {
            if holds().await {
                return;
            }
            if question % QUESTIONS_PER_STEP == 0 {
                self.clock.advance(step_ms);
            }
            self.turn().await;
        }
        assert!(holds().await, "it never came: {what}");
    }

    /// Waits until nothing is on its way from any of these members; seconds pass.
    ///
    /// # Panics
    /// When it never comes to rest.
    pub async fn rest(&self, names: &[&str]) {
        self.until_in_time("rest", 1_000, async || {
            // Twice in a row: what one has just received may make another speak.
            for name in names.iter().chain(names) {
                let waits = |row: &OutboxRow| row.state != "expired";
                if self.outbox(name).await.iter().any(waits) {
                    return false;
                }
            }
            true
        })
        .await;
    }

    /// The records of a member's log.
    #[must_use]
    pub fn leaves(&self, name: &str) -> Vec<Leaf> {
        let records = self.node(name).disk.records();
        let leaves = records
            .iter()
            .filter_map(|(leaf, _)| Leaf::decode(leaf).ok());
        leaves.collect()
    }

    /// How many records of a kind a member's log has.
    #[must_use]
    pub fn count(&self, name: &str, kind: &str) -> usize {
        let leaves = self.leaves(name);
        leaves
            .iter()
            .filter(|leaf| leaf.kind.as_str() == kind)
            .count()
    }

    /// The codes in the facts of a member's records of a kind.
    #[must_use]
    pub fn codes(&self, name: &str, kind: &str) -> Vec<String> {
        let records = self.node(name).disk.records();
        let of_kind = records
            .iter()
            .filter(|(leaf, _)| Leaf::decode(leaf).is_ok_and(|leaf| leaf.kind.as_str() == kind));
        of_kind
            .filter_map(|(_, facts)| {
                let facts = comity_wire::leaf::Facts::decode(facts.as_deref()?).ok()?;
                facts.code.map(|code| code.to_string())
            })
            .collect()
    }

    /// A statement as a member's journal has it.
    #[must_use]
    pub fn statement(&self, name: &str, id: &StatementId) -> Option<Statement> {
        let statements = self.statements(name).into_iter();
        statements
            .map(|(statement, ..)| statement)
            .find(|statement| statement.id() == id)
    }

    /// The statements of a member's journal, whether each is folded, and when it was registered or sent.
    fn statements(&self, name: &str) -> Vec<(Statement, bool, TimeMs)> {
        let mut found: Vec<(Statement, bool, TimeMs)> = Vec::new();
        let known = self.node(name).extensions;
        for stored in self.node(name).disk.frames() {
            let read = |bytes: &[u8], key: &PublicKey| {
                let read = Received::read(bytes).ok()?;
                read.verify(&key.usable()?).ok()?.open_knowing(known).ok()
            };
            match Frame::decode(stored.kind, &stored.body) {
                Ok(Frame::Received(frame)) => {
                    found.extend(read(&frame.0, &frame.1).map(|read| (read, true, frame.3)));
                }
                Ok(Frame::Own(frame)) => {
                    found.extend(read(&frame.0, &frame.1).map(|read| (read, false, frame.3)));
                }
                Ok(Frame::Sent(sent)) => {
                    for row in &mut found {
                        row.1 |= *row.0.id() == sent.0;
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The statements of a case that count for a member: what was received, and what was sent and has a receipt.
    #[must_use]
    pub fn folded(&self, name: &str, case: &CaseId) -> Vec<Statement> {
        let statements = self.statements(name).into_iter();
        let counts = statements.filter(|row| row.0.case() == case && row.1);
        counts.map(|(statement, ..)| statement).collect()
    }

    /// The state of a case, folded from a member's journal without its engine.
    #[must_use]
    pub fn state(&self, name: &str, case: &CaseId) -> State {
        let statements = self.folded(name, case);
        let mut folded = Case::new();
        if let Some(opening) = statements.iter().find(|one| one.kind().opens()) {
            for statement in &statements {
                folded.insert(Entry::of(statement, opening.issuer()));
            }
        }
        State::of(&folded)
    }

    /// The number of records in a member's log.
    #[must_use]
    pub fn size(&self, name: &str) -> u64 {
        self.node(name).disk.head().size()
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}
