//! First and last stage of what comes in: an exchange request, and the reply to it.
//!
//! ```text
//! request -> offers -> verify (beside the thread) -> known? -> authorise -> record -> [commit] -> receipt -> reply
//! ```
//! What a member validly signed gets a receipt or a signed refusal. What nobody can be held to gets an unsigned code
//! and a counter: a log must not be floodable.

use comity_case::{Arrival, Entry as FoldEntry};
use comity_wire::exchange::{ExchangeReply, ExchangeResult};
use comity_wire::ids::{Hash, Kid, MemberId, PublicKey};
use comity_wire::limits::EXCHANGE_REPLY_BYTES_MAX;
use comity_wire::refusal::{Refusal, Refused as RefusedContent};
use comity_wire::registry::{Check, exchange_code, record_kind};
use comity_wire::statement::{Rejection, Statement};
use comity_wire::words::{Code, DurationMs, TimeMs};
use serde_bytes::ByteBuf;

use crate::cases::Loaded;
use crate::core::Core;
use crate::frame::{Frame, Received, Refused};
use crate::limits::{BUSY_RETRY_MS, DAY_MS, REFUSALS_PER_DAY_MAX};
use crate::ports::{Fault, Position};
use crate::record::{Entry, code, facts_of, no_facts};
use crate::tables::{REFUSED, number_at};
use crate::verify::{Opened, Signed, Verified};

/// What becomes of one offer.
#[derive(Debug)]
pub(crate) enum Answered {
    /// Registered: the number of the log, and the index of its record.
    Registered(u32, u64),
    /// Refused, signed.
    Refused(ByteBuf),
    /// Nobody can be held to it.
    Turned(&'static str, Option<DurationMs>),
}

impl Core {
    /// Judges and records a batch of offers from a node of `peer`.
    pub(crate) fn exchange(
        &mut self,
        peer: &MemberId,
        offers: Vec<Verified>,
    ) -> Result<Vec<Answered>, Fault> {
        offers
            .into_iter()
            .map(|verified| {
                let answered = self.offer(peer, verified)?;
                if let Answered::Turned(code, _) = &answered {
                    // Counted only: whoever sends such things could fill a log with them.
                    tracing::debug!(
                        target: "comity.engine",
                        event = "statement-turned-away",
                        from = peer.as_str(),
                        code,
                    );
                }
                Ok(answered)
            })
            .collect()
    }

    pub(crate) fn offer(&mut self, peer: &MemberId, verified: Verified) -> Result<Answered, Fault> {
        self.make_room()?;
        let Verified { offer, verdict } = verified;
        let signed = match verdict {
            Ok(signed) => signed,
            Err(rejection) => return Ok(turned(rejection.check)),
        };
        if signed.issuer() != peer {
            // A receipt is for the issuer's own nodes; somebody else's statement travels as evidence.
            return Ok(turned(Check::Key));
        }
        if let Some(row) = self.statement_row(signed.id())? {
            let index = row.index.filter(|_| !row.own);
            return Ok(match index {
                Some(index) => Answered::Registered(row.log, index),
                None => turned(Check::Recipient),
            });
        }
        if let Some(at) = self.views.get(REFUSED, signed.id().as_bytes())? {
            return self.refusal_again(&at);
        }
        let (id, key) = (*signed.id(), *signed.key());
        match self.judge(signed, &offer)? {
            Ok(statement) => self.register(&statement, key, offer),
            Err(rejection) => self.refuse(peer, id, &key, &rejection),
        }
    }

