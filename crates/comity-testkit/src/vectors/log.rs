//! Checkpoints, cosignatures, and evidence of forks.

use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::cosignature;
use comity_log::evidence::{Evidence, LeafProof};
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::WitnessName;
use comity_log::note::SignatureLine;
use comity_wire::cbor;
use comity_wire::ids::Hash;
use ed25519_dalek::SigningKey;

use super::world::{Log, World};
use super::{Context, File};
use crate::federation::{Federation, NOW_MS};
use crate::tree::{NULL, Node};

const CODES: &str = "log-code";

fn log_of(member: &str) -> Context {
    Context {
        chain: Some("first".to_owned()),
        log: Some(format!("{member}.example")),
        ..Context::default()
    }
}

fn values(checkpoint: &VerifiedCheckpoint) -> Vec<(&'static str, String)> {
    vec![
        ("origin", checkpoint.origin().to_string()),
        ("size", checkpoint.head().size().to_string()),
        ("root", checkpoint.head().root().to_string()),
    ]
}

fn witness_name(federation: &Federation, member: &str) -> KeyName {
    let member = federation.member(member).id.clone();
    KeyName::from(&WitnessName {
        fed: *federation.fed(),
        member,
    })
}

pub(super) fn checkpoints(world: &World) -> File {
    let mut file = File::new("checkpoint.json");
    let federation = &world.federation;
    let good = world.log.checkpoint(5);
    let note = good.to_string();
    let text = good.note().text().to_owned();
    file.ok(
        "checkpoint",
        "A checkpoint of the platform's log.",
        "checkpoint",
        note.as_bytes(),
        log_of("platform"),
        &values(&good),
    );
    let empty = Log::new(federation, "platform");
    let empty = empty.checkpoint(0);
    file.ok(
        "checkpoint-empty",
        "A checkpoint of a log without leaves.",
        "checkpoint",
        empty.to_string().as_bytes(),
        log_of("platform"),
        &values(&empty),
    );
    let regulator = federation.member("regulator");
    let line = cosignature::sign(
        &witness_name(federation, "regulator"),
        &regulator.witness,
        &text,
        NOW_MS / 1000,
    )
    .expect("a time");
    let cosigned = format!("{note}{line}\n");
    let witnessed = || Context {
        witness: Some("regulator.example".to_owned()),
        ..log_of("platform")
    };
    let mut with_time = values(&good);
    with_time.push(("cosigned_at_s", (NOW_MS / 1000).to_string()));
    file.ok(
        "checkpoint-cosigned",
        "A checkpoint that the regulator has cosigned.",
        "checkpoint",
        cosigned.as_bytes(),
        witnessed(),
        &with_time,
    );
    let stranger = SignatureLine::sign(
        &KeyName::new("example.com/other").expect("a name"),
        &crate::federation::key("stranger", 1),
        &text,
    );
    let with_stranger = format!("{note}{stranger}\n");
    file.ok(
        "checkpoint-unknown-line",
        "The line of an unknown key is ignored.",
        "checkpoint",
        with_stranger.as_bytes(),
        log_of("platform"),
        &values(&good),
    );

    let (head, line) = note.split_once("\n\n").expect("a note");
    let lines: Vec<&str> = head.split('\n').collect();
    let resigned = |text: &str| {
        let name = KeyName::from(good.origin());
        let line = SignatureLine::sign(&name, &federation.member("platform").log, text);
        format!("{text}\n{line}\n").into_bytes()
    };
    let with = |n: usize, line: &str| {
        let mut lines = lines.clone();
        lines[n] = line;
        resigned(&(lines.join("\n") + "\n"))
    };
    let other_signer = {
        let name = KeyName::from(good.origin());
        let line = SignatureLine::sign(&name, &federation.member("platform").statement, &text);
        format!("{text}\n{line}\n").into_bytes()
    };
    let mut flipped = cosigned.clone().into_bytes();
    let last = flipped.len() - 4;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    let root = lines[2];
    // Two bits of the last letter say nothing: the next letter is the same root.
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let last = root[42..]
        .chars()
        .next()
        .and_then(|last| letters.find(last));
    let next = letters.chars().nth(last.unwrap_or_default() + 1);
    let loose = format!("{}{}=", &root[..42], next.unwrap_or_default());
    let rows: Vec<(&str, &str, Context, Vec<u8>, &str)> = vec![
        (
            "checkpoint-no-empty-line",
            "No empty line before the signature.",
            log_of("platform"),
            format!("{head}\n{line}").into_bytes(),
            "note-format",
        ),
        (
            "checkpoint-no-last-newline",
            "Without the last line feed.",
            log_of("platform"),
            note.trim_end().as_bytes().to_vec(),
            "note-format",
        ),
        (
            "checkpoint-crlf",
            "Lines that end with a carriage return.",
            log_of("platform"),
            note.replace('\n', "\r\n").into_bytes(),
            "note-control-character",
        ),
        (
            "checkpoint-not-utf8",
            "Not UTF-8.",
            log_of("platform"),
            [note.as_bytes(), &[0xff]].concat(),
            "note-not-utf8",
        ),
        (
            "checkpoint-hyphen",
            "A hyphen where a dash begins the signature.",
            log_of("platform"),
            note.replace('—', "-").into_bytes(),
            "note-signature-format",
        ),
        (
            "checkpoint-65-signatures",
            "65 signature lines.",
            log_of("platform"),
            format!("{head}\n\n{}", line.repeat(65)).into_bytes(),
            "note-too-many-signatures",
        ),
        (
            "checkpoint-two-lines",
            "Without a root.",
            log_of("platform"),
            resigned(&format!("{}\n{}\n", lines[0], lines[1])),
            "checkpoint-format",
        ),
        (
            "checkpoint-extension",
            "An extension line, which nobody could audit.",
            log_of("platform"),
            resigned(&format!("{text}extension\n")),
            "checkpoint-extension-line",
        ),
        (
            "checkpoint-origin",
            "An origin that is no log of a federation.",
            log_of("platform"),
            with(0, "example.com/log"),
            "checkpoint-origin",
        ),
        (
            "checkpoint-origin-witness",
            "The name of a witness is no origin.",
            log_of("platform"),
            with(0, &lines[0].replace("/1", "/witness")),
            "checkpoint-origin",
        ),
        (
            "checkpoint-size-zero-first",
            "A size with a leading zero.",
            log_of("platform"),
            with(1, "05"),
            "checkpoint-size-format",
        ),
        (
            "checkpoint-size-over",
            "A size over 2^53 - 1.",
            log_of("platform"),
            with(1, "9007199254740992"),
            "tree-size-over-limit",
        ),
        (
            "checkpoint-root-url",
            "A root in the alphabet of URLs.",
            log_of("platform"),
            with(2, &"_".repeat(43)),
            "checkpoint-root-format",
        ),
        (
            "checkpoint-root-loose",
            "A root whose last bits are not zero: a second spelling.",
            log_of("platform"),
            with(2, &loose),
            "checkpoint-root-format",
        ),
        (
            "checkpoint-zero-root",
            "No leaves, yet another root than the empty one.",
            log_of("platform"),
            with(1, "0"),
            "size-zero-root",
        ),
        (
            "checkpoint-of-another",
            "The key of another log is trusted.",
            log_of("north"),
            note.clone().into_bytes(),
            "checkpoint-key-of-another",
        ),
        (
            "checkpoint-tampered",
            "Another size than was signed.",
            log_of("platform"),
            note.replacen("\n5\n", "\n6\n", 1).into_bytes(),
            "note-signature-invalid",
        ),
        (
            "checkpoint-statement-key",
            "The statement key of the member has signed.",
            log_of("platform"),
            other_signer,
            "note-not-signed",
        ),
        (
            "checkpoint-no-cosignature",
            "The regulator has not cosigned.",
            witnessed(),
            note.clone().into_bytes(),
            "note-not-signed",
        ),
        (
            "checkpoint-cosignature-tampered",
            "One letter of the cosignature is another.",
            witnessed(),
            flipped,
            "note-signature-invalid",
        ),
    ];
    for (name, shows, context, bytes, code) in rows {
        file.no(name, shows, "checkpoint", &bytes, context, (code, CODES));
    }
    cosignatures(world, &mut file);
    file
}

