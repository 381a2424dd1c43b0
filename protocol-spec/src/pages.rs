//! Fills the tables of pages that people write.
//!
//! ```text
//! <!-- BEGIN TABLE registry answer -->
//! | code | meaning |          all of this is made by `cargo xtask spec`
//! <!-- END TABLE -->
//! ```
//!
//! | name of the table | what it is |
//! | --- | --- |
//! | `registry NAME` | the values of `registries/NAME.toml` |
//! | `registries open`, `registries closed` | which registries there are |
//! | `limits OWNER`, `limits all` | limits, of one owner or all |
//! | `concurrent` | what two concurrent statements come to |
//! | `cddl RULE …` | rules of `comity.cddl`, word for word |
//! | `clocks NAME` | legal clocks: see [`crate::clocks::table`] |
//! | `taxonomy …`, `labels FACET`, `crosswalk SCHEME` | see [`crate::taxonomy::tables`] |
//!
//! Pure but for reading the pages: a page and the data in, the page with its tables out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::clocks::{self, Clocks};
use crate::generate::{Made, concurrent_table, table};
use crate::registry::{Concurrent, Registry, Value};
use crate::taxonomy::{self, Taxonomy};

const BEGIN: &str = "<!-- BEGIN TABLE ";
const BEGIN_CLOSE: &str = " -->";
const END: &str = "<!-- END TABLE -->";

/// Where pages with tables can stand, from the top of the repository.
const FOLDERS: [&str; 4] = [".", "docs", "protocol-spec", "protocol-spec/taxonomy"];

/// What tables are made from.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    /// `registries/*.toml`.
    pub registries: &'a [Registry],
    /// `registries/concurrent.toml`.
    pub concurrent: &'a Concurrent,
    /// `taxonomy/`.
    pub taxonomy: &'a Taxonomy,
    /// `comity.cddl`.
    pub cddl: &'a str,
    /// `clocks/*.toml`.
    pub clocks: &'a Clocks,
}

/// Every page that has a table, with its tables made anew.
///
/// # Errors
/// A sentence that names the page, when it cannot be read, when a mark has no
/// end, or when nothing makes a table of that name.
pub fn all(top: &Path, tables: &Tables<'_>) -> Result<Vec<Made>, String> {
    let mut made = Vec::new();
    for folder in FOLDERS {
        for path in pages_of(&top.join(folder))? {
            let page = std::fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            if page.contains(BEGIN) {
                let text = filled(&page, tables)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                let path = path.strip_prefix(top).unwrap_or(&path).to_owned();
                made.push(Made { path, text });
            }
        }
    }
    Ok(made)
}

fn pages_of(folder: &Path) -> Result<Vec<PathBuf>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut pages: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    pages.sort();
    Ok(pages)
}

/// The page with what stands between its marks made anew.
///
/// # Errors
/// A sentence, when a mark has no end or nothing makes a table of that name.
pub fn filled(page: &str, tables: &Tables<'_>) -> Result<String, String> {
    let mut text = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, marked)) = rest.split_once(BEGIN) {
        let (name, old) = marked
            .split_once(BEGIN_CLOSE)
            .ok_or("a mark of a table is not closed")?;
        let (old, after) = old
            .split_once(END)
            .ok_or_else(|| format!("the table `{name}` has no end"))?;
        if old.contains(BEGIN) {
            return Err(format!("the table `{name}` has no end"));
        }
        let content = tables.content(name)?;
        let _ = write!(text, "{before}{BEGIN}{name}{BEGIN_CLOSE}\n{content}{END}");
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

impl Tables<'_> {
    fn content(&self, name: &str) -> Result<String, String> {
        let mut words = name.split_whitespace();
        let mut text = String::new();
        match (words.next(), words.next()) {
            (Some("registry"), Some(registry)) => {
                table(&mut text, registry, &self.registry(registry)?.values);
            }
            (Some("registries"), Some(sort @ ("open" | "closed"))) => {
                let lists = self.registries.iter();
                registries_table(
                    &mut text,
                    lists.filter(|list| list.closed == (sort == "closed")),
                );
            }
            (Some("limits"), Some(owner)) => {
                let is_of =
                    |value: &&Value| owner == "all" || value.owner.as_deref() == Some(owner);
                let limits = &self.registry("limit")?.values;
                if !limits.iter().any(|value| is_of(&value)) {
                    return Err(format!("no limit has the owner `{owner}`"));
                }
                table(&mut text, "limit", limits.iter().filter(is_of));
            }
            (Some("clocks"), Some(name)) => text = clocks::table(self.clocks, name)?,
            (Some("concurrent"), None) => concurrent_table(&mut text, self.concurrent),
            (Some("cddl"), Some(first)) => {
                text.push_str("```cddl\n");
                for rule in std::iter::once(first).chain(words) {
                    text.push_str(self.rule(rule)?);
                }
                text.push_str("```\n");
            }
            (Some("taxonomy" | "labels" | "crosswalk"), Some(_)) => {
                let words: Vec<_> = name.split_whitespace().collect();
                text.push_str(&taxonomy::tables::table(self.taxonomy, &words)?);
            }
            _ => return Err(format!("nothing makes a table `{name}`")),
        }
        Ok(text)
    }

    fn registry(&self, name: &str) -> Result<&Registry, String> {
        self.registries
            .iter()
            .find(|registry| registry.name == name)
            .ok_or_else(|| format!("there is no registries/{name}.toml"))
    }

    /// A rule begins at the beginning of a line, and ends before the next line that
    /// is empty, a comment, or begins another rule.
    fn rule(&self, name: &str) -> Result<&str, String> {
        let begins = |line: &str| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('<') || rest.trim_start().starts_with('='))
        };
        let mut at = 0;
        let mut start = None;
        for line in self.cddl.split_inclusive('\n') {
            match start {
                None if begins(line) => start = Some(at),
                Some(begin) if !continues(line) => return Ok(&self.cddl[begin..at]),
                _ => {}
            }
            at += line.len();
        }
        start
            .map(|begin| &self.cddl[begin..])
            .ok_or_else(|| format!("comity.cddl has no rule `{name}`"))
    }
}

/// Limits are numbers, not values, so they are neither open nor closed.
fn registries_table<'a>(text: &mut String, lists: impl Iterator<Item = &'a Registry>) {
    text.push_str("| registry | what it lists |\n| --- | --- |\n");
    for list in lists.filter(|list| list.name != "limit") {
        let _ = writeln!(text, "| `{}` | {} |", list.name, list.title);
    }
}

fn continues(line: &str) -> bool {
    line.starts_with([' ', '}', ']', ')'])
}
