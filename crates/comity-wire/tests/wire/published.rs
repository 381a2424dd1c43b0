//! Vectors that others published: `protocol-spec/vectors/published`.

use std::path::PathBuf;

use comity_testkit::tree::Sign1;
use comity_wire::cbor;
use comity_wire::cose::{self, Shape};
use comity_wire::registry::content_type;
use data_encoding::HEXLOWER_PERMISSIVE;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use serde_json::Value;

fn read(path: &str) -> Value {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../protocol-spec/vectors/published");
    serde_json::from_slice(&std::fs::read(folder.join(path)).unwrap()).unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    HEXLOWER_PERMISSIVE
        .decode(value.as_str().unwrap().as_bytes())
        .unwrap()
}

#[test]
fn our_reader_refuses_each_object_of_cose_with_the_right_check() {
    // What is one COSE_Sign1 in the deterministic encoding with a signature of 64
    // bytes has the wrong header; what is not has no header to look at.
    let rows = [
        ("eddsa-01", "outer: for several signers"),
        ("eddsa-02", "outer: for several signers"),
        ("eddsa-sig-01", "header"),
        ("eddsa-sig-02", "outer: a longer signature"),
        ("sign-fail-01", "outer: tag 998"),
        ("sign-fail-02", "header"),
        ("sign-fail-03", "header"),
        ("sign-fail-04", "header"),
        ("sign-fail-06", "header"),
        ("sign-fail-07", "header"),
        ("sign-pass-01", "header"),
        ("sign-pass-02", "header"),
        ("sign-pass-03", "outer: no tag"),
    ];
    for (name, expected) in rows {
        let bytes = hex(&read(&format!("cose/{name}.json"))["output"]["cbor"]);
        let expected = if expected == "header" {
            cose::CoseError::Header
        } else {
            cose::CoseError::Outer
        };
        for shape in [
            Shape::Statement,
            Shape::Typed(content_type::REFUSAL),
            Shape::Receipt,
        ] {
            assert_eq!(
                cose::Sign1::read(&bytes, shape),
                Err(expected),
                "{name} as {shape:?}"
            );
        }
    }
}

#[test]
fn what_is_signed_is_what_cose_says() {
    let vector = read("cose/eddsa-sig-01.json");
    let published = Sign1::parse(&hex(&vector["output"]["cbor"])).unwrap();
    let key = &vector["input"]["sign0"]["key"];
    let public = VerifyingKey::from_bytes(&hex(&key["x_hex"]).try_into().unwrap()).unwrap();
    // The bytes to be signed, built by the rules alone, are the published ones …
    let to_be_signed = published.to_be_signed(published.payload.bytes());
    assert_eq!(to_be_signed, hex(&vector["intermediates"]["ToBeSign_hex"]));
    let signature = Signature::from_slice(&published.signature).unwrap();
    public.verify_strict(&to_be_signed, &signature).unwrap();
    // … and over bytes built by the same rules, what we sign verifies.
    let ours = crate::objects::one(comity_testkit::arbitrary::statement());
    let object = Sign1::parse(ours.bytes()).unwrap();
    let to_be_signed = object.to_be_signed(object.payload.bytes());
    let signature = Signature::from_slice(&object.signature).unwrap();
    let public = comity_testkit::arbitrary::key(1).verifying_key();
    public.verify(&to_be_signed, &signature).unwrap();
}

/// Whether an item of the file is of our profile: no tag, no float, no other simple
/// value, and texts for keys.
fn is_of_our_profile(hex: &str) -> bool {
    const OUTSIDE: [&str; 9] = ["c", "d", "f0", "f7", "f8", "f9", "fa", "fb", "a201"];
    !OUTSIDE.iter().any(|start| hex.starts_with(start))
}

#[test]
fn appendix_a_of_rfc_8949() {
    let (mut taken, mut refused) = (0, 0);
    for row in read("cbor/appendix_a.json").as_array().unwrap() {
        let text = row["hex"].as_str().unwrap();
        let bytes = hex(&row["hex"]);
        let decoded = cbor::decode::<crate::second_decoder::Any>(&bytes);
        if row["roundtrip"] == true && is_of_our_profile(text) {
            let decoded = decoded.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(cbor::encode(&decoded), bytes, "{text}");
            taken += 1;
        } else {
            assert!(decoded.is_err(), "{text}");
            refused += 1;
        }
    }
    println!("{taken} items taken, {refused} refused");
    assert_eq!((taken, refused), (36, 46));
    typed();
}

/// Some of the items, decoded into the types that they are of.
fn typed() {
    fn check<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
        hex: &str,
        value: T,
    ) {
        let bytes = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).unwrap();
        assert_eq!(cbor::decode::<T>(&bytes).as_ref(), Ok(&value), "{hex}");
        assert_eq!(cbor::encode(&value), bytes);
    }
    check("1bffffffffffffffff", u64::MAX);
    check("3903e7", -1000_i64);
    check("f5", true);
    check("f6", None::<u64>);
    check("4401020304", serde_bytes::ByteBuf::from([1, 2, 3, 4]));
    check("64f0908591", String::from("\u{10151}"));
    check("8301820203820405", (1_u8, vec![2_u8, 3], vec![4_u8, 5]));
    check(
        "826161a161626163",
        (
            String::from("a"),
            std::collections::HashMap::from([(String::from("b"), String::from("c"))]),
        ),
    );
}
