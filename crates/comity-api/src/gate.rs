//! What every request goes through before anything else looks at it.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use crate::app::App;
use crate::limits::{AUDIT_SECONDS_MAX, REQUEST_SECONDS_MAX};
use crate::problem::Problem;
use crate::v1;

/// What goes with every answer: no scripts, no frames, nothing kept, nothing told to other sites.
const HEADERS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; img-src 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// Sets the security headers.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Notes a request by its route, never by its address: that could hold anything.
pub(crate) async fn trace(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = named(request.method());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("none", MatchedPath::as_str);
    let span = tracing::info_span!(target: "comity.api", "api-request", method, route);
    let served = async {
        let response = next.run(request).await;
        let duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(
            target: "comity.api",
            event = "request-served",
            method,
            route,
            status = response.status().as_u16(),
            duration_us,
        );
        response
    };
    served.instrument(span).await
}

/// A method is any word that an asker likes; only those that have a meaning are noted.
fn named(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Lets through what is meant for this node by name.
pub(crate) async fn host(State(app): State<App>, request: Request, next: Next) -> Response {
    let named = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<Authority>().ok());
    // A request line may name a host too; both have to be ours.
    let line = request.uri().authority();
    let ours = |authority: &Authority| is_ours(authority, &app.config.hosts);
    if named.as_ref().is_some_and(ours) && line.is_none_or(ours) {
        return next.run(request).await;
    }
    Problem::asker(
        StatusCode::MISDIRECTED_REQUEST,
        "host-unknown",
        "the Host header does not name this node",
        "use the loopback address, or have the operator add the name to the node's configuration",
    )
    .into_response()
}

/// Lets through as many as there is room for, each for as long as it may take.
pub(crate) async fn bounded(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == v1::HEALTH {
        return next.run(request).await;
    }
    let seconds = if path == v1::AUDITS {
        AUDIT_SECONDS_MAX
    } else {
        REQUEST_SECONDS_MAX
    };
    let Ok(_permit) = app.requests.try_acquire() else {
        return busy().into_response();
    };
    match tokio::time::timeout(Duration::from_secs(seconds), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::operator(
            "request-time",
            "the request took longer than it may",
            "look whether it was done before sending it again",
        )
        .into_response(),
    }
}

/// There is no room now.
pub(crate) fn busy() -> Problem {
    Problem::operator(
        "busy",
        "as many requests as the node takes at once are in hand",
        "send it again in a second; nothing was changed",
    )
}

/// There is something at this address, but not for this method.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::asker(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "this address does not take this method",
        "GET /v1/openapi.json lists the methods of every address",
    )
}

/// Whether a name means this node.
fn is_ours(authority: &Authority, hosts: &[String]) -> bool {
    is_loopback(authority)
        || hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(authority.host()))
}

/// Whether a name is that of the machine itself.
pub(crate) fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_loopback_and_names_of_the_configuration_are_ours() {
        let hosts = ["node.north.example".to_owned()];
        let check = |host: &str, expected: bool| {
            assert_eq!(is_ours(&host.parse().unwrap(), &hosts), expected, "{host}");
        };
        check("127.0.0.1:8640", true);
        check("127.9.9.9", true);
        check("[::1]:8640", true);
        check("localhost:1", true);
        check("LOCALHOST", true);
        check("node.north.example:443", true);
        check("Node.North.Example", true);
        check("north.example", false);
        check("localhost.attacker.example", false);
        check("127.0.0.1.attacker.example", false);
        check("192.0.2.1", false);
        check("0.0.0.0:8640", false);
        check("user@attacker.example", false);
    }
}