    fn judge(
        &mut self,
        signed: Signed,
        offer: &Opened,
    ) -> Result<Result<Statement, Rejection>, Fault> {
        let statement = match signed.open() {
            Ok(statement) => statement,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let judged = self.authorise(statement, offer)?;
        Ok(judged.map(comity_trust::authorise::Authorised::into_statement))
    }

    /// Records a statement that may be acted on, and folds it.
    fn register(
        &mut self,
        statement: &Statement,
        key: PublicKey,
        offer: Opened,
    ) -> Result<Answered, Fault> {
        let case = *statement.case();
        let mut loaded = match self.load(&case)? {
            Some(loaded) => loaded,
            None => Loaded::new(
                comity_trust::authorise::Parties {
                    opener: statement.issuer().clone(),
                    recipient: statement.payload().to.clone(),
                },
                &self.me,
            ),
        };
        let arrival = loaded
            .case
            .insert(FoldEntry::of(statement, &loaded.parties.opener));
        self.keep(case, loaded);
        if arrival == Arrival::Full {
            return Ok(Answered::Turned(exchange_code::BUSY, Some(BUSY_RETRY_MS)));
        }
        let facts = facts_of(statement, None)?;
        let entry = Entry {
            facts: Some(facts),
            ..Entry::inward(record_kind::RECEIVED, statement)
        };
        let (index, time) = self.record(entry)?;
        let named = statement.payload().evidence.as_ref();
        let evidence: Vec<ByteBuf> = offer
            .evidence
            .into_iter()
            .filter(|object| named.is_some_and(|named| named.find(&&Hash::of(object)).is_some()))
            .collect();
        let frame = Received(offer.bytes, key, evidence, time, index);
        self.push(Some(*case.as_bytes()), frame.into())?;
        tracing::info!(
            target: "comity.engine",
            event = "statement-received",
            statement = %statement.id(),
            case = %case,
            kind = statement.kind().as_str(),
            from = statement.issuer().as_str(),
            index,
        );
        self.react(case, arrival)?;
        Ok(Answered::Registered(self.identity.origin.n, index))
    }

    /// Signs a refusal; a final one is recorded, and repeated as it is.
    fn refuse(
        &mut self,
        peer: &MemberId,
        id: Hash,
        key: &PublicKey,
        rejection: &Rejection,
    ) -> Result<Answered, Fault> {
        let check = rejection.check;
        if !check.is_signed() {
            return Ok(turned(check));
        }
        if !self.within_quota(peer) {
            return Ok(Answered::Turned(exchange_code::OVER_QUOTA, Some(DAY_MS)));
        }
        tracing::info!(
            target: "comity.engine",
            event = "statement-refused",
            statement = %id,
            from = peer.as_str(),
            code = check.code(),
        );
        let refused = RefusedContent {
            of: id,
            to: peer.clone(),
            code: code(check.code())?,
            roster: self.roster_ref(),
            retry_after: None,
        };
        let bytes = ByteBuf::from(Refusal::sign(&self.identity.statement_key, &refused));
        if !check.may_pass_later() {
            let (index, time) = self.record_refusal(peer, id, refused.code)?;
            self.push(
                None,
                Refused(id, bytes.clone(), peer.clone(), time, index).into(),
            )?;
        } else if check == Check::Roster && self.has_ended(peer, key) && !self.is_noted(id) {
            // It may be tried again and is judged again; but whoever audits hears of it.
            self.record_refusal(peer, id, refused.code)?;
        }
        Ok(Answered::Refused(bytes))
    }

    fn record_refusal(
        &mut self,
        peer: &MemberId,
        id: Hash,
        code: Code,
    ) -> Result<(u64, TimeMs), Fault> {
        let mut facts = no_facts()?;
        facts.code = Some(code);
        self.record(Entry {
            kind: record_kind::REFUSED,
            statement: Some(id),
            counterpart: Some(peer.clone()),
            direction: Some(comity_wire::registry::direction::IN),
            facts: Some(facts),
            ..Entry::default()
        })
    }

    /// Whether the roster says that a statement key of the member has ended.
    fn has_ended(&self, member: &MemberId, key: &PublicKey) -> bool {
        let known = self.history.statement_key(member, &Kid::of(key));
        known.is_some_and(|known| known.listed.ended.is_some())
    }

    /// Whether the refusal of this statement was recorded not long ago. Notes it.
    fn is_noted(&mut self, id: Hash) -> bool {
        self.noted_refusals.put(id, ()).is_some()
    }

    fn refusal_again(&self, at: &[u8]) -> Result<Answered, Fault> {
        let stored = self
            .store
            .read(Position(number_at(at, 0).unwrap_or_default()))?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::Refused(refused) => Ok(Answered::Refused(refused.1)),
            _ => Err(Fault::new(
                "views-damaged",
                "a row names a frame that is no refusal",
            )),
        }
    }

