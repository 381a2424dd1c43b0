//! What a node tells its operator: structured events on standard error, and traces, metrics and logs over OTLP/HTTP
//! when `OTEL_EXPORTER_OTLP_ENDPOINT` is set. The names and fields of events are a contract: `docs/EVENTS.md`.
//!
//! ```text
//! tracing event -> filter (COMITY_LOG)  -> lines    standard error, for people or (COMITY_LOG_FORMAT=json) programs
//!                                      \-> logs     OTLP: events of our own crates only
//!               -> our own, from debug  -> metrics  events and spans counted and timed
//! tracing span  -> our own, from debug  -> traces   OTLP
//! ```
//! Without the endpoint there is only the first line: no exporter, no thread. With it, three threads of the SDK send
//! what waits in bounded queues; what does not fit is dropped, so that a collector that is down slows nobody.

mod collector;
mod filter;
mod logs;
mod metrics;
mod otlp;

use std::env;
use std::sync::mpsc;
use std::time::Duration;

use comity_net::Network;
use comity_wire::ids::MemberId;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::error::Failure;
use crate::limits::TELEMETRY_STOP_MS_MAX;
use crate::telemetry::otlp::Otlp;

/// What is written to standard error: levels, as in `info,comity.net=debug`. A level alone is that of our own events.
pub const LEVELS: &str = "COMITY_LOG";

/// How it is written: `text` (if it is not set) or `json`.
pub const FORMAT: &str = "COMITY_LOG_FORMAT";

/// Where the collector is: `http://host:4318`. Not set: nothing is sent.
pub const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// What has been started. [`Telemetry::stop`] sends what waits.
#[derive(Debug)]
pub struct Telemetry {
    otlp: Option<Otlp>,
}

/// Starts telemetry, unless a subscriber is set already.
///
/// # Errors
/// [`LEVELS`], [`FORMAT`] or [`ENDPOINT`] is not understood. That a collector is not there is no error.
pub fn start(member: &MemberId) -> Result<Telemetry, Failure> {
    let written = filter::from_levels(variable(LEVELS).as_deref().unwrap_or("info"))?;
    let lines = lines(variable(FORMAT).as_deref())?.with_filter(written.clone());
    let registry = tracing_subscriber::registry();
    // A program that has set a subscriber of its own keeps it.
    let Some(endpoint) = endpoint() else {
        let _ = registry.with(lines).try_init();
        return Ok(Telemetry { otlp: None });
    };
    let otlp = Otlp::start(&endpoint, member)?;
    let traces = otlp.traces().with_filter(filter::own_spans());
    let metrics = otlp.measured().with_filter(filter::own());
    let logs = otlp.logs().with_filter(filter::OwnEvents(written));
    let _ = registry
        .with(lines)
        .with(traces)
        .with(metrics)
        .with(logs)
        .try_init();
    Ok(Telemetry { otlp: Some(otlp) })
}

impl Telemetry {
    /// Adds the counters of a node's network to what is measured.
    pub fn watch(&self, network: &Network) {
        if let Some(otlp) = &self.otlp {
            metrics::watch(otlp.meter(), network);
        }
    }

    /// Sends what waits, for at most [`TELEMETRY_STOP_MS_MAX`]. Blocks the thread for so long.
    pub fn stop(self) {
        let Some(otlp) = self.otlp else { return };
        let (tell, hear) = mpsc::channel();
        let stopping = std::thread::Builder::new()
            .name("telemetry-stop".to_owned())
            .spawn(move || {
                otlp.stop();
                // Nobody waits any more: then nobody has to know.
                let _ = tell.send(());
            });
        if stopping.is_ok() {
            let _ = hear.recv_timeout(Duration::from_millis(TELEMETRY_STOP_MS_MAX));
        }
    }
}

/// Events as lines on standard error.
fn lines<S>(format: Option<&str>) -> Result<Box<dyn Layer<S> + Send + Sync>, Failure>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        None | Some("text") => Ok(lines.with_ansi(false).boxed()),
        Some("json") => Ok(lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed()),
        Some(_) => Err(Failure::new(
            "bad-log-format",
            format!("{FORMAT} is neither `text` nor `json`."),
            "Set it to one of the two, or not at all.",
        )),
    }
}

/// As OpenTelemetry has it, an empty variable is one that is not set.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where to send to, if anything is to be sent.
fn endpoint() -> Option<String> {
    let disabled = variable("OTEL_SDK_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"));
    variable(ENDPOINT).filter(|_| !disabled)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn lines_are_text_or_json() {
        let check = |format, expected: Option<&str>| {
            let code = lines::<tracing_subscriber::Registry>(format).err();
            assert_eq!(code.map(|failure| failure.code), expected, "{format:?}");
        };
        check(None, None);
        check(Some("text"), None);
        check(Some("json"), None);
        check(Some("yaml"), Some("bad-log-format"));
        check(Some("JSON"), Some("bad-log-format"));
    }
}
