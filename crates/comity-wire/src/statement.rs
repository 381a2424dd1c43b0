//! A statement: one signed message from one member to one member.
//!
//! Each stage is a type that only the stage before can make, in the order of
//! checks of the specification (registry `check`):
//!
//! ```text
//! bytes -> Received   size, depth, outer, header
//!       -> Signed     key (chosen by the caller), signature     -> known? ask with `Signed::id`
//!       -> Statement  payload, kind, body, limits, ext
//! ```
//!
//! What follows (federation to party) needs a roster and a clock, and is the
//! business of `comity-trust`.

use std::fmt;

use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::body::Body;
use crate::cbor::{self, CborError};
use crate::cose::{self, CoseError, Protected, Shape, Sign1};
use crate::ext::{self, Extensions};
use crate::ids::{CaseId, Hash, Kid, MemberId, Nonce, StatementId};
use crate::limited::{Limited, OverLimit, length, time};
use crate::limits::{
    DEPTH_MAX, EVIDENCE_MAX, HEADS_MAX, REFS_MAX, STATEMENT_BYTES_MAX, TIME_MS_MAX,
};
use crate::parts::Handling;
use crate::registry::{Check, Kind};
use crate::words::{Hidden, Sorted, TimeMs, Version};

/// The payload of a statement. Fields stand in canonical order. `Debug` hides the
/// body; decoded, it hides what is in it by itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// 1.
    pub v: Version,
    /// Every head of the case that the signer knows, its own included.
    pub re: Sorted<StatementId>,
    /// To whom.
    pub to: MemberId,
    /// Extensions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext: Option<Extensions>,
    /// The federation: hash of its first charter.
    pub fed: Hash,
    /// The deterministic encoding of the kind's body.
    pub body: ByteBuf,
    /// The kind, as a text: one that is not known has its own code.
    pub kind: Box<str>,
    /// Statements of other cases; never waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refs: Option<Sorted<StatementId>>,
    /// Makes two statements of equal content differ.
    pub nonce: Nonce,
    /// Commitment to the case that this one follows from
    /// ([`crate::ids::parent_commitment`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Hash>,
    /// Hashes of objects that travel beside the statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Sorted<Hash>>,
    /// How the recipient must treat it.
    pub handling: Handling,
    /// In the statement that opens a case, and only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_nonce: Option<Nonce>,
}

/// A statement that has passed every check that needs nothing but its bytes and
/// the issuer's key. `Debug` hides its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    id: StatementId,
    kid: Kid,
    issuer: MemberId,
    case: CaseId,
    issued_at_s: u64,
    payload: Payload,
    body: Body,
    bytes: Vec<u8>,
}

impl Statement {
    /// SHA-256 of the bytes as received.
    #[must_use]
    pub const fn id(&self) -> &StatementId {
        &self.id
    }

    /// The key that signed.
    #[must_use]
    pub const fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Who signed.
    #[must_use]
    pub const fn issuer(&self) -> &MemberId {
        &self.issuer
    }

    /// The case.
    #[must_use]
    pub const fn case(&self) -> &CaseId {
        &self.case
    }

    /// When the issuer says it signed, in seconds since 1970.
    #[must_use]
    pub const fn issued_at_s(&self) -> u64 {
        self.issued_at_s
    }

    /// When the issuer says it signed.
    #[must_use]
    pub const fn issued_at(&self) -> TimeMs {
        self.issued_at_s.saturating_mul(1000)
    }

