//! `/comity/witness/1`, served: what a member asks of this one about logs, its own and those of others.
//!
//! ```text
//! add-checkpoint  a head of another log: decide -> swapped in and durable -> cosigned
//! head            the newest head of a log that is here: of the own log, with the path to it
//! evidence        that a log or a governance has forked
//! ```
//! What was cosigned is kept apart from the journal: a cosignature is no record, and does not wait for the one thread.

use std::sync::Arc;

use comity_log::add_checkpoint::{Request, SIZE_MEDIA_TYPE};
use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::cosignature;
use comity_log::evidence::Evidence;
use comity_log::hash::Hash;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::WitnessName;
use comity_log::note::{Note, SignatureLine};
use comity_log::tree::Tree;
use comity_log::witness::{Decision, KnownLog, Pending, Reason, Refusal, decide};
use comity_trust::history::History;
use comity_trust::key::Validity;
use comity_wire::cose::kid_of;
use comity_wire::ids::MemberId;
use comity_wire::leaf::Origin;
use comity_wire::registry::witness_code;
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use comity_wire::words::{Code, DurationMs, TimeMs};
use ed25519_dalek::SigningKey;
use tokio::sync::oneshot;

use crate::core::{Command, Core, leaf_at};
use crate::follow::HeadsWork;
use crate::limits::{
    BUSY_RETRY_MS, COSIGNED_FRESH_MS, SHOWN_AGAIN_MS, SWAPS_MAX, WITNESSED_FRESH_MS,
};
use crate::node::Engine;
use crate::ports::{Cosigned, Fault, WitnessStates};
use crate::receipt::{Tiles, may_have_had, unreadable};
use crate::rosters;

/// What a member cosigns the logs of others with. `Debug` shows no key.
#[derive(Clone)]
pub struct Witness {
    /// The key, of purpose `witness`.
    pub key: SigningKey,
    /// What it has cosigned.
    pub states: Arc<dyn WitnessStates>,
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Witness")
    }
}

/// The answer to an add-checkpoint request, as C2SP `tlog-witness` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessAnswer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl WitnessAnswer {
    /// The media type of the body.
    #[must_use]
    pub const fn media_type(&self) -> &'static str {
        match self.status {
            409 => SIZE_MEDIA_TYPE,
            _ => "text/plain; charset=utf-8",
        }
    }
}

impl Engine {
    /// What a member hears on `/comity/witness/1`.
    pub(crate) async fn witness_request(&self, from: MemberId, bytes: &[u8]) -> Option<Vec<u8>> {
        match WitnessRequest::decode(bytes) {
            Ok(WitnessRequest::AddCheckpoint(text)) => {
                if !self.is_witness() {
                    return self.witness_refuses(witness_code::NO_WITNESS_KEY, None);
                }
                match self.add_checkpoint(text.into_string().into_bytes()).await {
                    Some(WitnessAnswer { status, body }) => {
                        Some(WitnessReply::Answer(status.into(), body.into()).encode())
                    }
                    None => self.witness_busy(),
                }
            }
            Ok(WitnessRequest::Head(origin, from)) => self.head_asked(&origin, from).await,
            Ok(WitnessRequest::Evidence(bytes)) => self.evidence_asked(from, bytes).await,
            Err(_) => self.witness_refuses(witness_code::BAD_REQUEST, None),
        }
    }

    /// What a member hears when this one cannot answer now.
    pub(crate) fn witness_busy(&self) -> Option<Vec<u8>> {
        self.witness_refuses(witness_code::BUSY, Some(BUSY_RETRY_MS))
    }

    /// An answer that is none, with its reason.
    pub(crate) fn witness_refuses(
        &self,
        why: &'static str,
        retry_after: Option<DurationMs>,
    ) -> Option<Vec<u8>> {
        let roster = rosters::reference(&self.history());
        Some(WitnessReply::Refused(roster, Code::new(why)?, retry_after).encode())
    }

