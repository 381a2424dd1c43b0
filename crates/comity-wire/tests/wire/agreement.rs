//! The readers and the CDDL agree, also on what is wrong: whatever becomes of a
//! value, both take it or both refuse it. What a structure cannot say (an order,
//! a rule between two members) the reader alone refuses.

use comity_testkit::arbitrary;
use comity_testkit::cddl;
use comity_testkit::mutate::signed_layers;
use comity_testkit::tree::{NULL, Node};
use comity_wire::audit_exchange::AuditRequest;
use comity_wire::body::Body;
use comity_wire::exchange::RedeliverRequest;
use comity_wire::leaf::{Facts, Leaf};
use comity_wire::limited::Limited as _;
use comity_wire::notice::{Restored, Sequences, SignedNotice};
use comity_wire::refusal::Refusal;
use comity_wire::registry::Kind;
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::witness_exchange::WitnessRequest;

use proptest::prelude::Strategy as _;

use crate::objects::{one, read_statement};

/// A value that took the place of another, still in the deterministic encoding.
struct Changed {
    place: String,
    bytes: Vec<u8>,
}

/// Puts other values of the same type at every place, those around the limits
/// among them, and takes members and elements away.
fn changes(node: &Node) -> Vec<Changed> {
    let mut changes = Vec::new();
    visit(node, String::new(), &|node| node.encode(), &mut changes);
    changes
}

fn visit(
    node: &Node,
    place: String,
    rebuild: &dyn Fn(Node) -> Vec<u8>,
    changes: &mut Vec<Changed>,
) {
    let mut change = |other: Node| {
        if other != *node {
            changes.push(Changed {
                place: place.clone(),
                bytes: rebuild(other),
            });
        }
    };
    match node {
        Node::Uint(_) => others_of_number().for_each(&mut change),
        Node::Text(_) => others_of_text().for_each(&mut change),
        Node::Bytes(_) => [0, 1, 4, 15, 16, 17, 31, 32, 33, 4096, 4097, 65_537, 131_073]
            .into_iter()
            .for_each(|length| change(Node::Bytes(vec![7; length]))),
        Node::Array(items) => {
            change(Node::Array(Vec::new()));
            change(Node::Array([items.as_slice(), &[NULL]].concat()));
            for n in 0..items.len() {
                let mut fewer = items.clone();
                fewer.remove(n);
                change(Node::Array(fewer));
                let mut null = items.clone();
                null[n] = NULL;
                change(Node::Array(null));
            }
        }
        Node::Map(entries) => {
            for n in 0..entries.len() {
                let mut fewer = entries.clone();
                fewer.remove(n);
                change(Node::Map(fewer));
            }
        }
        _ => {}
    }
    match node {
        Node::Array(items) => {
            // Of maps in a list, the first stands for all.
            let is_list = items.iter().all(|item| matches!(item, Node::Map(_)));
            let visited = if is_list { 1 } else { items.len() };
            for (n, item) in items.iter().enumerate().take(visited) {
                let rebuild = |other| {
                    let mut items = items.clone();
                    items[n] = other;
                    rebuild(Node::Array(items))
                };
                visit(item, format!("{place}/{n}"), &rebuild, changes);
            }
        }
        Node::Map(entries) => {
            for (n, (key, value)) in entries.iter().enumerate() {
                let rebuild = |other| {
                    let mut entries = entries.clone();
                    entries[n].1 = other;
                    rebuild(Node::Map(entries))
                };
                let Node::Text(name) = key else {
                    panic!("{key:?}")
                };
                visit(value, format!("{place}/{name}"), &rebuild, changes);
            }
        }
        _ => {}
    }
}

fn others_of_number() -> impl Iterator<Item = Node> {
    const MAXIMA: [u64; 9] = [
        0,
        1,
        16,
        1000,
        1024,
        65_535,
        u32::MAX as u64,
        253_402_300_799_999,
        9_007_199_254_740_991,
    ];
    let edges = MAXIMA.into_iter().flat_map(|max| [max, max + 1]);
    edges
        .chain([3_155_760_000_000, 3_155_760_000_001, u64::MAX])
        .map(Node::Uint)
}

fn others_of_text() -> impl Iterator<Item = Node> {
    let long = [64, 65, 128, 129, 256, 257, 4000, 4001, 4096, 4097, 16_385];
    let long = long.into_iter().map(|length| "a".repeat(length));
    let short = [
        "", "a", "A", "-a", "SE", "pt-BR", "a b", "a\nb", "a\u{7f}", "yes", "accepted", "é",
    ];
    short
        .into_iter()
        .map(str::to_owned)
        .chain(long)
        .map(Node::Text)
}

