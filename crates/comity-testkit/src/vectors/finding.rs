//! A finding on its way to the member that it is about, and the reply.

use comity_wire::cbor;
use comity_wire::finding::{FindingAnswer, FindingNotice, FindingReply, FindingRequest};
use comity_wire::ids::Hash;
use comity_wire::leaf::LogHead;
use comity_wire::notice::SignedNotice;
use comity_wire::registry::audit_code;
use comity_wire::words::{Text, Version};
use serde_bytes::ByteBuf;

use super::forge::Forge;
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
const HEADER: (&str, &str) = ("bad-header", "object-code");
const SIGNATURE: (&str, &str) = ("bad-signature", "object-code");
const OVERSIZE: (&str, &str) = ("oversize", "object-code");

/// 14 days.
const REPLY_MS: u64 = 1_209_600_000;

pub(super) fn findings(world: &World) -> File {
    let mut file = File::new("finding.json");
    let notice = notices(world, &mut file);
    let reply = replies(world, &notice, &mut file);
    requests(&notice, &reply, &mut file);
    answers(world, &notice, &mut file);
    file
}

fn signed_by(member: &str) -> Context {
    Context {
        chain: Some("first".to_owned()),
        signer: Some(format!("{member}.example")),
        ..Context::default()
    }
}

/// A finding about the platform, without its id.
fn finding(world: &World) -> FindingNotice {
    let federation = &world.federation;
    FindingNotice {
        v: Version,
        by: federation.member("regulator").id.clone(),
        id: Hash::of(b"to be computed"),
        of: federation.member("platform").id.clone(),
        fed: *federation.fed(),
        case: Some(*world.base.case()),
        code: code("answer-late"),
        head: Some(LogHead(
            world.log.checkpoint(5).origin().clone(),
            5,
            world.log.root(5),
        )),
        clock: Some(code("eu-dsa-notice")),
        found: NOW_MS,
        index: Some(1),
        until: NOW_MS + REPLY_MS,
        statement: Some(*world.base.id()),
        counterpart: Some(federation.member("north").id.clone()),
    }
}

/// As section 10.7 says.
fn with_id(notice: FindingNotice) -> FindingNotice {
    let content = (
        &notice.code,
        &notice.of,
        &notice.counterpart,
        &notice.case,
        &notice.statement,
        &notice.clock,
        notice.index,
    );
    let id = Hash::of_parts(&[b"comity-finding/1", &cbor::encode(&content)]);
    FindingNotice { id, ..notice }
}

