//! What a witness answers to whom.

use comity_log::add_checkpoint::{Request, read_cosignature, read_size};
use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::cosignature;
use comity_log::hash::{Hash, empty_root};
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::note::Note;
use comity_log::witness::{Decision, KnownLog, Pending, Refusal, decide};

use crate::fixture::{
    TestLog, flip_bit, log_verifier, origin, sign, witness, witness_key, witness_verifier,
};

const NOW_S: u64 = 1_700_000_000;

fn known(seen: Option<VerifiedCheckpoint>) -> KnownLog {
    KnownLog {
        key: log_verifier(),
        seen,
    }
}

fn request(old_size: u64, path: Vec<Hash>, checkpoint: &VerifiedCheckpoint) -> Request {
    Request {
        old_size,
        path,
        checkpoint: checkpoint.to_unverified(),
    }
}

fn accepted(decision: Decision) -> Pending {
    match decision {
        Decision::Accept(pending) => pending,
        Decision::Refuse(refusal) => panic!("refused: {}", refusal.reason),
    }
}

fn refused(decision: Decision) -> Refusal {
    match decision {
        Decision::Refuse(refusal) => refusal,
        Decision::Accept(_) => panic!("accepted"),
    }
}

#[test]
fn a_log_that_grows_is_cosigned_at_every_step() {
    let log = TestLog::of_size(600);
    let mut seen = None;
    let mut old = 0;
    for size in [0, 1, 1, 2, 255, 256, 256, 257, 600] {
        let checkpoint = log.checkpoint(size);
        let request = request(old, log.consistency(old, size), &checkpoint);
        let pending = accepted(decide(Some(&known(seen.clone())), &request, NOW_S));
        assert_eq!(pending.next(), &checkpoint);
        assert_eq!(pending.swap(seen.as_ref()), Ok(()));
        seen = Some(pending.next().clone());

        let line = pending
            .persisted()
            .sign(&witness(), &witness_key())
            .unwrap();
        let cosigned = checkpoint.note().clone().with(line.clone()).unwrap();
        let trusted = [log_verifier(), witness_verifier()];
        let signed = cosigned.verify(&trusted).unwrap();
        assert_eq!(
            signed.iter().map(|s| s.time_s).collect::<Vec<_>>(),
            [None, Some(NOW_S)]
        );

        let reply = format!("{line}\n");
        let read = read_cosignature(&checkpoint, reply.as_bytes(), &witness_verifier());
        assert_eq!(read.unwrap(), line);
        old = size;
    }
}

#[test]
fn every_refusal_has_its_status_and_code() {
    let log = TestLog::of_size(600);
    let (seen, next) = (log.checkpoint(300), log.checkpoint(600));
    let path = log.consistency(300, 600);
    let other_key = VerifierKey::new(
        KeyName::from(&origin()),
        KeyKind::Log,
        witness_key().verifying_key(),
    );

    let check = |known: Option<KnownLog>, request: Request, status: u16, code: &str| {
        let refusal = refused(decide(known.as_ref(), &request, NOW_S));
        assert_eq!((refusal.status(), refusal.reason.code()), (status, code));
        assert!(refusal.evidence.is_none());
    };
    let seen_300 = || Some(known(Some(seen.clone())));
    let good = || request(300, path.clone(), &next);

    check(None, good(), 404, "witness-unknown-origin");
    let key = other_key.unwrap();
    check(
        Some(KnownLog { key, seen: None }),
        good(),
        403,
        "witness-not-signed-by-log",
    );
    check(
        seen_300(),
        request(601, vec![], &next),
        400,
        "witness-old-beyond-new",
    );
    check(
        seen_300(),
        request(0, vec![], &next),
        409,
        "witness-old-is-another",
    );
    check(
        seen_300(),
        request(299, log.consistency(299, 600), &next),
        409,
        "witness-old-is-another",
    );
    check(Some(known(None)), good(), 409, "witness-old-is-another");
    check(
        seen_300(),
        request(200, vec![], &log.checkpoint(200)),
        409,
        "witness-old-is-another",
    );
    check(seen_300(), request(300, vec![], &next), 422, "witness-path");
    check(
        seen_300(),
        request(300, path[1..].to_vec(), &next),
        422,
        "witness-path",
    );
    check(
        seen_300(),
        request(300, log.consistency(299, 600), &next),
        422,
        "witness-path",
    );
    check(
        seen_300(),
        request(300, vec![Hash::of(b"")], &seen),
        422,
        "witness-path",
    );
    check(
        Some(known(None)),
        request(0, vec![Hash::of(b"")], &next),
        422,
        "witness-path",
    );
}

