//! `cargo xtask fuzz`: looks for inputs that crash a decoder.
//!
//! The committed corpus `fuzz/corpus/<target>` is read only: what a run finds goes to `target/fuzz/<target>`, so that
//! the corpus grows by decision (`--minimise`, then a commit) and never by accident. libFuzzer needs a compiler flag
//! that stable Rust hides; `RUSTC_BOOTSTRAP=1` uncovers it, for these builds only.

use crate::process::{self, Outcome};
use crate::tools::Tools;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SECONDS_QUICK: u64 = 60;
const SECONDS_DEFAULT: u64 = 600;
/// One input that takes longer is a finding: a peer could send it.
const SECONDS_PER_INPUT_MAX: u64 = 5;
/// The start of a crashing input that is shown; the file has all of it.
const HEX_DUMP_BYTES_MAX: usize = 512;

/// Fuzz the decoders: ten minutes for each target
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: cargo xtask fuzz --quick
Example: cargo xtask fuzz --target statement --seconds 3600
Example: cargo xtask fuzz --target statement --minimise")]
pub(crate) struct Args {
    /// One minute for each target
    #[arg(long, conflicts_with = "seconds")]
    quick: bool,
    /// So many seconds for each target
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Only this target (default: all that `cargo fuzz list` names)
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Do not fuzz: take earlier finds into the committed corpus, then keep only the inputs that reach more code
    #[arg(long, conflicts_with_all = ["quick", "seconds", "replay"])]
    minimise: bool,
    /// Do not fuzz: run one input, as written by an earlier crash
    #[arg(long, value_name = "FILE", requires = "target", conflicts_with_all = ["quick", "seconds"])]
    replay: Option<PathBuf>,
}

pub(crate) fn main(args: &Args) -> Outcome {
    let needs = ["cargo-fuzz", "c++"];
    Tools::ensure(true, &needs)
        .need(&needs)
        .map_err(|need| format!("Fuzzing needs {need}."))?;
    let targets = chosen(args.target.as_deref())?;
    if let (Some(target), Some(file)) = (&args.target, &args.replay) {
        return process::run(cargo_fuzz(&["run", target]).arg(file));
    }
    if args.minimise {
        return targets.iter().try_for_each(|target| minimise(target));
    }
    let seconds = args.seconds.unwrap_or(if args.quick {
        SECONDS_QUICK
    } else {
        SECONDS_DEFAULT
    });
    let mut crashed = Vec::new();
    for target in &targets {
        if let Err(report) = fuzz(target, seconds) {
            println!("{report}");
            crashed.push(target.as_str());
        }
    }
    println!(
        "\nfuzz: {} passed, {} failed",
        targets.len() - crashed.len(),
        crashed.len()
    );
    if crashed.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "Failed: {}. The reports are above.",
            crashed.join(", ")
        ))
    }
}

/// All targets of `fuzz/Cargo.toml`.
pub(crate) fn targets() -> Outcome<Vec<String>> {
    Ok(process::output(&mut cargo_fuzz(&["list"]))?
        .lines()
        .map(str::to_owned)
        .collect())
}

/// Builds every target.
pub(crate) fn build() -> Outcome {
    process::run(&mut cargo_fuzz(&["build"]))
}

/// Runs every committed input once.
pub(crate) fn replay_corpora() -> Outcome {
    for target in targets()? {
        let corpus = corpus(&target);
        if !corpus.is_dir() {
            return Err(format!(
                "{target} has no corpus: commit a few small inputs under fuzz/corpus/{target}"
            ));
        }
        watched(
            &target,
            cargo_fuzz(&["run", &target])
                .arg(corpus)
                .args(["--", "-runs=0"]),
        )?;
    }
    Ok(())
}

fn chosen(name: Option<&str>) -> Outcome<Vec<String>> {
    let all = targets()?;
    let chosen: Vec<_> = all
        .iter()
        .filter(|target| name.is_none_or(|name| name == *target))
        .cloned()
        .collect();
    if chosen.is_empty() {
        return Err(format!(
            "No such fuzz target. There are: {}",
            all.join(", ")
        ));
    }
    Ok(chosen)
}

