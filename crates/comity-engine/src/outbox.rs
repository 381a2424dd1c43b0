//! What goes out. One scheduler owns all retries; a connection makes nobody due.
//!
//! ```text
//! signed -> outbox -> due -> `offered` recorded, once -> [commit] -> delivery -> receipt checked -> `sent` recorded
//!                      ^                                            |
//!                      +------ back-off with jitter, persisted -----+--> refused for good, or expired: both are shown
//! ```
//! When a member cannot be reached, one gate closes for all that waits for it, so that it is not hammered by many
//! statements at once. What a member answers about one statement is about that statement only.

use comity_case::Entry as FoldEntry;
use comity_trust::key::Validity;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, ExchangeResult, Offer};
use comity_wire::ids::{MemberId, StatementId};
use comity_wire::refusal::Refusal;
use comity_wire::registry::{Check, delivery_code, record_kind};
use comity_wire::words::{Code, DurationMs, TimeMs};
use serde_bytes::ByteBuf;

use crate::cases::Kept;
use crate::core::Core;
use crate::frame::{GaveUp, Offered, Sent, Tried, TurnedDown, Unreached};
use crate::limits::{
    DELIVERY_BYTES_MAX, DELIVERY_STATEMENTS_MAX, FLIGHTS_MAX, FLIGHTS_PER_MEMBER_MAX,
    PAGE_ROWS_MAX, RETRY_FIRST_MS, RETRY_MAX_MS,
};
use crate::ports::{Fault, Peer, Position};
use crate::random;
use crate::receipt::{self, Believed};
use crate::record::{Entry, code, facts_of, no_facts};
use crate::rosters::nodes_of;
use crate::tables::{self, DUE, GATE, Gate, OUTBOX, OutboxEntry, PARKED};

/// What is to be delivered now, and when to ask again.
#[derive(Debug, Default)]
pub(crate) struct Due {
    pub(crate) flights: Vec<Flight>,
    /// When something becomes due next.
    pub(crate) next: Option<TimeMs>,
}

/// One delivery. `Debug` hides the request.
pub(crate) struct Flight {
    pub(crate) to: MemberId,
    pub(crate) nodes: Vec<Peer>,
    pub(crate) ids: Vec<StatementId>,
    pub(crate) request: Vec<u8>,
}

impl std::fmt::Debug for Flight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Flight({} statements to {})", self.ids.len(), self.to)
    }
}

/// What became of a delivery.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) to: MemberId,
    pub(crate) ids: Vec<StatementId>,
    pub(crate) reply: Result<ExchangeReply, Fault>,
}

impl Core {
    /// Everything that is due, in deliveries; their first attempts are recorded. Nothing is sent before the commit.
    pub(crate) fn due(&mut self) -> Result<Due, Fault> {
        let now = self.time();
        self.refuse_what_waited_too_long(now)?;
        let mut due = Due::default();
        for member in self.waiting_members()? {
            let gate: Option<Gate> = tables::get(&*self.views, GATE, member.as_str().as_bytes())?;
            let open_at = gate.filter(|gate| gate.attempts > 0).map(|gate| gate.due);
            if let Some(open_at) = open_at.filter(|open_at| *open_at > now) {
                due.next = Some(due.next.map_or(open_at, |next| next.min(open_at)));
                self.expire_waiting(&member, now)?;
                continue;
            }
            // One probe is enough until the member has been reached again.
            let flights_max = if open_at.is_some() {
                1
            } else {
                FLIGHTS_PER_MEMBER_MAX
            };
            while due.flights.len() < FLIGHTS_MAX
                && self.flights.get(&member).copied().unwrap_or(0) < flights_max
            {
                let Some(flight) = self.flight(&member, now)? else {
                    break;
                };
                *self.flights.entry(member.clone()).or_insert(0) += 1;
                due.flights.push(flight);
            }
            if let Some(at) = self.next_due(&member, now)? {
                due.next = Some(due.next.map_or(at, |next| next.min(at)));
            }
        }
        Ok(due)
    }

    /// Members for which something waits. The key of a row begins with the member.
    fn waiting_members(&self) -> Result<Vec<MemberId>, Fault> {
        let mut members = Vec::new();
        let mut from: Option<Vec<u8>> = None;
        while let Some((row, _)) = self
            .views
            .scan(DUE, &[], from.as_deref(), 1)?
            .into_iter()
            .next()
        {
            let name: Vec<u8> = row.iter().copied().take_while(|byte| *byte != 0).collect();
            let member = std::str::from_utf8(&name).ok().and_then(MemberId::new);
            members.push(member.ok_or_else(|| Fault::new("views-damaged", "not a member id"))?);
            from = Some([name.as_slice(), &[1]].concat());
        }
        Ok(members)
    }

