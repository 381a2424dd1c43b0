//! Redelivery, served: a member whose log was closed by a restore gets back what it had registered of this member's
//! statements, with its own receipts, and its own statements that are registered here.
//!
//! ```text
//! request -> is it a closed log of who asks? -> where did the loss begin? -> from there on, in the order of this journal
//! ```
//! The order of the journal keeps what a statement builds on before it. More may be given than was lost: who asks
//! passes over what it has.

use comity_trust::history::History;
use comity_trust::member::LogState;
use comity_wire::cbor;
use comity_wire::exchange::{RedeliverReply, RedeliverRequest};
use comity_wire::ids::{MemberId, StatementId};
use comity_wire::leaf::Origin;
use comity_wire::limits::{EXCHANGE_REQUEST_BYTES_MAX, EXCHANGE_STATEMENTS_MAX};
use comity_wire::receipt::{Receipt, WireReceipt};
use comity_wire::registry::exchange_code;
use comity_wire::words::TimeMs;
use serde_bytes::ByteBuf;

use crate::core::Core;
use crate::frame::{Frame, Own, Received, Sent};
use crate::inbound::{all_busy, unreadable};
use crate::limits::{PAGE_ROWS_MAX, REDELIVERY_MARGIN_MS, SAID_KEPT_MS, SAID_MAX};
use crate::ports::{Fault, Position};
use crate::tables::{self, CASE, CaseEntry, Standing, StatementRow};

/// What was said between this member and one other, in the order of the journal.
#[derive(Debug)]
pub(crate) struct Said {
    made: TimeMs,
    rows: Vec<SaidRow>,
}

#[derive(Debug)]
struct SaidRow {
    seq: u64,
    id: StatementId,
    own: bool,
    /// When the recipient registered it.
    registered: TimeMs,
    /// Place of the frame with the receipt of an own one.
    receipt: Option<Position>,
}

/// A statement, and the receipt that it once had.
type Row = (ByteBuf, Option<WireReceipt>);

impl Core {
    /// The reply to a request, from what is durable.
    pub(crate) fn redelivery(
        &mut self,
        peer: &MemberId,
        request: &RedeliverRequest,
    ) -> Result<Vec<u8>, Fault> {
        let RedeliverRequest(_, origin, from) = request;
        let roster = self.roster_ref();
        let Some(closed_size) = closed_size(&self.history, origin, peer) else {
            return Ok(unreadable(roster, exchange_code::UNKNOWN_ORIGIN));
        };
        let Some(said) = self.said_before_loss(origin)? else {
            return Ok(all_busy(roster, 1));
        };
        // No record has an index from the closed size on: such a number tells where the page before has ended.
        let begin = match from.checked_sub(closed_size) {
            Some(seq) => seq,
            None => self.begin_of_loss(&said, origin, *from)?,
        };
        let (rows, next) = self.redelivered_from(&said, begin)?;
        tracing::info!(
            target: "comity.engine",
            event = "redelivery-given",
            to = peer.as_str(),
            statements = rows.len(),
        );
        let next = next.and_then(|seq| closed_size.checked_add(seq));
        self.said.insert(origin.clone(), said);
        Ok(RedeliverReply(roster, rows, next).encode())
    }

    /// What was said with the member of a closed log, looked up once for all its pages. What came after that log was
    /// closed is not lost, so it can be kept for a while. None: it is looked up for as many others as can be.
    fn said_before_loss(&mut self, origin: &Origin) -> Result<Option<Said>, Fault> {
        let now = self.time();
        self.said
            .retain(|_, said| now < said.made.saturating_add(SAID_KEPT_MS));
        if let Some(said) = self.said.remove(origin) {
            return Ok(Some(said));
        }
        if self.said.len() >= SAID_MAX {
            return Ok(None);
        }
        let rows = self.said_with(&origin.member)?;
        Ok(Some(Said { made: now, rows }))
    }

    /// A page of statements from a number of the journal on, and the number at which the next page begins.
    fn redelivered_from(&self, said: &Said, begin: u64) -> Result<(Vec<Row>, Option<u64>), Fault> {
        let mut rows = Vec::new();
        let mut bytes_left = EXCHANGE_REQUEST_BYTES_MAX.saturating_sub(PAGE_FRAMING_BYTES);
        let first = said.rows.partition_point(|row| row.seq < begin);
        for row in said.rows.get(first..).unwrap_or_default() {
            let statement = self.bytes_of(&row.id)?;
            let receipt = match row.receipt {
                Some(at) => Some(self.receipt_at(at)?),
                None => None,
            };
            let receipt_bytes = receipt
                .as_ref()
                .map_or(0, |receipt| receipt.0.len() + receipt.1.len());
            let size = statement.len() + receipt_bytes + ROW_FRAMING_BYTES;
            if rows.len() >= EXCHANGE_STATEMENTS_MAX || size > bytes_left {
                return Ok((rows, Some(row.seq)));
            }
            bytes_left = bytes_left.saturating_sub(size);
            rows.push((statement, receipt));
        }
        Ok((rows, None))
    }

