//! Every way in which one data item can be written or typed wrongly, at every
//! place of an object. None of the results may be accepted as that object.

use ed25519_dalek::SigningKey;

use crate::tree::{NULL, Node, Sign1, head};

/// An object with one fault.
#[derive(Debug)]
pub struct Mutant {
    /// The fault.
    pub fault: &'static str,
    /// Where it is, as a path of keys and places.
    pub place: String,
    /// The whole object.
    pub bytes: Vec<u8>,
}

/// One encoding inside an object, and how the object is put together around a
/// changed one. Signatures are made anew, so that only the change can be found.
pub struct Layer {
    /// What it is.
    pub name: &'static str,
    /// Its encoding.
    pub bytes: Vec<u8>,
    wrap: Box<dyn Fn(Vec<u8>) -> Vec<u8>>,
}

impl Layer {
    /// An object without anything around it.
    #[must_use]
    pub fn outermost(name: &'static str, bytes: &[u8]) -> Self {
        Self {
            name,
            bytes: bytes.to_vec(),
            wrap: Box::new(|changed| changed),
        }
    }

    /// A layer within this one.
    #[must_use]
    pub fn inside(
        self,
        name: &'static str,
        bytes: &[u8],
        wrap: impl Fn(Vec<u8>) -> Vec<u8> + 'static,
    ) -> Self {
        Self {
            name,
            bytes: bytes.to_vec(),
            wrap: Box::new(move |changed| (self.wrap)(wrap(changed))),
        }
    }

    /// The object around a changed encoding.
    #[must_use]
    pub fn around(&self, changed: Vec<u8>) -> Vec<u8> {
        (self.wrap)(changed)
    }

    /// The object with each fault at each place of this layer, and cut off at
    /// each byte.
    #[must_use]
    pub fn mutants(&self) -> Vec<Mutant> {
        let mut mutants = Vec::new();
        if let Some(node) = Node::parse(&self.bytes) {
            at_every_place(&node, self.name, &|bytes| self.around(bytes), &mut mutants);
        }
        let mut whole = |fault, bytes| {
            mutants.push(Mutant {
                fault,
                place: self.name.to_owned(),
                bytes: self.around(bytes),
            });
        };
        for length in 0..self.bytes.len() {
            let (start, _) = self.bytes.split_at(length);
            whole("cut off", start.to_vec());
        }
        for trailing in [0x00, 0xf6, 0xff] {
            whole(
                "trailing byte",
                [self.bytes.as_slice(), &[trailing]].concat(),
            );
        }
        whole("twice", self.bytes.repeat(2));
        mutants
    }
}

/// The layers of a COSE_Sign1 with an attached payload: itself, its protected
/// header, its payload.
#[must_use]
pub fn signed_layers(bytes: &[u8], key: &SigningKey) -> [Layer; 3] {
    let outer = || Layer::outermost("outer", bytes);
    let Some(object) = Sign1::parse(bytes) else {
        return [outer(), outer(), outer()];
    };
    let (with_header, with_payload) = (object.clone(), object.clone());
    let (key, again) = (key.clone(), key.clone());
    let header = outer().inside("header", &object.protected, move |protected| {
        let object = Sign1 {
            protected,
            ..with_header.clone()
        };
        object.signed(&key).encode()
    });
    let payload = outer().inside("payload", object.payload.bytes(), move |payload| {
        let object = Sign1 {
            payload: Node::Bytes(payload),
            ..with_payload.clone()
        };
        object.signed(&again).encode()
    });
    [outer(), header, payload]
}

/// The layers of a statement: those of a signed object, and its body.
#[must_use]
pub fn statement_layers(bytes: &[u8], key: &SigningKey) -> [Layer; 4] {
    let [outer, header, payload] = signed_layers(bytes, key);
    let [_, _, around] = signed_layers(bytes, key);
    let content = Node::parse(&payload.bytes).unwrap_or(NULL);
    let body = content.get("body").map(|body| body.bytes().to_vec());
    let body = around.inside("body", &body.unwrap_or_default(), move |body| {
        content.clone().with("body", Node::Bytes(body)).encode()
    });
    [outer, header, payload, body]
}

type Rebuild<'a> = &'a dyn Fn(Vec<u8>) -> Vec<u8>;

fn at_every_place(node: &Node, place: &str, rebuild: Rebuild<'_>, mutants: &mut Vec<Mutant>) {
    for (fault, bytes) in faults(node) {
        mutants.push(Mutant {
            fault,
            place: place.to_owned(),
            bytes: rebuild(bytes),
        });
    }
    match node {
        Node::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                let rebuild = |bytes| {
                    let mut items = items.clone();
                    replace(&mut items, n, Node::Raw(bytes));
                    rebuild(Node::Array(items).encode())
                };
                at_every_place(item, &format!("{place}/{n}"), &rebuild, mutants);
            }
        }
        Node::Map(entries) => {
            for (n, (key, value)) in entries.iter().enumerate() {
                let with = |entry: (Node, Node)| {
                    let mut entries = entries.clone();
                    replace(&mut entries, n, entry);
                    rebuild(Node::Map(entries).encode())
                };
                let name = match key {
                    Node::Text(text) => text.clone(),
                    other => format!("{other:?}"),
                };
                let of_key = |bytes| with((Node::Raw(bytes), value.clone()));
                let of_value = |bytes| with((key.clone(), Node::Raw(bytes)));
                at_every_place(key, &format!("{place}/{name} (key)"), &of_key, mutants);
                at_every_place(value, &format!("{place}/{name}"), &of_value, mutants);
            }
        }
        Node::Tag(tag, inner) => {
            let rebuild = |bytes| rebuild(Node::Tag(*tag, Box::new(Node::Raw(bytes))).encode());
            at_every_place(inner, &format!("{place}/tag"), &rebuild, mutants);
        }
        _ => {}
    }
}

