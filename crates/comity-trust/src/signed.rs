//! A payload and the signatures of those who govern: `[payload, [+ [kid, signature]]]`.
//!
//! The signatures are detached COSE_Sign1, so several keys sign one payload.
//! Hashes cover the payload only: who signs later does not change what it is.

use std::collections::BTreeMap;

use comity_wire::cbor;
use comity_wire::cose;
use comity_wire::ids::{Hash, Kid, PublicKey, Signature};
use comity_wire::limited::{Limited, OverLimit, length};
use comity_wire::object::ObjectError;
use comity_wire::words::{Keyed, Sorted};
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::chain_error::ChainError;
use crate::key::usable;
use crate::limits::SIGNATURES_MAX;
use crate::rule::Rule;

/// `[payload, [+ [kid, signature]]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPayload(
    /// The encoded charter or roster.
    pub ByteBuf,
    /// The signatures, one for each key.
    pub Sorted<KeySignature>,
);

/// `[kid, signature]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySignature(
    /// The governance key.
    pub Kid,
    /// Its signature.
    pub Signature,
);

impl Keyed for KeySignature {
    type Key<'a> = &'a Kid;

    fn key(&self) -> &Kid {
        &self.0
    }
}

impl SignedPayload {
    /// A payload that nobody has signed yet.
    #[must_use]
    pub fn unsigned(payload: Vec<u8>) -> Self {
        Self(ByteBuf::from(payload), Sorted::default())
    }

    /// Adds the signature of a key, in the place of one that it made before.
    #[must_use]
    pub fn signed_by(self, content_type: &'static str, key: &SigningKey) -> Self {
        let signature = cose::sign_detached(key, content_type, &self.0);
        let added = KeySignature(cose::kid_of(key), signature);
        let signatures = std::iter::once(added).chain(self.1.iter().cloned());
        Self(self.0.clone(), Sorted::new(signatures))
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.0
    }

    /// SHA-256 of the payload: what others call it by.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&self.0)
    }

    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Decodes; nothing is verified yet.
    ///
    /// # Errors
    /// What is wrong with the bytes. The size is looked at before anything is read.
    pub fn decode(bytes: &[u8], bytes_max: usize) -> Result<Self, ObjectError> {
        check_size(bytes, bytes_max)?;
        let signed: Self = cbor::decode(bytes)?;
        signed.within_limits()?;
        Ok(signed)
    }
}

impl Limited for SignedPayload {
    fn within_limits(&self) -> Result<(), OverLimit> {
        length("SIGNATURES_MAX", self.1.len(), 1, SIGNATURES_MAX)
    }
}

/// The first check of all: nothing that is too long is looked into.
pub(crate) fn check_size(bytes: &[u8], max: usize) -> Result<(), ObjectError> {
    let found = bytes.len();
    if found > max {
        return Err(ObjectError::Oversize { found, max });
    }
    Ok(())
}

/// The keys that govern under one charter, and how many of them it takes.
#[derive(Debug, Clone)]
pub struct Governance {
    keys: BTreeMap<Kid, VerifyingKey>,
    needed: u64,
}

impl Governance {
    /// Reads the keys.
    ///
    /// # Errors
    /// [`Rule::WeakKey`].
    pub fn new(keys: &[PublicKey], needed: u64) -> Result<Self, Rule> {
        let keys = keys
            .iter()
            .map(|public| Ok((Kid::of(public), usable(public)?)))
            .collect::<Result<_, Rule>>()?;
        Ok(Self { keys, needed })
    }

    /// Whether the key is one of them.
    #[must_use]
    pub fn has(&self, kid: &Kid) -> bool {
        self.keys.contains_key(kid)
    }

    /// The keys.
    pub fn kids(&self) -> impl Iterator<Item = &Kid> {
        self.keys.keys()
    }
}

/// Verifies that every signature is of a key of one of the governances, and that
/// each of them has as many as it needs. A key in two of them counts in both.
///
/// One signature of a stranger is refused, however many others there are: what
/// is kept and passed on holds nothing that nobody answers for.
///
/// # Errors
/// [`ChainError::WrongSigner`] before [`ChainError::Signature`] before
/// [`ChainError::Threshold`].
pub fn verify(
    signed: &SignedPayload,
    content_type: &'static str,
    governances: &[&Governance],
) -> Result<(), ChainError> {
    for KeySignature(kid, signature) in &signed.1 {
        let key = governances
            .iter()
            .find_map(|governance| governance.keys.get(kid))
            .ok_or(ChainError::WrongSigner(*kid))?;
        if !cose::is_detached_signature(key, content_type, signed.payload(), signature) {
            return Err(ChainError::Signature(*kid));
        }
    }
    governances
        .iter()
        .try_for_each(|governance| are_enough(signed, governance))
}

/// Verifies that one governance has signed, whoever else has: who the others are is
/// in a payload that is not worth decoding before.
///
/// # Errors
/// [`ChainError::Signature`] before [`ChainError::Threshold`].
pub(crate) fn verify_some(
    signed: &SignedPayload,
    content_type: &'static str,
    governance: &Governance,
) -> Result<(), ChainError> {
    for KeySignature(kid, signature) in &signed.1 {
        let Some(key) = governance.keys.get(kid) else {
            continue;
        };
        if !cose::is_detached_signature(key, content_type, signed.payload(), signature) {
            return Err(ChainError::Signature(*kid));
        }
    }
    are_enough(signed, governance)
}

fn are_enough(signed: &SignedPayload, governance: &Governance) -> Result<(), ChainError> {
    let signatures = signed.1.iter();
    let found = signatures.filter(|one| governance.has(&one.0)).count();
    if u64::try_from(found).unwrap_or(u64::MAX) < governance.needed {
        return Err(ChainError::Threshold {
            found,
            needed: governance.needed,
        });
    }
    Ok(())
}
