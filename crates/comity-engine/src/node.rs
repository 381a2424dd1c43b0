//! A node: the one thread, and the tasks around it that wait for the network and the clock.
//!
//! ```text
//! peers  -> inbound (admission, verify) -> thread -> reply
//! people -> Desk ------------------------> thread -> answer
//! scheduler: thread says what is due -> transport -> thread takes in what came back
//! witnesses: a head is published -> asked of every other member -> published again with their cosignatures
//! roster:    a newer version anywhere -> fetched from who has it -> thread -> admitted anew, announced
//! ```

use std::sync::Arc;
use std::time::Duration;

use comity_trust::history::History;
use comity_wire::audit_exchange::AuditReply;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, RedeliverRequest};
use comity_wire::ext::Known;
use comity_wire::finding::FindingRequest;
use comity_wire::ids::{Kid, MemberId, PublicKey};
use comity_wire::leaf::Origin;
use comity_wire::registry::{audit_code, exchange_code};
use comity_wire::roster_exchange::RosterReply;
use comity_wire::words::Code;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::core::{Asked, Command, Core, Identity, Parts, Policy};
use crate::cosign::Cosignatures;
use crate::desk::{AuditShown, Desk, Done, Person, Query, Shown, Work};
use crate::error::WorkError;
use crate::inbound::unreadable;
use crate::lately::Lately;
use crate::limits::{BUSY_RETRY_MS, COMMANDS_MAX, DELIVERY_LINGER_MS, SCHEDULER_IDLE_MS};
use crate::outbox::{Delivered, Due, Flight};
use crate::outside::Outside;
use crate::ports::{AuditStore, Clock, Fault, Peer, Pending, Protocol, Store, Transport, Views};
use crate::reports::LastAudit;
use crate::rosters::{self, Fetches};
use crate::verify::verify;
use crate::witness::Witness;

/// What a node is started with.
pub struct Start {
    /// Who it speaks for.
    pub identity: Identity,
    /// What the operator decides.
    pub policy: Policy,
    /// The journal.
    pub store: Box<dyn Store>,
    /// The views.
    pub views: Box<dyn Views>,
    /// What audits keep of other members' logs.
    pub audits: Arc<dyn AuditStore>,
    /// The network.
    pub transport: Arc<dyn Transport>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What it cosigns the logs of others with; none: it does not.
    pub witness: Option<Witness>,
    /// Witnesses from outside of the federation that are asked to cosign its log.
    pub outside: Vec<Outside>,
    /// Signed charters, from the first.
    pub charters: Vec<Vec<u8>>,
    /// Signed rosters, from the first.
    pub rosters: Vec<Vec<u8>>,
    /// The critical extensions of statements that whoever runs this engine acts on. The engine acts on none: it keeps
    /// them, passes them on and shows them.
    pub extensions: Known,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Start({:?})", self.identity)
    }
}

/// A running node. Clones speak to the same one.
#[derive(Clone)]
pub struct Engine {
    pub(crate) me: MemberId,
    /// The log that this node writes.
    pub(crate) origin: Origin,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    /// One audit at a time.
    pub(crate) audits: Arc<tokio::sync::Mutex<Arc<dyn AuditStore>>>,
    pub(crate) fetches: Arc<Fetches>,
    pub(crate) witness: Option<Witness>,
    pub(crate) outside: Arc<[Outside]>,
    pub(crate) cosignatures: Arc<Cosignatures>,
    pub(crate) last_audit: Arc<LastAudit>,
    /// What was shown to this node as a witness.
    pub(crate) shown: Arc<Lately>,
    commands: mpsc::Sender<Asked>,
    history: watch::Receiver<Arc<History>>,
    extensions: Known,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({})", self.me)
    }
}

/// The thread and the tasks of a node.
#[derive(Debug)]
pub struct Running {
    thread: std::thread::JoinHandle<Result<(), Fault>>,
    tasks: JoinSet<()>,
    died: watch::Receiver<bool>,
    engine: Engine,
}

