//! From the rows of one log to records that stand under its signed head, all of
//! them in memory: the small form of [`crate::verifier`].

use std::collections::BTreeSet;

use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::head::Head;
use comity_wire::audit_exchange::AuditRecord;
use comity_wire::ids::MemberId;
use comity_wire::leaf::{Facts, Leaf, Origin};
use comity_wire::notice::Sequences;
use comity_wire::words::TimeMs;

use crate::finding::Finding;
use crate::rights::Reader;
use crate::verifier::{Known, Verifier};

/// What was pulled of one log: all pages, one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Pulled<'a> {
    /// The head that every page was asked for under.
    pub checkpoint: &'a VerifiedCheckpoint,
    /// The first index that was asked for.
    pub from: u64,
    /// The rows of the pages.
    pub records: &'a [AuditRecord],
    /// The signed sequence numbers of the last page. The caller has verified their
    /// signature.
    pub sequences: Option<&'a Sequences>,
    /// When the head was fetched, by the auditor's clock: what was sent later
    /// cannot be in it.
    pub taken_at: TimeMs,
}

/// Records of one log, and how much of it they are. Whoever reads its own log
/// from its own disk may fill this in without [`verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecords {
    /// Whose log.
    pub member: MemberId,
    /// Which.
    pub origin: Origin,
    /// The head that the records are under.
    pub head: Head,
    /// Whether these are all records of the log.
    pub complete: bool,
    /// If not complete: the counterparts about whom every record is here.
    pub counterparts: BTreeSet<MemberId>,
    /// When the head was fetched, by the auditor's clock; for one's own log: now.
    pub taken_at: TimeMs,
    /// The records, by index, with what is known of their facts.
    pub records: Vec<(Leaf, Option<Facts>)>,
    /// Rules that the log has broken.
    pub findings: Vec<Finding>,
}

impl LogRecords {
    /// Whether every record with this counterpart is here.
    #[must_use]
    pub fn shows_all_with(&self, counterpart: &MemberId) -> bool {
        self.complete || self.counterparts.contains(counterpart)
    }

    /// How much of the log they are.
    #[must_use]
    pub fn shown(&self) -> LogShown {
        LogShown {
            origin: self.origin.clone(),
            complete: self.complete,
            counterparts: self.counterparts.clone(),
            taken_at: self.taken_at,
            begins: self.records.first().map(|(leaf, _)| leaf.time),
            is_cut: false,
        }
    }
}

/// How much of a log is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogShown {
    /// Which log.
    pub origin: Origin,
    /// Whether all its records are here.
    pub complete: bool,
    /// If not: the counterparts about whom every record is here.
    pub counterparts: BTreeSet<MemberId>,
    /// When its head was fetched, by the auditor's clock.
    pub taken_at: TimeMs,
    /// The time of the first record that is here, if one is.
    pub begins: Option<TimeMs>,
    /// Whether it was longer when it was closed, as the roster says: a restore has
    /// lost the rest.
    pub is_cut: bool,
}

impl LogShown {
    /// Whether every record with this counterpart is here.
    #[must_use]
    pub fn shows_all_with(&self, counterpart: &MemberId) -> bool {
        self.complete || self.counterparts.contains(counterpart)
    }
}

/// Verifies what was pulled of one log.
///
/// # Errors
/// Findings `leaf-unreadable`, `index-order`, `not-under-head`, `root-differs`:
/// then none of it can be relied upon. All others are in [`LogRecords::findings`].
/// At most [`crate::limits::FINDINGS_PER_LOG_MAX`].
pub fn verify(pulled: &Pulled<'_>, reader: &Reader) -> Result<LogRecords, Vec<Finding>> {
    let origin = pulled.checkpoint.origin();
    let head = *pulled.checkpoint.head();
    let mut verifier = Verifier::new(origin, reader, pulled.from, Known::default());
    verifier.under(head);
    let mut records = Vec::with_capacity(pulled.records.len());
    for AuditRecord(leaf, facts, path) in pulled.records {
        let facts = facts.as_ref().map(|facts| facts.as_slice());
        records.extend(verifier.row(leaf, facts, path));
    }
    let verified = verifier.finish(pulled.sequences, pulled.taken_at)?;
    Ok(LogRecords {
        member: origin.member.clone(),
        origin: verified.shown.origin,
        head,
        complete: verified.shown.complete,
        counterparts: verified.shown.counterparts,
        taken_at: pulled.taken_at,
        records,
        findings: verified.findings,
    })
}
