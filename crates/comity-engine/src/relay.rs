//! The middle member: what a linked case brings is passed on. Outcomes go up, with the statement that they are from
//! as evidence; withdrawals go down, to each child case without another live ground. Neither outer party learns of the
//! other from it.

use comity_case::{State, Status};
use comity_wire::body::{Body, Outcome, OutcomeItem, Withdrawal};
use comity_wire::ids::{CaseId, StatementId};
use comity_wire::registry::{Basis, Complete};
use comity_wire::words::{ItemNumber, Sorted};
use serde_bytes::ByteBuf;

use crate::core::Core;
use crate::limits::PAGE_ROWS_MAX;
use crate::ports::Fault;
use crate::tables::{LINK_DOWN, LINK_UP, case_at, number_at};

impl Core {
    /// Passes on what a statement of a case means for linked cases.
    pub(crate) fn relay(&mut self, case: CaseId, id: &StatementId) -> Result<(), Fault> {
        if !self.policy.relay {
            return Ok(());
        }
        let Some(kept) = self.kept_of(id)? else {
            return Ok(());
        };
        let from_other = *kept.statement.issuer() != self.me;
        match kept.statement.body() {
            Body::Outcome(body) if from_other => {
                let body = body.clone();
                let evidence = ByteBuf::from(kept.statement.bytes());
                self.relay_outcome(&case, &body, evidence)
            }
            Body::Withdrawal(body) if from_other => {
                let body = body.clone();
                self.relay_withdrawal(&case, &body)
            }
            _ => Ok(()),
        }
    }

    /// An outcome of a child case is an outcome of the items that it follows from.
    fn relay_outcome(
        &mut self,
        child: &CaseId,
        outcome: &Outcome,
        evidence: ByteBuf,
    ) -> Result<(), Fault> {
        for row in &outcome.items {
            for (_, parent, n) in self.parents_of(child, Some(row.0))? {
                let Some(round) = self.open_round(&parent, n)? else {
                    continue;
                };
                let relayed = OutcomeItem(
                    n,
                    round,
                    row.2,
                    row.3.clone(),
                    row.4.clone(),
                    row.5.clone(),
                    Some(row.0),
                );
                let body = Body::Outcome(Outcome {
                    text: None,
                    basis: Basis::Relayed,
                    items: Sorted::new([relayed]),
                    complete: Complete::Partial,
                });
                self.pass_on(parent, body, vec![evidence.clone()])?;
            }
        }
        Ok(())
    }

    /// A withdrawal of the parent takes back each child item without another live ground.
    fn relay_withdrawal(&mut self, parent: &CaseId, withdrawal: &Withdrawal) -> Result<(), Fault> {
        for (n, child, child_n) in self.children_of(parent)? {
            let meant = withdrawal
                .items
                .as_ref()
                .is_none_or(|items| items.find(&&n).is_some());
            if !meant || self.has_live_ground(&child, child_n, parent, withdrawal)? {
                continue;
            }
            let body = Body::Withdrawal(Withdrawal {
                code: withdrawal.code.clone(),
                text: None,
                basis: Basis::Relayed,
                items: Some(Sorted::new([child_n])),
            });
            self.pass_on(child, body, Vec::new())?;
        }
        Ok(())
    }

    /// Whether an item of a child case follows from another item that still stands, or from this member's own report.
    fn has_live_ground(
        &mut self,
        child: &CaseId,
        child_n: ItemNumber,
        withdrawn_in: &CaseId,
        withdrawal: &Withdrawal,
    ) -> Result<bool, Fault> {
        let of = crate::tables::key(&[child.as_bytes(), &child_n.to_be_bytes()]);
        if self.views.get(crate::tables::DOSSIER_OF, &of)?.is_some() {
            return Ok(true);
        }
        for (_, parent, n) in self.parents_of(child, Some(child_n))? {
            let items = withdrawal.items.as_ref();
            let meant =
                parent == *withdrawn_in && items.is_none_or(|items| items.find(&&n).is_some());
            if !meant && self.status_of(&parent, n)? != Some(Status::Withdrawn) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn status_of(&mut self, case: &CaseId, n: ItemNumber) -> Result<Option<Status>, Fault> {
        let Some(loaded) = self.load(case)? else {
            return Ok(None);
        };
        let status = State::of(&loaded.case)
            .item(n)
            .map(comity_case::ItemState::status);
        self.keep(*case, loaded);
        Ok(status)
    }

    /// The latest round of an item in which an outcome may be said.
    fn open_round(&mut self, case: &CaseId, n: ItemNumber) -> Result<Option<u64>, Fault> {
        let Some(loaded) = self.load(case)? else {
            return Ok(None);
        };
        let state = State::of(&loaded.case);
        let round = state
            .item(n)
            .and_then(|item| item.rounds.last())
            .map(|round| round.round);
        self.keep(*case, loaded);
        Ok(round)
    }

    fn pass_on(&mut self, case: CaseId, body: Body, evidence: Vec<ByteBuf>) -> Result<(), Fault> {
        // What the linked case does not allow any more is not said; the statement that was to be passed on stays
        // visible where it came from.
        let Err(error) = self.say(None, case, body, evidence) else {
            return Ok(());
        };
        tracing::warn!(
            target: "comity.engine",
            event = "relay-not-said",
            case = %case,
            code = error.code,
        );
        error.of_port().map_or(Ok(()), Err)
    }

    /// `[own item, parent case, its item]` of a case, or of one of its items.
    pub(crate) fn parents_of(
        &self,
        child: &CaseId,
        n: Option<ItemNumber>,
    ) -> Result<Vec<(ItemNumber, CaseId, ItemNumber)>, Fault> {
        let mut links = self.links(LINK_UP, child)?;
        links.retain(|link| n.is_none_or(|n| n == link.0));
        Ok(links)
    }

    /// `[own item, child case, its item]` of a case.
    pub(crate) fn children_of(
        &self,
        parent: &CaseId,
    ) -> Result<Vec<(ItemNumber, CaseId, ItemNumber)>, Fault> {
        self.links(LINK_DOWN, parent)
    }

    fn links(
        &self,
        table: &'static str,
        case: &CaseId,
    ) -> Result<Vec<(ItemNumber, CaseId, ItemNumber)>, Fault> {
        let mut links = Vec::new();
        let mut from: Option<Vec<u8>> = None;
        loop {
            let rows = self
                .views
                .scan(table, case.as_bytes(), from.as_deref(), PAGE_ROWS_MAX)?;
            links.extend(rows.iter().filter_map(|(row, _)| link(row)));
            match rows.last() {
                Some((last, _)) if rows.len() == PAGE_ROWS_MAX => {
                    from = Some([last.as_slice(), &[0]].concat());
                }
                _ => return Ok(links),
            }
        }
    }
}

/// Case, item, other case, its item.
fn link(row: &[u8]) -> Option<(ItemNumber, CaseId, ItemNumber)> {
    Some((number_at(row, 16)?, case_at(row, 24)?, number_at(row, 40)?))
}
