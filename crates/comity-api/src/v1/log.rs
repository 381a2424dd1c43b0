//! The log and proofs from it.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Query, RecordsAsked, Shown};
use comity_wire::ids::StatementId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asks, Caller, Named};
use crate::problem::Problem;

/// Shows the signed head of this member's log and the key that verifies it.
#[utoipa::path(
    get, path = "/v1/log", tag = "log",
    responses((status = 200, description = "`log`", body = Shown), Refusals)
)]
pub(super) async fn show(
    State(app): State<App>,
    Caller(person): Caller,
) -> Result<Json<Shown>, Problem> {
    super::query(&app, person, Query::Log).await
}

/// Proves that a statement is in the log.
#[utoipa::path(
    get, path = "/v1/log/proofs/{statement}", tag = "log",
    params(("statement" = String, Path, description = "The statement: 64 lower-case hex digits")),
    responses((status = 200, description = "`proof`", body = Shown), Refusals)
)]
pub(super) async fn prove(
    State(app): State<App>,
    Caller(person): Caller,
    Named(statement): Named,
) -> Result<Json<Shown>, Problem> {
    let statement = StatementId::from_hex(&statement)
        .ok_or_else(|| Problem::field("statement", "64 lower-case hex digits"))?;
    super::query(&app, person, Query::Prove(statement)).await
}

/// Which records.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Indices {
    /// Indices of records, with commas; at most 256 of this member's log, 2048 of another.
    index: String,
    /// The origin of another member's log, as the last audit has pulled it; absent: this member's own.
    log: Option<String>,
    /// Prove under the head of this size; absent: under the newest. Of another log it is always the head of the audit.
    size: Option<u64>,
}

/// Shows records of this member's log, or of one that it has audited, with their facts, each with its proof.
#[utoipa::path(
    get, path = "/v1/log/records", tag = "log", params(Indices),
    responses((status = 200, description = "`records`", body = Shown), Refusals)
)]
pub(super) async fn records(
    State(app): State<App>,
    Caller(person): Caller,
    Asks(asked): Asks<Indices>,
) -> Result<Json<Shown>, Problem> {
    let indices: Result<Vec<u64>, _> = asked.index.split(',').map(str::parse).collect();
    let indices = indices.map_err(|_| Problem::field("index", "numbers, with commas"))?;
    let records = RecordsAsked {
        log: asked.log,
        indices,
        size: asked.size,
    };
    super::query(&app, person, Query::Records(records)).await
}
