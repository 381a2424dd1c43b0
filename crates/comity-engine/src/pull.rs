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

use comity_audit::{Finding, Found, Reader, Right};
use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::evidence::Evidence;
use comity_log::head::Head;
use comity_log::proof::verify_consistency;
use comity_trust::history::History;
use comity_trust::member::{Log as Listed, LogState};
use comity_wire::audit_exchange::{AuditReply, AuditRequest, Page, Records};
use comity_wire::ids::{Hash, MemberId};
use comity_wire::leaf::{Leaf, Origin};
use comity_wire::notice::{Sequences, SignedNotice};
use comity_wire::registry::audit_code;
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use comity_wire::words::{Reference, TimeMs};
use tokio::sync::oneshot;

use crate::contradicted::{by_leaves, last_rows};
use crate::core::Command;
use crate::desk::AuditShown;
use crate::error::WorkError;
use crate::kept::{Kept, KeptHead, block_of, right_of};
use crate::limits::{AUDIT_PAGES_PER_NOTE, AUDIT_PULL_MS};
use crate::node::{Engine, stopped};
use crate::ports::{Fault, Protocol};
use crate::receipt;
use crate::verdict::Audit;

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
        let until = self.clock.now_ms().saturating_add(AUDIT_PULL_MS);
        let mut audit = Audit::new(Arc::clone(&store), Arc::clone(&history), until);
        for (n, member) in members.iter().enumerate() {
            let left = members.len().saturating_sub(n);
            audit.share_the_time(self.clock.now_ms(), left);
            self.pull_into(&mut audit, member).await;
        }
        audit.share_the_time(self.clock.now_ms(), 1);
        self.pull_unwitnessed(&mut audit).await;
        let again = audit.inspect().await?;
        for mut log in again {
            log.begin_again();
            self.pull_log(&mut audit, log).await;
        }
        audit.inspect().await?;
        let now = self.clock.now_ms();
        for evidence in std::mem::take(&mut audit.evidence) {
            self.found_fork(evidence).await;
        }
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

    /// What this member may read of the logs of another one, the oldest first.
    async fn pull_into(&self, audit: &mut Audit, member: &MemberId) {
        let history = Arc::clone(&audit.history);
        let mut listed: Vec<_> = history.logs_of(member).iter().collect();
        listed.sort_by_key(|log| log.origin.n);
        for log in listed {
            match self.log_of(audit, log) {
                Ok(log) if log.is_all_here() => audit.pulled.push(log),
                Ok(log) => self.pull_log(audit, log).await,
                Err(problem) => audit.could_not(member, &problem),
            }
        }
    }

    async fn pull_log(&self, audit: &mut Audit, mut log: Log) {
        log.resumed_from = log.kept.next;
        self.pull_on(audit, log).await;
    }

    /// A head that was a second old has no quorum yet. Once all logs are pulled, it may have one.
    async fn pull_unwitnessed(&self, audit: &mut Audit) {
        for log in std::mem::take(&mut audit.pulled) {
            let lacks = audit.standing_of(&log).is_some_and(|found| found.lacks());
            if lacks && !log.parted && log.closed.is_none() {
                self.pull_on(audit, log).await;
            } else {
                audit.pulled.push(log);
            }
        }
    }

    async fn pull_on(&self, audit: &mut Audit, mut log: Log) {
        let member = log.origin.member.clone();
        let pages_before = log.kept.pages;
        match self.bring(audit, &mut log).await {
            Ok(()) => {
                let pages = log.kept.pages.saturating_sub(pages_before);
                log.pages = log.pages.saturating_add(pages);
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

    fn log_of(&self, audit: &Audit, listed: &Listed) -> Result<Log, Fault> {
        let history = &audit.history;
        let member = &listed.origin.member;
        let closed = match listed.state {
            LogState::Open => None,
            LogState::Closed((size, root)) => Some(Head::new(size, root).map_err(|error| {
                Fault::new("not-a-head", format!("where the roster closes it: {error}"))
            })?),
        };
        let roster = history
            .roster()
            .ok_or_else(|| Fault::new("no-roster", "there is none"))?;
        let mandate = audit.mandate_of(&self.me).filter(|_| *member != self.me);
        let charter = history.charter();
        let reader = Reader::new(charter, roster, &self.me, member, mandate.as_ref())
            .map_err(|error| Fault::new(error.code(), error.to_string()))?;
        let name = Kept::name_of(&listed.origin);
        let mut kept = Kept::decode(audit.store.state(&name)?)?;
        let right = right_of(&reader);
        if kept.right != Some(right) {
            kept.begin_again();
            kept.right = Some(right);
        }
        Ok(Log {
            origin: listed.origin.clone(),
            closed,
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
            parted: false,
            findings: Vec::new(),
        })
    }

    /// Pulls a log up to a head, from where the last pull ended.
    async fn bring(&self, audit: &mut Audit, log: &mut Log) -> Result<(), Fault> {
        let taken_at = self.clock.now_ms();
        // What was cut off is brought to its end first, under the head of then.
        let mut resumes = log.kept.under.is_some();
        let mut is_first = true;
        if !resumes {
            match self.newest_head(audit, log, taken_at).await {
                Newest::Head(head) => log.kept.under = Some(*head),
                Newest::NotShown => {}
                Newest::NoMore => return Ok(()),
            }
        }
        let mut went_back = false;
        loop {
            if self.clock.now_ms() >= audit.deadline {
                let what =
                    "there was no time left for this member: the next audit goes on from here";
                return Err(Fault::new("audit-slow", what));
            }
            let size = log.kept.under.as_ref().map(|head| head.size);
            let page = match self.page(log, log.kept.next, size).await? {
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
                    if why.as_str() == audit_code::BEYOND_TREE
                        && log.kept.end > 0
                        && !went_back =>
                {
                    went_back = true;
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
                let Newest::Head(head) = self.newest_head(audit, log, taken_at).await else {
                    return Ok(());
                };
                log.kept.under = Some(*head);
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
        // No more rows than indexes, and no page that brings neither: so a log costs no more room than it has records.
        let rows = u64::try_from(page.records.len()).unwrap_or(u64::MAX);
        let further = page.next.unwrap_or(size).saturating_sub(log.kept.next);
        if rows > further || (rows == 0 && page.next.is_some() && further < PAGE_INDEXES_MIN) {
            let what = format!("a page has {rows} records of {further} indexes");
            return Err(Fault::new("page-does-not-advance", what));
        }
        let kept_head = audit.kept_head(&head, &page.checkpoint, taken_at);
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
            log.kept.rows = log.kept.rows.saturating_add(rows);
        }
        log.kept.next = page.next.unwrap_or(size);
        log.kept.pages = log.kept.pages.saturating_add(1);
        Ok(head)
    }

    /// The newest head that the member shows, with its cosignatures. Rows of a part that were pulled under the last head
    /// stay only if this one grows out of it.
    async fn newest_head(&self, audit: &Audit, log: &mut Log, taken_at: TimeMs) -> Newest {
        let member = &log.origin.member;
        let last = log.kept.heads.last().and_then(|last| last.head().ok());
        let last = last.filter(|_| log.kept.end > 0 || log.kept.next > 0);
        // With a size, the member shows a head that others have cosigned, if it has one.
        let from = last.as_ref().map_or(0, Head::size);
        let request = WitnessRequest::Head(log.origin.clone(), Some(from)).encode();
        let reply = if *member == self.me {
            self.witness_request(self.me.clone(), &request).await
        } else {
            self.ask(member, Protocol::Witness, request).await.ok()
        };
        let reply = reply.and_then(|bytes| WitnessReply::decode(&bytes).ok());
        let (text, path) = match reply {
            Some(WitnessReply::Head(text, path)) => (text.unwrap_or_default(), path),
            _ => Default::default(),
        };
        let head = receipt::head_of(Some(&text), member, &audit.history, taken_at);
        let head = head.filter(|head| *head.origin() == log.origin);
        if let Some(head) = &head {
            self.seen_head(head.clone()).await;
        }
        let Some(last) = last else {
            return head.map_or(Newest::NotShown, |head| {
                Newest::Head(Box::new(audit.kept_head(&head, &text, taken_at)))
            });
        };
        // What a restore has lost of a closed log is here alone.
        if log.closed.is_some()
            && head
                .as_ref()
                .is_none_or(|head| head.head().size() <= last.size())
        {
            return Newest::NoMore;
        }
        let Some(head) = head else {
            // Without a path a part cannot go on; a whole log shows by its root whether it does.
            if log.wanted == Records::Records {
                log.begin_again();
            }
            return Newest::NotShown;
        };
        let path = path.unwrap_or_default();
        if head.head().size() < last.size() {
            self.prove_fork(audit, log, &head, &[]).await;
            log.went_back();
        } else if log.wanted == Records::Records
            && verify_consistency(&last, head.head(), &path).is_err()
        {
            log.find(Found::HeadsNotJoined, last.size());
            self.prove_fork(audit, log, &head, &path).await;
            log.begin_again();
        }
        Newest::Head(Box::new(audit.kept_head(&head, &text, taken_at)))
    }

    /// A head does not go together with the last one. What was pulled under that one may prove a fork, and is gone
    /// afterwards.
    async fn prove_fork(&self, audit: &Audit, log: &Log, head: &VerifiedCheckpoint, path: &[Hash]) {
        let last = log.kept.heads.last();
        let Some(last) = last.and_then(|last| audit.signed(log, last)) else {
            return;
        };
        // From now on the two are compared with whatever else is seen of this log.
        self.seen_head(last.clone()).await;
        let fork = Evidence::same_size(&last, head)
            .or_else(|| Evidence::no_consistency(&last, head, path));
        let fork = match fork {
            Some(fork) => Some(fork),
            None if log.wanted == Records::Records => self.two_leaves(audit, log, head).await,
            None => {
                let made = audit.rows_prove(log, head.clone(), last).await;
                made.ok().flatten()
            }
        };
        if let Some(fork) = fork {
            self.found_fork(fork).await;
        }
    }

    /// Asks what stands now where the last rows stood.
    async fn two_leaves(
        &self,
        audit: &Audit,
        log: &Log,
        head: &VerifiedCheckpoint,
    ) -> Option<Evidence> {
        let (size, rows) = last_rows(&*audit.store, &log.name, log.kept.end).ok()??;
        let mut kept = log.kept.heads.iter().rev();
        let under = audit.signed(log, kept.find(|kept| kept.size == size)?)?;
        let first = Leaf::decode(&rows.first()?.0).ok()?.index;
        let size = head.head().size();
        match self.page(log, first.min(size), Some(size)).await {
            Ok(AuditReply::Records(page)) => by_leaves((&under, &rows), (head, &page.records)),
            _ => None,
        }
    }

    async fn page(&self, log: &Log, from: u64, size: Option<u64>) -> Result<AuditReply, Fault> {
        let (origin, mandate) = (log.origin.clone(), log.mandate.clone());
        let request = AuditRequest(log.wanted, origin, from, size, mandate);
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

/// Indexes that a page without records covers at least, unless it is the last.
const PAGE_INDEXES_MIN: u64 = comity_wire::limits::AUDIT_RECORDS_MAX as u64;

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

/// What a member shows as the newest head of a log.
enum Newest {
    Head(Box<KeptHead>),
    /// It shows none, or none that the log has signed.
    NotShown,
    /// Of a log that was closed: no more than what is kept.
    NoMore,
}

/// One log that is being audited.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) origin: Origin,
    /// Where it was closed, as the roster says.
    pub(crate) closed: Option<Head>,
    pub(crate) name: Hash,
    pub(crate) reader: Reader,
    mandate: Option<Reference>,
    wanted: Records,
    pub(crate) kept: Kept,
    pub(crate) resumed_from: u64,
    pub(crate) pages: u64,
    /// It has shown heads that do not go together: what it shows next must not cover that up.
    parted: bool,
    /// What asking for it has shown.
    pub(crate) findings: Vec<Finding>,
}

impl Log {
    /// Whether nothing more of it can come.
    fn is_all_here(&self) -> bool {
        let end = self.closed.as_ref().map(Head::size);
        self.kept.under.is_none() && end.is_some_and(|end| end <= self.kept.next)
    }

    fn find(&mut self, found: Found, index: u64) {
        let finding = Finding::in_log_of(&self.origin.member, found);
        self.findings.push(finding.at(index));
    }

    /// Its rows are pulled again. The heads stay.
    pub(crate) fn begin_again(&mut self) {
        self.parted = true;
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
