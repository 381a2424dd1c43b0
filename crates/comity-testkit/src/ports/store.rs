//! A journal in memory. What is committed is on the [`Disk`] and is there for whoever opens it next; what is only
//! staged is the [`MemoryStore`]'s, and gone with it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use comity_engine::ports::{ClosedLog, Fault, Position, Scope, Store, Stored, no_such_log};
use comity_log::edge::Edge;
use comity_log::head::Head;
use comity_log::limits::BATCH_LEAVES_MAX;
use comity_log::store::{MemoryTiles, TileReader as _};
use comity_log::tile::TileId;
use comity_wire::leaf::Origin;

/// Whether a batch whose commit failed is there when the journal is opened again. Both happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It never reached the disk.
    Batch,
    /// It did, but nobody was told.
    Answer,
}

/// A leaf, and the facts that it commits to.
pub type Record = (Vec<u8>, Option<Vec<u8>>);

/// What survives. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<(Mutex<Inner>, Condvar)>, OnCommit);

/// What happens at each commit, on the thread that commits.
#[derive(Clone, Default)]
struct OnCommit(Arc<Mutex<Option<Hook>>>);

type Hook = Box<dyn FnMut() + Send>;

impl std::fmt::Debug for OnCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnCommit")
    }
}

#[derive(Debug, Clone)]
struct Inner {
    frames: BTreeMap<u64, Stored>,
    records: Vec<Record>,
    tiles: MemoryTiles,
    edge: Edge,
    next_seq: u64,
    published: Vec<u8>,
    closed: Vec<Ended>,
    witnessed: Vec<u8>,
    outrun: Vec<u8>,
    commits: u64,
    stages: u64,
    commit_fails: Option<(u64, Lost)>,
    stage_fails: Option<u64>,
    opened: u64,
    slow: bool,
    full: bool,
}

/// A log that ended.
#[derive(Debug, Clone)]
struct Ended {
    log: ClosedLog,
    records: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    tiles: MemoryTiles,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            frames: BTreeMap::new(),
            records: Vec::new(),
            tiles: MemoryTiles::default(),
            edge: Edge::empty(),
            next_seq: 0,
            published: Vec::new(),
            closed: Vec::new(),
            witnessed: Vec::new(),
            outrun: Vec::new(),
            commits: 0,
            stages: 0,
            commit_fails: None,
            stage_fails: None,
            opened: 0,
            slow: false,
            full: false,
        }
    }
}

impl Disk {
    /// Opens the journal. Whoever had it open before can write no more.
    #[must_use]
    pub fn open(&self) -> MemoryStore {
        let mut inner = self.inner();
        inner.opened += 1;
        MemoryStore {
            disk: self.clone(),
            opened: inner.opened,
            staged: BTreeMap::new(),
            records: Vec::new(),
            bytes: 0,
            next_seq: inner.next_seq,
            stopped: false,
        }
    }

    /// A copy of everything, as a backup is one: what is written from now on is on one of the two.
    #[must_use]
    pub fn copy(&self) -> Self {
        let inner = self.inner().clone();
        Self(
            Arc::new((Mutex::new(inner), Condvar::new())),
            OnCommit::default(),
        )
    }

    /// Ends the log `origin` at `closed`. The next one begins with the next record.
    pub fn close(&self, origin: Origin, closed: Head, notice: Vec<u8>) {
        let mut inner = self.inner();
        let head = *inner.edge.head();
        let log = ClosedLog {
            origin,
            head,
            closed,
            before_seq: inner.next_seq,
            notice,
        };
        let (records, tiles) = (
            std::mem::take(&mut inner.records),
            std::mem::take(&mut inner.tiles),
        );
        inner.edge = Edge::empty();
        inner.next_seq += 1;
        inner.closed.push(Ended {
            log,
            records,
            tiles,
        });
    }

    /// The commit after `n` more that write something fails (0: the next).
    pub fn fail_commit(&self, n: u64, lost: Lost) {
        let mut inner = self.inner();
        inner.commit_fails = Some((inner.commits + n, lost));
    }

    /// The stage after `n` more fails (0: the next), and every one after it.
    pub fn fail_stage(&self, n: u64) {
        let mut inner = self.inner();
        inner.stage_fails = Some(inner.stages + n);
    }

