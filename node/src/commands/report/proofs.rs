//! `--proofs DIR`: the records of every case that was counted, each with its proof, and what ties them to the rows.
//!
//! ```text
//! DIR/report.json            the report: its groups, and for each case the groups that it is counted in and its records
//! DIR/keys/NAME.vkey         the keys of logs, one line each (C2SP signed note)
//! DIR/logs/MEMBER/N.proof    c2sp.org/tlog-proof@v1: the path from record N to a signed head
//! DIR/logs/MEMBER/N.leaf     the record that it proves
//! DIR/logs/MEMBER/N.facts    what the record commits to, if it is kept
//! DIR/logs/MEMBER/N.receipt  the other side's receipt, if the record says that a statement was sent (own log)
//! DIR/README.txt             what is proven, what is claimed, and how to check it
//! DIR/SHA256SUMS             of every other file
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use comity_report::report::{LogUsed, Report};
use comity_wire::ids::{Hash, MemberId};
use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde_json::Value;

use crate::answers::{self, Log};
use crate::client::Client;
use crate::error::Failure;
use crate::files::{Mode, NewFiles};
use crate::limits::PROOF_RECORDS_MAX;

/// The report of a folder.
pub(super) const REPORT_FILE: &str = "report.json";
/// Its keys of logs.
pub(super) const KEYS_FOLDER: &str = "keys";
/// The records, by member.
pub(super) const LOGS_FOLDER: &str = "logs";
/// The hash of every file.
pub(super) const SUMS_FILE: &str = "SHA256SUMS";

const README: &str = "\
This folder proves the figures of a report. It holds no locator, no text and no name of a person, but ids, codes and
times of cases: give it only to who may read the logs.

report.json              the report. `cases` ties each case to the groups that it is counted in and to its records.
keys/NAME.vkey           the key of a log, one line, a verifier key of C2SP signed notes
logs/MEMBER/N.proof      record N of the member's log stands under a signed head: c2sp.org/tlog-proof@v1
logs/MEMBER/N.leaf       the record: the hash of the leaf is SHA-256 of a zero byte and this file
logs/MEMBER/N.facts      what the record commits to: SHA-256 of this file is the `facts` of the record
logs/MEMBER/N.receipt    the other side's receipt of the statement (RFC 9942)
SHA256SUMS               for `sha256sum -c`

Proven: that these records stand under heads that the logs have signed, that the facts are those of the records, that
the other side has signed the receipts, and that the times, counts, shares within legal clocks and open items of the
report come out of these records.

Claimed by who made the report: that there are no other cases (who may read a whole log can count them); which legal
clocks are in force and where members are, `basis` of the report (compare with the charter and the roster); the keys
(compare with the roster: a folder cannot vouch for its own keys); findings. Claimed by the hotline: when the public
reported something. Facts that were erased are missing, and count as not shown.

`comity report check FOLDER` checks all of it, without any node. Any tool for tlog-proof@v1 checks the proofs.
";

/// Writes the folder. How many records are in it.
///
/// # Errors
/// There are more records than [`PROOF_RECORDS_MAX`]; the node has not what the report was made of any more; the disk.
pub(super) fn write(
    folder: &Path,
    answer: &Value,
    report: &Report,
    client: &Client,
) -> Result<usize, Failure> {
    let own: Log = answers::take(&client.get("/v1/log", &[])?, "log")?;
    let wanted = records_of(report);
    let records: usize = wanted.iter().map(|(_, indices)| indices.len()).sum();
    if records > PROOF_RECORDS_MAX {
        return Err(Failure::new(
            "too-many-proofs",
            format!(
                "The report is made of {records} records, and a folder of proofs has at most {PROOF_RECORDS_MAX}."
            ),
            "Ask for a shorter period with --from and --until. For the whole log there is `comity log export`.",
        ));
    }
    let mut files = BTreeMap::new();
    let document = answer.get("report").unwrap_or(answer);
    files.insert(
        REPORT_FILE.to_owned(),
        format!("{document:#}\n").into_bytes(),
    );
    files.insert("README.txt".to_owned(), README.as_bytes().to_vec());
    for (log, indices) in &wanted {
        for record in ask(client, log, &own, indices)? {
            record.add_to(&mut files, log)?;
        }
    }
    write_with_sums(folder, &files)?;
    Ok(records)
}

