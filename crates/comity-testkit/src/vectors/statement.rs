//! Statements of every kind, and for every check statements that fail it.

use comity_trust::limits::{WINDOW_FUTURE_MS, WINDOW_PAST_MS};
use comity_wire::body::Body;
use comity_wire::ext::Extension;
use comity_wire::ids::{CaseId, Hash, StatementId, parent_commitment};
use comity_wire::limits::{STATEMENT_BYTES_MAX, TIME_MS_MAX};
use comity_wire::registry::{Answer, Check, Kind, ObservationResult, OutcomeAnswer};
use comity_wire::statement::{Draft, Statement};
use comity_wire::words::{ExtensionName, Sorted};

use super::forge::{Forge, first_item};
use super::world::{World, nonce, opening, platform};
use super::{Context, File};
use crate::bodies;
use crate::federation::{DAY_MS, EXPIRES_MS, GRACE_MS, NOW_MS, key, takedown_request};
use crate::tree::{NULL, Node};

fn values(statement: &Statement) -> Vec<(&'static str, String)> {
    vec![
        ("id", statement.id().to_string()),
        ("case", statement.case().to_string()),
        ("issuer", statement.issuer().to_string()),
        ("kind", statement.kind().to_string()),
    ]
}

/// What a member knows of the case that another opened.
fn knows(me: &str, opener: &str, recipient: &str) -> Context {
    let id = |name: &str| format!("{name}.example");
    Context {
        me: Some(id(me)),
        parties: Some((id(opener), id(recipient))),
        ..platform()
    }
}

fn at(now_ms: u64) -> Context {
    Context {
        now_ms: Some(now_ms),
        ..platform()
    }
}

fn under(chain: &str) -> Context {
    Context {
        chain: Some(chain.to_owned()),
        ..platform()
    }
}

/// A statement of the case of the base statement.
fn reply(world: &World, name: &str, from: &str, to: &str, body: Body) -> Draft {
    let re = [*world.base.id()];
    Draft {
        nonce: nonce(name),
        ..world
            .federation
            .reply(from, to, *world.base.case(), re, body)
    }
}

pub(super) fn accepted(world: &World) -> File {
    let mut file = File::new("statement-accepted.json");
    every_kind(world, &mut file);
    members_of_a_payload(world, &mut file);
    edges_of_time(world, &mut file);
    file
}

fn every_kind(world: &World, file: &mut File) {
    let id = *world.base.id();
    for kind in Kind::ALL {
        let (from, to, body) = match kind {
            Kind::TakedownRequest => ("north", "platform", takedown_request()),
            Kind::Referral => ("north", "south", bodies::referral([1, 2])),
            Kind::Transfer => ("south", "platform", bodies::transfer([1])),
            Kind::Acknowledgement => ("platform", "north", bodies::answer(Answer::Accepted)),
            Kind::Outcome => (
                "platform",
                "north",
                bodies::outcome(&[(1, 1, OutcomeAnswer::Done, NOW_MS)]),
            ),
            Kind::Amendment => ("north", "platform", bodies::amendment(&[2])),
            Kind::Withdrawal => ("north", "platform", bodies::withdrawal(None)),
            Kind::Dispute => ("north", "platform", bodies::dispute(id)),
            Kind::Resolution => ("platform", "north", bodies::resolution(id, "rejected")),
            Kind::InformationRequest => ("platform", "north", bodies::question(Some(&[1]))),
            Kind::Information => ("north", "platform", bodies::information(id, &[1])),
            Kind::Observation => (
                "north",
                "platform",
                bodies::observation(&[(1, 1, ObservationResult::Offline, NOW_MS)]),
            ),
            Kind::Hold => ("platform", "north", bodies::hold("law-enforcement")),
            Kind::Release => ("platform", "north", bodies::release("law-enforcement")),
            Kind::ErasureNotice => ("north", "platform", bodies::erasure(Some(&[id]))),
        };
        let name = format!("accepted-{kind}");
        let (draft, context) = if kind.opens() {
            let me = Context {
                me: Some(format!("{to}.example")),
                ..platform()
            };
            (opening(&world.federation, &name, from, to, body), me)
        } else {
            (
                reply(world, &name, from, to, body),
                knows(to, "north", "platform"),
            )
        };
        let statement = world.federation.sign(draft);
        let shows = format!("A statement of the kind `{kind}` that passes every check.");
        file.ok(
            &name,
            &shows,
            "statement",
            statement.bytes(),
            context,
            &values(&statement),
        );
    }
}

fn extension(name: &str, critical: bool) -> Extension {
    let name = ExtensionName::new(name).expect("a name");
    Extension(name, critical, vec![0xff, 0x00].into())
}

fn members_of_a_payload(world: &World, file: &mut File) {
    let mut add = |name: &str, shows: &str, edit: &dyn Fn(&mut Draft)| {
        let mut draft = opening(
            &world.federation,
            name,
            "north",
            "platform",
            takedown_request(),
        );
        edit(&mut draft);
        let statement = world.federation.sign(draft);
        file.ok(
            name,
            shows,
            "statement",
            statement.bytes(),
            platform(),
            &values(&statement),
        );
    };
    add(
        "accepted-extension",
        "An extension that is not critical is carried, whatever it is.",
        &|draft| {
            draft.ext = Some(Sorted::new([
                extension("a.example", false),
                extension("b.example", false),
            ]));
        },
    );
    add(
        "accepted-parent",
        "The commitment to the case that this one follows from.",
        &|draft| {
            let case = CaseId::new([3; 16]);
            let commitment = parent_commitment(
                &draft.nonce,
                &case,
                &Hash::of(b"the statement that opened it"),
            );
            draft.parent = Some(commitment);
        },
    );
    add(
        "accepted-refs-and-evidence",
        "Statements of other cases and evidence are named in sorted order.",
        &|draft| {
            let two = || Sorted::new([Hash::of(b"one"), Hash::of(b"two")]);
            (draft.refs, draft.evidence) = (Some(two()), Some(two()));
        },
    );
    add(
        "accepted-text",
        "Text in several scripts, with a line feed.",
        &|draft| {
            let Body::TakedownRequest(body) = &mut draft.body else {
                return;
            };
            body.text = comity_wire::words::Text::new("Grüße aus 東京\nשלום");
        },
    );
}

