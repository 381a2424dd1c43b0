//! Following heads: what every log has shown is asked about again, of the log itself and of others, until it goes
//! together; receipts are followed to a head that others have cosigned; evidence is handed to every member.
//!
//! ```text
//! once a minute, one task:
//!   evidence   to every member that has not said that it took it
//!   gossip     of each log, the newest head that another member has, each member in turn   -> compared
//!   the log    from each head that it showed, to its newest one, by a path                 -> joined, or evidence
//!                the newest one is cosigned as the charter wants?  -> receipts that lead to it are witnessed
//! ```
//! The thread decides what to ask and judges every answer; this task only carries them.

use std::collections::BTreeMap;

use comity_audit::NotProven;
use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::evidence::{Evidence, LeafProof};
use comity_log::hash::Hash;
use comity_log::names::Origin;
use comity_log::tree::Tree;
use comity_trust::roster::RosterConflict;
use comity_wire::ids::MemberId;
use comity_wire::limits::WITNESS_EVIDENCE_BYTES_MAX;
use comity_wire::receipt::Receipt;
use comity_wire::registry::witness_code;
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use comity_wire::words::TimeMs;
use serde_bytes::ByteBuf;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::core::{Command, Core};
use crate::desk::WitnessShown;
use crate::forks::NotTaken;
use crate::frame::{Followed, Frame, Sent};
use crate::heads::Joined;
use crate::limits::{
    BUSY_RETRY_MS, FOLLOW_AGAIN_MS, FOLLOW_EVERY_MS, FOLLOWED_LOGS_MAX, FOLLOWS_MAX, HANDOVERS_MAX,
    LOOSE_HEADS_MAX, NOT_PROVEN_TIMES,
};
use crate::node::Engine;
use crate::own_head::behind_while_running;
use crate::ports::{Fault, Position, Protocol};
use crate::quorum;
use crate::receipt::{Tiles, log_key, unreadable};
use crate::tables::{self, FOLLOWED, RECEIPT_AT, RECEIPT_HEAD, ReceiptHead, UNFOLLOWED};
use crate::witness::OwnHead;

/// What is asked of the thread about heads, and what it is told.
#[derive(Debug)]
pub(crate) enum HeadsWork {
    /// What other members are to be asked now.
    Gossip(oneshot::Sender<Vec<Question>>),
    /// What the logs themselves are to be asked now.
    Follow(oneshot::Sender<Vec<Question>>),
    /// What came of a question.
    Heard {
        question: Question,
        checkpoint: Box<str>,
        path: Option<Vec<Hash>>,
        reply: oneshot::Sender<()>,
    },
    /// The newest head that was seen of a log.
    Newest(Origin, oneshot::Sender<Option<VerifiedCheckpoint>>),
    /// The head of a log of this member that was closed, and the path to it from a size.
    Closed {
        origin: Origin,
        from: Option<u64>,
        reply: oneshot::Sender<Option<OwnHead>>,
    },
    /// A head that came with something else.
    Seen(VerifiedCheckpoint),
    /// Evidence that this node has made of what it was shown.
    Found(Box<Evidence>),
    /// Evidence that a member hands over, and what it is told.
    Evidence {
        from: MemberId,
        bytes: ByteBuf,
        reply: oneshot::Sender<Option<(&'static str, bool)>>,
    },
    /// Evidence that is to be handed over now.
    Handovers(oneshot::Sender<Vec<Handover>>),
    /// A member has taken evidence.
    Handed {
        hash: Hash,
        to: MemberId,
        reply: oneshot::Sender<()>,
    },
}

/// A question about a log.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// Who is asked.
    pub(crate) asked: MemberId,
    /// Which log.
    pub(crate) origin: Origin,
    /// From which head a path is wanted.
    pub(crate) from: Option<VerifiedCheckpoint>,
    /// Whether the path is wanted from the tree of one record less.
    pub(crate) before: bool,
}

/// Evidence for a member.
#[derive(Debug)]
pub(crate) struct Handover {
    pub(crate) to: MemberId,
    pub(crate) hash: Hash,
    pub(crate) bytes: Vec<u8>,
}

/// An answer that waits for the commit.
pub(crate) type Told = Box<dyn FnOnce() + Send>;

