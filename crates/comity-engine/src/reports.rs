//! Figures: response times and reports, from the own log or from the logs of the last audit.
//!
//! ```text
//! the one thread -> pages of records, under one head -> (beside the thread) cases, one at a time -> figures
//! ```
//! The thread gives one short page after the other and does other work between them. No more records are held at once
//! than [`REPORT_RECORDS_MAX`]: a longer log is read several times, each time for a part of its cases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use comity_audit::matching::{CaseVisitor, visit_cases};
use comity_audit::times::Timing;
use comity_audit::{LogRecords, ResponseTimes};
use comity_log::head::Head;
use comity_report::public::{Frame, Public, public};
use comity_report::report::{Basis, FindingUsed, LogUsed, Report, Source, Wish};
use comity_report::{Adding, Base, Context, cases, figures, pages};
use comity_trust::history::History;
use comity_wire::leaf::{Facts, Leaf, Origin};
use comity_wire::words::TimeMs;
use tokio::sync::oneshot;

use crate::core::{Command, Core};
use crate::desk::{Desk as _, Person, Query, ResponseTimesShown, Shown, TimingRow};
use crate::error::WorkError;
use crate::limits::{REPORT_PAGE_RECORDS, REPORT_RECORDS_MAX};
use crate::node::{Engine, stopped};
use crate::ports::Fault;

/// Records of the own log, one after the other, and under which head they are.
#[derive(Debug)]
pub(crate) struct OwnPage {
    head: Head,
    origin: Origin,
    /// None if the log is not here.
    checkpoint: Option<String>,
    now: TimeMs,
    records: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Which page is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PageAsked {
    /// The number of a log that was closed; absent: the one that is written.
    log: Option<u32>,
    from: u64,
    /// The index to end before; absent: the size of the log.
    until: Option<u64>,
}

/// What an audit was made of, kept for reports.
#[derive(Debug)]
pub(crate) struct Audited {
    pub(crate) base: Base,
    pub(crate) logs: Vec<LogUsed>,
    pub(crate) findings: Vec<FindingUsed>,
    pub(crate) findings_waiting: u64,
    pub(crate) basis: Basis,
    pub(crate) taken_at: TimeMs,
}

/// The base of the last audit, shared by the clones of an engine.
#[derive(Debug, Default)]
pub(crate) struct LastAudit(Mutex<Option<Arc<Audited>>>);

impl LastAudit {
    pub(crate) fn set(&self, audited: Audited) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(Arc::new(audited));
    }

    pub(crate) fn get(&self) -> Option<Arc<Audited>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Core {
    /// A page of a log of this member. Of one that is not here there are no records.
    pub(crate) fn own_page(&mut self, asked: PageAsked) -> Result<OwnPage, Fault> {
        let PageAsked { log, from, until } = asked;
        let now = self.time();
        let number = log.unwrap_or(self.identity.origin.n);
        let Some(log) = self.log_here(number) else {
            return Ok(OwnPage {
                head: Head::empty(),
                origin: Origin {
                    n: number,
                    ..self.identity.origin.clone()
                },
                checkpoint: None,
                now,
                records: Vec::new(),
            });
        };
        let until = until.unwrap_or(log.head.size()).min(log.head.size());
        let until = until.min(from.saturating_add(REPORT_PAGE_RECORDS));
        let records: Result<Vec<_>, _> = (from..until).map(|n| log.record(n)).collect();
        Ok(OwnPage {
            head: log.head,
            origin: log.origin.clone(),
            checkpoint: Some(log.checkpoint().to_string()),
            now,
            records: records?,
        })
    }
}

impl Engine {
    /// Response times from the own log alone.
    pub(crate) async fn response_times(&self) -> Result<ResponseTimesShown, WorkError> {
        let (times, _) = self.over_own_logs(|_| Timing::default()).await?;
        Ok(shown(&times.into_times(), [self.me.to_string()]))
    }

    /// A report of response times.
    pub(crate) async fn report(&self, person: Person, wish: Wish) -> Result<Report, WorkError> {
        let Wish { source, cases, .. } = wish;
        let taken = self.taken(source, cases).await?;
        let made_by = self.me.to_string();
        let of = Arc::clone(&taken);
        let made = tokio::task::spawn_blocking(move || of_base(&of, wish, made_by));
        let mut report = made.await.map_err(|_| stopped())??;
        if source == Source::Audit {
            if cases {
                self.add_records(&taken, &mut report).await?;
            }
            self.add_published(person, &mut report).await?;
        }
        Ok(report)
    }

