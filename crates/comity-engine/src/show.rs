//! What people are shown: rows of the views, and cases folded again. No locator, no text, no name of a person.

use comity_case::{State, moves};
use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::tlog_proof::TlogProof;
use comity_log::tree::Tree;
use comity_taxonomy::COMITY;
use comity_wire::body::Body;
use comity_wire::ext::{Extension, Extensions};
use comity_wire::ids::{CaseId, MemberId, Nonce, PublicKey, StatementId};
use comity_wire::parts::{Assessment, Locator};
use comity_wire::registry::{Check, same_image, standing, urgency};
use comity_wire::words::{Code, Country};

use crate::apply::unpacked;
use crate::cases::Loaded;
use crate::core::Core;
use crate::desk::{
    AnswerShown, AssessmentShown, CaseFilter, CaseRow, CaseShown, Cursor, DeadlineShown, Direction,
    DraftRow, Event, ExtensionShown, ItemShown, Items, LogShown, MemberRow, MembersShown,
    OutboxRow, Overview, Page, Person, ProofShown, Query, RosterShown, Shown, WitnessShown,
    WitnessedShown,
};
use crate::error::WorkError;
use crate::frame::Frame;
use crate::limits::{EXTENSION_SHOWN_BYTES_MAX, PAGE_ROWS_MAX};
use crate::ports::{Fault, Position};
use crate::record::short;
use crate::reports::no_audit;
use crate::say::unknown_case;
use crate::tables::{
    self, CASE, CHANGED, CaseEntry, DOSSIER, DRAFT, DRAFT_OPEN, Dossier, DraftEntry, GATE, Gate,
    OutboxEntry, Standing, StatementRow, last_number,
};
use crate::words::{statement_words, status_code, status_words};

impl Core {
    /// Answers a question. Nothing changes.
    pub(crate) fn query(
        &mut self,
        person: &Person,
        query: Query,
        connected: &[PublicKey],
    ) -> Result<Shown, WorkError> {
        // Rows of what the batch in hand has changed are written before anybody reads them.
        self.refresh_dirty()?;
        match query {
            Query::Cases(filter) => self.case_rows(filter).map(Shown::Cases),
            Query::Case(id) => self.case_shown(&id).map(|case| Shown::Case(Box::new(case))),
            Query::Drafts(cursor) => self.draft_rows(person, cursor).map(Shown::Drafts),
            Query::Items => self.items().map(Shown::Items),
            Query::Outbox(cursor) => self.outbox_page(cursor).map(Shown::Outbox),
            Query::Members => self.members(connected).map(Shown::Members),
            Query::Log => self.log_shown().map(Shown::Log),
            Query::Prove(id) => self.proof(&id).map(Shown::Proof),
            Query::Records(asked) => self.records(&asked).map(Shown::Records),
            // The one thread has other things to do than to read the whole log.
            Query::ResponseTimes | Query::Report(_) | Query::Transparency(_) => Err(not_here()),
            Query::Audit => self.audit_shown()?.map(Shown::Audit).ok_or_else(no_audit),
            Query::Findings => self.findings().map(Shown::Findings),
            Query::Contradictions => self.contradictions().map(Shown::Contradictions),
            Query::Contradiction(hash) => self.contradiction(&hash).map(Shown::Contradiction),
            Query::Overview => self.overview().map(Shown::Overview),
        }
    }

    fn case_rows(&mut self, filter: CaseFilter) -> Result<Page<CaseRow>, WorkError> {
        let limit = filter
            .cursor
            .limit
            .unwrap_or(PAGE_ROWS_MAX)
            .clamp(1, PAGE_ROWS_MAX);
        let mut from = filter
            .cursor
            .after
            .map(|after| after.saturating_add(1).to_be_bytes());
        let mut rows = Vec::new();
        loop {
            let found =
                self.views
                    .scan(CHANGED, &[], from.as_ref().map(<[u8; 8]>::as_slice), limit)?;
            let full = found.len() == limit;
            for (seq, case) in found {
                let seq = last_number(&seq);
                let Some(id) = tables::case_at(&case, 0) else {
                    continue;
                };
                if rows.len() == limit {
                    let next = rows.last().map(|row: &CaseRow| row.seq);
                    return Ok(Page { rows, next });
                }
                from = Some(seq.saturating_add(1).to_be_bytes());
                let Some(entry) = self.case_entry(&id)? else {
                    continue;
                };
                let direction = if entry.opener == self.me {
                    Direction::Out
                } else {
                    Direction::In
                };
                let meant = filter.direction.is_none_or(|wanted| wanted == direction)
                    && (entry.open || !filter.open);
                if meant {
                    rows.push(self.case_row(&id, &entry)?);
                }
            }
            if !full {
                return Ok(Page { rows, next: None });
            }
        }
    }

