//! What an audit can find. A finding says what the records say; it is shown to
//! the member that it is about, for reply, before it is published.

use std::fmt;

use comity_wire::ids::{CaseId, Hash, MemberId, StatementId};
use comity_wire::words::Code;
use serde::{Serialize, Serializer};

/// Declares what can be found: name, code, sentence (registry `finding`).
macro_rules! found {
    ($($name:ident, $code:literal, $sentence:literal;)*) => {
        /// What was found.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Found {
            $(#[doc = $sentence] $name,)*
        }

        impl Found {
            /// Everything that can be found.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$name => $sentence,)*
                }
            }
        }
    };
}

found! {
    // Of one log: nothing of it can be used.
    LeafUnreadable, "leaf-unreadable", "A leaf is not a record in the deterministic encoding.";
    NotUnderHead, "not-under-head", "The path of a record does not lead to the root that the log has signed.";
    RootDiffers, "root-differs", "All leaves together have another root than the one that the log has signed.";
    IndexOrder, "index-order", "The records do not stand in the order of their indexes, or one stands twice.";
    // Of one log: proven, and against the rules.
    IndexGap, "index-gap", "A record is missing although the asker may read the whole log.";
    LogNotOpened, "log-not-opened", "The first record of the log is not the one that opens it, or a later one is.";
    SequencesOfAnotherHead, "sequences-of-another-head", "The sequence numbers that came with the records are signed for another log or head.";
    FactsUnreadable, "facts-unreadable", "The facts are those that the record commits to, but are not in the deterministic encoding.";
    FactsNotCommitted, "facts-not-committed", "The facts are not those that the record commits to.";
    SeqGap, "seq-gap", "The numbers of the records about one counterpart are not contiguous.";
    TimeDecreases, "time-decreases", "A record is dated before the one that it follows.";
    RecordIncomplete, "record-incomplete", "A record about a statement does not say which statement, case, kind or counterpart.";
    RecordedTwice, "recorded-twice", "One statement has two records of a kind that it can have once.";
    SentWithoutOffer, "sent-without-offer", "The sender has a receipt for a statement that its log does not say was offered.";
    RosterUnknown, "roster-unknown", "A record names a roster that the governance has not signed.";
    RosterNotYet, "roster-not-yet", "A record names a roster that was made after the time that it is dated.";
    RosterWentBack, "roster-went-back", "A record names an older roster than the one that it follows.";
    Fork, "fork", "The log has signed two heads that are not of one growing tree.";
    HeadsNotJoined, "heads-not-joined", "The log does not show that its head grows out of one that it signed before.";
    LogWentBack, "log-went-back", "The log is shorter than a head that it has signed before.";
    NotWitnessed, "not-witnessed", "The head that the log was read under has not the cosignatures that the charter wants.";
    // Of two logs, or of one and what others know.
    MissingAtRecipient, "missing-at-recipient", "The sender's log says that it has a receipt, and the recipient's log has no record of the statement.";
    MissingAtSender, "missing-at-sender", "The recipient has registered a statement that the sender's log does not say was offered.";
    NoReceipt, "no-receipt", "The recipient has registered a statement, and the sender has recorded neither a receipt nor the end of delivery.";
    ReceiptWithoutRecord, "receipt-without-record", "The receipt that the sender has recorded is of a leaf that the recipient's log does not hold.";
    ReceiptReplayed, "receipt-replayed", "The receipt that the sender has recorded is of another statement.";
    SignedByEndedKey, "signed-by-ended-key", "The recipient has refused a statement because its key had ended, and the roster says that one had.";
    RecordsDiffer, "records-differ", "Sender and recipient name another case, kind or party for one statement.";
    FactsDiffer, "facts-differ", "Sender and recipient have recorded different facts of one statement.";
    TimeOutOfBounds, "time-out-of-bounds", "A record is dated outside the times that the other side, a witness or the auditor gives, by more than clocks may differ.";
    // Of a case.
    AnswerLate, "answer-late", "What a legal clock asks for came after it was due, or has not come and is overdue.";
    OutcomeContradicted, "outcome-contradicted", "Something was seen online soon after it was said to be gone.";
}

/// One finding, and where to look. What is not known or does not apply is absent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What.
    #[serde(rename = "code")]
    pub found: Found,
    /// Whose log it is in, or is missing from.
    pub member: MemberId,
    /// The other member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterpart: Option<MemberId>,
    /// The case, in hex.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "hex")]
    pub case: Option<CaseId>,
    /// The statement, in hex.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "hex")]
    pub statement: Option<StatementId>,
    /// Of `answer-late`: the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Code>,
    /// The index in the log of `member`; with several logs of one member, of the
    /// one that holds the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
}

impl Finding {
    /// A finding about a log.
    #[must_use]
    pub fn in_log_of(member: &MemberId, found: Found) -> Self {
        Self {
            found,
            member: member.clone(),
            counterpart: None,
            case: None,
            statement: None,
            clock: None,
            index: None,
        }
    }

    /// The same, at an index.
    #[must_use]
    pub fn at(self, index: u64) -> Self {
        Self {
            index: Some(index),
            ..self
        }
    }

    /// The stable code (registry `finding`).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.found.code()
    }

    /// What it is called by: the same finding of another audit has the same id.
    #[must_use]
    pub fn id(&self) -> Hash {
        finding_id(
            self.code(),
            &self.member,
            self.counterpart.as_ref(),
            self.case.as_ref(),
            self.statement.as_ref(),
            self.clock.as_ref(),
            self.index,
        )
    }
}

/// The id of a finding, of a code that need not be known here.
pub(crate) fn finding_id(
    code: &str,
    member: &MemberId,
    counterpart: Option<&MemberId>,
    case: Option<&CaseId>,
    statement: Option<&StatementId>,
    clock: Option<&Code>,
    index: Option<u64>,
) -> Hash {
    let content = (code, member, counterpart, case, statement, clock, index);
    Hash::of_parts(&[b"comity-finding/1", &comity_wire::cbor::encode(&content)])
}

impl Found {
    /// What is found under this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|found| found.code() == code)
    }

    /// Whether the log has signed what cannot be true at once, or shows what it has
    /// not signed: then nothing that it says is worth anything until that is cleared.
    #[must_use]
    pub const fn is_alarm(self) -> bool {
        matches!(
            self,
            Self::Fork
                | Self::HeadsNotJoined
                | Self::LogWentBack
                | Self::RootDiffers
                | Self::NotUnderHead
        )
    }
}

impl fmt::Display for Finding {
    /// `code: member, with counterpart, index 7: What it means.`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.member)?;
        if let Some(counterpart) = &self.counterpart {
            write!(f, ", with {counterpart}")?;
        }
        if let Some(case) = &self.case {
            write!(f, ", case {case}")?;
        }
        if let Some(statement) = &self.statement {
            write!(f, ", statement {statement}")?;
        }
        if let Some(clock) = &self.clock {
            write!(f, ", clock {clock}")?;
        }
        if let Some(index) = self.index {
            write!(f, ", index {index}")?;
        }
        write!(f, ": {}", self.found.sentence())
    }
}

impl Serialize for Found {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

fn hex<T: fmt::Display, S: Serializer>(id: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.collect_str(id),
        None => serializer.serialize_none(),
    }
}
