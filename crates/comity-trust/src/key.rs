//! Keys of members: as they are listed, and until when they are believed.

use comity_wire::ids::{Kid, PublicKey};
use comity_wire::registry::KeyPurpose;
use comity_wire::words::{Keyed, TimeMs};
use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

use crate::rule::Rule;

/// A key as a roster lists it. Fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The thumbprint of `public`.
    pub kid: Kid,
    /// From when it may sign.
    pub from: TimeMs,
    /// How it ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Until when it may sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<TimeMs>,
    /// The key.
    pub public: PublicKey,
    /// What it is for. One key has one purpose.
    pub purpose: KeyPurpose,
}

/// How a key ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// Another took its place. What it signed in its time stays valid.
    Superseded,
    /// Somebody else may have it since then, and may have put any date on what
    /// they signed.
    CompromisedSince(TimeMs),
}

/// Whether a signature of a key is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It is.
    Valid,
    /// It is dated before the key's time.
    TooEarly,
    /// It is dated after the key's time.
    TooLate,
    /// The verifier saw it when the key was compromised already.
    Compromised,
}

impl Keyed for Key {
    type Key<'a> = &'a Kid;

    fn key(&self) -> &Kid {
        &self.kid
    }
}

impl Key {
    /// A key that begins at a time.
    #[must_use]
    pub fn new(public: PublicKey, purpose: KeyPurpose, from: TimeMs) -> Self {
        Self {
            kid: Kid::of(&public),
            from,
            ended: None,
            until: None,
            public,
            purpose,
        }
    }

    /// Whether a signature dated `signed_at`, which the verifier first saw at
    /// `seen_at`, is believed.
    ///
    /// `signed_at` is the signer's claim, in whole seconds, so it is compared in
    /// seconds, both ends included. `seen_at` is what the verifier can answer for:
    /// the time of its own record, or for evidence the first cosignature over its
    /// receipt. A compromised key is judged by `seen_at` alone, because who has
    /// the key can claim any date.
    #[must_use]
    pub const fn validity(&self, signed_at: TimeMs, seen_at: TimeMs) -> Validity {
        if let Some(Ended::CompromisedSince(since)) = self.ended
            && seen_at >= since
        {
            return Validity::Compromised;
        }
        if signed_at / 1000 < self.from / 1000 {
            return Validity::TooEarly;
        }
        match self.until {
            Some(until) if signed_at / 1000 > until / 1000 => Validity::TooLate,
            _ => Validity::Valid,
        }
    }
}

/// Reads a public key for which a signature means something ([`PublicKey::usable`]).
///
/// # Errors
/// [`Rule::WeakKey`].
pub fn usable(public: &PublicKey) -> Result<VerifyingKey, Rule> {
    public.usable().ok_or(Rule::WeakKey)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn key(until: Option<TimeMs>, ended: Option<Ended>) -> Key {
        Key {
            until,
            ended,
            ..Key::new(PublicKey::new([0; 32]), KeyPurpose::Statement, 10_500)
        }
    }

    #[test]
    fn a_key_is_believed_in_its_time_and_its_seconds() {
        let check = |key: &Key, signed_at, expected| {
            assert_eq!(key.validity(signed_at, 0), expected, "{signed_at}");
        };
        let open = key(None, None);
        check(&open, 9_000, Validity::TooEarly);
        // Signed at 10.9 s, stated as 10 s.
        check(&open, 10_000, Validity::Valid);
        check(&open, u64::MAX, Validity::Valid);
        let superseded = key(Some(20_000), Some(Ended::Superseded));
        check(&superseded, 20_000, Validity::Valid);
        check(&superseded, 21_000, Validity::TooLate);
    }

    #[test]
    fn a_compromised_key_is_judged_by_what_the_verifier_knows_never_by_the_claimed_date() {
        let check = |signed_at, seen_at, expected| {
            let stolen = key(None, Some(Ended::CompromisedSince(30_000)));
            assert_eq!(stolen.validity(signed_at, seen_at), expected);
        };
        check(11_000, 29_999, Validity::Valid);
        check(11_000, 30_000, Validity::Compromised);
        check(90_000, 29_999, Validity::Valid);
    }

    #[test]
    fn weak_and_non_canonical_public_keys_are_refused() {
        let check = |hex: &str, expected: bool| {
            let public = PublicKey::from_hex(hex).unwrap();
            assert_eq!(usable(&public).is_ok(), expected, "{hex}");
        };
        // RFC 8032, section 7.1, test 1.
        check(
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            true,
        );
        // Small order: the neutral element, order 2, order 4, order 8.
        for weak in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        ] {
            check(weak, false);
        }
        // The neutral element with a sign.
        check(
            "0100000000000000000000000000000000000000000000000000000000000080",
            false,
        );
        // Not on the curve.
        check(
            "0200000000000000000000000000000000000000000000000000000000000000",
            false,
        );
    }

    #[test]
    fn a_point_written_with_a_number_above_the_prime_is_refused() {
        let mut read_by_the_library = 0;
        for (low, high) in (0xed..=0xff_u8).flat_map(|low| [(low, 0x7f), (low, 0xff)]) {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (low, high);
            let lenient = VerifyingKey::from_bytes(&bytes);
            read_by_the_library += u8::from(lenient.is_ok_and(|key| !key.is_weak()));
            assert_eq!(usable(&PublicKey::new(bytes)), Err(Rule::WeakKey));
        }
        assert!(read_by_the_library > 0, "else nothing was tested");
    }
}
