//! The one thread that writes. It holds the journal, the views, the roster and the cases in memory; everybody else
//! sends it a [`Command`] and waits.
//!
//! ```text
//! commands -> take (stage frames and records) -> commit once for all that waited -> answer each
//! ```
//! Batches form by themselves: whatever has arrived while the last commit was under way is in the next one. Nothing
//! is answered before it is durable. After a failed commit nothing in memory is believed: the thread ends, and the
//! node has to be started anew, which recovers from the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Arc;

use comity_audit::Contradiction;
use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::head::Head;
use comity_trust::history::{Added, History};
use comity_trust::member::LogState;
use comity_wire::exchange::RedeliverRequest;
use comity_wire::ext::Known;
use comity_wire::finding::{FindingAnswer, FindingRequest};
use comity_wire::ids::{CaseId, Hash, MemberId, PublicKey, StatementId};
use comity_wire::leaf::{Leaf, Origin, RosterRef};
use comity_wire::registry::{Kind, audit_code, exchange_code, record_kind};
use comity_wire::words::{Code, TimeMs};
use ed25519_dalek::SigningKey;
use lru::LruCache;
use serde_bytes::ByteBuf;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::Span;

use crate::cases::Loaded;
use crate::desk::{AuditShown, Done, Person, Query, Shown, Work};
use crate::error::WorkError;
use crate::finding_quota::FindingQuota;
use crate::findings::FoundIn;
use crate::follow::{HeadsWork, Told};
use crate::frame::{Frame, TookCharter, TookRoster};
use crate::heads::Heads;
use crate::inbound::Answered;
use crate::limits::{
    BATCH_BYTES_MAX, BUSY_RETRY_MS, CASES_IN_MEMORY_MAX, COMMANDS_PER_COMMIT_MAX,
    FRAMES_PER_REPLAY, PUBLISH_WITHIN_MS, RECORDS_PER_BATCH_MAX, REFUSALS_NOTED_MAX,
};
use crate::outbox::{Delivered, Due};
use crate::ports::{Clock, ClosedLog, Fault, Position, Scope, Store, Views};
use crate::record::{Entry, code};
use crate::redeliver::Said;
use crate::reports::{OwnPage, PageAsked};
use crate::restored::{CameBack, Lost};
use crate::tables::{CLOSED_SEQUENCE, SCHEMA, SEQUENCE, VIEWS_VERSION};
use crate::tell::Telling;
use crate::verify::Verified;
use crate::witness::OwnHead;

/// Who this node speaks for, and with which keys. `Debug` shows no key.
pub struct Identity {
    /// The member.
    pub member: MemberId,
    /// The log that it writes.
    pub origin: Origin,
    /// Signs statements and refusals.
    pub statement_key: SigningKey,
    /// Signs heads and receipts of the log.
    pub log_key: SigningKey,
    /// Of the logs that were written here before, by their numbers: old records are still proved.
    pub closed_keys: BTreeMap<u32, SigningKey>,
    /// Makes ids of locators: 32 bytes that only this node has, and that stay when other keys are renewed.
    pub fingerprint_key: [u8; 32],
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.origin)
    }
}

/// What the operator decides.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Kinds that need a second person.
    pub review: BTreeSet<Kind>,
    /// Whether outcomes and withdrawals are passed on to linked cases without a person.
    pub relay: bool,
}

impl Default for Policy {
    fn default() -> Self {
        let review = [
            Kind::TakedownRequest,
            Kind::Referral,
            Kind::Transfer,
            Kind::Amendment,
            Kind::Withdrawal,
        ];
        Self {
            review: review.into(),
            relay: true,
        }
    }
}

