//! What people ask of a node, and what they are shown. The HTTP API, the command line, the console and the demo all
//! say what they want in these words; nothing here decides anything.
//!
//! Identifiers are lower-case hex, times are milliseconds since 1970 (UTC), codes are those of the registries.
//! A locator is in no answer but that of [`Work::Look`].

use std::fmt::{self, Display};

use comity_audit::{Finding, Found};
use comity_report::public::Public;
use comity_report::{Report, Wish};
use comity_wire::finding::FindingNotice;
use comity_wire::ids::{CaseId, Hash, StatementId};
use comity_wire::words::{DurationMs, ItemNumber, Round, TimeMs};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::WorkError;
use crate::ports::Pending;

/// The name of somebody who works here: 1 to 32 of `a-z`, `0-9`, `.`, `-`. It stays in the node's own encrypted frames
/// and is never in a log line, a record or a statement.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Person(Box<str>);

impl Person {
    /// Wraps a name of the right form.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = (1..=32).contains(&name.len())
            && name
                .bytes()
                .all(|byte| word(byte) || byte == b'.' || byte == b'-')
            && name.bytes().next().is_some_and(word);
        fits.then(|| Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(hidden)")
    }
}

/// Something that a person does.
#[derive(Debug, Clone)]
pub enum Work {
    /// Takes in a file of reports.
    Import(NewImport),
    /// Drafts a takedown request.
    Request(NewOpening),
    /// Drafts a referral.
    Refer(NewOpening),
    /// Confirms drafts or sends them back.
    Review(NewReview),
    /// Answers a request.
    Answer(NewAnswer),
    /// Reports what was done.
    Outcome(NewOutcome),
    /// Reports what was seen.
    Observe(NewObservation),
    /// Takes a request back.
    Withdraw(NewWithdrawal),
    /// Says that an authority asked to wait.
    Hold(NewHold),
    /// Ends the own holds for an authority.
    Release(NewRelease),
    /// Asks the other side for what is missing.
    Ask(NewQuestion),
    /// Answers a question.
    Inform(NewInformation),
    /// Notes what was done without the federation.
    Outside(NewOutside),
    /// Replies to a finding about this member.
    ReplyFinding(NewFindingReply),
    /// Shows a locator, and records that somebody looked.
    Look(NewLook),
    /// Takes signed charters and rosters.
    Rosters(NewRosters),
}

/// A file of reports. `Debug` hides the content.
#[derive(Clone, PartialEq, Eq)]
pub struct NewImport {
    /// The name of the file, for messages.
    pub file: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for NewImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewImport({} bytes)", self.bytes.len())
    }
}

/// A request or a referral by hand. What is left out follows from the roster.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOpening {
    /// To whom; absent: where the roster says.
    #[serde(default)]
    pub to: Option<String>,
    /// In what capacity (registry `capacity`); absent: what the roster says.
    #[serde(default)]
    pub capacity: Option<String>,
    /// Registry `urgency`; absent: `routine`.
    #[serde(default)]
    pub urgency: Option<String>,
    /// The own reference; absent: made up.
    #[serde(default)]
    pub reference: Option<String>,
    /// When the public reported it; absent: now.
    #[serde(default)]
    pub reported_at: Option<TimeMs>,
    /// What it is about.
    #[serde(default)]
    pub items: Vec<NewItem>,
    /// The case and item that it follows from: a child case, about the same locator.
    #[serde(default)]
    pub parent: Option<NewParent>,
    /// A note to the recipient.
    #[serde(default)]
    pub text: Option<String>,
    /// The legal clocks that we say apply; for a request only.
    #[serde(default)]
    pub clocks: Vec<String>,
}

impl fmt::Debug for NewOpening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewOpening({} items)", self.items.len())
    }
}

/// An item of a request by hand. `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewItem {
    /// The URL.
    pub url: String,
    /// The address of the host.
    #[serde(default)]
    pub ip: Option<String>,
    /// The network of the host.
    #[serde(default)]
    pub asn: Option<u64>,
    /// The country of the host.
    #[serde(default)]
    pub country: Option<String>,
    /// The scheme of the classification (registry `scheme`); absent: the own words.
    #[serde(default)]
    pub scheme: Option<String>,
    /// The version of the scheme; absent: the one that is known.
    #[serde(default)]
    pub scheme_version: Option<String>,
    /// The classification, verbatim. What follows from it fills the fields below.
    #[serde(default)]
    pub code: Option<String>,
    /// Registry `severity`.
    #[serde(default)]
    pub severity: Option<String>,
    /// Registry `age`.
    #[serde(default)]
    pub age: Option<String>,
    /// Registry `depiction`.
    #[serde(default)]
    pub depiction: Option<String>,
    /// Registry `context`.
    #[serde(default)]
    pub context: Vec<String>,
}

