//! A second person's word. Whoever drafted something cannot confirm it; what is confirmed is signed and goes into the
//! outbox in the same batch.

use comity_wire::body::{Amendment, Body};
use comity_wire::ids::{CaseId, Nonce, StatementId};
use comity_wire::parts::Assessment;
use comity_wire::registry::record_kind;
use comity_wire::words::ItemNumber;
use serde_bytes::ByteBuf;

use crate::core::Core;
use crate::desk::{Decision, Drafted, NewReview, Person, Problem, Reviewed, SignedStatement};
use crate::error::WorkError;
use crate::frame::{Draft, Link, Review};
use crate::limits::REVIEW_DRAFTS_MAX;
use crate::ports::{Fault, Position};
use crate::random;
use crate::record::{Entry, code, no_facts};
use crate::say::{Saying, unknown_case};
use crate::tables::{self, DRAFT, DraftEntry};

impl Core {
    /// Reviews drafts, each on its own: one that cannot be signed does not hold up the others.
    pub(crate) fn review(
        &mut self,
        person: &Person,
        review: &NewReview,
    ) -> Result<Vec<Reviewed>, WorkError> {
        if review.drafts.len() > REVIEW_DRAFTS_MAX {
            return Err(WorkError::asker(
                "too-many-drafts",
                format!("more than {REVIEW_DRAFTS_MAX} drafts at once"),
                "review them in smaller groups",
            ));
        }
        let ids: Result<Vec<Nonce>, WorkError> = review
            .drafts
            .iter()
            .map(|text| {
                Nonce::from_hex(text)
                    .ok_or_else(|| WorkError::field("drafts", "a list of draft ids"))
            })
            .collect();
        let mut done = Vec::new();
        for id in ids? {
            self.make_room()?;
            let reviewed = match self.review_one(person, id, review.decision) {
                Ok(statement) => Reviewed {
                    draft: id.to_string(),
                    statement: statement.map(|signed| signed.statement),
                    problem: None,
                },
                Err(error) if error.of_port().is_some() => return Err(error),
                Err(error) => Reviewed {
                    draft: id.to_string(),
                    statement: None,
                    problem: Some(Problem {
                        code: error.code.to_owned(),
                        message: error.message,
                        next: error.next.to_owned(),
                    }),
                },
            };
            done.push(reviewed);
        }
        Ok(done)
    }

    fn review_one(
        &mut self,
        person: &Person,
        id: Nonce,
        decision: Decision,
    ) -> Result<Option<SignedStatement>, WorkError> {
        let row: Option<DraftEntry> = tables::get(&*self.views, DRAFT, id.as_bytes())?;
        let row = row.ok_or_else(|| {
            WorkError::asker(
                "unknown-draft",
                "there is no such draft here",
                "`comity review` lists the drafts that wait",
            )
        })?;
        if matches!(row.state.as_str(), "confirmed" | "no-action") {
            return Err(WorkError::asker(
                "draft-reviewed",
                "the draft has been decided already",
                "`comity review` lists the drafts that wait",
            ));
        }
        let draft = self.draft_at(Position(row.at))?;
        let own = *draft.7.0 == *person.as_str();
        if own && self.policy.review.contains(&draft.4) && decision == Decision::Confirm {
            return Err(WorkError::asker(
                "own-draft",
                "whoever drafted it cannot confirm it",
                "ask a second person: two people see every request before it leaves",
            ));
        }
        match decision {
            Decision::Confirm => self.confirm(person, &draft).map(Some),
            Decision::Return | Decision::NoAction => {
                let word = if decision == Decision::Return {
                    "return"
                } else {
                    "no-action"
                };
                self.note_review(person, id, word, None)?;
                Ok(None)
            }
        }
    }

