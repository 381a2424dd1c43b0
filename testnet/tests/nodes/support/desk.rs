//! One person at one node, over the HTTP API.

use std::time::Instant;

use comity_testnet::client::{Answer, Client};
use comity_testnet::federation::Member;
use comity_testnet::limits::WAIT_MAX;
use serde_json::Value;

/// A person with a token.
#[derive(Clone)]
pub(crate) struct Desk {
    member: Member,
    person: &'static str,
}

/// Why there is nothing to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum No {
    /// The node said so: a code. What was asked for has not been done.
    Refused(String),
    /// No answer came: what was asked for may have been done or not.
    Silence,
}

impl Desk {
    pub(crate) fn new(member: &Member, person: &'static str) -> Self {
        Self {
            member: member.clone(),
            person,
        }
    }

    pub(crate) fn member(&self) -> &Member {
        &self.member
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, No> {
        understood(self.client().get(path))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, No> {
        understood(self.client().post(path, body))
    }

    /// A file of reports.
    pub(crate) fn import(&self, name: &str, content: &str) -> Result<Value, No> {
        let path = format!("/v1/imports?file={name}");
        understood(
            self.client()
                .post_file(&path, "text/csv", content.as_bytes()),
        )
    }

    /// All rows of a list.
    pub(crate) fn rows(&self, path: &str) -> Result<Vec<Value>, No> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let asked = match after {
                Some(after) if path.contains('?') => format!("{path}&after={after}"),
                Some(after) => format!("{path}?after={after}"),
                None => path.to_owned(),
            };
            let shown = self.get(&asked)?;
            let page = shown.as_object().unwrap().values().next().unwrap();
            rows.extend(page["rows"].as_array().unwrap().iter().cloned());
            after = page["next"].as_u64();
            if after.is_none() {
                return Ok(rows);
            }
        }
    }

    /// Asks until what is shown is as wanted.
    #[track_caller]
    pub(crate) fn until<T>(&self, path: &str, wanted: impl Fn(&Value) -> Option<T>) -> T {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            let shown = self.get(path);
            if let Some(found) = shown.as_ref().ok().and_then(&wanted) {
                return found;
            }
            assert!(Instant::now() < deadline, "{path}: {shown:?}");
        }
    }

    /// Each time anew: a connection to a node that was killed is of no use.
    fn client(&self) -> Client {
        self.member.client(self.person).unwrap()
    }
}

fn understood(answer: Result<Answer, comity_testnet::Trouble>) -> Result<Value, No> {
    let answer = answer.map_err(|_| No::Silence)?;
    let body = answer.json();
    if answer.status == 200 {
        return body.map_err(|_| No::Silence);
    }
    let body = body.unwrap_or_default();
    let code = body["code"].as_str();
    let code = code.map_or_else(
        || format!("http-{}: {body}", answer.status),
        ToOwned::to_owned,
    );
    Err(No::Refused(code))
}