fn edges_of_time(world: &World, file: &mut File) {
    let statement = &world.base;
    let mut add = |name, shows, now_ms| {
        file.ok(
            name,
            shows,
            "statement",
            statement.bytes(),
            at(now_ms),
            &values(statement),
        );
    };
    add(
        "accepted-oldest",
        "The oldest that is taken: signed a window before the recipient's clock.",
        NOW_MS + WINDOW_PAST_MS,
    );
    add(
        "accepted-newest",
        "The newest that is taken: signed a window after the recipient's clock.",
        NOW_MS - WINDOW_FUTURE_MS,
    );

    let late = EXPIRES_MS + GRACE_MS + DAY_MS;
    let body = bodies::outcome(&[(1, 1, OutcomeAnswer::Done, NOW_MS)]);
    let draft = Draft {
        issued_at_s: late / 1000,
        ..reply(world, "accepted-past-grace", "platform", "north", body)
    };
    let statement = world.federation.sign(draft);
    let context = Context {
        now_ms: Some(late),
        ..knows("north", "north", "platform")
    };
    let shows =
        "Past grace, what answers is still taken: an old roster must not leave a case open.";
    file.ok(
        "accepted-past-grace",
        shows,
        "statement",
        statement.bytes(),
        context,
        &values(&statement),
    );

    let draft = opening(
        &world.federation,
        "accepted-in-grace",
        "north",
        "platform",
        takedown_request(),
    );
    let statement = world.federation.sign(Draft {
        issued_at_s: EXPIRES_MS / 1000,
        ..draft
    });
    let shows = "In grace, existing members go on with everything.";
    file.ok(
        "accepted-in-grace",
        shows,
        "statement",
        statement.bytes(),
        at(EXPIRES_MS),
        &values(&statement),
    );

    let body = takedown_request();
    let draft = opening(
        &world.federation,
        "accepted-superseded-in-time",
        "north",
        "platform",
        body,
    );
    let before = crate::federation::ISSUED_MS + DAY_MS / 2;
    let statement = world.federation.sign(Draft {
        issued_at_s: before / 1000,
        ..draft
    });
    let shows = "A superseded key verifies what was signed in its time.";
    let context = Context {
        now_ms: Some(before + DAY_MS),
        ..under("north-superseded")
    };
    file.ok(
        "accepted-superseded-in-time",
        shows,
        "statement",
        statement.bytes(),
        context,
        &values(&statement),
    );
}

/// A file, and what is said of most statements in it.
struct Refused<'a> {
    file: File,
    world: &'a World,
    base: Forge,
}

impl Refused<'_> {
    /// A statement that the platform refuses, with its clock at [`NOW_MS`].
    fn row(&mut self, check: Check, name: &str, shows: &str, bytes: &[u8]) {
        self.row_in(check, platform(), name, shows, bytes);
    }

    fn row_in(&mut self, check: Check, context: Context, name: &str, shows: &str, bytes: &[u8]) {
        let name = format!("{check}-{name}");
        self.file.no(
            &name,
            shows,
            "statement",
            bytes,
            context,
            (check.code(), check.as_str()),
        );
    }

    /// A statement that its issuer can sign, but nobody should.
    fn signed(&mut self, check: Check, context: Context, name: &str, shows: &str, draft: Draft) {
        let statement = self.world.federation.sign(draft);
        self.row_in(check, context, name, shows, statement.bytes());
    }
}

pub(super) fn refused(world: &World) -> File {
    let base = Forge::of(&world.base, world.key("north"));
    let mut refused = Refused {
        file: File::new("statement-refused.json"),
        world,
        base,
    };
    size_and_depth(&mut refused);
    outer(&mut refused);
    header(&mut refused);
    key_and_signature(&mut refused);
    known(&mut refused);
    payload(&mut refused);
    body(&mut refused);
    limits_and_ext(&mut refused);
    whom_it_is_for(&mut refused);
    roster_and_matrix(&mut refused);
    case_and_party(&mut refused);
    refused.file
}

fn nested(levels: usize) -> Vec<u8> {
    [vec![0x81; levels], vec![0x00]].concat()
}

fn size_and_depth(to: &mut Refused<'_>) {
    let too_long = [to.world.base.bytes(), &vec![0; STATEMENT_BYTES_MAX]].concat();
    let shows = "One byte too long; nothing of it is read.";
    to.row(
        Check::Size,
        "one-over",
        shows,
        &too_long[..=STATEMENT_BYTES_MAX],
    );
    to.row(
        Check::Depth,
        "outer",
        "17 arrays within one another.",
        &nested(17),
    );
    let bytes = to.base.header_bytes(nested(17));
    let shows = "The protected header is nested 17 deep.";
    to.row(Check::Depth, "header", shows, &bytes);
    let bytes = to.base.payload_bytes(nested(17));
    to.row(
        Check::Depth,
        "payload",
        "The payload is nested 17 deep; it is scanned before it is decoded.",
        &bytes,
    );
    let bytes = to.base.body_bytes(nested(17));
    to.row(Check::Depth, "body", "The body is nested 17 deep.", &bytes);
    let endless = [vec![0x9f; 17], vec![0xff; 17]].concat();
    to.row(
        Check::Depth,
        "indefinite",
        "17 arrays of indefinite length; the depth is found before the encoding.",
        &endless,
    );
}

