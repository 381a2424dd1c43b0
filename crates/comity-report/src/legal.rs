//! Which legal clocks run for a round, by what the facts show, and where each stands.
//!
//! ```text
//! charter: clocks in force --\
//! facts: clocks claimed -------> runs | not computed, and why     (left out: it plainly does not apply)
//! recipient: jurisdictions --/        \-> due, with the pauses of its law -> met, late, overdue, running, paused, void
//! ```
//! The records are read without the statements, and facts name neither the legal grounds nor the capacity. So a clock
//! that depends on either runs here only if the sender claims it, and one that may apply is counted as not computed:
//! it is shown, and never taken for kept. What has to be *kept* is no answer and is not counted here.

use comity_audit::courses::{ItemRound, Reached, Request};
use comity_clocks::{Effect, End, Pause, Period, Place, Questions, Sort, Start, due, find};
use comity_wire::registry::hold_authority;
use comity_wire::words::{Code, Country, DurationMs, TimeMs};

use crate::base::Context;

/// Where a legal clock of a round stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Legal {
    /// It ended in time; due then.
    Met(TimeMs),
    /// It ended after it was due.
    Late(TimeMs),
    /// It has not ended, and was due.
    Overdue(TimeMs),
    /// It runs.
    Running(TimeMs),
    /// It stands still.
    Paused,
    /// Nothing is due any more.
    Void,
    /// It cannot be computed.
    Not(Reason),
}

/// Why a clock is not computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    NotInForce,
    DoesNotApply,
    NotLaw,
    Unknown,
    Outside,
    GroundsNotShown,
    CapacityNotShown,
    NoFixedTime,
    NotBegun,
}

impl Reason {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotInForce => "not-in-force",
            Self::DoesNotApply => "does-not-apply",
            Self::NotLaw => "not-law",
            Self::Unknown => "unknown",
            Self::Outside => "not-computed",
            Self::GroundsNotShown => "grounds-not-shown",
            Self::CapacityNotShown => "capacity-not-shown",
            Self::NoFixedTime => "no-fixed-time",
            Self::NotBegun => "not-begun",
        }
    }
}

/// The clocks of a round: those that run, and those of which nobody can say so from the records.
pub(crate) fn of_round(
    request: &Request<'_>,
    round: &ItemRound,
    context: &Context,
) -> Vec<(Code, Legal)> {
    let facts = request.opening.facts.as_ref();
    let claimed = facts
        .and_then(|facts| facts.clocks.as_deref())
        .unwrap_or_default();
    let known = |id: &Code| context.clocks.iter().any(|(in_force, _)| in_force == id);
    let only_claimed = claimed.iter().filter(|id| !known(id));
    let in_force = context.clocks.iter().filter_map(|(id, own)| {
        let is_claimed = claimed.contains(id);
        let found = match chosen(id, *own, is_claimed, request, context) {
            Chosen::LeftOut => return None,
            Chosen::Not(reason) => Legal::Not(reason),
            Chosen::Runs(rule) => standing(&rule, request, round, context.now),
        };
        Some((id.clone(), found))
    });
    in_force
        .chain(only_claimed.map(|id| (id.clone(), Legal::Not(Reason::NotInForce))))
        .collect()
}

/// How long a clock runs, if that is elapsed time.
pub(crate) fn limit_of(id: &Code, context: &Context) -> Option<DurationMs> {
    let (_, own) = context.clocks.iter().find(|(known, _)| known == id)?;
    let published = find(id.as_str()).and_then(|clock| clock.period);
    own.or(match published {
        Some(Period::Elapsed(length)) => Some(length),
        _ => None,
    })
}

// ---- Which

enum Chosen {
    LeftOut,
    Not(Reason),
    Runs(Rule),
}

struct Rule {
    start: Start,
    end: End,
    period: Option<Period>,
    zone: &'static str,
    questions: Questions,
    holds: &'static [&'static str],
}

