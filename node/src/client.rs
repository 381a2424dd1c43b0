//! A running node, asked over its HTTP API on loopback.
//!
//! ```text
//! Reach (--config, --as, --api, --token-file) -> Client: address and token
//!   -> get, post -> JSON as the node says it, or a Failure
//! ```
//!
//! What the node refuses comes as `application/problem+json`: its code, sentence and next step become the failure of
//! the command. A token is sent to loopback only: there is no encryption on the way.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use comity_wire::words::TimeMs;
use serde::Deserialize;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};
use zeroize::Zeroizing;

use crate::answers::{self, Overview};
use crate::config::Config;
use crate::error::{Exit, Failure};
use crate::files;
use crate::limits::{
    ANSWER_BYTES_MAX, CODE_BYTES_MAX, CONNECT_SECONDS_MAX, HEX_FILE_BYTES_MAX, REQUEST_SECONDS_MAX,
};
use crate::parse;
use crate::person;
use crate::times::When;

/// Which node, and as whom.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Which node")]
pub(crate) struct Reach {
    /// The node's configuration
    #[arg(
        long,
        value_name = "FILE",
        env = "COMITY_CONFIG",
        default_value = "comity.toml"
    )]
    pub(crate) config: PathBuf,
    /// Whose token to use [default: the only one there is, else admin]
    #[arg(long = "as", value_name = "NAME", value_parser = parse::person)]
    pub(crate) person: Option<String>,
    /// The node's API, if not as in the configuration: 127.0.0.1:8640
    #[arg(long, value_name = "ADDRESS", value_parser = api_address)]
    pub(crate) api: Option<SocketAddr>,
    /// A file with the token, if not in the configuration's folder of tokens
    #[arg(long, value_name = "FILE", conflicts_with = "person")]
    pub(crate) token_file: Option<PathBuf>,
}

impl Reach {
    /// Finds address and token. With both `--api` and `--token-file` no configuration is read.
    ///
    /// # Errors
    /// What is wrong with the configuration; `token-not-found`, `not-a-token`; what the disk says.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let config = match (&self.api, &self.token_file) {
            (Some(_), Some(_)) => None,
            _ => Some(Config::load(&self.config)?),
        };
        let (api, token_file) = match (&config, self.api, &self.token_file) {
            (_, Some(api), Some(file)) => (api, file.clone()),
            (Some(config), api, file) => {
                let api = api.unwrap_or_else(|| reachable(config.api.listen));
                let file = match file {
                    Some(file) => file.clone(),
                    None => self.token_path(&config.tokens_dir)?,
                };
                (api, file)
            }
            (None, ..) => return Err(answers::not_understood()),
        };
        let config = config.map_or_else(|| self.config.clone(), |config| config.path);
        Client::new(api, read_token(&token_file)?, &config)
    }

    /// The token of whom `--as` names; else the only one; else the one that comes with every node.
    fn token_path(&self, tokens_dir: &Path) -> Result<PathBuf, Failure> {
        let person = match &self.person {
            Some(person) => person.clone(),
            None => {
                let people = person::list(tokens_dir)?;
                match people.as_slice() {
                    [only] => only.clone(),
                    _ => person::ADMIN.to_owned(),
                }
            }
        };
        let path = person::token_path(tokens_dir, &person);
        if fs::exists(&path).unwrap_or(false) {
            return Ok(path);
        }
        Err(Failure::new(
            "token-not-found",
            format!("{} holds no token of that name.", tokens_dir.display()),
            "See `comity person list`; `comity person add NAME` makes a token, which the node knows after its next start.",
        ))
    }
}

/// Loopback only, by number.
fn api_address(text: &str) -> Result<SocketAddr, String> {
    let text = text.strip_prefix("http://").unwrap_or(text);
    let text = text.strip_suffix('/').unwrap_or(text);
    let address = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let address: SocketAddr = address
        .parse()
        .map_err(|_| "an address of an API is written 127.0.0.1:8640".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(
            "a token is sent to this machine only; reach another machine through an SSH tunnel"
                .to_owned(),
        )
    }
}

/// Where this machine reaches what listens there: an API that listens everywhere listens on loopback too.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        other => other,
    };
    SocketAddr::new(ip, listen.port())
}

/// 64 hex digits on one line.
fn read_token(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = files::read_secret(path, HEX_FILE_BYTES_MAX)?;
    let token = text.trim_end();
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if token.len() == 64 && token.bytes().all(hex) {
        return Ok(Zeroizing::new(token.to_owned()));
    }
    Err(Failure::new(
        "not-a-token",
        format!(
            "{}: this is not one line of 64 lower-case hex digits.",
            path.display()
        ),
        "`comity person add NAME` makes a token.",
    ))
}

/// A node that answers, as long as it does.
pub(crate) struct Client {
    agent: Agent,
    base: String,
    authorization: Zeroizing<String>,
    config: PathBuf,
}