fn notices(world: &World, file: &mut File) -> Vec<u8> {
    let regulator = &world.federation.member("regulator").statement;
    let whole = with_id(finding(world));
    let log = with_id(FindingNotice {
        case: None,
        code: code("log-went-back"),
        clock: None,
        index: None,
        statement: None,
        counterpart: None,
        ..finding(world)
    });
    let headless = with_id(FindingNotice {
        head: None,
        code: code("a-code-that-came-later"),
        ..finding(world)
    });
    for (name, shows, notice) in [
        (
            "finding",
            "An answer that came too late: everything that a finding can name.",
            &whole,
        ),
        (
            "finding-of-a-log",
            "A finding about a log as a whole: what is absent is null in its id.",
            &log,
        ),
        (
            "finding-unknown-code",
            "A code that this reader does not know, and no head.",
            &headless,
        ),
    ] {
        let values = [
            ("by", notice.by.to_string()),
            ("of", notice.of.to_string()),
            ("code", notice.code.to_string()),
            ("id", notice.id.to_string()),
        ];
        let bytes = SignedNotice::sign(regulator, notice);
        file.ok(
            name,
            shows,
            "finding-notice",
            &bytes,
            signed_by("regulator"),
            &values,
        );
    }
    let bytes = SignedNotice::sign(regulator, &whole);
    let forge = Forge::of_bytes(&bytes, regulator);
    let changed = forge.content().with("code", "no-receipt").encode();
    let platform = Forge::of_bytes(&bytes, &world.federation.member("platform").statement);
    let refused: Vec<Row> = vec![
        (
            "finding-tampered",
            "The code was changed after it was signed.",
            forge.outer(|object| object.payload = Node::Bytes(changed)),
            SIGNATURE,
        ),
        (
            "finding-of-another",
            "Its subject has signed it.",
            platform.payload(|payload| payload),
            SIGNATURE,
        ),
        (
            "finding-content-type",
            "The content type of a reply.",
            forge.label(3, "application/comity-finding-reply+cbor".into()),
            HEADER,
        ),
        (
            "finding-version",
            "Version 2.",
            forge.payload(|payload| payload.with("v", 2)),
            PAYLOAD,
        ),
        (
            "finding-without-until",
            "Without an end of the reply period.",
            forge.payload(|payload| payload.without("until")),
            PAYLOAD,
        ),
        (
            "finding-null",
            "What is absent is left out, and not null.",
            forge.payload(|payload| payload.with("clock", NULL)),
            PAYLOAD,
        ),
        (
            "finding-unknown-member",
            "A member that there is not.",
            forge.payload(|payload| payload.with("severity", 1)),
            PAYLOAD,
        ),
        (
            "finding-index-over",
            "An index over 2^53 - 1.",
            forge.payload(|payload| payload.with("index", 9_007_199_254_740_992)),
            LIMIT,
        ),
        (
            "finding-until-over",
            "A time after the year 2199.",
            forge.payload(|payload| payload.with("until", 9_007_199_254_740_991)),
            LIMIT,
        ),
    ];
    for (name, shows, bytes, why) in refused {
        file.no(
            name,
            shows,
            "finding-notice",
            &bytes,
            signed_by("regulator"),
            why,
        );
    }
    bytes
}

fn replies(world: &World, notice: &[u8], file: &mut File) -> Vec<u8> {
    let platform = &world.federation.member("platform").statement;
    let reply = FindingReply {
        v: Version,
        of: Hash::of(notice),
        code: code("explained"),
        text: Text::new("The desk was moved in that week."),
        time: NOW_MS + 1,
    };
    let short = FindingReply {
        code: code("a-code-that-came-later"),
        text: None,
        ..reply.clone()
    };
    for (name, shows, reply) in [
        (
            "finding-reply",
            "A reply, with a sentence for people.",
            &reply,
        ),
        (
            "finding-reply-short",
            "A code that this reader does not know, and no text.",
            &short,
        ),
    ] {
        let values = [
            ("of", reply.of.to_string()),
            ("code", reply.code.to_string()),
        ];
        let bytes = SignedNotice::sign(platform, reply);
        file.ok(
            name,
            shows,
            "signed-finding-reply",
            &bytes,
            signed_by("platform"),
            &values,
        );
    }
    let bytes = SignedNotice::sign(platform, &reply);
    let forge = Forge::of_bytes(&bytes, platform);
    let regulator = Forge::of_bytes(&bytes, &world.federation.member("regulator").statement);
    let refused: Vec<Row> = vec![
        (
            "finding-reply-of-another",
            "The auditor has signed it.",
            regulator.payload(|payload| payload),
            SIGNATURE,
        ),
        (
            "finding-reply-is-notice",
            "A notice is no reply.",
            notice.to_vec(),
            HEADER,
        ),
        (
            "finding-reply-without-of",
            "A reply to nothing.",
            forge.payload(|payload| payload.without("of")),
            PAYLOAD,
        ),
        (
            "finding-reply-of-31",
            "A hash of 31 bytes.",
            forge.payload(|payload| payload.with("of", Node::Bytes(vec![0; 31]))),
            PAYLOAD,
        ),
        (
            "finding-reply-text-4001",
            "A text of 4,001 letters.",
            forge.payload(|payload| payload.with("text", Node::Text("a".repeat(4_001)))),
            LIMIT,
        ),
    ];
    for (name, shows, bytes, why) in refused {
        file.no(
            name,
            shows,
            "signed-finding-reply",
            &bytes,
            signed_by("platform"),
            why,
        );
    }
    bytes
}

