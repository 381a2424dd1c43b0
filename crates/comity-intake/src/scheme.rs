//! What the codes of other schemes say in ours, and no more than they say.
//!
//! The crosswalks of `comity-taxonomy` say what follows from a code; here stands only what a report adds by being
//! made:
//!
//! | scheme, code | standing (own law) | disposition |
//! | --- | --- | --- |
//! | `iccam` | as the code says | `illegal`: act, `not-illegal`: ignore, `unclear`: a person looks |
//! | `xarf-csam` | illegal | act |
//! | `xarf-csam`, found by a program, nobody looked | not assessed | act |
//! | `xarf-csem` | not assessed | act |
//!
//! Who reports content as child sexual abuse material, having looked, says that it is illegal where they are; the
//! class says nothing of that. What one country finds illegal is not said of another. What only a program has found
//! says nothing of the law, and still goes to a person before it is sent, as every draft does.

use comity_taxonomy::{COMITY, CodeRef, Facts};
use comity_wire::registry::{confidence, context, scheme, standing, urgency};
use comity_wire::words::Code;

use crate::fault::Fault;
use crate::limits::{CONFIDENCE_HIGH_MIN, CONFIDENCE_LOW_MAX};
use crate::report::{Disposition, ReviewReason};

/// What a classification says.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// As the scheme writes it.
    pub(crate) code: &'static str,
    /// The version of the scheme that has it.
    pub(crate) version: &'static str,
    /// What follows from it.
    pub(crate) facts: Facts,
    /// Registry `standing`.
    pub(crate) standing: &'static str,
    /// What is to be done.
    pub(crate) disposition: Disposition,
}

impl Said {
    fn of(code: CodeRef, standing: &'static str, disposition: Disposition) -> Option<Self> {
        Some(Self {
            code: code.code.code,
            version: code.code.version,
            facts: Facts::of_code(&COMITY, &code).ok()?,
            standing,
            disposition,
        })
    }
}

/// A classification of ICCAM, in capitals or not.
pub(crate) fn iccam(text: &str) -> Result<Said, Fault> {
    let said = code_of(scheme::ICCAM, "classification", text).and_then(|code| {
        let facts = Facts::of_code(&COMITY, &code).ok()?;
        let says = |id: &str| {
            let concept = COMITY.concept("standing", id);
            concept.is_some_and(|concept| facts.says(&COMITY, concept.term))
        };
        let (standing, disposition) = if says(standing::ILLEGAL) {
            (standing::ILLEGAL, Disposition::Act)
        } else if says(standing::NOT_ILLEGAL) {
            (standing::NOT_ILLEGAL, Disposition::Ignore)
        } else {
            let doubt = Disposition::Review(ReviewReason::Doubtful);
            (standing::UNCLEAR, doubt)
        };
        Said::of(code, standing, disposition)
    });
    said.ok_or(Fault::Classification)
}

/// A classification of XARF's `csam`. `looked`: whether more than a program did.
pub(crate) fn csam(text: &str, looked: bool) -> Result<Said, Fault> {
    let code = code_of(scheme::XARF_CSAM, "classification", text);
    // A format for programs has one way to write a code.
    let code = code.filter(|code| code.code.code == text);
    let standing = if looked {
        standing::ILLEGAL
    } else {
        standing::NOT_ASSESSED
    };
    let said = code.and_then(|code| Said::of(code, standing, Disposition::Act));
    let said = said.ok_or(Fault::Classification)?;
    if looked {
        return Ok(said);
    }
    let seen = said.facts.terms().filter(|term| term.facet != "baseline");
    let facts = Facts::of(&COMITY, seen).map_err(|_| Fault::Classification)?;
    Ok(Said { facts, ..said })
}

/// The type of a `csem` report: what it says, and how urgent it is. In grooming and
/// sexual extortion somebody is in touch with a child now.
pub(crate) fn csem(text: &str) -> Result<(Said, &'static str), Fault> {
    let code = code_of(scheme::XARF_CSEM, "exploitation_type", text);
    let code = code.filter(|code| code.code.code == text);
    let said = code
        .and_then(|code| Said::of(code, standing::NOT_ASSESSED, Disposition::Act))
        .ok_or(Fault::ExploitationType)?;
    let in_touch = said
        .facts
        .in_facet("context")
        .any(|context| [context::GROOMING, context::SEXUAL_EXTORTION].contains(&context));
    let urgency = if in_touch {
        urgency::URGENT
    } else {
        urgency::ROUTINE
    };
    Ok((said, urgency))
}

/// An age category of ICCAM.
pub(crate) fn iccam_age(text: &str) -> Result<Option<Code>, Fault> {
    age(scheme::ICCAM, "age", text)
}

/// An age range of XARF's `csem`.
pub(crate) fn csem_age(text: &str) -> Result<Option<Code>, Fault> {
    age(scheme::XARF_CSEM, "victim_age_range", text)
}

