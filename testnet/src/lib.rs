//! For tests that need more than one process: real nodes, and verifiers that others wrote.
//!
//! ```text
//! binary     the program `comity`: where it is, built if need be
//! process    starting it, waiting for a line that it prints, ending it in every way
//! client     its HTTP API on loopback, with a token
//! address    addresses on this machine that no other test has
//! federation charter, roster and members, made with the program's own commands
//! collector  where its telemetry goes
//! planted    values that must not be found in what leaves it
//!
//! tiles      a log as a tlog-tiles folder, made without a node
//! verifier   what the Go verifier says of such a folder
//! foreign    members that are not ours: started, told what to do
//! ```
//! Nothing sleeps: whoever waits, waits for a line, an answer or an end, with a limit.

pub mod address;
pub mod binary;
pub mod client;
pub mod collector;
pub mod federation;
pub mod foreign;
pub mod limits;
pub mod planted;
pub mod process;
pub mod tiles;
mod trouble;
pub mod verifier;

pub use trouble::Trouble;
