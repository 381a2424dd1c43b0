use std::time::Duration;

use super::{QUIC, TCP, config, pair, within};
use crate::limits::CLOSE_LINGER_MS;
use crate::{Protocol, RequestError, start};

#[tokio::test]
async fn closing_lets_the_answer_in_hand_out_and_then_ends() {
    for listen in [TCP, QUIC] {
        let (mut first, second) = pair(listen).await;
        let asked = second.asks(&first, Protocol::Exchange, vec![1]);
        let incoming = first.next().await;
        let network = first.network.clone();
        let closing = tokio::spawn(async move { network.close().await });
        let refused = loop {
            // Until the closing has begun, another may still get in.
            let reply = second.asks(&first, Protocol::Hello, vec![1]);
            tokio::select! {
                other = first.inbox.next() => other.unwrap().answer(vec![2]),
                () = async { while !reply.is_finished() { tokio::task::yield_now().await } } => {}
            }
            if let Err(error) = within(reply).await.unwrap() {
                break error;
            }
        };
        assert_eq!(refused, RequestError::Closed);
        // The engine takes its time: more than an answer that is written needs to arrive.
        tokio::time::pause();
        tokio::time::advance(Duration::from_millis(CLOSE_LINGER_MS * 4)).await;
        tokio::time::resume();
        incoming.answer(b"recorded".to_vec());
        assert_eq!(within(asked).await.unwrap(), Ok(b"recorded".to_vec()));
        within(closing).await.unwrap();

        assert!(within(first.inbox.next()).await.is_none());
        let late = first.ask(&second, Protocol::Hello, vec![1]).await;
        assert_eq!(late, Err(RequestError::ShutDown));
        assert_eq!(first.network.listening().await, Vec::<String>::new());
        first.network.admit(Vec::new()).await;
        first.network.close().await;
    }
}

#[tokio::test]
async fn when_the_last_handle_is_dropped_the_task_ends() {
    let (network, mut inbox, task) = start(config(1, &[TCP])).unwrap();
    let task = tokio::spawn(task);
    let other = network.clone();
    drop(network);
    assert_eq!(within(other.listening()).await.len(), 1);
    drop(other);
    within(task).await.unwrap();
    assert!(within(inbox.next()).await.is_none());
}
