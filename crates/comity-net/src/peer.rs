//! Who is at the other end: an Ed25519 transport key, which is the peer id and can be read back from it.

use std::fmt;
use std::str::FromStr;

use libp2p::PeerId;
use libp2p::identity::{PublicKey, ed25519};
use libp2p::multihash::Multihash;
use thiserror::Error;

/// The code of multihashes that carry their input as it is.
const IDENTITY: u64 = 0;

/// A peer: the 32 bytes of its Ed25519 transport key. Its text is the peer id, `12D3Koo…`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey(pub [u8; 32]);

impl PeerKey {
    /// The peer id as other libp2p programs write it.
    #[must_use]
    pub fn peer_id(&self) -> String {
        self.to_string()
    }

    /// The peer id as a type. A peer id of an Ed25519 key is that key: `00 24 08 01 12 20`, then the key.
    ///
    /// Bytes that are no point of the curve have a peer id too; nobody can prove to be that peer.
    pub(crate) fn to_libp2p(self) -> Option<PeerId> {
        let mut digest = [0_u8; 36];
        let (head, key) = digest.split_at_mut(4);
        head.copy_from_slice(&[8, 1, 18, 32]);
        key.copy_from_slice(&self.0);
        let multihash = Multihash::wrap(IDENTITY, &digest).ok()?;
        PeerId::from_multihash(multihash).ok()
    }

    /// The key of a peer id; none, if the peer id is not that of an Ed25519 key.
    pub(crate) fn from_libp2p(peer: &PeerId) -> Option<Self> {
        let multihash: &Multihash<64> = peer.as_ref();
        if multihash.code() != IDENTITY {
            return None;
        }
        let key: ed25519::PublicKey = PublicKey::try_decode_protobuf(multihash.digest())
            .ok()?
            .try_into_ed25519()
            .ok()?;
        Some(Self(key.to_bytes()))
    }
}

impl fmt::Display for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_libp2p() {
            Some(peer) => write!(f, "{peer}"),
            None => f.write_str("(no peer id)"),
        }
    }
}

impl fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerKey({self})")
    }
}

impl FromStr for PeerKey {
    type Err = PeerKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let peer: PeerId = text.parse().map_err(|_| PeerKeyError::NotAPeerId)?;
        Self::from_libp2p(&peer).ok_or(PeerKeyError::NotEd25519)
    }
}

/// Why a text is not a peer of ours. Whoever wrote the text is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PeerKeyError {
    /// Not a peer id at all.
    #[error("this is not a peer id; copy it from the other node's `comity member export`")]
    NotAPeerId,
    /// A peer id of another kind of key.
    #[error("this peer id is not of an Ed25519 key, and only those are used here")]
    NotEd25519,
}

impl PeerKeyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAPeerId => "not-a-peer-id",
            Self::NotEd25519 => "not-ed25519",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use libp2p::identity::Keypair;

    use super::*;

    #[test]
    fn a_peer_id_is_the_key_and_can_be_read_back() {
        let pair = Keypair::ed25519_from_bytes([3; 32]).unwrap();
        let public = pair.public();
        let key = PeerKey(public.clone().try_into_ed25519().unwrap().to_bytes());

        assert_eq!(key.peer_id(), public.to_peer_id().to_base58());
        assert!(key.peer_id().starts_with("12D3KooW"));
        assert_eq!(key.peer_id().parse(), Ok(key));
        assert_eq!(PeerKey::from_libp2p(&public.to_peer_id()), Some(key));
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, expected) in [
            ("", PeerKeyError::NotAPeerId),
            ("12D3KooW", PeerKeyError::NotAPeerId),
            // A hash of an RSA key.
            (
                "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
                PeerKeyError::NotEd25519,
            ),
        ] {
            assert_eq!(text.parse::<PeerKey>(), Err(expected), "{text}");
        }
    }
}
