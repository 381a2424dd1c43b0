//! The lists of codes of the specification: closed ones as enums, open ones as constants.
// Made from protocol-spec/registries by `cargo xtask spec`. Do not edit by hand.

use serde::{Deserialize, Serialize};

/// Apparent age band of the youngest child. Open: others may come.
pub mod age {
    /// A baby or toddler, to the age of about two.
    pub const INFANT: &str = "infant";
    /// No longer an infant, and puberty has not begun.
    pub const PAST_INFANCY: &str = "past-infancy";
    /// Puberty has not begun; infants included.
    pub const PRE_PUBESCENT: &str = "pre-pubescent";
    /// Puberty has begun, and the person appears to be under 18.
    pub const PUBESCENT: &str = "pubescent";
    /// Appears to be under 18; no band is said.
    pub const CHILD: &str = "child";
    /// The youngest person appears to be 18 or older.
    pub const ADULT: &str = "adult";
    /// The assessor looked and could not tell a child from an adult, or one band from another.
    pub const NOT_DETERMINED: &str = "not-determined";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 7] = [
        INFANT,
        PAST_INFANCY,
        PRE_PUBESCENT,
        PUBESCENT,
        CHILD,
        ADULT,
        NOT_DETERMINED,
    ];
}

/// Codes of an acknowledgement. Open: others may come.
pub mod answer_code {
    /// The item is not on a service of the recipient.
    pub const NOT_OUR_SERVICE: &str = "not-our-service";
    /// The law that binds the recipient does not cover it.
    pub const NOT_ILLEGAL_HERE: &str = "not-illegal-here";
    /// The item cannot be found with what was given.
    pub const NOT_ENOUGH_INFORMATION: &str = "not-enough-information";
    /// The recipient has the same request already.
    pub const DUPLICATE: &str = "duplicate";
    /// The sender may not ask for this.
    pub const NO_MANDATE: &str = "no-mandate";
    /// The recipient cannot read the language.
    pub const LANGUAGE: &str = "language";
    /// Statements that this one builds on did not arrive in time.
    pub const RE_MISSING: &str = "re-missing";
    /// The case holds as many statements or items as the limits allow.
    pub const CASE_FULL: &str = "case-full";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 8] = [
        NOT_OUR_SERVICE,
        NOT_ILLEGAL_HERE,
        NOT_ENOUGH_INFORMATION,
        DUPLICATE,
        NO_MANDATE,
        LANGUAGE,
        RE_MISSING,
        CASE_FULL,
    ];
}

/// Answers of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The recipient takes the request on.
    Accepted,
    /// The recipient does not; what is refused is void for ever.
    Refused,
    /// The recipient cannot act before it knows more.
    NeedsInformation,
    /// The recipient serves another layer; `next` names who to ask.
    WrongLayer,
    /// The recipient had acted before the request arrived.
    AlreadyActioned,
    /// The recipient handed the request to another member.
    Transferred,
}

impl Answer {
    /// Every value, in the order of the specification.
    pub const ALL: [Self; 6] = [
        Self::Accepted,
        Self::Refused,
        Self::NeedsInformation,
        Self::WrongLayer,
        Self::AlreadyActioned,
        Self::Transferred,
    ];

    /// The name on the wire and in every table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::NeedsInformation => "needs-information",
            Self::WrongLayer => "wrong-layer",
            Self::AlreadyActioned => "already-actioned",
            Self::Transferred => "transferred",
        }
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who may see the statement at the recipient. Open: others may come.
pub mod audience {
    /// The people who work on the case.
    pub const CASE_STAFF: &str = "case-staff";
    /// Anyone at the recipient with a need to know.
    pub const MEMBER: &str = "member";
    /// The recipient, and authorities that it must report to.
    pub const MEMBER_AND_AUTHORITIES: &str = "member-and-authorities";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [CASE_STAFF, MEMBER, MEMBER_AND_AUTHORITIES];
}

/// Codes of an audit request that was not answered as asked. Open: others may come.
pub mod audit_code {
    /// The charter gives the asker no mandate of that name, or the asker may read nothing of this log.
    pub const NO_MANDATE: &str = "no-mandate";
    /// The log named is not one of this member's.
    pub const UNKNOWN_ORIGIN: &str = "unknown-origin";
    /// The first index or the size asked for is beyond the tree.
    pub const BEYOND_TREE: &str = "beyond-tree";
    /// The reply is to no finding that this member has sent to the one that replies.
    pub const UNKNOWN_FINDING: &str = "unknown-finding";
    /// The notice or the reply is not signed by who sends it, or does not fit together.
    pub const NOT_A_FINDING: &str = "not-a-finding";
    /// The member cannot answer now; try again after the time given.
    pub const BUSY: &str = "busy";
    /// The request is not one in the deterministic encoding.
    pub const BAD_REQUEST: &str = "bad-request";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 7] = [
        NO_MANDATE,
        UNKNOWN_ORIGIN,
        BEYOND_TREE,
        UNKNOWN_FINDING,
        NOT_A_FINDING,
        BUSY,
        BAD_REQUEST,
    ];
}

/// Whether an item meets the international baseline. Open: others may come.
pub mod baseline {
    /// It meets every criterion.
    pub const YES: &str = "yes";
    /// It does not.
    pub const NO: &str = "no";
    /// The assessor did not look at this.
    pub const NOT_ASSESSED: &str = "not-assessed";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [YES, NO, NOT_ASSESSED];
}

/// How the sender knows what it states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// By its own act or decision.
    Own,
    /// From a statement of another case, given as evidence.
    Relayed,
    /// By looking, without knowing who acted.
    Observed,
}

impl Basis {
    /// Every value, in the order of the specification.
    pub const ALL: [Self; 3] = [Self::Own, Self::Relayed, Self::Observed];

    /// The name on the wire and in every table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Relayed => "relayed",
            Self::Observed => "observed",
        }
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }
}

impl std::fmt::Display for Basis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who answered. Open: others may come.
pub mod by {
    /// A person decided.
    pub const PERSON: &str = "person";
    /// A program decided without a person.
    pub const AUTOMATION: &str = "automation";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 2] = [PERSON, AUTOMATION];
}

/// Capacities in which a member can be asked. Open: others may come.
pub mod capacity {
    /// Runs the service that the content was posted to.
    pub const SERVICE: &str = "service";
    /// Runs the machines that the content is stored on.
    pub const HOST: &str = "host";
    /// Delivers the content from its edge.
    pub const CDN: &str = "cdn";
    /// Registered the domain name.
    pub const REGISTRAR: &str = "registrar";
    /// Lists the content in results.
    pub const SEARCH: &str = "search";
    /// Operates the site.
    pub const SITE_OWNER: &str = "site-owner";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 6] = [SERVICE, HOST, CDN, REGISTRAR, SEARCH, SITE_OWNER];
}

