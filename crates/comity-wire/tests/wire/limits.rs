//! Each limit: at it all is well, one over it gets the code. Both the reader and
//! the CDDL say so.

use comity_testkit::arbitrary::{self, key};
use comity_testkit::cddl;
use comity_testkit::mutate::{signed_layers, statement_layers};
use comity_testkit::tree::{NULL, Node, Sign1};
use comity_wire::audit_exchange::{AuditReply, AuditRequest};
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, RedeliverReply, RedeliverRequest};
use comity_wire::finding::{FindingAnswer, FindingRequest};
use comity_wire::leaf::{Facts, Leaf};
use comity_wire::limits::*;
use comity_wire::notice::{Restored, Sequences, SignedNotice};
use comity_wire::receipt::Receipt;
use comity_wire::refusal::Refusal;
use comity_wire::registry::Kind;
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};

use crate::objects::{Read, one, read_statement};

/// A limit, and an object that comes up to a given value of it.
struct Row {
    limit: &'static str,
    max: u64,
    /// The least that is allowed.
    min: u64,
    /// The rule of the CDDL, but where the validator would take too long.
    rule: &'static str,
    make: Box<dyn Fn(u64) -> Vec<u8>>,
    read: Read,
}

macro_rules! reader {
    ($read:expr) => {
        |bytes| ($read)(bytes).map(|_| ()).map_err(|error| error.code())
    };
}

fn text(length: u64) -> Node {
    Node::Text("a".repeat(usize::try_from(length).unwrap()))
}

fn bytes(length: u64) -> Node {
    Node::Bytes(vec![7; usize::try_from(length).unwrap()])
}

/// So many entries, which differ.
fn list(length: u64, entry: impl Fn(u64) -> Node) -> Node {
    Node::Array((0..length).map(entry).collect())
}

fn extension(n: u64, value: Node) -> Node {
    Node::Array(vec![Node::Text(format!("x{n:04}")), false.into(), value])
}

fn hash(n: u64) -> Node {
    Node::Bytes([n.to_be_bytes(), [0; 8], [0; 8], [0; 8]].concat())
}

/// Two capital letters for each number.
fn country(n: u64) -> Node {
    let letter = |n: u64| char::from(b'A' + u8::try_from(n % 26).unwrap());
    Node::Text([letter(n / 26), letter(n)].iter().collect())
}

fn map(entries: &[(&str, Node)]) -> Node {
    let entries = entries
        .iter()
        .map(|(key, value)| (Node::from(*key), value.clone()));
    Node::Map(entries.collect()).sorted()
}

fn none() -> Node {
    list(0, |_| NULL)
}

fn item(n: u64) -> Node {
    map(&[
        ("n", n.into()),
        ("scope", "this-location".into()),
        ("hosting", none()),
        ("locator", map(&[("url", "https://video.example/".into())])),
        ("assessments", none()),
    ])
}

fn hosting() -> Node {
    map(&[
        ("at", 0.into()),
        ("role", "host".into()),
        ("source", "whois".into()),
    ])
}

fn assessment() -> Node {
    map(&[
        ("at", 0.into()),
        ("code", "1a".into()),
        ("unit", "file".into()),
        ("scheme", "example".into()),
        ("context", none()),
        ("assessor", "north.example".into()),
        ("baseline", "yes".into()),
        ("standing", none()),
        ("depiction", "photographic".into()),
        ("reviewers", 1.into()),
        ("confidence", "high".into()),
        ("same_image", "yes".into()),
        ("scheme_version", "1".into()),
    ])
}

fn ground() -> Node {
    map(&[
        ("nature", "notice".into()),
        ("good_faith", true.into()),
        ("instrument", "example-act".into()),
        ("jurisdiction", "SE".into()),
    ])
}

fn measure() -> Node {
    map(&[
        ("action", "removed".into()),
        ("target", "content".into()),
        ("automated", false.into()),
        ("effective_at", 0.into()),
    ])
}

fn request() -> Node {
    let requester = map(&[("attested", true.into()), ("capacity", "hotline".into())]);
    map(&[
        (
            "asked",
            list(1, |_| vec!["content".into(), "removed".into()].into()),
        ),
        ("basis", list(1, |_| ground())),
        ("items", list(1, |_| item(1))),
        ("clocks", none()),
        ("urgency", "routine".into()),
        ("capacity", "host".into()),
        ("reference", "1".into()),
        ("requester", requester),
        ("assessed_at", 0.into()),
    ])
}

fn outcome_with(row: impl Fn(Vec<Node>) -> Vec<Node>) -> Node {
    let plain = vec![1.into(), 1.into(), "done".into(), none(), NULL, NULL, NULL];
    map(&[
        ("basis", "own".into()),
        ("items", list(1, |_| row(plain.clone()).into())),
        ("complete", "yes".into()),
    ])
}

