//! Evidence of the three sorts, and what is none.

use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::evidence::{Evidence, LeafProof};
use comity_log::hash::Hash;
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::limits::TREE_LEAVES_MAX;
use comity_testkit::cddl;
use comity_wire::cbor;
use proptest::prelude::*;

use crate::fixture::{TestLog, flip_bit, log_verifier, numbered, origin, sign, witness_key};

/// A log that has another leaf at 0 than [`TestLog`] and signs with the same key.
fn forked(size: u64) -> TestLog {
    let mut log = TestLog::empty();
    log.append(&[b"another leaf"]);
    log.grow_to(size);
    log
}

fn same_size(one: &VerifiedCheckpoint, other: &VerifiedCheckpoint) -> Evidence {
    Evidence::SameSize(one.to_unverified(), other.to_unverified())
}

fn no_consistency(
    older: &VerifiedCheckpoint,
    newer: &VerifiedCheckpoint,
    old_root: &Hash,
    path: &[Hash],
) -> Evidence {
    Evidence::NoConsistency {
        older: older.to_unverified(),
        newer: newer.to_unverified(),
        old_root: *old_root,
        path: path.to_vec(),
    }
}

fn leaf_proof(log: &TestLog, index: u64, size: u64) -> LeafProof {
    LeafProof {
        leaf: log.leaves[usize::try_from(index).unwrap()].clone(),
        index,
        path: log.tree().inclusion_path(index, size).unwrap(),
        checkpoint: log.checkpoint(size).to_unverified(),
    }
}

fn check(evidence: &Evidence, expected: Result<&str, &str>) {
    let found = evidence.verify(&log_verifier());
    let found = found
        .as_ref()
        .map(|fork| fork.code())
        .map_err(|error| error.code());
    assert_eq!(found, expected);
    // It says the same to whoever receives it.
    assert_eq!(
        cddl::validate("fork-evidence", &evidence.to_bytes()),
        Ok(())
    );
    let received = Evidence::parse(&evidence.to_bytes()).unwrap();
    assert_eq!(&received, evidence);
}

#[test]
fn two_heads_of_one_size_are_evidence() {
    let (log, other) = (TestLog::of_size(9), forked(9));
    let (one, two) = (log.checkpoint(9), other.checkpoint(9));
    check(&same_size(&one, &two), Ok("same-size"));
    check(&same_size(&two, &one), Ok("same-size"));
    assert_eq!(Evidence::same_size(&one, &two), Some(same_size(&one, &two)));

    check(&same_size(&one, &one), Err("evidence-roots-agree"));
    check(
        &same_size(&one, &other.checkpoint(8)),
        Err("evidence-sizes-differ"),
    );
    assert_eq!(Evidence::same_size(&one, &one), None);
    assert_eq!(Evidence::same_size(&one, &other.checkpoint(8)), None);
}

#[test]
fn two_heads_that_no_path_joins_are_evidence() {
    let (log, other) = (TestLog::of_size(300), forked(600));
    let (older, newer) = (log.checkpoint(300), other.checkpoint(600));
    let path = other.consistency(300, 600);
    let other_root = *other.checkpoint(300).head().root();
    check(
        &no_consistency(&older, &newer, &other_root, &path),
        Ok("no-consistency"),
    );
    let made = Evidence::no_consistency(&older, &newer, &path).unwrap();
    check(&made, Ok("no-consistency"));

    // From a power of two the path starts from the old root, which has to be known.
    let older = log.checkpoint(256);
    let path_256 = other.consistency(256, 600);
    let other_root_256 = *other.checkpoint(256).head().root();
    assert_eq!(Evidence::no_consistency(&older, &newer, &path_256), None);
    check(
        &no_consistency(&older, &newer, &other_root_256, &path_256),
        Ok("no-consistency"),
    );

    // It follows from the path of the tree of one leaf less.
    for size in [4, 8, 256] {
        let (older, newer) = (log.checkpoint(size), other.checkpoint(600));
        let path = other.consistency(size - 1, 600);
        let made = Evidence::no_consistency_from_before(&older, &newer, &path).unwrap();
        check(&made, Ok("no-consistency"));
        let honest = log.checkpoint(300);
        let path = log.consistency(size - 1, 300);
        assert_eq!(
            Evidence::no_consistency_from_before(&older, &honest, &path),
            None
        );
    }
}

