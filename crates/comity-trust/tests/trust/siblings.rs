//! The governance has signed two rosters of one version.

use comity_testkit::federation::{
    DAY_MS, Federation, MemberKeys, NOW_MS, add_key, edit_keys, edit_member, entry, key,
};
use comity_trust::chain_error::ChainError;
use comity_trust::history::{Added, History};
use comity_trust::key::{Ended, Validity};
use comity_trust::key_history::KnownKey;
use comity_trust::limits::{ROSTER_BYTES_MAX, SIBLINGS_MAX};
use comity_trust::member::{Log, LogState};
use comity_trust::roster::{Roster, RosterConflict};
use comity_trust::signed::SignedPayload;
use comity_wire::cose::kid_of;
use comity_wire::ids::Hash;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::Sorted;

use super::code;

/// Two rosters of version 2, and two camps that each saw one of them first.
struct Split {
    federation: Federation,
    rosters: [SignedPayload; 2],
    camps: [History; 2],
}

fn split(edit: impl FnOnce(&mut Roster)) -> Split {
    split_between(|roster| roster.expires += 1, edit)
}

fn split_between(first: impl FnOnce(&mut Roster), edit: impl FnOnce(&mut Roster)) -> Split {
    let federation = Federation::new();
    let one = federation.sign_roster(&federation.next_roster(first));
    let other = federation.sign_roster(&federation.next_roster(edit));
    let camp = |first: &SignedPayload| {
        let mut history = federation.history().clone();
        assert_eq!(
            history.add_roster(&first.encode(), NOW_MS),
            Ok(Added::Extended)
        );
        history
    };
    Split {
        camps: [camp(&one), camp(&other)],
        rosters: [one, other],
        federation,
    }
}

fn hashes(rosters: &[SignedPayload; 2]) -> (Hash, Hash) {
    let [one, other] = rosters.each_ref().map(SignedPayload::hash);
    (one.min(other), one.max(other))
}

/// The roster that settles the split, after the first of the two.
fn settling(split: &Split, edit: impl FnOnce(&mut Roster)) -> SignedPayload {
    let last = split.camps[0].roster().unwrap();
    let mut next = Roster {
        issued: last.issued + DAY_MS,
        version: last.version + 1,
        previous: split.rosters[0].hash(),
        resolves: Some(hashes(&split.rosters)),
        ..last.clone()
    };
    edit(&mut next);
    split.federation.sign_roster(&next)
}

fn show_each_other(split: &mut Split) {
    let [one, other] = split.rosters.each_ref().map(SignedPayload::encode);
    let first = split.camps[0].add_roster(&other, NOW_MS);
    let second = split.camps[1].add_roster(&one, NOW_MS);
    assert_eq!((code(&first), code(&second)), ("conflict", "conflict"));
}

#[test]
fn the_first_roster_stays_and_the_second_is_evidence() {
    let mut split = split(|_| ());
    let kept = split.camps[0].roster_ref();
    let result = split.camps[0]
        .add_roster(&split.rosters[1].encode(), NOW_MS)
        .unwrap();
    let expected = RosterConflict(split.rosters[0].clone(), split.rosters[1].clone());
    assert_eq!(result, Added::Conflict(Box::new(expected.clone())));
    assert_eq!(split.camps[0].roster_ref(), kept);
    assert_eq!(split.camps[0].open_conflicts().collect::<Vec<_>>(), [2]);
    // Anybody can verify it.
    let read = RosterConflict::decode(&expected.encode()).unwrap();
    assert_eq!(split.federation.history().verify_conflict(&read), Ok(2));
    assert_eq!(split.camps[1].verify_conflict(&read), Ok(2));
    // Shown once more, it is known.
    let again = split.camps[0].add_roster(&split.rosters[1].encode(), NOW_MS);
    assert_eq!(again, Ok(Added::Known));
}

