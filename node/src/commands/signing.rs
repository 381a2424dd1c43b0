//! What `federation sign` and `roster sign` share: one signature more, and once there
//! are enough, a new file of the chain.

use std::path::{Path, PathBuf};

use comity_trust::charter::Charter;
use serde_json::{Value, json};

use crate::draft::{Draft, Progress};
use crate::error::Failure;
use crate::files::{self, Mode, NewFiles};
use crate::keys::read_signing_key;
use crate::output::Output;

/// Where the signatures come from.
#[derive(Debug)]
pub enum Signatures<'a> {
    /// A private key on this machine.
    Key(&'a Path),
    /// Copies of the draft that others signed.
    Copies(&'a [PathBuf]),
}

/// What became of a draft.
#[derive(Debug)]
pub struct Signed {
    /// How many have signed.
    pub progress: Progress,
    /// The file of the chain, once there are enough.
    pub written: Option<PathBuf>,
}

/// Adds signatures and saves the draft; or, when there are enough, lets `judge` hold
/// the whole to the chain, and writes it to `to` in the place of the draft.
///
/// # Errors
/// Why a signature was not taken; nothing is written then.
pub fn sign(
    draft: &mut Draft,
    signatures: &Signatures<'_>,
    governed_by: &[&Charter],
    to: &Path,
    judge: impl FnOnce(&[u8]) -> Result<(), Failure>,
) -> Result<Signed, Failure> {
    match signatures {
        Signatures::Key(path) => draft.sign(&read_signing_key(path)?, governed_by)?,
        Signatures::Copies(paths) => {
            for path in *paths {
                let copy = Draft::load(draft.what(), path)?;
                draft.collect(&copy, governed_by)?;
            }
        }
    }
    let progress = draft.progress(governed_by)?;
    if !progress.is_complete() {
        draft.save()?;
        return Ok(Signed {
            progress,
            written: None,
        });
    }
    let bytes = draft.signed().encode();
    judge(&bytes)?;
    let mut new = NewFiles::default();
    new.add(to, Mode::Public, &bytes);
    new.write()?;
    if draft.path().exists() {
        files::remove(draft.path())?;
    }
    Ok(Signed {
        progress,
        written: Some(to.to_owned()),
    })
}

/// Says how far it is, and who moves.
pub fn say(output: &Output, draft: &Draft, signed: &Signed, about: Value, next: &str) {
    let name = draft.what().name();
    let hash = draft.signed().hash();
    let text = match &signed.written {
        Some(path) => format!(
            "{}: the {name} is in force in this folder.\n  hash {hash}\nNext: {next}",
            path.display()
        ),
        None => {
            let open: Vec<_> = signed
                .progress
                .open
                .iter()
                .map(|kid| format!("  {kid}"))
                .collect();
            format!(
                "{}; the {name} is not in force yet.\n  hash {hash}\nNext: the holder of another governance key takes {} and signs it there:\n{}",
                signed.progress.text(),
                draft.path().display(),
                open.join("\n")
            )
        }
    };
    let value = json!({
        "hash": hash.to_string(),
        "signatures": signed.progress.json(),
        "in_force": signed.written.is_some(),
        "file": signed.written.as_deref().unwrap_or(draft.path()).display().to_string(),
        name: about,
    });
    output.result(&value, &text);
}