    fn next_due(&self, member: &MemberId, now: TimeMs) -> Result<Option<TimeMs>, Fault> {
        let prefix = [member.as_str().as_bytes(), &[0]].concat();
        let after = [prefix.as_slice(), &now.saturating_add(1).to_be_bytes()].concat();
        let rows = self.views.scan(DUE, &prefix, Some(&after), 1)?;
        Ok(rows
            .first()
            .and_then(|(row, _)| tables::number_at(row, prefix.len())))
    }

    /// The next delivery to a member.
    fn flight(&mut self, member: &MemberId, now: TimeMs) -> Result<Option<Flight>, Fault> {
        if self.history.member(member).is_none() {
            // Who has left may come back while the statement is still young enough; until then nobody is asked.
            self.expire_waiting(member, now)?;
            return Ok(None);
        }
        let mut flight = Flight {
            to: member.clone(),
            nodes: nodes_of(&self.history, member),
            ids: Vec::new(),
            request: Vec::new(),
        };
        let mut offers = Vec::new();
        let mut bytes = 0_usize;
        for id in self.due_ids(member, now)? {
            self.make_room()?;
            let Some(entry) = self.outbox_entry(&id)? else {
                continue;
            };
            if entry.expires <= now {
                self.give_up(&id, delivery_code::EXPIRED)?;
                continue;
            }
            let Some(kept) = self.kept_of(&id)? else {
                continue;
            };
            if self.builds_on_refused(&kept)? {
                self.give_up(&id, delivery_code::RE_REFUSED)?;
                continue;
            }
            let evidence: usize = kept.evidence.iter().map(|object| object.len()).sum();
            bytes = bytes
                .saturating_add(kept.statement.bytes().len())
                .saturating_add(evidence);
            if bytes > DELIVERY_BYTES_MAX && !offers.is_empty() {
                break;
            }
            if !entry.offered {
                self.offer_first(&kept)?;
            }
            self.in_flight.insert(id);
            flight.ids.push(id);
            offers.push(Offer(
                ByteBuf::from(kept.statement.bytes()),
                None,
                kept.evidence,
            ));
        }
        if offers.is_empty() {
            return Ok(None);
        }
        flight.request = ExchangeRequest(self.roster_ref(), offers).encode();
        Ok(Some(flight))
    }

    /// What is due for a member and not on its way, oldest first.
    fn due_ids(&self, member: &MemberId, now: TimeMs) -> Result<Vec<StatementId>, Fault> {
        let prefix = [member.as_str().as_bytes(), &[0]].concat();
        let mut ids = Vec::new();
        let mut from: Option<Vec<u8>> = None;
        loop {
            let rows = self
                .views
                .scan(DUE, &prefix, from.as_deref(), PAGE_ROWS_MAX)?;
            for (row, id) in &rows {
                let due = tables::number_at(row, prefix.len()).unwrap_or(TimeMs::MAX);
                let id = tables::hash_of(id)?;
                if due > now || ids.len() >= DELIVERY_STATEMENTS_MAX {
                    return Ok(ids);
                }
                if !self.in_flight.contains(&id) {
                    ids.push(id);
                }
            }
            match rows.last() {
                Some((last, _)) if rows.len() == PAGE_ROWS_MAX => {
                    from = Some([last.as_slice(), &[0]].concat());
                }
                _ => return Ok(ids),
            }
        }
    }

    fn offer_first(&mut self, kept: &Kept) -> Result<(), Fault> {
        let facts = facts_of(&kept.statement, self.parent_of(kept)?)?;
        let entry = Entry {
            facts: Some(facts),
            ..Entry::outward(record_kind::OFFERED, &kept.statement)
        };
        let (index, time) = self.record(entry)?;
        self.push(None, Offered(*kept.statement.id(), time, index).into())?;
        Ok(())
    }

