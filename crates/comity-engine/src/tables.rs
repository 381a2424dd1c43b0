//! The rows of the views: ids, codes, times and places in the journal. Never a locator, a text or a name of a person.

use comity_wire::cbor;
use comity_wire::ids::{CaseId, Hash, MemberId, StatementId};
use comity_wire::registry::Kind;
use comity_wire::words::{Code, ItemNumber, TimeMs};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::ports::{Fault, Views};

/// Nothing -> [`VIEWS_VERSION`].
pub(crate) const SCHEMA: &str = "schema";
/// Rises when rows of what the journal already has are made in another way: the views are then made anew.
pub(crate) const VIEWS_VERSION: u8 = 4;

/// Statement id -> [`StatementRow`].
pub(crate) const STATEMENT: &str = "statement";
/// Case id -> [`CaseEntry`].
pub(crate) const CASE: &str = "case";
/// Case id, journal number -> statement id.
pub(crate) const IN_CASE: &str = "in-case";
/// Journal number of the last change -> case id.
pub(crate) const CHANGED: &str = "changed";
/// Statement id -> [`OutboxEntry`]: not delivered yet, or given up.
pub(crate) const OUTBOX: &str = "outbox";
/// Member, 0, due time, journal number -> statement id.
pub(crate) const DUE: &str = "due";
/// Member -> [`Gate`].
pub(crate) const GATE: &str = "gate";
/// Draft id -> [`DraftEntry`].
pub(crate) const DRAFT: &str = "draft";
/// Journal number -> draft id, of those that wait.
pub(crate) const DRAFT_OPEN: &str = "draft-open";
/// Id of a reported locator -> [`Dossier`].
pub(crate) const DOSSIER: &str = "dossier";
/// Case, item -> id of the reported locator.
pub(crate) const DOSSIER_OF: &str = "dossier-of";
/// Key of a report -> id of the reported locator.
pub(crate) const REPORT: &str = "report";
/// Child case, item, parent case, item -> nothing.
pub(crate) const LINK_UP: &str = "link-up";
/// Parent case, item, child case, item -> nothing.
pub(crate) const LINK_DOWN: &str = "link-down";
/// Member -> the next number in the sequence of records about it.
pub(crate) const SEQUENCE: &str = "sequence";
/// Hash of what was refused -> place of the refusal.
pub(crate) const REFUSED: &str = "refused";
/// Case, item, hour, hash of the person under a key of this node -> nothing.
pub(crate) const LOOKED: &str = "looked";
/// Time until which a statement may wait for what it builds on, statement id -> case id.
pub(crate) const PARKED: &str = "parked";
/// SHA-256 of evidence -> [`EvidenceEntry`].
pub(crate) const EVIDENCE: &str = "evidence";
/// What evidence is about -> its SHA-256.
pub(crate) const EVIDENCE_OF: &str = "evidence-of";

/// Log, 0, size, root -> [`ReceiptHead`], of every head that a receipt is under.
pub(crate) const RECEIPT_HEAD: &str = "receipt-head";
/// Log, 0, size, root -> nothing, of those that are not known to lead to a cosigned one.
pub(crate) const UNFOLLOWED: &str = "unfollowed";
/// Log, 0, index -> place of the frame with the first receipt for that index.
pub(crate) const RECEIPT_AT: &str = "receipt-at";
/// Log -> place of the frame with the newest head of it that was followed.
pub(crate) const FOLLOWED: &str = "followed";

/// A head that receipts are under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReceiptHead {
    /// Place of the frame with the first of them.
    pub(crate) at: u64,
    /// Place of the frame with a cosigned head that this one leads to.
    pub(crate) followed: Option<u64>,
}

/// Evidence that a log or the governance contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EvidenceEntry {
    pub(crate) at: u64,
    pub(crate) seq: u64,
    pub(crate) from: Option<MemberId>,
    pub(crate) time: TimeMs,
    pub(crate) index: u64,
    /// Who has taken it from here, or had it before, and the number of the log that it wrote then.
    pub(crate) handed: Vec<(MemberId, u32)>,
}

/// Member -> the number that the next record about it would have had in the log that a restore has closed, as it is here.
pub(crate) const CLOSED_SEQUENCE: &str = "closed-sequence";

/// Number of a closed log, member -> [`crate::frame::Redelivered`].
pub(crate) const REDELIVERED: &str = "redelivered";

/// Who found it, 0, id -> [`FindingEntry`].
pub(crate) const FINDING: &str = "finding";
/// SHA-256 of the signed notice of an own finding -> its id.
pub(crate) const FINDING_NOTICE: &str = "finding-notice";

/// A finding, of this member or about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FindingEntry {
    /// Place of the signed notice.
    pub(crate) at: u64,
    /// Its hash: a reply names it.
    pub(crate) notice: Hash,
    pub(crate) by: MemberId,
    pub(crate) of: MemberId,
    pub(crate) until: TimeMs,
    pub(crate) time: TimeMs,
    pub(crate) index: u64,
    /// When the subject noted it.
    pub(crate) noted: Option<TimeMs>,
    /// Place of the signed reply.
    pub(crate) reply: Option<u64>,
    /// When the auditor noted the reply.
    pub(crate) reply_noted: Option<TimeMs>,
}

