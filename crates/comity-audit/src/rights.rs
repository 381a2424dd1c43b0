//! Who may read which records of whose log.
//!
//! ```text
//! the member itself                        everything
//! a regulator, by a mandate of the charter
//!   that has the member in remit           everything
//!   that has others in remit               the records whose counterpart is in remit
//! any member                               the records about its own statements
//! anybody else                             nothing
//! ```

use std::collections::BTreeSet;

use comity_trust::charter::{Charter, Mandate};
use comity_trust::member::Member;
use comity_trust::roster::Roster;
use comity_wire::ids::MemberId;
use comity_wire::leaf::Leaf;
use comity_wire::registry::{audit_code, direction, role};
use comity_wire::words::Reference;

/// What a member may read of a log. Each includes what stands after it, but for
/// the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Every record.
    All,
    /// The records whose counterpart is in its remit.
    Counterpart,
    /// The records about its own statements.
    Own,
    /// None.
    None,
}

/// The most that `asker` may read of the log of `whose`, by all its mandates.
#[must_use]
pub fn may_read(charter: &Charter, roster: &Roster, asker: &MemberId, whose: &MemberId) -> Right {
    let mandates = mandates(charter, roster, asker).collect();
    Reader::of(roster, asker, whose, mandates).map_or(Right::None, |reader| reader.right)
}

/// Somebody who may read something of a log, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    asker: MemberId,
    right: Right,
    in_remit: BTreeSet<MemberId>,
}

/// The asker has no mandate of the name that it gave, or may read nothing at all.
/// The asker is at fault; the governance gives mandates, in the charter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the charter gives the asker no such mandate, or the asker is no member: it names one that the charter cites"
)]
pub struct NoMandate;

impl NoMandate {
    /// The stable code (registry `audit-code`).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        audit_code::NO_MANDATE
    }
}

impl Reader {
    /// What `asker` may read of the log of `whose`, by the mandates that cite
    /// `cites`. Without one, it reads as any member does.
    ///
    /// # Errors
    /// [`NoMandate`].
    pub fn new(
        charter: &Charter,
        roster: &Roster,
        asker: &MemberId,
        whose: &MemberId,
        cites: Option<&Reference>,
    ) -> Result<Self, NoMandate> {
        let named: Vec<_> = mandates(charter, roster, asker)
            .filter(|mandate| Some(&mandate.cites) == cites)
            .collect();
        if cites.is_some() && named.is_empty() {
            return Err(NoMandate);
        }
        Self::of(roster, asker, whose, named).ok_or(NoMandate)
    }

    /// Who reads its own log.
    #[must_use]
    pub fn of_own_log(member: &MemberId) -> Self {
        Self {
            asker: member.clone(),
            right: Right::All,
            in_remit: BTreeSet::new(),
        }
    }

    fn of(
        roster: &Roster,
        asker: &MemberId,
        whose: &MemberId,
        mandates: Vec<&Mandate>,
    ) -> Option<Self> {
        if asker == whose {
            return Some(Self::of_own_log(asker));
        }
        roster.member(asker)?;
        let is_in_remit = |member: &&Member| mandates.iter().any(|mandate| covers(mandate, member));
        let in_remit: BTreeSet<_> = roster
            .members
            .iter()
            .filter(is_in_remit)
            .map(|member| member.id.clone())
            .collect();
        let right = if in_remit.contains(whose) {
            Right::All
        } else if in_remit.is_empty() {
            Right::Own
        } else {
            Right::Counterpart
        };
        Some(Self {
            asker: asker.clone(),
            right,
            in_remit,
        })
    }

    /// The right.
    #[must_use]
    pub const fn right(&self) -> Right {
        self.right
    }

    /// Whether this record may be read, and its facts with it.
    #[must_use]
    pub fn may_read(&self, leaf: &Leaf) -> bool {
        match &leaf.counterpart {
            _ if self.right == Right::All => true,
            Some(counterpart) => self.sees_all_with(counterpart) || self.is_about_own(leaf),
            None => false,
        }
    }

    /// Whether every record with this counterpart may be read, so that a gap in
    /// their numbers is a finding.
    #[must_use]
    pub fn sees_all_with(&self, counterpart: &MemberId) -> bool {
        match self.right {
            Right::All => true,
            Right::Counterpart => self.in_remit.contains(counterpart),
            Right::Own | Right::None => false,
        }
    }

    /// The members in its remit.
    #[must_use]
    pub const fn in_remit(&self) -> &BTreeSet<MemberId> {
        &self.in_remit
    }

    /// What came from the asker: its own statement.
    fn is_about_own(&self, leaf: &Leaf) -> bool {
        let is = |direction: &str| leaf.direction.as_ref().is_some_and(|own| own == direction);
        leaf.counterpart.as_ref() == Some(&self.asker)
            && leaf.statement.is_some()
            && is(direction::IN)
    }
}

/// The mandates of a member that is a regulator now.
fn mandates<'a>(
    charter: &'a Charter,
    roster: &Roster,
    asker: &MemberId,
) -> impl Iterator<Item = &'a Mandate> {
    let is_regulator = roster
        .member(asker)
        .is_some_and(|member| member.has_role(role::REGULATOR));
    charter
        .mandates
        .iter()
        .filter(move |mandate| is_regulator && mandate.regulator == *asker)
}

fn covers(mandate: &Mandate, member: &Member) -> bool {
    let by_role = member.roles.iter().any(|role| mandate.roles.contains(role));
    let by_country = member
        .jurisdictions
        .iter()
        .any(|country| mandate.jurisdictions.contains(country));
    by_role && by_country
}
