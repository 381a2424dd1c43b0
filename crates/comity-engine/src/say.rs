//! What this member says: a body becomes a signed statement in the outbox. Signed is not delivered.
//!
//! Before anything is signed, the fold is asked whether the other side would have to turn it down.

use comity_case::Entry as FoldEntry;
use comity_trust::authorise::Parties;
use comity_wire::body::{Acknowledgement, Body};
use comity_wire::ids::{CaseId, Hash, MemberId, Nonce, StatementId, parent_commitment};
use comity_wire::parts::Handling;
use comity_wire::registry::{Answer, by};
use comity_wire::statement::{Draft as Unsigned, Statement};
use comity_wire::words::Sorted;
use ed25519_dalek::SigningKey;
use serde_bytes::ByteBuf;

use crate::cases::Loaded;
use crate::core::Core;
use crate::desk::{Person, SignedStatement};
use crate::error::WorkError;
use crate::frame::Own;
use crate::ports::Fault;
use crate::random;
use crate::record::code;

/// What is to be said.
#[derive(Debug)]
pub(crate) struct Saying {
    pub(crate) case: CaseId,
    pub(crate) to: MemberId,
    pub(crate) body: Body,
    pub(crate) handling: Handling,
    /// For a statement that opens a case.
    pub(crate) case_nonce: Option<Nonce>,
    /// The case and the statement that an opening follows from.
    pub(crate) parent: Option<(CaseId, StatementId)>,
    /// Objects that travel beside it.
    pub(crate) evidence: Vec<ByteBuf>,
}

impl Core {
    /// Says something in a case that is open.
    pub(crate) fn say(
        &mut self,
        person: Option<&Person>,
        case: CaseId,
        body: Body,
        evidence: Vec<ByteBuf>,
    ) -> Result<SignedStatement, WorkError> {
        let loaded = self.load(&case)?.ok_or_else(unknown_case)?;
        let to = loaded.counterpart().clone();
        self.keep(case, loaded);
        let handling = self.handling_of(&case)?;
        let saying = Saying {
            case,
            to,
            body,
            handling,
            case_nonce: None,
            parent: None,
            evidence,
        };
        self.sign(person, saying)
    }

    /// Signs a statement and puts it into the outbox.
    pub(crate) fn sign(
        &mut self,
        person: Option<&Person>,
        saying: Saying,
    ) -> Result<SignedStatement, WorkError> {
        let now = self.time();
        let nonce = random::nonce()?;
        let mut loaded = self.load_or_open(&saying)?;
        let objects = saying.evidence.iter().map(|object| Hash::of(object));
        let evidence = Some(Sorted::new(objects)).filter(|hashes| !hashes.is_empty());
        let parent = saying.parent.as_ref();
        let unsigned = Unsigned {
            issuer: self.me.clone(),
            case: saying.case,
            issued_at_s: now / 1000,
            to: saying.to.clone(),
            fed: *self.history.fed(),
            re: loaded.heads(),
            refs: None,
            evidence,
            parent: parent.map(|(case, id)| parent_commitment(&nonce, case, id)),
            nonce,
            case_nonce: saying.case_nonce,
            handling: saying.handling,
            ext: None,
            body: saying.body,
        };
        let signed = unsigned.sign(&self.identity.statement_key);
        let judged = signed.map_err(WorkError::from).and_then(|statement| {
            self.may_say(&loaded, &statement)?;
            Ok(statement)
        });
        let statement = match judged {
            Ok(statement) => statement,
            Err(error) => {
                self.keep_if_open(saying.case, loaded);
                return Err(error);
            }
        };
        loaded.wait_for(&statement);
        self.keep(saying.case, loaded);
        let opening = parent.map(|(case, id)| (nonce, *case, *id));
        let public = self.identity.statement_key.verifying_key().to_bytes();
        let frame = Own(
            ByteBuf::from(statement.bytes()),
            comity_wire::ids::PublicKey::new(public),
            saying.evidence,
            now,
            person.map(|person| person.as_str().into()),
            opening,
        );
        self.push(Some(*saying.case.as_bytes()), frame.into())?;
        self.signals
            .outbox
            .send_modify(|times| *times = times.wrapping_add(1));
        tracing::info!(
            target: "comity.engine",
            event = "statement-signed",
            statement = %statement.id(),
            case = %saying.case,
            kind = statement.kind().as_str(),
            to = saying.to.as_str(),
        );
        Ok(SignedStatement {
            statement: statement.id().to_string(),
            case: saying.case.to_string(),
            to: saying.to.to_string(),
            kind: statement.kind().as_str().to_owned(),
        })
    }

