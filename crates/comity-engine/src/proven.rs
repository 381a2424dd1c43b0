//! Records with their proofs: of the own log, and of others' logs as the last audit has pulled them. So whoever has read a
//! log by right can show what a report is made of.
//!
//! ```text
//! own log        stored record -> path under a head that is signed again
//! a whole log    rows without paths -> the tree, made again in memory -> path under the head of the audit
//! a part         rows, each with the path that came with it -> the head that it was pulled under
//! ```
//! What is given of another's log is verified first, as anybody verifies it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint};
use comity_log::edge::Edge;
use comity_log::hash::leaf_hash;
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::store::MemoryTiles;
use comity_log::tlog_proof::TlogProof;
use comity_log::tree::Tree;
use comity_report::report::{LogUsed, Report};
use comity_trust::history::History;
use comity_wire::audit_exchange::AuditRecord;
use comity_wire::ids::{CaseId, Hash, StatementId};
use comity_wire::leaf::{Leaf, Origin};
use comity_wire::receipt::Receipt;
use comity_wire::registry::record_kind;

use crate::core::Core;
use crate::desk::{RecordShown, RecordsAsked};
use crate::error::WorkError;
use crate::kept::{Kept, rows_of};
use crate::limits::{AUDITED_RECORDS_SHOWN_MAX, RECORDS_SHOWN_MAX};
use crate::node::{Engine, stopped};
use crate::ports::{AuditStore, Fault};
use crate::receipt::Tiles;
use crate::reports::{Audited, no_audit};
use crate::show::hex;

impl Core {
    /// Records of the own log, each with its proof under the head that was asked for.
    pub(crate) fn records(&mut self, asked: &RecordsAsked) -> Result<Vec<RecordShown>, WorkError> {
        let indices = &asked.indices;
        if indices.len() > RECORDS_SHOWN_MAX {
            return Err(too_many(RECORDS_SHOWN_MAX));
        }
        let vkey = self.own_vkey()?;
        let newest = self.store.head();
        let size = asked.size.unwrap_or(newest.size());
        let beyond = indices.iter().find(|index| **index >= size);
        if beyond.is_some() || size > newest.size() {
            let (what, size) = (beyond.copied().unwrap_or(size), newest.size());
            return Err(WorkError::asker(
                "unknown-record",
                format!("there is no record {what} under that head: the log has {size}"),
                "ask for one that is there",
            ));
        }
        let damaged = |error: comity_log::tree::TreeError<Fault>| {
            Fault::new("journal-damaged", error.to_string())
        };
        let mut tree = Tree::open(Tiles(&*self.store), &newest).map_err(damaged)?;
        let head = tree.head_at(size).map_err(damaged)?;
        let origin = self.identity.origin.clone();
        let checkpoint = Checkpoint { origin, head }
            .sign(&self.identity.log_key)
            .to_unverified();
        let mut found = Vec::with_capacity(indices.len());
        for index in indices {
            let path = tree.inclusion_path(*index, head.size()).map_err(damaged)?;
            let (leaf, facts) = self.store.record(*index)?;
            let proof = TlogProof {
                extra: None,
                index: *index,
                path,
                checkpoint: checkpoint.clone(),
            };
            let receipt = self.receipt_of(&leaf)?;
            found.push(RecordShown {
                index: *index,
                proof: proof.to_string(),
                receipt_vkey: receipt.as_ref().and_then(|(_, key)| key.clone()),
                receipt: receipt.map(|(receipt, _)| receipt),
                leaf: hex(&leaf),
                facts: facts.as_deref().map(hex),
                vkey: vkey.clone(),
            });
        }
        Ok(found)
    }

    /// The receipt that a record of kind `sent` is about, and the key that it names.
    fn receipt_of(&self, leaf: &[u8]) -> Result<Option<(String, Option<String>)>, WorkError> {
        let leaf =
            Leaf::decode(leaf).map_err(|error| Fault::new("journal-damaged", error.to_string()))?;
        let sent = leaf
            .statement
            .filter(|_| leaf.kind.as_str() == record_kind::SENT);
        let Some(id) = sent else { return Ok(None) };
        let row = self.statement_row(&id)?;
        let at = row.and_then(|row| row.receipt);
        let Some(bytes) = at.map_or(Ok(None), |at| self.kept_receipt(at))? else {
            return Ok(None);
        };
        let key_of = |receipt: Receipt| {
            let logs = self.history.logs_of(leaf.counterpart.as_ref()?);
            let log = logs.iter().find(|log| log.key == *receipt.kid())?;
            vkey_of(&log.origin, &self.history)
        };
        let key = Receipt::read(&bytes).ok().and_then(key_of);
        Ok(Some((hex(&bytes), key)))
    }
}

