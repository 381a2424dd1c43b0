//! A second person's word on drafts.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Done, NewReview, Work};

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asked, Caller};
use crate::problem::Problem;

/// Confirms drafts, sends them back or closes them. Each draft has its own answer: look at every `problem`.
#[utoipa::path(
    post, path = "/v1/reviews", tag = "work", request_body = NewReview,
    responses((status = 200, description = "`reviewed`: what became of each draft", body = Done), Refusals)
)]
pub(super) async fn review(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewReview>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Review(new)).await
}
