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

/// In count. Open rosters beside those kept, all versions together; then those of the lowest version make room. To settle a conflict takes one of its version.
pub const SIBLINGS_MAX: usize = 16;

/// In bytes. A key file has 119 bytes of text; other tools write a little more.
pub const KEY_FILE_BYTES_MAX: usize = 4_096;

/// In count. Legal clocks that one federation puts in force.
pub const CHARTER_CLOCKS_MAX: usize = 256;

/// In count. Contacts of the governance.
pub const CONTACTS_MAX: usize = 64;

/// In count. A few for each regulator.
pub const MANDATES_MAX: usize = 256;

/// In count. More cosignatures do not fit a checkpoint.
pub const QUORUM_MEMBERS_MAX: usize = 64;

/// In count. Larger thresholds would suppress every figure.
pub const SMALL_CELL_MAX: usize = 1_000;

/// In count. Names of one member in different languages.
pub const MEMBER_NAMES_MAX: usize = 16;

/// In count. Twice the roles that there are.
pub const ROLES_PER_MEMBER_MAX: usize = 8;

/// In count. Languages that one member reads.
pub const LANGUAGES_PER_MEMBER_MAX: usize = 64;

/// In count. Awards and suspensions of one member.
pub const TRUSTED_FLAGGER_MAX: usize = 16;

/// In bytes. The longest name that the DNS can carry (RFC 1035).
pub const DOMAIN_BYTES_MAX: usize = 253;

/// In bits. No organisation was given more at once; a slip such as /0 would claim every address.
pub const PREFIX_V4_BITS_MIN: u64 = 8;

/// In bits. As for IPv4.
pub const PREFIX_V6_BITS_MIN: u64 = 16;

/// In ms. 14 days: at least as long as an outbox keeps trying.
pub const WINDOW_PAST_MS: u64 = 1_209_600_000;

/// In ms. 5 minutes: clocks of servers without good time.
pub const WINDOW_FUTURE_MS: u64 = 300_000;