#[test]
fn what_is_no_conflict_is_no_evidence() {
    let split = split(|_| ());
    let [one, _] = &split.rosters;
    let history = split.federation.history();
    let check = |evidence: RosterConflict, expected: &str| {
        let refused = history.verify_conflict(&evidence).unwrap_err();
        assert_eq!(refused.code(), expected);
    };
    check(RosterConflict(one.clone(), one.clone()), "no-conflict");
    let first = history.rosters_from(1).next().unwrap();
    let first = SignedPayload::decode(first, first.len()).unwrap();
    check(RosterConflict(one.clone(), first), "no-conflict");
    let forged = split
        .federation
        .next_roster(|_| ())
        .sign(&[&key("stranger", 1)]);
    check(RosterConflict(one.clone(), forged), "wrong-signer");
}

#[test]
fn what_is_too_long_for_a_roster_is_no_evidence() {
    let split = split(|_| ());
    let [one, _] = &split.rosters;
    let long = SignedPayload::unsigned(vec![0; ROSTER_BYTES_MAX]);
    let long = long.signed_by("x", &split.federation.governance()[0]);
    for evidence in [
        RosterConflict(long.clone(), one.clone()),
        RosterConflict(one.clone(), long),
    ] {
        let read = RosterConflict::decode(&evidence.encode());
        assert_eq!(read.unwrap_err().code(), "oversize");
        let verified = split.federation.history().verify_conflict(&evidence);
        assert_eq!(verified.unwrap_err().code(), "oversize");
    }
}

#[test]
fn a_second_roster_that_too_few_signed_is_no_conflict() {
    let mut split = split(|_| ());
    let forged = split.federation.next_roster(|roster| roster.expires += 7);
    let forged = forged.sign(&[&split.federation.governance()[2]]);
    let result = split.camps[0].add_roster(&forged.encode(), NOW_MS);
    assert_eq!(code(&result), "threshold");
    assert_eq!(split.camps[0].open_conflicts().count(), 0);
}

#[test]
fn a_roster_that_names_both_is_accepted_by_both_camps() {
    let mut split = split(|_| ());
    let next = settling(&split, |_| ()).encode();
    // Not before the other one is here: else a camp would not know what it settles.
    for camp in &mut split.camps {
        let refused = camp.add_roster(&next, NOW_MS).unwrap_err();
        assert_eq!(refused, ChainError::SiblingMissing);
        assert!(refused.is_transient());
    }
    show_each_other(&mut split);
    for camp in &mut split.camps {
        assert_eq!(camp.add_roster(&next, NOW_MS), Ok(Added::Extended));
        assert_eq!(camp.open_conflicts().count(), 0);
    }
    assert_eq!(split.camps[0].roster_ref(), split.camps[1].roster_ref());
}

#[test]
fn without_naming_both_a_roster_is_taken_by_its_own_camp_only() {
    let mut split = split(|_| ());
    show_each_other(&mut split);
    let next = settling(&split, |roster| roster.resolves = None).encode();
    assert_eq!(code(&split.camps[0].add_roster(&next, NOW_MS)), "extended");
    assert_eq!(
        code(&split.camps[1].add_roster(&next, NOW_MS)),
        "wrong-previous"
    );
}

#[test]
fn a_roster_that_settles_other_rosters_does_not_follow() {
    let mut split = split(|_| ());
    show_each_other(&mut split);
    let (one, _) = hashes(&split.rosters);
    let check = |edit: fn(&mut Roster, Hash), expected: &str| {
        let next = settling(&split, |roster| edit(roster, one)).encode();
        assert_eq!(
            code(&split.camps[0].clone().add_roster(&next, NOW_MS)),
            expected
        );
    };
    let strangers = |roster: &mut Roster, _: Hash| {
        roster.resolves = Some((Hash::new([1; 32]), Hash::new([2; 32])));
    };
    check(strangers, "wrong-previous");
    check(|roster, _| roster.previous = roster.fed, "wrong-previous");
}

