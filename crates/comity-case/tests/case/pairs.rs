//! The table of concurrent pairs: complete, and true of the fold.
//!
//! Both statements of a pair are said after the same story, neither knowing of the
//! other, and aimed at the same items. What comes out is held to the rule that the
//! table has for the pair, with either of them having the greater id.

use std::collections::BTreeSet;

use comity_case::concurrent::{PAIRS, Rule, rule};
use comity_case::{Party, State, Status};
use comity_wire::body::{Amendment, Body};
use comity_wire::ids::{Hash, StatementId};
use comity_wire::registry::{Answer, Kind, ObservationResult, OutcomeAnswer};

use crate::scene::*;

const SMALL: StatementId = Hash::new([0x01; 32]);
const GREAT: StatementId = Hash::new([0xfe; 32]);

#[test]
fn the_table_has_one_row_for_each_pair_of_kinds() {
    let kinds = Kind::ALL.len();
    let unordered = |a: Kind, b: Kind| (a.min(b), a.max(b));
    let pairs: BTreeSet<_> = PAIRS.iter().map(|(a, b, _)| unordered(*a, *b)).collect();
    assert_eq!(pairs.len(), kinds * (kinds + 1) / 2);
    assert_eq!(PAIRS.len(), pairs.len());
    for (a, b, expected) in PAIRS {
        assert_eq!((rule(a, b), rule(b, a)), (Some(expected), Some(expected)));
    }
}

#[test]
fn every_pair_comes_to_what_the_table_says() {
    for (a, b, expected) in PAIRS {
        for (id_a, id_b) in [(SMALL, GREAT), (GREAT, SMALL)] {
            let pair = Pair::play((a, id_a), (b, id_b), accepting);
            match expected {
                Rule::Independent | Rule::BothStand => pair.both_take_effect(),
                Rule::GreaterId => pair.the_greater_counts(),
                Rule::SmallerId => pair.the_smaller_counts(),
                Rule::WithdrawalPrevails => pair.what_is_withdrawn_stays_so(),
                Rule::RefusalPrevails => {
                    Pair::play((a, id_a), (b, id_b), refusing).what_is_refused_stays_so();
                    if a != b {
                        Pair::play((a, id_a), (b, id_b), giving_up).the_other_is_void();
                    }
                }
            }
        }
    }
}

/// Items 1 (done), 2 and 3 (open); a question of each side, a dispute, a hold.
struct Story {
    scene: Scene,
    done: StatementId,
    asked: StatementId,
    disputed: StatementId,
}

fn story() -> Story {
    let (mut scene, _) = Scene::open(3);
    let done = scene.say(RECIPIENT, outcome(&[(1, 1, OutcomeAnswer::Done, 2_000)]));
    let asked = scene.say(RECIPIENT, question(None));
    let disputed = scene.say(OPENER, dispute(done));
    scene.say(OPENER, hold("law-enforcement"));
    Story {
        scene,
        done,
        asked,
        disputed,
    }
}

/// How an acknowledgement of a pair behaves: who says it, and what, given the id
/// and the party of the other statement.
type Manner = fn(StatementId, Party) -> (Party, Body);

fn accepting(_: StatementId, _: Party) -> (Party, Body) {
    (RECIPIENT, answer(Answer::Accepted))
}

fn refusing(_: StatementId, _: Party) -> (Party, Body) {
    (RECIPIENT, answer(Answer::Refused))
}

fn giving_up(other: StatementId, party: Party) -> (Party, Body) {
    (
        party.other(),
        answer_for(Answer::Refused, None, Some(&[other]), "re-missing"),
    )
}

