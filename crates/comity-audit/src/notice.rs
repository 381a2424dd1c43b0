//! A finding as the notice that its subject gets, and back.
//!
//! ```text
//! Finding -> may it be sent? -> FindingNotice, signed    | auditor
//! FindingNotice, verified -> known code, the id is its own, may it be sent? -> Finding    | subject
//! ```
//! Who has no mandate over a member reads only what is about its own statements, and can hand over no other finding.

use comity_trust::history::History;
use comity_wire::finding::FindingNotice;
use comity_wire::ids::MemberId;
use comity_wire::leaf::LogHead;
use comity_wire::words::{Code, TimeMs, Version};

use crate::finding::{Finding, Found};
use crate::limits::FINDING_REPLY_MS;
use crate::rights::{Right, may_read};

/// Whether `by` may hand this finding to the member that it is about.
#[must_use]
pub fn may_send(history: &History, by: &MemberId, finding: &Finding) -> bool {
    let Some(roster) = history.roster() else {
        return false;
    };
    if *by == finding.member || roster.member(&finding.member).is_none() {
        return false;
    }
    match may_read(history.charter(), roster, by, &finding.member) {
        Right::All | Right::Counterpart => true,
        Right::Own => finding.counterpart.as_ref() == Some(by),
        Right::None => false,
    }
}

/// What its subject is told. None: its code has not the form of one.
#[must_use]
pub fn notice_of(
    finding: &Finding,
    history: &History,
    by: &MemberId,
    head: Option<LogHead>,
    found: TimeMs,
) -> Option<FindingNotice> {
    Some(FindingNotice {
        v: Version,
        by: by.clone(),
        id: finding.id(),
        of: finding.member.clone(),
        fed: *history.fed(),
        case: finding.case,
        code: Code::new(finding.code())?,
        head,
        clock: finding.clock.clone(),
        found,
        index: finding.index,
        until: found.saturating_add(FINDING_REPLY_MS),
        statement: finding.statement,
        counterpart: finding.counterpart.clone(),
    })
}

/// The finding that a notice is about. None: this version does not know its code, its id is that of something else, or
/// its reply period is shorter than the protocol says.
#[must_use]
pub fn finding_of(notice: &FindingNotice) -> Option<Finding> {
    let finding = Finding {
        found: Found::from_code(notice.code.as_str())?,
        member: notice.of.clone(),
        counterpart: notice.counterpart.clone(),
        case: notice.case,
        statement: notice.statement,
        clock: notice.clock.clone(),
        index: notice.index,
    };
    let whole = notice.until >= notice.found.saturating_add(FINDING_REPLY_MS);
    (whole && finding.id() == notice.id).then_some(finding)
}
