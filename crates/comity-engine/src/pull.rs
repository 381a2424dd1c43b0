//! `/comity/audit/1`, asked: pages of others' logs, each log under one head, into the auditor's own store; then
//! verified and matched from there.
//!
//! ```text
//! head     the newest, with its cosignatures, and whether it grows out of the last one that was audited
//! pages    under that head, from where the last pull ended; noted every some pages, so that it can be cut off
//! inspect  everything that is kept, not only what is new: no verdict is built on an older one
//! ```
//! A log whose rows do not have the root of its head is pulled once more, from the beginning, if an earlier audit had
//! some of it: then either both heads hold, or it has forked.

use std::sync::Arc;

use comity_audit::times::Timing;
use comity_audit::{
    CaseMatched, CaseVisitor, Finding, Found, Reader, ResponseTimes, Right, Rosters, Rules,
};
use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::WitnessName;
use comity_log::proof::verify_consistency;
use comity_report::report::LogUsed;
use comity_report::{Adding, Base, Context};
use comity_trust::history::History;
use comity_wire::audit_exchange::{AuditReply, AuditRequest, Page, Records};
use comity_wire::ids::{Hash, MemberId};
use comity_wire::leaf::{LogHead, Origin};
use comity_wire::notice::{Sequences, SignedNotice};
use comity_wire::registry::{KeyPurpose, audit_code};
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use comity_wire::words::{Reference, TimeMs};
use tokio::sync::oneshot;

use crate::core::Command;
use crate::desk::{AuditShown, FindingShown, LogRead};
use crate::error::WorkError;
use crate::findings::FoundIn;
use crate::inspect::{Inspected, Source, inspect_all, match_inspected};
use crate::kept::{Kept, KeptHead, block_of, right_of};
use crate::limits::AUDIT_PAGES_PER_NOTE;
use crate::node::{Engine, stopped};
use crate::ports::{AuditStore, Fault, Protocol};
use crate::receipt;
use crate::reports::{self, Audited, context};

impl Engine {
    /// Audits every member of the roster.
    pub(crate) async fn pull_all(&self) -> Result<AuditShown, WorkError> {
        // Of one log one pull at a time: who asks meanwhile waits, and finds little left to do.
        let store = self.audits.lock().await;
        let history = self.history();
        let members: Vec<MemberId> = history
            .roster()
            .into_iter()
            .flat_map(|roster| roster.members.iter().map(|member| member.id.clone()))
            .collect();
        let mut audit = Audit::new(Arc::clone(&store), Arc::clone(&history));
        for member in &members {
            self.pull_into(&mut audit, member).await;
        }
        let again = audit.inspect().await?;
        for mut log in again {
            log.begin_again();
            self.pull_log(&mut audit, log).await;
        }
        audit.inspect().await?;
        let now = self.clock.now_ms();
        let (shown, audited, findings) = audit.matched(now).await?;
        self.last_audit.set(audited);
        drop(store);
        let (reply, done) = oneshot::channel();
        let others = members.into_iter().filter(|member| *member != self.me);
        self.send(Command::Audited {
            members: others.collect(),
            findings,
            shown: shown.clone(),
            reply,
        })
        .await?;
        done.await.map_err(|_| stopped())?;
        Ok(shown)
    }

    /// What this member may read of the open log of another one.
    async fn pull_into(&self, audit: &mut Audit, member: &MemberId) {
        match self.log_of(audit, member) {
            Ok(Some(log)) => self.pull_log(audit, log).await,
            Ok(None) => {}
            Err(problem) => audit.could_not(member, &problem),
        }
    }

    async fn pull_log(&self, audit: &mut Audit, mut log: Log) {
        let member = log.origin.member.clone();
        let pages_before = log.kept.pages;
        log.resumed_from = log.kept.next;
        match self.bring(audit, &mut log).await {
            Ok(()) => {
                log.pages = log.kept.pages.saturating_sub(pages_before);
                tracing::info!(
                    target: "comity.engine",
                    event = "audit-pulled",
                    log = %log.origin,
                    records = log.kept.rows,
                    pages = log.pages,
                    resumed_from = log.resumed_from,
                );
                audit.pulled.push(log);
            }
            Err(problem) => {
                // As far as it came, it need not be pulled again.
                if let Err(fault) = audit.store.keep(&log.name, &log.kept.encode()) {
                    audit.could_not(&member, &fault);
                }
                audit.could_not(&member, &problem);
            }
        }
    }