    /// Whether the newest roster lists the witness key of this node, and it is valid now.
    #[must_use]
    pub fn is_witness(&self) -> bool {
        let now = self.clock.now_ms();
        let listed = |witness: &Witness| {
            let history = self.history();
            let key = history.witness_key(&self.me, &kid_of(&witness.key));
            key.is_some_and(|key| key.validity(now, now) == Validity::Valid)
        };
        self.witness.as_ref().is_some_and(listed)
    }

    /// Answers an add-checkpoint request; the new state is durable before. `None`: this node cosigns nothing, or its
    /// disk has failed.
    pub async fn add_checkpoint(&self, body: Vec<u8>) -> Option<WitnessAnswer> {
        if !self.is_witness() {
            return None;
        }
        let asked = Asked {
            witness: self.witness.clone()?,
            history: self.history(),
            me: self.origin.clone(),
            now_ms: self.clock.now_ms(),
        };
        let judged = tokio::task::spawn_blocking(move || {
            let mut shown = Shown::default();
            let answer = asked.answer(&body, &mut shown);
            (answer, shown)
        });
        let (answer, shown) = judged.await.ok()?;
        self.learn_of(shown).await;
        match answer {
            Ok(answer) => answer,
            Err(fault) => {
                tracing::error!(target: "comity.engine", event = "witness-failed", code = fault.code);
                None
            }
        }
    }

    /// Whatever it was answered, what a log has signed is compared with what it has signed elsewhere. Anybody can show it
    /// again and again; only the log itself can show something new.
    async fn learn_of(&self, shown: Shown) {
        let Some(head) = shown.head else {
            return;
        };
        let now = self.clock.now_ms();
        let news = |what: &str, done: &dyn Fn() -> bool| {
            self.shown.again(what.as_bytes(), SHOWN_AGAIN_MS, now, done)
        };
        let text = head.note().text();
        if let Some(code) = shown.refused
            && news(&format!("{code}\n{text}"), &|| true)
        {
            let of = head.origin().member.as_str();
            tracing::warn!(target: "comity.engine", event = "not-cosigned", of, code);
        }
        news(text, &|| {
            let seen = HeadsWork::Seen(head.clone());
            self.try_send(Command::Heads(seen)).is_some()
        });
        if let Some(evidence) = shown.evidence {
            // One piece of a sort is kept, and each has to be judged.
            let of_one_size = matches!(*evidence, Evidence::SameSize(..));
            if news(&format!("{of_one_size}\n{}", head.origin()), &|| true) {
                self.found_fork(*evidence).await;
            }
        }
    }

    /// The newest checkpoint of a log that this node can show: of its own, with the cosignatures that it has; of
    /// another's, the one that it has cosigned last, with its own cosignature. `None`: it has none, or cannot tell now.
    pub async fn checkpoint_of(&self, origin: &Origin) -> Option<String> {
        if *origin == self.origin {
            let own = self.own_head(Vec::new(), None).await?;
            return Some(self.with_cosignatures(&own.checkpoint));
        }
        let (witness, me, origin) = (self.witness.clone()?, self.origin.clone(), origin.clone());
        let read = move || witness.cosigned(&me, &origin);
        tokio::task::spawn_blocking(read).await.ok()?.ok()?
    }

    /// What was cosigned last of the log of another member whose origin has this SHA-256, in lower-case hex.
    pub async fn cosigned_of(&self, origin_hash: &str) -> Option<String> {
        let history = self.history();
        let members = history
            .roster()
            .into_iter()
            .flat_map(|roster| &roster.members);
        let others = members.filter(|member| member.id != self.me);
        let mut logs = others.flat_map(|member| history.logs_of(&member.id));
        let is_it =
            |origin: &Origin| Hash::of(origin.to_string().as_bytes()).to_string() == origin_hash;
        let origin = logs.find(|log| is_it(&log.origin))?.origin.clone();
        self.checkpoint_of(&origin).await
    }

