//! What was pulled of one log.

use comity_audit::{LogRecords, Pulled, Reader, verify};
use comity_testkit::federation::{Federation, NOW_MS, code, country, reference};
use comity_trust::charter::{Charter, Mandate};
use comity_wire::audit_exchange::AuditRecord;
use comity_wire::ext::Extension;
use comity_wire::ids::Hash;
use comity_wire::notice::{NextSequence, Sequences};
use comity_wire::registry::{Kind, record_kind};
use comity_wire::words::{ExtensionName, Sorted};
use serde_bytes::ByteBuf;

use crate::fixture::{Log, facts, id};

const REQUEST: (&str, u8, Kind) = ("request", 1, Kind::TakedownRequest);

/// Opened, two records about the platform, one about nobody, one about the south.
fn log() -> Log {
    let mut log = Log::new("north");
    let urgent = facts(|facts| facts.urgency = Some(code("urgent")));
    log.about(
        record_kind::OFFERED,
        1,
        "platform",
        REQUEST,
        Some(urgent.clone()),
    );
    log.about(record_kind::SENT, 2, "platform", REQUEST, None);
    log.add(record_kind::ROSTER, 3, None);
    let other = ("referral", 2, Kind::Referral);
    log.about(record_kind::RECEIVED, 4, "south", other, Some(urgent));
    log
}

fn whole() -> Reader {
    Reader::of_own_log(&id("north"))
}

/// Who may read what the north has about the platform.
fn of_platform() -> Reader {
    let federation = Federation::new();
    let (charter, _) = federation.history().newest_charter();
    let charter = Charter {
        mandates: vec![Mandate {
            cites: reference("Example Act"),
            roles: Sorted::new([code("platform")]),
            regulator: id("regulator"),
            jurisdictions: Sorted::new([country("IE")]),
        }],
        ..charter.clone()
    };
    let roster = federation.history().roster().unwrap();
    let cites = reference("Example Act");
    let (asker, whose) = (id("regulator"), id("north"));
    Reader::new(&charter, roster, &asker, &whose, Some(&cites)).unwrap()
}

/// Rows of a log, edited, and what comes of them: codes with indexes.
struct Check<'a> {
    log: &'a Log,
    reader: Reader,
    from: u64,
    sequences: Option<Sequences>,
}

impl<'a> Check<'a> {
    fn whole(log: &'a Log) -> Self {
        Self {
            log,
            reader: whole(),
            from: 0,
            sequences: None,
        }
    }

    fn run(&self, edit: impl FnOnce(&mut Vec<AuditRecord>)) -> Result<LogRecords, Vec<String>> {
        let (checkpoint, mut rows) = self.log.signed();
        edit(&mut rows);
        let pulled = Pulled {
            checkpoint: &checkpoint,
            from: self.from,
            records: &rows,
            sequences: self.sequences.as_ref(),
            taken_at: NOW_MS,
        };
        verify(&pulled, &self.reader).map_err(|findings| codes(&findings))
    }

    fn findings(&self, edit: impl FnOnce(&mut Vec<AuditRecord>)) -> Vec<String> {
        match self.run(edit) {
            Ok(records) => codes(&records.findings),
            Err(codes) => codes.into_iter().map(|code| format!("no {code}")).collect(),
        }
    }
}

fn codes(findings: &[comity_audit::Finding]) -> Vec<String> {
    let shown = findings.iter().map(|finding| {
        finding.index.map_or(finding.code().to_owned(), |index| {
            format!("{} {index}", finding.code())
        })
    });
    shown.collect()
}

#[test]
fn a_whole_log_is_complete_whatever_its_paths_say() {
    let log = log();
    let check = Check::whole(&log);
    let records = check
        .run(|rows| rows.iter_mut().for_each(|row| row.2.clear()))
        .unwrap();
    assert!(records.complete);
    assert_eq!(records.records, log.records);
    assert_eq!(records.findings, []);
    assert_eq!(records.member, id("north"));
}

#[test]
fn whole_logs_of_every_size_have_the_root_of_their_tree() {
    let mut log = Log::new("north");
    for size in 1..=70_u64 {
        assert_eq!(log.records.len() as u64, size);
        assert!(Check::whole(&log).run(|_| ()).unwrap().complete, "{size}");
        log.add(record_kind::ROSTER, size, None);
    }
}

#[test]
fn a_part_is_proven_by_its_paths() {
    let log = log();
    let check = Check {
        reader: of_platform(),
        ..Check::whole(&log)
    };
    let records = check.run(|rows| *rows = rows[1..3].to_vec()).unwrap();
    assert!(!records.complete);
    assert_eq!(records.records, log.records[1..3]);
    assert!(records.shows_all_with(&id("platform")));
    assert!(!records.shows_all_with(&id("south")));
    // From a later index on, what came before is not known.
    let check = Check { from: 1, ..check };
    let records = check.run(|rows| *rows = rows[1..3].to_vec()).unwrap();
    assert!(!records.shows_all_with(&id("platform")));
}

