//! Proofs, held to `ct-merkle`, which others wrote.

use comity_log::hash::{Hash, leaf_hash};
use comity_log::head::Head;
use comity_log::limits::TREE_LEAVES_MAX;
use comity_log::proof::{
    root_from_inclusion, roots_from_consistency, verify_consistency, verify_inclusion,
};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use proptest::prelude::*;
use sha2::Sha256;

use crate::fixture::{TestLog, flip_bit, numbered};

type TheirTree = MemoryBackedTree<Sha256, Vec<u8>>;

fn their_tree(size: u64) -> TheirTree {
    let mut tree = TheirTree::new();
    for index in 0..size {
        tree.push(numbered(index));
    }
    tree
}

fn their_root(head: &Head) -> RootHash<Sha256> {
    RootHash::new((*head.root().as_bytes()).into(), head.size())
}

fn their_inclusion(path: &[Hash]) -> InclusionProof<Sha256> {
    InclusionProof::try_from_bytes(concatenated(path)).unwrap()
}

fn their_consistency(path: &[Hash]) -> ConsistencyProof<Sha256> {
    ConsistencyProof::try_from_bytes(concatenated(path)).unwrap()
}

fn concatenated(path: &[Hash]) -> Vec<u8> {
    path.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

#[test]
fn every_proof_of_every_small_tree_is_theirs() {
    let log = TestLog::of_size(40);
    let mut tree = log.tree();
    for size in 1..=40_u64 {
        let theirs = their_tree(size);
        for index in 0..size {
            let path = tree.inclusion_path(index, size).unwrap();
            let their_path = theirs.prove_inclusion(as_usize(index));
            assert_eq!(
                concatenated(&path),
                their_path.as_bytes(),
                "{index} of {size}"
            );
            let leaf = leaf_hash(&numbered(index));
            let head = tree.head_at(size).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, &path, &head), Ok(()));
        }
        for old in 1..=size {
            let path = tree.consistency_path(old, size).unwrap();
            let their_path = theirs.prove_consistency(as_usize(size - old));
            assert_eq!(
                concatenated(&path),
                their_path.as_bytes(),
                "{old} to {size}"
            );
            let (old, new) = (tree.head_at(old).unwrap(), tree.head_at(size).unwrap());
            assert_eq!(verify_consistency(&old, &new, &path), Ok(()));
        }
    }
}

#[test]
fn proofs_across_the_borders_of_tiles_are_accepted_by_them() {
    let log = TestLog::of_size(65_793);
    let mut tree = log.tree();
    let sizes = [
        1, 2, 255, 256, 257, 512, 65_279, 65_280, 65_535, 65_536, 65_537, 65_793,
    ];
    for new in sizes {
        let head = tree.head_at(new).unwrap();
        for index in sizes
            .iter()
            .map(|size| size - 1)
            .filter(|index| *index < new)
        {
            let path = tree.inclusion_path(index, new).unwrap();
            assert_eq!(
                verify_inclusion(&leaf_hash(&numbered(index)), index, &path, &head),
                Ok(())
            );
            let theirs = their_root(&head).verify_inclusion(
                &numbered(index),
                index,
                &their_inclusion(&path),
            );
            assert!(theirs.is_ok(), "{index} of {new}");
        }
        for old in sizes.into_iter().filter(|old| *old <= new) {
            let path = tree.consistency_path(old, new).unwrap();
            let old_head = tree.head_at(old).unwrap();
            assert_eq!(verify_consistency(&old_head, &head, &path), Ok(()));
            let theirs = their_root(&head)
                .verify_consistency(&their_root(&old_head), &their_consistency(&path));
            assert!(theirs.is_ok(), "{old} to {new}");
        }
    }
}

/// What can be done to a path.
#[derive(Clone, Debug)]
enum Change {
    Flip(prop::sample::Index, usize),
    Drop(prop::sample::Index),
    Repeat(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Append([u8; 32]),
    Prepend([u8; 32]),
    Clear,
}

fn any_change() -> impl Strategy<Value = Change> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        (place(), 0..256_usize).prop_map(|(place, bit)| Change::Flip(place, bit)),
        place().prop_map(Change::Drop),
        place().prop_map(Change::Repeat),
        (place(), place()).prop_map(|(one, other)| Change::Swap(one, other)),
        any::<[u8; 32]>().prop_map(Change::Append),
        any::<[u8; 32]>().prop_map(Change::Prepend),
        Just(Change::Clear),
    ]
}

