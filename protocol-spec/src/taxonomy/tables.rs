//! The classification as tables of pages.
//!
//! | name of the table | what it is |
//! | --- | --- |
//! | `taxonomy facets`, `taxonomy languages`, `taxonomy schemes`, `taxonomy composition`, `taxonomy relations` | lists of them |
//! | `taxonomy FACET` | the concepts of a facet |
//! | `labels FACET` | their labels in every language |
//! | `crosswalk SCHEME` | its codes and how they stand to our concepts |

use std::fmt::Write as _;

use super::{Choose, Code, Composition, Facet, Scheme, Taxonomy};

/// The table of that name.
///
/// # Errors
/// A sentence, when there is none.
pub fn table(taxonomy: &Taxonomy, words: &[&str]) -> Result<String, String> {
    let facet = |name: &str| {
        let found = taxonomy.facet(name);
        found.ok_or_else(|| format!("there is no taxonomy/facets/{name}.toml"))
    };
    match words {
        ["taxonomy", "facets"] => Ok(facets(taxonomy)),
        ["taxonomy", "languages"] => Ok(languages(taxonomy)),
        ["taxonomy", "schemes"] => Ok(schemes(taxonomy)),
        ["taxonomy", "relations"] => Ok(relations(&taxonomy.composition)),
        ["taxonomy", "composition"] => Ok(composition(&taxonomy.composition)),
        ["taxonomy", name] => Ok(concepts(facet(name)?)),
        ["labels", name] => Ok(labels(taxonomy, facet(name)?)),
        ["crosswalk", name] => {
            let scheme = taxonomy.scheme(name);
            let scheme =
                scheme.ok_or_else(|| format!("there is no taxonomy/crosswalks/{name}.toml"))?;
            Ok(crosswalk(scheme))
        }
        _ => Err(format!("nothing makes a table `{}`", words.join(" "))),
    }
}

fn facets(taxonomy: &Taxonomy) -> String {
    let mut text =
        String::from("| facet | question | values | rule |\n| --- | --- | --- | --- |\n");
    for facet in &taxonomy.facets {
        let _ = writeln!(
            text,
            "| `{}` | {}{} | {} | {} |",
            facet.name,
            facet.title,
            if facet.assessment {
                ""
            } else {
                " (not in an assessment)"
            },
            chosen(facet.choose),
            facet.rule
        );
    }
    text
}

fn chosen(choose: Choose) -> &'static str {
    match choose {
        Choose::One => "one",
        Choose::Many => "any number",
    }
}

fn languages(taxonomy: &Taxonomy) -> String {
    let mut text = String::from(
        "| tag | language | direction | read by a native speaker of the field |\n| --- | --- | --- | --- |\n",
    );
    for language in &taxonomy.languages {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            language.tag,
            language.name,
            if language.direction == "rtl" {
                "right to left"
            } else {
                "left to right"
            },
            if language.reviewed { "yes" } else { "not yet" }
        );
    }
    text
}

fn schemes(taxonomy: &Taxonomy) -> String {
    let mut text = String::from(
        "| scheme | version | what it is | publisher | read in |\n| --- | --- | --- | --- | --- |\n",
    );
    for scheme in &taxonomy.schemes {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            scheme.scheme, scheme.version, scheme.title, scheme.publisher, scheme.source
        );
    }
    text
}

fn relations(composition: &Composition) -> String {
    let mut text = String::from(
        "| relation | meaning | the other way | may be asserted |\n| --- | --- | --- | --- |\n",
    );
    for relation in &composition.relations {
        let _ = writeln!(
            text,
            "| `{}` | {} | `{}` | {} |",
            relation.id,
            relation.meaning,
            relation.inverse,
            if relation.asserts { "yes" } else { "no" }
        );
    }
    text
}

fn composition(composition: &Composition) -> String {
    let names: Vec<_> = composition
        .relations
        .iter()
        .map(|relation| format!("then `{}`", relation.id))
        .collect();
    let mut text = format!(
        "| first | {} |\n|{}\n",
        names.join(" | "),
        " --- |".repeat(names.len() + 1)
    );
    for row in &composition.rows {
        let _ = writeln!(text, "| `{}` | {} |", row.first, row.then.join(" | "));
    }
    text
}

