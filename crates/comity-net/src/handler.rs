//! One connection: who is at its other end is known, so the gate can be asked before a byte is read.
//!
//! Streams run here, in the task of their connection: neither the task that owns the swarm nor another connection
//! waits for them. Streams of hello and of everything else are kept apart, so that a peer that loses its admission
//! loses all the others in one step.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{AsyncRead, AsyncWrite};
use libp2p::Stream;
use libp2p::swarm::handler::{
    ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
    StreamUpgradeError,
};
use libp2p::swarm::{ConnectionHandler, ConnectionHandlerEvent, SubstreamProtocol};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::error::RequestError;
use crate::gate::Gate;
use crate::inbox::Incoming;
use crate::limits::NEGOTIATE_TIME_MS_MAX;
use crate::network::Manner;
use crate::peer::PeerKey;
use crate::protocol::Protocol;
use crate::serve;
use crate::stats;
use crate::stream::exchange;
use crate::upgrade::Offer;

/// A request of ours, and where its reply goes. Dropping it tells who waits that the stream is closed.
pub(crate) struct Job {
    pub(crate) protocol: Protocol,
    pub(crate) manner: Manner,
    pub(crate) bytes: Vec<u8>,
    pub(crate) reply: oneshot::Sender<Result<Vec<u8>, RequestError>>,
}

