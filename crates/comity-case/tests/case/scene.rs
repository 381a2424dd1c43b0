//! A case under construction.

use std::sync::Arc;

use comity_case::{Arrival, Case, Entry, Forbidden, Party, State};
pub use comity_testkit::bodies::*;
use comity_wire::body::Body;
use comity_wire::ids::{Hash, StatementId};
use comity_wire::words::{ItemNumber, Sorted};

pub const OPENER: Party = Party::Opener;
pub const RECIPIENT: Party = Party::Recipient;

/// When everything is signed: after all that it reports.
pub const SIGNED_AT: u64 = 1_000_000;

/// A case and the statements that were said in it.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    pub case: Case,
    pub said: Vec<Entry>,
}

impl Scene {
    /// A case with a takedown request for items 1 to `count`.
    pub fn open(count: ItemNumber) -> (Self, StatementId) {
        let mut scene = Self::default();
        let id = scene.say(OPENER, request(1..=count));
        (scene, id)
    }

    /// Says something, knowing everything.
    pub fn say(&mut self, party: Party, body: Body) -> StatementId {
        let re: Vec<_> = self.case.heads().to_vec();
        self.say_after(party, &re, body)
    }

    /// Says something, knowing `re` and what came before.
    pub fn say_after(&mut self, party: Party, re: &[StatementId], body: Body) -> StatementId {
        let id = Hash::of(&self.said.len().to_be_bytes());
        self.say_as(id, party, re, body)
    }

    /// Says something under a chosen id.
    pub fn say_as(
        &mut self,
        id: StatementId,
        party: Party,
        re: &[StatementId],
        body: Body,
    ) -> StatementId {
        let re = Sorted::new(re.iter().copied());
        let entry = Entry {
            id,
            party,
            re,
            issued_at: SIGNED_AT,
            body: Arc::new(body),
        };
        self.said.push(entry.clone());
        assert!(matches!(self.case.insert(entry), Arrival::Folded(_)));
        id
    }

    pub fn state(&self) -> State {
        State::of(&self.case)
    }

    pub fn verdict(&self, id: &StatementId) -> Option<Forbidden> {
        self.case.get(id).unwrap().verdict.as_ref().err().copied()
    }
}
