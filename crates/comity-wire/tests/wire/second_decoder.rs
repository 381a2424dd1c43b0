//! The strict decoder against `minicbor`: on any input, the two agree on what is
//! well-formed and deterministic, and on what it says.

use std::fmt;

use comity_testkit::arbitrary;
use comity_testkit::tree::{NULL, Node, head};
use comity_wire::cbor;
use comity_wire::limits::DEPTH_MAX;
use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;
use proptest::test_runner::TestRunner;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::objects::{self, unsaved};

// ---- What minicbor reads

/// The data item, if the bytes are exactly one of our profile, with the shortest
/// heads, definite lengths and sorted keys, which are texts: decoded and encoded
/// by `minicbor`.
fn second_opinion(bytes: &[u8]) -> Option<Node> {
    let mut decoder = Decoder::new(bytes);
    let node = item(&mut decoder)?;
    let mut encoder = Encoder::new(Vec::new());
    encode(&node, &mut encoder);
    (decoder.position() == bytes.len() && encoder.into_writer() == bytes).then_some(node)
}

fn item(decoder: &mut Decoder<'_>) -> Option<Node> {
    Some(match decoder.datatype().ok()? {
        Type::Bool => decoder.bool().ok()?.into(),
        Type::Null => {
            decoder.null().ok()?;
            NULL
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Node::Uint(decoder.u64().ok()?),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            let number = i128::from(decoder.int().ok()?);
            Node::Nint(u64::try_from(-1 - number).ok()?)
        }
        Type::Bytes => Node::Bytes(decoder.bytes().ok()?.to_vec()),
        Type::String => Node::from(decoder.str().ok()?),
        Type::Array => {
            let length = decoder.array().ok()??;
            Node::Array((0..length).map(|_| item(decoder)).collect::<Option<_>>()?)
        }
        Type::Map => {
            let length = decoder.map().ok()??;
            let entry = |_| Some((item(decoder)?, item(decoder)?));
            let entries: Vec<_> = (0..length).map(entry).collect::<Option<_>>()?;
            let sorted = entries.is_sorted_by(|a, b| a.0.encode() < b.0.encode());
            let texts = entries.iter().all(|(key, _)| matches!(key, Node::Text(_)));
            return (sorted && texts).then_some(Node::Map(entries));
        }
        _ => return None,
    })
}

fn encode(node: &Node, encoder: &mut Encoder<Vec<u8>>) {
    let count = |length: usize| u64::try_from(length).unwrap();
    match node {
        Node::Uint(number) => encoder.u64(*number).map(drop),
        Node::Nint(number) => encoder
            .int((-1 - i128::from(*number)).try_into().unwrap())
            .map(drop),
        Node::Bytes(bytes) => encoder.bytes(bytes).map(drop),
        Node::Text(text) => encoder.str(text).map(drop),
        Node::Array(items) => {
            encoder.array(count(items.len())).unwrap();
            items.iter().for_each(|item| encode(item, encoder));
            Ok(())
        }
        Node::Map(entries) => {
            encoder.map(count(entries.len())).unwrap();
            for (key, value) in entries {
                encode(key, encoder);
                encode(value, encoder);
            }
            Ok(())
        }
        Node::Simple(22) => encoder.null().map(drop),
        other => encoder.bool(*other == true.into()).map(drop),
    }
    .unwrap();
}

/// How deep one item is nested; `None` if it is not well-formed.
fn second_depth(bytes: &[u8]) -> Option<usize> {
    depth_of(&mut Decoder::new(bytes))
}

fn depth_of(decoder: &mut Decoder<'_>) -> Option<usize> {
    let items = match decoder.datatype().ok()? {
        Type::Array => decoder.array().ok()??,
        Type::Map => decoder.map().ok()??.checked_mul(2)?,
        Type::Tag => {
            decoder.tag().ok()?;
            1
        }
        Type::ArrayIndef | Type::MapIndef | Type::BytesIndef | Type::StringIndef => {
            let mut deepest = 0;
            decoder.set_position(decoder.position() + 1);
            while decoder.datatype().ok()? != Type::Break {
                deepest = deepest.max(depth_of(decoder)?);
            }
            decoder.set_position(decoder.position() + 1);
            return Some(deepest + 1);
        }
        Type::Break | Type::Unknown(_) => return None,
        _ => {
            decoder.skip().ok()?;
            return Some(0);
        }
    };
    let mut deepest = 0;
    for _ in 0..items {
        deepest = deepest.max(depth_of(decoder)?);
    }
    Some(deepest + 1)
}

