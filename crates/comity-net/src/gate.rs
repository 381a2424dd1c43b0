//! Who may speak now, and how much. Asked before the first byte of a request is read, and again before anything of
//! it goes further. The handlers of all connections share one gate, so a peer that loses its admission has lost it
//! everywhere in the same moment.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use tokio::sync::{Notify, Semaphore};

use crate::limits::{INBOUND_BYTES_MAX, STRANGER_REQUESTS};
use crate::peer::PeerKey;
use crate::protocol::Protocol;
use crate::stats::Stats;
use crate::tokens::{Bucket, Rate};

/// In bytes. One permit of the memory budget; so that the budget fits a semaphore.
pub(crate) const PERMIT_BYTES: usize = 1_024;

/// What all connections share.
pub(crate) struct Gate {
    /// Replaced as a whole.
    admitted: RwLock<Arc<HashSet<PeerKey>>>,
    unadmitted_reply: RwLock<Arc<[u8]>>,
    meters: Mutex<Meters>,
    closing: AtomicBool,
    /// Told of every stream that ends.
    ended: Notify,
    /// Room for requests in memory, in permits.
    pub(crate) memory: Arc<Semaphore>,
    pub(crate) stats: Arc<Stats>,
}

/// What the gate says to a new stream.
pub(crate) enum Entry {
    /// Read it.
    Serve(Pass),
    /// Answer with these bytes, without reading.
    Unadmitted(Arc<[u8]>, Pass),
    /// Close it, for this reason.
    Refuse(&'static str),
}

struct Meters {
    by_peer: HashMap<(PeerKey, Protocol), Meter>,
    strangers: Bucket,
}

struct Meter {
    requests: Bucket,
    bytes: Bucket,
    under_way: usize,
}

impl Gate {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            admitted: RwLock::default(),
            unadmitted_reply: RwLock::new(Arc::from([])),
            meters: Mutex::new(Meters {
                by_peer: HashMap::new(),
                strangers: Bucket::new(Rate::of(STRANGER_REQUESTS), now),
            }),
            closing: AtomicBool::new(false),
            ended: Notify::new(),
            memory: Arc::new(Semaphore::new(INBOUND_BYTES_MAX / PERMIT_BYTES)),
            stats: Arc::default(),
        }
    }

    /// May this peer's stream be read? Takes its tokens, if so.
    pub(crate) fn enter(
        self: &Arc<Self>,
        peer: PeerKey,
        protocol: Protocol,
        now: Instant,
    ) -> Entry {
        let counters = self.stats.counters(protocol);
        if self.is_closing() {
            return Entry::Refuse("closing");
        }
        let admitted = self.is_admitted(&peer);
        if let Err(code) = self.meters().take(peer, protocol, admitted, now) {
            let counter = match code {
                "over-streams" => &counters.over_streams,
                _ => &counters.over_tokens,
            };
            crate::stats::add(counter, 1);
            return Entry::Refuse(code);
        }
        let pass = Pass {
            gate: Arc::clone(self),
            peer,
            protocol,
        };
        if admitted || protocol == Protocol::Hello {
            return Entry::Serve(pass);
        }
        crate::stats::add(&counters.unadmitted, 1);
        let reply = Arc::clone(&read(&self.unadmitted_reply));
        Entry::Unadmitted(reply, pass)
    }

    /// Replaces the list of who is admitted; returns who was and is not.
    pub(crate) fn admit(&self, members: Vec<PeerKey>) -> Vec<PeerKey> {
        let new = Arc::new(members.into_iter().collect::<HashSet<_>>());
        let old = {
            let mut admitted = self
                .admitted
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *admitted, Arc::clone(&new))
        };
        old.difference(&new).copied().collect()
    }

    pub(crate) fn is_admitted(&self, peer: &PeerKey) -> bool {
        read(&self.admitted).contains(peer)
    }

    pub(crate) fn set_unadmitted_reply(&self, reply: Vec<u8>) {
        let mut held = self
            .unadmitted_reply
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *held = Arc::from(reply);
    }

    /// From now on every new stream is refused.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Waits until no stream that was let in is left. Only one may wait.
    pub(crate) async fn idle(&self) {
        while self.meters().under_way() > 0 {
            self.ended.notified().await;
        }
    }

    /// Forgets the meters that say nothing: full, and nothing under way.
    pub(crate) fn sweep(&self, now: Instant) {
        self.meters().sweep(now);
    }

    fn meters(&self) -> MutexGuard<'_, Meters> {
        self.meters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Meters {
    fn take(
        &mut self,
        peer: PeerKey,
        protocol: Protocol,
        admitted: bool,
        now: Instant,
    ) -> Result<(), &'static str> {
        // First, so that keys made by the thousand leave no meter behind.
        if !admitted && !self.strangers.has_one(now) {
            return Err("over-tokens");
        }
        let meter = self
            .by_peer
            .entry((peer, protocol))
            .or_insert_with(|| Meter {
                requests: Bucket::new(protocol.requests(), now),
                bytes: Bucket::new(protocol.bytes(), now),
                under_way: 0,
            });
        if meter.under_way >= protocol.streams_max() {
            return Err("over-streams");
        }
        if !meter.requests.has_one(now) || !meter.bytes.has_one(now) {
            return Err("over-tokens");
        }
        meter.requests.charge(1, now);
        meter.under_way += 1;
        if !admitted {
            self.strangers.charge(1, now);
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        self.by_peer.values().map(|meter| meter.under_way).sum()
    }

    fn sweep(&mut self, now: Instant) {
        self.by_peer.retain(|_, meter| {
            meter.under_way > 0 || !meter.requests.is_full(now) || !meter.bytes.is_full(now)
        });
    }
}

/// One stream that the gate let in. Its place is free again when this is dropped.
pub(crate) struct Pass {
    gate: Arc<Gate>,
    pub(crate) peer: PeerKey,
    pub(crate) protocol: Protocol,
}

impl Pass {
    /// Whether the peer may still speak this protocol.
    pub(crate) fn holds(&self) -> bool {
        self.protocol == Protocol::Hello || self.gate.is_admitted(&self.peer)
    }

    /// Counts bytes of the request against the peer.
    pub(crate) fn charge(&self, bytes: usize, now: Instant) {
        let key = (self.peer, self.protocol);
        if let Some(meter) = self.gate.meters().by_peer.get_mut(&key) {
            meter.bytes.charge(bytes, now);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let key = (self.peer, self.protocol);
        if let Some(meter) = self.gate.meters().by_peer.get_mut(&key) {
            meter.under_way = meter.under_way.saturating_sub(1);
        }
        self.gate.ended.notify_one();
    }
}

/// A poisoned lock holds a whole value still: each is replaced in one assignment.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