fn outer(to: &mut Refused<'_>) {
    let bytes = to.world.base.bytes().to_vec();
    let Some(Node::Tag(_, parts)) = Node::parse(&bytes) else {
        return;
    };
    let part = |n: usize, raw: Vec<u8>| {
        let mut parts = parts.items().to_vec();
        parts[n] = Node::Raw(raw);
        Node::Tag(18, Box::new(Node::Array(parts))).encode()
    };
    let payload = parts.items()[2].clone();
    let longer = [payload.head(4), payload.content()].concat();
    let chunks = [vec![0x5f], payload.encode(), vec![0xff]].concat();
    let as_text = Node::from("payload").encode();
    let mut five = parts.items().to_vec();
    five.push(NULL);
    let tag = |tag, inner: &Node| Node::Tag(tag, Box::new(inner.clone())).encode();
    let indefinite = [vec![0xd2, 0x9f], parts.content(), vec![0xff]].concat();
    let long_tag = [vec![0xd8, 18], parts.encode()].concat();
    let rows: [(&str, &str, Vec<u8>); 18] = [
        (
            "longer-head",
            "The length of the payload takes more bytes than it needs.",
            part(2, longer),
        ),
        (
            "chunked-payload",
            "The payload is a byte string of indefinite length.",
            part(2, chunks),
        ),
        (
            "indefinite-array",
            "The four parts are in an array of indefinite length.",
            indefinite,
        ),
        ("long-tag", "Tag 18 takes two bytes.", long_tag),
        ("no-tag", "An untagged COSE_Sign1.", parts.encode()),
        ("tag-98", "The tag of COSE_Sign.", tag(98, &parts)),
        (
            "tagged-twice",
            "Tag 18 around tag 18.",
            tag(18, &Node::Tag(18, parts.clone())),
        ),
        (
            "self-described",
            "Tag 55799 around it.",
            tag(55_799, &Node::Tag(18, parts.clone())),
        ),
        (
            "five-parts",
            "An array of five.",
            tag(18, &Node::Array(five)),
        ),
        ("payload-text", "The payload is a text.", part(2, as_text)),
        (
            "protected-map",
            "The protected header is a map, not a byte string.",
            part(0, to.base.object.protected.clone()),
        ),
        (
            "unprotected-array",
            "The unprotected header is an array.",
            part(1, vec![0x80]),
        ),
        (
            "unprotected-unsorted",
            "Labels 4 and 1 of the unprotected header are in the wrong order.",
            part(
                1,
                Node::Map(vec![(Node::Uint(4), NULL), (Node::Uint(1), NULL)]).encode(),
            ),
        ),
        (
            "unprotected-doubled",
            "A label stands twice in the unprotected header.",
            part(
                1,
                Node::Map(vec![(Node::Uint(4), NULL), (Node::Uint(4), NULL)]).encode(),
            ),
        ),
        (
            "short-signature",
            "The signature has 63 bytes.",
            part(3, Node::Bytes(vec![1; 63]).encode()),
        ),
        (
            "trailing-byte",
            "A byte follows.",
            [bytes.as_slice(), &[0]].concat(),
        ),
        (
            "cut-off",
            "The last byte is missing.",
            bytes[..bytes.len() - 1].to_vec(),
        ),
        ("empty", "No bytes at all.", Vec::new()),
    ];
    for (name, shows, bytes) in rows {
        to.row(Check::Outer, name, shows, &bytes);
    }
}

fn header(to: &mut Refused<'_>) {
    let base = to.base.clone();
    let unprotected = |label: u64, value: Node| {
        base.outer(|object| object.unprotected = Node::Map(vec![(Node::Uint(label), value)]))
    };
    let crit = Node::Array(vec![Node::Uint(3)]);
    let rows: Vec<(&str, &str, Vec<u8>)> = vec![
        (
            "label-in-both",
            "Label 4 stands in the unprotected header too.",
            unprotected(4, Node::Bytes(vec![1; 32])),
        ),
        (
            "unprotected-only",
            "A label that stands in the unprotected header alone.",
            unprotected(33, Node::Bytes(vec![1])),
        ),
        (
            "crit",
            "A `crit` label, though it names a label that is understood.",
            base.label(2, crit),
        ),
        (
            "other-alg",
            "ES256 in place of EdDSA.",
            base.label(1, Node::Nint(6)),
        ),
        (
            "fully-specified-alg",
            "The algorithm number -19, which also means Ed25519.",
            base.label(1, Node::Nint(18)),
        ),
        (
            "content-type-of-refusal",
            "The content type of a refusal.",
            base.label(3, "application/comity-refusal+cbor".into()),
        ),
        (
            "content-type-number",
            "A content type as a number.",
            base.label(3, Node::Uint(60)),
        ),
        (
            "no-content-type",
            "Without a content type.",
            base.header(|labels| labels.retain(|(label, _)| *label != Node::Uint(3))),
        ),
        (
            "short-kid",
            "A kid of 31 bytes.",
            base.label(4, Node::Bytes(vec![1; 31])),
        ),
        (
            "kid-text",
            "A kid that is a text.",
            base.label(4, "north".into()),
        ),
        (
            "no-kid",
            "Without a kid.",
            base.header(|labels| labels.retain(|(label, _)| *label != Node::Uint(4))),
        ),
        (
            "unknown-label",
            "One label more.",
            base.label(33, Node::Bytes(vec![1])),
        ),
        (
            "unsorted",
            "Labels 1 and 3 in the other order.",
            base.header(|labels| labels.swap(0, 1)),
        ),
        (
            "doubled-label",
            "Label 1 stands twice.",
            base.header(|labels| labels.insert(0, labels[0].clone())),
        ),
        (
            "issuer-capital",
            "The issuer has a capital letter.",
            base.claim(1, "North.example".into()),
        ),
        (
            "issuer-long",
            "The issuer has 64 letters.",
            base.claim(1, Node::Text("n".repeat(64))),
        ),
        (
            "case-upper",
            "The case id is in upper-case hex.",
            base.claim(2, "ABCDEF00112233445566778899AABBCC".into()),
        ),
        (
            "case-bytes",
            "The case id is a byte string.",
            base.claim(2, Node::Bytes(vec![1; 16])),
        ),
        (
            "iat-float",
            "The time is a float.",
            base.claim(6, Node::Raw(vec![0xfa, 0x4e, 0xd3, 0x4e, 0x00])),
        ),
        (
            "iat-negative",
            "The time is negative.",
            base.claim(6, Node::Nint(0)),
        ),
        (
            "iat-year-10000",
            "The time is after the year 9999.",
            base.claim(6, Node::Uint(TIME_MS_MAX / 1000 + 1)),
        ),
        (
            "unknown-claim",
            "A claim that a statement does not have: `exp`.",
            base.claim(4, Node::Uint(2_000_000_000)),
        ),
        (
            "no-claims",
            "Without claims.",
            base.header(|labels| labels.retain(|(label, _)| *label != Node::Uint(15))),
        ),
        (
            "empty-protected",
            "An empty protected header.",
            base.header_bytes(Vec::new()),
        ),
        (
            "indefinite",
            "The protected header is a map of indefinite length.",
            {
                let map = Node::parse(&base.object.protected).unwrap_or(NULL);
                base.header_bytes([vec![0xbf], map.content(), vec![0xff]].concat())
            },
        ),
        (
            "detached",
            "The payload is left out.",
            base.outer(|object| object.payload = NULL),
        ),
    ];
    for (name, shows, bytes) in rows {
        to.row(Check::Header, name, shows, &bytes);
    }
}