    fn case_row(&mut self, id: &CaseId, entry: &CaseEntry) -> Result<CaseRow, WorkError> {
        let loaded = self.load(id)?.ok_or_else(unknown_case)?;
        let state = State::of(&loaded.case);
        let due = self.deadlines_of(&loaded, &state);
        self.keep(*id, loaded);
        let out = entry.opener == self.me;
        let opening = self.statement_row(&entry.opening)?;
        let kept = self.kept_of(&entry.opening)?.ok_or_else(unknown_case)?;
        let reference = match kept.statement.body() {
            Body::TakedownRequest(body) => body.reference.as_str().to_owned(),
            Body::Referral(body) => body.reference.as_str().to_owned(),
            _ => String::new(),
        };
        let mut counts: Vec<(String, u64)> = Vec::new();
        for (_, status) in unpacked(&entry.items) {
            let name = status_code(status);
            match counts.iter_mut().find(|(known, _)| known == name) {
                Some((_, count)) => *count = count.saturating_add(1),
                None => counts.push((name.to_owned(), 1)),
            }
        }
        let running = |row: &&DeadlineShown| row.standing == "running" || row.standing == "overdue";
        Ok(CaseRow {
            seq: entry.changed,
            case: id.to_string(),
            direction: if out { Direction::Out } else { Direction::In },
            counterpart: if out {
                entry.recipient.to_string()
            } else {
                entry.opener.to_string()
            },
            kind: entry.kind.as_str().to_owned(),
            reference,
            urgency: entry.urgency.to_string(),
            opened_at: entry.opened_at,
            delivery: opening
                .map_or("waiting", |row| row.standing.as_str())
                .to_owned(),
            items: counts,
            open: entry.open,
            due_at: due
                .iter()
                .filter(running)
                .filter_map(|row| row.due_at)
                .min(),
            overdue: due.iter().any(|row| row.standing == "overdue"),
            held: entry.held,
        })
    }

    fn case_shown(&mut self, id: &CaseId) -> Result<CaseShown, WorkError> {
        let entry = self.case_entry(id)?.ok_or_else(unknown_case)?;
        let row = self.case_row(id, &entry)?;
        let loaded = self.load(id)?.ok_or_else(unknown_case)?;
        let state = State::of(&loaded.case);
        let deadlines = self.deadlines_of(&loaded, &state);
        let clocks = self.clocks_of(&loaded);
        let mut kinds: Vec<String> = moves(&loaded.case, loaded.me)
            .iter()
            .map(|one| one.kind().as_str().to_owned())
            .collect();
        kinds.dedup();
        let timeline = self.timeline(id, &loaded, &state)?;
        self.keep(*id, loaded);
        Ok(CaseShown {
            row,
            items: state.items.iter().map(item_shown).collect(),
            timeline,
            deadlines,
            clocks,
            moves: kinds,
            parents: in_hex(self.parents_of(id, None)?),
            children: in_hex(self.children_of(id)?),
        })
    }