    /// At each commit from now on, whether or not there is something to write, this is done first.
    pub fn on_commit(&self, what: impl FnMut() + Send + 'static) {
        *self.1.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(what));
    }

    /// While a disk is slow, a commit does not end.
    pub fn slow(&self, slow: bool) {
        self.inner().slow = slow;
        self.0.1.notify_all();
    }

    /// Whether the disk is nearly full.
    pub fn full(&self, full: bool) {
        self.inner().full = full;
    }

    /// Nothing fails from here on.
    pub fn heal(&self) {
        let mut inner = self.inner();
        inner.commit_fails = None;
        inner.stage_fails = None;
    }

    /// Commits so far that wrote something.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.inner().commits
    }

    /// The leaves and facts of the log, in order.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.inner().records.clone()
    }

    /// Every committed frame, in order.
    #[must_use]
    pub fn frames(&self) -> Vec<Stored> {
        self.inner().frames.values().cloned().collect()
    }

    /// The head of the last commit.
    #[must_use]
    pub fn head(&self) -> Head {
        *self.inner().edge.head()
    }

    /// The head that was published last.
    #[must_use]
    pub fn published(&self) -> Vec<u8> {
        self.inner().published.clone()
    }

    /// The disk of an operator who has rewritten the log: the same frames, with the records as `edit` leaves them, and
    /// the tree that these records have.
    ///
    /// # Panics
    /// When a record is longer than a log can hold.
    #[must_use]
    pub fn rewritten(&self, edit: impl FnOnce(&mut Vec<Record>)) -> Self {
        let (frames, mut records, next_seq) = {
            let inner = self.inner();
            let (frames, records) = (inner.frames.clone(), inner.records.clone());
            (frames, records, inner.next_seq)
        };
        edit(&mut records);
        let (mut tiles, mut edge) = (MemoryTiles::default(), Edge::empty());
        let leaves: Vec<_> = records.iter().map(|(leaf, _)| leaf.clone()).collect();
        for batch in leaves.chunks(BATCH_LEAVES_MAX) {
            #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
            let appended = edge.append(batch).expect("records that a log can hold");
            let Ok(()) = appended.write(&mut tiles);
            #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
            let confirmed = appended.confirm(&tiles, batch).expect("tiles in memory");
            edge = confirmed;
        }
        let inner = Inner {
            frames,
            records,
            tiles,
            edge,
            next_seq,
            ..Inner::default()
        };
        Self(
            Arc::new((Mutex::new(inner), Condvar::new())),
            OnCommit::default(),
        )
    }

    /// The head of this log that others had and this disk did not; empty if there was none.
    #[must_use]
    pub fn outrun(&self) -> String {
        String::from_utf8_lossy(&self.inner().outrun).into_owned()
    }

    /// The head that the quorum had cosigned when it was published last.
    #[must_use]
    pub fn witnessed(&self) -> Vec<u8> {
        self.inner().witnessed.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open journal.
#[derive(Debug)]
pub struct MemoryStore {
    disk: Disk,
    opened: u64,
    staged: BTreeMap<u64, Stored>,
    records: Vec<Record>,
    bytes: usize,
    next_seq: u64,
    stopped: bool,
}

impl MemoryStore {
    fn take(&mut self, bytes: usize) -> Result<u64, Fault> {
        let mut inner = self.disk.inner();
        if self.stopped || inner.opened != self.opened {
            return Err(stopped());
        }
        let place = inner.stages;
        inner.stages += 1;
        if inner.stage_fails.is_some_and(|fails| place >= fails) {
            return Err(Fault::new("disk-low", "there is no room, says the test"));
        }
        drop(inner);
        let seq = self.next_seq;
        self.next_seq += 1;
        self.bytes += bytes;
        Ok(seq)
    }
}

fn stopped() -> Fault {
    Fault::new("store-stopped", "a commit has failed: open it anew")
}

impl Store for MemoryStore {
    fn stage(&mut self, kind: u8, scope: Option<Scope>, body: &[u8]) -> Result<Position, Fault> {
        let seq = self.take(body.len())?;
        let stored = Stored {
            seq,
            kind,
            scope,
            body: body.to_vec(),
        };
        self.staged.insert(seq, stored);
        Ok(Position(seq))
    }

    fn stage_record(&mut self, leaf: &[u8], facts: Option<&[u8]>) -> Result<(), Fault> {
        if self.records.len() >= BATCH_LEAVES_MAX {
            return Err(Fault::new("batch-full", "commit first"));
        }
        self.take(leaf.len() + facts.map_or(0, <[u8]>::len))?;
        self.records
            .push((leaf.to_vec(), facts.map(<[u8]>::to_vec)));
        Ok(())
    }

    fn has_room(&self) -> bool {
        !self.disk.inner().full
    }

    fn staged_bytes(&self) -> usize {
        self.bytes
    }

    fn next_index(&self) -> u64 {
        let staged = u64::try_from(self.records.len()).unwrap_or(u64::MAX);
        self.head().size() + staged
    }

    fn next_seq(&self) -> u64 {
        self.next_seq
    }

    fn commit(&mut self) -> Result<Head, Fault> {
        let hook = &self.disk.1.0;
        if let Some(what) = &mut *hook.lock().unwrap_or_else(PoisonError::into_inner) {
            what();
        }
        let mut inner = self.disk.inner();
        if self.stopped || inner.opened != self.opened {
            return Err(stopped());
        }
        if self.staged.is_empty() && self.records.is_empty() {
            return Ok(*inner.edge.head());
        }
        while inner.slow {
            let waited = self.disk.0.1.wait(inner);
            inner = waited.unwrap_or_else(PoisonError::into_inner);
        }
        let failure = inner.commit_fails.filter(|(at, _)| *at <= inner.commits);
        inner.commits += 1;
        if failure.is_none_or(|(_, lost)| lost == Lost::Answer) {
            if !self.records.is_empty() {
                let leaves: Vec<_> = self.records.iter().map(|(leaf, _)| leaf.clone()).collect();
                let broken = |error: String| Fault::new("store-io", error);
                let appended = inner.edge.append(&leaves);
                let appended = appended.map_err(|error| broken(error.to_string()))?;
                let Ok(()) = appended.write(&mut inner.tiles);
                let edge = appended.confirm(&inner.tiles, &leaves);
                inner.edge = edge.map_err(|error| broken(error.to_string()))?;
            }
            inner.records.append(&mut self.records);
            inner.frames.append(&mut self.staged);
            inner.next_seq = self.next_seq;
        }
        if failure.is_some() {
            self.stopped = true;
            return Err(Fault::new("store-io", "the disk failed, says the test"));
        }
        self.bytes = 0;
        Ok(*inner.edge.head())
    }

    fn head(&self) -> Head {
        self.disk.head()
    }

    fn read(&self, at: Position) -> Result<Stored, Fault> {
        let staged = self.staged.get(&at.0).cloned();
        let found = staged.or_else(|| self.disk.inner().frames.get(&at.0).cloned());
        found.ok_or_else(|| Fault::new("position-unknown", "there is no such frame"))
    }

    fn record(&self, index: u64) -> Result<(Vec<u8>, Option<Vec<u8>>), Fault> {
        let inner = self.disk.inner();
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let staged = || self.records.get(index.checked_sub(inner.records.len())?);
        let found = inner.records.get(index).or_else(staged).cloned();
        found.ok_or_else(|| Fault::new("record-unknown", "there is no such record"))
    }

    fn closed(&self) -> Vec<ClosedLog> {
        let inner = self.disk.inner();
        inner.closed.iter().map(|ended| ended.log.clone()).collect()
    }

    fn closed_record(&self, number: u32, index: u64) -> Result<(Vec<u8>, Option<Vec<u8>>), Fault> {
        let inner = self.disk.inner();
        let mut logs = inner.closed.iter();
        let ended = logs.find(|ended| ended.log.origin.n == number);
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let found = ended.and_then(|ended| ended.records.get(place));
        found.cloned().ok_or_else(|| no_such_log(number, index))
    }

    fn closed_tile(&self, number: u32, tile: TileId) -> Result<Option<Vec<u8>>, Fault> {
        let inner = self.disk.inner();
        let mut logs = inner.closed.iter();
        let ended = logs.find(|ended| ended.log.origin.n == number);
        let ended = ended.ok_or_else(|| no_such_log(number, tile.index()))?;
        let Ok(found) = ended.tiles.read_tile(tile);
        Ok(found)
    }

    fn replay(
        &self,
        from_seq: u64,
        each: &mut dyn FnMut(Position, Stored) -> ControlFlow<()>,
    ) -> Result<(), Fault> {
        for (seq, stored) in self.disk.inner().frames.range(from_seq..) {
            if each(Position(*seq), stored.clone()).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, Fault> {
        let Ok(found) = self.disk.inner().tiles.read_tile(tile);
        Ok(found)
    }

    fn publish(&mut self, checkpoint: &[u8]) -> Result<(), Fault> {
        self.disk.inner().published = checkpoint.to_vec();
        Ok(())
    }

    fn publish_witnessed(&mut self, checkpoint: &[u8]) -> Result<(), Fault> {
        self.disk.inner().witnessed = checkpoint.to_vec();
        Ok(())
    }

    fn outrun(&mut self, checkpoint: &[u8]) -> Result<(), Fault> {
        self.disk.inner().outrun = checkpoint.to_vec();
        Ok(())
    }

    fn export(&self, _: &Path, _: &[u8]) -> Result<(), Fault> {
        Err(Fault::new("no-export", "this journal is in memory only"))
    }
}
