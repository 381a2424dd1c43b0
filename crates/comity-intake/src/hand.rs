//! An item that somebody types: the same fields as a report has, and the same checks.

use std::fmt;

use comity_taxonomy::{COMITY, Facts};
use comity_wire::registry::{scheme as schemes, standing, unit, urgency};
use comity_wire::words::{Code, TimeMs};

use crate::country;
use crate::fault::Fault;
use crate::hosting::HostingSaid;
use crate::place::{self, Place};
use crate::report::{Disposition, Finding, Report, ReportKey, word};
use crate::scheme;

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
    /// The scheme of the classification (registry `scheme`); absent: the hotline's own words.
    pub scheme: Option<&'a str>,
    /// Its version; absent: the one that is known.
    pub scheme_version: Option<&'a str>,
    /// The classification, verbatim.
    pub code: Option<&'a str>,
    /// Registry `severity`.
    pub severity: Option<&'a str>,
    /// Registry `age`.
    pub age: Option<&'a str>,
    /// Registry `depiction`.
    pub depiction: Option<&'a str>,
    /// Registry `context`.
    pub context: &'a [String],
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

impl<'a> ByHand<'a> {
    /// What was typed for the facets, each with its facet.
    fn words(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let one = [
            ("severity", self.severity),
            ("age", self.age),
            ("depiction", self.depiction),
        ];
        let one = one
            .into_iter()
            .filter_map(|(facet, text)| Some((facet, text?)));
        one.chain(self.context.iter().map(|text| ("context", text.as_str())))
    }
}

impl Report {
    /// Reads what was typed. Of the law it says what the code says by itself, and no more: a class of a scheme that
    /// does not speak of the law leaves the standing open.
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
            finding: finding(typed)?,
            disposition: Disposition::Act,
            urgency: word(urgency::ROUTINE),
            done: Vec::new(),
            reported_at: typed.reported_at,
            assessed_at: typed.assessed_at,
        })
    }
}

fn finding(typed: &ByHand<'_>) -> Result<Finding, (&'static str, Fault)> {
    let text = typed.code.unwrap_or("unspecified");
    let code = place::reference(text).map_err(|fault| ("code", fault))?;
    let scheme = match typed.scheme {
        Some(scheme) => scheme::as_code(scheme).ok_or(("scheme", Fault::Word))?,
        None => word(schemes::OWN),
    };
    let known = COMITY.scheme(scheme.as_str());
    let version = typed.scheme_version.or(known.map(|known| known.version));
    let version = version.ok_or(("scheme_version", Fault::MissingField))?;
    let version = place::reference(version).map_err(|fault| ("scheme_version", fault))?;
    // A code that is not known is kept: the scheme may be newer than what is known of it.
    let meant = known.and_then(|known| known.find(text).ok());
    let mut terms = Vec::new();
    if let Some(code) = meant {
        let facts = Facts::of_code(&COMITY, &code).map_err(|_| ("code", Fault::Contradiction))?;
        terms.extend(facts.terms());
    }
    let mut finding = Finding {
        reviewers: 1,
        ..Finding::new(scheme, version, code, unit::PAGE)
    };
    for (facet, text) in typed.words() {
        let code = scheme::as_code(text).ok_or((facet, Fault::Word))?;
        match COMITY.concept(facet, code.as_str()) {
            Some(concept) => terms.push(concept.term),
            None => finding.keep(facet, code),
        }
    }
    let facts = Facts::of(&COMITY, terms).map_err(|_| ("code", Fault::Contradiction))?;
    let says = |id| {
        let concept = COMITY.concept("standing", id);
        concept.is_some_and(|concept| facts.says(&COMITY, concept.term))
    };
    if says(standing::ILLEGAL) {
        finding.standing = word(standing::ILLEGAL);
    }
    let said = facts.in_facet("standing").next().and_then(Code::new);
    finding.standing = said.unwrap_or(finding.standing);
    Ok(finding.with(&facts))
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

    #[test]
    fn a_code_of_a_known_scheme_says_what_follows_from_it_and_stays_as_it_was_typed() {
        let report = Report::by_hand(&ByHand {
            scheme: Some("ncmec"),
            code: Some("A1"),
            severity: Some("penetration"),
            context: &["grooming".to_owned(), "of-tomorrow".to_owned()],
            ..typed("https://host.example/1")
        });
        let found = report.unwrap().finding;
        assert_eq!(found.code.as_str(), "A1");
        assert_eq!(found.scheme_version.as_str(), "2022-06");
        // The more specific of two that agree; and the law is not spoken of.
        let words = [
            &found.severity.unwrap(),
            &found.age.unwrap(),
            &found.same_image,
            &found.standing,
        ];
        let expected = ["penetration", "pre-pubescent", "yes", "not-assessed"];
        assert_eq!(words.map(Code::as_str), expected);
        let context: Vec<_> = found.context.iter().map(Code::as_str).collect();
        assert_eq!(context, ["of-tomorrow", "grooming"]);
    }

    #[test]
    fn what_was_typed_may_not_contradict_itself() {
        let check = |typed: ByHand<'_>, expected| {
            assert_eq!(Report::by_hand(&typed).unwrap_err(), expected);
        };
        let good = "https://host.example/1";
        check(
            ByHand {
                scheme: Some("ncmec"),
                code: Some("A1"),
                age: Some("pubescent"),
                ..typed(good)
            },
            ("code", Fault::Contradiction),
        );
        check(
            ByHand {
                severity: Some("?"),
                ..typed(good)
            },
            ("severity", Fault::Word),
        );
        check(
            ByHand {
                scheme: Some("of-tomorrow"),
                ..typed(good)
            },
            ("scheme_version", Fault::MissingField),
        );
    }

    #[test]
    fn a_classification_of_hotlines_says_the_standing() {
        let report = Report::by_hand(&ByHand {
            scheme: Some("iccam"),
            code: Some("Baseline CSAM"),
            ..typed("https://host.example/1")
        });
        let found = report.unwrap().finding;
        assert_eq!(
            [&found.standing, &found.baseline].map(Code::as_str),
            ["illegal", "yes"]
        );
    }
}
