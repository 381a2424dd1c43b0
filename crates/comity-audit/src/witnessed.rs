//! Who has cosigned a head, and whether that is as many as the charter wants.
//!
//! ```text
//! checkpoint with cosignatures, history -> each other member whose witness key was valid then, once
//!                                       -> what the quorum still lacks
//! ```

use std::collections::{BTreeMap, BTreeSet};

use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::key::{KeyId, KeyKind, KeyName, VerifierKey};
use comity_log::names::WitnessName;
use comity_log::note::NoteError;
use comity_trust::history::History;
use comity_trust::key::Validity;
use comity_trust::quorum::{Missing, missing};
use comity_wire::ids::MemberId;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::TimeMs;

/// What cosignatures say of a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// The members that have cosigned, with the time of each, in seconds since 1970.
    pub by: BTreeMap<MemberId, u64>,
    /// What the quorum lacks.
    pub missing: Missing,
}

impl Witnessed {
    /// Whether the quorum holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.missing.is_nothing()
    }
}

/// Judges the cosignatures of a checkpoint, which the caller has seen at `seen_at`. The signature of its log is
/// another question.
///
/// # Errors
/// A line under a key that the history lists is not valid: such a note is not believed at all.
pub fn witnessed(
    history: &History,
    checkpoint: &UnverifiedCheckpoint,
    seen_at: TimeMs,
) -> Result<Witnessed, NoteError> {
    let of = &checkpoint.claimed().origin.member;
    let known = history
        .known_keys()
        .filter(|known| known.listed.purpose == KeyPurpose::Witness && known.member != *of);
    let keys: Vec<_> = known
        .filter_map(|known| Some((witness_key(history, known)?, known)))
        .collect();
    let keys = told_apart(keys);
    let trusted: Vec<_> = keys.iter().map(|(key, _)| key.clone()).collect();
    let signed = match checkpoint.note().verify(&trusted) {
        Ok(signed) => signed,
        Err(NoteError::NotSigned) => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut by = BTreeMap::new();
    for one in signed {
        let (Some(time_s), Some((_, known))) =
            (one.time_s, keys.iter().find(|(key, _)| key == one.key))
        else {
            continue;
        };
        let said_at = time_s.saturating_mul(1_000);
        if known.validity(said_at, seen_at) == Validity::Valid {
            by.insert(known.member.clone(), time_s);
        }
    }
    let missing = missing(history, of, by.keys());
    Ok(Witnessed { by, missing })
}

/// The keys that no other key can be taken for. A member could list two of its own with one name and id: were they
/// trusted, a note that either has signed would be nobody's, with the lines of all others. So neither counts.
fn told_apart<T>(keys: Vec<(VerifierKey, T)>) -> Vec<(VerifierKey, T)> {
    let mut named: BTreeMap<(String, KeyId), BTreeSet<[u8; 32]>> = BTreeMap::new();
    let name = |key: &VerifierKey| (key.name().as_str().to_owned(), key.id());
    for (key, _) in &keys {
        named
            .entry(name(key))
            .or_default()
            .insert(key.key().to_bytes());
    }
    let is_one = |key: &VerifierKey| named.get(&name(key)).is_none_or(|same| same.len() == 1);
    keys.into_iter().filter(|(key, _)| is_one(key)).collect()
}

/// The key of a witness, as notes name it; none if it is not usable.
#[must_use]
pub fn witness_key(
    history: &History,
    known: &comity_trust::key_history::KnownKey,
) -> Option<VerifierKey> {
    let name = WitnessName {
        fed: *history.fed(),
        member: known.member.clone(),
    };
    VerifierKey::new(KeyName::from(&name), KeyKind::Witness, *known.verifying()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]

    use ed25519_dalek::SigningKey;

    use super::*;

    #[test]
    fn of_two_keys_with_one_name_and_id_neither_counts_and_all_others_do() {
        // Found by trying: the first two have the same four bytes of hash under this name.
        let key = |seed: u32| {
            let mut secret = [0; 32];
            secret[..4].copy_from_slice(&seed.to_be_bytes());
            let key = SigningKey::from_bytes(&secret).verifying_key();
            VerifierKey::new(KeyName::new("a").unwrap(), KeyKind::Log, key).unwrap()
        };
        let check = |seeds: &[u32], expected: &[u32]| {
            let keys = seeds.iter().map(|seed| (key(*seed), *seed)).collect();
            let left: Vec<u32> = told_apart(keys).into_iter().map(|(_, seed)| seed).collect();
            assert_eq!(left, expected, "{seeds:?}");
        };
        assert_eq!(key(69_101).id(), key(114_672).id());
        check(&[69_101, 114_672, 1], &[1]);
        check(&[69_101, 1], &[69_101, 1]);
        // Listed twice, it is one key.
        check(&[69_101, 69_101], &[69_101, 69_101]);
    }
}
