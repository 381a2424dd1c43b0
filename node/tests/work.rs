//! The built binary against a node: the real HTTP API over a desk that notes what it is asked and answers what a test
//! prepared. So whatever the command line sends is read by what nodes read it with.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::collections::VecDeque;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use comity_api::TokenTable;
use comity_engine::desk::{
    AnswerShown, AssessmentShown, AuditShown, CaseFilter, CaseRow, CaseShown, Cursor, Decision,
    Desk, Direction, Done, DraftRow, Drafted, Event, FindingReplyShown, FindingRow, FindingShown,
    ImportSummary, Items, LogRead, LogShown, MemberRow, MembersShown, NewAnswer, NewFindingReply,
    NewHold, NewInformation, NewItem, NewLook, NewObservation, NewObservationItem, NewOpening,
    NewOutcome, NewOutcomeItem, NewOutside, NewParent, NewQuestion, NewRelease, NewReview,
    NewWithdrawal, OutboxRow, Overview, Page, Person, Placed, Problem, ProofShown, Query,
    RejectedLine, ResponseTimesShown, Reviewed, RosterShown, Seen, Shown, SignedStatement,
    TimingRow, WitnessedShown, Work,
};
use comity_engine::error::WorkError;
use comity_engine::ports::Pending;
use comity_log::checkpoint::Checkpoint;
use comity_log::edge::Edge;
use comity_log::key::{KeyKind, KeyName, VerifierKey};
use comity_log::names::Origin;
use comity_log::store::MemoryTiles;
use comity_log::tlog_proof::TlogProof;
use comity_log::tree::Tree;
use comity_wire::ids::{Hash, MemberId, Nonce, StatementId};
use comity_wire::leaf::{Leaf, RosterRef};
use comity_wire::words::{Code, Version};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tempfile::TempDir;

const CASE: &str = "00112233445566778899aabbccddeeff";
const OTHER: &str = "ffeeddccbbaa99887766554433221100";
const STATEMENT: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const URL: &str = "https://canary.example/hidden?x=1";
const NOTE: &str = "canary-note";
const NOW_MS: u64 = 1_772_366_400_000;
const TOKENS: [(&str, char); 2] = [("admin", 'a'), ("second", 'b')];

/// A desk that answers what was prepared, in order.
#[derive(Default)]
struct Prepared {
    asked: Mutex<Vec<(String, Asked)>>,
    done: Mutex<VecDeque<Result<Done, WorkError>>>,
    shown: Mutex<VecDeque<Result<Shown, WorkError>>>,
}

#[derive(Debug, Clone)]
enum Asked {
    Work(Work),
    Query(Query),
    Audit,
}

impl Prepared {
    fn note(&self, person: &Person, asked: Asked) {
        self.asked
            .lock()
            .unwrap()
            .push((person.as_str().to_owned(), asked));
    }
}

impl Desk for Prepared {
    fn work(&self, person: Person, work: Work) -> Pending<'_, Result<Done, WorkError>> {
        self.note(&person, Asked::Work(work));
        let answer = self.done.lock().unwrap().pop_front();
        Box::pin(async { answer.unwrap_or(Ok(Done::Noted)) })
    }

    fn query(&self, person: Person, query: Query) -> Pending<'_, Result<Shown, WorkError>> {
        self.note(&person, Asked::Query(query));
        let answer = self.shown.lock().unwrap().pop_front();
        Box::pin(async { answer.unwrap_or_else(|| Ok(overview())) })
    }

    fn audit(&self, person: Person) -> Pending<'_, Result<AuditShown, WorkError>> {
        self.note(&person, Asked::Audit);
        Box::pin(async { Ok(audit()) })
    }
}

struct Node {
    desk: Arc<Prepared>,
    api: SocketAddr,
    dir: TempDir,
    _runtime: tokio::runtime::Runtime,
}

struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    fn code(&self) -> String {
        let said: Value = serde_json::from_str(&self.stderr).unwrap();
        said["error"]["code"].as_str().unwrap().to_owned()
    }
}

impl Node {
    fn new() -> Self {
        let desk = Arc::<Prepared>::default();
        let mut tokens = TokenTable::new();
        let dir = tempfile::tempdir().unwrap();
        for (name, digit) in TOKENS {
            let token = digit.to_string().repeat(64);
            assert!(tokens.add(Person::new(name).unwrap(), &token));
            secret(&dir, name, &format!("{token}\n"));
        }
        let router = comity_api::router(
            Arc::clone(&desk) as Arc<dyn Desk>,
            comity_api::Config {
                tokens: Arc::new(tokens),
                hosts: Vec::new(),
            },
        );
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let api = listener.local_addr().unwrap();
        runtime.spawn(comity_api::serve(listener, router, std::future::pending()));
        Self {
            desk,
            api,
            dir,
            _runtime: runtime,
        }
    }

    /// Prepares an answer to work.
    fn does(&self, done: Result<Done, WorkError>) -> &Self {
        self.desk.done.lock().unwrap().push_back(done);
        self
    }

    /// Prepares an answer to a question.
    fn shows(&self, shown: Shown) -> &Self {
        self.desk.shown.lock().unwrap().push_back(Ok(shown));
        self
    }

    /// Runs words that hold no blanks, as `admin`.
    fn run(&self, words: &str) -> Ran {
        run(&self.dir, self.api, "admin", words, "")
    }

    fn asked(&self) -> Vec<Asked> {
        let asked = std::mem::take(&mut *self.desk.asked.lock().unwrap());
        // Evidence is asked for beside whatever else is shown.
        let beside = |asked: &Asked| matches!(asked, Asked::Query(Query::Contradictions));
        asked
            .into_iter()
            .map(|(_, asked)| asked)
            .filter(|asked| !beside(asked))
            .collect()
    }

    /// The work that these words become.
    fn work(&self, words: &str) -> Work {
        let ran = self.run(words);
        assert_eq!(ran.status, 0, "{words}: {}", ran.stderr);
        match self.asked().pop() {
            Some(Asked::Work(work)) => work,
            other => panic!("{words}: {other:?}"),
        }
    }
}

