//! What the codes of other schemes say in ours, and no more than they say.
//!
//! | scheme, code | standing (own law) | baseline | disposition |
//! | --- | --- | --- | --- |
//! | `iccam` Baseline CSAM | illegal | yes | act |
//! | `iccam` National CSAM | illegal | not assessed | act |
//! | `iccam` Ignore | not illegal | not assessed | ignore |
//! | `iccam` Doubtful (version 2 only) | unclear | not assessed | a person looks |
//! | `xarf-csam` baseline | illegal | yes | act |
//! | `xarf-csam` A1, A2, B1, B2 | illegal | not assessed | act |
//! | `xarf-csam`, found by a program, nobody looked | not assessed | not assessed | act |
//! | `xarf-csem` (each type) | not assessed | not assessed | act |
//!
//! Baseline material is illegal wherever there is a law, so in the hotline's country
//! too. "National" and the letters of NCMEC say nothing of the baseline; what one
//! country finds illegal is not said of another. What only a program has found still
//! goes to a person before it is sent, as every draft does.

use comity_wire::registry::{baseline, confidence, standing, urgency};
use comity_wire::words::Code;

use crate::fault::Fault;
use crate::limits::{CONFIDENCE_HIGH_MIN, CONFIDENCE_LOW_MAX};
use crate::report::{Disposition, ReviewReason};

/// XARF 4, type `csam`.
pub const XARF_CSAM: &str = "xarf-csam";

/// XARF 4, type `csem`.
pub const XARF_CSEM: &str = "xarf-csem";

/// The classifications of ICCAM.
pub const ICCAM: &str = "iccam";

/// A measure of a hotline: it told the host. `reported` is said of authorities only.
pub const REPORTED_TO_HOST: &str = "reported-to-host";

/// No age was told from another.
pub const AGE_NOT_DETERMINED: &str = "not-determined";

/// What a classification says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) standing: &'static str,
    pub(crate) baseline: &'static str,
    pub(crate) disposition: Disposition,
}

const BASELINE: Said = Said {
    standing: standing::ILLEGAL,
    baseline: baseline::YES,
    disposition: Disposition::Act,
};

const NATIONAL: Said = Said {
    standing: standing::ILLEGAL,
    baseline: baseline::NOT_ASSESSED,
    disposition: Disposition::Act,
};

const UNASSESSED: Said = Said {
    standing: standing::NOT_ASSESSED,
    baseline: baseline::NOT_ASSESSED,
    disposition: Disposition::Act,
};

const DOUBTFUL: Said = Said {
    standing: standing::UNCLEAR,
    baseline: baseline::NOT_ASSESSED,
    disposition: Disposition::Review(ReviewReason::Doubtful),
};

const IGNORE: Said = Said {
    standing: standing::NOT_ILLEGAL,
    baseline: baseline::NOT_ASSESSED,
    disposition: Disposition::Ignore,
};

/// A classification of ICCAM: its code as the scheme spells it, the version of the
/// scheme that has it, what it says.
pub(crate) fn iccam(text: &str) -> Result<(&'static str, &'static str, Said), Fault> {
    let rows = [
        ("Baseline CSAM", "3", BASELINE),
        ("National CSAM", "3", NATIONAL),
        ("Ignore", "3", IGNORE),
        ("Doubtful", "2", DOUBTFUL),
    ];
    let row = rows
        .into_iter()
        .find(|row| row.0.eq_ignore_ascii_case(text));
    row.ok_or(Fault::Classification)
}

/// A classification of XARF's `csam`. `looked`: whether more than a program did.
pub(crate) fn csam(text: &str, looked: bool) -> Result<Said, Fault> {
    match (text, looked) {
        ("baseline" | "A1" | "A2" | "B1" | "B2", false) => Ok(UNASSESSED),
        ("baseline", true) => Ok(BASELINE),
        ("A1" | "A2" | "B1" | "B2", true) => Ok(NATIONAL),
        _ => Err(Fault::Classification),
    }
}

/// The type of a `csem` report: what it says, and how urgent it is. In grooming and
/// sextortion somebody is in touch with a child now.
pub(crate) fn csem(text: &str) -> Result<(Said, &'static str), Fault> {
    match text {
        "grooming" | "sextortion" => Ok((UNASSESSED, urgency::URGENT)),
        "solicitation" | "trafficking" | "distribution" | "production" | "possession" => {
            Ok((UNASSESSED, urgency::ROUTINE))
        }
        _ => Err(Fault::ExploitationType),
    }
}

/// The age that the letter of an NCMEC class stands for.
pub(crate) fn csam_age(class: &str) -> Option<&'static str> {
    match class.as_bytes().first() {
        Some(b'A') => Some("pre-pubescent"),
        Some(b'B') => Some("pubescent"),
        _ => None,
    }
}

/// An age band of any scheme as a code: `Pre-pubescent`, `prepubescent`.
pub(crate) fn age(text: &str) -> Result<Code, Fault> {
    let code = as_code(text).ok_or(Fault::Age)?;
    let ours = match code.as_str() {
        "prepubescent" => "pre-pubescent",
        "unknown" | "not-categorised" | "not-categorized" => AGE_NOT_DETERMINED,
        other => other,
    };
    Code::new(ours).ok_or(Fault::Age)
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
    use super::*;

    #[test]
    fn a_classification_says_what_it_says_and_no_more() {
        let check = |found: Result<Said, Fault>, standing: &str, baseline: &str| {
            let found = found.map(|said| (said.standing, said.baseline));
            assert_eq!(found, Ok((standing, baseline)));
        };
        let of = |text| iccam(text).map(|row| row.2);
        check(of("Baseline CSAM"), "illegal", "yes");
        check(of("national csam"), "illegal", "not-assessed");
        check(of("Ignore"), "not-illegal", "not-assessed");
        check(of("Doubtful"), "unclear", "not-assessed");
        check(csam("baseline", true), "illegal", "yes");
        for class in ["A1", "A2", "B1", "B2"] {
            check(csam(class, true), "illegal", "not-assessed");
            check(csam(class, false), "not-assessed", "not-assessed");
        }
        check(csam("baseline", false), "not-assessed", "not-assessed");
        check(
            csem("possession").map(|row| row.0),
            "not-assessed",
            "not-assessed",
        );
        assert_eq!(csam("C1", true), Err(Fault::Classification));
        assert_eq!(csam("C1", false), Err(Fault::Classification));
        assert_eq!(of("Illegal"), Err(Fault::Classification));
        assert_eq!(csem("other"), Err(Fault::ExploitationType));
    }

    #[test]
    fn who_is_in_touch_with_a_child_is_urgent() {
        let urgency = |text| csem(text).map(|row| row.1);
        assert_eq!(urgency("grooming"), Ok("urgent"));
        assert_eq!(urgency("sextortion"), Ok("urgent"));
        assert_eq!(urgency("distribution"), Ok("routine"));
    }

    #[test]
    fn ages_become_codes() {
        let check = |text: &str, expected: &str| {
            assert_eq!(age(text).map(|code| code.to_string()), Ok(expected.into()));
        };
        check("Infant", "infant");
        check("Pre-pubescent", "pre-pubescent");
        check("prepubescent", "pre-pubescent");
        check("Pubescent", "pubescent");
        check("toddler", "toddler");
        check("Not categorised", "not-determined");
        check("Not Determined", "not-determined");
        check("unknown", "not-determined");
        for bad in ["", "?", "ages 3/4", &"a".repeat(65)] {
            assert_eq!(age(bad), Err(Fault::Age), "{bad}");
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
