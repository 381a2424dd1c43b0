//! What a node does with telemetry: a collector is fed to the last event, and one that is gone is in nobody's way.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::TcpListener;
use std::time::Duration;

use comity_testnet::collector::Collector;
use comity_testnet::federation::{FIRST_PERSON, Federation, Member};
use comity_testnet::process::{Ended, Process};
use serde_json::Value;
use tempfile::TempDir;

/// The node waits three seconds for a collector at the end, and has little else to do.
const STOP_MAX: Duration = Duration::from_secs(20);

fn member() -> (TempDir, Member) {
    let dir = tempfile::tempdir().unwrap();
    let federation = Federation::found(dir.path()).unwrap();
    let member = federation.join("north", "hotline", "SE", "").unwrap();
    federation.admit(&[&member]).unwrap();
    (dir, member)
}

fn start(member: &Member, variables: &[(&str, &str)]) -> Process {
    let mut command = member.command(&["run", "--json"]).unwrap();
    command.envs(variables.iter().copied());
    Process::start(&mut command).unwrap()
}

/// Runs a node until it has answered a request, and ends it.
fn run(member: &Member, variables: &[(&str, &str)]) -> Ended {
    let mut node = start(member, variables).waiting_at_most(STOP_MAX);
    // The last line of what it says when it is ready: lines of the log begin with a brace as well.
    node.wait_for("  \"roster\"").unwrap();
    let client = member.client(FIRST_PERSON).unwrap();
    assert_eq!(client.get("/v1/overview").unwrap().status, 200);
    node.terminate().unwrap();
    let ended = node.ended().unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.error);
    ended
}

#[test]
fn the_last_events_of_a_node_reach_the_collector() {
    let (_dir, member) = member();
    let collector = Collector::start().unwrap();
    run(
        &member,
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())],
    );
    let check = |path: &str, expected: &str| {
        let posts = collector.taken();
        let found = posts.iter().any(|post| {
            let said = String::from_utf8_lossy(&post.bytes);
            post.path == path && said.contains(expected) && said.contains("north.example")
        });
        assert!(found, "{path}: {expected}");
    };
    check("/v1/logs", "node-ready");
    check("/v1/logs", "node-stopping");
    check("/v1/traces", "api-request");
    check("/v1/metrics", "comity.log.records");
}

#[test]
fn a_collector_that_is_gone_or_never_answers_is_in_nobodys_way() {
    let (_dir, member) = member();
    // Takes connections, into the queue of the operating system, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for address in [gone, silent.local_addr().unwrap()] {
        let endpoint = format!("http://{address}");
        let ended = run(
            &member,
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
                ("OTEL_METRIC_EXPORT_INTERVAL", "10"),
            ],
        );
        let told = ended.error.matches("collector-lost").count();
        // Whether the silent one is given up before the node ends is a matter of time; that it is said once is not.
        assert!(told <= 1, "{}", ended.error);
        assert!(told == 1 || address != gone, "{}", ended.error);
    }
}

#[test]
fn without_an_endpoint_there_is_no_thread_for_telemetry() {
    let (_dir, member) = member();
    let threads = |variables: &[(&str, &str)]| {
        let mut node = start(&member, variables);
        // The last line of what it says when it is ready: lines of the log begin with a brace as well.
        node.wait_for("  \"roster\"").unwrap();
        let tasks = std::fs::read_dir(format!("/proc/{}/task", node.id())).unwrap();
        let names =
            tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap());
        let found = names
            .filter(|name| name.starts_with("OpenTelemetry"))
            .count();
        node.terminate().unwrap();
        assert_eq!(node.ended().unwrap().code, Some(0));
        found
    };
    let collector = Collector::start().unwrap();
    let endpoint = collector.endpoint();
    assert_eq!(threads(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]), 3);
    assert_eq!(threads(&[]), 0);
    assert_eq!(threads(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]), 0);
    let disabled = ("OTEL_SDK_DISABLED", "true");
    assert_eq!(
        threads(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), disabled]),
        0
    );
}

#[test]
fn lines_are_objects_when_programs_read_them() {
    let (_dir, member) = member();
    let ended = run(
        &member,
        &[("COMITY_LOG_FORMAT", "json"), ("COMITY_LOG", "debug")],
    );
    let events: Vec<Value> = ended
        .error
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ready = events
        .iter()
        .find(|event| event.get("event").is_some_and(|name| name == "node-ready"));
    let ready = ready.unwrap();
    let field = |name: &str| ready.get(name).and_then(Value::as_str).unwrap();
    assert_eq!(field("target"), "comity.node");
    assert_eq!(field("level"), "INFO");
    assert_eq!(field("member"), "north.example");
}

#[test]
fn settings_that_are_not_understood_stop_the_start() {
    let (_dir, member) = member();
    let check = |variable: &str, value: &str, expected: &str| {
        let ended = start(&member, &[(variable, value)]).ended().unwrap();
        assert_eq!(ended.code, Some(1), "{variable}={value}");
        assert!(ended.error.contains(expected), "{}", ended.error);
    };
    check("COMITY_LOG", "loud", "bad-log-filter");
    check("COMITY_LOG_FORMAT", "yaml", "bad-log-format");
    let endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    check(
        endpoint,
        "https://collector.example",
        "otlp-endpoint-not-http",
    );
    check(endpoint, "collector.example:4318", "otlp-endpoint-not-http");
    check(endpoint, "http://collector .example", "otlp-not-understood");
}