// The task.

impl Engine {
    /// Goes round for as long as the node runs.
    pub(crate) async fn follow_heads(self, mut wake: watch::Receiver<u64>) {
        let mut next = self.clock.now_ms().saturating_add(FOLLOW_EVERY_MS);
        loop {
            wake.mark_unchanged();
            self.hand_over().await;
            if self.clock.now_ms() >= next {
                let more = self.go_round().await;
                let wait = if more {
                    FOLLOW_AGAIN_MS
                } else {
                    FOLLOW_EVERY_MS
                };
                next = self.clock.now_ms().saturating_add(wait);
            }
            // What has become known meanwhile wakes the wait at once.
            tokio::select! {
                changed = wake.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = self.clock.until(next) => {}
            }
        }
    }

    /// Asks the members, then the logs. Tells whether there is more to ask than one round can.
    async fn go_round(&self) -> bool {
        let gossip = self.about_heads(HeadsWork::Gossip).await;
        self.ask_all(gossip.unwrap_or_default()).await;
        let follow = self.about_heads(HeadsWork::Follow).await;
        let follow = follow.unwrap_or_default();
        let full = |origin: &Origin| {
            let of = follow.iter().filter(|question| question.origin == *origin);
            of.count() >= LOOSE_HEADS_MAX
        };
        let more = follow.iter().any(|question| full(&question.origin));
        self.ask_all(follow).await;
        more
    }

    /// Asks, one question after the other of each member, and several members at a time.
    async fn ask_all(&self, questions: Vec<Question>) {
        let mut of_members: BTreeMap<MemberId, Vec<Question>> = BTreeMap::new();
        for question in questions {
            let of_member = of_members.entry(question.asked.clone()).or_default();
            of_member.push(question);
        }
        let mut asking = JoinSet::new();
        for (_, questions) in of_members {
            if asking.len() >= FOLLOWS_MAX {
                asking.join_next().await;
            }
            let engine = self.clone();
            asking.spawn(async move {
                for question in questions {
                    // Who does not answer one is not asked the others before the next round.
                    if engine.ask_about(question).await.is_none() {
                        return;
                    }
                }
            });
        }
        while asking.join_next().await.is_some() {}
    }

    async fn ask_about(&self, question: Question) -> Option<()> {
        let size = question.from.as_ref().map(|head| head.head().size());
        let from = size.map(|size| size.saturating_sub(u64::from(question.before)));
        let request = WitnessRequest::Head(question.origin.clone(), from).encode();
        let reply = self.ask(&question.asked, Protocol::Witness, request).await;
        let WitnessReply::Head(checkpoint, path) = WitnessReply::decode(&reply.ok()?).ok()? else {
            return None;
        };
        let Some(checkpoint) = checkpoint else {
            // Another member may never have seen that log.
            return Some(());
        };
        let heard = |reply| HeadsWork::Heard {
            question,
            checkpoint,
            path,
            reply,
        };
        self.about_heads(heard).await
    }

    /// Hands evidence to whoever has not taken it.
    async fn hand_over(&self) {
        let waiting = self.about_heads(HeadsWork::Handovers).await;
        let mut handing = JoinSet::new();
        for handover in waiting.unwrap_or_default() {
            if handing.len() >= FOLLOWS_MAX {
                handing.join_next().await;
            }
            let engine = self.clone();
            handing.spawn(async move {
                let Handover { to, hash, bytes } = handover;
                let request = WitnessRequest::Evidence(ByteBuf::from(bytes)).encode();
                let reply = engine.ask(&to, Protocol::Witness, request).await;
                let reply = reply
                    .ok()
                    .and_then(|reply| WitnessReply::decode(&reply).ok());
                if reply == Some(WitnessReply::Taken(hash)) {
                    let handed = |reply| HeadsWork::Handed { hash, to, reply };
                    engine.about_heads(handed).await;
                }
            });
        }
        while handing.join_next().await.is_some() {}
    }

