//! Reports come in, and drafts come of them.
//!
//! ```text
//! file -> reports -> known already? -> locator here already? -> joined, and back to review if they contradict
//!                                                           \-> routed: draft, own measure, no action, or unplaced
//! ```
//! Routing comes from the roster alone. A file can be imported again: what is here already is left as it is.

use std::collections::BTreeMap;

use comity_intake::{Format, Report as Incoming, Route, assessments_conflict};
use comity_trust::member::Member;
use comity_wire::body::{Body, Referral, TakedownRequest};
use comity_wire::ids::{CaseId, Hash, MemberId, Nonce};
use comity_wire::parts::{Assessment, Ground, Handling, Item, Locator, NotifyUploader, Requester};
use comity_wire::registry::{
    audience, clearance, measure_action, measure_target, nature, requester_capacity, scope,
    sensitive, urgency,
};
use comity_wire::words::{Code, Country, ItemNumber, Reference, Sorted, Text, TimeMs};
use serde_bytes::ByteBuf;

use crate::core::Core;
use crate::desk::{Drafted, ImportSummary, NewImport, Person, Placed, RejectedLine};
use crate::error::WorkError;
use crate::frame::{Draft, Frame, Report, Review};
use crate::limits::IMPORT_BYTES_MAX;
use crate::ports::{Fault, Position};
use crate::random;
use crate::record::code;
use crate::tables::{self, DOSSIER, Dossier, REPORT};

/// What became of a reported locator as long as it is in no case. Codes of [`Report`]'s last field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Drafted: a second person has to confirm it.
    Draft,
    /// The hotline acts itself.
    Outside,
    /// Nothing is to be done.
    NoAction,
    /// No rule places it.
    Unplaced,
}

impl Place {
    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Outside => "outside",
            Self::NoAction => "no-action",
            Self::Unplaced => "unplaced",
        }
    }
}

impl Core {
    /// Takes in a file.
    pub(crate) fn import(
        &mut self,
        person: &Person,
        import: &NewImport,
    ) -> Result<ImportSummary, WorkError> {
        if import.bytes.len() > IMPORT_BYTES_MAX {
            return Err(WorkError::asker(
                "file-too-long",
                format!("the file is longer than {IMPORT_BYTES_MAX} bytes"),
                "split it; a part that was imported before is recognised",
            ));
        }
        let intake =
            comity_intake::read(Format::detect(&import.file, &import.bytes), &import.bytes);
        let mut summary = ImportSummary {
            read: intake.read,
            ..ImportSummary::default()
        };
        summary.rejected = intake
            .rejected
            .into_iter()
            .map(|rejected| RejectedLine {
                file: import.file.clone(),
                line: rejected.line,
                field: rejected.field.map(str::to_owned),
                code: rejected.code.to_owned(),
                message: rejected.message,
            })
            .collect();
        let mut placed = BTreeMap::new();
        for report in &intake.reports {
            self.make_room()?;
            self.take_report(person, report, &mut summary, &mut placed)?;
        }
        summary.placed = placed
            .into_iter()
            .map(|((route, to, reason), count)| Placed {
                route,
                to,
                reason,
                count,
            })
            .collect();
        Ok(summary)
    }

