//! A node that was restored from an older copy asks the other members for what it has lost, and takes it again.
//!
//! ```text
//! a log was closed by a restore -> every member -> pages -> verify (beside the thread)
//!    its statements   judged like any, where a receipt of the closed log stands in for time window and roster
//!    own statements   into the outbox: the recipient answers with the receipt that it gave before
//! -> one frame for each member that has given everything: it is asked once
//! ```

use comity_trust::key::Validity;
use comity_wire::exchange::{
    ExchangeReply, ExchangeResult, Offer, Redeliver, RedeliverReply, RedeliverRequest,
};
use comity_wire::ids::MemberId;
use comity_wire::leaf::Origin;
use comity_wire::registry::exchange_code;
use comity_wire::words::{Code, TimeMs};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::cases::Loaded;
use crate::core::{Command, Core};
use crate::frame::{Own, Redelivered};
use crate::inbound::Answered;
use crate::limits::{REDELIVERY_PAGES_MAX, RETRY_FIRST_MS, RETRY_MAX_MS};
use crate::node::Engine;
use crate::ports::{Fault, Protocol};
use crate::tables::{self, REDELIVERED};
use crate::verify::{Verified, verify};

/// A member that may have what is lost here.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    pub(crate) member: MemberId,
    /// The log that was closed.
    pub(crate) origin: Origin,
    /// The first of its records that are lost.
    pub(crate) from: u64,
}

/// What came back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameBack {
    /// Statements of the other member that are registered again.
    pub statements: u64,
    /// Own statements that are in the outbox again.
    pub own: u64,
    /// What could not be taken.
    pub not_taken: u64,
    /// Lost records about the member of which it gave the receipt back.
    #[serde(default)]
    pub numbers: u64,
    /// One more than the highest number that these receipts name; 0: there are none.
    #[serde(default)]
    pub next_number: u64,
}

impl CameBack {
    fn add(&mut self, more: Self) {
        self.statements = self.statements.saturating_add(more.statements);
        self.own = self.own.saturating_add(more.own);
        self.not_taken = self.not_taken.saturating_add(more.not_taken);
        self.numbers = self.numbers.saturating_add(more.numbers);
        self.next_number = self.next_number.max(more.next_number);
    }
}

impl Core {
    /// Who has not given back yet what it has.
    pub(crate) fn lost(&self) -> Result<Vec<Lost>, Fault> {
        let Some(closed) = self.restored_from() else {
            return Ok(Vec::new());
        };
        let mut lost = Vec::new();
        for member in self
            .history
            .roster()
            .iter()
            .flat_map(|roster| &roster.members)
        {
            let key = redelivered_key(closed.origin.n, &member.id);
            if member.id != self.me && self.views.get(REDELIVERED, &key)?.is_none() {
                lost.push(Lost {
                    member: member.id.clone(),
                    origin: closed.origin.clone(),
                    from: closed.head.size(),
                });
            }
        }
        Ok(lost)
    }

    /// Takes a page of what a member gives back.
    pub(crate) fn take_back(
        &mut self,
        peer: &MemberId,
        rows: Vec<Verified>,
    ) -> Result<CameBack, Fault> {
        let mut back = CameBack::default();
        for row in rows {
            self.make_room()?;
            self.count_number(&mut back, peer, row.offer.earlier.as_ref());
            let known = match &row.verdict {
                Ok(signed) => self.statement_row(signed.id())?.is_some(),
                Err(_) => false,
            };
            if known {
                continue;
            }
            let own = row
                .verdict
                .as_ref()
                .is_ok_and(|signed| *signed.issuer() == self.me);
            if own {
                let taken = u64::from(self.take_own_back(peer, row)?);
                back.own = back.own.saturating_add(taken);
                back.not_taken = back.not_taken.saturating_add(1 - taken);
                continue;
            }
            match self.offer(peer, row)? {
                Answered::Registered(..) => back.statements = back.statements.saturating_add(1),
                _ => back.not_taken = back.not_taken.saturating_add(1),
            }
        }
        Ok(back)
    }

    /// An own statement that is registered at `peer` and was lost here. It goes into the outbox, so that the receipt
    /// that was given for it comes again.
    fn take_own_back(&mut self, peer: &MemberId, row: Verified) -> Result<bool, Fault> {
        let Verified { offer, verdict } = row;
        let Ok(signed) = verdict else {
            return Ok(false);
        };
        let key = *signed.key();
        let Ok(statement) = signed.open() else {
            return Ok(false);
        };
        let now = self.time();
        let kid = comity_wire::ids::Kid::of(&key);
        let listed = self.history.statement_key(&self.me, &kid);
        let valid = listed
            .is_some_and(|known| known.validity(statement.issued_at(), now) == Validity::Valid);
        if !valid || statement.payload().to != *peer {
            return Ok(false);
        }
        let case = *statement.case();
        let mut loaded = match self.load(&case)? {
            Some(loaded) => loaded,
            None if statement.kind().opens() => Loaded::new(
                comity_trust::authorise::Parties {
                    opener: self.me.clone(),
                    recipient: peer.clone(),
                },
                &self.me,
            ),
            // What it belongs to did not come back.
            None => return Ok(false),
        };
        loaded.wait_for(&statement);
        self.keep(case, loaded);
        let frame = Own(offer.bytes, key, offer.evidence, now, None, None);
        self.push(Some(*case.as_bytes()), frame.into())?;
        self.signals
            .outbox
            .send_modify(|times| *times = times.wrapping_add(1));
        Ok(true)
    }