#[test]
fn a_settling_roster_forgets_nothing_of_either() {
    let theirs = kid_of(&key("south", 9));
    let mut split = split(|roster| {
        edit_member(roster, "south", |member| {
            add_key(member, &key("south", 9), KeyPurpose::Statement);
        });
        edit_member(roster, "north", |member| {
            edit_keys(member, KeyPurpose::Witness, |key| {
                key.ended = Some(Ended::CompromisedSince(NOW_MS));
            });
        });
    });
    show_each_other(&mut split);
    let check = |next: SignedPayload, expected: &str| {
        for camp in &split.camps {
            let result = camp.clone().add_roster(&next.encode(), NOW_MS);
            assert_eq!(code(&result), expected);
        }
    };
    let keep_key = |roster: &mut Roster| {
        edit_member(roster, "south", |member| {
            add_key(member, &key("south", 9), KeyPurpose::Statement);
        });
    };
    let keep_theft = |roster: &mut Roster| {
        edit_member(roster, "north", |member| {
            edit_keys(member, KeyPurpose::Witness, |key| {
                key.ended = Some(Ended::CompromisedSince(NOW_MS));
            });
        });
    };
    check(settling(&split, keep_theft), "key-vanished");
    check(settling(&split, keep_key), "key-resurrected");
    let both = settling(&split, |roster| {
        keep_key(roster);
        keep_theft(roster);
    });
    check(both.clone(), "extended");
    let south = &split.federation.member("south").id;
    for camp in &mut split.camps {
        camp.add_roster(&both.encode(), NOW_MS).unwrap();
        assert!(camp.statement_key(south, &theirs).is_some());
    }
}

/// Everything that a history knows of keys and logs.
fn knows(history: &History) -> (Vec<KnownKey>, Vec<Vec<Log>>) {
    let keys: Vec<_> = history.known_keys().cloned().collect();
    let logs = keys.iter().map(|key| history.logs_of(&key.member).to_vec());
    let logs = logs.collect();
    (keys, logs)
}

fn without(roster: &mut Roster, name: &str) {
    let rest = roster.members.iter().filter(|member| {
        let id = member.id.as_str();
        id.strip_suffix(".example") != Some(name)
    });
    roster.members = Sorted::new(rest.cloned());
}

type Edit = fn(&mut Roster);

/// What only one of two rosters says of north, for each of these.
const OF_NORTH: &[Edit] = &[
    |_| (),
    |roster| end_key(roster, None, Some(Ended::CompromisedSince(NOW_MS - DAY_MS))),
    |roster| {
        end_key(
            roster,
            None,
            Some(Ended::CompromisedSince(NOW_MS - 9 * DAY_MS)),
        )
    },
    |roster| end_key(roster, Some(NOW_MS + DAY_MS), Some(Ended::Superseded)),
    |roster| end_key(roster, Some(NOW_MS), Some(Ended::Superseded)),
    |roster| end_key(roster, Some(NOW_MS + DAY_MS), None),
    |roster| end_key(roster, Some(NOW_MS), Some(Ended::CompromisedSince(NOW_MS))),
    |roster| close_log(roster, 7, b"seven"),
    |roster| close_log(roster, 9, b"nine"),
    |roster| close_log(roster, 9, b"another nine"),
    |roster| {
        edit_member(roster, "north", |member| {
            add_key(member, &key("shared", 1), KeyPurpose::Statement);
        });
    },
    |roster| {
        edit_member(roster, "north", |member| {
            add_key(member, &key("shared", 1), KeyPurpose::Witness);
        });
    },
    |roster| {
        edit_member(roster, "south", |member| {
            add_key(member, &key("shared", 1), KeyPurpose::Statement);
        });
    },
    |roster| without(roster, "north"),
    |roster| {
        roster.issued += 1;
        without(roster, "north");
    },
];

fn end_key(roster: &mut Roster, until: Option<u64>, ended: Option<Ended>) {
    edit_member(roster, "north", |member| {
        edit_keys(member, KeyPurpose::Statement, |key| {
            key.until = until;
            key.ended = ended;
        });
    });
}

fn close_log(roster: &mut Roster, size: u64, root: &[u8]) {
    edit_member(roster, "north", |member| {
        member.logs[0].state = LogState::Closed((size, Hash::of(root)));
    });
}

