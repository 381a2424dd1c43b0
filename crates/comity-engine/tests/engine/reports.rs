//! What proves a report, and which findings it names.

use comity_engine::desk::{Desk as _, FindingRow, NewFindingReply, Query, RecordShown};
use comity_engine::desk::{RecordsAsked, Shown, Work};
use comity_log::hash::leaf_hash;
use comity_log::key::VerifierKey;
use comity_log::tlog_proof::TlogProof;
use comity_report::report::{LogUsed, Report};
use comity_report::{Dimension, Source, Wish};
use comity_testkit::ports::{World, person};
use comity_wire::audit_exchange::AuditReply;
use comity_wire::leaf::Leaf;

use crate::audits::{ALL, witnessed};
use crate::desk::*;

const DAY_MS: u64 = 24 * HOUR_MS;

async fn report(world: &World, name: &str, source: Source, cases: bool) -> Report {
    let wish = Wish {
        by: vec![Dimension::Member],
        source,
        cases,
        ..Wish::default()
    };
    match world.query(name, Query::Report(wish)).await {
        Ok(Shown::Report(report)) => *report,
        other => panic!("{other:?}"),
    }
}

async fn records(
    world: &World,
    name: &str,
    asked: RecordsAsked,
) -> Result<Vec<RecordShown>, String> {
    match world.query(name, Query::Records(asked)).await {
        Ok(Shown::Records(records)) => Ok(records),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.code.to_owned()),
    }
}

/// Every record that the cases name in one log.
fn named(report: &Report, log: &LogUsed) -> Vec<u64> {
    let all = report.cases.iter().flat_map(|case| &case.records);
    let of_log = all.filter(|(member, _)| *member == log.member);
    of_log.map(|(_, index)| *index).collect()
}

/// A proof that holds, and the size of the head that it leads to.
fn proven(record: &RecordShown) -> (Leaf, u64, String) {
    let key: VerifierKey = record.vkey.parse().unwrap();
    let leaf = hex::decode(&record.leaf);
    let proof = TlogProof::parse(record.proof.as_bytes()).unwrap();
    let head = proof.verify(&leaf_hash(&leaf), &key).unwrap();
    let leaf = Leaf::decode(&leaf).unwrap();
    assert_eq!(leaf.index, record.index);
    (leaf, head.head().size(), head.head().root().to_string())
}

