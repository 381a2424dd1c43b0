//! Deadlines: a function of the state, of the times at which this node recorded
//! statements, of the clocks in force, and of now.
//!
//! What a clock is, and how long it runs in whose calendar, is in `comity-clocks`;
//! here is what in a case starts it, stops it and ends it.
//!
//! The state itself knows no clock. Two parties agree on the state and may differ
//! on a deadline by the time a statement was under way; their logs say by how much.

pub use comity_clocks::clock::{End, Questions, Sort, Start};
pub use comity_clocks::period::Period;
use comity_clocks::period::{Due, Effect, Pause, due};
use comity_wire::body::Body;
use comity_wire::ids::StatementId;
use comity_wire::registry::by;
use comity_wire::words::{Code, DurationMs, ItemNumber, Round, TimeMs};

use crate::case::{Case, Folded};
use crate::entry::Party;
use crate::state::{ItemState, RoundState, State, Status};
use crate::view::View;

/// A clock that runs in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockRule {
    /// Its name.
    pub id: Code,
    /// Something to be done by then, or something to be kept until then.
    pub sort: Sort,
    /// What starts it.
    pub start: Start,
    /// What ends it.
    pub end: End,
    /// How long it runs; `None`: "without undue delay", which has no due time.
    pub period: Option<Period>,
    /// The time zone whose calendar counts (IANA).
    pub zone: &'static str,
    /// Only for cases of these urgencies; empty: for all.
    pub urgencies: Vec<Code>,
    /// Holds of these authorities make it stand still.
    pub paused_by_holds_of: Vec<Code>,
    /// What a question that the recipient asks does to it.
    pub questions: Questions,
}

/// When this node, or its log, has a statement down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// When it was first offered.
    pub offered: Option<TimeMs>,
    /// When the recipient registered it.
    pub registered: Option<TimeMs>,
}

/// One clock of one round of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// The clock.
    pub clock: Code,
    /// The item.
    pub n: ItemNumber,
    /// The round.
    pub round: Round,
    /// When it began.
    pub started_at: TimeMs,
    /// When it is due, pauses included; `None`: without a due time, or standing
    /// still at this moment.
    pub due_at: Option<TimeMs>,
    /// How long it has stood still.
    pub paused_ms: DurationMs,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Running.
    Running,
    /// Standing still.
    Paused,
    /// The due time has passed.
    Overdue,
    /// What was due came in time, or there was no due time.
    Met(TimeMs),
    /// What was due came late.
    Late(TimeMs),
    /// Nothing is due any more: refused or withdrawn.
    Void,
    /// Something has to be kept, until the due time.
    Keep,
    /// The time for which it had to be kept is over.
    KeepOver,
}

/// Every deadline of a case, by item, round and clock.
pub fn deadlines(
    case: &Case,
    state: &State,
    rules: &[ClockRule],
    times: impl Fn(&StatementId) -> Times,
    now: TimeMs,
) -> Vec<Deadline> {
    let clocks = Clocks {
        view: case.view(),
        state,
        times: &times,
        now,
    };
    let mut found = Vec::new();
    for item in &state.items {
        for round in &item.rounds {
            let applies = |rule: &&ClockRule| {
                let urgency = state.urgency.as_ref();
                rule.urgencies.is_empty()
                    || urgency.is_some_and(|urgency| rule.urgencies.contains(urgency))
            };
            found.extend(
                rules
                    .iter()
                    .filter(applies)
                    .filter_map(|rule| clocks.deadline(rule, item, round)),
            );
        }
    }
    found
}

struct Clocks<'a, F> {
    view: View<'a>,
    state: &'a State,
    times: &'a F,
    now: TimeMs,
}

