//! What the causal past of a statement allows.
//!
//! One function for each kind, in the order of the registry. Each asks a [`View`]
//! of the causal past and nothing else, and says what the statement does: which
//! items it is about and which rounds it opens. That is decided once, against
//! that past, and stays.

use comity_wire::body::{
    Acknowledgement, Amendment, Body, Dispute, Erased, ErasureNotice, Hold, Information,
    InformationRequest, Observation, Outcome, Resolution, Withdrawal,
};
use comity_wire::ids::StatementId;
use comity_wire::limits::{ITEM_NUMBER_MAX, ROUND_MAX};
use comity_wire::registry::{
    Answer, Kind, ObservationResult, OutcomeAnswer, answer_code, resolution_result,
};
use comity_wire::words::{Code, ItemNumber, Round, Sorted};

use crate::case::Folded;
use crate::entry::{Entry, Party};
use crate::limits::CASE_STATEMENTS_MAX;
use crate::registry::Forbidden;
use crate::view::View;

/// What a legal statement does, resolved against its causal past.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effect {
    /// The items that it is about, sorted.
    pub items: Vec<ItemNumber>,
    /// The rounds that it opens.
    pub opens: Vec<(ItemNumber, Round)>,
}

impl Effect {
    const NONE: Self = Self {
        items: Vec::new(),
        opens: Vec::new(),
    };

    fn on(mut items: Vec<ItemNumber>) -> Self {
        items.dedup();
        Self {
            items,
            opens: Vec::new(),
        }
    }
}

/// Judges a statement against its causal past.
///
/// # Errors
/// The first rule that forbids it.
pub fn judge(past: &View<'_>, entry: &Entry) -> Result<Effect, Forbidden> {
    let kind = entry.kind();
    if past.len() >= CASE_STATEMENTS_MAX {
        return Err(Forbidden::CaseFull);
    }
    if !entry.party.may_send(kind) {
        return Err(Forbidden::WrongSide);
    }
    match (kind.opens(), past.opening().is_some()) {
        (true, true) => return Err(Forbidden::AlreadyOpen),
        (true, false) => {
            return Ok(Effect::on(
                entry.body.new_items().iter().map(|item| item.n).collect(),
            ));
        }
        (false, false) => return Err(Forbidden::NoOpening),
        (false, true) => {}
    }
    let ask = Question {
        past,
        party: entry.party,
        entry,
    };
    match &*entry.body {
        Body::TakedownRequest(_) | Body::Referral(_) | Body::Transfer(_) => Ok(Effect::NONE),
        Body::Acknowledgement(body) => ask.acknowledgement(body),
        Body::Outcome(body) => ask.outcome(body),
        Body::Amendment(body) => ask.amendment(body),
        Body::Withdrawal(body) => ask.withdrawal(body),
        Body::Dispute(body) => ask.dispute(body),
        Body::Resolution(body) => ask.resolution(body),
        Body::InformationRequest(body) => ask.information_request(body),
        Body::Information(body) => ask.information(body),
        Body::Observation(body) => ask.observation(body),
        Body::Hold(_) => Ok(Effect::NONE),
        Body::Release(body) => ask.release(body),
        Body::ErasureNotice(body) => ask.erasure_notice(body),
    }
}

/// A causal past, and who asks what it allows.
struct Question<'a, 'b> {
    past: &'b View<'a>,
    party: Party,
    entry: &'b Entry,
}

