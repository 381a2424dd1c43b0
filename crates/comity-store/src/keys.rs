//! Data keys: where the one of each owner is in the journal, and those lately unwrapped.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::frame::Owner;
use crate::limits::KEYS_KEPT_MAX;
use crate::position::Position;
use crate::seal::Key;

/// The data keys of the frames under the head record.
#[derive(Default)]
pub(crate) struct Keys {
    node: Option<Position>,
    records: Option<Position>,
    cases: HashMap<[u8; 16], Position>,
    unwrapped: RefCell<HashMap<Position, Key>>,
}

impl Keys {
    /// Where the key of `owner` is, for new frames: the youngest.
    pub(crate) fn place(&self, owner: Owner) -> Option<Position> {
        match owner {
            Owner::Node => self.node,
            Owner::Records => self.records,
            Owner::Case(case) => self.cases.get(&case).copied(),
        }
    }

    pub(crate) fn put(&mut self, owner: Owner, at: Position) {
        match owner {
            Owner::Node => self.node = Some(at),
            Owner::Records => self.records = Some(at),
            Owner::Case(case) => {
                self.cases.insert(case, at);
            }
        }
    }

    /// The key at `at`, if it was unwrapped lately.
    pub(crate) fn kept(&self, at: Position) -> Option<Key> {
        self.unwrapped.borrow().get(&at).cloned()
    }

    pub(crate) fn keep(&self, at: Position, key: Key) {
        let mut unwrapped = self.unwrapped.borrow_mut();
        if unwrapped.len() >= KEYS_KEPT_MAX {
            unwrapped.clear();
        }
        unwrapped.insert(at, key);
    }
}
