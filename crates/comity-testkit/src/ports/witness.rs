//! What a witness has cosigned, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use comity_engine::ports::{Cosigned, Fault, WitnessStates};
use comity_wire::leaf::Origin;

/// What survives. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct MemoryWitness(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    states: BTreeMap<String, Cosigned>,
    fails: bool,
    turns: u64,
}

impl MemoryWitness {
    /// Whether the disk fails from now on: nothing is stored, and whoever asks is told so.
    pub fn fails(&self, fails: bool) {
        self.inner().fails = fails;
    }

    /// The next `n` who want to replace a state find that somebody else was faster: the state is put as it was, a
    /// second later.
    pub fn turn_away(&self, n: u64) {
        self.inner().turns = n;
    }

    /// What was cosigned last of a log.
    #[must_use]
    pub fn state(&self, origin: &Origin) -> Option<Cosigned> {
        self.inner().states.get(&origin.to_string()).cloned()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WitnessStates for MemoryWitness {
    fn read(&self, origin: &Origin) -> Result<Option<Cosigned>, Fault> {
        Ok(self.state(origin))
    }

    fn swap(
        &self,
        origin: &Origin,
        next: &Cosigned,
        unchanged: &dyn Fn(Option<&Cosigned>) -> bool,
    ) -> Result<bool, Fault> {
        let mut inner = self.inner();
        if inner.fails {
            return Err(Fault::new("store-io", "the disk failed, says the test"));
        }
        if let Some(turns) = inner.turns.checked_sub(1) {
            inner.turns = turns;
            return Ok(false);
        }
        let unchanged = unchanged(inner.states.get(&origin.to_string()));
        if unchanged {
            inner.states.insert(origin.to_string(), next.clone());
        }
        Ok(unchanged)
    }
}
