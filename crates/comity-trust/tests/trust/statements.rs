//! Every check of a statement that needs a roster, in the order of the
//! specification.

use comity_testkit::federation::{
    DAY_MS, Federation, NOW_MS, add_key, edit_keys, edit_member, key, takedown_request,
};
use comity_trust::authorise::{
    Authorised, Checked, Context, Parties, Vouched, authorise, check_statement,
};
use comity_trust::key::Ended;
use comity_trust::limits::{WINDOW_FUTURE_MS, WINDOW_PAST_MS};
use comity_trust::member::{LogState, Member};
use comity_trust::roster::Roster;
use comity_wire::body::{Acknowledgement, Body, Outcome, OutcomeItem, Withdrawal};
use comity_wire::cose::SignedRoot;
use comity_wire::cose::kid_of;
use comity_wire::ids::{CaseId, Hash, Nonce};
use comity_wire::leaf::Leaf;
use comity_wire::receipt::{InclusionProof, Receipt};
use comity_wire::registry::{
    Answer, Basis, Check, Complete, KeyPurpose, OutcomeAnswer, by, record_kind, role,
    withdrawal_code,
};
use comity_wire::statement::{Draft, Rejection, Statement};
use comity_wire::words::{Sorted, TimeMs, Version};

/// What the checks say of a statement that is new at `me`, of an unknown case.
pub(crate) fn judge(
    federation: &Federation,
    statement: &Statement,
    me: &str,
    now_ms: TimeMs,
) -> Result<(), Check> {
    check(federation, statement, me, now_ms, None)
        .map(|_| ())
        .map_err(|rejection| rejection.check)
}

fn check(
    federation: &Federation,
    statement: &Statement,
    me: &str,
    now_ms: TimeMs,
    case: Option<&Parties>,
) -> Result<Checked, Rejection> {
    let context = Context {
        history: federation.history(),
        me: &federation.member(me).id,
        now_ms,
        case,
        vouched: None,
    };
    check_statement(statement.bytes(), |_| false, &context)
}

pub(crate) fn acknowledgement() -> Body {
    Body::Acknowledgement(Acknowledgement {
        by: comity_testkit::federation::code(by::PERSON),
        code: None,
        next: None,
        text: None,
        items: None,
        names: None,
        answer: Answer::Accepted,
        expected_by: None,
    })
}

fn outcome() -> Body {
    Body::Outcome(Outcome {
        text: None,
        basis: Basis::Own,
        items: Sorted::new([OutcomeItem(
            1,
            1,
            OutcomeAnswer::Done,
            vec![],
            None,
            None,
            None,
        )]),
        complete: Complete::Yes,
    })
}

pub(crate) fn withdrawal() -> Body {
    Body::Withdrawal(Withdrawal {
        code: comity_testkit::federation::code(withdrawal_code::ERROR),
        text: None,
        basis: Basis::Own,
        items: None,
    })
}

/// An edited request of north to the platform, judged there.
fn request(edit: impl FnOnce(&mut Draft)) -> Result<(), Check> {
    let federation = Federation::new();
    let mut draft = federation.draft("north", "platform", takedown_request());
    edit(&mut draft);
    judge(&federation, &federation.sign(draft), "platform", NOW_MS)
}

#[test]
fn a_request_of_a_hotline_to_a_platform_is_authorised() {
    let federation = Federation::new();
    let statement = federation.sign(federation.draft("north", "platform", takedown_request()));
    let checked = check(&federation, &statement, "platform", NOW_MS, None);
    let Ok(Checked::Authorised(authorised)) = checked else {
        panic!("{checked:?}")
    };
    assert_eq!(authorised.statement(), &statement);
    assert_eq!(Some(authorised.roster()), federation.history().roster_ref());
    let inner: Statement = Authorised::into_statement(*authorised);
    assert_eq!(inner, statement);
}

