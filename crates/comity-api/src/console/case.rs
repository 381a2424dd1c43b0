//! One case: items, deadlines, and what was said, with receipts in plain words.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::{
    AssessmentShown, CaseShown, ClockShown, DeadlineShown, Direction, Event, ExtensionShown,
    ItemShown, Query,
};
use comity_wire::ids::CaseId;
use comity_wire::words::{ItemNumber, Round};

use super::list::{Line, short};
use super::page::{Frame, Page, frame, render, shown};
use super::session::Visitor;
use crate::app::App;
use crate::ask::Named;
use crate::problem::Problem;
use crate::when::{self, Moment, Now};
use crate::words::{self, State as Words};

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage {
    frame: Frame,
    /// Whether the other side opened it.
    incoming: bool,
    line: Line,
    items: Vec<Item>,
    deadlines: Vec<Deadline>,
    clocks: Vec<ClockShown>,
    timeline: Vec<Said>,
    /// What this member may do now.
    moves: Vec<String>,
    /// Own item, case, its item.
    parents: Vec<Link>,
    children: Vec<Link>,
}

struct Item {
    n: ItemNumber,
    sort: String,
    state: Words,
    words: String,
    round: Round,
    countries: String,
    assessments: Vec<AssessmentShown>,
    measures: Vec<(String, Moment)>,
}

struct Deadline {
    clock: String,
    code: String,
    n: ItemNumber,
    round: Round,
    started: Moment,
    due: Option<Moment>,
    /// How long it stood still, if it did.
    paused: Option<String>,
    paused_now: bool,
    standing: Words,
}

struct Said {
    from: String,
    mine: bool,
    kind: String,
    words: String,
    claimed: Moment,
    offered: Option<Moment>,
    registered: Option<Moment>,
    standing: Words,
    receipt: Option<String>,
    witness: Option<(Words, Option<Moment>)>,
    index: Option<u64>,
    statement: String,
    extensions: Vec<Extension>,
}

/// What a statement carries that this version does not read.
struct Extension {
    name: String,
    critical: bool,
    bytes: u64,
    value: String,
    /// Whether there is more of the value.
    shortened: bool,
}

struct Link {
    own_item: ItemNumber,
    case: String,
    case_short: String,
    its_item: ItemNumber,
}

pub(super) async fn page(
    State(app): State<App>,
    Visitor(person): Visitor,
    Named(case): Named,
) -> Page {
    let case = CaseId::from_hex(&case).ok_or_else(Problem::no_such_page)?;
    let shown = shown!(app, person, Query::Case(case), Case);
    let here = match shown.row.direction {
        Direction::In => "/inbox",
        Direction::Out => "/outbox",
    };
    let (frame, _) = frame(&app, &person, here, "Case").await?;
    render(&CasePage::new(frame, *shown))
}

impl CasePage {
    fn new(frame: Frame, shown: CaseShown) -> Self {
        let now = frame.now;
        Self {
            incoming: shown.row.direction == Direction::In,
            line: Line::new(shown.row, now),
            items: shown
                .items
                .into_iter()
                .map(|item| Item::new(item, now))
                .collect(),
            deadlines: shown
                .deadlines
                .into_iter()
                .map(|deadline| Deadline::new(deadline, now))
                .collect(),
            clocks: shown.clocks,
            timeline: shown
                .timeline
                .into_iter()
                .map(|event| Said::new(event, now, &frame.me))
                .collect(),
            moves: shown.moves.iter().map(|kind| words::kind(kind)).collect(),
            parents: shown.parents.into_iter().map(Link::new).collect(),
            children: shown.children.into_iter().map(Link::new).collect(),
            frame,
        }
    }
}

impl Item {
    fn new(item: ItemShown, now: Now) -> Self {
        Self {
            n: item.n,
            sort: words::sort(&item.sort),
            state: words::item(&item.state),
            words: item.words,
            round: item.round,
            countries: item.countries.join(", "),
            assessments: item.assessments,
            measures: item
                .measures
                .iter()
                .map(|(target, action, at)| (words::measure(target, action), now.past(at)))
                .collect(),
        }
    }
}

impl Deadline {
    fn new(deadline: DeadlineShown, now: Now) -> Self {
        let over = matches!(
            deadline.standing.as_str(),
            "met" | "late" | "void" | "keep" | "keep-over"
        );
        Self {
            clock: deadline.name,
            n: deadline.n,
            round: deadline.round,
            started: now.past(&deadline.started_at),
            // What is over, or only has to be kept, is neither late nor ahead.
            due: deadline.due_at.as_ref().map(|at| match over {
                true => now.past(at),
                false => now.due(at),
            }),
            paused: (deadline.paused_ms > 0).then(|| when::length(deadline.paused_ms)),
            paused_now: deadline.standing == "paused",
            standing: words::clock(&deadline.standing),
            code: deadline.clock,
        }
    }
}

impl Said {
    fn new(event: Event, now: Now, me: &str) -> Self {
        Self {
            mine: event.from == me,
            kind: words::kind(&event.kind),
            claimed: now.past(&event.claimed_at),
            offered: event.offered_at.as_ref().map(|at| now.past(at)),
            registered: event.registered_at.as_ref().map(|at| now.past(at)),
            standing: words::standing(&event.standing),
            from: event.from,
            words: event.words,
            receipt: event.receipt,
            witness: event.witness.map(|witness| {
                let at = witness.at.as_ref().map(|at| now.past(at));
                (words::witness(&witness.standing), at)
            }),
            index: event.index,
            statement: event.statement,
            extensions: event.extensions.into_iter().map(Extension::new).collect(),
        }
    }
}

impl Extension {
    fn new(shown: ExtensionShown) -> Self {
        Self {
            value: shown.text.or(shown.hex).unwrap_or_default(),
            name: shown.name,
            critical: shown.critical,
            bytes: shown.bytes,
            shortened: shown.shortened,
        }
    }
}

impl Link {
    fn new((own_item, case, its_item): (ItemNumber, String, ItemNumber)) -> Self {
        Self {
            own_item,
            case_short: short(&case).to_owned(),
            case,
            its_item,
        }
    }
}
