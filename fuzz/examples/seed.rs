//! `cargo run --manifest-path fuzz/Cargo.toml --example seed`: writes one good
//! input or a few for each target, made from the fixture, so that a fuzzer begins
//! behind the first checks. Deterministic: running it again changes nothing.

use std::error::Error;
use std::fs;
use std::path::Path;

use comity_log::add_checkpoint::Request;
use comity_log::bundle;
use comity_log::checkpoint::Checkpoint;
use comity_log::edge::Edge;
use comity_log::evidence::{Evidence, LeafProof};
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::store::MemoryTiles;
use comity_log::tlog_proof::TlogProof;
use comity_log::tree::Tree;
use comity_log::{consistency, receipts};
use comity_testkit::bodies;
use comity_testkit::federation::{Federation, NOW_MS, takedown_request};
use comity_trust::key_file;
use comity_wire::audit_exchange::{AuditRecord, AuditReply, AuditRequest, Page, Records};
use comity_wire::body::Body;
use comity_wire::cbor;
use comity_wire::exchange::{
    ExchangeReply, ExchangeRequest, ExchangeResult, Offer, Redeliver, RedeliverReply,
    RedeliverRequest,
};
use comity_wire::ids::{Hash, Nonce};
use comity_wire::leaf::{Leaf, LogHead, Origin};
use comity_wire::notice::{NextSequence, Restored, Sequences, SignedNotice};
use comity_wire::refusal::{Refusal, Refused};
use comity_wire::registry::{Answer, Kind, ObservationResult, OutcomeAnswer};
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::words::{Code, Reference, Sorted, Version};
use serde_bytes::ByteBuf;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result {
    let federation = Federation::new();
    statements(&federation)?;
    log(&federation)?;
    trust(&federation)?;
    write(
        "cbor_depth",
        "array-in-map",
        &[0xa1, 0x61, 0x61, 0x81, 0x80],
    )?;
    write(
        "cbor_depth",
        "indefinite",
        &[0x9f, 0xbf, 0x00, 0x5f, 0x41, 0x00, 0xff, 0xff, 0xff],
    )?;
    write(
        "cbor_depth",
        "tagged",
        &[0xd2, 0x84, 0x40, 0xa0, 0xf6, 0x40],
    )?;
    // Answered, done, seen again, done again, withdrawn; then past each other.
    let steps: [[u8; 8]; 8] = [
        [1, 0, 0, 0, 0, 0, 0, 1],
        [4, 0, 0, 100, 0, 0, 0, 2],
        [15, 0, 0, 150, 0, 3, 0, 3],
        [4, 0, 1, 200, 0, 0, 0, 4],
        [10, 0, 0, 0, 0, 3, 0, 5],
        [2, 0, 0, 0, 1, 0, 5, 9],
        [18, 0, 0, 0, 0, 2, 6, 7],
        [19, 0, 0, 0, 0, 2, 1, 8],
    ];
    write("fold", "a-whole-case", steps.as_flattened())?;
    write("fold", "past-each-other", steps[4..].as_flattened())
}

fn statements(federation: &Federation) -> Result {
    let opening = federation.sign(federation.draft("north", "platform", takedown_request()));
    let case = *opening.case();
    let id = *opening.id();
    write("statement", "opening", opening.bytes())?;
    write("payload", "opening", &cbor::encode(opening.payload()))?;
    for body in every_kind(id) {
        let name = body.kind().as_str();
        let kind = Kind::ALL
            .iter()
            .position(|kind| *kind == body.kind())
            .unwrap_or(0);
        let chosen = [&[u8::try_from(kind)?], body.encode().as_slice()].concat();
        write("body", name, &chosen)?;
        if !body.kind().opens() {
            let reply = federation.reply("north", "platform", case, [id], body);
            write(
                "payload",
                name,
                &cbor::encode(federation.sign(reply).payload()),
            )?;
        }
    }
    Ok(())
}

fn every_kind(of: Hash) -> Vec<Body> {
    vec![
        bodies::request([1]),
        bodies::referral([1]),
        bodies::transfer([1]),
        bodies::answer_for(Answer::Refused, Some(&[1]), Some(&[of]), "no-mandate"),
        bodies::outcome(&[(1, 1, OutcomeAnswer::Done, NOW_MS)]),
        bodies::amendment(&[2]),
        bodies::withdrawal(Some(&[1])),
        bodies::dispute_rows(of, Some(&[(1, 1)])),
        bodies::resolution(of, "rejected"),
        bodies::question(Some(&[1])),
        bodies::information(of, &[1]),
        bodies::observation(&[(1, 1, ObservationResult::Online, NOW_MS)]),
        bodies::hold_until("court", NOW_MS),
        bodies::release("court"),
        bodies::erasure(Some(&[of])),
    ]
}

