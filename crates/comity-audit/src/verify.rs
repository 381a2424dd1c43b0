//! From pages of one log to records that stand under its signed head.
//!
//! ```text
//! rows -> leaves, in order -> each under the head (all there: their root is the head's)
//!      -> facts are those committed to; numbers contiguous; times never decreasing
//! ```
//! What is not under the head is worth nothing, so that ends it. What is under it
//! and breaks a rule stays a record, with a finding beside it: the log has signed
//! that it did so.

use std::collections::{BTreeMap, BTreeSet};

use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::hash::{empty_root, leaf_hash, node_hash};
use comity_log::head::Head;
use comity_log::proof::verify_inclusion;
use comity_wire::audit_exchange::AuditRecord;
use comity_wire::ids::{Hash, MemberId};
use comity_wire::leaf::{Facts, Leaf, LogHead, Origin};
use comity_wire::notice::Sequences;
use comity_wire::registry::record_kind;
use comity_wire::words::TimeMs;

use crate::finding::{Finding, Found};
use crate::limits::FINDINGS_PER_LOG_MAX;
use crate::rights::Reader;

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
/// At most [`FINDINGS_PER_LOG_MAX`].
pub fn verify(pulled: &Pulled<'_>, reader: &Reader) -> Result<LogRecords, Vec<Finding>> {
    let origin = pulled.checkpoint.origin();
    let mut notes = Notes {
        member: &origin.member,
        findings: Vec::new(),
    };
    let leaves = read(pulled, &mut notes)?;
    let complete = are_under_head(pulled, &leaves, &mut notes)?;

    if reader.right() == crate::rights::Right::All {
        has_no_gap(pulled, &leaves, &mut notes);
    }
    is_opened_once(&leaves, &mut notes);
    times_never_decrease(&leaves, &mut notes);
    let gaps = numbers_are_contiguous(pulled, &leaves, reader, &mut notes);
    for leaf in &leaves {
        is_whole(leaf, &mut notes);
    }
    let facts: Vec<_> = leaves
        .iter()
        .zip(pulled.records)
        .map(|(leaf, row)| facts_of(leaf, row, &mut notes))
        .collect();
    let shown = if pulled.from == 0 {
        reader.in_remit().difference(&gaps).cloned().collect()
    } else {
        BTreeSet::new()
    };
    Ok(LogRecords {
        member: origin.member.clone(),
        origin: origin.clone(),
        head: *pulled.checkpoint.head(),
        complete,
        counterparts: shown,
        taken_at: pulled.taken_at,
        records: leaves.into_iter().zip(facts).collect(),
        findings: notes.findings,
    })
}

struct Notes<'a> {
    member: &'a MemberId,
    findings: Vec<Finding>,
}

impl Notes<'_> {
    fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_PER_LOG_MAX {
            self.findings.push(finding);
        }
    }

    fn add_at(&mut self, found: Found, index: u64) {
        self.add(Finding::in_log_of(self.member, found).at(index));
    }

    fn about(&mut self, found: Found, leaf: &Leaf) {
        let finding = Finding::in_log_of(self.member, found).at(leaf.index);
        self.add(Finding {
            counterpart: leaf.counterpart.clone(),
            case: leaf.case,
            statement: leaf.statement,
            ..finding
        });
    }

    /// Ends the verification if anything was found so far.
    fn none_so_far(&mut self) -> Result<(), Vec<Finding>> {
        if self.findings.is_empty() {
            Ok(())
        } else {
            Err(std::mem::take(&mut self.findings))
        }
    }
}

// ---- What must hold for anything to be worth something

/// The leaves, in the order of their indexes and none before the first asked for.
fn read(pulled: &Pulled<'_>, notes: &mut Notes<'_>) -> Result<Vec<Leaf>, Vec<Finding>> {
    let mut leaves = Vec::with_capacity(pulled.records.len());
    let mut least = pulled.from;
    for AuditRecord(bytes, _, _) in pulled.records {
        let Ok(leaf) = Leaf::decode(bytes) else {
            notes.add_at(Found::LeafUnreadable, least);
            continue;
        };
        if leaf.index < least {
            notes.about(Found::IndexOrder, &leaf);
        }
        least = leaf.index.saturating_add(1);
        leaves.push(leaf);
    }
    notes.none_so_far()?;
    Ok(leaves)
}

/// Whether all leaves of the tree are here; then their root is computed, and no
/// path is needed.
fn are_under_head(
    pulled: &Pulled<'_>,
    leaves: &[Leaf],
    notes: &mut Notes<'_>,
) -> Result<bool, Vec<Finding>> {
    let head = pulled.checkpoint.head();
    let hashes = pulled.records.iter().map(|row| leaf_hash(&row.0));
    let all = (0..head.size()).eq(leaves.iter().map(|leaf| leaf.index));
    if all {
        if root_of(hashes) != *head.root() {
            notes.add(Finding::in_log_of(notes.member, Found::RootDiffers));
        }
    } else {
        for ((leaf, row), hash) in leaves.iter().zip(pulled.records).zip(hashes) {
            if verify_inclusion(&hash, leaf.index, &row.2, head).is_err() {
                notes.about(Found::NotUnderHead, leaf);
            }
        }
    }
    notes.none_so_far()?;
    Ok(all)
}

