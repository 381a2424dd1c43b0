//! The one place where this crate asks for the time: the runtime's clock, which a test can stop.

use std::time::Instant;

pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
