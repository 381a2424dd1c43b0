//! The base of every figure: one row for each request, and one for each round of each of its items.
//!
//! ```text
//! statements of one case -> comity-audit: requests -> RequestRow, RoundRow (times, codes)
//!                                                  -> LegalRow (which law's clock, where it stands)
//!                                                  -> pauses, and the records that prove it
//! ```
//! Cases come one at a time and are forgotten; words are kept once. So a year of a busy member fits into memory,
//! about 100 bytes for each row.

use std::collections::{BTreeMap, BTreeSet};

use comity_audit::courses::{
    Clock, ItemRound, Reached, Request, Starts, Step, TurnedDown, requests,
};
use comity_audit::{CaseMatched, CaseVisitor, MatchedStatement};
use comity_wire::ids::{CaseId, MemberId};
use comity_wire::registry::{Kind, OutcomeAnswer};
use comity_wire::words::{Code, Country, DurationMs, TimeMs};

use crate::legal::{self, Legal};
use crate::report::Basis;

/// What a reader knows besides the records.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Legal clocks in force by the charter, with a duration of their own or as published.
    pub clocks: Vec<(Code, Option<DurationMs>)>,
    /// The jurisdictions of each member, by the roster.
    pub places: BTreeMap<MemberId, Vec<Country>>,
    /// When it is looked at: what is open is open at this time.
    pub now: TimeMs,
    /// Whether the records of each case are kept, for proofs.
    pub keeps_records: bool,
}

impl Context {
    /// What legal clocks are computed by.
    #[must_use]
    pub fn basis(&self) -> Basis {
        Basis {
            clocks: self.clocks.clone(),
            places: self.places.clone(),
        }
    }

    /// What somebody else had known when a report was made.
    #[must_use]
    pub fn of(basis: Basis, now: TimeMs) -> Self {
        Self {
            clocks: basis.clocks,
            places: basis.places,
            now,
            keeps_records: false,
        }
    }
}

/// Rows of many cases.
#[derive(Debug, Clone, Default)]
pub struct Base {
    pub(crate) words: Words,
    pub(crate) requests: Vec<RequestRow>,
    pub(crate) rounds: Vec<RoundRow>,
    pub(crate) legal: Vec<LegalRow>,
    /// By request: when holds were in force.
    pub(crate) pauses: Vec<(u32, TimeMs, TimeMs)>,
    /// How long legal clocks run that are elapsed time.
    pub(crate) limits: BTreeMap<String, DurationMs>,
    /// By case, sorted: whose log, and the index of the record.
    pub(crate) records: Vec<(CaseId, Word, u64)>,
}

/// A word of [`Words`].
pub(crate) type Word = u32;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct RequestRow {
    pub(crate) case: CaseId,
    pub(crate) from: Word,
    pub(crate) to: Word,
    pub(crate) kind: Kind,
    pub(crate) urgency: Word,
    /// Standings, each once, joined by a comma.
    pub(crate) standing: Word,
    /// Countries, sorted, joined by a comma.
    pub(crate) jurisdictions: Word,
    pub(crate) starts: [Mark; 3],
    pub(crate) ends: [Mark; 4],
    pub(crate) turned_down: Option<TurnedDown>,
    pub(crate) is_disputed: bool,
}

/// One round of one item.
#[derive(Debug, Clone)]
pub(crate) struct RoundRow {
    pub(crate) request: u32,
    pub(crate) round: u32,
    pub(crate) starts: [Mark; 3],
    pub(crate) outcome: Mark,
    pub(crate) confirmation: Mark,
    pub(crate) answer: Option<OutcomeAnswer>,
    pub(crate) is_automated: bool,
    pub(crate) is_reversed: bool,
}

/// One legal clock of one round.
#[derive(Debug, Clone)]
pub(crate) struct LegalRow {
    pub(crate) round: u32,
    pub(crate) clock: Word,
    pub(crate) legal: Legal,
}

