//! What people do, from their words to a body. Everything is checked before the first frame is staged: work is done
//! wholly or not at all.

use comity_case::State;
use comity_intake::{ByHand, Report as Typed, Route};
use comity_trust::history::History;
use comity_wire::body::{
    Acknowledgement, Body, Hold, Information, InformationRequest, Next, Observation,
    ObservationItem, Outcome, OutcomeItem, Withdrawal,
};
use comity_wire::ids::{CaseId, MemberId, Nonce, StatementId};
use comity_wire::parts::{Locator, Measure};
use comity_wire::registry::{
    Answer, Basis, Complete, Kind, ObservationResult, OutcomeAnswer, by, capacity,
    observation_method, record_kind, referral_reason, role,
};
use comity_wire::words::{Code, Country, ItemNumber, Name, Reference, Round, Sorted, Text};

use crate::core::Core;
use crate::desk::{
    Done, NewAnswer, NewHold, NewInformation, NewLook, NewObservation, NewOpening, NewOutcome,
    NewOutside, NewQuestion, NewRelease, NewRosters, NewWithdrawal, Person, Seen, Work,
};
use crate::error::WorkError;
use crate::frame::{Looked, Outside};
use crate::intake::{Opening, Wish, routine};
use crate::ports::Position;
use crate::record::{Entry, code};
use crate::say::unknown_case;
use crate::tables::{self, DOSSIER, DRAFT, Dossier, DraftEntry, LOOKED};

impl Core {
    /// Does a piece of work.
    pub(crate) fn work(&mut self, person: &Person, work: Work) -> Result<Done, WorkError> {
        match work {
            Work::Import(import) => self.import(person, &import).map(Done::Imported),
            Work::Request(opening) => self.open_case(person, &opening, Kind::TakedownRequest),
            Work::Refer(opening) => self.open_case(person, &opening, Kind::Referral),
            Work::Review(review) => self.review(person, &review).map(Done::Reviewed),
            Work::Answer(answer) => self.answer_with(person, &answer),
            Work::Outcome(outcome) => self.outcome(person, &outcome),
            Work::Observe(observation) => self.observe(person, &observation),
            Work::Withdraw(withdrawal) => self.withdraw(person, &withdrawal),
            Work::Hold(hold) => self.hold(person, &hold),
            Work::Release(release) => self.release(person, &release),
            Work::Ask(question) => self.ask(person, &question),
            Work::Inform(information) => self.inform(person, &information),
            Work::ReplyFinding(reply) => self.reply_to_finding(person, &reply),
            Work::Outside(outside) => self.outside(person, &outside),
            Work::Look(look) => self.look(person, &look).map(Done::Seen),
            Work::Rosters(rosters) => self.rosters(&rosters),
        }
    }

    /// Says it at once, or drafts it if this kind needs a second person.
    fn say_or_draft(
        &mut self,
        person: &Person,
        case: CaseId,
        body: Body,
    ) -> Result<Done, WorkError> {
        if self.policy.review.contains(&body.kind()) {
            return self.draft_within(person, case, &body).map(Done::Drafted);
        }
        self.say(Some(person), case, body, Vec::new())
            .map(Done::Signed)
    }

