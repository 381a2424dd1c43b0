//! Whether a statement may be acted on: the checks that need the roster, the
//! clock and the case, in the order of the specification.
//!
//! ```text
//! Statement -> federation -> recipient -> case-id -> time -> roster -> matrix -> case -> party -> Authorised
//! ```

use comity_wire::ids::{CaseId, Hash, MemberId, StatementId};
use comity_wire::leaf::RosterRef;
use comity_wire::receipt::Receipt;
use comity_wire::registry::{Check, Side, record_kind};
use comity_wire::statement::{Rejection, Statement};
use comity_wire::words::TimeMs;

use crate::history::History;
use crate::key::Validity;
use crate::limits::{WINDOW_FUTURE_MS, WINDOW_PAST_MS};
use crate::matrix;
use crate::member::LogState;
use crate::verify::verify;

/// What a statement is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Whose keys and rosters.
    pub history: &'a History,
    /// Who judges.
    pub me: &'a MemberId,
    /// When.
    pub now_ms: TimeMs,
    /// The parties of the statement's case, if the case is known here.
    pub case: Option<&'a Parties>,
    /// A receipt of this member's own that stands in for time window and roster.
    pub vouched: Option<&'a Vouched>,
}

/// The two parties of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parties {
    /// Who opened it.
    pub opener: MemberId,
    /// To whom.
    pub recipient: MemberId,
}

/// A statement that may be acted on. Only [`authorise`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorised {
    statement: Statement,
    roster: RosterRef,
}

impl Authorised {
    /// The statement.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The roster that was in force: the record names it.
    #[must_use]
    pub const fn roster(&self) -> RosterRef {
        self.roster
    }

    /// The statement.
    #[must_use]
    pub fn into_statement(self) -> Statement {
        self.statement
    }
}

/// What became of a statement that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It is here already: the answer is its receipt again.
    Known(StatementId),
    /// It is new and may be acted on.
    Authorised(Box<Authorised>),
}

/// Makes every check of an incoming statement. `known` tells whether a statement
/// is recorded here.
///
/// # Errors
/// The first check that fails.
pub fn check_statement(
    bytes: &[u8],
    known: impl FnOnce(&StatementId) -> bool,
    context: &Context<'_>,
) -> Result<Checked, Rejection> {
    let signed = verify(bytes, context.history)?;
    if known(signed.id()) {
        return Ok(Checked::Known(*signed.id()));
    }
    let authorised = authorise(signed.open()?, context)?;
    Ok(Checked::Authorised(Box::new(authorised)))
}

/// Makes the checks that need roster, clock and case.
///
/// A receipt of this member's own stands in for time, roster and matrix: the matrix
/// is asked with the roles of the roster and by the charter of today, and a restored
/// member has to take again what it took, from members that have left since and
/// from those whose roles have changed.
///
/// # Errors
/// The first check that fails.
pub fn authorise(statement: Statement, context: &Context<'_>) -> Result<Authorised, Rejection> {
    federation(&statement, context)?;
    recipient(&statement, context)?;
    case_id(&statement)?;
    let vouched = |vouched: &&Vouched| vouched.statement == *statement.id();
    if context.vouched.filter(vouched).is_none() {
        time(&statement, context.now_ms)?;
        roster(&statement, context)?;
        matrix(&statement, context)?;
    }
    case(&statement, context.case)?;
    party(&statement, context.case)?;
    let roster = context.history.roster_ref();
    let roster = roster.ok_or_else(|| Rejection::new(Check::Roster, "there is no roster yet"))?;
    Ok(Authorised { statement, roster })
}

fn passes(check: Check, holds: bool, otherwise: &str) -> Result<(), Rejection> {
    if holds {
        Ok(())
    } else {
        Err(Rejection::new(check, otherwise))
    }
}

fn federation(statement: &Statement, context: &Context<'_>) -> Result<(), Rejection> {
    let same = statement.payload().fed == *context.history.fed();
    passes(Check::Federation, same, "it is for another federation")
}

fn recipient(statement: &Statement, context: &Context<'_>) -> Result<(), Rejection> {
    let to = &statement.payload().to;
    passes(
        Check::Recipient,
        to == context.me,
        "it is for another member",
    )?;
    let other = to != statement.issuer();
    passes(Check::Recipient, other, "the issuer sends it to itself")
}

fn case_id(statement: &Statement) -> Result<(), Rejection> {
    let nonce = statement.payload().case_nonce.as_ref();
    let (holds, otherwise) = match (statement.kind().opens(), nonce) {
        (true, Some(nonce)) => (
            CaseId::derive(statement.issuer(), nonce) == *statement.case(),
            "issuer and nonce do not give the case id",
        ),
        (true, None) => (false, "it opens a case and carries no nonce"),
        (false, nonce) => (nonce.is_none(), "it opens no case and carries a nonce"),
    };
    passes(Check::CaseId, holds, otherwise)
}

