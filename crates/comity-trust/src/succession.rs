//! What may change from one roster to the next.
//!
//! The governance decides who is a member, but it cannot rewrite what others
//! have relied on: a key that has verified something stays what it was, an end
//! is not taken back, and a log is never forgotten.

use comity_wire::words::TimeMs;

use crate::key::{Ended, Key};
use crate::member::{Log, LogState};
use crate::rule::{Rule, holds};

/// Whether the entry of a key may change from `old` to `new`.
///
/// An end that lies ahead may move; one that has come may not move later, nor may
/// a new one be set before the roster's own time: what was accepted in between
/// would become void without anybody having been at fault. For that there is
/// `compromised-since`, and the more is learnt of a theft, the earlier it gets.
///
/// # Errors
/// [`Rule::KeyChanged`], [`Rule::KeyResurrected`].
pub fn key_follows(old: &Key, new: &Key, issued: TimeMs) -> Result<(), Rule> {
    let same = old.public == new.public && old.purpose == new.purpose && old.from == new.from;
    holds(same, Rule::KeyChanged)?;
    let stays_ended = match (old.ended, new.ended) {
        (None, _) | (Some(Ended::Superseded), Some(_)) => true,
        (Some(Ended::CompromisedSince(was)), Some(Ended::CompromisedSince(is))) => is <= was,
        (Some(_), _) => false,
    };
    holds(stays_ended, Rule::KeyResurrected)?;
    if new.until == old.until {
        return Ok(());
    }
    let never = TimeMs::MAX;
    let (was, is) = (old.until.unwrap_or(never), new.until.unwrap_or(never));
    let has_ended = was <= issued || old.ended.is_some();
    holds(!has_ended || is < was, Rule::KeyResurrected)?;
    holds(is >= issued, Rule::KeyChanged)
}

/// Whether the list of a member's logs may change from `old` to `new`.
///
/// # Errors
/// [`Rule::LogVanished`], [`Rule::LogChanged`], [`Rule::LogReopened`].
pub fn logs_follow(old: &[Log], new: &[Log]) -> Result<(), Rule> {
    for log in old {
        let now = new
            .iter()
            .find(|now| now.origin == log.origin)
            .ok_or(Rule::LogVanished)?;
        holds(now.key == log.key, Rule::LogChanged)?;
        match (&log.state, &now.state) {
            (LogState::Closed(_), LogState::Open) => return Err(Rule::LogReopened),
            (LogState::Closed(was), LogState::Closed(is)) => holds(was == is, Rule::LogChanged)?,
            (LogState::Open, _) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use comity_wire::ids::PublicKey;
    use comity_wire::registry::KeyPurpose;

    use super::*;

    const ISSUED: TimeMs = 1_000;

    fn key(until: Option<TimeMs>, ended: Option<Ended>) -> Key {
        Key {
            until,
            ended,
            ..Key::new(PublicKey::new([1; 32]), KeyPurpose::Log, 10)
        }
    }

    fn check(old: &Key, new: &Key, expected: Result<(), Rule>) {
        assert_eq!(key_follows(old, new, ISSUED), expected, "{old:?} {new:?}");
    }

    const SUPERSEDED: Option<Ended> = Some(Ended::Superseded);

    fn stolen(since: TimeMs) -> Option<Ended> {
        Some(Ended::CompromisedSince(since))
    }

    #[test]
    fn an_end_that_lies_ahead_may_move_and_one_that_has_come_may_not() {
        check(&key(None, None), &key(Some(ISSUED), None), Ok(()));
        check(
            &key(None, None),
            &key(Some(ISSUED - 1), None),
            Err(Rule::KeyChanged),
        );
        check(&key(Some(2_000), None), &key(Some(3_000), None), Ok(()));
        check(&key(Some(2_000), None), &key(None, None), Ok(()));
        check(&key(Some(2_000), None), &key(Some(1_500), None), Ok(()));
        check(&key(Some(900), None), &key(Some(900), None), Ok(()));
        check(
            &key(Some(900), None),
            &key(Some(3_000), None),
            Err(Rule::KeyResurrected),
        );
        check(
            &key(Some(900), None),
            &key(None, None),
            Err(Rule::KeyResurrected),
        );
        check(
            &key(Some(900), None),
            &key(Some(800), None),
            Err(Rule::KeyChanged),
        );
        let planned = key(Some(2_000), SUPERSEDED);
        check(
            &planned,
            &key(Some(3_000), SUPERSEDED),
            Err(Rule::KeyResurrected),
        );
        check(&planned, &key(Some(1_500), SUPERSEDED), Ok(()));
    }

    #[test]
    fn an_ended_key_stays_ended() {
        let ended = key(Some(900), SUPERSEDED);
        check(&ended, &ended, Ok(()));
        check(&ended, &key(Some(900), None), Err(Rule::KeyResurrected));
        check(&ended, &key(Some(900), stolen(500)), Ok(()));
        check(
            &key(None, stolen(500)),
            &key(None, None),
            Err(Rule::KeyResurrected),
        );
        let as_if_superseded = key(Some(ISSUED), SUPERSEDED);
        check(
            &key(None, stolen(500)),
            &as_if_superseded,
            Err(Rule::KeyResurrected),
        );
    }

    #[test]
    fn a_theft_can_be_found_to_be_earlier_never_later() {
        check(&key(None, stolen(500)), &key(None, stolen(400)), Ok(()));
        check(
            &key(None, stolen(500)),
            &key(None, stolen(501)),
            Err(Rule::KeyResurrected),
        );
    }

    #[test]
    fn a_key_stays_what_it_is() {
        let old = key(None, None);
        let from = Key {
            from: 11,
            ..old.clone()
        };
        let purpose = Key {
            purpose: KeyPurpose::Witness,
            ..old.clone()
        };
        let public = Key {
            public: PublicKey::new([2; 32]),
            ..old.clone()
        };
        for changed in [from, purpose, public] {
            check(&old, &changed, Err(Rule::KeyChanged));
        }
    }
}