/// A statement of a kind with another body, and other members of the payload.
fn statement(kind: Kind, body: &Node, members: &[(&str, Node)]) -> Vec<u8> {
    let any = one(arbitrary::statement_of(kind));
    let [_, _, payload, _] = statement_layers(any.bytes(), &key(1));
    let plain = ["ext", "refs", "parent", "evidence", "case_nonce"];
    let mut node = Node::parse(&payload.bytes).unwrap();
    for member in plain {
        node = node.without(member);
    }
    node = node.with("body", Node::Bytes(body.encode()));
    for (name, value) in members {
        node = node.with(name, value.clone());
    }
    payload.around(node.encode())
}

fn row(
    limit: &'static str,
    (min, max): (u64, u64),
    rule: &'static str,
    make: impl Fn(u64) -> Vec<u8> + 'static,
    read: Read,
) -> Row {
    Row {
        limit,
        max,
        min,
        rule,
        make: Box::new(make),
        read,
    }
}

fn wide(max: usize) -> u64 {
    u64::try_from(max).unwrap()
}

/// Limits inside a takedown request.
fn in_request(
    limit: &'static str,
    range: (u64, u64),
    change: impl Fn(u64) -> (&'static str, Node) + 'static,
) -> Row {
    let make = move |n| {
        let (member, value) = change(n);
        statement(Kind::TakedownRequest, &request().with(member, value), &[])
    };
    row(limit, range, "statement", make, read_statement)
}

/// Limits inside the one item of a takedown request.
fn in_item(
    limit: &'static str,
    range: (u64, u64),
    change: impl Fn(u64) -> (&'static str, Node) + 'static,
) -> Row {
    in_request(limit, range, move |n| {
        let (member, value) = change(n);
        ("items", list(1, |_| item(1).with(member, value.clone())))
    })
}

/// Limits inside the one assessment of the one item of a takedown request.
fn in_assessment(
    limit: &'static str,
    range: (u64, u64),
    change: impl Fn(u64) -> (&'static str, Node) + 'static,
) -> Row {
    in_item(limit, range, move |n| {
        let (member, value) = change(n);
        (
            "assessments",
            list(1, |_| assessment().with(member, value.clone())),
        )
    })
}

/// Limits of the payload.
fn in_payload(
    limit: &'static str,
    range: (u64, u64),
    change: impl Fn(u64) -> (&'static str, Node) + 'static,
) -> Row {
    let make = move |n| {
        let (member, value) = change(n);
        statement(Kind::TakedownRequest, &request(), &[(member, value)])
    };
    row(limit, range, "statement", make, read_statement)
}

fn statements() -> Vec<Row> {
    let time = (0, TIME_MS_MAX);
    vec![
        in_request("TEXT_BYTES_MAX", (1, wide(TEXT_BYTES_MAX)), |n| {
            ("text", text(n))
        }),
        in_request("REFERENCE_BYTES_MAX", (1, wide(REFERENCE_BYTES_MAX)), |n| {
            ("reference", text(n))
        }),
        in_request("CODES_MAX", (1, wide(CODES_MAX)), |n| {
            ("asked", list(n, |_| vec!["a".into(), "b".into()].into()))
        }),
        in_request("GROUNDS_MAX", (1, wide(GROUNDS_MAX)), |n| {
            ("basis", list(n, |_| ground()))
        }),
        in_request("ITEMS_MAX", (1, wide(ITEMS_MAX)), |n| {
            ("items", list(n, |place| item(place + 1)))
        }),
        in_request("CLOCKS_MAX", (0, wide(CLOCKS_MAX)), |n| {
            ("clocks", list(n, |_| "a".into()))
        }),
        in_request("CODE_BYTES_MAX", (1, wide(CODE_BYTES_MAX)), |n| {
            ("urgency", text(n))
        }),
        in_request("TIME_MS_MAX", time, |n| ("assessed_at", n.into())),
        in_request("TIME_MS_MAX", time, |n| ("reported_at", n.into())),
        in_request("TIME_MS_MAX", time, |n| ("preserve_until", n.into())),
        in_request("NAME_BYTES_MAX", (1, wide(NAME_BYTES_MAX)), |n| {
            ("basis", list(1, |_| ground().with("authority", text(n))))
        }),
        in_item("ITEM_NUMBER_MAX", (1, ITEM_NUMBER_MAX), |n| ("n", n.into())),
        in_item("HOSTING_MAX", (0, wide(HOSTING_MAX)), |n| {
            ("hosting", list(n, |_| hosting()))
        }),
        in_item("4294967295", (0, 4_294_967_295), |n| {
            ("hosting", list(1, |_| hosting().with("asn", n)))
        }),
        in_item("TIME_MS_MAX", time, |n| {
            ("hosting", list(1, |_| hosting().with("at", n)))
        }),
        in_item("LOCATOR_BYTES_MAX", (1, wide(LOCATOR_BYTES_MAX)), |n| {
            ("locator", map(&[("url", text(n))]))
        }),
        in_item("LOCATOR_BYTES_MAX", (1, wide(LOCATOR_BYTES_MAX)), |n| {
            (
                "locator",
                map(&[("account", vec!["a".into(), text(n)].into())]),
            )
        }),
        in_item("HASHES_MAX", (1, wide(HASHES_MAX)), |n| {
            (
                "locator",
                map(&[(
                    "hash-set",
                    list(n, |_| vec!["md5".into(), bytes(16)].into()),
                )]),
            )
        }),
        in_item(
            "HASH_VALUE_BYTES_MAX",
            (1, wide(HASH_VALUE_BYTES_MAX)),
            |n| {
                (
                    "locator",
                    map(&[("hash-set", list(1, |_| vec!["md5".into(), bytes(n)].into()))]),
                )
            },
        ),
        in_item("65535", (0, 65_535), |n| {
            (
                "locator",
                map(&[("ip-port-time", vec![bytes(4), n.into(), 0.into()].into())]),
            )
        }),
        in_item("TIME_MS_MAX", time, |n| {
            (
                "locator",
                map(&[("ip-port-time", vec![bytes(4), NULL, n.into()].into())]),
            )
        }),
        in_item("ASSESSMENTS_MAX", (0, wide(ASSESSMENTS_MAX)), |n| {
            ("assessments", list(n, |_| assessment()))
        }),
        in_assessment("CONTEXTS_MAX", (0, wide(CONTEXTS_MAX)), |n| {
            ("context", list(n, |_| "a".into()))
        }),
        in_assessment("STANDINGS_MAX", (0, wide(STANDINGS_MAX)), |n| {
            (
                "standing",
                list(n, |place| vec![country(place), "illegal".into()].into()),
            )
        }),
        in_assessment("REVIEWERS_MAX", (0, wide(REVIEWERS_MAX)), |n| {
            ("reviewers", n.into())
        }),
        in_assessment("REFERENCE_BYTES_MAX", (1, wide(REFERENCE_BYTES_MAX)), |n| {
            ("code", text(n))
        }),
        in_payload("HEADS_MAX", (0, wide(HEADS_MAX)), |n| ("re", list(n, hash))),
        in_payload("REFS_MAX", (1, wide(REFS_MAX)), |n| ("refs", list(n, hash))),
        in_payload("EVIDENCE_MAX", (1, wide(EVIDENCE_MAX)), |n| {
            ("evidence", list(n, hash))
        }),
        in_payload("EXTENSIONS_MAX", (1, wide(EXTENSIONS_MAX)), move |n| {
            ("ext", list(n, |place| extension(place, bytes(0))))
        }),
        in_payload(
            "EXTENSION_BYTES_MAX",
            (0, wide(EXTENSION_BYTES_MAX)),
            move |n| ("ext", list(1, |_| extension(0, bytes(n)))),
        ),
        in_payload("CODE_BYTES_MAX", (1, wide(CODE_BYTES_MAX)), |n| {
            (
                "ext",
                list(1, |_| Node::Array(vec![text(n), false.into(), bytes(0)])),
            )
        }),
        row(
            "ROUND_MAX",
            (1, ROUND_MAX),
            "statement",
            |n| {
                let body = outcome_with(|mut row| {
                    row[1] = n.into();
                    row
                });
                statement(Kind::Outcome, &body, &[])
            },
            read_statement,
        ),
        row(
            "ITEM_NUMBER_MAX",
            (1, ITEM_NUMBER_MAX),
            "statement",
            |n| {
                let body = outcome_with(|mut row| {
                    row[6] = n.into();
                    row
                });
                statement(Kind::Outcome, &body, &[])
            },
            read_statement,
        ),
        row(
            "MEASURES_MAX",
            (0, wide(MEASURES_MAX)),
            "statement",
            |n| {
                let body = outcome_with(|mut row| {
                    row[3] = list(n, |_| measure());
                    row
                });
                statement(Kind::Outcome, &body, &[])
            },
            read_statement,
        ),
        row(
            "TERRITORIES_MAX",
            (1, wide(TERRITORIES_MAX)),
            "statement",
            |n| {
                let territories = list(n, country);
                let body = outcome_with(|mut row| {
                    row[3] = list(1, |_| measure().with("territories", territories.clone()));
                    row
                });
                statement(Kind::Outcome, &body, &[])
            },
            read_statement,
        ),
        row(
            "REFS_MAX",
            (1, wide(REFS_MAX)),
            "statement",
            |n| {
                let body = map(&[
                    ("by", "person".into()),
                    ("answer", "accepted".into()),
                    ("names", list(n, hash)),
                ]);
                statement(Kind::Acknowledgement, &body, &[])
            },
            read_statement,
        ),
        row(
            "REFS_MAX",
            (1, wide(REFS_MAX)),
            "statement",
            |n| {
                let what = map(&[("statements", list(n, hash))]);
                let body = map(&[("what", what), ("ground", "sent-in-error".into())]);
                statement(Kind::ErasureNotice, &body, &[])
            },
            read_statement,
        ),
    ]
}

fn others() -> Vec<Row> {
    let leaf = || {
        let node = Node::parse(&one(arbitrary::leaf()).encode()).unwrap();
        node.without("ext")
    };
    let facts = || map(&[("salt", bytes(16))]);
    let refusal = |member: &'static str, value: Node| {
        let [_, _, payload] = signed_layers(&one(arbitrary::refusal()), &key(1));
        payload.around(
            Node::parse(&payload.bytes)
                .unwrap()
                .with(member, value)
                .encode(),
        )
    };
    let receipt = |path: u64| {
        let receipt = one(arbitrary::receipt());
        let mut object = Sign1::parse(&receipt.wire().1).unwrap();
        let (size, index) = (receipt.proof().tree_size, receipt.proof().leaf_index);
        let proof = Node::Array(vec![size.into(), index.into(), list(path, hash)]);
        let proofs = Node::Map(vec![(
            Node::Nint(0),
            vec![Node::Bytes(proof.encode())].into(),
        )]);
        object.unprotected = Node::Map(vec![(Node::Uint(396), proofs)]);
        let leaf = Node::Bytes(receipt.wire().0.to_vec());
        Node::Array(vec![leaf, Node::Bytes(object.encode())]).encode()
    };
    let roster = || Node::Array(vec![1.into(), bytes(32)]);
    let offer = |evidence: Node| {
        let statement = one(arbitrary::statement_of(Kind::Release));
        Node::Array(vec![
            Node::Bytes(statement.bytes().to_vec()),
            NULL,
            evidence,
        ])
    };
    let origin = || Node::Text(format!("{}/north.example/1", "0".repeat(64)));
    let audit_request = move |rest: [Node; 3]| {
        Node::Array([vec!["records".into(), origin()], rest.to_vec()].concat()).encode()
    };
    let audit_record = move |path: u64| {
        let leaf = Node::Bytes(one(arbitrary::leaf()).encode());
        Node::Array(vec![leaf, NULL, list(path, hash)])
    };
    let audit_page = move |checkpoint: Node, records: Node, next: Node| {
        Node::Array(vec![
            "records".into(),
            roster(),
            checkpoint,
            records,
            NULL,
            next,
        ])
        .encode()
    };
    let sequences = move |count: u64| {
        let [_, _, payload] = signed_layers(&one(arbitrary::signed_sequences()), &key(1));
        let next = |n| Node::Array(vec![Node::Text(format!("m{n:04}.example")), 0.into()]);
        payload.around(Node::Array(vec![origin(), 1.into(), hash(0), list(count, next)]).encode())
    };
    let restored = |member: &'static str, value: Node| {
        let [_, _, payload] = signed_layers(&one(arbitrary::signed_restored()), &key(1));
        payload.around(
            Node::parse(&payload.bytes)
                .unwrap()
                .with(member, value)
                .encode(),
        )
    };
    let integer = (0, INTEGER_MAX);
    let facts_read: Read = reader!(Facts::decode);
    vec![
        row(
            "INTEGER_MAX",
            integer,
            "leaf",
            move |n| leaf().with("index", n).encode(),
            reader!(Leaf::decode),
        ),
        row(
            "INTEGER_MAX",
            integer,
            "leaf",
            move |n| leaf().with("seq", n).encode(),
            reader!(Leaf::decode),
        ),
        row(
            "TIME_MS_MAX",
            (0, TIME_MS_MAX),
            "leaf",
            move |n| leaf().with("time", n).encode(),
            reader!(Leaf::decode),
        ),
        row(
            "INTEGER_MAX",
            integer,
            "leaf",
            move |n| leaf().with("roster", vec![n.into(), bytes(32)]).encode(),
            reader!(Leaf::decode),
        ),
        row(
            "INTEGER_MAX",
            integer,
            "leaf",
            move |n| {
                leaf()
                    .with("predecessor", vec![origin(), n.into(), bytes(32)])
                    .encode()
            },
            reader!(Leaf::decode),
        ),
        row(
            "HEADS_MAX",
            (0, wide(HEADS_MAX)),
            "facts",
            move |n| facts().with("re", list(n, hash)).encode(),
            facts_read,
        ),
        row(
            "STANDINGS_MAX",
            (1, wide(STANDINGS_MAX)),
            "facts",
            move |n| {
                facts()
                    .with(
                        "standing",
                        list(n, |n| vec![country(n), "illegal".into()].into()),
                    )
                    .encode()
            },
            facts_read,
        ),
        row(
            "TERRITORIES_MAX",
            (1, wide(TERRITORIES_MAX)),
            "facts",
            move |n| facts().with("jurisdictions", list(n, country)).encode(),
            facts_read,
        ),
        row(
            "CLOCKS_MAX",
            (0, wide(CLOCKS_MAX)),
            "facts",
            move |n| facts().with("clocks", list(n, |_| "a".into())).encode(),
            facts_read,
        ),
        row(
            "ITEMS_MAX",
            (1, wide(ITEMS_MAX)),
            "facts",
            move |n| {
                facts()
                    .with(
                        "items",
                        list(n, |n| {
                            vec![(n + 1).into(), 1.into(), "done".into(), none(), NULL].into()
                        }),
                    )
                    .encode()
            },
            facts_read,
        ),
        row(
            "DURATION_MS_MAX",
            (0, DURATION_MS_MAX),
            "refusal",
            move |n| refusal("retry_after", n.into()),
            reader!(Refusal::read),
        ),
        row(
            "CODE_BYTES_MAX",
            (1, wide(CODE_BYTES_MAX)),
            "refusal",
            move |n| refusal("code", text(n)),
            reader!(Refusal::read),
        ),
        row(
            "PATH_MAX",
            (1, wide(PATH_MAX)),
            "receipt",
            receipt,
            reader!(Receipt::read),
        ),
        row(
            "COUNTERPARTS_MAX",
            (0, 1000),
            "sequences",
            sequences,
            reader!(SignedNotice::<Sequences>::read),
        ),
        row(
            "TIME_MS_MAX",
            (0, TIME_MS_MAX),
            "restored",
            move |n| restored("time", n.into()),
            reader!(SignedNotice::<Restored>::read),
        ),
        row(
            "INTEGER_MAX",
            integer,
            "restored",
            move |n| restored("restored", n.into()),
            reader!(SignedNotice::<Restored>::read),
        ),
        row(
            "EXCHANGE_STATEMENTS_MAX",
            (1, wide(EXCHANGE_STATEMENTS_MAX)),
            "",
            move |n| Node::Array(vec![roster(), list(n, |_| offer(none()))]).encode(),
            reader!(ExchangeRequest::decode),
        ),
        row(
            "EVIDENCE_MAX",
            (0, wide(EVIDENCE_MAX)),
            "exchange-request",
            move |n| {
                Node::Array(vec![roster(), list(1, |_| offer(list(n, |_| bytes(1))))]).encode()
            },
            reader!(ExchangeRequest::decode),
        ),
        row(
            "EVIDENCE_BYTES_MAX",
            (1, wide(EVIDENCE_BYTES_MAX)),
            "exchange-request",
            move |n| {
                Node::Array(vec![roster(), list(1, |_| offer(list(1, |_| bytes(n))))]).encode()
            },
            reader!(ExchangeRequest::decode),
        ),
        row(
            "CHECKPOINT_BYTES_MAX",
            (1, wide(CHECKPOINT_BYTES_MAX)),
            "exchange-reply",
            move |n| {
                Node::Array(vec![
                    roster(),
                    text(n),
                    list(1, |_| vec![2.into(), "busy".into(), NULL].into()),
                ])
                .encode()
            },
            reader!(|bytes: &[u8]| ExchangeReply::decode(bytes, 1)),
        ),
        row(
            "DURATION_MS_MAX",
            (0, DURATION_MS_MAX),
            "exchange-reply",
            move |n| {
                Node::Array(vec![
                    roster(),
                    NULL,
                    list(1, |_| vec![2.into(), "busy".into(), n.into()].into()),
                ])
                .encode()
            },
            reader!(|bytes: &[u8]| ExchangeReply::decode(bytes, 1)),
        ),
        row(
            "INTEGER_MAX",
            integer,
            "redeliver-request",
            move |n| Node::Array(vec!["redeliver".into(), origin(), n.into()]).encode(),
            reader!(RedeliverRequest::decode),
        ),
        row(
            "EXCHANGE_STATEMENTS_MAX",
            (0, wide(EXCHANGE_STATEMENTS_MAX)),
            "",
            move |n| {
                Node::Array(vec![
                    roster(),
                    list(n, |_| {
                        Node::Array(vec![offer(none()).items()[0].clone(), NULL])
                    }),
                    NULL,
                ])
                .encode()
            },
            reader!(RedeliverReply::decode),
        ),
        row(
            "ROSTER_CHAIN_MAX",
            (0, wide(ROSTER_CHAIN_MAX)),
            "",
            move |n| {
                Node::Array(vec![
                    "chain".into(),
                    none(),
                    list(n, |_| bytes(1)),
                    false.into(),
                ])
                .encode()
            },
            reader!(RosterReply::decode),
        ),
        row(
            "ROSTER_CHAIN_MAX",
            (0, wide(ROSTER_CHAIN_MAX)),
            "",
            move |n| {
                Node::Array(vec![
                    "chain".into(),
                    list(n, |_| bytes(1)),
                    none(),
                    false.into(),
                ])
                .encode()
            },
            reader!(RosterReply::decode),
        ),
        row(
            "ROSTER_PART_BYTES_MAX",
            (0, wide(ROSTER_PART_BYTES_MAX)),
            "roster-reply",
            move |n| Node::Array(vec!["part".into(), 1.into(), 1.into(), bytes(n)]).encode(),
            reader!(RosterReply::decode),
        ),
        row(
            "INTEGER_MAX",
            integer,
            "audit-request",
            move |n| audit_request([n.into(), NULL, NULL]),
            reader!(AuditRequest::decode),
        ),
        row(
            "INTEGER_MAX",
            integer,
            "audit-request",
            move |n| audit_request([0.into(), n.into(), NULL]),
            reader!(AuditRequest::decode),
        ),
        row(
            "REFERENCE_BYTES_MAX",
            (1, wide(REFERENCE_BYTES_MAX)),
            "audit-request",
            move |n| audit_request([0.into(), NULL, text(n)]),
            reader!(AuditRequest::decode),
        ),
        row(
            "CHECKPOINT_BYTES_MAX",
            (1, wide(CHECKPOINT_BYTES_MAX)),
            "audit-reply",
            move |n| audit_page(text(n), none(), NULL),
            reader!(AuditReply::decode),
        ),
        row(
            "AUDIT_RECORDS_MAX",
            (0, wide(AUDIT_RECORDS_MAX)),
            "",
            move |n| audit_page(text(1), list(n, |_| audit_record(0)), NULL),
            reader!(AuditReply::decode),
        ),
        row(
            "PATH_MAX",
            (0, wide(PATH_MAX)),
            "audit-reply",
            move |n| audit_page(text(1), list(1, |_| audit_record(n)), NULL),
            reader!(AuditReply::decode),
        ),
        row(
            "INTEGER_MAX",
            integer,
            "audit-reply",
            move |n| audit_page(text(1), none(), n.into()),
            reader!(AuditReply::decode),
        ),
        row(
            "CODE_BYTES_MAX",
            (1, wide(CODE_BYTES_MAX)),
            "audit-reply",
            move |n| Node::Array(vec!["refused".into(), roster(), text(n), NULL]).encode(),
            reader!(AuditReply::decode),
        ),
        row(
            "DURATION_MS_MAX",
            (0, DURATION_MS_MAX),
            "audit-reply",
            move |n| {
                Node::Array(vec!["refused".into(), roster(), "busy".into(), n.into()]).encode()
            },
            reader!(AuditReply::decode),
        ),
        row(
            "WITNESS_ASK_BYTES_MAX",
            (1, wide(WITNESS_ASK_BYTES_MAX)),
            "witness-request",
            move |n| Node::Array(vec!["add-checkpoint".into(), text(n)]).encode(),
            reader!(WitnessRequest::decode),
        ),
        row(
            "INTEGER_MAX",
            integer,
            "witness-request",
            move |n| Node::Array(vec!["head".into(), origin(), n.into()]).encode(),
            reader!(WitnessRequest::decode),
        ),
        row(
            "WITNESS_EVIDENCE_BYTES_MAX",
            (1, wide(WITNESS_EVIDENCE_BYTES_MAX)),
            "witness-request",
            move |n| Node::Array(vec!["evidence".into(), bytes(n)]).encode(),
            reader!(WitnessRequest::decode),
        ),
        row(
            "FINDING_BYTES_MAX",
            (1, wide(FINDING_BYTES_MAX)),
            "finding-request",
            move |n| Node::Array(vec!["finding".into(), bytes(n)]).encode(),
            reader!(FindingRequest::decode),
        ),
        row(
            "FINDING_BYTES_MAX",
            (1, wide(FINDING_BYTES_MAX)),
            "finding-request",
            move |n| Node::Array(vec!["finding-reply".into(), bytes(n)]).encode(),
            reader!(FindingRequest::decode),
        ),
        row(
            "WITNESS_ANSWER_BYTES_MAX",
            (0, wide(WITNESS_ANSWER_BYTES_MAX)),
            "witness-reply",
            move |n| Node::Array(vec!["answer".into(), 200.into(), text(n)]).encode(),
            reader!(WitnessReply::decode),
        ),
        row(
            "COSIGNED_BYTES_MAX",
            (1, wide(COSIGNED_BYTES_MAX)),
            "witness-reply",
            move |n| Node::Array(vec!["head".into(), text(n), NULL]).encode(),
            reader!(WitnessReply::decode),
        ),
        row(
            "CONSISTENCY_PATH_MAX",
            (0, wide(CONSISTENCY_PATH_MAX)),
            "witness-reply",
            move |n| Node::Array(vec!["head".into(), NULL, list(n, hash)]).encode(),
            reader!(WitnessReply::decode),
        ),
        row(
            "CODE_BYTES_MAX",
            (1, wide(CODE_BYTES_MAX)),
            "witness-reply",
            move |n| Node::Array(vec!["refused".into(), roster(), text(n), NULL]).encode(),
            reader!(WitnessReply::decode),
        ),
        row(
            "DURATION_MS_MAX",
            (0, DURATION_MS_MAX),
            "witness-reply",
            move |n| {
                Node::Array(vec!["refused".into(), roster(), "busy".into(), n.into()]).encode()
            },
            reader!(WitnessReply::decode),
        ),
    ]
}

#[test]
fn at_the_limit_all_is_well_and_one_over_is_not() {
    let mut rows = statements();
    rows.extend(others());
    for Row {
        limit,
        max,
        min,
        rule,
        make,
        read,
    } in &rows
    {
        let check = |value: u64, within: bool| {
            let bytes = make(value);
            let expected = if within { Ok(()) } else { Err("over-limit") };
            // A text without a letter is not of the form of a code or an id at all.
            let found = read(&bytes).map_err(|code| {
                if value == 0 && code != "over-limit" {
                    "over-limit"
                } else {
                    code
                }
            });
            assert_eq!(found, expected, "{limit} = {value} in {rule}");
            if !rule.is_empty() {
                let valid = cddl::validate(rule, &bytes);
                assert_eq!(
                    valid.is_ok(),
                    within,
                    "{limit} = {value} in {rule}: {valid:?}"
                );
            }
        };
        check(*max, true);
        check(max + 1, false);
        check(*min, true);
        if let Some(less) = min.checked_sub(1) {
            check(less, false);
        }
    }
    println!("{} limits at their places", rows.len());
}

fn code_of(read: Read, bytes: &[u8]) -> &'static str {
    read(bytes).err().unwrap_or("none")
}

#[test]
fn what_is_too_long_is_not_read() {
    let too_long = |max: usize| vec![0xff; max + 1];
    let rows: [(usize, Read); 18] = [
        (STATEMENT_BYTES_MAX, read_statement),
        (STATEMENT_BYTES_MAX, reader!(Refusal::read)),
        (STATEMENT_BYTES_MAX, reader!(Facts::decode)),
        (STATEMENT_BYTES_MAX, reader!(RedeliverRequest::decode)),
        (LEAF_BYTES_MAX, reader!(Leaf::decode)),
        (EVIDENCE_BYTES_MAX, reader!(Receipt::read)),
        (EVIDENCE_BYTES_MAX, reader!(SignedNotice::<Restored>::read)),
        (EXCHANGE_REQUEST_BYTES_MAX, reader!(ExchangeRequest::decode)),
        (EXCHANGE_REQUEST_BYTES_MAX, reader!(RedeliverReply::decode)),
        (
            EXCHANGE_REPLY_BYTES_MAX,
            reader!(|bytes: &[u8]| ExchangeReply::decode(bytes, 1)),
        ),
        (SMALL_REQUEST_BYTES_MAX, reader!(RosterRequest::decode)),
        (ROSTER_REPLY_BYTES_MAX, reader!(RosterReply::decode)),
        (AUDIT_REQUEST_BYTES_MAX, reader!(AuditRequest::decode)),
        (AUDIT_REPLY_BYTES_MAX, reader!(AuditReply::decode)),
        (WITNESS_REQUEST_BYTES_MAX, reader!(WitnessRequest::decode)),
        (WITNESS_REPLY_BYTES_MAX, reader!(WitnessReply::decode)),
        (SMALL_REQUEST_BYTES_MAX, reader!(FindingRequest::decode)),
        (AUDIT_REPLY_BYTES_MAX, reader!(FindingAnswer::decode)),
    ];
    for (max, read) in rows {
        assert_eq!(code_of(read, &too_long(max)), "oversize");
        assert_ne!(code_of(read, &too_long(max)[1..]), "oversize");
    }
    // The longest statement that there can be is one.
    let longest = |filler: u64| {
        let ext = |n: u64, length: u64| {
            Node::Array(vec![
                Node::Text(format!("x{n:02}")),
                false.into(),
                bytes(length),
            ])
        };
        let ext = list(16, |n| ext(n, if n == 15 { filler } else { 4090 }));
        statement(Kind::TakedownRequest, &request(), &[("ext", ext)])
    };
    let room = STATEMENT_BYTES_MAX - longest(256).len() + 256;
    assert_eq!(longest(wide(room)).len(), STATEMENT_BYTES_MAX);
    assert_eq!(read_statement(&longest(wide(room))), Ok(()));
    assert_eq!(
        code_of(read_statement, &longest(wide(room + 1))),
        "oversize"
    );
}

#[test]
fn what_is_nested_too_deep_is_not_decoded() {
    let nested = |levels: usize| [vec![0x81; levels], vec![0x00]].concat();
    let statement = one(arbitrary::statement_of(Kind::Hold));
    for (place, layer) in statement_layers(statement.bytes(), &key(1))
        .into_iter()
        .enumerate()
    {
        let name = layer.name;
        let code = |levels| code_of(read_statement, &layer.around(nested(levels)));
        assert_eq!(code(DEPTH_MAX + 1), "too-deep", "{name}");
        let shallow = ["not-canonical", "bad-header", "bad-payload", "bad-body"][place];
        assert_eq!(code(DEPTH_MAX), shallow, "{name}");
    }
    let deep = nested(DEPTH_MAX + 1);
    assert_eq!(code_of(reader!(Leaf::decode), &deep), "too-deep");
    assert_eq!(code_of(reader!(ExchangeRequest::decode), &deep), "too-deep");
    assert_eq!(code_of(reader!(RosterReply::decode), &deep), "too-deep");
    let [_, _, payload] = signed_layers(&one(arbitrary::refusal()), &key(1));
    assert_eq!(
        code_of(reader!(Refusal::read), &payload.around(deep)),
        "too-deep"
    );
}

#[test]
fn a_message_of_more_data_items_than_any_needs_is_not_decoded() {
    // An array of so many zeros: one item more than its entries.
    let items = |count: usize| {
        let entries = u32::try_from(count - 1).unwrap().to_be_bytes();
        [&[0x9a], &entries[..], &vec![0; count - 1]].concat()
    };
    macro_rules! check {
        ($($decode:expr),*) => {$(
            assert_eq!(code_of(reader!($decode), &items(FRAMING_ITEMS_MAX)), "bad-payload");
            assert_eq!(code_of(reader!($decode), &items(FRAMING_ITEMS_MAX + 1)), "over-limit");
        )*};
    }
    check!(
        ExchangeRequest::decode,
        RedeliverReply::decode,
        RosterReply::decode,
        AuditReply::decode
    );
    // The fullest page is within: each record with the path of the greatest tree.
    let bytes = INTEGER_MAX.ilog2() + 1;
    let full = AUDIT_RECORDS_MAX * (4 + usize::try_from(bytes).unwrap());
    assert!(full + 16 < FRAMING_ITEMS_MAX, "{full} data items");
}

/// Every limit of this crate is in a test above, or has a reason not to be.
#[test]
fn no_limit_is_forgotten() {
    const ELSEWHERE: [&str; 6] = [
        // How bytes travel is not known here.
        "EXCHANGE_REQUEST_RELAYED_BYTES_MAX",
        "EXCHANGE_REPLY_RELAYED_BYTES_MAX",
        "HELLO_REPLY_BYTES_MAX",
        "EXCHANGE_TIME_MS_MAX",
        "SMALL_TIME_MS_MAX",
        "HELLO_TIME_MS_MAX",
    ];
    let tests = include_str!("limits.rs");
    let constants = include_str!("../../src/limits.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(':'))
        .map(|(name, _)| name);
    let mut count = 0;
    for name in constants {
        let (tests, _) = tests.split_once("fn no_limit_is_forgotten").unwrap();
        let used = tests.matches(name).count();
        assert_eq!(used == 0, ELSEWHERE.contains(&name), "{name}");
        count += 1;
    }
    assert!(count >= 40, "{count} limits");
}
