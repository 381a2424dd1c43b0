//! From what was pulled to what people are shown: each log verified from the auditor's own disk, the logs matched with one
//! another, and a verdict for each.
//!
//! ```text
//! inspect   every log that was pulled: verified as a whole; what has to be pulled again comes back
//! verdict   of each log: is its head witnessed as the charter wants, and is nothing of it an alarm
//! matched   the logs together: findings, figures, and what a report needs
//! ```
//! A log that lacks its quorum is read and matched all the same: only the word of its head is the log's alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use comity_audit::limits::FINDINGS_PER_LOG_MAX;
use comity_audit::times::Timing;
use comity_audit::{CaseMatched, CaseVisitor, Finding, Found, ResponseTimes, Rosters, Rules};
use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::evidence::Evidence;
use comity_log::head::Head;
use comity_report::report::LogUsed;
use comity_report::{Adding, Base, Context};
use comity_trust::history::History;
use comity_wire::ids::MemberId;
use comity_wire::leaf::LogHead;
use comity_wire::words::{Reference, TimeMs};

use crate::contradicted;
use crate::desk::{AuditShown, FindingShown, LogRead};
use crate::error::WorkError;
use crate::findings::FoundIn;
use crate::inspect::{Inspected, Source, inspect_all, match_inspected};
use crate::kept::KeptHead;
use crate::limits::{HEADS_LOOKED_AT_MAX, WITNESSED_FRESH_MS};
use crate::listed::{Listed, Two};
use crate::node::stopped;
use crate::ports::{AuditStore, Fault};
use crate::pull::Log;
use crate::quorum::{self, Standing};
use crate::receipt;
use crate::reports::{self, Audited, context};

/// An audit under way.
pub(crate) struct Audit {
    pub(crate) store: Arc<dyn AuditStore>,
    pub(crate) history: Arc<History>,
    pub(crate) pulled: Vec<Log>,
    inspected: Vec<Inspected>,
    logs: Vec<LogRead>,
    used: Vec<LogUsed>,
    /// `[code, member, words]` of logs that could not be audited.
    problems: Vec<(String, String, String)>,
    findings: Vec<FoundIn>,
    /// That logs have forked: for everybody.
    pub(crate) evidence: Vec<Evidence>,
    /// When all pulling ends, and when that of this member does.
    until: TimeMs,
    pub(crate) deadline: TimeMs,
}

impl Audit {
    /// Gives the next of so many members its share of the time that is left.
    pub(crate) fn share_the_time(&mut self, now: TimeMs, members: usize) {
        let members = u64::try_from(members).unwrap_or(u64::MAX);
        let left = self.until.saturating_sub(now);
        self.deadline = now.saturating_add(left.checked_div(members).unwrap_or(left));
    }

    pub(crate) fn new(store: Arc<dyn AuditStore>, history: Arc<History>, until: TimeMs) -> Self {
        Self {
            store,
            history,
            pulled: Vec::new(),
            inspected: Vec::new(),
            logs: Vec::new(),
            used: Vec::new(),
            problems: Vec::new(),
            findings: Vec::new(),
            evidence: Vec::new(),
            until,
            deadline: until,
        }
    }

    pub(crate) fn mandate_of(&self, me: &MemberId) -> Option<Reference> {
        let mut mandates = self.history.charter().mandates.iter();
        let own = mandates.find(|mandate| mandate.regulator == *me);
        own.map(|mandate| mandate.cites.clone())
    }

    pub(crate) fn could_not(&mut self, member: &MemberId, problem: &Fault) {
        let code = problem.code.to_owned();
        let row = (code, member.to_string(), problem.detail.clone());
        self.problems.push(row);
    }

    /// A head that the log has signed, with those of the cosignatures that came with it which members have made.
    pub(crate) fn kept_head(
        &self,
        head: &VerifiedCheckpoint,
        text: &str,
        taken_at: TimeMs,
    ) -> KeptHead {
        let cosigned = UnverifiedCheckpoint::parse(text.as_bytes());
        let cosigned = cosigned.unwrap_or_else(|_| head.to_unverified());
        let (witnesses, _) = quorum::judge(&self.history, &cosigned, taken_at);
        KeptHead {
            checkpoint: quorum::text_of(head, &cosigned, &witnesses).into(),
            size: head.head().size(),
            root: *head.head().root(),
            taken_at,
            cosigned_at: witnesses.iter().map(|(_, at)| *at).collect(),
            sequences: None,
        }
    }