    fn open_case(
        &mut self,
        person: &Person,
        wish: &NewOpening,
        kind: Kind,
    ) -> Result<Done, WorkError> {
        let now = self.time();
        let made_up = format!("m-{}", now / 1000);
        let reference = wish.reference.as_deref().unwrap_or(&made_up);
        let reported_at = wish.reported_at.unwrap_or(now);
        let mut items = Vec::new();
        let mut parents = Vec::new();
        let mut reports = Vec::new();
        let mut route = None;
        for item in &wish.items {
            let typed = Typed::by_hand(&ByHand {
                url: &item.url,
                ip: item.ip.as_deref(),
                asn: item.asn,
                country: item.country.as_deref(),
                scheme: item.scheme.as_deref(),
                scheme_version: item.scheme_version.as_deref(),
                code: item.code.as_deref(),
                severity: item.severity.as_deref(),
                age: item.age.as_deref(),
                depiction: item.depiction.as_deref(),
                context: &item.context,
                reference,
                reported_at,
                assessed_at: now,
            })
            .map_err(|(field, fault)| {
                WorkError::asker(
                    fault.code(),
                    format!("`{field}`: {fault}"),
                    "correct the field and try again; nothing was changed",
                )
            })?;
            if wish.parent.is_none() {
                self.is_new(&typed)?;
            }
            route.get_or_insert(self.route(&typed));
            let dossier = self.dossier_of(&typed.canonical);
            let found = vec![self.assessment(&typed)];
            items.push((dossier, typed.locator.clone(), typed.hosting.clone(), found));
            reports.push(typed);
        }
        if let Some(parent) = &wish.parent {
            let from = case_id(&parent.case)?;
            let (item, by_route) = self.item_of_parent(&from, parent.n)?;
            if items.is_empty() {
                // The same locator, with what others found of it and our own facts of where it is.
                let dossier = Nonce::new([0; 16]);
                items.push((dossier, item.locator, item.hosting, item.assessments));
                route.get_or_insert(by_route);
            }
            parents.push((1, from, parent.n));
        }
        if items.is_empty() {
            return Err(WorkError::field(
                "items",
                "at least one URL, or a parent to take it from",
            ));
        }
        let (to, opening) = self.destination(wish, kind, route)?;
        let urgency = match &wish.urgency {
            Some(text) => word("urgency", text)?,
            None => routine()?,
        };
        let wish = Wish {
            to,
            opening,
            items,
            reference: Reference::new(reference)
                .ok_or_else(|| WorkError::field("reference", "one line of text"))?,
            urgency,
            done: Vec::new(),
            reported_at,
            assessed_at: now,
            text: text(wish.text.as_deref())?,
            clocks: claimed(wish, kind)?,
            parents,
        };
        let (to, own) = (wish.to.clone(), wish.parents.is_empty());
        let draft = self.opening_draft(person, wish)?;
        self.could_be_said(&draft)?;
        if own {
            for report in &reports {
                self.take_typed(person, report, &to)?;
            }
        }
        Ok(Done::Drafted(self.push_draft(draft)?))
    }

    fn destination(
        &self,
        wish: &NewOpening,
        kind: Kind,
        route: Option<Route>,
    ) -> Result<(MemberId, Opening), WorkError> {
        let nobody = || {
            WorkError::asker(
                "no-recipient",
                "the roster names nobody for this",
                "name the recipient (`--to`), or act outside the federation and record it",
            )
        };
        let named = match &wish.to {
            Some(to) => {
                Some(MemberId::new(to).ok_or_else(|| WorkError::field("to", "a member id"))?)
            }
            None => None,
        };
        if let Some(to) = &named
            && self.history.member(to).is_none()
        {
            return Err(WorkError::asker(
                "unknown-member",
                "there is no such member in the roster in force",
                "`comity members` lists them",
            ));
        }
        let asked = wish
            .capacity
            .as_deref()
            .map(|text| word("capacity", text))
            .transpose()?;
        match (kind, route) {
            (Kind::TakedownRequest, Some(Route::Request { to, capacity })) => {
                let to = named.unwrap_or(to);
                Ok((to, Opening::Request(asked.unwrap_or(capacity))))
            }
            (Kind::TakedownRequest, _) => {
                let capacity = asked.map_or_else(|| code(capacity::SERVICE), Ok)?;
                Ok((named.ok_or_else(nobody)?, Opening::Request(capacity)))
            }
            (_, Some(Route::Refer { to, reason })) => {
                Ok((named.unwrap_or(to), Opening::Referral(reason)))
            }
            _ => {
                let to = named.ok_or_else(nobody)?;
                let hotline = self
                    .history
                    .member(&to)
                    .is_some_and(|member| member.has_role(role::HOTLINE));
                let reason = if hotline {
                    referral_reason::HOSTING_COUNTRY
                } else {
                    referral_reason::COMPETENCE
                };
                Ok((to, Opening::Referral(code(reason)?)))
            }
        }
    }

