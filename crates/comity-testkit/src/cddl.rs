//! Holds bytes to a rule of `protocol-spec/comity.cddl`, with a validator that is
//! not ours.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use cddl::ast::CDDL;
use cddl::validator::Validator as _;
use cddl::validator::cbor::{CBORValidator, Error};
use cddl::validator::cbor_value::decode_cbor;

/// The definition of every structure.
pub const TEXT: &str = include_str!("../../../protocol-spec/comity.cddl");

/// Checks bytes against a rule.
///
/// # Errors
/// What the validator says, or that there is no such rule.
pub fn validate(rule: &str, bytes: &[u8]) -> Result<(), String> {
    let parsed = parsed(rule)?;
    let value = decode_cbor(bytes).map_err(|error| error.to_string())?;
    let mut validator = CBORValidator::new(parsed, value, None);
    validator
        .validate()
        .map_err(|error: Error<std::io::Error>| error.to_string())
}

/// The names of all rules, in the order of the file, but for those that need
/// parameters.
#[must_use]
pub fn rules() -> Vec<&'static str> {
    TEXT.lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.contains('<'))
        .collect()
}

/// The definition with this rule first, which makes it the one that is checked.
/// Kept for ever: there are a few dozen rules, and this crate is for tests.
fn parsed(rule: &str) -> Result<&'static CDDL<'static>, String> {
    static PARSED: OnceLock<Result<CDDL, String>> = OnceLock::new();
    static BY_RULE: Mutex<BTreeMap<String, &CDDL>> = Mutex::new(BTreeMap::new());
    let mut by_rule = BY_RULE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = by_rule.get(rule) {
        return Ok(known);
    }
    let mut fresh = PARSED
        .get_or_init(|| cddl::cddl_from_str(in_its_words(), true))
        .clone()?;
    let place = fresh.rules.iter().position(|known| known.name() == rule);
    let place = place.ok_or_else(|| format!("comity.cddl has no rule `{rule}`"))?;
    let first = fresh.rules.remove(place);
    fresh.rules.insert(0, first);
    let fresh = Box::leak(Box::new(fresh));
    by_rule.insert(rule.to_owned(), fresh);
    Ok(fresh)
}

/// The definition in the words that the validator understands. It means the same.
///
/// - The validator searches for a pattern; RFC 8610 (section 3.8.3) says that the
///   whole text has to match. So patterns are anchored.
/// - The validator takes a bare key for the type of that name, if there is one;
///   RFC 8610 (section 3.5.1) says that it is a text. So bare keys are quoted.
fn in_its_words() -> &'static str {
    static WORDS: OnceLock<String> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut text = String::new();
        for line in TEXT.lines() {
            // Every second piece is a quoted text.
            for (place, piece) in line.split('"').enumerate() {
                if place % 2 == 0 {
                    let (code, _) = piece.split_once(';').unwrap_or((piece, ""));
                    text.push_str(&quoted_keys(code));
                    if code.len() < piece.len() {
                        break;
                    }
                } else if text.ends_with(".regexp ") {
                    text.push_str(&format!("\"^(?:{piece})$\""));
                } else {
                    text.push_str(&format!("\"{piece}\""));
                }
            }
            text.push('\n');
        }
        text
    })
}

fn quoted_keys(code: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let mut text = String::new();
    let mut pieces = code.split(':').peekable();
    while let Some(piece) = pieces.next() {
        let before = piece.trim_end_matches(is_word);
        let (_, word) = piece.split_at(before.len());
        text.push_str(before);
        match (
            pieces.peek().is_some(),
            word.starts_with(|first: char| first.is_ascii_alphabetic()),
        ) {
            (true, true) => text.push_str(&format!("\"{word}\":")),
            (true, false) => text.push_str(&format!("{word}:")),
            (false, _) => text.push_str(word),
        }
    }
    text
}