#[test]
fn what_is_here_already_is_known_whatever_else_is_wrong_with_it() {
    let federation = Federation::new();
    let draft = federation.draft("north", "platform", takedown_request());
    let statement = federation.sign(draft);
    let context = Context {
        history: federation.history(),
        me: &federation.member("south").id,
        now_ms: NOW_MS + 10 * WINDOW_PAST_MS,
        case: None,
        vouched: None,
    };
    let known = check_statement(statement.bytes(), |id| id == statement.id(), &context);
    assert_eq!(known, Ok(Checked::Known(*statement.id())));
}

#[test]
fn key_the_issuer_has_this_statement_key() {
    let federation = Federation::new();
    let sign_with = |key: &ed25519_dalek::SigningKey| {
        let draft = federation.draft("north", "platform", takedown_request());
        judge(&federation, &draft.sign(key).unwrap(), "platform", NOW_MS)
    };
    let north = federation.member("north");
    assert_eq!(sign_with(&north.statement), Ok(()));
    assert_eq!(sign_with(&key("stranger", 1)), Err(Check::Key));
    // A key of another purpose, and another member's.
    assert_eq!(sign_with(&north.log), Err(Check::Key));
    assert_eq!(sign_with(&north.transport), Err(Check::Key));
    assert_eq!(
        sign_with(&federation.member("south").statement),
        Err(Check::Key)
    );
    assert_eq!(sign_with(&federation.governance()[0]), Err(Check::Key));
}

#[test]
fn signature_every_bit_counts() {
    let federation = Federation::new();
    let statement = federation.sign(federation.draft("north", "platform", takedown_request()));
    let mut bytes = statement.bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let context = Context {
        history: federation.history(),
        me: &federation.member("platform").id,
        now_ms: NOW_MS,
        case: None,
        vouched: None,
    };
    let rejection = check_statement(&bytes, |_| true, &context).unwrap_err();
    assert_eq!(rejection.check, Check::Signature);
}

#[test]
fn federation_a_statement_of_a_test_federation_is_not_for_the_real_one() {
    let result = request(|draft| draft.fed = Hash::new([1; 32]));
    assert_eq!(result, Err(Check::Federation));
}

#[test]
fn recipient_it_is_for_this_member_and_not_for_its_issuer() {
    let federation = Federation::new();
    let statement = federation.sign(federation.draft("north", "south", takedown_request()));
    assert_eq!(
        judge(&federation, &statement, "platform", NOW_MS),
        Err(Check::Recipient)
    );
    let to_itself = federation.sign(federation.draft("north", "north", takedown_request()));
    assert_eq!(
        judge(&federation, &to_itself, "north", NOW_MS),
        Err(Check::Recipient)
    );
}

#[test]
fn case_id_follows_from_issuer_and_nonce() {
    let wrong = |edit: fn(&mut Draft)| assert_eq!(request(edit), Err(Check::CaseId));
    wrong(|draft| draft.case = CaseId::new([1; 16]));
    wrong(|draft| draft.case_nonce = Some(Nonce::new([1; 16])));
    wrong(|draft| draft.case_nonce = None);
    // Somebody else's case cannot be opened.
    let federation = Federation::new();
    let mut draft = federation.draft("north", "platform", takedown_request());
    draft.issuer = federation.member("south").id.clone();
    let statement = federation.sign(draft);
    assert_eq!(
        judge(&federation, &statement, "platform", NOW_MS),
        Err(Check::CaseId)
    );
    // And what opens nothing carries no nonce.
    let mut draft = federation.draft("platform", "north", acknowledgement());
    let statement = federation.sign(draft.clone());
    assert_eq!(
        judge(&federation, &statement, "north", NOW_MS),
        Err(Check::CaseId)
    );
    draft.case_nonce = None;
    let statement = federation.sign(draft);
    assert_eq!(
        judge(&federation, &statement, "north", NOW_MS),
        Err(Check::Case)
    );
}