    /// An item of a case, with where it would go.
    fn item_of_parent(
        &mut self,
        case: &CaseId,
        n: ItemNumber,
    ) -> Result<(comity_wire::parts::Item, Route), WorkError> {
        let loaded = self.load(case)?.ok_or_else(unknown_case)?;
        let item = State::of(&loaded.case).item(n).cloned();
        self.keep(*case, loaded);
        let state = item.ok_or_else(|| unknown_item(n))?;
        let mut item = state.item;
        item.hosting
            .extend(state.hosting.into_iter().map(|(_, fact)| fact));
        item.assessments
            .extend(state.assessments.into_iter().map(|(_, found)| found));
        item.n = 1;
        let own = || Route::Unplaced { reason: "parent" };
        let route = self.history.owners().map_or_else(own, |owners| {
            let by_fact = item.hosting.iter().rev().find_map(|fact| {
                let by_ip = fact.ip.as_ref().and_then(comity_wire::parts::Ip::address);
                let owner = by_ip.and_then(|ip| owners.of_address(ip));
                owner
                    .or_else(|| fact.asn.and_then(|asn| owners.of_asn(asn)))
                    .cloned()
            });
            match (by_fact, Code::new(capacity::HOST)) {
                (Some(to), Some(capacity)) if to != self.me => Route::Request { to, capacity },
                _ => own(),
            }
        });
        Ok((item, route))
    }

    fn answer_with(&mut self, person: &Person, new: &NewAnswer) -> Result<Done, WorkError> {
        let case = case_id(&new.case)?;
        let answer = Answer::from_name(&new.answer)
            .ok_or_else(|| WorkError::field("answer", "an answer of the registry"))?;
        if answer == Answer::Refused && new.code.is_none() {
            return Err(WorkError::field("code", "given: a refusal says why"));
        }
        let next = new.next.as_deref().map(|text| match MemberId::new(text) {
            Some(member) if self.history.member(&member).is_some() => Ok(Next::Member(member)),
            _ => Name::new(text)
                .map(Next::Name)
                .ok_or_else(|| WorkError::field("next", "one line of text")),
        });
        let body = Body::Acknowledgement(Acknowledgement {
            by: code(if new.automated {
                by::AUTOMATION
            } else {
                by::PERSON
            })?,
            code: new
                .code
                .as_deref()
                .map(|text| word("code", text))
                .transpose()?,
            next: next.transpose()?,
            text: text(new.text.as_deref())?,
            items: numbers(new.items.as_deref()),
            names: None,
            answer,
            expected_by: new.expected_by,
        });
        self.say(Some(person), case, body, Vec::new())
            .map(Done::Signed)
    }

    fn outcome(&mut self, person: &Person, new: &NewOutcome) -> Result<Done, WorkError> {
        let case = case_id(&new.case)?;
        let now = self.time();
        let state = self.state(&case)?;
        let mut rows = Vec::new();
        for row in &new.items {
            let answer = OutcomeAnswer::from_name(&row.answer)
                .ok_or_else(|| WorkError::field("answer", "an outcome of the registry"))?;
            let reason = row
                .reason
                .as_deref()
                .map(|text| word("reason", text))
                .transpose()?;
            let measures: Result<Vec<Measure>, WorkError> = row
                .measures
                .iter()
                .map(|(target, action)| {
                    Ok(Measure {
                        until: None,
                        action: word("measures", action)?,
                        reason: None,
                        target: word("measures", target)?,
                        automated: row.automated,
                        territories: None,
                        effective_at: row.effective_at.unwrap_or(now),
                    })
                })
                .collect();
            let measures = measures?;
            if matches!(answer, OutcomeAnswer::Done | OutcomeAnswer::Partly) && measures.is_empty()
            {
                return Err(WorkError::field(
                    "measures",
                    "given: `done` says what was done",
                ));
            }
            let round = latest_round(&state, row.n, row.round)?;
            rows.push(OutcomeItem(
                row.n, round, answer, measures, reason, None, None,
            ));
        }
        if rows.is_empty() {
            return Err(WorkError::field("items", "at least one row"));
        }
        let answered = |n: ItemNumber| rows.iter().any(|row| row.0 == n && row.2.is_final());
        let all = state
            .items
            .iter()
            .all(|item| item.status().is_settled() || answered(item.n));
        let body = Body::Outcome(Outcome {
            text: text(new.text.as_deref())?,
            basis: Basis::Own,
            complete: if all {
                Complete::Yes
            } else {
                Complete::Partial
            },
            items: Sorted::new(rows),
        });
        self.say(Some(person), case, body, Vec::new())
            .map(Done::Signed)
    }

