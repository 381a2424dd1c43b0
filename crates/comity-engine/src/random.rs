//! Randomness, from the operating system.

use comity_wire::ids::Nonce;

use crate::ports::Fault;

/// 16 random bytes.
pub(crate) fn nonce() -> Result<Nonce, Fault> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| {
        Fault::new(
            "no-randomness",
            "the operating system gives no random bytes",
        )
    })?;
    Ok(Nonce::new(bytes))
}

/// A number below `end`, for jitter; 0 without randomness.
pub(crate) fn below(end: u64) -> u64 {
    let mut bytes = [0; 8];
    if getrandom::fill(&mut bytes).is_err() {
        return 0;
    }
    u64::from_be_bytes(bytes).checked_rem(end).unwrap_or(0)
}
