//! Members that were written from the specification alone, in other languages (`testnet/interop/{js,python}`), beside a node: both
//! must understand each other, and each must refuse what the other does wrong.
//!
//! `cargo xtask test --only interop` installs what they need and runs these.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use comity_testnet::federation::{Federation, Member};
use comity_testnet::foreign::{Client, Extent, Foreign, Language, Talk};
use comity_testnet::process::Process;
use comity_testnet::verifier::{Verdict, verify};
use comity_wire::registry::{Check, exchange_code};
use serde_json::{Map, Value, json};

use crate::support::acts::Staff;
use crate::support::logs::{Log, verified};
use crate::support::world::{DOMAIN, start, stop};

#[path = "nodes/support/mod.rs"]
#[allow(dead_code, reason = "the tests of nodes use the rest of it")]
mod support;

/// In lines. A client must stay something that a person reads in one sitting.
const LINES_MAX: usize = 400;

/// What a minimal member can do wrong. It is one or more of each sort: unsigned, final, and signed but not final.
const MINIMAL_WRONGS: [Check; 6] = [
    Check::Outer,
    Check::Signature,
    Check::Kind,
    Check::Recipient,
    Check::Time,
    Check::Matrix,
];

/// For all vectors. Some hundred signatures in a language that is not made for it.
const VECTORS_MAX: Duration = Duration::from_secs(240);

#[test]
fn every_source_file_of_a_client_has_fewer_than_400_lines() {
    for language in [Language::JavaScript, Language::Python] {
        let (folder, ending) = language.sources();
        let paths = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let sources: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|found| found == ending))
            .collect();
        assert!(!sources.is_empty(), "{language:?} has no client");
        for path in sources {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines < LINES_MAX, "{}: {lines} lines", path.display());
        }
    }
}

#[test]
#[ignore = "needs Node: cargo xtask test --only interop"]
fn a_member_in_javascript_works_with_a_node() {
    works_with_a_node(whole(Language::JavaScript));
}

#[test]
#[ignore = "needs Python: cargo xtask test --only interop"]
fn a_member_in_python_works_with_a_node() {
    works_with_a_node(whole(Language::Python));
}

#[test]
#[ignore = "needs Python: cargo xtask test --only interop"]
fn python_minimal_member_works_with_a_node() {
    works_with_a_node(minimal(Language::Python));
}

#[test]
#[ignore = "needs Python: cargo xtask test --only interop"]
fn python_minimal_member_refuses_what_another_does_wrong() {
    refuses_what_another_does_wrong(Language::Python);
}

#[test]
#[ignore = "needs Node and Python: cargo xtask test --only interop"]
fn two_members_that_are_not_ours_work_with_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let federation = Federation::found(dir.path()).unwrap();
    let join = |language, name, role| {
        Foreign::join(&federation, whole(language), name, role, "SE").unwrap()
    };
    let north = join(Language::JavaScript, "north", "hotline");
    let platform = join(Language::Python, "platform", "platform");
    federation
        .admit(&[&north.member, &platform.member])
        .unwrap();
    let mut platform = platform.run(&federation).unwrap();
    let mut north = north.run(&federation).unwrap();

    let sent = requested(&mut north);
    let wanted = json!({"do": "wait", "kind": "takedown-request"});
    let got = platform.tell(&wanted).unwrap();
    assert_eq!(got["statement"], sent["statement"]);
    assert_eq!(got["from"], "north.example");
    what_is_wrong_is_refused(&mut north, &wrongs(Extent::Whole));
    for (talk, name) in [(north, "north"), (platform, "platform")] {
        log_holds(talk, &dir.path().join(name).with_extension("log"));
    }
}

#[test]
#[ignore = "needs Node: cargo xtask test --only interop"]
fn a_member_in_javascript_finds_of_every_vector_what_is_expected() {
    finds_what_is_expected(Language::JavaScript);
}

#[test]
#[ignore = "needs Python: cargo xtask test --only interop"]
fn a_member_in_python_finds_of_every_vector_what_is_expected() {
    finds_what_is_expected(Language::Python);
}

const fn whole(language: Language) -> Client {
    let extent = Extent::Whole;
    Client { language, extent }
}

const fn minimal(language: Language) -> Client {
    let extent = Extent::Minimal;
    Client { language, extent }
}

/// Every check, as far as the member can fail it. Three nobody can fail from here: to be known is no failure, for a key
/// that is out of force the roster has to change, and what the opener of a case cannot send for its side the matrix does
/// not let a hotline send to a platform either, which is found first.
fn wrongs(extent: Extent) -> Vec<Check> {
    match extent {
        Extent::Minimal => MINIMAL_WRONGS.to_vec(),
        Extent::Whole => Check::ALL
            .into_iter()
            .filter(|check| !matches!(check, Check::Known | Check::Roster | Check::Party))
            .collect(),
    }
}