#[test]
fn a_signature_of_the_log_that_does_not_verify_is_403_whatever_else_is_there() {
    let log = TestLog::of_size(5);
    let text = log.checkpoint(5).to_string();
    let (body, line) = text.split_once("\n\n").unwrap();
    let other = log.checkpoint(4).to_string();
    let (_, line_of_other) = other.split_once("\n\n").unwrap();
    for lines in [line_of_other.to_owned(), format!("{line}{line_of_other}")] {
        let bytes = format!("old 0\n\n{body}\n\n{lines}");
        let request = Request::parse(bytes.as_bytes()).unwrap();
        let refusal = refused(decide(Some(&known(None)), &request, NOW_S));
        assert_eq!(refusal.status(), 403);
    }
}

#[test]
fn a_conflict_tells_the_size_that_was_cosigned() {
    let log = TestLog::of_size(600);
    let known = known(Some(log.checkpoint(300)));
    let request = request(0, vec![], &log.checkpoint(600));
    let body = refused(decide(Some(&known), &request, NOW_S)).body();
    assert_eq!(body, "300\n");
    assert_eq!(read_size(body.as_bytes()), Some(300));
    for bad in [
        "", "300", "0300\n", "300\n\n", " 300\n", "-1\n", "300\r\n", "x\n",
    ] {
        assert_eq!(read_size(bad.as_bytes()), None, "{bad:?}");
    }
}

#[test]
fn a_tree_without_leaves_needs_the_empty_root() {
    let text = sign(Head::empty()).to_string();
    let root = data_encoding::BASE64.encode(empty_root().as_bytes());
    let other = data_encoding::BASE64.encode(&[7; 32]);
    let request = Request::parse(format!("old 0\n\n{text}").as_bytes()).unwrap();
    let _cosigned = accepted(decide(Some(&known(None)), &request, NOW_S));

    let error = Request::parse(format!("old 0\n\n{}", text.replace(&root, &other)).as_bytes());
    let error = error.unwrap_err();
    assert_eq!((error.status(), error.code()), (422, "size-zero-root"));
}

#[test]
fn a_request_has_one_form() {
    let log = TestLog::of_size(600);
    let good = request(300, log.consistency(300, 600), &log.checkpoint(600)).to_string();
    let hash = data_encoding::BASE64.encode(&[7; 32]);
    let with_hashes = |hashes: usize| {
        format!(
            "old 5\n{}\n{}",
            format!("{hash}\n").repeat(hashes),
            log.checkpoint(600)
        )
    };
    let check = |text: String, expected: Option<(u16, &str)>| {
        let found = Request::parse(text.as_bytes());
        let refused = found
            .as_ref()
            .err()
            .map(|error| (error.status(), error.code()));
        assert_eq!(refused, expected, "{text:?}");
        if let Ok(found) = found {
            assert_eq!(found.to_string(), text);
        }
    };
    check(good.clone(), None);
    check(with_hashes(0), None);
    check(with_hashes(63), None);
    check(with_hashes(64), Some((400, "request-path")));
    check(
        with_hashes(1).replace(&hash, "BwcH"),
        Some((400, "request-path")),
    );
    check(
        with_hashes(1).replace(&hash, hash.trim_end_matches('=')),
        Some((400, "request-path")),
    );
    check(
        with_hashes(1).replace(&hash, &format!(" {hash}")),
        Some((400, "request-path")),
    );
    for old in [
        "old 0300",
        "old +300",
        "old  300",
        "old",
        "old ",
        "Old 300",
        "300",
        " old 300",
        "old 300\r",
    ] {
        check(
            good.replacen("old 300", old, 1),
            Some((400, "request-old-size")),
        );
    }
    check(
        good.replacen("old 300", "old 18446744073709551616", 1),
        Some((400, "request-old-size")),
    );
    check(String::new(), Some((400, "request-format")));
    check("old 300\n".into(), Some((400, "request-format")));
    check("old 300\n\n".into(), Some((400, "note-format")));
    check(
        good.replacen("\n600\n", "\n0600\n", 1),
        Some((400, "checkpoint-size-format")),
    );
    // As an extension line would be signed over by the log and audited by nobody.
    let text = log.checkpoint(600).note().text().to_owned();
    let extended = good.replacen(&text, &format!("{text}extension\n"), 1);
    check(extended, Some((400, "checkpoint-extension-line")));
    check(
        good.replacen(&origin().to_string(), "example.com/log", 1),
        Some((404, "checkpoint-origin")),
    );
    check("x".repeat(200_000), Some((400, "request-too-long")));
}

