//! Bytes as diagnostic notation (RFC 8949, section 8), for people to read.
//!
//! ```text
//! bytes + the rule of the CDDL -> read as far as they are CBOR -> a tree of words -> lines
//! ```
//!
//! What the CDDL calls `.cbor` is shown as `<<…>>`. Encodings that are not the shortest
//! keep their indicator (`_0` to `_3` for an argument of 1 to 8 bytes, `_` for an
//! indefinite length), so that whoever reads the notation back has the same bytes. Of
//! what is not CBOR, as much is shown as can be read, then why not, then the rest.

use std::fmt::Write as _;

/// How long a line may be, where it can be broken.
const WIDTH: usize = 110;

/// Deeper than any structure, and than any vector that is too deep on purpose.
const DEPTH_SHOWN_MAX: usize = 64;

/// Bytes in diagnostic notation.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The text, with a line feed at its end.
    pub text: String,
    /// Whether the bytes are one data item, so that the text says all of them.
    pub whole: bool,
}

/// Shows an object of the vectors.
#[must_use]
pub fn show(object: &str, bytes: &[u8]) -> Shown {
    let mut reader = Reader { bytes, at: 0 };
    let mut tree = Tree::default();
    let found = reader.item(shape_of(object, bytes), 0, &mut tree);
    let mut text = String::new();
    if let Some(word) = &tree.0 {
        word.write(0, &mut text);
        text.push('\n');
    }
    let rest = bytes.get(reader.at..).unwrap_or_default();
    let why = match found {
        Ok(()) if rest.is_empty() => return Shown { text, whole: true },
        Ok(()) => "more follows what is one data item",
        Err(why) => why,
    };
    let _ = writeln!(
        text,
        "/ {why}; from byte {} on: /\n{}",
        reader.at,
        in_hex(rest)
    );
    Shown { text, whole: false }
}

fn in_hex(bytes: &[u8]) -> String {
    format!("h'{}'", data_encoding::HEXLOWER.encode(bytes))
}

// ---- Where byte strings hold CBOR

/// What a structure has inside, as far as byte strings in it hold CBOR. Where bytes
/// have another structure, nothing is looked for in them.
enum Shape {
    /// Nothing, or something opaque.
    Plain,
    /// A byte string that holds one data item.
    Cbor(&'static Self),
    /// What is tagged.
    Tagged(&'static Self),
    /// The places of an array.
    Places(&'static [Self]),
    /// Every element of an array.
    Each(&'static Self),
    /// Every value of a map.
    Values(&'static Self),
    /// One member of a map.
    Member(&'static str, &'static Self),
    /// A byte string or an array.
    Either(&'static Self, &'static Self),
}

use Shape::{Cbor, Each, Either, Member, Places, Plain, Tagged, Values};

/// A COSE_Sign1 over CBOR.
static SIGNED: Shape = Tagged(&Places(&[Cbor(&Plain), Plain, Cbor(&Plain)]));
static STATEMENT: Shape = Tagged(&Places(&[
    Cbor(&Plain),
    Plain,
    Cbor(&Member("body", &Cbor(&Plain))),
]));
static COSE_RECEIPT: Shape = Tagged(&Places(&[
    Cbor(&Plain),
    Values(&Values(&Each(&Cbor(&Plain)))),
]));
static RECEIPT: Shape = Places(&[Cbor(&Plain), Cbor(&COSE_RECEIPT)]);
static SIGNED_PAYLOAD: Shape = Places(&[Cbor(&Plain)]);
static OFFER: Shape = Places(&[
    Cbor(&STATEMENT),
    Places(&[Cbor(&Plain), Cbor(&COSE_RECEIPT)]),
]);
static OFFERS: Shape = Places(&[Plain, Each(&OFFER)]);
static RESULT: Shape = Places(&[Plain, Either(&Cbor(&SIGNED), &RECEIPT)]);
static RESULTS: Shape = Places(&[Plain, Plain, Each(&RESULT)]);
static CONFLICT: Shape = Each(&SIGNED_PAYLOAD);
static CHAIN: Shape = Places(&[
    Plain,
    Each(&Cbor(&SIGNED_PAYLOAD)),
    Each(&Cbor(&SIGNED_PAYLOAD)),
]);
static AUDIT: Shape = Places(&[
    Plain,
    Plain,
    Plain,
    Each(&Places(&[Cbor(&Plain), Cbor(&Plain)])),
    Cbor(&SIGNED),
]);
static FINDING: Shape = Places(&[Plain, Cbor(&SIGNED)]);
static STATEMENTS: Shape = Each(&Cbor(&STATEMENT));
static STATEMENT_FIRST: Shape = Places(&[Cbor(&STATEMENT)]);
static STATEMENT_AND_FACTS: Shape = Places(&[Cbor(&STATEMENT), Cbor(&Plain)]);

fn shape_of(object: &str, bytes: &[u8]) -> &'static Shape {
    match object {
        "statement" => &STATEMENT,
        "receipt" => &RECEIPT,
        "consistency-receipt" => &COSE_RECEIPT,
        "refusal" | "sequences" | "restored" | "finding-notice" | "signed-finding-reply" => &SIGNED,
        "finding-request" => &FINDING,
        "signed-charter" | "signed-roster" => &SIGNED_PAYLOAD,
        "roster-conflict" => &CONFLICT,
        "exchange-request" | "redeliver-reply" => &OFFERS,
        "exchange-reply" => &RESULTS,
        // The other replies have no CBOR inside.
        "roster-reply" if bytes.get(1..7) == Some(b"\x65chain") => &CHAIN,
        "audit-reply" => &AUDIT,
        "concurrent" => &STATEMENTS,
        "parent-opening" => &STATEMENT_AND_FACTS,
        "evidence" => &STATEMENT_FIRST,
        _ => &Plain,
    }
}

impl Shape {
    fn in_tag(&self) -> &'static Self {
        if let Tagged(inner) = self {
            inner
        } else {
            &Plain
        }
    }

    fn at(&self, place: u64) -> &'static Self {
        match self {
            Each(inner) => inner,
            Places(places) => usize::try_from(place)
                .ok()
                .and_then(|place| places.get(place))
                .unwrap_or(&Plain),
            Either(_, array) => array.at(place),
            _ => &Plain,
        }
    }

    fn of_member(&self, key: &Word) -> &'static Self {
        match self {
            Values(inner) => inner,
            Member(name, inner) if matches!(key, Word::Leaf(text) if *text == quoted(name)) => {
                inner
            }
            _ => &Plain,
        }
    }

    fn in_bytes(&self) -> Option<&'static Self> {
        match self {
            Cbor(inner) => Some(inner),
            Either(bytes, _) => bytes.in_bytes(),
            _ => None,
        }
    }
}

