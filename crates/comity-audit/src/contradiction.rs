//! Outcomes that an observation contradicts: said to be gone, and seen soon after.

use comity_wire::leaf::FactsResult;
use comity_wire::registry::{Kind, ObservationResult, OutcomeAnswer};
use comity_wire::words::TimeMs;

use crate::finding::{Finding, Found};
use crate::limits::{CLOCK_SKEW_MS_MAX, CONTRADICTION_MS_MAX};
use crate::matching::MatchedStatement;

/// Each outcome once, of the statements of one case.
pub(crate) fn find(statements: &[MatchedStatement]) -> Vec<Finding> {
    let outcomes = statements.iter().filter(|said| said.kind == Kind::Outcome);
    let contradicted = outcomes.filter_map(|outcome| {
        let observer = statements.iter().find(|seen| contradicts(seen, outcome))?;
        let other = if observer.sender == outcome.sender {
            &outcome.recipient
        } else {
            &observer.sender
        };
        Some(Finding {
            counterpart: Some(other.clone()),
            case: Some(outcome.case),
            statement: Some(outcome.statement),
            index: outcome.offered.map(|mark| mark.index),
            ..Finding::in_log_of(&outcome.sender, Found::OutcomeContradicted)
        })
    });
    contradicted.collect()
}

fn contradicts(seen: &MatchedStatement, outcome: &MatchedStatement) -> bool {
    let rows = |said: &MatchedStatement| {
        let items = said.facts.as_ref().and_then(|facts| facts.items.as_ref());
        items.map(|items| items.to_vec()).unwrap_or_default()
    };
    let online = FactsResult::Observation(ObservationResult::Online);
    seen.kind == Kind::Observation
        && rows(seen).iter().filter(|row| row.2 == online).any(|row| {
            let at = row.4;
            rows(outcome).iter().any(|gone| {
                (gone.0, gone.1) == (row.0, row.1)
                    && says_gone(&gone.2)
                    && at.is_some_and(|at| is_soon_after(at, effect(outcome, gone.4)))
            })
        })
}

fn says_gone(result: &FactsResult) -> bool {
    matches!(
        result,
        FactsResult::Outcome(OutcomeAnswer::Done | OutcomeAnswer::NotFound)
    )
}

/// From when on it was gone: what was found to be gone was so when that was said.
fn effect(outcome: &MatchedStatement, effective_at: Option<TimeMs>) -> Option<TimeMs> {
    let offered = outcome.offered.or(outcome.received);
    effective_at.or(offered.map(|mark| mark.time))
}

fn is_soon_after(at: TimeMs, effect: Option<TimeMs>) -> bool {
    effect.is_some_and(|effect| {
        let after = effect.saturating_add(CLOCK_SKEW_MS_MAX);
        after < at && at <= effect.saturating_add(CONTRADICTION_MS_MAX)
    })
}
