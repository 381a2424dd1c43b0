//! Nothing about a report leaves a node but where it must: a locator, a person's name, free text, a reference, a token
//! and the keys are planted in a running federation, and looked for in all that the nodes say and write.
//!
//! ```text
//! planted:   a request by hand, a file of reports with bad lines, answers, looks, and every kind of wrong call
//! looked in: telemetry over OTLP, standard error and output at level trace, error bodies, answers without a look,
//!            every byte and file name of the data directory, the exported log, leaves and facts of all records
//! ```
//! Where something must be found (the case in the telemetry, the locator in the recipient's look and in the decrypted
//! frames), it is: otherwise a test that looks in the wrong place would pass.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use comity_store::{Journal, StorageKey, split_record};
use comity_testnet::client::{Answer, Client};
use comity_testnet::collector::Collector;
use comity_testnet::federation::{Federation, Member, SECOND_PERSON};
use comity_testnet::limits::WAIT_MAX;
use comity_testnet::planted::Planted;
use comity_testnet::process::{Ended, Process};
use comity_wire::leaf::Origin;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};

const PERSON: &str = "plantedperson";
const URL: &str = "https://plantedhost.share.example/plantedpath?plantedquery=1#plantedfragment";

/// What belongs to a locator. An answer to a look, and nothing else, may hold it.
const LOCATOR: [&str; 5] = [
    "plantedhost",
    "plantedpath",
    "plantedquery",
    "plantedfragment",
    "plantedaccount",
];

/// Our own reference of a report. The member's own people see it in lists; nobody else does.
const REFERENCE: &str = "plantedreference";

/// What else is planted: text, and words in places where they do not belong.
const WORDS: [&str; 9] = [
    PERSON,
    "plantedtext",
    "plantedhoster",
    "plantedtoken",
    "plantedcase",
    "plantedroute",
    "plantedfield",
    "plantedmethod",
    "plantedagent",
];

/// Everything that came out, by where it came out.
type Out = BTreeMap<String, Vec<u8>>;

struct World {
    federation: Federation,
    north: Member,
    platform: Member,
    collector: Collector,
    out: Out,
}

#[test]
fn nothing_about_a_report_leaves_a_node_but_where_it_must() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = World::new(dir.path());
    let nodes = [world.run(&world.north), world.run(&world.platform)];

    world.import(dir.path());
    let case = world.request_and_answer();
    world.call_wrongly(&case);
    let ended = nodes.map(|node| {
        node.terminate().unwrap();
        node.ended().unwrap()
    });

    world.export(dir.path());

    let planted = world.planted();
    world.keep_what_nodes_said(&ended);
    world.keep_what_nodes_wrote(&planted, &case);
    must_be_there(&world.out, &case);
    assert_eq!(leaks(&planted, &world.out), BTreeSet::new());
    leaks_would_be_found(&planted, &world.out);
}

/// `where: what (disguise)`.
fn leaks(planted: &Planted, out: &Out) -> BTreeSet<String> {
    let found = out.iter().flat_map(|(place, bytes)| {
        let mut found = planted.found_in(bytes);
        if place.starts_with("answer") {
            found.retain(|found| !found.starts_with(REFERENCE));
        }
        let found = found.into_iter();
        found.map(move |found| format!("{place}: {found}"))
    });
    found.collect()
}

/// The same search finds one planted word in the middle of what was searched.
fn leaks_would_be_found(planted: &Planted, out: &Out) {
    for (place, bytes) in out {
        let (before, after) = bytes.split_at(bytes.len() / 2);
        let leaking = [before, b"PlantedHost", after].concat();
        let found = leaks(planted, &Out::from([(place.clone(), leaking)]));
        assert_eq!(found.len(), 1, "{place}: {found:?}");
    }
}