// ---- Reading

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The argument of a head, and how it is written.
enum Argument {
    /// A number, with the indicator of an encoding that is not the shortest.
    Number(u64, &'static str),
    /// An indefinite length, or the end of one.
    Indefinite,
}

/// Why bytes are not CBOR.
type Why = &'static str;

const ENDS: Why = "the bytes end too early";

impl Reader<'_> {
    /// Reads one data item. On failure, `into` has what could be read, and `at` is
    /// where the part begins that could not.
    fn item(&mut self, shape: &'static Shape, depth: usize, into: &mut Tree) -> Result<(), Why> {
        if depth > DEPTH_SHOWN_MAX {
            return Err("nested too deep to be shown");
        }
        let start = self.at;
        let (major, info, argument) = self.head()?;
        match (major, argument) {
            (0, Argument::Number(number, wide)) => into.leaf(format!("{number}{wide}")),
            (1, Argument::Number(number, wide)) => {
                into.leaf(format!("-{}{wide}", u128::from(number) + 1));
            }
            (2, Argument::Number(length, wide)) => {
                let bytes = self.take(length, start)?;
                into.0 = Some(byte_string(bytes, wide, shape, depth));
            }
            (3, Argument::Number(length, wide)) => {
                let bytes = self.take(length, start)?;
                let Ok(text) = std::str::from_utf8(bytes) else {
                    self.at = start;
                    return Err("a text is not UTF-8");
                };
                into.leaf(quoted(text) + wide);
            }
            (2 | 3, Argument::Indefinite) => {
                into.open("(_ ", ")");
                return self.many(None, depth, into, &|_, _| &Plain, false);
            }
            (4, argument) => {
                let count = into.open_counted("[", "]", &argument);
                return self.many(count, depth, into, &|place, _| shape.at(place), false);
            }
            (5, argument) => {
                let count = into.open_counted("{", "}", &argument);
                return self.many(
                    count,
                    depth,
                    into,
                    &|_, key| key.map_or(&Plain, |key| shape.of_member(key)),
                    true,
                );
            }
            (6, Argument::Number(tag, wide)) => {
                into.open(&format!("{tag}{wide}("), ")");
                return self.many(Some(1), depth, into, &|_, _| shape.in_tag(), false);
            }
            (7, Argument::Number(number, _)) => {
                let Some(word) = simple_or_float(info, number) else {
                    self.at = start;
                    return Err("a simple value that there is not");
                };
                into.leaf(word);
            }
            _ => {
                self.at = start;
                return Err("no item begins with this byte");
            }
        }
        Ok(())
    }

