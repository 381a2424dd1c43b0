//! Reads the classification: what assessors can say, in which words, and how other schemes say it.
//!
//! ```text
//! taxonomy/languages.toml     the languages of every label
//! taxonomy/facets/*.toml      concepts       -> registries of the wire, too
//! taxonomy/crosswalks/*.toml  other schemes  -> the registry `scheme`
//! taxonomy/composition.toml   what two relations in a row come to
//!        -> read and check (here)
//!        -> rust        crates/comity-taxonomy/src/data.rs
//!        -> turtle      taxonomy/comity.ttl
//!        -> tables      tables of pages
//! ```

pub mod rust;
pub mod tables;
pub mod turtle;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::registry::{Registry, Value};

/// All of it, checked.
#[derive(Debug)]
pub struct Taxonomy {
    /// The languages, in the order of every table.
    pub languages: Vec<Language>,
    /// The facets, by name.
    pub facets: Vec<Facet>,
    /// The schemes of others, by name.
    pub schemes: Vec<Scheme>,
    /// Relations and what they come to.
    pub composition: Composition,
}

/// A language of labels.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// BCP 47.
    pub tag: String,
    /// In the language itself.
    pub name: String,
    /// `ltr` or `rtl`.
    pub direction: String,
    /// Whether a native speaker who knows the field has read all labels.
    pub reviewed: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Languages {
    language: Vec<Language>,
}

/// One question that an assessor answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facet {
    /// The name, which is that of the registry.
    pub name: String,
    /// The name of the Rust module.
    pub rust: String,
    /// The question, as a heading.
    pub title: String,
    /// `one` or `many` answers.
    pub choose: Choose,
    /// Whether it is a part of an assessment.
    pub assessment: bool,
    /// How two readers come to the same answer.
    pub rule: String,
    /// The heading, by language.
    pub label: BTreeMap<String, String>,
    /// The answers, in order.
    #[serde(rename = "concept")]
    pub concepts: Vec<Concept>,
}

/// How many values may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choose {
    /// One; the values exclude each other, unless one is broader than the other.
    One,
    /// Any number.
    Many,
}

/// One answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concept {
    /// The code; with the facet before it, the stable id.
    pub id: String,
    /// The id of the broader concept of the facet.
    pub broader: Option<String>,
    /// What it means, in one or two sentences.
    pub definition: String,
    /// What it is not, and what to choose in doubt.
    pub note: Option<String>,
    /// Concepts of other facets that follow from it by its definition.
    #[serde(default)]
    pub implies: Vec<String>,
    /// Whether it says only that the question is open.
    #[serde(default)]
    pub undecided: bool,
    /// Where it comes from.
    pub source: String,
    /// The label, by language.
    pub label: BTreeMap<String, String>,
    /// Languages in which a native speaker has read this one.
    #[serde(default)]
    pub reviewed: Vec<String>,
}

/// A scheme of others, and how its codes stand to our concepts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// The code of the registry `scheme`.
    pub scheme: String,
    /// The version that was read.
    pub version: String,
    /// What it is called.
    pub title: String,
    /// Whose it is.
    pub publisher: String,
    /// Where it was read.
    pub source: String,
    /// What a reader must know of it.
    pub note: Option<String>,
    /// Its lists of codes.
    #[serde(default, rename = "list")]
    pub lists: Vec<List>,
}

/// One list of codes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// A name for it.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// How many of its codes hold at once.
    pub choose: Choose,
    /// Where it was read, if not where the scheme was.
    pub source: Option<String>,
    /// Its codes.
    #[serde(rename = "code")]
    pub codes: Vec<Code>,
}

/// One code, verbatim.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// As the scheme writes it.
    pub code: String,
    /// What the scheme calls it, if the code does not say it. Quoted.
    pub name: Option<String>,
    /// Other ways in which it is written.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The version that has it, if not that of the scheme.
    pub version: Option<String>,
    /// `scheme/list/code` of another scheme that this one took over.
    pub same: Option<String>,
    /// How it stands to our concepts.
    #[serde(default)]
    pub cells: Vec<Cell>,
    /// Sets of our concepts, any of which is enough to write the code.
    #[serde(default)]
    pub when: Vec<Vec<String>>,
    /// Why it has no cell.
    pub none: Option<String>,
    /// What a reader must know of it.
    pub note: Option<String>,
}

