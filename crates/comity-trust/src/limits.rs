//! Every limit of this crate: value, unit, reason.
// Made from protocol-spec/registries by `cargo xtask spec`. Do not edit by hand.

/// In bytes. Matrix and mandates of a large federation.
pub const CHARTER_BYTES_MAX: usize = 262_144;

/// In bytes. A thousand members of 4 KiB.
pub const ROSTER_BYTES_MAX: usize = 4_194_304;

/// In count. Governance keys: people who can be brought together.
pub const SIGNATURES_MAX: usize = 64;

/// In count. Several times the hotlines and platforms that exchange today.
pub const MEMBERS_MAX: usize = 1_000;

/// In count. Yearly rotation of every purpose for a decade.
pub const KEYS_PER_MEMBER_MAX: usize = 64;

/// In count. Logs are never forgotten.
pub const LOGS_PER_MEMBER_MAX: usize = 32;

/// In count. Node processes of one member.
pub const NODES_PER_MEMBER_MAX: usize = 16;

/// In count. Addresses of one node.
pub const ADDRESSES_PER_NODE_MAX: usize = 8;

/// In count. Domains, prefixes or networks of one member.
pub const OWNED_PER_MEMBER_MAX: usize = 4_096;

/// In count. Roles times kinds times roles, with room.
pub const MATRIX_ROWS_MAX: usize = 1_024;

/// In ms. 14 days: at least as long as an outbox keeps trying.
pub const WINDOW_PAST_MS: u64 = 1_209_600_000;

/// In ms. 5 minutes: clocks of servers without good time.
pub const WINDOW_FUTURE_MS: u64 = 300_000;
