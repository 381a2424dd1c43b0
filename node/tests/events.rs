//! `docs/EVENTS.md` against the sources: every event and every span is listed as it is, and nothing else is.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

/// `target | name | level | fields` of an event, `name | level | fields` of a span.
#[derive(Default, PartialEq, Debug)]
struct Told {
    events: BTreeSet<String>,
    spans: BTreeSet<String>,
    /// What does not keep to the convention.
    wrong: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Target and content of each source file of the product, without its tests and comments.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("node/src"), root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let within = path.strip_prefix(root()).unwrap().to_str().unwrap();
            let parts: Vec<&str> = within.split('/').collect();
            if path.is_dir() {
                let of_product = parts.len() <= 2 || parts[..3].contains(&"src");
                if of_product && !parts.contains(&"tests") {
                    folders.push(path);
                }
                continue;
            }
            if !within.ends_with(".rs") || within.ends_with("/src/tests.rs") {
                continue;
            }
            let krate = if parts[0] == "node" { "node" } else { parts[1] };
            let target = krate.replace("comity-", "comity.");
            let target = if target == "node" {
                "comity.node".to_owned()
            } else {
                target
            };
            found.push((target, code(&fs::read_to_string(path).unwrap())));
        }
    }
    found
}

fn code(source: &str) -> String {
    let product = source.split("#[cfg(test)]\nmod ").next().unwrap();
    let lines = product.lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What follows an opening parenthesis, up to the closing one, split at its commas.
fn arguments(rest: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    let mut parts = vec![String::new()];
    for each in rest.chars() {
        let last = parts.last_mut().unwrap();
        if quoted {
            quoted = escaped || each != '"';
            escaped = each == '\\' && !escaped;
            last.push(each);
            continue;
        }
        match each {
            '"' => quoted = true,
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        last.push(each);
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// The content of a literal.
fn literal(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// The name of a field, from `name = value`, `%name`, `?name` or `name`.
fn field(argument: &str) -> Option<String> {
    let name = argument.split(" = ").next().unwrap();
    let name = name.trim_start_matches(['%', '?']);
    let is_name = |name: &str| {
        name.chars()
            .all(|each| each.is_ascii_lowercase() || each == '_')
    };
    is_name(name).then(|| name.to_owned())
}

fn is_kebab(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|each| each.is_ascii_lowercase());
    name.split('-').all(is_word)
}

impl Told {
    fn read(target: &str, source: &str) -> Self {
        let mut told = Self::default();
        for (at, opening) in source.match_indices("!(") {
            let before = &source[..at];
            let begins =
                before.rfind(|each: char| !(each.is_ascii_alphanumeric() || "_:".contains(each)));
            let called = &before[begins.map_or(0, |begins| begins + 1)..];
            let arguments = arguments(&source[at + opening.len()..]);
            let calls = called.strip_prefix("tracing::");
            match calls {
                Some(level) if LEVELS.contains(&level) => told.event(target, level, &arguments),
                Some("event") if arguments[0].starts_with("target: \"comity.net\"") => {}
                Some(call) => match call.strip_suffix("_span") {
                    Some(level) if LEVELS.contains(&level) => told.span(target, level, &arguments),
                    _ => told.wrong.push(format!("{target}: tracing::{call}!")),
                },
                None if called.ends_with("emit") && target == "comity.net" => {
                    told.emitted(&arguments);
                }
                None => {}
            }
        }
        for line in source.lines() {
            let imports = line.contains("use tracing::")
                && line
                    .split(|each: char| !each.is_ascii_alphabetic())
                    .any(|word| LEVELS.contains(&word) || word == "event");
            if imports
                || line.contains("instrument]")
                || line.contains("instrument(") && line.contains("#[")
            {
                told.wrong.push(format!("{target}: {}", line.trim()));
            }
        }
        told
    }

    fn event(&mut self, target: &str, level: &str, arguments: &[String]) {
        let of_target = format!("target: \"{target}\"");
        let name = arguments
            .get(1)
            .and_then(|name| literal(name.strip_prefix("event = ")?));
        let fields: Option<Vec<String>> = arguments
            .iter()
            .skip(2)
            .map(|argument| field(argument))
            .collect();
        match (name, fields) {
            (Some(name), Some(fields)) if arguments[0] == of_target && is_kebab(name) => {
                self.events.insert(format!(
                    "{target} | {name} | {level} | {}",
                    fields.join(", ")
                ));
            }
            _ => self
                .wrong
                .push(format!("{target}: {}", arguments.join(", "))),
        }
    }

    fn emitted(&mut self, arguments: &[String]) {
        let level = arguments[0].to_lowercase();
        let event = format!("event = {}", arguments[1]);
        let rest = arguments[2..].iter().cloned();
        let arguments: Vec<String> = ["target: \"comity.net\"".to_owned(), event]
            .into_iter()
            .chain(rest)
            .collect();
        self.event("comity.net", &level, &arguments);
    }

    fn span(&mut self, target: &str, level: &str, arguments: &[String]) {
        let of_target = format!("target: \"{target}\"");
        let name = arguments.get(1).and_then(|name| literal(name));
        let fields: Option<Vec<String>> = arguments
            .iter()
            .skip(2)
            .map(|argument| field(argument))
            .collect();
        match (name, fields) {
            (Some(name), Some(fields)) if arguments[0] == of_target && is_kebab(name) => {
                self.spans
                    .insert(format!("{name} | {level} | {}", fields.join(", ")));
            }
            _ => self
                .wrong
                .push(format!("{target}: {}", arguments.join(", "))),
        }
    }
}

/// What the tables say.
fn listed(contract: &str) -> Told {
    let mut told = Told::default();
    let mut target = String::new();
    for line in contract.lines() {
        if let Some(heading) = line.strip_prefix('#') {
            target = heading.trim_start_matches('#').trim().replace('`', "");
        }
        let ours = target == "Spans" || target.starts_with("comity.");
        if !ours || !line.starts_with("| `") {
            continue;
        }
        let cells: Vec<String> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().replace('`', ""))
            .collect();
        for level in cells[1].split(", ") {
            let row = format!("{} | {level} | {}", cells[0], cells[2]);
            if target == "Spans" {
                told.spans.insert(row);
            } else {
                told.events.insert(format!("{target} | {row}"));
            }
        }
    }
    told
}

#[test]
fn every_event_and_span_is_listed_as_it_is_and_nothing_else_is() {
    let mut told = Told::default();
    for (target, source) in sources() {
        let of_file = Told::read(&target, &source);
        told.events.extend(of_file.events);
        told.spans.extend(of_file.spans);
        told.wrong.extend(of_file.wrong);
    }
    assert!(told.events.len() >= 40 && told.spans.len() >= 4, "{told:?}");
    let contract = fs::read_to_string(root().join("docs/EVENTS.md")).unwrap();
    assert_eq!(told, listed(&contract));
}

#[test]
fn an_event_that_does_not_keep_to_the_convention_is_found() {
    let check = |source: &str, wrong: bool| {
        let told = Told::read("comity.engine", source);
        assert_eq!(!told.wrong.is_empty(), wrong, "{source}: {told:?}");
    };
    check(
        r#"tracing::info!(target: "comity.engine", event = "a-b", case = %id, code);"#,
        false,
    );
    check(
        r#"tracing::info_span!(target: "comity.engine", "commit", bytes);"#,
        false,
    );
    check(
        r#"tracing::info!(target: "comity.engine", event = "a-b", "words");"#,
        true,
    );
    check(
        r#"tracing::info!(target: "comity.engine", event = "a-b", case = %id, "{id}");"#,
        true,
    );
    check(
        r#"tracing::info!(target: "comity.net", event = "a-b");"#,
        true,
    );
    check(r#"tracing::info!(event = "a-b");"#, true);
    check(
        r#"tracing::info!(target: "comity.engine", event = "a b");"#,
        true,
    );
    check(
        r#"tracing::info!(target: "comity.engine", event = name);"#,
        true,
    );
    check(r#"tracing::info!("words");"#, true);
    check(r#"tracing::info_span!("commit");"#, true);
    check(r#"tracing::event!(Level::INFO, "words");"#, true);
    check("use tracing::{Instrument as _, info};", true);
    check("use tracing::Instrument as _;", false);
    check("#[tracing::instrument]", true);
    check("#[instrument(skip(self))]", true);
}
