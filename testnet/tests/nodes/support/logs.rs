//! The log of a stopped node, read from the disk without the node.

use std::collections::BTreeMap;
use std::fs;

use comity_log::edge::Edge;
use comity_log::store::MemoryTiles;
use comity_store::{Journal, StorageKey};
use comity_testnet::federation::Member;
use comity_testnet::process::Process;
use comity_wire::leaf::{Leaf, Origin};
use serde_json::Value;

/// Every record, decoded.
pub(crate) struct Log {
    pub(crate) leaves: Vec<Leaf>,
    bytes: Vec<Vec<u8>>,
}

impl Log {
    pub(crate) fn read(member: &Member) -> Self {
        let identity = fs::read_to_string(member.data().join("identity.toml")).unwrap();
        let origin = Origin::parse(identity.split('"').nth(1).unwrap()).unwrap();
        let key = StorageKey::read(&member.folder.join("keys/storage.key")).unwrap();
        let journal = Journal::open(&member.data(), &key, &origin).unwrap();
        let bytes: Vec<Vec<u8>> = (0..journal.head().size())
            .map(|index| journal.record(index).unwrap().0)
            .collect();
        let leaves = bytes.iter().map(|leaf| Leaf::decode(leaf).unwrap());
        Self {
            leaves: leaves.collect(),
            bytes,
        }
    }

    /// Records of one kind, counted by the statement that they are about.
    pub(crate) fn by_statement(&self, kind: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for leaf in self.leaves.iter().filter(|leaf| leaf.kind.as_str() == kind) {
            *counts
                .entry(leaf.statement.unwrap().to_string())
                .or_default() += 1;
        }
        counts
    }

    /// The record at an index, in hex.
    pub(crate) fn hex(&self, index: u64) -> String {
        let leaf = &self.bytes[usize::try_from(index).unwrap()];
        data_encoding::HEXLOWER.encode(leaf)
    }

    /// Roots of the tree at these sizes, ascending, in hex.
    pub(crate) fn roots(&self, sizes: impl IntoIterator<Item = u64>) -> BTreeMap<u64, String> {
        let (mut edge, mut tiles) = (Edge::empty(), MemoryTiles::default());
        let mut roots = BTreeMap::new();
        for size in sizes {
            let from = usize::try_from(edge.head().size()).unwrap();
            let to = usize::try_from(size).unwrap();
            assert!(to <= self.bytes.len(), "a head of {size} records was shown");
            for part in self.bytes[from..to].chunks(256) {
                let appended = edge.append(part).unwrap();
                let Ok(()) = appended.write(&mut tiles);
                edge = appended.confirm(&tiles, part).unwrap();
            }
            roots.insert(size, edge.head().root().to_string());
        }
        roots
    }
}

/// `comity log verify` reads every record of a stopped node and makes root, tiles and signed head anew.
#[track_caller]
pub(crate) fn verified(member: &Member) -> Value {
    let data = member.data();
    let args = ["log", "verify", "--json", "--data", data.to_str().unwrap()];
    let ended = Process::run(&mut member.command(&args).unwrap()).unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    serde_json::from_str(&ended.output).unwrap()
}
