//! A finding of an audit goes to its subject for reply before it counts as published.
//!
//! ```text
//! auditor   found -> notice signed, frame, record `finding` -> sent until noted -> reply, frame, record
//! subject   notice judged -> frame, record `finding` -> shown to people -> reply signed, frame, record -> sent until noted
//! published   once its subject has replied, or the reply period is over: nobody can keep a finding back by silence
//! ```
//! The state is never stored: it follows from the frames and the time.

use std::collections::BTreeSet;

use comity_audit::Finding;
use comity_audit::notice::{is_whole, may_send, notice_of};
use comity_trust::key::Validity;
use comity_wire::finding::{FindingAnswer, FindingNotice, FindingReply, FindingRequest};
use comity_wire::ids::{Hash, MemberId};
use comity_wire::leaf::LogHead;
use comity_wire::notice::{Notice, SignedNotice};
use comity_wire::registry::{audit_code, direction, finding_reply, record_kind};
use comity_wire::words::{Code, DurationMs, TimeMs, Version};
use serde_bytes::ByteBuf;

use crate::core::Core;
use crate::desk::{
    AuditShown, Done, FindingReplyShown, FindingRow, FindingShown, NewFindingReply, Person,
};
use crate::error::WorkError;
use crate::frame::{FindingNoted, FindingReplied, Found, Frame, TookFinding};
use crate::limits::{FINDINGS_SENT_MAX, HOUR_MS, PAGE_ROWS_MAX};
use crate::ports::{Fault, Position};
use crate::record::{Entry, code, no_facts};
use crate::tables::{self, FINDING, FINDING_NOTICE, FindingEntry, key};
use crate::tell::Telling;
use crate::work::{text, word};

/// A finding, and the head under which its subject's log was read.
pub(crate) type FoundIn = (Finding, Option<LogHead>);

/// Replies that there are: registry `finding-reply`.
const REPLIES: [&str; 3] = [
    finding_reply::EXPLAINED,
    finding_reply::CORRECTED,
    finding_reply::DISPUTED,
];

