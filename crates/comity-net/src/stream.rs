//! One stream, one request, one reply: write, close the write side, read to the end. Maxima hold while reading.

use std::io;
use std::pin::pin;

use futures::future::{Either, select};
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::error::RequestError;
use crate::limits::CHUNK_BYTES;

/// Why reading ended before the end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// Longer than the maximum.
    TooLarge,
    /// Whoever watches the chunks has had enough.
    Stopped,
    /// The stream broke.
    Broken,
}

/// Reads to the end, at most `bytes_max`. `on_chunk` is told of each chunk and of the length so far, before the chunk
/// is kept; if it says false, reading ends.
pub(crate) async fn read_to_end(
    stream: &mut (impl AsyncRead + Unpin),
    bytes_max: usize,
    mut on_chunk: impl FnMut(usize, usize) -> bool,
) -> Result<Vec<u8>, ReadError> {
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    let mut bytes = Vec::new();
    loop {
        let count = match stream.read(&mut chunk).await {
            Ok(0) => return Ok(bytes),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(ReadError::Broken),
        };
        let length = bytes.len() + count;
        let read = chunk.get(..count).ok_or(ReadError::Broken)?;
        // What came is counted even if it is thrown away.
        let go_on = on_chunk(count, length);
        if length > bytes_max {
            return Err(ReadError::TooLarge);
        }
        if !go_on {
            return Err(ReadError::Stopped);
        }
        if bytes.capacity() < length {
            // Doubled, but never beyond the maximum, which the memory budget counts.
            let target = (bytes.capacity() * 2).max(length).min(bytes_max);
            bytes.reserve_exact(target.saturating_sub(bytes.len()));
        }
        bytes.extend_from_slice(read);
    }
}

/// Writes everything and closes the write side. `on_chunk` is told what the stream took.
pub(crate) async fn write_and_close(
    stream: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    on_chunk: impl FnMut(usize),
) -> io::Result<()> {
    write(stream, bytes, on_chunk).await?;
    stream.close().await
}

async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    mut on_chunk: impl FnMut(usize),
) -> io::Result<()> {
    for chunk in bytes.chunks(CHUNK_BYTES) {
        stream.write_all(chunk).await?;
        on_chunk(chunk.len());
    }
    stream.flush().await
}

/// Sends a request and reads its reply.
///
/// Reads while it writes: a peer that has not admitted us answers without reading, and what we still write would wait
/// for ever. The reply counts as soon as it is whole. `close`: whether the write side is closed, as the protocol wants.
pub(crate) async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &[u8],
    close: bool,
    reply_bytes_max: usize,
    on_read: impl FnMut(usize, usize) -> bool,
    on_write: impl FnMut(usize),
) -> Result<Vec<u8>, RequestError> {
    let (mut reader, mut writer) = stream.split();
    let write = pin!(async {
        write(&mut writer, request, on_write).await?;
        if close { writer.close().await } else { Ok(()) }
    });
    let read = pin!(read_to_end(&mut reader, reply_bytes_max, on_read));
    let reply = match select(read, write).await {
        Either::Left((reply, _)) => reply,
        // Written; or the other side stopped reading, and perhaps says why.
        Either::Right((_, read)) => read.await,
    };
    match reply {
        Ok(reply) if reply.is_empty() => Err(RequestError::Closed),
        Ok(reply) => Ok(reply),
        Err(ReadError::TooLarge) => Err(RequestError::ReplyTooLarge),
        Err(ReadError::Stopped | ReadError::Broken) => Err(RequestError::Closed),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures::executor::block_on;
    use futures::io::Cursor;

    use super::*;

    /// Answers at once and never takes more than a window of what is written.
    struct Deaf {
        reply: Cursor<Vec<u8>>,
        window: usize,
    }

    impl AsyncRead for Deaf {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            // Answers only when the writer is stuck.
            if self.window > 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Pin::new(&mut self.reply).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Deaf {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            if self.window == 0 {
                return Poll::Pending;
            }
            let count = self.window.min(buf.len());
            self.window -= count;
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_reply_is_read_while_the_request_is_stuck() {
        let mut written = 0;
        let stream = Deaf {
            reply: Cursor::new(b"no".to_vec()),
            window: 40_000,
        };
        let request = vec![7; 1_000_000];
        let reply = block_on(exchange(
            stream,
            &request,
            true,
            10,
            |_, _| true,
            |count| written += count,
        ));
        assert_eq!(reply, Ok(b"no".to_vec()));
        assert_eq!(written, 2 * CHUNK_BYTES);
    }

    #[test]
    fn no_reply_is_a_closed_stream() {
        let stream = Deaf {
            reply: Cursor::new(Vec::new()),
            window: 1,
        };
        let reply = block_on(exchange(stream, b"?", true, 10, |_, _| true, |_| ()));
        assert_eq!(reply, Err(RequestError::Closed));
    }

    #[test]
    fn a_reply_over_the_maximum_is_not_read_to_its_end() {
        for (length, expected) in [
            (10, Ok(vec![1; 10])),
            (11, Err(RequestError::ReplyTooLarge)),
        ] {
            let stream = Deaf {
                reply: Cursor::new(vec![1; length]),
                window: 1,
            };
            let reply = block_on(exchange(stream, b"?", true, 10, |_, _| true, |_| ()));
            assert_eq!(reply, expected);
        }
    }

    #[test]
    fn the_maximum_passes_and_one_byte_more_does_not() {
        for (length, expected) in [
            (0, Ok(0)),
            (1, Ok(1)),
            (100_000, Ok(100_000)),
            (100_001, Err(ReadError::TooLarge)),
            (10_000_000, Err(ReadError::TooLarge)),
        ] {
            let mut seen = 0;
            let mut stream = Cursor::new(vec![1; length]);
            let read = block_on(read_to_end(&mut stream, 100_000, |count, _| {
                seen += count;
                true
            }));
            if let Ok(bytes) = &read {
                assert!(bytes.capacity() <= 100_000, "{length}");
            }
            assert_eq!(read.map(|bytes| bytes.len()), expected, "{length}");
            assert!(seen <= 100_000 + CHUNK_BYTES, "{length}: read on");
        }
    }

    #[test]
    fn reading_ends_when_the_budget_does() {
        let mut stream = Cursor::new(vec![1; 100_000]);
        let read = block_on(read_to_end(&mut stream, 100_000, |_, length| {
            length <= 50_000
        }));
        assert_eq!(read, Err(ReadError::Stopped));
    }
}