    /// Judged statements in the order of the fold, then those that wait.
    fn timeline(
        &self,
        id: &CaseId,
        loaded: &Loaded,
        state: &State,
    ) -> Result<Vec<Event>, WorkError> {
        let judged = loaded
            .case
            .history()
            .into_iter()
            .map(|folded| folded.entry.id);
        let mut order: Vec<StatementId> = judged.collect();
        for other in self.statements_of(id)? {
            if !order.contains(&other) {
                order.push(other);
            }
        }
        let mut events = Vec::new();
        for statement in order {
            let Some(row) = self.statement_row(&statement)? else {
                continue;
            };
            let kept = self.kept(Position(row.at))?;
            let standing = if state
                .forbidden
                .iter()
                .any(|(forbidden, _)| *forbidden == statement)
            {
                "forbidden"
            } else if state.void.iter().any(|(void, _)| *void == statement) {
                "void"
            } else if state.parked.contains(&statement) {
                "parked"
            } else {
                row.standing.as_str()
            };
            events.push(Event {
                statement: statement.to_string(),
                from: kept.statement.issuer().to_string(),
                kind: kept.statement.kind().as_str().to_owned(),
                words: statement_words(kept.statement.body()),
                claimed_at: kept.statement.issued_at(),
                offered_at: row.offered,
                registered_at: row.registered,
                standing: standing.to_owned(),
                witness: self.witness_of(&row)?,
                receipt: self.receipt_words(&row, kept.statement.payload().to.as_str())?,
                index: row.index,
                extensions: extensions_shown(kept.statement.payload().ext.as_ref()),
            });
        }
        Ok(events)
    }

    fn receipt_words(&self, row: &StatementRow, to: &str) -> Result<Option<String>, WorkError> {
        if !row.own {
            let index = row.index.unwrap_or_default();
            return Ok(Some(format!(
                "Registered here as record {index}; its sender has the receipt. That is no answer yet."
            )));
        }
        if row.standing == Standing::Refused {
            return self.refusal_words(row, to).map(Some);
        }
        let Some(at) = row.receipt else {
            return Ok(match row.standing {
                Standing::Waiting => Some(format!("{to} has not registered it yet.")),
                Standing::Expired => Some(format!(
                    "It could not be delivered to {to}. Nobody there has it."
                )),
                Standing::Received | Standing::Delivered | Standing::Refused => None,
            });
        };
        let stored = self.store.read(Position(at))?;
        let frame = Frame::decode(stored.kind, &stored.body)?;
        let Frame::Sent(sent) = frame else {
            return Ok(None);
        };
        let receipt = comity_wire::receipt::Receipt::read(&sent.1)
            .map_err(|error| Fault::new("journal-edited", format!("a receipt: {error}")))?;
        Ok(Some(format!(
            "{to} registered it as record {} of its log and proved it. That says that it arrived, not that anybody answered. {}",
            receipt.leaf().index,
            witness_words(self.witness_shown(&sent)?, to)
        )))
    }

