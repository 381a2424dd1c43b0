//! How fast the core is, beside the bare primitives on as many bytes, in one run.
//! `cargo xtask bench core` prints the table.
//!
//! `verify_1kb` is everything that a recipient does before it needs a roster: from
//! the bytes as received to the decoded statement.

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a bench stops at the first surprise"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use comity_case::{Case, Entry, State};
use comity_wire::body::{
    Acknowledgement, Body, Observation, ObservationItem, Outcome, OutcomeItem, TakedownRequest,
};
use comity_wire::cbor;
use comity_wire::ids::{CaseId, Hash, MemberId, Nonce, StatementId};
use comity_wire::parts::{Ground, Handling, Item, Locator, Measure, NotifyUploader, Requester};
use comity_wire::registry::{Answer, Basis, Complete, ObservationResult, OutcomeAnswer};
use comity_wire::statement::{Draft, Payload, Received, Statement};
use comity_wire::words::{Code, Country, Language, LocatorText, Reference, Sorted};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ed25519_dalek::{Signer as _, SigningKey};

const KILOBYTE: usize = 1024;

fn core(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core");
    let key = SigningKey::from_bytes(&[7; 32]);
    let verifying = key.verifying_key();
    let draft = kilobyte_draft();
    let statement = draft.clone().sign(&key).expect("within limits");
    let bytes = statement.bytes().to_vec();
    assert_eq!(
        bytes.len(),
        KILOBYTE,
        "the statement must be as long as what it is set against"
    );
    let bare_signature = key.sign(&bytes);
    let payload = cbor::encode(statement.payload());
    let body = statement.payload().body.to_vec();
    let kind = statement.kind();

    group.throughput(Throughput::Elements(1));
    group.bench_function("bare_ed25519_sign_1kb", |bench| {
        bench.iter(|| key.sign(black_box(&bytes)))
    });
    group.bench_function("bare_ed25519_verify_strict_1kb", |bench| {
        bench.iter(|| {
            verifying
                .verify_strict(black_box(&bytes), &bare_signature)
                .is_ok()
        });
    });
    group.bench_function("bare_sha256_1kb", |bench| {
        bench.iter(|| Hash::of(black_box(&bytes)))
    });
    group.bench_function("sign_1kb", |bench| {
        bench.iter_batched(
            || draft.clone(),
            |draft| draft.sign(black_box(&key)).expect("within limits"),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("verify_1kb", |bench| {
        bench.iter(|| open(black_box(&bytes), &verifying));
    });
    group.bench_function("decode_1kb", |bench| {
        bench.iter(|| {
            let payload = cbor::decode::<Payload>(black_box(&payload)).expect("valid");
            (
                payload,
                Body::decode(kind, black_box(&body)).expect("valid"),
            )
        });
    });
    for items in [16, 128] {
        let conversation = conversation(items);
        let name = format!("fold_statement_in_case_of_{}", conversation.len());
        group.bench_function(name, |bench| {
            bench.iter_custom(|times| fold(&conversation, times))
        });
    }
    group.finish();
}

/// The time for `times` statements: whole cases are folded, and their time is
/// shared out among their statements.
fn fold(conversation: &[Entry], times: u64) -> Duration {
    let mut total = Duration::ZERO;
    for _ in 0..times {
        let entries = conversation.to_vec();
        let started = Instant::now();
        let mut case = Case::new();
        for entry in entries {
            case.insert(entry);
        }
        black_box(State::of(&case));
        total += started.elapsed();
    }
    total / u32::try_from(conversation.len()).expect("a few hundred")
}

fn open(bytes: &[u8], key: &ed25519_dalek::VerifyingKey) -> Statement {
    let received = Received::read(bytes).expect("valid");
    received.verify(key).expect("signed").open().expect("valid")
}

fn code(text: &str) -> Code {
    Code::new(text).expect("a code")
}

fn member(text: &str) -> MemberId {
    MemberId::new(text).expect("a member id")
}

fn item(n: u64, padding: usize) -> Item {
    let url = format!("https://host.example/{n}?{}", "x".repeat(padding));
    Item {
        n,
        scope: code("this-location"),
        hosting: vec![],
        locator: Locator::Url(LocatorText::new(&url).expect("one line")),
        assessments: vec![],
    }
}

fn request(items: u64, padding: usize) -> Body {
    Body::TakedownRequest(TakedownRequest {
        text: None,
        asked: vec![(code("content"), code("removed"))],
        basis: vec![Ground {
            nature: code("notice"),
            article: None,
            redress: None,
            authority: None,
            order_ref: None,
            good_faith: true,
            instrument: code("dsa"),
            jurisdiction: Country::new("IE").expect("a country"),
        }],
        items: Sorted::new((1..=items).map(|n| item(n, padding))),
        clocks: vec![],
        urgency: code("routine"),
        capacity: code("host"),
        reference: Reference::new("7-0").expect("one line"),
        requester: Requester {
            attested: true,
            capacity: code("hotline"),
        },
        assessed_at: 1_772_000_000_000,
        reported_at: None,
        preserve_until: None,
    })
}

/// A request for two items whose signed form has 1,024 bytes.
fn kilobyte_draft() -> Draft {
    let issuer = member("north.example");
    let case_nonce = Nonce::new([2; 16]);
    let draft = |padding| Draft {
        case: CaseId::derive(&issuer, &case_nonce),
        issuer: issuer.clone(),
        issued_at_s: 1_772_000_000,
        to: member("platform.example"),
        fed: Hash::of(b"a federation"),
        re: Sorted::default(),
        refs: None,
        evidence: None,
        parent: None,
        nonce: Nonce::new([1; 16]),
        case_nonce: Some(case_nonce),
        handling: Handling {
            lang: Language::new("en").expect("a language"),
            audience: code("case-staff"),
            sensitive: code("none"),
            notify_uploader: NotifyUploader::Allowed,
        },
        ext: None,
        body: request(2, padding),
    };
    let key = SigningKey::from_bytes(&[7; 32]);
    let length = |padding| {
        draft(padding)
            .sign(&key)
            .map_or(usize::MAX, |statement| statement.bytes().len())
    };
    let padding = (1..500)
        .find(|padding| length(*padding) >= KILOBYTE)
        .expect("grows");
    draft(padding)
}

/// A case of some months: items that are answered, removed, seen again, removed
/// again and confirmed, one by one.
fn conversation(items: u64) -> Vec<Entry> {
    let mut said: Vec<Entry> = Vec::new();
    let mut say = |party, body: Body| {
        let re = Sorted::new(said.last().map(|entry: &Entry| entry.id));
        let id: StatementId = Hash::of(&said.len().to_be_bytes());
        said.push(Entry {
            id,
            party,
            re,
            issued_at: 1_000,
            body: body.into(),
        });
    };
    use comity_case::Party::{Opener, Recipient};
    say(Opener, request(items, 10));
    say(Recipient, accepted());
    for n in 1..=items {
        for round in 1..=2 {
            let at = round * 10_000;
            say(Recipient, done(n, round, at));
            let seen = if round == 1 {
                ObservationResult::Online
            } else {
                ObservationResult::Offline
            };
            say(Opener, observed(n, round, seen, at + 5_000));
        }
    }
    said
}

fn accepted() -> Body {
    Body::Acknowledgement(Acknowledgement {
        by: code("person"),
        code: None,
        next: None,
        text: None,
        items: None,
        names: None,
        answer: Answer::Accepted,
        expected_by: None,
    })
}

fn done(n: u64, round: u64, effective_at: u64) -> Body {
    let measure = Measure {
        until: None,
        action: code("removed"),
        reason: None,
        target: code("content"),
        automated: false,
        territories: None,
        effective_at,
    };
    let row = OutcomeItem(
        n,
        round,
        OutcomeAnswer::Done,
        vec![measure],
        None,
        None,
        None,
    );
    Body::Outcome(Outcome {
        text: None,
        basis: Basis::Own,
        items: Sorted::new([row]),
        complete: Complete::Partial,
    })
}

fn observed(n: u64, round: u64, result: ObservationResult, at: u64) -> Body {
    let row = ObservationItem(n, round, result, code("manual"), None, at);
    Body::Observation(Observation {
        basis: Basis::Own,
        items: Sorted::new([row]),
    })
}

criterion_group!(benches, core);
criterion_main!(benches);
