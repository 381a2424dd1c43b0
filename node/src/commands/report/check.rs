//! `comity report check DIR`: does a folder of proofs prove its report? No node is asked.
//!
//! ```text
//! each file     is what SHA256SUMS says
//! each record   proof -> the head that the report names, under a key of the folder; leaf: its index; facts: committed to
//! each receipt  signed by the other side's log; about the same statement; the one that the record names
//! all together  records -> statements -> figures, made again and compared with those of the report
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use comity_audit::{LogRecords, visit_cases};
use comity_log::hash::leaf_hash;
use comity_log::head::Head;
use comity_log::key::{KeyName, VerifierKey};
use comity_log::limits::PROOF_BYTES_MAX;
use comity_log::receipts;
use comity_log::tlog_proof::TlogProof;
use comity_report::report::{Basis, Figures, LogUsed, Report};
use comity_report::{Adding, Base, Context, figures};
use comity_wire::ids::{Hash, Kid, PublicKey};
use comity_wire::leaf::{Facts, Leaf, Origin};
use comity_wire::limits::{EVIDENCE_BYTES_MAX, LEAF_BYTES_MAX};
use comity_wire::receipt::Receipt;
use comity_wire::registry::record_kind;
use serde_json::json;

use super::proofs::{KEYS_FOLDER, LOGS_FOLDER, REPORT_FILE, SUMS_FILE, records_of};
use crate::error::{Exit, Failure};
use crate::files;
use crate::limits::{ANSWER_BYTES_MAX, IDENTITY_BYTES_MAX};
use crate::output::Output;
use crate::tables::plain;

pub(super) const EXAMPLE: &str = "\
Checks every file, every proof and every receipt against the keys in the folder, and makes the figures again from the \
records. Compare those keys with the roster of the federation, and `basis` in report.json with its charter: a folder cannot \
vouch for its own keys.

Example:
  comity report response-times --by member --proofs proofs
  comity report response-times --source audit --by member --proofs proofs
  comity report check proofs";

/// Which folder.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The folder that --proofs has written
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let folder = Folder {
        dir: args.folder.clone(),
    };
    folder.check_sums()?;
    let report: Report = serde_json::from_slice(&folder.read(REPORT_FILE, ANSWER_BYTES_MAX)?)
        .map_err(|_| does_not_hold(&format!("{REPORT_FILE} is not a report")))?;
    let keys = folder.keys()?;
    let mut seen = Seen::default();
    let mut logs = Vec::new();
    for (used, indices) in records_of(&report) {
        let mut log = empty(used)?;
        for index in indices {
            let record = Place::new(&folder, used, index).record(&keys, &mut seen)?;
            log.records.push(record);
        }
        logs.push(log);
    }
    is_made_of(&report, logs)?;
    let answer = json!({"checked": {
        "records": seen.records,
        "receipts": seen.receipts,
        "under_older_heads": seen.under_older_heads,
        "without_facts": seen.without_facts,
        "logs": report.logs.iter().map(|log| &log.origin).collect::<Vec<_>>(),
        "keys": keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "figures": true,
    }});
    output.result(&answer, &seen.text(&keys));
    Ok(())
}

/// What was checked.
#[derive(Default)]
struct Seen {
    records: u64,
    receipts: u64,
    under_older_heads: u64,
    without_facts: u64,
}

impl Seen {
    fn text(&self, keys: &[VerifierKey]) -> String {
        let mut text = format!(
            "It holds: {} records stand under signed heads, {} receipts are signed by the other side, and the figures of the report are made of them.\n",
            self.records, self.receipts
        );
        if self.under_older_heads > 0 {
            text.push_str(&format!(
                "{} of the records stand under older heads of the same log.\n",
                self.under_older_heads
            ));
        }
        if self.without_facts > 0 {
            text.push_str(&format!(
                "Of {} records the facts are not here: they were erased, or may not be read.\n",
                self.without_facts
            ));
        }
        for key in keys {
            text.push_str(&format!("  key  {}\n", plain(&key.to_string())));
        }
        text.push_str("Compare the keys with the roster, and `basis` in report.json with the charter and the roster.");
        text
    }
}

// ---- Files

struct Folder {
    dir: PathBuf,
}

impl Folder {
    fn read(&self, name: &str, max: u64) -> Result<Vec<u8>, Failure> {
        files::read(&self.dir.join(name), max).map_err(|failure| match failure.code {
            "file-not-found" => does_not_hold(&format!("{name} is not there")),
            _ => failure,
        })
    }

    fn check_sums(&self) -> Result<(), Failure> {
        let sums = self.read(SUMS_FILE, ANSWER_BYTES_MAX)?;
        let sums = String::from_utf8(sums)
            .map_err(|_| does_not_hold(&format!("{SUMS_FILE} is not a list of hashes")))?;
        for line in sums.lines() {
            let (hash, name) = line
                .split_once("  ")
                .filter(|(_, name)| is_inside(name))
                .ok_or_else(|| does_not_hold(&format!("{SUMS_FILE} is not a list of hashes")))?;
            let bytes = self.read(name, ANSWER_BYTES_MAX)?;
            if Hash::of(&bytes).to_string() != hash {
                return Err(does_not_hold(&format!(
                    "{name} is not what {SUMS_FILE} says"
                )));
            }
        }
        Ok(())
    }

