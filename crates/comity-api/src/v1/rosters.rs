//! Signed charters and rosters.

use axum::Json;
use axum::extract::State;
use comity_engine::desk::{Done, NewRosters, Work};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;
use utoipa::ToSchema;

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asked, Caller};
use crate::problem::Problem;

/// Signed charters and rosters, in the order of their versions, each in hex.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RosterFiles {
    /// Charters.
    #[serde(default)]
    charters: Vec<String>,
    /// Rosters.
    #[serde(default)]
    rosters: Vec<String>,
}

/// Takes signed charters and rosters. Their signatures decide, not who sends them.
#[utoipa::path(
    post, path = "/v1/rosters", tag = "node", request_body = RosterFiles,
    responses((status = 200, description = "`roster`: the one in force now", body = Done), Refusals)
)]
pub(super) async fn take(
    State(app): State<App>,
    Caller(person): Caller,
    Asked(files): Asked<RosterFiles>,
) -> Result<Json<Done>, Problem> {
    let rosters = NewRosters {
        charters: bytes("charters", files.charters)?,
        rosters: bytes("rosters", files.rosters)?,
    };
    super::work(&app, person, Work::Rosters(rosters)).await
}

fn bytes(field: &'static str, texts: Vec<String>) -> Result<Vec<Vec<u8>>, Problem> {
    texts
        .into_iter()
        .map(|text| HEXLOWER_PERMISSIVE.decode(text.as_bytes()))
        .collect::<Result<_, _>>()
        .map_err(|_| Problem::field(field, "a list of files in hex"))
}
