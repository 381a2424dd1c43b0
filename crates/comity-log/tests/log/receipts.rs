//! Receipts for a batch, all from one signed root.

use comity_log::hash::{Hash, leaf_hash};
use comity_log::head::Head;
use comity_log::proof::root_from_inclusion;
use comity_log::receipts::{self, InvalidReceipt, ReceiptError};
use comity_testkit::cddl;
use comity_wire::cose::{SignedRoot, kid_of};
use comity_wire::ids::{Kid, Nonce};
use comity_wire::leaf::{Leaf, RosterRef};
use comity_wire::receipt::{InclusionProof, Receipt};
use comity_wire::words::{Code, Version};
use ed25519_dalek::{Signer as _, SigningKey};

use crate::fixture::{TestLog, log_key, sign, witness_key};

fn leaf(index: u64) -> Leaf {
    Leaf {
        v: Version,
        ext: None,
        seq: None,
        case: None,
        kind: Code::new("received").unwrap(),
        salt: Nonce::new([7; 16]),
        time: 1_700_000_000_000 + index,
        facts: None,
        index,
        roster: RosterRef(1, Hash::of(b"roster")),
        direction: None,
        statement: None,
        counterpart: None,
        predecessor: None,
        statement_kind: None,
    }
}

fn encoded(indexes: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    indexes.map(|index| leaf(index).encode()).collect()
}

fn log_of_records(size: u64) -> TestLog {
    let mut log = TestLog::empty();
    log.append(&encoded(0..size));
    log
}

#[test]
fn every_leaf_of_a_batch_gets_a_receipt_under_the_one_signed_root() {
    let mut log = log_of_records(250);
    let batch = encoded(250..506);
    log.append(&batch);
    let made = receipts::of_batch(&mut log.tree(), 250, &batch, &log_key()).unwrap();
    assert_eq!(made.len(), 256);
    let checkpoint = log.checkpoint(506);
    for (index, receipt) in (250..).zip(&made) {
        assert_eq!(cddl::validate("receipt", &receipt.encode()), Ok(()));
        let received = Receipt::read(&receipt.encode()).unwrap();
        let verified = receipts::verify(&received, &log_key().verifying_key()).unwrap();
        assert_eq!(verified.leaf(), &leaf(index));
        assert_eq!(verified.root(), checkpoint.head().root());
        assert_eq!(verified.is_under(&checkpoint), Ok(()));
    }
}

#[test]
fn a_tree_of_one_leaf_has_no_receipt_and_the_error_says_so() {
    let log = log_of_records(1);
    let error = receipts::of_batch(&mut log.tree(), 0, &encoded(0..1), &log_key()).unwrap_err();
    assert_eq!(error.code(), "receipt-tree-of-one-leaf");
    let log = log_of_records(2);
    assert!(receipts::of_batch(&mut log.tree(), 0, &encoded(0..2), &log_key()).is_ok());
}

#[test]
fn no_receipt_is_made_for_what_the_tree_does_not_have() {
    let log = log_of_records(9);
    let code = |first, leaves: &[Vec<u8>]| {
        let made = receipts::of_batch(&mut log.tree(), first, leaves, &log_key());
        made.unwrap_err().code()
    };
    assert_eq!(code(3, &encoded(4..5)), "leaf-is-another");
    assert_eq!(code(8, &encoded(8..10)), "index-beyond-tree");
    assert_eq!(code(u64::MAX, &encoded(8..9)), "index-beyond-tree");

    // A leaf that is in the tree, but states another index.
    let mut log = TestLog::empty();
    log.append(&[leaf(0).encode(), leaf(7).encode()]);
    let made = receipts::of_batch(
        &mut log.tree(),
        0,
        &[leaf(0).encode(), leaf(7).encode()],
        &log_key(),
    );
    assert!(matches!(made, Err(ReceiptError::Object(error)) if error.code() == "index-mismatch"));
}

