//! The listening side: how many connections, how long they may be idle and last, how they end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, Sleep, sleep};

use crate::limits::{
    CONNECTIONS_MAX, IDLE_SECONDS_MAX, PUBLIC_CONNECTIONS_MAX, PUBLIC_IDLE_SECONDS_MAX,
    PUBLIC_LIFE_SECONDS_MAX, SHUTDOWN_SECONDS_MAX,
};

/// Serves the people and programs of the member until `shutdown` comes; then requests in hand have
/// [`SHUTDOWN_SECONDS_MAX`] to end.
///
/// # Errors
/// The listener failed for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let bounds = Bounds {
        connections: CONNECTIONS_MAX,
        idle: Duration::from_secs(IDLE_SECONDS_MAX),
        life: None,
    };
    serve_within(bounds, listener, router, shutdown).await
}

/// As [`serve`], for everybody: fewer connections, each for a short time, whatever is sent on it.
///
/// # Errors
/// The listener failed for good.
pub async fn serve_public(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let bounds = Bounds {
        connections: PUBLIC_CONNECTIONS_MAX,
        idle: Duration::from_secs(PUBLIC_IDLE_SECONDS_MAX),
        life: Some(Duration::from_secs(PUBLIC_LIFE_SECONDS_MAX)),
    };
    serve_within(bounds, listener, router, shutdown).await
}

/// What a listener allows.
#[derive(Clone, Copy)]
struct Bounds {
    connections: usize,
    /// Without anything read.
    idle: Duration,
    /// Of a connection, busy or not.
    life: Option<Duration>,
}

async fn serve_within(
    bounds: Bounds,
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (begun, has_begun) = oneshot::channel();
    let bounded = Bounded {
        listener,
        room: Arc::new(Semaphore::new(bounds.connections)),
        bounds,
    };
    let ends = async move {
        shutdown.await;
        // Nobody listens any more only when serving has ended already.
        let _ = begun.send(());
    };
    let too_late = async move {
        match has_begun.await {
            Ok(()) => sleep(Duration::from_secs(SHUTDOWN_SECONDS_MAX)).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        served = axum::serve(bounded, router).with_graceful_shutdown(ends).into_future() => served,
        () = too_late => Ok(()),
    }
}

/// A listener that accepts only while there is room.
struct Bounded {
    listener: TcpListener,
    room: Arc<Semaphore>,
    bounds: Bounds,
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed; without a permit the connection would only not be counted.
        let permit = Arc::clone(&self.room).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let connection = Connection {
            stream,
            idle_max: self.bounds.idle,
            idle: Box::pin(sleep(self.bounds.idle)),
            life: self.bounds.life.map(|life| Box::pin(sleep(life))),
            _permit: permit,
        };
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when nothing is read for too long or its life is over, and makes room when it ends.
struct Connection {
    stream: TcpStream,
    idle_max: Duration,
    idle: Pin<Box<Sleep>>,
    life: Option<Pin<Box<Sleep>>>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// Whether its life is over; if not, the task is woken when it is.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        let life = self.life.as_mut();
        life.is_some_and(|life| life.as_mut().poll(context).is_ready())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_over(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            let until = Instant::now() + self.idle_max;
            self.idle.as_mut().reset(until);
            return Poll::Ready(read);
        }
        self.idle
            .as_mut()
            .poll(context)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_over(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_over(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
