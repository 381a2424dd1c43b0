//! Bearer tokens: whose they are.

use comity_engine::desk::Person;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// Who a bearer token belongs to. The node reads `tokens/*.token`.
pub trait Tokens: Send + Sync {
    /// The person whose token this is. It has to take as long for a token that is nearly right as for any other.
    /// It is asked for every request, of a session of the console too: a token that is taken away ends them at once.
    fn person_of(&self, token: &str) -> Option<Person>;
}

/// Tokens in memory, by their SHA-256.
#[derive(Default)]
pub struct TokenTable(Vec<(Person, [u8; 32])>);

impl TokenTable {
    /// An empty table: nobody comes in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a token: 64 lower-case hex digits. `false`: it has not this form, and is not added.
    pub fn add(&mut self, person: Person, token: &str) -> bool {
        let fits = has_form(token);
        if fits {
            self.0.push((person, Sha256::digest(token).into()));
        }
        fits
    }
}

impl Tokens for TokenTable {
    fn person_of(&self, token: &str) -> Option<Person> {
        let given: [u8; 32] = Sha256::digest(token).into();
        let mut found = None;
        // Every row is compared in full, whichever fits.
        for (person, known) in &self.0 {
            if equal(known, &given) {
                found = Some(person.clone());
            }
        }
        found
    }
}

/// Whether a text is 32 bytes in lower-case hex.
pub(crate) fn has_form(token: &str) -> bool {
    token.len() == 64 && HEXLOWER.decode(token.as_bytes()).is_ok()
}

/// Compares without telling by the time it takes where the first difference is.
pub(crate) fn equal(left: &[u8; 32], right: &[u8; 32]) -> bool {
    let difference = left
        .iter()
        .zip(right)
        .fold(0_u8, |seen, (a, b)| std::hint::black_box(seen | (a ^ b)));
    difference == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_a_whole_token_of_the_table_has_a_person() {
        let right = "ab".repeat(32);
        let mut table = TokenTable::new();
        assert!(table.add(Person::new("anna").unwrap(), &"cd".repeat(32)));
        assert!(table.add(Person::new("berit").unwrap(), &right));
        let check = |token: &str, expected: Option<&str>| {
            let found = table.person_of(token);
            assert_eq!(found.as_ref().map(Person::as_str), expected);
        };
        check(&right, Some("berit"));
        check(&"cd".repeat(32), Some("anna"));
        check("", None);
        check(&right.to_uppercase(), None);
        check(&right.replacen("ab", "aa", 1), None);
        check(right.get(..63).unwrap(), None);
        check(&format!("{right}a"), None);
    }

    #[test]
    fn what_is_not_a_token_is_not_added() {
        let mut table = TokenTable::new();
        for text in [
            "",
            "secret",
            &"AB".repeat(32),
            &"ab".repeat(33),
            &"zz".repeat(32),
        ] {
            assert!(!table.add(Person::new("anna").unwrap(), text), "{text}");
            assert!(table.person_of(text).is_none());
        }
    }
}
