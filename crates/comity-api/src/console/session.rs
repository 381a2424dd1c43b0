//! Who is logged in: random cookies in memory. They end with the token, after a shift, after a long break, and when the
//! node stops.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use comity_engine::desk::Person;
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::page::Failure;
use crate::app::App;
use crate::gate::is_loopback;
use crate::limits::{SESSION_IDLE_SECONDS_MAX, SESSION_SECONDS_MAX, SESSIONS_MAX};
use crate::problem::Problem;
use crate::tokens::{self, Tokens};

/// Every session, by the SHA-256 of its cookie.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Vec<Session>>);

struct Session {
    cookie: [u8; 32],
    /// Asked for at every request, so that taking a token away ends its sessions.
    token: String,
    opened: Instant,
    used: Instant,
}

impl Sessions {
    /// Opens a session for a token and gives its cookie.
    pub(crate) fn open(&self, token: &str, now: Instant) -> Result<String, Problem> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|_| {
            Problem::operator(
                "no-randomness",
                "the system gives no random numbers",
                "look at the state of the machine",
            )
        })?;
        let cookie = HEXLOWER.encode(&random);
        let session = Session {
            cookie: Sha256::digest(&cookie).into(),
            token: token.to_owned(),
            opened: now,
            used: now,
        };
        self.with(|sessions| {
            sessions.retain(|session| session.lives(now));
            while sessions.len() >= SESSIONS_MAX {
                let idlest = sessions
                    .iter()
                    .enumerate()
                    .min_by_key(|(_, session)| session.used)
                    .map(|(place, _)| place);
                let Some(idlest) = idlest else { break };
                sessions.swap_remove(idlest);
            }
            sessions.push(session);
        });
        Ok(cookie)
    }

    /// Whose session this is.
    pub(crate) fn person_of(
        &self,
        cookie: &str,
        tokens: &dyn Tokens,
        now: Instant,
    ) -> Option<Person> {
        let given: [u8; 32] = Sha256::digest(cookie).into();
        let token = self.with(|sessions| {
            sessions.retain(|session| session.lives(now));
            sessions
                .iter_mut()
                .find(|session| tokens::equal(&session.cookie, &given))
                .map(|session| {
                    session.used = now;
                    session.token.clone()
                })
        })?;
        tokens.person_of(&token)
    }

    /// Ends a session.
    pub(crate) fn close(&self, cookie: &str) {
        let given: [u8; 32] = Sha256::digest(cookie).into();
        self.with(|sessions| sessions.retain(|session| !tokens::equal(&session.cookie, &given)));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Vec<Session>) -> T) -> T {
        // A panic elsewhere leaves the list whole: every change is one call.
        let mut sessions = match self.0.lock() {
            Ok(sessions) => sessions,
            Err(poisoned) => poisoned.into_inner(),
        };
        change(&mut sessions)
    }
}

impl Session {
    fn lives(&self, now: Instant) -> bool {
        let within = |since: Instant, seconds| {
            now.saturating_duration_since(since) < Duration::from_secs(seconds)
        };
        within(self.opened, SESSION_SECONDS_MAX) && within(self.used, SESSION_IDLE_SECONDS_MAX)
    }
}

/// Somebody who is logged in.
pub(crate) struct Visitor(pub(crate) Person);

impl FromRequestParts<App> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        person(&parts.headers, app)
            .map(Self)
            .ok_or(Failure::LoggedOut)
    }
}

/// Who sent these headers, if they are logged in.
pub(crate) fn person(headers: &HeaderMap, app: &App) -> Option<Person> {
    let cookie = cookie(headers)?;
    let tokens = app.config.tokens.as_ref();
    app.sessions.person_of(cookie, tokens, Instant::now())
}