/// What a known code says of the age, if anything. A code that is not known is kept as
/// it is: the registry is open.
fn age(scheme: &str, list: &str, text: &str) -> Result<Option<Code>, Fault> {
    match code_of(scheme, list, text) {
        Some(code) => {
            let facts = Facts::of_code(&COMITY, &code).map_err(|_| Fault::Age)?;
            Ok(facts.in_facet("age").next().and_then(Code::new))
        }
        None => as_code(text).map(Some).ok_or(Fault::Age),
    }
}

fn code_of(scheme: &str, list: &str, text: &str) -> Option<CodeRef> {
    COMITY
        .scheme(scheme)?
        .find(&format!("{list}/{text}"))
        .ok()
        .filter(|code| code.list.id == list)
}

/// A score as a code of the registry `confidence`. None was given: `medium`, the
/// least that who reports a thing says of it.
pub(crate) fn sureness(score: Option<f64>) -> Result<&'static str, Fault> {
    match score {
        None => Ok(confidence::MEDIUM),
        Some(score) if !(0.0..=1.0).contains(&score) => Err(Fault::Confidence),
        Some(score) if score >= CONFIDENCE_HIGH_MIN => Ok(confidence::HIGH),
        Some(score) if score > CONFIDENCE_LOW_MAX => Ok(confidence::MEDIUM),
        Some(_) => Ok(confidence::LOW),
    }
}

/// Words as a code: lower case, hyphens for spaces and underlines.
pub(crate) fn as_code(text: &str) -> Option<Code> {
    let code = text.to_ascii_lowercase().replace([' ', '_'], "-");
    Code::new(&code).filter(|_| code.len() <= comity_wire::limits::CODE_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_classification_says_what_it_says_and_no_more() {
        let check = |found: Result<Said, Fault>, standing: &str, facts: &[&str]| {
            let found = found.unwrap();
            assert_eq!(found.standing, standing);
            let said: Vec<_> = found.facts.terms().map(|term| term.to_string()).collect();
            assert_eq!(said, facts);
        };
        check(iccam("Baseline CSAM"), "illegal", &["baseline/yes"]);
        check(iccam("national csam"), "illegal", &["standing/illegal"]);
        check(iccam("Ignore"), "not-illegal", &["standing/not-illegal"]);
        check(iccam("Doubtful"), "unclear", &["standing/unclear"]);
        check(csam("baseline", true), "illegal", &["baseline/yes"]);
        let a1 = ["age/pre-pubescent", "same-image/yes", "severity/sexual-act"];
        check(csam("A1", true), "illegal", &a1);
        let b2 = ["age/pubescent", "same-image/yes", "severity/no-act"];
        check(csam("B2", true), "illegal", &b2);
        // A program sees, but does not judge.
        check(csam("A1", false), "not-assessed", &a1);
        check(csam("baseline", false), "not-assessed", &[]);
        let said = csem("possession").map(|row| row.0);
        check(said, "not-assessed", &["context/possession"]);
        for bad in ["C1", "a1", "classification/A1", ""] {
            assert_eq!(csam(bad, true).err(), Some(Fault::Classification), "{bad}");
            assert_eq!(csam(bad, false).err(), Some(Fault::Classification), "{bad}");
        }
        assert_eq!(iccam("Illegal").err(), Some(Fault::Classification));
        // A code of another list of the same scheme is none of this one.
        assert_eq!(iccam("Infant").err(), Some(Fault::Classification));
        assert_eq!(csem("other").err(), Some(Fault::ExploitationType));
    }

    #[test]
    fn who_is_in_touch_with_a_child_is_urgent() {
        let urgency = |text| csem(text).map(|row| row.1).ok();
        assert_eq!(urgency("grooming"), Some("urgent"));
        assert_eq!(urgency("sextortion"), Some("urgent"));
        assert_eq!(urgency("distribution"), Some("routine"));
    }

    #[test]
    fn ages_become_codes() {
        let check = |found: Result<Option<Code>, Fault>, expected: Option<&str>| {
            let found = found.unwrap();
            assert_eq!(found.as_ref().map(Code::as_str), expected);
        };
        check(iccam_age("Infant"), Some("infant"));
        check(iccam_age("Pre-pubescent"), Some("past-infancy"));
        check(iccam_age("pubescent"), Some("pubescent"));
        check(csem_age("prepubescent"), Some("past-infancy"));
        // Whether somebody looked is not said, so nothing is.
        check(iccam_age("Not categorised"), None);
        check(csem_age("unknown"), None);
        // Not known: kept.
        check(csem_age("toddler"), Some("toddler"));
        for bad in ["", "?", "ages 3/4", &"a".repeat(65)] {
            assert_eq!(csem_age(bad), Err(Fault::Age), "{bad}");
        }
    }

    #[test]
    fn a_score_becomes_a_word() {
        let check = |score, expected| assert_eq!(sureness(score), expected, "{score:?}");
        check(None, Ok("medium"));
        check(Some(1.0), Ok("high"));
        check(Some(0.9), Ok("high"));
        check(Some(0.89), Ok("medium"));
        check(Some(0.5), Ok("low"));
        check(Some(0.0), Ok("low"));
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            check(Some(bad), Err(Fault::Confidence));
        }
    }
}
