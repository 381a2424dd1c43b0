//! A case under construction, with bodies that have the least their kind needs.

use std::sync::Arc;

use comity_case::{Arrival, Case, Entry, Forbidden, Party, State};
use comity_wire::body::{
    Acknowledgement, Amendment, Body, Dispute, Erased, ErasureNotice, Hold, Information,
    InformationRequest, Observation, ObservationItem, Outcome, OutcomeItem, Referral, Resolution,
    TakedownRequest, Transfer, Withdrawal,
};
use comity_wire::ids::{Hash, StatementId};
use comity_wire::parts::{Ground, Hosting, Item, Locator, Measure, Requester};
use comity_wire::registry::{Answer, Basis, Complete, ObservationResult, OutcomeAnswer};
use comity_wire::words::{
    Code, Country, ItemNumber, LocatorText, Reference, Round, Sorted, TimeMs,
};

pub const OPENER: Party = Party::Opener;
pub const RECIPIENT: Party = Party::Recipient;

/// A case and the statements that were said in it.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    pub case: Case,
    pub said: Vec<Entry>,
}

impl Scene {
    /// A case with a takedown request for items 1 to `count`.
    pub fn open(count: ItemNumber) -> (Self, StatementId) {
        let mut scene = Self::default();
        let id = scene.say(OPENER, request(1..=count));
        (scene, id)
    }

    /// Says something, knowing everything.
    pub fn say(&mut self, party: Party, body: Body) -> StatementId {
        let re: Vec<_> = self.case.heads().to_vec();
        self.say_after(party, &re, body)
    }

    /// Says something, knowing `re` and what came before.
    pub fn say_after(&mut self, party: Party, re: &[StatementId], body: Body) -> StatementId {
        let id = Hash::of(&self.said.len().to_be_bytes());
        self.say_as(id, party, re, body)
    }

    /// Says something under a chosen id.
    pub fn say_as(
        &mut self,
        id: StatementId,
        party: Party,
        re: &[StatementId],
        body: Body,
    ) -> StatementId {
        let re = Sorted::new(re.iter().copied());
        let entry = Entry {
            id,
            party,
            re,
            issued_at: 1_000,
            body: Arc::new(body),
        };
        self.said.push(entry.clone());
        assert!(matches!(self.case.insert(entry), Arrival::Folded(_)));
        id
    }

    pub fn state(&self) -> State {
        State::of(&self.case)
    }

    pub fn verdict(&self, id: &StatementId) -> Option<Forbidden> {
        self.case.get(id).unwrap().verdict.as_ref().err().copied()
    }
}

pub fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

pub fn item(n: ItemNumber) -> Item {
    Item {
        n,
        scope: code("this-location"),
        hosting: vec![],
        locator: Locator::Url(LocatorText::new(&format!("https://host.example/{n}")).unwrap()),
        assessments: vec![],
    }
}

pub fn request(numbers: impl IntoIterator<Item = ItemNumber>) -> Body {
    Body::TakedownRequest(TakedownRequest {
        text: None,
        asked: vec![(code("content"), code("removed"))],
        basis: vec![Ground {
            nature: code("notice"),
            article: None,
            redress: None,
            authority: None,
            order_ref: None,
            good_faith: true,
            instrument: code("dsa"),
            jurisdiction: Country::new("IE").unwrap(),
        }],
        items: Sorted::new(numbers.into_iter().map(item)),
        clocks: vec![],
        urgency: code("routine"),
        capacity: code("host"),
        reference: Reference::new("7-0").unwrap(),
        requester: Requester {
            attested: true,
            capacity: code("hotline"),
        },
        assessed_at: 900,
        reported_at: Some(500),
        preserve_until: None,
    })
}

pub fn referral(numbers: impl IntoIterator<Item = ItemNumber>) -> Body {
    Body::Referral(Referral {
        done: vec![],
        text: None,
        items: Sorted::new(numbers.into_iter().map(item)),
        reason: code("hosting-country"),
        urgency: code("routine"),
        clearance: code("none-needed"),
        reference: Reference::new("7-0").unwrap(),
        assessed_at: 900,
        reported_at: 500,
    })
}

pub fn transfer(numbers: impl IntoIterator<Item = ItemNumber>) -> Body {
    Body::Transfer(Transfer {
        of: Hash::of(b"moved"),
        text: None,
        items: Sorted::new(numbers.into_iter().map(item)),
        reason: code("service-moved"),
        urgency: code("routine"),
    })
}

pub fn answer(answer: Answer) -> Body {
    answer_for(answer, None, None, "other")
}

pub fn answer_for(
    answer: Answer,
    items: Option<&[ItemNumber]>,
    names: Option<&[StatementId]>,
    why: &str,
) -> Body {
    Body::Acknowledgement(Acknowledgement {
        by: code("person"),
        code: Some(code(why)),
        next: None,
        text: None,
        items: items.map(|items| Sorted::new(items.iter().copied())),
        names: names.map(|names| Sorted::new(names.iter().copied())),
        answer,
        expected_by: None,
    })
}