#[test]
fn both_camps_know_the_same_when_their_rosters_are_settled() {
    for (one, other) in OF_NORTH
        .iter()
        .flat_map(|one| OF_NORTH.iter().map(move |other| (one, other)))
    {
        let mut split = split_between(one, |roster| {
            roster.expires += 2;
            other(roster);
        });
        show_each_other(&mut split);
        // A member whom the settling roster drops is held by nothing but memory.
        let next = settling(&split, |roster| {
            without(roster, "north");
            without(roster, "south");
        });
        for camp in &mut split.camps {
            assert_eq!(code(&camp.add_roster(&next.encode(), NOW_MS)), "extended");
            assert_eq!(camp.open_conflicts().count(), 0);
        }
        let [one, other] = &split.camps;
        assert_eq!(knows(one), knows(other));
        assert_eq!(one.roster_ref(), other.roster_ref());
    }
}

#[test]
fn a_theft_that_one_camp_never_heard_of_is_not_forgotten() {
    let since = NOW_MS - 10 * DAY_MS;
    let mut split = split(|roster| {
        end_key(
            roster,
            None,
            Some(Ended::CompromisedSince(NOW_MS - 10 * DAY_MS)),
        );
        close_log(roster, 7, b"seven");
    });
    show_each_other(&mut split);
    let next = settling(&split, |roster| without(roster, "north"));
    let north = split.federation.member("north");
    for camp in &mut split.camps {
        camp.add_roster(&next.encode(), NOW_MS).unwrap();
        let known = camp.statement_key(&north.id, &kid_of(&north.statement));
        let known = known.unwrap();
        assert_eq!(known.listed.ended, Some(Ended::CompromisedSince(since)));
        assert_eq!(known.validity(since - 1, NOW_MS), Validity::Compromised);
        let closed = LogState::Closed((7, Hash::of(b"seven")));
        assert_eq!(camp.logs_of(&north.id)[0].state, closed);
    }
}

#[test]
fn a_membership_that_one_camp_ended_ended_then_for_both() {
    let mut split = split(|roster| without(roster, "north"));
    let left_at = split.camps[1].roster().unwrap().issued;
    show_each_other(&mut split);
    let dropped = settling(&split, |roster| without(roster, "north"));
    let kept = settling(&split, |_| ());
    let north = split.federation.member("north");
    for (next, expected) in [(dropped, Some(left_at)), (kept, None)] {
        for mut camp in split.camps.clone() {
            camp.add_roster(&next.encode(), NOW_MS).unwrap();
            let known = camp.statement_key(&north.id, &kid_of(&north.statement));
            assert_eq!(known.unwrap().left_at, expected);
        }
    }
}

#[test]
fn a_member_of_the_other_roster_only_is_remembered() {
    let west = MemberKeys::new("west");
    let mut split = split(|roster| {
        let new = entry(&west, &roster.fed);
        roster.members = Sorted::new(roster.members.iter().cloned().chain([new]));
    });
    show_each_other(&mut split);
    let next = settling(&split, |_| ()).encode();
    let kid = kid_of(&west.statement);
    for camp in &mut split.camps {
        camp.add_roster(&next, NOW_MS).unwrap();
        assert!(camp.member(&west.id).is_none());
        assert!(camp.statement_key(&west.id, &kid).is_some());
    }
    // So nobody else can ever have its key.
    let last = split.camps[0].roster().unwrap();
    let mut after = Roster {
        version: last.version + 1,
        previous: last.reference().1,
        resolves: None,
        ..last.clone()
    };
    edit_member(&mut after, "north", |member| {
        add_key(member, &west.statement, KeyPurpose::Statement);
    });
    let after = split.federation.sign_roster(&after).encode();
    for camp in &mut split.camps {
        assert_eq!(code(&camp.add_roster(&after, NOW_MS)), "key-reused");
    }
}

