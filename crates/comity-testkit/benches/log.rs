//! How fast a large log is on the disk: opening, proving, reading, appending, and the memory that it takes.
//! `cargo xtask bench log` prints the table.
//!
//! ```text
//! make       a log of so many records through the real journal, encrypted, every batch synced
//! measure    in a process of its own: open, prove, read, append; peak of memory
//! again      the same after the indexes were deleted: what an opening takes that makes them again
//! ```
//! The folder is deleted at the end. What was just written is in the memory of the operating system, so nothing here is
//! the speed of a disk but the syncs.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a bench stops at the first surprise, and prints what it found"
)]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use comity_log::hash::leaf_hash;
use comity_log::names::Origin;
use comity_log::proof::verify_inclusion;
use comity_log::tree::Tree;
use comity_store::{Journal, Scope, StorageKey};
use comity_wire::ids::{CaseId, Hash, MemberId, Nonce};
use comity_wire::leaf::{Leaf, RosterRef};
use comity_wire::words::{Code, Version};

/// Records without `--records`.
const RECORDS: u64 = 1_000_000;
/// Records of one commit while the log is made.
const BATCH: u64 = 8_192;
/// So many records are about one case, which has one frame of its own under its own key.
const RECORDS_OF_A_CASE: u64 = 8;
/// In bytes. A statement as it is kept.
const STATEMENT_BYTES: usize = 400;
/// In bytes. The facts beside a record.
const FACTS_BYTES: usize = 90;
/// How often each thing is measured.
const TIMES: u64 = 2_000;

fn main() {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    let after = |name: &str| {
        let place = words.iter().position(|word| word == name)?;
        words.get(place + 1).cloned()
    };
    let records = after("--records").map_or(RECORDS, |word| {
        let word = word.into_string().expect("a number");
        word.parse().expect("--records takes a number")
    });
    match after("--measure") {
        Some(dir) => measure(Path::new(&dir)),
        None => all(records, after("--in").map(PathBuf::from)),
    }
}

fn all(records: u64, within: Option<PathBuf>) {
    let within = within.unwrap_or_else(env::temp_dir);
    let folder = tempfile::tempdir_in(&within).expect("a folder for the log");
    let dir = folder.path().join("log");
    println!("A log of {records} records, in {}", dir.display());
    let began = Instant::now();
    make(&dir, records);
    let took = began.elapsed();
    row("made, every batch synced", &time(took));
    row("  records in a second", &per_second(records, took));
    for part in ["journal", "index", "log"] {
        row(&format!("  {part}/"), &bytes(size_of(&dir.join(part))));
    }
    println!("Opened");
    in_a_process(&dir);
    fs::remove_dir_all(dir.join("index")).expect("the indexes are there");
    println!("Opened without indexes, which are made again");
    in_a_process(&dir);
}

fn in_a_process(dir: &Path) {
    let mut command = Command::new(env::current_exe().expect("this program"));
    let status = command.arg("--measure").arg(dir).status();
    assert!(status.expect("it starts").success());
}

fn make(dir: &Path, records: u64) {
    let mut journal = open(dir);
    let mut index = 0;
    while index < records {
        let to = records.min(index + BATCH);
        for index in index..to {
            stage(&mut journal, index);
        }
        journal.commit().expect("a commit");
        index = to;
    }
}

fn measure(dir: &Path) {
    let began = Instant::now();
    let mut journal = open(dir);
    row("open", &time(began.elapsed()));
    row("  memory then", &bytes(memory("VmRSS:")));
    let mut random = Random(7);
    let size = journal.head().size();

    let proofs = timed(TIMES, |_| {
        let index = random.below(size);
        let leaf = leaf(index).encode();
        let mut tree = Tree::open(journal.tiles(), &journal.head()).expect("the edge");
        let path = tree.inclusion_path(index, size).expect("a path");
        verify_inclusion(&leaf_hash(&leaf), index, &path, &journal.head()).expect("it proves");
    });
    shown("inclusion proof, no tile kept", proofs);
    let reads = timed(TIMES, |_| {
        drop(journal.record(random.below(size)).expect("a record"));
    });
    shown("a record, anywhere", reads);
    let mut next = 0;
    let pages = timed(TIMES.min(size / 256), |_| {
        for index in next..next + 256 {
            drop(journal.record(index).expect("a record"));
        }
        next += 256;
    });
    shown("a page of 256 records, in order", pages);
    for batch in [1, 100] {
        let appends = timed(TIMES / 10, |_| {
            for _ in 0..batch {
                let index = journal.next_index();
                stage(&mut journal, index);
            }
            journal.commit().expect("a commit");
        });
        shown(&format!("commit of {batch}, synced"), appends);
    }
    row("  peak of memory", &bytes(memory("VmHWM:")));
}

