//! The chapters agree with the registries and with one another: each code has one
//! place that says when it is the answer, sections are numbered in order, and what a
//! link names is there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use comity_spec::registry::{Registry, read_all};

/// The chapters, in order. A number in the text means a place in this list.
const CHAPTERS: [&str; 18] = [
    "01-overview.md",
    "02-encoding.md",
    "03-statements.md",
    "04-parts-and-kinds.md",
    "05-fold.md",
    "06-exchange-and-hello.md",
    "07-trust.md",
    "08-log-and-receipts.md",
    "09-witness.md",
    "10-audit.md",
    "11-taxonomy.md",
    "12-errors.md",
    "13-limits.md",
    "14-security.md",
    "15-privacy.md",
    "16-versioning.md",
    "17-clocks.md",
    "18-conformance.md",
];

/// The registries whose codes the chapters explain.
const CODES: [&str; 9] = [
    "check",
    "transition",
    "exchange-code",
    "chain-code",
    "log-code",
    "audit-code",
    "witness-code",
    "finding",
    "object-code",
];

/// What stands before the name of a code at the place that explains it.
const MARK: &str = "**⇒ `";

/// A page, without its code blocks: what looks like a mark or a link there is none.
struct Page {
    path: PathBuf,
    prose: String,
}

fn page(path: PathBuf) -> Page {
    let text = std::fs::read_to_string(&path).unwrap();
    let prose = text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
    Page { path, prose }
}

fn chapters() -> Vec<Page> {
    let paths = CHAPTERS.iter().map(|name| comity_spec::root().join(name));
    paths.map(page).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn codes(registry: &Registry) -> impl Iterator<Item = String> {
    let values = registry.values.iter();
    values.map(|value| value.code.as_ref().unwrap_or(&value.id).clone())
}

#[test]
fn every_code_has_one_place_that_says_when_it_is_the_answer() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for chapter in chapters() {
        for marked in chapter.prose.split(MARK).skip(1) {
            let (code, after) = marked.split_once('`').unwrap();
            assert!(after.starts_with("**"), "{code} in {}", name(&chapter.path));
            let found = places.entry(code.to_owned()).or_default();
            found.push(name(&chapter.path));
        }
    }
    let registries = read_all(&comity_spec::root().join("registries")).unwrap();
    let mut known = BTreeSet::new();
    for registry in CODES {
        let registry = registries.iter().find(|known| known.name == registry);
        let registry = registry.unwrap();
        for code in codes(registry) {
            let code = format!("{}/{code}", registry.name);
            let found = places.get(&code).map_or(0, Vec::len);
            assert_eq!(found, 1, "{code}: {:?}", places.get(&code));
            known.insert(code);
        }
    }
    for (code, found) in &places {
        assert!(known.contains(code), "there is no code {code}: {found:?}");
    }
    println!("{} codes have their place", places.len());
}

#[test]
fn sections_are_numbered_in_order() {
    for chapter in chapters() {
        let name = name(&chapter.path);
        let number: usize = name.get(..2).unwrap().parse().unwrap();
        let mut headings = chapter.prose.lines().filter(|line| line.starts_with('#'));
        let title = headings.next().unwrap();
        assert!(title.starts_with(&format!("# {number} ")), "{title}");
        let sections = headings.filter(|line| line.starts_with("## "));
        for (line, section) in sections.zip(1..) {
            let expected = format!("## {number}.{section} ");
            assert!(
                line.starts_with(&expected),
                "{name}: {line}: not {expected}"
            );
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    let root = comity_spec::root();
    let mut pages = chapters();
    pages.push(page(root.join("README.md")));
    pages.push(page(root.join("vectors/README.md")));
    let mut count = 0;
    for from in &pages {
        for (text, target) in links(&from.prose) {
            let place = format!("{}: [{text}]({target})", name(&from.path));
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = match file {
                "" => from.path.clone(),
                file => from.path.parent().unwrap().join(file),
            };
            assert!(path.exists(), "{place}");
            if !anchor.is_empty() {
                let anchors = anchors(&page(path).prose);
                assert!(anchors.contains(anchor), "{place}: {anchors:?}");
            }
            if let Some(number) = text.strip_prefix("section ") {
                let digits = number.replace('.', "") + "-";
                assert!(anchor.starts_with(&digits), "{place}");
            }
            if let Some(number) = text.strip_prefix("chapter ") {
                let (_, chapter) = file.rsplit_once('/').unwrap_or(("", file));
                assert!(chapter.starts_with(&format!("{number:0>2}-")), "{place}");
            }
            count += 1;
        }
    }
    println!("{count} links");
}

/// Text and target of every link to something of this repository.
fn links(prose: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = prose;
    while let Some((before, after)) = rest.split_once("](") {
        let (target, _) = after.split_once(')').unwrap();
        let text = before.rsplit_once('[').unwrap().1.replace('\n', " ");
        if !target.starts_with("http") {
            found.push((text, target.to_owned()));
        }
        rest = after;
    }
    found
}

/// The names that a browser of the repository gives to headings.
fn anchors(prose: &str) -> BTreeSet<String> {
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
            kept.map(|letter| if letter == ' ' { '-' } else { letter })
                .collect()
        })
        .collect()
}

/// What people wrote in a page: without the tables that are made.
fn written(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, made)) = rest.split_once("<!-- BEGIN TABLE ") {
        kept.push_str(before);
        rest = made.split_once("<!-- END TABLE -->").unwrap().1;
    }
    kept + rest
}

/// The pages of a folder that are not made as a whole.
fn pages_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .filter(|path| !path.ends_with("registries.md"))
        .collect()
}

#[test]
fn no_page_says_by_hand_what_a_registry_says() {
    let spec = comity_spec::root();
    let top = spec.parent().unwrap();
    let folders = [
        top.to_owned(),
        top.join("docs"),
        top.join("testnet/interop"),
        spec.clone(),
    ];
    let registries = read_all(&spec.join("registries")).unwrap();
    for path in folders.iter().flat_map(|folder| pages_below(folder)) {
        let text = written(&std::fs::read_to_string(&path).unwrap());
        for row in text.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            for value in registries.iter().flat_map(|registry| &registry.values) {
                if cells.get(1) != Some(&format!("`{}`", value.id).as_str()) {
                    continue;
                }
                let number = value.value.map(|number| number.to_string());
                let typed = cells.iter().skip(2).find(|cell| {
                    (!value.meaning.is_empty() && **cell == value.meaning)
                        || number.as_deref() == Some(**cell)
                });
                assert_eq!(typed, None, "{}: {row}", path.display());
            }
        }
    }
}