    fn within_quota(&mut self, peer: &MemberId) -> bool {
        let today = self.time() / DAY_MS;
        let (day, given) = self.refusals.entry(peer.clone()).or_insert((today, 0));
        if *day != today {
            (*day, *given) = (today, 0);
        }
        *given = given.saturating_add(1);
        *given <= REFUSALS_PER_DAY_MAX
    }

    /// The reply, once everything is durable: receipts under the head of now.
    pub(crate) fn reply(&mut self, answers: Vec<Answered>) -> Result<Vec<u8>, Fault> {
        let number = self.log_of_reply(&answers);
        let indexes: Vec<u64> = answers
            .iter()
            .filter_map(|answer| match answer {
                Answered::Registered(log, index) if *log == number => Some(*index),
                _ => None,
            })
            .collect();
        let (receipts, checkpoint) = match self.log_here(number) {
            Some(log) if number != self.identity.origin.n => {
                (self.receipts(&log, &indexes)?, log.checkpoint().to_string())
            }
            Some(log) => (
                self.receipts(&log, &indexes)?,
                self.checkpoint().to_string(),
            ),
            None => {
                tracing::error!(target: "comity.engine", event = "log-key-missing", log = number);
                (Vec::new(), self.checkpoint().to_string())
            }
        };
        let mut receipts = receipts.into_iter();
        let mut bytes_left = EXCHANGE_REPLY_BYTES_MAX.saturating_sub(REPLY_FRAMING_BYTES);
        let mut results = Vec::with_capacity(answers.len());
        for answer in answers {
            let result = match answer {
                // One signed head goes with a reply: receipts of another log are asked for again.
                Answered::Registered(log, _) if log != number => busy()?,
                Answered::Registered(..) => match receipts.next() {
                    Some(receipt) => ExchangeResult::Registered(receipt.wire().clone()),
                    None => busy()?,
                },
                Answered::Refused(bytes) => ExchangeResult::Refused(bytes),
                Answered::Turned(why, retry) => ExchangeResult::Turned(code(why)?, retry),
            };
            let size = size_of(&result);
            // What no longer fits is asked for again; the statement is registered all the same.
            let fits = size <= bytes_left;
            bytes_left = bytes_left.saturating_sub(if fits { size } else { BUSY_BYTES });
            results.push(if fits { result } else { busy()? });
        }
        let roster = self.roster_ref();
        Ok(ExchangeReply(roster, Some(checkpoint.into()), results).encode())
    }

    /// The log whose receipts a reply has: the one that is written, or else the first of the older ones that are named.
    fn log_of_reply(&self, answers: &[Answered]) -> u32 {
        let open = self.identity.origin.n;
        let named = answers.iter().filter_map(|answer| match answer {
            Answered::Registered(log, _) => Some(*log),
            _ => None,
        });
        let mut older = None;
        for log in named {
            if log == open {
                return open;
            }
            older = older.or(Some(log));
        }
        older.unwrap_or(open)
    }
}

fn turned(check: Check) -> Answered {
    Answered::Turned(check.code(), None)
}

/// The whole request could not be read: one code for all of it.
pub(crate) fn unreadable(roster: comity_wire::leaf::RosterRef, why: &str) -> Vec<u8> {
    let turned = Code::new(why).map(|why| ExchangeResult::Turned(why, None));
    ExchangeReply(roster, None, turned.into_iter().collect()).encode()
}

fn busy() -> Result<ExchangeResult, Fault> {
    Ok(ExchangeResult::Turned(
        code(exchange_code::BUSY)?,
        Some(BUSY_RETRY_MS),
    ))
}

/// In bytes. Roster, checkpoint and the heads of the arrays.
const REPLY_FRAMING_BYTES: usize = 4_096;

/// In bytes. A result that says `busy`.
const BUSY_BYTES: usize = 32;

fn size_of(result: &ExchangeResult) -> usize {
    match result {
        ExchangeResult::Registered(receipt) => receipt.0.len() + receipt.1.len() + 16,
        ExchangeResult::Refused(bytes) => bytes.len() + 16,
        ExchangeResult::Turned(..) => 96,
    }
}

/// The thread has no room: every statement is to be offered again.
pub(crate) fn all_busy(roster: comity_wire::leaf::RosterRef, statements: usize) -> Vec<u8> {
    let busy = busy().into_iter().cycle().take(statements).collect();
    ExchangeReply(roster, None, busy).encode()
}
