//! Witnesses from outside, asked over HTTP: C2SP `tlog-witness`.

use std::sync::Arc;
use std::time::Duration;

use comity_engine::Outside;
use comity_engine::ports::{Fault, OutsideWitness, Pending};
use comity_wire::limits::WITNESS_ANSWER_BYTES_MAX;
use ureq::Agent;

use crate::config;
use crate::limits::OUTSIDE_WITNESS_TIME_MS_MAX;

/// A witness at an address.
#[derive(Debug, Clone)]
pub struct HttpWitness {
    agent: Agent,
    address: String,
}

impl HttpWitness {
    /// The witnesses of a configuration.
    #[must_use]
    pub fn all(named: &[config::OutsideWitness]) -> Vec<Outside> {
        let agent: Agent = Agent::config_builder()
            // The witness is named; what it says elsewhere is another's word.
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_millis(OUTSIDE_WITNESS_TIME_MS_MAX)))
            .user_agent(concat!("comity/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        let witnesses = named.iter().map(|one| Outside {
            key: one.key.clone(),
            way: Arc::new(Self {
                agent: agent.clone(),
                address: format!("{}/add-checkpoint", one.url),
            }),
        });
        witnesses.collect()
    }

    fn post(&self, body: &str) -> Result<(u16, String), Fault> {
        let request = self
            .agent
            .post(&self.address)
            .content_type("text/plain; charset=utf-8");
        let mut answer = request.send(body).map_err(|error| unanswered(&error))?;
        let limit = u64::try_from(WITNESS_ANSWER_BYTES_MAX).unwrap_or(u64::MAX);
        let read = answer.body_mut().with_config().limit(limit).read_to_vec();
        let body = read.map_err(|error| unanswered(&error))?;
        // An answer that is no text is no line of anybody.
        let body = String::from_utf8(body).unwrap_or_default();
        Ok((answer.status().as_u16(), body))
    }
}

fn unanswered(error: &ureq::Error) -> Fault {
    let (code, what) = match error {
        ureq::Error::Timeout(_) => ("witness-slow", "no answer in time"),
        ureq::Error::BodyExceedsLimit(_) => ("witness-bad-reply", "more than lines of a witness"),
        _ => ("unreachable", "no answer"),
    };
    Fault::new(code, what)
}

impl OutsideWitness for HttpWitness {
    fn add_checkpoint(&self, body: String) -> Pending<'_, Result<(u16, String), Fault>> {
        let witness = self.clone();
        let asked = tokio::task::spawn_blocking(move || witness.post(&body));
        Box::pin(async move {
            let ended = asked.await;
            ended.unwrap_or_else(|_| Err(Fault::new("unreachable", "the node is stopping")))
        })
    }
}