    /// Finds out whether something could be said now. Nothing of it stays, not even a signature: the key is nobody's.
    pub(crate) fn try_to_say(&mut self, saying: Saying) -> Result<(), WorkError> {
        let loaded = self.load_or_open(&saying)?;
        let unsigned = Unsigned {
            issuer: self.me.clone(),
            case: saying.case,
            issued_at_s: self.time() / 1000,
            to: saying.to,
            fed: *self.history.fed(),
            re: loaded.heads(),
            refs: None,
            evidence: None,
            parent: None,
            nonce: random::nonce()?,
            case_nonce: saying.case_nonce,
            handling: saying.handling,
            ext: None,
            body: saying.body,
        };
        let statement = unsigned.sign(&SigningKey::from_bytes(&[1; 32]));
        let judged = statement
            .map_err(WorkError::from)
            .and_then(|statement| self.may_say(&loaded, &statement));
        self.keep_if_open(saying.case, loaded);
        judged
    }

    fn load_or_open(&mut self, saying: &Saying) -> Result<Loaded, Fault> {
        let parties = || Parties {
            opener: self.me.clone(),
            recipient: saying.to.clone(),
        };
        let new = Loaded::new(parties(), &self.me);
        Ok(self.load(&saying.case)?.unwrap_or(new))
    }

    /// A case in which nothing was said yet is not kept: it may never be opened.
    fn keep_if_open(&mut self, case: CaseId, loaded: Loaded) {
        if !loaded.case.history().is_empty() {
            self.keep(case, loaded);
        }
    }

    /// Asks what the recipient will ask: charter, roster and fold.
    fn may_say(&self, loaded: &Loaded, statement: &Statement) -> Result<(), WorkError> {
        let (now, kind) = (self.time(), statement.kind());
        let history = &self.history;
        let from = history.roles_in_force(&self.me, now).ok_or_else(|| {
            WorkError::operator(
                "not-a-member",
                "this member is not in the roster that is in force",
                "ask the governance of the federation; nothing was signed",
            )
        })?;
        let to = history
            .roles_in_force(&statement.payload().to, now)
            .ok_or_else(|| {
                WorkError::asker(
                    "recipient-left",
                    "the other side is no member now",
                    "act outside the federation, or wait for a roster that lists it",
                )
            })?;
        if !comity_trust::matrix::allows(history.charter(), &from, kind, &to) {
            return Err(WorkError::asker(
                "role-forbidden",
                format!("the charter does not let this member send `{kind}` to the other side"),
                "choose another recipient or another kind",
            ));
        }
        if kind.opens() {
            return Ok(());
        }
        let entry = FoldEntry::of(statement, &loaded.parties.opener);
        loaded.case.would_permit(&entry).map_err(|why| {
            if loaded.case.history().is_empty() {
                return WorkError::asker(
                    "not-registered-yet",
                    "the other side has not registered this case yet",
                    "wait for its receipt: `comity outbox` shows what is on its way",
                );
            }
            WorkError::asker(
                why.as_str(),
                format!("the state of the case does not allow `{kind}` now"),
                "look at the case (`comity case show`): it lists what may be done now",
            )
        })
    }

    /// How a case must be treated: as its opening says, or as it was amended.
    fn handling_of(&mut self, case: &CaseId) -> Result<Handling, WorkError> {
        let Some(loaded) = self.load(case)? else {
            return Err(unknown_case());
        };
        let amended = comity_case::State::of(&loaded.case).handling;
        self.keep(*case, loaded);
        if let Some(handling) = amended {
            return Ok(handling);
        }
        let opening = self.case_entry(case)?.ok_or_else(unknown_case)?.opening;
        let kept = self.kept_of(&opening)?.ok_or_else(unknown_case)?;
        Ok(kept.statement.payload().handling.clone())
    }

    /// Turns down a statement of the other side, so that both sides know that it is void.
    pub(crate) fn turn_down(
        &mut self,
        case: CaseId,
        id: StatementId,
        why: &str,
    ) -> Result<(), Fault> {
        let body = Body::Acknowledgement(Acknowledgement {
            by: code(by::AUTOMATION)?,
            code: Some(code(why)?),
            next: None,
            text: None,
            items: None,
            names: Some(Sorted::new([id])),
            answer: Answer::Refused,
            expected_by: None,
        });
        let Err(error) = self.say(None, case, body, Vec::new()) else {
            return Ok(());
        };
        // The case is full, or the other side has turned it down itself.
        tracing::warn!(
            target: "comity.engine",
            event = "refusal-not-said",
            case = %case,
            code = error.code,
        );
        error.of_port().map_or(Ok(()), Err)
    }
}

/// The case is not here.
pub(crate) fn unknown_case() -> WorkError {
    WorkError::asker(
        "unknown-case",
        "there is no such case here",
        "look at `comity inbox` and `comity outbox` for the cases of this node",
    )
}