impl fmt::Debug for NewItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewItem(hidden)")
    }
}

/// The item of a case from which another case follows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewParent {
    /// The case, in hex.
    pub case: String,
    /// The item.
    pub n: ItemNumber,
}

/// A second person's word on drafts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReview {
    /// The drafts, in hex.
    pub drafts: Vec<String>,
    /// What of them.
    pub decision: Decision,
}

/// What a reviewer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It is signed and sent.
    Confirm,
    /// It goes back to whom drafted it, and is not sent.
    Return,
    /// Nothing is to be done about it.
    NoAction,
}

/// An answer to a request.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    /// The case, in hex.
    pub case: String,
    /// Registry `answer`.
    pub answer: String,
    /// Registry `answer-code`; with `refused` always.
    #[serde(default)]
    pub code: Option<String>,
    /// The items meant; absent: all.
    #[serde(default)]
    pub items: Option<Vec<ItemNumber>>,
    /// When the outcome is expected.
    #[serde(default)]
    pub expected_by: Option<TimeMs>,
    /// Who to ask instead: an organisation, or the id of a member.
    #[serde(default)]
    pub next: Option<String>,
    /// Whether a program answers.
    #[serde(default)]
    pub automated: bool,
    /// A note to the other side.
    #[serde(default)]
    pub text: Option<String>,
}

/// What was done.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOutcome {
    /// The case, in hex.
    pub case: String,
    /// One row for each item.
    pub items: Vec<NewOutcomeItem>,
    /// A note to the other side.
    #[serde(default)]
    pub text: Option<String>,
}

/// What was done for one item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOutcomeItem {
    /// The item.
    pub n: ItemNumber,
    /// The round; absent: the latest.
    #[serde(default)]
    pub round: Option<Round>,
    /// Registry `outcome-answer`.
    pub answer: String,
    /// What was done: `[target, action]` (registries `measure-target` and `measure-action`).
    #[serde(default)]
    pub measures: Vec<(String, String)>,
    /// Registry `reason`.
    #[serde(default)]
    pub reason: Option<String>,
    /// When it took effect; absent: now.
    #[serde(default)]
    pub effective_at: Option<TimeMs>,
    /// Whether a program decided.
    #[serde(default)]
    pub automated: bool,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewObservation {
    /// The case, in hex.
    pub case: String,
    /// One row for each item.
    pub items: Vec<NewObservationItem>,
}

/// What was seen of one item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewObservationItem {
    /// The item.
    pub n: ItemNumber,
    /// The round; absent: the latest.
    #[serde(default)]
    pub round: Option<Round>,
    /// Registry `observation-result`.
    pub result: String,
    /// Registry `observation-method`; absent: `manual`.
    #[serde(default)]
    pub method: Option<String>,
    /// The country from which somebody looked.
    #[serde(default)]
    pub vantage: Option<String>,
    /// When; absent: now.
    #[serde(default)]
    pub at: Option<TimeMs>,
}

/// Taking a request back.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWithdrawal {
    /// The case, in hex.
    pub case: String,
    /// Registry `withdrawal-code`.
    pub code: String,
    /// The items meant; absent: all.
    #[serde(default)]
    pub items: Option<Vec<ItemNumber>>,
    /// A note to the recipient.
    #[serde(default)]
    pub text: Option<String>,
}

/// An authority asked to wait.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHold {
    /// The case, in hex.
    pub case: String,
    /// Registry `hold-authority`.
    pub by: String,
    /// Until when.
    #[serde(default)]
    pub until: Option<TimeMs>,
}

/// An authority no longer asks to wait.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelease {
    /// The case, in hex.
    pub case: String,
    /// Registry `hold-authority`.
    pub by: String,
    /// Registry `hold-result`.
    #[serde(default)]
    pub result: Option<String>,
}

/// A question to the other side.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewQuestion {
    /// The case, in hex.
    pub case: String,
    /// Registry `information-ask`.
    pub asks: Vec<String>,
    /// The items meant; absent: all.
    #[serde(default)]
    pub items: Option<Vec<ItemNumber>>,
    /// A note to the other side.
    #[serde(default)]
    pub text: Option<String>,
}

/// An answer to a question.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInformation {
    /// The case, in hex.
    pub case: String,
    /// The question, in hex; absent: the oldest that is open.
    #[serde(default)]
    pub of: Option<String>,
    /// What there is to say.
    pub text: String,
}

/// Hides what may hold free text.
macro_rules! hide {
    ($($name:ident),*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.case)
            }
        })*
    };
}

hide!(
    NewAnswer,
    NewOutcome,
    NewWithdrawal,
    NewQuestion,
    NewInformation
);