/// The session's cookie among all cookies.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let name = cookie_name(headers);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A `Set-Cookie` that gives the cookie, or that takes it away.
pub(crate) fn set_cookie(headers: &HeaderMap, cookie: Option<&str>) -> String {
    let name = cookie_name(headers);
    // Other machines reach a node through TLS only; on loopback there is none to ask for.
    let secure = if host(headers).is_some_and(|host| is_loopback(&host)) {
        ""
    } else {
        "; Secure"
    };
    let (value, age) = match cookie {
        Some(cookie) => (cookie, SESSION_SECONDS_MAX),
        None => ("", 0),
    };
    format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}")
}

/// Browsers give cookies to every port of a host: two nodes on one machine must not log each other out.
fn cookie_name(headers: &HeaderMap) -> String {
    let port = host(headers).and_then(|host| host.port_u16());
    format!("comity-session-{}", port.unwrap_or(0))
}

pub(crate) fn host(headers: &HeaderMap) -> Option<Authority> {
    headers.get(header::HOST)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::tokens::TokenTable;

    fn tokens() -> TokenTable {
        let mut table = TokenTable::new();
        assert!(table.add(Person::new("anna").unwrap(), &token()));
        table
    }

    fn token() -> String {
        "ab".repeat(32)
    }

    #[test]
    fn a_session_ends_after_a_break_and_after_a_shift() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let lives = |sessions: &Sessions, cookie: &str, seconds| {
            sessions.person_of(cookie, &tokens(), at(seconds)).is_some()
        };

        let sessions = Sessions::default();
        let cookie = sessions.open(&token(), start).unwrap();
        assert!(lives(&sessions, &cookie, SESSION_IDLE_SECONDS_MAX - 1));
        assert!(!lives(&sessions, &cookie, 2 * SESSION_IDLE_SECONDS_MAX - 1));

        let cookie = sessions.open(&token(), start).unwrap();
        let pages = (0..SESSION_SECONDS_MAX).step_by(1_000);
        assert!(
            pages
                .into_iter()
                .all(|second| lives(&sessions, &cookie, second))
        );
        assert!(!lives(&sessions, &cookie, SESSION_SECONDS_MAX));
    }

    #[test]
    fn a_session_ends_with_its_token() {
        let now = Instant::now();
        let sessions = Sessions::default();
        let cookie = sessions.open(&token(), now).unwrap();
        assert!(sessions.person_of(&cookie, &tokens(), now).is_some());
        assert!(
            sessions
                .person_of(&cookie, &TokenTable::new(), now)
                .is_none()
        );
    }

    #[test]
    fn a_login_too_many_ends_the_session_that_was_idle_for_longest() {
        let start = Instant::now();
        let sessions = Sessions::default();
        let cookies: Vec<String> = (0..SESSIONS_MAX)
            .map(|_| sessions.open(&token(), start).unwrap())
            .collect();
        let later = start + Duration::from_secs(1);
        let (idle, used) = cookies.split_last().unwrap();
        for cookie in used {
            assert!(sessions.person_of(cookie, &tokens(), later).is_some());
        }
        sessions.open(&token(), later).unwrap();
        assert!(sessions.person_of(idle, &tokens(), later).is_none());
        for cookie in used {
            assert!(sessions.person_of(cookie, &tokens(), later).is_some());
        }
    }

    #[test]
    fn a_cookie_of_another_port_is_not_ours_and_is_secure_away_from_loopback() {
        let headers = |host: &'static str, cookie: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            headers
        };
        let both = "a=b; comity-session-1=x; comity-session-2=y";
        assert_eq!(cookie(&headers("127.0.0.1:2", both)), Some("y"));
        assert_eq!(cookie(&headers("127.0.0.1:3", both)), None);
        assert!(!set_cookie(&headers("127.0.0.1:2", ""), Some("x")).contains("Secure"));
        assert!(set_cookie(&headers("node.example", ""), Some("x")).ends_with("; Secure"));
        assert!(set_cookie(&headers("127.0.0.1:2", ""), None).contains("Max-Age=0"));
    }
}
