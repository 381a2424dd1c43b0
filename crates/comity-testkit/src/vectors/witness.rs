//! What members ask one another about logs: heads that are cosigned and shown, and evidence that is handed over.

use comity_log::add_checkpoint::{Request, write_size};
use comity_log::cosignature;
use comity_log::evidence::Evidence;
use comity_log::key::KeyName;
use comity_log::names::WitnessName;
use comity_wire::ids::Hash;
use comity_wire::registry::witness_code;
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use serde_bytes::ByteBuf;

use super::world::World;
use super::{Context, File};
use crate::federation::{NOW_MS, code};
use crate::tree::{NULL, Node};

type Row = (
    &'static str,
    &'static str,
    Vec<u8>,
    (&'static str, &'static str),
);

const PAYLOAD: (&str, &str) = ("bad-payload", "object-code");
const LIMIT: (&str, &str) = ("over-limit", "object-code");
const OVERSIZE: (&str, &str) = ("oversize", "object-code");
const TOO_DEEP: (&str, &str) = ("too-deep", "object-code");

pub(super) fn messages(world: &World) -> File {
    let mut file = File::new("witness.json");
    requests(world, &mut file);
    replies(world, &mut file);
    file
}

fn parts(bytes: &[u8]) -> Vec<Node> {
    let node = Node::parse(bytes).unwrap_or(NULL);
    node.items().to_vec()
}

/// The array with another element.
fn with(bytes: &[u8], n: usize, value: Node) -> Vec<u8> {
    let mut parts = parts(bytes);
    parts[n] = value;
    Node::Array(parts).encode()
}

/// The array without its last element.
fn short(bytes: &[u8]) -> Vec<u8> {
    let mut parts = parts(bytes);
    parts.pop();
    Node::Array(parts).encode()
}

fn add_checkpoint(world: &World) -> String {
    let tree = world.log.tree();
    let request = Request {
        old_size: 3,
        path: { tree }.consistency_path(3, 5).expect("a path"),
        checkpoint: world.log.checkpoint(5).to_unverified(),
    };
    request.to_string()
}

/// The cosignature of a hotline.
fn cosignature(world: &World) -> comity_log::note::SignatureLine {
    let south = world.federation.member("south");
    let name = WitnessName {
        fed: *world.federation.fed(),
        member: south.id.clone(),
    };
    let checkpoint = world.log.checkpoint(5);
    let (text, time_s) = (checkpoint.note().text(), NOW_MS / 1_000);
    let line = cosignature::sign(&KeyName::from(&name), &south.witness, text, time_s);
    line.expect("a time within its limit")
}