/// Checks of a statement, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The statement is at most `STATEMENT_BYTES_MAX` long.
    Size,
    /// Arrays, maps and tags are nested at most `DEPTH_MAX` deep: in the bytes as they came, then, as soon as the outer structure is read, in the protected header and the payload, then in the body.
    Depth,
    /// The bytes are one COSE_Sign1 with tag 18 in the deterministic encoding, and nothing else.
    Outer,
    /// The protected header is exactly the one that its own values give, and the unprotected header is empty.
    Header,
    /// The roster's history has this statement key for this issuer.
    Key,
    /// The signature verifies strictly under that key.
    Signature,
    /// The statement is not recorded yet; if it is, its issuer gets the receipt again.
    Known,
    /// The payload is the deterministic encoding of the payload structure.
    Payload,
    /// The kind is one that this version knows.
    Kind,
    /// The body is the deterministic encoding of that kind's structure.
    Body,
    /// Every count, length and value is within the limits.
    Limits,
    /// Every critical extension is one that the recipient knows.
    Ext,
    /// `fed` is this federation.
    Federation,
    /// `to` is this member, and not the issuer.
    Recipient,
    /// A statement that opens a case carries the nonce that gives its case id; no other one carries a nonce.
    CaseId,
    /// `iat` is within the time window around the recipient's clock.
    Time,
    /// The issuer is a member now, its key is in force, and the roster has not run out for this kind.
    Roster,
    /// The charter lets a role of the issuer send this kind to a role of the recipient.
    Matrix,
    /// The case is known here, or the statement opens it.
    Case,
    /// Issuer and recipient are the two parties of the case, and the kind may come from the issuer's side.
    Party,
}

impl Check {
    /// Every value, in the order of the specification.
    pub const ALL: [Self; 20] = [
        Self::Size,
        Self::Depth,
        Self::Outer,
        Self::Header,
        Self::Key,
        Self::Signature,
        Self::Known,
        Self::Payload,
        Self::Kind,
        Self::Body,
        Self::Limits,
        Self::Ext,
        Self::Federation,
        Self::Recipient,
        Self::CaseId,
        Self::Time,
        Self::Roster,
        Self::Matrix,
        Self::Case,
        Self::Party,
    ];

    /// The name on the wire and in every table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Depth => "depth",
            Self::Outer => "outer",
            Self::Header => "header",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Known => "known",
            Self::Payload => "payload",
            Self::Kind => "kind",
            Self::Body => "body",
            Self::Limits => "limits",
            Self::Ext => "ext",
            Self::Federation => "federation",
            Self::Recipient => "recipient",
            Self::CaseId => "case-id",
            Self::Time => "time",
            Self::Roster => "roster",
            Self::Matrix => "matrix",
            Self::Case => "case",
            Self::Party => "party",
        }
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }

    /// The one code of the answer when it fails.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Size => "oversize",
            Self::Depth => "too-deep",
            Self::Outer => "not-canonical",
            Self::Header => "bad-header",
            Self::Key => "unknown-key",
            Self::Signature => "bad-signature",
            Self::Known => "known",
            Self::Payload => "bad-payload",
            Self::Kind => "unknown-kind",
            Self::Body => "bad-body",
            Self::Limits => "over-limit",
            Self::Ext => "unknown-critical",
            Self::Federation => "wrong-federation",
            Self::Recipient => "wrong-recipient",
            Self::CaseId => "wrong-case-id",
            Self::Time => "outside-window",
            Self::Roster => "not-in-force",
            Self::Matrix => "role-forbidden",
            Self::Case => "unknown-case",
            Self::Party => "wrong-party",
        }
    }

    /// Whether the answer is a signed refusal; if not, it is an unsigned code.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        matches!(
            self,
            Self::Payload
                | Self::Kind
                | Self::Body
                | Self::Limits
                | Self::Ext
                | Self::Federation
                | Self::Recipient
                | Self::CaseId
                | Self::Time
                | Self::Roster
                | Self::Matrix
                | Self::Party
        )
    }

    /// Whether the same bytes may succeed later.
    #[must_use]
    pub const fn may_pass_later(self) -> bool {
        matches!(self, Self::Key | Self::Roster | Self::Matrix | Self::Case)
    }

    /// Whose move it is, and what to do.
    #[must_use]
    pub const fn next(self) -> &'static str {
        match self {
            Self::Size => "The sender splits it into smaller statements.",
            Self::Depth | Self::Outer | Self::Header | Self::Payload | Self::Body => {
                "The sender mends its encoder."
            }
            Self::Key => "Either side fetches the newer roster; then the sender tries again.",
            Self::Signature => "The sender looks for what changed the bytes.",
            Self::Known => "Nothing: the receipt is the answer.",
            Self::Kind => "The sender uses a kind of this version.",
            Self::Limits => "The sender splits or shortens what is too long.",
            Self::Ext => "The sender leaves the extension out or marks it as not critical.",
            Self::Federation => "The sender checks which federation it meant.",
            Self::Recipient => "The sender addresses it to the member that it meant.",
            Self::CaseId => "The sender derives the case id as specified.",
            Self::Time => "The sender checks its clock and signs anew.",
            Self::Roster => {
                "The governance signs a new roster, or the sender uses a key that is in force."
            }
            Self::Matrix => {
                "The federation's governance changes the charter, or the sender asks another member."
            }
            Self::Case => "The sender delivers the opening statement first.",
            Self::Party => "The sender checks the case and the kind.",
        }
    }
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Clearance by an authority before a notice may go out. Open: others may come.
pub mod clearance {
    /// No clearance is needed.
    pub const NONE_NEEDED: &str = "none-needed";
    /// Clearance was asked for and not yet given.
    pub const AWAITING: &str = "awaiting";
    /// Clearance was given.
    pub const GIVEN: &str = "given";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [NONE_NEEDED, AWAITING, GIVEN];
}

/// Whether an outcome says all that its sender has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Complete {
    /// Every open item of the case is answered with this outcome.
    Yes,
    /// More outcomes will follow.
    Partial,
}

impl Complete {
    /// Every value, in the order of the specification.
    pub const ALL: [Self; 2] = [Self::Yes, Self::Partial];

    /// The name on the wire and in every table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Partial => "partial",
        }
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }
}

impl std::fmt::Display for Complete {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How sure the assessor is. Open: others may come.
pub mod confidence {
    /// It may well be otherwise.
    pub const LOW: &str = "low";
    /// It is more likely than not.
    pub const MEDIUM: &str = "medium";
    /// There is no reasonable doubt.
    pub const HIGH: &str = "high";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [LOW, MEDIUM, HIGH];
}

/// Content types of signed objects. Open: others may come.
pub mod content_type {
    /// A statement.
    pub const STATEMENT: &str = "application/comity-statement+cbor";
    /// A refusal.
    pub const REFUSAL: &str = "application/comity-refusal+cbor";
    /// A charter.
    pub const CHARTER: &str = "application/comity-charter+cbor";
    /// A roster.
    pub const ROSTER: &str = "application/comity-roster+cbor";
    /// The next sequence numbers of a log, in an audit.
    pub const SEQUENCES: &str = "application/comity-sequences+cbor";
    /// The announcement of a log opened after a restore.
    pub const RESTORED: &str = "application/comity-restored+cbor";
    /// A finding of an audit, for its subject.
    pub const FINDING: &str = "application/comity-finding+cbor";
    /// The subject's reply to a finding.
    pub const FINDING_REPLY: &str = "application/comity-finding-reply+cbor";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 8] = [
        STATEMENT,
        REFUSAL,
        CHARTER,
        ROSTER,
        SEQUENCES,
        RESTORED,
        FINDING,
        FINDING_REPLY,
    ];
}

