//! CBOR as a tree that can hold what must never be sent: written from RFC 8949
//! alone, so that what it says of our encoder is a second opinion.

use ed25519_dalek::{Signer as _, SigningKey};

/// A data item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Major type 0.
    Uint(u64),
    /// Major type 1: the number is -1 minus this.
    Nint(u64),
    /// Major type 2.
    Bytes(Vec<u8>),
    /// Major type 3.
    Text(String),
    /// Major type 4.
    Array(Vec<Self>),
    /// Major type 5, in the order of writing.
    Map(Vec<(Self, Self)>),
    /// Major type 6.
    Tag(u64, Box<Self>),
    /// Major type 7 without a float: 20 is false, 21 true, 22 null.
    Simple(u8),
    /// Bytes that stand here as they are, well-formed or not.
    Raw(Vec<u8>),
}

/// Null.
pub const NULL: Node = Node::Simple(22);

impl Node {
    /// Reads one data item of definite length and nothing after it. `None` when
    /// there is anything else.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let node = Self::read(&mut rest)?;
        rest.is_empty().then_some(node)
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        let (major, argument) = read_head(rest)?;
        let mut take = |length: u64| {
            let (taken, left) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            *rest = left;
            Some(taken.to_vec())
        };
        Some(match major {
            0 => Self::Uint(argument),
            1 => Self::Nint(argument),
            2 => Self::Bytes(take(argument)?),
            3 => Self::Text(String::from_utf8(take(argument)?).ok()?),
            4 => Self::Array(
                (0..argument)
                    .map(|_| Self::read(rest))
                    .collect::<Option<_>>()?,
            ),
            5 => Self::Map(
                (0..argument)
                    .map(|_| Some((Self::read(rest)?, Self::read(rest)?)))
                    .collect::<Option<_>>()?,
            ),
            6 => Self::Tag(argument, Box::new(Self::read(rest)?)),
            _ => Self::Simple(u8::try_from(argument).ok().filter(|simple| *simple < 24)?),
        })
    }

    /// Writes the tree with the shortest heads, in the order given.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Raw(bytes) => bytes.clone(),
            Self::Simple(value) => vec![0xe0 | value],
            _ => [self.head(0), self.content()].concat(),
        }
    }

    /// The head, at least this many bytes longer than one byte: 0, 1, 2, 4 or 8.
    #[must_use]
    pub fn head(&self, width: usize) -> Vec<u8> {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        match self {
            Self::Uint(number) => head(0, *number, width),
            Self::Nint(number) => head(1, *number, width),
            Self::Bytes(bytes) => head(2, count(bytes.len()), width),
            Self::Text(text) => head(3, count(text.len()), width),
            Self::Array(items) => head(4, count(items.len()), width),
            Self::Map(entries) => head(5, count(entries.len()), width),
            Self::Tag(tag, _) => head(6, *tag, width),
            Self::Simple(value) => head(7, u64::from(*value), width),
            Self::Raw(_) => Vec::new(),
        }
    }

    /// What stands behind the head.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        match self {
            Self::Uint(_) | Self::Nint(_) | Self::Simple(_) => Vec::new(),
            Self::Bytes(bytes) | Self::Raw(bytes) => bytes.clone(),
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::Array(items) => items.iter().flat_map(Self::encode).collect(),
            Self::Map(entries) => entries
                .iter()
                .flat_map(|(key, value)| [key.encode(), value.encode()].concat())
                .collect(),
            Self::Tag(_, inner) => inner.encode(),
        }
    }

    /// Sorts a map as RFC 8949, section 4.2.1, says.
    #[must_use]
    pub fn sorted(self) -> Self {
        match self {
            Self::Map(mut entries) => {
                entries.sort_by_key(|(key, _)| key.encode());
                Self::Map(entries)
            }
            other => other,
        }
    }

    /// The value of a text key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let key = Self::from(key);
        entries
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    /// The map with this member set, in its place.
    #[must_use]
    pub fn with(self, key: &str, value: impl Into<Self>) -> Self {
        let Self::Map(mut entries) = self.without(key) else {
            return NULL;
        };
        entries.push((Self::from(key), value.into()));
        Self::Map(entries).sorted()
    }

    /// The map without this member.
    #[must_use]
    pub fn without(self, key: &str) -> Self {
        let Self::Map(mut entries) = self else {
            return self;
        };
        let key = Self::from(key);
        entries.retain(|(known, _)| *known != key);
        Self::Map(entries)
    }

    /// The entries of an array, none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The content of a byte string, nothing of anything else.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => &[],
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Node {
    fn from(number: u64) -> Self {
        Self::Uint(number)
    }
}

