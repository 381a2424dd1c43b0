//! From kept rows to cases, in bounded memory: nothing is held but one part of the statements, or of the cases, for
//! each thread. No network and no clock.
//!
//! ```text
//! each log     rows -> verifier -> those about statements, into parts by statement id
//! each part    rows of all logs -> joined -> into parts by case
//! each part    statements -> cases -> visitor
//! ```
//! What a log says counts once the whole of it has been verified.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{LazyLock, Mutex, PoisonError};

use comity_audit::matching::{Joined, Record, Shown, case_of, join};
use comity_audit::{
    CaseMatched, CaseVisitor, Finding, Found, Known, Mark, MatchedStatement, Reader, Rosters,
    Rules, Verified, Verifier,
};
use comity_log::hash::leaf_hash;
use comity_log::head::Head;
use comity_wire::cbor;
use comity_wire::ids::{CaseId, Hash, MemberId, StatementId};
use comity_wire::leaf::{Facts, Leaf, Origin};
use comity_wire::registry::Kind;
use comity_wire::words::{Code, TimeMs};
use serde::{Deserialize, Serialize};

use crate::kept::{Kept, damaged, rows_of};
use crate::limits::{AUDIT_PARTS, AUDIT_THREADS, STRANGE_RECEIPTS_MAX};
use crate::listed::Listed;
use crate::ports::{AuditStore, Fault, Scratch};

/// A log that was verified, and its records about statements.
pub struct Inspected {
    /// What was found.
    pub verified: Verified,
    rows: Mutex<Box<dyn Scratch>>,
}

impl std::fmt::Debug for Inspected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inspected({})", self.verified.shown.origin)
    }
}

/// A log that is to be verified.
#[derive(Debug, Clone)]
pub struct Source {
    /// Which.
    pub origin: Origin,
    /// By which right it was read.
    pub reader: Reader,
    /// What is kept of it.
    pub kept: Kept,
    /// Where it was closed, as the roster says.
    pub closed: Option<Head>,
    /// Up to which size a head that is kept is witnessed.
    pub witnessed: u64,
}

/// What came of one log: it was verified; nothing of it can be relied upon; or the store failed.
pub type Outcome = Result<Result<Inspected, Vec<Finding>>, Fault>;

/// Verifies logs, some at a time. In the order in which they were given.
#[must_use]
pub fn inspect_all(store: &dyn AuditStore, logs: &[Source], rosters: &Rosters) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((at, log)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            logs.get(at).map(|log| (at, log))
        } {
            done.push((at, inspect_log(store, log, rosters)));
        }
        done
    };
    let mut all: Vec<(usize, Outcome)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AUDIT_THREADS).map(|_| scope.spawn(work)).collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.flatten().flatten().collect()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Verifies what is kept of one log.
///
/// # Errors
/// The store; as [`Verifier::finish`], if nothing of the log can be relied upon.
pub fn inspect_log(store: &dyn AuditStore, log: &Source, rosters: &Rosters) -> Outcome {
    let Source {
        origin,
        reader,
        kept,
        closed,
        witnessed,
    } = log;
    let newest = kept.newest().ok_or_else(|| damaged("it has no head"))?;
    let known = Known {
        rosters: Some(rosters),
        bounds: kept.bounds(),
        earlier: kept.earlier()?,
        closed: *closed,
        witnessed: *witnessed,
    };
    let mut verifier = Verifier::new(origin, reader, 0, known);
    let mut under = newest.head()?;
    let mut rows = store.scratch(AUDIT_PARTS)?;
    let mut packed = Vec::new();
    store.blocks(&Kept::name_of(origin), kept.end, &mut |block| {
        let (size, page) = rows_of(&block)?;
        if under.size() != size {
            under = kept.of_size(size)?;
        }
        verifier.under(under);
        for row in page {
            let facts = row.1.as_ref().map(|facts| facts.as_slice());
            let Some((leaf, read)) = verifier.row(&row.0, facts, &row.2) else {
                continue;
            };
            if let Some(statement) = &leaf.statement {
                packed.clear();
                pack(&row.0, facts.filter(|_| read.is_some()), &mut packed);
                rows.put(part_of(statement.as_bytes()), &packed)?;
            }
        }
        Ok(())
    })?;
    rows.rest()?;
    verifier.under(newest.head()?);
    let verified = verifier.finish(newest.sequences.as_ref(), newest.taken_at);
    Ok(verified.map(|verified| Inspected {
        verified,
        rows: Mutex::new(rows),
    }))
}

