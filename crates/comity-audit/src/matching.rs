//! From several logs to each statement with the records of both sides, joined by
//! the statement's id, and to what one side has and the other has not.
//!
//! ```text
//! at the sender       offered -> sent (with the receipt) | gave-up
//! at the recipient    received | refused
//! ```
//! Something is called missing only if the other log is here as far as it
//! concerns these two members, all logs of that member, and was fetched late
//! enough to hold it.
//!
//! A restore loses the end of a log, and the next log has it again, later. So what
//! began before that log was opened is neither missing nor late nor recorded twice.

use std::collections::{BTreeMap, BTreeSet};

use comity_log::hash::leaf_hash;
use comity_wire::ids::{CaseId, Hash, MemberId, StatementId};
use comity_wire::leaf::{Facts, Leaf};
use comity_wire::registry::{Check, Kind, direction, record_kind};
use comity_wire::words::TimeMs;

use crate::finding::{Finding, Found};
use crate::limits::{CLOCK_SKEW_MS_MAX, RECEIPT_WAIT_MS_MAX};
use crate::rules::Rules;
use crate::verify::{LogRecords, LogShown};
use crate::{contradiction, lateness};

/// Statements of several logs, and what does not fit together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matched {
    /// By the time of their first record, then by id.
    pub statements: Vec<MatchedStatement>,
    /// Those of the single logs, then those of pairs.
    pub findings: Vec<Finding>,
}

/// One statement, with the records of both sides as far as they are here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedStatement {
    /// Its id.
    pub statement: StatementId,
    /// Its case.
    pub case: CaseId,
    /// Its kind.
    pub kind: Kind,
    /// Who signed it.
    pub sender: MemberId,
    /// To whom.
    pub recipient: MemberId,
    /// At the sender: the first attempt to deliver it.
    pub offered: Option<Mark>,
    /// At the sender: its receipt.
    pub sent: Option<Mark>,
    /// At the sender: the end of delivery.
    pub gave_up: Option<Mark>,
    /// At the recipient: its registration.
    pub received: Option<Mark>,
    /// At either: the final, signed refusal of the recipient's node.
    pub refused: Option<Mark>,
    /// What is known of what it says, from the sender's log, else from the
    /// recipient's.
    pub facts: Option<Facts>,
    /// When the sender's log was fetched, if all that it says about these two is
    /// here.
    pub sender_shown: Option<TimeMs>,
    /// The same of the recipient's log.
    pub recipient_shown: Option<TimeMs>,
}

/// A record, and when it was made by the clock of whose log it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// When.
    pub time: TimeMs,
    /// Where in the log.
    pub index: u64,
}

impl MatchedStatement {
    /// When the recipient had it, by its own log; if that log is not here: when the
    /// sender offered it first.
    #[must_use]
    pub fn arrived(&self) -> Option<TimeMs> {
        match (&self.received, self.recipient_shown) {
            (Some(received), _) => Some(received.time),
            (None, Some(_)) => None,
            (None, None) => self.offered.map(|offered| offered.time),
        }
    }

    fn first_time(&self) -> TimeMs {
        [self.offered, self.sent, self.received, self.refused]
            .into_iter()
            .flatten()
            .map(|mark| mark.time)
            .min()
            .unwrap_or(TimeMs::MAX)
    }
}

/// One case, with everything that the logs say of it. The case is that of the
/// statements; which of two it is if records differ is that of the first record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseMatched {
    /// Which.
    pub case: CaseId,
    /// By the time of their first record, then by id.
    pub statements: Vec<MatchedStatement>,
    /// Of pairs of records, then of the case as a whole.
    pub findings: Vec<Finding>,
}

/// Who is handed one case after the other, each once, in no order that means
/// anything. So figures can be made of more cases than memory would hold.
pub trait CaseVisitor {
    /// The next case.
    fn case(&mut self, matched: &CaseMatched);
}

