//! What a case looks like after the things that happen in practice.

use std::sync::Arc;

use comity_case::{Arrival, Entry, Forbidden, Party, State, Status};
use comity_wire::body::Body;
use comity_wire::ids::Hash;
use comity_wire::registry::{Answer, ObservationResult, OutcomeAnswer};

use crate::scene::*;

fn status(scene: &Scene, n: u64) -> Status {
    scene.state().item(n).unwrap().status()
}

#[test]
fn each_answer_and_outcome_has_its_own_status() {
    for (given, expected) in [
        (Answer::Accepted, Status::Accepted),
        (Answer::Refused, Status::Refused),
        (Answer::NeedsInformation, Status::NeedsInformation),
        (Answer::WrongLayer, Status::WrongLayer),
        (Answer::AlreadyActioned, Status::AlreadyActioned),
        (Answer::Transferred, Status::Transferred),
    ] {
        let (mut scene, _) = Scene::open(1);
        assert_eq!(status(&scene, 1), Status::Requested);
        scene.say(RECIPIENT, answer(given));
        assert_eq!(status(&scene, 1), expected);
    }
    for (reported, expected) in [
        (OutcomeAnswer::Done, Status::Done),
        (OutcomeAnswer::Partly, Status::Partly),
        (OutcomeAnswer::NotFound, Status::NotFound),
        (OutcomeAnswer::Moved, Status::Moved),
        (OutcomeAnswer::Declined, Status::Declined),
    ] {
        let (mut scene, _) = Scene::open(1);
        scene.say(RECIPIENT, answer(Answer::Accepted));
        scene.say(RECIPIENT, outcome(&[(1, 1, reported, 2_000)]));
        assert_eq!(status(&scene, 1), expected);
    }
}

#[test]
fn removed_is_confirmed_offline_only_when_the_other_side_saw_it_afterwards() {
    use ObservationResult::{Changed, GeoBlocked, LoginRequired, NotChecked, Offline};
    let check = |party: Party, result, at, expected| {
        let (mut scene, _) = Scene::open(1);
        scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]));
        assert_eq!(status(&scene, 1), Status::Done);
        scene.say(party, observation(&[(1, 1, result, at)]));
        assert_eq!(status(&scene, 1), expected, "{party:?} {result:?} {at}");
    };
    check(OPENER, Offline, 2_000, Status::ConfirmedOffline);
    check(OPENER, Offline, 1_999, Status::Done);
    check(RECIPIENT, Offline, 3_000, Status::Done);
    for not_offline in [GeoBlocked, LoginRequired, Changed, NotChecked] {
        check(OPENER, not_offline, 3_000, Status::Done);
    }
}

#[test]
fn what_reappears_opens_a_round_of_its_own() {
    let (mut scene, _) = Scene::open(2);
    scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]));
    let first = scene.say(
        OPENER,
        observation(&[(1, 1, ObservationResult::Online, 3_000)]),
    );
    let again = scene.say(
        OPENER,
        observation(&[(1, 1, ObservationResult::Online, 3_500)]),
    );
    let state = scene.state();
    let item = state.item(1).unwrap();
    assert_eq!(
        item.rounds.len(),
        2,
        "the second sighting of the round opens nothing new"
    );
    assert_eq!(item.rounds[0].status, Status::Done);
    assert_eq!(item.rounds[1].status, Status::Requested);
    assert_eq!(item.rounds[1].opened_by.len(), 2);
    assert!(item.rounds[1].opened_by.contains(&first) && item.rounds[1].opened_by.contains(&again));

    scene.say(RECIPIENT, outcome(&[(1, 2, OutcomeAnswer::Done, 4_000)]));
    scene.say(
        OPENER,
        observation(&[(1, 2, ObservationResult::Offline, 5_000)]),
    );
    assert_eq!(status(&scene, 1), Status::ConfirmedOffline);
    assert_eq!(scene.state().item(2).unwrap().rounds.len(), 1);
}

