//! The validator of the CDDL refuses what the CDDL forbids. Without this, "valid
//! under the CDDL" could mean nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use comity_testkit::arbitrary::{draft_of, leaf, receipt};
use comity_testkit::cddl::{rules, validate};
use comity_testkit::tree::{NULL, Node, Sign1};
use comity_wire::registry::Kind;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// The same value in every run.
fn one<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> T {
    strategy
        .new_tree(&mut TestRunner::deterministic())
        .unwrap()
        .current()
}

fn check(rule: &str, good: &[Node], bad: &[Node]) {
    for node in good {
        validate(rule, &node.encode()).unwrap_or_else(|error| panic!("{rule}: {node:?}: {error}"));
    }
    for node in bad {
        assert!(validate(rule, &node.encode()).is_err(), "{rule}: {node:?}");
    }
}

fn text(text: &str) -> Node {
    Node::from(text)
}

fn long(letter: &str, times: usize) -> Node {
    Node::Text(letter.repeat(times))
}

fn bytes(length: usize) -> Node {
    Node::Bytes(vec![7; length])
}

fn map(entries: &[(&str, Node)]) -> Node {
    let entries = entries
        .iter()
        .map(|(key, value)| (text(key), value.clone()));
    Node::Map(entries.collect())
}

#[test]
fn every_rule_parses() {
    // A float is no value of any rule: it is the validator that refuses it.
    let float = [0xfb, 0, 0, 0, 0, 0, 0, 0, 1];
    let rules = rules();
    for rule in &rules {
        let error = validate(rule, &float).unwrap_err();
        assert!(error.contains("got "), "{rule}: {error}");
    }
    assert!(rules.len() > 100, "{} rules", rules.len());
    assert!(validate("no-such-rule", &[0]).is_err());
}

#[test]
fn words_have_a_size_and_a_pattern() {
    check("hash", &[bytes(32)], &[bytes(31), bytes(33), text("a")]);
    check(
        "time-ms",
        &[0.into(), 253_402_300_799_999.into()],
        &[253_402_300_800_000.into(), Node::Nint(0), text("1")],
    );
    check(
        "count",
        &[9_007_199_254_740_991.into()],
        &[9_007_199_254_740_992.into()],
    );
    check(
        "item-number",
        &[1.into(), 1024.into()],
        &[0.into(), 1025.into()],
    );
    check(
        "code",
        &[text("a"), text("a-1"), long("a", 64)],
        &[
            text(""),
            text("a-"),
            text("A"),
            text("a\n"),
            long("a", 65),
            bytes(1),
        ],
    );
    check(
        "country",
        &[text("SE")],
        &[text("se"), text("SWE"), text("ASE"), text("SE\n")],
    );
    check(
        "language",
        &[text("pt-BR")],
        &[
            text("p"),
            text("pt_BR"),
            long("aa-", 21),
            Node::Text(["abcdefgh"; 9].join("-")),
        ],
    );
    check(
        "member-id",
        &[long("a", 63)],
        &[long("a", 64), text(""), text("-a"), text("a/b")],
    );
    check(
        "case-id-hex",
        &[long("0a", 16)],
        &[long("0A", 16), long("0a", 17)],
    );
    check(
        "free-text",
        &[text("a\nb"), text("Bücher\u{a0}"), long("ä", 2000)],
        &[
            text(""),
            text("a\rb"),
            text("\u{1b}[0m"),
            text("\u{9b}"),
            text("\u{7f}"),
            long("ä", 2001),
        ],
    );
    check(
        "name",
        &[text("Bücher & Co"), long("a", 256)],
        &[text(""), text("a\nb"), text("\0"), long("a", 257)],
    );
    check(
        "reference",
        &[text("a\u{200d}b"), long("a", 128)],
        &[text("a\tb"), long("a", 129)],
    );
    check(
        "locator-text",
        &[text("https://video.example/漢")],
        &[text(""), text("a\nb"), long("a", 4097)],
    );
    check(
        "origin",
        &[Node::Text(format!("{}/north.example/1", "0".repeat(64)))],
        &[
            Node::Text(format!("{}/north.example/0", "0".repeat(64))),
            Node::Text(format!("{}/north.example/1/", "0".repeat(64))),
        ],
    );
    check("ip", &[bytes(4), bytes(16)], &[bytes(5), bytes(0)]);
    check("answer", &[text("accepted")], &[text("perhaps"), text("")]);
    check(
        "domain",
        &[text("video.example"), text("_dmarc.video.example")],
        &[
            text("Video.example"),
            text("video.example."),
            text("video..example"),
            text(""),
        ],
    );
}