impl<F: FnMut(&CaseMatched)> CaseVisitor for F {
    fn case(&mut self, matched: &CaseMatched) {
        self(matched);
    }
}

/// Joins the records of several logs. Several logs of one member are taken as one
/// after the other. No rules of a federation are looked at.
#[must_use]
pub fn match_logs(logs: &[LogRecords]) -> Matched {
    let of_logs = logs.iter().flat_map(|log| log.findings.iter().cloned());
    let mut matched = Matched {
        statements: Vec::new(),
        findings: of_logs.collect(),
    };
    let loose = visit_cases_by(logs, &Rules::default(), &mut |case: &CaseMatched| {
        matched.statements.extend(case.statements.iter().cloned());
        matched.findings.extend(case.findings.iter().cloned());
    });
    matched.findings.extend(loose);
    matched
        .statements
        .sort_by_key(|statement| (statement.first_time(), statement.statement));
    matched
}

/// Joins the records of several logs, and hands over one case after the other.
/// The findings of the single logs stay with them.
pub fn visit_cases(logs: &[LogRecords], visitor: &mut dyn CaseVisitor) {
    visit_cases_by(logs, &Rules::default(), visitor);
}

/// The same, by the rules of a federation. What comes back is of statements whose
/// case nobody says.
pub fn visit_cases_by(
    logs: &[LogRecords],
    rules: &Rules,
    visitor: &mut dyn CaseVisitor,
) -> Vec<Finding> {
    let shown = Shown::of(logs.iter().map(LogRecords::shown));
    let records = || {
        logs.iter().flat_map(|log| {
            log.records.iter().map(|(leaf, facts)| Record {
                member: &log.member,
                log: log.origin.n,
                leaf,
                facts: facts.as_ref(),
            })
        })
    };
    let (all, loose) = join(records(), &shown, rules);
    let strange: BTreeSet<Hash> = all.iter().filter_map(|joined| joined.receipt).collect();
    let elsewhere: BTreeSet<Hash> = records()
        .filter_map(|record| registered_as(&record, &strange))
        .collect();
    let mut cases: BTreeMap<CaseId, Vec<Joined>> = BTreeMap::new();
    for joined in all {
        let of_case = cases.entry(joined.statement.case).or_default();
        of_case.push(joined.resolved(&elsewhere));
    }
    for (case, joined) in cases {
        visitor.case(&case_of(case, joined, rules));
    }
    loose
}

/// The leaf hash of a registration, if it is one of these.
#[must_use]
pub fn registered_as(record: &Record<'_>, strange: &BTreeSet<Hash>) -> Option<Hash> {
    if strange.is_empty() || record.leaf.kind.as_str() != record_kind::RECEIVED {
        return None;
    }
    let hash = leaf_hash(&record.leaf.encode());
    strange.contains(&hash).then_some(hash)
}

/// A record, and whose log it is in.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Whose log.
    pub member: &'a MemberId,
    /// The number of the log.
    pub log: u32,
    /// The record.
    pub leaf: &'a Leaf,
    /// Its facts, if they are here.
    pub facts: Option<&'a Facts>,
}

/// A statement with the records of both sides, and what does not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The statement.
    pub statement: MatchedStatement,
    /// Of its records.
    pub findings: Vec<Finding>,
    /// The receipt that the sender has recorded, if the recipient's log is here and
    /// it is of no record about this statement.
    pub receipt: Option<Hash>,
}

impl Joined {
    /// Once it is known which strange receipts are of other statements.
    #[must_use]
    pub fn resolved(mut self, elsewhere: &BTreeSet<Hash>) -> Self {
        if self.receipt.is_none_or(|hash| !elsewhere.contains(&hash)) {
            return self;
        }
        // The recipient is not to blame for what is no receipt for this.
        self.findings.retain(|finding| {
            !matches!(
                finding.found,
                Found::MissingAtRecipient | Found::ReceiptWithoutRecord
            )
        });
        let said = &self.statement;
        self.findings.push(Finding {
            counterpart: Some(said.recipient.clone()),
            case: Some(said.case),
            statement: Some(said.statement),
            index: said.sent.map(|mark| mark.index),
            ..Finding::in_log_of(&said.sender, Found::ReceiptReplayed)
        });
        self
    }
}

