//! Journal, views, and what was cosigned.

use std::ops::ControlFlow;
use std::path::Path;

use comity_engine::ports::{
    ClosedLog, Cosigned, Fault, Position, Row, Scope, Store, Stored, Views, WitnessStates,
    no_such_log,
};
use comity_log::head::Head;
use comity_log::store::TileReader as _;
use comity_log::tile::TileId;
use comity_store::position::KINDS_RESERVED_FROM;
use comity_store::{Journal, StoreError};
use comity_wire::leaf::{Leaf, Origin};

/// The version of what the engine writes into the views: another one, and they are made anew.
pub const VIEWS_SCHEMA: u32 = 4;

/// In bytes. Room on the disk below which nothing is taken any more.
const FREE_BYTES_MIN: u64 =
    comity_store::limits::FREE_BYTES_MIN + comity_engine::limits::BATCH_BYTES_MAX as u64;

/// The journal.
#[derive(Debug)]
pub struct JournalStore(pub Journal);

/// The views.
#[derive(Debug)]
pub struct SledViews(pub comity_store::Views);

/// What was cosigned.
#[derive(Debug)]
pub struct WitnessFiles(pub comity_store::WitnessStates);

impl JournalStore {
    fn closed_log(&self, number: u32) -> Option<&comity_store::ClosedLog> {
        self.0.closed().iter().find(|log| log.origin.n == number)
    }
}

pub(super) fn fault(error: StoreError) -> Fault {
    Fault::new(error.code(), format!("{error}. {}", error.next_step()))
}

fn shown(stored: comity_store::Stored) -> Stored {
    Stored {
        seq: stored.seq,
        kind: stored.kind,
        scope: stored.scope.map(|scope| scope.0),
        body: stored.body,
    }
}

impl Store for JournalStore {
    fn stage(&mut self, kind: u8, scope: Option<Scope>, body: &[u8]) -> Result<Position, Fault> {
        let at = self.0.stage(kind, scope.map(comity_store::Scope), body);
        at.map(|at| Position(at.0)).map_err(fault)
    }

    fn stage_record(&mut self, leaf: &[u8], facts: Option<&[u8]>) -> Result<(), Fault> {
        self.0.stage_record(leaf, facts).map(|_| ()).map_err(fault)
    }

    fn has_room(&self) -> bool {
        // A batch is refused below the store's own limit; the engine stops one batch earlier, and goes on reading.
        self.0.free_bytes().is_ok_and(|free| free >= FREE_BYTES_MIN)
    }

    fn staged_bytes(&self) -> usize {
        self.0.staged_bytes()
    }

    fn next_index(&self) -> u64 {
        self.0.next_index()
    }

    fn next_seq(&self) -> u64 {
        self.0.next_seq()
    }

    fn commit(&mut self) -> Result<Head, Fault> {
        self.0.commit().map_err(fault)
    }

    fn head(&self) -> Head {
        self.0.head()
    }

    fn read(&self, at: Position) -> Result<Stored, Fault> {
        self.0
            .read(comity_store::Position(at.0))
            .map(shown)
            .map_err(fault)
    }

    fn record(&self, index: u64) -> Result<(Vec<u8>, Option<Vec<u8>>), Fault> {
        let record = self.0.record(index).map_err(fault)?;
        // It was found by what is derived; the record itself says which one it is.
        match Leaf::decode(&record.0) {
            Ok(leaf) if leaf.index == index => Ok(record),
            _ => Err(Fault::new(
                "record-is-another",
                format!(
                    "another record stands where record {index} should be. Stop the node and run `comity log fsck`"
                ),
            )),
        }
    }

    fn closed(&self) -> Vec<ClosedLog> {
        let logs = self.0.closed().iter();
        logs.map(|log| ClosedLog {
            origin: log.origin.clone(),
            head: log.head,
            closed: log.closed,
            before_seq: log.before_seq,
            notice: log.notice.clone(),
        })
        .collect()
    }

    fn closed_record(&self, number: u32, index: u64) -> Result<(Vec<u8>, Option<Vec<u8>>), Fault> {
        let log = self.closed_log(number);
        let log = log.ok_or_else(|| no_such_log(number, index))?;
        self.0.closed_record(log, index).map_err(fault)
    }

