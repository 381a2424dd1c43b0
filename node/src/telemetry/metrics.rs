//! What is counted and timed. Most of it is made of events and spans, so that no other crate knows OpenTelemetry;
//! what the network counts itself is read from it. Attributes are codes, kinds and routes: never an id, so that there
//! are few of them. The tables here and in `docs/EVENTS.md` are the same, and a test compares them.

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

/// A metric: its name, its unit, its attributes, and what it says.
#[derive(Debug, Clone, Copy)]
struct Metric {
    name: &'static str,
    unit: &'static str,
    attributes: &'static [&'static str],
    says: &'static str,
}

/// Events that are counted, and as what. The attributes are fields of the event.
const COUNTED: [(&str, Metric); 11] = [
    (
        "statement-signed",
        Metric {
            name: "comity.statements.signed",
            unit: "{statement}",
            attributes: &["kind"],
            says: "statements signed here",
        },
    ),
    (
        "statement-received",
        Metric {
            name: "comity.statements.received",
            unit: "{statement}",
            attributes: &["kind"],
            says: "statements of others registered here",
        },
    ),
    (
        "statement-refused",
        Metric {
            name: "comity.statements.refused",
            unit: "{statement}",
            attributes: &["code"],
            says: "statements of others refused with a signature",
        },
    ),
    (
        "statement-turned-away",
        Metric {
            name: "comity.statements.turned_away",
            unit: "{statement}",
            attributes: &["code"],
            says: "statements of others that got a code without a signature",
        },
    ),
    (
        "statement-delivered",
        Metric {
            name: "comity.statements.delivered",
            unit: "{statement}",
            attributes: &["kind"],
            says: "own statements whose receipt was believed",
        },
    ),
    (
        "statement-turned-down",
        Metric {
            name: "comity.statements.turned_down",
            unit: "{statement}",
            attributes: &["kind", "code"],
            says: "own statements that the recipient refused for good",
        },
    ),
    (
        "statement-given-up",
        Metric {
            name: "comity.statements.given_up",
            unit: "{statement}",
            attributes: &["kind", "code"],
            says: "own statements that are not tried any more",
        },
    ),
    (
        "receipt-refused",
        Metric {
            name: "comity.receipts.refused",
            unit: "{receipt}",
            attributes: &["code"],
            says: "receipts that do not prove what they should",
        },
    ),
    (
        "member-unreached",
        Metric {
            name: "comity.members.unreached",
            unit: "{delivery}",
            attributes: &["code"],
            says: "times that a member was not reached and is left alone for a while",
        },
    ),
    (
        "views-rebuilt",
        Metric {
            name: "comity.views.rebuilt",
            unit: "{rebuild}",
            attributes: &[],
            says: "times that the views were made again from the journal",
        },
    ),
    (
        "request-served",
        Metric {
            name: "comity.api.requests",
            unit: "{request}",
            attributes: &["method", "route", "status"],
            says: "requests to the API, by the template of the route",
        },
    ),
];

/// Spans that are timed, and as what. The attributes are fields of the span.
const TIMED: [(&str, Metric); 4] = [
    (
        "commit",
        Metric {
            name: "comity.commit.duration",
            unit: "s",
            attributes: &[],
            says: "from a batch in memory to a durable one",
        },
    ),
    (
        "exchange",
        Metric {
            name: "comity.exchange.duration",
            unit: "s",
            attributes: &[],
            says: "from a request of a member to the reply",
        },
    ),
    (
        "delivery",
        Metric {
            name: "comity.delivery.duration",
            unit: "s",
            attributes: &[],
            says: "from a request to a member until what became of it is recorded",
        },
    ),
    (
        "api-request",
        Metric {
            name: "comity.api.duration",
            unit: "s",
            attributes: &["method", "route"],
            says: "from a request to the API to its answer",
        },
    ),
];

/// Of `journal-opened` and `committed`: `size`.
const RECORDS: Metric = Metric {
    name: "comity.log.records",
    unit: "{record}",
    attributes: &[],
    says: "records in the log",
};

/// Of `journal-opened` and `committed`: `waiting`.
const WAITING: Metric = Metric {
    name: "comity.outbox.waiting",
    unit: "{statement}",
    attributes: &[],
    says: "own statements that wait for their delivery",
};

/// Of `committed`: `records`.
const BATCH: Metric = Metric {
    name: "comity.commit.records",
    unit: "{record}",
    attributes: &[],
    says: "records of one commit",
};

/// Read from the network.
const PEER_REQUESTS: Metric = Metric {
    name: "comity.peer.requests",
    unit: "{request}",
    attributes: &["protocol", "result"],
    says: "requests of other peers, by what became of them",
};

/// Read from the network.
const PEER_BYTES: Metric = Metric {
    name: "comity.peer.bytes",
    unit: "By",
    attributes: &["protocol", "direction"],
    says: "bytes of requests and replies",
};

/// Read from the network.
const CONNECTIONS_REFUSED: Metric = Metric {
    name: "comity.connections.refused",
    unit: "{connection}",
    attributes: &[],
    says: "connections refused: too many of strangers, or of one source",
};

