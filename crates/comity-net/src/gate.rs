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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ONE: PeerKey = PeerKey([1; 32]);
    const OTHER: PeerKey = PeerKey([2; 32]);

    /// What the gate said, and the pass if there was one.
    fn word(entry: Entry) -> (&'static str, Option<Pass>) {
        match entry {
            Entry::Serve(pass) => ("serve", Some(pass)),
            Entry::Unadmitted(_, pass) => ("unadmitted", Some(pass)),
            Entry::Refuse(code) => (code, None),
        }
    }

    fn says(gate: &Arc<Gate>, peer: PeerKey, protocol: Protocol, now: Instant) -> &'static str {
        word(gate.enter(peer, protocol, now)).0
    }

    #[test]
    fn tokens_are_per_peer_and_protocol() {
        let start = Instant::now();
        let (per_second, burst) = crate::limits::EXCHANGE_REQUESTS;
        let later = start + Duration::from_millis(1_000 / per_second + 1);
        let gate = Arc::new(Gate::new(start));
        gate.admit(vec![ONE, OTHER]);
        for _ in 0..burst {
            assert_eq!(says(&gate, ONE, Protocol::Exchange, start), "serve");
        }
        for (peer, protocol, now, expected) in [
            (ONE, Protocol::Exchange, start, "over-tokens"),
            (ONE, Protocol::Hello, start, "serve"),
            (OTHER, Protocol::Exchange, start, "serve"),
            (ONE, Protocol::Exchange, later, "serve"),
            (ONE, Protocol::Exchange, later, "over-tokens"),
        ] {
            assert_eq!(
                says(&gate, peer, protocol, now),
                expected,
                "{peer} {protocol:?}"
            );
        }
        assert_eq!(gate.stats.protocol(Protocol::Exchange).over_tokens, 2);
    }

    #[test]
    fn bytes_that_were_read_are_paid_before_the_next_request() {
        let start = Instant::now();
        let gate = Arc::new(Gate::new(start));
        gate.admit(vec![ONE]);
        let (said, pass) = word(gate.enter(ONE, Protocol::Exchange, start));
        assert_eq!(said, "serve");
        if let Some(pass) = pass {
            // The burst, and two seconds' worth.
            pass.charge(33_554_432 + 2 * 8_388_608, start);
        }
        for (at_ms, expected) in [(0, "over-tokens"), (2_000, "over-tokens"), (2_001, "serve")] {
            let now = start + Duration::from_millis(at_ms);
            assert_eq!(
                says(&gate, ONE, Protocol::Exchange, now),
                expected,
                "{at_ms}"
            );
        }
    }

    #[test]
    fn one_peer_has_a_few_streams_at_once_and_gets_their_places_back() {
        let now = Instant::now();
        for protocol in Protocol::ALL {
            let gate = Arc::new(Gate::new(now));
            gate.admit(vec![ONE, OTHER]);
            let mut passes: Vec<_> = (0..protocol.streams_max())
                .map(|_| word(gate.enter(ONE, protocol, now)))
                .collect();
            assert!(passes.iter().all(|(said, _)| *said == "serve"));
            assert_eq!(says(&gate, ONE, protocol, now), "over-streams");
            assert_eq!(says(&gate, OTHER, protocol, now), "serve");
            passes.pop();
            assert_eq!(says(&gate, ONE, protocol, now), "serve");
            assert_eq!(gate.stats.protocol(protocol).over_streams, 1);
        }
    }

    #[test]
    fn strangers_have_tokens_together_whatever_keys_they_make() {
        let start = Instant::now();
        let gate = Arc::new(Gate::new(start));
        gate.admit(vec![ONE]);
        let stranger = |number: u8| PeerKey([100 + number; 32]);
        for number in 0..64 {
            let protocol = match number % 2 {
                0 => Protocol::Hello,
                _ => Protocol::Exchange,
            };
            let expected = match protocol {
                Protocol::Hello => "serve",
                _ => "unadmitted",
            };
            assert_eq!(says(&gate, stranger(number), protocol, start), expected);
        }
        assert_eq!(
            says(&gate, stranger(64), Protocol::Hello, start),
            "over-tokens"
        );
        assert_eq!(
            gate.meters().by_peer.len(),
            64,
            "no meter for who was refused"
        );
        assert_eq!(
            says(&gate, ONE, Protocol::Hello, start),
            "serve",
            "a member"
        );

        let later = start + Duration::from_secs(60);
        assert_eq!(says(&gate, stranger(64), Protocol::Hello, later), "serve");
        gate.sweep(later + Duration::from_secs(60));
        assert_eq!(gate.meters().by_peer.len(), 0, "forgotten");
    }

    #[test]
    fn a_meter_that_is_in_use_is_not_forgotten() {
        let now = Instant::now();
        let gate = Arc::new(Gate::new(now));
        let (_, pass) = word(gate.enter(ONE, Protocol::Hello, now));
        let later = now + Duration::from_secs(3_600);
        gate.sweep(later);
        assert_eq!(says(&gate, ONE, Protocol::Hello, later), "over-streams");
        drop(pass);
        assert_eq!(says(&gate, ONE, Protocol::Hello, later), "serve");
    }

    #[test]
    fn the_list_is_replaced_and_a_pass_ends_with_the_admission() {
        let now = Instant::now();
        let gate = Arc::new(Gate::new(now));
        assert_eq!(gate.admit(vec![ONE]), []);
        let passes = [Protocol::Exchange, Protocol::Hello]
            .map(|protocol| word(gate.enter(ONE, protocol, now)).1);
        assert_eq!(gate.admit(vec![OTHER]), [ONE]);
        let hold = passes.map(|pass| pass.is_some_and(|pass| pass.holds()));
        assert_eq!(hold, [false, true]);
        assert_eq!(says(&gate, ONE, Protocol::Exchange, now), "unadmitted");
        assert_eq!(says(&gate, OTHER, Protocol::Exchange, now), "serve");
    }

    #[test]
    fn a_gate_that_closes_refuses_everybody() {
        let now = Instant::now();
        let gate = Arc::new(Gate::new(now));
        gate.admit(vec![ONE]);
        gate.close();
        for (peer, protocol) in [(ONE, Protocol::Exchange), (OTHER, Protocol::Hello)] {
            assert_eq!(says(&gate, peer, protocol, now), "closing");
        }
    }
}
