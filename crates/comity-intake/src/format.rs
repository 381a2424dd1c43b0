//! Which format a file is in. The content decides; the name only where it says nothing.

use crate::hotline_csv::is_header;
use crate::limits::{DETECT_LINES_MAX, RECORD_BYTES_MAX};
use crate::table::{is_blank, split_line};

/// A format of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// XARF 4, one report a line ([`crate::xarf`]).
    Xarf,
    /// The table of hotlines' exchange software ([`crate::hotline_csv`]).
    HotlineCsv,
}

impl Format {
    /// Guesses from the first lines with anything in them: known columns make a
    /// table, a brace XARF. Where neither is found the name tells, and a table is
    /// the last resort: its missing columns are then named.
    #[must_use]
    pub fn detect(file_name: &str, bytes: &[u8]) -> Self {
        let mut rest = without_mark(bytes);
        for _ in 0..DETECT_LINES_MAX {
            let (line, after) = split_line(rest);
            rest = after;
            if is_blank(line) {
                continue;
            }
            if line.trim_ascii_start().starts_with(b"{") {
                return Self::Xarf;
            }
            if line.len() <= RECORD_BYTES_MAX && is_header(line) {
                return Self::HotlineCsv;
            }
        }
        let name = file_name.to_ascii_lowercase();
        let json = [".json", ".jsonl", ".ndjson", ".xarf"];
        if json.iter().any(|ending| name.ends_with(ending)) {
            Self::Xarf
        } else {
            Self::HotlineCsv
        }
    }
}

/// Without the mark that some programs put before UTF-8.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_the_format_and_the_name_where_it_does_not() {
        let check = |name: &str, bytes: &[u8], expected: Format| {
            assert_eq!(Format::detect(name, bytes), expected, "{name}");
        };
        check("a.csv", b"{\"xarf_version\":\"4.2.0\"}\n", Format::Xarf);
        check("a.csv", b"\xef\xbb\xbf \n {}\n", Format::Xarf);
        check("a.jsonl", b"urlString,classification\n", Format::HotlineCsv);
        check(
            "a.jsonl",
            b"\xef\xbb\xbf\"urlString\";hotlineReference\r\n",
            Format::HotlineCsv,
        );
        check("a.jsonl", b"garbage\n{}\n", Format::Xarf);
        check("a.csv", b"", Format::HotlineCsv);
        check("A.JSONL", b"garbage\n", Format::Xarf);
        check("a.ndjson", b"[\n", Format::Xarf);
        check("a.txt", b"garbage\n", Format::HotlineCsv);
    }
}
