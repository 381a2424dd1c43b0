//! What an auditor keeps, in memory. Clones are the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use comity_engine::ports::{AuditStore, Fault, Scratch};
use comity_wire::ids::Hash;

/// Kept audits.
#[derive(Debug, Clone, Default)]
pub struct MemoryAudits(Arc<Mutex<BTreeMap<Hash, Kept>>>);

#[derive(Debug, Default)]
struct Kept {
    state: Option<Vec<u8>>,
    blocks: Vec<Vec<u8>>,
}

impl MemoryAudits {
    fn of<T>(&self, log: &Hash, act: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(kept.entry(*log).or_default())
    }
}

impl AuditStore for MemoryAudits {
    fn state(&self, log: &Hash) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.of(log, |kept| kept.state.clone()))
    }

    fn keep(&self, log: &Hash, state: &[u8]) -> Result<(), Fault> {
        self.of(log, |kept| kept.state = Some(state.to_vec()));
        Ok(())
    }

    /// An end is a number of blocks.
    fn append(&self, log: &Hash, end: u64, block: &[u8]) -> Result<u64, Fault> {
        self.of(log, |kept| {
            kept.blocks
                .truncate(usize::try_from(end).unwrap_or(usize::MAX));
            kept.blocks.push(block.to_vec());
        });
        Ok(end.saturating_add(1))
    }

    fn blocks(
        &self,
        log: &Hash,
        end: u64,
        each: &mut dyn FnMut(Vec<u8>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        let blocks = self.of(log, |kept| kept.blocks.get(..end).map(<[Vec<u8>]>::to_vec));
        let blocks = blocks.ok_or_else(|| Fault::new("audit-damaged", "blocks are missing"))?;
        blocks.into_iter().try_for_each(each)
    }

    fn scratch(&self, parts: usize) -> Result<Box<dyn Scratch>, Fault> {
        Ok(Box::new(MemoryScratch(vec![Vec::new(); parts])))
    }
}

struct MemoryScratch(Vec<Vec<u8>>);

impl Scratch for MemoryScratch {
    fn put(&mut self, part: usize, bytes: &[u8]) -> Result<(), Fault> {
        let part = self.0.get_mut(part);
        part.ok_or_else(no_part)?.extend_from_slice(bytes);
        Ok(())
    }

    fn rest(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn part(&self, part: usize) -> Result<Vec<u8>, Fault> {
        self.0.get(part).cloned().ok_or_else(no_part)
    }
}

fn no_part() -> Fault {
    Fault::new("no-part", "there is no such part")
}