/// What the hotline did itself, outside the federation. It is the hotline's word, never the platform's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOutside {
    /// The reported locator, by its id.
    pub dossier: String,
    /// Told whom: `host`, `police`, `help-service`.
    pub to: String,
    /// When; absent: now.
    #[serde(default)]
    pub at: Option<TimeMs>,
}

/// A reply to a finding about this member. It goes to every member that found the same, once, and is signed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFindingReply {
    /// The finding, in hex.
    pub finding: String,
    /// Registry `finding-reply`: `explained`, `corrected`, `disputed`.
    pub code: String,
    /// For people. No locators.
    #[serde(default)]
    pub text: Option<String>,
}

/// Looking at a locator.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLook {
    /// The case, or the draft, in hex.
    pub case: String,
    /// The item.
    pub n: ItemNumber,
}

/// Signed charters and rosters, in the order of their versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRosters {
    /// Charters.
    pub charters: Vec<Vec<u8>>,
    /// Rosters.
    pub rosters: Vec<Vec<u8>>,
}

/// What came of a piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// A file was taken in.
    Imported(ImportSummary),
    /// A draft waits for a second person.
    Drafted(Drafted),
    /// Drafts were reviewed: what became of each.
    Reviewed(Vec<Reviewed>),
    /// A statement was signed and waits for delivery. Nobody has received it yet.
    Signed(SignedStatement),
    /// It was noted.
    Noted,
    /// A locator, defanged.
    Seen(Seen),
    /// The roster that is in force now.
    Roster(RosterShown),
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportSummary {
    /// Reports read.
    pub read: u64,
    /// New ones.
    pub accepted: u64,
    /// Ones that were here already: importing a file again changes nothing.
    pub known: u64,
    /// Lines that are no report.
    pub rejected: Vec<RejectedLine>,
    /// New ones about a locator that was here already.
    pub joined: u64,
    /// Of those, how many contradict what was there.
    pub conflicts: u64,
    /// What went where: number of new locators by destination.
    pub placed: Vec<Placed>,
}

/// Locators with one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Placed {
    /// `takedown-request`, `referral`, `outside`, `no-action`, `unplaced`.
    pub route: String,
    /// The member.
    pub to: Option<String>,
    /// Why: a capacity, a referral reason, or the reason for which nothing fits.
    pub reason: Option<String>,
    /// How many.
    pub count: u64,
}

/// A line that is no report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RejectedLine {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The field.
    pub field: Option<String>,
    /// The stable code.
    pub code: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// A draft that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Drafted {
    /// The draft.
    pub draft: String,
    /// The case that it opens or belongs to.
    pub case: String,
    /// To whom.
    pub to: String,
    /// The kind of statement.
    pub kind: String,
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reviewed {
    /// The draft.
    pub draft: String,
    /// The statement, if it was signed.
    pub statement: Option<String>,
    /// Why not, if it was not.
    pub problem: Option<Problem>,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The stable code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub next: String,
}

/// A statement that was signed. Signed is not delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignedStatement {
    /// The statement.
    pub statement: String,
    /// Its case.
    pub case: String,
    /// To whom.
    pub to: String,
    /// Its kind.
    pub kind: String,
}

/// A locator that somebody asked to see, written so that it cannot be followed. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Seen {
    /// The sort of locator.
    pub sort: String,
    /// `hxxps://host[.]example/…`
    pub defanged: String,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seen(hidden)")
    }
}

/// Which roster is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RosterShown {
    /// Its version.
    pub version: u64,
    /// Its hash.
    pub hash: String,
    /// `current`, `in-grace`, `past-grace`, `no-roster`.
    pub standing: String,
    /// Until when.
    pub until: Option<TimeMs>,
}

/// Something that a person wants to know.
#[derive(Debug, Clone)]
pub enum Query {
    /// Cases, by the journal number of their last change.
    Cases(CaseFilter),
    /// One case.
    Case(CaseId),
    /// Drafts that wait, in the order of their numbers.
    Drafts(Cursor),
    /// Reported locators by state.
    Items,
    /// What is on its way, by due time.
    Outbox(Cursor),
    /// Members and connections.
    Members,
    /// The log.
    Log,
    /// The proof that a statement is in the log.
    Prove(StatementId),
    /// Records of a log, each with its proof.
    Records(RecordsAsked),
    /// Response times from this node's own records.
    ResponseTimes,
    /// A report of response times, in groups.
    Report(Wish),
    /// Public figures: nothing of a case, small cells hidden.
    Transparency(Wish),
    /// Response times and findings from what was pulled from others.
    Audit,
    /// Findings of this member about others, and of others about this one.
    Findings,
    /// Evidence that a log or the governance contradicts itself.
    Contradictions,
    /// One piece of it, by its SHA-256.
    Contradiction(Hash),
    /// Counts for the first page.
    Overview,
}