#[test]
fn rosters_of_two_versions_cannot_be_settled_together() {
    let mut split = split(|_| ());
    show_each_other(&mut split);
    let went_on = settling(&split, |roster| roster.resolves = None);
    split.camps[0]
        .add_roster(&went_on.encode(), NOW_MS)
        .unwrap();
    let last = split.camps[0].roster().unwrap();
    let next = Roster {
        version: last.version + 1,
        previous: went_on.hash(),
        resolves: Some(hashes(&[went_on.clone(), split.rosters[1].clone()])),
        ..last.clone()
    };
    let next = split.federation.sign_roster(&next).encode();
    assert_eq!(
        code(&split.camps[0].add_roster(&next, NOW_MS)),
        "sibling-missing"
    );
}

#[test]
fn who_joins_later_gets_both_and_takes_every_roster() {
    let mut split = split(|_| ());
    show_each_other(&mut split);
    let next = settling(&split, |_| ()).encode();
    split.camps[1].add_roster(&next, NOW_MS).unwrap();
    let charter = split.camps[1].charters_from(1).next().unwrap();
    let mut joins = History::start(charter).unwrap();
    let results: Vec<_> = split.camps[1]
        .rosters_from(1)
        .map(|roster| code(&joins.add_roster(roster, NOW_MS)))
        .collect();
    assert_eq!(results, ["extended", "extended", "conflict", "extended"]);
    assert_eq!(joins.roster_ref(), split.camps[1].roster_ref());
}

#[test]
fn camps_that_are_more_than_one_version_apart_come_together_again() {
    // Each camp drops somebody whom the other one knows more of.
    let mut split = split(|roster| end_key(roster, Some(NOW_MS), Some(Ended::Superseded)));
    // The first camp goes on before it learns of the other one.
    let went_on = settling(&split, |roster| roster.resolves = None);
    let for_the_other = settling(&split, |roster| without(roster, "north"));
    split.camps[0]
        .add_roster(&went_on.encode(), NOW_MS)
        .unwrap();
    show_each_other(&mut split);
    // The other camp cannot follow what went on elsewhere, so it gets a roster
    // of its own, and the next one settles those two.
    let last = Roster::decode(for_the_other.payload()).unwrap();
    let together = [went_on.clone(), for_the_other.clone()];
    let together = split.federation.sign_roster(&Roster {
        issued: last.issued + DAY_MS,
        version: last.version + 1,
        previous: for_the_other.hash(),
        resolves: Some(hashes(&together)),
        ..last
    });
    let mut take = |camp: usize, roster: &SignedPayload| {
        code(&split.camps[camp].add_roster(&roster.encode(), NOW_MS))
    };
    assert_eq!(take(1, &went_on), "wrong-previous");
    assert_eq!(take(1, &for_the_other), "extended");
    assert_eq!(take(1, &together), "sibling-missing");
    assert_eq!(take(1, &went_on), "conflict");
    assert_eq!(take(0, &for_the_other), "conflict");
    for camp in [0, 1] {
        assert_eq!(take(camp, &together), "extended");
    }
    for camp in &split.camps {
        assert_eq!(camp.open_conflicts().count(), 0);
        assert_eq!(camp.roster_ref(), split.camps[0].roster_ref());
        assert_eq!(knows(camp), knows(&split.camps[0]));
    }
}

#[test]
fn conflicts_are_shown_without_end_and_kept_to_a_limit() {
    let federation = Federation::new();
    let mut history = federation.history().clone();
    let signed = |n| {
        let roster = federation.next_roster(|roster| roster.expires += n);
        federation.sign_roster(&roster).encode()
    };
    history.add_roster(&signed(0), NOW_MS).unwrap();
    for n in 1..=u64::try_from(SIBLINGS_MAX).unwrap() + 3 {
        assert_eq!(code(&history.add_roster(&signed(n), NOW_MS)), "conflict");
    }
    assert_eq!(history.open_conflicts().count(), SIBLINGS_MAX);
}

