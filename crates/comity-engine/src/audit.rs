//! `/comity/audit/1`, served: records of the own log for who has a right to them, each with its proof under one signed
//! head. A session is a record of its own, written before the first page leaves.

use std::collections::BTreeMap;

use comity_audit::{Reader, Right};
use comity_log::checkpoint::Checkpoint;
use comity_log::head::Head;
use comity_log::tree::Tree;
use comity_wire::audit_exchange::{
    AuditRecord, AuditReply, AuditRequest, Page as WirePage, Records,
};
use comity_wire::ids::MemberId;
use comity_wire::leaf::Leaf;
use comity_wire::limits::{AUDIT_RECORDS_MAX, AUDIT_REPLY_BYTES_MAX};
use comity_wire::notice::{NextSequence, Sequences, SignedNotice};
use comity_wire::registry::{audit_code, record_kind};
use comity_wire::words::{Code, Sorted};
use serde_bytes::ByteBuf;

use crate::closed::LogHere;
use crate::core::{Core, leaf_at};
use crate::desk::AuditShown;
use crate::limits::{AUDIT_LOOKED_AT_MAX, AUDIT_RECORDS_SINCE_MAX, AUDIT_SESSION_MS};
use crate::ports::Fault;
use crate::receipt::unreadable;
use crate::record::{Entry, code};
use crate::tables::{SEQUENCE, number_at};

/// A page that is to be made once everything is durable.
#[derive(Debug)]
pub(crate) enum Page {
    Records {
        request: AuditRequest,
        reader: Reader,
    },
    Refused(Code),
}

impl Core {
    /// Judges a request, and records that a session begins.
    pub(crate) fn audit_page(&mut self, peer: &MemberId, request: &[u8]) -> Result<Page, Fault> {
        let refused = |why| code(why).map(Page::Refused);
        let Ok(request) = AuditRequest::decode(request) else {
            return refused(audit_code::BAD_REQUEST);
        };
        let Some(size) = self.log_named(&request.1).map(|log| log.head.size()) else {
            return refused(audit_code::UNKNOWN_ORIGIN);
        };
        if request.3.unwrap_or(size) > size || request.2 > request.3.unwrap_or(size) {
            return refused(audit_code::BEYOND_TREE);
        }
        let Some(roster) = self.history.roster() else {
            return refused(audit_code::NO_MANDATE);
        };
        let charter = self.history.charter();
        let reader = Reader::new(charter, roster, peer, &self.me, request.4.as_ref());
        let Ok(reader) = reader else {
            return refused(audit_code::NO_MANDATE);
        };
        let now = self.time();
        let begun = self.audits.get(peer).copied();
        let fresh = begun.is_none_or(|begun| now >= begun.saturating_add(AUDIT_SESSION_MS));
        // However often it asks within a session, the log does not grow with it.
        if *peer != self.me && fresh {
            self.record(Entry {
                kind: record_kind::AUDITED,
                counterpart: Some(peer.clone()),
                ..Entry::default()
            })?;
            self.audits.insert(peer.clone(), now);
            tracing::info!(target: "comity.engine", event = "audited", by = peer.as_str());
        }
        Ok(Page::Records { request, reader })
    }

    /// The reply, under the head that was asked for.
    pub(crate) fn audit_reply(&mut self, page: Page) -> Result<Vec<u8>, Fault> {
        let roster = self.roster_ref();
        let (request, reader) = match page {
            Page::Records { request, reader } => (request, reader),
            Page::Refused(why) => return Ok(AuditReply::Refused(roster, why, None).encode()),
        };
        let Some(log) = self.log_named(&request.1) else {
            let why = code(audit_code::UNKNOWN_ORIGIN)?;
            return Ok(AuditReply::Refused(roster, why, None).encode());
        };
        let newest = log.head;
        let mut tree = Tree::open(&log, &newest).map_err(unreadable)?;
        let head = match request.3 {
            Some(size) if size < newest.size() => tree.head_at(size).map_err(unreadable)?,
            _ => newest,
        };
        // Who reads the whole log computes its root; a part is nothing without its paths.
        let leaves_alone = request.0 == Records::Leaves && reader.right() == Right::All;
        let mut records = Vec::new();
        let mut bytes_left = AUDIT_REPLY_BYTES_MAX.saturating_sub(PAGE_FRAMING_BYTES);
        let mut next = None;
        for (looked_at, index) in (request.2..head.size()).enumerate() {
            if looked_at >= AUDIT_LOOKED_AT_MAX {
                next = Some(index);
                break;
            }
            let (leaf_bytes, facts) = log.record(index)?;
            let leaf = Leaf::decode(&leaf_bytes)
                .map_err(|error| Fault::new("journal-damaged", error.to_string()))?;
            if !reader.may_read(&leaf) {
                continue;
            }
            let path = if leaves_alone {
                Vec::new()
            } else {
                tree.inclusion_path(index, head.size())
                    .map_err(unreadable)?
            };
            let facts = facts.map(ByteBuf::from);
            let size = leaf_bytes.len() + facts.as_ref().map_or(0, |facts| facts.len());
            let size = size + path.len() * 34 + 16;
            if records.len() >= AUDIT_RECORDS_MAX || size > bytes_left {
                next = Some(index);
                break;
            }
            bytes_left -= size;
            records.push(AuditRecord(ByteBuf::from(leaf_bytes), facts, path));
        }
        let sequences = if next.is_none() {
            self.sequences(&log, &head, &reader)?
        } else {
            None
        };
        let origin = log.origin.clone();
        let checkpoint = Checkpoint { origin, head }.sign(log.key);
        let page = WirePage {
            roster,
            checkpoint: checkpoint.to_string().into(),
            records,
            sequences,
            next,
        };
        Ok(AuditReply::Records(page).encode())
    }

