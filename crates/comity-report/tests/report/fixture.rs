//! Cases built by hand: statements as matching gives them.

use comity_audit::{Mark, MatchedStatement};
use comity_report::{Base, Context};
use comity_testkit::federation::{NOW_MS, code};
use comity_wire::ids::{CaseId, Hash, MemberId, Nonce};
use comity_wire::leaf::{Facts, FactsItem, FactsResult};
use comity_wire::parts::Measure;
use comity_wire::registry::{Answer, Kind, OutcomeAnswer, measure_action, measure_target};
use comity_wire::words::{Country, Sorted, TimeMs};

pub(crate) const HOUR: u64 = 3_600_000;

pub(crate) fn at(after_ms: u64) -> TimeMs {
    NOW_MS + after_ms
}

pub(crate) fn member(name: &str) -> MemberId {
    MemberId::new(&format!("{name}.example")).unwrap()
}

pub(crate) fn country(name: &str) -> Country {
    Country::new(name).unwrap()
}

pub(crate) fn facts(edit: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = Facts {
        by: None,
        re: None,
        code: None,
        salt: Nonce::new([9; 16]),
        basis: None,
        items: None,
        until: None,
        answer: None,
        clocks: None,
        parent: None,
        claimed: None,
        receipt: None,
        urgency: None,
        complete: None,
        evidence: None,
        standing: None,
        reported_at: None,
        jurisdictions: None,
    };
    edit(&mut facts);
    facts
}

/// A case that one member opened towards another, as it grows.
pub(crate) struct Case {
    n: u32,
    from: MemberId,
    to: MemberId,
    pub(crate) said: Vec<MatchedStatement>,
}

impl Case {
    /// A request that was offered then, registered a second later, and its receipt another one later.
    pub(crate) fn request(
        n: u32,
        from: &str,
        to: &str,
        when: u64,
        edit: impl FnOnce(&mut Facts),
    ) -> Self {
        let mut case = Self {
            n,
            from: member(from),
            to: member(to),
            said: Vec::new(),
        };
        let edit = |found: &mut Facts| {
            found.urgency = Some(code("routine"));
            edit(found);
        };
        case.say(true, Kind::TakedownRequest, when, facts(edit));
        case
    }

    pub(crate) fn say(&mut self, by_requester: bool, kind: Kind, when: u64, facts: Facts) {
        let (sender, recipient) = if by_requester {
            (&self.from, &self.to)
        } else {
            (&self.to, &self.from)
        };
        let index = self.said.len() as u64;
        let mark = |after: u64| {
            Some(Mark {
                time: at(when + after),
                index,
            })
        };
        let mut case = [0; 16];
        case[..4].copy_from_slice(&self.n.to_be_bytes());
        self.said.push(MatchedStatement {
            statement: Hash::of(format!("{} {index}", self.n).as_bytes()),
            case: CaseId::new(case),
            kind,
            sender: sender.clone(),
            recipient: recipient.clone(),
            offered: mark(0),
            sent: mark(2_000),
            gave_up: None,
            received: mark(1_000),
            refused: None,
            facts: Some(facts),
            sender_shown: Some(TimeMs::MAX),
            recipient_shown: Some(TimeMs::MAX),
        });
    }

    pub(crate) fn acknowledge(mut self, when: u64, by: &str) -> Self {
        let said = facts(|facts| {
            facts.by = Some(code(by));
            facts.answer = Some(Answer::Accepted);
        });
        self.say(false, Kind::Acknowledgement, when, said);
        self
    }

    /// An outcome of item 1.
    pub(crate) fn outcome(self, when: u64, answer: OutcomeAnswer) -> Self {
        self.measured(when, answer, &[])
    }

    /// The same by a program.
    pub(crate) fn by_program(self, when: u64, answer: OutcomeAnswer) -> Self {
        self.measured(when, answer, &[true])
    }

    fn measured(mut self, when: u64, answer: OutcomeAnswer, automated: &[bool]) -> Self {
        let measure = |automated: &bool| Measure {
            until: None,
            action: code(measure_action::REMOVED),
            reason: None,
            target: code(measure_target::CONTENT),
            automated: *automated,
            territories: None,
            effective_at: at(when),
        };
        let measures = automated.iter().map(measure).collect();
        let row = FactsItem(1, 1, FactsResult::Outcome(answer), measures, None);
        let said = facts(|facts| facts.items = Some(Sorted::new([row])));
        self.say(false, Kind::Outcome, when, said);
        self
    }
}

/// What is known at a time after the first.
pub(crate) fn context(now: u64) -> Context {
    Context {
        now: at(now),
        ..Context::default()
    }
}

pub(crate) fn base(cases: &[Case], context: &Context) -> Base {
    let mut base = Base::default();
    for case in cases {
        base.add(&case.said.iter().collect::<Vec<_>>(), context);
    }
    base
}