#[test]
fn time_is_within_the_window() {
    let at = |ms: u64| request(|draft| draft.issued_at_s = ms / 1000);
    assert_eq!(at(NOW_MS - WINDOW_PAST_MS), Ok(()));
    assert_eq!(at(NOW_MS - WINDOW_PAST_MS - 1_000), Err(Check::Time));
    assert_eq!(at(NOW_MS + WINDOW_FUTURE_MS), Ok(()));
    assert_eq!(at(NOW_MS + WINDOW_FUTURE_MS + 1_000), Err(Check::Time));
    assert_eq!(at(0), Err(Check::Time));
}

#[test]
fn roster_the_issuer_is_a_member_now() {
    let mut federation = Federation::new();
    let statement = federation.sign(federation.draft("north", "platform", takedown_request()));
    let north = federation.member("north").id.clone();
    let left = federation.next_roster(|roster| {
        let rest = roster.members.iter().filter(|member| member.id != north);
        roster.members = Sorted::new(rest.cloned());
    });
    federation.take_roster(&federation.sign_roster(&left));
    assert_eq!(
        judge(&federation, &statement, "platform", NOW_MS),
        Err(Check::Roster)
    );
}

#[test]
fn roster_a_superseded_key_is_believed_for_what_it_signed_in_its_time() {
    let mut federation = Federation::new();
    let fresh = key("north", 9);
    let at = |federation: &Federation, ms: u64, signer: &ed25519_dalek::SigningKey| {
        let mut draft = federation.draft("north", "platform", takedown_request());
        draft.issued_at_s = ms / 1000;
        let statement = draft.sign(signer).unwrap();
        judge(federation, &statement, "platform", NOW_MS)
    };
    let changed_at = NOW_MS - DAY_MS;
    let roster = federation.next_roster(|roster| {
        edit_member(roster, "north", |member| {
            edit_keys(member, KeyPurpose::Statement, |key| {
                key.ended = Some(Ended::Superseded);
                key.until = Some(changed_at);
            });
            add_key(member, &fresh, KeyPurpose::Statement);
            let fresh = kid_of(&fresh);
            edit_keys(member, KeyPurpose::Statement, |key| {
                if key.kid == fresh {
                    key.from = changed_at;
                }
            });
        });
    });
    federation.take_roster(&federation.sign_roster(&roster));
    let old = federation.member("north").statement.clone();
    // Signed before the change and still under way: not lost.
    assert_eq!(at(&federation, changed_at, &old), Ok(()));
    assert_eq!(
        at(&federation, changed_at + 1_000, &old),
        Err(Check::Roster)
    );
    assert_eq!(at(&federation, changed_at, &fresh), Ok(()));
    assert_eq!(
        at(&federation, changed_at - 1_000, &fresh),
        Err(Check::Roster)
    );
}

#[test]
fn matrix_a_role_may_send_what_the_charter_says() {
    let federation = Federation::new();
    let send = |from: &str, to: &str| {
        let statement = federation.sign(federation.draft(from, to, takedown_request()));
        judge(&federation, &statement, to, NOW_MS)
    };
    assert_eq!(send("north", "platform"), Ok(()));
    assert_eq!(send("regulator", "platform"), Ok(()));
    assert_eq!(send("north", "south"), Err(Check::Matrix));
    assert_eq!(send("platform", "north"), Err(Check::Matrix));
    assert_eq!(send("platform", "regulator"), Err(Check::Matrix));
}

#[test]
fn case_it_is_known_or_the_statement_opens_it() {
    let federation = Federation::new();
    let opened = federation.sign(federation.draft("north", "platform", takedown_request()));
    let reply = federation.reply(
        "platform",
        "north",
        *opened.case(),
        [*opened.id()],
        acknowledgement(),
    );
    let reply = federation.sign(reply);
    assert_eq!(
        judge(&federation, &reply, "north", NOW_MS),
        Err(Check::Case)
    );
    let parties = federation.parties("north", "platform");
    assert!(check(&federation, &reply, "north", NOW_MS, Some(&parties)).is_ok());
}