/// How the content came about, and what is done with it. Open: others may come.
pub mod context {
    /// Unwanted sexual words, pictures or advances reach a child online.
    pub const ONLINE_SEXUAL_HARASSMENT: &str = "online-sexual-harassment";
    /// Somebody sent sexual material to a child who had not asked for it.
    pub const SEXUAL_MATERIAL_SENT: &str = "sexual-material-sent";
    /// Who the child is was published beside sexual content or advances: name, school, address, account.
    pub const IDENTITY_EXPOSED: &str = "identity-exposed";
    /// An account that collects intimate images of children and adds who they are.
    pub const EXPOSURE_ACCOUNT: &str = "exposure-account";
    /// An intimate image of the child was made, taken, shared or threatened with, without consent.
    pub const IMAGE_BASED_ABUSE: &str = "image-based-abuse";
    /// The child was filmed or photographed without knowing it, in private or in public.
    pub const COVERTLY_TAKEN: &str = "covertly-taken";
    /// An image was passed on against the will of the child shown.
    pub const SHARED_WITHOUT_CONSENT: &str = "shared-without-consent";
    /// Somebody threatens to share an image.
    pub const THREAT_TO_SHARE: &str = "threat-to-share";
    /// The child took the image of itself. It is never to blame for it.
    pub const TAKEN_BY_CHILD: &str = "taken-by-child";
    /// Taken and shared between children of like age who both agreed, for themselves.
    pub const TAKEN_BETWEEN_PEERS: &str = "taken-between-peers";
    /// The child took it because others pressed it to, without a threat.
    pub const TAKEN_UNDER_PRESSURE: &str = "taken-under-pressure";
    /// The child took it because somebody had groomed it.
    pub const TAKEN_WHEN_GROOMED: &str = "taken-when-groomed";
    /// The child took it under a threat or by force.
    pub const TAKEN_UNDER_COERCION: &str = "taken-under-coercion";
    /// Somebody demands something of the child under the threat to share an image or a secret.
    pub const SEXUAL_EXTORTION: &str = "sexual-extortion";
    /// What is demanded is money or what can be sold.
    pub const SEXUAL_EXTORTION_MONEY: &str = "sexual-extortion-money";
    /// What is demanded is more images, or sexual acts.
    pub const SEXUAL_EXTORTION_CONTENT: &str = "sexual-extortion-content";
    /// Somebody approaches a child online with a sexual aim.
    pub const APPROACH: &str = "approach";
    /// Somebody builds trust with a child, or those around it, in order to abuse it.
    pub const GROOMING: &str = "grooming";
    /// Somebody asks a child for sexual images, talk or acts.
    pub const SOLICITATION: &str = "solicitation";
    /// A program writes to children for whoever runs it.
    pub const AUTOMATED_APPROACH: &str = "automated-approach";
    /// A meeting with the child in person is being arranged for abuse.
    pub const ARRANGED_MEETING: &str = "arranged-meeting";
    /// The abuse is or was sent out while it happened.
    pub const LIVE_STREAMED: &str = "live-streamed";
    /// Somebody elsewhere ordered, paid for or directed it.
    pub const LIVE_STREAMED_TO_ORDER: &str = "live-streamed-to-order";
    /// A generative model made or changed the content.
    pub const MODEL_MADE: &str = "model-made";
    /// The model made the likeness of a real child, known or unknown.
    pub const LIKENESS: &str = "likeness";
    /// The model took the clothes off a picture of a child.
    pub const UNDRESSED_BY_MODEL: &str = "undressed-by-model";
    /// The face of a child was put on another body, or another face on the body of a child.
    pub const FACE_SWAP: &str = "face-swap";
    /// A person was made to look younger than they are or were.
    pub const DE_AGED: &str = "de-aged";
    /// The voice of a child was imitated.
    pub const VOICE_CLONED: &str = "voice-cloned";
    /// The harm is done in virtual or augmented reality: to the child's figure, its senses, or in private rooms.
    pub const EXTENDED_REALITY: &str = "extended-reality";
    /// Somebody asks, pays or earns money for it.
    pub const COMMERCIAL: &str = "commercial";
    /// A site or channel takes payment for access.
    pub const PAID_SITE: &str = "paid-site";
    /// One person sells directly to another.
    pub const SINGLE_SELLER: &str = "single-seller";
    /// The payment is asked or made in a virtual currency.
    pub const VIRTUAL_CURRENCY: &str = "virtual-currency";
    /// The payment is asked or made by card, bank, transfer service, voucher or gift.
    pub const OTHER_PAYMENT: &str = "other-payment";
    /// It was found in, or came from, a channel that is encrypted from end to end.
    pub const ENCRYPTED_CHANNEL: &str = "encrypted-channel";
    /// An account about a child that parents or carers run, whether or not it earns money.
    pub const RUN_BY_CARERS: &str = "run-by-carers";
    /// Pictures that are not sexual were collected from elsewhere for a sexual use.
    pub const HARVESTED: &str = "harvested";
    /// Whoever does the harm is a child too.
    pub const BETWEEN_CHILDREN: &str = "between-children";
    /// A child is sold, or offered for sale.
    pub const SALE: &str = "sale";
    /// A child is recruited, moved, housed or received for sexual exploitation.
    pub const TRAFFICKING: &str = "trafficking";
    /// Somebody travels, or means to, in order to abuse a child.
    pub const TRAVEL: &str = "travel";
    /// Sexual abuse of a child in person is reported, whether or not there are images.
    pub const IN_PERSON: &str = "in-person";
    /// Abuse material is made, held or passed on.
    pub const MATERIAL: &str = "material";
    /// Abuse material is made.
    pub const PRODUCTION: &str = "production";
    /// Abuse material is held.
    pub const POSSESSION: &str = "possession";
    /// Abuse material is passed on or offered.
    pub const DISTRIBUTION: &str = "distribution";
    /// Abuse or exploitation of children is praised, advertised or taught.
    pub const PROMOTION: &str = "promotion";
    /// A name, words or pictures lead people to sexual content under a false appearance.
    pub const MISLEADING_LURE: &str = "misleading-lure";
    /// Somebody, often a group, drives a child to hurt itself, others or animals before the eyes of others.
    pub const SADISTIC_COERCION: &str = "sadistic-coercion";
    /// Many people pass it on in a short time, whatever their motive.
    pub const VIRAL: &str = "viral";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 51] = [
        ONLINE_SEXUAL_HARASSMENT,
        SEXUAL_MATERIAL_SENT,
        IDENTITY_EXPOSED,
        EXPOSURE_ACCOUNT,
        IMAGE_BASED_ABUSE,
        COVERTLY_TAKEN,
        SHARED_WITHOUT_CONSENT,
        THREAT_TO_SHARE,
        TAKEN_BY_CHILD,
        TAKEN_BETWEEN_PEERS,
        TAKEN_UNDER_PRESSURE,
        TAKEN_WHEN_GROOMED,
        TAKEN_UNDER_COERCION,
        SEXUAL_EXTORTION,
        SEXUAL_EXTORTION_MONEY,
        SEXUAL_EXTORTION_CONTENT,
        APPROACH,
        GROOMING,
        SOLICITATION,
        AUTOMATED_APPROACH,
        ARRANGED_MEETING,
        LIVE_STREAMED,
        LIVE_STREAMED_TO_ORDER,
        MODEL_MADE,
        LIKENESS,
        UNDRESSED_BY_MODEL,
        FACE_SWAP,
        DE_AGED,
        VOICE_CLONED,
        EXTENDED_REALITY,
        COMMERCIAL,
        PAID_SITE,
        SINGLE_SELLER,
        VIRTUAL_CURRENCY,
        OTHER_PAYMENT,
        ENCRYPTED_CHANNEL,
        RUN_BY_CARERS,
        HARVESTED,
        BETWEEN_CHILDREN,
        SALE,
        TRAFFICKING,
        TRAVEL,
        IN_PERSON,
        MATERIAL,
        PRODUCTION,
        POSSESSION,
        DISTRIBUTION,
        PROMOTION,
        MISLEADING_LURE,
        SADISTIC_COERCION,
        VIRAL,
    ];
}

