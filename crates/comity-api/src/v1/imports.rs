//! Files of reports.

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header;
use comity_engine::desk::{Done, NewImport, Work};
use serde::Deserialize;
use utoipa::IntoParams;

use super::openapi::Refusals;
use crate::app::App;
use crate::ask::{Asks, Caller, Raw, has_type, wrong_type};
use crate::gate::busy;
use crate::limits::FILE_NAME_CHARS_MAX;
use crate::problem::Problem;

/// What a file of reports may be called by who sends it. What it is, its content tells.
const TYPES: [&str; 6] = [
    "application/octet-stream",
    "application/x-ndjson",
    "application/jsonl",
    "application/json",
    "text/csv",
    "text/plain",
];

/// Which file.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct File {
    /// Its name, without folders, for messages.
    file: String,
}

/// Takes in a file of reports: XARF 4 JSON lines or the hotline CSV. Good lines are taken, bad ones are listed, and a
/// second time changes nothing.
#[utoipa::path(
    post, path = "/v1/imports", tag = "work", params(File),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file as it is"),
    responses((status = 200, description = "`imported`", body = Done), Refusals)
)]
pub(super) async fn import(
    State(app): State<App>,
    Caller(person): Caller,
    Asks(File { file }): Asks<File>,
    request: Request,
) -> Result<Json<Done>, Problem> {
    if !is_file_name(&file) {
        return Err(Problem::field(
            "file",
            "the name of a file, without folders, of at most 255 characters",
        ));
    }
    let typed = request.headers().contains_key(header::CONTENT_TYPE);
    if typed && !has_type(request.headers(), &TYPES) {
        return Err(wrong_type(
            "send the file as it is, as `application/octet-stream`",
        ));
    }
    // Before the body is read: each import is in memory as a whole.
    let Ok(_permit) = app.imports.try_acquire() else {
        return Err(busy());
    };
    let Raw(bytes) = Raw::from_request(request, &app).await?;
    let import = NewImport {
        file,
        bytes: bytes.into(),
    };
    super::work(&app, person, Work::Import(import)).await
}

fn is_file_name(name: &str) -> bool {
    let fits = |c: char| !c.is_control() && c != '/' && c != '\\';
    !name.is_empty() && name.chars().count() <= FILE_NAME_CHARS_MAX && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_one_line_without_folders() {
        let check = |name: &str, expected: bool| assert_eq!(is_file_name(name), expected, "{name}");
        check("reports.jsonl", true);
        check("Berichte Mai.csv", true);
        check("", false);
        check("a/b.csv", false);
        check("a\\b.csv", false);
        check("a\nb.csv", false);
        check(&"a".repeat(255), true);
        check(&"a".repeat(256), false);
    }
}
