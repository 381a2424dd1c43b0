//! Which clocks run in a case: what the charter puts in force, met with what the
//! request says.
//!
//! ```text
//! in force by the charter?  no ----> claimed?  yes -> NotInForce     no -> (left out)
//!        | yes
//! known to this version?    no ----> own duration?  yes -> runs, by the charter    no -> Unknown
//!        | yes
//! kind and capacity right?  no --------\
//!        | yes                          > claimed?  yes -> DoesNotApply   no -> (left out)
//! claimed, or its ground or place? no -/
//!        | yes
//! computable?               no ----> NotComputed
//!        | yes
//! law when it was registered? no --> NotLaw
//!        | yes
//!      runs
//! ```

use comity_wire::body::Body;
use comity_wire::parts::Ground;
use comity_wire::registry::Kind;
use comity_wire::words::{Code, Country, DurationMs, TimeMs};

use crate::clock::{Clock, Place, find};

/// What of the opening statement and of the recipient decides.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The kind of the opening statement.
    pub kind: Kind,
    /// The capacity in which the recipient is asked.
    pub capacity: Option<&'a Code>,
    /// The legal grounds.
    pub grounds: &'a [Ground],
    /// The clocks that the sender says apply.
    pub claimed: &'a [Code],
    /// The jurisdictions of the recipient, by the roster.
    pub recipient: &'a [Country],
    /// When the recipient registered it; before that, when it was offered.
    pub at: TimeMs,
}

impl<'a> Opening<'a> {
    /// What an opening statement says of it.
    #[must_use]
    pub fn new(body: &'a Body, recipient: &'a [Country], at: TimeMs) -> Self {
        let (capacity, grounds, claimed) = match body {
            Body::TakedownRequest(body) => {
                (Some(&body.capacity), &body.basis[..], &body.clocks[..])
            }
            _ => (None, &[][..], &[][..]),
        };
        Self {
            kind: body.kind(),
            capacity,
            grounds,
            claimed,
            recipient,
            at,
        }
    }
}

/// A clock that is in force or was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its id.
    pub id: Code,
    /// What is published of it.
    pub clock: Option<&'static Clock>,
    /// The duration that the charter gives it.
    pub own: Option<DurationMs>,
    /// Whether the sender says that it applies.
    pub is_claimed: bool,
    /// Whether it runs.
    pub why: Why,
}

/// Whether a clock runs, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// It runs.
    Runs(By),
    /// Claimed, but the charter does not put it in force.
    NotInForce,
    /// Claimed and in force, but not for this kind of statement or this capacity.
    DoesNotApply,
    /// In force by the charter, but no law at the time of the request.
    NotLaw,
    /// In force, without a duration of its own, and this version does not know it.
    Unknown,
    /// In force, and what starts it is no statement of this protocol.
    NotComputed,
}

/// By what a clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// A legal ground of the request.
    Ground,
    /// The jurisdiction of the recipient.
    Recipient,
    /// The word of the sender alone.
    Claim,
    /// The charter: a clock of the federation's own, for every case.
    Charter,
}

impl Why {
    /// A stable code for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runs(By::Ground) => "ground",
            Self::Runs(By::Recipient) => "recipient",
            Self::Runs(By::Claim) => "claim",
            Self::Runs(By::Charter) => "charter",
            Self::NotInForce => "not-in-force",
            Self::DoesNotApply => "does-not-apply",
            Self::NotLaw => "not-law",
            Self::Unknown => "unknown",
            Self::NotComputed => "not-computed",
        }
    }

    /// A sentence for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Runs(By::Ground) => "A legal ground of the request names this law.",
            Self::Runs(By::Recipient) => "The recipient is under this law.",
            Self::Runs(By::Claim) => {
                "The sender says that it applies; no legal ground of the request says so."
            }
            Self::Runs(By::Charter) => "The charter of the federation sets it for every case.",
            Self::NotInForce => {
                "The sender says that it applies, but the charter does not put it in force: no deadline is computed."
            }
            Self::DoesNotApply => {
                "The sender says that it applies, but it is not for such a statement: no deadline is computed."
            }
            Self::NotLaw => {
                "In force by the charter, but it was not law when the request was registered: no deadline is computed."
            }
            Self::Unknown => {
                "In force by the charter, but unknown to this version: no deadline is computed. A newer version may know it."
            }
            Self::NotComputed => {
                "In force, but what starts it is not said in this protocol: no deadline is computed."
            }
        }
    }
}

