//! The log and the witness for everybody: the paths, bodies and status codes of C2SP.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use comity_api::{LogFile, Public, public_router};
use comity_engine::WitnessAnswer;
use comity_engine::ports::Pending;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// A node that shows what it was asked for.
pub(crate) struct Asked;

impl Public for Asked {
    fn add_checkpoint(&self, body: Vec<u8>) -> Pending<'_, Option<WitnessAnswer>> {
        let body = String::from_utf8(body).unwrap();
        let status = body.trim_end().parse().ok();
        let answer = status.map(|status| WitnessAnswer { status, body });
        Box::pin(std::future::ready(answer))
    }

    fn cosigned(&self, origin_hash: String) -> Pending<'_, Option<String>> {
        let known = (origin_hash == "ab".repeat(32)).then(|| "cosigned".to_owned());
        Box::pin(std::future::ready(known))
    }

    fn log_number(&self) -> u32 {
        2
    }

    fn file(&self, file: LogFile) -> Pending<'_, Option<Vec<u8>>> {
        let shown = match file {
            LogFile::Checkpoint => Some("newest".to_owned()),
            LogFile::Witnessed => None,
            LogFile::Tile(tile) => Some(tile.to_string()),
        };
        Box::pin(std::future::ready(shown.map(String::into_bytes)))
    }
}

/// Status, media type, how long it may be kept, and body.
async fn ask(method: &str, path: &str, body: String) -> (StatusCode, String, String, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::from(body)).unwrap();
    let response = public_router(Arc::new(Asked))
        .oneshot(request)
        .await
        .unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    };
    let (media_type, cache) = (header("content-type"), header("cache-control"));
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8(bytes.to_vec()).unwrap();
    (status, media_type, cache, body)
}

const TEXT: &str = "text/plain; charset=utf-8";

#[tokio::test]
async fn a_log_is_served_as_hashes_and_heads_and_nothing_else() {
    let check = async |path: &str, status: u16, media_type: &str, cache: &str, body: &str| {
        let found = ask("GET", path, String::new()).await;
        let expected = (
            StatusCode::from_u16(status).unwrap(),
            media_type.to_owned(),
            cache.to_owned(),
            body.to_owned(),
        );
        assert_eq!(found, expected, "{path}");
    };
    check(
        "/log/2/checkpoint",
        200,
        TEXT,
        "public, max-age=1",
        "newest",
    )
    .await;
    check("/log/2/checkpoint.witnessed", 404, "", "", "").await;
    let (binary, forever) = (
        "application/octet-stream",
        "public, max-age=31536000, immutable",
    );
    for tile in ["tile/0/000", "tile/0/x001/234", "tile/1/000.p/7"] {
        check(&format!("/log/2/{tile}"), 200, binary, forever, tile).await;
    }
    for path in [
        "tile/entries/000",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/..%2f..%2fcheckpoint",
        "tile/0/000/../../checkpoint",
        "tile/",
        "entries/000",
        "identity.toml",
        // A number has one spelling, and another log of the member is not here.
        "../1/checkpoint",
        "../02/checkpoint",
        "../1/tile/0/000",
        "../checkpoint",
    ] {
        let path = format!("/log/2/{path}").replace("/2/..", "");
        let (status, ..) = ask("GET", &path, String::new()).await;
        assert_eq!(status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_witness_answers_over_http_what_it_answers_members() {
    for (status, media_type) in [
        (200, TEXT),
        (400, TEXT),
        (403, TEXT),
        (404, TEXT),
        (409, "text/x.tlog.size"),
        (422, TEXT),
    ] {
        let body = format!("{status}\n");
        let (found, media, _, said) = ask("POST", "/witness/add-checkpoint", body.clone()).await;
        assert_eq!(
            (found.as_u16(), media.as_str(), said),
            (status, media_type, body)
        );
    }
    // The longest request that there can be is taken, and one byte more is not.
    let longest = comity_log::limits::ADD_CHECKPOINT_BYTES_MAX;
    for (length, status) in [(longest, 503), (longest + 1, 413)] {
        let body = "x".repeat(length);
        let (found, ..) = ask("POST", "/witness/add-checkpoint", body).await;
        assert_eq!(found, status, "{length}");
    }
    let (found, ..) = ask("GET", "/witness/add-checkpoint", String::new()).await;
    assert_eq!(found, 405);
    let known = format!("/witness/{}/checkpoint", "ab".repeat(32));
    let (found, media, cache, said) = ask("GET", &known, String::new()).await;
    let expected = (200, TEXT, "public, max-age=1", "cosigned");
    assert_eq!(
        (
            found.as_u16(),
            media.as_str(),
            cache.as_str(),
            said.as_str()
        ),
        expected
    );
    let (found, ..) = ask("GET", "/witness/00/checkpoint", String::new()).await;
    assert_eq!(found, 404);
}
