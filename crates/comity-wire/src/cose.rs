//! COSE_Sign1 (RFC 9052) in the one shape that Comity uses, and the only module
//! that names `coset`.
//!
//! ```text
//! bytes -> outer: tag 18, four parts, deterministic -> header: exactly what its values give -> Sign1
//! ```
//!
//! `coset` reads leniently: it takes one label in both headers and encodings that
//! are not deterministic. So the outer part is encoded again and compared, the
//! protected header is built again from the values read and compared, and the
//! unprotected header must be the one expected.

use std::fmt;

use coset::cbor::value::Value;
use coset::cwt::{ClaimsSet, Timestamp};
use coset::{
    AsCborValue as _, CborSerializable as _, CoseSign1, CoseSign1Builder, Header, HeaderBuilder,
    Label, SignatureContext, TaggedCborSerializable as _, iana, sig_structure_data,
};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

use crate::cbor;
use crate::ids::{CaseId, Kid, MemberId, PublicKey, Signature};
use crate::limits::DEPTH_MAX;
use crate::words::Hidden;

/// Label of the verifiable data structure in a protected header (RFC 9942).
const LABEL_VDS: i64 = 395;
/// Label of the proofs in an unprotected header (RFC 9942).
const LABEL_VDP: i64 = 396;
/// The tree of RFC 9162 with SHA-256 (RFC 9942).
const RFC9162_SHA256: i64 = 1;
/// Label of inclusion proofs among the proofs (RFC 9942).
const LABEL_INCLUSION: i64 = -1;
/// Label of consistency proofs among the proofs (RFC 9942).
const LABEL_CONSISTENCY: i64 = -2;

/// The protected header of an object, one variant for each shape there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protected {
    /// `{1: -8, 3: content type, 4: kid, 15: {1: iss, 2: sub, 6: iat}}`
    Statement {
        /// Label 4.
        kid: Kid,
        /// Claim 1: who signed.
        issuer: MemberId,
        /// Claim 2: the case.
        case: CaseId,
        /// Claim 6: when, in seconds since 1970.
        issued_at_s: u64,
    },
    /// `{1: -8, 3: content type, 4: kid}`
    Typed {
        /// Label 3.
        content_type: &'static str,
        /// Label 4.
        kid: Kid,
    },
    /// `{1: -8, 4: kid, 395: 1}`
    Receipt {
        /// Label 4.
        kid: Kid,
    },
}

/// What a reader expects to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// [`Protected::Statement`], nothing unprotected.
    Statement,
    /// [`Protected::Typed`] with this content type, nothing unprotected.
    Typed(&'static str),
    /// [`Protected::Receipt`], an inclusion proof unprotected, nothing attached.
    Receipt,
    /// [`Protected::Receipt`], a consistency proof unprotected, nothing attached.
    Consistency,
}

/// A COSE_Sign1 object that has been read but not verified. `Debug` hides the
/// content.
#[derive(Clone, PartialEq, Eq)]
pub struct Sign1 {
    /// What the protected header says.
    pub protected: Protected,
    /// The payload; for a receipt the proof that stands unprotected.
    pub content: Vec<u8>,
    /// Not verified yet.
    pub signature: Signature,
    protected_bytes: Vec<u8>,
}

/// Why bytes are not the object expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoseError {
    /// Not one tagged COSE_Sign1 in the deterministic encoding.
    #[error("not one tagged COSE_Sign1 in the deterministic encoding")]
    Outer,
    /// What is embedded is nested too deep.
    #[error("nested too deep")]
    TooDeep,
    /// Not the header expected, or not exactly that.
    #[error("not the header that this object must have")]
    Header,
}

impl fmt::Debug for Sign1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sign1")
            .field("protected", &self.protected)
            .field("content", &Hidden(&self.content))
            .finish_non_exhaustive()
    }
}