impl Engine {
    /// Records of another member's log, each with its proof, from what the last audit has pulled.
    pub(crate) async fn audited_records(
        &self,
        asked: RecordsAsked,
    ) -> Result<Vec<RecordShown>, WorkError> {
        if asked.indices.len() > AUDITED_RECORDS_SHOWN_MAX {
            return Err(too_many(AUDITED_RECORDS_SHOWN_MAX));
        }
        let audited = self.last_audit.get().ok_or_else(no_audit)?;
        let used = audited
            .logs
            .iter()
            .find(|log| Some(&log.origin) == asked.log.as_ref())
            .cloned()
            .ok_or_else(|| {
                WorkError::asker(
                    "log-not-audited",
                    "the last audit has not read this log",
                    "`comity audit` says which logs it has read",
                )
            })?;
        let history = self.history();
        let key = origin_of(&used).and_then(|origin| Some((vkey_of(&origin, &history)?, origin)));
        let (vkey, origin) = key.ok_or_else(gone)?;
        let wanted: BTreeSet<u64> = asked.indices.into_iter().collect();
        let store = self.audits.lock().await;
        let held = Arc::clone(&store);
        let made = tokio::task::spawn_blocking(move || {
            Pulled::read(&*held, &origin, &used, &wanted)?.proven(&used, &vkey)
        });
        made.await.map_err(|_| stopped())?
    }

    /// Adds to each case of a report the records of it, in every log of the audit.
    pub(crate) async fn add_records(
        &self,
        audited: &Audited,
        report: &mut Report,
    ) -> Result<(), WorkError> {
        let logs = audited.logs.clone();
        let cases = report.cases.iter();
        let cases: BTreeSet<CaseId> = cases
            .filter_map(|used| CaseId::from_hex(&used.case))
            .collect();
        let store = self.audits.lock().await;
        let held = Arc::clone(&store);
        let found = tokio::task::spawn_blocking(move || records_of(&*held, &logs, &cases));
        let mut found = found.await.map_err(|_| stopped())??;
        for used in &mut report.cases {
            let case = CaseId::from_hex(&used.case);
            used.records = case
                .and_then(|case| found.remove(&case))
                .unwrap_or_default();
        }
        Ok(())
    }
}

/// By case: whose log, and the index of the record there, sorted.
type ByCase = BTreeMap<CaseId, Vec<(String, u64)>>;

/// The records about the statements of some cases. A record may name its statement alone, so they are read twice.
fn records_of(
    store: &dyn AuditStore,
    logs: &[LogUsed],
    cases: &BTreeSet<CaseId>,
) -> Result<ByCase, Fault> {
    let mut statements: BTreeMap<StatementId, CaseId> = BTreeMap::new();
    for used in logs {
        each_leaf(store, used, &mut |leaf| {
            let case = leaf.case.filter(|case| cases.contains(case));
            statements.extend(leaf.statement.zip(case));
        })?;
    }
    let mut found: BTreeMap<CaseId, BTreeSet<(&str, u64)>> = BTreeMap::new();
    for used in logs {
        each_leaf(store, used, &mut |leaf| {
            let case = leaf.statement.and_then(|id| statements.get(&id));
            if let Some(case) = case {
                let records = found.entry(*case).or_default();
                records.insert((used.member.as_str(), leaf.index));
            }
        })?;
    }
    let owned = |records: BTreeSet<(&str, u64)>| {
        let records = records.into_iter();
        records
            .map(|(member, index)| (member.to_owned(), index))
            .collect()
    };
    let found = found.into_iter();
    Ok(found
        .map(|(case, records)| (case, owned(records)))
        .collect())
}

/// Hands over the records of a log, under the head of the audit, that are about the way of a statement.
fn each_leaf(
    store: &dyn AuditStore,
    used: &LogUsed,
    each: &mut dyn FnMut(&Leaf),
) -> Result<(), Fault> {
    let Some(origin) = origin_of(used) else {
        return Ok(());
    };
    let name = Kept::name_of(&origin);
    let kept = Kept::decode(store.state(&name)?)?;
    store.blocks(&name, kept.end, &mut |block| {
        let (_, rows) = rows_of(&block)?;
        for AuditRecord(leaf, ..) in &rows {
            let Ok(leaf) = Leaf::decode(leaf) else {
                continue;
            };
            if leaf.index < used.size && WAY.contains(&leaf.kind.as_str()) {
                each(&leaf);
            }
        }
        Ok(())
    })
}

/// What records say of a statement on its way.
const WAY: [&str; 5] = [
    record_kind::OFFERED,
    record_kind::SENT,
    record_kind::GAVE_UP,
    record_kind::RECEIVED,
    record_kind::REFUSED,
];

/// Rows that are to be proven, and what proves them.
struct Pulled {
    rows: BTreeMap<u64, (AuditRecord, UnverifiedCheckpoint)>,
}

