//! What becomes of keys and logs from one roster to the next.

use comity_testkit::federation::{
    DAY_MS, Federation, ISSUED_MS, KEYS_FROM_MS, NOW_MS, add_key, edit_keys, edit_member, key,
};
use comity_trust::key::{Ended, Validity};
use comity_trust::member::{LogState, Member};
use comity_trust::roster::Roster;
use comity_wire::cose::kid_of;
use comity_wire::ids::{Hash, Kid};
use comity_wire::leaf::Origin;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::Sorted;
use proptest::prelude::*;

use super::{add, code, next};

/// The federation after a roster with an edit of north.
fn after(edit: impl FnMut(&mut Member)) -> Federation {
    let mut federation = Federation::new();
    let roster = federation.next_roster(|roster| edit_member(roster, "north", edit));
    federation.take_roster(&federation.sign_roster(&roster));
    federation
}

fn north(federation: &Federation, expected: &str, edit: impl FnMut(&mut Member)) {
    let found = next(federation, |roster| edit_member(roster, "north", edit));
    assert_eq!(found, expected);
}

fn without(member: &mut Member, kid: Kid) {
    let rest = member.keys.iter().filter(|key| key.kid != kid);
    member.keys = Sorted::new(rest.cloned());
}

fn leave(roster: &mut Roster, name: &str) {
    let id = Federation::new().member(name).id.clone();
    let rest = roster.members.iter().filter(|member| member.id != id);
    roster.members = Sorted::new(rest.cloned());
}

#[test]
fn a_key_does_not_vanish() {
    let federation = Federation::new();
    north(&federation, "key-vanished", |member| {
        without(member, kid_of(&key("north", 3)))
    });
}

#[test]
fn a_key_does_not_change() {
    let federation = Federation::new();
    north(&federation, "key-changed", |member| {
        edit_keys(member, KeyPurpose::Witness, |key| key.from += 1);
    });
    north(&federation, "key-reused", |member| {
        edit_keys(member, KeyPurpose::Witness, |key| {
            key.purpose = KeyPurpose::Statement
        });
    });
}

#[test]
fn a_key_that_has_ended_stays_ended() {
    let superseded = after(|member| {
        edit_keys(member, KeyPurpose::Witness, |key| {
            key.ended = Some(Ended::Superseded);
            key.until = Some(NOW_MS);
        });
    });
    north(&superseded, "extended", |_| ());
    north(&superseded, "key-resurrected", |member| {
        edit_keys(member, KeyPurpose::Witness, |key| key.ended = None);
    });
    let stolen = after(|member| {
        edit_keys(member, KeyPurpose::Witness, |key| {
            key.ended = Some(Ended::CompromisedSince(NOW_MS));
        });
    });
    north(&stolen, "key-resurrected", |member| {
        edit_keys(member, KeyPurpose::Witness, |key| key.ended = None);
    });
    north(&stolen, "key-resurrected", |member| {
        edit_keys(member, KeyPurpose::Witness, |key| {
            key.ended = Some(Ended::CompromisedSince(NOW_MS + 1));
        });
    });
    north(&stolen, "extended", |member| {
        edit_keys(member, KeyPurpose::Witness, |key| {
            key.ended = Some(Ended::CompromisedSince(NOW_MS - 1));
        });
    });
}

#[test]
fn a_key_of_a_former_member_is_never_anybody_elses() {
    let mut federation = Federation::new();
    let left = federation.next_roster(|roster| leave(roster, "south"));
    federation.take_roster(&federation.sign_roster(&left));
    let of_south = key("south", 1);
    let found = next(&federation, |roster| {
        edit_member(roster, "north", |member| {
            add_key(member, &of_south, KeyPurpose::Statement)
        });
    });
    assert_eq!(found, "key-reused");
}

