//! Whether everything is as it must be: each report in exactly one state, both sides of every case of one mind, every
//! log what its signed head says, nothing found by the audits.

use std::collections::BTreeMap;

use comity_engine::desk::{AuditShown, CaseShown, Desk as _, Direction, Person, Query, Shown};
use comity_store::StorageKey;
use comity_wire::ids::CaseId;
use comity_wire::leaf::Leaf;
use comity_wire::registry::record_kind;
use comity_wire::words::TimeMs;

use super::found::{Stopped, Who, World, of_work};
use super::play::{Story, cases};
use crate::error::Failure;
use crate::keys::STORAGE_KEY_FILE;
use crate::log_check::check_log;

/// What came out.
#[derive(Default)]
pub(super) struct Verdict {
    pub(super) read: u64,
    pub(super) accepted: u64,
    pub(super) known: u64,
    /// `[file, line, field, code, message]`
    pub(super) rejected: Vec<(String, u64, Option<String>, String, String)>,
    /// Reports by the state of their locator.
    pub(super) items: Vec<(String, u64)>,
    pub(super) cases: BTreeMap<&'static str, u64>,
    pub(super) acts: BTreeMap<String, u64>,
    pub(super) begun_at: TimeMs,
    pub(super) ended_at: TimeMs,
    /// The regulator's.
    pub(super) audit: Option<AuditShown>,
    pub(super) members: Vec<MemberCounts>,
    /// What is not as it must be. Empty: all is.
    pub(super) problems: Vec<String>,
    pub(super) data: Option<String>,
}

/// What the log of a member says.
pub(super) struct MemberCounts {
    pub(super) who: Who,
    pub(super) origin: String,
    pub(super) size: u64,
    pub(super) root: String,
    pub(super) statements_in: u64,
    pub(super) statements_out: u64,
    pub(super) receipts: u64,
    pub(super) refusals: u64,
}

impl Verdict {
    /// Whether everything is as it must be.
    pub(super) fn verified(&self) -> bool {
        self.problems.is_empty()
    }

    /// What was found while the nodes were up.
    pub(super) fn words(&self) -> String {
        super::report::words(self)
    }
}

/// Asks the nodes.
pub(super) async fn online(world: &World, story: &Story) -> Result<Verdict, Failure> {
    let mut verdict = Verdict {
        begun_at: story.begun_at,
        ended_at: story.ended_at,
        acts: story.acts.clone(),
        problems: story.problems.clone(),
        ..Verdict::default()
    };
    for (_, summary) in &story.imported {
        verdict.read += summary.read;
        verdict.accepted += summary.accepted;
        verdict.known += summary.known;
        let rows = summary.rejected.iter().map(|line| {
            (
                line.file.clone(),
                line.line,
                line.field.clone(),
                line.code.clone(),
                line.message.clone(),
            )
        });
        verdict.rejected.extend(rows);
    }
    every_report_has_one_state(world, &mut verdict).await?;
    for opener in [Who::North, Who::South] {
        both_sides_agree(world, opener, &mut verdict).await?;
    }
    for who in Who::ALL {
        let person = Person::new("officer-1")
            .ok_or_else(|| Failure::new("internal-word", "not a name", "Report this."))?;
        let audit = world
            .desk(who)?
            .audit(person)
            .await
            .map_err(|error| of_work(&error))?;
        for (code, member, _) in &audit.findings {
            if OF_THE_STORY.contains(&code.as_str()) {
                continue;
            }
            verdict.problems.push(format!(
                "{} found `{code}` in the log of {member}",
                who.id()
            ));
        }
        if who == Who::Regulator {
            verdict.audit = Some(audit);
        }
    }
    Ok(verdict)
}

/// What is found of what people did, and not of whether the logs are right: in the story something that was said to be gone
/// is seen once more, and a second round begins.
const OF_THE_STORY: [&str; 2] = ["answer-late", "outcome-contradicted"];

async fn every_report_has_one_state(world: &World, verdict: &mut Verdict) -> Result<(), Failure> {
    let Shown::Items(items) = world.query(Who::North, Query::Items).await? else {
        return Ok(());
    };
    let counted: u64 = items.states.iter().map(|(_, count)| count).sum();
    if counted != verdict.accepted || items.reports != verdict.accepted {
        let accepted = verdict.accepted;
        verdict.problems.push(format!(
            "{accepted} reports were taken in, {counted} have a state"
        ));
    }
    verdict.items = items.states;
    Ok(())
}

