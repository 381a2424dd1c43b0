//! A case over two hops: north refers to south, south asks the platform, and what
//! the platform has done comes back.
//!
//! ```text
//! north --referral--> south --takedown-request, parent commitment--> platform
//! north <--outcome, relayed, with evidence-- south <--outcome, own-- platform
//! ```
//!
//! The two outer parties learn nothing of one another but what south tells: to the
//! platform a commitment that only south's own facts open, to north the outcome as
//! relayed, with the platform's signed statement and south's receipt for it.

use comity_wire::body::{Body, Outcome, OutcomeItem};
use comity_wire::exchange::{ExchangeRequest, Offer};
use comity_wire::ids::{Hash, parent_commitment};
use comity_wire::leaf::{Facts, FactsItem, FactsResult, Leaf};
use comity_wire::registry::{Basis, Complete, OutcomeAnswer, record_kind};
use comity_wire::statement::{Draft, Statement};
use comity_wire::words::Sorted;
use serde_bytes::ByteBuf;

use super::world::{Log, World, facts, nonce, opening, platform, record};
use super::{Context, File};
use crate::bodies::{code, measure, referral, request};
use crate::federation::NOW_MS;
use crate::tree::Node;

/// When the platform's measure took effect.
const EFFECTIVE_MS: u64 = NOW_MS - 60_000;

pub(super) fn exchange(world: &World) -> File {
    let mut file = File::new("two-hop.json");
    let story = Story::told(world);
    story.statements(&mut file);
    story.records(world, &mut file);
    story.commitment(&mut file);
    story.evidence(world, &mut file);
    file
}

/// The four statements, and the record of each at both of its ends.
struct Story {
    referral: Statement,
    request: Statement,
    done: Statement,
    relayed: Statement,
    /// South's receipt for the platform's outcome.
    receipt: Vec<u8>,
    logs: [Written; 3],
}

impl Story {
    fn told(world: &World) -> Self {
        let federation = &world.federation;
        let reply = |name: &str, from: &str, to: &str, about: &Statement, body: Body| Draft {
            nonce: nonce(name),
            ..federation.reply(from, to, *about.case(), [*about.id()], body)
        };
        let referral = federation.sign(opening(
            federation,
            "two-hop referral",
            "north",
            "south",
            referral([1, 2]),
        ));
        let mut draft = opening(
            federation,
            "two-hop request",
            "south",
            "platform",
            request([1]),
        );
        draft.parent = Some(parent_commitment(
            &draft.nonce,
            referral.case(),
            referral.id(),
        ));
        let request = federation.sign(draft);
        let done = federation.sign(reply(
            "two-hop done",
            "platform",
            "south",
            &request,
            outcome_of(Basis::Own, 1, None),
        ));
        let mut south = Kept::new(world, "south");
        south.received(&referral, facts_of(&referral));
        south.sent(
            &request,
            Facts {
                parent: Some((request.payload().nonce, *referral.case(), *referral.id())),
                ..facts_of(&request)
            },
        );
        south.received(&done, outcome_facts(&done, Basis::Own, 1));
        let receipt = south.receipt_for(&done);

        let evidence = [Hash::of(done.bytes()), Hash::of(&receipt)];
        // Item 2 of the referral is item 1 of the request.
        let relayed = federation.sign(Draft {
            evidence: Some(Sorted::new(evidence)),
            ..reply(
                "two-hop relayed",
                "south",
                "north",
                &referral,
                outcome_of(Basis::Relayed, 2, Some(1)),
            )
        });
        let told = |statement: &Statement| outcome_facts(statement, Basis::Relayed, 2);
        south.sent(&relayed, told(&relayed));
        let mut north = Kept::new(world, "north");
        north.sent(&referral, facts_of(&referral));
        north.received(&relayed, told(&relayed));
        let mut platform = Kept::new(world, "platform");
        platform.received(&request, facts_of(&request));
        platform.sent(&done, outcome_facts(&done, Basis::Own, 1));
        Self {
            referral,
            request,
            done,
            relayed,
            receipt,
            logs: [north, south, platform].map(Kept::written),
        }
    }

    fn statements(&self, file: &mut File) {
        let mut add =
            |name: &str, shows: &str, statement: &Statement, opener: &str, recipient: &str| {
                let opens = statement.kind().opens();
                let id = |name: &str| format!("{name}.example");
                let context = Context {
                    me: Some(statement.payload().to.to_string()),
                    parties: (!opens).then(|| (id(opener), id(recipient))),
                    ..platform()
                };
                let values = [
                    ("id", statement.id().to_string()),
                    ("case", statement.case().to_string()),
                    ("issuer", statement.issuer().to_string()),
                    ("kind", statement.kind().to_string()),
                ];
                file.ok(
                    name,
                    shows,
                    "statement",
                    statement.bytes(),
                    context,
                    &values,
                );
            };
        add(
            "two-hop-1-referral",
            "North refers two items to south.",
            &self.referral,
            "north",
            "south",
        );
        add(
            "two-hop-2-request",
            "South asks the platform for the second of them, with a commitment to the case that this one follows from.",
            &self.request,
            "south",
            "platform",
        );
        add(
            "two-hop-3-outcome",
            "The platform has removed it, and says so of itself.",
            &self.done,
            "south",
            "platform",
        );
        add(
            "two-hop-4-relayed",
            "South relays the outcome to north: item 2 of this case is item 1 of the other, and the platform's statement and south's receipt for it are evidence.",
            &self.relayed,
            "north",
            "south",
        );
    }