impl Sign1 {
    /// Reads an object of the shape expected.
    ///
    /// # Errors
    /// The first of outer form, embedded depth and header that fails.
    pub fn read(bytes: &[u8], shape: Shape) -> Result<Self, CoseError> {
        let outer = Outer::read(bytes)?;
        let payload = outer.payload.as_deref().unwrap_or_default();
        if cbor::depth(&outer.protected) > DEPTH_MAX || cbor::depth(payload) > DEPTH_MAX {
            return Err(CoseError::TooDeep);
        }
        let (protected, content) = match shape {
            Shape::Statement => (
                read_statement_header(&outer.protected)?,
                outer.attached_payload()?,
            ),
            Shape::Typed(content_type) => (
                read_typed_header(&outer.protected, content_type)?,
                outer.attached_payload()?,
            ),
            Shape::Receipt => (
                read_receipt_header(&outer.protected)?,
                outer.proof(LABEL_INCLUSION)?,
            ),
            Shape::Consistency => (
                read_receipt_header(&outer.protected)?,
                outer.proof(LABEL_CONSISTENCY)?,
            ),
        };
        Ok(Self {
            protected,
            content,
            signature: outer.signature,
            protected_bytes: outer.protected,
        })
    }

    /// Verifies the signature strictly (RFC 8032, no mixed-order keys or points).
    /// `payload` is what was signed: for a receipt the root, else the content.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerifyingKey, payload: &[u8]) -> bool {
        let message = sig_structure_data(
            SignatureContext::CoseSign1,
            // Built from the very bytes received: `coset` keeps them.
            coset::ProtectedHeader {
                original_data: Some(self.protected_bytes.clone()),
                header: Header::default(),
            },
            None,
            &[],
            payload,
        );
        let signature = ed25519_dalek::Signature::from_bytes(self.signature.as_bytes());
        key.verify_strict(&message, &signature).is_ok()
    }
}

/// Signs `payload` and attaches it.
#[must_use]
pub fn sign(key: &SigningKey, protected: &Protected, payload: &[u8]) -> Vec<u8> {
    let unsigned = CoseSign1Builder::new()
        .protected(protected.header())
        .payload(payload.to_vec())
        .create_signature(&[], |message| key.sign(message).to_bytes().to_vec());
    to_bytes(unsigned.build())
}

/// A tree root that a log has signed: the part that all receipts of a batch share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRoot {
    kid: Kid,
    signature: Signature,
}

impl SignedRoot {
    /// Signs a root.
    #[must_use]
    pub fn new(key: &SigningKey, root: &[u8]) -> Self {
        let kid = kid_of(key);
        let message = detached_message(&Protected::Receipt { kid }, root);
        Self {
            kid,
            signature: Signature::new(key.sign(&message).to_bytes()),
        }
    }

    /// The receipt with this inclusion proof beside it; the root is left out.
    #[must_use]
    pub fn receipt(&self, inclusion_proof: &[u8]) -> Vec<u8> {
        self.with_proof(LABEL_INCLUSION, inclusion_proof)
    }

    /// The receipt with this consistency proof beside it; the root is left out.
    #[must_use]
    pub fn consistency(&self, consistency_proof: &[u8]) -> Vec<u8> {
        self.with_proof(LABEL_CONSISTENCY, consistency_proof)
    }

    fn with_proof(&self, label: i64, proof: &[u8]) -> Vec<u8> {
        let proof = Value::Array(vec![Value::Bytes(proof.to_vec())]);
        let proofs = Value::Map(vec![(Value::from(label), proof)]);
        let receipt = CoseSign1Builder::new()
            .protected(Protected::Receipt { kid: self.kid }.header())
            .unprotected(HeaderBuilder::new().value(LABEL_VDP, proofs).build())
            .signature(self.signature.as_bytes().to_vec());
        to_bytes(receipt.build())
    }
}

/// Signs `payload` without attaching it: only the signature travels, and the
/// header is rebuilt by who verifies.
#[must_use]
pub fn sign_detached(key: &SigningKey, content_type: &'static str, payload: &[u8]) -> Signature {
    let protected = Protected::Typed {
        content_type,
        kid: kid_of(key),
    };
    Signature::new(key.sign(&detached_message(&protected, payload)).to_bytes())
}

