//! Charters and rosters: what follows what is there, and what does not.

use comity_trust::charter::Charter;
use comity_trust::key::{Ended, Key};
use comity_trust::member::{Log, LogState, Member};
use comity_trust::owned::{Domain, Prefix};
use comity_trust::roster::{Roster, RosterConflict};
use comity_trust::rule::Rule;
use comity_trust::signed::SignedPayload;
use comity_wire::cbor;
use comity_wire::cose::kid_of;
use comity_wire::ids::{Hash, Kid, PublicKey};
use comity_wire::parts::Ip;
use comity_wire::registry::{KeyPurpose, content_type};
use comity_wire::words::Sorted;
use ed25519_dalek::SigningKey;

use super::world::{World, new_log, sibling_rosters};
use super::{Context, File};
use crate::federation::{
    DAY_MS, Federation, KEYS_FROM_MS, MemberKeys, NOW_MS, add_key, edit_keys, edit_member, key,
    public,
};
use crate::tree::{NULL, Node};

const CODES: &str = "chain-code";
const OBJECT: &str = "object-code";

fn under(chain: &str) -> Context {
    Context {
        chain: Some(chain.to_owned()),
        now_ms: Some(NOW_MS),
        ..Context::default()
    }
}

fn added(how: &str, signed: &SignedPayload) -> [(&'static str, String); 2] {
    [
        ("added", how.to_owned()),
        ("hash", signed.hash().to_string()),
    ]
}

/// The governance keys of these numbers.
fn governance(numbers: &[u8]) -> Vec<SigningKey> {
    numbers.iter().map(|n| key("governance", *n)).collect()
}

fn sign_charter(charter: &Charter, numbers: &[u8]) -> SignedPayload {
    charter.sign(&governance(numbers).iter().collect::<Vec<_>>())
}

fn sign_roster(roster: &Roster, numbers: &[u8]) -> SignedPayload {
    roster.sign(&governance(numbers).iter().collect::<Vec<_>>())
}

fn signed(bytes: &[u8]) -> SignedPayload {
    SignedPayload::decode(bytes, bytes.len()).expect("it was signed before")
}

/// The payload, changed as a tree and signed again.
fn changed(payload: &[u8], content_type: &'static str, edit: impl FnOnce(Node) -> Node) -> Vec<u8> {
    let payload = edit(Node::parse(payload).unwrap_or(NULL)).encode();
    let keys = governance(&[1, 2]);
    let unsigned = SignedPayload::unsigned(payload);
    keys.iter()
        .fold(unsigned, |signed, key| signed.signed_by(content_type, key))
        .encode()
}

pub(super) fn charters(_: &World) -> File {
    let mut file = File::new("charter.json");
    let federation = Federation::new();
    let first = signed(
        federation
            .history()
            .charters_from(1)
            .next()
            .expect("the first"),
    );
    file.ok(
        "charter-first",
        "The first charter: its hash is the federation.",
        "signed-charter",
        &first.encode(),
        Context::default(),
        &added("extended", &first),
    );
    file.ok(
        "charter-again",
        "A charter that is here already: no rollback.",
        "signed-charter",
        &first.encode(),
        under("rotated"),
        &added("known", &first),
    );
    let next = sign_charter(
        &federation.next_charter(|charter| charter.grace += DAY_MS),
        &[1, 3],
    );
    file.ok(
        "charter-next",
        "The next charter, signed by two of three.",
        "signed-charter",
        &next.encode(),
        under("first"),
        &added("extended", &next),
    );
    let rotation = federation.next_charter(|charter| {
        charter.keys = Sorted::new([4, 5].map(|n| public(&key("governance", n))))
    });
    let both = sign_charter(&rotation, &[1, 2, 4, 5]);
    file.ok(
        "charter-rotation",
        "Governance keys rotate: the old and the new sign.",
        "signed-charter",
        &both.encode(),
        under("first"),
        &added("extended", &both),
    );

    let late = sign_charter(&federation.next_charter(|_| ()), &[1, 2]);
    file.ok(
        "charter-late",
        "A charter that comes late cuts the rosters that it is for, whoever had signed them.",
        "signed-charter",
        &late.encode(),
        under("second"),
        &added("replaced", &late),
    );

    let edited = |edit: &dyn Fn(&mut Charter)| {
        sign_charter(&federation.next_charter(|charter| edit(charter)), &[1, 2])
    };
    let with_key = |public: PublicKey| {
        edited(&|charter| {
            charter.keys = Sorted::new(charter.keys.iter().copied().chain([public]));
        })
    };
    let fork = edited(&|charter| charter.grace = 1);
    let mut of_another = federation.history().charter().clone();
    of_another.grace += 1;
    let of_another = sign_charter(&of_another, &[1, 2]);
    let tampered = SignedPayload(
        cbor::encode(&federation.next_charter(|charter| charter.k = 1)).into(),
        next.1.clone(),
    );
    let as_roster = governance(&[1, 2]).iter().fold(
        SignedPayload::unsigned(next.payload().to_vec()),
        |signed, key| signed.signed_by(content_type::ROSTER, key),
    );
    let rows: Vec<(&str, &str, &str, SignedPayload, &str)> = vec![
        (
            "charter-only-new-keys",
            "Only the new keys have signed.",
            "first",
            sign_charter(&rotation, &[4, 5]),
            "threshold",
        ),
        (
            "charter-only-old-keys",
            "Only the old keys have signed.",
            "first",
            sign_charter(&rotation, &[1, 2]),
            "threshold",
        ),
        (
            "charter-one-of-three",
            "One signature where two are needed.",
            "first",
            sign_charter(&federation.next_charter(|_| ()), &[1]),
            "threshold",
        ),
        (
            "charter-stranger",
            "A stranger has signed beside those who govern.",
            "first",
            sign_charter(&federation.next_charter(|_| ()), &[1, 2, 5]),
            "wrong-signer",
        ),
        (
            "charter-tampered",
            "Changed after it was signed.",
            "first",
            tampered,
            "bad-signature",
        ),
        (
            "charter-signed-as-roster",
            "Signed under the content type of a roster.",
            "first",
            as_roster,
            "bad-signature",
        ),
        (
            "charter-gap",
            "Version 3 where 2 is next.",
            "first",
            edited(&|charter| charter.version = 3),
            "version-gap",
        ),
        (
            "charter-of-another-federation",
            "Another first charter.",
            "first",
            of_another,
            "wrong-federation",
        ),
        (
            "charter-previous",
            "It names another charter before it.",
            "first",
            edited(&|charter| charter.previous = Some(Hash::new([1; 32]))),
            "wrong-previous",
        ),
        (
            "charter-second-of-version-2",
            "The old keys sign a second charter of version 2.",
            "rotated",
            fork,
            "charter-conflict",
        ),
        (
            "charter-weak-key",
            "A governance key of small order.",
            "first",
            with_key(PublicKey::new([0; 32])),
            Rule::WeakKey.code(),
        ),
        (
            "charter-threshold",
            "It asks for more signatures than it has keys.",
            "first",
            edited(&|charter| charter.k = 4),
            Rule::ThresholdAboveKeys.code(),
        ),
        (
            "charter-first-misplaced",
            "Version 2 that names nothing before it.",
            "first",
            edited(&|charter| charter.previous = None),
            Rule::FirstMisplaced.code(),
        ),
        (
            "charter-for-earlier-rosters",
            "The third charter is for rosters from the second on, as the second is.",
            "rotated",
            {
                let mut rotated = Federation::new();
                rotated.take_charter(&both);
                sign_charter(
                    &rotated.next_charter(|charter| charter.first_roster = 2),
                    &[4, 5],
                )
            },
            Rule::FirstRosterOrder.code(),
        ),
    ];
    for (name, shows, chain, signed, code) in rows {
        file.no(
            name,
            shows,
            "signed-charter",
            &signed.encode(),
            under(chain),
            (code, CODES),
        );
    }
    let tree = |edit: &dyn Fn(Node) -> Node| changed(next.payload(), content_type::CHARTER, edit);
    let rows: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        (
            "charter-unknown-member",
            "A member that a charter does not have.",
            tree(&|charter| charter.with("unknown", 1)),
            "bad-payload",
        ),
        (
            "charter-unsorted-keys",
            "The keys are not sorted.",
            tree(&|charter| {
                let mut keys = charter
                    .get("keys")
                    .map(|keys| keys.items().to_vec())
                    .unwrap_or_default();
                keys.reverse();
                charter.with("keys", keys)
            }),
            "bad-payload",
        ),
        (
            "charter-unknown-kind",
            "A row of the matrix for a kind that there is not.",
            tree(&|charter| {
                charter.with(
                    "matrix",
                    vec![vec!["hotline".into(), "gossip".into(), "platform".into()].into()],
                )
            }),
            "bad-payload",
        ),
        (
            "charter-k-0",
            "It asks for no signature.",
            tree(&|charter| charter.with("k", 0)),
            "over-limit",
        ),
        (
            "charter-unsigned",
            "Nobody has signed.",
            SignedPayload::unsigned(next.payload().to_vec()).encode(),
            "over-limit",
        ),
        (
            "charter-doubled-signature",
            "The signature of one key stands twice.",
            {
                let one = Node::Array(vec![
                    Node::Bytes(next.1[0].0.as_bytes().to_vec()),
                    Node::Bytes(next.1[0].1.as_bytes().to_vec()),
                ]);
                Node::Array(vec![
                    Node::Bytes(next.payload().to_vec()),
                    vec![one.clone(), one].into(),
                ])
                .encode()
            },
            "bad-payload",
        ),
        (
            "charter-too-long",
            "Over 256 KiB; nothing of it is read.",
            vec![0; 262_145],
            "oversize",
        ),
    ];
    for (name, shows, bytes, code) in rows {
        file.no(
            name,
            shows,
            "signed-charter",
            &bytes,
            under("first"),
            (code, OBJECT),
        );
    }
    file
}

