//! Peers and streams: bytes in, bytes out. The only crate that names libp2p.

pub mod limits;

mod behaviour;
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
pub use network::Network;
pub use peer::{PeerKey, PeerKeyError};
pub use protocol::Protocol;
pub use run::{Config, start};
pub use stats::{ProtocolStats, Stats};