#[test]
fn only_a_contradiction_opens_a_round() {
    let check = |reported, online_at, rounds| {
        let (mut scene, _) = Scene::open(1);
        scene.say(RECIPIENT, outcome(&[(1, 1, reported, 2_000)]));
        scene.say(
            OPENER,
            observation(&[(1, 1, ObservationResult::Online, online_at)]),
        );
        assert_eq!(
            scene.state().item(1).unwrap().rounds.len(),
            rounds,
            "{reported:?} {online_at}"
        );
    };
    check(OutcomeAnswer::Done, 2_001, 2);
    check(OutcomeAnswer::Done, 2_000, 1);
    check(OutcomeAnswer::Partly, 9_000, 1);
    // Without a measure it takes effect when it was signed.
    check(OutcomeAnswer::NotFound, SIGNED_AT, 1);
    check(OutcomeAnswer::NotFound, SIGNED_AT + 1, 2);
    check(OutcomeAnswer::Moved, SIGNED_AT + 1, 2);
    check(OutcomeAnswer::Declined, SIGNED_AT + 1, 1);

    // Nothing was reported yet, so to see it online is no contradiction …
    let (mut scene, opening) = Scene::open(1);
    scene.say(
        OPENER,
        observation(&[(1, 1, ObservationResult::Online, 9_000)]),
    );
    // … and an outcome that the observer did not know of is none either.
    scene.say_after(
        RECIPIENT,
        &[opening],
        outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]),
    );
    assert_eq!(scene.state().item(1).unwrap().rounds.len(), 1);
}

#[test]
fn an_outcome_supersedes_those_that_it_knew() {
    let (mut scene, _) = Scene::open(2);
    let partly = scene.say(
        RECIPIENT,
        outcome(&[
            (1, 1, OutcomeAnswer::Partly, 2_000),
            (2, 1, OutcomeAnswer::Partly, 2_000),
        ]),
    );
    let done = scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 3_000)]));
    let state = scene.state();
    let round = &state.item(1).unwrap().rounds[0];
    assert_eq!(round.outcome.as_ref().unwrap().statement, done);
    assert_eq!(round.superseded, [partly]);
    // Per item: the other one stands as it was.
    assert_eq!(status(&scene, 2), Status::Partly);
}

#[test]
fn a_withdrawal_outweighs_everything_and_the_measure_can_still_be_taken_back() {
    let (mut scene, _) = Scene::open(2);
    scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]));
    scene.say(OPENER, withdrawal(None));
    assert_eq!(status(&scene, 1), Status::Withdrawn);
    assert_eq!(status(&scene, 2), Status::Withdrawn);
    let measures = |scene: &Scene| {
        let state = scene.state();
        state.item(1).unwrap().rounds[0].outcome.clone().unwrap()
    };
    assert_eq!(
        measures(&scene).answer,
        OutcomeAnswer::Done,
        "what was done stays in sight"
    );
    // The recipient had acted and had not said so yet: that must not get lost.
    let late = scene.say(RECIPIENT, outcome(&[(2, 1, OutcomeAnswer::Done, 1_500)]));
    assert_eq!(scene.verdict(&late), None);
    scene.say(
        RECIPIENT,
        outcome(&[(1, 1, OutcomeAnswer::Reinstated, 4_000)]),
    );
    assert_eq!(measures(&scene).answer, OutcomeAnswer::Reinstated);
    assert_eq!(status(&scene, 1), Status::Withdrawn);
}

#[test]
fn a_refused_opening_is_void_for_ever() {
    let (mut scene, opening) = Scene::open(1);
    let refused = scene.say(RECIPIENT, answer(Answer::Refused));
    assert_eq!(status(&scene, 1), Status::Refused);
    assert_eq!(scene.state().void, [(opening, refused)]);
    let accepted = scene.say(RECIPIENT, answer(Answer::Accepted));
    assert_eq!(scene.verdict(&accepted), Some(Forbidden::NothingToAnswer));
    let done = scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]));
    assert_eq!(scene.verdict(&done), Some(Forbidden::ItemRefused));
    // A new item is a new request.
    scene.say(OPENER, amendment(&[2]));
    scene.say(
        RECIPIENT,
        answer_for(Answer::Accepted, Some(&[2]), None, "other"),
    );
    assert_eq!(status(&scene, 2), Status::Accepted);
}