/// The whole story of a hotline that is not ours and a platform that is.
fn works_with_a_node(client: Client) {
    let dir = tempfile::tempdir().unwrap();
    let federation = Federation::found(dir.path()).unwrap();
    let north = Foreign::join(&federation, client, "north", "hotline", "SE").unwrap();
    let owns = format!("--owns-domain {DOMAIN}");
    let platform = federation
        .join("platform", "platform", "IE", &owns)
        .unwrap();
    federation.admit(&[&north.member, &platform]).unwrap();
    let mut node = start(&platform);
    let mut talk = north.run(&federation).unwrap();

    a_stranger_hears_only_that_it_is_one(&mut talk);
    let sent = requested(&mut talk);
    what_is_sent_again_has_its_old_receipt(&mut talk, &sent);
    what_is_wrong_is_refused(&mut talk, &wrongs(client.extent));
    the_answer_comes(&mut talk, &mut node, &platform, &sent);
    a_receipt_that_proves_nothing_is_not_believed(&mut talk, &mut node, &platform, &sent);

    match client.extent {
        Extent::Whole => log_holds(talk, &dir.path().join("north-log")),
        Extent::Minimal => ends(talk),
    }
    stop(node);
    verified(&platform);
    let log = Log::read(&platform);
    let index = sent["receipt"]["index"].as_u64().unwrap();
    assert_eq!(sent["receipt"]["leaf"], log.hex(index));
    let received = log.by_statement("received");
    assert_eq!(received.get(sent["id"].as_str().unwrap()), Some(&1));
    assert_eq!(
        received.len(),
        1,
        "something wrong was recorded as received"
    );
}

/// A minimal member as a platform, before a hotline of the same language that does everything wrong that it can.
fn refuses_what_another_does_wrong(language: Language) {
    let dir = tempfile::tempdir().unwrap();
    let federation = Federation::found(dir.path()).unwrap();
    let north = Foreign::join(&federation, whole(language), "north", "hotline", "SE").unwrap();
    let platform = Foreign::join(&federation, minimal(language), "platform", "platform", "SE");
    let platform = platform.unwrap();
    federation
        .admit(&[&north.member, &platform.member])
        .unwrap();
    let mut platform = platform.run(&federation).unwrap();
    let mut north = north.run(&federation).unwrap();

    a_stranger_hears_only_that_it_is_one(&mut north);
    let sent = requested(&mut north);
    what_is_sent_again_has_its_old_receipt(&mut north, &sent);
    what_is_wrong_is_refused(&mut north, &MINIMAL_WRONGS);
    let wanted = json!({"do": "wait", "kind": "takedown-request"});
    let got = platform.tell(&wanted).unwrap();
    assert_eq!(got["statement"], sent["statement"]);
    ends(north);
    ends(platform);
}

fn a_stranger_hears_only_that_it_is_one(talk: &mut Talk) {
    let heard = talk.tell(&json!({"do": "stranger", "to": "platform.example"}));
    let code = exchange_code::NOT_ADMITTED;
    assert_eq!(heard.unwrap(), json!({"hello": code, "exchange": code}));
}

#[track_caller]
fn requested(talk: &mut Talk) -> Value {
    let url = format!("https://files.{DOMAIN}/by-hand/1");
    let command = json!({"do": "request", "to": "platform.example", "url": url});
    let sent = talk.tell(&command).unwrap();
    for name in ["statement", "id", "case"] {
        assert!(sent[name].is_string(), "{name}: {sent}");
    }
    let (index, size) = (&sent["receipt"]["index"], &sent["receipt"]["size"]);
    assert!(index.as_u64().unwrap() < size.as_u64().unwrap(), "{sent}");
    let libraries = sent["checked_by"].as_array().unwrap();
    assert!(!libraries.is_empty(), "no library has checked the receipt");
    sent
}

fn what_is_sent_again_has_its_old_receipt(talk: &mut Talk, sent: &Value) {
    let command = json!({"do": "send", "to": "platform.example", "statement": sent["statement"]});
    let again = talk.tell(&command).unwrap();
    for name in ["leaf", "index"] {
        assert_eq!(again["receipt"][name], sent["receipt"][name], "{again}");
    }
}

/// Each by its own code, signed or not as the registry says; and that a request which is none is answered as a whole.
fn what_is_wrong_is_refused(talk: &mut Talk, checks: &[Check]) {
    let tried = checks.iter().map(|check| (check.code(), check.is_signed()));
    for (code, signed) in tried.chain([(exchange_code::BAD_EXCHANGE, false)]) {
        let command = json!({"do": "send-wrong", "to": "platform.example", "what": code});
        let answer = talk.tell(&command).unwrap();
        let found = if signed {
            &answer["refused"]
        } else {
            &answer["code"]
        };
        assert_eq!(found, code, "{code}: {answer}");
    }
}