/// Joins records by statement. All records of one statement must be among them;
/// what is about no statement is passed over. Of statements whose case nobody says
/// only findings come back.
#[must_use]
pub fn join<'a>(
    records: impl IntoIterator<Item = Record<'a>>,
    shown: &Shown,
    rules: &Rules,
) -> (Vec<Joined>, Vec<Finding>) {
    let mut pairs: BTreeMap<StatementId, (Pair<'a>, Vec<Finding>)> = BTreeMap::new();
    for record in records {
        if let Some((id, entry)) = Entry::of(record) {
            let (pair, findings) = pairs.entry(id).or_default();
            pair.take(entry, findings);
        }
    }
    let (mut all, mut loose) = (Vec::with_capacity(pairs.len()), Vec::new());
    for (id, (pair, mut findings)) in pairs {
        findings.extend(pair.signed_by_ended_key(rules));
        match pair.joined(id, shown) {
            Some(statement) => {
                compare(&pair, &statement, shown, &mut findings);
                all.push(Joined {
                    receipt: pair.strange_receipt(&statement),
                    statement,
                    findings,
                });
            }
            None => loose.extend(findings),
        }
    }
    (all, loose)
}

/// Makes one case of its statements.
#[must_use]
pub fn case_of(case: CaseId, joined: Vec<Joined>, rules: &Rules) -> CaseMatched {
    let mut matched = CaseMatched {
        case,
        statements: Vec::with_capacity(joined.len()),
        findings: Vec::new(),
    };
    for joined in joined {
        matched.statements.push(joined.statement);
        matched.findings.extend(joined.findings);
    }
    matched
        .statements
        .sort_by_key(|statement| (statement.first_time(), statement.statement));
    let contradicted = contradiction::find(&matched.statements);
    let late = lateness::find(&matched.statements, rules);
    matched.findings.extend(contradicted);
    matched.findings.extend(late);
    matched
}

// ---- One side's record of one statement

#[derive(Clone, Copy)]
struct Entry<'a> {
    leaf: &'a Leaf,
    facts: Option<&'a Facts>,
    member: &'a MemberId,
    log: u32,
    counterpart: &'a MemberId,
    is_sender: bool,
}

impl<'a> Entry<'a> {
    fn of(record: Record<'a>) -> Option<(StatementId, Self)> {
        let Record {
            member,
            log,
            leaf,
            facts,
        } = record;
        let by_kind = match leaf.kind.as_str() {
            record_kind::OFFERED | record_kind::SENT | record_kind::GAVE_UP => true,
            record_kind::RECEIVED | record_kind::REFUSED => false,
            _ => return None,
        };
        let refused = leaf.kind.as_str() == record_kind::REFUSED;
        let is_out = leaf.direction.as_ref().is_some_and(|d| d == direction::OUT);
        // The sender's word that an answer proved nothing, as often as that happened: it is offered again.
        if refused && is_out && leaf.case.is_none() {
            return None;
        }
        let entry = Self {
            leaf,
            facts,
            member,
            log,
            counterpart: leaf.counterpart.as_ref()?,
            // Both sides record a refusal: who gave it and who was refused.
            is_sender: by_kind || (refused && is_out),
        };
        Some((leaf.statement?, entry))
    }

    fn mark(&self) -> Mark {
        Mark {
            time: self.leaf.time,
            index: self.leaf.index,
        }
    }

    fn is_not_in_force(&self) -> bool {
        let code = self.facts.and_then(|facts| facts.code.as_ref());
        self.leaf.kind.as_str() == record_kind::REFUSED
            && code.is_some_and(|code| code.as_str() == Check::Roster.code())
    }

