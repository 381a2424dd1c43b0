//! What the causal past of a statement forbids, and what it does not.

use comity_case::Forbidden;
use comity_wire::body::Body;
use comity_wire::ids::Hash;
use comity_wire::registry::{Answer, ObservationResult, OutcomeAnswer};
use comity_wire::statement::Draft;
use comity_wire::words::Sorted;

use super::world::{Tale, World};
use super::{Context, File};
use crate::bodies::*;

fn after(story: &str) -> Context {
    Context {
        story: Some(story.to_owned()),
        ..Context::default()
    }
}

pub(super) fn transitions(world: &World) -> File {
    let mut file = File::new("transition.json");
    let federation = &world.federation;
    let mut say = |tale: &Tale,
                   story: &str,
                   from: &str,
                   name: &str,
                   shows: &str,
                   edit: &dyn Fn(&mut Draft),
                   body: Body,
                   why: Option<Forbidden>| {
        let mut draft = tale.draft(federation, name, from, body);
        edit(&mut draft);
        let bytes = federation.sign(draft).bytes().to_vec();
        match why {
            None => file.ok(
                &format!("legal-{name}"),
                shows,
                "statement",
                &bytes,
                after(story),
                &[("verdict", "legal".to_owned())],
            ),
            Some(why) => file.no(
                &format!("forbidden-{why}-{name}"),
                shows,
                "statement",
                &bytes,
                after(story),
                (why.as_str(), "transition"),
            ),
        }
    };
    let as_it_is = |_: &mut Draft| ();
    for (from, name, shows, body, why) in rows(&world.busy) {
        say(&world.busy, "busy", from, name, shows, &as_it_is, body, why);
    }
    let nothing = Tale::empty(federation);
    say(
        &nothing,
        "nothing",
        "north",
        "opens",
        "A case begins.",
        &as_it_is,
        request([1]),
        None,
    );
    say(
        &nothing,
        "nothing",
        "north",
        "before-opening",
        "Nothing is legal before the opening.",
        &as_it_is,
        hold("court"),
        Some(Forbidden::NoOpening),
    );
    let full = Tale::opened(federation);
    let last = world.last_of_full(&full);
    let build_on_last = |draft: &mut Draft| draft.re = Sorted::new([last]);
    say(
        &full,
        "full",
        "north",
        "4097",
        "The 4097th statement of a case.",
        &build_on_last,
        hold("court"),
        Some(Forbidden::CaseFull),
    );
    file
}

type Row = (
    &'static str,
    &'static str,
    &'static str,
    Body,
    Option<Forbidden>,
);