#[test]
fn a_refused_amendment_takes_its_urgency_and_its_facts_with_it() {
    let (mut scene, _) = Scene::open(1);
    let amended = scene.say(OPENER, urgency("imminent-risk"));
    let added = scene.say(OPENER, facts(&[1]));
    assert_eq!(scene.state().urgency, Some(code("imminent-risk")));
    assert_eq!(scene.state().item(1).unwrap().hosting.len(), 1);
    scene.say(RECIPIENT, refuse(&[amended, added]));
    assert_eq!(scene.state().urgency, Some(code("routine")));
    assert!(scene.state().item(1).unwrap().hosting.is_empty());
    assert_eq!(status(&scene, 1), Status::Requested);
}

#[test]
fn what_was_given_up_waiting_for_stays_void_when_it_comes_after_all() {
    // The recipient has the second of two statements and never got the first.
    let (mut theirs, opening) = Scene::open(1);
    let lost = theirs.say(OPENER, hold("court"));
    let waiting = theirs.say(OPENER, withdrawal(None));
    let gave_up = theirs.say_after(
        RECIPIENT,
        &[opening],
        answer_for(Answer::Refused, None, Some(&[waiting]), "re-missing"),
    );
    // Both sides end with the same set, and with the withdrawal void.
    assert_eq!(theirs.verdict(&gave_up), None);
    assert_eq!(theirs.state().void, [(waiting, gave_up)]);
    assert_eq!(status(&theirs, 1), Status::Requested);
    assert!(
        theirs
            .state()
            .holds
            .iter()
            .any(|hold| hold.statement == lost)
    );
    // The request can be withdrawn anew.
    theirs.say(OPENER, withdrawal(None));
    assert_eq!(status(&theirs, 1), Status::Withdrawn);
}

#[test]
fn a_hold_ends_with_a_release_that_knew_it() {
    let (mut scene, opening) = Scene::open(1);
    let first = scene.say(OPENER, hold("law-enforcement"));
    let ended = scene.say(OPENER, release("law-enforcement"));
    let unseen = scene.say_after(OPENER, &[opening], hold("law-enforcement"));
    let holds = scene.state().holds;
    let of = |id| {
        holds
            .iter()
            .find(|hold| hold.statement == id)
            .unwrap()
            .released_by
    };
    assert_eq!(of(first), Some(ended));
    assert_eq!(of(unseen), None);
}

#[test]
fn a_dispute_and_a_question_stay_open_until_they_are_answered() {
    let (mut scene, _) = Scene::open(1);
    let done = scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]));
    assert!(scene.state().is_settled());
    let disputed = scene.say(OPENER, dispute(done));
    let asked = scene.say(RECIPIENT, question(None));
    assert!(!scene.state().is_settled());
    scene.say(OPENER, information(asked, &[1]));
    assert!(!scene.state().is_settled());
    scene.say(RECIPIENT, resolution(disputed, "rejected"));
    let state = scene.state();
    assert!(state.is_settled());
    assert_eq!(
        state.disputes[0].resolved.as_ref().unwrap().1,
        code("rejected")
    );
    assert_eq!(
        state.item(1).unwrap().hosting.len(),
        1,
        "facts that answer are kept"
    );
}

#[test]
fn own_statements_without_a_receipt_are_shown_and_not_folded() {
    let (mut scene, opening) = Scene::open(1);
    let mut later = scene.clone();
    let withdrawn = later.say(OPENER, withdrawal(None));
    let entry = later.said.last().unwrap().clone();

    scene.case.pend(withdrawn);
    assert_eq!(scene.state().pending, [withdrawn]);
    assert_eq!(status(&scene, 1), Status::Requested);
    assert_eq!(scene.case.heads().to_vec(), [opening]);
    scene.case.insert(entry);
    assert!(scene.state().pending.is_empty());
    assert_eq!(status(&scene, 1), Status::Withdrawn);
    scene.case.pend(withdrawn);
    assert!(
        scene.state().pending.is_empty(),
        "what has a receipt is pending no more"
    );
}

