//! Requests of other peers, on their way to the engine. Bounded in number and in bytes; nothing waits outside.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::gate::{Gate, PERMIT_BYTES};
use crate::peer::PeerKey;
use crate::protocol::Protocol;
use crate::stats;

/// A request of another peer.
pub struct Incoming {
    /// Who asks: authenticated, and admitted, but for hello.
    pub peer: PeerKey,
    /// On which protocol.
    pub protocol: Protocol,
    /// The bytes as they came. A peer that breaks off in the middle looks like one that is done (Yamux and QUIC tell
    /// no difference), so only decoding says whether this is all.
    pub bytes: Vec<u8>,
    pub(crate) answer: oneshot::Sender<Vec<u8>>,
    /// Its share of the memory budget, until it is answered or dropped.
    pub(crate) _room: Room,
}

impl Incoming {
    /// Sends the answer. An answer longer than the protocol allows is not sent (event `answer-refused`), and nothing is
    /// if the peer is gone or no longer admitted; the statement log knows what was received, and the peer asks again.
    pub fn answer(self, bytes: Vec<u8>) {
        // The stream's task is gone when the peer is, and then there is nobody to answer.
        let _ = self.answer.send(bytes);
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("peer", &self.peer)
            .field("protocol", &self.protocol)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// The requests of other peers, in the order in which they were read.
pub struct Inbox {
    pub(crate) requests: mpsc::Receiver<Incoming>,
    pub(crate) gate: Arc<Gate>,
}

impl Inbox {
    /// The next request; none when the network has been closed. One whose peer has lost its admission while it waited
    /// is closed instead, and counted as `cut`.
    pub async fn next(&mut self) -> Option<Incoming> {
        loop {
            let incoming = self.requests.recv().await?;
            if incoming.protocol == Protocol::Hello || self.gate.is_admitted(&incoming.peer) {
                return Some(incoming);
            }
            stats::add(&self.gate.stats.counters(incoming.protocol).cut, 1);
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}

/// A share of the memory budget that grows with what is read.
pub(crate) struct Room {
    budget: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(crate) fn in_budget(budget: &Arc<Semaphore>) -> Self {
        Self {
            budget: Arc::clone(budget),
            taken: None,
        }
    }

    /// Makes this room hold `bytes` in all. Says whether the budget had it.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let held = self.taken.as_ref().map_or(0, |taken| taken.num_permits());
        let missing = bytes.div_ceil(PERMIT_BYTES).saturating_sub(held);
        let Ok(missing) = u32::try_from(missing) else {
            return false;
        };
        let Ok(more) = Arc::clone(&self.budget).try_acquire_many_owned(missing) else {
            return false;
        };
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_share_one_budget_and_give_back_what_they_had() {
        let budget = Arc::new(Semaphore::new(4));
        let mut first = Room::in_budget(&budget);
        let mut second = Room::in_budget(&budget);
        for (bytes, fits) in [(1, true), (1_024, true), (3_072, true), (4_097, false)] {
            assert_eq!(first.grow_to(bytes), fits, "{bytes}");
        }
        assert!(second.grow_to(1_024));
        assert!(!second.grow_to(1_025));

        drop(first);
        assert!(second.grow_to(4_096));
        drop(second);
        assert_eq!(budget.available_permits(), 4);
    }
}