    fn log_of(&self, audit: &Audit, member: &MemberId) -> Result<Option<Log>, Fault> {
        let history = &audit.history;
        let listed = history
            .member(member)
            .ok_or_else(|| Fault::new("not-a-member", "no longer listed"))?;
        let Some(log) = listed.open_log() else {
            return Ok(None);
        };
        let roster = history
            .roster()
            .ok_or_else(|| Fault::new("no-roster", "there is none"))?;
        let mandate = audit.mandate_of(&self.me).filter(|_| *member != self.me);
        let charter = history.charter();
        let reader = Reader::new(charter, roster, &self.me, member, mandate.as_ref())
            .map_err(|error| Fault::new(error.code(), error.to_string()))?;
        let name = Kept::name_of(&log.origin);
        let mut kept = Kept::decode(audit.store.state(&name)?)?;
        let right = right_of(&reader);
        if kept.right != Some(right) {
            kept.begin_again();
            kept.right = Some(right);
        }
        Ok(Some(Log {
            origin: log.origin.clone(),
            name,
            // The own log is here; of others a part is nothing without its paths.
            wanted: if reader.right() == Right::All {
                Records::Leaves
            } else {
                Records::Records
            },
            mandate,
            reader,
            kept,
            resumed_from: 0,
            pages: 0,
            findings: Vec::new(),
        }))
    }

    /// Pulls a log up to a head, from where the last pull ended.
    async fn bring(&self, audit: &mut Audit, log: &mut Log) -> Result<(), Fault> {
        let taken_at = self.clock.now_ms();
        // What was cut off is brought to its end first, under the head of then.
        let mut resumes = log.kept.under.is_some();
        let mut is_first = true;
        if !resumes && let Some(head) = self.cosigned_head(audit, log, taken_at).await {
            log.kept.under = Some(head);
        }
        loop {
            let page = match self.page(log).await? {
                AuditReply::Records(page) => page,
                // An older version knows no leaves without paths.
                AuditReply::Refused(_, why, _)
                    if why.as_str() == audit_code::BAD_REQUEST && log.wanted == Records::Leaves =>
                {
                    log.wanted = Records::Records;
                    continue;
                }
                // The log is shorter than the head that was being pulled under.
                AuditReply::Refused(_, why, _)
                    if why.as_str() == audit_code::BEYOND_TREE && log.kept.end > 0 =>
                {
                    log.went_back();
                    continue;
                }
                AuditReply::Refused(_, why, _) => {
                    let why = format!("the member answered `{why}`");
                    return Err(Fault::new("audit-refused", why));
                }
            };
            let at_end = page.next.is_none();
            match self.take(audit, log, page, taken_at) {
                // What the member signed then it does not sign now.
                Err(problem) if problem.code == HEAD_DIFFERS && resumes && is_first => {
                    log.went_back();
                    is_first = false;
                    continue;
                }
                taken => {
                    let head = taken?;
                    if std::mem::take(&mut is_first) {
                        self.seen_head(head).await;
                    }
                }
            }
            if at_end {
                log.kept.came_to_its_end();
            }
            if at_end || log.kept.pages.is_multiple_of(AUDIT_PAGES_PER_NOTE) {
                audit.store.keep(&log.name, &log.kept.encode())?;
            }
            if at_end {
                if !std::mem::take(&mut resumes) {
                    return Ok(());
                }
                log.kept.under = self.cosigned_head(audit, log, taken_at).await;
                if log.kept.under.is_none() {
                    return Ok(());
                }
            }
        }
    }

    /// Takes a page in: under the one head, and further than the one before.
    fn take(
        &self,
        audit: &Audit,
        log: &mut Log,
        page: Page,
        taken_at: TimeMs,
    ) -> Result<VerifiedCheckpoint, Fault> {
        let member = &log.origin.member;
        let head = receipt::head_of(Some(&page.checkpoint), member, &audit.history, taken_at)
            .filter(|head| *head.origin() == log.origin)
            .ok_or_else(|| {
                let what = "the page came without a head that this log has signed";
                Fault::new("head-not-signed", what)
            })?;
        let size = head.head().size();
        let is_another = |under: &KeptHead| under.size != size || under.root != *head.head().root();
        if log.kept.under.as_ref().is_some_and(is_another) {
            let what = "pages of one session are under different heads";
            return Err(Fault::new(HEAD_DIFFERS, what));
        }
        if page
            .next
            .is_some_and(|next| next <= log.kept.next || next >= size)
        {
            let what = "the log is not read further";
            return Err(Fault::new("page-does-not-advance", what));
        }
        let kept_head = audit.kept_head(&head, taken_at);
        log.kept.under.get_or_insert(kept_head);
        if let Some(bytes) = &page.sequences {
            let sequences = sequences_of(member, bytes, &audit.history)?;
            if let Some(under) = &mut log.kept.under {
                under.sequences = Some(sequences);
            }
        }
        if !page.records.is_empty() {
            let block = block_of(size, &page.records);
            log.kept.end = audit.store.append(&log.name, log.kept.end, &block)?;
            let rows = u64::try_from(page.records.len()).unwrap_or(u64::MAX);
            log.kept.rows = log.kept.rows.saturating_add(rows);
        }
        log.kept.next = page.next.unwrap_or(size);
        log.kept.pages = log.kept.pages.saturating_add(1);
        Ok(head)
    }