#[test]
fn a_choice_has_one_entry() {
    let url = || ("url", text("https://video.example/"));
    check(
        "locator",
        &[map(&[url()])],
        &[
            map(&[]),
            map(&[("link", text("a"))]),
            map(&[url(), ("onion", text("a"))]),
            map(&[("url", 1.into())]),
        ],
    );
    let pair = || vec![text("a"), text("b")];
    check(
        "locator",
        &[map(&[("account", pair().into())])],
        &[
            map(&[("account", vec![text("a")].into())]),
            map(&[("account", [pair(), pair()].concat().into())]),
        ],
    );
    let hash = || Node::Array(vec![text("md5"), bytes(16)]);
    check(
        "locator",
        &[map(&[("hash-set", vec![hash(); 8].into())])],
        &[
            map(&[("hash-set", vec![hash(); 9].into())]),
            map(&[("hash-set", vec![].into())]),
            map(&[(
                "hash-set",
                vec![vec![text("md5"), bytes(4097)].into()].into(),
            )]),
        ],
    );
    let peer = |port: Node| map(&[("ip-port-time", vec![bytes(4), port, 0.into()].into())]);
    check(
        "locator",
        &[peer(NULL), peer(65_535.into())],
        &[peer(65_536.into()), peer(text("80"))],
    );
    let handling = |notify: Node| {
        map(&[
            ("lang", text("en")),
            ("audience", text("member")),
            ("sensitive", text("none")),
            ("notify_uploader", notify),
        ])
    };
    check(
        "handling",
        &[
            handling(text("allowed")),
            handling(map(&[("delay-until", 1.into())])),
        ],
        &[
            handling(text("maybe")),
            handling(map(&[("delay-until", text("1"))])),
            handling(map(&[])),
        ],
    );
}

#[test]
fn lists_have_a_length() {
    let country = || text("SE");
    let measure = |territories: Node| {
        map(&[
            ("action", text("removed")),
            ("target", text("content")),
            ("automated", true.into()),
            ("territories", territories),
            ("effective_at", 1.into()),
        ])
    };
    check(
        "measure",
        &[
            measure(vec![country()].into()),
            measure(vec![country(); 256].into()),
            measure(NULL).without("territories"),
        ],
        &[
            measure(vec![].into()),
            measure(vec![country(); 257].into()),
            measure(country()),
            measure(vec![bytes(2)].into()),
        ],
    );
    let outcome = |measures: Vec<Node>| {
        Node::Array(vec![
            1.into(),
            1.into(),
            text("done"),
            measures.into(),
            NULL,
            NULL,
            NULL,
        ])
    };
    let measure = || measure(NULL).without("territories");
    check(
        "outcome-item",
        &[outcome(vec![]), outcome(vec![measure(); 16])],
        &[outcome(vec![measure(); 17]), outcome(vec![text("a")])],
    );
    let mut long = outcome(vec![]).items().to_vec();
    long.push(NULL);
    let (_, short) = long.split_at(2);
    check(
        "outcome-item",
        &[],
        &[long.clone().into(), short.to_vec().into()],
    );
    let extension =
        |n: usize| Node::Array(vec![Node::Text(format!("x{n}")), false.into(), bytes(0)]);
    let ext = |count: usize| Node::Array((0..count).map(extension).collect());
    check("ext", &[ext(1), ext(16)], &[ext(0), ext(17)]);
}

/// Each member of a map: without it, with a value of another type, with one more.
fn check_members(rule: &str, bytes: &[u8], optional: &[&str], around: impl Fn(Node) -> Vec<u8>) {
    let node = Node::parse(bytes).unwrap();
    let Node::Map(entries) = &node else {
        panic!("{rule} is no map")
    };
    let fails = |what: &str, changed: Node| {
        assert!(validate(rule, &around(changed)).is_err(), "{rule}: {what}");
    };
    validate(rule, &around(node.clone())).unwrap();
    for (key, _) in entries {
        let Node::Text(key) = key else {
            panic!("{rule}: {key:?}")
        };
        if optional.contains(&key.as_str()) {
            validate(rule, &around(node.clone().without(key))).unwrap();
        } else {
            fails(&format!("without {key}"), node.clone().without(key));
        }
        fails(
            &format!("{key} is a number"),
            node.clone().with(key, Node::Nint(7)),
        );
        fails(&format!("{key} is null"), node.clone().with(key, NULL));
    }
    fails("unknown member", node.clone().with("unknown", 1));
    fails(
        "unknown member of a known type",
        node.with("nonce2", bytes_16()),
    );
}

fn bytes_16() -> Node {
    bytes(16)
}

