//! An item that somebody types: the same fields as a report has, and the same checks.

use std::fmt;

use comity_wire::registry::{baseline, confidence, standing, unit, urgency};
use comity_wire::words::{Reference, TimeMs};

use crate::country;
use crate::fault::Fault;
use crate::hosting::HostingSaid;
use crate::place::{self, Place};
use crate::report::{Disposition, Finding, Report, ReportKey, word};

/// What was typed. `Debug` hides it.
#[derive(Clone, Default)]
pub struct ByHand<'a> {
    /// The URL.
    pub url: &'a str,
    /// The address of the host.
    pub ip: Option<&'a str>,
    /// The network of the host.
    pub asn: Option<u64>,
    /// The country of the host.
    pub country: Option<&'a str>,
    /// The classification in the hotline's own words.
    pub code: Option<&'a str>,
    /// The hotline's own reference.
    pub reference: &'a str,
    /// When it was reported.
    pub reported_at: TimeMs,
    /// Now.
    pub assessed_at: TimeMs,
}

impl fmt::Debug for ByHand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByHand(hidden)")
    }
}

/// The scheme of a classification that was typed.
pub const SCHEME_OWN: &str = "own";

impl Report {
    /// Reads what was typed. It says nothing of the law: who types a code states no standing with it.
    ///
    /// # Errors
    /// The field that is not what it should be.
    pub fn by_hand(typed: &ByHand<'_>) -> Result<Self, (&'static str, Fault)> {
        let Place {
            locator,
            host,
            canonical,
        } = place::place(typed.url).map_err(|fault| ("url", fault))?;
        let ip = typed
            .ip
            .map(place::address)
            .transpose()
            .map_err(|fault| ("ip", fault))?;
        let country = typed
            .country
            .map(country::country)
            .transpose()
            .map_err(|fault| ("country", fault))?;
        let reference = place::reference(typed.reference).map_err(|fault| ("reference", fault))?;
        let code = typed.code.unwrap_or("unspecified");
        let code = place::reference(code).map_err(|fault| ("code", fault))?;
        let hosting = HostingSaid {
            at: typed.assessed_at,
            ip,
            asn: typed.asn,
            name: None,
            country: country.clone(),
        };
        let reported = typed.reported_at.to_be_bytes();
        let parts = [
            b"hand",
            typed.reference.as_bytes(),
            canonical.as_bytes(),
            &reported,
        ];
        Ok(Self {
            source: ReportKey::of(&parts),
            line: 1,
            reference,
            locator,
            host,
            canonical,
            hosting: hosting.into_hosting(),
            country,
            finding: finding(code),
            disposition: Disposition::Act,
            urgency: word(urgency::ROUTINE),
            done: Vec::new(),
            reported_at: typed.reported_at,
            assessed_at: typed.assessed_at,
        })
    }
}

fn finding(code: Reference) -> Finding {
    #[expect(
        clippy::expect_used,
        reason = "a constant of the source; a test makes it"
    )]
    let scheme_version = Reference::new("1").expect("a constant is a reference");
    Finding {
        scheme: word(SCHEME_OWN),
        scheme_version,
        code,
        unit: word(unit::PAGE),
        standing: word(standing::NOT_ASSESSED),
        baseline: word(baseline::NOT_ASSESSED),
        age: None,
        context: Vec::new(),
        reviewers: 1,
        confidence: word(confidence::MEDIUM),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn typed(url: &str) -> ByHand<'_> {
        ByHand {
            url,
            reference: "7-0",
            reported_at: 1,
            assessed_at: 2,
            ..ByHand::default()
        }
    }

    #[test]
    fn what_was_typed_is_held_to_the_same_checks_as_a_report() {
        let report = Report::by_hand(&typed("https://host.example/1")).unwrap();
        assert_eq!(report.canonical, "https://host.example/1");
        assert_eq!(report.finding.standing.as_str(), standing::NOT_ASSESSED);
        let check = |typed: ByHand<'_>, field| {
            assert_eq!(Report::by_hand(&typed).unwrap_err().0, field);
        };
        check(typed("not a url"), "url");
        let good = "https://host.example/1";
        check(
            ByHand {
                ip: Some("1.2.3"),
                ..typed(good)
            },
            "ip",
        );
        check(
            ByHand {
                country: Some("Sweden"),
                ..typed(good)
            },
            "country",
        );
        check(
            ByHand {
                reference: "a\nb",
                ..typed(good)
            },
            "reference",
        );
    }
}
