//! Cases in memory: folded from the journal when they are asked for, forgotten when others are.

use comity_case::{Case, Entry, Party};
use comity_trust::authorise::Parties;
use comity_wire::ids::{CaseId, PublicKey, StatementId};
use comity_wire::registry::Check;
use comity_wire::statement::{Received as ReceivedBytes, Statement};
use comity_wire::words::Sorted;
use serde_bytes::ByteBuf;

use crate::core::Core;
use crate::frame::{Frame, Own, Received};
use crate::limits::PAGE_ROWS_MAX;
use crate::ports::{Fault, Position};
use crate::tables::{self, CASE, CaseEntry, IN_CASE, STATEMENT, Standing, StatementRow};

/// A case, folded.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) parties: Parties,
    /// Which of them this member is.
    pub(crate) me: Party,
    pub(crate) case: Case,
    /// Own statements that have no receipt, in the order in which they were signed, with what they name.
    pub(crate) waiting: Vec<(StatementId, Sorted<StatementId>)>,
}

/// A statement as the journal has it, with what travelled beside it.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) statement: Statement,
    pub(crate) evidence: Vec<ByteBuf>,
}

impl Core {
    /// The row of a case.
    pub(crate) fn case_entry(&self, id: &CaseId) -> Result<Option<CaseEntry>, Fault> {
        tables::get(&*self.views, CASE, id.as_bytes())
    }

    /// The row of a statement.
    pub(crate) fn statement_row(&self, id: &StatementId) -> Result<Option<StatementRow>, Fault> {
        tables::get(&*self.views, STATEMENT, id.as_bytes())
    }

    /// The ids of a case's statements, in the order of the journal.
    pub(crate) fn statements_of(&self, case: &CaseId) -> Result<Vec<StatementId>, Fault> {
        let mut found = Vec::new();
        let mut from: Option<Vec<u8>> = None;
        loop {
            let rows = self
                .views
                .scan(IN_CASE, case.as_bytes(), from.as_deref(), PAGE_ROWS_MAX)?;
            let Some((last, _)) = rows.last() else {
                return Ok(found);
            };
            // The next key after it.
            from = Some([last.as_slice(), &[0]].concat());
            for (_, id) in &rows {
                found.push(tables::hash_of(id)?);
            }
            if rows.len() < PAGE_ROWS_MAX {
                return Ok(found);
            }
        }
    }

    /// Takes a case out of memory, or folds it from the journal. Give it back with [`Core::keep`].
    pub(crate) fn load(&mut self, id: &CaseId) -> Result<Option<Loaded>, Fault> {
        if let Some(loaded) = self.cases.pop(id) {
            return Ok(Some(loaded));
        }
        let Some(entry) = self.case_entry(id)? else {
            return Ok(None);
        };
        let parties = Parties {
            opener: entry.opener,
            recipient: entry.recipient,
        };
        let mut loaded = Loaded::new(parties, &self.me);
        for statement in self.statements_of(id)? {
            let Some(row) = self.statement_row(&statement)? else {
                continue;
            };
            let kept = self.kept(Position(row.at))?;
            match row.standing {
                Standing::Received | Standing::Delivered => {
                    loaded
                        .case
                        .insert(Entry::of(&kept.statement, &loaded.parties.opener));
                }
                Standing::Waiting => loaded.wait_for(&kept.statement),
                Standing::Refused | Standing::Expired => {}
            }
        }
        Ok(Some(loaded))
    }

    /// Keeps a case in memory.
    pub(crate) fn keep(&mut self, id: CaseId, loaded: Loaded) {
        self.cases.put(id, loaded);
    }

    /// A statement by its id.
    pub(crate) fn kept_of(&self, id: &StatementId) -> Result<Option<Kept>, Fault> {
        match self.statement_row(id)? {
            Some(row) => self.kept(Position(row.at)).map(Some),
            None => Ok(None),
        }
    }

    /// Reads a statement from the journal. It was verified when it was written; the signature is verified again, so
    /// that a journal that somebody has edited is not believed.
    pub(crate) fn kept(&self, at: Position) -> Result<Kept, Fault> {
        let stored = self.store.read(at)?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::Received(Received(bytes, key, evidence, ..)) => {
                self.kept_in(&bytes, &key, evidence)
            }
            Frame::Own(Own(bytes, key, evidence, ..)) => self.kept_in(&bytes, &key, evidence),
            _ => Err(Fault::new(
                "views-damaged",
                "a row names a frame that is no statement",
            )),
        }
    }

    fn kept_in(
        &self,
        bytes: &[u8],
        key: &PublicKey,
        evidence: Vec<ByteBuf>,
    ) -> Result<Kept, Fault> {
        Ok(Kept {
            statement: self.statement_in(bytes, key)?,
            evidence,
        })
    }

    /// Reads a statement of the journal again.
    pub(crate) fn statement_in(&self, bytes: &[u8], key: &PublicKey) -> Result<Statement, Fault> {
        let key = key.usable().ok_or_else(edited)?;
        ReceivedBytes::read(bytes)
            .and_then(|read| read.verify(&key))
            .and_then(|signed| signed.open_knowing(self.extensions))
            .map_err(|rejection| match rejection.check {
                Check::Ext => not_known_any_more(),
                _ => edited(),
            })
    }
}

fn edited() -> Fault {
    Fault::new(
        "journal-edited",
        "a statement in the journal does not verify any more",
    )
}

/// Whoever goes back to an older version must not act on half of what it took.
fn not_known_any_more() -> Fault {
    Fault::new(
        "extension-not-known",
        "the journal has a statement with a critical extension that a newer version took and this one does not know: start the newer one",
    )
}

impl Loaded {
    /// A case without statements.
    pub(crate) fn new(parties: Parties, me: &comity_wire::ids::MemberId) -> Self {
        let me = if parties.opener == *me {
            Party::Opener
        } else {
            Party::Recipient
        };
        Self {
            parties,
            me,
            case: Case::new(),
            waiting: Vec::new(),
        }
    }

    /// The other member.
    pub(crate) const fn counterpart(&self) -> &comity_wire::ids::MemberId {
        match self.me {
            Party::Opener => &self.parties.recipient,
            Party::Recipient => &self.parties.opener,
        }
    }

    /// Notes an own statement that has no receipt yet.
    pub(crate) fn wait_for(&mut self, statement: &Statement) {
        self.case.pend(*statement.id());
        self.waiting
            .push((*statement.id(), statement.payload().re.clone()));
    }

    /// What the next own statement names: the heads, own statements that are still on their way included.
    pub(crate) fn heads(&self) -> Sorted<StatementId> {
        let named = |id: &StatementId| self.waiting.iter().any(|(_, re)| re.find(&id).is_some());
        let folded = self.case.heads();
        let waiting = self.waiting.iter().map(|(id, _)| *id);
        let all = folded.iter().copied().chain(waiting);
        Sorted::new(
            all.filter(|id| !named(id))
                .take(comity_wire::limits::HEADS_MAX),
        )
    }
}
