//! What a node answers, as far as it is shown as text. The words are those of `comity_engine::desk`; fields that no
//! table shows are left to `--json`, which prints the answer as it came.

use comity_wire::words::{DurationMs, ItemNumber, Round, TimeMs};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Failure;

/// What came of a piece of work.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Done {
    Imported(ImportSummary),
    Drafted(Drafted),
    Reviewed(Vec<Reviewed>),
    Signed(Signed),
    Noted,
    Seen(Seen),
    Roster(Roster),
}

#[derive(Debug, Deserialize)]
pub(crate) struct ImportSummary {
    pub(crate) read: u64,
    pub(crate) accepted: u64,
    pub(crate) known: u64,
    pub(crate) rejected: Vec<RejectedLine>,
    pub(crate) joined: u64,
    pub(crate) conflicts: u64,
    pub(crate) placed: Vec<Placed>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Placed {
    pub(crate) route: String,
    pub(crate) to: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) count: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RejectedLine {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) field: Option<String>,
    pub(crate) code: String,
    pub(crate) message: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Drafted {
    pub(crate) draft: String,
    pub(crate) case: String,
    pub(crate) to: String,
    pub(crate) kind: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Reviewed {
    pub(crate) draft: String,
    pub(crate) statement: Option<String>,
    pub(crate) problem: Option<Problem>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) next: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Signed {
    pub(crate) statement: String,
    pub(crate) case: String,
    pub(crate) to: String,
    pub(crate) kind: String,
}

/// A locator that somebody asked to see. Not `Debug`: it is printed once, on request, and nowhere else.
#[derive(Deserialize)]
pub(crate) struct Seen {
    pub(crate) sort: String,
    pub(crate) defanged: String,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seen(hidden)")
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Roster {
    pub(crate) version: u64,
    pub(crate) hash: String,
    pub(crate) standing: String,
    pub(crate) until: Option<TimeMs>,
}

/// Rows, and where to go on.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) next: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CaseRow {
    pub(crate) case: String,
    pub(crate) direction: String,
    pub(crate) counterpart: String,
    pub(crate) kind: String,
    pub(crate) reference: String,
    pub(crate) urgency: String,
    pub(crate) opened_at: TimeMs,
    pub(crate) delivery: String,
    pub(crate) items: Vec<(String, u64)>,
    pub(crate) open: bool,
    pub(crate) due_at: Option<TimeMs>,
    pub(crate) overdue: bool,
    pub(crate) held: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) row: CaseRow,
    pub(crate) items: Vec<Item>,
    pub(crate) timeline: Vec<Event>,
    pub(crate) deadlines: Vec<Deadline>,
    pub(crate) clocks: Vec<Clock>,
    pub(crate) moves: Vec<String>,
    pub(crate) parents: Vec<(ItemNumber, String, ItemNumber)>,
    pub(crate) children: Vec<(ItemNumber, String, ItemNumber)>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Item {
    pub(crate) n: ItemNumber,
    pub(crate) sort: String,
    pub(crate) state: String,
    pub(crate) words: String,
    pub(crate) round: Round,
    pub(crate) countries: Vec<String>,
    pub(crate) assessments: Vec<Assessment>,
    pub(crate) measures: Vec<(String, String, TimeMs)>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Assessment {
    pub(crate) assessor: String,
    pub(crate) scheme: String,
    pub(crate) code: String,
    pub(crate) says: Vec<Answer>,
}

/// The answer to one question of an assessment.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) facet: String,
    pub(crate) code: String,
    pub(crate) label: String,
    pub(crate) country: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) statement: String,
    pub(crate) from: String,
    pub(crate) kind: String,
    pub(crate) words: String,
    pub(crate) claimed_at: TimeMs,
    pub(crate) registered_at: Option<TimeMs>,
    pub(crate) standing: String,
    pub(crate) receipt: Option<String>,
    pub(crate) witness: Option<Witness>,
    pub(crate) index: Option<u64>,
    pub(crate) extensions: Vec<Extension>,
}

/// Whose word a receipt rests on.
#[derive(Debug, Deserialize)]
pub(crate) struct Witness {
    pub(crate) standing: String,
    pub(crate) by: Vec<String>,
    pub(crate) at: Option<TimeMs>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Extension {
    pub(crate) name: String,
    pub(crate) critical: bool,
    pub(crate) bytes: u64,
    pub(crate) text: Option<String>,
    pub(crate) hex: Option<String>,
    pub(crate) shortened: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Deadline {
    pub(crate) clock: String,
    pub(crate) n: ItemNumber,
    pub(crate) round: Round,
    pub(crate) started_at: TimeMs,
    pub(crate) due_at: Option<TimeMs>,
    pub(crate) paused_ms: DurationMs,
    pub(crate) standing: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Clock {
    pub(crate) clock: String,
    pub(crate) runs: bool,
    pub(crate) words: String,
    pub(crate) law: Option<String>,
    pub(crate) mark: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DraftRow {
    pub(crate) draft: String,
    pub(crate) kind: String,
    pub(crate) to: Option<String>,
    pub(crate) reference: String,
    pub(crate) state: String,
    pub(crate) words: String,
    pub(crate) urgency: String,
    pub(crate) items: u64,
    pub(crate) confirmable: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Items {
    pub(crate) reports: u64,
    pub(crate) states: Vec<(String, u64)>,
    pub(crate) outside: Vec<(String, String, String)>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OutboxRow {
    pub(crate) statement: String,
    pub(crate) case: String,
    pub(crate) to: String,
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) attempts: u64,
    pub(crate) due_at: Option<TimeMs>,
    pub(crate) expires_at: TimeMs,
    pub(crate) last: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Members {
    pub(crate) federation: String,
    pub(crate) name: String,
    pub(crate) roster: Roster,
    pub(crate) me: String,
    pub(crate) members: Vec<MemberRow>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MemberRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) roles: Vec<String>,
    pub(crate) jurisdictions: Vec<String>,
    pub(crate) connected: bool,
    pub(crate) waiting: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Log {
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) root: String,
    pub(crate) checkpoint: String,
    pub(crate) vkey: String,
    #[serde(default)]
    pub(crate) witnessed: Witnessed,
    #[serde(default)]
    pub(crate) restored: Option<RestoredLog>,
}

/// What a restore has lost, and what came back of it.
#[derive(Debug, Deserialize)]
pub(crate) struct RestoredLog {
    pub(crate) origin: String,
    pub(crate) closed_size: u64,
    pub(crate) size: u64,
    pub(crate) lost: u64,
    pub(crate) members: Vec<GivenBack>,
    pub(crate) missing: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct GivenBack {
    pub(crate) member: String,
    pub(crate) at: Option<TimeMs>,
    pub(crate) statements: u64,
    pub(crate) own: u64,
}

/// What other members say of the head.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Witnessed {
    pub(crate) size: u64,
    pub(crate) holds: bool,
    pub(crate) by: Vec<Cosigned>,
    pub(crate) missing: Vec<String>,
    pub(crate) failing: Vec<FailingWitness>,
    #[serde(default)]
    pub(crate) outside: Vec<OutsideWitness>,
}

/// A witness from outside of the federation.
#[derive(Debug, Deserialize)]
pub(crate) struct OutsideWitness {
    pub(crate) name: String,
    pub(crate) at: Option<u64>,
    pub(crate) since: Option<u64>,
    pub(crate) code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Cosigned {
    pub(crate) member: String,
    pub(crate) at: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FailingWitness {
    pub(crate) member: String,
    pub(crate) since: u64,
    pub(crate) code: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Proof {
    pub(crate) index: u64,
    pub(crate) proof: String,
    pub(crate) leaf: String,
    pub(crate) receipt: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ContradictionRow {
    pub(crate) evidence: String,
    pub(crate) sort: String,
    pub(crate) words: String,
    pub(crate) at: TimeMs,
    pub(crate) index: u64,
    pub(crate) from: Option<String>,
    pub(crate) handed: Vec<String>,
    pub(crate) waiting: Vec<String>,
    pub(crate) open: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Contradiction {
    pub(crate) row: ContradictionRow,
    pub(crate) vkey: Option<String>,
    pub(crate) bytes: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ResponseTimes {
    pub(crate) members: Vec<String>,
    pub(crate) rows: Vec<TimingRow>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TimingRow {
    pub(crate) clock: String,
    pub(crate) step: String,
    pub(crate) count: u64,
    pub(crate) open: u64,
    pub(crate) ended: u64,
    pub(crate) p50_ms: Option<DurationMs>,
    pub(crate) p90_ms: Option<DurationMs>,
    pub(crate) p95_ms: Option<DurationMs>,
    pub(crate) p99_ms: Option<DurationMs>,
    pub(crate) max_ms: Option<DurationMs>,
    pub(crate) paused_ms: DurationMs,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Audit {
    pub(crate) response_times: ResponseTimes,
    pub(crate) findings: Vec<(String, String, String)>,
    pub(crate) details: Vec<Finding>,
    pub(crate) read: Vec<LogRead>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Finding {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) words: String,
    pub(crate) alarm: bool,
    pub(crate) member: String,
    pub(crate) counterpart: Option<String>,
    pub(crate) case: Option<String>,
    pub(crate) clock: Option<String>,
    pub(crate) index: Option<u64>,
    pub(crate) state: String,
    pub(crate) published: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FindingRow {
    pub(crate) finding: Finding,
    pub(crate) by: String,
    pub(crate) about_us: bool,
    pub(crate) until: TimeMs,
    pub(crate) reply: Option<FindingReply>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FindingReply {
    pub(crate) code: String,
    pub(crate) text: Option<String>,
    pub(crate) time: TimeMs,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LogRead {
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) records: u64,
    pub(crate) complete: bool,
    pub(crate) pages: u64,
    pub(crate) resumed_from: u64,
    pub(crate) cosigned: usize,
    pub(crate) verdict: String,
    pub(crate) missing: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Overview {
    pub(crate) now: TimeMs,
}

/// Reads an answer of its own shape.
///
/// # Errors
/// The node answers in other words than this program knows: the two are of different versions.
pub(crate) fn read<T: DeserializeOwned>(answer: &Value) -> Result<T, Failure> {
    T::deserialize(answer).map_err(|_| not_understood())
}

/// Reads what an answer holds under its one name.
///
/// # Errors
/// As [`read`].
pub(crate) fn take<T: DeserializeOwned>(answer: &Value, name: &str) -> Result<T, Failure> {
    answer.get(name).ok_or_else(not_understood).and_then(read)
}

/// The node's words are not those of this program.
pub(crate) fn not_understood() -> Failure {
    Failure::new(
        "answer-not-understood",
        "The node answered something that this program does not understand.",
        "Check with `comity --version` that node and command line are of one version, and that `--api` is the address of a node.",
    )
}
