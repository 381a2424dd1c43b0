//! The audit log of Comity. Pure but for two traits that read and write tiles: no clock, no files, no
//! network. Keys, times, bytes come in; trees, proofs, decisions go out.
//!
//! The way of a leaf, in the order of the modules:
//!
//! ```text
//! hash, tile, bundle, store    what is stored, and where
//! edge                         appending a batch; confirming what was written
//! head                         the new head; compare and swap before it is signed
//! names, key, note             who signs, and how a signed text looks
//! checkpoint                   the signed head
//! tree                         reading back, every tile checked: proofs
//! receipts                     for each leaf of the batch, all from the one root
//! consistency                  the same for a tree that has grown
//!
//! add_checkpoint               what a log asks of a witness
//! witness, cosignature         what a witness may answer; its word
//!
//! proof, tlog_proof            what anybody checks; the same as a text file
//! evidence                     what anybody can show if a log has forked
//! policy                       whom a verifier believes, in one file
//! ```
//!
//! Formats: RFC 6962 section 2.1 (tree); C2SP `tlog-tiles`, `signed-note`, `tlog-checkpoint`,
//! `tlog-cosignature` (v1), `tlog-witness`, `tlog-proof`, `tlog-policy`; RFC 9942 (receipts). Every format is read
//! strictly: what is accepted is written again as the very same bytes.
//!
//! Every error has a stable [`code`](proof::ProofError::code) and says who is at [`fault`].

pub mod add_checkpoint;
pub mod bundle;
pub mod checkpoint;
pub mod consistency;
pub mod cosignature;
pub mod edge;
pub mod evidence;
pub mod fault;
pub mod hash;
pub mod head;
pub mod key;
pub mod limits;
pub mod names;
pub mod note;
pub mod policy;
pub mod proof;
pub mod receipts;
pub mod store;
mod text;
pub mod tile;
pub mod tlog_proof;
pub mod tree;
mod walk;
pub mod witness;