    fn records(&self, world: &World, file: &mut File) {
        for Written {
            member,
            log,
            records,
        } in &self.logs
        {
            let size = log.size();
            for (leaf, facts) in records {
                let kind = leaf.kind.as_str();
                let of = leaf.statement_kind.expect("a record of a statement");
                let name = format!("two-hop-{member}-{kind}-{of}-{}", leaf.index);
                let bytes = leaf.encode();
                file.ok(
                    &format!("{name}-leaf"),
                    &format!(
                        "Record {} of {member}: a statement of the kind `{of}` was {kind}.",
                        leaf.index
                    ),
                    "leaf",
                    &bytes,
                    Context::default(),
                    &[("leaf_hash", leaf_hash(&bytes).to_string())],
                );
                let facts = facts.encode();
                file.ok(
                    &format!("{name}-facts"),
                    &format!(
                        "The facts that record {} of {member} commits to.",
                        leaf.index
                    ),
                    "facts",
                    &facts,
                    Context::default(),
                    &[("hash", Hash::of(&facts).to_string())],
                );
                if kind == record_kind::RECEIVED {
                    let place = usize::try_from(leaf.index).expect("small");
                    let context = Context {
                        log: Some(world.federation.member(member).id.to_string()),
                        checkpoint: Some(log.checkpoint(size).to_string()),
                        chain: Some("first".to_owned()),
                        ..Context::default()
                    };
                    let values = [
                        ("leaf_hash", leaf_hash(&bytes).to_string()),
                        ("index", leaf.index.to_string()),
                        ("root", log.root(size).to_string()),
                    ];
                    file.ok(
                        &format!("{name}-receipt"),
                        &format!("The receipt that {member} gives for it."),
                        "receipt",
                        &log.receipt(place, size).encode(),
                        context,
                        &values,
                    );
                }
            }
        }
    }

    fn commitment(&self, file: &mut File) {
        let opened = Facts {
            parent: Some((
                self.request.payload().nonce,
                *self.referral.case(),
                *self.referral.id(),
            )),
            ..facts_of(&self.request)
        };
        let elsewhere = Facts {
            parent: Some((
                self.request.payload().nonce,
                *self.request.case(),
                *self.referral.id(),
            )),
            ..opened.clone()
        };
        let case = self.referral.case().to_string();
        let id = self.referral.id().to_string();
        let mut add = |name: &str, shows: &str, facts: &Facts, values: &[(&str, String)]| {
            let bytes = pair(self.request.bytes(), &facts.encode());
            file.ok(
                name,
                shows,
                "parent-opening",
                &bytes,
                Context::default(),
                values,
            );
        };
        add(
            "two-hop-parent",
            "South's facts open the commitment in its request: the case that north opened.",
            &opened,
            &[
                ("opens", "yes".to_owned()),
                ("case", case),
                ("statement", id),
            ],
        );
        add(
            "two-hop-parent-elsewhere",
            "Facts that name another case do not open it.",
            &elsewhere,
            &[("opens", "no".to_owned())],
        );
    }

    fn evidence(&self, world: &World, file: &mut File) {
        let roster = world.federation.history().roster_ref().expect("a roster");
        let offer = |objects: &[&[u8]]| {
            let objects = objects
                .iter()
                .map(|object| ByteBuf::from(*object))
                .collect();
            let statement = ByteBuf::from(self.relayed.bytes());
            ExchangeRequest(roster, vec![Offer(statement, None, objects)]).encode()
        };
        let whole = offer(&[self.done.bytes(), &self.receipt]);
        file.ok(
            "two-hop-exchange",
            "The relayed outcome on its way to north, with both objects of its evidence beside it.",
            "exchange-request",
            &whole,
            Context::default(),
            &[("statements", "1".to_owned())],
        );
        let mut add = |name: &str, shows: &str, objects: &[&[u8]], beside: &str| {
            let list: Vec<_> = objects
                .iter()
                .map(|object| Node::Bytes(object.to_vec()))
                .collect();
            let statement = Node::Bytes(self.relayed.bytes().to_vec());
            let bytes = Node::Array(vec![statement, list.into()]).encode();
            let values = [("named", "2".to_owned()), ("beside", beside.to_owned())];
            file.ok(name, shows, "evidence", &bytes, Context::default(), &values);
        };
        add(
            "two-hop-evidence",
            "Both objects that the statement names are beside it.",
            &[self.done.bytes(), &self.receipt],
            "2",
        );
        add(
            "two-hop-evidence-missing",
            "One is missing: that is no reason to refuse the statement.",
            &[self.done.bytes()],
            "1",
        );
        add(
            "two-hop-evidence-other",
            "An object that the statement does not name is no evidence, and no reason to refuse it.",
            &[self.done.bytes(), self.request.bytes()],
            "1",
        );
    }
}

