//! Cases, drafts, reported locators, and what is on its way.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{CaseFilter, Cursor, Direction, Query, Shown};
use comity_engine::limits::PAGE_ROWS_MAX;
use comity_wire::ids::CaseId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asks, Caller, Named};
use crate::problem::Problem;

/// Where to go on in a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Rows {
    /// The `next` of the page before; absent: from the first row.
    after: Option<u64>,
    /// At most so many rows; at most 200 are given.
    limit: Option<usize>,
}

/// Which cases.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Cases {
    /// The `next` of the page before; absent: from the first row.
    after: Option<u64>,
    /// At most so many rows; at most 200 are given.
    limit: Option<usize>,
    /// Only those that others opened (`in`), or that this member opened (`out`).
    #[param(inline)]
    direction: Option<Direction>,
    /// Only those in which somebody still owes something.
    open: Option<bool>,
}

/// Lists cases, by the journal number of their last change.
#[utoipa::path(
    get, path = "/v1/cases", tag = "see", params(Cases),
    responses((status = 200, description = "`cases`", body = Shown), Refusals)
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(person): Caller,
    Asks(asked): Asks<Cases>,
) -> Result<Json<Shown>, Problem> {
    let filter = CaseFilter {
        cursor: cursor(asked.after, asked.limit),
        direction: asked.direction,
        open: asked.open.unwrap_or(false),
    };
    super::query(&app, person, Query::Cases(filter)).await
}

/// Shows a case: items, deadlines, statements and receipts. Locators are shown by `POST /v1/looks` only.
#[utoipa::path(
    get, path = "/v1/cases/{case}", tag = "see",
    params(("case" = String, Path, description = "The case: 32 lower-case hex digits")),
    responses((status = 200, description = "`case`", body = Shown), Refusals)
)]
pub(super) async fn show(
    State(app): State<App>,
    Caller(person): Caller,
    Named(case): Named,
) -> Result<Json<Shown>, Problem> {
    let case = CaseId::from_hex(&case)
        .ok_or_else(|| Problem::field("case", "32 lower-case hex digits"))?;
    super::query(&app, person, Query::Case(case)).await
}

/// Lists drafts that wait.
#[utoipa::path(
    get, path = "/v1/drafts", tag = "see", params(Rows),
    responses((status = 200, description = "`drafts`", body = Shown), Refusals)
)]
pub(super) async fn drafts(
    State(app): State<App>,
    Caller(person): Caller,
    Asks(rows): Asks<Rows>,
) -> Result<Json<Shown>, Problem> {
    let cursor = cursor(rows.after, rows.limit);
    super::query(&app, person, Query::Drafts(cursor)).await
}

/// Counts reported locators by state.
#[utoipa::path(
    get, path = "/v1/items", tag = "see",
    responses((status = 200, description = "`items`", body = Shown), Refusals)
)]
pub(super) async fn items(
    State(app): State<App>,
    Caller(person): Caller,
) -> Result<Json<Shown>, Problem> {
    super::query(&app, person, Query::Items).await
}

/// Lists what is signed and not delivered, with why.
#[utoipa::path(
    get, path = "/v1/outbox", tag = "see", params(Rows),
    responses((status = 200, description = "`outbox`", body = Shown), Refusals)
)]
pub(super) async fn outbox(
    State(app): State<App>,
    Caller(person): Caller,
    Asks(rows): Asks<Rows>,
) -> Result<Json<Shown>, Problem> {
    let cursor = cursor(rows.after, rows.limit);
    super::query(&app, person, Query::Outbox(cursor)).await
}

fn cursor(after: Option<u64>, limit: Option<usize>) -> Cursor {
    Cursor {
        after,
        limit: limit.map(|rows| rows.clamp(1, PAGE_ROWS_MAX)),
    }
}
