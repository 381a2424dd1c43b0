//! What the demo says in the end: one JSON object for programs, a table for people.

use comity_engine::desk::TimingRow;
use serde_json::{Map, Value, json};

use super::check::Verdict;
use crate::clock::text_of;
use crate::times::length;

/// One object.
pub(super) fn json(verdict: &Verdict) -> Value {
    let members: Vec<Value> = verdict
        .members
        .iter()
        .map(|member| {
            json!({
                "id": member.who.id(),
                "name": member.who.name(),
                "origin": member.origin,
                "log_size": member.size,
                "root": member.root,
                "statements_in": member.statements_in,
                "statements_out": member.statements_out,
                "receipts": member.receipts,
                "refusals": member.refusals,
            })
        })
        .collect();
    let items: Map<String, Value> = verdict
        .items
        .iter()
        .map(|(state, count)| (state.clone(), json!(count)))
        .collect();
    let rejected: Vec<Value> = verdict
        .rejected
        .iter()
        .map(|(file, line, field, code, message)| {
            json!({"file": file, "line": line, "field": field, "code": code, "message": message})
        })
        .collect();
    let rows = verdict
        .audit
        .as_ref()
        .map(|audit| audit.response_times.rows.as_slice());
    json!({
        "verified": verdict.verified(),
        "problems": verdict.problems,
        "input": {
            "read": verdict.read,
            "accepted": verdict.accepted,
            "known": verdict.known,
            "rejected": rejected,
        },
        "items": items,
        "cases": verdict.cases,
        "members": members,
        "response_times": rows.unwrap_or_default(),
        "audit": verdict.audit.as_ref().map(|audit| json!({
            "by": "regulator.example",
            "logs": audit.logs.iter().map(|(origin, records, complete)| {
                json!({"origin": origin, "records": records, "complete": complete})
            }).collect::<Vec<_>>(),
            "findings": audit.findings.iter().map(|(code, member, words)| {
                json!({"code": code, "member": member, "message": words})
            }).collect::<Vec<_>>(),
        })),
        "simulated": {
            "what": "what people decide, how long they take, and the clock; signatures, deliveries, receipts, logs and proofs are real",
            "clock_from": text_of(verdict.begun_at),
            "clock_to": text_of(verdict.ended_at),
            "acts": verdict.acts,
        },
        "data": verdict.data,
    })
}

/// While the nodes are still up.
pub(super) fn words(verdict: &Verdict) -> String {
    let mut text = format!("\nWhat became of {} reports:\n", verdict.accepted);
    for (state, count) in &verdict.items {
        text += &format!("  {count:>5}  {state}\n");
    }
    let count = |name| verdict.cases.get(name).copied().unwrap_or(0);
    text += &format!(
        "\n{} cases: {} takedown requests, {} referrals; {} still open; in {} both sides agree.\n",
        count("total"),
        count("takedown_requests"),
        count("referrals"),
        count("open"),
        count("agree"),
    );
    if let Some(audit) = &verdict.audit {
        text += "\nResponse times, as the regulator reads them from the logs that it may read (simulated delays):\n";
        text += &table(&audit.response_times.rows);
        text += &format!("{} findings.\n", audit.findings.len());
    }
    text
}

/// In the end.
pub(super) fn text(verdict: &Verdict) -> String {
    let mut text = String::from("\nThe logs, read again from the disk:\n");
    for member in &verdict.members {
        text += &format!(
            "  {:<18} {:>6} records  {:>5} in  {:>5} out  {:>5} receipts  {:>3} refusals  root {}…\n",
            member.who.name(),
            member.size,
            member.statements_in,
            member.statements_out,
            member.receipts,
            member.refusals,
            member.root.chars().take(16).collect::<String>(),
        );
    }
    if verdict.verified() {
        text += "\nVerified: every report is in one state, both sides of every case agree, every log is what its signed head says.\n";
    }
    for problem in &verdict.problems {
        text += &format!("NOT VERIFIED: {problem}\n");
    }
    if let Some(data) = &verdict.data {
        text += &format!(
            "The data stays in {data}. Look at a log: comity log verify --data {data}/north.example\n",
        );
    }
    text
}

fn table(rows: &[TimingRow]) -> String {
    let mut text = format!(
        "  {:<11} {:<23} {:>6} {:>6} {:>12} {:>12} {:>12}\n",
        "from", "to", "count", "open", "half within", "95% within", "slowest"
    );
    let shown = |ms: Option<u64>| ms.map_or_else(|| "-".to_owned(), length);
    for row in rows {
        text += &format!(
            "  {:<11} {:<23} {:>6} {:>6} {:>12} {:>12} {:>12}\n",
            row.clock,
            row.step,
            row.count,
            row.open,
            shown(row.p50_ms),
            shown(row.p95_ms),
            shown(row.max_ms),
        );
    }
    text
}