    /// Every statement that the other one has registered of this member's, and this one of the other's.
    fn said_with(&self, peer: &MemberId) -> Result<Vec<SaidRow>, Fault> {
        let mut rows = Vec::new();
        let mut from: Option<Vec<u8>> = None;
        loop {
            let cases = self.views.scan(CASE, &[], from.as_deref(), PAGE_ROWS_MAX)?;
            for (key, bytes) in &cases {
                let entry: CaseEntry = tables::decode(CASE, bytes)?;
                let case = tables::case_at(key, 0);
                let with_peer = entry.opener == *peer || entry.recipient == *peer;
                let Some(case) = case.filter(|_| with_peer) else {
                    continue;
                };
                for id in self.statements_of(&case)? {
                    let row = self.statement_row(&id)?;
                    rows.extend(row.and_then(|row| SaidRow::of(id, &row)));
                }
            }
            match cases.last() {
                Some((last, _)) if cases.len() == PAGE_ROWS_MAX => {
                    from = Some([last.as_slice(), &[0]].concat());
                }
                _ => break,
            }
        }
        rows.sort_by_key(|row| row.seq);
        Ok(rows)
    }

    /// The number in the journal from which on statements may be lost there.
    ///
    /// The receipts tell which times the record before the loss has; times of a log never decrease. What was registered
    /// here earlier than that, by this node's clock, was in the other's journal before its loss began.
    fn begin_of_loss(&self, said: &Said, origin: &Origin, from: u64) -> Result<u64, Fault> {
        let mut receipted: Vec<(TimeMs, Position)> = said
            .rows
            .iter()
            .filter_map(|row| Some((row.registered, row.receipt?)))
            .collect();
        receipted.sort_unstable();
        let mut fault = None;
        let kept = receipted.partition_point(|(_, at)| {
            let before = self.is_before_the_loss(*at, origin, from);
            before.unwrap_or_else(|error| {
                fault.get_or_insert(error);
                false
            })
        });
        if let Some(fault) = fault {
            return Err(fault);
        }
        let last_kept = kept.checked_sub(1).and_then(|last| receipted.get(last));
        let since = last_kept.map_or(0, |(time, _)| *time);
        let lost = said.rows.iter().filter(|row| match row.own {
            true => row.registered >= since,
            false => row.registered.saturating_add(REDELIVERY_MARGIN_MS) >= since,
        });
        Ok(lost.map(|row| row.seq).min().unwrap_or(u64::MAX))
    }

    fn is_before_the_loss(&self, at: Position, origin: &Origin, from: u64) -> Result<bool, Fault> {
        let wire = self.receipt_at(at)?;
        let receipt = Receipt::from_wire(wire).map_err(|error| damaged(&error.to_string()))?;
        let logs = self.history.logs_of(&origin.member);
        let log = logs.iter().find(|log| log.key == *receipt.kid());
        Ok(log.is_some_and(|log| {
            log.origin.n < origin.n || (log.origin.n == origin.n && receipt.leaf().index < from)
        }))
    }

    fn receipt_at(&self, at: Position) -> Result<WireReceipt, Fault> {
        let stored = self.store.read(at)?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::Sent(Sent(_, receipt, ..)) => {
                cbor::decode(&receipt).map_err(|error| damaged(&error.to_string()))
            }
            _ => Err(damaged("a row names a frame that is no receipt")),
        }
    }

    fn bytes_of(&self, id: &StatementId) -> Result<ByteBuf, Fault> {
        let row = self.statement_row(id)?;
        let row = row.ok_or_else(|| damaged("a statement has no row any more"))?;
        let stored = self.store.read(Position(row.at))?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::Received(Received(bytes, ..)) | Frame::Own(Own(bytes, ..)) => Ok(bytes),
            _ => Err(damaged("a row names a frame that is no statement")),
        }
    }
}

impl SaidRow {
    /// None: the other side has not registered it.
    fn of(id: StatementId, row: &StatementRow) -> Option<Self> {
        let receipt = match row.standing {
            Standing::Received => None,
            Standing::Delivered => Some(Position(row.receipt?)),
            Standing::Waiting | Standing::Refused | Standing::Expired => return None,
        };
        Some(Self {
            seq: row.seq,
            id,
            own: row.own,
            registered: row.registered.unwrap_or_default(),
            receipt,
        })
    }
}

/// The size at which a log of `member` was closed; none if the roster lists no such closed log.
fn closed_size(history: &History, origin: &Origin, member: &MemberId) -> Option<u64> {
    let log = history.log(origin).filter(|_| origin.member == *member)?;
    match log.state {
        LogState::Closed((size, _)) => Some(size),
        LogState::Open => None,
    }
}

fn damaged(what: &str) -> Fault {
    Fault::new("views-damaged", what.to_owned())
}

/// In bytes. Roster, place of the next page and the heads of the arrays.
const PAGE_FRAMING_BYTES: usize = 4_096;

/// In bytes. The heads of one row.
const ROW_FRAMING_BYTES: usize = 32;
