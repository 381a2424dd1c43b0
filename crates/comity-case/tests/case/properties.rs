//! Properties over random conversations: two parties that speak past each other,
//! say legal and illegal things, and hear of each other late or out of order.

use std::collections::BTreeMap;
use std::sync::Arc;

use comity_case::{Arrival, Case, Entry, Forbidden, Party, State, moves};
use comity_wire::body::Body;
use comity_wire::ids::{Hash, StatementId};
use comity_wire::words::Sorted;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::scene::*;

/// What happens next.
#[derive(Debug, Clone)]
pub enum Step {
    /// A party says something, knowing what it has heard.
    Say(bool, Saying),
    /// One of the statements under way to a party arrives.
    Deliver(bool, Index),
}

pub fn saying() -> impl Strategy<Value = Saying> {
    (
        0..Saying::SORTS,
        1_u64..=4,
        1_u64..=2,
        500_u64..4_000,
        0_usize..1_000,
        any::<bool>(),
    )
        .prop_map(|(sort, n, round, at, pick, flag)| Saying {
            sort,
            n,
            round,
            at,
            pick,
            flag,
        })
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (any::<bool>(), saying()).prop_map(|(who, saying)| Step::Say(who, saying)),
        4 => (any::<bool>(), any::<Index>()).prop_map(|(who, which)| Step::Deliver(who, which)),
    ];
    prop::collection::vec(step, 1..40)
}

/// Both parties, and what is under way to each.
pub struct Talk {
    pub said: Vec<Entry>,
    cases: BTreeMap<Party, Case>,
    under_way: BTreeMap<Party, Vec<Entry>>,
    /// The verdict that each party gave first.
    verdicts: BTreeMap<(Party, StatementId), Option<Forbidden>>,
}

impl Talk {
    pub fn play(steps: &[Step]) -> Self {
        let parties = [Party::Opener, Party::Recipient];
        let mut talk = Self {
            said: Vec::new(),
            cases: parties.map(|party| (party, Case::new())).into(),
            under_way: parties.map(|party| (party, Vec::new())).into(),
            verdicts: BTreeMap::new(),
        };
        talk.say(Party::Opener, request([1, 2]));
        for step in steps {
            match step {
                Step::Say(opener, saying) => {
                    let party = if *opener {
                        Party::Opener
                    } else {
                        Party::Recipient
                    };
                    let body = saying.body(&talk.ids());
                    talk.say(party, body);
                }
                Step::Deliver(to_opener, which) => {
                    let party = if *to_opener {
                        Party::Opener
                    } else {
                        Party::Recipient
                    };
                    let waiting = talk.under_way.get_mut(&party).unwrap();
                    if !waiting.is_empty() {
                        let entry = waiting.remove(which.index(waiting.len()));
                        talk.arrive(party, entry);
                    }
                }
            }
        }
        for party in parties {
            for entry in std::mem::take(talk.under_way.get_mut(&party).unwrap()) {
                talk.arrive(party, entry);
            }
        }
        talk
    }

    fn ids(&self) -> Vec<StatementId> {
        self.said.iter().map(|entry| entry.id).collect()
    }

    fn say(&mut self, party: Party, body: Body) {
        let entry = Entry {
            id: Hash::of(&self.said.len().to_be_bytes()),
            party,
            re: self.cases[&party].heads(),
            issued_at: SIGNED_AT,
            body: Arc::new(body),
        };
        self.said.push(entry.clone());
        self.under_way
            .get_mut(&party.other())
            .unwrap()
            .push(entry.clone());
        self.arrive(party, entry);
    }

    fn arrive(&mut self, party: Party, entry: Entry) {
        match self.cases.get_mut(&party).unwrap().insert(entry) {
            Arrival::Folded(judged) => {
                for (id, verdict) in judged {
                    assert!(
                        self.verdicts.insert((party, id), verdict).is_none(),
                        "judged twice"
                    );
                }
            }
            Arrival::Parked => {}
            other => panic!("{other:?}"),
        }
    }
}

