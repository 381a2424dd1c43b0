//! Whether two assessments of one locator contradict each other, so that a person
//! has to look again before anything is sent.

use comity_taxonomy::{COMITY, facts};
use comity_wire::parts::Assessment;
use comity_wire::registry::{baseline, scheme, standing};
use comity_wire::words::{Code, Country};

/// Whether two assessments cannot both hold:
///
/// - for one jurisdiction, one says illegal and the other not illegal;
/// - for one jurisdiction, one asks for action without having looked at the law (a
///   report in XARF does so by being made) and the other says not illegal;
/// - one says that the international baseline is met, and the other that it is not,
///   or that the content is not illegal somewhere.
///
/// Jurisdictions differ, so illegal in one and not in another is no conflict; nor is
/// it when one says more than the other, or is in doubt. The order does not matter.
#[must_use]
pub fn assessments_conflict(a: &Assessment, b: &Assessment) -> bool {
    contradicts(a, b) || contradicts(b, a)
}

/// Whether `a` asks for what `b` denies.
fn contradicts(a: &Assessment, b: &Assessment) -> bool {
    let meets_baseline = a.baseline == *baseline::YES;
    if meets_baseline && b.baseline == *baseline::NO {
        return true;
    }
    let denied = b.standing.iter().filter(|(_, found)| denies(found));
    denied
        .into_iter()
        .any(|(country, _)| meets_baseline || asks_for_action(a, country))
}

/// Not illegal, or a narrower value: harmful and not illegal.
fn denies(found: &Code) -> bool {
    let concept = |id: &str| COMITY.concept("standing", id).map(|concept| concept.term);
    let above = concept(found.as_str()).map(|term| facts::following(&COMITY, term));
    let not_illegal = concept(standing::NOT_ILLEGAL);
    above.is_some_and(|above| not_illegal.is_some_and(|term| above.contains(&term)))
}

fn asks_for_action(assessment: &Assessment, country: &Country) -> bool {
    let is_report = [scheme::XARF_CSAM, scheme::XARF_CSEM].contains(&assessment.scheme.as_str());
    let found = assessment.standing.find(&country);
    let said = found.map(|(_, found): &(Country, Code)| found.as_str());
    match said {
        Some(standing::ILLEGAL) => true,
        Some(standing::NOT_ASSESSED) => is_report,
        _ => false,
    }
}
