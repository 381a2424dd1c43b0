//! From base rows to figures: grouped, counted, in order.

use std::collections::{BTreeMap, BTreeSet};

use comity_audit::courses::{Clock, Reached, Step};
use comity_audit::times::percentile;
use comity_wire::ids::CaseId;
use comity_wire::words::{DurationMs, TimeMs};

use crate::ages::{AGES, DAY_MS, bin_of, class_of, monday_of};
use crate::base::{Base, LegalRow, Mark, RequestRow, RoundRow, start};
use crate::legal::Legal;
use crate::limits::{GROUPS_MAX, PAGES_MAX, WEEKS_MAX};
use crate::report::{
    Ages, CaseUsed, Dimension, Distribution, Figures, LegalFigures, Page, Row, Week, Wish,
};

/// Every clock, in the order of reports.
pub(crate) const CLOCKS: [Clock; 3] = [Clock::Offered, Clock::Registered, Clock::Reported];

/// Every step, in the order of reports.
pub(crate) const STEPS: [Step; 6] = [
    Step::Registration,
    Step::Receipt,
    Step::AutomaticAnswer,
    Step::HumanAnswer,
    Step::Outcome,
    Step::Confirmation,
];

/// There are more groups than anybody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyGroups;

/// The figures that were asked for, in their groups.
///
/// # Errors
/// More than [`GROUPS_MAX`] groups.
pub fn figures(base: &Base, wish: &Wish, now: TimeMs) -> Result<Figures, TooManyGroups> {
    let picked = Picked::new(base, wish, None);
    let found = picked.figures(&wish.by, now);
    let groups: BTreeSet<_> = found.rows.iter().map(|row| &row.group).collect();
    if groups.len() > GROUPS_MAX {
        Err(TooManyGroups)
    } else {
        Ok(found)
    }
}

/// A page for everything, and one for each recipient, the busiest first.
#[must_use]
pub fn pages(base: &Base, wish: &Wish, now: TimeMs) -> Vec<Page> {
    let all = Picked::new(base, wish, None);
    let mut requests: BTreeMap<u32, u64> = BTreeMap::new();
    for (_, request) in all.requests() {
        *requests.entry(request.to).or_default() += 1;
    }
    let mut busiest: Vec<_> = requests.into_iter().collect();
    busiest.sort_by_key(|(to, count)| (std::cmp::Reverse(*count), base.words.text(*to)));
    let each = busiest
        .iter()
        .take(PAGES_MAX)
        .map(|(to, _)| Picked::new(base, wish, Some(*to)).page(Some(base.words.text(*to)), now));
    std::iter::once(all.page(None, now)).chain(each).collect()
}

/// The cases that were counted, with their groups and records.
#[must_use]
pub fn cases(base: &Base, wish: &Wish) -> Vec<CaseUsed> {
    let picked = Picked::new(base, wish, None);
    let groups = Groups::new(&picked, &wish.by);
    let of_rounds = picked.rounds().map(|(round, _)| round.request);
    let counted: BTreeSet<u32> = picked.requests().map(|(n, _)| n).chain(of_rounds).collect();
    let mut found: BTreeMap<CaseId, BTreeSet<&Vec<String>>> = BTreeMap::new();
    for n in counted {
        let request = usize::try_from(n).ok().and_then(|n| base.requests.get(n));
        if let Some(request) = request {
            found.entry(request.case).or_default().extend(groups.of(n));
        }
    }
    let records = base.records_by_case();
    let used = found.into_iter().map(|(case, groups)| CaseUsed {
        case: case.to_string(),
        groups: groups.into_iter().cloned().collect(),
        records: records.get(&case).cloned().unwrap_or_default(),
    });
    used.collect()
}

/// The rows of a period, and of one recipient if that is wanted.
pub(crate) struct Picked<'a> {
    pub(crate) base: &'a Base,
    from: TimeMs,
    until: TimeMs,
    to: Option<u32>,
    /// By round: whether it is picked.
    rounds: Vec<bool>,
}

