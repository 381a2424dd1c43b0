//! Strict, deterministic CBOR (RFC 8949, section 4.2.1), and the only module
//! that names `serde_cbor`.
//!
//! ```text
//! bytes -> depth scan -> decode into a typed struct -> encode again -> same bytes?
//! ```
//!
//! Re-encoding catches everything that a lenient decoder lets through: longer
//! heads than needed, indefinite lengths, unsorted or doubled keys, tags, nulls
//! for absent members, arrays in place of maps. It costs less than the signature
//! check by an order of magnitude (`cargo xtask bench core`). The scan comes
//! first, because the decoder recurses.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::DEPTH_MAX;

/// Why bytes are not what a structure encodes to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("nested more than {DEPTH_MAX} deep")]
    TooDeep,
    /// Not CBOR, or not this structure. The text speaks of the structure, never
    /// of the content.
    #[error("not this structure: {0}")]
    NotThisStructure(String),
    /// The same content has another, shorter or better ordered encoding.
    #[error("not the deterministic encoding")]
    NotDeterministic,
}

/// Encodes a structure whose fields are declared in canonical order.
///
/// # Panics
/// Never for the structures of this crate: they hold no map with computed keys
/// and write to memory, which are the two ways in which encoding can fail.
#[must_use]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "see `Panics`: a failure would be a fault of this code"
    )]
    serde_cbor::to_vec(value).expect("typed structures encode into memory")
}

/// Decodes bytes that are exactly the deterministic encoding of a `T`.
///
/// # Errors
/// [`CborError`], in the order of its variants.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CborError> {
    if depth(bytes) > DEPTH_MAX {
        return Err(CborError::TooDeep);
    }
    let mut decoder = serde_cbor::Deserializer::from_slice(bytes)
        .disable_packed_format()
        .disable_legacy_enums();
    let value = T::deserialize(&mut decoder).map_err(without_content)?;
    decoder.end().map_err(without_content)?;
    if encode(&value) == bytes {
        Ok(value)
    } else {
        Err(CborError::NotDeterministic)
    }
}

/// Reads the members that `T` names and passes over all others without keeping
/// anything of them. It tells which key to verify a signature with, before the whole
/// is decoded; nothing else may follow from it, because the encoding is not judged.
///
/// # Errors
/// [`CborError::TooDeep`], [`CborError::NotThisStructure`].
pub fn peek<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CborError> {
    if depth(bytes) > DEPTH_MAX {
        return Err(CborError::TooDeep);
    }
    let mut decoder = serde_cbor::Deserializer::from_slice(bytes)
        .disable_packed_format()
        .disable_legacy_enums();
    T::deserialize(&mut decoder).map_err(without_content)
}

/// The decoder's message quotes the text that it did not expect; a locator must
/// never get into an error that way, so only the class and the place are kept.
fn without_content(error: serde_cbor::Error) -> CborError {
    let class = match error.classify() {
        serde_cbor::error::Category::Eof => "the bytes end too early",
        serde_cbor::error::Category::Syntax => "not well-formed",
        serde_cbor::error::Category::Data => "a member is missing, unknown or of another type",
        serde_cbor::error::Category::Io => "could not be read",
    };
    CborError::NotThisStructure(format!("{class} (near byte {})", error.offset()))
}

/// How deep arrays, maps and tags are nested in the first data item of `bytes`:
/// 0 for a number or a string, 1 for `[]`. Byte strings are not looked into.
#[must_use]
pub fn depth(bytes: &[u8]) -> usize {
    scan(bytes).depth
}

/// What a scan has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scan {
    /// How deep arrays, maps and tags are nested; see [`depth`].
    pub depth: usize,
    /// How many data items there are. A decoder may use some memory for each, and
    /// an item can be as short as one byte.
    pub items: usize,
}

