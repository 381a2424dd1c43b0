//! `--proofs DIR`: the records of every case that was counted, each with its proof, and what ties them to the rows.
//!
//! ```text
//! DIR/report.json    the report: its groups, and for each case the groups that it is counted in and its records
//! DIR/log.vkey       the key of the log, one line (C2SP signed note)
//! DIR/records/N.proof     c2sp.org/tlog-proof@v1: the path from record N to a signed head
//! DIR/records/N.leaf      the record that it proves
//! DIR/records/N.facts     what the record commits to, if it is kept
//! DIR/records/N.receipt   the other side's receipt, if the record says that a statement was sent
//! DIR/README.txt     how to check it
//! ```
//! Only the own log: what others have shown us is theirs to show.

use std::collections::BTreeSet;
use std::path::Path;

use comity_report::report::Report;
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
/// The key of its log.
pub(super) const VKEY_FILE: &str = "log.vkey";
/// Its records.
pub(super) const RECORDS_FOLDER: &str = "records";

const README: &str = "\
This folder proves the figures of a report. It holds no locator, no text and no name of a person, but ids, codes and
times of cases: give it only to who may read the log.

report.json       the report. `cases` ties each case to the groups that it is counted in and to its records.
log.vkey          the key of the log, one line, a verifier key of C2SP signed notes. Get it from the roster of the
                  federation too, and compare: a folder cannot vouch for its own key.
records/N.proof   record N stands under a signed head of the log: c2sp.org/tlog-proof@v1
records/N.leaf    the record: the hash of the leaf is SHA-256 of a zero byte and this file
records/N.facts   what the record commits to: SHA-256 of this file is the `facts` of the record
records/N.receipt the other side's receipt of the statement (RFC 9942), under the key of its log in the roster

`comity report check FOLDER` checks every proof, without any node, and makes the figures again from the records.
Any tool for tlog-proof@v1 checks the proofs.
";

/// Writes the folder. How many records are in it.
///
/// # Errors
/// The report is of others' logs; there are more records than [`PROOF_RECORDS_MAX`]; the disk.
pub(super) fn write(
    folder: &Path,
    answer: &Value,
    report: &Report,
    client: &Client,
) -> Result<usize, Failure> {
    let log: Log = answers::take(&client.get("/v1/log", &[])?, "log")?;
    let indices: BTreeSet<u64> = report
        .cases
        .iter()
        .flat_map(|case| &case.records)
        .filter(|(member, _)| *member == report.made_by)
        .map(|(_, index)| *index)
        .collect();
    if indices.len() > PROOF_RECORDS_MAX {
        return Err(Failure::new(
            "too-many-proofs",
            format!(
                "The report is made of {} records, and a folder of proofs has at most {PROOF_RECORDS_MAX}.",
                indices.len()
            ),
            "Ask for a shorter period with --from and --until. For the whole log there is `comity log export`.",
        ));
    }
    let mut files = NewFiles::default();
    let document = answer.get("report").unwrap_or(answer);
    files.add(
        folder.join(REPORT_FILE),
        Mode::Private,
        format!("{document:#}\n").as_bytes(),
    );
    files.add(
        folder.join(VKEY_FILE),
        Mode::Private,
        format!("{}\n", log.vkey.trim()).as_bytes(),
    );
    files.add(folder.join("README.txt"), Mode::Private, README.as_bytes());
    let all: Vec<_> = indices.iter().map(u64::to_string).collect();
    for some in all.chunks(ASKED_AT_ONCE) {
        let answer = client.get("/v1/log/records", &[("index", some.join(","))])?;
        let records: Vec<Record> = answers::take(&answer, "records")?;
        for record in records {
            record.add_to(&mut files, &folder.join(RECORDS_FOLDER))?;
        }
    }
    files.write()?;
    Ok(indices.len())
}

/// No more than the node gives in one answer.
const ASKED_AT_ONCE: usize = 256;

#[derive(Deserialize)]
struct Record {
    index: u64,
    proof: String,
    leaf: String,
    facts: Option<String>,
    receipt: Option<String>,
}

impl Record {
    fn add_to(&self, files: &mut NewFiles, folder: &Path) -> Result<(), Failure> {
        let bytes = |hex: &String| {
            HEXLOWER
                .decode(hex.as_bytes())
                .map_err(|_| answers::not_understood())
        };
        let path = |extension: &str| folder.join(format!("{}.{extension}", self.index));
        files.add(path("proof"), Mode::Private, self.proof.as_bytes());
        files.add(path("leaf"), Mode::Private, &bytes(&self.leaf)?);
        for (extension, hex) in [("facts", &self.facts), ("receipt", &self.receipt)] {
            if let Some(hex) = hex {
                files.add(path(extension), Mode::Private, &bytes(hex)?);
            }
        }
        Ok(())
    }
}
