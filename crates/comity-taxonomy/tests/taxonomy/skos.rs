//! The export, read by a library that is not ours, keeps the integrity conditions of SKOS.

use std::collections::{BTreeMap, BTreeSet};

use comity_taxonomy::{COMITY, TURTLE};
use oxrdf::{Term, Triple};
use oxttl::TurtleParser;

const SKOS: &str = "http://www.w3.org/2004/02/skos/core#";

fn triples(turtle: &str) -> Vec<Triple> {
    let parsed: Result<Vec<_>, _> = TurtleParser::new().for_slice(turtle.as_bytes()).collect();
    parsed.unwrap()
}

/// Subject and object of each triple with that property.
fn pairs(triples: &[Triple], property: &str) -> BTreeSet<(String, String)> {
    let of = triples
        .iter()
        .filter(|triple| triple.predicate.as_str() == format!("{SKOS}{property}"));
    of.map(|triple| (triple.subject.to_string(), triple.object.to_string()))
        .collect()
}

fn reversed(pairs: &BTreeSet<(String, String)>) -> BTreeSet<(String, String)> {
    pairs
        .iter()
        .map(|(one, other)| (other.clone(), one.clone()))
        .collect()
}

fn transitive(pairs: BTreeSet<(String, String)>) -> BTreeSet<(String, String)> {
    let mut next: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (one, other) in pairs {
        next.entry(one).or_default().insert(other);
    }
    let mut found = BTreeSet::new();
    for start in next.keys() {
        let mut open = vec![start.clone()];
        while let Some(at) = open.pop() {
            for to in next.get(&at).into_iter().flatten() {
                if found.insert((start.clone(), to.clone())) {
                    open.push(to.clone());
                }
            }
        }
    }
    found
}

/// What SKOS forbids, as sentences.
fn violations(triples: &[Triple]) -> Vec<String> {
    let mut found = Vec::new();
    let concepts: BTreeSet<String> = triples
        .iter()
        .filter(|triple| triple.object.to_string() == format!("<{SKOS}Concept>"))
        .map(|triple| triple.subject.to_string())
        .collect();
    // S14: one preferred label for each language.
    let mut labels = BTreeSet::new();
    for triple in triples
        .iter()
        .filter(|triple| triple.predicate.as_str() == format!("{SKOS}prefLabel"))
    {
        let Term::Literal(label) = &triple.object else {
            found.push(format!("{} has a label that is no text", triple.subject));
            continue;
        };
        let language = label.language().unwrap_or_default().to_owned();
        if !labels.insert((triple.subject.to_string(), language.clone())) {
            found.push(format!("{} has two labels in {language}", triple.subject));
        }
    }
    let exact = pairs(triples, "exactMatch");
    let exact = transitive(exact.union(&reversed(&exact)).cloned().collect());
    let mut broader = pairs(triples, "broader");
    broader.extend(pairs(triples, "broadMatch"));
    broader.extend(reversed(&pairs(triples, "narrowMatch")));
    let related = pairs(triples, "relatedMatch");
    let related: BTreeSet<_> = related.union(&reversed(&related)).cloned().collect();
    let all = transitive(broader.clone());
    // No circle of broader concepts.
    found.extend(
        all.iter()
            .filter(|(one, other)| one == other)
            .map(|(one, _)| format!("{one} is broader than itself")),
    );
    // S27: what is related is not broader. S46: what is exact is neither.
    found.extend(
        all.intersection(&related)
            .map(|(one, other)| format!("{one} is related to {other} and narrower")),
    );
    found.extend(
        exact
            .iter()
            .filter(|pair| all.contains(*pair) || related.contains(*pair))
            .map(|(one, other)| format!("{one} is {other}, and is not")),
    );
    let ends = broader
        .iter()
        .chain(&related)
        .chain(&exact)
        .flat_map(|(one, other)| [one, other]);
    found.extend(
        ends.filter(|end| !concepts.contains(*end))
            .map(|end| format!("{end} is no concept")),
    );
    found
}

#[test]
fn the_export_keeps_the_conditions_of_skos() {
    assert_eq!(violations(&triples(TURTLE)), Vec::<String>::new());
}

#[test]
fn the_export_has_every_concept_label_code_and_cell() {
    let triples = triples(TURTLE);
    let count = |property: &str| {
        triples
            .iter()
            .filter(|triple| triple.predicate.as_str() == format!("{SKOS}{property}"))
            .count()
    };
    let codes: Vec<_> = COMITY
        .schemes
        .iter()
        .flat_map(|scheme| scheme.codes())
        .collect();
    let concepts = COMITY.concepts().count();
    let lists: usize = COMITY.schemes.iter().map(|scheme| scheme.lists.len()).sum();
    let headings = COMITY.facets.len() * COMITY.languages.len();
    assert_eq!(count("notation"), concepts + codes.len());
    assert_eq!(
        count("prefLabel"),
        concepts * COMITY.languages.len() + headings + codes.len() + lists
    );
    assert_eq!(count("definition"), concepts);
    let mappings: usize = ["exactMatch", "broadMatch", "narrowMatch", "relatedMatch"]
        .into_iter()
        .map(count)
        .sum();
    let cells: usize = codes
        .iter()
        .map(|code| {
            if code.code.same.is_some() {
                1
            } else {
                code.code.cells.len()
            }
        })
        .sum();
    assert_eq!(mappings, cells);
    println!(
        "{} triples, {concepts} concepts, {} codes, {mappings} mappings",
        triples.len(),
        codes.len()
    );
}

#[test]
fn what_breaks_a_condition_is_found() {
    let head = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix : <https://comity.example/> .\n\
                :a a skos:Concept . :b a skos:Concept . :c a skos:Concept .\n";
    let check = |body: &str, expected: &str| {
        let found = violations(&triples(&format!("{head}{body}")));
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{body}: {found:?}"
        );
    };
    assert_eq!(violations(&triples(head)), Vec::<String>::new());
    check(":a skos:prefLabel \"x\"@en, \"y\"@en .", "two labels in en");
    check(
        ":a skos:broader :b . :b skos:broader :a .",
        "broader than itself",
    );
    check(
        ":a skos:broader :b . :b skos:broader :c . :a skos:relatedMatch :c .",
        "is related to",
    );
    check(
        ":a skos:exactMatch :b . :b skos:exactMatch :c . :a skos:broadMatch :c .",
        "and is not",
    );
    check(":a skos:broader :d .", "is no concept");
}
