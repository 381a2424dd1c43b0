//! Every node's network, in one process. A direction of a link is a pair of transport keys; what happens on it is
//! decided by its [`Link`], and whoever answers can be made to lie.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use comity_engine::Engine;
use comity_engine::ports::{Fault, Peer, Pending, Protocol, Transport};
use comity_wire::ids::PublicKey;
use tokio::sync::watch;

/// What happens to requests in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Link {
    /// They arrive, and the reply comes back.
    #[default]
    Up,
    /// They do not arrive.
    Down,
    /// They arrive, and the reply is lost.
    LosesReply,
    /// They arrive twice; the second reply comes back.
    Twice,
    /// They wait until the link is something else.
    Held,
}

/// A request that was made.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    /// From whom.
    pub from: PublicKey,
    /// To whom.
    pub to: PublicKey,
    /// What is spoken.
    pub protocol: Protocol,
    /// The request.
    pub request: Vec<u8>,
    /// The reply, as it came back.
    pub reply: Option<Vec<u8>>,
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Heard({:?}, {} bytes)",
            self.protocol,
            self.request.len()
        )
    }
}

type Way = (PublicKey, PublicKey);

/// Who is let in, and what everybody else hears.
type Gate = (BTreeSet<PublicKey>, Vec<u8>);

/// Answers in place of a node, or changes what a node has answered: protocol, request, the node's own reply.
type Liar = Box<dyn FnMut(Protocol, &[u8], Option<Vec<u8>>) -> Option<Vec<u8>> + Send>;

/// The network. Clones are the same one.
#[derive(Clone, Default)]
pub struct Hub(Arc<Inner>);

#[derive(Default)]
struct Inner {
    nodes: Mutex<BTreeMap<PublicKey, Engine>>,
    gates: Mutex<BTreeMap<PublicKey, Gate>>,
    links: Mutex<BTreeMap<Way, watch::Sender<Link>>>,
    liars: Mutex<BTreeMap<Way, Liar>>,
    heard: Mutex<Vec<Heard>>,
    under_way: Mutex<Vec<(Way, Protocol)>>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hub")
    }
}

impl Hub {
    /// The transport of the node with this key.
    #[must_use]
    pub fn transport(&self, own: PublicKey) -> Arc<dyn Transport> {
        Arc::new(Port {
            hub: self.clone(),
            own,
        })
    }

    /// From now on this engine answers for the key.
    pub fn plug(&self, own: PublicKey, engine: Engine) {
        lock(&self.0.nodes).insert(own, engine);
    }

    /// Nobody answers for the key any more.
    pub fn unplug(&self, own: &PublicKey) {
        lock(&self.0.nodes).remove(own);
    }

    /// What happens to requests of `from` to `to`.
    pub fn link(&self, from: PublicKey, to: PublicKey, link: Link) {
        self.wire((from, to)).send_replace(link);
    }

    /// Whatever `to` answers to `from` goes through this; `None` from it: the reply is lost.
    pub fn lie(
        &self,
        from: PublicKey,
        to: PublicKey,
        liar: impl FnMut(Protocol, &[u8], Option<Vec<u8>>) -> Option<Vec<u8>> + Send + 'static,
    ) {
        lock(&self.0.liars).insert((from, to), Box::new(liar));
    }

    /// `to` answers `from` honestly again.
    pub fn tell_the_truth(&self, from: PublicKey, to: PublicKey) {
        lock(&self.0.liars).remove(&(from, to));
    }

