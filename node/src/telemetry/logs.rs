//! Events as log records of OpenTelemetry: the body is the name of the event, the other fields are attributes.

use std::fmt::Debug;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, Severity};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Hands every event to a logger. The trace and span come from the span that the event is in.
pub(super) struct Logs<L>(pub(super) L);

impl<S, L> Layer<S> for Logs<L>
where
    S: Subscriber,
    L: Logger + Send + Sync + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut record = self.0.create_log_record();
        record.set_target(metadata.target());
        record.set_severity_number(severity(*metadata.level()));
        record.set_severity_text(metadata.level().as_str());
        event.record(&mut Fields(&mut record));
        self.0.emit(record);
    }
}

fn severity(level: Level) -> Severity {
    match level {
        Level::TRACE => Severity::Trace,
        Level::DEBUG => Severity::Debug,
        Level::INFO => Severity::Info,
        Level::WARN => Severity::Warn,
        Level::ERROR => Severity::Error,
    }
}

struct Fields<'a, R>(&'a mut R);

impl<R: LogRecord> Fields<'_, R> {
    fn add(&mut self, field: &Field, value: AnyValue) {
        if field.name() == "event" {
            self.0.set_body(value);
        } else {
            self.0.add_attribute(field.name(), value);
        }
    }
}

impl<R: LogRecord> Visit for Fields<'_, R> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned().into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        // OpenTelemetry has signed numbers only; none of ours comes near the end of them.
        self.add(field, i64::try_from(value).unwrap_or(i64::MAX).into());
    }
}