/// Where to go on in a list: after this journal number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Rows after this number; absent: from the first.
    pub after: Option<u64>,
    /// At most so many; at most [`crate::limits::PAGE_ROWS_MAX`].
    pub limit: Option<usize>,
}

/// Which cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Where to go on.
    pub cursor: Cursor,
    /// Only those that others opened (`in`), or that this member opened (`out`).
    pub direction: Option<Direction>,
    /// Only those in which somebody still owes something.
    pub open: bool,
}

/// Who opened a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The other side.
    In,
    /// This member.
    Out,
}

/// What there is to see.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// Cases.
    Cases(Page<CaseRow>),
    /// One case.
    Case(Box<CaseShown>),
    /// Drafts.
    Drafts(Page<DraftRow>),
    /// Locators by state.
    Items(Items),
    /// What is on its way.
    Outbox(Page<OutboxRow>),
    /// Members.
    Members(MembersShown),
    /// The log.
    Log(LogShown),
    /// A proof.
    Proof(ProofShown),
    /// Records with their proofs.
    Records(Vec<RecordShown>),
    /// Response times.
    ResponseTimes(ResponseTimesShown),
    /// A report: `comity_report::report::Report`.
    #[schema(value_type = Object)]
    Report(Box<Report>),
    /// Public figures: `comity_report::public::Public`.
    #[schema(value_type = Object)]
    Transparency(Box<Public>),
    /// Response times and findings.
    Audit(AuditShown),
    /// Findings of this member about others, and of others about this one.
    Findings(Vec<FindingRow>),
    /// Evidence that a log or the governance contradicts itself.
    Contradictions(Vec<ContradictionRow>),
    /// One piece of it.
    Contradiction(ContradictionShown),
    /// Counts.
    Overview(Overview),
}

/// Rows, and where to go on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Give this as `after` for the next page; absent: that was all.
    pub next: Option<u64>,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CaseRow {
    /// The journal number of its last change.
    pub seq: u64,
    /// The case.
    pub case: String,
    /// Who opened it.
    pub direction: Direction,
    /// The other member.
    pub counterpart: String,
    /// The kind that opened it.
    pub kind: String,
    /// The own reference of whom opened it.
    pub reference: String,
    /// Registry `urgency`.
    pub urgency: String,
    /// When it was opened: signed, for one's own; received, for others'.
    pub opened_at: TimeMs,
    /// Where its delivery stands, for one's own: `waiting`, `delivered`, `refused`, `expired`.
    pub delivery: String,
    /// Items by state.
    pub items: Vec<(String, u64)>,
    /// Whether somebody still owes something.
    pub open: bool,
    /// The next time at which something is due.
    pub due_at: Option<TimeMs>,
    /// Whether something was due and has not come.
    pub overdue: bool,
    /// Whether a hold is in force.
    pub held: bool,
}

/// A case, all of it but the locators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CaseShown {
    /// The row of the list.
    pub row: CaseRow,
    /// Its items.
    pub items: Vec<ItemShown>,
    /// Its statements, in the order of the fold, then what waits.
    pub timeline: Vec<Event>,
    /// What is due.
    pub deadlines: Vec<DeadlineShown>,
    /// The legal clocks of the case, and those that do not run although somebody might think so.
    pub clocks: Vec<ClockShown>,
    /// What this member may do now (kinds of statement).
    pub moves: Vec<String>,
    /// The case and item that it follows from, and those that follow from it: `[own item, case, its item]`.
    pub parents: Vec<(ItemNumber, String, ItemNumber)>,
    /// The same, downwards.
    pub children: Vec<(ItemNumber, String, ItemNumber)>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemShown {
    /// Its number.
    pub n: ItemNumber,
    /// The sort of locator; the locator itself is shown on request.
    pub sort: String,
    /// The state of its latest round.
    pub state: String,
    /// The state in words.
    pub words: String,
    /// Its latest round.
    pub round: Round,
    /// Where it is said to be: countries.
    pub countries: Vec<String>,
    /// What assessors found, side by side.
    pub assessments: Vec<AssessmentShown>,
    /// What was done: `[target, action, effective at]`.
    pub measures: Vec<(String, String, TimeMs)>,
}

/// What one assessor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AssessmentShown {
    /// Who found it.
    pub assessor: String,
    /// Registry `scheme`.
    pub scheme: String,
    /// The code of that scheme, verbatim.
    pub code: String,
    /// What it comes to, facet by facet; what was not assessed is left out.
    pub says: Vec<AnswerShown>,
}

/// The answer to one question of an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerShown {
    /// The question: a facet of the classification.
    pub facet: String,
    /// The code of the answer.
    pub code: String,
    /// Its English label; the code itself, if it is not known here.
    pub label: String,
    /// The country whose law it is about.
    pub country: Option<String>,
}

