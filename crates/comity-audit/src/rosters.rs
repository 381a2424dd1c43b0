//! The rosters that records name: whether there is such a one, and since when.

use std::collections::BTreeMap;

use comity_trust::history::History;
use comity_trust::limits::ROSTER_BYTES_MAX;
use comity_trust::roster::Roster;
use comity_trust::signed::SignedPayload;
use comity_wire::ids::Hash;
use comity_wire::leaf::RosterRef;
use comity_wire::words::TimeMs;

use crate::finding::Found;
use crate::limits::CLOCK_SKEW_MS_MAX;

/// Every roster of a federation that is known, by version. The governance may have
/// signed several of one version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rosters {
    issued: BTreeMap<u64, Vec<(Hash, TimeMs)>>,
}

impl Rosters {
    /// Those of a history.
    #[must_use]
    pub fn of(history: &History) -> Self {
        let mut rosters = Self::default();
        for signed in history.rosters_from(1) {
            let Ok(signed) = SignedPayload::decode(signed, ROSTER_BYTES_MAX) else {
                continue;
            };
            if let Ok(roster) = Roster::decode(signed.payload()) {
                let named = RosterRef(roster.version, signed.hash());
                rosters.add(named, roster.issued);
            }
        }
        rosters
    }

    /// One more, and when it was made.
    pub fn add(&mut self, RosterRef(version, hash): RosterRef, issued: TimeMs) {
        let of_version = self.issued.entry(version).or_default();
        of_version.push((hash, issued));
    }

    /// What is wrong with naming this roster at this time, if anything. Of a roster
    /// that is newer than all that are known nothing is said.
    #[must_use]
    pub fn judge(&self, RosterRef(version, hash): RosterRef, time: TimeMs) -> Option<Found> {
        if self
            .issued
            .last_key_value()
            .is_none_or(|(newest, _)| *newest < version)
        {
            return None;
        }
        let named = self.issued.get(&version).and_then(|of_version| {
            let mut of_version = of_version.iter();
            of_version.find(|(known, _)| *known == hash)
        });
        match named {
            None => Some(Found::RosterUnknown),
            Some((_, issued)) if time.saturating_add(CLOCK_SKEW_MS_MAX) < *issued => {
                Some(Found::RosterNotYet)
            }
            Some(_) => None,
        }
    }
}
