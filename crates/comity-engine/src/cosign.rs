//! Cosignatures for the own log: every other member that has a witness key is asked for one, and every witness from
//! outside that the operator names.
//!
//! ```text
//! published head -> own head, and a path for each witness from what it has cosigned last
//!                -> add-checkpoint to all of them at once; 409: once more, from the size that it names
//!                -> checked, kept beside the head -> published again; and apart, once the quorum holds
//! ```
//! One task does this. Under load it asks for the newest head every few seconds and passes over those between. When
//! nothing is recorded it asks again from time to time, so that a fresh cosignature says that the head is still the
//! newest. What it holds is derived: whoever starts anew asks again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use comity_audit::witnessed::{Witnessed, witness_key, witnessed};
use comity_log::add_checkpoint::{Request, read_cosignature, read_size};
use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::hash::Hash;
use comity_log::head::Head;
use comity_log::key::VerifierKey;
use comity_log::note::SignatureLine;
use comity_trust::history::History;
use comity_trust::key::Validity;
use comity_wire::ids::MemberId;
use comity_wire::registry::KeyPurpose;
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use comity_wire::words::TimeMs;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::core::{Command, Core};
use crate::desk::{CosignedRow, FailingRow, OutsideRow, WitnessedShown};
use crate::limits::{
    BUSY_RETRY_MS, COSIGN_AGAIN_MS, COSIGN_EVERY_MS, COSIGN_WAIT_MS, RETRY_FIRST_MS,
};
use crate::node::Engine;
use crate::outside::WitnessId;
use crate::own_head::head_in;
use crate::ports::{Fault, Protocol};
use crate::receipt::log_key;

/// What has been gathered.
#[derive(Debug, Default)]
pub(crate) struct Cosignatures(Mutex<Gathered>);

#[derive(Debug, Default)]
struct Gathered {
    /// The head that is asked for, signed by the log.
    checkpoint: Option<VerifiedCheckpoint>,
    /// Its cosignatures.
    lines: BTreeMap<WitnessId, SignatureLine>,
    /// The newest head for which the quorum held.
    witnessed: Option<LastWitnessed>,
    contacts: BTreeMap<WitnessId, Contact>,
}

/// A head for which the quorum held.
#[derive(Debug, Clone)]
struct LastWitnessed {
    head: Head,
    /// With the cosignatures that it had.
    text: String,
}

/// What is known of a witness.
#[derive(Debug, Clone, Default)]
struct Contact {
    /// The size that it has cosigned last, as far as it has said.
    seen: u64,
    /// What it has cosigned last, and when that came.
    cosigned: Option<(Head, TimeMs)>,
    failing: Option<Failing>,
}

/// A witness that does not cosign.
#[derive(Debug, Clone)]
struct Failing {
    since: TimeMs,
    /// Why.
    code: &'static str,
    times: u32,
    next: TimeMs,
}

impl Contact {
    /// When it is to be asked for this head.
    fn due_at(&self, head: &Head) -> TimeMs {
        match (&self.failing, &self.cosigned) {
            (Some(failing), _) => failing.next,
            (None, Some((cosigned, at))) if cosigned == head => at.saturating_add(COSIGN_AGAIN_MS),
            _ => 0,
        }
    }

    fn failed(&mut self, code: &'static str, now: TimeMs) {
        let (since, times) = match &self.failing {
            Some(failing) => (failing.since, failing.times.saturating_add(1)),
            None => (now, 0),
        };
        let wait = RETRY_FIRST_MS.saturating_mul(1_u64 << times.min(16));
        let next = now.saturating_add(wait.min(COSIGN_AGAIN_MS));
        self.failing = Some(Failing {
            since,
            code,
            times,
            next,
        });
    }
}

/// Whom to ask, and under which keys the answer is believed.
struct Asked {
    who: WitnessId,
    keys: Vec<VerifierKey>,
    old_size: u64,
    path: Vec<Hash>,
    checkpoint: VerifiedCheckpoint,
}

/// What became of it: the cosignature, and the size that the witness has cosigned before as it says.
type Answer = (WitnessId, Result<SignatureLine, Fault>, Option<u64>);

/// A witness, and the keys that it may sign with.
type Keyed = (WitnessId, Vec<VerifierKey>);