/// The order of the group of Ed25519, lowest byte first (RFC 8032, section 5.1).
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The same signature with the group's order added to its second half: a lenient
/// verifier takes both.
fn malleable(signature: &[u8]) -> Vec<u8> {
    let (first, second) = signature.split_at(32);
    let mut carry = 0_u16;
    let sum = second.iter().zip(GROUP_ORDER).map(|(a, b)| {
        let sum = u16::from(*a) + u16::from(b) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    });
    let sum: Vec<u8> = sum.collect();
    [first, &sum].concat()
}

fn key_and_signature(to: &mut Refused<'_>) {
    let federation = &to.world.federation;
    let body = || takedown_request();
    let draft = |name: &str| opening(federation, name, "north", "platform", body());
    let by = |name: &str, key: &ed25519_dalek::SigningKey| {
        draft(name).sign(key).expect("signs").bytes().to_vec()
    };
    let north = federation.member("north");
    let rows = [
        (
            "stranger",
            "A key that no roster lists.",
            by("stranger", &key("stranger", 1)),
        ),
        (
            "of-another-member",
            "South's key signs in the name of north.",
            by("of-another", to.world.key("south")),
        ),
        (
            "log-key",
            "The log key of the issuer signs a statement.",
            by("log-key", &north.log),
        ),
        (
            "witness-key",
            "The witness key of the issuer signs a statement.",
            by("witness-key", &north.witness),
        ),
        (
            "transport-key",
            "The transport key of the issuer signs a statement.",
            by("transport-key", &north.transport),
        ),
        (
            "governance-key",
            "A governance key signs a statement.",
            by("governance-key", &key("governance", 1)),
        ),
        ("no-member", "An issuer that never was a member.", {
            let issuer = crate::federation::member_id("nobody.example");
            let case = CaseId::derive(&issuer, &nonce("case no-member"));
            let draft = Draft {
                issuer,
                case,
                ..draft("no-member")
            };
            draft
                .sign(to.world.key("north"))
                .expect("signs")
                .bytes()
                .to_vec()
        }),
    ];
    for (name, shows, bytes) in rows {
        to.row(Check::Key, name, shows, &bytes);
    }
    let base = to.base.clone();
    let changed = base.content().with("to", "south.example");
    let other_header = Forge::of_bytes(
        &base.claim(6, Node::Uint(NOW_MS / 1000 + 1)),
        to.world.key("north"),
    );
    let rows = [
        (
            "payload-exchanged",
            "The payload was changed after it was signed.",
            base.outer(|object| object.payload = Node::Bytes(changed.encode())),
        ),
        (
            "header-exchanged",
            "The time was changed after it was signed.",
            base.outer(|object| object.protected = other_header.object.protected),
        ),
        (
            "bit",
            "One bit of the signature is another.",
            base.outer(|object| object.signature[0] ^= 1),
        ),
        (
            "zeros",
            "A signature of zeros.",
            base.outer(|object| object.signature = vec![0; 64]),
        ),
        (
            "other-scalar",
            "The same signature with the group's order added: only strict verification refuses it.",
            base.outer(|object| object.signature = malleable(&object.signature)),
        ),
        (
            "other-signer",
            "Another key has signed, with the kid of north's.",
            {
                let forge =
                    Forge::of_bytes(&base.payload(|payload| payload), to.world.key("south"));
                forge.payload(|payload| payload)
            },
        ),
        (
            "context",
            "Signed as by one of several signers of a COSE_Sign.",
            {
                let message = base.object.to_be_signed(base.object.payload.bytes());
                let (before, after) = (&message[..2], &message[12..]);
                let message = [&[before[0], 0x69], b"Signature".as_slice(), after].concat();
                base.outer(|object| object.signature = sign(to.world.key("north"), &message))
            },
        ),
    ];
    for (name, shows, bytes) in rows {
        to.row(Check::Signature, name, shows, &bytes);
    }
    let both = Forge::of_bytes(
        &base.body(|body| body.with("unknown", 1)),
        to.world.key("north"),
    );
    let bytes = both.outer(|object| object.signature[1] ^= 1);
    to.row(
        Check::Signature,
        "before-body",
        "A bad signature is found before a bad body.",
        &bytes,
    );
}

