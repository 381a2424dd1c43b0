//! The journal of truth, its encryption at rest, the files of the log, and views that can be rebuilt.
//! Synchronous, no runtime; a [`Journal`] is used by one thread. For Unix.
//!
//! The way of a batch, in the order of the modules:
//!
//! ```text
//! journal::Journal::stage     a frame, encrypted, into the batch in hand        batch, frame, keys, seal
//! journal::Journal::commit    1 append, one write and one fdatasync             segment, disk
//!                             2 read back, decrypt, hash again; write tiles     tiles
//!                             3 compare and swap the head record, fdatasync     head
//!                             -> the head, which may now be signed
//! journal::Journal::publish   the signed checkpoint, beside the tiles
//! journal::Journal::replay    -> views::Views: whatever is shown, made again at any time
//! ```
//!
//! What is on disk, in the data directory (`FORMAT.md` beside this crate has every byte):
//!
//! ```text
//! lock            held by the one process that has the journal open
//! keys/epoch-1    an epoch key, wrapped by the storage key, which lies elsewhere
//! journal/        segments of frames: everything that must survive
//! index/          where the frames of each segment are, so that opening need not read them: derived
//! head/a, head/b  where the journal ends, and the tree over its records
//! log/            the published checkpoint, and tiles of hashes: derived
//! closed/<n>/     the tiles of a log that was closed: derived
//! witness/        what was cosigned last, for each log of others: must not be lost either
//! views/          sled: derived
//! audits/         rows of other members' logs, as an auditor pulled them: can be pulled again
//! ```
//!
//! **Architecture Invariant:** nothing but `journal/`, `head/` and `keys/` is needed to bring everything
//! back but the word given as a witness, which is `witness/`; and nothing past the head record's offset is ever read again.
//!
//! **Architecture Invariant:** [`views`] is the only module that names sled.
//!
//! Every error has a stable [`code`](error::StoreError::code), says who is at
//! [`fault`](error::StoreError::fault), and what to do [`next`](error::StoreError::next_step).

pub mod audits;
mod batch;
mod below;
mod bytes;
mod disk;
mod epoch;
pub mod error;
mod frame;
mod head;
mod index;
pub mod journal;
mod keys;
pub mod limits;
pub mod position;
pub mod record;
mod seal;
mod segment;
pub mod storage_key;
pub mod tiles;
pub mod views;
pub mod witness;

#[cfg(test)]
mod tests;

pub use audits::{Audits, Scratch};
pub use error::StoreError;
pub use journal::Journal;
pub use journal::closed::ClosedLog;
pub use position::{CLOSED_KIND, Position, RECORD_KIND, Scope, Stored};
pub use record::split_record;
pub use storage_key::StorageKey;
pub use tiles::Tiles;
pub use views::Views;
pub use witness::WitnessStates;