impl Engine {
    /// Starts a node: reads the journal, makes the views again if need be, and begins to deliver what waits.
    ///
    /// # Errors
    /// The journal is damaged or not of this log; there is no charter or roster.
    pub fn start(start: Start) -> Result<(Self, Running), Fault> {
        let Start {
            identity,
            policy,
            store,
            views,
            audits,
            transport,
            clock,
            witness,
            outside,
            charters,
            rosters,
            extensions,
        } = start;
        let me = identity.member.clone();
        let origin = identity.origin.clone();
        let parts = Parts {
            identity,
            policy,
            store,
            views,
            clock: Arc::clone(&clock),
            charters,
            rosters,
            extensions,
        };
        let (core, history) = Core::open(parts)?;
        let wake = core.signals.outbox.subscribe();
        let heads = core.signals.heads.subscribe();
        let findings = core.signals.findings.subscribe();
        let published = core.signals.published.subscribe();
        let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
        let thread = std::thread::Builder::new()
            .name("comity-core".to_owned())
            .spawn(move || core.run(inbox))
            .map_err(|error| Fault::new("no-thread", error.to_string()))?;
        let engine = Self {
            me,
            origin,
            transport,
            clock,
            audits: Arc::new(tokio::sync::Mutex::new(audits)),
            fetches: Arc::default(),
            witness,
            outside: outside.into(),
            cosignatures: Arc::default(),
            last_audit: Arc::default(),
            shown: Arc::default(),
            commands,
            history,
            extensions,
        };
        let mut tasks = JoinSet::new();
        let alive = watch::Sender::new(true);
        let died = alive.subscribe();
        tasks.spawn(watched(engine.clone().schedule(wake), alive.clone()));
        tasks.spawn(watched(engine.clone().follow_heads(heads), alive.clone()));
        tasks.spawn(watched(
            engine.clone().tell_findings(findings),
            alive.clone(),
        ));
        tasks.spawn(watched(engine.clone().gather(published), alive.clone()));
        tasks.spawn(watched(engine.clone().follow_roster(), alive.clone()));
        tasks.spawn(watched(engine.clone().recover(), alive));
        Ok((
            engine.clone(),
            Running {
                thread,
                tasks,
                died,
                engine,
            },
        ))
    }

    /// What is known of the federation now.
    #[must_use]
    pub fn history(&self) -> Arc<History> {
        Arc::clone(&self.history.borrow())
    }

    /// The critical extensions that whoever runs this engine acts on.
    pub(crate) const fn extensions(&self) -> Known {
        self.extensions
    }

    /// Hears of every change of the roster.
    pub(crate) fn history_changes(&self) -> watch::Receiver<Arc<History>> {
        self.history.clone()
    }

    /// Answers a request of a peer. `None`: nothing is answered, and the stream is closed.
    pub async fn inbound(
        &self,
        peer: PublicKey,
        protocol: Protocol,
        bytes: Vec<u8>,
    ) -> Option<Vec<u8>> {
        let history = self.history();
        let now = self.clock.now_ms();
        let member = history.member_of_node(&Kid::of(&peer), now).cloned();
        match (protocol, member) {
            (Protocol::Hello, member) => Some(self.hello(peer, member.as_ref(), &bytes)),
            (_, None) => Some(rosters::not_admitted(&history)),
            (Protocol::Roster, Some(_)) => Some(self.roster_request(peer, &bytes)),
            (Protocol::Exchange, Some(member)) => {
                let span = tracing::info_span!(
                    target: "comity.engine",
                    "exchange",
                    from = member.as_str(),
                );
                self.exchange(peer, member, bytes).instrument(span).await
            }
            (Protocol::Audit, Some(member)) => {
                if let Ok(request) = FindingRequest::decode(&bytes) {
                    let (reply, answer) = oneshot::channel();
                    let command = Command::Finding {
                        peer: member,
                        request,
                        reply,
                    };
                    self.try_send(command)?;
                    return answer.await.ok();
                }
                let (reply, page) = oneshot::channel();
                let command = Command::Audit {
                    peer: member,
                    request: bytes,
                    reply,
                };
                self.try_send(command)?;
                page.await.ok()
            }
            (Protocol::Witness, Some(member)) => self.witness_request(member, &bytes).await,
        }
    }

    /// What a member hears when no more requests can be worked on: to come back. `None`: the protocol has no word for
    /// it, or needs none; the stream is closed.
    #[must_use]
    pub fn busy(&self, protocol: Protocol, bytes: &[u8]) -> Option<Vec<u8>> {
        let roster = rosters::reference(&self.history());
        match protocol {
            Protocol::Exchange => {
                tracing::warn!(target: "comity.engine", event = "busy", protocol = "exchange");
                let request = ExchangeRequest::decode(bytes).ok()?;
                Some(crate::inbound::all_busy(roster, request.1.len()))
            }
            Protocol::Audit => {
                tracing::warn!(target: "comity.engine", event = "busy", protocol = "audit");
                let busy = Code::new(audit_code::BUSY)?;
                Some(AuditReply::Refused(roster, busy, Some(BUSY_RETRY_MS)).encode())
            }
            Protocol::Witness => {
                tracing::warn!(target: "comity.engine", event = "busy", protocol = "witness");
                self.witness_busy()
            }
            Protocol::Roster | Protocol::Hello => None,
        }
    }

