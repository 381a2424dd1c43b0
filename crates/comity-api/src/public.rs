//! The log and the witness, for everybody: C2SP `tlog-tiles` and `tlog-witness` over HTTP. On a listener of its own,
//! without tokens, and with nothing of the people's API behind it.
//!
//! ```text
//! GET  /log/<n>/checkpoint            newest head, cosigned       short-lived
//! GET  /log/<n>/checkpoint.witnessed  newest with the quorum      short-lived
//! GET  /log/<n>/tile/<L>/<N>[.p/<W>]  hashes                      for ever
//! POST /witness/add-checkpoint        200, 400, 403, 404, 409, 422
//! GET  /witness/<origin>/checkpoint   what was cosigned last; <origin>: its SHA-256 in hex
//! ```
//! `<n>` is the number of the log: the next log of a member is another tree, and a tile that somebody keeps for ever must
//! never be taken for one of it. Entries are not served: who may read them is a matter of right.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use comity_engine::WitnessAnswer;
use comity_engine::ports::Pending;
use comity_log::limits::ADD_CHECKPOINT_BYTES_MAX;
use comity_log::tile::TileId;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::gate;
use crate::limits::{PUBLIC_REQUESTS_MAX, PUBLIC_SECONDS_MAX};

/// What everybody may see of a node.
pub trait Public: Send + Sync {
    /// Answers an add-checkpoint request. `None`: this node cannot, or does not cosign.
    fn add_checkpoint(&self, body: Vec<u8>) -> Pending<'_, Option<WitnessAnswer>>;

    /// What was cosigned last of the log whose origin has this SHA-256, in lower-case hex.
    fn cosigned(&self, origin_hash: String) -> Pending<'_, Option<String>>;

    /// The number of the log that is published.
    fn log_number(&self) -> u32;

    /// A file of the published log. A tile is there once a published head has all of its hashes, and never changes.
    fn file(&self, file: LogFile) -> Pending<'_, Option<Vec<u8>>>;
}

/// What a published log consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFile {
    /// `checkpoint`
    Checkpoint,
    /// `checkpoint.witnessed`
    Witnessed,
    /// `tile/…`
    Tile(TileId),
}

#[derive(Clone)]
struct Served {
    public: Arc<dyn Public>,
    requests: Arc<Semaphore>,
}

/// The routes.
pub fn public_router(public: Arc<dyn Public>) -> Router {
    let served = Served {
        public,
        requests: Arc::new(Semaphore::new(PUBLIC_REQUESTS_MAX)),
    };
    Router::new()
        .route("/log/{n}/checkpoint", get(checkpoint))
        .route("/log/{n}/checkpoint.witnessed", get(witnessed))
        .route("/log/{n}/tile/{*path}", get(tile))
        .route("/witness/add-checkpoint", post(add_checkpoint))
        .route("/witness/{origin}/checkpoint", get(cosigned))
        .layer(from_fn(gate::trace))
        .with_state(served)
}

async fn checkpoint(State(served): State<Served>, Path(n): Path<String>) -> Response {
    served.file(&n, LogFile::Checkpoint).await
}

async fn witnessed(State(served): State<Served>, Path(n): Path<String>) -> Response {
    served.file(&n, LogFile::Witnessed).await
}

async fn tile(State(served): State<Served>, Path((n, path)): Path<(String, String)>) -> Response {
    // Only the one spelling of a tile that a tree can have is a path at all; `entries/…` is none.
    match format!("tile/{path}").parse() {
        Ok(tile) => served.file(&n, LogFile::Tile(tile)).await,
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn add_checkpoint(State(served): State<Served>, body: Body) -> Response {
    let answer = async {
        let Ok(body) = to_bytes(body, ADD_CHECKPOINT_BYTES_MAX).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        match served.public.add_checkpoint(body.to_vec()).await {
            Some(answer) => answered(&answer),
            None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    };
    served.bounded(answer).await
}

fn answered(answer: &WitnessAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media_type = [(header::CONTENT_TYPE, answer.media_type())];
    (status, media_type, answer.body.clone()).into_response()
}

async fn cosigned(State(served): State<Served>, Path(origin): Path<String>) -> Response {
    let answer = async {
        match served.public.cosigned(origin).await {
            Some(text) => text_of(text.into_bytes()),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    };
    served.bounded(answer).await
}

impl Served {
    async fn file(&self, n: &str, file: LogFile) -> Response {
        if n != self.public.log_number().to_string() {
            return StatusCode::NOT_FOUND.into_response();
        }
        let answer = async {
            match (self.public.file(file).await, file) {
                (None, _) => StatusCode::NOT_FOUND.into_response(),
                (Some(bytes), LogFile::Tile(_)) => with(
                    bytes,
                    "application/octet-stream",
                    "public, max-age=31536000, immutable",
                ),
                (Some(bytes), _) => text_of(bytes),
            }
        };
        self.bounded(answer).await
    }

    /// So many at once, and each so long: who comes on top is asked to come back.
    async fn bounded(&self, answer: impl Future<Output = Response>) -> Response {
        let Ok(_place) = self.requests.try_acquire() else {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        };
        let time = Duration::from_secs(PUBLIC_SECONDS_MAX);
        match timeout(time, answer).await {
            Ok(response) => response,
            Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
        }
    }
}

fn text_of(bytes: Vec<u8>) -> Response {
    with(bytes, "text/plain; charset=utf-8", "public, max-age=1")
}

fn with(bytes: Vec<u8>, media_type: &'static str, cache: &'static str) -> Response {
    let mut response = Body::from(bytes).into_response();
    let headers = response.headers_mut();
    let value = HeaderValue::from_static;
    headers.insert(header::CONTENT_TYPE, value(media_type));
    headers.insert(header::CACHE_CONTROL, value(cache));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, value("nosniff"));
    response
}
