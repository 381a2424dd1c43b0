//! How fast the core is, beside the bare primitives on as many bytes, in one run.
//! `cargo xtask bench core` prints the table.
//!
//! `verify_1kb` goes from the bytes as received to the decoded statement;
//! `check_1kb` makes every check of the specification, those of the roster included.

#![allow(
    clippy::expect_used,
    missing_docs,
    reason = "a bench stops at the first surprise"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use comity_case::{Case, Entry, Party, State};
use comity_testkit::bodies;
use comity_testkit::federation::{Federation, NOW_MS};
use comity_trust::authorise::{Context, check_statement};
use comity_wire::body::Body;
use comity_wire::cbor;
use comity_wire::ids::Hash;
use comity_wire::registry::{Answer, ObservationResult, OutcomeAnswer};
use comity_wire::statement::{Draft, Payload, Received, Statement};
use comity_wire::words::{Sorted, Text};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use ed25519_dalek::{Signer as _, VerifyingKey};

const KILOBYTE: usize = 1024;

fn core(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core");
    let federation = Federation::new();
    let key = &federation.member("north").statement;
    let verifying = key.verifying_key();
    let draft = kilobyte_draft(&federation);
    let statement = federation.sign(draft.clone());
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
    let context = Context {
        history: federation.history(),
        me: &federation.member("platform").id,
        now_ms: NOW_MS,
        case: None,
        vouched: None,
    };

    group.bench_function("bare_ed25519_sign_1kb", |bench| {
        bench.iter(|| key.sign(black_box(&bytes)));
    });
    group.bench_function("bare_ed25519_verify_strict_1kb", |bench| {
        bench.iter(|| {
            verifying
                .verify_strict(black_box(&bytes), &bare_signature)
                .is_ok()
        });
    });
    group.bench_function("bare_sha256_1kb", |bench| {
        bench.iter(|| Hash::of(black_box(&bytes)));
    });
    group.bench_function("sign_1kb", |bench| {
        bench.iter_batched(
            || draft.clone(),
            |draft| draft.sign(black_box(key)).expect("within limits"),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("verify_1kb", |bench| {
        bench.iter(|| open(black_box(&bytes), &verifying));
    });
    group.bench_function("check_1kb", |bench| {
        bench.iter(|| check_statement(black_box(&bytes), |_| false, &context).expect("valid"));
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
            bench.iter_custom(|times| fold(&conversation, times));
        });
    }
    group.finish();
}

fn open(bytes: &[u8], key: &VerifyingKey) -> Statement {
    let received = Received::read(bytes).expect("valid");
    received.verify(key).expect("signed").open().expect("valid")
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

/// A request for one item whose signed form has 1,024 bytes.
fn kilobyte_draft(federation: &Federation) -> Draft {
    let draft = federation.draft("north", "platform", bodies::request([1]));
    let with_text = |length| {
        let mut draft = draft.clone();
        if let Body::TakedownRequest(body) = &mut draft.body {
            body.text = Text::new(&"x".repeat(length));
        }
        draft
    };
    let length = |text| federation.sign(with_text(text)).bytes().len();
    let text = (1..KILOBYTE).find(|text| length(*text) >= KILOBYTE);
    with_text(text.expect("a statement grows with its text"))
}

/// A case of some months: items that are removed, seen again, removed again and
/// confirmed, one by one.
fn conversation(items: u64) -> Vec<Entry> {
    let mut said: Vec<Entry> = Vec::new();
    let mut say = |party, body: Body| {
        said.push(Entry {
            id: Hash::of(&said.len().to_be_bytes()),
            party,
            re: Sorted::new(said.last().map(|entry| entry.id)),
            issued_at: 1_000,
            body: body.into(),
        });
    };
    say(Party::Opener, bodies::request(1..=items));
    say(Party::Recipient, bodies::answer(Answer::Accepted));
    for n in 1..=items {
        for (round, seen) in [
            (1, ObservationResult::Online),
            (2, ObservationResult::Offline),
        ] {
            let at = round * 10_000;
            say(
                Party::Recipient,
                bodies::outcome(&[(n, round, OutcomeAnswer::Done, at)]),
            );
            say(
                Party::Opener,
                bodies::observation(&[(n, round, seen, at + 5_000)]),
            );
        }
    }
    said
}

criterion_group!(benches, core);
criterion_main!(benches);