/// Lines of witnesses: whose count, which are ignored, and which spoil the note.
fn cosignatures(world: &World, file: &mut File) {
    let federation = &world.federation;
    let good = world.log.checkpoint(5);
    let (note, text) = (good.to_string(), good.note().text().to_owned());
    let name = |member: &str| witness_name(federation, member);
    let key = |member: &str| federation.member(member).witness.clone();
    let at_s = NOW_MS / 1000;
    let line =
        |member: &str| cosignature::sign(&name(member), &key(member), &text, at_s).expect("a time");
    let with = |line: &str| format!("{note}{line}\n").into_bytes();
    let vkey = |member: &str| {
        VerifierKey::new(name(member), KeyKind::Witness, key(member).verifying_key())
            .expect("a usable key")
    };
    let of_regulator = || Context {
        witness: Some("regulator.example".to_owned()),
        ..log_of("platform")
    };
    let trusting = |keys: &[VerifierKey]| Context {
        trusted: Some(keys.iter().map(ToString::to_string).collect()),
        ..log_of("platform")
    };
    let mut cosigned = values(&good);
    cosigned.push(("cosigned_at_s", at_s.to_string()));

    let two = format!("{note}{}\n{}\n", line("north"), line("regulator"));
    let mut by_two = values(&good);
    by_two.push((
        "signed_by",
        format!("{} {}", name("north"), name("regulator")),
    ));
    file.ok(
        "cosignature-two",
        "Two witnesses have cosigned, and the reader trusts both.",
        "checkpoint",
        two.as_bytes(),
        trusting(&[vkey("regulator"), vkey("north")]),
        &by_two,
    );
    // `signed-note`: the id is the hash over name, type and key. Type 0x06 of
    // `tlog-cosignature` has a key of 1,312 bytes and a signature of 2,420.
    let written = |kind: u8, key: &[u8], blob: &[u8]| {
        let id = Hash::of_parts(&[name("regulator").as_str().as_bytes(), b"\n", &[kind], key]);
        let signature = [&id.as_bytes()[..4], blob].concat();
        let base64 = data_encoding::BASE64.encode(&signature);
        format!("— {} {base64}", name("regulator"))
    };
    let post_quantum = {
        let blob = [at_s.to_be_bytes().as_slice(), &[7; 2420]].concat();
        written(0x06, &[7; 1312], &blob)
    };
    let both = format!("{note}{post_quantum}\n{}\n", line("regulator"));
    file.ok(
        "cosignature-ml-dsa-44",
        "A line of ML-DSA-44 under the same name is of a key that the reader does not have: carried, and ignored.",
        "checkpoint",
        both.as_bytes(),
        of_regulator(),
        &cosigned,
    );
    let twice = format!("{note}{}\n{}\n", line("regulator"), line("regulator"));
    file.ok(
        "cosignature-twice",
        "The same line twice says it once.",
        "checkpoint",
        twice.as_bytes(),
        of_regulator(),
        &cosigned,
    );

    let blob_of = |time_s: u64, key: &SigningKey, signed: &str| {
        let message = format!("cosignature/v1\ntime {time_s}\n{signed}");
        let signature = ed25519_dalek::Signer::sign(key, message.as_bytes()).to_bytes();
        [time_s.to_be_bytes().as_slice(), &signature].concat()
    };
    let named =
        |id_of: &SigningKey, blob: Vec<u8>| written(0x04, id_of.verifying_key().as_bytes(), &blob);
    let regulator = key("regulator");
    let other_time = {
        let mut blob = blob_of(at_s, &regulator, &text);
        blob[7] ^= 1;
        blob
    };
    let other_head = world.log.checkpoint(4).note().text().to_owned();
    let as_log = SignatureLine::sign(&name("regulator"), &regulator, &text).to_string();
    let rows = [
        (
            "cosignature-other-key",
            "Under the regulator's name, with north's key and its id: a key that the reader does not know.",
            named(&key("north"), blob_of(at_s, &key("north"), &text)),
            "note-not-signed",
        ),
        (
            "cosignature-forged",
            "Name and id of the regulator's key, signed with north's.",
            named(&regulator, blob_of(at_s, &key("north"), &text)),
            "note-signature-invalid",
        ),
        (
            "cosignature-other-time",
            "Another time than was signed.",
            named(&regulator, other_time),
            "note-signature-invalid",
        ),
        (
            "cosignature-time-over",
            "A time over 2^63 - 1, and a signature that fits it.",
            named(&regulator, blob_of(1 << 63, &regulator, &text)),
            "note-signature-invalid",
        ),
        (
            "cosignature-of-another-head",
            "The regulator's cosignature of the head of four leaves.",
            named(&regulator, blob_of(at_s, &regulator, &other_head)),
            "note-signature-invalid",
        ),
        (
            "cosignature-without-time",
            "The signature alone, without the eight bytes of the time.",
            named(&regulator, blob_of(at_s, &regulator, &text)[8..].to_vec()),
            "note-signature-invalid",
        ),
        (
            "cosignature-as-log",
            "The regulator's witness key has signed the text as a log would: another id.",
            as_log,
            "note-not-signed",
        ),
    ];
    for (name, shows, line, code) in rows {
        file.no(
            name,
            shows,
            "checkpoint",
            &with(&line),
            of_regulator(),
            (code, CODES),
        );
    }

    // Found by trying: two keys that have the same four bytes of hash under the name `a`.
    let found = |seed: u32| {
        let mut secret = [0; 32];
        secret[..4].copy_from_slice(&seed.to_be_bytes());
        SigningKey::from_bytes(&secret)
    };
    let short = KeyName::new("a").expect("a name");
    let colliding = [69_101, 114_672].map(|seed| {
        VerifierKey::new(short.clone(), KeyKind::Log, found(seed).verifying_key())
            .expect("a usable key")
    });
    let line = SignatureLine::sign(&short, &found(69_101), &text).to_string();
    file.no(
        "cosignature-keys-collide",
        "Two trusted keys with the same name and id: the line could be either's.",
        "checkpoint",
        &with(&line),
        trusting(&colliding),
        ("note-keys-collide", CODES),
    );
    file.no(
        "checkpoint-too-long",
        "Over 128 KiB; nothing of it is read.",
        "checkpoint",
        &[note.as_bytes(), &vec![0; 131_073 - note.len()]].concat(),
        log_of("platform"),
        ("note-too-long", CODES),
    );
}

