//! Forms are taken from our own pages only: a cookie goes with a request whoever's page made it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};

use super::page::Failure;
use super::session::host;
use crate::app::App;
use crate::problem::Problem;

/// The request comes from a page of this console.
pub(crate) struct SameOrigin;

impl FromRequestParts<App> for SameOrigin {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Failure> {
        if is_same(&parts.headers) {
            return Ok(Self);
        }
        Err(Failure::Problem(Problem::asker(
            StatusCode::FORBIDDEN,
            "cross-site",
            "the form was not sent from a page of this console",
            "open the page in this console and use its button; nothing was done",
        )))
    }
}

/// `Sec-Fetch-Site` says it where the browser sends it (the page's own policy makes `Origin` be `null` then); otherwise
/// `Origin` has to be ours. A request with neither is not from a browser that can be trusted with a cookie.
fn is_same(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site");
    let origin = text("origin");
    let ours = || {
        let origin = origin?.parse::<Uri>().ok()?;
        Some(origin.authority()? == &host(headers)?)
    };
    match (site, origin) {
        (Some("same-origin"), None | Some("null")) => true,
        (Some("same-origin") | None, Some(_)) => ours().unwrap_or(false),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_form_of_another_page_is_not_ours() {
        let check = |site: Option<&str>, origin: Option<&str>, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert("host", "127.0.0.1:8640".parse().unwrap());
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            if let Some(origin) = origin {
                headers.insert("origin", origin.parse().unwrap());
            }
            assert_eq!(is_same(&headers), expected, "{site:?} {origin:?}");
        };
        check(Some("same-origin"), None, true);
        check(Some("same-origin"), Some("null"), true);
        check(Some("same-origin"), Some("http://127.0.0.1:8640"), true);
        check(None, Some("http://127.0.0.1:8640"), true);
        check(Some("same-origin"), Some("http://attacker.example"), false);
        // Another port of this machine.
        check(Some("same-site"), Some("http://127.0.0.1:9999"), false);
        check(Some("same-site"), None, false);
        check(Some("cross-site"), Some("null"), false);
        check(Some("cross-site"), Some("http://127.0.0.1:8640"), false);
        check(Some("none"), None, false);
        check(None, Some("http://127.0.0.1:9999"), false);
        check(None, Some("null"), false);
        check(None, Some("http://attacker.example"), false);
        check(None, None, false);
    }
}
