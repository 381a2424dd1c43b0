//! Holds trust to its definition and to the attacks that TUF lists.
//!
//! ```text
//! encoding     charter and roster against the CDDL; no fault is accepted
//! rules        what must hold inside a charter and a roster
//! attacks      TUF's list: one test for each attack
//! siblings     two rosters of one version, and how they are settled
//! keys         what becomes of keys and logs from one roster to the next
//! statements   every check of a statement that needs a roster
//! grace        what still goes on when the roster has run out
//! look_up      whose is a locator; which hotline; who may send what
//! key_files    private keys on disk
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod attacks;
mod encoding;
mod grace;
mod key_files;
mod keys;
mod look_up;
mod rules;
mod siblings;
mod statements;

use comity_testkit::federation::{Federation, NOW_MS};
use comity_trust::chain_error::ChainError;
use comity_trust::history::Added;
use comity_trust::roster::Roster;

/// What becomes of a roster that two of the governance sign.
fn add(federation: &Federation, roster: &Roster) -> Result<Added, ChainError> {
    let mut history = federation.history().clone();
    history.add_roster(&federation.sign_roster(roster).encode(), NOW_MS)
}

/// Its code, or `"extended"`.
fn code(result: &Result<Added, ChainError>) -> &'static str {
    match result {
        Ok(Added::Extended) => "extended",
        Ok(Added::Known) => "known",
        Ok(Added::Conflict(_)) => "conflict",
        Ok(Added::Replaced { .. }) => "replaced",
        Err(error) => error.code(),
    }
}

/// The code for the next roster with an edit.
fn next(federation: &Federation, edit: impl FnOnce(&mut Roster)) -> &'static str {
    code(&add(federation, &federation.next_roster(edit)))
}
