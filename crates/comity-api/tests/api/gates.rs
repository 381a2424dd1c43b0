//! What every request goes through.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::fake::ANNA;
use crate::talk::{Node, request, with_token};

#[tokio::test]
async fn a_request_for_another_host_is_turned_away() {
    let node = Node::new();
    let check = async |hosts: &[&str], uri: &str, ours: bool| {
        let mut request = with_token(Request::builder().uri(uri));
        for host in hosts {
            request = request.header("host", *host);
        }
        let answer = node.send(request.body(Body::empty()).unwrap()).await;
        if ours {
            assert_eq!(answer.status, StatusCode::OK, "{hosts:?} {uri}");
        } else {
            assert_eq!(
                answer.status,
                StatusCode::MISDIRECTED_REQUEST,
                "{hosts:?} {uri}"
            );
            assert_eq!(answer.problem(), "host-unknown");
            assert!(!answer.text.contains("attacker"));
        }
    };
    for path in ["/v1/items", "/healthz", "/login", "/console.css"] {
        check(&["localhost:8640"], path, true).await;
        check(&["[::1]:8640"], path, true).await;
        check(&["node.north.example"], path, true).await;
        check(&["attacker.example"], path, false).await;
        check(&["attacker.example:8640"], path, false).await;
        check(&[""], path, false).await;
        check(&[], path, false).await;
    }
    check(&["localhost"], "http://attacker.example/v1/items", false).await;
    check(&["attacker.example"], "http://localhost/v1/items", false).await;
    check(&["localhost"], "http://localhost/v1/items", true).await;
}

#[tokio::test]
async fn every_answer_forbids_scripts_frames_caches_and_referrers() {
    let node = Node::new();
    let cookie = node.login(ANNA).await;
    let mut answers = Vec::new();
    for path in [
        "/",
        "/login",
        "/inbox",
        "/console.css",
        "/icon.svg",
        "/response-times.svg",
        "/nothing",
    ] {
        answers.push(node.page(path, Some(&cookie)).await);
    }
    answers.push(node.get("/v1/items").await);
    answers.push(node.get("/v1/nothing").await);
    answers.push(node.page("/healthz", None).await);
    answers.push(
        node.send(Request::builder().uri("/").body(Body::empty()).unwrap())
            .await,
    );
    for answer in answers {
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with(
            "default-src 'none'; style-src 'self'; form-action 'self'; img-src 'self'"
        ));
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn too_many_at_once_are_told_to_come_again_and_the_health_is_answered_still() {
    use comity_api::limits::REQUESTS_MAX;
    let node = Node::new();
    // Bodies that never come hold their requests.
    let mut held = Vec::new();
    for _ in 0..REQUESTS_MAX {
        let request =
            with_token(request("POST", "/v1/looks")).header("content-type", "application/json");
        let body = Body::from_stream(Forever);
        let mut waits = Box::pin(node.send(request.body(body).unwrap()));
        assert!(poll_once(&mut waits).is_none());
        held.push(waits);
    }
    let answer = node.get("/v1/items").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.problem(), "busy");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(node.page("/healthz", None).await.status, StatusCode::OK);
    held.pop();
    assert_eq!(node.get("/v1/items").await.status, StatusCode::OK);
}

#[tokio::test]
async fn imports_hold_only_so_many_files_in_memory() {
    use comity_api::limits::IMPORTS_MAX;
    let node = Node::new();
    let mut held = Vec::new();
    for _ in 0..IMPORTS_MAX {
        let request = with_token(request("POST", "/v1/imports?file=a"));
        let mut waits = Box::pin(node.send(request.body(Body::from_stream(Forever)).unwrap()));
        assert!(poll_once(&mut waits).is_none());
        held.push(waits);
    }
    let another = async || {
        let request = with_token(request("POST", "/v1/imports?file=a"));
        node.send(request.body(Body::from("x")).unwrap()).await
    };
    assert_eq!(another().await.problem(), "busy");
    assert_eq!(node.get("/v1/items").await.status, StatusCode::OK);
    held.pop();
    assert_eq!(another().await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_ends_is_ended() {
    let node = Node::new();
    let request =
        with_token(request("POST", "/v1/looks")).header("content-type", "application/json");
    let answer = node
        .send(request.body(Body::from_stream(Forever)).unwrap())
        .await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.problem(), "request-time");
}

/// A body that never comes.
struct Forever;

impl futures::Stream for Forever {
    type Item = Result<Vec<u8>, std::io::Error>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Pending
    }
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(future).poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
