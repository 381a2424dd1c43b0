//! What a party is offered in the situations that a console shows.

use comity_case::{Move, Party, moves};
use comity_wire::body::Body;
use comity_wire::ids::Hash;
use comity_wire::registry::{Answer, Kind, ObservationResult, OutcomeAnswer};

use crate::scene::*;

/// A statement that makes a move.
pub fn made(offer: &Move) -> Body {
    match offer {
        Move::Acknowledge(given, items) => answer_for(*given, Some(items), None, "other"),
        Move::Refuse(id) => refuse(&[*id]),
        Move::GiveUpWaiting(id) => answer_for(Answer::Refused, None, Some(&[*id]), "re-missing"),
        Move::Outcome(n, round, answers) => outcome(&[(*n, *round, answers[0], 2_000)]),
        Move::Amend(items) if items.is_empty() => urgency("urgent"),
        Move::Amend(items) => facts(items),
        Move::Withdraw(items) => withdrawal(Some(items)),
        Move::Dispute(id) => dispute(*id),
        Move::Resolve(id, takes_back) => {
            resolution(*id, if *takes_back { "withdrawn" } else { "settled" })
        }
        Move::RequestInformation(items) => question((!items.is_empty()).then_some(items)),
        Move::Inform(id) => information(*id, &[]),
        Move::Observe(n, round) => observation(&[(*n, *round, ObservationResult::Offline, 2_000)]),
        Move::Hold => hold("court"),
        Move::Release(by) => release(by.as_str()),
        Move::NotifyErasure => erasure(None),
    }
}

fn kinds(scene: &Scene, party: Party) -> Vec<Kind> {
    let mut kinds: Vec<_> = moves(&scene.case, party).iter().map(Move::kind).collect();
    kinds.dedup();
    kinds
}

#[test]
fn a_new_request_can_be_answered_and_refused() {
    let (scene, opening) = Scene::open(2);
    let offered = moves(&scene.case, RECIPIENT);
    for answer in Answer::ALL {
        assert!(
            offered.contains(&Move::Acknowledge(answer, vec![1, 2])),
            "{answer}"
        );
    }
    assert!(offered.contains(&Move::Refuse(opening)));
    assert!(
        offered.contains(&Move::Outcome(
            1,
            1,
            OutcomeAnswer::ALL
                .into_iter()
                .filter(|answer| *answer != OutcomeAnswer::Reinstated)
                .collect(),
        ))
    );
    assert!(offered.contains(&Move::Dispute(opening)));
    assert!(
        !offered
            .iter()
            .any(|offer| matches!(offer, Move::Withdraw(_) | Move::Amend(_)))
    );
}

#[test]
fn who_asked_can_add_take_back_and_look_but_not_answer() {
    let (scene, _) = Scene::open(2);
    let offered = moves(&scene.case, OPENER);
    assert!(offered.contains(&Move::Amend(vec![1, 2])));
    assert!(offered.contains(&Move::Withdraw(vec![1, 2])));
    assert!(offered.contains(&Move::Observe(2, 1)));
    assert!(!kinds(&scene, OPENER).contains(&Kind::Acknowledgement));
    assert!(!kinds(&scene, OPENER).contains(&Kind::Outcome));
}

#[test]
fn a_withdrawn_request_leaves_only_facts_to_report() {
    let (mut scene, opening) = Scene::open(1);
    let done = scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]));
    let withdrawn = scene.say(OPENER, withdrawal(None));
    assert_eq!(
        moves(&scene.case, RECIPIENT),
        [
            Move::Refuse(opening),
            Move::Outcome(1, 1, OutcomeAnswer::ALL.to_vec()),
            Move::Dispute(opening),
            Move::Dispute(withdrawn),
            Move::RequestInformation(vec![]),
            Move::Observe(1, 1),
            Move::Hold,
            Move::NotifyErasure,
        ]
    );
    assert_eq!(
        moves(&scene.case, OPENER),
        [
            Move::Amend(vec![]),
            Move::Dispute(done),
            Move::RequestInformation(vec![]),
            Move::Observe(1, 1),
            Move::Hold,
            Move::NotifyErasure,
        ]
    );
}

#[test]
fn a_reappearance_asks_for_an_outcome_of_its_own_round_only() {
    let (mut scene, _) = Scene::open(1);
    scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]));
    scene.say(
        OPENER,
        observation(&[(1, 1, ObservationResult::Online, 3_000)]),
    );
    let rounds: Vec<_> = moves(&scene.case, RECIPIENT)
        .into_iter()
        .filter_map(|offer| match offer {
            Move::Outcome(n, round, _) => Some((n, round)),
            _ => None,
        })
        .collect();
    assert_eq!(rounds, [(1, 2)]);
}

#[test]
fn in_an_unknown_case_nothing_is_offered() {
    assert_eq!(moves(&Scene::default().case, OPENER), []);
    assert_eq!(moves(&Scene::default().case, RECIPIENT), []);
}

#[test]
fn what_waits_too_long_can_be_given_up() {
    let (mut scene, _) = Scene::open(1);
    let mut theirs = scene.clone();
    theirs.say(OPENER, hold("court"));
    let waiting = theirs.say(OPENER, withdrawal(None));
    scene.case.insert(theirs.said.last().unwrap().clone());
    assert!(moves(&scene.case, RECIPIENT).contains(&Move::GiveUpWaiting(waiting)));
    assert!(!moves(&scene.case, OPENER).contains(&Move::GiveUpWaiting(waiting)));
    let gave_up = answer_for(Answer::Refused, None, Some(&[waiting]), "re-missing");
    let heads = scene.case.heads().to_vec();
    scene.say_as(Hash::of(b"gave up"), RECIPIENT, &heads, gave_up);
    scene.case.insert(theirs.said[1].clone());
    assert_eq!(
        scene.state().void.len(),
        1,
        "it is void although its past is here now"
    );
}
