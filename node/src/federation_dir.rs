//! A federation as a folder: what is given to its members.
//!
//! ```text
//! charters/<version>.cbor   signed charters, from 1
//! rosters/<version>.cbor    signed rosters, from 1
//! charter-next.cbor         being signed, if there is one
//! roster-next.cbor          being signed, if there is one
//! ```
//!
//! Whatever is read here is verified as a chain ([`History`]): a folder that was
//! tampered with, or of which a part is missing, is refused as a whole.

use std::fs;
use std::path::{Path, PathBuf};

use comity_trust::chain_error::ChainError;
use comity_trust::charter::Charter;
use comity_trust::history::{Added, History};
use comity_trust::limits::{CHARTER_BYTES_MAX, ROSTER_BYTES_MAX};
use comity_trust::signed::SignedPayload;
use comity_wire::ids::Hash;
use comity_wire::words::TimeMs;

use crate::error::{Exit, Failure};
use crate::files;
use crate::limits::CHAIN_FILES_MAX;

/// The folder of a federation.
#[derive(Debug, Clone)]
pub struct FederationDir(PathBuf);

/// What a folder holds, verified.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The charters and rosters.
    pub history: History,
    /// The charters with their hashes, in the order of their versions.
    pub charters: Vec<(Charter, Hash)>,
}

impl FederationDir {
    /// A folder. Nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where a charter is.
    #[must_use]
    pub fn charter_path(&self, version: u64) -> PathBuf {
        self.0.join("charters").join(format!("{version}.cbor"))
    }

    /// Where a roster is.
    #[must_use]
    pub fn roster_path(&self, version: u64) -> PathBuf {
        self.0.join("rosters").join(format!("{version}.cbor"))
    }

    /// Where the charter is that is being signed.
    #[must_use]
    pub fn charter_draft(&self) -> PathBuf {
        self.0.join("charter-next.cbor")
    }

    /// Where the roster is that is being signed.
    #[must_use]
    pub fn roster_draft(&self) -> PathBuf {
        self.0.join("roster-next.cbor")
    }

    /// Whether the first charter was signed.
    #[must_use]
    pub fn is_founded(&self) -> bool {
        self.charter_path(1).exists()
    }

    /// Reads and verifies everything. `now_ms` is taken as the time when each came.
    ///
    /// # Errors
    /// `no-federation`, `charter-not-signed`, `chain-gap`, the codes of [`ChainError`]
    /// with the file, or what the disk says.
    pub fn load(&self, now_ms: TimeMs) -> Result<Chain, Failure> {
        if !self.is_founded() {
            return Err(self.not_founded());
        }
        let charter_bytes_max = u64::try_from(CHARTER_BYTES_MAX).unwrap_or(u64::MAX);
        let roster_bytes_max = u64::try_from(ROSTER_BYTES_MAX).unwrap_or(u64::MAX);
        let mut signed_charters = self
            .read_all("charters", charter_bytes_max, |version| {
                self.charter_path(version)
            })?
            .into_iter();
        let (path, first) = signed_charters.next().ok_or_else(|| self.not_founded())?;
        let mut history = History::start(&first).map_err(|error| refused(&path, &error))?;
        for (path, bytes) in signed_charters {
            taken(&path, history.add_charter(&bytes))?;
        }
        for (path, bytes) in self.read_all("rosters", roster_bytes_max, |version| {
            self.roster_path(version)
        })? {
            taken(&path, history.add_roster(&bytes, now_ms))?;
        }
        let charters = history.charters_from(1).filter_map(|bytes| {
            // They were decoded when they were taken.
            let signed = SignedPayload::decode(bytes, CHARTER_BYTES_MAX).ok()?;
            Some((Charter::decode(signed.payload()).ok()?, signed.hash()))
        });
        Ok(Chain {
            charters: charters.collect(),
            history,
        })
    }

    /// The files of versions 1, 2, … and no other.
    fn read_all(
        &self,
        folder: &str,
        bytes_max: u64,
        path_of: impl Fn(u64) -> PathBuf,
    ) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
        let mut found = Vec::new();
        for version in 1..=CHAIN_FILES_MAX {
            let path = path_of(version);
            if !path.exists() {
                break;
            }
            let bytes = files::read(&path, bytes_max)?;
            found.push((path, bytes));
        }
        let folder = self.0.join(folder);
        if cbor_files(&folder)? > found.len() {
            return Err(Failure::new(
                "chain-gap",
                format!(
                    "{}: after version {} one is missing, but there are later ones or other files.",
                    folder.display(),
                    found.len()
                ),
                "Ask the governance for the whole folder of the federation.",
            )
            .exits(Exit::NotVerified));
        }
        Ok(found)
    }

    fn not_founded(&self) -> Failure {
        let place = self.0.display();
        if self.charter_draft().exists() {
            Failure::new(
                "charter-not-signed",
                format!("{place}: the first charter is not signed yet, so there is no federation."),
                format!(
                    "The governance moves: each holder of a key runs `comity federation sign --federation {place} --key KEY`."
                ),
            )
        } else {
            Failure::new(
                "no-federation",
                format!("{place}: there is no federation in this folder."),
                "Ask the governance for the folder of the federation, or begin one with `comity federation init`.",
            )
        }
    }
}

impl Chain {
    /// The charter that a roster of a version is made under, with its hash.
    #[must_use]
    pub fn charter_for(&self, version: u64) -> Option<&(Charter, Hash)> {
        let mut known = self.charters.iter().rev();
        known.find(|(charter, _)| charter.first_roster <= version)
    }

    /// The version of the newest roster; 0 if there is none.
    #[must_use]
    pub fn roster_version(&self) -> u64 {
        self.history.roster_ref().map_or(0, |reference| reference.0)
    }
}

fn taken(path: &Path, added: Result<Added, ChainError>) -> Result<(), Failure> {
    match added {
        Ok(Added::Extended) => Ok(()),
        Ok(_) => Err(Failure::new(
            "chain-file-misplaced",
            format!(
                "{}: this file does not follow the one before it.",
                path.display()
            ),
            "Ask the governance for the whole folder of the federation.",
        )
        .exits(Exit::NotVerified)),
        Err(error) => Err(refused(path, &error)),
    }
}

fn refused(path: &Path, error: &ChainError) -> Failure {
    let next = if matches!(error, ChainError::FromTheFuture) {
        "Correct the clock of this machine."
    } else {
        "Believe nothing of this folder: ask the governance for it again, and compare the hash of the federation with them."
    };
    Failure::of_chain(&path.display().to_string(), error, next)
}

fn cbor_files(folder: &Path) -> Result<usize, Failure> {
    if !folder.exists() {
        return Ok(0);
    }
    let entries = fs::read_dir(folder)
        .map_err(|error| Failure::of_file("the folder could not be read", folder, &error))?;
    let is_cbor = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|end| end == "cbor");
    Ok(entries.filter_map(Result::ok).filter(is_cbor).count())
}
