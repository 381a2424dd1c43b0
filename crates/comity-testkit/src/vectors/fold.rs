//! Every pair of kinds, said at the same time: one story, and after it two
//! statements of which neither knows of the other.
//!
//! What both come to is written here as a small model of that one story: what each
//! statement does to it, what the acknowledgement voids, and for what only one can
//! have, which of the two ids counts. The model is made from the sentences of the
//! specification and asks nothing of the crate that folds.
//!
//! | statement | what is said in the story |
//! | --- | --- |
//! | `s1` | north asks for items 1 to 3 |
//! | `s2` | the platform: item 1 is done |
//! | `s3` | the platform asks for information |
//! | `s4` | north disputes `s2` |
//! | `s5` | north tells of a hold |

use std::collections::BTreeMap;

use comity_spec::registry::read_concurrent;
use comity_wire::body::{Amendment, Body};
use comity_wire::ids::StatementId;
use comity_wire::registry::{Answer, Kind, ObservationResult, OutcomeAnswer};
use comity_wire::statement::Statement;
use comity_wire::words::Sorted;

use super::world::{Tale, World, nonce};
use super::{Context, File};
use crate::bodies::*;
use crate::tree::Node;

/// How an acknowledgement of a pair behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// The platform takes the request on.
    Accepts,
    /// The platform refuses the request.
    Refuses,
    /// Who is sent the other statement has waited too long for what it builds on.
    GivesUp,
}

pub(super) fn pairs(world: &World) -> File {
    let mut file = File::new("fold.json");
    let folder = comity_spec::root().join("registries");
    let table = read_concurrent(&folder).expect("the table of pairs");
    for pair in &table.pairs {
        let kinds = [&pair.a, &pair.b].map(|name| Kind::from_name(name).expect("a kind"));
        let manners: &[Manner] = match pair.rule.as_str() {
            "refusal-prevails" if pair.a == pair.b => &[Manner::Accepts, Manner::Refuses],
            "refusal-prevails" => &[Manner::Accepts, Manner::Refuses, Manner::GivesUp],
            _ => &[Manner::Accepts],
        };
        for manner in manners {
            play(world, &mut file, kinds, *manner, &pair.effect);
        }
    }
    file
}

/// One vector, or two where the order of the ids may count.
fn play(world: &World, file: &mut File, kinds: [Kind; 2], manner: Manner, effect: &str) {
    let [a, b] = kinds;
    let order_counts = a == b || (a.opens() && b.opens());
    let base = match manner {
        Manner::Accepts => format!("pair-{a}-{b}"),
        Manner::Refuses => format!("pair-{a}-{b}-refuses"),
        Manner::GivesUp => format!("pair-{a}-{b}-gives-up"),
    };
    let how = match manner {
        Manner::Accepts => "",
        Manner::Refuses => " The acknowledgement refuses the request.",
        Manner::GivesUp => " The acknowledgement gave up waiting for what the other builds on.",
    };
    if order_counts {
        for (a_is_smaller, word) in [(true, "a"), (false, "b")] {
            let name = format!("{base}-{word}-smaller");
            let shows = format!("`{a}` and `{b}`, where {word} has the smaller id: {effect}{how}");
            let pair = Pair::said(world, &name, kinds, manner, Some(a_is_smaller));
            add(file, &name, &shows, &pair);
        }
    } else {
        let pair = Pair::said(world, &base, kinds, manner, None);
        add(
            file,
            &base,
            &format!("`{a}` and `{b}`: {effect}{how}"),
            &pair,
        );
    }
}

fn add(file: &mut File, name: &str, shows: &str, pair: &Pair) {
    let both = [&pair.a, &pair.b].map(|said| Node::Bytes(said.statement.bytes().to_vec()));
    let context = Context {
        story: Some("pair".to_owned()),
        ..Context::default()
    };
    let values = pair.outcome().values();
    let values: Vec<_> = values
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let bytes = Node::Array(both.into()).encode();
    file.ok(name, shows, "concurrent", &bytes, context, &values);
}

/// One of the two statements.
struct Said {
    /// `a` or `b`.
    label: &'static str,
    manner: Manner,
    statement: Statement,
}

impl Said {
    fn id(&self) -> &StatementId {
        self.statement.id()
    }

    fn kind(&self) -> Kind {
        self.statement.kind()
    }

    fn gives_up(&self) -> bool {
        self.kind() == Kind::Acknowledgement && self.manner == Manner::GivesUp
    }
}

struct Pair {
    a: Said,
    b: Said,
    first: StatementId,
}