    /// Every request so far whose end has come.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        lock(&self.0.heard).clone()
    }

    /// How many requests of a protocol went one way.
    #[must_use]
    pub fn count(&self, from: PublicKey, to: PublicKey, protocol: Protocol) -> usize {
        let heard = lock(&self.0.heard);
        let same = |one: &&Heard| one.from == from && one.to == to && one.protocol == protocol;
        heard.iter().filter(same).count()
    }

    /// How many requests of a protocol are on one way now.
    #[must_use]
    pub fn under_way(&self, from: PublicKey, to: PublicKey, protocol: Protocol) -> usize {
        let under_way = lock(&self.0.under_way);
        let same = |one: &&(Way, Protocol)| **one == ((from, to), protocol);
        under_way.iter().filter(same).count()
    }

    /// Who is let in by a node.
    #[must_use]
    pub fn admitted(&self, by: &PublicKey) -> BTreeSet<PublicKey> {
        let gates = lock(&self.0.gates);
        gates.get(by).map(|gate| gate.0.clone()).unwrap_or_default()
    }

    /// Makes a request as a node would; hostile tests choose the bytes.
    ///
    /// # Errors
    /// What the asker is told when nothing comes back.
    pub async fn ask(
        &self,
        from: PublicKey,
        to: PublicKey,
        protocol: Protocol,
        request: Vec<u8>,
    ) -> Result<Vec<u8>, Fault> {
        let one = ((from, to), protocol);
        lock(&self.0.under_way).push(one);
        let answer = self.carry((from, to), protocol, &request).await;
        let mut under_way = lock(&self.0.under_way);
        if let Some(at) = under_way.iter().position(|other| *other == one) {
            under_way.swap_remove(at);
        }
        drop(under_way);
        lock(&self.0.heard).push(Heard {
            from,
            to,
            protocol,
            request,
            reply: answer.as_ref().ok().cloned(),
        });
        answer
    }

    async fn carry(&self, way: Way, protocol: Protocol, request: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut link = self.wire(way).subscribe();
        let now = link.wait_for(|link| *link != Link::Held).await;
        let now = now.map_or(Link::Down, |link| *link);
        match now {
            Link::Down | Link::Held => Err(unreachable_fault()),
            Link::Up => self.deliver(way, protocol, request).await,
            Link::Twice => {
                let _first = self.deliver(way, protocol, request).await;
                self.deliver(way, protocol, request).await
            }
            Link::LosesReply => {
                let _lost = self.deliver(way, protocol, request).await;
                Err(Fault::new("reply-lost", "the connection broke"))
            }
        }
    }

    async fn deliver(
        &self,
        (from, to): Way,
        protocol: Protocol,
        request: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let refused = {
            let gates = lock(&self.0.gates);
            let gate = gates.get(&to).filter(|gate| !gate.0.contains(&from));
            gate.filter(|_| protocol != Protocol::Hello)
                .map(|gate| gate.1.clone())
        };
        let node = lock(&self.0.nodes).get(&to).cloned();
        let reply = match (refused, node) {
            (Some(reply), _) => Some(reply),
            (None, Some(node)) => node.inbound(from, protocol, request.to_vec()).await,
            (None, None) => None,
        };
        let reply = match lock(&self.0.liars).get_mut(&(from, to)) {
            Some(liar) => liar(protocol, request, reply),
            None => reply,
        };
        reply.ok_or_else(unreachable_fault)
    }

    fn wire(&self, way: Way) -> watch::Sender<Link> {
        let mut links = lock(&self.0.links);
        links
            .entry(way)
            .or_insert_with(|| watch::Sender::new(Link::Up))
            .clone()
    }
}

fn unreachable_fault() -> Fault {
    Fault::new("unreachable", "nobody answers there")
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Port {
    hub: Hub,
    own: PublicKey,
}

impl Transport for Port {
    fn request(
        &self,
        to: Peer,
        protocol: Protocol,
        bytes: Vec<u8>,
    ) -> Pending<'_, Result<Vec<u8>, Fault>> {
        Box::pin(self.hub.ask(self.own, to.key, protocol, bytes))
    }

    fn admit(&self, peers: Vec<PublicKey>, unadmitted: Vec<u8>) -> Pending<'_, ()> {
        let gate = (peers.into_iter().collect(), unadmitted);
        lock(&self.hub.0.gates).insert(self.own, gate);
        Box::pin(std::future::ready(()))
    }

    fn connected(&self) -> Pending<'_, Vec<PublicKey>> {
        let nodes = lock(&self.hub.0.nodes);
        let others = nodes.keys().copied().filter(|key| *key != self.own);
        Box::pin(std::future::ready(others.collect()))
    }
}