/// A statement of a kind, aimed at the story. `id` makes two of a kind differ.
fn aimed(kind: Kind, id: StatementId, story: &Story) -> (Party, Body) {
    match kind {
        Kind::TakedownRequest => (OPENER, request([1])),
        Kind::Referral => (OPENER, referral([1])),
        Kind::Transfer => (OPENER, transfer([1])),
        Kind::Acknowledgement => accepting(id, OPENER),
        Kind::Outcome => {
            let answer = if id == SMALL {
                OutcomeAnswer::Partly
            } else {
                OutcomeAnswer::Done
            };
            (
                RECIPIENT,
                outcome(&[(1, 1, OutcomeAnswer::Done, 2_500), (2, 1, answer, 2_500)]),
            )
        }
        Kind::Amendment => {
            let level = if id == SMALL {
                "urgent"
            } else {
                "imminent-risk"
            };
            let Body::Amendment(new_items) = amendment(&[9]) else {
                unreachable!()
            };
            let body = Amendment {
                urgency: Some(code(level)),
                hosting: Some(vec![fact(2)]),
                ..new_items
            };
            (OPENER, Body::Amendment(body))
        }
        Kind::Withdrawal => (OPENER, withdrawal(None)),
        Kind::Dispute => (OPENER, dispute(story.done)),
        Kind::Resolution => (
            RECIPIENT,
            resolution(
                story.disputed,
                if id == SMALL { "upheld" } else { "rejected" },
            ),
        ),
        Kind::InformationRequest => (RECIPIENT, question(Some(&[2]))),
        Kind::Information => (OPENER, information(story.asked, &[2])),
        Kind::Observation => (
            OPENER,
            observation(&[(1, 1, ObservationResult::Online, 3_000)]),
        ),
        Kind::Hold => (OPENER, hold("law-enforcement")),
        Kind::Release => (OPENER, release("law-enforcement")),
        Kind::ErasureNotice => (OPENER, erasure(None)),
    }
}

struct Pair {
    a: (Kind, StatementId),
    b: (Kind, StatementId),
    base: State,
    only_a: State,
    only_b: State,
    both: State,
}

impl Pair {
    fn play(a: (Kind, StatementId), b: (Kind, StatementId), manner: Manner) -> Self {
        let story = story();
        let said = |one: (Kind, StatementId), other: (Kind, StatementId), by_manner: bool| {
            let (party, body) = if one.0 == Kind::Acknowledgement && by_manner {
                manner(other.1, aimed(other.0, other.1, &story).0)
            } else {
                aimed(one.0, one.1, &story)
            };
            // An opening knows nothing; who gives up waiting has only the opening; the
            // others know the story.
            let gives_up = matches!(
                &body,
                Body::Acknowledgement(body) if body.code == Some(code("re-missing"))
            );
            let re = match (one.0.opens(), gives_up) {
                (true, _) => vec![],
                (false, true) => vec![story.scene.said[0].id],
                (false, false) => story.scene.case.heads().to_vec(),
            };
            (one.1, party, re, body)
        };
        // Of two acknowledgements the first has the manner.
        let (say_a, say_b) = (said(a, b, true), said(b, a, a.0 != b.0));
        let play = |statements: &[&(StatementId, Party, Vec<StatementId>, Body)]| {
            let mut scene = story.scene.clone();
            for (id, party, re, body) in statements {
                scene.say_as(*id, *party, re, body.clone());
                assert_eq!(scene.verdict(id), None, "{a:?} {b:?}");
            }
            scene.state()
        };
        let both = play(&[&say_a, &say_b]);
        assert_eq!(
            both,
            play(&[&say_b, &say_a]),
            "the order of arrival shows: {a:?} {b:?}"
        );
        Self {
            a,
            b,
            base: play(&[]),
            only_a: play(&[&say_a]),
            only_b: play(&[&say_b]),
            both,
        }
    }

    /// What each changes alone, and nothing else, is changed by both.
    fn both_take_effect(&self) {
        let [base, a, b, both] = [&self.base, &self.only_a, &self.only_b, &self.both].map(lines);
        let untouched: BTreeSet<_> = base
            .iter()
            .filter(|line| a.contains(*line) && b.contains(*line))
            .cloned()
            .collect();
        let expected: BTreeSet<_> = untouched
            .into_iter()
            .chain(a.difference(&base).cloned())
            .chain(b.difference(&base).cloned())
            .collect();
        assert_eq!(both, expected, "{:?} {:?}", self.a, self.b);
    }

    fn the_greater_counts(&self) {
        match self.a.0 {
            Kind::Outcome => {
                let round = &self.both.item(2).unwrap().rounds[0];
                assert_eq!(round.outcome.as_ref().unwrap().statement, GREAT);
                assert_eq!(round.superseded, [SMALL]);
                assert_eq!(round.status, Status::Done);
            }
            Kind::Resolution => {
                let resolved = self.both.disputes[0].resolved.clone().unwrap();
                assert_eq!(resolved, (GREAT, code("rejected")));
            }
            other => panic!("no check for {other}"),
        }
    }