pub(super) fn rosters(world: &World) -> File {
    let mut file = File::new("roster.json");
    let federation = Federation::new();
    let first = signed(
        federation
            .history()
            .rosters_from(1)
            .next()
            .expect("the first"),
    );
    file.ok(
        "roster-again",
        "An old roster served again: the newest stays.",
        "signed-roster",
        &first.encode(),
        under("second"),
        &added("known", &first),
    );
    let next = federation.sign_roster(&federation.next_roster(|_| ()));
    file.ok(
        "roster-next",
        "The next roster.",
        "signed-roster",
        &next.encode(),
        under("first"),
        &added("extended", &next),
    );
    let three = sign_roster(&federation.next_roster(|_| ()), &[1, 2, 3]);
    file.ok(
        "roster-three-signatures",
        "All three have signed; the hash is the same.",
        "signed-roster",
        &three.encode(),
        under("first"),
        &added("extended", &three),
    );
    let (one, other) = sibling_rosters(&federation);
    let (one, other) = (federation.sign_roster(&one), federation.sign_roster(&other));
    let sibling = federation.sign_roster(&federation.next_roster(|roster| roster.expires += 3));
    file.ok(
        "roster-sibling",
        "A second roster of a version: the first stays, both are evidence.",
        "signed-roster",
        &sibling.encode(),
        under("siblings"),
        &added("conflict", &sibling),
    );
    let settling = settling(world, &one, &other);
    file.ok(
        "roster-resolves",
        "A roster that names both settles the conflict.",
        "signed-roster",
        &settling.encode(),
        under("siblings"),
        &added("extended", &settling),
    );
    let mut rotated = Federation::new();
    rotated.take_charter(&sign_charter(&rotation(&rotated), &[1, 2, 4, 5]));
    let by_new = sign_roster(&rotated.next_roster(|_| ()), &[4, 5]);
    file.ok(
        "roster-under-new-charter",
        "The first roster under the second charter.",
        "signed-roster",
        &by_new.encode(),
        under("rotated"),
        &added("extended", &by_new),
    );
    conflicts(&mut file, &one, &other, &first);

    let edited = |edit: &dyn Fn(&mut Roster)| {
        federation.sign_roster(&federation.next_roster(|roster| edit(roster)))
    };
    let tampered = SignedPayload(
        cbor::encode(&federation.next_roster(|roster| roster.expires += 9)).into(),
        next.1.clone(),
    );
    let under_old = rotated.next_roster(|roster| roster.charter = *federation.fed());
    let rows: Vec<(&str, &str, &str, SignedPayload, &str)> = vec![
        (
            "roster-one-signature",
            "One signature where two are needed.",
            "first",
            sign_roster(&federation.next_roster(|_| ()), &[2]),
            "threshold",
        ),
        (
            "roster-stranger",
            "A stranger has signed beside those who govern.",
            "first",
            sign_roster(&federation.next_roster(|_| ()), &[1, 2, 4]),
            "wrong-signer",
        ),
        (
            "roster-member-signs",
            "A member does not govern.",
            "first",
            federation
                .next_roster(|_| ())
                .sign(&[&key("governance", 1), &key("north", 1)]),
            "wrong-signer",
        ),
        (
            "roster-tampered",
            "Changed after it was signed.",
            "first",
            tampered,
            "bad-signature",
        ),
        (
            "roster-gap",
            "Version 3 where 2 is next: no fast forward.",
            "first",
            edited(&|roster| roster.version = 3),
            "version-gap",
        ),
        (
            "roster-previous",
            "It names another roster before it.",
            "first",
            edited(&|roster| roster.previous = Hash::new([1; 32])),
            "wrong-previous",
        ),
        (
            "roster-unknown-charter",
            "It names a charter that nobody has shown.",
            "first",
            edited(&|roster| roster.charter = Hash::new([1; 32])),
            "unknown-charter",
        ),
        (
            "roster-old-charter",
            "Mix and match: made under the charter before.",
            "rotated",
            sign_roster(&under_old, &[1, 2]),
            "wrong-charter",
        ),
        (
            "roster-retired-keys",
            "Keys that no longer govern.",
            "rotated",
            sign_roster(&rotated.next_roster(|_| ()), &[1, 2]),
            "wrong-signer",
        ),
        (
            "roster-from-the-future",
            "Issued a day after the reader's clock.",
            "first",
            edited(&|roster| roster.issued = NOW_MS + DAY_MS),
            "from-the-future",
        ),
        (
            "roster-of-another-federation",
            "Of another federation, its logs too.",
            "first",
            edited(&|roster| {
                roster.fed = Hash::new([5; 32]);
                for name in ["north", "south", "platform", "regulator"] {
                    edit_member(roster, name, |member| {
                        member.logs[0].origin.fed = Hash::new([5; 32])
                    });
                }
            }),
            "wrong-federation",
        ),
        (
            "roster-sibling-missing",
            "It settles a conflict, of which one roster is not here.",
            "second",
            {
                let mut second = Federation::new();
                second.take_roster(&next);
                let last = next.hash();
                let other = other.hash();
                second.sign_roster(&second.next_roster(|roster| {
                    roster.resolves = Some((last.min(other), last.max(other)))
                }))
            },
            "sibling-missing",
        ),
    ];
    for (name, shows, chain, signed, code) in rows {
        file.no(
            name,
            shows,
            "signed-roster",
            &signed.encode(),
            under(chain),
            (code, CODES),
        );
    }
    rules(&mut file, &federation);
    encodings(&mut file, &next);
    file
}

