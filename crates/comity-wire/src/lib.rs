//! The formats of Comity: what travels, what is signed, what is recorded.
//!
//! The definition is `protocol-spec/comity.cddl`; this crate is held to it by a
//! CDDL validator and by published vectors. It is pure: bytes come in as
//! arguments, and so do keys; there is no clock, no I/O and no randomness.
//!
//! ```text
//! words, ids, ext, parts, body      what structures are made of
//! limits, limited                   how much of it there may be
//! registry                          the codes that have a meaning
//! cbor, cose                        the two encodings, strictly; each owns its library
//! statement                         bytes -> Received -> Signed -> Statement
//! leaf, receipt, refusal            what the recipient records and answers
//! consistency                       that a log has only grown
//! exchange, roster_exchange         how they travel
//! audit_exchange                    how the records of a log are read by right
//! finding                           how a finding goes to its subject, and the reply
//! witness_exchange                  how heads are cosigned, shown and contradicted
//! notice                            what else is signed: sequences, restored
//! ```

pub mod audit_exchange;
pub mod body;
pub mod cbor;
pub mod consistency;
pub mod cose;
pub mod exchange;
pub mod ext;
pub mod finding;
pub mod ids;
pub mod leaf;
pub mod limited;
pub mod limits;
pub mod notice;
pub mod object;
pub mod parts;
pub mod receipt;
pub mod refusal;
pub mod registry;
pub mod roster_exchange;
pub mod statement;
pub mod witness_exchange;
pub mod words;