/// Codes of a delivery, in the sender's own records. Open: others may come.
pub mod delivery_code {
    /// The receipt cannot be read.
    pub const RECEIPT_MALFORMED: &str = "receipt-malformed";
    /// The receipt came without a signed head of a log of the recipient.
    pub const RECEIPT_WITHOUT_HEAD: &str = "receipt-without-head";
    /// The recipient's log has not signed the receipt.
    pub const RECEIPT_NOT_SIGNED: &str = "receipt-not-signed";
    /// The receipt is not under the head that came with it.
    pub const RECEIPT_OTHER_HEAD: &str = "receipt-other-head";
    /// The receipt is for another statement, from another member, or for something else than a registration.
    pub const RECEIPT_FOREIGN: &str = "receipt-foreign";
    /// The refusal cannot be read, is not signed by a key of the recipient that is believed, or is for another statement or another member.
    pub const REFUSAL_NOT_SIGNED: &str = "refusal-not-signed";
    /// A statement that this one builds on was refused or given up.
    pub const RE_REFUSED: &str = "re-refused";
    /// The statement would soon be too old to be taken.
    pub const EXPIRED: &str = "expired";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 8] = [
        RECEIPT_MALFORMED,
        RECEIPT_WITHOUT_HEAD,
        RECEIPT_NOT_SIGNED,
        RECEIPT_OTHER_HEAD,
        RECEIPT_FOREIGN,
        REFUSAL_NOT_SIGNED,
        RE_REFUSED,
        EXPIRED,
    ];
}

/// How the content was made. Open: others may come.
pub mod depiction {
    /// Photograph or film of a real scene.
    pub const PHOTOGRAPHIC: &str = "photographic";
    /// Made from a photograph or film by changing it.
    pub const MANIPULATED: &str = "manipulated";
    /// Made wholly by a generative model.
    pub const GENERATED: &str = "generated";
    /// Drawn or rendered by hand.
    pub const DRAWN: &str = "drawn";
    /// Not a photograph or film of a real scene: manipulated, generated or drawn.
    pub const VIRTUAL: &str = "virtual";
    /// Text.
    pub const TEXT: &str = "text";
    /// Sound.
    pub const AUDIO: &str = "audio";
    /// The assessor did not say.
    pub const NOT_ASSESSED: &str = "not-assessed";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 8] = [
        PHOTOGRAPHIC,
        MANIPULATED,
        GENERATED,
        DRAWN,
        VIRTUAL,
        TEXT,
        AUDIO,
        NOT_ASSESSED,
    ];
}

/// Direction of the statement of a record. Open: others may come.
pub mod direction {
    /// From the counterpart.
    pub const IN: &str = "in";
    /// To the counterpart.
    pub const OUT: &str = "out";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 2] = [IN, OUT];
}

/// What a dispute contests. Open: others may come.
pub mod dispute_code {
    /// The content is available where the outcome says it is not.
    pub const STILL_AVAILABLE: &str = "still-available";
    /// The assessment is not right.
    pub const WRONG_ASSESSMENT: &str = "wrong-assessment";
    /// The measure hit something else.
    pub const WRONG_ITEM: &str = "wrong-item";
    /// The other side is competent although it says that it is not.
    pub const NOT_COMPETENT: &str = "not-competent";
    /// The answer came after the time that applies.
    pub const LATE: &str = "late";
    /// Another ground, in the text.
    pub const OTHER: &str = "other";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 6] = [
        STILL_AVAILABLE,
        WRONG_ASSESSMENT,
        WRONG_ITEM,
        NOT_COMPETENT,
        LATE,
        OTHER,
    ];
}

/// Why something was erased. Open: others may come.
pub mod erasure_ground {
    /// The time for which it may be kept is over.
    pub const RETENTION_ENDED: &str = "retention-ended";
    /// A person has a right to it.
    pub const PERSON_ASKED: &str = "person-asked";
    /// An authority ordered it.
    pub const AUTHORITY_ORDER: &str = "authority-order";
    /// It should not have been sent.
    pub const SENT_IN_ERROR: &str = "sent-in-error";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 4] = [
        RETENTION_ENDED,
        PERSON_ASKED,
        AUTHORITY_ORDER,
        SENT_IN_ERROR,
    ];
}

/// Unsigned codes of an exchange, beside those of the checks. Open: others may come.
pub mod exchange_code {
    /// The recipient cannot take it now; try again after the time given.
    pub const BUSY: &str = "busy";
    /// The sender has used up its share; try again after the time given.
    pub const OVER_QUOTA: &str = "over-quota";
    /// The peer is not in the roster that this node has.
    pub const NOT_ADMITTED: &str = "not-admitted";
    /// The request is not an exchange in the deterministic encoding.
    pub const BAD_EXCHANGE: &str = "bad-exchange";
    /// The log named is not one of this member's.
    pub const UNKNOWN_ORIGIN: &str = "unknown-origin";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 5] = [BUSY, OVER_QUOTA, NOT_ADMITTED, BAD_EXCHANGE, UNKNOWN_ORIGIN];
}

/// What a member replies to a finding about it. Open: others may come.
pub mod finding_reply {
    /// What was found is so, and has a reason.
    pub const EXPLAINED: &str = "explained";
    /// What was found was so, and has been put right.
    pub const CORRECTED: &str = "corrected";
    /// What was found is not so.
    pub const DISPUTED: &str = "disputed";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [EXPLAINED, CORRECTED, DISPUTED];
}

/// Apparent gender of the children. Open: others may come.
pub mod gender {
    /// Every child appears to be a girl.
    pub const GIRL: &str = "girl";
    /// Every child appears to be a boy.
    pub const BOY: &str = "boy";
    /// There are girls and boys.
    pub const BOTH: &str = "both";
    /// The assessor looked and could not tell.
    pub const NOT_DETERMINED: &str = "not-determined";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 4] = [GIRL, BOY, BOTH, NOT_DETERMINED];
}

/// Who asked to wait; never a person. Open: others may come.
pub mod hold_authority {
    /// A police force or prosecutor.
    pub const LAW_ENFORCEMENT: &str = "law-enforcement";
    /// A court.
    pub const COURT: &str = "court";
    /// A regulator.
    pub const REGULATOR: &str = "regulator";
    /// The sender's own rule, for instance clearance before notice.
    pub const POLICY: &str = "policy";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 4] = [LAW_ENFORCEMENT, COURT, REGULATOR, POLICY];
}

/// What the authority answered. Open: others may come.
pub mod hold_result {
    /// Nothing stands against acting.
    pub const CLEARED: &str = "cleared";
    /// The authority asks to wait longer.
    pub const KEEP_WAITING: &str = "keep-waiting";
    /// The authority did not answer in time.
    pub const NO_ANSWER: &str = "no-answer";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [CLEARED, KEEP_WAITING, NO_ANSWER];
}

