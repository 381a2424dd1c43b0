//! The quorum of the charter in the words of `tlog-policy`, for verifiers that know nothing of a federation.
//!
//! ```text
//! roster, charter -> log, witness for each other member, a group for each role, and what the quorum wants of them
//! ```
//! In that format each name counts in one group only. So a member of several roles counts for one of them, and with a
//! role that is wanted, who is more than enough of it does not count for another place. A checkpoint that the policy
//! trusts therefore has the quorum of the charter; one of which it does not may have it all the same.
//!
//! Witnesses from outside are named after that, in no group: whoever wants their word adds a group, and a quorum of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_trust::history::History;
use comity_trust::key::Validity;
use comity_trust::member::Member;
use comity_wire::leaf::Origin;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::{Code, TimeMs};

use crate::witnessed::witness_key;

/// A witness from outside of the federation that a log asks as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideWitness {
    /// The key that its cosignatures are checked under.
    pub key: VerifierKey,
    /// Where it is asked.
    pub url: String,
}

/// The policy for a log under the newest roster and its charter; none if the roster does not list the log, or no
/// policy can be met: the members that the quorum wants have no witness keys. Witnesses from outside are in no group.
#[must_use]
pub fn policy_for(
    history: &History,
    origin: &Origin,
    outside: &[OutsideWitness],
    now: TimeMs,
) -> Option<String> {
    let log = history.log(origin)?;
    let (known, _) = history.log_key(origin, &log.key)?;
    let vkey = VerifierKey::new(KeyName::from(origin), KeyKind::Log, *known.verifying()).ok()?;
    let mut text = format!("log {vkey}\n\n");

    let roster = history.roster()?;
    let wanted = &history.charter().quorum;
    let mut by_role: BTreeMap<&Code, Vec<String>> = BTreeMap::new();
    for member in roster.members.iter().filter(|one| one.id != origin.member) {
        let Some(name) = write_witness(&mut text, history, member, now) else {
            continue;
        };
        let is_wanted = |role: &&Code| wanted.roles.iter().any(|(code, _)| code == *role);
        let role = member
            .roles
            .iter()
            .find(is_wanted)
            .or_else(|| member.roles.iter().next());
        if let Some(role) = role {
            by_role.entry(role).or_default().push(name);
        }
    }
    let quorum = write_groups(&mut text, history, origin, by_role)?;
    let _ = writeln!(text, "\nquorum {quorum}");
    write_outside(&mut text, history, outside);
    Some(text)
}

/// The lines of witnesses from outside, for whoever wants them in a group of their own. The format has each key once,
/// so a key that a member has is left to the member.
fn write_outside(text: &mut String, history: &History, outside: &[OutsideWitness]) {
    let is_of_a_member = |one: &&OutsideWitness| {
        let mut known = history.known_keys();
        known.any(|known| known.verifying() == one.key.key())
    };
    let apart: Vec<_> = outside.iter().filter(|one| !is_of_a_member(one)).collect();
    if !apart.is_empty() {
        text.push('\n');
    }
    for OutsideWitness { key, url } in apart {
        let _ = writeln!(text, "witness outside:{} {key} {url}", key.name());
    }
}

/// The lines of one member: the name under which it can be a member of a group.
fn write_witness(
    text: &mut String,
    history: &History,
    member: &Member,
    now: TimeMs,
) -> Option<String> {
    let listed = member
        .keys
        .iter()
        .filter(|key| key.purpose == KeyPurpose::Witness);
    let keys: Vec<_> = listed
        .filter_map(|key| history.witness_key(&member.id, &key.kid))
        .filter(|known| known.validity(now, now) == Validity::Valid)
        .filter_map(|known| witness_key(history, known))
        .collect();
    let name = format!("member:{}", member.id);
    match keys.as_slice() {
        [] => return None,
        [key] => drop(writeln!(text, "witness {name} {key}")),
        several => {
            let mut names = String::new();
            for (place, key) in several.iter().enumerate() {
                let _ = writeln!(text, "witness {name}:{place} {key}");
                let _ = write!(names, " {name}:{place}");
            }
            let _ = writeln!(text, "group {name} any{names}");
        }
    }
    Some(name)
}

/// The groups that the quorum wants, and the name of the one that has them all; none if they cannot be met.
fn write_groups(
    text: &mut String,
    history: &History,
    origin: &Origin,
    mut by_role: BTreeMap<&Code, Vec<String>>,
) -> Option<String> {
    let quorum = &history.charter().quorum;
    let own = history.member(&origin.member);
    let mut parts = Vec::new();
    let mut left = quorum.members;
    for (role, wanted) in &quorum.roles {
        let members = by_role.remove(role).unwrap_or_default();
        let has = own.is_some_and(|own| own.roles.find(&role).is_some());
        let there = u64::try_from(members.len()).unwrap_or(u64::MAX);
        let wanted = if has { there.min(*wanted) } else { *wanted };
        if wanted == 0 {
            continue;
        }
        parts.push(write_group(
            text,
            &format!("role:{role}"),
            wanted,
            &members,
        )?);
        left = left.saturating_sub(if quorum.different_roles { 1 } else { wanted });
    }
    if left > 0 {
        let others: Vec<String> = if quorum.different_roles {
            let roles = by_role.iter();
            roles
                .filter_map(|(role, members)| {
                    write_group(text, &format!("role:{role}"), 1, members)
                })
                .collect()
        } else {
            by_role.into_values().flatten().collect()
        };
        parts.push(write_group(text, "others", left, &others)?);
    }
    match u64::try_from(parts.len()).unwrap_or(u64::MAX) {
        0 => Some("none".to_owned()),
        all => write_group(text, "quorum", all, &parts),
    }
}

fn write_group(text: &mut String, name: &str, wanted: u64, members: &[String]) -> Option<String> {
    if u64::try_from(members.len()).unwrap_or(0) < wanted {
        return None;
    }
    let _ = writeln!(text, "group {name} {wanted} {}", members.join(" "));
    Some(name.to_owned())
}