/// The log of one member, when all is said.
struct Written {
    member: &'static str,
    log: Log,
    records: Vec<(Leaf, Facts)>,
}

/// The same as the story goes on.
struct Kept<'a> {
    world: &'a World,
    member: &'static str,
    leaves: Vec<Vec<u8>>,
    records: Vec<(Leaf, Facts)>,
}

impl<'a> Kept<'a> {
    fn new(world: &'a World, member: &'static str) -> Self {
        let opened = record(&world.federation, record_kind::LOG_OPENED, 0, None);
        Self {
            world,
            member,
            leaves: vec![opened.encode()],
            records: Vec::new(),
        }
    }

    fn received(&mut self, statement: &Statement, facts: Facts) {
        self.keep(record_kind::RECEIVED, statement, facts);
    }

    fn sent(&mut self, statement: &Statement, facts: Facts) {
        self.keep(record_kind::OFFERED, statement, facts);
    }

    fn keep(&mut self, kind: &str, statement: &Statement, facts: Facts) {
        let index = u64::try_from(self.leaves.len()).expect("small");
        let (direction, counterpart) = if kind == record_kind::RECEIVED {
            ("in", statement.issuer().clone())
        } else {
            ("out", statement.payload().to.clone())
        };
        let seq = self
            .records
            .iter()
            .filter(|(leaf, _)| leaf.counterpart.as_ref() == Some(&counterpart))
            .count();
        let leaf = Leaf {
            seq: Some(u64::try_from(seq).expect("small")),
            salt: nonce(&format!("two-hop {} {index}", self.member)),
            facts: Some(facts.hash()),
            direction: Some(code(direction)),
            counterpart: Some(counterpart),
            ..record(&self.world.federation, kind, index, Some(statement))
        };
        self.leaves.push(leaf.encode());
        self.records.push((leaf, facts));
    }

    /// The receipt for a statement, under the head that it made.
    fn receipt_for(&self, statement: &Statement) -> Vec<u8> {
        let is_it = |leaf: &Leaf| leaf.statement == Some(*statement.id());
        let (leaf, _) = self
            .records
            .iter()
            .find(|(leaf, _)| is_it(leaf))
            .expect("it was recorded");
        let place = usize::try_from(leaf.index).expect("small");
        self.log().receipt(place, leaf.index + 1).encode()
    }

    fn written(self) -> Written {
        Written {
            member: self.member,
            log: self.log(),
            records: self.records,
        }
    }

    fn log(&self) -> Log {
        let mut log = Log::new(&self.world.federation, self.member);
        log.append(self.leaves.clone());
        log
    }
}

fn outcome_of(basis: Basis, n: u64, child_n: Option<u64>) -> Body {
    let row = OutcomeItem(
        n,
        1,
        OutcomeAnswer::Done,
        vec![measure(EFFECTIVE_MS)],
        Some(code("illegal-content")),
        None,
        child_n,
    );
    Body::Outcome(Outcome {
        text: None,
        basis,
        items: Sorted::new([row]),
        complete: Complete::Yes,
    })
}

fn facts_of(statement: &Statement) -> Facts {
    Facts {
        salt: nonce(&format!("two-hop facts {}", statement.id())),
        ..facts(statement)
    }
}

fn outcome_facts(statement: &Statement, basis: Basis, n: u64) -> Facts {
    let row = FactsItem(
        n,
        1,
        FactsResult::Outcome(OutcomeAnswer::Done),
        vec![measure(EFFECTIVE_MS)],
        Some(EFFECTIVE_MS),
    );
    Facts {
        by: Some(code("person")),
        re: Some(statement.payload().re.clone()),
        basis: Some(basis),
        items: Some(Sorted::new([row])),
        clocks: None,
        urgency: None,
        complete: Some(Complete::Yes),
        evidence: None,
        reported_at: None,
        jurisdictions: None,
        ..facts_of(statement)
    }
}

fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash::of_parts(&[&[0], leaf])
}

fn pair(one: &[u8], other: &[u8]) -> Vec<u8> {
    let both = [one, other].map(|bytes| Node::Bytes(bytes.to_vec()));
    Node::Array(both.into()).encode()
}