/// Of each log of a report: the records that its cases name.
pub(super) fn records_of(report: &Report) -> Vec<(&LogUsed, BTreeSet<u64>)> {
    let named = |member: &str| {
        let records = report.cases.iter().flat_map(|case| &case.records);
        let records = records.filter(|(whose, _)| whose == member);
        records.map(|(_, index)| *index).collect()
    };
    report
        .logs
        .iter()
        .map(|log| (log, named(&log.member)))
        .collect()
}

fn ask(
    client: &Client,
    log: &LogUsed,
    own: &Log,
    indices: &BTreeSet<u64>,
) -> Result<Vec<Record>, Failure> {
    let (at_once, which) = if log.origin == own.origin {
        (ASKED_AT_ONCE, ("size", log.size.to_string()))
    } else {
        (AUDITED_AT_ONCE, ("log", log.origin.clone()))
    };
    let all: Vec<_> = indices.iter().map(u64::to_string).collect();
    let mut found = Vec::with_capacity(all.len());
    for some in all.chunks(at_once) {
        let asked = [("index", some.join(",")), which.clone()];
        let answer = client.get("/v1/log/records", &asked)?;
        found.extend(answers::take::<Vec<Record>>(&answer, "records")?);
    }
    Ok(found)
}

/// No more than the node gives in one answer: of its own log, and of another.
const ASKED_AT_ONCE: usize = 256;
const AUDITED_AT_ONCE: usize = 2_048;

fn write_with_sums(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let mut new = NewFiles::default();
    let mut sums = String::new();
    for (name, bytes) in files {
        sums.push_str(&format!("{}  {name}\n", Hash::of(bytes)));
        new.add(folder.join(name), Mode::Private, bytes);
    }
    new.add(folder.join(SUMS_FILE), Mode::Private, sums.as_bytes());
    new.write()
}

#[derive(Deserialize)]
struct Record {
    index: u64,
    proof: String,
    leaf: String,
    facts: Option<String>,
    vkey: String,
    receipt: Option<String>,
    receipt_vkey: Option<String>,
}

impl Record {
    fn add_to(&self, files: &mut BTreeMap<String, Vec<u8>>, log: &LogUsed) -> Result<(), Failure> {
        let bytes = |hex: &String| {
            HEXLOWER
                .decode(hex.as_bytes())
                .map_err(|_| answers::not_understood())
        };
        let member = MemberId::new(&log.member).ok_or_else(answers::not_understood)?;
        let mut add = |extension: &str, bytes: Vec<u8>| {
            let name = format!("{LOGS_FOLDER}/{}/{}.{extension}", member, self.index);
            files.insert(name, bytes);
        };
        add("proof", self.proof.clone().into_bytes());
        add("leaf", bytes(&self.leaf)?);
        for (extension, hex) in [("facts", &self.facts), ("receipt", &self.receipt)] {
            if let Some(hex) = hex {
                add(extension, bytes(hex)?);
            }
        }
        for vkey in std::iter::once(&self.vkey).chain(&self.receipt_vkey) {
            let name = format!("{KEYS_FOLDER}/{}", key_file(vkey));
            files.insert(name, format!("{}\n", vkey.trim()).into_bytes());
        }
        Ok(())
    }
}

/// `FED/MEMBER/N+ID+KEY` is in `MEMBER-N-ID.vkey`: of a log that had several keys, each has a file.
fn key_file(vkey: &str) -> String {
    let (name, rest) = vkey.split_once('+').unwrap_or((vkey, ""));
    let (_, log) = name.split_once('/').unwrap_or(("", name));
    let id = rest.split_once('+').map_or("", |(id, _)| id);
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || ".-/".contains(*c);
    let plain: String = format!("{log}/{id}").chars().filter(is_plain).collect();
    format!("{}.vkey", plain.replace('/', "-"))
}

#[cfg(test)]
mod tests {
    use super::key_file;

    #[test]
    fn the_file_of_a_key_is_named_after_its_log() {
        let check = |vkey: &str, expected: &str| assert_eq!(key_file(vkey), expected, "{vkey}");
        check(
            "f00d/north.example/1+0a1b2c3d+AbCd/+=",
            "north.example-1-0a1b2c3d.vkey",
        );
        check("../../x", "..-x-.vkey");
    }
}
