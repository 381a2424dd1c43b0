//! Records of the log: the leaf, and the facts that its hash commits to.
//!
//! ```text
//! what happened -> Facts -> Leaf (index, seq, time, roster) -> the store's batch
//! ```
//! The leaf's time never decreases, whatever the clock does. Who of our own people acted is not in it.

use comity_wire::body::Body;
use comity_wire::ids::{CaseId, Hash, MemberId, Nonce, StatementId};
use comity_wire::leaf::{Facts, FactsItem, FactsResult, Leaf, LogHead};
use comity_wire::limits::{STANDINGS_MAX, TERRITORIES_MAX};
use comity_wire::parts::{Assessment, Item};
use comity_wire::registry::{Kind, by, direction};
use comity_wire::statement::Statement;
use comity_wire::words::{Code, Country, Keyed, Sorted, TimeMs, Version};

use crate::core::Core;
use crate::ports::Fault;
use crate::random;
use crate::tables::{SEQUENCE, number_at};

/// What a record says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    /// Registry `record-kind`.
    pub(crate) kind: &'static str,
    pub(crate) case: Option<CaseId>,
    pub(crate) statement: Option<StatementId>,
    pub(crate) statement_kind: Option<Kind>,
    pub(crate) counterpart: Option<MemberId>,
    /// Registry `direction`.
    pub(crate) direction: Option<&'static str>,
    pub(crate) predecessor: Option<LogHead>,
    pub(crate) facts: Option<Facts>,
}

impl Entry {
    /// A record about a statement that came in.
    pub(crate) fn inward(kind: &'static str, statement: &Statement) -> Self {
        Self {
            counterpart: Some(statement.issuer().clone()),
            direction: Some(direction::IN),
            ..Self::about(kind, statement)
        }
    }

    /// A record about an own statement.
    pub(crate) fn outward(kind: &'static str, statement: &Statement) -> Self {
        Self {
            counterpart: Some(statement.payload().to.clone()),
            direction: Some(direction::OUT),
            ..Self::about(kind, statement)
        }
    }

    fn about(kind: &'static str, statement: &Statement) -> Self {
        Self {
            kind,
            case: Some(*statement.case()),
            statement: Some(*statement.id()),
            statement_kind: Some(statement.kind()),
            ..Self::default()
        }
    }
}

impl Core {
    /// Adds a record to the batch and gives its index and time.
    pub(crate) fn record(&mut self, entry: Entry) -> Result<(u64, TimeMs), Fault> {
        self.views_go_ahead()?;
        let index = self.store.next_index();
        let time = self.time();
        let roster = self.roster_ref();
        let seq = match &entry.counterpart {
            Some(counterpart) => Some(self.next_in_sequence(counterpart)?),
            None => None,
        };
        let leaf = Leaf {
            v: Version,
            ext: None,
            seq,
            case: entry.case,
            kind: code(entry.kind)?,
            salt: random::nonce()?,
            time,
            facts: entry.facts.as_ref().map(Facts::hash),
            index,
            roster,
            direction: entry.direction.map(code).transpose()?,
            statement: entry.statement,
            counterpart: entry.counterpart,
            predecessor: entry.predecessor,
            statement_kind: entry.statement_kind,
        };
        let facts = entry.facts.map(|facts| facts.encode());
        self.store.stage_record(&leaf.encode(), facts.as_deref())?;
        self.last_time = time;
        Ok((index, time))
    }

    fn next_in_sequence(&mut self, counterpart: &MemberId) -> Result<u64, Fault> {
        let key = counterpart.as_str().as_bytes();
        let next = self.views.get(SEQUENCE, key)?;
        let next = next.and_then(|bytes| number_at(&bytes, 0)).unwrap_or(0);
        let after = next.saturating_add(1).to_be_bytes();
        self.views.put(SEQUENCE, key, &after)?;
        Ok(next)
    }
}

/// A code that this program writes itself.
pub(crate) fn code(text: &str) -> Result<Code, Fault> {
    Code::new(text).ok_or_else(|| {
        Fault::new(
            "internal-code",
            "a code of this program has not the form of one",
        )
    })
}

/// Facts without anything in them.
pub(crate) fn no_facts() -> Result<Facts, Fault> {
    Ok(Facts {
        by: None,
        re: None,
        code: None,
        salt: random::nonce()?,
        basis: None,
        items: None,
        until: None,
        answer: None,
        clocks: None,
        parent: None,
        claimed: None,
        receipt: None,
        urgency: None,
        complete: None,
        evidence: None,
        standing: None,
        reported_at: None,
        jurisdictions: None,
    })
}

