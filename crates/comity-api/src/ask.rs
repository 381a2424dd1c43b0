//! What is asked: the token, the query and the body, checked in this order before the desk hears of anything.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use comity_engine::desk::Person;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::problem::Problem;
use crate::tokens;

/// Who asks, by the bearer token (RFC 6750).
pub(crate) struct Caller(pub(crate) Person);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or_else(|| {
            Problem::asker(
                StatusCode::UNAUTHORIZED,
                "token-missing",
                "the request has no bearer token",
                "send `Authorization: Bearer` and the 64 hex digits of a file in the node's tokens folder",
            )
        })?;
        let person = tokens::has_form(token)
            .then(|| app.config.tokens.person_of(token))
            .flatten();
        person.map(Self).ok_or_else(|| {
            Problem::asker(
                StatusCode::UNAUTHORIZED,
                "token-unknown",
                "nobody here has this token",
                "use the token of a person of this node; `comity person add` makes one",
            )
        })
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// A query of known parameters.
pub(crate) struct Asks<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asks<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(asked)| Self(asked))
            .map_err(|_| {
                Problem::asker(
                    StatusCode::BAD_REQUEST,
                    "bad-query",
                    "a parameter after `?` is unknown or has not the form that it should have",
                    "GET /v1/openapi.json lists the parameters of every address",
                )
            })
    }
}

/// A part of the path that is an id.
pub(crate) struct Named(pub(crate) String);

impl FromRequestParts<App> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Path::<String>::from_request_parts(parts, app)
            .await
            .map(|Path(name)| Self(name))
            .map_err(|_| Problem::no_such_page())
    }
}

/// A JSON body.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if !has_type(request.headers(), &["application/json"]) {
            return Err(wrong_type("send the body as `application/json`"));
        }
        let Raw(bytes) = Raw::from_request(request, app).await?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| bad_json(&error))
    }
}

/// A body as it is, within the limit of its route.
pub(crate) struct Raw(pub(crate) Bytes);

impl FromRequest<App> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        Bytes::from_request(request, app)
            .await
            .map(Self)
            .map_err(bad_body)
    }
}

/// Whether the content type is one of these, whatever its parameters.
pub(crate) fn has_type(headers: &HeaderMap, types: &[&str]) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|given| {
            types
                .iter()
                .any(|known| known.eq_ignore_ascii_case(given.trim()))
        })
}

/// The body is of another type.
pub(crate) fn wrong_type(next: &'static str) -> Problem {
    Problem::asker(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "content-type",
        "the body is not of a type that is read here",
        next,
    )
}

fn bad_body(rejection: BytesRejection) -> Problem {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::asker(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "the body is larger than this address takes",
            "send it in parts; nothing of it was read",
        );
    }
    Problem::asker(
        StatusCode::BAD_REQUEST,
        "body-broken",
        "the body ended before its end",
        "send it again; nothing was changed",
    )
}

/// Says where the JSON is wrong, and what was expected there. Never what is there.
fn bad_json(error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    let detail = match expected(&error.to_string()) {
        Some(expected) if error.is_data() => {
            format!("the body does not fit at {place}: {expected}")
        }
        _ if error.is_data() => format!("the body does not fit at {place}"),
        _ => format!("the body is not JSON at {place}"),
    };
    Problem::asker(
        StatusCode::BAD_REQUEST,
        "bad-json",
        detail,
        "GET /v1/openapi.json has the form of every body; nothing was changed",
    )
}

/// What serde expected, in the words of our own types: what follows the last ", expected", which comes after whatever
/// was sent, and a missing field. Only letters, digits and what lists need go through.
fn expected(message: &str) -> Option<String> {
    let message = message.rsplit_once(" at line ").map_or(message, |(m, _)| m);
    let ours = if message.starts_with("missing field `") {
        message.to_owned()
    } else {
        format!("expected {}", message.rsplit_once(", expected ")?.1)
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || " _`,-".contains(c);
    (ours.len() <= 300 && ours.chars().all(plain)).then_some(ours)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use comity_engine::desk::{NewAnswer, NewOpening};

    use super::*;

    fn detail<T: DeserializeOwned>(text: &str) -> String {
        let error = serde_json::from_str::<T>(text).err().unwrap();
        bad_json(&error).detail
    }

    #[test]
    fn bad_json_is_told_by_its_place_and_never_by_what_is_there() {
        let check = |found: String, expected: &str| assert_eq!(found, expected);
        check(
            detail::<NewAnswer>("{\"case\": "),
            "the body is not JSON at line 1, column 9",
        );
        check(
            detail::<NewAnswer>("{\"case\": \"00\"}"),
            "the body does not fit at line 1, column 14: missing field `answer`",
        );
        check(
            detail::<NewOpening>("{\"reported_at\": \"https://canary.example/x, expected y\"}"),
            "the body does not fit at line 1, column 54: expected u64",
        );
        check(
            detail::<NewOpening>("{\n\"https://canary.example/, expected z\": 1}"),
            "the body does not fit at line 2, column 37: expected one of `to`, `capacity`, `urgency`, `reference`, \
             `reported_at`, `items`, `parent`, `text`, `clocks`",
        );
        // What was sent cannot pose as one of our own words: it is followed by them.
        assert!(
            expected("invalid value: string \"a\", expected https://canary.example/").is_none()
        );
    }
}