    fn closed_tile(&self, number: u32, tile: TileId) -> Result<Option<Vec<u8>>, Fault> {
        let log = self.closed_log(number);
        let log = log.ok_or_else(|| no_such_log(number, tile.index()))?;
        log.tile(tile).map_err(fault)
    }

    fn replay(
        &self,
        from_seq: u64,
        each: &mut dyn FnMut(Position, Stored) -> ControlFlow<()>,
    ) -> Result<(), Fault> {
        let mut pass = |at: comity_store::Position, stored: comity_store::Stored| {
            // Records are read by their index; where a log ended is asked for.
            if stored.kind >= KINDS_RESERVED_FROM {
                ControlFlow::Continue(())
            } else {
                each(Position(at.0), shown(stored))
            }
        };
        self.0.replay(from_seq, &mut pass).map_err(fault)
    }

    fn replay_kinds(
        &self,
        kinds: &[u8],
        each: &mut dyn FnMut(Position, Stored) -> ControlFlow<()>,
    ) -> Result<(), Fault> {
        let mut pass = |at: comity_store::Position, stored| each(Position(at.0), shown(stored));
        self.0.replay_kinds(kinds, &mut pass).map_err(fault)
    }

    fn tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, Fault> {
        let read = self.0.tiles().read_tile(tile);
        read.map_err(|error| Fault::new("tile-unreadable", format!("a tile of the log: {error}")))
    }

    fn publish(&mut self, checkpoint: &[u8]) -> Result<(), Fault> {
        self.0.publish(checkpoint).map_err(fault)
    }

    fn publish_witnessed(&mut self, checkpoint: &[u8]) -> Result<(), Fault> {
        self.0.publish_witnessed(checkpoint).map_err(fault)
    }

    fn outrun(&mut self, checkpoint: &[u8]) -> Result<(), Fault> {
        self.0.outrun(checkpoint).map_err(fault)
    }

    fn export(&self, to: &Path, checkpoint: &[u8]) -> Result<(), Fault> {
        self.0.export(to, checkpoint).map_err(fault)
    }
}

impl WitnessStates for WitnessFiles {
    fn read(&self, origin: &Origin) -> Result<Option<Cosigned>, Fault> {
        let read = self.0.read(origin).map_err(fault)?;
        Ok(read.map(|stored| cosigned(&stored)))
    }

    fn swap(
        &self,
        origin: &Origin,
        next: &Cosigned,
        unchanged: &dyn Fn(Option<&Cosigned>) -> bool,
    ) -> Result<bool, Fault> {
        let next = comity_store::witness::Cosigned {
            checkpoint: next.checkpoint.clone(),
            time_s: next.time_s,
        };
        let is_unchanged = |stored: Option<&comity_store::witness::Cosigned>| {
            unchanged(stored.map(cosigned).as_ref())
        };
        self.0.swap(origin, &next, &is_unchanged).map_err(fault)
    }
}

fn cosigned(stored: &comity_store::witness::Cosigned) -> Cosigned {
    Cosigned {
        checkpoint: stored.checkpoint.clone(),
        time_s: stored.time_s,
    }
}

impl Views for SledViews {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.0.get(table, key).map_err(fault)
    }

    fn put(&mut self, table: &'static str, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.0.put(table, key, value).map_err(fault)
    }

    fn delete(&mut self, table: &'static str, key: &[u8]) -> Result<(), Fault> {
        self.0.delete(table, key).map_err(fault)
    }

    fn scan(
        &self,
        table: &'static str,
        prefix: &[u8],
        from: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        self.0.scan(table, prefix, from, limit).map_err(fault)
    }

    fn marked(&self) -> Result<u64, Fault> {
        self.0.marked().map_err(fault)
    }

    fn mark(&mut self, next_seq: u64) -> Result<(), Fault> {
        self.0.mark(next_seq).map_err(fault)
    }

    fn clear(&mut self) -> Result<(), Fault> {
        self.0.clear().map_err(fault)
    }

    fn flush(&mut self) -> Result<(), Fault> {
        self.0.flush().map_err(fault)
    }
}