/// Roles in a hosting fact. Open: others may come.
pub mod hosting_role {
    /// The service that the content was posted to.
    pub const SERVICE: &str = "service";
    /// The machines that the content is stored on.
    pub const HOST: &str = "host";
    /// The network that delivers it.
    pub const CDN: &str = "cdn";
    /// The registrar of the domain name.
    pub const REGISTRAR: &str = "registrar";
    /// Who operates the site.
    pub const SITE_OWNER: &str = "site-owner";
    /// A search engine that lists it.
    pub const SEARCH: &str = "search";
    /// A stored copy of it.
    pub const CACHE: &str = "cache";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 7] = [SERVICE, HOST, CDN, REGISTRAR, SITE_OWNER, SEARCH, CACHE];
}

/// What an information request asks for. Open: others may come.
pub mod information_ask {
    /// A more exact location.
    pub const EXACT_LOCATION: &str = "exact-location";
    /// The legal ground.
    pub const LEGAL_GROUND: &str = "legal-ground";
    /// An assessment, or a second one.
    pub const ASSESSMENT: &str = "assessment";
    /// The sender's mandate.
    pub const MANDATE: &str = "mandate";
    /// What became of the request.
    pub const STATUS: &str = "status";
    /// A translation.
    pub const TRANSLATION: &str = "translation";
    /// What the text says.
    pub const OTHER: &str = "other";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 7] = [
        EXACT_LOCATION,
        LEGAL_GROUND,
        ASSESSMENT,
        MANDATE,
        STATUS,
        TRANSLATION,
        OTHER,
    ];
}

/// Purposes of a key; one key has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPurpose {
    /// Signs statements and refusals.
    Statement,
    /// Signs checkpoints and receipts of one log.
    Log,
    /// Cosigns the checkpoints of others.
    Witness,
    /// Is the libp2p identity of a node.
    Transport,
}

impl KeyPurpose {
    /// Every value, in the order of the specification.
    pub const ALL: [Self; 4] = [Self::Statement, Self::Log, Self::Witness, Self::Transport];

    /// The name on the wire and in every table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Log => "log",
            Self::Witness => "witness",
            Self::Transport => "transport",
        }
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }
}

impl std::fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Kinds of statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Asks the recipient to act on items that it hosts, serves, registers or indexes.
    TakedownRequest,
    /// Hands items to a member that is better placed to act.
    Referral,
    /// Moves a case that another member held to the recipient.
    Transfer,
    /// The recipient's answer; from either side, the refusal of a statement.
    Acknowledgement,
    /// What was done, for each item and round.
    Outcome,
    /// Adds items, assessments, hosting facts, urgency or handling.
    Amendment,
    /// Takes back the request for all items or for some.
    Withdrawal,
    /// Contests one statement of the other side.
    Dispute,
    /// Ends a dispute.
    Resolution,
    /// Asks the other side for what is missing.
    InformationRequest,
    /// Answers an information request or an answer that needed information.
    Information,
    /// What somebody saw at the location of an item, how, from where and when.
    Observation,
    /// An authority asked to wait; clocks that a hold pauses stand still.
    Hold,
    /// Ends the sender's own holds for the same authority.
    Release,
    /// The sender has erased, or must have erased, what it names.
    ErasureNotice,
}

impl Kind {
    /// Every value, in the order of the specification.
    pub const ALL: [Self; 15] = [
        Self::TakedownRequest,
        Self::Referral,
        Self::Transfer,
        Self::Acknowledgement,
        Self::Outcome,
        Self::Amendment,
        Self::Withdrawal,
        Self::Dispute,
        Self::Resolution,
        Self::InformationRequest,
        Self::Information,
        Self::Observation,
        Self::Hold,
        Self::Release,
        Self::ErasureNotice,
    ];

    /// The name on the wire and in every table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TakedownRequest => "takedown-request",
            Self::Referral => "referral",
            Self::Transfer => "transfer",
            Self::Acknowledgement => "acknowledgement",
            Self::Outcome => "outcome",
            Self::Amendment => "amendment",
            Self::Withdrawal => "withdrawal",
            Self::Dispute => "dispute",
            Self::Resolution => "resolution",
            Self::InformationRequest => "information-request",
            Self::Information => "information",
            Self::Observation => "observation",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::ErasureNotice => "erasure-notice",
        }
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }

    /// Whether it opens a case.
    #[must_use]
    pub const fn opens(self) -> bool {
        matches!(
            self,
            Self::TakedownRequest | Self::Referral | Self::Transfer
        )
    }

    /// Whether it asks for something new, so that it is not taken under a roster that is past its grace.
    #[must_use]
    pub const fn asks(self) -> bool {
        matches!(
            self,
            Self::TakedownRequest
                | Self::Referral
                | Self::Transfer
                | Self::Amendment
                | Self::Dispute
                | Self::InformationRequest
        )
    }

    /// Whether an acknowledgement may turn it down although its causal past allows it.
    #[must_use]
    pub const fn is_refusable(self) -> bool {
        matches!(
            self,
            Self::TakedownRequest
                | Self::Referral
                | Self::Transfer
                | Self::Amendment
                | Self::InformationRequest
        )
    }

    /// Which side of a case may send it.
    #[must_use]
    pub const fn side(self) -> Side {
        match self {
            Self::TakedownRequest
            | Self::Referral
            | Self::Transfer
            | Self::Amendment
            | Self::Withdrawal => Side::Opener,
            Self::Acknowledgement
            | Self::Dispute
            | Self::Resolution
            | Self::InformationRequest
            | Self::Information
            | Self::Observation
            | Self::Hold
            | Self::Release
            | Self::ErasureNotice => Side::Either,
            Self::Outcome => Side::Recipient,
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A side of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Who opened the case.
    Opener,
    /// To whom.
    Recipient,
    /// Both.
    Either,
}

/// What a measure does. Open: others may come.
pub mod measure_action {
    /// Deleted.
    pub const REMOVED: &str = "removed";
    /// Not reachable by anyone, not deleted.
    pub const DISABLED: &str = "disabled";
    /// Not reachable from the territories listed.
    pub const GEO_BLOCKED: &str = "geo-blocked";
    /// Out of use until further notice or the time given.
    pub const SUSPENDED: &str = "suspended";
    /// Kept for an authority, out of reach of others.
    pub const PRESERVED: &str = "preserved";
    /// Reported to the competent authority.
    pub const REPORTED: &str = "reported";
    /// The host was told; not an authority.
    pub const REPORTED_TO_HOST: &str = "reported-to-host";
    /// Reachable again.
    pub const REINSTATED: &str = "reinstated";
    /// Nothing was done.
    pub const NONE: &str = "none";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 9] = [
        REMOVED,
        DISABLED,
        GEO_BLOCKED,
        SUSPENDED,
        PRESERVED,
        REPORTED,
        REPORTED_TO_HOST,
        REINSTATED,
        NONE,
    ];
}

/// What a measure acts on. Open: others may come.
pub mod measure_target {
    /// One piece of content.
    pub const CONTENT: &str = "content";
    /// The account that posted it.
    pub const ACCOUNT: &str = "account";
    /// A live stream.
    pub const STREAM: &str = "stream";
    /// A domain name.
    pub const DOMAIN: &str = "domain";
    /// A stored copy.
    pub const CACHE: &str = "cache";
    /// A search result.
    pub const SEARCH_RESULT: &str = "search-result";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 6] = [CONTENT, ACCOUNT, STREAM, DOMAIN, CACHE, SEARCH_RESULT];
}