impl<'a> Question<'a, '_> {
    fn acknowledgement(&self, body: &Acknowledgement) -> Result<Effect, Forbidden> {
        if body.answer == Answer::Refused {
            return self.refusal(body);
        }
        // Only the recipient was asked, so only the recipient answers.
        if self.party == Party::Opener {
            return Err(Forbidden::WrongSide);
        }
        if let Some(names) = &body.names {
            for id in names {
                let named = self.of_other_side(id)?;
                if named.verdict.is_err() || !is_carrier(named.entry.kind()) {
                    return Err(Forbidden::WrongTarget);
                }
            }
        }
        let items = self.covered(body)?;
        self.some_live(&items)
            .then(|| Effect::on(items))
            .ok_or(Forbidden::NothingToAnswer)
    }

    /// A refusal may name what it is allowed to turn down, what its own past
    /// forbids, and, when it could not wait longer, what has not been judged.
    fn refusal(&self, body: &Acknowledgement) -> Result<Effect, Forbidden> {
        let Some(names) = &body.names else {
            // A refusal of the whole request, or of some items.
            if self.party == Party::Opener {
                return Err(Forbidden::WrongSide);
            }
            let items = self.covered(body)?;
            return self
                .some_live(&items)
                .then(|| Effect::on(items))
                .ok_or(Forbidden::NothingToAnswer);
        };
        if body.items.is_some() && self.party == Party::Opener {
            return Err(Forbidden::WrongSide);
        }
        let gave_up_waiting = body
            .code
            .as_ref()
            .is_some_and(|code| is(code, answer_code::RE_MISSING));
        let mut some_stand = false;
        for id in names {
            match self.of_other_side(id) {
                Ok(named) if named.verdict.is_err() || named.entry.kind().is_refusable() => {
                    some_stand |= self.past.void_by(named).is_none();
                }
                Ok(_) => return Err(Forbidden::MayNotRefuse),
                Err(Forbidden::NotInPast) if gave_up_waiting => some_stand = true,
                Err(forbidden) => return Err(forbidden),
            }
        }
        let items = self.covered(body)?;
        let changes = if body.items.is_some() {
            self.some_live(&items)
        } else {
            some_stand
        };
        changes
            .then(|| Effect::on(items))
            .ok_or(Forbidden::NothingToAnswer)
    }

    fn outcome(&self, body: &Outcome) -> Result<Effect, Forbidden> {
        for row in &body.items {
            self.known_round(row.0, row.1)?;
            if row.1 < self.past.latest_round(row.0) {
                return Err(Forbidden::RoundFinal);
            }
            if row.2 == OutcomeAnswer::Reinstated && !self.past.was_acted_on(row.0) {
                return Err(Forbidden::NothingToReinstate);
            }
            if self.past.refused_by(row.0).is_some() && row.2 != OutcomeAnswer::Reinstated {
                return Err(Forbidden::ItemRefused);
            }
        }
        Ok(Effect::on(body.items.iter().map(|row| row.0).collect()))
    }

    fn amendment(&self, body: &Amendment) -> Result<Effect, Forbidden> {
        let new = body.items.as_deref().unwrap_or_default();
        let known = self.past.item_numbers();
        if new.iter().any(|item| known.contains(&item.n)) {
            return Err(Forbidden::ItemExists);
        }
        let total = u64::try_from(known.len() + new.len()).unwrap_or(u64::MAX);
        if total > ITEM_NUMBER_MAX {
            return Err(Forbidden::CaseFull);
        }
        let hosting = body.hosting.iter().flatten().map(|(n, _)| *n);
        let assessed = body.assessments.iter().flatten().map(|(n, _)| *n);
        for n in hosting.chain(assessed) {
            self.known_item(n)?;
            if self.past.refused_by(n).is_some() {
                return Err(Forbidden::ItemRefused);
            }
            if self.past.withdrawn_by(n).is_some() {
                return Err(Forbidden::ItemWithdrawn);
            }
        }
        let changes = body.items.is_some()
            || body.hosting.is_some()
            || body.assessments.is_some()
            || body.urgency.is_some()
            || body.handling.is_some();
        changes
            .then(|| Effect::on(new.iter().map(|item| item.n).collect()))
            .ok_or(Forbidden::Empty)
    }

    fn withdrawal(&self, body: &Withdrawal) -> Result<Effect, Forbidden> {
        let items = self.named_or_all(body.items.as_ref())?;
        self.some_live(&items)
            .then(|| Effect::on(items))
            .ok_or(Forbidden::Empty)
    }

    fn dispute(&self, body: &Dispute) -> Result<Effect, Forbidden> {
        let disputed = self.of_other_side(&body.of)?;
        let kind = disputed.entry.kind();
        let contestable = kind.opens()
            || matches!(
                kind,
                Kind::Acknowledgement
                    | Kind::Outcome
                    | Kind::Amendment
                    | Kind::Withdrawal
                    | Kind::Observation
            );
        if !contestable || disputed.verdict.is_err() {
            return Err(Forbidden::WrongTarget);
        }
        let rows = body.items.as_deref().unwrap_or_default();
        for (n, round) in rows {
            self.known_round(*n, *round)?;
        }
        let mut items: Vec<_> = rows.iter().map(|(n, _)| *n).collect();
        items.dedup();
        Ok(Effect::on(items))
    }

    /// Who disputed can only take the dispute back; the other side cannot.
    fn resolution(&self, body: &Resolution) -> Result<Effect, Forbidden> {
        let dispute = self.past.get(&body.of).ok_or(Forbidden::NotInPast)?;
        if dispute.entry.kind() != Kind::Dispute || dispute.verdict.is_err() {
            return Err(Forbidden::WrongTarget);
        }
        let own = dispute.entry.party == self.party;
        if own != is(&body.result, resolution_result::WITHDRAWN) {
            return Err(Forbidden::WrongSide);
        }
        if self.past.resolution(&body.of).is_some() {
            return Err(Forbidden::NoOpenDispute);
        }
        Ok(Effect::NONE)
    }

    fn information_request(&self, body: &InformationRequest) -> Result<Effect, Forbidden> {
        let Some(named) = &body.items else {
            return Ok(Effect::NONE);
        };
        let items = self.named_or_all(Some(named))?;
        if items.iter().any(|n| self.past.withdrawn_by(*n).is_some()) {
            return Err(Forbidden::ItemWithdrawn);
        }
        Ok(Effect::on(items))
    }

    fn information(&self, body: &Information) -> Result<Effect, Forbidden> {
        let asked = self.of_other_side(&body.of)?;
        if !self.past.is_question(asked) {
            return Err(Forbidden::WrongTarget);
        }
        let hosting = body.hosting.iter().flatten().map(|(n, _)| *n);
        let assessed = body.assessments.iter().flatten().map(|(n, _)| *n);
        for n in hosting.chain(assessed) {
            self.known_item(n)?;
        }
        Ok(Effect::NONE)
    }

    fn observation(&self, body: &Observation) -> Result<Effect, Forbidden> {
        let mut effect = Effect::NONE;
        for row in &body.items {
            self.known_round(row.0, row.1)?;
            effect.items.push(row.0);
            let at = self.entry.not_after_signing(row.5);
            let again = row.2 == ObservationResult::Online && row.1 < ROUND_MAX;
            if again && self.past.reappears(row.0, row.1, at) {
                effect.opens.push((row.0, row.1 + 1));
            }
        }
        effect.items.dedup();
        Ok(effect)
    }

    fn release(&self, body: &Hold) -> Result<Effect, Forbidden> {
        let own = self
            .past
            .holds()
            .any(|(hold, by)| hold.entry.party == self.party && *by == body.by);
        own.then_some(Effect::NONE).ok_or(Forbidden::NothingHeld)
    }

    fn erasure_notice(&self, body: &ErasureNotice) -> Result<Effect, Forbidden> {
        let Erased::Statements(statements) = &body.what else {
            return Ok(Effect::NONE);
        };
        let known = statements.iter().all(|id| self.past.get(id).is_some());
        known.then_some(Effect::NONE).ok_or(Forbidden::NotInPast)
    }

    // ---- What several kinds ask

    fn of_other_side(&self, id: &StatementId) -> Result<&'a Folded, Forbidden> {
        let named = self.past.get(id).ok_or(Forbidden::NotInPast)?;
        if named.entry.party == self.party {
            Err(Forbidden::NotTheOtherSide)
        } else {
            Ok(named)
        }
    }

    fn known_item(&self, n: ItemNumber) -> Result<(), Forbidden> {
        self.past.item(n).map(|_| ()).ok_or(Forbidden::UnknownItem)
    }

    fn known_round(&self, n: ItemNumber, round: Round) -> Result<(), Forbidden> {
        self.known_item(n)?;
        let open = self.past.is_open(n, round);
        open.then_some(()).ok_or(Forbidden::UnknownRound)
    }

    fn named_or_all(
        &self,
        named: Option<&Sorted<ItemNumber>>,
    ) -> Result<Vec<ItemNumber>, Forbidden> {
        let Some(named) = named else {
            return Ok(self.past.item_numbers().into_iter().collect());
        };
        named.iter().try_for_each(|n| self.known_item(*n))?;
        Ok(named.to_vec())
    }

    /// The items that an acknowledgement is about: of the statements that it
    /// names, and of those the numbers that it names.
    fn covered(&self, body: &Acknowledgement) -> Result<Vec<ItemNumber>, Forbidden> {
        let mut items = self.named_or_all(body.items.as_ref())?;
        if let Some(names) = &body.names {
            items.retain(|n| {
                self.past
                    .item(*n)
                    .is_some_and(|(carrier, _)| names.find(&&carrier.entry.id).is_some())
            });
        }
        Ok(items)
    }

    fn some_live(&self, items: &[ItemNumber]) -> bool {
        items.iter().any(|n| self.past.is_live(*n))
    }
}

fn is_carrier(kind: Kind) -> bool {
    kind.opens() || kind == Kind::Amendment
}

fn is(code: &Code, value: &str) -> bool {
    code.as_str() == value
}