/// What the thread is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Statements from a node of a member.
    Exchange {
        peer: MemberId,
        offers: Vec<Verified>,
        reply: oneshot::Sender<Vec<u8>>,
    },
    /// A person does something.
    Work {
        person: Person,
        work: Box<Work>,
        reply: oneshot::Sender<Result<Done, WorkError>>,
    },
    /// A person wants to know something.
    Query {
        person: Person,
        query: Query,
        connected: Vec<PublicKey>,
        reply: oneshot::Sender<Result<Shown, WorkError>>,
    },
    /// What is due for delivery.
    Due { reply: oneshot::Sender<Due> },
    /// What became of a delivery.
    Delivered {
        delivered: Delivered,
        reply: oneshot::Sender<()>,
    },
    /// A page of the log for a member that audits.
    Audit {
        peer: MemberId,
        request: Vec<u8>,
        reply: oneshot::Sender<Vec<u8>>,
    },
    /// The newest head of the log, with consistency paths from these sizes to it.
    Head {
        from: Vec<u64>,
        to: Option<u64>,
        reply: oneshot::Sender<OwnHead>,
    },
    /// A head with its cosignatures, to be published again.
    Cosigned {
        head: Head,
        text: String,
        quorum: bool,
        reply: oneshot::Sender<()>,
    },
    /// A page of the own log, for a report.
    OwnPage {
        asked: PageAsked,
        reply: oneshot::Sender<Result<OwnPage, Fault>>,
    },
    /// An audit that this member has made.
    Audited {
        members: Vec<MemberId>,
        findings: Vec<FoundIn>,
        shown: AuditShown,
        reply: oneshot::Sender<()>,
    },
    /// A finding or a reply to one, from a member.
    Finding {
        peer: MemberId,
        request: FindingRequest,
        reply: oneshot::Sender<Vec<u8>>,
    },
    /// Findings and replies that are to be sent to whoever has not noted them.
    Untold {
        waits: BTreeSet<MemberId>,
        reply: oneshot::Sender<Vec<Telling>>,
    },
    /// A member has noted a finding or a reply.
    FindingNoted {
        told: Telling,
        reply: oneshot::Sender<()>,
    },
    /// A member was restored, and asks for what it has lost.
    Redeliver {
        peer: MemberId,
        request: RedeliverRequest,
        reply: oneshot::Sender<Vec<u8>>,
    },
    /// Who has not given back yet what is lost here.
    Lost { reply: oneshot::Sender<Vec<Lost>> },
    /// A page of what a member gives back.
    TakeBack {
        peer: MemberId,
        rows: Vec<Verified>,
        reply: oneshot::Sender<CameBack>,
    },
    /// A member has given back what it has.
    CameBack {
        lost: Lost,
        back: CameBack,
        refused: Option<Code>,
        reply: oneshot::Sender<()>,
    },
    /// Signed charters and rosters from a peer.
    Learn {
        charters: Vec<ByteBuf>,
        rosters: Vec<ByteBuf>,
        reply: oneshot::Sender<bool>,
    },
    /// Heads of logs, and evidence.
    Heads(HeadsWork),
    /// The end: what was taken before is committed.
    Stop { reply: oneshot::Sender<()> },
}

/// A command, and the span of whoever asks: what is done for it is shown there.
pub(crate) type Asked = (Span, Command);

impl Command {
    /// With the span that it is sent from.
    pub(crate) fn asked(self) -> Asked {
        (Span::current(), self)
    }
}

/// An answer that waits for the commit.
enum Waiting {
    Exchange(Vec<Answered>, oneshot::Sender<Vec<u8>>),
    Done(
        Result<Done, WorkError>,
        oneshot::Sender<Result<Done, WorkError>>,
    ),
    Due(Due, oneshot::Sender<Due>),
    Audit(crate::audit::Page, oneshot::Sender<Vec<u8>>),
    Finding(FindingAnswer, oneshot::Sender<Vec<u8>>),
    Untold(Vec<Telling>, oneshot::Sender<Vec<Telling>>),
    Head(Vec<u64>, Option<u64>, oneshot::Sender<OwnHead>),
    Flag(bool, oneshot::Sender<bool>),
    Told(Told),
    Redeliver(MemberId, RedeliverRequest, oneshot::Sender<Vec<u8>>),
    Lost(oneshot::Sender<Vec<Lost>>),
    TakenBack(CameBack, oneshot::Sender<CameBack>),
    Noted(oneshot::Sender<()>),
    OwnPage(PageAsked, oneshot::Sender<Result<OwnPage, Fault>>),
    /// Asked once everything is durable: nobody is shown what may still be lost.
    Query(
        Person,
        Query,
        Vec<PublicKey>,
        oneshot::Sender<Result<Shown, WorkError>>,
    ),
}

/// What the other tasks are told.
#[derive(Debug)]
pub(crate) struct Signals {
    /// The roster, when it changes.
    pub(crate) history: watch::Sender<Arc<History>>,
    /// Rises when something new is due for delivery.
    pub(crate) outbox: watch::Sender<u64>,
    /// The head that was published last.
    pub(crate) published: watch::Sender<Option<Head>>,
    /// Rises when there is a head to be followed, or evidence to be handed on.
    pub(crate) heads: watch::Sender<u64>,
    /// Rises when there is a finding or a reply to be sent.
    pub(crate) findings: watch::Sender<u64>,
}

impl Signals {
    /// There is a head to be followed, or evidence to be handed on.
    pub(crate) fn tell_heads(&self) {
        self.heads
            .send_modify(|times| *times = times.wrapping_add(1));
    }
}