/// One statement of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Event {
    /// The statement.
    pub statement: String,
    /// Who said it.
    pub from: String,
    /// Its kind.
    pub kind: String,
    /// What it says, in words, without a locator.
    pub words: String,
    /// When its issuer says it was signed.
    pub claimed_at: TimeMs,
    /// When this node first tried to deliver it.
    pub offered_at: Option<TimeMs>,
    /// When its recipient registered it: the time of the record that the receipt is for.
    pub registered_at: Option<TimeMs>,
    /// Where it stands: `waiting`, `delivered`, `received`, `refused`, `expired`, `parked`, `forbidden`, `void`.
    pub standing: String,
    /// The receipt, in words.
    pub receipt: Option<String>,
    /// Whose word the receipt for one's own statement rests on.
    pub witness: Option<WitnessShown>,
    /// The index of the record in this node's log.
    pub index: Option<u64>,
    /// What it carries beside what this version of the protocol says.
    pub extensions: Vec<ExtensionShown>,
}

/// Whose word a receipt rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WitnessShown {
    /// `provisional`: that of its own log alone; `witnessed`: others have cosigned a head that grew out of it;
    /// `not-witnessable`: provisional, and the federation has not the members that its charter wants for that.
    pub standing: String,
    /// Who has cosigned.
    pub by: Vec<String>,
    /// The time of the last cosignature, by the clock of who made it.
    pub at: Option<TimeMs>,
    /// The number of records of the head that they cosigned.
    pub size: Option<u64>,
}

/// An extension of a statement, as it came. No locator is in one: a locator is part of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExtensionShown {
    /// Its name.
    pub name: String,
    /// Whether who does not know it must refuse the statement.
    pub critical: bool,
    /// The length of its value.
    pub bytes: u64,
    /// Its value, or how it begins, if that is text that can be printed.
    pub text: Option<String>,
    /// Its value, or how it begins, in hex, if it is no text.
    pub hex: Option<String>,
    /// Whether only the beginning of the value is shown.
    pub shortened: bool,
}

/// A deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeadlineShown {
    /// The clock.
    pub clock: String,
    /// Its name, for people.
    pub name: String,
    /// The item.
    pub n: ItemNumber,
    /// The round.
    pub round: Round,
    /// When it began.
    pub started_at: TimeMs,
    /// When it is due.
    pub due_at: Option<TimeMs>,
    /// How long it stood still.
    pub paused_ms: DurationMs,
    /// `running`, `paused`, `overdue`, `met`, `late`, `void`; for what has to be kept `keep` and `keep-over`.
    pub standing: String,
}

/// A legal clock of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClockShown {
    /// Its id.
    pub clock: String,
    /// Its name, for people.
    pub name: String,
    /// Whether it runs.
    pub runs: bool,
    /// Why it runs or does not: `ground`, `recipient`, `claim`, `charter`, `not-in-force`, `does-not-apply`, `not-law`,
    /// `unknown`, `not-computed`.
    pub why: String,
    /// The same in words.
    pub words: String,
    /// Whether the sender says that it applies.
    pub claimed: bool,
    /// The duration that the charter gives it, if it does.
    pub own_ms: Option<DurationMs>,
    /// `response`: to be done by then; `preservation`: to be kept until then.
    pub sort: String,
    /// The law and the article.
    pub law: Option<String>,
    /// What it comes to, in plain words.
    pub says: String,
    /// What the law says and no node can compute.
    pub not_computed: Vec<String>,
    /// Where its meaning was read.
    pub source: Option<String>,
    /// `verified`: in the law or a copy of it; `secondary`: in a text about it.
    pub mark: Option<String>,
}

/// A draft in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DraftRow {
    /// Its journal number.
    pub seq: u64,
    /// The draft; also what [`Work::Look`] takes for a case.
    pub draft: String,
    /// The kind of statement that it becomes, or `none` when no rule places it.
    pub kind: String,
    /// To whom.
    pub to: Option<String>,
    /// The own reference.
    pub reference: String,
    /// `review`, `conflict`, `returned`, `unplaced`.
    pub state: String,
    /// Why it waits, in words.
    pub words: String,
    /// Registry `urgency`.
    pub urgency: String,
    /// How many items.
    pub items: u64,
    /// When it was drafted.
    pub at: TimeMs,
    /// Whether the person who asks may confirm it: not if they drafted it.
    pub confirmable: bool,
}

/// Every reported locator, counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Items {
    /// Number of reports.
    pub reports: u64,
    /// Number of reports by the state of their locator.
    pub states: Vec<(String, u64)>,
    /// Reported locators for which the hotline has to act itself, with what was done: `[id, state, reference]`.
    pub outside: Vec<(String, String, String)>,
}