impl<'a> Picked<'a> {
    pub(crate) fn new(base: &'a Base, wish: &Wish, to: Option<u32>) -> Self {
        let mut picked = Self {
            base,
            from: wish.from.unwrap_or(0),
            until: wish.until.unwrap_or(TimeMs::MAX),
            to,
            rounds: Vec::new(),
        };
        picked.rounds = base
            .rounds
            .iter()
            .map(|round| {
                let request = picked.request_of(round);
                picked.began_here(round.began())
                    && request.is_some_and(|request| picked.is_meant(request))
            })
            .collect();
        picked
    }

    fn began_here(&self, began: Option<TimeMs>) -> bool {
        began.is_some_and(|at| self.from <= at && at < self.until)
    }

    fn is_meant(&self, request: &RequestRow) -> bool {
        self.to.is_none_or(|to| request.to == to)
    }

    /// Requests that began in the period, with their numbers.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (u32, &'a RequestRow)> + '_ {
        let numbered = (0_u32..).zip(&self.base.requests);
        numbered.filter(|(_, row)| self.began_here(row.began()) && self.is_meant(row))
    }

    /// Rounds that began in it, with their request.
    pub(crate) fn rounds(&self) -> impl Iterator<Item = (&'a RoundRow, &'a RequestRow)> + '_ {
        let meant = self.base.rounds.iter().zip(&self.rounds);
        meant
            .filter(|(_, meant)| **meant)
            .filter_map(|(round, _)| Some((round, self.request_of(round)?)))
    }

    /// Legal clocks of these rounds.
    pub(crate) fn legal(
        &self,
    ) -> impl Iterator<Item = (&'a LegalRow, &'a RoundRow, &'a RequestRow)> + '_ {
        self.base.legal.iter().filter_map(|legal| {
            let place = usize::try_from(legal.round).ok()?;
            let meant = self.rounds.get(place).copied().unwrap_or_default();
            let round = self.base.rounds.get(place).filter(|_| meant)?;
            Some((legal, round, self.request_of(round)?))
        })
    }

    pub(crate) fn request_of(&self, round: &RoundRow) -> Option<&'a RequestRow> {
        self.base.requests.get(usize::try_from(round.request).ok()?)
    }

    // ---- Tables

    fn figures(&self, by: &[Dimension], now: TimeMs) -> Figures {
        let groups = Groups::new(self, by);
        let mut found = Figures {
            requests: count(self.requests()),
            rounds: count(self.rounds()),
            ..Figures::default()
        };
        for clock in CLOCKS {
            for step in STEPS {
                found.rows.extend(self.rows(clock, step, &groups));
            }
        }
        found.rows.sort_by(|one, other| one.group.cmp(&other.group));
        found.legal = self.legal_figures(&groups, by);
        found.ages = self.ages(&groups, now);
        found
    }

    /// What is counted for a step: the number of its request, the round, its clocks and where it stands.
    fn steps(&self, step: Step) -> Vec<(u32, Option<u64>, &'a [Mark; 3], Reached)> {
        let of_request = self
            .requests()
            .filter_map(|(n, row)| Some((n, None, &row.starts, row.end(step)?)));
        let of_round = self.rounds().filter_map(|(row, _)| {
            Some((
                row.request,
                Some(row.round.into()),
                &row.starts,
                row.end(step)?,
            ))
        });
        of_request.chain(of_round).collect()
    }

    fn rows(&self, clock: Clock, step: Step, groups: &Groups) -> Vec<Row> {
        // Registration is where the second clock begins, not what it runs to.
        if clock == Clock::Registered && step == Step::Registration {
            return Vec::new();
        }
        let mut cells: BTreeMap<(&Vec<String>, Option<u64>), Cell> = BTreeMap::new();
        for (n, round, starts, reached) in self.steps(step) {
            let Some(start) = start(starts, clock) else {
                continue;
            };
            let paused = || self.paused(n, start, reached);
            for group in groups.of(n) {
                cells
                    .entry((group, round))
                    .or_default()
                    .add(start, reached, paused);
            }
        }
        let rows = cells.into_iter();
        rows.map(|((group, round), cell)| cell.into_row(group.clone(), clock, step, round))
            .collect()
    }

    fn paused(&self, request: u32, start: TimeMs, reached: Reached) -> DurationMs {
        let Reached::At(end) = reached else { return 0 };
        let pauses = &self.base.pauses;
        let first = pauses.partition_point(|(of, ..)| *of < request);
        let own = pauses
            .iter()
            .skip(first)
            .take_while(|(of, ..)| *of == request);
        own.map(|(_, from, to)| (*to).min(end).saturating_sub((*from).max(start)))
            .fold(0, DurationMs::saturating_add)
    }

    fn legal_figures(&self, groups: &Groups, by: &[Dimension]) -> Vec<LegalFigures> {
        let mut found: BTreeMap<(&Vec<String>, &str), LegalFigures> = BTreeMap::new();
        let clock_is_at = by
            .iter()
            .position(|dimension| *dimension == Dimension::Clock);
        for (legal, round, _) in self.legal() {
            let clock = self.base.words.text(legal.clock);
            for group in groups.of(round.request) {
                // Grouped by clock, a clock is in its own group only.
                let is_other = |at: usize| group.get(at).is_some_and(|word| word != clock);
                if clock_is_at.is_some_and(is_other) {
                    continue;
                }
                found.entry((group, clock)).or_default().add(legal.legal);
            }
        }
        let found = found.into_iter();
        found
            .map(|((group, clock), mut figures)| {
                figures.group.clone_from(group);
                figures.limit_ms = self.base.limits.get(clock).copied();
                clock.clone_into(&mut figures.clock);
                figures.within_per_10000 = figures.within();
                figures
            })
            .collect()
    }

    fn ages(&self, groups: &Groups, now: TimeMs) -> Vec<Ages> {
        let mut found: BTreeMap<(&Vec<String>, usize), Vec<u64>> = BTreeMap::new();
        for (place, step) in STEPS.into_iter().enumerate() {
            for (n, _, starts, reached) in self.steps(step) {
                let began =
                    start(starts, Clock::Offered).or_else(|| start(starts, Clock::Registered));
                let (Some(began), Reached::Open) = (began, reached) else {
                    continue;
                };
                let class = class_of(now.saturating_sub(began));
                for group in groups.of(n) {
                    let open = found
                        .entry((group, place))
                        .or_insert_with(|| vec![0; AGES.len()]);
                    if let Some(open) = open.get_mut(class) {
                        *open += 1;
                    }
                }
            }
        }
        let found = found.into_iter();
        found
            .map(|((group, place), open)| Ages {
                group: group.clone(),
                step: STEPS.get(place).map_or("", |step| step.name()).to_owned(),
                open,
            })
            .collect()
    }

    // ---- Pages

    fn page(&self, member: Option<&str>, now: TimeMs) -> Page {
        Page {
            member: member.map(str::to_owned),
            figures: self.figures(&[], now),
            weeks: self.weeks(now),
            distributions: self.distributions(),
        }
    }

    fn weeks(&self, now: TimeMs) -> Vec<Week> {
        let mut weeks: BTreeMap<TimeMs, OfWeek> = BTreeMap::new();
        for (_, row) in self.requests() {
            let Some(began) = row.began() else { continue };
            let week = weeks.entry(monday_of(began)).or_default();
            week.requests += 1;
            if let Some(Reached::At(end)) = row.end(Step::HumanAnswer) {
                week.human.push(end.saturating_sub(began));
            }
        }
        for (row, _) in self.rounds().filter(|(row, _)| row.round == 1) {
            let Some(began) = row.began() else { continue };
            let week = weeks.entry(monday_of(began)).or_default();
            match row.end(Step::Outcome) {
                Some(Reached::At(end)) => week.outcome.push(end.saturating_sub(began)),
                Some(Reached::Open) => week.waiting += 1,
                _ => {}
            }
        }
        for (legal, ..) in self.legal() {
            match legal.legal {
                // Kept before it was due: no week is shown that is still to come.
                Legal::Met(due) => weeks.entry(monday_of(due.min(now))).or_default().met += 1,
                Legal::Late(due) | Legal::Overdue(due) => {
                    weeks.entry(monday_of(due)).or_default().breached += 1;
                }
                _ => {}
            }
        }
        without_holes(weeks)
    }

    fn distributions(&self) -> Vec<Distribution> {
        let shown = [Step::HumanAnswer, Step::Outcome, Step::Confirmation];
        let found = shown.into_iter().flat_map(|step| {
            CLOCKS.map(|clock| {
                let times =
                    self.steps(step)
                        .into_iter()
                        .filter_map(|(_, _, starts, reached)| {
                            match (start(starts, clock), reached) {
                                (Some(start), Reached::At(end)) => Some(end.saturating_sub(start)),
                                _ => None,
                            }
                        });
                distribution(clock, step, times)
            })
        });
        found.flatten().collect()
    }
}

