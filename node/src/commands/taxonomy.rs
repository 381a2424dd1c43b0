//! `comity taxonomy`: the classification, its labels, and codes of other schemes in it. Needs no node.
//!
//! ```text
//! list       facets and concepts, or the codes of a scheme
//! show       one concept: definition, labels, and which codes of others stand to it
//! translate  codes of one scheme in another, explained
//! export     all of it in SKOS
//! ```

use std::fmt::Write as _;

use clap::{Subcommand, ValueEnum};
use comity_taxonomy::{
    COMITY, CodeRef, Concept, Contradiction, Facts, OWN, Scheme, TURTLE, Term, Translation,
    UnknownCode, words,
};
use serde_json::{Value, json};

use crate::error::{Exit, Failure};
use crate::output::Output;
use crate::tables::{Table, plain};

/// What to look up.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the concepts, those of one facet, or the codes of a scheme
    #[command(after_help = "Example:\n  comity taxonomy list severity --lang fr")]
    List {
        /// A facet, such as severity, age or context [default: all]
        #[arg(value_name = "FACET", conflicts_with = "scheme")]
        facet: Option<String>,
        /// Codes of this scheme in place of our concepts; `all` lists the schemes
        #[arg(long, value_name = "SCHEME")]
        scheme: Option<String>,
        /// The language of the labels: en, fr, es, pt, ar, de, nl or sw
        #[arg(long, value_name = "TAG", default_value = "en")]
        lang: String,
    },
    /// Show one concept: what it means, what it is not, its labels, and the codes that stand to it
    #[command(after_help = "Example:\n  comity taxonomy show severity/penetration")]
    Show {
        /// The concept, such as context/grooming
        #[arg(value_name = "CONCEPT")]
        concept: String,
    },
    /// Translate codes of one scheme into another, and explain what is said, lost and not concluded
    #[command(after_help = TRANSLATE_EXAMPLE)]
    Translate {
        /// The scheme of the codes; comity for our own concepts
        #[arg(long, value_name = "SCHEME")]
        from: String,
        /// The scheme to say it in; comity for our own concepts
        #[arg(long, value_name = "SCHEME")]
        to: String,
        /// One code, or several that were all said of one thing; with its list, such as age/1, if several lists have it
        #[arg(value_name = "CODE", required = true)]
        codes: Vec<String>,
    },
    /// Print the classification for tools that read SKOS
    #[command(after_help = "Example:\n  comity taxonomy export --format turtle > comity.ttl")]
    Export {
        /// The format
        #[arg(long, value_enum, default_value_t = Format::Turtle)]
        format: Format,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Turtle,
}

const TRANSLATE_EXAMPLE: &str = "\
Nothing is made up: a code is written only if what is known is enough for it. The original code stays with the assessment.

Example:
  comity taxonomy translate --from ncmec --to iwf A1
  comity taxonomy translate --from iccam --to comity age/3 \"National CSAM\"
  comity taxonomy translate --from comity --to ncmec age/pubescent severity/penetration same-image/yes";

/// Looks it up.
///
/// # Errors
/// What was asked for is not there, or contradicts itself.
pub fn run(args: Args, output: &Output) -> Result<(), Failure> {
    match args.command {
        Command::List {
            facet,
            scheme: None,
            lang,
        } => concepts(facet.as_deref(), &lang, output),
        Command::List {
            scheme: Some(id), ..
        } if id == "all" => {
            schemes(output);
            Ok(())
        }
        Command::List {
            scheme: Some(id), ..
        } => {
            codes(scheme(&id)?, output);
            Ok(())
        }
        Command::Show { concept } => show(&concept, output),
        Command::Translate { from, to, codes } => translate(&from, &to, &codes, output),
        Command::Export {
            format: Format::Turtle,
        } => {
            if output.is_json() {
                output.result(&json!({"turtle": TURTLE}), "");
            } else {
                output.raw(TURTLE.trim_end());
            }
            Ok(())
        }
    }
}