fn log(federation: &Federation) -> Result {
    let north = federation.member("north");
    let origin = Origin {
        fed: *federation.fed(),
        member: north.id.clone(),
        n: 1,
    };
    let roster = federation
        .history()
        .roster_ref()
        .ok_or("the fixture has a roster")?;
    let leaf = |index: u64, kind: &str| Leaf {
        v: Version,
        ext: None,
        seq: None,
        case: None,
        kind: Code::new(kind).unwrap_or_else(|| unreachable!("a code")),
        salt: Nonce::new([7; 16]),
        time: NOW_MS,
        facts: None,
        index,
        roster,
        direction: None,
        statement: None,
        counterpart: None,
        predecessor: None,
        statement_kind: None,
    };
    let leaves: Vec<Vec<u8>> = [(0, "log-opened"), (1, "roster"), (2, "received")]
        .map(|(index, kind)| leaf(index, kind).encode())
        .to_vec();
    let mut tiles = MemoryTiles::default();
    let appended = Edge::empty().append(&leaves)?;
    appended.write(&mut tiles)?;
    let edge = appended.confirm(&tiles, &leaves)?;
    let mut tree = Tree::open(&tiles, edge.head())?;

    let receipt = receipts::of_batch(&mut tree, 1, &leaves[1..], &north.log)?.remove(1);
    write("receipt", "receipt", &receipt.encode())?;
    let grown = consistency::of_tree(&mut tree, 1, &north.log)?;
    write("receipt", "consistency", &grown.encode())?;
    let statement = federation.sign(federation.draft("north", "platform", takedown_request()));
    let refused = Refused {
        of: *statement.id(),
        to: statement.issuer().clone(),
        code: Code::new("role-forbidden").ok_or("a code")?,
        roster,
        retry_after: Some(60_000),
    };
    let refusal = Refusal::sign(&north.statement, &refused);
    write("receipt", "refusal", &refusal)?;

    let checkpoint = |size| -> Result<_> {
        let head = Tree::open(&tiles, edge.head())?.head_at(size)?;
        Ok(Checkpoint {
            origin: origin.clone(),
            head,
        }
        .sign(&north.log))
    };
    let newest = checkpoint(3)?;
    write("note", "checkpoint", newest.to_string().as_bytes())?;
    let key = VerifierKey::new(
        KeyName::from(&origin),
        KeyKind::Log,
        north.log.verifying_key(),
    )?;
    write("note", "key", key.to_string().as_bytes())?;
    let request = Request {
        old_size: 2,
        path: tree.consistency_path(2, 3)?,
        checkpoint: newest.to_unverified(),
    };
    write("witness", "add-checkpoint", request.to_string().as_bytes())?;
    let path = tree.inclusion_path(2, 3)?;
    let path_of_last = path.clone();
    let proof = TlogProof {
        extra: None,
        index: 2,
        path: path.clone(),
        checkpoint: newest.to_unverified(),
    };
    write("proof", "text", proof.to_string().as_bytes())?;
    let mut bare = [2_u64.to_be_bytes(), 3_u64.to_be_bytes()].concat();
    path.iter().for_each(|hash| bare.extend(hash.as_bytes()));
    write("proof", "bare-inclusion", &bare)?;
    let proven = LeafProof {
        leaf: leaves[2].clone(),
        index: 2,
        path,
        checkpoint: newest.to_unverified(),
    };
    write(
        "evidence",
        "two-leaves",
        &Evidence::TwoLeaves(proven.clone(), proven).to_bytes(),
    )?;
    write("tile", "path", b"tile/0/x001/234.p/56")?;
    write("tile", "bundle-of-two", &bundle::encode(&leaves[..2])?)?;

    let bytes = ByteBuf::from(statement.bytes());
    let offer = Offer(
        bytes.clone(),
        Some(receipt.wire().clone()),
        vec![ByteBuf::from(*b"evidence")],
    );
    write(
        "exchange",
        "request",
        &ExchangeRequest(roster, vec![offer]).encode(),
    )?;
    let results = vec![
        ExchangeResult::Registered(receipt.wire().clone()),
        ExchangeResult::Refused(ByteBuf::from(refusal)),
        ExchangeResult::Turned(Code::new("busy").ok_or("a code")?, Some(1_000)),
    ];
    let reply = ExchangeReply(roster, Some(newest.to_string().into()), results);
    write("exchange", "reply", &reply.encode())?;
    let again = RedeliverRequest(Redeliver::Redeliver, origin.clone(), 2);
    write("exchange", "redeliver-request", &again.encode())?;
    let found = RedeliverReply(roster, vec![(bytes, None)], Some(3));
    write("exchange", "redeliver-reply", &found.encode())?;

    let asked = AuditRequest(
        Records::Records,
        origin.clone(),
        1,
        Some(3),
        Reference::new("an-act"),
    );
    write("audit_exchange", "request", &asked.encode())?;
    let page = Page {
        roster,
        checkpoint: newest.to_string().into(),
        records: vec![AuditRecord(
            ByteBuf::from(leaves[2].clone()),
            Some(ByteBuf::from(*b"facts")),
            path_of_last,
        )],
        sequences: None,
        next: Some(3),
    };
    write(
        "audit_exchange",
        "records",
        &AuditReply::Records(page).encode(),
    )?;
    let busy = Code::new("busy").ok_or("a code")?;
    write(
        "audit_exchange",
        "refused",
        &AuditReply::Refused(roster, busy, Some(60_000)).encode(),
    )?;

    let root = *edge.head().root();
    let next = Sorted::new([NextSequence(federation.member("platform").id.clone(), 4)]);
    let sequences = Sequences(origin.clone(), 3, root, next);
    write(
        "notice",
        "sequences",
        &SignedNotice::sign(&north.statement, &sequences),
    )?;
    let restored = Restored {
        v: Version,
        fed: *federation.fed(),
        key: comity_testkit::federation::public(&north.log),
        time: NOW_MS,
        closed: LogHead(origin.clone(), 3, root),
        member: north.id.clone(),
        opened: Origin { n: 2, ..origin },
        witness: comity_testkit::federation::public(&north.witness),
        restored: 2,
    };
    write(
        "notice",
        "restored",
        &SignedNotice::sign(&north.statement, &restored),
    )
}