    /// A member has given everything that it has, or said that it gives nothing.
    pub(crate) fn came_back(
        &mut self,
        lost: &Lost,
        back: CameBack,
        refused: Option<Code>,
    ) -> Result<(), Fault> {
        let from = lost.member.as_str();
        match &refused {
            Some(code) => tracing::warn!(
                target: "comity.engine",
                event = "redelivery-refused",
                from,
                code = code.as_str(),
            ),
            None => tracing::info!(
                target: "comity.engine",
                event = "redelivered",
                from,
                statements = back.statements,
                own = back.own,
                not_taken = back.not_taken,
            ),
        }
        let (number, now) = (lost.origin.n, self.time());
        let frame = Redelivered(number, lost.member.clone(), back, refused, now);
        self.push(None, frame.into()).map(drop)
    }

    /// Writes what a member has given back into the views.
    pub(crate) fn apply_redelivered(&mut self, frame: &Redelivered) -> Result<(), Fault> {
        let key = redelivered_key(frame.0, &frame.1);
        tables::put(&mut *self.views, REDELIVERED, &key, frame)
    }
}

pub(crate) fn redelivered_key(number: u32, member: &MemberId) -> Vec<u8> {
    tables::key(&[&number.to_be_bytes(), member.as_str().as_bytes()])
}

impl Engine {
    /// Asks every member for what is lost, until each has answered. A node that lost nothing waits for ever.
    pub(crate) async fn recover(self) {
        let mut wait_ms = RETRY_FIRST_MS;
        loop {
            let (reply, lost) = oneshot::channel();
            if self.send(Command::Lost { reply }).await.is_err() {
                return;
            }
            // Without an answer the disk is nearly full: what comes back has no room.
            let lost = lost.await.ok();
            if lost.as_ref().is_some_and(Vec::is_empty) {
                std::future::pending::<()>().await;
            }
            let mut asked = JoinSet::new();
            for one in lost.into_iter().flatten() {
                let engine = self.clone();
                asked.spawn(async move {
                    let member = one.member.clone();
                    (member, engine.ask_back(one).await)
                });
            }
            while let Some(ended) = asked.join_next().await {
                if let Ok((member, Err(fault))) = ended {
                    tracing::info!(
                        target: "comity.engine",
                        event = "redelivery-waits",
                        from = member.as_str(),
                        code = fault.code,
                    );
                }
            }
            self.wait_until(self.clock.now_ms().saturating_add(wait_ms))
                .await;
            wait_ms = wait_ms.saturating_mul(2).min(RETRY_MAX_MS);
        }
    }

    async fn wait_until(&self, at: TimeMs) {
        while self.clock.now_ms() < at {
            self.clock.until(at).await;
        }
    }

    /// Everything that one member gives back.
    async fn ask_back(&self, lost: Lost) -> Result<(), Fault> {
        let mut from = lost.from;
        let mut back = CameBack::default();
        let mut refused = None;
        for _ in 0..REDELIVERY_PAGES_MAX {
            let request = RedeliverRequest(Redeliver::Redeliver, lost.origin.clone(), from);
            let reply = self
                .ask(&lost.member, Protocol::Exchange, request.encode())
                .await?;
            let Ok(RedeliverReply(_, rows, next)) = RedeliverReply::decode(&reply) else {
                refused = Some(self.refusal_in(&lost.member, &reply).await?);
                break;
            };
            back.add(self.page_back(&lost, rows).await?);
            match next {
                Some(next) if next > from => from = next,
                Some(_) => return Err(does_not_advance()),
                None => break,
            }
        }
        let (reply, done) = oneshot::channel();
        let ended = Command::CameBack {
            lost,
            back,
            refused,
            reply,
        };
        self.tell(ended, done).await
    }

    async fn page_back(
        &self,
        lost: &Lost,
        rows: Vec<(
            serde_bytes::ByteBuf,
            Option<comity_wire::receipt::WireReceipt>,
        )>,
    ) -> Result<CameBack, Fault> {
        let (history, known) = (self.history(), self.extensions());
        let verified = tokio::task::spawn_blocking(move || {
            rows.into_iter()
                .map(|(bytes, receipt)| verify(Offer(bytes, receipt, Vec::new()), &history, known))
                .collect()
        });
        let rows = verified
            .await
            .map_err(|error| Fault::new("no-thread", error.to_string()))?;
        let (reply, back) = oneshot::channel();
        let command = Command::TakeBack {
            peer: lost.member.clone(),
            rows,
            reply,
        };
        self.tell(command, back).await
    }

    /// Why a member gives nothing back; a fault if it may later.
    async fn refusal_in(&self, member: &MemberId, reply: &[u8]) -> Result<Code, Fault> {
        let unreadable = || Fault::new("bad-reply", "not an answer to a redelivery");
        let ExchangeReply(theirs, _, results) =
            ExchangeReply::decode(reply, 1).map_err(|_| unreadable())?;
        let Some(ExchangeResult::Turned(code, _)) = results.into_iter().next() else {
            return Err(unreadable());
        };
        if code.as_str() == exchange_code::BAD_EXCHANGE {
            // It does not know the request, so it will never give anything.
            return Ok(code);
        }
        // Most likely it does not have the roster yet that closes the log.
        self.tell_roster(member, theirs.0).await;
        Err(Fault::new(
            "redelivery-turned-away",
            format!("the member answered `{code}`"),
        ))
    }

    /// Sends a command and waits for its answer.
    async fn tell<T>(&self, command: Command, answer: oneshot::Receiver<T>) -> Result<T, Fault> {
        let stopped = || Fault::new("stopping", "the node is stopping");
        self.send(command).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())
    }
}

fn does_not_advance() -> Fault {
    Fault::new("page-does-not-advance", "the same place is named again")
}