/// The groups of each request.
struct Groups {
    all: Vec<Vec<String>>,
    /// By request: places in `all`.
    of: BTreeMap<u32, Vec<usize>>,
    is_one: bool,
}

impl Groups {
    fn new(picked: &Picked<'_>, by: &[Dimension]) -> Self {
        let mut groups = Self {
            all: vec![Vec::new()],
            of: BTreeMap::new(),
            is_one: by.is_empty(),
        };
        if groups.is_one {
            return groups;
        }
        groups.all.clear();
        let mut places: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        let clocks = by.contains(&Dimension::Clock).then(|| clocks_of(picked));
        for (n, row) in (0_u32..).zip(&picked.base.requests) {
            if !picked.is_meant(row) {
                continue;
            }
            let mut found: Vec<Vec<String>> = vec![Vec::new()];
            for dimension in by {
                let clocks = clocks.as_ref().and_then(|clocks| clocks.get(&n));
                let words = words_of(picked.base, row, *dimension, clocks);
                let longer = |group: &Vec<String>| {
                    let with =
                        |word: &String| [group.as_slice(), std::slice::from_ref(word)].concat();
                    words.iter().map(with).collect::<Vec<_>>()
                };
                found = found.iter().flat_map(longer).collect();
            }
            let of = found.into_iter().map(|group| {
                let next = places.len();
                *places.entry(group).or_insert(next)
            });
            groups.of.insert(n, of.collect());
        }
        let mut all: Vec<_> = places.into_iter().collect();
        all.sort_by_key(|(_, place)| *place);
        groups.all = all.into_iter().map(|(group, _)| group).collect();
        groups
    }

