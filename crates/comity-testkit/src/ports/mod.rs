//! The engine's ports in memory, with faults on demand: a journal, views, a network of many nodes in one process.
//!
//! ```text
//! Disk        what survives; Disk::open -> MemoryStore, which can fail at any commit or stage
//! MemoryViews rows that a test can lose or garble
//! MemoryWitness what was cosigned, which can fail to be stored
//! FarWitness  a witness from outside, which answers as a test wants it to
//! Hub         every node's transport; each direction of each link can be down, lossy, held, or lie
//! World       the federation of `comity_testkit::federation` with an engine for each member, on one clock
//! ```
//! Nothing here waits for time to pass: the clock is set by hand, and conditions are awaited by asking, a bounded
//! number of times.

mod audits;
mod far;
mod hub;
mod store;
mod views;
mod witness;
mod world;

pub use audits::MemoryAudits;
pub use far::FarWitness;
pub use hub::{Heard, Hub, Link};
pub use store::{Disk, Lost, MemoryStore, Record};
pub use views::MemoryViews;
pub use witness::MemoryWitness;
pub use world::{Keeps, Node, World, person};
