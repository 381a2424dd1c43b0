use futures::StreamExt as _;
use futures::future::join;
use libp2p::swarm::dummy;
use libp2p::{SwarmBuilder, noise, tcp, yamux};

use super::{Node, QUIC, TCP, config, pair, until_connected, within};
use crate::{NetError, Protocol, RequestError, start};

#[tokio::test]
async fn two_nodes_talk_over_each_transport_and_protocol() {
    for listen in [TCP, QUIC] {
        let (first, second) = pair(listen).await;
        let first = first.answering();
        assert_eq!(second.network.connected().await, []);
        for protocol in Protocol::ALL {
            for length in [1, 40_000] {
                let reply = second.ask(&first, protocol, vec![7; length]).await;
                let expected = format!("{} {length}", protocol.label()).into_bytes();
                assert_eq!(reply, Ok(expected), "{listen} {protocol:?}");
            }
            first.counts(protocol, |stats| stats.answered, 2).await;
            let stats = first.network.stats().protocol(protocol);
            assert_eq!((stats.accepted, stats.bytes_in), (2, 40_001));
        }
        assert_eq!(second.network.connected().await, [first.key()]);
        assert_eq!(first.network.connected().await, [second.key()]);
    }
}

#[tokio::test]
async fn the_engine_sees_who_asks_on_what_and_the_very_bytes() {
    let (mut first, second) = pair(TCP).await;
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    let reply = second.asks(&first, Protocol::Exchange, bytes.clone());
    let incoming = first.next().await;
    assert_eq!(incoming.peer, second.key());
    assert_eq!(incoming.protocol, Protocol::Exchange);
    assert_eq!(incoming.bytes, bytes);
    incoming.answer(bytes.clone());
    assert_eq!(within(reply).await.unwrap(), Ok(bytes));
}

