//! The attacks that TUF lists (The Update Framework, "Goals to protect against
//! specific attacks"), against charter and roster.

use comity_testkit::federation::{
    DAY_MS, EXPIRES_MS, Federation, GRACE_MS, NOW_MS, add_key, edit_keys, edit_member, key, public,
    takedown_request,
};
use comity_testkit::tree::Node;
use comity_trust::chain_error::ChainError;
use comity_trust::history::{Added, History};
use comity_trust::key::Ended;
use comity_trust::limits::{CHARTER_BYTES_MAX, ROSTER_BYTES_MAX};
use comity_trust::signed::SignedPayload;
use comity_wire::cbor;
use comity_wire::cose::kid_of;
use comity_wire::ids::Hash;
use comity_wire::registry::{Check, KeyPurpose, content_type};
use comity_wire::words::Sorted;
use ed25519_dalek::SigningKey;

use super::{add, code};
use crate::statements::judge;

fn offer(history: &History, bytes: &[u8]) -> &'static str {
    code(&history.clone().add_roster(bytes, NOW_MS))
}

fn signed_by(federation: &Federation, keys: &[&SigningKey]) -> &'static str {
    let roster = federation.next_roster(|_| ());
    offer(federation.history(), &roster.sign(keys).encode())
}

#[test]
fn arbitrary_content_that_strangers_sign_is_refused() {
    let federation = Federation::new();
    let [one, two, _] = federation.governance() else {
        panic!("three keys")
    };
    let (stranger, other) = (key("stranger", 1), key("stranger", 2));
    assert_eq!(signed_by(&federation, &[&stranger, &other]), "wrong-signer");
    // Nor does a stranger get in beside those who govern.
    assert_eq!(
        signed_by(&federation, &[one, two, &stranger]),
        "wrong-signer"
    );
    // A member does not govern.
    let north = &federation.member("north").statement;
    assert_eq!(signed_by(&federation, &[one, north]), "wrong-signer");
}

#[test]
fn content_that_is_changed_after_it_was_signed_is_refused() {
    let federation = Federation::new();
    let signed = federation.sign_roster(&federation.next_roster(|_| ()));
    let changed = federation.next_roster(|roster| roster.expires += 1);
    let swapped = SignedPayload(cbor::encode(&changed).into(), signed.1);
    assert_eq!(
        offer(federation.history(), &swapped.encode()),
        "bad-signature"
    );
}

#[test]
fn a_signature_over_a_charter_does_not_stand_for_a_roster() {
    let federation = Federation::new();
    let payload = cbor::encode(&federation.next_roster(|_| ()));
    let signers = federation.governance().iter().take(2);
    let signed = signers.fold(SignedPayload::unsigned(payload), |signed, key| {
        signed.signed_by(content_type::CHARTER, key)
    });
    assert_eq!(
        offer(federation.history(), &signed.encode()),
        "bad-signature"
    );
}

#[test]
fn too_few_signatures_are_refused() {
    let federation = Federation::new();
    let keys: Vec<_> = federation.governance().iter().collect();
    assert_eq!(signed_by(&federation, &keys[..1]), "threshold");
    assert_eq!(signed_by(&federation, &keys[..2]), "extended");
    assert_eq!(signed_by(&federation, &keys), "extended");
    assert_eq!(signed_by(&federation, &[keys[2], keys[0]]), "extended");
    // None at all has no encoding.
    let unsigned = federation.next_roster(|_| ()).sign(&[]);
    assert_eq!(
        offer(federation.history(), &unsigned.encode()),
        "over-limit"
    );
}

#[test]
fn the_signatures_of_one_key_count_once() {
    let federation = Federation::new();
    let one = &federation.governance()[0];
    let signed = federation.next_roster(|_| ()).sign(&[one, one]);
    assert_eq!(signed.1.len(), 1);
    assert_eq!(offer(federation.history(), &signed.encode()), "threshold");
    // Written twice all the same, it is not an encoding.
    let entry = (signed.1[0].0, signed.1[0].1);
    let twice = cbor::encode(&(&signed.0, [entry, entry]));
    assert_eq!(offer(federation.history(), &twice), "bad-payload");
}

