//! Reads `registries/*.toml`, and the registries that the classification owns.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::taxonomy;

/// One list of codes and what they mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// The name of the CDDL rule.
    pub name: String,
    /// The name of the Rust enum, if closed, or module, if open. Without one the
    /// list is for people, and for the tests that hold the code to it.
    #[serde(default)]
    pub rust: String,
    /// A closed list has no other value in this version; an open one may.
    #[serde(default)]
    pub closed: bool,
    /// The heading in `registries.md`.
    pub title: String,
    /// The values, in order.
    pub values: Vec<Value>,
}

/// One value of a list. The columns beside `id` and `meaning` belong to single
/// lists and say so there.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// The code itself.
    pub id: String,
    /// What it means, in one sentence.
    #[serde(default)]
    pub meaning: String,
    /// `kind`: `opener`, `recipient` or `either`.
    pub side: Option<String>,
    /// `kind`: whether it opens a case.
    pub opens: Option<bool>,
    /// `kind`: whether it can be refused although legal.
    pub refusable: Option<bool>,
    /// `kind`: whether it asks for something new.
    pub asks: Option<bool>,
    /// `outcome-answer`: whether it ends the round.
    pub r#final: Option<bool>,
    /// `content-type`: the name of the constant.
    pub r#const: Option<String>,
    /// `check`: the code of the answer.
    pub code: Option<String>,
    /// `check`: `unsigned`, `signed` or `known`.
    pub answer: Option<String>,
    /// `check`: whether the same bytes may succeed later.
    pub again: Option<bool>,
    /// `check`: whose move it is and what to do.
    pub next: Option<String>,
    /// `limit`: the crate that owns the constant.
    pub owner: Option<String>,
    /// `limit`: the value.
    pub value: Option<u64>,
    /// `limit`: the limit of `comity-wire` that it equals, in place of a value.
    pub same_as: Option<String>,
    /// `limit`: the Rust type, where the unit does not say it.
    pub r#type: Option<String>,
    /// `limit`: the unit.
    pub unit: Option<String>,
    /// `limit`: why this much.
    pub reason: Option<String>,
}

impl Value {
    /// A code and what it means.
    #[must_use]
    pub fn plain(id: &str, meaning: &str) -> Self {
        Self {
            id: id.to_owned(),
            meaning: meaning.to_owned(),
            ..Self::default()
        }
    }
}

/// What two concurrent statements of two kinds come to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// One kind; the pair has no order.
    pub a: String,
    /// The other kind.
    pub b: String,
    /// The name of the rule.
    pub rule: String,
    /// What it comes to, in one sentence.
    pub effect: String,
}

/// `concurrent.toml`: the table and the rules it uses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concurrent {
    /// The heading in `registries.md`.
    pub title: String,
    /// The rules, as a registry.
    pub rules: Vec<Value>,
    /// One row for each unordered pair of kinds.
    pub pairs: Vec<Pair>,
}

/// Reads every registry of a folder and those that `taxonomy`, beside it, owns: in the
/// order of their names.
///
/// # Errors
/// A sentence that names the file, when one cannot be read, does not parse or
/// has a value twice.
pub fn read_all(folder: &Path) -> Result<Vec<Registry>, String> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "concurrent"))
        .collect();
    files.sort();
    let mut registries = files
        .iter()
        .map(|file| read_one(file))
        .collect::<Result<Vec<_>, _>>()?;
    registries.extend(taxonomy::read(&folder.with_file_name("taxonomy"))?.registries());
    // As if each had a file here.
    registries.sort_by_key(|registry| format!("{}.toml", registry.name));
    Ok(registries)
}

/// Reads the table of concurrent pairs.
///
/// # Errors
/// As [`read_all`].
pub fn read_concurrent(folder: &Path) -> Result<Concurrent, String> {
    parse(&folder.join("concurrent.toml"))
}

fn read_one(file: &Path) -> Result<Registry, String> {
    let registry: Registry = parse(file)?;
    let unique: BTreeSet<_> = registry
        .values
        .iter()
        .map(|value| (&value.owner, &value.id))
        .collect();
    if unique.len() != registry.values.len() {
        return Err(format!("{}: a value stands twice", file.display()));
    }
    Ok(registry)
}

fn parse<T: for<'de> Deserialize<'de>>(file: &Path) -> Result<T, String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}