fn rows(busy: &Tale) -> Vec<Row> {
    use Forbidden::*;
    use OutcomeAnswer::{Done, Reinstated};
    let mark = |mark: &str| busy.marks[mark];
    let nobody = Hash::of(b"nobody");
    let accepted = |items: &[u64]| answer_for(Answer::Accepted, Some(items), None, "other");
    let online = |n, round| observation(&[(n, round, ObservationResult::Online, 5_000)]);
    vec![
        (
            "north",
            "second-request",
            "A second opening changes nothing.",
            request([7]),
            Some(AlreadyOpen),
        ),
        (
            "platform",
            "request-back",
            "The recipient of a case cannot open it.",
            request([7]),
            Some(WrongSide),
        ),
        (
            "platform",
            "accept-rest",
            "Item 5 is accepted.",
            accepted(&[5]),
            None,
        ),
        (
            "north",
            "accept-own",
            "Only who was asked answers.",
            answer(Answer::Accepted),
            Some(WrongSide),
        ),
        (
            "platform",
            "accept-unknown",
            "There is no item 9.",
            accepted(&[9]),
            Some(UnknownItem),
        ),
        (
            "platform",
            "accept-void",
            "Item 3 is refused, item 4 withdrawn.",
            accepted(&[3, 4]),
            Some(NothingToAnswer),
        ),
        (
            "platform",
            "accept-observation",
            "An observation asks for nothing.",
            answer_for(Answer::Accepted, None, Some(&[mark("seen")]), "other"),
            Some(WrongTarget),
        ),
        (
            "platform",
            "refuse-forbidden",
            "What the past forbids is refused, whatever its kind.",
            refuse(&[mark("forbidden")]),
            None,
        ),
        (
            "platform",
            "refuse-again",
            "It is refused already.",
            refuse(&[mark("refused")]),
            Some(NothingToAnswer),
        ),
        (
            "platform",
            "refuse-observation",
            "A legal observation cannot be refused.",
            refuse(&[mark("seen")]),
            Some(MayNotRefuse),
        ),
        (
            "platform",
            "refuse-own",
            "One's own statement.",
            refuse(&[mark("done")]),
            Some(NotTheOtherSide),
        ),
        (
            "platform",
            "refuse-unknown",
            "A statement that is not in the past.",
            refuse(&[nobody]),
            Some(NotInPast),
        ),
        (
            "platform",
            "give-up-waiting",
            "With `re-missing`, what never came can be refused.",
            answer_for(Answer::Refused, None, Some(&[nobody]), "re-missing"),
            None,
        ),
        (
            "platform",
            "done-5",
            "Item 5 is done.",
            outcome(&[(5, 1, Done, 4_000)]),
            None,
        ),
        (
            "platform",
            "done-round-2",
            "The second round of item 2, which reappeared.",
            outcome(&[(2, 2, Done, 4_000)]),
            None,
        ),
        (
            "platform",
            "done-round-1",
            "The second round is open, so the first can no longer change.",
            outcome(&[(2, 1, Done, 4_000)]),
            Some(RoundFinal),
        ),
        (
            "platform",
            "done-round-3",
            "The third round is not open.",
            outcome(&[(2, 3, Done, 4_000)]),
            Some(UnknownRound),
        ),
        (
            "platform",
            "done-unknown",
            "There is no item 7.",
            outcome(&[(7, 1, Done, 4_000)]),
            Some(UnknownItem),
        ),
        (
            "platform",
            "done-refused",
            "Item 3 was refused: void for ever.",
            outcome(&[(3, 1, Done, 4_000)]),
            Some(ItemRefused),
        ),
        (
            "platform",
            "reinstate",
            "Item 1 was taken down and is put back.",
            outcome(&[(1, 1, Reinstated, 4_000)]),
            None,
        ),
        (
            "platform",
            "reinstate-nothing",
            "Item 5 was never taken down.",
            outcome(&[(5, 1, Reinstated, 4_000)]),
            Some(NothingToReinstate),
        ),
        ("north", "amend", "Item 7 is added.", amendment(&[7]), None),
        (
            "north",
            "amend-taken",
            "There is an item 1.",
            amendment(&[1]),
            Some(ItemExists),
        ),
        (
            "north",
            "amend-nothing",
            "An amendment that adds nothing.",
            amendment(&[]),
            Some(Empty),
        ),
        (
            "north",
            "fact-of-refused",
            "A fact about an item that was refused.",
            facts(&[3]),
            Some(ItemRefused),
        ),
        (
            "north",
            "fact-of-withdrawn",
            "A fact about an item that was withdrawn.",
            facts(&[4]),
            Some(ItemWithdrawn),
        ),
        (
            "north",
            "withdraw-rest",
            "Everything that is left is withdrawn.",
            withdrawal(None),
            None,
        ),
        (
            "north",
            "withdraw-again",
            "Item 4 is withdrawn already.",
            withdrawal(Some(&[4])),
            Some(Empty),
        ),
        (
            "north",
            "dispute-own",
            "One's own statement.",
            dispute(mark("opening")),
            Some(NotTheOtherSide),
        ),
        (
            "north",
            "dispute-question",
            "A question cannot be contested.",
            dispute(mark("asked")),
            Some(WrongTarget),
        ),
        (
            "platform",
            "resolve-again",
            "The dispute is resolved already.",
            resolution(mark("disputed"), "upheld"),
            Some(NoOpenDispute),
        ),
        (
            "platform",
            "take-back-of-another",
            "Only who disputed takes a dispute back.",
            resolution(mark("disputed"), "withdrawn"),
            Some(WrongSide),
        ),
        (
            "platform",
            "ask-of-withdrawn",
            "A question about an item that was withdrawn.",
            question(Some(&[4])),
            Some(ItemWithdrawn),
        ),
        (
            "north",
            "inform",
            "The question is answered.",
            information(mark("asked"), &[1]),
            None,
        ),
        (
            "north",
            "inform-about-answer",
            "An answer that needed no information.",
            information(mark("accepted"), &[]),
            Some(WrongTarget),
        ),
        (
            "north",
            "observe-online",
            "Item 1 is online after its outcome: the second round begins.",
            online(1, 1),
            None,
        ),
        (
            "north",
            "observe-round-2",
            "The second round of item 1 is not open.",
            online(1, 2),
            Some(UnknownRound),
        ),
        (
            "north",
            "release",
            "The hold ends.",
            release("law-enforcement"),
            None,
        ),
        (
            "north",
            "release-other",
            "There is no hold for a court.",
            release("court"),
            Some(NothingHeld),
        ),
        (
            "platform",
            "release-of-another",
            "The other side's hold.",
            release("law-enforcement"),
            Some(NothingHeld),
        ),
        (
            "north",
            "erase-unknown",
            "A statement that is not in the past.",
            erasure(Some(&[nobody])),
            Some(NotInPast),
        ),
    ]
}
