//! Evidence that a log or the governance contradicts itself.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::ContradictionRow;

use super::page::{Frame, Page, frame, render};
use super::session::Visitor;
use crate::app::App;
use crate::when::Moment;

#[derive(Template)]
#[template(path = "evidence.html")]
struct EvidencePage {
    frame: Frame,
    rows: Vec<ContradictionRow>,
}

impl EvidencePage {
    fn time(&self, row: &ContradictionRow) -> Moment {
        self.frame.now.past(&row.at)
    }
}

pub(super) async fn page(State(app): State<App>, Visitor(person): Visitor) -> Page {
    let (frame, overview) = frame(&app, &person, "/log", "Evidence").await?;
    let rows = overview.contradictions;
    render(&EvidencePage { frame, rows })
}
