//! Statements with one part exchanged, signed again: what is wrong is the part,
//! not the signature.

use comity_wire::statement::Statement;
use ed25519_dalek::SigningKey;

use crate::tree::{Node, Sign1};

/// A signed object, and the key to sign it with again.
#[derive(Clone)]
pub(super) struct Forge {
    pub(super) object: Sign1,
    key: SigningKey,
}

impl Forge {
    pub(super) fn of(statement: &Statement, key: &SigningKey) -> Self {
        Self::of_bytes(statement.bytes(), key)
    }

    pub(super) fn of_bytes(bytes: &[u8], key: &SigningKey) -> Self {
        let object = Sign1::parse(bytes).expect("a signed object");
        Self {
            object,
            key: key.clone(),
        }
    }

    pub(super) fn header_bytes(&self, protected: Vec<u8>) -> Vec<u8> {
        let object = Sign1 {
            protected,
            ..self.object.clone()
        };
        object.signed(&self.key).encode()
    }

    pub(super) fn header(&self, edit: impl FnOnce(&mut Vec<(Node, Node)>)) -> Vec<u8> {
        let Some(Node::Map(mut entries)) = Node::parse(&self.object.protected) else {
            panic!("a header is a map");
        };
        edit(&mut entries);
        self.header_bytes(Node::Map(entries).encode())
    }

    /// With another value for a label of the header.
    pub(super) fn label(&self, label: u64, value: Node) -> Vec<u8> {
        self.header(|entries| set(entries, label, value))
    }

    /// With another value for a claim.
    pub(super) fn claim(&self, claim: u64, value: Node) -> Vec<u8> {
        self.header(|entries| {
            let claims = entries
                .iter_mut()
                .find(|(label, _)| *label == Node::Uint(15));
            if let Some((_, Node::Map(claims))) = claims {
                set(claims, claim, value);
            }
        })
    }

    pub(super) fn payload_bytes(&self, payload: Vec<u8>) -> Vec<u8> {
        let object = Sign1 {
            payload: Node::Bytes(payload),
            ..self.object.clone()
        };
        object.signed(&self.key).encode()
    }

    pub(super) fn payload(&self, edit: impl FnOnce(Node) -> Node) -> Vec<u8> {
        self.payload_bytes(edit(self.content()).encode())
    }

    pub(super) fn body_bytes(&self, body: Vec<u8>) -> Vec<u8> {
        self.payload(|payload| payload.with("body", Node::Bytes(body)))
    }

    pub(super) fn body(&self, edit: impl FnOnce(Node) -> Node) -> Vec<u8> {
        self.body_bytes(edit(self.body_node()).encode())
    }

    pub(super) fn content(&self) -> Node {
        Node::parse(self.object.payload.bytes()).expect("a payload")
    }

    pub(super) fn body_node(&self) -> Node {
        let payload = self.content();
        let body = payload.get("body").expect("a payload has a body");
        Node::parse(body.bytes()).expect("a body")
    }

    /// Another outer part, with the signature as it is.
    pub(super) fn outer(&self, edit: impl FnOnce(&mut Sign1)) -> Vec<u8> {
        let mut object = self.object.clone();
        edit(&mut object);
        object.encode()
    }
}

/// Sets a label, in its place.
pub(super) fn set(entries: &mut Vec<(Node, Node)>, label: u64, value: Node) {
    entries.retain(|(known, _)| *known != Node::Uint(label));
    entries.push((Node::Uint(label), value));
    entries.sort_by_key(|(label, _)| label.encode());
}

/// The first item of a body's list of items, changed.
pub(super) fn first_item(body: Node, edit: impl FnOnce(Node) -> Node) -> Node {
    let mut items = body
        .get("items")
        .map(|items| items.items().to_vec())
        .unwrap_or_default();
    let first = items.remove(0);
    items.insert(0, edit(first));
    body.with("items", items)
}
