//! Over a real socket.

use std::sync::Arc;
use std::time::Duration;

use comity_api::{public_router, router, serve, serve_public};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::fake::{Fake, config};
use crate::public::Asked;

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = router(Fake::full(), config());
    let serving = tokio::spawn(serve(listener, router, async {
        stopped.await.unwrap();
    }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = [0; 12];
    stream.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"HTTP/1.1 200");
    // The connection is open and idle: it is closed, and serving ends.
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"ok\n"));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(
        listener,
        router(Fake::full(), config()),
        std::future::pending(),
    ));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HT").await.unwrap();
    let mut rest = Vec::new();
    let limit = Duration::from_secs(comity_api::limits::IDLE_SECONDS_MAX + 60);
    let closed = tokio::time::timeout(limit, stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok());
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_the_public_ends_whatever_is_sent_on_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = public_router(Arc::new(Asked));
    tokio::spawn(serve_public(listener, routes, std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let began = tokio::time::Instant::now();
    // Less than what counts as idle passes between two bytes of one header.
    let pause = Duration::from_secs(comity_api::limits::PUBLIC_IDLE_SECONDS_MAX - 1);
    let life = Duration::from_secs(comity_api::limits::PUBLIC_LIFE_SECONDS_MAX);
    stream
        .write_all(b"GET /log/2/checkpoint HTTP/1.1\r\nx: ")
        .await
        .unwrap();
    let mut byte = [0];
    let ended = loop {
        assert!(began.elapsed() < 2 * life, "it goes on and on");
        let _ = stream.write_all(b"x").await;
        match tokio::time::timeout(pause, stream.read(&mut byte)).await {
            Ok(read) => break read,
            Err(_) => continue,
        }
    };
    assert!(!matches!(ended, Ok(1..)), "it was answered");
    assert!(began.elapsed() >= life);
}
