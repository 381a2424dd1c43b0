//! Records and facts, receipts, and what else is signed.

use comity_wire::ids::Hash;
use comity_wire::leaf::LogHead;
use comity_wire::limits::{INTEGER_MAX, LEAF_BYTES_MAX};
use comity_wire::notice::{NextSequence, Restored, Sequences, SignedNotice};
use comity_wire::receipt::Receipt;
use comity_wire::refusal::{Refusal, Refused};
use comity_wire::registry::{Check, record_kind};
use comity_wire::words::{Sorted, Version};

use super::forge::{Forge, set};
use super::world::{World, facts, record};
use super::{Context, File};
use crate::federation::{NOW_MS, code, key, public};
use crate::tree::{NULL, Node, Sign1};

const PAYLOAD: (&str, &str) = ("bad-payload", "object-code");
const HEADER: (&str, &str) = ("bad-header", "object-code");
const OUTER: (&str, &str) = ("not-canonical", "object-code");
const LIMIT: (&str, &str) = ("over-limit", "object-code");
const SIGNATURE: (&str, &str) = ("bad-signature", "object-code");

/// Name, what it shows, the bytes, why they are refused.
type Row<'a> = (&'a str, &'a str, Vec<u8>, (&'a str, &'a str));

fn tree(bytes: &[u8]) -> Node {
    Node::parse(bytes).unwrap_or(NULL)
}

fn nested() -> Vec<u8> {
    [vec![0x81; 17], vec![0x00]].concat()
}

pub(super) fn records(world: &World) -> File {
    let mut file = File::new("record.json");
    let federation = &world.federation;
    for (name, shows, index, kind) in [
        (
            "leaf-opened",
            "The first record of a log.",
            0,
            record_kind::LOG_OPENED,
        ),
        (
            "leaf-received",
            "The record of a statement.",
            1,
            record_kind::RECEIVED,
        ),
    ] {
        let received = (kind == record_kind::RECEIVED).then_some(&world.base);
        let bytes = record(federation, kind, index, received).encode();
        let hash = comity_log::hash::leaf_hash(&bytes).to_string();
        file.ok(
            name,
            shows,
            "leaf",
            &bytes,
            Context::default(),
            &[("leaf_hash", hash)],
        );
    }
    let mut after = record(federation, record_kind::LOG_OPENED, 0, None);
    let origin = comity_wire::leaf::Origin {
        fed: *federation.fed(),
        member: federation.member("platform").id.clone(),
        n: 1,
    };
    after.predecessor = Some(LogHead(origin, 5, world.log.root(5)));
    let bytes = after.encode();
    let hash = comity_log::hash::leaf_hash(&bytes).to_string();
    let shows = "The first record of a log that follows another one, after a restore.";
    file.ok(
        "leaf-predecessor",
        shows,
        "leaf",
        &bytes,
        Context::default(),
        &[("leaf_hash", hash)],
    );
    let told = facts(&world.base);
    let hash = told.hash().to_string();
    file.ok(
        "facts-received",
        "What the record of a statement commits to.",
        "facts",
        &told.encode(),
        Context::default(),
        &[("hash", hash)],
    );

    let leaf = tree(&world.log.leaves[1]);
    let with = |member: &str, value: Node| leaf.clone().with(member, value).encode();
    let mut no = |name: &str, shows: &str, bytes: &[u8], why| {
        file.no(name, shows, "leaf", bytes, Context::default(), why)
    };
    let critical = Node::Array(vec![
        "geofence".into(),
        true.into(),
        Node::Bytes(Vec::new()),
    ]);
    no(
        "leaf-too-long",
        "A byte too long for an entry bundle.",
        &vec![0; LEAF_BYTES_MAX + 1],
        ("oversize", "object-code"),
    );
    no(
        "leaf-too-deep",
        "17 arrays within one another.",
        &nested(),
        ("too-deep", "object-code"),
    );
    no(
        "leaf-unknown-member",
        "A member that a record does not have.",
        &with("unknown", 1.into()),
        PAYLOAD,
    );
    no(
        "leaf-without-salt",
        "Without its salt, a leaf could be guessed.",
        &leaf.clone().without("salt").encode(),
        PAYLOAD,
    );
    no(
        "leaf-without-index",
        "Without its own index.",
        &leaf.clone().without("index").encode(),
        PAYLOAD,
    );
    no(
        "leaf-null-facts",
        "`facts` is null in place of being left out.",
        &with("facts", NULL),
        PAYLOAD,
    );
    no(
        "leaf-unknown-statement-kind",
        "A kind of statement that there is not.",
        &with("statement_kind", "gossip".into()),
        PAYLOAD,
    );
    no(
        "leaf-index-over",
        "An index over 2^53 - 1.",
        &with("index", (INTEGER_MAX + 1).into()),
        LIMIT,
    );
    no(
        "leaf-critical",
        "A critical extension that is not known.",
        &with("ext", vec![critical].into()),
        ("unknown-critical", "object-code"),
    );
    let told = tree(&told.encode());
    let with = |member: &str, value: Node| told.clone().with(member, value).encode();
    let row = |result: &str| {
        Node::Array(vec![
            1.into(),
            1.into(),
            result.into(),
            Vec::new().into(),
            NULL,
        ])
    };
    let mut no = |name: &str, shows: &str, bytes: &[u8], why| {
        file.no(name, shows, "facts", bytes, Context::default(), why)
    };
    no(
        "facts-locator",
        "Facts never hold a locator.",
        &with("locator", "https://platform.example/".into()),
        PAYLOAD,
    );
    no(
        "facts-unknown-result",
        "A result that is neither an answer nor an observation.",
        &with("items", vec![row("perhaps")].into()),
        PAYLOAD,
    );
    no(
        "facts-doubled-row",
        "The same item and round twice.",
        &with("items", vec![row("done"), row("partly")].into()),
        PAYLOAD,
    );
    no(
        "facts-no-items",
        "An empty list where the member should be left out.",
        &with("items", Vec::new().into()),
        LIMIT,
    );
    file
}

