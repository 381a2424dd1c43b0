//! The console for people, one file for each page. It needs no script; it changes nothing but for a look.
//!
//! ```text
//! login    a token -> a session in memory -> a cookie
//! origin   forms are taken from our own pages only
//! page     the frame around every page, and what is shown when something goes wrong
//! ```
//!
//! A page asks the desk, makes rows of what it says, and hands them to a template (`templates/`). Templates escape
//! everything; what shows itself as HTML ([`crate::words::State`], [`crate::when::Moment`]) escapes or holds digits only.

mod asset;
mod audit;
mod case;
mod drafts;
mod evidence;
mod findings;
mod inbox;
mod list;
mod log;
mod login;
mod look;
mod members;
mod origin;
mod outbox;
mod overview;
mod page;
mod plot;
mod reports;
mod response_times;
pub(crate) mod session;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::app::App;
use crate::limits::FORM_BYTES_MAX;
use crate::problem::Problem;

/// Every address of the console.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/login", get(login::form).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/console.css", get(asset::style))
        .route("/icon.svg", get(asset::icon))
        .route("/", get(overview::page))
        .route("/inbox", get(inbox::page))
        .route("/outbox", get(outbox::page))
        .route("/drafts", get(drafts::page))
        .route("/drafts/{draft}/look", post(look::at_draft))
        .route("/cases/{case}", get(case::page))
        .route("/cases/{case}/items/{n}/look", post(look::at_item))
        .route("/reports", get(reports::page))
        .route("/reports/{report}/look", post(look::at_report))
        .route("/members", get(members::page))
        .route("/log", get(log::page))
        .route("/evidence", get(evidence::page))
        .route("/findings", get(findings::page))
        .route("/response-times", get(response_times::page))
        .route("/response-times.svg", get(response_times::plot))
        .route("/audit", get(audit::page))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

/// There is nothing at this address: for programs under `/v1`, for people elsewhere.
pub(crate) async fn not_found(request: Request) -> Response {
    if request.uri().path().starts_with("/v1") {
        return Problem::no_such_page().into_response();
    }
    page::Failure::Problem(Problem::no_such_page()).into_response()
}