/// Looks at the heads of the first data item of `bytes` and of all within it.
///
/// The scan is a loop and stops as soon as it has passed [`DEPTH_MAX`], so it
/// costs neither stack nor more memory for hostile input. It does not judge: for
/// bytes that are not well-formed it returns what it has seen, and the decoder
/// says what is wrong.
#[must_use]
pub fn scan(bytes: &[u8]) -> Scan {
    /// Items still to come in an open container; `None` until a break.
    type ToCome = Option<u64>;
    let mut open: [ToCome; DEPTH_MAX] = [None; DEPTH_MAX];
    let mut level = 0;
    let mut seen = Scan::default();
    let mut rest = bytes;
    while let Some(head) = Head::read(&mut rest) {
        seen.items += 1;
        if head.is_break() {
            level = usize::saturating_sub(level, 1);
        } else if let Some(Some(to_come)) = level.checked_sub(1).and_then(|top| open.get_mut(top)) {
            *to_come -= 1;
        }
        match head.content() {
            Content::Nothing => {}
            Content::Bytes(length) => match rest.get(length..) {
                Some(after) => rest = after,
                None => break,
            },
            Content::Items(items) => {
                seen.depth = seen.depth.max(level + 1);
                let Some(slot) = open.get_mut(level) else {
                    break;
                };
                *slot = items;
                level += 1;
            }
        }
        while level > 0 && open.get(level - 1) == Some(&Some(0)) {
            level -= 1;
        }
        if level == 0 {
            break;
        }
    }
    seen
}

/// The first byte of a data item and the number that follows it.
struct Head {
    major: u8,
    /// `None`: an indefinite length, or a break.
    argument: Option<u64>,
}

/// What follows a head.
enum Content {
    Nothing,
    /// So many bytes.
    Bytes(usize),
    /// So many data items; `None` until a break.
    Items(Option<u64>),
}

impl Head {
    fn is_break(&self) -> bool {
        self.major == 7 && self.argument.is_none()
    }

    fn content(&self) -> Content {
        match (self.major, self.argument) {
            (2 | 3, Some(length)) => Content::Bytes(usize::try_from(length).unwrap_or(usize::MAX)),
            // A string of indefinite length is made of chunks.
            (2 | 3, None) => Content::Items(None),
            (4, items) => Content::Items(items),
            (5, pairs) => Content::Items(pairs.map(|pairs| pairs.saturating_mul(2))),
            (6, _) => Content::Items(Some(1)),
            _ => Content::Nothing,
        }
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        let (&first, mut after) = rest.split_first()?;
        let (major, info) = (first >> 5, first & 0x1f);
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => {
                let (number, left) = after.split_at_checked(1 << (info - 24))?;
                after = left;
                Some(
                    number
                        .iter()
                        .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
                )
            }
            31 => None,
            _ => return None,
        };
        *rest = after;
        Some(Self { major, argument })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn check_depth(hex: &str, expected: usize) {
        let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
        assert_eq!(depth(&bytes), expected, "{hex}");
    }

    #[test]
    fn depth_counts_arrays_maps_and_tags() {
        check_depth("", 0);
        check_depth("00", 0);
        check_depth("43818181", 0);
        check_depth("80", 1);
        check_depth("8100", 1);
        check_depth("8180", 2);
        check_depth("8280818100", 3);
        check_depth("a10081a0", 3);
        check_depth("d28440a0f640", 3);
        check_depth("9f9f9fffffff", 3);
        check_depth("bf009fff01a0ff", 2);
        check_depth("5f4100ff", 1);
        // What follows the first item is not looked at.
        check_depth("0081818100", 0);
        // Cut short: what was seen counts.
        check_depth("818181", 3);
        check_depth("9bffffffffffffffff80", 2);
    }

    #[test]
    fn depth_stops_one_level_past_the_limit() {
        for levels in [DEPTH_MAX, DEPTH_MAX + 1, DEPTH_MAX + 2, 100_000] {
            let mut bytes = vec![0x81; levels];
            bytes.push(0);
            assert_eq!(depth(&bytes), levels.min(DEPTH_MAX + 1));
        }
    }

    #[test]
    fn an_error_does_not_repeat_the_content() {
        #[derive(Debug, Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct One {
            a: u64,
        }
        // {"a": "secret"}, {"secret": 1}
        for hex in ["a161616673656372657 4", "a16673656372657401"] {
            let bytes = data_encoding::HEXLOWER
                .decode(hex.replace(' ', "").as_bytes())
                .unwrap();
            let error = decode::<One>(&bytes).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
