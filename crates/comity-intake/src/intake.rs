//! A file of reports: the good lines taken, the others listed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::fault::{Fault, Refused, Rejected};
use crate::format::{Format, without_mark};
use crate::limits::{INPUT_BYTES_MAX, LINE_BYTES_MAX};
use crate::report::{Report, ReportKey};
use crate::table::{is_blank, split_line};
use crate::{hotline_csv, xarf};

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intake {
    /// How many lines or rows there were: always as many as taken and rejected
    /// together. Blank ones and the first row of a table are not counted, unless
    /// that row is what is wrong.
    pub read: u64,
    /// The reports, in the order of the file. No two have the same key.
    pub reports: Vec<Report>,
    /// What was not taken, in the order of the file.
    pub rejected: Vec<Rejected>,
}

/// Reads a file. It never fails as a whole: where nothing can be read, the one
/// rejection says why.
#[must_use]
pub fn read(format: Format, bytes: &[u8]) -> Intake {
    let mut taker = Taker::default();
    if let Some(fault) = whole_file(bytes) {
        taker.reject(Rejected::new(1, fault.into()));
        return taker.intake;
    }
    let bytes = without_mark(bytes);
    match format {
        Format::Xarf => read_xarf(bytes, &mut taker),
        Format::HotlineCsv => match hotline_csv::reports(bytes) {
            Ok(rows) => rows.for_each(|(line, row)| taker.take(line, row)),
            Err(rejected) => taker.reject(rejected),
        },
    }
    taker.intake
}

fn whole_file(bytes: &[u8]) -> Option<Fault> {
    if bytes.len() > INPUT_BYTES_MAX {
        return Some(Fault::FileTooLong);
    }
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    utf16.then_some(Fault::Utf16)
}

fn read_xarf(bytes: &[u8], taker: &mut Taker) {
    let (mut rest, mut number) = (bytes, 0);
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        (rest, number) = (after, number + 1);
        if line.len() > LINE_BYTES_MAX {
            taker.take(number, Err(Fault::LineTooLong.into()));
        } else if !is_blank(line) {
            taker.take(number, xarf::report(number, line));
        }
    }
}

#[derive(Default)]
struct Taker {
    intake: Intake,
    /// Where in `intake.reports` a key is.
    seen: HashMap<ReportKey, usize>,
}

impl Taker {
    fn take(&mut self, line: u64, found: Result<Report, Refused>) {
        match found.and_then(|report| self.first_of_its_key(report)) {
            Ok(report) => {
                self.intake.read += 1;
                self.intake.reports.push(report);
            }
            Err(refused) => self.reject(Rejected::new(line, refused)),
        }
    }

    fn reject(&mut self, rejected: Rejected) {
        self.intake.read += 1;
        self.intake.rejected.push(rejected);
    }

    /// Two different reports under one key would be taken for one that was read
    /// twice, and the second be lost without a word.
    fn first_of_its_key(&mut self, report: Report) -> Result<Report, Refused> {
        let place = match self.seen.entry(report.source) {
            Entry::Vacant(free) => {
                free.insert(self.intake.reports.len());
                return Ok(report);
            }
            Entry::Occupied(taken) => *taken.get(),
        };
        let Some(first) = self.intake.reports.get(place) else {
            return Ok(report);
        };
        let line = first.line;
        let same = Report { line, ..report } == *first;
        Err(if same {
            Fault::Repeated { line }.into()
        } else {
            Fault::IdentifierReused { line }.into()
        })
    }
}