fn rotation(federation: &Federation) -> Charter {
    federation.next_charter(|charter| {
        charter.keys = Sorted::new([4, 5].map(|n| public(&key("governance", n))))
    })
}

/// The roster of version 3 that settles two of version 2.
fn settling(world: &World, one: &SignedPayload, other: &SignedPayload) -> SignedPayload {
    let last = world.chain("siblings").roster().expect("there is a roster");
    let (one, other) = (one.hash(), other.hash());
    let next = Roster {
        issued: last.issued + DAY_MS,
        version: last.version + 1,
        previous: one,
        resolves: Some((one.min(other), one.max(other))),
        ..last.clone()
    };
    sign_roster(&next, &[1, 2])
}

fn conflicts(file: &mut File, one: &SignedPayload, other: &SignedPayload, first: &SignedPayload) {
    let mut row = |name: &str, shows: &str, evidence: RosterConflict, found: Result<u64, &str>| {
        let (bytes, context) = (evidence.encode(), under("first"));
        match found {
            Ok(version) => file.ok(
                name,
                shows,
                "roster-conflict",
                &bytes,
                context,
                &[("version", version.to_string())],
            ),
            Err(code) => file.no(
                name,
                shows,
                "roster-conflict",
                &bytes,
                context,
                (code, CODES),
            ),
        }
    };
    row(
        "conflict",
        "Two rosters of version 2, both validly signed.",
        RosterConflict(one.clone(), other.clone()),
        Ok(2),
    );
    row(
        "conflict-with-itself",
        "The same roster twice.",
        RosterConflict(one.clone(), one.clone()),
        Err("no-conflict"),
    );
    row(
        "conflict-of-versions",
        "Rosters of two versions.",
        RosterConflict(first.clone(), one.clone()),
        Err("no-conflict"),
    );
    let forged = SignedPayload(other.0.clone(), one.1.clone());
    row(
        "conflict-forged",
        "The second has the signatures of the first.",
        RosterConflict(one.clone(), forged),
        Err("bad-signature"),
    );
}