fn requests(world: &World, file: &mut File) {
    let origin = world.log.checkpoint(5).origin().clone();
    let text = add_checkpoint(world);
    let add = WitnessRequest::AddCheckpoint(text.clone().into()).encode();
    let head = WitnessRequest::Head(origin.clone(), None).encode();
    let grown = WitnessRequest::Head(origin.clone(), Some(3)).encode();
    let fork = Evidence::NoConsistency {
        older: world.log.checkpoint(3).to_unverified(),
        newer: world.log.checkpoint(5).to_unverified(),
        old_root: Hash::of(b"another"),
        path: Vec::new(),
    };
    let fork = fork.to_bytes();
    let evidence = WitnessRequest::Evidence(ByteBuf::from(fork.clone())).encode();
    let hash = |bytes: &[u8]| Hash::of(bytes).to_string();
    let mut ok = |name: &str, shows: &str, bytes: &[u8], values: &[(&str, String)]| {
        file.ok(
            name,
            shows,
            "witness-request",
            bytes,
            Context::default(),
            values,
        );
    };
    ok(
        "witness-add-checkpoint",
        "A checkpoint to be cosigned: the text of C2SP tlog-witness, byte for byte.",
        &add,
        &[
            ("word", "add-checkpoint".to_owned()),
            ("hash", hash(text.as_bytes())),
        ],
    );
    ok(
        "witness-head",
        "The newest head of a log is asked for.",
        &head,
        &[
            ("word", "head".to_owned()),
            ("origin", origin.to_string()),
            ("from", "none".to_owned()),
        ],
    );
    ok(
        "witness-head-from",
        "With the path from three records.",
        &grown,
        &[
            ("word", "head".to_owned()),
            ("origin", origin.to_string()),
            ("from", "3".to_owned()),
        ],
    );
    ok(
        "witness-evidence",
        "Evidence is handed over; what it proves is another question.",
        &evidence,
        &[("word", "evidence".to_owned()), ("hash", hash(&fork))],
    );
    let refused: Vec<Row> = vec![
        (
            "witness-request-word",
            "A word that there is not.",
            with(&add, 0, "tree".into()),
            PAYLOAD,
        ),
        (
            "witness-request-no-word",
            "A number in the place of the word.",
            with(&add, 0, 1.into()),
            PAYLOAD,
        ),
        (
            "witness-request-short",
            "A head without the place of a size.",
            short(&head),
            PAYLOAD,
        ),
        (
            "witness-request-long",
            "A fourth place.",
            [&[0x84], &grown[1..], &[0xf6]].concat(),
            PAYLOAD,
        ),
        (
            "witness-request-trailing",
            "A byte follows.",
            [grown.as_slice(), &[0]].concat(),
            PAYLOAD,
        ),
        (
            "witness-add-checkpoint-bytes",
            "The text is a byte string.",
            with(&add, 1, Node::Bytes(text.into_bytes())),
            PAYLOAD,
        ),
        (
            "witness-add-checkpoint-empty",
            "No text.",
            with(&add, 1, "".into()),
            LIMIT,
        ),
        (
            "witness-add-checkpoint-135169",
            "A text of 135,169 bytes.",
            with(&add, 1, Node::Text("a".repeat(135_169))),
            LIMIT,
        ),
        (
            "witness-head-origin",
            "No name of a log.",
            with(&head, 1, "platform.example/1".into()),
            PAYLOAD,
        ),
        (
            "witness-head-over",
            "A size over 2^53 - 1.",
            with(&head, 2, 9_007_199_254_740_992.into()),
            LIMIT,
        ),
        (
            "witness-head-negative",
            "A size below 0.",
            [&grown[..grown.len() - 1], &[0x20]].concat(),
            PAYLOAD,
        ),
        (
            "witness-evidence-text",
            "The evidence is a text.",
            with(&evidence, 1, "evidence".into()),
            PAYLOAD,
        ),
        (
            "witness-evidence-empty",
            "No evidence.",
            with(&evidence, 1, Node::Bytes(Vec::new())),
            LIMIT,
        ),
        (
            "witness-request-too-deep",
            "17 arrays within one another.",
            [vec![0x81; 17], vec![0]].concat(),
            TOO_DEEP,
        ),
        (
            "witness-request-too-long",
            "Over 1 MiB; nothing of it is read.",
            vec![0; 1_048_577],
            OVERSIZE,
        ),
    ];
    for (name, shows, bytes, why) in refused {
        file.no(
            name,
            shows,
            "witness-request",
            &bytes,
            Context::default(),
            why,
        );
    }
}

