//! Reports of a running node: every form of them, what proves them, and public figures.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use comity_testnet::binary;
use comity_testnet::federation::Member;
use comity_testnet::process::{Ended, Process};
use comity_wire::ids::Hash;
use serde_json::Value;

use crate::support::acts::Staff;
use crate::support::world::{World, ended_in_order, start, stop};

#[test]
fn a_report_has_five_forms_and_is_proven_without_the_node() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::found(dir.path());
    let nodes = [start(&world.north), start(&world.platform)];
    let nodes = busy_morning(&world, nodes);
    let out = |name: &str| dir.path().join(name).to_string_lossy().into_owned();

    let table = asks(&world.north, "--by member,urgency");
    assert!(
        table.output.contains("first-human-answer"),
        "{}",
        table.output
    );
    for (form, beginning) in [
        ("json", &b"{"[..]),
        ("csv", b"sort,member,clock,"),
        ("parquet", b"PAR1"),
        ("html", b"<!doctype html>"),
    ] {
        let file = out(form);
        asks(
            &world.north,
            &format!("--by member --format {form} --out {file}"),
        );
        let bytes = fs::read(&file).unwrap();
        assert!(bytes.starts_with(beginning), "{form}");
    }

    let own = out("own");
    asks(&world.north, &format!("--by member,clock --proofs {own}"));
    assert_eq!(runs(&world.north, "audit").code, Some(0));
    let audited = out("audited");
    asks(
        &world.north,
        &format!("--source audit --by member --proofs {audited}"),
    );
    let public = runs(&world.north, "report transparency");
    assert!(
        public.output.contains("too few to tell"),
        "{}",
        public.output
    );
    let html = out("public.html");
    let ended = runs(
        &world.north,
        &format!("report transparency --format html --out {html}"),
    );
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    assert!(fs::read(&html).unwrap().starts_with(b"<!doctype html>"));
    for node in nodes {
        stop(node);
    }

    let own = Folder(PathBuf::from(own));
    let shown = own.check();
    assert_eq!(shown["receipts"], 5, "one for each request: {shown}");
    assert_eq!(shown["without_facts"], 0);
    own.every_change_is_found();
    let audited = Folder(PathBuf::from(audited));
    let shown = audited.check();
    assert_eq!(shown["logs"].as_array().unwrap().len(), 2, "{shown}");
    assert!(shown["records"].as_u64() > Some(5), "{shown}");
    // The own log is one of them; of another's there are no receipts, but its own records.
    assert_eq!(shown["receipts"], 5, "{shown}");
    audited.every_change_is_found();
}

/// A folder of proofs.
struct Folder(PathBuf);

impl Folder {
    fn run(&self) -> Ended {
        let mut command =
            binary::command(&["report", "check", self.0.to_str().unwrap(), "--json"]).unwrap();
        Process::run(&mut command).unwrap()
    }

    /// It proves what it says.
    fn check(&self) -> Value {
        let ended = self.run();
        assert_eq!(ended.code, Some(0), "{}", ended.error);
        let shown: Value = serde_json::from_str(&ended.output).unwrap();
        shown["checked"].clone()
    }

    #[track_caller]
    fn is_refused(&self, naming: &str) {
        let ended = self.run();
        assert_eq!(ended.code, Some(4), "{naming}: {}", ended.output);
        assert!(ended.error.contains(naming), "{naming}: {}", ended.error);
    }

