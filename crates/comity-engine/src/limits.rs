//! Every limit of this crate: value, unit, reason.

use comity_wire::words::DurationMs;

/// Rows of one page of a list. A person reads less, and a program asks again.
pub const PAGE_ROWS_MAX: usize = 200;

/// In bytes. How much of the value of an extension is shown: a case can have many, and nobody reads more of what they
/// do not know.
pub const EXTENSION_SHOWN_BYTES_MAX: usize = 256;

/// Commands that wait for the one thread. Beyond it, who asks waits or hears `busy`.
pub const COMMANDS_MAX: usize = 256;

/// Commands of one commit. One exchange has up to 256 statements, and a batch of the log has its own limit.
pub const COMMANDS_PER_COMMIT_MAX: usize = 64;

/// In bytes. What is staged is in memory until the commit.
pub const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Cases that are kept folded. A case of one item takes some kilobytes.
pub const CASES_IN_MEMORY_MAX: usize = 256;

/// In ms. Asks the sender of a full case, or of a reply that is too long, to come back.
pub const BUSY_RETRY_MS: DurationMs = 5_000;

/// In ms.
pub const HOUR_MS: DurationMs = 3_600_000;

/// In ms.
pub const DAY_MS: DurationMs = 86_400_000;

/// Signed refusals for one member in a day: each costs a signature, and a final one a record.
pub const REFUSALS_PER_DAY_MAX: u64 = 1_000;

/// Refusals that may pass later and are remembered as recorded: what is tried again within that many others has one
/// record. Each takes some hundred bytes of memory.
pub const REFUSALS_NOTED_MAX: usize = 4_096;

/// In ms. Twelve days: two less than the window in which a recipient takes a statement, so that what is still tried is
/// never refused for its age alone.
pub const OUTBOX_EXPIRY_MS: DurationMs = 12 * DAY_MS;

/// In ms. The first retry.
pub const RETRY_FIRST_MS: DurationMs = 5_000;

/// In ms. The longest wait between two attempts: after an outage of days, what waits arrives within the hour.
pub const RETRY_MAX_MS: DurationMs = HOUR_MS;

/// Statements of one delivery.
pub const DELIVERY_STATEMENTS_MAX: usize = 64;

/// In bytes. A delivery leaves room for framing in an exchange request.
pub const DELIVERY_BYTES_MAX: usize = comity_wire::limits::EXCHANGE_REQUEST_BYTES_MAX - 65_536;

/// In ms. For how long a starting node asks the others for the newest head of its own log.
pub const OWN_HEAD_ASKED_MS: DurationMs = 3_000;

/// In ms. How far two clocks may be apart when a member gives back what another has lost; what is given on top is known
/// there.
pub const REDELIVERY_MARGIN_MS: DurationMs = HOUR_MS;

/// Pages that one member gives back: more than a million statements. Who names more places has no end.
pub const REDELIVERY_PAGES_MAX: usize = 10_000;

/// In ms. For so long what was said with a restored member is looked up once: for that all cases are gone through.
pub const SAID_KEPT_MS: DurationMs = 600_000;

/// Closed logs whose members are given back what they lost at a time. The others hear `busy`. Some 100 bytes of memory
/// for each statement with the member.
pub const SAID_MAX: usize = 8;

/// Deliveries to one member at a time.
pub const FLIGHTS_PER_MEMBER_MAX: usize = 2;

/// Deliveries at a time.
pub const FLIGHTS_MAX: usize = 16;

/// In ms. At the latest after so long the scheduler looks again, whatever it has been told.
pub const SCHEDULER_IDLE_MS: DurationMs = 60_000;

/// In ms. How often members are asked which roster they have, beside every exchange with them: for so long a node that
/// missed the word and talks to nobody may go by the older one.
pub const ROSTER_ASK_EVERY_MS: DurationMs = HOUR_MS;

/// Chains asked for in a row of one peer: more than one federation will ever have between two visits.
pub const CHAIN_ROUNDS_MAX: usize = 64;

/// In bytes. A file of reports: tens of thousands of them.
pub const IMPORT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// In ms. How often a log is asked for its newest head, and another member for what it has of that log: so long, and
/// as long as witnesses take, a receipt is provisional.
pub const FOLLOW_EVERY_MS: DurationMs = 60_000;

/// In ms. The next round, if one round was not enough.
pub const FOLLOW_AGAIN_MS: DurationMs = 5_000;

/// Logs of which other members are asked in one round: a thousand are through within a quarter of an hour.
pub const FOLLOWED_LOGS_MAX: usize = 64;

/// Members that are asked about heads at a time.
pub const FOLLOWS_MAX: usize = 8;

/// Heads of one log that are kept to be joined with others, and questions to one log in a round. A log under load shows
/// a few heads in a second.
pub const LOOSE_HEADS_MAX: usize = 128;

/// How often in a row a log does not join a head with its newest one before people are told. Once may be a node that
/// was just restarted.
pub const NOT_PROVEN_TIMES: u32 = 3;

/// Evidence that is handed over in one round.
pub const HANDOVERS_MAX: usize = 64;

/// Pieces of evidence that are kept. Of each log and sort one is enough to show what it did, so that even a hundred
/// members that all forked their logs have room.
pub const EVIDENCE_MAX: usize = 256;

/// Findings of one member about one other that are kept, of one's own audits or about oneself. As many as an audit keeps
/// of ten logs that break every rule.
pub const FINDINGS_KEPT_MAX: usize = 10_000;