    /// Whose word the receipt of an own statement rests on.
    fn witness_of(&self, row: &StatementRow) -> Result<Option<WitnessShown>, WorkError> {
        let Some(at) = row.receipt.filter(|_| row.standing == Standing::Delivered) else {
            return Ok(None);
        };
        let stored = self.store.read(Position(at))?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::Sent(sent) => Ok(self.witness_shown(&sent)?),
            _ => Ok(None),
        }
    }

    /// A refusal with its code, and whose move it is now.
    fn refusal_words(&self, row: &StatementRow, to: &str) -> Result<String, WorkError> {
        let words = format!("{to} refused to register it, and signed that");
        let Some(at) = row.receipt else {
            return Ok(format!("{words}."));
        };
        let stored = self.store.read(Position(at))?;
        let Frame::TurnedDown(refusal) = Frame::decode(stored.kind, &stored.body)? else {
            return Ok(format!("{words}."));
        };
        let why = refusal.2.as_str();
        let check = Check::ALL.into_iter().find(|check| check.code() == why);
        let next = check.map_or("", Check::next);
        Ok(format!("{words}: {why}. {next}").trim_end().to_owned())
    }

    fn draft_rows(&self, person: &Person, cursor: Cursor) -> Result<Page<DraftRow>, WorkError> {
        let limit = cursor
            .limit
            .unwrap_or(PAGE_ROWS_MAX)
            .clamp(1, PAGE_ROWS_MAX);
        let from = cursor
            .after
            .map(|after| after.saturating_add(1).to_be_bytes());
        let found = self.views.scan(
            DRAFT_OPEN,
            &[],
            from.as_ref().map(<[u8; 8]>::as_slice),
            limit,
        )?;
        let next = (found.len() == limit).then(|| found.last().map(|(seq, _)| last_number(seq)));
        let mut rows = Vec::new();
        for (seq, id) in &found {
            let row: Option<DraftEntry> = tables::get(&*self.views, DRAFT, id)?;
            let Some(row) = row else {
                continue;
            };
            let draft = self.draft_at(Position(row.at))?;
            let body = Body::decode(draft.4, &draft.5)
                .map_err(|error| Fault::new("journal-edited", format!("a draft: {error}")))?;
            let own = *draft.7.0 == *person.as_str();
            let (reference, urgency) = match &body {
                Body::TakedownRequest(body) => (body.reference.as_str(), body.urgency.as_str()),
                Body::Referral(body) => (body.reference.as_str(), body.urgency.as_str()),
                _ => ("", urgency::ROUTINE),
            };
            let words = match row.state.as_str() {
                "conflict" => "A second report says otherwise: a person has to decide.",
                "returned" => "Sent back by the reviewer.",
                _ if own => "Waits for a second person: not for whom drafted it.",
                _ => "Waits for a second person.",
            };
            rows.push(DraftRow {
                seq: last_number(seq),
                draft: draft.0.to_string(),
                kind: draft.4.as_str().to_owned(),
                to: Some(draft.3.to_string()),
                reference: reference.to_owned(),
                state: row.state.to_string(),
                words: words.to_owned(),
                urgency: urgency.to_owned(),
                items: u64::try_from(body.new_items().len()).unwrap_or(u64::MAX),
                at: draft.7.1,
                confirmable: !own || !self.policy.review.contains(&draft.4),
            });
        }
        if cursor.after.is_none() {
            rows.extend(self.unplaced()?);
        }
        Ok(Page {
            rows,
            next: next.flatten(),
        })
    }

    /// Reported locators that no rule places, or on which reports contradict one another: visible drafts.
    fn unplaced(&self) -> Result<Vec<DraftRow>, WorkError> {
        let mut rows = Vec::new();
        for (id, row) in self.dossiers()? {
            if row.draft.is_some() || !matches!(row.place.as_str(), "unplaced" | "conflict") {
                continue;
            }
            let report = self.report_at(Position(row.at))?;
            let why = report.10.2.as_ref().map_or("conflict", Code::as_str);
            rows.push(DraftRow {
                seq: row.seq,
                draft: id.to_string(),
                kind: "none".to_owned(),
                to: None,
                reference: report.6.as_str().to_owned(),
                state: row.place.to_string(),
                words: format!("No rule says where it goes ({why}). Name a recipient, or act yourself and record it."),
                urgency: report.7.to_string(),
                items: 1,
                at: report.9.2,
                confirmable: false,
            });
        }
        Ok(rows)
    }

    fn dossiers(&self) -> Result<Vec<(Nonce, Dossier)>, WorkError> {
        let mut rows: Vec<(Nonce, Dossier)> = Vec::new();
        let mut from: Option<Vec<u8>> = None;
        loop {
            let page = self
                .views
                .scan(DOSSIER, &[], from.as_deref(), PAGE_ROWS_MAX)?;
            for (id, row) in &page {
                if let Some(id) = Nonce::from_slice(id) {
                    rows.push((id, tables::decode(DOSSIER, row)?));
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE_ROWS_MAX => {
                    from = Some([last.as_slice(), &[0]].concat());
                }
                _ => break,
            }
        }
        rows.sort_by_key(|(_, row)| row.seq);
        Ok(rows)
    }

    /// Every report in exactly one state: that of its locator.
    fn items(&self) -> Result<Items, WorkError> {
        let mut items = Items::default();
        for (id, row) in self.dossiers()? {
            let state = self.dossier_state(&row)?;
            items.reports = items.reports.saturating_add(row.reports);
            match items.states.iter_mut().find(|(known, _)| *known == state) {
                Some((_, count)) => *count = count.saturating_add(row.reports),
                None => items.states.push((state.clone(), row.reports)),
            }
            if row.item.is_none() && row.place.as_str() == "outside" {
                let report = self.report_at(Position(row.at))?;
                items
                    .outside
                    .push((id.to_string(), state, report.6.as_str().to_owned()));
            }
        }
        items.states.sort();
        Ok(items)
    }

    fn dossier_state(&self, row: &Dossier) -> Result<String, WorkError> {
        if let Some((case, n)) = row.item {
            let Some(entry) = self.case_entry(&case)? else {
                return Ok("draft".to_owned());
            };
            let status = unpacked(&entry.items).find(|(number, _)| *number == n);
            if let Some((_, status)) = status {
                return Ok(status_code(status).to_owned());
            }
            let opening = self.statement_row(&entry.opening)?;
            let standing = opening.map_or("waiting", |row| match row.standing {
                Standing::Refused => "not-registered",
                Standing::Expired => "not-delivered",
                _ => "waiting",
            });
            return Ok(standing.to_owned());
        }
        if let Some(draft) = row.draft
            && row.place.as_str() == "draft"
        {
            let entry: Option<DraftEntry> = tables::get(&*self.views, DRAFT, draft.as_bytes())?;
            let state = entry.map_or_else(|| "review".to_owned(), |entry| entry.state.to_string());
            return Ok(format!("draft-{state}"));
        }
        Ok(match (row.place.as_str(), row.told.first()) {
            ("outside", Some(told)) => format!("outside-told-{told}"),
            ("outside", None) => "outside-open".to_owned(),
            (place, _) => place.to_owned(),
        })
    }

    fn outbox_page(&self, cursor: Cursor) -> Result<Page<OutboxRow>, WorkError> {
        let limit = cursor
            .limit
            .unwrap_or(PAGE_ROWS_MAX)
            .clamp(1, PAGE_ROWS_MAX);
        let rows = self.outbox_rows()?;
        let after = |seq: u64| cursor.after.is_none_or(|after| seq > after);
        let rows: Result<Vec<OutboxRow>, Fault> = rows
            .into_iter()
            .filter(|(_, row)| after(row.seq))
            .take(limit)
            .map(|(id, row)| self.outbox_row(&id, row))
            .collect();
        let rows = rows?;
        let next = (rows.len() == limit)
            .then(|| rows.last().map(|row| row.seq))
            .flatten();
        Ok(Page { rows, next })
    }

    /// Attempts to reach a member at all count for each statement that waits for it.
    fn outbox_row(&self, id: &StatementId, row: OutboxEntry) -> Result<OutboxRow, Fault> {
        let gate: Option<Gate> = tables::get(&*self.views, GATE, row.to.as_str().as_bytes())?;
        let closed = gate.filter(|gate| gate.attempts > 0 && row.due.is_some());
        let last = closed.as_ref().map(|gate| gate.last.clone()).or(row.last);
        let opens = closed.as_ref().map_or(0, |gate| gate.due);
        let more = closed
            .filter(|_| row.offered)
            .map_or(0, |gate| gate.attempts);
        Ok(OutboxRow {
            seq: row.seq,
            statement: id.to_string(),
            case: row.case.to_string(),
            to: row.to.to_string(),
            kind: row.kind.as_str().to_owned(),
            state: match (row.due, row.offered) {
                (None, _) => "expired",
                (Some(_), true) => "offered",
                (Some(_), false) => "waiting",
            }
            .to_owned(),
            attempts: row.attempts.saturating_add(more),
            due_at: row.due.map(|due| due.max(opens)),
            expires_at: row.expires,
            last: last.map(|why| why.to_string()),
        })
    }

    fn members(&self, connected: &[PublicKey]) -> Result<MembersShown, WorkError> {
        let mut rows = Vec::new();
        for member in self
            .history
            .roster()
            .map(|roster| roster.members.iter())
            .into_iter()
            .flatten()
        {
            let keys: Vec<PublicKey> = member
                .nodes
                .iter()
                .filter_map(|node| member.key(&node.key))
                .map(|key| key.public)
                .collect();
            rows.push(MemberRow {
                id: member.id.to_string(),
                name: member
                    .names
                    .first()
                    .map(|(_, name)| name.as_str().to_owned())
                    .unwrap_or_default(),
                roles: member.roles.iter().map(ToString::to_string).collect(),
                jurisdictions: member
                    .jurisdictions
                    .iter()
                    .map(|country| country.as_str().to_owned())
                    .collect(),
                connected: keys.iter().any(|key| connected.contains(key)),
                waiting: self.waiting_for(&member.id)?,
            });
        }
        Ok(MembersShown {
            federation: self.history.fed().to_string(),
            name: self.history.charter().name.as_str().to_owned(),
            roster: self.roster_shown(),
            me: self.me.to_string(),
            members: rows,
        })
    }

    /// Which roster is in force.
    pub(crate) fn roster_shown(&self) -> RosterShown {
        let roster = self.roster_ref();
        RosterShown {
            version: roster.0,
            hash: roster.1.to_string(),
            standing: self.history.standing(self.time()).code().to_owned(),
            until: self.history.roster().map(|roster| roster.expires),
        }
    }

    fn log_shown(&mut self) -> Result<LogShown, WorkError> {
        let checkpoint = self.checkpoint().to_string();
        let head = self.store.head();
        let vkey = self.own_vkey()?;
        Ok(LogShown {
            origin: self.identity.origin.to_string(),
            size: head.size(),
            root: head.root().to_string(),
            checkpoint,
            vkey,
            witnessed: WitnessedShown::default(),
            restored: self.restored_shown()?,
        })
    }

    pub(crate) fn own_vkey(&self) -> Result<String, Fault> {
        let key = self.identity.log_key.verifying_key();
        let vkey = VerifierKey::new(KeyName::from(&self.identity.origin), KeyKind::Log, key);
        let vkey = vkey.map_err(|error| Fault::new("log-key", error.to_string()))?;
        Ok(vkey.to_string())
    }

    fn proof(&mut self, id: &StatementId) -> Result<ProofShown, WorkError> {
        let row = self.statement_row(id)?.ok_or_else(|| {
            WorkError::asker(
                "unknown-statement",
                format!("no statement {} is here", short(id)),
                "`comity case show` lists the statements of a case",
            )
        })?;
        let index = row.index.ok_or_else(|| {
            WorkError::asker(
                "not-recorded-yet",
                "the statement has not been offered yet, so there is no record of it",
                "wait until the outbox has tried to deliver it",
            )
        })?;
        let log = self.log_here(row.log).ok_or_else(|| {
            Fault::new(
                "log-key-missing",
                format!("the key of the closed log {} is not here", row.log),
            )
        })?;
        // Others have vouched for a head that the quorum has cosigned, so that is the one to prove it under.
        let size = |cosigned: &UnverifiedCheckpoint| cosigned.claimed().head.size();
        let cosigned = self
            .cosigned
            .clone()
            .filter(|cosigned| cosigned.claimed().origin == *log.origin && size(cosigned) > index);
        let checkpoint = cosigned.unwrap_or_else(|| log.checkpoint().to_unverified());
        let head = log.head;
        let mut tree = Tree::open(&log, &head)
            .map_err(|error| Fault::new("journal-damaged", error.to_string()))?;
        let path = tree
            .inclusion_path(index, size(&checkpoint))
            .map_err(|error| Fault::new("journal-damaged", error.to_string()))?;
        let proof = TlogProof {
            extra: None,
            index,
            path,
            checkpoint,
        };
        let receipt = row.receipt.map_or(Ok(None), |at| self.receipt_shown(at))?;
        Ok(ProofShown {
            index,
            proof: proof.to_string(),
            leaf: hex(&log.record(index)?.0),
            receipt,
        })
    }

    fn receipt_shown(&self, at: u64) -> Result<Option<String>, WorkError> {
        Ok(self.kept_receipt(at)?.as_deref().map(hex))
    }

    /// The receipt that a frame of the journal holds.
    pub(crate) fn kept_receipt(&self, at: u64) -> Result<Option<Vec<u8>>, WorkError> {
        let stored = self.store.read(Position(at))?;
        Ok(match Frame::decode(stored.kind, &stored.body)? {
            Frame::Sent(sent) => Some(sent.1.to_vec()),
            _ => None,
        })
    }

    fn overview(&mut self) -> Result<Overview, WorkError> {
        let mut overview = Overview {
            me: self.me.to_string(),
            now: self.time(),
            inbox_open: 0,
            outbox_open: 0,
            drafts: 0,
            undelivered: 0,
            expired: 0,
            overdue: 0,
            contradictions: self.contradictions()?,
            alarms: Vec::new(),
        };
        let mut from: Option<Vec<u8>> = None;
        loop {
            let page = self.views.scan(CASE, &[], from.as_deref(), PAGE_ROWS_MAX)?;
            for (_, row) in &page {
                let entry: CaseEntry = tables::decode(CASE, row)?;
                if !entry.open {
                    continue;
                }
                let mine = entry.opener == self.me;
                let count = if mine {
                    &mut overview.outbox_open
                } else {
                    &mut overview.inbox_open
                };
                *count = count.saturating_add(1);
                if entry.due.is_some_and(|due| due < overview.now) {
                    overview.overdue = overview.overdue.saturating_add(1);
                }
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE_ROWS_MAX => {
                    from = Some([last.as_slice(), &[0]].concat());
                }
                _ => break,
            }
        }
        for (_, row) in self.outbox_rows()? {
            let count = if row.due.is_some() {
                &mut overview.undelivered
            } else {
                &mut overview.expired
            };
            *count = count.saturating_add(1);
        }
        let mut from: Option<Vec<u8>> = None;
        loop {
            let page = self
                .views
                .scan(DRAFT_OPEN, &[], from.as_deref(), PAGE_ROWS_MAX)?;
            overview.drafts = overview
                .drafts
                .saturating_add(u64::try_from(page.len()).unwrap_or(0));
            match page.last() {
                Some((last, _)) if page.len() == PAGE_ROWS_MAX => {
                    from = Some([last.as_slice(), &[0]].concat());
                }
                _ => break,
            }
        }
        overview.alarms = self.alarms(&overview);
        let waits = self.waits_for()?;
        if !waits.is_empty() {
            let names: Vec<&str> = waits.iter().map(MemberId::as_str).collect();
            let words = format!(
                "The log was begun by a restore, and these members have not given back yet what was lost: {}. They are asked until they answer.",
                names.join(", ")
            );
            overview.alarms.push(("not-given-back".to_owned(), words));
        }
        Ok(overview)
    }

    fn alarms(&self, overview: &Overview) -> Vec<(String, String)> {
        let mut alarms = Vec::new();
        let mut alarm = |code: &str, words: String| alarms.push((code.to_owned(), words));
        for row in overview.contradictions.iter().filter(|row| row.open) {
            let next = match &row.member {
                Some(member) => format!(
                    "Do not rely on receipts of {member} before the governance has said what follows."
                ),
                None => "Ask it which one it meant.".to_owned(),
            };
            let code = if row.member.is_some() {
                "log-forked"
            } else {
                "governance-conflict"
            };
            alarm(code, format!("{} This is proven. {next}", row.words));
        }
        alarms.extend(
            self.alarms_of_heads()
                .into_iter()
                .map(|(code, words)| (code.to_owned(), words)),
        );
        let mut alarm = |code: &str, words: String| alarms.push((code.to_owned(), words));
        match self.history.standing(self.time()).code() {
            "in-grace" => alarm("roster-in-grace", "The roster has run out. Work goes on for the charter's grace; ask the governance for a new one.".to_owned()),
            "past-grace" => alarm("roster-past-grace", "The roster ran out long ago: nothing new can be asked until the governance signs another.".to_owned()),
            _ => {}
        }
        if !self.log_is_listed() {
            alarm("log-not-listed", "The roster lists no open log of this name and key: others do not believe this node's receipts. Give the governance this member's entry.".to_owned());
        }
        if overview.expired > 0 {
            alarm(
                "not-delivered",
                format!(
                    "{} statements could not be delivered and are not tried any more.",
                    overview.expired
                ),
            );
        }
        if overview.overdue > 0 {
            alarm(
                "overdue",
                format!("{} open cases have something overdue.", overview.overdue),
            );
        }
        alarms
    }
}

