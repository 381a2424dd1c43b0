//! Coming in with a token, and leaving.

use std::time::Instant;

use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;

use super::origin::SameOrigin;
use super::page::{Page, render};
use super::session;
use crate::app::App;
use crate::tokens;

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    refused: bool,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    token: String,
}

pub(super) async fn form(State(app): State<App>, headers: HeaderMap) -> Page {
    if session::person(&headers, &app).is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    render(&Login { refused: false })
}

pub(super) async fn enter(
    State(app): State<App>,
    _: SameOrigin,
    headers: HeaderMap,
    entry: Result<Form<Entry>, FormRejection>,
) -> Page {
    let token = entry.map(|Form(entry)| entry.token).unwrap_or_default();
    let token = token.trim();
    let known = tokens::has_form(token) && app.config.tokens.person_of(token).is_some();
    if !known {
        let page = render(&Login { refused: true })?;
        return Ok((StatusCode::UNAUTHORIZED, page).into_response());
    }
    // Who logs in again leaves no session behind.
    if let Some(cookie) = session::cookie(&headers) {
        app.sessions.close(cookie);
    }
    let cookie = app.sessions.open(token, Instant::now())?;
    let cookie = session::set_cookie(&headers, Some(&cookie));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

pub(super) async fn leave(State(app): State<App>, _: SameOrigin, headers: HeaderMap) -> Page {
    if let Some(cookie) = session::cookie(&headers) {
        app.sessions.close(cookie);
    }
    let cookie = session::set_cookie(&headers, None);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}