/// Everything that the thread holds.
pub(crate) struct Core {
    pub(crate) me: MemberId,
    pub(crate) identity: Identity,
    pub(crate) policy: Policy,
    /// The critical extensions that are acted on here.
    pub(crate) extensions: Known,
    pub(crate) store: Box<dyn Store>,
    pub(crate) views: Box<dyn Views>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) history: Arc<History>,
    /// The logs that were written here before, the oldest first.
    pub(crate) closed: Vec<ClosedLog>,
    pub(crate) cases: LruCache<CaseId, Loaded>,
    /// Cases whose rows have to be written anew.
    pub(crate) dirty: BTreeSet<CaseId>,
    /// Time of the last record.
    pub(crate) last_time: TimeMs,
    /// Statements that are being delivered now, and batches for each member.
    pub(crate) in_flight: BTreeSet<StatementId>,
    pub(crate) flights: BTreeMap<MemberId, usize>,
    /// Signed refusals given today, for each member.
    pub(crate) refusals: BTreeMap<MemberId, (u64, u64)>,
    /// Statements under keys that have ended, whose refusal is recorded already.
    pub(crate) noted_refusals: LruCache<Hash, ()>,
    /// Statements that wait for their delivery.
    pub(crate) waiting: u64,
    /// The last audit that this member made.
    pub(crate) audit: Option<AuditShown>,
    /// The newest head of the own log that the quorum has cosigned since the node was started.
    pub(crate) cosigned: Option<UnverifiedCheckpoint>,
    /// What logs have shown.
    pub(crate) heads: Heads,
    /// Rounds in which other members were asked about heads.
    pub(crate) turn: usize,
    /// What the evidence at hand proves, as far as somebody has asked.
    pub(crate) judged: BTreeMap<Hash, Contradiction>,
    /// What restored members are being given page by page, by the log that was closed.
    pub(crate) said: BTreeMap<Origin, Said>,
    /// Who has audited in the session that is under way, and from when.
    pub(crate) audits: BTreeMap<MemberId, TimeMs>,
    /// How many findings there are.
    pub(crate) finding_quota: FindingQuota,
    pub(crate) signals: Signals,
    checkpoint: Option<VerifiedCheckpoint>,
    /// Since when there is a head that is not published.
    unpublished_since: Option<TimeMs>,
    /// Whether the disk was nearly full when it was looked at last.
    full: bool,
    /// Whether the views hold rows of a batch that is not durable yet.
    views_ahead: bool,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Core({})", self.me)
    }
}

/// What a core is made of.
pub(crate) struct Parts {
    pub(crate) identity: Identity,
    pub(crate) policy: Policy,
    pub(crate) store: Box<dyn Store>,
    pub(crate) views: Box<dyn Views>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The chain as the operator has it: the first charter says which federation this is.
    pub(crate) charters: Vec<Vec<u8>>,
    pub(crate) rosters: Vec<Vec<u8>>,
    pub(crate) extensions: Known,
}

impl Core {
    /// Reads the journal: the chain of rosters, and the views if they are not those of this journal.
    pub(crate) fn open(parts: Parts) -> Result<(Self, watch::Receiver<Arc<History>>), Fault> {
        let Parts {
            identity,
            policy,
            store,
            views,
            clock,
            charters,
            rosters,
            extensions,
        } = parts;
        let history = history_of(&*store, &identity.origin.fed, &charters)?;
        let history = Arc::new(history);
        let (tell_history, hear_history) = watch::channel(Arc::clone(&history));
        let last_time = last_time(&*store)?;
        let closed = store.closed();
        let mut core = Self {
            me: identity.member.clone(),
            identity,
            policy,
            extensions,
            store,
            views,
            clock,
            history,
            closed,
            cases: LruCache::new(
                NonZeroUsize::new(CASES_IN_MEMORY_MAX).unwrap_or(NonZeroUsize::MIN),
            ),
            dirty: BTreeSet::new(),
            last_time,
            in_flight: BTreeSet::new(),
            flights: BTreeMap::new(),
            refusals: BTreeMap::new(),
            noted_refusals: LruCache::new(
                NonZeroUsize::new(REFUSALS_NOTED_MAX).unwrap_or(NonZeroUsize::MIN),
            ),
            waiting: 0,
            audit: None,
            cosigned: None,
            heads: Heads::default(),
            turn: 0,
            judged: BTreeMap::new(),
            said: BTreeMap::new(),
            audits: BTreeMap::new(),
            finding_quota: FindingQuota::default(),
            signals: Signals {
                history: tell_history,
                outbox: watch::Sender::new(0),
                heads: watch::Sender::new(0),
                findings: watch::Sender::new(0),
                published: watch::Sender::new(None),
            },
            checkpoint: None,
            unpublished_since: None,
            full: false,
            views_ahead: false,
        };
        core.rebuild_views_if_needed()?;
        core.begin(&charters, &rosters)?;
        core.remember_heads()?;
        core.commit()?;
        tracing::info!(
            target: "comity.engine",
            event = "journal-opened",
            size = core.store.head().size(),
            waiting = core.waiting,
        );
        Ok((core, hear_history))
    }

