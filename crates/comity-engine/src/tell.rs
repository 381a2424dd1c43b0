//! The task that sends findings to their subjects, and replies to those who found them, until they are noted.
//!
//! ```text
//! thread says what nobody has noted -> transport -> "noted"? -> thread notes it
//!                                                -> else this member waits, each time twice as long, up to an hour
//! ```
//! What is to be sent stands in the journal; how long a member waits does not: a restart begins with the first wait.

use std::collections::{BTreeMap, BTreeSet};

use comity_wire::finding::{FindingAnswer, FindingRequest};
use comity_wire::ids::{Hash, MemberId};
use comity_wire::words::TimeMs;
use tokio::sync::{oneshot, watch};

use crate::core::{Command, Signals};
use crate::limits::{RETRY_FIRST_MS, RETRY_MAX_MS};
use crate::node::Engine;
use crate::ports::{Fault, Protocol};

/// A finding or a reply for a member.
#[derive(Debug, Clone)]
pub(crate) struct Telling {
    pub(crate) to: MemberId,
    /// Who found it.
    pub(crate) by: MemberId,
    /// Its subject.
    pub(crate) of: MemberId,
    pub(crate) id: Hash,
    pub(crate) request: FindingRequest,
}

/// When a member is tried again, and how long it waits after that.
struct Wait {
    until: TimeMs,
    next_ms: u64,
}

impl Signals {
    /// There is a finding or a reply to be sent.
    pub(crate) fn tell_findings(&self) {
        self.findings
            .send_modify(|times| *times = times.wrapping_add(1));
    }
}

impl Engine {
    /// Sends findings and replies for as long as the node runs.
    pub(crate) async fn tell_findings(self, mut wake: watch::Receiver<u64>) {
        let mut waits: BTreeMap<MemberId, Wait> = BTreeMap::new();
        loop {
            wake.mark_unchanged();
            let now = self.clock.now_ms();
            let waiting = waits.iter().filter(|(_, wait)| wait.until > now);
            let waiting: BTreeSet<MemberId> = waiting.map(|(member, _)| member.clone()).collect();
            let (reply, untold) = oneshot::channel();
            let command = Command::Untold {
                waits: waiting,
                reply,
            };
            if self.send(command).await.is_err() {
                return;
            }
            let Ok(untold) = untold.await else { return };
            let more = !untold.is_empty();
            for telling in untold {
                let to = telling.to.clone();
                // Who did not take one is not sent the others now.
                let now = self.clock.now_ms();
                if waits.get(&to).is_some_and(|wait| wait.until > now) {
                    continue;
                }
                if let Err(fault) = self.tell_one(telling).await {
                    let known = waits.get(&to).map_or(RETRY_FIRST_MS, |wait| wait.next_ms);
                    tracing::info!(
                        target: "comity.engine",
                        event = "finding-waits",
                        to = to.as_str(),
                        code = fault.code,
                    );
                    let wait = Wait {
                        until: now.saturating_add(known),
                        next_ms: known.saturating_mul(2).min(RETRY_MAX_MS),
                    };
                    waits.insert(to, wait);
                } else {
                    waits.remove(&to);
                }
            }
            if more {
                // Each of them is noted now, or its member waits.
                continue;
            }
            let idle = self.clock.now_ms().saturating_add(RETRY_MAX_MS);
            let next = waits.values().map(|wait| wait.until).filter(|at| *at > now);
            let next = next.min().unwrap_or(idle).min(idle);
            tokio::select! {
                changed = wake.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = self.clock.until(next) => {}
            }
        }
    }

    async fn tell_one(&self, telling: Telling) -> Result<(), Fault> {
        let (FindingRequest::Finding(signed) | FindingRequest::Reply(signed)) = &telling.request;
        let hash = Hash::of(signed);
        let request = telling.request.encode();
        let answer = self.ask(&telling.to, Protocol::Audit, request).await?;
        match FindingAnswer::decode(&answer) {
            Ok(FindingAnswer::Noted(noted)) if noted == hash => {}
            Ok(FindingAnswer::Refused(_, why, _)) => {
                let why = format!("the member answered `{why}`");
                return Err(Fault::new("finding-refused", why));
            }
            _ => return Err(Fault::new("bad-reply", "not an answer to a finding")),
        }
        let (reply, done) = oneshot::channel();
        let noted = Command::FindingNoted {
            told: telling,
            reply,
        };
        let stopped = |_| Fault::new("stopped", "the node is stopping");
        self.send(noted)
            .await
            .map_err(|error| Fault::new(error.code, error.message))?;
        done.await.map_err(stopped)
    }
}