#[tokio::test]
async fn requests_go_both_ways_over_the_connection_that_is_open() {
    let (first, second) = pair(TCP).await;
    let (first, second) = (first.answering(), second.answering());
    let reply = second.ask(&first, Protocol::Audit, vec![1]).await;
    assert_eq!(reply, Ok(b"audit 1".to_vec()));
    // No address is needed for who is connected.
    let back = first
        .network
        .request(second.key(), &[], Protocol::Witness, vec![1, 2]);
    assert_eq!(within(back).await, Ok(b"witness 2".to_vec()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_dial_each_other_at_once_both_get_their_replies() {
    for round in 0..8 {
        let listen = if round % 2 == 0 { TCP } else { QUIC };
        let (first, second) = pair(listen).await;
        let (first, second) = (first.answering(), second.answering());
        let replies = join(
            first.ask(&second, Protocol::Exchange, vec![1]),
            second.ask(&first, Protocol::Exchange, vec![1, 2]),
        );
        assert_eq!(
            replies.await,
            (Ok(b"exchange 1".to_vec()), Ok(b"exchange 2".to_vec()))
        );
        let again = first.ask(&second, Protocol::Exchange, vec![1, 2, 3]).await;
        assert_eq!(again, Ok(b"exchange 3".to_vec()));
        assert_eq!(second.network.connected().await, [first.key()]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_wait_for_their_turn_and_all_are_answered() {
    let (first, second) = pair(TCP).await;
    let first = first.answering();
    // More than the streams of one protocol, and sent before there is a connection.
    let asked: Vec<_> = (1..=12)
        .map(|length| second.asks(&first, Protocol::Witness, vec![0; length]))
        .collect();
    for (position, reply) in asked.into_iter().enumerate() {
        let expected = format!("witness {}", position + 1).into_bytes();
        assert_eq!(within(reply).await.unwrap(), Ok(expected));
    }
    let stats = first.network.stats().protocol(Protocol::Witness);
    assert_eq!((stats.over_streams, stats.accepted), (0, 12));
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_apart() {
    let (first, second) = pair(TCP).await;
    let third = Node::new(3, &[TCP]).await;
    let nobody = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("/ip4/127.0.0.1/tcp/{}", socket.local_addr().unwrap().port())
    };
    // Without the peer id at its end, for it would say itself that it is another.
    let wrong = first.addresses[0].split("/p2p/").next().unwrap().to_owned();
    for (to, addresses, expected) in [
        (first.key(), vec![], RequestError::Unreachable),
        (
            first.key(),
            vec!["nonsense".to_owned()],
            RequestError::Unreachable,
        ),
        (first.key(), vec![nobody], RequestError::Unreachable),
        (
            first.key(),
            vec!["/ip4/127.0.0.1/udp/1".to_owned()],
            RequestError::Unreachable,
        ),
        (third.key(), vec![wrong], RequestError::WrongPeer),
        (
            second.key(),
            second.addresses.clone(),
            RequestError::Unreachable,
        ),
    ] {
        let request = second
            .network
            .request(to, &addresses, Protocol::Hello, vec![1]);
        assert_eq!(within(request).await, Err(expected), "{addresses:?}");
    }
}

#[tokio::test]
async fn a_peer_without_the_protocol_is_told_apart() {
    let node = Node::new(1, &[TCP]).await;
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(
            tcp::Config::default(),
            noise::Config::new,
            yamux::Config::default,
        )
        .unwrap()
        .with_behaviour(|_| dummy::Behaviour)
        .unwrap()
        .with_swarm_config(|config| {
            config.with_idle_connection_timeout(std::time::Duration::from_secs(60))
        })
        .build();
    swarm.listen_on(TCP.parse().unwrap()).unwrap();
    let address = loop {
        if let libp2p::swarm::SwarmEvent::NewListenAddr { address, .. } =
            within(swarm.select_next_some()).await
        {
            break [address.to_string()];
        }
    };
    let key = swarm.local_peer_id().to_string().parse().unwrap();
    tokio::spawn(async move { while swarm.next().await.is_some() {} });
    let request = node
        .network
        .request(key, &address, Protocol::Exchange, vec![1]);
    assert_eq!(within(request).await, Err(RequestError::NotOffered));
}

#[tokio::test]
async fn a_peer_that_restarts_is_dialled_again() {
    let (first, second) = pair(TCP).await;
    let first = first.answering();
    let reply = second.ask(&first, Protocol::Roster, vec![1]).await;
    assert_eq!(reply, Ok(b"roster 1".to_vec()));
    let mut watch = second.network.watch_connected();
    within(first.network.close()).await;
    until_connected(&mut watch, &[]).await;

    let first = Node::new(1, &[TCP]).await;
    first.network.admit(vec![second.key()]).await;
    let first = first.answering();
    let reply = second.ask(&first, Protocol::Roster, vec![1, 2]).await;
    assert_eq!(reply, Ok(b"roster 2".to_vec()));
}

#[tokio::test]
async fn what_cannot_be_started_says_which_entry_is_wrong() {
    let taken = Node::new(1, &[TCP]).await;
    let taken = taken.addresses[0].split("/p2p/").next().unwrap().to_owned();
    for (listen, external, code) in [
        (vec![TCP, "nonsense"], vec![], "bad-address"),
        (vec![], vec!["/ip4/192.0.2.1/tcp"], "bad-address"),
        (vec![TCP, &taken], vec![], "cannot-listen"),
        (vec!["/memory/1"], vec![], "cannot-listen"),
    ] {
        let mut config = config(2, &listen);
        config.external = external.iter().map(ToString::to_string).collect();
        let error = start(config).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn outside_a_runtime_nothing_starts() {
    let error = start(config(2, &[TCP])).map(|_| ()).unwrap_err();
    assert_eq!(error, NetError::NoRuntime);
}

#[tokio::test]
async fn listening_tells_every_address_with_the_peer_id() {
    let node = Node::new(4, &[TCP, QUIC]).await;
    let end = format!("/p2p/{}", node.key());
    assert_eq!(node.addresses.len(), 2);
    for address in &node.addresses {
        assert!(address.ends_with(&end), "{address}");
        assert!(!address.contains("/0/"), "{address}");
    }
    assert_eq!(Node::new(5, &[]).await.addresses, Vec::<String>::new());
}
