//! What a node of today and one of tomorrow make of each other. Each test has the sentence of the specification as its
//! name; what nobody here can write yet is signed by hand, with a member's own key.
//!
//! The node of tomorrow is this very engine, started by a program that acts on one critical extension. It signs with
//! code that is not written yet, so its statements are put into its journal, as that code would leave them.

use std::collections::{BTreeMap, BTreeSet};

use comity_engine::desk::{CaseShown, Event, ExtensionShown, NewRosters, Query, Shown, Work};
use comity_engine::frame::{Frame, Own};
use comity_engine::limits::EXTENSION_SHOWN_BYTES_MAX;
use comity_engine::ports::{Protocol, Store as _};
use comity_testkit::bodies::{self, code};
use comity_testkit::federation::{edit_member, public, takedown_request};
use comity_testkit::ports::World;
use comity_testkit::tree::{Node, Sign1};
use comity_trust::member::Member;
use comity_wire::body::Body;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, ExchangeResult, Offer};
use comity_wire::ext::{Extension, Known, NONE};
use comity_wire::ids::{CaseId, Hash, StatementId};
use comity_wire::parts::{Assessment, Handling, Item};
use comity_wire::registry::{Answer, Kind, OutcomeAnswer};
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::statement::{Draft, Statement};
use comity_wire::words::{Code, Country, ExtensionName, Reference, Sorted};

use crate::desk::{both_agree, on_platform, removed, request, signed, state};
use crate::peer::{self, frames, offer, offers, one, opening, outcome};

/// What tomorrow knows and today does not.
const KNOWN: Known = &["tomorrow.geofence"];

// ---- What tomorrow says

fn extension(name: &str, critical: bool, value: &[u8]) -> Node {
    let value = Node::Bytes(value.to_vec());
    Node::Array(vec![name.into(), critical.into(), value])
}

/// The statement with another payload, signed by its issuer.
fn restated(world: &World, statement: &Statement, edit: impl FnOnce(Node) -> Node) -> Vec<u8> {
    let object = Sign1::parse(statement.bytes()).unwrap();
    let payload = edit(Node::parse(object.payload.bytes()).unwrap());
    let payload = Node::Bytes(payload.encode());
    let key = &world
        .federation
        .member(statement.issuer().as_str())
        .statement;
    Sign1 { payload, ..object }.signed(key).encode()
}

/// The same, with another body.
fn with_body(world: &World, statement: &Statement, edit: impl FnOnce(Node) -> Node) -> Vec<u8> {
    restated(world, statement, |payload| {
        let body = Node::parse(payload.get("body").unwrap().bytes()).unwrap();
        payload.with("body", Node::Bytes(edit(body).encode()))
    })
}

fn critical(world: &World, statement: &Statement) -> Vec<u8> {
    let geofence = extension(KNOWN[0], true, b"SE NO");
    restated(world, statement, |payload| {
        payload.with("ext", vec![geofence])
    })
}

/// A takedown request of north's to the platform.
fn asks(world: &World) -> Statement {
    opening(world, "north", "platform", takedown_request())
}

fn raw(bytes: &[u8]) -> Offer {
    Offer(bytes.to_vec().into(), None, Vec::new())
}

/// What the platform answers north.
async fn says(world: &World, bytes: &[u8]) -> String {
    outcome(&offers(world, "north", "platform", vec![raw(bytes)]).await[0])
}

/// Stops a node, and leaves its journal as a version of tomorrow does that has signed this.
async fn signs_tomorrow(world: &mut World, name: &str, case: &CaseId, bytes: &[u8]) {
    world.stop(name).await.unwrap();
    let key = public(&world.federation.member(name).statement);
    let own = Own(
        bytes.to_vec().into(),
        key,
        Vec::new(),
        world.now(),
        None,
        None,
    );
    let frame = Frame::from(own);
    let mut store = world.node(name).disk.open();
    let scope = Some(*case.as_bytes());
    store.stage(frame.kind(), scope, &frame.encode()).unwrap();
    store.commit().unwrap();
}

async fn becomes(world: &mut World, name: &str, known: Known) {
    world.stop(name).await.unwrap();
    world.start_knowing(name, known).unwrap();
}

async fn shown(world: &World, name: &str, case: &CaseId) -> CaseShown {
    world.case(name, case).await.expect("the case is there")
}

fn event<'a>(case: &'a CaseShown, statement: &StatementId) -> &'a Event {
    let id = statement.to_string();
    let found = case.timeline.iter().find(|event| event.statement == id);
    found.expect("the statement is shown")
}

/// Whether a journal has these very bytes.
fn keeps(world: &World, name: &str, bytes: &[u8]) -> bool {
    let received = frames(world, name, 3).into_iter();
    received
        .map(|stored| Frame::decode(stored.kind, &stored.body))
        .any(|frame| matches!(frame, Ok(Frame::Received(frame)) if *frame.0 == *bytes))
}