/// A log of tomorrow: its second record has a kind, a direction and an extension that nobody here knows.
fn log_of_tomorrow(critical: bool) -> Log {
    let mut log = log();
    let name = ExtensionName::new("tomorrow.shift").unwrap();
    let extension = Extension(name, critical, vec![3].into());
    let leaf = log.add("shift-changed", 5, Some("platform"));
    leaf.ext = Some(Sorted::new([extension]));
    leaf.direction = Some(code("sideways"));
    log.add(record_kind::ROSTER, 6, None);
    log
}

#[test]
fn a_record_with_values_and_optional_extensions_of_tomorrow_is_read() {
    let log = log_of_tomorrow(false);
    let records = Check::whole(&log).run(|_| ()).unwrap();
    assert!(records.complete);
    assert_eq!(records.findings, []);
    assert_eq!(records.records, log.records);
    let part = Check {
        reader: of_platform(),
        ..Check::whole(&log)
    };
    let records = part.run(|rows| *rows = vec![rows[1].clone(), rows[2].clone(), rows[5].clone()]);
    assert_eq!(records.unwrap().records[2], log.records[5]);
}

#[test]
fn a_record_with_a_critical_extension_that_is_not_known_is_not_read_nor_anything_of_its_log() {
    let log = log_of_tomorrow(true);
    assert_eq!(
        Check::whole(&log).findings(|_| ()),
        ["no leaf-unreadable 5"]
    );
}

#[test]
fn what_is_not_under_the_head_is_worth_nothing() {
    let log = log();
    let check = |expected: &[&str], edit: &dyn Fn(&mut Vec<AuditRecord>)| {
        assert_eq!(Check::whole(&log).findings(edit), expected);
    };
    let other_leaf = |row: &mut AuditRecord| {
        let mut leaf = log.records[1].0.clone();
        leaf.time += 1;
        row.0 = ByteBuf::from(leaf.encode());
    };
    check(&["no root-differs"], &|rows| other_leaf(&mut rows[1]));
    check(&["no not-under-head 1"], &|rows| {
        other_leaf(&mut rows[1]);
        rows.pop();
    });
    check(&["no not-under-head 2"], &|rows| {
        rows[2].2[0] = Hash::of(b"another");
        rows.remove(0);
    });
    check(&["no not-under-head 4"], &|rows| {
        rows[4].2.pop();
        rows.remove(0);
    });
    check(&["no leaf-unreadable 1"], &|rows| {
        rows[1].0 = ByteBuf::from(*b"not a leaf");
    });
    check(&["no index-order 1"], &|rows| rows.swap(1, 2));
    check(&["no index-order 2"], &|rows| {
        rows.insert(2, rows[2].clone())
    });
    let later = Check {
        from: 2,
        ..Check::whole(&log)
    };
    assert_eq!(later.findings(|_| ())[0], "no index-order 0");
}

#[test]
fn who_may_read_all_is_shown_all() {
    let log = log();
    let check = |expected: &[&str], edit: &dyn Fn(&mut Vec<AuditRecord>)| {
        assert_eq!(Check::whole(&log).findings(edit), expected);
    };
    check(&["index-gap 3"], &|rows| {
        rows.remove(3);
    });
    check(&["index-gap 4"], &|rows| {
        rows.pop();
    });
    check(&["index-gap 0"], &|rows| rows.clear());
    check(&["index-gap 0"], &|rows| {
        rows.remove(0);
    });
}

#[test]
fn a_log_is_opened_once_and_first() {
    let mut twice = log();
    twice.add(record_kind::LOG_OPENED, 5, None);
    assert_eq!(Check::whole(&twice).findings(|_| ()), ["log-not-opened 5"]);
    let mut never = log();
    never.records[0].0.kind = code(record_kind::ROSTER);
    assert_eq!(Check::whole(&never).findings(|_| ()), ["log-not-opened 0"]);
}

#[test]
fn times_never_decrease() {
    let mut back = log();
    back.records[3].0.time = NOW_MS;
    assert_eq!(Check::whole(&back).findings(|_| ()), ["time-decreases 3"]);
    let mut same = log();
    same.records[3].0.time = same.records[2].0.time;
    assert_eq!(Check::whole(&same).findings(|_| ()), [""; 0]);
}

#[test]
fn numbers_about_one_counterpart_are_contiguous() {
    let check = |seqs: [u64; 2], expected: &[&str]| {
        let mut log = log();
        log.records[1].0.seq = Some(seqs[0]);
        log.records[2].0.seq = Some(seqs[1]);
        assert_eq!(Check::whole(&log).findings(|_| ()), expected, "{seqs:?}");
    };
    check([0, 1], &[]);
    check([0, 2], &["seq-gap 2"]);
    check([1, 2], &["seq-gap 1"]);
    check([0, 0], &["seq-gap 2"]);
}

