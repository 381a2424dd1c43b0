//! What is said of one thing: a set of concepts, and what follows from them.

use std::collections::BTreeSet;

use crate::Taxonomy;
use crate::concept::Term;
use crate::scheme::CodeRef;

/// What is said. Only the most specific concepts are kept: what follows from them is not listed again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    terms: BTreeSet<Term>,
}

/// Two answers to one question that exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{one} and {other} exclude each other")]
pub struct Contradiction {
    /// What was said first.
    pub one: Term,
    /// What was said then.
    pub other: Term,
}

impl Facts {
    /// Facts of an assessment, or of a person.
    ///
    /// # Errors
    /// Two of them exclude each other.
    pub fn of(
        taxonomy: &Taxonomy,
        terms: impl IntoIterator<Item = Term>,
    ) -> Result<Self, Contradiction> {
        let mut facts = Self::default();
        for term in terms {
            facts.add(taxonomy, term)?;
        }
        Ok(facts)
    }

    /// What follows from a code: the concepts that are the same or broader, and nothing else.
    ///
    /// # Errors
    /// The crosswalk contradicts itself; a test of the data holds that none does.
    pub fn of_code(taxonomy: &Taxonomy, code: &CodeRef) -> Result<Self, Contradiction> {
        let asserted = code
            .code
            .cells
            .iter()
            .filter(|cell| cell.relation.asserts());
        Self::of(taxonomy, asserted.map(|cell| cell.to))
    }

    /// What follows from several codes that were all said of one thing.
    ///
    /// # Errors
    /// They exclude each other.
    pub fn of_codes(taxonomy: &Taxonomy, codes: &[CodeRef]) -> Result<Self, Contradiction> {
        let mut facts = Self::default();
        for code in codes {
            for term in Self::of_code(taxonomy, code)?.terms {
                facts.add(taxonomy, term)?;
            }
        }
        Ok(facts)
    }

    /// Adds one, unless it follows already; what follows from it is dropped.
    fn add(&mut self, taxonomy: &Taxonomy, term: Term) -> Result<(), Contradiction> {
        if self.says(taxonomy, term) {
            return Ok(());
        }
        if let Some(one) = self.excludes(taxonomy, term) {
            return Err(Contradiction { one, other: term });
        }
        let follows = following(taxonomy, term);
        self.terms.retain(|known| !follows.contains(known));
        self.terms.insert(term);
        Ok(())
    }

    /// The concepts.
    pub fn terms(&self) -> impl Iterator<Item = Term> {
        self.terms.iter().copied()
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The codes of one facet, as an assessment holds them: at most one, if the facet has one answer.
    pub fn in_facet(&self, facet: &str) -> impl Iterator<Item = &'static str> {
        let terms = self.terms.iter().filter(move |term| term.facet == facet);
        terms.map(|term| term.id)
    }

    /// Whether a concept is said or follows.
    #[must_use]
    pub fn says(&self, taxonomy: &Taxonomy, term: Term) -> bool {
        self.terms
            .iter()
            .any(|known| following(taxonomy, *known).contains(&term))
    }

    /// Whether everything that others say is said here or follows.
    #[must_use]
    pub fn says_all(&self, taxonomy: &Taxonomy, others: &Self) -> bool {
        others.terms.iter().all(|term| self.says(taxonomy, *term))
    }

    /// Whether what is said is enough to write a code.
    #[must_use]
    pub fn are_enough_for(&self, taxonomy: &Taxonomy, code: &CodeRef) -> bool {
        enough(code).any(|set| set.iter().all(|term| self.says(taxonomy, *term)))
    }

    /// What is said that excludes a concept: another answer to a question that has one.
    #[must_use]
    pub fn excludes(&self, taxonomy: &Taxonomy, term: Term) -> Option<Term> {
        let of = |term: Term| taxonomy.of(term).filter(|concept| !concept.undecided);
        let is_one = |facet: &str| taxonomy.facet(facet).is_some_and(|facet| !facet.many);
        if !is_one(term.facet) || of(term).is_none() {
            return None;
        }
        let all: BTreeSet<Term> = self
            .terms
            .iter()
            .flat_map(|known| following(taxonomy, *known))
            .collect();
        let above = following(taxonomy, term);
        all.into_iter().find(|known| {
            known.facet == term.facet
                && of(*known).is_some()
                && !above.contains(known)
                && !following(taxonomy, *known).contains(&term)
        })
    }
}

/// The sets of concepts, each of which is enough to write a code.
pub fn enough(code: &CodeRef) -> impl Iterator<Item = Vec<Term>> {
    let cells = code.code.cells.iter();
    // The concept is the code or a part of it.
    let single = cells.filter(|cell| cell.relation.inverse().asserts());
    let sets = code.code.when.iter();
    single
        .map(|cell| vec![cell.to])
        .chain(sets.map(|set| set.to_vec()))
}

/// The concept itself, all that are broader, and what follows from each of them.
#[must_use]
pub fn following(taxonomy: &Taxonomy, term: Term) -> BTreeSet<Term> {
    let mut found = BTreeSet::new();
    let mut open = vec![term];
    while let Some(term) = open.pop() {
        if found.insert(term)
            && let Some(concept) = taxonomy.of(term)
        {
            open.extend(concept.broader);
            open.extend(concept.implies);
        }
    }
    found
}
