//! Whether a draft follows the chain, asked before anybody signs it.
//!
//! [`History`](comity_trust::history::History) judges only what enough keys have signed. Somebody who holds
//! one key must know before: the rules here are asked of the same functions, and the
//! chain judges again when all have signed.

use comity_trust::chain_error::ChainError;
use comity_trust::charter::Charter;
use comity_trust::key::usable;
use comity_trust::member::Member;
use comity_trust::owned::may_be_claimed;
use comity_trust::roster::Roster;
use comity_trust::rule::{Breach, Rule};
use comity_trust::succession::{key_follows, logs_follow};
use comity_wire::ids::Kid;

use crate::federation_dir::Chain;

/// Whether a roster follows the newest one, and claims nothing that nobody can own.
///
/// # Errors
/// The first rule that does not hold.
pub fn roster_follows(chain: &Chain, roster: &Roster) -> Result<(), ChainError> {
    let history = &chain.history;
    if roster.fed != *history.fed() {
        return Err(ChainError::WrongFederation);
    }
    let expected = chain.roster_version() + 1;
    if roster.version != expected {
        let found = roster.version;
        return Err(ChainError::Gap { expected, found });
    }
    let under = chain.charter_for(roster.version);
    if under.is_none_or(|(_, hash)| *hash != roster.charter) {
        return Err(ChainError::WrongCharter);
    }
    let last = history.roster_ref().map_or(*history.fed(), |last| last.1);
    if roster.previous != last {
        return Err(ChainError::WrongPrevious);
    }
    if history
        .roster()
        .is_some_and(|last| roster.issued < last.issued)
    {
        return Err(Rule::IssuedEarlier.into());
    }
    for member in &roster.members {
        member_follows(chain, member, roster).map_err(|rule| rule.broken_by(&member.id))?;
    }
    Ok(())
}

fn member_follows(chain: &Chain, member: &Member, roster: &Roster) -> Result<(), Rule> {
    let known = || chain.history.known_keys();
    for key in &member.keys {
        if let Some(before) = known().find(|known| known.listed.kid == key.kid) {
            if before.member != member.id || before.listed.purpose != key.purpose {
                return Err(Rule::KeyReused);
            }
            key_follows(&before.listed, key, roster.issued)?;
        } else if governs(chain, &key.kid, roster.version) {
            return Err(Rule::KeyReused);
        } else {
            usable(&key.public)?;
        }
    }
    let mut own = known().filter(|known| known.member == member.id);
    if own.any(|known| member.key(&known.listed.kid).is_none()) {
        return Err(Rule::KeyVanished);
    }
    logs_follow(chain.history.logs_of(&member.id), &member.logs)?;
    // What was claimed before stays: the list of public suffixes changes with time.
    let claimed_before = chain.history.member(&member.id).map(|before| &before.owns);
    if claimed_before == Some(&member.owns) {
        return Ok(());
    }
    may_be_claimed(&member.owns)
}

fn governs(chain: &Chain, kid: &Kid, version: u64) -> bool {
    let mut until_then = chain
        .charters
        .iter()
        .filter(|(charter, _)| charter.first_roster <= version);
    until_then.any(|(charter, _)| charter.keys.iter().any(|key| Kid::of(key) == *kid))
}

/// Whether a charter follows the newest one, and leaves every roster that is there.
///
/// # Errors
/// The first rule that does not hold.
pub fn charter_follows(chain: &Chain, charter: &Charter) -> Result<(), ChainError> {
    let (last, hash) = chain.history.newest_charter();
    if charter.version != last.version + 1 {
        return Err(ChainError::Gap {
            expected: last.version + 1,
            found: charter.version,
        });
    }
    if charter.previous != Some(hash) {
        return Err(ChainError::WrongPrevious);
    }
    if charter.first_roster <= chain.roster_version() || charter.first_roster <= last.first_roster {
        return Err(Breach::from(Rule::FirstRosterOrder).into());
    }
    Ok(())
}
