//! Who has cosigned a head, what the quorum lacks, and the same as a policy.

use std::collections::BTreeSet;

use comity_audit::{OutsideWitness, policy_for, witnessed};
use comity_log::checkpoint::{Checkpoint, UnverifiedCheckpoint};
use comity_log::cosignature;
use comity_log::hash::Hash;
use comity_log::head::Head;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::WitnessName;
use comity_log::policy::Policy;
use comity_testkit::federation::{
    DAY_MS, Federation, KEYS_FROM_MS, NOW_MS, code, edit_keys, edit_member,
};
use comity_trust::charter::Quorum;
use comity_trust::key::Ended;
use comity_trust::quorum::missing;
use comity_wire::ids::MemberId;
use comity_wire::leaf::Origin;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::Sorted;

use crate::fixture::id;

/// A federation under another quorum, whose members have other roles.
fn federation(
    roles: &[(&str, u64)],
    members: u64,
    different: bool,
    has: &[(&str, &[&str])],
) -> Federation {
    let mut federation = Federation::new();
    let charter = federation.next_charter(|charter| {
        charter.quorum = Quorum {
            roles: Sorted::new(roles.iter().map(|(role, n)| (code(role), *n))),
            members,
            different_roles: different,
        };
    });
    let charter = federation.sign_charter(&charter);
    federation.take_charter(&charter);
    let roster = federation.next_roster(|roster| {
        for (name, roles) in has {
            edit_member(roster, name, |member| {
                member.roles = Sorted::new(roles.iter().map(|role| code(role)));
            });
        }
    });
    let roster = federation.sign_roster(&roster);
    federation.take_roster(&roster);
    federation
}

fn origin(federation: &Federation, of: &str) -> Origin {
    Origin {
        fed: *federation.fed(),
        member: id(of),
        n: 1,
    }
}

/// A head of a log with cosignatures at a time.
fn head_of(federation: &Federation, of: &str, by: &[&str], time_s: u64) -> UnverifiedCheckpoint {
    let checkpoint = Checkpoint {
        origin: origin(federation, of),
        head: Head::new(7, Hash::of(b"root")).unwrap(),
    };
    let signed = checkpoint.sign(&federation.member(of).log);
    let mut note = signed.note().clone();
    for name in by {
        let keys = federation.member(name);
        let fed = *federation.fed();
        let member = keys.id.clone();
        let name = KeyName::from(&WitnessName { fed, member });
        let line = cosignature::sign(&name, &keys.witness, signed.note().text(), time_s).unwrap();
        note = note.with(line).unwrap();
    }
    UnverifiedCheckpoint::parse(note.to_string().as_bytes()).unwrap()
}

const OTHERS: [&str; 3] = ["north", "south", "regulator"];

#[test]
fn a_quorum_lacks_what_the_charter_wants_and_nobody_has_given() {
    let check = |federation: &Federation, of: &str, by: &[&str], lacks: &str| {
        let cosigned: Vec<MemberId> = by.iter().map(|name| id(name)).collect();
        let found = missing(federation.history(), &id(of), &cosigned);
        assert_eq!(found.words().join("; "), lacks, "{of} by {by:?}");
        assert_eq!(found.is_nothing(), lacks.is_empty());
    };
    let default = Federation::new();
    check(&default, "platform", &["north", "regulator"], "");
    check(&default, "platform", &OTHERS, "");
    // Two hotlines are of one role, and neither is a regulator.
    let both = "1 more of the role regulator; 1 more of another role";
    check(&default, "platform", &["north", "south"], both);
    let one = "1 more of the other members; 1 more of another role";
    check(&default, "platform", &["regulator"], one);
    // Its own word counts for nothing, nor does a stranger's, nor one word twice.
    check(
        &default,
        "platform",
        &["regulator", "platform", "stranger", "regulator"],
        one,
    );
    // The only regulator needs no second one for its own log; every other member does.
    check(&default, "regulator", &["north", "platform"], "");
    check(
        &default,
        "regulator",
        &["north", "south"],
        "1 more of another role",
    );
    check(
        &default,
        "north",
        &["south", "platform"],
        "1 more of the role regulator",
    );

    let any = federation(&[], 2, false, &[]);
    check(&any, "platform", &["north", "south"], "");
    check(&any, "platform", &["north"], "1 more of the other members");
    let none = federation(&[], 0, true, &[]);
    check(&none, "platform", &[], "");
    let two = federation(&[("hotline", 2)], 2, false, &[]);
    check(
        &two,
        "platform",
        &["north", "regulator"],
        "1 more of the role hotline",
    );
    // North's own role is wanted of the one other hotline that there is.
    check(&two, "north", &["south", "regulator"], "");

    // Who has two roles stands for one of them: for the one that the others leave free.
    let several: [(&str, &[&str]); 2] = [
        ("north", &["hotline", "regulator"]),
        ("south", &["hotline"]),
    ];
    let several = federation(&[], 3, true, &several);
    check(
        &several,
        "platform",
        &["north", "south"],
        "1 more of the other members; 1 more of another role",
    );
    check(&several, "platform", &OTHERS, "1 more of another role");
    let three: [(&str, &[&str]); 2] = [
        ("north", &["hotline", "platform"]),
        ("regulator", &["platform", "regulator"]),
    ];
    let three = federation(&[], 3, true, &three);
    check(&three, "platform", &OTHERS, "");
}