    /// The newest head that the member shows, with its cosignatures; none if it does not show one. Rows of a part that
    /// were pulled under the last head stay only if this one grows out of it.
    async fn cosigned_head(
        &self,
        audit: &Audit,
        log: &mut Log,
        taken_at: TimeMs,
    ) -> Option<KeptHead> {
        let member = &log.origin.member;
        let last = log.kept.heads.last().and_then(|last| last.head().ok());
        let last = last.filter(|_| log.kept.end > 0 || log.kept.next > 0);
        let from = last.as_ref().map(comity_log::head::Head::size);
        let request = WitnessRequest::Head(log.origin.clone(), from).encode();
        let reply = if *member == self.me {
            self.witness_request(self.me.clone(), &request).await
        } else {
            self.ask(member, Protocol::Witness, request).await.ok()
        };
        let reply = reply.and_then(|bytes| WitnessReply::decode(&bytes).ok());
        let (head, path) = match reply {
            Some(WitnessReply::Head(text, path)) => {
                let text = text.as_deref();
                let head = receipt::head_of(text, member, &audit.history, taken_at);
                (head.filter(|head| *head.origin() == log.origin), path)
            }
            _ => (None, None),
        };
        if let Some(head) = &head {
            self.seen_head(head.clone()).await;
        }
        let Some(last) = last else {
            return head.map(|head| audit.kept_head(&head, taken_at));
        };
        let Some(head) = head else {
            // Without a path a part cannot go on; a whole log shows by its root whether it does.
            if log.wanted == Records::Records {
                log.begin_again();
            }
            return None;
        };
        if head.head().size() < last.size() {
            log.went_back();
        } else if log.wanted == Records::Records
            && verify_consistency(&last, head.head(), &path.unwrap_or_default()).is_err()
        {
            log.find(Found::HeadsNotJoined, last.size());
            log.begin_again();
        }
        Some(audit.kept_head(&head, taken_at))
    }

    async fn page(&self, log: &Log) -> Result<AuditReply, Fault> {
        let size = log.kept.under.as_ref().map(|head| head.size);
        let request = AuditRequest(
            log.wanted,
            log.origin.clone(),
            log.kept.next,
            size,
            log.mandate.clone(),
        );
        let request = request.encode();
        let member = &log.origin.member;
        let bytes = if *member == self.me {
            let (reply, page) = oneshot::channel();
            let command = Command::Audit {
                peer: self.me.clone(),
                request,
                reply,
            };
            self.send(command)
                .await
                .map_err(|error| Fault::new(error.code, error.message))?;
            page.await
                .map_err(|_| Fault::new("stopped", "the node is stopping"))?
        } else {
            self.ask(member, Protocol::Audit, request).await?
        };
        AuditReply::decode(&bytes)
            .map_err(|error| Fault::new("bad-reply", format!("not a page: {error}")))
    }
}

/// The code of pages that do not belong together.
const HEAD_DIFFERS: &str = "head-differs";

fn sequences_of(member: &MemberId, bytes: &[u8], history: &History) -> Result<Sequences, Fault> {
    let not = |why: &str| Fault::new("sequences-not-signed", why.to_owned());
    let notice = SignedNotice::<Sequences>::read(bytes).map_err(|_| not("not readable"))?;
    let key = history
        .statement_key(member, notice.kid())
        .ok_or_else(|| not("unknown key"))?;
    notice
        .verify(key.verifying())
        .cloned()
        .map_err(|_| not("not signed by the member"))
}

