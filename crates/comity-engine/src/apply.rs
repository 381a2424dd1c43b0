//! Frames to views, and statements to the fold. [`Core::apply`] is a function of the journal alone, so that the views
//! can be made again at any time; what a statement makes this member *do* is in [`Core::react`], which runs once, in
//! the batch in which the statement is recorded.

use comity_case::{Arrival, State, Status};
use comity_wire::body::Body;
use comity_wire::ids::{CaseId, Hash, MemberId, StatementId};
use comity_wire::statement::Statement;
use comity_wire::words::{Code, ItemNumber, TimeMs};
use serde_bytes::ByteBuf;

use crate::core::Core;
use crate::frame::{
    Draft, Frame, GaveUp, HandedEvidence, Link, Looked, Offered, Outside, Own, Received, Refused,
    Report, Review, Sent, TookEvidence, Tried, TurnedDown, Unreached,
};
use crate::limits::{HOUR_MS, OUTBOX_EXPIRY_MS};
use crate::ports::{Fault, Position};
use crate::record::code;
use crate::tables::{
    self, CASE, CHANGED, CaseEntry, DOSSIER, DOSSIER_OF, DRAFT, DRAFT_OPEN, DUE, Dossier,
    DraftEntry, EVIDENCE, EVIDENCE_OF, EvidenceEntry, GATE, Gate, IN_CASE, LINK_DOWN, LINK_UP,
    LOOKED, OUTBOX, OutboxEntry, PARKED, REFUSED, REPORT, STATEMENT, Standing, StatementRow, key,
};

impl Core {
    /// Writes what a frame means into the views.
    pub(crate) fn apply(&mut self, at: Position, seq: u64, frame: &Frame) -> Result<(), Fault> {
        match frame {
            Frame::TookCharter(_) | Frame::TookRoster(_) => Ok(()),
            Frame::Received(frame) => self.apply_received(at, seq, frame),
            Frame::Own(frame) => self.apply_own(at, seq, frame),
            Frame::Offered(frame) => self.apply_offered(seq, frame),
            Frame::Tried(frame) => self.apply_tried(frame),
            Frame::Sent(frame) => {
                self.apply_sent(at, seq, frame)?;
                self.apply_receipt(at, frame)
            }
            Frame::Followed(frame) => self.apply_followed(at, frame),
            Frame::TurnedDown(TurnedDown(id, ..)) => self.apply_turned_down(at, seq, id),
            Frame::GaveUp(GaveUp(id, why, ..)) => self.apply_gave_up(seq, id, why),
            Frame::Refused(Refused(of, ..)) => {
                self.views.put(REFUSED, of.as_bytes(), &at.0.to_be_bytes())
            }
            Frame::Report(frame) => self.apply_report(at, seq, frame),
            Frame::Draft(frame) => self.apply_draft(at, seq, frame),
            Frame::Review(frame) => self.apply_review(frame),
            Frame::Link(frame) => self.apply_link(frame),
            Frame::Outside(Outside(dossier, to, ..)) => self.change_dossier(dossier, |row| {
                if !row.told.contains(to) {
                    row.told.push(to.clone());
                }
            }),
            Frame::Looked(Looked(case, n, person, at)) => {
                let row = self.looked_row(case, *n, person, *at);
                self.views.put(LOOKED, &row, &[])
            }
            Frame::Redelivered(frame) => self.apply_redelivered(frame),
            Frame::Unreached(Unreached(member, attempts, due, why)) => {
                let row = Gate {
                    attempts: *attempts,
                    due: *due,
                    last: why.clone(),
                };
                tables::put(&mut *self.views, GATE, member.as_str().as_bytes(), &row)
            }
            Frame::TookEvidence(frame) => self.apply_evidence(at, seq, frame),
            Frame::HandedEvidence(frame) => self.apply_handed(frame),
            Frame::Found(frame) => self.apply_found(at, frame),
            Frame::TookFinding(frame) => self.apply_took_finding(at, frame),
            Frame::FindingNoted(frame) => self.apply_finding_noted(frame),
            Frame::FindingReplied(frame) => self.apply_finding_replied(at, frame),
        }
    }

    fn apply_evidence(
        &mut self,
        at: Position,
        seq: u64,
        frame: &TookEvidence,
    ) -> Result<(), Fault> {
        let TookEvidence(bytes, about, from, time, index) = frame;
        let hash = Hash::of(bytes);
        let row = EvidenceEntry {
            at: at.0,
            seq,
            from: from.clone(),
            time: *time,
            index: *index,
            handed: Vec::new(),
        };
        tables::put(&mut *self.views, EVIDENCE, hash.as_bytes(), &row)?;
        self.views
            .put(EVIDENCE_OF, about.as_bytes(), hash.as_bytes())
    }

