//! Consistency receipts: the log's own word that it has only grown.

use comity_log::consistency;
use comity_log::hash::Hash;
use comity_testkit::cddl;
use comity_wire::consistency::{ConsistencyProof, ConsistencyReceipt};
use comity_wire::cose::SignedRoot;

use crate::fixture::{TestLog, log_key, witness_key};

#[test]
fn every_smaller_tree_is_the_beginning_of_the_signed_one() {
    let log = TestLog::of_size(300);
    let newer = log.checkpoint(300);
    for old in (1..20).chain([127, 128, 129, 255, 256, 257, 299]) {
        let made = consistency::of_tree(&mut log.tree(), old, &log_key()).unwrap();
        assert_eq!(
            cddl::validate("consistency-receipt", &made.encode()),
            Ok(())
        );
        let older = log.checkpoint(old);
        let received = ConsistencyReceipt::read(&made.encode()).unwrap();
        let verified =
            consistency::verify(&received, older.head().root(), &log_key().verifying_key());
        let verified = verified.unwrap();
        assert_eq!(verified.begins_at(&older), Ok(()), "{old}");
        assert_eq!(verified.ends_at(&newer), Ok(()), "{old}");
        assert!(verified.ends_at(&older).is_err(), "{old}");
        assert!(verified.begins_at(&newer).is_err(), "{old}");
    }
}

#[test]
fn from_nothing_and_to_itself_there_is_no_receipt_and_the_error_says_so() {
    let log = TestLog::of_size(9);
    let code = |old| {
        let made = consistency::of_tree(&mut log.tree(), old, &log_key());
        made.map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(code(8), Ok(()));
    for old in [0, 9, 10, u64::MAX] {
        assert_eq!(code(old), Err("receipt-no-older-tree"), "{old}");
    }
}

#[test]
fn each_way_to_prove_nothing_has_its_code() {
    let log = TestLog::of_size(7);
    let root = |size| *log.checkpoint(size).head().root();
    let path = log.consistency(3, 7);
    let check = |key, signed: Hash, sizes: (u64, u64), path: &[Hash], known: Hash| {
        let proof = ConsistencyProof {
            old_size: sizes.0,
            new_size: sizes.1,
            path: path.to_vec(),
        };
        let signed = SignedRoot::new(key, signed.as_bytes());
        let receipt = ConsistencyReceipt::new(&signed, &proof).unwrap();
        let verified = consistency::verify(&receipt, &known, &log_key().verifying_key());
        verified.map(|_| ()).map_err(|error| error.code())
    };
    let (ours, other) = (log_key(), witness_key());
    assert_eq!(check(&ours, root(7), (3, 7), &path, root(3)), Ok(()));
    for (key, signed, sizes, path, known, code) in [
        (&other, root(7), (3, 7), &path[..], root(3), "bad-signature"),
        (&ours, root(6), (3, 7), &path[..], root(3), "bad-signature"),
        (
            &ours,
            root(7),
            (3, 7),
            &path[..],
            root(2),
            "old-root-is-another",
        ),
        (&ours, root(7), (3, 7), &path[1..], root(3), "path-length"),
        (&ours, root(7), (4, 7), &path[..], root(4), "path-length"),
        (&ours, root(7), (7, 3), &path[..], root(7), "old-beyond-new"),
        (&ours, root(7), (0, 7), &path[..], root(0), "old-beyond-new"),
    ] {
        assert_eq!(check(key, signed, sizes, path, known), Err(code));
    }
}