impl Change {
    /// The changed path; none if nothing would change.
    fn made(&self, path: &[Hash]) -> Option<Vec<Hash>> {
        let mut changed = path.to_vec();
        match self {
            Self::Append(bytes) => changed.push(Hash::new(*bytes)),
            Self::Prepend(bytes) => changed.insert(0, Hash::new(*bytes)),
            Self::Clear => changed.clear(),
            _ if path.is_empty() => return None,
            Self::Flip(place, bit) => {
                let place = place.index(path.len());
                changed[place] = flip_bit(&path[place], *bit);
            }
            Self::Drop(place) => drop(changed.remove(place.index(path.len()))),
            Self::Repeat(place) => {
                let place = place.index(path.len());
                changed.insert(place, path[place]);
            }
            Self::Swap(one, other) => changed.swap(one.index(path.len()), other.index(path.len())),
        }
        (changed != path).then_some(changed)
    }
}

proptest! {
    #[test]
    fn a_changed_inclusion_proof_is_refused(
        size in 1_u64..700, place: prop::sample::Index, change in any_change(), bit in 0..256_usize,
    ) {
        let index = place.index(as_usize(size)) as u64;
        let log = TestLog::of_size(size);
        let head = log.head();
        let leaf = leaf_hash(&numbered(index));
        let path = log.tree().inclusion_path(index, size).unwrap();
        prop_assert_eq!(verify_inclusion(&leaf, index, &path, &head), Ok(()));
        prop_assert!(their_root(&head).verify_inclusion(&numbered(index), index, &their_inclusion(&path)).is_ok());

        if let Some(changed) = change.made(&path) {
            prop_assert!(verify_inclusion(&leaf, index, &changed, &head).is_err());
        }
        prop_assert!(verify_inclusion(&flip_bit(&leaf, bit), index, &path, &head).is_err());
        for other in [index ^ 1, index ^ 2, index.wrapping_sub(1), index + 1, size, u64::MAX] {
            if other != index {
                prop_assert!(verify_inclusion(&leaf, other, &path, &head).is_err());
            }
        }
    }

    #[test]
    fn a_changed_consistency_proof_is_refused(
        sizes in (1_u64..700, 1_u64..700), change in any_change(), bit in 0..256_usize,
    ) {
        let (old_size, new_size) = (sizes.0.min(sizes.1), sizes.0.max(sizes.1));
        let log = TestLog::of_size(new_size);
        let mut tree = log.tree();
        let (old, new) = (tree.head_at(old_size).unwrap(), log.head());
        let path = tree.consistency_path(old_size, new_size).unwrap();
        prop_assert_eq!(verify_consistency(&old, &new, &path), Ok(()));
        prop_assert!(their_root(&new).verify_consistency(&their_root(&old), &their_consistency(&path)).is_ok());

        if let Some(changed) = change.made(&path) {
            prop_assert!(verify_consistency(&old, &new, &changed).is_err());
        }
        let with_root = |head: &Head| Head::new(head.size(), flip_bit(head.root(), bit)).unwrap();
        prop_assert!(verify_consistency(&with_root(&old), &new, &path).is_err());
        prop_assert!(verify_consistency(&old, &with_root(&new), &path).is_err());
        if old_size < new_size {
            prop_assert!(verify_consistency(&new, &old, &path).is_err());
        }
    }

    /// Whatever comes, both say the same; neither panics.
    #[test]
    fn we_and_they_refuse_the_same_inclusion_proofs(
        size in prop_oneof![0_u64..70, 0..=TREE_LEAVES_MAX], index in prop_oneof![0_u64..70, 0..=TREE_LEAVES_MAX],
        path in prop::collection::vec(any::<[u8; 32]>(), 0..60),
    ) {
        let path: Vec<Hash> = path.into_iter().map(Hash::new).collect();
        let leaf = leaf_hash(b"leaf");
        let ours = root_from_inclusion(&leaf, index, size, &path);
        if let Ok(root) = ours {
            let head = Head::new(size, root).unwrap();
            let theirs = their_root(&head).verify_inclusion(&b"leaf", index, &their_inclusion(&path));
            prop_assert!(theirs.is_ok());
        } else {
            let root = RootHash::<Sha256>::new([0; 32].into(), size);
            prop_assert!(root.verify_inclusion(&b"leaf", index, &their_inclusion(&path)).is_err());
        }
    }

    #[test]
    fn we_and_they_refuse_the_same_consistency_proofs(
        old in prop_oneof![1_u64..70, 1..=TREE_LEAVES_MAX], new in prop_oneof![1_u64..70, 1..=TREE_LEAVES_MAX],
        path in prop::collection::vec(any::<[u8; 32]>(), 0..60),
    ) {
        let path: Vec<Hash> = path.into_iter().map(Hash::new).collect();
        let seed = Hash::of(b"root");
        if let Ok(roots) = roots_from_consistency(old, new, &seed, &path) {
            let old = Head::new(old, roots.old).unwrap();
            let new = Head::new(new, roots.new).unwrap();
            prop_assert_eq!(verify_consistency(&old, &new, &path), Ok(()));
            prop_assert!(their_root(&new).verify_consistency(&their_root(&old), &their_consistency(&path)).is_ok());
        } else {
            let root = |size| RootHash::<Sha256>::new([0; 32].into(), size);
            let theirs = root(new).verify_consistency(&root(old), &their_consistency(&path));
            prop_assert!(theirs.is_err());
        }
    }

    #[test]
    fn no_numbers_make_a_check_panic(
        numbers in (any::<u64>(), any::<u64>()), path in prop::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let path: Vec<Hash> = path.into_iter().map(Hash::new).collect();
        let hash = Hash::of(b"");
        let _any = root_from_inclusion(&hash, numbers.0, numbers.1, &path);
        let _any = roots_from_consistency(numbers.0, numbers.1, &hash, &path);
    }
}

