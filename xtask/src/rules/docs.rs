//! What the documentation claims is so: commands exist, links lead somewhere, named tests are there.

use super::{Tested, assert_clean, files_below};
use crate::Cli;
use crate::process::root;
use clap::{CommandFactory, Parser, error::ErrorKind};
use std::fs;
use std::path::{Path, PathBuf};

const COMMAND: &str = "cargo xtask ";

fn pages() -> std::io::Result<Vec<(PathBuf, String)>> {
    let paths = files_below(&root(), ".md")?;
    paths
        .into_iter()
        .map(|path| fs::read_to_string(&path).map(|text| (path, text)))
        .collect()
}

fn shown(page: &Path) -> String {
    page.strip_prefix(root())
        .unwrap_or(page)
        .display()
        .to_string()
}

/// Every `cargo xtask …` in a text, as one would type it.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        for (_, rest) in line
            .match_indices(COMMAND)
            .map(|(at, _)| line.split_at(at + COMMAND.len()))
        {
            let end = rest
                .find(['`', '#', '|', '"', ';', '&'])
                .unwrap_or(rest.len());
            let (typed, _) = rest.split_at(end);
            found.push(
                typed
                    .trim()
                    .trim_end_matches(['.', ',', ')', ':'])
                    .to_owned(),
            );
        }
    }
    found
}

/// `Err` with clap's own words if the command would not be understood. A lone `…` stands for any command.
fn understood(typed: &str) -> Result<(), String> {
    if matches!(typed, "…" | "...") {
        return Ok(());
    }
    match Cli::try_parse_from(std::iter::once("xtask").chain(typed.split_whitespace())) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => Ok(()),
        Err(error) => Err(error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()),
    }
}

/// Every target of `[text](target)` outside of code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            // What stands between backticks is code as well: the even pieces are not.
            let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
            let targets = prose
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split_once(')'));
            found.extend(targets.map(|(target, _)| target.to_owned()));
        }
    }
    found
}

/// `Err` if a relative link leads nowhere, or to a heading that is not there.
fn leads_somewhere(page: &Path, link: &str) -> Result<(), String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return Ok(());
    }
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() {
        page.to_path_buf()
    } else {
        page.parent().unwrap_or(page).join(file)
    };
    if !target.exists() {
        return Err(format!(
            "{} links to {link}: there is no such file",
            shown(page)
        ));
    }
    if heading.is_empty() || !file.is_empty() && !file.ends_with(".md") {
        return Ok(());
    }
    let text =
        fs::read_to_string(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    let mut headings = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(anchor);
    if headings.any(|other| other == heading) {
        Ok(())
    } else {
        Err(format!(
            "{} links to {link}: there is no such heading",
            shown(page)
        ))
    }
}

/// As the usual renderers name it: lower case, spaces as hyphens, other marks dropped.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// What an invariant says it is held by: what is between backticks after "Held by", up to the end of the paragraph.
fn held_by(paragraph: &str) -> Vec<String> {
    let after = paragraph
        .split_once("Held by")
        .map_or("", |(_, after)| after);
    let names = after.split('`').skip(1).step_by(2);
    names
        .map(|name| name.rsplit("::").next().unwrap_or(name).to_owned())
        .collect()
}

/// A test, a type that only the stage before can make, or a check of `cargo xtask`.
fn exists(holder: &str, code: &str) -> bool {
    if let Some(typed) = holder.strip_prefix(COMMAND) {
        return understood(typed).is_ok();
    }
    if holder.starts_with(|first: char| first.is_ascii_uppercase()) {
        return ["<", " ", "("]
            .iter()
            .any(|end| code.contains(&format!("pub struct {holder}{end}")));
    }
    code.contains(&format!("fn {holder}("))
}

#[test]
fn every_xtask_command_that_a_page_shows_is_understood() -> Tested {
    let mut findings = Vec::new();
    for (page, text) in pages()? {
        for typed in commands(&text) {
            if let Err(reason) = understood(&typed) {
                findings.push(format!("{} shows `cargo xtask {typed}`, which is not a command ({reason}): change one of them", shown(&page)));
            }
        }
    }
    assert_clean(&findings);
    Ok(())
}

