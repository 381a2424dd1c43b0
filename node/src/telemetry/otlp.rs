//! Traces, metrics and logs, and the threads that send them.

use std::time::Duration;

use comity_wire::ids::MemberId;
use opentelemetry::KeyValue;
use opentelemetry::logs::LoggerProvider as _;
use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{
    ExporterBuildError, LogExporter, MetricExporter, SpanExporter, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::{SdkLogger, SdkLoggerProvider};
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

use super::ENDPOINT;
use super::collector::Collector;
use super::logs::Logs;
use super::metrics::Measured;
use crate::error::Failure;
use crate::limits::COLLECTOR_TIME_MS_MAX;

/// Who makes the telemetry, in every trace, metric and log.
const SERVICE: &str = "comity";

/// The three providers.
#[derive(Debug)]
pub(super) struct Otlp {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    logs: SdkLoggerProvider,
    meter: Meter,
}

impl Otlp {
    /// Starts the threads. The variables of OpenTelemetry (intervals, headers, sampling, further attributes) hold.
    ///
    /// # Errors
    /// The endpoint is not one of `http`, or a variable asks for what is not built in.
    pub(super) fn start(endpoint: &str, member: &MemberId) -> Result<Self, Failure> {
        if !endpoint.starts_with("http://") {
            return Err(Failure::new(
                "otlp-endpoint-not-http",
                format!("{ENDPOINT} does not begin with `http://`."),
                "Run a collector on this machine or in a protected network, name it there, and let it use TLS from there on.",
            ));
        }
        let collector = Collector::new();
        let resource = Resource::builder()
            .with_service_name(SERVICE)
            .with_attributes([
                KeyValue::new("service.instance.id", member.as_str().to_owned()),
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            ])
            .build();
        let spans = SpanExporter::builder()
            .with_http()
            .with_http_client(collector.clone())
            .build()
            .map_err(not_understood)?;
        let metrics = MetricExporter::builder()
            .with_http()
            .with_http_client(collector.clone())
            .build()
            .map_err(not_understood)?;
        let records = LogExporter::builder()
            .with_http()
            .with_http_client(collector)
            .build()
            .map_err(not_understood)?;
        let traces = SdkTracerProvider::builder()
            .with_batch_exporter(spans)
            .with_resource(resource.clone())
            .build();
        let metrics = SdkMeterProvider::builder()
            .with_periodic_exporter(metrics)
            .with_resource(resource.clone())
            .build();
        let logs = SdkLoggerProvider::builder()
            .with_batch_exporter(records)
            .with_resource(resource)
            .build();
        let meter = metrics.meter(SERVICE);
        Ok(Self {
            traces,
            metrics,
            logs,
            meter,
        })
    }

    /// Spans, with their fields and nothing of where in the source they are.
    pub(super) fn traces<S>(&self) -> OpenTelemetryLayer<S, SdkTracer>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.traces.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
    }

    pub(super) fn measured(&self) -> Measured {
        Measured::new(&self.meter)
    }

    pub(super) fn logs(&self) -> Logs<SdkLogger> {
        Logs(self.logs.logger(SERVICE))
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Sends what waits, each for as long as one request may take.
    pub(super) fn stop(&self) {
        let time = Duration::from_millis(COLLECTOR_TIME_MS_MAX);
        // The operator has been told already that the collector does not answer.
        let _ = self.traces.shutdown_with_timeout(time);
        let _ = self.logs.shutdown_with_timeout(time);
        let _ = self.metrics.shutdown_with_timeout(time);
    }
}

fn not_understood(_: ExporterBuildError) -> Failure {
    Failure::new(
        "otlp-not-understood",
        "a variable that begins with `OTEL_EXPORTER_OTLP_` asks for what cannot be done.",
        "Use the protocol `http/protobuf`, no compression, and an endpoint such as `http://127.0.0.1:4318`.",
    )
}