fn concepts(facet: Option<&str>, lang: &str, output: &Output) -> Result<(), Failure> {
    let language = COMITY.language(lang).ok_or_else(|| {
        let known = COMITY.languages.iter().map(|language| language.tag);
        unknown(
            "unknown-language",
            "There are no labels in this language.",
            known,
        )
    })?;
    let asked = match facet {
        Some(name) => vec![COMITY.facet(name).ok_or_else(|| {
            let known = COMITY.facets.iter().map(|facet| facet.name);
            unknown("unknown-facet", "There is no such facet.", known)
        })?],
        None => COMITY.facets.iter().collect(),
    };
    let mut table = Table::new(&["concept", "label", "broader", "meaning"]);
    let mut rows = Vec::new();
    for concept in asked.iter().flat_map(|facet| facet.concepts) {
        let broader = concept
            .broader
            .map_or_else(String::new, |term| term.id.to_owned());
        table.row([
            concept.term.to_string(),
            concept.label(language).to_owned(),
            broader,
            concept.definition.to_owned(),
        ]);
        rows.push(concept_json(concept, language));
    }
    output.result(
        &json!({"language": lang, "concepts": rows}),
        &table.to_string(),
    );
    Ok(())
}

fn schemes(output: &Output) {
    let mut table = Table::new(&["scheme", "version", "what it is", "codes"]);
    for scheme in COMITY.schemes {
        table.row([
            scheme.id,
            scheme.version,
            scheme.title,
            &scheme.codes().count().to_string(),
        ]);
    }
    let of = |scheme: &Scheme| {
        json!({"scheme": scheme.id, "version": scheme.version, "title": scheme.title,
               "publisher": scheme.publisher, "source": scheme.source, "note": scheme.note})
    };
    let rows: Vec<_> = COMITY.schemes.iter().map(of).collect();
    output.result(&json!({"schemes": rows}), &table.to_string());
}

fn codes(scheme: &'static Scheme, output: &Output) {
    let mut table = Table::new(&["code", "stands to our concepts"]);
    let mut rows = Vec::new();
    for code in scheme.codes() {
        let cells = code.code.cells.iter();
        let cells: Vec<_> = cells
            .map(|cell| format!("{} {}", cell.relation, cell.to))
            .collect();
        table.row([code.to_string(), cells.join(", ")]);
        rows.push(code_json(&code));
    }
    output.result(
        &json!({"scheme": scheme.id, "codes": rows}),
        &table.to_string(),
    );
}

fn show(text: &str, output: &Output) -> Result<(), Failure> {
    let concept = concept(text)?;
    let mut shown = format!(
        "{}\n\n{}\n",
        words::named(&COMITY, concept.term),
        concept.definition
    );
    if let Some(note) = concept.note {
        let _ = writeln!(shown, "{note}");
    }
    if let Some(broader) = concept.broader {
        let _ = writeln!(shown, "Broader: {}", words::named(&COMITY, broader));
    }
    for implied in concept.implies {
        let _ = writeln!(shown, "Implies: {}", words::named(&COMITY, *implied));
    }
    let _ = writeln!(shown, "Source: {}\n", concept.source);
    let mut labels = Table::new(&["language", "label", "read by a native speaker of the field"]);
    for (place, language) in COMITY.languages.iter().enumerate() {
        let read = language.reviewed || concept.reviewed.contains(&language.tag);
        let read = if read { "yes" } else { "not yet" };
        labels.row([language.tag, concept.label(place), read]);
    }
    let mut standing = Table::new(&["scheme", "code", "the concept is", "status"]);
    let mut rows = Vec::new();
    for code in COMITY.schemes.iter().flat_map(|scheme| scheme.codes()) {
        for cell in code
            .code
            .cells
            .iter()
            .filter(|cell| cell.to == concept.term)
        {
            let status = status(cell.verified);
            standing.row([
                code.scheme.id,
                &code.to_string(),
                cell.relation.as_str(),
                status,
            ]);
            rows.push(json!({"scheme": code.scheme.id, "code": code.to_string(),
                             "relation": cell.relation.as_str(), "status": status}));
        }
    }
    let _ = write!(shown, "{labels}");
    if !rows.is_empty() {
        let _ = write!(shown, "\n{standing}");
    }
    let mut value = concept_json(concept, 0);
    let labels = COMITY.languages.iter().enumerate();
    let labels: serde_json::Map<String, Value> = labels
        .map(|(place, language)| (language.tag.to_owned(), concept.label(place).into()))
        .collect();
    if let Some(object) = value.as_object_mut() {
        object.insert("labels".into(), labels.into());
        object.insert("codes".into(), rows.into());
    }
    output.result(&value, &shown);
    Ok(())
}