    /// The findings of the last audit that count as published now, with the replies to them; how many wait.
    async fn add_published(&self, person: Person, report: &mut Report) -> Result<(), WorkError> {
        let shown = self.query(person.clone(), Query::Audit).await?;
        let rows = self.query(person, Query::Findings).await?;
        let (Shown::Audit(audit), Shown::Findings(rows)) = (shown, rows) else {
            return Ok(());
        };
        let replies: BTreeMap<String, String> = rows
            .into_iter()
            .filter(|row| !row.about_us)
            .filter_map(|row| {
                let reply = row.reply?;
                let text = reply.text.map(|text| format!(": {text}"));
                Some((row.finding.id, reply.code + &text.unwrap_or_default()))
            })
            .collect();
        let all = audit.details.len();
        let published = audit.details.into_iter().filter(|row| row.published);
        report.findings = published
            .map(|row| FindingUsed {
                reply: replies.get(&row.id).cloned(),
                code: row.code,
                member: row.member,
                words: row.words,
            })
            .collect();
        let waiting = all.saturating_sub(report.findings.len());
        report.findings_waiting = u64::try_from(waiting).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Public figures.
    pub(crate) async fn transparency(&self, wish: Wish) -> Result<Public, WorkError> {
        let taken = self.taken(wish.source, false).await?;
        let frame = Frame {
            made_by: self.me.to_string(),
            made_at: taken.taken_at,
            small_cell: self.history().charter().small_cell,
            logs: taken.logs.iter().cloned().map(without_parts).collect(),
        };
        let made = tokio::task::spawn_blocking(move || public(&taken.base, &wish, frame));
        made.await.map_err(|_| stopped())
    }

    /// The base of a source.
    pub(crate) async fn taken(
        &self,
        source: Source,
        keeps_records: bool,
    ) -> Result<Arc<Audited>, WorkError> {
        if source == Source::Audit {
            return self.last_audit.get().ok_or_else(no_audit);
        }
        let history = self.history();
        let context = move |now| Context {
            keeps_records,
            ..context(&history, now)
        };
        let adding = |now| Adding {
            context: context(now),
            base: Base::default(),
        };
        let (adding, logs) = self.over_own_logs(adding).await?;
        if keeps_records && logs.len() > 1 {
            return Err(WorkError::asker(
                "proofs-of-one-log-only",
                "this member has had more than one log, and a folder of proofs is of one log of each member",
                "make the report without proofs, and prove single statements with `comity log prove`",
            ));
        }
        Ok(Arc::new(Audited {
            basis: adding.context.basis(),
            taken_at: adding.context.now,
            base: adding.base,
            logs,
            findings: Vec::new(),
            findings_waiting: 0,
        }))
    }

    /// Hands every case of the own logs to a visitor, beside the one thread: of the one that is written, and of those
    /// before it.
    async fn over_own_logs<V: CaseVisitor + Send + 'static>(
        &self,
        visitor: impl FnOnce(TimeMs) -> V,
    ) -> Result<(V, Vec<LogUsed>), WorkError> {
        let nothing = PageAsked {
            until: Some(0),
            ..PageAsked::default()
        };
        let newest = self.own_page(nothing).await?;
        let mut visitor = visitor(newest.now);
        let mut logs = Vec::new();
        for number in 1..newest.origin.n {
            let log = Some(number);
            logs.push(self.own_page(PageAsked { log, ..nothing }).await?);
        }
        logs.push(newest);
        let size = |log: &OwnPage| log.head.size();
        let all: u64 = logs.iter().map(size).fold(0, u64::saturating_add);
        let parts = all.div_ceil(REPORT_RECORDS_MAX).max(1);
        for part in 0..parts {
            let mut found = Vec::with_capacity(logs.len());
            for log in &logs {
                found.push(self.part_of_own(log, part, parts).await?);
            }
            let visited = tokio::task::spawn_blocking(move || {
                visit_cases(&found, &mut visitor);
                visitor
            });
            visitor = visited.await.map_err(|_| stopped())?;
        }
        let here = logs.into_iter().filter(|log| log.checkpoint.is_some());
        let used = here.map(|log| LogUsed {
            origin: log.origin.to_string(),
            member: log.origin.member.to_string(),
            size: log.head.size(),
            root: log.head.root().to_string(),
            taken_at: log.now,
            records: log.head.size(),
            complete: true,
            all_with: Vec::new(),
            checkpoint: log.checkpoint.map(|text| self.cosigned_text(&text)),
        });
        Ok((visitor, used.collect()))
    }

