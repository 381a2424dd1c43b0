//! Addresses as text into addresses that can be dialled: names are looked up here, in the task of who asks, so that the
//! task that owns the swarm never waits for a name server.

use std::net::IpAddr;
use std::time::Duration;

use futures::future::join_all;
use libp2p::Multiaddr;
use libp2p::core::multiaddr::Protocol as Part;
use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::limits::{ADDRESS_BYTES_MAX, ADDRESSES_MAX, RESOLVE_TIME_MS_MAX};

/// One address. None, if it is not one, or too long. Nothing at all would parse too, as an address without parts.
pub(crate) fn parse(text: &str) -> Option<Multiaddr> {
    if text.is_empty() || text.len() > ADDRESS_BYTES_MAX {
        return None;
    }
    text.parse().ok()
}

/// The addresses that can be dialled, in their order, at most [`ADDRESSES_MAX`]. What is malformed, or a name that
/// nobody knows in time, is left out.
pub(crate) async fn resolve(texts: &[String]) -> Vec<Multiaddr> {
    let addresses = texts
        .iter()
        .filter_map(|text| parse(text))
        .take(ADDRESSES_MAX);
    let each = join_all(addresses.map(resolve_one)).await;
    each.into_iter().flatten().take(ADDRESSES_MAX).collect()
}

async fn resolve_one(address: Multiaddr) -> Vec<Multiaddr> {
    let mut parts = address.iter();
    let wanted: fn(&IpAddr) -> bool = match parts.next() {
        Some(Part::Dns(_)) => |_| true,
        Some(Part::Dns4(_)) => IpAddr::is_ipv4,
        Some(Part::Dns6(_)) => IpAddr::is_ipv6,
        _ => return vec![address],
    };
    let Some(Part::Dns(name) | Part::Dns4(name) | Part::Dns6(name)) = address.iter().next() else {
        return Vec::new();
    };
    let time = Duration::from_millis(RESOLVE_TIME_MS_MAX);
    let Ok(Ok(found)) = timeout(time, lookup_host((name.as_ref(), 0))).await else {
        return Vec::new();
    };
    let rest: Vec<Part<'_>> = parts.collect();
    let with_ip = |ip: IpAddr| {
        std::iter::once(Part::from(ip))
            .chain(rest.iter().cloned())
            .collect::<Multiaddr>()
    };
    found
        .map(|socket| socket.ip())
        .filter(wanted)
        .map(with_ip)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(texts: &[&str], expected: &[&str]) {
        let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
        let found = resolve(&texts).await;
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{texts:?}");
    }

    #[tokio::test]
    async fn names_become_addresses_and_nonsense_is_left_out() {
        check(&["/ip4/192.0.2.1/tcp/4001"], &["/ip4/192.0.2.1/tcp/4001"]).await;
        check(&["/dns4/localhost/tcp/4001"], &["/ip4/127.0.0.1/tcp/4001"]).await;
        // What looks like an address is one, without asking anybody.
        check(
            &["/dns/192.0.2.7/udp/4001/quic-v1"],
            &["/ip4/192.0.2.7/udp/4001/quic-v1"],
        )
        .await;
        check(&["/dns6/192.0.2.7/tcp/4001"], &[]).await;
        check(
            &["", "node.example:4001", "/ip4/192.0.2.1/tcp/4001"],
            &["/ip4/192.0.2.1/tcp/4001"],
        )
        .await;
        let long = format!("/dns/{}/tcp/1", "a".repeat(ADDRESS_BYTES_MAX));
        check(&[&long], &[]).await;
        check(
            &["/ip4/192.0.2.1/tcp/1"; 20],
            &["/ip4/192.0.2.1/tcp/1"; ADDRESSES_MAX],
        )
        .await;
    }
}