    fn of(&self, request: u32) -> impl Iterator<Item = &Vec<String>> {
        let one = self.is_one.then(|| self.all.first()).flatten();
        let many = self.of.get(&request).into_iter().flatten();
        one.into_iter()
            .chain(many.filter_map(|place| self.all.get(*place)))
    }
}

fn clocks_of(picked: &Picked<'_>) -> BTreeMap<u32, BTreeSet<u32>> {
    let mut found: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for legal in &picked.base.legal {
        let place = usize::try_from(legal.round).ok();
        if let Some(round) = place.and_then(|place| picked.base.rounds.get(place)) {
            found.entry(round.request).or_default().insert(legal.clock);
        }
    }
    found
}

fn words_of(
    base: &Base,
    row: &RequestRow,
    dimension: Dimension,
    clocks: Option<&BTreeSet<u32>>,
) -> Vec<String> {
    let one = |word: u32| vec![base.words.text(word).to_owned()];
    match dimension {
        Dimension::Member => one(row.to),
        Dimension::Requester => one(row.from),
        Dimension::Kind => vec![row.kind.as_str().to_owned()],
        Dimension::Urgency => one(row.urgency),
        Dimension::Standing => one(row.standing),
        Dimension::Jurisdiction => {
            let countries = base.words.text(row.jurisdictions).split(',');
            countries.map(str::to_owned).collect()
        }
        Dimension::Clock => clocks.map_or_else(
            || vec!["none".to_owned()],
            |clocks| {
                clocks
                    .iter()
                    .map(|clock| base.words.text(*clock).to_owned())
                    .collect()
            },
        ),
    }
}

#[derive(Default)]
struct Cell {
    reached_ms: Vec<DurationMs>,
    open: u64,
    ended: u64,
    paused_ms: DurationMs,
}