    fn confirm(&mut self, person: &Person, draft: &Draft) -> Result<SignedStatement, WorkError> {
        let parent = match draft.9.first() {
            Some((_, parent, _)) => {
                let entry = self.case_entry(parent)?.ok_or_else(unknown_case)?;
                Some((*parent, entry.opening))
            }
            None => None,
        };
        let signed = self.sign(Some(person), saying(draft, parent)?)?;
        for (n, parent, parent_n) in &draft.9 {
            self.push(None, Link(*parent, *parent_n, draft.1, *n).into())?;
        }
        let statement = StatementId::from_hex(&signed.statement);
        self.note_review(person, draft.0, "confirm", statement)?;
        Ok(signed)
    }

    fn note_review(
        &mut self,
        person: &Person,
        id: Nonce,
        decision: &str,
        statement: Option<StatementId>,
    ) -> Result<(), Fault> {
        let mut facts = no_facts()?;
        facts.code = Some(code(decision)?);
        let entry = Entry {
            kind: record_kind::REVIEWED,
            statement,
            facts: Some(facts),
            ..Entry::default()
        };
        let (_, time) = self.record(entry)?;
        let who = Some(person.as_str().into());
        self.push(
            None,
            Review(id, code(decision)?, who, time, statement).into(),
        )?;
        Ok(())
    }

    /// Drafts something within a case, for a second person.
    pub(crate) fn draft_within(
        &mut self,
        person: &Person,
        case: CaseId,
        body: &Body,
    ) -> Result<Drafted, WorkError> {
        let loaded = self.load(&case)?.ok_or_else(unknown_case)?;
        let to = loaded.counterpart().clone();
        self.keep(case, loaded);
        let opening = self.case_entry(&case)?.ok_or_else(unknown_case)?.opening;
        let kept = self.kept_of(&opening)?.ok_or_else(unknown_case)?;
        let draft = Draft(
            random::nonce()?,
            case,
            None,
            to,
            body.kind(),
            ByteBuf::from(body.encode()),
            kept.statement.payload().handling.clone(),
            (person.as_str().into(), self.time()),
            Vec::new(),
            Vec::new(),
        );
        self.could_be_said(&draft)?;
        Ok(self.push_draft(draft)?)
    }

    /// Notes a draft.
    pub(crate) fn push_draft(&mut self, draft: Draft) -> Result<Drafted, Fault> {
        let Draft(id, case, _, to, kind, ..) = &draft;
        let drafted = Drafted {
            draft: id.to_string(),
            case: case.to_string(),
            to: to.to_string(),
            kind: kind.as_str().to_owned(),
        };
        self.push(Some(*case.as_bytes()), draft.into())?;
        Ok(drafted)
    }

    /// Whether a draft is one that could be signed now: a second person must not be asked in vain.
    pub(crate) fn could_be_said(&mut self, draft: &Draft) -> Result<(), WorkError> {
        let saying = saying(draft, None)?;
        self.try_to_say(saying)
    }

    /// Drafts an amendment with another assessment of an item.
    pub(crate) fn draft_amendment(
        &mut self,
        person: &Person,
        case: CaseId,
        n: ItemNumber,
        found: Assessment,
    ) -> Result<(), WorkError> {
        let body = Body::Amendment(Amendment {
            text: None,
            items: None,
            hosting: None,
            urgency: None,
            handling: None,
            assessments: Some(vec![(n, found)]),
        });
        self.draft_within(person, case, &body).map(|_| ())
    }
}

fn saying(draft: &Draft, parent: Option<(CaseId, StatementId)>) -> Result<Saying, Fault> {
    let Draft(_, case, case_nonce, to, kind, body, handling, ..) = draft;
    let body = Body::decode(*kind, body)
        .map_err(|error| Fault::new("journal-edited", format!("a draft: {error}")))?;
    Ok(Saying {
        case: *case,
        to: to.clone(),
        body,
        handling: handling.clone(),
        case_nonce: *case_nonce,
        parent,
        evidence: Vec::new(),
    })
}
