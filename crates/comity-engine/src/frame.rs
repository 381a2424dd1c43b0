//! What stands in the journal, besides the records of the log: everything that must survive.
//!
//! A frame is an array of fixed length in the deterministic encoding; absent is null. Its number (`kind`) and shape are
//! final: a new need is a new kind. The journal encrypts it, under the key of its case where it has one.

use std::fmt;

use comity_wire::cbor;
use comity_wire::ids::{CaseId, Hash, MemberId, Nonce, PublicKey, StatementId};
use comity_wire::parts::{Assessment, Handling, Hosting, Locator, Measure};
use comity_wire::registry::Kind;
use comity_wire::words::{Code, ItemNumber, Reference, TimeMs};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::ports::Fault;
pub use crate::restored::CameBack;

/// Ties every frame to its number, once.
macro_rules! frames {
    ($($(#[$doc:meta])* $number:literal $name:ident,)*) => {
        /// A frame, by its kind.
        #[expect(
            clippy::large_enum_variant,
            reason = "one at a time is in memory, for as long as it is read or written"
        )]
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Frame {
            $($(#[$doc])* $name($name),)*
        }

        impl Frame {
            /// Its number in the journal.
            #[must_use]
            pub const fn kind(&self) -> u8 {
                match self {
                    $(Self::$name(_) => $number,)*
                }
            }

            /// Its content.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                match self {
                    $(Self::$name(frame) => cbor::encode(frame),)*
                }
            }

            /// Reads a frame.
            ///
            /// # Errors
            /// The journal holds something that this version does not write.
            pub fn decode(kind: u8, bytes: &[u8]) -> Result<Self, Fault> {
                match kind {
                    $($number => read(kind, bytes).map(Self::$name),)*
                    _ => Err(Fault::new(
                        "frame-unknown",
                        format!("the journal has a frame of kind {kind}; a newer version wrote it"),
                    )),
                }
            }
        }

        $(impl From<$name> for Frame {
            fn from(frame: $name) -> Self {
                Self::$name(frame)
            }
        })*
    };
}

frames! {
    /// A signed charter.
    1 TookCharter,
    /// A signed roster.
    2 TookRoster,
    /// A statement of another member, registered here.
    3 Received,
    /// An own statement, signed; nobody has it yet.
    4 Own,
    /// The first attempt to deliver an own statement.
    5 Offered,
    /// An attempt that came to nothing, and when the next one is due.
    6 Tried,
    /// The recipient's receipt.
    7 Sent,
    /// The recipient's refusal.
    8 TurnedDown,
    /// An own statement that is not delivered any more.
    9 GaveUp,
    /// A refusal that this member signed.
    10 Refused,
    /// A report of the public.
    11 Report,
    /// A statement that waits for a second person.
    12 Draft,
    /// A second person's word.
    13 Review,
    /// A case that follows from another.
    14 Link,
    /// What the hotline did itself.
    15 Outside,
    /// Somebody looked at a locator.
    16 Looked,
    /// A member could not be reached, and when the next attempt is due.
    17 Unreached,
    /// Evidence that a log or the governance contradicts itself.
    18 TookEvidence,
    /// A member has taken evidence that was handed to it.
    19 HandedEvidence,
    /// A head of another log, cosigned as the charter wants, that heads of receipts lead to.
    20 Followed,
    /// A member has given back what was lost in a restore.
    24 Redelivered,
    /// A finding of an own audit, signed for its subject.
    25 Found,
    /// A finding of another member's audit about this one.
    26 TookFinding,
    /// The other side has noted a finding, or the reply to one.
    27 FindingNoted,
    /// The subject's reply to a finding.
    28 FindingReplied,
}

/// A signed charter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TookCharter(
    /// As it came.
    pub ByteBuf,
    /// When it was taken.
    pub TimeMs,
);

/// A signed roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TookRoster(
    /// As it came.
    pub ByteBuf,
    /// When it was taken.
    pub TimeMs,
);

/// A statement of another member. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received(
    /// As it came.
    pub ByteBuf,
    /// The key that verified it: a roster of the future may not list it.
    pub PublicKey,
    /// What travelled beside it.
    pub Vec<ByteBuf>,
    /// When it was recorded.
    pub TimeMs,
    /// The index of its record.
    pub u64,
);