    /// What a member hears that hands over evidence.
    pub(crate) async fn evidence_asked(&self, from: MemberId, bytes: ByteBuf) -> Option<Vec<u8>> {
        let hash = Hash::of(&bytes);
        let taken = |reply| HeadsWork::Evidence { from, bytes, reply };
        match self.about_heads(taken).await {
            Some(None) => Some(WitnessReply::Taken(hash).encode()),
            Some(Some((why, later))) => self.witness_refuses(why, later.then_some(BUSY_RETRY_MS)),
            None => self.witness_busy(),
        }
    }

    /// The newest head that a log has signed, as far as this node has seen; none: it has seen none, or cannot tell now.
    pub(crate) async fn newest_seen(&self, origin: Origin) -> Option<VerifiedCheckpoint> {
        let asked = self.about_heads(|reply| HeadsWork::Newest(origin, reply));
        asked.await.flatten()
    }

    /// A head that came with something else is compared with what is known.
    pub(crate) async fn seen_head(&self, head: VerifiedCheckpoint) {
        // Whoever stops the node needs no memory of heads.
        let _stopped = self.send(Command::Heads(HeadsWork::Seen(head))).await;
    }

    /// Evidence that was made of a request to cosign is recorded and shown.
    pub(crate) async fn found_fork(&self, evidence: Evidence) {
        let found = HeadsWork::Found(Box::new(evidence));
        let _stopped = self.send(Command::Heads(found)).await;
    }

    /// Asks the thread, or tells it something. None: the node stops, or its disk is full.
    pub(crate) async fn about_heads<T>(
        &self,
        work: impl FnOnce(oneshot::Sender<T>) -> HeadsWork,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Heads(work(reply))).await.ok()?;
        answer.await.ok()
    }
}

// What the thread says.

impl Core {
    /// Stages what follows from a question, an answer or evidence. The answer waits for the commit.
    pub(crate) fn heads_work(&mut self, work: HeadsWork) -> Result<Option<Told>, Fault> {
        Ok(Some(match work {
            HeadsWork::Gossip(reply) => {
                let questions = self.gossip();
                told(reply, questions)
            }
            HeadsWork::Follow(reply) => {
                let questions = self.follow()?;
                told(reply, questions)
            }
            HeadsWork::Heard {
                question,
                checkpoint,
                path,
                reply,
            } => {
                self.heard(&question, &checkpoint, path.as_deref())?;
                told(reply, ())
            }
            HeadsWork::Newest(origin, reply) => {
                let seen = self.heads.of(&origin);
                told(reply, seen.and_then(|seen| seen.newest().cloned()))
            }
            HeadsWork::Closed {
                origin,
                from,
                reply,
            } => {
                let head = self.closed_head(&origin, from)?;
                told(reply, head)
            }
            HeadsWork::Seen(head) => {
                self.see_head(&head)?;
                return Ok(None);
            }
            HeadsWork::Found(evidence) => {
                self.found_evidence(&evidence.to_bytes())?;
                return Ok(None);
            }
            HeadsWork::Evidence { from, bytes, reply } => {
                let answer = self.handed_here(&from, &bytes)?;
                told(reply, answer)
            }
            HeadsWork::Handovers(reply) => {
                let handovers = self.handovers()?;
                told(reply, handovers)
            }
            HeadsWork::Handed { hash, to, reply } => {
                self.handed_evidence(&hash, &to)?;
                told(reply, ())
            }
        }))
    }

    /// Of some logs, what another member has seen: each log and each member in turn.
    fn gossip(&mut self) -> Vec<Question> {
        let Some(roster) = self.history.roster() else {
            return Vec::new();
        };
        self.turn = self.turn.wrapping_add(1);
        let logs: Vec<&Origin> = roster
            .members
            .iter()
            .filter_map(|member| member.open_log())
            .map(|log| &log.origin)
            .collect();
        let skipped = self.turn.wrapping_mul(FOLLOWED_LOGS_MAX) % logs.len().max(1);
        let some = logs.iter().cycle().skip(skipped);
        some.take(logs.len().min(FOLLOWED_LOGS_MAX))
            .filter_map(|origin| {
                let others = roster.members.iter().map(|member| &member.id);
                let others: Vec<&MemberId> = others
                    .filter(|id| **id != self.me && **id != origin.member)
                    .collect();
                let asked = others.get(self.turn % others.len().max(1))?;
                Some(Question {
                    asked: (*asked).clone(),
                    origin: (*origin).clone(),
                    from: None,
                    before: false,
                })
            })
            .collect()
    }

