//! `/comity/witness/1`, served: what a member asks of this one about logs, its own and those of others.
//!
//! ```text
//! add-checkpoint  a head of another log, to be cosigned
//! head            the newest head of a log that is here: of the own log, with the path to it
//! evidence        that a log or a governance has forked
//! ```

use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::hash::Hash;
use comity_log::tree::Tree;
use comity_wire::ids::MemberId;
use comity_wire::leaf::Origin;
use comity_wire::registry::witness_code;
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use comity_wire::words::{Code, DurationMs};
use tokio::sync::oneshot;

use crate::core::{Command, Core};
use crate::limits::BUSY_RETRY_MS;
use crate::node::Engine;
use crate::ports::Fault;
use crate::receipt::{Tiles, unreadable};
use crate::rosters;

impl Engine {
    /// What a member hears on `/comity/witness/1`.
    pub(crate) async fn witness_request(&self, from: MemberId, bytes: &[u8]) -> Option<Vec<u8>> {
        match WitnessRequest::decode(bytes) {
            Ok(WitnessRequest::AddCheckpoint(_)) => {
                self.witness_refuses(witness_code::NO_WITNESS_KEY, None)
            }
            Ok(WitnessRequest::Head(origin, from)) => self.head_asked(&origin, from).await,
            Ok(WitnessRequest::Evidence(bytes)) => self.evidence_asked(from, bytes).await,
            Err(_) => self.witness_refuses(witness_code::BAD_REQUEST, None),
        }
    }

    /// What a member hears when this one cannot answer now.
    pub(crate) fn witness_busy(&self) -> Option<Vec<u8>> {
        self.witness_refuses(witness_code::BUSY, Some(BUSY_RETRY_MS))
    }

    /// An answer that is none, with its reason.
    pub(crate) fn witness_refuses(
        &self,
        why: &'static str,
        retry_after: Option<DurationMs>,
    ) -> Option<Vec<u8>> {
        let roster = rosters::reference(&self.history());
        Some(WitnessReply::Refused(roster, Code::new(why)?, retry_after).encode())
    }

    async fn head_asked(&self, origin: &Origin, from: Option<u64>) -> Option<Vec<u8>> {
        if *origin != self.origin {
            return match self.history().log(origin) {
                Some(_) => Some(WitnessReply::Head(None, None).encode()),
                None => self.witness_refuses(witness_code::UNKNOWN_ORIGIN, None),
            };
        }
        let Some(mut own) = self.own_head(from.into_iter().collect()).await else {
            return self.witness_busy();
        };
        let text = own.checkpoint.note().to_string();
        let path = own.paths.pop().flatten();
        Some(WitnessReply::Head(Some(text.into()), path).encode())
    }

    /// The newest head of the own log that is durable, and the paths to it. None: the node is stopping, or has more
    /// to do than it can.
    pub(crate) async fn own_head(&self, from: Vec<u64>) -> Option<OwnHead> {
        let (reply, head) = oneshot::channel();
        self.try_send(Command::Head { from, reply })?;
        head.await.ok()
    }
}

/// The newest head of the own log.
#[derive(Debug)]
pub(crate) struct OwnHead {
    /// Signed by the log alone.
    pub(crate) checkpoint: VerifiedCheckpoint,
    /// For each size that was asked for, the consistency path from it; none if the log was never of that size.
    pub(crate) paths: Vec<Option<Vec<Hash>>>,
}

impl Core {
    /// The head of the last commit, and paths to it.
    pub(crate) fn own_head(&mut self, from: &[u64]) -> Result<OwnHead, Fault> {
        let checkpoint = self.checkpoint().clone();
        let head = *checkpoint.head();
        let mut tree = Tree::open(Tiles(&*self.store), &head).map_err(unreadable)?;
        let mut paths = Vec::with_capacity(from.len());
        for size in from {
            paths.push(match *size <= head.size() {
                true => Some(
                    tree.consistency_path(*size, head.size())
                        .map_err(unreadable)?,
                ),
                false => None,
            });
        }
        Ok(OwnHead { checkpoint, paths })
    }
}