/// Nature of a legal ground. Open: others may come.
pub mod nature {
    /// A notice that anyone may give.
    pub const NOTICE: &str = "notice";
    /// A notice with priority by status.
    pub const TRUSTED_FLAGGER: &str = "trusted-flagger";
    /// An order of an authority.
    pub const ORDER: &str = "order";
    /// The recipient's own terms of service.
    pub const TERMS: &str = "terms";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 4] = [NOTICE, TRUSTED_FLAGGER, ORDER, TERMS];
}

/// How somebody looked. Open: others may come.
pub mod observation_method {
    /// A person opened the location.
    pub const MANUAL: &str = "manual";
    /// A program asked for the location.
    pub const AUTOMATED: &str = "automated";
    /// The service looked into its own records.
    pub const SERVICE_RECORD: &str = "service-record";
    /// Somebody else looked and told the sender.
    pub const THIRD_PARTY: &str = "third-party";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 4] = [MANUAL, AUTOMATED, SERVICE_RECORD, THIRD_PARTY];
}

/// Results of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObservationResult {
    /// The content was there.
    Online,
    /// The content was not there.
    Offline,
    /// The content was kept from the vantage point's country.
    GeoBlocked,
    /// The location could not be seen without an account.
    LoginRequired,
    /// Something else was at the location.
    Changed,
    /// Nobody looked.
    NotChecked,
}

impl ObservationResult {
    /// Every value, in the order of the specification.
    pub const ALL: [Self; 6] = [
        Self::Online,
        Self::Offline,
        Self::GeoBlocked,
        Self::LoginRequired,
        Self::Changed,
        Self::NotChecked,
    ];

    /// The name on the wire and in every table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::GeoBlocked => "geo-blocked",
            Self::LoginRequired => "login-required",
            Self::Changed => "changed",
            Self::NotChecked => "not-checked",
        }
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }
}

impl std::fmt::Display for ObservationResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Answers of an outcome, per item and round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeAnswer {
    /// The measures listed are in effect.
    Done,
    /// Some measures are in effect, more will follow.
    Partly,
    /// Nothing was found at the location.
    NotFound,
    /// The content is at another location.
    Moved,
    /// The recipient does not act, for the reason given.
    Declined,
    /// An appeal succeeded: the content is available again.
    Reinstated,
}

impl OutcomeAnswer {
    /// Every value, in the order of the specification.
    pub const ALL: [Self; 6] = [
        Self::Done,
        Self::Partly,
        Self::NotFound,
        Self::Moved,
        Self::Declined,
        Self::Reinstated,
    ];

    /// The name on the wire and in every table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partly => "partly",
            Self::NotFound => "not-found",
            Self::Moved => "moved",
            Self::Declined => "declined",
            Self::Reinstated => "reinstated",
        }
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.as_str() == name)
    }

    /// Whether it ends its round.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Done | Self::NotFound | Self::Moved | Self::Declined | Self::Reinstated
        )
    }
}

impl std::fmt::Display for OutcomeAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Protocols between nodes. Open: others may come.
pub mod protocol {
    /// Statements and their receipts. Request: `EXCHANGE_REQUEST_BYTES_MAX`; reply: `EXCHANGE_REPLY_BYTES_MAX`; time: `EXCHANGE_TIME_MS_MAX`.
    pub const EXCHANGE: &str = "/comity/exchange/1";
    /// Charters and rosters, between members. Request: `SMALL_REQUEST_BYTES_MAX`; reply: `ROSTER_REPLY_BYTES_MAX`; time: `EXCHANGE_TIME_MS_MAX`.
    pub const ROSTER: &str = "/comity/roster/1";
    /// Records of a log, by right. Request: `SMALL_REQUEST_BYTES_MAX`; reply: `AUDIT_REPLY_BYTES_MAX`; time: `SMALL_TIME_MS_MAX`.
    pub const AUDIT: &str = "/comity/audit/1";
    /// Checkpoints, cosignatures, and evidence of forks. Request: `WITNESS_REQUEST_BYTES_MAX`; reply: `WITNESS_REPLY_BYTES_MAX`; time: `SMALL_TIME_MS_MAX`.
    pub const WITNESS: &str = "/comity/witness/1";
    /// The only one that a stranger is heard on. Request: `SMALL_REQUEST_BYTES_MAX`; reply: `HELLO_REPLY_BYTES_MAX`; time: `HELLO_TIME_MS_MAX`.
    pub const HELLO: &str = "/comity/hello/1";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 5] = [EXCHANGE, ROSTER, AUDIT, WITNESS, HELLO];
}

/// Reasons in outcomes and measures. Open: others may come.
pub mod reason {
    /// None of the others.
    pub const OTHER: &str = "other";
    /// The content was not at the location.
    pub const CONTENT_NOT_FOUND: &str = "content-not-found";
    /// The referrer that the location needs is not known or not right.
    pub const REFERRER_UNKNOWN: &str = "referrer-unknown";
    /// The location could not be opened.
    pub const NO_ACCESS: &str = "no-access";
    /// A password is needed and not known.
    pub const PASSWORD_PROTECTED: &str = "password-protected";
    /// The account is out of use.
    pub const ACCOUNT_DISABLED: &str = "account-disabled";
    /// The law does not let the assessor open the location.
    pub const LEGALLY_NO_ACCESS: &str = "legally-no-access";
    /// The link is no longer valid.
    pub const LINK_EXPIRED: &str = "link-expired";
    /// The server answered 404 or did not answer.
    pub const NOT_FOUND_OR_SITE_DOWN: &str = "not-found-or-site-down";
    /// The server answered 503 or the content is away for a time.
    pub const TEMPORARILY_UNAVAILABLE: &str = "temporarily-unavailable";
    /// A paid account is needed.
    pub const PREMIUM_ACCOUNT_NEEDED: &str = "premium-account-needed";
    /// Parts of the file are missing.
    pub const PARTS_MISSING: &str = "parts-missing";
    /// The content was gone before it could be assessed.
    pub const REMOVED_BEFORE_ASSESSMENT: &str = "removed-before-assessment";
    /// The persons shown are adults.
    pub const ADULT: &str = "adult";
    /// The content is not sexual.
    pub const NOT_SEXUALISED: &str = "not-sexualised";
    /// The content is below the threshold of the law that applies.
    pub const BELOW_THRESHOLD: &str = "below-threshold";
    /// The images are too small to assess.
    pub const TOO_SMALL: &str = "too-small";
    /// The content is drawn or generated, and the law that applies needs a real person.
    pub const NO_REAL_PERSON: &str = "no-real-person";
    /// The location holds links, which are not illegal under the law that applies.
    pub const LINKS_ONLY: &str = "links-only";
    /// The age cannot be assessed.
    pub const AGE_UNCLEAR: &str = "age-unclear";
    /// The age is over the threshold of the law that applies.
    pub const AGE_OVER_THRESHOLD: &str = "age-over-threshold";
    /// The content is illegal under the law that applies.
    pub const ILLEGAL_CONTENT: &str = "illegal-content";
    /// The content breaks the terms of the service.
    pub const TERMS_OF_SERVICE: &str = "terms-of-service";
    /// An authority ordered it.
    pub const AUTHORITY_ORDER: &str = "authority-order";
    /// An appeal of the person concerned succeeded.
    pub const APPEAL_UPHELD: &str = "appeal-upheld";
    /// The earlier measure was a mistake.
    pub const ERROR_CORRECTED: &str = "error-corrected";
    /// The request that led to the measure was withdrawn.
    pub const REQUEST_WITHDRAWN: &str = "request-withdrawn";
    /// The content is kept because the law requires it.
    pub const OWN_PRESERVATION: &str = "own-preservation";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 28] = [
        OTHER,
        CONTENT_NOT_FOUND,
        REFERRER_UNKNOWN,
        NO_ACCESS,
        PASSWORD_PROTECTED,
        ACCOUNT_DISABLED,
        LEGALLY_NO_ACCESS,
        LINK_EXPIRED,
        NOT_FOUND_OR_SITE_DOWN,
        TEMPORARILY_UNAVAILABLE,
        PREMIUM_ACCOUNT_NEEDED,
        PARTS_MISSING,
        REMOVED_BEFORE_ASSESSMENT,
        ADULT,
        NOT_SEXUALISED,
        BELOW_THRESHOLD,
        TOO_SMALL,
        NO_REAL_PERSON,
        LINKS_ONLY,
        AGE_UNCLEAR,
        AGE_OVER_THRESHOLD,
        ILLEGAL_CONTENT,
        TERMS_OF_SERVICE,
        AUTHORITY_ORDER,
        APPEAL_UPHELD,
        ERROR_CORRECTED,
        REQUEST_WITHDRAWN,
        OWN_PRESERVATION,
    ];
}