/// An own statement. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Own(
    /// As it is sent.
    pub ByteBuf,
    /// The key that signed it.
    pub PublicKey,
    /// What travels beside it.
    pub Vec<ByteBuf>,
    /// When it was signed.
    pub TimeMs,
    /// Who drafted it; none: the node itself.
    pub Option<Box<str>>,
    /// Opens its commitment to a parent.
    pub Option<(Nonce, CaseId, StatementId)>,
);

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received({} bytes, record {})", self.0.len(), self.4)
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Own({} bytes)", self.0.len())
    }
}

/// The first attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered(
    /// The statement.
    pub StatementId,
    /// When.
    pub TimeMs,
    /// The index of its record.
    pub u64,
);

/// An attempt that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried(
    /// The statement.
    pub StatementId,
    /// Attempts so far.
    pub u64,
    /// When the next one is due.
    pub TimeMs,
    /// Why.
    pub Code,
);

/// A receipt that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent(
    /// The statement.
    pub StatementId,
    /// The receipt.
    pub ByteBuf,
    /// The signed head that it is under.
    pub Box<str>,
    /// When it came.
    pub TimeMs,
    /// When the recipient says that it registered the statement.
    pub TimeMs,
    /// The index of its record.
    pub u64,
);

/// A refusal that is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedDown(
    /// The statement.
    pub StatementId,
    /// The signed refusal.
    pub ByteBuf,
    /// Why.
    pub Code,
    /// When it came.
    pub TimeMs,
    /// The index of its record.
    pub u64,
);

/// The end of all attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaveUp(
    /// The statement.
    pub StatementId,
    /// Why.
    pub Code,
    /// When.
    pub TimeMs,
    /// The index of its record.
    pub u64,
);

/// A refusal that this member signed, to be repeated as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused(
    /// SHA-256 of what was refused.
    pub Hash,
    /// The signed refusal.
    pub ByteBuf,
    /// To whom.
    pub MemberId,
    /// When.
    pub TimeMs,
    /// The index of its record.
    pub u64,
);

/// A report of the public about one locator. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report(
    /// What makes it the same report when it comes again.
    pub Hash,
    /// The locator's own id: a keyed hash.
    pub Nonce,
    /// As it was reported.
    pub Locator,
    /// The host, for routing.
    pub Box<str>,
    /// Where it is said to be.
    pub Vec<Hosting>,
    /// The own assessment.
    pub Assessment,
    /// The hotline's reference.
    pub Reference,
    /// Registry `urgency`.
    pub Code,
    /// What was done already.
    pub Vec<Measure>,
    /// `[reported, assessed, taken in]`
    pub (TimeMs, TimeMs, TimeMs),
    /// What became of it ([`crate::intake::Place`]), its destination, why, and who took it in.
    pub (Code, Option<MemberId>, Option<Code>, Box<str>),
);

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Report({})", self.0)
    }
}

/// A statement that waits for a second person. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft(
    /// Its id.
    pub Nonce,
    /// The case; for an opening statement, the one that it will open.
    pub CaseId,
    /// For an opening statement.
    pub Option<Nonce>,
    /// To whom.
    pub MemberId,
    /// What it will be.
    pub Kind,
    /// The encoded body.
    pub ByteBuf,
    /// How the recipient must treat it.
    pub Handling,
    /// Who drafted it, when.
    pub (Box<str>, TimeMs),
    /// The reported locators that it is about, in the order of its items.
    pub Vec<Nonce>,
    /// The item of another case that each of its items follows from: `[n, parent case, its n]`.
    pub Vec<(ItemNumber, CaseId, ItemNumber)>,
);

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({}, {})", self.0, self.4)
    }
}

/// A second person's word. `Debug` hides the person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review(
    /// The draft.
    pub Nonce,
    /// `confirm`, `return`, `no-action`, `conflict`.
    pub Code,
    /// Who; none: the node itself, for a conflict.
    pub Option<Box<str>>,
    /// When.
    pub TimeMs,
    /// The statement that it became.
    pub Option<StatementId>,
);

impl fmt::Debug for Review {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Review({}, {})", self.0, self.1)
    }
}