fn platform_log() -> Context {
    Context {
        chain: Some("first".to_owned()),
        log: Some("platform.example".to_owned()),
        ..Context::default()
    }
}

fn receipt_values(receipt: &Receipt, root: &Hash) -> Vec<(&'static str, String)> {
    vec![
        (
            "leaf_hash",
            comity_log::hash::leaf_hash(receipt.leaf_bytes()).to_string(),
        ),
        ("index", receipt.leaf().index.to_string()),
        ("root", root.to_string()),
    ]
}

pub(super) fn receipts(world: &World) -> File {
    let mut file = File::new("receipt.json");
    let log = &world.log;
    let root = log.root(5);
    let under = |size| Context {
        checkpoint: Some(log.checkpoint(size).to_string()),
        ..platform_log()
    };
    let good = log.receipt(1, 5);
    let shows = "The receipt for the statement of `accepted` vectors, under the checkpoint that came with it.";
    file.ok(
        "receipt-under-checkpoint",
        shows,
        "receipt",
        &good.encode(),
        under(5),
        &receipt_values(&good, &root),
    );
    let alone = log.receipt(4, 5);
    let shows = "The last leaf of five: its path is one hash long.";
    file.ok(
        "receipt-last-leaf",
        shows,
        "receipt",
        &alone.encode(),
        platform_log(),
        &receipt_values(&alone, &root),
    );
    let two = log.receipt(1, 2);
    let shows = "The same leaf under an earlier head.";
    file.ok(
        "receipt-earlier-head",
        shows,
        "receipt",
        &two.encode(),
        under(2),
        &receipt_values(&two, &log.root(2)),
    );

    let (leaf, object) = (good.leaf_bytes().to_vec(), good.wire().1.to_vec());
    let forge = Forge::of_bytes(&object, &world.federation.member("platform").log);
    let parts = |leaf: &[u8], object: &[u8]| {
        Node::Array(vec![
            Node::Bytes(leaf.to_vec()),
            Node::Bytes(object.to_vec()),
        ])
        .encode()
    };
    let proof = |size: u64, index: u64, path: Vec<Hash>| {
        let path: Vec<Node> = path
            .iter()
            .map(|hash| Node::Bytes(hash.as_bytes().to_vec()))
            .collect();
        Node::Array(vec![size.into(), index.into(), path.into()]).encode()
    };
    let unprotected = |proofs: Vec<Node>| {
        Node::Map(vec![(
            Node::Uint(396),
            Node::Map(vec![(Node::Nint(0), proofs.into())]),
        )])
    };
    let with_proof = |leaf: &[u8], proof: Vec<u8>| {
        let object = Sign1 {
            unprotected: unprotected(vec![Node::Bytes(proof)]),
            ..forge.object.clone()
        };
        parts(leaf, &object.encode())
    };
    let path = log.path(1, 5);
    let mut wrong = path.clone();
    wrong.swap(0, 1);
    let signed_over = |key: &ed25519_dalek::SigningKey, root: &Hash| {
        let message = forge.object.to_be_signed(root.as_bytes());
        let signature = ed25519_dalek::Signer::sign(key, &message)
            .to_bytes()
            .to_vec();
        parts(
            &leaf,
            &Sign1 {
                signature,
                ..forge.object.clone()
            }
            .encode(),
        )
    };
    let relabelled = |label: u64, value: Node| {
        let Node::Map(mut labels) = tree(&forge.object.protected) else {
            return Vec::new();
        };
        set(&mut labels, label, value);
        parts(
            &leaf,
            &Sign1 {
                protected: Node::Map(labels).encode(),
                ..forge.object.clone()
            }
            .encode(),
        )
    };
    let leaf_2 = record(&world.federation, record_kind::LOOKED, 2, None).encode();
    let three = log.path(2, 3);
    let twin = {
        // In a tree of 3 the path of leaf 2 is one hash, and leads to the same root as for leaf 1 of 2.
        let of_three = log.receipt(2, 3);
        let object = Sign1::parse(&of_three.wire().1).expect("a receipt");
        let object = Sign1 {
            unprotected: unprotected(vec![Node::Bytes(proof(2, 1, three))]),
            ..object
        };
        parts(&leaf_2, &object.encode())
    };
    let other_leaf = tree(&leaf).with("time", NOW_MS).encode();
    let mismatch = ("index-mismatch", "object-code");
    let rows: Vec<Row<'_>> = vec![
        (
            "receipt-index-of-another",
            "The path verifies for index 1 of 2 as well as for index 2 of 3; the leaf says which it is.",
            twin,
            mismatch,
        ),
        (
            "receipt-index",
            "Leaf and proof state different indexes.",
            with_proof(&leaf, proof(5, 2, log.path(2, 5))),
            mismatch,
        ),
        (
            "receipt-index-beyond",
            "The tree is too small for the index.",
            with_proof(&leaf, proof(1, 1, path.clone())),
            mismatch,
        ),
        (
            "receipt-empty-path",
            "A path without a hash: RFC 9942 has no such receipt.",
            with_proof(&leaf, proof(5, 1, Vec::new())),
            LIMIT,
        ),
        (
            "receipt-long-path",
            "A path of 65 hashes.",
            with_proof(&leaf, proof(5, 1, vec![root; 65])),
            LIMIT,
        ),
        (
            "receipt-path-length",
            "A path that is a hash too short for its index and size.",
            with_proof(&leaf, proof(5, 1, path[..2].to_vec())),
            ("path-length", "log-code"),
        ),
        (
            "receipt-path-order",
            "The hashes of the path in another order.",
            with_proof(&leaf, proof(5, 1, wrong)),
            SIGNATURE,
        ),
        (
            "receipt-leaf",
            "Another leaf: it does not lead to the root that was signed.",
            parts(&other_leaf, &object),
            SIGNATURE,
        ),
        (
            "receipt-root",
            "The log has signed another root.",
            signed_over(&world.federation.member("platform").log, &log.root(4)),
            SIGNATURE,
        ),
        (
            "receipt-statement-key",
            "Signed with the statement key of the member.",
            signed_over(world.key("platform"), &root),
            SIGNATURE,
        ),
        (
            "receipt-log-of-another",
            "Signed with the log key of another member.",
            signed_over(&world.federation.member("north").log, &root),
            SIGNATURE,
        ),
        (
            "receipt-attached",
            "The root is attached.",
            parts(
                &leaf,
                &Sign1 {
                    payload: Node::Bytes(root.as_bytes().to_vec()),
                    ..forge.object.clone()
                }
                .encode(),
            ),
            HEADER,
        ),
        (
            "receipt-two-proofs",
            "Two inclusion proofs.",
            {
                let one = || Node::Bytes(proof(5, 1, path.clone()));
                parts(
                    &leaf,
                    &Sign1 {
                        unprotected: unprotected(vec![one(), one()]),
                        ..forge.object.clone()
                    }
                    .encode(),
                )
            },
            HEADER,
        ),
        (
            "receipt-no-proof",
            "No inclusion proof.",
            parts(
                &leaf,
                &Sign1 {
                    unprotected: Node::Map(Vec::new()),
                    ..forge.object.clone()
                }
                .encode(),
            ),
            HEADER,
        ),
        (
            "receipt-other-tree",
            "Another verifiable data structure.",
            relabelled(395, Node::Uint(2)),
            HEADER,
        ),
        (
            "receipt-content-type",
            "A receipt has no content type.",
            relabelled(3, "application/comity-receipt+cbor".into()),
            HEADER,
        ),
        (
            "receipt-no-tag",
            "An untagged COSE_Sign1.",
            parts(&leaf, &tree(&object).encode()[1..]),
            OUTER,
        ),
        (
            "receipt-leaf-longer",
            "The leaf is not in the deterministic encoding.",
            parts(
                &tree(&leaf)
                    .with("index", Node::Raw(vec![0x18, 0x01]))
                    .encode(),
                &object,
            ),
            PAYLOAD,
        ),
        (
            "receipt-three-parts",
            "An array of three.",
            Node::Array(vec![
                Node::Bytes(leaf.clone()),
                Node::Bytes(object.clone()),
                NULL,
            ])
            .encode(),
            PAYLOAD,
        ),
    ];
    for (name, shows, bytes, why) in rows {
        file.no(name, shows, "receipt", &bytes, platform_log(), why);
    }
    let shows =
        "A size that demands the same path: the root does not bind it, the checkpoint does.";
    let why = ("receipt-checkpoint-is-another", "log-code");
    let larger = with_proof(&leaf, proof(8, 1, path));
    file.no("receipt-size", shows, "receipt", &larger, under(5), why);
    let shows = "The checkpoint is of another head than the receipt.";
    file.no(
        "receipt-other-checkpoint",
        shows,
        "receipt",
        &good.encode(),
        under(4),
        why,
    );
    consistency_receipts(world, &mut file);
    file
}