/// Kinds of record in the audit log. Open: others may come.
pub mod record_kind {
    /// The first record of a log; names the log before it.
    pub const LOG_OPENED: &str = "log-opened";
    /// A statement's first delivery attempt.
    pub const OFFERED: &str = "offered";
    /// A statement was delivered: its receipt is here.
    pub const SENT: &str = "sent";
    /// A statement was registered.
    pub const RECEIVED: &str = "received";
    /// A signed, final refusal was given.
    pub const REFUSED: &str = "refused";
    /// Delivery was given up when the outbox's time was over.
    pub const GAVE_UP: &str = "gave-up";
    /// Somebody had a locator shown; one per person, item and hour.
    pub const LOOKED: &str = "looked";
    /// Data left the node in a file.
    pub const EXPORTED: &str = "exported";
    /// An audit took place; one per session, at both sides.
    pub const AUDITED: &str = "audited";
    /// A second person confirmed or turned down a draft.
    pub const REVIEWED: &str = "reviewed";
    /// A case's key was forgotten.
    pub const ERASED: &str = "erased";
    /// A roster version came into force here.
    pub const ROSTER: &str = "roster";
    /// What one of the member's people may do has changed.
    pub const RIGHTS: &str = "rights";
    /// A retention hold was set or lifted.
    pub const HOLD: &str = "hold";
    /// Evidence of a fork or of two rosters was seen.
    pub const WITNESS_CONFLICT: &str = "witness-conflict";
    /// The node was restored from an older copy.
    pub const RESTORED: &str = "restored";
    /// A finding of an audit, or the reply to one, was signed or taken; one of each at both sides.
    pub const FINDING: &str = "finding";
    /// Counts of input that is not recorded one by one.
    pub const SUMMARY: &str = "summary";
    /// A record whose kind is withheld.
    pub const RESTRICTED: &str = "restricted";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 19] = [
        LOG_OPENED,
        OFFERED,
        SENT,
        RECEIVED,
        REFUSED,
        GAVE_UP,
        LOOKED,
        EXPORTED,
        AUDITED,
        REVIEWED,
        ERASED,
        ROSTER,
        RIGHTS,
        HOLD,
        WITNESS_CONFLICT,
        RESTORED,
        FINDING,
        SUMMARY,
        RESTRICTED,
    ];
}

/// Why a case is referred. Open: others may come.
pub mod referral_reason {
    /// The content is hosted in the recipient's country.
    pub const HOSTING_COUNTRY: &str = "hosting-country";
    /// Who uploaded it is believed to be there.
    pub const UPLOADER_COUNTRY: &str = "uploader-country";
    /// The child is believed to be there.
    pub const VICTIM_COUNTRY: &str = "victim-country";
    /// The recipient is competent by law or agreement.
    pub const COMPETENCE: &str = "competence";
    /// No hotline is known for the country.
    pub const ORPHAN: &str = "orphan";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 5] = [
        HOSTING_COUNTRY,
        UPLOADER_COUNTRY,
        VICTIM_COUNTRY,
        COMPETENCE,
        ORPHAN,
    ];
}

/// In what capacity the first report was made; never an identity. Open: others may come.
pub mod requester_capacity {
    /// The hotline itself, or a member of the public through it.
    pub const HOTLINE: &str = "hotline";
    /// The person depicted.
    pub const DEPICTED_PERSON: &str = "depicted-person";
    /// Somebody with parental responsibility.
    pub const GUARDIAN: &str = "guardian";
    /// A lawyer acting for the person.
    pub const LAWYER: &str = "lawyer";
    /// An organisation acting for the person.
    pub const ORGANISATION: &str = "organisation";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 5] = [HOTLINE, DEPICTED_PERSON, GUARDIAN, LAWYER, ORGANISATION];
}

/// How a dispute ended. Open: others may come.
pub mod resolution_result {
    /// The dispute was right; a new statement follows.
    pub const UPHELD: &str = "upheld";
    /// The contested statement stands.
    pub const REJECTED: &str = "rejected";
    /// Both sides agreed.
    pub const SETTLED: &str = "settled";
    /// Who disputed no longer does.
    pub const WITHDRAWN: &str = "withdrawn";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 4] = [UPHELD, REJECTED, SETTLED, WITHDRAWN];
}

/// Roles of a member. Open: others may come.
pub mod role {
    /// Receives reports from the public, assesses them and asks for removal.
    pub const HOTLINE: &str = "hotline";
    /// Hosts, serves, registers or indexes content of others.
    pub const PLATFORM: &str = "platform";
    /// Oversees members under a mandate that the charter cites.
    pub const REGULATOR: &str = "regulator";
    /// Investigates; may ask others to hold.
    pub const LAW_ENFORCEMENT: &str = "law-enforcement";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 4] = [HOTLINE, PLATFORM, REGULATOR, LAW_ENFORCEMENT];
}

/// Whether the youngest age and the highest severity are of one image. Open: others may come.
pub mod same_image {
    /// They are.
    pub const YES: &str = "yes";
    /// They are not.
    pub const NO: &str = "no";
    /// The assessor did not say.
    pub const UNKNOWN: &str = "unknown";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [YES, NO, UNKNOWN];
}

/// Schemes of assessors. Open: others may come.
pub mod scheme {
    /// Arachnid Shield.
    pub const ARACHNID: &str = "arachnid";
    /// atproto and Ozone report reasons.
    pub const ATPROTO: &str = "atproto";
    /// COPINE scale.
    pub const COPINE: &str = "copine";
    /// DSA Transparency Database.
    pub const DSA: &str = "dsa";
    /// ICCAM, the exchange of hotlines.
    pub const ICCAM: &str = "iccam";
    /// INTERPOL baseline and worst-of list.
    pub const INTERPOL: &str = "interpol";
    /// IWF categories.
    pub const IWF: &str = "iwf";
    /// MISP tags.
    pub const MISP: &str = "misp";
    /// NCMEC CyberTipline.
    pub const NCMEC: &str = "ncmec";
    /// Words of the assessor's own.
    pub const OWN: &str = "own";
    /// XARF, content/csam.
    pub const XARF_CSAM: &str = "xarf-csam";
    /// XARF, content/csem.
    pub const XARF_CSEM: &str = "xarf-csem";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 12] = [
        ARACHNID, ATPROTO, COPINE, DSA, ICCAM, INTERPOL, IWF, MISP, NCMEC, OWN, XARF_CSAM,
        XARF_CSEM,
    ];
}