    /// The newest head of another's log that this node can show: the one that it has cosigned last, or a newer one that
    /// came beside a receipt or from others. Whoever asks for its own wants to know how far others can prove it.
    async fn newest_of(&self, origin: &Origin) -> Option<String> {
        let cosigned = self.checkpoint_of(origin).await;
        let seen = self.newest_seen(origin.clone()).await;
        let size = cosigned.as_ref().and_then(|text| {
            let read = UnverifiedCheckpoint::parse(text.as_bytes()).ok()?;
            Some(read.claimed().head.size())
        });
        let newer = seen.filter(|seen| Some(seen.head().size()) > size);
        newer.map(|seen| seen.to_string()).or(cosigned)
    }

    async fn head_asked(&self, origin: &Origin, from: Option<u64>) -> Option<Vec<u8>> {
        if origin.member == self.me && *origin != self.origin {
            return self.closed_head_asked(origin.clone(), from).await;
        }
        if *origin != self.origin {
            if self.history().log(origin).is_none() {
                return self.witness_refuses(witness_code::UNKNOWN_ORIGIN, None);
            }
            let text = self.newest_of(origin).await;
            return Some(WitnessReply::Head(text.map(Into::into), None).encode());
        }
        // Who follows something up wants a head that others have cosigned; under load the newest one never is yet.
        let witnessed = self.witnessed_head();
        if let Some((from, (head, text))) = from.zip(witnessed)
            && from <= head.size()
        {
            let Some(mut own) = self.own_head(vec![from], Some(head.size())).await else {
                return self.witness_busy();
            };
            let now = self.clock.now_ms();
            let is_fresh = |at: TimeMs| now <= at.saturating_add(WITNESSED_FRESH_MS);
            if own.outgrown_at.is_none_or(is_fresh) {
                let path = own.paths.pop().flatten();
                return Some(WitnessReply::Head(Some(text.into()), path).encode());
            }
        }
        let Some(mut own) = self.own_head(from.into_iter().collect(), None).await else {
            return self.witness_busy();
        };
        let text = self.with_cosignatures(&own.checkpoint);
        let path = own.paths.pop().flatten();
        Some(WitnessReply::Head(Some(text.into()), path).encode())
    }

    /// Of a log that this member has closed: the head of what is here of it.
    async fn closed_head_asked(&self, origin: Origin, from: Option<u64>) -> Option<Vec<u8>> {
        let closed = |reply| HeadsWork::Closed {
            origin,
            from,
            reply,
        };
        let reply = match self.about_heads(closed).await {
            None => return self.witness_busy(),
            Some(None) => return self.witness_refuses(witness_code::UNKNOWN_ORIGIN, None),
            // What a restore has lost cannot be joined with what is left.
            Some(Some(head)) if from.is_some_and(|from| from > head.checkpoint.head().size()) => {
                WitnessReply::Head(None, None)
            }
            Some(Some(mut head)) => {
                let text = head.checkpoint.note().to_string();
                WitnessReply::Head(Some(text.into()), head.paths.pop().flatten())
            }
        };
        Some(reply.encode())
    }

    /// The newest head of the own log that is durable, and for each size of `from` the path to it, or to the tree of
    /// the size `to`. None: the node is stopping, or has more to do than it can.
    pub(crate) async fn own_head(&self, from: Vec<u64>, to: Option<u64>) -> Option<OwnHead> {
        let (reply, head) = oneshot::channel();
        self.try_send(Command::Head { from, to, reply })?;
        head.await.ok()
    }
}

/// What a request has shown, whatever the answer.
#[derive(Default)]
struct Shown {
    /// The head, if its log has signed it.
    head: Option<VerifiedCheckpoint>,
    /// Why it was not cosigned, if that is not for its log to put right at once.
    refused: Option<&'static str>,
    /// Proof that the log has forked.
    evidence: Option<Box<Evidence>>,
}

/// What a request is judged by.
struct Asked {
    witness: Witness,
    history: Arc<History>,
    me: Origin,
    now_ms: TimeMs,
}