fn the_answer_comes(talk: &mut Talk, node: &mut Process, platform: &Member, sent: &Value) {
    let staff = Staff::of(platform);
    let case = sent["case"].as_str().unwrap();
    let statement = staff.accept(case).unwrap();
    let command = json!({"do": "wait", "kind": "acknowledgement"});
    let got = talk.tell(&command).unwrap();
    assert_eq!(got["id"], statement);
    assert_eq!(got["case"], sent["case"]);
    assert_eq!(got["from"], "platform.example");
    assert_eq!(got["body"]["answer"], "accepted");
    node.wait_for_more("event=\"statement-delivered\"").unwrap();
    assert_eq!(staff.first.rows("/v1/outbox").unwrap().len(), 0);
}

fn a_receipt_that_proves_nothing_is_not_believed(
    talk: &mut Talk,
    node: &mut Process,
    platform: &Member,
    sent: &Value,
) {
    let staff = Staff::of(platform);
    talk.tell(&json!({"do": "bad-receipt"})).unwrap();
    let statement = staff.removed(sent["case"].as_str().unwrap()).unwrap();
    let refused = node.wait_for_more("event=\"receipt-refused\"").unwrap();
    assert!(refused.contains(&statement), "{refused}");
    let waiting = staff.first.rows("/v1/outbox").unwrap();
    assert_eq!(waiting.len(), 1, "{waiting:?}");

    let delivered = node.wait_for_more("event=\"statement-delivered\"").unwrap();
    assert!(delivered.contains(&statement), "{delivered}");
    assert_eq!(staff.first.rows("/v1/outbox").unwrap().len(), 0);
    let got = talk
        .tell(&json!({"do": "wait", "kind": "outcome"}))
        .unwrap();
    assert_eq!(got["id"], statement);
}

/// Its log, before the verifier that is neither ours nor its own; then it ends.
#[track_caller]
fn log_holds(mut talk: Talk, folder: &Path) {
    let written = talk.tell(&json!({"do": "log", "dir": folder})).unwrap();
    match verify(folder).unwrap() {
        Verdict::Accepted(found) => {
            assert_eq!(found["size"], written["size"]);
            assert_eq!(found["root"], written["root"]);
        }
        Verdict::Refused(code) => panic!("its log is refused: {code}"),
    }
    ends(talk);
}

#[track_caller]
fn ends(talk: Talk) {
    let ended = talk.quit().unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.error);
}

/// The client gets the vectors without names and answers, so that it has nothing to look them up in.
fn finds_what_is_expected(language: Language) {
    let dir = tempfile::tempdir().unwrap();
    let expected = without_answers(dir.path());
    assert!(expected.len() > 400, "only {} vectors", expected.len());
    let mut command = whole(language).command().unwrap();
    let client = Process::start(command.arg("vectors").arg(dir.path())).unwrap();
    let ended = client.waiting_at_most(VECTORS_MAX).ended().unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.error);

    let mut found = BTreeMap::new();
    for line in ended.output.lines() {
        let mut answer: Map<String, Value> = serde_json::from_str(line).unwrap();
        let name = answer.remove("name").unwrap();
        let earlier = found.insert(name.as_str().unwrap().to_owned(), Value::Object(answer));
        assert_eq!(earlier, None, "{name} twice");
    }
    let wrong: Vec<String> = expected
        .iter()
        .filter(|(name, (_, expected))| found.get(*name) != Some(expected))
        .map(|(name, (known_as, expected))| {
            let found = found.get(name).unwrap_or(&Value::Null);
            format!("{known_as}: {expected}, found {found}")
        })
        .collect();
    let count = wrong.len();
    assert!(wrong.is_empty(), "{count} differ:\n{}", wrong.join("\n"));
    assert_eq!(found.len(), expected.len(), "more answers than vectors");
}

/// Copies the vectors: of each, the name that the client is given, its own name, and what is expected of it.
fn without_answers(to: &Path) -> BTreeMap<String, (String, Value)> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol-spec/vectors");
    let mut expected = BTreeMap::new();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let file = path.file_name().unwrap().to_str().unwrap();
        let mut content: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for (number, vector) in content.as_array_mut().into_iter().flatten().enumerate() {
            let name = format!("{file}#{number}");
            let vector = vector.as_object_mut().unwrap();
            let known_as = vector
                .insert("name".to_owned(), name.clone().into())
                .unwrap();
            let mut answer = vector.remove("expect").unwrap();
            answer.as_object_mut().unwrap().remove("check");
            vector.retain(|member, _| GIVEN.contains(&member.as_str()));
            expected.insert(name, (known_as.to_string(), answer));
        }
        fs::write(to.join(file), content.to_string()).unwrap();
    }
    expected
}

/// What a client is given of a vector.
const GIVEN: [&str; 5] = ["name", "object", "hex", "pad_to", "context"];
