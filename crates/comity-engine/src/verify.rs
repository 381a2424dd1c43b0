//! Second stage, the first that reads: outer form and signature, under a key of the roster's history. Payload and body
//! are opened here too, but what is wrong with them counts only if the statement is not known: the order of checks
//! is the specification's. It needs nothing of the node but the history, so it runs beside the one thread.

use comity_trust::history::History;
use comity_wire::exchange::Offer;
use comity_wire::ext::Known;
use comity_wire::ids::{MemberId, PublicKey, StatementId};
use comity_wire::receipt::WireReceipt;
use comity_wire::registry::Check;
use comity_wire::statement::{Rejection, Statement};
use serde_bytes::ByteBuf;

/// An offer that was looked at. `Debug` hides the bytes.
#[derive(Debug)]
pub(crate) struct Verified {
    /// The offer.
    pub(crate) offer: Opened,
    /// What is known of it.
    pub(crate) verdict: Result<Signed, Rejection>,
}

/// The parts of an offer. `Debug` hides them.
pub(crate) struct Opened {
    pub(crate) bytes: ByteBuf,
    pub(crate) earlier: Option<WireReceipt>,
    pub(crate) evidence: Vec<ByteBuf>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opened({} bytes)", self.bytes.len())
    }
}

/// Somebody can be held to it. Only [`verify`] makes one.
#[derive(Debug)]
pub(crate) struct Signed {
    id: StatementId,
    issuer: MemberId,
    key: PublicKey,
    statement: Result<Statement, Rejection>,
}

impl Signed {
    pub(crate) const fn id(&self) -> &StatementId {
        &self.id
    }

    pub(crate) const fn issuer(&self) -> &MemberId {
        &self.issuer
    }

    pub(crate) const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The statement, if payload and body are right.
    pub(crate) fn open(self) -> Result<Statement, Rejection> {
        self.statement
    }
}

/// Verifies an offer.
pub(crate) fn verify(offer: Offer, history: &History, extensions: Known) -> Verified {
    let Offer(bytes, earlier, evidence) = offer;
    let verdict = signed(&bytes, history, extensions);
    Verified {
        offer: Opened {
            bytes,
            earlier,
            evidence,
        },
        verdict,
    }
}

fn signed(bytes: &[u8], history: &History, extensions: Known) -> Result<Signed, Rejection> {
    let signed = comity_trust::verify::verify(bytes, history)?;
    let (id, issuer) = (*signed.id(), signed.issuer().clone());
    let kid = *comity_wire::statement::Received::read(bytes)?.kid();
    let known = history.statement_key(&issuer, &kid);
    let known = known.ok_or_else(|| Rejection::new(Check::Key, "the key is gone"))?;
    let key = known.listed.public;
    Ok(Signed {
        id,
        issuer,
        key,
        statement: signed.open_knowing(extensions),
    })
}
