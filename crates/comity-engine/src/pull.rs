//! `/comity/audit/1`, asked: pages of others' logs, under one head each, verified and matched.

use std::sync::Arc;

use comity_audit::{LogRecords, Pulled, Reader, match_logs, verify};
use comity_log::checkpoint::VerifiedCheckpoint;
use comity_trust::history::History;
use comity_wire::audit_exchange::{AuditReply, AuditRequest, Records};
use comity_wire::ids::MemberId;
use comity_wire::leaf::Origin;
use comity_wire::notice::{Sequences, SignedNotice};
use comity_wire::words::Reference;
use tokio::sync::oneshot;

use crate::audit::timings;
use crate::core::Command;
use crate::desk::AuditShown;
use crate::error::WorkError;
use crate::node::Engine;
use crate::ports::{Fault, Protocol};
use crate::receipt;

impl Engine {
    /// Audits every member of the roster.
    pub(crate) async fn pull_all(&self) -> Result<AuditShown, WorkError> {
        let history = self.history();
        let members: Vec<MemberId> = history
            .roster()
            .map(|roster| {
                roster
                    .members
                    .iter()
                    .map(|member| member.id.clone())
                    .collect()
            })
            .unwrap_or_default();
        let mandate = history
            .charter()
            .mandates
            .iter()
            .find(|mandate| mandate.regulator == self.me)
            .map(|mandate| mandate.cites.clone());
        let mut shown = Collected::default();
        for member in &members {
            match self.pull(member, mandate.as_ref(), &history).await {
                Ok(Some(records)) => shown.take(records),
                Ok(None) => {}
                Err(problem) => shown.findings.push((
                    problem.code.to_owned(),
                    member.to_string(),
                    problem.detail,
                )),
            }
        }
        let shown = shown.into_shown();
        let (reply, done) = oneshot::channel();
        let others = members
            .into_iter()
            .filter(|member| *member != self.me)
            .collect();
        self.send(Command::Audited {
            members: others,
            shown: shown.clone(),
            reply,
        })
        .await?;
        done.await.map_err(|_| crate::node::stopped())?;
        Ok(shown)
    }

    /// Everything that this member may read of one log.
    async fn pull(
        &self,
        member: &MemberId,
        mandate: Option<&Reference>,
        history: &Arc<History>,
    ) -> Result<Option<LogRecords>, Fault> {
        let listed = history
            .member(member)
            .ok_or_else(|| Fault::new("not-a-member", "no longer listed"))?;
        let Some(log) = listed.open_log() else {
            return Ok(None);
        };
        let roster = history
            .roster()
            .ok_or_else(|| Fault::new("no-roster", "there is none"))?;
        let mandate = mandate.filter(|_| *member != self.me);
        let reader = Reader::new(history.charter(), roster, &self.me, member, mandate)
            .map_err(|error| Fault::new(error.code(), error.to_string()))?;
        let taken_at = self.clock.now_ms();
        let mut all = Vec::new();
        let mut under: Option<VerifiedCheckpoint> = None;
        let mut sequences = None;
        let mut from = 0;
        loop {
            let size = under.as_ref().map(|head| head.head().size());
            let request = AuditRequest(
                Records::Records,
                log.origin.clone(),
                from,
                size,
                mandate.cloned(),
            );
            let page = match self.page(member, &log.origin, request).await? {
                AuditReply::Records(page) => page,
                AuditReply::Refused(_, why, _) => {
                    return Err(Fault::new(
                        "audit-refused",
                        format!("the member answered `{why}`"),
                    ));
                }
            };
            let head = receipt::head_of(Some(&page.checkpoint), member, history, taken_at)
                .filter(|head| *head.origin() == log.origin)
                .ok_or_else(|| {
                    Fault::new(
                        "head-not-signed",
                        "the page came without a head that this log has signed",
                    )
                })?;
            if under
                .as_ref()
                .is_some_and(|under| under.head() != head.head())
            {
                return Err(Fault::new(
                    "head-differs",
                    "pages of one session are under different heads",
                ));
            }
            if under.is_none() {
                self.seen_head(head.clone()).await;
            }
            under = Some(head);
            all.extend(page.records);
            if let Some(bytes) = &page.sequences {
                sequences = Some(self.sequences_of(member, bytes, history)?);
            }
            match page.next {
                Some(next) if next > from => from = next,
                Some(_) => {
                    return Err(Fault::new(
                        "page-does-not-advance",
                        "the log is not read further",
                    ));
                }
                None => break,
            }
        }
        let under = under.ok_or_else(|| Fault::new("head-not-signed", "no page came"))?;
        let pulled = Pulled {
            checkpoint: &under,
            from: 0,
            records: &all,
            sequences: sequences.as_ref(),
            taken_at,
        };
        match verify(&pulled, &reader) {
            Ok(records) => Ok(Some(records)),
            Err(findings) => {
                let first = findings
                    .first()
                    .map_or("unreadable", comity_audit::Finding::code);
                Err(Fault::new(
                    "log-not-verified",
                    format!("{} findings, the first `{first}`", findings.len()),
                ))
            }
        }
    }

    async fn page(
        &self,
        member: &MemberId,
        origin: &Origin,
        request: AuditRequest,
    ) -> Result<AuditReply, Fault> {
        let request = request.encode();
        let bytes = if origin.member == self.me {
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

    fn sequences_of(
        &self,
        member: &MemberId,
        bytes: &[u8],
        history: &History,
    ) -> Result<Sequences, Fault> {
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
}

#[derive(Default)]
struct Collected {
    logs: Vec<LogRecords>,
    findings: Vec<(String, String, String)>,
}

impl Collected {
    fn take(&mut self, records: LogRecords) {
        self.logs.push(records);
    }

    fn into_shown(mut self) -> AuditShown {
        let matched = match_logs(&self.logs);
        let of_logs = self.logs.iter().flat_map(|log| &log.findings);
        for finding in of_logs.chain(&matched.findings) {
            let words = finding.found.sentence().to_owned();
            self.findings
                .push((finding.code().to_owned(), finding.member.to_string(), words));
        }
        AuditShown {
            response_times: timings(&self.logs),
            findings: self.findings,
            logs: self
                .logs
                .iter()
                .map(|log| {
                    let records = u64::try_from(log.records.len()).unwrap_or(u64::MAX);
                    (log.origin.to_string(), records, log.complete)
                })
                .collect(),
        }
    }
}