impl Engine {
    /// Asks for cosignatures as long as the node runs.
    pub(crate) async fn gather(self, mut published: watch::Receiver<Option<Head>>) {
        loop {
            published.mark_unchanged();
            let began = self.clock.now_ms();
            let next = self.gather_once().await;
            tokio::select! {
                changed = published.changed() => if changed.is_err() {
                    return;
                },
                () = self.clock.until(next) => {}
            }
            let earliest = began.saturating_add(COSIGN_EVERY_MS);
            while self.clock.now_ms() < earliest {
                self.clock.until(earliest).await;
            }
        }
    }

    /// The checkpoint of a head of the own log with the cosignatures that it has.
    pub(crate) fn with_cosignatures(&self, checkpoint: &VerifiedCheckpoint) -> String {
        let gathered = self.cosignatures.gathered();
        let is_it = |of: &VerifiedCheckpoint| of.head() == checkpoint.head();
        let mut note = checkpoint.note().clone();
        if gathered.checkpoint.as_ref().is_some_and(is_it) {
            for line in gathered.lines.values() {
                note = match note.clone().with(line.clone()) {
                    Ok(longer) => longer,
                    Err(_) => break,
                };
            }
        }
        note.to_string()
    }

    /// Who has cosigned the head that was asked for last, and what is missing; none before the first.
    pub(crate) fn witnessed_now(&self) -> Option<(Head, Witnessed)> {
        let checkpoint = self.cosignatures.gathered().checkpoint.clone()?;
        let text = self.with_cosignatures(&checkpoint);
        let read = UnverifiedCheckpoint::parse(text.as_bytes()).ok()?;
        let found = witnessed(&self.history(), &read, self.clock.now_ms()).ok()?;
        Some((*checkpoint.head(), found))
    }

    /// The newest head that the quorum has cosigned, with its cosignatures.
    pub(crate) fn witnessed_head(&self) -> Option<(Head, String)> {
        let now = self.witnessed_now().filter(|(_, found)| found.holds());
        let gathered = self.cosignatures.gathered();
        let asked_for = gathered.checkpoint.clone().zip(now);
        let before = gathered.witnessed.clone();
        drop(gathered);
        match asked_for.filter(|(checkpoint, (head, _))| checkpoint.head() == head) {
            Some((checkpoint, (head, _))) => Some((head, self.with_cosignatures(&checkpoint))),
            None => before.map(|last| (last.head, last.text)),
        }
    }

    /// A signed head of the own log, with the cosignatures that it has.
    pub(crate) fn cosigned_text(&self, text: &str) -> String {
        let asked_for = self.cosignatures.gathered().checkpoint.clone();
        match asked_for.filter(|of| of.to_string() == text) {
            Some(checkpoint) => self.with_cosignatures(&checkpoint),
            None => text.to_owned(),
        }
    }

    /// Who has cosigned the newest head that was asked for, who has not, and what is missing.
    pub(crate) fn witnessed_shown(&self) -> WitnessedShown {
        let Some((head, found)) = self.witnessed_now() else {
            return WitnessedShown::default();
        };
        let outside = self.outside_shown();
        let gathered = self.cosignatures.gathered();
        let failing = gathered.contacts.iter().filter_map(|(who, contact)| {
            let (WitnessId::Member(member), Some(failing)) = (who, &contact.failing) else {
                return None;
            };
            Some(FailingRow {
                member: member.to_string(),
                since: failing.since,
                code: failing.code.to_owned(),
            })
        });
        let by = found.by.iter().map(|(member, time_s)| CosignedRow {
            member: member.to_string(),
            at: time_s.saturating_mul(1_000),
        });
        WitnessedShown {
            size: head.size(),
            holds: found.holds(),
            by: by.collect(),
            missing: found.missing.words(),
            failing: failing.collect(),
            outside,
            witnessed_size: gathered.witnessed.as_ref().map(|last| last.head.size()),
        }
    }

    /// Where each witness from outside stands.
    fn outside_shown(&self) -> Vec<OutsideRow> {
        let history = self.history();
        let gathered = self.cosignatures.gathered();
        let rows = self.outside.iter().map(|witness| {
            let who = witness.id();
            let line = gathered.lines.get(&who).zip(gathered.checkpoint.as_ref());
            let failing = gathered
                .contacts
                .get(&who)
                .and_then(|one| one.failing.as_ref());
            let code = if witness.is_of_a_member(&history) {
                Some("witness-is-member")
            } else {
                failing.map(|failing| failing.code)
            };
            OutsideRow {
                name: witness.key.name().to_string(),
                at: line.and_then(|(line, checkpoint)| witness.time_of(line, checkpoint)),
                since: failing.map(|failing| failing.since),
                code: code.map(str::to_owned),
            }
        });
        rows.collect()
    }

