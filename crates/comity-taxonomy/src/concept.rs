//! A facet is a question, a concept one answer to it, a term the name of a concept.

use std::fmt;

/// The name of a concept: its facet, and its code there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// The facet, which is a registry of the specification.
    pub facet: &'static str,
    /// The code in that registry.
    pub id: &'static str,
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.facet, self.id)
    }
}

/// A question that an assessor answers.
#[derive(Debug)]
pub struct Facet {
    /// The name of the registry.
    pub name: &'static str,
    /// The question, in English.
    pub title: &'static str,
    /// Whether several answers may hold at once. If not, they exclude each other, unless one is broader.
    pub many: bool,
    /// Whether it is a part of an assessment.
    pub assessment: bool,
    /// How two readers come to the same answer.
    pub rule: &'static str,
    /// The heading, in the order of the languages.
    pub labels: &'static [&'static str],
    /// The answers, in order.
    pub concepts: &'static [Concept],
}

/// One answer.
#[derive(Debug)]
pub struct Concept {
    /// Its name.
    pub term: Term,
    /// The broader concept of the same facet.
    pub broader: Option<Term>,
    /// What it means, in English.
    pub definition: &'static str,
    /// What it is not, and what to choose in doubt.
    pub note: Option<&'static str>,
    /// What follows from it by definition, in other facets.
    pub implies: &'static [Term],
    /// Whether it says only that the question is open. Then it excludes nothing.
    pub undecided: bool,
    /// Where it comes from.
    pub source: &'static str,
    /// The labels, in the order of the languages.
    pub labels: &'static [&'static str],
    /// Languages whose label of this concept a native speaker has read.
    pub reviewed: &'static [&'static str],
}

impl Concept {
    /// The label in the language of that place; in English, if there is none.
    #[must_use]
    pub fn label(&self, language: usize) -> &'static str {
        let label = self.labels.get(language).or(self.labels.first());
        label.copied().unwrap_or(self.term.id)
    }
}

/// A language of labels.
#[derive(Debug)]
pub struct Language {
    /// BCP 47.
    pub tag: &'static str,
    /// In the language itself.
    pub name: &'static str,
    /// Whether it is written from right to left.
    pub right_to_left: bool,
    /// Whether a native speaker who knows the field has read all of its labels.
    pub reviewed: bool,
}
