//! Counts for the first page.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Query, Shown};

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::Caller;
use crate::problem::Problem;

/// Counts what waits, and lists what an operator must know.
#[utoipa::path(
    get, path = "/v1/overview", tag = "see",
    responses((status = 200, description = "`overview`", body = Shown), Refusals)
)]
pub(super) async fn show(
    State(app): State<App>,
    Caller(person): Caller,
) -> Result<Json<Shown>, Problem> {
    super::query(&app, person, Query::Overview).await
}