    /// Takes what is new of the operator's chain; the first record of a log is `log-opened`.
    fn begin(&mut self, charters: &[Vec<u8>], rosters: &[Vec<u8>]) -> Result<(), Fault> {
        let fresh = self.store.next_index() == 0;
        if self.store.next_seq() == 0
            && let Some(first) = charters.first()
        {
            let frame = TookCharter(ByteBuf::from(first.clone()), self.time());
            self.push(None, frame.into())?;
        }
        self.learn(charters, rosters)?;
        if self.history.roster().is_none() {
            return Err(no_charter());
        }
        if fresh && !self.log_is_listed() {
            return Err(Fault::new(
                "log-not-listed",
                "the roster lists no open log of this name and key, so nobody would believe its receipts: give the governance this member's entry (`comity member export`), or after a restore the file that ends with `.restored`, and take the folder with the roster that lists it",
            ));
        }
        if self.store.next_index() == 0 {
            // The chain was here before the log was: it follows one that was closed.
            self.open_log()?;
        }
        self.commit()?;
        Ok(())
    }

    /// Whether the roster knows the log that this node writes, under the key that signs it.
    pub(crate) fn log_is_listed(&self) -> bool {
        let key = comity_wire::cose::kid_of(&self.identity.log_key);
        let log = self.history.log(&self.identity.origin);
        log.is_some_and(|log| log.key == key && log.state == LogState::Open)
    }

    /// Serves commands until it is told to stop, or a port fails.
    pub(crate) fn run(mut self, inbox: mpsc::Receiver<Asked>) -> Result<(), Fault> {
        let ended = self.serve(inbox);
        if ended.as_ref().is_err_and(of_views) {
            // If even that fails, there is nothing more to lose.
            let _ = self.views.mark(VIEWS_NOT_MADE);
        }
        ended
    }

    fn serve(&mut self, mut inbox: mpsc::Receiver<Asked>) -> Result<(), Fault> {
        while let Some(first) = inbox.blocking_recv() {
            let mut waiting = Vec::new();
            let mut stop = None;
            let mut next = Some(first);
            while let Some((span, command)) = next.take() {
                match command {
                    Command::Stop { reply } => stop = Some(reply),
                    command => waiting.extend(span.in_scope(|| self.take(command))?),
                }
                let room = waiting.len() < COMMANDS_PER_COMMIT_MAX
                    && self.store.staged_bytes() < BATCH_BYTES_MAX;
                if stop.is_none() && room {
                    next = inbox.try_recv().ok();
                }
            }
            self.commit()?;
            for one in waiting {
                self.answer(one)?;
            }
            if inbox.is_empty() || stop.is_some() || self.publishing_is_due() {
                self.publish()?;
            }
            if let Some(reply) = stop {
                self.views.flush()?;
                let _ = reply.send(());
                return Ok(());
            }
        }
        self.views.flush()
    }

    /// Stages what a command asks for. Only a fault of the store or the views ends the thread.
    fn take(&mut self, command: Command) -> Result<Option<Waiting>, Fault> {
        self.make_room()?;
        let full = !self.store.has_room();
        if full != std::mem::replace(&mut self.full, full) {
            tracing::error!(target: "comity.engine", event = "disk-low", full);
        }
        if full {
            return self.without_room(command);
        }
        Ok(match command {
            Command::Exchange {
                peer,
                offers,
                reply,
            } => Some(Waiting::Exchange(self.exchange(&peer, offers)?, reply)),
            Command::Work {
                person,
                work,
                reply,
            } => {
                let done = self.work(&person, *work);
                fatal(&done)?;
                Some(Waiting::Done(done, reply))
            }
            Command::Query {
                person,
                query,
                connected,
                reply,
            } => Some(Waiting::Query(person, query, connected, reply)),
            Command::Due { reply } => Some(Waiting::Due(self.due()?, reply)),
            Command::Delivered { delivered, reply } => {
                self.delivered(delivered)?;
                Some(Waiting::Noted(reply))
            }
            Command::Audit {
                peer,
                request,
                reply,
            } => Some(Waiting::Audit(self.audit_page(&peer, &request)?, reply)),
            Command::Head { from, to, reply } => Some(Waiting::Head(from, to, reply)),
            Command::Cosigned {
                head,
                text,
                quorum,
                reply,
            } => {
                self.publish_again(&head, &text, quorum)?;
                Some(Waiting::Noted(reply))
            }
            Command::Audited {
                members,
                findings,
                shown,
                reply,
            } => {
                self.audited(&members, shown)?;
                self.send_findings(&findings)?;
                Some(Waiting::Noted(reply))
            }
            Command::Finding {
                peer,
                request,
                reply,
            } => Some(Waiting::Finding(self.take_finding(&peer, &request)?, reply)),
            Command::Untold { waits, reply } => Some(Waiting::Untold(self.untold(&waits)?, reply)),
            Command::FindingNoted { told, reply } => {
                self.finding_noted(&told)?;
                Some(Waiting::Noted(reply))
            }
            Command::Redeliver {
                peer,
                request,
                reply,
            } => Some(Waiting::Redeliver(peer, request, reply)),
            Command::Lost { reply } => Some(Waiting::Lost(reply)),
            Command::TakeBack { peer, rows, reply } => {
                Some(Waiting::TakenBack(self.take_back(&peer, rows)?, reply))
            }
            Command::CameBack {
                lost,
                back,
                refused,
                reply,
            } => {
                self.came_back(&lost, back, refused)?;
                Some(Waiting::Noted(reply))
            }
            Command::OwnPage { asked, reply } => Some(Waiting::OwnPage(asked, reply)),
            Command::Learn {
                charters,
                rosters,
                reply,
            } => {
                let charters: Vec<_> = charters.into_iter().map(ByteBuf::into_vec).collect();
                let rosters: Vec<_> = rosters.into_iter().map(ByteBuf::into_vec).collect();
                Some(Waiting::Flag(self.learn(&charters, &rosters)?, reply))
            }
            Command::Heads(work) => self.heads_work(work)?.map(Waiting::Told),
            Command::Stop { .. } => None,
        })
    }

