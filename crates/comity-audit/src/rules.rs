//! What of a federation's rules decides whether records are a finding.

use std::collections::BTreeMap;

use comity_trust::history::History;
use comity_trust::key::Ended;
use comity_wire::ids::MemberId;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::{Code, Country, DurationMs, TimeMs};

/// Clocks in force, where members are, and when their keys ended. By default there
/// are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Legal clocks in force, as the charter has them.
    pub clocks: Vec<(Code, Option<DurationMs>)>,
    /// The jurisdictions of each member, by the newest roster.
    pub places: BTreeMap<MemberId, Vec<Country>>,
    /// When statement keys of a member ended.
    pub ended: BTreeMap<MemberId, Vec<TimeMs>>,
}

impl Rules {
    /// Those of a federation, as they are now.
    #[must_use]
    pub fn of(history: &History) -> Self {
        let members = history
            .roster()
            .into_iter()
            .flat_map(|roster| roster.members.iter());
        let places = members.map(|member| {
            let countries = member.jurisdictions.iter().cloned();
            (member.id.clone(), countries.collect())
        });
        let mut rules = Self {
            clocks: history.charter().clocks.clone(),
            places: places.collect(),
            ended: BTreeMap::new(),
        };
        let keys = history.known_keys();
        for known in keys.filter(|known| known.listed.purpose == KeyPurpose::Statement) {
            let compromised = match known.listed.ended {
                Some(Ended::CompromisedSince(since)) => Some(since),
                Some(Ended::Superseded) | None => None,
            };
            let ends = [compromised, known.listed.until, known.left_at];
            if let Some(ended) = ends.into_iter().flatten().min() {
                let of_member = rules.ended.entry(known.member.clone()).or_default();
                of_member.push(ended);
            }
        }
        rules
    }

    /// Whether a statement key of this member had ended by then.
    #[must_use]
    pub fn a_key_had_ended(&self, member: &MemberId, by: TimeMs) -> bool {
        let ended = self.ended.get(member);
        ended.is_some_and(|ended| ended.iter().any(|at| *at <= by))
    }
}