    fn parties(&self) -> (&'a MemberId, &'a MemberId) {
        if self.is_sender {
            (self.member, self.counterpart)
        } else {
            (self.counterpart, self.member)
        }
    }

    fn finding(&self, found: Found) -> Finding {
        Finding {
            found,
            member: self.member.clone(),
            counterpart: Some(self.counterpart.clone()),
            case: self.leaf.case,
            statement: self.leaf.statement,
            clock: None,
            index: Some(self.leaf.index),
        }
    }
}

// ---- Both sides' records of one statement

#[derive(Default)]
struct Pair<'a> {
    offered: Option<Entry<'a>>,
    sent: Option<Entry<'a>>,
    gave_up: Option<Entry<'a>>,
    received: Option<Entry<'a>>,
    refused: Option<Entry<'a>>,
    /// Leaf hashes of what the recipient has registered; more than one if twice.
    registered: BTreeSet<Hash>,
}

impl<'a> Pair<'a> {
    fn take(&mut self, entry: Entry<'a>, findings: &mut Vec<Finding>) {
        let place = match entry.leaf.kind.as_str() {
            record_kind::OFFERED => &mut self.offered,
            record_kind::SENT => &mut self.sent,
            record_kind::GAVE_UP => &mut self.gave_up,
            record_kind::RECEIVED => {
                self.registered.insert(leaf_hash(&entry.leaf.encode()));
                &mut self.received
            }
            _ => &mut self.refused,
        };
        match place {
            None => *place = Some(entry),
            // Both sides record a refusal; the first one stands for it.
            Some(first) if first.member != entry.member && place_is_shared(entry.leaf) => {}
            Some(first) if first.member != entry.member => {
                findings.push(entry.finding(Found::RecordsDiffer));
            }
            // A log that follows a restore has again what was lost. The first record counts.
            Some(first) if first.log != entry.log => {
                if entry.log < first.log {
                    *first = entry;
                }
            }
            // What may pass later is refused as often as it is tried.
            Some(first) if entry.is_not_in_force() && first.is_not_in_force() => {}
            Some(_) => findings.push(entry.finding(Found::RecordedTwice)),
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry<'a>> {
        let all = [
            &self.offered,
            &self.sent,
            &self.gave_up,
            &self.received,
            &self.refused,
        ];
        all.into_iter().flatten()
    }

    /// The recipient's word that the key had ended counts if the roster says so too.
    fn signed_by_ended_key(&self, rules: &Rules) -> Option<Finding> {
        let refused = self.refused.as_ref().filter(|refused| !refused.is_sender)?;
        let (sender, recipient) = refused.parties();
        let ended = rules.a_key_had_ended(sender, refused.leaf.time);
        (refused.is_not_in_force() && ended).then(|| Finding {
            counterpart: Some(recipient.clone()),
            case: self.entries().find_map(|entry| entry.leaf.case),
            statement: refused.leaf.statement,
            index: self.offered.map(|offered| offered.leaf.index),
            ..Finding::in_log_of(sender, Found::SignedByEndedKey)
        })
    }

    fn strange_receipt(&self, statement: &MatchedStatement) -> Option<Hash> {
        statement.recipient_shown?;
        let receipt = self.sent.and_then(|sent| sent.facts?.receipt)?;
        (!self.registered.contains(&receipt)).then_some(receipt)
    }

    fn joined(&self, statement: StatementId, shown: &Shown) -> Option<MatchedStatement> {
        let (sender, recipient) = self.entries().next()?.parties();
        let mark = |entry: &Option<Entry<'_>>| entry.as_ref().map(Entry::mark);
        let facts = |entry: &Option<Entry<'a>>| entry.as_ref().and_then(|entry| entry.facts);
        let mut matched = MatchedStatement {
            statement,
            case: self.entries().find_map(|entry| entry.leaf.case)?,
            kind: self.entries().find_map(|entry| entry.leaf.statement_kind)?,
            sender: sender.clone(),
            recipient: recipient.clone(),
            offered: mark(&self.offered),
            sent: mark(&self.sent),
            gave_up: mark(&self.gave_up),
            received: mark(&self.received),
            // What may pass later is no end.
            refused: mark(&self.refused.filter(|refused| !refused.is_not_in_force())),
            facts: facts(&self.offered)
                .or_else(|| facts(&self.received))
                .cloned(),
            sender_shown: None,
            recipient_shown: None,
        };
        let began = matched.first_time();
        matched.sender_shown = shown.all_with(sender, recipient, began);
        matched.recipient_shown = shown.all_with(recipient, sender, began);
        Some(matched)
    }
}

/// Whether both sides may have a record of this kind about one statement.
fn place_is_shared(leaf: &Leaf) -> bool {
    leaf.kind.as_str() == record_kind::REFUSED
}

/// Which logs are here, as far as they concern a pair of members.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// By member, then by the number of the log.
    logs: BTreeMap<MemberId, BTreeMap<u32, LogShown>>,
}

