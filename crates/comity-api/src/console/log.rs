//! The head of this member's log, and who has cosigned it.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::{GivenBackRow, LogShown, Query};

use super::page::{Frame, Page, frame, render, shown};
use super::session::Visitor;
use crate::app::App;
use crate::when::Moment;

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    log: LogShown,
    /// Who has cosigned it, and when.
    cosigned: Vec<(String, Moment)>,
    /// Who has not, since when, and why.
    failing: Vec<(String, Moment, String)>,
    outside: Vec<OutsideWitness>,
    /// After a restore: what each member has given back, and when.
    given_back: Vec<(GivenBackRow, Option<Moment>)>,
}

/// A witness from outside of the federation.
struct OutsideWitness {
    name: String,
    /// When it has cosigned.
    at: Option<Moment>,
    /// Since when it does not.
    since: Option<Moment>,
    /// Why.
    code: Option<String>,
}

pub(super) async fn page(State(app): State<App>, Visitor(person): Visitor) -> Page {
    let (frame, _) = frame(&app, &person, "/log", "Log").await?;
    let log = shown!(app, person, Query::Log, Log);
    let now = frame.now;
    let by = log.witnessed.by.iter();
    let cosigned = by.map(|row| (row.member.clone(), now.past(&row.at)));
    let missing = log.witnessed.failing.iter();
    let failing = missing.map(|row| (row.member.clone(), now.past(&row.since), row.code.clone()));
    let outside = log.witnessed.outside.iter().map(|row| OutsideWitness {
        name: row.name.clone(),
        at: row.at.as_ref().map(|at| now.past(at)),
        since: row.since.as_ref().map(|since| now.past(since)),
        code: row.code.clone(),
    });
    let restored = log.restored.iter().flat_map(|restored| &restored.members);
    let given_back = restored.map(|row| (row.clone(), row.at.map(|at| now.past(&at))));
    render(&LogPage {
        frame,
        cosigned: cosigned.collect(),
        failing: failing.collect(),
        outside: outside.collect(),
        given_back: given_back.collect(),
        log,
    })
}
