//! The classification as static data of `comity-taxonomy`.

use std::fmt::Write as _;

use super::{Cell, Choose, Code, Composition, Concept, Facet, Scheme, Status, Taxonomy};

const HEAD: &str = "//! Concepts, labels, schemes and crosswalks.\n\
    // Made from protocol-spec/taxonomy by `cargo xtask spec`. Do not edit by hand.\n\n\
    use crate::concept::{Concept, Facet, Language, Term};\n\
    use crate::relation::Relation;\n\
    use crate::scheme::{Cell, Code, List, Scheme};\n";

/// `data.rs`.
#[must_use]
pub fn data(taxonomy: &Taxonomy) -> String {
    let mut text = HEAD.to_owned();
    let languages: Vec<_> = taxonomy
        .languages
        .iter()
        .map(|language| {
            format!(
                "Language {{ tag: {:?}, name: {:?}, right_to_left: {}, reviewed: {} }}",
                language.tag,
                language.name,
                language.direction == "rtl",
                language.reviewed
            )
        })
        .collect();
    table(&mut text, "LANGUAGES", "Language", &languages);
    let facets: Vec<_> = taxonomy
        .facets
        .iter()
        .map(|one| facet(taxonomy, one))
        .collect();
    table(&mut text, "FACETS", "Facet", &facets);
    let schemes: Vec<_> = taxonomy
        .schemes
        .iter()
        .map(|one| scheme(taxonomy, one))
        .collect();
    table(&mut text, "SCHEMES", "Scheme", &schemes);
    text
}

/// `relation.rs` needs only the table: what two relations in a row come to.
#[must_use]
pub fn composition(composition: &Composition) -> String {
    let Composition { relations, rows } = composition;
    let mut text = String::from(
        "//! How two things stand to one another, and what two such relations in a row come to.\n\
         // Made from protocol-spec/taxonomy/composition.toml by `cargo xtask spec`. Do not edit by hand.\n\n\
         /// How a second thing stands to a first one.\n\
         #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub enum Relation {\n",
    );
    for relation in relations {
        let _ = writeln!(
            text,
            "    /// {}\n    {},",
            relation.meaning,
            camel(&relation.id)
        );
    }
    let all: Vec<_> = relations
        .iter()
        .map(|one| format!("Self::{}", camel(&one.id)))
        .collect();
    let _ = write!(
        text,
        "}}\n\nimpl Relation {{\n    /// Every relation, the closest first.\n    pub const ALL: [Self; {}] = [{}];\n",
        all.len(),
        all.join(", ")
    );
    let arms = |text: &mut String,
                doc: &str,
                name: &str,
                returns: &str,
                of: &dyn Fn(usize) -> String| {
        let _ = write!(
            text,
            "\n    /// {doc}\n    #[must_use]\n    pub const fn {name}(self) -> {returns} {{\n        match self {{\n"
        );
        for (place, relation) in relations.iter().enumerate() {
            let _ = writeln!(
                text,
                "            Self::{} => {},",
                camel(&relation.id),
                of(place)
            );
        }
        text.push_str("        }\n    }\n");
    };
    let at = |place: usize| relations.get(place);
    arms(
        &mut text,
        "The name in every table.",
        "as_str",
        "&'static str",
        &|place| format!("{:?}", at(place).map_or("", |one| &one.id)),
    );
    arms(
        &mut text,
        "In the other direction.",
        "inverse",
        "Self",
        &|place| format!("Self::{}", camel(at(place).map_or("", |one| &one.inverse))),
    );
    let asserting: Vec<_> = relations
        .iter()
        .filter(|one| one.asserts)
        .map(|one| format!("Self::{}", camel(&one.id)))
        .collect();
    let _ = write!(
        text,
        "\n    /// Whether what has the first may be said to have the second.\n    #[must_use]\n    \
         pub const fn asserts(self) -> bool {{\n        matches!(self, {})\n    }}\n",
        asserting.join(" | ")
    );
    text.push_str(
        "\n    /// What this relation and the next one, from where this one led, come to.\n    #[must_use]\n    \
         pub const fn then(self, next: Self) -> Self {\n        match (self, next) {\n",
    );
    let none = relations.last().map_or("", |one| one.id.as_str());
    for row in rows {
        for (next, result) in relations
            .iter()
            .zip(&row.then)
            .filter(|(_, result)| *result != none)
        {
            let _ = writeln!(
                text,
                "            (Self::{}, Self::{}) => Self::{},",
                camel(&row.first),
                camel(&next.id),
                camel(result)
            );
        }
    }
    let _ = write!(
        text,
        "            _ => Self::{},\n        }}\n    }}\n}}\n",
        camel(none)
    );
    text.push_str(
        "\nimpl std::fmt::Display for Relation {\n    \
         fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {\n        f.write_str(self.as_str())\n    }\n}\n",
    );
    text
}