/// What every place must hold, so that it is known to be the right one.
fn must_be_there(out: &Out, case: &str) {
    let all_of = |part: &str| {
        let chosen = out.iter().filter(|(place, _)| place.contains(part));
        chosen
            .flat_map(|(_, bytes)| bytes.clone())
            .collect::<Vec<u8>>()
    };
    let raw: Vec<u8> = (0..16)
        .map(|at| u8::from_str_radix(&case[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let check = |part: &str, expected: &[u8]| {
        let bytes = all_of(part);
        let there = bytes.windows(expected.len()).any(|part| part == expected);
        assert!(
            there,
            "{part} holds no {}",
            String::from_utf8_lossy(expected)
        );
    };
    for member in ["north", "platform"] {
        check(&format!("{member} stderr"), case.as_bytes());
        check(&format!("{member} stderr"), b"request-served");
        check(&format!("{member} stdout"), b"ready");
        check(&format!("{member} data"), b"log_public");
        check(&format!("{member} leaves"), &raw);
        check(&format!("{member} facts"), b"salt");
        check(&format!("{member} telemetry"), b"service.instance.id");
    }
    check("telemetry /v1/logs", case.as_bytes());
    check("telemetry /v1/logs", b"statement-delivered");
    check("telemetry /v1/traces", b"exchange");
    check("telemetry /v1/traces", b"/v1/cases/{case}");
    check("telemetry /v1/metrics", b"comity.statements.received");
    check("telemetry /v1/metrics", b"comity.peer.requests");
    check("exported", b"/north.example/1");
    check("exported", &raw);
    check("error", b"bad-json");
    check("error", b"token-unknown");
    check("command", b"\"error\"");
    check("answer", b"platform.example");
}

impl World {
    fn new(dir: &Path) -> Self {
        let federation = Federation::found(dir).unwrap();
        let north = federation.join("north", "hotline", "SE", "").unwrap();
        let owns = "--owns-domain share.example";
        let platform = federation.join("platform", "platform", "IE", owns).unwrap();
        for name in ["north", "platform"] {
            let add = format!("person add {PERSON} --config {name}/comity.toml");
            federation.done(&add).unwrap();
        }
        federation.admit(&[&north, &platform]).unwrap();
        Self {
            federation,
            north,
            platform,
            collector: Collector::start().unwrap(),
            out: Out::new(),
        }
    }

    fn run(&self, member: &Member) -> Process {
        let mut command = member.command(&["run"]).unwrap();
        command
            .env("COMITY_LOG", "trace")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", self.collector.endpoint())
            .env("OTEL_METRIC_EXPORT_INTERVAL", "200");
        let mut node = Process::start(&mut command).unwrap();
        node.wait_for("ready:").unwrap();
        node
    }

    fn keep(&mut self, place: &str, bytes: &[u8]) {
        let kept = self.out.entry(place.to_owned()).or_default();
        kept.extend_from_slice(bytes);
        kept.push(b'\n');
    }

    /// A command of the program against the node of north; what it prints is kept.
    fn command(&mut self, arguments: &[&str]) -> Ended {
        let command = self.north.command(arguments);
        let ended = Process::run(&mut command.unwrap()).unwrap();
        self.keep("command stdout", ended.output.as_bytes());
        self.keep("command stderr", ended.error.as_bytes());
        ended
    }

    /// Two files of reports, of which one line each is good.
    fn import(&mut self, dir: &Path) {
        let table = dir.join("reports.csv");
        let lines = [
            "hotlineReceivedDate,hotlineReference,urlString,hostingCountryCode,hostingIpAddress,hostingIsp,\
             classification,ageCategorization,genderCategorization,action,assessedDate",
            "2026-02-14T13:32Z,plantedreference-1,https://plantedhost.share.example/plantedpath/1,IE,192.0.2.201,\
             plantedhoster,National CSAM,Pubescent,Female,ReportedToISP,2026-02-15T06:03:00Z",
            "plantedtext,plantedreference-2,https://plantedhost.share.example/plantedpath/2,IE,192.0.2.201,\
             plantedhoster,National CSAM,Pubescent,Female,ReportedToISP,2026-02-15T06:03:00Z",
            "2026-02-14T13:32Z,plantedreference-3,not a plantedhost,IE,plantedhoster,plantedhoster,plantedtext,\
             plantedtext,plantedtext,plantedtext,plantedtext",
            "2026-02-14T13:32Z,\"plantedreference-4,https://plantedhost.share.example/plantedpath/4",
        ];
        fs::write(&table, lines.join("\n")).unwrap();
        let objects = dir.join("reports.jsonl");
        let lines = [
            "{\"xarf_version\":\"4.2.0\",\"url\":\"https://plantedhost.share.example/plantedpath/5\"}",
            "{\"plantedfield\": \"plantedtext\", ",
            "\"plantedtext\"",
            "plantedtext",
        ];
        fs::write(&objects, lines.join("\n")).unwrap();
        for file in [&table, &objects] {
            let file = file.to_str().unwrap();
            for json in [&[][..], &["--json"]] {
                let arguments = [&["import", file, "--as", PERSON], json].concat();
                let ended = self.command(&arguments);
                assert_ne!(ended.code, Some(0), "{file} has bad lines");
            }
        }
    }

    /// A request with a note, and what a platform does with it. Returns the case.
    fn request_and_answer(&mut self) -> String {
        let body = json!({
            "items": [{"url": URL, "country": "IE"}],
            "to": "platform.example",
            "capacity": "service",
            "reference": "plantedreference",
            "text": "plantedtext for the recipient",
        });
        let north = self.north.client(PERSON).unwrap();
        let drafted = north.post("/v1/requests", &body).unwrap();
        let draft = first(&drafted.json().unwrap(), "draft").unwrap();
        self.answered("drafted", &drafted);
        let drafts = north.get("/v1/drafts").unwrap();
        self.answered("drafts", &drafts);
        let review = json!({"drafts": [draft], "decision": "confirm"});
        let second = self.north.client(SECOND_PERSON).unwrap();
        let reviewed = second.post("/v1/reviews", &review).unwrap();
        self.answered("reviewed", &reviewed);

        let platform = self.platform.client(PERSON).unwrap();
        let inbox = "/v1/cases?direction=in";
        let case = wait(|| first(&platform.get(inbox).unwrap().json().unwrap(), "case"));
        let look = json!({"case": case, "n": 1});
        let seen = platform.post("/v1/looks", &look).unwrap();
        assert!(String::from_utf8_lossy(&seen.body).contains("plantedhost"));
        let answer = json!({"case": case, "answer": "accepted", "text": "plantedtext in return"});
        let accepted = platform.post("/v1/answers", &answer).unwrap();
        self.answered("accepted", &accepted);
        let shown = format!("/v1/cases/{case}");
        wait(|| {
            let shown = north.get(&shown).unwrap();
            String::from_utf8_lossy(&shown.body)
                .contains("accepted")
                .then_some(())
        });
        for path in [
            "/v1/cases",
            "/v1/outbox",
            "/v1/items",
            "/v1/members",
            "/v1/log",
            "/v1/overview",
            "/",
        ] {
            for client in [&north, &platform] {
                let answer = client.get(path).unwrap();
                self.keep(&format!("answer {path}"), &answer.body);
            }
        }
        case
    }

    fn answered(&mut self, what: &str, answer: &Answer) {
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{what}: {said}");
        self.keep(&format!("answer {what}"), &answer.body);
    }

    /// Every way to call the node wrongly with something that is nobody's business.
    fn call_wrongly(&mut self, case: &str) {
        // Each time anew: the node closes a connection whose request it has not read to the end.
        let api = self.north.api.into();
        let known = self.north.clone();
        let north = || known.client(PERSON).unwrap();
        let stranger = || Client::new(api, "plantedtoken").unwrap();
        let bodies = [
            json!({"plantedfield": "plantedtext"}),
            json!({"items": [{"url": "plantedhost", "plantedfield": URL}]}),
            json!({"items": [{"url": "not a plantedhost at all"}]}),
            json!({"items": [{"url": URL, "ip": "plantedhost"}], "to": "plantedcase"}),
            json!({"items": [{"url": URL, "country": "plantedtext"}]}),
            json!({"items": [{"url": URL}], "urgency": "plantedtext", "capacity": "plantedtext"}),
            json!({"items": URL}),
            json!({"reported_at": URL}),
            json!({"case": "plantedcase", "n": 1}),
            json!({"case": case, "n": URL}),
            json!({"case": case, "answer": "plantedtext", "text": "plantedtext"}),
            json!({"case": case, "answer": "refused", "code": "plantedtext"}),
            json!({"drafts": ["plantedcase"], "decision": "confirm"}),
            json!({"dossier": "plantedcase", "to": "plantedtext"}),
            json!({"case": case, "items": [{"n": 1, "answer": "plantedtext"}]}),
            json!("plantedtext"),
        ];
        let posts = [
            "requests",
            "referrals",
            "reviews",
            "answers",
            "outcomes",
            "observations",
            "withdrawals",
            "holds",
            "releases",
            "questions",
            "information",
            "outside",
            "looks",
            "rosters",
            "plantedroute",
        ];
        for path in posts {
            for body in &bodies {
                let answer = north().post(&format!("/v1/{path}"), body).unwrap();
                self.refused(path, &answer);
            }
            let answer = stranger().post(&format!("/v1/{path}"), &bodies[1]).unwrap();
            self.refused(path, &answer);
        }
        for path in [
            "/v1/cases/plantedcase",
            "/v1/cases/https%3A%2F%2Fplantedhost.share.example%2Fplantedpath",
            "/v1/cases?after=plantedquery",
            "/v1/cases?plantedfield=plantedquery",
            "/v1/log/proofs/plantedcase",
            "/v1/plantedroute?plantedquery",
            "/cases/plantedcase",
            "/plantedroute/https://plantedhost.share.example/plantedpath",
        ] {
            for client in [north(), stranger()] {
                let answer = client.get(path).unwrap();
                self.refused(path, &answer);
            }
        }
        self.call_wrongly_by_hand();
        for arguments in [
            &["request", "not a plantedhost"][..],
            &[
                "request",
                URL,
                "--to",
                "nobody.example",
                "--text",
                "plantedtext",
            ],
            &[
                "request",
                URL,
                "--text",
                "plantedtext",
                "--reference",
                "plantedreference",
                "--code",
                "no-such-code",
            ],
            &["answer", case, "refused", "--text", "plantedtext"],
            &["case", "show", "00112233445566778899aabbccddeeff"],
            &["look", case, "99"],
            &["observe", case, "--item", "1=online:nothing"],
        ] {
            let json = [arguments, &["--as", PERSON, "--json"]].concat();
            let words = [arguments, &["--as", PERSON]].concat();
            for arguments in [json, words] {
                let ended = self.command(&arguments);
                assert_ne!(ended.code, Some(0), "{arguments:?}");
            }
        }
    }

    /// What no client would send.
    fn call_wrongly_by_hand(&mut self) {
        let host = self.north.api;
        let headers = format!("host: {host}\r\nuser-agent: plantedagent\r\nconnection: close\r\n");
        let form = "token=plantedtoken";
        let login = format!(
            "POST /login HTTP/1.1\r\n{headers}origin: http://{host}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{form}",
            form.len()
        );
        for request in [
            format!("PLANTEDMETHOD /v1/cases HTTP/1.1\r\n{headers}\r\n"),
            format!("GET /plantedroute?plantedquery HTTP/1.1\r\n{headers}\r\n"),
            format!("GET {URL} HTTP/1.1\r\n{headers}\r\n"),
            format!("GET /v1/cases HTTP/1.1\r\n{headers}cookie: comity=plantedtoken\r\n\r\n"),
            "GET /v1/cases HTTP/1.1\r\nhost: plantedhost.share.example\r\nconnection: close\r\n\r\n".to_owned(),
            "plantedmethod plantedroute\r\n\r\n".to_owned(),
            login,
        ] {
            let mut stream = TcpStream::connect(host).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            assert!(!answer.starts_with(b"HTTP/1.1 200"), "{request}");
            self.keep("error by hand", &answer);
        }
    }

    fn refused(&mut self, path: &str, answer: &Answer) {
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status >= 300, "{path}: {} {said}", answer.status);
        self.keep("error", &answer.body);
    }

    /// The log as others get it.
    fn export(&mut self, dir: &Path) {
        let to = dir.join("exported");
        self.federation
            .done("log export --data north/data --config north/comity.toml --to exported")
            .unwrap();
        for (name, bytes) in files(&to) {
            self.keep(&format!("exported {name}"), &bytes);
        }
    }

    /// What must not be found: words, tokens and keys.
    fn planted(&self) -> Planted {
        let mut planted = Planted::default();
        for word in LOCATOR.iter().chain(&WORDS).chain(&[REFERENCE]) {
            planted.plant(word, word.as_bytes());
        }
        for member in [&self.north, &self.platform] {
            for (name, bytes) in files(&member.folder.join("tokens")) {
                planted.plant(&name, bytes.trim_ascii());
                planted.plant(&name, &unhex(&bytes));
            }
            for (name, bytes) in files(&member.folder.join("keys")) {
                let text = String::from_utf8(bytes).unwrap();
                if name.ends_with(".pem") {
                    let key = SigningKey::from_pkcs8_pem(&text).unwrap();
                    planted.plant(&name, key.as_bytes());
                } else if name == "head-copy" {
                    // The log's newest head, which anybody may see.
                } else {
                    planted.plant(&name, &unhex(text.as_bytes()));
                }
            }
        }
        planted
    }

    fn keep_what_nodes_said(&mut self, ended: &[Ended; 2]) {
        for (member, ended) in ["north", "platform"].into_iter().zip(ended) {
            assert_eq!(ended.code, Some(0), "{}", ended.error);
            self.keep(&format!("{member} stderr"), ended.error.as_bytes());
            self.keep(&format!("{member} stdout"), ended.output.as_bytes());
        }
        for post in self.collector.taken() {
            let from = |member: &str| {
                let id = format!("{member}.example");
                let is_of = b"service.instance.id\x12";
                let at = post
                    .bytes
                    .windows(is_of.len())
                    .position(|part| part == is_of);
                at.is_some_and(|at| {
                    post.bytes[at + is_of.len()..]
                        .windows(id.len())
                        .take(4)
                        .any(|part| part == id.as_bytes())
                })
            };
            let member = if from("north") { "north" } else { "platform" };
            assert!(from(member), "of neither member");
            self.keep(&format!("{member} telemetry {}", post.path), &post.bytes);
        }
    }

    /// Every file and its name; and decrypted, what others may read. In the frames of the member's own, the planted
    /// words are: there they belong.
    fn keep_what_nodes_wrote(&mut self, planted: &Planted, case: &str) {
        for member in [self.north.clone(), self.platform.clone()] {
            for (name, bytes) in files(&member.data()) {
                let place = format!("{} data {name}", member.name);
                self.keep(&place, name.as_bytes());
                self.keep(&place, &bytes);
            }
            let identity = fs::read_to_string(member.data().join("identity.toml")).unwrap();
            let origin = identity.split('"').nth(1).unwrap();
            let origin = Origin::parse(origin).unwrap();
            let key = StorageKey::read(&member.folder.join("keys/storage.key")).unwrap();
            let journal = Journal::open(&member.data(), &key, &origin).unwrap();
            for index in 0..journal.next_index() {
                let (leaf, facts) = journal.record(index).unwrap();
                self.keep(&format!("{} leaves", member.name), &leaf);
                self.keep(
                    &format!("{} facts", member.name),
                    &facts.unwrap_or_default(),
                );
            }
            let mut own = BTreeSet::new();
            let each = &mut |_, stored: comity_store::Stored| {
                if split_record(&stored.body).is_none() {
                    own.extend(planted.found_in(&stored.body));
                }
                ControlFlow::Continue(())
            };
            journal.replay(0, each).unwrap();
            for word in ["plantedhost", "plantedpath", "plantedtext", PERSON] {
                assert!(own.contains(&format!("{word} (itself)")), "{case}: {own:?}");
            }
        }
    }
}

/// Name within the folder, and content, of every file below it.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap();
                found.push((name.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "{}", folder.display());
    found
}

fn unhex(line: &[u8]) -> Vec<u8> {
    let digits = std::str::from_utf8(line.trim_ascii()).unwrap();
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The first value of this name, wherever it is.
fn first(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(fields) => {
            let here = fields.get(name).and_then(Value::as_str).map(str::to_owned);
            here.or_else(|| fields.values().find_map(|value| first(value, name)))
        }
        Value::Array(values) => values.iter().find_map(|value| first(value, name)),
        _ => None,
    }
}

/// Asks until there is an answer.
fn wait<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WAIT_MAX;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "no answer in time");
    }
}