fn time(statement: &Statement, now_ms: TimeMs) -> Result<(), Rejection> {
    let at = statement.issued_at();
    let not_too_old = at.saturating_add(WINDOW_PAST_MS) >= now_ms;
    passes(Check::Time, not_too_old, "it was signed too long ago")?;
    let not_too_new = at <= now_ms.saturating_add(WINDOW_FUTURE_MS);
    passes(Check::Time, not_too_new, "it was signed in the future")
}

fn roster(statement: &Statement, context: &Context<'_>) -> Result<(), Rejection> {
    let (history, now_ms) = (context.history, context.now_ms);
    let standing = history.standing(now_ms);
    if !standing.takes(statement.kind()) {
        let detail = format!("{} is not taken: {}", statement.kind(), standing.code());
        return Err(Rejection::new(Check::Roster, detail));
    }
    let roles = history.roles_in_force(statement.issuer(), now_ms);
    passes(
        Check::Roster,
        roles.is_some(),
        "the issuer is no member now",
    )?;
    let key = history.statement_key(statement.issuer(), statement.kid());
    let detail = match key.map(|key| key.validity(statement.issued_at(), now_ms)) {
        Some(Validity::Valid) => return Ok(()),
        Some(Validity::TooEarly) => "it is dated before its key's time",
        Some(Validity::TooLate) => "it is dated after its key's time",
        Some(Validity::Compromised) => "its key is compromised",
        None => "its key was never listed",
    };
    Err(Rejection::new(Check::Roster, detail))
}

fn matrix(statement: &Statement, context: &Context<'_>) -> Result<(), Rejection> {
    let roles = |id| context.history.roles_in_force(id, context.now_ms);
    let from = roles(statement.issuer()).unwrap_or_default();
    let to = roles(context.me).unwrap_or_default();
    let allowed = matrix::allows(context.history.charter(), &from, statement.kind(), &to);
    passes(
        Check::Matrix,
        allowed,
        "no role of the issuer may send this kind here",
    )
}

fn case(statement: &Statement, parties: Option<&Parties>) -> Result<(), Rejection> {
    let known = parties.is_some() || statement.kind().opens();
    passes(Check::Case, known, "the case is not known here")
}

/// An opening statement of a case that is known goes on to the fold, which says
/// what is wrong with it, if its parties are those of the case.
fn party(statement: &Statement, parties: Option<&Parties>) -> Result<(), Rejection> {
    let Some(parties) = parties else {
        return Ok(());
    };
    let (from, to) = (statement.issuer(), &statement.payload().to);
    let forth = *from == parties.opener && *to == parties.recipient;
    let back = *from == parties.recipient && *to == parties.opener;
    let fits = match statement.kind().side() {
        Side::Opener => forth,
        Side::Recipient => back,
        Side::Either => forth || back,
    };
    passes(
        Check::Party,
        fits,
        "not a party of the case, or not its side",
    )
}

/// A receipt that this member gave itself, from a log that it no longer writes.
/// A member that was restored from an older copy asks its peers for what it had
/// receipted; the receipt shows that the statement was judged then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    statement: StatementId,
}

impl Vouched {
    /// Takes a receipt as proof. `root` is what the caller has computed from the
    /// receipt's leaf and path.
    ///
    /// # Errors
    /// [`Check::Roster`]: the receipt does not stand in for it.
    pub fn by(
        receipt: &Receipt,
        root: &Hash,
        history: &History,
        me: &MemberId,
        now_ms: TimeMs,
    ) -> Result<Self, Rejection> {
        let not = |detail| Rejection::new(Check::Roster, detail);
        let leaf = receipt.leaf();
        let received = leaf.kind.as_str() == record_kind::RECEIVED;
        let statement = leaf.statement.filter(|_| received);
        let statement = statement.ok_or_else(|| not("the receipt is for no statement"))?;
        let closed = history
            .logs_of(me)
            .iter()
            .filter(|log| matches!(log.state, LogState::Closed((size, _)) if leaf.index < size));
        let key = closed
            .filter_map(|log| history.log_key(&log.origin, receipt.kid()))
            .map(|(key, _)| key)
            .next()
            .ok_or_else(|| not("the receipt is not from a closed log of this member"))?;
        if key.validity(leaf.time, now_ms) != Validity::Valid {
            return Err(not("the key of the closed log is not believed"));
        }
        receipt
            .verify_signature(key.verifying(), root)
            .map_err(|_| not("the closed log did not sign this receipt"))?;
        Ok(Self { statement })
    }
}