    /// The disk is nearly full: questions are answered, and nothing is taken. Peers are asked to come back.
    fn without_room(&mut self, command: Command) -> Result<Option<Waiting>, Fault> {
        Ok(match command {
            Command::Exchange { offers, reply, .. } => {
                let busy = |_| Answered::Turned(exchange_code::BUSY, Some(BUSY_RETRY_MS));
                Some(Waiting::Exchange(offers.iter().map(busy).collect(), reply))
            }
            Command::Work { reply, .. } => Some(Waiting::Done(Err(disk_low()), reply)),
            Command::Due { reply } => {
                let next = Some(self.time().saturating_add(BUSY_RETRY_MS));
                let due = Due {
                    flights: Vec::new(),
                    next,
                };
                Some(Waiting::Due(due, reply))
            }
            Command::Delivered { delivered, reply } => {
                // Its statements are offered again, and answered with the same receipts.
                self.landed(&delivered);
                Some(Waiting::Noted(reply))
            }
            Command::Audit { reply, .. } => {
                let busy = code(audit_code::BUSY)?;
                Some(Waiting::Audit(crate::audit::Page::Refused(busy), reply))
            }
            Command::Finding { reply, .. } => {
                let busy = FindingAnswer::Refused(
                    self.roster_ref(),
                    code(audit_code::BUSY)?,
                    Some(BUSY_RETRY_MS),
                );
                Some(Waiting::Finding(busy, reply))
            }
            // They wait until what comes of them can be kept.
            Command::Untold { reply, .. } => Some(Waiting::Untold(Vec::new(), reply)),
            Command::FindingNoted { reply, .. } => Some(Waiting::Noted(reply)),
            Command::Head { from, to, reply } => Some(Waiting::Head(from, to, reply)),
            // A few kilobytes, which replace as many.
            Command::Cosigned {
                head,
                text,
                quorum,
                reply,
            } => {
                self.publish_again(&head, &text, quorum)?;
                Some(Waiting::Noted(reply))
            }
            Command::Audited { shown, reply, .. } => {
                self.audit = Some(shown);
                Some(Waiting::Noted(reply))
            }
            Command::Redeliver {
                peer,
                request,
                reply,
            } => Some(Waiting::Redeliver(peer, request, reply)),
            // Nobody is asked for what could not be taken.
            Command::Lost { reply } => {
                drop(reply);
                None
            }
            Command::TakeBack { reply, .. } => {
                drop(reply);
                None
            }
            Command::CameBack { reply, .. } => {
                drop(reply);
                None
            }
            Command::OwnPage { asked, reply } => Some(Waiting::OwnPage(asked, reply)),
            Command::Learn { reply, .. } => Some(Waiting::Flag(false, reply)),
            Command::Query {
                person,
                query,
                connected,
                reply,
            } => Some(Waiting::Query(person, query, connected, reply)),
            // Who asks hears nothing, and asks again.
            Command::Heads(_) | Command::Stop { .. } => None,
        })
    }