/// One log that is being audited.
#[derive(Debug)]
struct Log {
    origin: Origin,
    name: Hash,
    reader: Reader,
    mandate: Option<Reference>,
    wanted: Records,
    kept: Kept,
    resumed_from: u64,
    pages: u64,
    /// What asking for it has shown.
    findings: Vec<Finding>,
}

impl Log {
    fn find(&mut self, found: Found, index: u64) {
        let finding = Finding::in_log_of(&self.origin.member, found);
        self.findings.push(finding.at(index));
    }

    /// Its rows are pulled again. The heads stay.
    fn begin_again(&mut self) {
        let right = self.kept.right;
        self.kept.begin_again();
        self.kept.right = right;
    }

    /// What is kept is of a longer log. What was found of it is found again by the heads that stay.
    fn went_back(&mut self) {
        let under = self.kept.under.take();
        self.kept.heads.extend(under);
        self.begin_again();
    }
}

/// An audit under way.
struct Audit {
    store: Arc<dyn AuditStore>,
    history: Arc<History>,
    witnesses: Vec<(MemberId, VerifierKey)>,
    pulled: Vec<Log>,
    inspected: Vec<Inspected>,
    logs: Vec<LogRead>,
    used: Vec<LogUsed>,
    /// `[code, member, words]` of logs that could not be audited.
    problems: Vec<(String, String, String)>,
    findings: Vec<Finding>,
}

