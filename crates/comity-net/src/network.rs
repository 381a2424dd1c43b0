//! The handle: commands go to the one task that owns the swarm; who is admitted is known to the gate at once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libp2p::Multiaddr;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::error::RequestError;
use crate::event::emit;
use crate::gate::Gate;
use crate::handler::Job;
use crate::limits::{
    CONNECT_TIME_MS_MAX, NEGOTIATE_TIME_MS_MAX, REQUESTS_MAX, REQUESTS_PER_PEER_MAX,
    RESOLVE_TIME_MS_MAX,
};
use crate::peer::PeerKey;
use crate::protocol::Protocol;
use crate::resolve::{parse, resolve};
use crate::stats::Stats;

/// What the task that owns the swarm is asked to do.
pub(crate) enum Command {
    /// Send a request.
    Request {
        to: PeerKey,
        addresses: Vec<Multiaddr>,
        job: Job,
    },
    /// The list of who is admitted has changed; these have left it.
    Admitted {
        left: Vec<PeerKey>,
        done: oneshot::Sender<()>,
    },
    /// Say where we listen, once every address is bound.
    Listening { reply: oneshot::Sender<Vec<String>> },
    /// Shut down.
    Close { done: oneshot::Sender<()> },
}

/// How a request is sent. A node sends [`Manner::Whole`]; the others show what a peer makes of one that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// At most as long as the protocol allows; the write side is closed behind it.
    Whole,
    /// However long it is.
    AnyLength,
    /// The write side is never closed. The wait is twice the protocol's time, so that the other side ends it first.
    LeftOpen,
}

/// The network of this node. Clones are one network; when the last is dropped, it closes.
#[derive(Clone)]
pub struct Network {
    pub(crate) key: PeerKey,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) connected: watch::Receiver<Arc<[PeerKey]>>,
    pub(crate) under_way: UnderWay,
}

impl Network {
    /// Who we are to other peers.
    #[must_use]
    pub fn key(&self) -> PeerKey {
        self.key
    }

