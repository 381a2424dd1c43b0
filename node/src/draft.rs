//! A charter or roster that is being signed: `[payload, [* [kid, signature]]]` in a
//! file that goes from one governance key to the next.
//!
//! ```text
//! make -> save -> (each key) load -> verify what is there -> sign -> save
//!                                                         -> enough? -> the chain judges it
//! ```

use std::path::{Path, PathBuf};

use comity_trust::chain_error::ChainError;
use comity_trust::charter::Charter;
use comity_trust::limits::{CHARTER_BYTES_MAX, ROSTER_BYTES_MAX, SIGNATURES_MAX};
use comity_trust::signed::{Governance, SignedPayload, verify};
use comity_wire::cbor;
use comity_wire::cose::kid_of;
use comity_wire::ids::Kid;
use comity_wire::registry::content_type;
use comity_wire::words::Sorted;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use crate::error::{Exit, Failure};
use crate::files;

/// What is being signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A charter.
    Charter,
    /// A roster.
    Roster,
}

/// A charter or roster that is being signed.
#[derive(Debug, Clone)]
pub struct Draft {
    what: What,
    path: PathBuf,
    signed: SignedPayload,
}

/// How many of those who must sign have signed.
#[derive(Debug, Clone)]
pub struct Progress {
    /// For each governance that must sign: signatures here, and needed.
    pub signatures: Vec<(usize, u64)>,
    /// Keys that may still sign.
    pub open: Vec<Kid>,
}

impl What {
    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Charter => "charter",
            Self::Roster => "roster",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Charter => content_type::CHARTER,
            Self::Roster => content_type::ROSTER,
        }
    }

    const fn bytes_max(self) -> usize {
        match self {
            Self::Charter => CHARTER_BYTES_MAX,
            Self::Roster => ROSTER_BYTES_MAX,
        }
    }
}

impl Draft {
    /// A payload that nobody has signed.
    #[must_use]
    pub fn new(what: What, path: PathBuf, payload: Vec<u8>) -> Self {
        let signed = SignedPayload::unsigned(payload);
        Self { what, path, signed }
    }

    /// Reads a file. Nothing is verified yet but its form.
    ///
    /// # Errors
    /// `no-draft`, `not-a-draft`, or what the disk says.
    pub fn load(what: What, path: &Path) -> Result<Self, Failure> {
        let bytes_max = u64::try_from(what.bytes_max()).unwrap_or(u64::MAX);
        let bytes = files::read(path, bytes_max).map_err(|failure| {
            if failure.code != "file-not-found" {
                return failure;
            }
            let make = match what {
                What::Charter => "comity federation init",
                What::Roster => "comity roster add",
            };
            Failure::new(
                "no-draft",
                format!(
                    "{}: there is no {} to be signed.",
                    path.display(),
                    what.name()
                ),
                format!("Make one with `{make}`, or copy it here from where it was made."),
            )
        })?;
        let decoded = cbor::decode::<SignedPayload>(&bytes).ok();
        let signed = decoded.filter(|signed| signed.1.len() <= SIGNATURES_MAX);
        let signed = signed.ok_or_else(|| {
            Failure::new(
                "not-a-draft",
                format!(
                    "{}: this is not a {}, or it is damaged.",
                    path.display(),
                    what.name()
                ),
                "Copy the file again from where it was made.",
            )
            .exits(Exit::NotVerified)
        })?;
        let path = path.to_owned();
        Ok(Self { what, path, signed })
    }