    /// Verifies what was pulled. What comes back has to be pulled again, from the beginning.
    pub(crate) async fn inspect(&mut self) -> Result<Vec<Log>, WorkError> {
        let logs = std::mem::take(&mut self.pulled);
        let sources: Vec<_> = logs
            .iter()
            .map(|log| Source {
                origin: log.origin.clone(),
                reader: log.reader.clone(),
                kept: log.kept.clone(),
                closed: log.closed,
                witnessed: self.witnessed_size(log),
            })
            .collect();
        let (store, history) = (Arc::clone(&self.store), Arc::clone(&self.history));
        let inspected = tokio::task::spawn_blocking(move || {
            inspect_all(&*store, &sources, &Rosters::of(&history))
        });
        let outcomes = inspected.await.map_err(|_| stopped())?;
        let mut again = Vec::new();
        for (mut log, outcome) in logs.into_iter().zip(outcomes) {
            let of_log = std::mem::take(&mut log.findings);
            let is_alarm = of_log.iter().any(|finding| finding.found.is_alarm());
            self.found(&log, of_log);
            match outcome? {
                Ok(found) => {
                    self.proves(&log, &found.verified.contradicted).await?;
                    self.verified(&log, found, is_alarm);
                }
                Err(findings) if log.resumed_from > 0 && found_root(&findings) => again.push(log),
                Err(findings) => {
                    self.found(&log, findings);
                    // It is worth nothing, and would be worth nothing the next time.
                    log.begin_again();
                    self.store.keep(&log.name, &log.kept.encode())?;
                }
            }
        }
        Ok(again)
    }

    /// A head that was kept, as the log has signed it.
    pub(crate) fn signed(&self, log: &Log, kept: &KeptHead) -> Option<VerifiedCheckpoint> {
        let (text, member) = (&kept.checkpoint, &log.origin.member);
        let head = receipt::head_of(Some(text), member, &self.history, kept.taken_at);
        head.filter(|head| *head.origin() == log.origin)
    }

