//! `cosignature/v1` (`tlog-cosignature`): the word of a witness that, at a time, this was the largest
//! tree of the log that it had seen, and that it grew out of all it had seen before.
//!
//! The signed message does not hold the name of the witness, so that each witness has its own key.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use thiserror::Error;

use crate::fault::Fault;
use crate::key::{KeyKind, KeyName};
use crate::limits::COSIGNATURE_TIME_MAX;
use crate::note::SignatureLine;

/// Cosigns the text of a checkpoint at `time_s` seconds since 1970.
///
/// Nothing is checked here: [`crate::witness`] decides what may be cosigned.
///
/// # Errors
/// A time over [`COSIGNATURE_TIME_MAX`].
pub fn sign(
    name: &KeyName,
    key: &SigningKey,
    text: &str,
    time_s: u64,
) -> Result<SignatureLine, TimeOverLimit> {
    if time_s > COSIGNATURE_TIME_MAX {
        return Err(TimeOverLimit { time_s });
    }
    let signature = key.sign(message(text, time_s).as_bytes());
    let blob = [time_s.to_be_bytes().as_slice(), &signature.to_bytes()].concat();
    Ok(SignatureLine::new(name, KeyKind::Witness, key, blob))
}

/// The time of a valid cosignature: eight bytes of time, 64 of signature.
pub(crate) fn verify(text: &str, blob: &[u8], key: &VerifyingKey) -> Option<u64> {
    let (time, signature) = blob.split_first_chunk::<8>()?;
    let time_s = u64::from_be_bytes(*time);
    if time_s > COSIGNATURE_TIME_MAX {
        return None;
    }
    let signature = Signature::from_slice(signature).ok()?;
    key.verify_strict(message(text, time_s).as_bytes(), &signature)
        .ok()
        .map(|()| time_s)
}

fn message(text: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

/// A time that no cosignature may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a cosignature cannot have the time {time_s}")]
pub struct TimeOverLimit {
    /// Seconds since 1970.
    pub time_s: u64,
}

impl TimeOverLimit {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "cosignature-time-over-limit"
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Us
    }
}
