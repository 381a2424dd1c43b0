//! `cargo xtask bench core`: runs the benches of the pure core and prints one table. `cargo xtask bench log`: a large
//! log on the disk, which measures and prints by itself.
//! `cargo xtask bench audit`: an audit of a million records, with its time and its memory.
//!
//! Criterion measures and keeps its estimates under `target/criterion`; this reads them, and sets each operation
//! against the bare primitive that it cannot be faster than, so that the number says what the protocol itself costs.

use crate::process::{self, Outcome};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// An operation and the bare primitive it contains, on the same input. Names are criterion's, without the group.
const COUNTERPARTS: &[(&str, &str)] = &[
    ("sign_1kb", "bare_ed25519_sign_1kb"),
    ("verify_1kb", "bare_ed25519_verify_strict_1kb"),
    ("check_1kb", "bare_ed25519_verify_strict_1kb"),
    ("decode_1kb", "bare_sha256_1kb"),
];

/// Measure the speed of the core, or of a large log on the disk
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: cargo xtask bench core")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Sign, verify, decode, fold: each beside its bare primitive
    #[command(after_help = "Example: cargo xtask bench core --quick")]
    Core {
        /// Measure each for a second only: shows that it works, not how fast it is
        #[arg(long)]
        quick: bool,
    },
    /// Make a log of so many records on the disk; open, prove, read, append. Ten million take some 7 GB
    #[command(after_help = "Example: cargo xtask bench log --records 10000000")]
    Log {
        /// How many records
        #[arg(long, default_value_t = 1_000_000)]
        records: u64,
        /// Where to make the log; it is deleted at the end [default: the system's folder for such things]
        #[arg(long = "in", value_name = "DIR")]
        within: Option<PathBuf>,
    },
    /// An audit of a million records: pages in, verified, matched
    #[command(after_help = "Example: cargo xtask bench audit --records 100000")]
    Audit {
        /// How many records, in the logs of two members
        #[arg(long, default_value_t = 1_000_000)]
        records: u64,
    },
}

pub(crate) fn main(args: &Args) -> Outcome {
    match &args.what {
        What::Core { quick } => core(*quick),
        What::Log { records, within } => log(*records, within.as_deref()),
        What::Audit { records } => audit(*records),
    }
}

fn log(records: u64, within: Option<&Path>) -> Outcome {
    let mut command = bench("log");
    command.args(["--records", &records.to_string()]);
    if let Some(dir) = within {
        command.arg("--in").arg(dir);
    }
    process::run(&mut command)
}

/// `cargo bench` of one bench, in release mode.
fn bench(name: &str) -> Command {
    let mut command = process::cargo(&[
        "bench",
        "--package",
        "comity-testkit",
        "--bench",
        name,
        "--",
    ]);
    command.env("CARGO_TARGET_DIR", process::target_dir());
    command
}

fn core(quick: bool) -> Outcome {
    let started = SystemTime::now();
    let mut command = bench("core");
    command.arg("--noplot");
    if quick {
        command.args([
            "--warm-up-time",
            "0.5",
            "--measurement-time",
            "1",
            "--sample-size",
            "10",
        ]);
    }
    process::run(&mut command)?;
    let rows = read_group(
        &process::target_dir().join("criterion").join("core"),
        started,
    )?;
    print!("\n{}", table(&rows));
    Ok(())
}

fn audit(records: u64) -> Outcome {
    let records = records.to_string();
    let mut command = process::cargo(&[
        "run",
        "--release",
        "--package",
        "comity-testkit",
        "--features",
        "bench",
        "--bin",
        "audit-bench",
        "--",
        &records,
    ]);
    process::run(command.env("CARGO_TARGET_DIR", process::target_dir()))
}

/// One measured operation.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    operation: String,
    nanoseconds: f64,
}

/// What the run that began at `started` wrote; older files belong to operations that no longer exist.
fn read_group(group: &Path, started: SystemTime) -> Outcome<Vec<Row>> {
    let mut files = Vec::new();
    estimates(group, &mut files)?;
    let mut rows = Vec::new();
    for file in files {
        let written = fs::metadata(&file)
            .and_then(|data| data.modified())
            .map_err(|error| unreadable(&file, &error))?;
        if written >= started {
            rows.push(Row {
                operation: operation(group, &file),
                nanoseconds: median(&file)?,
            });
        }
    }
    rows.sort_by(|a, b| a.operation.cmp(&b.operation));
    if rows.is_empty() {
        return Err(format!(
            "The benches ran, but no new estimates.json is under {}. Are they in the criterion group `core`?",
            group.display()
        ));
    }
    Ok(rows)
}

/// All `…/new/estimates.json` below `dir`.
fn estimates(dir: &Path, found: &mut Vec<PathBuf>) -> Outcome {
    for entry in fs::read_dir(dir).map_err(|error| unreadable(dir, &error))? {
        let path = entry.map_err(|error| unreadable(dir, &error))?.path();
        if path.is_dir() {
            estimates(&path, found)?;
        } else if path.ends_with("new/estimates.json") {
            found.push(path);
        }
    }
    Ok(())
}

