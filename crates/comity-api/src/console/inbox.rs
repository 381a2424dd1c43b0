//! Cases that others opened.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::{Direction, Query};

use super::list::{Asked, Cases};
use super::page::{Frame, Page, frame, render, shown};
use super::session::Visitor;
use crate::app::App;
use crate::ask::Asks;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage {
    frame: Frame,
    cases: Cases,
}

pub(super) async fn page(
    State(app): State<App>,
    Visitor(person): Visitor,
    asked: Result<Asks<Asked>, Problem>,
) -> Page {
    let Asks(asked) = asked?;
    let (frame, _) = frame(&app, &person, "/inbox", "Inbox").await?;
    let query = Query::Cases(asked.cases(Direction::In));
    let rows = shown!(app, person, query, Cases);
    let cases = Cases::new(rows, &asked, false, "/inbox", frame.now);
    render(&InboxPage { frame, cases })
}