    /// Of every log of which something is to be joined or followed, what it has to show itself.
    fn follow(&mut self) -> Result<Vec<Question>, Fault> {
        let mut questions = Vec::new();
        let mut receipts = Vec::new();
        for (origin, seen) in self.heads.iter() {
            if self.history.member(&origin.member).is_none() || origin.member == self.me {
                continue;
            }
            let question = |from: &VerifiedCheckpoint, before| Question {
                asked: origin.member.clone(),
                origin: origin.clone(),
                from: Some(from.clone()),
                before,
            };
            questions.extend(seen.grown().map(|grown| question(grown, false)));
            questions.extend(seen.wanted().map(|wanted| question(wanted, true)));
            questions.extend(seen.loose().iter().map(|loose| question(loose, false)));
            if seen.witnessed {
                let room = LOOSE_HEADS_MAX.saturating_sub(seen.loose().len());
                receipts.push((origin.clone(), room));
            }
        }
        for (origin, room) in receipts {
            for from in self.unfollowed(&origin, room)? {
                let known = questions
                    .iter()
                    .filter_map(|question| question.from.as_ref());
                let mut known = known.filter(|known| *known.origin() == origin);
                if !known.any(|known| known.head() == from.head()) {
                    questions.push(Question {
                        asked: origin.member.clone(),
                        origin: origin.clone(),
                        from: Some(from),
                        before: false,
                    });
                }
            }
        }
        Ok(questions)
    }

    /// Judges what came of a question.
    fn heard(
        &mut self,
        question: &Question,
        text: &str,
        path: Option<&[Hash]>,
    ) -> Result<(), Fault> {
        let Some((cosigned, newest)) = self.signed_head(text, &question.origin) else {
            return Ok(());
        };
        self.see_head(&newest)?;
        let Some(older) = &question.from else {
            return Ok(());
        };
        if question.before {
            let fork = self.heads.before(older, &newest, path.unwrap_or_default());
            return fork.map_or(Ok(()), |fork| self.found_evidence(&fork.to_bytes()));
        }
        match self.heads.join(older, &newest, path) {
            Joined::Yes => self.joined(older, &newest, &cosigned),
            Joined::Forked(fork) => self.found_evidence(&fork.to_bytes()),
            Joined::NotProven => {
                let seen = self.heads.of(&question.origin);
                let times = seen
                    .and_then(|seen| seen.unproven())
                    .map(|(_, times)| times);
                if times == Some(NOT_PROVEN_TIMES) {
                    tracing::error!(
                        target: "comity.engine",
                        event = "head-not-proven",
                        of = question.origin.member.as_str(),
                        size = older.head().size(),
                    );
                }
                Ok(())
            }
        }
    }

    /// A head that the log has signed; none if it has not.
    fn signed_head(
        &self,
        text: &str,
        origin: &Origin,
    ) -> Option<(UnverifiedCheckpoint, VerifiedCheckpoint)> {
        let cosigned = UnverifiedCheckpoint::parse(text.as_bytes()).ok()?;
        if cosigned.claimed().origin != *origin {
            return None;
        }
        let key = log_key(origin, &self.history, self.time())?;
        let newest = cosigned.verify(&key).ok()?;
        Some((cosigned, newest))
    }

    /// Takes a head into the memory, wherever it was seen.
    pub(crate) fn see_head(&mut self, head: &VerifiedCheckpoint) -> Result<(), Fault> {
        let fork = if *head.origin() == self.identity.origin {
            self.see_own(head)?
        } else {
            self.heads.see(head)
        };
        fork.map_or(Ok(()), |fork| self.found_evidence(&fork.to_bytes()))
    }

