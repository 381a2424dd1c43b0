//! The way to the collector: one request after the other, on the threads of the SDK, with the HTTP client that the
//! command line uses anyway. It speaks `http` only.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

use crate::limits::{COLLECTOR_ANSWER_BYTES_MAX, COLLECTOR_TIME_MS_MAX};

/// A collector, and whether it took what was sent to it last. Clones are one.
#[derive(Debug, Clone)]
pub(super) struct Collector {
    agent: ureq::Agent,
    reached: Arc<AtomicBool>,
}

impl Collector {
    pub(super) fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_millis(COLLECTOR_TIME_MS_MAX)))
            .max_redirects(0)
            // The collector is named; nobody else is to see what it gets.
            .proxy(None)
            .build();
        Self {
            agent: config.into(),
            reached: Arc::new(AtomicBool::new(true)),
        }
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.agent.run(request.map(|body| body.to_vec()));
        let answered = sent.and_then(|response| {
            let (head, mut body) = response.into_parts();
            let limit = COLLECTOR_ANSWER_BYTES_MAX;
            let body = body.with_config().limit(limit).read_to_vec()?;
            Ok(Response::from_parts(head, Bytes::from(body)))
        });
        self.note(match &answered {
            Ok(response) if response.status().is_success() => None,
            Ok(_) => Some("refused"),
            Err(ureq::Error::Timeout(_)) => Some("timeout"),
            Err(_) => Some("unreachable"),
        });
        Ok(answered?)
    }

    /// Says once that the collector is gone, and once that it is back.
    fn note(&self, trouble: Option<&'static str>) {
        let before = self.reached.swap(trouble.is_none(), Ordering::Relaxed);
        match trouble {
            Some(code) if before => {
                tracing::warn!(target: "comity.node", event = "collector-lost", code);
            }
            None if !before => {
                tracing::info!(target: "comity.node", event = "collector-back");
            }
            _ => {}
        }
    }
}

impl HttpClient for Collector {
    // As `async_trait` would write it.
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(std::future::ready(self.send(request)))
    }
}