impl Job {
    pub(crate) fn fail(self, error: RequestError) {
        // Who asked may have given up; then nobody is there to be told.
        let _ = self.reply.send(Err(error));
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// What the behaviour tells a connection.
#[derive(Debug)]
pub(crate) enum ToConnection {
    /// Send this request.
    Request(Job),
    /// The peer has lost its admission: end everything but hello.
    Cut,
}

/// What a connection tells the behaviour.
#[derive(Debug)]
pub(crate) enum FromConnection {
    /// A request ended without reply, and nothing at all was heard in that time: the connection is dead.
    Silent,
}

/// A job on its way to a stream, and how often the peer had been cut when it set out.
#[derive(Debug)]
pub(crate) struct Opening {
    job: Job,
    cuts: u64,
}

type Tasks = FuturesUnordered<BoxFuture<'static, Option<FromConnection>>>;

/// The streams of one connection.
pub(crate) struct Handler {
    peer: PeerKey,
    gate: Arc<Gate>,
    inbox: mpsc::Sender<Incoming>,
    /// Requests that wait for a stream.
    waiting: VecDeque<Job>,
    /// Per protocol, requests that have a stream or are getting one.
    opened: Opened,
    hello: Tasks,
    gated: Tasks,
    cuts: u64,
    /// Bytes heard on this connection: it lives while this grows.
    heard: Arc<AtomicU64>,
    waker: Option<Waker>,
}

/// How many streams of ours are open, per protocol. A place is given back by dropping it.
#[derive(Default)]
struct Opened {
    places: [Arc<()>; Protocol::ALL.len()],
}

impl Opened {
    /// A place for one more, if the other side would take it.
    fn place(&self, protocol: Protocol) -> Option<Arc<()>> {
        let position = Protocol::ALL.iter().position(|each| *each == protocol)?;
        let held = self.places.get(position)?;
        (Arc::strong_count(held) <= protocol.streams_max()).then(|| Arc::clone(held))
    }
}

impl Handler {
    pub(crate) fn new(peer: PeerKey, gate: Arc<Gate>, inbox: mpsc::Sender<Incoming>) -> Self {
        Self {
            peer,
            gate,
            inbox,
            waiting: VecDeque::new(),
            opened: Opened::default(),
            hello: Tasks::new(),
            gated: Tasks::new(),
            cuts: 0,
            heard: Arc::default(),
            waker: None,
        }
    }

    fn tasks(&mut self, protocol: Protocol) -> &mut Tasks {
        match protocol {
            Protocol::Hello => &mut self.hello,
            _ => &mut self.gated,
        }
    }

    fn spawn(
        &mut self,
        protocol: Protocol,
        task: impl Future<Output = Option<FromConnection>> + Send + 'static,
    ) {
        self.tasks(protocol).push(Box::pin(task));
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn accept(&mut self, stream: Stream, protocol: Protocol) {
        self.heard.fetch_add(1, Ordering::Relaxed);
        let Some(entered) = serve::enter(&self.gate, &self.inbox, self.peer, protocol) else {
            return;
        };
        let (gate, inbox) = (Arc::clone(&self.gate), self.inbox.clone());
        self.spawn(protocol, async move {
            entered.run(stream, gate, inbox).await;
            None
        });
    }

    fn send(&mut self, stream: Stream, opening: Opening, place: Arc<()>) {
        self.heard.fetch_add(1, Ordering::Relaxed);
        let protocol = opening.job.protocol;
        if opening.cuts != self.cuts && protocol != Protocol::Hello {
            return;
        }
        let (gate, heard) = (Arc::clone(&self.gate), Arc::clone(&self.heard));
        self.spawn(protocol, async move {
            let outcome = request(stream, opening.job, &gate, &heard).await;
            drop(place);
            outcome
        });
    }

    fn cut(&mut self) {
        self.cuts += 1;
        let ended = self.gated.len();
        self.gated = Tasks::new();
        self.waiting.retain(|job| job.protocol == Protocol::Hello);
        if ended > 0 {
            crate::event::emit!(INFO, "streams-cut", peer = %self.peer, count = ended);
        }
        self.wake();
    }

    /// The first request whose protocol has a place free.
    fn next_job(&mut self) -> Option<(Job, Arc<()>)> {
        // Who asked has given up: no stream for it.
        self.waiting.retain(|job| !job.reply.is_closed());
        let (position, place) = self
            .waiting
            .iter()
            .enumerate()
            .find_map(|(position, job)| Some((position, self.opened.place(job.protocol)?)))?;
        Some((self.waiting.remove(position)?, place))
    }
}

/// Sends a request, and gives its reply to who asked for it.
async fn request(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    job: Job,
    gate: &Gate,
    heard: &AtomicU64,
) -> Option<FromConnection> {
    let Job {
        protocol,
        manner,
        bytes,
        mut reply,
    } = job;
    let counters = gate.stats.counters(protocol);
    let before = heard.load(Ordering::Relaxed);
    let exchange = exchange(
        stream,
        &bytes,
        manner != Manner::LeftOpen,
        protocol.reply_bytes_max(),
        |count, _| {
            heard.fetch_add(1, Ordering::Relaxed);
            stats::add(&counters.bytes_in, count);
            true
        },
        |count| stats::add(&counters.bytes_out, count),
    );
    let outcome = tokio::select! {
        () = reply.closed() => return None,
        outcome = timeout(manner.time_max(protocol), exchange) => outcome,
    };
    let silent = outcome.is_err() && heard.load(Ordering::Relaxed) == before;
    let outcome = outcome.unwrap_or(Err(RequestError::Timeout));
    // Who asked may have given up in this very moment.
    let _ = reply.send(outcome);
    silent.then_some(FromConnection::Silent)
}

impl ConnectionHandler for Handler {
    type FromBehaviour = ToConnection;
    type ToBehaviour = FromConnection;
    type InboundProtocol = Offer;
    type OutboundProtocol = Offer;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = (Opening, Arc<()>);

    fn listen_protocol(&self) -> SubstreamProtocol<Offer> {
        SubstreamProtocol::new(Offer(Protocol::ALL.to_vec()), ())
            .with_timeout(Duration::from_millis(NEGOTIATE_TIME_MS_MAX))
    }

    fn on_behaviour_event(&mut self, event: ToConnection) {
        match event {
            ToConnection::Request(job) => self.waiting.push_back(job),
            ToConnection::Cut => self.cut(),
        }
        self.wake();
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Offer, Self::OutboundOpenInfo, FromConnection>> {
        while let Poll::Ready(Some(outcome)) = self.hello.poll_next_unpin(cx) {
            if let Some(event) = outcome {
                return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event));
            }
        }
        while let Poll::Ready(Some(outcome)) = self.gated.poll_next_unpin(cx) {
            if let Some(event) = outcome {
                return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event));
            }
        }
        if let Some((job, place)) = self.next_job() {
            let offer = Offer(vec![job.protocol]);
            let opening = Opening {
                job,
                cuts: self.cuts,
            };
            let protocol = SubstreamProtocol::new(offer, (opening, place))
                .with_timeout(Duration::from_millis(NEGOTIATE_TIME_MS_MAX));
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Offer, Offer, (), Self::OutboundOpenInfo>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: (stream, protocol),
                ..
            }) => self.accept(stream, protocol),
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: stream,
                info: (opening, place),
            }) => self.send(stream, opening, place),
            ConnectionEvent::DialUpgradeError(DialUpgradeError {
                info: (opening, _),
                error,
            }) => {
                opening.job.fail(match error {
                    StreamUpgradeError::Timeout => RequestError::Timeout,
                    StreamUpgradeError::NegotiationFailed => RequestError::NotOffered,
                    _ => RequestError::Closed,
                });
                self.wake();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use crate::clock;
    use crate::tests::silent::Silent;

    use super::*;

    fn job() -> (Job, oneshot::Receiver<Result<Vec<u8>, RequestError>>) {
        let (reply, replied) = oneshot::channel();
        let job = Job {
            protocol: Protocol::Exchange,
            manner: Manner::Whole,
            bytes: vec![1],
            reply,
        };
        (job, replied)
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_that_does_not_come_is_a_timeout_and_the_connection_is_dead_if_nothing_was_heard()
     {
        for heard_elsewhere in [false, true] {
            let gate = Gate::new(clock::now());
            let heard = AtomicU64::new(7);
            let (job, replied) = job();
            let start = tokio::time::Instant::now();
            let ended = async {
                let outcome = request(Silent, job, &gate, &heard).await;
                (outcome, start.elapsed())
            };
            let hearing = async {
                tokio::task::yield_now().await;
                if heard_elsewhere {
                    heard.fetch_add(1, Ordering::Relaxed);
                }
            };
            let ((outcome, time), ()) = futures::future::join(ended, hearing).await;
            assert_eq!(time, Protocol::Exchange.time_max());
            assert_eq!(replied.await.unwrap(), Err(RequestError::Timeout));
            assert_eq!(outcome.is_some(), !heard_elsewhere);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_given_up_ends_at_once() {
        let gate = Gate::new(clock::now());
        let (job, replied) = job();
        let start = tokio::time::Instant::now();
        drop(replied);
        let outcome = request(Silent, job, &gate, &AtomicU64::new(0)).await;
        assert!(outcome.is_none());
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