#[test]
fn a_cosignature_counts_in_the_time_of_its_key_and_once() {
    let now_s = NOW_MS / 1_000;
    let check = |federation: &Federation, time_s: u64, seen_at: u64, counts: bool| {
        let head = head_of(federation, "platform", &["north"], time_s);
        let found = witnessed(federation.history(), &head, seen_at).unwrap();
        let by: Vec<_> = found.by.into_iter().collect();
        let expected = counts.then(|| (id("north"), time_s));
        assert_eq!(
            by,
            expected.into_iter().collect::<Vec<_>>(),
            "{time_s} seen {seen_at}"
        );
    };
    let federation = Federation::new();
    check(&federation, now_s, NOW_MS, true);
    check(&federation, KEYS_FROM_MS / 1_000 - 1, NOW_MS, false);

    let mut stolen = Federation::new();
    let roster = stolen.next_roster(|roster| {
        edit_member(roster, "north", |member| {
            edit_keys(member, KeyPurpose::Witness, |key| {
                key.ended = Some(Ended::CompromisedSince(NOW_MS));
            });
        });
    });
    let roster = stolen.sign_roster(&roster);
    stolen.take_roster(&roster);
    check(&stolen, now_s - 60, NOW_MS - 1, true);
    check(&stolen, now_s - 60, NOW_MS + DAY_MS, false);
}

#[test]
fn a_note_with_a_false_line_under_a_known_key_is_not_believed_at_all() {
    let federation = Federation::new();
    let good = head_of(&federation, "platform", &["north"], 1_000_000_000);
    let other = head_of(&federation, "regulator", &["south"], 1_000_000_000);
    let (_, lines) = other
        .note()
        .to_string()
        .split_once("\n\n")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let line = lines.lines().find(|line| line.contains("south")).unwrap();
    let text = format!("{}{line}\n", good.note());
    let read = UnverifiedCheckpoint::parse(text.as_bytes()).unwrap();
    let found = witnessed(federation.history(), &read, NOW_MS);
    assert_eq!(found.unwrap_err().code(), "note-signature-invalid");
}

/// Every set of cosigners of a log.
fn sets(of: &str) -> Vec<Vec<&'static str>> {
    let all = ["north", "south", "platform", "regulator"];
    let others: Vec<_> = all.into_iter().filter(|name| *name != of).collect();
    (0..1_u32 << others.len())
        .map(|set| {
            let chosen = others.iter().enumerate();
            chosen
                .filter(|(n, _)| set & (1 << n) != 0)
                .map(|(_, name)| *name)
                .collect()
        })
        .collect()
}

