//! Bodies of every kind with the least that the kind needs, for tests that are
//! about what statements do to one another and not about what is in them.

#![expect(
    clippy::expect_used,
    reason = "every text here is a constant of the right form"
)]

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

/// A code.
#[must_use]
pub fn code(text: &str) -> Code {
    Code::new(text).expect("a valid text")
}

/// An item at a reserved host.
#[must_use]
pub fn item(n: ItemNumber) -> Item {
    Item {
        n,
        scope: code("this-location"),
        hosting: vec![],
        locator: Locator::Url(
            LocatorText::new(&format!("https://host.example/{n}")).expect("a valid text"),
        ),
        assessments: vec![],
    }
}

/// A takedown request for these items.
#[must_use]
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
            jurisdiction: Country::new("IE").expect("a valid text"),
        }],
        items: Sorted::new(numbers.into_iter().map(item)),
        clocks: vec![],
        urgency: code("routine"),
        capacity: code("host"),
        reference: Reference::new("7-0").expect("a valid text"),
        requester: Requester {
            attested: true,
            capacity: code("hotline"),
        },
        assessed_at: 900,
        reported_at: Some(500),
        preserve_until: None,
    })
}

/// A referral of these items.
#[must_use]
pub fn referral(numbers: impl IntoIterator<Item = ItemNumber>) -> Body {
    Body::Referral(Referral {
        done: vec![],
        text: None,
        items: Sorted::new(numbers.into_iter().map(item)),
        reason: code("hosting-country"),
        urgency: code("routine"),
        clearance: code("none-needed"),
        reference: Reference::new("7-0").expect("a valid text"),
        assessed_at: 900,
        reported_at: 500,
    })
}

/// A transfer of these items.
#[must_use]
pub fn transfer(numbers: impl IntoIterator<Item = ItemNumber>) -> Body {
    Body::Transfer(Transfer {
        of: Hash::of(b"moved"),
        text: None,
        items: Sorted::new(numbers.into_iter().map(item)),
        reason: code("service-moved"),
        urgency: code("routine"),
    })
}

/// An answer to everything.
#[must_use]
pub fn answer(answer: Answer) -> Body {
    answer_for(answer, None, None, "other")
}

/// An answer to these items and statements.
#[must_use]
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

/// A refusal of these statements.
#[must_use]
pub fn refuse(names: &[StatementId]) -> Body {
    answer_for(Answer::Refused, None, Some(names), "no-mandate")
}

/// A removal.
#[must_use]
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

/// An outcome with these rows; `done` and `partly` have a measure that took effect at the time given.
#[must_use]
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

/// An observation with these rows.
#[must_use]
pub fn observation(rows: &[(ItemNumber, Round, ObservationResult, TimeMs)]) -> Body {
    let rows = rows.iter().map(|(n, round, result, at)| {
        ObservationItem(*n, *round, *result, code("manual"), Country::new("SE"), *at)
    });
    Body::Observation(Observation {
        basis: Basis::Own,
        items: Sorted::new(rows),
    })
}

/// An amendment that adds these items.
#[must_use]
pub fn amendment(numbers: &[ItemNumber]) -> Body {
    Body::Amendment(Amendment {
        items: (!numbers.is_empty()).then(|| Sorted::new(numbers.iter().map(|n| item(*n)))),
        ..empty_amendment()
    })
}

/// An amendment that changes nothing.
#[must_use]
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

/// An amendment that sets the urgency.
#[must_use]
pub fn urgency(level: &str) -> Body {
    Body::Amendment(Amendment {
        urgency: Some(code(level)),
        ..empty_amendment()
    })
}

/// A hosting fact about an item.
#[must_use]
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

/// An amendment that adds a hosting fact to these items.
#[must_use]
pub fn facts(numbers: &[ItemNumber]) -> Body {
    let hosting = numbers.iter().map(|n| fact(*n)).collect();
    Body::Amendment(Amendment {
        hosting: Some(hosting),
        ..empty_amendment()
    })
}

/// A withdrawal of these items, or of everything.
#[must_use]
pub fn withdrawal(items: Option<&[ItemNumber]>) -> Body {
    Body::Withdrawal(Withdrawal {
        code: code("error"),
        text: None,
        basis: Basis::Own,
        items: items.map(|items| Sorted::new(items.iter().copied())),
    })
}

/// A dispute of a statement.
#[must_use]
pub fn dispute(of: StatementId) -> Body {
    dispute_rows(of, None)
}