#[test]
fn one_compromised_governance_key_is_not_enough_and_can_be_replaced() {
    let mut federation = Federation::new();
    let stolen = federation.governance()[0].clone();
    let fresh = key("governance", 4);
    assert_eq!(signed_by(&federation, &[&stolen]), "threshold");
    let rest: Vec<_> = federation.governance()[1..].to_vec();
    let charter = federation.next_charter(|charter| {
        charter.keys = Sorted::new(rest.iter().chain([&fresh]).map(public));
    });
    federation.take_charter(&charter.sign(&[&rest[0], &rest[1]]));
    assert_eq!(signed_by(&federation, &[&stolen, &rest[0]]), "wrong-signer");
    assert_eq!(signed_by(&federation, &[&fresh, &rest[0]]), "extended");
}

#[test]
fn keys_rotate_only_if_the_old_and_the_new_governance_agree() {
    let federation = Federation::new();
    let old: Vec<_> = federation.governance().iter().collect();
    let fresh = [key("governance", 4), key("governance", 5)];
    let new: Vec<_> = fresh.iter().collect();
    let charter = federation.next_charter(|charter| {
        charter.keys = Sorted::new(fresh.iter().map(public));
    });
    let check = |keys: &[&SigningKey], expected: &str| {
        let bytes = charter.sign(keys).encode();
        let mut history = federation.history().clone();
        assert_eq!(code(&history.add_charter(&bytes)), expected);
    };
    check(&[new[0], new[1]], "threshold");
    check(&[old[0], old[1]], "threshold");
    check(&[old[0], new[0], new[1]], "threshold");
    check(&[old[0], old[1], new[0]], "threshold");
    check(&[old[0], old[1], new[0], new[1]], "extended");
    // The threshold of each counts for itself.
    let charter = federation.next_charter(|charter| charter.k = 3);
    let signed = |keys: &[&SigningKey]| {
        let mut history = federation.history().clone();
        code(&history.add_charter(&charter.sign(keys).encode()))
    };
    assert_eq!(signed(&old[..2]), "threshold");
    assert_eq!(signed(&old), "extended");
}

#[test]
fn rollback_an_old_roster_served_again_does_not_move_the_history_back() {
    let mut federation = Federation::new();
    let first = federation
        .history()
        .rosters_from(1)
        .next()
        .unwrap()
        .to_vec();
    federation.take_roster(&federation.sign_roster(&federation.next_roster(|_| ())));
    let newest = federation.history().roster_ref();
    let mut history = federation.history().clone();
    assert_eq!(history.add_roster(&first, NOW_MS), Ok(Added::Known));
    assert_eq!(history.roster_ref(), newest);
    assert_eq!(newest.unwrap().0, 2);
}

#[test]
fn rollback_an_old_charter_served_again_changes_nothing() {
    let mut federation = Federation::new();
    federation.take_charter(&federation.sign_charter(&federation.next_charter(|_| ())));
    let mut history = federation.history().clone();
    let first = history.charters_from(1).next().unwrap().to_vec();
    assert_eq!(history.add_charter(&first), Ok(Added::Known));
    assert_eq!(history.newest_charter().0.version, 2);
}

#[test]
fn rollback_keys_that_no_longer_govern_cannot_add_to_the_chain() {
    let mut federation = Federation::new();
    let retired: Vec<_> = federation.governance().to_vec();
    let fresh = [key("governance", 4), key("governance", 5)];
    let charter = federation.next_charter(|charter| {
        charter.keys = Sorted::new(fresh.iter().map(public));
    });
    let signers = [&retired[0], &retired[1], &fresh[0], &fresh[1]];
    federation.take_charter(&charter.sign(&signers));
    // Under the new charter they are strangers; under the old one it is too late.
    let under_new = federation.next_roster(|_| ());
    let by = |roster: &comity_trust::roster::Roster| {
        let signed = roster.sign(&[&retired[0], &retired[1]]);
        offer(federation.history(), &signed.encode())
    };
    assert_eq!(by(&under_new), "wrong-signer");
    let first_charter = *federation.fed();
    let under_old = federation.next_roster(|roster| roster.charter = first_charter);
    assert_eq!(by(&under_old), "wrong-charter");
    // Nor can they make another second charter.
    let first = federation.history().charters_from(1).next().unwrap();
    let first = History::start(first).unwrap().charter().clone();
    let fork = comity_trust::charter::Charter {
        version: 2,
        previous: Some(first_charter),
        first_roster: 2,
        grace: 1,
        ..first
    };
    let signed = fork.sign(&[&retired[0], &retired[1]]);
    let mut history = federation.history().clone();
    let result = history.add_charter(&signed.encode());
    assert_eq!(result, Err(ChainError::CharterConflict(2)));
}

