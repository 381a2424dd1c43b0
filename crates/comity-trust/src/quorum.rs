//! Whether the members that have cosigned a head are those that the charter wants.
//!
//! ```text
//! the charter's quorum  so many others, so many of a role, whether of different roles
//! who has cosigned      -> what is missing; nothing: the quorum holds
//! ```
//! One who cosigns more never makes a quorum fail that held.

use std::collections::BTreeSet;

use comity_wire::ids::MemberId;
use comity_wire::words::Code;

use crate::history::History;
use crate::member::Member;

/// What a quorum lacks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    /// So many more members must cosign.
    pub members: u64,
    /// So many more of each of these roles.
    pub roles: Vec<(Code, u64)>,
    /// So many more that add another role.
    pub different_roles: u64,
}

impl Missing {
    /// Whether the quorum holds.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// What is missing, for people: one line each.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.members > 0 {
            words.push(format!("{} more of the other members", self.members));
        }
        for (role, members) in &self.roles {
            words.push(format!("{members} more of the role {role}"));
        }
        if self.different_roles > 0 {
            words.push(format!("{} more of another role", self.different_roles));
        }
        words
    }
}

/// What the quorum of the charter in force lacks for a head of a log of `of`, if `cosigned` have cosigned it. Only other
/// members of the newest roster count, each once.
///
/// A role that `of` has itself is wanted of as many others as there are, if they are fewer: the only regulator cannot
/// be asked for a second one.
#[must_use]
pub fn missing<'m>(
    history: &History,
    of: &MemberId,
    cosigned: impl IntoIterator<Item = &'m MemberId>,
) -> Missing {
    let quorum = &history.charter().quorum;
    let cosigned: BTreeSet<_> = cosigned.into_iter().filter(|id| *id != of).collect();
    let cosigners: Vec<_> = cosigned
        .into_iter()
        .filter_map(|id| history.member(id))
        .collect();
    let lacks = |wanted: u64, found: usize| wanted.saturating_sub(count(found));

    let own = history.member(of);
    let mut roles = Vec::new();
    for (role, wanted) in &quorum.roles {
        let has = |member: &&Member| member.roles.find(&role).is_some();
        let others = || {
            history
                .roster()
                .into_iter()
                .flat_map(|roster| &roster.members)
        };
        let there = others().filter(|one| one.id != *of).filter(has).count();
        let wanted = match own {
            Some(own) if has(&own) => count(there).min(*wanted),
            _ => *wanted,
        };
        let found = cosigners.iter().copied().filter(has).count();
        if lacks(wanted, found) > 0 {
            roles.push((role.clone(), lacks(wanted, found)));
        }
    }
    let different_roles = match quorum.different_roles {
        true => lacks(quorum.members, different_roles(&cosigners)),
        false => 0,
    };
    Missing {
        members: lacks(quorum.members, cosigners.len()),
        roles,
        different_roles,
    }
}

/// How many of the members can be given a role of theirs so that no two have the same.
fn different_roles(members: &[&Member]) -> usize {
    let mut held: Vec<(&Code, usize)> = Vec::new();
    (0..members.len())
        .filter(|place| gets_a_role(members, *place, &mut held, &mut BTreeSet::new()))
        .count()
}

/// Gives a member a role of its own; who had it before gets another one. Each role is tried once.
fn gets_a_role<'m>(
    members: &[&'m Member],
    place: usize,
    held: &mut Vec<(&'m Code, usize)>,
    tried: &mut BTreeSet<&'m Code>,
) -> bool {
    let Some(member) = members.get(place) else {
        return false;
    };
    for role in &member.roles {
        if !tried.insert(role) {
            continue;
        }
        let holder = held
            .iter()
            .find(|(held, _)| *held == role)
            .map(|(_, by)| *by);
        let free = match holder {
            None => true,
            Some(holder) => gets_a_role(members, holder, held, tried),
        };
        if free {
            held.retain(|(held, _)| *held != role);
            held.push((role, place));
            return true;
        }
    }
    false
}

fn count(members: usize) -> u64 {
    u64::try_from(members).unwrap_or(u64::MAX)
}