/// Matches logs, and hands over one case after the other. What comes back is of statements whose case nobody says.
///
/// # Errors
/// The store.
pub fn match_inspected(
    store: &dyn AuditStore,
    logs: Vec<Inspected>,
    rules: &Rules,
    visitor: &mut dyn CaseVisitor,
) -> Result<Vec<Finding>, Fault> {
    let shown = Shown::of(logs.iter().map(|log| log.verified.shown.clone()));
    let logs: Vec<_> = logs
        .into_iter()
        .map(|log| (log.verified.shown.origin, log.rows))
        .collect();
    let by_statement = ByStatement {
        logs: &logs,
        shown: &shown,
        rules,
    };
    let joined = by_statement.join_all(store)?;
    let elsewhere = by_statement.find_receipts(&joined.strange)?;
    // The rows by statement are not needed any more.
    drop(logs);
    visit(&joined.cases, &elsewhere, rules, visitor)?;
    Ok(joined.loose.finish().0)
}

// ---- Rows by statement

struct ByStatement<'a> {
    logs: &'a [(Origin, Mutex<Box<dyn Scratch>>)],
    shown: &'a Shown,
    rules: &'a Rules,
}

/// What joining gives: statements by case, and what is left over.
#[derive(Default)]
struct JoinedAll {
    cases: Vec<Mutex<Box<dyn Scratch>>>,
    loose: Listed,
    strange: BTreeSet<Hash>,
}

impl ByStatement<'_> {
    fn join_all(&self, store: &dyn AuditStore) -> Result<JoinedAll, Fault> {
        let next = AtomicUsize::new(0);
        let mut all = JoinedAll::default();
        let parts: Vec<Result<JoinedAll, Fault>> = std::thread::scope(|scope| {
            let start = |_| scope.spawn(|| self.join_parts(store, &next));
            let workers: Vec<_> = (0..AUDIT_THREADS).map(start).collect();
            workers.into_iter().map(joined_thread).collect()
        });
        for part in parts {
            let part = part?;
            all.cases.extend(part.cases);
            for finding in part.loose.finish().0 {
                all.loose.add(&finding);
            }
            all.strange.extend(part.strange);
        }
        Ok(all)
    }

    /// One thread's share.
    fn join_parts(&self, store: &dyn AuditStore, next: &AtomicUsize) -> Result<JoinedAll, Fault> {
        let mut cases = store.scratch(AUDIT_PARTS)?;
        let mut share = JoinedAll::default();
        let mut packed = Vec::new();
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= AUDIT_PARTS {
                break;
            }
            let mut records = Vec::new();
            for (origin, rows) in self.logs {
                let bytes = locked(rows).part(part)?;
                let mut rest = bytes.as_slice();
                while let Some((leaf, facts)) = unpack(&mut rest) {
                    records.push((
                        origin,
                        read::<Leaf>(leaf)?,
                        facts.map(read::<Facts>).transpose()?,
                    ));
                }
            }
            let records = records.iter().map(|(origin, leaf, facts)| Record {
                member: &origin.member,
                log: origin.n,
                leaf,
                facts: facts.as_ref(),
            });
            let (joined, loose) = join(records, self.shown, self.rules);
            for finding in &loose {
                share.loose.add(finding);
            }
            for joined in joined {
                if share.strange.len() < STRANGE_RECEIPTS_MAX {
                    share.strange.extend(joined.receipt);
                }
                let row = cbor::encode(&JoinedRow::of(&joined));
                packed.clear();
                pack(&row, None, &mut packed);
                cases.put(part_of(joined.statement.case.as_bytes()), &packed)?;
            }
        }
        cases.rest()?;
        share.cases.push(Mutex::new(cases));
        Ok(share)
    }

    /// Which of some strange receipts are of records about other statements. There are none, unless somebody lies.
    fn find_receipts(&self, strange: &BTreeSet<Hash>) -> Result<BTreeSet<Hash>, Fault> {
        let mut found = BTreeSet::new();
        if strange.is_empty() {
            return Ok(found);
        }
        for (_, rows) in self.logs {
            for part in 0..AUDIT_PARTS {
                let bytes = locked(rows).part(part)?;
                let mut rest = bytes.as_slice();
                while let Some((leaf, _)) = unpack(&mut rest) {
                    let hash = leaf_hash(leaf);
                    if strange.contains(&hash) {
                        found.insert(hash);
                    }
                }
            }
        }
        Ok(found)
    }
}

