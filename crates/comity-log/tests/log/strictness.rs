//! Bytes from strangers: no reader panics, and what is read is written again as the same bytes.

use comity_log::add_checkpoint::Request;
use comity_log::bundle;
use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::evidence::{Evidence, LeafProof};
use comity_log::key::VerifierKey;
use comity_log::names::WitnessName;
use comity_log::note::Note;
use comity_log::tile::{BundleId, TilePath};
use comity_log::tlog_proof::TlogProof;
use proptest::prelude::*;

use crate::fixture::{TestLog, log_verifier, witness};

/// Reads bytes and writes again what it has read; none if it refuses.
type Reader = fn(&[u8]) -> Option<Vec<u8>>;

/// Every reader of the crate.
const READERS: [Reader; 9] = [
    |bytes| Some(Note::parse(bytes).ok()?.to_string().into()),
    |bytes| Some(UnverifiedCheckpoint::parse(bytes).ok()?.to_string().into()),
    |bytes| Some(Request::parse(bytes).ok()?.to_string().into()),
    |bytes| Some(TlogProof::parse(bytes).ok()?.to_string().into()),
    |bytes| Some(Evidence::parse(bytes).ok()?.to_bytes()),
    |bytes| Some(text(bytes)?.parse::<VerifierKey>().ok()?.to_string().into()),
    |bytes| Some(text(bytes)?.parse::<TilePath>().ok()?.to_string().into()),
    |bytes| Some(text(bytes)?.parse::<WitnessName>().ok()?.to_string().into()),
    |bytes| bundle::encode(&bundle::decode(BundleId::new(0, 3).unwrap(), bytes).ok()?).ok(),
];

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// One good example for each reader, in the same order.
fn examples() -> [Vec<u8>; 9] {
    let log = TestLog::of_size(20);
    let checkpoint = log.checkpoint(20);
    let request = Request {
        old_size: 11,
        path: log.consistency(11, 20),
        checkpoint: checkpoint.to_unverified(),
    };
    let proof = TlogProof {
        extra: Some(b"extra".to_vec()),
        index: 11,
        path: log.tree().inclusion_path(11, 20).unwrap(),
        checkpoint: checkpoint.to_unverified(),
    };
    let leaf = LeafProof {
        leaf: log.leaves[11].clone(),
        index: 11,
        path: proof.path.clone(),
        checkpoint: checkpoint.to_unverified(),
    };
    [
        checkpoint.to_string().into(),
        checkpoint.to_string().into(),
        request.to_string().into(),
        proof.to_string().into(),
        Evidence::TwoLeaves(leaf.clone(), leaf).to_bytes(),
        log_verifier().to_string().into(),
        b"tile/entries/x001/234.p/56".to_vec(),
        witness().to_string().into(),
        bundle::encode(&log.leaves[..3]).unwrap(),
    ]
}

fn check(read_and_write: Reader, bytes: &[u8]) {
    if let Some(written) = read_and_write(bytes) {
        assert_eq!(
            written,
            bytes,
            "read as {:?}",
            String::from_utf8_lossy(&written)
        );
    }
}

#[test]
fn what_is_written_is_read() {
    for (reader, example) in READERS.iter().zip(examples()) {
        assert_eq!(reader(&example), Some(example));
    }
}

#[test]
fn every_cut_and_every_flipped_bit_is_refused_or_read_as_it_stands() {
    for (reader, example) in READERS.iter().zip(examples()) {
        for end in 0..example.len() {
            check(*reader, &example[..end]);
        }
        for bit in 0..example.len() * 8 {
            let mut changed = example.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            check(*reader, &changed);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic_or_guess(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for reader in READERS {
            check(reader, &bytes);
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic_or_guess(
        text in "(old |index |extra |tile/|[0-9]{1,3}|x[0-9]{3}|/|\\.p/|[A-Za-z+/=]{0,44}|— |\n|\n\n| ){0,20}"
    ) {
        for reader in READERS {
            check(reader, text.as_bytes());
        }
    }

    #[test]
    fn no_change_to_a_good_example_makes_a_reader_panic_or_guess(
        which in 0..9_usize, place: prop::sample::Index, cut in 0..6_usize, put in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let mut bytes = examples()[which].clone();
        let begin = place.index(bytes.len());
        let end = bytes.len().min(begin + cut);
        bytes.splice(begin..end, put);
        check(READERS[which], &bytes);
    }
}