impl Pair {
    fn said(
        world: &World,
        name: &str,
        [a, b]: [Kind; 2],
        manner: Manner,
        a_is_smaller: Option<bool>,
    ) -> Self {
        let tale = &world.pair;
        let first = *tale.said[0].id();
        // Who gives up waiting has to name the other statement, so that is said first.
        // A second opening has a smaller id than the first: else nothing would show.
        let counts = |one: &Statement| !b.opens() || a_is_smaller.is_none() || *one.id() < first;
        let second = (0..)
            .map(|attempt| say(world, name, "b", b, Manner::Accepts, None, attempt))
            .find(counts)
            .expect("some are");
        let of = (second.issuer().as_str(), *second.id());
        let is_in_order = |one: &Statement| {
            a_is_smaller.is_none_or(|smaller| (one.id() < second.id()) == smaller)
        };
        let statement = (0..)
            .map(|attempt| say(world, name, "a", a, manner, Some(of), attempt))
            .find(is_in_order)
            .expect("every second one is");
        let said = |label, manner, statement| Said {
            label,
            manner,
            statement,
        };
        Self {
            a: said("a", manner, statement),
            b: said("b", Manner::Accepts, second),
            first,
        }
    }

    /// What the story and both statements come to.
    fn outcome(&self) -> Model {
        let mut model = Model::story();
        let void = |one: &Said, other: &Said| other.gives_up() && !one.gives_up();
        let openings = [&self.a, &self.b]
            .into_iter()
            .filter(|said| said.kind().opens() && !void(said, self.other(said)))
            .map(|said| (*said.id(), said.label));
        let opening = openings.chain([(self.first, "s1")]).min();
        model.opening = opening.map_or("s1", |(_, label)| label);
        if model.opening != "s1" {
            model.urgency = urgency_of(model.opening);
        }
        for said in [&self.a, &self.b] {
            let other = self.other(said);
            if void(said, other) {
                model.void.push((said.label, other.label));
                if said.kind() == Kind::Amendment {
                    // What it brought stays known under its number: refused.
                    let item = Item {
                        refused: Some(other.label),
                        ..Item::carried_by(said.label)
                    };
                    model.items.insert(9, item);
                }
            } else {
                let smaller = said.id() < other.id() || said.kind() != other.kind();
                let greater = said.id() > other.id() || said.kind() != other.kind();
                model.say(said, smaller, greater);
            }
        }
        model
    }

    fn other(&self, said: &Said) -> &Said {
        if said.label == "a" { &self.b } else { &self.a }
    }
}

/// The urgency that an opening or an amendment of a pair sets.
fn urgency_of(label: &str) -> &'static str {
    if label == "a" {
        "urgent"
    } else {
        "imminent-risk"
    }
}

/// Says one of the two. `of`: issuer and id of the other one, for who gives up.
fn say(
    world: &World,
    name: &str,
    label: &'static str,
    kind: Kind,
    manner: Manner,
    of: Option<(&str, StatementId)>,
    attempt: u32,
) -> Statement {
    let (tale, federation) = (&world.pair, &world.federation);
    let (mut from, mut body) = aimed(kind, label, tale);
    let mut re = None;
    if kind.opens() {
        re = Some(Sorted::default());
    }
    if kind == Kind::Acknowledgement {
        match (manner, of) {
            (Manner::Refuses, _) => body = answer(Answer::Refused),
            (Manner::GivesUp, Some((issuer, id))) => {
                from = if issuer == "north.example" {
                    "platform"
                } else {
                    "north"
                };
                body = answer_for(Answer::Refused, None, Some(&[id]), "re-missing");
                re = Some(Sorted::new([*tale.said[0].id()]));
            }
            _ => {}
        }
    }
    let mut draft = tale.draft(federation, name, from, body);
    draft.nonce = nonce(&format!("{name} {label} {attempt}"));
    draft.re = re.unwrap_or(draft.re);
    federation.sign(draft)
}