/// That the log has grown from three leaves to five, in its own word.
fn consistency_receipts(world: &World, file: &mut File) {
    let log = &world.log;
    let from = |size| Context {
        old_root: Some(log.root(size).to_string()),
        ..platform_log()
    };
    let good = log.consistency(3, 5);
    let values = |old: u64, new: u64| {
        vec![
            ("old_size", old.to_string()),
            ("new_size", new.to_string()),
            ("root", log.root(new).to_string()),
        ]
    };
    let under = |size| Context {
        checkpoint: Some(log.checkpoint(size).to_string()),
        ..from(3)
    };
    file.ok(
        "consistency-receipt",
        "The log says that its three leaves of then are the beginning of its five of now; with the checkpoint of now.",
        "consistency-receipt",
        &good.encode(),
        under(5),
        &values(3, 5),
    );
    file.ok(
        "consistency-receipt-power-of-two",
        "From four leaves the path begins with no hash of its own: it starts at the older root.",
        "consistency-receipt",
        &log.consistency(4, 5).encode(),
        from(4),
        &values(4, 5),
    );

    let key = &world.federation.member("platform").log;
    let object = Sign1::parse(&good.encode()).expect("a receipt");
    let path = good.proof().path.clone();
    let proof = |old: u64, new: u64, path: &[Hash]| {
        let path = path
            .iter()
            .map(|hash| Node::Bytes(hash.as_bytes().to_vec()));
        let path: Vec<Node> = path.collect();
        Node::Array(vec![old.into(), new.into(), path.into()]).encode()
    };
    let labelled = |label: u64, proofs: Vec<Node>| {
        let proofs = Node::Map(vec![(Node::Nint(label), proofs.into())]);
        let unprotected = Node::Map(vec![(Node::Uint(396), proofs)]);
        Sign1 {
            unprotected,
            ..object.clone()
        }
        .encode()
    };
    let with = |proof: Vec<u8>| labelled(1, vec![Node::Bytes(proof)]);
    let signed = |key: &ed25519_dalek::SigningKey, root: &Hash| {
        let message = object.to_be_signed(root.as_bytes());
        let signature = ed25519_dalek::Signer::sign(key, &message).to_bytes();
        Sign1 {
            signature: signature.to_vec(),
            ..object.clone()
        }
        .encode()
    };
    let swapped: Vec<Hash> = path.iter().rev().copied().collect();
    let logs = |code| (code, "log-code");
    let right = || Node::Bytes(proof(3, 5, &path));
    let rows: Vec<Row<'_>> = vec![
        (
            "consistency-receipt-no-proof",
            "No proof.",
            labelled(1, Vec::new()),
            HEADER,
        ),
        (
            "consistency-receipt-two-proofs",
            "Two proofs.",
            labelled(1, vec![right(), right()]),
            HEADER,
        ),
        (
            "consistency-receipt-as-inclusion",
            "The proof under the label of inclusion proofs.",
            labelled(0, vec![right()]),
            HEADER,
        ),
        (
            "consistency-receipt-attached",
            "The newer root is attached.",
            Sign1 {
                payload: Node::Bytes(log.root(5).as_bytes().to_vec()),
                ..object.clone()
            }
            .encode(),
            HEADER,
        ),
        (
            "consistency-receipt-of-inclusion",
            "The receipt of a leaf.",
            log.receipt(1, 5).wire().1.to_vec(),
            HEADER,
        ),
        (
            "consistency-receipt-no-tag",
            "An untagged COSE_Sign1.",
            good.encode()[1..].to_vec(),
            OUTER,
        ),
        (
            "consistency-receipt-empty-path",
            "A tree and itself: RFC 9942 has no such receipt.",
            with(proof(5, 5, &[])),
            LIMIT,
        ),
        (
            "consistency-receipt-long-path",
            "A path of 65 hashes.",
            with(proof(3, 5, &[log.root(5); 65])),
            LIMIT,
        ),
        (
            "consistency-receipt-structure",
            "A proof of two parts.",
            with(Node::Array(vec![3.into(), 5.into()]).encode()),
            PAYLOAD,
        ),
        (
            "consistency-receipt-from-nothing",
            "From the empty tree.",
            with(proof(0, 5, &path)),
            logs("old-beyond-new"),
        ),
        (
            "consistency-receipt-backwards",
            "From five leaves to three.",
            with(proof(5, 3, &path)),
            logs("old-beyond-new"),
        ),
        (
            "consistency-receipt-path-length",
            "A hash too few.",
            with(proof(3, 5, &path[1..])),
            logs("path-length"),
        ),
        (
            "consistency-receipt-path-order",
            "The hashes in another order.",
            with(proof(3, 5, &swapped)),
            SIGNATURE,
        ),
        (
            "consistency-receipt-other-root",
            "The log has signed another root.",
            signed(key, &log.root(4)),
            SIGNATURE,
        ),
        (
            "consistency-receipt-key",
            "Signed with the statement key of the member.",
            signed(world.key("platform"), &log.root(5)),
            SIGNATURE,
        ),
    ];
    for (name, shows, bytes, why) in rows {
        file.no(name, shows, "consistency-receipt", &bytes, from(3), why);
    }
    let (name, shows) = (
        "consistency-receipt-other-past",
        "The log grew from another tree than the reader knows.",
    );
    let why = logs("old-root-is-another");
    file.no(
        name,
        shows,
        "consistency-receipt",
        &good.encode(),
        from(2),
        why,
    );
    let (name, shows) = (
        "consistency-receipt-other-checkpoint",
        "The checkpoint is of another head than the receipt.",
    );
    let why = logs("receipt-checkpoint-is-another");
    file.no(
        name,
        shows,
        "consistency-receipt",
        &good.encode(),
        under(4),
        why,
    );
}