#[test]
fn party_issuer_and_recipient_are_those_of_the_case_and_on_the_right_side() {
    let federation = Federation::new();
    let judged = |from: &str, to: &str, body: Body, opener: &str, recipient: &str| {
        let draft = federation.reply(from, to, CaseId::new([1; 16]), [], body);
        let statement = federation.sign(draft);
        let parties = federation.parties(opener, recipient);
        check(&federation, &statement, to, NOW_MS, Some(&parties))
            .map(|_| ())
            .map_err(|rejection| rejection.check)
    };
    // The recipient answers and reports; the opener withdraws.
    assert_eq!(
        judged("platform", "north", outcome(), "north", "platform"),
        Ok(())
    );
    assert_eq!(
        judged("north", "platform", withdrawal(), "north", "platform"),
        Ok(())
    );
    // Either may acknowledge: the refusal of a statement is one.
    for (from, to) in [("platform", "north"), ("north", "platform")] {
        assert_eq!(
            judged(from, to, acknowledgement(), "north", "platform"),
            Ok(())
        );
    }
    // A party, but not its side. The matrix lets roles send it, so the case decides.
    let refused = Err(Check::Party);
    assert_eq!(
        judged("south", "north", outcome(), "south", "north"),
        refused
    );
    assert_eq!(
        judged("north", "south", withdrawal(), "south", "north"),
        refused
    );
    // No party at all.
    assert_eq!(
        judged("south", "platform", withdrawal(), "north", "platform"),
        refused
    );
    assert_eq!(
        judged("platform", "south", outcome(), "north", "platform"),
        refused
    );
}

#[test]
fn party_an_opening_statement_of_a_known_case_goes_on_to_the_fold_if_its_parties_fit() {
    let federation = Federation::new();
    let statement = federation.sign(federation.draft("north", "platform", takedown_request()));
    let judged =
        |parties: Parties| check(&federation, &statement, "platform", NOW_MS, Some(&parties));
    assert!(judged(federation.parties("north", "platform")).is_ok());
    let elsewhere = judged(federation.parties("north", "south")).unwrap_err();
    assert_eq!(elsewhere.check, Check::Party);
}

#[test]
fn the_first_check_that_fails_is_the_answer() {
    // Everything is wrong; mending the first shows the next.
    let federation = Federation::new();
    let mut draft = federation.reply("platform", "south", CaseId::new([1; 16]), [], withdrawal());
    draft.fed = Hash::new([9; 32]);
    draft.case_nonce = Some(Nonce::new([1; 16]));
    draft.issued_at_s = 1;
    let parties = federation.parties("platform", "regulator");
    let judged = |draft: &Draft, case: Option<&Parties>| {
        let statement = federation.sign(draft.clone());
        check(&federation, &statement, "north", NOW_MS, case).map_err(|error| error.check)
    };
    let expect = |draft: &Draft, case: Option<&Parties>, check: Check| {
        assert_eq!(judged(draft, case), Err(check));
    };
    expect(&draft, Some(&parties), Check::Federation);
    draft.fed = *federation.fed();
    expect(&draft, Some(&parties), Check::Recipient);
    draft.to = federation.member("north").id.clone();
    expect(&draft, Some(&parties), Check::CaseId);
    draft.case_nonce = None;
    expect(&draft, Some(&parties), Check::Time);
    // Within the window, before the key's time.
    draft.issued_at_s = NOW_MS / 1000;
    expect(&draft, Some(&parties), Check::Matrix);
    draft.body = acknowledgement();
    expect(&draft, None, Check::Case);
    expect(&draft, Some(&parties), Check::Party);
    let parties = federation.parties("north", "platform");
    assert!(judged(&draft, Some(&parties)).is_ok());
}

