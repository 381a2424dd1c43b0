//! What all receipts of a run together say about the target's log: an index is given once, a statement has one record,
//! and two heads of one size have one root. A single receipt cannot show that; two can.

use std::collections::BTreeMap;

use comity_wire::ids::{Hash, StatementId};

use crate::judge::Registered;

/// The receipts of a run.
#[derive(Debug, Default)]
pub struct Ledger {
    by_index: BTreeMap<u64, (StatementId, Hash, u64)>,
    by_statement: BTreeMap<StatementId, (u64, Hash)>,
    roots: BTreeMap<u64, Hash>,
}

impl Ledger {
    /// Takes in one more receipt.
    ///
    /// # Errors
    /// What it contradicts, in words.
    pub fn take(&mut self, new: &Registered) -> Result<(), String> {
        let (index, leaf) = (new.leaf.index, new.leaf_hash);
        if *self.roots.entry(new.size).or_insert(new.root) != new.root {
            return Err(format!(
                "a second root for a tree of {} records: the log has forked",
                new.size
            ));
        }
        if index >= new.size {
            return Err(format!("a record {index} in a tree of {}", new.size));
        }
        let record = (new.statement, leaf, new.leaf.time);
        if *self.by_index.entry(index).or_insert(record) != record {
            return Err(format!("a second record with the index {index}"));
        }
        let place = (index, leaf);
        if *self.by_statement.entry(new.statement).or_insert(place) != place {
            return Err("a receipt for another record of the same statement".to_owned());
        }
        let earlier = self.by_index.range(..index).next_back();
        let later = self.by_index.range(index.saturating_add(1)..).next();
        let in_order = earlier.is_none_or(|(_, (_, _, time))| *time <= new.leaf.time)
            && later.is_none_or(|(_, (_, _, time))| new.leaf.time <= *time);
        if in_order {
            Ok(())
        } else {
            Err("a record whose time is before that of an earlier one".to_owned())
        }
    }

    /// How many records were seen.
    #[must_use]
    pub fn records(&self) -> usize {
        self.by_index.len()
    }
}