/// One code against one concept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// `facet/concept`.
    pub to: String,
    /// Of the concept to the code, as in SKOS: `broader` is a concept that is broader.
    pub relation: String,
    /// `verified` or `secondary`.
    pub status: Status,
    /// Where it was read, if not where the list was.
    pub source: Option<String>,
}

/// How sure a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Code and sense were read in a source of the scheme itself or in software that speaks it.
    Verified,
    /// The sense comes from elsewhere.
    Secondary,
}

impl Status {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Secondary => "secondary",
        }
    }
}

/// Relations, and what two in a row come to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composition {
    /// The relations, in order.
    #[serde(rename = "relation")]
    pub relations: Vec<Relation>,
    /// One row for each first relation; its results in the order of the relations.
    #[serde(rename = "row")]
    pub rows: Vec<Row>,
}

/// A relation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// Its name.
    pub id: String,
    /// What it means.
    pub meaning: String,
    /// The relation in the other direction.
    pub inverse: String,
    /// Whether what has the first may be said to have the second.
    pub asserts: bool,
}

/// What a first relation and each other one come to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The first.
    pub first: String,
    /// The results.
    pub then: Vec<String>,
}

/// Reads and checks the folder `taxonomy`.
///
/// # Errors
/// A sentence that names the file and what is wrong.
pub fn read(folder: &Path) -> Result<Taxonomy, String> {
    let languages: Languages = parse(&folder.join("languages.toml"))?;
    let taxonomy = Taxonomy {
        languages: languages.language,
        facets: parse_all(&folder.join("facets"))?,
        schemes: parse_all(&folder.join("crosswalks"))?,
        composition: parse(&folder.join("composition.toml"))?,
    };
    taxonomy.check()?;
    Ok(taxonomy)
}

impl Taxonomy {
    /// What of it is a registry of the wire: each facet, and the list of schemes.
    #[must_use]
    pub fn registries(&self) -> Vec<Registry> {
        let of_facet = |facet: &Facet| Registry {
            name: facet.name.clone(),
            rust: facet.rust.clone(),
            closed: false,
            title: facet.title.clone(),
            values: facet
                .concepts
                .iter()
                .map(|concept| Value::plain(&concept.id, &concept.definition))
                .collect(),
        };
        let schemes = Registry {
            name: "scheme".into(),
            rust: "scheme".into(),
            closed: false,
            title: "Schemes of assessors".into(),
            values: self
                .schemes
                .iter()
                .map(|scheme| Value::plain(&scheme.scheme, &format!("{}.", scheme.title)))
                .collect(),
        };
        let facets = self.facets.iter().map(of_facet);
        facets.chain([schemes]).collect()
    }

    /// The facet of a name.
    #[must_use]
    pub fn facet(&self, name: &str) -> Option<&Facet> {
        self.facets.iter().find(|facet| facet.name == name)
    }

    /// The concept of an id such as `severity/penetration`.
    #[must_use]
    pub fn concept(&self, id: &str) -> Option<(&Facet, &Concept)> {
        let (facet, id) = id.split_once('/')?;
        let facet = self.facet(facet)?;
        let mut concepts = facet.concepts.iter();
        Some((facet, concepts.find(|concept| concept.id == id)?))
    }

    /// The scheme of a name.
    #[must_use]
    pub fn scheme(&self, name: &str) -> Option<&Scheme> {
        self.schemes.iter().find(|scheme| scheme.scheme == name)
    }

    /// The code behind `scheme/list/code`.
    #[must_use]
    pub fn code(&self, id: &str) -> Option<&Code> {
        let mut parts = id.splitn(3, '/');
        let scheme = self.scheme(parts.next()?)?;
        let list = parts.next()?;
        let list = scheme.lists.iter().find(|known| known.id == list)?;
        let code = parts.next()?;
        list.codes.iter().find(|known| known.code == code)
    }

    fn check(&self) -> Result<(), String> {
        for facet in &self.facets {
            self.check_facet(facet)
                .map_err(|error| format!("facets/{}.toml: {error}", facet.name))?;
        }
        for scheme in &self.schemes {
            self.check_scheme(scheme)
                .map_err(|error| format!("crosswalks/{}.toml: {error}", scheme.scheme))?;
        }
        self.check_composition()
            .map_err(|error| format!("composition.toml: {error}"))
    }

