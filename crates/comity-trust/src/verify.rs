//! The key of the issuer, and its signature.
//!
//! The key is looked up in the whole history, by issuer, kid and purpose: a
//! statement that is here already is recognised whatever has become of its key
//! since. Whether the key is in force is asked later, by [`crate::authorise`].

use comity_wire::registry::Check;
use comity_wire::statement::{Received, Rejection, Signed};

use crate::history::History;

/// Reads the outer structure and verifies the signature.
///
/// # Errors
/// The first of the checks size, depth, outer, header, key and signature that fails.
pub fn verify<'a>(bytes: &'a [u8], history: &History) -> Result<Signed<'a>, Rejection> {
    let received = Received::read(bytes)?;
    let known = history
        .statement_key(received.issuer(), received.kid())
        .ok_or_else(|| {
            Rejection::new(
                Check::Key,
                "no roster has this statement key for this issuer",
            )
        })?;
    received.verify(known.verifying())
}
