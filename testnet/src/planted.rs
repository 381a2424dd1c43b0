//! Values that a test plants where they belong, and must not find anywhere else, in any of the disguises that software
//! puts on text: other case, hexadecimal, base64 at every alignment, percent signs, sixteen bits a letter.

use std::collections::BTreeSet;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Planted {
    marks: Vec<Mark>,
    /// The marks that begin with these two bytes.
    begins: Vec<Vec<usize>>,
}

/// A value in one disguise.
#[derive(Clone, Debug)]
struct Mark {
    name: String,
    disguise: &'static str,
    bytes: Vec<u8>,
    any_case: bool,
}

impl Default for Planted {
    fn default() -> Self {
        Self {
            marks: Vec::new(),
            begins: vec![Vec::new(); 1 << 16],
        }
    }
}

impl Planted {
    /// Adds a value. It must be long enough (eight bytes) that nothing else looks like it.
    pub fn plant(&mut self, name: &str, value: &[u8]) {
        let text = value.is_ascii();
        self.add(name, "itself", value.to_vec(), text);
        self.add(name, "hexadecimal", HEXLOWER.encode(value).into(), true);
        let percent: String = value.iter().map(|byte| format!("%{byte:02x}")).collect();
        self.add(name, "percent signs", percent.into(), true);
        let wide = value.iter().flat_map(|byte| [*byte, 0]).collect();
        self.add(name, "sixteen bits a letter", wide, text);
        for shift in 0..3 {
            for encoding in [BASE64_NOPAD, BASE64URL_NOPAD] {
                let before = [vec![0; shift], value.to_vec()].concat();
                // Only the letters that hold nothing but bits of the value.
                let (first, last) = ((shift * 8).div_ceil(6), before.len() * 8 / 6);
                let letters = encoding.encode(&before).into_bytes();
                let inner = letters.get(first..last).unwrap_or_default().to_vec();
                self.add(name, "base64", inner, false);
            }
        }
    }

    fn add(&mut self, name: &str, disguise: &'static str, bytes: Vec<u8>, any_case: bool) {
        let [Some(one), Some(two)] = [bytes.first(), bytes.get(1)] else {
            return;
        };
        let cases = |byte: &u8| {
            if any_case {
                BTreeSet::from([byte.to_ascii_lowercase(), byte.to_ascii_uppercase()])
            } else {
                BTreeSet::from([*byte])
            }
        };
        for first in cases(one) {
            for second in cases(two) {
                let slot = usize::from(u16::from_be_bytes([first, second]));
                if let Some(marks) = self.begins.get_mut(slot) {
                    marks.push(self.marks.len());
                }
            }
        }
        self.marks.push(Mark {
            name: name.to_owned(),
            disguise,
            bytes,
            any_case,
        });
    }

    /// What is found in these bytes, each once: `name (disguise)`.
    #[must_use]
    pub fn found_in(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, two) in bytes.windows(2).enumerate() {
            let [one, two] = two else { continue };
            let slot = usize::from(u16::from_be_bytes([*one, *two]));
            for mark in self.begins.get(slot).into_iter().flatten() {
                let mark = self.marks.get(*mark);
                let rest = bytes.get(at..).unwrap_or_default();
                if let Some(mark) = mark.filter(|mark| mark.begins(rest)) {
                    found.insert(format!("{} ({})", mark.name, mark.disguise));
                }
            }
        }
        found
    }
}

impl Mark {
    fn begins(&self, bytes: &[u8]) -> bool {
        let Some(beginning) = bytes.get(..self.bytes.len()) else {
            return false;
        };
        if self.any_case {
            beginning.eq_ignore_ascii_case(&self.bytes)
        } else {
            beginning == self.bytes
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use data_encoding::{BASE64, BASE64URL, HEXUPPER};

    #[test]
    fn a_value_is_found_in_every_disguise_and_at_every_place() {
        let mut planted = Planted::default();
        planted.plant("word", b"plantedword");
        let check = |bytes: &[u8], expected: &str| {
            for before in 0..7 {
                for after in [0, 1, 5] {
                    let padded = [&vec![b'.'; before], bytes, &vec![b'.'; after]].concat();
                    let found = planted.found_in(&padded);
                    assert!(found.contains(expected), "{padded:?}: {found:?}");
                }
            }
        };
        check(b"plantedword", "word (itself)");
        check(b"PlantedWord", "word (itself)");
        check(
            b"p\0l\0a\0n\0t\0e\0d\0w\0o\0r\0d\0",
            "word (sixteen bits a letter)",
        );
        check(
            HEXUPPER.encode(b"plantedword").as_bytes(),
            "word (hexadecimal)",
        );
        check(b"%70%6C%61%6E%74%65%64%77%6F%72%64", "word (percent signs)");
        for before in ["", "a", "ab", "abc", "abcd"] {
            for after in ["", "x", "xy", "xyz"] {
                let text = format!("{before}plantedword{after}");
                check(BASE64.encode(text.as_bytes()).as_bytes(), "word (base64)");
                check(
                    BASE64URL.encode(text.as_bytes()).as_bytes(),
                    "word (base64)",
                );
            }
        }
    }

    #[test]
    fn nothing_else_is_found() {
        let mut planted = Planted::default();
        planted.plant("word", b"plantedword");
        planted.plant("key", &[200, 1, 2, 3, 4, 5, 6, 7, 8]);
        let check = |bytes: &[u8]| assert!(planted.found_in(bytes).is_empty(), "{bytes:?}");
        check(b"");
        check(b"p");
        check(b"plantedwor");
        check(b"planted word");
        check(&[200, 1, 2, 3, 4, 5, 6, 7]);
        assert!(
            !planted
                .found_in(&[0, 200, 1, 2, 3, 4, 5, 6, 7, 8, 9])
                .is_empty()
        );
    }
}