#[test]
fn every_way_to_be_refused_has_its_code() {
    let log = TestLog::of_size(7);
    let mut tree = log.tree();
    let (head, old) = (log.head(), tree.head_at(3).unwrap());
    let leaf = leaf_hash(&numbered(2));
    let path = tree.inclusion_path(2, 7).unwrap();
    let joined = tree.consistency_path(3, 7).unwrap();

    let inclusion = |leaf: &Hash, index, path: &[Hash]| {
        verify_inclusion(leaf, index, path, &head)
            .unwrap_err()
            .code()
    };
    assert_eq!(inclusion(&leaf, 7, &path), "index-beyond-tree");
    assert_eq!(inclusion(&leaf, u64::MAX, &path), "index-beyond-tree");
    assert_eq!(inclusion(&leaf, 2, &path[1..]), "path-length");
    assert_eq!(inclusion(&leaf, 2, &[]), "path-length");
    assert_eq!(inclusion(&leaf, 3, &path), "root-is-another");
    let over = root_from_inclusion(&leaf, 0, TREE_LEAVES_MAX + 1, &path);
    assert_eq!(over.unwrap_err().code(), "tree-size-over-limit");

    let consistency = |old: &Head, new: &Head, path: &[Hash]| {
        verify_consistency(old, new, path).unwrap_err().code()
    };
    assert_eq!(consistency(&head, &old, &joined), "old-beyond-new");
    assert_eq!(consistency(&old, &head, &joined[1..]), "path-length");
    assert_eq!(consistency(&Head::empty(), &head, &joined), "path-length");
    assert_eq!(consistency(&head, &head, &joined), "path-length");
    assert_eq!(
        consistency(&old, &Head::new(7, leaf).unwrap(), &joined),
        "root-is-another"
    );
    assert_eq!(
        consistency(&Head::new(3, leaf).unwrap(), &head, &joined),
        "old-root-is-another"
    );
    assert_eq!(
        consistency(&Head::new(7, leaf).unwrap(), &head, &[]),
        "root-is-another"
    );

    assert_eq!(verify_consistency(&Head::empty(), &head, &[]), Ok(()));
    assert_eq!(
        verify_consistency(&Head::empty(), &Head::empty(), &[]),
        Ok(())
    );
}

/// Why a receipt's leaf states its own index.
#[test]
fn one_path_can_lead_to_one_root_from_several_sizes() {
    let log = TestLog::of_size(7);
    let leaf = leaf_hash(&numbered(6));
    let path = log.tree().inclusion_path(6, 7).unwrap();
    let root = *log.head().root();
    // Two hashes from the left: the way of leaf 6 of 7, and of leaf 3 of 4.
    for (index, size) in [(6, 7), (3, 4)] {
        assert_eq!(root_from_inclusion(&leaf, index, size, &path), Ok(root));
    }
}
