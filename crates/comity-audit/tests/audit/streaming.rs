//! One log, row by row, and what the auditor knows besides.

use comity_audit::{Bound, Bounds, Finding, Known, Reader, Rosters, Verified, Verifier};
use comity_log::head::Head;
use comity_testkit::federation::NOW_MS;
use comity_wire::ids::Hash;
use comity_wire::leaf::RosterRef;
use comity_wire::registry::record_kind;

use crate::fixture::{Log, at, id};

const HOUR: u64 = 3_600_000;

/// Opened, and a record each hour.
fn hourly(records: u64) -> Log {
    let mut log = Log::new("north");
    for hour in 1..records {
        log.add(record_kind::ROSTER, hour * HOUR, None);
    }
    log
}

fn head_of(log: &Log) -> Head {
    *log.signed().0.head()
}

/// A whole log whose rows have no paths.
fn verified(log: &Log, known: Known<'_>) -> Result<Verified, Vec<Finding>> {
    let (checkpoint, rows) = log.signed();
    let (origin, reader) = (log.origin(), Reader::of_own_log(&id("north")));
    let mut verifier = Verifier::new(&origin, &reader, 0, known);
    verifier.under(*checkpoint.head());
    for row in &rows {
        assert!(verifier.row(&row.0, None, &[]).is_some());
    }
    verifier.finish(None, at(0))
}

fn found(log: &Log, known: Known<'_>) -> Vec<String> {
    let findings = match verified(log, known) {
        Ok(verified) => verified.findings,
        Err(findings) => findings,
    };
    let shown = findings.iter().map(|finding| {
        let index = finding
            .index
            .map_or(String::new(), |index| index.to_string());
        format!("{} {index}", finding.code())
    });
    shown.collect()
}

fn check_bounds(log: &Log, bounds: &[Bound], expected: &[&str]) {
    let bounds = Bounds::new(bounds.iter().copied());
    let known = Known {
        bounds,
        ..Known::default()
    };
    assert_eq!(found(log, known), expected);
}

#[test]
fn a_record_that_is_dated_back_lands_before_a_time_that_others_know() {
    let seen = |size, after_ms| Bound {
        size,
        at: at(after_ms),
    };
    let mut log = hourly(10);
    // A witness cosigned the head of five records at half past four.
    let known = [seen(5, 4 * HOUR + HOUR / 2), seen(10, 9 * HOUR)];
    check_bounds(&log, &known, &[]);
    // The sixth, of five o'clock, is dated four: times still do not decrease.
    log.records[5].0.time = at(4 * HOUR);
    check_bounds(&log, &known, &["time-out-of-bounds 5"]);
    check_bounds(&log, &[], &[]);
    // Dated forward, all of them: said once.
    for (leaf, _) in &mut log.records[5..] {
        leaf.time = at(20 * HOUR);
    }
    check_bounds(&log, &known, &["time-out-of-bounds 5"]);
}

#[test]
fn the_heads_of_earlier_audits_are_heads_of_the_same_tree() {
    let check = |log: &Log, earlier: &[Head], expected: &[&str]| {
        let known = Known {
            earlier: earlier.to_vec(),
            ..Known::default()
        };
        assert_eq!(found(log, known), expected);
    };
    let log = hourly(10);
    let earlier = [7, 1, 4].map(|records| head_of(&hourly(records)));
    check(&log, &earlier, &[]);
    check(&log, &[head_of(&log)], &[]);

    // Another history, as long or longer: an old backup that was gone on with, or one for each peer.
    let mut other = hourly(12);
    other.records[5].0.time += 1;
    check(&other, &earlier, &["fork 7"]);
    other.records.truncate(10);
    check(&other, &[head_of(&log)], &["fork 10"]);
    // An old backup that nothing was added to.
    check(&hourly(5), &earlier, &["log-went-back 5"]);
}

#[test]
fn a_log_that_was_closed_ends_where_the_roster_says() {
    let log = hourly(12);
    let (whole, root) = (head_of(&log), Hash::of(b"another"));
    let check = |closed: Head, earlier: &[Head], expected: &[&str], complete: bool| {
        let known = Known {
            closed: Some(closed),
            earlier: earlier.to_vec(),
            ..Known::default()
        };
        let verified = verified(&log, known).unwrap();
        let codes: Vec<_> = verified.findings.iter().map(Finding::code).collect();
        assert_eq!(codes, expected, "{closed:?}");
        assert_eq!(verified.shown.complete, complete, "{closed:?}");
        assert_eq!(verified.shown.is_cut, closed.size() > whole.size());
    };
    let longer = |size| Head::new(size, root).unwrap();
    check(whole, &[], &[], true);
    check(longer(whole.size()), &[], &["fork"], true);
    // A restore has lost its end: the member itself has no more.
    check(longer(20), &[], &[], false);
    check(longer(20), &[longer(18)], &[], false);
    // It has signed more than what it was closed at.
    check(longer(20), &[longer(21)], &["log-went-back"], false);
    let shorter = head_of(&hourly(11));
    check(shorter, &[], &["log-went-back"], true);
}

#[test]
fn a_record_names_a_roster_that_exists_and_existed_then() {
    let named = |version: u64| RosterRef(version, Hash::of(&version.to_be_bytes()));
    let mut rosters = Rosters::default();
    rosters.add(named(1), NOW_MS);
    rosters.add(named(2), at(5 * HOUR));
    let log = || {
        let mut log = hourly(10);
        for (leaf, _) in &mut log.records {
            leaf.roster = named(if leaf.index < 5 { 1 } else { 2 });
        }
        log
    };
    let check = |edit: &dyn Fn(&mut Log), expected: &[&str]| {
        let mut log = log();
        edit(&mut log);
        let known = Known {
            rosters: Some(&rosters),
            ..Known::default()
        };
        assert_eq!(found(&log, known), expected);
    };
    check(&|_| (), &[]);
    check(
        &|log| log.records[3].0.roster.1 = Hash::of(b"another"),
        &["roster-unknown 3"],
    );
    // Dated back by one hour, beyond what clocks may differ.
    check(
        &|log| log.records[5].0.time = at(4 * HOUR),
        &["roster-not-yet 5"],
    );
    check(
        &|log| log.records[7].0.roster = named(1),
        &["roster-went-back 7"],
    );
    // The auditor has not heard of it yet: that says nothing of the log.
    check(&|log| log.records[9].0.roster = named(3), &[]);
}

#[test]
fn rows_without_paths_prove_nothing_if_one_is_missing() {
    let log = hourly(6);
    let (checkpoint, rows) = log.signed();
    let (origin, reader) = (log.origin(), Reader::of_own_log(&id("north")));
    let run = |with_paths: bool| {
        let mut verifier = Verifier::new(&origin, &reader, 0, Known::default());
        verifier.under(*checkpoint.head());
        for row in rows.iter().filter(|row| row.0 != rows[3].0) {
            let path = if with_paths { &row.2[..] } else { &[] };
            verifier.row(&row.0, None, path);
        }
        verifier.finish(None, at(0))
    };
    let codes = |findings: &[Finding]| {
        let codes = findings.iter().map(Finding::code);
        codes.collect::<Vec<_>>()
    };
    assert_eq!(codes(&run(true).unwrap().findings), ["index-gap"]);
    let without = run(false).unwrap_err();
    assert!(codes(&without).iter().all(|code| *code == "not-under-head"));
}