fn translate(from: &str, to: &str, typed: &[String], output: &Output) -> Result<(), Failure> {
    let (facts, codes) = if from == OWN {
        let terms = typed.iter().map(|text| Ok(concept(text)?.term));
        let terms: Vec<Term> = terms.collect::<Result<_, Failure>>()?;
        (
            Facts::of(&COMITY, terms).map_err(|error| contradiction(&error))?,
            Vec::new(),
        )
    } else {
        let scheme = scheme(from)?;
        let codes = typed
            .iter()
            .map(|text| scheme.find(text).map_err(|error| no_code(&error)));
        let codes: Vec<CodeRef> = codes.collect::<Result<_, _>>()?;
        let facts = Facts::of_codes(&COMITY, &codes).map_err(|error| contradiction(&error))?;
        (facts, codes)
    };
    if to == OWN {
        own(&facts, &codes, output);
        return Ok(());
    }
    let to = scheme(to)?;
    let found = if from == OWN {
        COMITY.translate_facts(facts, to)
    } else {
        COMITY
            .translate(&codes, to)
            .map_err(|error| contradiction(&error))?
    };
    let text = found.explained(&COMITY, &codes);
    output.result(&translation_json(&found, &codes, &text), &text);
    Ok(())
}

/// Only what follows in our concepts.
fn own(facts: &Facts, codes: &[CodeRef], output: &Output) {
    let terms: Vec<_> = facts.terms().collect();
    let mut text = String::new();
    for term in &terms {
        let _ = writeln!(text, "{}", words::named(&COMITY, *term));
    }
    if terms.is_empty() {
        text.push_str("Nothing follows in our concepts; the original code says what it says.\n");
    }
    let from: Vec<_> = codes.iter().map(code_json).collect();
    let terms: Vec<_> = terms.iter().map(ToString::to_string).collect();
    output.result(&json!({"from": from, "facts": terms}), &text);
}

fn translation_json(found: &Translation, codes: &[CodeRef], text: &str) -> Value {
    let terms = |terms: &[Term]| -> Vec<String> { terms.iter().map(ToString::to_string).collect() };
    let said = found.said.iter().map(|one| {
        json!({"code": one.code.code.code, "list": one.code.list.id, "relation": one.relation.as_str()})
    });
    let not_said = found.not_said.iter().map(|one| {
        json!({"code": one.code.code.code, "list": one.code.list.id,
               "relation": one.relation.as_str(), "needs": terms(&one.needs)})
    });
    let ruled_out = found.ruled_out.iter().map(|one| {
        json!({"code": one.code.code.code, "list": one.code.list.id,
               "known": one.known.to_string(), "instead": one.instead.to_string()})
    });
    json!({
        "from": codes.iter().map(code_json).collect::<Vec<_>>(),
        "to": {"scheme": found.to.id, "version": found.to.version},
        "facts": found.facts.terms().map(|term| term.to_string()).collect::<Vec<_>>(),
        "said": said.collect::<Vec<_>>(),
        "not_said": not_said.collect::<Vec<_>>(),
        "ruled_out": ruled_out.collect::<Vec<_>>(),
        "lost": terms(&found.lost),
        "explained": text,
    })
}

fn concept_json(concept: &Concept, language: usize) -> Value {
    json!({
        "concept": concept.term.to_string(),
        "label": concept.label(language),
        "broader": concept.broader.map(|term| term.to_string()),
        "definition": concept.definition,
        "note": concept.note,
        "source": concept.source,
    })
}

fn code_json(code: &CodeRef) -> Value {
    let cells = code.code.cells.iter().map(|cell| {
        json!({"concept": cell.to.to_string(), "relation": cell.relation.as_str(),
               "status": status(cell.verified), "source": cell.source})
    });
    json!({
        "scheme": code.scheme.id,
        "version": code.code.version,
        "list": code.list.id,
        "code": code.code.code,
        "name": code.code.name,
        "cells": cells.collect::<Vec<_>>(),
        "none": code.code.none,
        "note": code.code.note,
    })
}