#[test]
fn heads_that_a_path_joins_are_no_evidence() {
    let log = TestLog::of_size(600);
    let (older, newer) = (log.checkpoint(300), log.checkpoint(600));
    let path = log.consistency(300, 600);
    let root = older.head().root();
    assert_eq!(Evidence::no_consistency(&older, &newer, &path), None);
    check(
        &no_consistency(&older, &newer, root, &path),
        Err("evidence-roots-agree"),
    );
    // Another old root needs a path of its own, and there is none.
    let other = flip_bit(root, 3);
    check(
        &no_consistency(&older, &newer, &other, &path),
        Err("old-root-is-another"),
    );
    let elsewhere = forked(600);
    let other = *elsewhere.checkpoint(300).head().root();
    let path = elsewhere.consistency(300, 600);
    check(
        &no_consistency(&older, &newer, &other, &path),
        Err("root-is-another"),
    );
    check(
        &no_consistency(&older, &newer, &other, &path[1..]),
        Err("path-length"),
    );
    check(
        &no_consistency(&newer, &older, &other, &path),
        Err("evidence-sizes-not-in-order"),
    );
    check(
        &no_consistency(&older, &older, &other, &path),
        Err("evidence-sizes-not-in-order"),
    );
    // Everything grows out of nothing.
    let empty = sign(Head::empty());
    check(
        &no_consistency(&empty, &newer, &other, &path),
        Err("evidence-sizes-not-in-order"),
    );
    let without_path = no_consistency(&older, &newer, &other, &[]);
    let read = Evidence::parse(&without_path.to_bytes());
    assert_eq!(read.unwrap_err().code(), "evidence-length");
}

#[test]
fn two_leaves_at_one_index_are_evidence() {
    let (log, other) = (TestLog::of_size(9), forked(20));
    let pair = |one: LeafProof, two: LeafProof| Evidence::TwoLeaves(one, two);
    check(
        &pair(leaf_proof(&log, 0, 9), leaf_proof(&other, 0, 20)),
        Ok("two-leaves"),
    );
    check(
        &pair(leaf_proof(&log, 0, 9), leaf_proof(&other, 0, 9)),
        Ok("two-leaves"),
    );

    // The same leaf under two heads, two leaves of one log, and both.
    check(
        &pair(leaf_proof(&log, 3, 9), leaf_proof(&other, 3, 20)),
        Err("evidence-leaves-agree"),
    );
    check(
        &pair(leaf_proof(&log, 0, 5), leaf_proof(&log, 0, 9)),
        Err("evidence-leaves-agree"),
    );
    check(
        &pair(leaf_proof(&log, 3, 9), leaf_proof(&log, 4, 9)),
        Err("evidence-indexes-differ"),
    );
    let moved = LeafProof {
        index: 3,
        ..leaf_proof(&log, 4, 9)
    };
    check(
        &pair(leaf_proof(&log, 3, 9), moved.clone()),
        Err("root-is-another"),
    );
    check(&pair(moved, leaf_proof(&log, 3, 9)), Err("root-is-another"));
    let invented = LeafProof {
        leaf: b"never there".to_vec(),
        ..leaf_proof(&log, 3, 9)
    };
    check(
        &pair(leaf_proof(&log, 3, 9), invented),
        Err("root-is-another"),
    );
}

#[test]
fn evidence_is_about_the_log_whose_key_it_is_held_against() {
    let evidence = same_size(&TestLog::of_size(9).checkpoint(9), &forked(9).checkpoint(9));
    let name = origin().to_string();
    let code = |name: &str, key: &ed25519_dalek::SigningKey| {
        let name = KeyName::new(name).unwrap();
        let key = VerifierKey::new(name, KeyKind::Log, key.verifying_key()).unwrap();
        evidence.verify(&key).unwrap_err().code()
    };
    assert_eq!(code(&name, &witness_key()), "note-not-signed");
    let next = name.replace("/1", "/2");
    assert_eq!(
        code(&next, &crate::fixture::log_key()),
        "checkpoint-key-of-another"
    );
}

#[test]
fn two_heads_of_two_logs_are_no_evidence() {
    // The same member, the same key: its logs 1 and 2 are two logs.
    let one = TestLog::of_size(9).checkpoint(9);
    let mut second = origin();
    second.n = 2;
    let two = comity_log::checkpoint::Checkpoint {
        origin: second,
        head: forked(9).head(),
    }
    .sign(&crate::fixture::log_key());
    assert_eq!(Evidence::same_size(&one, &two), None);
    check(&same_size(&one, &two), Err("checkpoint-key-of-another"));
}