/// A case that follows from another: `[parent case, n]` and `[child case, n]`. Never sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link(
    /// The case that it follows from.
    pub CaseId,
    /// Its item.
    pub ItemNumber,
    /// The case that follows.
    pub CaseId,
    /// Its item.
    pub ItemNumber,
);

/// What the hotline did itself. `Debug` hides the person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside(
    /// The reported locator.
    pub Nonce,
    /// Told whom.
    pub Code,
    /// When.
    pub TimeMs,
    /// Who.
    pub Box<str>,
);

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outside({})", self.1)
    }
}

/// Somebody looked at a locator. `Debug` hides the person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked(
    /// The case or the draft.
    pub CaseId,
    /// The item.
    pub ItemNumber,
    /// Who.
    pub Box<str>,
    /// When.
    pub TimeMs,
);

impl fmt::Debug for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Looked({}, {})", self.0, self.1)
    }
}

/// A member could not be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreached(
    /// The member.
    pub MemberId,
    /// Attempts in a row; 0: it was reached again.
    pub u64,
    /// When the next one is due.
    pub TimeMs,
    /// Why.
    pub Code,
);

/// Evidence that was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TookEvidence(
    /// As it came, or as it was made here.
    pub ByteBuf,
    /// What it is about ([`comity_audit::Contradiction::about`]).
    pub Box<str>,
    /// Who handed it over; none: found here.
    pub Option<MemberId>,
    /// When it was recorded.
    pub TimeMs,
    /// The index of its record.
    pub u64,
);

/// A member has taken evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedEvidence(
    /// SHA-256 of the evidence.
    pub Hash,
    /// The member.
    pub MemberId,
    /// When it said so.
    pub TimeMs,
    /// The number of the log that it wrote then; 0: it had none.
    #[serde(default)]
    pub u32,
);

/// A head that others have cosigned, and what leads to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed(
    /// The checkpoint, with the cosignatures that count.
    pub Box<str>,
    /// Heads of receipts that it grew out of: `[size, root]`.
    pub Vec<(u64, Hash)>,
    /// Who has cosigned it, and when by their clocks.
    pub Vec<(MemberId, TimeMs)>,
    /// When it was recorded.
    pub TimeMs,
);

/// A member has given back what was lost in a restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redelivered(
    /// The number of the log that was closed.
    pub u32,
    /// The member.
    pub MemberId,
    /// What came back.
    pub CameBack,
    /// Why it gives nothing.
    pub Option<Code>,
    /// When.
    pub TimeMs,
);

/// A finding of an own audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found(
    /// The signed notice.
    pub ByteBuf,
    /// The id of the finding.
    pub Hash,
    /// Its subject.
    pub MemberId,
    /// The end of the reply period.
    pub TimeMs,
    /// When it was signed.
    pub TimeMs,
    /// The index of its record.
    pub u64,
);

/// A finding about this member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TookFinding(
    /// The signed notice, as it came.
    pub ByteBuf,
    /// The id of the finding.
    pub Hash,
    /// Who found it.
    pub MemberId,
    /// The end of the reply period.
    pub TimeMs,
    /// When it was recorded.
    pub TimeMs,
    /// The index of its record.
    pub u64,
);

/// The other side has what it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingNoted(
    /// Who found it.
    pub MemberId,
    /// The id of the finding.
    pub Hash,
    /// Its subject.
    pub MemberId,
    /// Whether it is the reply that was noted.
    pub bool,
    /// When.
    pub TimeMs,
);

/// What the subject has replied. `Debug` hides the person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingReplied(
    /// Who found it.
    pub MemberId,
    /// The id of the finding.
    pub Hash,
    /// Its subject.
    pub MemberId,
    /// The signed reply.
    pub ByteBuf,
    /// Who of this member's people; none: it came from the subject.
    pub Option<Box<str>>,
    /// When it was recorded.
    pub TimeMs,
    /// The index of its record.
    pub u64,
);

impl fmt::Debug for FindingReplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FindingReplied({}, {})", self.1, self.2)
    }
}

fn read<T: Serialize + DeserializeOwned>(kind: u8, bytes: &[u8]) -> Result<T, Fault> {
    cbor::decode(bytes).map_err(|error| {
        Fault::new(
            "frame-unreadable",
            format!("a frame of kind {kind}: {error}"),
        )
    })
}
