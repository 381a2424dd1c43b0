//! The findings that an audit lists of its cases: the first ones of each two members. Whoever breaks every rule, or writes
//! down what nobody else has, must not fill the auditor's memory, nor crowd out what was found about others.

use std::collections::BTreeMap;

use comity_audit::Finding;
use comity_audit::limits::FINDINGS_PER_LOG_MAX;
use comity_wire::ids::MemberId;

/// A subject and its counterpart.
pub(crate) type Two = (MemberId, Option<MemberId>);

/// Findings, as many of each two members as an audit keeps of one log.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    findings: Vec<Finding>,
    /// How many there were, listed or not.
    counts: BTreeMap<Two, usize>,
}

impl Listed {
    /// Lists a finding if there is room for it.
    pub(crate) fn add(&mut self, finding: &Finding) {
        let two = (finding.member.clone(), finding.counterpart.clone());
        let count = self.counts.entry(two).or_default();
        if *count < FINDINGS_PER_LOG_MAX {
            self.findings.push(finding.clone());
        }
        *count = count.saturating_add(1);
    }

    /// What is listed, and how many are not, of whom: they are said to people, and handed over to nobody.
    pub(crate) fn finish(self) -> (Vec<Finding>, Vec<(Two, usize)>) {
        let over = self.counts.into_iter().filter_map(|(two, count)| {
            let over = count.saturating_sub(FINDINGS_PER_LOG_MAX);
            (over > 0).then_some((two, over))
        });
        (self.findings, over.collect())
    }
}

#[cfg(test)]
mod tests {
    use comity_audit::Found;
    use comity_testkit::federation::member_id;

    use super::*;

    #[test]
    fn what_is_found_of_two_members_does_not_crowd_out_what_is_found_of_others() {
        let [liar, one, other] =
            ["south", "platform", "north"].map(|name| member_id(&format!("{name}.example")));
        let found = |counterpart: &MemberId, index: usize| Finding {
            counterpart: Some(counterpart.clone()),
            index: u64::try_from(index).ok(),
            ..Finding::in_log_of(&one, Found::MissingAtRecipient)
        };
        let mut listed = Listed::default();
        for index in 0..FINDINGS_PER_LOG_MAX + 7 {
            listed.add(&found(&liar, index));
        }
        let honest = found(&other, 1);
        listed.add(&honest);
        let (findings, over) = listed.finish();
        assert_eq!(findings.len(), FINDINGS_PER_LOG_MAX + 1);
        assert_eq!(findings.last(), Some(&honest));
        assert_eq!(over, [((one, Some(liar)), 7)]);
    }
}