    async fn exchange(&self, peer: PublicKey, member: MemberId, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let history = self.history();
        let roster = rosters::reference(&history);
        if let Ok(request) = RedeliverRequest::decode(&bytes) {
            let (reply, answer) = oneshot::channel();
            let command = Command::Redeliver {
                peer: member,
                request,
                reply,
            };
            if self.commands.try_send(command.asked()).is_err() {
                return Some(crate::inbound::all_busy(roster, 1));
            }
            return answer.await.ok();
        }
        let Ok(request) = ExchangeRequest::decode(&bytes) else {
            tracing::warn!(target: "comity.engine", event = "exchange-unreadable", from = member.as_str());
            return Some(unreadable(roster, exchange_code::BAD_EXCHANGE));
        };
        self.notice_roster(peer, request.0.0);
        let known = self.extensions;
        let offers = tokio::task::spawn_blocking(move || {
            request
                .1
                .into_iter()
                .map(|offer| verify(offer, &history, known))
                .collect()
        });
        let (reply, answer) = oneshot::channel();
        let command = Command::Exchange {
            peer: member,
            offers: offers.await.ok()?,
            reply,
        };
        if let Err(full) = self.commands.try_send(command.asked()) {
            tracing::warn!(target: "comity.engine", event = "busy", protocol = "exchange");
            let mpsc::error::TrySendError::Full((_, Command::Exchange { offers, .. })) = full
            else {
                return None;
            };
            return Some(crate::inbound::all_busy(roster, offers.len()));
        }
        answer.await.ok()
    }

    /// Sends a command and waits for room.
    pub(crate) async fn send(&self, command: Command) -> Result<(), WorkError> {
        let sent = self.commands.send(command.asked()).await;
        sent.map_err(|_| stopped())
    }

    /// Sends a command if there is room for it now.
    pub(crate) fn try_send(&self, command: Command) -> Option<()> {
        self.commands.try_send(command.asked()).ok()
    }

    /// Asks a node of a member, each in turn until one answers.
    pub(crate) async fn ask(
        &self,
        member: &MemberId,
        protocol: Protocol,
        request: Vec<u8>,
    ) -> Result<Vec<u8>, Fault> {
        let nodes = rosters::nodes_of(&self.history(), member);
        self.ask_nodes(nodes, protocol, request).await
    }

    async fn ask_nodes(
        &self,
        nodes: Vec<Peer>,
        protocol: Protocol,
        request: Vec<u8>,
    ) -> Result<Vec<u8>, Fault> {
        let mut last = Fault::new("no-node", "the roster lists no node of this member");
        for node in nodes {
            match self
                .transport
                .request(node.clone(), protocol, request.clone())
                .await
            {
                Ok(reply) => match RosterReply::decode(&reply) {
                    Ok(RosterReply::Hello(roster, Some(_))) if protocol != Protocol::Roster => {
                        self.settle(&node, roster.0).await;
                        last = Fault::new(
                            "not-admitted",
                            "the peer does not admit this node: one of the two has an older roster",
                        );
                    }
                    _ => return Ok(reply),
                },
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }

    /// One scheduler owns all retries.
    async fn schedule(self, mut wake: watch::Receiver<u64>) {
        let mut flights = JoinSet::new();
        loop {
            // What is signed from here on wakes the wait below.
            wake.mark_unchanged();
            let (reply, due) = oneshot::channel();
            let due_now = Command::Due { reply }.asked();
            if self.commands.send(due_now).await.is_err() {
                return;
            }
            let Ok(Due { flights: due, next }) = due.await else {
                return;
            };
            for flight in due {
                let span = tracing::info_span!(
                    target: "comity.engine",
                    "delivery",
                    to = flight.to.as_str(),
                    statements = flight.ids.len(),
                );
                flights.spawn(self.clone().deliver(flight).instrument(span));
            }
            let idle = self.clock.now_ms().saturating_add(SCHEDULER_IDLE_MS);
            let next = next.map_or(idle, |next| next.min(idle));
            tokio::select! {
                changed = wake.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(DELIVERY_LINGER_MS)).await;
                }
                Some(_) = flights.join_next() => {}
                () = self.clock.until(next) => {}
            }
        }
    }

