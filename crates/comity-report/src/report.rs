//! What a report of response times says: the document that the API gives, and every file is made of.
//!
//! ```text
//! Base + Wish -> rows by dimension: one for each clock, step and round
//!             -> legal clocks: in time, late, overdue, running, paused, void, not computed and why
//!             -> open by age
//!             -> pages: the same over everything and for each recipient, with weeks and distributions
//! ```
//! Times are milliseconds; times of day are milliseconds since 1970 (UTC).

use std::collections::BTreeMap;

use comity_wire::ids::MemberId;
use comity_wire::words::{Code, Country, DurationMs, TimeMs};
use serde::{Deserialize, Serialize};

/// What a report is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Only what began at or after this time.
    #[serde(default)]
    pub from: Option<TimeMs>,
    /// Only what began before this time.
    #[serde(default)]
    pub until: Option<TimeMs>,
    /// How rows are grouped; none: everything together.
    #[serde(default)]
    pub by: Vec<Dimension>,
    /// Whose records.
    #[serde(default)]
    pub source: Source,
    /// Whether pages are wanted.
    #[serde(default)]
    pub pages: bool,
    /// Whether the cases of each group are wanted, with the records that prove them.
    #[serde(default)]
    pub cases: bool,
}

/// By what rows are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// The recipient: whose times they are.
    Member,
    /// The requester.
    Requester,
    /// The kind of the statement that opened the case.
    Kind,
    /// The urgency.
    Urgency,
    /// A country that the facts name: hosting, or a legal ground. Counted in each.
    Jurisdiction,
    /// The standing of the classification, in all its jurisdictions.
    Standing,
    /// A legal clock that runs, or may. Counted in each.
    Clock,
}

/// Whose records a report is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// This member's own log.
    #[default]
    Own,
    /// The logs of the last audit.
    Audit,
}

/// A report of response times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this document.
    pub version: u32,
    /// When it was made: what is open is open at this time.
    pub made_at: TimeMs,
    /// What was asked for.
    pub asked: Wish,
    /// Who made it.
    pub made_by: String,
    /// The logs that it is made of.
    pub logs: Vec<LogUsed>,
    /// Everything, in the groups that were asked for.
    pub table: Figures,
    /// Everything, then each recipient; empty unless asked for.
    pub pages: Vec<Page>,
    /// Every case that was counted; empty unless asked for.
    pub cases: Vec<CaseUsed>,
    /// Findings that are published.
    pub findings: Vec<FindingUsed>,
    /// How many findings wait for the reply of who they are about.
    pub findings_waiting: u64,
    /// What legal clocks were computed by, besides the records; absent unless the cases are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
}

/// What the charter and the roster say that legal clocks depend on. A claim of who made the report, until it is
/// compared with the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Legal clocks in force by the charter, with a duration of their own or as published.
    pub clocks: Vec<(Code, Option<DurationMs>)>,
    /// The jurisdictions of each member, by the roster.
    pub places: BTreeMap<MemberId, Vec<Country>>,
}

/// A log, and what of it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogUsed {
    /// Its origin.
    pub origin: String,
    /// Whose it is.
    pub member: String,
    /// Records under the head.
    pub size: u64,
    /// The root of the head, in hex.
    pub root: String,
    /// When the head was fetched; for the own log, when it was read.
    pub taken_at: TimeMs,
    /// How many records were read.
    pub records: u64,
    /// Whether these are all of them.
    pub complete: bool,
    /// If they are not: the counterparts about whom every record was read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all_with: Vec<MemberId>,
    /// The signed head with its cosignatures, if it is here.
    pub checkpoint: Option<String>,
}

/// A case, the groups that it is counted in, and the records that say what was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseUsed {
    /// The case, in hex.
    pub case: String,
    /// The groups.
    pub groups: Vec<Vec<String>>,
    /// Whose log, and the index of the record there.
    pub records: Vec<(String, u64)>,
}

/// A finding, as it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingUsed {
    /// Its code.
    pub code: String,
    /// Whom it is about.
    pub member: String,
    /// In words.
    pub words: String,
    /// What its subject answered.
    pub reply: Option<String>,
}

/// Figures of a set of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// How many requests.
    pub requests: u64,
    /// How many rounds of items.
    pub rounds: u64,
    /// By group, clock, step and round.
    pub rows: Vec<Row>,
    /// By group and legal clock.
    pub legal: Vec<LegalFigures>,
    /// By group and step: what is open, by age.
    pub ages: Vec<Ages>,
}

