//! What is said within a case. Signed is not delivered: the answer says only that the statement waits for delivery, or
//! for a second person where the node's configuration wants one.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{
    Done, NewAnswer, NewHold, NewInformation, NewObservation, NewOutcome, NewQuestion, NewRelease,
    NewWithdrawal, Work,
};

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asked, Caller};
use crate::problem::Problem;

/// Answers a request or a referral.
#[utoipa::path(
    post, path = "/v1/answers", tag = "work", request_body = NewAnswer,
    responses((status = 200, description = "`signed` or `drafted`", body = Done), Refusals)
)]
pub(super) async fn answer(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewAnswer>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Answer(new)).await
}

/// Reports what was done, item by item.
#[utoipa::path(
    post, path = "/v1/outcomes", tag = "work", request_body = NewOutcome,
    responses((status = 200, description = "`signed` or `drafted`", body = Done), Refusals)
)]
pub(super) async fn outcome(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewOutcome>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Outcome(new)).await
}

/// Reports what was seen, item by item. The node itself never looks.
#[utoipa::path(
    post, path = "/v1/observations", tag = "work", request_body = NewObservation,
    responses((status = 200, description = "`signed` or `drafted`", body = Done), Refusals)
)]
pub(super) async fn observe(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewObservation>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Observe(new)).await
}

/// Takes a request back, for all items or for some.
#[utoipa::path(
    post, path = "/v1/withdrawals", tag = "work", request_body = NewWithdrawal,
    responses((status = 200, description = "`signed` or `drafted`", body = Done), Refusals)
)]
pub(super) async fn withdraw(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewWithdrawal>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Withdraw(new)).await
}

/// Says that an authority asked to wait.
#[utoipa::path(
    post, path = "/v1/holds", tag = "work", request_body = NewHold,
    responses((status = 200, description = "`signed` or `drafted`", body = Done), Refusals)
)]
pub(super) async fn hold(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewHold>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Hold(new)).await
}

/// Ends the own holds for an authority.
#[utoipa::path(
    post, path = "/v1/releases", tag = "work", request_body = NewRelease,
    responses((status = 200, description = "`signed` or `drafted`", body = Done), Refusals)
)]
pub(super) async fn release(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewRelease>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Release(new)).await
}

/// Asks the other side for what is missing.
#[utoipa::path(
    post, path = "/v1/questions", tag = "work", request_body = NewQuestion,
    responses((status = 200, description = "`signed` or `drafted`", body = Done), Refusals)
)]
pub(super) async fn ask(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewQuestion>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Ask(new)).await
}

/// Answers a question of the other side.
#[utoipa::path(
    post, path = "/v1/information", tag = "work", request_body = NewInformation,
    responses((status = 200, description = "`signed` or `drafted`", body = Done), Refusals)
)]
pub(super) async fn inform(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(new): Asked<NewInformation>,
) -> Result<Json<Done>, Problem> {
    super::work(&app, person, Work::Inform(new)).await
}
