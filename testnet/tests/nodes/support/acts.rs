//! What people do all day.

use comity_testnet::federation::{FIRST_PERSON, Member, SECOND_PERSON};
use serde_json::{Value, json};

use super::desk::{Desk, No};
use super::world::DOMAIN;

/// The two people of a member.
pub(crate) struct Staff {
    pub(crate) first: Desk,
    pub(crate) second: Desk,
}

/// A draft that was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) draft: String,
    pub(crate) case: String,
}

impl Staff {
    pub(crate) fn of(member: &Member) -> Self {
        Self {
            first: Desk::new(member, FIRST_PERSON),
            second: Desk::new(member, SECOND_PERSON),
        }
    }

    /// Drafts a request about a locator that no other number has.
    pub(crate) fn draft(&self, number: u64) -> Result<Draft, No> {
        let url = format!("https://files.{DOMAIN}/by-hand/{number}");
        let body = json!({"items": [{"url": url, "country": "IE"}]});
        let done = self.first.post("/v1/requests", &body)?;
        let text = |name: &str| done["drafted"][name].as_str().unwrap().to_owned();
        Ok(Draft {
            draft: text("draft"),
            case: text("case"),
        })
    }

    /// Confirms drafts: of each the statement, or the code for which there is none.
    pub(crate) fn confirm(&self, drafts: &[String]) -> Result<Vec<Result<String, String>>, No> {
        let body = json!({"drafts": drafts, "decision": "confirm"});
        let done = self.second.post("/v1/reviews", &body)?;
        let rows = done["reviewed"].as_array().unwrap();
        assert_eq!(rows.len(), drafts.len());
        let outcome = |row: &Value| match row["statement"].as_str() {
            Some(statement) => Ok(statement.to_owned()),
            None => Err(row["problem"]["code"].as_str().unwrap().to_owned()),
        };
        Ok(rows.iter().map(outcome).collect())
    }

    /// Drafts and confirms: the case and the statement.
    pub(crate) fn request(&self, number: u64) -> (String, String) {
        let Draft { draft, case } = self.draft(number).unwrap();
        let mut signed = self.confirm(&[draft]).unwrap();
        (case, signed.remove(0).unwrap())
    }

    /// Answers a request: the statement.
    pub(crate) fn accept(&self, case: &str) -> Result<String, No> {
        self.say("/v1/answers", &json!({"case": case, "answer": "accepted"}))
    }

    /// Reports that the first item was removed.
    pub(crate) fn removed(&self, case: &str) -> Result<String, No> {
        let measures = [["content", "removed"]];
        let item = json!({"n": 1, "answer": "done", "measures": measures});
        self.say("/v1/outcomes", &json!({"case": case, "items": [item]}))
    }

    /// Looks at the first item.
    pub(crate) fn look(&self, case: &str) -> Result<(), No> {
        let seen = self
            .second
            .post("/v1/looks", &json!({"case": case, "n": 1}))?;
        assert!(seen["seen"]["defanged"].is_string(), "not a look");
        Ok(())
    }

    /// Imports a file of so many reports about locators that no other file has.
    pub(crate) fn import(&self, file: u64, reports: u64) -> Result<Value, No> {
        let done = self
            .first
            .import(&format!("{file}.csv"), &reports_of(file, reports))?;
        Ok(done["imported"].clone())
    }

    /// Drafts that wait for the second person.
    pub(crate) fn waiting(&self) -> Result<Vec<String>, No> {
        let shown = self.second.get("/v1/drafts?limit=20")?;
        let rows = shown["drafts"]["rows"].as_array().unwrap();
        let waiting = rows
            .iter()
            .filter(|row| row["confirmable"] == true && row["kind"] != "none");
        Ok(waiting
            .map(|row| row["draft"].as_str().unwrap().to_owned())
            .collect())
    }

    fn say(&self, path: &str, body: &Value) -> Result<String, No> {
        let done = self.first.post(path, body)?;
        let signed = done["signed"]["statement"].as_str();
        Ok(signed
            .unwrap_or_else(|| panic!("{path}: not signed"))
            .to_owned())
    }
}

/// Hotline CSV.
pub(crate) fn reports_of(file: u64, reports: u64) -> String {
    let mut lines = String::from(
        "hotlineReceivedDate,hotlineReference,urlString,hostingCountryCode,hostingIpAddress,hostingIsp,\
         classification,ageCategorization,genderCategorization,action,assessedDate\n",
    );
    for n in 1..=reports {
        lines += &format!(
            "2026-02-14T13:32Z,{file}-{n},https://files.{DOMAIN}/{file}/{n},IE,192.0.2.201,Example Platform,\
             National CSAM,Pubescent,Female,ReportedToISP,2026-02-15T06:03:00Z\n"
        );
    }
    lines
}
