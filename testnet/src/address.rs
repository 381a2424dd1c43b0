//! Addresses on this machine that no other test has.
//!
//! A roster names the address of a node before the node runs, so "any free port" is no answer; and a port that was free
//! a moment ago may be taken by another test. On Linux all of 127.0.0.0/8 is this machine: each test process has an
//! address of its own there, made of its process id, and counts its ports.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that the operating system gives to outgoing connections.
const FIRST_PORT: u16 = 20_000;

static NEXT_PORT: AtomicU16 = AtomicU16::new(FIRST_PORT);

/// An address and port that nobody else has, for TCP and UDP.
#[must_use]
pub fn own() -> SocketAddrV4 {
    let port = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
    SocketAddrV4::new(of_process(process::id()), port)
}

/// Process ids have 22 bits at most, addresses in 127.0.0.0/8 have 24. The lowest address is 127.0.0.4: nobody's.
fn of_process(id: u32) -> Ipv4Addr {
    let [_, a, b, c] = (id << 2).to_be_bytes();
    Ipv4Addr::new(127, a, b, c)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use std::net::{TcpListener, UdpSocket};

    #[test]
    fn two_processes_never_have_the_same_address() {
        let check = |id, expected: [u8; 4]| assert_eq!(of_process(id), Ipv4Addr::from(expected));
        check(1, [127, 0, 0, 4]);
        check(2, [127, 0, 0, 8]);
        check(64, [127, 0, 1, 0]);
        check(4_194_303, [127, 255, 255, 252]);
    }

    #[test]
    fn an_address_can_be_listened_on_and_the_next_one_is_another() {
        let (one, two) = (own(), own());
        assert_ne!(one, two);
        assert!(one.ip().is_loopback());
        let _tcp = TcpListener::bind(one).unwrap();
        let _udp = UdpSocket::bind(one).unwrap();
        let _other = TcpListener::bind(two).unwrap();
    }
}