/// A log that has another first leaf, and the same key.
fn forked(world: &World) -> Log {
    let mut log = Log::new(&world.federation, "platform");
    let mut leaves = world.log.leaves.clone();
    leaves[0] = world.log.leaves[1].clone();
    log.append(leaves);
    log
}

fn leaf_proof(log: &Log, index: usize, size: u64) -> LeafProof {
    let place = u64::try_from(index).expect("small");
    LeafProof {
        leaf: log.leaves[index].clone(),
        index: place,
        path: log.path(place, size),
        checkpoint: log.checkpoint(size).to_unverified(),
    }
}

pub(super) fn forks(world: &World) -> File {
    let mut file = File::new("fork.json");
    let (log, other) = (&world.log, forked(world));
    let same_size = |one: &VerifiedCheckpoint, other: &VerifiedCheckpoint| {
        Evidence::SameSize(one.to_unverified(), other.to_unverified())
    };
    let no_path = |older: &VerifiedCheckpoint,
                   newer: &VerifiedCheckpoint,
                   old_root: Hash,
                   path: Vec<Hash>| {
        Evidence::NoConsistency {
            older: older.to_unverified(),
            newer: newer.to_unverified(),
            old_root,
            path,
        }
    };
    let path = |log: &Log| log.tree().consistency_path(3, 5).expect("a path");
    let mut row = |name: &str, shows: &str, evidence: &Evidence, found: Result<&str, &str>| {
        let (bytes, context) = (evidence.to_bytes(), log_of("platform"));
        match found {
            Ok(fork) => file.ok(
                name,
                shows,
                "fork-evidence",
                &bytes,
                context,
                &[("fork", fork.to_owned())],
            ),
            Err(code) => file.no(name, shows, "fork-evidence", &bytes, context, (code, CODES)),
        }
    };
    row(
        "fork-same-size",
        "Two heads of one size with different roots.",
        &same_size(&log.checkpoint(5), &other.checkpoint(5)),
        Ok("same-size"),
    );
    let two = Evidence::TwoLeaves(leaf_proof(log, 0, 5), leaf_proof(&other, 0, 4));
    row(
        "fork-two-leaves",
        "Two leaves at one index, under heads of different sizes.",
        &two,
        Ok("two-leaves"),
    );
    let joined = no_path(
        &log.checkpoint(3),
        &other.checkpoint(5),
        other.root(3),
        path(&other),
    );
    row(
        "fork-no-consistency",
        "The newer head grows out of another tree than the older one.",
        &joined,
        Ok("no-consistency"),
    );

    row(
        "fork-none-same",
        "The same head twice.",
        &same_size(&log.checkpoint(5), &log.checkpoint(5)),
        Err("evidence-roots-agree"),
    );
    row(
        "fork-none-sizes",
        "Two heads of different sizes.",
        &same_size(&log.checkpoint(5), &other.checkpoint(4)),
        Err("evidence-sizes-differ"),
    );
    let grown = no_path(
        &log.checkpoint(3),
        &log.checkpoint(5),
        log.root(3),
        path(log),
    );
    row(
        "fork-none-grown",
        "A log that has only grown.",
        &grown,
        Err("evidence-roots-agree"),
    );
    let order = no_path(
        &log.checkpoint(5),
        &other.checkpoint(3),
        other.root(3),
        path(&other),
    );
    row(
        "fork-none-order",
        "The older head is the larger one.",
        &order,
        Err("evidence-sizes-not-in-order"),
    );
    let elsewhere = no_path(
        &log.checkpoint(3),
        &log.checkpoint(5),
        other.root(3),
        path(&other),
    );
    row(
        "fork-none-path",
        "The path does not lead to the newer head.",
        &elsewhere,
        Err("root-is-another"),
    );
    let invented = no_path(
        &log.checkpoint(3),
        &log.checkpoint(5),
        Hash::new([1; 32]),
        path(log),
    );
    row(
        "fork-none-invented",
        "Another old root, and the path that joins the heads.",
        &invented,
        Err("old-root-is-another"),
    );
    let short = no_path(
        &log.checkpoint(3),
        &other.checkpoint(5),
        other.root(3),
        path(&other)[1..].to_vec(),
    );
    row(
        "fork-none-short",
        "A path that is a hash too short.",
        &short,
        Err("path-length"),
    );
    let twice = Evidence::TwoLeaves(leaf_proof(log, 0, 5), leaf_proof(log, 0, 4));
    row(
        "fork-none-leaf",
        "The same leaf under two heads.",
        &twice,
        Err("evidence-leaves-agree"),
    );
    let apart = Evidence::TwoLeaves(leaf_proof(log, 0, 5), leaf_proof(log, 1, 5));
    row(
        "fork-none-indexes",
        "Leaves at two indexes.",
        &apart,
        Err("evidence-indexes-differ"),
    );
    let mut elsewhere = leaf_proof(&other, 0, 5);
    elsewhere.checkpoint = log.checkpoint(5).to_unverified();
    row(
        "fork-none-leaf-path",
        "The second leaf is not under its head.",
        &Evidence::TwoLeaves(leaf_proof(log, 0, 5), elsewhere),
        Err("root-is-another"),
    );
    let mut north = Log::new(&world.federation, "north");
    north.append(log.leaves.clone());
    row(
        "fork-none-other-log",
        "Heads of two logs.",
        &same_size(&log.checkpoint(5), &north.checkpoint(5)),
        Err("checkpoint-key-of-another"),
    );

    let good = same_size(&log.checkpoint(5), &other.checkpoint(5)).to_bytes();
    let longer = Node::parse(&good)
        .map(|node| [vec![0xb8, 0x01], node.content()].concat())
        .unwrap_or_default();
    file.no(
        "fork-none-longer",
        "Not the deterministic encoding.",
        "fork-evidence",
        &longer,
        log_of("platform"),
        ("evidence-cbor", CODES),
    );
    let unknown = Node::Map(vec![("rumour".into(), NULL)]).encode();
    file.no(
        "fork-none-sort",
        "A sort of evidence that there is not.",
        "fork-evidence",
        &unknown,
        log_of("platform"),
        ("evidence-cbor", CODES),
    );
    let LeafProof {
        path, checkpoint, ..
    } = leaf_proof(log, 0, 5);
    let empty = cbor::encode(&(
        serde_bytes::ByteBuf::new(),
        0_u64,
        path,
        checkpoint.to_string(),
    ));
    let empty = Node::Map(vec![(
        "two-leaves".into(),
        vec![Node::Raw(empty.clone()), Node::Raw(empty)].into(),
    )])
    .encode();
    file.no(
        "fork-none-empty-leaf",
        "A leaf without a byte.",
        "fork-evidence",
        &empty,
        log_of("platform"),
        ("evidence-length", CODES),
    );
    file
}
