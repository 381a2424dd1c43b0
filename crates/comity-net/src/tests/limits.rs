use super::{Node, TCP, pair, within};
use crate::{Manner, Protocol, RequestError};

#[tokio::test]
async fn requests_and_replies_of_exactly_the_maximum_pass() {
    for listen in [TCP, super::QUIC] {
        let (first, second) = pair(listen).await;
        let first = first.answering_with(|incoming| {
            assert_eq!(incoming.bytes.len(), incoming.protocol.request_bytes_max());
            vec![5; incoming.protocol.reply_bytes_max()]
        });
        for protocol in Protocol::ALL {
            let bytes = vec![6; protocol.request_bytes_max()];
            let reply = second.ask(&first, protocol, bytes).await.unwrap();
            assert_eq!(reply.len(), protocol.reply_bytes_max(), "{protocol:?}");
            assert!(reply.iter().all(|byte| *byte == 5));
        }
    }
}

#[tokio::test]
async fn a_request_over_the_maximum_is_not_sent() {
    let (first, second) = pair(TCP).await;
    for protocol in Protocol::ALL {
        let bytes = vec![0; protocol.request_bytes_max() + 1];
        let reply = second.ask(&first, protocol, bytes).await;
        assert_eq!(reply, Err(RequestError::TooLarge));
    }
    assert_eq!(second.network.connected().await, []);
}

#[tokio::test]
async fn a_request_over_the_maximum_is_not_taken() {
    let (first, second) = pair(TCP).await;
    for protocol in Protocol::ALL {
        // Past the check on this side.
        let bytes = vec![0; protocol.request_bytes_max() + 1];
        let (to, addresses) = (first.key(), &first.addresses);
        let request = second
            .network
            .request_in(Manner::AnyLength, to, addresses, protocol, bytes);
        let reply = within(request).await;
        assert_eq!(reply, Err(RequestError::Closed), "{protocol:?}");
        first.counts(protocol, |stats| stats.too_large, 1).await;
        assert_eq!(first.network.stats().protocol(protocol).accepted, 0);
    }
}

#[tokio::test]
async fn an_answer_over_the_maximum_is_not_sent() {
    let (first, second) = pair(TCP).await;
    let first = first.answering_with(|incoming| vec![0; incoming.protocol.reply_bytes_max() + 1]);
    for protocol in Protocol::ALL {
        let reply = second.ask(&first, protocol, vec![1]).await;
        assert_eq!(reply, Err(RequestError::Closed));
        first.counts(protocol, |stats| stats.unanswered, 1).await;
    }
}

#[tokio::test]
async fn a_request_that_the_engine_drops_is_an_error_to_the_peer() {
    let (mut first, second) = pair(TCP).await;
    let asked = second.asks(&first, Protocol::Audit, vec![1]);
    drop(first.next().await);
    assert_eq!(within(asked).await.unwrap(), Err(RequestError::Closed));
    first
        .counts(Protocol::Audit, |stats| stats.unanswered, 1)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_inbox_closes_streams_and_counts_them() {
    let mut first = Node::with_inbox(1, &[TCP], 1).await;
    let second = Node::new(2, &[TCP]).await;
    first.network.admit(vec![second.key()]).await;
    let waits = second.asks(&first, Protocol::Exchange, vec![1]);
    first
        .counts(Protocol::Exchange, |stats| stats.accepted, 1)
        .await;

    let refused = second.ask(&first, Protocol::Exchange, vec![1, 2]).await;
    assert_eq!(refused, Err(RequestError::Closed));
    let stats = first.network.stats().protocol(Protocol::Exchange);
    assert_eq!((stats.inbox_full, stats.accepted), (1, 1));
    assert_eq!(stats.bytes_in, 1, "closed unread");

    let incoming = first.next().await;
    assert_eq!(incoming.bytes, [1]);
    incoming.answer(vec![9]);
    assert_eq!(
        within(waits).await.unwrap(),
        Ok(vec![9]),
        "the first is not lost"
    );
}

#[tokio::test]
async fn a_peer_over_its_tokens_finds_its_streams_closed() {
    let (first, second) = pair(TCP).await;
    let first = first.answering();
    let mut refused = 0_u64;
    // Sixteen pass at once; that this many come in the time in which as many more fill up is out of the question.
    for _ in 0..64 {
        match second.ask(&first, Protocol::Hello, vec![1]).await {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error, RequestError::Closed);
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
    let stats = first.network.stats().protocol(Protocol::Hello);
    assert_eq!(stats.over_tokens, refused);
    assert_eq!(stats.accepted, 64 - refused);
    let other = second.ask(&first, Protocol::Witness, vec![1]).await;
    assert_eq!(
        other,
        Ok(b"witness 1".to_vec()),
        "another protocol is not concerned"
    );
}

#[tokio::test]
async fn one_request_too_many_is_busy() {
    let (first, second) = pair(TCP).await;
    let asked: Vec<_> = (0..crate::limits::REQUESTS_PER_PEER_MAX)
        .map(|_| second.asks(&first, Protocol::Witness, vec![1]))
        .collect();
    first
        .counts(Protocol::Witness, |stats| stats.accepted, 4)
        .await;
    let reply = second.ask(&first, Protocol::Hello, vec![1]).await;
    assert_eq!(reply, Err(RequestError::Busy));
    for request in &asked {
        request.abort();
    }
    for request in asked {
        assert!(within(request).await.is_err(), "given up");
    }
    let first = first.answering();
    let reply = second.ask(&first, Protocol::Hello, vec![1]).await;
    assert_eq!(reply, Ok(b"hello 1".to_vec()));
}
