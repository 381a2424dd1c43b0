//! What an auditor knows of one log beside its rows: the heads that it has seen, and how far a pull has come. It is
//! kept with the rows, so that a pull that was cut off goes on where it was, and the next audit after it.

use comity_audit::{Bound, Bounds, Reader, Right};
use comity_log::head::Head;
use comity_wire::audit_exchange::AuditRecord;
use comity_wire::cbor;
use comity_wire::ids::Hash;
use comity_wire::leaf::Origin;
use comity_wire::notice::Sequences;
use comity_wire::words::TimeMs;
use serde::{Deserialize, Serialize};

use crate::limits::AUDIT_HEADS_MAX;
use crate::ports::Fault;

/// What is known of one log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Of audits that came to their end, the oldest first: signed, and not taken back however the rows are pulled.
    pub heads: Vec<KeptHead>,
    /// The head that rows are being pulled under; none between two audits.
    pub under: Option<KeptHead>,
    /// What was read by which right: rows that were pulled by another one are no use. None: nothing was pulled.
    pub right: Option<Hash>,
    /// The index to go on from.
    pub next: u64,
    /// Where the rows end in the store.
    pub end: u64,
    /// How many rows there are.
    pub rows: u64,
    /// In how many pages they came.
    pub pages: u64,
}

/// A signed head, and what came with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptHead {
    /// As it was signed, with the cosignatures that it had.
    pub checkpoint: Box<str>,
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// When it was fetched, by the own clock.
    pub taken_at: TimeMs,
    /// When witnesses cosigned it, by theirs.
    pub cosigned_at: Vec<TimeMs>,
    /// The sequence numbers that the member has signed at it.
    pub sequences: Option<Sequences>,
}

impl KeptHead {
    /// The head.
    ///
    /// # Errors
    /// It is none: the store is damaged.
    pub fn head(&self) -> Result<Head, Fault> {
        Head::new(self.size, self.root).map_err(|error| damaged(&error.to_string()))
    }
}

impl Kept {
    /// What the files of a log are called by.
    #[must_use]
    pub fn name_of(origin: &Origin) -> Hash {
        Hash::of(origin.to_string().as_bytes())
    }

    /// The encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(&(FORMAT, self))
    }

    /// Reads it; nothing was kept: nothing is known.
    ///
    /// # Errors
    /// It was written by another version, or is damaged.
    pub fn decode(bytes: Option<Vec<u8>>) -> Result<Self, Fault> {
        let Some(bytes) = bytes else {
            return Ok(Self::default());
        };
        match cbor::peek::<(u64, Self)>(&bytes) {
            Ok((FORMAT, kept)) => Ok(kept),
            Ok(_) => Err(damaged("another version has written it")),
            Err(error) => Err(damaged(&error.to_string())),
        }
    }

    /// The rows are no use: they are pulled again, from the beginning. The heads stay, they were signed.
    pub fn begin_again(&mut self) {
        *self = Self {
            heads: std::mem::take(&mut self.heads),
            ..Self::default()
        };
    }

    /// The newest head: the one that is being pulled under, or the last one.
    #[must_use]
    pub fn newest(&self) -> Option<&KeptHead> {
        self.under.as_ref().or(self.heads.last())
    }

    /// The newest head of a size that was pulled under.
    ///
    /// # Errors
    /// There was none: the store is damaged.
    pub fn of_size(&self, size: u64) -> Result<Head, Fault> {
        let mut heads = self.under.iter().chain(self.heads.iter().rev());
        let head = heads.find(|head| head.size == size);
        head.ok_or_else(|| damaged("rows under no head"))?.head()
    }

    /// A pull came to its end.
    pub fn came_to_its_end(&mut self) {
        self.heads.extend(self.under.take());
        let over = self.heads.len().saturating_sub(AUDIT_HEADS_MAX);
        self.heads.drain(..over);
    }

    /// The heads that were signed before the newest.
    ///
    /// # Errors
    /// As [`KeptHead::head`].
    pub fn earlier(&self) -> Result<Vec<Head>, Fault> {
        let before = self.heads.len() - usize::from(self.under.is_none() && !self.heads.is_empty());
        self.heads.iter().take(before).map(KeptHead::head).collect()
    }

    /// Who saw when how many records there were. A head that was fetched was the newest then, as far as it was said.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let heads = self.heads.iter().chain(&self.under);
        Bounds::new(heads.flat_map(|head| {
            let times = std::iter::once(&head.taken_at).chain(&head.cosigned_at);
            times.map(|at| Bound {
                size: head.size,
                at: *at,
            })
        }))
    }
}

/// What somebody reads a log by, in one hash.
#[must_use]
pub fn right_of(reader: &Reader) -> Hash {
    let sees_all = reader.right() == Right::All;
    let right = format!("{:?}", reader.right());
    let none = std::collections::BTreeSet::new();
    let remit = if sees_all { &none } else { reader.in_remit() };
    Hash::of(&cbor::encode(&(right, remit)))
}

/// A block of the store: the rows of a page, and the size of the head that their paths lead to.
#[must_use]
pub fn block_of(size: u64, rows: &[AuditRecord]) -> Vec<u8> {
    cbor::encode(&(size, rows))
}

/// Reads a block.
///
/// # Errors
/// It is damaged.
pub fn rows_of(block: &[u8]) -> Result<(u64, Vec<AuditRecord>), Fault> {
    cbor::peek(block).map_err(|error| damaged(&error.to_string()))
}

const FORMAT: u64 = 1;

pub(crate) fn damaged(what: &str) -> Fault {
    Fault::new(
        "audit-damaged",
        format!(
            "what is kept of a log cannot be read: {what}; remove the folder `audits` of the data directory, and the next audit pulls it again"
        ),
    )
}
