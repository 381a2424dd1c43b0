//! Figures from this node's own records.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Query, Shown};

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::Caller;
use crate::problem::Problem;

/// Shows how long each step took, by clock.
#[utoipa::path(
    get, path = "/v1/reports/response-times", tag = "see",
    responses((status = 200, description = "`response-times`", body = Shown), Refusals)
)]
pub(super) async fn response_times(
    State(app): State<App>,
    Caller(person): Caller,
) -> Result<Json<Shown>, Problem> {
    super::query(&app, person, Query::ResponseTimes).await
}