    /// Everything is durable now.
    fn answer(&mut self, waiting: Waiting) -> Result<(), Fault> {
        // Whoever asked may have gone; then nobody reads the answer.
        match waiting {
            Waiting::Exchange(answers, reply) => drop(reply.send(self.reply(answers)?)),
            Waiting::Done(done, reply) => drop(reply.send(done)),
            Waiting::Due(due, reply) => drop(reply.send(due)),
            Waiting::Audit(page, reply) => drop(reply.send(self.audit_reply(page)?)),
            Waiting::Finding(answer, reply) => drop(reply.send(answer.encode())),
            Waiting::Untold(told, reply) => drop(reply.send(told)),
            Waiting::Head(from, to, reply) => drop(reply.send(self.own_head(&from, to)?)),
            Waiting::Flag(flag, reply) => drop(reply.send(flag)),
            Waiting::Told(tell) => tell(),
            Waiting::Redeliver(peer, request, reply) => {
                drop(reply.send(self.redelivery(&peer, &request)?));
            }
            Waiting::Lost(reply) => drop(reply.send(self.lost()?)),
            Waiting::TakenBack(back, reply) => drop(reply.send(back)),
            Waiting::Noted(reply) => drop(reply.send(())),
            Waiting::OwnPage(asked, reply) => drop(reply.send(self.own_page(asked))),
            Waiting::Query(person, query, connected, reply) => {
                let shown = self.query(&person, query, &connected);
                let fault = shown.as_ref().err().and_then(WorkError::of_port);
                drop(reply.send(shown));
                // What one frame of the journal has lost, others need not.
                fault.filter(of_views).map_or(Ok(()), Err)?;
            }
        }
        Ok(())
    }

    /// Makes the batch durable.
    pub(crate) fn commit(&mut self) -> Result<Head, Fault> {
        self.refresh_dirty()?;
        let before = self.store.head();
        let span = match self.store.staged_bytes() {
            // What only asks for something to be shown leaves nothing to commit.
            0 => Span::none(),
            bytes => tracing::debug_span!(target: "comity.engine", "commit", bytes),
        };
        let _within = span.enter();
        let head = self.store.commit()?;
        self.views.mark(self.store.next_seq())?;
        self.views_ahead = false;
        if head != before {
            self.checkpoint = None;
            tracing::debug!(
                target: "comity.engine",
                event = "committed",
                records = head.size().saturating_sub(before.size()),
                size = head.size(),
                waiting = self.waiting,
            );
        }
        Ok(head)
    }

    /// Between two units of work: if the batch has no room for another one, it is committed. What was staged before is
    /// whole, and nobody is answered earlier for it.
    pub(crate) fn make_room(&mut self) -> Result<(), Fault> {
        let staged = self
            .store
            .next_index()
            .saturating_sub(self.store.head().size());
        if staged > RECORDS_PER_BATCH_MAX || self.store.staged_bytes() > BATCH_BYTES_MAX {
            self.commit()?;
        }
        Ok(())
    }

    /// The signed head of the last commit. It is signed once.
    pub(crate) fn checkpoint(&mut self) -> &VerifiedCheckpoint {
        let head = self.store.head();
        let origin = &self.identity.origin;
        let key = &self.identity.log_key;
        self.checkpoint.get_or_insert_with(|| {
            Checkpoint {
                origin: origin.clone(),
                head,
            }
            .sign(key)
        })
    }

    /// Publishing costs a write, so many commits in a row share one; but none waits long for it.
    fn publishing_is_due(&mut self) -> bool {
        let now = self.clock.now_ms();
        if self.published_head() == Some(self.store.head()) {
            return false;
        }
        let since = *self.unpublished_since.get_or_insert(now);
        now >= since.saturating_add(PUBLISH_WITHIN_MS)
    }

    fn publish(&mut self) -> Result<(), Fault> {
        let head = self.store.head();
        self.unpublished_since = None;
        if self.published_head() != Some(head) {
            let text = self.checkpoint().to_string();
            self.store.publish(text.as_bytes())?;
            self.signals.published.send_replace(Some(head));
        }
        Ok(())
    }

    /// The head that was published last.
    pub(crate) fn published_head(&self) -> Option<Head> {
        *self.signals.published.borrow()
    }

    /// Adds a frame to the batch and to the views.
    pub(crate) fn push(&mut self, scope: Option<Scope>, frame: Frame) -> Result<Position, Fault> {
        self.views_go_ahead()?;
        let seq = self.store.next_seq();
        let at = self.store.stage(frame.kind(), scope, &frame.encode())?;
        self.apply(at, seq, &frame)?;
        Ok(at)
    }

    /// From the first row of a batch to its commit the views hold what the journal may never have. Whoever opens them
    /// in between must not believe them.
    pub(crate) fn views_go_ahead(&mut self) -> Result<(), Fault> {
        if !self.views_ahead {
            self.views.mark(VIEWS_NOT_MADE)?;
            self.views_ahead = true;
        }
        Ok(())
    }