    fn keys(&self) -> Result<Vec<VerifierKey>, Failure> {
        let dir = self.dir.join(KEYS_FOLDER);
        let mut names: Vec<String> = fs::read_dir(&dir)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let keys = names.iter().map(|name| {
            let name = format!("{KEYS_FOLDER}/{name}");
            let text = self.read(&name, IDENTITY_BYTES_MAX)?;
            let text = String::from_utf8_lossy(&text).into_owned();
            text.trim()
                .parse()
                .map_err(|error| does_not_hold(&format!("{name}: {error}")))
        });
        keys.collect()
    }
}

/// Whether a name is that of a file in the folder, and of no other.
fn is_inside(name: &str) -> bool {
    let path = Path::new(name);
    path.components()
        .all(|part| matches!(part, std::path::Component::Normal(_)))
}

// ---- Records

/// Where the files of a record are.
struct Place<'a> {
    folder: &'a Folder,
    used: &'a LogUsed,
    index: u64,
}

impl<'a> Place<'a> {
    fn new(folder: &'a Folder, used: &'a LogUsed, index: u64) -> Self {
        Self {
            folder,
            used,
            index,
        }
    }

    fn name(&self, extension: &str) -> String {
        format!(
            "{LOGS_FOLDER}/{}/{}.{extension}",
            self.used.member, self.index
        )
    }

    fn read(&self, extension: &str, max: usize) -> Result<Vec<u8>, Failure> {
        let max = u64::try_from(max).unwrap_or(u64::MAX);
        self.folder.read(&self.name(extension), max)
    }

    fn read_if_there(&self, extension: &str, max: usize) -> Result<Option<Vec<u8>>, Failure> {
        let is_there = self.folder.dir.join(self.name(extension)).exists();
        is_there.then(|| self.read(extension, max)).transpose()
    }

    fn broken(&self, extension: &str, what: &dyn std::fmt::Display) -> Failure {
        does_not_hold(&format!("{}: {what}", self.name(extension)))
    }

    /// The record, if everything about it holds.
    fn record(
        &self,
        keys: &[VerifierKey],
        seen: &mut Seen,
    ) -> Result<(Leaf, Option<Facts>), Failure> {
        let bytes = self.read("leaf", LEAF_BYTES_MAX)?;
        let leaf = Leaf::decode(&bytes).map_err(|error| self.broken("leaf", &error))?;
        if leaf.index != self.index {
            return Err(self.broken("leaf", &"it is another record"));
        }
        if self.stands_under(&bytes, keys)? < self.used.size {
            seen.under_older_heads += 1;
        }
        let facts = self.facts(&leaf)?;
        if leaf.facts.is_some() && facts.is_none() {
            seen.without_facts += 1;
        }
        if self.receipt(&leaf, facts.as_ref(), keys)? {
            seen.receipts += 1;
        }
        seen.records += 1;
        Ok((leaf, facts))
    }

    /// The size of the signed head that the record stands under: that of the report, or, if only a part of the log was
    /// read, an older one.
    fn stands_under(&self, leaf: &[u8], keys: &[VerifierKey]) -> Result<u64, Failure> {
        let proof = TlogProof::parse(&self.read("proof", PROOF_BYTES_MAX)?)
            .map_err(|error| self.broken("proof", &error))?;
        if proof.index != self.index {
            return Err(self.broken("proof", &"it is of another record"));
        }
        let claimed = &proof.checkpoint.claimed().origin;
        if claimed.to_string() != self.used.origin {
            return Err(self.broken("proof", &"it is of another log"));
        }
        let name = KeyName::from(claimed);
        let mut of_log = keys.iter().filter(|key| *key.name() == name).peekable();
        if of_log.peek().is_none() {
            let what = format!("{KEYS_FOLDER} has no key of this log");
            return Err(self.broken("proof", &what));
        }
        let mut found = Err(self.broken("proof", &"no key of the log verifies it"));
        for key in of_log {
            match proof.verify(&leaf_hash(leaf), key) {
                Ok(head) => {
                    found = Ok(*head.head());
                    break;
                }
                Err(error) => {
                    let what = format!("it does not prove {}: {error}", self.name("leaf"));
                    found = Err(self.broken("proof", &what));
                }
            }
        }
        let head = found?;
        let is_named = head.size() == self.used.size && head.root().to_string() == self.used.root;
        let is_older = head.size() < self.used.size && !self.used.complete;
        if is_named || is_older {
            Ok(head.size())
        } else {
            Err(self.broken("proof", &"its head is not the one that the report names"))
        }
    }

