//! Real nodes on loopback. Whoever waits here waits for something that happens; the time limit only ends a test that
//! has failed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod admission;
mod closing;
mod events;
mod limits;
pub(crate) mod silent;
mod talk;

use std::time::Duration;

use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::run::start_with_inbox;
use crate::{Config, Inbox, Incoming, Network, PeerKey, Protocol, RequestError};

pub(super) const TCP: &str = "/ip4/127.0.0.1/tcp/0";
pub(super) const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

/// A node of which the test plays the engine.
pub(super) struct Node {
    pub(super) network: Network,
    pub(super) inbox: Inbox,
    pub(super) addresses: Vec<String>,
}

impl Node {
    pub(super) async fn new(seed: u8, listen: &[&str]) -> Self {
        Self::with_inbox(seed, listen, 16).await
    }

    pub(super) async fn with_inbox(seed: u8, listen: &[&str], inbox: usize) -> Self {
        let config = config(seed, listen);
        let (network, inbox, task) = start_with_inbox(config, inbox).unwrap();
        tokio::spawn(task);
        let addresses = within(network.listening()).await;
        Self {
            network,
            inbox,
            addresses,
        }
    }

    pub(super) fn key(&self) -> PeerKey {
        self.network.key()
    }

    /// Answers every request with the label of its protocol and its length.
    pub(super) fn answering(self) -> Self {
        self.answering_with(|incoming| {
            format!("{} {}", incoming.protocol.label(), incoming.bytes.len()).into_bytes()
        })
    }

    /// Answers every request. Its own inbox is empty from now on.
    pub(super) fn answering_with(
        mut self,
        answer: impl Fn(&Incoming) -> Vec<u8> + Send + 'static,
    ) -> Self {
        let (_, empty) = tokio::sync::mpsc::channel(1);
        let gate = self.inbox.gate.clone();
        let mut inbox = std::mem::replace(
            &mut self.inbox,
            Inbox {
                requests: empty,
                gate,
            },
        );
        tokio::spawn(async move {
            while let Some(incoming) = inbox.next().await {
                let reply = answer(&incoming);
                incoming.answer(reply);
            }
        });
        self
    }

    pub(super) async fn ask(
        &self,
        other: &Self,
        protocol: Protocol,
        bytes: Vec<u8>,
    ) -> Result<Vec<u8>, RequestError> {
        let request = self
            .network
            .request(other.key(), &other.addresses, protocol, bytes);
        within(request).await
    }

    /// The same, in the background.
    pub(super) fn asks(
        &self,
        other: &Self,
        protocol: Protocol,
        bytes: Vec<u8>,
    ) -> tokio::task::JoinHandle<Result<Vec<u8>, RequestError>> {
        let (network, key, addresses) =
            (self.network.clone(), other.key(), other.addresses.clone());
        tokio::spawn(async move { network.request(key, &addresses, protocol, bytes).await })
    }

    pub(super) async fn next(&mut self) -> Incoming {
        within(self.inbox.next()).await.unwrap()
    }

    /// Waits for a counter, which the other task may still be about to raise.
    pub(super) async fn counts(
        &self,
        protocol: Protocol,
        what: impl Fn(&crate::ProtocolStats) -> u64,
        expected: u64,
    ) {
        within(async {
            while what(&self.network.stats().protocol(protocol)) < expected {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(what(&self.network.stats().protocol(protocol)), expected);
    }
}

pub(super) fn config(seed: u8, listen: &[&str]) -> Config {
    Config {
        transport_seed: Zeroizing::new([seed; 32]),
        listen: listen.iter().map(ToString::to_string).collect(),
        external: Vec::new(),
    }
}

/// Two nodes that have admitted each other; the first answers.
pub(super) async fn pair(listen: &str) -> (Node, Node) {
    let first = Node::new(1, &[listen]).await;
    let second = Node::new(2, &[listen]).await;
    first.network.admit(vec![second.key()]).await;
    second.network.admit(vec![first.key()]).await;
    (first, second)
}

/// Waits until the connected peers are these.
pub(super) async fn until_connected(
    watch: &mut watch::Receiver<std::sync::Arc<[PeerKey]>>,
    expected: &[PeerKey],
) {
    within(watch.wait_for(|peers| **peers == *expected))
        .await
        .unwrap();
}

pub(super) async fn within<T>(what: impl Future<Output = T>) -> T {
    // Shorter than the times after which things end by themselves.
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, what)
        .await
        .unwrap_or_else(|_| panic!("nothing happened"))
}
