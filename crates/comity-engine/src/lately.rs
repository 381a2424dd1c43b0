//! What was done lately: who repeats what everybody can see, such as a public checkpoint, makes nobody do it again.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use comity_log::hash::Hash;
use comity_wire::words::{DurationMs, TimeMs};
use lru::LruCache;

use crate::limits::LATELY_MAX;

/// What was done, by the hash of what it was done for, and when. So many of them; the oldest go.
#[derive(Debug)]
pub(crate) struct Lately(Mutex<LruCache<Hash, TimeMs>>);

impl Default for Lately {
    fn default() -> Self {
        let most = NonZeroUsize::new(LATELY_MAX).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(most)))
    }
}

impl Lately {
    /// Whether it was not done within the time before now. Then it is noted as done, if `done` says that it could be.
    pub(crate) fn again(
        &self,
        what: &[u8],
        within: DurationMs,
        now: TimeMs,
        done: impl FnOnce() -> bool,
    ) -> bool {
        let what = Hash::of(what);
        // Nothing is half done while it is held.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |at: &TimeMs| now >= at.saturating_add(within);
        let due = known.get(&what).is_none_or(is_due) && done();
        if due {
            known.put(what, now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_done_again_only_later_and_what_could_not_be_done_at_once() {
        let lately = Lately::default();
        assert!(!lately.again(b"a", 10, 100, || false));
        assert!(lately.again(b"a", 10, 100, || true));
        assert!(!lately.again(b"a", 10, 109, || true));
        assert!(lately.again(b"b", 10, 109, || true));
        assert!(lately.again(b"a", 10, 110, || true));
    }
}