#[test]
fn keys_of_the_past_cannot_take_the_room_of_a_conflict() {
    let mut federation = Federation::new();
    let first = federation.history().roster().unwrap().clone();
    federation.take_roster(&federation.sign_roster(&federation.next_roster(|_| ())));
    let mut history = federation.history().clone();
    let limit = u64::try_from(SIBLINGS_MAX).unwrap();
    let of_the_past = |n: u64| {
        let roster = Roster {
            expires: first.expires + n,
            ..first.clone()
        };
        federation.sign_roster(&roster).encode()
    };
    for n in 1..=limit {
        assert_eq!(
            code(&history.add_roster(&of_the_past(n), NOW_MS)),
            "conflict"
        );
    }
    let one = federation.sign_roster(&federation.next_roster(|_| ()));
    let other = federation.sign_roster(&federation.next_roster(|roster| roster.expires += 1));
    assert_eq!(code(&history.add_roster(&one.encode(), NOW_MS)), "extended");
    assert_eq!(
        code(&history.add_roster(&other.encode(), NOW_MS)),
        "conflict"
    );
    // Nor after it has come.
    for n in limit + 1..=3 * limit {
        let more = history.add_roster(&of_the_past(n), NOW_MS);
        assert_eq!(code(&more), "conflict");
    }
    let last = history.roster().unwrap().clone();
    let settles = Roster {
        version: last.version + 1,
        previous: one.hash(),
        resolves: Some(hashes(&[one, other])),
        ..last
    };
    let settles = federation.sign_roster(&settles).encode();
    assert_eq!(code(&history.add_roster(&settles, NOW_MS)), "extended");
    // What was settled is served for good, so that others can take what settled it.
    for n in 4 * limit..=6 * limit {
        let more = history.add_roster(&of_the_past(n), NOW_MS);
        assert_eq!(code(&more), "conflict");
    }
    let mut joins = History::start(history.charters_from(1).next().unwrap()).unwrap();
    for roster in history.rosters_from(1) {
        joins.add_roster(roster, NOW_MS).unwrap();
    }
    assert_eq!(joins.roster_ref(), history.roster_ref());
}

#[test]
fn a_roster_that_made_room_for_others_is_taken_when_it_is_fetched_again() {
    let mut split = split(|_| ());
    show_each_other(&mut split);
    let limit = u64::try_from(SIBLINGS_MAX).unwrap();
    for n in 3..=limit + 3 {
        let more = split.federation.next_roster(|roster| roster.expires += n);
        let more = split.federation.sign_roster(&more).encode();
        let result = split.camps[0].add_roster(&more, NOW_MS);
        assert_eq!(code(&result), "conflict");
    }
    let settles = settling(&split, |_| ()).encode();
    let mut offer = |bytes: &[u8]| code(&split.camps[0].add_roster(bytes, NOW_MS));
    assert_eq!(offer(&settles), "sibling-missing");
    assert_eq!(offer(&split.rosters[1].encode()), "conflict");
    assert_eq!(offer(&settles), "extended");
}

#[test]
fn who_lacks_the_other_of_two_rosters_gets_it_with_what_follows() {
    let mut split = split(|_| ());
    let lacks = |version| split.camps[0].rosters_lacking(version).count();
    assert_eq!((lacks(2), lacks(3)), (1, 0));

    show_each_other(&mut split);
    let settled = settling(&split, |_| ());
    let code_of = code(&split.camps[0].add_roster(&settled.encode(), NOW_MS));
    assert_eq!(code_of, "extended");

    // Both of version 2 come before version 3, for who asks only for what is after 2.
    let page: Vec<_> = split.camps[0]
        .rosters_lacking(3)
        .map(<[u8]>::to_vec)
        .collect();
    assert_eq!(page.len(), 3);
    let mut newcomer = split.federation.history().clone();
    newcomer.add_roster(&page[1], NOW_MS).unwrap();
    assert_eq!(
        code(&newcomer.add_roster(&page[2], NOW_MS)),
        "sibling-missing"
    );
    for roster in &page {
        newcomer.add_roster(roster, NOW_MS).unwrap();
    }
    assert_eq!(newcomer.roster_ref(), split.camps[0].roster_ref());
    // Of other versions there is but one.
    assert_eq!(split.camps[0].rosters_lacking(4).count(), 0);
}
