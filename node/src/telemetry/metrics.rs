//! What is counted and timed. Most of it is made of events and spans, so that no other crate knows OpenTelemetry;
//! what the network counts itself is read from it. Attributes are codes, kinds and routes: never an id, so that there
//! are few of them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Instant;

use comity_net::{Network, Protocol, ProtocolStats};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Upper bounds in seconds: a commit is one fdatasync, a delivery may wait a minute.
const SECONDS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0,
];

/// Upper bounds in records: batches form by themselves under load.
const RECORDS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0, 2_048.0];

/// A layer that turns events and spans into measurements.
#[derive(Debug)]
pub(super) struct Measured {
    /// By the name of the event, which fields become attributes.
    counted: BTreeMap<&'static str, (Counter<u64>, &'static [&'static str])>,
    /// By the name of the span.
    timed: BTreeMap<&'static str, (Histogram<f64>, &'static [&'static str])>,
    records: Gauge<u64>,
    waiting: Gauge<u64>,
    batch: Histogram<u64>,
}

impl Measured {
    pub(super) fn new(meter: &Meter) -> Self {
        let counter = |name, unit, description| {
            let builder = meter.u64_counter(name);
            builder
                .with_unit(unit)
                .with_description(description)
                .build()
        };
        let seconds = |name, description| {
            let builder = meter.f64_histogram(name).with_unit("s");
            let builder = builder.with_boundaries(SECONDS.to_vec());
            builder.with_description(description).build()
        };
        let gauge = |name, unit, description| {
            let builder = meter.u64_gauge(name);
            builder
                .with_unit(unit)
                .with_description(description)
                .build()
        };
        let signed = counter(
            "comity.statements.signed",
            "{statement}",
            "Statements that were signed here",
        );
        let received = counter(
            "comity.statements.received",
            "{statement}",
            "Statements of others that were registered here",
        );
        let refused = counter(
            "comity.statements.refused",
            "{statement}",
            "Statements of others that were refused with a signature",
        );
        let turned_away = counter(
            "comity.statements.turned_away",
            "{statement}",
            "Statements of others that got a code without a signature",
        );
        let delivered = counter(
            "comity.statements.delivered",
            "{statement}",
            "Own statements whose receipt was believed",
        );
        let turned_down = counter(
            "comity.statements.turned_down",
            "{statement}",
            "Own statements that the recipient refused for good",
        );
        let given_up = counter(
            "comity.statements.given_up",
            "{statement}",
            "Own statements that are not tried any more",
        );
        let receipts_refused = counter(
            "comity.receipts.refused",
            "{receipt}",
            "Receipts that do not prove what they should",
        );
        let unreached = counter(
            "comity.members.unreached",
            "{delivery}",
            "Deliveries that nobody answered",
        );
        let rebuilt = counter(
            "comity.views.rebuilt",
            "{rebuild}",
            "Times that the views were made again from the journal",
        );
        let served = counter("comity.api.requests", "{request}", "Requests to the API");
        let kind = &["kind"][..];
        let code = &["code"][..];
        let kind_and_code = &["kind", "code"][..];
        Self {
            counted: BTreeMap::from([
                ("statement-signed", (signed, kind)),
                ("statement-received", (received, kind)),
                ("statement-refused", (refused, code)),
                ("statement-turned-away", (turned_away, code)),
                ("statement-delivered", (delivered, kind)),
                ("statement-turned-down", (turned_down, kind_and_code)),
                ("statement-given-up", (given_up, kind_and_code)),
                ("receipt-refused", (receipts_refused, code)),
                ("member-unreached", (unreached, code)),
                ("views-rebuilt", (rebuilt, &[])),
                ("request-served", (served, &["method", "route", "status"])),
            ]),
            timed: BTreeMap::from([
                (
                    "commit",
                    (
                        seconds(
                            "comity.commit.duration",
                            "From a full batch to a durable one",
                        ),
                        &[][..],
                    ),
                ),
                (
                    "exchange",
                    (
                        seconds(
                            "comity.exchange.duration",
                            "From a request of a member to the reply",
                        ),
                        &[],
                    ),
                ),
                (
                    "delivery",
                    (
                        seconds(
                            "comity.delivery.duration",
                            "From a request to a member to what became of it, recorded",
                        ),
                        &[],
                    ),
                ),
                (
                    "api-request",
                    (
                        seconds(
                            "comity.api.duration",
                            "From a request to the API to its answer",
                        ),
                        &["method", "route"],
                    ),
                ),
            ]),
            records: gauge("comity.log.records", "{record}", "Records in the log"),
            waiting: gauge(
                "comity.outbox.waiting",
                "{statement}",
                "Own statements that wait for their delivery",
            ),
            batch: meter
                .u64_histogram("comity.commit.records")
                .with_unit("{record}")
                .with_description("Records of one commit")
                .with_boundaries(RECORDS.to_vec())
                .build(),
        }
    }
}

impl<S> Layer<S> for Measured
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut seen = Seen::default();
        event.record(&mut seen);
        if let Some((counter, fields)) = self.counted.get(seen.event.as_str()) {
            counter.add(1, &seen.attributes(fields));
        }
        let number = |name| seen.numbers.get(name).copied();
        if let "committed" | "journal-opened" = seen.event.as_str() {
            if let Some(size) = number("size") {
                self.records.record(size, &[]);
            }
            if let Some(waiting) = number("waiting") {
                self.waiting.record(waiting, &[]);
            }
            if let Some(records) = number("records") {
                self.batch.record(records, &[]);
            }
        }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, within: Context<'_, S>) {
        let timed = self.timed.get(attributes.metadata().name());
        if let (Some((_, fields)), Some(span)) = (timed, within.span(id)) {
            let mut seen = Seen::default();
            attributes.record(&mut seen);
            let begun = Begun(Instant::now(), seen.attributes(fields));
            span.extensions_mut().insert(begun);
        }
    }