/// A time, or why there is none, in eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    const NOT_SHOWN: Self = Self(u64::MAX);
    const OPEN: Self = Self(u64::MAX - 1);
    const ENDED: Self = Self(u64::MAX - 2);

    fn of(reached: Option<Reached>) -> Self {
        match reached {
            None => Self::NOT_SHOWN,
            Some(Reached::Open) => Self::OPEN,
            Some(Reached::Ended) => Self::ENDED,
            Some(Reached::At(at)) => Self(at.min(u64::MAX - 3)),
        }
    }

    fn at(time: Option<TimeMs>) -> Self {
        Self::of(time.map(Reached::At))
    }

    pub(crate) fn reached(self) -> Option<Reached> {
        match self {
            Self::NOT_SHOWN => None,
            Self::OPEN => Some(Reached::Open),
            Self::ENDED => Some(Reached::Ended),
            Self(at) => Some(Reached::At(at)),
        }
    }

    pub(crate) fn time(self) -> Option<TimeMs> {
        match self.reached() {
            Some(Reached::At(at)) => Some(at),
            _ => None,
        }
    }
}

/// Adds the cases of an audit to a base, one after the other.
#[derive(Debug, Default)]
pub struct Adding {
    /// What is known besides.
    pub context: Context,
    /// The rows so far.
    pub base: Base,
}

impl CaseVisitor for Adding {
    fn case(&mut self, matched: &CaseMatched) {
        let statements: Vec<_> = matched.statements.iter().collect();
        self.base.add(&statements, &self.context);
    }
}

impl Base {
    /// Takes the statements of one case. What does not open anything adds no row.
    pub fn add(&mut self, statements: &[&MatchedStatement], context: &Context) {
        let found = requests(statements);
        for request in &found {
            self.request(request, context);
        }
        let Some(first) = found.first().filter(|_| context.keeps_records) else {
            return;
        };
        let case = first.opening.case;
        for said in statements {
            let (sender, recipient) = (said.sender.as_str(), said.recipient.as_str());
            let at_sender = [said.offered, said.sent, said.gave_up].map(|mark| (sender, mark));
            let at_recipient = [said.received].map(|mark| (recipient, mark));
            // A refusal does not say in whose log it is; of one log alone that is no question.
            let at_either = [sender, recipient].map(|whose| (whose, said.refused));
            let all = at_sender.into_iter().chain(at_recipient).chain(at_either);
            for (whose, mark) in all {
                if let Some(mark) = mark {
                    let whose = self.words.id(whose);
                    self.records.push((case, whose, mark.index));
                }
            }
        }
    }

    /// How many requests there are.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    /// In bytes: what the rows take, without the words.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.requests)
            + size_of_val(&*self.rounds)
            + size_of_val(&*self.legal)
            + size_of_val(&*self.pauses)
            + size_of_val(&*self.records)
    }

    /// The records of each case: whose log, and at which index, sorted.
    pub(crate) fn records_by_case(&self) -> BTreeMap<CaseId, Vec<(String, u64)>> {
        let mut found: BTreeMap<CaseId, BTreeSet<(&str, u64)>> = BTreeMap::new();
        for (case, whose, index) in &self.records {
            let records = found.entry(*case).or_default();
            records.insert((self.words.text(*whose), *index));
        }
        let owned = |records: BTreeSet<(&str, u64)>| {
            records
                .into_iter()
                .map(|(whose, index)| (whose.to_owned(), index))
                .collect()
        };
        found
            .into_iter()
            .map(|(case, records)| (case, owned(records)))
            .collect()
    }

    fn request(&mut self, request: &Request<'_>, context: &Context) {
        let Ok(number) = u32::try_from(self.requests.len()) else {
            return;
        };
        let facts = request.opening.facts.as_ref();
        let standing = facts.and_then(|facts| facts.standing.as_ref());
        let standing = standing
            .into_iter()
            .flatten()
            .map(|(_, code)| code.as_str());
        let places = facts.and_then(|facts| facts.jurisdictions.as_ref());
        let places = places.into_iter().flatten().map(Country::as_str);
        let urgency = facts.and_then(|facts| facts.urgency.as_ref());
        let row = RequestRow {
            case: request.opening.case,
            from: self.words.id(request.opening.sender.as_str()),
            to: self.words.id(request.opening.recipient.as_str()),
            kind: request.opening.kind,
            urgency: self.words.id(urgency.map_or(NOT_SHOWN, Code::as_str)),
            standing: self.words.set(standing),
            jurisdictions: self.words.set(places),
            starts: marks(&request.starts),
            ends: [
                Mark::of(request.registration),
                Mark::of(request.receipt),
                Mark::of(request.automatic_answer),
                Mark::of(Some(request.human_answer)),
            ],
            turned_down: request.turned_down,
            is_disputed: request.is_disputed,
        };
        self.requests.push(row);
        let pauses = request.pauses.iter().map(|(from, to)| (number, *from, *to));
        self.pauses.extend(pauses);
        for round in &request.rounds {
            self.round(number, request, round, context);
        }
    }

    fn round(&mut self, number: u32, request: &Request<'_>, round: &ItemRound, context: &Context) {
        let Ok(place) = u32::try_from(self.rounds.len()) else {
            return;
        };
        self.rounds.push(RoundRow {
            request: number,
            round: u32::try_from(round.round).unwrap_or(u32::MAX),
            starts: marks(&round.starts),
            outcome: Mark::of(Some(round.outcome)),
            confirmation: Mark::of(round.confirmation),
            answer: round.answer,
            is_automated: round.is_automated,
            is_reversed: round.is_reversed,
        });
        for (clock, legal) in legal::of_round(request, round, context) {
            if let Some(limit) = legal::limit_of(&clock, context) {
                self.limits.insert(clock.as_str().to_owned(), limit);
            }
            let clock = self.words.id(clock.as_str());
            self.legal.push(LegalRow {
                round: place,
                clock,
                legal,
            });
        }
    }
}

