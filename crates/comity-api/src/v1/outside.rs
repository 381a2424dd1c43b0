//! What the hotline did itself.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Done, NewOutside, Work};

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asked, Caller};
use crate::problem::Problem;

/// Notes what was done without the federation. It stays the hotline's word, never the platform's.
#[utoipa::path(
    post, path = "/v1/outside", tag = "work", request_body = NewOutside,
    responses((status = 200, description = "`noted`", body = Done), Refusals)
)]
pub(super) async fn note(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewOutside>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Outside(new)).await
}