    /// Heads that the log has signed are not of the tree whose rows are kept: the first one that proves it is enough.
    async fn proves(&mut self, log: &Log, contradicted: &[Head]) -> Result<(), Fault> {
        let newest = log.kept.newest().and_then(|kept| self.signed(log, kept));
        let Some(newest) = newest else { return Ok(()) };
        for head in contradicted {
            let is_it = |kept: &&KeptHead| (kept.size, kept.root) == (head.size(), *head.root());
            let kept = log.kept.heads.iter().find(is_it);
            if let Some(older) = kept.and_then(|kept| self.signed(log, kept)) {
                let found = self.rows_prove(log, older, newest).await?;
                self.evidence.extend(found);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Evidence, if the rows that are kept are the tree of the newer head, and the older one is not of it.
    pub(crate) async fn rows_prove(
        &self,
        log: &Log,
        older: VerifiedCheckpoint,
        newer: VerifiedCheckpoint,
    ) -> Result<Option<Evidence>, Fault> {
        let (store, name, end) = (Arc::clone(&self.store), log.name, log.kept.end);
        let made = tokio::task::spawn_blocking(move || {
            contradicted::by_rows(&*store, &name, end, &older, &newer)
        });
        made.await
            .map_err(|_| Fault::new("thread-died", "a thread of the audit has died"))?
    }

    /// Findings of one log, under the head that it was read under.
    fn found(&mut self, log: &Log, findings: Vec<Finding>) {
        let newest = log.kept.newest();
        let head = newest.map(|head| LogHead(log.origin.clone(), head.size, head.root));
        let in_log = findings.into_iter().map(|found| (found, head.clone()));
        self.findings.extend(in_log);
    }

    /// Whose word the head of a log rests on that was pulled. Where a log was closed, the governance says.
    pub(crate) fn standing_of(&self, log: &Log) -> Option<Standing> {
        let newest = log.kept.newest()?;
        let (text, at) = (&newest.checkpoint, newest.taken_at);
        let standing = Standing::of(&self.history, &log.origin, text, at);
        let ends_here =
            |closed: &Head| (closed.size(), *closed.root()) == (newest.size, newest.root);
        Some(if log.closed.as_ref().is_some_and(ends_here) {
            standing.closed()
        } else {
            standing
        })
    }

    /// Up to which size a head that is kept is witnessed; if none of the newest is, what the oldest of them has.
    fn witnessed_size(&self, log: &Log) -> u64 {
        let heads = log.kept.under.iter().chain(log.kept.heads.iter().rev());
        for (looked_at, head) in heads.enumerate() {
            let (text, at) = (&head.checkpoint, head.taken_at);
            if Standing::of(&self.history, &log.origin, text, at).holds()
                || looked_at >= HEADS_LOOKED_AT_MAX
            {
                return head.size;
            }
        }
        0
    }

    /// `is_alarm`: asking for it has shown one.
    fn verified(&mut self, log: &Log, found: Inspected, is_alarm: bool) {
        let (Some(standing), Some(newest)) = (self.standing_of(log), log.kept.newest()) else {
            return;
        };
        let verified = &found.verified;
        let mut findings = verified.findings.clone();
        // What came in a moment ago nobody can have cosigned yet.
        let is_due = |since: TimeMs| since.saturating_add(WITNESSED_FRESH_MS) < newest.taken_at;
        let is_due = verified.unwitnessed_since.is_some_and(is_due);
        if standing.lacks() && is_due && log.closed.is_none() {
            let lacks = Finding::in_log_of(&log.origin.member, Found::NotWitnessed);
            findings.push(lacks.at(verified.head.size()));
        }
        let is_alarm = is_alarm || findings.iter().any(|finding| finding.found.is_alarm());
        self.logs.push(LogRead {
            origin: log.origin.to_string(),
            size: verified.head.size(),
            root: verified.head.root().to_string(),
            records: verified.records,
            complete: verified.shown.complete,
            pages: log.pages,
            resumed_from: log.resumed_from,
            cosigned: standing.by.len(),
            verdict: verdict_of(&standing, is_alarm).to_owned(),
            missing: standing.missing,
        });
        self.used.push(LogUsed {
            origin: log.origin.to_string(),
            member: log.origin.member.to_string(),
            size: verified.head.size(),
            root: verified.head.root().to_string(),
            taken_at: newest.taken_at,
            records: verified.records,
            complete: verified.shown.complete,
            all_with: if verified.shown.complete {
                Vec::new()
            } else {
                verified.shown.counterparts.iter().cloned().collect()
            },
            checkpoint: Some(newest.checkpoint.to_string()),
        });
        self.found(log, findings);
        self.inspected.push(found);
    }

    /// Matches what was verified, one case at a time.
    pub(crate) async fn matched(
        self,
        now: TimeMs,
    ) -> Result<(AuditShown, Audited, Vec<FoundIn>), WorkError> {
        let Self {
            store,
            history,
            inspected,
            logs,
            used,
            mut problems,
            mut findings,
            ..
        } = self;
        // Of several logs of a member the newest is the one that people know.
        let heads: BTreeMap<MemberId, LogHead> = inspected
            .iter()
            .map(|log| {
                let (origin, head) = (&log.verified.shown.origin, &log.verified.head);
                let head = LogHead(origin.clone(), head.size(), *head.root());
                (origin.member.clone(), head)
            })
            .collect();
        let matching = tokio::task::spawn_blocking(move || {
            let rules = Rules::of(&history);
            let mut seen = CasesSeen::new(context(&history, now));
            let loose = match_inspected(&*store, inspected, &rules, &mut seen)?;
            for finding in &loose {
                seen.findings.add(finding);
            }
            Ok::<_, Fault>(seen)
        });
        let seen = matching.await.map_err(|_| stopped())??;
        let (listed, over) = seen.findings.finish();
        problems.extend(over.iter().map(passed_over));
        let in_logs = listed.into_iter().map(|finding| {
            let head = heads.get(&finding.member).cloned();
            (finding, head)
        });
        findings.extend(in_logs);
        let times: ResponseTimes = seen.timing.into_times();
        let rows = findings.iter().map(|(found, _)| {
            let words = found.found.sentence().to_owned();
            (found.code().to_owned(), found.member.to_string(), words)
        });
        let members = used.iter().map(|log| log.member.clone());
        let shown = AuditShown {
            response_times: reports::shown(&times, members),
            findings: problems.into_iter().chain(rows).collect(),
            logs: logs
                .iter()
                .map(|log| (log.origin.clone(), log.records, log.complete))
                .collect(),
            details: findings
                .iter()
                .map(|(found, _)| FindingShown::of(found))
                .collect(),
            read: logs,
        };
        let audited = Audited {
            basis: seen.adding.context.basis(),
            base: seen.adding.base,
            logs: used,
            // None is published before its subject could reply.
            findings: Vec::new(),
            findings_waiting: u64::try_from(findings.len()).unwrap_or(u64::MAX),
            taken_at: now,
        };
        Ok((shown, audited, findings))
    }
}

/// What an audit takes from each case: nothing that grows with the records, but the rows of reports.
struct CasesSeen {
    timing: Timing,
    adding: Adding,
    findings: Listed,
}

impl CasesSeen {
    fn new(context: Context) -> Self {
        Self {
            timing: Timing::default(),
            adding: Adding {
                context,
                base: Base::default(),
            },
            findings: Listed::default(),
        }
    }
}

impl CaseVisitor for CasesSeen {
    fn case(&mut self, matched: &CaseMatched) {
        self.timing.case(matched);
        self.adding.case(matched);
        for finding in &matched.findings {
            self.findings.add(finding);
        }
    }
}

/// What people are told of findings that are not listed.
fn passed_over(((of, with), more): &(Two, usize)) -> (String, String, String) {
    let with = with.iter().map(|with| format!(" with {with}"));
    let words = format!(
        "at least {more} more findings{} are not listed: only the first {FINDINGS_PER_LOG_MAX} of the same two members are",
        with.collect::<String>(),
    );
    ("findings-passed-over".to_owned(), of.to_string(), words)
}

fn found_root(findings: &[Finding]) -> bool {
    let of_root = |finding: &Finding| finding.found == Found::RootDiffers;
    findings.iter().any(of_root)
}

/// What is said of a log that was verified.
fn verdict_of(standing: &Standing, is_alarm: bool) -> &'static str {
    if is_alarm {
        "alarm"
    } else if standing.holds() {
        "verified"
    } else if standing.is_possible {
        "provisional"
    } else {
        "not-witnessable"
    }
}
