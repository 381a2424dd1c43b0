//! A collector of telemetry on this machine: takes whatever is posted to it, answers that all is well, and keeps every
//! byte, heads of requests included. So a test can look at what really leaves a node.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::limits::POST_BYTES_MAX;
use crate::{Trouble, trouble};

/// A collector. Its threads end with the process of the test.
#[derive(Clone, Debug)]
pub struct Collector {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Post>>>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The path that it was posted to: `/v1/traces`, `/v1/metrics` or `/v1/logs`.
    pub path: String,
    /// Request line, headers and body as they came.
    pub bytes: Vec<u8>,
}

impl Collector {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// There is none.
    pub fn start() -> Result<Self, Trouble> {
        let failed = |error| trouble::file(Path::new("a port on loopback"), error);
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let taken = Arc::<Mutex<Vec<Post>>>::default();
        let keep = Arc::clone(&taken);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let keep = Arc::clone(&keep);
                thread::spawn(move || serve(stream, &keep));
            }
        });
        Ok(Self { address, taken })
    }

    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What has come until now.
    #[must_use]
    pub fn taken(&self) -> Vec<Post> {
        match self.taken.lock() {
            Ok(taken) => taken.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }
}

/// One connection, for as long as the other side has something to say.
fn serve(stream: TcpStream, taken: &Mutex<Vec<Post>>) {
    let mut reader = BufReader::new(&stream);
    while let Some(post) = read(&mut reader) {
        if let Ok(mut taken) = taken.lock() {
            taken.push(post);
        }
        // Whoever has gone does not read the answer.
        let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }
}

/// A request with a length: nothing else is posted here. `None` at the end of the connection.
fn read(reader: &mut impl BufRead) -> Option<Post> {
    let mut bytes = Vec::new();
    let mut length = 0_u64;
    loop {
        let begins = bytes.len();
        if reader.read_until(b'\n', &mut bytes).ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(bytes.get(begins..)?).to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok().filter(|n| *n <= POST_BYTES_MAX)?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let path = head.split_whitespace().nth(1)?.to_owned();
    let read = reader.take(length).read_to_end(&mut bytes).ok()?;
    (u64::try_from(read) == Ok(length)).then_some(Post { path, bytes })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn every_byte_of_several_requests_on_one_connection_is_kept() {
        let collector = Collector::start().unwrap();
        let mut stream = TcpStream::connect(collector.address).unwrap();
        let mut answer = [0; 38];
        for body in ["one", "two\r\n\r\n"] {
            let length = body.len();
            let request =
                format!("POST /v1/{length} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}");
            stream.write_all(request.as_bytes()).unwrap();
            stream.read_exact(&mut answer).unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 200"));
            let last = collector.taken().pop().unwrap();
            assert_eq!(last.path, format!("/v1/{length}"));
            assert_eq!(last.bytes, request.as_bytes());
        }
        assert_eq!(collector.taken().len(), 2);
        assert!(collector.endpoint().starts_with("http://127.0.0.1:"));
    }

    #[test]
    fn what_is_cut_off_is_not_kept() {
        let check = |bytes: &[u8], expected: bool| {
            assert_eq!(read(&mut &bytes[..]).is_some(), expected);
        };
        check(
            b"POST /v1/logs HTTP/1.1\r\ncontent-length: 3\r\n\r\none",
            true,
        );
        check(
            b"POST /v1/logs HTTP/1.1\r\ncontent-length: 3\r\n\r\non",
            false,
        );
        check(b"POST /v1/logs HTTP/1.1\r\ncontent-length: 3\r\n", false);
        check(
            b"POST /v1/logs HTTP/1.1\r\ncontent-length: many\r\n\r\n",
            false,
        );
        check(b"", false);
    }
}
