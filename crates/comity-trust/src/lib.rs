//! Keys, charter, roster and authorisation: whom to believe, and what they may do.
//!
//! It is pure: the clock, the bytes and the seeds of keys are arguments. The
//! structures are those of section 8 of `protocol-spec/comity.cddl`.
//!
//! ```text
//! key_file, key                  private keys on disk; public keys that can be relied on
//! signed                         payload and k of n signatures
//! charter, roster, member, owned what the governance signs; rule: what must hold inside
//! succession, key_history        what may change from one roster to the next
//! history                        the first charter and everything that follows from it
//! standing                       what still goes on when a roster has run out
//! quorum                         whose cosignatures a head needs
//!
//! bytes -> verify -> [known?] -> open -> authorise -> Authorised      (check: all of it)
//!
//! matrix, owns                   who may send what to whom; whose is a locator
//! ```

pub mod authorise;
pub mod chain_error;
pub mod charter;
pub mod history;
pub mod key;
pub mod key_file;
pub mod key_history;
pub mod limits;
pub mod matrix;
pub mod member;
pub mod owned;
pub mod owns;
pub mod quorum;
pub mod roster;
pub mod rule;
pub mod signed;
pub mod standing;
pub mod succession;
pub mod verify;