#[test]
fn a_time_that_is_not_yet_cannot_be_claimed() {
    const FAR: u64 = 253_402_300_799_999;
    // A measure of the year 9999 is in effect when it is said to be.
    let (mut scene, _) = Scene::open(1);
    scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, FAR)]));
    let seen = observation(&[(1, 1, ObservationResult::Online, FAR)]);
    scene.say(OPENER, seen);
    assert_eq!(
        scene.state().item(1).unwrap().rounds.len(),
        1,
        "both were said in one second"
    );
    let later = Entry {
        issued_at: SIGNED_AT + 1_000,
        ..scene.said.pop().unwrap()
    };
    let mut case = comity_case::Case::new();
    scene
        .said
        .iter()
        .cloned()
        .chain([later])
        .for_each(|entry| assert_ne!(case.insert(entry), Arrival::Parked));
    assert_eq!(State::of(&case).item(1).unwrap().rounds.len(), 2);

    // What one side claims to have seen in the year 9999 does not outweigh what the
    // other side sees today.
    let (mut scene, _) = Scene::open(1);
    scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]));
    scene.say(
        RECIPIENT,
        observation(&[(1, 1, ObservationResult::Offline, FAR)]),
    );
    let own = scene.say(
        OPENER,
        observation(&[(1, 1, ObservationResult::Offline, 5_000)]),
    );
    let last = scene.said.last_mut().unwrap();
    *last = Entry {
        issued_at: SIGNED_AT + 5_000,
        ..last.clone()
    };
    let Body::Observation(body) = Arc::make_mut(&mut last.body) else {
        panic!()
    };
    *body = match observation(&[(1, 1, ObservationResult::Offline, SIGNED_AT + 4_000)]) {
        Body::Observation(body) => body,
        _ => panic!(),
    };
    let mut case = comity_case::Case::new();
    scene
        .said
        .iter()
        .cloned()
        .for_each(|entry| assert_ne!(case.insert(entry), Arrival::Parked));
    let state = State::of(&case);
    let round = &state.item(1).unwrap().rounds[0];
    assert_eq!(round.last_seen.as_ref().unwrap().statement, own);
    assert_eq!(round.status, Status::ConfirmedOffline);
}

#[test]
fn nobody_voids_what_nothing_was_missing_for() {
    let (mut scene, opening) = Scene::open(1);
    let done = scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]));
    let unfounded = answer_for(Answer::Refused, None, Some(&[done]), "re-missing");
    scene.say_after(OPENER, &[opening], unfounded);
    assert_eq!(status(&scene, 1), Status::Done);
    assert!(scene.state().void.is_empty());
}

#[test]
fn what_was_answered_cannot_be_put_under_another_locator() {
    let (mut scene, opening) = Scene::open(1);
    let added = scene.say(OPENER, amendment(&[2]));
    scene.say(
        RECIPIENT,
        outcome(&[
            (1, 1, OutcomeAnswer::Declined, 0),
            (2, 1, OutcomeAnswer::Declined, 0),
        ]),
    );
    // Another opening, and another amendment, whose ids were tried until small.
    let small = |byte| Hash::new([byte; 32]);
    scene.say_as(small(0), OPENER, &[], request([1]));
    scene.say_as(small(1), OPENER, &[opening], amendment(&[2]));
    for (n, carrier) in [(1, opening), (2, added)] {
        let state = scene.state();
        assert_eq!(state.item(n).unwrap().carrier, carrier);
        assert_eq!(state.item(n).unwrap().status(), Status::Declined);
    }
    // Where the recipient had answered nothing, the smaller one has the number, and
    // what was said of the other says nothing about it.
    let (mut scene, opening) = Scene::open(1);
    scene.say(OPENER, withdrawal(None));
    scene.say_as(small(0), OPENER, &[], request([1]));
    assert_ne!(scene.state().item(1).unwrap().carrier, opening);
    assert_eq!(status(&scene, 1), Status::Requested);
}

#[test]
fn the_last_round_is_the_last() {
    let (mut scene, _) = Scene::open(1);
    for round in 1..=1_000 {
        scene.say(
            RECIPIENT,
            outcome(&[(1, round, OutcomeAnswer::Done, round)]),
        );
        let seen = observation(&[(1, round, ObservationResult::Online, round + 1)]);
        let id = scene.say(OPENER, seen);
        assert_eq!(scene.verdict(&id), None);
    }
    assert_eq!(scene.state().item(1).unwrap().rounds.len(), 1_000);
    assert_eq!(status(&scene, 1), Status::Done);
}