    /// All its files, but the list of them.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let sums = fs::read_to_string(self.0.join("SHA256SUMS")).unwrap();
        let names = sums.lines().map(|line| line.split_once("  ").unwrap().1);
        names
            .map(|name| (name.to_owned(), fs::read(self.0.join(name)).unwrap()))
            .collect()
    }

    /// The list is made again, as somebody does who changes files on purpose.
    fn list_again(&self) {
        let sums = fs::read_to_string(self.0.join("SHA256SUMS")).unwrap();
        let names = sums.lines().map(|line| line.split_once("  ").unwrap().1);
        let lines = names.filter_map(|name| {
            let bytes = fs::read(self.0.join(name)).ok()?;
            Some(format!("{}  {name}\n", Hash::of(&bytes)))
        });
        fs::write(self.0.join("SHA256SUMS"), lines.collect::<String>()).unwrap();
    }

    /// One file of each sort is changed, and taken away: by accident, and by somebody who makes the list again.
    fn every_change_is_found(&self) {
        let files = self.files();
        let sums = fs::read(self.0.join("SHA256SUMS")).unwrap();
        let mut sorts: BTreeMap<&str, &str> = BTreeMap::new();
        for name in files.keys() {
            let sort = name.rsplit_once('.').unwrap().1;
            sorts.entry(sort).or_insert(name);
        }
        for sort in ["facts", "json", "leaf", "proof", "txt", "vkey"] {
            assert!(sorts.contains_key(sort), "{sort}");
        }
        for (sort, name) in sorts {
            let bytes = &files[name];
            let path = self.0.join(name);
            let restored = || {
                fs::write(&path, bytes).unwrap();
                fs::write(self.0.join("SHA256SUMS"), &sums).unwrap();
            };
            let mut flipped = bytes.clone();
            let place = flipped.len() / 2;
            flipped[place] ^= 1;
            fs::write(&path, &flipped).unwrap();
            self.is_refused(name);
            self.list_again();
            match sort {
                // Nobody has signed the text for people.
                "txt" => {}
                "json" | "vkey" => assert_eq!(self.run().code, Some(4), "{name}"),
                _ => self.is_refused(name),
            }
            restored();
            fs::remove_file(&path).unwrap();
            self.is_refused(name);
            self.list_again();
            match sort {
                // What cannot be told from what never was is counted.
                "txt" => {}
                "receipt" => assert_eq!(self.check()["receipts"], 4),
                "facts" => {
                    let ended = self.run();
                    let counted = ended.output.contains("\"without_facts\":1")
                        || ended.output.contains("\"without_facts\": 1");
                    assert!(ended.code == Some(4) || counted, "{}", ended.output);
                }
                "vkey" => assert_eq!(self.run().code, Some(4), "{name}"),
                _ => self.is_refused(name),
            }
            restored();
        }
        self.a_lie_is_found(&sums);
        self.check();
    }

    /// Somebody makes an answer faster, leaves a request out, or keeps a clock better than the records say.
    fn a_lie_is_found(&self, sums: &[u8]) {
        let path = self.0.join("report.json");
        let text = fs::read_to_string(&path).unwrap();
        let report: Value = serde_json::from_str(&text).unwrap();
        let check = |what: &str, lie: &dyn Fn(&mut Value)| {
            let mut lied = report.clone();
            lie(&mut lied);
            assert_ne!(lied, report, "{what}");
            fs::write(&path, lied.to_string()).unwrap();
            self.list_again();
            assert_eq!(self.run().code, Some(4), "{what}");
        };
        check("faster", &|report| {
            let rows = report["table"]["rows"].as_array_mut().unwrap();
            let row = rows.iter_mut().find(|row| row["p50_ms"].is_u64()).unwrap();
            row["p50_ms"] = 1.into();
        });
        check("fewer requests", &|report| {
            report["cases"].as_array_mut().unwrap().pop();
        });
        check("nothing waits", &|report| {
            report["table"]["ages"] = Value::Array(Vec::new());
        });
        check("another head", &|report| {
            report["logs"][0]["size"] = (report["logs"][0]["size"].as_u64().unwrap() + 1).into();
        });
        check("made later", &|report| {
            report["made_at"] = (report["made_at"].as_u64().unwrap() + 86_400_000).into();
        });
        fs::write(&path, text).unwrap();
        fs::write(self.0.join("SHA256SUMS"), sums).unwrap();
    }
}