/// How far the request for an item reaches. Open: others may come.
pub mod scope {
    /// This location only.
    pub const THIS_LOCATION: &str = "this-location";
    /// Every copy on the recipient's service.
    pub const ALL_COPIES_ON_SERVICE: &str = "all-copies-on-service";
    /// Every copy, and new uploads of the same content.
    pub const PREVENT_REUPLOAD: &str = "prevent-reupload";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [THIS_LOCATION, ALL_COPIES_ON_SERVICE, PREVENT_REUPLOAD];
}

/// Why a case needs more care. Open: others may come.
pub mod sensitive {
    /// No more than any case.
    pub const NONE: &str = "none";
    /// An investigation is under way.
    pub const LAW_ENFORCEMENT: &str = "law-enforcement";
    /// A known child may be harmed by disclosure.
    pub const SAFEGUARDING: &str = "safeguarding";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [NONE, LAW_ENFORCEMENT, SAFEGUARDING];
}

/// Severity of what is done to the child in the content. Open: others may come.
pub mod severity {
    /// Pain, restraint or humiliation is inflicted on the child for a sexual purpose.
    pub const SADISM: &str = "sadism";
    /// A sexual act in which an animal is used.
    pub const ANIMAL: &str = "animal";
    /// A sexual act with penetration of the vagina, the anus or the mouth, by a part of the body or an object.
    pub const PENETRATION: &str = "penetration";
    /// Sadism, a sexual act with an animal, or a sexual act with penetration.
    pub const GRAVE_ACT: &str = "grave-act";
    /// A sexual act that is none of those under `grave-act`: sexual touching or masturbation, done by, to or before the child.
    pub const OTHER_ACT: &str = "other-act";
    /// A sexual act that the child is made to take part in or is brought to, whichever it is.
    pub const SEXUAL_ACT: &str = "sexual-act";
    /// No sexual act; the genital, pubic or anal region is shown with sexual emphasis.
    pub const SEXUAL_DISPLAY: &str = "sexual-display";
    /// No sexual act and no emphasis on one region of the body; pose or setting is sexual, chosen by whoever made the content.
    pub const SEXUAL_POSING: &str = "sexual-posing";
    /// The content is sexual or indecent, and no sexual act takes place in it.
    pub const NO_ACT: &str = "no-act";
    /// The child is naked or partly naked, and nothing in the content is sexual.
    pub const NUDITY: &str = "nudity";
    /// Nothing in the content itself is sexual.
    pub const NOT_SEXUAL: &str = "not-sexual";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 11] = [
        SADISM,
        ANIMAL,
        PENETRATION,
        GRAVE_ACT,
        OTHER_ACT,
        SEXUAL_ACT,
        SEXUAL_DISPLAY,
        SEXUAL_POSING,
        NO_ACT,
        NUDITY,
        NOT_SEXUAL,
    ];
}

/// Standing of an item under the law of one jurisdiction. Open: others may come.
pub mod standing {
    /// Illegal to distribute.
    pub const ILLEGAL: &str = "illegal";
    /// Not illegal to distribute.
    pub const NOT_ILLEGAL: &str = "not-illegal";
    /// Not illegal to distribute, and harmful to the child shown or meant.
    pub const HARMFUL_NOT_ILLEGAL: &str = "harmful-not-illegal";
    /// The assessor could not decide.
    pub const UNCLEAR: &str = "unclear";
    /// The assessor did not look at this.
    pub const NOT_ASSESSED: &str = "not-assessed";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 5] = [
        ILLEGAL,
        NOT_ILLEGAL,
        HARMFUL_NOT_ILLEGAL,
        UNCLEAR,
        NOT_ASSESSED,
    ];
}

/// Why a case is moved. Open: others may come.
pub mod transfer_reason {
    /// The service belongs to another member now.
    pub const SERVICE_MOVED: &str = "service-moved";
    /// The member that held the case left the federation.
    pub const MEMBER_LEFT: &str = "member-left";
    /// Another member is competent.
    pub const COMPETENCE: &str = "competence";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [SERVICE_MOVED, MEMBER_LEFT, COMPETENCE];
}

/// State of a trusted flagger. Open: others may come.
pub mod trusted_flagger_state {
    /// In force.
    pub const AWARDED: &str = "awarded";
    /// Suspended during an investigation.
    pub const SUSPENDED: &str = "suspended";
    /// Taken away.
    pub const REVOKED: &str = "revoked";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [AWARDED, SUSPENDED, REVOKED];
}

/// What an assessment is of. Open: others may come.
pub mod unit {
    /// One file.
    pub const FILE: &str = "file";
    /// A page with all that it shows.
    pub const PAGE: &str = "page";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 2] = [FILE, PAGE];
}

/// Urgency. Open: others may come.
pub mod urgency {
    /// In the order of arrival.
    pub const ROUTINE: &str = "routine";
    /// Before routine work.
    pub const URGENT: &str = "urgent";
    /// A child may be in danger now: law enforcement first, and a human answer within the charter's minutes.
    pub const IMMINENT_RISK: &str = "imminent-risk";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 3] = [ROUTINE, URGENT, IMMINENT_RISK];
}

/// Why a request is withdrawn. Open: others may come.
pub mod withdrawal_code {
    /// The request was a mistake.
    pub const ERROR: &str = "error";
    /// A new assessment found nothing illegal.
    pub const NOT_ILLEGAL: &str = "not-illegal";
    /// The same request was made already.
    pub const DUPLICATE: &str = "duplicate";
    /// The person depicted no longer asks for it.
    pub const CONSENT_WITHDRAWN: &str = "consent-withdrawn";
    /// A court decided.
    pub const COURT: &str = "court";
    /// Another ground, in the text.
    pub const OTHER: &str = "other";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 6] = [
        ERROR,
        NOT_ILLEGAL,
        DUPLICATE,
        CONSENT_WITHDRAWN,
        COURT,
        OTHER,
    ];
}

/// Codes of a witness that did not answer. Open: others may come.
pub mod witness_code {
    /// The history of rosters lists no log of this name.
    pub const UNKNOWN_ORIGIN: &str = "unknown-origin";
    /// The member has no witness key that the roster lists and that is valid now: it cosigns nothing.
    pub const NO_WITNESS_KEY: &str = "no-witness-key";
    /// What was sent proves nothing against a log or a governance of this federation.
    pub const NOT_EVIDENCE: &str = "not-evidence";
    /// The member cannot answer now; try again after the time given.
    pub const BUSY: &str = "busy";
    /// The request is not one in the deterministic encoding.
    pub const BAD_REQUEST: &str = "bad-request";
    /// Every value that version 1 knows.
    pub const KNOWN: [&str; 5] = [
        UNKNOWN_ORIGIN,
        NO_WITNESS_KEY,
        NOT_EVIDENCE,
        BUSY,
        BAD_REQUEST,
    ];
}
