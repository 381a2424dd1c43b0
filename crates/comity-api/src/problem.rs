//! What is said when something is not done: RFC 9457, with the code, whose move it is and what to do next.
//!
//! No part of a problem is ever taken from what was sent: it may hold a locator.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use comity_engine::error::{Whose, WorkError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::limits::RETRY_AFTER_SECONDS;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) next: &'static str,
    pub(crate) whose: Whose,
}

/// A problem as it is sent (`application/problem+json`, RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = ProblemDetails)]
pub(crate) struct Body {
    /// `urn:comity:problem:<code>`
    r#type: String,
    /// The code in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened.
    detail: String,
    /// The stable code.
    code: &'static str,
    /// What to do next.
    next: &'static str,
    /// Whose move it is: `asker`, `operator` (of this node), `peer` (the other member), `us` (who wrote this).
    whose: &'static str,
}

impl Problem {
    /// Something in what was asked is not right.
    pub(crate) fn asker(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
        next: &'static str,
    ) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            next,
            whose: Whose::Asker,
        }
    }

    /// The node cannot do it now.
    pub(crate) fn operator(code: &'static str, detail: &str, next: &'static str) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code,
            detail: detail.to_owned(),
            next,
            whose: Whose::Operator,
        }
    }

    /// We are wrong.
    pub(crate) fn us(code: &'static str, detail: &str) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code,
            detail: detail.to_owned(),
            next: "report this code and the version of the program to its authors",
            whose: Whose::Us,
        }
    }

    /// A field or parameter has not the form that it should have.
    pub(crate) fn field(field: &'static str, what: &'static str) -> Self {
        WorkError::field(field, what).into()
    }

    /// There is nothing at this address.
    pub(crate) fn no_such_page() -> Self {
        Self::asker(
            StatusCode::NOT_FOUND,
            "no-such-page",
            "there is nothing at this address",
            "start at `/` for the console, or at `/v1/openapi.json` for the API",
        )
    }

    /// The answer of the desk was not to the question.
    pub(crate) fn mismatched() -> Self {
        Self::us("answer-mismatched", "the node answered another question")
    }

    /// Whose move it is, in one word.
    pub(crate) fn whose_word(&self) -> &'static str {
        match self.whose {
            Whose::Asker => "asker",
            Whose::Operator => "operator",
            Whose::Peer => "peer",
            Whose::Us => "us",
        }
    }

    /// The code in words.
    pub(crate) fn title(&self) -> String {
        let words = self.code.replace('-', " ");
        let mut chars = words.chars();
        chars
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
            .unwrap_or_default()
    }
}

impl From<WorkError> for Problem {
    fn from(error: WorkError) -> Self {
        Self {
            status: status_of(error.whose, error.code),
            code: error.code,
            detail: error.message,
            next: error.next,
            whose: error.whose,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: format!("urn:comity:problem:{}", self.code),
            title: self.title(),
            status: self.status.as_u16(),
            whose: self.whose_word(),
            detail: self.detail,
            code: self.code,
            next: self.next,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.code == "busy" {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        }
        response
    }
}

/// The status of a code. Who is at fault decides; for what the asker got wrong, the code decides further.
fn status_of(whose: Whose, code: &str) -> StatusCode {
    match whose {
        Whose::Operator => StatusCode::SERVICE_UNAVAILABLE,
        Whose::Peer => StatusCode::BAD_GATEWAY,
        Whose::Us => StatusCode::INTERNAL_SERVER_ERROR,
        Whose::Asker => STATUSES
            .iter()
            .find(|(known, _)| match known.strip_suffix('*') {
                Some(prefix) => code.starts_with(prefix),
                None => code == *known,
            })
            .map_or(StatusCode::UNPROCESSABLE_ENTITY, |(_, status)| *status),
    }
}

/// What the asker can get wrong. `*` stands for any ending; the first row that fits counts; without one it is 422:
/// understood, and not possible as it is.
const STATUSES: [(&str, StatusCode); 34] = [
    ("bad-*", StatusCode::BAD_REQUEST),
    // What is named is not here.
    ("unknown-*", StatusCode::NOT_FOUND),
    ("not-found", StatusCode::NOT_FOUND),
    ("no-audit-yet", StatusCode::NOT_FOUND),
    ("erased", StatusCode::GONE),
    // The person has no right to it.
    ("own-draft", StatusCode::FORBIDDEN),
    ("not-permitted", StatusCode::FORBIDDEN),
    ("role-forbidden", StatusCode::FORBIDDEN),
    // It does not fit what has happened.
    ("already-*", StatusCode::CONFLICT),
    ("no-opening", StatusCode::CONFLICT),
    ("wrong-side", StatusCode::CONFLICT),
    ("item-*", StatusCode::CONFLICT),
    ("round-final", StatusCode::CONFLICT),
    ("nothing-*", StatusCode::CONFLICT),
    ("may-not-refuse", StatusCode::CONFLICT),
    ("not-the-other-side", StatusCode::CONFLICT),
    ("not-in-past", StatusCode::CONFLICT),
    ("wrong-target", StatusCode::CONFLICT),
    ("no-open-*", StatusCode::CONFLICT),
    ("no-question", StatusCode::CONFLICT),
    ("empty", StatusCode::CONFLICT),
    ("case-full", StatusCode::CONFLICT),
    ("case-closed", StatusCode::CONFLICT),
    ("conflict", StatusCode::CONFLICT),
    ("draft-*", StatusCode::CONFLICT),
    ("returned", StatusCode::CONFLICT),
    ("unplaced", StatusCode::CONFLICT),
    ("roster-*", StatusCode::CONFLICT),
    ("no-roster", StatusCode::CONFLICT),
    ("not-reviewed", StatusCode::CONFLICT),
    ("not-recorded-yet", StatusCode::CONFLICT),
    ("not-registered-yet", StatusCode::CONFLICT),
    ("locator-known", StatusCode::CONFLICT),
    // It is too much.
    ("too-large", StatusCode::PAYLOAD_TOO_LARGE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_move_it_is_decides_the_status_and_then_the_code() {
        let check = |whose, code, status: u16| {
            assert_eq!(status_of(whose, code).as_u16(), status, "{code}");
        };
        check(Whose::Operator, "disk-full", 503);
        check(Whose::Operator, "unknown-case", 503);
        check(Whose::Peer, "unreachable", 502);
        check(Whose::Us, "mismatch", 500);
        check(Whose::Asker, "bad-field", 400);
        check(Whose::Asker, "unknown-case", 404);
        check(Whose::Asker, "erased", 410);
        check(Whose::Asker, "own-draft", 403);
        check(Whose::Asker, "item-withdrawn", 409);
        check(Whose::Asker, "already-open", 409);
        check(Whose::Asker, "emptyish", 422);
        check(Whose::Asker, "no-member-to-ask", 422);
    }

    #[test]
    fn a_title_is_the_code_in_words() {
        assert_eq!(Problem::no_such_page().title(), "No such page");
    }
}