/// A statement on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutboxRow {
    /// Its journal number.
    pub seq: u64,
    /// The statement.
    pub statement: String,
    /// Its case.
    pub case: String,
    /// To whom.
    pub to: String,
    /// Its kind.
    pub kind: String,
    /// `waiting`, `offered`, `expired`.
    pub state: String,
    /// Attempts so far.
    pub attempts: u64,
    /// When the next attempt is due.
    pub due_at: Option<TimeMs>,
    /// When it is given up.
    pub expires_at: TimeMs,
    /// Why the last attempt failed.
    pub last: Option<String>,
}

/// Members and connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MembersShown {
    /// The federation.
    pub federation: String,
    /// Its name.
    pub name: String,
    /// The roster in force.
    pub roster: RosterShown,
    /// This member.
    pub me: String,
    /// Everybody in the roster.
    pub members: Vec<MemberRow>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// Its countries.
    pub jurisdictions: Vec<String>,
    /// Whether one of its nodes is connected now. Connected is not delivered.
    pub connected: bool,
    /// Statements that wait for it.
    pub waiting: u64,
}

/// The log of this member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LogShown {
    /// Its origin.
    pub origin: String,
    /// Records.
    pub size: u64,
    /// The root, in hex.
    pub root: String,
    /// The signed head, with the cosignatures that it has.
    pub checkpoint: String,
    /// The key that verifies it, as a signed-note verifier key.
    pub vkey: String,
    /// Who has cosigned it.
    pub witnessed: WitnessedShown,
    /// What the log before this one has lost, if this one was begun by a restore.
    pub restored: Option<RestoredShown>,
}

/// What a restore has lost, and what came back of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct RestoredShown {
    /// The log that was closed.
    pub origin: String,
    /// Records that it was closed with.
    pub closed_size: u64,
    /// Records of it that are here.
    pub size: u64,
    /// Records of it that are not.
    pub lost: u64,
    /// What each member has given back.
    pub members: Vec<GivenBackRow>,
    /// What is still missing, in words.
    pub missing: Vec<String>,
}

/// What one member has given back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct GivenBackRow {
    /// Who.
    pub member: String,
    /// When it had given everything; none: it has not answered yet.
    pub at: Option<TimeMs>,
    /// Why it gives nothing: a code.
    pub refused: Option<String>,
    /// Statements of it that are registered again.
    pub statements: u64,
    /// Own statements that are in the outbox again.
    pub own: u64,
    /// What could not be taken.
    pub not_taken: u64,
    /// Lost records about it, at the most, that nothing which came back accounts for.
    pub unaccounted: u64,
}

/// What other members say of the newest head of the log that they were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct WitnessedShown {
    /// Records under that head.
    pub size: u64,
    /// Whether it is witnessed: the quorum of the charter has cosigned it.
    pub holds: bool,
    /// Who has cosigned it.
    pub by: Vec<CosignedRow>,
    /// What the quorum lacks, in words.
    pub missing: Vec<String>,
    /// Witnesses that give no cosignature.
    pub failing: Vec<FailingRow>,
    /// Witnesses from outside of the federation: they count towards no quorum.
    pub outside: Vec<OutsideRow>,
    /// Records under the newest head for which the quorum held since the node was started.
    pub witnessed_size: Option<u64>,
}

/// A cosignature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CosignedRow {
    /// Whose.
    pub member: String,
    /// When, as its witness says.
    pub at: TimeMs,
}

/// A witness that gives no cosignature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FailingRow {
    /// Whose.
    pub member: String,
    /// Since when.
    pub since: TimeMs,
    /// Why: a code.
    pub code: String,
}

/// Where a witness from outside of the federation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutsideRow {
    /// The name of its key.
    pub name: String,
    /// When it has cosigned the head, as it says; none if it has not.
    pub at: Option<TimeMs>,
    /// Since when it gives no cosignature; none if it does, or was not asked.
    pub since: Option<TimeMs>,
    /// Why: a code.
    pub code: Option<String>,
}

/// A proof that a statement is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProofShown {
    /// The index of the record.
    pub index: u64,
    /// A `c2sp.org/tlog-proof@v1` file.
    pub proof: String,
    /// The record, in hex.
    pub leaf: String,
    /// The other side's receipt for it, in hex, for a statement of one's own.
    pub receipt: Option<String>,
}

/// Which records are wanted.
#[derive(Debug, Clone, Default)]
pub struct RecordsAsked {
    /// The origin of another member's log, as the last audit has pulled it; absent: the own log.
    pub log: Option<String>,
    /// Their indices; at most [`crate::limits::RECORDS_SHOWN_MAX`] of the own log, and
    /// [`crate::limits::AUDITED_RECORDS_SHOWN_MAX`] of another.
    pub indices: Vec<u64>,
    /// Proven under the own head of this size; absent: under the newest. Of another log it is always the head of the
    /// audit.
    pub size: Option<u64>,
}

