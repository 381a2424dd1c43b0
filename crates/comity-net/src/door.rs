//! Which connections may stand: pure bookkeeping, the clock is an argument.
//!
//! Members may always come in. Strangers may be few: in all, from one source, and not for long. Who has not yet proved
//! its key is neither, and one source may have only so many of those.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use libp2p::core::multiaddr::Protocol as Part;
use libp2p::swarm::ConnectionId;

use crate::limits::{
    CONNECTIONS_PENDING_PER_SOURCE_MAX, STRANGER_TIME_MS_MAX, STRANGERS_MAX,
    STRANGERS_PER_SOURCE_MAX,
};

/// Where a connection comes from: an IPv4 address, or the half of an IPv6 address that one customer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Source(IpAddr);

impl Source {
    /// None for what has no IP address, and for this machine itself: who is on it is not kept out by counting.
    pub(crate) fn of(address: &Multiaddr) -> Option<Self> {
        let ip = address.iter().find_map(|part| match part {
            Part::Ip4(ip) => Some(IpAddr::V4(ip)),
            Part::Ip6(ip) => Some(ip.to_canonical()),
            _ => None,
        })?;
        if ip.is_loopback() {
            return None;
        }
        Some(Self(match ip {
            IpAddr::V4(_) => ip,
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        }))
    }
}

/// Who stands at the door, and who came in without being a member.
#[derive(Default)]
pub(crate) struct Door {
    pending: HashMap<ConnectionId, Option<Source>>,
    strangers: HashMap<ConnectionId, (Option<Source>, Instant)>,
}

impl Door {
    /// Somebody knocks. False: refused.
    pub(crate) fn knock(&mut self, id: ConnectionId, source: Option<Source>) -> bool {
        if full(
            self.pending.values(),
            source,
            CONNECTIONS_PENDING_PER_SOURCE_MAX,
        ) {
            return false;
        }
        self.pending.insert(id, source);
        true
    }

    /// It did not come in.
    pub(crate) fn left(&mut self, id: ConnectionId) {
        self.pending.remove(&id);
    }

    /// It proved its key. False: it is a stranger too many.
    pub(crate) fn enter(&mut self, id: ConnectionId, admitted: bool, now: Instant) -> bool {
        let source = self.pending.remove(&id).flatten();
        if admitted {
            return true;
        }
        let sources = self.strangers.values().map(|(source, _)| source);
        if self.strangers.len() >= STRANGERS_MAX || full(sources, source, STRANGERS_PER_SOURCE_MAX)
        {
            return false;
        }
        self.strangers.insert(id, (source, now));
        true
    }

    /// A peer became a stranger while it was connected. It is not refused: it must be able to hear why, over hello.
    pub(crate) fn estrange(&mut self, id: ConnectionId, now: Instant) {
        self.strangers.entry(id).or_insert((None, now));
    }

    /// A stranger became a member.
    pub(crate) fn welcome(&mut self, id: ConnectionId) {
        self.strangers.remove(&id);
    }

    /// The connection is closed.
    pub(crate) fn closed(&mut self, id: ConnectionId) {
        self.pending.remove(&id);
        self.strangers.remove(&id);
    }

    /// The strangers that have been here for too long.
    pub(crate) fn overdue(&self, now: Instant) -> Vec<ConnectionId> {
        let time = Duration::from_millis(STRANGER_TIME_MS_MAX);
        let strangers = self.strangers.iter();
        strangers
            .filter(|(_, (_, since))| now.saturating_duration_since(*since) >= time)
            .map(|(id, _)| *id)
            .collect()
    }
}

/// Whether a source has as many as it may have. What has no source is not counted by source.
fn full<'a>(
    sources: impl Iterator<Item = &'a Option<Source>>,
    source: Option<Source>,
    max: usize,
) -> bool {
    source.is_some() && sources.filter(|each| **each == source).count() >= max
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn id(number: usize) -> ConnectionId {
        ConnectionId::new_unchecked(number)
    }

    fn source(address: &str) -> Option<Source> {
        Source::of(&address.parse().unwrap())
    }

    #[test]
    fn a_source_is_an_address_or_the_half_of_a_long_one() {
        for (one, other, same) in [
            ("/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.1/udp/2/quic-v1", true),
            ("/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.2/tcp/1", false),
            (
                "/ip6/2001:db8::1/tcp/1",
                "/ip6/2001:db8::ffff:2/tcp/1",
                true,
            ),
            (
                "/ip6/2001:db8::1/tcp/1",
                "/ip6/2001:db8:0:1::1/tcp/1",
                false,
            ),
            ("/ip6/::ffff:192.0.2.1/tcp/1", "/ip4/192.0.2.1/tcp/1", true),
        ] {
            assert!(source(one).is_some());
            assert_eq!(source(one) == source(other), same, "{one} {other}");
        }
        for address in [
            "/ip4/127.0.0.1/tcp/1",
            "/ip6/::1/tcp/1",
            "/dns/member.example/tcp/1",
        ] {
            assert_eq!(source(address), None, "{address}");
        }
    }

    #[test]
    fn one_source_cannot_take_all_places_before_it_proves_a_key() {
        let mut door = Door::default();
        let crowd = source("/ip4/192.0.2.1/tcp/1");
        for number in 0..CONNECTIONS_PENDING_PER_SOURCE_MAX {
            assert!(door.knock(id(number), crowd));
        }
        assert!(!door.knock(id(100), crowd));
        assert!(door.knock(id(101), source("/ip4/192.0.2.2/tcp/1")));
        door.left(id(0));
        assert!(door.knock(id(102), crowd));
        assert!(door.enter(id(1), true, Instant::now()));
        assert!(door.knock(id(103), crowd));
    }

    #[test]
    fn strangers_are_few_and_members_are_not_counted() {
        let now = Instant::now();
        let mut door = Door::default();
        let mut next = 0;
        let mut come = |door: &mut Door, address: &str, admitted: bool| {
            next += 1;
            door.knock(id(next), source(address)) && door.enter(id(next), admitted, now)
        };
        for number in 0..STRANGERS_MAX {
            let address = format!("/ip4/192.0.2.{}/tcp/1", number / STRANGERS_PER_SOURCE_MAX);
            if number == STRANGERS_PER_SOURCE_MAX {
                assert!(
                    !come(&mut door, "/ip4/192.0.2.0/tcp/1", false),
                    "one source"
                );
            }
            assert!(come(&mut door, &address, false), "{number}");
        }
        assert!(!come(&mut door, "/ip4/198.51.100.1/tcp/1", false), "in all");
        assert!(come(&mut door, "/ip4/192.0.2.0/tcp/1", true), "a member");

        door.closed(id(1));
        assert!(come(&mut door, "/ip4/198.51.100.1/tcp/1", false), "a place");
        door.welcome(id(2));
        assert!(come(&mut door, "/ip4/198.51.100.1/tcp/1", false), "another");
    }

    #[test]
    fn strangers_stay_for_a_short_time() {
        let start = Instant::now();
        let later = |ms| start + Duration::from_millis(ms);
        let mut door = Door::default();
        assert!(door.enter(id(1), false, start));
        assert!(door.enter(id(2), true, start));
        // Once a member, now not: its time begins when it lost its admission, and does not begin again.
        door.estrange(id(2), later(1));
        door.estrange(id(2), later(500));

        assert_eq!(door.overdue(later(STRANGER_TIME_MS_MAX - 1)), []);
        assert_eq!(door.overdue(later(STRANGER_TIME_MS_MAX)), [id(1)]);
        assert_eq!(door.overdue(later(STRANGER_TIME_MS_MAX + 1)).len(), 2);
    }
}
