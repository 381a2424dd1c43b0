//! The head of this member's log.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::{LogShown, Query};

use super::page::{Frame, Page, frame, render, shown};
use super::session::Visitor;
use crate::app::App;

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    log: LogShown,
}

pub(super) async fn page(State(app): State<App>, Visitor(person): Visitor) -> Page {
    let (frame, _) = frame(&app, &person, "/log", "Log").await?;
    let log = shown!(app, person, Query::Log, Log);
    render(&LogPage { frame, log })
}