/// Every clock that runs in a case, and every one that is in force or claimed and
/// does not run although somebody might think so. First those of the charter, in
/// its order, then what was only claimed.
#[must_use]
pub fn choose(in_force: &[(Code, Option<DurationMs>)], opening: &Opening<'_>) -> Vec<Chosen> {
    let ours = in_force
        .iter()
        .filter_map(|(id, own)| in_force_here(id, *own, opening));
    let only_claimed = opening
        .claimed
        .iter()
        .filter(|id| !in_force.iter().any(|(known, _)| known == *id))
        .map(|id| Chosen {
            id: id.clone(),
            clock: find(id.as_str()),
            own: None,
            is_claimed: true,
            why: Why::NotInForce,
        });
    ours.chain(only_claimed).collect()
}

fn in_force_here(id: &Code, own: Option<DurationMs>, opening: &Opening<'_>) -> Option<Chosen> {
    let is_claimed = opening.claimed.contains(id);
    let clock = find(id.as_str());
    let why = match (clock, own) {
        (None, Some(_)) => Why::Runs(By::Charter),
        (None, None) => Why::Unknown,
        (Some(clock), _) => match applies(clock, opening, is_claimed) {
            Some(_) if !clock.is_computed() => Why::NotComputed,
            Some(_) if !clock.is_law_at(opening.at) => Why::NotLaw,
            Some(by) => Why::Runs(by),
            None if is_claimed => Why::DoesNotApply,
            None => return None,
        },
    };
    Some(Chosen {
        id: id.clone(),
        clock,
        own,
        is_claimed,
        why,
    })
}

/// A claim stands in for a ground or a place, never for the kind or the capacity.
fn applies(clock: &Clock, opening: &Opening<'_>, is_claimed: bool) -> Option<By> {
    let is_asked = clock.capacities.is_empty()
        || opening
            .capacity
            .is_some_and(|capacity| clock.capacities.contains(&capacity.as_str()));
    if !clock.kinds.contains(&opening.kind) || !is_asked {
        return None;
    }
    let by_itself = match clock.place {
        Place::Ground => opening
            .grounds
            .iter()
            .any(|ground| names(ground, clock))
            .then_some(By::Ground),
        Place::Recipient => opening
            .recipient
            .iter()
            .any(|country| clock.is_law_in(country.as_str()))
            .then_some(By::Recipient),
    };
    by_itself.or(is_claimed.then_some(By::Claim))
}

fn names(ground: &Ground, clock: &Clock) -> bool {
    let article = ground
        .article
        .as_ref()
        .map(|article| number(article.as_str()));
    ground.instrument.as_str() == clock.instrument.code
        && clock.natures.contains(&ground.nature.as_str())
        && clock.is_law_in(ground.jurisdiction.as_str())
        && (clock.articles.is_empty()
            || article.is_some_and(|article| clock.articles.contains(&article)))
}

/// The number in front: of "s. 109(1)" it is "109", of "Art. 3(3)" it is "3".
fn number(article: &str) -> &str {
    let start = article
        .find(|sign: char| sign.is_ascii_digit())
        .unwrap_or(article.len());
    let rest = article.get(start..).unwrap_or_default();
    let end = rest
        .find(|sign: char| !sign.is_ascii_alphanumeric())
        .unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}
