//! Every limit of this crate: value, unit, reason. Sizes of requests and replies that the specification fixes come
//! from [`comity_wire::limits`]; [`Protocol`](crate::Protocol) says which belongs to which.

/// In bytes. What is read or written in one step; counters and budgets move by it.
pub const CHUNK_BYTES: usize = 16_384;

/// In bytes. Requests of all peers that are in memory at once, being read or waiting in the inbox: sixteen of the
/// longest. Beyond it streams are closed, and the peer tries later.
pub const INBOUND_BYTES_MAX: usize = 67_108_864;

/// In requests. Those that wait for the engine; more would only grow older there.
pub const INBOX_REQUESTS_MAX: usize = 128;

/// In commands. The task that owns the swarm handles one in microseconds; who sends faster waits.
pub const COMMANDS_MAX: usize = 64;

/// In requests. Under way to one peer, waiting ones included: more than all its protocols take at once.
pub const REQUESTS_PER_PEER_MAX: usize = 32;

/// In requests. Under way to all peers: with the longest requests this is half a gigabyte, and never reached by an
/// outbox that sends batches in order.
pub const REQUESTS_MAX: usize = 128;

/// In addresses. What one dial tries; a node has a few.
pub const ADDRESSES_MAX: usize = 8;

/// In bytes. Of one address as text; the longest that a roster allows.
pub const ADDRESS_BYTES_MAX: usize = 512;

/// In ms. Looking up the names in all addresses of one dial.
pub const RESOLVE_TIME_MS_MAX: u64 = 5_000;

/// In ms. Transport, encryption and multiplexer of one connection.
pub const CONNECT_TIME_MS_MAX: u64 = 10_000;

/// In ms. Agreeing on the protocol of one stream: two round trips.
pub const NEGOTIATE_TIME_MS_MAX: u64 = 10_000;

/// In connections. Two members that dial each other at the same moment have two; with one, both would be closed.
pub const CONNECTIONS_PER_PEER_MAX: u32 = 2;

/// In connections. Some hundred members with two each, and room.
pub const CONNECTIONS_MAX: u32 = 1_024;

/// In connections. Coming in and not yet authenticated; each costs one key agreement.
pub const CONNECTIONS_PENDING_MAX: u32 = 64;

/// In connections. Not yet authenticated, of one source address: one machine cannot take all the places.
pub const CONNECTIONS_PENDING_PER_SOURCE_MAX: usize = 16;

/// In connections. Of all peers that are not admitted, together: newcomers are rare.
pub const STRANGERS_MAX: usize = 16;

/// In connections. Of peers that are not admitted, from one source address.
pub const STRANGERS_PER_SOURCE_MAX: usize = 4;

/// In ms. How long the connection of a peer that is not admitted lives: a few hellos.
pub const STRANGER_TIME_MS_MAX: u64 = 30_000;

/// In ms. An unused connection of a member: longer than the usual pause between two batches.
pub const IDLE_TIME_MS_MAX: u64 = 300_000;

/// In ms. How often connections of strangers are looked at.
pub const SWEEP_PERIOD_MS: u64 = 5_000;

/// In streams. Of one connection, both directions: all that the protocols allow, those still negotiating, and room.
/// A peer that opens more loses the connection.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 64;

/// In streams. Of one connection, coming in and not yet agreed on a protocol.
pub const STREAMS_NEGOTIATING_MAX: usize = 8;

/// In bytes. What a QUIC peer may send on one stream before we read it; the same as Yamux gives a stream.
pub const QUIC_STREAM_BYTES_MAX: u32 = 262_144;

/// In bytes. What a QUIC peer may send on all streams before we read it.
pub const QUIC_CONNECTION_BYTES_MAX: u32 = 2_097_152;

/// In ms. Shutting down: what was read may still be answered, the engine's last batch included.
pub const CLOSE_TIME_MS_MAX: u64 = 10_000;

/// In ms. Shutting down: written answers travel before the connections are closed; QUIC discards what has not.
pub const CLOSE_LINGER_MS: u64 = 200;

/// In requests per second and in requests at once, of one member on one protocol. What staff says comes one statement
/// at a time, in bursts; what a file brings comes in batches of up to 256, and those are bounded by their bytes.
pub const EXCHANGE_REQUESTS: (u64, u64) = (32, 128);

/// In bytes per second and in bytes at once, of one member's exchanges: two full batches a second.
pub const EXCHANGE_BYTES: (u64, u64) = (8_388_608, 33_554_432);

/// In requests per second and at once, of one member: an audit pages through a log, a witness asks per checkpoint.
pub const SMALL_REQUESTS: (u64, u64) = (32, 128);

/// In bytes per second and at once, of one member's small requests.
pub const SMALL_BYTES: (u64, u64) = (262_144, 2_097_152);

/// In requests per second and at once, of one peer that says hello: a roster of 4 MiB in 64 parts passes in 12 seconds.
pub const HELLO_REQUESTS: (u64, u64) = (4, 16);

/// In bytes per second and at once, of one peer that says hello.
pub const HELLO_BYTES: (u64, u64) = (65_536, 1_048_576);

/// In requests per second and at once, of all peers that are not admitted, on all protocols: their keys cost
/// nothing, so counting by key alone would limit nobody.
pub const STRANGER_REQUESTS: (u64, u64) = (16, 64);
