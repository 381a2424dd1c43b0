//! What still goes on when the roster has run out.
//!
//! ```text
//! current            everything
//! in grace           existing members go on, under a loud warning; nobody is
//!                    admitted and nobody gets a new role
//! past grace         answers, receipts and audits only
//! ```
//!
//! Governance can fail to sign in time. That must not stop what protects children,
//! and it must not let a roster of long ago be the law for ever.

use comity_wire::registry::Kind;
use comity_wire::words::{DurationMs, TimeMs};

/// Where the roster stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is none yet.
    NoRoster,
    /// It is in force.
    Current {
        /// Until when.
        until: TimeMs,
    },
    /// It has run out, and members go on.
    InGrace {
        /// Since when.
        expired_at: TimeMs,
        /// Until when.
        until: TimeMs,
    },
    /// The grace is over as well.
    PastGrace {
        /// Since when.
        since: TimeMs,
    },
}

impl Standing {
    /// The standing at `now_ms` of a roster that expires at `expires`.
    #[must_use]
    pub const fn of(expires: TimeMs, grace: DurationMs, now_ms: TimeMs) -> Self {
        let until = expires.saturating_add(grace);
        if now_ms < expires {
            Self::Current { until: expires }
        } else if now_ms < until {
            Self::InGrace {
                expired_at: expires,
                until,
            }
        } else {
            Self::PastGrace { since: until }
        }
    }

    /// The stable code, for the console and the events.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoRoster => "no-roster",
            Self::Current { .. } => "current",
            Self::InGrace { .. } => "in-grace",
            Self::PastGrace { .. } => "past-grace",
        }
    }

    /// Whether a peer that this node has never dealt with can be admitted.
    #[must_use]
    pub const fn admits_newcomers(self) -> bool {
        matches!(self, Self::Current { .. })
    }

    /// Whether statements of a kind are still taken. What answers, reports, takes back or protects is taken however old
    /// the roster is: an answer that is refused leaves a case open, and a withdrawal that is refused leaves lawful
    /// content down.
    #[must_use]
    pub const fn takes(self, kind: Kind) -> bool {
        match self {
            Self::NoRoster => false,
            Self::Current { .. } | Self::InGrace { .. } => true,
            Self::PastGrace { .. } => !kind.asks(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_is_current_then_in_grace_then_past_it() {
        let check = |now_ms, code| assert_eq!(Standing::of(100, 50, now_ms).code(), code);
        check(0, "current");
        check(99, "current");
        check(100, "in-grace");
        check(149, "in-grace");
        check(150, "past-grace");
        check(u64::MAX, "past-grace");
        // No grace at all.
        assert_eq!(Standing::of(100, 0, 100).code(), "past-grace");
    }

    #[test]
    fn past_grace_what_asks_is_refused_and_what_answers_is_taken() {
        let taken: Vec<_> = Kind::ALL
            .into_iter()
            .filter(|kind| Standing::PastGrace { since: 0 }.takes(*kind))
            .map(Kind::as_str)
            .collect();
        assert_eq!(
            taken,
            [
                "acknowledgement",
                "outcome",
                "withdrawal",
                "resolution",
                "information",
                "observation",
                "hold",
                "release",
                "erasure-notice"
            ]
        );
    }

    #[test]
    fn in_grace_every_kind_is_taken_and_nobody_is_admitted() {
        let in_grace = Standing::of(100, 50, 120);
        assert!(Kind::ALL.into_iter().all(|kind| in_grace.takes(kind)));
        assert!(!in_grace.admits_newcomers());
        assert!(Standing::of(100, 50, 20).admits_newcomers());
    }

    #[test]
    fn without_a_roster_nothing_is_taken() {
        assert!(
            !Kind::ALL
                .into_iter()
                .any(|kind| Standing::NoRoster.takes(kind))
        );
    }
}
