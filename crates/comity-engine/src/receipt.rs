//! Receipts: those that this member gives, and those that it is given. One that is given is checked before it is
//! believed: it must be for this very statement, at this place, of a log of the recipient that the roster lists, under
//! the signed head that came with it.

use comity_log::checkpoint::{UnverifiedCheckpoint, VerifiedCheckpoint};
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::store::TileReader;
use comity_log::tile::TileId;
use comity_log::tree::Tree;
use comity_trust::history::History;
use comity_trust::key::Validity;
use comity_trust::member::LogState;
use comity_wire::cose::SignedRoot;
use comity_wire::ids::{Hash, MemberId, StatementId};
use comity_wire::leaf::Origin;
use comity_wire::receipt::{InclusionProof, Receipt, WireReceipt};
use comity_wire::registry::{delivery_code, direction, record_kind};
use comity_wire::words::TimeMs;

use crate::closed::LogHere;
use crate::core::Core;
use crate::ports::{Fault, Store};

/// The tiles of a store.
pub(crate) struct Tiles<'a>(pub(crate) &'a dyn Store);

impl TileReader for Tiles<'_> {
    type Error = Fault;

    fn read_tile(&self, tile: TileId) -> Result<Option<Vec<u8>>, Fault> {
        self.0.tile(tile)
    }
}

impl Core {
    /// Receipts for records of one of its logs, under the head of the last commit.
    pub(crate) fn receipts(
        &self,
        log: &LogHere<'_>,
        indexes: &[u64],
    ) -> Result<Vec<Receipt>, Fault> {
        if indexes.is_empty() {
            return Ok(Vec::new());
        }
        let head = log.head;
        let mut tree = Tree::open(log, &head).map_err(unreadable)?;
        let root = SignedRoot::new(log.key, head.root().as_bytes());
        let mut receipts = Vec::with_capacity(indexes.len());
        for index in indexes {
            let (leaf, _) = log.record(*index)?;
            let path = tree
                .inclusion_path(*index, head.size())
                .map_err(unreadable)?;
            let proof = InclusionProof {
                tree_size: head.size(),
                leaf_index: *index,
                path,
            };
            let receipt = Receipt::new(&root, &leaf, &proof);
            receipts
                .push(receipt.map_err(|error| Fault::new("journal-damaged", error.to_string()))?);
        }
        Ok(receipts)
    }
}

pub(crate) fn unreadable(error: comity_log::tree::TreeError<Fault>) -> Fault {
    Fault::new("journal-damaged", format!("the log's tiles: {error}"))
}

/// A receipt that says what it should.
#[derive(Debug)]
pub(crate) struct Believed {
    pub(crate) receipt: Receipt,
    /// Of the recipient's record.
    pub(crate) leaf_hash: Hash,
    pub(crate) registered_at: TimeMs,
}

/// Why a receipt is not believed. It stands in the record of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotBelieved {
    /// It cannot be read.
    Malformed,
    /// The reply came without a signed head of a log of the recipient, or with one beyond the end of a closed log.
    NoHead,
    /// Its log has not signed it.
    Signature,
    /// It is not under the head that came with it.
    OtherHead,
    /// It is for another statement, from another member, or for something else than a registration.
    Foreign,
}

impl NotBelieved {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Malformed => delivery_code::RECEIPT_MALFORMED,
            Self::NoHead => delivery_code::RECEIPT_WITHOUT_HEAD,
            Self::Signature => delivery_code::RECEIPT_NOT_SIGNED,
            Self::OtherHead => delivery_code::RECEIPT_OTHER_HEAD,
            Self::Foreign => delivery_code::RECEIPT_FOREIGN,
        }
    }
}

/// The head that came with a reply, if the recipient's log has signed it.
pub(crate) fn head_of(
    text: Option<&str>,
    of: &MemberId,
    history: &History,
    now_ms: TimeMs,
) -> Option<VerifiedCheckpoint> {
    let unverified = UnverifiedCheckpoint::parse(text?.as_bytes()).ok()?;
    let origin = unverified.claimed().origin.clone();
    if origin.member != *of || origin.fed != *history.fed() {
        return None;
    }
    let key = log_key(&origin, history, now_ms)?;
    unverified.verify(&key).ok()
}

/// The key of a log that the roster lists.
pub(crate) fn log_key(origin: &Origin, history: &History, now_ms: TimeMs) -> Option<VerifierKey> {
    let log = history.log(origin)?;
    let (known, _) = history.log_key(origin, &log.key)?;
    // A log signs with its key of now; only a compromised one is not believed.
    if known.validity(now_ms, now_ms) == Validity::Compromised {
        return None;
    }
    VerifierKey::new(KeyName::from(origin), KeyKind::Log, *known.verifying()).ok()
}

/// Whether a log can have had a head that it has signed. One that the roster lists as closed has ended, and nothing
/// beyond its end is of it.
pub(crate) fn may_have_had(history: &History, head: &VerifiedCheckpoint) -> bool {
    let Some(log) = history.log(head.origin()) else {
        return true;
    };
    let LogState::Closed((size, root)) = &log.state else {
        return true;
    };
    let head = head.head();
    head.size() < *size || (head.size() == *size && head.root() == root)
}

/// Checks a receipt for an own statement.
pub(crate) fn check(
    wire: &WireReceipt,
    statement: &StatementId,
    me: &MemberId,
    head: Option<&VerifiedCheckpoint>,
    history: &History,
    now_ms: TimeMs,
) -> Result<Believed, NotBelieved> {
    let receipt = Receipt::from_wire(wire.clone()).map_err(|_| NotBelieved::Malformed)?;
    let head = head.filter(|head| may_have_had(history, head));
    let head = head.ok_or(NotBelieved::NoHead)?;
    let key = log_key(head.origin(), history, now_ms).ok_or(NotBelieved::NoHead)?;
    let verified =
        comity_log::receipts::verify(&receipt, key.key()).map_err(|_| NotBelieved::Signature)?;
    verified
        .is_under(head)
        .map_err(|_| NotBelieved::OtherHead)?;
    let leaf = verified.leaf();
    let ours = leaf.kind.as_str() == record_kind::RECEIVED
        && leaf.statement.as_ref() == Some(statement)
        && leaf.counterpart.as_ref() == Some(me)
        && leaf
            .direction
            .as_ref()
            .is_some_and(|way| way.as_str() == direction::IN);
    if !ours {
        return Err(NotBelieved::Foreign);
    }
    let (leaf_hash, registered_at) = (*verified.leaf_hash(), leaf.time);
    Ok(Believed {
        receipt,
        leaf_hash,
        registered_at,
    })
}
