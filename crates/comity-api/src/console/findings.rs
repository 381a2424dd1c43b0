//! Findings of audits: what each means, where it stands, and what to do.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::{FindingReplyShown, FindingRow, Query, Shown};

use super::page::{Frame, Page, frame, render};
use super::session::Visitor;
use crate::app::App;
use crate::problem::Problem;
use crate::when::Moment;

#[derive(Template)]
#[template(path = "findings.html")]
struct FindingsPage {
    frame: Frame,
    rows: Vec<FindingRow>,
}

impl FindingsPage {
    fn found(&self, row: &FindingRow) -> Moment {
        self.frame.now.past(&row.found)
    }

    fn until(&self, row: &FindingRow) -> Moment {
        self.frame.now.past(&row.until)
    }

    fn replied(&self, reply: &FindingReplyShown) -> Moment {
        self.frame.now.past(&reply.time)
    }
}

pub(super) async fn page(State(app): State<App>, Visitor(person): Visitor) -> Page {
    let (frame, _) = frame(&app, &person, "/audit", "Findings").await?;
    match app.query(person, Query::Findings).await? {
        Shown::Findings(rows) => render(&FindingsPage { frame, rows }),
        _ => Err(Problem::mismatched().into()),
    }
}