    fn take_report(
        &mut self,
        person: &Person,
        report: &Incoming,
        summary: &mut ImportSummary,
        placed: &mut BTreeMap<(String, Option<String>, Option<String>), u64>,
    ) -> Result<(), WorkError> {
        let key = self.keyed(b"report", report.source.as_bytes());
        if self.views.get(REPORT, key.as_bytes())?.is_some() {
            summary.known += 1;
            return Ok(());
        }
        summary.accepted += 1;
        let dossier = self.dossier_of(&report.canonical);
        let known: Option<Dossier> = tables::get(&*self.views, DOSSIER, dossier.as_bytes())?;
        if let Some(known) = known {
            summary.joined += 1;
            return self.join(person, report, key, dossier, &known, summary);
        }
        let route = self.route(report);
        let (place, to, reason) = match &route {
            Route::NoAction => (Place::NoAction, None, None),
            Route::Request { to, capacity } => {
                (Place::Draft, Some(to.clone()), Some(capacity.clone()))
            }
            Route::Refer { to, reason } => (Place::Draft, Some(to.clone()), Some(reason.clone())),
            Route::ActOutside { why } => (Place::Outside, None, Some(code(why.code())?)),
            Route::Unplaced { reason } => (Place::Unplaced, None, Some(code(reason)?)),
        };
        let name = match &route {
            Route::Request { .. } => "takedown-request",
            Route::Refer { .. } => "referral",
            _ => place.code(),
        };
        let row = (
            name.to_owned(),
            to.as_ref().map(ToString::to_string),
            reason.as_ref().map(ToString::to_string),
        );
        *placed.entry(row).or_default() += 1;
        self.push_report(
            person,
            report,
            key,
            dossier,
            (code(place.code())?, to, reason),
        )?;
        match route {
            Route::Request { to, capacity } => {
                self.draft_one(person, report, dossier, to, Opening::Request(capacity))?;
            }
            Route::Refer { to, reason } => {
                self.draft_one(person, report, dossier, to, Opening::Referral(reason))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A second report of a locator. If it contradicts what is here, a person has to look.
    fn join(
        &mut self,
        person: &Person,
        report: &Incoming,
        key: Hash,
        dossier: Nonce,
        known: &Dossier,
        summary: &mut ImportSummary,
    ) -> Result<(), WorkError> {
        let first = self.report_at(Position(known.at))?;
        let mine = self.assessment(report);
        let ignored = |place: &str| place == Place::NoAction.code();
        let acts = report.disposition != comity_intake::Disposition::Ignore;
        let conflict =
            assessments_conflict(&first.5, &mine) || ignored(first.10.0.as_str()) == acts;
        let place = if conflict {
            "conflict"
        } else {
            known.place.as_str()
        };
        self.push_report(person, report, key, dossier, (code(place)?, None, None))?;
        if !conflict {
            return Ok(());
        }
        summary.conflicts += 1;
        match (known.draft, known.item) {
            // Not sent yet: it goes back to review.
            (Some(draft), None) => {
                let now = self.time();
                self.push(
                    None,
                    Review(draft, code("conflict")?, None, now, None).into(),
                )?;
            }
            // Sent: the other side is told what the second assessor found, once a second person has confirmed it.
            (_, Some((case, n))) => self.draft_amendment(person, case, n, mine)?,
            // A visible draft without a recipient.
            (None, None) => {}
        }
        Ok(())
    }

    /// Notes what somebody typed as a report, so that a later one of the same locator joins it.
    pub(crate) fn take_typed(
        &mut self,
        person: &Person,
        report: &Incoming,
        to: &MemberId,
    ) -> Result<(), WorkError> {
        let dossier = self.dossier_of(&report.canonical);
        let key = self.keyed(b"report", report.source.as_bytes());
        let place = (code(Place::Draft.code())?, Some(to.clone()), None);
        Ok(self.push_report(person, report, key, dossier, place)?)
    }

    /// A locator that is here already has its case or its draft.
    pub(crate) fn is_new(&self, report: &Incoming) -> Result<(), WorkError> {
        let dossier = self.dossier_of(&report.canonical);
        let known: Option<Dossier> = tables::get(&*self.views, DOSSIER, dossier.as_bytes())?;
        let Some(known) = known else {
            return Ok(());
        };
        let place = match (known.item, known.draft) {
            (Some((case, n)), _) => format!("item {n} of case {case}"),
            (None, Some(draft)) => format!("draft {draft}"),
            (None, None) => format!("reported, {}", known.place),
        };
        Err(WorkError::asker(
            "locator-known",
            format!("this locator is here already: {place}"),
            "go on there; for a new recipient use `--parent CASE:N`",
        ))
    }

    fn push_report(
        &mut self,
        person: &Person,
        report: &Incoming,
        key: Hash,
        dossier: Nonce,
        (place, to, reason): (Code, Option<MemberId>, Option<Code>),
    ) -> Result<(), Fault> {
        let host = match &report.host {
            comity_intake::Host::Domain(name) => name.clone(),
            comity_intake::Host::Address(address) => address.to_string(),
        };
        let frame = Report(
            key,
            dossier,
            report.locator.clone(),
            host.into(),
            report.hosting.clone(),
            self.assessment(report),
            report.reference.clone(),
            report.urgency.clone(),
            report.done.clone(),
            (report.reported_at, report.assessed_at, self.time()),
            (place, to, reason, person.as_str().into()),
        );
        self.push(Some(*dossier.as_bytes()), frame.into())?;
        Ok(())
    }

    /// A report of the journal.
    pub(crate) fn report_at(&self, at: Position) -> Result<Report, Fault> {
        let stored = self.store.read(at)?;
        match Frame::decode(stored.kind, &stored.body)? {
            Frame::Report(report) => Ok(report),
            _ => Err(Fault::new(
                "views-damaged",
                "a row names a frame that is no report",
            )),
        }
    }

    /// Where a report goes, by the roster in force.
    pub(crate) fn route(&self, report: &Incoming) -> Route {
        match (self.history.roster(), self.history.owners()) {
            (Some(roster), Some(owners)) => comity_intake::route(
                &report.facts(),
                &self.me,
                roster,
                self.history.charter(),
                owners,
            ),
            _ => Route::Unplaced {
                reason: "no-roster",
            },
        }
    }

    /// The own assessment, for the own jurisdiction.
    pub(crate) fn assessment(&self, report: &Incoming) -> Assessment {
        report.assessment(&self.me, &self.own_country())
    }

    /// The first country that this member answers for.
    pub(crate) fn own_country(&self) -> Country {
        let listed = self.history.member(&self.me);
        let own = listed.and_then(|me| me.jurisdictions.first().cloned());
        own.unwrap_or_else(no_country)
    }

    fn draft_one(
        &mut self,
        person: &Person,
        report: &Incoming,
        dossier: Nonce,
        to: MemberId,
        opening: Opening,
    ) -> Result<Drafted, WorkError> {
        let wish = Wish {
            to,
            opening,
            items: vec![(
                dossier,
                report.locator.clone(),
                report.hosting.clone(),
                vec![self.assessment(report)],
            )],
            reference: report.reference.clone(),
            urgency: report.urgency.clone(),
            done: report.done.clone(),
            reported_at: report.reported_at,
            assessed_at: report.assessed_at,
            text: None,
            clocks: Vec::new(),
            parents: Vec::new(),
        };
        let draft = self.opening_draft(person, wish)?;
        Ok(self.push_draft(draft)?)
    }

    /// The draft of a request or a referral.
    pub(crate) fn opening_draft(&self, person: &Person, wish: Wish) -> Result<Draft, WorkError> {
        let recipient = self.history.member(&wish.to).cloned();
        let parents = wish.parents.clone();
        // A child case is about its parent's locator, not about a report of our own.
        let own = wish
            .items
            .iter()
            .map(|item| item.0)
            .filter(|_| parents.is_empty());
        let dossiers: Vec<Nonce> = own.collect();
        let (to, body) = self.opening_body(wish, recipient.as_ref())?;
        let (id, case_nonce) = (random::nonce()?, random::nonce()?);
        let case = CaseId::derive(&self.me, &case_nonce);
        let kind = body.kind();
        Ok(Draft(
            id,
            case,
            Some(case_nonce),
            to,
            kind,
            ByteBuf::from(body.encode()),
            self.handling(recipient.as_ref())?,
            (person.as_str().into(), self.time()),
            dossiers,
            parents,
        ))
    }

    fn opening_body(
        &self,
        wish: Wish,
        recipient: Option<&Member>,
    ) -> Result<(MemberId, Body), WorkError> {
        let items = wish
            .items
            .into_iter()
            .zip(1_u64..)
            .map(|((_, locator, hosting, found), n)| {
                Ok::<Item, Fault>(Item {
                    n,
                    scope: code(scope::THIS_LOCATION)?,
                    hosting,
                    locator,
                    assessments: found,
                })
            });
        let items = Sorted::new(items.collect::<Result<Vec<_>, _>>()?);
        let body = match wish.opening {
            Opening::Request(capacity) => Body::TakedownRequest(TakedownRequest {
                text: wish.text,
                asked: vec![(
                    code(measure_target::CONTENT)?,
                    code(measure_action::REMOVED)?,
                )],
                basis: vec![self.ground(recipient)?],
                items,
                clocks: wish.clocks,
                urgency: wish.urgency,
                capacity,
                reference: wish.reference,
                requester: Requester {
                    attested: true,
                    capacity: code(requester_capacity::HOTLINE)?,
                },
                assessed_at: wish.assessed_at,
                reported_at: Some(wish.reported_at),
                preserve_until: None,
            }),
            Opening::Referral(reason) => Body::Referral(Referral {
                done: wish.done,
                text: wish.text,
                items,
                reason,
                urgency: wish.urgency,
                clearance: code(clearance::NONE_NEEDED)?,
                reference: wish.reference,
                assessed_at: wish.assessed_at,
                reported_at: wish.reported_at,
            }),
        };
        Ok((wish.to, body))
    }

    /// The ground of a hotline's notice. Which law binds the recipient is the recipient's country's; in the European
    /// Union a notice is one under the Digital Services Act, elsewhere one under the service's own terms.
    fn ground(&self, recipient: Option<&Member>) -> Result<Ground, Fault> {
        let country = recipient
            .and_then(|member| member.jurisdictions.first().cloned())
            .unwrap_or_else(|| self.own_country());
        let in_union = comity_clocks::clock::countries(UNION).contains(&country.as_str());
        let flagger = self.history.member(&self.me).is_some_and(|me| {
            let awarded = |row: &comity_trust::member::FlaggerState| {
                row.3.as_str() == comity_wire::registry::trusted_flagger_state::AWARDED
                    && row.1 <= self.time()
                    && row.2.is_none_or(|until| until > self.time())
            };
            me.trusted_flagger
                .as_ref()
                .is_some_and(|rows| rows.iter().any(awarded))
        });
        let (instrument, article, nature) = match (in_union, flagger) {
            (true, true) => ("eu-dsa", Reference::new("22"), nature::TRUSTED_FLAGGER),
            (true, false) => ("eu-dsa", Reference::new("16"), nature::NOTICE),
            (false, _) => ("terms-of-service", None, nature::TERMS),
        };
        Ok(Ground {
            nature: code(nature)?,
            article,
            redress: None,
            authority: None,
            order_ref: None,
            good_faith: true,
            instrument: code(instrument)?,
            jurisdiction: country,
        })
    }

    fn handling(&self, recipient: Option<&Member>) -> Result<Handling, Fault> {
        let lang = recipient.and_then(|member| member.languages.first().cloned());
        let lang = lang.or_else(|| comity_wire::words::Language::new("en"));
        Ok(Handling {
            lang: lang.ok_or_else(|| Fault::new("internal-code", "not a language"))?,
            audience: code(audience::CASE_STAFF)?,
            sensitive: code(sensitive::NONE)?,
            notify_uploader: NotifyUploader::Allowed,
        })
    }

    /// The id of a locator: a hash under a key of this node, so that nobody can look for a locator they know.
    pub(crate) fn dossier_of(&self, canonical: &str) -> Nonce {
        let hash = self.keyed(b"locator", canonical.as_bytes());
        let half = hash
            .as_bytes()
            .first_chunk::<16>()
            .copied()
            .unwrap_or_default();
        Nonce::new(half)
    }

    /// A hash under a key of this node.
    pub(crate) fn keyed(&self, purpose: &[u8], text: &[u8]) -> Hash {
        let key = &self.identity.fingerprint_key;
        // The key stands in both rounds, as in HMAC: a hash of a longer text cannot be made from it.
        let inner = Hash::of_parts(&[key, purpose, &[0], text]);
        Hash::of_parts(&[key, inner.as_bytes()])
    }
}

/// A request or a referral that somebody wants.
pub(crate) struct Wish {
    pub(crate) to: MemberId,
    pub(crate) opening: Opening,
    /// In the order of their numbers.
    pub(crate) items: Vec<(
        Nonce,
        Locator,
        Vec<comity_wire::parts::Hosting>,
        Vec<Assessment>,
    )>,
    pub(crate) reference: Reference,
    pub(crate) urgency: Code,
    pub(crate) done: Vec<comity_wire::parts::Measure>,
    pub(crate) reported_at: TimeMs,
    pub(crate) assessed_at: TimeMs,
    pub(crate) text: Option<Text>,
    /// Legal clocks that we say apply.
    pub(crate) clocks: Vec<Code>,
    /// `[n, parent case, its n]`
    pub(crate) parents: Vec<(ItemNumber, CaseId, ItemNumber)>,
}

/// Which kind opens the case.
pub(crate) enum Opening {
    /// In this capacity.
    Request(Code),
    /// For this reason.
    Referral(Code),
}

/// Registry `urgency`, without a wish.
pub(crate) fn routine() -> Result<Code, Fault> {
    code(urgency::ROUTINE)
}

/// The European Union, where Regulation (EU) 2022/2065 applies.
const UNION: &str = "EU";

/// A member without a country: ISO 3166 leaves this code to its users.
#[expect(clippy::expect_used, reason = "a constant of the right form")]
fn no_country() -> Country {
    Country::new("ZZ").expect("two capital letters are a country code")
}