#[test]
fn a_key_that_governed_is_never_a_members() {
    let mut federation = Federation::new();
    let charter = federation.next_charter(|charter| {
        charter.keys = Sorted::new(charter.keys.iter().skip(1).copied());
        charter.k = 1;
    });
    let all: Vec<_> = federation.governance().iter().collect();
    federation.take_charter(&charter.sign(&all));
    for n in 1..=3 {
        let governed = key("governance", n);
        let roster = federation.next_roster(|roster| {
            edit_member(roster, "north", |member| {
                add_key(member, &governed, KeyPurpose::Transport);
            });
        });
        let governs = federation.governance().iter().filter(|key| {
            let public = comity_testkit::federation::public(key);
            charter.keys.contains(&public)
        });
        let signed = roster.sign(&governs.collect::<Vec<_>>()).encode();
        let result = federation.history().clone().add_roster(&signed, NOW_MS);
        assert_eq!(code(&result), "key-reused");
    }
}

#[test]
fn a_member_that_left_is_remembered_and_what_it_signed_in_its_time_is_believed() {
    let mut federation = Federation::new();
    let keys = federation.member("south").clone();
    let left = federation.next_roster(|roster| leave(roster, "south"));
    federation.take_roster(&federation.sign_roster(&left));
    let history = federation.history();
    assert!(history.member(&keys.id).is_none());
    let known = history
        .statement_key(&keys.id, &kid_of(&keys.statement))
        .unwrap();
    assert_eq!(known.left_at, Some(ISSUED_MS + DAY_MS));
    assert_eq!(known.validity(ISSUED_MS, NOW_MS), Validity::Valid);
    assert_eq!(known.validity(ISSUED_MS + DAY_MS, NOW_MS), Validity::Valid);
    assert_eq!(
        known.validity(ISSUED_MS + DAY_MS + 1_000, NOW_MS),
        Validity::TooLate
    );
    assert_eq!(
        known.validity(KEYS_FROM_MS - 1_000, NOW_MS),
        Validity::TooEarly
    );
    let origin = Origin {
        fed: *history.fed(),
        member: keys.id.clone(),
        n: 1,
    };
    assert!(history.log_key(&origin, &kid_of(&keys.log)).is_some());
    assert!(
        history
            .member_of_node(&kid_of(&keys.transport), NOW_MS)
            .is_none()
    );
}

#[test]
fn a_member_that_returns_brings_all_its_keys_and_logs() {
    let mut federation = Federation::new();
    let south = federation.member("south").id.clone();
    let entry = federation.history().member(&south).unwrap().clone();
    let left = federation.next_roster(|roster| leave(roster, "south"));
    federation.take_roster(&federation.sign_roster(&left));
    let back = |edit: fn(&mut Member)| {
        let mut member = entry.clone();
        edit(&mut member);
        federation.next_roster(|roster| {
            roster.members = Sorted::new(roster.members.iter().cloned().chain([member]));
        })
    };
    let check = |edit, expected: &str| assert_eq!(code(&add(&federation, &back(edit))), expected);
    check(|_| (), "extended");
    check(
        |member| without(member, kid_of(&key("south", 3))),
        "key-vanished",
    );
    let mut history = federation.history().clone();
    let bytes = federation.sign_roster(&back(|_| ())).encode();
    history.add_roster(&bytes, NOW_MS).unwrap();
    let known = history.statement_key(&south, &kid_of(&key("south", 1)));
    assert_eq!(known.unwrap().left_at, None);
}