// ---- Statements by case

fn visit(
    cases: &[Mutex<Box<dyn Scratch>>],
    elsewhere: &BTreeSet<Hash>,
    rules: &Rules,
    visitor: &mut dyn CaseVisitor,
) -> Result<(), Fault> {
    let next = AtomicUsize::new(0);
    let (send, receive) = sync_channel(AUDIT_THREADS);
    std::thread::scope(|scope| {
        let start = |_| {
            let send = send.clone();
            scope.spawn(|| case_parts(cases, elsewhere, rules, &next, send))
        };
        let workers: Vec<_> = (0..AUDIT_THREADS).map(start).collect();
        drop(send);
        for matched in receive.iter().flatten() {
            visitor.case(&matched);
        }
        workers.into_iter().try_for_each(joined_thread)
    })
}

/// One thread's share. The channel ends when the last thread lets go of it.
fn case_parts(
    cases: &[Mutex<Box<dyn Scratch>>],
    elsewhere: &BTreeSet<Hash>,
    rules: &Rules,
    next: &AtomicUsize,
    send: SyncSender<Vec<CaseMatched>>,
) -> Result<(), Fault> {
    loop {
        let part = next.fetch_add(1, Ordering::Relaxed);
        if part >= AUDIT_PARTS {
            return Ok(());
        }
        let mut by_case: BTreeMap<CaseId, Vec<Joined>> = BTreeMap::new();
        for rows in cases {
            let bytes = locked(rows).part(part)?;
            let mut rest = bytes.as_slice();
            while let Some((row, _)) = unpack(&mut rest) {
                let joined = read::<JoinedRow>(row)?.into_joined()?.resolved(elsewhere);
                let of_case = by_case.entry(joined.statement.case).or_default();
                of_case.push(joined);
            }
        }
        let cases = by_case.into_iter();
        let matched = cases.map(|(case, joined)| case_of(case, joined, rules));
        if send.send(matched.collect()).is_err() {
            return Ok(());
        }
    }
}

// ---- Rows in scratch files

/// `length of the leaf (4) | 0, or length of the facts + 1 (4) | leaf | facts`
fn pack(leaf: &[u8], facts: Option<&[u8]>, into: &mut Vec<u8>) {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let facts_length = facts.map_or(0, |facts| length(facts).saturating_add(1));
    into.extend_from_slice(&length(leaf).to_be_bytes());
    into.extend_from_slice(&facts_length.to_be_bytes());
    into.extend_from_slice(leaf);
    into.extend_from_slice(facts.unwrap_or_default());
}

fn unpack<'b>(rest: &mut &'b [u8]) -> Option<(&'b [u8], Option<&'b [u8]>)> {
    let (leaf_length, after) = rest.split_first_chunk::<4>()?;
    let (facts_length, after) = after.split_first_chunk::<4>()?;
    let length = |bytes: &[u8; 4]| usize::try_from(u32::from_be_bytes(*bytes)).ok();
    let (leaf, after) = after.split_at_checked(length(leaf_length)?)?;
    let facts = length(facts_length)?.checked_sub(1);
    let (facts, after) = match facts {
        Some(length) => after
            .split_at_checked(length)
            .map(|(facts, after)| (Some(facts), after))?,
        None => (None, after),
    };
    *rest = after;
    Some((leaf, facts))
}