    /// A statement that names what the recipient has refused for good would never be folded there.
    fn builds_on_refused(&self, kept: &Kept) -> Result<bool, Fault> {
        for id in &kept.statement.payload().re {
            let row = self.statement_row(id)?;
            let ended = |row: tables::StatementRow| {
                matches!(
                    row.standing,
                    tables::Standing::Refused | tables::Standing::Expired
                )
            };
            if row.is_some_and(ended) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes in what a delivery brought back.
    pub(crate) fn delivered(&mut self, delivered: Delivered) -> Result<(), Fault> {
        self.landed(&delivered);
        let Delivered { to, ids, reply } = delivered;
        let now = self.time();
        let ExchangeReply(_, checkpoint, results) = match reply {
            Ok(reply) => reply,
            Err(fault) => return self.unreached(&to, &fault, now),
        };
        self.reached(&to)?;
        let head = receipt::head_of(checkpoint.as_deref(), &to, &self.history, now);
        if let Some(head) = &head {
            self.see_head(head)?;
        }
        for (id, result) in ids.iter().zip(results) {
            self.make_room()?;
            if self.outbox_entry(id)?.is_none() {
                continue;
            }
            match result {
                ExchangeResult::Registered(wire) => {
                    let checked =
                        receipt::check(&wire, id, &self.me, head.as_ref(), &self.history, now);
                    match checked {
                        Ok(believed) => self.sent(id, &believed, checkpoint.as_deref())?,
                        Err(why) => self.disbelieve(id, &to, why.code())?,
                    }
                }
                ExchangeResult::Refused(bytes) => self.refused(id, &to, &bytes)?,
                ExchangeResult::Turned(why, retry_after) => self.tried(id, why, retry_after)?,
            }
        }
        Ok(())
    }

    /// A delivery has ended, whatever came of it.
    pub(crate) fn landed(&mut self, delivered: &Delivered) {
        for id in &delivered.ids {
            self.in_flight.remove(id);
        }
        if let Some(flights) = self.flights.get_mut(&delivered.to) {
            *flights = flights.saturating_sub(1);
        }
    }

    /// The recipient has it.
    fn sent(
        &mut self,
        id: &StatementId,
        believed: &Believed,
        checkpoint: Option<&str>,
    ) -> Result<(), Fault> {
        let Some(kept) = self.kept_of(id)? else {
            return Ok(());
        };
        self.see_receipt(&believed.receipt, checkpoint.unwrap_or_default())?;
        let mut facts = no_facts()?;
        facts.receipt = Some(believed.leaf_hash);
        let entry = Entry {
            facts: Some(facts),
            ..Entry::outward(record_kind::SENT, &kept.statement)
        };
        let (index, time) = self.record(entry)?;
        let receipt = ByteBuf::from(believed.receipt.encode());
        let head = checkpoint.unwrap_or_default().into();
        let frame = Sent(*id, receipt, head, time, believed.registered_at, index);
        self.push(None, frame.into())?;
        tracing::info!(
            target: "comity.engine",
            event = "statement-delivered",
            statement = %id,
            case = %kept.statement.case(),
            kind = kept.statement.kind().as_str(),
            to = kept.statement.payload().to.as_str(),
        );
        let case = *kept.statement.case();
        if let Some(mut loaded) = self.load(&case)? {
            loaded.waiting.retain(|(waiting, _)| waiting != id);
            let entry = FoldEntry::of(&kept.statement, &loaded.parties.opener);
            let arrival = loaded.case.insert(entry);
            self.keep(case, loaded);
            self.react(case, arrival)?;
        }
        Ok(())
    }

    /// A receipt that does not prove what it should. It is recorded, and the statement is offered again.
    fn disbelieve(
        &mut self,
        id: &StatementId,
        to: &MemberId,
        why: &'static str,
    ) -> Result<(), Fault> {
        tracing::warn!(
            target: "comity.engine",
            event = "receipt-refused",
            statement = %id,
            from = to.as_str(),
            code = why,
        );
        let mut facts = no_facts()?;
        facts.code = Some(code(why)?);
        let entry = Entry {
            kind: record_kind::REFUSED,
            statement: Some(*id),
            counterpart: Some(to.clone()),
            direction: Some(comity_wire::registry::direction::OUT),
            facts: Some(facts),
            ..Entry::default()
        };
        self.record(entry)?;
        self.tried(id, code(why)?, None)
    }

    /// The recipient signed that it does not register it.
    fn refused(&mut self, id: &StatementId, to: &MemberId, bytes: &[u8]) -> Result<(), Fault> {
        let Some((why, retry_after)) = self.reason_of(id, to, bytes) else {
            return self.disbelieve(id, to, delivery_code::REFUSAL_NOT_SIGNED);
        };
        let check = Check::ALL
            .into_iter()
            .find(|check| check.code() == why.as_str());
        if check.is_none_or(Check::may_pass_later) {
            return self.tried(id, why, retry_after);
        }
        let Some(kept) = self.kept_of(id)? else {
            return Ok(());
        };
        tracing::warn!(
            target: "comity.engine",
            event = "statement-turned-down",
            statement = %id,
            case = %kept.statement.case(),
            kind = kept.statement.kind().as_str(),
            to = to.as_str(),
            code = why.as_str(),
        );
        let mut facts = no_facts()?;
        facts.code = Some(why.clone());
        let entry = Entry {
            facts: Some(facts),
            ..Entry::outward(record_kind::REFUSED, &kept.statement)
        };
        let (index, time) = self.record(entry)?;
        let frame = TurnedDown(*id, ByteBuf::from(bytes), why, time, index);
        self.push(None, frame.into())?;
        self.forget_waiting(&kept)
    }

    /// The code of a refusal that the recipient signed for this statement, and when it says to try again.
    fn reason_of(
        &self,
        id: &StatementId,
        to: &MemberId,
        bytes: &[u8],
    ) -> Option<(Code, Option<DurationMs>)> {
        let refusal = Refusal::read(bytes).ok()?;
        let key = self.history.statement_key(to, refusal.kid())?;
        let now = self.time();
        if key.validity(now, now) == Validity::Compromised {
            return None;
        }
        let refused = refusal.verify(key.verifying()).ok()?;
        let is_ours = refused.of == *id && refused.to == self.me;
        is_ours.then(|| (refused.code.clone(), refused.retry_after))
    }

    /// The next attempt of one statement.
    fn tried(
        &mut self,
        id: &StatementId,
        why: Code,
        retry_after: Option<DurationMs>,
    ) -> Result<(), Fault> {
        let Some(entry) = self.outbox_entry(id)? else {
            return Ok(());
        };
        let attempts = entry.attempts.saturating_add(1);
        let wait = back_off(attempts).max(retry_after.unwrap_or(0).min(RETRY_MAX_MS));
        let due = self.time().saturating_add(wait);
        self.push(None, Tried(*id, attempts, due, why).into())?;
        Ok(())
    }

    /// Nobody answered: the gate closes for all that waits for this member.
    fn unreached(&mut self, to: &MemberId, fault: &Fault, now: TimeMs) -> Result<(), Fault> {
        let gate: Option<Gate> = tables::get(&*self.views, GATE, to.as_str().as_bytes())?;
        let gate = gate.unwrap_or(Gate {
            attempts: 0,
            due: 0,
            last: code("none")?,
        });
        if gate.attempts > 0 && gate.due > now {
            // Another delivery of the same moment has closed it already.
            return Ok(());
        }
        let attempts = gate.attempts.saturating_add(1);
        let due = now.saturating_add(back_off(attempts));
        tracing::info!(
            target: "comity.engine",
            event = "member-unreached",
            to = to.as_str(),
            code = fault.code,
            attempts,
        );
        self.push(
            None,
            Unreached(to.clone(), attempts, due, code(fault.code)?).into(),
        )?;
        Ok(())
    }

    fn reached(&mut self, to: &MemberId) -> Result<(), Fault> {
        let gate: Option<Gate> = tables::get(&*self.views, GATE, to.as_str().as_bytes())?;
        if gate.is_some_and(|gate| gate.attempts > 0) {
            let frame = Unreached(to.clone(), 0, self.time(), code("reached")?);
            self.push(None, frame.into())?;
        }
        Ok(())
    }

    /// A visible failure: this statement is not tried any more.
    pub(crate) fn give_up(&mut self, id: &StatementId, why: &'static str) -> Result<(), Fault> {
        let Some(kept) = self.kept_of(id)? else {
            return Ok(());
        };
        tracing::warn!(
            target: "comity.engine",
            event = "statement-given-up",
            statement = %id,
            case = %kept.statement.case(),
            kind = kept.statement.kind().as_str(),
            to = kept.statement.payload().to.as_str(),
            code = why,
        );
        let mut facts = no_facts()?;
        facts.code = Some(code(why)?);
        let entry = Entry {
            facts: Some(facts),
            ..Entry::outward(record_kind::GAVE_UP, &kept.statement)
        };
        let (index, time) = self.record(entry)?;
        self.push(None, GaveUp(*id, code(why)?, time, index).into())?;
        self.forget_waiting(&kept)
    }

    fn forget_waiting(&mut self, kept: &Kept) -> Result<(), Fault> {
        // It is not pending any more; the case is folded again without it.
        self.cases.pop(kept.statement.case());
        self.touch(
            kept.statement.case(),
            self.store.next_seq().saturating_sub(1),
        )
    }

    fn expire_waiting(&mut self, member: &MemberId, now: TimeMs) -> Result<(), Fault> {
        for id in self.due_ids(member, TimeMs::MAX)? {
            self.make_room()?;
            if self
                .outbox_entry(&id)?
                .is_some_and(|entry| entry.expires <= now)
            {
                self.give_up(&id, delivery_code::EXPIRED)?;
            }
        }
        Ok(())
    }

    /// A statement that has waited for its past as long as its sender would try to deliver that.
    fn refuse_what_waited_too_long(&mut self, now: TimeMs) -> Result<(), Fault> {
        for (row, case) in self.views.scan(PARKED, &[], None, PAGE_ROWS_MAX)? {
            if tables::number_at(&row, 0).is_none_or(|until| until > now) {
                return Ok(());
            }
            self.views.delete(PARKED, &row)?;
            let id = row.get(8..).map(tables::hash_of).transpose()?;
            let case = tables::case_at(&case, 0);
            if let (Some(id), Some(case)) = (id, case) {
                let parked = match self.load(&case)? {
                    Some(loaded) => {
                        let parked = loaded.case.parked().any(|entry| entry.id == id);
                        self.keep(case, loaded);
                        parked
                    }
                    None => false,
                };
                if parked {
                    self.turn_down(case, id, comity_wire::registry::answer_code::RE_MISSING)?;
                }
            }
        }
        Ok(())
    }

    /// How many wait for a member.
    pub(crate) fn waiting_for(&self, member: &MemberId) -> Result<u64, Fault> {
        let prefix = [member.as_str().as_bytes(), &[0]].concat();
        let rows = self.views.scan(DUE, &prefix, None, PAGE_ROWS_MAX)?;
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }

    /// Rows of the outbox by their number.
    pub(crate) fn outbox_rows(&self) -> Result<Vec<(StatementId, OutboxEntry)>, Fault> {
        let mut rows = Vec::new();
        let mut from: Option<Vec<u8>> = None;
        loop {
            let page = self
                .views
                .scan(OUTBOX, &[], from.as_deref(), PAGE_ROWS_MAX)?;
            for (id, row) in &page {
                rows.push((tables::hash_of(id)?, tables::decode(OUTBOX, row)?));
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE_ROWS_MAX => {
                    from = Some([last.as_slice(), &[0]].concat());
                }
                _ => break,
            }
        }
        rows.sort_by_key(|(_, row): &(_, OutboxEntry)| row.seq);
        Ok(rows)
    }

    /// What opens the commitment of an own statement to its parent.
    fn parent_of(
        &self,
        kept: &Kept,
    ) -> Result<
        Option<(
            comity_wire::ids::Nonce,
            comity_wire::ids::CaseId,
            StatementId,
        )>,
        Fault,
    > {
        let Some(row) = self.statement_row(kept.statement.id())? else {
            return Ok(None);
        };
        let stored = self.store.read(Position(row.at))?;
        match crate::frame::Frame::decode(stored.kind, &stored.body)? {
            crate::frame::Frame::Own(own) => Ok(own.5),
            _ => Ok(None),
        }
    }
}

/// How long to wait after so many attempts: twice as long each time, a fifth more or less, so that many nodes do not
/// come back at one moment.
fn back_off(attempts: u64) -> DurationMs {
    let doublings = u32::try_from(attempts.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(16);
    let wait = RETRY_FIRST_MS
        .saturating_mul(1 << doublings)
        .min(RETRY_MAX_MS);
    let fifth = wait / 5;
    wait.saturating_sub(fifth)
        .saturating_add(random::below(fifth.saturating_mul(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_an_hour_and_is_spread_by_a_fifth() {
        let check = |attempts, middle: u64| {
            let wait = back_off(attempts);
            let around = middle - middle / 5..=middle + middle / 5;
            assert!(around.contains(&wait), "{attempts}: {wait}");
        };
        check(1, 5_000);
        check(2, 10_000);
        check(5, 80_000);
        check(11, RETRY_MAX_MS);
        check(u64::MAX, RETRY_MAX_MS);
    }
}