impl<F: Fn(&StatementId) -> Times> Clocks<'_, F> {
    fn deadline(&self, rule: &ClockRule, item: &ItemState, round: &RoundState) -> Option<Deadline> {
        let started_at = self.start(rule.start, item, round)?;
        let ended_at = self.end(rule.end, item, round).map(|at| at.max(started_at));
        let pauses = self.pauses(rule);
        let until = ended_at.unwrap_or(self.now);
        let due = due(rule.period.as_ref(), rule.zone, started_at, &pauses, until);
        let standing = self.standing(rule, ended_at, &due, round.status);
        let due_at = due.at.filter(|_| standing != Standing::Paused);
        let clock = rule.id.clone();
        Some(Deadline {
            clock,
            n: item.n,
            round: round.round,
            started_at,
            due_at,
            paused_ms: due.paused_ms,
            standing,
        })
    }

    fn standing(
        &self,
        rule: &ClockRule,
        ended: Option<TimeMs>,
        due: &Due,
        status: Status,
    ) -> Standing {
        // What follows from a measure does not end with the request that led to it.
        let is_void = matches!(status, Status::Refused | Status::Withdrawn)
            && !matches!(rule.start, Start::Measure(_));
        let is_over = due.at.is_some_and(|due| self.now > due);
        match (rule.sort, ended, due.at) {
            (Sort::Response, Some(at), Some(due)) if at > due => Standing::Late(at),
            (Sort::Response, Some(at), _) => Standing::Met(at),
            _ if is_void => Standing::Void,
            (Sort::Preservation, _, _) if is_over => Standing::KeepOver,
            (Sort::Preservation, _, _) => Standing::Keep,
            _ if due.is_paused => Standing::Paused,
            _ if is_over => Standing::Overdue,
            _ => Standing::Running,
        }
    }

    /// The first round starts with the statement that brought the item, each other
    /// one with the first observation that opened it.
    fn start(&self, start: Start, item: &ItemState, round: &RoundState) -> Option<TimeMs> {
        let openers = openers(item, round);
        match start {
            Start::Outside => None,
            Start::Measure(actions) => {
                let measures = round.outcome.iter().flat_map(|outcome| &outcome.measures);
                measures
                    .filter(|measure| actions.contains(&measure.action.as_str()))
                    .map(|measure| measure.effective_at)
                    .min()
            }
            Start::Offered => openers
                .iter()
                .filter_map(|id| (self.times)(id).offered)
                .min(),
            Start::Registered => self.first_registered(openers.iter()),
            Start::Reported if round.round == 1 => self.reported_at(item),
            Start::Reported => None,
        }
    }

    fn reported_at(&self, item: &ItemState) -> Option<TimeMs> {
        match &*self.view.get(&item.carrier)?.entry.body {
            Body::TakedownRequest(body) => body.reported_at,
            Body::Referral(body) => Some(body.reported_at),
            _ => None,
        }
    }

    fn end(&self, end: End, item: &ItemState, round: &RoundState) -> Option<TimeMs> {
        let view = &self.view;
        // An outcome answers too; in later rounds it is the only answer there is.
        let reported = || view.outcomes(item.n, round.round).map(|(folded, _)| folded);
        let answered = || {
            let first = (round.round == 1).then(|| view.answers(item.n));
            let acks = first.into_iter().flatten().map(|(ack, _)| ack);
            acks.filter(|ack| ack.entry.party == Party::Recipient)
        };
        let registered = |found: Vec<&Folded>| {
            self.first_registered(found.iter().map(|folded| &folded.entry.id))
        };
        match end {
            End::Due | End::Outside => None,
            End::Registered => self.first_registered(openers(item, round).iter()),
            End::Answer => registered(answered().chain(reported()).collect()),
            End::HumanAnswer => registered(
                answered()
                    .chain(reported())
                    .filter(|folded| is_human(folded, item.n))
                    .collect(),
            ),
            End::Outcome => registered(
                view.outcomes(item.n, round.round)
                    .filter(|(_, row)| row.2.is_final())
                    .map(|(folded, _)| folded)
                    .collect(),
            ),
            End::Confirmation => {
                let seen = round.last_seen.as_ref()?;
                let confirmed = round.status == Status::ConfirmedOffline;
                confirmed
                    .then(|| (self.times)(&seen.statement).registered)
                    .flatten()
            }
        }
    }

    fn first_registered<'i>(&self, ids: impl Iterator<Item = &'i StatementId>) -> Option<TimeMs> {
        ids.filter_map(|id| (self.times)(id).registered).min()
    }

    /// The times at which a clock stands still, and what each does to it. An end
    /// of `None` is not known yet.
    fn pauses(&self, rule: &ClockRule) -> Vec<Pause> {
        let registered = |id: &StatementId| (self.times)(id).registered;
        let holds = self
            .state
            .holds
            .iter()
            .filter(|hold| rule.paused_by_holds_of.contains(&hold.by))
            .filter_map(|hold| {
                let released = hold.released_by.as_ref().and_then(registered);
                Some(Pause {
                    from: registered(&hold.statement)?,
                    to: [released, hold.until].into_iter().flatten().min(),
                    effect: Effect::Still,
                })
            });
        let effect = match rule.questions {
            Questions::Ignored => None,
            Questions::Pause => Some(Effect::Still),
            Questions::Restart => Some(Effect::Restart),
        };
        let questions = self
            .state
            .questions
            .iter()
            .filter(|question| question.party == Party::Recipient)
            .filter_map(|question| {
                Some(Pause {
                    from: registered(&question.statement)?,
                    to: question.answered_by.as_ref().and_then(registered),
                    effect: effect?,
                })
            });
        holds.chain(questions).collect()
    }
}

/// What brought the round: for the first the statement with the item, for the
/// others the observations that opened it.
fn openers<'s>(item: &'s ItemState, round: &'s RoundState) -> &'s [StatementId] {
    if round.round == 1 {
        std::slice::from_ref(&item.carrier)
    } else {
        &round.opened_by
    }
}

/// Whether a person answered. An outcome is a person's if one of its measures for
/// the item is, or if it has none: to do nothing is somebody's decision.
fn is_human(folded: &Folded, n: ItemNumber) -> bool {
    match &*folded.entry.body {
        Body::Acknowledgement(body) => body.by.as_str() == by::PERSON,
        Body::Outcome(body) => body
            .items
            .iter()
            .filter(|row| row.0 == n)
            .any(|row| row.3.is_empty() || row.3.iter().any(|measure| !measure.automated)),
        _ => false,
    }
}