#[test]
fn the_forms_of_a_regulators_report_on_the_demo_say_the_same_and_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Demo::start(dir.path());
    let all = demo.report("--source audit --by member");
    let rows = |report: &Value| report["table"]["rows"].as_array().unwrap().clone();
    let requests = all["table"]["requests"].as_u64().unwrap();
    assert!(requests > 5, "{requests}");

    // CSV says what JSON says, row by row.
    let out = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let csv = out("csv");
    demo.runs(&format!(
        "--source audit --by member --format csv --out {csv}"
    ));
    let csv = fs::read_to_string(csv).unwrap();
    let mut lines = csv
        .split("\r\n")
        .map(|line| line.split(',').collect::<Vec<_>>());
    let columns = lines.next().unwrap();
    let place = |name: &str| columns.iter().position(|column| *column == name).unwrap();
    let times: Vec<_> = lines.filter(|line| line[0] == "time").collect();
    assert_eq!(times.len(), rows(&all).len());
    for (line, row) in times.iter().zip(rows(&all)) {
        assert_eq!(line[place("member")], row["group"][0].as_str().unwrap());
        for name in ["clock", "step"] {
            assert_eq!(line[place(name)], row[name].as_str().unwrap());
        }
        for name in ["round", "count", "open", "ended", "paused_ms"] {
            let number = row[name]
                .as_u64()
                .map_or_else(String::new, |n| n.to_string());
            assert_eq!(line[place(name)], number, "{name} of {row}");
        }
        // What is not reached yet is older in a report that was made later: times of what was reached stay.
        for name in ["p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms"] {
            let number = row[name]
                .as_u64()
                .map_or_else(String::new, |n| n.to_string());
            assert_eq!(line[place(name)], number, "{name} of {row}");
        }
    }
    let table = demo.runs("--source audit --by member");
    assert!(
        table.output.contains(&format!("{requests} requests")),
        "{}",
        table.output
    );
    let html = out("html");
    demo.runs(&format!("--source audit --format html --out {html}"));
    let html = fs::read_to_string(html).unwrap();
    assert!(
        html.contains(&format!("Of {requests} requests")),
        "{requests}"
    );
    assert!(html.contains("— "), "the signed heads are in it");

    // Every request is in one group of each dimension that divides, reached, open or ended.
    let sums = |report: &Value| {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for row in rows(report) {
            let key = format!("{} {} {}", row["clock"], row["step"], row["round"]);
            let counts = ["count", "open", "ended"].map(|name| row[name].as_u64().unwrap());
            *sums.entry(key).or_default() += counts.iter().sum::<u64>();
        }
        sums
    };
    let whole = sums(&demo.report("--source audit"));
    for by in ["member", "kind", "urgency", "standing"] {
        let found = sums(&demo.report(&format!("--source audit --by {by}")));
        assert_eq!(found, whole, "{by}");
    }
    for by in ["jurisdiction", "clock"] {
        let found = sums(&demo.report(&format!("--source audit --by {by}")));
        for (key, sum) in &whole {
            assert!(found[key] >= *sum, "{by}: {key}");
        }
    }
    let requested = &whole["\"offered\" \"first-human-answer\" null"];
    assert_eq!(*requested, requests, "answered, open or ended");

    // The regulator has no log of its own in it, and can show every record.
    let proofs = Folder(dir.path().join("proofs"));
    let folder = proofs.0.to_string_lossy().into_owned();
    demo.runs(&format!(
        "--source audit --by member,clock --proofs {folder}"
    ));
    let shown = proofs.check();
    assert_eq!(shown["logs"].as_array().unwrap().len(), 4, "{shown}");
    assert!(shown["records"].as_u64().unwrap() > requests, "{shown}");
    demo.end();
}

/// A demo that stays, and the regulator in it.
struct Demo {
    process: Process,
    api: String,
    token: PathBuf,
}

impl Demo {
    fn start(dir: &Path) -> Self {
        let mut process = Process::start(&mut binary::command(&["demo"]).unwrap()).unwrap();
        process.wait_for("README.md goes through it").unwrap();
        loop {
            let console = process.wait_for_more(" http://127.0.0.1:").unwrap();
            let (member, address) = console.split_once("http://").unwrap();
            let said = process.wait_for_more(" token ").unwrap();
            let (_, token) = said.split_once(" token ").unwrap();
            if member.contains("Regulator") {
                let file = dir.join("token");
                fs::write(&file, format!("{}\n", token.trim())).unwrap();
                private(&file);
                return Self {
                    process,
                    api: address.trim().to_owned(),
                    token: file,
                };
            }
        }
    }

    fn runs(&self, words: &str) -> Ended {
        let reach = format!("--api {} --token-file {}", self.api, self.token.display());
        let words = format!("report response-times {words} {reach}");
        let words: Vec<_> = words.split(' ').collect();
        let ended = Process::run(&mut binary::command(&words).unwrap()).unwrap();
        assert_eq!(ended.code, Some(0), "{words:?}: {}", ended.error);
        ended
    }

    fn report(&self, words: &str) -> Value {
        let ended = self.runs(&format!("{words} --format json"));
        let shown: Value = serde_json::from_str(&ended.output).unwrap();
        shown["report"].clone()
    }

    fn end(self) {
        self.process.interrupt().unwrap();
        ended_in_order(self.process);
    }
}

fn private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Five requests, of which three are answered.
fn busy_morning(world: &World, mut nodes: [Process; 2]) -> [Process; 2] {
    let (north, platform) = (Staff::of(&world.north), Staff::of(&world.platform));
    let cases: Vec<String> = (0..5).map(|number| north.request(number).0).collect();
    for _ in &cases {
        nodes[0]
            .wait_for_more("event=\"statement-delivered\"")
            .unwrap();
    }
    for case in &cases[..3] {
        platform.look(case).unwrap();
        platform.accept(case).unwrap();
        platform.removed(case).unwrap();
    }
    for _ in 0..6 {
        nodes[1]
            .wait_for_more("event=\"statement-delivered\"")
            .unwrap();
    }
    nodes
}

fn asks(member: &Member, words: &str) -> Ended {
    let ended = runs(member, &format!("report response-times {words}"));
    assert_eq!(ended.code, Some(0), "{words}: {}", ended.error);
    ended
}

fn runs(member: &Member, words: &str) -> Ended {
    let words: Vec<_> = words.split(' ').collect();
    Process::run(&mut member.command(&words).unwrap()).unwrap()
}