/// A statement of a kind, aimed at the story. The label makes two of a kind differ.
fn aimed(kind: Kind, label: &str, tale: &Tale) -> (&'static str, Body) {
    use OutcomeAnswer::{Done, Partly};
    let said = |n: usize| *tale.said[n - 1].id();
    let is_a = label == "a";
    let level = code(urgency_of(label));
    match kind {
        Kind::TakedownRequest | Kind::Referral | Kind::Transfer => {
            let mut body = match kind {
                Kind::TakedownRequest => request([1]),
                Kind::Referral => referral([1]),
                _ => transfer([1]),
            };
            match &mut body {
                Body::TakedownRequest(body) => body.urgency = level,
                Body::Referral(body) => body.urgency = level,
                Body::Transfer(body) => body.urgency = level,
                _ => {}
            }
            ("north", body)
        }
        Kind::Acknowledgement => ("platform", answer(Answer::Accepted)),
        Kind::Outcome => {
            let second = if is_a { Partly } else { Done };
            (
                "platform",
                outcome(&[(1, 1, Done, 2_500), (2, 1, second, 2_500)]),
            )
        }
        Kind::Amendment => {
            let body = Amendment {
                items: Some(Sorted::new([item(9)])),
                urgency: Some(level),
                hosting: Some(vec![fact(2)]),
                ..empty_amendment()
            };
            ("north", Body::Amendment(body))
        }
        Kind::Withdrawal => ("north", withdrawal(None)),
        Kind::Dispute => ("north", dispute(said(2))),
        Kind::Resolution => ("platform", resolution(said(4), result_of(label))),
        Kind::InformationRequest => ("platform", question(Some(&[2]))),
        Kind::Information => ("north", information(said(3), &[2])),
        Kind::Observation => {
            let online = ObservationResult::Online;
            (
                "north",
                observation(&[(1, 1, online, 3_000), (2, 1, online, 3_000)]),
            )
        }
        Kind::Hold => ("north", hold("law-enforcement")),
        Kind::Release => ("north", release("law-enforcement")),
        Kind::ErasureNotice => ("north", erasure(None)),
    }
}

fn result_of(label: &str) -> &'static str {
    if label == "a" { "upheld" } else { "rejected" }
}

/// The case as far as this story goes. A text is the label of a statement, or a
/// word and a label.
struct Model {
    opening: &'static str,
    urgency: &'static str,
    items: BTreeMap<u64, Item>,
    holds: BTreeMap<&'static str, Option<&'static str>>,
    disputes: BTreeMap<&'static str, Option<(&'static str, &'static str)>>,
    questions: BTreeMap<&'static str, Option<&'static str>>,
    erasures: Vec<&'static str>,
    void: Vec<(&'static str, &'static str)>,
}

/// One item.
#[derive(Default)]
struct Item {
    carrier: &'static str,
    refused: Option<&'static str>,
    withdrawn: Option<&'static str>,
    answer: Option<&'static str>,
    hosting: Vec<&'static str>,
    /// Of the first round: what the outcome says, and the statement.
    outcome: Option<(&'static str, &'static str)>,
    superseded: Vec<&'static str>,
    seen: Option<&'static str>,
    /// The observations that opened a second round.
    reopened: Vec<&'static str>,
}

impl Item {
    fn carried_by(carrier: &'static str) -> Self {
        Self {
            carrier,
            ..Self::default()
        }
    }

    /// What outweighs what: a refusal, a withdrawal, an outcome, an answer, nothing.
    fn status(&self, round: u64) -> &'static str {
        let first = |word| if round == 1 { word } else { None };
        let outcome = first(self.outcome.map(|(word, _)| word));
        let answer = first(self.answer.map(|_| "accepted"));
        match (self.refused, self.withdrawn) {
            (Some(_), _) => "refused",
            (None, Some(_)) => "withdrawn",
            (None, None) => outcome.or(answer).unwrap_or("requested"),
        }
    }
}

impl Model {
    fn story() -> Self {
        let mut items: BTreeMap<_, _> = (1..=3).map(|n| (n, Item::carried_by("s1"))).collect();
        if let Some(item) = items.get_mut(&1) {
            item.outcome = Some(("done", "s2"));
        }
        Self {
            opening: "s1",
            urgency: "routine",
            items,
            holds: [("s5", None)].into(),
            disputes: [("s4", None)].into(),
            questions: [("s3", None)].into(),
            erasures: Vec::new(),
            void: Vec::new(),
        }
    }