// ---- Extensions of a statement

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_optional_extension_that_is_not_known_is_kept_as_it_came_and_shown_and_changes_nothing()
{
    let mut world = World::of(&["north", "platform"]);
    let long = "é".repeat(EXTENSION_SHOWN_BYTES_MAX);
    let values: [(&str, &[u8]); 5] = [
        ("a", b""),
        ("b.tomorrow", b"seen by two"),
        ("c", &[0, 0xff]),
        ("d", long.as_bytes()),
        ("e", "turned \u{202e}round".as_bytes()),
    ];
    let draft = Draft {
        ext: Some(Sorted::new(values.map(|(name, value)| {
            let name = ExtensionName::new(name).unwrap();
            Extension(name, false, value.to_vec().into())
        }))),
        ..world
            .federation
            .draft("north", "platform", takedown_request())
    };
    let statement = world.federation.sign(draft);
    let case = *statement.case();
    signs_tomorrow(&mut world, "north", &case, statement.bytes()).await;
    world.start("north").unwrap();
    world.rest(&["north"]).await;

    assert!(keeps(&world, "platform", statement.bytes()));
    for (name, standing) in [("north", "delivered"), ("platform", "received")] {
        let shown = shown(&world, name, &case).await;
        let event = event(&shown, statement.id());
        assert_eq!(event.standing, standing, "{name}");
        let row = |name: &str, bytes, text: Option<&str>, hex: Option<&str>| ExtensionShown {
            name: name.to_owned(),
            critical: false,
            bytes,
            text: text.map(str::to_owned),
            hex: hex.map(str::to_owned),
            shortened: bytes > 256,
        };
        let turned = "7475726e656420e280ae726f756e64";
        let expected = [
            row("a", 0, Some(""), None),
            row("b.tomorrow", 11, Some("seen by two"), None),
            row("c", 2, None, Some("00ff")),
            row("d", 512, Some(&"é".repeat(128)), None),
            row("e", 15, None, Some(turned)),
        ];
        assert_eq!(event.extensions, expected, "{name}");
    }

    // Today answers tomorrow, and both make the same of the case.
    signed(world.work("platform", removed(&case, 1)).await);
    world.rest(&["platform"]).await;
    assert_eq!(state(&world, "north", &case).await, ("done".to_owned(), 1));
    both_agree(&world, "north", "platform", &case).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_critical_extension_that_is_not_known_is_refused_for_good_and_nothing_beside_it_is() {
    let world = World::of(&["platform"]);
    let (before, refused, after) = (asks(&world), asks(&world), asks(&world));
    let bytes = critical(&world, &refused);
    let batch = vec![offer(&before), raw(&bytes), offer(&after)];
    let first = offers(&world, "north", "platform", batch.clone()).await;
    assert!(matches!(first[0], ExchangeResult::Registered(_)));
    assert_eq!(outcome(&first[1]), "refused unknown-critical");
    assert!(matches!(first[2], ExchangeResult::Registered(_)));
    assert_eq!(world.codes("platform", "refused"), ["unknown-critical"]);

    let again = offers(&world, "north", "platform", batch).await;
    assert_eq!(again[1], first[1], "it is repeated as it was signed");
    assert_eq!(world.count("platform", "refused"), 1, "and recorded once");
    assert!(world.case("platform", refused.case()).await.is_none());

    // The same case again, without the extension, or with one that may be passed over.
    let optional = extension(KNOWN[0], false, b"SE NO");
    let softer = restated(&world, &refused, |payload| {
        payload.with("ext", vec![optional])
    });
    assert!(says(&world, &softer).await.starts_with("registered"));
    assert!(
        says(&world, refused.bytes())
            .await
            .starts_with("registered")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sender_of_what_was_refused_is_told_why_and_whose_move_it_is_and_says_it_again() {
    let mut world = World::of(&["north", "platform"]);
    let statement = asks(&world);
    let bytes = critical(&world, &statement);
    let (case, id) = (*statement.case(), Hash::of(&bytes));
    signs_tomorrow(&mut world, "north", &case, &bytes).await;
    world.start_knowing("north", KNOWN).unwrap();
    world.rest(&["north"]).await;
    assert_eq!(world.codes("north", "refused"), ["unknown-critical"]);
    let shown_case = shown(&world, "north", &case).await;
    let event = event(&shown_case, &id);
    assert_eq!(event.standing, "refused");
    assert_eq!(
        event.receipt.as_deref(),
        Some(
            "platform.example refused to register it, and signed that: unknown-critical. The sender leaves the extension out or marks it as not critical."
        )
    );
    assert!(event.extensions[0].critical);
    assert_eq!(event.extensions[0].text.as_deref(), Some("SE NO"));

    // Nothing else waits for it: a new case without the extension goes through at once.
    let (second, _) = request(&world, "north", &on_platform(2)).await;
    world.rest(&["north"]).await;
    both_agree(&world, "north", "platform", &second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knows_a_critical_extension_takes_it_and_keeps_its_word_about_what_it_had_refused() {
    let mut world = World::of(&["platform"]);
    let old = critical(&world, &asks(&world));
    let refusal = offers(&world, "north", "platform", vec![raw(&old)]).await;
    assert_eq!(outcome(&refusal[0]), "refused unknown-critical");

    becomes(&mut world, "platform", KNOWN).await;
    let again = offers(&world, "north", "platform", vec![raw(&old)]).await;
    assert_eq!(again, refusal, "a final refusal stays");
    let statement = asks(&world);
    let new = critical(&world, &statement);
    assert!(says(&world, &new).await.starts_with("registered"));
    let ordinary = asks(&world);
    assert!(
        one(&world, "north", "platform", &ordinary)
            .await
            .starts_with("registered")
    );
    let another = restated(&world, &asks(&world), |payload| {
        payload.with("ext", vec![extension("tomorrow.else", true, b"")])
    });
    assert_eq!(says(&world, &another).await, "refused unknown-critical");

    // It is read again from the journal, with views and without.
    world.stop("platform").await.unwrap();
    world.node("platform").views.lose();
    world.start("platform").unwrap();
    let case = shown(&world, "platform", statement.case()).await;
    assert!(event(&case, &Hash::of(&new)).extensions[0].critical);

    // An older version must not act on half of it: it says so and does not start.
    world.stop("platform").await.unwrap();
    world.node("platform").views.lose();
    let fault = world.start_knowing("platform", NONE).unwrap_err();
    assert_eq!(fault.code, "extension-not-known");
    world.start_knowing("platform", KNOWN).unwrap();
    assert!(says(&world, &new).await.starts_with("registered"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_with_an_extension_travels_as_evidence_as_it_was_signed() {
    let world = World::of(&["south", "platform"]);
    let extended = restated(&world, &asks(&world), |payload| {
        payload.with("ext", vec![extension("tomorrow.note", true, b"x")])
    });
    let mut draft = world
        .federation
        .draft("north", "south", bodies::referral([1]));
    draft.evidence = Some(Sorted::new([Hash::of(&extended)]));
    let statement = world.federation.sign(draft);
    let beside = Offer(
        statement.bytes().to_vec().into(),
        None,
        vec![extended.clone().into()],
    );
    let results = offers(&world, "north", "south", vec![beside]).await;
    assert!(
        outcome(&results[0]).starts_with("registered"),
        "evidence is never a reason to refuse"
    );
    let kept = frames(&world, "south", 3).pop().unwrap();
    let Ok(Frame::Received(frame)) = Frame::decode(kept.kind, &kept.body) else {
        panic!("no statement")
    };
    assert_eq!(frame.2, [extended]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extensions_that_are_too_many_or_too_long_or_out_of_order_are_refused() {
    let world = World::of(&["platform"]);
    let check = async |extensions: Vec<Node>, expected: &str| {
        let bytes = restated(&world, &asks(&world), |payload| {
            payload.with("ext", extensions)
        });
        let said = says(&world, &bytes).await;
        assert!(said.starts_with(expected), "{said}, not {expected}");
    };
    let many = |count: usize| -> Vec<Node> {
        let names = (0..count).map(|n| format!("x{n:02}"));
        names.map(|name| extension(&name, false, b"")).collect()
    };
    let named = |name: &str| extension(name, false, b"");
    check(many(16), "registered").await;
    check(many(17), "refused over-limit").await;
    check(Vec::new(), "refused over-limit").await;
    check(vec![extension("a", false, &[7; 4096])], "registered").await;
    check(
        vec![extension("a", false, &[7; 4097])],
        "refused over-limit",
    )
    .await;
    check(vec![named("b"), named("a")], "refused bad-payload").await;
    check(vec![named("a"), named("a")], "refused bad-payload").await;
    check(vec![named("Upper")], "refused bad-payload").await;
    check(vec![named("")], "refused bad-payload").await;
    let short = Node::Array(vec!["a".into(), false.into()]);
    check(vec![short], "refused bad-payload").await;
    let number = Node::Array(vec!["a".into(), 1.into(), Node::Bytes(Vec::new())]);
    check(vec![number], "refused bad-payload").await;
    // Limits come before extensions in the order of checks.
    let too_long = vec![extension("a", true, &[7; 4097])];
    check(too_long, "refused over-limit").await;
}

// ---- Everything else that a newer version could say in a statement

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_known_outside_an_extension_is_refused_and_never_passed_over() {
    let world = World::of(&["platform"]);
    let check = async |bytes: Vec<u8>, expected: &str| {
        let records = world.count("platform", "refused");
        assert_eq!(says(&world, &bytes).await, expected);
        let is_recorded = expected.starts_with("refused");
        let now = records + usize::from(is_recorded);
        assert_eq!(world.count("platform", "refused"), now, "{expected}");
    };
    let payload = |edit: fn(Node) -> Node| restated(&world, &asks(&world), edit);
    let body = |edit: fn(Node) -> Node| with_body(&world, &asks(&world), edit);

    let kind = payload(|payload| payload.with("kind", "warning-notice"));
    check(kind, "refused unknown-kind").await;
    let field = payload(|payload| payload.with("priority", 1));
    check(field, "refused bad-payload").await;
    let version = payload(|payload| payload.with("v", 2));
    check(version, "refused bad-payload").await;
    // A newer version of a new kind: the first check that fails is the answer.
    let both = payload(|payload| payload.with("v", 2).with("kind", "warning-notice"));
    check(both, "refused bad-payload").await;
    let unknown_first = payload(|payload| {
        let geofence = extension("tomorrow.geofence", true, b"");
        payload
            .with("kind", "warning-notice")
            .with("ext", vec![geofence])
    });
    check(unknown_first, "refused unknown-kind").await;

    let field = body(|body| body.with("priority", 1));
    check(field, "refused bad-body").await;
    // A body has no extensions of its own.
    let ext = body(|body| body.with("ext", vec![extension("a", false, b"")]));
    check(ext, "refused bad-body").await;
    let part = body(|body| {
        let item = body.get("items").unwrap().items()[0].clone();
        body.with("items", vec![item.with("note", "x")])
    });
    check(part, "refused bad-body").await;
    let sort = body(|body| {
        let item = body.get("items").unwrap().items()[0].clone();
        let locator = Node::Map(vec![("magnet".into(), "x".into())]);
        body.with("items", vec![item.with("locator", locator)])
    });
    check(sort, "refused bad-body").await;
    let handling = payload(|payload| {
        let handling = payload.get("handling").unwrap().clone();
        payload.with("handling", handling.with("copies", 1))
    });
    check(handling, "refused bad-payload").await;

    // The header says what the object is: nobody can be held to another.
    let object = Sign1::parse(asks(&world).bytes()).unwrap();
    let header = |edit: fn(&mut Vec<(Node, Node)>)| {
        let Some(Node::Map(mut entries)) = Node::parse(&object.protected) else {
            panic!("a header is a map")
        };
        edit(&mut entries);
        let protected = Node::Map(entries).encode();
        let object = Sign1 {
            protected,
            ..object.clone()
        };
        let key = &world.federation.member("north").statement;
        object.signed(key).encode()
    };
    let content_type = header(|entries| {
        entries[1].1 = "application/comity-warning+cbor".into();
    });
    check(content_type, "turned bad-header").await;
    let algorithm = header(|entries| entries[0].1 = Node::Nint(18));
    check(algorithm, "turned bad-header").await;
    let label = header(|entries| entries.push((Node::Uint(16), "typ".into())));
    check(label, "turned bad-header").await;
    assert_eq!(world.count("platform", "received"), 0);
}

// ---- Registries

/// Where a value of an open registry is said.
enum Said {
    Opening(fn(Code) -> Body),
    Handling(fn(&mut Handling, Code)),
    /// In the case that north has opened, by whom.
    Within(&'static str, fn(Code, StatementId) -> Body),
    Member(fn(&mut Member, Code)),
    /// In no statement and no roster: the name of the test that is about it.
    Elsewhere(&'static str),
    /// Whoever writes them sends them to nobody.
    Nowhere,
}

/// Where the tests are that a row names.
const TESTS: [&str; 6] = [
    include_str!("extensions.rs"),
    include_str!("findings.rs"),
    include_str!("refusals.rs"),
    include_str!("../../../comity-audit/tests/audit/verifying.rs"),
    include_str!("../../../comity-net/src/tests/talk.rs"),
    include_str!("witness.rs"),
];

/// What people are shown of an assessment.
const ASSESSED: [&str; 9] = [
    "age",
    "baseline",
    "confidence",
    "context",
    "depiction",
    "gender",
    "scheme",
    "severity",
    "standing",
];

/// Each open registry, and whether the value is in what people are shown of the case.
fn open_registries() -> BTreeMap<&'static str, (Said, bool)> {
    use Said::{Elsewhere, Handling, Member, Nowhere, Opening, Within};
    BTreeMap::from([
        (
            "age",
            (Opening(|new| assessed(|row| row.age = Some(new))), false),
        ),
        (
            "answer-code",
            (
                Within("platform", |new, _| answer(|body| body.code = Some(new))),
                true,
            ),
        ),
        (
            "audience",
            (Handling(|handling, new| handling.audience = new), false),
        ),
        (
            "audit-code",
            (
                Elsewhere("a_code_of_an_audit_that_is_not_known_is_a_finding"),
                false,
            ),
        ),
        (
            "baseline",
            (Opening(|new| assessed(|row| row.baseline = new)), false),
        ),
        (
            "by",
            (
                Within("platform", |new, _| answer(|body| body.by = new)),
                true,
            ),
        ),
        (
            "capacity",
            (Opening(|new| asked(|body| body.capacity = new)), true),
        ),
        (
            "clearance",
            (Opening(|new| referred(|body| body.clearance = new)), false),
        ),
        (
            "confidence",
            (Opening(|new| assessed(|row| row.confidence = new)), false),
        ),
        (
            "content-type",
            (
                Elsewhere(
                    "what_is_not_known_outside_an_extension_is_refused_and_never_passed_over",
                ),
                false,
            ),
        ),
        (
            "context",
            (
                Opening(|new| assessed(|row| row.context = vec![new])),
                false,
            ),
        ),
        (
            "depiction",
            (Opening(|new| assessed(|row| row.depiction = new)), false),
        ),
        (
            "direction",
            (
                Elsewhere("a_record_with_values_and_optional_extensions_of_tomorrow_is_read"),
                false,
            ),
        ),
        (
            "dispute-code",
            (
                Within("platform", |new, of| disputed(of, |body| body.code = new)),
                true,
            ),
        ),
        (
            "erasure-ground",
            (Within("platform", |new, _| erased(new)), true),
        ),
        (
            "exchange-code",
            (
                Elsewhere("a_transient_refusal_is_retried_until_it_is_none"),
                false,
            ),
        ),
        ("delivery-code", (Nowhere, false)),
        (
            "finding",
            (
                Elsewhere("a_finding_of_tomorrow_is_noted_and_shown_as_it_is"),
                false,
            ),
        ),
        (
            "finding-reply",
            (
                Elsewhere("a_reply_of_tomorrow_is_noted_and_shown_as_it_is"),
                false,
            ),
        ),
        (
            "gender",
            (Opening(|new| assessed(|row| row.gender = Some(new))), false),
        ),
        (
            "hold-authority",
            (
                Within("platform", |new, _| bodies::hold(new.as_str())),
                true,
            ),
        ),
        (
            "hold-result",
            (
                Within("platform", |new, _| held(|body| body.result = Some(new))),
                false,
            ),
        ),
        (
            "hosting-role",
            (Opening(|new| hosted(|body| body.role = new)), false),
        ),
        (
            "information-ask",
            (Within("platform", |new, _| questioned(new)), true),
        ),
        (
            "measure-action",
            (Opening(|new| asked(|body| body.asked[0].1 = new)), false),
        ),
        (
            "measure-target",
            (
                Within("platform", |new, _| done(|row| row.3[0].target = new)),
                true,
            ),
        ),
        (
            "nature",
            (
                Opening(|new| asked(|body| body.basis[0].nature = new)),
                false,
            ),
        ),
        (
            "observation-method",
            (Within("north", |new, _| seen(new)), false),
        ),
        (
            "protocol",
            (
                Elsewhere("a_peer_without_the_protocol_is_told_apart"),
                false,
            ),
        ),
        (
            "reason",
            (
                Within("platform", |new, _| done(|row| row.4 = Some(new))),
                false,
            ),
        ),
        (
            "record-kind",
            (
                Elsewhere("a_record_with_values_and_optional_extensions_of_tomorrow_is_read"),
                false,
            ),
        ),
        (
            "referral-reason",
            (Opening(|new| referred(|body| body.reason = new)), true),
        ),
        (
            "requester-capacity",
            (
                Opening(|new| asked(|body| body.requester.capacity = new)),
                false,
            ),
        ),
        (
            "resolution-result",
            (
                Within("north", |new, of| bodies::resolution(of, new.as_str())),
                true,
            ),
        ),
        (
            "role",
            (Member(|member, new| add(&mut member.roles, new)), false),
        ),
        (
            "same-image",
            (Opening(|new| assessed(|row| row.same_image = new)), false),
        ),
        (
            "scheme",
            (Opening(|new| assessed(|row| row.scheme = new)), false),
        ),
        (
            "scope",
            (Opening(|new| item(|item| item.scope = new)), false),
        ),
        (
            "sensitive",
            (Handling(|handling, new| handling.sensitive = new), false),
        ),
        (
            "severity",
            (
                Opening(|new| assessed(|row| row.severity = Some(new))),
                false,
            ),
        ),
        (
            "standing",
            (
                Opening(|new| assessed(|row| row.standing = Sorted::new([(country(), new)]))),
                false,
            ),
        ),
        (
            "transfer-reason",
            (Opening(|new| moved(|body| body.reason = new)), true),
        ),
        (
            "trusted-flagger-state",
            (
                Member(|member, new| {
                    member.trusted_flagger = Some(vec![(code("eu-dsa"), 1, None, new)])
                }),
                false,
            ),
        ),
        (
            "unit",
            (Opening(|new| assessed(|row| row.unit = new)), false),
        ),
        (
            "urgency",
            (Opening(|new| asked(|body| body.urgency = new)), true),
        ),
        (
            "withdrawal-code",
            (Within("north", |new, _| withdrawn(new)), true),
        ),
        (
            "witness-code",
            (
                Elsewhere("a_witness_that_refuses_with_a_code_that_is_not_known_is_missing"),
                false,
            ),
        ),
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_of_an_open_registry_that_is_not_known_is_kept_as_text_and_shown_as_it_is() {
    const NEW: &str = "a-value-of-tomorrow";
    let rows = open_registries();
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../protocol-spec/registries"
    );
    let registries = comity_spec::registry::read_all(folder.as_ref()).unwrap();
    let open: BTreeSet<&str> = registries
        .iter()
        .filter(|registry| !registry.closed && registry.name != "limit")
        .map(|registry| registry.name.as_str())
        .collect();
    let rowed: BTreeSet<&str> = rows.keys().copied().collect();
    assert_eq!(
        rowed, open,
        "every open registry has a row above, and no other"
    );

    let mut world = World::of(&["north", "south", "platform"]);
    for (n, (registry, (said, is_shown))) in (1..).zip(rows) {
        let new = code(NEW);
        let (reader, statement) = match said {
            Said::Opening(body) => {
                let body = body(new);
                let reader = match body.kind() {
                    Kind::Referral => "south",
                    _ => "platform",
                };
                (reader, opening(&world, "north", reader, body))
            }
            Said::Handling(edit) => {
                let mut draft = world
                    .federation
                    .draft("north", "platform", takedown_request());
                edit(&mut draft.handling, new);
                ("platform", world.federation.sign(draft))
            }
            Said::Within(writer, body) => {
                let (case, first) = request(&world, "north", &on_platform(n)).await;
                world.rest(&["north"]).await;
                let of = match registry {
                    "resolution-result" => contested(&mut world, case, first).await,
                    _ => first,
                };
                let reader = if writer == "north" {
                    "platform"
                } else {
                    "north"
                };
                let body = body(new, of);
                let said = peer::within(&world, writer, reader, &case, &[of], body);
                (reader, said)
            }
            Said::Member(edit) => {
                is_listed(&world, registry, |member| edit(member, new.clone()));
                continue;
            }
            Said::Elsewhere(test) => {
                let name = format!("fn {test}()");
                assert!(TESTS.iter().any(|source| source.contains(&name)), "{test}");
                continue;
            }
            Said::Nowhere => continue,
        };
        let writer = statement.issuer().as_str();
        let answered = one(&world, writer, reader, &statement).await;
        assert!(answered.starts_with("registered"), "{registry}: {answered}");
        let kept = world.statement(reader, statement.id()).unwrap();
        let text = format!("{:?} {:?}", kept.payload().handling, kept.body());
        assert!(text.contains(NEW), "{registry}: {text}");
        let case = shown(&world, reader, statement.case()).await;
        let event = event(&case, statement.id());
        assert_eq!(event.standing, "received", "{registry}");
        assert_eq!(event.words.contains(NEW), is_shown, "{registry}: {event:?}");
        if ASSESSED.contains(&registry) {
            let found = format!("{:?}", case.items);
            assert!(found.contains(NEW), "{registry}: {found}");
        }
    }
}

/// The platform contests the opening statement; north has a receipt for it.
async fn contested(world: &mut World, case: CaseId, first: StatementId) -> StatementId {
    let body = bodies::dispute(first);
    let dispute = peer::within(world, "platform", "north", &case, &[first], body);
    signs_tomorrow(world, "platform", &case, dispute.bytes()).await;
    world.start("platform").unwrap();
    world.rest(&["platform"]).await;
    *dispute.id()
}

fn is_listed(world: &World, registry: &str, edit: impl Fn(&mut Member)) {
    let mut listed = None;
    let next = world.federation.next_roster(|roster| {
        edit_member(roster, "north", |member| {
            edit(member);
            listed = Some(member.clone());
        });
    });
    let bytes = world.federation.sign_roster(&next).encode();
    let mut history = world.federation.history().clone();
    history.add_roster(&bytes, world.now()).unwrap();
    let north = world.id("north");
    assert_eq!(history.member(&north), listed.as_ref(), "{registry}");
}

fn country() -> Country {
    Country::new("SE").unwrap()
}

fn asked(edit: impl FnOnce(&mut comity_wire::body::TakedownRequest)) -> Body {
    let Body::TakedownRequest(mut body) = takedown_request() else {
        panic!("another kind")
    };
    edit(&mut body);
    Body::TakedownRequest(body)
}

fn referred(edit: impl FnOnce(&mut comity_wire::body::Referral)) -> Body {
    let Body::Referral(mut body) = bodies::referral([1]) else {
        panic!("another kind")
    };
    edit(&mut body);
    Body::Referral(body)
}

fn moved(edit: impl FnOnce(&mut comity_wire::body::Transfer)) -> Body {
    let Body::Transfer(mut body) = bodies::transfer([1]) else {
        panic!("another kind")
    };
    edit(&mut body);
    Body::Transfer(body)
}

fn item(edit: impl FnOnce(&mut Item)) -> Body {
    asked(|body| {
        let mut one = body.items[0].clone();
        edit(&mut one);
        body.items = Sorted::new([one]);
    })
}

fn hosted(edit: impl FnOnce(&mut comity_wire::parts::Hosting)) -> Body {
    item(|item| {
        let (_, mut hosting) = bodies::fact(1);
        edit(&mut hosting);
        item.hosting.push(hosting);
    })
}

fn assessed(edit: impl FnOnce(&mut Assessment)) -> Body {
    item(|item| {
        let mut row = Assessment {
            at: 900,
            age: None,
            code: Reference::new("1").unwrap(),
            unit: code("file"),
            gender: None,
            scheme: code("iccam"),
            context: Vec::new(),
            assessor: comity_wire::ids::MemberId::new("north.example").unwrap(),
            baseline: code("yes"),
            severity: None,
            standing: Sorted::default(),
            depiction: code("photographic"),
            reviewers: 1,
            confidence: code("high"),
            same_image: code("unknown"),
            scheme_version: Reference::new("2").unwrap(),
        };
        edit(&mut row);
        item.assessments.push(row);
    })
}

fn answer(edit: impl FnOnce(&mut comity_wire::body::Acknowledgement)) -> Body {
    let Body::Acknowledgement(mut body) = bodies::answer(Answer::NeedsInformation) else {
        panic!("another kind")
    };
    edit(&mut body);
    Body::Acknowledgement(body)
}

fn disputed(of: StatementId, edit: impl FnOnce(&mut comity_wire::body::Dispute)) -> Body {
    let Body::Dispute(mut body) = bodies::dispute(of) else {
        panic!("another kind")
    };
    edit(&mut body);
    Body::Dispute(body)
}

fn held(edit: impl FnOnce(&mut comity_wire::body::Hold)) -> Body {
    let Body::Hold(mut body) = bodies::hold("court") else {
        panic!("another kind")
    };
    edit(&mut body);
    Body::Hold(body)
}

fn erased(ground: Code) -> Body {
    let Body::ErasureNotice(body) = bodies::erasure(None) else {
        panic!("another kind")
    };
    Body::ErasureNotice(comity_wire::body::ErasureNotice { ground, ..body })
}

fn questioned(ask: Code) -> Body {
    let Body::InformationRequest(mut body) = bodies::question(None) else {
        panic!("another kind")
    };
    body.asks = vec![ask];
    Body::InformationRequest(body)
}

fn done(edit: impl FnOnce(&mut comity_wire::body::OutcomeItem)) -> Body {
    let Body::Outcome(mut body) = bodies::outcome(&[(1, 1, OutcomeAnswer::Done, 900)]) else {
        panic!("another kind")
    };
    let mut row = body.items[0].clone();
    edit(&mut row);
    body.items = Sorted::new([row]);
    Body::Outcome(body)
}

fn seen(method: Code) -> Body {
    let result = comity_wire::registry::ObservationResult::Offline;
    let Body::Observation(mut body) = bodies::observation(&[(1, 1, result, 900)]) else {
        panic!("another kind")
    };
    let mut row = body.items[0].clone();
    row.3 = method;
    body.items = Sorted::new([row]);
    Body::Observation(body)
}

fn withdrawn(code: Code) -> Body {
    let Body::Withdrawal(body) = bodies::withdrawal(None) else {
        panic!("another kind")
    };
    Body::Withdrawal(comity_wire::body::Withdrawal { code, ..body })
}

fn add(roles: &mut Sorted<Code>, role: Code) {
    *roles = Sorted::new(roles.iter().cloned().chain([role]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_of_a_closed_registry_that_is_not_known_is_refused() {
    let world = World::of(&["platform"]);
    let opening = asks(&world);
    assert!(
        one(&world, "north", "platform", &opening)
            .await
            .starts_with("registered")
    );
    let within = |body| {
        let case = opening.case();
        peer::within(&world, "north", "platform", case, &[*opening.id()], body)
    };
    let result = comity_wire::registry::ObservationResult::Offline;
    let (answered, outcome) = (
        within(bodies::answer(Answer::Accepted)),
        within(bodies::outcome(&[(1, 1, OutcomeAnswer::Done, 900)])),
    );
    let (withdrawal, observation) = (
        within(bodies::withdrawal(None)),
        within(bodies::observation(&[(1, 1, result, 900)])),
    );
    fn new() -> Node {
        Node::from("a-value-of-tomorrow")
    }
    let in_row = |place: usize| {
        move |body: Node| {
            let mut row = body.get("items").unwrap().items()[0].items().to_vec();
            row[place] = new();
            body.with("items", vec![Node::Array(row)])
        }
    };
    type Edit = Box<dyn Fn(Node) -> Node>;
    // Where each closed registry that a statement or a roster carries stands; the others are lists of codes that an
    // answer carries as text.
    let rows: [(&str, &Statement, Edit); 5] = [
        (
            "answer",
            &answered,
            Box::new(|body| body.with("answer", new())),
        ),
        (
            "basis",
            &withdrawal,
            Box::new(|body| body.with("basis", new())),
        ),
        (
            "complete",
            &outcome,
            Box::new(|body| body.with("complete", new())),
        ),
        ("observation-result", &observation, Box::new(in_row(2))),
        ("outcome-answer", &outcome, Box::new(in_row(2))),
    ];
    for (registry, statement, edit) in &rows {
        let bytes = with_body(&world, statement, edit);
        assert_eq!(says(&world, &bytes).await, "refused bad-body", "{registry}");
    }
    let kind = restated(&world, &opening, |payload| payload.with("kind", new()));
    assert_eq!(says(&world, &kind).await, "refused unknown-kind");

    let roster = world.federation.next_roster(|_| ());
    let signed = changed_roster(&world, &roster, |member| {
        let keys = member.get("keys").unwrap().items().to_vec();
        let mut keys = keys.into_iter();
        let first = keys.next().unwrap().with("purpose", new());
        let keys: Vec<Node> = [first].into_iter().chain(keys).collect();
        member.with("keys", keys)
    });
    let mut history = world.federation.history().clone();
    let refused = history.add_roster(&signed, world.now()).unwrap_err();
    assert_eq!(refused.code(), "bad-payload", "key-purpose");

    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../protocol-spec/registries"
    );
    let registries = comity_spec::registry::read_all(folder.as_ref()).unwrap();
    let carried_as_text = [
        "chain-code",
        "check",
        "log-code",
        "object-code",
        "transition",
    ];
    let closed: BTreeSet<&str> = registries
        .iter()
        .filter(|registry| registry.closed)
        .map(|registry| registry.name.as_str())
        .collect();
    let here = rows.iter().map(|row| row.0).chain(["kind", "key-purpose"]);
    assert_eq!(here.chain(carried_as_text).collect::<BTreeSet<_>>(), closed);
}

/// A signed roster whose first member was changed.
fn changed_roster(
    world: &World,
    roster: &comity_trust::roster::Roster,
    edit: impl FnOnce(Node) -> Node,
) -> Vec<u8> {
    let payload = Node::parse(&comity_wire::cbor::encode(roster)).unwrap();
    let mut members = payload.get("members").unwrap().items().to_vec();
    members[0] = edit(members[0].clone());
    let payload = payload.with("members", members).encode();
    let unsigned = comity_trust::signed::SignedPayload::unsigned(payload);
    let keys = world.federation.governance().iter().take(2);
    let content_type = comity_wire::registry::content_type::ROSTER;
    keys.fold(unsigned, |signed, key| signed.signed_by(content_type, key))
        .encode()
}

// ---- Rosters and charters

fn take(charters: Vec<Vec<u8>>, rosters: Vec<Vec<u8>>) -> Work {
    Work::Rosters(NewRosters { charters, rosters })
}

async fn version(world: &World, name: &str) -> u64 {
    match world.query(name, Query::Members).await {
        Ok(Shown::Members(members)) => members.roster.version,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roster_with_an_unknown_critical_extension_of_a_member_is_refused_whole_and_the_last_one_stays()
 {
    let world = World::of(&["north", "platform"]);
    let roster = world.federation.next_roster(|_| ());
    let with = |critical| {
        changed_roster(&world, &roster, |member| {
            member.with("ext", vec![extension("tomorrow.shifts", critical, b"3")])
        })
    };
    let refused = world
        .work("platform", take(Vec::new(), vec![with(true)]))
        .await
        .unwrap_err();
    assert_eq!(refused.code, "nothing-new");
    assert!(refused.message.contains("unknown-critical"), "{refused:?}");
    assert_eq!(version(&world, "platform").await, 1);

    // A member of tomorrow has it and says so: today's node asks, refuses it again, and works on.
    let (platform, south) = (world.key("platform"), world.key("south"));
    let (chain, reference) = (with(true), comity_wire::leaf::RosterRef(2, Hash::of(b"2")));
    world.hub.lie(platform, south, move |protocol, request, _| {
        assert_eq!(protocol, Protocol::Roster);
        let chain = vec![chain.clone().into()];
        Some(match RosterRequest::decode(request).ok()? {
            RosterRequest::Since(2) => RosterReply::Chain(Vec::new(), chain, false).encode(),
            _ => RosterReply::Hello(reference, None).encode(),
        })
    });
    let hello = RosterRequest::Hello(reference).encode();
    let told = world
        .hub
        .ask(south, platform, Protocol::Roster, hello)
        .await;
    assert!(matches!(
        RosterReply::decode(&told.unwrap()),
        Ok(RosterReply::Hello(roster, None)) if roster.0 == 1
    ));
    world
        .until("it has asked", async || {
            world.hub.count(platform, south, Protocol::Roster) >= 2
        })
        .await;
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    both_agree(&world, "north", "platform", &case).await;
    assert_eq!(version(&world, "platform").await, 1);

    // An optional one is part of the roster like anything else.
    let taken = world.work("platform", take(Vec::new(), vec![with(false)]));
    taken.await.unwrap();
    world
        .until("north has it too", async || {
            version(&world, "north").await == 2
        })
        .await;
    for name in ["north", "platform"] {
        let history = world.engine(name).history();
        let member = &history.roster().unwrap().members[0];
        assert_eq!(
            member.ext.as_ref().unwrap()[0].0.as_str(),
            "tomorrow.shifts"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_is_not_known_has_the_rights_that_the_charter_gives_it_and_no_others() {
    let mut world = World::of(&["platform"]);
    let ombudsman = || code("ombudsman");
    let charter = world.federation.next_charter(|charter| {
        let hold = (ombudsman(), Kind::TakedownRequest, code("platform"));
        charter.matrix = Sorted::new(charter.matrix.iter().cloned().chain([hold]));
    });
    let charter = world.federation.sign_charter(&charter);
    world.federation.take_charter(&charter);
    let roster = world.federation.next_roster(|roster| {
        edit_member(roster, "north", |member| {
            member.roles = Sorted::new([ombudsman()]);
        });
    });
    let roster = world.federation.sign_roster(&roster);
    world.federation.take_roster(&roster);
    let new = take(vec![charter.encode()], vec![roster.encode()]);
    world.work("platform", new).await.unwrap();
    let request = one(&world, "north", "platform", &asks(&world)).await;
    assert!(request.starts_with("registered"), "{request}");
    let referral = opening(&world, "north", "platform", bodies::referral([1]));
    let referral = one(&world, "north", "platform", &referral).await;
    assert_eq!(referral, "refused role-forbidden");

    // A kind is of this version or the charter is none.
    let next = world.federation.next_charter(|_| ());
    let payload = Node::parse(&comity_wire::cbor::encode(&next)).unwrap();
    let mut matrix = payload.get("matrix").unwrap().items().to_vec();
    let mut row = matrix[0].items().to_vec();
    row[1] = "warning-notice".into();
    matrix[0] = Node::Array(row);
    let unsigned =
        comity_trust::signed::SignedPayload::unsigned(payload.with("matrix", matrix).encode());
    let keys = world.federation.governance().iter().take(2);
    let content_type = comity_wire::registry::content_type::CHARTER;
    let signed = keys.fold(unsigned, |signed, key| signed.signed_by(content_type, key));
    let mut history = world.federation.history().clone();
    let refused = history.add_charter(&signed.encode()).unwrap_err();
    assert_eq!(refused.code(), "bad-payload");
}

// ---- Answers of tomorrow

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_or_a_result_that_is_not_known_ends_nothing_and_is_tried_again() {
    let world = World::of(&["north", "platform"]);
    let (north, platform) = (world.key("north"), world.key("platform"));
    let roster = peer::roster(&world);
    let key = world.federation.member("platform").statement.clone();
    let me = world.id("north");
    let signed_refusal = move |request: &[u8]| {
        let offers = ExchangeRequest::decode(request).ok()?.1;
        let refusal = |offer: &Offer| {
            let refused = comity_wire::refusal::Refused {
                of: Hash::of(&offer.0),
                to: me.clone(),
                code: code("a-code-of-tomorrow"),
                roster,
                retry_after: None,
            };
            ExchangeResult::Refused(comity_wire::refusal::Refusal::sign(&key, &refused).into())
        };
        Some(ExchangeReply(roster, None, offers.iter().map(refusal).collect()).encode())
    };
    let result_of_tomorrow = move |request: &[u8]| {
        let asked = ExchangeRequest::decode(request).ok()?.1.len();
        let result = Node::Array(vec![3.into(), "later".into()]);
        let busy = ExchangeReply(roster, None, Vec::new()).encode();
        let Some(Node::Array(mut reply)) = Node::parse(&busy) else {
            return None;
        };
        reply[2] = Node::Array(vec![result; asked]);
        Some(Node::Array(reply).encode())
    };
    type Reply = Box<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send>;
    let replies: [Reply; 2] = [Box::new(signed_refusal), Box::new(result_of_tomorrow)];
    for (n, reply) in (1..).zip(replies) {
        world
            .hub
            .lie(north, platform, move |protocol, request, own| {
                if protocol == Protocol::Exchange {
                    reply(request)
                } else {
                    own
                }
            });
        let before = world.exchanges("north", "platform");
        let (case, _) = request(&world, "north", &on_platform(n)).await;
        world
            .until_in_time("two attempts", 60_000, async || {
                world.exchanges("north", "platform") >= before + 2
            })
            .await;
        world.hub.tell_the_truth(north, platform);
        world
            .until_in_time("delivery", 60_000, async || {
                world.outbox("north").await.is_empty()
            })
            .await;
        both_agree(&world, "north", "platform", &case).await;
    }
    assert_eq!(world.count("north", "refused"), 0);
    assert_eq!(world.count("north", "gave-up"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_of_an_audit_that_is_not_known_is_a_finding() {
    use comity_engine::desk::Desk as _;
    use comity_wire::audit_exchange::AuditReply;
    let world = World::of(&["platform", "regulator"]);
    let (regulator, platform) = (world.key("regulator"), world.key("platform"));
    let roster = peer::roster(&world);
    world.hub.lie(regulator, platform, move |_, _, _| {
        Some(AuditReply::Refused(roster, code("a-code-of-tomorrow"), None).encode())
    });
    let audit = world.engine("regulator");
    let shown = audit.audit(comity_testkit::ports::person("anna")).await;
    let findings = shown.unwrap().findings;
    let found: Vec<_> = findings
        .iter()
        .filter(|row| row.1 == "platform.example")
        .collect();
    assert_eq!(found.len(), 1, "{findings:?}");
    assert_eq!(found[0].0, "audit-refused");
    assert!(found[0].2.contains("a-code-of-tomorrow"), "{findings:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_of_tomorrow_about_rosters_is_answered_with_the_newest_that_is_here() {
    let world = World::of(&["platform"]);
    let (south, platform) = (world.key("south"), world.key("platform"));
    let reference = peer::roster(&world);
    let stranger = public(&comity_testkit::federation::key("stranger", 1));
    let hello = |edit: fn(&mut Vec<Node>)| {
        let hello = RosterRequest::Hello(reference).encode();
        let Some(Node::Array(mut parts)) = Node::parse(&hello) else {
            panic!("a request is an array")
        };
        edit(&mut parts);
        Node::Array(parts).encode()
    };
    for request in [
        hello(|parts| parts.push("more".into())),
        hello(|parts| parts[0] = "hello-of-tomorrow".into()),
    ] {
        for (from, protocol) in [
            (south, Protocol::Roster),
            (south, Protocol::Hello),
            (stranger, Protocol::Hello),
        ] {
            let reply = world.hub.ask(from, platform, protocol, request.clone());
            let reply = RosterReply::decode(&reply.await.unwrap());
            assert_eq!(reply, Ok(RosterReply::Unknown(reference)), "{protocol:?}");
        }
    }
}