/// Why a notice or a reply is not taken: a code of registry `audit-code`, and when to come back.
type NotTaken = (&'static str, Option<DurationMs>);

/// Who sends it is at fault, and gets no further by sending it again.
const NOT_A_FINDING: NotTaken = (audit_code::NOT_A_FINDING, None);

// The auditor.

impl Core {
    /// Signs each new finding for its subject. What is not for its subject to answer stays in the audit alone.
    pub(crate) fn send_findings(&mut self, findings: &[FoundIn]) -> Result<(), Fault> {
        self.count_findings()?;
        let me = self.me.clone();
        let mut full = BTreeSet::new();
        for (finding, head) in findings {
            let (subject, counterpart) = (&finding.member, finding.counterpart.as_ref());
            if !may_send(&self.history, &me, subject, counterpart)
                || self.finding_entry(&me, &finding.id())?.is_some()
            {
                continue;
            }
            if self.finding_quota.is_full(&me, subject) {
                // What one log is found to have done keeps nothing back about the others.
                if full.insert(subject.clone()) {
                    let of = subject.as_str();
                    tracing::warn!(target: "comity.engine", event = "findings-full", of);
                }
                continue;
            }
            self.make_room()?;
            let now = self.time();
            let Some(notice) = notice_of(finding, &self.history, &me, head.clone(), now) else {
                continue;
            };
            let bytes = SignedNotice::sign(&self.identity.statement_key, &notice);
            let (index, time) =
                self.record_finding(&finding.member, direction::OUT, &notice.code, &bytes)?;
            let frame = Found(
                ByteBuf::from(bytes),
                notice.id,
                notice.of,
                notice.until,
                time,
                index,
            );
            self.push(None, frame.into())?;
        }
        self.signals.tell_findings();
        Ok(())
    }

    /// The last audit that this member made, with where each finding stands now.
    pub(crate) fn audit_shown(&self) -> Result<Option<AuditShown>, Fault> {
        let Some(mut shown) = self.audit.clone() else {
            return Ok(None);
        };
        for row in &mut shown.details {
            let Some(id) = Hash::from_hex(&row.id) else {
                continue;
            };
            if let Some(entry) = self.finding_entry(&self.me, &id)? {
                self.stands(row, &entry);
            }
        }
        Ok(Some(shown))
    }

    fn stands(&self, row: &mut FindingShown, entry: &FindingEntry) {
        let state = if entry.reply.is_some() {
            "replied"
        } else if self.time() >= entry.until {
            "unanswered"
        } else if entry.noted.is_some() {
            "noted"
        } else {
            "sent"
        };
        row.published = matches!(state, "replied" | "unanswered");
        state.clone_into(&mut row.state);
    }
}

// What comes in.

impl Core {
    /// Takes a finding about this member, or a reply to one of its own.
    pub(crate) fn take_finding(
        &mut self,
        peer: &MemberId,
        request: &FindingRequest,
    ) -> Result<FindingAnswer, Fault> {
        let (bytes, taken) = match request {
            FindingRequest::Finding(bytes) => (bytes, self.take_notice(peer, bytes)?),
            FindingRequest::Reply(bytes) => (bytes, self.take_reply(peer, bytes)?),
        };
        Ok(match taken {
            Ok(()) => FindingAnswer::Noted(Hash::of(bytes)),
            Err((why, retry_after)) => {
                self.note_refused_finding(peer, why);
                FindingAnswer::Refused(self.roster_ref(), code(why)?, retry_after)
            }
        })
    }

    fn take_notice(&mut self, by: &MemberId, bytes: &[u8]) -> Result<Result<(), NotTaken>, Fault> {
        let Some(notice) = self.signed_by::<FindingNotice>(by, bytes) else {
            return Ok(Err(NOT_A_FINDING));
        };
        let ours = notice.by == *by && notice.of == self.me && notice.fed == *self.history.fed();
        let ahead = notice.found > self.time().saturating_add(HOUR_MS);
        if !ours || ahead || !is_whole(&notice) {
            return Ok(Err(NOT_A_FINDING));
        }
        if !may_send(&self.history, by, &self.me, notice.counterpart.as_ref()) {
            return Ok(Err((audit_code::NO_MANDATE, None)));
        }
        if let Some(entry) = self.finding_entry(by, &notice.id)? {
            // The first one stands: its reply period has begun.
            let same = entry.notice == Hash::of(bytes);
            return Ok(if same { Ok(()) } else { Err(NOT_A_FINDING) });
        }
        if !self.has_room_for(&notice)? {
            return Ok(Err((audit_code::BUSY, Some(HOUR_MS))));
        }
        let (index, time) = self.record_finding(by, direction::IN, &notice.code, bytes)?;
        tracing::warn!(
            target: "comity.engine",
            event = "finding-received",
            by = by.as_str(),
            code = notice.code.as_str(),
            finding = %notice.id,
        );
        let frame = TookFinding(
            ByteBuf::from(bytes),
            notice.id,
            by.clone(),
            notice.until,
            time,
            index,
        );
        self.push(None, frame.into())?;
        Ok(Ok(()))
    }

    fn take_reply(&mut self, of: &MemberId, bytes: &[u8]) -> Result<Result<(), NotTaken>, Fault> {
        let Some(reply) = self.signed_by::<FindingReply>(of, bytes) else {
            return Ok(Err(NOT_A_FINDING));
        };
        let me = self.me.clone();
        let Some((id, entry)) = self
            .own_finding(&reply.of)?
            .filter(|(_, own)| own.of == *of)
        else {
            return Ok(Err((audit_code::UNKNOWN_FINDING, None)));
        };
        if let Some(at) = entry.reply {
            // The first one stands.
            let same = self.reply_at(at)?.3.as_slice() == bytes;
            return Ok(if same { Ok(()) } else { Err(NOT_A_FINDING) });
        }
        let (index, time) = self.record_finding(of, direction::IN, &reply.code, bytes)?;
        tracing::info!(
            target: "comity.engine",
            event = "finding-replied",
            of = of.as_str(),
            code = reply.code.as_str(),
            finding = %id,
        );
        let frame = FindingReplied(me, id, of.clone(), ByteBuf::from(bytes), None, time, index);
        self.push(None, frame.into())?;
        Ok(Ok(()))
    }

    /// What a member has signed with a statement key that it has not lost.
    fn signed_by<T: Notice + Clone>(&self, member: &MemberId, bytes: &[u8]) -> Option<T> {
        let signed = SignedNotice::<T>::read(bytes).ok()?;
        let key = self.history.statement_key(member, signed.kid())?;
        let now = self.time();
        if key.validity(now, now) == Validity::Compromised {
            return None;
        }
        signed.verify(key.verifying()).ok().cloned()
    }

    fn record_finding(
        &mut self,
        with: &MemberId,
        way: &'static str,
        what: &Code,
        signed: &[u8],
    ) -> Result<(u64, TimeMs), Fault> {
        let mut facts = no_facts()?;
        facts.code = Some(what.clone());
        facts.evidence = Some(Hash::of(signed));
        self.record(Entry {
            kind: record_kind::FINDING,
            counterpart: Some(with.clone()),
            direction: Some(way),
            facts: Some(facts),
            ..Entry::default()
        })
    }
}

// The subject.

impl Core {
    /// Replies to a finding about this member, to everybody who has found it and has no reply yet.
    pub(crate) fn reply_to_finding(
        &mut self,
        person: &Person,
        new: &NewFindingReply,
    ) -> Result<Done, WorkError> {
        let id = Hash::from_hex(&new.finding)
            .ok_or_else(|| WorkError::field("finding", "an id of 64 hex digits"))?;
        let what = word("code", &new.code)?;
        if !REPLIES.contains(&what.as_str()) {
            return Err(WorkError::field(
                "code",
                "one of explained, corrected, disputed",
            ));
        }
        let words = text(new.text.as_deref())?;
        let rows = self.finding_rows()?;
        let mut about_us: Vec<_> = rows
            .into_iter()
            .filter(|(found, entry)| *found == id && entry.of == self.me)
            .collect();
        if about_us.is_empty() {
            return Err(WorkError::asker(
                "unknown-finding",
                "no member has sent such a finding about this one",
                "`comity findings` lists them",
            ));
        }
        about_us.retain(|(_, entry)| entry.reply.is_none());
        if about_us.is_empty() {
            return Err(WorkError::asker(
                "replied-already",
                "this finding has a reply, and the first one stands",
                "`comity findings` shows it",
            ));
        }
        for (_, entry) in about_us {
            let reply = FindingReply {
                v: Version,
                of: entry.notice,
                code: what.clone(),
                text: words.clone(),
                time: self.time(),
            };
            let bytes = SignedNotice::sign(&self.identity.statement_key, &reply);
            let (index, time) = self.record_finding(&entry.by, direction::OUT, &what, &bytes)?;
            let frame = FindingReplied(
                entry.by,
                id,
                entry.of,
                ByteBuf::from(bytes),
                Some(person.as_str().into()),
                time,
                index,
            );
            self.push(None, frame.into())?;
        }
        self.signals.tell_findings();
        Ok(Done::Noted)
    }
}

// What goes out.

impl Core {
    /// What others have not noted, but for members that are not to be asked again yet.
    pub(crate) fn untold(&self, waits: &BTreeSet<MemberId>) -> Result<Vec<Telling>, Fault> {
        let mut untold = Vec::new();
        for (id, entry) in self.finding_rows()? {
            let (to, reply) = match (entry.by == self.me, entry.reply) {
                (true, _) if entry.noted.is_none() => (&entry.of, None),
                (false, Some(at)) if entry.reply_noted.is_none() => (&entry.by, Some(at)),
                _ => continue,
            };
            if waits.contains(to) || self.history.member(to).is_none() {
                continue;
            }
            let request = match reply {
                Some(at) => FindingRequest::Reply(self.reply_at(at)?.3),
                None => FindingRequest::Finding(ByteBuf::from(self.notice_at(&entry)?)),
            };
            untold.push(Telling {
                to: to.clone(),
                by: entry.by.clone(),
                of: entry.of.clone(),
                id,
                request,
            });
            if untold.len() >= FINDINGS_SENT_MAX {
                break;
            }
        }
        Ok(untold)
    }

    /// A member says that it has noted what it was sent.
    pub(crate) fn finding_noted(&mut self, told: &Telling) -> Result<(), Fault> {
        let Some(entry) = self.finding_entry(&told.by, &told.id)? else {
            return Ok(());
        };
        let reply = matches!(told.request, FindingRequest::Reply(_));
        let before = if reply {
            entry.reply_noted
        } else {
            entry.noted
        };
        if before.is_none() {
            let (by, of) = (told.by.clone(), told.of.clone());
            let frame = FindingNoted(by, told.id, of, reply, self.time());
            self.push(None, frame.into())?;
        }
        Ok(())
    }
}

// What is kept.

impl Core {
    /// Every finding, as people see it: those about this member first, the newest first.
    pub(crate) fn findings(&self) -> Result<Vec<FindingRow>, WorkError> {
        let mut rows = Vec::new();
        for (_, entry) in self.finding_rows()? {
            rows.push(self.finding_row(&entry)?);
        }
        rows.sort_by_key(|row: &FindingRow| {
            (
                !row.about_us,
                std::cmp::Reverse(row.found),
                row.finding.id.clone(),
            )
        });
        Ok(rows)
    }

    fn finding_row(&self, entry: &FindingEntry) -> Result<FindingRow, WorkError> {
        let edited = |_| Fault::new("journal-edited", "a finding is not what was signed");
        let bytes = self.notice_at(entry)?;
        // It was verified before it was kept, under a key that may have ended since.
        let signed = SignedNotice::<FindingNotice>::read(&bytes).map_err(edited)?;
        let notice = signed.unverified();
        let mut finding = FindingShown::told(notice);
        self.stands(&mut finding, entry);
        let reply = entry.reply.map(|at| {
            let frame = self.reply_at(at)?;
            let signed = SignedNotice::<FindingReply>::read(&frame.3).map_err(edited)?;
            let reply = signed.unverified();
            Ok::<_, Fault>(FindingReplyShown {
                code: reply.code.as_str().to_owned(),
                text: reply.text.as_ref().map(|text| text.as_str().to_owned()),
                time: reply.time,
                noted: entry.reply_noted,
            })
        });
        Ok(FindingRow {
            finding,
            by: entry.by.to_string(),
            about_us: entry.of == self.me,
            found: notice.found,
            until: entry.until,
            noted: entry.noted,
            reply: reply.transpose()?,
        })
    }

    fn finding_entry(&self, by: &MemberId, id: &Hash) -> Result<Option<FindingEntry>, Fault> {
        tables::get(&*self.views, FINDING, &finding_key(by, id))
    }

    /// The finding of this member whose signed notice has this hash.
    fn own_finding(&self, notice: &Hash) -> Result<Option<(Hash, FindingEntry)>, Fault> {
        let Some(id) = self.views.get(FINDING_NOTICE, notice.as_bytes())? else {
            return Ok(None);
        };
        let id = tables::hash_of(&id)?;
        Ok(self.finding_entry(&self.me, &id)?.map(|entry| (id, entry)))
    }

    /// Every finding.
    pub(crate) fn finding_rows(&self) -> Result<Vec<(Hash, FindingEntry)>, Fault> {
        let mut found = Vec::new();
        let mut from: Option<Vec<u8>> = None;
        loop {
            let page = self
                .views
                .scan(FINDING, &[], from.as_deref(), PAGE_ROWS_MAX)?;
            for (key, row) in &page {
                found.push(entry_of(key, row)?);
            }
            match page.last() {
                Some((last, _)) if page.len() == PAGE_ROWS_MAX => {
                    from = Some([last.as_slice(), &[0]].concat());
                }
                _ => return Ok(found),
            }
        }
    }

    fn notice_at(&self, entry: &FindingEntry) -> Result<Vec<u8>, Fault> {
        let stored = self.store.read(Position(entry.at))?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::Found(frame) => Ok(frame.0.into_vec()),
            Frame::TookFinding(frame) => Ok(frame.0.into_vec()),
            _ => Err(other_frame()),
        }
    }

    fn reply_at(&self, at: u64) -> Result<FindingReplied, Fault> {
        let stored = self.store.read(Position(at))?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::FindingReplied(frame) => Ok(frame),
            _ => Err(other_frame()),
        }
    }

    /// A finding of this member.
    pub(crate) fn apply_found(&mut self, at: Position, frame: &Found) -> Result<(), Fault> {
        let Found(notice, id, of, until, time, index) = frame;
        let row = FindingEntry {
            at: at.0,
            notice: Hash::of(notice),
            by: self.me.clone(),
            of: of.clone(),
            until: *until,
            time: *time,
            index: *index,
            noted: None,
            reply: None,
            reply_noted: None,
        };
        self.finding_quota.keep(&row.by, of);
        self.views
            .put(FINDING_NOTICE, row.notice.as_bytes(), id.as_bytes())?;
        let key = finding_key(&row.by, id);
        tables::put(&mut *self.views, FINDING, &key, &row)
    }

    /// A finding about this member.
    pub(crate) fn apply_took_finding(
        &mut self,
        at: Position,
        frame: &TookFinding,
    ) -> Result<(), Fault> {
        let TookFinding(notice, id, by, until, time, index) = frame;
        let row = FindingEntry {
            at: at.0,
            notice: Hash::of(notice),
            by: by.clone(),
            of: self.me.clone(),
            until: *until,
            time: *time,
            index: *index,
            noted: Some(*time),
            reply: None,
            reply_noted: None,
        };
        self.finding_quota.keep(by, &row.of);
        tables::put(&mut *self.views, FINDING, &finding_key(by, id), &row)
    }

    pub(crate) fn apply_finding_noted(&mut self, frame: &FindingNoted) -> Result<(), Fault> {
        let FindingNoted(by, id, _, reply, time) = frame;
        self.change_finding(by, id, |row| {
            let noted = if *reply {
                &mut row.reply_noted
            } else {
                &mut row.noted
            };
            noted.get_or_insert(*time);
        })
    }

    pub(crate) fn apply_finding_replied(
        &mut self,
        at: Position,
        frame: &FindingReplied,
    ) -> Result<(), Fault> {
        let FindingReplied(by, id, _, _, _, time, _) = frame;
        self.change_finding(by, id, |row| {
            row.reply.get_or_insert(at.0);
            // Who has replied has it.
            row.noted.get_or_insert(*time);
        })
    }

    fn change_finding(
        &mut self,
        by: &MemberId,
        id: &Hash,
        change: impl FnOnce(&mut FindingEntry),
    ) -> Result<(), Fault> {
        let Some(mut row) = self.finding_entry(by, id)? else {
            return Ok(());
        };
        change(&mut row);
        tables::put(&mut *self.views, FINDING, &finding_key(by, id), &row)
    }
}

fn finding_key(by: &MemberId, id: &Hash) -> Vec<u8> {
    key(&[by.as_str().as_bytes(), &[0], id.as_bytes()])
}

fn entry_of(key: &[u8], row: &[u8]) -> Result<(Hash, FindingEntry), Fault> {
    let id = key.last_chunk::<32>().map_or(&[][..], |id| id.as_slice());
    Ok((tables::hash_of(id)?, tables::decode(FINDING, row)?))
}

fn other_frame() -> Fault {
    Fault::new("views-damaged", "a row names a frame of another kind")
}