fn secret(dir: &TempDir, name: &str, text: &str) {
    let path = dir.path().join(format!("{name}.token"));
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn run(dir: &TempDir, api: SocketAddr, who: &str, words: &str, stdin: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_comity"))
        .args(words.split_whitespace())
        .args([
            "--api",
            &api.to_string(),
            "--token-file",
            &format!("{who}.token"),
        ])
        .current_dir(dir.path())
        .env_remove("COMITY_CONFIG")
        // A proxy of the machine must not see any of it.
        .env("HTTP_PROXY", "http://192.0.2.1:9")
        .env("ALL_PROXY", "http://192.0.2.1:9")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Who does not read it has closed it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn overview() -> Shown {
    Shown::Overview(Overview {
        me: "north.example".to_owned(),
        now: NOW_MS,
        inbox_open: 0,
        outbox_open: 0,
        drafts: 0,
        undelivered: 0,
        expired: 0,
        overdue: 0,
        contradictions: Vec::new(),
        alarms: Vec::new(),
    })
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn signed() -> Done {
    Done::Signed(SignedStatement {
        statement: STATEMENT.to_owned(),
        case: CASE.to_owned(),
        to: "platform.example".to_owned(),
        kind: "acknowledgement".to_owned(),
    })
}

// What is sent.

#[test]
fn a_request_carries_what_was_given_and_nothing_else() {
    let node = Node::new();
    let Work::Request(new) = node.work(&format!("request {URL}")) else {
        panic!()
    };
    let item = NewItem {
        url: URL.to_owned(),
        ..NewItem::default()
    };
    let bare = NewOpening {
        items: vec![item.clone()],
        ..NewOpening::default()
    };
    assert!(new == bare);

    let words = format!(
        "refer {URL} {URL} --to south.example --capacity host --urgency urgent --reference 7-0 --parent {CASE}:3 --country NL --ip 192.0.2.1 --asn 64496 --code baseline --scheme iwf --scheme-version 2014 --severity penetration --age child --depiction text --context grooming --context viral --reported-at 1970-01-01T00:00:01Z --text {NOTE}"
    );
    let Work::Refer(new) = node.work(&words) else {
        panic!()
    };
    let item = NewItem {
        ip: some("192.0.2.1"),
        asn: Some(64496),
        country: some("NL"),
        code: some("baseline"),
        scheme: some("iwf"),
        scheme_version: some("2014"),
        severity: some("penetration"),
        age: some("child"),
        depiction: some("text"),
        context: vec!["grooming".to_owned(), "viral".to_owned()],
        ..item
    };
    let full = NewOpening {
        to: some("south.example"),
        capacity: some("host"),
        urgency: some("urgent"),
        reference: some("7-0"),
        reported_at: Some(1_000),
        items: vec![item.clone(), item],
        parent: Some(NewParent {
            case: CASE.to_owned(),
            n: 3,
        }),
        text: some(NOTE),
        clocks: Vec::new(),
    };
    assert!(new == full);
}

#[test]
fn a_request_says_which_clocks_apply() {
    let node = Node::new();
    let Work::Request(new) = node.work(&format!(
        "request {URL} --clock nl-atkm-12h --clock moon-1h"
    )) else {
        panic!()
    };
    assert_eq!(new.clocks, ["nl-atkm-12h", "moon-1h"]);
    let ran = node.run(&format!("request {URL} --clock NOT_A_CODE"));
    assert_eq!(ran.status, 2, "{}", ran.stderr);
}

#[test]
fn a_child_request_needs_no_url_and_any_other_does() {
    let node = Node::new();
    let Work::Request(new) = node.work(&format!("request --parent {CASE}:1")) else {
        panic!()
    };
    assert!(new.items.is_empty() && new.parent.is_some());
    let ran = node.run("request --country NL");
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(node.asked().is_empty());
}

#[test]
fn urls_from_standard_input_are_sent_and_never_said() {
    let node = Node::new();
    node.does(Ok(signed()));
    let stdin = format!("{URL}\r\n\n  https://other.example/  \n");
    let ran = run(
        &node.dir,
        node.api,
        "admin",
        "request --country NL -",
        &stdin,
    );
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let Some(Asked::Work(Work::Request(new))) = node.asked().pop() else {
        panic!()
    };
    let urls: Vec<_> = new.items.iter().map(|item| item.url.as_str()).collect();
    assert!(urls == [URL, "https://other.example/"]);

    let empty = run(&node.dir, node.api, "admin", "request --json -", "\n \n");
    assert_eq!((empty.status, empty.code().as_str()), (2, "no-url"));
    let binary = run(
        &node.dir,
        node.api,
        "admin",
        "request --json -",
        &"x".repeat(1_048_577),
    );
    assert_eq!(
        (binary.status, binary.code().as_str()),
        (2, "bad-standard-input")
    );
    assert!(node.asked().is_empty());
}

#[test]
fn neither_answer_nor_error_repeats_a_locator_or_a_note() {
    let node = Node::new();
    let refused = WorkError::asker(
        "no-member-to-ask",
        "no member serves this host",
        "name one with --to",
    );
    for words in [
        format!("request {URL} --text {NOTE}"),
        format!("request {URL} --text {NOTE} --json"),
        format!("inform {CASE} {NOTE}"),
        format!("answer {CASE} accepted --text {NOTE} --next {NOTE}"),
    ] {
        for done in [Ok(signed()), Err(refused.clone())] {
            node.does(done);
            let ran = node.run(&words);
            for text in [&ran.stdout, &ran.stderr] {
                assert!(!text.contains("canary"), "{words}: {text}");
            }
        }
    }
}

#[test]
fn what_is_said_within_a_case_is_sent_as_it_was_given() {
    let node = Node::new();
    let case = || CASE.to_owned();
    let Work::Answer(new) = node.work(&format!(
        "answer {CASE} refused --code not-our-service --item 1 --item 3 --expected-by 1970-01-01T00:00:01Z --next other.example --automated --text {NOTE}"
    )) else {
        panic!()
    };
    let expected = NewAnswer {
        case: case(),
        answer: "refused".to_owned(),
        code: some("not-our-service"),
        items: Some(vec![1, 3]),
        expected_by: Some(1_000),
        next: some("other.example"),
        automated: true,
        text: some(NOTE),
    };
    assert!(new == expected);

    let Work::Outcome(new) = node.work(&format!(
        "outcome {CASE} --item 1=done:content/removed,account/suspended:illegal-here --item 2.2=not-found --effective-at 1970-01-01T00:00:01Z"
    )) else {
        panic!()
    };
    let row = NewOutcomeItem {
        n: 1,
        round: None,
        answer: "done".to_owned(),
        measures: vec![
            ("content".to_owned(), "removed".to_owned()),
            ("account".to_owned(), "suspended".to_owned()),
        ],
        reason: some("illegal-here"),
        effective_at: Some(1_000),
        automated: false,
    };
    let second = NewOutcomeItem {
        n: 2,
        round: Some(2),
        answer: "not-found".to_owned(),
        measures: Vec::new(),
        reason: None,
        ..row.clone()
    };
    let expected = NewOutcome {
        case: case(),
        items: vec![row, second],
        text: None,
    };
    assert!(new == expected);

    let Work::Observe(new) = node.work(&format!(
        "observe {CASE} --item 1=offline --method manual --vantage SE --at 1970-01-01T00:00:01Z"
    )) else {
        panic!()
    };
    let row = NewObservationItem {
        n: 1,
        round: None,
        result: "offline".to_owned(),
        method: some("manual"),
        vantage: some("SE"),
        at: Some(1_000),
    };
    assert!(
        new == NewObservation {
            case: case(),
            items: vec![row]
        }
    );

    let Work::Withdraw(new) = node.work(&format!("withdraw {CASE} --code error --item 2")) else {
        panic!()
    };
    let expected = NewWithdrawal {
        case: case(),
        code: "error".to_owned(),
        items: Some(vec![2]),
        text: None,
    };
    assert!(new == expected);

    let Work::Release(new) = node.work(&format!("release {CASE} --by court --result cleared"))
    else {
        panic!()
    };
    let expected = NewRelease {
        case: case(),
        by: "court".to_owned(),
        result: some("cleared"),
    };
    assert!(new == expected);

    let Work::Ask(new) = node.work(&format!(
        "ask {CASE} --for exact-location --for legal-ground"
    )) else {
        panic!()
    };
    let expected = NewQuestion {
        case: case(),
        asks: vec!["exact-location".to_owned(), "legal-ground".to_owned()],
        items: None,
        text: None,
    };
    assert!(new == expected);

    let Work::Inform(new) = node.work(&format!("inform {CASE} {NOTE} --of {STATEMENT}")) else {
        panic!()
    };
    let expected = NewInformation {
        case: case(),
        of: some(STATEMENT),
        text: NOTE.to_owned(),
    };
    assert!(new == expected);

    let Work::Outside(new) = node.work(&format!("outside {OTHER} --to police")) else {
        panic!()
    };
    let expected = NewOutside {
        dossier: OTHER.to_owned(),
        to: "police".to_owned(),
        at: None,
    };
    assert!(new == expected);
}

#[test]
fn a_time_from_now_counts_from_the_nodes_clock() {
    let node = Node::new();
    let Work::Hold(new) = node.work(&format!("hold {CASE} --by law-enforcement --until +3d"))
    else {
        panic!()
    };
    let expected = NewHold {
        case: CASE.to_owned(),
        by: "law-enforcement".to_owned(),
        until: Some(NOW_MS + 259_200_000),
    };
    assert!(new == expected);
    let Work::Observe(new) = node.work(&format!("observe {CASE} --item 1=offline --at=-10m"))
    else {
        panic!()
    };
    assert_eq!(new.items[0].at, Some(NOW_MS - 600_000));
}

#[test]
fn what_cannot_be_meant_is_refused_before_the_node_hears_of_it() {
    let node = Node::new();
    for words in [
        "answer 0011 accepted".to_owned(),
        format!("answer {CASE} perhaps"),
        format!("answer {CASE} refused"),
        format!("answer {CASE} accepted --item 0"),
        format!("answer {CASE} accepted --expected-by tomorrow"),
        format!("outcome {CASE}"),
        format!("outcome {CASE} --item 1"),
        format!("observe {CASE} --item 1=gone"),
        format!("hold {CASE}"),
        format!("withdraw {CASE}"),
        format!("look {CASE} 0"),
        format!("request {URL} --parent {CASE}"),
        format!("request {URL} --country nl"),
        format!("review {CASE}"),
        "review --all".to_owned(),
        format!("review --confirm --all {CASE}"),
        format!("review --confirm --return {CASE}"),
        "review --no-action --all".to_owned(),
        "review --confirm".to_owned(),
        "log prove 0011".to_owned(),
        "import".to_owned(),
        "report response-times --csv --json".to_owned(),
    ] {
        let ran = node.run(&words);
        assert_eq!(ran.status, 2, "{words}: {} {}", ran.stdout, ran.stderr);
        assert!(node.asked().is_empty(), "{words}");
    }
}

// What comes back.

#[test]
fn signed_is_never_shown_as_delivered() {
    let node = Node::new();
    node.does(Ok(signed()));
    let ran = node.run(&format!("answer {CASE} accepted"));
    assert!(
        ran.stdout.starts_with("Signed, not yet delivered"),
        "{}",
        ran.stdout
    );
    node.does(Ok(Done::Drafted(Drafted {
        draft: OTHER.to_owned(),
        case: CASE.to_owned(),
        to: "platform.example".to_owned(),
        kind: "withdrawal".to_owned(),
    })));
    let ran = node.run(&format!("withdraw {CASE} --code error"));
    assert!(
        ran.stdout.starts_with("Drafted, not sent"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains(&format!("comity review --confirm {OTHER}"))
    );
}

#[test]
fn json_is_the_answer_of_the_node_as_it_came() {
    let node = Node::new();
    node.does(Ok(signed()));
    let ran = node.run(&format!("answer {CASE} accepted --json"));
    assert_eq!(ran.json(), serde_json::to_value(signed()).unwrap());
    node.does(Ok(Done::Noted));
    assert_eq!(
        node.run(&format!("outside {OTHER} --to host --json"))
            .json(),
        json!("noted")
    );
    node.shows(Shown::Members(members()));
    let ran = node.run("members --json");
    assert_eq!(
        ran.json(),
        serde_json::to_value(Shown::Members(members())).unwrap()
    );
}

#[test]
fn a_problem_of_the_node_becomes_the_error_of_the_command() {
    let node = Node::new();
    node.does(Err(WorkError::asker(
        "unknown-case",
        "there is no such case here",
        "look into the inbox",
    )));
    let ran = node.run(&format!("answer {CASE} accepted --json"));
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    let said: Value = serde_json::from_str(&ran.stderr).unwrap();
    let expected = json!({"error": {
        "code": "unknown-case",
        "message": "There is no such case here.",
        "next": "Look into the inbox.",
    }});
    assert_eq!(said, expected);
}

#[test]
fn a_token_that_the_node_does_not_know_is_said_to_be_that() {
    let node = Node::new();
    secret(&node.dir, "stranger", &"c".repeat(64));
    let ran = run(&node.dir, node.api, "stranger", "drafts --json", "");
    assert_eq!((ran.status, ran.code().as_str()), (1, "token-unknown"));
    secret(&node.dir, "stranger", "no token");
    let ran = run(&node.dir, node.api, "stranger", "drafts --json", "");
    assert_eq!((ran.status, ran.code().as_str()), (1, "not-a-token"));
    fs::set_permissions(
        node.dir.path().join("admin.token"),
        fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    assert_eq!(node.run("drafts --json").code(), "key-file-permissions");
    assert!(node.asked().is_empty());
}

#[test]
fn a_node_that_is_not_there_is_told_from_one_that_refuses() {
    let node = Node::new();
    // Bound and given back: nobody listens there.
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let ran = run(&node.dir, nobody, "admin", "drafts --json", "");
    assert_eq!((ran.status, ran.code().as_str()), (3, "node-not-running"));
    assert!(
        ran.stderr.contains("comity run --config comity.toml"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_not_a_node_is_not_believed() {
    let check = |response: &'static str, code: &str, status: i32| {
        let node = Node::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let api = listener.local_addr().unwrap();
        let serving = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 65_536];
            let read = stream.read(&mut request).unwrap();
            stream.write_all(response.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let ran = run(&node.dir, api, "admin", "drafts --json", "");
        assert_eq!(
            (ran.code().as_str(), ran.status),
            (code, status),
            "{response}"
        );
        let request = serving.join().unwrap();
        assert!(request.starts_with("GET /v1/drafts HTTP/1.1"), "{request}");
    };
    let unclear = "answer-not-understood";
    check(
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n<html",
        unclear,
        1,
    );
    check("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", unclear, 1);
    check(
        "HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"drafts\":[]}",
        unclear,
        1,
    );
    check("HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\n{}", unclear, 1);
    check(
        "HTTP/1.1 302 Found\r\nlocation: http://192.0.2.1/\r\ncontent-length: 0\r\n\r\n",
        unclear,
        1,
    );
    let odd_code = "HTTP/1.1 409 No\r\ncontent-length: 44\r\n\r\n{\"code\":\"A B\",\"detail\":\"one\",\"next\":\"two...\"}";
    check(odd_code, unclear, 1);
    check(
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{",
        "node-cut-off",
        3,
    );
    check("", "node-cut-off", 3);
    check("SMTP ready\r\n", "node-cut-off", 3);
}

// Reports in.

fn summary(rejected: bool) -> ImportSummary {
    let line = RejectedLine {
        file: "reports.csv".to_owned(),
        line: 7,
        field: some("country"),
        code: "country-unknown".to_owned(),
        message: "write two capital letters".to_owned(),
    };
    ImportSummary {
        read: 3,
        accepted: 2,
        known: 0,
        rejected: if rejected { vec![line] } else { Vec::new() },
        joined: 1,
        conflicts: 0,
        placed: vec![Placed {
            route: "takedown-request".to_owned(),
            to: some("platform.example"),
            reason: some("host"),
            count: 2,
        }],
    }
}

#[test]
fn an_import_sends_the_file_as_it_is_under_its_own_name() {
    let node = Node::new();
    fs::create_dir(node.dir.path().join("in")).unwrap();
    fs::write(node.dir.path().join("in/reports.csv"), b"\xff\x00a,b\r\n").unwrap();
    node.does(Ok(Done::Imported(summary(false))));
    let ran = node.run("import in/reports.csv");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("3 read: 2 new, 0 known already, 0 rejected"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("platform.example"));
    let Some(Asked::Work(Work::Import(new))) = node.asked().pop() else {
        panic!()
    };
    assert_eq!(new.file, "reports.csv");
    assert_eq!(new.bytes, b"\xff\x00a,b\r\n");
}

#[test]
fn rejected_lines_are_listed_and_the_command_has_not_wholly_succeeded() {
    let node = Node::new();
    for name in ["reports.csv", "more.csv"] {
        fs::write(node.dir.path().join(name), "a").unwrap();
    }
    node.does(Ok(Done::Imported(summary(true))));
    node.does(Ok(Done::Imported(summary(false))));
    let ran = node.run("import reports.csv more.csv --json");
    assert_eq!((ran.status, ran.code().as_str()), (1, "lines-rejected"));
    let imported = ran.json()["imported"].clone();
    assert_eq!(imported[0]["file"], "reports.csv");
    assert_eq!(imported[0]["summary"]["rejected"][0]["line"], 7);
    assert_eq!(imported[1]["summary"]["accepted"], 2);

    node.does(Ok(Done::Imported(summary(true))));
    let ran = node.run("import reports.csv");
    assert!(ran.stdout.contains("country-unknown"), "{}", ran.stdout);
}

#[test]
fn a_file_that_is_missing_stops_an_import_before_it_begins() {
    let node = Node::new();
    fs::write(node.dir.path().join("reports.csv"), "a").unwrap();
    let ran = node.run("import reports.csv missing.csv --json");
    assert_eq!((ran.status, ran.code().as_str()), (1, "file-not-found"));
    assert!(node.asked().is_empty());
}

#[test]
fn what_was_imported_before_a_file_failed_is_shown() {
    let node = Node::new();
    fs::write(node.dir.path().join("reports.csv"), "a").unwrap();
    node.does(Ok(Done::Imported(summary(false))));
    node.does(Err(WorkError::operator(
        "disk-low",
        "there is no room",
        "make room",
    )));
    let ran = node.run("import reports.csv reports.csv --json");
    assert_eq!((ran.status, ran.code().as_str()), (1, "disk-low"));
    assert_eq!(ran.json()["imported"].as_array().unwrap().len(), 1);
}

// A second person.

fn draft(seq: u64, state: &str, confirmable: bool) -> DraftRow {
    DraftRow {
        seq,
        draft: format!("{seq:032x}"),
        kind: "takedown-request".to_owned(),
        to: some("platform.example"),
        reference: format!("7-{seq}"),
        state: state.to_owned(),
        words: "waits for a second person".to_owned(),
        urgency: "routine".to_owned(),
        items: 1,
        at: NOW_MS,
        confirmable,
    }
}

fn page<T>(rows: Vec<T>, next: Option<u64>) -> Page<T> {
    Page { rows, next }
}

#[test]
fn a_decision_names_drafts_and_goes_out_under_the_right_person() {
    let node = Node::new();
    for (flag, decision) in [
        ("--confirm", Decision::Confirm),
        ("--return", Decision::Return),
        ("--no-action", Decision::NoAction),
    ] {
        node.does(Ok(Done::Reviewed(vec![Reviewed {
            draft: OTHER.to_owned(),
            statement: None,
            problem: None,
        }])));
        let words = format!("review {flag} {OTHER}");
        let ran = run(&node.dir, node.api, "second", &words, "");
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let (person, asked) = node.desk.asked.lock().unwrap().pop().unwrap();
        let Asked::Work(Work::Review(new)) = asked else {
            panic!()
        };
        let expected = NewReview {
            drafts: vec![OTHER.to_owned()],
            decision,
        };
        assert_eq!((person.as_str(), new), ("second", expected));
    }
}

#[test]
fn all_are_those_that_this_person_may_confirm_on_every_page() {
    let node = Node::new();
    let first = vec![
        draft(1, "review", true),
        draft(2, "review", false),
        draft(3, "conflict", true),
    ];
    node.shows(Shown::Drafts(page(first, Some(3))));
    node.shows(Shown::Drafts(page(
        vec![draft(4, "review", true), draft(5, "unplaced", false)],
        None,
    )));
    let reviewed = |seq: u64| Reviewed {
        draft: format!("{seq:032x}"),
        statement: some(STATEMENT),
        problem: None,
    };
    node.does(Ok(Done::Reviewed(vec![reviewed(1), reviewed(4)])));
    let ran = node.run("review --confirm --all");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("3 drafts are left"), "{}", ran.stderr);
    let asked = node.asked();
    let [
        Asked::Query(Query::Drafts(one)),
        Asked::Query(Query::Drafts(two)),
        Asked::Work(Work::Review(new)),
    ] = asked.as_slice()
    else {
        panic!("{asked:?}")
    };
    assert_eq!((one.after, two.after), (None, Some(3)));
    assert_eq!(new.drafts, [format!("{:032x}", 1), format!("{:032x}", 4)]);
}

#[test]
fn many_drafts_go_in_several_requests_and_none_in_none() {
    let node = Node::new();
    let rows: Vec<_> = (1..=150).map(|seq| draft(seq, "review", true)).collect();
    node.shows(Shown::Drafts(page(rows, None)));
    node.does(Ok(Done::Reviewed(Vec::new())));
    node.does(Ok(Done::Reviewed(Vec::new())));
    let ran = node.run("review --confirm --all");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let sizes: Vec<_> = node
        .asked()
        .iter()
        .filter_map(|asked| match asked {
            Asked::Work(Work::Review(new)) => Some(new.drafts.len()),
            _ => None,
        })
        .collect();
    assert_eq!(sizes, [100, 50]);

    node.shows(Shown::Drafts(page(Vec::new(), None)));
    let ran = node.run("review --confirm --all --json");
    assert_eq!((ran.status, ran.json()), (0, json!({"reviewed": []})));
    assert_eq!(node.asked().len(), 1);
}

#[test]
fn a_draft_that_was_not_reviewed_is_a_failure_with_its_reason() {
    let node = Node::new();
    node.does(Ok(Done::Reviewed(vec![Reviewed {
        draft: OTHER.to_owned(),
        statement: None,
        problem: Some(Problem {
            code: "own-draft".to_owned(),
            message: "you drafted it".to_owned(),
            next: "ask a second person".to_owned(),
        }),
    }])));
    let ran = node.run(&format!("review --confirm {OTHER}"));
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("own-draft") && ran.stdout.contains("ask a second person"));
    assert!(ran.stderr.contains("drafts-not-reviewed"));
}

#[test]
fn a_list_that_does_not_move_on_is_not_followed_for_ever() {
    let node = Node::new();
    node.shows(Shown::Drafts(page(vec![draft(1, "review", true)], Some(1))));
    node.shows(Shown::Drafts(page(vec![draft(1, "review", true)], Some(1))));
    let ran = node.run("review --confirm --all --json");
    assert_eq!(
        (ran.status, ran.code().as_str()),
        (1, "answer-not-understood")
    );
}

#[test]
fn review_without_a_decision_lists_what_waits() {
    let node = Node::new();
    node.shows(Shown::Drafts(page(
        vec![draft(1, "review", false)],
        Some(1),
    )));
    let ran = node.run("review");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("waits for a second person"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("More: comity drafts --after 1"));
    let ran = node
        .shows(Shown::Drafts(page(Vec::new(), None)))
        .run("drafts --after 1");
    assert!(ran.stdout.contains("No draft waits"), "{}", ran.stdout);
    let Some(Asked::Query(Query::Drafts(Cursor { after, .. }))) = node.asked().pop() else {
        panic!()
    };
    assert_eq!(after, Some(1));
}

// What there is to see.

fn case_row(direction: Direction) -> CaseRow {
    CaseRow {
        seq: 9,
        case: CASE.to_owned(),
        direction,
        counterpart: "platform.example".to_owned(),
        kind: "takedown-request".to_owned(),
        reference: "7-0".to_owned(),
        urgency: "urgent".to_owned(),
        opened_at: NOW_MS,
        delivery: "waiting".to_owned(),
        items: vec![("asked".to_owned(), 2)],
        open: true,
        due_at: Some(NOW_MS),
        overdue: true,
        held: true,
    }
}

#[test]
fn inbox_and_outbox_ask_for_their_own_side_and_say_what_is_late() {
    let node = Node::new();
    node.shows(Shown::Cases(page(vec![case_row(Direction::In)], Some(9))));
    let ran = node.run("inbox --open --after 3");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for words in [
        "overdue since 2026-03-01 12:00:00Z",
        "on hold",
        "2 asked",
        "More: comity inbox --open --after 9",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    let Some(Asked::Query(Query::Cases(filter))) = node.asked().pop() else {
        panic!()
    };
    let expected = CaseFilter {
        cursor: Cursor {
            after: Some(3),
            limit: None,
        },
        direction: Some(Direction::In),
        open: true,
    };
    assert_eq!(filter, expected);

    let waiting = OutboxRow {
        seq: 1,
        statement: STATEMENT.to_owned(),
        case: CASE.to_owned(),
        to: "platform.example".to_owned(),
        kind: "takedown-request".to_owned(),
        state: "offered".to_owned(),
        attempts: 3,
        due_at: None,
        expires_at: NOW_MS,
        last: some("unreachable"),
    };
    for words in ["outbox", "outbox --json"] {
        node.shows(Shown::Outbox(page(vec![waiting.clone()], None)));
        node.shows(Shown::Cases(page(vec![case_row(Direction::Out)], None)));
        let ran = node.run(words);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains("unreachable"), "{}", ran.stdout);
        if words.ends_with("json") {
            assert!(ran.json()["cases"]["rows"][0]["case"] == CASE);
            assert!(ran.json()["outbox"]["rows"][0]["attempts"] == 3);
        } else {
            assert!(
                ran.stdout.contains("not delivered yet, open"),
                "{}",
                ran.stdout
            );
        }
        let asked = node.asked();
        assert!(matches!(
            asked.as_slice(),
            [
                Asked::Query(Query::Outbox(_)),
                Asked::Query(Query::Cases(CaseFilter {
                    direction: Some(Direction::Out),
                    ..
                }))
            ]
        ));
    }
}

fn event(statement: &str, index: Option<u64>) -> Event {
    Event {
        statement: statement.to_owned(),
        from: "platform.example".to_owned(),
        kind: "acknowledgement".to_owned(),
        words: "accepts all items".to_owned(),
        claimed_at: NOW_MS,
        offered_at: None,
        registered_at: Some(NOW_MS),
        standing: "received".to_owned(),
        receipt: some("Registered here as record 2."),
        witness: None,
        index,
        extensions: vec![
            comity_engine::desk::ExtensionShown {
                name: "tomorrow.note".to_owned(),
                critical: false,
                bytes: 300,
                text: some("seen\u{202e} by two"),
                hex: None,
                shortened: true,
            },
            comity_engine::desk::ExtensionShown {
                name: "tomorrow.shift".to_owned(),
                critical: true,
                bytes: 2,
                text: None,
                hex: some("00ff"),
                shortened: false,
            },
        ],
    }
}

fn case_shown(timeline: Vec<Event>) -> Shown {
    Shown::Case(Box::new(CaseShown {
        row: case_row(Direction::In),
        items: vec![comity_engine::desk::ItemShown {
            n: 1,
            sort: "url".to_owned(),
            state: "reported-gone".to_owned(),
            words: "said to be removed".to_owned(),
            round: 1,
            countries: vec!["NL".to_owned()],
            assessments: vec![AssessmentShown {
                assessor: "north.example".to_owned(),
                scheme: "iccam".to_owned(),
                code: "baseline".to_owned(),
                says: vec![AnswerShown {
                    facet: "standing".to_owned(),
                    code: "illegal".to_owned(),
                    label: "Illegal".to_owned(),
                    country: some("SE"),
                }],
            }],
            measures: vec![("content".to_owned(), "removed".to_owned(), NOW_MS)],
        }],
        timeline,
        deadlines: vec![comity_engine::desk::DeadlineShown {
            clock: "answer".to_owned(),
            name: "An answer".to_owned(),
            n: 1,
            round: 1,
            started_at: NOW_MS,
            due_at: None,
            paused_ms: 60_000,
            standing: "paused".to_owned(),
        }],
        clocks: vec![comity_engine::desk::ClockShown {
            clock: "moon-1h".to_owned(),
            name: "A clock of the federation: moon-1h".to_owned(),
            runs: false,
            why: "not-in-force".to_owned(),
            words: "The sender says that it applies, but the charter does not put it in force: no deadline is computed."
                .to_owned(),
            claimed: true,
            own_ms: None,
            sort: "response".to_owned(),
            law: None,
            says: "What it means is not known here.".to_owned(),
            not_computed: Vec::new(),
            source: None,
            mark: None,
        }],
        moves: vec!["outcome".to_owned()],
        parents: vec![(1, OTHER.to_owned(), 4)],
        children: Vec::new(),
    }))
}

#[test]
fn a_case_is_shown_with_items_deadlines_statements_and_links() {
    let node = Node::new();
    node.shows(case_shown(vec![event(STATEMENT, None)]));
    let ran = node.run(&format!("case show {CASE}"));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for words in [
        "platform.example opened it with us on 2026-03-01 12:00:00Z",
        "said to be removed",
        "Illegal in SE (standing/illegal), iccam baseline by north.example",
        "content removed 2026-03-01 12:00:00Z",
        "1 min",
        "Legal clocks",
        "moon-1h  no",
        "the charter does not put it in force",
        "accepts all items [received, registered 2026-03-01 12:00:00Z]",
        "Registered here as record 2.",
        "extension tomorrow.note, 300 bytes: \"seen\u{fffd} by two\" and more",
        "critical extension tomorrow.shift, 2 bytes: h'00ff'",
        &format!("It follows from: item 1 is item 4 of case {OTHER}"),
        "We may now send: outcome.",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
}

#[test]
fn what_others_wrote_cannot_move_the_cursor() {
    let node = Node::new();
    let mut row = case_row(Direction::In);
    row.reference = "a\u{1b}[2J\u{202e}b".to_owned();
    node.shows(Shown::Cases(page(vec![row], None)));
    let ran = node.run("inbox");
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{202e}'));
}

fn members() -> MembersShown {
    MembersShown {
        federation: STATEMENT.to_owned(),
        name: "Example".to_owned(),
        roster: RosterShown {
            version: 3,
            hash: STATEMENT.to_owned(),
            standing: "in-grace".to_owned(),
            until: Some(NOW_MS),
        },
        me: "north.example".to_owned(),
        members: ["north.example", "platform.example"]
            .map(|id| MemberRow {
                id: id.to_owned(),
                name: "Example".to_owned(),
                roles: vec!["hotline".to_owned()],
                jurisdictions: vec!["SE".to_owned()],
                connected: false,
                waiting: 4,
            })
            .to_vec(),
    }
}

#[test]
fn members_items_and_looks_are_shown_in_words() {
    let node = Node::new();
    node.shows(Shown::Members(members()));
    let ran = node.run("members");
    for words in ["has run out", "this node", "not connected"] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    node.shows(Shown::Items(Items {
        reports: 5,
        states: vec![("in-review".to_owned(), 5)],
        outside: vec![(OTHER.to_owned(), "to-do".to_owned(), "7-0".to_owned())],
    }));
    let ran = node.run("items");
    assert!(
        ran.stdout.contains("5 reports") && ran.stdout.contains(OTHER),
        "{}",
        ran.stdout
    );

    node.does(Ok(Done::Seen(Seen {
        sort: "url".to_owned(),
        defanged: "hxxps://canary[.]example/".to_owned(),
    })));
    node.asked();
    let ran = node.run(&format!("look {CASE} 2"));
    assert!(
        ran.stdout.contains("hxxps://canary[.]example/"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("That you looked was recorded."));
    let Some(Asked::Work(Work::Look(new))) = node.asked().pop() else {
        panic!()
    };
    let expected = NewLook {
        case: CASE.to_owned(),
        n: 2,
    };
    assert_eq!(new, expected);
}

// Reports and audits.

fn response_times() -> ResponseTimesShown {
    ResponseTimesShown {
        members: vec!["north.example".to_owned()],
        rows: vec![TimingRow {
            clock: "offered".to_owned(),
            step: "first-human-answer".to_owned(),
            count: 2,
            open: 1,
            ended: 4,
            p50_ms: Some(90_000),
            p90_ms: Some(7_200_000),
            p95_ms: Some(7_200_000),
            p99_ms: Some(7_200_000),
            max_ms: None,
            paused_ms: 60_000,
        }],
    }
}

fn audit() -> AuditShown {
    AuditShown {
        response_times: response_times(),
        findings: vec![(
            "missing-at-recipient".to_owned(),
            "platform.example".to_owned(),
            "a statement is not in its log".to_owned(),
        )],
        logs: vec![("fed/platform.example/1".to_owned(), 12, false)],
        details: vec![FindingShown {
            id: "ab".repeat(32),
            code: "missing-at-recipient".to_owned(),
            words: "a statement is not in its log".to_owned(),
            alarm: false,
            member: "platform.example".to_owned(),
            counterpart: Some("north.example".to_owned()),
            case: Some("cd".repeat(16)),
            statement: None,
            clock: None,
            index: Some(7),
            state: "noted".to_owned(),
            published: false,
        }],
        read: vec![LogRead {
            origin: "fed/platform.example/1".to_owned(),
            size: 90,
            root: "ef".repeat(32),
            records: 12,
            complete: false,
            pages: 3,
            resumed_from: 40,
            cosigned: 2,
            verdict: "provisional".to_owned(),
            missing: vec!["1 more of the role regulator".to_owned()],
        }],
    }
}

fn findings() -> Vec<FindingRow> {
    let row =
        |about_us: bool, by: &str, state: &str, reply: Option<FindingReplyShown>| FindingRow {
            finding: FindingShown {
                state: state.to_owned(),
                published: reply.is_some(),
                ..audit().details.remove(0)
            },
            by: by.to_owned(),
            about_us,
            found: 1_790_000_000_000,
            until: 1_791_209_600_000,
            noted: None,
            reply,
        };
    let reply = FindingReplyShown {
        code: "explained".to_owned(),
        text: Some("The disk\u{1b}[2J was changed.".to_owned()),
        time: 1_790_000_060_000,
        noted: None,
    };
    vec![
        row(true, "regulator.example", "noted", None),
        row(false, "north.example", "replied", Some(reply)),
    ]
}

#[test]
fn findings_are_listed_with_their_state_and_the_reply() {
    let node = Node::new();
    node.shows(Shown::Findings(findings()));
    let ran = node.run("findings");
    for words in [
        "About us",
        "About others",
        "noted",
        "replied, published",
        "replied `explained`",
        "comity findings reply ID",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    node.shows(Shown::Findings(Vec::new()));
    let ran = node.run("findings");
    assert!(
        ran.stdout.contains("No audit has found anything"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_reply_to_a_finding_is_a_code_and_a_text() {
    let node = Node::new();
    let id = "ab".repeat(32);
    let Work::ReplyFinding(new) = node.work(&format!("findings reply {id} --code disputed no"))
    else {
        panic!("another work")
    };
    let expected = NewFindingReply {
        finding: id,
        code: "disputed".to_owned(),
        text: Some("no".to_owned()),
    };
    assert_eq!(new, expected);
}

#[test]
fn response_times_are_a_table_csv_or_json() {
    let node = Node::new();
    node.shows(Shown::ResponseTimes(response_times()));
    let ran = node.run("report response-times");
    for words in ["1 min 30 s", "2 h", "north.example"] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    node.shows(Shown::ResponseTimes(response_times()));
    let ran = node.run("report response-times --csv");
    let csv = "clock,step,count,open,ended,p50_ms,p90_ms,p95_ms,p99_ms,max_ms,paused_ms\n\
               offered,first-human-answer,2,1,4,90000,7200000,7200000,7200000,,60000\n";
    assert_eq!(ran.stdout, csv);
    node.shows(Shown::ResponseTimes(response_times()));
    let ran = node.run("report response-times --json");
    assert_eq!(ran.json()["response-times"]["rows"][0]["open"], 1);
}

#[test]
fn an_audit_pulls_and_the_last_one_is_shown_without_pulling() {
    let node = Node::new();
    let ran = node.run("audit");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let details = ["north.example", "index 7", "from 40", "2 members"];
    for words in ["missing-at-recipient", "what we may read", "2 h"]
        .into_iter()
        .chain(details)
    {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert!(matches!(node.asked().as_slice(), [Asked::Audit]));
    node.shows(Shown::Audit(audit()));
    let ran = node.run("audit --last --json");
    assert_eq!(
        ran.json(),
        serde_json::to_value(Shown::Audit(audit())).unwrap()
    );
    assert!(matches!(
        node.asked().as_slice(),
        [Asked::Query(Query::Audit)]
    ));
}

// The log.

/// A log of five records, of which record 2 is about [`STATEMENT`].
struct SmallLog {
    shown: LogShown,
    proof: ProofShown,
}

fn leaf(index: u64, statement: Option<&str>) -> Leaf {
    Leaf {
        v: Version,
        ext: None,
        seq: None,
        case: None,
        kind: Code::new("received").unwrap(),
        salt: Nonce::new([7; 16]),
        time: NOW_MS,
        facts: None,
        index,
        roster: RosterRef(1, Hash::of(b"roster")),
        direction: None,
        statement: statement.and_then(StatementId::from_hex),
        counterpart: None,
        predecessor: None,
        statement_kind: None,
    }
}

fn small_log() -> SmallLog {
    let origin = Origin {
        fed: Hash::of(b"fed"),
        member: MemberId::new("north.example").unwrap(),
        n: 1,
    };
    let key = SigningKey::from_bytes(&[3; 32]);
    let leaves: Vec<_> = (0..5)
        .map(|index| leaf(index, (index == 2).then_some(STATEMENT)).encode())
        .collect();
    let mut tiles = MemoryTiles::default();
    let appended = Edge::empty().append(&leaves).unwrap();
    appended.write(&mut tiles).unwrap();
    let edge = appended.confirm(&tiles, &leaves).unwrap();
    let mut tree = Tree::open(&tiles, edge.head()).unwrap();
    let vkey = VerifierKey::new(KeyName::from(&origin), KeyKind::Log, key.verifying_key()).unwrap();
    let checkpoint = Checkpoint {
        origin: origin.clone(),
        head: *edge.head(),
    }
    .sign(&key);
    let proof = TlogProof {
        extra: None,
        index: 2,
        path: tree.inclusion_path(2, 5).unwrap(),
        checkpoint: checkpoint.to_unverified(),
    };
    SmallLog {
        shown: LogShown {
            origin: origin.to_string(),
            size: 5,
            root: edge.head().root().to_string(),
            checkpoint: checkpoint.to_string(),
            vkey: vkey.to_string(),
            witnessed: WitnessedShown::default(),
            restored: None,
        },
        proof: ProofShown {
            index: 2,
            proof: proof.to_string(),
            leaf: data_encoding::HEXLOWER.encode(&leaves[2]),
            receipt: some("00ff"),
        },
    }
}

#[test]
fn the_head_of_a_running_node_verifies_or_the_status_is_4() {
    let check = |edit: &dyn Fn(&mut LogShown), status: i32, code: &str| {
        let node = Node::new();
        let mut log = small_log().shown;
        edit(&mut log);
        let ran = node.shows(Shown::Log(log)).run("log verify --json");
        assert_eq!(ran.status, status, "{}{}", ran.stdout, ran.stderr);
        if status == 0 {
            assert_eq!(ran.json()["verified"]["signature"], true);
        } else {
            assert_eq!((ran.code().as_str(), ran.stdout.as_str()), (code, ""));
        }
    };
    check(&|_| {}, 0, "");
    check(&|log| log.size = 6, 4, "head-differs");
    check(
        &|log| log.root = Hash::of(b"other").to_string(),
        4,
        "head-differs",
    );
    check(
        &|log| log.origin = log.origin.replace("north", "south"),
        4,
        "checkpoint-key-of-another",
    );
    check(
        &|log| log.vkey = log.vkey.replace('+', "-"),
        4,
        "verifier-key-format",
    );
    check(
        &|log| log.checkpoint = log.checkpoint.replace("\n5\n", "\n6\n"),
        4,
        "note-signature-invalid",
    );
}

#[test]
fn a_proof_is_checked_before_it_is_shown_and_written_beside_what_it_proves() {
    let node = Node::new();
    let log = small_log();
    let words = format!("log prove {STATEMENT} --out proof.txt");
    node.shows(Shown::Log(log.shown.clone()))
        .shows(Shown::Proof(log.proof.clone()));
    let ran = node.run(&words);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("Proved: the statement is record 2"),
        "{}",
        ran.stdout
    );
    let read = |name: &str| fs::read(node.dir.path().join(name)).unwrap();
    assert_eq!(read("proof.txt"), log.proof.proof.as_bytes());
    assert_eq!(read("proof.txt.leaf"), leaf(2, Some(STATEMENT)).encode());
    assert_eq!(read("proof.txt.receipt"), [0, 255]);

    node.shows(Shown::Log(log.shown.clone()))
        .shows(Shown::Proof(log.proof.clone()));
    assert_eq!(node.run(&format!("{words} --json")).code(), "file-exists");
}

#[test]
fn a_proof_of_something_else_is_refused_with_status_4() {
    let check = |edit: &dyn Fn(&mut ProofShown), code: &str| {
        let node = Node::new();
        let log = small_log();
        let mut proof = log.proof;
        edit(&mut proof);
        node.shows(Shown::Log(log.shown)).shows(Shown::Proof(proof));
        let ran = node.run(&format!("log prove {STATEMENT} --json"));
        assert_eq!(
            (ran.status, ran.code().as_str()),
            (4, code),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
    };
    let hex = |leaf: Leaf| data_encoding::HEXLOWER.encode(&leaf.encode());
    check(&|proof| proof.leaf = hex(leaf(2, None)), "leaf-of-another");
    check(
        &|proof| proof.leaf = hex(leaf(3, Some(STATEMENT))),
        "leaf-of-another",
    );
    check(&|proof| proof.leaf = "00".to_owned(), "leaf-unreadable");
    check(&|proof| proof.index = 3, "leaf-of-another");
    let other_salt = Leaf {
        salt: Nonce::new([8; 16]),
        ..leaf(2, Some(STATEMENT))
    };
    check(
        &|proof| proof.leaf = hex(other_salt.clone()),
        "root-is-another",
    );
    check(
        &|proof| proof.proof = proof.proof.replace("index 2", "index 1"),
        "leaf-of-another",
    );
    check(&|proof| proof.proof = String::new(), "tlog-proof-format");
}

#[test]
fn the_proofs_of_a_case_are_checked_one_by_one() {
    let log = small_log();
    let check = |proof: ProofShown, status: i32, verified: bool| {
        let node = Node::new();
        node.shows(case_shown(vec![
            event(STATEMENT, Some(2)),
            event(STATEMENT, None),
        ]));
        node.shows(Shown::Log(log.shown.clone()))
            .shows(Shown::Proof(proof));
        let ran = node.run(&format!("case show {CASE} --proofs --json"));
        assert_eq!(ran.status, status, "{}", ran.stderr);
        let proofs = ran.json()["proofs"].clone();
        assert_eq!(proofs.as_array().unwrap().len(), 1);
        assert_eq!(proofs[0]["verified"], verified);
    };
    check(log.proof.clone(), 0, true);
    let mut wrong = log.proof.clone();
    wrong.index = 3;
    check(wrong, 4, false);
}

// Which node, and as whom.

#[test]
fn the_configuration_names_the_node_and_the_tokens() {
    let node = Node::new();
    let comity = |words: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_comity"))
            .args(words.split_whitespace())
            .current_dir(node.dir.path())
            .env_remove("COMITY_CONFIG")
            .output()
            .unwrap();
        Ran {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    };
    let made =
        comity("member init --id north.example --role hotline --country SE --dir north --json");
    assert_eq!(made.status, 0, "{}", made.stderr);
    let config = node.dir.path().join("north/comity.toml");
    let text = fs::read_to_string(&config).unwrap();
    let text = text.replace("127.0.0.1:8640", &node.api.to_string());
    fs::write(&config, text).unwrap();
    let token = |name: &str| format!("north/tokens/{name}");
    let put = |name: &str, digit: char| {
        let path = token(name);
        let whole = node.dir.path().join(path.clone() + ".token");
        let _ = fs::remove_file(&whole);
        secret(&node.dir, &path, &digit.to_string().repeat(64));
    };
    let who = |words: &str| {
        node.shows(Shown::Drafts(page(Vec::new(), None)));
        let ran = comity(&format!("drafts --config north/comity.toml {words}"));
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        node.desk.asked.lock().unwrap().pop().unwrap().0
    };
    // The only token there is.
    fs::remove_file(node.dir.path().join(token("admin") + ".token")).unwrap();
    put("second", 'b');
    assert_eq!(who(""), "second");
    // Of several, the one that every node begins with; or whom --as names.
    put("admin", 'a');
    assert_eq!(who(""), "admin");
    assert_eq!(who("--as second"), "second");
    let ran = comity("drafts --config north/comity.toml --as nobody --json");
    assert_eq!((ran.status, ran.code().as_str()), (1, "token-not-found"));
    let ran = comity("drafts --json");
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let ran = comity("drafts --api 192.0.2.1:8640 --json");
    assert_eq!((ran.status, ran.code().as_str()), (2, "usage"));
}

#[test]
fn publishing_a_folder_twice_is_no_failure() {
    let node = Node::new();
    let comity = |words: &str| {
        let status = Command::new(env!("CARGO_BIN_EXE_comity"))
            .args(words.split_whitespace())
            .current_dir(node.dir.path())
            .env_remove("COMITY_CONFIG")
            .output()
            .unwrap()
            .status;
        assert!(status.success(), "{words}");
    };
    comity("federation init --name Example --dir federation --sign-here");
    comity(
        "member init --id north.example --role hotline --country SE --dir north --federation federation --listen /ip4/127.0.0.1/tcp/4001",
    );
    comity("member export --config north/comity.toml --out north.member");
    comity("roster add north.member");
    comity("roster sign --key governance/governance-1.pem");
    comity("roster sign --key governance/governance-2.pem");
    node.does(Ok(Done::Roster(members().roster)));
    let ran = node.run("roster publish --json");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let Some(Asked::Work(Work::Rosters(new))) = node.asked().pop() else {
        panic!()
    };
    let read = |name: &str| fs::read(node.dir.path().join(name)).unwrap();
    assert_eq!(new.charters, [read("federation/charters/1.cbor")]);
    assert_eq!(new.rosters, [read("federation/rosters/1.cbor")]);

    let nothing = |code| WorkError::asker(code, "nothing follows", "see the roster");
    node.does(Err(nothing("nothing-new")))
        .shows(Shown::Members(members()));
    let again = node.run("roster publish --json");
    assert_eq!(
        (again.status, again.json()),
        (0, ran.json()),
        "{}",
        again.stderr
    );
    node.does(Err(nothing("roster-forked")));
    let ran = node.run("roster publish --json");
    assert_eq!((ran.status, ran.code().as_str()), (1, "roster-forked"));
}