/// A record of a log, with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordShown {
    /// The index of the record.
    pub index: u64,
    /// A `c2sp.org/tlog-proof@v1` file.
    pub proof: String,
    /// The record, in hex.
    pub leaf: String,
    /// Its facts, in hex, if they are kept.
    pub facts: Option<String>,
    /// The key of the log, as a signed-note verifier key.
    pub vkey: String,
    /// The other side's receipt, in hex, for a record that a statement was sent. Only of the own log.
    pub receipt: Option<String>,
    /// The key that verifies the receipt, if the roster has it.
    pub receipt_vkey: Option<String>,
}

/// Response times.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ResponseTimesShown {
    /// Whose records they are made of.
    pub members: Vec<String>,
    /// One row for each clock and step.
    pub rows: Vec<TimingRow>,
}

/// How long one step took, from one start. Percentiles are exact, by nearest rank; absent without a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimingRow {
    /// What starts it: `offered`, `registered`, `reported`.
    pub clock: String,
    /// What ends it: `registration`, `receipt`, `first-automatic-answer`, `first-human-answer`, `outcome`,
    /// `confirmation`.
    pub step: String,
    /// How many have come to it.
    pub count: u64,
    /// How many have begun and not come to it: counted from the first second.
    pub open: u64,
    /// How many were withdrawn, refused or passed on before.
    pub ended: u64,
    /// Half were not slower.
    pub p50_ms: Option<DurationMs>,
    /// 90 of 100 were not slower.
    pub p90_ms: Option<DurationMs>,
    /// 95 of 100 were not slower.
    pub p95_ms: Option<DurationMs>,
    /// 99 of 100 were not slower.
    pub p99_ms: Option<DurationMs>,
    /// The slowest.
    pub max_ms: Option<DurationMs>,
    /// For how long holds were in force within the times counted, all together.
    pub paused_ms: DurationMs,
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditShown {
    /// Response times over everything that was pulled.
    pub response_times: ResponseTimesShown,
    /// `[code, member, words]`: first the logs that could not be audited, and why; then the findings of `details`.
    pub findings: Vec<(String, String, String)>,
    /// Logs that were read: `[origin, records, whether all of it could be read]`.
    pub logs: Vec<(String, u64, bool)>,
    /// The findings of records, with where to look.
    pub details: Vec<FindingShown>,
    /// How each log was read.
    pub read: Vec<LogRead>,
}

/// A finding, and where to look. What is not known or does not apply is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingShown {
    /// What it is called by: the same one of another audit has the same id.
    pub id: String,
    /// Registry `finding`.
    pub code: String,
    /// What the code means.
    pub words: String,
    /// Whether nothing that this log says can be relied upon until it is cleared.
    pub alarm: bool,
    /// Whose log it is in, or is missing from.
    pub member: String,
    /// The other member.
    pub counterpart: Option<String>,
    /// The case.
    pub case: Option<String>,
    /// The statement.
    pub statement: Option<String>,
    /// The legal clock.
    pub clock: Option<String>,
    /// The index in the log of the member.
    pub index: Option<u64>,
    /// `found`: it is not for its subject to answer, and is kept here. `sent`: signed, and on its way. `noted`: its
    /// subject has it. `replied`: its subject has replied. `unanswered`: the reply period is over.
    pub state: String,
    /// Whether a report counts it as published: its subject has replied, or the reply period is over.
    pub published: bool,
}

/// A finding on its way between the one who found it and its subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingRow {
    /// What was found, and whether it is published.
    pub finding: FindingShown,
    /// Who found it.
    pub by: String,
    /// Whether it is about this member.
    pub about_us: bool,
    /// When it was found.
    pub found: TimeMs,
    /// The end of the reply period.
    pub until: TimeMs,
    /// When its subject noted it, as far as is known here.
    pub noted: Option<TimeMs>,
    /// What its subject has replied.
    pub reply: Option<FindingReplyShown>,
}

/// A reply to a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingReplyShown {
    /// Registry `finding-reply`.
    pub code: String,
    /// The text, for people.
    pub text: Option<String>,
    /// When, by its subject's clock.
    pub time: TimeMs,
    /// When the other side noted it; of a reply that came here: absent.
    pub noted: Option<TimeMs>,
}

/// How one log was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LogRead {
    /// Which.
    pub origin: String,
    /// The size of the head that everything is under.
    pub size: u64,
    /// Its root.
    pub root: String,
    /// Records that are kept of it.
    pub records: u64,
    /// Whether that is all of them.
    pub complete: bool,
    /// Pages that were pulled this time.
    pub pages: u64,
    /// The index that this pull went on from; 0: from the beginning.
    pub resumed_from: u64,
    /// How many members have cosigned the head.
    pub cosigned: usize,
    /// `verified`: all that is kept of it is under a head that the quorum of the charter has cosigned, and nothing in it
    /// is an alarm. `provisional`: the quorum is missing, so that only the log itself vouches for the head.
    /// `not-witnessable`: the same, and the federation has not the members that its charter wants for that. `alarm`:
    /// it has signed what cannot be true at once, or shows what it has not signed.
    pub verdict: String,
    /// What the quorum lacks, in words.
    pub missing: Vec<String>,
}

