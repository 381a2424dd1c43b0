//! What opens a case: both become drafts that a second person confirms.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Done, NewOpening, Work};

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asked, Caller};
use crate::problem::Problem;

/// Drafts a takedown request. A second person has to confirm it before it is signed.
#[utoipa::path(
    post, path = "/v1/requests", tag = "work", request_body = NewOpening,
    responses((status = 200, description = "`drafted`", body = Done), Refusals)
)]
pub(super) async fn request(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewOpening>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Request(new)).await
}

/// Drafts a referral. A second person has to confirm it before it is signed.
#[utoipa::path(
    post, path = "/v1/referrals", tag = "work", request_body = NewOpening,
    responses((status = 200, description = "`drafted`", body = Done), Refusals)
)]
pub(super) async fn refer(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewOpening>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Refer(new)).await
}