    fn observe(&mut self, person: &Person, new: &NewObservation) -> Result<Done, WorkError> {
        let case = case_id(&new.case)?;
        let now = self.time();
        let state = self.state(&case)?;
        let mut rows = Vec::new();
        for row in &new.items {
            let result = ObservationResult::from_name(&row.result)
                .ok_or_else(|| WorkError::field("result", "a result of the registry"))?;
            let method = row.method.as_deref().unwrap_or(observation_method::MANUAL);
            let vantage = row
                .vantage
                .as_deref()
                .map(|text| country("vantage", text))
                .transpose()?;
            let round = latest_round(&state, row.n, row.round)?;
            let at = row.at.unwrap_or(now);
            rows.push(ObservationItem(
                row.n,
                round,
                result,
                word("method", method)?,
                vantage,
                at,
            ));
        }
        if rows.is_empty() {
            return Err(WorkError::field("items", "at least one row"));
        }
        let body = Body::Observation(Observation {
            basis: Basis::Own,
            items: Sorted::new(rows),
        });
        self.say(Some(person), case, body, Vec::new())
            .map(Done::Signed)
    }

    fn withdraw(&mut self, person: &Person, new: &NewWithdrawal) -> Result<Done, WorkError> {
        let body = Body::Withdrawal(Withdrawal {
            code: word("code", &new.code)?,
            text: text(new.text.as_deref())?,
            basis: Basis::Own,
            items: numbers(new.items.as_deref()),
        });
        self.say_or_draft(person, case_id(&new.case)?, body)
    }

    fn hold(&mut self, person: &Person, new: &NewHold) -> Result<Done, WorkError> {
        let body = Body::Hold(Hold {
            by: word("by", &new.by)?,
            until: new.until,
            result: None,
            asked_at: self.time(),
            answered_at: None,
        });
        self.say_or_draft(person, case_id(&new.case)?, body)
    }

    fn release(&mut self, person: &Person, new: &NewRelease) -> Result<Done, WorkError> {
        let now = self.time();
        let body = Body::Release(Hold {
            by: word("by", &new.by)?,
            until: None,
            result: new
                .result
                .as_deref()
                .map(|text| word("result", text))
                .transpose()?,
            asked_at: now,
            answered_at: Some(now),
        });
        self.say_or_draft(person, case_id(&new.case)?, body)
    }

    fn ask(&mut self, person: &Person, new: &NewQuestion) -> Result<Done, WorkError> {
        let asks: Result<Vec<Code>, WorkError> =
            new.asks.iter().map(|text| word("asks", text)).collect();
        let body = Body::InformationRequest(InformationRequest {
            asks: asks?,
            text: text(new.text.as_deref())?,
            items: numbers(new.items.as_deref()),
        });
        self.say_or_draft(person, case_id(&new.case)?, body)
    }

    fn inform(&mut self, person: &Person, new: &NewInformation) -> Result<Done, WorkError> {
        let case = case_id(&new.case)?;
        let of = match &new.of {
            Some(id) => {
                StatementId::from_hex(id).ok_or_else(|| WorkError::field("of", "a statement id"))?
            }
            None => self.oldest_question(&case)?,
        };
        let body = Body::Information(Information {
            of,
            text: text(Some(&new.text))?,
            hosting: None,
            assessments: None,
        });
        self.say_or_draft(person, case, body)
    }

    fn oldest_question(&mut self, case: &CaseId) -> Result<StatementId, WorkError> {
        let loaded = self.load(case)?.ok_or_else(unknown_case)?;
        let me = loaded.me;
        let state = State::of(&loaded.case);
        self.keep(*case, loaded);
        let mut open = Vec::new();
        for question in &state.questions {
            if question.answered_by.is_none() && question.party != me {
                let seq = self
                    .statement_row(&question.statement)?
                    .map_or(u64::MAX, |row| row.seq);
                open.push((seq, question.statement));
            }
        }
        open.into_iter().min().map(|(_, id)| id).ok_or_else(|| {
            WorkError::asker(
                "no-open-question",
                "the other side has asked nothing that is not answered",
                "look at the case (`comity case show`)",
            )
        })
    }

