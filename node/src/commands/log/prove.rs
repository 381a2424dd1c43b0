//! `comity log prove` without a running node: from the data directory of a stopped one, or from a folder that `comity
//! log export` wrote.
//!
//! ```text
//! signed head, tiles, records -> tree, every tile checked -> proof -> read again as others read it -> files
//! ```
//! The proof is a text of C2SP. With the key of the log it is also a receipt of RFC 9942: the log signs once more the
//! root that it has signed already.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use comity_log::add_checkpoint;
use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::hash::leaf_hash;
use comity_log::head::Head;
use comity_log::key::{VerifierKey, VerifierKeyError};
use comity_log::limits::{NOTE_BYTES_MAX, TILE_HASHES};
use comity_log::proof;
use comity_log::store::TileReader;
use comity_log::tile::{BundleId, TileId};
use comity_log::tlog_proof::TlogProof;
use comity_log::tree::{Tree, TreeError};
use comity_log::{consistency, receipts};
use comity_wire::consistency::{ConsistencyProof, ConsistencyReceipt};
use comity_wire::cose::SignedRoot;
use comity_wire::ids::StatementId;
use comity_wire::leaf::Leaf;
use comity_wire::receipt::{InclusionProof, Receipt};
use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use super::{Data, Opened, not_verified, of_store, open, plain_lines};
use crate::error::{Exit, Failure};
use crate::files::{self, Mode, NewFiles};
use crate::keys::read_signing_key;
use crate::limits::{BUNDLE_BYTES_MAX, IDENTITY_BYTES_MAX, TILE_BYTES_MAX};
use crate::output::Output;

/// What is to be proved.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// That this statement is in the log. If it is there more than once, its last record.
    Statement(StatementId),
    /// That this record is in the log.
    Record(u64),
    /// That the log with so many records is the beginning of the log as it is.
    GrownFrom(u64),
}

/// Where the log is.
pub(super) enum Source {
    /// The data directory of a stopped node.
    Stopped(Box<Opened>),
    /// A folder of tiles and entries.
    Folder(Box<Folder>),
}

/// Does it, and writes the files beside `out`, if it is given.
///
/// # Errors
/// Why it was not done; with status 4 what does not verify.
pub(super) fn prove(
    source: &Source,
    what: What,
    log_key: Option<&Path>,
    out: Option<&Path>,
    output: &Output,
) -> Result<(), Failure> {
    let key = log_key.map(read_signing_key).transpose()?;
    if let Some(key) = &key
        && key.verifying_key() != *source.vkey().key()
    {
        return Err(Failure::new(
            "log-key-of-another",
            "This is not the key of this log.".to_owned(),
            "Give the file `log-<n>.pem` of the member's keys that has the number of the log.",
        ));
    }
    let mut tree = Tree::open(source, &source.head()).map_err(|error| of_tree(&error))?;
    let signed = source.checkpoint().head();
    // A node that was killed can have more records than it has signed.
    let reached = tree.head_at(signed.size());
    if reached.map_err(|error| of_tree(&error))? != *signed {
        return Err(not_verified(
            "root-differs",
            "the tiles have another root than the signed head",
        ));
    }
    let made = match what {
        What::Statement(statement) => {
            inclusion(source, &mut tree, find(source, &statement)?, key.as_ref())?
        }
        What::Record(index) => inclusion(source, &mut tree, index, key.as_ref())?,
        What::GrownFrom(old) => grown(source, &mut tree, old, key.as_ref())?,
    };
    made.show(out, output)
}

impl Source {
    /// Opens the data directory of a stopped node.
    pub(super) fn stopped(data: &Data) -> Result<Self, Failure> {
        open(data).map(|opened| Self::Stopped(Box::new(opened)))
    }

    /// Reads the signed head and the key of an exported folder.
    pub(super) fn folder(dir: &Path) -> Result<Self, Failure> {
        let vkey = files::read(&dir.join("vkey"), IDENTITY_BYTES_MAX)?;
        let vkey = String::from_utf8_lossy(&vkey).trim_end().parse();
        let vkey: VerifierKey = vkey.map_err(|error: VerifierKeyError| {
            not_verified(error.code(), &format!("the verifier key: {error}"))
        })?;
        let bytes_max = u64::try_from(NOTE_BYTES_MAX).unwrap_or(u64::MAX);
        let bytes = files::read(&dir.join("checkpoint"), bytes_max)?;
        let checkpoint = UnverifiedCheckpoint::parse(&bytes)
            .and_then(|checkpoint| checkpoint.verify(&vkey))
            .map_err(|error| not_verified(error.code(), &format!("the signed head: {error}")))?;
        Ok(Self::Folder(Box::new(Folder {
            dir: dir.to_owned(),
            vkey,
            checkpoint,
        })))
    }

    fn vkey(&self) -> &VerifierKey {
        match self {
            Self::Stopped(opened) => &opened.vkey,
            Self::Folder(folder) => &folder.vkey,
        }
    }

