//! Views in memory, with the limits of the real ones. Clones are the same views: what is written stays when an engine
//! ends, as it would on a disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use comity_engine::ports::{Fault, Row, Views};

/// In bytes, as in the store.
const VALUE_BYTES_MAX: usize = 4_096;

/// In bytes, as in the store.
const KEY_BYTES_MAX: usize = 512;

type Tables = BTreeMap<(&'static str, Vec<u8>), Vec<u8>>;

/// Rows in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryViews(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    rows: Tables,
    marked: u64,
    cleared: u64,
}

impl MemoryViews {
    /// Forgets everything, as `rm -r views` does.
    pub fn lose(&self) {
        *self.inner() = Inner::default();
    }

    /// Overwrites every value of a table with what is no row.
    pub fn garble(&self, table: &str) {
        let mut inner = self.inner();
        for ((of, _), value) in &mut inner.rows {
            if *of == table {
                *value = b"\xff garbled".to_vec();
            }
        }
    }

    /// Every row, to be compared.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
        let inner = self.inner();
        let rows = inner.rows.iter();
        rows.map(|((table, key), value)| (*table, key.clone(), value.clone()))
            .collect()
    }

    /// How often they were made anew.
    #[must_use]
    pub fn cleared(&self) -> u64 {
        self.inner().cleared
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Views for MemoryViews {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.inner().rows.get(&(table, key.to_vec())).cloned())
    }

    fn put(&mut self, table: &'static str, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        if key.len() > KEY_BYTES_MAX {
            return Err(Fault::new("view-key-too-long", "says the limit"));
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(Fault::new("view-value-too-long", "says the limit"));
        }
        let row = (table, key.to_vec());
        self.inner().rows.insert(row, value.to_vec());
        Ok(())
    }

    fn delete(&mut self, table: &'static str, key: &[u8]) -> Result<(), Fault> {
        self.inner().rows.remove(&(table, key.to_vec()));
        Ok(())
    }

    fn scan(
        &self,
        table: &'static str,
        prefix: &[u8],
        from: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        let begin = from.map_or(prefix, |from| from.max(prefix)).to_vec();
        let inner = self.inner();
        let rows = inner.rows.range((table, begin)..);
        let rows = rows.take_while(|((of, key), _)| *of == table && key.starts_with(prefix));
        Ok(rows
            .take(limit)
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    fn marked(&self) -> Result<u64, Fault> {
        Ok(self.inner().marked)
    }

    fn mark(&mut self, next_seq: u64) -> Result<(), Fault> {
        self.inner().marked = next_seq;
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Fault> {
        let cleared = self.inner().cleared + 1;
        *self.inner() = Inner {
            cleared,
            ..Inner::default()
        };
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}
