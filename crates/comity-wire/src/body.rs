//! The bodies of the kinds of statement. Fields stand in canonical order; the
//! definition is section 5 of `protocol-spec/comity.cddl`.

use serde::{Deserialize, Serialize};

use crate::cbor::{self, CborError};
use crate::ids::{MemberId, StatementId};
use crate::parts::{Assessment, Ground, Handling, Hosting, Item, Locator, Measure, Requester};
use crate::registry::{Answer, Basis, Complete, Kind, ObservationResult, OutcomeAnswer};
use crate::words::{
    Code, Country, ItemNumber, Keyed, Name, Reference, Round, Sorted, Text, TimeMs,
};

/// Asks the recipient to act on items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakedownRequest {
    /// A note to the recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The measures wanted: `[target, action]`.
    pub asked: Vec<(Code, Code)>,
    /// The legal grounds.
    pub basis: Vec<Ground>,
    /// What it is about.
    pub items: Sorted<Item>,
    /// Legal clocks that the sender says apply.
    pub clocks: Vec<Code>,
    /// Registry `urgency`.
    pub urgency: Code,
    /// The capacity in which the recipient is asked (registry `capacity`).
    pub capacity: Code,
    /// The sender's own reference.
    pub reference: Reference,
    /// In what capacity the report was made.
    pub requester: Requester,
    /// When the sender finished assessing.
    pub assessed_at: TimeMs,
    /// When the public reported it: the sender's claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<TimeMs>,
    /// Until when the recipient is asked to keep the content for authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_until: Option<TimeMs>,
}

/// Hands items to a member that is better placed to act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Referral {
    /// Measures taken and reports made already.
    pub done: Vec<Measure>,
    /// A note to the recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// What it is about.
    pub items: Sorted<Item>,
    /// Registry `referral-reason`.
    pub reason: Code,
    /// Registry `urgency`.
    pub urgency: Code,
    /// Registry `clearance`.
    pub clearance: Code,
    /// The sender's own reference.
    pub reference: Reference,
    /// When the sender finished assessing.
    pub assessed_at: TimeMs,
    /// When the public reported it: the sender's claim.
    pub reported_at: TimeMs,
}

/// Moves a case that another member held to the recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The statement that opened the case that moves.
    pub of: StatementId,
    /// A note to the recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// What it is about, with the numbers of this case.
    pub items: Sorted<Item>,
    /// Registry `transfer-reason`.
    pub reason: Code,
    /// Registry `urgency`.
    pub urgency: Code,
}

/// An answer, or the refusal of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// A person or automation (registry `by`).
    pub by: Code,
    /// Why (registries `answer-code` and `transition`); with `refused` always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// Who to ask instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
    /// A note to the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The items meant; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Sorted<ItemNumber>>,
    /// The statements meant; absent: all that opened or amended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Sorted<StatementId>>,
    /// The answer.
    pub answer: Answer,
    /// When the sender expects the outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_by: Option<TimeMs>,
}

/// Who to ask instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// An organisation outside the federation.
    Name(Name),
    /// A member.
    Member(MemberId),
}

/// What was done, for each item and round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// A note to the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// How the sender knows.
    pub basis: Basis,
    /// One row for each item and round.
    pub items: Sorted<OutcomeItem>,
    /// Whether this is all that the sender has to say.
    pub complete: Complete,
}

/// `[n, round, answer, measures, reason, moved_to, child_n]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeItem(
    /// The item.
    pub ItemNumber,
    /// The round.
    pub Round,
    /// The answer.
    pub OutcomeAnswer,
    /// What was done; several measures hold at once.
    pub Vec<Measure>,
    /// Why (registry `reason`); for `reinstated` always.
    pub Option<Code>,
    /// Where the content is now.
    pub Option<Locator>,
    /// The number of the item in the child case that a relayed outcome is from.
    pub Option<ItemNumber>,
);

impl Keyed for OutcomeItem {
    type Key<'a> = (ItemNumber, Round);

    fn key(&self) -> (ItemNumber, Round) {
        (self.0, self.1)
    }
}

/// Adds to what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    /// A note to the recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// New items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Sorted<Item>>,
    /// New facts of where items are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosting: Option<Vec<(ItemNumber, Hosting)>>,
    /// A new urgency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Code>,
    /// New handling of the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handling: Option<Handling>,
    /// New assessments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assessments: Option<Vec<(ItemNumber, Assessment)>>,
}

/// Takes back what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// Registry `withdrawal-code`.
    pub code: Code,
    /// A note to the recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// How the sender knows.
    pub basis: Basis,
    /// The items meant; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Sorted<ItemNumber>>,
}