fn replies(world: &World, file: &mut File) {
    let roster = world.federation.history().roster_ref();
    let roster = roster.expect("there is a roster");
    let line = cosignature(world);
    let cosigned = world.log.checkpoint(5).note().clone().with(line.clone());
    let cosigned = cosigned.expect("within its limits").to_string();
    let path = world.log.tree();
    let path = { path }.consistency_path(3, 5).expect("a path");
    let answer = WitnessReply::Answer(200, format!("{line}\n").into()).encode();
    let conflict = WitnessReply::Answer(409, write_size(3).into()).encode();
    let head = WitnessReply::Head(Some(cosigned.clone().into()), Some(path.clone())).encode();
    let nothing = WitnessReply::Head(None, None).encode();
    let taken = WitnessReply::Taken(Hash::of(b"evidence")).encode();
    let none = || "none".to_owned();
    let mut ok = |name: &str, shows: &str, bytes: &[u8], values: &[(&str, String)]| {
        file.ok(
            name,
            shows,
            "witness-reply",
            bytes,
            Context::default(),
            values,
        );
    };
    let said = |word: &str| ("word", word.to_owned());
    ok(
        "witness-answer",
        "The cosignature of a witness.",
        &answer,
        &[said("answer"), ("status", "200".to_owned())],
    );
    ok(
        "witness-answer-409",
        "The witness has cosigned another size, and names it.",
        &conflict,
        &[said("answer"), ("status", "409".to_owned())],
    );
    ok(
        "witness-shown-head",
        "A cosigned head, and the path to it.",
        &head,
        &[
            said("head"),
            ("checkpoint", Hash::of(cosigned.as_bytes()).to_string()),
            ("path", path.len().to_string()),
        ],
    );
    ok(
        "witness-shown-none",
        "It has cosigned no head of that log.",
        &nothing,
        &[said("head"), ("checkpoint", none()), ("path", none())],
    );
    ok(
        "witness-taken",
        "The evidence is kept.",
        &taken,
        &[said("taken"), ("hash", Hash::of(b"evidence").to_string())],
    );
    for word in witness_code::KNOWN {
        let retry_after = (word == witness_code::BUSY).then_some(60_000);
        let bytes = WitnessReply::Refused(roster, code(word), retry_after).encode();
        let values = [said("refused"), ("code", word.to_owned())];
        ok(
            &format!("witness-refused-{word}"),
            &format!("No answer: `{word}`."),
            &bytes,
            &values,
        );
    }
    let refusal = WitnessReply::Refused(roster, code(witness_code::BUSY), None).encode();
    let hashes = |count| Node::from(vec![Node::Bytes(vec![0; 32]); count]);
    let refused: Vec<Row> = vec![
        (
            "witness-reply-word",
            "A word that there is not.",
            with(&taken, 0, "kept".into()),
            PAYLOAD,
        ),
        (
            "witness-reply-short",
            "A status without a text.",
            short(&answer),
            PAYLOAD,
        ),
        (
            "witness-answer-199",
            "A status below 200.",
            with(&answer, 1, 199.into()),
            LIMIT,
        ),
        (
            "witness-answer-600",
            "A status over 599.",
            with(&answer, 1, 600.into()),
            LIMIT,
        ),
        (
            "witness-answer-65736",
            "A status that is 200 in 16 bits.",
            with(&answer, 1, 65_736.into()),
            LIMIT,
        ),
        (
            "witness-answer-text",
            "A status that is a text.",
            with(&answer, 1, "200".into()),
            PAYLOAD,
        ),
        (
            "witness-answer-16385",
            "A text of 16,385 bytes.",
            with(&answer, 2, Node::Text("a".repeat(16_385))),
            LIMIT,
        ),
        (
            "witness-shown-empty",
            "A checkpoint without a letter.",
            with(&head, 1, "".into()),
            LIMIT,
        ),
        (
            "witness-shown-path-64",
            "A path of 64 hashes.",
            with(&head, 2, hashes(64)),
            LIMIT,
        ),
        (
            "witness-shown-hash-31",
            "A hash of 31 bytes.",
            with(&head, 2, vec![Node::Bytes(vec![0; 31])].into()),
            PAYLOAD,
        ),
        (
            "witness-taken-text",
            "The hash is a text.",
            with(&taken, 1, "hash".into()),
            PAYLOAD,
        ),
        (
            "witness-refused-code",
            "A code without a letter.",
            with(&refusal, 2, "".into()),
            PAYLOAD,
        ),
        (
            "witness-refused-later",
            "To come back in more than 2^53 - 1 ms.",
            with(&refusal, 3, 9_007_199_254_740_992.into()),
            LIMIT,
        ),
        (
            "witness-reply-too-long",
            "Over 136 KiB; nothing of it is read.",
            vec![0; 139_265],
            OVERSIZE,
        ),
    ];
    for (name, shows, bytes, why) in refused {
        file.no(
            name,
            shows,
            "witness-reply",
            &bytes,
            Context::default(),
            why,
        );
    }
}
