use comity_testkit::cddl::validate;
use comity_testkit::federation::{
    EXPIRES_MS, Federation, GRACE_MS, NOW_MS, code as word, edit_keys, edit_member, reference,
};
use comity_testkit::mutate::Layer;
use comity_testkit::tree::Node;
use comity_trust::charter::Charter;
use comity_trust::history::History;
use comity_trust::key::Ended;
use comity_trust::member::LogState;
use comity_trust::owned::Prefix;
use comity_trust::roster::{Roster, RosterConflict};
use comity_trust::signed::SignedPayload;
use comity_wire::cbor;
use comity_wire::ext::Extension;
use comity_wire::ids::Hash;
use comity_wire::limits::INTEGER_MAX;
use comity_wire::object::ObjectError;
use comity_wire::parts::Ip;
use comity_wire::registry::{KeyPurpose, Kind};
use comity_wire::words::{Code, ExtensionName, Sorted};

use super::next;

/// A roster in which nothing that can be there is absent.
fn full_roster(federation: &Federation) -> Roster {
    federation.next_roster(|roster| {
        roster.resolves = Some((Hash::new([1; 32]), Hash::new([2; 32])));
        edit_member(roster, "north", |member| {
            member.transfer_basis = Some(reference("Art. 49 GDPR"));
            let awarded = (word("eu-dsa"), 1, None, word("awarded"));
            member.trusted_flagger = Some(vec![awarded]);
            member.logs[0].state = LogState::Closed((7, Hash::new([3; 32])));
            edit_keys(member, KeyPurpose::Witness, |key| {
                key.ended = Some(Ended::Superseded);
                key.until = Some(NOW_MS);
            });
            edit_keys(member, KeyPurpose::Statement, |key| {
                key.ended = Some(Ended::CompromisedSince(NOW_MS));
            });
        });
    })
}

#[test]
fn charter_and_roster_are_what_the_cddl_says() {
    let federation = Federation::new();
    let check = |rule: &str, bytes: &[u8]| {
        assert_eq!(validate(rule, bytes), Ok(()), "{rule}");
        let tree = Node::parse(bytes).unwrap();
        assert_eq!(sorted_deeply(&tree).encode(), bytes, "{rule}");
    };
    let charter = federation.next_charter(|_| ());
    check("charter", &cbor::encode(&charter));
    check("charter", &cbor::encode(federation.history().charter()));
    let roster = full_roster(&federation);
    check("roster", &cbor::encode(&roster));
    check(
        "roster",
        &cbor::encode(federation.history().roster().unwrap()),
    );
    let signed = federation.sign_roster(&roster);
    check(
        "signed-charter",
        &federation.sign_charter(&charter).encode(),
    );
    check("signed-roster", &signed.encode());
    let conflict = RosterConflict(signed.clone(), signed);
    check("roster-conflict", &conflict.encode());
    assert_eq!(RosterConflict::decode(&conflict.encode()), Ok(conflict));
}

#[test]
fn versions_and_prefixes_have_the_same_range_in_the_cddl() {
    let federation = Federation::new();
    let roster = |taken: bool, edit: &dyn Fn(&mut Roster)| {
        let bytes = cbor::encode(&federation.next_roster(edit));
        assert_eq!(Roster::decode(&bytes).is_ok(), taken);
        assert_eq!(validate("roster", &bytes).is_ok(), taken);
    };
    let charter = |taken: bool, edit: &dyn Fn(&mut Charter)| {
        let bytes = cbor::encode(&federation.next_charter(edit));
        assert_eq!(Charter::decode(&bytes).is_ok(), taken);
        assert_eq!(validate("charter", &bytes).is_ok(), taken);
    };
    for (version, taken) in [
        (0, false),
        (2, true),
        (INTEGER_MAX, true),
        (INTEGER_MAX + 1, false),
    ] {
        roster(taken, &|roster| roster.version = version);
        charter(taken, &|charter| charter.version = version);
        charter(taken, &|charter| charter.first_roster = version);
    }
    for (address, bits, taken) in [
        ("0.0.0.0", 7, false),
        ("11.0.0.0", 8, true),
        ("198.51.100.7", 32, true),
        ("198.51.100.7", 33, false),
        ("2000::", 15, false),
        ("2001::", 16, true),
        ("2001:db8::1", 128, true),
        ("2001:db8::1", 129, false),
    ] {
        roster(taken, &|roster| {
            edit_member(roster, "north", |member| {
                let prefix = Prefix(Ip::new(address.parse().unwrap()), bits);
                member.owns.prefixes = Sorted::new([prefix]);
            });
        });
    }
}

