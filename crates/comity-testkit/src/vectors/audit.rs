//! What an auditor asks and is answered.

use comity_wire::audit_exchange::{AuditRecord, AuditReply, AuditRequest, Page, Records};
use comity_wire::leaf::Origin;
use comity_wire::notice::{NextSequence, Sequences, SignedNotice};
use comity_wire::registry::audit_code;
use comity_wire::words::Sorted;
use serde_bytes::ByteBuf;

use super::world::{World, facts};
use super::{Context, File};
use crate::federation::{code, reference};
use crate::tree::{NULL, Node};

const PAYLOAD: (&str, &str) = ("bad-payload", "object-code");
const LIMIT: (&str, &str) = ("over-limit", "object-code");
const OVERSIZE: (&str, &str) = ("oversize", "object-code");

pub(super) fn messages(world: &World) -> File {
    let mut file = File::new("audit.json");
    requests(world, &mut file);
    replies(world, &mut file);
    file
}

fn origin(world: &World) -> Origin {
    Origin {
        fed: *world.federation.fed(),
        member: world.federation.member("platform").id.clone(),
        n: 1,
    }
}

/// The array with another element.
fn with(bytes: &[u8], n: usize, value: Node) -> Vec<u8> {
    let mut parts = parts(bytes);
    parts[n] = value;
    Node::Array(parts).encode()
}

fn parts(bytes: &[u8]) -> Vec<Node> {
    let node = Node::parse(bytes).unwrap_or(NULL);
    node.items().to_vec()
}

fn requests(world: &World, file: &mut File) {
    let origin = origin(world);
    let mandate = Some(reference("Example Act, section 1"));
    let first = AuditRequest(Records::Records, origin.clone(), 0, None, mandate).encode();
    let later = AuditRequest(Records::Records, origin.clone(), 3, Some(5), None).encode();
    for (name, shows, bytes, from, size) in [
        (
            "audit-request",
            "The first page, by a mandate.",
            &first,
            "0",
            "newest",
        ),
        (
            "audit-request-later",
            "A later page, under the size of the first; a counterpart needs no mandate.",
            &later,
            "3",
            "5",
        ),
    ] {
        let values = [
            ("origin", origin.to_string()),
            ("from", from.to_owned()),
            ("size", size.to_owned()),
        ];
        file.ok(
            name,
            shows,
            "audit-request",
            bytes,
            Context::default(),
            &values,
        );
    }
    let mut short = parts(&first);
    short.pop();
    let over = 9_007_199_254_740_992;
    let refused = [
        (
            "audit-request-word",
            "Another word.",
            with(&first, 0, "record".into()),
            PAYLOAD,
        ),
        (
            "audit-request-origin",
            "No name of a log.",
            with(&first, 1, "platform.example/1".into()),
            PAYLOAD,
        ),
        (
            "audit-request-short",
            "A place is missing.",
            Node::Array(short).encode(),
            PAYLOAD,
        ),
        (
            "audit-request-from",
            "An index over 2^53 - 1.",
            with(&first, 2, over.into()),
            LIMIT,
        ),
        (
            "audit-request-size",
            "A size over 2^53 - 1.",
            with(&first, 3, over.into()),
            LIMIT,
        ),
        (
            "audit-request-mandate",
            "A mandate without a letter.",
            with(&first, 4, "".into()),
            LIMIT,
        ),
        (
            "audit-request-too-long",
            "Over 1 KiB; nothing of it is read.",
            vec![0; 1025],
            OVERSIZE,
        ),
    ];
    for (name, shows, bytes, why) in refused {
        file.no(
            name,
            shows,
            "audit-request",
            &bytes,
            Context::default(),
            why,
        );
    }
}

fn replies(world: &World, file: &mut File) {
    let none = Context::default;
    let federation = &world.federation;
    let history = federation.history();
    let roster = history.roster_ref().expect("there is a roster");
    let facts = ByteBuf::from(facts(&world.base).encode());
    let record = |index: u64, facts: Option<ByteBuf>| {
        let leaf = world.log.leaves[usize::try_from(index).expect("small")].clone();
        AuditRecord(ByteBuf::from(leaf), facts, world.log.path(index, 5))
    };
    let next = NextSequence(federation.member("north").id.clone(), 1);
    let sequences = Sequences(origin(world), 5, world.log.root(5), Sorted::new([next]));
    let sequences = SignedNotice::sign(world.key("platform"), &sequences);
    let page = |records, sequences, next| {
        AuditReply::Records(Page {
            roster,
            checkpoint: world.log.checkpoint(5).to_string().into_boxed_str(),
            records,
            sequences,
            next,
        })
        .encode()
    };
    let whole = page(
        vec![record(0, None), record(1, Some(facts.clone()))],
        None,
        Some(2),
    );
    let some = page(
        vec![record(1, Some(facts))],
        Some(ByteBuf::from(sequences)),
        None,
    );
    let nothing = page(Vec::new(), None, None);
    for (name, shows, bytes, records) in [
        ("audit-reply", "The first page of a whole log.", &whole, "2"),
        (
            "audit-reply-last",
            "The last page for a counterpart: its one record, and how many there are.",
            &some,
            "1",
        ),
        (
            "audit-reply-none",
            "Nothing that the asker may read.",
            &nothing,
            "0",
        ),
    ] {
        let values = [("records", records.to_owned())];
        file.ok(name, shows, "audit-reply", bytes, none(), &values);
    }
    for word in audit_code::KNOWN {
        let retry_after = (word == audit_code::BUSY).then_some(60_000);
        let bytes = AuditReply::Refused(roster, code(word), retry_after).encode();
        let name = format!("audit-reply-{word}");
        let shows = format!("No records: `{word}`.");
        let values = [("code", word.to_owned())];
        file.ok(&name, &shows, "audit-reply", &bytes, none(), &values);
    }
    refused_replies(&whole, file);
}

fn refused_replies(whole: &[u8], file: &mut File) {
    let records = parts(whole)[3].items().to_vec();
    let mut long = records[0].items().to_vec();
    long[2] = vec![Node::Bytes(vec![0; 32]); 65].into();
    let mut short = records[0].items().to_vec();
    short.pop();
    let one = |record: Vec<Node>| with(whole, 3, vec![record.into()].into());
    let refused = [
        (
            "audit-reply-word",
            "A word that there is not.",
            with(whole, 0, "tiles".into()),
            PAYLOAD,
        ),
        (
            "audit-reply-record-short",
            "A record without its path.",
            one(short),
            PAYLOAD,
        ),
        (
            "audit-reply-path-65",
            "A path of 65 hashes.",
            one(long),
            LIMIT,
        ),
        (
            "audit-reply-257",
            "257 records in one page.",
            with(whole, 3, vec![tiny(); 257].into()),
            LIMIT,
        ),
        (
            "audit-reply-checkpoint",
            "Records under no head.",
            with(whole, 2, "".into()),
            LIMIT,
        ),
        (
            "audit-reply-too-long",
            "Over 1 MiB; nothing of it is read.",
            vec![0; 1_048_577],
            OVERSIZE,
        ),
    ];
    for (name, shows, bytes, why) in refused {
        file.no(name, shows, "audit-reply", &bytes, Context::default(), why);
    }
}

fn tiny() -> Node {
    Node::Array(vec![Node::Bytes(vec![0]), NULL, Vec::new().into()])
}