/// What a statement says, without locators, texts and names. `parent` opens the commitment of an own one.
pub(crate) fn facts_of(
    statement: &Statement,
    parent: Option<(Nonce, CaseId, StatementId)>,
) -> Result<Facts, Fault> {
    let mut facts = Facts {
        claimed: Some(statement.issued_at()),
        re: Some(statement.payload().re.clone()).filter(|re| !re.is_empty()),
        parent,
        ..no_facts()?
    };
    match statement.body() {
        Body::TakedownRequest(body) => {
            facts.urgency = Some(body.urgency.clone());
            facts.reported_at = body.reported_at;
            facts.clocks = Some(body.clocks.clone()).filter(|clocks| !clocks.is_empty());
            let grounds = body.basis.iter().map(|ground| ground.jurisdiction.clone());
            facts.jurisdictions = countries(&body.items, grounds);
            facts.standing = standing(&body.items);
        }
        Body::Referral(body) => {
            facts.urgency = Some(body.urgency.clone());
            facts.reported_at = Some(body.reported_at);
            facts.jurisdictions = countries(&body.items, std::iter::empty());
            facts.standing = standing(&body.items);
        }
        Body::Transfer(body) => {
            facts.urgency = Some(body.urgency.clone());
            facts.jurisdictions = countries(&body.items, std::iter::empty());
        }
        Body::Acknowledgement(body) => {
            facts.by = Some(body.by.clone());
            facts.code.clone_from(&body.code);
            facts.answer = Some(body.answer);
        }
        Body::Outcome(body) => {
            facts.basis = Some(body.basis);
            facts.complete = Some(body.complete);
            let automated = body
                .items
                .iter()
                .all(|row| !row.3.is_empty() && row.3.iter().all(|measure| measure.automated));
            facts.by = Code::new(if automated {
                by::AUTOMATION
            } else {
                by::PERSON
            });
            facts.items = rows(body.items.iter().map(|row| {
                let effective_at = row.3.iter().map(|measure| measure.effective_at).max();
                FactsItem(
                    row.0,
                    row.1,
                    FactsResult::Outcome(row.2),
                    row.3.clone(),
                    effective_at,
                )
            }));
        }
        Body::Observation(body) => {
            facts.basis = Some(body.basis);
            facts.items = rows(body.items.iter().map(|row| {
                FactsItem(
                    row.0,
                    row.1,
                    FactsResult::Observation(row.2),
                    Vec::new(),
                    Some(row.5),
                )
            }));
        }
        Body::Amendment(body) => facts.urgency.clone_from(&body.urgency),
        Body::Withdrawal(body) => {
            facts.basis = Some(body.basis);
            facts.code = Some(body.code.clone());
        }
        Body::Dispute(body) => facts.code = Some(body.code.clone()),
        Body::Resolution(body) => facts.code = Some(body.result.clone()),
        Body::Hold(body) | Body::Release(body) => {
            facts.by = Some(body.by.clone());
            facts.code.clone_from(&body.result);
            facts.until = body.until;
        }
        Body::ErasureNotice(body) => facts.code = Some(body.ground.clone()),
        Body::InformationRequest(_) | Body::Information(_) => {}
    }
    Ok(facts)
}

fn rows(rows: impl Iterator<Item = FactsItem>) -> Option<Sorted<FactsItem>> {
    Some(Sorted::new(rows)).filter(|rows| !rows.is_empty())
}

fn countries(items: &[Item], more: impl Iterator<Item = Country>) -> Option<Sorted<Country>> {
    let hosting = items.iter().flat_map(|item| &item.hosting);
    let found = hosting.filter_map(|fact| fact.country.clone()).chain(more);
    Some(first(found, TERRITORIES_MAX)).filter(|countries| !countries.is_empty())
}

/// Sorted, and no more than facts can hold: many items can name more codes of countries than there are countries.
fn first<T: Keyed + Clone>(found: impl Iterator<Item = T>, max: usize) -> Sorted<T> {
    let all = Sorted::new(found);
    Sorted::new(all.iter().take(max).cloned())
}

/// What the first assessor found, for each jurisdiction.
fn standing(items: &[Item]) -> Option<Sorted<(Country, Code)>> {
    let assessments = items.iter().filter_map(|item| item.assessments.first());
    let found = assessments.flat_map(|found: &Assessment| found.standing.iter().cloned());
    Some(first(found, STANDINGS_MAX)).filter(|standing| !standing.is_empty())
}

/// A hash as it stands in a file name or a message.
pub(crate) fn short(hash: &Hash) -> String {
    hash.to_string().chars().take(12).collect()
}