#[test]
fn every_command_has_help_with_an_example_that_is_understood() {
    let mut open = vec![Cli::command()];
    while let Some(command) = open.pop() {
        if command.has_subcommands() {
            open.extend(
                command
                    .get_subcommands()
                    .filter(|sub| sub.get_name() != "help")
                    .cloned(),
            );
        }
        if command.get_name() == "cargo xtask" {
            continue;
        }
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name} has no help");
        assert!(
            !commands(&help).is_empty(),
            "{name} has no example in its help"
        );
        for typed in commands(&help) {
            assert_eq!(
                understood(&typed),
                Ok(()),
                "the example of {name} is not understood"
            );
        }
    }
}

#[test]
fn every_relative_link_leads_to_a_file_and_heading_that_exist() -> Tested {
    let mut findings = Vec::new();
    for (page, text) in pages()? {
        findings.extend(
            links(&text)
                .iter()
                .filter_map(|link| leads_somewhere(&page, link).err()),
        );
    }
    assert_clean(&findings);
    Ok(())
}

#[test]
fn every_decision_is_in_the_list_of_decisions() -> Tested {
    let folder = root().join("docs/decisions");
    let listed = links(&fs::read_to_string(folder.join("README.md"))?);
    let mut findings = Vec::new();
    for page in files_below(&folder, ".md")? {
        let name = page
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name != "README.md" && !listed.contains(&name) {
            findings.push(format!(
                "docs/decisions/README.md does not list {name}: add a line"
            ));
        }
    }
    assert_clean(&findings);
    Ok(())
}

#[test]
fn every_architecture_invariant_names_a_holder_that_exists() -> Tested {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md"))?;
    let mut code = String::new();
    for path in files_below(&root(), ".rs")? {
        code += &fs::read_to_string(path)?;
    }
    let mut findings = Vec::new();
    for paragraph in text
        .split("\n\n")
        .filter(|paragraph| paragraph.contains("**Architecture Invariant:**"))
    {
        let names = held_by(paragraph);
        let start: String = paragraph.chars().take(100).collect();
        if names.is_empty() {
            findings.push(format!(
                "this invariant names nothing after \"Held by\": {start}"
            ));
        }
        for name in names.iter().filter(|name| !exists(name, &code)) {
            findings.push(format!("there is no {name}, which should hold: {start}"));
        }
    }
    assert_clean(&findings);
    Ok(())
}

#[test]
fn an_unknown_command_is_found_and_a_known_one_is_not() {
    let text = "Run `cargo xtask test`, then `cargo xtask bench core --quick`.\n    cargo xtask polish --hard  # shiny\n";
    let found = commands(text);
    assert_eq!(found, ["test", "bench core --quick", "polish --hard"]);
    let verdicts: Vec<_> = found
        .iter()
        .map(|typed| understood(typed).is_ok())
        .collect();
    assert_eq!(verdicts, [true, true, false]);
    assert!(understood("test --only no-such-suite").is_err());
    assert_eq!(understood("--help"), Ok(()));
}

#[test]
fn a_link_that_leads_nowhere_is_found() -> Tested {
    let dir = tempfile::tempdir()?;
    let page = dir.path().join("README.md");
    fs::write(&page, "# What it is, now\n")?;
    for (link, leads) in [
        ("README.md", true),
        ("#what-it-is-now", true),
        ("README.md#what-it-is-now", true),
        ("README.md#elsewhere", false),
        ("missing.md", false),
        ("https://example.com/missing", true),
    ] {
        assert_eq!(leads_somewhere(&page, link).is_ok(), leads, "{link}");
    }
    assert_eq!(
        links("[a](b.md) and `[c](d.md)`\n```\n[e](f.md)\n```\n[g](h.md#i)"),
        ["b.md", "h.md#i"]
    );
    Ok(())
}

#[test]
fn what_holds_an_invariant_is_read_from_its_paragraph() {
    let paragraph =
        "**Architecture Invariant:** `x` is pure.\nHeld by `rules::graph::x_is_pure` and `y_too`.";
    assert_eq!(held_by(paragraph), ["x_is_pure", "y_too"]);
    assert!(held_by("**Architecture Invariant:** `x` is pure.").is_empty());
    let code = "pub struct Signed<'a> {} fn x_is_pure() {}";
    for (holder, expected) in [
        ("Signed", true),
        ("Received", false),
        ("x_is_pure", true),
        ("y_too", false),
    ] {
        assert_eq!(exists(holder, code), expected, "{holder}");
    }
    assert!(exists("cargo xtask spec --check", code) && !exists("cargo xtask polish", code));
}
