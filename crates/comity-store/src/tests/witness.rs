//! What a witness has cosigned: every step of its change fails once, then the power goes.

use std::sync::Barrier;

use super::faulty_disk::{FaultyDisk, How, Loss};
use super::*;
use crate::witness::{Cosigned, WitnessStates};

fn cosigned(size: u64) -> Cosigned {
    let head = Head::new(size, comity_log::hash::Hash::of(&size.to_be_bytes())).unwrap();
    Cosigned {
        checkpoint: checkpoint(head),
        time_s: 1_700_000_000 + size,
    }
}

fn is(expected: Option<Cosigned>) -> impl Fn(Option<&Cosigned>) -> bool {
    move |stored| stored == expected.as_ref()
}

#[test]
fn what_was_cosigned_is_there_after_any_fault_and_a_fault_promises_nothing() {
    for how in [How::Undone, How::Done, How::Half, How::Flipped] {
        for loss in [Loss::Nothing, Loss::All, Loss::Half] {
            // The first file of a witness, and one that is replaced.
            for before in [None, Some(cosigned(1))] {
                let mut steps = 0;
                while hit(steps + 1, how, loss, before.clone()) {
                    steps += 1;
                }
                assert!(steps > 5, "{steps} steps");
            }
        }
    }
}

/// A change of which one step fails; false if the step is past the end.
fn hit(step: usize, how: How, loss: Loss, before: Option<Cosigned>) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::default();
    let states = || WitnessStates::open_on(Arc::new(disk.clone()), dir.path());
    if let Some(before) = &before {
        assert!(states().swap(&origin(), before, &is(None)).unwrap());
    }
    let next = cosigned(2);
    disk.fail_at(step, how);
    let promised = states().swap(&origin(), &next, &is(before.clone()));
    let Some(failed) = disk.heal() else {
        return false;
    };
    disk.lose(loss);
    let found = states().read(&origin()).unwrap();
    if matches!(promised, Ok(true)) {
        assert_eq!(found, Some(next), "{failed}: promised, and gone");
    } else {
        let kept = found == before || found.as_ref() == Some(&next);
        assert!(kept, "{failed}: neither the one nor the other");
    }
    // Whatever is there, it can be built on, and that holds.
    let last = cosigned(3);
    assert!(
        states().swap(&origin(), &last, &is(found)).unwrap(),
        "{failed}"
    );
    disk.lose(Loss::All);
    assert_eq!(states().read(&origin()).unwrap(), Some(last), "{failed}");
    true
}

#[test]
fn of_many_who_have_read_one_state_one_replaces_it() {
    let dir = tempfile::tempdir().unwrap();
    let states = WitnessStates::open(dir.path());
    let together = Barrier::new(8);
    let replaced: Vec<bool> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|n| {
                let (states, together) = (&states, &together);
                scope.spawn(move || {
                    together.wait();
                    states.swap(&origin(), &cosigned(n + 1), &is(None)).unwrap()
                })
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(replaced.iter().filter(|replaced| **replaced).count(), 1);
}

#[test]
fn a_state_is_of_one_log_and_what_is_damaged_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let states = WitnessStates::open(dir.path());
    let other = Origin { n: 2, ..origin() };
    assert!(states.swap(&origin(), &cosigned(1), &is(None)).unwrap());
    assert_eq!(states.read(&other).unwrap(), None);
    let (name, bytes) = files(dir.path()).remove(0);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        std::fs::write(dir.path().join(&name), &changed).unwrap();
        assert_eq!(refused(states.read(&origin())), "witness-state-damaged");
    }
    std::fs::write(dir.path().join(&name), &bytes[..20]).unwrap();
    assert_eq!(refused(states.read(&origin())), "witness-state-damaged");
    let mut later = bytes[..bytes.len() - 4].to_vec();
    later[9] = 2;
    std::fs::write(dir.path().join(&name), crate::bytes::with_checksum(later)).unwrap();
    assert_eq!(refused(states.read(&origin())), "store-format-unknown");
}

#[test]
fn the_bytes_of_a_state_are_those_that_are_described() {
    let dir = tempfile::tempdir().unwrap();
    let states = WitnessStates::open(dir.path());
    assert!(states.swap(&origin(), &cosigned(1), &is(None)).unwrap());
    let (name, bytes) = files(dir.path()).remove(0);
    let hash = comity_log::hash::Hash::of(origin().to_string().as_bytes());
    assert_eq!(name, format!("witness/{hash}"));
    let text = cosigned(1).checkpoint;
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    let time = 1_700_000_001_u64.to_be_bytes();
    let expected = [b"CMTYWITN\0\x01\0\0".as_slice(), &length, &time, &text].concat();
    assert_eq!(bytes, crate::bytes::with_checksum(expected));
}