#[test]
fn the_matrix_is_in_the_order_of_its_texts() {
    let federation = Federation::new();
    let charter = federation.next_charter(|_| ());
    let texts = |row: &(Code, Kind, Code)| {
        let (from, kind, to) = row;
        [from.as_str(), kind.as_str(), to.as_str()].map(str::to_owned)
    };
    let rows: Vec<_> = charter.matrix.iter().map(texts).collect();
    assert!(rows.is_sorted(), "{rows:?}");
    // In the order in which this program lists the kinds, it is not an encoding.
    let mut by_kind: Vec<_> = charter.matrix.iter().cloned().collect();
    by_kind.sort();
    assert_ne!(by_kind, charter.matrix.to_vec());
    let tree = Node::parse(&cbor::encode(&charter)).unwrap();
    let by_kind = Node::parse(&cbor::encode(&by_kind)).unwrap();
    let by_kind = tree.with("matrix", by_kind.items().to_vec()).encode();
    assert_eq!(Charter::decode(&by_kind).unwrap_err().code(), "bad-payload");
}

fn sorted_deeply(node: &Node) -> Node {
    match node {
        Node::Array(items) => Node::Array(items.iter().map(sorted_deeply).collect()),
        Node::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, value)| (key.clone(), sorted_deeply(value)));
            Node::Map(entries.collect()).sorted()
        }
        other => other.clone(),
    }
}

#[test]
fn no_fault_of_an_encoding_is_accepted() {
    let federation = Federation::new();
    let charter = cbor::encode(&federation.next_charter(|charter| {
        charter.matrix = Sorted::new(charter.matrix.iter().take(2).cloned());
    }));
    Charter::decode(&charter).unwrap();
    for mutant in Layer::outermost("charter", &charter).mutants() {
        let accepted = Charter::decode(&mutant.bytes);
        assert!(accepted.is_err(), "{} at {}", mutant.fault, mutant.place);
    }
    let roster = full_roster(&federation);
    let one_member = Node::parse(&cbor::encode(&roster)).unwrap();
    let members = one_member.get("members").unwrap().items()[..1].to_vec();
    let one_member = one_member.with("members", members).encode();
    Roster::decode(&one_member).unwrap();
    for mutant in Layer::outermost("roster", &one_member).mutants() {
        let accepted = Roster::decode(&mutant.bytes);
        assert!(accepted.is_err(), "{} at {}", mutant.fault, mutant.place);
    }
    let signed = federation.sign_roster(&roster);
    let small = SignedPayload::unsigned(b"x".to_vec());
    let small = small.signed_by("text/plain", &federation.governance()[0]);
    for mutant in Layer::outermost("signed", &small.encode()).mutants() {
        let accepted = SignedPayload::decode(&mutant.bytes, 4096);
        assert!(accepted.is_err(), "{} at {}", mutant.fault, mutant.place);
    }
    let size = signed.encode().len();
    let too_long = SignedPayload::decode(&signed.encode(), size - 1);
    assert_eq!(
        too_long,
        Err(ObjectError::Oversize {
            found: size,
            max: size - 1
        })
    );
    assert_eq!(SignedPayload::decode(&signed.encode(), size), Ok(signed));
}