/// Verifies a signature made by [`sign_detached`].
#[must_use]
pub fn is_detached_signature(
    key: &VerifyingKey,
    content_type: &'static str,
    payload: &[u8],
    signature: &Signature,
) -> bool {
    let kid = Kid::of(&PublicKey::new(key.to_bytes()));
    let message = detached_message(&Protected::Typed { content_type, kid }, payload);
    key.verify_strict(
        &message,
        &ed25519_dalek::Signature::from_bytes(signature.as_bytes()),
    )
    .is_ok()
}

/// The thumbprint of a signing key's public half.
#[must_use]
pub fn kid_of(key: &SigningKey) -> Kid {
    Kid::of(&PublicKey::new(key.verifying_key().to_bytes()))
}

fn detached_message(protected: &Protected, payload: &[u8]) -> Vec<u8> {
    sig_structure_data(
        SignatureContext::CoseSign1,
        coset::ProtectedHeader {
            original_data: Some(protected.to_bytes()),
            header: Header::default(),
        },
        None,
        &[],
        payload,
    )
}

#[expect(
    clippy::expect_used,
    reason = "encodes numbers, texts and bytes into memory"
)]
fn to_bytes(object: CoseSign1) -> Vec<u8> {
    object.to_tagged_vec().expect("a built object encodes")
}

impl Protected {
    /// The key that signed.
    #[must_use]
    pub const fn kid(&self) -> &Kid {
        match self {
            Self::Statement { kid, .. } | Self::Typed { kid, .. } | Self::Receipt { kid } => kid,
        }
    }

    fn header(&self) -> Header {
        let header = HeaderBuilder::new()
            .algorithm(iana::Algorithm::EdDSA)
            .key_id(self.kid().as_bytes().to_vec());
        match self {
            Self::Statement {
                issuer,
                case,
                issued_at_s,
                ..
            } => {
                let claims = ClaimsSet {
                    issuer: Some(issuer.to_string()),
                    subject: Some(case.to_string()),
                    // Times of statements are bounded long before 2^63 seconds.
                    issued_at: Some(Timestamp::WholeSeconds(
                        i64::try_from(*issued_at_s).unwrap_or(i64::MAX),
                    )),
                    ..ClaimsSet::default()
                };
                header
                    .content_type(crate::registry::content_type::STATEMENT.to_owned())
                    .value(
                        iana::HeaderParameter::CwtClaims as i64,
                        claims.to_cbor_value().unwrap_or(Value::Null),
                    )
                    .build()
            }
            Self::Typed { content_type, .. } => {
                header.content_type((*content_type).to_owned()).build()
            }
            Self::Receipt { .. } => header.value(LABEL_VDS, Value::from(RFC9162_SHA256)).build(),
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "encodes numbers, texts and bytes into memory"
    )]
    fn to_bytes(&self) -> Vec<u8> {
        self.header().to_vec().expect("a built header encodes")
    }

    /// `self`, if the bytes are exactly the header that its values give: nothing
    /// more, nothing in another order, nothing in a longer form.
    fn if_exactly(self, bytes: &[u8]) -> Result<Self, CoseError> {
        if self.to_bytes() == bytes {
            Ok(self)
        } else {
            Err(CoseError::Header)
        }
    }
}

fn read_statement_header(bytes: &[u8]) -> Result<Protected, CoseError> {
    let read = || {
        let header = Header::from_slice(bytes).ok()?;
        let label = Label::Int(iana::HeaderParameter::CwtClaims as i64);
        let (_, claims) = header.rest.iter().find(|(known, _)| *known == label)?;
        let claims = ClaimsSet::from_cbor_value(claims.clone()).ok()?;
        let Some(Timestamp::WholeSeconds(issued_at)) = claims.issued_at else {
            return None;
        };
        Some(Protected::Statement {
            kid: Kid::from_slice(&header.key_id)?,
            issuer: MemberId::new(&claims.issuer?)?,
            case: CaseId::from_hex(&claims.subject?)?,
            issued_at_s: u64::try_from(issued_at).ok()?,
        })
    };
    read().ok_or(CoseError::Header)?.if_exactly(bytes)
}

