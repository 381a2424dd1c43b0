//! The files of `protocol-spec/vectors`, packed into the program by `build.rs`. Their form is described in the README
//! beside them. A member that this version does not know is passed over, so that newer vectors can be read too.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::limits::VECTORS_BYTES_MAX;

/// One vector.
#[derive(Debug, Clone, Deserialize)]
pub struct Vector {
    /// Unique among all vectors.
    pub name: String,
    /// What it shows, in one sentence.
    #[serde(default)]
    pub shows: String,
    /// The section of the specification.
    #[serde(default)]
    pub section: String,
    /// The rule of `comity.cddl`.
    #[serde(default)]
    pub object: String,
    /// The bytes.
    #[serde(default)]
    pub hex: String,
    /// Zero bytes follow, up to this length.
    #[serde(default)]
    pub pad_to: Option<usize>,
    /// The bytes in diagnostic notation.
    #[serde(default)]
    pub diag: Option<String>,
    /// What the reader knows.
    #[serde(default)]
    pub context: Context,
    /// What the reader must find.
    #[serde(default)]
    pub expect: Expect,
    /// The file that it stands in.
    #[serde(skip)]
    pub file: String,
}

/// What the reader of a vector knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Context {
    /// The chain of charters and rosters.
    pub chain: Option<String>,
    /// The reader's clock.
    pub now_ms: Option<u64>,
    /// Who reads.
    pub me: Option<String>,
    /// The statement is recorded already.
    pub recorded: Option<bool>,
    /// The case is known: its opener and its recipient.
    pub parties: Option<(String, String)>,
    /// What was said in the case before.
    pub story: Option<String>,
}

/// What the reader must find.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Expect {
    /// It is accepted, with these values.
    Ok {
        /// By name.
        ok: BTreeMap<String, Value>,
    },
    /// It is refused with this code.
    Refused {
        /// The code.
        code: String,
        /// The check of a statement, else the registry of the code.
        check: String,
    },
    /// Something that this version cannot hold anything against.
    Other(Value),
}

impl Default for Expect {
    fn default() -> Self {
        Self::Other(Value::Null)
    }
}

/// `federation.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct FederationFile {
    /// The hash of the first charter.
    pub fed: String,
    /// The clock of all chains.
    pub now_ms: u64,
    /// All keys.
    pub keys: Vec<KeyEntry>,
    /// Charters and rosters, by name.
    pub chains: BTreeMap<String, Chain>,
    /// What was said in cases, by name.
    pub stories: BTreeMap<String, Story>,
}

/// A key of `federation.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct KeyEntry {
    /// A member, or `governance`.
    pub owner: String,
    /// What it is for.
    pub purpose: String,
    /// 32 bytes.
    pub seed: String,
    /// 32 bytes.
    pub public: String,
}

/// Signed charters and rosters.
#[derive(Debug, Clone, Deserialize)]
pub struct Chain {
    /// Taken first.
    pub charters: Vec<String>,
    /// Taken then.
    pub rosters: Vec<String>,
}

/// The statements of a case.
#[derive(Debug, Clone, Deserialize)]
pub struct Story {
    /// The statements, or many alike.
    pub said: Vec<Value>,
}

/// All vectors.
#[derive(Debug, Clone)]
pub struct Vectors {
    /// Keys, chains, stories.
    pub federation: FederationFile,
    /// The vectors, in the order of files and within them.
    pub vectors: Vec<Vector>,
}

impl Vectors {
    /// Those that were published with this version.
    ///
    /// # Errors
    /// The program was built from vectors that it cannot read.
    pub fn published() -> Result<Self, VectorsError> {
        let packed = include_bytes!(concat!(env!("OUT_DIR"), "/vectors.deflate"));
        let text = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, VECTORS_BYTES_MAX)
            .map_err(|_| VectorsError::Packed)?;
        Self::of_files(serde_json::from_slice(&text)?)
    }

    /// Those of files, by the name of the file.
    ///
    /// # Errors
    /// There is no `federation.json`, or something is not a vector.
    pub fn of_files(mut files: BTreeMap<String, Value>) -> Result<Self, VectorsError> {
        let federation = files
            .remove(FEDERATION_FILE)
            .ok_or(VectorsError::Federation)?;
        let federation = serde_json::from_value(federation)?;
        let mut vectors = Vec::new();
        for (file, content) in files {
            // What is no list holds no vectors of one object each.
            let Value::Array(rows) = content else {
                continue;
            };
            for row in rows {
                let vector: Vector = serde_json::from_value(row)?;
                vectors.push(Vector {
                    file: file.clone(),
                    ..vector
                });
            }
        }
        Ok(Self {
            federation,
            vectors,
        })
    }
}

impl Vector {
    /// The bytes; none if they are not written as hex.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = unhex(&self.hex)?;
        if let Some(length) = self.pad_to {
            bytes.resize(length.max(bytes.len()), 0);
        }
        Some(bytes)
    }
}

/// The bytes of lower-case hex.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    HEXLOWER.decode(text.as_bytes()).ok()
}

const FEDERATION_FILE: &str = "federation.json";

/// Why there are no vectors. The program is at fault, not who runs it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VectorsError {
    /// They do not unpack.
    #[error("the vectors of this program do not unpack")]
    Packed,
    /// A file is not what it should be.
    #[error("the vectors of this program cannot be read: {0}")]
    Form(#[from] serde_json::Error),
    /// The file of keys, chains and stories is missing.
    #[error("the vectors of this program have no federation")]
    Federation,
}
