use comity_testkit::federation::{
    DAY_MS, Federation, KEYS_FROM_MS, MemberKeys, add_key, edit_keys, edit_member, entry, key,
    public,
};
use comity_testkit::tree::Node;
use comity_trust::charter::Charter;
use comity_trust::history::History;
use comity_trust::key::{Ended, Key};
use comity_trust::member::{Log, LogState, Member};
use comity_trust::owned::{Domain, Prefix, may_be_claimed};
use comity_trust::roster::Roster;
use comity_trust::rule::Rule;
use comity_wire::cbor;
use comity_wire::cose::kid_of;
use comity_wire::ids::{Hash, Kid, PublicKey};
use comity_wire::parts::Ip;
use comity_wire::registry::KeyPurpose;
use comity_wire::words::Sorted;

use super::{code, next};

/// One edit of one member.
fn north(expected: &str, edit: impl FnMut(&mut Member)) {
    let federation = Federation::new();
    assert_eq!(
        next(&federation, |roster| edit_member(roster, "north", edit)),
        expected
    );
}

fn whole(expected: &str, edit: impl FnOnce(&mut Roster)) {
    assert_eq!(next(&Federation::new(), edit), expected);
}

fn second_log(member: &Member) -> Log {
    let mut log = member.logs[0].clone();
    log.origin.n = 2;
    log
}

fn with_second_log(member: &mut Member, state: LogState) {
    let new = key("north", 12);
    add_key(member, &new, KeyPurpose::Log);
    let log = Log {
        key: kid_of(&new),
        state,
        ..second_log(member)
    };
    member.logs.push(log);
}

fn closed() -> LogState {
    LogState::Closed((9, Hash::new([9; 32])))
}

#[test]
fn a_roster_that_keeps_the_rules_follows() {
    whole("extended", |_| ());
    north("extended", |member| {
        add_key(member, &key("north", 9), KeyPurpose::Statement)
    });
}

#[test]
fn rules_of_keys() {
    north(Rule::KidMismatch.code(), |member| {
        edit_keys(member, KeyPurpose::Witness, |key| {
            key.kid = Kid::new([0; 32])
        });
    });
    north(Rule::WeakKey.code(), |member| {
        let weak = Key::new(PublicKey::new([0; 32]), KeyPurpose::Witness, KEYS_FROM_MS);
        member.keys = Sorted::new(member.keys.iter().cloned().chain([weak]));
    });
    whole(Rule::KeyUsedTwice.code(), |roster| {
        let of_south = key("south", 1);
        edit_member(roster, "north", |member| {
            add_key(member, &of_south, KeyPurpose::Statement);
        });
    });
    north(Rule::KeyTimes.code(), |member| {
        edit_keys(member, KeyPurpose::Witness, |key| {
            key.until = Some(key.from - 1)
        });
    });
    north(Rule::KeyTimes.code(), |member| {
        edit_keys(member, KeyPurpose::Witness, |key| {
            key.ended = Some(Ended::Superseded)
        });
    });
    north(Rule::KeyReused.code(), |member| {
        add_key(member, &key("governance", 3), KeyPurpose::Statement);
    });
}

#[test]
fn a_key_for_two_purposes_has_no_encoding() {
    let federation = Federation::new();
    let roster = federation.history().roster().unwrap();
    let mut tree = Node::parse(&cbor::encode(roster)).unwrap();
    Roster::decode(&tree.encode()).unwrap();
    // The first key of the first member once more, for another purpose.
    let mut members = tree.get("members").unwrap().items().to_vec();
    let keys = members[0].get("keys").unwrap().items();
    let twice = [keys[0].clone(), keys[0].clone().with("purpose", "log")];
    let twice: Vec<Node> = twice.into_iter().chain(keys[1..].iter().cloned()).collect();
    members[0] = members[0].clone().with("keys", twice);
    tree = tree.with("members", members);
    let refused = Roster::decode(&tree.encode()).unwrap_err();
    assert_eq!(refused.code(), "bad-payload");
}

#[test]
fn rules_of_logs_and_nodes() {
    north(Rule::ForeignOrigin.code(), |member| {
        member.logs[0].origin.fed = Hash::new([7; 32])
    });
    north(Rule::ForeignOrigin.code(), |member| {
        member.logs[0].origin.member = MemberKeys::new("south").id;
    });
    north(Rule::LogNumbers.code(), |member| {
        member.logs[0].origin.n = 2
    });
    north(Rule::LogKeyMissing.code(), |member| {
        member.logs[0].key = kid_of(&key("north", 1))
    });
    north(Rule::LogKeyMissing.code(), |member| {
        member.logs[0].key = kid_of(&key("south", 2))
    });
    north(Rule::LogKeyShared.code(), |member| {
        member.logs[0].state = closed();
        let log = second_log(member);
        member.logs.push(log);
    });
    north(Rule::TwoOpenLogs.code(), |member| {
        with_second_log(member, LogState::Open)
    });
    north("extended", |member| {
        member.logs[0].state = closed();
        with_second_log(member, LogState::Open);
    });
    // A member that lost its log has none to write until the next roster.
    north("extended", |member| member.logs[0].state = closed());
    north(Rule::NodeKeyMissing.code(), |member| {
        let mut node = member.nodes[0].clone();
        node.key = kid_of(&key("north", 3));
        member.nodes = Sorted::new([node]);
    });
}

