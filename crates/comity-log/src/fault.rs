//! Who is at fault when something is refused.

/// The one who has to act so that an error does not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Whoever made the bytes that were read: another member, or a stranger.
    Peer,
    /// Whoever configured this node, with a wrong key for example.
    Operator,
    /// The storage of this machine: bytes that came back are not those that were written.
    Machine,
    /// The program that called this crate.
    Us,
}