/// Whether the reader may refuse more than the CDDL does: where an order could
/// have been lost, or where two members belong together.
fn has_more_rules(place: &str) -> bool {
    const SORTED: [&str; 11] = [
        "re",
        "refs",
        "evidence",
        "ext",
        "items",
        "names",
        "standing",
        "territories",
        "statements",
        "jurisdictions",
        "3",
    ];
    const TOGETHER: [&str; 3] = ["answer", "code", "items"];
    let steps: Vec<&str> = place.split('/').skip(1).collect();
    let is_number = |step: &&str| step.bytes().all(|byte| byte.is_ascii_digit());
    let sorted = match steps.as_slice() {
        [.., list, n, key] if is_number(n) && (is_number(key) || *key == "n") => {
            SORTED.contains(list) || SORTED.contains(n)
        }
        [.., list, n] if is_number(n) => SORTED.contains(list),
        _ => false,
    };
    // The root of a body stands for the member that was taken away from it.
    sorted || steps.first().is_none_or(|first| TOGETHER.contains(first))
}

fn check(rule: &str, bytes: &[u8], read: impl Fn(&[u8]) -> Result<(), String>) -> usize {
    let node = Node::parse(bytes).unwrap();
    let mut refused = 0;
    for Changed { place, bytes } in changes(&node) {
        let (ours, theirs) = (read(&bytes), cddl::validate(rule, &bytes));
        let agree = match (&ours, &theirs) {
            (Ok(()), Ok(())) | (Err(_), Err(_)) => true,
            (Err(_), Ok(())) => has_more_rules(&place),
            (Ok(()), Err(_)) => false,
        };
        assert!(
            agree,
            "{rule} at {place}: {ours:?}, but the CDDL: {theirs:?}"
        );
        refused += usize::from(theirs.is_err());
    }
    refused
}

#[test]
fn bodies() {
    let refused: usize = Kind::ALL
        .into_iter()
        .map(|kind| {
            let bytes = one(arbitrary::body_of(kind)).encode();
            check(kind.as_str(), &bytes, |bytes| {
                let body = Body::decode(kind, bytes).map_err(|error| error.to_string())?;
                body.is_coherent()?;
                body.within_limits().map_err(|error| error.to_string())
            })
        })
        .sum();
    println!("{refused} changed bodies refused by both");
    assert!(refused > 1000);
}

macro_rules! reader {
    ($read:expr) => {
        |bytes: &[u8]| {
            ($read)(bytes)
                .map(|_| ())
                .map_err(|error| error.to_string())
        }
    };
}

#[test]
fn records_and_messages() {
    let leaf = one(arbitrary::leaf()).encode();
    let facts = one(arbitrary::facts()).encode();
    let redeliver = one(arbitrary::redeliver_request()).encode();
    let request = one(arbitrary::roster_request()).encode();
    let reply = one(arbitrary::roster_reply()).encode();
    let audit = one(arbitrary::audit_request()).encode();
    // Not evidence: the other validator stops at a byte string in the place of a word.
    let about_heads = |request: &WitnessRequest| matches!(request, WitnessRequest::Head(..));
    let witness = arbitrary::witness_request().prop_filter("about heads", about_heads);
    let witness = one(witness).encode();
    let refused = check("leaf", &leaf, reader!(Leaf::decode))
        + check("facts", &facts, reader!(Facts::decode))
        + check(
            "redeliver-request",
            &redeliver,
            reader!(RedeliverRequest::decode),
        )
        + check("roster-request", &request, reader!(RosterRequest::decode))
        + check("roster-reply", &reply, reader!(RosterReply::decode))
        + check("audit-request", &audit, reader!(AuditRequest::decode))
        + check("witness-request", &witness, reader!(WitnessRequest::decode));
    println!("{refused} changed records and messages refused by both");
    assert!(refused > 500);
}

#[test]
fn signed_payloads() {
    let within = |rule, object: &[u8], read: &dyn Fn(&[u8]) -> Result<(), String>| {
        let [_, _, payload] = signed_layers(object, &arbitrary::key(1));
        check(rule, &payload.bytes, |changed| {
            read(&payload.around(changed.to_vec()))
        })
    };
    let statement = one(arbitrary::statement_of(Kind::Hold));
    let refused = within("statement-payload", statement.bytes(), &|bytes| {
        read_statement(bytes).map_err(str::to_owned)
    }) + within(
        "refusal-payload",
        &one(arbitrary::refusal()),
        &reader!(Refusal::read),
    ) + within(
        "sequences-payload",
        &one(arbitrary::signed_sequences()),
        &reader!(SignedNotice::<Sequences>::read),
    ) + within(
        "restored-payload",
        &one(arbitrary::signed_restored()),
        &reader!(SignedNotice::<Restored>::read),
    );
    println!("{refused} changed payloads refused by both");
    assert!(refused > 500);
}