impl Shown {
    /// Of these logs.
    #[must_use]
    pub fn of(logs: impl IntoIterator<Item = LogShown>) -> Self {
        let mut shown = Self::default();
        for log in logs {
            let of_member = shown.logs.entry(log.origin.member.clone()).or_default();
            of_member.insert(log.origin.n, log);
        }
        shown
    }

    /// When the newest log of a member was fetched, if every record of its logs with
    /// the counterpart is here of what began then.
    fn all_with(&self, member: &MemberId, counterpart: &MemberId, began: TimeMs) -> Option<TimeMs> {
        let (n, newest) = self.logs.get(member)?.last_key_value()?;
        let lacks = |log: Option<&LogShown>| log.is_none_or(|log| !log.shows_all_with(counterpart));
        if lacks(Some(newest)) || began < self.since(member, *n, lacks) {
            return None;
        }
        Some(newest.taken_at)
    }

    /// Whether a member had what began then, but may have lost it in a restore.
    fn may_be_lost(&self, member: &MemberId, began: TimeMs) -> bool {
        let newest = self.logs.get(member).and_then(|logs| logs.last_key_value());
        let lacks = |log: Option<&LogShown>| log.is_none_or(|log| log.is_cut);
        newest.is_some_and(|(n, _)| began < self.since(member, *n, lacks))
    }

    /// From when on no log before the one of number `n` matters that lacks something:
    /// when the log after the last of them began.
    fn since(
        &self,
        member: &MemberId,
        n: u32,
        lacks: impl Fn(Option<&LogShown>) -> bool,
    ) -> TimeMs {
        let log = |n: u32| self.logs.get(member).and_then(|logs| logs.get(&n));
        let Some(lacking) = (1..n).rev().find(|n| lacks(log(*n))) else {
            return 0;
        };
        let next = log(lacking.saturating_add(1)).and_then(|next| next.begins);
        next.map_or(TimeMs::MAX, |begins| {
            begins.saturating_add(CLOCK_SKEW_MS_MAX)
        })
    }
}

// ---- What does not fit together

