//! Whatever two parties do, in whatever order, over whatever network: in the end both have the same case.

use comity_case::{Case, Entry, Move, Party, moves};
use comity_engine::desk::{
    NewAnswer, NewHold, NewInformation, NewQuestion, NewRelease, NewWithdrawal, Work,
};
use comity_testkit::ports::{Link, World};
use comity_wire::ids::CaseId;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::desk::*;

/// One step: who moves, which of its moves, what becomes of the link in which direction, how much time passes.
type Step = (bool, u16, u8, bool, u32);

const LINKS: [Link; 6] = [
    Link::Up,
    Link::Up,
    Link::Down,
    Link::LosesReply,
    Link::Twice,
    Link::Held,
];

/// What a person would say to make a move; none for those that a node makes by itself, or that need no test here.
fn work(case: &CaseId, one: &Move) -> Option<Work> {
    let case = case.to_string();
    Some(match one {
        Move::Acknowledge(answer, items) => Work::Answer(NewAnswer {
            case,
            answer: answer.as_str().to_owned(),
            code: Some("not-our-service".to_owned()),
            items: Some(items.clone()),
            expected_by: None,
            next: None,
            automated: false,
            text: None,
        }),
        Move::Outcome(n, ..) => removed(&case_of(&case), *n),
        Move::Observe(n, _) => seen(&case_of(&case), *n, "online"),
        Move::Withdraw(items) => Work::Withdraw(NewWithdrawal {
            case,
            code: "error".to_owned(),
            items: Some(items.clone()),
            text: None,
        }),
        Move::Hold => Work::Hold(NewHold {
            case,
            by: "court".to_owned(),
            until: None,
        }),
        Move::Release(by) => Work::Release(NewRelease {
            case,
            by: by.to_string(),
            result: None,
        }),
        Move::RequestInformation(_) => Work::Ask(NewQuestion {
            case,
            asks: vec!["more-context".to_owned()],
            items: None,
            text: None,
        }),
        Move::Inform(of) => Work::Inform(NewInformation {
            case,
            of: Some(of.to_string()),
            text: "seen".to_owned(),
        }),
        _ => return None,
    })
}

/// What a party may do, by its own journal.
fn possible(world: &World, name: &str, case: &CaseId, party: Party) -> Vec<Move> {
    let mut folded = Case::new();
    let statements = world.folded(name, case);
    let opener = world.id("north");
    for statement in &statements {
        folded.insert(Entry::of(statement, &opener));
    }
    let mut found = moves(&folded, party);
    found.retain(|one| work(case, one).is_some());
    found
}

async fn play(steps: Vec<Step>) {
    let world = World::of(&["north", "platform"]);
    let (case, _) = request(&world, "north", &on_platform(1)).await;
    world.rest(&["north"]).await;
    let mut said = 0;
    for (opener, pick, link, forth, seconds) in steps {
        let (name, party) = if opener {
            ("north", Party::Opener)
        } else {
            ("platform", Party::Recipient)
        };
        let (from, to) = if forth {
            ("north", "platform")
        } else {
            ("platform", "north")
        };
        world.link(from, to, LINKS[usize::from(link) % LINKS.len()]);
        world.clock.advance(u64::from(seconds % 600) * 1_000);
        let found = possible(&world, name, &case, party);
        if let Some(one) = found.get(usize::from(pick) % found.len().max(1)) {
            let done = world.work(name, work(&case, one).unwrap()).await;
            if let Ok(comity_engine::desk::Done::Drafted(draft)) = &done {
                said += usize::from(world.confirm(name, &draft.draft).await.is_ok());
            }
            said += usize::from(matches!(done, Ok(comity_engine::desk::Done::Signed(_))));
        }
    }
    assert!(said > 0, "nobody could say anything");
    world.link("north", "platform", Link::Up);
    world.link("platform", "north", Link::Up);
    world
        .until_in_time("rest", 60_000, async || {
            for name in ["north", "platform", "north", "platform"] {
                if !world.outbox(name).await.is_empty() {
                    return false;
                }
            }
            true
        })
        .await;
    both_agree(&world, "north", "platform", &case).await;
    let state = world.state("north", &case);
    assert!(state.parked.is_empty() && state.pending.is_empty());
    for name in ["north", "platform"] {
        assert_eq!(world.count(name, "gave-up"), 0);
        assert_eq!(world.count(name, "refused"), 0);
        assert_eq!(world.count(name, "offered"), world.count(name, "sent"));
    }
    assert_eq!(
        world.count("north", "sent"),
        world.count("platform", "received")
    );
    assert_eq!(
        world.count("platform", "sent"),
        world.count("north", "received")
    );
}

#[test]
fn random_moves_of_two_parties_over_a_lossy_network_end_in_the_same_case() {
    let step = (
        any::<bool>(),
        any::<u16>(),
        any::<u8>(),
        any::<bool>(),
        any::<u32>(),
    );
    let config = Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 20,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    TestRunner::new(config)
        .run(&proptest::collection::vec(step, 3..14), |steps| {
            runtime.block_on(play(steps));
            Ok(())
        })
        .unwrap();
}