/// Findings of one member without a mandate that are taken in a day, about statements that are here. Enough for one who
/// finds that a busy day was answered too late; each is a record, and a line that people read.
pub const FINDINGS_KNOWN_PER_DAY_MAX: u64 = 256;

/// The same, of those that name nothing that is here. Who has lost a statement is to hear of it; nobody can invent more
/// than people can look at.
pub const FINDINGS_UNKNOWN_PER_DAY_MAX: u64 = 16;

/// Findings and replies that are sent in one round.
pub const FINDINGS_SENT_MAX: usize = 64;

/// Drafts of one review.
pub const REVIEW_DRAFTS_MAX: usize = 1_000;

/// In ms. Who asks again for a cosignature of the head that was cosigned last gets the same line for so long, and nothing
/// is written: anybody can ask, with a checkpoint that is public.
pub const COSIGNED_FRESH_MS: DurationMs = 10_000;

/// In ms. For so long a head, a refusal or a fork that was shown again to a witness is no news.
pub const SHOWN_AGAIN_MS: DurationMs = HOUR_MS;

/// Heads that are remembered as shown lately, some 100 bytes each.
pub const LATELY_MAX: usize = 4_096;

/// How often a witness decides again because another was faster: requests for one log come one after another.
pub const SWAPS_MAX: usize = 4;

/// In ms. Under load, how often witnesses are asked: each answer costs them a write to their disk.
pub const COSIGN_EVERY_MS: DurationMs = 2_000;

/// In ms. When nothing is recorded, how often they are asked again, so that their word is fresh.
pub const COSIGN_AGAIN_MS: DurationMs = 600_000;

/// In ms. How long a witness may take: its disk, and a line that is slow.
pub const COSIGN_WAIT_MS: DurationMs = 5_000;

/// In ms. For so long a head that the quorum has cosigned is shown in place of a newer one that it has not cosigned yet.
/// Who is shown it takes it for the newest, so it is well below what clocks may differ.
pub const WITNESSED_FRESH_MS: DurationMs = 60_000;

/// In ms. Under load, how long after a commit its head is published at the latest; with the commit in hand it is well
/// within a second.
pub const PUBLISH_WITHIN_MS: DurationMs = 500;

/// In ms. An audit session: pages that follow one another within it are one record.
pub const AUDIT_SESSION_MS: DurationMs = HOUR_MS;

/// Records of one batch, with room for what one more statement brings with it.
pub const RECORDS_PER_BATCH_MAX: u64 = comity_log::limits::BATCH_LEAVES_MAX as u64 - 64;

/// Records of the log that one page of an audit looks at, whether or not the asker may read them: the one thread does
/// nothing else meanwhile.
pub const AUDIT_LOOKED_AT_MAX: usize = 4_096;

/// Records of the own log that one page for a report holds: a few milliseconds of the one thread.
pub const REPORT_PAGE_RECORDS: u64 = 1_024;

/// Records of the own log that a report holds at once, some 200 MB. A longer log is read several times, each time for
/// a part of its cases.
pub const REPORT_RECORDS_MAX: u64 = 250_000;

/// Records that are proven in one answer: each takes some kilobytes.
pub const RECORDS_SHOWN_MAX: usize = 256;

/// Records of another member's log that are proven in one answer. More than of the own log, because for each answer the
/// whole of that log is read again; their numbers still fit into an address.
pub const AUDITED_RECORDS_SHOWN_MAX: usize = 2_048;

/// Records since the head of an audit that are looked at to tell the sequence numbers at that head, or records of a
/// closed log that are counted for them. An audit of a head that is older, or of a longer log, gets none.
pub const AUDIT_RECORDS_SINCE_MAX: u64 = 65_536;

/// In ms, of the machine's own clock. How long the scheduler waits for company before it delivers: what is said within
/// it travels together.
pub const DELIVERY_LINGER_MS: u64 = 20;

/// In ms. A stranger that says that it has a newer roster makes this node ask its members for it, at most so often.
pub const STRANGER_EVERY_MS: DurationMs = 10_000;

/// In count. Frames whose places are held at a time while the views are made anew, 16 bytes each.
pub const FRAMES_PER_REPLAY: usize = 65_536;

/// Parts that an audit is matched in. A million records in 128 parts are 8,000 in each, some 10 MB in memory.
pub const AUDIT_PARTS: usize = 128;

/// Threads that match an audit, beside the one that hands the cases over. A small machine has two cores.
pub const AUDIT_THREADS: usize = 2;

/// Receipts of no record about their statement, for each thread, that are looked for elsewhere. There are none but for
/// lies and heads of different age; what is above is found as `receipt-without-record`.
pub const STRANGE_RECEIPTS_MAX: usize = 10_000;

/// Pages after which a pull notes how far it has come. What is lost by a crash is pulled again.
pub const AUDIT_PAGES_PER_NOTE: u64 = 16;

/// In ms. The members that are audited have this long together, each its share of what the ones before it have left. Who
/// is slow is read on in the next audit; the API gives all of it 300 s.
pub const AUDIT_PULL_MS: DurationMs = 240_000;

/// Heads of earlier audits that are looked at for one that is witnessed, the newest first: each costs some signatures.
pub const HEADS_LOOKED_AT_MAX: usize = 64;

/// Heads of earlier audits that are kept for each log: one for each day of 27 years. Then the oldest go.
pub const AUDIT_HEADS_MAX: usize = 10_000;