    /// Whom to ask: the other members, and those from outside that are no members.
    fn witnesses(&self, now: TimeMs) -> Vec<Keyed> {
        let history = self.history();
        let mut all = members(&history, &self.me, now);
        let outside = self.outside.iter();
        let apart = outside.filter(|witness| !witness.is_of_a_member(&history));
        all.extend(apart.map(|witness| (witness.id(), vec![witness.key.clone()])));
        all
    }

    /// Asks all witnesses that are due, once. When to do so again.
    async fn gather_once(&self) -> TimeMs {
        let now = self.clock.now_ms();
        let later = now.saturating_add(BUSY_RETRY_MS);
        let witnesses = self.witnesses(now);
        let sizes = self.cosignatures.sizes(&witnesses);
        let Some(own) = self.own_head(sizes.clone(), None).await else {
            return later;
        };
        let head = *own.checkpoint.head();
        let paths: BTreeMap<u64, Vec<Hash>> = sizes
            .into_iter()
            .zip(own.paths)
            .filter_map(|(size, path)| Some((size, path?)))
            .collect();
        let mut asks = JoinSet::new();
        for (who, keys, seen) in self.cosignatures.begin(&own.checkpoint, witnesses, now) {
            // Of one that has seen more than there is, it will say so itself.
            let (old_size, path) = match paths.get(&seen) {
                Some(path) => (seen, path.clone()),
                None => (0, Vec::new()),
            };
            let asked = Asked {
                who,
                keys,
                old_size,
                path,
                checkpoint: own.checkpoint.clone(),
            };
            asks.spawn(self.clone().ask_witness(asked));
        }
        let (mut held, mut fresh) = (false, false);
        while let Some(answered) = asks.join_next().await {
            let Ok(answer) = answered else {
                continue;
            };
            fresh |= self.cosignatures.note(&head, answer, self.clock.now_ms());
            let holds = fresh && self.witnessed_now().is_some_and(|(_, found)| found.holds());
            // What waits for a quorum need not wait for the slowest witness.
            if holds && !held {
                self.publish_cosigned(&own.checkpoint, true).await;
                (held, fresh) = (true, false);
            }
        }
        if fresh {
            self.publish_cosigned(&own.checkpoint, held).await;
        }
        self.cosignatures.next_due(&head, later)
    }

    async fn ask_witness(self, asked: Asked) -> Answer {
        let who = asked.who.clone();
        let give_up = self.clock.now_ms().saturating_add(COSIGN_WAIT_MS);
        let mut seen = None;
        let asking = self.ask_twice(asked, &mut seen);
        let line = tokio::select! {
            answered = asking => answered,
            () = self.clock.until(give_up) => Err(Fault::new("witness-slow", "no answer in time")),
        };
        (who, line, seen)
    }

    /// Asks, and if the witness names another size than was thought, once more from there.
    async fn ask_twice(
        &self,
        asked: Asked,
        seen: &mut Option<u64>,
    ) -> Result<SignatureLine, Fault> {
        let Asked {
            who,
            keys,
            mut old_size,
            mut path,
            checkpoint,
        } = asked;
        for _ in 0..2 {
            let request = Request {
                old_size,
                path,
                checkpoint: checkpoint.to_unverified(),
            };
            match self.add_checkpoint_at(&who, &request).await? {
                (200, body) => return cosignature_in(&checkpoint, &body, &keys),
                (409, body) => {
                    let size = read_size(body.as_bytes());
                    // It holds a tree of this size, and it is not this one.
                    if old_size == checkpoint.head().size() && size.is_none_or(|it| it == old_size)
                    {
                        return Err(self.witness_contradicts(&who).await);
                    }
                    old_size = size.ok_or_else(|| Fault::new("witness-bad-reply", "no size"))?;
                    *seen = Some(old_size);
                    if old_size > checkpoint.head().size() {
                        return Err(self.witness_is_ahead(&who, old_size).await);
                    }
                    path = self
                        .path_between(old_size, checkpoint.head().size())
                        .await?;
                }
                (422, _) => return Err(self.witness_contradicts(&who).await),
                (status, _) => return Err(refused(status)),
            }
        }
        Err(Fault::new(
            "witness-old-is-another",
            "its size changes while it is asked",
        ))
    }

