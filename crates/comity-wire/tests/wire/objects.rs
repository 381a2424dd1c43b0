//! One object of each sort, with the layers it is made of and the reader it is for.

use comity_testkit::arbitrary::{self, key};
use comity_testkit::mutate::{Layer, signed_layers, statement_layers};
use comity_testkit::tree::{Node, Sign1};
use comity_wire::audit_exchange::{AuditReply, AuditRequest};
use comity_wire::consistency::ConsistencyReceipt;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, RedeliverReply, RedeliverRequest};
use comity_wire::leaf::{Facts, Leaf};
use comity_wire::notice::{Restored, Sequences, SignedNotice};
use comity_wire::receipt::Receipt;
use comity_wire::refusal::Refusal;
use comity_wire::registry::Kind;
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::statement::Received;
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// The code of the refusal, if any.
pub(crate) type Read = fn(&[u8]) -> Result<(), &'static str>;

/// An object, its encodings, and the code that a fault in each of them gets.
pub(crate) struct Object {
    pub(crate) rule: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) layers: Vec<(Layer, &'static str)>,
    pub(crate) read: Read,
}

/// The same value in every run.
pub(crate) fn one<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> T {
    let mut runner = TestRunner::deterministic();
    strategy.new_tree(&mut runner).unwrap().current()
}

/// Options of a runner that is not one of the macro's: those find the place for
/// failing cases by themselves.
pub(crate) fn unsaved(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

pub(crate) fn read_statement(bytes: &[u8]) -> Result<(), &'static str> {
    Received::read(bytes)
        .and_then(|received| received.verify(&key(1).verifying_key()))
        .and_then(|signed| signed.open())
        .map(|_| ())
        .map_err(|rejection| rejection.code())
}

macro_rules! reader {
    ($read:expr) => {
        |bytes| ($read)(bytes).map(|_| ()).map_err(|error| error.code())
    };
}

pub(crate) fn statement(kind: Kind) -> Object {
    let bytes = one(arbitrary::statement_of(kind)).bytes().to_vec();
    let [outer, header, payload, body] = statement_layers(&bytes, &key(1));
    Object {
        rule: "statement",
        layers: vec![
            (outer, "not-canonical"),
            (header, "bad-header"),
            (payload, "bad-payload"),
            (body, "bad-body"),
        ],
        bytes,
        read: read_statement,
    }
}

fn plain(rule: &'static str, bytes: Vec<u8>, read: Read) -> Object {
    Object {
        rule,
        layers: vec![(Layer::outermost("payload", &bytes), "bad-payload")],
        bytes,
        read,
    }
}

fn signed(rule: &'static str, bytes: Vec<u8>, read: Read) -> Object {
    let [outer, header, payload] = signed_layers(&bytes, &key(1));
    Object {
        rule,
        layers: vec![
            (outer, "not-canonical"),
            (header, "bad-header"),
            (payload, "bad-payload"),
        ],
        bytes,
        read,
    }
}

fn receipt() -> Object {
    let receipt = one(arbitrary::receipt());
    let bytes = receipt.encode();
    let (leaf, proof) = (receipt.wire().0.to_vec(), receipt.wire().1.to_vec());
    let outer = || Layer::outermost("payload", &bytes);
    let around = |leaf: &[u8], proof: &[u8]| {
        let parts = [leaf, proof].map(|part| Node::Bytes(part.to_vec()));
        Node::Array(parts.to_vec()).encode()
    };
    let (same_leaf, same_proof) = (leaf.clone(), proof.clone());
    let of_leaf = outer().inside("leaf", &leaf, move |leaf| around(&leaf, &same_proof));
    let cose = || {
        let leaf = same_leaf.clone();
        outer().inside("outer", &proof, move |proof| around(&leaf, &proof))
    };
    let object = Sign1::parse(&proof).unwrap();
    let header = object.protected.clone();
    let of_header = cose().inside("header", &header, move |protected| {
        Sign1 {
            protected,
            ..object.clone()
        }
        .encode()
    });
    Object {
        rule: "receipt",
        layers: vec![
            (outer(), "bad-payload"),
            (of_leaf, "bad-payload"),
            (cose(), "not-canonical"),
            (of_header, "bad-header"),
        ],
        bytes,
        read: reader!(Receipt::read),
    }
}

fn consistency_receipt() -> Object {
    let bytes = one(arbitrary::consistency_receipt()).encode();
    let object = Sign1::parse(&bytes).unwrap();
    let outer = || Layer::outermost("outer", &bytes);
    let header = object.protected.clone();
    let of_header = outer().inside("header", &header, move |protected| {
        Sign1 {
            protected,
            ..object.clone()
        }
        .encode()
    });
    Object {
        rule: "consistency-receipt",
        layers: vec![(outer(), "not-canonical"), (of_header, "bad-header")],
        bytes,
        read: reader!(ConsistencyReceipt::read),
    }
}

/// One of each sort, with a statement of each kind.
pub(crate) fn all() -> Vec<Object> {
    let reply = one(arbitrary::exchange_reply());
    assert_eq!(reply.2.len(), 2, "the reader below is for two statements");
    let mut objects: Vec<Object> = Kind::ALL.into_iter().map(statement).collect();
    objects.extend([
        plain(
            "leaf",
            one(arbitrary::leaf()).encode(),
            reader!(Leaf::decode),
        ),
        plain(
            "facts",
            one(arbitrary::facts()).encode(),
            reader!(Facts::decode),
        ),
        receipt(),
        consistency_receipt(),
        signed("refusal", one(arbitrary::refusal()), reader!(Refusal::read)),
        signed(
            "sequences",
            one(arbitrary::signed_sequences()),
            reader!(SignedNotice::<Sequences>::read),
        ),
        signed(
            "restored",
            one(arbitrary::signed_restored()),
            reader!(SignedNotice::<Restored>::read),
        ),
        plain(
            "exchange-request",
            one(arbitrary::exchange_request()).encode(),
            reader!(ExchangeRequest::decode),
        ),
        plain(
            "exchange-reply",
            reply.encode(),
            reader!(|bytes: &[u8]| ExchangeReply::decode(bytes, 2)),
        ),
        plain(
            "redeliver-request",
            one(arbitrary::redeliver_request()).encode(),
            reader!(RedeliverRequest::decode),
        ),
        plain(
            "redeliver-reply",
            one(arbitrary::redeliver_reply()).encode(),
            reader!(RedeliverReply::decode),
        ),
        plain(
            "roster-request",
            one(arbitrary::roster_request()).encode(),
            reader!(RosterRequest::decode),
        ),
        plain(
            "roster-reply",
            one(arbitrary::roster_reply()).encode(),
            reader!(RosterReply::decode),
        ),
        plain(
            "audit-request",
            one(arbitrary::audit_request()).encode(),
            reader!(AuditRequest::decode),
        ),
        plain(
            "audit-reply",
            one(arbitrary::audit_reply()).encode(),
            reader!(AuditReply::decode),
        ),
        plain(
            "witness-request",
            one(arbitrary::witness_request()).encode(),
            reader!(WitnessRequest::decode),
        ),
        plain(
            "witness-reply",
            one(arbitrary::witness_reply()).encode(),
            reader!(WitnessReply::decode),
        ),
    ]);
    objects
}
