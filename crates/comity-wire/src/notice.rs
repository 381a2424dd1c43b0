//! What is signed under the statement key but is no statement: the sequence
//! numbers of an audit, and the announcement of a restored log.

use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cbor;
use crate::cose::{self, Protected, Shape, Sign1};
use crate::ids::{Hash, Kid, MemberId, PublicKey};
use crate::leaf::{LogHead, Origin};
use crate::limited::{Limited, OverLimit, integer, length, time};
use crate::limits::{DEPTH_MAX, EVIDENCE_BYTES_MAX};
use crate::object::ObjectError;
use crate::registry::content_type;
use crate::words::{Keyed, Sorted, TimeMs, Version};

/// Members that one object can name.
const COUNTERPARTS_MAX: usize = 1000;

/// `[origin, size, root, [* [counterpart, next seq]]]`: how many records a log has
/// for each counterpart. Signed at a checkpoint, it shows gaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequences(
    /// The log.
    pub Origin,
    /// Its size.
    pub u64,
    /// Its root.
    pub Hash,
    /// The next number for each counterpart.
    pub Sorted<NextSequence>,
);

/// `[counterpart, next seq]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextSequence(
    /// The other member.
    pub MemberId,
    /// The number that its next record will have.
    pub u64,
);

impl Keyed for NextSequence {
    type Key<'a> = &'a MemberId;

    fn key(&self) -> &MemberId {
        &self.0
    }
}

/// A member was restored from an older copy and writes a new log. Fields stand in
/// canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    /// 1.
    pub v: Version,
    /// The federation.
    pub fed: Hash,
    /// The key of the new log.
    pub key: PublicKey,
    /// When.
    pub time: TimeMs,
    /// The highest head of the old log that peers prove.
    pub closed: LogHead,
    /// Who.
    pub member: MemberId,
    /// The new log.
    pub opened: Origin,
    /// The new witness key.
    pub witness: PublicKey,
    /// The size of the copy: what lies from here to the closed size is lost.
    pub restored: u64,
}

impl Limited for Sequences {
    fn within_limits(&self) -> Result<(), OverLimit> {
        integer(self.1)?;
        length("COUNTERPARTS_MAX", self.3.len(), 0, COUNTERPARTS_MAX)?;
        self.3.iter().try_for_each(|next| integer(next.1))
    }
}

impl Limited for Restored {
    fn within_limits(&self) -> Result<(), OverLimit> {
        time(self.time)?;
        integer(self.closed.1)?;
        integer(self.restored)
    }
}

/// A content that is signed on its own.
pub trait Notice: Serialize + DeserializeOwned + Limited {
    /// The content type of its COSE object.
    const CONTENT_TYPE: &'static str;
}

impl Notice for Sequences {
    const CONTENT_TYPE: &'static str = content_type::SEQUENCES;
}

impl Notice for Restored {
    const CONTENT_TYPE: &'static str = content_type::RESTORED;
}

/// A notice that has been read but not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNotice<T> {
    content: T,
    sign1: Sign1,
}

impl<T: Notice> SignedNotice<T> {
    /// Signs a notice.
    #[must_use]
    pub fn sign(key: &SigningKey, content: &T) -> Vec<u8> {
        let protected = Protected::Typed {
            content_type: T::CONTENT_TYPE,
            kid: cose::kid_of(key),
        };
        cose::sign(key, &protected, &cbor::encode(content))
    }

    /// Reads a notice.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, ObjectError> {
        ObjectError::check_size_and_depth(bytes, EVIDENCE_BYTES_MAX, DEPTH_MAX)?;
        let sign1 = Sign1::read(bytes, Shape::Typed(T::CONTENT_TYPE))?;
        let content: T = cbor::decode(&sign1.content)?;
        content.within_limits()?;
        Ok(Self { content, sign1 })
    }

    /// The key that is said to have signed.
    #[must_use]
    pub const fn kid(&self) -> &Kid {
        self.sign1.protected.kid()
    }

    /// What it says. Whoever reads it has verified it before, or believes nothing of it.
    #[must_use]
    pub const fn unverified(&self) -> &T {
        &self.content
    }

    /// What it says, if `key` signed it. The caller answers for `key`.
    ///
    /// # Errors
    /// [`ObjectError::Signature`].
    pub fn verify(&self, key: &VerifyingKey) -> Result<&T, ObjectError> {
        if self.sign1.is_signed_by(key, &self.sign1.content) {
            Ok(&self.content)
        } else {
            Err(ObjectError::Signature)
        }
    }
}
