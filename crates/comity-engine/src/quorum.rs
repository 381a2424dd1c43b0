//! Whose cosignatures a head has, and whether they are those that the charter wants.

use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::{Origin, WitnessName};
use comity_trust::history::History;
use comity_trust::key::Validity;
use comity_trust::member::Member;
use comity_trust::quorum::missing;
use comity_wire::registry::KeyPurpose;

use crate::follow::Witness;

/// Whether a head is witnessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As the charter wants it.
    Met,
    /// Not yet.
    NotMet,
    /// Not with the members of this roster, whatever they cosign.
    Impossible,
}

/// The members that have validly cosigned a head, each with the time that it gives. A line that names a witness of
/// this federation and does not verify makes all of them worthless: somebody has made it up.
pub(crate) fn witnesses(head: &UnverifiedCheckpoint, history: &History) -> Vec<Witness> {
    let named = |key: &VerifierKey| {
        let mut lines = head.note().signatures().iter();
        lines.any(|line| line.name() == key.name() && line.id() == key.id())
    };
    let mut known = Vec::new();
    for one in history.known_keys() {
        if one.listed.purpose != KeyPurpose::Witness {
            continue;
        }
        let name = KeyName::from(&WitnessName {
            fed: *history.fed(),
            member: one.member.clone(),
        });
        if let Ok(key) = VerifierKey::new(name, KeyKind::Witness, *one.verifying())
            && named(&key)
        {
            known.push((key, one));
        }
    }
    let keys: Vec<VerifierKey> = known.iter().map(|(key, _)| key.clone()).collect();
    let signed = head.note().verify(&keys).unwrap_or_default();
    let mut found: Vec<Witness> = Vec::new();
    for one in signed {
        let Some((_, listed)) = known.iter().find(|(key, _)| key == one.key) else {
            continue;
        };
        let time = one.time_s.unwrap_or_default().saturating_mul(1_000);
        let valid = listed.validity(time, time) == Validity::Valid;
        if valid && found.iter().all(|(member, _)| *member != listed.member) {
            found.push((listed.member.clone(), time));
        }
    }
    found.sort();
    found
}

/// Whether these members are those that the charter wants for a log.
pub(crate) fn verdict(history: &History, of: &Origin, witnesses: &[Witness]) -> Verdict {
    let Some(roster) = history.roster() else {
        return Verdict::Impossible;
    };
    let others = || {
        roster
            .members
            .iter()
            .filter(|member| member.id != of.member)
    };
    let has_cosigned = |member: &&Member| witnesses.iter().any(|(id, _)| *id == member.id);
    let can = |member: &&Member| {
        let mut keys = member.keys.iter();
        keys.any(|key| key.purpose == KeyPurpose::Witness && key.ended.is_none())
    };
    if meets(
        history,
        of,
        &others().filter(has_cosigned).collect::<Vec<_>>(),
    ) {
        Verdict::Met
    } else if meets(history, of, &others().filter(can).collect::<Vec<_>>()) {
        Verdict::NotMet
    } else {
        Verdict::Impossible
    }
}

fn meets(history: &History, of: &Origin, members: &[&Member]) -> bool {
    let cosigned = members.iter().map(|member| &member.id);
    missing(history, &of.member, cosigned).is_nothing()
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