    async fn add_checkpoint_at(
        &self,
        who: &WitnessId,
        request: &Request,
    ) -> Result<(u16, String), Fault> {
        let text = request.to_string();
        let member = match who {
            WitnessId::Member(member) => member,
            WitnessId::Outside(_) => return self.add_checkpoint_outside(who, text).await,
        };
        let request = WitnessRequest::AddCheckpoint(text.into());
        let reply = self
            .ask(member, Protocol::Witness, request.encode())
            .await?;
        match WitnessReply::decode(&reply) {
            Ok(WitnessReply::Answer(status, body)) => match u16::try_from(status) {
                Ok(status) => Ok((status, body.into())),
                Err(_) => Err(Fault::new("witness-bad-reply", "no status")),
            },
            Ok(WitnessReply::Refused(..)) => Err(Fault::new("witness-refused", "it cannot now")),
            _ => Err(Fault::new("witness-bad-reply", "no reply of a witness")),
        }
    }

    /// The path from a size that a witness has named.
    async fn path_between(&self, from: u64, to: u64) -> Result<Vec<Hash>, Fault> {
        let own = self.own_head(vec![from], Some(to)).await;
        let path = own.and_then(|mut own| own.paths.pop().flatten());
        path.ok_or_else(|| Fault::new("busy", "the own node has too much to do"))
    }

    /// A witness says that it has cosigned more of this log than there is.
    async fn witness_is_ahead(&self, who: &WitnessId, size: u64) -> Fault {
        let by = who.as_str();
        tracing::warn!(target: "comity.engine", event = "witness-ahead", by, size);
        self.ask_for_proof(who).await;
        let what = "a witness claims to have seen more of this log than there is, and nothing proves it here";
        Fault::new("witness-ahead", what)
    }

    /// A witness says no to a head: it may have been shown another history.
    async fn witness_contradicts(&self, who: &WitnessId) -> Fault {
        let by = who.as_str();
        tracing::warn!(target: "comity.engine", event = "witness-contradicts", by);
        self.ask_for_proof(who).await;
        let what = "a witness claims to have cosigned another history of this log, and nothing proves it here";
        Fault::new("witness-contradicts", what)
    }

    /// Anybody can say what contradicts this log. Only a head that the log itself has signed stops the node, or is
    /// evidence: the witness is asked for the one that it has.
    async fn ask_for_proof(&self, who: &WitnessId) {
        // One from outside has no way to show it.
        let WitnessId::Member(member) = who else {
            return;
        };
        let request = WitnessRequest::Head(self.origin.clone(), None).encode();
        let reply = self.ask(member, Protocol::Witness, request).await.ok();
        let key = log_key(&self.origin, &self.history(), self.clock.now_ms());
        let proven = reply
            .zip(key)
            .and_then(|(reply, key)| head_in(&reply, &key));
        if let Some(head) = proven {
            self.seen_head(head).await;
        }
    }

    async fn publish_cosigned(&self, checkpoint: &VerifiedCheckpoint, quorum: bool) {
        let text = self.with_cosignatures(checkpoint);
        let head = *checkpoint.head();
        if quorum {
            let text = text.clone();
            self.cosignatures.gathered().witnessed = Some(LastWitnessed { head, text });
        }
        let (reply, done) = oneshot::channel();
        let command = Command::Cosigned {
            head,
            text,
            quorum,
            reply,
        };
        if self.send(command).await.is_ok() {
            let _ = done.await;
        }
    }
}

/// What a status says that is none of a cosignature, a size or a contradiction.
fn refused(status: u16) -> Fault {
    match status {
        404 => Fault::new("witness-unknown-log", "it does not know this log"),
        403 => Fault::new(
            "witness-other-log-key",
            "it knows this log under another key",
        ),
        _ => Fault::new("witness-refused", format!("it answers {status}")),
    }
}

fn cosignature_in(
    checkpoint: &VerifiedCheckpoint,
    body: &str,
    keys: &[VerifierKey],
) -> Result<SignatureLine, Fault> {
    let lines = keys
        .iter()
        .map(|key| read_cosignature(checkpoint, body.as_bytes(), key));
    let line = lines.into_iter().find_map(Result::ok);
    line.ok_or_else(|| Fault::new("witness-bad-cosignature", "no valid cosignature of its own"))
}