impl Client {
    fn new(api: SocketAddr, token: Zeroizing<String>, config: &Path) -> Result<Self, Failure> {
        if !api.ip().is_loopback() {
            return Err(Failure::new(
                "api-not-loopback",
                "The node's API listens on an address of the network only, and a token is not sent there in the clear.",
                "Run the command on the node's machine with the API on loopback, or open an SSH tunnel and give its end as `--api 127.0.0.1:PORT`.",
            ));
        }
        let settings = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(CONNECT_SECONDS_MAX)))
            .timeout_global(Some(Duration::from_secs(REQUEST_SECONDS_MAX)))
            .user_agent(concat!("comity/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: settings.into(),
            base: format!("http://{api}"),
            authorization: Zeroizing::new(format!("Bearer {}", token.as_str())),
            config: config.to_owned(),
        })
    }

    /// What the node shows at a path.
    pub(crate) fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        let mut request = self
            .agent
            .get(format!("{}{path}", self.base))
            .header("Authorization", self.authorization.as_str());
        for (name, value) in query {
            request = request.query(name, value);
        }
        self.answer(request.call())
    }

    /// What comes of a piece of work.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("Authorization", self.authorization.as_str());
        self.answer(request.send_json(body))
    }

    /// What comes of a file, sent as it is.
    pub(crate) fn post_file(&self, path: &str, name: &str, bytes: &[u8]) -> Result<Value, Failure> {
        let request = self
            .agent
            .post(format!("{}{path}", self.base))
            .query("file", name)
            .header("Authorization", self.authorization.as_str())
            .content_type("application/octet-stream");
        self.answer(request.send(bytes))
    }

    /// A time that a person gave, by the node's clock.
    ///
    /// # Errors
    /// The node does not say what time it is.
    pub(crate) fn time(&self, when: When) -> Result<TimeMs, Failure> {
        if !when.is_relative() {
            return Ok(when.at(0));
        }
        let answer = self.get(OVERVIEW, &[])?;
        let overview: Overview = answers::take(&answer, "overview")?;
        Ok(when.at(overview.now))
    }

    /// [`Self::time`], if a time was given.
    pub(crate) fn time_of(&self, when: Option<When>) -> Result<Option<TimeMs>, Failure> {
        when.map(|when| self.time(when)).transpose()
    }

    fn answer(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Value, Failure> {
        let mut answer = answer.map_err(|error| self.unanswered(&error))?;
        let status = answer.status();
        let body = answer
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec()
            .map_err(|error| self.unanswered(&error))?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| answers::not_understood());
        }
        let problem = serde_json::from_slice(&body).ok().and_then(failure_of);
        Err(problem.unwrap_or_else(answers::not_understood))
    }

    /// No answer came. The text of the error is not repeated: it can hold parts of what was sent.
    fn unanswered(&self, error: &ureq::Error) -> Failure {
        let refused = match error {
            ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => true,
            ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => true,
            _ => false,
        };
        let (code, message, next) = if refused {
            (
                "node-not-running",
                format!("No node answers at {}.", self.base),
                format!(
                    "Start it with `comity run --config {}`.",
                    self.config.display()
                ),
            )
        } else if matches!(error, ureq::Error::Timeout(_)) {
            (
                "node-too-slow",
                format!("The node did not answer within {REQUEST_SECONDS_MAX} s."),
                "Look whether it was done (`comity outbox`, `comity case show CASE`) before you try again.".to_owned(),
            )
        } else {
            (
                "node-cut-off",
                "The connection to the node ended before its answer did.".to_owned(),
                "Look whether the node is running and whether it was done (`comity outbox`, `comity case show CASE`) before you try again.".to_owned(),
            )
        };
        Failure::new(code, message, next).exits(Exit::NotReachable)
    }
}

/// `application/problem+json` (RFC 9457) of a node.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
    next: String,
}

/// The failure that a problem is, if its code is one.
fn failure_of(problem: Problem) -> Option<Failure> {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_code = !problem.code.is_empty()
        && problem.code.len() <= CODE_BYTES_MAX
        && problem.code.bytes().all(word);
    is_code.then(|| {
        // Codes of this program are constants; the node's live as long as the program, which ends after the first.
        let code: &'static str = problem.code.leak();
        Failure::new(code, sentence(&problem.detail), sentence(&problem.next))
    })
}

/// The node's words begin small and end without a full stop.
fn sentence(text: &str) -> String {
    let text = crate::tables::plain(text);
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    let stop = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    first.map_or_else(String::new, |first| {
        format!("{first}{}{stop}", chars.as_str())
    })
}

/// Where the node says what time it is.
const OVERVIEW: &str = "/v1/overview";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_loopback_only() {
        let check = |text: &str, expected: Option<&str>| {
            let found = api_address(text).ok().map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("127.0.0.1:8640", Some("127.0.0.1:8640"));
        check("http://127.0.0.1:8640/", Some("127.0.0.1:8640"));
        check("localhost:8640", Some("127.0.0.1:8640"));
        check("[::1]:8640", Some("[::1]:8640"));
        check("192.0.2.1:8640", None);
        check("0.0.0.0:8640", None);
        check("https://127.0.0.1:8640", None);
        check("node.example:8640", None);
        check("127.0.0.1", None);
    }

    #[test]
    fn what_listens_everywhere_is_reached_on_loopback() {
        let check = |listen: &str, expected: &str| {
            let found = listen.parse().map(|listen| reachable(listen).to_string());
            assert_eq!(found.as_deref(), Ok(expected));
        };
        check("0.0.0.0:1", "127.0.0.1:1");
        check("[::]:1", "[::1]:1");
        check("127.0.0.1:1", "127.0.0.1:1");
        check("192.0.2.1:1", "192.0.2.1:1");
    }

    #[test]
    fn a_problem_of_the_node_is_told_in_sentences_and_obeys_no_terminal() {
        let problem = |code: &str| Problem {
            code: code.to_owned(),
            detail: "nothing \u{1b}[31mhere".to_owned(),
            next: "look elsewhere.".to_owned(),
        };
        let failure = failure_of(problem("unknown-case"));
        let expected = Failure::new(
            "unknown-case",
            "Nothing \u{fffd}[31mhere.",
            "Look elsewhere.",
        );
        assert_eq!(failure, Some(expected));
        for code in ["", "Unknown", "a b", "é", &"x".repeat(65)] {
            assert_eq!(failure_of(problem(code)), None, "{code}");
        }
    }
}
