//! Drafts that wait.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::{DraftRow, Query};

use super::list::{Asked, name, rows, urgency};
use super::page::{Frame, Page, frame, render, shown};
use super::session::Visitor;
use crate::app::App;
use crate::ask::Asks;
use crate::problem::Problem;
use crate::when::{Moment, Now};
use crate::words::{self, State as Words};

#[derive(Template)]
#[template(path = "drafts.html")]
struct DraftsPage {
    frame: Frame,
    drafts: Vec<Draft>,
    goes_on: bool,
    next: Option<u64>,
}

/// A draft in the list.
struct Draft {
    id: String,
    name: String,
    kind: String,
    to: Option<String>,
    state: Words,
    words: Option<String>,
    urgency: Option<Words>,
    items: u64,
    at: Moment,
    confirmable: bool,
}

pub(super) async fn page(
    State(app): State<App>,
    Visitor(person): Visitor,
    asked: Result<Asks<Asked>, Problem>,
) -> Page {
    let Asks(asked) = asked?;
    let (frame, _) = frame(&app, &person, "/drafts", "Drafts").await?;
    let drafts = shown!(app, person, Query::Drafts(rows(asked.after)), Drafts);
    render(&DraftsPage {
        goes_on: asked.after.is_some(),
        next: drafts.next,
        drafts: drafts
            .rows
            .into_iter()
            .map(|row| Draft::new(row, frame.now))
            .collect(),
        frame,
    })
}

impl Draft {
    fn new(row: DraftRow, now: Now) -> Self {
        let state = words::draft(&row.state);
        // The desk's words only where they say more.
        let more = row.words.trim_end_matches('.') != state.words;
        Self {
            name: name(&row.reference, &row.draft),
            kind: words::kind(&row.kind),
            state,
            urgency: urgency(&row.urgency),
            at: now.past(&row.at),
            id: row.draft,
            to: row.to,
            words: more.then_some(row.words),
            items: row.items,
            confirmable: row.confirmable,
        }
    }
}