    /// Others show a head of the own log. What they have seen and this node does not have, another copy has signed: the
    /// thread ends before anything of the batch in hand is answered.
    fn see_own(&mut self, head: &VerifiedCheckpoint) -> Result<Option<Evidence>, Fault> {
        let (newest, size) = (self.store.head(), head.head().size());
        if size > newest.size() {
            tracing::error!(target: "comity.engine", event = "own-log-ahead", size, here = newest.size());
            // Should nobody be there to prove it when the node is started again, it is remembered here.
            self.store.outrun(head.to_string().as_bytes())?;
            return Err(behind_while_running(head.head(), &newest));
        }
        let mut tree = Tree::open(Tiles(&*self.store), &newest).map_err(unreadable)?;
        let own = tree.head_at(size).map_err(unreadable)?;
        let origin = self.identity.origin.clone();
        let own = Checkpoint { origin, head: own }.sign(&self.identity.log_key);
        Ok(Evidence::same_size(&own, head))
    }

    /// A head leads to a newer one. If that is cosigned as the charter wants, receipts that were under it are witnessed.
    fn joined(
        &mut self,
        older: &VerifiedCheckpoint,
        newest: &VerifiedCheckpoint,
        cosigned: &UnverifiedCheckpoint,
    ) -> Result<(), Fault> {
        let origin = newest.origin();
        let (witnesses, met) = quorum::judge(&self.history, cosigned, self.time());
        self.heads.witnessed(origin, met);
        if !met {
            return Ok(());
        }
        let mut under = Vec::new();
        for head in [older, newest] {
            let row = self.receipt_head(head.origin(), head.head().size(), head.head().root())?;
            let new = under.iter().all(|(size, _)| *size != head.head().size());
            if new && row.is_some_and(|row| row.followed.is_none()) {
                under.push((head.head().size(), *head.head().root()));
            }
        }
        if under.is_empty() {
            return Ok(());
        }
        let text = quorum::text_of(newest, cosigned, &witnesses);
        tracing::info!(
            target: "comity.engine",
            event = "receipts-witnessed",
            of = origin.member.as_str(),
            size = newest.head().size(),
        );
        let frame = Followed(text.into(), under, witnesses, self.time());
        self.push(None, frame.into())?;
        Ok(())
    }

    /// Heads of receipts that no cosigned head is known to have grown out of, the smallest first.
    fn unfollowed(&self, origin: &Origin, max: usize) -> Result<Vec<VerifiedCheckpoint>, Fault> {
        let prefix = tables::key(&[origin.to_string().as_bytes(), &[0]]);
        let mut heads = Vec::new();
        for (key, _) in self.views.scan(UNFOLLOWED, &prefix, None, max)? {
            let row: Option<ReceiptHead> = tables::get(&*self.views, RECEIPT_HEAD, &key)?;
            if let Some(row) = row {
                let text = self.sent_at(Position(row.at))?.2;
                heads.extend(self.signed_head(&text, origin).map(|(_, head)| head));
            }
        }
        Ok(heads)
    }

    /// What the journal knows of heads: the newest one that was followed, and those of receipts that were not.
    pub(crate) fn remember_heads(&mut self) -> Result<(), Fault> {
        let mut origins = Vec::new();
        for member in self
            .history
            .roster()
            .map(|roster| roster.members.iter())
            .into_iter()
            .flatten()
        {
            origins.extend(member.logs.iter().map(|log| log.origin.clone()));
        }
        for origin in origins {
            if let Some(at) = self.views.get(FOLLOWED, origin.to_string().as_bytes())? {
                let text = self.followed_at(Position(tables::last_number(&at)))?.0;
                if let Some((_, head)) = self.signed_head(&text, &origin) {
                    self.heads.begin(head);
                }
            }
            for head in self.unfollowed(&origin, LOOSE_HEADS_MAX)? {
                self.see_head(&head)?;
            }
        }
        Ok(())
    }

    // Evidence.

    /// What a member hears that hands over evidence: nothing if it was taken, else the code, and whether to try again.
    fn handed_here(
        &mut self,
        from: &MemberId,
        bytes: &[u8],
    ) -> Result<Option<(&'static str, bool)>, Fault> {
        if let Ok(RosterConflict(one, other)) = RosterConflict::decode(bytes) {
            // Whoever can judge them needs them, too.
            self.learn(&[], &[one.encode(), other.encode()])?;
        }
        Ok(match self.take_evidence(bytes, Some(from))? {
            Ok(()) => None,
            Err(why) => {
                tracing::warn!(target: "comity.engine", event = "evidence-refused", from = from.as_str(), code = why.code());
                Some(match why {
                    NotTaken::Full => (witness_code::BUSY, true),
                    NotTaken::Not(NotProven::UnknownLog) => (witness_code::UNKNOWN_ORIGIN, true),
                    NotTaken::Not(why) => (witness_code::NOT_EVIDENCE, why.may_pass_later()),
                })
            }
        })
    }