#[test]
fn a_receipt_whose_index_and_path_do_not_belong_together_is_refused() {
    let log = log_of_records(7);
    let bytes = leaf(6).encode();
    let root = *log.head().root();
    let path = log.tree().inclusion_path(6, 7).unwrap();
    let make = |tree_size, leaf_index, path: &[Hash]| {
        let proof = InclusionProof {
            tree_size,
            leaf_index,
            path: path.to_vec(),
        };
        Receipt::new(
            &SignedRoot::new(&log_key(), root.as_bytes()),
            &bytes,
            &proof,
        )
    };
    let code = |receipt: &Receipt| {
        let verified = receipts::verify(receipt, &log_key().verifying_key());
        verified.map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(code(&make(7, 6, &path).unwrap()), Ok(()));

    // The same path leads from leaf 3 of 4 to the same root, which the log has signed.
    assert_eq!(
        root_from_inclusion(&leaf_hash(&bytes), 3, 4, &path),
        Ok(root)
    );
    let error = make(4, 3, &path).unwrap_err();
    assert_eq!(error.code(), "index-mismatch");

    assert_eq!(code(&make(8, 6, &path).unwrap()), Err("path-length"));
    assert_eq!(code(&make(7, 6, &path[1..]).unwrap()), Err("path-length"));
    let swapped = [path[1], path[0]];
    assert_eq!(code(&make(7, 6, &swapped).unwrap()), Err("bad-signature"));
}

#[test]
fn a_receipt_is_worth_what_the_log_signed() {
    let log = log_of_records(7);
    let batch = encoded(5..7);
    let made = receipts::of_batch(&mut log.tree(), 5, &batch, &witness_key()).unwrap();
    let error = receipts::verify(&made[0], &log_key().verifying_key()).unwrap_err();
    assert_eq!(error.code(), "bad-signature");
}

/// The receipt with another kid, under a signature that covers it.
fn renamed(receipt: &Receipt, kid: &Kid, key: &SigningKey, root: &Hash) -> Receipt {
    let mut wire = receipt.wire().clone();
    let old = receipt.kid().as_bytes();
    let place = wire.1.windows(32).position(|bytes| bytes == old).unwrap();
    wire.1[place..place + 32].copy_from_slice(kid.as_bytes());
    // `{1: -8, 4: kid, 395: 1}`: six bytes, the kid, four bytes.
    let protected = &wire.1[place - 6..place + 32 + 4];
    let mut message = b"\x84\x6aSignature1\x58".to_vec();
    message.push(u8::try_from(protected.len()).unwrap());
    message.extend_from_slice(protected);
    message.extend_from_slice(b"\x40\x58\x20");
    message.extend_from_slice(root.as_bytes());
    let signature = key.sign(&message).to_bytes();
    let end = wire.1.len() - 64;
    wire.1[end..].copy_from_slice(&signature);
    Receipt::from_wire(wire).unwrap()
}

#[test]
fn a_receipt_that_names_another_key_than_the_one_that_signed_is_refused() {
    let log = log_of_records(7);
    let made = receipts::of_batch(&mut log.tree(), 5, &encoded(5..6), &log_key()).unwrap();
    let code = |kid: &Kid| {
        let receipt = renamed(&made[0], kid, &log_key(), log.head().root());
        let verified = receipts::verify(&receipt, &log_key().verifying_key());
        verified.map(|_| ()).map_err(|error| error.code())
    };
    // Signed again as it was: so it is the name that is refused, and not the way it was signed.
    assert_eq!(code(&kid_of(&log_key())), Ok(()));
    assert_eq!(code(&kid_of(&witness_key())), Err("bad-signature"));
}

#[test]
fn a_receipt_is_held_against_the_checkpoint_that_came_with_it() {
    let log = log_of_records(9);
    let made = receipts::of_batch(&mut log.tree(), 5, &encoded(5..6), &log_key()).unwrap();
    let verified = receipts::verify(&made[0], &log_key().verifying_key()).unwrap();
    assert_eq!(verified.is_under(&log.checkpoint(9)), Ok(()));
    let other = Err(InvalidReceipt::CheckpointIsAnother);
    assert_eq!(verified.is_under(&log.checkpoint(8)), other);
    let same_root = Head::new(10, *log.head().root()).unwrap();
    assert_eq!(verified.is_under(&sign(same_root)), other);
    let same_size = Head::new(9, Hash::of(b"")).unwrap();
    assert_eq!(verified.is_under(&sign(same_size)), other);
}