fn table(text: &mut String, name: &str, of: &str, rows: &[String]) {
    let _ = write!(
        text,
        "\npub(crate) static {name}: &[{of}] = &[\n{},\n];\n",
        rows.join(",\n")
    );
}

fn facet(taxonomy: &Taxonomy, facet: &Facet) -> String {
    let concepts: Vec<_> = facet
        .concepts
        .iter()
        .map(|one| concept(taxonomy, facet, one))
        .collect();
    format!(
        "Facet {{ name: {:?}, title: {:?}, many: {}, assessment: {}, rule: {:?}, labels: &{:?}, concepts: &[{}] }}",
        facet.name,
        facet.title,
        facet.choose == Choose::Many,
        facet.assessment,
        facet.rule,
        labels(taxonomy, &facet.label),
        concepts.join(", ")
    )
}

fn concept(taxonomy: &Taxonomy, facet: &Facet, concept: &Concept) -> String {
    format!(
        "Concept {{ term: {}, broader: {}, definition: {:?}, note: {:?}, implies: {}, undecided: {}, source: {:?}, labels: &{:?}, reviewed: &{:?} }}",
        term(&format!("{}/{}", facet.name, concept.id)),
        concept.broader.as_ref().map_or_else(
            || "None".to_owned(),
            |broader| format!("Some({})", term(&format!("{}/{broader}", facet.name)))
        ),
        concept.definition,
        concept.note,
        terms(&concept.implies),
        concept.undecided,
        concept.source,
        labels(taxonomy, &concept.label),
        concept.reviewed
    )
}

fn labels<'t>(
    taxonomy: &'t Taxonomy,
    labels: &'t std::collections::BTreeMap<String, String>,
) -> Vec<&'t str> {
    let tags = taxonomy.languages.iter().map(|language| &language.tag);
    tags.filter_map(|tag| labels.get(tag).map(String::as_str))
        .collect()
}

fn scheme(taxonomy: &Taxonomy, scheme: &Scheme) -> String {
    let mut lists = String::new();
    for list in &scheme.lists {
        let source = list.source.as_ref().unwrap_or(&scheme.source);
        let codes: Vec<_> = list
            .codes
            .iter()
            .map(|one| code(taxonomy, scheme, source, one))
            .collect();
        let _ = write!(
            lists,
            "List {{ id: {:?}, title: {:?}, many: {}, source: {source:?}, codes: &[{}] }}, ",
            list.id,
            list.title,
            list.choose == Choose::Many,
            codes.join(", ")
        );
    }
    format!(
        "Scheme {{ id: {:?}, version: {:?}, title: {:?}, publisher: {:?}, source: {:?}, note: {:?}, lists: &[{lists}] }}",
        scheme.scheme, scheme.version, scheme.title, scheme.publisher, scheme.source, scheme.note
    )
}

/// A code that another scheme took over has the cells of that scheme.
fn code(taxonomy: &Taxonomy, scheme: &Scheme, source: &str, code: &Code) -> String {
    let owner = code
        .same
        .as_ref()
        .and_then(|same| taxonomy.code(same))
        .unwrap_or(code);
    let cells: Vec<_> = owner.cells.iter().map(|one| cell(source, one)).collect();
    let when: Vec<_> = owner.when.iter().map(|set| terms(set)).collect();
    format!(
        "Code {{ code: {:?}, name: {:?}, aliases: &{:?}, version: {:?}, same: {:?}, cells: &[{}], when: &[{}], none: {:?}, note: {:?} }}",
        code.code,
        code.name.as_ref().or(owner.name.as_ref()),
        code.aliases,
        code.version.as_ref().unwrap_or(&scheme.version),
        code.same,
        cells.join(", "),
        when.join(", "),
        code.none,
        code.note.as_ref().or(owner.note.as_ref()),
    )
}

fn cell(source: &str, cell: &Cell) -> String {
    format!(
        "Cell {{ to: {}, relation: Relation::{}, verified: {}, source: {:?} }}",
        term(&cell.to),
        camel(&cell.relation),
        cell.status == Status::Verified,
        cell.source.as_deref().unwrap_or(source)
    )
}

fn terms(ids: &[String]) -> String {
    let terms: Vec<_> = ids.iter().map(|id| term(id)).collect();
    format!("&[{}]", terms.join(", "))
}

fn term(id: &str) -> String {
    let (facet, id) = id.split_once('/').unwrap_or_default();
    format!("Term {{ facet: {facet:?}, id: {id:?} }}")
}

fn camel(id: &str) -> String {
    let mut letters = id.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}
