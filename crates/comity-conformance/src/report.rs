//! What a run came to, by section of the specification.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::plan::Subject;

/// What became of one vector or probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The answer was right.
    Passed,
    /// It was not.
    Failed {
        /// What would have been right.
        expected: String,
        /// What came.
        found: String,
    },
    /// It could not be played: why.
    NotPlayed(String),
}

/// Everything that became of everything.
#[derive(Debug, Clone, Default)]
pub struct Report {
    rows: Vec<(Subject, Outcome)>,
}

/// A section and its counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Section {
    /// The section of the specification.
    pub section: String,
    /// Those that were played.
    pub run: usize,
    /// Those of them whose answer was right.
    pub passed: usize,
    /// Those of them whose answer was not.
    pub failed: usize,
    /// Those that could not be played.
    pub not_played: usize,
    /// All.
    pub total: usize,
}

/// One that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its section.
    pub section: &'a str,
    /// What it shows.
    pub shows: &'a str,
    /// What would have been right.
    pub expected: &'a str,
    /// What came.
    pub found: &'a str,
    /// The file of the vector; empty for a probe.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub file: &'a str,
    /// The bytes in diagnostic notation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diag: Option<&'a str>,
}

impl Report {
    /// Adds one.
    pub fn add(&mut self, subject: Subject, outcome: Outcome) {
        self.rows.push((subject, outcome));
    }

    /// The counts of each section, in the order of the specification.
    #[must_use]
    pub fn sections(&self) -> Vec<Section> {
        let mut sections: BTreeMap<(Vec<u64>, &str), Section> = BTreeMap::new();
        for (subject, outcome) in &self.rows {
            let name = subject.section.as_str();
            let section = sections.entry((numbers(name), name)).or_default();
            section.section = name.to_owned();
            section.count(outcome);
        }
        sections.into_values().collect()
    }

    /// The counts of all sections together.
    #[must_use]
    pub fn all(&self) -> Section {
        let mut all = Section {
            section: "all".to_owned(),
            ..Section::default()
        };
        for (_, outcome) in &self.rows {
            all.count(outcome);
        }
        all
    }

    /// Those that failed, in the order in which they were played.
    pub fn failed(&self) -> impl Iterator<Item = Failed<'_>> {
        self.rows.iter().filter_map(|(subject, outcome)| {
            let Outcome::Failed { expected, found } = outcome else {
                return None;
            };
            Some(Failed {
                name: &subject.name,
                section: &subject.section,
                shows: &subject.shows,
                expected,
                found,
                file: &subject.file,
                diag: subject.diag.as_deref(),
            })
        })
    }

    /// Why some could not be played, with their names.
    #[must_use]
    pub fn not_played(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (subject, outcome) in &self.rows {
            if let Outcome::NotPlayed(why) = outcome {
                reasons.entry(why).or_default().push(&subject.name);
            }
        }
        reasons
    }

    /// The names of those that passed.
    pub fn passed(&self) -> impl Iterator<Item = &str> {
        let passed = self
            .rows
            .iter()
            .filter(|(_, outcome)| *outcome == Outcome::Passed);
        passed.map(|(subject, _)| subject.name.as_str())
    }
}

impl Section {
    fn count(&mut self, outcome: &Outcome) {
        self.total = self.total.saturating_add(1);
        let counter = match outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Failed { .. } => &mut self.failed,
            Outcome::NotPlayed(_) => &mut self.not_played,
        };
        *counter = counter.saturating_add(1);
        self.run = self.passed.saturating_add(self.failed);
    }
}

/// The numbers of a section, so that 10 comes after 9.
fn numbers(section: &str) -> Vec<u64> {
    let number = section.split_whitespace().next().unwrap_or_default();
    let parts = number.split('.');
    parts.map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str, section: &str) -> Subject {
        Subject {
            name: name.to_owned(),
            section: section.to_owned(),
            shows: String::new(),
            file: String::new(),
            diag: None,
        }
    }

    #[test]
    fn sections_are_in_the_order_of_the_specification_and_counts_add_up() {
        let mut report = Report::default();
        let failed = Outcome::Failed {
            expected: "a".to_owned(),
            found: "b".to_owned(),
        };
        let why = Outcome::NotPlayed("why".to_owned());
        report.add(subject("one", "10.1"), Outcome::Passed);
        report.add(subject("two", "9"), failed);
        report.add(subject("three", "10. Forks"), why.clone());
        report.add(subject("four", "9"), why);
        let sections: Vec<_> = report
            .sections()
            .into_iter()
            .map(|row| (row.section, row.run, row.failed, row.total))
            .collect();
        let expected = [("9", 1, 1, 2), ("10. Forks", 0, 0, 1), ("10.1", 1, 0, 1)];
        assert_eq!(
            sections,
            expected.map(|(name, run, failed, total)| (name.to_owned(), run, failed, total))
        );
        assert_eq!((report.all().run, report.all().total), (2, 4));
        assert_eq!(
            report.failed().map(|row| row.name).collect::<Vec<_>>(),
            ["two"]
        );
        let not_played = report.not_played();
        assert_eq!(not_played.get("why"), Some(&vec!["three", "four"]));
    }
}
