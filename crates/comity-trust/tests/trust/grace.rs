//! What still goes on when the roster has run out.

use comity_testkit::federation::{
    EXPIRES_MS, Federation, GRACE_MS, MemberKeys, NOW_MS, code, edit_member, entry,
    takedown_request,
};
use comity_trust::authorise::{Context, check_statement};
use comity_trust::history::History;
use comity_wire::body::Body;
use comity_wire::cose::kid_of;
use comity_wire::registry::{Check, role};
use comity_wire::statement::Statement;
use comity_wire::words::{Sorted, TimeMs};

use crate::statements::{acknowledgement, withdrawal};

const IN_GRACE: TimeMs = EXPIRES_MS + 5 * 86_400_000;
const PAST_GRACE: TimeMs = EXPIRES_MS + GRACE_MS + 86_400_000;

fn judged(
    federation: &Federation,
    history: &History,
    statement: &Statement,
    now_ms: TimeMs,
) -> Result<(), Check> {
    let parties = federation.parties("north", "platform");
    let context = Context {
        history,
        me: &statement.payload().to,
        now_ms,
        case: (!statement.kind().opens()).then_some(&parties),
        vouched: None,
    };
    check_statement(statement.bytes(), |_| false, &context)
        .map(|_| ())
        .map_err(|rejection| rejection.check)
}

fn send(federation: &Federation, from: &str, to: &str, body: Body, at: TimeMs) -> Statement {
    let mut draft = federation.draft(from, to, body);
    if !draft.body.kind().opens() {
        draft.case_nonce = None;
    }
    draft.issued_at_s = at / 1000;
    federation.sign(draft)
}

#[test]
fn existing_members_go_on_in_grace_and_only_answer_after_it() {
    let federation = Federation::new();
    let check = |from: &str, to: &str, body: Body, past_grace| {
        let history = federation.history();
        let statement = send(&federation, from, to, body.clone(), IN_GRACE);
        assert_eq!(judged(&federation, history, &statement, IN_GRACE), Ok(()));
        let statement = send(&federation, from, to, body, PAST_GRACE);
        assert_eq!(
            judged(&federation, history, &statement, PAST_GRACE),
            past_grace
        );
    };
    check("north", "platform", takedown_request(), Err(Check::Roster));
    check("platform", "north", acknowledgement(), Ok(()));
    // What was asked in error can still be taken back.
    check("north", "platform", withdrawal(), Ok(()));
}

/// The history of a node that gets the next roster at `at`, in which `west` is new
/// and the platform is a hotline too.
fn late(federation: &Federation, at: TimeMs) -> (History, MemberKeys) {
    let west = MemberKeys::new("west");
    let next = federation.next_roster(|roster| {
        let new = entry(&west, federation.fed());
        roster.members = Sorted::new(roster.members.iter().cloned().chain([new]));
        edit_member(roster, "platform", |member| {
            let roles = [role::HOTLINE, role::PLATFORM];
            member.roles = Sorted::new(roles.map(code));
        });
    });
    let mut history = federation.history().clone();
    let bytes = federation.sign_roster(&next).encode();
    history.add_roster(&bytes, at).unwrap();
    (history, west)
}

#[test]
fn a_roster_that_arrives_expired_admits_nobody_and_gives_no_new_role() {
    let federation = Federation::new();
    let platform = &federation.member("platform").id;
    let roles = |history: &History, id, now_ms| {
        let roles = history.roles_in_force(id, now_ms)?;
        Some(
            roles
                .into_iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
        )
    };
    let both = Some(vec!["hotline".to_owned(), "platform".to_owned()]);
    let one = Some(vec!["platform".to_owned()]);
    // In time: for good, even after it has run out.
    let (history, west) = late(&federation, NOW_MS);
    let node = kid_of(&west.transport);
    for now_ms in [NOW_MS, IN_GRACE, PAST_GRACE] {
        assert_eq!(roles(&history, platform, now_ms), both);
        assert!(roles(&history, &west.id, now_ms).is_some());
        assert_eq!(history.member_of_node(&node, now_ms), Some(&west.id));
    }
    // Too late: it counts for what it takes away, not for what it gives.
    let (history, west) = late(&federation, IN_GRACE);
    assert_eq!(roles(&history, platform, IN_GRACE), one);
    assert_eq!(roles(&history, &west.id, IN_GRACE), None);
    assert_eq!(history.member_of_node(&node, IN_GRACE), None);
    let mut draft = federation.draft("north", "platform", takedown_request());
    draft.issuer = west.id.clone();
    draft.case = comity_wire::ids::CaseId::derive(&west.id, &draft.case_nonce.unwrap());
    draft.issued_at_s = IN_GRACE / 1000;
    let statement = draft.sign(&west.statement).unwrap();
    assert_eq!(
        judged(&federation, &history, &statement, IN_GRACE),
        Err(Check::Roster)
    );
}

#[test]
fn who_joins_when_everything_has_run_out_admits_nobody() {
    let federation = Federation::new();
    let charter = federation.history().charters_from(1).next().unwrap();
    let mut history = History::start(charter).unwrap();
    for roster in federation.history().rosters_from(1) {
        history.add_roster(roster, IN_GRACE).unwrap();
    }
    let north = federation.member("north");
    assert_eq!(history.roles_in_force(&north.id, IN_GRACE), None);
    assert!(!history.standing(IN_GRACE).admits_newcomers());
    // Built again from the times of the records, it is as it was.
    let mut history = History::start(charter).unwrap();
    for roster in federation.history().rosters_from(1) {
        history.add_roster(roster, NOW_MS).unwrap();
    }
    assert!(history.roles_in_force(&north.id, IN_GRACE).is_some());
}

#[test]
fn grace_is_that_of_the_charter_that_the_roster_is_made_under() {
    let mut federation = Federation::new();
    let no_grace = federation.next_charter(|charter| charter.grace = 0);
    federation.take_charter(&federation.sign_charter(&no_grace));
    // Known, but not in force before a roster is made under it.
    assert_eq!(federation.history().standing(EXPIRES_MS).code(), "in-grace");
    let next = federation.next_roster(|roster| roster.expires = EXPIRES_MS);
    federation.take_roster(&federation.sign_roster(&next));
    assert_eq!(
        federation.history().standing(EXPIRES_MS).code(),
        "past-grace"
    );
}