/// An edit of one member's entry.
fn north(edit: impl Fn(&mut Member)) -> impl Fn(&mut Roster) {
    move |roster| edit_member(roster, "north", |member| edit(member))
}

/// An edit of one key of that member.
fn witness(edit: impl Fn(&mut Key)) -> impl Fn(&mut Roster) {
    north(move |member| edit_keys(member, KeyPurpose::Witness, |key| edit(key)))
}

/// One rule broken by each.
fn rules(file: &mut File, federation: &Federation) {
    let mut row = |rule: Rule, edit: &dyn Fn(&mut Roster)| {
        let roster = federation.sign_roster(&federation.next_roster(|roster| edit(roster)));
        let name = format!("roster-rule-{}", rule.code());
        let shows = format!("This does not hold: {}", rule.sentence());
        file.no(
            &name,
            &shows,
            "signed-roster",
            &roster.encode(),
            under("first"),
            (rule.code(), CODES),
        );
    };
    let second_log = |member: &mut Member, key: Kid| {
        let mut log = Log {
            key,
            ..member.logs[0].clone()
        };
        log.origin.n = 2;
        member.logs.push(log);
    };
    let closed = || LogState::Closed((9, Hash::new([9; 32])));
    row(
        Rule::KidMismatch,
        &witness(|key| key.kid = Kid::new([0; 32])),
    );
    row(
        Rule::WeakKey,
        &north(|member| {
            let weak = Key::new(PublicKey::new([0; 32]), KeyPurpose::Witness, KEYS_FROM_MS);
            member.keys = Sorted::new(member.keys.iter().cloned().chain([weak]));
        }),
    );
    row(
        Rule::KeyUsedTwice,
        &north(|member| add_key(member, &key("south", 1), KeyPurpose::Statement)),
    );
    row(
        Rule::KeyTimes,
        &witness(|key| key.ended = Some(Ended::Superseded)),
    );
    row(
        Rule::KeyReused,
        &north(|member| add_key(member, &key("governance", 3), KeyPurpose::Statement)),
    );
    row(
        Rule::KeyVanished,
        &north(|member| {
            let witness = |key: &&Key| key.purpose != KeyPurpose::Witness;
            member.keys = Sorted::new(member.keys.iter().filter(witness).cloned());
        }),
    );
    row(Rule::KeyChanged, &witness(|key| key.from += 1));
    row(
        Rule::ForeignOrigin,
        &north(|member| member.logs[0].origin.member = MemberKeys::new("south").id),
    );
    row(
        Rule::LogNumbers,
        &north(|member| member.logs[0].origin.n = 2),
    );
    row(
        Rule::LogKeyMissing,
        &north(|member| member.logs[0].key = kid_of(&key("north", 1))),
    );
    row(
        Rule::LogKeyShared,
        &north(|member| {
            member.logs[0].state = closed();
            second_log(member, kid_of(&key("north", 2)));
        }),
    );
    row(
        Rule::TwoOpenLogs,
        &north(|member| {
            add_key(member, &key("north", 12), KeyPurpose::Log);
            second_log(member, kid_of(&key("north", 12)));
        }),
    );
    row(
        Rule::LogChanged,
        &north(|member| {
            add_key(member, &key("north", 12), KeyPurpose::Log);
            member.logs[0].key = kid_of(&key("north", 12));
        }),
    );
    row(
        Rule::NodeKeyMissing,
        &north(|member| {
            let mut node = member.nodes[0].clone();
            node.key = kid_of(&key("north", 3));
            member.nodes = Sorted::new([node]);
        }),
    );
    row(
        Rule::NotADomain,
        &north(|member| member.owns.domains = Sorted::new(Domain::new("example"))),
    );
    row(
        Rule::OwnedTwice,
        &north(|member| member.owns.domains = Sorted::new(Domain::new("platform.example"))),
    );
    row(
        Rule::PrefixForm,
        &north(|member| {
            let address = std::net::Ipv4Addr::new(198, 51, 100, 1).into();
            member.owns.prefixes = Sorted::new([Prefix(Ip::new(address), 24)]);
        }),
    );
    row(Rule::ExpiresTooEarly, &|roster| {
        roster.expires = roster.issued
    });
    row(Rule::IssuedEarlier, &|roster| roster.issued -= DAY_MS + 1);
    row(Rule::FirstMisplaced, &|roster| roster.version = 1);
    row(Rule::ResolvesMisplaced, &|roster| {
        roster.resolves = Some((Hash::new([2; 32]), Hash::new([1; 32])))
    });

    logs(file);
    let resurrected = under("north-superseded");
    let mut superseded = Federation::new();
    let ended = superseded.next_roster(|roster| {
        edit_member(roster, "north", |member| {
            edit_keys(member, KeyPurpose::Statement, |key| {
                key.ended = Some(Ended::Superseded);
                key.until = Some(crate::federation::ISSUED_MS + DAY_MS);
            })
        })
    });
    superseded.take_roster(&superseded.sign_roster(&ended));
    let again = superseded.next_roster(|roster| {
        edit_member(roster, "north", |member| {
            edit_keys(member, KeyPurpose::Statement, |key| {
                (key.ended, key.until) = (None, None);
            })
        })
    });
    let again = superseded.sign_roster(&again).encode();
    let rule = Rule::KeyResurrected;
    let shows = format!("This does not hold: {}", rule.sentence());
    file.no(
        "roster-rule-key-resurrected",
        &shows,
        "signed-roster",
        &again,
        resurrected,
        (rule.code(), CODES),
    );
}

