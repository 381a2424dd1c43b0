//! What audits keep.

use comity_engine::ports::{AuditStore, Fault, Scratch};
use comity_store::{Audits, StoreError};
use comity_wire::ids::Hash;

use super::store::fault;

/// The files of audits.
#[derive(Debug)]
pub struct FileAudits(pub Audits);

struct FileScratch(comity_store::Scratch);

impl AuditStore for FileAudits {
    fn state(&self, log: &Hash) -> Result<Option<Vec<u8>>, Fault> {
        self.0.state(log).map_err(fault)
    }

    fn keep(&self, log: &Hash, state: &[u8]) -> Result<(), Fault> {
        self.0.keep(log, state).map_err(fault)
    }

    fn append(&self, log: &Hash, end: u64, block: &[u8]) -> Result<u64, Fault> {
        self.0.append(log, end, block).map_err(fault)
    }

    fn blocks(
        &self,
        log: &Hash,
        end: u64,
        each: &mut dyn FnMut(Vec<u8>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let read = self
            .0
            .blocks(log, end, |block| each(block).map_err(Stopped::Asker));
        read.map_err(|stopped| match stopped {
            Stopped::Asker(why) => why,
            Stopped::Store(error) => fault(error),
        })
    }

    fn scratch(&self, parts: usize) -> Result<Box<dyn Scratch>, Fault> {
        let scratch = self.0.scratch(parts).map_err(fault)?;
        Ok(Box::new(FileScratch(scratch)))
    }
}

impl Scratch for FileScratch {
    fn put(&mut self, part: usize, bytes: &[u8]) -> Result<(), Fault> {
        self.0.put(part, bytes).map_err(fault)
    }

    fn rest(&mut self) -> Result<(), Fault> {
        self.0.rest().map_err(fault)
    }

    fn part(&self, part: usize) -> Result<Vec<u8>, Fault> {
        self.0.part(part).map_err(fault)
    }
}

/// Why reading blocks ended early.
enum Stopped {
    Store(StoreError),
    Asker(Fault),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
