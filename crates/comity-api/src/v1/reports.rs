//! Figures from this node's own records, or from those of its last audit.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Query, Shown};
use comity_report::{Dimension, Source, Wish};
use comity_wire::words::TimeMs;
use serde::Deserialize;
use utoipa::IntoParams;

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asks, Caller};
use crate::problem::Problem;

/// What a report is asked for. Without any of them the answer is `response-times`, with one it is `report`.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Only what began at or after this time: milliseconds since 1970 (UTC).
    from: Option<TimeMs>,
    /// Only what began before this time.
    until: Option<TimeMs>,
    /// Groups: some of `member`, `requester`, `kind`, `urgency`, `jurisdiction`, `standing`, `clock`, with commas;
    /// `all` for one group.
    by: Option<String>,
    /// Whose records: `own`, or `audit` for the logs of the last audit.
    source: Option<String>,
    /// Whether the pages of a document are wanted: weeks and distributions, for everything and each recipient.
    pages: Option<bool>,
    /// Whether the cases of each group are wanted, with the records that prove them.
    cases: Option<bool>,
}

/// Shows how long each step took, by clock.
#[utoipa::path(
    get, path = "/v1/reports/response-times", tag = "see", params(Asked),
    responses((status = 200, description = "`response-times` or `report`", body = Shown), Refusals)
)]
pub(super) async fn response_times(
    State(app): State<App>,
    Caller(person): Caller,
    Asks(asked): Asks<Asked>,
) -> Result<Json<Shown>, Problem> {
    let query = asked.query()?;
    super::query(&app, person, query).await
}

/// Shows public figures: nothing of a case, small cells hidden so that they cannot be computed.
#[utoipa::path(
    get, path = "/v1/reports/transparency", tag = "see", params(Period),
    responses((status = 200, description = "`transparency`", body = Shown), Refusals)
)]
pub(super) async fn transparency(
    State(app): State<App>,
    Caller(person): Caller,
    Asks(asked): Asks<Period>,
) -> Result<Json<Shown>, Problem> {
    let wish = Wish {
        from: asked.from,
        until: asked.until,
        source: asked.source.as_deref().map_or(Ok(Source::Own), source_of)?,
        ..Wish::default()
    };
    super::query(&app, person, Query::Transparency(wish)).await
}

/// Which period, and whose records.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Period {
    /// Only what began at or after this time: milliseconds since 1970 (UTC).
    from: Option<TimeMs>,
    /// Only what began before this time.
    until: Option<TimeMs>,
    /// Whose records: `own`, or `audit` for the logs of the last audit.
    source: Option<String>,
}

impl Asked {
    fn query(self) -> Result<Query, Problem> {
        let Self {
            from,
            until,
            by,
            source,
            pages,
            cases,
        } = self;
        let times = from.is_some() || until.is_some();
        if !times && by.is_none() && source.is_none() && pages.is_none() && cases.is_none() {
            return Ok(Query::ResponseTimes);
        }
        Ok(Query::Report(Wish {
            from,
            until,
            by: by.as_deref().map_or(Ok(Vec::new()), dimensions)?,
            source: source.as_deref().map_or(Ok(Source::Own), source_of)?,
            pages: pages.unwrap_or_default(),
            cases: cases.unwrap_or_default(),
        }))
    }
}

fn dimensions(by: &str) -> Result<Vec<Dimension>, Problem> {
    let names = by
        .split(',')
        .filter(|name| !name.is_empty() && *name != "all");
    let found: Option<Vec<_>> = names.map(Dimension::find).collect();
    found.ok_or_else(|| {
        Problem::field(
            "by",
            "some of member, requester, kind, urgency, jurisdiction, standing, clock",
        )
    })
}

fn source_of(name: &str) -> Result<Source, Problem> {
    Source::find(name).ok_or_else(|| Problem::field("source", "own or audit"))
}
