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
    places: HashMap<Owner, Position>,
    unwrapped: RefCell<HashMap<Position, Key>>,
}

impl Keys {
    /// Where the key of `owner` is, for new frames: the youngest.
    pub(crate) fn place(&self, owner: Owner) -> Option<Position> {
        self.places.get(&owner).copied()
    }

    pub(crate) fn put(&mut self, owner: Owner, at: Position) {
        self.places.insert(owner, at);
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
