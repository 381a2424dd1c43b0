//! The first page: what is wrong, what waits.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::Overview;

use super::page::{Frame, Page, frame, render};
use super::session::Visitor;
use crate::app::App;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    overview: Overview,
}

pub(super) async fn page(State(app): State<App>, Visitor(person): Visitor) -> Page {
    let (frame, overview) = frame(&app, &person, "/", "Overview").await?;
    render(&OverviewPage { frame, overview })
}