    /// The payload.
    #[must_use]
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The body, decoded.
    #[must_use]
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// The bytes as received: what is stored, hashed and passed on.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why bytes are not an acceptable statement.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}", code = check.code())]
pub struct Rejection {
    /// The first check that failed; its code is the answer to the peer.
    pub check: Check,
    /// For the operator of this node; never sent.
    pub detail: String,
}

impl Rejection {
    /// A rejection with words for the operator.
    pub fn new(check: Check, detail: impl Into<String>) -> Self {
        Self {
            check,
            detail: detail.into(),
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.check.code()
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rejection({self})")
    }
}

impl From<OverLimit> for Rejection {
    fn from(over: OverLimit) -> Self {
        Self::new(Check::Limits, over.to_string())
    }
}

/// Bytes that have the form of a statement. Whoever signed them is not known yet.
/// `Debug` hides the bytes.
#[derive(Clone)]
pub struct Received<'a> {
    bytes: &'a [u8],
    sign1: Sign1,
    kid: Kid,
    issuer: MemberId,
    case: CaseId,
    issued_at_s: u64,
}

impl<'a> Received<'a> {
    /// Reads the outer structure and the header.
    ///
    /// # Errors
    /// The first of size, depth, outer and header that fails.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Rejection> {
        if bytes.len() > STATEMENT_BYTES_MAX {
            return Err(Rejection::new(
                Check::Size,
                format!("{} bytes; at most {STATEMENT_BYTES_MAX}", bytes.len()),
            ));
        }
        if cbor::depth(bytes) > DEPTH_MAX {
            return Err(Rejection::new(Check::Depth, CborError::TooDeep.to_string()));
        }
        let sign1 = Sign1::read(bytes, Shape::Statement).map_err(|error| match error {
            CoseError::Outer => Rejection::new(Check::Outer, error.to_string()),
            CoseError::TooDeep => Rejection::new(Check::Depth, error.to_string()),
            CoseError::Header => Rejection::new(Check::Header, error.to_string()),
        })?;
        match sign1.protected.clone() {
            Protected::Statement {
                kid,
                issuer,
                case,
                issued_at_s,
            } if issued_at_s <= TIME_MS_MAX / 1000 => Ok(Self {
                bytes,
                sign1,
                kid,
                issuer,
                case,
                issued_at_s,
            }),
            _ => Err(Rejection::new(Check::Header, CoseError::Header.to_string())),
        }
    }

    /// The key that is said to have signed.
    #[must_use]
    pub const fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Who is said to have signed.
    #[must_use]
    pub const fn issuer(&self) -> &MemberId {
        &self.issuer
    }

    /// Verifies the signature. The caller answers for `key`: it must be the
    /// statement key that the roster's history has for this issuer and this kid.
    ///
    /// # Errors
    /// [`Check::Signature`].
    pub fn verify(self, key: &VerifyingKey) -> Result<Signed<'a>, Rejection> {
        if self.sign1.is_signed_by(key, &self.sign1.content) {
            Ok(Signed {
                id: Hash::of(self.bytes),
                received: self,
            })
        } else {
            Err(Rejection::new(
                Check::Signature,
                "the signature does not verify",
            ))
        }
    }
}

/// Bytes that the issuer's key has signed; the payload is not decoded yet. Here
/// the caller looks whether the id is known, and if so answers with the receipt.
#[derive(Debug, Clone)]
pub struct Signed<'a> {
    id: StatementId,
    received: Received<'a>,
}

impl Signed<'_> {
    /// SHA-256 of the bytes as received.
    #[must_use]
    pub const fn id(&self) -> &StatementId {
        &self.id
    }

    /// Who signed.
    #[must_use]
    pub const fn issuer(&self) -> &MemberId {
        &self.received.issuer
    }

    /// Decodes payload and body, for a reader that acts on no extension.
    ///
    /// # Errors
    /// The first of payload, kind, body, limits and ext that fails.
    pub fn open(self) -> Result<Statement, Rejection> {
        self.open_knowing(ext::NONE)
    }

    /// Decodes payload and body, for a reader that acts on these extensions.
    ///
    /// # Errors
    /// As [`Signed::open`].
    pub fn open_knowing(self, known: ext::Known) -> Result<Statement, Rejection> {
        let received = self.received;
        let payload: Payload =
            cbor::decode(&received.sign1.content).map_err(|error| at(Check::Payload, &error))?;
        let kind = Kind::from_name(&payload.kind)
            .ok_or_else(|| Rejection::new(Check::Kind, "this version has no such kind"))?;
        let body = Body::decode(kind, &payload.body).map_err(|error| at(Check::Body, &error))?;
        body.is_coherent()
            .map_err(|detail| Rejection::new(Check::Body, detail))?;
        payload.within_limits()?;
        body.within_limits()?;
        if let Some(name) = ext::first_unknown_critical(payload.ext.as_ref(), known) {
            return Err(Rejection::new(
                Check::Ext,
                format!("critical: {}", name.as_str()),
            ));
        }
        Ok(Statement {
            id: self.id,
            kid: received.kid,
            issuer: received.issuer,
            case: received.case,
            issued_at_s: received.issued_at_s,
            payload,
            body,
            bytes: received.bytes.to_vec(),
        })
    }
}

