//! Whose cosignatures a head has, whether they are those that the charter wants, and whether they ever can be.

use comity_audit::witnessed::witnessed;
use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::names::{Origin, WitnessName};
use comity_trust::history::History;
use comity_trust::quorum::missing;
use comity_wire::ids::MemberId;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::TimeMs;

use crate::follow::Witness;

/// The members that have validly cosigned a head, each with the time that it gives, and whether that is as many as the
/// charter wants. A line of a known witness that does not verify makes all of them worthless: somebody has made it up.
pub(crate) fn judge(
    history: &History,
    head: &UnverifiedCheckpoint,
    now: TimeMs,
) -> (Vec<Witness>, bool) {
    let Ok(found) = witnessed(history, head, now) else {
        return (Vec::new(), false);
    };
    let holds = found.holds();
    let at = |(member, time_s): (MemberId, u64)| (member, time_s.saturating_mul(1_000));
    (found.by.into_iter().map(at).collect(), holds)
}

/// Whose word a head rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Who has cosigned it.
    pub(crate) by: Vec<MemberId>,
    /// What the quorum of the charter lacks, for people.
    pub(crate) missing: Vec<String>,
    /// Whether the federation has the members that the charter wants.
    pub(crate) is_possible: bool,
}

impl Standing {
    /// That of a checkpoint, which was seen at `seen_at`. A line of a known witness that does not verify makes all of
    /// them worthless.
    pub(crate) fn of(history: &History, of: &Origin, text: &str, seen_at: TimeMs) -> Self {
        let read = UnverifiedCheckpoint::parse(text.as_bytes()).ok();
        let found = read.and_then(|read| witnessed(history, &read, seen_at).ok());
        let (by, missing) = match found {
            Some(found) => (found.by.into_keys().collect(), found.missing),
            None => (Vec::new(), missing(history, &of.member, [])),
        };
        Self {
            by,
            missing: missing.words(),
            is_possible: is_possible(history, of),
        }
    }

    /// The roster says where the log ends: more witnesses say nothing new.
    pub(crate) fn closed(self) -> Self {
        Self {
            missing: Vec::new(),
            ..self
        }
    }

    /// Whether the quorum holds.
    pub(crate) fn holds(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether it does not, and could.
    pub(crate) fn lacks(&self) -> bool {
        !self.holds() && self.is_possible
    }
}

/// Whether the members of the newest roster are enough for the quorum, if all that have a witness key cosign.
pub(crate) fn is_possible(history: &History, of: &Origin) -> bool {
    let members = history.roster().map(|roster| roster.members.iter());
    let can = members.into_iter().flatten().filter(|member| {
        let mut keys = member.keys.iter();
        keys.any(|key| key.purpose == KeyPurpose::Witness && key.ended.is_none())
    });
    missing(history, &of.member, can.map(|member| &member.id)).is_nothing()
}

/// A head with the signature of its log and those of these witnesses, and no line of anybody else.
pub(crate) fn text_of(
    head: &VerifiedCheckpoint,
    cosigned: &UnverifiedCheckpoint,
    witnesses: &[Witness],
) -> String {
    let mut text = head.to_string();
    for line in cosigned.note().signatures() {
        let name = line.name().as_str().parse::<WitnessName>();
        let is_one =
            |name: &WitnessName| witnesses.iter().any(|(member, _)| *member == name.member);
        if name.is_ok_and(|name| is_one(&name)) {
            text.push_str(&format!("{line}\n"));
        }
    }
    text
}