impl FindingShown {
    pub(crate) fn of(finding: &Finding) -> Self {
        let text = |id: Option<&dyn Display>| id.map(ToString::to_string);
        Self {
            id: finding.id().to_string(),
            code: finding.code().to_owned(),
            words: finding.found.sentence().to_owned(),
            alarm: finding.found.is_alarm(),
            member: finding.member.to_string(),
            counterpart: text(finding.counterpart.as_ref().map(|id| id as _)),
            case: text(finding.case.as_ref().map(|id| id as _)),
            statement: text(finding.statement.as_ref().map(|id| id as _)),
            clock: text(finding.clock.as_ref().map(|id| id as _)),
            index: finding.index,
            state: "found".to_owned(),
            published: false,
        }
    }

    /// As its notice says; its code may be one that this version does not know.
    pub(crate) fn told(notice: &FindingNotice) -> Self {
        let text = |id: Option<&dyn Display>| id.map(ToString::to_string);
        let known = Found::from_code(notice.code.as_str());
        let unknown =
            "This version does not know the code: the member that found it can say what it means.";
        Self {
            id: notice.id.to_string(),
            code: notice.code.as_str().to_owned(),
            words: known.map_or(unknown, Found::sentence).to_owned(),
            alarm: known.is_some_and(Found::is_alarm),
            member: notice.of.to_string(),
            counterpart: text(notice.counterpart.as_ref().map(|id| id as _)),
            case: text(notice.case.as_ref().map(|id| id as _)),
            statement: text(notice.statement.as_ref().map(|id| id as _)),
            clock: text(notice.clock.as_ref().map(|id| id as _)),
            index: notice.index,
            state: "sent".to_owned(),
            published: false,
        }
    }
}

/// Evidence that a log or the governance contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContradictionRow {
    /// SHA-256 of the evidence, in hex.
    pub evidence: String,
    /// `same-size`, `no-consistency`, `two-leaves`, `two-rosters`.
    pub sort: String,
    /// The member whose log has forked; absent: the governance.
    pub member: Option<String>,
    /// The log that has forked.
    pub origin: Option<String>,
    /// What is proven, in words.
    pub words: String,
    /// When it was recorded here.
    pub at: TimeMs,
    /// The index of the record of it in this node's log.
    pub index: u64,
    /// Who handed it over; absent: found here.
    pub from: Option<String>,
    /// Members that have it, as they say.
    pub handed: Vec<String>,
    /// Members that have not said yet that they took it.
    pub waiting: Vec<String>,
    /// Whether the governance has still to say what follows: the log is still open in the roster, or no roster has
    /// settled the two.
    pub open: bool,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContradictionShown {
    /// The row of the list.
    pub row: ContradictionRow,
    /// The key of the log, as a signed-note verifier key; absent: the governance.
    pub vkey: Option<String>,
    /// The evidence, in hex: with the key anybody can check it.
    pub bytes: String,
}

/// Counts for the first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Overview {
    /// This member.
    pub me: String,
    /// Now.
    pub now: TimeMs,
    /// Cases that others opened and in which somebody owes something.
    pub inbox_open: u64,
    /// The same for one's own.
    pub outbox_open: u64,
    /// Drafts that wait.
    pub drafts: u64,
    /// Statements that are not delivered yet.
    pub undelivered: u64,
    /// Statements that were given up.
    pub expired: u64,
    /// Cases with something overdue.
    pub overdue: u64,
    /// Evidence that a log or the governance contradicts itself.
    pub contradictions: Vec<ContradictionRow>,
    /// What an operator must know: `[code, words]`.
    pub alarms: Vec<(String, String)>,
}

/// Where people's wishes go: a node. The HTTP API and the demo see nothing else of it.
pub trait Desk: Send + Sync {
    /// Does a piece of work, wholly or not at all. It is durable when the answer comes.
    fn work(&self, person: Person, work: Work) -> Pending<'_, Result<Done, WorkError>>;

    /// Shows something. `person` decides what may be confirmed, and is noted by nobody.
    fn query(&self, person: Person, query: Query) -> Pending<'_, Result<Shown, WorkError>>;

    /// Pulls from every member what this one has a right to, verifies and matches it. Each pull is a record on both
    /// sides. Then [`Query::Audit`] shows the result again.
    fn audit(&self, person: Person) -> Pending<'_, Result<AuditShown, WorkError>>;
}