fn read_typed_header(bytes: &[u8], content_type: &'static str) -> Result<Protected, CoseError> {
    let kid = read_kid(bytes)?;
    Protected::Typed { content_type, kid }.if_exactly(bytes)
}

fn read_receipt_header(bytes: &[u8]) -> Result<Protected, CoseError> {
    let kid = read_kid(bytes)?;
    Protected::Receipt { kid }.if_exactly(bytes)
}

fn read_kid(bytes: &[u8]) -> Result<Kid, CoseError> {
    let header = Header::from_slice(bytes).map_err(|_| CoseError::Header)?;
    Kid::from_slice(&header.key_id).ok_or(CoseError::Header)
}

/// Whether the keys of every map rise in their encoded form. The library keeps maps
/// as they came, so encoding them again does not show another order, nor a double.
fn is_in_order(value: &Value) -> bool {
    match value {
        Value::Tag(_, inner) => is_in_order(inner),
        Value::Array(items) => items.iter().all(is_in_order),
        Value::Map(members) => {
            let keys = members.iter().map(|(key, _)| encoded(key));
            keys.is_sorted_by(|a, b| a < b)
                && members
                    .iter()
                    .all(|(key, value)| is_in_order(key) && is_in_order(value))
        }
        _ => true,
    }
}

fn encoded(value: &Value) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    coset::cbor::into_writer(value, &mut bytes).ok()?;
    Some(bytes)
}

/// The four parts of a COSE_Sign1, of which only the encoding has been checked.
struct Outer {
    protected: Vec<u8>,
    unprotected: Vec<(Value, Value)>,
    payload: Option<Vec<u8>>,
    signature: Signature,
}

impl Outer {
    fn read(bytes: &[u8]) -> Result<Self, CoseError> {
        let mut rest = bytes;
        let value: Value = coset::cbor::from_reader(&mut rest).map_err(|_| CoseError::Outer)?;
        let mut again = Vec::with_capacity(bytes.len());
        coset::cbor::into_writer(&value, &mut again).map_err(|_| CoseError::Outer)?;
        // Bytes left over make the lengths differ.
        if again != bytes || !is_in_order(&value) {
            return Err(CoseError::Outer);
        }
        Self::parts(value).ok_or(CoseError::Outer)
    }

    fn parts(value: Value) -> Option<Self> {
        let Value::Tag(CoseSign1::TAG, array) = value else {
            return None;
        };
        let parts: [Value; 4] = array.into_array().ok()?.try_into().ok()?;
        let [protected, unprotected, payload, signature] = parts;
        Some(Self {
            protected: protected.into_bytes().ok()?,
            unprotected: unprotected.into_map().ok()?,
            payload: match payload {
                Value::Null => None,
                payload => Some(payload.into_bytes().ok()?),
            },
            signature: Signature::from_slice(&signature.into_bytes().ok()?)?,
        })
    }

    /// The payload of an object that has nothing unprotected.
    fn attached_payload(&self) -> Result<Vec<u8>, CoseError> {
        if self.unprotected.is_empty() {
            self.payload.clone().ok_or(CoseError::Header)
        } else {
            Err(CoseError::Header)
        }
    }

    /// The one proof of a receipt that has nothing else unprotected and nothing
    /// attached: `{396: {expected: [proof]}}`.
    fn proof(&self, expected: i64) -> Result<Vec<u8>, CoseError> {
        let read = || {
            let [(label, proofs)] = self.unprotected.as_slice() else {
                return None;
            };
            let [(kind, list)] = proofs.as_map()?.as_slice() else {
                return None;
            };
            let [proof] = list.as_array()?.as_slice() else {
                return None;
            };
            let is_it = *label == Value::from(LABEL_VDP)
                && *kind == Value::from(expected)
                && self.payload.is_none();
            is_it.then(|| proof.as_bytes().cloned()).flatten()
        };
        read().ok_or(CoseError::Header)
    }
}