    fn apply_handed(&mut self, frame: &HandedEvidence) -> Result<(), Fault> {
        let HandedEvidence(hash, to, _, log) = frame;
        let row: Option<EvidenceEntry> = tables::get(&*self.views, EVIDENCE, hash.as_bytes())?;
        let Some(mut row) = row else {
            return Ok(());
        };
        row.handed.retain(|(member, _)| member != to);
        row.handed.push((to.clone(), *log));
        tables::put(&mut *self.views, EVIDENCE, hash.as_bytes(), &row)
    }

    /// One look of a person, an item and an hour. The views hold no names.
    pub(crate) fn looked_row(
        &self,
        case: &CaseId,
        n: ItemNumber,
        person: &str,
        at: TimeMs,
    ) -> Vec<u8> {
        let person = self.keyed(b"person", person.as_bytes());
        let hour = (at / HOUR_MS).to_be_bytes();
        key(&[case.as_bytes(), &n.to_be_bytes(), &hour, person.as_bytes()])
    }

    fn apply_received(&mut self, at: Position, seq: u64, frame: &Received) -> Result<(), Fault> {
        let Received(bytes, public, _, time, index) = frame;
        let statement = self.statement_in(bytes, public)?;
        let row = StatementRow {
            at: at.0,
            seq,
            case: *statement.case(),
            own: false,
            kind: statement.kind(),
            standing: Standing::Received,
            index: Some(*index),
            log: self.log_of_frame(seq),
            offered: None,
            registered: Some(*time),
            receipt: None,
            receipted: None,
        };
        if self.waits_for_others(&statement)? {
            let until = parked_key(*time, statement.id());
            self.views
                .put(PARKED, &until, statement.case().as_bytes())?;
        }
        let me = self.me.clone();
        self.add_statement(&row, &statement, &me, *time)
    }

