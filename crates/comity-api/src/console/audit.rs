//! What the last audit found.

use askama::Template;
use axum::extract::State;
use comity_engine::desk::{AuditShown, Query, ResponseTimesShown, Shown};

use super::page::{Frame, Page, frame, render};
use super::response_times::Times;
use super::session::Visitor;
use crate::app::App;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    times: Times,
    audit: AuditShown,
}

pub(super) async fn page(State(app): State<App>, Visitor(person): Visitor) -> Page {
    let (frame, _) = frame(&app, &person, "/audit", "Audit").await?;
    let audit = match app.query(person, Query::Audit).await {
        Ok(Shown::Audit(audit)) => audit,
        Ok(_) => return Err(Problem::mismatched().into()),
        // Nobody has done anything wrong: the page says how to begin.
        Err(problem) if problem.code == "no-audit-yet" => AuditShown {
            response_times: ResponseTimesShown {
                members: Vec::new(),
                rows: Vec::new(),
            },
            findings: Vec::new(),
            logs: Vec::new(),
            details: Vec::new(),
            read: Vec::new(),
        },
        Err(problem) => return Err(problem.into()),
    };
    render(&AuditPage {
        times: Times::new(&audit.response_times),
        frame,
        audit,
    })
}