    /// The next number for each counterpart that the asker may read about, signed at a head; none if that is too much
    /// to look at.
    fn sequences(
        &self,
        log: &LogHere<'_>,
        head: &Head,
        reader: &Reader,
    ) -> Result<Option<ByteBuf>, Fault> {
        let next = if log.is_open() {
            self.numbers_of_now(head)?
        } else {
            numbers_of(log, head)?
        };
        let Some(mut next) = next else {
            return Ok(None);
        };
        next.retain(|member, seq| *seq > 0 && reader.sees_all_with(member));
        let rows = next
            .into_iter()
            .map(|(member, seq)| NextSequence(member, seq));
        let sequences = Sequences(
            log.origin.clone(),
            head.size(),
            *head.root(),
            Sorted::new(rows),
        );
        let signed = SignedNotice::sign(&self.identity.statement_key, &sequences);
        Ok(Some(ByteBuf::from(signed)))
    }

    /// Of the open log: those of now, less what was recorded since that head.
    fn numbers_of_now(&self, head: &Head) -> Result<Option<Numbers>, Fault> {
        let newest = self.store.head().size();
        if newest.saturating_sub(head.size()) > AUDIT_RECORDS_SINCE_MAX {
            return Ok(None);
        }
        let mut next = Numbers::new();
        let mut from: Option<Vec<u8>> = None;
        while let Some((name, seq)) = self
            .views
            .scan(SEQUENCE, &[], from.as_deref(), 1)?
            .into_iter()
            .next()
        {
            let member = std::str::from_utf8(&name).ok().and_then(MemberId::new);
            if let (Some(member), Some(seq)) = (member, number_at(&seq, 0)) {
                next.insert(member, seq);
            }
            from = Some([name.as_slice(), &[0]].concat());
        }
        for index in head.size()..newest {
            let leaf = leaf_at(&*self.store, index)?;
            if let Some(seq) = leaf.counterpart.and_then(|member| next.get_mut(&member)) {
                *seq = seq.saturating_sub(1);
            }
        }
        Ok(Some(next))
    }

    /// Notes an audit that this member has made: one record for each member.
    pub(crate) fn audited(&mut self, members: &[MemberId], shown: AuditShown) -> Result<(), Fault> {
        for member in members {
            self.make_room()?;
            self.record(Entry {
                kind: record_kind::AUDITED,
                counterpart: Some(member.clone()),
                ..Entry::default()
            })?;
        }
        self.audit = Some(shown);
        Ok(())
    }
}

type Numbers = BTreeMap<MemberId, u64>;

/// Of a closed log: counted.
fn numbers_of(log: &LogHere<'_>, head: &Head) -> Result<Option<Numbers>, Fault> {
    if head.size() > AUDIT_RECORDS_SINCE_MAX {
        return Ok(None);
    }
    let mut next = Numbers::new();
    for index in 0..head.size() {
        let leaf = Leaf::decode(&log.record(index)?.0)
            .map_err(|error| Fault::new("journal-damaged", error.to_string()))?;
        if let Some(member) = leaf.counterpart {
            let seq = next.entry(member).or_default();
            *seq = seq.saturating_add(1);
        }
    }
    Ok(Some(next))
}

/// In bytes. Roster, checkpoint, sequence numbers and the heads of the arrays.
const PAGE_FRAMING_BYTES: usize = 131_072;
