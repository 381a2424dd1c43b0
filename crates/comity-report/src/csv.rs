//! A sheet as CSV (RFC 4180): a header, CRLF, quotes where a cell needs them.

use crate::sheet::{Cell, Sheet};

/// The file.
#[must_use]
pub fn csv(sheet: &Sheet) -> String {
    let header = sheet.columns.iter().map(|(name, _)| quoted(name));
    let mut text = header.collect::<Vec<_>>().join(",") + "\r\n";
    for line in &sheet.lines {
        let cells = line.iter().map(|cell| match cell {
            Cell::Empty => String::new(),
            Cell::Text(word) => quoted(word),
            Cell::Number(number) => number.to_string(),
        });
        text += &cells.collect::<Vec<_>>().join(",");
        text += "\r\n";
    }
    text
}

/// A word as a cell. One that a spreadsheet would take for a formula gets an apostrophe before it.
fn quoted(word: &str) -> String {
    let is_formula = word.starts_with(['=', '+', '-', '@', '\t']);
    let word = if is_formula {
        format!("'{word}")
    } else {
        word.to_owned()
    };
    if word.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", word.replace('"', "\"\""))
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_no_formula() {
        let check = |word: &str, expected: &str| assert_eq!(quoted(word), expected);
        check("north.example", "north.example");
        check("illegal,unclear", "\"illegal,unclear\"");
        check("a \"b\"", "\"a \"\"b\"\"\"");
        check("two\nlines", "\"two\nlines\"");
        check("=1+1", "'=1+1");
        check("", "");
    }
}
