//! Inclusion and consistency proofs over trees of stated leaves.
//!
//! The hashes are computed here from the recursive definitions of RFC 6962
//! (sections 2.1 to 2.1.2), with nothing of the crate that the vectors test.

use std::cell::RefCell;
use std::collections::BTreeMap;

use comity_wire::ids::Hash;

use super::{Context, File};

const CODES: &str = "log-code";

/// One leaf, the first sizes with two levels, both sides of a full tile, and a
/// tree with three levels of tiles.
const SIZES: [u64; 9] = [1, 2, 3, 7, 8, 255, 256, 257, 65_537];

pub(super) fn proofs() -> File {
    let mut file = File::new("proof.json");
    let tree = Stated::default();
    for size in SIZES {
        let mut places = vec![0, size / 2, size - 1];
        places.dedup();
        for index in places {
            included(&mut file, &tree, index, size);
        }
    }
    for (n, old) in SIZES.into_iter().enumerate() {
        for new in SIZES.into_iter().skip(n) {
            grown(&mut file, &tree, old, new);
        }
    }
    not_included(&mut file, &tree);
    not_grown(&mut file, &tree);
    file
}

fn included(file: &mut File, tree: &Stated, index: u64, size: u64) {
    file.ok(
        &format!("inclusion-{index}-of-{size}"),
        &format!("Leaf {index} is in the tree of {size}."),
        "inclusion",
        &joined(&tree.path(index, 0, size)),
        inclusion(index, size, &tree.root(0, size)),
        &[("leaf_hash", leaf_hash(index).to_string())],
    );
}

fn grown(file: &mut File, tree: &Stated, old: u64, new: u64) {
    let shows = if old == new {
        format!("A tree of {old} is the beginning of itself: the path is empty.")
    } else {
        format!("The tree of {old} is the beginning of the tree of {new}.")
    };
    file.ok(
        &format!("consistency-{old}-to-{new}"),
        &shows,
        "consistency",
        &joined(&tree.growth(old, new)),
        consistency(old, &tree.root(0, old), new, &tree.root(0, new)),
        &[("more", (new - old).to_string())],
    );
}

fn not_included(file: &mut File, tree: &Stated) {
    let root = |size| tree.root(0, size);
    let path = |index, size| tree.path(index, 0, size);
    let turned = {
        let mut path = path(3, 8);
        path.swap(0, 1);
        path
    };
    let flipped = {
        let mut path = path(128, 257);
        let mut bytes = *path[4].as_bytes();
        bytes[31] ^= 1;
        path[4] = Hash::new(bytes);
        path
    };
    let of_another = Context {
        leaf: Some(4),
        ..inclusion(3, 8, &root(8))
    };
    let longer = [path(3, 8), vec![root(1)]].concat();
    let over = 9_007_199_254_740_992;
    let rows: Vec<(&str, &str, Vec<Hash>, Context, &str)> = vec![
        (
            "inclusion-beyond",
            "There is no leaf 8 in a tree of 8.",
            path(7, 8),
            inclusion(8, 8, &root(8)),
            "index-beyond-tree",
        ),
        (
            "inclusion-in-nothing",
            "There is no leaf in a tree without leaves.",
            vec![],
            inclusion(0, 0, &Hash::of(b"")),
            "index-beyond-tree",
        ),
        (
            "inclusion-over",
            "A size over 2^53 - 1.",
            path(7, 8),
            inclusion(7, over, &root(8)),
            "tree-size-over-limit",
        ),
        (
            "inclusion-over-and-beyond",
            "The size is looked at before the index.",
            path(7, 8),
            inclusion(over, over, &root(8)),
            "tree-size-over-limit",
        ),
        (
            "inclusion-short",
            "A hash is missing.",
            path(3, 8)[1..].to_vec(),
            inclusion(3, 8, &root(8)),
            "path-length",
        ),
        (
            "inclusion-long",
            "A hash too many.",
            longer,
            inclusion(3, 8, &root(8)),
            "path-length",
        ),
        (
            "inclusion-alone-with-path",
            "The only leaf needs no path.",
            vec![root(1)],
            inclusion(0, 1, &root(1)),
            "path-length",
        ),
        (
            "inclusion-of-another-size",
            "A path for the tree of 257 is one hash too long for that of 256.",
            path(0, 257),
            inclusion(0, 256, &root(256)),
            "path-length",
        ),
        (
            "inclusion-of-another-leaf",
            "Leaf 4 with the path of leaf 3.",
            path(3, 8),
            of_another,
            "root-is-another",
        ),
        (
            "inclusion-at-another-index",
            "Leaf and path of index 3, under index 2.",
            path(3, 8),
            Context {
                leaf: Some(3),
                ..inclusion(2, 8, &root(8))
            },
            "root-is-another",
        ),
        (
            "inclusion-turned",
            "The first two hashes of the path are exchanged.",
            turned,
            inclusion(3, 8, &root(8)),
            "root-is-another",
        ),
        (
            "inclusion-flipped",
            "One bit of the path is another.",
            flipped,
            inclusion(128, 257, &root(257)),
            "root-is-another",
        ),
        (
            "inclusion-under-another-root",
            "The root of the tree of 7, under the size 8.",
            path(3, 8),
            inclusion(3, 8, &root(7)),
            "root-is-another",
        ),
    ];
    for (name, shows, path, context, code) in rows {
        file.no(
            name,
            shows,
            "inclusion",
            &joined(&path),
            context,
            (code, CODES),
        );
    }
}

