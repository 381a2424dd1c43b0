//! The five protocols: name, sizes, times, rates. One table, so that the handler has no special cases.

use std::time::Duration;

use comity_wire::limits::{
    AUDIT_REPLY_BYTES_MAX, EXCHANGE_REPLY_BYTES_MAX, EXCHANGE_REQUEST_BYTES_MAX,
    EXCHANGE_TIME_MS_MAX, HELLO_REPLY_BYTES_MAX, HELLO_TIME_MS_MAX, ROSTER_REPLY_BYTES_MAX,
    SMALL_REQUEST_BYTES_MAX, SMALL_TIME_MS_MAX, WITNESS_REPLY_BYTES_MAX, WITNESS_REQUEST_BYTES_MAX,
};
use comity_wire::registry::protocol;

use crate::limits::{
    EXCHANGE_BYTES, EXCHANGE_REQUESTS, HELLO_BYTES, HELLO_REQUESTS, SMALL_BYTES, SMALL_REQUESTS,
};
use crate::tokens::Rate;

/// What a stream is for. On each, one request and one reply: write, close the write side, read to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Batches of statements and their receipts, `/comity/exchange/1`.
    Exchange,
    /// Checkpoints and cosignatures, `/comity/witness/1`.
    Witness,
    /// Checkpoint, tiles, records and facts, by right, `/comity/audit/1`.
    Audit,
    /// Charters and rosters, `/comity/roster/1`.
    Roster,
    /// The only one for who is not admitted, `/comity/hello/1`.
    Hello,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Exchange,
        Self::Witness,
        Self::Audit,
        Self::Roster,
        Self::Hello,
    ];

    /// The name that peers negotiate.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exchange => protocol::EXCHANGE,
            Self::Witness => protocol::WITNESS,
            Self::Audit => protocol::AUDIT,
            Self::Roster => protocol::ROSTER,
            Self::Hello => protocol::HELLO,
        }
    }

    /// The short name, in events and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Witness => "witness",
            Self::Audit => "audit",
            Self::Roster => "roster",
            Self::Hello => "hello",
        }
    }

    /// The longest request, in bytes.
    #[must_use]
    pub const fn request_bytes_max(self) -> usize {
        match self {
            Self::Exchange => EXCHANGE_REQUEST_BYTES_MAX,
            Self::Witness => WITNESS_REQUEST_BYTES_MAX,
            Self::Audit | Self::Roster | Self::Hello => SMALL_REQUEST_BYTES_MAX,
        }
    }

    /// The longest reply, in bytes.
    #[must_use]
    pub const fn reply_bytes_max(self) -> usize {
        match self {
            Self::Exchange => EXCHANGE_REPLY_BYTES_MAX,
            Self::Witness => WITNESS_REPLY_BYTES_MAX,
            Self::Audit => AUDIT_REPLY_BYTES_MAX,
            Self::Roster => ROSTER_REPLY_BYTES_MAX,
            Self::Hello => HELLO_REPLY_BYTES_MAX,
        }
    }

    /// How long one request may take, from the open stream to the end of the reply. Each side keeps it.
    #[must_use]
    pub const fn time_max(self) -> Duration {
        Duration::from_millis(match self {
            Self::Exchange | Self::Roster => EXCHANGE_TIME_MS_MAX,
            Self::Witness | Self::Audit => SMALL_TIME_MS_MAX,
            Self::Hello => HELLO_TIME_MS_MAX,
        })
    }

    /// How many of its requests one peer may have under way with another at once.
    #[must_use]
    pub const fn streams_max(self) -> usize {
        match self {
            Self::Exchange | Self::Witness | Self::Audit => 4,
            Self::Roster => 2,
            Self::Hello => 1,
        }
    }

    /// How many requests a peer may send in the long run, and at once.
    pub(crate) const fn requests(self) -> Rate {
        Rate::of(match self {
            Self::Exchange => EXCHANGE_REQUESTS,
            Self::Witness | Self::Audit | Self::Roster => SMALL_REQUESTS,
            Self::Hello => HELLO_REQUESTS,
        })
    }

    /// How many bytes of requests a peer may send in the long run, and at once.
    pub(crate) const fn bytes(self) -> Rate {
        Rate::of(match self {
            Self::Exchange => EXCHANGE_BYTES,
            Self::Witness | Self::Audit | Self::Roster => SMALL_BYTES,
            Self::Hello => HELLO_BYTES,
        })
    }
}

impl AsRef<str> for Protocol {
    fn as_ref(&self) -> &str {
        self.name()
    }
}