#[test]
fn a_log_is_never_forgotten_changed_or_opened_again() {
    let closed = |byte| LogState::Closed((9, Hash::new([byte; 32])));
    let with_second = |member: &mut Member| {
        let new = key("north", 12);
        add_key(member, &new, KeyPurpose::Log);
        let mut log = member.logs[0].clone();
        log.key = kid_of(&new);
        log.origin.n = 2;
        member.logs[0].state = closed(9);
        member.logs.push(log);
    };
    let federation = after(with_second);
    north(&federation, "extended", |_| ());
    north(&federation, "log-vanished", |member| {
        member.logs.pop();
    });
    north(&federation, "log-reopened", |member| {
        member.logs[0].state = LogState::Open;
        member.logs[1].state = closed(1);
    });
    north(&federation, "log-changed", |member| {
        member.logs[0].state = closed(8)
    });
    north(&federation, "log-changed", |member| {
        member.logs[1].key = kid_of(&key("north", 13));
        add_key(member, &key("north", 13), KeyPurpose::Log);
    });
    // The closed one still verifies old receipts.
    let history = federation.history();
    let id = &federation.member("north").id;
    let origin = |n| Origin {
        fed: *history.fed(),
        member: id.clone(),
        n,
    };
    let (known, log) = history
        .log_key(&origin(1), &kid_of(&key("north", 2)))
        .unwrap();
    assert_eq!(log.state, closed(9));
    assert_eq!(known.validity(NOW_MS, NOW_MS), Validity::Valid);
    assert!(
        history
            .log_key(&origin(1), &kid_of(&key("north", 12)))
            .is_none()
    );
    assert!(
        history
            .log_key(&origin(2), &kid_of(&key("north", 12)))
            .is_some()
    );
    assert!(
        history
            .log_key(&origin(3), &kid_of(&key("north", 12)))
            .is_none()
    );
    assert_eq!(history.logs_of(id).len(), 2);
}

#[test]
fn a_key_answers_for_its_member_and_its_purpose_only() {
    let federation = Federation::new();
    let history = federation.history();
    let (north, south) = (federation.member("north"), federation.member("south"));
    let [statement, witness, transport] =
        [&north.statement, &north.witness, &north.transport].map(kid_of);
    assert!(history.statement_key(&north.id, &statement).is_some());
    assert!(history.statement_key(&south.id, &statement).is_none());
    assert!(history.statement_key(&north.id, &witness).is_none());
    assert!(history.witness_key(&north.id, &witness).is_some());
    assert!(history.witness_key(&north.id, &statement).is_none());
    assert_eq!(history.member_of_node(&transport, NOW_MS), Some(&north.id));
    assert_eq!(history.member_of_node(&statement, NOW_MS), None);
    assert_eq!(
        history.member_of_node(&transport, KEYS_FROM_MS - 1_000),
        None
    );
}

#[test]
fn a_node_of_a_compromised_key_is_no_node_from_then_on() {
    let federation = after(|member| {
        edit_keys(member, KeyPurpose::Transport, |key| {
            key.ended = Some(Ended::CompromisedSince(NOW_MS));
        });
    });
    let kid = kid_of(&federation.member("north").transport);
    let node = |now_ms| federation.history().member_of_node(&kid, now_ms).is_some();
    assert_eq!((node(NOW_MS - 1), node(NOW_MS)), (true, false));
}

proptest! {
    /// However the governance ends a key, what was over stays over.
    #[test]
    fn no_two_rosters_bring_a_key_back(
        first in (proptest::option::of(0u64..400), 0u8..3, 0u64..400),
        second in (proptest::option::of(0u64..400), 0u8..3, 0u64..400),
        signed_at in 0u64..400,
    ) {
        type End = (Option<u64>, u8, u64);
        let day = |n: u64| KEYS_FROM_MS + n * DAY_MS;
        let set = |roster: &mut Roster, (until, how, since): End| {
            edit_member(roster, "north", |member| {
                edit_keys(member, KeyPurpose::Statement, |key| {
                    key.until = until.map(day);
                    key.ended = match how {
                        0 => None,
                        1 => Some(Ended::Superseded),
                        _ => Some(Ended::CompromisedSince(day(since))),
                    };
                });
            });
        };
        let mut federation = Federation::new();
        let id = federation.member("north").id.clone();
        let kid = kid_of(&federation.member("north").statement);
        let mut believed = Vec::new();
        for end in [first, second] {
            let roster = federation.next_roster(|roster| set(roster, end));
            let issued = roster.issued;
            if add(&federation, &roster).is_ok() {
                federation.take_roster(&federation.sign_roster(&roster));
            }
            let known = federation.history().statement_key(&id, &kid).unwrap();
            // What was dated before this roster and seen before the days began
            // is judged the same for ever, unless the key is found stolen.
            if day(signed_at) < issued {
                let validity = known.validity(day(signed_at), NOW_MS);
                believed.push(validity == Validity::Valid);
            }
        }
        if let [before, after] = believed[..] {
            prop_assert!(before || !after);
        }
    }
}