    /// Reads the items of a container, or its pairs, up to a number or a break.
    fn many(
        &mut self,
        count: Option<u64>,
        depth: usize,
        into: &mut Tree,
        shape: &dyn Fn(u64, Option<&Word>) -> &'static Shape,
        pairs: bool,
    ) -> Result<(), Why> {
        let mut place = 0;
        while count.is_none_or(|count| place < count) {
            if count.is_none() && self.bytes.get(self.at) == Some(&0xff) {
                self.at += 1;
                break;
            }
            let mut key = Tree::default();
            if pairs {
                let found = self.item(&Plain, depth + 1, &mut key);
                if found.is_err() {
                    into.push(None, key);
                    return found;
                }
            }
            let mut value = Tree::default();
            let found = self.item(shape(place, key.0.as_ref()), depth + 1, &mut value);
            into.push(key.0, value);
            found?;
            place += 1;
        }
        Ok(())
    }

    fn head(&mut self) -> Result<(u8, u8, Argument), Why> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (first, rest) = rest.split_first().ok_or(ENDS)?;
        let (major, info) = (first >> 5, first & 0x1f);
        let (length, indicator) = match info {
            0..24 => (0, ""),
            24 => (1, "_0"),
            25 => (2, "_1"),
            26 => (4, "_2"),
            27 => (8, "_3"),
            31 => {
                self.at += 1;
                return Ok((major, info, Argument::Indefinite));
            }
            _ => return Err("the length of an argument that is reserved"),
        };
        let argument = rest.get(..length).ok_or(ENDS)?;
        let number = argument
            .iter()
            .fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
        let number = if length == 0 { u64::from(info) } else { number };
        let shortest = match number {
            0..24 => 0,
            24..0x100 => 1,
            0x100..0x1_0000 => 2,
            0x1_0000..0x1_0000_0000 => 4,
            _ => 8,
        };
        self.at += 1 + length;
        let wide = if length == shortest { "" } else { indicator };
        Ok((major, info, Argument::Number(number, wide)))
    }

    fn take(&mut self, length: u64, start: usize) -> Result<&[u8], Why> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| rest.get(..length));
        if let Some(taken) = taken {
            self.at += taken.len();
            Ok(taken)
        } else {
            self.at = start;
            Err(ENDS)
        }
    }
}

fn byte_string(bytes: &[u8], wide: &str, shape: &Shape, depth: usize) -> Word {
    let plain = || in_hex(bytes) + wide;
    let Some(inner) = shape.in_bytes() else {
        return Word::Leaf(plain());
    };
    let mut reader = Reader { bytes, at: 0 };
    let mut tree = Tree::default();
    let why = match reader.item(inner, depth + 1, &mut tree) {
        Ok(()) if reader.at == bytes.len() => {
            return match tree.0 {
                Some(word) if wide.is_empty() => Word::Group {
                    open: "<<".into(),
                    close: ">>",
                    items: vec![(None, word)],
                },
                _ => Word::Leaf(plain()),
            };
        }
        Ok(()) => "more follows what is one data item",
        Err(why) => why,
    };
    Word::Leaf(format!(
        "{} / not one data item: at byte {} of these, {why} /",
        plain(),
        reader.at
    ))
}

fn simple_or_float(info: u8, number: u64) -> Option<String> {
    let wide = |bits: u64| u32::try_from(bits).ok().map(f32::from_bits).map(f64::from);
    let float = |value: f64, indicator: &str| {
        let word = if value.is_infinite() {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}Infinity")
        } else {
            format!("{value:?}")
        };
        Some(word + indicator)
    };
    match (info, number) {
        (20, _) => Some("false".into()),
        (21, _) => Some("true".into()),
        (22, _) => Some("null".into()),
        (23, _) => Some("undefined".into()),
        (25, bits) => float(half(u16::try_from(bits).ok()?), "_1"),
        (26, bits) => float(wide(bits)?, "_2"),
        (27, bits) => float(f64::from_bits(bits), "_3"),
        (24, 0..32) => None,
        (_, number) => Some(format!("simple({number})")),
    }
}

/// A float of 16 bits (RFC 8949, appendix D).
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let value = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if bits & 0x3ff == 0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1024.0) * 2_f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { value } else { -value }
}

/// A text as JSON writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

// ---- Writing

/// A word of the notation, or a group of them.
enum Word {
    Leaf(String),
    Group {
        open: String,
        close: &'static str,
        /// With the key, in a map.
        items: Vec<(Option<Self>, Self)>,
    },
}