    fn facts(&self, leaf: &Leaf) -> Result<Option<Facts>, Failure> {
        let max = usize::try_from(ANSWER_BYTES_MAX).unwrap_or(usize::MAX);
        let Some(bytes) = self.read_if_there("facts", max)? else {
            return Ok(None);
        };
        if leaf.facts != Some(Hash::of(&bytes)) {
            return Err(self.broken("facts", &"they are not those that the record commits to"));
        }
        let facts = Facts::decode(&bytes).map_err(|error| self.broken("facts", &error))?;
        Ok(Some(facts))
    }

    /// Whether there is a receipt. One that is there has to hold.
    fn receipt(
        &self,
        leaf: &Leaf,
        facts: Option<&Facts>,
        keys: &[VerifierKey],
    ) -> Result<bool, Failure> {
        let Some(bytes) = self.read_if_there("receipt", EVIDENCE_BYTES_MAX)? else {
            return Ok(false);
        };
        let broken = |what: &dyn std::fmt::Display| self.broken("receipt", what);
        let receipt = Receipt::read(&bytes).map_err(|error| broken(&error))?;
        let is_named =
            |key: &&VerifierKey| Kid::of(&PublicKey::new(key.key().to_bytes())) == *receipt.kid();
        let key = keys.iter().find(is_named).ok_or_else(|| {
            broken(&format!(
                "{KEYS_FOLDER} does not have the key that it names"
            ))
        })?;
        let verified = receipts::verify(&receipt, key.key()).map_err(|error| broken(&error))?;
        let theirs = verified.leaf();
        let origin = Origin::parse(key.name().as_str());
        let is_of_this = leaf.kind.as_str() == record_kind::SENT
            && theirs.kind.as_str() == record_kind::RECEIVED
            && theirs.statement == leaf.statement
            && theirs.counterpart.as_ref().map(|me| me.as_str()) == Some(&self.used.member)
            && origin.map(|origin| origin.member) == leaf.counterpart;
        if !is_of_this {
            return Err(broken(&"it is of another statement"));
        }
        let named = facts.and_then(|facts| facts.receipt);
        if named.is_some_and(|named| named != *verified.leaf_hash()) {
            return Err(broken(&"it is not the one that the record names"));
        }
        Ok(true)
    }
}

// ---- Figures

/// A log of the report, without its records.
fn empty(used: &LogUsed) -> Result<LogRecords, Failure> {
    let head = Hash::from_hex(&used.root).and_then(|root| Head::new(used.size, root).ok());
    let origin = Origin::parse(&used.origin).filter(|origin| origin.member.as_str() == used.member);
    let (Some(origin), Some(head)) = (origin, head) else {
        return Err(does_not_hold(&format!("{REPORT_FILE} names no log")));
    };
    Ok(LogRecords {
        member: origin.member.clone(),
        origin,
        head,
        complete: used.complete,
        counterparts: used.all_with.iter().cloned().collect(),
        taken_at: used.taken_at,
        records: Vec::new(),
        findings: Vec::new(),
    })
}

/// Whether the figures are those of the records.
fn is_made_of(report: &Report, logs: Vec<LogRecords>) -> Result<(), Failure> {
    let basis: Basis = report.basis.clone().unwrap_or_default();
    let mut adding = Adding {
        context: Context::of(basis, report.made_at),
        base: Base::default(),
    };
    visit_cases(&logs, &mut adding);
    let again = figures(&adding.base, &report.asked, report.made_at)
        .map_err(|_| does_not_hold("the report has too many groups"))?;
    let made_of: BTreeSet<String> = comity_report::cases(&adding.base, &report.asked)
        .into_iter()
        .map(|case| format!("{} {:?}", case.case, case.groups))
        .collect();
    let said: BTreeSet<String> = report
        .cases
        .iter()
        .map(|case| format!("{} {:?}", case.case, case.groups))
        .collect();
    if again != report.table {
        Err(does_not_hold(&differs(&again, &report.table)))
    } else if made_of != said {
        Err(does_not_hold(&format!(
            "the cases of {REPORT_FILE} are not those of the records"
        )))
    } else {
        Ok(())
    }
}

fn differs(again: &Figures, said: &Figures) -> String {
    let rows = again.rows.iter().zip(&said.rows);
    let row = rows.clone().find(|(one, other)| one != other);
    let legal = again.legal.iter().zip(&said.legal);
    let legal = legal.clone().find(|(one, other)| one != other);
    match (row, legal) {
        (Some((one, _)), _) => format!(
            "the figures for {} {} {} are not those of the records",
            plain(&one.group.join(" ")),
            one.clock,
            one.step
        ),
        (None, Some((one, _))) => format!(
            "the figures of the legal clock {} are not those of the records",
            plain(&one.clock)
        ),
        (None, None) if again.ages != said.ages => {
            "what is open by age is not what the records say".to_owned()
        }
        (None, None) => format!(
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
