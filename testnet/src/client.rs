//! The HTTP API of a node on this machine, with the token of a person.

use std::net::SocketAddr;

use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::Trouble;
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_MAX};

/// One person's way to one node.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    address: SocketAddr,
    authorization: String,
}

/// An answer, whatever its status: that a request is refused may be what a test wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Media type with its parameters; empty if the node sent none.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// To the node at this address, with this token, as it stands in the token's file.
    ///
    /// # Errors
    /// An address that is not on this machine.
    pub fn new(address: SocketAddr, token: &str) -> Result<Self, Trouble> {
        if !address.ip().is_loopback() {
            return Err(Trouble::NotLoopback { address });
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_MAX))
            .max_redirects(0)
            // A proxy of whoever runs the tests must not see the token.
            .proxy(None)
            .build();
        Ok(Self {
            agent: config.into(),
            address,
            authorization: format!("Bearer {}", token.trim_end()),
        })
    }

    /// GET.
    ///
    /// # Errors
    /// No answer, or one that is too long.
    pub fn get(&self, path: &str) -> Result<Answer, Trouble> {
        let request = self
            .agent
            .get(self.url(path))
            .header("authorization", &self.authorization);
        answer("GET", path, request.call())
    }

    /// POST with a body of JSON.
    ///
    /// # Errors
    /// No answer, or one that is too long.
    pub fn post(&self, path: &str, body: &Value) -> Result<Answer, Trouble> {
        let request = self
            .agent
            .post(self.url(path))
            .header("authorization", &self.authorization);
        answer("POST", path, request.send_json(body))
    }

    /// POST with a body as it is.
    ///
    /// # Errors
    /// No answer, or one that is too long.
    pub fn post_file(&self, path: &str, media_type: &str, body: &[u8]) -> Result<Answer, Trouble> {
        let request = self
            .agent
            .post(self.url(path))
            .header("authorization", &self.authorization)
            .header("content-type", media_type);
        answer("POST", path, request.send(body))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// It is none.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

fn answer(
    method: &'static str,
    path: &str,
    response: Result<Response<Body>, ureq::Error>,
) -> Result<Answer, Trouble> {
    let trouble = |error: ureq::Error| Trouble::NoAnswer {
        method,
        path: path.split('?').next().unwrap_or_default().to_owned(),
        reason: error.to_string(),
    };
    let mut response = response.map_err(trouble)?;
    let content_type = response.headers().get("content-type");
    let content_type = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let body = response
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec();
    Ok(Answer {
        status: response.status().as_u16(),
        content_type,
        body: body.map_err(trouble)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread::{self, JoinHandle};

    /// Gives one answer to one request, and returns what was asked.
    fn stand_in(answer: &'static str) -> (Client, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::new(listener.local_addr().unwrap(), "secret\n").unwrap();
        let asked = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut part = [0; 1024];
            while !is_whole(&request) {
                let read = stream.read(&mut part).unwrap();
                request.extend(part.iter().take(read));
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        (client, asked)
    }

    /// The only body that it gets is an object without objects in it.
    fn is_whole(request: &[u8]) -> bool {
        let end: &[u8] = if request.starts_with(b"GET") {
            b"\r\n\r\n"
        } else {
            b"}"
        };
        request.ends_with(end)
    }

    #[test]
    fn a_request_carries_the_token_and_a_refusal_is_an_answer() {
        let (client, asked) = stand_in(
            "HTTP/1.1 404 Not Found\r\ncontent-type: application/problem+json\r\ncontent-length: 18\r\n\r\n{\"code\":\"no-case\"}",
        );
        let answer = client.get("/v1/cases?after=3").unwrap();
        assert_eq!(
            (answer.status, answer.content_type.as_str()),
            (404, "application/problem+json")
        );
        assert_eq!(
            answer.json().unwrap(),
            serde_json::json!({"code": "no-case"})
        );
        let asked = asked.join().unwrap();
        assert!(
            asked.starts_with("GET /v1/cases?after=3 HTTP/1.1\r\n"),
            "{asked}"
        );
        assert!(
            asked.contains("authorization: Bearer secret\r\n"),
            "{asked}"
        );
    }

    #[test]
    fn a_body_is_sent_as_json_and_a_redirect_is_not_followed() {
        let (client, asked) = stand_in(
            "HTTP/1.1 303 See Other\r\nlocation: http://192.0.2.1/\r\ncontent-length: 0\r\n\r\n",
        );
        let answer = client
            .post("/v1/requests", &serde_json::json!({"n": 1}))
            .unwrap();
        assert_eq!((answer.status, answer.content_type.as_str()), (303, ""));
        let asked = asked.join().unwrap();
        assert!(asked.contains("content-type: application/json"), "{asked}");
        let (_, body) = asked.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body, serde_json::json!({"n": 1}));
    }

    #[test]
    fn a_file_is_sent_as_it_is_under_its_media_type() {
        let (client, asked) = stand_in(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
        );
        let answer = client.post_file("/v1/imports?file=a.jsonl", "text/plain", b"{\"n\":1}");
        assert_eq!(answer.unwrap().status, 200);
        let asked = asked.join().unwrap();
        assert!(
            asked.starts_with("POST /v1/imports?file=a.jsonl HTTP/1.1\r\n"),
            "{asked}"
        );
        assert!(asked.contains("content-type: text/plain\r\n"), "{asked}");
        assert!(asked.ends_with("\r\n\r\n{\"n\":1}"), "{asked}");
    }

    #[test]
    fn nobody_but_this_machine_is_talked_to_and_no_answer_is_said_without_the_query() {
        let elsewhere = "192.0.2.1:8640".parse().unwrap();
        assert_eq!(
            Client::new(elsewhere, "secret").unwrap_err().code(),
            "not-loopback"
        );

        let closed = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let error = Client::new(closed, "secret")
            .unwrap()
            .get("/v1/cases?after=3")
            .unwrap_err();
        assert_eq!(error.code(), "no-answer");
        let said = error.to_string();
        assert!(said.starts_with("no answer to GET /v1/cases:"), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}
