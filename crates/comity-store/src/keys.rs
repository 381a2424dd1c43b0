//! Data keys: where the one of each owner is in the journal, and those lately unwrapped.
//!
//! A journal may have millions of cases, so of each only a hash and a place are kept in memory: 12 bytes. Two cases may
//! have one hash; the frame at the place says whose key it is.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use crate::frame::Owner;
use crate::limits::KEYS_KEPT_MAX;
use crate::position::Position;
use crate::seal::Key;

/// The data keys of the frames under the head record.
#[derive(Default)]
pub(crate) struct Keys {
    node: Option<Position>,
    records: Option<Position>,
    /// Of cases, as they were found at opening: sorted once all are there.
    found: Vec<Place>,
    /// Of cases, since then.
    added: HashMap<[u8; 16], Position>,
    hasher: RandomState,
    unwrapped: RefCell<HashMap<Position, Key>>,
}

/// Where the key of a case is. Sorted, the youngest of one hash is last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    hash: u32,
    segment: u32,
    offset: u32,
}

impl Keys {
    /// A key that opening found. Afterwards, [`Keys::settle`].
    pub(crate) fn find(&mut self, owner: Owner, at: Position) {
        match owner {
            Owner::Case(case) => self.found.push(Place {
                hash: self.hash(&case),
                segment: at.segment(),
                offset: at.offset(),
            }),
            Owner::Node | Owner::Records => self.put(owner, at),
        }
    }

    /// All that opening found is there.
    pub(crate) fn settle(&mut self) {
        self.found.sort_unstable();
        self.found.shrink_to_fit();
    }

    /// A key that a commit brought.
    pub(crate) fn put(&mut self, owner: Owner, at: Position) {
        match owner {
            Owner::Node => self.node = Some(at),
            Owner::Records => self.records = Some(at),
            Owner::Case(case) => {
                self.added.insert(case, at);
            }
        }
    }

    /// Where the key of `owner` is, if that is known for sure.
    pub(crate) fn place(&self, owner: Owner) -> Option<Position> {
        match owner {
            Owner::Node => self.node,
            Owner::Records => self.records,
            Owner::Case(case) => self.added.get(&case).copied(),
        }
    }

    /// Where else the key of `owner` may be, the youngest first: the frame there says whether it is.
    pub(crate) fn candidates(&self, owner: Owner) -> Vec<Position> {
        let Owner::Case(case) = owner else {
            return Vec::new();
        };
        let hash = self.hash(&case);
        let begin = self.found.partition_point(|place| place.hash < hash);
        let places = self.found.get(begin..).unwrap_or_default();
        let same = places.iter().take_while(|place| place.hash == hash);
        let mut places: Vec<_> = same
            .map(|place| Position::new(place.segment, place.offset))
            .collect();
        places.reverse();
        places
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

    fn hash(&self, case: &[u8; 16]) -> u32 {
        let [a, b, c, d, ..] = self.hasher.hash_one(case).to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }
}