#[test]
fn without_a_roster_nobody_has_a_key() {
    let federation = Federation::new();
    let charter = federation.history().charters_from(1).next().unwrap();
    let history = comity_trust::history::History::start(charter).unwrap();
    let statement = federation.sign(federation.draft("north", "platform", takedown_request()));
    let context = Context {
        history: &history,
        me: &federation.member("platform").id,
        now_ms: NOW_MS,
        case: None,
        vouched: None,
    };
    let rejection = check_statement(statement.bytes(), |_| false, &context).unwrap_err();
    assert_eq!(rejection.check, Check::Key);
    let rejection = authorise(statement, &context).unwrap_err();
    assert_eq!(rejection.check, Check::Roster);
}

/// The platform lost its log and writes a second one; north redelivers.
struct Restored {
    federation: Federation,
    statement: Statement,
    now_ms: TimeMs,
}

fn restored() -> Restored {
    restored_with(|_| ())
}

fn restored_with(edit: fn(&mut Member)) -> Restored {
    let mut federation = Federation::new();
    let statement = federation.sign(federation.draft("north", "platform", takedown_request()));
    let roster = federation.next_roster(|roster| {
        edit_member(roster, "platform", |member| {
            let new = key("platform", 12);
            add_key(member, &new, KeyPurpose::Log);
            let mut log = member.logs[0].clone();
            log.key = kid_of(&new);
            log.origin.n = 2;
            member.logs[0].state = LogState::Closed((9, Hash::new([9; 32])));
            member.logs.push(log);
            edit(member);
        });
    });
    federation.take_roster(&federation.sign_roster(&roster));
    Restored {
        federation,
        statement,
        now_ms: NOW_MS + 2 * WINDOW_PAST_MS,
    }
}

impl Restored {
    fn receipt(&self, index: u64, signer: &ed25519_dalek::SigningKey, kind: &str) -> Receipt {
        let leaf = Leaf {
            v: Version,
            ext: None,
            seq: Some(0),
            case: Some(*self.statement.case()),
            kind: comity_testkit::federation::code(kind),
            salt: Nonce::new([1; 16]),
            time: NOW_MS,
            facts: None,
            index,
            roster: self.federation.history().roster_ref().unwrap(),
            direction: None,
            statement: Some(*self.statement.id()),
            counterpart: Some(self.statement.issuer().clone()),
            predecessor: None,
            statement_kind: Some(self.statement.kind()),
        };
        let proof = InclusionProof {
            tree_size: index + 1,
            leaf_index: index,
            path: vec![Hash::new([2; 32])],
        };
        Receipt::new(
            &SignedRoot::new(signer, ROOT.as_bytes()),
            &leaf.encode(),
            &proof,
        )
        .unwrap()
    }

    fn vouched(&self, receipt: &Receipt, root: &Hash) -> Result<Vouched, Rejection> {
        let me = &self.federation.member("platform").id;
        Vouched::by(receipt, root, self.federation.history(), me, self.now_ms)
    }
}

/// What the caller computes from leaf and path; here any hash will do.
const ROOT: Hash = Hash::new([8; 32]);

#[test]
fn a_receipt_of_ones_own_closed_log_stands_in_for_time_and_roster() {
    let restored = restored();
    let platform = restored.federation.member("platform");
    let receipt = restored.receipt(3, &platform.log, record_kind::RECEIVED);
    let vouched = restored.vouched(&receipt, &ROOT).unwrap();
    let judged = |statement: &Statement, vouched: Option<&Vouched>| {
        let context = Context {
            history: restored.federation.history(),
            me: &platform.id,
            now_ms: restored.now_ms,
            case: None,
            vouched,
        };
        check_statement(statement.bytes(), |_| false, &context).map_err(|error| error.check)
    };
    assert_eq!(judged(&restored.statement, None), Err(Check::Time));
    assert!(judged(&restored.statement, Some(&vouched)).is_ok());
    // For this statement only.
    let draft = restored
        .federation
        .draft("north", "platform", takedown_request());
    let other = restored.federation.sign(draft);
    assert_eq!(judged(&other, Some(&vouched)), Err(Check::Time));
}

