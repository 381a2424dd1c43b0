//! Members and connections.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Query, Shown};

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::Caller;
use crate::problem::Problem;

/// Shows the federation, its members and who is connected. Connected is not delivered.
#[utoipa::path(
    get, path = "/v1/members", tag = "node",
    responses((status = 200, description = "`members`", body = Shown), Refusals)
)]
pub(super) async fn show(
    State(app): State<App>,
    Caller(person): Caller,
) -> Result<Json<Shown>, Problem> {
    super::query(&app, person, Query::Members).await
}
