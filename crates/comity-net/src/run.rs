//! Building the swarm, and the one task that owns it. The task does nothing slow: streams run in the tasks of their
//! connections, names are looked up by who asks, and the engine works at its own pace behind the inbox.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::core::multiaddr::Protocol as Part;
use libp2p::core::transport::{ListenerId, TransportError};
use libp2p::identity::Keypair;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, Swarm, SwarmBuilder, noise, tcp, yamux};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use zeroize::Zeroizing;

use crate::behaviour::Behaviour;
use crate::clock;
use crate::error::{NetError, RequestError};
use crate::event::emit;
use crate::gate::Gate;
use crate::inbox::Inbox;
use crate::limits::{
    CLOSE_LINGER_MS, CLOSE_TIME_MS_MAX, COMMANDS_MAX, CONNECT_TIME_MS_MAX, CONNECTIONS_MAX,
    CONNECTIONS_PENDING_MAX, CONNECTIONS_PER_PEER_MAX, IDLE_TIME_MS_MAX, INBOX_REQUESTS_MAX,
    QUIC_CONNECTION_BYTES_MAX, QUIC_STREAM_BYTES_MAX, REQUESTS_MAX, STREAMS_NEGOTIATING_MAX,
    STREAMS_PER_CONNECTION_MAX, SWEEP_PERIOD_MS,
};
use crate::network::{Command, Network, UnderWay};
use crate::peer::PeerKey;
use crate::resolve::parse;

/// What a node's network is made from.
pub struct Config {
    /// The Ed25519 seed of the transport key.
    pub transport_seed: Zeroizing<[u8; 32]>,
    /// Multiaddresses to listen on: `/ip4/…/tcp/…`, or `/ip4/…/udp/…/quic-v1`; port 0 for any. Empty: only dial.
    pub listen: Vec<String>,
    /// Multiaddresses at which others reach us, if they are not those on which we listen. Checked here; other members
    /// learn them from the roster.
    pub external: Vec<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("external", &self.external)
            .finish_non_exhaustive()
    }
}

/// Starts the network: the handle, the requests of others, and the task to be spawned. Nothing happens before the task
/// runs, but the listen addresses are bound. Call it within a Tokio runtime with time and I/O.
///
/// # Errors
/// See [`NetError`].
pub fn start(
    config: Config,
) -> Result<(Network, Inbox, impl Future<Output = ()> + Send + 'static), NetError> {
    start_with_inbox(config, INBOX_REQUESTS_MAX)
}

/// As [`start`], with another length of the inbox.
pub(crate) fn start_with_inbox(
    config: Config,
    inbox_requests_max: usize,
) -> Result<(Network, Inbox, impl Future<Output = ()> + Send + 'static), NetError> {
    tokio::runtime::Handle::try_current().map_err(|_| NetError::NoRuntime)?;
    let keys = Keypair::ed25519_from_bytes(config.transport_seed.clone().as_mut_slice())
        .map_err(|_| NetError::BadSeed)?;
    let key = PeerKey::from_libp2p(&keys.public().to_peer_id()).ok_or(NetError::BadSeed)?;
    let listen = addresses("listen", &config.listen)?;
    let external = addresses("external", &config.external)?;

    let gate = Arc::new(Gate::new(clock::now()));
    let (inbox, requests) = mpsc::channel(inbox_requests_max);
    let (publish, connected) = watch::channel(Arc::from([]));
    let mut swarm = swarm(keys, Behaviour::new(Arc::clone(&gate), inbox, publish))?;
    for address in external {
        swarm.add_external_address(address);
    }
    let mut unbound = HashSet::new();
    for (position, address) in listen.into_iter().enumerate() {
        let cannot = |kind| NetError::CannotListen { position, kind };
        probe(&address).map_err(|error| cannot(error.kind()))?;
        let listener = swarm
            .listen_on(address)
            .map_err(|error| cannot(kind(&error)))?;
        unbound.insert(listener);
    }

    let (commands, received) = mpsc::channel(COMMANDS_MAX);
    let owner = Owner {
        swarm,
        gate: Arc::clone(&gate),
        unbound,
        asked: Vec::new(),
    };
    let network = Network {
        key,
        commands,
        gate: Arc::clone(&gate),
        connected,
        under_way: UnderWay::default(),
    };
    Ok((network, Inbox { requests, gate }, owner.run(received)))
}

/// Everything that a connection does.
#[derive(NetworkBehaviour)]
struct Behaviours {
    // First: what it denies, the other must not have counted.
    limits: connection_limits::Behaviour,
    streams: Behaviour,
}

fn swarm(keys: Keypair, streams: Behaviour) -> Result<Swarm<Behaviours>, NetError> {
    let limits = ConnectionLimits::default()
        .with_max_pending_incoming(Some(CONNECTIONS_PENDING_MAX))
        .with_max_pending_outgoing(u32::try_from(REQUESTS_MAX).ok())
        .with_max_established(Some(CONNECTIONS_MAX))
        .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER_MAX));
    let behaviours = Behaviours {
        limits: connection_limits::Behaviour::new(limits),
        streams,
    };
    let builder = SwarmBuilder::with_existing_identity(keys)
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, multiplexer)
        .map_err(|_| NetError::BadSeed)?
        .with_quic_config(|mut config| {
            config.max_concurrent_stream_limit = STREAMS_PER_CONNECTION_MAX;
            config.max_stream_data = QUIC_STREAM_BYTES_MAX;
            config.max_connection_data = QUIC_CONNECTION_BYTES_MAX;
            config
        });
    let Ok(builder) = builder.with_behaviour(|_| behaviours);
    Ok(builder
        .with_swarm_config(|config| {
            config
                .with_idle_connection_timeout(Duration::from_millis(IDLE_TIME_MS_MAX))
                .with_max_negotiating_inbound_streams(STREAMS_NEGOTIATING_MAX)
                .with_smart_dial()
        })
        .with_connection_timeout(Duration::from_millis(CONNECT_TIME_MS_MAX))
        .build())
}

