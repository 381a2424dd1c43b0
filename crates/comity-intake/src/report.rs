//! One report, in our words, whatever format it came in.

use std::fmt;

use comity_taxonomy::Facts;
use comity_wire::ids::{Hash, MemberId};
use comity_wire::parts::{Assessment, Hosting, Locator, Measure};
use comity_wire::registry::{baseline, confidence, depiction, same_image, standing};
use comity_wire::words::{Code, Country, Reference, Sorted, TimeMs};

use crate::place::Host;
use crate::route::RouteFacts;

/// What identifies a report: the same one read again has the same key.
///
/// XARF: from `report_id`. Table: from reference, locator and time of receipt. It
/// is a plain hash: who stores it longer than the report keys it first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportKey(Hash);

impl ReportKey {
    /// Over the parts, each with its length, so that no two lists give one text.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let lengths = parts.iter().map(|part| {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            length.to_be_bytes()
        });
        let lengths: Vec<_> = lengths.collect();
        let mut all: Vec<&[u8]> = vec![b"comity-report/1"];
        for (length, part) in lengths.iter().zip(parts) {
            all.extend([length.as_slice(), part]);
        }
        Self(Hash::of_parts(&all))
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for ReportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReportKey(hidden)")
    }
}

/// One report of a hotline. `Debug` shows neither locator nor reference.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    /// What identifies it.
    pub source: ReportKey,
    /// Where it begins in its file: a physical line, from 1.
    pub line: u64,
    /// The hotline's own reference.
    pub reference: Reference,
    /// What was reported, verbatim.
    pub locator: Locator,
    /// Its host.
    pub host: Host,
    /// The locator as the WHATWG writes it: two reports of one locator have it alike.
    pub canonical: String,
    /// Where it is, as the report says; at most one fact.
    pub hosting: Vec<Hosting>,
    /// The country of the hosting, if the report says it.
    pub country: Option<Country>,
    /// What the hotline found.
    pub finding: Finding,
    /// What is to be done with it.
    pub disposition: Disposition,
    /// Registry `urgency`.
    pub urgency: Code,
    /// What the hotline has done about it, outside of Comity.
    pub done: Vec<Measure>,
    /// When it came to the hotline. May be after `assessed_at`: both are kept as
    /// they were said.
    pub reported_at: TimeMs,
    /// When it was assessed.
    pub assessed_at: TimeMs,
}

impl Report {
    /// What its route depends on.
    #[must_use]
    pub fn facts(&self) -> RouteFacts<'_> {
        RouteFacts {
            host: &self.host,
            hosting: &self.hosting,
            country: self.country.as_ref(),
            disposition: self.disposition,
        }
    }

    /// The assessment, signed for by `assessor`. What the finding says of the law it
    /// says of `jurisdiction`, which is the assessor's own.
    #[must_use]
    pub fn assessment(&self, assessor: &MemberId, jurisdiction: &Country) -> Assessment {
        self.finding.of(assessor, jurisdiction, self.assessed_at)
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("line", &self.line)
            .field("locator", &self.locator)
            .field("hosting", &self.hosting)
            .field("country", &self.country)
            .field("finding", &self.finding)
            .field("disposition", &self.disposition)
            .field("urgency", &self.urgency)
            .field("done", &self.done)
            .field("reported_at", &self.reported_at)
            .field("assessed_at", &self.assessed_at)
            .finish_non_exhaustive()
    }
}

/// What is to be done with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// The hotline wants something done.
    Act,
    /// The hotline decided to leave it. It is never sent.
    Ignore,
    /// A person has to look first. It becomes a visible draft with this reason.
    Review(ReviewReason),
}

/// Why a person has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewReason {
    /// The hotline itself was in doubt.
    Doubtful,
    /// The report says that the content is gone or has moved: whom to ask for what
    /// is not clear.
    Gone,
    /// The report says both that it is illegal and that it is not.
    Contradictory,
}

impl ReviewReason {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Doubtful => "doubtful",
            Self::Gone => "gone",
            Self::Contradictory => "contradictory",
        }
    }
}