fn sign(key: &ed25519_dalek::SigningKey, message: &[u8]) -> Vec<u8> {
    use ed25519_dalek::Signer as _;
    key.sign(message).to_bytes().to_vec()
}

fn known(to: &mut Refused<'_>) {
    let bytes = to.world.base.bytes().to_vec();
    let recorded = |context: Context| Context {
        recorded: Some(true),
        ..context
    };
    to.row_in(
        Check::Known,
        recorded(platform()),
        "again",
        "The same bytes again: the answer is the receipt.",
        &bytes,
    );
    let context = recorded(at(NOW_MS + 60 * DAY_MS));
    to.row_in(
        Check::Known,
        context,
        "after-the-window",
        "A retry never fails: recognised before the time window.",
        &bytes,
    );
    let context = recorded(under("north-compromised"));
    to.row_in(
        Check::Known,
        context,
        "after-compromise",
        "Recognised also when its key is in force no more.",
        &bytes,
    );
}

fn payload(to: &mut Refused<'_>) {
    let base = to.base.clone();
    let content = base.content();
    let encoded = content.encode();
    let Node::Map(entries) = &content else { return };
    let map = |entries: Vec<(Node, Node)>| Node::Map(entries);
    let value = |key: &str| content.get(key).cloned().unwrap_or(NULL);
    let raw = |key: &str, bytes: Vec<u8>| content.clone().with(key, Node::Raw(bytes)).encode();
    let two = || vec![Node::Bytes(vec![2; 32]), Node::Bytes(vec![1; 32])];
    let ext = |names: [&str; 2]| {
        let one =
            |name: &str| Node::Array(vec![name.into(), false.into(), Node::Bytes(Vec::new())]);
        Node::Array(names.map(one).to_vec())
    };
    let handling = |key: &str, other: Node| {
        content
            .clone()
            .with("handling", value("handling").with(key, other))
            .encode()
    };
    let mut swapped = entries.clone();
    swapped.swap(0, 1);
    let mut doubled = entries.clone();
    doubled.insert(0, entries[0].clone());
    let rows: Vec<(&str, &str, Vec<u8>)> = vec![
        (
            "unknown-member",
            "A member that a payload does not have.",
            content.clone().with("unknown", 1).encode(),
        ),
        (
            "missing-member",
            "Without `fed`.",
            content.clone().without("fed").encode(),
        ),
        ("unsorted-keys", "`re` before `v`.", map(swapped).encode()),
        ("doubled-key", "`v` stands twice.", map(doubled).encode()),
        (
            "indefinite-map",
            "A map of indefinite length.",
            [vec![0xbf], content.content(), vec![0xff]].concat(),
        ),
        (
            "map-as-array",
            "The values in an array.",
            Node::Array(entries.iter().map(|(_, value)| value.clone()).collect()).encode(),
        ),
        (
            "null-for-absent",
            "`parent` is null in place of being left out.",
            content.clone().with("parent", NULL).encode(),
        ),
        (
            "longer-number",
            "The version takes two bytes.",
            raw("v", vec![0x18, 0x01]),
        ),
        (
            "float",
            "The version is a float.",
            raw("v", vec![0xf9, 0x3c, 0x00]),
        ),
        (
            "bignum",
            "The version is a bignum.",
            raw("v", vec![0xc2, 0x41, 0x01]),
        ),
        (
            "version-2",
            "Another version.",
            content.clone().with("v", 2).encode(),
        ),
        (
            "short-nonce",
            "A nonce of 15 bytes.",
            content
                .clone()
                .with("nonce", Node::Bytes(vec![1; 15]))
                .encode(),
        ),
        (
            "nonce-text",
            "A nonce that is a text.",
            content.clone().with("nonce", "0123456789abcdef").encode(),
        ),
        (
            "tag",
            "A tag around the nonce.",
            content
                .clone()
                .with("nonce", Node::Tag(37, Box::new(value("nonce"))))
                .encode(),
        ),
        (
            "body-map",
            "The body is a map, not a byte string.",
            content.clone().with("body", base.body_node()).encode(),
        ),
        (
            "heads-unsorted",
            "`re` is not sorted.",
            content.clone().with("re", two()).encode(),
        ),
        (
            "heads-doubled",
            "A head stands twice in `re`.",
            content
                .clone()
                .with("re", vec![two().remove(0), two().remove(0)])
                .encode(),
        ),
        (
            "ext-unsorted",
            "Extensions that are not sorted.",
            content.clone().with("ext", ext(["b", "a"])).encode(),
        ),
        (
            "ext-doubled",
            "An extension stands twice.",
            content.clone().with("ext", ext(["a", "a"])).encode(),
        ),
        (
            "to-capital",
            "The recipient has a capital letter.",
            content.clone().with("to", "Platform.example").encode(),
        ),
        (
            "to-two",
            "Two recipients.",
            content
                .clone()
                .with(
                    "to",
                    vec!["platform.example".into(), "south.example".into()],
                )
                .encode(),
        ),
        (
            "not-utf8",
            "A text that is not UTF-8.",
            raw("kind", vec![0x61, 0xff]),
        ),
        (
            "handling-choice",
            "A choice of `notify_uploader` that there is not.",
            handling("notify_uploader", "perhaps".into()),
        ),
        (
            "handling-two",
            "Two choices of `notify_uploader` at once.",
            handling(
                "notify_uploader",
                Node::Map(vec![
                    ("allowed".into(), NULL),
                    ("delay-until".into(), 1.into()),
                ]),
            ),
        ),
        (
            "language",
            "A language that is no tag of BCP 47.",
            handling("lang", "en_GB".into()),
        ),
        (
            "trailing-byte",
            "A byte follows.",
            [encoded.as_slice(), &[0]].concat(),
        ),
        ("empty", "No bytes.", Vec::new()),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(name, shows, payload)| (name, shows, base.payload_bytes(payload)))
        .collect();
    for (name, shows, bytes) in rows {
        to.row(Check::Payload, name, shows, &bytes);
    }
    let unknown = to.base.payload(|payload| payload.with("kind", "gossip"));
    to.row(
        Check::Kind,
        "gossip",
        "A kind that this version does not know.",
        &unknown,
    );
    let capital = to.base.payload(|payload| payload.with("kind", "Outcome"));
    to.row(
        Check::Kind,
        "capital",
        "Kinds are written in one way.",
        &capital,
    );
    let both = to.base.payload(|payload| {
        payload
            .with("kind", "")
            .with("body", Node::Bytes(vec![0xff]))
    });
    to.row(
        Check::Kind,
        "before-body",
        "An unknown kind is found before a bad body, which nobody could judge.",
        &both,
    );
}