/// All faulty forms of one data item.
fn faults(node: &Node) -> Vec<(&'static str, Vec<u8>)> {
    let mut faults = longer_heads(node);
    let mut fault = |name, bytes| faults.push((name, bytes));
    for tag in [0, 24, 55799] {
        fault(
            "tag around",
            Node::Tag(tag, Box::new(node.clone())).encode(),
        );
    }
    fault("float", vec![0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0]);
    fault("in an array", Node::Array(vec![node.clone()]).encode());
    fault("undefined", vec![0xf7]);
    fault("simple value", vec![0xf8, 0x20]);
    fault("break", vec![0xff]);
    fault("reserved head", vec![0x1c]);
    match node {
        Node::Uint(number) => {
            fault("negative", Node::Nint(*number).encode());
            fault(
                "number as text",
                Node::from(number.to_string().as_str()).encode(),
            );
            fault("number as float", float(*number));
        }
        Node::Nint(number) => fault("positive", Node::Uint(*number).encode()),
        Node::Bytes(bytes) => {
            fault("indefinite length", indefinite(node));
            fault(
                "bytes as array",
                Node::Array(bytes.iter().map(|byte| u64::from(*byte).into()).collect()).encode(),
            );
            if let Ok(text) = std::str::from_utf8(bytes) {
                fault("bytes as text", Node::from(text).encode());
            }
        }
        Node::Text(text) => {
            fault("indefinite length", indefinite(node));
            fault(
                "text as bytes",
                Node::Bytes(text.as_bytes().to_vec()).encode(),
            );
            let entry = (node.clone(), NULL);
            fault("text as map", Node::Map(vec![entry]).encode());
            fault("not UTF-8", [head(3, 1, 0), vec![0xff]].concat());
        }
        Node::Array(items) => {
            fault("indefinite length", indefinite(node));
            let numbered = (0_u64..).map(Node::Uint).zip(items.iter().cloned());
            fault("array as map", Node::Map(numbered.collect()).encode());
        }
        Node::Map(entries) => {
            fault("indefinite length", indefinite(node));
            let values = entries.iter().map(|(_, value)| value.clone());
            fault("map as array", Node::Array(values.collect()).encode());
            faults.extend(entry_faults(entries));
        }
        Node::Simple(value) => {
            fault("two bytes for one", vec![0xf8, *value]);
            // A null can stand for a number that is absent.
            if *node != NULL {
                fault(
                    "boolean as number",
                    Node::Uint(u64::from(*value == 21)).encode(),
                );
            }
        }
        Node::Tag(tag, inner) => {
            fault("without tag", inner.encode());
            fault("other tag", Node::Tag(tag + 1, inner.clone()).encode());
        }
        Node::Raw(_) => {}
    }
    faults
}

fn longer_heads(node: &Node) -> Vec<(&'static str, Vec<u8>)> {
    let shortest = node.head(0);
    [1, 2, 4, 8]
        .into_iter()
        .map(|width| node.head(width))
        .filter(|longer| longer.len() > shortest.len() && !matches!(node, Node::Simple(_)))
        .map(|longer| ("longer head", [longer, node.content()].concat()))
        .collect()
}

fn entry_faults(entries: &[(Node, Node)]) -> Vec<(&'static str, Vec<u8>)> {
    let mut faults = Vec::new();
    let mut fault = |name, entries| faults.push((name, Node::Map(entries).encode()));
    let mut more = entries.to_vec();
    more.push((Node::from("unknown"), Node::Uint(1)));
    let Node::Map(more) = Node::Map(more).sorted() else {
        return Vec::new();
    };
    fault("unknown key", more);
    for (n, (key, value)) in entries.iter().enumerate() {
        let mut doubled = entries.to_vec();
        doubled.insert(n, (key.clone(), value.clone()));
        fault("doubled key", doubled);
        let mut null = entries.to_vec();
        replace(&mut null, n, (key.clone(), NULL));
        fault("null for absent", null);
        if n > 0 {
            let mut swapped = entries.to_vec();
            swapped.swap(n - 1, n);
            fault("swapped keys", swapped);
        }
    }
    faults
}

fn indefinite(node: &Node) -> Vec<u8> {
    let (major, content) = match node {
        // One chunk.
        Node::Bytes(_) => (2, node.encode()),
        Node::Text(_) => (3, node.encode()),
        Node::Array(_) => (4, node.content()),
        _ => (5, node.content()),
    };
    [vec![major << 5 | 0x1f], content, vec![0xff]].concat()
}

fn float(number: u64) -> Vec<u8> {
    #[expect(clippy::cast_precision_loss, reason = "any float will do")]
    let bits = (number as f64).to_bits();
    [vec![0xfb], bits.to_be_bytes().to_vec()].concat()
}

fn replace<T>(list: &mut [T], n: usize, value: T) {
    if let Some(place) = list.get_mut(n) {
        *place = value;
    }
}