    /// Now, or the time of the last record if the clock went back.
    pub(crate) fn time(&self) -> TimeMs {
        self.clock.now_ms().max(self.last_time)
    }

    /// The roster in force.
    pub(crate) fn roster_ref(&self) -> RosterRef {
        let none = RosterRef(0, *self.history.fed());
        self.history.roster_ref().unwrap_or(none)
    }

    /// Takes signed charters and rosters, as far as they follow. Tells whether something was new.
    pub(crate) fn learn(
        &mut self,
        charters: &[Vec<u8>],
        rosters: &[Vec<u8>],
    ) -> Result<bool, Fault> {
        let mut history = History::clone(&self.history);
        let now = self.time();
        let mut frames: Vec<Frame> = Vec::new();
        let mut conflicts = Vec::new();
        for bytes in charters {
            let added = history.add_charter(bytes);
            note_conflict("charter", &added);
            if matches!(added, Ok(Added::Extended | Added::Replaced { .. })) {
                frames.push(TookCharter(ByteBuf::from(bytes.clone()), now).into());
            }
        }
        for bytes in rosters {
            let added = history.add_roster(bytes, now);
            note_conflict("roster", &added);
            if let Ok(Added::Conflict(conflict)) = &added {
                conflicts.push(conflict.encode());
            }
            if matches!(
                added,
                Ok(Added::Extended | Added::Replaced { .. } | Added::Conflict(_))
            ) {
                frames.push(TookRoster(ByteBuf::from(bytes.clone()), now).into());
            }
        }
        if frames.is_empty() {
            return Ok(false);
        }
        self.history = Arc::new(history);
        for frame in frames {
            self.push(None, frame)?;
        }
        if self.store.next_index() == 0 {
            self.open_log()?;
        }
        self.record(Entry {
            kind: record_kind::ROSTER,
            ..Entry::default()
        })?;
        for conflict in &conflicts {
            self.found_evidence(conflict)?;
        }
        let roster = self.roster_ref();
        tracing::info!(target: "comity.engine", event = "roster-taken", version = roster.0);
        self.signals.history.send_replace(Arc::clone(&self.history));
        self.signals
            .outbox
            .send_modify(|times| *times = times.wrapping_add(1));
        Ok(true)
    }

    /// Views that are not of this very journal are made anew.
    fn rebuild_views_if_needed(&mut self) -> Result<(), Fault> {
        let next = self.store.next_seq();
        let version = self.views.get(SCHEMA, &[]).ok().flatten();
        let current = version.as_deref() == Some(&[VIEWS_VERSION]);
        if next == 0 {
            self.views.put(SCHEMA, &[], &[VIEWS_VERSION])?;
        }
        match self.views.marked() {
            Ok(marked) if marked == next && (current || next == 0) => return self.count_waiting(),
            _ => {}
        }
        tracing::info!(target: "comity.engine", event = "views-rebuilding", frames = next);
        self.views.clear()?;
        self.views.put(SCHEMA, &[], &[VIEWS_VERSION])?;
        self.waiting = 0;
        self.rebuild_sequences()?;
        let mut from = Some(0);
        while let Some(seq) = from {
            from = self.apply_some(seq)?;
        }
        self.refresh_dirty()?;
        self.views.mark(next)?;
        self.views.flush()?;
        tracing::info!(target: "comity.engine", event = "views-rebuilt", frames = next);
        Ok(())
    }

    /// Applies the next frames of the journal, and says where to go on. So many at a time: a journal may have more than
    /// there is memory for.
    fn apply_some(&mut self, from: u64) -> Result<Option<u64>, Fault> {
        let mut frames = Vec::new();
        let mut after = None;
        self.store.replay(from, &mut |at, stored| {
            if frames.len() == FRAMES_PER_REPLAY {
                after = Some(stored.seq);
                return ControlFlow::Break(());
            }
            frames.push((at, stored.seq));
            ControlFlow::Continue(())
        })?;
        for (at, seq) in frames {
            let stored = self.store.read(at)?;
            let frame = Frame::decode(stored.kind, &stored.body)?;
            self.apply(at, seq, &frame)?;
        }
        Ok(after)
    }

    fn count_waiting(&mut self) -> Result<(), Fault> {
        let rows = self.outbox_rows()?;
        let waiting = rows.iter().filter(|(_, row)| row.due.is_some()).count();
        self.waiting = u64::try_from(waiting).unwrap_or(u64::MAX);
        Ok(())
    }