pub(super) fn signed(world: &World) -> File {
    let mut file = File::new("signed.json");
    let by_platform = || Context {
        chain: Some("first".to_owned()),
        signer: Some("platform.example".to_owned()),
        ..Context::default()
    };
    let roster = world
        .federation
        .history()
        .roster_ref()
        .expect("there is a roster");
    let signer = world.key("platform");
    let refused = Refused {
        of: *world.base.id(),
        to: world.federation.member("north").id.clone(),
        code: code(Check::Matrix.code()),
        roster,
        retry_after: Some(3_600_000),
    };
    let refusal = Refusal::sign(signer, &refused);
    let values = [
        ("of", refused.of.to_string()),
        ("refused_with", refused.code.to_string()),
    ];
    file.ok(
        "refusal",
        "A signed refusal of the base statement.",
        "refusal",
        &refusal,
        by_platform(),
        &values,
    );
    let final_one = Refused {
        retry_after: None,
        code: code("a-code-that-came-later"),
        ..refused
    };
    let bytes = Refusal::sign(signer, &final_one);
    let values = [
        ("of", final_one.of.to_string()),
        ("refused_with", final_one.code.to_string()),
    ];
    file.ok(
        "refusal-final",
        "A final refusal, with a code that this reader does not know.",
        "refusal",
        &bytes,
        by_platform(),
        &values,
    );

    let forge = Forge::of_bytes(&refusal, signer);
    let south = Forge::of_bytes(&refusal, world.key("south"));
    let changed = forge.content().with("code", "busy").encode();
    let rows: Vec<Row<'_>> = vec![
        (
            "refusal-tampered",
            "The code was changed after it was signed.",
            forge.outer(|object| object.payload = Node::Bytes(changed)),
            SIGNATURE,
        ),
        (
            "refusal-of-another",
            "South has signed it.",
            south.payload(|payload| payload),
            SIGNATURE,
        ),
        (
            "refusal-content-type",
            "The content type of a statement.",
            forge.label(3, "application/comity-statement+cbor".into()),
            HEADER,
        ),
        (
            "refusal-is-statement",
            "A statement is no refusal.",
            world.base.bytes().to_vec(),
            HEADER,
        ),
        (
            "refusal-unprotected",
            "Something stands in the unprotected header.",
            forge.outer(|object| {
                object.unprotected = Node::Map(vec![(Node::Uint(4), Node::Bytes(vec![1]))])
            }),
            HEADER,
        ),
        (
            "refusal-trailing",
            "A byte follows.",
            [refusal.as_slice(), &[0]].concat(),
            OUTER,
        ),
        (
            "refusal-unknown-member",
            "A member that a refusal does not have.",
            forge.payload(|payload| payload.with("text", "no")),
            PAYLOAD,
        ),
        (
            "refusal-null",
            "`retry_after` is null in place of being left out.",
            forge.payload(|payload| payload.with("retry_after", NULL)),
            PAYLOAD,
        ),
        (
            "refusal-for-ever",
            "A time to wait of more than a hundred years.",
            forge.payload(|payload| payload.with("retry_after", 3_155_760_000_001)),
            LIMIT,
        ),
        (
            "refusal-too-long",
            "Too long to be read.",
            vec![0; 65_537],
            ("oversize", "object-code"),
        ),
        (
            "refusal-too-deep",
            "17 arrays in the payload.",
            forge.payload_bytes(nested()),
            ("too-deep", "object-code"),
        ),
    ];
    for (name, shows, bytes, why) in rows {
        file.no(name, shows, "refusal", &bytes, by_platform(), why);
    }
    sequences(world, &mut file, by_platform);
    restored(world, &mut file, by_platform);
    file
}

