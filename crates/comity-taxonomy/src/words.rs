//! A translation as sentences.

use std::fmt::Write as _;

use crate::Taxonomy;
use crate::concept::Term;
use crate::relation::Relation;
use crate::scheme::CodeRef;
use crate::translate::{NotSaid, RuledOut, Said, Translation};

impl Translation {
    /// What the codes say, what can be said in the other scheme, what is lost, and what must not be concluded.
    #[must_use]
    pub fn explained(&self, taxonomy: &Taxonomy, from: &[CodeRef]) -> String {
        let mut text = String::new();
        for code in from {
            text.push_str(&source(taxonomy, code));
        }
        if from.is_empty() {
            let _ = writeln!(
                text,
                "What is known: {}.",
                list(taxonomy, self.facts.terms())
            );
        }
        let to = self.to.title;
        if self.said.is_empty() {
            let _ = writeln!(text, "\nIn {to}: no code can be written.");
        } else {
            let _ = writeln!(text, "\nIn {to}:");
            for said in &self.said {
                let _ = writeln!(text, "  {}", can(said));
            }
        }
        section(
            &mut text,
            "Must not be concluded:",
            self.not_said.iter().map(|one| must_not(taxonomy, one)),
        );
        section(
            &mut text,
            "Ruled out:",
            self.ruled_out.iter().map(|one| ruled_out(taxonomy, one)),
        );
        if !self.lost.is_empty() {
            let _ = writeln!(
                text,
                "\nLost: {}.",
                list(taxonomy, self.lost.iter().copied())
            );
        }
        text.push_str("\nThe original code stays with the assessment, verbatim.\n");
        text
    }
}

fn source(taxonomy: &Taxonomy, code: &CodeRef) -> String {
    let mut text = format!(
        "{} (version {}), {}",
        code.scheme.title, code.code.version, code
    );
    if let Some(name) = code.code.name {
        let _ = write!(text, " “{name}”");
    }
    text.push('\n');
    for cell in code.code.cells {
        let verb = match cell.relation {
            Relation::Exact => "is the same as",
            Relation::Broader => "says",
            Relation::Narrower => "includes",
            Relation::Related | Relation::None => "touches",
        };
        let status = if cell.verified {
            "verified"
        } else {
            "secondary"
        };
        let _ = writeln!(
            text,
            "  {verb} {} [{status}: {}]",
            named(taxonomy, cell.to),
            cell.source
        );
    }
    if let Some(none) = code.code.none {
        let _ = writeln!(text, "  says nothing in our concepts: {none}");
    }
    if let Some(note) = code.code.note {
        let _ = writeln!(text, "  Note: {note}");
    }
    text
}

fn can(said: &Said) -> String {
    match said.relation {
        Relation::Exact => format!("{}: the same.", said.code),
        _ => format!("{}: true, and says less.", said.code),
    }
}

fn must_not(taxonomy: &Taxonomy, one: &NotSaid) -> String {
    if one.needs.is_empty() {
        return format!("{}: no facts of ours are enough for it.", one.code);
    }
    format!(
        "{}: it would say more. Missing: {}.",
        one.code,
        list(taxonomy, one.needs.iter().copied())
    )
}

fn ruled_out(taxonomy: &Taxonomy, one: &RuledOut) -> String {
    format!(
        "{}: it says {}; known is {}.",
        one.code,
        named(taxonomy, one.instead),
        named(taxonomy, one.known)
    )
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<_> = lines.collect();
    if !lines.is_empty() {
        let _ = writeln!(text, "\n{title}");
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
}

fn list(taxonomy: &Taxonomy, terms: impl Iterator<Item = Term>) -> String {
    let terms: Vec<_> = terms.map(|term| named(taxonomy, term)).collect();
    if terms.is_empty() {
        "nothing".into()
    } else {
        terms.join("; ")
    }
}

/// The label with the id beside it.
#[must_use]
pub fn named(taxonomy: &Taxonomy, term: Term) -> String {
    let label = taxonomy.label(term.facet, term.id).unwrap_or(term.id);
    format!("{label} ({term})")
}