fn fold(entries: impl IntoIterator<Item = Entry>) -> Case {
    let mut case = Case::new();
    for entry in entries {
        case.insert(entry);
    }
    case
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..Default::default() })]

    #[test]
    fn both_parties_agree_once_everything_has_arrived(steps in steps()) {
        let talk = Talk::play(&steps);
        let [opener, recipient] = [Party::Opener, Party::Recipient].map(|party| &talk.cases[&party]);
        prop_assert_eq!(State::of(opener), State::of(recipient));
        prop_assert_eq!(opener.heads(), recipient.heads());
        prop_assert!(opener.parked().next().is_none(), "nothing waits for what was delivered");
    }

    #[test]
    fn any_order_of_arrival_gives_the_same_state(
        (steps, order) in (steps(), any::<prop::sample::Selector>()),
    ) {
        let talk = Talk::play(&steps);
        let expected = State::of(&fold(talk.said.clone()));
        let mut shuffled = talk.said.clone();
        let key: BTreeMap<_, _> =
            shuffled.iter().map(|entry| (entry.id, order.select(0..1_000_000))).collect();
        shuffled.sort_by_key(|entry| key[&entry.id]);
        prop_assert_eq!(State::of(&fold(shuffled.clone())), expected.clone());
        shuffled.reverse();
        prop_assert_eq!(State::of(&fold(shuffled)), expected);
    }

    #[test]
    fn nothing_illegal_becomes_legal_by_waiting(steps in steps()) {
        let talk = Talk::play(&steps);
        // The verdict of each party, given with what it had then, is the verdict
        // with everything that there is.
        let everything = fold(talk.said.clone());
        for ((party, id), verdict) in &talk.verdicts {
            let last = everything.get(id).unwrap().verdict.as_ref().err().copied();
            prop_assert_eq!(*verdict, last, "{:?} {}", party, id);
        }
    }

    #[test]
    fn a_part_of_the_set_is_judged_like_the_whole(steps in steps(), keep in any::<u64>()) {
        let talk = Talk::play(&steps);
        let everything = fold(talk.said.clone());
        let part = fold(
            talk.said.iter().enumerate().filter(|(place, _)| keep >> (place % 64) & 1 == 1)
                .map(|(_, entry)| entry.clone()),
        );
        for folded in part.history() {
            let whole = everything.get(&folded.entry.id).unwrap();
            prop_assert_eq!(&folded.verdict, &whole.verdict);
        }
    }

    #[test]
    fn what_is_void_stays_void(steps in steps()) {
        let talk = Talk::play(&steps);
        let mut case = Case::new();
        let mut void = std::collections::BTreeSet::new();
        for entry in talk.said {
            case.insert(entry);
            let now: std::collections::BTreeSet<_> =
                State::of(&case).void.into_iter().map(|(id, _)| id).collect();
            prop_assert!(void.is_subset(&now));
            void = now;
        }
    }

    /// What is offered is legal, and what is legal is offered.
    #[test]
    fn a_party_is_offered_exactly_what_it_may_do(steps in steps(), sayings in prop::collection::vec(saying(), 24)) {
        let talk = Talk::play(&steps);
        for party in [Party::Opener, Party::Recipient] {
            let case = &talk.cases[&party];
            let offered = moves(case, party);
            for saying in &sayings {
                let body = saying.body(&talk.ids());
                let entry = Entry {
                    id: Hash::of(b"next"),
                    party,
                    re: case.heads(),
                    issued_at: SIGNED_AT,
                    body: Arc::new(body),
                };
                let kind = entry.kind();
                // To give up waiting for what never came is legal and never offered.
                let names_unknown = matches!(
                    &*entry.body,
                    Body::Acknowledgement(body)
                        if body.names.iter().flat_map(|names| names.iter()).any(|id| case.get(id).is_none())
                );
                if !names_unknown && case.would_permit(&entry).is_ok() {
                    prop_assert!(
                        offered.iter().any(|offer| offer.kind() == kind),
                        "{:?} may send {} and is not offered it: {:?}", party, kind, entry.body
                    );
                }
            }
            for offer in offered {
                let body = crate::next_moves::made(&offer);
                let entry = Entry {
                    id: Hash::of(b"next"),
                    party,
                    re: case.heads(),
                    issued_at: SIGNED_AT,
                    body: Arc::new(body),
                };
                prop_assert_eq!(case.would_permit(&entry), Ok(()), "{:?} is offered {:?}", party, offer);
            }
        }
    }
}

#[test]
fn the_heads_of_a_case_are_what_nobody_has_named() {
    let (mut scene, opening) = Scene::open(1);
    let one = scene.say_after(OPENER, &[opening], hold("court"));
    let other = scene.say_after(RECIPIENT, &[opening], hold("court"));
    assert_eq!(scene.case.heads(), Sorted::new([one, other]));
    let both = scene.say(OPENER, release("court"));
    assert_eq!(scene.case.heads(), Sorted::new([both]));
}

#[test]
fn whatever_is_said_here_has_the_form_of_the_cddl() {
    for sort in 0..Saying::SORTS {
        for (pick, flag) in (0..6).flat_map(|pick| [(pick, false), (pick, true)]) {
            let saying = Saying {
                sort,
                n: 4,
                round: 2,
                at: 4_000,
                pick,
                flag,
            };
            let body = saying.body(&[Hash::of(b"said")]);
            let rule = body.kind().as_str();
            assert_eq!(
                comity_testkit::cddl::validate(rule, &body.encode()),
                Ok(()),
                "{body:?}"
            );
        }
    }
}
