//! `comity report check DIR`: does a folder of proofs prove its report? No node is asked.
//!
//! ```text
//! each record   proof -> signed head, under the key in the folder; leaf: its index, its case; facts: committed to
//! all together  records -> statements -> figures, made again and compared with those of the report
//! ```
//! Legal clocks are not made again: that takes the charter.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use comity_audit::{LogRecords, visit_cases};
use comity_log::checkpoint::VerifiedCheckpoint;
use comity_log::hash::leaf_hash;
use comity_log::key::VerifierKey;
use comity_log::tlog_proof::TlogProof;
use comity_report::report::{Figures, Report};
use comity_report::{Adding, Base, Context, figures};
use comity_wire::leaf::{Facts, Leaf};
use serde_json::json;

use super::proofs::{RECORDS_FOLDER, REPORT_FILE, VKEY_FILE};
use crate::error::{Exit, Failure};
use crate::files;
use crate::limits::{ANSWER_BYTES_MAX, IDENTITY_BYTES_MAX};
use crate::output::Output;

pub(super) const EXAMPLE: &str = "\
Checks every proof against the key in the folder, and makes the figures again from the records. Compare that key with the \
roster of the federation: a folder cannot vouch for its own key.

Example:
  comity report response-times --by member --proofs proofs
  comity report check proofs";

/// Which folder.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The folder that --proofs has written
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let read = |name: &str, max| files::read(&args.folder.join(name), max);
    let report: Report = serde_json::from_slice(&read(REPORT_FILE, ANSWER_BYTES_MAX)?)
        .map_err(|_| does_not_hold("report.json is not a report"))?;
    let vkey = String::from_utf8_lossy(&read(VKEY_FILE, IDENTITY_BYTES_MAX)?).into_owned();
    let vkey: VerifierKey = vkey
        .trim()
        .parse()
        .map_err(|error| does_not_hold(&format!("log.vkey: {error}")))?;
    let indices: BTreeSet<u64> = report
        .cases
        .iter()
        .flat_map(|case| &case.records)
        .filter(|(member, _)| *member == report.made_by)
        .map(|(_, index)| *index)
        .collect();
    let mut heads: Option<VerifiedCheckpoint> = None;
    let mut records = Vec::new();
    for index in &indices {
        let (head, record) = record(&args.folder.join(RECORDS_FOLDER), *index, &vkey)?;
        records.push(record);
        heads = heads
            .filter(|known| known.head().size() >= head.head().size())
            .or(Some(head));
    }
    if let Some(head) = heads {
        is_made_of(&report, &head, records)?;
    } else if report.table.requests > 0 {
        return Err(does_not_hold(
            "the report counts requests, and no record is here",
        ));
    }
    let text = format!(
        "It holds: {} records stand under signed heads of {}, and the figures of the report are made of them.\n  key  {vkey}\nCompare the key with the roster. Legal clocks were not made again: that takes the charter.",
        indices.len(),
        vkey.name().as_str(),
    );
    let answer = json!({"checked": {"records": indices.len(), "log": vkey.name().as_str(), "figures": true}});
    output.result(&answer, &text);
    Ok(())
}

/// A record and the head that it stands under.
fn record(
    folder: &Path,
    index: u64,
    vkey: &VerifierKey,
) -> Result<(VerifiedCheckpoint, (Leaf, Option<Facts>)), Failure> {
    let path = |extension: &str| folder.join(format!("{index}.{extension}"));
    let broken = |what: String| does_not_hold(&format!("record {index}: {what}"));
    let bytes = files::read(&path("leaf"), IDENTITY_BYTES_MAX)?;
    let proof = TlogProof::parse(&files::read(&path("proof"), IDENTITY_BYTES_MAX)?)
        .map_err(|error| broken(error.to_string()))?;
    let head = proof
        .verify(&leaf_hash(&bytes), vkey)
        .map_err(|error| broken(error.to_string()))?;
    let leaf = Leaf::decode(&bytes).map_err(|error| broken(error.to_string()))?;
    if leaf.index != index || proof.index != index {
        return Err(broken("it is another record".to_owned()));
    }
    let facts = path("facts");
    let facts = if facts.exists() {
        let bytes = files::read(&facts, ANSWER_BYTES_MAX)?;
        if leaf.facts != Some(comity_wire::ids::Hash::of(&bytes)) {
            return Err(broken(
                "its facts are not those that it commits to".to_owned(),
            ));
        }
        Some(Facts::decode(&bytes).map_err(|error| broken(error.to_string()))?)
    } else {
        None
    };
    Ok((head, (leaf, facts)))
}

/// Whether the figures are those of the records.
fn is_made_of(
    report: &Report,
    head: &VerifiedCheckpoint,
    records: Vec<(Leaf, Option<Facts>)>,
) -> Result<(), Failure> {
    let origin = head.origin().clone();
    if origin.member.as_str() != report.made_by {
        return Err(does_not_hold("the log is not that of who made the report"));
    }
    let log = LogRecords {
        member: origin.member.clone(),
        origin,
        head: *head.head(),
        complete: true,
        counterparts: BTreeSet::new(),
        taken_at: report.made_at,
        records,
        findings: Vec::new(),
    };
    let mut adding = Adding {
        context: Context {
            now: report.made_at,
            ..Context::default()
        },
        base: Base::default(),
    };
    visit_cases(&[log], &mut adding);
    let by_clock = report.asked.by.contains(&comity_report::Dimension::Clock);
    let mut wish = report.asked.clone();
    if by_clock {
        wish.by = Vec::new();
    }
    let again = figures(&adding.base, &wish, report.made_at)
        .map_err(|_| does_not_hold("the report has too many groups"))?;
    let same = again.requests == report.table.requests
        && again.rounds == report.table.rounds
        && (by_clock || (again.rows == report.table.rows && again.ages == report.table.ages));
    if same {
        Ok(())
    } else {
        Err(does_not_hold(&differs(&again, &report.table)))
    }
}

fn differs(again: &Figures, said: &Figures) -> String {
    let row = again
        .rows
        .iter()
        .zip(&said.rows)
        .find(|(one, other)| one != other);
    match row {
        Some((one, _)) => format!(
            "the figures for {} {} {} are not those of the records",
            one.group.join(" "),
            one.clock,
            one.step
        ),
        None => format!(
            "the records come to {} requests and {} rounds, the report says {} and {}",
            again.requests, again.rounds, said.requests, said.rounds
        ),
    }
}

fn does_not_hold(what: &str) -> Failure {
    Failure::new(
        "proof-failed",
        format!("The folder does not prove its report: {what}."),
        "Ask who gave it to you for another one, and keep this one: a record under a signed head that says something else is evidence.",
    )
    .exits(Exit::NotVerified)
}