    /// Whether something that a statement builds on is not folded here.
    fn waits_for_others(&self, statement: &Statement) -> Result<bool, Fault> {
        for id in &statement.payload().re {
            let Some(row) = self.statement_row(id)? else {
                return Ok(true);
            };
            let parked = match row.registered.filter(|_| !row.own) {
                Some(time) => self.views.get(PARKED, &parked_key(time, id))?.is_some(),
                None => false,
            };
            if parked || !matches!(row.standing, Standing::Received | Standing::Delivered) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn apply_own(&mut self, at: Position, seq: u64, frame: &Own) -> Result<(), Fault> {
        let Own(bytes, public, _, time, _, _) = frame;
        let statement = self.statement_in(bytes, public)?;
        let row = StatementRow {
            at: at.0,
            seq,
            case: *statement.case(),
            own: true,
            kind: statement.kind(),
            standing: Standing::Waiting,
            index: None,
            log: self.log_of_frame(seq),
            offered: None,
            registered: None,
            receipt: None,
            receipted: None,
        };
        if let Body::Acknowledgement(body) = statement.body() {
            // What was turned down waits no more.
            for id in body.names.iter().flatten() {
                let turned_down = self.statement_row(id)?;
                if let Some(time) = turned_down.and_then(|row| row.registered) {
                    self.views.delete(PARKED, &parked_key(time, id))?;
                }
            }
        }
        let to = statement.payload().to.clone();
        self.add_statement(&row, &statement, &to, *time)?;
        let entry = OutboxEntry {
            seq,
            case: *statement.case(),
            to,
            kind: statement.kind(),
            attempts: 0,
            due: Some(*time),
            expires: time.saturating_add(OUTBOX_EXPIRY_MS),
            last: None,
            offered: false,
        };
        self.put_outbox(statement.id(), None, &entry)
    }

    fn add_statement(
        &mut self,
        row: &StatementRow,
        statement: &Statement,
        recipient: &MemberId,
        time: u64,
    ) -> Result<(), Fault> {
        let case = statement.case();
        tables::put(&mut *self.views, STATEMENT, statement.id().as_bytes(), row)?;
        let in_case = key(&[case.as_bytes(), &row.seq.to_be_bytes()]);
        self.views
            .put(IN_CASE, &in_case, statement.id().as_bytes())?;
        if self.case_entry(case)?.is_none() {
            let urgency = urgency_of(statement.body()).cloned();
            let entry = CaseEntry {
                opener: statement.issuer().clone(),
                recipient: recipient.clone(),
                kind: statement.kind(),
                opening: *statement.id(),
                opened_at: time,
                urgency: urgency.map_or_else(|| code("routine"), Ok)?,
                changed: row.seq,
                items: ByteBuf::new(),
                open: true,
                held: false,
                due: None,
            };
            tables::put(&mut *self.views, CASE, case.as_bytes(), &entry)?;
            self.views
                .put(CHANGED, &row.seq.to_be_bytes(), case.as_bytes())?;
        }
        self.touch(case, row.seq)
    }

    /// Notes that a case has changed: its row is written anew before the commit.
    pub(crate) fn touch(&mut self, case: &CaseId, seq: u64) -> Result<(), Fault> {
        if let Some(mut entry) = self.case_entry(case)?
            && entry.changed != seq
        {
            self.views.delete(CHANGED, &entry.changed.to_be_bytes())?;
            entry.changed = seq;
            tables::put(&mut *self.views, CASE, case.as_bytes(), &entry)?;
            self.views
                .put(CHANGED, &seq.to_be_bytes(), case.as_bytes())?;
        }
        self.dirty.insert(*case);
        Ok(())
    }

    fn change_statement(
        &mut self,
        seq: u64,
        id: &StatementId,
        edit: impl FnOnce(&mut StatementRow),
    ) -> Result<(), Fault> {
        let Some(mut row) = self.statement_row(id)? else {
            return Ok(());
        };
        edit(&mut row);
        tables::put(&mut *self.views, STATEMENT, id.as_bytes(), &row)?;
        self.touch(&row.case, seq)
    }

    /// The row of a statement on its way.
    pub(crate) fn outbox_entry(&self, id: &StatementId) -> Result<Option<OutboxEntry>, Fault> {
        tables::get(&*self.views, OUTBOX, id.as_bytes())
    }

    fn put_outbox(
        &mut self,
        id: &StatementId,
        before: Option<&OutboxEntry>,
        entry: &OutboxEntry,
    ) -> Result<(), Fault> {
        if let Some(due) = before.and_then(due_key) {
            self.views.delete(DUE, &due)?;
            self.waiting = self.waiting.saturating_sub(1);
        }
        if let Some(due) = due_key(entry) {
            self.views.put(DUE, &due, id.as_bytes())?;
            self.waiting = self.waiting.saturating_add(1);
        }
        tables::put(&mut *self.views, OUTBOX, id.as_bytes(), entry)
    }

    fn apply_offered(&mut self, seq: u64, frame: &Offered) -> Result<(), Fault> {
        let Offered(id, time, index) = frame;
        if let Some(before) = self.outbox_entry(id)? {
            let entry = OutboxEntry {
                offered: true,
                ..before.clone()
            };
            self.put_outbox(id, Some(&before), &entry)?;
        }
        let log = self.log_of_frame(seq);
        self.change_statement(seq, id, |row| {
            row.offered = Some(*time);
            row.index = Some(*index);
            row.log = log;
        })
    }

    fn apply_tried(&mut self, frame: &Tried) -> Result<(), Fault> {
        let Tried(id, attempts, due, why) = frame;
        if let Some(before) = self.outbox_entry(id)? {
            let last = Some(why.clone());
            let entry = OutboxEntry {
                attempts: *attempts,
                due: Some(*due),
                last,
                ..before.clone()
            };
            self.put_outbox(id, Some(&before), &entry)?;
        }
        Ok(())
    }

    fn apply_sent(&mut self, at: Position, seq: u64, frame: &Sent) -> Result<(), Fault> {
        let Sent(id, _, _, time, registered, _) = frame;
        self.leave_outbox(id)?;
        self.change_statement(seq, id, |row| {
            row.standing = Standing::Delivered;
            row.registered = Some(*registered);
            row.receipt = Some(at.0);
            row.receipted = Some(*time);
        })
    }

    fn apply_turned_down(&mut self, at: Position, seq: u64, id: &StatementId) -> Result<(), Fault> {
        self.leave_outbox(id)?;
        self.change_statement(seq, id, |row| {
            row.standing = Standing::Refused;
            row.receipt = Some(at.0);
        })
    }

    fn apply_gave_up(&mut self, seq: u64, id: &StatementId, why: &Code) -> Result<(), Fault> {
        if let Some(before) = self.outbox_entry(id)? {
            let entry = OutboxEntry {
                due: None,
                last: Some(why.clone()),
                ..before.clone()
            };
            self.put_outbox(id, Some(&before), &entry)?;
        }
        self.change_statement(seq, id, |row| row.standing = Standing::Expired)
    }

    fn leave_outbox(&mut self, id: &StatementId) -> Result<(), Fault> {
        if let Some(before) = self.outbox_entry(id)? {
            if let Some(due) = due_key(&before) {
                self.views.delete(DUE, &due)?;
                self.waiting = self.waiting.saturating_sub(1);
            }
            self.views.delete(OUTBOX, id.as_bytes())?;
        }
        Ok(())
    }

    fn apply_report(&mut self, at: Position, seq: u64, frame: &Report) -> Result<(), Fault> {
        let Report(report, dossier, .., (place, ..)) = frame;
        self.views
            .put(REPORT, report.as_bytes(), dossier.as_bytes())?;
        let known: Option<Dossier> = tables::get(&*self.views, DOSSIER, dossier.as_bytes())?;
        let row = match known {
            Some(row) => Dossier {
                reports: row.reports.saturating_add(1),
                // What is in no draft and in no case has no other place where a contradiction would show.
                place: match place.as_str() {
                    "conflict" if row.draft.is_none() && row.item.is_none() => place.clone(),
                    _ => row.place,
                },
                ..row
            },
            None => Dossier {
                at: at.0,
                seq,
                reports: 1,
                place: place.clone(),
                draft: None,
                item: None,
                told: Vec::new(),
            },
        };
        tables::put(&mut *self.views, DOSSIER, dossier.as_bytes(), &row)
    }

    pub(crate) fn change_dossier(
        &mut self,
        dossier: &comity_wire::ids::Nonce,
        edit: impl FnOnce(&mut Dossier),
    ) -> Result<(), Fault> {
        let row: Option<Dossier> = tables::get(&*self.views, DOSSIER, dossier.as_bytes())?;
        let Some(mut row) = row else {
            return Ok(());
        };
        edit(&mut row);
        tables::put(&mut *self.views, DOSSIER, dossier.as_bytes(), &row)
    }

    fn apply_draft(&mut self, at: Position, seq: u64, frame: &Draft) -> Result<(), Fault> {
        let row = DraftEntry {
            at: at.0,
            seq,
            state: code("review")?,
        };
        tables::put(&mut *self.views, DRAFT, frame.0.as_bytes(), &row)?;
        self.views
            .put(DRAFT_OPEN, &seq.to_be_bytes(), frame.0.as_bytes())?;
        for dossier in &frame.8 {
            self.change_dossier(dossier, |row| row.draft = Some(frame.0))?;
        }
        Ok(())
    }

    fn apply_review(&mut self, frame: &Review) -> Result<(), Fault> {
        let Review(id, decision, _, _, statement) = frame;
        let row: Option<DraftEntry> = tables::get(&*self.views, DRAFT, id.as_bytes())?;
        let Some(mut row) = row else {
            return Ok(());
        };
        let draft = self.draft_at(Position(row.at))?;
        let state = match decision.as_str() {
            "confirm" => "confirmed",
            "return" => "returned",
            "conflict" => "conflict",
            _ => "no-action",
        };
        row.state = code(state)?;
        tables::put(&mut *self.views, DRAFT, id.as_bytes(), &row)?;
        let open = row.seq.to_be_bytes();
        if matches!(state, "confirmed" | "no-action") {
            self.views.delete(DRAFT_OPEN, &open)?;
        } else {
            // One that was decided already comes back.
            self.views.put(DRAFT_OPEN, &open, id.as_bytes())?;
        }
        let case = statement.map(|_| draft.1);
        let (no_action, drafted) = (code("no-action")?, code("draft")?);
        for (dossier, n) in draft.8.iter().zip(1_u64..) {
            self.change_dossier(dossier, |row| match case {
                Some(case) => row.item = Some((case, n)),
                None if state == "no-action" => row.place = no_action.clone(),
                None => row.place = drafted.clone(),
            })?;
            if let Some(case) = case {
                let of = key(&[case.as_bytes(), &n.to_be_bytes()]);
                self.views.put(DOSSIER_OF, &of, dossier.as_bytes())?;
            }
        }
        Ok(())
    }

    /// A draft of the journal.
    pub(crate) fn draft_at(&self, at: Position) -> Result<Draft, Fault> {
        let stored = self.store.read(at)?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::Draft(draft) => Ok(draft),
            _ => Err(Fault::new(
                "views-damaged",
                "a row names a frame that is no draft",
            )),
        }
    }

    fn apply_link(&mut self, frame: &Link) -> Result<(), Fault> {
        let Link(parent, n, child, child_n) = frame;
        let (n, child_n) = (n.to_be_bytes(), child_n.to_be_bytes());
        let down = key(&[parent.as_bytes(), &n, child.as_bytes(), &child_n]);
        let up = key(&[child.as_bytes(), &child_n, parent.as_bytes(), &n]);
        self.views.put(LINK_DOWN, &down, &[])?;
        self.views.put(LINK_UP, &up, &[])
    }

    /// Writes the rows of the cases that have changed.
    pub(crate) fn refresh_dirty(&mut self) -> Result<(), Fault> {
        while let Some(case) = self.dirty.pop_first() {
            let Some(loaded) = self.load(&case)? else {
                continue;
            };
            let state = State::of(&loaded.case);
            let due = self.next_due_of(&loaded, &state);
            self.keep(case, loaded);
            let Some(mut entry) = self.case_entry(&case)? else {
                continue;
            };
            entry.due = due;
            entry.items = packed(&state);
            entry.held = state.holds.iter().any(|hold| hold.released_by.is_none());
            // An opening that nobody has yet is open all the same; one that never arrives is shown as such.
            entry.open = state.opening.is_none() || !state.is_settled();
            if let Some(urgency) = state.urgency {
                entry.urgency = urgency;
            }
            tables::put(&mut *self.views, CASE, case.as_bytes(), &entry)?;
        }
        Ok(())
    }

    /// What a statement that has just been folded makes this member do: turn down what is forbidden, pass on what
    /// linked cases wait for.
    pub(crate) fn react(&mut self, case: CaseId, arrival: Arrival) -> Result<(), Fault> {
        match arrival {
            Arrival::Folded(judged) => {
                for (id, forbidden) in judged {
                    let own = self.statement_row(&id)?.is_some_and(|row| row.own);
                    match forbidden {
                        Some(why) if !own => self.turn_down(case, id, why.as_str())?,
                        Some(_) => {}
                        None => self.relay(case, &id)?,
                    }
                }
                Ok(())
            }
            Arrival::Parked | Arrival::Known | Arrival::Full => Ok(()),
        }
    }
}

/// The key of a statement in [`PARKED`]: it waits as long as its sender would try to deliver what it waits for.
fn parked_key(registered: u64, id: &StatementId) -> Vec<u8> {
    let until = registered.saturating_add(OUTBOX_EXPIRY_MS).to_be_bytes();
    key(&[&until, id.as_bytes()])
}

/// The key of a statement in [`DUE`]; none if it is given up.
fn due_key(entry: &OutboxEntry) -> Option<Vec<u8>> {
    let due = entry.due?.to_be_bytes();
    let member = entry.to.as_str().as_bytes();
    Some(key(&[member, &[0], &due, &entry.seq.to_be_bytes()]))
}

fn urgency_of(body: &Body) -> Option<&Code> {
    match body {
        Body::TakedownRequest(body) => Some(&body.urgency),
        Body::Referral(body) => Some(&body.urgency),
        Body::Transfer(body) => Some(&body.urgency),
        _ => None,
    }
}

/// For each item two bytes of its number and one of its state.
fn packed(state: &State) -> ByteBuf {
    let mut bytes = Vec::with_capacity(state.items.len().saturating_mul(3));
    for item in &state.items {
        let n = u16::try_from(item.n).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&n.to_be_bytes());
        bytes.push(status_number(item.status()));
    }
    ByteBuf::from(bytes)
}

/// The states, by the number that stands for each in a view.
pub(crate) const STATUSES: [Status; 15] = [
    Status::Requested,
    Status::Accepted,
    Status::NeedsInformation,
    Status::WrongLayer,
    Status::AlreadyActioned,
    Status::Transferred,
    Status::Partly,
    Status::Done,
    Status::ConfirmedOffline,
    Status::NotFound,
    Status::Moved,
    Status::Declined,
    Status::Reinstated,
    Status::Withdrawn,
    Status::Refused,
];

fn status_number(status: Status) -> u8 {
    let place = STATUSES.iter().position(|known| *known == status);
    place
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(u8::MAX)
}

/// Items and their states.
pub(crate) fn unpacked(bytes: &[u8]) -> impl Iterator<Item = (u64, Status)> {
    bytes.chunks_exact(3).filter_map(|row| {
        let [high, low, status] = <[u8; 3]>::try_from(row).ok()?;
        let status = STATUSES.get(usize::from(status))?;
        Some((u64::from(u16::from_be_bytes([high, low])), *status))
    })
}