    /// The records of one own log that are of cases of this part.
    async fn part_of_own(
        &self,
        of: &OwnPage,
        part: u64,
        parts: u64,
    ) -> Result<LogRecords, WorkError> {
        let mut log = log_of(of);
        let mut asked = PageAsked {
            log: Some(of.origin.n),
            from: 0,
            until: Some(of.head.size()),
        };
        while asked.from < of.head.size() {
            let page = self.own_page(asked).await?;
            if page.records.is_empty() {
                break;
            }
            for (leaf, facts) in &page.records {
                log.records
                    .extend(read(leaf, facts.as_deref(), part, parts)?);
                asked.from = asked.from.saturating_add(1);
            }
        }
        Ok(log)
    }

    async fn own_page(&self, asked: PageAsked) -> Result<OwnPage, WorkError> {
        let (reply, page) = oneshot::channel();
        self.send(Command::OwnPage { asked, reply }).await?;
        Ok(page.await.map_err(|_| stopped())??)
    }
}

/// What a report needs to know besides records.
pub(crate) fn context(history: &History, now: TimeMs) -> Context {
    let members = history
        .roster()
        .into_iter()
        .flat_map(|roster| roster.members.iter());
    Context {
        clocks: history.charter().clocks.clone(),
        places: members
            .map(|member| (member.id.clone(), member.jurisdictions.to_vec()))
            .collect(),
        now,
        keeps_records: false,
    }
}

fn of_base(taken: &Audited, wish: Wish, made_by: String) -> Result<Report, WorkError> {
    let Audited {
        base,
        taken_at: now,
        ..
    } = taken;
    let table = figures(base, &wish, *now).map_err(|_| {
        WorkError::asker(
            "too-many-groups",
            "these dimensions make more groups than anybody reads",
            "ask for fewer of them at once, or for a shorter period",
        )
    })?;
    Ok(Report {
        version: 1,
        made_at: *now,
        made_by,
        logs: taken.logs.clone(),
        table,
        pages: if wish.pages {
            pages(base, &wish, *now)
        } else {
            Vec::new()
        },
        cases: if wish.cases {
            cases(base, &wish)
        } else {
            Vec::new()
        },
        basis: wish.cases.then(|| taken.basis.clone()),
        findings: taken.findings.clone(),
        findings_waiting: taken.findings_waiting,
        asked: wish,
    })
}

/// Which counterparts somebody could read about is no public figure.
fn without_parts(mut log: LogUsed) -> LogUsed {
    log.all_with = Vec::new();
    log
}

/// A record, if it is of a case of this part.
fn read(
    leaf: &[u8],
    facts: Option<&[u8]>,
    part: u64,
    parts: u64,
) -> Result<Option<(Leaf, Option<Facts>)>, Fault> {
    let damaged = |error: String| Fault::new("journal-damaged", error);
    let leaf = Leaf::decode(leaf).map_err(|error| damaged(error.to_string()))?;
    let Some(case) = &leaf.case else {
        return Ok(None);
    };
    let place = case
        .as_bytes()
        .iter()
        .take(4)
        .fold(0, |sum, byte| sum * 256 + u64::from(*byte));
    if place % parts != part {
        return Ok(None);
    }
    let facts = facts.map(Facts::decode).transpose();
    let facts = facts.map_err(|error| damaged(error.to_string()))?;
    Ok(Some((leaf, facts)))
}

fn log_of(page: &OwnPage) -> LogRecords {
    LogRecords {
        member: page.origin.member.clone(),
        origin: page.origin.clone(),
        head: page.head,
        complete: true,
        counterparts: BTreeSet::new(),
        taken_at: page.now,
        records: Vec::new(),
        findings: Vec::new(),
    }
}

/// Response times as people are shown them.
pub(crate) fn shown(
    times: &ResponseTimes,
    members: impl IntoIterator<Item = String>,
) -> ResponseTimesShown {
    let rows = times.rows.iter().map(|row| TimingRow {
        clock: row.clock.to_owned(),
        step: row.step.to_owned(),
        count: row.count,
        open: row.open,
        ended: row.ended,
        p50_ms: row.p50_ms,
        p90_ms: row.p90_ms,
        p95_ms: row.p95_ms,
        p99_ms: row.p99_ms,
        max_ms: row.max_ms,
        paused_ms: row.paused_ms,
    });
    ResponseTimesShown {
        members: members.into_iter().collect(),
        rows: rows.collect(),
    }
}

/// No audit has been made since the node was started.
pub(crate) fn no_audit() -> WorkError {
    WorkError::asker(
        "no-audit-yet",
        "no audit has been made since the node was started",
        "run `comity audit` first",
    )
}
