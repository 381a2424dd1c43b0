//! What can be said of reported content, and what the codes of other schemes say of it.
//!
//! It is pure: static data in, values out. The data is Rust that `cargo xtask spec` writes from
//! `protocol-spec/taxonomy`, so nothing is parsed when a node starts and nothing can fail then.
//!
//! ```text
//! codes of a scheme -> scheme      found in its lists
//!                   -> facts       what follows from them in our concepts, and no more
//!                   -> translate   which codes of another scheme those facts are enough for
//!                   -> words       the same as sentences: said, not said, ruled out, lost
//! ```
//!
//! Everything goes through our concepts; there is no table for a pair of schemes. From a code follow the concepts
//! that are the same or broader. A code is written only if the facts are enough for it. So no way there and back
//! has more facts at its end than at its beginning.

pub mod concept;
mod data;
pub mod facts;
pub mod relation;
pub mod scheme;
pub mod translate;
pub mod words;

pub use concept::{Concept, Facet, Language, Term};
pub use facts::{Contradiction, Facts};
pub use relation::Relation;
pub use scheme::{Cell, Code, CodeRef, List, Scheme, UnknownCode};
pub use translate::Translation;

/// The name under which our own concepts stand as a scheme: `severity/penetration` is a code of it.
pub const OWN: &str = "comity";

/// The same in SKOS, as Turtle: `protocol-spec/taxonomy/comity.ttl`.
pub const TURTLE: &str = include_str!("../../../protocol-spec/taxonomy/comity.ttl");

/// Concepts, and how other schemes stand to them.
#[derive(Debug, Clone, Copy)]
pub struct Taxonomy {
    /// The languages of labels.
    pub languages: &'static [Language],
    /// The questions, and the answers to each.
    pub facets: &'static [Facet],
    /// The schemes of others.
    pub schemes: &'static [Scheme],
}

/// The one that the specification owns.
pub static COMITY: Taxonomy = Taxonomy {
    languages: data::LANGUAGES,
    facets: data::FACETS,
    schemes: data::SCHEMES,
};

impl Taxonomy {
    /// The facet of a name.
    #[must_use]
    pub fn facet(&self, name: &str) -> Option<&'static Facet> {
        self.facets.iter().find(|facet| facet.name == name)
    }

    /// Every concept.
    pub fn concepts(&self) -> impl Iterator<Item = &'static Concept> + use<> {
        self.facets.iter().flat_map(|facet| facet.concepts)
    }

    /// The concept of a facet and a code, as an assessment holds them.
    #[must_use]
    pub fn concept(&self, facet: &str, id: &str) -> Option<&'static Concept> {
        let mut concepts = self.facet(facet)?.concepts.iter();
        concepts.find(|concept| concept.term.id == id)
    }

    /// The concept of a term of this taxonomy.
    #[must_use]
    pub fn of(&self, term: Term) -> Option<&'static Concept> {
        self.concept(term.facet, term.id)
    }

    /// The concept that somebody typed: `severity/penetration`, or `penetration` if no other facet has one.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&'static Concept> {
        if let Some((facet, id)) = text.split_once('/') {
            return self.concept(facet, id);
        }
        let mut found = self.concepts().filter(|concept| concept.term.id == text);
        let first = found.next();
        first.filter(|_| found.next().is_none())
    }

    /// The scheme of a code of the registry `scheme`.
    #[must_use]
    pub fn scheme(&self, id: &str) -> Option<&'static Scheme> {
        self.schemes.iter().find(|scheme| scheme.id == id)
    }

    /// The place of a language among the labels.
    #[must_use]
    pub fn language(&self, tag: &str) -> Option<usize> {
        self.languages
            .iter()
            .position(|language| language.tag == tag)
    }

    /// The English label of a code of an assessment, if it is known here. What is not known is shown as it is.
    #[must_use]
    pub fn label(&self, facet: &str, id: &str) -> Option<&'static str> {
        self.concept(facet, id).map(|concept| concept.label(0))
    }
}