    async fn deliver(self, flight: Flight) {
        let Flight {
            to,
            nodes,
            ids,
            request,
        } = flight;
        let reply = self.ask_nodes(nodes, Protocol::Exchange, request).await;
        let reply = reply.and_then(|bytes| {
            ExchangeReply::decode(&bytes, ids.len())
                .map_err(|error| Fault::new("bad-reply", format!("not a reply: {error}")))
        });
        if let Ok(reply) = &reply {
            for node in rosters::nodes_of(&self.history(), &to) {
                self.notice_roster(node.key, reply.0.0);
            }
        }
        let (done, taken) = oneshot::channel();
        let delivered = Delivered { to, ids, reply };
        let command = Command::Delivered {
            delivered,
            reply: done,
        };
        if self.send(command).await.is_ok() {
            let _ = taken.await;
        }
    }
}

impl Desk for Engine {
    fn work(&self, person: Person, work: Work) -> Pending<'_, Result<Done, WorkError>> {
        Box::pin(async move {
            let (reply, done) = oneshot::channel();
            self.send(Command::Work {
                person,
                work: Box::new(work),
                reply,
            })
            .await?;
            done.await.map_err(|_| stopped())?
        })
    }

    fn query(&self, person: Person, query: Query) -> Pending<'_, Result<Shown, WorkError>> {
        Box::pin(async move {
            let connected = match query {
                Query::ResponseTimes => {
                    return self.response_times().await.map(Shown::ResponseTimes);
                }
                Query::Report(wish) => {
                    let report = self.report(person, wish).await?;
                    return Ok(Shown::Report(Box::new(report)));
                }
                Query::Records(asked) if asked.log.is_some() => {
                    return self.audited_records(asked).await.map(Shown::Records);
                }
                Query::Transparency(wish) => {
                    let public = self.transparency(wish).await?;
                    return Ok(Shown::Transparency(Box::new(public)));
                }
                Query::Members => self.transport.connected().await,
                _ => Vec::new(),
            };
            let (reply, shown) = oneshot::channel();
            self.send(Command::Query {
                person,
                query,
                connected,
                reply,
            })
            .await?;
            let mut shown = shown.await.map_err(|_| stopped())?;
            if let Ok(Shown::Log(log)) = &mut shown {
                log.checkpoint = self.cosigned_text(&log.checkpoint);
                log.witnessed = self.witnessed_shown();
            }
            shown
        })
    }

    fn audit(&self, person: Person) -> Pending<'_, Result<AuditShown, WorkError>> {
        Box::pin(async move {
            let found = self.pull_all().await?;
            // As it is shown later: each finding with where it stands.
            match self.query(person, Query::Audit).await? {
                Shown::Audit(shown) => Ok(shown),
                _ => Ok(found),
            }
        })
    }
}

impl Running {
    /// Finishes what is in hand, and ends.
    ///
    /// # Errors
    /// Why the thread ended before.
    pub async fn stop(mut self) -> Result<(), Fault> {
        let (reply, done) = oneshot::channel();
        if self
            .engine
            .commands
            .send(Command::Stop { reply }.asked())
            .await
            .is_ok()
        {
            let _ = done.await;
        }
        self.tasks.shutdown().await;
        self.join().await
    }

    /// Waits until the thread has ended by itself, because the store has failed, or a task has: a node that
    /// delivers nothing must not look as if it did.
    pub async fn ended(&self) {
        let mut died = self.died.clone();
        tokio::select! {
            () = self.engine.commands.closed() => {}
            _ = died.wait_for(|alive| !alive) => {}
        }
    }

    async fn join(self) -> Result<(), Fault> {
        let Self { thread, engine, .. } = self;
        drop(engine);
        let ended = tokio::task::spawn_blocking(move || thread.join()).await;
        match ended {
            Ok(Ok(ended)) => ended,
            _ => Err(Fault::new(
                "thread-died",
                "the thread of the journal has died; start the node again",
            )),
        }
    }
}

/// Runs a task that should never end, and tells when it has, by a panic too.
async fn watched(task: impl Future<Output = ()>, alive: watch::Sender<bool>) {
    struct Ends(watch::Sender<bool>);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.send_replace(false);
        }
    }
    let _ends = Ends(alive);
    task.await;
}

/// The thread has ended.
pub(crate) fn stopped() -> WorkError {
    WorkError::operator(
        "stopping",
        "the node is stopping or has stopped",
        "look at its log, start it again and try again: what was acknowledged is kept",
    )
}