// ---- What our decoder reads, into a type that takes any structure

#[derive(Debug, PartialEq)]
pub(crate) struct Any(Node);

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let any = |node: &Node| Self(node.clone());
        match &self.0 {
            Node::Uint(number) => serializer.serialize_u64(*number),
            Node::Nint(number) => serializer.serialize_i128(-1 - i128::from(*number)),
            Node::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Node::Text(text) => serializer.serialize_str(text),
            Node::Array(items) => serializer.collect_seq(items.iter().map(any)),
            Node::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (any(key), any(value))))
            }
            Node::Simple(22) => serializer.serialize_unit(),
            other => serializer.serialize_bool(*other == true.into()),
        }
    }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor).map(Self)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Node, E> {
        Ok(flag.into())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Ok(NULL)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Uint(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Node, E> {
        self.visit_i128(i128::from(number))
    }

    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Node, E> {
        u64::try_from(-1 - number)
            .map(Node::Nint)
            .map_err(E::custom)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Node, E> {
        Ok(Node::Bytes(bytes.to_vec()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(Any(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    /// A typed structure has texts for keys, and writes its members in one order
    /// and once; so does this.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, Any(value))) = map.next_entry()? {
            entries.push((Node::Text(key), value));
        }
        let Node::Map(mut entries) = Node::Map(entries).sorted() else {
            unreachable!("a map stays a map")
        };
        entries.dedup_by(|a, b| a.0 == b.0);
        Ok(Node::Map(entries))
    }
}

// ---- Input

/// One well-formed item in any encoding there is.
fn well_formed() -> BoxedStrategy<Vec<u8>> {
    let width = || prop::sample::select(vec![0_usize, 0, 0, 1, 2, 4, 8]);
    let number = || prop_oneof![0_u64..30, any::<u64>(), Just(255), Just(256), Just(65_536)];
    let string = |major: u8, content: BoxedStrategy<Vec<u8>>| {
        let whole = move |(content, width): (Vec<u8>, usize)| {
            [
                head(major, u64::try_from(content.len()).unwrap(), width),
                content,
            ]
            .concat()
        };
        let chunk = (content, width()).prop_map(whole).boxed();
        let chunks = vec(chunk.clone(), 0..3);
        let indefinite = chunks
            .prop_map(move |chunks| [vec![major << 5 | 31], chunks.concat(), vec![0xff]].concat());
        prop_oneof![3 => chunk, 1 => indefinite].boxed()
    };
    let leaf = prop_oneof![
        4 => (0_u8..2, number(), width()).prop_map(|(major, number, width)| head(major, number, width)),
        2 => string(2, vec(any::<u8>(), 0..30).boxed()),
        2 => string(3, ".{0,9}".prop_map(String::into_bytes).boxed()),
        2 => prop::sample::select(vec![vec![0xf4], vec![0xf5], vec![0xf6], vec![0xf7], vec![0xf8, 0xff], vec![0xf9, 0x3c, 0], vec![0xfa, 0, 0, 0, 1], vec![0xfb, 0, 0, 0, 0, 0, 0, 0, 1]]),
    ];
    leaf.prop_recursive(8, 40, 4, move |inner| {
        let list = |major: u8, items: BoxedStrategy<Vec<u8>>| {
            (vec(items, 0..4), width(), any::<bool>()).prop_map(move |(items, width, definite)| {
                let content = items.concat();
                if definite {
                    [
                        head(major, u64::try_from(items.len()).unwrap(), width),
                        content,
                    ]
                    .concat()
                } else {
                    [vec![major << 5 | 31], content, vec![0xff]].concat()
                }
            })
        };
        let pair = (inner.clone(), inner.clone()).prop_map(|(key, value)| [key, value].concat());
        let tagged =
            (number(), inner.clone()).prop_map(|(tag, inner)| [head(6, tag, 0), inner].concat());
        Union::new_weighted(vec![
            (3, list(4, inner.boxed()).boxed()),
            (3, list(5, pair.boxed()).boxed()),
            (1, tagged.boxed()),
        ])
    })
    .boxed()
}

/// One item in the deterministic encoding.
fn deterministic() -> BoxedStrategy<Vec<u8>> {
    let leaf = prop_oneof![
        prop_oneof![0_u64..300, any::<u64>()].prop_map(Node::Uint),
        prop_oneof![0_u64..300, any::<u64>()].prop_map(Node::Nint),
        vec(any::<u8>(), 0..30).prop_map(Node::Bytes),
        ".{0,9}".prop_map(Node::Text),
        (20_u8..23).prop_map(Node::Simple),
    ];
    let tree = leaf.prop_recursive(18, 60, 4, |inner| {
        let entries = vec((".{0,9}".prop_map(Node::Text), inner.clone()), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(Node::Array),
            entries.prop_map(|entries| {
                let Node::Map(mut entries) = Node::Map(entries).sorted() else {
                    unreachable!()
                };
                entries.dedup_by(|a, b| a.0 == b.0);
                Node::Map(entries)
            }),
        ]
    });
    tree.prop_map(|node| node.encode()).boxed()
}

/// Nested this deep, each level in one of several ways.
fn deep() -> BoxedStrategy<Vec<u8>> {
    let level = prop::sample::select(vec![
        (vec![0x81], vec![]),
        (vec![0x82, 0x00], vec![]),
        (vec![0xa1, 0x00], vec![]),
        (vec![0xa1], vec![0x00]),
        (vec![0xc1], vec![]),
        (vec![0x9f], vec![0xff]),
        (vec![0xbf, 0x00], vec![0xff]),
        (vec![0x98, 0x01], vec![]),
    ]);
    vec(level, 0..40)
        .prop_map(|levels| {
            let opened = levels.iter().flat_map(|(open, _)| open.clone());
            let closed = levels.iter().rev().flat_map(|(_, close)| close.clone());
            opened.chain([0x00]).chain(closed).collect()
        })
        .boxed()
}

fn changed(bytes: Vec<u8>, changes: Vec<(prop::sample::Index, u8, u8)>) -> Vec<u8> {
    changes
        .into_iter()
        .fold(bytes, |mut bytes, (at, how, byte)| {
            let at = at.index(bytes.len() + 1);
            match (how % 4, bytes.get(at).is_some()) {
                (0, true) => bytes[at] = byte,
                (1, true) => bytes[at] ^= 1 << (byte % 8),
                (2, true) => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
            bytes
        })
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    vec(any::<(prop::sample::Index, u8, u8)>(), 0..3)
}

// ---- Agreement

fn agree(bytes: &[u8]) -> bool {
    let ours = cbor::decode::<Any>(bytes).ok();
    let theirs = second_opinion(bytes).filter(|_| second_depth(bytes) <= Some(DEPTH_MAX));
    assert_eq!(
        ours.as_ref().map(|any| &any.0),
        theirs.as_ref(),
        "{bytes:02x?}"
    );
    if let Some(depth) = second_depth(bytes) {
        assert_eq!(cbor::depth(bytes), depth.min(DEPTH_MAX + 1), "{bytes:02x?}");
    }
    ours.is_some()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn on_well_formed_input(bytes in well_formed(), changes in changes()) {
        prop_assert!(second_depth(&bytes).is_some());
        agree(&bytes);
        agree(&changed(bytes, changes));
    }

    #[test]
    fn on_deterministic_input(bytes in deterministic(), changes in changes()) {
        let shallow = second_depth(&bytes) <= Some(DEPTH_MAX);
        prop_assert_eq!(agree(&bytes), shallow);
        agree(&changed(bytes, changes));
    }

    #[test]
    fn on_deep_input(bytes in deep(), changes in changes()) {
        agree(&bytes);
        agree(&changed(bytes, changes));
    }

    #[test]
    fn on_arbitrary_input(bytes in vec(any::<u8>(), 0..200)) {
        agree(&bytes);
    }
}

#[test]
fn what_a_reader_takes_is_deterministic_for_both() {
    let objects = objects::all();
    let plain = || objects.iter().filter(|object| object.layers.len() == 1);
    let mut runner = TestRunner::new(unsaved(4000));
    let taken = std::cell::Cell::new(0);
    let any_change = (any::<prop::sample::Index>(), changes());
    runner
        .run(&any_change, |(which, changes)| {
            let object = plain().nth(which.index(plain().count())).unwrap();
            let bytes = changed(object.bytes.clone(), changes);
            if (object.read)(&bytes).is_ok() {
                taken.set(taken.get() + 1);
                prop_assert!(second_opinion(&bytes).is_some());
            }
            Ok(())
        })
        .unwrap();
    println!("{} changed objects taken", taken.get());
    assert!(taken.get() > 1000);
}

#[test]
fn a_body_reads_the_same() {
    let body = objects::one(arbitrary::body()).encode();
    assert_eq!(second_opinion(&body), Node::parse(&body));
}