#[test]
fn what_the_written_policy_trusts_has_the_quorum_of_the_charter() {
    // Whether the two agree in both ways: the format cannot say everything.
    let check = |federation: &Federation, exact: bool| {
        let mut trusted_of = 0;
        for of in ["north", "platform", "regulator"] {
            let Some(text) = policy_for(federation.history(), &origin(federation, of), &[], NOW_MS)
            else {
                continue;
            };
            let policy = Policy::parse(text.as_bytes()).unwrap();
            for by in sets(of) {
                let head = head_of(federation, of, &by, NOW_MS / 1_000);
                let holds = witnessed(federation.history(), &head, NOW_MS)
                    .unwrap()
                    .holds();
                let trusted = policy.check(&head).is_ok();
                assert!(holds || !trusted, "{of} by {by:?}\n{text}");
                assert!(!exact || holds == trusted, "{of} by {by:?}\n{text}");
                trusted_of += u32::from(trusted);
            }
        }
        assert!(trusted_of > 0);
    };
    check(&Federation::new(), true);
    check(&federation(&[], 2, false, &[]), true);
    check(&federation(&[], 0, false, &[]), true);
    check(&federation(&[("hotline", 1)], 2, true, &[]), true);
    // One who is more than enough of a role does not count for another place.
    check(&federation(&[("hotline", 1)], 2, false, &[]), false);
    let several: [(&str, &[&str]); 1] = [("north", &["hotline", "regulator"])];
    check(&federation(&[("regulator", 1)], 2, true, &several), false);
}

#[test]
fn a_policy_that_nobody_can_meet_is_not_written() {
    let federation = federation(&[("regulator", 2)], 2, true, &[]);
    let of = |name: &str| {
        policy_for(
            federation.history(),
            &origin(&federation, name),
            &[],
            NOW_MS,
        )
    };
    assert_eq!(of("platform"), None);
    assert!(of("regulator").is_some());
    assert_eq!(of("stranger"), None);
}

#[test]
fn names_of_a_written_policy_are_apart_from_its_words() {
    let federation = Federation::new();
    let text = policy_for(
        federation.history(),
        &origin(&federation, "platform"),
        &[],
        NOW_MS,
    )
    .unwrap();
    let names: BTreeSet<_> = text
        .lines()
        .filter(|line| line.starts_with("witness "))
        .filter_map(|line| line.split(' ').nth(1))
        .collect();
    assert_eq!(names.len(), OTHERS.len());
    assert!(
        names.iter().all(|name| name.starts_with("member:")),
        "{text}"
    );
}

#[test]
fn witnesses_from_outside_are_named_in_no_group_and_whoever_wants_them_can_add_one() {
    let federation = Federation::new();
    let far = comity_testkit::federation::key("outside", 1);
    let south = &federation.member("south").witness;
    let named = [
        ("witness.example/w1", &far),
        ("another.example/name", south),
    ];
    let outside = named.map(|(name, key)| {
        let name = KeyName::new(name).unwrap();
        OutsideWitness {
            key: VerifierKey::new(name, KeyKind::Witness, key.verifying_key()).unwrap(),
            url: "http://127.0.0.1:7072".to_owned(),
        }
    });
    let policy = |outside: &[OutsideWitness]| {
        let of = origin(&federation, "platform");
        policy_for(federation.history(), &of, outside, NOW_MS).unwrap()
    };
    let (without, with) = (policy(&[]), policy(&outside));
    let line = format!(
        "witness outside:witness.example/w1 {} http://127.0.0.1:7072\n",
        outside[0].key
    );
    assert_eq!(
        with,
        format!("{without}\n{line}"),
        "the key of south is a member's"
    );

    let quorum = head_of(
        &federation,
        "platform",
        &["south", "regulator"],
        NOW_MS / 1_000,
    );
    let cosigned = |head: &UnverifiedCheckpoint| {
        let name = outside[0].key.name();
        let line = cosignature::sign(name, &far, head.note().text(), 1_000).unwrap();
        let note = head.note().clone().with(line).unwrap();
        UnverifiedCheckpoint::parse(note.to_string().as_bytes()).unwrap()
    };
    let alone = cosigned(&head_of(&federation, "platform", &[], NOW_MS / 1_000));
    let stricter = with.replace("\nquorum quorum\n", "\n")
        + "group both all quorum outside:witness.example/w1\nquorum both\n";
    for (policy, head, trusted) in [
        (&with, &quorum, true),
        (&with, &alone, false),
        (&stricter, &quorum, false),
        (&stricter, &alone, false),
        (&stricter, &cosigned(&quorum), true),
    ] {
        let found = Policy::parse(policy.as_bytes()).unwrap().check(head);
        assert_eq!(found.is_ok(), trusted, "{found:?}\n{policy}");
    }
}
