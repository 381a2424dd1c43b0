//! Which clocks run in a case, and what is due when.
//!
//! ```text
//! charter: clocks in force -\
//! opening statement ---------> comity-clocks::choose -> rules -> comity-case::deadlines -> rows
//! roster: the recipient ----/                           record times, now ---^
//! ```

use comity_case::clocks::{End, Period, Questions, Sort, Standing as Clock, Start, Times};
use comity_case::{ClockRule, Deadline, State, deadlines};
use comity_clocks::{By, Chosen, Opening, Why, choose};
use comity_wire::ids::StatementId;
use comity_wire::registry::{hold_authority, urgency};
use comity_wire::words::{Code, TimeMs};

use crate::cases::Loaded;
use crate::core::Core;
use crate::desk::{ClockShown, DeadlineShown};

/// What a clock of the federation's own stands still for.
const PAUSED_BY_HOLDS_OF: [&str; 2] = [hold_authority::LAW_ENFORCEMENT, hold_authority::COURT];

/// The charter's minutes to the answer of a person, at imminent risk.
const HUMAN_ANSWER: (&str, &str) = ("human-answer", "A person answers, by the charter");
/// Every item wants an outcome.
const OUTCOME: (&str, &str) = ("outcome", "An outcome");

impl Core {
    /// The times at which this node's records have a statement down.
    fn times(&self, id: &StatementId) -> Times {
        match self.statement_row(id) {
            Ok(Some(row)) => Times {
                offered: row.offered,
                registered: row.registered,
            },
            _ => Times::default(),
        }
    }

    /// Every deadline of a case.
    pub(crate) fn deadlines_of(&self, loaded: &Loaded, state: &State) -> Vec<DeadlineShown> {
        self.found(loaded, state)
            .into_iter()
            .map(|deadline| DeadlineShown {
                name: name_of(&deadline.clock),
                clock: deadline.clock.to_string(),
                n: deadline.n,
                round: deadline.round,
                started_at: deadline.started_at,
                due_at: deadline.due_at,
                paused_ms: deadline.paused_ms,
                standing: match deadline.standing {
                    Clock::Running => "running",
                    Clock::Paused => "paused",
                    Clock::Overdue => "overdue",
                    Clock::Met(_) => "met",
                    Clock::Late(_) => "late",
                    Clock::Void => "void",
                    Clock::Keep => "keep",
                    Clock::KeepOver => "keep-over",
                }
                .to_owned(),
            })
            .collect()
    }

    /// When the first of the clocks of a case is due that still run: it is the same until the next statement.
    pub(crate) fn next_due_of(&self, loaded: &Loaded, state: &State) -> Option<TimeMs> {
        let runs = |row: &Deadline| matches!(row.standing, Clock::Running | Clock::Overdue);
        self.found(loaded, state)
            .into_iter()
            .filter(runs)
            .filter_map(|row| row.due_at)
            .min()
    }

    /// The legal clocks of a case, and those that do not run although somebody might think so.
    pub(crate) fn clocks_of(&self, loaded: &Loaded) -> Vec<ClockShown> {
        self.chosen(loaded).into_iter().map(shown).collect()
    }

    fn found(&self, loaded: &Loaded, state: &State) -> Vec<Deadline> {
        let mut rules: Vec<_> = self.chosen(loaded).iter().filter_map(rule_of).collect();
        rules.extend(self.own_rules());
        let times = |id: &StatementId| self.times(id);
        deadlines(&loaded.case, state, &rules, times, self.time())
    }

    fn chosen(&self, loaded: &Loaded) -> Vec<Chosen> {
        let view = loaded.case.view();
        let Some(opening) = view.opening() else {
            return Vec::new();
        };
        let recipient = self.history.member(&loaded.parties.recipient);
        let places = recipient.map_or(&[][..], |member| &member.jurisdictions);
        let times = self.times(&opening.entry.id);
        // What is still under way would be registered now at the earliest.
        let at = times.registered.or(times.offered);
        let at = at.unwrap_or_else(|| self.time());
        let opening = Opening::new(&opening.entry.body, places, at);
        choose(&self.history.charter().clocks, &opening)
    }

    /// What every charter sets: the minutes to a person's answer at imminent risk, and that there is an outcome.
    fn own_rules(&self) -> impl Iterator<Item = ClockRule> {
        let human_answer = Period::Elapsed(self.history.charter().human_answer);
        let answer = Code::new(HUMAN_ANSWER.0).map(|id| ClockRule {
            end: End::HumanAnswer,
            urgencies: Code::new(urgency::IMMINENT_RISK).into_iter().collect(),
            ..of_the_federation(id, Some(human_answer))
        });
        let outcome = Code::new(OUTCOME.0).map(|id| of_the_federation(id, None));
        answer.into_iter().chain(outcome)
    }
}

fn rule_of(chosen: &Chosen) -> Option<ClockRule> {
    let Why::Runs(_) = chosen.why else {
        return None;
    };
    let own = chosen.own.map(Period::Elapsed);
    let Some(clock) = chosen.clock else {
        return Some(of_the_federation(chosen.id.clone(), own));
    };
    let codes = |texts: &[&str]| texts.iter().filter_map(|text| Code::new(text)).collect();
    Some(ClockRule {
        id: chosen.id.clone(),
        sort: clock.sort,
        start: clock.start,
        end: clock.end,
        period: own.or(clock.period),
        zone: clock.instrument.zone,
        urgencies: codes(clock.urgencies),
        paused_by_holds_of: codes(clock.holds),
        questions: clock.questions,
    })
}

/// From registration to the outcome, standing still for authorities and for open questions.
fn of_the_federation(id: Code, period: Option<Period>) -> ClockRule {
    ClockRule {
        id,
        sort: Sort::Response,
        start: Start::Registered,
        end: End::Outcome,
        period,
        zone: "UTC",
        urgencies: Vec::new(),
        paused_by_holds_of: PAUSED_BY_HOLDS_OF
            .iter()
            .filter_map(|text| Code::new(text))
            .collect(),
        questions: Questions::Pause,
    }
}

fn name_of(id: &Code) -> String {
    let own = [HUMAN_ANSWER, OUTCOME].into_iter();
    let own = own.filter(|(known, _)| *known == id.as_str());
    let published = comity_clocks::find(id.as_str()).map(|clock| clock.name);
    let name = published.or_else(|| own.map(|(_, name)| name).next());
    name.map_or_else(|| format!("A clock of the federation: {id}"), str::to_owned)
}

fn shown(chosen: Chosen) -> ClockShown {
    let clock = chosen.clock;
    ClockShown {
        name: name_of(&chosen.id),
        clock: chosen.id.to_string(),
        runs: matches!(chosen.why, Why::Runs(_)),
        why: chosen.why.as_str().to_owned(),
        words: chosen.why.words().to_owned(),
        claimed: chosen.is_claimed,
        own_ms: chosen.own,
        sort: clock
            .map_or(Sort::Response, |clock| clock.sort)
            .as_str()
            .to_owned(),
        law: clock.map(|clock| clock.law()),
        says: match (clock, chosen.why) {
            (Some(clock), _) => clock.says.to_owned(),
            (None, Why::Runs(By::Charter)) => {
                "From registration to the outcome, in the time that the charter sets.".to_owned()
            }
            (None, _) => "What it means is not known here.".to_owned(),
        },
        not_computed: clock
            .map_or(&[][..], |clock| clock.not_computed)
            .iter()
            .map(|text| (*text).to_owned())
            .collect(),
        source: clock.map(|clock| clock.source.to_owned()),
        mark: clock.map(|clock| clock.mark.as_str().to_owned()),
    }
}