#[test]
fn two_heads_of_one_size_are_refused_and_are_evidence() {
    let log = TestLog::of_size(600);
    let seen = log.checkpoint(300);
    let forked = sign(Head::new(300, flip_bit(seen.head().root(), 9)).unwrap());
    // Whatever old size the log claims, and whatever is refused first for it.
    for (old, status, code) in [
        (300, 422, "witness-same-size-other-root"),
        (0, 409, "witness-old-is-another"),
        (299, 409, "witness-old-is-another"),
        (301, 400, "witness-old-beyond-new"),
    ] {
        let request = request(old, vec![], &forked);
        let refusal = refused(decide(Some(&known(Some(seen.clone()))), &request, NOW_S));
        assert_eq!((refusal.status(), refusal.reason.code()), (status, code));
        let fork = refusal.evidence.unwrap().verify(&log_verifier()).unwrap();
        assert_eq!(fork.code(), "same-size");
    }
}

#[test]
fn a_path_from_another_past_is_refused_and_is_evidence() {
    let (log, other) = (TestLog::of_size(300), {
        let mut other = TestLog::empty();
        other.append(&[b"another past"]);
        other.grow_to(600);
        other
    });
    let request = request(300, other.consistency(300, 600), &other.checkpoint(600));
    let known = known(Some(log.checkpoint(300)));
    let refusal = refused(decide(Some(&known), &request, NOW_S));
    assert_eq!(
        (refusal.status(), refusal.reason.code()),
        (422, "witness-path")
    );
    let fork = refusal.evidence.unwrap().verify(&log_verifier()).unwrap();
    assert_eq!(fork.code(), "no-consistency");
}

/// The race that the specification describes, and the one that ended a log in 2017.
#[test]
fn of_two_requests_judged_on_one_state_only_one_gets_a_cosignature() {
    let log = TestLog::of_size(600);
    let state = Some(log.checkpoint(300));
    let judged = |size| {
        let request = request(300, log.consistency(300, size), &log.checkpoint(size));
        accepted(decide(Some(&known(state.clone())), &request, NOW_S))
    };
    let (shorter, longer) = (judged(400), judged(600));
    assert_eq!(longer.swap(state.as_ref()), Ok(()));
    let stored = Some(longer.next().clone());
    let error = shorter.swap(stored.as_ref()).unwrap_err();
    assert_eq!(error.code(), "head-is-another");
    assert_eq!(shorter.swap(None).unwrap_err().code(), "head-is-another");
}

#[test]
fn a_reply_gives_the_cosignature_of_the_witness_that_was_asked_and_nothing_else() {
    let checkpoint = TestLog::of_size(5).checkpoint(5);
    let text = checkpoint.note().text();
    let name = KeyName::from(&witness());
    let line = cosignature::sign(&name, &witness_key(), text, 7)
        .unwrap()
        .to_string();
    let forged = cosignature::sign(&name, &witness_key(), "other\n", 7)
        .unwrap()
        .to_string();
    let stranger = cosignature::sign(&KeyName::new("stranger").unwrap(), &witness_key(), text, 7);
    let stranger = stranger.unwrap().to_string();

    let check = |reply: String, expected: Result<&str, &str>| {
        let found = read_cosignature(&checkpoint, reply.as_bytes(), &witness_verifier());
        let found = found
            .map(|line| line.to_string())
            .map_err(|error| error.code());
        assert_eq!(
            found.as_deref().map_err(|code| *code),
            expected,
            "{reply:?}"
        );
    };
    check(format!("{line}\n"), Ok(&line));
    check(format!("{stranger}\n{line}\n"), Ok(&line));
    check(format!("{stranger}\n"), Err("note-not-signed"));
    check(format!("{forged}\n"), Err("note-signature-invalid"));
    check(format!("{line}\n{forged}\n"), Err("note-signature-invalid"));
    check(line.clone(), Err("note-format"));
    check(String::new(), Err("note-format"));
    // A reply that brings a text of its own.
    check(format!("{text}\n{line}\n"), Err("note-signature-format"));
    check(
        format!("{}\n\n{line}\n", checkpoint.note().signatures()[0]),
        Err("note-signature-format"),
    );
}

#[test]
fn what_is_stored_holds_the_logs_signature_and_no_other() {
    let log = TestLog::of_size(5);
    let forged =
        cosignature::sign(&KeyName::from(&witness()), &witness_key(), "other\n", 7).unwrap();
    let note = log.checkpoint(5).note().clone().with(forged).unwrap();
    let request = Request::parse(format!("old 0\n\n{note}").as_bytes()).unwrap();
    let pending = accepted(decide(Some(&known(None)), &request, NOW_S));
    assert_eq!(pending.next(), &log.checkpoint(5));

    // So what is read from the store later is accepted, also by who trusts the witness.
    let line = pending
        .persisted()
        .sign(&witness(), &witness_key())
        .unwrap();
    let cosigned = log
        .checkpoint(5)
        .note()
        .clone()
        .with(line)
        .unwrap()
        .to_string();
    let both = [log_verifier(), witness_verifier()];
    assert!(
        Note::parse(cosigned.as_bytes())
            .unwrap()
            .verify(&both)
            .is_ok()
    );
}
