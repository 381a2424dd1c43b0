//! What stands on the command line for one item: `1=done:content/removed:illegal-content`, `2=offline`. Only the form is
//! read here; whether a code fits is for the node to say.

use std::str::FromStr;

use comity_wire::ids::{CaseId, StatementId};
use comity_wire::registry::{ObservationResult, OutcomeAnswer};
use comity_wire::words::{ItemNumber, Round};
use serde_json::{Value, json};

/// What was done for one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutcomeRow {
    pub(crate) item: Numbered,
    pub(crate) answer: OutcomeAnswer,
    pub(crate) measures: Vec<(String, String)>,
    pub(crate) reason: Option<String>,
}

impl FromStr for OutcomeRow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (item, rest) = text.split_once('=').ok_or(OUTCOME)?;
        let mut parts = rest.split(':');
        let answer = parts.next().unwrap_or_default();
        let answer = OutcomeAnswer::from_name(answer).ok_or_else(|| {
            let names = OutcomeAnswer::ALL.map(OutcomeAnswer::as_str);
            format!("the answer is one of {}", names.join(", "))
        })?;
        let (measures, reason) = match (parts.next(), parts.next(), parts.next()) {
            (None, None, None) => (Vec::new(), None),
            (Some(part), None, None) if !part.contains('/') => (Vec::new(), Some(part)),
            (Some(part), reason, None) => (measures(part)?, reason),
            _ => return Err(OUTCOME.to_owned()),
        };
        let reason = reason.map(code).transpose()?;
        Ok(Self {
            item: item.parse()?,
            answer,
            measures,
            reason,
        })
    }
}

impl OutcomeRow {
    /// The row as the node takes it.
    pub(crate) fn to_json(&self, automated: bool, effective_at: Option<u64>) -> Value {
        json!({
            "n": self.item.n,
            "round": self.item.round,
            "answer": self.answer.as_str(),
            "measures": self.measures,
            "reason": self.reason,
            "effective_at": effective_at,
            "automated": automated,
        })
    }
}

/// What was seen of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObservationRow {
    pub(crate) item: Numbered,
    pub(crate) result: ObservationResult,
}

impl FromStr for ObservationRow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (item, result) = text.split_once('=').ok_or(OBSERVATION)?;
        let result = ObservationResult::from_name(result).ok_or_else(|| {
            let names = ObservationResult::ALL.map(ObservationResult::as_str);
            format!("the result is one of {}", names.join(", "))
        })?;
        Ok(Self {
            item: item.parse()?,
            result,
        })
    }
}

/// `3`, or `3.2` for its second round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) n: ItemNumber,
    pub(crate) round: Option<Round>,
}

impl FromStr for Numbered {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (n, round) = match text.split_once('.') {
            Some((n, round)) => (n, Some(number(round)?)),
            None => (text, None),
        };
        Ok(Self {
            n: number(n)?,
            round,
        })
    }
}

/// `CASE:N`: the item of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaseItem {
    pub(crate) case: CaseId,
    pub(crate) n: ItemNumber,
}

impl FromStr for CaseItem {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (case, n) = text.split_once(':').ok_or(CASE_ITEM)?;
        Ok(Self {
            case: case_id(case)?,
            n: number(n)?,
        })
    }
}

/// The id of a case.
pub(crate) fn case_id(text: &str) -> Result<CaseId, String> {
    CaseId::from_hex(text).ok_or_else(|| {
        "a case is named by 32 hex digits; `comity inbox` and `comity outbox` show them".to_owned()
    })
}

/// The id of a statement.
pub(crate) fn statement_id(text: &str) -> Result<StatementId, String> {
    StatementId::from_hex(text).ok_or_else(|| {
        "a statement is named by 64 hex digits; `comity case show CASE` shows them".to_owned()
    })
}

/// The number of an item.
pub(crate) fn number(text: &str) -> Result<ItemNumber, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| "items and rounds are numbered from 1".to_owned())
}

/// `content/removed,account/suspended`
fn measures(text: &str) -> Result<Vec<(String, String)>, String> {
    let measure = |part: &str| {
        let (target, action) = part.split_once('/').ok_or(OUTCOME)?;
        Ok((code(target)?, code(action)?))
    };
    text.split(',').map(measure).collect()
}

/// A word of a registry.
fn code(text: &str) -> Result<String, String> {
    comity_wire::words::Code::new(text)
        .map(|_| text.to_owned())
        .ok_or_else(|| "codes are lower-case words with hyphens".to_owned())
}

const OUTCOME: &str = "an outcome is written N=ANSWER[:TARGET/ACTION[,TARGET/ACTION]][:REASON], for example \
                       1=done:content/removed or 2=declined:below-threshold";
const OBSERVATION: &str = "an observation is written N=RESULT, for example 1=offline";
const CASE_ITEM: &str = "the item of a case is written CASE:N";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn an_outcome_is_an_item_an_answer_measures_and_a_reason() {
        let row = |n, round, answer, measures: &[(&str, &str)], reason: Option<&str>| OutcomeRow {
            item: Numbered { n, round },
            answer: OutcomeAnswer::from_name(answer).unwrap(),
            measures: measures
                .iter()
                .map(|(target, action)| ((*target).to_owned(), (*action).to_owned()))
                .collect(),
            reason: reason.map(str::to_owned),
        };
        let check = |text: &str, expected: Option<OutcomeRow>| {
            assert_eq!(text.parse().ok(), expected, "{text}");
        };
        check("1=done", Some(row(1, None, "done", &[], None)));
        check(
            "1=done:content/removed",
            Some(row(1, None, "done", &[("content", "removed")], None)),
        );
        check(
            "12.2=done:content/removed,account/suspended:illegal-here",
            Some(row(
                12,
                Some(2),
                "done",
                &[("content", "removed"), ("account", "suspended")],
                Some("illegal-here"),
            )),
        );
        check(
            "2=not-found:gone",
            Some(row(2, None, "not-found", &[], Some("gone"))),
        );
        for wrong in [
            "",
            "1",
            "=done",
            "0=done",
            "-1=done",
            "1.=done",
            "1.0=done",
            "1=",
            "1=removed",
            "1=Done",
            "1=done:",
            "1=done:content/",
            "1=done:content/removed:",
            "1=done:gone:gone",
            "1=done:content/removed:gone:gone",
            "99999999999999999999999=done",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn an_observation_is_an_item_and_a_result() {
        let check = |text: &str, expected: Option<(u64, Option<u64>, ObservationResult)>| {
            let found = text.parse::<ObservationRow>().ok();
            let found = found.map(|row| (row.item.n, row.item.round, row.result));
            assert_eq!(found, expected, "{text}");
        };
        check("1=offline", Some((1, None, ObservationResult::Offline)));
        check("3.2=online", Some((3, Some(2), ObservationResult::Online)));
        for wrong in [
            "",
            "1",
            "1=gone",
            "x=offline",
            "1=offline:manual",
            "0=offline",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn ids_are_hex_of_one_length() {
        let case = "ab".repeat(16);
        assert!(case_id(&case).is_ok());
        assert!(case_id(&case.to_uppercase()).is_err());
        assert!(case_id("ab").is_err());
        assert!(statement_id(&"ab".repeat(32)).is_ok());
        assert!(statement_id(&case).is_err());
        let check = |text: String, expected| assert_eq!(text.parse::<CaseItem>().is_ok(), expected);
        check(format!("{case}:1"), true);
        check(format!("{case}:0"), false);
        check(case.clone(), false);
        check(format!("{case}:1:1"), false);
    }
}