fn open(dir: &Path) -> Journal {
    let key = dir.with_extension("key");
    if !key.exists() {
        let made = StorageKey::generate().expect("random bytes");
        made.write_new(&key).expect("the key is written");
    }
    let key = StorageKey::read(&key).expect("the key");
    Journal::open(dir, &key, &origin()).expect("the journal opens")
}

fn origin() -> Origin {
    Origin {
        fed: Hash::of(b"federation"),
        member: MemberId::new("north.example").expect("a member"),
        n: 1,
    }
}

fn stage(journal: &mut Journal, index: u64) {
    let case = case(index);
    if index.is_multiple_of(RECORDS_OF_A_CASE) {
        let statement = [0x5a; STATEMENT_BYTES];
        let staged = journal.stage(3, Some(Scope(*case.as_bytes())), &statement);
        staged.expect("it is staged");
    }
    let staged = journal.stage_record(&leaf(index).encode(), Some(&[0xa5; FACTS_BYTES]));
    staged.expect("it is staged");
}

fn case(index: u64) -> CaseId {
    let hash = Hash::of(&(index / RECORDS_OF_A_CASE).to_be_bytes());
    let (bytes, _) = hash.as_bytes().split_first_chunk().expect("16 of 32 bytes");
    CaseId::new(*bytes)
}

/// A record as a node makes it.
fn leaf(index: u64) -> Leaf {
    Leaf {
        v: Version,
        ext: None,
        seq: Some(index),
        case: Some(case(index)),
        kind: Code::new("received").expect("a code"),
        salt: Nonce::new([7; 16]),
        time: 1_700_000_000_000 + index,
        facts: Some(Hash::of(&[0xa5; FACTS_BYTES])),
        index,
        roster: RosterRef(1, Hash::of(b"roster")),
        direction: None,
        statement: None,
        counterpart: MemberId::new("south.example"),
        predecessor: None,
        statement_kind: None,
    }
}

/// The middle, and what one in a hundred takes at least.
fn timed(times: u64, mut act: impl FnMut(u64)) -> (Duration, Duration) {
    let mut took: Vec<Duration> = (0..times.max(1))
        .map(|time| {
            let began = Instant::now();
            act(time);
            began.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied();
    (at(50).unwrap_or_default(), at(99).unwrap_or_default())
}

fn shown(what: &str, (median, late): (Duration, Duration)) {
    row(
        what,
        &format!("{:>12}   99 %: {}", time(median), time(late)),
    );
}

fn row(what: &str, figure: &str) {
    println!("  {what:<34} {figure:>12}");
}

fn time(took: Duration) -> String {
    match took.as_secs_f64() {
        seconds if seconds < 1e-3 => format!("{:.1} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.2} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}

fn per_second(records: u64, took: Duration) -> String {
    format!("{:.0}", records as f64 / took.as_secs_f64())
}

fn bytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn size_of(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).expect("a folder");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            match entry.metadata().expect("a file") {
                data if data.is_dir() => size_of(&entry.path()),
                data => data.len(),
            }
        })
        .sum()
}

/// Of this process, in bytes; 0 where the system does not say.
fn memory(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|found| found.strip_prefix(line));
    let kilobytes = found.and_then(|found| found.trim().split(' ').next());
    kilobytes
        .and_then(|number| number.parse().ok())
        .map_or(0, |number: u64| number * 1024)
}

/// The same numbers at each run (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
