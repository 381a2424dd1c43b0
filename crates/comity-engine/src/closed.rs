//! The logs of this node: the one that is written, and those that were closed. A record of a closed log is proved under
//! the head of what is here of it, by the key that the log had.

use comity_log::checkpoint::{Checkpoint, VerifiedCheckpoint};
use comity_log::head::Head;
use comity_log::store::TileReader;
use comity_log::tile::TileId;
use comity_log::tree::Tree;
use comity_trust::member::LogState;
use comity_wire::leaf::{LogHead, Origin};
use comity_wire::registry::record_kind;
use ed25519_dalek::SigningKey;

use crate::core::Core;
use crate::ports::{ClosedLog, Fault, Store};
use crate::receipt::unreadable;
use crate::record::Entry;
use crate::witness::OwnHead;

/// A log of this node, to be read.
pub(crate) struct LogHere<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) head: Head,
    pub(crate) key: &'a SigningKey,
    store: &'a dyn Store,
    /// The number of a log that was closed.
    closed: Option<u32>,
}

impl Core {
    /// The log of a number. None: it was never here, or its key is gone.
    pub(crate) fn log_here(&self, number: u32) -> Option<LogHere<'_>> {
        if number == self.identity.origin.n {
            return Some(LogHere {
                origin: &self.identity.origin,
                head: self.store.head(),
                key: &self.identity.log_key,
                store: &*self.store,
                closed: None,
            });
        }
        let log = self.closed.iter().find(|log| log.origin.n == number)?;
        Some(LogHere {
            origin: &log.origin,
            head: log.head,
            key: self.identity.closed_keys.get(&number)?,
            store: &*self.store,
            closed: Some(number),
        })
    }

    /// A log of this member by its name.
    pub(crate) fn log_named(&self, origin: &Origin) -> Option<LogHere<'_>> {
        let log = self.log_here(origin.n);
        log.filter(|log| log.origin == origin)
    }

    /// The newest head of a log that was closed, and the path to it from a size.
    pub(crate) fn closed_head(
        &self,
        origin: &Origin,
        from: Option<u64>,
    ) -> Result<Option<OwnHead>, Fault> {
        let Some(log) = self.log_named(origin) else {
            return Ok(None);
        };
        let mut tree = Tree::open(&log, &log.head).map_err(unreadable)?;
        let path = |size: u64| tree.consistency_path(size, log.head.size());
        let from = from.filter(|size| *size <= log.head.size());
        let path = from.map(path).transpose().map_err(unreadable)?;
        Ok(Some(OwnHead {
            checkpoint: log.checkpoint(),
            paths: vec![path],
            outgrown_at: None,
        }))
    }

    /// The number of the log whose records a frame speaks of.
    pub(crate) fn log_of_frame(&self, seq: u64) -> u32 {
        let closed = self.closed.iter().find(|log| seq < log.before_seq);
        closed.map_or(self.identity.origin.n, |log| log.origin.n)
    }

    /// The log that was closed by a restore, and that this one follows.
    pub(crate) fn restored_from(&self) -> Option<&ClosedLog> {
        self.closed.last().filter(|log| !log.notice.is_empty())
    }

    /// Begins the log: its first record names the log before it, as that was closed, and the second one a restore.
    pub(crate) fn open_log(&mut self) -> Result<(), Fault> {
        let number = self.identity.origin.n;
        let before = number.checked_sub(1).filter(|before| *before > 0);
        let predecessor = before.and_then(|before| self.closed_at(before));
        self.record(Entry {
            kind: record_kind::LOG_OPENED,
            predecessor,
            ..Entry::default()
        })?;
        if self.restored_from().is_some() {
            self.record(Entry {
                kind: record_kind::RESTORED,
                ..Entry::default()
            })?;
        }
        Ok(())
    }

    /// Where a log of this member was closed, as the roster says.
    fn closed_at(&self, number: u32) -> Option<LogHead> {
        let origin = Origin {
            n: number,
            ..self.identity.origin.clone()
        };
        match self.history.log(&origin)?.state {
            LogState::Closed((size, root)) => Some(LogHead(origin, size, root)),
            LogState::Open => None,
        }
    }
}

impl LogHere<'_> {
    /// Whether it is the log that is written.
    pub(crate) const fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Leaf and facts of a record.
    pub(crate) fn record(&self, index: u64) -> Result<(Vec<u8>, Option<Vec<u8>>), Fault> {
        match self.closed {
            Some(number) => self.store.closed_record(number, index),
            None => self.store.record(index),
        }
    }

    /// The signed head.
    pub(crate) fn checkpoint(&self) -> VerifiedCheckpoint {
        let (origin, head) = (self.origin.clone(), self.head);
        Checkpoint { origin, head }.sign(self.key)
    }
}

impl TileReader for LogHere<'_> {
    type Error = Fault;

    fn read_tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, Fault> {
        match self.closed {
            Some(number) => self.store.closed_tile(number, tile),
            None => self.store.tile(tile),
        }
    }
}