    fn on_close(&self, id: Id, within: Context<'_, S>) {
        let Some(span) = within.span(&id) else { return };
        if let (Some((histogram, _)), Some(Begun(at, attributes))) =
            (self.timed.get(span.name()), span.extensions().get())
        {
            histogram.record(at.elapsed().as_secs_f64(), attributes);
        }
    }
}

/// When a span began, and its attributes.
struct Begun(Instant, Vec<KeyValue>);

/// The fields of an event or a span.
#[derive(Default)]
struct Seen {
    event: String,
    words: BTreeMap<&'static str, String>,
    numbers: BTreeMap<&'static str, u64>,
}

impl Seen {
    fn attributes(&self, fields: &[&'static str]) -> Vec<KeyValue> {
        let attributes = fields.iter().filter_map(|field| {
            let word = self.words.get(field).cloned();
            let number = || self.numbers.get(field).map(ToString::to_string);
            word.or_else(number)
                .map(|value| KeyValue::new(*field, value))
        });
        attributes.collect()
    }
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "event" {
            value.clone_into(&mut self.event);
        } else {
            self.words.insert(field.name(), value.to_owned());
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.numbers.insert(field.name(), value);
    }

    // Ids are written so; they are no attributes of a metric.
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// Reads the counters of a network whenever metrics are sent.
pub(super) fn watch(meter: &Meter, network: &Network) {
    let of = network.clone();
    let _ = meter
        .u64_observable_counter("comity.peer.requests")
        .with_unit("{request}")
        .with_description("Requests of other peers, by protocol and what became of them")
        .with_callback(move |observer| {
            for protocol in Protocol::ALL {
                for (result, count) in results(&of.stats().protocol(protocol)) {
                    let protocol = KeyValue::new("protocol", protocol.label());
                    observer.observe(count, &[protocol, KeyValue::new("result", result)]);
                }
            }
        })
        .build();
    let of = network.clone();
    let _ = meter
        .u64_observable_counter("comity.peer.bytes")
        .with_unit("By")
        .with_description("Bytes of requests and replies, by protocol and direction")
        .with_callback(move |observer| {
            for protocol in Protocol::ALL {
                let stats = of.stats().protocol(protocol);
                for (direction, count) in [("in", stats.bytes_in), ("out", stats.bytes_out)] {
                    let protocol = KeyValue::new("protocol", protocol.label());
                    observer.observe(count, &[protocol, KeyValue::new("direction", direction)]);
                }
            }
        })
        .build();
    let of = network.clone();
    let _ = meter
        .u64_observable_counter("comity.connections.refused")
        .with_unit("{connection}")
        .with_description("Connections that were refused: too many of strangers, or of one source")
        .with_callback(move |observer| observer.observe(of.stats().connections_refused(), &[]))
        .build();
}

/// What became of requests, each counted once; the names are those of `request-refused` where there is one.
fn results(stats: &ProtocolStats) -> [(&'static str, u64); 11] {
    [
        ("answered", stats.answered),
        ("not-admitted", stats.unadmitted),
        ("over-tokens", stats.over_tokens),
        ("over-streams", stats.over_streams),
        ("inbox-full", stats.inbox_full),
        ("over-memory", stats.over_memory),
        ("too-large", stats.too_large),
        ("timeout", stats.timed_out),
        ("cut", stats.cut),
        ("unanswered", stats.unanswered),
        ("broken", stats.broken),
    ]
}
