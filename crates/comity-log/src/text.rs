//! What the text formats of C2SP share: decimal numbers and base64 hashes with one spelling each.

use data_encoding::BASE64;

use crate::hash::Hash;

/// A decimal number without sign, space or leading zero that fits 64 bits.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Standard base64, padded, in its one spelling. The library also reads several
/// padded pieces in a row, so what was read is spelled again and compared.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    (to_base64(&bytes) == text).then_some(bytes)
}

/// The spelling that [`from_base64`] reads.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Base64 of exactly one hash.
pub(crate) fn hash_from_base64(text: &str) -> Option<Hash> {
    Hash::from_slice(&from_base64(text)?)
}

/// The spelling that [`hash_from_base64`] reads.
pub(crate) fn base64_of_hash(hash: &Hash) -> String {
    to_base64(hash.as_bytes())
}

/// Lines of one hash each, as proofs have them; none if one is malformed or there are too many.
pub(crate) fn hash_lines<'t>(
    lines: impl Iterator<Item = &'t str>,
    lines_max: usize,
) -> Option<Vec<Hash>> {
    let hashes: Vec<Hash> = lines
        .take(lines_max.saturating_add(1))
        .map(hash_from_base64)
        .collect::<Option<_>>()?;
    (hashes.len() <= lines_max).then_some(hashes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        for (text, expected) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("00", None),
            ("07", None),
            ("+7", None),
            ("-7", None),
            (" 7", None),
            ("7 ", None),
            ("٧", None),
            ("0x7", None),
        ] {
            assert_eq!(decimal(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let good = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(hash_from_base64(good).unwrap(), Hash::of(&[]));
        assert_eq!(base64_of_hash(&Hash::of(&[])), good);
        for bad in [
            "",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= ",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hS",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFVV",
            // Two padded pieces that make 32 bytes together.
            "4w==sMRCmPwcFJr79MiZb7kkJ65B5GSbk0yklZkbeFK4VQ==",
        ] {
            assert_eq!(hash_from_base64(bad), None, "{bad:?}");
        }
    }
}