/// A dispute of these rows of a statement.
#[must_use]
pub fn dispute_rows(of: StatementId, rows: Option<&[(ItemNumber, Round)]>) -> Body {
    Body::Dispute(Dispute {
        of,
        code: code("other"),
        text: None,
        items: rows.map(|rows| Sorted::new(rows.iter().copied())),
    })
}

/// A resolution of a dispute.
#[must_use]
pub fn resolution(of: StatementId, result: &str) -> Body {
    Body::Resolution(Resolution {
        of,
        code: None,
        text: None,
        result: code(result),
    })
}

/// A request for information about these items, or about the case.
#[must_use]
pub fn question(items: Option<&[ItemNumber]>) -> Body {
    Body::InformationRequest(InformationRequest {
        asks: vec![code("status")],
        text: None,
        items: items.map(|items| Sorted::new(items.iter().copied())),
    })
}

/// Information that answers a question, with a hosting fact for these items.
#[must_use]
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

/// A hold for an authority.
#[must_use]
pub fn hold(by: &str) -> Body {
    Body::Hold(authority(by))
}

/// A hold that ends by itself.
#[must_use]
pub fn hold_until(by: &str, until: TimeMs) -> Body {
    Body::Hold(Hold {
        until: Some(until),
        ..authority(by)
    })
}

/// The release of a hold.
#[must_use]
pub fn release(by: &str) -> Body {
    Body::Release(authority(by))
}

/// A notice that these statements, or the case, were erased.
#[must_use]
pub fn erasure(statements: Option<&[StatementId]>) -> Body {
    let what = statements.map_or(Erased::Case, |ids| {
        Erased::Statements(Sorted::new(ids.iter().copied()))
    });
    Body::ErasureNotice(ErasureNotice {
        what,
        ground: code("retention-ended"),
    })
}

/// What somebody says, as plain numbers: a property or a fuzzer chooses them, and
/// every choice makes a body. What is said may well be illegal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saying {
    /// Which sort of statement; see [`Saying::SORTS`].
    pub sort: u8,
    /// An item, from 1.
    pub n: ItemNumber,
    /// A round, from 1.
    pub round: Round,
    /// When something took effect or was seen.
    pub at: TimeMs,
    /// Chooses an answer, a result, and a statement that was said before.
    pub pick: usize,
    /// Chooses between two forms.
    pub flag: bool,
}

impl Saying {
    /// Sorts beyond this are taken modulo it.
    pub const SORTS: u8 = 21;

    /// The body, given the statements that were said before.
    #[must_use]
    pub fn body(&self, said: &[StatementId]) -> Body {
        fn chosen<T: Copy>(from: &[T], pick: usize) -> Option<T> {
            from.get(pick.checked_rem(from.len())?).copied()
        }
        let of = chosen(said, self.pick).unwrap_or(Hash::new([0; 32]));
        let given = chosen(&Answer::ALL, self.pick).unwrap_or(Answer::Accepted);
        let done = chosen(&OutcomeAnswer::ALL, self.pick).unwrap_or(OutcomeAnswer::Done);
        let seen = chosen(&ObservationResult::ALL, self.pick).unwrap_or(ObservationResult::Online);
        let one = [self.n];
        let some = self.flag.then_some(&one[..]);
        let authority = if self.flag {
            "court"
        } else {
            "law-enforcement"
        };
        match self.sort % Self::SORTS {
            0 => request([1, self.n.max(2)]),
            1 => answer_for(given, some, None, "other"),
            2 => refuse(&[of]),
            3 => answer_for(Answer::Refused, None, Some(&[of]), "re-missing"),
            4..=6 => outcome(&[(self.n, self.round, done, self.at)]),
            7 => amendment(&[self.n + 3]),
            8 => facts(&one),
            9 => urgency(if self.flag { "urgent" } else { "imminent-risk" }),
            10 => withdrawal(some),
            11 => dispute(of),
            12 => resolution(of, if self.flag { "upheld" } else { "withdrawn" }),
            13 => question(some),
            14 => information(of, if self.flag { &[1] } else { &[] }),
            15..=17 => {
                let result = if self.flag {
                    ObservationResult::Online
                } else {
                    seen
                };
                observation(&[(self.n, self.round, result, self.at)])
            }
            18 => hold(authority),
            19 => release(authority),
            _ => erasure(self.flag.then_some(&[of])),
        }
    }
}
