//! Asking the router.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use comity_api::router;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::fake::{ANNA, Fake, config};

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    /// The problem's code, after a look at its form.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let json = self.json();
        let code = json["code"].as_str().unwrap().to_owned();
        assert_eq!(json["type"], format!("urn:comity:problem:{code}"));
        assert_eq!(json["status"], self.status.as_u16());
        for field in ["title", "detail", "next", "whose"] {
            assert!(!json[field].as_str().unwrap().is_empty(), "{field}");
        }
        code
    }
}

/// A node's router over a fake desk.
pub(crate) struct Node {
    pub(crate) desk: Arc<Fake>,
    pub(crate) router: Router,
}

impl Node {
    pub(crate) fn new() -> Self {
        Self::over(Fake::full())
    }

    pub(crate) fn over(desk: Arc<Fake>) -> Self {
        Self {
            router: router(desk.clone(), config()),
            desk,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// A program asks, with Anna's token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(
            with_token(request("GET", path))
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    /// A program sends JSON, with Anna's token.
    pub(crate) async fn post(&self, path: &str, json: &str) -> Answer {
        let request =
            with_token(request("POST", path)).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(json.to_owned())).unwrap())
            .await
    }

    /// Logs in and gives the cookie.
    pub(crate) async fn login(&self, token: &str) -> String {
        let answer = self.form("/login", None, &format!("token={token}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.header("location"), "/");
        let cookie = answer.header("set-cookie");
        cookie.split(';').next().unwrap().to_owned()
    }

    /// A browser asks for a page.
    pub(crate) async fn page(&self, path: &str, cookie: Option<&str>) -> Answer {
        let mut request = request("GET", path);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A browser sends a form from one of our own pages.
    pub(crate) async fn form(&self, path: &str, cookie: Option<&str>, body: &str) -> Answer {
        self.form_from(
            path,
            cookie,
            body,
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        )
        .await
    }

    /// A browser sends a form, with these headers.
    pub(crate) async fn form_from(
        &self,
        path: &str,
        cookie: Option<&str>,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request =
            request("POST", path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }
}

pub(crate) fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "127.0.0.1:8640")
}

pub(crate) fn with_token(request: axum::http::request::Builder) -> axum::http::request::Builder {
    request.header(header::AUTHORIZATION, format!("Bearer {ANNA}"))
}