/// The root of a tree (RFC 6962, section 2.1) over all its leaves, keeping one hash
/// for each full subtree on the way.
fn root_of(leaf_hashes: impl Iterator<Item = Hash>) -> Hash {
    // Full subtrees from left to right, with the number of their leaves as 2^n.
    let mut full: Vec<(u32, Hash)> = Vec::new();
    for hash in leaf_hashes {
        let mut node = (0, hash);
        while let Some((_, left)) = full.pop_if(|(level, _)| *level == node.0) {
            node = (node.0 + 1, node_hash(&left, &node.1));
        }
        full.push(node);
    }
    let joined = full.into_iter().map(|(_, hash)| hash).rev();
    joined
        .reduce(|right, left| node_hash(&left, &right))
        .unwrap_or_else(empty_root)
}

// ---- What the log may have done wrong

/// Says each hole once, at the index where it begins.
fn has_no_gap(pulled: &Pulled<'_>, leaves: &[Leaf], notes: &mut Notes<'_>) {
    let mut expected = pulled.from;
    for leaf in leaves {
        if leaf.index != expected {
            notes.add_at(Found::IndexGap, expected);
        }
        expected = leaf.index.saturating_add(1);
    }
    if expected < pulled.checkpoint.head().size() {
        notes.add_at(Found::IndexGap, expected);
    }
}

fn is_opened_once(leaves: &[Leaf], notes: &mut Notes<'_>) {
    for leaf in leaves {
        let opens = leaf.kind.as_str() == record_kind::LOG_OPENED;
        if opens != (leaf.index == 0) {
            notes.about(Found::LogNotOpened, leaf);
        }
    }
}

fn times_never_decrease(leaves: &[Leaf], notes: &mut Notes<'_>) {
    let mut latest = 0;
    for leaf in leaves {
        if leaf.time < latest {
            notes.about(Found::TimeDecreases, leaf);
        }
        latest = leaf.time.max(latest);
    }
}

/// Checks the numbers of each counterpart, up to the signed ones if there are any.
/// Returns the counterparts whose records have gaps.
fn numbers_are_contiguous(
    pulled: &Pulled<'_>,
    leaves: &[Leaf],
    reader: &Reader,
    notes: &mut Notes<'_>,
) -> BTreeSet<MemberId> {
    let mut next: BTreeMap<&MemberId, u64> = BTreeMap::new();
    let mut gaps = BTreeSet::new();
    for leaf in leaves {
        let (Some(counterpart), Some(seq)) = (&leaf.counterpart, leaf.seq) else {
            continue;
        };
        let first = (pulled.from == 0).then_some(0);
        let expected = next.get(counterpart).copied().or(first);
        let fits = match expected {
            Some(expected) if reader.sees_all_with(counterpart) => seq == expected,
            Some(expected) => seq >= expected,
            None => true,
        };
        if !fits {
            notes.about(Found::SeqGap, leaf);
            gaps.insert(counterpart.clone());
        }
        next.insert(counterpart, seq.saturating_add(1));
    }
    let Some(Sequences(origin, size, root, signed)) = pulled.sequences else {
        return gaps;
    };
    let head = LogHead(origin.clone(), *size, *root);
    let own = pulled.checkpoint;
    if head != LogHead(own.origin().clone(), own.head().size(), *own.head().root()) {
        notes.add(Finding::in_log_of(
            notes.member,
            Found::SequencesOfAnotherHead,
        ));
        return gaps;
    }
    let signed: BTreeMap<_, _> = signed.iter().map(|entry| (&entry.0, entry.1)).collect();
    let named: BTreeSet<_> = next.keys().chain(signed.keys()).copied().collect();
    for counterpart in named {
        let here = next.get(counterpart).copied();
        // Before the first index asked for there may have been others.
        let unknown = here.is_none() && pulled.from > 0;
        let all_here = here.unwrap_or(0) == signed.get(counterpart).copied().unwrap_or(0);
        if reader.sees_all_with(counterpart) && !unknown && !all_here {
            notes.add(Finding {
                counterpart: Some(counterpart.clone()),
                ..Finding::in_log_of(notes.member, Found::SeqGap)
            });
            gaps.insert(counterpart.clone());
        }
    }
    gaps
}

/// Whether a record about a statement can be matched with one of the other side.
fn is_whole(leaf: &Leaf, notes: &mut Notes<'_>) {
    let delivered = [
        record_kind::OFFERED,
        record_kind::SENT,
        record_kind::RECEIVED,
        record_kind::GAVE_UP,
    ];
    let is_delivery = delivered.contains(&leaf.kind.as_str());
    let names_all = leaf.statement.is_some()
        && leaf.case.is_some()
        && leaf.counterpart.is_some()
        && leaf.statement_kind.is_some();
    let is_numbered = leaf.counterpart.is_none() || leaf.seq.is_some();
    if (is_delivery && !names_all) || !is_numbered {
        notes.about(Found::RecordIncomplete, leaf);
    }
}

/// The facts, if they were shown and are those that the leaf commits to. That they
/// are not shown is no fault: they have a retention of their own.
fn facts_of(leaf: &Leaf, row: &AuditRecord, notes: &mut Notes<'_>) -> Option<Facts> {
    let bytes = row.1.as_ref()?;
    if leaf.facts != Some(Hash::of(bytes)) {
        notes.about(Found::FactsNotCommitted, leaf);
        return None;
    }
    let facts = Facts::decode(bytes);
    if facts.is_err() {
        notes.about(Found::FactsUnreadable, leaf);
    }
    facts.ok()
}