/// The other members of the newest roster that have a witness key now.
fn members(history: &History, me: &MemberId, now: TimeMs) -> Vec<Keyed> {
    let members = history
        .roster()
        .into_iter()
        .flat_map(|roster| &roster.members);
    let others = members.filter(|member| member.id != *me);
    others
        .filter_map(|member| {
            let keys = member.keys.iter();
            let listed = keys.filter(|key| key.purpose == KeyPurpose::Witness);
            let valid: Vec<_> = listed
                .filter_map(|key| history.witness_key(&member.id, &key.kid))
                .filter(|known| known.validity(now, now) == Validity::Valid)
                .filter_map(|known| witness_key(history, known))
                .collect();
            (!valid.is_empty()).then(|| (WitnessId::Member(member.id.clone()), valid))
        })
        .collect()
}

impl Cosignatures {
    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        // Nothing is half done while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sizes from which paths are wanted.
    fn sizes(&self, witnesses: &[Keyed]) -> Vec<u64> {
        let gathered = self.gathered();
        let contacts = witnesses
            .iter()
            .filter_map(|(who, _)| gathered.contacts.get(who));
        let sizes: std::collections::BTreeSet<_> =
            contacts.map(|one| one.seen).chain([0]).collect();
        sizes.into_iter().collect()
    }

    /// From now on this head is asked for. Whom to ask now, and the size that each has cosigned.
    fn begin(
        &self,
        checkpoint: &VerifiedCheckpoint,
        witnesses: Vec<Keyed>,
        now: TimeMs,
    ) -> Vec<(WitnessId, Vec<VerifierKey>, u64)> {
        let mut gathered = self.gathered();
        let head = checkpoint.head();
        let before = gathered.checkpoint.replace(checkpoint.clone());
        if before.is_none_or(|before| before.head() != head) {
            gathered.lines.clear();
        }
        let listed = |who: &WitnessId| witnesses.iter().any(|(listed, _)| listed == who);
        gathered.contacts.retain(|who, _| listed(who));
        gathered.lines.retain(|who, _| listed(who));
        let mut due = Vec::new();
        for (who, keys) in witnesses {
            let contact = gathered.contacts.entry(who.clone()).or_default();
            if contact.due_at(head) <= now {
                due.push((who, keys, contact.seen));
            }
        }
        due
    }

    /// Notes what a witness has answered. Whether there is a new cosignature.
    fn note(&self, head: &Head, (who, line, seen): Answer, now: TimeMs) -> bool {
        let mut gathered = self.gathered();
        let contact = gathered.contacts.entry(who.clone()).or_default();
        contact.seen = seen.unwrap_or(contact.seen);
        let by = who.as_str();
        match line {
            Ok(line) => {
                contact.seen = head.size();
                contact.cosigned = Some((*head, now));
                if contact.failing.take().is_some() {
                    tracing::info!(target: "comity.engine", event = "witness-back", by);
                }
                gathered.lines.insert(who, line);
                true
            }
            Err(fault) => {
                if contact.failing.is_none() {
                    let code = fault.code;
                    tracing::warn!(target: "comity.engine", event = "witness-missing", by, code);
                }
                contact.failed(fault.code, now);
                false
            }
        }
    }

    /// When the next witness is to be asked for this head.
    fn next_due(&self, head: &Head, without_any: TimeMs) -> TimeMs {
        let gathered = self.gathered();
        let due = gathered.contacts.values().map(|one| one.due_at(head));
        due.min()
            .unwrap_or(without_any.saturating_add(COSIGN_AGAIN_MS))
    }
}

impl Core {
    /// Publishes a head again with its cosignatures, unless there is a newer one; and apart, if the quorum holds.
    pub(crate) fn publish_again(
        &mut self,
        head: &Head,
        text: &str,
        quorum: bool,
    ) -> Result<(), Fault> {
        if self.published_head() == Some(*head) {
            self.store.publish(text.as_bytes())?;
        }
        if quorum {
            self.store.publish_witnessed(text.as_bytes())?;
            self.cosigned = UnverifiedCheckpoint::parse(text.as_bytes()).ok();
        }
        Ok(())
    }
}