    fn checkpoint(&self) -> &VerifiedCheckpoint {
        match self {
            Self::Stopped(opened) => &opened.checkpoint,
            Self::Folder(folder) => &folder.checkpoint,
        }
    }

    /// Of the tree that the tiles are of.
    fn head(&self) -> Head {
        match self {
            Self::Stopped(opened) => opened.journal.head(),
            Self::Folder(folder) => *folder.checkpoint.head(),
        }
    }

    /// The record at an index. Whether it is in the tree is not known yet.
    fn leaf(&self, index: u64) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Stopped(opened) => {
                let record = opened.journal.record(index);
                record
                    .map(|(leaf, _)| leaf)
                    .map_err(|error| of_store(&error))
            }
            Self::Folder(folder) => folder.leaf(index),
        }
    }
}

impl TileReader for &Source {
    type Error = Unread;

    fn read_tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, Unread> {
        match self {
            Source::Stopped(opened) => {
                let read = opened.journal.tiles().read_tile(tile);
                read.map_err(|error| Unread(error.to_string()))
            }
            Source::Folder(folder) => folder.file(&tile.to_string(), TILE_BYTES_MAX),
        }
    }
}

/// A tile that cannot be read.
#[derive(Debug)]
pub(super) struct Unread(String);

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Unread {}

/// An exported folder.
pub(super) struct Folder {
    dir: PathBuf,
    vkey: VerifierKey,
    checkpoint: VerifiedCheckpoint,
}

impl Folder {
    fn file(&self, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, Unread> {
        match files::read(&self.dir.join(path), bytes_max) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(failure) if failure.code == "file-not-found" => Ok(None),
            Err(failure) => Err(Unread(failure.to_string())),
        }
    }

    fn leaf(&self, index: u64) -> Result<Vec<u8>, Failure> {
        let width = u64::from(TILE_HASHES);
        let (bundle, place) = (index / width, index % width);
        let left = self.checkpoint.head().size() - bundle * width;
        let entries = u16::try_from(left.min(width)).unwrap_or(TILE_HASHES);
        let unread = |error: &dyn fmt::Display| {
            not_verified("entries-unreadable", &format!("the records: {error}"))
        };
        let id = BundleId::new(bundle, entries).map_err(|error| unread(&error))?;
        let bytes = self.file(&id.to_string(), BUNDLE_BYTES_MAX);
        let bytes = bytes
            .map_err(|error| unread(&error))?
            .ok_or_else(|| unread(&format!("there is no {id}")))?;
        let leaves = comity_log::bundle::decode(id, &bytes).map_err(|error| unread(&error))?;
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let leaf = leaves.get(place).map(|leaf| leaf.to_vec());
        leaf.ok_or_else(|| unread(&format!("{id} is too short")))
    }
}

/// A proof, as it is shown and written.
struct Made {
    /// Of the answer for programs.
    name: &'static str,
    value: Value,
    /// What it proves, for people.
    text: String,
    /// The text of C2SP.
    proof: String,
    leaf: Option<Vec<u8>>,
    cose: Option<Vec<u8>>,
}

impl Made {
    fn show(self, out: Option<&Path>, output: &Output) -> Result<(), Failure> {
        let mut text = self.text;
        match out {
            Some(path) => {
                let beside = |extension: &str| {
                    let mut name = path.as_os_str().to_owned();
                    name.push(extension);
                    PathBuf::from(name)
                };
                let mut files = NewFiles::default();
                files.add(path, Mode::Public, self.proof.as_bytes());
                for (extension, bytes) in [(".leaf", &self.leaf), (".cose", &self.cose)] {
                    if let Some(bytes) = bytes {
                        files.add(beside(extension), Mode::Public, bytes);
                    }
                }
                files.write()?;
                text.push_str(&format!("Written: {}.", path.display()));
            }
            None => text.push_str(&format!("\n{}", plain_lines(&self.proof))),
        }
        output.result(&json!({ self.name: self.value, "verified": true }), &text);
        Ok(())
    }
}

/// The index of the last record that is about the statement.
fn find(source: &Source, statement: &StatementId) -> Result<u64, Failure> {
    for index in (0..source.checkpoint().head().size()).rev() {
        let leaf = Leaf::decode(&source.leaf(index)?);
        if leaf.is_ok_and(|leaf| leaf.statement.as_ref() == Some(statement)) {
            return Ok(index);
        }
    }
    Err(Failure::new(
        "unknown-statement",
        "No record of this log is about this statement.".to_owned(),
        "Check the id; `comity case show` lists the statements of a case.",
    ))
}

