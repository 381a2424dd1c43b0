//! Who a log or a witness is: names that hold the federation and the member, so that no checkpoint of
//! one federation means anything in another.
//!
//! A log is `<64 hex digits of the federation>/<member>/<number>`. A member's first log is number 1;
//! after a restore from backup it opens the next one.

use std::fmt;
use std::str::FromStr;

use comity_wire::ids::MemberId;
pub use comity_wire::leaf::Origin;
use thiserror::Error;

use crate::fault::Fault;
use crate::hash::Hash;

/// A witness: `<64 hex digits of the federation>/<member>/witness`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WitnessName {
    /// The federation.
    pub fed: Hash,
    /// Whose witness.
    pub member: MemberId,
}

impl fmt::Display for WitnessName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{LAST_PART}", self.fed, self.member)
    }
}

impl FromStr for WitnessName {
    type Err = NotAWitnessName;

    fn from_str(text: &str) -> Result<Self, NotAWitnessName> {
        let (fed, rest) = text.split_once('/').ok_or(NotAWitnessName)?;
        let (member, last) = rest.split_once('/').ok_or(NotAWitnessName)?;
        match (Hash::from_hex(fed), MemberId::new(member)) {
            (Some(fed), Some(member)) if last == LAST_PART => Ok(Self { fed, member }),
            _ => Err(NotAWitnessName),
        }
    }
}

const LAST_PART: &str = "witness";

/// The text is not the name of a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not <64 hex digits>/<member>/{LAST_PART}")]
pub struct NotAWitnessName;

impl NotAWitnessName {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "witness-name-format"
    }

    /// Who is at fault.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Peer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_has_one_name() {
        let fed = "ab".repeat(32);
        let check = |text: String, accepted: bool| {
            let found = text.parse::<WitnessName>();
            let written = found.map(|name| name.to_string()).ok();
            assert_eq!(written, accepted.then_some(text));
        };
        check(format!("{fed}/north.example/witness"), true);
        check(format!("{fed}/north.example/1"), false);
        check(format!("{fed}/north.example/witness/"), false);
        check(format!("{fed}/North/witness"), false);
        check(format!("{fed}/witness"), false);
        check(format!("{}/north/witness", "AB".repeat(32)), false);
        check(String::new(), false);
    }
}