/// Reads what this very process has written, after it was read strictly once.
fn read<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    cbor::peek(bytes).map_err(|error| damaged(&error.to_string()))
}

/// In which part an id is. Whoever is audited chooses the ids, and must not choose the part: it is read into memory.
fn part_of(id: &[u8]) -> usize {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let parts = u64::try_from(AUDIT_PARTS).unwrap_or(u64::MAX);
    let part = KEY.hash_one(id).checked_rem(parts).unwrap_or_default();
    usize::try_from(part).unwrap_or_default()
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn joined_thread<T>(
    thread: std::thread::ScopedJoinHandle<'_, Result<T, Fault>>,
) -> Result<T, Fault> {
    let died = |_| Fault::new("thread-died", "a thread of the audit has died");
    thread.join().map_err(died)?
}

type MarkRow = Option<(TimeMs, u64)>;

/// A [`Joined`], to be written aside.
#[derive(Serialize, Deserialize)]
struct JoinedRow(
    StatementId,
    (CaseId, Kind, MemberId, MemberId),
    [MarkRow; 5],
    Option<Facts>,
    (Option<TimeMs>, Option<TimeMs>),
    Option<Hash>,
    Vec<FindingRow>,
);

#[derive(Serialize, Deserialize)]
struct FindingRow(
    String,
    (MemberId, Option<MemberId>),
    Option<CaseId>,
    Option<StatementId>,
    Option<Code>,
    Option<u64>,
);

impl JoinedRow {
    fn of(joined: &Joined) -> Self {
        let said = &joined.statement;
        let marks = [
            said.offered,
            said.sent,
            said.gave_up,
            said.received,
            said.refused,
        ];
        let findings = joined.findings.iter().map(|found| {
            FindingRow(
                found.code().to_owned(),
                (found.member.clone(), found.counterpart.clone()),
                found.case,
                found.statement,
                found.clock.clone(),
                found.index,
            )
        });
        Self(
            said.statement,
            (
                said.case,
                said.kind,
                said.sender.clone(),
                said.recipient.clone(),
            ),
            marks.map(|mark| mark.map(|mark| (mark.time, mark.index))),
            said.facts.clone(),
            (said.sender_shown, said.recipient_shown),
            joined.receipt,
            findings.collect(),
        )
    }

    fn into_joined(self) -> Result<Joined, Fault> {
        let Self(statement, (case, kind, sender, recipient), marks, facts, shown, receipt, found) =
            self;
        let mark = |(time, index)| Mark { time, index };
        let [offered, sent, gave_up, received, refused] = marks.map(|row| row.map(mark));
        let findings = found.into_iter().map(|row| {
            let found = Found::from_code(&row.0).ok_or_else(|| damaged("an unknown finding"))?;
            let (member, counterpart) = row.1;
            Ok(Finding {
                found,
                member,
                counterpart,
                case: row.2,
                statement: row.3,
                clock: row.4,
                index: row.5,
            })
        });
        Ok(Joined {
            findings: findings.collect::<Result<_, Fault>>()?,
            statement: MatchedStatement {
                statement,
                case,
                kind,
                sender,
                recipient,
                offered,
                sent,
                gave_up,
                received,
                refused,
                facts,
                sender_shown: shown.0,
                recipient_shown: shown.1,
            },
            receipt,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};

    #[test]
    fn rows_come_back_as_they_were_packed() {
        let rows: [(&[u8], Option<&[u8]>); 4] = [
            (b"leaf", Some(b"facts")),
            (b"", None),
            (b"leaf without facts", None),
            (b"x", Some(b"")),
        ];
        let mut bytes = Vec::new();
        for (leaf, facts) in rows {
            pack(leaf, facts, &mut bytes);
        }
        let mut rest = bytes.as_slice();
        for row in rows {
            assert_eq!(unpack(&mut rest), Some(row));
        }
        assert_eq!(unpack(&mut rest), None);
        // What is cut off is no row.
        let mut short = bytes.get(..bytes.len() - 1).unwrap_or_default();
        let read = std::iter::from_fn(|| unpack(&mut short)).count();
        assert_eq!(read, rows.len() - 1);
    }
}