/// Upper bounds in seconds: a commit is one fdatasync, a delivery may wait a minute.
const SECONDS: [f64; 14] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0,
];

/// Upper bounds in records: batches form by themselves under load.
const BATCHES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 512.0, 2_048.0];

/// An instrument, and the fields that become attributes.
type With<I> = (I, &'static [&'static str]);

/// A layer that turns events and spans into measurements.
#[derive(Debug)]
pub(super) struct Measured {
    /// By the name of the event.
    counted: BTreeMap<&'static str, With<Counter<u64>>>,
    /// By the name of the span.
    timed: BTreeMap<&'static str, With<Histogram<f64>>>,
    records: Gauge<u64>,
    waiting: Gauge<u64>,
    batch: Histogram<u64>,
}

impl Measured {
    pub(super) fn new(meter: &Meter) -> Self {
        let counter = |metric: Metric| {
            let builder = meter.u64_counter(metric.name).with_unit(metric.unit);
            builder.with_description(metric.says).build()
        };
        let seconds = |metric: Metric| {
            let builder = meter.f64_histogram(metric.name).with_unit(metric.unit);
            let builder = builder.with_boundaries(SECONDS.to_vec());
            builder.with_description(metric.says).build()
        };
        let gauge = |metric: Metric| {
            let builder = meter.u64_gauge(metric.name).with_unit(metric.unit);
            builder.with_description(metric.says).build()
        };
        let batch = meter.u64_histogram(BATCH.name).with_unit(BATCH.unit);
        let batch = batch.with_boundaries(BATCHES.to_vec());
        Self {
            counted: COUNTED
                .map(|(event, metric)| (event, (counter(metric), metric.attributes)))
                .into(),
            timed: TIMED
                .map(|(span, metric)| (span, (seconds(metric), metric.attributes)))
                .into(),
            records: gauge(RECORDS),
            waiting: gauge(WAITING),
            batch: batch.with_description(BATCH.says).build(),
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
        .u64_observable_counter(PEER_REQUESTS.name)
        .with_unit(PEER_REQUESTS.unit)
        .with_description(PEER_REQUESTS.says)
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
        .u64_observable_counter(PEER_BYTES.name)
        .with_unit(PEER_BYTES.unit)
        .with_description(PEER_BYTES.says)
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
        .u64_observable_counter(CONNECTIONS_REFUSED.name)
        .with_unit(CONNECTIONS_REFUSED.unit)
        .with_description(CONNECTIONS_REFUSED.says)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const CONTRACT: &str = include_str!("../../../docs/EVENTS.md");

    /// The cells of the rows below a heading.
    fn rows(heading: &str) -> Vec<Vec<String>> {
        let (_, below) = CONTRACT.split_once(&format!("\n## {heading}\n")).unwrap();
        let section = below.split("\n## ").next().unwrap();
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        let cells = |row: &str| {
            let row = row.trim_matches('|');
            row.split('|')
                .map(|cell| cell.trim().replace('`', ""))
                .collect()
        };
        rows.map(cells).collect()
    }

    #[test]
    fn the_table_of_metrics_is_true() {
        let row = |metric: Metric, kind: &str, from: String| {
            let attributes = metric.attributes.join(", ");
            [
                metric.name,
                kind,
                metric.unit,
                &attributes,
                &from,
                metric.says,
            ]
            .map(str::to_owned)
        };
        let log = || "journal-opened, committed".to_owned();
        let network = || "the network".to_owned();
        let mut made: BTreeSet<Vec<String>> = [
            row(RECORDS, "gauge", log()),
            row(WAITING, "gauge", log()),
            row(BATCH, "histogram", "committed".to_owned()),
            row(PEER_REQUESTS, "counter", network()),
            row(PEER_BYTES, "counter", network()),
            row(CONNECTIONS_REFUSED, "counter", network()),
        ]
        .map(Vec::from)
        .into();
        made.extend(COUNTED.map(|(event, metric)| row(metric, "counter", event.to_owned()).into()));
        made.extend(TIMED.map(|(span, metric)| row(metric, "histogram", span.to_owned()).into()));
        assert_eq!(made, rows("Metrics").into_iter().collect());
    }

    #[test]
    fn what_is_counted_and_timed_is_in_the_contract_with_the_fields_that_become_attributes() {
        let fields = |heading: &str| -> BTreeMap<String, String> {
            let rows = rows(heading).into_iter();
            rows.map(|row| (row[0].clone(), row[2].clone())).collect()
        };
        let check = |table: &BTreeMap<String, String>, name: &str, metric: Metric| {
            let listed: Vec<&str> = table[name].split(", ").collect();
            for field in metric.attributes {
                assert!(listed.contains(field), "{name} has no field {field}");
            }
        };
        let (events, spans) = (fields("Events"), fields("Spans"));
        for (event, metric) in COUNTED {
            check(&events, event, metric);
        }
        for (span, metric) in TIMED {
            check(&spans, span, metric);
        }
        for (event, field) in [
            ("committed", "records"),
            ("committed", "size"),
            ("committed", "waiting"),
            ("journal-opened", "size"),
            ("journal-opened", "waiting"),
        ] {
            assert!(events[event].split(", ").any(|listed| listed == field));
        }
    }
}
