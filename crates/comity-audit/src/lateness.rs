//! Answers that came late under a legal clock, or are overdue.
//!
//! ```text
//! charter: clocks in force -\
//! facts of the request ------> comity-clocks::choose -> due -> first answer or outcome, by the records
//! roster: the recipient ----/                           ^ holds, questions
//! ```
//!
//! Facts say less than a statement. A clock that needs a legal ground is looked at
//! only if the sender claims it, one that needs a capacity not at all; so what is
//! found is less than the parties themselves may know, and never more. Only the
//! first round is looked at.

use comity_clocks::{
    Chosen, Clock, End, Opening, Period, Questions, Sort, Start, Why, choose, due,
};
use comity_clocks::{Effect, Pause};
use comity_wire::leaf::{FactsItem, FactsResult};
use comity_wire::registry::{Kind, by, hold_authority};
use comity_wire::words::{Code, ItemNumber, TimeMs};

use crate::finding::{Finding, Found};
use crate::limits::CLOCK_SKEW_MS_MAX;
use crate::matching::MatchedStatement;
use crate::rules::Rules;

/// Each clock of each request once, of the statements of one case.
pub(crate) fn find(statements: &[MatchedStatement], rules: &Rules) -> Vec<Finding> {
    if rules.clocks.is_empty() {
        return Vec::new();
    }
    let openings = statements.iter().filter(|said| said.kind.opens());
    let late = openings.flat_map(|opening| {
        let request = Request {
            opening,
            statements,
        };
        let chosen = request.clocks(rules).into_iter();
        let late = chosen.filter(|clock| request.is_late(clock));
        late.map(|clock| request.finding(clock.id))
            .collect::<Vec<_>>()
    });
    late.collect()
}

struct Request<'a> {
    opening: &'a MatchedStatement,
    statements: &'a [MatchedStatement],
}