impl From<bool> for Node {
    fn from(flag: bool) -> Self {
        Self::Simple(20 + u8::from(flag))
    }
}

impl From<Vec<Self>> for Node {
    fn from(items: Vec<Self>) -> Self {
        Self::Array(items)
    }
}

/// A head with the shortest argument that is at least `width` bytes long.
#[must_use]
pub fn head(major: u8, argument: u64, width: usize) -> Vec<u8> {
    let needed = match argument {
        0..24 => 0,
        24..0x100 => 1,
        0x100..0x1_0000 => 2,
        0x1_0000..0x1_0000_0000 => 4,
        _ => 8,
    };
    let number = argument.to_be_bytes();
    let (info, width) = match needed.max(width) {
        0 => return vec![major << 5 | number[7]],
        1 => (24, 1),
        2 => (25, 2),
        3..=4 => (26, 4),
        _ => (27, 8),
    };
    let (_, tail) = number.split_at(8 - width);
    [&[major << 5 | info], tail].concat()
}

fn read_head(rest: &mut &[u8]) -> Option<(u8, u64)> {
    let (&first, after) = rest.split_first()?;
    let (length, small) = match first & 0x1f {
        small @ 0..24 => (0, u64::from(small)),
        info @ 24..28 => (1_usize << (info - 24), 0),
        _ => return None,
    };
    let (number, left) = after.split_at_checked(length)?;
    *rest = left;
    let argument = number
        .iter()
        .fold(small, |sum, byte| sum << 8 | u64::from(*byte));
    Some((first >> 5, argument))
}

/// A COSE_Sign1, taken apart so that each part can be exchanged.
#[derive(Debug, Clone)]
pub struct Sign1 {
    /// The bytes of the protected header.
    pub protected: Vec<u8>,
    /// The unprotected header.
    pub unprotected: Node,
    /// The payload, or null.
    pub payload: Node,
    /// The signature.
    pub signature: Vec<u8>,
}

impl Sign1 {
    /// Takes an object apart. `None` when it is none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let Node::Tag(18, parts) = Node::parse(bytes)? else {
            return None;
        };
        let [protected, unprotected, payload, signature] = parts.items() else {
            return None;
        };
        Some(Self {
            protected: protected.bytes().to_vec(),
            unprotected: unprotected.clone(),
            payload: payload.clone(),
            signature: signature.bytes().to_vec(),
        })
    }

    /// Puts the object together.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let parts = vec![
            Node::Bytes(self.protected.clone()),
            self.unprotected.clone(),
            self.payload.clone(),
            Node::Bytes(self.signature.clone()),
        ];
        Node::Tag(18, Box::new(Node::Array(parts))).encode()
    }

    /// What is signed over this payload (RFC 9052, section 4.4).
    #[must_use]
    pub fn to_be_signed(&self, payload: &[u8]) -> Vec<u8> {
        Node::Array(vec![
            Node::from("Signature1"),
            Node::Bytes(self.protected.clone()),
            Node::Bytes(Vec::new()),
            Node::Bytes(payload.to_vec()),
        ])
        .encode()
    }

    /// Signs anew over the payload that is attached.
    #[must_use]
    pub fn signed(mut self, key: &SigningKey) -> Self {
        let message = self.to_be_signed(self.payload.bytes());
        self.signature = key.sign(&message).to_bytes().to_vec();
        self
    }
}
