//! A signed refusal: the recipient's word that it has not recorded what a member
//! validly signed. A final one is recorded and repeated as it is.

use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::cbor;
use crate::cose::{self, Protected, Shape, Sign1};
use crate::ids::{Hash, Kid, MemberId};
use crate::leaf::RosterRef;
use crate::limited::{Limited as _, duration, integer};
use crate::limits::{DEPTH_MAX, STATEMENT_BYTES_MAX};
use crate::object::ObjectError;
use crate::registry::content_type;
use crate::words::{Code, DurationMs};

/// What a refusal says. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// SHA-256 of the bytes received.
    pub of: Hash,
    /// To whom.
    pub to: MemberId,
    /// Why (registries `check` and `exchange-code`).
    pub code: Code,
    /// The roster that was in force.
    pub roster: RosterRef,
    /// When trying again may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<DurationMs>,
}

/// A refusal that has been read but not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    refused: Refused,
    sign1: Sign1,
    bytes: Vec<u8>,
}

impl Refusal {
    /// Signs a refusal.
    #[must_use]
    pub fn sign(key: &SigningKey, refused: &Refused) -> Vec<u8> {
        let protected = Protected::Typed {
            content_type: content_type::REFUSAL,
            kid: cose::kid_of(key),
        };
        cose::sign(key, &protected, &cbor::encode(refused))
    }

    /// Reads a refusal.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_size_and_depth(bytes, STATEMENT_BYTES_MAX, DEPTH_MAX)?;
        let sign1 = Sign1::read(bytes, Shape::Typed(content_type::REFUSAL))?;
        let refused: Refused = cbor::decode(&sign1.content)?;
        refused.code.within_limits()?;
        integer(refused.roster.0)?;
        refused.retry_after.map_or(Ok(()), duration)?;
        Ok(Self {
            refused,
            sign1,
            bytes: bytes.to_vec(),
        })
    }

    /// The key that is said to have signed.
    #[must_use]
    pub const fn kid(&self) -> &Kid {
        self.sign1.protected.kid()
    }

    /// What it says, if `key` signed it. The caller answers for `key`.
    ///
    /// # Errors
    /// [`ObjectError::Signature`].
    pub fn verify(&self, key: &VerifyingKey) -> Result<&Refused, ObjectError> {
        if self.sign1.is_signed_by(key, &self.sign1.content) {
            Ok(&self.refused)
        } else {
            Err(ObjectError::Signature)
        }
    }

    /// The bytes as received.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
