//! Rows of a table in text (RFC 4180), with the physical line that each begins on.
//!
//! A quote that nobody closes must not take the rest of the file with it, so a row
//! that does not end within the limits is given up at its first line, and reading
//! goes on at the next. That, and the line numbers, are why the rows are found here
//! and not by a library.

use crate::fault::Fault;
use crate::limits::{RECORD_BYTES_MAX, RECORD_LINES_MAX};

/// A line without its end, and what follows it.
pub(crate) fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (line, rest) = match end.and_then(|end| bytes.split_at_checked(end)) {
        Some((line, rest)) => (line, rest.get(1..).unwrap_or_default()),
        None => (bytes, Default::default()),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// Whether a line says nothing.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// The rows of a table.
pub(crate) struct Rows<'a> {
    rest: &'a [u8],
    line: u64,
    delimiter: u8,
}

/// Where a row begins, and its fields, trimmed.
pub(crate) type Row = (u64, Result<Vec<String>, Fault>);

impl<'a> Rows<'a> {
    /// Reads from the first line on.
    pub(crate) const fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        Self {
            rest: bytes,
            line: 1,
            delimiter,
        }
    }

    fn give_up_line(&mut self, fault: Fault) -> Row {
        let at = self.line;
        self.rest = split_line(self.rest).1;
        self.line += 1;
        (at, Err(fault))
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    /// The next row with anything in it.
    fn next(&mut self) -> Option<Row> {
        while !self.rest.is_empty() {
            let (line, after) = split_line(self.rest);
            if is_blank(line) {
                (self.rest, self.line) = (after, self.line + 1);
                continue;
            }
            if line.len() > RECORD_BYTES_MAX {
                return Some(self.give_up_line(Fault::LineTooLong));
            }
            let found = match row(self.rest, self.delimiter) {
                Ok(found) => found,
                Err(fault) => return Some(self.give_up_line(fault)),
            };
            let at = self.line;
            self.rest = found.rest;
            self.line += found.lines;
            let fields = found
                .fields
                .into_iter()
                .map(text)
                .collect::<Result<Vec<_>, _>>();
            // Spreadsheets write rows that hold commas only.
            if fields
                .as_ref()
                .is_ok_and(|fields| fields.iter().all(String::is_empty))
            {
                continue;
            }
            return Some((at, fields));
        }
        None
    }
}

fn text(field: Vec<u8>) -> Result<String, Fault> {
    let field = String::from_utf8(field).map_err(|_| Fault::NotUtf8)?;
    Ok(field.trim().to_owned())
}

struct Found<'a> {
    fields: Vec<Vec<u8>>,
    lines: u64,
    rest: &'a [u8],
}

/// Where in a field the reader is.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Start,
    Bare,
    Quoted,
    /// After a quote in a quoted field: its end, or the first half of a doubled one.
    Quote,
    /// After its end: spaces, and the first half of the end of a line.
    Ended,
}

/// A row and the end of its last line.
const WITH_END_MAX: usize = RECORD_BYTES_MAX + 2;

/// Reads one row from the start of `bytes`.
fn row(bytes: &[u8], delimiter: u8) -> Result<Found<'_>, Fault> {
    let (mut fields, mut field, mut at) = (Vec::new(), Vec::new(), At::Start);
    let mut breaks = 0;
    for (place, &byte) in bytes.iter().enumerate().take(WITH_END_MAX) {
        let is_break = byte == b'\n';
        breaks += usize::from(is_break);
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) if is_break && breaks >= RECORD_LINES_MAX => break,
            (At::Quote, b'"') | (At::Quoted, _) => {
                field.push(byte);
                At::Quoted
            }
            (At::Start, b'"') => At::Quoted,
            (_, b'\n') => {
                fields.push(field);
                return Ok(Found {
                    fields,
                    lines: u64::try_from(breaks).unwrap_or(u64::MAX),
                    rest: bytes.get(place + 1..).unwrap_or_default(),
                });
            }
            (_, byte) if byte == delimiter => {
                fields.push(std::mem::take(&mut field));
                At::Start
            }
            (At::Quote | At::Ended, b'\r' | b' ') => At::Ended,
            (At::Quote | At::Ended, _) => return Err(Fault::StrayQuote),
            (_, byte) => {
                field.push(byte);
                At::Bare
            }
        };
    }
    let whole = bytes.len() <= WITH_END_MAX && at != At::Quoted;
    if !whole {
        return Err(Fault::UnclosedQuote);
    }
    fields.push(field);
    Ok(Found {
        fields,
        lines: u64::try_from(breaks + 1).unwrap_or(u64::MAX),
        rest: Default::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &[(u64, Result<&[&str], Fault>)]) {
        let found: Vec<Row> = Rows::new(bytes, b',').collect();
        let expected: Vec<Row> = expected
            .iter()
            .map(|(line, row)| {
                (
                    *line,
                    row.map(|row| row.iter().map(|text| (*text).into()).collect()),
                )
            })
            .collect();
        assert_eq!(found, expected, "{}", bytes.escape_ascii());
    }

    #[test]
    fn rows_are_split_and_know_their_lines() {
        check(b"", &[]);
        check(b"\n\r\n , \n", &[]);
        check(b"a,b\n1,2", &[(1, Ok(&["a", "b"])), (2, Ok(&["1", "2"]))]);
        check(
            b"a,b\r\n\r\n1, 2 \r\n",
            &[(1, Ok(&["a", "b"])), (3, Ok(&["1", "2"]))],
        );
        check(b"a,,\n", &[(1, Ok(&["a", "", ""]))]);
        check(
            b"\"a,\"\"b\"\"\",c\nd,e\n",
            &[(1, Ok(&["a,\"b\"", "c"])), (2, Ok(&["d", "e"]))],
        );
        check(
            b"\"one\r\ntwo\" ,x\r\nd,e\r\n",
            &[(1, Ok(&["one\r\ntwo", "x"])), (3, Ok(&["d", "e"]))],
        );
        check(b"a\"b,c\n", &[(1, Ok(&["a\"b", "c"]))]);
        check(b"\"\",x", &[(1, Ok(&["", "x"]))]);
    }

    #[test]
    fn a_broken_row_is_lost_alone() {
        let after: (u64, Result<&[&str], Fault>) = (2, Ok(&["d", "e"]));
        check(b"\"a,b\nd,e\n", &[(1, Err(Fault::UnclosedQuote)), after]);
        check(b"\"a\"b,c\nd,e\n", &[(1, Err(Fault::StrayQuote)), after]);
        check(
            b"\"a\" \"b\",c\nd,e\n",
            &[(1, Err(Fault::StrayQuote)), after],
        );
        check(b"\xff,b\nd,e\n", &[(1, Err(Fault::NotUtf8)), after]);
        let longest = [b"a".repeat(RECORD_BYTES_MAX), b"\r\nd,e\n".to_vec()].concat();
        assert!(Rows::new(&longest, b',').all(|row| row.1.is_ok()));
        let long = [b"a".repeat(RECORD_BYTES_MAX + 1), b"\nd,e\n".to_vec()].concat();
        check(&long, &[(1, Err(Fault::LineTooLong)), after]);
        let mut open = b"\"a\nd,e\n".to_vec();
        open.extend(b"x,y\n".repeat(RECORD_LINES_MAX));
        let found: Vec<Row> = Rows::new(&open, b',').collect();
        assert_eq!(found.len(), RECORD_LINES_MAX + 2);
        assert_eq!(found.iter().filter(|row| row.1.is_err()).count(), 1);
    }
}