    /// `smaller`, `greater`: whether this statement comes first where the smaller or
    /// the greater id counts; both, if the other is of another kind.
    fn say(&mut self, said: &Said, smaller: bool, greater: bool) {
        let label = said.label;
        match said.kind() {
            Kind::TakedownRequest | Kind::Referral | Kind::Transfer => {}
            Kind::Acknowledgement => self.acknowledge(said, greater),
            Kind::Outcome => {
                let second = if label == "a" { "partly" } else { "done" };
                for (n, word) in [(1, "done"), (2, second)] {
                    self.with_item(n, |item| {
                        let old = item.outcome;
                        if old.is_some_and(|(_, by)| by != "s2") && !greater {
                            item.superseded.push(label);
                        } else {
                            item.superseded.extend(old.map(|(_, by)| by));
                            item.outcome = Some((word, label));
                        }
                        item.superseded.sort_unstable();
                    });
                }
            }
            Kind::Amendment => {
                if smaller || !self.items.contains_key(&9) {
                    self.items.insert(9, Item::carried_by(label));
                }
                if greater || self.urgency == "routine" {
                    self.urgency = urgency_of(label);
                }
                self.with_item(2, |item| item.hosting.push(label));
            }
            Kind::Withdrawal => {
                for n in 1..=3 {
                    self.with_item(n, |item| keep(&mut item.withdrawn, label, smaller));
                }
            }
            Kind::Dispute => {
                self.disputes.insert(label, None);
            }
            Kind::Resolution => {
                let resolved = self.disputes.entry("s4").or_default();
                keep(resolved, (result_of(label), label), greater);
            }
            Kind::InformationRequest => {
                self.questions.insert(label, None);
            }
            Kind::Information => {
                keep(self.questions.entry("s3").or_default(), label, smaller);
                self.with_item(2, |item| item.hosting.push(label));
            }
            Kind::Observation => {
                self.with_item(1, |item| {
                    keep(&mut item.seen, label, greater);
                    item.reopened.push(label);
                });
                // Its past has no outcome for item 2, so it opens no round.
                self.with_item(2, |item| keep(&mut item.seen, label, greater));
            }
            Kind::Hold => {
                self.holds.insert(label, None);
            }
            Kind::Release => keep(self.holds.entry("s5").or_default(), label, smaller),
            Kind::ErasureNotice => self.erasures.push(label),
        }
    }

    fn acknowledge(&mut self, said: &Said, greater: bool) {
        match said.manner {
            Manner::Accepts => {
                for n in 1..=3 {
                    self.with_item(n, |item| keep(&mut item.answer, said.label, greater));
                }
            }
            Manner::Refuses => {
                for n in 1..=3 {
                    self.with_item(n, |item| item.refused = Some(said.label));
                }
                self.void.push(("s1", said.label));
            }
            // What it voids has been left out already.
            Manner::GivesUp => {}
        }
    }

    fn with_item(&mut self, n: u64, edit: impl FnOnce(&mut Item)) {
        if let Some(item) = self.items.get_mut(&n) {
            edit(item);
        }
    }

    /// The model as names and values; what is absent is left out.
    fn values(&self) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        let mut set = |name: String, value: String| {
            values.insert(name, value);
        };
        set("opening".into(), self.opening.into());
        set("urgency".into(), self.urgency.into());
        for (n, item) in &self.items {
            set(format!("item {n} carrier"), item.carrier.into());
            let marks = [
                ("refused", item.refused.map(|by| format!("by {by}"))),
                ("withdrawn", item.withdrawn.map(|by| format!("by {by}"))),
                ("answer", item.answer.map(|by| format!("accepted by {by}"))),
                (
                    "hosting",
                    (!item.hosting.is_empty()).then(|| item.hosting.join(" ")),
                ),
                ("round 1 status", Some(item.status(1).to_owned())),
                (
                    "round 1 outcome",
                    item.outcome.map(|(word, by)| format!("{word} by {by}")),
                ),
                (
                    "round 1 superseded",
                    (!item.superseded.is_empty()).then(|| item.superseded.join(" ")),
                ),
                (
                    "round 1 last seen",
                    item.seen.map(|by| format!("online by {by}")),
                ),
                (
                    "round 2 status",
                    (!item.reopened.is_empty()).then(|| item.status(2).to_owned()),
                ),
                (
                    "round 2 opened",
                    (!item.reopened.is_empty()).then(|| format!("by {}", item.reopened.join(" "))),
                ),
            ];
            for (mark, value) in marks {
                if let Some(value) = value {
                    set(format!("item {n} {mark}"), value);
                }
            }
        }
        for (hold, release) in &self.holds {
            let state = release.map_or("in force".into(), |by| format!("released by {by}"));
            set(format!("hold {hold}"), state);
        }
        for (dispute, resolved) in &self.disputes {
            let state = resolved.map_or("open".into(), |(result, by)| format!("{result} by {by}"));
            set(format!("dispute {dispute}"), state);
        }
        for (question, answer) in &self.questions {
            let state = answer.map_or("open".into(), |by| format!("answered by {by}"));
            set(format!("question {question}"), state);
        }
        for erasure in &self.erasures {
            set(format!("erasure {erasure}"), "told".into());
        }
        for (void, by) in &self.void {
            set(format!("void {void}"), format!("by {by}"));
        }
        values
    }
}

/// Takes the place if it is free, or if this is the one that counts.
fn keep<T>(place: &mut Option<T>, value: T, counts: bool) {
    if place.is_none() || counts {
        *place = Some(value);
    }
}
