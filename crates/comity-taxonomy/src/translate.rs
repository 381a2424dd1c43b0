//! From what is said to the codes of a scheme, and what is lost on the way.

use crate::Taxonomy;
use crate::concept::Term;
use crate::facts::{Contradiction, Facts, enough, following};
use crate::relation::Relation;
use crate::scheme::{CodeRef, Scheme};

/// What a scheme can say of what is known.
#[derive(Debug, Clone)]
pub struct Translation {
    /// The scheme that it was translated into.
    pub to: &'static Scheme,
    /// What was known.
    pub facts: Facts,
    /// The codes that may be written.
    pub said: Vec<Said>,
    /// The codes that touch what is known, but would say more.
    pub not_said: Vec<NotSaid>,
    /// The codes that what is known excludes.
    pub ruled_out: Vec<RuledOut>,
    /// What is known, and none of the codes that may be written says.
    pub lost: Vec<Term>,
}

/// A code that may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// The code.
    pub code: CodeRef,
    /// `exact`, or `broader` if the code says less than is known.
    pub relation: Relation,
}

/// A code that must not be concluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSaid {
    /// The code.
    pub code: CodeRef,
    /// `narrower` if it says what is known and more; `related` if not all of it.
    pub relation: Relation,
    /// What would have to be known as well. Empty: no facts are enough for this code.
    pub needs: Vec<Term>,
}

/// A code that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuledOut {
    /// The code.
    pub code: CodeRef,
    /// What is known.
    pub known: Term,
    /// What the code says instead.
    pub instead: Term,
}

impl Taxonomy {
    /// Codes of one scheme, all said of one thing, in another scheme.
    ///
    /// # Errors
    /// They exclude each other.
    pub fn translate(
        &self,
        from: &[CodeRef],
        to: &'static Scheme,
    ) -> Result<Translation, Contradiction> {
        let facts = Facts::of_codes(self, from)?;
        Ok(self.translation(facts, from, to))
    }

    /// Facts of our own in another scheme.
    #[must_use]
    pub fn translate_facts(&self, facts: Facts, to: &'static Scheme) -> Translation {
        self.translation(facts, &[], to)
    }

    fn translation(&self, facts: Facts, from: &[CodeRef], to: &'static Scheme) -> Translation {
        let mut said = Vec::new();
        let mut not_said = Vec::new();
        let mut ruled_out = Vec::new();
        for code in to.codes() {
            // A crosswalk that contradicts itself says nothing.
            let says = Facts::of_code(self, &code).unwrap_or_default();
            let taken_over = from.iter().any(|known| known.origin() == code.origin());
            if taken_over || facts.are_enough_for(self, &code) {
                let relation = if taken_over || self.is_enough_back(&code, &says, from, &facts) {
                    Relation::Exact
                } else {
                    Relation::Broader
                };
                said.push(Said { code, relation });
            } else if let Some((known, instead)) = says
                .terms()
                .find_map(|instead| Some((facts.excludes(self, instead)?, instead)))
            {
                ruled_out.push(RuledOut {
                    code,
                    known,
                    instead,
                });
            } else {
                let relation = self.relation(&facts, from, &code, &says);
                if relation != Relation::None {
                    let needs = self.needs(&facts, &code);
                    not_said.push(NotSaid {
                        code,
                        relation,
                        needs,
                    });
                }
            }
        }
        let said = self.most_specific(said);
        let is_said = |term: Term| {
            said.iter().any(|said| {
                from.iter()
                    .any(|known| known.origin() == said.code.origin())
                    || Facts::of_code(self, &said.code).is_ok_and(|facts| facts.says(self, term))
            })
        };
        let lost = facts.terms().filter(|term| !is_said(*term)).collect();
        Translation {
            to,
            facts,
            said,
            not_said,
            ruled_out,
            lost,
        }
    }

    /// Whether a code that may be written says all that was known, codes included.
    fn is_enough_back(
        &self,
        code: &CodeRef,
        says: &Facts,
        from: &[CodeRef],
        facts: &Facts,
    ) -> bool {
        says.says_all(self, facts)
            && from
                .iter()
                .all(|known| says.are_enough_for(self, known) || known.origin() == code.origin())
    }

    /// How a code that may not be written stands to what is known.
    fn relation(&self, facts: &Facts, from: &[CodeRef], code: &CodeRef, says: &Facts) -> Relation {
        if !facts.is_empty()
            && says.says_all(self, facts)
            && from.iter().all(|known| says.are_enough_for(self, known))
        {
            return Relation::Narrower;
        }
        let known = facts.terms().map(|term| (term, Relation::Exact));
        let cells = from.iter().flat_map(|known| known.code.cells);
        let known: Vec<_> = known
            .chain(cells.map(|cell| (cell.to, cell.relation)))
            .collect();
        let touches = code.code.cells.iter().any(|cell| {
            known.iter().any(|(term, relation)| {
                let way = relation
                    .then(self.between(*term, cell.to))
                    .then(cell.relation.inverse());
                way != Relation::None
            })
        });
        // A scheme whose codes name several things at once touches what one of them is about.
        let shares = says.terms().any(|term| facts.says(self, term))
            || enough(code).flatten().any(|term| facts.says(self, term));
        if touches || shares {
            Relation::Related
        } else {
            Relation::None
        }
    }

    /// How one concept stands to another one.
    #[must_use]
    pub fn between(&self, one: Term, other: Term) -> Relation {
        if one == other {
            Relation::Exact
        } else if following(self, one).contains(&other) {
            Relation::Broader
        } else if following(self, other).contains(&one) {
            Relation::Narrower
        } else {
            Relation::None
        }
    }

    /// The least that is missing to write a code.
    fn needs(&self, facts: &Facts, code: &CodeRef) -> Vec<Term> {
        let missing = enough(code).map(|set| -> Vec<Term> {
            let set = set.into_iter();
            set.filter(|term| !facts.says(self, *term)).collect()
        });
        let possible =
            missing.filter(|set| set.iter().all(|term| facts.excludes(self, *term).is_none()));
        possible.min_by_key(Vec::len).unwrap_or_default()
    }

    /// In a list with one answer, what says more stands for what says less.
    fn most_specific(&self, said: Vec<Said>) -> Vec<Said> {
        let facts = |said: &Said| Facts::of_code(self, &said.code).unwrap_or_default();
        let is_less = |one: &Said| {
            said.iter().any(|other| {
                let same_list = !one.code.list.many && one.code.list.id == other.code.list.id;
                let (one, other) = (facts(one), facts(other));
                same_list && other.says_all(self, &one) && !one.says_all(self, &other)
            })
        };
        said.iter().filter(|one| !is_less(one)).copied().collect()
    }
}
