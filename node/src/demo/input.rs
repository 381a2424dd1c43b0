//! What the demo is fed with.

use std::path::PathBuf;

use comity_intake::Format;
use comity_wire::words::TimeMs;

use crate::error::Failure;
use crate::files;
use crate::limits::IMPORT_BYTES_MAX;

/// Files of reports.
pub(super) struct Input {
    pub(super) files: Vec<(String, Vec<u8>)>,
    newest: TimeMs,
}

impl Input {
    /// Reads the files, or takes the samples.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut given = Vec::new();
        for path in paths {
            let name = path.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            );
            given.push((name, files::read(path, IMPORT_BYTES_MAX)?));
        }
        if given.is_empty() {
            let own = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
            given.push(own(
                "hotline.xarf.jsonl",
                include_bytes!("../../samples/hotline.xarf.jsonl"),
            ));
            given.push(own(
                "hotline.csv",
                include_bytes!("../../samples/hotline.csv"),
            ));
        }
        let (mut newest, mut rejected) = (None, Vec::new());
        for (name, bytes) in &given {
            let intake = comity_intake::read(Format::detect(name, bytes), bytes);
            let times = intake.reports.iter();
            let times = times.map(|report| report.reported_at.max(report.assessed_at));
            newest = times.chain(newest).max();
            let lines = intake.rejected.into_iter();
            rejected.extend(lines.map(|line| format!("{name} line {}: {}", line.line, line.code)));
        }
        let newest = newest.filter(|newest| *newest < LATEST);
        let newest = newest.ok_or_else(|| no_reports(&rejected))?;
        Ok(Self {
            files: given,
            newest,
        })
    }

    /// When the youngest report was made or assessed: the clock begins there.
    pub(super) const fn newest(&self) -> TimeMs {
        self.newest
    }
}

/// In ms since 1970: the year 9000. The story goes on for some weeks after the newest report, and times end with 9999.
const LATEST: TimeMs = 221_845_392_000_000;

fn no_reports(rejected: &[String]) -> Failure {
    let mut why: Vec<&str> = rejected
        .iter()
        .take(REJECTED_SHOWN_MAX)
        .map(String::as_str)
        .collect();
    if rejected.len() > why.len() {
        why.push("…");
    }
    Failure::new(
        "no-reports",
        format!(
            "None of the files holds a report that can be played ({}).",
            why.join("; ")
        ),
        "`comity import --help` names the formats; `comity demo` without --input plays the samples.",
    )
}

/// Lines named when nothing can be played. They are mostly wrong in the same way.
const REJECTED_SHOWN_MAX: usize = 5;