impl Audit {
    fn new(store: Arc<dyn AuditStore>, history: Arc<History>) -> Self {
        Self {
            witnesses: witnesses_of(&history),
            store,
            history,
            pulled: Vec::new(),
            inspected: Vec::new(),
            logs: Vec::new(),
            used: Vec::new(),
            problems: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn mandate_of(&self, me: &MemberId) -> Option<Reference> {
        let mut mandates = self.history.charter().mandates.iter();
        let own = mandates.find(|mandate| mandate.regulator == *me);
        own.map(|mandate| mandate.cites.clone())
    }

    fn could_not(&mut self, member: &MemberId, problem: &Fault) {
        let code = problem.code.to_owned();
        let row = (code, member.to_string(), problem.detail.clone());
        self.problems.push(row);
    }

    fn kept_head(&self, head: &VerifiedCheckpoint, taken_at: TimeMs) -> KeptHead {
        KeptHead {
            checkpoint: head.note().to_string().into(),
            size: head.head().size(),
            root: *head.head().root(),
            taken_at,
            cosigned_at: self.cosigned_at(head),
            sequences: None,
        }
    }

    /// When other members have cosigned a head. A line that does not verify says nothing.
    fn cosigned_at(&self, head: &VerifiedCheckpoint) -> Vec<TimeMs> {
        let others = self.witnesses.iter();
        let others = others.filter(|(member, _)| *member != head.origin().member);
        let times = others.filter_map(|(_, key)| {
            let signed = head.note().verify(std::slice::from_ref(key)).ok()?;
            signed.first()?.time_s?.checked_mul(1000)
        });
        times.collect()
    }

    /// Verifies what was pulled. What comes back has to be pulled again, from the beginning.
    async fn inspect(&mut self) -> Result<Vec<Log>, WorkError> {
        let logs = std::mem::take(&mut self.pulled);
        let sources: Vec<_> = logs
            .iter()
            .map(|log| Source {
                origin: log.origin.clone(),
                reader: log.reader.clone(),
                kept: log.kept.clone(),
            })
            .collect();
        let (store, history) = (Arc::clone(&self.store), Arc::clone(&self.history));
        let inspected = tokio::task::spawn_blocking(move || {
            inspect_all(&*store, &sources, &Rosters::of(&history))
        });
        let outcomes = inspected.await.map_err(|_| stopped())?;
        let mut again = Vec::new();
        for (mut log, outcome) in logs.into_iter().zip(outcomes) {
            self.findings.append(&mut log.findings);
            match outcome? {
                Ok(found) => self.verified(&log, found),
                Err(findings) if log.resumed_from > 0 && found_root(&findings) => again.push(log),
                Err(findings) => {
                    self.findings.extend(findings.iter().cloned());
                    // It is worth nothing, and would be worth nothing the next time.
                    log.begin_again();
                    self.store.keep(&log.name, &log.kept.encode())?;
                }
            }
        }
        Ok(again)
    }

    fn verified(&mut self, log: &Log, found: Inspected) {
        self.findings
            .extend(found.verified.findings.iter().cloned());
        self.logs.push(LogRead {
            origin: log.origin.to_string(),
            size: found.verified.head.size(),
            root: found.verified.head.root().to_string(),
            records: found.verified.records,
            complete: found.verified.shown.complete,
            pages: log.pages,
            resumed_from: log.resumed_from,
            cosigned: log.kept.newest().map_or(0, |head| head.cosigned_at.len()),
        });
        let newest = log.kept.newest();
        let checkpoint = newest.map(|head| head.checkpoint.to_string());
        self.used.push(LogUsed {
            origin: log.origin.to_string(),
            member: log.origin.member.to_string(),
            size: found.verified.head.size(),
            root: found.verified.head.root().to_string(),
            taken_at: newest.map_or(0, |head| head.taken_at),
            records: found.verified.records,
            complete: found.verified.shown.complete,
            all_with: if found.verified.shown.complete {
                Vec::new()
            } else {
                found.verified.shown.counterparts.iter().cloned().collect()
            },
            checkpoint,
        });
        self.inspected.push(found);
    }

    /// Matches what was verified, one case at a time.
    async fn matched(self, now: TimeMs) -> Result<(AuditShown, Audited, Vec<FoundIn>), WorkError> {
        let Self {
            store,
            history,
            inspected,
            logs,
            used,
            problems,
            mut findings,
            ..
        } = self;
        let of_log = |log: &Inspected| log.verified.shown.origin.clone();
        let origins: Vec<Origin> = inspected.iter().map(of_log).collect();
        let matching = tokio::task::spawn_blocking(move || {
            let rules = Rules::of(&history);
            let mut seen = CasesSeen::new(context(&history, now));
            let loose = match_inspected(&*store, inspected, &rules, &mut seen)?;
            seen.findings.extend(loose);
            Ok::<_, Fault>(seen)
        });
        let seen = matching.await.map_err(|_| stopped())??;
        findings.extend(seen.findings);
        let times: ResponseTimes = seen.timing.into_times();
        let rows = findings.iter().map(|found| {
            let words = found.found.sentence().to_owned();
            (found.code().to_owned(), found.member.to_string(), words)
        });
        let head_of = |finding: &Finding| {
            let mut of = origins
                .iter()
                .filter(|origin| origin.member == finding.member);
            let origin = of.next()?.clone();
            let name = origin.to_string();
            let read = logs.iter().find(|log| log.origin == name)?;
            Some(LogHead(origin, read.size, Hash::from_hex(&read.root)?))
        };
        let found_in = findings.iter();
        let found_in = found_in
            .map(|finding| (finding.clone(), head_of(finding)))
            .collect();
        let members = used.iter().map(|log| log.member.clone());
        let shown = AuditShown {
            response_times: reports::shown(&times, members),
            findings: problems.into_iter().chain(rows).collect(),
            logs: logs
                .iter()
                .map(|log| (log.origin.clone(), log.records, log.complete))
                .collect(),
            details: findings.iter().map(FindingShown::of).collect(),
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
        Ok((shown, audited, found_in))
    }
}

/// What an audit takes from each case: nothing that grows with the records, but the rows of reports.
struct CasesSeen {
    timing: Timing,
    adding: Adding,
    findings: Vec<Finding>,
}

impl CasesSeen {
    fn new(context: Context) -> Self {
        Self {
            timing: Timing::default(),
            adding: Adding {
                context,
                base: Base::default(),
            },
            findings: Vec::new(),
        }
    }
}

impl CaseVisitor for CasesSeen {
    fn case(&mut self, matched: &CaseMatched) {
        self.timing.case(matched);
        self.adding.case(matched);
        self.findings.extend(matched.findings.iter().cloned());
    }
}

fn found_root(findings: &[Finding]) -> bool {
    let of_root = |finding: &Finding| finding.found == Found::RootDiffers;
    findings.iter().any(of_root)
}

/// Every witness that was ever listed: its cosignature says when, whatever became of it.
fn witnesses_of(history: &History) -> Vec<(MemberId, VerifierKey)> {
    let keys = history.known_keys();
    let witnesses = keys.filter(|known| known.listed.purpose == KeyPurpose::Witness);
    let verifiers = witnesses.filter_map(|known| {
        let name = WitnessName {
            fed: *history.fed(),
            member: known.member.clone(),
        };
        let name = KeyName::new(&name.to_string())?;
        let key = VerifierKey::new(name, KeyKind::Witness, *known.verifying()).ok()?;
        Some((known.member.clone(), key))
    });
    verifiers.collect()
}
