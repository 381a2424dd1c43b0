//! Witnesses from outside of the federation: the operator names their keys, and how they are reached.
//!
//! ```text
//! configuration -> key and way of each -> asked like a member (cosign), over C2SP `tlog-witness`
//!               -> their lines stand on the checkpoint after those of the members, and count towards no quorum
//! ```
//! The quorum is judged by the keys that the roster lists, so nothing has to tell the lines apart. A key that a member
//! has is not asked for as one from outside.

use std::fmt;
use std::sync::Arc;

use comity_audit::witnessed::witness_key;
use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::key::{KeyName, VerifierKey};
use comity_log::note::SignatureLine;
use comity_trust::history::History;
use comity_wire::ids::MemberId;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::TimeMs;

use crate::node::Engine;
use crate::ports::{Fault, OutsideWitness};

/// A witness from outside. Of all that a node is started with, the names of the keys differ.
#[derive(Clone)]
pub struct Outside {
    /// The key that its cosignatures are checked under, of the kind of a witness.
    pub key: VerifierKey,
    /// How it is reached.
    pub way: Arc<dyn OutsideWitness>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outside({})", self.key.name())
    }
}

/// Who is asked for a cosignature. Members come first: a checkpoint has room for so many lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WitnessId {
    /// A member.
    Member(MemberId),
    /// A witness from outside, by the name of its key.
    Outside(KeyName),
}

impl WitnessId {
    /// What people know it by.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Member(id) => id.as_str(),
            Self::Outside(name) => name.as_str(),
        }
    }
}

impl Outside {
    pub(crate) fn id(&self) -> WitnessId {
        WitnessId::Outside(self.key.name().clone())
    }

    /// Whether a member has this key, or one that a checkpoint could not tell from it.
    pub(crate) fn is_of_a_member(&self, history: &History) -> bool {
        let mut keys = history
            .known_keys()
            .filter(|known| known.listed.purpose == KeyPurpose::Witness);
        keys.any(|known| {
            let same_name =
                |key: VerifierKey| (key.name(), key.id()) == (self.key.name(), self.key.id());
            known.verifying() == self.key.key()
                || witness_key(history, known).is_some_and(same_name)
        })
    }

    /// When it has cosigned a head, as it says.
    pub(crate) fn time_of(
        &self,
        line: &SignatureLine,
        checkpoint: &VerifiedCheckpoint,
    ) -> Option<TimeMs> {
        let note = checkpoint.note().clone().with(line.clone()).ok()?;
        let signed = note.verify(std::slice::from_ref(&self.key)).ok()?;
        let time_s = signed.first()?.time_s?;
        Some(time_s.saturating_mul(1_000))
    }
}

impl Engine {
    /// Asks one of them. The status and the body that came back.
    pub(crate) async fn add_checkpoint_outside(
        &self,
        who: &WitnessId,
        body: String,
    ) -> Result<(u16, String), Fault> {
        let witness = self.outside.iter().find(|witness| witness.id() == *who);
        match witness {
            Some(witness) => witness.way.add_checkpoint(body).await,
            None => Err(Fault::new("witness-refused", "it is not configured")),
        }
    }
}