#[test]
fn evidence_has_one_form() {
    let evidence = same_size(&TestLog::of_size(9).checkpoint(9), &forked(9).checkpoint(9));
    let bytes = evidence.to_bytes();
    // {"same-size": [text, text]}
    assert!(
        bytes.starts_with(b"\xa1\x69same-size\x82\x79\x01"),
        "{bytes:02x?}"
    );

    let code = |bytes: &[u8]| Evidence::parse(bytes).unwrap_err().code();
    assert_eq!(code(&[]), "evidence-cbor");
    assert_eq!(code(&bytes[..bytes.len() - 1]), "evidence-cbor");
    assert_eq!(code(&[&bytes, [0].as_slice()].concat()), "evidence-cbor");
    assert_eq!(code(&cbor::encode(&"same-size")), "evidence-cbor");
    let longer_head = [b"\xa1\x78\x09same-size", &bytes[11..]].concat();
    assert_eq!(code(&longer_head), "evidence-cbor");
    let indefinite = [b"\xbf\x69same-size", &bytes[11..], b"\xff"].concat();
    assert_eq!(code(&indefinite), "evidence-cbor");
    let three = [b"\xa1\x69same-size\x83", &bytes[12..], b"\x60"].concat();
    assert_eq!(code(&three), "evidence-cbor");
    let unknown = [b"\xa1\x69some-size", &bytes[11..]].concat();
    assert_eq!(code(&unknown), "evidence-cbor");
    assert_eq!(code(b"\xa1\x69same-size\x82\x60\x60"), "note-format");
    assert_eq!(code(&vec![0; 1 << 20]), "evidence-length");

    let log = TestLog::of_size(9);
    let long_path = vec![Hash::of(b""); 64];
    let long = no_consistency(
        &log.checkpoint(5),
        &log.checkpoint(9),
        &Hash::of(b""),
        &long_path,
    );
    assert_eq!(code(&long.to_bytes()), "evidence-length");
    let without_leaf = LeafProof {
        leaf: Vec::new(),
        ..leaf_proof(&log, 0, 9)
    };
    let pair = Evidence::TwoLeaves(without_leaf, leaf_proof(&log, 0, 9));
    assert_eq!(code(&pair.to_bytes()), "evidence-length");
    let at = |index| {
        let leaf = LeafProof {
            index,
            ..leaf_proof(&log, 0, 9)
        };
        Evidence::TwoLeaves(leaf.clone(), leaf).to_bytes()
    };
    assert!(Evidence::parse(&at(TREE_LEAVES_MAX)).is_ok());
    for beyond in [TREE_LEAVES_MAX + 1, u64::MAX] {
        assert_eq!(code(&at(beyond)), "evidence-length");
        assert!(cddl::validate("fork-evidence", &at(beyond)).is_err());
    }
}

proptest! {
    /// Nobody can frame a log that only ever signed heads of one growing tree.
    #[test]
    fn nothing_that_an_honest_log_signed_is_evidence(
        sizes in (1_u64..300, 1_u64..300), index: prop::sample::Index, other_index in 0_u64..300, bit in 0..256_usize,
    ) {
        let log = TestLog::of_size(300);
        let (one, two) = (log.checkpoint(sizes.0), log.checkpoint(sizes.1));
        prop_assert_eq!(Evidence::same_size(&one, &two), None);
        prop_assert!(same_size(&one, &two).verify(&log_verifier()).is_err());

        let (older, newer) = if sizes.0 <= sizes.1 { (one, two) } else { (two, one) };
        let path = log.consistency(older.head().size(), newer.head().size());
        prop_assert_eq!(Evidence::no_consistency(&older, &newer, &path), None);
        for old_root in [*older.head().root(), flip_bit(older.head().root(), bit)] {
            for path in [&path[..], path.get(1..).unwrap_or_default()] {
                let evidence = no_consistency(&older, &newer, &old_root, path);
                prop_assert!(evidence.verify(&log_verifier()).is_err());
            }
        }

        let size = older.head().size();
        let index = index.index(usize::try_from(size).unwrap()) as u64;
        let proof = leaf_proof(&log, index, size);
        let other = LeafProof { leaf: numbered(other_index), ..leaf_proof(&log, index, newer.head().size()) };
        prop_assert!(Evidence::TwoLeaves(proof, other).verify(&log_verifier()).is_err());
    }
}
