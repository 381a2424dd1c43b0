//! Proofs: from their text, and as bare hashes with any index and size.

#![no_main]

use comity_fuzz::agree;
use comity_log::hash::leaf_hash;
use comity_log::proof::{root_from_inclusion, roots_from_consistency};
use comity_log::tlog_proof::TlogProof;
use comity_wire::ids::Hash;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    agree(bytes, TlogProof::parse, |proof| proof.to_string().into());
    let Some((numbers, hashes)) = bytes.split_at_checked(16) else {
        return;
    };
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let (one, other) = (number(&numbers[..8]), number(&numbers[8..]));
    let path: Vec<Hash> = hashes
        .chunks_exact(32)
        .filter_map(Hash::from_slice)
        .collect();
    let leaf = leaf_hash(numbers);
    if let Ok(root) = root_from_inclusion(&leaf, one, other, &path) {
        assert!(one < other, "a place outside of the tree");
        assert_eq!(
            root_from_inclusion(&leaf, one, other, &path).ok(),
            Some(root)
        );
        let longer = [path.as_slice(), &[leaf]].concat();
        assert!(
            root_from_inclusion(&leaf, one, other, &longer).is_err(),
            "two lengths of path"
        );
    }
    if roots_from_consistency(one, other, &leaf, &path).is_ok() {
        assert!(one <= other, "a tree that shrinks");
    }
});