    fn rebuild_sequences(&mut self) -> Result<(), Fault> {
        let size = self.store.next_index();
        let next = next_numbers(size, &|index| leaf_at(&*self.store, index))?;
        let closed = self.restored_from();
        let closed = closed.map(|log| (log.origin.n, log.head.size()));
        let (number, size) = closed.unwrap_or_default();
        let closed_leaf = |index| {
            let (leaf, _) = self.store.closed_record(number, index)?;
            leaf_of(&leaf, index)
        };
        let closed = next_numbers(size, &closed_leaf)?;
        for (table, numbers) in [(SEQUENCE, next), (CLOSED_SEQUENCE, closed)] {
            for (member, seq) in numbers {
                let key = member.as_str().as_bytes();
                self.views.put(table, key, &seq.to_be_bytes())?;
            }
        }
        Ok(())
    }
}

/// For each member the number that the next record about it has, after so many records.
fn next_numbers(
    size: u64,
    leaf: &dyn Fn(u64) -> Result<Leaf, Fault>,
) -> Result<BTreeMap<MemberId, u64>, Fault> {
    let mut next = BTreeMap::new();
    for index in 0..size {
        let leaf = leaf(index)?;
        if let (Some(counterpart), Some(seq)) = (leaf.counterpart, leaf.seq) {
            next.insert(counterpart, seq.saturating_add(1));
        }
    }
    Ok(next)
}

fn note_conflict(what: &'static str, added: &Result<Added, comity_trust::chain_error::ChainError>) {
    match added {
        Ok(Added::Conflict(_) | Added::Replaced { .. }) => {
            tracing::error!(target: "comity.engine", event = "governance-conflict", what);
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(target: "comity.engine", event = "chain-refused", what, code = error.code());
        }
    }
}

/// The leaf of a record.
pub(crate) fn leaf_at(store: &dyn Store, index: u64) -> Result<Leaf, Fault> {
    let (bytes, _) = store.record(index)?;
    leaf_of(&bytes, index)
}

fn leaf_of(bytes: &[u8], index: u64) -> Result<Leaf, Fault> {
    Leaf::decode(bytes)
        .map_err(|error| Fault::new("journal-damaged", format!("record {index}: {error}")))
}

fn last_time(store: &dyn Store) -> Result<TimeMs, Fault> {
    match store.next_index().checked_sub(1) {
        Some(last) => leaf_at(store, last).map(|leaf| leaf.time),
        None => Ok(0),
    }
}

/// What the journal knows of the federation; before the first start, what the operator's first charter says.
pub(crate) fn history_of(
    store: &dyn Store,
    fed: &Hash,
    charters: &[Vec<u8>],
) -> Result<History, Fault> {
    let chain = chain_in(store)?;
    let first = match chain.first() {
        Some(Frame::TookCharter(TookCharter(bytes, _))) => bytes.to_vec(),
        _ => charters.first().cloned().ok_or_else(no_charter)?,
    };
    let mut history = History::join(fed, &first).map_err(|error| {
        Fault::new(
            "wrong-charter",
            format!("the first charter is not that of this node: {error}"),
        )
    })?;
    for frame in chain {
        match frame {
            Frame::TookCharter(TookCharter(bytes, _)) => drop(history.add_charter(&bytes)),
            Frame::TookRoster(TookRoster(bytes, at)) => drop(history.add_roster(&bytes, at)),
            _ => {}
        }
    }
    Ok(history)
}

/// The charters and rosters of the journal.
fn chain_in(store: &dyn Store) -> Result<Vec<Frame>, Fault> {
    let mut found = Vec::new();
    let mut problem = None;
    store.replay_kinds(&CHAIN_KINDS, &mut |_, stored| match Frame::decode(
        stored.kind,
        &stored.body,
    ) {
        Ok(frame) => {
            found.push(frame);
            ControlFlow::Continue(())
        }
        Err(fault) => {
            problem = Some(fault);
            ControlFlow::Break(())
        }
    })?;
    problem.map_or(Ok(found), Err)
}

/// Charters and rosters.
const CHAIN_KINDS: [u8; 2] = [1, 2];

/// A fault of a port must end the thread, whoever ran into it: what is staged may be half of something.
fn fatal<T>(done: &Result<T, WorkError>) -> Result<(), Fault> {
    match done {
        Err(error) => error.of_port().map_or(Ok(()), Err),
        Ok(_) => Ok(()),
    }
}

fn of_views(fault: &Fault) -> bool {
    fault.code.starts_with("view")
}

/// No journal has so many frames: the mark of views that are to be made anew.
const VIEWS_NOT_MADE: u64 = u64::MAX;

fn disk_low() -> WorkError {
    WorkError::operator(
        "disk-low",
        "the disk is nearly full, so nothing is taken any more; what is here can be read",
        "make room on the disk of the data directory and try again; nothing was changed",
    )
}

fn no_charter() -> Fault {
    Fault::new(
        "no-roster",
        "there is no charter or no roster: get the federation's folder from its governance and name it in the configuration",
    )
}
