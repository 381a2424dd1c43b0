//! Evidence that a log or the governance contradicts itself.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Query, Shown};
use comity_wire::ids::Hash;

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Caller, Named};
use crate::problem::Problem;

/// Lists the evidence that this node has, and which members have it from here.
#[utoipa::path(
    get, path = "/v1/evidence", tag = "log",
    responses((status = 200, description = "`contradictions`", body = Shown), Refusals)
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(person): Caller,
) -> Result<Json<Shown>, Problem> {
    super::query(&app, person, Query::Contradictions).await
}

/// Shows one piece of evidence with its bytes, which anybody can check.
#[utoipa::path(
    get, path = "/v1/evidence/{evidence}", tag = "log",
    params(("evidence" = String, Path, description = "SHA-256 of the evidence: 64 lower-case hex digits")),
    responses((status = 200, description = "`contradiction`", body = Shown), Refusals)
)]
pub(super) async fn show(
    State(app): State<App>,
    Caller(person): Caller,
    Named(evidence): Named,
) -> Result<Json<Shown>, Problem> {
    let evidence = Hash::from_hex(&evidence)
        .ok_or_else(|| Problem::field("evidence", "64 lower-case hex digits"))?;
    super::query(&app, person, Query::Contradiction(evidence)).await
}
