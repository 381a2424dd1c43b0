//! Schemes of others: lists of codes, verbatim, each with how it stands to our concepts.

use std::fmt;

use crate::concept::Term;
use crate::relation::Relation;

/// A scheme of others.
#[derive(Debug)]
pub struct Scheme {
    /// The code of the registry `scheme`.
    pub id: &'static str,
    /// The version that was read.
    pub version: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// Whose it is.
    pub publisher: &'static str,
    /// Where it was read.
    pub source: &'static str,
    /// What a reader must know of it.
    pub note: Option<&'static str>,
    /// Its lists.
    pub lists: &'static [List],
}

/// One list of codes.
#[derive(Debug)]
pub struct List {
    /// A name for it.
    pub id: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// Whether several of its codes may hold at once.
    pub many: bool,
    /// Where it was read.
    pub source: &'static str,
    /// Its codes.
    pub codes: &'static [Code],
}

/// One code.
#[derive(Debug)]
pub struct Code {
    /// As the scheme writes it.
    pub code: &'static str,
    /// What the scheme calls it; a quotation.
    pub name: Option<&'static str>,
    /// Other ways in which it is written.
    pub aliases: &'static [&'static str],
    /// The version of the scheme that has it.
    pub version: &'static str,
    /// `scheme/list/code` of another scheme, if it was taken over from there.
    pub same: Option<&'static str>,
    /// How it stands to our concepts.
    pub cells: &'static [Cell],
    /// Sets of concepts, each of which is enough to write it.
    pub when: &'static [&'static [Term]],
    /// Why it has no cell.
    pub none: Option<&'static str>,
    /// What a reader must know of it.
    pub note: Option<&'static str>,
}

/// One code against one concept.
#[derive(Debug)]
pub struct Cell {
    /// The concept.
    pub to: Term,
    /// How the concept stands to the code.
    pub relation: Relation,
    /// Whether code and sense were read in a source of the scheme itself; if not, the source is secondary.
    pub verified: bool,
    /// Where it was read.
    pub source: &'static str,
}

/// A code and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct CodeRef {
    /// Its scheme.
    pub scheme: &'static Scheme,
    /// Its list.
    pub list: &'static List,
    /// The code.
    pub code: &'static Code,
}

/// No code of a scheme was meant for certain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownCode {
    /// None is written so.
    #[error("{scheme} has no such code")]
    Unknown {
        /// The scheme.
        scheme: &'static str,
    },
    /// Several lists have one.
    #[error("several lists of {scheme} have such a code: {}", lists.join(", "))]
    Ambiguous {
        /// The scheme.
        scheme: &'static str,
        /// The lists.
        lists: Vec<&'static str>,
    },
}

impl Scheme {
    /// Every code with its list.
    pub fn codes(&'static self) -> impl Iterator<Item = CodeRef> {
        self.lists.iter().flat_map(move |list| {
            let codes = list.codes.iter();
            codes.map(move |code| CodeRef {
                scheme: self,
                list,
                code,
            })
        })
    }

    /// The code that somebody wrote: as the scheme writes it, in capitals or not, by another name, or `list/code`.
    ///
    /// # Errors
    /// None is written so, or several lists have one.
    pub fn find(&'static self, text: &str) -> Result<CodeRef, UnknownCode> {
        let in_list = text.split_once('/').and_then(|(list, code)| {
            let mut codes = self.codes();
            codes.find(|found| found.list.id == list && found.code.is_written(code))
        });
        if let Some(found) = in_list {
            return Ok(found);
        }
        let found: Vec<_> = self
            .codes()
            .filter(|found| found.code.is_written(text))
            .collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(UnknownCode::Unknown { scheme: self.id }),
            several => Err(UnknownCode::Ambiguous {
                scheme: self.id,
                lists: several.iter().map(|found| found.list.id).collect(),
            }),
        }
    }
}

impl Code {
    fn is_written(&self, text: &str) -> bool {
        let mut ways = std::iter::once(&self.code).chain(self.aliases);
        ways.any(|way| way.eq_ignore_ascii_case(text))
    }
}

impl CodeRef {
    /// The code of which this one is another writing, as `scheme/list/code`.
    pub(crate) fn origin(&self) -> String {
        self.code.same.map_or_else(
            || format!("{}/{}/{}", self.scheme.id, self.list.id, self.code.code),
            str::to_owned,
        )
    }
}

impl PartialEq for CodeRef {
    fn eq(&self, other: &Self) -> bool {
        let name = |of: &Self| (of.scheme.id, of.list.id, of.code.code);
        name(self) == name(other)
    }
}

impl Eq for CodeRef {}

impl fmt::Display for CodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.list.id, self.code.code)
    }
}
