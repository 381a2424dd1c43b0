//! Why a node does not do what it was asked: for people, with a code, whose move it is and what to do next.

use comity_wire::statement::Rejection;

use crate::ports::Fault;

/// Who has to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Whoever asked.
    Asker,
    /// The operator of this node.
    Operator,
    /// The other member.
    Peer,
    /// We, who wrote this.
    Us,
}

/// Why work was not done. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct WorkError {
    /// The stable code.
    pub code: &'static str,
    /// What happened. Never a locator, a name or free text.
    pub message: String,
    /// What to do next.
    pub next: &'static str,
    /// Whose move it is.
    pub whose: Whose,
}

impl WorkError {
    /// Something in what was asked is not right.
    pub fn asker(code: &'static str, message: impl Into<String>, next: &'static str) -> Self {
        Self {
            code,
            message: message.into(),
            next,
            whose: Whose::Asker,
        }
    }

    /// The node cannot do it now.
    pub fn operator(code: &'static str, message: impl Into<String>, next: &'static str) -> Self {
        Self {
            code,
            message: message.into(),
            next,
            whose: Whose::Operator,
        }
    }

    /// The fault of a port that this is, if it is one. Then the work may be half done.
    #[must_use]
    pub fn of_port(&self) -> Option<Fault> {
        (self.next == NEXT_OF_FAULTS).then(|| Fault::new(self.code, self.message.clone()))
    }

    /// A field has not the form of what it should be.
    pub fn field(field: &'static str, what: &'static str) -> Self {
        Self::asker(
            "bad-field",
            format!("`{field}` is not {what}"),
            "correct the field and try again; nothing was changed",
        )
    }
}

impl From<Fault> for WorkError {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.code,
            message: fault.detail,
            next: NEXT_OF_FAULTS,
            whose: Whose::Operator,
        }
    }
}

impl From<Rejection> for WorkError {
    fn from(rejection: Rejection) -> Self {
        Self {
            code: rejection.code(),
            message: format!("the statement would be refused: {}", rejection.detail),
            next: "shorten or correct what is named; nothing was signed",
            whose: Whose::Asker,
        }
    }
}

const NEXT_OF_FAULTS: &str = "see the node's own log; nothing that was acknowledged is lost";
