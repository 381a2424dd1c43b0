//! Which events and spans go where.
//!
//! What other crates say goes to standard error from `warn` on, and never over OTLP: nobody here vouches for its
//! content. Those that speak of connections are off altogether, for they name the addresses of strangers.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

use super::LEVELS;
use crate::error::Failure;

/// What the targets of our own crates begin with.
const OWN: &str = "comity.";

/// Crates whose events hold addresses. Whoever looks for a fault of the network can name them in [`LEVELS`].
const WITH_ADDRESSES: [&str; 8] = [
    "hickory",
    "libp2p",
    "multistream_select",
    "netlink",
    "quinn",
    "rustls",
    "ureq",
    "yamux",
];

/// Levels as they stand in [`LEVELS`]: one for all of our own events, `target=level` for one crate.
pub(super) fn from_levels(levels: &str) -> Result<Targets, Failure> {
    let mut targets = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target(OWN, LevelFilter::INFO)
        .with_targets(WITH_ADDRESSES.map(|target| (target, LevelFilter::OFF)));
    for part in levels.split(',').map(str::trim) {
        let (target, level) = part.split_once('=').unwrap_or((OWN, part));
        // Nothing at all would be read as `error`.
        let named = !target.trim().is_empty() && !level.trim().is_empty();
        let level = level.trim().parse::<LevelFilter>().ok().filter(|_| named);
        targets = targets.with_target(target.trim(), level.ok_or_else(not_understood)?);
    }
    Ok(targets)
}

fn not_understood() -> Failure {
    Failure::new(
        "bad-log-filter",
        format!("{LEVELS} is not a list of levels."),
        "Write levels (off, error, warn, info, debug, trace) such as `info` or `info,comity.net=debug`.",
    )
}

/// Events and spans of our own crates, from debug on.
pub(super) fn own() -> Targets {
    Targets::new().with_target(OWN, Level::DEBUG)
}

/// Spans of our own crates, from debug on. Events are sent as logs, which name the span.
pub(super) fn own_spans<S>() -> impl Filter<S> {
    tracing_subscriber::filter::filter_fn(|metadata| {
        metadata.is_span() && is_own(metadata) && *metadata.level() <= Level::DEBUG
    })
    .with_max_level_hint(LevelFilter::DEBUG)
}

/// Those events of our own crates that are written to standard error too.
pub(super) struct OwnEvents(pub(super) Targets);

impl<S> Filter<S> for OwnEvents {
    fn enabled(&self, metadata: &Metadata<'_>, within: &Context<'_, S>) -> bool {
        metadata.is_event() && is_own(metadata) && Filter::<S>::enabled(&self.0, metadata, within)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_event() && is_own(metadata) {
            Filter::<S>::callsite_enabled(&self.0, metadata)
        } else {
            Interest::never()
        }
    }

    fn event_enabled(&self, event: &Event<'_>, within: &Context<'_, S>) -> bool {
        Filter::<S>::event_enabled(&self.0, event, within)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Filter::<S>::max_level_hint(&self.0)
    }
}

fn is_own(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(OWN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_level_alone_is_that_of_our_own_events() {
        let check = |levels: &str, target: &str, expected: Option<Level>| {
            let targets = from_levels(levels).unwrap();
            let all = [
                Level::TRACE,
                Level::DEBUG,
                Level::INFO,
                Level::WARN,
                Level::ERROR,
            ];
            let lowest = all
                .into_iter()
                .find(|level| targets.would_enable(target, level));
            assert_eq!(lowest, expected, "{levels}: {target}");
        };
        check("info", "comity.engine", Some(Level::INFO));
        check("trace", "comity.engine", Some(Level::TRACE));
        check("trace", "other::module", Some(Level::WARN));
        check("trace", "libp2p_tcp", None);
        check("trace", "yamux::connection", None);
        check("off", "comity.engine", None);
        check("info,comity.net=debug", "comity.net", Some(Level::DEBUG));
        check("info, comity.net = debug", "comity.net", Some(Level::DEBUG));
        check("info,comity.net=debug", "comity.api", Some(Level::INFO));
        check("comity.net=debug", "comity.api", Some(Level::INFO));
        check("info,libp2p=warn", "libp2p_tcp", Some(Level::WARN));
    }

    #[test]
    fn what_is_no_level_is_refused() {
        let check = |levels: &str| {
            assert_eq!(from_levels(levels).unwrap_err().code, "bad-log-filter");
        };
        check("loud");
        check("");
        check("info,");
        check("info,=debug");
        check("comity.net=");
        check("comity.net=loud");
    }
}