    /// What it is.
    #[must_use]
    pub const fn what(&self) -> What {
        self.what
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Payload and signatures.
    #[must_use]
    pub const fn signed(&self) -> &SignedPayload {
        &self.signed
    }

    /// Writes the file, in the place of the one before it.
    ///
    /// # Errors
    /// What the disk says.
    pub fn save(&self) -> Result<(), Failure> {
        files::replace(&self.path, &self.signed.encode())
    }

    /// Adds the signature of a key, after the ones that are there were verified.
    ///
    /// # Errors
    /// `wrong-key`; the codes of [`ChainError`] for a signature that is there already.
    pub fn sign(&mut self, key: &SigningKey, governed_by: &[&Charter]) -> Result<(), Failure> {
        self.verify(governed_by)?;
        let kid = kid_of(key);
        if !governances(governed_by, 0)?.iter().any(|one| one.has(&kid)) {
            return Err(Failure::new(
                "wrong-key",
                format!(
                    "This key does not govern: the {} does not ask for its signature.",
                    self.what.name()
                ),
                "Sign with a governance key; a member's own keys sign nothing here.",
            ));
        }
        self.signed = self.signed.clone().signed_by(self.what.content_type(), key);
        Ok(())
    }

    /// Takes the signatures that others made on copies of this draft.
    ///
    /// # Errors
    /// `another-draft`, or as [`Self::sign`].
    pub fn collect(&mut self, other: &Self, governed_by: &[&Charter]) -> Result<(), Failure> {
        if other.signed.payload() != self.signed.payload() {
            return Err(Failure::new(
                "another-draft",
                format!(
                    "{}: what was signed there is not what is to be signed here.",
                    other.path.display()
                ),
                "Whoever made the draft gives the same file to every holder of a key.",
            ));
        }
        self.verify(governed_by)?;
        other.verify(governed_by)?;
        let all = self.signed.1.iter().chain(other.signed.1.iter()).cloned();
        self.signed = SignedPayload(self.signed.0.clone(), Sorted::new(all));
        Ok(())
    }

    /// How far it is.
    ///
    /// # Errors
    /// `weak-key` if a charter lists a key that nobody can rely on.
    pub fn progress(&self, governed_by: &[&Charter]) -> Result<Progress, Failure> {
        let governances = governances(governed_by, 0)?;
        let has_signed = |kid: &Kid| self.signed.1.iter().any(|one| one.0 == *kid);
        let signatures = governances
            .iter()
            .zip(governed_by)
            .map(|(governance, charter)| {
                let signed = governance.kids().filter(|kid| has_signed(kid)).count();
                (signed, charter.k)
            });
        let mut open: Vec<_> = governances
            .iter()
            .flat_map(Governance::kids)
            .filter(|kid| !has_signed(kid))
            .copied()
            .collect();
        open.sort();
        open.dedup();
        Ok(Progress {
            signatures: signatures.collect(),
            open,
        })
    }

    /// Every signature that is there is of a key that governs, and verifies.
    fn verify(&self, governed_by: &[&Charter]) -> Result<(), Failure> {
        let governances = governances(governed_by, 0)?;
        let all: Vec<_> = governances.iter().collect();
        verify(&self.signed, self.what.content_type(), &all).map_err(|error| {
            let next = "Sign nothing: it was changed after it was signed, or on its way. Get the file again from where it was made.";
            Failure::of_chain(&self.path.display().to_string(), &error, next)
        })
    }
}

impl Progress {
    /// Whether everybody has signed who must.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let enough = |(signed, needed): &(usize, u64)| {
            u64::try_from(*signed).is_ok_and(|signed| signed >= *needed)
        };
        self.signatures.iter().all(enough)
    }

    /// `1 of 2 signatures`, for each governance.
    #[must_use]
    pub fn text(&self) -> String {
        let each = self
            .signatures
            .iter()
            .map(|(signed, needed)| format!("{signed} of {needed} signatures"));
        match &each.collect::<Vec<_>>()[..] {
            [old, new] => format!("{old} of the governance until now, {new} of the new one"),
            all => all.join(", "),
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let each = self
            .signatures
            .iter()
            .map(|(signed, needed)| json!({"signed": signed, "needed": needed}));
        let open: Vec<_> = self.open.iter().map(Kid::to_string).collect();
        json!({"governances": each.collect::<Vec<_>>(), "may_still_sign": open, "complete": self.is_complete()})
    }
}

fn governances(governed_by: &[&Charter], needed: u64) -> Result<Vec<Governance>, Failure> {
    let made = governed_by
        .iter()
        .map(|charter| Governance::new(&charter.keys, needed));
    made.collect::<Result<_, _>>().map_err(|rule| {
        let next = "Leave this charter alone: no verifier takes it.";
        Failure::of_chain("the charter", &ChainError::from(rule), next)
    })
}
