//! Every limit of this crate: value, unit, reason.
// Made from protocol-spec/registries by `cargo xtask spec`. Do not edit by hand.

/// In bytes. A statement, its receipt and its framing must pass a relay, whose requests end at 96 KiB.
pub const STATEMENT_BYTES_MAX: usize = 65_536;

/// In bytes. An evidence object is a statement or a receipt; a receipt repeats a leaf and adds a path.
pub const EVIDENCE_BYTES_MAX: usize = 131_072;

/// In levels. The deepest structure has 8; nested input must not cost stack.
pub const DEPTH_MAX: usize = 16;

/// In ms since 1970. The end of the year 9999: every calendar can show it and a double holds it exactly.
pub const TIME_MS_MAX: u64 = 253_402_300_799_999;

/// In ms. A hundred years; sums with a time stay far from overflow.
pub const DURATION_MS_MAX: u64 = 3_155_760_000_000;

/// In index. 2^53 - 1: sizes and indexes that a double holds exactly.
pub const INTEGER_MAX: u64 = 9_007_199_254_740_991;

/// In bytes. A code is a name, not a text.
pub const CODE_BYTES_MAX: usize = 64;

/// In bytes. Names of networks and organisations; longer ones break tables.
pub const NAME_BYTES_MAX: usize = 256;

/// In bytes. References and codes of other systems are identifiers.
pub const REFERENCE_BYTES_MAX: usize = 128;

/// In bytes. About what abuse forms take; free text is the exception.
pub const TEXT_BYTES_MAX: usize = 4_000;

/// In bytes. Longer than servers and browsers commonly accept in a URL.
pub const LOCATOR_BYTES_MAX: usize = 4_096;

/// In bytes. Perceptual hashes of films run to some kilobytes.
pub const HASH_VALUE_BYTES_MAX: usize = 4_096;

/// In count. Hash algorithms in use for one file.
pub const HASHES_MAX: usize = 8;

/// In count. Items of one statement; more go into an amendment.
pub const ITEMS_MAX: usize = 128;

/// In ordinal. Items of one case: a person must be able to answer it.
pub const ITEM_NUMBER_MAX: u64 = 1_024;

/// In ordinal. An item that reappears more often needs another remedy.
pub const ROUND_MAX: u64 = 1_000;

/// In count. Dated hosting facts of one item in one statement.
pub const HOSTING_MAX: usize = 16;

/// In count. Assessors of one item in one statement.
pub const ASSESSMENTS_MAX: usize = 8;

/// In count. Jurisdictions of one assessment.
pub const STANDINGS_MAX: usize = 64;

/// In count. Context codes of one assessment.
pub const CONTEXTS_MAX: usize = 16;

/// In count. People who looked at one item.
pub const REVIEWERS_MAX: usize = 16;

/// In count. Legal grounds of one request.
pub const GROUNDS_MAX: usize = 8;

/// In count. Measures that hold at once for one item.
pub const MEASURES_MAX: usize = 16;

/// In count. There are fewer country codes.
pub const TERRITORIES_MAX: usize = 256;

/// In count. Legal clocks that one request starts.
pub const CLOCKS_MAX: usize = 16;

/// In count. Codes in one list.
pub const CODES_MAX: usize = 16;

/// In count. Heads of one case: two parties with a few nodes each.
pub const HEADS_MAX: usize = 64;

/// In count. Statements of other cases that one statement names.
pub const REFS_MAX: usize = 64;

/// In count. Evidence objects beside one statement.
pub const EVIDENCE_MAX: usize = 16;

/// In count. Extensions of one structure.
pub const EXTENSIONS_MAX: usize = 16;

/// In bytes. An extension is carried by those who do not read it.
pub const EXTENSION_BYTES_MAX: usize = 4_096;

/// In bytes. Entry bundles have a length of 16 bits.
pub const LEAF_BYTES_MAX: usize = 65_535;

/// In count. A tree of 2^64 leaves has no longer path.
pub const PATH_MAX: usize = 64;