#[test]
fn fast_forward_a_version_cannot_be_skipped() {
    let federation = Federation::new();
    let ahead = federation.next_roster(|roster| roster.version = 1_000_000);
    let result = add(&federation, &ahead);
    assert_eq!(
        result,
        Err(ChainError::Gap {
            expected: 2,
            found: 1_000_000
        })
    );
    let ahead = federation.next_charter(|charter| charter.version = 3);
    let signed = federation.sign_charter(&ahead);
    let result = federation.history().clone().add_charter(&signed.encode());
    assert_eq!(code(&result), "version-gap");
    let started = History::start(&signed.encode()).map(|_| ());
    assert_eq!(started.unwrap_err().code(), "version-gap");
}

#[test]
fn fast_forward_a_roster_from_the_future_is_not_taken_yet() {
    let federation = Federation::new();
    let ahead = federation.next_roster(|roster| {
        roster.issued = NOW_MS + DAY_MS;
    });
    let bytes = federation.sign_roster(&ahead).encode();
    let mut history = federation.history().clone();
    let refused = history.add_roster(&bytes, NOW_MS).unwrap_err();
    assert_eq!(refused.code(), "from-the-future");
    assert!(refused.is_transient());
    assert_eq!(
        history.add_roster(&bytes, NOW_MS + DAY_MS),
        Ok(Added::Extended)
    );
}

#[test]
fn freeze_a_roster_that_is_never_renewed_runs_out() {
    let federation = Federation::new();
    let check = |now_ms, expected: &str, request: Result<(), Check>| {
        assert_eq!(federation.history().standing(now_ms).code(), expected);
        let mut draft = federation.draft("north", "platform", takedown_request());
        draft.issued_at_s = now_ms / 1000;
        let statement = federation.sign(draft);
        assert_eq!(judge(&federation, &statement, "platform", now_ms), request);
    };
    check(NOW_MS, "current", Ok(()));
    check(EXPIRES_MS, "in-grace", Ok(()));
    check(EXPIRES_MS + GRACE_MS, "past-grace", Err(Check::Roster));
}

#[test]
fn mix_and_match_charter_and_roster_belong_together() {
    let mut federation = Federation::new();
    let first_charter = *federation.fed();
    let second = federation.sign_charter(&federation.next_charter(|_| ()));
    // A charter that nobody has shown yet: fetch it and try again.
    let unknown = federation.next_roster(|roster| roster.charter = second.hash());
    let refused = add(&federation, &unknown).unwrap_err();
    assert_eq!(
        (refused.code(), refused.is_transient()),
        ("unknown-charter", true)
    );
    federation.take_charter(&second);
    let old = federation.next_roster(|roster| roster.charter = first_charter);
    assert_eq!(code(&add(&federation, &old)), "wrong-charter");
    assert_eq!(
        code(&add(&federation, &federation.next_roster(|_| ()))),
        "extended"
    );
}

/// The second charter, which retires all keys, and what signs under it.
fn rotated(federation: &Federation, first_roster: u64) -> (SignedPayload, [SigningKey; 2]) {
    let fresh = [key("governance", 11), key("governance", 12)];
    let charter = federation.next_charter(|charter| {
        charter.keys = Sorted::new(fresh.iter().map(public));
        charter.first_roster = first_roster;
    });
    let [one, two, _] = federation.governance() else {
        panic!("three keys")
    };
    (charter.sign(&[one, two, &fresh[0], &fresh[1]]), fresh)
}