    /// Evidence that a member lacks. Two rosters that are too long for a message travel as rosters.
    fn handovers(&self) -> Result<Vec<Handover>, Fault> {
        let mut handovers = Vec::new();
        let Some(roster) = self.history.roster() else {
            return Ok(handovers);
        };
        for (hash, row) in self.evidence_rows()? {
            let members = roster.members.iter().map(|member| &member.id);
            let mut members: Vec<&MemberId> =
                members.filter(|id| self.may_lack(&row, id)).collect();
            if members.is_empty() {
                continue;
            }
            let bytes = self.evidence_at(&row)?;
            members.retain(|id| self.may_have(id, &bytes));
            if bytes.len() > WITNESS_EVIDENCE_BYTES_MAX {
                continue;
            }
            for to in members {
                if handovers.len() >= HANDOVERS_MAX {
                    return Ok(handovers);
                }
                handovers.push(Handover {
                    to: to.clone(),
                    hash,
                    bytes: bytes.clone(),
                });
            }
        }
        Ok(handovers)
    }

    // Receipts.

    /// A receipt that was just checked stands at an index at which another one stood before: two records at one place.
    pub(crate) fn see_receipt(&mut self, receipt: &Receipt, head: &str) -> Result<(), Fault> {
        let Some((_, head)) = UnverifiedCheckpoint::parse(head.as_bytes())
            .ok()
            .map(|head| head.claimed().origin.clone())
            .and_then(|origin| self.signed_head(head, &origin))
        else {
            return Ok(());
        };
        let key = receipt_at_key(head.origin(), receipt.leaf().index);
        let Some(at) = self.views.get(RECEIPT_AT, &key)? else {
            return Ok(());
        };
        let before = self.sent_at(Position(tables::last_number(&at)))?;
        let earlier = Receipt::read(&before.1)
            .map_err(|error| Fault::new("journal-edited", format!("a receipt: {error}")))?;
        if earlier.leaf_bytes() == receipt.leaf_bytes() {
            return Ok(());
        }
        let Some((_, older)) = self.signed_head(&before.2, head.origin()) else {
            return Ok(());
        };
        let proof = |receipt: &Receipt, head: &VerifiedCheckpoint| LeafProof {
            leaf: receipt.leaf_bytes().to_vec(),
            index: receipt.leaf().index,
            path: receipt.proof().path.clone(),
            checkpoint: head.to_unverified(),
        };
        let evidence = Evidence::TwoLeaves(proof(&earlier, &older), proof(receipt, &head));
        self.found_evidence(&evidence.to_bytes())
    }

    /// Notes the head and the place of a receipt.
    pub(crate) fn apply_receipt(&mut self, at: Position, sent: &Sent) -> Result<(), Fault> {
        let Ok(head) = UnverifiedCheckpoint::parse(sent.2.as_bytes()) else {
            return Ok(());
        };
        let Checkpoint { origin, head } = head.claimed();
        if self
            .receipt_head(origin, head.size(), head.root())?
            .is_none()
        {
            let row = ReceiptHead {
                at: at.0,
                followed: None,
            };
            let key = receipt_head_key(origin, head.size(), head.root());
            tables::put(&mut *self.views, RECEIPT_HEAD, &key, &row)?;
            self.views.put(UNFOLLOWED, &key, &[])?;
        }
        if let Ok(receipt) = Receipt::read(&sent.1) {
            let key = receipt_at_key(origin, receipt.leaf().index);
            if self.views.get(RECEIPT_AT, &key)?.is_none() {
                self.views.put(RECEIPT_AT, &key, &at.0.to_be_bytes())?;
            }
        }
        Ok(())
    }