fn trust(federation: &Federation) -> Result {
    let history = federation.history();
    let charter = history
        .charters_from(1)
        .next()
        .ok_or("there is a charter")?
        .to_vec();
    let roster = history
        .rosters_from(1)
        .next()
        .ok_or("there is a roster")?
        .to_vec();
    write("roster", "signed-charter", &charter)?;
    let charter_payload = comity_trust::signed::SignedPayload::decode(&charter, charter.len())?;
    let roster_payload = comity_trust::signed::SignedPayload::decode(&roster, roster.len())?;
    write("roster", "charter", charter_payload.payload())?;
    write("roster", "roster", roster_payload.payload())?;
    let next = federation.sign_roster(&federation.next_roster(|_| ()));
    write("roster", "next-roster", next.payload())?;
    write(
        "key_file",
        "statement-key",
        key_file::write(&federation.member("north").statement).as_bytes(),
    )?;

    let current = history.roster_ref().ok_or("there is a roster")?;
    for (name, request) in [
        ("hello", RosterRequest::Hello(current)),
        ("since", RosterRequest::Since(1)),
        ("part", RosterRequest::Part(1, 65_536)),
    ] {
        write(
            "roster_exchange",
            &format!("{name}-request"),
            &request.encode(),
        )?;
    }
    for (name, reply) in [
        (
            "hello",
            RosterReply::Hello(current, Code::new("not-admitted")),
        ),
        (
            "chain",
            RosterReply::Chain(
                vec![ByteBuf::from(*b"charter")],
                vec![ByteBuf::from(*b"roster")],
                false,
            ),
        ),
        ("part", RosterReply::Part(1, 9, ByteBuf::from(*b"a part"))),
        ("unknown", RosterReply::Unknown(current)),
    ] {
        write("roster_exchange", &format!("{name}-reply"), &reply.encode())?;
    }
    Ok(())
}

fn write(target: &str, name: &str, bytes: &[u8]) -> Result {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}