pub fn refuse(names: &[StatementId]) -> Body {
    answer_for(Answer::Refused, None, Some(names), "no-mandate")
}

pub fn measure(effective_at: TimeMs) -> Measure {
    Measure {
        until: None,
        action: code("removed"),
        reason: None,
        target: code("content"),
        automated: false,
        territories: None,
        effective_at,
    }
}

pub fn outcome(rows: &[(ItemNumber, Round, OutcomeAnswer, TimeMs)]) -> Body {
    let rows = rows.iter().map(|(n, round, answer, at)| {
        let measures = match answer {
            OutcomeAnswer::Done | OutcomeAnswer::Partly => vec![measure(*at)],
            _ => vec![],
        };
        OutcomeItem(
            *n,
            *round,
            *answer,
            measures,
            Some(code("other")),
            None,
            None,
        )
    });
    Body::Outcome(Outcome {
        text: None,
        basis: Basis::Own,
        items: Sorted::new(rows),
        complete: Complete::Partial,
    })
}

pub fn observation(rows: &[(ItemNumber, Round, ObservationResult, TimeMs)]) -> Body {
    let rows = rows.iter().map(|(n, round, result, at)| {
        ObservationItem(*n, *round, *result, code("manual"), Country::new("SE"), *at)
    });
    Body::Observation(Observation {
        basis: Basis::Own,
        items: Sorted::new(rows),
    })
}

pub fn amendment(numbers: &[ItemNumber]) -> Body {
    Body::Amendment(Amendment {
        items: (!numbers.is_empty()).then(|| Sorted::new(numbers.iter().map(|n| item(*n)))),
        ..empty_amendment()
    })
}

pub fn empty_amendment() -> Amendment {
    Amendment {
        text: None,
        items: None,
        hosting: None,
        urgency: None,
        handling: None,
        assessments: None,
    }
}

pub fn urgency(level: &str) -> Body {
    Body::Amendment(Amendment {
        urgency: Some(code(level)),
        ..empty_amendment()
    })
}

pub fn fact(n: ItemNumber) -> (ItemNumber, Hosting) {
    let hosting = Hosting {
        at: 950,
        ip: None,
        asn: Some(64_496),
        name: None,
        role: code("host"),
        source: code("dns"),
        country: Country::new("NL"),
    };
    (n, hosting)
}

pub fn facts(numbers: &[ItemNumber]) -> Body {
    let hosting = numbers.iter().map(|n| fact(*n)).collect();
    Body::Amendment(Amendment {
        hosting: Some(hosting),
        ..empty_amendment()
    })
}

pub fn withdrawal(items: Option<&[ItemNumber]>) -> Body {
    Body::Withdrawal(Withdrawal {
        code: code("error"),
        text: None,
        basis: Basis::Own,
        items: items.map(|items| Sorted::new(items.iter().copied())),
    })
}

pub fn dispute(of: StatementId) -> Body {
    dispute_rows(of, None)
}

pub fn dispute_rows(of: StatementId, rows: Option<&[(ItemNumber, Round)]>) -> Body {
    Body::Dispute(Dispute {
        of,
        code: code("other"),
        text: None,
        items: rows.map(|rows| Sorted::new(rows.iter().copied())),
    })
}

pub fn resolution(of: StatementId, result: &str) -> Body {
    Body::Resolution(Resolution {
        of,
        code: None,
        text: None,
        result: code(result),
    })
}

pub fn question(items: Option<&[ItemNumber]>) -> Body {
    Body::InformationRequest(InformationRequest {
        asks: vec![code("status")],
        text: None,
        items: items.map(|items| Sorted::new(items.iter().copied())),
    })
}

pub fn information(of: StatementId, numbers: &[ItemNumber]) -> Body {
    let hosting = numbers.iter().map(|n| fact(*n)).collect::<Vec<_>>();
    Body::Information(Information {
        of,
        text: None,
        hosting: (!hosting.is_empty()).then_some(hosting),
        assessments: None,
    })
}

fn authority(by: &str) -> Hold {
    Hold {
        by: code(by),
        until: None,
        result: None,
        asked_at: 900,
        answered_at: None,
    }
}

pub fn hold(by: &str) -> Body {
    Body::Hold(authority(by))
}

pub fn hold_until(by: &str, until: TimeMs) -> Body {
    Body::Hold(Hold {
        until: Some(until),
        ..authority(by)
    })
}

pub fn release(by: &str) -> Body {
    Body::Release(authority(by))
}

pub fn erasure(statements: Option<&[StatementId]>) -> Body {
    let what = statements.map_or(Erased::Case, |ids| {
        Erased::Statements(Sorted::new(ids.iter().copied()))
    });
    Body::ErasureNotice(ErasureNotice {
        what,
        ground: code("retention-ended"),
    })
}
