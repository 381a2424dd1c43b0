//! All connections: who is connected, which request goes to which connection, who is cut off.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionId, DialError, FromSwarm, NetworkBehaviour,
    NotifyHandler, THandlerInEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use thiserror::Error;
use tokio::sync::{mpsc, watch};

use crate::clock;
use crate::door::{Door, Source};
use crate::error::RequestError;
use crate::event::emit;
use crate::gate::Gate;
use crate::handler::{FromConnection, Handler, Job, ToConnection};
use crate::inbox::Incoming;
use crate::peer::PeerKey;

type Action = ToSwarm<Infallible, ToConnection>;

/// Why a connection is refused. Seen by nobody but us: the other side sees a closed connection.
#[derive(Debug, Error)]
enum Refused {
    #[error("too many connections of one source")]
    Crowd,
    #[error("too many connections of peers that are not admitted")]
    Strangers,
    #[error("this node is shutting down")]
    Closing,
    #[error("the peer's key is not an Ed25519 key")]
    Key,
}

impl Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::Crowd => "too-many-of-source",
            Self::Strangers => "too-many-strangers",
            Self::Closing => "closing",
            Self::Key => "not-ed25519",
        }
    }
}

/// The behaviour of the swarm.
pub(crate) struct Behaviour {
    gate: Arc<Gate>,
    inbox: mpsc::Sender<Incoming>,
    door: Door,
    /// Open connections, oldest first.
    connections: BTreeMap<PeerKey, Vec<ConnectionId>>,
    /// Requests that wait for a connection.
    waiting: HashMap<PeerKey, Vec<Job>>,
    actions: VecDeque<Action>,
    connected: watch::Sender<Arc<[PeerKey]>>,
}

impl Behaviour {
    pub(crate) fn new(
        gate: Arc<Gate>,
        inbox: mpsc::Sender<Incoming>,
        connected: watch::Sender<Arc<[PeerKey]>>,
    ) -> Self {
        Self {
            gate,
            inbox,
            door: Door::default(),
            connections: BTreeMap::new(),
            waiting: HashMap::new(),
            actions: VecDeque::new(),
            connected,
        }
    }

    /// Sends a request over a connection that is open, or over one that is now dialled.
    pub(crate) fn request(&mut self, to: PeerKey, addresses: Vec<Multiaddr>, job: Job) {
        let Some(peer_id) = to.to_libp2p() else {
            return job.fail(RequestError::Unreachable);
        };
        if let Some(connection) = self.connection(&to) {
            return self.notify(peer_id, connection, ToConnection::Request(job));
        }
        let jobs = self.waiting.entry(to).or_default();
        // Who has given up does not take a place.
        jobs.retain(|job| !job.reply.is_closed());
        jobs.push(job);
        let opts = DialOpts::peer_id(peer_id)
            .addresses(addresses)
            // Two peers that dial each other from the ports on which they listen would meet in one half-open socket.
            .allocate_new_port()
            .condition(PeerCondition::DisconnectedAndNotDialing)
            .build();
        self.actions.push_back(ToSwarm::Dial { opts });
    }

    /// These have lost their admission: everything but hello ends on their connections.
    pub(crate) fn cut(&mut self, peers: &[PeerKey], now: Instant) {
        for peer in peers {
            if let Some(jobs) = self.waiting.get_mut(peer) {
                jobs.retain(|job| job.protocol == crate::protocol::Protocol::Hello);
            }
            let (Some(peer_id), Some(connections)) =
                (peer.to_libp2p(), self.connections.get(peer).cloned())
            else {
                continue;
            };
            for connection in connections {
                self.door.estrange(connection, now);
                self.notify(peer_id, connection, ToConnection::Cut);
            }
            emit!(INFO, "peer-cut", peer = %peer);
        }
    }

    /// Connections of who is a member now no longer count as strangers'.
    pub(crate) fn welcome(&mut self) {
        for (peer, connections) in &self.connections {
            if self.gate.is_admitted(peer) {
                for connection in connections {
                    self.door.welcome(*connection);
                }
            }
        }
    }

    /// Closes connections of strangers that have stood for too long.
    pub(crate) fn sweep(&mut self, now: Instant) {
        self.gate.sweep(now);
        let overdue = self.door.overdue(now);
        for (peer, connections) in &self.connections {
            let Some(peer_id) = peer.to_libp2p() else {
                continue;
            };
            for connection in connections.iter().filter(|id| overdue.contains(id)) {
                self.actions.push_back(ToSwarm::CloseConnection {
                    peer_id,
                    connection: CloseConnection::One(*connection),
                });
            }
        }
    }

    /// The oldest connection: the one most likely to be known to both sides.
    fn connection(&self, peer: &PeerKey) -> Option<ConnectionId> {
        self.connections.get(peer)?.first().copied()
    }