async fn both_sides_agree(
    world: &World,
    opener: Who,
    verdict: &mut Verdict,
) -> Result<(), Failure> {
    for row in cases(world, opener, Direction::Out, None).await? {
        *verdict.cases.entry("total").or_default() += 1;
        let kind = if row.kind == "referral" {
            "referrals"
        } else {
            "takedown_requests"
        };
        *verdict.cases.entry(kind).or_default() += 1;
        if row.open {
            *verdict.cases.entry("open").or_default() += 1;
        }
        let Some(recipient) = Who::of_id(&row.counterpart) else {
            continue;
        };
        let (Some(ours), Some(theirs)) = (
            shown(world, opener, &row.case).await?,
            shown(world, recipient, &row.case).await?,
        ) else {
            verdict
                .problems
                .push(format!("case {}: one side does not have it", row.case));
            continue;
        };
        if !ours.parents.is_empty() || !ours.children.is_empty() {
            *verdict.cases.entry("linked").or_default() += 1;
        }
        if said(&ours) == said(&theirs) {
            *verdict.cases.entry("agree").or_default() += 1;
        } else {
            verdict
                .problems
                .push(format!("case {}: the two sides do not agree", row.case));
        }
    }
    Ok(())
}

async fn shown(world: &World, who: Who, case: &str) -> Result<Option<CaseShown>, Failure> {
    let Some(id) = CaseId::from_hex(case) else {
        return Ok(None);
    };
    match world.query(who, Query::Case(id)).await {
        Ok(Shown::Case(case)) => Ok(Some(*case)),
        Err(failure) if failure.code == "unknown-case" => Ok(None),
        Err(failure) => Err(failure),
        Ok(_) => Ok(None),
    }
}

/// What both sides must have alike: statements, and the state of each item.
fn said(case: &CaseShown) -> (Vec<&str>, Vec<(u64, &str, u64)>) {
    let mut statements: Vec<&str> = case
        .timeline
        .iter()
        .map(|event| event.statement.as_str())
        .collect();
    statements.sort_unstable();
    let items = case
        .items
        .iter()
        .map(|item| (item.n, item.state.as_str(), item.round));
    (statements, items.collect())
}

/// Reads the logs of the stopped nodes from the disk, record by record.
pub(super) fn offline(stopped: &Stopped, verdict: &mut Verdict) -> Result<(), Failure> {
    for (who, origin, data_dir) in &stopped.logs {
        let key =
            StorageKey::read(&data_dir.join("keys").join(STORAGE_KEY_FILE)).map_err(of_store)?;
        let mut counts = MemberCounts {
            who: *who,
            origin: origin.to_string(),
            size: 0,
            root: String::new(),
            statements_in: 0,
            statements_out: 0,
            receipts: 0,
            refusals: 0,
        };
        let checked = check_log(data_dir, &key, origin, false, &mut |leaf| counts.add(leaf));
        let checked = checked.map_err(of_store)?;
        counts.size = checked.report.head.size();
        counts.root = checked.report.head.root().to_string();
        for damage in checked.damages() {
            let problem = format!("the log of {}: {}", who.id(), damage.what);
            verdict.problems.push(problem);
        }
        if checked.report.published.is_none() {
            let problem = format!("the log of {}: no signed head", who.id());
            verdict.problems.push(problem);
        }
        verdict.members.push(counts);
    }
    if stopped.folder.is_kept() {
        verdict.data = Some(stopped.folder.path().display().to_string());
    }
    Ok(())
}

impl MemberCounts {
    fn add(&mut self, leaf: &[u8]) {
        let Ok(leaf) = Leaf::decode(leaf) else {
            return;
        };
        let count = match leaf.kind.as_str() {
            record_kind::RECEIVED => &mut self.statements_in,
            record_kind::OFFERED => &mut self.statements_out,
            record_kind::SENT => &mut self.receipts,
            record_kind::REFUSED => &mut self.refusals,
            _ => return,
        };
        *count += 1;
    }
}

fn of_store(error: comity_store::StoreError) -> Failure {
    Failure::new(error.code(), error.to_string(), error.next_step())
}
