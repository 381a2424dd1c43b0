//! A witness from outside of the federation, in memory: it cosigns as C2SP `tlog-witness` has it, or answers what a
//! test puts in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use comity_engine::Outside;
use comity_engine::ports::{Fault, OutsideWitness, Pending};
use comity_log::add_checkpoint::Request;
use comity_log::cosignature;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::witness::{Decision, KnownLog, decide};
use ed25519_dalek::SigningKey;

use crate::federation::key;

/// A witness. Clones are one.
#[derive(Clone)]
pub struct FarWitness {
    name: KeyName,
    key: SigningKey,
    inner: Arc<Mutex<Inner>>,
}

type Instead = Box<dyn Fn(&str, (u16, String)) -> Option<(u16, String)> + Send>;

#[derive(Default)]
struct Inner {
    log: Option<KnownLog>,
    instead: Option<Instead>,
    /// The time of the next cosignature, in seconds since 1970.
    time_s: u64,
    statuses: Vec<u16>,
}

impl FarWitness {
    /// A witness of this name that knows the log of a key, and begins to sign at a time.
    ///
    /// # Panics
    /// When the name is none of a key.
    #[must_use]
    pub fn new(name: &str, log: VerifierKey, time_s: u64) -> Self {
        let log = Some(KnownLog {
            key: log,
            seen: None,
        });
        let inner = Inner {
            log,
            time_s,
            ..Inner::default()
        };
        #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
        Self {
            name: KeyName::new(name).expect("the name of a key"),
            key: key(name, 1),
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// What an operator has to know of it.
    ///
    /// # Panics
    /// When its key is weak.
    #[must_use]
    pub fn outside(&self) -> Outside {
        let made = VerifierKey::new(
            self.name.clone(),
            KeyKind::Witness,
            self.key.verifying_key(),
        );
        #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
        Outside {
            key: made.expect("a usable key"),
            way: Arc::new(self.clone()),
        }
    }

    /// From now on something else is answered: it gets the request and the honest answer, and gives one; none: no answer
    /// ever comes.
    pub fn answer(
        &self,
        instead: impl Fn(&str, (u16, String)) -> Option<(u16, String)> + Send + 'static,
    ) {
        self.inner().instead = Some(Box::new(instead));
    }

    /// From now on it answers honestly again.
    pub fn is_honest(&self) {
        self.inner().instead = None;
    }

    /// The log that it knows is another one, or none.
    pub fn knows(&self, log: Option<VerifierKey>) {
        self.inner().log = log.map(|key| KnownLog { key, seen: None });
    }

    /// The status of each answer that it gave.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        self.inner().statuses.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn honest(&self, inner: &mut Inner, body: &str) -> (u16, String) {
        let request = match Request::parse(body.as_bytes()) {
            Ok(request) => request,
            Err(error) => return (error.status(), error.code().to_owned()),
        };
        let origin = request.checkpoint.claimed().origin.to_string();
        let known = inner.log.as_mut();
        let known = known.filter(|log| log.key.name().as_str() == origin);
        inner.time_s += 1;
        match decide(known.as_deref(), &request, inner.time_s) {
            Decision::Refuse(refusal) => (refusal.status(), refusal.body()),
            Decision::Accept(pending) => {
                if let Some(log) = known {
                    log.seen = Some(pending.next().clone());
                }
                let text = request.checkpoint.note().text();
                match cosignature::sign(&self.name, &self.key, text, inner.time_s) {
                    Ok(line) => (200, format!("{line}\n")),
                    Err(error) => (500, error.code().to_owned()),
                }
            }
        }
    }
}

impl OutsideWitness for FarWitness {
    fn add_checkpoint(&self, body: String) -> Pending<'_, Result<(u16, String), Fault>> {
        let mut inner = self.inner();
        let honest = self.honest(&mut inner, &body);
        let answer = match &inner.instead {
            Some(instead) => instead(&body, honest),
            None => Some(honest),
        };
        inner
            .statuses
            .extend(answer.as_ref().map(|(status, _)| *status));
        Box::pin(async move {
            match answer {
                Some(answer) => Ok(answer),
                None => std::future::pending().await,
            }
        })
    }
}