#[test]
fn what_is_vouched_for_is_not_held_to_the_members_and_roles_of_today() {
    type Edit = fn(&mut Roster);
    let mut restored = restored();
    let with_another_role = |roster: &mut Roster| {
        edit_member(roster, "north", |member| {
            member.roles = Sorted::new([comity_testkit::federation::code(role::PLATFORM)]);
        });
    };
    let without_north = |roster: &mut Roster| {
        let rest = roster.members.iter();
        let rest = rest.filter(|member| member.id.as_str() != "north.example");
        roster.members = Sorted::new(rest.cloned());
    };
    let edits: [(Edit, Check); 2] = [
        (with_another_role, Check::Matrix),
        (without_north, Check::Roster),
    ];
    for (edit, otherwise) in edits {
        let roster = restored.federation.next_roster(edit);
        let signed = restored.federation.sign_roster(&roster);
        restored.federation.take_roster(&signed);
        let platform = restored.federation.member("platform");
        let receipt = restored.receipt(3, &platform.log, record_kind::RECEIVED);
        let vouched = restored.vouched(&receipt, &ROOT).unwrap();
        let context = Context {
            history: restored.federation.history(),
            me: &platform.id,
            now_ms: NOW_MS,
            case: None,
            vouched: Some(&vouched),
        };
        assert!(authorise(restored.statement.clone(), &context).is_ok());
        let context = Context {
            vouched: None,
            ..context
        };
        let refused = authorise(restored.statement.clone(), &context).unwrap_err();
        assert_eq!(refused.check, otherwise);
    }
}

#[test]
fn no_other_receipt_stands_in_for_the_roster() {
    let restored = restored();
    let platform = restored.federation.member("platform");
    let north = restored.federation.member("north");
    let received = record_kind::RECEIVED;
    let refused = |receipt: Receipt, root: &Hash| {
        let rejection = restored.vouched(&receipt, root).unwrap_err();
        assert_eq!(rejection.check, Check::Roster);
    };
    // Past the closed size; of the open log; of another member; of another record.
    refused(restored.receipt(9, &platform.log, received), &ROOT);
    refused(restored.receipt(3, &key("platform", 12), received), &ROOT);
    refused(restored.receipt(3, &north.log, received), &ROOT);
    refused(
        restored.receipt(3, &platform.log, record_kind::OFFERED),
        &ROOT,
    );
    // For another root than the one that was signed.
    refused(
        restored.receipt(3, &platform.log, received),
        &Hash::new([7; 32]),
    );
}

#[test]
fn a_receipt_of_a_stolen_log_key_stands_in_for_nothing() {
    let restored = restored_with(|member| {
        edit_keys(member, KeyPurpose::Log, |key| {
            key.ended = Some(Ended::CompromisedSince(NOW_MS));
        });
    });
    let stolen = &restored.federation.member("platform").log;
    let receipt = restored.receipt(3, stolen, record_kind::RECEIVED);
    let rejection = restored.vouched(&receipt, &ROOT).unwrap_err();
    assert_eq!(rejection.check, Check::Roster);
}

#[test]
fn every_check_that_needs_a_roster_has_a_test_here() {
    let later = Check::ALL.into_iter().filter(|check| {
        matches!(check, Check::Key | Check::Signature | Check::Known) || *check >= Check::Federation
    });
    let names: Vec<_> = later.map(Check::as_str).collect();
    assert_eq!(
        names,
        [
            "key",
            "signature",
            "known",
            "federation",
            "recipient",
            "case-id",
            "time",
            "roster",
            "matrix",
            "case",
            "party"
        ]
    );
}