#[test]
fn rules_of_what_members_own() {
    let owns = |expected, domain: &'static str| {
        north(expected, |member| {
            member.owns.domains = Sorted::new([Domain::new(domain).unwrap()]);
        });
    };
    owns("extended", "north.example");
    owns(Rule::NotADomain.code(), "example");
    // Another's, exactly; a part of another's is no conflict.
    owns(Rule::OwnedTwice.code(), "platform.example");
    owns("extended", "static.platform.example");
    let prefix = |expected, address: &'static str, bits| {
        north(expected, |member| {
            let prefix = Prefix(Ip::new(address.parse().unwrap()), bits);
            member.owns.prefixes = Sorted::new([prefix]);
        });
    };
    prefix("extended", "198.51.100.0", 24);
    prefix("extended", "192.0.2.128", 25);
    prefix(Rule::OwnedTwice.code(), "192.0.2.0", 24);
    prefix(Rule::PrefixForm.code(), "198.51.100.1", 24);
    prefix(Rule::PrefixForm.code(), "::ffff:198.51.100.0", 120);
    prefix("over-limit", "198.51.100.0", 33);
    prefix("over-limit", "0.0.0.0", 0);
    prefix("over-limit", "2000::", 3);
    north(Rule::OwnedTwice.code(), |member| {
        member.owns.asns = Sorted::new([64_496])
    });
    north("extended", |member| {
        member.owns.asns = Sorted::new([64_497])
    });
}

#[test]
fn who_makes_a_roster_learns_that_a_public_suffix_cannot_be_owned() {
    let federation = Federation::new();
    let fed = *federation.fed();
    let mut member = entry(federation.member("platform"), &fed);
    assert_eq!(may_be_claimed(&member.owns), Ok(()));
    member.owns.domains = Sorted::new([Domain::new("co.uk").unwrap()]);
    assert_eq!(may_be_claimed(&member.owns), Err(Rule::PublicSuffix));
    // Not a reason to refuse the roster: lists of different age must agree.
    let suffix = member.owns.domains;
    north("extended", |north| north.owns.domains = suffix.clone());
}

#[test]
fn rules_of_the_whole_roster() {
    whole(Rule::ExpiresTooEarly.code(), |roster| {
        roster.expires = roster.issued
    });
    whole(Rule::IssuedEarlier.code(), |roster| {
        roster.issued -= DAY_MS + 1
    });
    whole(Rule::ResolvesMisplaced.code(), |roster| {
        roster.resolves = Some((Hash::new([2; 32]), Hash::new([1; 32])));
    });
    whole(Rule::ResolvesMisplaced.code(), |roster| {
        roster.resolves = Some((Hash::new([2; 32]), Hash::new([2; 32])));
    });
    whole(Rule::FirstMisplaced.code(), |roster| roster.version = 1);
    whole(Rule::ResolvesMisplaced.code(), |roster| {
        roster.version = 1;
        roster.previous = roster.fed;
        roster.resolves = Some((Hash::new([1; 32]), Hash::new([2; 32])));
    });
}

#[test]
fn rules_of_charters() {
    let check = |expected: &str, edit: fn(&mut Charter)| {
        let federation = Federation::new();
        let signed = federation.sign_charter(&federation.next_charter(edit));
        let result = federation.history().clone().add_charter(&signed.encode());
        assert_eq!(code(&result), expected);
    };
    check("extended", |_| ());
    check(Rule::ThresholdAboveKeys.code(), |charter| charter.k = 4);
    check(Rule::FirstMisplaced.code(), |charter| {
        charter.previous = None
    });
    // Another first charter is another federation, whatever else it is.
    check("wrong-federation", |charter| charter.version = 1);
    let federation = Federation::new();
    let first = federation.next_charter(|charter| charter.version = 1);
    let started = History::start(&federation.sign_charter(&first).encode());
    let found = started.map(|_| ()).map_err(|error| error.code());
    assert_eq!(found, Err(Rule::FirstMisplaced.code()));
    check(Rule::FirstMisplaced.code(), |charter| {
        charter.first_roster = 1
    });
    check(Rule::WeakKey.code(), |charter| {
        let weak = PublicKey::new([0; 32]);
        charter.keys = Sorted::new(charter.keys.iter().copied().chain([weak]));
    });
    // Charters are judged by charters alone, so that rosters cannot keep one out.
    check("extended", |charter| {
        let of_north = public(&key("north", 1));
        charter.keys = Sorted::new(charter.keys.iter().copied().chain([of_north]));
    });
}

#[test]
fn a_charter_is_for_rosters_after_those_of_the_charter_before() {
    let mut federation = Federation::new();
    federation.take_charter(&federation.sign_charter(&federation.next_charter(|_| ())));
    let check = |first_roster, expected: &str| {
        let next = federation.next_charter(|charter| charter.first_roster = first_roster);
        let signed = federation.sign_charter(&next);
        let result = federation.history().clone().add_charter(&signed.encode());
        assert_eq!(code(&result), expected, "{first_roster}");
    };
    check(2, Rule::FirstRosterOrder.code());
    check(3, "extended");
    check(9, "extended");
}

#[test]
fn every_rule_has_one_code_and_a_sentence() {
    let mut codes: Vec<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Rule::ALL.len());
    for rule in Rule::ALL {
        assert!(rule.sentence().ends_with('.'), "{rule:?}");
    }
}
