//! What can go wrong, who is at fault, and what to do next. No error holds an address or a byte of a message.

use thiserror::Error;

/// Who has to act so that an error does not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The other node, or the way to it.
    Peer,
    /// Whoever configured this node.
    Operator,
    /// This machine: addresses, ports.
    Machine,
    /// The program that called this crate.
    Us,
}

/// Why the network could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NetError {
    /// The seed is no Ed25519 seed.
    #[error("the transport key cannot be used; make a new one with `comity member init`")]
    BadSeed,
    /// The n-th address (from 0) of a list is no multiaddress, or too long.
    #[error(
        "address {position} of `{list}` is not a multiaddress; write it like /ip4/192.0.2.1/tcp/4001"
    )]
    BadAddress {
        /// Which list of the configuration: `listen` or `external`.
        list: &'static str,
        /// Which entry, from 0.
        position: usize,
    },
    /// The n-th listen address cannot be bound: in use, not of this machine, or of a transport that we do not have.
    #[error(
        "cannot listen on address {position} of `listen` ({kind}); is another node running, or is the address not of this machine?"
    )]
    CannotListen {
        /// Which entry, from 0.
        position: usize,
        /// What the system said, in general.
        kind: std::io::ErrorKind,
    },
    /// Not called from within a Tokio runtime.
    #[error("the network was started outside a Tokio runtime; this is a fault of the program")]
    NoRuntime,
}

impl NetError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadSeed => "bad-transport-seed",
            Self::BadAddress { .. } => "bad-address",
            Self::CannotListen { .. } => "cannot-listen",
            Self::NoRuntime => "no-runtime",
        }
    }

    /// Who has to act.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::BadSeed | Self::BadAddress { .. } => Fault::Operator,
            Self::CannotListen { .. } => Fault::Machine,
            Self::NoRuntime => Fault::Us,
        }
    }
}

/// Why a request has no reply. Nothing is known about what the other side did with it, but for `Unreachable`,
/// `WrongPeer`, `TooLarge`, `Busy` and `NotOffered`, in which it saw nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No address answered.
    #[error("the peer cannot be reached at any of its addresses; it is tried again later")]
    Unreachable,
    /// Somebody else answers at the addresses.
    #[error(
        "another peer answers at this peer's addresses; its roster entry needs the new key or the new address"
    )]
    WrongPeer,
    /// The other side closed the stream or the connection without an answer.
    #[error(
        "the peer closed the stream without an answer; it may not have admitted us, or is busy. Ask it over hello"
    )]
    Closed,
    /// The other side does not speak the protocol.
    #[error("the peer does not offer this protocol; its software may be of another version")]
    NotOffered,
    /// No reply in the protocol's time.
    #[error("the peer did not answer in time; it is tried again later")]
    Timeout,
    /// The request is longer than the protocol allows. Nothing was sent.
    #[error("the request is longer than the protocol allows; send it in parts")]
    TooLarge,
    /// The reply is longer than the protocol allows. The rest was not read.
    #[error("the peer's reply is longer than the protocol allows; its software is at fault")]
    ReplyTooLarge,
    /// Too many requests are under way here. Nothing was sent.
    #[error("too many requests are under way; try again when one has ended")]
    Busy,
    /// The network is closing, or closed.
    #[error("the network of this node has been closed")]
    ShutDown,
}

impl RequestError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::WrongPeer => "wrong-peer",
            Self::Closed => "closed",
            Self::NotOffered => "not-offered",
            Self::Timeout => "timeout",
            Self::TooLarge => "request-too-large",
            Self::ReplyTooLarge => "reply-too-large",
            Self::Busy => "busy",
            Self::ShutDown => "shut-down",
        }
    }

    /// Who has to act.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unreachable
            | Self::WrongPeer
            | Self::Closed
            | Self::NotOffered
            | Self::Timeout
            | Self::ReplyTooLarge => Fault::Peer,
            Self::TooLarge | Self::Busy | Self::ShutDown => Fault::Us,
        }
    }
}
