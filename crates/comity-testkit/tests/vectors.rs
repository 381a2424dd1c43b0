//! The test vectors, as they are published, through the code: each gets what it
//! expects, and together they leave out nothing of the specification.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use comity_case::{Arrival, Case, Entry, Forbidden, State};
use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::evidence::Evidence;
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::WitnessName;
use comity_log::{consistency as grown, proof, receipts};
use comity_testkit::cddl;
use comity_testkit::diag;
use comity_testkit::tree::{Node, Sign1};
use comity_testkit::vectors::sections::{Sections, code_of};
use comity_testkit::vectors::{self, Context, Expect, FederationFile, Said, Vector};
use comity_trust::authorise::{Checked, Context as Judged, Parties, check_statement};
use comity_trust::history::{Added, History};
use comity_trust::roster::RosterConflict;
use comity_trust::rule::Rule;
use comity_trust::signed::SignedPayload;
use comity_wire::audit_exchange::{AuditReply, AuditRequest};
use comity_wire::consistency::ConsistencyReceipt;
use comity_wire::exchange::{ExchangeReply, ExchangeRequest, RedeliverReply, RedeliverRequest};
use comity_wire::finding::{FindingAnswer, FindingNotice, FindingReply, FindingRequest};
use comity_wire::ids::{Hash, Kid, MemberId, parent_commitment};
use comity_wire::leaf::{Facts, Leaf, Origin};
use comity_wire::notice::{Notice, Restored, Sequences, SignedNotice};
use comity_wire::object::ObjectError;
use comity_wire::receipt::Receipt;
use comity_wire::refusal::Refusal;
use comity_wire::registry::{Check, Kind};
use comity_wire::roster_exchange::{RosterReply, RosterRequest};
use comity_wire::statement::{Received, Statement};
use comity_wire::witness_exchange::{WitnessReply, WitnessRequest};
use data_encoding::HEXLOWER;
use ed25519_dalek::{SigningKey, VerifyingKey};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../protocol-spec/vectors")
}

fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

/// What the files hold, without what made them.
struct World {
    file: FederationFile,
    vectors: Vec<Vector>,
}

impl World {
    fn read() -> Self {
        let read = |name: &str| std::fs::read_to_string(folder().join(name)).unwrap();
        let entries = std::fs::read_dir(folder()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".json"))
            // The world of the others; and times, which have no bytes and tests of their own.
            .filter(|name| name != "federation.json" && name != "clocks.json")
            .collect();
        names.sort();
        Self {
            file: serde_json::from_str(&read("federation.json")).unwrap(),
            vectors: names
                .iter()
                .flat_map(|name| serde_json::from_str::<Vec<Vector>>(&read(name)).unwrap())
                .collect(),
        }
    }

    fn history(&self, context: &Context) -> Option<History> {
        let chain = &self.file.chains[context.chain.as_ref()?];
        let mut charters = chain.charters.iter().map(|hex| unhex(hex));
        let mut history = History::start(&charters.next().unwrap()).unwrap();
        for charter in charters {
            history.add_charter(&charter).unwrap();
        }
        for roster in &chain.rosters {
            history
                .add_roster(&unhex(roster), self.file.now_ms)
                .unwrap();
        }
        Some(history)
    }

    fn secret(&self, owner: &str, purpose: &str) -> SigningKey {
        let is_it = |key: &&vectors::KeyEntry| key.owner == owner && key.purpose == purpose;
        let entry = self.file.keys.iter().find(is_it).unwrap();
        let key = SigningKey::from_bytes(&unhex(&entry.seed).try_into().unwrap());
        assert_eq!(unhex(&entry.public), key.verifying_key().to_bytes());
        key
    }

    fn public(&self, owner: &str, purpose: &str) -> VerifyingKey {
        self.secret(owner, purpose).verifying_key()
    }

    fn log_key(&self, context: &Context) -> VerifierKey {
        let member = context.log.as_ref().unwrap();
        let fed = Hash::from_hex(&self.file.fed).unwrap();
        let origin = Origin {
            fed,
            member: MemberId::new(member).unwrap(),
            n: 1,
        };
        let key = self.public(member, "log");
        VerifierKey::new(KeyName::from(&origin), KeyKind::Log, key).unwrap()
    }
}

