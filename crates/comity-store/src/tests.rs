//! The promises of the store, each with its test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may stop at once"
)]

mod audits;
mod closed;
mod damage;
mod faults;
mod faulty_disk;
mod format;
mod fsck;
mod leaving;
mod limits;
mod storms;
mod use_of_it;
mod witness;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use comity_log::checkpoint::Checkpoint;
use comity_log::head::Head;
use comity_log::names::Origin;
use ed25519_dalek::SigningKey;

use crate::disk::{Disk, RealDisk};
use crate::journal::Settings;
use crate::{Journal, Position, Scope, StorageKey, StoreError, Stored};

fn key() -> StorageKey {
    StorageKey::of_bytes([9; 32]).unwrap()
}

fn origin() -> Origin {
    Origin::parse(&format!("{}/north.example/1", "a1".repeat(32))).unwrap()
}

/// Segments so small that every few frames begin a new one.
fn small() -> Settings {
    Settings {
        segment_bytes: 1_500,
        free_bytes_min: 0,
        ..Settings::default()
    }
}

fn open(dir: &Path) -> Result<Journal, StoreError> {
    open_on(Arc::new(RealDisk), dir)
}

fn open_on(disk: Arc<dyn Disk>, dir: &Path) -> Result<Journal, StoreError> {
    Journal::open_on(disk, small(), dir, &key(), &origin())
}

/// What [`fill`] stages as the record of an index.
fn leaf(index: u64) -> Vec<u8> {
    format!("leaf {index}").into_bytes()
}

/// Stages records and other frames of several owners: what they are follows from their numbers.
fn fill(journal: &mut Journal, frames: u64) -> Result<Vec<Position>, StoreError> {
    (0..frames)
        .map(|_| {
            let seq = journal.next_seq();
            let body = format!("body {seq}").into_bytes();
            match seq % 3 {
                0 => {
                    let index = journal.next_index();
                    let facts = seq.is_multiple_of(2).then_some(body.as_slice());
                    journal.stage_record(&leaf(index), facts)
                }
                1 => journal.stage(1, Some(Scope([(seq % 4) as u8; 16])), &body),
                _ => journal.stage(2, None, &body),
            }
        })
        .collect()
}

/// Everything that is committed, checked to be what [`fill`] stages, without a gap.
fn committed(journal: &Journal) -> Vec<(Position, Stored)> {
    let mut found: Vec<(Position, Stored)> = Vec::new();
    let replayed = journal.replay(0, &mut |at, stored| {
        found.push((at, stored));
        ControlFlow::Continue(())
    });
    replayed.unwrap();
    let mut index = 0;
    for (seq, (at, stored)) in (0..).zip(&found) {
        assert_eq!(stored.seq, seq);
        assert_eq!(&journal.read(*at).unwrap(), stored);
        let body = format!("body {seq}").into_bytes();
        if seq % 3 == 0 {
            let facts = seq.is_multiple_of(2).then_some(body);
            assert_eq!(journal.record(index).unwrap(), (leaf(index), facts));
            index += 1;
        } else {
            assert_eq!(stored.body, body);
        }
    }
    assert_eq!(journal.head().size(), index);
    if journal.staged_bytes() == 0 {
        assert_eq!(refused(journal.record(index)), "record-unknown");
    }
    found
}

fn checkpoint(head: Head) -> Vec<u8> {
    let origin = origin();
    let signed = Checkpoint { origin, head }.sign(&SigningKey::from_bytes(&[5; 32]));
    signed.note().to_string().into_bytes()
}

fn refused<T>(result: Result<T, StoreError>) -> &'static str {
    match result {
        Ok(_) => "accepted",
        Err(error) => {
            assert!(!error.next_step().is_empty() && !error.to_string().is_empty());
            let _somebody = error.fault();
            error.code()
        }
    }
}

/// Every file below a directory: path, and content.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(next) = dirs.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().display().to_string();
                found.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
