//! Aligned tables for a terminal. What comes from other members is shown as text and as nothing else: a control
//! character in a name must not move anybody's cursor.

use std::fmt;

/// A table under construction: a heading for each column, then rows.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self {
            rows: vec![headings.iter().map(|text| plain(text)).collect()],
        }
    }

    /// Adds a row.
    pub(crate) fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows
            .push(cells.into_iter().map(|cell| plain(cell.as_ref())).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width_of = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width_of).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let padding = width.saturating_sub(cell.chars().count());
                line.push_str(cell);
                line.push_str(&" ".repeat(padding + GAP));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Spaces between two columns.
const GAP: usize = 2;

/// A text without what a terminal would obey: control characters, and those that turn the direction of writing.
pub(crate) fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let obeyed = |c: char| c.is_control() || turns(c);
    text.chars()
        .map(|c| if obeyed(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_no_line_ends_in_spaces() {
        let mut table = Table::new(&["case", "from"]);
        table.row(["1", "north.example"]);
        table.row(["22222", ""]);
        table.row(["é"]);
        let lines = "case   from\n1      north.example\n22222\né\n";
        assert_eq!(table.to_string(), lines);
    }

    #[test]
    fn a_terminal_obeys_nothing_that_others_wrote() {
        assert_eq!(plain("a\u{1b}[2Jb\r\n"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}");
        assert_eq!(plain("a\u{202e}b\u{9b}"), "a\u{fffd}b\u{fffd}");
        assert_eq!(plain("Hotline Süd"), "Hotline Süd");
    }
}