mod hex {
    pub(super) fn decode(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.chars().map(|c| c.to_digit(16).unwrap()).collect();
        digits
            .chunks(2)
            .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_regulator_proves_every_record_of_its_report_under_the_heads_of_its_audit() {
    let world = World::new();
    for n in 1..4 {
        request(&world, "north", &on_platform(n)).await;
        refer(
            &world,
            "north",
            "south",
            &format!("https://elsewhere.example/{n}"),
        )
        .await;
    }
    world.rest(&["north", "platform", "south"]).await;
    witnessed(&world, &ALL).await;
    world
        .engine("regulator")
        .audit(person("anna"))
        .await
        .unwrap();
    let found = report(&world, "regulator", Source::Audit, true).await;
    assert!(found.basis.is_some());
    // What is recorded after the audit is no part of it.
    request(&world, "north", &on_platform(9)).await;
    world.rest(&["north", "platform"]).await;
    let mut seen = Vec::new();
    for log in &found.logs {
        let indices = named(&found, log);
        if indices.is_empty() {
            continue;
        }
        let asked = RecordsAsked {
            log: Some(log.origin.clone()),
            indices: indices.clone(),
            size: None,
        };
        let shown = records(&world, "regulator", asked).await.unwrap();
        assert_eq!(shown.len(), indices.len(), "{}", log.member);
        for record in &shown {
            let (_, size, root) = proven(record);
            assert_eq!((size, &root), (log.size, &log.root), "{}", log.member);
        }
        seen.push((log.member.as_str(), log.complete));
    }
    // The platform is in its remit; of north it reads what is about the platform.
    assert_eq!(seen, [("north.example", false), ("platform.example", true)]);
    for (log, code) in [("of nobody", "log-not-audited")] {
        let asked = RecordsAsked {
            log: Some(log.to_owned()),
            indices: vec![0],
            size: None,
        };
        let refused = records(&world, "regulator", asked).await;
        assert_eq!(refused.unwrap_err(), code);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_was_pulled_under_several_heads_is_proven_under_each() {
    let world = World::new();
    request(&world, "north", &on_platform(1)).await;
    world.rest(&["north", "platform"]).await;
    // What was the newest witnessed head a moment ago is not shown any more.
    world.clock.advance(120_000);
    world
        .engine("regulator")
        .audit(person("anna"))
        .await
        .unwrap();
    request(&world, "north", &on_platform(2)).await;
    world.rest(&["north", "platform"]).await;
    // What was the newest witnessed head a moment ago is not shown any more.
    world.clock.advance(120_000);
    world
        .engine("regulator")
        .audit(person("anna"))
        .await
        .unwrap();
    let found = report(&world, "regulator", Source::Audit, true).await;
    let log = found
        .logs
        .iter()
        .find(|log| !log.complete && !named(&found, log).is_empty());
    let log = log.unwrap();
    let asked = RecordsAsked {
        log: Some(log.origin.clone()),
        indices: named(&found, log),
        size: None,
    };
    let shown = records(&world, "regulator", asked).await.unwrap();
    let sizes: std::collections::BTreeSet<u64> =
        shown.iter().map(|record| proven(record).1).collect();
    assert_eq!(sizes.len(), 2, "{sizes:?}");
    assert_eq!(sizes.last(), Some(&log.size));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_of_the_own_log_is_proven_under_the_head_that_a_report_names() {
    let world = World::new();
    request(&world, "north", &on_platform(1)).await;
    world.rest(&["north", "platform"]).await;
    let found = report(&world, "north", Source::Own, true).await;
    request(&world, "north", &on_platform(2)).await;
    world.rest(&["north", "platform"]).await;
    let log = &found.logs[0];
    let asked = |size| RecordsAsked {
        log: None,
        indices: named(&found, log),
        size,
    };
    let shown = records(&world, "north", asked(Some(log.size)))
        .await
        .unwrap();
    assert!(!shown.is_empty());
    let mut receipts = 0;
    for record in &shown {
        let (leaf, size, root) = proven(record);
        assert_eq!((size, &root), (log.size, &log.root));
        let is_sent = leaf.kind.as_str() == "sent";
        assert_eq!(record.receipt.is_some(), is_sent);
        assert_eq!(record.receipt_vkey.is_some(), is_sent);
        receipts += usize::from(is_sent);
    }
    assert_eq!(receipts, 1);
    let newest = records(&world, "north", asked(None)).await.unwrap();
    assert!(proven(&newest[0]).1 > log.size);
    for size in [0, u64::MAX] {
        let refused = records(&world, "north", asked(Some(size))).await;
        assert_eq!(refused.unwrap_err(), "unknown-record");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_counts_findings_that_wait_and_names_published_ones_with_their_reply() {
    let world = World::new();
    request(&world, "north", &on_platform(1)).await;
    world.rest(&["north", "platform"]).await;
    let (regulator, platform) = (world.key("regulator"), world.key("platform"));
    world.hub.lie(regulator, platform, |_, _, reply| {
        let Ok(AuditReply::Records(mut page)) = AuditReply::decode(reply.as_deref()?) else {
            return reply;
        };
        if page.records.len() > 1 {
            page.records.remove(1);
        }
        Some(AuditReply::Records(page).encode())
    });
    let shown = world
        .engine("regulator")
        .audit(person("anna"))
        .await
        .unwrap();
    let all = shown.details.len();
    assert!(all > 0);
    let found = report(&world, "regulator", Source::Audit, false).await;
    assert_eq!(
        (found.findings.len(), found.findings_waiting),
        (0, all as u64)
    );
    // A report from the own log is of no audit.
    let own = report(&world, "regulator", Source::Own, false).await;
    assert_eq!((own.findings.len(), own.findings_waiting), (0, 0));

    let about = || async {
        match world.query("platform", Query::Findings).await {
            Ok(Shown::Findings(rows)) => rows,
            other => panic!("{other:?}"),
        }
    };
    let here = async || about().await.len() == all;
    world
        .until_in_time("the findings are handed over", 60_000, here)
        .await;
    let rows: Vec<FindingRow> = about().await;
    let reply = Work::ReplyFinding(NewFindingReply {
        finding: rows[0].finding.id.clone(),
        code: "explained".to_owned(),
        text: Some("The disk was changed.".to_owned()),
    });
    world.work("platform", reply).await.unwrap();
    let replied = async || {
        let found = report(&world, "regulator", Source::Audit, false).await;
        found.findings.len() == 1
    };
    world
        .until_in_time("the reply is back", 60_000, replied)
        .await;
    let found = report(&world, "regulator", Source::Audit, false).await;
    assert_eq!(found.findings_waiting, all as u64 - 1);
    assert_eq!(
        found.findings[0].reply.as_deref(),
        Some("explained: The disk was changed.")
    );
    assert_eq!(found.findings[0].member, "platform.example");

    // Silence keeps nothing from being published, and is told as such.
    world.clock.advance(15 * DAY_MS);
    let found = report(&world, "regulator", Source::Audit, false).await;
    assert_eq!((found.findings.len(), found.findings_waiting), (all, 0));
    let replies = found.findings.iter().filter(|row| row.reply.is_some());
    assert_eq!(replies.count(), 1);
}
