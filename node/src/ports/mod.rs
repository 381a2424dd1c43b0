//! The engine's ports, filled: the journal and the views of `comity-store`, the network of `comity-net`, witnesses over HTTP. Nothing is
//! decided here; each call is handed on, and each error keeps its code.

mod audits;
mod net;
mod outside;
mod store;

pub use audits::FileAudits;
pub use net::Net;
pub use outside::HttpWitness;
pub use store::{JournalStore, SledViews, VIEWS_SCHEMA, WitnessFiles};