const fn status(verified: bool) -> &'static str {
    if verified { "verified" } else { "secondary" }
}

fn scheme(id: &str) -> Result<&'static Scheme, Failure> {
    COMITY.scheme(id).ok_or_else(|| {
        let known = COMITY.schemes.iter().map(|scheme| scheme.id);
        unknown(
            "unknown-scheme",
            "There is no crosswalk for this scheme.",
            known.chain([OWN]),
        )
    })
}

fn concept(text: &str) -> Result<&'static Concept, Failure> {
    COMITY.find(text).ok_or_else(|| {
        Failure::new(
            "unknown-concept",
            format!("There is no concept `{}`, or several facets have one.", plain(text)),
            "Name it with its facet, such as severity/penetration; `comity taxonomy list` lists them.",
        )
        .exits(Exit::Usage)
    })
}

fn no_code(error: &UnknownCode) -> Failure {
    let next = match error {
        UnknownCode::Unknown { scheme } => {
            format!("`comity taxonomy list --scheme {scheme}` lists its codes.")
        }
        UnknownCode::Ambiguous { .. } => "Name the list before the code, such as age/1.".to_owned(),
    };
    let sentence = error.to_string();
    Failure::new("unknown-code", format!("{}.", capital(&sentence)), next).exits(Exit::Usage)
}

fn contradiction(error: &Contradiction) -> Failure {
    Failure::new(
        "contradiction",
        format!("{}.", capital(&error.to_string())),
        "Give only codes that were said of one and the same thing.",
    )
    .exits(Exit::Usage)
}

fn unknown(
    code: &'static str,
    message: &str,
    known: impl Iterator<Item = &'static str>,
) -> Failure {
    let known: Vec<_> = known.collect();
    Failure::new(
        code,
        message,
        format!("Choose one of: {}.", known.join(", ")),
    )
    .exits(Exit::Usage)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test may stop at once"
    )]
    use super::*;

    #[test]
    fn what_is_not_there_is_an_error_with_the_way_to_find_it() {
        let output = Output::new(true);
        let check = |from: &str, to: &str, code: &str, expected: &str, next: &str| {
            let failure = translate(from, to, &[code.to_owned()], &output).unwrap_err();
            assert_eq!((failure.code, failure.exit), (expected, Exit::Usage));
            assert!(failure.next.contains(next), "{}", failure.next);
        };
        check("nobody", "iwf", "A", "unknown-scheme", "ncmec");
        check("iwf", "nobody", "A", "unknown-scheme", "comity");
        check("iwf", "ncmec", "Z", "unknown-code", "--scheme iwf");
        check("iccam", "iwf", "Not Determined", "unknown-code", "age/1");
        check("comity", "iwf", "not-assessed", "unknown-concept", "facet");
        let both = ["A".to_owned(), "C".to_owned()];
        let failure = translate("iwf", "ncmec", &both, &output).unwrap_err();
        assert_eq!(failure.code, "contradiction");
        assert_eq!(
            concepts(None, "xx", &output).unwrap_err().code,
            "unknown-language"
        );
        assert_eq!(
            concepts(Some("x"), "en", &output).unwrap_err().code,
            "unknown-facet"
        );
    }

    #[test]
    fn a_translation_for_programs_has_what_is_said_lost_and_not_concluded() {
        let a1 = COMITY.scheme("ncmec").unwrap().find("A1").unwrap();
        let found = COMITY
            .translate(&[a1], COMITY.scheme("iwf").unwrap())
            .unwrap();
        let value = translation_json(&found, &[a1], "");
        assert_eq!(value["said"], json!([]));
        assert_eq!(value["not_said"][0]["code"], "A");
        assert_eq!(value["not_said"][0]["needs"], json!(["severity/grave-act"]));
        assert_eq!(value["ruled_out"][0]["code"], "C");
        assert_eq!(value["from"][0]["code"], "A1");
        assert_eq!(value["to"], json!({"scheme": "iwf", "version": "2014"}));
    }
}