    fn outside(&mut self, person: &Person, new: &NewOutside) -> Result<Done, WorkError> {
        let id = Nonce::from_hex(&new.dossier)
            .ok_or_else(|| WorkError::field("dossier", "an id of 32 hex digits"))?;
        let row: Option<Dossier> = tables::get(&*self.views, DOSSIER, id.as_bytes())?;
        if row.is_none() {
            return Err(WorkError::asker(
                "unknown-dossier",
                "there is no such reported locator here",
                "`comity items` lists those for which this hotline acts itself",
            ));
        }
        let to = word("to", &new.to)?;
        if !TOLD.contains(&to.as_str()) {
            return Err(WorkError::field("to", "one of host, police, help-service"));
        }
        let at = new.at.unwrap_or_else(|| self.time());
        let frame = Outside(id, to, at, person.as_str().into());
        self.push(None, frame.into())?;
        Ok(Done::Noted)
    }

    /// Shows a locator, defanged. The look is recorded, once for each person, item and hour.
    fn look(&mut self, person: &Person, new: &NewLook) -> Result<Seen, WorkError> {
        let id = case_id(&new.case)?;
        let locator = match self.locator_in_draft(&new.case, new.n)? {
            Some(locator) => locator,
            None => {
                let loaded = self.load(&id)?.ok_or_else(unknown_case)?;
                let item = State::of(&loaded.case).item(new.n).cloned();
                let waiting = loaded.waiting.first().map(|(id, _)| *id);
                self.keep(id, loaded);
                match (item, waiting) {
                    (Some(item), _) => item.item.locator,
                    (None, Some(opening)) => {
                        let kept = self.kept_of(&opening)?.ok_or_else(unknown_case)?;
                        let items = kept.statement.body().new_items();
                        let item = items.iter().find(|item| item.n == new.n);
                        item.ok_or_else(|| unknown_item(new.n))?.locator.clone()
                    }
                    (None, None) => return Err(unknown_item(new.n)),
                }
            }
        };
        let now = self.time();
        let row = self.looked_row(&id, new.n, person.as_str(), now);
        if self.views.get(LOOKED, &row)?.is_none() {
            let case = self.case_entry(&id)?.map(|_| id);
            self.record(Entry {
                kind: record_kind::LOOKED,
                case,
                ..Entry::default()
            })?;
            self.push(None, Looked(id, new.n, person.as_str().into(), now).into())?;
        }
        Ok(defanged(&locator))
    }

    fn locator_in_draft(&self, id: &str, n: ItemNumber) -> Result<Option<Locator>, WorkError> {
        let Some(id) = Nonce::from_hex(id) else {
            return Ok(None);
        };
        let row: Option<DraftEntry> = tables::get(&*self.views, DRAFT, id.as_bytes())?;
        if let Some(row) = row {
            let draft = self.draft_at(Position(row.at))?;
            let body = Body::decode(draft.4, &draft.5);
            let body = body.map_err(|_| crate::ports::Fault::new("journal-edited", "a draft"))?;
            let item = body.new_items().iter().find(|item| item.n == n).cloned();
            return Ok(item.map(|item| item.locator));
        }
        let dossier: Option<Dossier> = tables::get(&*self.views, DOSSIER, id.as_bytes())?;
        match dossier {
            Some(row) if n == 1 => Ok(Some(self.report_at(Position(row.at))?.2)),
            _ => Ok(None),
        }
    }

    fn rosters(&mut self, new: &NewRosters) -> Result<Done, WorkError> {
        if !self.learn(&new.charters, &new.rosters)? {
            return Err(match self.refused_of(new) {
                Some(why) => WorkError::asker(
                    "nothing-new",
                    format!("the first of them that is new is refused: {why}"),
                    "`comity roster show` reads a file; `unknown-critical` asks for a newer version of this program",
                ),
                None => WorkError::asker(
                    "nothing-new",
                    "none of the charters and rosters follows the one that is in force",
                    "`comity members` shows which is; `comity roster show` reads a file",
                ),
            });
        }
        Ok(Done::Roster(self.roster_shown()))
    }