#[test]
fn the_same_federation_is_made_every_time() {
    let (one, other) = (Federation::new(), Federation::new());
    let bytes = |federation: &Federation| -> Vec<Vec<u8>> {
        let history = federation.history();
        let charters = history.charters_from(1).map(<[u8]>::to_vec);
        charters
            .chain(history.rosters_from(1).map(<[u8]>::to_vec))
            .collect()
    };
    assert_eq!(bytes(&one), bytes(&other));
    assert_eq!(EXPIRES_MS + GRACE_MS, NOW_MS + 120 * 86_400_000);
}

#[test]
fn a_history_is_served_and_built_again() {
    let mut federation = Federation::new();
    federation.take_charter(&federation.sign_charter(&federation.next_charter(|_| ())));
    federation.take_roster(&federation.sign_roster(&federation.next_roster(|_| ())));
    let from = federation.history();
    let first = from.charters_from(1).next().unwrap();
    let mut to = History::join(from.fed(), first).unwrap();
    for charter in from.charters_from(1) {
        to.add_charter(charter).unwrap();
    }
    for roster in from.rosters_from(1) {
        to.add_roster(roster, NOW_MS).unwrap();
    }
    assert_eq!(to.roster_ref(), from.roster_ref());
    assert_eq!(to.roster_ref().unwrap().0, 2);
    assert_eq!(to.charter().version, 2);
    assert_eq!(from.rosters_from(2).count(), 1);
    assert_eq!(from.rosters_from(3).count(), 0);
    assert_eq!(from.rosters_from(u64::MAX).count(), 0);
    assert_eq!(from.rosters_from(0).count(), 2);
}

#[test]
fn every_limit_is_held() {
    let federation = Federation::new();
    let roster = |edit: fn(&mut Roster)| assert_eq!(next(&federation, edit), "over-limit");
    roster(|roster| roster.expires = u64::MAX);
    roster(|roster| roster.members = Sorted::default());
    roster(|roster| edit_member(roster, "north", |member| member.names.clear()));
    roster(|roster| edit_member(roster, "north", |member| member.logs.clear()));
    roster(|roster| edit_member(roster, "north", |member| member.languages.clear()));
    roster(|roster| {
        edit_member(roster, "north", |member| {
            member.contact.hours = reference("")
        });
    });
    roster(|roster| {
        edit_member(roster, "north", |member| {
            member.nodes = Sorted::new(member.nodes.iter().cloned().map(|mut node| {
                node.addresses = vec![reference("/ip4/192.0.2.1"); 9];
                node
            }));
        });
    });
    let charter = |edit: fn(&mut Charter)| {
        let signed = federation.sign_charter(&federation.next_charter(edit));
        let result = federation.history().clone().add_charter(&signed.encode());
        assert_eq!(super::code(&result), "over-limit");
    };
    charter(|charter| charter.k = 0);
    charter(|charter| charter.small_cell = 0);
    charter(|charter| charter.small_cell = 1_001);
    charter(|charter| charter.grace = u64::MAX);
    charter(|charter| charter.matrix = Sorted::default());
    charter(|charter| charter.quorum.members = 65);
    charter(|charter| charter.mandates[0].roles = Sorted::default());
}

#[test]
fn an_extension_is_carried_and_a_critical_one_is_refused() {
    let federation = Federation::new();
    let with = |critical| {
        let name = ExtensionName::new("example.note").unwrap();
        let value = serde_bytes::ByteBuf::from(vec![1, 2, 3]);
        federation.next_roster(|roster| {
            edit_member(roster, "north", |member| {
                let extension = Extension(name.clone(), critical, value.clone());
                member.ext = Some(Sorted::new([extension]));
            });
        })
    };
    assert_eq!(
        super::code(&super::add(&federation, &with(true))),
        "unknown-critical"
    );
    let carried = with(false);
    let mut history = federation.history().clone();
    let bytes = federation.sign_roster(&carried).encode();
    history.add_roster(&bytes, NOW_MS).unwrap();
    assert_eq!(history.roster(), Some(&carried));
    assert_eq!(validate("roster", &cbor::encode(&carried)), Ok(()));
}