    fn the_smaller_counts(&self) {
        if self.a.0.opens() {
            assert_eq!(self.both.opening, Some(SMALL));
            let known = self.base.item(1).unwrap().carrier;
            assert_eq!(
                self.both.item(1).unwrap().carrier,
                known,
                "the recipient has spoken of it"
            );
            return;
        }
        assert_eq!((self.a.0, self.b.0), (Kind::Amendment, Kind::Amendment));
        assert_eq!(self.both.item(9).unwrap().carrier, SMALL);
        assert_eq!(
            self.both.urgency,
            Some(code("imminent-risk")),
            "the greater sets the urgency"
        );
        assert_eq!(
            self.both.item(2).unwrap().hosting.len(),
            2,
            "facts of both are kept"
        );
    }

    fn what_is_withdrawn_stays_so(&self) {
        for item in &self.both.items {
            assert_eq!(
                item.status(),
                Status::Withdrawn,
                "{:?} {:?}",
                self.a,
                self.b
            );
        }
        let other = if self.a.0 == Kind::Withdrawal {
            &self.only_b
        } else {
            &self.only_a
        };
        for (item, alone) in self.both.items.iter().zip(&other.items) {
            let said = |item: &comity_case::ItemState| -> Vec<_> {
                item.rounds
                    .iter()
                    .map(|round| (round.outcome.clone(), round.last_seen.clone()))
                    .collect()
            };
            assert_eq!(said(item), said(alone), "what the other reports is kept");
        }
    }

    fn what_is_refused_stays_so(&self) {
        for n in 1..=3 {
            let item = self.both.item(n).unwrap();
            assert_eq!(item.status(), Status::Refused, "{:?} {:?}", self.a, self.b);
        }
        if let Some(added) = self.both.item(9) {
            assert_eq!(
                added.status(),
                Status::Requested,
                "the refusal did not know of it"
            );
        }
    }

    fn the_other_is_void(&self) {
        let (ack, other) = if self.a.0 == Kind::Acknowledgement {
            (self.a.1, self.b.1)
        } else {
            (self.b.1, self.a.1)
        };
        assert!(
            self.both.void.contains(&(other, ack)),
            "{:?} {:?}",
            self.a,
            self.b
        );
        let alone = lines(if self.a.0 == Kind::Acknowledgement {
            &self.only_a
        } else {
            &self.only_b
        });
        let mut both = lines(&self.both);
        both.retain(|line| !line.starts_with("void") && !line.starts_with("item 9"));
        assert_eq!(both, alone, "nothing is left of what is void");
    }
}

/// A state as a set of facts. Where several statements may say the same thing,
/// the fact is that it was said.
fn lines(state: &State) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let mut line = |text: String| {
        lines.insert(text);
    };
    line(format!("opening {:?}", state.opening));
    line(format!("urgency {:?}", state.urgency));
    for item in &state.items {
        let n = item.n;
        line(format!("item {n} carrier {:?}", item.carrier));
        line(format!("item {n} refused {}", item.refused.is_some()));
        line(format!("item {n} withdrawn {}", item.withdrawn.is_some()));
        line(format!("item {n} answer {:?}", item.answer));
        for (id, _) in &item.hosting {
            line(format!("item {n} hosting {id}"));
        }
        for round in &item.rounds {
            let r = round.round;
            line(format!("item {n} round {r} status {:?}", round.status));
            line(format!("item {n} round {r} outcome {:?}", round.outcome));
            for id in &round.superseded {
                line(format!("item {n} round {r} superseded {id}"));
            }
            for id in &round.opened_by {
                line(format!("item {n} round {r} opened by {id}"));
            }
        }
    }
    for hold in &state.holds {
        line(format!(
            "hold {} released {}",
            hold.statement,
            hold.released_by.is_some()
        ));
    }
    for dispute in &state.disputes {
        line(format!(
            "dispute {} {:?}",
            dispute.statement, dispute.resolved
        ));
    }
    for question in &state.questions {
        line(format!(
            "question {} answered {}",
            question.statement,
            question.answered_by.is_some()
        ));
    }
    for id in &state.erasures {
        line(format!("erasure {id}"));
    }
    for (id, code) in &state.forbidden {
        line(format!("forbidden {id} {code}"));
    }
    for (id, by) in &state.void {
        line(format!("void {id} by {by}"));
    }
    lines
}