    fn notify(&mut self, peer_id: PeerId, connection: ConnectionId, event: ToConnection) {
        self.actions.push_back(ToSwarm::NotifyHandler {
            peer_id,
            handler: NotifyHandler::One(connection),
            event,
        });
    }

    fn handler(&self, peer: PeerKey) -> Handler {
        Handler::new(peer, Arc::clone(&self.gate), self.inbox.clone())
    }

    fn refuse(&self, reason: Refused) -> ConnectionDenied {
        self.gate.stats.count_refused_connection();
        emit!(DEBUG, "connection-refused", code = reason.code());
        ConnectionDenied::new(reason)
    }

    fn opened(&mut self, peer_id: PeerId, connection: ConnectionId, dialled: bool) {
        self.door.left(connection);
        let Some(peer) = PeerKey::from_libp2p(&peer_id) else {
            return;
        };
        self.connections.entry(peer).or_default().push(connection);
        self.publish();
        let direction = if dialled { "out" } else { "in" };
        if self.gate.is_admitted(&peer) {
            emit!(INFO, "peer-connected", peer = %peer, direction = direction, admitted = true);
        } else {
            emit!(DEBUG, "peer-connected", peer = %peer, direction = direction, admitted = false);
        }
        for job in self.waiting.remove(&peer).unwrap_or_default() {
            self.notify(peer_id, connection, ToConnection::Request(job));
        }
    }

    fn closed(&mut self, peer_id: PeerId, connection: ConnectionId) {
        self.door.closed(connection);
        let Some(peer) = PeerKey::from_libp2p(&peer_id) else {
            return;
        };
        if let Some(connections) = self.connections.get_mut(&peer) {
            connections.retain(|id| *id != connection);
            if connections.is_empty() {
                self.connections.remove(&peer);
            }
        }
        self.publish();
        if self.gate.is_admitted(&peer) {
            emit!(INFO, "peer-disconnected", peer = %peer);
        } else {
            emit!(DEBUG, "peer-disconnected", peer = %peer);
        }
    }

    fn dial_failed(&mut self, peer: Option<PeerId>, error: &DialError) {
        let Some(peer_id) = peer else { return };
        let Some(peer) = PeerKey::from_libp2p(&peer_id) else {
            return;
        };
        let reason = match error {
            // Another dial is under way, or a connection was there first.
            DialError::DialPeerConditionFalse(_) => {
                if let Some(connection) = self.connection(&peer) {
                    for job in self.waiting.remove(&peer).unwrap_or_default() {
                        self.notify(peer_id, connection, ToConnection::Request(job));
                    }
                }
                return;
            }
            DialError::WrongPeerId { .. } => RequestError::WrongPeer,
            DialError::Denied { .. } => RequestError::Busy,
            _ => RequestError::Unreachable,
        };
        // The other side may have dialled us in the meantime.
        if self.connections.contains_key(&peer) {
            return;
        }
        emit!(DEBUG, "dial-failed", peer = %peer, code = reason.code());
        for job in self.waiting.remove(&peer).unwrap_or_default() {
            job.fail(reason);
        }
    }

    fn publish(&self) {
        let peers: Arc<[PeerKey]> = self.connections.keys().copied().collect();
        self.connected.send_if_modified(|known| {
            let changed = **known != *peers;
            if changed {
                *known = peers;
            }
            changed
        });
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        if self.gate.is_closing() {
            return Err(self.refuse(Refused::Closing));
        }
        if self.door.knock(connection, Source::of(remote)) {
            Ok(())
        } else {
            Err(self.refuse(Refused::Crowd))
        }
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<Handler, ConnectionDenied> {
        let Some(peer) = PeerKey::from_libp2p(&peer) else {
            return Err(self.refuse(Refused::Key));
        };
        let admitted = self.gate.is_admitted(&peer);
        if self.door.enter(connection, admitted, clock::now()) {
            Ok(self.handler(peer))
        } else {
            Err(self.refuse(Refused::Strangers))
        }
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<Handler, ConnectionDenied> {
        match PeerKey::from_libp2p(&peer) {
            Some(peer) => Ok(self.handler(peer)),
            None => Err(self.refuse(Refused::Key)),
        }
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(opened) => self.opened(
                opened.peer_id,
                opened.connection_id,
                opened.endpoint.is_dialer(),
            ),
            FromSwarm::ConnectionClosed(closed) => {
                self.closed(closed.peer_id, closed.connection_id);
            }
            FromSwarm::DialFailure(failure) => self.dial_failed(failure.peer_id, failure.error),
            FromSwarm::ListenFailure(failure) => self.door.closed(failure.connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer_id: PeerId,
        connection: ConnectionId,
        event: FromConnection,
    ) {
        match event {
            FromConnection::Silent => self.actions.push_back(ToSwarm::CloseConnection {
                peer_id,
                connection: CloseConnection::One(connection),
            }),
        }
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        self.actions.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}
