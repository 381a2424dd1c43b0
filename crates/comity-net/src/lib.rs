//! Peers and streams: bytes in, bytes out. The only crate that names libp2p; what the bytes mean is the engine's.
//!
//! One task owns the swarm ([`start`] returns it to be spawned). [`Network`] is the handle, [`Inbox`] the requests of
//! others. On every stream goes one request and one reply: write, close the write side, read to the end.
//!
//! ```text
//! in:   connection -> door (few strangers, few of one source)
//!       stream -> gate (admitted? tokens? streams?) -> read, to the maximum -> gate again -> Inbox -> engine
//!                  \-> not admitted: answered with the unadmitted reply, and not a byte is read
//!       engine -> Incoming::answer -> gate again -> written
//! out:  Network::request -> names looked up -> connection, dialled if there is none -> stream -> reply
//!
//! peer, protocol, limits       who, on what, how much
//! run, behaviour, handler      the swarm, all connections, one connection
//! door, gate, tokens           who may come in, who may speak, how often
//! serve, stream, inbox         a stream of another peer, from its first byte to its last
//! network, resolve             our own requests
//! ```
//!
//! **Admission is per protocol, not per connection.** Anybody may connect and say hello; a connection is no admission,
//! and [`Network::admit`] cuts off, at once and on open connections, who is no longer on the list. Yamux and QUIC take
//! up to 256 KiB of a stream before anybody reads it; that is all that a stranger can make us hold.
//!
//! **Nothing waits without a bound.** When the inbox is full, the memory for requests used up, or a peer over its
//! tokens, the stream is closed and counted in [`Stats`]: the peer sees [`RequestError::Closed`] and tries later.
//!
//! Transports: TCP with Noise and Yamux, which every libp2p has; QUIC beside it, for addresses that end in `quic-v1`.
//! There is no discovery, relay or gossip: who is where is in the roster. Neither identify nor ping is spoken, so
//! addresses are told to nobody; a request that times out with nothing heard closes its connection.
//!
//! # Events
//!
//! Target `comity.net`, the name in the field `event`. `peer` is a peer id, `protocol` a [`Protocol::label`], `code` a stable code. What strangers do
//! is at level debug, so that they cannot fill a log. No event has an address but those of our own listeners.
//!
//! | event | level | fields | when |
//! | --- | --- | --- | --- |
//! | `listening` | info | `address` | a listener is bound |
//! | `listener-failed` | error | `kind` | a listener has ended by a fault |
//! | `peer-connected` | debug, info | `peer`, `direction`, `admitted` | a connection is open (info: a member's) |
//! | `peer-disconnected` | debug, info | `peer` | a connection has closed (info: a member's) |
//! | `peer-cut` | info | `peer` | a connected peer has lost its admission |
//! | `streams-cut` | info | `peer`, `count` | streams of such a peer were ended |
//! | `connection-refused` | debug | `code` | too many of one source, too many strangers, another kind of key |
//! | `dial-failed` | debug | `peer`, `code` | a peer could not be dialled |
//! | `request-received` | debug | `peer`, `protocol`, `bytes` | a request of another peer is in the inbox |
//! | `request-refused` | debug, info | `peer`, `protocol`, `code` | it was not let in, or had no answer (info: a member's) |
//! | `answer-refused` | error | `peer`, `protocol`, `code`, `bytes` | the engine's answer is longer than the protocol allows |
//! | `request-answered` | debug | `peer`, `protocol`, `bytes` | our request has its reply |
//! | `request-failed` | info | `peer`, `protocol`, `code`, `bytes` | our request has none; `code` of [`RequestError`] |
//! | `closed` | info | `finished` | the network has shut down; whether everything in hand was answered |
//!
//! The codes of `request-refused`: `not-admitted`, `over-tokens`, `over-streams`, `inbox-full`, `over-memory`,
//! `too-large`, `timeout`, `cut`, `unanswered`, `broken`, `closing`. libp2p has events of its own, with addresses in
//! them: whoever sets up logging keeps its targets (`libp2p*`, `yamux`, `quinn*`, `multistream_select`) off.

pub mod limits;

mod behaviour;
mod clock;
mod door;
mod error;
mod event;
mod gate;
mod handler;
mod inbox;
mod network;
mod peer;
mod protocol;
mod resolve;
mod run;
mod serve;
mod stats;
mod stream;
mod tokens;
mod upgrade;

#[cfg(test)]
mod tests;

pub use error::{Fault, NetError, RequestError};
pub use inbox::{Inbox, Incoming};
pub use network::{Manner, Network};
pub use peer::{PeerKey, PeerKeyError};
pub use protocol::Protocol;
pub use run::{Config, start};
pub use stats::{ProtocolStats, Stats};