#[test]
fn a_statement_has_the_members_and_the_body_of_its_kind() {
    const OPTIONAL: [&str; 5] = ["ext", "refs", "parent", "evidence", "case_nonce"];
    for kind in Kind::ALL {
        let draft = one(draft_of(kind));
        let statement = draft.sign(&comity_testkit::arbitrary::key(1)).unwrap();
        let object = Sign1::parse(statement.bytes()).unwrap();
        let with_payload = |payload: Node| {
            Sign1 {
                payload: Node::Bytes(payload.encode()),
                ..object.clone()
            }
            .encode()
        };
        if kind == Kind::Outcome {
            check_members("statement", object.payload.bytes(), &OPTIONAL, with_payload);
        }
        let payload = Node::parse(object.payload.bytes()).unwrap();
        for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
            let same = [kind, other]
                .iter()
                .all(|kind| matches!(kind, Kind::Hold | Kind::Release));
            let swapped = with_payload(payload.clone().with("kind", other.as_str()));
            assert_eq!(
                validate("statement", &swapped).is_ok(),
                same,
                "{kind} as {other}"
            );
        }
        let no_kind = with_payload(payload.clone().with("kind", "gossip"));
        assert!(validate("statement", &no_kind).is_err());
        let with_body =
            |body: Node| with_payload(payload.clone().with("body", Node::Bytes(body.encode())));
        let body = payload.get("body").unwrap().bytes();
        let unknown = Node::parse(body).unwrap().with("unknown", 1);
        assert!(
            validate("statement", &with_body(unknown)).is_err(),
            "{kind}"
        );
    }
}

#[test]
fn embedded_objects_and_headers_are_looked_into() {
    let statement = one(draft_of(Kind::Hold))
        .sign(&comity_testkit::arbitrary::key(1))
        .unwrap();
    let object = Sign1::parse(statement.bytes()).unwrap();
    let fails = |what: &str, object: Sign1| {
        assert!(validate("statement", &object.encode()).is_err(), "{what}")
    };
    let Node::Map(header) = Node::parse(&object.protected).unwrap() else {
        panic!()
    };
    for left_out in 0..header.len() {
        let mut header = header.clone();
        header.remove(left_out);
        fails(
            "header without a label",
            Sign1 {
                protected: Node::Map(header).encode(),
                ..object.clone()
            },
        );
    }
    let mut more = header.clone();
    more.push((Node::Uint(2), Node::Array(vec![1.into()])));
    fails(
        "crit",
        Sign1 {
            protected: Node::Map(more).encode(),
            ..object.clone()
        },
    );
    fails(
        "unprotected",
        Sign1 {
            unprotected: Node::Map(vec![(Node::Uint(4), bytes(32))]),
            ..object.clone()
        },
    );
    fails(
        "no payload",
        Sign1 {
            payload: NULL,
            ..object.clone()
        },
    );
    fails(
        "signature",
        Sign1 {
            signature: vec![0; 63],
            ..object.clone()
        },
    );
    let Node::Tag(_, untagged) = Node::parse(statement.bytes()).unwrap() else {
        panic!()
    };
    check(
        "statement",
        &[Node::Tag(18, untagged.clone())],
        &[Node::Tag(98, untagged.clone()), *untagged],
    );

    let parts =
        |leaf: Vec<u8>, proof: Vec<u8>| Node::Array(vec![Node::Bytes(leaf), Node::Bytes(proof)]);
    let receipt = one(receipt());
    let (leaf_bytes, proof) = (receipt.wire().0.to_vec(), receipt.wire().1.to_vec());
    let other = Node::parse(&leaf_bytes)
        .unwrap()
        .with("kind", "Not a code")
        .encode();
    let sign1 = Sign1::parse(&proof).unwrap();
    let empty = Node::Array(vec![1.into(), 0.into(), vec![].into()]).encode();
    let with_proofs = |list: Vec<Node>| {
        let unprotected = Node::Map(vec![(
            Node::Uint(396),
            Node::Map(vec![(Node::Nint(0), list.into())]),
        )]);
        parts(
            leaf_bytes.clone(),
            Sign1 {
                unprotected,
                ..sign1.clone()
            }
            .encode(),
        )
    };
    check(
        "receipt",
        &[parts(leaf_bytes.clone(), proof.clone())],
        &[
            parts(other, proof.clone()),
            parts(leaf_bytes.clone(), vec![0xa0]),
            parts(proof, leaf_bytes.clone()),
            with_proofs(vec![]),
            with_proofs(vec![Node::Bytes(empty)]),
        ],
    );
}

#[test]
fn a_leaf_has_its_members() {
    const OPTIONAL: [&str; 9] = [
        "ext",
        "seq",
        "case",
        "facts",
        "direction",
        "statement",
        "counterpart",
        "predecessor",
        "statement_kind",
    ];
    check_members("leaf", &one(leaf()).encode(), &OPTIONAL, |leaf| {
        leaf.encode()
    });
}