impl Cell {
    fn add(&mut self, start: TimeMs, reached: Reached, paused: impl Fn() -> DurationMs) {
        match reached {
            Reached::Open => self.open += 1,
            Reached::Ended => self.ended += 1,
            // Clocks of two members may differ by a little: never less than nothing.
            Reached::At(end) => {
                self.reached_ms.push(end.saturating_sub(start));
                self.paused_ms = self.paused_ms.saturating_add(paused());
            }
        }
    }

    fn into_row(mut self, group: Vec<String>, clock: Clock, step: Step, round: Option<u64>) -> Row {
        self.reached_ms.sort_unstable();
        let at = |percent| percentile(&self.reached_ms, percent);
        Row {
            group,
            clock: clock.name().to_owned(),
            step: step.name().to_owned(),
            round,
            count: count(&self.reached_ms),
            open: self.open,
            ended: self.ended,
            p50_ms: at(50),
            p90_ms: at(90),
            p95_ms: at(95),
            p99_ms: at(99),
            max_ms: at(100),
            paused_ms: self.paused_ms,
        }
    }
}

impl LegalFigures {
    pub(crate) fn add(&mut self, legal: Legal) {
        match legal {
            Legal::Met(_) => self.met += 1,
            Legal::Late(_) => self.late += 1,
            Legal::Overdue(_) => self.overdue += 1,
            Legal::Running(_) => self.running += 1,
            Legal::Paused => self.paused += 1,
            Legal::Void => self.void += 1,
            Legal::Not(reason) => {
                let known = self
                    .not_computed
                    .iter_mut()
                    .find(|(code, _)| code == reason.as_str());
                match known {
                    Some((_, count)) => *count += 1,
                    None => self.not_computed.push((reason.as_str().to_owned(), 1)),
                }
            }
        }
    }

    fn within(&self) -> Option<u64> {
        let due = self
            .met
            .saturating_add(self.late)
            .saturating_add(self.overdue);
        self.met.saturating_mul(10_000).checked_div(due)
    }
}

#[derive(Default)]
struct OfWeek {
    requests: u64,
    human: Vec<DurationMs>,
    outcome: Vec<DurationMs>,
    waiting: u64,
    met: u64,
    breached: u64,
}

/// The weeks in order, with those in which nothing was, and no more than a trend shows.
fn without_holes(mut weeks: BTreeMap<TimeMs, OfWeek>) -> Vec<Week> {
    let (Some(first), Some(last)) = (
        weeks.keys().next().copied(),
        weeks.keys().next_back().copied(),
    ) else {
        return Vec::new();
    };
    let all = (0..).map(|n: u64| last.saturating_sub(n * 7 * DAY_MS));
    let newest = all.take_while(|begins| *begins >= first).take(WEEKS_MAX);
    let mut found: Vec<Week> = newest
        .map(|begins| {
            let week = weeks.remove(&begins).unwrap_or_default();
            Week {
                begins,
                requests: week.requests,
                decided: count(&week.outcome),
                waiting: week.waiting,
                human_answer_ms: middle_and_tail(week.human),
                outcome_ms: middle_and_tail(week.outcome),
                met: week.met,
                breached: week.breached,
            }
        })
        .collect();
    found.reverse();
    found
}

fn middle_and_tail(mut times: Vec<DurationMs>) -> Option<(DurationMs, DurationMs)> {
    times.sort_unstable();
    Some((percentile(&times, 50)?, percentile(&times, 90)?))
}

fn distribution(
    clock: Clock,
    step: Step,
    times: impl Iterator<Item = DurationMs>,
) -> Option<Distribution> {
    let mut bins: BTreeMap<u32, u64> = BTreeMap::new();
    for time in times {
        *bins.entry(bin_of(time)).or_default() += 1;
    }
    let (first, last) = (*bins.keys().next()?, *bins.keys().next_back()?);
    Some(Distribution {
        clock: clock.name().to_owned(),
        step: step.name().to_owned(),
        first_bin: first,
        bins: (first..=last)
            .map(|bin| bins.get(&bin).copied().unwrap_or_default())
            .collect(),
    })
}

pub(crate) fn count<T>(found: impl IntoIterator<Item = T>) -> u64 {
    found
        .into_iter()
        .fold(0, |sum: u64, _| sum.saturating_add(1))
}
