//! Which section of the specification a vector belongs to.
//!
//! ```text
//! ## 3.4 The key                      a section
//! **⇒ `check/unknown-key`**           here is said when this code is the answer
//! <!-- BEGIN TABLE cddl key -->       here is the rule of this object
//! ```
//!
//! A vector that is refused belongs where its code is said to be the answer; one that
//! is accepted belongs where its object is defined. So no number of a section is
//! written twice.

use std::collections::BTreeMap;

use comity_wire::registry::Check;

use super::{Expect, Vector};

const MARK: &str = "**⇒ `";
const TABLE: &str = "<!-- BEGIN TABLE ";

/// A numbered heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// `3` or `3.4`.
    pub number: String,
    /// What stands behind the number.
    pub title: String,
    /// Where to find it, from the folder of the specification.
    pub link: String,
}

/// The sections of all chapters, and what is said in which of them.
#[derive(Debug, Default)]
pub struct Sections {
    /// In the order of the text.
    pub all: Vec<Section>,
    /// Where a code is said to be the answer, by `registry/code`.
    marks: BTreeMap<String, Vec<usize>>,
    /// Where a table stands, by its name; a rule of the CDDL as `cddl RULE`.
    tables: BTreeMap<String, usize>,
}

impl Sections {
    /// Reads the chapters: `NN-name.md` in the folder of the specification.
    ///
    /// # Panics
    /// When the folder cannot be read.
    #[must_use]
    pub fn read() -> Self {
        let entries = std::fs::read_dir(comity_spec::root()).expect("the specification");
        let mut chapters: Vec<_> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(".md") && name.as_bytes()[0].is_ascii_digit())
            .collect();
        chapters.sort();
        let mut sections = Self::default();
        for chapter in chapters {
            let text = std::fs::read_to_string(comity_spec::root().join(&chapter));
            sections.add(&chapter, &text.expect("a chapter"));
        }
        sections
    }

    fn add(&mut self, chapter: &str, text: &str) {
        for line in text.lines() {
            if let Some(section) = heading(chapter, line) {
                self.all.push(section);
            }
            let Some(here) = self.all.len().checked_sub(1) else {
                continue;
            };
            for marked in line.split(MARK).skip(1) {
                if let Some((code, _)) = marked.split_once('`') {
                    self.marks.entry(code.to_owned()).or_default().push(here);
                }
            }
            if let Some((name, _)) = line
                .strip_prefix(TABLE)
                .and_then(|rest| rest.split_once(" -->"))
            {
                let names = match name.strip_prefix("cddl ") {
                    Some(rules) => rules
                        .split(' ')
                        .map(|rule| format!("cddl {rule}"))
                        .collect(),
                    None => vec![name.to_owned()],
                };
                for name in names {
                    self.tables.entry(name).or_insert(here);
                }
            }
        }
    }

    /// Where a code is said to be the answer: `registry/code`.
    #[must_use]
    pub fn marked(&self, code: &str) -> Vec<&Section> {
        let places = self.marks.get(code).map(Vec::as_slice);
        places
            .unwrap_or_default()
            .iter()
            .map(|place| &self.all[*place])
            .collect()
    }

    /// Every marked code.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.marks.keys().map(String::as_str)
    }

    fn titled(&self, title: &str) -> Option<&Section> {
        self.all.iter().find(|section| section.title == title)
    }

    fn with_table(&self, name: &str) -> Option<&Section> {
        self.tables.get(name).map(|place| &self.all[*place])
    }

    /// The section of a vector of a file; none, if the specification says nowhere what
    /// it shows.
    #[must_use]
    pub fn of(&self, file: &str, vector: &Vector) -> Option<&Section> {
        match &vector.expect {
            Expect::Refused { .. } => self.marked(&code_of(&vector.expect)).first().copied(),
            Expect::Ok { .. } => self.home(file, vector),
        }
    }

    /// Where the object of an accepted vector is defined, or what it shows.
    fn home(&self, file: &str, vector: &Vector) -> Option<&Section> {
        let of_kind = vector.name.strip_prefix("accepted-");
        match (file, vector.object.as_str()) {
            ("statement-accepted.json", _) => of_kind
                .and_then(|kind| self.with_table(&format!("cddl {kind}")))
                .or_else(|| self.with_table("cddl statement")),
            ("transition.json", _) => self.marked("transition/no-opening").first().copied(),
            ("rotation.json", "statement") => self.titled("Whether a signature is believed"),
            ("two-hop.json", "statement" | "exchange-request") => self.titled("A chain of cases"),
            ("checkpoint.json", _) if vector.name.contains("cosign") => self.titled("Cosignatures"),
            (_, "parent-opening") => self.titled("The parent commitment"),
            (_, "evidence") => self.titled("Evidence"),
            (_, "inclusion" | "consistency") => {
                self.marked("log-code/path-length").first().copied()
            }
            (_, "concurrent") => self.with_table("concurrent"),
            (_, rule) => self.with_table(&format!("cddl {rule}")),
        }
    }
}

/// `registry/code` of a refusal; empty, if it is none.
#[must_use]
pub fn code_of(expect: &Expect) -> String {
    match expect {
        Expect::Refused { code, check } if Check::from_name(check).is_some() => {
            format!("check/{code}")
        }
        Expect::Refused { code, check } => format!("{check}/{code}"),
        Expect::Ok { .. } => String::new(),
    }
}

/// `## 3.4 The key`, `# 7 Trust`, `# 2. Encoding`.
fn heading(chapter: &str, line: &str) -> Option<Section> {
    let text = line.trim_start_matches('#');
    let (number, title) = text.strip_prefix(' ')?.split_once(' ')?;
    let number = number.trim_end_matches('.');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() == line.len() || !number.split('.').all(is_number) {
        return None;
    }
    // As the pages of a repository are shown: letters, digits, hyphens.
    let anchor: String = text
        .trim()
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect();
    Some(Section {
        number: number.to_owned(),
        title: title.trim().to_owned(),
        link: format!("{chapter}#{anchor}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chapter_says_where_a_code_is_the_answer_and_where_an_object_is_defined() {
        let mut sections = Sections::default();
        let text = "# 3. Statements\n\n## 3.2 Size, depth\n\nToo long: **⇒ `check/oversize`**.\n\n### Beside\n\
                    **⇒ `a/b`** and **⇒ `a/c`**\n## 3.4 The key\n<!-- BEGIN TABLE cddl key kid -->\n";
        sections.add("03-statements.md", text);
        let numbers = |code: &str| -> Vec<_> {
            let found = sections.marked(code);
            found
                .iter()
                .map(|section| section.number.as_str())
                .collect()
        };
        assert_eq!(numbers("check/oversize"), ["3.2"]);
        assert_eq!(
            numbers("a/c"),
            ["3.2"],
            "a heading without a number begins no section"
        );
        assert_eq!(numbers("a/d"), [""; 0]);
        let key = sections
            .with_table("cddl kid")
            .map(|section| section.link.as_str());
        assert_eq!(key, Some("03-statements.md#34-the-key"));
    }
}