    /// Sends a request, and returns the reply. Uses the open connection, or else dials the addresses (multiaddresses;
    /// names are looked up; those that are malformed are left out).
    ///
    /// Takes at most the protocol's time and what dialling takes. Dropping the future gives the request up.
    ///
    /// # Errors
    /// See [`RequestError`]. A connection is no admission: a peer that has not admitted us answers with its unadmitted
    /// reply, which looks like any reply here, or closes the stream.
    pub async fn request(
        &self,
        to: PeerKey,
        addresses: &[String],
        protocol: Protocol,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, RequestError> {
        self.request_in(Manner::Whole, to, addresses, protocol, bytes)
            .await
    }

    /// The same, in a manner that no node has: for whoever tests a peer.
    ///
    /// # Errors
    /// As [`Network::request`].
    pub async fn request_in(
        &self,
        manner: Manner,
        to: PeerKey,
        addresses: &[String],
        protocol: Protocol,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, RequestError> {
        let sent = bytes.len();
        let time = manner.time_max(protocol)
            + Duration::from_millis(
                RESOLVE_TIME_MS_MAX + CONNECT_TIME_MS_MAX + NEGOTIATE_TIME_MS_MAX,
            );
        let outcome = timeout(time, self.send(manner, to, addresses, protocol, bytes))
            .await
            .unwrap_or(Err(RequestError::Timeout));
        match &outcome {
            Ok(reply) => {
                emit!(DEBUG, "request-answered", peer = %to, protocol = protocol.label(), bytes = reply.len());
            }
            Err(error) => {
                emit!(INFO, "request-failed", peer = %to, protocol = protocol.label(), code = error.code(), bytes = sent);
            }
        }
        outcome
    }

    async fn send(
        &self,
        manner: Manner,
        to: PeerKey,
        addresses: &[String],
        protocol: Protocol,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, RequestError> {
        if manner != Manner::AnyLength && bytes.len() > protocol.request_bytes_max() {
            return Err(RequestError::TooLarge);
        }
        let _place = self.under_way.place(to).ok_or(RequestError::Busy)?;
        let addresses = if self.is_connected(&to) {
            addresses.iter().filter_map(|text| parse(text)).collect()
        } else {
            resolve(addresses).await
        };
        let (reply, replied) = oneshot::channel();
        let job = Job {
            protocol,
            manner,
            bytes,
            reply,
        };
        let command = Command::Request { to, addresses, job };
        self.commands
            .send(command)
            .await
            .map_err(|_| RequestError::ShutDown)?;
        match replied.await {
            Ok(outcome) => outcome,
            Err(_) if self.commands.is_closed() => Err(RequestError::ShutDown),
            Err(_) => Err(RequestError::Closed),
        }
    }

    /// Replaces the list of peers that may speak more than hello. When this returns, peers that are not on it have no
    /// stream but hello, and nothing that they sent reaches the inbox any more.
    pub async fn admit(&self, members: Vec<PeerKey>) {
        let left = self.gate.admit(members);
        let (done, acted) = oneshot::channel();
        if self
            .commands
            .send(Command::Admitted { left, done })
            .await
            .is_ok()
        {
            // Closed in the meantime: then no stream is left either.
            let _ = acted.await;
        }
    }

    /// Sets what a peer that is not admitted is answered on every protocol but hello, unread. Empty: the stream is just
    /// closed, as it is before the first call.
    pub fn set_unadmitted_reply(&self, reply: Vec<u8>) {
        self.gate.set_unadmitted_reply(reply);
    }

    /// Where we listen: full multiaddresses with `/p2p/`. Waits until every listen address is bound or has failed.
    /// Empty when the network has been closed.
    pub async fn listening(&self) -> Vec<String> {
        let (reply, replied) = oneshot::channel();
        if self
            .commands
            .send(Command::Listening { reply })
            .await
            .is_err()
        {
            return Vec::new();
        }
        replied.await.unwrap_or_default()
    }

    /// The peers with an open connection, sorted. Connected is neither admitted nor reached.
    pub async fn connected(&self) -> Vec<PeerKey> {
        self.connected.borrow().to_vec()
    }

    /// The same, to be watched: a peer that comes back may be worth a try. It holds the newest state only.
    #[must_use]
    pub fn watch_connected(&self) -> watch::Receiver<Arc<[PeerKey]>> {
        self.connected.clone()
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.gate.stats
    }

    /// Shuts down: no new connections and streams; what has been read may still be answered, for at most
    /// [`CLOSE_TIME_MS_MAX`](crate::limits::CLOSE_TIME_MS_MAX); then all connections are closed, and the inbox ends.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.commands.send(Command::Close { done }).await.is_ok() {
            // Whether it said so or is just gone, it is closed.
            let _ = closed.await;
        }
    }

    fn is_connected(&self, peer: &PeerKey) -> bool {
        self.connected.borrow().binary_search(peer).is_ok()
    }
}

impl Manner {
    /// How long we wait for the reply.
    pub(crate) fn time_max(self, protocol: Protocol) -> Duration {
        match self {
            Self::Whole | Self::AnyLength => protocol.time_max(),
            Self::LeftOpen => protocol.time_max().saturating_mul(2),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// How many of our requests are under way, per peer.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<HashMap<PeerKey, usize>>>);

/// One of them. Its place is free again when this is dropped.
struct Place {
    peer: PeerKey,
    under_way: UnderWay,
}

impl UnderWay {
    fn place(&self, peer: PeerKey) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.values().sum::<usize>() >= REQUESTS_MAX {
            return None;
        }
        let count = counts.entry(peer).or_default();
        if *count >= REQUESTS_PER_PEER_MAX {
            return None;
        }
        *count += 1;
        Some(Place {
            peer,
            under_way: self.clone(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self
            .under_way
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_under_way_are_bounded_per_peer_and_in_all() {
        let under_way = UnderWay::default();
        let mut places = Vec::new();
        for number in 0..=u8::MAX {
            let peer = PeerKey([number; 32]);
            places.extend((0..REQUESTS_PER_PEER_MAX).map_while(|_| under_way.place(peer)));
            let expected = ((usize::from(number) + 1) * REQUESTS_PER_PEER_MAX).min(REQUESTS_MAX);
            assert_eq!(places.len(), expected);
            assert!(under_way.place(peer).is_none());
        }
        places.pop();
        assert!(
            under_way.place(PeerKey([0; 32])).is_none(),
            "its own are all taken"
        );
        assert!(under_way.place(PeerKey([9; 32])).is_some());
        places.clear();
        assert!(under_way.place(PeerKey([0; 32])).is_some());
    }
}