/// Contests a statement of the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// The statement contested.
    pub of: StatementId,
    /// Registry `dispute-code`.
    pub code: Code,
    /// A note to the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The items and rounds meant; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Sorted<(ItemNumber, Round)>>,
}

/// Ends a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// The dispute.
    pub of: StatementId,
    /// A reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// A note to the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Registry `resolution-result`.
    pub result: Code,
}

/// Asks for what is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InformationRequest {
    /// Registry `information-ask`.
    pub asks: Vec<Code>,
    /// A note to the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The items meant; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Sorted<ItemNumber>>,
}

/// Answers a request for information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Information {
    /// The request, or the acknowledgement that needed information.
    pub of: StatementId,
    /// A note to the other side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// New facts of where items are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosting: Option<Vec<(ItemNumber, Hosting)>>,
    /// New assessments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assessments: Option<Vec<(ItemNumber, Assessment)>>,
}

/// What somebody saw. The node itself never looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// How the sender knows.
    pub basis: Basis,
    /// One row for each item and round.
    pub items: Sorted<ObservationItem>,
}

/// `[n, round, result, method, vantage, at]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservationItem(
    /// The item.
    pub ItemNumber,
    /// The round.
    pub Round,
    /// What was seen.
    pub ObservationResult,
    /// Registry `observation-method`.
    pub Code,
    /// The country from which somebody looked.
    pub Option<Country>,
    /// When.
    pub TimeMs,
);

impl Keyed for ObservationItem {
    type Key<'a> = (ItemNumber, Round);

    fn key(&self) -> (ItemNumber, Round) {
        (self.0, self.1)
    }
}

/// An authority asked to wait, or no longer does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Who asked (registry `hold-authority`).
    pub by: Code,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<TimeMs>,
    /// What the authority answered (registry `hold-result`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Code>,
    /// When it was asked.
    pub asked_at: TimeMs,
    /// When it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<TimeMs>,
}

/// Something was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasureNotice {
    /// What.
    pub what: Erased,
    /// Registry `erasure-ground`.
    pub ground: Code,
}

/// What was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Erased {
    /// Everything of the case.
    Case,
    /// These statements.
    Statements(Sorted<StatementId>),
}

/// Ties every kind to its body, once.
macro_rules! bodies {
    ($($kind:ident($body:ident)),* $(,)?) => {
        /// A body, by its kind.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Body {
            $(
                #[doc = concat!("The body of `Kind::", stringify!($kind), "`.")]
                $kind($body),
            )*
        }

        impl Body {
            /// The kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// The deterministic encoding.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                match self {
                    $(Self::$kind(body) => cbor::encode(body),)*
                }
            }

            /// Decodes the body of a kind.
            ///
            /// # Errors
            /// When the bytes are not the deterministic encoding of that kind's body.
            pub fn decode(kind: Kind, bytes: &[u8]) -> Result<Self, CborError> {
                match kind {
                    $(Kind::$kind => cbor::decode(bytes).map(Self::$kind),)*
                }
            }
        }

        impl crate::limited::Limited for Body {
            fn within_limits(&self) -> Result<(), crate::limited::OverLimit> {
                match self {
                    $(Self::$kind(body) => body.within_limits(),)*
                }
            }
        }
    };
}

bodies!(
    TakedownRequest(TakedownRequest),
    Referral(Referral),
    Transfer(Transfer),
    Acknowledgement(Acknowledgement),
    Outcome(Outcome),
    Amendment(Amendment),
    Withdrawal(Withdrawal),
    Dispute(Dispute),
    Resolution(Resolution),
    InformationRequest(InformationRequest),
    Information(Information),
    Observation(Observation),
    Hold(Hold),
    Release(Hold),
    ErasureNotice(ErasureNotice),
);

impl Body {
    /// Rules between the members of a body, which a structure cannot say.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn is_coherent(&self) -> Result<(), &'static str> {
        let (holds, otherwise) = match self {
            Self::Acknowledgement(body) => (
                body.answer != Answer::Refused || body.code.is_some(),
                "a refusal must say why in `code`",
            ),
            Self::Outcome(body) => (
                body.items
                    .iter()
                    .all(|row| row.2 != OutcomeAnswer::Reinstated || row.4.is_some()),
                "`reinstated` must say why in `reason`",
            ),
            _ => (true, ""),
        };
        if holds { Ok(()) } else { Err(otherwise) }
    }

    /// The items that an opening statement or an amendment brings in.
    #[must_use]
    pub fn new_items(&self) -> &[Item] {
        match self {
            Self::TakedownRequest(body) => &body.items,
            Self::Referral(body) => &body.items,
            Self::Transfer(body) => &body.items,
            Self::Amendment(body) => body.items.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }
}