fn chosen(
    id: &Code,
    own: Option<DurationMs>,
    is_claimed: bool,
    request: &Request<'_>,
    context: &Context,
) -> Chosen {
    let Some(clock) = find(id.as_str()) else {
        return own.map_or(Chosen::Not(Reason::Unknown), |own| {
            Chosen::Runs(of_charter(own))
        });
    };
    if clock.sort == Sort::Preservation {
        return Chosen::LeftOut;
    }
    if !clock.kinds.contains(&request.opening.kind) {
        return if is_claimed {
            Chosen::Not(Reason::DoesNotApply)
        } else {
            Chosen::LeftOut
        };
    }
    let facts = request.opening.facts.as_ref();
    let urgency = facts.and_then(|facts| facts.urgency.as_ref());
    if !clock.urgencies.is_empty()
        && !urgency.is_some_and(|urgency| clock.urgencies.contains(&urgency.as_str()))
    {
        return Chosen::LeftOut;
    }
    let is_law_in = |country: &Country| clock.is_law_in(country.as_str());
    let here = match clock.place {
        Place::Recipient => {
            let places = context.places.get(&request.opening.recipient);
            places.into_iter().flatten().any(is_law_in)
        }
        Place::Ground => {
            let named = facts.and_then(|facts| facts.jurisdictions.as_ref());
            named.into_iter().flatten().any(is_law_in)
        }
    };
    let at = request.starts.registered.or(request.starts.offered);
    match (here, is_claimed) {
        (false, false) => Chosen::LeftOut,
        _ if at.is_some_and(|at| !clock.is_law_at(at)) => Chosen::Not(Reason::NotLaw),
        _ if !clock.capacities.is_empty() => Chosen::Not(Reason::CapacityNotShown),
        (true, false) if clock.place == Place::Ground => Chosen::Not(Reason::GroundsNotShown),
        _ if !clock.is_computed() => Chosen::Not(Reason::Outside),
        _ => Chosen::Runs(Rule {
            start: clock.start,
            end: clock.end,
            period: own.map(Period::Elapsed).or(clock.period),
            zone: clock.instrument.zone,
            questions: clock.questions,
            holds: clock.holds,
        }),
    }
}

/// A clock of the federation's own (specification, section 17.3).
fn of_charter(own: DurationMs) -> Rule {
    Rule {
        start: Start::Registered,
        end: End::Outcome,
        period: Some(Period::Elapsed(own)),
        zone: "UTC",
        questions: Questions::Pause,
        holds: &[hold_authority::LAW_ENFORCEMENT, hold_authority::COURT],
    }
}

// ---- Where it stands

fn standing(rule: &Rule, request: &Request<'_>, round: &ItemRound, now: TimeMs) -> Legal {
    let Some(period) = &rule.period else {
        return Legal::Not(Reason::NoFixedTime);
    };
    let started_at = match rule.start {
        Start::Offered => round.starts.offered,
        Start::Registered => round.starts.registered,
        Start::Reported => round.starts.reported,
        Start::Measure(_) | Start::Outside => None,
    };
    let Some(started_at) = started_at else {
        return Legal::Not(Reason::NotBegun);
    };
    let (ended, is_void) = end(rule.end, request, round);
    let ended = ended.map(|at| at.max(started_at));
    let until = ended.unwrap_or(now);
    let found = due(
        Some(period),
        rule.zone,
        started_at,
        &pauses(rule, request),
        until,
    );
    match (ended, found.at) {
        (_, None) => Legal::Not(Reason::NoFixedTime),
        (Some(at), Some(due)) if at > due => Legal::Late(due),
        (Some(_), Some(due)) => Legal::Met(due),
        (None, Some(_)) if is_void => Legal::Void,
        (None, Some(_)) if found.is_paused => Legal::Paused,
        (None, Some(due)) if now > due => Legal::Overdue(due),
        (None, Some(due)) => Legal::Running(due),
    }
}

/// When the step was reached that ends the clock, and whether nothing is due any more. In later rounds only an
/// outcome answers.
fn end(end: End, request: &Request<'_>, round: &ItemRound) -> (Option<TimeMs>, bool) {
    let (any, human) = round.answered;
    let acknowledged = |reached: Option<Reached>| match reached {
        Some(Reached::At(at)) if round.round == 1 => Some(at),
        _ => None,
    };
    let human_answer = acknowledged(Some(request.human_answer));
    let automatic = acknowledged(request.automatic_answer);
    let is_void = round.outcome == Reached::Ended;
    let first = |times: &[Option<TimeMs>]| times.iter().flatten().min().copied();
    let reached = match end {
        End::Registered => round.starts.registered,
        End::Answer => first(&[human_answer, automatic, any]),
        End::HumanAnswer => first(&[human_answer, human]),
        End::Outcome => match round.outcome {
            Reached::At(at) => Some(at),
            _ => None,
        },
        End::Confirmation => match round.confirmation {
            Some(Reached::At(at)) => Some(at),
            _ => None,
        },
        End::Due | End::Outside => None,
    };
    (reached, is_void)
}

fn pauses(rule: &Rule, request: &Request<'_>) -> Vec<Pause> {
    let pauses_it = |authority: &Option<Code>| {
        authority
            .as_ref()
            .is_some_and(|authority| rule.holds.contains(&authority.as_str()))
    };
    let held = request
        .holds
        .iter()
        .filter(|hold| pauses_it(&hold.authority));
    let held = held.map(|hold| Pause {
        from: hold.from,
        to: hold.to,
        effect: Effect::Still,
    });
    let effect = match rule.questions {
        Questions::Ignored => None,
        Questions::Pause => Some(Effect::Still),
        Questions::Restart => Some(Effect::Restart),
    };
    let asked = request.questions.iter().filter_map(|(from, to)| {
        Some(Pause {
            from: *from,
            to: *to,
            effect: effect?,
        })
    });
    held.chain(asked).collect()
}
