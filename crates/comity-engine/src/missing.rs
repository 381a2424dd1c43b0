//! What is still missing after a restore: who has not given anything back, and what nobody accounts for.
//!
//! ```text
//! the closed log, as it is here: how far the numbers of records about each member go
//! + what each member gave back:  how far its receipts say that they went, and how many of the lost ones came back
//!   -> per member a row, and sentences for people
//! ```
//! A number is no statement: records about audits and refusals have one too, and an own statement has two. So what is
//! left over is an upper bound, and said as one.

use comity_wire::ids::MemberId;
use comity_wire::receipt::{Receipt, WireReceipt};

use crate::core::Core;
use crate::desk::{GivenBackRow, RestoredShown};
use crate::frame::Redelivered;
use crate::ports::Fault;
use crate::restored::{CameBack, redelivered_key};
use crate::tables::{self, CLOSED_SEQUENCE, REDELIVERED, number_at};

impl Core {
    /// What a restore has lost and what came back of it; none if the log was not begun by a restore.
    pub(crate) fn restored_shown(&self) -> Result<Option<RestoredShown>, Fault> {
        let Some(closed) = self.restored_from() else {
            return Ok(None);
        };
        let lost = closed.closed.size().saturating_sub(closed.head.size());
        let mut members = Vec::new();
        let mut missing = Vec::new();
        let roster = self.history.roster();
        for member in roster.iter().flat_map(|roster| &roster.members) {
            if member.id == self.me {
                continue;
            }
            let key = redelivered_key(closed.origin.n, &member.id);
            let frame: Option<Redelivered> = tables::get(&*self.views, REDELIVERED, &key)?;
            let row = self.given_back_row(&member.id, frame)?;
            missing.extend(missing_of(&row));
            members.push(row);
        }
        Ok(Some(RestoredShown {
            origin: closed.origin.to_string(),
            closed_size: closed.closed.size(),
            size: closed.head.size(),
            lost,
            members,
            missing,
        }))
    }

    /// The members that have not given anything back yet.
    pub(crate) fn waits_for(&self) -> Result<Vec<MemberId>, Fault> {
        let lost = self.lost()?.into_iter();
        Ok(lost.map(|lost| lost.member).collect())
    }

    /// Notes what a receipt of the closed log, which a member gives back, says of the lost records about that member.
    pub(crate) fn count_number(
        &self,
        back: &mut CameBack,
        peer: &MemberId,
        earlier: Option<&WireReceipt>,
    ) {
        let Some(closed) = self.restored_from() else {
            return;
        };
        let receipt = earlier.and_then(|wire| Receipt::from_wire(wire.clone()).ok());
        let log = self.history.log(&closed.origin);
        let of_closed = receipt
            .filter(|receipt| log.is_some_and(|log| log.key == *receipt.kid()))
            .filter(|receipt| receipt.leaf().index >= closed.head.size());
        let Some(receipt) = of_closed else {
            return;
        };
        let leaf = receipt.leaf();
        if let Some(seq) = leaf.seq.filter(|_| leaf.counterpart.as_ref() == Some(peer)) {
            back.numbers = back.numbers.saturating_add(1);
            back.next_number = back.next_number.max(seq.saturating_add(1));
        }
    }

    fn given_back_row(
        &self,
        member: &MemberId,
        frame: Option<Redelivered>,
    ) -> Result<GivenBackRow, Fault> {
        let mut row = GivenBackRow {
            member: member.to_string(),
            ..GivenBackRow::default()
        };
        let Some(Redelivered(_, _, back, refused, at)) = frame else {
            return Ok(row);
        };
        row.at = Some(at);
        row.refused = refused.map(|code| code.to_string());
        (row.statements, row.own, row.not_taken) = (back.statements, back.own, back.not_taken);
        let here = self
            .views
            .get(CLOSED_SEQUENCE, member.as_str().as_bytes())?
            .and_then(|bytes| number_at(&bytes, 0))
            .unwrap_or(0);
        let span = back.next_number.saturating_sub(here);
        let accounted = back.numbers.saturating_add(back.own.saturating_mul(2));
        row.unaccounted = span.saturating_sub(accounted);
        Ok(row)
    }
}

/// What is missing of one member, as sentences.
fn missing_of(row: &GivenBackRow) -> Vec<String> {
    let member = &row.member;
    if row.at.is_none() {
        return vec![format!(
            "{member} has not answered yet. What it has of the lost records is missing until then; it is asked again and again."
        )];
    }
    if let Some(code) = &row.refused {
        return vec![format!(
            "{member} gives nothing back (`{code}`), and is not asked again. Ask its operations for the statements that it has."
        )];
    }
    let mut missing = Vec::new();
    if row.not_taken > 0 {
        missing.push(format!(
            "{member} gave back {} statements that could not be taken. Ask its operations for them: what they belong to is not here, or they are not in order.",
            row.not_taken
        ));
    }
    if row.unaccounted > 0 {
        missing.push(format!(
            "Of the lost records about {member}, {} are accounted for by nothing that came back. They may be audits and refusals, or statements that nobody gave back.",
            row.unaccounted
        ));
    }
    missing
}