fn body(to: &mut Refused<'_>) {
    let base = to.base.clone();
    let node = base.body_node();
    let item = |edit: &dyn Fn(Node) -> Node| base.body(|body| first_item(body, edit));
    let locator = |locator: (&str, Node)| {
        item(&|item| {
            item.with(
                "locator",
                Node::Map(vec![(locator.0.into(), locator.1.clone())]),
            )
        })
    };
    let answering = |body: Body| {
        let statement =
            to.world
                .federation
                .sign(reply(to.world, "answering", "platform", "north", body));
        Forge::of(&statement, to.world.key("platform"))
    };
    let answer = answering(bodies::answer(Answer::Refused));
    let outcome = answering(bodies::outcome(&[(1, 1, OutcomeAnswer::Declined, 0)]));
    let row = |n: usize, value: Node| {
        outcome.body(|body| {
            first_item(body, |row| {
                let mut row = row.items().to_vec();
                row[n] = value;
                row.into()
            })
        })
    };
    let one = node
        .get("items")
        .map(|items| items.items().to_vec())
        .unwrap_or_default()
        .remove(0);
    let second = one.clone().with("n", 2);
    let rows: Vec<(&str, &str, Vec<u8>)> = vec![
        (
            "of-another-kind",
            "The body of a request under the kind `hold`.",
            base.payload(|payload| payload.with("kind", "hold")),
        ),
        (
            "unknown-member",
            "A member that a request does not have.",
            base.body(|body| body.with("unknown", 1)),
        ),
        (
            "missing-member",
            "Without `basis`.",
            base.body(|body| body.without("basis")),
        ),
        (
            "null-for-absent",
            "`text` is null in place of being left out.",
            base.body(|body| body.with("text", NULL)),
        ),
        (
            "unknown-in-item",
            "A member that an item does not have.",
            item(&|item| item.with("unknown", 1)),
        ),
        (
            "longer-number",
            "The number of an item takes two bytes.",
            item(&|item| item.with("n", Node::Raw(vec![0x18, 0x01]))),
        ),
        (
            "items-unsorted",
            "Items 2 and 1.",
            base.body(|body| body.with("items", vec![second.clone(), one.clone()])),
        ),
        (
            "items-doubled",
            "Item 1 stands twice.",
            base.body(|body| body.with("items", vec![one.clone(), one.clone()])),
        ),
        (
            "unknown-locator",
            "A sort of locator that there is not.",
            locator(("link", "https://platform.example/".into())),
        ),
        (
            "two-locators",
            "Two locators for one item.",
            item(&|item| {
                item.with(
                    "locator",
                    Node::Map(vec![
                        ("url".into(), "a".into()),
                        ("onion".into(), "a".into()),
                    ]),
                )
            }),
        ),
        (
            "no-locator",
            "A choice of nothing.",
            item(&|item| item.with("locator", Node::Map(Vec::new()))),
        ),
        (
            "locator-line-feed",
            "A locator with a line feed.",
            locator(("url", "https://platform.example/\n".into())),
        ),
        (
            "ip-of-5-bytes",
            "An address of 5 bytes.",
            locator((
                "ip-port-time",
                vec![Node::Bytes(vec![192, 0, 2, 1, 1]), NULL, 0.into()].into(),
            )),
        ),
        (
            "control-character",
            "A text with a terminal escape.",
            base.body(|body| body.with("text", "a\u{1b}[31mb")),
        ),
        (
            "code-form",
            "A code with a capital letter.",
            base.body(|body| body.with("urgency", "Urgent")),
        ),
        (
            "trailing-byte",
            "A byte follows.",
            base.body_bytes([node.encode(), vec![0]].concat()),
        ),
        ("empty", "No bytes.", base.body_bytes(Vec::new())),
    ];
    let answers: Vec<(&str, &str, Vec<u8>)> = vec![
        (
            "unknown-answer",
            "An answer that the closed list does not have.",
            answer.body(|body| body.with("answer", "perhaps")),
        ),
        (
            "refused-without-code",
            "A refusal that does not say why.",
            answer.body(|body| body.without("code")),
        ),
        (
            "reinstated-without-reason",
            "`reinstated` without a reason.",
            {
                let changed =
                    Forge::of_bytes(&row(2, "reinstated".into()), to.world.key("platform"));
                changed.body(|body| {
                    first_item(body, |row| {
                        let mut row = row.items().to_vec();
                        row[4] = NULL;
                        row.into()
                    })
                })
            },
        ),
        (
            "short-row",
            "A row of an outcome without its last place.",
            outcome.body(|body| first_item(body, |row| row.items()[..6].to_vec().into())),
        ),
        (
            "unknown-outcome",
            "An outcome that the closed list does not have.",
            row(2, "ignored".into()),
        ),
    ];
    for (name, shows, bytes) in rows {
        to.row(Check::Body, name, shows, &bytes);
    }
    for (name, shows, bytes) in answers {
        to.row_in(
            Check::Body,
            knows("north", "north", "platform"),
            name,
            shows,
            &bytes,
        );
    }
}

