//! Cases that this member opened, and what is signed and not delivered.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::{Direction, OutboxRow, Query};

use super::list::{Asked, Cases, rows, short};
use super::page::{Frame, Page, frame, render, shown};
use super::session::Visitor;
use crate::app::App;
use crate::ask::Asks;
use crate::problem::Problem;
use crate::when::{Moment, Now};
use crate::words::{self, State as Words, Tone};

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    frame: Frame,
    cases: Cases,
    waiting: Vec<Waiting>,
    /// Whether more wait than are shown.
    more: bool,
}

/// A statement on its way.
struct Waiting {
    case: String,
    case_short: String,
    to: String,
    kind: String,
    state: Words,
    attempts: u64,
    due: Option<Moment>,
    expires: Moment,
    last: Option<String>,
}

pub(super) async fn page(
    State(app): State<App>,
    Visitor(person): Visitor,
    asked: Result<Asks<Asked>, Problem>,
) -> Page {
    let Asks(asked) = asked?;
    let (frame, _) = frame(&app, &person, "/outbox", "Outbox").await?;
    let query = Query::Cases(asked.cases(Direction::Out));
    let cases = shown!(app, person, query, Cases);
    let cases = Cases::new(cases, &asked, true, "/outbox", frame.now);
    let waiting = shown!(app, person, Query::Outbox(rows(None)), Outbox);
    render(&OutboxPage {
        more: waiting.next.is_some(),
        waiting: waiting
            .rows
            .into_iter()
            .map(|row| Waiting::new(row, frame.now))
            .collect(),
        cases,
        frame,
    })
}

impl Waiting {
    fn new(row: OutboxRow, now: Now) -> Self {
        Self {
            state: state(&row.state),
            due: row.due_at.as_ref().map(|at| now.end(at)),
            expires: now.end(&row.expires_at),
            kind: words::kind(&row.kind),
            case_short: short(&row.case).to_owned(),
            case: row.case,
            to: row.to,
            attempts: row.attempts,
            last: row.last.as_deref().map(words::plain),
        }
    }
}

/// An attempt is not a delivery.
fn state(code: &str) -> Words {
    match code {
        "waiting" => Words::said("Not tried yet", code, Tone::Waits),
        "offered" => Words::said("Tried, not delivered yet", code, Tone::Waits),
        _ => words::delivery(code),
    }
}