fn fuzz(target: &str, seconds: u64) -> Outcome {
    let found = found(target);
    fs::create_dir_all(&found)
        .map_err(|error| format!("cannot make {}: {error}", found.display()))?;
    let (limit, timeout) = (
        format!("-max_total_time={seconds}"),
        format!("-timeout={SECONDS_PER_INPUT_MAX}"),
    );
    // libFuzzer writes what it finds to the first folder and only reads the others.
    let mut command = cargo_fuzz(&["run", target]);
    command.arg(&found);
    if corpus(target).is_dir() {
        command.arg(corpus(target));
    }
    watched(
        target,
        command.args(["--", &limit, &timeout, "-print_final_stats=1"]),
    )
}

fn minimise(target: &str) -> Outcome {
    let (from, to) = (found(target), corpus(target));
    fs::create_dir_all(&to).map_err(|error| format!("cannot make {}: {error}", to.display()))?;
    for file in files(&from) {
        let name = file.file_name().unwrap_or_default();
        fs::copy(&file, to.join(name))
            .map_err(|error| format!("cannot copy {}: {error}", file.display()))?;
    }
    process::run(cargo_fuzz(&["cmin", target]).arg(&to))?;
    println!(
        "{}: {} inputs. Look at `git diff --stat` before you commit them.",
        to.display(),
        files(&to).len()
    );
    Ok(())
}

/// Runs it; on failure reports each artifact that it wrote.
fn watched(target: &str, command: &mut Command) -> Outcome {
    let folder = process::root().join("fuzz/artifacts").join(target);
    let before = files(&folder);
    process::run(command).map_err(|reason| {
        let mut report = format!("\n{target}: {reason}\n");
        for artifact in files(&folder).difference(&before) {
            report += &described(target, artifact);
        }
        report
    })
}

fn described(target: &str, artifact: &Path) -> String {
    let path = artifact
        .strip_prefix(process::root())
        .unwrap_or(artifact)
        .display();
    let bytes = fs::read(artifact).unwrap_or_default();
    let shown = bytes.get(..HEX_DUMP_BYTES_MAX).unwrap_or(&bytes);
    format!(
        "Crashing input, {} bytes: {path}\n{}Reproduce it: cargo xtask fuzz --target {target} --replay {path}\n\
         Next: fix it, keep the input as fuzz/corpus/{target}/<what-it-is>, and add a test of the rule it broke.\n",
        bytes.len(),
        hex_dump(shown)
    )
}

fn hex_dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (line, chunk) in bytes.chunks(16).enumerate() {
        let hex: Vec<_> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = chunk
            .iter()
            .map(|&byte| {
                if (0x20..0x7f).contains(&byte) {
                    char::from(byte)
                } else {
                    '.'
                }
            })
            .collect();
        let _ = writeln!(out, "  {:04x}  {:<47}  {text}", line * 16, hex.join(" "));
    }
    out
}

fn cargo_fuzz(args: &[&str]) -> Command {
    let mut command = process::cargo(&["fuzz"]);
    command.args(args).env("RUSTC_BOOTSTRAP", "1");
    command
}

fn corpus(target: &str) -> PathBuf {
    process::root().join("fuzz/corpus").join(target)
}

fn found(target: &str) -> PathBuf {
    process::target_dir().join("fuzz").join(target)
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_report_has_the_bytes_and_the_command_that_reproduces_it()
    -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let artifact = dir.path().join("crash-1");
        fs::write(&artifact, b"\xd2\x84Comity")?;
        let report = described("statement", &artifact);
        assert!(report.contains("8 bytes"), "{report}");
        assert!(report.contains("0000  d2 84 43 6f 6d 69 74 79"), "{report}");
        assert!(report.contains("..Comity"), "{report}");
        assert!(
            report.contains("cargo xtask fuzz --target statement --replay"),
            "{report}"
        );
        Ok(())
    }
}
