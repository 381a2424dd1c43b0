//! Lists of cases: what the inbox and the outbox share.

use comity_engine::desk::{CaseFilter, CaseRow, Cursor, Direction, Page as Rows};
use serde::Deserialize;

use crate::limits::CONSOLE_ROWS;
use crate::when::{Moment, Now};
use crate::words::{self, State, Tone};

/// What a list's address may ask for.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The `next` of the page before.
    pub(super) after: Option<u64>,
    /// Settled cases too.
    #[serde(default)]
    pub(super) all: bool,
}

impl Asked {
    /// The cases of one direction that are asked for.
    pub(super) fn cases(&self, direction: Direction) -> CaseFilter {
        CaseFilter {
            cursor: rows(self.after),
            direction: Some(direction),
            open: !self.all,
        }
    }
}

/// A page of the console.
pub(super) fn rows(after: Option<u64>) -> Cursor {
    Cursor {
        after,
        limit: Some(CONSOLE_ROWS),
    }
}

/// Cases as a table.
pub(super) struct Cases {
    /// The rows.
    pub(super) lines: Vec<Line>,
    /// Whether delivery is shown: for one's own only.
    pub(super) own: bool,
    /// Settled ones too.
    pub(super) all: bool,
    /// The address of the list.
    pub(super) address: &'static str,
    /// Whether this is not the first page.
    pub(super) goes_on: bool,
    /// Where to go on.
    pub(super) next: Option<u64>,
}

/// A case in a table.
pub(super) struct Line {
    pub(super) case: String,
    pub(super) reference: String,
    pub(super) counterpart: String,
    pub(super) kind: String,
    /// Unless it is routine.
    pub(super) urgency: Option<State>,
    pub(super) opened: Moment,
    pub(super) delivery: State,
    pub(super) items: Vec<(State, u64)>,
    pub(super) due: Option<Moment>,
    pub(super) overdue: bool,
    pub(super) held: bool,
    pub(super) open: bool,
}

impl Cases {
    pub(super) fn new(
        page: Rows<CaseRow>,
        asked: &Asked,
        own: bool,
        address: &'static str,
        now: Now,
    ) -> Self {
        Self {
            lines: page
                .rows
                .into_iter()
                .map(|row| Line::new(row, now))
                .collect(),
            own,
            all: asked.all,
            address,
            goes_on: asked.after.is_some(),
            next: page.next,
        }
    }
}

impl Line {
    pub(super) fn new(row: CaseRow, now: Now) -> Self {
        Self {
            urgency: urgency(&row.urgency),
            opened: now.past(&row.opened_at),
            delivery: words::delivery(&row.delivery),
            items: row
                .items
                .iter()
                .map(|(state, count)| (words::item(state), *count))
                .collect(),
            due: row.due_at.as_ref().map(|at| now.due(at)),
            kind: words::kind(&row.kind),
            reference: name(&row.reference, &row.case),
            case: row.case,
            counterpart: row.counterpart,
            overdue: row.overdue,
            held: row.held,
            open: row.open,
        }
    }
}

/// What a case or a draft is called: its reference, or the beginning of its id.
pub(super) fn name(reference: &str, id: &str) -> String {
    match reference.trim() {
        "" => short(id).to_owned(),
        reference => reference.to_owned(),
    }
}

/// The beginning of an id: enough to tell it from others on a page.
pub(super) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// The urgency, unless it is routine.
pub(super) fn urgency(code: &str) -> Option<State> {
    let state = words::urgency(code);
    (state.tone != Tone::Calm).then_some(state)
}