fn limits_and_ext(to: &mut Refused<'_>) {
    let base = to.base.clone();
    let list =
        |length: u64, entry: &dyn Fn(u64) -> Node| Node::Array((0..length).map(entry).collect());
    let hash = |n: u64| Node::Bytes([vec![0; 24], n.to_be_bytes().to_vec()].concat());
    let item = |edit: &dyn Fn(Node) -> Node| base.body(|body| first_item(body, edit));
    let long = |length: usize| Node::Text("a".repeat(length));
    let extension = |name: String, critical: bool| {
        Node::Array(vec![
            Node::Text(name),
            critical.into(),
            Node::Bytes(vec![1]),
        ])
    };
    let plain = |n: u64| extension(format!("x{n:02}"), false);
    let rows: Vec<(&str, &str, Vec<u8>)> = vec![
        (
            "no-items",
            "A request for nothing.",
            base.body(|body| body.with("items", Vec::new())),
        ),
        (
            "129-items",
            "One item too many.",
            base.body(|body| {
                let one = body
                    .get("items")
                    .map(|items| items.items()[0].clone())
                    .unwrap_or(NULL);
                body.with("items", list(129, &|n| one.clone().with("n", n + 1)))
            }),
        ),
        (
            "item-0",
            "Items are numbered from 1.",
            item(&|item| item.with("n", 0)),
        ),
        (
            "item-1025",
            "A number over the limit.",
            item(&|item| item.with("n", 1025)),
        ),
        (
            "text-of-4001-bytes",
            "A text that is a byte too long; its letters are fewer.",
            base.body(|body| body.with("text", Node::Text("ä".repeat(2000) + "b"))),
        ),
        (
            "empty-text",
            "A text without a letter.",
            base.body(|body| body.with("text", "")),
        ),
        (
            "locator-of-4097-bytes",
            "A locator that is a byte too long.",
            item(&|item| item.with("locator", Node::Map(vec![("url".into(), long(4097))]))),
        ),
        (
            "code-of-65-bytes",
            "A code that is a byte too long.",
            base.body(|body| body.with("urgency", long(65))),
        ),
        (
            "year-10000",
            "A time after the year 9999.",
            base.body(|body| body.with("assessed_at", TIME_MS_MAX + 1)),
        ),
        (
            "port-65536",
            "A port that there is not.",
            item(&|item| {
                item.with(
                    "locator",
                    Node::Map(vec![(
                        "ip-port-time".into(),
                        vec![Node::Bytes(vec![192, 0, 2, 1]), 65_536.into(), 0.into()].into(),
                    )]),
                )
            }),
        ),
        (
            "65-heads",
            "One head too many.",
            base.payload(|payload| payload.with("re", list(65, &hash))),
        ),
        (
            "no-refs",
            "An empty list where the member should be left out.",
            base.payload(|payload| payload.with("refs", Vec::new())),
        ),
        (
            "17-evidence",
            "One object of evidence too many.",
            base.payload(|payload| payload.with("evidence", list(17, &hash))),
        ),
        (
            "17-extensions",
            "One extension too many.",
            base.payload(|payload| payload.with("ext", list(17, &plain))),
        ),
        (
            "before-ext",
            "Too many extensions, one of them critical: the limit is found first.",
            base.payload(|payload| {
                payload.with("ext", list(17, &|n| extension(format!("x{n:02}"), n == 3)))
            }),
        ),
    ];
    let critical =
        base.payload(|payload| payload.with("ext", vec![extension("geofence".into(), true)]));
    let second = base.payload(|payload| {
        payload.with(
            "ext",
            vec![extension("a".into(), false), extension("b".into(), true)],
        )
    });
    for (name, shows, bytes) in rows {
        to.row(Check::Limits, name, shows, &bytes);
    }
    to.row(
        Check::Ext,
        "critical",
        "A critical extension that is not known.",
        &critical,
    );
    to.row(
        Check::Ext,
        "second-critical",
        "The second of two extensions is critical.",
        &second,
    );
}

fn whom_it_is_for(to: &mut Refused<'_>) {
    let federation = &to.world.federation;
    let draft =
        |name: &str, from: &str, to: &str| opening(federation, name, from, to, takedown_request());
    let rows: Vec<(Check, Context, &str, &str, Draft)> = vec![
        (
            Check::Federation,
            platform(),
            "other",
            "Of another federation: no replay from a test federation.",
            Draft {
                fed: Hash::of(b"a test federation"),
                ..draft("other-fed", "north", "platform")
            },
        ),
        (
            Check::Recipient,
            platform(),
            "another",
            "It is for south, and the platform got it.",
            draft("to-south", "north", "south"),
        ),
        (
            Check::Recipient,
            Context {
                me: Some("north.example".into()),
                ..platform()
            },
            "issuer",
            "North sends it to itself.",
            draft("to-itself", "north", "north"),
        ),
        (
            Check::CaseId,
            platform(),
            "foreign",
            "The nonce of another's case: nobody can open a case in another's name.",
            {
                let draft = draft("foreign", "north", "platform");
                let south = &federation.member("south").id;
                Draft {
                    case: CaseId::derive(south, &nonce("case foreign")),
                    ..draft
                }
            },
        ),
        (
            Check::CaseId,
            platform(),
            "chosen",
            "A case id that follows from no nonce.",
            Draft {
                case: CaseId::new([7; 16]),
                ..draft("chosen", "north", "platform")
            },
        ),
        (
            Check::CaseId,
            platform(),
            "no-nonce",
            "It opens a case and carries no nonce.",
            Draft {
                case_nonce: None,
                ..draft("no-nonce", "north", "platform")
            },
        ),
        (
            Check::CaseId,
            knows("platform", "north", "platform"),
            "nonce-in-reply",
            "It opens no case and carries a nonce.",
            Draft {
                case_nonce: Some(nonce("nonce-in-reply")),
                ..reply(
                    to.world,
                    "nonce-in-reply",
                    "north",
                    "platform",
                    bodies::hold("court"),
                )
            },
        ),
        (
            Check::Time,
            at(NOW_MS + WINDOW_PAST_MS + 1000),
            "too-old",
            "A second older than the window.",
            draft("too-old", "north", "platform"),
        ),
        (
            Check::Time,
            at(NOW_MS - WINDOW_FUTURE_MS - 1000),
            "too-new",
            "A second newer than the window.",
            draft("too-new", "north", "platform"),
        ),
        (
            Check::Time,
            platform(),
            "year-1970",
            "Dated 1970.",
            Draft {
                issued_at_s: 0,
                ..draft("year-1970", "north", "platform")
            },
        ),
    ];
    for (check, context, name, shows, draft) in rows {
        to.signed(check, context, name, shows, draft);
    }
}