#[test]
fn who_sees_a_part_sees_a_gap_in_what_it_may_read() {
    let log = log();
    let check = Check {
        reader: of_platform(),
        ..Check::whole(&log)
    };
    let without_first = check.run(|rows| *rows = vec![rows[2].clone()]).unwrap();
    assert_eq!(codes(&without_first.findings), ["seq-gap 2"]);
    assert!(!without_first.shows_all_with(&id("platform")));
    // Of others it sees some; that is no gap.
    let mut log = log;
    log.records[4].0.seq = Some(7);
    let check = Check {
        reader: of_platform(),
        ..Check::whole(&log)
    };
    let found = check.findings(|rows| {
        rows.remove(3);
        rows.remove(0);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn signed_numbers_show_what_was_left_out_at_the_end() {
    let log = log();
    let (checkpoint, _) = log.signed();
    let head = checkpoint.head();
    let signed = |size: u64, next: &[(&str, u64)]| {
        let next = next
            .iter()
            .map(|(name, next)| NextSequence(id(name), *next));
        Sequences(log.origin(), size, *head.root(), Sorted::new(next))
    };
    let check = |sequences: Sequences, shown: std::ops::Range<usize>, expected: &[&str]| {
        let check = Check {
            reader: of_platform(),
            sequences: Some(sequences),
            ..Check::whole(&log)
        };
        let found = check.findings(|rows| *rows = rows[shown].to_vec());
        assert_eq!(found, expected);
    };
    check(signed(5, &[("platform", 2)]), 1..3, &[]);
    check(signed(5, &[("platform", 2)]), 1..2, &["seq-gap"]);
    check(signed(5, &[("platform", 2)]), 0..0, &["seq-gap"]);
    check(signed(5, &[("platform", 1)]), 1..3, &["seq-gap"]);
    check(signed(5, &[]), 1..3, &["seq-gap"]);
    check(signed(5, &[("platform", 2), ("south", 9)]), 1..3, &[]);
    check(
        signed(4, &[("platform", 2)]),
        1..3,
        &["sequences-of-another-head"],
    );
}

#[test]
fn facts_are_those_that_the_record_commits_to() {
    let log = log();
    let check = |edit: &dyn Fn(&mut Vec<AuditRecord>), expected: &[&str]| {
        let records = Check::whole(&log).run(|rows| edit(rows)).unwrap();
        assert_eq!(codes(&records.findings), expected);
        records.records[1].1.clone()
    };
    let urgent = log.records[1].1.clone();
    assert_eq!(check(&|_| (), &[]), urgent);
    // Erased or withheld: no fault.
    assert_eq!(check(&|rows| rows[1].1 = None, &[]), None);
    let other = facts(|facts| facts.urgency = Some(code("routine"))).encode();
    let replaced = |rows: &mut Vec<AuditRecord>| rows[1].1 = Some(ByteBuf::from(other.clone()));
    assert_eq!(check(&replaced, &["facts-not-committed 1"]), None);
    let added = |rows: &mut Vec<AuditRecord>| rows[2].1 = Some(ByteBuf::from(other.clone()));
    assert_eq!(check(&added, &["facts-not-committed 2"]), urgent);

    let mut unreadable = Log::new("north");
    unreadable.add(record_kind::ROSTER, 1, None).facts = Some(Hash::of(b"not facts"));
    let records = Check::whole(&unreadable)
        .run(|rows| rows[1].1 = Some(ByteBuf::from(*b"not facts")))
        .unwrap();
    assert_eq!(codes(&records.findings), ["facts-unreadable 1"]);
    assert_eq!(records.records[1].1, None);
}

#[test]
fn a_record_about_a_statement_says_which() {
    let check = |edit: &dyn Fn(&mut comity_wire::leaf::Leaf), expected: &[&str]| {
        let mut log = log();
        edit(&mut log.records[4].0);
        assert_eq!(Check::whole(&log).findings(|_| ()), expected);
    };
    check(&|_| (), &[]);
    check(&|leaf| leaf.statement = None, &["record-incomplete 4"]);
    check(&|leaf| leaf.case = None, &["record-incomplete 4"]);
    check(&|leaf| leaf.statement_kind = None, &["record-incomplete 4"]);
    check(&|leaf| leaf.counterpart = None, &["record-incomplete 4"]);
    check(&|leaf| leaf.seq = None, &["record-incomplete 4"]);
}

#[test]
fn a_log_that_breaks_every_rule_has_a_bounded_number_of_findings() {
    let mut log = Log::new("north");
    for _ in 0..2_000 {
        log.add(record_kind::LOG_OPENED, 1, None);
    }
    assert_eq!(Check::whole(&log).findings(|_| ()).len(), 1_000);
}
