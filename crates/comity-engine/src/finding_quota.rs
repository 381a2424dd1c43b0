//! How many findings are kept, and taken in a day, so that nobody fills a log with them or keeps others from being heard.
//!
//! ```text
//! own finding      -> fewer than the most about this subject?
//! notice of others -> fewer than the most of this sender? -> by a mandate: taken
//!                     -> about its own statements, as it says: is there one here? -> so many in a day, fewer without one
//! ```
//! What is not known here cannot be refused for that alone: a subject that has lost or hidden a statement is to hear of
//! it. Counts of a day are in memory: a restart begins anew.

use std::collections::BTreeMap;

use comity_audit::{Right, may_read};
use comity_wire::finding::FindingNotice;
use comity_wire::ids::MemberId;
use comity_wire::words::TimeMs;

use crate::core::Core;
use crate::limits::{
    DAY_MS, FINDINGS_KEPT_MAX, FINDINGS_KNOWN_PER_DAY_MAX, FINDINGS_UNKNOWN_PER_DAY_MAX, HOUR_MS,
};
use crate::ports::Fault;
use crate::tables::{self, CASE, CaseEntry};

/// What is counted of findings.
#[derive(Debug, Default)]
pub(crate) struct FindingQuota {
    /// Findings that are kept, by who found them and about whom; none before they are asked for.
    kept: Option<BTreeMap<(MemberId, MemberId), usize>>,
    /// What a sender without a mandate has handed over on a day.
    taken: BTreeMap<MemberId, Taken>,
    /// What a sender was refused since people were told last, and when that was.
    refused: BTreeMap<MemberId, (TimeMs, u64)>,
}

#[derive(Debug, Default)]
struct Taken {
    day: u64,
    known: u64,
    unknown: u64,
}

impl FindingQuota {
    /// Counts a finding that is kept.
    pub(crate) fn keep(&mut self, by: &MemberId, of: &MemberId) {
        if let Some(kept) = &mut self.kept {
            let count = kept.entry((by.clone(), of.clone())).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Whether as many findings of this member about that one are kept as can be.
    pub(crate) fn is_full(&self, by: &MemberId, of: &MemberId) -> bool {
        let kept = self.kept.iter();
        let mut counts = kept.filter_map(|kept| kept.get(&(by.clone(), of.clone())));
        counts.any(|count| *count >= FINDINGS_KEPT_MAX)
    }

    /// Counts one that is handed over without a mandate. False: there were too many on this day.
    fn take(&mut self, by: &MemberId, known: bool, now: TimeMs) -> bool {
        let day = now / DAY_MS;
        let taken = self.taken.entry(by.clone()).or_default();
        if taken.day != day {
            *taken = Taken {
                day,
                ..Taken::default()
            };
        }
        let (count, most) = if known {
            (&mut taken.known, FINDINGS_KNOWN_PER_DAY_MAX)
        } else {
            (&mut taken.unknown, FINDINGS_UNKNOWN_PER_DAY_MAX)
        };
        let has_room = *count < most;
        *count = count.saturating_add(u64::from(has_room));
        has_room
    }

    /// Counts a refusal. How many there were since people were told last, if it is time to tell them.
    fn refuse(&mut self, from: &MemberId, now: TimeMs) -> Option<u64> {
        let (told, times) = self.refused.entry(from.clone()).or_default();
        *times = times.saturating_add(1);
        if *told != 0 && now < told.saturating_add(HOUR_MS) {
            return None;
        }
        *told = now;
        Some(std::mem::take(times))
    }
}

impl Core {
    /// Counts what is kept, once; from then on it is counted as it comes.
    pub(crate) fn count_findings(&mut self) -> Result<(), Fault> {
        if self.finding_quota.kept.is_some() {
            return Ok(());
        }
        let rows = self.finding_rows()?;
        self.finding_quota.kept = Some(BTreeMap::new());
        for (_, entry) in rows {
            self.finding_quota.keep(&entry.by, &entry.of);
        }
        Ok(())
    }

    /// Whether a notice that its sender may send is taken now. If so, it is counted.
    pub(crate) fn has_room_for(&mut self, notice: &FindingNotice) -> Result<bool, Fault> {
        self.count_findings()?;
        let by = &notice.by;
        if self.finding_quota.is_full(by, &self.me) {
            return Ok(false);
        }
        let charter = self.history.charter();
        let right = self.history.roster().map_or(Right::None, |roster| {
            may_read(charter, roster, by, &self.me)
        });
        if matches!(right, Right::All | Right::Counterpart) {
            return Ok(true);
        }
        let (known, now) = (self.is_known_with(notice)?, self.time());
        Ok(self.finding_quota.take(by, known, now))
    }

    /// Whether a notice names a statement or a case that is here, between its sender and this member.
    fn is_known_with(&self, notice: &FindingNotice) -> Result<bool, Fault> {
        let case = match &notice.statement {
            Some(id) => self.statement_row(id)?.map(|row| row.case),
            None => notice.case,
        };
        let Some(case) = case else {
            return Ok(false);
        };
        let entry: Option<CaseEntry> = tables::get(&*self.views, CASE, case.as_bytes())?;
        let with = |entry: CaseEntry| entry.opener == notice.by || entry.recipient == notice.by;
        Ok(entry.is_some_and(with))
    }

    /// Tells people at most once in an hour that a member hands over what is not taken.
    pub(crate) fn note_refused_finding(&mut self, from: &MemberId, code: &'static str) {
        let name = from.as_str();
        tracing::debug!(target: "comity.engine", event = "finding-refused", from = name, code);
        let now = self.time();
        if let Some(times) = self.finding_quota.refuse(from, now) {
            tracing::warn!(target: "comity.engine", event = "findings-refused", from = name, code, times);
        }
    }
}

#[cfg(test)]
mod tests {
    use comity_testkit::federation::member_id;

    use super::*;

    #[test]
    fn a_subject_about_which_too_much_was_found_leaves_room_for_the_others() {
        let [me, one, other] =
            ["regulator", "platform", "north"].map(|name| member_id(&format!("{name}.example")));
        let mut quota = FindingQuota {
            kept: Some(BTreeMap::new()),
            ..FindingQuota::default()
        };
        for _ in 1..FINDINGS_KEPT_MAX {
            quota.keep(&me, &one);
        }
        assert!(!quota.is_full(&me, &one));
        quota.keep(&me, &one);
        assert!(quota.is_full(&me, &one));
        assert!(!quota.is_full(&me, &other));
        assert!(!quota.is_full(&one, &me));
    }

    #[test]
    fn people_are_told_of_refusals_once_in_an_hour_and_how_many_there_were() {
        let from = member_id("north.example");
        let mut quota = FindingQuota::default();
        let begin = 20_000 * DAY_MS;
        assert_eq!(quota.refuse(&from, begin), Some(1));
        for n in 1..60 {
            assert_eq!(quota.refuse(&from, begin + n), None);
        }
        assert_eq!(quota.refuse(&from, begin + HOUR_MS), Some(60));
    }
}
