//! The small texts and lists that structures are made of.
//!
//! A pattern that a text must have is checked when it is decoded; how long it may
//! be is a limit and is checked by [`crate::limited`], so that the two failures
//! have their own codes. What may hold free text or a locator hides itself in
//! `Debug`, so that it cannot get into a log line by accident.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Stands for bytes in `Debug`: they may hold a locator or free text.
pub(crate) struct Hidden<'a>(pub(crate) &'a [u8]);

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(hidden, {} bytes)", self.0.len())
    }
}

/// Milliseconds since 1970, UTC.
pub type TimeMs = u64;

/// A length of time in milliseconds.
pub type DurationMs = u64;

/// The number of an item in its case, from 1.
pub type ItemNumber = u64;

/// The round of an item, from 1: each time it reappears a new one begins.
pub type Round = u64;

/// Defines a text of a certain form.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $fits:path, $shown:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Wraps a text of the right form.
            #[must_use]
            pub fn new(text: &str) -> Option<Self> {
                $fits(text).then(|| Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if $shown {
                    write!(f, concat!(stringify!($name), "({})"), self.0)
                } else {
                    write!(f, concat!(stringify!($name), "(hidden, {} bytes)"), self.0.len())
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                if $fits(&text) {
                    Ok(Self(text.into()))
                } else {
                    Err(de::Error::custom(concat!("not ", $what)))
                }
            }
        }
    };
}

text_type!(
    /// A code of an open registry: words of `a-z` and `0-9`, joined by hyphens.
    Code,
    "a code",
    is_code,
    true
);
text_type!(
    /// The name of an extension: `a-z`, `0-9`, `.` and `-`, the first a letter or
    /// a digit.
    ExtensionName,
    "an extension name",
    is_extension_name,
    true
);
text_type!(
    /// A country, ISO 3166-1 alpha-2.
    Country,
    "a country code",
    is_country,
    true
);
text_type!(
    /// A language tag, BCP 47.
    Language,
    "a language tag",
    is_language,
    true
);
text_type!(
    /// The name of an organisation, a service or a network.
    Name,
    "a name",
    is_one_line,
    false
);
text_type!(
    /// An identifier of another system, kept as it is.
    Reference,
    "a reference",
    is_one_line,
    false
);
text_type!(
    /// Free text: several lines, no other control characters.
    Text,
    "a text",
    is_text,
    false
);
text_type!(
    /// The text of a locator, as it was reported.
    LocatorText,
    "a locator",
    is_one_line,
    false
);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<str> for Code {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

fn is_code(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|first| word(*first))
        && bytes.last().is_some_and(|last| word(*last))
        && bytes.iter().all(|byte| word(*byte) || *byte == b'-')
}

fn is_extension_name(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|first| word(*first))
        && bytes
            .iter()
            .all(|byte| word(*byte) || *byte == b'-' || *byte == b'.')
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=8).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_alphabetic())
        && text.split('-').count() <= 9
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

fn is_one_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fn is_text(text: &str) -> bool {
    !text
        .chars()
        .any(|letter| letter.is_control() && letter != '\n')
}

/// The version of a structure. There is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(1)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            _ => Err(de::Error::custom("not version 1")),
        }
    }
}

/// What the entries of a [`Sorted`] list are sorted by.
pub trait Keyed {
    /// The key.
    type Key<'a>: Ord
    where
        Self: 'a;

    /// The key of this entry.
    fn key(&self) -> Self::Key<'_>;
}

/// Declares types that are their own key.
macro_rules! own_key {
    ($($name:ty),*) => {
        $(impl Keyed for $name {
            type Key<'a> = &'a Self;

            fn key(&self) -> &Self {
                self
            }
        })*
    };
}

own_key!(
    u64,
    Code,
    Country,
    crate::ids::Hash,
    crate::ids::PublicKey,
    (ItemNumber, Round),
    (serde_bytes::ByteBuf, u64),
    Box<str>
);

impl<T> Keyed for (Country, T) {
    type Key<'a>
        = &'a Country
    where
        T: 'a;

    fn key(&self) -> &Country {
        &self.0
    }
}

/// By the three texts, so that the order does not depend on that of a registry.
impl Keyed for (Code, crate::registry::Kind, Code) {
    type Key<'a> = (&'a Code, &'static str, &'a Code);

    fn key(&self) -> Self::Key<'_> {
        (&self.0, self.1.as_str(), &self.2)
    }
}

impl Keyed for (Code, u64) {
    type Key<'a> = &'a Code;

    fn key(&self) -> &Code {
        &self.0
    }
}

/// A list in strictly rising order of its keys: nothing stands twice, and the
/// same set has one encoding. Decoding refuses any other order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Sorted<T>(Vec<T>);

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Keyed> Sorted<T> {
    /// Sorts the entries; of those with equal keys the first stays.
    pub fn new(entries: impl IntoIterator<Item = T>) -> Self {
        let mut entries: Vec<T> = entries.into_iter().collect();
        entries.sort_by(|a, b| a.key().cmp(&b.key()));
        entries.dedup_by(|a, b| a.key() == b.key());
        Self(entries)
    }

    /// Finds the entry with a key.
    pub fn find<'a>(&'a self, key: &T::Key<'a>) -> Option<&'a T> {
        let place = self.0.binary_search_by(|entry| entry.key().cmp(key)).ok()?;
        self.0.get(place)
    }
}

impl<T> Deref for Sorted<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T> IntoIterator for &'a Sorted<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de, T: Keyed + Deserialize<'de>> Deserialize<'de> for Sorted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = Vec::<T>::deserialize(deserializer)?;
        if entries.is_sorted_by(|a, b| a.key() < b.key()) {
            Ok(Self(entries))
        } else {
            Err(de::Error::custom("not sorted, or not unique"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::cbor;

    #[test]
    fn texts_have_their_form() {
        let check = |new: fn(&str) -> bool, good: &[&str], bad: &[&str]| {
            good.iter().for_each(|text| assert!(new(text), "{text:?}"));
            bad.iter().for_each(|text| assert!(!new(text), "{text:?}"));
        };
        check(
            is_code,
            &["a", "a-1", "1", "a--b"],
            &["", "-a", "a-", "A", "a b", "a_b", "é"],
        );
        check(is_country, &["SE", "NL"], &["", "se", "SWE", "S1"]);
        check(
            is_language,
            &["en", "pt-BR", "zh-Hant-TW", "sgn-BE-FR"],
            &["", "e", "en-", "-en", "en_GB", "en-toolongpart", "123"],
        );
        check(
            is_one_line,
            &["", "Bücher & Co", "a\u{200d}b"],
            &["a\nb", "a\u{7}", "a\u{9b}b"],
        );
        check(is_text, &["", "a\nb"], &["a\rb", "a\u{1b}[0m"]);
    }

    #[test]
    fn free_text_and_locators_hide_themselves() {
        let shown = format!(
            "{:?} {:?}",
            Text::new("planted").unwrap(),
            LocatorText::new("planted").unwrap()
        );
        assert_eq!(shown, "Text(hidden, 7 bytes) LocatorText(hidden, 7 bytes)");
    }

    #[test]
    fn a_sorted_list_has_one_encoding() {
        let list = Sorted::new([3, 1, 2, 3]);
        assert_eq!(cbor::encode(&list), [0x83, 1, 2, 3]);
        assert_eq!(cbor::decode::<Sorted<u64>>(&[0x83, 1, 2, 3]), Ok(list));
        for wrong in [[0x83, 2, 1, 3], [0x83, 1, 2, 2]] {
            assert!(cbor::decode::<Sorted<u64>>(&wrong).is_err());
        }
    }
}