impl Request<'_> {
    fn clocks(&self, rules: &Rules) -> Vec<Chosen> {
        let opening = self.opening;
        let (Some(facts), Some(at)) = (&opening.facts, opening.received.or(opening.offered)) else {
            return Vec::new();
        };
        let places = rules.places.get(&opening.recipient);
        let claimed = facts.clocks.as_deref().unwrap_or_default();
        let chosen = choose(
            &rules.clocks,
            &Opening {
                kind: opening.kind,
                capacity: None,
                grounds: &[],
                claimed,
                recipient: places.map(Vec::as_slice).unwrap_or_default(),
                at: at.time,
            },
        );
        let runs = |clock: &Chosen| {
            matches!(clock.why, Why::Runs(_))
                && clock
                    .clock
                    .is_none_or(|clock| is_for(clock, facts.urgency.as_ref()))
        };
        chosen.into_iter().filter(runs).collect()
    }

    /// Whether it was met after it was due, or is not and both logs show that.
    fn is_late(&self, chosen: &Chosen) -> bool {
        let (start, end, zone) = chosen
            .clock
            .map_or((Start::Registered, End::Outcome, "UTC"), |clock| {
                (clock.start, clock.end, clock.instrument.zone)
            });
        let own = chosen.own.map(Period::Elapsed);
        let period = own.or(chosen.clock.and_then(|clock| clock.period));
        let Some(started_at) = self.start(start) else {
            return false;
        };
        let reached = self.end(end);
        let is_over = self.opening.refused.is_some() || self.first(Kind::Withdrawal).is_some();
        let until = match (reached, self.looked_until()) {
            (Some(at), _) => at,
            (None, Some(at)) if !is_over && is_waited_for(end) => at,
            _ => return false,
        };
        let pauses = self.pauses(chosen.clock);
        let due = due(period.as_ref(), zone, started_at, &pauses, until);
        !due.is_paused
            && due
                .at
                .is_some_and(|due| due.saturating_add(CLOCK_SKEW_MS_MAX) < until)
    }

    fn start(&self, start: Start) -> Option<TimeMs> {
        match start {
            Start::Offered => self.opening.offered.map(|mark| mark.time),
            Start::Registered => self.opening.received.map(|mark| mark.time),
            Start::Reported => self.opening.facts.as_ref()?.reported_at,
            Start::Measure(_) | Start::Outside => None,
        }
    }

    /// When what the clock asks for was first there; of several items, the last one's.
    fn end(&self, end: End) -> Option<TimeMs> {
        match end {
            End::Registered => self.opening.received.map(|mark| mark.time),
            End::Answer => self.answers(|_| true),
            End::HumanAnswer => self.answers(is_human),
            End::Outcome => {
                let mut items: Vec<ItemNumber> = self.rows().map(|(_, row)| row.0).collect();
                items.sort_unstable();
                items.dedup();
                let finals = items.into_iter().map(|item| self.first_final(item));
                finals.collect::<Option<Vec<_>>>()?.into_iter().max()
            }
            End::Confirmation | End::Due | End::Outside => None,
        }
    }

    /// Until when both logs show that nothing else came.
    fn looked_until(&self) -> Option<TimeMs> {
        let (sender, recipient) = (self.opening.sender_shown, self.opening.recipient_shown);
        Some(sender?.min(recipient?))
    }

    fn of_recipient(&self) -> impl Iterator<Item = &MatchedStatement> {
        let recipient = &self.opening.recipient;
        self.statements
            .iter()
            .filter(move |said| said.sender == *recipient)
    }

    fn answers(&self, counts: impl Fn(&MatchedStatement) -> bool) -> Option<TimeMs> {
        let answers = self.of_recipient().filter(|said| {
            said.kind == Kind::Acknowledgement
                || (said.kind == Kind::Outcome && rows_of(said).next().is_some())
        });
        let arrived = answers
            .filter(|said| counts(said))
            .filter_map(MatchedStatement::arrived);
        arrived.min()
    }

    /// What outcomes and observations say of the first round.
    fn rows(&self) -> impl Iterator<Item = (&MatchedStatement, &FactsItem)> {
        let all = self.statements.iter();
        let rows = all.flat_map(|said| rows_of(said).map(move |row| (said, row)));
        rows.filter(|(_, row)| row.1 == 1)
    }

    fn first_final(&self, item: ItemNumber) -> Option<TimeMs> {
        let said = self.rows().filter(|(said, row)| {
            said.sender == self.opening.recipient
                && row.0 == item
                && matches!(row.2, FactsResult::Outcome(answer) if answer.is_final())
        });
        said.filter_map(|(said, _)| said.arrived()).min()
    }

    fn first(&self, kind: Kind) -> Option<TimeMs> {
        let said = self.statements.iter().filter(|said| said.kind == kind);
        said.filter_map(MatchedStatement::arrived).min()
    }

    fn pauses(&self, clock: Option<&Clock>) -> Vec<Pause> {
        let holds_of = clock.map_or(&OWN_CLOCKS_PAUSED_BY[..], |clock| clock.holds);
        let questions = clock.map_or(Questions::Pause, |clock| clock.questions);
        let until = |kind: Kind, from: TimeMs| {
            let ends = self.statements.iter().filter(|said| said.kind == kind);
            ends.filter_map(MatchedStatement::arrived)
                .filter(|at| *at >= from)
                .min()
        };
        let holds = self.statements.iter().filter_map(|said| {
            let facts = said.facts.as_ref().filter(|_| said.kind == Kind::Hold)?;
            let by = facts.by.as_ref()?;
            let from = said.arrived().filter(|_| holds_of.contains(&by.as_str()))?;
            let ends = [until(Kind::Release, from), facts.until];
            Some(Pause {
                from,
                to: ends.into_iter().flatten().min(),
                effect: Effect::Still,
            })
        });
        let effect = match questions {
            Questions::Ignored => None,
            Questions::Pause => Some(Effect::Still),
            Questions::Restart => Some(Effect::Restart),
        };
        let asked = self
            .of_recipient()
            .filter(|said| said.kind == Kind::InformationRequest);
        let questions = asked.filter_map(|said| {
            let from = said.arrived()?;
            Some(Pause {
                from,
                to: until(Kind::Information, from),
                effect: effect?,
            })
        });
        holds.chain(questions).collect()
    }

    fn finding(&self, clock: Code) -> Finding {
        let opening = self.opening;
        Finding {
            counterpart: Some(opening.sender.clone()),
            case: Some(opening.case),
            statement: Some(opening.statement),
            clock: Some(clock),
            index: opening.received.map(|mark| mark.index),
            ..Finding::in_log_of(&opening.recipient, Found::AnswerLate)
        }
    }
}

/// What a clock of the federation's own stands still for.
const OWN_CLOCKS_PAUSED_BY: [&str; 2] = [hold_authority::LAW_ENFORCEMENT, hold_authority::COURT];

fn is_for(clock: &Clock, urgency: Option<&Code>) -> bool {
    let is_urgent = clock.urgencies.is_empty()
        || urgency.is_some_and(|urgency| clock.urgencies.contains(&urgency.as_str()));
    clock.sort == Sort::Response && is_urgent
}

const fn is_waited_for(end: End) -> bool {
    matches!(
        end,
        End::Registered | End::Answer | End::HumanAnswer | End::Outcome
    )
}

fn rows_of(said: &MatchedStatement) -> impl Iterator<Item = &FactsItem> {
    let items = said.facts.as_ref().and_then(|facts| facts.items.as_ref());
    items.into_iter().flat_map(|items| items.iter())
}

/// An outcome is a person's if one of its items has no measure, or one that is not
/// automated.
fn is_human(said: &MatchedStatement) -> bool {
    if said.kind == Kind::Acknowledgement {
        let by = said.facts.as_ref().and_then(|facts| facts.by.as_ref());
        return by.is_some_and(|by| by.as_str() == by::PERSON);
    }
    rows_of(said).any(|row| row.3.is_empty() || row.3.iter().any(|measure| !measure.automated))
}