/// All that a history can be asked for, but for who was first.
fn known(history: &History) -> String {
    let keys: Vec<_> = history.known_keys().collect();
    let logs = keys.iter().map(|key| history.logs_of(&key.member));
    format!(
        "{:?} {:?} {:?} {:?} {keys:?} {:?} {:?}",
        history.roster_ref(),
        history.charter(),
        history.newest_charter(),
        history.open_conflicts().collect::<Vec<_>>(),
        logs.collect::<Vec<_>>(),
        history
            .rosters_from(1)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>(),
    )
}

#[test]
fn rollback_retired_keys_cannot_capture_who_has_not_heard_that_they_are_retired() {
    let federation = Federation::new();
    let (charter, fresh) = rotated(&federation, 2);
    // They even list a key of the new governance, so that it would be used already.
    let theirs = federation.next_roster(|roster| {
        roster.expires += 3_650 * DAY_MS;
        edit_member(roster, "north", |member| {
            add_key(member, &fresh[0], KeyPurpose::Statement);
        });
    });
    let theirs = federation.sign_roster(&theirs).encode();
    let mut late = federation.history().clone();
    assert_eq!(code(&late.add_roster(&theirs, NOW_MS)), "extended");
    let cut = vec![std::sync::Arc::from(theirs.as_slice())];
    assert_eq!(
        late.add_charter(&charter.encode()),
        Ok(Added::Replaced { cut })
    );
    let mut early = federation.history().clone();
    assert_eq!(code(&early.add_charter(&charter.encode())), "extended");
    assert_eq!(known(&late), known(&early));
    let genuine = comity_trust::roster::Roster {
        charter: charter.hash(),
        ..federation.next_roster(|_| ())
    };
    let genuine = genuine.sign(&[&fresh[0], &fresh[1]]).encode();
    for history in [&mut late, &mut early] {
        assert_eq!(code(&history.add_roster(&theirs, NOW_MS)), "wrong-charter");
        assert_eq!(code(&history.add_roster(&genuine, NOW_MS)), "extended");
    }
    assert_eq!(known(&late), known(&early));
}

#[test]
fn rollback_what_is_cut_is_as_if_it_had_never_come() {
    let mut federation = Federation::new();
    let (one, other) = (
        federation.sign_roster(&federation.next_roster(|_| ())),
        federation.sign_roster(&federation.next_roster(|roster| roster.expires += 1)),
    );
    federation.take_roster(&one);
    let mut history = federation.history().clone();
    let beside = history.add_roster(&other.encode(), NOW_MS);
    assert_eq!(code(&beside), "conflict");
    let parted = history.clone();
    let settles = federation.next_roster(|roster| {
        let pair = (one.hash(), other.hash());
        roster.resolves = Some((pair.0.min(pair.1), pair.0.max(pair.1)));
        edit_member(roster, "north", |member| {
            add_key(member, &key("north", 9), KeyPurpose::Statement);
        });
    });
    let settles = federation.sign_roster(&settles).encode();
    assert_eq!(code(&history.add_roster(&settles, NOW_MS)), "extended");
    let settled = history.clone();
    let last = settled.roster().unwrap();
    let mut theirs = comity_trust::roster::Roster {
        version: 4,
        previous: last.reference().1,
        resolves: None,
        ..last.clone()
    };
    edit_member(&mut theirs, "south", |member| {
        edit_keys(member, KeyPurpose::Statement, |key| {
            key.ended = Some(Ended::CompromisedSince(1));
        });
        add_key(member, &key("thief", 1), KeyPurpose::Statement);
    });
    let theirs = federation.sign_roster(&theirs).encode();
    assert_eq!(code(&history.add_roster(&theirs, NOW_MS)), "extended");
    for (first_roster, mut before, cut) in
        [(5, history.clone(), 0), (4, settled, 1), (3, parted, 2)]
    {
        let (charter, _) = rotated(&federation, first_roster);
        let charter = charter.encode();
        assert_eq!(code(&before.add_charter(&charter)), "extended");
        let mut late = history.clone();
        let found = match late.add_charter(&charter) {
            Ok(Added::Replaced { cut }) => cut.len(),
            other => usize::from(other != Ok(Added::Extended)),
        };
        assert_eq!(found, cut, "{first_roster}");
        assert_eq!(known(&late), known(&before), "{first_roster}");
    }
}

