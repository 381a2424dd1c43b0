//! Clocks: the machine's, and one that is set by hand.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use comity_wire::words::TimeMs;
use tokio::sync::watch;

use crate::limits::SCHEDULER_IDLE_MS;
use crate::ports::{Clock, Pending};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> TimeMs {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn until(&self, at: TimeMs) -> Pending<'_, ()> {
        // The machine's clock can be set; so nobody waits long without looking at it again.
        let wait = at.saturating_sub(self.now_ms()).min(SCHEDULER_IDLE_MS);
        Box::pin(tokio::time::sleep(Duration::from_millis(wait)))
    }
}

/// A clock that stands still until somebody sets it: for simulations and tests.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<watch::Sender<TimeMs>>);

impl ManualClock {
    /// A clock that shows `now_ms`.
    #[must_use]
    pub fn new(now_ms: TimeMs) -> Self {
        Self(Arc::new(watch::Sender::new(now_ms)))
    }

    /// Sets it forward; it never goes back.
    pub fn set(&self, now_ms: TimeMs) {
        self.0.send_modify(|now| *now = now_ms.max(*now));
    }

    /// Sets it forward by so much.
    pub fn advance(&self, by_ms: u64) {
        self.0.send_modify(|now| *now = now.saturating_add(by_ms));
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> TimeMs {
        *self.0.borrow()
    }

    fn until(&self, at: TimeMs) -> Pending<'_, ()> {
        let mut hear = self.0.subscribe();
        Box::pin(async move {
            // The sender lives as long as the clock.
            let _ = hear.wait_for(|now| *now >= at).await;
        })
    }
}
