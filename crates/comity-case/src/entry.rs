//! What the fold reads of a statement.

use std::sync::Arc;

use comity_wire::body::Body;
use comity_wire::ids::{MemberId, StatementId};
use comity_wire::registry::{Kind, Side};
use comity_wire::statement::Statement;
use comity_wire::words::{Sorted, TimeMs};

/// One of the two parties of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Who opened the case.
    Opener,
    /// To whom.
    Recipient,
}

impl Party {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Opener => Self::Recipient,
            Self::Recipient => Self::Opener,
        }
    }

    /// Whether the registry lets this party send a kind.
    #[must_use]
    pub const fn may_send(self, kind: Kind) -> bool {
        matches!(
            (kind.side(), self),
            (Side::Either, _) | (Side::Opener, Self::Opener) | (Side::Recipient, Self::Recipient)
        )
    }
}

/// A statement of a case, as the fold sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The statement.
    pub id: StatementId,
    /// Who sent it.
    pub party: Party,
    /// Every head of the case that the sender knew.
    pub re: Sorted<StatementId>,
    /// When the sender says it signed. Read for one thing only: nothing that it
    /// reports can have happened later.
    pub issued_at: TimeMs,
    /// What it says.
    pub body: Arc<Body>,
}

impl Entry {
    /// Reads a statement of the case that `opener` opened.
    #[must_use]
    pub fn of(statement: &Statement, opener: &MemberId) -> Self {
        let party = if statement.issuer() == opener {
            Party::Opener
        } else {
            Party::Recipient
        };
        Self {
            id: *statement.id(),
            party,
            re: statement.payload().re.clone(),
            issued_at: statement.issued_at(),
            body: Arc::new(statement.body().clone()),
        }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// A time that the sender claims, or the end of the second in which it signed
    /// if that is earlier. Without this, a claim of the year 9999 would outweigh
    /// every later one.
    #[must_use]
    pub fn not_after_signing(&self, claimed: TimeMs) -> TimeMs {
        claimed.min(self.issued_at.saturating_add(999))
    }
}