impl RequestRow {
    /// When it began: offered, or, if only the recipient's log is here, registered.
    pub(crate) fn began(&self) -> Option<TimeMs> {
        began(&self.starts)
    }

    pub(crate) fn end(&self, step: Step) -> Option<Reached> {
        let [registration, receipt, automatic, human] = self.ends;
        match step {
            Step::Registration => registration.reached(),
            Step::Receipt => receipt.reached(),
            Step::AutomaticAnswer => automatic.reached(),
            Step::HumanAnswer => human.reached(),
            Step::Outcome | Step::Confirmation => None,
        }
    }
}

impl RoundRow {
    pub(crate) fn began(&self) -> Option<TimeMs> {
        began(&self.starts)
    }

    pub(crate) fn end(&self, step: Step) -> Option<Reached> {
        match step {
            Step::Outcome => self.outcome.reached(),
            Step::Confirmation => self.confirmation.reached(),
            _ => None,
        }
    }
}

/// When a clock of a row began.
pub(crate) fn start(starts: &[Mark; 3], clock: Clock) -> Option<TimeMs> {
    let [offered, registered, reported] = starts;
    match clock {
        Clock::Offered => offered.time(),
        Clock::Registered => registered.time(),
        Clock::Reported => reported.time(),
    }
}

fn began(starts: &[Mark; 3]) -> Option<TimeMs> {
    start(starts, Clock::Offered).or_else(|| start(starts, Clock::Registered))
}

fn marks(starts: &Starts) -> [Mark; 3] {
    [starts.offered, starts.registered, starts.reported].map(Mark::at)
}

/// Words, each kept once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    texts: Vec<String>,
    ids: BTreeMap<String, Word>,
}

impl Words {
    fn id(&mut self, text: &str) -> Word {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = Word::try_from(self.texts.len()).unwrap_or(Word::MAX);
        self.texts.push(text.to_owned());
        self.ids.insert(text.to_owned(), id);
        id
    }

    fn set<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> Word {
        let all: BTreeSet<_> = texts.collect();
        let joined = all.into_iter().collect::<Vec<_>>().join(",");
        self.id(if joined.is_empty() {
            NOT_SHOWN
        } else {
            &joined
        })
    }

    pub(crate) fn text(&self, word: Word) -> &str {
        let place = usize::try_from(word).ok();
        place
            .and_then(|place| self.texts.get(place))
            .map_or("", String::as_str)
    }
}

/// What stands where the facts say nothing, or are not here any more.
pub(crate) const NOT_SHOWN: &str = "not-shown";