fn concepts(facet: &Facet) -> String {
    let mut text = String::from(
        "| concept | label | broader | definition | note | source |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for concept in &facet.concepts {
        let follows: Vec<_> = concept
            .implies
            .iter()
            .map(|implied| format!(" Implies `{implied}`."))
            .collect();
        let _ = writeln!(
            text,
            "| `{}/{}` | {} | {} | {}{} | {} | {} |",
            facet.name,
            concept.id,
            concept.label.get("en").map_or("", String::as_str),
            concept
                .broader
                .as_ref()
                .map_or_else(String::new, |broader| format!("`{broader}`")),
            concept.definition,
            follows.concat(),
            concept.note.as_deref().unwrap_or_default(),
            concept.source
        );
    }
    text
}

fn labels(taxonomy: &Taxonomy, facet: &Facet) -> String {
    let tags: Vec<_> = taxonomy
        .languages
        .iter()
        .map(|language| language.tag.as_str())
        .collect();
    let mut text = format!(
        "| concept | {} |\n|{}\n",
        tags.join(" | "),
        " --- |".repeat(tags.len() + 1)
    );
    for concept in &facet.concepts {
        let labels: Vec<_> = tags
            .iter()
            .map(|tag| concept.label.get(*tag).map_or("", String::as_str))
            .collect();
        let _ = writeln!(
            text,
            "| `{}/{}` | {} |",
            facet.name,
            concept.id,
            labels.join(" | ")
        );
    }
    text
}

fn crosswalk(scheme: &Scheme) -> String {
    let mut text = format!(
        "{}, version {}. Publisher: {}. Read in: {}.\n",
        scheme.title, scheme.version, scheme.publisher, scheme.source
    );
    if let Some(note) = &scheme.note {
        let _ = writeln!(text, "\n{note}");
    }
    for list in &scheme.lists {
        let source = list
            .source
            .as_ref()
            .map_or_else(String::new, |source| format!(" Read in: {source}."));
        let _ = write!(
            text,
            "\n**{}** (`{}`, {} of them).{source}\n\n\
             | code | relation | concept | status | written when | note |\n| --- | --- | --- | --- | --- | --- |\n",
            list.title,
            list.id,
            chosen(list.choose)
        );
        for code in &list.codes {
            code_rows(&mut text, scheme, code);
        }
    }
    text
}

fn code_rows(text: &mut String, scheme: &Scheme, code: &Code) {
    let name = code
        .name
        .as_ref()
        .map_or_else(String::new, |name| format!(" “{name}”"));
    let version = code
        .version
        .as_ref()
        .filter(|version| **version != scheme.version);
    let version = version.map_or_else(String::new, |version| format!(" (version {version})"));
    let shown = format!("`{}`{name}{version}", code.code);
    if let Some(same) = &code.same {
        let _ = writeln!(
            text,
            "| {shown} | exact | the code `{same}` | | as there | |"
        );
        return;
    }
    if let Some(none) = &code.none {
        let _ = writeln!(text, "| {shown} | none | | | never | {none} |");
        return;
    }
    let conditions = written_when(code);
    for (place, cell) in code.cells.iter().enumerate() {
        let first = place == 0;
        let _ = writeln!(
            text,
            "| {} | {} | `{}` | {} | {} | {} |",
            if first { shown.as_str() } else { "" },
            cell.relation,
            cell.to,
            cell.status.as_str(),
            if first { conditions.as_str() } else { "" },
            if first {
                code.note.as_deref().unwrap_or_default()
            } else {
                ""
            }
        );
    }
}

/// What is enough to write a code: an exact or narrower concept, or a set of concepts.
fn written_when(code: &Code) -> String {
    let single = code
        .cells
        .iter()
        .filter(|cell| matches!(cell.relation.as_str(), "exact" | "narrower"));
    let single = single.map(|cell| format!("`{}`", cell.to));
    let sets = code.when.iter().map(|set| {
        let set: Vec<_> = set.iter().map(|id| format!("`{id}`")).collect();
        set.join(" and ")
    });
    let ways: Vec<_> = single.chain(sets).collect();
    if ways.is_empty() {
        "never".into()
    } else {
        ways.join(", or ")
    }
}
