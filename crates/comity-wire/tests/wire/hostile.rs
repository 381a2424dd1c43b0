//! Flipped bits and arbitrary bytes: always refused, never a panic.

use comity_testkit::arbitrary;
use comity_wire::body::Body;
use comity_wire::cbor;
use comity_wire::registry::Kind;
use comity_wire::statement::Payload;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::objects::{self, Read, one, read_statement, unsaved};

#[test]
fn every_flipped_bit_of_a_statement_is_refused() {
    let mut flipped = 0;
    for kind in [Kind::TakedownRequest, Kind::Outcome, Kind::Release] {
        let statement = one(arbitrary::statement_of(kind));
        for place in 0..statement.bytes().len() {
            for bit in 0..8 {
                let mut bytes = statement.bytes().to_vec();
                bytes[place] ^= 1 << bit;
                let code = read_statement(&bytes).unwrap_err();
                let codes = ["too-deep", "not-canonical", "bad-header", "bad-signature"];
                assert!(codes.contains(&code), "bit {bit} of byte {place}: {code}");
                flipped += 1;
            }
        }
    }
    println!("{flipped} bits flipped");
}

/// Bytes of no meaning, and objects cut and joined.
fn hostile(objects: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let piece = (
        prop::sample::select(objects),
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(bytes, at, start)| {
            let (head, tail) = bytes.split_at(at.index(bytes.len()));
            if start { head.to_vec() } else { tail.to_vec() }
        });
    let noise = vec(any::<u8>(), 0..40);
    vec(prop_oneof![piece, noise], 1..4).prop_map(|pieces| pieces.concat())
}

#[test]
fn no_reader_panics() {
    let objects = objects::all();
    let readers: Vec<Read> = objects.iter().map(|object| object.read).collect();
    let bytes = objects.iter().map(|object| object.bytes.clone()).collect();
    let mut runner = TestRunner::new(unsaved(2000));
    runner
        .run(&hostile(bytes), |bytes| {
            for read in &readers {
                let _ = read(&bytes);
            }
            for kind in Kind::ALL {
                let _ = Body::decode(kind, &bytes);
            }
            let _ = cbor::decode::<Payload>(&bytes);
            let _ = cbor::depth(&bytes);
            Ok(())
        })
        .unwrap();
}
