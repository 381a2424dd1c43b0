//! The test vectors of the specification: bytes, and what a reader must make of
//! them. `cargo run -p comity-testkit --bin vectors` writes them.
//!
//! ```text
//! world       the federation, its chains, a log, cases in which something was said
//! forge       statements with one part exchanged, signed again
//! sections    where the specification says what a vector shows
//! pages       diagnostic notation, and the index
//! statement   record, exchange, audit, finding, witness, chain, log, transition      one module for each folder of files
//! ```
//!
//! What is expected is written here by hand, and never asked of the code: the
//! tests ask the code. Everything follows from constants, and the nonce of an
//! object from its name, so that a new vector leaves the others as they are.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "makes fixtures from constants; a failure is found by who changes them"
)]

mod audit;
mod chain;
mod exchange;
mod finding;
mod fold;
mod forge;
mod log;
mod pages;
mod proof;
mod record;
mod rotation;
pub mod sections;
mod statement;
mod transition;
mod two_hop;
mod witness;
mod world;

use std::collections::BTreeMap;

use comity_wire::ids::Hash;
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::tree::Node;

pub use proof::stated_leaf;
use sections::Sections;
use world::World;
pub use world::{Chain, FederationFile, KeyEntry, Said, Story};

/// A file of the folder `protocol-spec/vectors`.
#[derive(Debug)]
pub struct Made {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// One test vector.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// Unique among all vectors.
    pub name: String,
    /// What it shows, in one sentence.
    pub shows: String,
    /// The section of the specification; empty, if it has none yet.
    pub section: String,
    /// The rule of `comity.cddl`.
    pub object: String,
    /// The bytes.
    pub hex: String,
    /// Zero bytes follow, up to this length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pad_to: Option<usize>,
    /// What the reader knows.
    #[serde(default)]
    pub context: Context,
    /// What the reader must find.
    pub expect: Expect,
}

/// What a reader knows. What an object does not need is left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// The chain of charters and rosters, by its name in `federation.json`; for a
    /// charter without one, it is the first of a federation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// The reader's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now_ms: Option<u64>,
    /// Who reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub me: Option<String>,
    /// The statement is recorded here already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<bool>,
    /// The case is known here, and these are its opener and its recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parties: Option<(String, String)>,
    /// What was said in the case before, by its name in `federation.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
    /// The member whose statement key the caller answers for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// The member whose first log is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The member whose cosignature is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<String>,
    /// The checkpoint that the receipt came with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// How many statements were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<usize>,
    /// Other keys for notes that the reader trusts, as verifier keys of C2SP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted: Option<Vec<String>>,
    /// The index at which the leaf is said to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// Which stated leaf it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<u64>,
    /// The size of the older tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_size: Option<u64>,
    /// The root of the older tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_root: Option<String>,
    /// The size of the tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The root of the tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
}

/// What a reader must find: `ok`, or the one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Expect {
    /// It is accepted, and these are its values.
    Ok {
        /// By name.
        ok: BTreeMap<String, String>,
    },
    /// It is not.
    Refused {
        /// The code.
        code: String,
        /// For a statement the check that fails; else the registry of the code.
        check: String,
    },
}

/// The vectors of one file.
struct File {
    name: &'static str,
    vectors: Vec<Vector>,
}

impl File {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            vectors: Vec::new(),
        }
    }

    fn ok(
        &mut self,
        name: &str,
        shows: &str,
        object: &str,
        bytes: &[u8],
        context: Context,
        values: &[(&str, String)],
    ) {
        let ok = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        self.push(
            name,
            shows,
            object,
            bytes,
            context,
            Expect::Ok { ok: ok.collect() },
        );
    }

    fn no(
        &mut self,
        name: &str,
        shows: &str,
        object: &str,
        bytes: &[u8],
        context: Context,
        why: (&str, &str),
    ) {
        let (code, check) = why;
        let expect = Expect::Refused {
            code: code.to_owned(),
            check: check.to_owned(),
        };
        self.push(name, shows, object, bytes, context, expect);
    }

    fn push(
        &mut self,
        name: &str,
        shows: &str,
        object: &str,
        bytes: &[u8],
        context: Context,
        expect: Expect,
    ) {
        // Nobody needs to read the zeros of what is too long.
        let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
        let (shown, pad_to) = if zeros > 1000 {
            (&bytes[..bytes.len() - zeros], Some(bytes.len()))
        } else {
            (bytes, None)
        };
        self.vectors.push(Vector {
            name: name.to_owned(),
            shows: shows.to_owned(),
            // Found when all are made.
            section: String::new(),
            object: object.to_owned(),
            hex: hex(shown),
            pad_to,
            context,
            expect,
        });
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Every file.
#[must_use]
pub fn files() -> Vec<Made> {
    let world = World::new();
    let mut made = vec![json("federation.json", &world.file())];
    let mut files = [
        statement::accepted(&world),
        statement::refused(&world),
        record::records(&world),
        record::receipts(&world),
        record::signed(&world),
        exchange::messages(&world),
        audit::messages(&world),
        finding::findings(&world),
        witness::messages(&world),
        chain::charters(&world),
        chain::rosters(&world),
        log::checkpoints(&world),
        log::forks(&world),
        proof::proofs(),
        transition::transitions(&world),
        fold::pairs(&world),
        rotation::statements(&world),
        two_hop::exchange(&world),
    ];
    let sections = Sections::read();
    for file in &mut files {
        for vector in &mut file.vectors {
            let section = sections.of(file.name, vector);
            vector.section = section.map_or_else(String::new, |section| section.number.clone());
        }
    }
    made.extend(pages::pages(&files, &sections));
    let rows = files.iter().map(|file| {
        let refused = file
            .vectors
            .iter()
            .filter(|vector| matches!(vector.expect, Expect::Refused { .. }));
        (file.name, file.vectors.len(), refused.count())
    });
    made.push(Made {
        name: "README.md".into(),
        text: readme(rows.collect()),
    });
    made.extend(files.iter().map(|file| json(file.name, &file.vectors)));
    made
}

/// Many statements alike, each after the one before: `{"repeat", "like"}` of a
/// story.
#[must_use]
pub fn repeat(like: &[u8], count: u64, first_parent: Hash, key: &SigningKey) -> Vec<Vec<u8>> {
    let forge = forge::Forge::of_bytes(like, key);
    let mut parent = first_parent;
    let numbered = (1..=u128::from(count)).map(|number| {
        let re = vec![Node::Bytes(parent.as_bytes().to_vec())];
        let nonce = Node::Bytes(number.to_be_bytes().to_vec());
        let statement = forge.payload(|payload| payload.with("re", re).with("nonce", nonce));
        parent = Hash::of(&statement);
        statement
    });
    numbered.collect()
}

fn json(name: &str, content: &impl Serialize) -> Made {
    let text = serde_json::to_string_pretty(content).expect("texts and numbers");
    Made {
        name: name.to_owned(),
        text: text + "\n",
    }
}

fn readme(rows: Vec<(&str, usize, usize)>) -> String {
    let mut text = include_str!("readme.txt").to_owned();
    text.push_str("\n| file | vectors | refused |\n| --- | --- | --- |\n");
    let (mut all, mut all_refused) = (0, 0);
    for (name, vectors, refused) in rows {
        text.push_str(&format!("| `{name}` | {vectors} | {refused} |\n"));
        (all, all_refused) = (all + vectors, all_refused + refused);
    }
    text.push_str(&format!("| all | {all} | {all_refused} |\n"));
    text
}