    fn check_facet(&self, facet: &Facet) -> Result<(), String> {
        self.check_labels(&facet.label)?;
        let mut ids = BTreeSet::new();
        for concept in &facet.concepts {
            let named = |error: String| format!("{}: {error}", concept.id);
            if !ids.insert(&concept.id) {
                return Err(named("stands twice".into()));
            }
            self.check_labels(&concept.label).map_err(named)?;
            for implied in &concept.implies {
                self.need(implied).map_err(named)?;
            }
            // Upwards until there is nothing broader; longer than the list is a circle.
            let mut at = concept;
            for _ in 0..=facet.concepts.len() {
                let Some(broader) = &at.broader else { break };
                let mut known = facet.concepts.iter();
                at = known
                    .find(|known| known.id == *broader)
                    .ok_or_else(|| named(format!("there is no `{broader}`")))?;
            }
            if at.broader.is_some() {
                return Err(named("its broader concepts form a circle".into()));
            }
        }
        Ok(())
    }

    fn check_labels(&self, labels: &BTreeMap<String, String>) -> Result<(), String> {
        let known = || self.languages.iter().map(|language| &language.tag);
        let missing = known().find(|tag| labels.get(*tag).is_none_or(|label| label.is_empty()));
        if let Some(tag) = missing {
            return Err(format!("no label in `{tag}`"));
        }
        let unknown = labels
            .keys()
            .find(|tag| !known().any(|known| known == *tag));
        unknown.map_or(Ok(()), |tag| {
            Err(format!("`{tag}` is no language of labels"))
        })
    }

    fn check_scheme(&self, scheme: &Scheme) -> Result<(), String> {
        for list in &scheme.lists {
            let mut codes = BTreeSet::new();
            for code in &list.codes {
                let named = |error: String| format!("{}/{}: {error}", list.id, code.code);
                let written = std::iter::once(&code.code).chain(&code.aliases);
                for text in written {
                    if !codes.insert(text.to_ascii_lowercase()) {
                        return Err(named("stands twice".into()));
                    }
                }
                self.check_code(code).map_err(named)?;
            }
        }
        Ok(())
    }

    fn check_code(&self, code: &Code) -> Result<(), String> {
        let ways = [
            code.same.is_some(),
            !code.cells.is_empty(),
            code.none.is_some(),
        ];
        if ways.into_iter().filter(|way| *way).count() != 1 {
            return Err("needs cells, or `same`, or `none` with the reason".into());
        }
        if let Some(same) = &code.same
            && self.code(same).is_none_or(|other| other.same.is_some())
        {
            return Err(format!("`{same}` is no code with cells of its own"));
        }
        let mut targets = BTreeSet::new();
        for cell in &code.cells {
            self.need(&cell.to)?;
            self.need_relation(&cell.relation)?;
            if cell.relation == "none" || !targets.insert(&cell.to) {
                return Err(format!("`{}` stands twice, or says `none`", cell.to));
            }
        }
        let named = code.when.iter().flatten();
        named.map(String::as_str).try_for_each(|to| self.need(to))
    }

    fn check_composition(&self) -> Result<(), String> {
        let Composition { relations, rows } = &self.composition;
        if rows.len() != relations.len() {
            return Err("one row for each relation".into());
        }
        for (relation, row) in relations.iter().zip(rows) {
            self.need_relation(&relation.inverse)?;
            if row.first != relation.id || row.then.len() != relations.len() {
                return Err(format!("the row of `{}` is not in its place", relation.id));
            }
            for result in &row.then {
                self.need_relation(result)?;
            }
        }
        Ok(())
    }

    fn need(&self, concept: &str) -> Result<(), String> {
        let found = self.concept(concept).map(|_| ());
        found.ok_or_else(|| format!("there is no concept `{concept}`"))
    }

    fn need_relation(&self, name: &str) -> Result<(), String> {
        let mut known = self.composition.relations.iter();
        let found = known.find(|relation| relation.id == name).map(|_| ());
        found.ok_or_else(|| format!("there is no relation `{name}`"))
    }
}

/// Every TOML file of a folder, by name.
fn parse_all<T: DeserializeOwned>(folder: &Path) -> Result<Vec<T>, String> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    files.iter().map(|file| parse(file)).collect()
}

fn parse<T: DeserializeOwned>(file: &Path) -> Result<T, String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}
