//! Counters. They only grow; who reads them takes differences.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::protocol::Protocol;

/// What became of requests, since the start, per protocol, and of connections.
#[derive(Debug, Default)]
pub struct Stats {
    exchange: Counters,
    witness: Counters,
    audit: Counters,
    roster: Counters,
    hello: Counters,
    connections_refused: AtomicU64,
}

/// The counters of one protocol.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicU64,
    pub(crate) answered: AtomicU64,
    pub(crate) unadmitted: AtomicU64,
    pub(crate) over_tokens: AtomicU64,
    pub(crate) over_streams: AtomicU64,
    pub(crate) inbox_full: AtomicU64,
    pub(crate) over_memory: AtomicU64,
    pub(crate) too_large: AtomicU64,
    pub(crate) timed_out: AtomicU64,
    pub(crate) cut: AtomicU64,
    pub(crate) unanswered: AtomicU64,
    pub(crate) broken: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
}

/// The counters of one protocol at one moment. All but the bytes count requests of other peers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProtocolStats {
    /// Read whole and put into the inbox.
    pub accepted: u64,
    /// Answered, to the end.
    pub answered: u64,
    /// Of a peer that is not admitted: answered unread.
    pub unadmitted: u64,
    /// Over the peer's requests or bytes per second: closed unread.
    pub over_tokens: u64,
    /// More at once than the protocol allows: closed unread.
    pub over_streams: u64,
    /// The inbox was full: closed. The engine does not keep up.
    pub inbox_full: u64,
    /// Requests of all peers filled [`INBOUND_BYTES_MAX`](crate::limits::INBOUND_BYTES_MAX): closed.
    pub over_memory: u64,
    /// Longer than the protocol allows: closed when it was.
    pub too_large: u64,
    /// Too slow, in reading, in being answered, or in taking the answer.
    pub timed_out: u64,
    /// The peer lost its admission while it waited.
    pub cut: u64,
    /// The engine gave no answer, or one that is longer than the protocol allows.
    pub unanswered: u64,
    /// The stream broke before its end.
    pub broken: u64,
    /// Bytes read, of requests and of replies.
    pub bytes_in: u64,
    /// Bytes written, of requests and of replies.
    pub bytes_out: u64,
}

impl Stats {
    /// The counters of a protocol now.
    #[must_use]
    pub fn protocol(&self, protocol: Protocol) -> ProtocolStats {
        let counters = self.counters(protocol);
        ProtocolStats {
            accepted: get(&counters.accepted),
            answered: get(&counters.answered),
            unadmitted: get(&counters.unadmitted),
            over_tokens: get(&counters.over_tokens),
            over_streams: get(&counters.over_streams),
            inbox_full: get(&counters.inbox_full),
            over_memory: get(&counters.over_memory),
            too_large: get(&counters.too_large),
            timed_out: get(&counters.timed_out),
            cut: get(&counters.cut),
            unanswered: get(&counters.unanswered),
            broken: get(&counters.broken),
            bytes_in: get(&counters.bytes_in),
            bytes_out: get(&counters.bytes_out),
        }
    }

    /// Connections that were refused: too many of strangers, or of one source.
    #[must_use]
    pub fn connections_refused(&self) -> u64 {
        get(&self.connections_refused)
    }

    pub(crate) fn count_refused_connection(&self) {
        add(&self.connections_refused, 1);
    }

    pub(crate) fn counters(&self, protocol: Protocol) -> &Counters {
        match protocol {
            Protocol::Exchange => &self.exchange,
            Protocol::Witness => &self.witness,
            Protocol::Audit => &self.audit,
            Protocol::Roster => &self.roster,
            Protocol::Hello => &self.hello,
        }
    }
}

/// Adds to a counter. Counters order nothing.
pub(crate) fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
