use super::{Node, QUIC, TCP, pair, within};
use crate::{Protocol, RequestError};

const GATED: [Protocol; 4] = [
    Protocol::Exchange,
    Protocol::Witness,
    Protocol::Audit,
    Protocol::Roster,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_answered_unread_and_may_say_hello() {
    for listen in [TCP, QUIC] {
        let member = Node::new(1, &[listen]).await.answering();
        let stranger = Node::new(2, &[listen]).await;
        member
            .network
            .set_unadmitted_reply(b"not admitted".to_vec());
        for protocol in GATED {
            let bytes = vec![7; protocol.request_bytes_max()];
            let reply = stranger.ask(&member, protocol, bytes).await;
            assert_eq!(reply, Ok(b"not admitted".to_vec()), "{protocol:?}");

            let stats = member.network.stats().protocol(protocol);
            assert_eq!((stats.unadmitted, stats.accepted), (1, 0));
            assert_eq!(stats.bytes_in, 0, "{listen} {protocol:?} was read");
        }
        // What the transport takes before anybody reads is a window, not four megabytes.
        let sent = stranger.network.stats().protocol(Protocol::Exchange);
        assert!(sent.bytes_out <= 524_288, "{}", sent.bytes_out);

        let hello = stranger.ask(&member, Protocol::Hello, vec![1, 2, 3]).await;
        assert_eq!(hello, Ok(b"hello 3".to_vec()));
    }
}

#[tokio::test]
async fn a_stranger_finds_the_stream_closed_while_no_reply_is_set() {
    let member = Node::new(1, &[TCP]).await.answering();
    let stranger = Node::new(2, &[TCP]).await;
    for protocol in GATED {
        let reply = stranger.ask(&member, protocol, vec![1]).await;
        assert_eq!(reply, Err(RequestError::Closed));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_its_admission_is_cut_off_on_the_open_connection() {
    for listen in [TCP, QUIC] {
        let (mut first, second) = pair(listen).await;
        first.network.set_unadmitted_reply(b"not admitted".to_vec());
        let held = second.asks(&first, Protocol::Exchange, vec![1]);
        let incoming = first.next().await;
        let mut watch = second.network.watch_connected();
        watch.mark_unchanged();

        first.network.admit(Vec::new()).await;

        // Without waiting for the engine; what it still says goes nowhere.
        assert_eq!(within(held).await.unwrap(), Err(RequestError::Closed));
        incoming.answer(b"late".to_vec());
        let first = first.answering();
        for protocol in GATED {
            let reply = second.ask(&first, protocol, vec![1]).await;
            assert_eq!(reply, Ok(b"not admitted".to_vec()), "{protocol:?}");
        }
        let hello = second.ask(&first, Protocol::Hello, vec![1]).await;
        assert_eq!(hello, Ok(b"hello 1".to_vec()));
        assert!(!watch.has_changed().unwrap(), "the connection is the same");

        first.network.admit(vec![second.key()]).await;
        let reply = second.ask(&first, Protocol::Exchange, vec![1]).await;
        assert_eq!(reply, Ok(b"exchange 1".to_vec()), "and back again");
    }
}

#[tokio::test]
async fn a_hello_goes_on_while_its_peer_is_cut_off() {
    let (mut first, second) = pair(TCP).await;
    let hello = second.asks(&first, Protocol::Hello, vec![1]);
    let incoming = first.next().await;
    first.network.admit(Vec::new()).await;
    incoming.answer(b"you were removed".to_vec());
    assert_eq!(
        within(hello).await.unwrap(),
        Ok(b"you were removed".to_vec())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_in_the_inbox_of_who_was_removed_is_not_handed_out() {
    let (mut first, second) = pair(TCP).await;
    let third = Node::new(3, &[TCP]).await;
    first.network.admit(vec![second.key(), third.key()]).await;
    let removed = second.asks(&first, Protocol::Exchange, vec![1]);
    first
        .counts(Protocol::Exchange, |stats| stats.accepted, 1)
        .await;

    first.network.admit(vec![third.key()]).await;

    let kept = third.asks(&first, Protocol::Exchange, vec![1, 2]);
    let incoming = first.next().await;
    assert_eq!(incoming.peer, third.key());
    incoming.answer(vec![1]);
    assert_eq!(within(kept).await.unwrap(), Ok(vec![1]));
    assert_eq!(within(removed).await.unwrap(), Err(RequestError::Closed));
    assert!(first.network.stats().protocol(Protocol::Exchange).cut >= 1);
}

#[tokio::test]
async fn our_own_requests_to_who_was_removed_end_too() {
    let (first, mut second) = pair(TCP).await;
    let asked = first.asks(&second, Protocol::Exchange, vec![1]);
    let incoming = second.next().await;
    first.network.admit(Vec::new()).await;
    assert_eq!(within(asked).await.unwrap(), Err(RequestError::Closed));
    drop(incoming);
}

#[tokio::test]
async fn strangers_are_few_and_members_come_in_beside_them() {
    let member = Node::new(1, &[TCP]).await.answering();
    let mut strangers = Vec::new();
    let max = u8::try_from(crate::limits::STRANGERS_MAX).unwrap();
    for number in 0..max {
        let stranger = Node::new(100 + number, &[]).await;
        let hello = stranger.ask(&member, Protocol::Hello, vec![1]).await;
        assert_eq!(hello, Ok(b"hello 1".to_vec()), "{number}");
        strangers.push(stranger);
    }
    let late = Node::new(200, &[]).await;
    let refused = late.ask(&member, Protocol::Hello, vec![1]).await;
    assert_eq!(refused, Err(RequestError::Closed));
    assert_eq!(member.network.stats().connections_refused(), 1);

    member.network.admit(vec![late.key()]).await;
    let reply = late.ask(&member, Protocol::Exchange, vec![1]).await;
    assert_eq!(reply, Ok(b"exchange 1".to_vec()));
}

#[tokio::test]
async fn the_connection_of_a_stranger_ends_and_that_of_a_member_stays() {
    let node = Node::new(1, &[TCP]).await.answering();
    let member = Node::new(2, &[]).await;
    let stranger = Node::new(3, &[]).await;
    let removed = Node::new(4, &[]).await;
    let welcomed = Node::new(5, &[]).await;
    node.network.admit(vec![member.key(), removed.key()]).await;
    let mut watch = node.network.watch_connected();
    for peer in [&member, &stranger, &removed, &welcomed] {
        let hello = peer.ask(&node, Protocol::Hello, vec![1]).await;
        assert_eq!(hello, Ok(b"hello 1".to_vec()));
    }
    assert_eq!(node.network.connected().await.len(), 4);
    let mut kept = welcomed.network.watch_connected();
    kept.mark_unchanged();
    let mut members = vec![member.key(), welcomed.key()];
    members.sort();
    node.network.admit(members.clone()).await;

    for round in 0..2 {
        tokio::time::pause();
        let time = std::time::Duration::from_millis(crate::limits::STRANGER_TIME_MS_MAX);
        tokio::time::advance(time).await;
        tokio::time::resume();
        let alone = watch.wait_for(|peers| **peers == *members);
        drop(within(alone).await.unwrap());
        for peer in [&member, &welcomed] {
            let reply = peer.ask(&node, Protocol::Audit, vec![1]).await;
            assert_eq!(reply, Ok(b"audit 1".to_vec()), "{round}");
        }
    }
    assert!(!kept.has_changed().unwrap(), "the connection is the same");
}
