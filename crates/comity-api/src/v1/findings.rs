//! Findings of audits, and the replies to them.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Done, NewFindingReply, Query, Shown, Work};

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asked, Caller};
use crate::problem::Problem;

/// Lists findings of this member about others and of others about this one, and where each stands.
#[utoipa::path(
    get, path = "/v1/findings", tag = "log",
    responses((status = 200, description = "`findings`", body = Shown), Refusals)
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(person): Caller,
) -> Result<Json<Shown>, Problem> {
    super::query(&app, person, Query::Findings).await
}

/// Replies to a finding about this member. The reply is signed, and the first one stands.
#[utoipa::path(
    post, path = "/v1/findings", tag = "work", request_body = NewFindingReply,
    responses((status = 200, description = "`noted`", body = Done), Refusals)
)]
pub(super) async fn reply(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewFindingReply>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::ReplyFinding(new)).await
}