fn multiplexer() -> yamux::Config {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(usize::try_from(STREAMS_PER_CONNECTION_MAX).unwrap_or(usize::MAX));
    config
}

fn addresses(list: &'static str, texts: &[String]) -> Result<Vec<Multiaddr>, NetError> {
    texts
        .iter()
        .enumerate()
        .map(|(position, text)| parse(text).ok_or(NetError::BadAddress { list, position }))
        .collect()
}

/// Whether the port of a TCP address is free. libp2p binds it so that a second process may bind it too, and the two
/// would then get every other connection each.
fn probe(address: &Multiaddr) -> std::io::Result<()> {
    let mut parts = address.iter();
    let ip = match parts.next() {
        Some(Part::Ip4(ip)) => IpAddr::V4(ip),
        Some(Part::Ip6(ip)) => IpAddr::V6(ip),
        _ => return Ok(()),
    };
    match parts.next() {
        Some(Part::Tcp(port)) if port != 0 => TcpListener::bind((ip, port)).map(drop),
        _ => Ok(()),
    }
}

fn kind(error: &TransportError<std::io::Error>) -> std::io::ErrorKind {
    match error {
        TransportError::MultiaddrNotSupported(_) => std::io::ErrorKind::Unsupported,
        TransportError::Other(error) => error.kind(),
    }
}

/// The one owner of the swarm.
struct Owner {
    swarm: Swarm<Behaviours>,
    gate: Arc<Gate>,
    /// Listeners that have neither an address nor failed.
    unbound: HashSet<ListenerId>,
    /// Who waits to hear where we listen.
    asked: Vec<oneshot::Sender<Vec<String>>>,
}

impl Owner {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut sweep = interval(Duration::from_millis(SWEEP_PERIOD_MS));
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let closed = loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_event(event),
                command = commands.recv() => match command {
                    Some(Command::Close { done }) => break Some(done),
                    Some(command) => self.on_command(command),
                    None => break None,
                },
                _ = sweep.tick() => self.swarm.behaviour_mut().streams.sweep(clock::now()),
            }
        };
        commands.close();
        self.shut_down(&mut commands).await;
        if let Some(done) = closed {
            // Who asked may have gone.
            let _ = done.send(());
        }
    }

    fn on_command(&mut self, command: Command) {
        let streams = &mut self.swarm.behaviour_mut().streams;
        match command {
            Command::Request { to, addresses, job } => streams.request(to, addresses, job),
            Command::Admitted { left, done } => {
                streams.welcome();
                streams.cut(&left, clock::now());
                // The future that waited for it may have been dropped.
                let _ = done.send(());
            }
            Command::Listening { reply } => {
                self.asked.push(reply);
                self.tell_listening();
            }
            Command::Close { .. } => {}
        }
    }

    fn on_event(&mut self, event: SwarmEvent<BehavioursEvent>) {
        match event {
            SwarmEvent::NewListenAddr {
                listener_id,
                address,
            } => {
                emit!(INFO, "listening", address = %address);
                self.unbound.remove(&listener_id);
                self.tell_listening();
            }
            SwarmEvent::ListenerClosed {
                listener_id,
                reason,
                ..
            } => {
                if let Err(error) = reason {
                    emit!(ERROR, "listener-failed", kind = ?error.kind());
                }
                self.unbound.remove(&listener_id);
                self.tell_listening();
            }
            _ => {}
        }
    }

    fn tell_listening(&mut self) {
        if !self.unbound.is_empty() {
            return;
        }
        let peer = Part::P2p(*self.swarm.local_peer_id());
        let addresses: Vec<String> = self
            .swarm
            .listeners()
            .map(|address| address.clone().with(peer.clone()).to_string())
            .collect();
        for asked in self.asked.drain(..) {
            // Who asked may have gone.
            let _ = asked.send(addresses.clone());
        }
    }

    /// Answers are let out, then connections are closed, then everything is dropped. Listeners stay until then, for
    /// with a QUIC listener its connections go; the gate refuses who comes.
    async fn shut_down(&mut self, commands: &mut mpsc::Receiver<Command>) {
        self.gate.close();
        while let Some(command) = commands.recv().await {
            if let Command::Request { job, .. } = command {
                job.fail(RequestError::ShutDown);
            }
        }
        let gate = Arc::clone(&self.gate);
        let time = Duration::from_millis(CLOSE_TIME_MS_MAX);
        let finished = self.drive(timeout(time, gate.idle())).await.is_ok();
        let linger = Duration::from_millis(CLOSE_LINGER_MS);
        self.drive(sleep(linger)).await;
        let peers: Vec<_> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            // Not connected any more: just as well.
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        self.drive(sleep(linger)).await;
        emit!(INFO, "closed", finished = finished);
    }

    /// Lets the swarm run until something has happened.
    async fn drive<T>(&mut self, until: impl Future<Output = T>) -> T {
        let mut until = std::pin::pin!(until);
        loop {
            tokio::select! {
                outcome = &mut until => return outcome,
                event = self.swarm.select_next_some() => self.on_event(event),
            }
        }
    }
}
