//! What a member has a right to see of others, verified.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Query, Shown};

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::Caller;
use crate::problem::Problem;

/// Pulls from every member what this one has a right to, verifies and matches it. Each pull is a record on both sides.
#[utoipa::path(
    post, path = "/v1/audits", tag = "log",
    responses((status = 200, description = "`audit`", body = Shown), Refusals)
)]
pub(super) async fn audit(
    State(app): State<App>,
    Caller(person): Caller,
) -> Result<Json<Shown>, Problem> {
    let found = app.desk.audit(person).await?;
    Ok(Json(Shown::Audit(found)))
}

/// Shows what the last audit found.
#[utoipa::path(
    get, path = "/v1/audits", tag = "log",
    responses((status = 200, description = "`audit`", body = Shown), Refusals)
)]
pub(super) async fn show(
    State(app): State<App>,
    Caller(person): Caller,
) -> Result<Json<Shown>, Problem> {
    super::query(&app, person, Query::Audit).await
}