/// Whose word a receipt rests on, in a sentence. One is never shown as the other.
fn witness_words(witness: Option<WitnessShown>, to: &str) -> String {
    let Some(witness) = witness else {
        return String::new();
    };
    match witness.standing.as_str() {
        "witnessed" => format!(
            "Witnessed by {}: they cosigned a head of that log with {} records that grew out of it.",
            witness.by.join(", "),
            witness.size.unwrap_or_default()
        ),
        "not-witnessable" => format!(
            "The receipt is provisional, and stays so: it rests on the word of {to} alone, because the federation has not the members that its charter wants as witnesses of that log."
        ),
        _ => format!(
            "The receipt is provisional: it rests on the word of {to} alone until others have cosigned a head of that log that holds it."
        ),
    }
}

/// What an assessor found, with our labels beside the codes. A code that is not known is shown as it is.
fn assessment_shown(found: &Assessment) -> AssessmentShown {
    let answer = |facet: &str, code: &Code, country: Option<&Country>| AnswerShown {
        facet: facet.to_owned(),
        code: code.to_string(),
        label: COMITY
            .label(facet, code.as_str())
            .unwrap_or(code.as_str())
            .to_owned(),
        country: country.map(|country| country.as_str().to_owned()),
    };
    let says_something =
        |code: &Code| ![standing::NOT_ASSESSED, same_image::UNKNOWN].contains(&code.as_str());
    let by_country = found.standing.iter();
    let by_country = by_country.map(|(country, code)| ("standing", code, Some(country)));
    let one = [
        ("baseline", Some(&found.baseline)),
        ("severity", found.severity.as_ref()),
        ("age", found.age.as_ref()),
        ("gender", found.gender.as_ref()),
        ("same-image", Some(&found.same_image)),
        ("depiction", Some(&found.depiction)),
        ("confidence", Some(&found.confidence)),
    ];
    let one = one
        .into_iter()
        .filter_map(|(facet, code)| Some((facet, code?, None)));
    let context = found.context.iter().map(|code| ("context", code, None));
    AssessmentShown {
        assessor: found.assessor.to_string(),
        scheme: found.scheme.to_string(),
        code: found.code.as_str().to_owned(),
        says: by_country
            .chain(one)
            .chain(context)
            .filter(|(_, code, _)| says_something(code))
            .map(|(facet, code, country)| answer(facet, code, country))
            .collect(),
    }
}

