//! What the public reported: every locator once, by what became of it.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::{Items, Query};

use super::list::short;
use super::page::{Frame, Page, frame, render, shown};
use super::session::Visitor;
use crate::app::App;
use crate::words::{self, State as Words};

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage {
    frame: Frame,
    reports: u64,
    states: Vec<(Words, u64)>,
    outside: Vec<Outside>,
}

/// A reported locator for which the hotline acts itself.
struct Outside {
    id: String,
    id_short: String,
    state: Words,
    reference: String,
}

pub(super) async fn page(State(app): State<App>, Visitor(person): Visitor) -> Page {
    let (frame, _) = frame(&app, &person, "/reports", "Reports").await?;
    let Items {
        reports,
        states,
        outside,
    } = shown!(app, person, Query::Items, Items);
    render(&ReportsPage {
        frame,
        reports,
        states: states
            .iter()
            .map(|(state, count)| (words::item(state), *count))
            .collect(),
        outside: outside
            .into_iter()
            .map(|(id, state, reference)| Outside {
                id_short: short(&id).to_owned(),
                id,
                state: words::item(&state),
                reference,
            })
            .collect(),
    })
}