/// The array with another element.
fn with(bytes: &[u8], n: usize, value: Node) -> Vec<u8> {
    let mut parts = Node::parse(bytes).unwrap_or(NULL).items().to_vec();
    parts[n] = value;
    Node::Array(parts).encode()
}

fn requests(notice: &[u8], reply: &[u8], file: &mut File) {
    let none = Context::default;
    let first = FindingRequest::Finding(ByteBuf::from(notice)).encode();
    let second = FindingRequest::Reply(ByteBuf::from(reply)).encode();
    for (name, shows, word, bytes, carried) in [
        (
            "finding-request",
            "A finding is handed over.",
            "finding",
            &first,
            notice,
        ),
        (
            "finding-request-reply",
            "The reply is.",
            "finding-reply",
            &second,
            reply,
        ),
    ] {
        let values = [
            ("word", word.to_owned()),
            ("hash", Hash::of(carried).to_string()),
        ];
        file.ok(name, shows, "finding-request", bytes, none(), &values);
    }
    let refused: Vec<Row> = vec![
        (
            "finding-request-word",
            "A word that there is not.",
            with(&first, 0, "found".into()),
            PAYLOAD,
        ),
        (
            "finding-request-short",
            "Nothing is handed over.",
            Node::Array(vec!["finding".into()]).encode(),
            PAYLOAD,
        ),
        (
            "finding-request-text",
            "The finding is a text.",
            with(&first, 1, "finding".into()),
            PAYLOAD,
        ),
        (
            "finding-request-empty",
            "A finding of no bytes.",
            with(&first, 1, Node::Bytes(Vec::new())),
            LIMIT,
        ),
        (
            "finding-request-8193",
            "A finding of 8,193 bytes.",
            with(&first, 1, Node::Bytes(vec![1; 8_193])),
            LIMIT,
        ),
        (
            "finding-request-too-long",
            "Over 64 KiB; nothing of it is read.",
            vec![0; 65_537],
            OVERSIZE,
        ),
    ];
    for (name, shows, bytes, why) in refused {
        file.no(name, shows, "finding-request", &bytes, none(), why);
    }
}

fn answers(world: &World, notice: &[u8], file: &mut File) {
    let none = Context::default;
    let roster = world.federation.history().roster_ref();
    let roster = roster.expect("there is a roster");
    let noted = FindingAnswer::Noted(Hash::of(notice)).encode();
    let values = [
        ("word", "noted".to_owned()),
        ("hash", Hash::of(notice).to_string()),
    ];
    file.ok(
        "finding-noted",
        "The finding is recorded.",
        "finding-answer",
        &noted,
        none(),
        &values,
    );
    for (word, retry_after) in [
        (audit_code::BUSY, Some(60_000)),
        (audit_code::NOT_A_FINDING, None),
        (audit_code::NO_MANDATE, None),
    ] {
        let bytes = FindingAnswer::Refused(roster, code(word), retry_after).encode();
        let values = [("word", "refused".to_owned()), ("code", word.to_owned())];
        let shows = format!("Not recorded: `{word}`.");
        file.ok(
            &format!("finding-refused-{word}"),
            &shows,
            "finding-answer",
            &bytes,
            none(),
            &values,
        );
    }
    let refused: Vec<Row> = vec![
        (
            "finding-answer-word",
            "A word that there is not.",
            with(&noted, 0, "taken".into()),
            PAYLOAD,
        ),
        (
            "finding-noted-31",
            "A hash of 31 bytes.",
            with(&noted, 1, Node::Bytes(vec![0; 31])),
            PAYLOAD,
        ),
        (
            "finding-answer-trailing",
            "A byte follows.",
            [noted.as_slice(), &[0]].concat(),
            PAYLOAD,
        ),
        (
            "finding-answer-too-long",
            "Over 1 MiB; nothing of it is read.",
            vec![0; 1_048_577],
            OVERSIZE,
        ),
    ];
    for (name, shows, bytes, why) in refused {
        file.no(name, shows, "finding-answer", &bytes, none(), why);
    }
}