#[test]
fn rollback_old_keys_alone_cut_nothing() {
    let mut federation = Federation::new();
    let (charter, _) = rotated(&federation, 2);
    let payload = comity_trust::charter::Charter::decode(charter.payload()).unwrap();
    federation.take_roster(&federation.sign_roster(&federation.next_roster(|_| ())));
    let mut history = federation.history().clone();
    let before = known(&history);
    let result = history.add_charter(&federation.sign_charter(&payload).encode());
    assert_eq!(code(&result), "threshold");
    assert_eq!(known(&history), before);
}

#[test]
fn mix_and_match_nothing_of_another_federation_is_taken() {
    let federation = Federation::new();
    let other = federation.next_roster(|roster| roster.fed = Hash::new([5; 32]));
    // Its logs are of that federation as well.
    let other = comity_trust::roster::Roster {
        members: Sorted::new(other.members.iter().cloned().map(|mut member| {
            member.logs[0].origin.fed = other.fed;
            member
        })),
        ..other
    };
    assert_eq!(code(&add(&federation, &other)), "wrong-federation");
    let mut charter = federation.history().charter().clone();
    charter.grace += 1;
    let signed = federation.sign_charter(&charter);
    let mut history = federation.history().clone();
    assert_eq!(
        code(&history.add_charter(&signed.encode())),
        "wrong-federation"
    );
    let joined = History::join(federation.fed(), &signed.encode()).map(|_| ());
    assert_eq!(joined, Err(ChainError::WrongFederation));
}

#[test]
fn a_roster_names_the_one_before_it() {
    let federation = Federation::new();
    let other = federation.next_roster(|roster| roster.previous = Hash::new([1; 32]));
    assert_eq!(code(&add(&federation, &other)), "wrong-previous");
    let other = federation.next_charter(|charter| charter.previous = Some(Hash::new([1; 32])));
    let signed = federation.sign_charter(&other);
    let result = federation.history().clone().add_charter(&signed.encode());
    assert_eq!(code(&result), "wrong-previous");
}

