//! A log in memory, and the members of a federation.

use comity_log::checkpoint::{Checkpoint, VerifiedCheckpoint};
use comity_log::edge::Edge;
use comity_log::hash::{Hash, empty_root, leaf_hash, node_hash};
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::{Origin, WitnessName};
use comity_log::store::MemoryTiles;
use comity_log::tree::Tree;
use comity_wire::ids::MemberId;
use ed25519_dalek::SigningKey;

/// A log whose leaves are their own numbers.
pub(crate) struct TestLog {
    pub(crate) tiles: MemoryTiles,
    pub(crate) edge: Edge,
    pub(crate) leaves: Vec<Vec<u8>>,
}

impl TestLog {
    pub(crate) fn empty() -> Self {
        Self {
            tiles: MemoryTiles::default(),
            edge: Edge::empty(),
            leaves: Vec::new(),
        }
    }

    pub(crate) fn of_size(size: u64) -> Self {
        let mut log = Self::empty();
        log.grow_to(size);
        log
    }

    pub(crate) fn grow_to(&mut self, size: u64) {
        let batch: Vec<Vec<u8>> = (self.edge.head().size()..size).map(numbered).collect();
        for part in batch.chunks(10_000) {
            self.append(part);
        }
    }

    pub(crate) fn append<L: AsRef<[u8]>>(&mut self, batch: &[L]) {
        let appended = self.edge.append(batch).unwrap();
        appended.write(&mut self.tiles).unwrap();
        self.edge = appended.confirm(&self.tiles, batch).unwrap();
        self.leaves
            .extend(batch.iter().map(|leaf| leaf.as_ref().to_vec()));
    }

    pub(crate) fn head(&self) -> Head {
        *self.edge.head()
    }

    pub(crate) fn tree(&self) -> Tree<&MemoryTiles> {
        Tree::open(&self.tiles, self.edge.head()).unwrap()
    }

    /// The log's signed word for what it was at `size`.
    pub(crate) fn checkpoint(&self, size: u64) -> VerifiedCheckpoint {
        let head = self.tree().head_at(size).unwrap();
        sign(head)
    }

    pub(crate) fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        self.tree().consistency_path(old, new).unwrap()
    }
}

pub(crate) fn numbered(index: u64) -> Vec<u8> {
    format!("leaf {index}").into_bytes()
}

/// The tree head of RFC 6962, section 2.1, as it is defined there.
pub(crate) fn root_by_definition<L: AsRef<[u8]>>(leaves: &[L]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => leaf_hash(leaf.as_ref()),
        leaves => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&root_by_definition(left), &root_by_definition(right))
        }
    }
}

pub(crate) fn sign(head: Head) -> VerifiedCheckpoint {
    let origin = origin();
    Checkpoint { origin, head }.sign(&log_key())
}

pub(crate) fn fed() -> Hash {
    Hash::of(b"the first charter of a federation")
}

pub(crate) fn origin() -> Origin {
    Origin {
        fed: fed(),
        member: MemberId::new("north.example").unwrap(),
        n: 1,
    }
}

pub(crate) fn log_key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

pub(crate) fn log_verifier() -> VerifierKey {
    let name = KeyName::from(&origin());
    VerifierKey::new(name, KeyKind::Log, log_key().verifying_key()).unwrap()
}

pub(crate) fn witness() -> WitnessName {
    WitnessName {
        fed: fed(),
        member: MemberId::new("regulator.example").unwrap(),
    }
}

pub(crate) fn witness_key() -> SigningKey {
    SigningKey::from_bytes(&[2; 32])
}

pub(crate) fn witness_verifier() -> VerifierKey {
    let name = KeyName::from(&witness());
    VerifierKey::new(name, KeyKind::Witness, witness_key().verifying_key()).unwrap()
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

pub(crate) fn hash(text: &str) -> Hash {
    Hash::from_hex(text).unwrap()
}

pub(crate) fn flip_bit(hash: &Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8 % 32] ^= 1 << (bit % 8);
    Hash::new(bytes)
}