/// In bytes. A checkpoint with the most signatures that a verifier must read, and room.
pub const CHECKPOINT_BYTES_MAX: usize = 16_384;

/// In count. One commit of the recipient's log.
pub const EXCHANGE_STATEMENTS_MAX: usize = 256;

/// In bytes. 256 statements of 16 KiB.
pub const EXCHANGE_REQUEST_BYTES_MAX: usize = 4_194_304;

/// In bytes. A relay ends a circuit at 128 KiB.
pub const EXCHANGE_REQUEST_RELAYED_BYTES_MAX: usize = 98_304;

/// In bytes. 256 receipts of 4 KiB.
pub const EXCHANGE_REPLY_BYTES_MAX: usize = 1_048_576;

/// In bytes. What is left of a relay's 128 KiB for the way back.
pub const EXCHANGE_REPLY_RELAYED_BYTES_MAX: usize = 65_536;

/// In ms. Covers transfer over a poor line and the commit.
pub const EXCHANGE_TIME_MS_MAX: u64 = 60_000;

/// In count. CBOR data items in one message, byte strings not looked into: a full exchange has 256 times some 25, and decoding costs memory for each.
pub const FRAMING_ITEMS_MAX: usize = 16_384;

/// In count. Charters or rosters in one reply; the next request goes on from there.
pub const ROSTER_CHAIN_MAX: usize = 64;

/// In bytes. A peer that is not admitted gets small pieces.
pub const ROSTER_PART_BYTES_MAX: usize = 65_536;

/// In bytes. The name of a log, two numbers and the name of a mandate.
pub const AUDIT_REQUEST_BYTES_MAX: usize = 1_024;

/// In bytes. As a reply of an exchange; one record with its facts always fits.
pub const AUDIT_REPLY_BYTES_MAX: usize = 1_048_576;

/// In count. One entry bundle; with the longest path that a tree can have they are within `FRAMING_ITEMS_MAX`.
pub const AUDIT_RECORDS_MAX: usize = 256;

/// In bytes. A signed finding is some hundred bytes, a signed reply has a text of 4,000.
pub const FINDING_BYTES_MAX: usize = 8_192;

/// In bytes. A hello, a request for rosters or for records is a handful of numbers.
pub const SMALL_REQUEST_BYTES_MAX: usize = 65_536;

/// In bytes. Evidence, and its framing.
pub const WITNESS_REQUEST_BYTES_MAX: usize = 1_048_576;

/// In bytes. The longest cosigned checkpoint, and a consistency path.
pub const WITNESS_REPLY_BYTES_MAX: usize = 139_264;

/// In bytes. The body of an add-checkpoint request: a path, and the longest note.
pub const WITNESS_ASK_BYTES_MAX: usize = 135_168;

/// In bytes. The signature lines of one witness, four of the largest assigned kind.
pub const WITNESS_ANSWER_BYTES_MAX: usize = 16_384;

/// In bytes. Any evidence of a fork, and two rosters of a hundred members.
pub const WITNESS_EVIDENCE_BYTES_MAX: usize = 1_015_808;

/// In bytes. A checkpoint with cosignatures: 38 ML-DSA-44 ones, more than the members that a quorum wants.
pub const COSIGNED_BYTES_MAX: usize = 131_072;

/// In count. What `tlog-witness` allows in a proof.
pub const CONSISTENCY_PATH_MAX: usize = 63;

/// In bytes. The longest signed roster, and the framing of a chain.
pub const ROSTER_REPLY_BYTES_MAX: usize = 4_300_000;

/// In bytes. A newcomer sends parts of 64 KiB, and may answer with everything at once if it is short.
pub const HELLO_REPLY_BYTES_MAX: usize = 4_194_304;

/// In ms. Small requests, answered from memory or one file.
pub const SMALL_TIME_MS_MAX: u64 = 30_000;

/// In ms. A peer that is not admitted holds nothing for longer.
pub const HELLO_TIME_MS_MAX: u64 = 5_000;