/// What has been read so far.
#[derive(Default)]
struct Tree(Option<Word>);

impl Tree {
    fn leaf(&mut self, text: String) {
        self.0 = Some(Word::Leaf(text));
    }

    fn open(&mut self, open: &str, close: &'static str) {
        self.0 = Some(Word::Group {
            open: open.to_owned(),
            close,
            items: Vec::new(),
        });
    }

    fn open_counted(
        &mut self,
        open: &str,
        close: &'static str,
        argument: &Argument,
    ) -> Option<u64> {
        match argument {
            Argument::Number(_, "") => self.open(open, close),
            Argument::Number(_, wide) => self.open(&format!("{open}{wide} "), close),
            Argument::Indefinite => self.open(&format!("{open}_ "), close),
        }
        match argument {
            Argument::Number(count, _) => Some(*count),
            Argument::Indefinite => None,
        }
    }

    fn push(&mut self, key: Option<Word>, value: Self) {
        if let (Some(Word::Group { items, .. }), Some(value)) = (&mut self.0, value.0) {
            items.push((key, value));
        }
    }
}

impl Word {
    /// On one line, if there is room for it.
    fn line(&self, room: usize) -> Option<String> {
        match self {
            Self::Leaf(text) => (text.chars().count() <= room).then(|| text.clone()),
            Self::Group { open, close, items } => {
                let mut line = open.clone();
                for (n, (key, value)) in items.iter().enumerate() {
                    if n > 0 {
                        line.push_str(", ");
                    }
                    if let Some(key) = key {
                        line.push_str(&key.line(room)?);
                        line.push_str(": ");
                    }
                    line.push_str(&value.line(room.checked_sub(line.chars().count())?)?);
                }
                line.push_str(close);
                (line.chars().count() <= room).then_some(line)
            }
        }
    }

    fn write(&self, indent: usize, into: &mut String) {
        if let Some(line) = self.line(WIDTH.saturating_sub(indent)) {
            into.push_str(&line);
            return;
        }
        match self {
            Self::Leaf(text) => into.push_str(text),
            // Tags and embedded items stand right around what they hold.
            Self::Group { open, close, items } if *close == ")" || *close == ">>" => {
                into.push_str(open);
                for (n, (_, value)) in items.iter().enumerate() {
                    if n > 0 {
                        into.push_str(", ");
                    }
                    value.write(indent, into);
                }
                into.push_str(close);
            }
            Self::Group { open, close, items } => {
                let _ = writeln!(into, "{}", open.trim_end());
                for (n, (key, value)) in items.iter().enumerate() {
                    into.push_str(&" ".repeat(indent + 2));
                    if let Some(key) = key {
                        key.write(indent + 2, into);
                        into.push_str(": ");
                    }
                    value.write(indent + 2, into);
                    into.push_str(if n + 1 < items.len() { ",\n" } else { "\n" });
                }
                into.push_str(&" ".repeat(indent));
                into.push_str(close);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_where_the_definition_embeds_cbor_is_known_here() {
        // Whoever adds a place to comity.cddl adds it to the shapes above.
        assert_eq!(crate::cddl::TEXT.matches(" .cbor ").count(), 28);
    }

    #[test]
    fn what_is_not_the_shortest_encoding_is_seen() {
        let check = |bytes: &[u8], expected: &str| {
            let shown = show("leaf", bytes);
            assert_eq!((shown.text.as_str(), shown.whole), (expected, true));
        };
        check(&[0x18, 0x05], "5_0\n");
        check(&[0x82, 0x01, 0x20], "[1, -1]\n");
        check(&[0x9f, 0x01, 0xff], "[_ 1]\n");
        check(&[0xb8, 0x01, 0x61, 0x61, 0xf5], "{_0 \"a\": true}\n");
        check(&[0x5f, 0x41, 0x01, 0xff], "(_ h'01')\n");
        check(&[0xf9, 0x3c, 0x00], "1.0_1\n");
    }

    #[test]
    fn what_is_not_cbor_is_shown_as_far_as_it_goes() {
        let check = |bytes: &[u8], expected: &str| {
            let shown = show("leaf", bytes);
            assert_eq!((shown.text.as_str(), shown.whole), (expected, false));
        };
        check(
            &[0x82, 0x01, 0x42, 0x07],
            "[1]\n/ the bytes end too early; from byte 2 on: /\nh'4207'\n",
        );
        check(
            &[0x01, 0x02],
            "1\n/ more follows what is one data item; from byte 1 on: /\nh'02'\n",
        );
        check(&[], "/ the bytes end too early; from byte 0 on: /\nh''\n");
    }
}