/// What a roster may not do to a log that a member has left for another one.
fn logs(file: &mut File) {
    let mut federation = Federation::new();
    let moved = federation.next_roster(|roster| edit_member(roster, "north", new_log));
    federation.take_roster(&federation.sign_roster(&moved));
    let mut row = |rule: Rule, edit: &dyn Fn(&mut Member)| {
        let roster = federation.next_roster(north(edit));
        file.no(
            &format!("roster-rule-{}", rule.code()),
            &format!("This does not hold: {}", rule.sentence()),
            "signed-roster",
            &federation.sign_roster(&roster).encode(),
            under("north-new-log"),
            (rule.code(), CODES),
        );
    };
    row(Rule::LogVanished, &|member| {
        member.logs.pop();
    });
    row(Rule::LogReopened, &|member| {
        member.logs[1].state = LogState::Closed((4, Hash::new([4; 32])));
        member.logs[0].state = LogState::Open;
    });
}

fn encodings(file: &mut File, next: &SignedPayload) {
    let tree = |edit: &dyn Fn(Node) -> Node| changed(next.payload(), content_type::ROSTER, edit);
    let members = |edit: &dyn Fn(&mut Vec<Node>)| {
        tree(&|roster| {
            let mut members = roster
                .get("members")
                .map(|members| members.items().to_vec())
                .unwrap_or_default();
            edit(&mut members);
            roster.with("members", members)
        })
    };
    let rows: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        (
            "roster-unknown-member",
            "A member that a roster does not have.",
            tree(&|roster| roster.with("unknown", 1)),
            "bad-payload",
        ),
        (
            "roster-unsorted",
            "The members are not sorted.",
            members(&|members| members.reverse()),
            "bad-payload",
        ),
        (
            "roster-doubled",
            "A member stands twice.",
            members(&|members| members.insert(0, members[0].clone())),
            "bad-payload",
        ),
        (
            "roster-key-two-purposes",
            "One key for two purposes.",
            members(&|members| {
                let keys = members[0]
                    .get("keys")
                    .map(|keys| keys.items().to_vec())
                    .unwrap_or_default();
                let twice = [
                    &[
                        keys[0].clone().with("purpose", "log"),
                        keys[0].clone().with("purpose", "witness"),
                    ],
                    &keys[1..],
                ]
                .concat();
                members[0] = members[0].clone().with("keys", twice);
            }),
            "bad-payload",
        ),
        (
            "roster-unknown-purpose",
            "A purpose of a key that there is not.",
            members(&|members| {
                let mut keys = members[0]
                    .get("keys")
                    .map(|keys| keys.items().to_vec())
                    .unwrap_or_default();
                keys[0] = keys[0].clone().with("purpose", "payment");
                members[0] = members[0].clone().with("keys", keys);
            }),
            "bad-payload",
        ),
        (
            "roster-no-members",
            "Nobody is a member.",
            tree(&|roster| roster.with("members", Vec::new())),
            "over-limit",
        ),
        (
            "roster-no-roles",
            "A member without a role.",
            members(&|members| {
                members[0] = members[0].clone().with("roles", Vec::new());
            }),
            "over-limit",
        ),
        (
            "roster-critical",
            "A critical extension of a member that is not known.",
            members(&|members| {
                let critical = Node::Array(vec![
                    "geofence".into(),
                    true.into(),
                    Node::Bytes(Vec::new()),
                ]);
                members[0] = members[0].clone().with("ext", vec![critical]);
            }),
            "unknown-critical",
        ),
        (
            "roster-trailing-byte",
            "A byte follows.",
            [next.encode().as_slice(), &[0]].concat(),
            "bad-payload",
        ),
        (
            "roster-too-long",
            "Over 4 MiB; nothing of it is read.",
            vec![0; 4_194_305],
            "oversize",
        ),
    ];
    for (name, shows, bytes, code) in rows {
        file.no(
            name,
            shows,
            "signed-roster",
            &bytes,
            under("first"),
            (code, OBJECT),
        );
    }
}
