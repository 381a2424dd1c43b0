//! Every limit of the command line and its files: value, unit, reason.

/// In bytes. A file of the published log: a checkpoint with its cosignatures is the longest.
pub const LOG_FILE_BYTES_MAX: u64 = comity_log::limits::NOTE_BYTES_MAX as u64;

/// In bytes. A configuration is a page or two; what is longer is another file.
pub const CONFIG_BYTES_MAX: u64 = 65_536;

/// In bytes. The entry of one member: thousands of owned domains, with room. More does
/// not fit a roster either.
pub const MEMBER_FILE_BYTES_MAX: u64 = 1_048_576;

/// In bytes. 64 hex digits and a line end: `storage.key` and tokens.
pub const HEX_FILE_BYTES_MAX: u64 = 128;

/// In bytes of randomness, of tokens and of the storage key. Nobody guesses 2^256.
pub const SECRET_BYTES: usize = 32;

/// In count. Versions of charter or roster that one folder is read for: one each hour
/// for a decade, and the reading still ends.
pub const CHAIN_FILES_MAX: u64 = 100_000;

/// In count. People of one member who have a token: each is read at the start.
pub const PEOPLE_MAX: usize = 256;

/// In bytes. A sign-in name is typed by hand and is a file name.
pub const PERSON_BYTES_MAX: usize = 32;

/// In count. Governance keys that `federation init` makes by default: one may be lost.
pub const GOVERNANCE_KEYS_DEFAULT: u64 = 3;

/// In count. Signatures that a charter asks for by default: nobody decides alone.
pub const THRESHOLD_DEFAULT: u64 = 2;

/// In days. How long a roster is in force by default: long enough for a governance
/// that meets each quarter.
pub const ROSTER_DAYS_DEFAULT: u64 = 90;

/// In days. A roster that is in force for longer is never looked at again.
pub const ROSTER_DAYS_MAX: u64 = 1_100;

/// In days. How long members go on after the roster ran out, by default: a holiday and
/// an illness.
pub const GRACE_DAYS_DEFAULT: u64 = 30;

/// In days. The longest grace of a charter: a year without governance is none.
pub const GRACE_DAYS_MAX: u64 = 366;

/// In count. Public figures suppress cells below it by default, so that no case is
/// recognised in them.
pub const SMALL_CELL_DEFAULT: u64 = 10;

/// In minutes. How soon a person must answer at imminent risk, by default.
pub const HUMAN_ANSWER_MINUTES_DEFAULT: u64 = 60;

/// In minutes. A week; later than that is not "imminent".
pub const HUMAN_ANSWER_MINUTES_MAX: u64 = 10_080;

/// In count. Witnesses from outside that one log asks: their lines stand on a checkpoint of 64 beside those of the
/// members, and each is asked every few seconds.
pub const OUTSIDE_WITNESSES_MAX: usize = 8;

/// In bytes. The address of a witness is typed by hand, and stands on a line of a policy.
pub const WITNESS_URL_BYTES_MAX: usize = 512;

/// In ms. One request to a witness from outside. The engine waits as long; the thread that asks must not wait longer.
pub const OUTSIDE_WITNESS_TIME_MS_MAX: u64 = comity_engine::limits::COSIGN_WAIT_MS;

/// In count. Cosignatures that an audit verdict needs by default.
pub const QUORUM_MEMBERS_DEFAULT: u64 = 2;

/// In bytes. A file of reports that the node takes; the same limit as the API's.
pub const IMPORT_BYTES_MAX: u64 = 33_554_432;

/// In bytes. URLs or a note on standard input: as much as one request to the API may have.
pub const LOCATORS_BYTES_MAX: u64 = 1_048_576;

/// Records in a folder of proofs: each is three or four files. More is what an export of the log is for.
pub const PROOF_RECORDS_MAX: usize = 20_000;

/// In bytes. An answer of the node: a page of the longest rows, with room.
pub const ANSWER_BYTES_MAX: u64 = 33_554_432;

/// In bytes. The code of a problem that the node reports.
pub const CODE_BYTES_MAX: usize = 64;

/// In s. A node on this machine takes a connection at once.
pub const CONNECT_SECONDS_MAX: u64 = 5;

/// In s. A little longer than the API lets an audit take, so that its own answer comes first.
pub const REQUEST_SECONDS_MAX: u64 = 330;

/// In count. Drafts in one request: each is signed, and the request has to end in time.
pub const REVIEW_DRAFTS_MAX: usize = 100;

/// In bytes of hex. Rosters in one request: half of what the API takes, for the charters beside them.
pub const ROSTERS_PART_BYTES_MAX: usize = 8_388_608;

/// In bytes. `identity.toml`: two short lines.
pub const IDENTITY_BYTES_MAX: u64 = 4_096;

/// In bytes. A tile: 256 hashes.
pub const TILE_BYTES_MAX: u64 = 8_192;

/// In bytes. A bundle: 256 records, each after its length in two bytes.
pub const BUNDLE_BYTES_MAX: u64 = 256 * (comity_log::limits::LEAF_BYTES_MAX as u64 + 2);

/// Requests of peers that are worked on at a time. What comes on top hears `busy`.
pub const REQUESTS_AT_A_TIME_MAX: usize = 64;

/// In ms. One request to the collector of telemetry, on a thread of its own: what waits meanwhile is bounded.
pub const COLLECTOR_TIME_MS_MAX: u64 = 5_000;

/// In bytes. A collector answers with a few words; nobody reads more.
pub const COLLECTOR_ANSWER_BYTES_MAX: u64 = 65_536;

/// In ms. How long a node that ends waits for the last telemetry to be taken: nobody's work depends on it.
pub const TELEMETRY_STOP_MS_MAX: u64 = 3_000;

/// In seconds. How long the conformance kit waits for one answer by default: a node that
/// answers from a disk takes milliseconds.
pub const CONFORMANCE_REQUEST_SECONDS_DEFAULT: u64 = 10;

/// In ms. How long the conformance kit waits for a second question about a roster that must
/// not be taken. Who does not ask again has had this long to take it.
pub const CONFORMANCE_SECOND_ASK_MS: u64 = 2_000;

/// In ms. How often the conformance kit looks whether a roster has been taken.
pub const CONFORMANCE_POLL_MS: u64 = 100;