    /// Why the first of these charters and rosters that cannot be taken is not.
    fn refused_of(&self, new: &NewRosters) -> Option<&'static str> {
        let mut history = History::clone(&self.history);
        let now = self.time();
        let charters = new.charters.iter();
        let mut added: Vec<_> = charters.map(|bytes| history.add_charter(bytes)).collect();
        added.extend(
            new.rosters
                .iter()
                .map(|bytes| history.add_roster(bytes, now)),
        );
        added
            .into_iter()
            .find_map(Result::err)
            .map(|error| error.code())
    }

    /// The state of a case.
    pub(crate) fn state(&mut self, case: &CaseId) -> Result<State, WorkError> {
        let loaded = self.load(case)?.ok_or_else(unknown_case)?;
        let state = State::of(&loaded.case);
        self.keep(*case, loaded);
        Ok(state)
    }
}

/// Whom a hotline tells itself.
const TOLD: [&str; 3] = ["host", "police", "help-service"];

pub(crate) fn case_id(text: &str) -> Result<CaseId, WorkError> {
    CaseId::from_hex(text).ok_or_else(|| WorkError::field("case", "a case id of 32 hex digits"))
}

pub(crate) fn word(field: &'static str, text: &str) -> Result<Code, WorkError> {
    Code::new(text)
        .ok_or_else(|| WorkError::field(field, "a code: words of a-z and 0-9, joined by hyphens"))
}

fn country(field: &'static str, text: &str) -> Result<Country, WorkError> {
    Country::new(text).ok_or_else(|| WorkError::field(field, "a country: two capital letters"))
}

/// A referral has no place for a clock: what is claimed must not be lost on the way.
fn claimed(wish: &NewOpening, kind: Kind) -> Result<Vec<Code>, WorkError> {
    if kind != Kind::TakedownRequest && !wish.clocks.is_empty() {
        return Err(WorkError::field(
            "clocks",
            "empty: only a request names clocks",
        ));
    }
    wish.clocks
        .iter()
        .map(|text| word("clocks", text))
        .collect()
}

pub(crate) fn text(text: Option<&str>) -> Result<Option<Text>, WorkError> {
    text.map(|text| {
        Text::new(text).ok_or_else(|| WorkError::field("text", "text without control characters"))
    })
    .transpose()
}

fn numbers(items: Option<&[ItemNumber]>) -> Option<Sorted<ItemNumber>> {
    items.map(|items| Sorted::new(items.iter().copied()))
}

fn latest_round(state: &State, n: ItemNumber, round: Option<Round>) -> Result<Round, WorkError> {
    let latest = state
        .item(n)
        .and_then(|item| item.rounds.last())
        .map(|round| round.round);
    round.or(latest).ok_or_else(|| unknown_item(n))
}

fn unknown_item(n: ItemNumber) -> WorkError {
    WorkError::asker(
        "unknown-item",
        format!("the case has no item {n}"),
        "look at the case (`comity case show`): it lists its items",
    )
}

/// A locator that nobody can follow by accident.
pub(crate) fn defanged(locator: &Locator) -> Seen {
    let (sort, text) = match locator {
        Locator::Url(url) => ("url", url.as_str().to_owned()),
        Locator::Onion(url) => ("onion", url.as_str().to_owned()),
        Locator::Account((service, id)) => {
            ("account", format!("{} {}", service.as_str(), id.as_str()))
        }
        Locator::ContentId((service, id)) => (
            "content-id",
            format!("{} {}", service.as_str(), id.as_str()),
        ),
        Locator::HashSet(hashes) => {
            let names: Vec<_> = hashes
                .iter()
                .map(|(algorithm, _)| algorithm.as_str())
                .collect();
            ("hash-set", names.join(", "))
        }
        Locator::IpPortTime((ip, port, _)) => {
            let ip = ip.address().map(|ip| ip.to_string()).unwrap_or_default();
            (
                "ip-port-time",
                port.map_or(ip.clone(), |port| format!("{ip} {port}")),
            )
        }
    };
    Seen {
        sort: sort.to_owned(),
        defanged: defang(&text),
    }
}

/// `http` becomes `hxxp`, and the dots and colons of the host stand in brackets.
fn defang(text: &str) -> String {
    let (scheme, rest) = text
        .split_once("://")
        .map_or(("", text), |(scheme, rest)| (scheme, rest));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.replace('.', "[.]").replace(':', "[:]");
    match scheme.to_ascii_lowercase().replace("tt", "xx") {
        scheme if scheme.is_empty() => format!("{host}{path}"),
        scheme => format!("{scheme}://{host}{path}"),
    }
}
