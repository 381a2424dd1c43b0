//! Looking at a locator: the only answer that holds one.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Done, NewLook, Work};

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asked, Caller};
use crate::problem::Problem;

/// Shows a locator, written so that it cannot be followed. That somebody looked is recorded.
#[utoipa::path(
    post, path = "/v1/looks", tag = "work", request_body = NewLook,
    responses((status = 200, description = "`seen`", body = Done), Refusals)
)]
pub(super) async fn look(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewLook>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Look(new)).await
}