#[test]
fn endless_data_is_refused_before_it_is_read() {
    let federation = Federation::new();
    let mut history = federation.history().clone();
    let endless = vec![0x5f; ROSTER_BYTES_MAX + 1];
    assert_eq!(code(&history.add_roster(&endless, NOW_MS)), "oversize");
    let endless = vec![0x5f; CHARTER_BYTES_MAX + 1];
    assert_eq!(code(&history.add_charter(&endless)), "oversize");
    assert_eq!(History::start(&endless).unwrap_err().code(), "oversize");
    // Nor does a declared length of 2^62 bytes reserve any.
    let declared = [0x82, 0x5b, 0x40, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(code(&history.add_roster(&declared, NOW_MS)), "bad-payload");
}

#[test]
fn nested_data_is_refused_before_it_is_decoded() {
    let mut history = Federation::new().history().clone();
    assert_eq!(
        code(&history.add_roster(&vec![0x81; 100_000], NOW_MS)),
        "too-deep"
    );
    let inside = SignedPayload::unsigned(vec![0x81; 100_000]);
    let inside = inside.signed_by(content_type::ROSTER, &key("governance", 1));
    assert_eq!(
        code(&history.add_roster(&inside.encode(), NOW_MS)),
        "too-deep"
    );
}

#[test]
fn nothing_is_decoded_that_the_governance_has_not_signed() {
    let federation = Federation::new();
    let keys: Vec<_> = federation.governance().iter().collect();
    let (stranger, other) = (key("stranger", 1), key("stranger", 2));
    // Members that are none: whoever decodes them says so.
    let roster = cbor::encode(&federation.next_roster(|_| ()));
    let roster = Node::parse(&roster).unwrap().with("members", "none");
    let roster = SignedPayload::unsigned(roster.encode());
    let offered = |signers: &[&SigningKey]| {
        let signed = signers.iter().fold(roster.clone(), |signed, key| {
            signed.signed_by(content_type::ROSTER, key)
        });
        offer(federation.history(), &signed.encode())
    };
    assert_eq!(offered(&[&stranger, &other]), "wrong-signer");
    assert_eq!(offered(&keys[..1]), "threshold");
    assert_eq!(offered(&keys[..2]), "bad-payload");
    let charter = cbor::encode(&federation.next_charter(|_| ()));
    let charter = Node::parse(&charter).unwrap().with("matrix", "none");
    let charter = SignedPayload::unsigned(charter.encode());
    let offered = |signers: &[&SigningKey]| {
        let signed = signers.iter().fold(charter.clone(), |signed, key| {
            signed.signed_by(content_type::CHARTER, key)
        });
        let mut history = federation.history().clone();
        code(&history.add_charter(&signed.encode()))
    };
    assert_eq!(offered(&[&stranger, &other]), "threshold");
    assert_eq!(offered(&keys[..1]), "threshold");
    assert_eq!(offered(&keys[..2]), "bad-payload");
    // Nor a first charter that is not the one that was asked for.
    let joined = History::join(
        federation.fed(),
        &charter.signed_by("x", &stranger).encode(),
    );
    assert_eq!(joined.unwrap_err().code(), "wrong-federation");
}

#[test]
fn a_first_charter_needs_the_signatures_of_its_own_keys() {
    let federation = Federation::new();
    let charter = federation.history().charter();
    let keys: Vec<_> = federation.governance().iter().collect();
    let start = |keys: &[&SigningKey]| History::start(&charter.sign(keys).encode()).map(|_| ());
    assert_eq!(start(&keys[..2]), Ok(()));
    assert_eq!(start(&keys[..1]).unwrap_err().code(), "threshold");
    let stranger = key("stranger", 1);
    let refused = start(&[keys[0], &stranger]);
    assert_eq!(refused, Err(ChainError::WrongSigner(kid_of(&stranger))));
}

#[test]
fn a_compromised_member_key_is_refused_from_then_on_whatever_date_it_claims() {
    let mut federation = Federation::new();
    let draft = federation.draft("north", "platform", takedown_request());
    let before = federation.sign(draft);
    let stolen_at = NOW_MS + 60_000;
    let roster = federation.next_roster(|roster| {
        edit_member(roster, "north", |member| {
            edit_keys(member, KeyPurpose::Statement, |key| {
                key.ended = Some(Ended::CompromisedSince(stolen_at));
            });
        });
    });
    federation.take_roster(&federation.sign_roster(&roster));
    let judged = |now_ms| judge(&federation, &before, "platform", now_ms);
    // Dated before the theft, and believed only if it was seen before the theft.
    assert_eq!(judged(stolen_at - 1), Ok(()));
    assert_eq!(judged(stolen_at), Err(Check::Roster));
    // Evidence is judged by the first cosignature over its receipt.
    let known = federation
        .history()
        .statement_key(before.issuer(), before.kid());
    let validity = |seen_at| known.unwrap().validity(before.issued_at(), seen_at);
    assert_eq!(validity(stolen_at - 1), comity_trust::key::Validity::Valid);
    assert_eq!(
        validity(stolen_at),
        comity_trust::key::Validity::Compromised
    );
}

#[test]
fn a_refused_roster_leaves_the_history_as_it_was() {
    let federation = Federation::new();
    let mut history = federation.history().clone();
    let newest = history.roster_ref();
    let vanished = federation.next_roster(|roster| {
        edit_member(roster, "south", |member| {
            let rest = member
                .keys
                .iter()
                .filter(|key| key.purpose != KeyPurpose::Witness);
            member.keys = Sorted::new(rest.cloned());
        });
        edit_member(roster, "north", |member| {
            add_key(member, &key("north", 9), KeyPurpose::Statement);
        });
    });
    let bytes = federation.sign_roster(&vanished).encode();
    assert_eq!(code(&history.add_roster(&bytes, NOW_MS)), "key-vanished");
    assert_eq!(history.roster_ref(), newest);
    let north = &federation.member("north").id;
    assert!(
        history
            .statement_key(north, &kid_of(&key("north", 9)))
            .is_none()
    );
}