fn not_grown(file: &mut File, tree: &Stated) {
    let root = |size| tree.root(0, size);
    let path = |old, new| tree.growth(old, new);
    let two = |old, new| consistency(old, &root(old), new, &root(new));
    let longer = [path(3, 7), vec![root(1)]].concat();
    let over = 9_007_199_254_740_992;
    let rows: Vec<(&str, &str, Vec<Hash>, Context, &str)> = vec![
        (
            "consistency-shrunk",
            "The older tree has more leaves than the newer one.",
            path(7, 8),
            two(8, 7),
            "old-beyond-new",
        ),
        (
            "consistency-over",
            "A size over 2^53 - 1.",
            path(7, 8),
            consistency(7, &root(7), over, &root(8)),
            "tree-size-over-limit",
        ),
        (
            "consistency-short",
            "A hash is missing.",
            path(3, 7)[1..].to_vec(),
            two(3, 7),
            "path-length",
        ),
        (
            "consistency-long",
            "A hash too many.",
            longer,
            two(3, 7),
            "path-length",
        ),
        (
            "consistency-same-with-path",
            "A tree is the beginning of itself without a path.",
            vec![root(8)],
            two(8, 8),
            "path-length",
        ),
        (
            "consistency-same-size-other-root",
            "Two roots of one size.",
            vec![],
            consistency(8, &root(7), 8, &root(8)),
            "root-is-another",
        ),
        (
            "consistency-other-new-root",
            "Another newer root.",
            path(3, 7),
            consistency(3, &root(3), 7, &root(8)),
            "root-is-another",
        ),
        (
            "consistency-other-old-root",
            "Another older root, and the path that joins the true ones.",
            path(3, 7),
            consistency(3, &root(2), 7, &root(7)),
            "old-root-is-another",
        ),
        (
            "consistency-other-old-root-of-power",
            "From a size that is a power of two the path begins at the older root, so another one leads elsewhere.",
            path(8, 257),
            consistency(8, &root(7), 257, &root(257)),
            "root-is-another",
        ),
        (
            "consistency-of-another-size",
            "The path from 255 to 257 under the older size 253.",
            path(255, 257),
            consistency(253, &root(253), 257, &root(257)),
            "root-is-another",
        ),
    ];
    for (name, shows, path, context, code) in rows {
        file.no(
            name,
            shows,
            "consistency",
            &joined(&path),
            context,
            (code, CODES),
        );
    }
}

fn inclusion(index: u64, size: u64, root: &Hash) -> Context {
    Context {
        index: Some(index),
        leaf: Some(index),
        size: Some(size),
        root: Some(root.to_string()),
        ..Context::default()
    }
}

fn consistency(old_size: u64, old_root: &Hash, size: u64, root: &Hash) -> Context {
    Context {
        old_size: Some(old_size),
        old_root: Some(old_root.to_string()),
        size: Some(size),
        root: Some(root.to_string()),
        ..Context::default()
    }
}

fn joined(path: &[Hash]) -> Vec<u8> {
    path.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// The leaf of an index: readers make it themselves, so that no file has 65,537 of them.
#[must_use]
pub fn stated_leaf(index: u64) -> Vec<u8> {
    format!("comity-vectors/1 leaf {index}").into_bytes()
}

fn leaf_hash(index: u64) -> Hash {
    Hash::of_parts(&[&[0], &stated_leaf(index)])
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The tree of the stated leaves; each root is computed once.
#[derive(Default)]
struct Stated {
    known: RefCell<BTreeMap<(u64, u64), Hash>>,
}

impl Stated {
    /// `MTH(D[begin:end])`.
    fn root(&self, begin: u64, end: u64) -> Hash {
        if let Some(known) = self.known.borrow().get(&(begin, end)) {
            return *known;
        }
        let root = if end - begin == 1 {
            leaf_hash(begin)
        } else {
            let middle = begin + split(end - begin);
            node_hash(&self.root(begin, middle), &self.root(middle, end))
        };
        self.known.borrow_mut().insert((begin, end), root);
        root
    }

    /// `PATH(index, D[begin:end])`, with the index counted in the whole tree.
    fn path(&self, index: u64, begin: u64, end: u64) -> Vec<Hash> {
        if end - begin == 1 {
            return Vec::new();
        }
        let middle = begin + split(end - begin);
        let (mut path, sibling) = if index < middle {
            (self.path(index, begin, middle), self.root(middle, end))
        } else {
            (self.path(index, middle, end), self.root(begin, middle))
        };
        path.push(sibling);
        path
    }

    /// `PROOF(old, D[new])`.
    fn growth(&self, old: u64, new: u64) -> Vec<Hash> {
        self.subproof(old, 0, new, true)
    }

    /// `SUBPROOF(old, D[begin:end], known)`: `known` says that the reader has the
    /// root of the older tree.
    fn subproof(&self, old: u64, begin: u64, end: u64, known: bool) -> Vec<Hash> {
        if old == end {
            return if known {
                Vec::new()
            } else {
                vec![self.root(begin, end)]
            };
        }
        let middle = begin + split(end - begin);
        let (mut path, sibling) = if old <= middle {
            (
                self.subproof(old, begin, middle, known),
                self.root(middle, end),
            )
        } else {
            (
                self.subproof(old, middle, end, false),
                self.root(begin, middle),
            )
        };
        path.push(sibling);
        path
    }
}

/// The largest power of two below a number.
fn split(leaves: u64) -> u64 {
    leaves.next_power_of_two() / 2
}