/// What is known of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StatementRow {
    pub(crate) at: u64,
    pub(crate) seq: u64,
    pub(crate) case: CaseId,
    pub(crate) own: bool,
    pub(crate) kind: Kind,
    pub(crate) standing: Standing,
    /// Of the record `received` or `offered`.
    pub(crate) index: Option<u64>,
    /// The number of the log that this record is in.
    pub(crate) log: u32,
    pub(crate) offered: Option<TimeMs>,
    pub(crate) registered: Option<TimeMs>,
    /// Place of the frame with the receipt, or with the refusal.
    pub(crate) receipt: Option<u64>,
    /// When the receipt came.
    pub(crate) receipted: Option<TimeMs>,
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    /// Of another member, and registered here.
    Received,
    /// One's own; nobody has it.
    Waiting,
    /// One's own; the recipient has given a receipt.
    Delivered,
    /// One's own; the recipient has refused it for good.
    Refused,
    /// One's own; not tried any more.
    Expired,
}

impl Standing {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }
}

/// A case in short. What the fold says is written here after each change, for lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CaseEntry {
    pub(crate) opener: MemberId,
    pub(crate) recipient: MemberId,
    pub(crate) kind: Kind,
    pub(crate) opening: StatementId,
    pub(crate) opened_at: TimeMs,
    pub(crate) urgency: Code,
    pub(crate) changed: u64,
    /// For each item, two bytes of its number and one of its state.
    pub(crate) items: ByteBuf,
    pub(crate) open: bool,
    pub(crate) held: bool,
    /// When the first of the clocks that run is due.
    pub(crate) due: Option<TimeMs>,
}

/// A statement on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutboxEntry {
    pub(crate) seq: u64,
    pub(crate) case: CaseId,
    pub(crate) to: MemberId,
    pub(crate) kind: Kind,
    pub(crate) attempts: u64,
    /// `None`: given up.
    pub(crate) due: Option<TimeMs>,
    pub(crate) expires: TimeMs,
    pub(crate) last: Option<Code>,
    pub(crate) offered: bool,
}

/// When a member is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gate {
    pub(crate) attempts: u64,
    pub(crate) due: TimeMs,
    pub(crate) last: Code,
}

/// Where a draft stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DraftEntry {
    pub(crate) at: u64,
    pub(crate) seq: u64,
    /// `review`, `conflict`, `returned`, `confirmed`, `no-action`.
    pub(crate) state: Code,
}

/// A reported locator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dossier {
    /// Place of its first report.
    pub(crate) at: u64,
    /// Journal number of its first report.
    pub(crate) seq: u64,
    pub(crate) reports: u64,
    /// What became of it as long as it is in no case ([`crate::intake::Place`]).
    pub(crate) place: Code,
    /// The draft that is about it.
    pub(crate) draft: Option<comity_wire::ids::Nonce>,
    /// The item that it became.
    pub(crate) item: Option<(CaseId, ItemNumber)>,
    /// Whom the hotline told itself.
    pub(crate) told: Vec<Code>,
}

/// A row, decoded.
pub(crate) fn get<T: Serialize + DeserializeOwned>(
    views: &dyn Views,
    table: &'static str,
    key: &[u8],
) -> Result<Option<T>, Fault> {
    views
        .get(table, key)?
        .map(|bytes| decode(table, &bytes))
        .transpose()
}

/// Writes a row.
pub(crate) fn put<T: Serialize>(
    views: &mut dyn Views,
    table: &'static str,
    key: &[u8],
    row: &T,
) -> Result<(), Fault> {
    views.put(table, key, &cbor::encode(row))
}

pub(crate) fn decode<T: Serialize + DeserializeOwned>(
    table: &'static str,
    bytes: &[u8],
) -> Result<T, Fault> {
    cbor::decode(bytes)
        .map_err(|error| Fault::new("views-damaged", format!("table {table}: {error}")))
}

/// A key of several parts.
pub(crate) fn key(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// The number at the end of a key.
pub(crate) fn last_number(key: &[u8]) -> u64 {
    key.last_chunk::<8>()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Reads a hash from the end of a value.
pub(crate) fn hash_of(value: &[u8]) -> Result<Hash, Fault> {
    Hash::from_slice(value).ok_or_else(|| Fault::new("views-damaged", "not an id of 32 bytes"))
}

/// Reads a case id at the beginning of a key.
pub(crate) fn case_at(bytes: &[u8], from: usize) -> Option<CaseId> {
    bytes
        .get(from..from.checked_add(16)?)
        .and_then(CaseId::from_slice)
}

/// Reads a number in a key.
pub(crate) fn number_at(bytes: &[u8], from: usize) -> Option<u64> {
    let slice = bytes.get(from..from.checked_add(8)?)?;
    Some(u64::from_be_bytes(slice.try_into().ok()?))
}