/// Embedded CBOR is scanned before it is decoded, with the code of the scan.
fn at(check: Check, error: &CborError) -> Rejection {
    let check = if *error == CborError::TooDeep {
        Check::Depth
    } else {
        check
    };
    Rejection::new(check, error.to_string())
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload")
            .field("re", &self.re)
            .field("to", &self.to)
            .field("ext", &self.ext)
            .field("fed", &self.fed)
            .field("body", &Hidden(&self.body))
            .field("kind", &Hidden(self.kind.as_bytes()))
            .field("refs", &self.refs)
            .field("nonce", &self.nonce)
            .field("parent", &self.parent)
            .field("evidence", &self.evidence)
            .field("handling", &self.handling)
            .field("case_nonce", &self.case_nonce)
            .finish()
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement")
            .field("id", &self.id)
            .field("kid", &self.kid)
            .field("issuer", &self.issuer)
            .field("case", &self.case)
            .field("issued_at_s", &self.issued_at_s)
            .field("payload", &self.payload)
            .field("body", &self.body)
            .field("bytes", &Hidden(&self.bytes))
            .finish()
    }
}

impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("bytes", &Hidden(self.bytes))
            .field("kid", &self.kid)
            .field("issuer", &self.issuer)
            .field("case", &self.case)
            .field("issued_at_s", &self.issued_at_s)
            .finish_non_exhaustive()
    }
}

impl Limited for Payload {
    fn within_limits(&self) -> Result<(), OverLimit> {
        length("HEADS_MAX", self.re.len(), 0, HEADS_MAX)?;
        if let Some(refs) = &self.refs {
            length("REFS_MAX", refs.len(), 1, REFS_MAX)?;
        }
        if let Some(evidence) = &self.evidence {
            length("EVIDENCE_MAX", evidence.len(), 1, EVIDENCE_MAX)?;
        }
        self.ext.within_limits()?;
        self.handling.within_limits()
    }
}

/// A statement before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who signs.
    pub issuer: MemberId,
    /// The case.
    pub case: CaseId,
    /// When, in seconds since 1970.
    pub issued_at_s: u64,
    /// To whom.
    pub to: MemberId,
    /// The federation.
    pub fed: Hash,
    /// Every head of the case that the signer knows.
    pub re: Sorted<StatementId>,
    /// Statements of other cases.
    pub refs: Option<Sorted<StatementId>>,
    /// Hashes of objects that travel beside the statement.
    pub evidence: Option<Sorted<Hash>>,
    /// Commitment to the case that this one follows from.
    pub parent: Option<Hash>,
    /// 16 random bytes.
    pub nonce: Nonce,
    /// For a statement that opens a case.
    pub case_nonce: Option<Nonce>,
    /// How the recipient must treat it.
    pub handling: Handling,
    /// Extensions.
    pub ext: Option<Extensions>,
    /// What it says.
    pub body: Body,
}

impl Draft {
    /// Signs the draft, and reads the result as its recipient will: what this
    /// member sends passes the checks that it makes of others.
    ///
    /// # Errors
    /// The check that the recipient's reader would fail, for instance a limit.
    pub fn sign(self, key: &SigningKey) -> Result<Statement, Rejection> {
        time(self.issued_at_s.saturating_mul(1000))?;
        let protected = Protected::Statement {
            kid: cose::kid_of(key),
            issuer: self.issuer,
            case: self.case,
            issued_at_s: self.issued_at_s,
        };
        let payload = Payload {
            v: Version,
            re: self.re,
            to: self.to,
            ext: self.ext,
            fed: self.fed,
            body: ByteBuf::from(self.body.encode()),
            kind: self.body.kind().as_str().into(),
            refs: self.refs,
            nonce: self.nonce,
            parent: self.parent,
            evidence: self.evidence,
            handling: self.handling,
            case_nonce: self.case_nonce,
        };
        let bytes = cose::sign(key, &protected, &cbor::encode(&payload));
        Received::read(&bytes)?.verify(&key.verifying_key())?.open()
    }
}