/// The path below the group, without `new/estimates.json`: criterion's function id and parameter.
fn operation(group: &Path, file: &Path) -> String {
    let inner = file.parent().and_then(Path::parent).unwrap_or(file);
    inner
        .strip_prefix(group)
        .unwrap_or(inner)
        .to_string_lossy()
        .replace('\\', "/")
}

/// The median: on a machine with other work it moves less than the mean.
fn median(file: &Path) -> Outcome<f64> {
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| format!("{} is not JSON: {error}", file.display()))?;
    let estimate = value
        .pointer("/median/point_estimate")
        .and_then(Value::as_f64);
    estimate.ok_or_else(|| {
        format!(
            "{} has no median.point_estimate: has criterion changed its format?",
            file.display()
        )
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}

fn table(rows: &[Row]) -> String {
    let time_of = |name: &str| {
        rows.iter()
            .find(|row| row.operation == name)
            .map(|row| row.nanoseconds)
    };
    let mut lines = format!(
        "{:<36} {:>12} {:>14}  beside the bare primitive\n",
        "operation", "median", "per second"
    );
    for row in rows {
        let counterpart = COUNTERPARTS
            .iter()
            .find(|(operation, _)| *operation == row.operation);
        let beside =
            counterpart.and_then(|(_, bare)| Some((bare, row.nanoseconds / time_of(bare)?)));
        let beside =
            beside.map_or_else(String::new, |(bare, ratio)| format!("{ratio:.2} x {bare}"));
        let (time, rate) = (duration(row.nanoseconds), thousands(1e9 / row.nanoseconds));
        lines += format!("{:<36} {time:>12} {rate:>14}  {beside}", row.operation).trim_end();
        lines.push('\n');
    }
    lines
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{n:.1} ns"),
        n if n < 1e6 => format!("{:.2} µs", n / 1e3),
        n if n < 1e9 => format!("{:.2} ms", n / 1e6),
        n => format!("{:.2} s", n / 1e9),
    }
}

fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    fn write_estimate(group: &Path, operation: &str, json: &str) -> Tested {
        let dir = group.join(operation).join("new");
        fs::create_dir_all(&dir)?;
        fs::write(dir.join("estimates.json"), json)?;
        Ok(())
    }

    #[test]
    fn the_table_sets_an_operation_beside_its_bare_primitive() {
        let row = |operation: &str, nanoseconds| Row {
            operation: operation.to_owned(),
            nanoseconds,
        };
        let shown = table(&[
            row("bare_ed25519_verify_strict_1kb", 40_000.0),
            row("verify_1kb", 50_000.0),
        ]);
        assert!(
            shown.contains("1.25 x bare_ed25519_verify_strict_1kb"),
            "{shown}"
        );
        assert!(shown.contains("50.00 µs"), "{shown}");
        assert!(shown.contains("20,000"), "{shown}");
    }

    #[test]
    fn estimates_of_this_run_are_read_and_older_ones_left_out() -> Tested {
        let dir = tempfile::tempdir()?;
        write_estimate(
            dir.path(),
            "sign_1kb",
            r#"{"median":{"point_estimate":25000.0}}"#,
        )?;
        let rows = read_group(dir.path(), SystemTime::UNIX_EPOCH)?;
        assert_eq!(
            rows,
            [Row {
                operation: "sign_1kb".to_owned(),
                nanoseconds: 25_000.0
            }]
        );
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        let none = read_group(dir.path(), later);
        assert!(none.is_err_and(|reason| reason.contains("no new estimates.json")));
        Ok(())
    }

    #[test]
    fn a_missing_folder_and_a_changed_format_are_clear_errors() -> Tested {
        let dir = tempfile::tempdir()?;
        let missing = read_group(&dir.path().join("core"), SystemTime::UNIX_EPOCH);
        assert!(missing.is_err_and(|reason| reason.contains("cannot read")));
        write_estimate(dir.path(), "sign_1kb", "{}")?;
        let changed = read_group(dir.path(), SystemTime::UNIX_EPOCH);
        assert!(changed.is_err_and(|reason| reason.contains("median.point_estimate")));
        Ok(())
    }

    #[test]
    fn times_and_rates_are_shown_in_units_a_person_reads() {
        for (nanoseconds, expected) in [
            (12.34, "12.3 ns"),
            (1_234.0, "1.23 µs"),
            (2_500_000.0, "2.50 ms"),
            (3e9, "3.00 s"),
        ] {
            assert_eq!(duration(nanoseconds), expected);
        }
        for (number, expected) in [(7.0, "7"), (1_234.0, "1,234"), (1_234_567.0, "1,234,567")] {
            assert_eq!(thousands(number), expected);
        }
    }
}