fn item_shown(item: &comity_case::ItemState) -> ItemShown {
    let hosting = item
        .item
        .hosting
        .iter()
        .chain(item.hosting.iter().map(|(_, fact)| fact));
    let mut countries: Vec<String> = hosting
        .filter_map(|fact| {
            fact.country
                .as_ref()
                .map(|country| country.as_str().to_owned())
        })
        .collect();
    countries.sort();
    countries.dedup();
    let found = item
        .item
        .assessments
        .iter()
        .chain(item.assessments.iter().map(|(_, found)| found));
    let status = item.status();
    let round = item.rounds.last();
    let measures = round
        .and_then(|round| round.outcome.as_ref())
        .map(|outcome| &outcome.measures);
    ItemShown {
        n: item.n,
        sort: match &item.item.locator {
            Locator::Url(_) => "url",
            Locator::Onion(_) => "onion",
            Locator::Account(_) => "account",
            Locator::ContentId(_) => "content-id",
            Locator::HashSet(_) => "hash-set",
            Locator::IpPortTime(_) => "ip-port-time",
        }
        .to_owned(),
        state: status_code(status).to_owned(),
        words: status_words(status).to_owned(),
        round: round.map_or(1, |round| round.round),
        countries,
        assessments: found.map(assessment_shown).collect(),
        measures: measures
            .into_iter()
            .flatten()
            .map(|measure| {
                (
                    measure.target.to_string(),
                    measure.action.to_string(),
                    measure.effective_at,
                )
            })
            .collect(),
    }
}

