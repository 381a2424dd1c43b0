//! What the engine needs of the world: a store, views, what was cosigned, a transport, witnesses from outside, a clock. Each is a trait, so that the node
//! gives the real ones, and a test gives ones that fail when it wants them to.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;

use comity_log::head::Head;
use comity_wire::ids::{Hash, PublicKey};
use comity_wire::leaf::Origin;
use comity_wire::words::TimeMs;

/// A future that can be kept and moved between threads.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a frame of the journal is. In the order of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// Whose key a frame is encrypted under: a case's, or that of one reported locator.
pub type Scope = [u8; 16];

/// A frame of the journal. `Debug` hides the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number, from 0, without gaps.
    pub seq: u64,
    /// What it is: [`crate::frame::Frame`].
    pub kind: u8,
    /// Whose key it is under.
    pub scope: Option<Scope>,
    /// Its content.
    pub body: Vec<u8>,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Stored({}, kind {}, {} bytes)",
            self.seq,
            self.kind,
            self.body.len()
        )
    }
}

/// A port failed. The text is for the operator and holds nothing of what was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Fault {
    /// The stable code.
    pub code: &'static str,
    /// What happened, and what to do.
    pub detail: String,
}

impl Fault {
    /// A fault with words for the operator.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

/// A log that was written here before the one that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedLog {
    /// Its name.
    pub origin: Origin,
    /// The tree over its records that are here.
    pub head: Head,
    /// The head at which it was closed: longer, if records of it were lost.
    pub closed: Head,
    /// Frames with a lower number speak of records of this log, or of one before it.
    pub before_seq: u64,
    /// The signed announcement of the restore that closed it; empty if it was closed otherwise.
    pub notice: Vec<u8>,
}

/// The journal of truth and the log in it. One thread holds it.
pub trait Store: Send {
    /// Adds a frame to the batch in hand and tells where it will be. It can be read at once; it is durable after
    /// [`Store::commit`].
    ///
    /// # Errors
    /// The store takes nothing now.
    fn stage(&mut self, kind: u8, scope: Option<Scope>, body: &[u8]) -> Result<Position, Fault>;

    /// Adds a record of the log to the batch in hand. The leaf states [`Store::next_index`].
    ///
    /// # Errors
    /// The store takes nothing now, or the batch is full.
    fn stage_record(&mut self, leaf: &[u8], facts: Option<&[u8]>) -> Result<(), Fault>;

    /// Whether there is room for more. Without, nothing more is taken, and what is there can be read.
    fn has_room(&self) -> bool;

    /// How much is staged, in bytes.
    fn staged_bytes(&self) -> usize;

    /// The index that the next record has.
    fn next_index(&self) -> u64;

    /// The number that the next frame has.
    fn next_seq(&self) -> u64;

    /// Makes the batch durable: append, sync, read back, swap the head.
    ///
    /// # Errors
    /// Nothing of the batch is there, and the store has to be opened anew.
    fn commit(&mut self) -> Result<Head, Fault>;

    /// The head of the last commit.
    fn head(&self) -> Head;

    /// A frame.
    ///
    /// # Errors
    /// It is damaged, or its key is gone.
    fn read(&self, at: Position) -> Result<Stored, Fault>;

    /// The leaf and the facts of a record.
    ///
    /// # Errors
    /// There is none, or it is damaged.
    fn record(&self, index: u64) -> Result<(Vec<u8>, Option<Vec<u8>>), Fault>;

    /// The logs that were written here before this one, the oldest first.
    fn closed(&self) -> Vec<ClosedLog> {
        Vec::new()
    }

    /// The leaf and the facts of a record of a closed log, by the number of the log.
    ///
    /// # Errors
    /// There is none, or it is damaged.
    fn closed_record(&self, number: u32, index: u64) -> Result<(Vec<u8>, Option<Vec<u8>>), Fault> {
        Err(no_such_log(number, index))
    }

    /// Reads a tile of a closed log, by the number of the log.
    ///
    /// # Errors
    /// There is no such log; the disk.
    fn closed_tile(
        &self,
        number: u32,
        tile: comity_log::tile::TileId,
    ) -> Result<Option<Vec<u8>>, Fault> {
        Err(no_such_log(number, tile.index()))
    }