fn sequences(world: &World, file: &mut File, context: impl Fn() -> Context) {
    let federation = &world.federation;
    let next = ["north", "regulator", "south"].into_iter().zip([1, 0, 7]);
    let next = next.map(|(name, next)| NextSequence(federation.member(name).id.clone(), next));
    let origin = comity_wire::leaf::Origin {
        fed: *federation.fed(),
        member: federation.member("platform").id.clone(),
        n: 1,
    };
    let content = Sequences(origin, 5, world.log.root(5), Sorted::new(next));
    let bytes = SignedNotice::sign(world.key("platform"), &content);
    let values = [("origin", content.0.to_string()), ("size", "5".to_owned())];
    file.ok(
        "sequences",
        "How many records the platform's log has for each counterpart.",
        "sequences",
        &bytes,
        context(),
        &values,
    );
    let forge = Forge::of_bytes(&bytes, world.key("platform"));
    let mut rows = forge.content().items().to_vec();
    let mut list = rows[3].items().to_vec();
    list.reverse();
    rows[3] = list.into();
    let unsorted = forge.payload(|_| rows.into());
    file.no(
        "sequences-unsorted",
        "The counterparts are not sorted.",
        "sequences",
        &unsorted,
        context(),
        PAYLOAD,
    );
    let restored = forge.label(3, "application/comity-restored+cbor".into());
    file.no(
        "sequences-content-type",
        "The content type of another notice.",
        "sequences",
        &restored,
        context(),
        HEADER,
    );
    let mut signature = bytes.clone();
    *signature.last_mut().expect("bytes") ^= 0x80;
    file.no(
        "sequences-signature",
        "One bit of the signature is another.",
        "sequences",
        &signature,
        context(),
        SIGNATURE,
    );
}

