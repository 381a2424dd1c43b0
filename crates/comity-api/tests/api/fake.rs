//! A desk with planted data: it notes what it is asked and answers from memory. Tests and the example stand on it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "used in part by each of the programs that include it"
)]

use std::sync::{Arc, Mutex};

use comity_api::{Config, TokenTable};
use comity_engine::desk::*;
use comity_engine::error::{Whose, WorkError};
use comity_engine::ports::Pending;

/// Now, for the fake: 2026-05-28T20:26:40Z.
pub(crate) const NOW: u64 = 1_780_000_000_000;
pub(crate) const HOUR: u64 = 3_600_000;
pub(crate) const DAY: u64 = 24 * HOUR;
pub(crate) const CASE: &str = "00112233445566778899aabbccddeeff";
pub(crate) const DRAFT: &str = "8899aabbccddeeff0011223344556677";
pub(crate) const STATEMENT: &str =
    "0011223344556677889900112233445566778899001122334455667788990011";
/// Tokens of two people.
pub(crate) const ANNA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub(crate) const BERIT: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
/// In the answer to a look, and nowhere else.
pub(crate) const CANARY: &str = "hxxps://canary-locator[.]example/<script>alert(1)</script>/0042";

/// The desk.
#[derive(Default)]
pub(crate) struct Fake {
    /// Whether there is anything to show.
    pub(crate) full: bool,
    /// Whether nobody has made an audit.
    pub(crate) no_audit: bool,
    /// What it answers instead, if anything.
    pub(crate) refuses: Mutex<Option<WorkError>>,
    /// What it was asked: a line each, with the person.
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Fake {
    pub(crate) fn full() -> Arc<Self> {
        Arc::new(Self {
            full: true,
            ..Self::default()
        })
    }

    pub(crate) fn refuse(&self, whose: Whose, code: &'static str) {
        *self.refuses.lock().unwrap() = Some(WorkError {
            code,
            message: "it is not so".to_owned(),
            next: "do something else",
            whose,
        });
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn note(&self, person: &Person, what: String) -> Result<(), WorkError> {
        self.asked
            .lock()
            .unwrap()
            .push(format!("{}: {what}", person.as_str()));
        match &*self.refuses.lock().unwrap() {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

pub(crate) fn config() -> Config {
    let mut table = TokenTable::new();
    for (name, token) in [("anna", ANNA), ("berit", BERIT)] {
        assert!(table.add(Person::new(name).unwrap(), token));
    }
    Config {
        tokens: Arc::new(table),
        hosts: vec!["node.north.example".to_owned()],
    }
}

impl Desk for Fake {
    fn work(&self, person: Person, work: Work) -> Pending<'_, Result<Done, WorkError>> {
        Box::pin(async move {
            self.note(&person, format!("{work:?}"))?;
            Ok(match work {
                Work::Import(import) => Done::Imported(ImportSummary {
                    read: u64::try_from(import.bytes.len()).unwrap(),
                    ..ImportSummary::default()
                }),
                Work::Request(_) | Work::Refer(_) => Done::Drafted(Drafted {
                    draft: DRAFT.to_owned(),
                    case: CASE.to_owned(),
                    to: "south.example".to_owned(),
                    kind: "referral".to_owned(),
                }),
                Work::Review(review) => Done::Reviewed(
                    review
                        .drafts
                        .into_iter()
                        .map(|draft| Reviewed {
                            draft,
                            statement: Some(STATEMENT.to_owned()),
                            problem: None,
                        })
                        .collect(),
                ),
                Work::Look(_) => Done::Seen(Seen {
                    sort: "url".to_owned(),
                    defanged: CANARY.to_owned(),
                }),
                Work::Outside(_) | Work::ReplyFinding(_) => Done::Noted,
                Work::Rosters(_) => Done::Roster(roster()),
                _ => Done::Signed(SignedStatement {
                    statement: STATEMENT.to_owned(),
                    case: CASE.to_owned(),
                    to: "south.example".to_owned(),
                    kind: "outcome".to_owned(),
                }),
            })
        })
    }

    fn query(&self, person: Person, query: Query) -> Pending<'_, Result<Shown, WorkError>> {
        Box::pin(async move {
            self.note(&person, format!("{query:?}"))?;
            let full = self.full;
            Ok(match query {
                Query::Cases(filter) => Shown::Cases(Page {
                    rows: if full {
                        cases(filter.direction)
                    } else {
                        Vec::new()
                    },
                    next: full.then_some(41),
                }),
                Query::Case(_) => Shown::Case(Box::new(if full { case() } else { bare_case() })),
                Query::Drafts(_) => Shown::Drafts(Page {
                    rows: if full { drafts() } else { Vec::new() },
                    next: full.then_some(42),
                }),
                Query::Items => Shown::Items(if full { items() } else { Items::default() }),
                Query::Outbox(_) => Shown::Outbox(Page {
                    rows: if full { outbox() } else { Vec::new() },
                    next: full.then_some(43),
                }),
                Query::Members => Shown::Members(MembersShown {
                    federation: STATEMENT.to_owned(),
                    name: "Example Federation".to_owned(),
                    roster: roster(),
                    me: "north.example".to_owned(),
                    members: if full { members() } else { Vec::new() },
                }),
                Query::Findings => Shown::Findings(if full { findings() } else { Vec::new() }),
                Query::Contradictions => Shown::Contradictions(vec![contradiction()]),
                Query::Contradiction(_) => Shown::Contradiction(ContradictionShown {
                    row: contradiction(),
                    vkey: None,
                    bytes: "a0".to_owned(),
                }),
                Query::Log => Shown::Log(LogShown {
                    origin: format!("{STATEMENT}/north.example/1"),
                    size: 1_204,
                    root: STATEMENT.to_owned(),
                    checkpoint: format!(
                        "{STATEMENT}/north.example/1\n1204\nABEiM0RVZneImQARIjNEVWZ3iJkAESIzRFVmd4iZABE=\n\n— \
                         {STATEMENT}/north.example/1 AAAAAAAA\n"
                    ),
                    vkey: format!("{STATEMENT}/north.example/1+00112233+AQAA"),
                    witnessed: witnessed(),
                    restored: Some(restored()),
                }),
                Query::Prove(_) => Shown::Proof(ProofShown {
                    index: 17,
                    proof: "c2sp.org/tlog-proof@v1\n".to_owned(),
                    leaf: "00".to_owned(),
                    receipt: None,
                }),
                Query::Records(_) => Shown::Records(Vec::new()),
                Query::Report(_) | Query::Transparency(_) => {
                    return Err(WorkError::asker(
                        "no-report",
                        "none is made here",
                        "ask a node",
                    ));
                }
                Query::ResponseTimes => Shown::ResponseTimes(times(full)),
                Query::Audit if self.no_audit => {
                    return Err(WorkError::asker(
                        "no-audit-yet",
                        "none was made",
                        "make one",
                    ));
                }
                Query::Audit => Shown::Audit(audited(full)),
                Query::Overview => Shown::Overview(overview(full)),
            })
        })
    }

    fn audit(&self, person: Person) -> Pending<'_, Result<AuditShown, WorkError>> {
        Box::pin(async move {
            self.note(&person, "audit".to_owned())?;
            Ok(audited(true))
        })
    }
}

fn roster() -> RosterShown {
    RosterShown {
        version: 7,
        hash: STATEMENT.to_owned(),
        standing: "current".to_owned(),
        until: Some(NOW + 63 * DAY),
    }
}

fn findings() -> Vec<FindingRow> {
    let row = |about_us: bool, reply: Option<FindingReplyShown>| FindingRow {
        finding: FindingShown {
            id: STATEMENT.to_owned(),
            code: "answer-late".to_owned(),
            words: "What a legal clock asks for came after it was due.".to_owned(),
            alarm: false,
            member: if about_us {
                "north.example"
            } else {
                "platform.example"
            }
            .to_owned(),
            counterpart: Some("south.example".to_owned()),
            case: Some(CASE.to_owned()),
            statement: None,
            clock: Some("eu-tco".to_owned()),
            index: Some(7),
            state: if reply.is_some() { "replied" } else { "noted" }.to_owned(),
            published: reply.is_some(),
        },
        by: if about_us {
            "regulator.example"
        } else {
            "north.example"
        }
        .to_owned(),
        about_us,
        found: NOW - DAY,
        until: NOW + 13 * DAY,
        noted: Some(NOW - DAY),
        reply,
    };
    let reply = FindingReplyShown {
        code: "explained".to_owned(),
        text: Some("The disk was <changed>.".to_owned()),
        time: NOW,
        noted: None,
    };
    vec![row(true, None), row(false, Some(reply))]
}

fn contradiction() -> ContradictionRow {
    ContradictionRow {
        evidence: STATEMENT.to_owned(),
        sort: "same-size".to_owned(),
        member: Some("south.example".to_owned()),
        origin: Some("ab/south.example/1".to_owned()),
        words: "The log ab/south.example/1 signed two different trees of 7 records.".to_owned(),
        at: NOW - DAY,
        index: 40,
        from: None,
        handed: vec!["platform.example".to_owned()],
        waiting: vec!["regulator.example".to_owned()],
        open: true,
    }
}

fn overview(full: bool) -> Overview {
    let alarm = |code: &str, words: &str| (code.to_owned(), words.to_owned());
    Overview {
        me: "north.example".to_owned(),
        now: NOW,
        inbox_open: if full { 12 } else { 0 },
        outbox_open: if full { 31 } else { 0 },
        drafts: if full { 4 } else { 0 },
        undelivered: if full { 2 } else { 0 },
        expired: u64::from(full),
        overdue: if full { 3 } else { 0 },
        contradictions: if full {
            vec![contradiction()]
        } else {
            Vec::new()
        },
        alarms: if full {
            vec![
                alarm(
                    "not-delivered",
                    "1 statement could not be delivered and is not tried any more.",
                ),
                alarm(
                    "overdue",
                    "3 open cases have something overdue <script>alert(2)</script>.",
                ),
            ]
        } else {
            Vec::new()
        },
    }
}

fn row(n: u8, direction: Direction) -> CaseRow {
    CaseRow {
        seq: 100 + u64::from(n),
        case: format!("{n:02x}{}", &CASE[2..]),
        direction,
        counterpart: "south.example".to_owned(),
        kind: "takedown-request".to_owned(),
        reference: format!("N-2026-00{n:02}"),
        urgency: "routine".to_owned(),
        opened_at: NOW - u64::from(n) * 5 * HOUR,
        delivery: "delivered".to_owned(),
        items: vec![("requested".to_owned(), 2)],
        open: true,
        due_at: Some(NOW + 3 * HOUR),
        overdue: false,
        held: false,
    }
}

fn cases(direction: Option<Direction>) -> Vec<CaseRow> {
    let direction = direction.unwrap_or(Direction::In);
    let state = |state: &str, count| (state.to_owned(), count);
    vec![
        CaseRow {
            overdue: true,
            due_at: Some(NOW - 2 * DAY),
            items: vec![
                state("accepted", 3),
                state("done", 2),
                state("confirmed-offline", 11),
            ],
            ..row(1, direction)
        },
        CaseRow {
            urgency: "imminent-risk".to_owned(),
            counterpart: "platform.example".to_owned(),
            ..row(2, direction)
        },
        CaseRow {
            kind: "referral".to_owned(),
            reference: "<script>alert('reference')</script>".to_owned(),
            delivery: "waiting".to_owned(),
            due_at: None,
            ..row(3, direction)
        },
        CaseRow {
            held: true,
            due_at: None,
            delivery: "expired".to_owned(),
            reference: String::new(),
            items: vec![state("needs-information", 1), state("wrong-layer", 1)],
            ..row(4, direction)
        },
        CaseRow {
            open: false,
            due_at: None,
            items: vec![state("confirmed-offline", 4), state("declined", 1)],
            ..row(5, direction)
        },
    ]
}

fn bare_case() -> CaseShown {
    CaseShown {
        row: row(0, Direction::In),
        items: Vec::new(),
        timeline: Vec::new(),
        deadlines: Vec::new(),
        clocks: Vec::new(),
        moves: Vec::new(),
        parents: Vec::new(),
        children: Vec::new(),
    }
}

fn item(n: u64, state: &str, words: &str) -> ItemShown {
    ItemShown {
        n,
        sort: "url".to_owned(),
        state: state.to_owned(),
        words: words.to_owned(),
        round: 1,
        countries: vec!["NL".to_owned()],
        assessments: vec![AssessmentShown {
            assessor: "north.example".to_owned(),
            scheme: "iccam".to_owned(),
            code: "Baseline CSAM".to_owned(),
            says: vec![AnswerShown {
                facet: "standing".to_owned(),
                code: "illegal".to_owned(),
                label: "Illegal".to_owned(),
                country: Some("SE".to_owned()),
            }],
        }],
        measures: Vec::new(),
    }
}

fn event(from: &str, kind: &str, words: &str, standing: &str) -> Event {
    Event {
        statement: STATEMENT.to_owned(),
        from: from.to_owned(),
        kind: kind.to_owned(),
        words: words.to_owned(),
        claimed_at: NOW - 3 * DAY,
        offered_at: None,
        registered_at: None,
        standing: standing.to_owned(),
        receipt: None,
        witness: None,
        index: None,
        extensions: Vec::new(),
    }
}

fn case() -> CaseShown {
    CaseShown {
        row: CaseRow {
            overdue: true,
            urgency: "urgent".to_owned(),
            case: CASE.to_owned(),
            ..row(1, Direction::Out)
        },
        items: vec![
            ItemShown {
                measures: vec![("content".to_owned(), "removed".to_owned(), NOW - DAY)],
                ..item(1, "done", "Done, says the recipient. Nobody else has confirmed it yet.")
            },
            ItemShown {
                round: 2,
                ..item(2, "accepted", "The recipient has taken it on. Nothing is reported as done yet.")
            },
            item(3, "<img src=x>", "<b>bold</b>"),
        ],
        timeline: vec![
            Event {
                offered_at: Some(NOW - 3 * DAY + 1_000),
                registered_at: Some(NOW - 3 * DAY + HOUR),
                receipt: Some(
                    "south.example registered it as record 17 of its log and proved it. That says that it arrived, \
                     not that anybody answered."
                        .to_owned(),
                ),
                witness: None,
                index: Some(204),
                ..event(
                    "north.example",
                    "takedown-request",
                    "Asks to act on 3 items, as host, urgent.",
                    "delivered",
                )
            },
            Event {
                registered_at: Some(NOW - 2 * DAY),
                receipt: Some(
                    "Registered here as record 211; its sender has the receipt. That is no answer yet.".to_owned(),
                ),
                witness: None,
                index: Some(211),
                extensions: vec![
                    ExtensionShown {
                        name: "tomorrow.note".to_owned(),
                        critical: false,
                        bytes: 300,
                        text: Some("<i>by two</i>".to_owned()),
                        hex: None,
                        shortened: true,
                    },
                    ExtensionShown {
                        name: "tomorrow.shift".to_owned(),
                        critical: true,
                        bytes: 2,
                        text: None,
                        hex: Some("00ff".to_owned()),
                        shortened: false,
                    },
                ],
                ..event("south.example", "acknowledgement", "Answers, by person: accepted.", "received")
            },
            Event {
                receipt: Some("south.example has not registered it yet.".to_owned()),
                ..event("north.example", "observation", "Saw item 2: online.", "waiting")
            },
            event("south.example", "outcome", "<script>alert('words')</script>", "forbidden"),
        ],
        deadlines: vec![
            DeadlineShown {
                clock: "dsa-16".to_owned(),
                name: "Dsa 16".to_owned(),
                n: 1,
                round: 1,
                started_at: NOW - 3 * DAY,
                due_at: Some(NOW - 2 * DAY),
                paused_ms: 0,
                standing: "overdue".to_owned(),
            },
            DeadlineShown {
                clock: "outcome".to_owned(),
                name: "An outcome".to_owned(),
                n: 2,
                round: 2,
                started_at: NOW - 2 * DAY,
                due_at: None,
                paused_ms: 5 * HOUR,
                standing: "paused".to_owned(),
            },
            DeadlineShown {
                clock: "human-answer".to_owned(),
                name: "A person answers, by the charter".to_owned(),
                n: 3,
                round: 1,
                started_at: NOW - 2 * DAY,
                due_at: Some(NOW - DAY),
                paused_ms: 0,
                standing: "met".to_owned(),
            },
            DeadlineShown {
                clock: "us-2258a-keep-1-year".to_owned(),
                name: "US report to the CyberTipline: keep for one year".to_owned(),
                n: 3,
                round: 1,
                started_at: NOW - 2 * DAY,
                due_at: Some(NOW + 363 * DAY),
                paused_ms: 0,
                standing: "keep".to_owned(),
            },
        ],
        clocks: vec![
            ClockShown {
                clock: "dsa-16".to_owned(),
                name: "Dsa 16".to_owned(),
                runs: true,
                why: "claim".to_owned(),
                words: "The sender says that it applies; no legal ground of the request says so."
                    .to_owned(),
                claimed: true,
                own_ms: Some(DAY),
                sort: "response".to_owned(),
                law: Some("Example Act, 16".to_owned()),
                says: "Somebody decides.".to_owned(),
                not_computed: vec!["Force majeure.".to_owned()],
                source: Some("https://example.com/act".to_owned()),
                mark: Some("secondary".to_owned()),
            },
            ClockShown {
                clock: "example-later".to_owned(),
                name: "A clock of the federation: example-later".to_owned(),
                runs: false,
                why: "unknown".to_owned(),
                words: "In force by the charter, but unknown to this version: no deadline is computed."
                    .to_owned(),
                claimed: false,
                own_ms: None,
                sort: "response".to_owned(),
                law: None,
                says: "What it means is not known here.".to_owned(),
                not_computed: Vec::new(),
                source: None,
                mark: None,
            },
        ],
        moves: vec!["amendment".to_owned(), "withdrawal".to_owned()],
        parents: vec![(1, DRAFT.to_owned(), 4)],
        children: vec![(2, DRAFT.to_owned(), 1)],
    }
}

fn drafts() -> Vec<DraftRow> {
    let draft = |state: &str, words: &str| DraftRow {
        seq: 9,
        draft: DRAFT.to_owned(),
        kind: "referral".to_owned(),
        to: Some("south.example".to_owned()),
        reference: "N-2026-0041".to_owned(),
        state: state.to_owned(),
        words: words.to_owned(),
        urgency: "routine".to_owned(),
        items: 3,
        at: NOW - 2 * HOUR,
        confirmable: true,
    };
    vec![
        draft("review", "Waits for a second person."),
        DraftRow {
            confirmable: false,
            urgency: "urgent".to_owned(),
            ..draft(
                "conflict",
                "A second report says otherwise: a person has to decide.",
            )
        },
        DraftRow {
            kind: "none".to_owned(),
            to: None,
            items: 1,
            reference: "<script>alert('draft')</script>".to_owned(),
            confirmable: false,
            ..draft(
                "unplaced",
                "No rule says where it goes. Name a recipient, or act yourself and record it.",
            )
        },
    ]
}

fn items() -> Items {
    let state = |state: &str, count| (state.to_owned(), count);
    Items {
        reports: 120,
        states: vec![
            state("confirmed-offline", 61),
            state("declined", 4),
            state("done", 22),
            state("draft-review", 4),
            state("outside-open", 2),
            state("requested", 27),
        ],
        outside: vec![
            (
                CASE.to_owned(),
                "outside-open".to_owned(),
                "N-2026-0077".to_owned(),
            ),
            (
                DRAFT.to_owned(),
                "outside-told-police".to_owned(),
                String::new(),
            ),
        ],
    }
}

fn outbox() -> Vec<OutboxRow> {
    let row = |state: &str| OutboxRow {
        seq: 3,
        statement: STATEMENT.to_owned(),
        case: CASE.to_owned(),
        to: "platform.example".to_owned(),
        kind: "takedown-request".to_owned(),
        state: state.to_owned(),
        attempts: 4,
        due_at: Some(NOW + 240_000),
        expires_at: NOW + 13 * DAY,
        last: Some("unreachable".to_owned()),
    };
    vec![
        row("offered"),
        OutboxRow {
            attempts: 0,
            last: None,
            ..row("waiting")
        },
        OutboxRow {
            due_at: None,
            expires_at: NOW - DAY,
            attempts: 61,
            ..row("expired")
        },
    ]
}

fn members() -> Vec<MemberRow> {
    let member = |id: &str, name: &str, role: &str, country: &str| MemberRow {
        id: id.to_owned(),
        name: name.to_owned(),
        roles: vec![role.to_owned()],
        jurisdictions: vec![country.to_owned()],
        connected: true,
        waiting: 0,
    };
    vec![
        member("north.example", "Hotline North", "hotline", "SE"),
        member("south.example", "Hotline South", "hotline", "NL"),
        MemberRow {
            connected: false,
            waiting: 2,
            ..member(
                "platform.example",
                "<script>alert('name')</script>",
                "platform",
                "IE",
            )
        },
        member("regulator.example", "Example Regulator", "regulator", "IE"),
    ]
}

fn times(full: bool) -> ResponseTimesShown {
    let row = |clock: &str, step: &str, count, open, ms: Option<[u64; 5]>| TimingRow {
        clock: clock.to_owned(),
        step: step.to_owned(),
        count,
        open,
        ended: 1,
        paused_ms: if step == "outcome" { 5 * HOUR } else { 0 },
        p50_ms: ms.map(|[ms, ..]| ms),
        p90_ms: ms.map(|[_, ms, ..]| ms),
        p95_ms: ms.map(|[_, _, ms, ..]| ms),
        p99_ms: ms.map(|[.., ms, _]| ms),
        max_ms: ms.map(|[.., ms]| ms),
    };
    let minute = 60_000;
    let rows = vec![
        row(
            "offered",
            "registration",
            118,
            2,
            Some([800, 2_000, 4_000, 9_000, HOUR]),
        ),
        row(
            "offered",
            "first-automatic-answer",
            40,
            0,
            Some([3_000, 9_000, 20_000, minute, 2 * minute]),
        ),
        row(
            "offered",
            "first-human-answer",
            92,
            26,
            Some([42 * minute, 5 * HOUR, 9 * HOUR, DAY, 3 * DAY]),
        ),
        row(
            "offered",
            "outcome",
            87,
            31,
            Some([4 * HOUR, 20 * HOUR, 30 * HOUR, 2 * DAY, 9 * DAY]),
        ),
        row(
            "offered",
            "confirmation",
            61,
            57,
            Some([26 * HOUR, 3 * DAY, 4 * DAY, 6 * DAY, 20 * DAY]),
        ),
        row(
            "registered",
            "first-human-answer",
            92,
            26,
            Some([41 * minute, 5 * HOUR, 8 * HOUR, DAY, 3 * DAY]),
        ),
        row(
            "registered",
            "outcome",
            87,
            31,
            Some([4 * HOUR, 19 * HOUR, 29 * HOUR, 2 * DAY, 9 * DAY]),
        ),
        row(
            "reported",
            "outcome",
            87,
            31,
            Some([11 * HOUR, 2 * DAY, 3 * DAY, 5 * DAY, 64 * DAY]),
        ),
        row("reported", "confirmation", 0, 118, None),
    ];
    ResponseTimesShown {
        members: vec!["north.example".to_owned()],
        rows: if full { rows } else { Vec::new() },
    }
}

fn audited(full: bool) -> AuditShown {
    AuditShown {
        response_times: times(full),
        findings: if full {
            vec![(
                "not-in-the-other-log".to_owned(),
                "platform.example".to_owned(),
                "1 request that south.example says it delivered is not among its records. <script>"
                    .to_owned(),
            )]
        } else {
            Vec::new()
        },
        logs: if full {
            vec![
                (format!("{STATEMENT}/south.example/1"), 902, true),
                (format!("{STATEMENT}/platform.example/2"), 1_310, false),
            ]
        } else {
            Vec::new()
        },
        details: Vec::new(),
        read: if full {
            vec![
                read("south", 902, "verified"),
                read("platform", 1_310, "provisional"),
            ]
        } else {
            Vec::new()
        },
    }
}

fn read(member: &str, records: u64, verdict: &str) -> LogRead {
    let verified = verdict == "verified";
    LogRead {
        origin: format!("{STATEMENT}/{member}.example/1"),
        size: 2_000,
        root: "ef".repeat(32),
        records,
        complete: verified,
        pages: 3,
        resumed_from: 40,
        cosigned: 2,
        verdict: verdict.to_owned(),
        missing: if verified {
            Vec::new()
        } else {
            vec!["1 more of the role regulator".to_owned()]
        },
    }
}

fn restored() -> RestoredShown {
    let silent = GivenBackRow {
        member: "south.example".to_owned(),
        ..GivenBackRow::default()
    };
    let answered = GivenBackRow {
        member: "platform.example".to_owned(),
        at: Some(NOW),
        statements: 7,
        own: 9,
        ..GivenBackRow::default()
    };
    RestoredShown {
        origin: format!("{STATEMENT}/north.example/0"),
        closed_size: 40,
        size: 12,
        lost: 28,
        members: vec![answered, silent],
        missing: vec!["south.example has not answered yet.".to_owned()],
    }
}

fn witnessed() -> WitnessedShown {
    WitnessedShown {
        size: 1_204,
        holds: false,
        by: vec![CosignedRow {
            member: "platform.example".to_owned(),
            at: NOW,
        }],
        missing: vec!["1 more of the role regulator".to_owned()],
        failing: vec![FailingRow {
            member: "regulator.example".to_owned(),
            since: NOW,
            code: "unreachable".to_owned(),
        }],
        outside: vec![
            OutsideRow {
                name: "witness.example/w1".to_owned(),
                at: Some(NOW),
                since: None,
                code: None,
            },
            OutsideRow {
                name: "witness.example/w2".to_owned(),
                at: None,
                since: Some(NOW),
                code: Some("witness-unknown-log".to_owned()),
            },
        ],
        witnessed_size: Some(1_200),
    }
}