    /// Notes that heads of receipts lead to one that others have cosigned.
    pub(crate) fn apply_followed(&mut self, at: Position, frame: &Followed) -> Result<(), Fault> {
        let Followed(text, under, ..) = frame;
        let Ok(head) = UnverifiedCheckpoint::parse(text.as_bytes()) else {
            return Ok(());
        };
        let origin = &head.claimed().origin;
        for (size, root) in under {
            if let Some(mut row) = self.receipt_head(origin, *size, root)? {
                row.followed = Some(at.0);
                let key = receipt_head_key(origin, *size, root);
                tables::put(&mut *self.views, RECEIPT_HEAD, &key, &row)?;
                self.views.delete(UNFOLLOWED, &key)?;
            }
        }
        let key = origin.to_string();
        self.views
            .put(FOLLOWED, key.as_bytes(), &at.0.to_be_bytes())
    }

    fn receipt_head(
        &self,
        origin: &Origin,
        size: u64,
        root: &Hash,
    ) -> Result<Option<ReceiptHead>, Fault> {
        tables::get(
            &*self.views,
            RECEIPT_HEAD,
            &receipt_head_key(origin, size, root),
        )
    }

    /// What a receipt rests on: the word of its log alone, or that of others as well.
    pub(crate) fn witness_shown(&self, sent: &Sent) -> Result<Option<WitnessShown>, Fault> {
        let Ok(head) = UnverifiedCheckpoint::parse(sent.2.as_bytes()) else {
            return Ok(None);
        };
        let Checkpoint { origin, head } = head.claimed();
        let row = self.receipt_head(origin, head.size(), head.root())?;
        let Some(at) = row.and_then(|row| row.followed) else {
            let can = quorum::is_possible(&self.history, origin);
            return Ok(Some(WitnessShown {
                standing: if can {
                    "provisional"
                } else {
                    "not-witnessable"
                }
                .to_owned(),
                by: Vec::new(),
                at: None,
                size: None,
            }));
        };
        let Followed(text, _, witnesses, _) = self.followed_at(Position(at))?;
        let size = UnverifiedCheckpoint::parse(text.as_bytes()).ok();
        Ok(Some(WitnessShown {
            standing: "witnessed".to_owned(),
            at: witnesses.iter().map(|(_, at)| *at).max(),
            by: witnesses
                .into_iter()
                .map(|(id, _)| id.to_string())
                .collect(),
            size: size.map(|head| head.claimed().head.size()),
        }))
    }

    fn sent_at(&self, at: Position) -> Result<Sent, Fault> {
        let stored = self.store.read(at)?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::Sent(frame) => Ok(frame),
            _ => Err(other_frame()),
        }
    }

    fn followed_at(&self, at: Position) -> Result<Followed, Fault> {
        let stored = self.store.read(at)?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::Followed(frame) => Ok(frame),
            _ => Err(other_frame()),
        }
    }

    /// What does not go together and is not proven: `[code, words]`.
    pub(crate) fn alarms_of_heads(&self) -> Vec<(&'static str, String)> {
        let mut alarms = Vec::new();
        for (origin, seen) in self.heads.iter() {
            if let Some((size, _)) = seen
                .unproven()
                .filter(|(_, times)| *times >= NOT_PROVEN_TIMES)
            {
                alarms.push((
                    "head-not-proven",
                    format!("The log {origin} does not show that it grew out of the {size} records that it signed. That is no proof of a fork, and not in order: ask {}.", origin.member),
                ));
            }
        }
        alarms
    }
}

/// Whoever asked may have gone; then nobody reads the answer.
fn told<T: Send + 'static>(reply: oneshot::Sender<T>, answer: T) -> Told {
    Box::new(move || {
        let _gone = reply.send(answer);
    })
}

fn receipt_head_key(origin: &Origin, size: u64, root: &Hash) -> Vec<u8> {
    let origin = origin.to_string();
    tables::key(&[
        origin.as_bytes(),
        &[0],
        &size.to_be_bytes(),
        root.as_bytes(),
    ])
}

fn receipt_at_key(origin: &Origin, index: u64) -> Vec<u8> {
    let origin = origin.to_string();
    tables::key(&[origin.as_bytes(), &[0], &index.to_be_bytes()])
}

fn other_frame() -> Fault {
    Fault::new("views-damaged", "a row names a frame of another kind")
}

/// A member and the time of its cosignature.
pub(crate) type Witness = (MemberId, TimeMs);