fn restored(world: &World, file: &mut File, context: impl Fn() -> Context) {
    let federation = &world.federation;
    let platform = federation.member("platform");
    let origin = |n| comity_wire::leaf::Origin {
        fed: *federation.fed(),
        member: platform.id.clone(),
        n,
    };
    let content = Restored {
        v: Version,
        fed: *federation.fed(),
        key: public(&key("platform", 12)),
        time: NOW_MS,
        closed: LogHead(origin(1), 5, world.log.root(5)),
        member: platform.id.clone(),
        opened: origin(2),
        witness: public(&key("platform", 13)),
        restored: 3,
    };
    let bytes = SignedNotice::sign(&platform.statement, &content);
    let values = [
        ("opened", content.opened.to_string()),
        ("lost", "2".to_owned()),
    ];
    file.ok(
        "restored",
        "The platform was restored at size 3, and two records are lost.",
        "restored",
        &bytes,
        context(),
        &values,
    );
    let forge = Forge::of_bytes(&bytes, &platform.statement);
    let no_witness = forge.payload(|payload| payload.without("witness"));
    file.no(
        "restored-no-witness",
        "Without a new witness key.",
        "restored",
        &no_witness,
        context(),
        PAYLOAD,
    );
    let origin_0 = forge.payload(|payload| {
        payload.with(
            "opened",
            Node::Text(format!("{}/platform.example/0", federation.fed())),
        )
    });
    file.no(
        "restored-origin",
        "Logs are numbered from 1.",
        "restored",
        &origin_0,
        context(),
        PAYLOAD,
    );
    let new_key = Forge::of_bytes(&bytes, &key("platform", 12)).payload(|payload| payload);
    file.no(
        "restored-new-key",
        "Signed with the new log's key in place of the statement key.",
        "restored",
        &new_key,
        context(),
        SIGNATURE,
    );
}
