//! The published test vectors against somebody else's node: what of them can be played over the wire, and whether what
//! comes back is right. Bytes and times come in, decisions go out; who dials and who waits is not here.
//!
//! ```text
//! vectors   the files of `protocol-spec/vectors`, packed into the program
//! world     the federation of the vectors as the kit lives in it: the chain, the members, their published keys
//! plan      each vector: what to send, as whom, after what, and the answer that is right; or why it cannot be played
//! probe     what no vector can say: strangers, framing, a transition that the target must turn down
//! judge     the bytes that came back, held against the answer that is right
//! ledger    what all answers together say about the target's log
//! report    by section of the specification
//! ```
//! The target plays one member of the vectors' own federation and the kit plays the others, so the very bytes of the
//! vectors travel, and the one right code is known.

pub mod judge;
pub mod ledger;
pub mod limits;
pub mod plan;
pub mod probe;
pub mod report;
pub mod vectors;
pub mod world;