/// The values found, or the code and what it is a code of.
type Found = Result<Vec<(&'static str, String)>, (String, String)>;

fn run(world: &World, vector: &Vector) -> Expect {
    let bytes = bytes_of(vector);
    if vector.object == "concurrent" {
        let ok = concurrent(world, &vector.context, &bytes);
        return Expect::Ok { ok };
    }
    match read(world, vector, &bytes) {
        Ok(values) => Expect::Ok {
            ok: values
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        },
        Err((code, check)) => Expect::Refused { code, check },
    }
}

fn bytes_of(vector: &Vector) -> Vec<u8> {
    let mut bytes = unhex(&vector.hex);
    if let Some(length) = vector.pad_to {
        bytes.resize(length, 0);
    }
    bytes
}

fn read(world: &World, vector: &Vector, bytes: &[u8]) -> Found {
    let context = &vector.context;
    let count = |name, count: usize| vec![(name, count.to_string())];
    match vector.object.as_str() {
        "statement" if context.story.is_some() => transition(world, context, bytes),
        "statement" => statement(world, context, bytes),
        "leaf" => object(Leaf::decode(bytes).map(|_| leaf_hash(bytes))),
        "facts" => {
            object(Facts::decode(bytes).map(|facts| vec![("hash", facts.hash().to_string())]))
        }
        "receipt" => receipt(world, context, bytes),
        "consistency-receipt" => consistency_receipt(world, context, bytes),
        "refusal" => object(refusal(world, context, bytes)),
        "sequences" => object(notice::<Sequences>(world, context, bytes).map(|content| {
            vec![
                ("origin", content.0.to_string()),
                ("size", content.1.to_string()),
            ]
        })),
        "restored" => object(notice::<Restored>(world, context, bytes).map(|content| {
            let lost = content.closed.1 - content.restored;
            vec![
                ("opened", content.opened.to_string()),
                ("lost", lost.to_string()),
            ]
        })),
        "exchange-request" => object(
            ExchangeRequest::decode(bytes).map(|request| count("statements", request.1.len())),
        ),
        "exchange-reply" => object(
            ExchangeReply::decode(bytes, context.asked.unwrap())
                .map(|reply| count("results", reply.2.len())),
        ),
        "redeliver-request" => object(
            RedeliverRequest::decode(bytes).map(|request| vec![("from", request.2.to_string())]),
        ),
        "redeliver-reply" => {
            object(RedeliverReply::decode(bytes).map(|reply| count("statements", reply.1.len())))
        }
        "roster-request" => object(RosterRequest::decode(bytes).map(|_| first_word(bytes))),
        "roster-reply" => object(RosterReply::decode(bytes).map(|_| first_word(bytes))),
        "audit-request" => object(AuditRequest::decode(bytes).map(|request| {
            let size = request.3.map_or("newest".into(), |size| size.to_string());
            vec![
                ("origin", request.1.to_string()),
                ("from", request.2.to_string()),
                ("size", size),
            ]
        })),
        "audit-reply" => object(AuditReply::decode(bytes).map(|reply| match reply {
            AuditReply::Records(page) => count("records", page.records.len()),
            AuditReply::Refused(_, code, _) => vec![("code", code.to_string())],
        })),
        "witness-request" => object(WitnessRequest::decode(bytes).map(|request| match request {
            WitnessRequest::AddCheckpoint(text) => {
                vec![word("add-checkpoint"), sha256(text.as_bytes())]
            }
            WitnessRequest::Head(origin, from) => vec![
                word("head"),
                ("origin", origin.to_string()),
                ("from", from.map_or("none".into(), |from| from.to_string())),
            ],
            WitnessRequest::Evidence(bytes) => vec![word("evidence"), sha256(&bytes)],
        })),
        "witness-reply" => object(WitnessReply::decode(bytes).map(|reply| match reply {
            WitnessReply::Answer(status, _) => {
                vec![word("answer"), ("status", status.to_string())]
            }
            WitnessReply::Head(text, path) => {
                let text = text.map(|text| Hash::of(text.as_bytes()).to_string());
                let path = path.map(|path| path.len().to_string());
                let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".into());
                vec![
                    word("head"),
                    ("checkpoint", or_none(text)),
                    ("path", or_none(path)),
                ]
            }
            WitnessReply::Taken(hash) => vec![word("taken"), ("hash", hash.to_string())],
            WitnessReply::Refused(_, code, _) => {
                vec![word("refused"), ("code", code.to_string())]
            }
        })),
        "finding-request" => object(FindingRequest::decode(bytes).map(|request| match request {
            FindingRequest::Finding(signed) => vec![word("finding"), sha256(&signed)],
            FindingRequest::Reply(signed) => vec![word("finding-reply"), sha256(&signed)],
        })),
        "finding-answer" => object(FindingAnswer::decode(bytes).map(|answer| match answer {
            FindingAnswer::Noted(hash) => vec![word("noted"), ("hash", hash.to_string())],
            FindingAnswer::Refused(_, code, _) => {
                vec![word("refused"), ("code", code.to_string())]
            }
        })),
        "finding-notice" => object(
            notice::<FindingNotice>(world, context, bytes).map(|content| {
                vec![
                    ("by", content.by.to_string()),
                    ("of", content.of.to_string()),
                    ("code", content.code.to_string()),
                    ("id", finding_id(&content)),
                ]
            }),
        ),
        "signed-finding-reply" => object(notice::<FindingReply>(world, context, bytes).map(
            |content| {
                vec![
                    ("of", content.of.to_string()),
                    ("code", content.code.to_string()),
                ]
            },
        )),
        "signed-charter" => charter(world, context, bytes),
        "signed-roster" => roster(world, context, bytes),
        "roster-conflict" => conflict(world, context, bytes),
        "checkpoint" => checkpoint(world, context, bytes),
        "fork-evidence" => fork(world, context, bytes),
        "inclusion" => inclusion(context, bytes),
        "consistency" => consistency(context, bytes),
        "parent-opening" => parent_opening(bytes),
        "evidence" => evidence(bytes),
        other => panic!("no reader for {other}"),
    }
}

fn statement(world: &World, context: &Context, bytes: &[u8]) -> Found {
    let history = world.history(context).unwrap();
    let me = MemberId::new(context.me.as_ref().unwrap()).unwrap();
    let case = context.parties.as_ref().map(|(opener, recipient)| Parties {
        opener: MemberId::new(opener).unwrap(),
        recipient: MemberId::new(recipient).unwrap(),
    });
    let judged = Judged {
        history: &history,
        me: &me,
        now_ms: context.now_ms.unwrap(),
        case: case.as_ref(),
        vouched: None,
    };
    match check_statement(bytes, |_| context.recorded == Some(true), &judged) {
        Ok(Checked::Authorised(authorised)) => {
            let statement = authorised.statement();
            Ok(vec![
                ("id", statement.id().to_string()),
                ("case", statement.case().to_string()),
                ("issuer", statement.issuer().to_string()),
                ("kind", statement.kind().to_string()),
            ])
        }
        Ok(Checked::Known(_)) => Err(("known".into(), "known".into())),
        Err(rejection) => Err((rejection.code().into(), rejection.check.to_string())),
    }
}

fn transition(world: &World, context: &Context, bytes: &[u8]) -> Found {
    let story = &world.file.stories[context.story.as_ref().unwrap()];
    let opener = MemberId::new(&story.opener).unwrap();
    let open = |bytes: &[u8]| opened(world, bytes);
    let mut case = Case::new();
    let mut say = |bytes: &[u8]| {
        let statement = open(bytes);
        let Arrival::Folded(judged) = case.insert(Entry::of(&statement, &opener)) else {
            panic!("nothing waits")
        };
        (judged[0].1, *statement.id())
    };
    let mut parent = Hash::new([0; 32]);
    for said in &story.said {
        match said {
            Said::One(hex) => parent = say(&unhex(hex)).1,
            Said::Many { repeat, like } => {
                let like = unhex(like);
                let issuer = open(&like).issuer().to_string();
                let key = world.secret(&issuer, "statement");
                for statement in vectors::repeat(&like, *repeat, parent, &key) {
                    parent = say(&statement).1;
                }
            }
        }
    }
    match say(bytes).0 {
        None => Ok(vec![("verdict", "legal".into())]),
        Some(forbidden) => Err((forbidden.to_string(), "transition".into())),
    }
}

fn object(found: Result<Vec<(&'static str, String)>, ObjectError>) -> Found {
    found.map_err(|error| (error.code().into(), "object-code".into()))
}

fn leaf_hash(leaf: &[u8]) -> Vec<(&'static str, String)> {
    vec![("leaf_hash", comity_log::hash::leaf_hash(leaf).to_string())]
}

fn word(word: &str) -> (&'static str, String) {
    ("word", word.to_owned())
}

/// The id of what is found, computed anew.
fn finding_id(notice: &FindingNotice) -> String {
    let content = (
        &notice.code,
        &notice.of,
        &notice.counterpart,
        &notice.case,
        &notice.statement,
        &notice.clock,
        notice.index,
    );
    let content = comity_wire::cbor::encode(&content);
    let id = Hash::of_parts(&[b"comity-finding/1", &content]);
    assert_eq!(notice.id, id);
    id.to_string()
}

fn sha256(bytes: &[u8]) -> (&'static str, String) {
    ("hash", Hash::of(bytes).to_string())
}

fn first_word(bytes: &[u8]) -> Vec<(&'static str, String)> {
    let Some(Node::Text(word)) = Node::parse(bytes).unwrap().items().first().cloned() else {
        panic!("no word")
    };
    vec![("word", word)]
}

/// Codes of objects keep their registry, wherever they turn up.
fn named(code: &str, registry: &str) -> (String, String) {
    let is_object = [
        "oversize",
        "too-deep",
        "bad-payload",
        "bad-header",
        "not-canonical",
        "over-limit",
        "unknown-critical",
        "index-mismatch",
    ];
    let registry = if is_object.contains(&code) {
        "object-code"
    } else {
        registry
    };
    (code.to_owned(), registry.to_owned())
}

fn receipt(world: &World, context: &Context, bytes: &[u8]) -> Found {
    let receipt = Receipt::read(bytes).map_err(|error| named(error.code(), "object-code"))?;
    let log = world.log_key(context);
    let verified = receipts::verify(&receipt, log.key()).map_err(|error| match error.code() {
        "bad-signature" => named("bad-signature", "object-code"),
        code => named(code, "log-code"),
    })?;
    if let Some(checkpoint) = &context.checkpoint {
        let checkpoint = UnverifiedCheckpoint::parse(checkpoint.as_bytes()).unwrap();
        let checkpoint = checkpoint.verify(&log).unwrap();
        verified
            .is_under(&checkpoint)
            .map_err(|error| named(error.code(), "log-code"))?;
    }
    Ok(vec![
        ("leaf_hash", verified.leaf_hash().to_string()),
        ("index", verified.leaf().index.to_string()),
        ("root", verified.root().to_string()),
    ])
}

fn consistency_receipt(world: &World, context: &Context, bytes: &[u8]) -> Found {
    let receipt = ConsistencyReceipt::read(bytes);
    let receipt = receipt.map_err(|error| named(error.code(), "object-code"))?;
    let log = world.log_key(context);
    let old_root = Hash::from_hex(context.old_root.as_ref().unwrap()).unwrap();
    let verified = grown::verify(&receipt, &old_root, log.key());
    let verified = verified.map_err(|error| match error.code() {
        "bad-signature" => named("bad-signature", "object-code"),
        code => named(code, "log-code"),
    })?;
    if let Some(checkpoint) = &context.checkpoint {
        let checkpoint = UnverifiedCheckpoint::parse(checkpoint.as_bytes()).unwrap();
        let checkpoint = checkpoint.verify(&log).unwrap();
        verified
            .ends_at(&checkpoint)
            .map_err(|error| named(error.code(), "log-code"))?;
    }
    let proof = receipt.proof();
    Ok(vec![
        ("old_size", proof.old_size.to_string()),
        ("new_size", proof.new_size.to_string()),
        ("root", verified.root().to_string()),
    ])
}

fn refusal(
    world: &World,
    context: &Context,
    bytes: &[u8],
) -> Result<Vec<(&'static str, String)>, ObjectError> {
    let key = world.public(context.signer.as_ref().unwrap(), "statement");
    let refusal = Refusal::read(bytes)?;
    let refused = refusal.verify(&key)?;
    Ok(vec![
        ("of", refused.of.to_string()),
        ("refused_with", refused.code.to_string()),
    ])
}

fn notice<T: Notice + Clone>(
    world: &World,
    context: &Context,
    bytes: &[u8],
) -> Result<T, ObjectError> {
    let key = world.public(context.signer.as_ref().unwrap(), "statement");
    SignedNotice::<T>::read(bytes)?.verify(&key).cloned()
}

fn added(added: Added, bytes: &[u8]) -> Vec<(&'static str, String)> {
    let how = match added {
        Added::Known => "known",
        Added::Extended => "extended",
        Added::Conflict(_) => "conflict",
        Added::Replaced { .. } => "replaced",
    };
    let hash = SignedPayload::decode(bytes, bytes.len()).unwrap().hash();
    vec![("added", how.into()), ("hash", hash.to_string())]
}

fn charter(world: &World, context: &Context, bytes: &[u8]) -> Found {
    let result = match world.history(context) {
        Some(mut history) => history.add_charter(bytes),
        None => History::start(bytes).map(|_| Added::Extended),
    };
    let result = result.map_err(|error| named(error.code(), "chain-code"))?;
    Ok(added(result, bytes))
}

fn roster(world: &World, context: &Context, bytes: &[u8]) -> Found {
    let mut history = world.history(context).unwrap();
    let result = history.add_roster(bytes, context.now_ms.unwrap());
    let result = result.map_err(|error| named(error.code(), "chain-code"))?;
    Ok(added(result, bytes))
}

fn conflict(world: &World, context: &Context, bytes: &[u8]) -> Found {
    let evidence =
        RosterConflict::decode(bytes).map_err(|error| named(error.code(), "chain-code"))?;
    let version = world.history(context).unwrap().verify_conflict(&evidence);
    let version = version.map_err(|error| named(error.code(), "chain-code"))?;
    Ok(vec![("version", version.to_string())])
}

fn checkpoint(world: &World, context: &Context, bytes: &[u8]) -> Found {
    let log = |code: &str| (code.to_owned(), "log-code".to_owned());
    let unverified = UnverifiedCheckpoint::parse(bytes).map_err(|error| log(error.code()))?;
    let verified = unverified
        .verify(&world.log_key(context))
        .map_err(|error| log(error.code()))?;
    let mut found = vec![
        ("origin", verified.origin().to_string()),
        ("size", verified.head().size().to_string()),
        ("root", verified.head().root().to_string()),
    ];
    if let Some(witness) = &context.witness {
        let fed = Hash::from_hex(&world.file.fed).unwrap();
        let name = WitnessName {
            fed,
            member: MemberId::new(witness).unwrap(),
        };
        let key = world.public(witness, "witness");
        let key = VerifierKey::new(KeyName::from(&name), KeyKind::Witness, key).unwrap();
        let trusted = [key];
        let signed = unverified
            .note()
            .verify(&trusted)
            .map_err(|error| log(error.code()))?;
        found.push(("cosigned_at_s", signed[0].time_s.unwrap().to_string()));
    }
    if let Some(trusted) = &context.trusted {
        let keys: Vec<VerifierKey> = trusted.iter().map(|key| key.parse().unwrap()).collect();
        let signed = unverified.note().verify(&keys);
        let signed = signed.map_err(|error| log(error.code()))?;
        let mut names: Vec<_> = signed
            .iter()
            .map(|one| one.key.name().to_string())
            .collect();
        names.sort();
        found.push(("signed_by", names.join(" ")));
    }
    Ok(found)
}

fn fork(world: &World, context: &Context, bytes: &[u8]) -> Found {
    let log = |code: &str| (code.to_owned(), "log-code".to_owned());
    let evidence = Evidence::parse(bytes).map_err(|error| log(error.code()))?;
    let fork = evidence
        .verify(&world.log_key(context))
        .map_err(|error| log(error.code()))?;
    Ok(vec![("fork", fork.code().into())])
}

fn path(bytes: &[u8]) -> Vec<Hash> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    assert!(rest.is_empty(), "a path is hashes of 32 bytes");
    hashes.iter().map(|hash| Hash::new(*hash)).collect()
}

/// The head that a proof is held to. An impossible one fails before any path is read.
fn head(size: u64, root: &str) -> Result<Head, (String, String)> {
    let root = Hash::from_hex(root).unwrap();
    Head::new(size, root).map_err(|error| named(error.code(), "log-code"))
}

fn inclusion(context: &Context, bytes: &[u8]) -> Found {
    let head = head(context.size.unwrap(), context.root.as_ref().unwrap())?;
    let leaf = comity_log::hash::leaf_hash(&vectors::stated_leaf(context.leaf.unwrap()));
    proof::verify_inclusion(&leaf, context.index.unwrap(), &path(bytes), &head)
        .map_err(|error| named(error.code(), "log-code"))?;
    Ok(vec![("leaf_hash", leaf.to_string())])
}

fn consistency(context: &Context, bytes: &[u8]) -> Found {
    let old = head(
        context.old_size.unwrap(),
        context.old_root.as_ref().unwrap(),
    )?;
    let new = head(context.size.unwrap(), context.root.as_ref().unwrap())?;
    proof::verify_consistency(&old, &new, &path(bytes))
        .map_err(|error| named(error.code(), "log-code"))?;
    Ok(vec![("more", (new.size() - old.size()).to_string())])
}

fn opened(world: &World, bytes: &[u8]) -> Statement {
    let received = Received::read(bytes).unwrap();
    let key = world.public(received.issuer().as_str(), "statement");
    received.verify(&key).unwrap().open().unwrap()
}

/// Two statements that did not know of one another, in either order of arrival.
fn concurrent(world: &World, context: &Context, bytes: &[u8]) -> BTreeMap<String, String> {
    let story = &world.file.stories[context.story.as_ref().unwrap()];
    let opener = MemberId::new(&story.opener).unwrap();
    let told = story.said.iter().map(|said| match said {
        Said::One(hex) => unhex(hex),
        Said::Many { .. } => panic!("a short story"),
    });
    let told: Vec<_> = told.map(|bytes| opened(world, &bytes)).collect();
    let pair = Node::parse(bytes).unwrap();
    let [a, b] = pair.items() else {
        panic!("two statements")
    };
    let [a, b] = [a, b].map(|said| opened(world, said.bytes()));
    assert!(a.id() != b.id(), "neither is the other");
    let mut labels: BTreeMap<_, _> = told
        .iter()
        .zip(1..)
        .map(|(one, n)| (*one.id(), format!("s{n}")))
        .collect();
    labels.extend([(*a.id(), "a".into()), (*b.id(), "b".into())]);
    let folded = |last: [&Statement; 2]| {
        let mut case = Case::new();
        for statement in told.iter().chain(last) {
            let arrival = case.insert(Entry::of(statement, &opener));
            assert!(matches!(arrival, Arrival::Folded(_)), "nothing waits");
        }
        State::of(&case)
    };
    let state = folded([&a, &b]);
    assert_eq!(state, folded([&b, &a]), "the order of arrival shows");
    summary(&state, &labels).into_iter().collect()
}

/// A state as names and values. What is absent is left out.
fn summary(state: &State, labels: &BTreeMap<Hash, String>) -> Vec<(String, String)> {
    let label = |id: &Hash| labels[id].clone();
    let by = |id: &Hash| format!("by {}", labels[id]);
    let all = |ids: &mut dyn Iterator<Item = &Hash>| {
        let mut ids: Vec<_> = ids.map(label).collect();
        ids.sort();
        (!ids.is_empty()).then(|| ids.join(" "))
    };
    let mut found = vec![
        ("opening".to_owned(), label(&state.opening.unwrap())),
        (
            "urgency".to_owned(),
            state.urgency.as_ref().unwrap().to_string(),
        ),
    ];
    for item in &state.items {
        let mut mark = |name: String, value: Option<String>| {
            found.extend(value.map(|value| (format!("item {} {name}", item.n), value)));
        };
        mark("carrier".into(), Some(label(&item.carrier)));
        mark("refused".into(), item.refused.as_ref().map(by));
        mark("withdrawn".into(), item.withdrawn.as_ref().map(by));
        let answer = item.answer.as_ref();
        mark(
            "answer".into(),
            answer.map(|found| format!("{} by {}", found.answer, label(&found.statement))),
        );
        mark(
            "hosting".into(),
            all(&mut item.hosting.iter().map(|(id, _)| id)),
        );
        for round in &item.rounds {
            let mut of_round =
                |name: &str, value| mark(format!("round {} {name}", round.round), value);
            of_round("status", Some(in_words(&format!("{:?}", round.status))));
            let outcome = round.outcome.as_ref();
            of_round(
                "outcome",
                outcome.map(|found| format!("{} by {}", found.answer, label(&found.statement))),
            );
            of_round("superseded", all(&mut round.superseded.iter()));
            let seen = round.last_seen.as_ref();
            of_round(
                "last seen",
                seen.map(|seen| format!("{} by {}", seen.result, label(&seen.statement))),
            );
            let opened = all(&mut round.opened_by.iter());
            of_round("opened", opened.map(|ids| format!("by {ids}")));
        }
    }
    for hold in &state.holds {
        let value = hold.released_by.map_or("in force".into(), |id| {
            format!("released by {}", label(&id))
        });
        found.push((format!("hold {}", label(&hold.statement)), value));
    }
    for dispute in &state.disputes {
        let value = dispute
            .resolved
            .as_ref()
            .map_or("open".into(), |(id, result)| {
                format!("{result} by {}", label(id))
            });
        found.push((format!("dispute {}", label(&dispute.statement)), value));
    }
    for question in &state.questions {
        let value = question
            .answered_by
            .map_or("open".into(), |id| format!("answered by {}", label(&id)));
        found.push((format!("question {}", label(&question.statement)), value));
    }
    found.extend(
        state
            .erasures
            .iter()
            .map(|id| (format!("erasure {}", label(id)), "told".into())),
    );
    found.extend(
        state
            .void
            .iter()
            .map(|(id, ack)| (format!("void {}", label(id)), by(ack))),
    );
    found.extend(
        state
            .forbidden
            .iter()
            .map(|(id, code)| (format!("forbidden {}", label(id)), code.to_string())),
    );
    found
}

/// `NeedsInformation` as `needs-information`.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// A statement and the facts of its sender's record: whether they open its parent.
fn parent_opening(bytes: &[u8]) -> Found {
    let both = Node::parse(bytes).unwrap();
    let [statement, facts] = both.items() else {
        panic!("a statement and facts")
    };
    let facts = Facts::decode(facts.bytes()).unwrap();
    let (nonce, case, of) = facts.parent.unwrap();
    let payload = Sign1::parse(statement.bytes()).unwrap();
    let payload = Node::parse(payload.payload.bytes()).unwrap();
    let committed = payload.get("parent").unwrap().bytes().to_vec();
    if parent_commitment(&nonce, &case, &of).as_bytes()[..] != committed {
        return Ok(vec![("opens", "no".into())]);
    }
    Ok(vec![
        ("opens", "yes".into()),
        ("case", case.to_string()),
        ("statement", of.to_string()),
    ])
}

/// A statement and the objects beside it: how many it names, and how many of them
/// are there.
fn evidence(bytes: &[u8]) -> Found {
    let both = Node::parse(bytes).unwrap();
    let [statement, objects] = both.items() else {
        panic!("a statement and objects")
    };
    let payload = Sign1::parse(statement.bytes()).unwrap();
    let payload = Node::parse(payload.payload.bytes()).unwrap();
    let named = payload.get("evidence").unwrap().items();
    let is_named = |object: &&Node| {
        let hash = Hash::of(object.bytes());
        named.iter().any(|name| name.bytes() == hash.as_bytes())
    };
    let beside = objects.items().iter().filter(is_named).count();
    Ok(vec![
        ("named", named.len().to_string()),
        ("beside", beside.to_string()),
    ])
}

#[test]
fn every_vector_gets_what_it_expects() {
    let world = World::read();
    let mut wrong = Vec::new();
    for vector in &world.vectors {
        let found = run(&world, vector);
        if found != vector.expect {
            wrong.push(format!(
                "{}: {found:?}, not {:?}",
                vector.name, vector.expect
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("{} vectors", world.vectors.len());
}

#[test]
fn the_page_of_the_vectors_names_every_value_that_a_reader_must_find() {
    let world = World::read();
    let page = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let row = |object: &str| {
        let named = format!("`{object}`");
        let mut rows = page.lines().filter(|line| line.starts_with("| `"));
        rows.find(|line| line.split('|').nth(1).unwrap().contains(&named))
    };
    for vector in &world.vectors {
        let Expect::Ok { ok } = &vector.expect else {
            continue;
        };
        // What a case comes to has a table of its own, in which names have numbers.
        if vector.object == "concurrent" {
            continue;
        }
        for value in ok.keys() {
            let named = row(&vector.object).is_some_and(|row| row.contains(&format!("`{value}`")));
            assert!(named, "{}: `{value}` of `{}`", vector.name, vector.object);
        }
    }
}

#[test]
fn the_files_are_what_the_generator_makes() {
    for made in vectors::files() {
        let published = std::fs::read_to_string(folder().join(&made.name)).unwrap_or_default();
        assert!(
            published == made.text,
            "{} is stale: run `cargo xtask spec`",
            made.name
        );
    }
}

#[test]
fn what_is_accepted_is_valid_under_the_cddl() {
    let mut count = 0;
    for vector in World::read().vectors {
        if matches!(vector.expect, Expect::Ok { .. }) {
            for (rule, bytes) in objects_in(&vector) {
                cddl::validate(rule, &bytes)
                    .unwrap_or_else(|error| panic!("{}: {error}", vector.name));
                count += 1;
            }
        }
    }
    println!("{count} valid objects");
}

/// What of a vector the CDDL has a rule for: a path of a proof is no object.
fn objects_in(vector: &Vector) -> Vec<(&str, Vec<u8>)> {
    let bytes = unhex(&vector.hex);
    let parts = || Node::parse(&bytes).unwrap().items().to_vec();
    let part = |n: usize| parts()[n].bytes().to_vec();
    match vector.object.as_str() {
        "checkpoint" => {
            let text = String::from_utf8(bytes).unwrap();
            vec![("checkpoint", Node::Text(text).encode())]
        }
        "inclusion" | "consistency" => vec![],
        "concurrent" => vec![("statement", part(0)), ("statement", part(1))],
        "parent-opening" => vec![("statement", part(0)), ("facts", part(1))],
        "evidence" => vec![("statement", part(0))],
        rule => vec![(rule, bytes)],
    }
}

/// Codes by registry, with what they mean.
fn codes() -> BTreeMap<String, BTreeMap<String, String>> {
    let registries = comity_spec::registry::read_all(&comity_spec::root().join("registries"));
    let values = |registry: comity_spec::registry::Registry| {
        let values = registry.values.into_iter();
        (
            registry.name,
            values.map(|value| (value.id, value.meaning)).collect(),
        )
    };
    registries.unwrap().into_iter().map(values).collect()
}

#[test]
fn the_vectors_leave_out_nothing() {
    let world = World::read();
    let names: BTreeSet<_> = world.vectors.iter().map(|vector| &vector.name).collect();
    assert_eq!(names.len(), world.vectors.len(), "a name stands twice");
    let codes = codes();
    let (mut accepted, mut refused) = (BTreeSet::new(), BTreeMap::<_, BTreeSet<_>>::new());
    let mut kinds = BTreeSet::new();
    for vector in &world.vectors {
        assert!(vector.shows.ends_with('.'), "{}", vector.name);
        match &vector.expect {
            Expect::Ok { ok } => {
                accepted.insert(vector.object.as_str());
                kinds.extend(ok.get("kind").map(String::as_str));
            }
            Expect::Refused { code, check } => {
                if let Some(check) = Check::from_name(check) {
                    assert_eq!(check.code(), code, "{}", vector.name);
                } else {
                    assert!(
                        codes[check].contains_key(code),
                        "{}: {check} has no {code}",
                        vector.name
                    );
                }
                refused
                    .entry(check.as_str())
                    .or_default()
                    .insert(code.as_str());
            }
        }
    }
    let negative = world
        .vectors
        .iter()
        .filter(|vector| matches!(vector.expect, Expect::Refused { .. }))
        .count();
    println!("{} vectors, {negative} refused", world.vectors.len());
    assert!(negative >= 60);
    let objects = [
        "statement",
        "leaf",
        "facts",
        "receipt",
        "consistency-receipt",
        "refusal",
        "sequences",
        "restored",
        "exchange-request",
        "exchange-reply",
        "redeliver-request",
        "redeliver-reply",
        "signed-charter",
        "signed-roster",
        "roster-conflict",
        "checkpoint",
        "fork-evidence",
        "roster-request",
        "roster-reply",
        "audit-request",
        "audit-reply",
        "witness-request",
        "witness-reply",
        "finding-request",
        "finding-answer",
        "finding-notice",
        "signed-finding-reply",
        "inclusion",
        "consistency",
        "concurrent",
        "parent-opening",
        "evidence",
    ];
    assert_eq!(accepted, objects.into(), "an accepted object of every sort");
    assert_eq!(
        kinds,
        Kind::ALL.map(Kind::as_str).into(),
        "an accepted statement of every kind"
    );
    for check in Check::ALL {
        assert!(
            refused.contains_key(check.as_str()),
            "no vector fails {check}"
        );
    }
    let transitions: BTreeSet<_> = Forbidden::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(
        refused["transition"], transitions,
        "a vector for every transition"
    );
    let without = |registry: &str| -> Vec<_> {
        codes[registry]
            .keys()
            .filter(|code| !refused[registry].contains(code.as_str()))
            .cloned()
            .collect()
    };
    assert_eq!(
        without("object-code"),
        [""; 0],
        "a vector for every code of an object"
    );
    // It is of who makes a roster: readers need no list of suffixes.
    assert_eq!(without("chain-code"), ["public-suffix"]);
    assert_eq!(
        without("log-code"),
        [""; 0],
        "a vector for every code of a log"
    );
}

#[test]
fn rules_and_transitions_are_in_the_registries_with_their_sentences() {
    let codes = codes();
    for rule in Rule::ALL {
        assert_eq!(codes["chain-code"][rule.code()], rule.sentence());
    }
    assert_eq!(codes["transition"].len(), Forbidden::ALL.len());
    assert_eq!(codes["check"].len(), Check::ALL.len());
}

#[test]
fn kids_are_thumbprints() {
    let world = World::read();
    for key in &world.file.keys {
        let public = comity_wire::ids::PublicKey::from_hex(&key.public).unwrap();
        assert_eq!(Kid::of(&public).to_string(), key.kid);
    }
}

/// The pages in diagnostic notation: what stands between the first fence after the
/// heading of a vector.
fn published_twins() -> BTreeMap<String, String> {
    let mut twins = BTreeMap::new();
    for entry in std::fs::read_dir(folder().join("diag")).unwrap() {
        let page = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for part in page.split("\n## ").skip(1) {
            let (name, rest) = part.split_once('\n').unwrap();
            let (_, rest) = rest.split_once("```text\n").unwrap();
            let (twin, _) = rest.split_once("```\n").unwrap();
            assert_eq!(
                twins.insert(name.to_owned(), twin.to_owned()),
                None,
                "{name}"
            );
        }
    }
    twins
}

#[test]
fn another_reader_of_diagnostic_notation_has_the_same_bytes() {
    let twins = published_twins();
    let (mut whole, mut parts) = (0, 0);
    for vector in World::read().vectors {
        let bytes = unhex(&vector.hex);
        let twin = &twins[&vector.name];
        if ["checkpoint", "inclusion", "consistency"].contains(&vector.object.as_str())
            || vector.pad_to.is_some()
            || !diag::show(&vector.object, &bytes).whole
        {
            assert!(!twin.is_empty());
            parts += 1;
            continue;
        }
        let read = cbor_edn::StandaloneItem::parse(twin)
            .unwrap_or_else(|error| panic!("{}: {error:?}\n{twin}", vector.name));
        let read = read
            .to_cbor()
            .unwrap_or_else(|error| panic!("{}: {error:?}", vector.name));
        assert!(read == bytes, "{}: other bytes\n{twin}", vector.name);
        whole += 1;
    }
    println!("{whole} read back, {parts} are no whole data item");
    assert!(whole > 10 * parts / 4, "most are");
}

#[test]
fn a_page_has_the_text_of_every_checkpoint() {
    let twins = published_twins();
    for vector in World::read().vectors {
        let plain = vector.object == "checkpoint" && matches!(vector.expect, Expect::Ok { .. });
        if plain {
            assert_eq!(twins[&vector.name].as_bytes(), unhex(&vector.hex));
        }
    }
}

#[test]
fn each_code_has_one_place_in_the_specification_and_each_vector_a_section() {
    let sections = Sections::read();
    for code in sections.codes() {
        let numbers: Vec<_> = sections
            .marked(code)
            .iter()
            .map(|section| &section.number)
            .collect();
        assert_eq!(numbers.len(), 1, "{code} is the answer in {numbers:?}");
        let (registry, id) = code.split_once('/').unwrap();
        let known = match registry {
            "check" => Check::ALL.iter().any(|check| check.code() == id),
            other => codes()
                .get(other)
                .is_some_and(|codes| codes.contains_key(id)),
        };
        assert!(known, "no registry has {code}");
    }
    let without: BTreeSet<_> = World::read()
        .vectors
        .into_iter()
        .filter(|vector| vector.section.is_empty())
        .map(|vector| (vector.object, code_of(&vector.expect)))
        .collect();
    assert_eq!(
        without,
        BTreeSet::new(),
        "the specification has no place for these"
    );
}