/// An assessment that nobody has signed for yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Registry `scheme`.
    pub scheme: Code,
    /// The version of the scheme.
    pub scheme_version: Reference,
    /// The code of that scheme, verbatim.
    pub code: Reference,
    /// Registry `unit`.
    pub unit: Code,
    /// Registry `standing`, for the hotline's own jurisdiction and no other.
    pub standing: Code,
    /// Registry `baseline`.
    pub baseline: Code,
    /// Registry `severity`.
    pub severity: Option<Code>,
    /// Registry `age`.
    pub age: Option<Code>,
    /// Registry `same-image`.
    pub same_image: Code,
    /// Registry `depiction`.
    pub depiction: Code,
    /// Registry `context`.
    pub context: Vec<Code>,
    /// How many people looked, as far as the report says.
    pub reviewers: u64,
    /// Registry `confidence`.
    pub confidence: Code,
}

impl Finding {
    /// A finding that says nothing but its code.
    pub(crate) fn new(
        scheme: Code,
        scheme_version: Reference,
        code: Reference,
        unit: &'static str,
    ) -> Self {
        Self {
            scheme,
            scheme_version,
            code,
            unit: word(unit),
            standing: word(standing::NOT_ASSESSED),
            baseline: word(baseline::NOT_ASSESSED),
            severity: None,
            age: None,
            same_image: word(same_image::UNKNOWN),
            depiction: word(depiction::NOT_ASSESSED),
            context: Vec::new(),
            reviewers: 0,
            confidence: word(confidence::MEDIUM),
        }
    }

    /// The same, with what follows from facts. What they say nothing of stays as it is;
    /// so does the standing, which is of one jurisdiction.
    pub(crate) fn with(mut self, facts: &Facts) -> Self {
        let one = |facet: &str| facts.in_facet(facet).next().and_then(Code::new);
        self.severity = one("severity").or(self.severity);
        self.age = one("age").or(self.age);
        self.baseline = one("baseline").unwrap_or(self.baseline);
        self.same_image = one("same-image").unwrap_or(self.same_image);
        self.depiction = one("depiction").unwrap_or(self.depiction);
        self.context
            .extend(facts.in_facet("context").filter_map(Code::new));
        self
    }

    /// A code that is not known here, as it is.
    pub(crate) fn keep(&mut self, facet: &str, code: Code) {
        match facet {
            "severity" => self.severity = Some(code),
            "age" => self.age = Some(code),
            "depiction" => self.depiction = code,
            _ => self.context.push(code),
        }
    }

    fn of(&self, assessor: &MemberId, jurisdiction: &Country, at: TimeMs) -> Assessment {
        Assessment {
            at,
            age: self.age.clone(),
            code: self.code.clone(),
            unit: self.unit.clone(),
            gender: None,
            scheme: self.scheme.clone(),
            context: self.context.clone(),
            assessor: assessor.clone(),
            baseline: self.baseline.clone(),
            severity: self.severity.clone(),
            standing: Sorted::new([(jurisdiction.clone(), self.standing.clone())]),
            depiction: self.depiction.clone(),
            reviewers: self.reviewers,
            confidence: self.confidence.clone(),
            same_image: self.same_image.clone(),
            scheme_version: self.scheme_version.clone(),
        }
    }
}

/// A code of a registry or of this crate.
pub(crate) fn word(constant: &'static str) -> Code {
    #[expect(
        clippy::expect_used,
        reason = "a constant of the source; a test makes each"
    )]
    Code::new(constant).expect("a constant is a code")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_tells_where_its_parts_end() {
        assert_ne!(ReportKey::of(&[b"ab", b"c"]), ReportKey::of(&[b"a", b"bc"]));
        assert_ne!(ReportKey::of(&[b"ab"]), ReportKey::of(&[b"ab", b""]));
        assert_eq!(ReportKey::of(&[b"ab"]), ReportKey::of(&[b"ab"]));
    }
}
