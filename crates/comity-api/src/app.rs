//! What every handler holds: the desk, who may come in, and how many at once.

use std::sync::Arc;

use comity_engine::desk::{Desk, Done, Person, Query, Shown, Work};
use tokio::sync::Semaphore;

use crate::Config;
use crate::console::session::Sessions;
use crate::limits::{IMPORTS_MAX, REQUESTS_MAX};
use crate::problem::Problem;

/// Shared by all requests.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) config: Config,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) imports: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(desk: Arc<dyn Desk>, config: Config) -> Self {
        Self {
            desk,
            config,
            sessions: Arc::default(),
            requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
            imports: Arc::new(Semaphore::new(IMPORTS_MAX)),
        }
    }

    pub(crate) async fn work(&self, person: Person, work: Work) -> Result<Done, Problem> {
        Ok(self.desk.work(person, work).await?)
    }

    pub(crate) async fn query(&self, person: Person, query: Query) -> Result<Shown, Problem> {
        Ok(self.desk.query(person, query).await?)
    }
}