fn extensions_shown(extensions: Option<&Extensions>) -> Vec<ExtensionShown> {
    let shown = |Extension(name, critical, value): &Extension| {
        let begins = value.get(..EXTENSION_SHOWN_BYTES_MAX).unwrap_or(value);
        let text = printable(value)
            .and_then(|text| text.get(..text.floor_char_boundary(EXTENSION_SHOWN_BYTES_MAX)));
        ExtensionShown {
            name: name.as_str().to_owned(),
            critical: *critical,
            bytes: u64::try_from(value.len()).unwrap_or(u64::MAX),
            hex: text.is_none().then(|| hex(begins)),
            text: text.map(str::to_owned),
            shortened: begins.len() < value.len(),
        }
    };
    extensions.into_iter().flatten().map(shown).collect()
}

/// What somebody else wrote and nobody here has checked: text only if it cannot pass for something else.
fn printable(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    (!text.contains(unseen)).then_some(text)
}

fn in_hex(links: Vec<(u64, CaseId, u64)>) -> Vec<(u64, String, u64)> {
    links
        .into_iter()
        .map(|(n, case, other)| (n, case.to_string(), other))
        .collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is answered beside the one thread.
fn not_here() -> WorkError {
    Fault::new(
        "not-here",
        "figures are made beside the thread of the journal",
    )
    .into()
}
