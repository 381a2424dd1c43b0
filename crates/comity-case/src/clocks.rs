//! Deadlines: a function of the state, of the times at which this node recorded
//! statements, of the clocks in force, and of now.
//!
//! The state itself knows no clock. Two parties agree on the state and may differ
//! on a deadline by the time a statement was under way; their logs say by how much.

use comity_wire::body::Body;
use comity_wire::ids::StatementId;
use comity_wire::registry::by;
use comity_wire::words::{Code, DurationMs, ItemNumber, Round, TimeMs};

use crate::case::{Case, Folded};
use crate::entry::Party;
use crate::state::{ItemState, RoundState, State, Status};
use crate::view::View;

/// A clock that a charter puts in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockRule {
    /// Its name.
    pub id: Code,
    /// What starts it.
    pub start: Start,
    /// What ends it.
    pub end: End,
    /// How long it runs; `None`: "without undue delay", which has no due time.
    pub duration: Option<DurationMs>,
    /// Only for cases of this urgency; `None`: for all.
    pub urgency: Option<Code>,
    /// Holds of these authorities pause it.
    pub paused_by_holds_of: Vec<Code>,
    /// Waiting for information that the recipient asked for pauses it.
    pub paused_by_questions: bool,
}

/// What starts a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// The sender's first attempt to deliver. Being unreachable is no excuse.
    Offered,
    /// Registration at the recipient.
    Registered,
    /// The report of the public: the sender's claim. First round only.
    Reported,
}

/// What ends a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// The first answer, of whomever.
    Answer,
    /// The first answer of a person.
    HumanAnswer,
    /// The first final outcome of the round.
    Outcome,
    /// The other side has seen it offline.
    Confirmation,
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
            let applies =
                |rule: &&ClockRule| rule.urgency.is_none() || rule.urgency == state.urgency;
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
        let (paused_ms, due_at, is_paused) =
            self.due(rule, started_at, ended_at.unwrap_or(self.now));
        let is_void = matches!(round.status, Status::Refused | Status::Withdrawn);
        let standing = match (ended_at, due_at) {
            (Some(at), Some(due)) if at > due => Standing::Late(at),
            (Some(at), _) => Standing::Met(at),
            (None, _) if is_void => Standing::Void,
            (None, _) if is_paused => Standing::Paused,
            (None, Some(due)) if self.now > due => Standing::Overdue,
            (None, _) => Standing::Running,
        };
        let due_at = due_at.filter(|_| standing != Standing::Paused);
        let clock = rule.id.clone();
        Some(Deadline {
            clock,
            n: item.n,
            round: round.round,
            started_at,
            due_at,
            paused_ms,
            standing,
        })
    }

    /// The first round starts with the statement that brought the item, each other
    /// one with the first observation that opened it.
    fn start(&self, start: Start, item: &ItemState, round: &RoundState) -> Option<TimeMs> {
        let openers: &[StatementId] = if round.round == 1 {
            std::slice::from_ref(&item.carrier)
        } else {
            &round.opened_by
        };
        match start {
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

    /// How long the clock stood still up to `until`, when it is due, and whether
    /// it stands still at `until`. A pause moves the due time only if it begins
    /// before that time: what is late stays late.
    fn due(
        &self,
        rule: &ClockRule,
        started_at: TimeMs,
        until: TimeMs,
    ) -> (DurationMs, Option<TimeMs>, bool) {
        let mut due_at = rule
            .duration
            .map(|duration| started_at.saturating_add(duration));
        let mut paused_ms = 0_u64;
        let mut is_paused = false;
        for (from, to) in self.pauses(rule) {
            let from = from.max(started_at);
            let end = to.unwrap_or(until).min(until);
            if end < from || due_at.is_some_and(|due| from >= due) {
                continue;
            }
            let length = end - from;
            paused_ms = paused_ms.saturating_add(length);
            due_at = due_at.map(|due| due.saturating_add(length));
            is_paused |= to.is_none_or(|to| to > until);
        }
        (paused_ms, due_at, is_paused)
    }

    /// The times at which a clock stands still: sorted, none touching another. An
    /// end of `None` is not known yet.
    fn pauses(&self, rule: &ClockRule) -> Vec<(TimeMs, Option<TimeMs>)> {
        let registered = |id: &StatementId| (self.times)(id).registered;
        let holds = self
            .state
            .holds
            .iter()
            .filter(|hold| rule.paused_by_holds_of.contains(&hold.by))
            .filter_map(|hold| {
                let released = hold.released_by.as_ref().and_then(registered);
                let end = [released, hold.until].into_iter().flatten().min();
                Some((registered(&hold.statement)?, end))
            });
        let questions = self
            .state
            .questions
            .iter()
            .filter(|question| rule.paused_by_questions && question.party == Party::Recipient)
            .filter_map(|question| {
                let answered = question.answered_by.as_ref().and_then(registered);
                Some((registered(&question.statement)?, answered))
            });
        merged(holds.chain(questions).collect())
    }
}

fn merged(mut pauses: Vec<(TimeMs, Option<TimeMs>)>) -> Vec<(TimeMs, Option<TimeMs>)> {
    pauses.sort_unstable_by_key(|(from, _)| *from);
    let mut merged: Vec<(TimeMs, Option<TimeMs>)> = Vec::new();
    for (from, to) in pauses {
        match merged.last_mut() {
            Some((_, None)) => break,
            Some((_, Some(last))) if from <= *last => match to {
                Some(to) => *last = to.max(*last),
                None => {
                    if let Some(open) = merged.last_mut() {
                        open.1 = None;
                    }
                }
            },
            _ => merged.push((from, to)),
        }
    }
    merged
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