/// One clock, one step, one round, of one group. Percentiles are exact, by nearest rank; absent without a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The group: one word for each dimension that was asked for.
    pub group: Vec<String>,
    /// `offered`, `registered` or `reported`.
    pub clock: String,
    /// What the clock runs to.
    pub step: String,
    /// The round; absent for steps of the request as a whole.
    pub round: Option<u64>,
    /// How many reached it.
    pub count: u64,
    /// How many have begun and not reached it.
    pub open: u64,
    /// How many were withdrawn, refused or passed on before.
    pub ended: u64,
    /// The median.
    pub p50_ms: Option<DurationMs>,
    /// Nine of ten were not slower.
    pub p90_ms: Option<DurationMs>,
    /// 19 of 20 were not slower.
    pub p95_ms: Option<DurationMs>,
    /// 99 of 100 were not slower.
    pub p99_ms: Option<DurationMs>,
    /// The slowest.
    pub max_ms: Option<DurationMs>,
    /// For how long holds were in force within the times counted, all together.
    pub paused_ms: DurationMs,
}

/// One legal clock of one group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalFigures {
    /// The group.
    pub group: Vec<String>,
    /// The id of the clock.
    pub clock: String,
    /// How long it runs, if that is elapsed time.
    pub limit_ms: Option<DurationMs>,
    /// Reached in time.
    pub met: u64,
    /// Reached too late.
    pub late: u64,
    /// Due, and not reached.
    pub overdue: u64,
    /// Not due yet.
    pub running: u64,
    /// Standing still.
    pub paused: u64,
    /// Nothing is due any more.
    pub void: u64,
    /// Not computable, by reason.
    pub not_computed: Vec<(String, u64)>,
    /// In ten-thousandths: of those that were due or reached, how many in time. Rounded down.
    pub within_per_10000: Option<u64>,
}

/// What is open at one step, by age: a count for each of [`crate::ages::AGES`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ages {
    /// The group.
    pub group: Vec<String>,
    /// The step.
    pub step: String,
    /// Counts, from the youngest.
    pub open: Vec<u64>,
}

/// Figures of everything, or of one recipient, with what plots show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The recipient; absent: everything.
    pub member: Option<String>,
    /// The figures, in one group.
    pub figures: Figures,
    /// By week, the oldest first.
    pub weeks: Vec<Week>,
    /// How often which time was needed.
    pub distributions: Vec<Distribution>,
}

/// What began in one week, Monday to Sunday (UTC), and what was due in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week {
    /// Its Monday.
    pub begins: TimeMs,
    /// Requests that began in it.
    pub requests: u64,
    /// The median and the 90th percentile to the first answer of a person.
    pub human_answer_ms: Option<(DurationMs, DurationMs)>,
    /// The same to the outcome, of first rounds.
    pub outcome_ms: Option<(DurationMs, DurationMs)>,
    /// First rounds of items that began in it and are decided.
    #[serde(default)]
    pub decided: u64,
    /// And those that wait.
    #[serde(default)]
    pub waiting: u64,
    /// Legal clocks that were due in it and were kept.
    pub met: u64,
    /// Legal clocks that were due in it and were not.
    pub breached: u64,
}

/// How often which time was needed, from the first offer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// The clock.
    pub clock: String,
    /// The step.
    pub step: String,
    /// Counts in bins of [`crate::ages::bin_begins`], from the first that is not empty.
    pub first_bin: u32,
    /// Counts.
    pub bins: Vec<u64>,
}

impl Dimension {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Member,
        Self::Requester,
        Self::Kind,
        Self::Urgency,
        Self::Jurisdiction,
        Self::Standing,
        Self::Clock,
    ];

    /// As it is asked for.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Requester => "requester",
            Self::Kind => "kind",
            Self::Urgency => "urgency",
            Self::Jurisdiction => "jurisdiction",
            Self::Standing => "standing",
            Self::Clock => "clock",
        }
    }

    /// The dimension of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|found| found.as_str() == name)
    }
}

impl Source {
    /// As it is asked for.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Audit => "audit",
        }
    }

    /// The source of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::Own, Self::Audit]
            .into_iter()
            .find(|found| found.as_str() == name)
    }
}

impl LegalFigures {
    /// All that may be under this clock.
    #[must_use]
    pub fn total(&self) -> u64 {
        let computed = [
            self.met,
            self.late,
            self.overdue,
            self.running,
            self.paused,
            self.void,
        ];
        let not = self.not_computed.iter().map(|(_, count)| *count);
        computed.into_iter().chain(not).fold(0, u64::saturating_add)
    }
}
