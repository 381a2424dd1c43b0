//! Who is in the federation, and who is connected.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::{MembersShown, Query};

use super::page::{Frame, Page, frame, render, shown};
use super::session::Visitor;
use crate::app::App;
use crate::when::Moment;
use crate::words::{self, State as Words};

#[derive(Template)]
#[template(path = "members.html")]
struct MembersPage {
    frame: Frame,
    standing: Words,
    until: Option<Moment>,
    shown: MembersShown,
}

pub(super) async fn page(State(app): State<App>, Visitor(person): Visitor) -> Page {
    let (frame, _) = frame(&app, &person, "/members", "Members").await?;
    let shown = shown!(app, person, Query::Members, Members);
    render(&MembersPage {
        standing: words::roster(&shown.roster.standing),
        until: shown.roster.until.as_ref().map(|at| frame.now.end(at)),
        shown,
        frame,
    })
}
