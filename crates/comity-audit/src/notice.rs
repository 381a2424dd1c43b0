//! A finding as the notice that its subject gets, and back.
//!
//! ```text
//! Finding -> may it be sent? -> FindingNotice, signed    | auditor
//! FindingNotice, verified -> is it whole? may it be sent?    | subject
//! ```
//! A code that this version does not know is no reason to refuse: registry `finding` is open.
//! Who has no mandate over a member reads only what is about its own statements, and can hand over no other finding.

use comity_trust::history::History;
use comity_wire::finding::FindingNotice;
use comity_wire::ids::MemberId;
use comity_wire::leaf::LogHead;
use comity_wire::words::{Code, TimeMs, Version};

use crate::finding::{Finding, finding_id};
use crate::limits::FINDING_REPLY_MS;
use crate::rights::{Right, may_read};

/// Whether `by` may hand a finding to `subject`, the member that it is about.
#[must_use]
pub fn may_send(
    history: &History,
    by: &MemberId,
    subject: &MemberId,
    counterpart: Option<&MemberId>,
) -> bool {
    let Some(roster) = history.roster() else {
        return false;
    };
    if by == subject || roster.member(subject).is_none() {
        return false;
    }
    match may_read(history.charter(), roster, by, subject) {
        Right::All | Right::Counterpart => true,
        Right::Own => counterpart == Some(by),
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

/// Whether a notice has the id of what it says, and gives at least the reply period of the protocol.
#[must_use]
pub fn is_whole(notice: &FindingNotice) -> bool {
    let id = finding_id(
        notice.code.as_str(),
        &notice.of,
        notice.counterpart.as_ref(),
        notice.case.as_ref(),
        notice.statement.as_ref(),
        notice.clock.as_ref(),
        notice.index,
    );
    notice.id == id && notice.until >= notice.found.saturating_add(FINDING_REPLY_MS)
}
