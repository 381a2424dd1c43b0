//! The classification in SKOS, as Turtle, so that the tools of the field can read it.
//!
//! Each facet and each list of another scheme is a `skos:ConceptScheme`. What SKOS has no word for (what follows from
//! a concept by definition, when a code may be written) stays in the TOML.

use std::fmt::Write as _;

use super::{Cell, Code, Concept, Facet, List, Scheme, Taxonomy};

/// A reserved name: the ids are names, not addresses.
const BASE: &str = "https://comity.example/taxonomy/";

/// `comity.ttl`.
#[must_use]
pub fn turtle(taxonomy: &Taxonomy) -> String {
    let mut text = String::from(
        "# Made from protocol-spec/taxonomy by `cargo xtask spec`. Do not edit by hand.\n\
         @prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n\
         @prefix dct: <http://purl.org/dc/terms/> .\n",
    );
    for facet in &taxonomy.facets {
        facet_block(&mut text, facet);
        for concept in &facet.concepts {
            concept_block(&mut text, facet, concept);
        }
    }
    for scheme in &taxonomy.schemes {
        for list in &scheme.lists {
            list_block(&mut text, scheme, list);
            for code in &list.codes {
                code_block(&mut text, scheme, list, code);
            }
        }
    }
    text
}

fn facet_block(text: &mut String, facet: &Facet) {
    let mut lines = vec!["a skos:ConceptScheme".to_owned()];
    lines.extend(
        facet
            .label
            .iter()
            .map(|(tag, label)| labelled("skos:prefLabel", label, tag)),
    );
    lines.push(labelled("dct:title", &facet.title, "en"));
    lines.push(labelled("skos:scopeNote", &facet.rule, "en"));
    block(text, &facet_iri(&facet.name), &lines);
}

fn concept_block(text: &mut String, facet: &Facet, concept: &Concept) {
    let mut lines = vec![
        "a skos:Concept".to_owned(),
        format!("skos:inScheme {}", facet_iri(&facet.name)),
        format!("skos:notation {}", quoted(&concept.id)),
    ];
    lines.extend(
        concept
            .label
            .iter()
            .map(|(tag, label)| labelled("skos:prefLabel", label, tag)),
    );
    lines.push(labelled("skos:definition", &concept.definition, "en"));
    lines.extend(
        concept
            .note
            .iter()
            .map(|note| labelled("skos:scopeNote", note, "en")),
    );
    match &concept.broader {
        Some(broader) => lines.push(format!(
            "skos:broader {}",
            concept_iri(&format!("{}/{broader}", facet.name))
        )),
        None => lines.push(format!("skos:topConceptOf {}", facet_iri(&facet.name))),
    }
    lines.push(format!("dct:source {}", quoted(&concept.source)));
    block(
        text,
        &concept_iri(&format!("{}/{}", facet.name, concept.id)),
        &lines,
    );
}

fn list_block(text: &mut String, scheme: &Scheme, list: &List) {
    let title = format!("{}: {}", scheme.title, list.title);
    let lines = [
        "a skos:ConceptScheme".to_owned(),
        labelled("skos:prefLabel", &title, "en"),
        format!("dct:publisher {}", quoted(&scheme.publisher)),
        format!("dct:hasVersion {}", quoted(&scheme.version)),
        format!(
            "dct:source {}",
            quoted(list.source.as_ref().unwrap_or(&scheme.source))
        ),
    ];
    block(text, &list_iri(&scheme.scheme, &list.id), &lines);
}

/// A code is a quotation: it has a notation, and its label is the code itself.
fn code_block(text: &mut String, scheme: &Scheme, list: &List, code: &Code) {
    let label = code.name.as_ref().unwrap_or(&code.code);
    let mut lines = vec![
        "a skos:Concept".to_owned(),
        format!("skos:inScheme {}", list_iri(&scheme.scheme, &list.id)),
        format!("skos:notation {}", quoted(&code.code)),
        labelled("skos:prefLabel", label, "en"),
    ];
    if let Some(same) = &code.same {
        let mut parts = same.splitn(3, '/');
        let mut next = || parts.next().unwrap_or_default();
        lines.push(format!(
            "skos:exactMatch {}",
            code_iri(next(), next(), next())
        ));
    }
    lines.extend(code.cells.iter().map(mapping));
    let note = code.note.iter().chain(&code.none);
    lines.extend(note.map(|note| labelled("skos:scopeNote", note, "en")));
    block(
        text,
        &code_iri(&scheme.scheme, &list.id, &code.code),
        &lines,
    );
}

fn mapping(cell: &Cell) -> String {
    let property = match cell.relation.as_str() {
        "exact" => "skos:exactMatch",
        "broader" => "skos:broadMatch",
        "narrower" => "skos:narrowMatch",
        _ => "skos:relatedMatch",
    };
    format!("{property} {}", concept_iri(&cell.to))
}

fn block(text: &mut String, subject: &str, lines: &[String]) {
    let _ = write!(text, "\n{subject}\n    {} .\n", lines.join(" ;\n    "));
}

fn labelled(property: &str, label: &str, tag: &str) -> String {
    format!("{property} {}@{tag}", quoted(label))
}

fn facet_iri(name: &str) -> String {
    format!("<{BASE}{name}>")
}

fn concept_iri(id: &str) -> String {
    format!("<{BASE}{id}>")
}

fn list_iri(scheme: &str, list: &str) -> String {
    format!("<{BASE}scheme/{scheme}/{list}>")
}

/// What is not a letter or digit of ASCII is percent-encoded: codes have spaces, quotes and `#`.
fn code_iri(scheme: &str, list: &str, code: &str) -> String {
    let mut iri = format!("<{BASE}scheme/{scheme}/{list}/");
    for byte in code.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            iri.push(char::from(byte));
        } else {
            let _ = write!(iri, "%{byte:02X}");
        }
    }
    iri.push('>');
    iri
}

fn quoted(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{text}\"")
}