fn roster_and_matrix(to: &mut Refused<'_>) {
    let federation = &to.world.federation;
    let draft =
        |name: &str, from: &str, to: &str, body: Body| opening(federation, name, from, to, body);
    let request = |name: &str, from: &str| draft(name, from, "platform", takedown_request());
    let late = EXPIRES_MS + GRACE_MS;
    let before_keys = crate::federation::KEYS_FROM_MS - 1000;
    let rows: Vec<(Check, Context, &str, &str, Draft)> = vec![
        (
            Check::Roster,
            under("south-left"),
            "member-left",
            "South is no member any more.",
            request("member-left", "south"),
        ),
        (
            Check::Roster,
            under("north-superseded"),
            "superseded",
            "Dated after the end of its key.",
            request("superseded", "north"),
        ),
        (
            Check::Roster,
            under("north-compromised"),
            "compromised",
            "Its key is compromised.",
            request("compromised", "north"),
        ),
        (
            Check::Roster,
            Context {
                now_ms: Some(NOW_MS),
                ..under("north-compromised")
            },
            "compromised-backdated",
            "Dated before the theft: who has the key can claim any date.",
            Draft {
                issued_at_s: (NOW_MS - 3 * DAY_MS) / 1000,
                ..request("backdated", "north")
            },
        ),
        (
            Check::Roster,
            at(before_keys),
            "before-key",
            "Dated before the time of its key.",
            Draft {
                issued_at_s: before_keys / 1000,
                ..request("before-key", "north")
            },
        ),
        (
            Check::Roster,
            at(late),
            "past-grace",
            "Past grace, nothing new is asked for.",
            Draft {
                issued_at_s: late / 1000,
                ..request("past-grace", "north")
            },
        ),
        (
            Check::Matrix,
            Context {
                me: Some("north.example".into()),
                ..platform()
            },
            "platform-to-hotline",
            "A platform cannot send a request to a hotline.",
            draft("role-1", "platform", "north", takedown_request()),
        ),
        (
            Check::Matrix,
            platform(),
            "referral-to-platform",
            "A hotline cannot refer to a platform.",
            draft("role-2", "north", "platform", bodies::referral([1])),
        ),
        (
            Check::Matrix,
            knows("platform", "north", "platform"),
            "outcome-from-hotline",
            "No role of the issuer may send an outcome to a platform.",
            reply(
                to.world,
                "role-3",
                "north",
                "platform",
                bodies::outcome(&[(1, 1, OutcomeAnswer::Done, NOW_MS)]),
            ),
        ),
    ];
    for (check, context, name, shows, draft) in rows {
        to.signed(check, context, name, shows, draft);
    }
}

fn case_and_party(to: &mut Refused<'_>) {
    let federation = &to.world.federation;
    let referral = federation.sign(opening(
        federation,
        "a referral",
        "north",
        "south",
        bodies::referral([1]),
    ));
    let in_referral = |name: &str, from: &str, to: &str, body: Body| Draft {
        nonce: nonce(name),
        ..federation.reply(from, to, *referral.case(), [*referral.id()], body)
    };
    let outcome = || bodies::outcome(&[(1, 1, OutcomeAnswer::Done, NOW_MS)]);
    let another: StatementId = Hash::of(b"another statement");
    let rows: Vec<(Check, Context, &str, &str, Draft)> = vec![
        (
            Check::Case,
            platform(),
            "unknown",
            "The case is not known here: deliver the opening first.",
            reply(
                to.world,
                "unknown-case",
                "north",
                "platform",
                bodies::withdrawal(None),
            ),
        ),
        (
            Check::Party,
            knows("platform", "north", "platform"),
            "third-member",
            "South is no party of the case.",
            reply(
                to.world,
                "third",
                "south",
                "platform",
                bodies::withdrawal(None),
            ),
        ),
        (
            Check::Party,
            knows("south", "north", "south"),
            "wrong-side",
            "An outcome from who opened the case.",
            in_referral("wrong-side", "north", "south", outcome()),
        ),
        (
            Check::Party,
            knows("north", "north", "south"),
            "wrong-side-amendment",
            "An amendment from the recipient of the case.",
            in_referral("wrong-side-2", "south", "north", bodies::amendment(&[2])),
        ),
        (
            Check::Party,
            knows("platform", "north", "platform"),
            "dispute-of-third",
            "A third member disputes a statement of a case that is not its own.",
            reply(
                to.world,
                "third-dispute",
                "south",
                "platform",
                bodies::dispute(another),
            ),
        ),
    ];
    for (check, context, name, shows, draft) in rows {
        to.signed(check, context, name, shows, draft);
    }
}