impl Asked {
    fn answer(&self, body: &[u8], shown: &mut Shown) -> Result<Option<WitnessAnswer>, Fault> {
        let request = match Request::parse(body) {
            Ok(request) => request,
            Err(error) => {
                let (status, body) = (error.status(), format!("{}\n", error.code()));
                return Ok(Some(WitnessAnswer { status, body }));
            }
        };
        // Who finds that another was faster decides again, on what is stored now.
        for _ in 0..SWAPS_MAX {
            if let Some(answer) = self.decide(&request, shown)? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// Decides on what is stored now. None: it is something else by now.
    fn decide(&self, request: &Request, shown: &mut Shown) -> Result<Option<WitnessAnswer>, Fault> {
        let origin = &request.checkpoint.claimed().origin;
        let stored = self.witness.states.read(origin)?;
        let known = self.known(origin, stored.as_ref())?;
        shown.head = known
            .as_ref()
            .and_then(|known| request.checkpoint.verify(&known.key).ok());
        // The time of a log's cosignatures never goes back, whatever the clock does.
        let before_s = stored.as_ref().map_or(0, |stored| stored.time_s);
        let time_s = (self.now_ms / 1_000).max(before_s);
        let pending = match decide(known.as_ref(), request, time_s) {
            Decision::Accept(pending) => pending,
            Decision::Refuse(refusal) => {
                let answer = refused(origin, &refusal, shown);
                shown.evidence = refusal.evidence;
                return Ok(Some(answer));
            }
        };
        if !may_have_had(&self.history, pending.next()) {
            shown.refused = Some(LOG_CLOSED);
            let body = format!("{LOG_CLOSED}\n");
            return Ok(Some(WitnessAnswer { status: 404, body }));
        }
        if let Some(stored) = stored
            .as_ref()
            .filter(|stored| is_the_same(stored, &pending, time_s))
        {
            let text = pending.next().note().text();
            return self.answer_with(text, stored.time_s).map(Some);
        }
        let next = Cosigned {
            checkpoint: pending.next().note().to_string().into_bytes(),
            time_s,
        };
        let seen = known.and_then(|known| known.seen);
        let unchanged =
            |now: Option<&Cosigned>| now == stored.as_ref() && pending.swap(seen.as_ref()).is_ok();
        if !self.witness.states.swap(origin, &next, &unchanged)? {
            return Ok(None);
        }
        let line = pending
            .persisted()
            .sign(&witness_name(&self.me), &self.witness.key);
        let line = line.map_err(|error| Fault::new(error.code(), error.to_string()))?;
        tracing::debug!(target: "comity.engine", event = "cosigned", of = origin.member.as_str());
        Ok(Some(cosigned_by(&line)))
    }

    /// The answer that was given before: the same key, text and time make the same line.
    fn answer_with(&self, text: &str, time_s: u64) -> Result<WitnessAnswer, Fault> {
        let name = KeyName::from(&witness_name(&self.me));
        let line = cosignature::sign(&name, &self.witness.key, text, time_s);
        let line = line.map_err(|error| Fault::new(error.code(), error.to_string()))?;
        Ok(cosigned_by(&line))
    }

    /// What is known of a log: none of the own ones, and of others what the history of rosters lists.
    fn known(&self, origin: &Origin, stored: Option<&Cosigned>) -> Result<Option<KnownLog>, Fault> {
        if origin.member == self.me.member {
            return Ok(None);
        }
        let Some(key) = log_key(&self.history, origin, self.now_ms) else {
            return Ok(None);
        };
        let seen = stored.map(|stored| verified(stored, &key)).transpose()?;
        Ok(Some(KnownLog { key, seen }))
    }
}

fn cosigned_by(line: &SignatureLine) -> WitnessAnswer {
    let body = format!("{line}\n");
    WitnessAnswer { status: 200, body }
}

/// Whether what would be cosigned is what was cosigned last, and that was just now.
fn is_the_same(stored: &Cosigned, pending: &Pending, time_s: u64) -> bool {
    let fresh_s = COSIGNED_FRESH_MS / 1_000;
    let text = pending.next().note().to_string();
    text.as_bytes() == stored.checkpoint && time_s < stored.time_s.saturating_add(fresh_s)
}

/// What a log has not signed says nothing about it, and its name may be of a stranger's making.
fn refused(origin: &Origin, refusal: &Refusal, shown: &mut Shown) -> WitnessAnswer {
    let (of, code) = (origin.member.as_str(), refusal.reason.code());
    match refusal.reason {
        // Whoever asks from another size does so again from this one.
        Reason::OldIsAnother { .. } => {}
        Reason::UnknownOrigin | Reason::NotSignedByLog(_) => {
            tracing::debug!(target: "comity.engine", event = "not-of-a-log", of, code);
        }
        _ => shown.refused = Some(code),
    }
    if refusal.evidence.is_some() {
        tracing::debug!(target: "comity.engine", event = "fork-seen", of, code);
    }
    WitnessAnswer {
        status: refusal.status(),
        body: refusal.body(),
    }
}

/// The log has ended, as the roster says, and nothing beyond its end is of it.
const LOG_CLOSED: &str = "witness-log-closed";

/// The key of a log that the history of rosters lists, unless somebody else may have it.
pub(crate) fn log_key(history: &History, origin: &Origin, now: TimeMs) -> Option<VerifierKey> {
    let log = history.log(origin)?;
    let (known, _) = history.log_key(origin, &log.key)?;
    let believed = known.validity(now, now) != Validity::Compromised;
    let key = VerifierKey::new(KeyName::from(origin), KeyKind::Log, *known.verifying());
    key.ok().filter(|_| believed)
}

impl Witness {
    /// What was cosigned last of a log, with the cosignature: made again, it is the same as the one that was given.
    fn cosigned(&self, me: &Origin, origin: &Origin) -> Result<Option<String>, Fault> {
        let Some(stored) = self.states.read(origin)? else {
            return Ok(None);
        };
        let damaged = || Fault::new("witness-state-damaged", "what was cosigned last is no note");
        let note = Note::parse(&stored.checkpoint).map_err(|_| damaged())?;
        let name = KeyName::from(&witness_name(me));
        let line = cosignature::sign(&name, &self.key, note.text(), stored.time_s);
        let line = line.map_err(|_| damaged())?;
        Ok(Some(note.with(line).map_err(|_| damaged())?.to_string()))
    }
}

fn witness_name(of: &Origin) -> WitnessName {
    WitnessName {
        fed: of.fed,
        member: of.member.clone(),
    }
}

fn verified(stored: &Cosigned, key: &VerifierKey) -> Result<VerifiedCheckpoint, Fault> {
    let read = UnverifiedCheckpoint::parse(&stored.checkpoint);
    read.and_then(|read| read.verify(key)).map_err(|error| {
        Fault::new(
            "witness-state-damaged",
            format!(
                "what was cosigned last is no checkpoint of its log ({})",
                error.code()
            ),
        )
    })
}

/// The newest head of the own log.
#[derive(Debug)]
pub(crate) struct OwnHead {
    /// Signed by the log alone.
    pub(crate) checkpoint: VerifiedCheckpoint,
    /// For each size that was asked for, the consistency path from it; none if the log was never of that size.
    pub(crate) paths: Vec<Option<Vec<Hash>>>,
    /// When the first record came that the tree to which the paths lead has not.
    pub(crate) outgrown_at: Option<TimeMs>,
}

impl Core {
    /// The head of the last commit, and paths to it, or to the tree of the size `to`.
    pub(crate) fn own_head(&mut self, from: &[u64], to: Option<u64>) -> Result<OwnHead, Fault> {
        let checkpoint = self.checkpoint().clone();
        let head = *checkpoint.head();
        let to = to.unwrap_or(head.size()).min(head.size());
        let mut tree = Tree::open(Tiles(&*self.store), &head).map_err(unreadable)?;
        let mut paths = Vec::with_capacity(from.len());
        for size in from {
            paths.push(if *size <= to {
                Some(tree.consistency_path(*size, to).map_err(unreadable)?)
            } else {
                None
            });
        }
        let outgrown_at = if to < head.size() {
            Some(leaf_at(&*self.store, to)?.time)
        } else {
            None
        };
        Ok(OwnHead {
            checkpoint,
            paths,
            outgrown_at,
        })
    }
}