impl Pulled {
    fn read(
        store: &dyn AuditStore,
        origin: &Origin,
        used: &LogUsed,
        wanted: &BTreeSet<u64>,
    ) -> Result<Self, WorkError> {
        let name = Kept::name_of(origin);
        let kept = Kept::decode(store.state(&name)?)?;
        let heads = Heads::new(used, &kept);
        let mut tree = Grown::default();
        let mut rows = BTreeMap::new();
        store.blocks(&name, kept.end, &mut |block| {
            let (size, page) = rows_of(&block)?;
            if used.complete {
                tree.grow(&page, used.size)?;
            }
            for row in page {
                let Ok(leaf) = Leaf::decode(&row.0) else {
                    continue;
                };
                let under = if used.complete { used.size } else { size };
                if wanted.contains(&leaf.index)
                    && let Some(head) = heads.of_size(under)
                {
                    rows.insert(leaf.index, (row, head));
                }
            }
            Ok(())
        })?;
        if used.complete {
            tree.add_paths(&mut rows, used)?;
        }
        if wanted.iter().all(|index| rows.contains_key(index)) {
            Ok(Self { rows })
        } else {
            Err(gone())
        }
    }

    /// Each with a proof that holds.
    fn proven(self, used: &LogUsed, vkey: &str) -> Result<Vec<RecordShown>, WorkError> {
        let key: VerifierKey = vkey.parse().map_err(|_| gone())?;
        let mut shown = Vec::with_capacity(self.rows.len());
        for (index, (AuditRecord(leaf, facts, path), checkpoint)) in self.rows {
            let proof = TlogProof {
                extra: None,
                index,
                path,
                checkpoint,
            };
            let head = proof.verify(&leaf_hash(&leaf), &key).map_err(|_| gone())?;
            if head.head().size() > used.size {
                return Err(gone());
            }
            shown.push(RecordShown {
                index,
                proof: proof.to_string(),
                leaf: hex(&leaf),
                facts: facts.as_deref().map(|facts| hex(facts)),
                vkey: vkey.to_owned(),
                receipt: None,
                receipt_vkey: None,
            });
        }
        Ok(shown)
    }
}

/// Signed heads of a log, by size.
struct Heads(BTreeMap<u64, UnverifiedCheckpoint>);

impl Heads {
    fn new(used: &LogUsed, kept: &Kept) -> Self {
        let earlier = kept.heads.iter().chain(&kept.under);
        let earlier = earlier.map(|head| (head.size, &*head.checkpoint));
        let last = used.checkpoint.iter();
        // The head of the audit stands for its size.
        let all = earlier.chain(last.map(|text| (used.size, text.as_str())));
        let read = all.filter_map(|(size, text)| {
            let head = UnverifiedCheckpoint::parse(text.as_bytes()).ok()?;
            Some((size, head))
        });
        Self(read.collect())
    }

    fn of_size(&self, size: u64) -> Option<UnverifiedCheckpoint> {
        self.0.get(&size).cloned()
    }
}

/// A whole log, as far as its rows have been read: its tree in memory.
struct Grown {
    tiles: MemoryTiles,
    edge: Edge,
}

impl Default for Grown {
    fn default() -> Self {
        Self {
            tiles: MemoryTiles::default(),
            edge: Edge::empty(),
        }
    }
}

impl Grown {
    /// Adds the rows of a page, up to the size of the head.
    fn grow(&mut self, page: &[AuditRecord], size: u64) -> Result<(), Fault> {
        let left = size.saturating_sub(self.edge.head().size());
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let leaves: Vec<&[u8]> = page.iter().take(left).map(|row| row.0.as_slice()).collect();
        if leaves.is_empty() {
            return Ok(());
        }
        let not = |why: String| Fault::new("audit-damaged", why);
        let appended = self.edge.append(&leaves);
        let appended = appended.map_err(|error| not(error.to_string()))?;
        let Ok(()) = appended.write(&mut self.tiles);
        let edge = appended.confirm(&self.tiles, &leaves);
        self.edge = edge.map_err(|error| not(error.to_string()))?;
        Ok(())
    }

    fn add_paths(
        &self,
        rows: &mut BTreeMap<u64, (AuditRecord, UnverifiedCheckpoint)>,
        used: &LogUsed,
    ) -> Result<(), WorkError> {
        let head = Hash::from_hex(&used.root).and_then(|root| Head::new(used.size, root).ok());
        let head = head
            .filter(|head| head == self.edge.head())
            .ok_or_else(gone)?;
        let mut tree = Tree::open(&self.tiles, &head).map_err(|_| gone())?;
        for (index, (row, _)) in rows {
            let path = tree.inclusion_path(*index, used.size);
            row.2 = path.map_err(|_| gone())?;
        }
        Ok(())
    }
}

fn origin_of(used: &LogUsed) -> Option<Origin> {
    Origin::parse(&used.origin)
}

/// The key of a log that was ever listed.
fn vkey_of(origin: &Origin, history: &History) -> Option<String> {
    let log = history.log(origin)?;
    let (known, _) = history.log_key(origin, &log.key)?;
    let key = VerifierKey::new(KeyName::from(origin), KeyKind::Log, *known.verifying());
    Some(key.ok()?.to_string())
}

fn too_many(most: usize) -> WorkError {
    WorkError::asker(
        "too-many-records",
        format!("more than {most} records at once"),
        "ask for fewer, several times",
    )
}

/// What the last audit has pulled is not here as it was.
fn gone() -> WorkError {
    WorkError::asker(
        "audit-rows-gone",
        "what the last audit has pulled of this log is not here any more as the report was made of it",
        "run `comity audit` again, then make the report again",
    )
}