fn inclusion(
    source: &Source,
    tree: &mut Tree<&Source>,
    index: u64,
    key: Option<&SigningKey>,
) -> Result<Made, Failure> {
    let checkpoint = source.checkpoint();
    let head = checkpoint.head();
    let path = tree.inclusion_path(index, head.size());
    let path = path.map_err(|error| of_tree(&error))?;
    let leaf = source.leaf(index)?;
    let text = TlogProof {
        extra: None,
        index,
        path: path.clone(),
        checkpoint: unverified(checkpoint)?,
    };
    let text = text.to_string();
    let read = TlogProof::parse(text.as_bytes());
    read.and_then(|proof| proof.verify(&leaf_hash(&leaf), source.vkey()))
        .map_err(|error| not_verified(error.code(), &format!("the proof: {error}")))?;
    let receipt = |key: &SigningKey| {
        let proof = InclusionProof {
            tree_size: head.size(),
            leaf_index: index,
            path,
        };
        let root = SignedRoot::new(key, head.root().as_bytes());
        let receipt = Receipt::new(&root, &leaf, &proof)
            .map_err(|error| not_verified(error.code(), &format!("the receipt: {error}")))?;
        receipts::verify(&receipt, &key.verifying_key())
            .and_then(|verified| verified.is_under(checkpoint))
            .map_err(|error| not_verified(error.code(), &format!("the receipt: {error}")))?;
        Ok(receipt.wire().1.to_vec())
    };
    let cose = key.map(receipt).transpose()?;
    let value = json!({
        "origin": checkpoint.origin().to_string(),
        "index": index,
        "size": head.size(),
        "root": head.root().to_string(),
        "vkey": source.vkey().to_string(),
        "leaf": HEXLOWER.encode(&leaf),
        "proof": text,
        "cose": cose.as_deref().map(|bytes| HEXLOWER.encode(bytes)),
    });
    Ok(Made {
        name: "proof",
        value,
        text: format!(
            "Proved: record {index} is in the log {}.\n  records in that head  {}\n  verifier key          {}\n",
            checkpoint.origin(),
            head.size(),
            source.vkey(),
        ),
        proof: text,
        leaf: Some(leaf),
        cose,
    })
}

fn grown(
    source: &Source,
    tree: &mut Tree<&Source>,
    old_size: u64,
    key: Option<&SigningKey>,
) -> Result<Made, Failure> {
    let checkpoint = source.checkpoint();
    let head = checkpoint.head();
    if old_size == 0 || old_size >= head.size() {
        return Err(Failure::new(
            "receipt-no-older-tree",
            format!("The signed head has {} records.", head.size()),
            "Give a size from 1 to one below that; every log has grown from nothing, and is its own beginning.",
        ));
    }
    let older = tree.head_at(old_size).map_err(|error| of_tree(&error))?;
    let path = tree.consistency_path(old_size, head.size());
    let path = path.map_err(|error| of_tree(&error))?;
    proof::verify_consistency(&older, head, &path)
        .map_err(|error| not_verified(error.code(), &format!("the proof: {error}")))?;
    let text = add_checkpoint::Request {
        old_size,
        path: path.clone(),
        checkpoint: unverified(checkpoint)?,
    };
    let text = text.to_string();
    let receipt = |key: &SigningKey| {
        let proof = ConsistencyProof {
            old_size,
            new_size: head.size(),
            path,
        };
        let root = SignedRoot::new(key, head.root().as_bytes());
        let receipt = ConsistencyReceipt::new(&root, &proof)
            .map_err(|error| not_verified(error.code(), &format!("the receipt: {error}")))?;
        consistency::verify(&receipt, older.root(), &key.verifying_key())
            .and_then(|verified| verified.ends_at(checkpoint))
            .map_err(|error| not_verified(error.code(), &format!("the receipt: {error}")))?;
        Ok(receipt.encode())
    };
    let cose = key.map(receipt).transpose()?;
    let value = json!({
        "origin": checkpoint.origin().to_string(),
        "old_size": old_size,
        "old_root": older.root().to_string(),
        "size": head.size(),
        "root": head.root().to_string(),
        "vkey": source.vkey().to_string(),
        "proof": text,
        "cose": cose.as_deref().map(|bytes| HEXLOWER.encode(bytes)),
    });
    Ok(Made {
        name: "consistency",
        value,
        text: format!(
            "Proved: the log {} with {old_size} records is the beginning of itself with {}.\n  root of then  {}\n  root of now   {}\n  verifier key  {}\n",
            checkpoint.origin(),
            head.size(),
            older.root(),
            head.root(),
            source.vkey(),
        ),
        proof: text,
        leaf: None,
        cose,
    })
}

fn unverified(checkpoint: &VerifiedCheckpoint) -> Result<UnverifiedCheckpoint, Failure> {
    UnverifiedCheckpoint::parse(checkpoint.to_string().as_bytes())
        .map_err(|error| not_verified(error.code(), &format!("the signed head: {error}")))
}

/// What a tree says: an index that it does not have is a question about nothing, all else is damage.
fn of_tree(error: &TreeError<Unread>) -> Failure {
    let failure = Failure::new(
        error.code(),
        format!("Not proved: {error}."),
        "If the index is that of a record: the tiles are damaged. Those of a stopped node are made anew by `comity log verify --data DIR`; an exported folder is exported again.",
    );
    match error {
        TreeError::IndexBeyondTree { .. } | TreeError::SizeBeyondTree { .. } => failure,
        _ => failure.exits(Exit::NotVerified),
    }
}