fn compare(
    pair: &Pair<'_>,
    statement: &MatchedStatement,
    shown: &Shown,
    findings: &mut Vec<Finding>,
) {
    let mut add = |found: Found, whose: &MemberId, index: Option<u64>| {
        let is_sender = *whose == statement.sender;
        let other = if is_sender {
            &statement.recipient
        } else {
            &statement.sender
        };
        findings.push(Finding {
            found,
            member: whose.clone(),
            counterpart: Some(other.clone()),
            case: Some(statement.case),
            statement: Some(statement.statement),
            clock: None,
            index,
        });
    };
    let (sender, recipient) = (&statement.sender, &statement.recipient);
    let MatchedStatement {
        offered,
        sent,
        gave_up,
        received,
        ..
    } = statement;

    let began = statement.first_time();
    let recipient_lost = shown.may_be_lost(recipient, began);
    let a_side_lost = recipient_lost || shown.may_be_lost(sender, began);
    let is_due = |shown: Option<TimeMs>, at: TimeMs, wait: u64| {
        shown.is_some_and(|taken_at| at.saturating_add(wait) <= taken_at)
    };
    let sender_due = |at: TimeMs, wait| is_due(statement.sender_shown, at, wait);
    if let (Some(sent), None) = (sent, received)
        && is_due(statement.recipient_shown, sent.time, CLOCK_SKEW_MS_MAX)
    {
        add(Found::MissingAtRecipient, recipient, None);
    }
    if let (Some(received), None) = (received, offered)
        && sender_due(received.time, CLOCK_SKEW_MS_MAX)
    {
        add(Found::MissingAtSender, sender, None);
    }
    // Whoever dates a registration back does not make the sender late.
    if let (Some(received), Some(offered)) = (received, offered)
        && sent.is_none()
        && gave_up.is_none()
        && sender_due(received.time.max(offered.time), RECEIPT_WAIT_MS_MAX)
    {
        add(Found::NoReceipt, sender, None);
    }
    if let (Some(sent), None) = (sent, offered)
        && statement.sender_shown.is_some()
    {
        add(Found::SentWithoutOffer, sender, Some(sent.index));
    }
    let receipt = pair.sent.and_then(|sent| sent.facts?.receipt);
    if let (Some(receipt), Some(received)) = (receipt, received)
        && !pair.registered.contains(&receipt)
        && !recipient_lost
    {
        add(Found::ReceiptWithoutRecord, recipient, Some(received.index));
    }
    if let Some(wrong) = pair.entries().find(|entry| {
        let says = (entry.leaf.case, entry.leaf.statement_kind, entry.parties());
        let kind = entry.leaf.statement_kind.map(|_| statement.kind);
        says != (
            entry.leaf.case.map(|_| statement.case),
            kind,
            (sender, recipient),
        )
    }) {
        add(Found::RecordsDiffer, wrong.member, Some(wrong.leaf.index));
    }
    let facts = |entry: &Option<Entry<'_>>| entry.as_ref().and_then(|entry| entry.facts.cloned());
    if let (Some(one), Some(other)) = (facts(&pair.offered), facts(&pair.received))
        && contradict(&one, &other)
    {
        add(
            Found::FactsDiffer,
            recipient,
            received.map(|mark| mark.index),
        );
    }
    let is_before = |first: &Option<Mark>, second: &Option<Mark>| {
        matches!((first, second), (Some(first), Some(second))
            if !a_side_lost && second.time.saturating_add(CLOCK_SKEW_MS_MAX) < first.time)
    };
    if is_before(offered, received) {
        add(
            Found::TimeOutOfBounds,
            recipient,
            received.map(|mark| mark.index),
        );
    }
    if is_before(received, sent) {
        add(Found::TimeOutOfBounds, sender, sent.map(|mark| mark.index));
    }
}

/// Whether two records say different things of one statement. What one of them
/// does not say is no contradiction, and salts, the sender's commitment and who
/// acted on one side differ by nature.
fn contradict(one: &Facts, other: &Facts) -> bool {
    fn differ<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
        matches!((one, other), (Some(one), Some(other)) if one != other)
    }
    differ(&one.re, &other.re)
        || differ(&one.code, &other.code)
        || differ(&one.basis, &other.basis)
        || differ(&one.items, &other.items)
        || differ(&one.until, &other.until)
        || differ(&one.answer, &other.answer)
        || differ(&one.clocks, &other.clocks)
        || differ(&one.claimed, &other.claimed)
        || differ(&one.urgency, &other.urgency)
        || differ(&one.complete, &other.complete)
        || differ(&one.standing, &other.standing)
        || differ(&one.reported_at, &other.reported_at)
}