    /// Every frame that was staged with [`Store::stage`], from a number on, until `each` breaks.
    ///
    /// # Errors
    /// A frame is damaged.
    fn replay(
        &self,
        from_seq: u64,
        each: &mut dyn FnMut(Position, Stored) -> ControlFlow<()>,
    ) -> Result<(), Fault>;

    /// As [`Store::replay`], from the first frame on, but of these kinds only. A store that knows where they are need
    /// not read the others.
    ///
    /// # Errors
    /// A frame is damaged.
    fn replay_kinds(
        &self,
        kinds: &[u8],
        each: &mut dyn FnMut(Position, Stored) -> ControlFlow<()>,
    ) -> Result<(), Fault> {
        self.replay(0, &mut |at, stored| {
            if kinds.contains(&stored.kind) {
                each(at, stored)
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    /// Reads a tile of the log.
    ///
    /// # Errors
    /// The disk.
    fn tile(&self, tile: comity_log::tile::TileId) -> Result<Option<Vec<u8>>, Fault>;

    /// Puts a signed head where others read it.
    ///
    /// # Errors
    /// The disk.
    fn publish(&mut self, checkpoint: &[u8]) -> Result<(), Fault>;

    /// Puts the newest head that the quorum has cosigned beside it.
    ///
    /// # Errors
    /// The disk.
    fn publish_witnessed(&mut self, checkpoint: &[u8]) -> Result<(), Fault>;

    /// Keeps a signed head of this log that others have and that is not here, so that nobody goes on from here before
    /// that is cleared up. A store without a copy of its head keeps nothing.
    ///
    /// # Errors
    /// The disk.
    fn outrun(&mut self, _checkpoint: &[u8]) -> Result<(), Fault> {
        Ok(())
    }

    /// Writes a complete `tlog-tiles` folder.
    ///
    /// # Errors
    /// The disk.
    fn export(&self, to: &std::path::Path, checkpoint: &[u8]) -> Result<(), Fault>;
}

/// What this member has cosigned last, for each log of others. Any thread may ask.
pub trait WitnessStates: Send + Sync {
    /// What was cosigned last of a log; none if nothing was.
    ///
    /// # Errors
    /// It is damaged, or the disk.
    fn read(&self, origin: &Origin) -> Result<Option<Cosigned>, Fault>;

    /// Replaces what is stored by `next`, if `unchanged` says so of what is stored; both within one lock, and durable
    /// when it returns. False: it says no, and nothing is changed.
    ///
    /// # Errors
    /// As [`WitnessStates::read`]; then it is not known which of the two is stored.
    fn swap(
        &self,
        origin: &Origin,
        next: &Cosigned,
        unchanged: &dyn Fn(Option<&Cosigned>) -> bool,
    ) -> Result<bool, Fault>;
}

/// A checkpoint that was cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The checkpoint, with the signature of its log alone.
    pub checkpoint: Vec<u8>,
    /// Seconds since 1970: the time of the cosignature.
    pub time_s: u64,
}

/// The journal has no such closed log, or that log no such record.
#[must_use]
pub fn no_such_log(number: u32, index: u64) -> Fault {
    Fault::new(
        "record-unknown",
        format!("the closed log {number} has no record {index} here"),
    )
}

/// What an auditor keeps of other members' logs. A log is named by the SHA-256 of its origin; of one log one thread
/// writes at a time. All of it can be pulled again.
pub trait AuditStore: Send + Sync {
    /// What is known of a log.
    ///
    /// # Errors
    /// It is damaged.
    fn state(&self, log: &Hash) -> Result<Option<Vec<u8>>, Fault>;

    /// Replaces what is known of a log, after its blocks are durable.
    ///
    /// # Errors
    /// The disk.
    fn keep(&self, log: &Hash, state: &[u8]) -> Result<(), Fault>;

    /// Appends a block at an end that was given before (the first: 0), and gives the new end. What was there is
    /// written over.
    ///
    /// # Errors
    /// The disk.
    fn append(&self, log: &Hash, end: u64, block: &[u8]) -> Result<u64, Fault>;

    /// Hands over every block up to an end, in order.
    ///
    /// # Errors
    /// It is damaged; whatever `each` says.
    fn blocks(
        &self,
        log: &Hash,
        end: u64,
        each: &mut dyn FnMut(Vec<u8>) -> Result<(), Fault>,
    ) -> Result<(), Fault>;

    /// Room for what does not fit into memory.
    ///
    /// # Errors
    /// The disk.
    fn scratch(&self, parts: usize) -> Result<Box<dyn Scratch>, Fault>;
}

/// Bytes by part; gone when dropped.
pub trait Scratch: Send {
    /// Adds bytes to a part.
    ///
    /// # Errors
    /// The disk.
    fn put(&mut self, part: usize, bytes: &[u8]) -> Result<(), Fault>;

    /// Nothing more is added; memory is given back.
    ///
    /// # Errors
    /// The disk.
    fn rest(&mut self) -> Result<(), Fault>;

    /// Everything of a part.
    ///
    /// # Errors
    /// The disk.
    fn part(&self, part: usize) -> Result<Vec<u8>, Fault>;
}

/// Key and value of a row.
pub type Row = (Vec<u8>, Vec<u8>);

/// Tables that the journal can make again. One thread holds them.
pub trait Views: Send {
    /// A row.
    ///
    /// # Errors
    /// The views are damaged; they are made anew.
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// Writes a row.
    ///
    /// # Errors
    /// As [`Views::get`].
    fn put(&mut self, table: &'static str, key: &[u8], value: &[u8]) -> Result<(), Fault>;

    /// Removes a row.
    ///
    /// # Errors
    /// As [`Views::get`].
    fn delete(&mut self, table: &'static str, key: &[u8]) -> Result<(), Fault>;

    /// At most `limit` rows whose key begins with `prefix`, from the key `from` on.
    ///
    /// # Errors
    /// As [`Views::get`].
    fn scan(
        &self,
        table: &'static str,
        prefix: &[u8],
        from: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault>;

    /// The journal number up to which the views are made.
    ///
    /// # Errors
    /// As [`Views::get`].
    fn marked(&self) -> Result<u64, Fault>;

    /// Notes up to which journal number the views are made.
    ///
    /// # Errors
    /// As [`Views::get`].
    fn mark(&mut self, next_seq: u64) -> Result<(), Fault>;

    /// Forgets every row.
    ///
    /// # Errors
    /// The disk.
    fn clear(&mut self) -> Result<(), Fault>;

    /// Writes what is in memory to the disk.
    ///
    /// # Errors
    /// The disk.
    fn flush(&mut self) -> Result<(), Fault>;
}

/// A node of another member: its transport key and where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its transport key.
    pub key: PublicKey,
    /// Its multiaddresses.
    pub addresses: Vec<String>,
}

/// What is spoken with a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `/comity/exchange/1`
    Exchange,
    /// `/comity/audit/1`
    Audit,
    /// `/comity/witness/1`
    Witness,
    /// `/comity/roster/1`
    Roster,
    /// `/comity/hello/1`
    Hello,
}

/// Bytes to peers and back.
pub trait Transport: Send + Sync {
    /// Sends a request and waits for the whole reply.
    fn request(
        &self,
        to: Peer,
        protocol: Protocol,
        bytes: Vec<u8>,
    ) -> Pending<'_, Result<Vec<u8>, Fault>>;

    /// From now on exactly these peers are admitted; who is connected and is not among them is cut off. Everybody
    /// else hears `unadmitted` as the reply to whatever it asks.
    fn admit(&self, peers: Vec<PublicKey>, unadmitted: Vec<u8>) -> Pending<'_, ()>;

    /// Who is connected now.
    fn connected(&self) -> Pending<'_, Vec<PublicKey>>;
}

/// The way to a witness from outside of the federation, which speaks C2SP `tlog-witness`.
pub trait OutsideWitness: Send + Sync {
    /// Hands over the body of an add-checkpoint request. The status and the body of the answer, whatever the status.
    ///
    /// # Errors
    /// It is not reached, or what it answers is longer than the signature lines of a witness.
    fn add_checkpoint(&self, body: String) -> Pending<'_, Result<(u16, String), Fault>>;
}

/// The time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> TimeMs;

    /// Waits until a time has come.
    fn until(&self, at: TimeMs) -> Pending<'_, ()>;
}
